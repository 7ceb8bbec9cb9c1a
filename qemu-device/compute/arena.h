/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scratch memory of tiles.  The allocator gives large blocks back to the kernel
 * and has them cleared when it gets them again, which costs more than most tiles;
 * an arena keeps some.
 */
#ifndef NPU_ARENA_H
#define NPU_ARENA_H

#include <stddef.h>

#include "npu_compute.h"

struct npu_scratch {
    struct npu_scratch *older; /* of those that a tile holds */
    size_t size;
    _Alignas(64) unsigned char bytes[];
};

/* A block of at least size bytes, or NULL.  Without an arena it is a new one. */
struct npu_scratch *npu_arena_take(struct npu_arena *arena, size_t size);
void npu_arena_give(struct npu_arena *arena, struct npu_scratch *block);

#endif
