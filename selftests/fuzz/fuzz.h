/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parts of npu_fuzz: random calls whose arguments are mostly right.
 *
 * Every random decision of a step follows from the seed, the worker and the number
 * of the step, so that what the kernel answered to one does not change which the
 * next ones are.
 */
#ifndef NPU_FUZZ_H
#define NPU_FUZZ_H

#include <stdatomic.h>
#include <sys/types.h>

#include "npu_test.h"

#define FUZZ_FILES	3
#define FUZZ_SLOTS	8
#define FUZZ_WORKERS	4
#define FUZZ_MAPS	4
#define FUZZ_ERRNOS	12
#define FUZZ_ARENA_SIZE	(128 * NPT_KIB)

/* What a file has; a sync object is used both ways. */
enum fuzz_object { FUZZ_BO, FUZZ_VM, FUZZ_QUEUE, FUZZ_SYNC, FUZZ_OBJECTS };

/**
 * struct fuzz_file - a file that all workers use
 * @fd: a number that stays; what is open there is replaced now and then
 * @ids: handles and numbers, some of them stale
 * @text: address of the CPU's view of the programs, stays as well
 */
struct fuzz_file {
	int fd;
	_Atomic uint32_t ids[FUZZ_OBJECTS][FUZZ_SLOTS];
	char *text;
};

/**
 * struct fuzz_map - a mapping of a worker's own
 * @data: where, NULL: none
 * @size: bytes
 * @prot: what is allowed
 */
struct fuzz_map {
	volatile char *data;
	size_t size;
	int prot;
};

/**
 * struct fuzz_record - a call that was made, for the report
 * @step: when
 * @what: name
 * @file: index of the file, or -1
 * @bytes: the beginning of the arguments
 * @result: errno, negative, or 0
 */
struct fuzz_record {
	uint64_t step;
	const char *what;
	int file;
	uint8_t bytes[64];
	int result;
};

#define FUZZ_RECORDS	12

/**
 * struct fuzz - what the workers share
 * @seed: what everything follows from
 * @trace: tell the kernel's log of every call, before it is made
 * @dies: of the card
 * @pci: its address
 * @files: the files
 * @stop: the workers should end
 * @failed: one has found something
 */
struct fuzz {
	uint64_t seed;
	bool trace;
	unsigned int dies;
	char pci[32];
	struct fuzz_file files[FUZZ_FILES];
	atomic_bool stop;
	atomic_bool failed;
};

#define FUZZ_CALLS	32

/**
 * struct fuzz_worker - a thread, or a child of one
 * @fuzz: what is shared
 * @index: its number
 * @child: it is a process of its own, with little time
 * @step: number of the step
 * @random: state
 * @arena: memory for arguments; behind it there is nothing
 * @used: bytes of it
 * @tampered: how many fields were made wrong
 * @must_fail: one of them may not be accepted
 * @may_fault: a pointer or a size of memory is among them
 * @maps: its mappings
 * @good: a file that nobody else uses
 * @good_bo: memory for its answers
 * @records: the latest calls
 * @recorded: how many there were
 * @counts: calls that succeeded and that failed
 * @checks: answers that were looked at
 */
struct fuzz_worker {
	struct fuzz *fuzz;
	unsigned int index;
	bool child;
	atomic_ullong step;
	uint64_t random;
	char *arena;
	size_t used;
	unsigned int tampered;
	bool must_fail;
	bool may_fault;
	struct fuzz_map maps[FUZZ_MAPS];
	struct npt_client good;
	struct npt_bo good_bo;
	struct fuzz_record records[FUZZ_RECORDS];
	uint64_t recorded;
	uint64_t counts[FUZZ_CALLS][2];
	uint64_t checks;
};

/* ---- Random numbers, and telling (worker.c) ------------------------------ */

uint64_t fuzz_random(struct fuzz_worker *worker);
/* From 0 to count - 1. */
uint32_t fuzz_below(struct fuzz_worker *worker, uint32_t count);
bool fuzz_one_in(struct fuzz_worker *worker, uint32_t count);
#define FUZZ_PICK(worker, table) \
	((table)[fuzz_below(worker, sizeof(table) / sizeof((table)[0]))])

int fuzz_worker_init(struct fuzz_worker *worker, struct fuzz *fuzz,
		     unsigned int index);
void fuzz_worker_fini(struct fuzz_worker *worker);
/* Begin step number @step: what is random from now on follows from it. */
void fuzz_begin(struct fuzz_worker *worker, uint64_t step);
/* Zeroed memory for arguments, until the next step. */
void *fuzz_alloc(struct fuzz_worker *worker, size_t size);
struct fuzz_record *fuzz_note(struct fuzz_worker *worker, const char *what,
			      int file, const void *bytes, size_t size);
/* Something is wrong: tell it with the seed and the latest calls, and stop. */
void fuzz_fail(struct fuzz_worker *worker, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- The shared files (file.c) ------------------------------------------- */

/* Where the programs lie in every address space that knows them. */
#define FUZZ_TEXT_VA	(64 * NPT_MIB)
#define FUZZ_TEXT_SIZE	(512 * NPT_KIB)
/* The handle of their buffer, the first of each file. */
#define FUZZ_TEXT_BO	1

/**
 * struct fuzz_program - a program that may be submitted
 * @code: where it is
 * @args: where its arguments are
 * @args_size: bytes
 */
struct fuzz_program {
	struct npt_code code;
	uint64_t args;
	uint32_t args_size;
};

int fuzz_files_init(struct fuzz *fuzz);
void fuzz_files_fini(struct fuzz *fuzz);
/* Put a new file in the place of one that may be in use. */
int fuzz_file_replace(struct fuzz_file *file);
/* A number that is, was, or might be one of these objects. */
uint32_t fuzz_file_id(struct fuzz_worker *worker, struct fuzz_file *file,
		      enum fuzz_object kind);
/* One of the programs, or of the broken ones. */
struct fuzz_program fuzz_program(struct fuzz_worker *worker,
				 struct fuzz_file *file);

/* ---- Structures (shape.c) ------------------------------------------------- */

/* What a field is, hence what may become of it; FUZZ_ZERO must stay zero. */
enum fuzz_kind {
	FUZZ_NUMBER,
	FUZZ_ZERO,
	FUZZ_ID,
	FUZZ_COUNT,
	FUZZ_POINTER,
	FUZZ_ARRAY,
};

/**
 * struct fuzz_field - a field of a structure that the kernel reads
 * @at: offset
 * @size: bytes
 * @kind: &enum fuzz_kind
 * @element: what the array consists of
 */
struct fuzz_field {
	uint16_t at;
	uint8_t size;
	uint8_t kind;
	const struct fuzz_shape *element;
};

/**
 * struct fuzz_shape - a structure that the kernel reads
 * @fields: its fields
 * @count: their number
 */
struct fuzz_shape {
	const struct fuzz_field *fields;
	unsigned int count;
};

extern const struct fuzz_shape fuzz_query_shape, fuzz_bo_create_shape,
	fuzz_bo_mmap_offset_shape, fuzz_vm_create_shape, fuzz_vm_destroy_shape,
	fuzz_vm_bind_shape, fuzz_vm_get_state_shape, fuzz_queue_create_shape,
	fuzz_queue_destroy_shape, fuzz_queue_get_state_shape, fuzz_submit_shape,
	fuzz_gem_close_shape, fuzz_sync_create_shape, fuzz_sync_destroy_shape,
	fuzz_sync_array_shape, fuzz_sync_wait_shape, fuzz_point_wait_shape,
	fuzz_point_array_shape, fuzz_sync_transfer_shape, fuzz_sync_to_fd_shape, fuzz_prime_shape;

/* Make a field of a structure wrong. */
void fuzz_tamper(struct fuzz_worker *worker, const struct fuzz_shape *shape,
		 void *data);

/* ---- Calls (call.c), their arguments (fill.c) ---------------------------- */

/**
 * struct fuzz_call - an ioctl
 * @name: for reports
 * @request: its number
 * @weight: how often it is made
 * @shape: its argument
 * @fill: write a good argument into zeroed memory
 * @done: it has succeeded
 * @errnos: what it may answer; -EFAULT and -EINTR need not be named
 */
struct fuzz_call {
	const char *name;
	unsigned long request;
	unsigned int weight;
	const struct fuzz_shape *shape;
	void (*fill)(struct fuzz_worker *worker, struct fuzz_file *file,
		     void *data);
	void (*done)(struct fuzz_worker *worker, struct fuzz_file *file,
		     const void *data);
	int errnos[FUZZ_ERRNOS];
};

extern const struct fuzz_call fuzz_calls[];
extern const unsigned int fuzz_call_count;

/* Make one of the calls on one of the files. */
void fuzz_call(struct fuzz_worker *worker);
/* ---- What is no call (action.c) ------------------------------------------ */

/* One step: a call, or something else that a process can do. */
void fuzz_step(struct fuzz_worker *worker);

#endif
