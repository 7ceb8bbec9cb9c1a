/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sliding window of convolution and pooling, along one dimension.
 */
#ifndef NPU_WINDOW_H
#define NPU_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "npu/isa.h"

struct npu_window {
    int64_t in, out; /* extents */
    int64_t kernel, stride, dilation;
    int64_t begin, end; /* padding */
};

/* Indices from lo to below hi; none if they are equal. */
struct npu_span {
    int64_t lo, hi;
};

/* Parameters that a window along so many axes may have. */
bool npu_window_sound(const struct npu_insn_window *window, unsigned axes);

/* Along one axis: an entry of the parameters. */
void npu_window_get(struct npu_window *window,
                    const struct npu_insn_window *params, unsigned entry,
                    uint64_t in, uint64_t out);

/* The output's extent is possible; for pooling, and each window touches a. */
bool npu_window_fits(const struct npu_window *window);
bool npu_window_fits_pool(const struct npu_window *window);

/* The same of a transposed convolution, output padding included. */
bool npu_window_fits_transposed(const struct npu_window *window);

/* Which of the outputs from first to below end have a tap inside the input. */
struct npu_span npu_window_outputs(const struct npu_window *window, int64_t tap,
                                   int64_t first, int64_t end);

/* What of the input the outputs from first to below end look at. */
struct npu_span npu_window_inputs(const struct npu_window *window,
                                  int64_t first, int64_t end);

/* How many taps of an output are in the input, or in the padded input. */
int64_t npu_window_taps(const struct npu_window *window, int64_t output,
                        bool padded);

/* Where in the input a tap of an output lies; may be outside. */
static inline int64_t npu_window_at(const struct npu_window *window,
                                    int64_t output, int64_t tap)
{
    return output * window->stride + tap * window->dilation - window->begin;
}

#endif
