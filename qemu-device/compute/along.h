/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of d that are made from the same lines of a, one dimension, the axis, long:
 * how they are cut into tiles, each whole, and how a tile is walked.  A line of d
 * may be shorter than that of a.
 */
#ifndef NPU_ALONG_H
#define NPU_ALONG_H

#include "grid.h"
#include "loop.h"
#include "tile.h"

/* In all that follows, [0] is that of d, [1] that of a. */
struct npu_along {
    struct npu_loop loop; /* over the lines */
    struct npu_grid grid;
    uint64_t n[2];     /* elements of a line */
    int64_t stride[2]; /* along the axis */
    uint64_t ps; /* to bring an element of a here and to take one of d back */
    uint64_t
        line_ns; /* estimated host time of a line, once the caller has set it */
};

/* All but the grid, from the shape and the strides alone. */
void npu_along_get(struct npu_along *along, const struct npu_work *work);

/* The grid, given line_ns. */
void npu_along_cut(struct npu_along *along, unsigned dies);

/* Are lines closer to each other in a than their elements, and many? */
bool npu_along_is_sheet(const struct npu_along *along);

/* Some lines side by side. */
struct npu_lines {
    const struct npu_along *along;
    uint64_t count;
    uint64_t va[2];  /* of the first line */
    int64_t step[2]; /* from one line to the next */
};

/* The lines of a tile, at most most of them at a time; until run() fails. */
bool npu_along_walk(const struct npu_along *along, struct npu_tile *tile,
                    uint64_t most,
                    bool (*run)(struct npu_tile *tile,
                                const struct npu_lines *lines));

/* Are they many, and closer to each other in an operand than their elements? */
bool npu_lines_across(const struct npu_lines *lines, unsigned operand);

/*
 * A part of an operand: all lines, of each n elements from index on.  Dimensions
 * are the lines and the axis, or with sheet the axis and the lines.
 */
void npu_lines_box(const struct npu_lines *lines, const struct npu_work *work,
                   unsigned operand, uint64_t index, uint64_t n, bool sheet,
                   struct npu_box *box);

#endif
