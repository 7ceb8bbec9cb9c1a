/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NPU_OP_SOFTMAX: e^(a - max) / sum over one axis.  A line is worked on in f32;
 * the sum is kept in f64.  One longer than a view is read three times instead of
 * being kept: for its maximum, for the sum, and for the result.
 */
#include <math.h>

#include "dtype.h"
#include "families.h"
#include "ops.h"
#include "plan.h"

#define PIECE (16u << 10) /* elements of a line in the CPU's cache */
#define LINE_NS 150

struct softmax_plan {
    struct npu_grid grid; /* extents of d, 1 along the axis */
    uint64_t n;
    uint64_t ps;
};

static uint64_t softmax_ns(const void *arg, const uint64_t *chunk)
{
    const struct softmax_plan *plan = arg;
    uint64_t lines = 1;

    for (unsigned dim = 0; dim < plan->grid.rank; dim++) {
        lines = npu_mul_sat(lines, chunk[dim]);
    }
    return npu_mul_sat(lines, LINE_NS + npu_mul_sat(plan->n, plan->ps) / 1000);
}

static void softmax_plan_get(struct softmax_plan *plan,
                             const struct npu_work *work, unsigned dies)
{
    const struct npu_box *d = &work->operand[0], *a = &work->operand[1];
    unsigned axis = work->insn->axis.axis;
    uint64_t extent[NPU_MAX_RANK];

    for (unsigned dim = 0; dim < d->rank; dim++) {
        extent[dim] = dim == axis ? 1 : d->extent[dim];
    }
    plan->n = d->extent[axis];
    plan->ps = work->op->host_ps +
               npu_access_ps(1, &plan->n, &d->stride[axis]) +
               npu_access_ps(1, &plan->n, &a->stride[axis]);
    npu_grid_start(&plan->grid, d->rank, extent);
    for (unsigned dim = d->rank; dim-- > 0;) {
        npu_grid_grow(&plan->grid, dim, UINT64_MAX, softmax_ns, plan);
    }
    npu_grid_share(&plan->grid, dies, softmax_ns, plan);
}

void npu_softmax_cut(const struct npu_work *work, unsigned dies,
                     struct npu_grid *grid)
{
    struct softmax_plan plan;

    softmax_plan_get(&plan, work, dies);
    *grid = plan.grid;
}

/* One line, and what is known of it. */
struct line {
    struct npu_tile *tile;
    struct npu_box d, a; /* of one dimension */
    float *values;       /* PIECE of them */
    float max;
    double sum;
};

static struct npu_box piece_of(const struct npu_box *line, uint64_t start,
                               uint64_t n)
{
    struct npu_box piece;

    npu_box_cut(&piece, line, &start, &n);
    return piece;
}

static bool load(struct line *line, uint64_t start, uint64_t n)
{
    struct npu_scratch *mark = npu_tile_mark(line->tile);
    struct npu_box piece = piece_of(&line->a, start, n);
    struct npu_view view;

    if (!npu_box_source(line->tile, 1, &piece, &view)) {
        return false;
    }
    npu_row_get_f32(line->values, view.at, view.stride[0], piece.dtype, n);
    npu_tile_rewind(line->tile, mark);
    return true;
}

static bool store(struct line *line, uint64_t start, uint64_t n)
{
    struct npu_scratch *mark = npu_tile_mark(line->tile);
    struct npu_box piece = piece_of(&line->d, start, n);
    struct npu_view view;

    if (!npu_box_target(line->tile, 0, &piece, &view)) {
        return false;
    }
    npu_row_put_f32(view.at, view.stride[0], piece.dtype, n, line->values);
    if (!npu_box_store(line->tile, 0, &piece, &view)) {
        return false;
    }
    npu_tile_rewind(line->tile, mark);
    return true;
}

static void find_max(struct line *line, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        float value = line->values[i];

        line->max = value > line->max || value != value ? value : line->max;
    }
}

static void exponentiate(struct line *line, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        line->values[i] = expf(line->values[i] - line->max);
    }
}

static void add_up(struct line *line, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        line->sum += line->values[i];
    }
}

static void scale(struct line *line, uint64_t n)
{
    float factor = (float)(1.0 / line->sum);

    for (uint64_t i = 0; i < n; i++) {
        line->values[i] *= factor;
    }
}

static bool short_line(struct line *line, uint64_t n)
{
    if (!load(line, 0, n)) {
        return false;
    }
    find_max(line, n);
    exponentiate(line, n);
    add_up(line, n);
    scale(line, n);
    return store(line, 0, n);
}

static bool long_line(struct line *line, uint64_t n)
{
    for (unsigned pass = 0; pass < 3; pass++) {
        for (uint64_t start = 0; start < n; start += PIECE) {
            uint64_t count = npu_min(PIECE, n - start);

            if (!load(line, start, count)) {
                return false;
            }
            if (pass == 0) {
                find_max(line, count);
                continue;
            }
            exponentiate(line, count);
            if (pass == 1) {
                add_up(line, count);
                continue;
            }
            scale(line, count);
            if (!store(line, start, count)) {
                return false;
            }
        }
    }
    return true;
}

/* The line of an operand at a position, whose index along the axis is 0. */
static struct npu_box line_at(const struct npu_box *operand,
                              const uint64_t *index, unsigned axis)
{
    struct npu_box line = {
        .va = operand->va,
        .dtype = operand->dtype,
        .size = operand->size,
        .rank = 1,
        .extent = { operand->extent[axis] },
        .stride = { operand->stride[axis] },
    };

    for (unsigned dim = 0; dim < operand->rank; dim++) {
        line.va += index[dim] * (uint64_t)operand->stride[dim];
    }
    return line;
}

bool npu_softmax_run(struct npu_tile *tile)
{
    const struct npu_work *work = tile->work;
    uint64_t start[NPU_MAX_RANK], size[NPU_MAX_RANK];
    uint64_t offset[NPU_MAX_RANK] = { 0 }, index[NPU_MAX_RANK];
    struct softmax_plan plan;
    struct line line = { .tile = tile };

    softmax_plan_get(&plan, work, tile->dies);
    npu_grid_tile(&plan.grid, tile->index, start, size);
    line.values = npu_tile_alloc(tile, npu_min(plan.n, PIECE) * sizeof(float));
    if (!line.values) {
        return false;
    }
    do {
        for (unsigned dim = 0; dim < plan.grid.rank; dim++) {
            index[dim] = start[dim] + offset[dim];
        }
        line.d = line_at(&work->operand[0], index, work->insn->axis.axis);
        line.a = line_at(&work->operand[1], index, work->insn->axis.axis);
        line.max = -INFINITY;
        line.sum = 0;
        if (!(plan.n > PIECE ? long_line(&line, plan.n) :
                               short_line(&line, plan.n))) {
            return false;
        }
    } while (npu_grid_next(plan.grid.rank, size, offset));
    return true;
}
