/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inner loops of attention over a lane: one row of q for one head, with its
 * scores and its sum.
 */
#ifndef NPU_LANES_H
#define NPU_LANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Elements of a vector in npu_lanes_dot() */
#define NPU_LANES_VECTOR 16

/* From one row to the next in npu_lanes_dot(); zeros behind the row's width. */
static inline uint64_t npu_lanes_pitch(uint64_t width)
{
    return (width + NPU_LANES_VECTOR - 1) & ~(uint64_t)(NPU_LANES_VECTOR - 1);
}

/* The online softmax of a lane: the largest score, and the sum of e^(s - max). */
struct npu_softmax_lane {
    float max;
    double sum;
};

/*
 * Replace n scores by their weights e^(s - max); returns what earlier weights are
 * to be multiplied by.
 */
float npu_lanes_weigh(struct npu_softmax_lane *lane, float *score, size_t n);

/*
 * What the weighted sum is to be multiplied by in the end; sink is one more score,
 * whose value is nothing.  0: no key was visible.
 */
float npu_lanes_factor(const struct npu_softmax_lane *lane, float sink);

/* d[i] = sum over j of q[j] k[i * pitch + j], for n rows of k */
void npu_lanes_dot(float *d, const float *q, const float *k, uint64_t pitch,
                   size_t n);

/* score = cap tanh(score / cap) */
void npu_lanes_cap(float *score, size_t n, float cap);

/* score += mask; where that is minus infinity, whatever the score */
void npu_lanes_mask(float *score, const float *mask, size_t n);

/* row *= factor; row += factor other */
void npu_lanes_scale(float *row, size_t n, float factor);
void npu_lanes_add(float *row, const float *other, float factor, size_t n);

/* Is one of them infinite or no number? */
bool npu_lanes_special(const float *row, size_t n);

/* to[j * pitch + i] = from[i * width + j], for i below n */
void npu_lanes_transpose(float *to, uint64_t pitch, const float *from,
                         uint64_t width, size_t n);

#endif
