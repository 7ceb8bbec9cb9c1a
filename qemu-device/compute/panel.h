/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Matrices in the form that the inner loops of products want, and these loops.
 */
#ifndef NPU_PANEL_H
#define NPU_PANEL_H

#include <stdbool.h>
#include <stdint.h>

#include "box.h"

/* Multiplications per element of a panel, at most: the bound for its memory. */
#define NPU_PANEL_ELEMENTS NPU_BOX_ELEMENTS

/* An f32 matrix: element (i, j) is data[i * ld + j], or transposed [j * ld + i] */
struct npu_panel {
    const float *data;
    float *own; /* data, if it is a copy */
    int ld;
    bool trans;
};

/*
 * A panel of a box with two dimensions, in place where possible.  The bytes of
 * blocks become their elements.
 */
bool npu_panel_source(struct npu_tile *tile, unsigned operand,
                      const struct npu_box *box, struct npu_panel *panel);

/* c = a b, or c += a b; a has m by k elements, b k by n, c rows are ldc apart. */
void npu_panel_multiply(const struct npu_panel *a, const struct npu_panel *b,
                        float *c, int ldc, int m, int n, int k,
                        bool accumulate);

/* Elements from one row of an s16 panel of n columns to the next. */
static inline uint64_t npu_panel_pitch(uint64_t n)
{
    /* An odd number of cache lines: columns do not evict each other. */
    return ((n + 31) / 32 | 1) * 32;
}

/*
 * A matrix of s8 or u8 as rows of s16, less a zero point for each of them;
 * transposed: the columns become rows.  NULL after an error.
 */
const int16_t *npu_panel_s16(struct npu_tile *tile, unsigned operand,
                             const struct npu_box *box, bool transposed,
                             const int16_t *zero);

/* c[i, j] += sum over l of a[i, l] b[j, l]; k is at most 32768. */
void npu_panel_multiply_s16(const int16_t *a, const int16_t *b, int32_t *c,
                            uint64_t m, uint64_t n, uint64_t k);

#endif
