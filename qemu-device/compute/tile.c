/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "arena.h"
#include "tile.h"

bool npu_tile_fail(struct npu_tile *tile, uint32_t code, unsigned operand)
{
    *tile->verdict = (struct npu_verdict){
        .code = code,
        .insn = tile->insn,
        .operand = operand,
    };
    return false;
}

bool npu_tile_read(struct npu_tile *tile, unsigned operand, uint64_t va,
                   void *to, size_t size)
{
    return tile->mem->read(tile->mem, va, to, size) ||
           npu_tile_fail(tile, NPU_ERR_NONE, operand);
}

bool npu_tile_write(struct npu_tile *tile, unsigned operand, uint64_t va,
                    const void *from, size_t size)
{
    return tile->mem->write(tile->mem, va, from, size) ||
           npu_tile_fail(tile, NPU_ERR_NONE, operand);
}

void *npu_tile_alloc(struct npu_tile *tile, size_t size)
{
    struct npu_scratch *block = npu_arena_take(tile->mem->arena, size);

    if (!block) {
        npu_tile_fail(tile, NPU_ERR_RESOURCES, NPU_NONE);
        return NULL;
    }
    block->older = tile->scratch;
    tile->scratch = block;
    return block->bytes;
}

struct npu_scratch *npu_tile_mark(const struct npu_tile *tile)
{
    return tile->scratch;
}

void npu_tile_rewind(struct npu_tile *tile, struct npu_scratch *mark)
{
    while (tile->scratch != mark) {
        struct npu_scratch *block = tile->scratch;

        tile->scratch = block->older;
        npu_arena_give(tile->mem->arena, block);
    }
}
