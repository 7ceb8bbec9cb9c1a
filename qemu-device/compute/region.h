/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of an input plane that the windows of a tile look at: in one view if
 * it is small enough for that, else fetched row by row.
 */
#ifndef NPU_REGION_H
#define NPU_REGION_H

#include "tile.h"
#include "window.h"

struct npu_region {
    struct npu_box plane;               /* height, width */
    struct npu_span y, x;               /* what is looked at */
    struct npu_view view;
    bool held;
};

/* The plane of a at index (n, c), around the outputs in the spans. */
bool npu_region_open(struct npu_tile *tile, struct npu_region *region,
                     uint64_t n, uint64_t c, struct npu_span y,
                     struct npu_span x);

/*
 * n elements of row y from x on, step apart, all inside; their distance in bytes
 * is *stride.  NULL after an error.
 */
const void *npu_region_row(struct npu_tile *tile, struct npu_region *region,
                           int64_t y, int64_t x, int64_t step, int64_t n,
                           int64_t *stride);

#endif
