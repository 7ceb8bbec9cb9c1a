/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NPU_OP_GATHER: d[i, ...] = a[b[i], ...].  A tile is some rows, or pieces of
 * rows, of d.
 */
#include <string.h>

#include "convert.h"
#include "dtype.h"
#include "families.h"
#include "plan.h"

#define ROW_NS 300 /* for a row, whatever its length */

struct gather_ns {
    uint64_t ps, most; /* for a unit; units of a row, or rows, of a tile */
    unsigned rank;
};

static uint64_t gather_ns(const void *arg, const uint64_t *chunk)
{
    const struct gather_ns *cost = arg;
    uint64_t row = 1;

    for (unsigned dim = 1; dim < cost->rank; dim++) {
        row = npu_mul_sat(row, chunk[dim]);
    }
    if (row > cost->most || chunk[0] > NPU_BOX_ELEMENTS) {
        return UINT64_MAX;
    }
    return chunk[0] * (ROW_NS + row * cost->ps / 1000);
}

void npu_gather_cut(const struct npu_work *work, unsigned dies,
                    struct npu_grid *grid)
{
    const struct npu_box *d = &work->operand[0];
    const struct npu_box *a = &work->operand[1];
    const struct npu_block *block = npu_convert_block(work);
    struct gather_ns cost = { .most = npu_convert_most(block),
                              .rank = d->rank };
    uint64_t extent[NPU_MAX_RANK];

    /* Dimension 0 of d and a is walked row by row. */
    if (d->rank > 1) {
        cost.ps = npu_convert_ps(d, a, 1, block);
    }
    npu_convert_extents(d, block, extent);
    npu_grid_start(grid, d->rank, extent);
    for (unsigned dim = d->rank; dim-- > 0;) {
        npu_grid_grow(grid, dim, UINT64_MAX, gather_ns, &cost);
    }
    npu_grid_share(grid, dies, gather_ns, &cost);
}

/* The indices of a tile's rows, read once: what is checked is what is used. */
static const int64_t *indices(struct npu_tile *tile, uint64_t start, uint64_t n)
{
    struct npu_view view;
    struct npu_box box;
    int64_t *copy = npu_tile_alloc(tile, n * sizeof(*copy));
    const int64_t *row;

    npu_box_cut(&box, &tile->work->operand[2], &start, &n);
    if (!copy || !npu_box_source(tile, 2, &box, &view)) {
        return NULL;
    }
    row = npu_row_s64(view.at, view.stride[0], box.dtype, n, copy);
    if (row != copy) {
        memcpy(copy, row, n * sizeof(*copy));
    }
    return copy;
}

/* Copy one row, or the piece of it that is in the tile. */
static bool gather_row(struct npu_tile *tile, uint64_t *start,
                       const uint64_t *size, uint64_t row, int64_t index)
{
    const struct npu_block *block = npu_convert_block(tile->work);
    const struct npu_box *d = &tile->work->operand[0];
    const struct npu_box *a = &tile->work->operand[1];
    struct npu_scratch *mark = npu_tile_mark(tile);
    struct npu_box boxes[2];
    struct npu_view view;
    bool good;

    /* A negative index is a huge one. */
    if ((uint64_t)index >= a->extent[0]) {
        return npu_tile_fail(tile, NPU_ERR_INDEX, 2);
    }
    start[0] = row;
    npu_convert_part(&boxes[0], d, block, start, size);
    start[0] = (uint64_t)index;
    npu_convert_part(&boxes[1], a, block, start, size);
    good = block ? npu_convert_run(tile, boxes, block) :
                   npu_box_source(tile, 1, &boxes[1], &view) &&
                       npu_box_write(tile, 0, &boxes[0], &view);
    npu_tile_rewind(tile, mark);
    return good;
}

bool npu_gather_run(struct npu_tile *tile)
{
    uint64_t start[NPU_MAX_RANK], size[NPU_MAX_RANK], first, rows;
    const int64_t *index;
    struct npu_grid grid;

    npu_gather_cut(tile->work, tile->dies, &grid);
    npu_grid_tile(&grid, tile->index, start, size);
    first = start[0];
    rows = size[0];
    size[0] = 1;
    index = indices(tile, first, rows);
    if (!index) {
        return false;
    }
    for (uint64_t i = 0; i < rows; i++) {
        if (!gather_row(tile, start, size, first + i, index[i])) {
            return false;
        }
    }
    return true;
}
