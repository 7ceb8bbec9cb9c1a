/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernels of the element-wise instructions with one source.
 */
#include <math.h>

#include "kernel.h"

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

NPU_FLOAT(NPU_UNARY, neg, -x)
NPU_FLOAT(NPU_UNARY, abs, fabsf(x))
NPU_ALL(NPU_UNARY, relu, x < 0 ? 0 : x)
NPU_INTEGERS(NPU_UNARY, neg, 0 - u)
NPU_INTEGERS(NPU_UNARY, abs, x < 0 ? 0 - u : u)

NPU_FLOAT(NPU_UNARY, exp, expf(x))
NPU_FLOAT(NPU_UNARY, log, logf(x))
NPU_FLOAT(NPU_UNARY, sqrt, sqrtf(x))
NPU_FLOAT(NPU_UNARY, rsqrt, 1.0f / sqrtf(x))
NPU_FLOAT(NPU_UNARY, tanh, tanhf(x))
NPU_FLOAT(NPU_UNARY, sigmoid, sigmoid(x))
NPU_FLOAT(NPU_UNARY, silu, x *sigmoid(x))
NPU_FLOAT(NPU_UNARY, gelu, gelu(x))
NPU_FLOAT(NPU_UNARY, gelu_tanh, gelu_tanh(x))
