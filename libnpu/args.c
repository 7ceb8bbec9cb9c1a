// SPDX-License-Identifier: MIT
/*
 * Where the argument blocks of a queue's jobs lie.  A block stays until its job
 * has ended; jobs end in the order of submission, so the blocks are a ring.
 * Positions only grow; their place in the buffer is the remainder.
 */
#include "internal.h"

/* A block begins a cache line. */
#define ARGS_ALIGN 64u

static uint64_t align_up(uint64_t value, uint64_t align)
{
	return (value + align - 1) / align * align;
}

bool npu_args_reserve(const struct npu_args *args, uint32_t size, uint64_t *at)
{
	uint64_t start = align_up(args->head, ARGS_ALIGN);

	/* A block does not wrap. */
	if (start % NPU_ARGS_BYTES + size > NPU_ARGS_BYTES)
		start = align_up(start, NPU_ARGS_BYTES);
	if (args->count == NPU_ARGS_SLOTS || start + size - args->tail > NPU_ARGS_BYTES)
		return false;
	*at = start;
	return true;
}

void npu_args_commit(struct npu_args *args, uint64_t at, uint32_t size, uint64_t point)
{
	unsigned int slot = (args->first + args->count) % NPU_ARGS_SLOTS;

	args->head = at + size;
	args->slot[slot].point = point;
	args->slot[slot].end = args->head;
	args->count++;
}

void npu_args_retire(struct npu_args *args, uint64_t point)
{
	while (args->count && args->slot[args->first % NPU_ARGS_SLOTS].point <= point) {
		args->tail = args->slot[args->first % NPU_ARGS_SLOTS].end;
		args->first++;
		args->count--;
	}
	/* An empty ring begins anew, where every block fits. */
	if (!args->count) {
		args->head = align_up(args->head, NPU_ARGS_BYTES);
		args->tail = args->head;
	}
}

uint64_t npu_args_oldest(const struct npu_args *args)
{
	return args->slot[args->first % NPU_ARGS_SLOTS].point;
}
