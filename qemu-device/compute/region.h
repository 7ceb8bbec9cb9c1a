/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of an input plane that the windows of a tile look at: in one view if
 * it is in place or small enough for a copy, else a row at a time.
 */
#ifndef NPU_REGION_H
#define NPU_REGION_H

#include "tile.h"
#include "window.h"

struct npu_region {
    struct npu_box plane;     /* height, width */
    struct npu_span y, x;     /* what is looked at */
    struct npu_view view;     /* of all that, or of one row of it */
    bool held;                /* all */
    int64_t row;              /* which one, -1: none */
    struct npu_scratch *mark; /* before that row */
};

/* The plane of a at index (n, c), around the outputs in the spans. */
bool npu_region_open(struct npu_tile *tile, struct npu_region *region,
                     uint64_t n, uint64_t c, struct npu_span y,
                     struct npu_span x);

/*
 * n elements of row y from x on, step apart, all inside; their distance in bytes
 * is *stride.  They are there until the next call, which also takes back
 * whatever the tile allocated in between.  NULL after an error.
 */
const void *npu_region_row(struct npu_tile *tile, struct npu_region *region,
                           int64_t y, int64_t x, int64_t step, int64_t n,
                           int64_t *stride);

#endif
