/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Places are fractions of integers, so that they, and what is nearest, are exact.
 */
#include <string.h>

#include "grid.h"
#include "sampling.h"

typedef unsigned __int128 wide;

/* Elements that a mode looks at, if there are so many. */
static const unsigned taps[] = {
    [NPU_RESIZE_NEAREST] = 1,
    [NPU_RESIZE_LINEAR] = 2,
    [NPU_RESIZE_CUBIC] = NPU_SAMPLING_TAPS,
};

/* floor + rest / unit */
struct place {
    int64_t floor;
    wide rest, unit;
};

void npu_sampling_get(struct npu_sampling *sampling,
                      const struct npu_insn_resize *params, uint64_t in,
                      uint64_t out)
{
    *sampling = (struct npu_sampling){
        .params = params,
        .in = in,
        .out = out,
        .taps = (unsigned)npu_min(taps[params->mode], in),
    };
}

/* Where output 0 is, from one unit before element 0 on, and the next ones. */
static void grid_get(const struct npu_sampling *sampling, wide *first,
                     wide *step, wide *unit)
{
    wide in = sampling->in, out = sampling->out;

    switch (sampling->params->coordinate) {
    case NPU_RESIZE_HALF_PIXEL:
        *step = 2 * in;
        *unit = 2 * out;
        *first = *unit + in - out;
        break;
    case NPU_RESIZE_ASYMMETRIC:
        *step = in;
        *unit = *first = out;
        break;
    default:
        *step = in - 1;
        *unit = *first = out > 1 ? out - 1 : 1;
        break;
    }
}

static void place_get(const struct npu_sampling *sampling, uint64_t output,
                      struct place *place)
{
    wide first, step, at;

    grid_get(sampling, &first, &step, &place->unit);
    at = first + step * output;
    place->floor = (int64_t)(at / place->unit) - 1;
    place->rest = at % place->unit;
}

uint64_t npu_sampling_reach(const struct npu_sampling *sampling, uint64_t n)
{
    wide first, step, unit, reach;

    grid_get(sampling, &first, &step, &unit);
    reach = step * (n - 1) / unit + 1 + sampling->taps;
    return n == 1               ? sampling->taps :
           reach < sampling->in ? (uint64_t)reach :
                                  sampling->in;
}

static int64_t nearest(const struct place *place, uint32_t rounding)
{
    switch (rounding) {
    case NPU_RESIZE_PREFER_FLOOR:
        return place->floor + (2 * place->rest > place->unit);
    case NPU_RESIZE_PREFER_CEIL:
        return place->floor + (2 * place->rest >= place->unit);
    case NPU_RESIZE_FLOOR:
        return place->floor;
    default:
        return place->floor + (place->rest > 0);
    }
}

/* Keys' kernel (ONNX Resize, "cubic") at 1 + t, t, u and 1 + u, where u = 1 - t. */
static void cubic(double a, double t, double u, double *weight)
{
    weight[0] = a * t * u * u;
    weight[1] = u * (1 + t - (a + 2) * t * t);
    weight[2] = t * (1 + u - (a + 2) * u * u);
    weight[3] = a * u * t * t;
}

/* The weights of the elements from one on, which may be outside. */
static int64_t weigh(const struct npu_sampling *sampling, uint64_t output,
                     double *weight)
{
    const struct npu_insn_resize *params = sampling->params;
    struct place place;
    double t, u;
    float a;

    place_get(sampling, output, &place);
    t = (double)place.rest / (double)place.unit;
    u = (double)(place.unit - place.rest) / (double)place.unit;
    switch (params->mode) {
    case NPU_RESIZE_NEAREST:
        weight[0] = 1;
        return nearest(&place, params->rounding);
    case NPU_RESIZE_LINEAR:
        weight[0] = u;
        weight[1] = t;
        return place.floor;
    default:
        memcpy(&a, &params->cubic, sizeof(a));
        cubic((double)a, t, u, weight);
        return place.floor - 1;
    }
}

static int64_t clamp(int64_t index, int64_t last)
{
    return index < 0 ? 0 : index > last ? last : index;
}

uint64_t npu_sampling_at(const struct npu_sampling *sampling, uint64_t output,
                         float *weight)
{
    double each[NPU_SAMPLING_TAPS], sum[NPU_SAMPLING_TAPS] = { 0 }, all = 0;
    int64_t last = (int64_t)sampling->in - 1;
    int64_t at = weigh(sampling, output, each);
    int64_t first = clamp(at, last + 1 - (int64_t)sampling->taps);

    for (unsigned i = 0; i < taps[sampling->params->mode]; i++) {
        int64_t inside = clamp(at + i, last);

        if (!sampling->params->outside || inside == at + i) {
            sum[inside - first] += each[i];
            all += each[i];
        }
    }
    for (unsigned i = 0; i < sampling->taps; i++) {
        weight[i] = (float)(sampling->params->outside ? sum[i] / all : sum[i]);
    }
    return (uint64_t)first;
}
