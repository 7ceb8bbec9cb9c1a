/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NPU_ELEMENTWISE_H
#define NPU_ELEMENTWISE_H

#include "ops.h"

/* Run a tile of an instruction with the kernels in its row. */
bool npu_elementwise_run(struct npu_tile *tile);

/* Kernels; those with one source do not look at b. */
npu_kernel_f32 npu_add_f32, npu_sub_f32, npu_mul_f32, npu_div_f32;
npu_kernel_f32 npu_min_f32, npu_max_f32;
npu_kernel_s32 npu_add_s32, npu_sub_s32, npu_mul_s32, npu_div_s32;
npu_kernel_s32 npu_min_s32, npu_max_s32;

npu_kernel_f32 npu_neg_f32, npu_abs_f32, npu_relu_f32;
npu_kernel_s32 npu_neg_s32, npu_abs_s32, npu_relu_s32;
npu_kernel_f32 npu_exp_f32, npu_log_f32, npu_sqrt_f32, npu_rsqrt_f32;
npu_kernel_f32 npu_tanh_f32, npu_sigmoid_f32, npu_silu_f32;
npu_kernel_f32 npu_gelu_f32, npu_gelu_tanh_f32;

#endif
