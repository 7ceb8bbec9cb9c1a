/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rectangle of a product in floating point: of panels, or, if it is one row or
 * column, of rows that are converted and multiplied while they are in the first
 * cache.
 */
#include <limits.h>
#include <string.h>

#include "block.h"
#include "dtype.h"
#include "grid.h"
#include "matmul.h"
#include "panel.h"
#include "rows.h"

/* Count elements of k of the operand, from element k on. */
static struct npu_box piece_of(const struct npu_box *box, bool upright,
                               uint64_t k, uint64_t count)
{
    const struct npu_block *block = npu_block_find(box->dtype);
    uint64_t start[2] = { 0, 0 }, size[2] = { box->extent[0], box->extent[1] };
    unsigned along = upright ? 1 : 0;
    struct npu_box part;

    start[along] = block ? k / block->elements * block->bytes : k;
    size[along] = block ? count / block->elements * block->bytes : count;
    npu_box_cut(&part, box, start, size);
    return part;
}

/* ---- Block scales -------------------------------------------------------- */

/* An operand with a scale for each block: its first row, and whether rows are n. */
struct scaled {
    unsigned operand;
    uint64_t row, rows;
};

static struct scaled scaled_operand(const struct npu_product *p)
{
    uint32_t a = p->a.dtype;

    if (a == NPU_DTYPE_F8E4M3 || a == NPU_DTYPE_F8E5M2) {
        return (struct scaled){ 1, p->row, p->m };
    }
    return (struct scaled){ 2, p->column, p->n };
}

/* Multiply a line of a panel, along k, by the scales of its blocks. */
static void scale_line(float *at, int64_t step, const float *scale, uint64_t k,
                       uint64_t count)
{
    for (uint64_t l = 0; l < count; l++) {
        at[(int64_t)l * step] *=
            scale[(k + l) / NPU_SCALE_BLOCK - k / NPU_SCALE_BLOCK];
    }
}

static bool scale_panel(const struct npu_product *p,
                        const struct scaled *scaled, struct npu_panel *panel,
                        uint64_t k, uint64_t count)
{
    uint64_t first = scaled->row / NPU_SCALE_BLOCK;
    uint64_t last = (scaled->row + scaled->rows - 1) / NPU_SCALE_BLOCK;
    uint64_t from = k / NPU_SCALE_BLOCK;
    uint64_t to = (k + count - 1) / NPU_SCALE_BLOCK;
    struct npu_box part = npu_product_part(p, p->roles->block_scale, first,
                                           last - first + 1, from,
                                           to - from + 1);
    /* Rows of a are its lines, columns of b are. */
    bool lines = panel->trans == (scaled->operand == 2);
    float row[NPU_MATMUL_PIECE / NPU_SCALE_BLOCK + 1];
    struct npu_view view;

    if (!npu_box_source(p->tile, p->roles->block_scale, &part, &view)) {
        return false;
    }
    for (uint64_t i = 0; i < scaled->rows; i++) {
        uint64_t block = (scaled->row + i) / NPU_SCALE_BLOCK - first;

        if (!i || !((scaled->row + i) % NPU_SCALE_BLOCK)) {
            npu_row_get_f32(row, view.at + (int64_t)block * view.stride[0],
                            view.stride[1], part.dtype, to - from + 1);
        }
        scale_line(panel->own + (int64_t)i * (lines ? panel->ld : 1),
                   lines ? 1 : panel->ld, row, k, count);
    }
    return true;
}

/* ---- Panels -------------------------------------------------------------- */

static bool panel_of(const struct npu_product *p, unsigned operand, uint64_t k,
                     uint64_t count, struct npu_panel *panel)
{
    bool upright = operand == 1 || p->upright;
    struct npu_box part = piece_of(operand == 1 ? &p->a : &p->b, upright, k,
                                   count);
    struct scaled scaled = scaled_operand(p);

    if (!npu_panel_source(p->tile, operand, &part, panel)) {
        return false;
    }
    panel->trans ^= operand == 2 && p->upright;
    return !p->roles->block_scale || scaled.operand != operand ||
           scale_panel(p, &scaled, panel, k, count);
}

static bool sum_panels(const struct npu_product *p, float *c, int ldc)
{
    for (uint64_t k = 0; k < p->k; k += p->piece) {
        struct npu_scratch *mark = npu_tile_mark(p->tile);
        uint64_t count = npu_min(p->piece, p->k - k);
        struct npu_panel left, right;

        if (!panel_of(p, 1, k, count, &left) ||
            !panel_of(p, 2, k, count, &right)) {
            return false;
        }
        npu_panel_multiply(&left, &right, c, ldc, (int)p->m, (int)p->n,
                           (int)count, k > 0);
        npu_tile_rewind(p->tile, mark);
    }
    return true;
}

/* ---- Rows times a vector ------------------------------------------------- */

/* One of the operands is a vector along k, the other one has its rows along k. */
struct vector_form {
    unsigned rows, vector; /* operands */
};

/* Does it pay?  What the BLAS can take as it is should be the BLAS's. */
static bool vector_form(const struct npu_product *p, struct vector_form *form)
{
    const struct npu_box *rows;

    if (p->roles->block_scale || (p->m > 1 && p->n > 1)) {
        return false;
    }
    *form = p->n == 1 ? (struct vector_form){ 1, 2 } :
                        (struct vector_form){ 2, 1 };
    rows = form->rows == 1 ? &p->a : &p->b;
    return rows->dtype != NPU_DTYPE_F32 && rows->stride[1] == rows->size &&
           (form->rows == 1 || p->upright);
}

static bool sum_rows(const struct npu_product *p,
                     const struct vector_form *form, float *c, int ldc)
{
    const struct npu_box *rows = form->rows == 1 ? &p->a : &p->b;
    uint64_t n = form->rows == 1 ? p->m : p->n;
    int64_t step = form->rows == 1 ? ldc : 1;
    struct npu_view whole;
    /* Memory is fastest if whole rows are read, where they need not be copied. */
    uint64_t piece = npu_box_peek(p->tile, rows, &whole) ? NPU_PANEL_ELEMENTS :
                                                           p->piece;

    for (uint64_t k = 0; k < p->k; k += piece) {
        struct npu_scratch *mark = npu_tile_mark(p->tile);
        uint64_t count = npu_min(piece, p->k - k);
        struct npu_box part = piece_of(rows, true, k, count);
        struct npu_view view;
        struct npu_panel x;
        float *vector;

        if (!panel_of(p, form->vector, k, count, &x)) {
            return false;
        }
        vector = npu_tile_alloc(p->tile, count * sizeof(*vector));
        if (!vector || !npu_box_source(p->tile, form->rows, &part, &view)) {
            return false;
        }
        /* Along k: elements of a row of a, or of a column of b. */
        npu_row_get_f32(vector, x.data,
                        (x.trans == (form->vector == 2)) ? 4 : 4 * x.ld,
                        NPU_DTYPE_F32, count);
        for (uint64_t i = 0; i < n; i += NPU_UNPACK_ROWS) {
            unsigned some = (unsigned)npu_min(NPU_UNPACK_ROWS, n - i);
            float sum[NPU_UNPACK_ROWS];

            npu_rows_times(view.at + (int64_t)i * view.stride[0],
                           view.stride[0], some, rows->dtype, vector, count,
                           sum);
            for (unsigned j = 0; j < some; j++) {
                float *at = c + (int64_t)(i + j) * step;

                *at = k ? *at + sum[j] : sum[j];
            }
        }
        npu_tile_rewind(p->tile, mark);
    }
    return true;
}

/* ---- The rectangle ------------------------------------------------------- */

static bool sum(const struct npu_product *p, float *c, int ldc)
{
    struct vector_form form;

    return vector_form(p, &form) ? sum_rows(p, &form, c, ldc) :
                                   sum_panels(p, c, ldc);
}

/* A target whose rows can be accumulated into where they are. */
static bool in_place(const struct npu_product *p, const struct npu_view *view)
{
    return p->d.dtype == NPU_DTYPE_F32 && p->roles->operands == 3 &&
           !p->tile->work->insn->matmul.activation &&
           (p->n == 1 || view->stride[1] == sizeof(float)) &&
           (p->m == 1 || (view->stride[0] / 4 >= (int64_t)p->n &&
                          view->stride[0] / 4 <= INT_MAX));
}

bool npu_product_f32(const struct npu_product *p, const struct npu_view *view)
{
    struct npu_epilogue epilogue;
    float *c;

    if (in_place(p, view)) {
        return sum(p, (void *)view->at,
                   (int)(p->m == 1 ? (int64_t)p->n : view->stride[0] / 4));
    }
    c = npu_tile_alloc(p->tile, p->m * p->n * sizeof(*c));
    if (!c || !sum(p, c, (int)p->n) || !npu_epilogue_get(&epilogue, p)) {
        return false;
    }
    for (uint64_t i = 0; i < p->m; i++) {
        npu_epilogue_row(&epilogue, i, c + i * p->n, view);
    }
    return true;
}
