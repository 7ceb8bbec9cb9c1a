/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of an input volume that the windows of a tile look at: in one view if
 * it is in place or small enough for a copy, else a row at a time.
 */
#ifndef NPU_REGION_H
#define NPU_REGION_H

#include "volume.h"

struct npu_region {
    struct npu_box volume;          /* of a channel: depth, height, width */
    struct npu_span span[NPU_AXES]; /* what is looked at */
    struct npu_view view;           /* of all that, or of one row of it */
    bool held;                      /* all */
    int64_t z, y;                   /* which row, -1: none */
    struct npu_scratch *mark;       /* before that row */
};

/* The volume of a at index (n, c), what is in the spans. */
bool npu_region_open(struct npu_tile *tile, struct npu_region *region,
                     uint64_t n, uint64_t c, const struct npu_span *span);

/*
 * n elements of row (z, y) from x on, step apart, all inside; their distance in
 * bytes is *stride.  They are there until the next call, which also takes back
 * whatever the tile allocated in between.  NULL after an error.
 */
const void *npu_region_row(struct npu_tile *tile, struct npu_region *region,
                           int64_t z, int64_t y, int64_t x, int64_t step,
                           int64_t n, int64_t *stride);

#endif
