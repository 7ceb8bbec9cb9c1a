/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>

#include "clones.h"
#include "exp.h"
#include "lanes.h"

static inline __attribute__((always_inline)) float larger(float a, float b)
{
    return b > a ? b : a;
}

/* The vectoriser leaves floating-point sums and maxima alone. */
static inline __attribute__((always_inline)) float find_max(float max,
                                                            const float *score,
                                                            size_t n)
{
    float part[NPU_LANES_VECTOR];
    size_t i = 0;

    for (unsigned j = 0; j < NPU_LANES_VECTOR; j++) {
        part[j] = max;
    }
    for (; i + NPU_LANES_VECTOR <= n; i += NPU_LANES_VECTOR) {
        for (unsigned j = 0; j < NPU_LANES_VECTOR; j++) {
            part[j] = larger(part[j], score[i + j]);
        }
    }
    for (; i < n; i++) {
        part[0] = larger(part[0], score[i]);
    }
    for (unsigned j = 0; j < NPU_LANES_VECTOR; j++) {
        max = larger(max, part[j]);
    }
    return max;
}

static inline __attribute__((always_inline)) double add_up(const float *weight,
                                                           size_t n)
{
    float part[NPU_LANES_VECTOR] = { 0 };
    double sum = 0;
    size_t i = 0;

    for (; i + NPU_LANES_VECTOR <= n; i += NPU_LANES_VECTOR) {
        for (unsigned j = 0; j < NPU_LANES_VECTOR; j++) {
            part[j] += weight[i + j];
        }
    }
    for (; i < n; i++) {
        part[0] += weight[i];
    }
    for (unsigned j = 0; j < NPU_LANES_VECTOR; j++) {
        sum += part[j];
    }
    return sum;
}

NPU_CLONES
float npu_lanes_weigh(struct npu_softmax_lane *lane, float *score, size_t n)
{
    float max = find_max(lane->max, score, n);
    /* All are minus infinity, or no numbers. */
    float base = max == -INFINITY ? 0 : max;
    float factor = lane->max == max ? 1 : npu_exp_down(lane->max - base);

    _Pragma("GCC ivdep") for (size_t i = 0; i < n; i++)
    {
        score[i] = npu_exp_down(score[i] - base);
    }
    lane->sum = lane->sum * (double)factor + add_up(score, n);
    lane->max = max;
    return factor;
}

float npu_lanes_factor(const struct npu_softmax_lane *lane, float sink)
{
    float max = sink > lane->max ? sink : lane->max;
    double factor;

    if (lane->sum == 0) {
        return 0;
    }
    factor = exp((double)lane->max - (double)max);
    return (float)(factor /
                   (lane->sum * factor + exp((double)sink - (double)max)));
}

typedef float v16 __attribute__((vector_size(64), aligned(4), may_alias));
typedef float v8 __attribute__((vector_size(32)));
typedef float v4 __attribute__((vector_size(16), aligned(4), may_alias));

/* Sixteen sums to four */
#define FOLD(to, v)                                                        \
    do {                                                                   \
        v8 half_ = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7) + \
                   __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, \
                                           15);                            \
        to = __builtin_shufflevector(half_, half_, 0, 1, 2, 3) +           \
             __builtin_shufflevector(half_, half_, 4, 5, 6, 7);            \
    } while (0)

static inline __attribute__((always_inline)) void dot_4(float *d,
                                                        const float *q,
                                                        const float *k,
                                                        uint64_t pitch)
{
    v16 s0 = { 0 }, s1 = { 0 }, s2 = { 0 }, s3 = { 0 };
    v4 a, b, c, e, ab, ce;

    for (uint64_t j = 0; j < pitch; j += NPU_LANES_VECTOR) {
        v16 x = *(const v16 *)(q + j);

        s0 += x * *(const v16 *)(k + j);
        s1 += x * *(const v16 *)(k + j + pitch);
        s2 += x * *(const v16 *)(k + j + 2 * pitch);
        s3 += x * *(const v16 *)(k + j + 3 * pitch);
    }
    FOLD(a, s0);
    FOLD(b, s1);
    FOLD(c, s2);
    FOLD(e, s3);
    ab = __builtin_shufflevector(a, b, 0, 4, 1, 5) +
         __builtin_shufflevector(a, b, 2, 6, 3, 7);
    ce = __builtin_shufflevector(c, e, 0, 4, 1, 5) +
         __builtin_shufflevector(c, e, 2, 6, 3, 7);
    *(v4 *)d = __builtin_shufflevector(ab, ce, 0, 1, 4, 5) +
               __builtin_shufflevector(ab, ce, 2, 3, 6, 7);
}

NPU_CLONES
void npu_lanes_dot(float *d, const float *q, const float *k, uint64_t pitch,
                   size_t n)
{
    size_t i = 0;

    for (; i + 4 <= n; i += 4) {
        dot_4(d + i, q, k + i * pitch, pitch);
    }
    for (; i < n; i++) {
        v16 sum = { 0 };
        v4 four;

        for (uint64_t j = 0; j < pitch; j += NPU_LANES_VECTOR) {
            sum += *(const v16 *)(q + j) * *(const v16 *)(k + i * pitch + j);
        }
        FOLD(four, sum);
        d[i] = (four[0] + four[2]) + (four[1] + four[3]);
    }
}

NPU_CLONES
void npu_lanes_cap(float *score, size_t n, float cap)
{
    _Pragma("GCC ivdep") for (size_t i = 0; i < n; i++)
    {
        float x = score[i] / cap;
        float e = npu_exp_down(-2 * fabsf(x));

        score[i] = cap * copysignf((1 - e) / (1 + e), x);
    }
}

NPU_CLONES
void npu_lanes_mask(float *score, const float *mask, size_t n)
{
    _Pragma("GCC ivdep") for (size_t i = 0; i < n; i++)
    {
        score[i] = mask[i] == -INFINITY ? -INFINITY : score[i] + mask[i];
    }
}

NPU_CLONES
void npu_lanes_scale(float *row, size_t n, float factor)
{
    for (size_t i = 0; i < n; i++) {
        row[i] *= factor;
    }
}

NPU_CLONES
void npu_lanes_add(float *row, const float *other, float factor, size_t n)
{
    _Pragma("GCC ivdep") for (size_t i = 0; i < n; i++)
    {
        row[i] += factor * other[i];
    }
}

NPU_CLONES
bool npu_lanes_special(const float *row, size_t n)
{
    uint32_t special = 0;

    for (size_t i = 0; i < n; i++) {
        special |= (bits_of(row[i]) & 0x7f800000) == 0x7f800000;
    }
    return special;
}

NPU_CLONES
void npu_lanes_transpose(float *to, uint64_t pitch, const float *from,
                         uint64_t width, size_t n)
{
    for (uint64_t j = 0; j < width; j++) {
        for (size_t i = 0; i < n; i++) {
            to[j * pitch + i] = from[i * width + j];
        }
    }
}
