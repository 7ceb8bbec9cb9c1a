/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MATMUL in all its types.
 */
#include <math.h>
#include <pthread.h>

#include "panel.h"
#include "support-compute.h"

#define MEMORY (32u << 20)

struct types {
    uint32_t a, d;
};

/* clang-format off */
static const struct types types[] = {
    { NPU_DTYPE_F32, NPU_DTYPE_F32 },
    { NPU_DTYPE_F16, NPU_DTYPE_F32 },
    { NPU_DTYPE_F16, NPU_DTYPE_F16 },
    { NPU_DTYPE_BF16, NPU_DTYPE_F32 },
    { NPU_DTYPE_BF16, NPU_DTYPE_BF16 },
    { NPU_DTYPE_S8, NPU_DTYPE_S32 },
    { NPU_DTYPE_S8, NPU_DTYPE_F32 },
};
/* clang-format on */

struct product {
    struct tensor d, a, b;
    struct program program;
    double scale;
};

static double value(const void *arg, const uint64_t *index)
{
    const struct product *p = arg;
    unsigned m = p->d.desc.rank - 2, n = m + 1;
    uint64_t a[NPU_MAX_RANK], b[NPU_MAX_RANK];
    double sum = 0;

    memcpy(a, index, sizeof(a));
    memcpy(b, index, sizeof(b));
    for (uint64_t k = 0; k < p->a.desc.extent[n]; k++) {
        a[n] = b[m] = k;
        sum += tensor_get(&p->a, a) * tensor_get(&p->b, b);
    }
    return p->d.desc.dtype == NPU_DTYPE_S32 ? (int32_t)(int64_t)sum :
                                              p->scale * sum;
}

static void product_new(struct product *p, const struct types *types,
                        struct test_mem *mem, struct rng *rng, unsigned rank,
                        const uint64_t *batch, uint64_t m, uint64_t n,
                        uint64_t k, unsigned layout)
{
    bool scaled = types->a == NPU_DTYPE_S8 && types->d == NPU_DTYPE_F32;
    uint64_t d[NPU_MAX_RANK], a[NPU_MAX_RANK], b[NPU_MAX_RANK];
    float scale = 0x1.8p-7f;

    for (unsigned dim = 0; dim + 2 < rank; dim++) {
        d[dim] = a[dim] = b[dim] = batch[dim];
    }
    d[rank - 2] = a[rank - 2] = m;
    d[rank - 1] = b[rank - 1] = n;
    a[rank - 1] = b[rank - 2] = k;
    mem_reset(mem);
    p->d = tensor_new(mem, rng, types->d, rank, d, layout & ~LAYOUT_BROADCAST);
    p->a = tensor_new(mem, rng, types->a, rank, a, layout);
    p->b = tensor_new(mem, rng, types->a, rank, b, layout);
    tensor_fill(&p->a, rng, VALUES_PLAIN);
    tensor_fill(&p->b, rng, VALUES_PLAIN);
    p->scale = scaled ? scale : 1;
    program_init(&p->program);
    program_insn(&p->program, NPU_OP_MATMUL);
    program_operand(&p->program, 0, &p->d);
    program_operand(&p->program, 0, &p->a);
    program_operand(&p->program, 0, &p->b);
    if (scaled) {
        memcpy(&p->program.insn[0].imm, &scale, sizeof(scale));
    }
}

/*
 * Values are at most 4, so that a sum of k products has an error below
 * k * 16 * k * 2^-24 by any order of summation; s8 is exact but for the scale.
 */
static void check(const struct product *p)
{
    unsigned rank = p->d.desc.rank;
    double k = (double)p->a.desc.extent[rank - 1];
    bool integer = p->a.desc.dtype == NPU_DTYPE_S8;
    struct expectation e = {
        .value = value,
        .arg = p,
        .seed = test_seed(),
        .identical = integer,
        .absolute = integer ? 0 : 16 * k * sqrt(k) * 0x1p-24,
        .relative = p->d.desc.dtype == NPU_DTYPE_S32 ? 0 : 0x1p-22,
    };

    expect(&p->program, &p->d, &e);
}

static void test_shapes(void **state)
{
    const struct types *types = *state;
    struct rng rng = rng_new(test_seed() + types->a * 8 + types->d);
    struct test_mem *mem = mem_new(MEMORY);
    struct product p;

    for (unsigned i = 0; i < 32; i++) {
        unsigned rank = (unsigned)rng_range(&rng, 2, 6);
        uint64_t batch[NPU_MAX_RANK];

        for (unsigned dim = 0; dim + 2 < rank; dim++) {
            batch[dim] = (uint64_t)rng_range(&rng, 1, 3);
        }
        product_new(&p, types, mem, &rng, rank, batch,
                    (uint64_t)rng_range(&rng, 1, 19),
                    (uint64_t)rng_range(&rng, 1, 19),
                    (uint64_t)rng_range(&rng, 1, 33), i % 16);
        check(&p);
    }
    mem_free(mem);
}

static void test_vectors(void **state)
{
    const struct types *types = *state;
    struct rng rng = rng_new(test_seed() + types->a);
    struct test_mem *mem = mem_new(MEMORY);
    struct product p;

    for (unsigned i = 0; i < 8; i++) {
        product_new(&p, types, mem, &rng, 2, NULL, 1, 77, 35, i);
        check(&p);
        product_new(&p, types, mem, &rng, 2, NULL, 77, 1, 35, i);
        check(&p);
        product_new(&p, types, mem, &rng, 2, NULL, 5, 7, 1, i);
        check(&p);
        product_new(&p, types, mem, &rng, 2, NULL, 1, 1, 129, i);
        check(&p);
    }
    mem_free(mem);
}

/* Tiles that split m, n and the batch, and k in more than one piece. */
static void test_large(void **state)
{
    const struct types *types = *state;
    struct rng rng = rng_new(test_seed() + types->d);
    struct test_mem *mem = mem_new(MEMORY);
    struct product p;

    product_new(&p, types, mem, &rng, 2, NULL, 161, 193, 67, LAYOUT_DENSE);
    check(&p);
    product_new(&p, types, mem, &rng, 2, NULL, 67, 129, 35, LAYOUT_ANY);
    check(&p);
    product_new(&p, types, mem, &rng, 2, NULL, 19, 45, 700, LAYOUT_DENSE);
    check(&p);
    product_new(&p, types, mem, &rng, 2, NULL, 5, 3, 10007, LAYOUT_DENSE);
    check(&p);
    product_new(&p, types, mem, &rng, 3, (uint64_t[]){ 23 }, 17, 31, 24,
                LAYOUT_PADDED);
    check(&p);
    mem_free(mem);
}

/* The sum of the greatest products of s8 over many k wraps in s32. */
static void test_wraps(void **state)
{
    struct rng rng = rng_new(1);
    struct test_mem *mem = mem_new(MEMORY);
    uint64_t zero[NPU_MAX_RANK] = { 0 }, index[NPU_MAX_RANK] = { 0 };
    struct npu_verdict verdict;
    struct runner runner;
    struct product p;
    const struct types s8_to_s32 = { NPU_DTYPE_S8, NPU_DTYPE_S32 };
    const uint64_t k = 131073;

    (void)state;
    product_new(&p, &s8_to_s32, mem, &rng, 2, NULL, 1, 1, k, LAYOUT_DENSE);
    do {
        tensor_put(&p.a, index, -128);
    } while (tensor_next(&p.a, index));
    do {
        tensor_put(&p.b, index, -128);
    } while (tensor_next(&p.b, index));
    runner = runner_new(&p.program);
    assert_true(run_insn(&runner, 0, 1, 1, mem, &verdict));
    assert_int_equal((int64_t)tensor_get(&p.d, zero),
                     (int32_t)(uint32_t)(k * 16384));
    runner_free(&runner);
    mem_free(mem);
}

/* Infinities and NaN go through, even times zero. */
static void test_special(void **state)
{
    const struct types *type = *state;
    struct rng rng = rng_new(test_seed());
    struct test_mem *mem = mem_new(MEMORY);
    struct product p;
    struct expectation e = {
        .value = value,
        .arg = &p,
        .seed = test_seed(),
        .absolute = 0x1p-16,
        .relative = 0x1.1p-10,
    };

    for (unsigned i = 0; i < 24; i++) {
        uint64_t m = (uint64_t)rng_range(&rng, 1, 9);
        uint64_t n = (uint64_t)rng_range(&rng, 1, 9);
        uint64_t a[2] = { (uint64_t)rng_range(&rng, 0, (int64_t)m - 1), 3 };
        uint64_t b[2] = { 3, (uint64_t)rng_range(&rng, 0, (int64_t)n - 1) };

        product_new(&p, type, mem, &rng, 2, NULL, m, n, 5, i % 8);
        tensor_put(&p.a, a, i % 3 ? INFINITY : NAN);
        tensor_put(&p.b, b, i % 2 ? 0 : -1);
        expect(&p.program, &p.d, &e);
    }
    mem_free(mem);
}

#define SIDE 96

static float multiplied[SIDE * SIDE];

/* The same product again and again, until it is different. */
static void *multiply(void *wrong)
{
    float *c = malloc(SIDE * SIDE * sizeof(*c));
    struct npu_panel a = { .data = multiplied, .ld = SIDE };
    float first[SIDE * SIDE];

    for (unsigned i = 0; i < 4000; i++) {
        npu_panel_multiply(&a, &a, c, SIDE, SIDE, SIDE, SIDE, false);
        if (!i) {
            memcpy(first, c, sizeof(first));
        }
        if (memcmp(first, c, sizeof(first))) {
            *(bool *)wrong = true;
        }
    }
    free(c);
    return NULL;
}

/* A BLAS that shares a buffer among its callers mixes them up. */
static void test_at_the_same_time(void **state)
{
    pthread_t thread[4];
    bool wrong[4] = { false };

    (void)state;
    for (unsigned i = 0; i < SIDE * SIDE; i++) {
        multiplied[i] = (float)(i % 17) - 8;
    }
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, multiply, &wrong[i]),
                         0);
    }
    for (unsigned i = 0; i < 4; i++) {
        pthread_join(thread[i], NULL);
    }
    for (unsigned i = 0; i < 4; i++) {
        assert_false(wrong[i]);
    }
}

int main(void)
{
    /* clang-format off */
    static const char *const what[] = {
        "random shapes", "vectors", "many tiles",
    };
    /* clang-format on */
    /* clang-format off */
    static const CMUnitTestFunction tests[] = {
        test_shapes, test_vectors, test_large,
    };
    /* clang-format on */
    struct suite suite = { 0 };

    for (unsigned i = 0; i < sizeof(types) / sizeof(*types); i++) {
        for (unsigned j = 0; j < 3; j++) {
            suite_add(&suite, tests[j], (void *)&types[i],
                      "matmul %s to %s, %s", dtype_name(types[i].a),
                      dtype_name(types[i].d), what[j]);
        }
    }
    for (unsigned i = 0; i < 5; i++) {
        suite_add(&suite, test_special, (void *)&types[i],
                  "matmul %s to %s, infinities and NaN", dtype_name(types[i].a),
                  dtype_name(types[i].d));
    }
    suite_add(&suite, test_wraps, NULL, "matmul s8 to s32 wraps");
    suite_add(&suite, test_at_the_same_time, NULL,
              "matmul of several threads at the same time");
    return suite_run(&suite, "matmul");
}
