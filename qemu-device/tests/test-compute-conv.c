/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CONV3D and CONV_TRANSPOSE2D; CONV2D is in test-compute-window.c.
 */
#include <math.h>

#include "support-compute.h"

#define MEMORY (16u << 20)

struct conv {
    struct tensor d, a, b, c;
    bool bias, transposed;
    unsigned axes;
    uint64_t groups, inputs, outputs; /* of a group */
    struct npu_insn_window w;
    struct program program;
};

/*
 * Where a tap of an output lies in the input along an axis, or, transposed, of which
 * input it takes a part; false: of none.
 */
static bool place(const struct conv *s, unsigned axis, uint64_t output,
                  uint64_t tap, uint64_t *at)
{
    int64_t stride = s->w.stride[axis];
    int64_t step = (int64_t)tap * s->w.dilation[axis], x;

    if (s->transposed) {
        x = (int64_t)output + s->w.pad_begin[axis] - step;
        if (x % stride) {
            return false;
        }
        x /= stride;
    } else {
        x = (int64_t)output * stride + step - s->w.pad_begin[axis];
    }
    *at = (uint64_t)x;
    return x >= 0 && *at < s->a.desc.extent[2 + axis];
}

/* All products of one tap. */
static double tap_sum(const struct conv *s, const uint64_t *index,
                      const uint64_t *tap)
{
    uint64_t group = index[1] / s->outputs, m = index[1] % s->outputs;
    uint64_t a[NPU_MAX_RANK] = { index[0] }, b[NPU_MAX_RANK];
    double sum = 0;

    for (unsigned axis = 0; axis < s->axes; axis++) {
        if (!place(s, axis, index[2 + axis], tap[axis], &a[2 + axis])) {
            return 0;
        }
        b[2 + axis] = tap[axis];
    }
    for (uint64_t i = 0; i < s->inputs; i++) {
        a[1] = group * s->inputs + i;
        b[0] = s->transposed ? a[1] : index[1];
        b[1] = s->transposed ? m : i;
        sum += tensor_get(&s->a, a) * tensor_get(&s->b, b);
    }
    return sum;
}

static double value(const void *arg, const uint64_t *index)
{
    const struct conv *s = arg;
    double sum = s->bias ? tensor_get(&s->c, &index[1]) : 0;
    uint64_t tap[3];

    for (tap[0] = 0; tap[0] < s->w.kernel[0]; tap[0]++) {
        for (tap[1] = 0; tap[1] < s->w.kernel[1]; tap[1]++) {
            for (tap[2] = 0; tap[2] < s->w.kernel[2]; tap[2]++) {
                sum += tap_sum(s, index, tap);
            }
        }
    }
    return sum;
}

/* The largest extent of the output along an axis; 0 or less: none. */
static int64_t most_outputs(const struct conv *s, unsigned axis, uint64_t in)
{
    int64_t stride = s->w.stride[axis], dilation = s->w.dilation[axis];
    int64_t reach = dilation * (s->w.kernel[axis] - 1) + 1;
    int64_t pads = s->w.pad_begin[axis] + s->w.pad_end[axis];
    int64_t room = (int64_t)in + pads - reach;

    if (s->transposed) {
        return stride * ((int64_t)in - 1) + reach - pads +
               (stride > dilation ? stride : dilation) - 1;
    }
    return room < 0 ? 0 : room / stride + 1;
}

static void operand(struct conv *s, struct tensor *tensor, struct test_mem *mem,
                    struct rng *rng, uint32_t dtype, unsigned rank,
                    const uint64_t *extent, unsigned layout)
{
    bool source = s->program.insn[0].operand[0] != NPU_NONE;

    *tensor = tensor_new(mem, rng, dtype, rank, extent,
                         source ? layout : layout & LAYOUT_ANY);
    if (source) {
        tensor_fill(tensor, rng, VALUES_PLAIN);
    }
    program_operand(&s->program, 0, tensor);
}

/* in has the extents of the axes; false: the window fits nowhere. */
static bool conv_new(struct conv *s, uint32_t dtype, struct test_mem *mem,
                     struct rng *rng, uint64_t images, const uint64_t *in,
                     unsigned layout)
{
    uint64_t a[5] = { images, s->groups * s->inputs };
    uint64_t d[5] = { images, s->groups * s->outputs };
    uint64_t b[5] = { s->transposed ? a[1] : d[1],
                      s->transposed ? s->outputs : s->inputs };

    for (unsigned axis = 0; axis < s->axes; axis++) {
        int64_t most = most_outputs(s, axis, in[axis]);

        if (most <= 0) {
            return false;
        }
        a[2 + axis] = in[axis];
        b[2 + axis] = s->w.kernel[axis];
        d[2 + axis] = (uint64_t)(rng_range(rng, 0, 3) ?
                                     most :
                                     rng_range(rng, 1, most));
    }
    mem_reset(mem);
    program_init(&s->program);
    program_insn(&s->program,
                 s->transposed ? NPU_OP_CONV_TRANSPOSE2D : NPU_OP_CONV3D);
    s->program.insn[0].window = s->w;
    operand(s, &s->d, mem, rng, dtype, 2 + s->axes, d, layout);
    operand(s, &s->a, mem, rng, dtype, 2 + s->axes, a, layout);
    operand(s, &s->b, mem, rng, dtype, 2 + s->axes, b, layout);
    if (s->bias) {
        operand(s, &s->c, mem, rng, dtype, 1, &d[1], layout);
    }
    return true;
}

static void check(const struct conv *s)
{
    double k = s->w.kernel[0] * s->w.kernel[1] * s->w.kernel[2] *
               (double)s->inputs;
    struct expectation e = {
        .value = value,
        .arg = s,
        .seed = test_seed(),
        .absolute = 16 * k * sqrt(k) * 0x1p-24,
        .relative = 0x1p-22,
    };

    expect(&s->program, &s->d, &e);
}

/* ---- Cases --------------------------------------------------------------- */

struct kind {
    const char *name;
    bool transposed, bias, grouped;
    uint32_t dtype;
};

static const struct kind kinds[] = {
    { "conv3d", false, false, false, NPU_DTYPE_F32 },
    { "conv3d", false, true, false, NPU_DTYPE_F16 },
    { "conv3d in groups", false, true, true, NPU_DTYPE_F32 },
    { "conv3d in groups", false, false, true, NPU_DTYPE_BF16 },
    { "conv_transpose2d", true, false, false, NPU_DTYPE_F32 },
    { "conv_transpose2d", true, true, false, NPU_DTYPE_F16 },
    { "conv_transpose2d in groups", true, true, true, NPU_DTYPE_F32 },
    { "conv_transpose2d in groups", true, false, true, NPU_DTYPE_BF16 },
};

static struct conv conv_of(const struct kind *kind)
{
    return (struct conv){
        .transposed = kind->transposed,
        .bias = kind->bias,
        .axes = kind->transposed ? 2 : 3,
        .groups = 1,
        .w = {
            .kernel = { 1, 1, 1 },
            .stride = { 1, 1, 1 },
            .dilation = { 1, 1, 1 },
        },
    };
}

static void random_window(struct conv *s, struct rng *rng)
{
    for (unsigned axis = 0; axis < s->axes; axis++) {
        s->w.kernel[axis] = (uint16_t)rng_range(rng, 1, s->axes == 3 ? 3 : 5);
        s->w.stride[axis] = (uint16_t)rng_range(rng, 1, s->axes == 3 ? 2 : 4);
        s->w.dilation[axis] = (uint16_t)rng_range(rng, 1, 3);
        s->w.pad_begin[axis] = (uint16_t)rng_range(rng, 0, 3);
        s->w.pad_end[axis] = (uint16_t)rng_range(rng, 0, 3);
    }
}

static void test_random(void **state)
{
    const struct kind *kind = *state;
    struct rng rng = rng_new(test_seed() + kind->transposed + kind->dtype * 2);
    struct test_mem *mem = mem_new(MEMORY);

    for (unsigned i = 0; i < 40;) {
        struct conv s = conv_of(kind);
        uint64_t in[3];

        random_window(&s, &rng);
        s.groups = kind->grouped ? (uint64_t)rng_range(&rng, 1, 3) : 1;
        s.inputs = (uint64_t)rng_range(&rng, 1, 4);
        s.outputs = (uint64_t)rng_range(&rng, 1, 6);
        for (unsigned axis = 0; axis < 3; axis++) {
            in[axis] = (uint64_t)rng_range(&rng, 1, s.axes == 3 ? 5 : 8);
        }
        if (conv_new(&s, kind->dtype, mem, &rng,
                     (uint64_t)rng_range(&rng, 1, 2), in, i % 16)) {
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
    struct conv s = conv_of(kind);
    const uint64_t images[] = { 33, 41 }, volumes[] = { 7, 15, 17 };

    for (unsigned axis = 0; axis < s.axes; axis++) {
        s.w.kernel[axis] = kind->transposed ? 4 : 3;
        s.w.stride[axis] = kind->transposed ? 2 : 1;
        s.w.pad_begin[axis] = s.w.pad_end[axis] = 1;
    }
    s.groups = kind->grouped ? 3 : 1;
    s.inputs = kind->grouped ? 1 : 12;
    s.outputs = kind->grouped ? 2 : 20;
    assert_true(conv_new(&s, kind->dtype, mem, &rng, 2,
                         kind->transposed ? images : volumes, LAYOUT_DENSE));
    check(&s);
    mem_free(mem);
}

/* Steps longer than the kernel leave outputs that nothing but the bias is in. */
static void test_gaps(void **state)
{
    const struct kind *kind = *state;
    struct rng rng = rng_new(test_seed());
    struct test_mem *mem = mem_new(MEMORY);
    struct conv s = conv_of(kind);
    const uint64_t in[] = { 3, 5 };

    s.w.kernel[0] = 2;
    s.w.stride[0] = 300;
    s.w.stride[1] = 7;
    s.w.dilation[1] = 2;
    s.w.kernel[1] = 3;
    s.inputs = 2;
    s.outputs = 5;
    assert_true(conv_new(&s, kind->dtype, mem, &rng, 1, in, LAYOUT_ANY));
    check(&s);
    mem_free(mem);
}

int main(void)
{
    struct suite suite = { 0 };

    for (unsigned i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        void *kind = (void *)&kinds[i];
        const char *type = dtype_name(kinds[i].dtype);

        suite_add(&suite, test_random, kind, "%s %s", kinds[i].name, type);
        suite_add(&suite, test_large, kind, "%s %s, many tiles", kinds[i].name,
                  type);
        if (kinds[i].transposed && !kinds[i].grouped) {
            suite_add(&suite, test_gaps, kind, "%s %s, gaps", kinds[i].name,
                      type);
        }
    }
    return suite_run(&suite, "conv");
}
