// SPDX-License-Identifier: GPL-2.0-only
/* The files that the workers of npu_fuzz share, and the programs in them. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

/* The text: programs, then those that are made wrong, then what they work on. */
#define BROKEN_AT	(128 * NPT_KIB)
#define BROKEN_SIZE	(8 * NPT_KIB)
#define WORK_AT		(256 * NPT_KIB)
#define WORK(n)		(FUZZ_TEXT_VA + WORK_AT + (n) * 64 * NPT_KIB)
#define MAX_PROGRAMS	16

/* The same in all files. */
static struct {
	char text[BROKEN_AT];
	size_t used;
	struct fuzz_program programs[MAX_PROGRAMS];
	unsigned int count;
} library;

/* ---- Programs ------------------------------------------------------------- */

static void make_nothing(struct npt_prog *prog)
{
	npt_prog_init(prog, 0, 0);
}

static void make_nops(struct npt_prog *prog)
{
	unsigned int i;

	npt_prog_init(prog, 0, 0);
	for (i = 0; i < 16; i++)
		npt_prog_insn(prog, NPU_OP_NOP, NPU_NONE, NPU_NONE, NPU_NONE);
}

static void make_fill(struct npt_prog *prog)
{
	unsigned int d;

	npt_prog_init(prog, 3, 1);
	d = npt_prog_vector(prog, 0, NPU_DTYPE_S32, 16 * NPT_KIB);
	npt_prog_insn(prog, NPU_OP_FILL, d, NPU_NONE, NPU_NONE)->scalar = 0;
}

static void make_copy(struct npt_prog *prog)
{
	unsigned int d, a;

	npt_prog_init(prog, 3, 0);
	d = npt_prog_vector(prog, 0, NPU_DTYPE_S32, 16 * NPT_KIB);
	a = npt_prog_vector(prog, 1, NPU_DTYPE_S32, 16 * NPT_KIB);
	npt_prog_insn(prog, NPU_OP_COPY, d, a, NPU_NONE);
}

static void make_element_wise(struct npt_prog *prog)
{
	unsigned int d, a, b, op;

	npt_prog_init(prog, 3, 0);
	d = npt_prog_matrix(prog, 0, NPU_DTYPE_F32, 16, 64);
	a = npt_prog_matrix(prog, 1, NPU_DTYPE_F32, 16, 64);
	b = npt_prog_matrix(prog, 2, NPU_DTYPE_F32, 16, 64);
	for (op = NPU_OP_ADD; op <= NPU_OP_MAX; op++)
		npt_prog_insn(prog, op, d, a, b);
	for (op = NPU_OP_NEG; op <= NPU_OP_SILU; op++)
		npt_prog_insn(prog, op, d, a, NPU_NONE);
	npt_prog_insn(prog, NPU_OP_SOFTMAX, d, a, NPU_NONE)->axis.axis = 1;
}

static void make_reduce(struct npt_prog *prog)
{
	unsigned int d, a;

	npt_prog_init(prog, 3, 0);
	d = npt_prog_matrix(prog, 0, NPU_DTYPE_S32, 16, 1);
	a = npt_prog_matrix(prog, 1, NPU_DTYPE_S32, 16, 1000);
	npt_prog_insn(prog, NPU_OP_REDUCE_SUM, d, a, NPU_NONE)->axis.axis = 1;
	npt_prog_insn(prog, NPU_OP_ARGMAX, d, a, NPU_NONE)->axis.axis = 1;
}

static void make_matmul(struct npt_prog *prog)
{
	unsigned int d, a, b;

	npt_prog_init(prog, 3, 0);
	d = npt_prog_matrix(prog, 0, NPU_DTYPE_F32, 64, 64);
	a = npt_prog_matrix(prog, 1, NPU_DTYPE_F32, 64, 64);
	b = npt_prog_matrix(prog, 2, NPU_DTYPE_F32, 64, 64);
	npt_prog_insn(prog, NPU_OP_MATMUL, d, a, b);
}

/* The indices are whatever lies there. */
static void make_gather(struct npt_prog *prog)
{
	unsigned int d, a, b;

	npt_prog_init(prog, 3, 0);
	d = npt_prog_matrix(prog, 0, NPU_DTYPE_S32, 16, 64);
	a = npt_prog_matrix(prog, 1, NPU_DTYPE_S32, 64, 64);
	b = npt_prog_vector(prog, 2, NPU_DTYPE_S32, 16);
	npt_prog_insn(prog, NPU_OP_GATHER, d, a, b);
}

static void make_short_stall(struct npt_prog *prog)
{
	npt_prog_init(prog, 0, 0);
	npt_prog_stall(prog, 2);
}

static void make_endless_stall(struct npt_prog *prog)
{
	npt_prog_init(prog, 0, 0);
	npt_prog_stall(prog, 0);
}

static void (*const makers[])(struct npt_prog *prog) = {
	make_nothing, make_nops,   make_fill,	make_copy,	  make_element_wise,
	make_reduce,  make_matmul, make_gather, make_short_stall, make_endless_stall,
};

#define MAKERS	(sizeof(makers) / sizeof(makers[0]))

/* What a client would have that has nothing but memory. */
static int make_library(void)
{
	static const uint64_t args[] = { WORK(0), WORK(1), WORK(2), 0x3f800000 };
	struct npt_client client = {
		.text = { .va = FUZZ_TEXT_VA, .size = sizeof(library.text),
			  .map = library.text },
	};
	struct npt_prog prog;
	unsigned int i;

	for (i = 0; i < MAKERS; i++) {
		struct fuzz_program *program = &library.programs[i];
		const struct npu_program_header *header = &prog.header;

		makers[i](&prog);
		if (npt_prog_load(&client, &prog, &program->code))
			return -ENOSPC;
		program->args_size =
			8 * (header->base_count + header->scalar_count);
		if (program->args_size)
			program->args = npt_push(&client, args,
						 program->args_size);
	}
	library.used = client.text_used;
	library.count = MAKERS;
	return 0;
}

/* Change some words of a program; what they are is often a small number. */
static void break_words(struct fuzz_worker *worker, char *text, size_t size)
{
	static const uint32_t words[] = { 0, 1, 2, 7, 0xffff, 0x7fffffff,
					  0x80000000, 0xffffffff };
	unsigned int i, changes = 1 + fuzz_below(worker, 4);

	for (i = 0; i < changes; i++) {
		uint32_t *word =
			(uint32_t *)(text + 4 * fuzz_below(worker, size / 4));

		if (fuzz_one_in(worker, 2))
			*word = FUZZ_PICK(worker, words);
		else if (fuzz_one_in(worker, 2))
			*word ^= 1u << fuzz_below(worker, 32);
		else
			*(uint16_t *)word = fuzz_below(worker, 256);
	}
}

/* Others may submit it while it is written. */
static struct fuzz_program break_program(struct fuzz_worker *worker,
					 struct fuzz_file *file,
					 struct fuzz_program program)
{
	size_t from = program.code.va - FUZZ_TEXT_VA;
	size_t to = BROKEN_AT + worker->index * BROKEN_SIZE;
	char *copy;

	if (program.code.size > BROKEN_SIZE)
		return program;
	copy = fuzz_alloc(worker, program.code.size);
	memcpy(copy, library.text + from, program.code.size);
	break_words(worker, copy, program.code.size);
	memcpy(file->text + to, copy, program.code.size);
	program.code.va = FUZZ_TEXT_VA + to;
	return program;
}

struct fuzz_program fuzz_program(struct fuzz_worker *worker,
				 struct fuzz_file *file)
{
	/* The last one ends its queue. */
	unsigned int count = library.count - !fuzz_one_in(worker, 4);
	struct fuzz_program program =
		library.programs[fuzz_below(worker, count)];

	if (fuzz_one_in(worker, 6))
		program = break_program(worker, file, program);
	return program;
}

/* ---- Files ---------------------------------------------------------------- */

/* The old view goes in the moment in which the new one is there. */
static int show_text(struct fuzz_file *file, struct npt_client *client)
{
	memcpy(client->text.map, library.text, library.used);
	if (mremap(client->text.map, FUZZ_TEXT_SIZE, FUZZ_TEXT_SIZE,
		   MREMAP_MAYMOVE | MREMAP_FIXED, file->text) == MAP_FAILED)
		return -errno;
	client->text.map = NULL;
	return 0;
}

int fuzz_file_replace(struct fuzz_file *file)
{
	struct npt_client client;
	unsigned int kind, i;
	uint32_t queue = 0;
	int err = npt_client_open(&client);

	if (err)
		return err;
	err = npt_queue_create(&client, 0, 50, &queue);
	if (!err)
		err = show_text(file, &client);
	if (!err) {
		for (kind = 0; kind < FUZZ_OBJECTS; kind++)
			for (i = 0; i < FUZZ_SLOTS; i++)
				file->ids[kind][i] = 0;
		file->ids[FUZZ_BO][0] = client.text.handle;
		file->ids[FUZZ_VM][0] = client.vm;
		file->ids[FUZZ_QUEUE][0] = queue;
		if (file->fd < 0)
			file->fd = dup(client.fd);
		else
			dup3(client.fd, file->fd, O_CLOEXEC);
	}
	npt_client_close(&client);
	return err;
}

int fuzz_files_init(struct fuzz *fuzz)
{
	unsigned int i;
	int err = make_library();

	for (i = 0; i < FUZZ_FILES && !err; i++) {
		struct fuzz_file *file = &fuzz->files[i];

		file->fd = -1;
		file->text = mmap(NULL, FUZZ_TEXT_SIZE, PROT_NONE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		err = file->text == MAP_FAILED ? -errno :
						 fuzz_file_replace(file);
	}
	return err;
}

void fuzz_files_fini(struct fuzz *fuzz)
{
	unsigned int i;

	for (i = 0; i < FUZZ_FILES; i++) {
		munmap(fuzz->files[i].text, FUZZ_TEXT_SIZE);
		close(fuzz->files[i].fd);
	}
}

uint32_t fuzz_file_id(struct fuzz_worker *worker, struct fuzz_file *file,
		      enum fuzz_object kind)
{
	unsigned int i, slot = fuzz_below(worker, FUZZ_SLOTS);

	/* The next one that is there. */
	for (i = 0; i < FUZZ_SLOTS; i++) {
		uint32_t id = file->ids[kind][(slot + i) % FUZZ_SLOTS];

		if (id)
			return id;
	}
	return 0;
}
