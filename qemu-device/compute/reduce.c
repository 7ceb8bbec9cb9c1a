/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reductions over one axis.  Each element of d is made in one tile, from start
 * to end, so that the cut does not change it.
 *
 * There are two ways, chosen by the strides of a alone.  Where the axis is the
 * fast dimension, each reduction is a line, folded over LINE lanes.  Where another
 * dimension is faster, as many reductions as a row of it has go side by side, a
 * lane each, and memory is still read the way it lies.
 */
#include "dtype.h"
#include "families.h"
#include "ops.h"
#include "plan.h"
#include "reduce.h"

#define LINE 64
#define OUTPUT_NS 60 /* for an element of d, however short the axis */

struct reduce_plan {
    struct npu_loop loop; /* over d and a without the axis */
    struct npu_grid grid;
    uint64_t n;     /* along the axis */
    int64_t stride; /* of a along the axis */
    bool sheet;     /* a lane a reduction */
    uint64_t ps;    /* for an element of a */
};

static uint64_t reduce_ns(const void *arg, const uint64_t *chunk)
{
    const struct reduce_plan *plan = arg;
    uint64_t outputs = 1, each;

    for (unsigned dim = 0; dim < plan->loop.rank; dim++) {
        outputs = npu_mul_sat(outputs, chunk[dim]);
    }
    each = OUTPUT_NS + npu_mul_sat(plan->n, plan->ps) / 1000;
    return npu_mul_sat(outputs, each);
}

static uint64_t distance(int64_t stride)
{
    return stride < 0 ? -(uint64_t)stride : (uint64_t)stride;
}

static void set_loop(struct reduce_plan *plan, const struct npu_work *work)
{
    const struct npu_box *d = &work->operand[0], *a = &work->operand[1];
    struct npu_loop *loop = &plan->loop;
    unsigned axis = work->insn->axis.axis;

    loop->rank = d->rank;
    loop->operands = 2;
    for (unsigned dim = 0; dim < d->rank; dim++) {
        loop->extent[dim] = dim == axis ? 1 : d->extent[dim];
        loop->stride[0][dim] = d->stride[dim];
        loop->stride[1][dim] = a->stride[dim];
    }
    npu_loop_tidy(loop, 1);
    plan->n = a->extent[axis];
    plan->stride = a->stride[axis];
}

/* Time for an element of a: a's access along the faster dimension. */
static uint64_t element_ps(const struct reduce_plan *plan)
{
    unsigned last = plan->loop.rank - 1;
    uint64_t extent[2] = { plan->loop.extent[last], plan->n };
    int64_t stride[2] = { plan->loop.stride[1][last], plan->stride };

    return npu_access_ps(2, extent, stride);
}

static void reduce_plan_get(struct reduce_plan *plan,
                            const struct npu_work *work, unsigned dies)
{
    struct npu_loop *loop = &plan->loop;
    unsigned last;

    set_loop(plan, work);
    last = loop->rank - 1;
    plan->sheet = loop->extent[last] >= 8 && loop->stride[1][last] &&
                  distance(loop->stride[1][last]) < distance(plan->stride);
    plan->ps = work->op->host_ps + element_ps(plan);
    npu_grid_start(&plan->grid, loop->rank, loop->extent);
    if (plan->sheet) {
        /* A row shorter than a cache line would be read many times over. */
        plan->grid.chunk[last] = npu_min(16, loop->extent[last]);
    }
    for (unsigned dim = loop->rank; dim-- > 0;) {
        npu_grid_grow(&plan->grid, dim, UINT64_MAX, reduce_ns, plan);
    }
    npu_grid_share(&plan->grid, dies, reduce_ns, plan);
}

void npu_reduce_cut(const struct npu_work *work, unsigned dies,
                    struct npu_grid *grid)
{
    struct reduce_plan plan;

    reduce_plan_get(&plan, work, dies);
    *grid = plan.grid;
}

/* Up to NPU_LANES reductions side by side, and where they are in memory. */
struct block {
    const struct npu_reduction *reduction;
    bool integer; /* a is */
    bool sheet;
    uint64_t lines, n;   /* reductions, elements of each */
    struct npu_box a;    /* the first element; no dimensions */
    int64_t line, along; /* strides between and along lines */
    struct npu_lanes *lanes;
};

/* A part of a block within reach. */
struct part {
    const unsigned char *at;
    int64_t line, along;
};

static void take(const struct block *block, struct npu_lanes *lanes,
                 const void *row, int64_t stride, size_t n, uint64_t index,
                 int32_t step)
{
    NPU_ROOM union {
        float f32[NPU_ROW];
        int32_t s32[NPU_ROW];
    } tmp;

    if (block->integer) {
        block->reduction->take_s32(lanes,
                                   npu_row_s32(row, stride, block->a.dtype, n,
                                               tmp.s32),
                                   n, (int32_t)index, step);
    } else {
        block->reduction->take_f32(lanes,
                                   npu_row_f32(row, stride, block->a.dtype, n,
                                               tmp.f32),
                                   n, (int32_t)index, step);
    }
}

/* Some of the lines, over a part of the axis. */
static bool look(struct npu_tile *tile, const struct block *block,
                 uint64_t first, uint64_t count, uint64_t index, uint64_t n,
                 struct part *part)
{
    /* The faster dimension is the last: a copy is read as it will be used. */
    unsigned line = block->sheet, along = !block->sheet;
    struct npu_box box = block->a;
    struct npu_view view;

    box.va += first * (uint64_t)block->line + index * (uint64_t)block->along;
    box.rank = 2;
    box.extent[line] = count;
    box.extent[along] = n;
    box.stride[line] = block->line;
    box.stride[along] = block->along;
    if (!npu_box_source(tile, 1, &box, &view)) {
        return false;
    }
    *part = (struct part){ view.at, view.stride[line], view.stride[along] };
    return true;
}

/* Every reduction has its lane. */
static bool reduce_sheet(struct npu_tile *tile, const struct block *block)
{
    uint64_t width = block->lines, n = block->n;
    uint64_t most = NPU_BOX_ELEMENTS / width;

    npu_lanes_clear(block->lanes, block->reduction, width);
    for (uint64_t index = 0; index < n; index += most) {
        struct npu_scratch *mark = npu_tile_mark(tile);
        uint64_t count = npu_min(most, n - index);
        struct part part;

        if (!look(tile, block, 0, width, index, count, &part)) {
            return false;
        }
        for (uint64_t i = 0; i < count; i++) {
            take(block, block->lanes, part.at + (int64_t)i * part.along,
                 part.line, width, index + i, 0);
        }
        npu_tile_rewind(tile, mark);
    }
    if (block->reduction->finish) {
        block->reduction->finish(block->lanes, width, n);
    }
    return true;
}

/* A piece of a line over LINE lanes. */
static void take_line(const struct block *block, struct npu_lanes *lanes,
                      const unsigned char *line, int64_t stride, uint64_t index,
                      uint64_t n)
{
    for (uint64_t i = 0; i < n; i += LINE) {
        take(block, lanes, line + (int64_t)i * stride, stride,
             npu_min(LINE, n - i), index + i, 1);
    }
}

static void finish_line(const struct block *block, struct npu_lanes *lanes,
                        uint64_t result)
{
    uint64_t n = block->n;

    for (uint64_t from = 1; from < npu_min(LINE, n); from++) {
        if (block->integer) {
            block->reduction->fold_s32(lanes, from);
        } else {
            block->reduction->fold_f32(lanes, from);
        }
    }
    if (block->reduction->finish) {
        block->reduction->finish(lanes, 1, n);
    }
    block->lanes->f32[result] = lanes->f32[0];
    block->lanes->s32[result] = lanes->s32[0];
}

/* One line that is too long for one view. */
static bool reduce_long_line(struct npu_tile *tile, const struct block *block,
                             struct npu_lanes *lanes, uint64_t result)
{
    uint64_t n = block->n;

    npu_lanes_clear(lanes, block->reduction, LINE);
    for (uint64_t index = 0; index < n; index += NPU_BOX_ELEMENTS) {
        struct npu_scratch *mark = npu_tile_mark(tile);
        uint64_t count = npu_min(NPU_BOX_ELEMENTS, n - index);
        struct part part;

        if (!look(tile, block, result, 1, index, count, &part)) {
            return false;
        }
        take_line(block, lanes, part.at, part.along, index, count);
        npu_tile_rewind(tile, mark);
    }
    finish_line(block, lanes, result);
    return true;
}

/* As many lines at a time as a view may hold. */
static bool reduce_lines(struct npu_tile *tile, const struct block *block)
{
    uint64_t lines = block->lines, n = block->n;
    uint64_t most = NPU_BOX_ELEMENTS / n;
    NPU_ROOM struct npu_lanes lanes;

    for (uint64_t first = 0; first < lines; first += npu_max(most, 1)) {
        struct npu_scratch *mark = npu_tile_mark(tile);
        uint64_t count = npu_min(most, lines - first);
        struct part part;

        if (!most) {
            if (!reduce_long_line(tile, block, &lanes, first)) {
                return false;
            }
            continue;
        }
        if (!look(tile, block, first, count, 0, n, &part)) {
            return false;
        }
        for (uint64_t i = 0; i < count; i++) {
            npu_lanes_clear(&lanes, block->reduction, LINE);
            take_line(block, &lanes, part.at + (int64_t)i * part.line,
                      part.along, 0, n);
            finish_line(block, &lanes, first + i);
        }
        npu_tile_rewind(tile, mark);
    }
    return true;
}

static void put_s64(const struct npu_view *view, size_t n,
                    const int32_t *results)
{
    NPU_ROOM int64_t wide[NPU_LANES];

    for (size_t i = 0; i < n; i++) {
        wide[i] = results[i];
    }
    npu_row_put_s64(view->at, view->stride[0], NPU_DTYPE_S64, n, wide);
}

/* Write the results of a block. */
static bool put_results(struct npu_tile *tile, const struct block *block,
                        const struct npu_box *d)
{
    const struct npu_lanes *lanes = block->lanes;
    uint64_t n = d->extent[0];
    struct npu_view view;

    if (!npu_box_target(tile, 0, d, &view)) {
        return false;
    }
    if (d->dtype == NPU_DTYPE_S64) {
        put_s64(&view, n, lanes->s32);
    } else if (npu_dtype_is_integer(d->dtype)) {
        npu_row_put_s32(view.at, view.stride[0], d->dtype, n, lanes->s32);
    } else {
        npu_row_put_f32(view.at, view.stride[0], d->dtype, n, lanes->f32);
    }
    return npu_box_store(tile, 0, d, &view);
}

static const struct npu_reduction *reduction_of(const struct npu_work *work)
{
    const struct npu_reduction *reduction = work->op->reduction;

    return work->insn->flags & NPU_INSN_LAST ? reduction->last : reduction;
}

/* A row of reductions, at most NPU_LANES. */
static bool reduce_block(struct npu_tile *tile, const struct reduce_plan *plan,
                         uint64_t d_va, uint64_t a_va, uint64_t n)
{
    const struct npu_work *work = tile->work;
    unsigned last = plan->loop.rank - 1;
    NPU_ROOM struct npu_lanes lanes;
    struct block block = {
        .reduction = reduction_of(work),
        .integer = npu_dtype_is_integer(work->operand[1].dtype),
        .sheet = plan->sheet,
        .lines = n,
        .n = plan->n,
        .a = {
            .va = a_va,
            .dtype = work->operand[1].dtype,
            .size = work->operand[1].size,
        },
        .line = plan->loop.stride[1][last],
        .along = plan->stride,
        .lanes = &lanes,
    };
    struct npu_box d = {
        .va = d_va,
        .dtype = work->operand[0].dtype,
        .size = work->operand[0].size,
        .rank = 1,
        .extent = { n },
        .stride = { plan->loop.stride[0][last] },
    };

    return (plan->sheet ? reduce_sheet(tile, &block) :
                          reduce_lines(tile, &block)) &&
           put_results(tile, &block, &d);
}

bool npu_reduce_run(struct npu_tile *tile)
{
    uint64_t start[NPU_MAX_RANK], size[NPU_MAX_RANK], va[2];
    struct npu_loop_at at = { 0 };
    struct reduce_plan plan;
    struct npu_loop loop;
    unsigned last;

    reduce_plan_get(&plan, tile->work, tile->dies);
    npu_grid_tile(&plan.grid, tile->index, start, size);
    loop = plan.loop;
    last = loop.rank - 1;
    for (unsigned op = 0; op < 2; op++) {
        va[op] = tile->work->operand[op].va;
        for (unsigned dim = 0; dim < loop.rank; dim++) {
            va[op] += start[dim] * (uint64_t)loop.stride[op][dim];
            loop.extent[dim] = size[dim];
        }
    }
    do {
        for (uint64_t i = 0; i < size[last]; i += NPU_LANES) {
            uint64_t d = (uint64_t)(at.offset[0] +
                                    (int64_t)i * loop.stride[0][last]);
            uint64_t a = (uint64_t)(at.offset[1] +
                                    (int64_t)i * loop.stride[1][last]);

            if (!reduce_block(tile, &plan, va[0] + d, va[1] + a,
                              npu_min(NPU_LANES, size[last] - i))) {
                return false;
            }
        }
    } while (npu_loop_next(&loop, &at));
    return true;
}
