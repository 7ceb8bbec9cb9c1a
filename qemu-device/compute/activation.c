/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernels of activation functions, and of units that one source gates.
 */
#include "activation.h"
#include "kernel.h"

/* Of "Self-Normalizing Neural Networks" (arXiv:1706.02515). */
#define SELU_SCALE 0x1.0cfabep0f
#define SELU_ALPHA 0x1.ac5afap0f

static inline float clamped(float x, float low, float high)
{
    return x < low ? low : x > high ? high : x;
}

NPU_FLOAT(NPU_UNARY, sigmoid, npu_gated(1.0f, x))
NPU_FLOAT(NPU_UNARY, silu, npu_gated(x, x))
NPU_FLOAT(NPU_UNARY, gelu, npu_gelu(x))
NPU_FLOAT(NPU_UNARY, gelu_tanh, npu_gelu_tanh(x))
NPU_FLOAT(NPU_UNARY, gelu_quick, npu_gated(x, 1.702f * x))
NPU_FLOAT(NPU_UNARY, softplus, npu_softplus(x))
NPU_FLOAT(NPU_UNARY, softsign,
          fabsf(x) == INFINITY ? copysignf(1.0f, x) : x / (1.0f + fabsf(x)))
NPU_FLOAT(NPU_UNARY, mish, x *tanhf(npu_softplus(x)))
NPU_FLOAT(NPU_UNARY, relu6, clamped(x, 0.0f, 6.0f))
NPU_FLOAT(NPU_UNARY, hard_sigmoid, clamped(x / 6.0f + 0.5f, 0.0f, 1.0f))
NPU_FLOAT(NPU_UNARY, hard_swish, x *clamped(x / 6.0f + 0.5f, 0.0f, 1.0f))
NPU_FLOAT(NPU_UNARY, selu, SELU_SCALE *(x > 0.0f ? x : SELU_ALPHA * expm1f(x)))

/* The second source is the slope below zero, or what e^x - 1 is multiplied by. */
NPU_FLOAT(NPU_BINARY, prelu, x < 0.0f ? y * x : x)
NPU_FLOAT(NPU_BINARY, elu, x < 0.0f ? y * expm1f(x) : x)

NPU_FLOAT(NPU_BINARY, swiglu, npu_gated(x, x) * y)
NPU_FLOAT(NPU_BINARY, geglu, npu_gelu(x) * y)
NPU_FLOAT(NPU_BINARY, geglu_tanh, npu_gelu_tanh(x) * y)
NPU_FLOAT(NPU_BINARY, reglu, (x < 0.0f ? 0.0f : x) * y)
NPU_FLOAT(NPU_BINARY, glu, npu_gated(x, y))
