/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sampling along one dimension: which neighbours of the input an output is made of,
 * and how much of each.
 */
#ifndef NPU_SAMPLING_H
#define NPU_SAMPLING_H

#include <stdint.h>

#include "npu/isa.h"

#define NPU_SAMPLING_TAPS 4

struct npu_sampling {
    const struct npu_insn_resize *params;
    uint64_t in, out; /* extents */
    unsigned taps;    /* neighbours of an output, all of them inside */
};

void npu_sampling_get(struct npu_sampling *sampling,
                      const struct npu_insn_resize *params, uint64_t in,
                      uint64_t out);

/* The first of the neighbours of an output, and the weights of all. */
uint64_t npu_sampling_at(const struct npu_sampling *sampling, uint64_t output,
                         float *weight);

/* How far apart n successive outputs look, at most. */
uint64_t npu_sampling_reach(const struct npu_sampling *sampling, uint64_t n);

#endif
