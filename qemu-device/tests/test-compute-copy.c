/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FILL, COPY between all pairs of types, and GATHER.
 */
#include "support-compute.h"

#define MEMORY (16u << 20)

/* clang-format off */
static const uint32_t dtypes[] = {
    NPU_DTYPE_F32, NPU_DTYPE_F16, NPU_DTYPE_BF16, NPU_DTYPE_F8E4M3,
    NPU_DTYPE_F8E5M2, NPU_DTYPE_S8, NPU_DTYPE_U8, NPU_DTYPE_S32, NPU_DTYPE_S64,
    NPU_DTYPE_BOOL,
};
/* clang-format on */

#define DTYPES (sizeof(dtypes) / sizeof(*dtypes))

/* ---- Copy and convert ---------------------------------------------------- */

static uint32_t pairs[DTYPES * DTYPES][2];

static double copied(const void *arg, const uint64_t *index)
{
    return tensor_get(arg, index);
}

static void copy_case(struct test_mem *mem, struct rng *rng,
                      const uint32_t *pair, unsigned rank,
                      const uint64_t *extent, unsigned to, unsigned from)
{
    struct expectation e = {
        .value = copied,
        .identical = true,
        .seed = test_seed(),
    };
    struct tensor d, a;
    struct program program;
    unsigned insn;

    mem_reset(mem);
    d = tensor_new(mem, rng, pair[0], rank, extent, to);
    a = tensor_new(mem, rng, pair[1], rank, extent, from);
    tensor_fill(&a, rng, VALUES_SPECIAL);
    program_init(&program);
    insn = program_insn(&program, NPU_OP_COPY);
    program_operand(&program, insn, &d);
    program_operand(&program, insn, &a);
    e.arg = &a;
    expect(&program, &d, &e);
}

static void test_copy(void **state)
{
    const uint32_t *pair = *state;
    struct rng rng = rng_new(test_seed() + pair[0] * 16 + pair[1]);
    struct test_mem *mem = mem_new(MEMORY);

    for (unsigned i = 0; i < 8; i++) {
        unsigned rank = (unsigned)rng_range(&rng, 1, 6);
        uint64_t extent[NPU_MAX_RANK];

        for (unsigned dim = 0; dim < rank; dim++) {
            extent[dim] = (uint64_t)rng_range(&rng, 1, rank > 3 ? 5 : 19);
        }
        copy_case(mem, &rng, pair, rank, extent, i % 8,
                  (i / 3) | LAYOUT_BROADCAST);
    }
    copy_case(mem, &rng, pair, 1, (uint64_t[]){ 100003 }, 0, 0);
    copy_case(mem, &rng, pair, 2, (uint64_t[]){ 211, 307 }, 0, LAYOUT_PERMUTED);
    copy_case(mem, &rng, pair, 2, (uint64_t[]){ 211, 307 }, LAYOUT_PERMUTED,
              LAYOUT_NEGATIVE);
    mem_free(mem);
}

static void swap_dims(struct tensor *t, unsigned a, unsigned b)
{
    uint64_t extent = t->desc.extent[a];
    int64_t stride = t->desc.stride[a];

    t->desc.extent[a] = t->desc.extent[b];
    t->desc.extent[b] = extent;
    t->desc.stride[a] = t->desc.stride[b];
    t->desc.stride[b] = stride;
}

/*
 * One side lies in one piece along a dimension that is not the other's: each of them
 * in turn, in blocks and what is left of them.
 */
static void test_copy_turned(void **state)
{
    struct expectation e = {
        .value = copied,
        .identical = true,
        .seed = test_seed(),
    };
    struct rng rng = rng_new(test_seed());
    struct test_mem *mem = mem_new(MEMORY);

    (void)state;
    for (unsigned i = 0; i < 16; i++) {
        static const uint32_t of_size[] = { NPU_DTYPE_S8, NPU_DTYPE_F16,
                                            NPU_DTYPE_F32, NPU_DTYPE_S64 };
        unsigned dim = i / 2 % 2, turned = i % 2;
        uint64_t extent[] = { 2, 2, (uint64_t)rng_range(&rng, 127, 140) };
        uint64_t other[] = { 2, 2, (uint64_t)rng_range(&rng, 255, 273) };
        struct tensor t[2];
        struct program program;

        extent[dim] = other[2];
        other[dim] = extent[2];
        mem_reset(mem);
        for (unsigned j = 0; j < 2; j++) {
            t[j] = tensor_new(mem, &rng, of_size[i / 4], 3,
                              j == turned ? other : extent, 0);
        }
        swap_dims(&t[turned], dim, 2);
        tensor_fill(&t[1], &rng, VALUES_SPECIAL);
        program_init(&program);
        program_insn(&program, NPU_OP_COPY);
        program_operand(&program, 0, &t[0]);
        program_operand(&program, 0, &t[1]);
        e.arg = &t[1];
        expect(&program, &t[0], &e);
    }
    mem_free(mem);
}

/* A copy within a type keeps every bit, payloads of NaNs too. */
static void test_copy_bits(void **state)
{
    struct rng rng = rng_new(test_seed());
    struct test_mem *mem = mem_new(MEMORY);

    (void)state;
    for (unsigned i = 0; i < DTYPES; i++) {
        const uint64_t extent[] = { 41, 129 };
        struct tensor d = tensor_new(mem, &rng, dtypes[i], 2, extent, 0);
        struct tensor a = tensor_new(mem, &rng, dtypes[i], 2, extent, 0);
        size_t size = 41 * 129 * dtype_size(dtypes[i]);
        struct npu_verdict verdict;
        struct program program;
        struct runner runner;
        uint8_t *byte = mem_at(mem, a.va);

        for (size_t j = 0; j < size; j++) {
            byte[j] = (uint8_t)rng_next(&rng);
        }
        program_init(&program);
        program_insn(&program, NPU_OP_COPY);
        program_operand(&program, 0, &d);
        program_operand(&program, 0, &a);
        runner = runner_new(&program);
        for (mem->mode = 0; mem->mode < MEM_MODES; mem->mode++) {
            memset(mem_at(mem, d.va), 0, size);
            assert_true(run_insn(&runner, 0, 8, 4, mem, &verdict));
            assert_memory_equal(mem_at(mem, d.va), byte, size);
        }
        runner_free(&runner);
    }
    mem_free(mem);
}

/* A gap behind every row that makes the rows as far apart as there are rows. */
static void test_copy_gap(void **state)
{
    struct expectation e = {
        .value = copied,
        .identical = true,
        .seed = test_seed(),
    };
    struct rng rng = rng_new(test_seed());
    struct test_mem *mem = mem_new(MEMORY);

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        const uint64_t room[] = { 7, 7 }, extent[] = { 7, 3 };
        struct tensor d = tensor_new(mem, &rng, dtypes[i], 2, room, 0);
        struct tensor a = tensor_new(mem, &rng, dtypes[i], 2, room, 0);
        struct program program;

        tensor_fill(&a, &rng, VALUES_PLAIN);
        memcpy(d.desc.extent, extent, sizeof(extent));
        memcpy(a.desc.extent, extent, sizeof(extent));
        program_init(&program);
        program_insn(&program, NPU_OP_COPY);
        program_operand(&program, 0, &d);
        program_operand(&program, 0, &a);
        e.arg = &a;
        expect(&program, &d, &e);
    }
    mem_free(mem);
}

/* Windows may lie anywhere in the CPU's memory: odd ones are not used. */
static void test_copy_odd(void **state)
{
    struct rng rng = rng_new(test_seed());
    struct test_mem *mem = mem_new(MEMORY);
    uint64_t index[1] = { 0 };
    struct npu_verdict verdict;
    struct program program;
    struct runner runner;
    struct tensor d, a;

    (void)state;
    mem->base--;
    d = tensor_new(mem, &rng, NPU_DTYPE_S32, 1, (uint64_t[]){ 1000 }, 0);
    a = tensor_new(mem, &rng, NPU_DTYPE_F32, 1, (uint64_t[]){ 1000 }, 0);
    d.va++;
    a.va++;
    tensor_fill(&a, &rng, VALUES_PLAIN);
    program_init(&program);
    program_insn(&program, NPU_OP_COPY);
    program_operand(&program, 0, &d);
    program_operand(&program, 0, &a);
    runner = runner_new(&program);
    assert_true(run_insn(&runner, 0, 3, 4, mem, &verdict));
    do {
        assert_true(tensor_get(&d, index) ==
                    round_to(NPU_DTYPE_S32, tensor_get(&a, index)));
    } while (tensor_next(&d, index));
    runner_free(&runner);
    mem_free(mem);
}

/* ---- Fill ---------------------------------------------------------------- */

static double filled(const void *arg, const uint64_t *index)
{
    (void)index;
    return *(const double *)arg;
}

static void test_fill(void **state)
{
    uint32_t dtype = *(const uint32_t *)*state;
    static const struct {
        uint32_t dtype, bits;
        double value;
        /* clang-format off */
    } values[] = {
        { NPU_DTYPE_F32, 0x40490fdb, 0x1.921fb6p1 },
        { NPU_DTYPE_F16, 0x3c01, 0x1.004p0 },
        { NPU_DTYPE_F16, 0xffff3c00, 1 },       /* only the low bits count */
        { NPU_DTYPE_S8, 0x80, -128 },
        { NPU_DTYPE_S32, 0x80000001, -2147483647.0 },
        { NPU_DTYPE_BF16, 0xc0a0, -5 },
        { NPU_DTYPE_F8E4M3, 0xff7e, 448 },
        { NPU_DTYPE_F8E5M2, 0x83, -0x1.8p-15 },
        { NPU_DTYPE_U8, 0xfff0, 240 },
        { NPU_DTYPE_S64, 0x7fffffff, 2147483647.0 },
        { NPU_DTYPE_S64, 0xfffffffe, -2 },
        { NPU_DTYPE_BOOL, 1, 1 },
    };
    /* clang-format on */
    struct rng rng = rng_new(test_seed());
    struct test_mem *mem = mem_new(MEMORY);

    for (unsigned i = 0; i < sizeof(values) / sizeof(*values) * 8; i++) {
        uint64_t extent[] = { 13, 7, 301 };
        struct expectation e = {
            .value = filled,
            .arg = &values[i / 8].value,
            .identical = true,
            .seed = test_seed(),
        };
        struct program program;
        struct tensor d;

        if (values[i / 8].dtype != dtype) {
            continue;
        }
        mem_reset(mem);
        d = tensor_new(mem, &rng, dtype, 3, extent, i % 8);
        program_init(&program);
        program_insn(&program, NPU_OP_FILL);
        program_operand(&program, 0, &d);
        if (i % 2) {
            program.insn[0].imm = values[i / 8].bits;
        } else {
            program.insn[0].scalar = 1;
            program.scalars = 2;
            program.args[1] = 7;
            program.args[2] = values[i / 8].bits;
        }
        expect(&program, &d, &e);
    }
    mem_free(mem);
}

/* ---- Gather -------------------------------------------------------------- */

struct gathering {
    struct tensor d, a, b;
    struct program program;
};

static double gathered(const void *arg, const uint64_t *index)
{
    const struct gathering *g = arg;
    uint64_t at[NPU_MAX_RANK];

    memcpy(at, index, sizeof(at));
    at[0] = (uint64_t)tensor_get(&g->b, index);
    return tensor_get(&g->a, at);
}

static void gathering_new(struct gathering *g, struct test_mem *mem,
                          struct rng *rng, uint32_t dtype, unsigned rank,
                          const uint64_t *extent, uint64_t rows,
                          unsigned layout)
{
    uint64_t from[NPU_MAX_RANK], index[NPU_MAX_RANK] = { 0 };

    mem_reset(mem);
    memcpy(from, extent, rank * sizeof(*extent));
    from[0] = rows;
    g->d = tensor_new(mem, rng, dtype, rank, extent, layout);
    g->a = tensor_new(mem, rng, dtype, rank, from, layout);
    g->b = tensor_new(mem, rng, rows % 2 ? NPU_DTYPE_S32 : NPU_DTYPE_S64, 1,
                      extent, layout & ~LAYOUT_PERMUTED);
    tensor_fill(&g->a, rng, VALUES_SPECIAL);
    do {
        tensor_put(&g->b, index, (double)rng_range(rng, 0, (int64_t)rows - 1));
    } while (tensor_next(&g->b, index));
    program_init(&g->program);
    program_insn(&g->program, NPU_OP_GATHER);
    program_operand(&g->program, 0, &g->d);
    program_operand(&g->program, 0, &g->a);
    program_operand(&g->program, 0, &g->b);
}

static void test_gather(void **state)
{
    uint32_t dtype = *(const uint32_t *)*state;
    struct rng rng = rng_new(test_seed() + dtype);
    struct test_mem *mem = mem_new(MEMORY);
    struct gathering g;
    struct expectation e = {
        .value = gathered,
        .arg = &g,
        .identical = true,
        .seed = test_seed(),
    };

    for (unsigned i = 0; i < 16; i++) {
        unsigned rank = (unsigned)rng_range(&rng, 1, 4);
        uint64_t extent[NPU_MAX_RANK] = { 0 };

        for (unsigned dim = 0; dim < rank; dim++) {
            extent[dim] = (uint64_t)rng_range(&rng, 1, 13);
        }
        gathering_new(&g, mem, &rng, dtype, rank, extent,
                      (uint64_t)rng_range(&rng, 1, 40), i % 8);
        expect(&g.program, &g.d, &e);
    }
    gathering_new(&g, mem, &rng, dtype, 2, (uint64_t[]){ 257, 65 }, 1000, 0);
    expect(&g.program, &g.d, &e);
    mem_free(mem);
}

static void test_gather_index(void **state)
{
    static const double bad[] = { -1, 10, INT32_MAX, -0x1p63 };
    struct rng rng = rng_new(test_seed());
    struct test_mem *mem = mem_new(MEMORY);
    struct gathering g;

    (void)state;
    for (unsigned i = 0; i < 4 * MEM_MODES; i++) {
        const uint64_t extent[] = { 300, 33 };
        uint64_t index = 299 - i;
        struct npu_verdict verdict;
        struct runner runner;

        gathering_new(&g, mem, &rng, NPU_DTYPE_F16, 2, extent, 10, 0);
        tensor_put(&g.b, &index, bad[i % 4]);
        mem->mode = i / 4;
        runner = runner_new(&g.program);
        assert_false(run_insn(&runner, 0, 8, 4, mem, &verdict));
        assert_int_equal(verdict.code, NPU_ERR_INDEX);
        assert_int_equal(verdict.insn, 0);
        assert_int_equal(verdict.operand, 2);
        runner_free(&runner);
    }
    mem_free(mem);
}

int main(void)
{
    struct suite suite = { 0 };

    for (unsigned i = 0; i < DTYPES * DTYPES; i++) {
        pairs[i][0] = dtypes[i / DTYPES];
        pairs[i][1] = dtypes[i % DTYPES];
        suite_add(&suite, test_copy, pairs[i], "copy %s to %s",
                  dtype_name(pairs[i][1]), dtype_name(pairs[i][0]));
    }
    suite_add(&suite, test_copy_bits, NULL, "copy keeps every bit");
    suite_add(&suite, test_copy_turned, NULL, "copy of what is turned");
    suite_add(&suite, test_copy_gap, NULL, "copy of rows with gaps");
    suite_add(&suite, test_copy_odd, NULL, "copy at odd addresses of the CPU");
    for (unsigned i = 0; i < DTYPES; i++) {
        suite_add(&suite, test_fill, (void *)&dtypes[i], "fill %s",
                  dtype_name(dtypes[i]));
        suite_add(&suite, test_gather, (void *)&dtypes[i], "gather %s",
                  dtype_name(dtypes[i]));
    }
    suite_add(&suite, test_gather_index, NULL, "gather with a bad index");
    return suite_run(&suite, "copy");
}
