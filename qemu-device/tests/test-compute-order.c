/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What goes along an axis in order: CUMSUM, SORT, ARGSORT.
 */
#include <math.h>

#include "support-compute.h"

#define MEMORY (64u << 20)

struct instruction {
    const char *name;
    uint32_t opcode, dtype, flags;
    uint32_t result; /* type of d; 0: that of a */
};

/* A line of a and of d, in f64. */
struct line {
    const struct instruction *instruction;
    uint64_t n[2]; /* of d and a */
    double *d, *a;
};

/* ---- Formulas for one line ----------------------------------------------- */

static void line_cumsum(const struct line *line)
{
    bool exclusive = line->instruction->flags & NPU_INSN_EXCLUSIVE;
    bool reverse = line->instruction->flags & NPU_INSN_REVERSE;
    bool integer = line->instruction->dtype == NPU_DTYPE_S32;
    uint64_t n = line->n[1];
    long double sum = 0;

    for (uint64_t i = 0; i < n; i++) {
        uint64_t at = reverse ? n - 1 - i : i;
        long double before = sum;

        sum += line->a[at];
        line->d[at] = (double)(exclusive ? before : sum);
        if (integer) {
            line->d[at] = (int32_t)(int64_t)line->d[at];
        }
    }
}

struct place {
    double value;
    uint64_t index;
    int sign;
};

/* NaN is above everything. */
static int compare_values(double a, double b)
{
    if (isnan(a) || isnan(b)) {
        return !!isnan(a) - !!isnan(b);
    }
    return (a > b) - (a < b);
}

static int compare_places(const void *left, const void *right)
{
    const struct place *a = left, *b = right;
    int order = a->sign * compare_values(a->value, b->value);

    return order ? order : (a->index > b->index) - (a->index < b->index);
}

static void line_order(const struct line *line)
{
    bool descending = line->instruction->flags & NPU_INSN_DESCENDING;
    bool indices = line->instruction->opcode == NPU_OP_ARGSORT;
    struct place *places = malloc(line->n[1] * sizeof(*places));

    for (uint64_t i = 0; i < line->n[1]; i++) {
        places[i] = (struct place){ line->a[i], i, descending ? -1 : 1 };
    }
    qsort(places, line->n[1], sizeof(*places), compare_places);
    for (uint64_t i = 0; i < line->n[0]; i++) {
        line->d[i] = indices ? (double)places[i].index : places[i].value;
    }
    free(places);
}

#define CUMSUM(dtype)                                                     \
    { "cumsum", NPU_OP_CUMSUM, dtype, 0 },                                \
        { "exclusive cumsum", NPU_OP_CUMSUM, dtype, NPU_INSN_EXCLUSIVE }, \
        { "reverse cumsum", NPU_OP_CUMSUM, dtype, NPU_INSN_REVERSE },     \
    {                                                                     \
        "exclusive reverse cumsum", NPU_OP_CUMSUM, dtype,                 \
            NPU_INSN_EXCLUSIVE | NPU_INSN_REVERSE                         \
    }

#define ORDER(dtype)                                                    \
    { "sort", NPU_OP_SORT, dtype, 0 },                                  \
        { "descending sort", NPU_OP_SORT, dtype, NPU_INSN_DESCENDING }, \
        { "argsort", NPU_OP_ARGSORT, dtype, 0, NPU_DTYPE_S32 },         \
    {                                                                   \
        "descending argsort to s64", NPU_OP_ARGSORT, dtype,             \
            NPU_INSN_DESCENDING, NPU_DTYPE_S64                          \
    }

static const struct instruction instructions[] = {
    CUMSUM(NPU_DTYPE_F32), CUMSUM(NPU_DTYPE_F16), CUMSUM(NPU_DTYPE_BF16),
    CUMSUM(NPU_DTYPE_S32), ORDER(NPU_DTYPE_F32),  ORDER(NPU_DTYPE_F16),
    ORDER(NPU_DTYPE_BF16), ORDER(NPU_DTYPE_S32),  ORDER(NPU_DTYPE_S64),
    ORDER(NPU_DTYPE_S8),   ORDER(NPU_DTYPE_U8),
};

#define INSTRUCTIONS (sizeof(instructions) / sizeof(*instructions))

/* ---- Cases --------------------------------------------------------------- */

struct test_case {
    const struct instruction *instruction;
    struct tensor d, a;
    unsigned axis;
    double *results; /* in the order of d's elements */
};

static uint64_t position(const struct tensor *tensor, const uint64_t *index)
{
    uint64_t at = 0;

    for (unsigned dim = 0; dim < tensor->desc.rank; dim++) {
        at = at * tensor->desc.extent[dim] + index[dim];
    }
    return at;
}

static double value(const void *arg, const uint64_t *index)
{
    const struct test_case *c = arg;

    return c->results[position(&c->d, index)];
}

/* The results of the line at an index whose place on the axis is 0. */
static void calculate_line(struct test_case *c, const uint64_t *index)
{
    struct line line = {
        .instruction = c->instruction,
        .n = { c->d.desc.extent[c->axis], c->a.desc.extent[c->axis] },
    };
    uint64_t at[NPU_MAX_RANK];

    line.a = malloc(2 * line.n[1] * sizeof(*line.a));
    line.d = line.a + line.n[1];
    memcpy(at, index, sizeof(at));
    for (at[c->axis] = 0; at[c->axis] < line.n[1]; at[c->axis]++) {
        line.a[at[c->axis]] = tensor_get(&c->a, at);
    }
    (c->instruction->opcode == NPU_OP_CUMSUM ? line_cumsum : line_order)(&line);
    for (at[c->axis] = 0; at[c->axis] < line.n[0]; at[c->axis]++) {
        c->results[position(&c->d, at)] = line.d[at[c->axis]];
    }
    free(line.a);
}

static void calculate(struct test_case *c)
{
    struct tensor lines = c->d;
    uint64_t index[NPU_MAX_RANK] = { 0 };

    c->results = malloc(tensor_elements(&c->d) * sizeof(*c->results));
    lines.desc.extent[c->axis] = 1;
    do {
        calculate_line(c, index);
    } while (tensor_next(&lines, index));
}

/* An infinity or no number now and then; many equals, if they are not summed. */
static void spoil(const struct tensor *a, struct rng *rng, bool sum)
{
    static const double values[] = { INFINITY, -INFINITY, NAN, -0.0, 0 };
    uint64_t index[NPU_MAX_RANK] = { 0 };

    do {
        if (!rng_range(rng, 0, 9)) {
            tensor_put(a, index, values[rng_range(rng, 0, 4)]);
        } else if (!sum) {
            tensor_put(a, index, nearbyint(tensor_get(a, index)));
        }
    } while (tensor_next(a, index));
}

struct shape {
    unsigned rank;
    uint64_t extent[NPU_MAX_RANK];
    unsigned axis;
    uint64_t k; /* of d along the axis, for those that can have fewer; 0: all */
};

static void run_case(const struct instruction *instruction,
                     struct test_mem *mem, struct rng *rng,
                     const struct shape *shape, unsigned layout, bool special)
{
    bool sum = instruction->opcode == NPU_OP_CUMSUM;
    bool real = dtype_is_float(instruction->dtype);
    struct test_case c = { .instruction = instruction, .axis = shape->axis };
    struct expectation e = {
        .value = value,
        .arg = &c,
        .seed = test_seed(),
        .identical = true,
        .relative = real && sum ? 0x1p-23 : 0,
        .absolute = real && sum ? 0x1p-34 : 0,
    };
    uint64_t extent[NPU_MAX_RANK];
    struct program program;

    mem_reset(mem);
    memcpy(extent, shape->extent, sizeof(extent));
    if (shape->k && !sum) {
        extent[shape->axis] = shape->k;
    }
    c.d = tensor_new(mem, rng,
                     instruction->result ? instruction->result :
                                           instruction->dtype,
                     shape->rank, extent, layout & LAYOUT_ANY);
    c.a = tensor_new(mem, rng, instruction->dtype, shape->rank, shape->extent,
                     layout);
    tensor_fill(&c.a, rng, !real && special ? VALUES_SPECIAL : VALUES_PLAIN);
    if (real && special) {
        spoil(&c.a, rng, sum);
    }
    calculate(&c);
    program_init(&program);
    program_insn(&program, instruction->opcode);
    program_operand(&program, 0, &c.d);
    program_operand(&program, 0, &c.a);
    program.insn[0].axis.axis = c.axis;
    program.insn[0].flags = instruction->flags;
    expect(&program, &c.d, &e);
    free(c.results);
}

static void test_any(void **state)
{
    const struct instruction *instruction = *state;
    struct rng rng = rng_new(test_seed() + instruction->opcode * 64 +
                             instruction->dtype * 4 + instruction->flags);
    struct test_mem *mem = mem_new(MEMORY);

    for (unsigned i = 0; i < 16; i++) {
        struct shape shape = { .rank = (unsigned)rng_range(&rng, 1, 5) };
        uint64_t *n;

        for (unsigned dim = 0; dim < shape.rank; dim++) {
            shape.extent[dim] = (uint64_t)rng_range(&rng, 1,
                                                    shape.rank > 3 ? 6 : 21);
        }
        shape.axis = (unsigned)rng_range(&rng, 0, shape.rank - 1);
        n = &shape.extent[shape.axis];
        if (shape.rank < 3 && i % 3) {
            *n *= 10;
        }
        shape.k = i % 4 < 2 ? (uint64_t)rng_range(&rng, 1, (int64_t)*n) : *n;
        run_case(instruction, mem, &rng, &shape, i % 8 | LAYOUT_BROADCAST,
                 i % 2);
    }
    mem_free(mem);
}

static void test_many(void **state)
{
    static const struct shape shapes[] = {
        { 2, { 2001, 11 }, 1, 2 },
        { 2, { 13, 1503 }, 0, 0 },
        { 3, { 2, 1009, 9 }, 1, 100 },
        { 2, { 3, 4099 }, 1, 200 },
        /* More than is within reach at once, along and across memory. */
        { 1, { 70007 }, 0, 0 },
        { 2, { 8009, 9 }, 0, 64 },
    };
    const struct instruction *instruction = *state;
    struct rng rng = rng_new(test_seed() + instruction->opcode);
    struct test_mem *mem = mem_new(MEMORY);

    for (unsigned i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
        run_case(instruction, mem, &rng, &shapes[i], 0, false);
    }
    mem_free(mem);
}

/* ---- Bits ---------------------------------------------------------------- */

/* A line of a in memory, sorted on one die; d is as long. */
static void run_line(const struct tensor *d, const struct tensor *a,
                     uint32_t opcode, uint32_t flags)
{
    struct npu_verdict verdict;
    struct program program;
    struct runner runner;

    program_init(&program);
    program_insn(&program, opcode);
    program_operand(&program, 0, d);
    program_operand(&program, 0, a);
    program.insn[0].flags = flags;
    runner = runner_new(&program);
    assert_true(run_insn(&runner, 0, 1, 1, d->mem, &verdict));
    runner_free(&runner);
}

static int compare_s64(const void *left, const void *right)
{
    const int64_t *a = left, *b = right;

    return (*a > *b) - (*a < *b);
}

/* All bits, some of them, few bits, and the ends. */
static int64_t wide_value(struct rng *rng)
{
    static const int64_t ends[] = { INT64_MIN, INT64_MIN + 1, -1, 0,
                                    INT64_MAX };
    int64_t value = (int64_t)rng_next(rng);

    switch (rng_range(rng, 0, 4)) {
    case 0:
        return value;
    case 1:
        return value >> 61;
    case 2:
        return value & ~0xffffffff;
    case 3:
        return 1000 * (1ll << 32) + (value & 0xffffffff);
    default:
        return ends[rng_range(rng, 0, 4)];
    }
}

/* d is a sorted, and its indices are a permutation in the order of equals. */
static void check_wide(const int64_t *sorted, const int64_t *a,
                       const int64_t *value, const int64_t *index, uint64_t n,
                       uint64_t k, bool descending)
{
    for (uint64_t i = 0; i < k; i++) {
        assert_int_equal(value[i], sorted[descending ? n - 1 - i : i]);
        assert_in_range(index[i], 0, n - 1);
        assert_int_equal(a[index[i]], value[i]);
        assert_true(!i || value[i] != value[i - 1] || index[i] > index[i - 1]);
    }
}

/* s64 that f64 cannot hold. */
static void test_wide(void **state)
{
    static const uint64_t sizes[] = { 1, 2, 63, 64, 65, 300, 5000, 70001 };
    struct test_mem *mem = mem_new(MEMORY);
    struct rng rng = rng_new(test_seed());

    (void)state;
    for (unsigned i = 0; i < 4 * sizeof(sizes) / sizeof(*sizes); i++) {
        uint64_t n = sizes[i / 4], k = i & 2 ? (n + 8) / 9 : n;
        bool descending = i & 1;
        uint32_t flags = descending ? NPU_INSN_DESCENDING : 0;
        struct tensor a, value, index;
        int64_t *sorted, *from;

        mem_reset(mem);
        a = tensor_new(mem, &rng, NPU_DTYPE_S64, 1, &n, 0);
        value = tensor_new(mem, &rng, NPU_DTYPE_S64, 1, &k, 0);
        index = tensor_new(mem, &rng, NPU_DTYPE_S64, 1, &k, 0);
        from = mem_at(mem, a.va);
        for (uint64_t j = 0; j < n; j++) {
            from[j] = wide_value(&rng);
        }
        run_line(&value, &a, NPU_OP_SORT, flags);
        run_line(&index, &a, NPU_OP_ARGSORT, flags);
        sorted = malloc(n * sizeof(*sorted));
        memcpy(sorted, from, n * sizeof(*sorted));
        qsort(sorted, n, sizeof(*sorted), compare_s64);
        check_wide(sorted, from, mem_at(mem, value.va), mem_at(mem, index.va),
                   n, k, descending);
        free(sorted);
    }
    mem_free(mem);
}

/* Zeros keep their signs and their places; every NaN is behind infinity. */
static void test_bits(void **state)
{
    static const uint32_t a[] = { 0xffc00001, 0x80000000, 0x7f800001,
                                  0x00000000, 0x80000001, 0xff800000,
                                  0x80000000, 0x00000001, 0x7f800000 };
    static const uint32_t ascending[] = { 0xff800000, 0x80000001, 0x80000000,
                                          0x00000000, 0x80000000, 0x00000001,
                                          0x7f800000 };
    static const int32_t indices[] = { 5, 4, 1, 3, 6, 7, 8, 0, 2 };
    static const int32_t down[] = { 0, 2, 8, 7, 1, 3, 6, 4, 5 };
    const uint64_t n = 9;
    struct test_mem *mem = mem_new(MEMORY);
    struct rng rng = rng_new(1);
    struct tensor from = tensor_new(mem, &rng, NPU_DTYPE_F32, 1, &n, 0);
    struct tensor to = tensor_new(mem, &rng, NPU_DTYPE_F32, 1, &n, 0);
    struct tensor index = tensor_new(mem, &rng, NPU_DTYPE_S32, 1, &n, 0);

    (void)state;
    memcpy(mem_at(mem, from.va), a, sizeof(a));
    run_line(&to, &from, NPU_OP_SORT, 0);
    assert_memory_equal(mem_at(mem, to.va), ascending, sizeof(ascending));
    for (uint64_t i = 7; i < n; i++) {
        assert_true(isnan(tensor_get(&to, &i)));
    }
    run_line(&index, &from, NPU_OP_ARGSORT, 0);
    assert_memory_equal(mem_at(mem, index.va), indices, sizeof(indices));
    run_line(&index, &from, NPU_OP_ARGSORT, NPU_INSN_DESCENDING);
    assert_memory_equal(mem_at(mem, index.va), down, sizeof(down));
    mem_free(mem);
}

/* Some of many, where a sample of every so many elements shows only the least. */
static void test_sample(void **state)
{
    struct test_mem *mem = mem_new(MEMORY);
    struct rng rng = rng_new(1);
    const uint64_t n = 4096, k = 512;
    struct tensor a = tensor_new(mem, &rng, NPU_DTYPE_F32, 1, &n, 0);
    struct tensor d = tensor_new(mem, &rng, NPU_DTYPE_F32, 1, &k, 0);

    (void)state;
    for (uint64_t every = 1; every <= 16; every *= 2) {
        for (uint64_t i = 0; i < n; i++) {
            tensor_put(&a, &i, (double)(i % every ? n - i : i / every));
        }
        run_line(&d, &a, NPU_OP_SORT, NPU_INSN_DESCENDING);
        for (uint64_t i = 1; i < k; i++) {
            double got = tensor_get(&d, &i);

            assert_true(got <= tensor_get(&d, (uint64_t[]){ i - 1 }));
            assert_true(got > 0);
        }
        run_line(&d, &a, NPU_OP_SORT, 0);
        for (uint64_t i = 0; i < k && i < n / every; i++) {
            assert_true(tensor_get(&d, &i) <= (double)i);
        }
    }
    mem_free(mem);
}

/* Equals that nothing tells apart are not lost, though only some are wanted. */
static void test_equals(void **state)
{
    struct test_mem *mem = mem_new(MEMORY);
    struct rng rng = rng_new(1);
    const uint64_t n = 4096, k = 512;
    struct tensor a = tensor_new(mem, &rng, NPU_DTYPE_S64, 1, &n, 0);
    struct tensor d = tensor_new(mem, &rng, NPU_DTYPE_S64, 1, &k, 0);

    (void)state;
    for (uint64_t i = 0; i < n; i++) {
        tensor_put(&a, &i, (double)(i & 1));
    }
    for (unsigned descending = 0; descending < 2; descending++) {
        run_line(&d, &a, NPU_OP_SORT, descending ? NPU_INSN_DESCENDING : 0);
        for (uint64_t i = 0; i < k; i++) {
            assert_true(tensor_get(&d, &i) == descending);
        }
    }
    mem_free(mem);
}

/* As many as there may be, and as few as are sorted in halves. */
static void test_longest(void **state)
{
    struct test_mem *mem = mem_new(MEMORY);
    struct rng rng = rng_new(test_seed());

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        bool indices = i & 1, descending = i & 2;
        uint64_t n = descending ? NPU_MAX_SORT / 2 + 1 : NPU_MAX_SORT;
        struct tensor a, d;

        mem_reset(mem);
        a = tensor_new(mem, &rng, indices ? NPU_DTYPE_S64 : NPU_DTYPE_F32, 1,
                       &n, 0);
        d = tensor_new(mem, &rng, indices ? NPU_DTYPE_S32 : NPU_DTYPE_F32, 1,
                       &n, 0);
        /* Each number once, in a mixed order. */
        for (uint64_t j = 0; j < n; j++) {
            tensor_put(&a, &j, (double)(j * 1000003 % n));
        }
        run_line(&d, &a, indices ? NPU_OP_ARGSORT : NPU_OP_SORT,
                 descending ? NPU_INSN_DESCENDING : 0);
        for (uint64_t j = 0; j < n; j++) {
            double got = tensor_get(&d, &j);

            if (indices) {
                got = tensor_get(&a, (uint64_t[]){ (uint64_t)got });
            }
            assert_true(got == (double)(descending ? n - 1 - j : j));
        }
    }
    mem_free(mem);
}

int main(void)
{
    struct suite suite = { 0 };

    for (unsigned i = 0; i < INSTRUCTIONS; i++) {
        const struct instruction *instruction = &instructions[i];
        const char *type = dtype_name(instruction->dtype);

        suite_add(&suite, test_any, (void *)instruction, "%s %s",
                  instruction->name, type);
        if (dtype_size(instruction->dtype) >= 4) {
            suite_add(&suite, test_many, (void *)instruction,
                      "%s %s, many tiles", instruction->name, type);
        }
    }
    suite_add(&suite, test_wide, NULL, "sort of s64, all bits");
    suite_add(&suite, test_bits, NULL, "sort of zeros and NaNs");
    suite_add(&suite, test_sample, NULL, "sort of what a sample misses");
    suite_add(&suite, test_equals, NULL, "sort of two numbers");
    suite_add(&suite, test_longest, NULL, "sort of the longest lines");
    return suite_run(&suite, "order");
}
