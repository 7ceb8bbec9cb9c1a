/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rectangle of a product of 8-bit integers.  Zero points are taken off while the
 * operands are widened to 16 bits.
 */
#include <string.h>

#include "dtype.h"
#include "grid.h"
#include "matmul.h"
#include "panel.h"

/* The zero points of some rows of a or columns of b; all 0 without an operand. */
static int16_t *zero_points(const struct npu_product *p, unsigned operand,
                            uint64_t first, uint64_t n, bool across)
{
    int16_t *zero = npu_tile_alloc(p->tile, n * sizeof(*zero));
    struct npu_box part;
    struct npu_view view;

    if (!zero) {
        return NULL;
    }
    memset(zero, 0, n * sizeof(*zero));
    if (!operand) {
        return zero;
    }
    part = across ? npu_product_part(p, operand, 0, 1, first, n) :
                    npu_product_part(p, operand, first, n, 0, 1);
    if (!npu_box_source(p->tile, operand, &part, &view)) {
        return NULL;
    }
    for (uint64_t i = 0; i < n; i++) {
        const unsigned char *at = view.at +
                                  (int64_t)i * view.stride[across ? 1 : 0];

        zero[i] = part.dtype == NPU_DTYPE_U8 ? *at : (int8_t)*at;
    }
    return zero;
}

static struct npu_box rows_of(const struct npu_box *box, unsigned along,
                              uint64_t k, uint64_t count)
{
    uint64_t start[2] = { 0, 0 }, size[2] = { box->extent[0], box->extent[1] };
    struct npu_box part;

    start[along] = k;
    size[along] = count;
    npu_box_cut(&part, box, start, size);
    return part;
}

static bool sum(const struct npu_product *p, int32_t *c)
{
    const int16_t *zero_a = zero_points(p, p->roles->zero_a, p->row, p->m,
                                        false);
    const int16_t *zero_b = zero_points(p, p->roles->zero_b, p->column, p->n,
                                        true);
    unsigned along = p->upright ? 1 : 0;

    if (!zero_a || !zero_b) {
        return false;
    }
    memset(c, 0, p->m * p->n * sizeof(*c));
    for (uint64_t k = 0; k < p->k; k += p->piece) {
        struct npu_scratch *mark = npu_tile_mark(p->tile);
        uint64_t count = npu_min(p->piece, p->k - k);
        struct npu_box a = rows_of(&p->a, 1, k, count);
        struct npu_box b = rows_of(&p->b, along, k, count);
        const int16_t *left = npu_panel_s16(p->tile, 1, &a, false, zero_a);
        const int16_t *right = left ? npu_panel_s16(p->tile, 2, &b, !p->upright,
                                                    zero_b) :
                                      NULL;

        if (!right) {
            return false;
        }
        npu_panel_multiply_s16(left, right, c, p->m, p->n, count);
        npu_tile_rewind(p->tile, mark);
    }
    return true;
}

/* As f32, where they are. */
static void make_f32(int32_t *row, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        float value = (float)row[i];

        memcpy(&row[i], &value, sizeof(value));
    }
}

bool npu_product_s32(const struct npu_product *p, const struct npu_view *view)
{
    int32_t *c = npu_tile_alloc(p->tile, p->m * p->n * sizeof(*c));
    struct npu_epilogue epilogue;

    if (!c || !sum(p, c)) {
        return false;
    }
    if (p->d.dtype != NPU_DTYPE_S32 && !npu_epilogue_get(&epilogue, p)) {
        return false;
    }
    for (uint64_t i = 0; i < p->m; i++) {
        int32_t *row = c + i * p->n;

        if (p->d.dtype == NPU_DTYPE_S32) {
            npu_row_copy(view->at + (int64_t)i * view->stride[0],
                         view->stride[1], row, 4, 4, p->n);
        } else {
            make_f32(row, p->n);
            npu_epilogue_row(&epilogue, i, (float *)row, view);
        }
    }
    return true;
}
