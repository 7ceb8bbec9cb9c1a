/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NPU_OP_SOFTMAX, NPU_OP_LOG_SOFTMAX, NPU_OP_SOFTMAX_EXT: e^(x - max) / sum along a
 * line.  The weights are f32, their sum f64.
 */
#include <math.h>

#include "clones.h"
#include "dtype.h"
#include "exp.h"
#include "grid.h"
#include "line.h"
#include "ops.h"
#include "tile.h"

/* ---- Scores -------------------------------------------------------------- */

/* Minus infinity hides a key, whatever its score. */
NPU_CLONES
static void add_mask(float *x, const float *mask, size_t n)
{
    _Pragma("GCC ivdep") for (size_t i = 0; i < n; i++)
    {
        x[i] = mask[i] == -INFINITY ? -INFINITY : x[i] + mask[i];
    }
}

/* first: how far the first key is behind the row's own */
NPU_CLONES
static void add_slopes(float *x, const float *slope, double first, size_t n)
{
    _Pragma("GCC ivdep") for (size_t i = 0; i < n; i++)
    {
        x[i] += slope[i] * (float)(first + (int32_t)i);
    }
}

NPU_CLONES
static void multiply(float *x, const float *a, float factor, size_t n)
{
    _Pragma("GCC ivdep") for (size_t i = 0; i < n; i++)
    {
        x[i] = a[i] * factor;
    }
}

/* The key that is as old as the row, which may lie before the first. */
static int64_t own_key(const struct npu_line *line)
{
    const struct npu_box *d = &line->work->operand[0];
    unsigned row = d->rank - 2;
    int64_t back = 0;

    if (d->rank > 1) {
        back = (int64_t)(d->extent[row] - 1 - line->index[row]);
    }
    return (int64_t)line->n - 1 - back;
}

static void scores(const struct npu_line *line, float *x, npu_line_rows row,
                   uint64_t start, size_t n)
{
    unsigned mask = npu_line_operand(line->work, NPU_INSN_MASK);
    unsigned slopes = npu_line_operand(line->work, NPU_INSN_SLOPES);

    multiply(x, row[1], npu_line_scalar(line), n);
    if (slopes) {
        add_slopes(x, row[slopes], (double)((int64_t)start - own_key(line)), n);
    }
    if (mask) {
        add_mask(x, row[mask], n);
    }
}

/* ---- Weights ------------------------------------------------------------- */

/*
 * room = e^(x - max); returns its sum.  Meanwhile memory is idle: it brings what is
 * read next, and where the results go.
 */
NPU_CLONES
static double weigh(float *room, const float *x, float max, size_t n,
                    const float *next, const float *d)
{
    double sum[NPU_LINE_SUMS] = { 0 };
    size_t i = 0;

    for (; i + NPU_LINE_SUMS <= n; i += NPU_LINE_SUMS) {
        __builtin_prefetch(next + i);
        __builtin_prefetch(d + i, 1);
        _Pragma("GCC ivdep") for (unsigned j = 0; j < NPU_LINE_SUMS; j++)
        {
            float weight = npu_exp_down(x[i + j] - max);

            room[i + j] = weight;
            sum[j] += weight;
        }
    }
    for (; i < n; i++) {
        room[i] = npu_exp_down(x[i] - max);
        sum[0] += room[i];
    }
    return npu_line_total(sum);
}

/* The maximum, then the sum; a value that is no number makes the sum none. */
static void look(struct npu_line *line, unsigned number, const float *x,
                 float *room, size_t n)
{
    if (number == 0) {
        line->max = npu_line_max(line->max, x, n);
        return;
    }
    line->sum += weigh(room, x, line->max, n, line->next ? line->next : room,
                       line->d ? line->d : room);
}

static void ready(struct npu_line *line, unsigned look)
{
    if (look == 1) {
        line->factor = (float)(1 / line->sum);
    }
}

static void make(const struct npu_line *line, float *d, const float *x,
                 npu_line_rows row, size_t n)
{
    (void)row;
    multiply(d, x, line->factor, n);
}

/* ---- The same where all may be hidden ------------------------------------ */

static void ready_masked(struct npu_line *line, unsigned look)
{
    if (look == 0 && line->max == -INFINITY) {
        line->max = 0;
    }
    if (look == 1) {
        line->factor = line->sum == 0 ? 0 : (float)(1 / line->sum);
    }
}

/* ---- Logarithms ---------------------------------------------------------- */

/* x is needed once more: its weights go elsewhere. */
static void look_log(struct npu_line *line, unsigned number, const float *x,
                     float *room, size_t n)
{
    NPU_ROOM float weights[NPU_ROW];

    if (number == 0) {
        look(line, number, x, room, n);
        return;
    }
    for (size_t i = 0; i < n; i += NPU_ROW) {
        line->sum += weigh(weights, x + i, line->max, npu_min(NPU_ROW, n - i),
                           line->next ? line->next + i : weights,
                           line->d ? line->d + i : weights);
    }
}

/* x - (max + ln sum), where what is subtracted has f64's digits. */
static void ready_log(struct npu_line *line, unsigned look)
{
    if (look == 1) {
        npu_line_split(line, line->max + log(line->sum));
    }
}

NPU_CLONES
static void subtract(float *d, const float *x, float high, float low, size_t n)
{
    _Pragma("GCC ivdep") for (size_t i = 0; i < n; i++)
    {
        d[i] = (x[i] - high) - low;
    }
}

static void make_log(const struct npu_line *line, float *d, const float *x,
                     npu_line_rows row, size_t n)
{
    (void)row;
    subtract(d, x, line->high, line->low, n);
}

/* ---- Lines --------------------------------------------------------------- */

static void along_axis(const struct npu_work *work, uint64_t *extent)
{
    const struct npu_box *d = &work->operand[0];

    for (unsigned dim = 0; dim < d->rank; dim++) {
        extent[dim] = dim == work->insn->axis.axis ? d->extent[dim] : 1;
    }
}

static void along_last(const struct npu_work *work, uint64_t *extent)
{
    const struct npu_box *d = &work->operand[0];

    for (unsigned dim = 0; dim < d->rank; dim++) {
        extent[dim] = dim == d->rank - 1 ? d->extent[dim] : 1;
    }
}

const struct npu_line_kernel npu_line_softmax = {
    .looks = 2,
    .stores = true,
    .extents = along_axis,
    .look = look,
    .ready = ready,
    .make = make,
};

const struct npu_line_kernel npu_line_log_softmax = {
    .looks = 2,
    .extents = along_axis,
    .look = look_log,
    .ready = ready_log,
    .make = make_log,
};

const struct npu_line_kernel npu_line_softmax_ext = {
    .looks = 2,
    .stores = true,
    .always = true,
    .early = NPU_INSN_MASK | NPU_INSN_SLOPES,
    .extents = along_last,
    .prepare = scores,
    .look = look,
    .ready = ready_masked,
    .make = make,
};
