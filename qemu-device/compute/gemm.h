/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Products of f32 matrices that are read where they lie.
 */
#ifndef NPU_GEMM_H
#define NPU_GEMM_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Rows of a are lda elements apart, those of c ldc.  Rows of b are ldb apart, or its
 * columns if it is transposed.
 */
struct npu_gemm {
    const float *a, *b;
    float *c;
    int64_t lda, ldb, ldc;
    unsigned m, n, k;
    bool transposed;
};

/*
 * c = a b, or c += a b.  False, and nothing done, where the CPU lacks the vectors
 * for it.
 */
bool npu_gemm(const struct npu_gemm *gemm, bool accumulate);

#endif
