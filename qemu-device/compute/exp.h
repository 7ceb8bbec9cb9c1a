/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * e^x in f32 without a call, for loops that are to be vectorised: arithmetic and
 * choices only, the same bits with any kind of vectors.  Measured over every seventh
 * f32: at most 0.94 ulp from the exact value.
 */
#ifndef NPU_EXP_H
#define NPU_EXP_H

#include <math.h>
#include <stdint.h>

#include "formats.h"

#define NPU_EXP_INLINE static inline __attribute__((always_inline))

#define NPU_EXP_LEAST (-87.33654f) /* e^x is a normal number from here on */
#define NPU_EXP_MOST 88.72284f     /* and finite up to here */

/*
 * x = n ln 2 + r, where n is also the low bits of *shifted, after 1.5 2^23 has been
 * added; returns e^r by its Taylor series, whose first missing term is below 2^-27
 * for |r| <= ln(2) / 2.  The first part of ln 2 has so few bits that n times it is
 * exact.
 */
NPU_EXP_INLINE float npu_exp_part(float x, uint32_t *shifted)
{
    float sum = x * 0x1.715476p0f + 0x1.8p23f, n = sum - 0x1.8p23f;
    float high = x - n * 0x1.62e4p-1f, low = n * 0x1.7f7d1cp-20f;
    float r = high - low, lost = (high - r) - low;
    float p;

    *shifted = bits_of(sum);
    p = 1.0f / 5040;
    p = p * r + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * r * r + lost + r;
    return p + 1;
}

/* For x up to 0; below 2^-126 it is 0. */
NPU_EXP_INLINE float npu_exp_down(float x)
{
    uint32_t shifted;
    float part = npu_exp_part(x < NPU_EXP_LEAST ? NPU_EXP_LEAST : x, &shifted);

    part *= float_of((shifted << 23) + 0x3f800000);
    return x < NPU_EXP_LEAST ? 0 : part;
}

/* For sums with 1, to which what is below 2^-64 adds nothing. */
NPU_EXP_INLINE float npu_exp_up(float x)
{
    uint32_t shifted;
    float part = npu_exp_part(x < -45 ? -45 : x, &shifted);

    /* 2^128 is no f32: half of it. */
    part = 2 * part * float_of((shifted << 23) + 0x3f000000);
    return x > NPU_EXP_MOST ? INFINITY : part;
}

/* For any x, subnormal results included: 2^n in two factors. */
NPU_EXP_INLINE float npu_exp(float x)
{
    float y = x < -104 ? -104 : x > 89 ? 89 : x;
    uint32_t shifted, half;
    float part = npu_exp_part(y, &shifted);
    int32_t n = (int32_t)(shifted << 9) >> 9;

    half = (uint32_t)(n >> 1);
    part *= float_of((half << 23) + 0x3f800000);
    part *= float_of((((uint32_t)n - half) << 23) + 0x3f800000);
    return x > NPU_EXP_MOST ? INFINITY : part;
}

#endif
