/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "region.h"

static void channel_get(struct npu_box *volume, const struct npu_tile *tile,
                        uint64_t n, uint64_t c)
{
    struct npu_box a;

    npu_volume_box(&a, &tile->work->operand[1]);
    *volume = (struct npu_box){
        .va = a.va + n * (uint64_t)a.stride[0] + c * (uint64_t)a.stride[1],
        .dtype = a.dtype,
        .size = a.size,
        .rank = NPU_AXES,
        .extent = { a.extent[2], a.extent[3], a.extent[4] },
        .stride = { a.stride[2], a.stride[3], a.stride[4] },
    };
}

bool npu_region_open(struct npu_tile *tile, struct npu_region *region,
                     uint64_t n, uint64_t c, const struct npu_span *span)
{
    uint64_t start[NPU_AXES], size[NPU_AXES], elements = 1;
    struct npu_box part;

    channel_get(&region->volume, tile, n, c);
    region->z = region->y = -1;
    region->mark = npu_tile_mark(tile);
    for (unsigned axis = 0; axis < NPU_AXES; axis++) {
        region->span[axis] = span[axis];
        start[axis] = (uint64_t)span[axis].lo;
        size[axis] = (uint64_t)(span[axis].hi - span[axis].lo);
        elements *= size[axis];
    }
    region->held = elements;
    if (!region->held) {
        return true;
    }
    npu_box_cut(&part, &region->volume, start, size);
    if (elements > NPU_BOX_ELEMENTS) {
        region->held = npu_box_peek(tile, &part, &region->view);
        return true;
    }
    return npu_box_source(tile, 1, &part, &region->view);
}

/* A view of elements of a row. */
static bool view_row(struct npu_tile *tile, struct npu_region *region,
                     int64_t z, int64_t y, int64_t x, int64_t step, int64_t n)
{
    const struct npu_box *volume = &region->volume;
    struct npu_box row = {
        .va = volume->va + (uint64_t)z * (uint64_t)volume->stride[NPU_Z] +
              (uint64_t)y * (uint64_t)volume->stride[NPU_Y] +
              (uint64_t)x * (uint64_t)volume->stride[NPU_X],
        .dtype = volume->dtype,
        .size = volume->size,
        .rank = 1,
        .extent = { (uint64_t)n },
        .stride = { n > 1 ? step * volume->stride[NPU_X] : 0 },
    };

    npu_tile_rewind(tile, region->mark);
    return npu_box_source(tile, 1, &row, &region->view);
}

const void *npu_region_row(struct npu_tile *tile, struct npu_region *region,
                           int64_t z, int64_t y, int64_t x, int64_t step,
                           int64_t n, int64_t *stride)
{
    const struct npu_span *span = region->span;
    const struct npu_view *view = &region->view;
    int64_t width = span[NPU_X].hi - span[NPU_X].lo;

    if (region->held) {
        *stride = step * view->stride[NPU_X];
        return view->at + (z - span[NPU_Z].lo) * view->stride[NPU_Z] +
               (y - span[NPU_Y].lo) * view->stride[NPU_Y] +
               (x - span[NPU_X].lo) * view->stride[NPU_X];
    }
    if (width > NPU_BOX_ELEMENTS) {
        if (!view_row(tile, region, z, y, x, step, n)) {
            return NULL;
        }
        *stride = view->stride[0];
        return view->at;
    }
    if (region->z != z || region->y != y) {
        if (!view_row(tile, region, z, y, span[NPU_X].lo, 1, width)) {
            return NULL;
        }
        region->z = z;
        region->y = y;
    }
    *stride = step * view->stride[0];
    return view->at + (x - span[NPU_X].lo) * view->stride[0];
}
