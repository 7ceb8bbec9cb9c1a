/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CONV2D and pooling.
 */
#include <math.h>

#include "support-compute.h"

#define MEMORY (16u << 20)

struct sliding {
    struct tensor d, a, b, c;
    bool bias;
    uint32_t opcode;
    struct npu_insn_window w;
    uint32_t flags;
    unsigned axes; /* 2: images, 3: volumes */
    double p;      /* of a norm */
    struct program program;
};

/* Place of a tap in the input along one dimension. */
static int64_t place(const struct npu_insn_window *w, unsigned dim,
                     uint64_t output, uint64_t tap)
{
    return (int64_t)(output * w->stride[dim] + tap * w->dilation[dim]) -
           w->pad_begin[dim];
}

/* The element of a at (n, c, y, x); false outside. */
static bool input(const struct sliding *s, uint64_t n, uint64_t c, int64_t y,
                  int64_t x, double *value)
{
    uint64_t index[NPU_MAX_RANK] = { n, c, (uint64_t)y, (uint64_t)x };

    if (y < 0 || x < 0 || index[2] >= s->a.desc.extent[2] ||
        index[3] >= s->a.desc.extent[3]) {
        return false;
    }
    *value = tensor_get(&s->a, index);
    return true;
}

static double conv_value(const void *arg, const uint64_t *index)
{
    const struct sliding *s = arg;
    const uint64_t *b = (const void *)s->b.desc.extent;
    uint64_t groups = s->a.desc.extent[1] / b[1];
    uint64_t group = index[1] / (b[0] / groups);
    double sum = s->bias ? tensor_get(&s->c, &index[1]) : 0;

    for (uint64_t i = 0; i < b[1]; i++) {
        for (uint64_t u = 0; u < b[2]; u++) {
            for (uint64_t v = 0; v < b[3]; v++) {
                uint64_t at[NPU_MAX_RANK] = { index[1], i, u, v };
                double value;

                if (input(s, index[0], group * b[1] + i,
                          place(&s->w, 0, index[2], u),
                          place(&s->w, 1, index[3], v), &value)) {
                    sum += value * tensor_get(&s->b, at);
                }
            }
        }
    }
    return sum;
}

/* Whether a place is in the input, or, at least, in its padding. */
static bool is_in(const struct sliding *s, const int64_t *at, bool padded)
{
    for (unsigned axis = 0; axis < s->axes; axis++) {
        int64_t low = padded ? -(int64_t)s->w.pad_begin[axis] : 0;
        int64_t high = (int64_t)s->a.desc.extent[2 + axis] +
                       (padded ? s->w.pad_end[axis] : 0);

        if (at[axis] < low || at[axis] >= high) {
            return false;
        }
    }
    return true;
}

/* What the taps of a window make. */
struct pooled {
    double max, sum, powers, count;
};

static void pool_tap(const struct sliding *s, const uint64_t *index,
                     const uint64_t *tap, struct pooled *pooled)
{
    uint64_t from[NPU_MAX_RANK] = { index[0], index[1] };
    int64_t at[3];
    double value;

    for (unsigned axis = 0; axis < s->axes; axis++) {
        at[axis] = place(&s->w, axis, index[2 + axis], tap[axis]);
        from[2 + axis] = (uint64_t)at[axis];
    }
    if (is_in(s, at, false)) {
        value = tensor_get(&s->a, from);
        pooled->max = isnan(pooled->max) || value <= pooled->max ? pooled->max :
                                                                   value;
        pooled->sum += value;
        pooled->powers += pow(fabs(value), s->p);
        pooled->count++;
    } else if ((s->flags & NPU_INSN_COUNT_PAD) && is_in(s, at, true)) {
        pooled->count++;
    }
}

static double pool_value(const void *arg, const uint64_t *index)
{
    const struct sliding *s = arg;
    struct pooled pooled = { .max = -INFINITY };
    uint64_t tap[3];

    for (tap[0] = 0; tap[0] < s->w.kernel[0]; tap[0]++) {
        for (tap[1] = 0; tap[1] < s->w.kernel[1]; tap[1]++) {
            for (tap[2] = 0; tap[2] < s->w.kernel[2]; tap[2]++) {
                pool_tap(s, index, tap, &pooled);
            }
        }
    }
    switch (s->opcode) {
    case NPU_OP_MAXPOOL2D:
    case NPU_OP_MAXPOOL3D:
        return pooled.max;
    case NPU_OP_LPPOOL2D:
        return pow(pooled.powers, 1 / s->p);
    default:
        return pooled.sum / pooled.count;
    }
}

/* ---- Cases --------------------------------------------------------------- */

struct geometry {
    uint64_t n, groups, inputs, outputs; /* channels of a group */
    uint64_t height, width;
    uint64_t depth; /* 0: images */
};

static void random_window(struct npu_insn_window *w, struct rng *rng,
                          unsigned axes, bool pooling)
{
    *w = (struct npu_insn_window){
        .kernel = { 1, 1, 1 },
        .stride = { 1, 1, 1 },
        .dilation = { 1, 1, 1 },
    };
    for (unsigned dim = 0; dim < axes; dim++) {
        w->kernel[dim] = (uint16_t)rng_range(rng, 1, 4);
        w->stride[dim] = (uint16_t)rng_range(rng, 1, 3);
        w->dilation[dim] = (uint16_t)rng_range(rng, 1, 3);
        /* A pooling window must touch the input. */
        if (pooling) {
            int64_t most = (w->kernel[dim] - 1) * w->dilation[dim];

            w->pad_begin[dim] = (uint16_t)rng_range(rng, 0, most);
            w->pad_end[dim] = (uint16_t)rng_range(rng, 0, most);
        } else {
            w->pad_begin[dim] = (uint16_t)rng_range(rng, 0, 4);
            w->pad_end[dim] = (uint16_t)rng_range(rng, 0, 4);
        }
    }
}

/* Outputs that the window gives, 0: none. */
static uint64_t outputs(const struct npu_insn_window *w, unsigned dim,
                        uint64_t in)
{
    int64_t room = (int64_t)in + w->pad_begin[dim] + w->pad_end[dim] -
                   w->dilation[dim] * (w->kernel[dim] - 1) - 1;

    return room < 0 ? 0 : (uint64_t)(room / w->stride[dim]) + 1;
}

/* Whether one more window would still touch the input. */
static bool ceiling(const struct npu_insn_window *w, unsigned dim, uint64_t in)
{
    return (int64_t)(outputs(w, dim, in) * w->stride[dim]) - w->pad_begin[dim] <
           (int64_t)in;
}

/* Extents of the axes, as they come in a tensor. */
static void axes_of(const struct geometry *g, uint64_t *extent)
{
    if (g->depth) {
        *extent++ = g->depth;
    }
    *extent++ = g->height;
    *extent = g->width;
}

static bool sliding_new(struct sliding *s, uint32_t opcode, uint32_t dtype,
                        struct test_mem *mem, struct rng *rng,
                        const struct geometry *g, unsigned layout)
{
    bool conv = opcode == NPU_OP_CONV2D;
    uint64_t channels = g->groups * g->inputs;
    uint64_t a[5] = { g->n, channels };
    uint64_t b[] = { g->groups * g->outputs, g->inputs, s->w.kernel[0],
                     s->w.kernel[1] };
    uint64_t d[5] = { g->n, conv ? b[0] : channels };
    bool more = !conv && rng_range(rng, 0, 1);

    s->axes = g->depth ? 3 : 2;
    axes_of(g, a + 2);
    for (unsigned axis = 0; axis < s->axes; axis++) {
        d[2 + axis] = outputs(&s->w, axis, a[2 + axis]);
        if (!d[2 + axis]) {
            return false;
        }
        d[2 + axis] += more && ceiling(&s->w, axis, a[2 + axis]);
    }
    s->opcode = opcode;
    mem_reset(mem);
    s->d = tensor_new(mem, rng, dtype, 2 + s->axes, d,
                      layout & ~LAYOUT_BROADCAST);
    s->a = tensor_new(mem, rng, dtype, 2 + s->axes, a, layout);
    tensor_fill(&s->a, rng,
                opcode == NPU_OP_MAXPOOL2D || opcode == NPU_OP_MAXPOOL3D ?
                    VALUES_SPECIAL :
                    VALUES_PLAIN);
    program_init(&s->program);
    program_insn(&s->program, opcode);
    program_operand(&s->program, 0, &s->d);
    program_operand(&s->program, 0, &s->a);
    if (conv) {
        s->b = tensor_new(mem, rng, dtype, 4, b, layout);
        tensor_fill(&s->b, rng, VALUES_PLAIN);
        program_operand(&s->program, 0, &s->b);
        if (s->bias) {
            s->c = tensor_new(mem, rng, dtype, 1, b, layout);
            tensor_fill(&s->c, rng, VALUES_PLAIN);
            program_operand(&s->program, 0, &s->c);
        }
    }
    s->program.insn[0].window = s->w;
    s->program.insn[0].flags = s->flags;
    if (opcode == NPU_OP_LPPOOL2D) {
        float p = (float)s->p;

        memcpy(&s->program.insn[0].imm, &p, sizeof(p));
    }
    return true;
}

static void check(const struct sliding *s)
{
    bool conv = s->opcode == NPU_OP_CONV2D;
    double k = s->w.kernel[0] * s->w.kernel[1] *
               (conv ? (double)s->b.desc.extent[1] : 1);
    struct expectation e = {
        .value = conv ? conv_value : pool_value,
        .arg = s,
        .seed = test_seed(),
        .identical = !conv,
    };

    if (conv) {
        e.absolute = 16 * k * sqrt(k) * 0x1p-24;
        e.relative = 0x1p-22;
    } else if (s->opcode != NPU_OP_MAXPOOL2D && s->opcode != NPU_OP_MAXPOOL3D) {
        e.absolute = 0x1p-40;
        e.relative = 0x1p-23;
    }
    expect(&s->program, &s->d, &e);
}

struct kind {
    const char *name;
    uint32_t opcode, dtype;
    uint32_t flags;
    bool bias;
    bool grouped, depthwise;
    bool deep; /* volumes */
    double p;
};

static const struct kind kinds[] = {
    { "conv2d", NPU_OP_CONV2D, NPU_DTYPE_F32, 0, false, false, false },
    { "conv2d", NPU_OP_CONV2D, NPU_DTYPE_F16, 0, false, false, false },
    { "conv2d", NPU_OP_CONV2D, NPU_DTYPE_BF16, 0, false, false, false },
    { "conv2d with bias", NPU_OP_CONV2D, NPU_DTYPE_F32, 0, true, false, false },
    { "conv2d with bias", NPU_OP_CONV2D, NPU_DTYPE_F16, 0, true, false, false },
    { "conv2d in groups", NPU_OP_CONV2D, NPU_DTYPE_F32, 0, true, true, false },
    { "conv2d in groups", NPU_OP_CONV2D, NPU_DTYPE_F16, 0, true, true, false },
    { "conv2d in groups", NPU_OP_CONV2D, NPU_DTYPE_BF16, 0, true, true, false },
    { "conv2d by channel", NPU_OP_CONV2D, NPU_DTYPE_F32, 0, true, true, true },
    { "conv2d by channel", NPU_OP_CONV2D, NPU_DTYPE_F16, 0, true, true, true },
    { "maxpool2d", NPU_OP_MAXPOOL2D, NPU_DTYPE_F32, 0, false, true, false },
    { "maxpool2d", NPU_OP_MAXPOOL2D, NPU_DTYPE_F16, 0, false, true, false },
    { "maxpool2d", NPU_OP_MAXPOOL2D, NPU_DTYPE_BF16, 0, false, true, false },
    { "maxpool2d", NPU_OP_MAXPOOL2D, NPU_DTYPE_S8, 0, false, true, false },
    { "maxpool2d", NPU_OP_MAXPOOL2D, NPU_DTYPE_U8, 0, false, true, false },
    { "maxpool2d", NPU_OP_MAXPOOL2D, NPU_DTYPE_S32, 0, false, true, false },
    { "avgpool2d", NPU_OP_AVGPOOL2D, NPU_DTYPE_F32, 0, false, true, false },
    { "avgpool2d", NPU_OP_AVGPOOL2D, NPU_DTYPE_F16, 0, false, true, false },
    { "avgpool2d", NPU_OP_AVGPOOL2D, NPU_DTYPE_BF16, 0, false, true, false },
    { "avgpool2d counting the padding", NPU_OP_AVGPOOL2D, NPU_DTYPE_F32,
      NPU_INSN_COUNT_PAD, false, true, false },
    { "avgpool2d counting the padding", NPU_OP_AVGPOOL2D, NPU_DTYPE_F16,
      NPU_INSN_COUNT_PAD, false, true, false },
    { "avgpool2d counting the padding", NPU_OP_AVGPOOL2D, NPU_DTYPE_BF16,
      NPU_INSN_COUNT_PAD, false, true, false },
    { "maxpool3d", NPU_OP_MAXPOOL3D, NPU_DTYPE_F32, 0, false, true, false,
      true },
    { "maxpool3d", NPU_OP_MAXPOOL3D, NPU_DTYPE_F16, 0, false, true, false,
      true },
    { "maxpool3d", NPU_OP_MAXPOOL3D, NPU_DTYPE_U8, 0, false, true, false,
      true },
    { "avgpool3d", NPU_OP_AVGPOOL3D, NPU_DTYPE_F32, 0, false, true, false,
      true },
    { "avgpool3d", NPU_OP_AVGPOOL3D, NPU_DTYPE_BF16, 0, false, true, false,
      true },
    { "avgpool3d counting the padding", NPU_OP_AVGPOOL3D, NPU_DTYPE_F32,
      NPU_INSN_COUNT_PAD, false, true, false, true },
    { "lppool2d by 1", NPU_OP_LPPOOL2D, NPU_DTYPE_F32, 0, false, true, false,
      false, 1 },
    { "lppool2d by 2", NPU_OP_LPPOOL2D, NPU_DTYPE_F32, 0, false, true, false,
      false, 2 },
    { "lppool2d by 2", NPU_OP_LPPOOL2D, NPU_DTYPE_F16, 0, false, true, false,
      false, 2 },
    { "lppool2d by 3.5", NPU_OP_LPPOOL2D, NPU_DTYPE_F32, 0, false, true, false,
      false, 3.5 },
};

static void random_geometry(struct geometry *g, const struct kind *kind,
                            struct rng *rng)
{
    g->n = (uint64_t)rng_range(rng, 1, 3);
    g->groups = kind->grouped ? (uint64_t)rng_range(rng, 1, 4) : 1;
    g->inputs = kind->depthwise ? 1 : (uint64_t)rng_range(rng, 1, 5);
    g->outputs = kind->depthwise ? (uint64_t)rng_range(rng, 1, 2) :
                                   (uint64_t)rng_range(rng, 1, 9);
    g->height = (uint64_t)rng_range(rng, 1, 11);
    g->width = (uint64_t)rng_range(rng, 1, 13);
    g->depth = kind->deep ? (uint64_t)rng_range(rng, 1, 7) : 0;
}

static void test_random(void **state)
{
    const struct kind *kind = *state;
    struct rng rng = rng_new(test_seed() + kind->opcode * 8 + kind->dtype);
    struct test_mem *mem = mem_new(MEMORY);

    for (unsigned i = 0; i < (kind->deep ? 24 : 32);) {
        struct sliding s = { .bias = kind->bias,
                             .flags = kind->flags,
                             .p = kind->p };
        struct geometry g;
        uint64_t in[3];

        random_window(&s.w, &rng, kind->deep ? 3 : 2,
                      kind->opcode != NPU_OP_CONV2D);
        random_geometry(&g, kind, &rng);
        axes_of(&g, in);
        if (kind->opcode != NPU_OP_CONV2D &&
            (in[0] < s.w.dilation[0] || in[1] < s.w.dilation[1] ||
             (kind->deep && in[2] < s.w.dilation[2]))) {
            continue;
        }
        if (sliding_new(&s, kind->opcode, kind->dtype, mem, &rng, &g, i % 16)) {
            check(&s);
            i++;
        }
    }
    mem_free(mem);
}

static void test_large(void **state)
{
    const struct kind *kind = *state;
    struct rng rng = rng_new(test_seed());
    struct test_mem *mem = mem_new(MEMORY);
    /* clang-format off */
    static const struct geometry sizes[] = {
        { 2, 1, 8, 16, 37, 41 },        /* many rows */
        { 29, 2, 3, 5, 9, 8 },          /* many images */
        { 1, 1, 2, 70, 5, 611 },        /* long rows, many channels */
    };
    /* clang-format on */

    for (unsigned i = 0; i < 3; i++) {
        struct geometry g = sizes[i];
        struct sliding s = {
            .bias = kind->bias, .flags = kind->flags, .p = kind->p,
            .w = {
                .kernel = { 3, 3, 1 }, .stride = { 1, 1 + i % 2, 1 },
                .dilation = { 1, 1, 1 }, .pad_begin = { 1, 1, 0 },
                .pad_end = { 1, 1, 0 },
            },
        };

        if (kind->deep) {
            s.w.kernel[2] = 3;
            s.w.pad_begin[2] = 1;
            g.depth = 2 + i;
            g.width /= 3;
        }
        if (kind->depthwise) {
            g.groups = g.inputs * g.groups;
            g.inputs = g.outputs = 1;
        }
        assert_true(sliding_new(&s, kind->opcode, kind->dtype, mem, &rng, &g,
                                LAYOUT_DENSE));
        check(&s);
    }
    mem_free(mem);
}

/* A window larger than what one view of the input may hold. */
static void test_huge_window(void **state)
{
    const struct kind *kind = *state;
    struct rng rng = rng_new(test_seed());
    struct test_mem *mem = mem_new(MEMORY);
    struct geometry g = { 1, 1, 1, 4, 521, 517 };
    struct sliding s = {
        .bias = kind->bias, .flags = kind->flags,
        .w = {
            .kernel = { 520, 511, 1 }, .stride = { 1, 2, 1 },
            .dilation = { 1, 1, 1 },
        },
    };

    assert_true(sliding_new(&s, kind->opcode, kind->dtype, mem, &rng, &g,
                            LAYOUT_DENSE));
    check(&s);
    mem_free(mem);
}

/* All of a small plane at once, as global pooling does. */
static void test_global(void **state)
{
    const struct kind *kind = *state;
    struct rng rng = rng_new(test_seed());
    struct test_mem *mem = mem_new(MEMORY);
    struct geometry g = { 2, 67, 1, 1, 7, 7 };
    struct sliding s = {
        .flags = kind->flags, .p = kind->p,
        .w = {
            .kernel = { 7, 7, 1 }, .stride = { 1, 1, 1 },
            .dilation = { 1, 1, 1 },
        },
    };

    assert_true(
        sliding_new(&s, kind->opcode, kind->dtype, mem, &rng, &g, LAYOUT_ANY));
    check(&s);
    mem_free(mem);
}

int main(void)
{
    struct suite suite = { 0 };

    for (unsigned i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        const struct kind *kind = &kinds[i];
        const char *type = dtype_name(kind->dtype);

        suite_add(&suite, test_random, (void *)kind, "%s %s", kind->name, type);
        suite_add(&suite, test_large, (void *)kind, "%s %s, many tiles",
                  kind->name, type);
        if (kind->opcode != NPU_OP_CONV2D && !kind->deep) {
            suite_add(&suite, test_global, (void *)kind, "%s %s, global",
                      kind->name, type);
        }
        if (kind->dtype == NPU_DTYPE_F32 && !kind->grouped) {
            suite_add(&suite, test_huge_window, (void *)kind,
                      "%s %s, huge window", kind->name, type);
        }
    }
    suite_add(&suite, test_huge_window, (void *)&kinds[8],
              "maxpool2d f32, huge window");
    suite_add(&suite, test_huge_window, (void *)&kinds[12],
              "avgpool2d f32, huge window");
    return suite_run(&suite, "window");
}
