/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What goes along an axis in order: CUMSUM.
 */
#include <math.h>

#include "support-compute.h"

#define MEMORY (64u << 20)

struct instruction {
    const char *name;
    uint32_t opcode, dtype, flags;
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

#define CUMSUM(dtype)                                                     \
    { "cumsum", NPU_OP_CUMSUM, dtype, 0 },                                \
        { "exclusive cumsum", NPU_OP_CUMSUM, dtype, NPU_INSN_EXCLUSIVE }, \
        { "reverse cumsum", NPU_OP_CUMSUM, dtype, NPU_INSN_REVERSE },     \
    {                                                                     \
        "exclusive reverse cumsum", NPU_OP_CUMSUM, dtype,                 \
            NPU_INSN_EXCLUSIVE | NPU_INSN_REVERSE                         \
    }

static const struct instruction instructions[] = {
    CUMSUM(NPU_DTYPE_F32),
    CUMSUM(NPU_DTYPE_F16),
    CUMSUM(NPU_DTYPE_BF16),
    CUMSUM(NPU_DTYPE_S32),
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
    line_cumsum(&line);
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

/* An infinity or no number now and then. */
static void spoil(const struct tensor *a, struct rng *rng)
{
    static const double values[] = { INFINITY, -INFINITY, NAN, -0.0 };
    uint64_t index[NPU_MAX_RANK] = { 0 };

    do {
        if (!rng_range(rng, 0, 9)) {
            tensor_put(a, index, values[rng_range(rng, 0, 3)]);
        }
    } while (tensor_next(a, index));
}

struct shape {
    unsigned rank;
    uint64_t extent[NPU_MAX_RANK];
    unsigned axis;
};

static void run_case(const struct instruction *instruction,
                     struct test_mem *mem, struct rng *rng,
                     const struct shape *shape, unsigned layout, bool special)
{
    bool exact = !dtype_is_float(instruction->dtype);
    struct test_case c = { .instruction = instruction, .axis = shape->axis };
    struct expectation e = {
        .value = value,
        .arg = &c,
        .seed = test_seed(),
        .identical = true,
        .relative = exact ? 0 : 0x1p-23,
        .absolute = exact ? 0 : 0x1p-34,
    };
    struct program program;

    mem_reset(mem);
    c.d = tensor_new(mem, rng, instruction->dtype, shape->rank, shape->extent,
                     layout & LAYOUT_ANY);
    c.a = tensor_new(mem, rng, instruction->dtype, shape->rank, shape->extent,
                     layout);
    tensor_fill(&c.a, rng, exact && special ? VALUES_SPECIAL : VALUES_PLAIN);
    if (!exact && special) {
        spoil(&c.a, rng);
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

        for (unsigned dim = 0; dim < shape.rank; dim++) {
            shape.extent[dim] = (uint64_t)rng_range(&rng, 1,
                                                    shape.rank > 3 ? 6 : 21);
        }
        shape.axis = (unsigned)rng_range(&rng, 0, shape.rank - 1);
        run_case(instruction, mem, &rng, &shape, i % 8 | LAYOUT_BROADCAST,
                 i % 2);
    }
    mem_free(mem);
}

static void test_many(void **state)
{
    static const struct shape shapes[] = {
        { 2, { 2001, 11 }, 1 },
        { 2, { 13, 1503 }, 0 },
        { 3, { 2, 1009, 9 }, 1 },
        /* More than is within reach at once, along and across memory. */
        { 1, { 70007 }, 0 },
        { 2, { 8009, 9 }, 0 },
    };
    const struct instruction *instruction = *state;
    struct rng rng = rng_new(test_seed() + instruction->opcode);
    struct test_mem *mem = mem_new(MEMORY);

    for (unsigned i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
        run_case(instruction, mem, &rng, &shapes[i], 0, false);
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
        suite_add(&suite, test_many, (void *)instruction, "%s %s, many tiles",
                  instruction->name, type);
    }
    return suite_run(&suite, "order");
}
