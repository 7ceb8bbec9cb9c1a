/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NPU_HALVES_H
#define NPU_HALVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NPU_HALVES_VECTOR 16

/* Rows of f16, without gaps between their elements, and the lanes that use them. */
struct npu_halves {
    const void *rows;
    int64_t stride; /* bytes */
    size_t n;
    uint64_t width; /* a multiple of NPU_HALVES_VECTOR */
    unsigned lanes;
    const float *q; /* width apart */
    float *score;   /* of the first row; pitch apart */
    uint64_t pitch;
    float *sum; /* width apart */
};

/* Has the CPU what these two need? */
bool npu_halves_fast(void);

/* score = q k^T; sum += score v */
void npu_halves_dot(const struct npu_halves *k);
void npu_halves_add(const struct npu_halves *v);

#endif
