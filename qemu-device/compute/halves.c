/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows of f16 that a few lanes use where they lie: converted in registers, each
 * read once for four lanes.
 */
#include "halves.h"
#include "vectors.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f")))
#define INLINE static inline __attribute__((always_inline)) TARGET
#define UNROLL _Pragma("GCC unroll 4")
#define FOUR 4   /* lanes at a time */
#define AHEAD 32 /* rows */
#define LINE 64  /* bytes */

bool npu_halves_fast(void)
{
    return npu_vectors() == NPU_VECTORS_AVX512;
}

INLINE __m512 widen(const unsigned char *from)
{
    return _mm512_cvtph_ps(_mm256_loadu_si256((const void *)from));
}

/*
 * Rows of one head lie in different pages, as a rule, where the CPU does not look
 * ahead by itself.  What is behind the last one is an address that nobody reads.
 */
INLINE void fetch(uintptr_t row, uint64_t bytes)
{
    for (uint64_t at = 0; at < bytes; at += LINE) {
        __builtin_prefetch((const void *)(row + at));
    }
}

/* Lanes from first on, the last one again where there are no four. */
INLINE unsigned lane_at(const struct npu_halves *h, unsigned first, unsigned i)
{
    return first + i < h->lanes ? first + i : h->lanes - 1;
}

INLINE void dot_four(const struct npu_halves *k, unsigned first, size_t i)
{
    const unsigned char *row = k->rows;
    const float *q[FOUR];
    __m512 sum[FOUR];

    row += (int64_t)i * k->stride;
    UNROLL for (unsigned j = 0; j < FOUR; j++)
    {
        q[j] = k->q + lane_at(k, first, j) * k->width;
        sum[j] = _mm512_setzero_ps();
    }
    for (uint64_t column = 0; column < k->width; column += NPU_HALVES_VECTOR) {
        __m512 x = widen(row + 2 * column);

        UNROLL for (unsigned j = 0; j < FOUR; j++)
        {
            sum[j] = _mm512_fmadd_ps(x, _mm512_loadu_ps(q[j] + column), sum[j]);
        }
    }
    UNROLL for (unsigned j = 0; j < FOUR; j++)
    {
        k->score[lane_at(k, first, j) * k->pitch + i] = _mm512_reduce_add_ps(
            sum[j]);
    }
}

TARGET void npu_halves_dot(const struct npu_halves *k)
{
    for (size_t i = 0; i < k->n; i++) {
        fetch((uintptr_t)k->rows + (i + AHEAD) * (uintptr_t)k->stride,
              2 * k->width);
        for (unsigned lane = 0; lane < k->lanes; lane += FOUR) {
            dot_four(k, lane, i);
        }
    }
}

/* Some vectors of the sums of four lanes */
INLINE void add_four(const struct npu_halves *v, unsigned first,
                     uint64_t column, const unsigned vectors)
{
    const unsigned char *row = (const unsigned char *)v->rows + 2 * column;
    const float *weight[FOUR];
    __m512 sum[FOUR][FOUR];

    UNROLL for (unsigned j = 0; j < FOUR; j++)
    {
        weight[j] = v->score + lane_at(v, first, j) * v->pitch;
        UNROLL for (unsigned l = 0; l < vectors; l++)
        {
            sum[j][l] = _mm512_setzero_ps();
        }
    }
    for (size_t i = 0; i < v->n; i++) {
        __m512 x[FOUR];

        fetch((uintptr_t)row + AHEAD * (uintptr_t)v->stride,
              vectors * NPU_HALVES_VECTOR * 2);
        UNROLL for (unsigned l = 0; l < vectors; l++)
        {
            x[l] = widen(row + 2 * NPU_HALVES_VECTOR * l);
        }
        UNROLL for (unsigned j = 0; j < FOUR; j++)
        {
            __m512 factor = _mm512_set1_ps(weight[j][i]);

            UNROLL for (unsigned l = 0; l < vectors; l++)
            {
                sum[j][l] = _mm512_fmadd_ps(x[l], factor, sum[j][l]);
            }
        }
        row += v->stride;
    }
    for (unsigned j = 0; j < FOUR && first + j < v->lanes; j++) {
        float *to = v->sum + (first + j) * v->width + column;

        UNROLL for (unsigned l = 0; l < vectors; l++)
        {
            _mm512_storeu_ps(to + NPU_HALVES_VECTOR * l,
                             _mm512_add_ps(_mm512_loadu_ps(
                                               to + NPU_HALVES_VECTOR * l),
                                           sum[j][l]));
        }
    }
}

TARGET void npu_halves_add(const struct npu_halves *v)
{
    uint64_t column = 0;

    for (; column + FOUR * NPU_HALVES_VECTOR <= v->width;
         column += FOUR * NPU_HALVES_VECTOR) {
        for (unsigned lane = 0; lane < v->lanes; lane += FOUR) {
            add_four(v, lane, column, FOUR);
        }
    }
    for (; column < v->width; column += NPU_HALVES_VECTOR) {
        for (unsigned lane = 0; lane < v->lanes; lane += FOUR) {
            add_four(v, lane, column, 1);
        }
    }
}
#else
bool npu_halves_fast(void)
{
    return false;
}

void npu_halves_dot(const struct npu_halves *k)
{
    (void)k;
}

void npu_halves_add(const struct npu_halves *v)
{
    (void)v;
}
#endif
