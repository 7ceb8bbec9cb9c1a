/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What sums, products and norms calculate.  Floating point is kept in f64, so that
 * the order of the elements hardly matters; the result is rounded once.
 */
#include <math.h>

#include "clones.h"
#include "reduce.h"

void npu_lanes_clear(struct npu_lanes *lanes,
                     const struct npu_reduction *reduction, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        lanes->sum[i] = reduction->start_sum;
        lanes->f32[i] = reduction->start_f32;
        lanes->s32[i] = reduction->start_s32;
        lanes->index[i] = 0;
    }
}

/* ---- Sum and mean -------------------------------------------------------- */

NPU_CLONES
static void sum_take_f32(struct npu_lanes *lanes, const float *row, size_t n,
                         int32_t index, int32_t step)
{
    (void)index;
    (void)step;
    for (size_t i = 0; i < n; i++) {
        lanes->sum[i] += row[i];
    }
}

static int32_t add_wrapping(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

NPU_CLONES
static void sum_take_s32(struct npu_lanes *lanes, const int32_t *row, size_t n,
                         int32_t index, int32_t step)
{
    (void)index;
    (void)step;
    for (size_t i = 0; i < n; i++) {
        lanes->s32[i] = add_wrapping(lanes->s32[i], row[i]);
    }
}

static void sum_fold_f32(struct npu_lanes *lanes, size_t from)
{
    lanes->sum[0] += lanes->sum[from];
}

static void sum_fold_s32(struct npu_lanes *lanes, size_t from)
{
    lanes->s32[0] = add_wrapping(lanes->s32[0], lanes->s32[from]);
}

static void sum_finish(struct npu_lanes *lanes, size_t n, uint64_t elements)
{
    (void)elements;
    for (size_t i = 0; i < n; i++) {
        lanes->f32[i] = (float)lanes->sum[i];
    }
}

static void mean_finish(struct npu_lanes *lanes, size_t n, uint64_t elements)
{
    for (size_t i = 0; i < n; i++) {
        lanes->f32[i] = (float)(lanes->sum[i] / (double)elements);
    }
}

const struct npu_reduction npu_reduce_sum = {
    .take_f32 = sum_take_f32,
    .take_s32 = sum_take_s32,
    .fold_f32 = sum_fold_f32,
    .fold_s32 = sum_fold_s32,
    .finish = sum_finish,
};

const struct npu_reduction npu_reduce_mean = {
    .take_f32 = sum_take_f32,
    .fold_f32 = sum_fold_f32,
    .finish = mean_finish,
};

/* ---- Product ------------------------------------------------------------- */

NPU_CLONES
static void prod_take_f32(struct npu_lanes *lanes, const float *row, size_t n,
                          int32_t index, int32_t step)
{
    (void)index;
    (void)step;
    for (size_t i = 0; i < n; i++) {
        lanes->sum[i] *= row[i];
    }
}

static int32_t mul_wrapping(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a * (uint32_t)b);
}

NPU_CLONES
static void prod_take_s32(struct npu_lanes *lanes, const int32_t *row, size_t n,
                          int32_t index, int32_t step)
{
    (void)index;
    (void)step;
    for (size_t i = 0; i < n; i++) {
        lanes->s32[i] = mul_wrapping(lanes->s32[i], row[i]);
    }
}

static void prod_fold_f32(struct npu_lanes *lanes, size_t from)
{
    lanes->sum[0] *= lanes->sum[from];
}

static void prod_fold_s32(struct npu_lanes *lanes, size_t from)
{
    lanes->s32[0] = mul_wrapping(lanes->s32[0], lanes->s32[from]);
}

const struct npu_reduction npu_reduce_prod = {
    .start_sum = 1,
    .start_s32 = 1,
    .take_f32 = prod_take_f32,
    .take_s32 = prod_take_s32,
    .fold_f32 = prod_fold_f32,
    .fold_s32 = prod_fold_s32,
    .finish = sum_finish,
};

/* ---- Sums of something else ---------------------------------------------- */

NPU_CLONES
static void l1_take_f32(struct npu_lanes *lanes, const float *row, size_t n,
                        int32_t index, int32_t step)
{
    (void)index;
    (void)step;
    for (size_t i = 0; i < n; i++) {
        lanes->sum[i] += fabsf(row[i]);
    }
}

/* The square of an f32 is exact in f64, and cannot overflow there. */
NPU_CLONES
static void square_take_f32(struct npu_lanes *lanes, const float *row, size_t n,
                            int32_t index, int32_t step)
{
    (void)index;
    (void)step;
    for (size_t i = 0; i < n; i++) {
        lanes->sum[i] += (double)row[i] * row[i];
    }
}

NPU_CLONES
static void square_take_s32(struct npu_lanes *lanes, const int32_t *row,
                            size_t n, int32_t index, int32_t step)
{
    (void)index;
    (void)step;
    for (size_t i = 0; i < n; i++) {
        lanes->s32[i] = add_wrapping(lanes->s32[i],
                                     mul_wrapping(row[i], row[i]));
    }
}

static void l2_finish(struct npu_lanes *lanes, size_t n, uint64_t elements)
{
    (void)elements;
    for (size_t i = 0; i < n; i++) {
        lanes->f32[i] = (float)sqrt(lanes->sum[i]);
    }
}

static void log_finish(struct npu_lanes *lanes, size_t n, uint64_t elements)
{
    (void)elements;
    for (size_t i = 0; i < n; i++) {
        lanes->f32[i] = (float)log(lanes->sum[i]);
    }
}

const struct npu_reduction npu_reduce_l1 = {
    .take_f32 = l1_take_f32,
    .fold_f32 = sum_fold_f32,
    .finish = sum_finish,
};

const struct npu_reduction npu_reduce_l2 = {
    .take_f32 = square_take_f32,
    .fold_f32 = sum_fold_f32,
    .finish = l2_finish,
};

const struct npu_reduction npu_reduce_sum_square = {
    .take_f32 = square_take_f32,
    .take_s32 = square_take_s32,
    .fold_f32 = sum_fold_f32,
    .fold_s32 = sum_fold_s32,
    .finish = sum_finish,
};

const struct npu_reduction npu_reduce_log_sum = {
    .take_f32 = sum_take_f32,
    .fold_f32 = sum_fold_f32,
    .finish = log_finish,
};

/* ---- Logarithm of a sum of exponentials ---------------------------------- */

/*
 * A lane holds its maximum, and the sum of e^(x - maximum): it never overflows.
 * It takes weight times e^value.  Equal infinities are no distance apart.  A NaN
 * is never the maximum, but stays in the sum.
 */
static void add_exp(struct npu_lanes *lanes, size_t i, float value,
                    double weight)
{
    float best = lanes->f32[i];
    double gap = value == best ? 0 : fabs((double)value - (double)best);
    double factor = exp(-gap);

    if (value > best) {
        lanes->sum[i] = lanes->sum[i] * factor + weight;
        lanes->f32[i] = value;
    } else {
        lanes->sum[i] += weight * factor;
    }
}

static void exp_take_f32(struct npu_lanes *lanes, const float *row, size_t n,
                         int32_t index, int32_t step)
{
    (void)index;
    (void)step;
    for (size_t i = 0; i < n; i++) {
        add_exp(lanes, i, row[i], 1);
    }
}

static void exp_fold_f32(struct npu_lanes *lanes, size_t from)
{
    add_exp(lanes, 0, lanes->f32[from], lanes->sum[from]);
}

static void exp_finish(struct npu_lanes *lanes, size_t n, uint64_t elements)
{
    (void)elements;
    for (size_t i = 0; i < n; i++) {
        lanes->f32[i] = (float)(lanes->f32[i] + log(lanes->sum[i]));
    }
}

const struct npu_reduction npu_reduce_log_sum_exp = {
    .start_f32 = -INFINITY,
    .take_f32 = exp_take_f32,
    .fold_f32 = exp_fold_f32,
    .finish = exp_finish,
};
