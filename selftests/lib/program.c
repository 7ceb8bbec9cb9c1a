// SPDX-License-Identifier: GPL-2.0-only
/* Small programs, made by hand so that every field can be made wrong. */
#include <errno.h>
#include <string.h>

#include "npu_test.h"

#define TEXT_ALIGN	64

void npt_prog_init(struct npt_prog *prog, unsigned int bases,
		   unsigned int scalars)
{
	memset(prog, 0, sizeof(*prog));
	prog->header.magic = NPU_PROGRAM_MAGIC;
	prog->header.isa_major = NPU_ISA_MAJOR;
	prog->header.isa_minor = NPU_ISA_MINOR;
	prog->header.base_count = bases;
	prog->header.scalar_count = scalars;
}

static uint64_t element_size(uint32_t dtype)
{
	switch (dtype) {
	case NPU_DTYPE_S8:
		return 1;
	case NPU_DTYPE_F16:
		return 2;
	default:
		return 4;
	}
}

unsigned int npt_prog_vector(struct npt_prog *prog, unsigned int base,
			     uint32_t dtype, uint64_t count)
{
	unsigned int index = prog->header.tensor_count++;
	struct npu_tensor *tensor = &prog->tensor[index];

	tensor->base = base;
	tensor->dtype = dtype;
	tensor->rank = 1;
	tensor->extent[0] = count;
	tensor->stride[0] = element_size(dtype);
	return index;
}

unsigned int npt_prog_matrix(struct npt_prog *prog, unsigned int base,
			     uint32_t dtype, uint64_t rows, uint64_t columns)
{
	unsigned int index = npt_prog_vector(prog, base, dtype, rows);
	struct npu_tensor *tensor = &prog->tensor[index];

	tensor->rank = 2;
	tensor->extent[1] = columns;
	tensor->stride[0] = columns * element_size(dtype);
	tensor->stride[1] = element_size(dtype);
	return index;
}

struct npu_insn *npt_prog_insn(struct npt_prog *prog, uint16_t opcode,
			       uint16_t d, uint16_t a, uint16_t b)
{
	struct npu_insn *insn = &prog->insn[prog->header.insn_count++];
	unsigned int i;

	insn->opcode = opcode;
	insn->scalar = NPU_NONE;
	for (i = 0; i < NPU_MAX_OPERANDS; i++)
		insn->operand[i] = NPU_NONE;
	insn->operand[0] = d;
	insn->operand[1] = a;
	insn->operand[2] = b;
	return insn;
}

struct npu_insn *npt_prog_stall(struct npt_prog *prog, uint32_t ms)
{
	struct npu_insn *insn = npt_prog_insn(prog, NPU_OP_STALL, NPU_NONE,
					      NPU_NONE, NPU_NONE);

	insn->imm = ms;
	return insn;
}

/* Room in the client's text, or -ENOSPC as an offset that is too large. */
static uint64_t text_reserve(struct npt_client *client, size_t size)
{
	uint64_t offset = client->text_used;
	uint64_t end = (offset + size + TEXT_ALIGN - 1) & -(uint64_t)TEXT_ALIGN;

	if (end > client->text.size)
		return client->text.size;
	client->text_used = end;
	return offset;
}

uint64_t npt_push(struct npt_client *client, const void *data, size_t size)
{
	uint64_t offset = text_reserve(client, size);

	if (offset == client->text.size)
		return 0;
	memcpy((char *)client->text.map + offset, data, size);
	return client->text.va + offset;
}

int npt_prog_load(struct npt_client *client, const struct npt_prog *prog,
		  struct npt_code *code)
{
	const struct npu_program_header *header = &prog->header;
	unsigned int insns = header->insn_count, tensors = header->tensor_count;
	size_t insn_bytes, tensor_bytes;
	uint64_t offset;
	char *text;

	/* A lie in the counts is the point of some tests: copy what there is. */
	if (insns > NPT_MAX_INSNS)
		insns = NPT_MAX_INSNS;
	if (tensors > NPT_MAX_TENSORS)
		tensors = NPT_MAX_TENSORS;
	insn_bytes = insns * sizeof(prog->insn[0]);
	tensor_bytes = tensors * sizeof(prog->tensor[0]);
	code->size = sizeof(*header) + insn_bytes + tensor_bytes;

	offset = text_reserve(client, code->size);
	if (offset == client->text.size)
		return -ENOSPC;
	text = (char *)client->text.map + offset;
	memcpy(text, header, sizeof(*header));
	memcpy(text + sizeof(*header), prog->insn, insn_bytes);
	memcpy(text + sizeof(*header) + insn_bytes, prog->tensor, tensor_bytes);
	code->va = client->text.va + offset;
	return 0;
}

int npt_code_stall(struct npt_client *client, uint32_t ms,
		   struct npt_code *code)
{
	struct npt_prog prog;

	npt_prog_init(&prog, 0, 0);
	npt_prog_stall(&prog, ms);
	return npt_prog_load(client, &prog, code);
}

int npt_code_fill(struct npt_client *client, uint64_t words,
		  struct npt_code *code)
{
	struct npt_prog prog;
	unsigned int d;

	npt_prog_init(&prog, 1, 1);
	d = npt_prog_vector(&prog, 0, NPU_DTYPE_S32, words);
	npt_prog_insn(&prog, NPU_OP_FILL, d, NPU_NONE, NPU_NONE)->scalar = 0;
	return npt_prog_load(client, &prog, code);
}

int npt_code_copy(struct npt_client *client, uint64_t words,
		  struct npt_code *code)
{
	struct npt_prog prog;
	unsigned int d, a;

	npt_prog_init(&prog, 2, 0);
	d = npt_prog_vector(&prog, 0, NPU_DTYPE_S32, words);
	a = npt_prog_vector(&prog, 1, NPU_DTYPE_S32, words);
	npt_prog_insn(&prog, NPU_OP_COPY, d, a, NPU_NONE);
	return npt_prog_load(client, &prog, code);
}

int npt_code_step(struct npt_client *client, struct npt_code *code)
{
	struct npt_prog prog;
	unsigned int x, m, k;

	npt_prog_init(&prog, 3, 0);
	x = npt_prog_vector(&prog, 0, NPU_DTYPE_S32, 1);
	m = npt_prog_vector(&prog, 1, NPU_DTYPE_S32, 1);
	k = npt_prog_vector(&prog, 2, NPU_DTYPE_S32, 1);
	npt_prog_insn(&prog, NPU_OP_MUL, x, x, m);
	npt_prog_insn(&prog, NPU_OP_ADD, x, x, k);
	return npt_prog_load(client, &prog, code);
}
