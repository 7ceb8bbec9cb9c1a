/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NPU_REDUCE_H
#define NPU_REDUCE_H

#include <stddef.h>
#include <stdint.h>

/* Reductions, or parts of one, that run side by side. */
#define NPU_LANES 256

/* What the lanes know so far, and in f32 or s32 what they came to. */
struct npu_lanes {
    double sum[NPU_LANES];    /* or product */
    float f32[NPU_LANES];     /* best value */
    int32_t s32[NPU_LANES];   /* sum, product or best value */
    int32_t index[NPU_LANES]; /* of the best value */
};

/**
 * struct npu_reduction - what a reduction does, in floating point and in integers
 * @start_sum: what the sum of a lane begins with
 * @start_f32: what its best value does
 * @start_s32: what an integer lane does
 * @take_f32: take one more element into each of n lanes: lane i gets row[i],
 *     which is element index + i * step
 * @take_s32: the same
 * @fold_f32: take what lane from knows into lane 0
 * @fold_s32: the same
 * @finish: n lanes have taken elements each; put the results into f32, or s32 if
 *     d is that.  NULL: they are there
 * @last: what does it with NPU_INSN_LAST
 */
struct npu_reduction {
    double start_sum;
    float start_f32;
    int32_t start_s32;
    void (*take_f32)(struct npu_lanes *lanes, const float *row, size_t n,
                     int32_t index, int32_t step);
    void (*take_s32)(struct npu_lanes *lanes, const int32_t *row, size_t n,
                     int32_t index, int32_t step);
    void (*fold_f32)(struct npu_lanes *lanes, size_t from);
    void (*fold_s32)(struct npu_lanes *lanes, size_t from);
    void (*finish)(struct npu_lanes *lanes, size_t n, uint64_t elements);
    const struct npu_reduction *last;
};

extern const struct npu_reduction npu_reduce_sum;
extern const struct npu_reduction npu_reduce_mean;
extern const struct npu_reduction npu_reduce_max;
extern const struct npu_reduction npu_reduce_argmax;
extern const struct npu_reduction npu_reduce_min;
extern const struct npu_reduction npu_reduce_prod;
extern const struct npu_reduction npu_reduce_l1;
extern const struct npu_reduction npu_reduce_l2;
extern const struct npu_reduction npu_reduce_sum_square;
extern const struct npu_reduction npu_reduce_log_sum;
extern const struct npu_reduction npu_reduce_log_sum_exp;
extern const struct npu_reduction npu_reduce_any;
extern const struct npu_reduction npu_reduce_all;
extern const struct npu_reduction npu_reduce_argmin;

/* Nothing taken yet by the first n lanes. */
void npu_lanes_clear(struct npu_lanes *lanes,
                     const struct npu_reduction *reduction, size_t n);

#endif
