/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the reductions calculate.  Floating point is summed in f64, so that the
 * order of the elements hardly matters; the result is rounded once.
 */
#include <math.h>

#include "clones.h"
#include "reduce.h"

void npu_lanes_clear(struct npu_lanes *lanes,
                     const struct npu_reduction *reduction, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        lanes->sum[i] = 0;
        lanes->f32[i] = -INFINITY;
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

/* ---- Maximum and its index ----------------------------------------------- */

/*
 * Lanes begin below every value with index 0, which is right too if there is
 * nothing but the least value.  A NaN beats all that is none.
 */
static inline int beats_f32(float value, float best)
{
    return value > best || (value != value && best == best);
}

NPU_CLONES
static void max_take_f32(struct npu_lanes *lanes, const float *row, size_t n,
                         int32_t index, int32_t step)
{
    (void)index;
    (void)step;
    for (size_t i = 0; i < n; i++) {
        float value = row[i], best = lanes->f32[i];

        lanes->f32[i] = beats_f32(value, best) ? value : best;
    }
}

static void max_fold_f32(struct npu_lanes *lanes, size_t from)
{
    max_take_f32(lanes, &lanes->f32[from], 1, 0, 0);
}

NPU_CLONES
static void argmax_take_f32(struct npu_lanes *lanes, const float *row, size_t n,
                            int32_t index, int32_t step)
{
    for (size_t i = 0; i < n; i++) {
        float value = row[i], best = lanes->f32[i];
        int beats = beats_f32(value, best);

        lanes->f32[i] = beats ? value : best;
        lanes->index[i] = beats ? index + (int32_t)i * step : lanes->index[i];
    }
}

static void argmax_fold_f32(struct npu_lanes *lanes, size_t from)
{
    float value = lanes->f32[from], best = lanes->f32[0];
    int equal = value == best || (value != value && best != best);

    if (beats_f32(value, best) ||
        (equal && lanes->index[from] < lanes->index[0])) {
        lanes->f32[0] = value;
        lanes->index[0] = lanes->index[from];
    }
}

NPU_CLONES
static void max_take_s32(struct npu_lanes *lanes, const int32_t *row, size_t n,
                         int32_t index, int32_t step)
{
    (void)index;
    (void)step;
    for (size_t i = 0; i < n; i++) {
        lanes->s32[i] = row[i] > lanes->s32[i] ? row[i] : lanes->s32[i];
    }
}

static void max_fold_s32(struct npu_lanes *lanes, size_t from)
{
    max_take_s32(lanes, &lanes->s32[from], 1, 0, 0);
}

NPU_CLONES
static void argmax_take_s32(struct npu_lanes *lanes, const int32_t *row,
                            size_t n, int32_t index, int32_t step)
{
    for (size_t i = 0; i < n; i++) {
        int32_t value = row[i], best = lanes->s32[i];
        int beats = value > best;

        lanes->s32[i] = beats ? value : best;
        lanes->index[i] = beats ? index + (int32_t)i * step : lanes->index[i];
    }
}

static void argmax_fold_s32(struct npu_lanes *lanes, size_t from)
{
    int32_t value = lanes->s32[from], best = lanes->s32[0];

    if (value > best ||
        (value == best && lanes->index[from] < lanes->index[0])) {
        lanes->s32[0] = value;
        lanes->index[0] = lanes->index[from];
    }
}

static void argmax_finish(struct npu_lanes *lanes, size_t n, uint64_t elements)
{
    (void)elements;
    for (size_t i = 0; i < n; i++) {
        lanes->s32[i] = lanes->index[i];
    }
}

const struct npu_reduction npu_reduce_max = {
    .start_s32 = INT32_MIN,
    .take_f32 = max_take_f32,
    .take_s32 = max_take_s32,
    .fold_f32 = max_fold_f32,
    .fold_s32 = max_fold_s32,
};

const struct npu_reduction npu_reduce_argmax = {
    .start_s32 = INT32_MIN,
    .take_f32 = argmax_take_f32,
    .take_s32 = argmax_take_s32,
    .fold_f32 = argmax_fold_f32,
    .fold_s32 = argmax_fold_s32,
    .finish = argmax_finish,
};
