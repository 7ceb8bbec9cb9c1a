/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "window.h"

/* Does it not move along an axis? */
static bool is_still(const struct npu_insn_window *window, unsigned entry)
{
    return window->kernel[entry] == 1 && window->stride[entry] == 1 &&
           window->dilation[entry] == 1 && !window->pad_begin[entry] &&
           !window->pad_end[entry];
}

bool npu_window_sound(const struct npu_insn_window *window, unsigned axes)
{
    for (unsigned entry = 0; entry < 3; entry++) {
        if (!window->kernel[entry] || !window->stride[entry] ||
            !window->dilation[entry] ||
            (entry >= axes && !is_still(window, entry))) {
            return false;
        }
    }
    return !window->pad;
}

void npu_window_get(struct npu_window *window,
                    const struct npu_insn_window *params, unsigned entry,
                    uint64_t in, uint64_t out)
{
    *window = (struct npu_window){
        .in = (int64_t)in,
        .out = (int64_t)out,
        .kernel = params->kernel[entry],
        .stride = params->stride[entry],
        .dilation = params->dilation[entry],
        .begin = params->pad_begin[entry],
        .end = params->pad_end[entry],
    };
}

static int64_t div_floor(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int64_t div_ceil(int64_t a, int64_t b)
{
    return -div_floor(-a, b);
}

/* How far a window can be moved within the padded input; may be negative. */
static int64_t room(const struct npu_window *window)
{
    return window->in + window->begin + window->end -
           window->dilation * (window->kernel - 1) - 1;
}

bool npu_window_fits(const struct npu_window *window)
{
    return room(window) >= 0 &&
           window->out <= room(window) / window->stride + 1;
}

/*
 * Taps further apart than the input is long could step over it; they are refused
 * as not touching it, whether they do or not.  Otherwise only the first and the
 * last window can miss it.
 */
static bool all_touch(const struct npu_window *window)
{
    int64_t last = (window->out - 1) * window->stride - window->begin;

    return (window->kernel == 1 || window->dilation <= window->in) &&
           div_ceil(window->begin, window->dilation) < window->kernel &&
           last < window->in;
}

bool npu_window_fits_pool(const struct npu_window *window)
{
    return window->out <= div_floor(room(window), window->stride) + 2 &&
           all_touch(window);
}

bool npu_window_fits_transposed(const struct npu_window *window)
{
    int64_t reach = window->stride * (window->in - 1) +
                    window->dilation * (window->kernel - 1) + 1;
    int64_t more = window->stride > window->dilation ? window->stride :
                                                       window->dilation;

    return window->out <= reach - window->begin - window->end + more - 1;
}

struct npu_span npu_window_outputs(const struct npu_window *window, int64_t tap,
                                   int64_t first, int64_t end)
{
    int64_t ahead = window->begin - tap * window->dilation;
    struct npu_span span = {
        .lo = div_ceil(ahead, window->stride),
        .hi = div_floor(window->in - 1 + ahead, window->stride) + 1,
    };

    span.lo = span.lo > first ? span.lo : first;
    span.hi = span.hi < end ? span.hi : end;
    span.hi = span.hi > span.lo ? span.hi : span.lo;
    return span;
}

struct npu_span npu_window_inputs(const struct npu_window *window,
                                  int64_t first, int64_t end)
{
    struct npu_span span = {
        .lo = npu_window_at(window, first, 0),
        .hi = npu_window_at(window, end - 1, window->kernel - 1) + 1,
    };

    span.lo = span.lo > 0 ? span.lo : 0;
    span.hi = span.hi < window->in ? span.hi : window->in;
    span.hi = span.hi > span.lo ? span.hi : span.lo;
    return span;
}

int64_t npu_window_taps(const struct npu_window *window, int64_t output,
                        bool padded)
{
    int64_t first = npu_window_at(window, output, 0);
    int64_t low = padded ? -window->begin : 0;
    int64_t high = padded ? window->in + window->end : window->in;
    int64_t from = first < low ? div_ceil(low - first, window->dilation) : 0;
    int64_t to = div_ceil(high - first, window->dilation);

    to = to < window->kernel ? to : window->kernel;
    return to > from ? to - from : 0;
}
