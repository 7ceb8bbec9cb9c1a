/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NPU_OP_MATMUL.  A tile is a rectangle of d, of one or more of the products of a
 * batch, over all of k; k is walked in pieces whose panels fit in memory.
 */
#include <limits.h>
#include <string.h>

#include "dtype.h"
#include "families.h"
#include "panel.h"
#include "plan.h"

#define PRODUCT_NS 300 /* for one of a batch, however small */

/*
 * On the slow side of what processors need: with k = 1024 a tile has 128 x 256
 * elements, which take 0.4 to 0.8 ms.  Half of that wastes a tenth of the time on
 * making panels.
 */
#define FLOAT_MAC_PS 12

struct matmul_ns {
    unsigned rank;
    uint64_t k;
    uint64_t mac_ps;           /* for a multiplication */
    uint64_t a_ps, b_ps, d_ps; /* for an element of the operand */
};

static uint64_t matmul_ns(const void *arg, const uint64_t *chunk)
{
    const struct matmul_ns *cost = arg;
    uint64_t m = chunk[cost->rank - 2], n = chunk[cost->rank - 1];
    uint64_t area = npu_mul_sat(m, n), batch = 1, each;

    for (unsigned dim = 0; dim + 2 < cost->rank; dim++) {
        batch = npu_mul_sat(batch, chunk[dim]);
    }
    if (area > NPU_PANEL_ELEMENTS) {
        return UINT64_MAX;
    }
    each = cost->k * (area * cost->mac_ps + m * cost->a_ps + n * cost->b_ps) +
           area * cost->d_ps;
    return npu_mul_sat(batch, PRODUCT_NS + each / 1000);
}

/* Time to bring an element of the last two dimensions to the CPU. */
static uint64_t matrix_ps(const struct npu_box *box)
{
    unsigned m = box->rank - 2;

    return npu_access_ps(2, &box->extent[m], &box->stride[m]) / 2;
}

void npu_matmul_cut(const struct npu_work *work, unsigned dies,
                    struct npu_grid *grid)
{
    const struct npu_box *d = &work->operand[0];
    const struct npu_box *a = &work->operand[1], *b = &work->operand[2];
    unsigned m = d->rank - 2, n = d->rank - 1;
    struct matmul_ns cost = {
        .rank = d->rank,
        .k = a->extent[n],
        .mac_ps = a->dtype == NPU_DTYPE_S8 ? 50 : FLOAT_MAC_PS,
        .a_ps = matrix_ps(a),
        .b_ps = matrix_ps(b),
        .d_ps = matrix_ps(d),
    };

    npu_grid_start(grid, d->rank, d->extent);
    /* Near to a square, since that needs the fewest panels. */
    for (uint64_t side = 2; side <= NPU_PANEL_ELEMENTS; side *= 2) {
        npu_grid_grow(grid, n, side, matmul_ns, &cost);
        npu_grid_grow(grid, m, side, matmul_ns, &cost);
    }
    for (unsigned dim = m; dim-- > 0;) {
        npu_grid_grow(grid, dim, UINT64_MAX, matmul_ns, &cost);
    }
    npu_grid_share(grid, dies, matmul_ns, &cost);
}

/* One product of the batch: rectangles of two dimensions. */
struct product {
    struct npu_box d, a, b;
    uint64_t m, n, k;
    uint64_t piece; /* of k at a time */
};

static struct npu_box columns_of(const struct npu_box *box, uint64_t start,
                                 uint64_t n)
{
    uint64_t from[2] = { 0, start }, size[2] = { box->extent[0], n };
    struct npu_box part;

    npu_box_cut(&part, box, from, size);
    return part;
}

static struct npu_box rows_of(const struct npu_box *box, uint64_t start,
                              uint64_t n)
{
    uint64_t from[2] = { start, 0 }, size[2] = { n, box->extent[1] };
    struct npu_box part;

    npu_box_cut(&part, box, from, size);
    return part;
}

static bool sum_f32(struct npu_tile *tile, const struct product *p, float *c,
                    int ldc)
{
    for (uint64_t k = 0; k < p->k; k += p->piece) {
        struct npu_scratch *mark = npu_tile_mark(tile);
        uint64_t count = npu_min(p->piece, p->k - k);
        struct npu_box a = columns_of(&p->a, k, count);
        struct npu_box b = rows_of(&p->b, k, count);
        struct npu_panel left, right;

        if (!npu_panel_source(tile, 1, &a, &left) ||
            !npu_panel_source(tile, 2, &b, &right)) {
            return false;
        }
        npu_panel_multiply(&left, &right, c, ldc, (int)p->m, (int)p->n,
                           (int)count, k > 0);
        npu_tile_rewind(tile, mark);
    }
    return true;
}

static bool sum_s32(struct npu_tile *tile, const struct product *p, int32_t *c)
{
    memset(c, 0, p->m * p->n * sizeof(*c));
    for (uint64_t k = 0; k < p->k; k += p->piece) {
        struct npu_scratch *mark = npu_tile_mark(tile);
        uint64_t count = npu_min(p->piece, p->k - k);
        struct npu_box a = columns_of(&p->a, k, count);
        struct npu_box b = rows_of(&p->b, k, count);
        const int16_t *left = npu_panel_s16(tile, 1, &a, false);
        const int16_t *right = left ? npu_panel_s16(tile, 2, &b, true) : NULL;

        if (!right) {
            return false;
        }
        npu_panel_multiply_s16(left, right, c, p->m, p->n, count);
        npu_tile_rewind(tile, mark);
    }
    return true;
}

/* A target whose rows can be accumulated into where they are. */
static bool in_place(const struct product *p, const struct npu_view *view)
{
    return p->d.dtype == NPU_DTYPE_F32 &&
           (p->n == 1 || view->stride[1] == sizeof(float)) &&
           (p->m == 1 || (view->stride[0] / 4 >= (int64_t)p->n &&
                          view->stride[0] / 4 <= INT_MAX));
}

static bool product_f32(struct npu_tile *tile, const struct product *p,
                        const struct npu_view *view)
{
    float *c;

    if (in_place(p, view)) {
        return sum_f32(tile, p, (void *)view->at,
                       (int)(p->m == 1 ? (int64_t)p->n : view->stride[0] / 4));
    }
    c = npu_tile_alloc(tile, p->m * p->n * sizeof(*c));
    if (!c || !sum_f32(tile, p, c, (int)p->n)) {
        return false;
    }
    for (uint64_t i = 0; i < p->m; i++) {
        npu_row_put_f32(view->at + (int64_t)i * view->stride[0],
                        view->stride[1], p->d.dtype, p->n, c + i * p->n);
    }
    return true;
}

static void put_scaled(const struct product *p, const struct npu_view *view,
                       const int32_t *c, float scale)
{
    for (uint64_t i = 0; i < p->m; i++) {
        unsigned char *at = view->at + (int64_t)i * view->stride[0];

        for (uint64_t j = 0; j < p->n; j++) {
            float value = scale * (float)c[i * p->n + j];

            memcpy(at, &value, sizeof(value));
            at += view->stride[1];
        }
    }
}

static bool product_s8(struct npu_tile *tile, const struct product *p,
                       const struct npu_view *view)
{
    int32_t *c = npu_tile_alloc(tile, p->m * p->n * sizeof(*c));
    float scale;

    if (!c || !sum_s32(tile, p, c)) {
        return false;
    }
    if (p->d.dtype == NPU_DTYPE_F32) {
        memcpy(&scale, &tile->work->scalar, sizeof(scale));
        put_scaled(p, view, c, scale);
        return true;
    }
    for (uint64_t i = 0; i < p->m; i++) {
        npu_row_copy(view->at + (int64_t)i * view->stride[0], view->stride[1],
                     c + i * p->n, 4, 4, p->n);
    }
    return true;
}

static bool run_product(struct npu_tile *tile, const struct product *p)
{
    struct npu_scratch *mark = npu_tile_mark(tile);
    struct npu_view view;
    bool good = npu_box_target(tile, 0, &p->d, &view) &&
                (p->a.dtype == NPU_DTYPE_S8 ? product_s8(tile, p, &view) :
                                              product_f32(tile, p, &view)) &&
                npu_box_store(tile, 0, &p->d, &view);

    npu_tile_rewind(tile, mark);
    return good;
}

/* Two dimensions of an operand, at an index of the others. */
static struct npu_box matrix_at(const struct npu_box *operand,
                                const uint64_t *index, uint64_t row,
                                uint64_t rows, uint64_t column,
                                uint64_t columns)
{
    unsigned m = operand->rank - 2;
    struct npu_box matrix = {
        .va = operand->va + row * (uint64_t)operand->stride[m] +
              column * (uint64_t)operand->stride[m + 1],
        .dtype = operand->dtype,
        .size = operand->size,
        .rank = 2,
        .extent = { rows, columns },
        .stride = { operand->stride[m], operand->stride[m + 1] },
    };

    for (unsigned dim = 0; dim < m; dim++) {
        matrix.va += index[dim] * (uint64_t)operand->stride[dim];
    }
    return matrix;
}

bool npu_matmul_run(struct npu_tile *tile)
{
    const struct npu_box *operand = tile->work->operand;
    uint64_t start[NPU_MAX_RANK], size[NPU_MAX_RANK], index[NPU_MAX_RANK];
    uint64_t offset[NPU_MAX_RANK] = { 0 };
    unsigned m = operand[0].rank - 2, n = m + 1;
    struct product p = { .k = operand[1].extent[n] };
    struct npu_grid grid;

    npu_matmul_cut(tile->work, tile->dies, &grid);
    npu_grid_tile(&grid, tile->index, start, size);
    p.m = size[m];
    p.n = size[n];
    p.piece = npu_min(NPU_PANEL_ELEMENTS / npu_max(p.m, p.n), 4096);
    do {
        for (unsigned dim = 0; dim < m; dim++) {
            index[dim] = start[dim] + offset[dim];
        }
        p.d = matrix_at(&operand[0], index, start[m], p.m, start[n], p.n);
        p.a = matrix_at(&operand[1], index, start[m], p.m, 0, p.k);
        p.b = matrix_at(&operand[2], index, 0, p.k, start[n], p.n);
        if (!run_product(tile, &p)) {
            return false;
        }
    } while (npu_grid_next(m, size, offset));
    return true;
}
