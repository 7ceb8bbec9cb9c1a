/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NPU_REDUCE_H
#define NPU_REDUCE_H

#include <stddef.h>
#include <stdint.h>

/* Reductions, or parts of one, that run side by side. */
#define NPU_LANES 256

/* What the lanes know so far, and in f32 or s32 what they came to. */
struct npu_lanes {
    double sum[NPU_LANES];
    float f32[NPU_LANES];     /* maximum */
    int32_t s32[NPU_LANES];   /* sum or maximum */
    int32_t index[NPU_LANES]; /* of the maximum */
};

/**
 * struct npu_reduction - what a reduction does, in floating point and in integers
 * @start_s32: what an integer lane begins with
 * @take_f32: take one more element into each of n lanes: lane i gets row[i],
 *     which is element index + i * step
 * @take_s32: the same
 * @fold_f32: take what lane from knows into lane 0
 * @fold_s32: the same
 * @finish: n lanes have taken elements each; put the results into f32, or s32 if
 *     d is that.  NULL: they are there
 */
struct npu_reduction {
    int32_t start_s32;
    void (*take_f32)(struct npu_lanes *lanes, const float *row, size_t n,
                     int32_t index, int32_t step);
    void (*take_s32)(struct npu_lanes *lanes, const int32_t *row, size_t n,
                     int32_t index, int32_t step);
    void (*fold_f32)(struct npu_lanes *lanes, size_t from);
    void (*fold_s32)(struct npu_lanes *lanes, size_t from);
    void (*finish)(struct npu_lanes *lanes, size_t n, uint64_t elements);
};

extern const struct npu_reduction npu_reduce_sum;
extern const struct npu_reduction npu_reduce_mean;
extern const struct npu_reduction npu_reduce_max;
extern const struct npu_reduction npu_reduce_argmax;

/* Nothing taken yet by the first n lanes. */
void npu_lanes_clear(struct npu_lanes *lanes,
                     const struct npu_reduction *reduction, size_t n);

#endif
