/* SPDX-License-Identifier: MIT */
/*
 * What the files of libnpu share.  Nothing here is exported: the symbol map
 * names what is.
 */
#ifndef NPU_INTERNAL_H
#define NPU_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "npu.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define NPU_PRINTF(text, first) __attribute__((format(printf, text, first)))

/* ---- error.c ------------------------------------------------------------- */

/* Note the detail of an error and return err, a negative errno. */
int npu_fail(int err, const char *format, ...) NPU_PRINTF(2, 3);
/* The same for a job that ended badly, from the state of its banned queue. */
int npu_fail_job(uint64_t job, const struct drm_npu_queue_get_state *state);
/* And for a queue that takes no job any more: -ECANCELED. */
int npu_fail_banned(uint32_t queue, const struct drm_npu_queue_get_state *state);

/* ---- node.c -------------------------------------------------------------- */

/* npu_list() under another root directory than "". */
int npu_list_at(const char *root, struct npu_node *nodes, unsigned int max);
int npu_find_at(const char *root, const char *name, struct npu_node *node);

/* ---- device.c ------------------------------------------------------------ */

struct npu_device {
	int fd;
	struct npu_node node;
	struct drm_npu_query_device info;
};

/* drmIoctl() with 0 or -errno. */
int npu_ioctl(const struct npu_device *dev, unsigned long request, void *arg);

/* ---- va.c ---------------------------------------------------------------- */

/**
 * struct npu_range - a range of addresses in use, part of a sorted ring
 * @start: first address
 * @end: first address behind it
 */
struct npu_range {
	struct npu_range *prev, *next;
	uint64_t start, end;
};

/**
 * struct npu_va - the addresses of an address space
 * @ring: sentinel of the ring of ranges: it "ends" where the space starts and
 *	"starts" where the space ends
 * @packed: there is no gap before the end of this range
 */
struct npu_va {
	struct npu_range ring;
	struct npu_range *packed;
};

void npu_va_init(struct npu_va *va, uint64_t start, uint64_t end);
/* The lowest place that fits.  align is a power of two.  0 or -ENOSPC. */
int npu_va_alloc(struct npu_va *va, struct npu_range *range, uint64_t size,
		 uint64_t align);
void npu_va_free(struct npu_va *va, struct npu_range *range);

/* ---- vm.c, bo.c ---------------------------------------------------------- */

/**
 * struct npu_vm - an address space
 * @lock: protects @va, and the CPU mappings of its buffers
 */
struct npu_vm {
	struct npu_device *dev;
	uint32_t id;
	pthread_mutex_t lock;
	struct npu_va va;
};

struct npu_bo {
	struct npu_vm *vm;
	struct npu_range range;
	uint64_t size;
	uint64_t hbm_offset;
	uint32_t handle;
	void *map;
};

int npu_vm_map(struct npu_vm *vm, const struct npu_bo *bo, uint32_t flags);
void npu_vm_unmap(struct npu_vm *vm, const struct npu_bo *bo);

/* A buffer in HBM with data in it that the card can read only. */
int npu_bo_new_readonly(struct npu_vm *vm, uint64_t size, struct npu_bo **bo);

/* ---- args.c -------------------------------------------------------------- */

#define NPU_ARGS_BYTES (256u << 10)
#define NPU_ARGS_SLOTS 1024u

/**
 * struct npu_args - a ring of argument blocks
 * @head: where the next block goes, in bytes ever used
 * @tail: the oldest byte that a job may still read, likewise
 * @first: oldest slot in use, counted from the beginning
 * @count: slots in use
 * @slot: blocks of the jobs in flight, in the order of submission
 */
struct npu_args {
	uint64_t head, tail;
	uint64_t first;
	unsigned int count;
	struct {
		uint64_t point;
		uint64_t end;
	} slot[NPU_ARGS_SLOTS];
};

/*
 * Where a block of that size, at most NPU_ARGS_BYTES, may go.  False: not before
 * the job with the point npu_args_oldest() has ended.
 */
bool npu_args_reserve(const struct npu_args *args, uint32_t size, uint64_t *at);
/* The block at "at" belongs to the job with that point. */
void npu_args_commit(struct npu_args *args, uint64_t at, uint32_t size, uint64_t point);
/* All jobs up to that point have ended. */
void npu_args_retire(struct npu_args *args, uint64_t point);
uint64_t npu_args_oldest(const struct npu_args *args);

/* ---- queue.c ------------------------------------------------------------- */

/**
 * struct npu_queue - a queue
 * @lock: makes the order of points that of submission; protects @args
 * @submitted: point of the newest job; the kernel counts its jobs alike
 * @good: all jobs up to this point are known to have ended well
 */
struct npu_queue {
	struct npu_vm *vm;
	uint32_t id;
	uint32_t syncobj;
	pthread_mutex_t lock;
	_Atomic uint64_t submitted;
	_Atomic uint64_t good;
	struct npu_bo *args_bo;
	struct npu_args args;
};

/* ---- program.c ----------------------------------------------------------- */

/**
 * struct npu_program - a program being built, or built
 * @err: first error, 0: none
 * @image: the finished program, NULL while it is being built
 */
struct npu_program {
	struct npu_vm *vm;
	int err;
	struct npu_insn *insns;
	struct npu_tensor *tensors;
	unsigned int insn_count, insn_room;
	unsigned int tensor_count, tensor_room;
	unsigned int base_count, scalar_count;
	void *image;
	size_t size;
	struct npu_bo *bo;
};

/* 0 while the program can be changed, else -errno. */
int npu_program_check(struct npu_program *prog);
/* Note an error, which sticks, and return it. */
int npu_program_fail(struct npu_program *prog, int err, const char *format, ...)
	NPU_PRINTF(3, 4);
npu_tensor_id npu_program_add_tensor(struct npu_program *prog,
				     const struct npu_tensor *tensor);
int npu_program_add_insn(struct npu_program *prog, const struct npu_insn *insn);

#endif
