/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "arena.h"

#define BLOCKS 8          /* kept */
#define MOST (8u << 20)   /* bytes kept */
#define LEAST (64u << 10) /* smaller ones are kept by the allocator */

struct npu_arena {
    struct npu_scratch *block[BLOCKS];
    size_t bytes;
};

struct npu_arena *npu_arena_new(void)
{
    return calloc(1, sizeof(struct npu_arena));
}

void npu_arena_free(struct npu_arena *arena)
{
    for (unsigned i = 0; arena && i < BLOCKS; i++) {
        free(arena->block[i]);
    }
    free(arena);
}

/* The smallest that is large enough, but not much too large. */
static struct npu_scratch **find(struct npu_arena *arena, size_t size)
{
    struct npu_scratch **best = NULL;

    for (unsigned i = 0; i < BLOCKS; i++) {
        struct npu_scratch *block = arena->block[i];

        if (block && block->size >= size && block->size / 4 <= size &&
            (!best || block->size < (*best)->size)) {
            best = &arena->block[i];
        }
    }
    return best;
}

struct npu_scratch *npu_arena_take(struct npu_arena *arena, size_t size)
{
    struct npu_scratch **kept = arena && size >= LEAST ? find(arena, size) :
                                                         NULL;
    struct npu_scratch *block;

    if (kept) {
        block = *kept;
        *kept = NULL;
        arena->bytes -= block->size;
        return block;
    }
    size = (size + 63) & ~(size_t)63;
    block = aligned_alloc(64, sizeof(*block) + size);
    if (block) {
        block->size = size;
    }
    return block;
}

void npu_arena_give(struct npu_arena *arena, struct npu_scratch *block)
{
    if (arena && block->size >= LEAST && block->size <= MOST - arena->bytes) {
        for (unsigned i = 0; i < BLOCKS; i++) {
            if (!arena->block[i]) {
                arena->block[i] = block;
                arena->bytes += block->size;
                return;
            }
        }
    }
    free(block);
}
