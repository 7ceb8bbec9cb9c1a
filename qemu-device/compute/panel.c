/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <cblas.h>
#include <limits.h>
#include <string.h>

#include "block.h"
#include "clones.h"
#include "dtype.h"
#include "gemm.h"
#include "panel.h"
#include "tile.h"

/* Rows of a panel that are made side by side where they are in one line. */
#define ROWS 32

/* The threads that call are those that there are. */
static void __attribute__((constructor)) use_no_threads(void)
{
    openblas_set_num_threads(1);
}

/* ---- Floating point ------------------------------------------------------ */

/*
 * A view as the BLAS can take it: one stride is an element, the other at least a
 * row of elements.  outer and inner name the dimensions.
 */
static bool blas_form(const struct npu_box *box, const struct npu_view *view,
                      unsigned outer, unsigned inner, int *ld)
{
    int64_t row = (int64_t)box->extent[inner];
    int64_t distance = view->stride[outer] / (int64_t)sizeof(float);

    if (box->extent[inner] > 1 && view->stride[inner] != sizeof(float)) {
        return false;
    }
    if (box->extent[outer] == 1) {
        distance = row;
    }
    *ld = (int)distance;
    return distance >= row && distance <= INT_MAX;
}

/* Convert or gather into rows (or columns, if these are the fast ones). */
static bool pack(struct npu_tile *tile, const struct npu_box *box,
                 const struct npu_view *view, struct npu_panel *panel)
{
    int64_t by_row = view->stride[0], by_column = view->stride[1];
    unsigned outer, inner;
    uint64_t n;
    float *to;

    panel->trans = (by_row < 0 ? -by_row : by_row) <
                   (by_column < 0 ? -by_column : by_column);
    outer = panel->trans ? 1 : 0;
    inner = 1 - outer;
    n = box->extent[inner];
    to = npu_tile_alloc(tile, box->extent[outer] * n * sizeof(*to));
    if (!to) {
        return false;
    }
    for (uint64_t i = 0; i < box->extent[outer]; i++) {
        npu_row_get_f32(to + i * n, view->at + (int64_t)i * view->stride[outer],
                        view->stride[inner], box->dtype, n);
    }
    panel->data = panel->own = to;
    panel->ld = (int)n;
    return true;
}

/* Rows of whole blocks */
static bool unpack(struct npu_tile *tile, const struct npu_box *box,
                   const struct npu_view *view, struct npu_panel *panel)
{
    const struct npu_block *block = npu_block_find(box->dtype);
    uint64_t n = box->extent[1] / block->bytes;
    uint64_t elements = n * block->elements;
    float *to = npu_tile_alloc(tile, box->extent[0] * elements * sizeof(*to));

    if (!to) {
        return false;
    }
    for (uint64_t i = 0; i < box->extent[0]; i++) {
        npu_block_get_f32(block, to + i * elements,
                          view->at + (int64_t)i * view->stride[0], n);
    }
    panel->data = panel->own = to;
    panel->ld = (int)elements;
    panel->trans = false;
    return true;
}

bool npu_panel_source(struct npu_tile *tile, unsigned operand,
                      const struct npu_box *box, struct npu_panel *panel)
{
    struct npu_view view;

    if (!npu_box_source(tile, operand, box, &view)) {
        return false;
    }
    if (npu_block_find(box->dtype)) {
        return unpack(tile, box, &view, panel);
    }
    if (box->dtype == NPU_DTYPE_F32) {
        panel->own = NULL;
        panel->data = (const void *)view.at;
        panel->trans = false;
        if (blas_form(box, &view, 0, 1, &panel->ld)) {
            return true;
        }
        panel->trans = true;
        if (blas_form(box, &view, 1, 0, &panel->ld)) {
            return true;
        }
    }
    return pack(tile, box, &view, panel);
}

/* y[i] += sum over j of the elements of a matrix times x[j] */
static void add_vector(const struct npu_panel *matrix, bool trans, int rows,
                       int columns, const float *x, int step, float *y,
                       int y_step)
{
    /* The matrix as it lies in memory, and whether it is wanted transposed. */
    bool flip = matrix->trans != trans;
    int outer = flip ? columns : rows, inner = flip ? rows : columns;

    cblas_sgemv(CblasRowMajor, flip ? CblasTrans : CblasNoTrans, outer, inner,
                1.0f, matrix->data, matrix->ld, x, step, 1.0f, y, y_step);
}

void npu_panel_multiply(const struct npu_panel *a, const struct npu_panel *b,
                        float *c, int ldc, int m, int n, int k, bool accumulate)
{
    if (m != 1 && n != 1) {
        struct npu_gemm gemm = {
            .a = a->data,
            .b = b->data,
            .c = c,
            .lda = a->ld,
            .ldb = b->ld,
            .ldc = ldc,
            .m = (unsigned)m,
            .n = (unsigned)n,
            .k = (unsigned)k,
            .transposed = b->trans,
        };

        if (!a->trans && npu_gemm(&gemm, accumulate)) {
            return;
        }
        cblas_sgemm(CblasRowMajor, a->trans ? CblasTrans : CblasNoTrans,
                    b->trans ? CblasTrans : CblasNoTrans, m, n, k, 1.0f,
                    a->data, a->ld, b->data, b->ld, accumulate, c, ldc);
        return;
    }
    if (!accumulate) {
        for (int i = 0; i < m; i++) {
            memset(c + (int64_t)i * ldc, 0, n * sizeof(*c));
        }
    }
    if (n == 1) {
        add_vector(a, false, m, k, b->data, b->trans ? 1 : b->ld, c, ldc);
    } else {
        add_vector(b, true, n, k, a->data, a->trans ? a->ld : 1, c, 1);
    }
}

/* ---- Integers ------------------------------------------------------------ */

/* How bytes become s16: either sign, less zero points. */
struct widening {
    bool is_unsigned;
    const int16_t *zero;
};

static inline int16_t widened(unsigned char byte, bool is_unsigned,
                              int16_t zero)
{
    return (int16_t)((is_unsigned ? byte : (int8_t)byte) - zero);
}

/* Widen n columns of some rows, along the memory of what is read. */
static void widen_across(int16_t *to, uint64_t pitch, const unsigned char *from,
                         int64_t stride, uint64_t rows, uint64_t n,
                         struct widening how)
{
    for (uint64_t j = 0; j < n; j++) {
        for (uint64_t i = 0; i < rows; i++) {
            to[i * pitch + j] = widened(from[i], how.is_unsigned, how.zero[i]);
        }
        from += stride;
    }
}

static void widen_row(int16_t *to, const unsigned char *from, int64_t stride,
                      uint64_t n, struct widening how)
{
    int16_t zero = how.zero[0];

    if (stride == 1) {
        for (uint64_t j = 0; j < n; j++) {
            to[j] = widened(from[j], how.is_unsigned, zero);
        }
        return;
    }
    for (uint64_t j = 0; j < n; j++) {
        to[j] = widened(from[(int64_t)j * stride], how.is_unsigned, zero);
    }
}

const int16_t *npu_panel_s16(struct npu_tile *tile, unsigned operand,
                             const struct npu_box *box, bool transposed,
                             const int16_t *zero)
{
    unsigned outer = transposed ? 1 : 0, inner = 1 - outer;
    uint64_t rows = box->extent[outer], n = box->extent[inner];
    uint64_t pitch = npu_panel_pitch(n), step;
    int16_t *panel = npu_tile_alloc(tile, rows * pitch * sizeof(*panel));
    struct npu_view view;

    if (!panel || !npu_box_source(tile, operand, box, &view)) {
        return NULL;
    }
    step = view.stride[outer] == 1 ? ROWS : 1;
    for (uint64_t i = 0; i < rows; i += step) {
        const unsigned char *from = view.at + (int64_t)i * view.stride[outer];
        struct widening how = { box->dtype == NPU_DTYPE_U8, zero + i };

        if (step == 1) {
            widen_row(panel + i * pitch, from, view.stride[inner], n, how);
        } else {
            widen_across(panel + i * pitch, pitch, from, view.stride[inner],
                         rows - i < step ? rows - i : step, n, how);
        }
    }
    return panel;
}

/* k is small enough for the sum to fit. */
static inline int32_t dot(const int16_t *a, const int16_t *b, uint64_t k)
{
    int32_t sum = 0;

    for (uint64_t i = 0; i < k; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

NPU_CLONES
void npu_panel_multiply_s16(const int16_t *a, const int16_t *b, int32_t *c,
                            uint64_t m, uint64_t n, uint64_t k)
{
    uint64_t pitch = npu_panel_pitch(k);

    for (uint64_t i = 0; i < m; i++) {
        for (uint64_t j = 0; j < n; j++) {
            uint32_t sum = (uint32_t)c[i * n + j];

            sum += (uint32_t)dot(a + i * pitch, b + j * pitch, k);
            c[i * n + j] = (int32_t)sum;
        }
    }
}
