/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Activation functions of one number that more than one kernel needs.
 */
#ifndef NPU_ACTIVATION_H
#define NPU_ACTIVATION_H

#include <math.h>

static inline float npu_sigmoid(float x)
{
    return 1.0f / (1.0f + expf(-x));
}

/* By erfc, since 1 + erf(x) has no correct digits left far below zero. */
static inline float npu_gelu(float x)
{
    return 0.5f * x * erfcf(x * -0x1.6a09e6p-1f);
}

/* 1 + tanh(z) is 2 * sigmoid(2 z), which keeps its digits below zero. */
static inline float npu_gelu_tanh(float x)
{
    float z = 0x1.988454p-1f * (x + 0.044715f * x * x * x);

    return x * npu_sigmoid(2.0f * z);
}

/* ln(1 + e^x), which is x far above zero */
static inline float npu_softplus(float x)
{
    return x > 0.0f ? x + log1pf(expf(-x)) : log1pf(expf(x));
}

#endif
