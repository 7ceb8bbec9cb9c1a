/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reductions, ARGMAX, ARGMIN and SOFTMAX.
 */
#include <math.h>

#include "support-compute.h"

#define MEMORY (64u << 20)

struct instruction {
    const char *name;
    uint32_t opcode, dtype;
    /* From a line to its result, or as many as there are elements. */
    void (*of_line)(double *result, const double *line, uint64_t n);
    double ulps;     /* of f32, of the sum of magnitudes */
    uint32_t result; /* type of d; 0: that of a */
    uint32_t flags;
};

/* ---- Formulas for one line ----------------------------------------------- */

static void line_sum(double *result, const double *line, uint64_t n)
{
    long double sum = 0;

    for (uint64_t i = 0; i < n; i++) {
        sum += line[i];
    }
    *result = (double)sum;
}

static void line_sum_s32(double *result, const double *line, uint64_t n)
{
    int64_t sum = 0;

    for (uint64_t i = 0; i < n; i++) {
        sum += (int64_t)line[i];
    }
    *result = (int32_t)sum;
}

static void line_mean(double *result, const double *line, uint64_t n)
{
    line_sum(result, line, n);
    *result /= (double)n;
}

/* The first of the largest (sign 1) or the smallest (sign -1). */
static uint64_t best_of(const double *line, uint64_t n, double sign)
{
    uint64_t best = 0;

    for (uint64_t i = 0; i < n; i++) {
        if (isnan(line[i])) {
            return i;
        }
        if (sign * line[i] > sign * line[best]) {
            best = i;
        }
    }
    return best;
}

static uint64_t best(const double *line, uint64_t n)
{
    return best_of(line, n, 1);
}

static uint64_t last_of(const double *line, uint64_t n, double sign)
{
    uint64_t best = best_of(line, n, sign);

    for (uint64_t i = n; i-- > best;) {
        if (line[i] == line[best] || (isnan(line[i]) && isnan(line[best]))) {
            return i;
        }
    }
    return best;
}

static void line_min(double *result, const double *line, uint64_t n)
{
    *result = line[best_of(line, n, -1)];
}

static void line_argmin(double *result, const double *line, uint64_t n)
{
    *result = (double)best_of(line, n, -1);
}

static void line_argmin_last(double *result, const double *line, uint64_t n)
{
    *result = (double)last_of(line, n, -1);
}

static void line_argmax_last(double *result, const double *line, uint64_t n)
{
    *result = (double)last_of(line, n, 1);
}

static void line_prod(double *result, const double *line, uint64_t n)
{
    long double product = 1;

    for (uint64_t i = 0; i < n; i++) {
        product *= line[i];
    }
    *result = (double)product;
}

static void line_prod_s32(double *result, const double *line, uint64_t n)
{
    uint32_t product = 1;

    for (uint64_t i = 0; i < n; i++) {
        product *= (uint32_t)(int32_t)line[i];
    }
    *result = (int32_t)product;
}

static void line_l1(double *result, const double *line, uint64_t n)
{
    long double sum = 0;

    for (uint64_t i = 0; i < n; i++) {
        sum += fabs(line[i]);
    }
    *result = (double)sum;
}

static void line_square(double *result, const double *line, uint64_t n)
{
    long double sum = 0;

    for (uint64_t i = 0; i < n; i++) {
        sum += (long double)line[i] * line[i];
    }
    *result = (double)sum;
}

static void line_square_s32(double *result, const double *line, uint64_t n)
{
    uint32_t sum = 0;

    for (uint64_t i = 0; i < n; i++) {
        sum += (uint32_t)(int32_t)line[i] * (uint32_t)(int32_t)line[i];
    }
    *result = (int32_t)sum;
}

static void line_l2(double *result, const double *line, uint64_t n)
{
    line_square(result, line, n);
    *result = sqrt(*result);
}

static void line_log_sum(double *result, const double *line, uint64_t n)
{
    line_sum(result, line, n);
    *result = log(*result);
}

/* In two passes. */
static void line_log_sum_exp(double *result, const double *line, uint64_t n)
{
    double max = line[best(line, n)];
    long double sum = 0;

    for (uint64_t i = 0; i < n; i++) {
        sum += exp(line[i] - max);
    }
    *result = isinf(max) ? max : max + log((double)sum);
}

static void line_max(double *result, const double *line, uint64_t n)
{
    *result = line[best(line, n)];
}

static void line_argmax(double *result, const double *line, uint64_t n)
{
    *result = (double)best(line, n);
}

static void line_softmax(double *result, const double *line, uint64_t n)
{
    double max = line[best(line, n)], sum = 0;

    for (uint64_t i = 0; i < n; i++) {
        sum += exp(line[i] - max);
    }
    for (uint64_t i = 0; i < n; i++) {
        result[i] = exp(line[i] - max) / sum;
    }
}

static const struct instruction instructions[] = {
    { "sum", NPU_OP_REDUCE_SUM, NPU_DTYPE_F32, line_sum, 1 },
    { "sum", NPU_OP_REDUCE_SUM, NPU_DTYPE_F16, line_sum, 1 },
    { "sum", NPU_OP_REDUCE_SUM, NPU_DTYPE_BF16, line_sum, 1 },
    { "sum", NPU_OP_REDUCE_SUM, NPU_DTYPE_S32, line_sum_s32, 0 },
    { "mean", NPU_OP_REDUCE_MEAN, NPU_DTYPE_F32, line_mean, 1 },
    { "mean", NPU_OP_REDUCE_MEAN, NPU_DTYPE_F16, line_mean, 1 },
    { "mean", NPU_OP_REDUCE_MEAN, NPU_DTYPE_BF16, line_mean, 1 },
    { "max", NPU_OP_REDUCE_MAX, NPU_DTYPE_F32, line_max, 0 },
    { "max", NPU_OP_REDUCE_MAX, NPU_DTYPE_F16, line_max, 0 },
    { "max", NPU_OP_REDUCE_MAX, NPU_DTYPE_BF16, line_max, 0 },
    { "max", NPU_OP_REDUCE_MAX, NPU_DTYPE_S32, line_max, 0 },
    { "argmax", NPU_OP_ARGMAX, NPU_DTYPE_F32, line_argmax, 0, NPU_DTYPE_S32 },
    { "argmax", NPU_OP_ARGMAX, NPU_DTYPE_F16, line_argmax, 0, NPU_DTYPE_S32 },
    { "argmax", NPU_OP_ARGMAX, NPU_DTYPE_BF16, line_argmax, 0, NPU_DTYPE_S32 },
    { "argmax", NPU_OP_ARGMAX, NPU_DTYPE_S32, line_argmax, 0, NPU_DTYPE_S32 },
    { "min", NPU_OP_REDUCE_MIN, NPU_DTYPE_F32, line_min, 0 },
    { "min", NPU_OP_REDUCE_MIN, NPU_DTYPE_F16, line_min, 0 },
    { "min", NPU_OP_REDUCE_MIN, NPU_DTYPE_BF16, line_min, 0 },
    { "min", NPU_OP_REDUCE_MIN, NPU_DTYPE_S32, line_min, 0 },
    { "prod", NPU_OP_REDUCE_PROD, NPU_DTYPE_F32, line_prod, 1 },
    { "prod", NPU_OP_REDUCE_PROD, NPU_DTYPE_F16, line_prod, 1 },
    { "prod", NPU_OP_REDUCE_PROD, NPU_DTYPE_BF16, line_prod, 1 },
    { "prod", NPU_OP_REDUCE_PROD, NPU_DTYPE_S32, line_prod_s32, 0 },
    { "l1", NPU_OP_REDUCE_L1, NPU_DTYPE_F32, line_l1, 1 },
    { "l1", NPU_OP_REDUCE_L1, NPU_DTYPE_F16, line_l1, 1 },
    { "l1", NPU_OP_REDUCE_L1, NPU_DTYPE_BF16, line_l1, 1 },
    { "l2", NPU_OP_REDUCE_L2, NPU_DTYPE_F32, line_l2, 1 },
    { "l2", NPU_OP_REDUCE_L2, NPU_DTYPE_F16, line_l2, 1 },
    { "l2", NPU_OP_REDUCE_L2, NPU_DTYPE_BF16, line_l2, 1 },
    { "sum square", NPU_OP_REDUCE_SUM_SQUARE, NPU_DTYPE_F32, line_square, 1 },
    { "sum square", NPU_OP_REDUCE_SUM_SQUARE, NPU_DTYPE_F16, line_square, 1 },
    { "sum square", NPU_OP_REDUCE_SUM_SQUARE, NPU_DTYPE_BF16, line_square, 1 },
    { "sum square", NPU_OP_REDUCE_SUM_SQUARE, NPU_DTYPE_S32, line_square_s32,
      0 },
    { "log sum", NPU_OP_REDUCE_LOG_SUM, NPU_DTYPE_F32, line_log_sum, 1 },
    { "log sum", NPU_OP_REDUCE_LOG_SUM, NPU_DTYPE_F16, line_log_sum, 1 },
    { "log sum", NPU_OP_REDUCE_LOG_SUM, NPU_DTYPE_BF16, line_log_sum, 1 },
    { "log sum exp", NPU_OP_REDUCE_LOG_SUM_EXP, NPU_DTYPE_F32, line_log_sum_exp,
      1 },
    { "log sum exp", NPU_OP_REDUCE_LOG_SUM_EXP, NPU_DTYPE_F16, line_log_sum_exp,
      1 },
    { "log sum exp", NPU_OP_REDUCE_LOG_SUM_EXP, NPU_DTYPE_BF16,
      line_log_sum_exp, 1 },
    { "any", NPU_OP_REDUCE_ANY, NPU_DTYPE_BOOL, line_max, 0 },
    { "all", NPU_OP_REDUCE_ALL, NPU_DTYPE_BOOL, line_min, 0 },
    { "argmin", NPU_OP_ARGMIN, NPU_DTYPE_F32, line_argmin, 0, NPU_DTYPE_S32,
      0 },
    { "argmin", NPU_OP_ARGMIN, NPU_DTYPE_F16, line_argmin, 0, NPU_DTYPE_S32,
      0 },
    { "argmin", NPU_OP_ARGMIN, NPU_DTYPE_BF16, line_argmin, 0, NPU_DTYPE_S32,
      0 },
    { "argmin", NPU_OP_ARGMIN, NPU_DTYPE_S32, line_argmin, 0, NPU_DTYPE_S32,
      0 },
    { "argmin to s64", NPU_OP_ARGMIN, NPU_DTYPE_F32, line_argmin, 0,
      NPU_DTYPE_S64, 0 },
    { "argmax to s64", NPU_OP_ARGMAX, NPU_DTYPE_S32, line_argmax, 0,
      NPU_DTYPE_S64, 0 },
    { "last argmin", NPU_OP_ARGMIN, NPU_DTYPE_F32, line_argmin_last, 0,
      NPU_DTYPE_S32, NPU_INSN_LAST },
    { "last argmin", NPU_OP_ARGMIN, NPU_DTYPE_F16, line_argmin_last, 0,
      NPU_DTYPE_S32, NPU_INSN_LAST },
    { "last argmin", NPU_OP_ARGMIN, NPU_DTYPE_BF16, line_argmin_last, 0,
      NPU_DTYPE_S32, NPU_INSN_LAST },
    { "last argmin", NPU_OP_ARGMIN, NPU_DTYPE_S32, line_argmin_last, 0,
      NPU_DTYPE_S32, NPU_INSN_LAST },
    { "last argmax", NPU_OP_ARGMAX, NPU_DTYPE_F32, line_argmax_last, 0,
      NPU_DTYPE_S32, NPU_INSN_LAST },
    { "last argmax", NPU_OP_ARGMAX, NPU_DTYPE_F16, line_argmax_last, 0,
      NPU_DTYPE_S32, NPU_INSN_LAST },
    { "last argmax", NPU_OP_ARGMAX, NPU_DTYPE_BF16, line_argmax_last, 0,
      NPU_DTYPE_S32, NPU_INSN_LAST },
    { "last argmax", NPU_OP_ARGMAX, NPU_DTYPE_S32, line_argmax_last, 0,
      NPU_DTYPE_S32, NPU_INSN_LAST },
    { "softmax", NPU_OP_SOFTMAX, NPU_DTYPE_F32, line_softmax, 8 },
    { "softmax", NPU_OP_SOFTMAX, NPU_DTYPE_F16, line_softmax, 8 },
    { "softmax", NPU_OP_SOFTMAX, NPU_DTYPE_BF16, line_softmax, 8 },
};

#define INSTRUCTIONS (sizeof(instructions) / sizeof(*instructions))

/* ---- Cases --------------------------------------------------------------- */

struct reduction {
    const struct instruction *instruction;
    struct tensor d, a;
    unsigned axis;
    double *results; /* of every line, in the order of d's elements */
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
    const struct reduction *r = arg;

    return r->results[position(&r->d, index)];
}

/* The results of the line at an index whose place on the axis is 0. */
static void calculate_line(struct reduction *r, const uint64_t *index)
{
    uint64_t n = r->a.desc.extent[r->axis], at[NPU_MAX_RANK];
    double *line = malloc(2 * n * sizeof(*line)), *result = line + n;

    memcpy(at, index, sizeof(at));
    for (at[r->axis] = 0; at[r->axis] < n; at[r->axis]++) {
        line[at[r->axis]] = tensor_get(&r->a, at);
    }
    r->instruction->of_line(result, line, n);
    n = r->d.desc.extent[r->axis];
    for (at[r->axis] = 0; at[r->axis] < n; at[r->axis]++) {
        r->results[position(&r->d, at)] = result[at[r->axis]];
    }
    free(line);
}

static void calculate(struct reduction *r)
{
    struct tensor lines = r->d;
    uint64_t index[NPU_MAX_RANK] = { 0 };

    r->results = malloc(tensor_elements(&r->d) * sizeof(*r->results));
    lines.desc.extent[r->axis] = 1;
    do {
        calculate_line(r, index);
    } while (tensor_next(&lines, index));
}

static void run_case(const struct instruction *instruction,
                     struct test_mem *mem, struct rng *rng, unsigned rank,
                     const uint64_t *extent, unsigned axis, unsigned layout,
                     enum values values)
{
    struct reduction r = { .instruction = instruction, .axis = axis };
    struct expectation e = {
        .value = value,
        .arg = &r,
        .seed = test_seed(),
        .identical = true,
        .relative = instruction->ulps * 0x1p-23,
        .absolute = instruction->ulps ? 0x1p-30 : 0,
    };
    uint64_t result[NPU_MAX_RANK];
    struct program program;

    mem_reset(mem);
    memcpy(result, extent, rank * sizeof(*extent));
    if (instruction->opcode != NPU_OP_SOFTMAX) {
        result[axis] = 1;
    }
    r.d = tensor_new(mem, rng,
                     instruction->result ? instruction->result :
                                           instruction->dtype,
                     rank, result, layout);
    r.a = tensor_new(mem, rng, instruction->dtype, rank, extent,
                     layout | LAYOUT_BROADCAST);
    tensor_fill(&r.a, rng, values);
    calculate(&r);
    program_init(&program);
    program_insn(&program, instruction->opcode);
    program_operand(&program, 0, &r.d);
    program_operand(&program, 0, &r.a);
    program.insn[0].axis.axis = axis;
    program.insn[0].flags = instruction->flags;
    expect(&program, &r.d, &e);
    free(r.results);
}

static void test_reduce(void **state)
{
    const struct instruction *instruction = *state;
    struct rng rng = rng_new(test_seed() + instruction->opcode * 8 +
                             instruction->dtype);
    struct test_mem *mem = mem_new(MEMORY);
    bool special = !instruction->ulps ||
                   instruction->opcode == NPU_OP_REDUCE_LOG_SUM_EXP;

    for (unsigned i = 0; i < 16; i++) {
        unsigned rank = (unsigned)rng_range(&rng, 1, 5);
        uint64_t extent[NPU_MAX_RANK];

        for (unsigned dim = 0; dim < rank; dim++) {
            extent[dim] = (uint64_t)rng_range(&rng, 1, rank > 3 ? 6 : 21);
        }
        run_case(instruction, mem, &rng, rank, extent,
                 (unsigned)rng_range(&rng, 0, rank - 1), i % 8,
                 special && i % 2 ? VALUES_SPECIAL : VALUES_PLAIN);
    }
    mem_free(mem);
}

static void test_reduce_many(void **state)
{
    const struct instruction *instruction = *state;
    struct rng rng = rng_new(test_seed() + instruction->opcode);
    struct test_mem *mem = mem_new(MEMORY);

    /* Many lines, long lines, and both with the axis outermost. */
    run_case(instruction, mem, &rng, 2, (uint64_t[]){ 3001, 11 }, 1, 0,
             VALUES_PLAIN);
    run_case(instruction, mem, &rng, 2, (uint64_t[]){ 13, 2503 }, 0, 0,
             VALUES_PLAIN);
    run_case(instruction, mem, &rng, 2, (uint64_t[]){ 2, 20011 }, 1, 0,
             VALUES_PLAIN);
    run_case(instruction, mem, &rng, 3, (uint64_t[]){ 2, 1009, 33 }, 1,
             LAYOUT_PADDED, VALUES_PLAIN);
    mem_free(mem);
}

/* A line longer than one view holds, along and across memory. */
static void test_reduce_long(void **state)
{
    const struct instruction *instruction = *state;
    struct rng rng = rng_new(test_seed() + instruction->opcode);
    struct test_mem *mem = mem_new(MEMORY);

    run_case(instruction, mem, &rng, 1, (uint64_t[]){ 300007 }, 0, 0,
             VALUES_POSITIVE);
    run_case(instruction, mem, &rng, 2, (uint64_t[]){ 20003, 17 }, 0, 0,
             VALUES_POSITIVE);
    mem_free(mem);
}

/* The first of equal maxima, at every place of a line. */
static void test_argmax_first(void **state)
{
    struct test_mem *mem = mem_new(MEMORY);
    struct rng rng = rng_new(1);
    const uint64_t extent[] = { 200 }, one[] = { 1 };
    struct tensor d = tensor_new(mem, &rng, NPU_DTYPE_S32, 1, one, 0);
    struct tensor a = tensor_new(mem, &rng, NPU_DTYPE_F32, 1, extent, 0);
    struct program program;
    struct runner runner;

    (void)state;
    program_init(&program);
    program_insn(&program, NPU_OP_ARGMAX);
    program_operand(&program, 0, &d);
    program_operand(&program, 0, &a);
    runner = runner_new(&program);
    for (uint64_t first = 0; first < 200; first++) {
        uint64_t zero = 0;
        struct npu_verdict verdict;

        for (uint64_t i = 0; i < 200; i++) {
            tensor_put(&a, &i, i < first ? -INFINITY : first % 3 ? 1 : NAN);
        }
        assert_true(run_insn(&runner, 0, 1, 1, mem, &verdict));
        assert_int_equal(tensor_get(&d, &zero), first);
    }
    for (uint64_t i = 0; i < 200; i++) {
        tensor_put(&a, &i, -INFINITY);
    }
    assert_true(run_insn(&runner, 0, 1, 1, mem, &(struct npu_verdict){ 0 }));
    assert_int_equal(tensor_get(&d, (uint64_t[]){ 0 }), 0);
    runner_free(&runner);
    mem_free(mem);
}

/* Softmax does not overflow, and adds up to one. */
static void test_softmax_large(void **state)
{
    struct test_mem *mem = mem_new(MEMORY);
    struct rng rng = rng_new(2);
    const uint64_t extent[] = { 3, 5 };
    struct tensor d = tensor_new(mem, &rng, NPU_DTYPE_F32, 2, extent, 0);
    struct tensor a = tensor_new(mem, &rng, NPU_DTYPE_F32, 2, extent, 0);
    uint64_t index[2] = { 0 };
    struct npu_verdict verdict;
    struct program program;
    struct runner runner;

    (void)state;
    do {
        tensor_put(&a, index,
                   index[0] == 0 ? 1e30 :
                   index[0] == 1 ? -1e30 :
                   index[1] == 2 ? 1000 :
                                   -1000);
    } while (tensor_next(&a, index));
    program_init(&program);
    program_insn(&program, NPU_OP_SOFTMAX);
    program_operand(&program, 0, &d);
    program_operand(&program, 0, &a);
    program.insn[0].axis.axis = 1;
    runner = runner_new(&program);
    assert_true(run_insn(&runner, 0, 1, 1, mem, &verdict));
    do {
        double want = index[0] < 2 ? 0.2 : index[1] == 2 ? 1 : 0;

        assert_true(fabs(tensor_get(&d, index) - want) < 1e-7);
    } while (tensor_next(&d, index));
    runner_free(&runner);
    mem_free(mem);
}

int main(void)
{
    struct suite suite = { 0 };

    for (unsigned i = 0; i < INSTRUCTIONS; i++) {
        const struct instruction *instruction = &instructions[i];
        const char *type = dtype_name(instruction->dtype);

        suite_add(&suite, test_reduce, (void *)instruction, "%s %s",
                  instruction->name, type);
        suite_add(&suite, test_reduce_many, (void *)instruction,
                  "%s %s, many tiles", instruction->name, type);
        suite_add(&suite, test_reduce_long, (void *)instruction,
                  "%s %s, long axis", instruction->name, type);
    }
    suite_add(&suite, test_argmax_first, NULL, "argmax takes the first");
    suite_add(&suite, test_softmax_large, NULL, "softmax of huge values");
    return suite_run(&suite, "reduce");
}
