/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "ops.h"
#include "plan.h"

/* And so long, if they stay cheap: long runs are read ahead, and use few pages. */
#define LONG_RUN 256

/* Copies of the operands, if need be, leave a tile some of its 4 MiB. */
#define PLAN_BYTES (3u << 20)

struct plan_ns {
    uint64_t ps;    /* for an element */
    uint64_t bytes; /* of an element of all operands */
    unsigned rank;
};

unsigned npu_fast_dim(unsigned rank, const uint64_t *extent,
                      const int64_t *stride)
{
    unsigned fast = rank;
    uint64_t least = UINT64_MAX;

    for (unsigned dim = 0; dim < rank; dim++) {
        uint64_t gap = stride[dim] < 0 ? -(uint64_t)stride[dim] :
                                         (uint64_t)stride[dim];

        if (gap && extent[dim] > 1 && gap <= least) {
            least = gap;
            fast = dim;
        }
    }
    return fast;
}

uint64_t npu_access_ps(unsigned rank, const uint64_t *extent,
                       const int64_t *stride)
{
    struct npu_loop loop = { .rank = rank, .operands = 1 };
    unsigned fast = npu_fast_dim(rank, extent, stride), inner = rank - 1, last;

    if (fast == rank) {
        return 50; /* one element, over and over */
    }
    if (rank == 1 && extent[0] >= 8 && stride[0] > 0 && stride[0] <= 64) {
        return 400; /* as below, without the detour */
    }
    for (unsigned dim = 0; dim < rank; dim++) {
        loop.extent[dim] = stride[dim] ? extent[dim] : 1;
        loop.stride[0][dim] = stride[dim];
    }
    npu_loop_tidy(&loop, 0);
    last = loop.rank - 1;
    if (loop.stride[0][last] < -64 || loop.stride[0][last] > 64 ||
        loop.extent[last] < 8) {
        return 50000; /* an access an element */
    }
    while (inner > fast && (extent[inner] == 1 || !stride[inner])) {
        inner--;
    }
    return inner == fast ? 400 : 2000; /* along memory, or across it */
}

static uint64_t plan_ns(const void *arg, const uint64_t *chunk)
{
    const struct plan_ns *cost = arg;
    uint64_t elements = 1;

    for (unsigned dim = 0; dim < cost->rank; dim++) {
        elements = npu_mul_sat(elements, chunk[dim]);
    }
    if (elements > npu_min(NPU_BOX_ELEMENTS, PLAN_BYTES / cost->bytes)) {
        return UINT64_MAX;
    }
    return elements * cost->ps / 1000;
}

/* The place may be NULL. */
static void plan_get(struct npu_plan *plan, const struct npu_work *work,
                     unsigned operands, const int64_t *place, unsigned dies)
{
    struct npu_loop *loop = &plan->loop;
    struct plan_ns cost = { .ps = work->op->host_ps };

    loop->rank = work->operand[0].rank;
    loop->operands = place ? operands + 1 : operands;
    for (unsigned dim = 0; dim < loop->rank; dim++) {
        loop->extent[dim] = work->operand[0].extent[dim];
        for (unsigned op = 0; op < operands; op++) {
            loop->stride[op][dim] = work->operand[op].stride[dim];
        }
        if (place) {
            loop->stride[operands][dim] = place[dim];
        }
    }
    npu_loop_tidy(loop, 0);
    cost.rank = loop->rank;
    npu_grid_start(&plan->grid, loop->rank, loop->extent);
    for (unsigned op = 0; op < operands; op++) {
        unsigned fast = npu_fast_dim(loop->rank, loop->extent,
                                     loop->stride[op]);

        cost.bytes += work->operand[op].size;
        cost.ps += npu_access_ps(loop->rank, loop->extent, loop->stride[op]);
        if (fast < loop->rank) {
            plan->grid.chunk[fast] = npu_min(NPU_PLAN_RUN, loop->extent[fast]);
        }
    }
    for (unsigned dim = loop->rank; dim-- > 0;) {
        if (plan->grid.chunk[dim] > 1) {
            npu_grid_grow(&plan->grid, dim, LONG_RUN, plan_ns, &cost);
        }
    }
    for (unsigned dim = loop->rank; dim-- > 0;) {
        npu_grid_grow(&plan->grid, dim, UINT64_MAX, plan_ns, &cost);
    }
    npu_grid_share(&plan->grid, dies, plan_ns, &cost);
}

void npu_plan_get(struct npu_plan *plan, const struct npu_work *work,
                  unsigned operands, unsigned dies)
{
    plan_get(plan, work, operands, NULL, dies);
}

void npu_plan_get_placed(struct npu_plan *plan, const struct npu_work *work,
                         const int64_t *place, unsigned dies)
{
    plan_get(plan, work, work->operands, place, dies);
}

void npu_plan_tile(const struct npu_plan *plan, const struct npu_tile *tile,
                   struct npu_box *boxes)
{
    static const struct npu_box nowhere = { .size = 1 };
    const struct npu_loop *loop = &plan->loop;
    uint64_t start[NPU_MAX_RANK], size[NPU_MAX_RANK];

    npu_grid_tile(&plan->grid, tile->index, start, size);
    for (unsigned op = 0; op < loop->operands; op++) {
        const struct npu_box *operand = op < tile->work->operands ?
                                            &tile->work->operand[op] :
                                            &nowhere;
        struct npu_box whole = {
            .va = operand->va,
            .dtype = operand->dtype,
            .size = operand->size,
            .rank = loop->rank,
        };

        for (unsigned dim = 0; dim < loop->rank; dim++) {
            whole.stride[dim] = loop->stride[op][dim];
        }
        npu_box_cut(&boxes[op], &whole, start, size);
    }
}

bool npu_plan_open(const struct npu_plan *plan, struct npu_tile *tile,
                   struct npu_box *boxes, struct npu_view *views)
{
    npu_plan_tile(plan, tile, boxes);
    for (unsigned i = 1; i < plan->loop.operands; i++) {
        if (i == tile->work->operands) {
            memcpy(views[i].stride, boxes[i].stride, sizeof(views[i].stride));
            continue;
        }
        if (!npu_box_source(tile, i, &boxes[i], &views[i])) {
            return false;
        }
    }
    return npu_box_target(tile, 0, &boxes[0], &views[0]);
}

void npu_plan_loop(struct npu_loop *loop, const struct npu_box *boxes,
                   const struct npu_view *views, unsigned operands)
{
    loop->rank = boxes->rank;
    loop->operands = operands;
    for (unsigned dim = 0; dim < loop->rank; dim++) {
        loop->extent[dim] = boxes->extent[dim];
        for (unsigned op = 0; op < operands; op++) {
            loop->stride[op][dim] = views[op].stride[dim];
        }
    }
    npu_loop_tidy(loop, 0);
}

void npu_plan_cut(const struct npu_work *work, unsigned dies,
                  struct npu_grid *grid)
{
    struct npu_plan plan;

    npu_plan_get(&plan, work, work->operands, dies);
    *grid = plan.grid;
}

void npu_plan_cut_box(struct npu_grid *grid, const struct npu_box *d,
                      unsigned dies, npu_tile_ns *ns, const void *arg)
{
    unsigned fast = npu_fast_dim(d->rank, d->extent, d->stride);

    npu_grid_start(grid, d->rank, d->extent);
    if (fast < d->rank) {
        npu_grid_grow(grid, fast, NPU_PLAN_RUN, ns, arg);
    }
    for (unsigned dim = d->rank; dim-- > 0;) {
        npu_grid_grow(grid, dim, UINT64_MAX, ns, arg);
    }
    npu_grid_share(grid, dies, ns, arg);
}
