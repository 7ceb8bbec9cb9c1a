/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RESIZE.
 */
#include <math.h>

#include "support-compute.h"

#define MEMORY (16u << 20)

struct resize {
    struct tensor d, a;
    struct npu_insn_resize r;
    struct program program;
};

/* An element of a dimension, and its weight. */
struct part {
    uint64_t index;
    double weight;
};

static double coefficient(const struct npu_insn_resize *r)
{
    float a;

    memcpy(&a, &r->cubic, sizeof(a));
    return (double)a;
}

static long double coordinate(const struct npu_insn_resize *r, uint64_t i,
                              uint64_t in, uint64_t out)
{
    switch (r->coordinate) {
    case NPU_RESIZE_HALF_PIXEL:
        return (long double)((2 * i + 1) * in) / (2 * out) - 0.5L;
    case NPU_RESIZE_ASYMMETRIC:
        return (long double)(i * in) / out;
    default:
        return out == 1 ? 0 : (long double)(i * (in - 1)) / (out - 1);
    }
}

static double rounded(const struct npu_insn_resize *r, long double x)
{
    switch (r->rounding) {
    case NPU_RESIZE_PREFER_FLOOR:
        return (double)ceill(x - 0.5L);
    case NPU_RESIZE_PREFER_CEIL:
        return (double)floorl(x + 0.5L);
    case NPU_RESIZE_FLOOR:
        return (double)floorl(x);
    default:
        return (double)ceill(x);
    }
}

/* How much an element at a distance counts. */
static double kernel(const struct npu_insn_resize *r, double s)
{
    double a = coefficient(r);

    s = fabs(s);
    if (r->mode == NPU_RESIZE_LINEAR) {
        return s < 1 ? 1 - s : 0;
    }
    return s <= 1 ? (a + 2) * s * s * s - (a + 3) * s * s + 1 :
           s < 2  ? a * s * s * s - 5 * a * s * s + 8 * a * s - 4 * a :
                    0;
}

/* What output i of a dimension is made of; returns of how many. */
static unsigned parts_of(const struct npu_insn_resize *r, uint64_t i,
                         uint64_t in, uint64_t out, struct part *parts)
{
    long double x = coordinate(r, i, in, out);
    double all = 0;
    unsigned n = 0;

    if (r->mode == NPU_RESIZE_NEAREST) {
        parts[0] = (struct part){
            (uint64_t)fmin(fmax(rounded(r, x), 0), (double)in - 1), 1
        };
        return 1;
    }
    for (int64_t k = (int64_t)floorl(x) - 1; k <= (int64_t)floorl(x) + 2; k++) {
        double weight = kernel(r, (double)(x - (long double)k));
        bool inside = k >= 0 && k < (int64_t)in;
        uint64_t index;

        if (weight == 0 || (r->outside && !inside)) {
            continue;
        }
        all += weight;
        index = inside ? (uint64_t)k : k < 0 ? 0 : in - 1;
        if (n && parts[n - 1].index == index) {
            parts[n - 1].weight += weight;
        } else {
            parts[n++] = (struct part){ index, weight };
        }
    }
    for (unsigned j = 0; r->outside && j < n; j++) {
        parts[j].weight /= all;
    }
    return n;
}

/* Over the dimensions from dim on; index is that of d, then of a. */
static void sum_parts(const struct resize *s, unsigned dim, uint64_t *index,
                      double weight, double *sum, double *magnitude)
{
    uint64_t i = index[dim];
    struct part parts[4] = { { i, 1 } };
    unsigned n = 1;

    if (dim == s->d.desc.rank) {
        double value = weight * tensor_get(&s->a, index);

        *sum += value;
        *magnitude += fabs(value);
        return;
    }
    if (s->r.axes >> dim & 1) {
        n = parts_of(&s->r, i, s->a.desc.extent[dim], s->d.desc.extent[dim],
                     parts);
    }
    for (unsigned j = 0; j < n; j++) {
        index[dim] = parts[j].index;
        sum_parts(s, dim + 1, index, weight * parts[j].weight, sum, magnitude);
    }
    index[dim] = i;
}

static double value(const void *arg, const uint64_t *at)
{
    uint64_t index[NPU_MAX_RANK + 1];
    double sum = 0, magnitude = 0;

    memcpy(index, at, NPU_MAX_RANK * sizeof(*index));
    index[NPU_MAX_RANK] = 0;
    sum_parts(arg, 0, index, 1, &sum, &magnitude);
    return sum;
}

/* The largest sum of magnitudes that an element is made of. */
static double largest_magnitude(const struct resize *s)
{
    uint64_t index[NPU_MAX_RANK + 1] = { 0 };
    double most = 0;

    do {
        double sum = 0, magnitude = 0;

        sum_parts(s, 0, index, 1, &sum, &magnitude);
        most = magnitude > most ? magnitude : most;
    } while (tensor_next(&s->d, index));
    return most;
}

static void resize_new(struct resize *s, uint32_t dtype, struct test_mem *mem,
                       struct rng *rng, unsigned rank, const uint64_t *in,
                       const uint64_t *out, unsigned layout)
{
    mem_reset(mem);
    s->d = tensor_new(mem, rng, dtype, rank, out, layout & LAYOUT_ANY);
    s->a = tensor_new(mem, rng, dtype, rank, in, layout);
    program_init(&s->program);
    program_insn(&s->program, NPU_OP_RESIZE);
    program_operand(&s->program, 0, &s->d);
    program_operand(&s->program, 0, &s->a);
    s->program.insn[0].resize = s->r;
}

static void check(const struct resize *s)
{
    static const double steps[] = { 0, 3, 5 };
    struct expectation e = {
        .value = value,
        .arg = s,
        .seed = test_seed(),
        .identical = true,
    };

    if (s->r.mode != NPU_RESIZE_NEAREST) {
        e.absolute = steps[s->r.mode] * __builtin_popcount(s->r.axes) *
                     0x1p-24 * largest_magnitude(s);
    }
    expect(&s->program, &s->d, &e);
}

/* ---- Random ones --------------------------------------------------------- */

struct kind {
    const char *name;
    uint8_t mode, outside;
    float cubic;
    uint32_t dtype;
};

static const struct kind kinds[] = {
    { "nearest", NPU_RESIZE_NEAREST, 0, 0, NPU_DTYPE_F32 },
    { "nearest", NPU_RESIZE_NEAREST, 0, 0, NPU_DTYPE_F16 },
    { "nearest", NPU_RESIZE_NEAREST, 0, 0, NPU_DTYPE_BF16 },
    { "linear", NPU_RESIZE_LINEAR, 0, 0, NPU_DTYPE_F32 },
    { "linear", NPU_RESIZE_LINEAR, 0, 0, NPU_DTYPE_F16 },
    { "linear", NPU_RESIZE_LINEAR, 0, 0, NPU_DTYPE_BF16 },
    { "cubic", NPU_RESIZE_CUBIC, 0, -0.75f, NPU_DTYPE_F32 },
    { "cubic", NPU_RESIZE_CUBIC, 0, -0.5f, NPU_DTYPE_F16 },
    { "cubic", NPU_RESIZE_CUBIC, 0, -0.75f, NPU_DTYPE_BF16 },
    { "cubic inside", NPU_RESIZE_CUBIC, 1, -0.75f, NPU_DTYPE_F32 },
    { "cubic inside", NPU_RESIZE_CUBIC, 1, -0.5f, NPU_DTYPE_F16 },
};

static struct npu_insn_resize params(const struct kind *kind, struct rng *rng)
{
    struct npu_insn_resize r = {
        .mode = kind->mode,
        .outside = kind->outside,
        .coordinate = (uint8_t)rng_range(rng, 0, NPU_RESIZE_ALIGN_CORNERS),
    };

    memcpy(&r.cubic, &kind->cubic, sizeof(r.cubic));
    if (kind->mode == NPU_RESIZE_NEAREST) {
        r.rounding = (uint8_t)rng_range(rng, 0, NPU_RESIZE_CEIL);
    }
    return r;
}

/* Extents of up to 3 resized dimensions, and of the others. */
static void random_extents(struct npu_insn_resize *r, struct rng *rng,
                           unsigned rank, uint64_t *in, uint64_t *out)
{
    for (unsigned dim = 0; dim < rank; dim++) {
        in[dim] = out[dim] = (uint64_t)rng_range(rng, 1, rank < 4 ? 9 : 3);
        if (rng_range(rng, 0, 1) && __builtin_popcount(r->axes) < 3) {
            r->axes |= 1u << dim;
            in[dim] = (uint64_t)rng_range(rng, 1, rank < 3 ? 40 : 9);
            out[dim] = (uint64_t)rng_range(rng, 1, rank < 3 ? 40 : 9);
        }
    }
}

static void test_random(void **state)
{
    const struct kind *kind = *state;
    struct rng rng = rng_new(test_seed() + kind->mode * 8 + kind->dtype);
    struct test_mem *mem = mem_new(MEMORY);

    for (unsigned i = 0; i < 32; i++) {
        uint64_t in[NPU_MAX_RANK], out[NPU_MAX_RANK];
        unsigned rank = (unsigned)rng_range(&rng, 1, NPU_MAX_RANK);
        struct resize s = { .r = params(kind, &rng) };

        random_extents(&s.r, &rng, rank, in, out);
        resize_new(&s, kind->dtype, mem, &rng, rank, in, out, i % 16);
        tensor_fill(&s.a, &rng, VALUES_PLAIN);
        check(&s);
    }
    mem_free(mem);
}

/* ---- Shapes of images, in many tiles ------------------------------------- */

struct image {
    const char *name;
    uint32_t axes;
    uint64_t in[4], out[4];
};

static const struct image images[] = {
    { "up", 12, { 1, 3, 33, 64 }, { 1, 3, 66, 128 } },
    { "down", 12, { 2, 3, 150, 201 }, { 2, 3, 31, 40 } },
    { "channels last", 6, { 1, 20, 24, 32 }, { 1, 41, 47, 32 } },
    { "far apart", 12, { 1, 1, 1000, 700 }, { 1, 1, 9, 11 } },
    { "along rows", 8, { 3, 4, 5, 100 }, { 3, 4, 5, 1001 } },
    { "along columns", 4, { 1, 4, 3, 300 }, { 1, 4, 40, 300 } },
    { "nothing at all", 0, { 2, 3, 40, 50 }, { 2, 3, 40, 50 } },
};

static void test_image(void **state)
{
    const struct image *image = *state;
    struct rng rng = rng_new(test_seed());
    struct test_mem *mem = mem_new(MEMORY);

    for (unsigned i = 0; i < 4; i++) {
        const struct kind *kind = &kinds[i * 3];
        struct resize s = { .r = params(kind, &rng) };

        s.r.axes = image->axes;
        resize_new(&s, kind->dtype, mem, &rng, 4, image->in, image->out,
                   i == 2 ? LAYOUT_PERMUTED : LAYOUT_DENSE);
        tensor_fill(&s.a, &rng, VALUES_PLAIN);
        check(&s);
    }
    mem_free(mem);
}

/* ---- Particular values --------------------------------------------------- */

/* Infinities and NaNs go into nothing that they have no weight in. */
static void test_special(void **state)
{
    const struct kind *kind = *state;
    struct rng rng = rng_new(test_seed());
    struct test_mem *mem = mem_new(MEMORY);

    for (unsigned i = 0; i < 16; i++) {
        const uint64_t in[] = { 5, 13 }, out[] = { 9, i % 2 ? 25 : 13 };
        struct resize s = { .r = params(kind, &rng) };
        struct expectation e = {
            .value = value,
            .arg = &s,
            .seed = test_seed(),
            .relative = 0x1p-20,
            .absolute = 0x1p-16,
        };

        s.r.axes = 3;
        s.r.coordinate = (uint8_t)(1 + i / 2 % 2);
        resize_new(&s, kind->dtype, mem, &rng, 2, in, out, i % 8);
        tensor_fill(&s.a, &rng, VALUES_PLAIN);
        for (unsigned j = 0; j < 3; j++) {
            const double odd[] = { NAN, INFINITY, -INFINITY };

            tensor_put(&s.a,
                       (uint64_t[]){ (uint64_t)rng_range(&rng, 0, 4),
                                     (uint64_t)rng_range(&rng, 0, 12) },
                       odd[j]);
        }
        expect(&s.program, &s.d, &e);
    }
    mem_free(mem);
}

/* First rows of ONNX's own examples of Resize: the reference is the right one. */
static void test_onnx(void **state)
{
    static const struct {
        struct npu_insn_resize r;
        uint64_t n;
        double row[8];
    } known[] = {
        { { 3, NPU_RESIZE_CUBIC, NPU_RESIZE_HALF_PIXEL, 0, 0, 0xbf400000 },
          8,
          { 0.47265625, 0.76953125, 1.24609375, 1.875, 2.28125, 2.91015625,
            3.38671875, 3.68359375 } },
        { { 3, NPU_RESIZE_CUBIC, NPU_RESIZE_ALIGN_CORNERS, 0, 0, 0xbf400000 },
          8,
          { 1, 1.34110787, 1.80029155, 2.32944606, 2.67055394, 3.19970845,
            3.65889213, 4 } },
        { { 3, NPU_RESIZE_LINEAR, NPU_RESIZE_HALF_PIXEL },
          8,
          { 1, 1.25, 1.75, 2.25, 2.75, 3.25, 3.75, 4 } },
        { { 3, NPU_RESIZE_NEAREST, NPU_RESIZE_HALF_PIXEL },
          8,
          { 1, 1, 2, 2, 3, 3, 4, 4 } },
    };
    struct rng rng = rng_new(test_seed());
    struct test_mem *mem = mem_new(MEMORY);

    (void)state;
    for (unsigned i = 0; i < sizeof(known) / sizeof(*known); i++) {
        const uint64_t in[] = { 4, 4 }, out[] = { known[i].n, known[i].n };
        uint64_t index[NPU_MAX_RANK] = { 0 };
        struct resize s = { .r = known[i].r };

        resize_new(&s, NPU_DTYPE_F32, mem, &rng, 2, in, out, LAYOUT_DENSE);
        do {
            tensor_put(&s.a, index, (double)(index[0] * 4 + index[1] + 1));
        } while (tensor_next(&s.a, index));
        check(&s);
        for (uint64_t j = 0; j < known[i].n; j++) {
            const uint64_t at[NPU_MAX_RANK] = { 0, j };

            assert_true(fabs(value(&s, at) - known[i].row[j]) < 1e-6);
        }
    }
    mem_free(mem);
}

int main(void)
{
    struct suite suite = { 0 };

    for (unsigned i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        void *kind = (void *)&kinds[i];

        suite_add(&suite, test_random, kind, "%s %s", kinds[i].name,
                  dtype_name(kinds[i].dtype));
        suite_add(&suite, test_special, kind, "%s %s, special values",
                  kinds[i].name, dtype_name(kinds[i].dtype));
    }
    for (unsigned i = 0; i < sizeof(images) / sizeof(*images); i++) {
        suite_add(&suite, test_image, (void *)&images[i], "images: %s",
                  images[i].name);
    }
    suite_add(&suite, test_onnx, NULL, "examples");
    return suite_run(&suite, "resize");
}
