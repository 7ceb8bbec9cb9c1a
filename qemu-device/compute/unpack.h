/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows of narrow elements, without gaps, as f32: hand-written where the CPU has the
 * vectors, since weights are read at the speed of memory or not at all.
 */
#ifndef NPU_UNPACK_H
#define NPU_UNPACK_H

#include <stddef.h>
#include <stdint.h>

#define NPU_UNPACK_ROWS 4

struct npu_unpack {
    unsigned elements, bytes; /* of what is taken at a time */
    void (*get)(float *to, const unsigned char *from, size_t n);
    /*
     * For each of up to NPU_UNPACK_ROWS rows, which are pitch bytes apart: the sum
     * of n times as many elements times those of x.
     */
    void (*dot)(const unsigned char *from, int64_t pitch, unsigned rows,
                const float *x, size_t n, float *sum);
};

/* NULL: do without. */
const struct npu_unpack *npu_unpack_find(uint32_t dtype);

#endif
