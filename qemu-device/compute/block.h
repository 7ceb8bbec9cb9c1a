/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Element types that are made of blocks: some elements, quantised together, along
 * the last dimension of a tensor.
 */
#ifndef NPU_BLOCK_H
#define NPU_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "npu/isa.h"

struct npu_block {
    uint32_t dtype;
    unsigned elements;
    unsigned bytes;
    unsigned align; /* of its address */
    /* n blocks without gaps, as f32 */
    void (*get_f32)(float *restrict to, const unsigned char *restrict from,
                    size_t n);
    /*
     * The same, with the last bit set where f32 had to round: what is rounded
     * from this to fewer bits is rounded once.  NULL: f32 has them exactly.
     */
    void (*get_odd_f32)(float *restrict to, const unsigned char *restrict from,
                        size_t n);
    /* n blocks from f32; NULL: the type is no destination */
    void (*put_f32)(unsigned char *restrict to, const float *restrict from,
                    size_t n);
};

/* The same, as fast as the CPU can. */
void npu_block_get_f32(const struct npu_block *block, float *to,
                       const unsigned char *from, size_t n);

/* NULL: the type has no blocks. */
const struct npu_block *npu_block_find(uint32_t dtype);

/* A tensor in units: elements, or blocks. */
struct npu_units {
    unsigned bytes, align;
    uint64_t extent[NPU_MAX_RANK];
};

/* False: there is no such type, or its last dimension is not made of blocks. */
bool npu_units_get(struct npu_units *units, const struct npu_tensor *tensor);

#endif
