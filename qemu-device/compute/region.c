/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "region.h"

bool npu_region_open(struct npu_tile *tile, struct npu_region *region,
                     uint64_t n, uint64_t c, struct npu_span y,
                     struct npu_span x)
{
    const struct npu_box *a = &tile->work->operand[1];
    uint64_t height = (uint64_t)(y.hi - y.lo), width = (uint64_t)(x.hi - x.lo);
    uint64_t start[2] = { (uint64_t)y.lo, (uint64_t)x.lo };
    uint64_t size[2] = { height, width };
    struct npu_box part;

    region->plane = (struct npu_box){
        .va = a->va + n * (uint64_t)a->stride[0] + c * (uint64_t)a->stride[1],
        .dtype = a->dtype,
        .size = a->size,
        .rank = 2,
        .extent = { a->extent[2], a->extent[3] },
        .stride = { a->stride[2], a->stride[3] },
    };
    region->y = y;
    region->x = x;
    region->row = -1;
    region->mark = npu_tile_mark(tile);
    region->held = height && width;
    if (!region->held) {
        return true;
    }
    npu_box_cut(&part, &region->plane, start, size);
    if (width > NPU_BOX_ELEMENTS / height) {
        region->held = npu_box_peek(tile, &part, &region->view);
        return true;
    }
    return npu_box_source(tile, 1, &part, &region->view);
}

/* A view of elements of a row of the plane. */
static bool view_row(struct npu_tile *tile, struct npu_region *region,
                     int64_t y, int64_t x, int64_t step, int64_t n)
{
    const struct npu_box *plane = &region->plane;
    struct npu_box row = {
        .va = plane->va + (uint64_t)y * (uint64_t)plane->stride[0] +
              (uint64_t)x * (uint64_t)plane->stride[1],
        .dtype = plane->dtype,
        .size = plane->size,
        .rank = 1,
        .extent = { (uint64_t)n },
        .stride = { n > 1 ? step * plane->stride[1] : 0 },
    };

    npu_tile_rewind(tile, region->mark);
    return npu_box_source(tile, 1, &row, &region->view);
}

const void *npu_region_row(struct npu_tile *tile, struct npu_region *region,
                           int64_t y, int64_t x, int64_t step, int64_t n,
                           int64_t *stride)
{
    int64_t width = region->x.hi - region->x.lo;

    if (region->held) {
        *stride = step * region->view.stride[1];
        return region->view.at + (y - region->y.lo) * region->view.stride[0] +
               (x - region->x.lo) * region->view.stride[1];
    }
    if (width > NPU_BOX_ELEMENTS) {
        if (!view_row(tile, region, y, x, step, n)) {
            return NULL;
        }
        *stride = region->view.stride[0];
        return region->view.at;
    }
    if (region->row != y) {
        if (!view_row(tile, region, y, region->x.lo, 1, width)) {
            return NULL;
        }
        region->row = y;
    }
    *stride = step * region->view.stride[0];
    return region->view.at + (x - region->x.lo) * region->view.stride[0];
}
