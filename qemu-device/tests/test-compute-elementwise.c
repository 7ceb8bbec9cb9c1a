/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every element-wise instruction and type against its formula in f64.
 */
#include <math.h>

#include "support-compute.h"

#define ULP_F32 0x1p-23
#define MEMORY (16u << 20)

struct instruction {
    const char *name;
    uint32_t opcode;
    unsigned sources;
    double (*real)(double a, double b);
    int64_t (*integer)(int64_t a, int64_t b); /* wraps to the type; or none */
    double ulps;                              /* of f32; 0: the nearest value */
    double absolute;
};

/* ---- Formulas ------------------------------------------------------------ */

#define REAL(name, expr)                   \
    static double name(double a, double b) \
    {                                      \
        (void)b;                           \
        return expr;                       \
    }
/* Modulo 2^64. */
#define INTEGER(name, expr)                        \
    static int64_t name(int64_t a, int64_t b)      \
    {                                              \
        uint64_t u = (uint64_t)a, v = (uint64_t)b; \
                                                   \
        (void)u;                                   \
        (void)v;                                   \
        return (int64_t)(expr);                    \
    }

REAL(real_add, a + b)
REAL(real_sub, a - b)
REAL(real_mul, a *b)
REAL(real_div, a / b)
REAL(real_min, isnan(a) || isnan(b) ? NAN : a < b ? a : b)
REAL(real_max, isnan(a) || isnan(b) ? NAN : a > b ? a : b)
INTEGER(integer_add, u + v)
INTEGER(integer_sub, u - v)
INTEGER(integer_mul, u *v)
INTEGER(integer_div, b == 0 ? -1 : b == -1 ? (int64_t)(0 - u) : a / b)
INTEGER(integer_min, a < b ? a : b)
INTEGER(integer_max, a > b ? a : b)

REAL(real_neg, -a)
REAL(real_abs, fabs(a))
REAL(real_relu, isnan(a) ? NAN : a > 0 ? a : 0)
INTEGER(integer_neg, 0 - u)
INTEGER(integer_abs, a < 0 ? 0 - u : u)
INTEGER(integer_relu, a > 0 ? a : 0)

REAL(real_exp, exp(a))
REAL(real_log, log(a))
REAL(real_sqrt, sqrt(a))
REAL(real_rsqrt, 1 / sqrt(a))
REAL(real_tanh, tanh(a))
REAL(real_sigmoid, 1 / (1 + exp(-a)))
REAL(real_gelu, a / 2 * (1 + erf(a / sqrt(2))))
REAL(real_gelu_tanh,
     a / 2 * (1 + tanh(sqrt(2 / M_PI) * (a + 0.044715 * a * a * a))))
REAL(real_silu, a *(1 / (1 + exp(-a))))

static const struct instruction instructions[] = {
    { "add", NPU_OP_ADD, 2, real_add, integer_add, 0, 0 },
    { "sub", NPU_OP_SUB, 2, real_sub, integer_sub, 0, 0 },
    { "mul", NPU_OP_MUL, 2, real_mul, integer_mul, 0, 0 },
    { "div", NPU_OP_DIV, 2, real_div, integer_div, 0, 0 },
    { "min", NPU_OP_MIN, 2, real_min, integer_min, 0, 0 },
    { "max", NPU_OP_MAX, 2, real_max, integer_max, 0, 0 },
    { "neg", NPU_OP_NEG, 1, real_neg, integer_neg, 0, 0 },
    { "abs", NPU_OP_ABS, 1, real_abs, integer_abs, 0, 0 },
    { "relu", NPU_OP_RELU, 1, real_relu, integer_relu, 0, 0 },
    { "exp", NPU_OP_EXP, 1, real_exp, NULL, 2, 0x1p-148 },
    { "log", NPU_OP_LOG, 1, real_log, NULL, 2, 0 },
    { "sqrt", NPU_OP_SQRT, 1, real_sqrt, NULL, 0, 0 },
    { "rsqrt", NPU_OP_RSQRT, 1, real_rsqrt, NULL, 2, 0 },
    { "tanh", NPU_OP_TANH, 1, real_tanh, NULL, 3, 0x1p-148 },
    { "sigmoid", NPU_OP_SIGMOID, 1, real_sigmoid, NULL, 3, 0x1p-125 },
    { "gelu", NPU_OP_GELU, 1, real_gelu, NULL, 4, 0x1p-22 },
    { "gelu_tanh", NPU_OP_GELU_TANH, 1, real_gelu_tanh, NULL, 4, 0x1p-22 },
    { "silu", NPU_OP_SILU, 1, real_silu, NULL, 4, 0x1p-124 },
};

#define INSTRUCTIONS (sizeof(instructions) / sizeof(*instructions))
#define DTYPES 5

/* ---- Cases --------------------------------------------------------------- */

struct test_case {
    const struct instruction *instruction;
    uint32_t dtype;
};

struct operands {
    const struct instruction *instruction;
    struct tensor d, a, b;
};

static double value(const void *arg, const uint64_t *index)
{
    const struct operands *operands = arg;
    const struct instruction *instruction = operands->instruction;
    double a = tensor_get(&operands->a, index), b = 0;

    if (instruction->sources > 1) {
        b = tensor_get(&operands->b, index);
    }
    if (!dtype_is_float(operands->d.desc.dtype)) {
        int64_t integer = instruction->integer((int64_t)a, (int64_t)b);

        return operands->d.desc.dtype == NPU_DTYPE_S32 ? (int32_t)integer :
                                                         (double)integer;
    }
    return instruction->real(a, b);
}

static struct expectation tolerance(const struct instruction *instruction,
                                    uint64_t seed)
{
    struct expectation e = { .value = value, .identical = true, .seed = seed };

    e.relative = instruction->ulps * ULP_F32;
    e.absolute = instruction->absolute;
    return e;
}

static void run_case(const struct test_case *test, struct test_mem *mem,
                     struct rng *rng, uint64_t seed, unsigned rank,
                     const uint64_t *extent, unsigned layout,
                     enum values values)
{
    struct operands operands = { .instruction = test->instruction };
    struct expectation e = tolerance(test->instruction, seed);
    struct program program;
    unsigned insn;

    mem_reset(mem);
    operands.d = tensor_new(mem, rng, test->dtype, rank, extent, layout);
    operands.a = tensor_new(mem, rng, test->dtype, rank, extent,
                            layout | LAYOUT_BROADCAST);
    tensor_fill(&operands.a, rng, values);
    program_init(&program);
    insn = program_insn(&program, test->instruction->opcode);
    program_operand(&program, insn, &operands.d);
    program_operand(&program, insn, &operands.a);
    if (test->instruction->sources > 1) {
        operands.b = tensor_new(mem, rng, test->dtype, rank, extent,
                                layout | LAYOUT_BROADCAST);
        tensor_fill(&operands.b, rng, values);
        program_operand(&program, insn, &operands.b);
    }
    e.arg = &operands;
    expect(&program, &operands.d, &e);
}

/* The destination is one of the sources. */
static void run_in_place(const struct test_case *test, struct test_mem *mem,
                         struct rng *rng, uint64_t seed)
{
    struct operands operands = { .instruction = test->instruction };
    struct expectation e = tolerance(test->instruction, seed);
    const uint64_t extent[] = { 7, 129, 13 };
    struct program program;
    unsigned insn;

    mem_reset(mem);
    operands.a = tensor_new(mem, rng, test->dtype, 3, extent, LAYOUT_ANY);
    tensor_fill(&operands.a, rng, VALUES_POSITIVE);
    operands.b = operands.d = operands.a;
    program_init(&program);
    insn = program_insn(&program, test->instruction->opcode);
    for (unsigned i = 0; i <= test->instruction->sources; i++) {
        program_operand(&program, insn, &operands.a);
    }
    e.arg = &operands;
    expect(&program, &operands.d, &e);
}

static void test_elementwise(void **state)
{
    const struct test_case *test = *state;
    uint64_t seed = test_seed();
    struct rng rng = rng_new(seed + test->instruction->opcode * 10 +
                             test->dtype);
    struct test_mem *mem = mem_new(MEMORY);

    for (unsigned i = 0; i < 24; i++) {
        unsigned rank = (unsigned)rng_range(&rng, 1, 6);
        uint64_t extent[NPU_MAX_RANK];

        for (unsigned dim = 0; dim < rank; dim++) {
            extent[dim] = (uint64_t)rng_range(&rng, 1, rank > 3 ? 5 : 17);
        }
        run_case(test, mem, &rng, seed, rank, extent, i % 8,
                 i % 2 ? VALUES_SPECIAL : VALUES_PLAIN);
    }
    run_case(test, mem, &rng, seed, 1, (uint64_t[]){ 60001 }, LAYOUT_DENSE,
             VALUES_SPECIAL);
    run_case(test, mem, &rng, seed, 2, (uint64_t[]){ 1, 1 }, LAYOUT_DENSE,
             VALUES_PLAIN);
    run_case(test, mem, &rng, seed, 3, (uint64_t[]){ 5, 37, 301 }, LAYOUT_ANY,
             VALUES_PLAIN);
    run_in_place(test, mem, &rng, seed);
    mem_free(mem);
}

int main(void)
{
    /* clang-format off */
    static const uint32_t dtypes[DTYPES] = {
        NPU_DTYPE_F32, NPU_DTYPE_F16, NPU_DTYPE_BF16, NPU_DTYPE_S32,
        NPU_DTYPE_S64,
    };
    /* clang-format on */
    static struct test_case cases[INSTRUCTIONS * DTYPES];
    struct suite suite = { 0 };
    unsigned n = 0;

    for (unsigned i = 0; i < INSTRUCTIONS; i++) {
        for (unsigned j = 0; j < DTYPES; j++) {
            if (!dtype_is_float(dtypes[j]) && !instructions[i].integer) {
                continue;
            }
            cases[n] = (struct test_case){ &instructions[i], dtypes[j] };
            suite_add(&suite, test_elementwise, &cases[n], "%s %s",
                      instructions[i].name, dtype_name(dtypes[j]));
            n++;
        }
    }
    return suite_run(&suite, "elementwise");
}
