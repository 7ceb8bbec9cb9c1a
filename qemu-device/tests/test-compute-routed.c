/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MATMUL_ROUTED against its definition in f64.
 */
#include <math.h>

#include "support-compute.h"

#define MEMORY (48u << 20)

/* ---- An instruction with its tensors ------------------------------------- */

struct shape {
    uint64_t rows, slots, experts, n, k;
    uint64_t used; /* experts that pairs have; 0: any */
    unsigned layout;
};

struct routed {
    struct shape shape;
    uint32_t types[3]; /* of d, a and b */
    bool scaled;
    uint32_t activation;
    struct tensor d, a, b, c, scale;
    struct program program;
};

static double activated(uint32_t activation, double x)
{
    switch (activation) {
    case NPU_OP_RELU:
        return x > 0 ? x : 0;
    case NPU_OP_SILU:
        return x / (1 + exp(-x));
    default:
        return x;
    }
}

static double value(const void *arg, const uint64_t *index)
{
    const struct routed *r = arg;
    double sum = 0;
    uint64_t expert = (uint64_t)tensor_get(&r->c, index);

    for (uint64_t k = 0; k < r->shape.k; k++) {
        uint64_t a[NPU_MAX_RANK] = { index[0], index[1], k };
        uint64_t b[NPU_MAX_RANK] = { expert, index[2], k };
        uint64_t block[NPU_MAX_RANK] = { expert, index[2] / 128, k / 128 };

        sum += tensor_get(&r->a, a) * tensor_get(&r->b, b) *
               (r->scaled ? tensor_get(&r->scale, block) : 1);
    }
    return activated(r->activation, sum);
}

static struct tensor operand(struct test_mem *mem, struct rng *rng,
                             uint32_t dtype, const uint64_t *extent,
                             unsigned layout)
{
    struct tensor tensor;

    if (block_elements(dtype)) {
        return tensor_new_blocks(mem, rng, dtype, 3, extent);
    }
    tensor = tensor_new(mem, rng, dtype, 3, extent, layout);
    tensor_fill(&tensor, rng, VALUES_PLAIN);
    return tensor;
}

static void choose_experts(struct routed *r, struct rng *rng)
{
    const struct shape *s = &r->shape;
    int64_t most = (int64_t)(s->used ? s->used : s->experts) - 1;
    uint64_t index[NPU_MAX_RANK] = { 0 };

    do {
        tensor_put(&r->c, index, (double)rng_range(rng, 0, most));
    } while (tensor_next(&r->c, index));
}

static void routed_new(struct routed *r, struct test_mem *mem, struct rng *rng)
{
    const struct shape *s = &r->shape;
    unsigned layout = s->layout;

    mem_reset(mem);
    r->d = tensor_new(mem, rng, r->types[0], 3,
                      (uint64_t[]){ s->rows, s->slots, s->n },
                      layout & ~LAYOUT_BROADCAST);
    r->a = operand(mem, rng, r->types[1],
                   (uint64_t[]){ s->rows, s->slots, s->k }, layout);
    r->b = operand(mem, rng, r->types[2],
                   (uint64_t[]){ s->experts, s->n, s->k }, layout);
    r->c = tensor_new(mem, rng, NPU_DTYPE_S32, 2,
                      (uint64_t[]){ s->rows, s->slots }, layout);
    choose_experts(r, rng);
    program_init(&r->program);
    program_insn(&r->program, NPU_OP_MATMUL_ROUTED);
    program_operand(&r->program, 0, &r->d);
    program_operand(&r->program, 0, &r->a);
    program_operand(&r->program, 0, &r->b);
    program_operand(&r->program, 0, &r->c);
    r->program.insn[0].flags = NPU_INSN_TRANSPOSE_B;
    r->program.insn[0].matmul.activation = r->activation;
    if (r->scaled) {
        r->scale = operand(mem, rng, NPU_DTYPE_F32,
                           (uint64_t[]){ s->experts, (s->n + 127) / 128,
                                         (s->k + 127) / 128 },
                           layout);
        r->program.insn[0].flags |= NPU_INSN_BLOCK_SCALE;
        program_operand(&r->program, 0, &r->scale);
    }
}

/*
 * Below the bound of the manual, which no sum of many comes near.  Products are
 * below 16, or 32 with blocks, and scales below 4; the activation adds its own.
 */
static void check(const struct routed *r)
{
    double k = (double)r->shape.k;
    double most = (block_elements(r->types[2]) ? 32 : 16) * (r->scaled ? 4 : 1);
    struct expectation e = {
        .value = value,
        .arg = r,
        .seed = test_seed(),
        .identical = true,
        .absolute = 8 * k * most * 0x1p-24,
        .relative = 0x1p-21,
    };

    expect(&r->program, &r->d, &e);
}

/* ---- Types --------------------------------------------------------------- */

/* clang-format off */
static const uint32_t weights[] = {
    NPU_DTYPE_F32, NPU_DTYPE_F16, NPU_DTYPE_BF16, NPU_DTYPE_F8E4M3,
    NPU_DTYPE_F8E5M2, NPU_DTYPE_S4, NPU_DTYPE_Q8_0, NPU_DTYPE_Q4_0,
    NPU_DTYPE_Q4_K, NPU_DTYPE_Q6_K, NPU_DTYPE_MXFP4,
};
static const uint32_t floats[] = {
    NPU_DTYPE_F32, NPU_DTYPE_F16, NPU_DTYPE_BF16,
};
static const uint32_t activations[] = { 0, NPU_OP_RELU, NPU_OP_SILU };
/* clang-format on */

static uint64_t between(struct rng *rng, int64_t low, int64_t high)
{
    return (uint64_t)rng_range(rng, low, high);
}

/* A few pairs for each expert, and one with many. */
static void test_weights(void **state)
{
    uint32_t weight = *(const uint32_t *)*state;
    unsigned step = block_elements(weight) ? block_elements(weight) : 1;
    struct rng rng = rng_new(test_seed() + weight);
    struct test_mem *mem = mem_new(MEMORY);

    for (unsigned i = 0; i < 12; i++) {
        struct routed r = {
            .types = { floats[i % 3], floats[rng_range(&rng, 0, 2)], weight },
            .activation = activations[rng_range(&rng, 0, 2)],
            .shape = {
                .rows = between(&rng, 1, 9),
                .slots = between(&rng, 1, 4),
                .experts = between(&rng, 1, i % 2 ? 3 : 12),
                .n = between(&rng, 1, 40),
                .k = step * between(&rng, 1, step > 64 ? 2 : 20),
                .layout = (unsigned)rng_range(&rng, 0, 15),
            },
        };

        routed_new(&r, mem, &rng);
        check(&r);
    }
    mem_free(mem);
}

static void test_block_scale(void **state)
{
    uint32_t weight = *(const uint32_t *)*state;
    struct rng rng = rng_new(test_seed() + weight);
    struct test_mem *mem = mem_new(MEMORY);

    for (unsigned i = 0; i < 12; i++) {
        struct routed r = {
            .types = { NPU_DTYPE_F32, NPU_DTYPE_BF16, weight },
            .scaled = true,
            .shape = {
                .rows = between(&rng, 1, 4),
                .slots = between(&rng, 1, 3),
                .experts = between(&rng, 1, 4),
                .n = between(&rng, 1, i % 2 ? 300 : 20),
                .k = between(&rng, 1, i % 2 ? 20 : 300),
                .layout = i % 8,
            },
        };

        routed_new(&r, mem, &rng);
        check(&r);
    }
    mem_free(mem);
}

/* ---- Shapes -------------------------------------------------------------- */

/* clang-format off */
static const struct big {
    const char *name;
    struct shape shape;
    uint32_t types[3];
    bool scaled;
} big[] = {
    { "decode", { 2, 8, 32, 200, 256 },
      { NPU_DTYPE_F32, NPU_DTYPE_F32, NPU_DTYPE_F16 } },
    { "decode of fp8", { 1, 8, 16, 300, 400 },
      { NPU_DTYPE_BF16, NPU_DTYPE_BF16, NPU_DTYPE_F8E4M3 }, true },
    { "prefill", { 60, 4, 8, 130, 64 },
      { NPU_DTYPE_F32, NPU_DTYPE_F16, NPU_DTYPE_Q8_0 } },
    { "prefill of fp8", { 40, 2, 4, 200, 260 },
      { NPU_DTYPE_F32, NPU_DTYPE_F16, NPU_DTYPE_F8E5M2 }, true },
    { "one expert for all", { 700, 2, 5, 33, 16, 1 },
      { NPU_DTYPE_F32, NPU_DTYPE_F32, NPU_DTYPE_F32 } },
    { "many experts", { 3, 4, 3000, 3, 8 },
      { NPU_DTYPE_F32, NPU_DTYPE_F32, NPU_DTYPE_BF16 } },
    { "long k", { 1, 3, 3, 33, 9000 },
      { NPU_DTYPE_F32, NPU_DTYPE_F32, NPU_DTYPE_F32 } },
    { "long k of many", { 7, 3, 1, 5, 5120 },
      { NPU_DTYPE_F32, NPU_DTYPE_F32, NPU_DTYPE_Q4_K } },
    { "long k of many more", { 50, 1, 1, 3, 8400 },
      { NPU_DTYPE_F32, NPU_DTYPE_F32, NPU_DTYPE_F8E4M3 }, true },
    { "weights across memory", { 5, 3, 2, 70, 90, 0, LAYOUT_PERMUTED },
      { NPU_DTYPE_F32, NPU_DTYPE_F32, NPU_DTYPE_F32 } },
};
/* clang-format on */

static void test_big(void **state)
{
    const struct big *b = *state;
    struct rng rng = rng_new(test_seed());
    struct test_mem *mem = mem_new(MEMORY);
    struct routed r = { .shape = b->shape, .scaled = b->scaled };

    memcpy(r.types, b->types, sizeof(r.types));
    routed_new(&r, mem, &rng);
    check(&r);
    mem_free(mem);
}

/*
 * The slots of a row have the same activations, once in memory, or the columns of
 * an expert the same weights.
 */
static void test_repeated(void **state)
{
    struct rng rng = rng_new(test_seed());
    struct test_mem *mem = mem_new(MEMORY);

    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        struct routed r = {
            .types = { NPU_DTYPE_F32, floats[i % 3], floats[i % 2] },
            .shape = { between(&rng, 1, 9), 4, 6, 17, 40 },
        };

        routed_new(&r, mem, &rng);
        r.a.desc.stride[1] = r.program.tensor[1].stride[1] = 0;
        if (i > 3) {
            r.b.desc.stride[1] = r.program.tensor[2].stride[1] = 0;
        }
        check(&r);
    }
    mem_free(mem);
}

/* Infinities and NaN stay within their pair, or their expert. */
static void test_special(void **state)
{
    struct rng rng = rng_new(test_seed());
    struct test_mem *mem = mem_new(MEMORY);

    (void)state;
    for (unsigned i = 0; i < 12; i++) {
        struct routed r = {
            .types = { NPU_DTYPE_F32, NPU_DTYPE_F16, NPU_DTYPE_F16 },
            .shape = { i & 1 ? 3 : 20, 2, 3, 9, 12 },
        };
        uint64_t at[NPU_MAX_RANK] = { 1, 1, 5 };

        routed_new(&r, mem, &rng);
        tensor_put(i & 2 ? &r.a : &r.b, at, i & 4 ? NAN : INFINITY);
        check(&r);
    }
    mem_free(mem);
}

/* ---- Indices ------------------------------------------------------------- */

static void test_index(void **state)
{
    static const double bad[] = { -1, 6, INT32_MIN, INT32_MAX };
    struct rng rng = rng_new(test_seed());
    struct test_mem *mem = mem_new(MEMORY);
    struct npu_verdict verdict;

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct routed r = {
            .types = { NPU_DTYPE_F32, NPU_DTYPE_F32, NPU_DTYPE_F32 },
            .shape = { 5, 3, 6, 7, 8 },
        };
        struct runner runner;

        routed_new(&r, mem, &rng);
        tensor_put(&r.c, (uint64_t[NPU_MAX_RANK]){ i, 2 }, bad[i]);
        runner = runner_new(&r.program);
        for (mem->mode = 0; mem->mode < MEM_MODES; mem->mode++) {
            assert_false(run_insn(&runner, 0, 3, 4, mem, &verdict));
            assert_int_equal(verdict.code, NPU_ERR_INDEX);
            assert_int_equal(verdict.operand, 3);
        }
        runner_free(&runner);
    }
    mem_free(mem);
}

int main(void)
{
    struct suite suite = { 0 };

    for (unsigned i = 0; i < sizeof(weights) / sizeof(*weights); i++) {
        suite_add(&suite, test_weights, (void *)&weights[i],
                  "routed weights %s", dtype_name(weights[i]));
    }
    for (unsigned i = 3; i < 5; i++) {
        suite_add(&suite, test_block_scale, (void *)&weights[i],
                  "routed weights with block scales, %s",
                  dtype_name(weights[i]));
    }
    for (unsigned i = 0; i < sizeof(big) / sizeof(*big); i++) {
        suite_add(&suite, test_big, (void *)&big[i], "routed, many tiles: %s",
                  big[i].name);
    }
    suite_add(&suite, test_repeated, NULL, "routed, repeated rows");
    suite_add(&suite, test_special, NULL, "routed, infinities and NaN");
    suite_add(&suite, test_index, NULL, "experts that there are not");
    return suite_run(&suite, "routed");
}
