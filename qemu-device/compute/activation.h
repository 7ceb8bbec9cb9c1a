/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Activation functions of one number that more than one kernel needs.
 */
#ifndef NPU_ACTIVATION_H
#define NPU_ACTIVATION_H

#include <math.h>

#include "exp.h"

/* x * sigmoid(y), with one rounding less, and without that of a tiny sigmoid */
static inline float npu_gated(float x, float y)
{
    return x / (1.0f + npu_exp_up(-y));
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

    return npu_gated(x, 2.0f * z);
}

/* ln(1 + e^x), which is x far above zero */
static inline float npu_softplus(float x)
{
    return x > 0.0f ? x + log1pf(expf(-x)) : log1pf(expf(x));
}

#endif
