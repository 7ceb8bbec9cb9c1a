/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NPU_OP_RMS_NORM, NPU_OP_LAYER_NORM, NPU_OP_GROUP_NORM: (x - mean) / sqrt(variance +
 * epsilon), by line.  Mean and variance are f64, in two passes, so that neither long
 * lines nor a mean far from zero cost digits.  What is subtracted keeps f64's digits
 * as a sum of two f32.
 */
#include <math.h>

#include "clones.h"
#include "line.h"
#include "ops.h"
#include "tile.h"

/* The sum of (x - mean)^2 */
NPU_CLONES
static double sum_squares(const float *x, double mean, size_t n)
{
    double sum[NPU_LINE_SUMS] = { 0 };
    size_t i = 0;

    for (; i + NPU_LINE_SUMS <= n; i += NPU_LINE_SUMS) {
        for (unsigned j = 0; j < NPU_LINE_SUMS; j++) {
            double c = x[i + j] - mean;

            sum[j] += c * c;
        }
    }
    for (; i < n; i++) {
        sum[0] += (x[i] - mean) * (x[i] - mean);
    }
    return npu_line_total(sum);
}

NPU_CLONES
static void add(float *x, const float *a, const float *b, size_t n)
{
    _Pragma("GCC ivdep") for (size_t i = 0; i < n; i++)
    {
        x[i] = a[i] + b[i];
    }
}

static void add_residual(const struct npu_line *line, float *x,
                         npu_line_rows row, uint64_t start, size_t n)
{
    (void)start;
    add(x, row[1], row[npu_line_operand(line->work, NPU_INSN_RESIDUAL)], n);
}

/* ---- Looks --------------------------------------------------------------- */

static void look_squares(struct npu_line *line, unsigned look, const float *x,
                         float *room, size_t n)
{
    (void)look;
    (void)room;
    line->sum += sum_squares(x, line->mean, n);
}

static void ready_variance(struct npu_line *line)
{
    double variance = line->sum / (double)line->n;

    npu_line_split(line, line->mean);
    line->factor = (float)(1 / sqrt(variance + (double)npu_line_scalar(line)));
}

static void ready_squares(struct npu_line *line, unsigned look)
{
    (void)look;
    ready_variance(line);
}

/* The mean, then the variance around it. */
static void look_both(struct npu_line *line, unsigned look, const float *x,
                      float *room, size_t n)
{
    if (look == 0) {
        line->sum += npu_line_sum(x, n);
    } else {
        look_squares(line, look, x, room, n);
    }
}

static void ready_both(struct npu_line *line, unsigned look)
{
    if (look == 0) {
        line->mean = line->sum / (double)line->n;
        line->sum = 0;
    } else {
        ready_variance(line);
    }
}

/* ---- Results ------------------------------------------------------------- */

/* d = EXPR of y, the normalised value. */
#define SCALE(name, EXPR)                                                   \
    NPU_CLONES                                                              \
    static void name(const struct npu_line *line, float *d, const float *x, \
                     const float *scale, const float *bias, size_t n)       \
    {                                                                       \
        float high = line->high, low = line->low, factor = line->factor;    \
                                                                            \
        (void)scale;                                                        \
        (void)bias;                                                         \
        _Pragma("GCC ivdep") for (size_t i = 0; i < n; i++)                 \
        {                                                                   \
            float y = ((x[i] - high) - low) * factor;                       \
                                                                            \
            d[i] = EXPR;                                                    \
        }                                                                   \
    }

SCALE(plain, y)
SCALE(scaled, y *scale[i])
SCALE(biased, y + bias[i])
SCALE(scaled_and_biased, y *scale[i] + bias[i])

static void make(const struct npu_line *line, float *d, const float *x,
                 npu_line_rows row, size_t n)
{
    const float *scale = row[npu_line_operand(line->work, NPU_INSN_SCALE)];
    const float *bias = row[npu_line_operand(line->work, NPU_INSN_BIAS)];

    if (scale) {
        (bias ? scaled_and_biased : scaled)(line, d, x, scale, bias, n);
    } else {
        (bias ? biased : plain)(line, d, x, scale, bias, n);
    }
}

/* ---- Lines --------------------------------------------------------------- */

static void from_axis(const struct npu_work *work, uint64_t *extent)
{
    const struct npu_box *d = &work->operand[0];

    for (unsigned dim = 0; dim < d->rank; dim++) {
        extent[dim] = dim < work->insn->axis.axis ? 1 : d->extent[dim];
    }
}

static void group(const struct npu_work *work, uint64_t *extent)
{
    const struct npu_box *d = &work->operand[0];

    for (unsigned dim = 0; dim < d->rank; dim++) {
        extent[dim] = d->extent[dim];
    }
    extent[0] = 1;
    extent[1] /= work->insn->groups.groups;
}

const struct npu_line_kernel npu_line_rms_norm = {
    .looks = 1,
    .early = NPU_INSN_RESIDUAL,
    .extents = from_axis,
    .prepare = add_residual,
    .look = look_squares,
    .ready = ready_squares,
    .make = make,
};

const struct npu_line_kernel npu_line_layer_norm = {
    .looks = 2,
    .early = NPU_INSN_RESIDUAL,
    .extents = from_axis,
    .prepare = add_residual,
    .look = look_both,
    .ready = ready_both,
    .make = make,
};

const struct npu_line_kernel npu_line_group_norm = {
    .looks = 2,
    .extents = group,
    .look = look_both,
    .ready = ready_both,
    .make = make,
};
