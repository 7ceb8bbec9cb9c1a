/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernels of the element-wise instructions with one source.
 */
#include <math.h>

#include "clones.h"
#include "elementwise.h"

#define UNARY(name, type, EXPR)                                \
    NPU_CLONES                                                 \
    void name(type *d, const type *a, const type *b, size_t n) \
    {                                                          \
        (void)b;                                               \
        _Pragma("GCC ivdep") for (size_t i = 0; i < n; i++)    \
        {                                                      \
            type x = a[i];                                     \
            d[i] = EXPR;                                       \
        }                                                      \
    }

static inline int32_t negate(int32_t x)
{
    return (int32_t)(0 - (uint32_t)x);
}

static inline float sigmoid(float x)
{
    return 1.0f / (1.0f + expf(-x));
}

/* By erfc, since 1 + erf(x) has no correct digits left far below zero. */
static inline float gelu(float x)
{
    return 0.5f * x * erfcf(x * -0x1.6a09e6p-1f);
}

/* 1 + tanh(z) is 2 * sigmoid(2 z), which keeps its digits below zero. */
static inline float gelu_tanh(float x)
{
    float z = 0x1.988454p-1f * (x + 0.044715f * x * x * x);

    return x * sigmoid(2.0f * z);
}

UNARY(npu_neg_f32, float, -x)
UNARY(npu_abs_f32, float, fabsf(x))
UNARY(npu_relu_f32, float, x < 0.0f ? 0.0f : x)
UNARY(npu_neg_s32, int32_t, negate(x))
UNARY(npu_abs_s32, int32_t, x < 0 ? negate(x) : x)
UNARY(npu_relu_s32, int32_t, x < 0 ? 0 : x)

UNARY(npu_exp_f32, float, expf(x))
UNARY(npu_log_f32, float, logf(x))
UNARY(npu_sqrt_f32, float, sqrtf(x))
UNARY(npu_rsqrt_f32, float, 1.0f / sqrtf(x))
UNARY(npu_tanh_f32, float, tanhf(x))
UNARY(npu_sigmoid_f32, float, sigmoid(x))
UNARY(npu_silu_f32, float, x *sigmoid(x))
UNARY(npu_gelu_f32, float, gelu(x))
UNARY(npu_gelu_tanh_f32, float, gelu_tanh(x))
