/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An instruction at work: its operands bound to addresses, and the tile of it
 * that is being run.
 */
#ifndef NPU_TILE_H
#define NPU_TILE_H

#include "box.h"
#include "npu_compute.h"

struct npu_op;
struct npu_scratch;

/* An instruction with its operands where a run's arguments put them. */
struct npu_work {
    const struct npu_op *op;
    const struct npu_insn *insn;
    uint32_t scalar;
    unsigned operands; /* how many there are */
    struct npu_box operand[NPU_MAX_OPERANDS];
};

struct npu_tile {
    const struct npu_work *work;
    uint32_t insn; /* its index in the program */
    unsigned dies;
    uint64_t index; /* of the tile */
    struct npu_mem *mem;
    struct npu_verdict *verdict;
    struct npu_scratch *scratch;
};

/* Note an error; always false. */
bool npu_tile_fail(struct npu_tile *tile, uint32_t code, unsigned operand);

/* Access memory on behalf of an operand. */
bool npu_tile_read(struct npu_tile *tile, unsigned operand, uint64_t va,
                   void *to, size_t size);
bool npu_tile_write(struct npu_tile *tile, unsigned operand, uint64_t va,
                    const void *from, size_t size);

/*
 * Memory that lives until the tile ends or npu_tile_rewind() goes back to an
 * earlier mark.  NULL: there is none, and the tile has noted it.
 */
void *npu_tile_alloc(struct npu_tile *tile, size_t size);
struct npu_scratch *npu_tile_mark(const struct npu_tile *tile);
void npu_tile_rewind(struct npu_tile *tile, struct npu_scratch *mark);

#endif
