/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MATMUL with weights of every type, and with all that may follow the sums.
 */
#include <math.h>

#include "support-compute.h"

#define MEMORY (32u << 20)

struct product {
    struct tensor d, a, b, bias, residual, scale, block_scale, zero_a, zero_b;
    struct program program;
    uint32_t flags, activation;
    double factor;
};

static bool has(const struct product *p, uint32_t flag)
{
    return p->flags & flag;
}

static double activated(uint32_t activation, double x)
{
    switch (activation) {
    case NPU_OP_RELU:
        return x > 0 ? x : 0;
    case NPU_OP_SILU:
        return x / (1 + exp(-x));
    case NPU_OP_GELU:
        return x / 2 * (1 + erf(x / sqrt(2)));
    default:
        return x;
    }
}

/* An operand's element of the row of a, or the column of b, that made index. */
static double at_line(const struct tensor *tensor, const uint64_t *index,
                      unsigned dim, uint64_t line, uint64_t k)
{
    uint64_t at[NPU_MAX_RANK];

    memcpy(at, index, sizeof(at));
    at[dim] = line;
    at[dim + 1] = k;
    return tensor_get(tensor, at);
}

static bool is_fp8(const struct tensor *tensor)
{
    return tensor->desc.dtype == NPU_DTYPE_F8E4M3 ||
           tensor->desc.dtype == NPU_DTYPE_F8E5M2;
}

static double value(const void *arg, const uint64_t *index)
{
    const struct product *p = arg;
    unsigned m = p->d.desc.rank - 2, n = m + 1;
    uint64_t row = index[m], column = index[n];
    double sum = 0, zero_a = 0, zero_b = 0;

    if (has(p, NPU_INSN_ZERO_A)) {
        zero_a = at_line(&p->zero_a, index, m, row, 0);
    }
    if (has(p, NPU_INSN_ZERO_B)) {
        zero_b = at_line(&p->zero_b, index, m, 0, column);
    }
    for (uint64_t k = 0; k < p->a.desc.extent[n]; k++) {
        bool upright = has(p, NPU_INSN_TRANSPOSE_B);
        double a = at_line(&p->a, index, m, row, k) - zero_a;
        double b = at_line(&p->b, index, m, upright ? column : k,
                           upright ? k : column) -
                   zero_b;

        if (has(p, NPU_INSN_BLOCK_SCALE)) {
            a *= at_line(&p->block_scale, index, m,
                         (is_fp8(&p->a) ? row : column) / 128, k / 128);
        }
        sum += a * b;
    }
    if (p->d.desc.dtype == NPU_DTYPE_S32) {
        return (int32_t)(int64_t)sum;
    }
    sum *= p->factor;
    sum *= has(p, NPU_INSN_SCALE) ? tensor_get(&p->scale, index) : 1;
    sum += has(p, NPU_INSN_BIAS) ? tensor_get(&p->bias, index) : 0;
    sum = activated(p->activation, sum);
    return sum +
           (has(p, NPU_INSN_RESIDUAL) ? tensor_get(&p->residual, index) : 0);
}

static struct tensor operand(struct test_mem *mem, struct rng *rng,
                             uint32_t dtype, unsigned rank,
                             const uint64_t *extent, unsigned layout)
{
    struct tensor tensor;

    if (block_elements(dtype)) {
        return tensor_new_blocks(mem, rng, dtype, rank, extent);
    }
    tensor = tensor_new(mem, rng, dtype, rank, extent, layout);
    tensor_fill(&tensor, rng, VALUES_PLAIN);
    return tensor;
}

struct shape {
    unsigned rank;
    uint64_t batch, m, n, k;
    unsigned layout;
};

static void set_matrix(const struct shape *shape, uint64_t *extent,
                       uint64_t rows, uint64_t columns)
{
    for (unsigned dim = 0; dim + 2 < shape->rank; dim++) {
        extent[dim] = shape->batch;
    }
    extent[shape->rank - 2] = rows;
    extent[shape->rank - 1] = columns;
}

/* One more operand behind b, if there is a flag for it. */
static void extra(struct product *p, uint32_t flag, struct tensor *tensor,
                  struct test_mem *mem, struct rng *rng, uint32_t dtype,
                  const struct shape *shape, uint64_t rows, uint64_t columns)
{
    uint64_t extent[NPU_MAX_RANK];

    if (!has(p, flag)) {
        return;
    }
    set_matrix(shape, extent, rows, columns);
    *tensor = operand(mem, rng, dtype, shape->rank, extent,
                      LAYOUT_ANY | LAYOUT_BROADCAST);
    program_operand(&p->program, 0, tensor);
}

static void product_new(struct product *p, struct test_mem *mem,
                        struct rng *rng, uint32_t d, uint32_t a, uint32_t b,
                        const struct shape *shape)
{
    bool upright = has(p, NPU_INSN_TRANSPOSE_B);
    uint64_t m = shape->m, n = shape->n, k = shape->k;
    uint64_t extent[NPU_MAX_RANK];
    bool scaled_a;

    mem_reset(mem);
    set_matrix(shape, extent, m, n);
    p->d = tensor_new(mem, rng, d, shape->rank, extent,
                      shape->layout & ~LAYOUT_BROADCAST);
    set_matrix(shape, extent, m, k);
    p->a = operand(mem, rng, a, shape->rank, extent, shape->layout);
    set_matrix(shape, extent, upright ? n : k, upright ? k : n);
    p->b = operand(mem, rng, b, shape->rank, extent, shape->layout);
    program_init(&p->program);
    program_insn(&p->program, NPU_OP_MATMUL);
    program_operand(&p->program, 0, &p->d);
    program_operand(&p->program, 0, &p->a);
    program_operand(&p->program, 0, &p->b);
    scaled_a = is_fp8(&p->a);
    extra(p, NPU_INSN_BIAS, &p->bias, mem, rng, NPU_DTYPE_F32, shape, m, n);
    extra(p, NPU_INSN_RESIDUAL, &p->residual, mem, rng, NPU_DTYPE_F16, shape, m,
          n);
    extra(p, NPU_INSN_SCALE, &p->scale, mem, rng, NPU_DTYPE_F32, shape, m, n);
    extra(p, NPU_INSN_BLOCK_SCALE, &p->block_scale, mem, rng, NPU_DTYPE_F32,
          shape, ((scaled_a ? m : n) + 127) / 128, (k + 127) / 128);
    extra(p, NPU_INSN_ZERO_A, &p->zero_a, mem, rng, a, shape, m, 1);
    extra(p, NPU_INSN_ZERO_B, &p->zero_b, mem, rng, b, shape, 1, n);
    p->program.insn[0].flags = p->flags;
    p->program.insn[0].matmul.activation = p->activation;
}

/* Elements are below 16 and scales below 4, whatever the types are. */
static void check(const struct product *p)
{
    double k = (double)p->a.desc.extent[p->d.desc.rank - 1];
    bool integer = p->d.desc.dtype == NPU_DTYPE_S32;
    struct expectation e = {
        .value = value,
        .arg = p,
        .seed = test_seed(),
        .identical = integer,
        .absolute = integer ? 0 : 1024 * k * 0x1p-24 + 1e-4,
        .relative = integer ? 0 : 0x1p-20,
    };

    expect(&p->program, &p->d, &e);
}

/* ---- Types --------------------------------------------------------------- */

/* clang-format off */
static const uint32_t weights[] = {
    NPU_DTYPE_F32, NPU_DTYPE_F16, NPU_DTYPE_BF16, NPU_DTYPE_F8E4M3,
    NPU_DTYPE_F8E5M2, NPU_DTYPE_S4, NPU_DTYPE_Q8_0, NPU_DTYPE_Q4_0,
    NPU_DTYPE_Q4_K, NPU_DTYPE_Q6_K, NPU_DTYPE_MXFP4,
};
static const uint32_t activations[] = {
    NPU_DTYPE_F32, NPU_DTYPE_F16, NPU_DTYPE_BF16,
};
/* clang-format on */

/* Either operand may be the one with the weights. */
static void test_weights(void **state)
{
    uint32_t weight = *(const uint32_t *)*state;
    unsigned step = block_elements(weight) ? block_elements(weight) : 1;
    struct rng rng = rng_new(test_seed() + weight);
    struct test_mem *mem = mem_new(MEMORY);

    for (unsigned i = 0; i < 16; i++) {
        bool first = i % 2;
        uint32_t other = activations[i % 3];
        uint32_t d = activations[rng_range(&rng, 0, 2)];
        struct product p = {
            .flags = first && i % 4 == 1 ? 0 : NPU_INSN_TRANSPOSE_B,
            .factor = 1,
        };
        struct shape shape = {
            .rank = (unsigned)rng_range(&rng, 2, 4),
            .batch = (uint64_t)rng_range(&rng, 1, 2),
            .m = (uint64_t)rng_range(&rng, 1, 21),
            .n = (uint64_t)rng_range(&rng, 1, 37),
            .k = step * (uint64_t)rng_range(&rng, 1, step > 64 ? 3 : 20),
            .layout = i % 8,
        };

        product_new(&p, mem, &rng, d, first ? weight : other,
                    first ? other : weight, &shape);
        check(&p);
    }
    mem_free(mem);
}

/* A vector, which takes another way. */
static void test_vector(void **state)
{
    uint32_t weight = *(const uint32_t *)*state;
    struct rng rng = rng_new(test_seed() + weight);
    struct test_mem *mem = mem_new(MEMORY);

    for (unsigned i = 0; i < 6; i++) {
        struct product p = { .flags = NPU_INSN_TRANSPOSE_B, .factor = 1 };
        struct shape shape = {
            .rank = 2,
            .m = i % 2 ? 300 : 1,
            .n = i % 2 ? 1 : 300,
            .k = i < 4 ? 1536 : 256,
            .layout = i < 2 ? 0 : LAYOUT_PADDED,
        };

        product_new(&p, mem, &rng, NPU_DTYPE_F32,
                    i % 2 ? weight : activations[i % 3],
                    i % 2 ? activations[i % 3] : weight, &shape);
        check(&p);
    }
    mem_free(mem);
}

/* k in several pieces and slivers. */
static void test_long(void **state)
{
    uint32_t weight = *(const uint32_t *)*state;
    struct rng rng = rng_new(test_seed() + weight);
    struct test_mem *mem = mem_new(MEMORY);

    for (unsigned i = 0; i < 2; i++) {
        struct product p = { .flags = NPU_INSN_TRANSPOSE_B, .factor = 1 };
        struct shape shape = { .rank = 2, .m = 24, .n = 37, .k = 5120 };

        product_new(&p, mem, &rng, NPU_DTYPE_F32, i ? weight : NPU_DTYPE_F32,
                    i ? NPU_DTYPE_F32 : weight, &shape);
        check(&p);
    }
    mem_free(mem);
}

/* ---- What follows the sums ----------------------------------------------- */

static void test_epilogue(void **state)
{
    static const uint32_t functions[] = { 0, NPU_OP_RELU, NPU_OP_SILU,
                                          NPU_OP_GELU };
    struct rng rng = rng_new(test_seed());
    struct test_mem *mem = mem_new(MEMORY);

    (void)state;
    for (unsigned i = 0; i < 40; i++) {
        struct product p = {
            .flags = (i & 7) * NPU_INSN_BIAS |
                     (i & 8 ? NPU_INSN_TRANSPOSE_B : 0),
            .activation = functions[i / 16],
            .factor = 1,
        };
        struct shape shape = {
            .rank = 2 + i % 2,
            .batch = 2,
            .m = (uint64_t)rng_range(&rng, 1, 17),
            .n = (uint64_t)rng_range(&rng, 1, i % 5 ? 40 : 1200),
            .k = (uint64_t)rng_range(&rng, 1, 30),
            .layout = i % 16,
        };
        uint32_t dtype = activations[i % 3];

        product_new(&p, mem, &rng, dtype, dtype, dtype, &shape);
        check(&p);
    }
    mem_free(mem);
}

static void test_block_scale(void **state)
{
    uint32_t fp8 = *(const uint32_t *)*state;
    struct rng rng = rng_new(test_seed());
    struct test_mem *mem = mem_new(MEMORY);

    for (unsigned i = 0; i < 16; i++) {
        bool first = i % 2;
        struct product p = {
            .flags = NPU_INSN_BLOCK_SCALE | (i & 2 ? NPU_INSN_TRANSPOSE_B : 0) |
                     (i & 4 ? NPU_INSN_BIAS : 0),
            .factor = 1,
        };
        struct shape shape = {
            .rank = 2,
            .m = i < 14 ? (uint64_t)rng_range(&rng, 1, i < 8 ? 5 : 300) : 300,
            .n = (uint64_t)rng_range(&rng, 1, i < 8 ? 300 : 5),
            .k = i < 14 ? (uint64_t)rng_range(&rng, 1, 300) : 2000,
            .layout = i % 8,
        };

        product_new(&p, mem, &rng, NPU_DTYPE_F32, first ? fp8 : NPU_DTYPE_BF16,
                    first ? NPU_DTYPE_BF16 : fp8, &shape);
        check(&p);
    }
    mem_free(mem);
}

/* ---- Integers ------------------------------------------------------------ */

static void test_integers(void **state)
{
    static const uint32_t types[] = { NPU_DTYPE_S8, NPU_DTYPE_U8 };
    struct rng rng = rng_new(test_seed());
    struct test_mem *mem = mem_new(MEMORY);
    float factor = 0x1p-12f;

    (void)state;
    for (unsigned i = 0; i < 40; i++) {
        bool real = i & 16;
        struct product p = {
            .flags = (i & 3) * NPU_INSN_ZERO_A |
                     (i & 4 ? NPU_INSN_TRANSPOSE_B : 0) |
                     (real && i & 8 ? NPU_INSN_SCALE | NPU_INSN_BIAS : 0),
            .factor = real ? (double)factor : 1,
        };
        struct shape shape = {
            .rank = 2 + i % 3,
            .batch = 2,
            .m = i < 62 ? (uint64_t)rng_range(&rng, 1, 40) : 1,
            .n = i < 62 ? (uint64_t)rng_range(&rng, 1, 400) : 3000,
            .k = (uint64_t)rng_range(&rng, 1, 50),
            .layout = i % 16,
        };

        product_new(&p, mem, &rng, real ? NPU_DTYPE_F32 : NPU_DTYPE_S32,
                    types[i & 1], types[i >> 5 & 1], &shape);
        if (real) {
            memcpy(&p.program.insn[0].imm, &factor, sizeof(factor));
        }
        check(&p);
    }
    mem_free(mem);
}

int main(void)
{
    struct suite suite = { 0 };

    for (unsigned i = 0; i < sizeof(weights) / sizeof(*weights); i++) {
        const char *name = dtype_name(weights[i]);

        suite_add(&suite, test_weights, (void *)&weights[i], "weights %s",
                  name);
        suite_add(&suite, test_vector, (void *)&weights[i],
                  "weights %s times a vector", name);
        suite_add(&suite, test_long, (void *)&weights[i], "weights %s, long k",
                  name);
    }
    suite_add(&suite, test_epilogue, NULL,
              "bias, residual, scale and activation");
    for (unsigned i = 3; i < 5; i++) {
        suite_add(&suite, test_block_scale, (void *)&weights[i],
                  "block scales of %s", dtype_name(weights[i]));
    }
    suite_add(&suite, test_integers, NULL, "integers with zero points");
    return suite_run(&suite, "weights");
}
