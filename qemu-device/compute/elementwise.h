/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NPU_ELEMENTWISE_H
#define NPU_ELEMENTWISE_H

#include "ops.h"

/* Run a tile of an instruction with the kernels in its row. */
bool npu_elementwise_run(struct npu_tile *tile);

/* A kernel in f32; in s32 and s64; in all three. */
#define NPU_DECLARE_FLOAT(name) extern npu_kernel_f32 npu_##name##_f32
#define NPU_DECLARE_ALL(name)               \
    NPU_DECLARE_FLOAT(name);                \
    extern npu_kernel_s32 npu_##name##_s32; \
    extern npu_kernel_s64 npu_##name##_s64

NPU_DECLARE_ALL(add);
NPU_DECLARE_ALL(sub);
NPU_DECLARE_ALL(mul);
NPU_DECLARE_ALL(div);
NPU_DECLARE_ALL(min);
NPU_DECLARE_ALL(max);

NPU_DECLARE_ALL(neg);
NPU_DECLARE_ALL(abs);
NPU_DECLARE_ALL(relu);
NPU_DECLARE_FLOAT(exp);
NPU_DECLARE_FLOAT(log);
NPU_DECLARE_FLOAT(sqrt);
NPU_DECLARE_FLOAT(rsqrt);
NPU_DECLARE_FLOAT(tanh);
NPU_DECLARE_FLOAT(sigmoid);
NPU_DECLARE_FLOAT(silu);
NPU_DECLARE_FLOAT(gelu);
NPU_DECLARE_FLOAT(gelu_tanh);

#endif
