/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The common plan of instructions that treat every element of d alike: one nest
 * of loops over all operands, as few and as long as their strides allow, cut
 * into tiles.
 */
#ifndef NPU_PLAN_H
#define NPU_PLAN_H

#include "grid.h"
#include "loop.h"
#include "tile.h"

/* Tiles are at least so long along the fast dimension of every operand. */
#define NPU_PLAN_RUN 64

struct npu_plan {
    struct npu_loop loop; /* d first, then the sources */
    struct npu_grid grid;
};

/* Of the first operands of work, which have the same extents. */
void npu_plan_get(struct npu_plan *plan, const struct npu_work *work,
                  unsigned operands, unsigned dies);

/*
 * The same with one operand more, which has no memory: where an element is, counted
 * by these strides.  The address of its box is the place of the first element.
 */
void npu_plan_get_placed(struct npu_plan *plan, const struct npu_work *work,
                         const int64_t *place, unsigned dies);

/* The boxes of a tile, one an operand, with the dimensions of the plan. */
void npu_plan_tile(const struct npu_plan *plan, const struct npu_tile *tile,
                   struct npu_box *boxes);

/* The same boxes, open: the sources to be read, d to be written. */
bool npu_plan_open(const struct npu_plan *plan, struct npu_tile *tile,
                   struct npu_box *boxes, struct npu_view *views);

/* The loop over the views of those boxes. */
void npu_plan_loop(struct npu_loop *loop, const struct npu_box *boxes,
                   const struct npu_view *views, unsigned operands);

/* The cut of instructions whose operands all have the same extents. */
void npu_plan_cut(const struct npu_work *work, unsigned dies,
                  struct npu_grid *grid);

/* Cut d alone into boxes, by an estimate of a tile's time: long along memory first. */
void npu_plan_cut_box(struct npu_grid *grid, const struct npu_box *d,
                      unsigned dies, npu_tile_ns *ns, const void *arg);

/* The dimension with the smallest stride that moves; rank: there is none. */
unsigned npu_fast_dim(unsigned rank, const uint64_t *extent,
                      const int64_t *stride);

/*
 * Estimated host time to bring one element of an operand with these strides to
 * the CPU or back, ps.
 */
uint64_t npu_access_ps(unsigned rank, const uint64_t *extent,
                       const int64_t *stride);

#endif
