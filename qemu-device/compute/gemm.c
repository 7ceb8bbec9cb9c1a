/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tile multiplies matrices of some hundred rows and columns.  A BLAS copies both
 * of them into its own order first, which takes a tenth of the time at that size,
 * and the one of Debian 12 leaves half of what AVX-512 can do.  Here only b is
 * copied, some columns (a sliver) and BLOCK_K rows at a time, so that it stays in
 * the first cache; a is broadcast from where it lies, and a few rows of c are kept
 * in registers.
 */
#include <string.h>

#include "clones.h"
#include "dtype.h"
#include "gemm.h"
#include "transpose.h"
#include "vectors.h"

#define BLOCK_K 256
#define AHEAD 16 /* rows of b */
#define LINE 16  /* elements of a line of the caches */

/* With any kind of vectors. */
#define MOST_ROWS 8
#define MOST_COLUMNS 32

/* Some rows of c, as many columns as a sliver has: c = a b, or c += a b. */
struct block {
    const float *a, *b;
    float *c;
    int64_t lda, ldc;
    unsigned k;
    bool add;
};

/* How one kind of vectors multiplies, and the columns of its slivers. */
struct kind {
    unsigned rows, columns;
    void (*multiply)(const struct block *block, unsigned rows);
};

#if defined(__x86_64__)
#include <immintrin.h>

#define UNROLL _Pragma("GCC unroll 8")

/*
 * multiply_BITS(): up to 8 rows, each two vectors wide.  The number of rows is a
 * constant where the loops are, so that the sums are registers.
 */
#define MULTIPLY(bits, features, vector, lanes)                                \
    static inline __attribute__((always_inline, target(features))) void        \
        put_##bits(const struct block *block, float *c, vector sum)            \
    {                                                                          \
        _mm##bits##_storeu_ps(c,                                               \
                              block->add ?                                     \
                                  _mm##bits##_add_ps(_mm##bits##_loadu_ps(c),  \
                                                     sum) :                    \
                                  sum);                                        \
    }                                                                          \
                                                                               \
    static inline __attribute__((always_inline, target(features))) void        \
        rows_##bits(const struct block *block, const unsigned rows)            \
    {                                                                          \
        const float *a = block->a, *b = block->b;                              \
        vector sum[MOST_ROWS][2];                                              \
                                                                               \
        UNROLL for (unsigned i = 0; i < rows; i++)                             \
        {                                                                      \
            sum[i][0] = sum[i][1] = _mm##bits##_setzero_ps();                  \
        }                                                                      \
        for (unsigned l = 0; l < block->k; l++) {                              \
            vector left = _mm##bits##_load_ps(b);                              \
            vector right = _mm##bits##_load_ps(b + (lanes));                   \
                                                                               \
            UNROLL for (unsigned i = 0; i < rows; i++)                         \
            {                                                                  \
                vector x = _mm##bits##_set1_ps(a[i * block->lda + l]);         \
                                                                               \
                sum[i][0] = _mm##bits##_fmadd_ps(x, left, sum[i][0]);          \
                sum[i][1] = _mm##bits##_fmadd_ps(x, right, sum[i][1]);         \
            }                                                                  \
            b += 2 * (lanes);                                                  \
        }                                                                      \
        UNROLL for (unsigned i = 0; i < rows; i++)                             \
        {                                                                      \
            put_##bits(block, block->c + i * block->ldc, sum[i][0]);           \
            put_##bits(block, block->c + i * block->ldc + (lanes), sum[i][1]); \
        }                                                                      \
    }                                                                          \
                                                                               \
    __attribute__((target(                                                     \
        features))) static void multiply_##bits(const struct block *block,     \
                                                unsigned rows)                 \
    {                                                                          \
        switch (rows) {                                                        \
        case 1:                                                                \
            return rows_##bits(block, 1);                                      \
        case 2:                                                                \
            return rows_##bits(block, 2);                                      \
        case 3:                                                                \
            return rows_##bits(block, 3);                                      \
        case 4:                                                                \
            return rows_##bits(block, 4);                                      \
        case 5:                                                                \
            return rows_##bits(block, 5);                                      \
        case 6:                                                                \
            return rows_##bits(block, 6);                                      \
        case 7:                                                                \
            return rows_##bits(block, 7);                                      \
        default:                                                               \
            return rows_##bits(block, 8);                                      \
        }                                                                      \
    }

MULTIPLY(256, "avx2,fma", __m256, 8)
MULTIPLY(512, "avx512f", __m512, 16)

static const struct kind kinds[] = {
    [NPU_VECTORS_NONE] = { 0 },
    /* Twelve sums, two vectors of b and one of a leave one register of 16. */
    [NPU_VECTORS_AVX2] = { 6, 16, multiply_256 },
    [NPU_VECTORS_AVX512] = { 8, 32, multiply_512 },
};
#else
static const struct kind kinds[] = { [NPU_VECTORS_NONE] = { 0 } };
#endif

/* The last sliver may be wider than c. */
static void multiply_narrow(const struct kind *kind, const struct block *block,
                            unsigned rows, unsigned columns)
{
    NPU_ROOM float room[MOST_ROWS * MOST_COLUMNS];
    struct block whole = *block;

    whole.c = room;
    whole.ldc = kind->columns;
    whole.add = false;
    kind->multiply(&whole, rows);
    for (unsigned i = 0; i < rows; i++) {
        float *c = block->c + i * block->ldc;

        for (unsigned j = 0; j < columns; j++) {
            c[j] = (block->add ? c[j] : 0) + room[i * kind->columns + j];
        }
    }
}

static void multiply_sliver(const struct kind *kind, struct block block,
                            unsigned m, unsigned columns)
{
    for (unsigned i = 0; i < m; i += kind->rows) {
        unsigned rows = m - i < kind->rows ? m - i : kind->rows;

        if (columns < kind->columns) {
            multiply_narrow(kind, &block, rows, columns);
        } else {
            kind->multiply(&block, rows);
        }
        block.a += rows * block.lda;
        block.c += rows * block.ldc;
    }
}

/*
 * Columns of b side by side; those that it lacks are 0.  Its rows are in different
 * pages, as a rule, where the CPU does not look ahead by itself.
 */
static void copy_sliver(float *to, unsigned width, const float *b, int64_t ldb,
                        unsigned k, unsigned columns)
{
    for (unsigned l = 0; l < k; l++) {
        const float *ahead = l + AHEAD < k ? b + AHEAD * ldb : b;

        for (unsigned j = 0; j < columns; j += LINE) {
            __builtin_prefetch(ahead + j);
        }
        if (columns == MOST_COLUMNS) {
            memcpy(to, b, MOST_COLUMNS * sizeof(*to));
        } else {
            memcpy(to, b, columns * sizeof(*to));
            memset(to + columns, 0, (width - columns) * sizeof(*to));
        }
        to += width;
        b += ldb;
    }
}

/* The same for columns that lie one behind the other. */
NPU_CLONES
static void copy_sliver_across(float *to, unsigned width, const float *b,
                               int64_t ldb, unsigned k, unsigned columns)
{
    if (columns < width) {
        memset(to, 0, k * width * sizeof(*to));
    }
    for (unsigned j = 0; j < columns; j += NPU_SQUARE) {
        unsigned rows = columns - j < NPU_SQUARE ? columns - j : NPU_SQUARE;

        for (unsigned l = 0; l < k; l += NPU_SQUARE) {
            const float *from = b + j * ldb + l;

            if (rows == NPU_SQUARE && k - l >= NPU_SQUARE) {
                npu_transpose_square(to + l * width + j, width, from, ldb);
            } else {
                npu_transpose_part(to + l * width + j, width, from, ldb, rows,
                                   k - l < NPU_SQUARE ? k - l : NPU_SQUARE);
            }
        }
    }
}

bool npu_gemm(const struct npu_gemm *gemm, bool accumulate)
{
    const struct kind *kind = &kinds[npu_vectors()];
    NPU_ROOM _Alignas(64) float sliver[BLOCK_K * MOST_COLUMNS];

    if (!kind->multiply) {
        return false;
    }
    for (unsigned l = 0; l < gemm->k; l += BLOCK_K) {
        unsigned k = gemm->k - l < BLOCK_K ? gemm->k - l : BLOCK_K;

        for (unsigned j = 0; j < gemm->n; j += kind->columns) {
            unsigned left = gemm->n - j;
            unsigned columns = left < kind->columns ? left : kind->columns;
            struct block block = {
                .a = gemm->a + l,
                .b = sliver,
                .c = gemm->c + j,
                .lda = gemm->lda,
                .ldc = gemm->ldc,
                .k = k,
                .add = accumulate || l,
            };

            if (gemm->transposed) {
                copy_sliver_across(sliver, kind->columns,
                                   gemm->b + j * gemm->ldb + l, gemm->ldb, k,
                                   columns);
            } else {
                copy_sliver(sliver, kind->columns, gemm->b + l * gemm->ldb + j,
                            gemm->ldb, k, columns);
            }
            multiply_sliver(kind, block, gemm->m, columns);
        }
    }
    return true;
}
