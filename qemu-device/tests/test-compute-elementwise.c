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
    double (*real)(double a, double b, double c);
    int64_t (*integer)(int64_t a, int64_t b,
                       int64_t c); /* wraps to the type; or none */
    double ulps;                   /* of f32; 0: the nearest value */
    double absolute;
    bool plain;     /* without infinities times what underflows */
    bool asks;      /* d is bool */
    bool condition; /* a is bool */
    bool small;     /* takes s8, u8 and bool, too */
    bool no_bool, only_bool;
};

/* ---- Formulas ------------------------------------------------------------ */

#define REAL(name, expr)                             \
    static double name(double a, double b, double c) \
    {                                                \
        (void)b;                                     \
        (void)c;                                     \
        return expr;                                 \
    }
/* Modulo 2^64. */
#define INTEGER(name, expr)                                         \
    static int64_t name(int64_t a, int64_t b, int64_t c)            \
    {                                                               \
        uint64_t u = (uint64_t)a, v = (uint64_t)b, w = (uint64_t)c; \
                                                                    \
        (void)u;                                                    \
        (void)v;                                                    \
        (void)w;                                                    \
        return (int64_t)(expr);                                     \
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

/* Questions are answered with 0 and 1. */
#define BOTH(name, expr)    \
    REAL(real_##name, expr) \
    INTEGER(integer_##name, expr)

BOTH(eq, a == b)
BOTH(ne, a != b)
BOTH(lt, a < b)
BOTH(le, a <= b)
BOTH(gt, a > b)
BOTH(ge, a >= b)
BOTH(where, a != 0 ? b : c)
BOTH(clamp, c < (a < b ? b : a) ? c : (a < b ? b : a))
BOTH(sign, a > 0 ? 1 : a < 0 ? -1 : a)
REAL(real_muladd, (float)((float)(a *b) + c))
INTEGER(integer_muladd, u *v + w)
INTEGER(integer_and, u &v)
INTEGER(integer_or, u | v)
INTEGER(integer_xor, u ^ v)
INTEGER(integer_bit_not, ~u)
INTEGER(integer_not, !a)
/* Of s32, the lower half; what is shifted out of that is 0, or the sign. */
INTEGER(integer_shl, v < 64 ? u << v : 0)
INTEGER(integer_shr, a >> (v < 64 ? v : 63))

static int64_t rest(int64_t a, int64_t b)
{
    return b == 0 ? a : b == -1 ? 0 : a % b;
}

INTEGER(integer_rem, rest(a, b))
INTEGER(integer_mod,
        rest(a, b) && (a < 0) != (b < 0) ? rest(a, b) + b : rest(a, b))
INTEGER(integer_floor_div, b == 0  ? -1 :
                           b == -1 ? (int64_t)(0 - u) :
                                     a / b - (a % b && (a < 0) != (b < 0)))
REAL(real_rem, fmod(a, b))
REAL(real_mod, fmod(a, b) != 0 && signbit(fmod(a, b)) != signbit(b) ?
                   fmod(a, b) + b :
                   fmod(a, b))
REAL(real_floor_div, floor((float)(a / b)))
REAL(real_pow, pow(a, b))
REAL(real_atan2, atan2(a, b))

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double softplus(double x)
{
    return x > 30 ? x + exp(-x) : log1p(exp(x));
}

static double between(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

REAL(real_swiglu, a *sigmoid(a) * b)
REAL(real_geglu, real_gelu(a, 0, 0) * b)
REAL(real_geglu_tanh, real_gelu_tanh(a, 0, 0) * b)
REAL(real_reglu, (float)(a < 0 ? 0 : a) * b)
REAL(real_glu, a *sigmoid(b))
REAL(real_prelu, a < 0 ? a * b : a)
REAL(real_elu, a < 0 ? b * expm1(a) : a)
REAL(real_reciprocal, 1 / a)
REAL(real_floor, floor(a))
REAL(real_ceil, ceil(a))
REAL(real_round, nearbyint(a))
REAL(real_trunc, trunc(a))
REAL(real_exp2, exp2(a))
REAL(real_expm1, expm1(a))
REAL(real_log1p, log1p(a))
REAL(real_log2, log2(a))
REAL(real_erf, erf(a))
REAL(real_sin, sin(a))
REAL(real_cos, cos(a))
REAL(real_tan, tan(a))
REAL(real_asin, asin(a))
REAL(real_acos, acos(a))
REAL(real_atan, atan(a))
REAL(real_sinh, sinh(a))
REAL(real_cosh, cosh(a))
REAL(real_asinh, asinh(a))
REAL(real_acosh, acosh(a))
REAL(real_atanh, atanh(a))
REAL(real_gelu_quick, a *sigmoid((double)1.702f * a))
REAL(real_softplus, softplus(a))
REAL(real_softsign, isinf(a) ? copysign(1, a) : a / (1 + fabs(a)))
REAL(real_mish, a *tanh(softplus(a)))
REAL(real_relu6, between(a, 0, 6))
REAL(real_hard_sigmoid, between(a / 6 + 0.5, 0, 1))
REAL(real_hard_swish, a *between(a / 6 + 0.5, 0, 1))
REAL(real_selu,
     1.0507009873554805 * (a > 0 ? a : 1.6732632423543772 * expm1(a)))
REAL(real_is_nan, isnan(a))
REAL(real_is_inf, isinf(a))

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
    { .name = "eq",
      .opcode = NPU_OP_EQ,
      .sources = 2,
      .real = real_eq,
      .integer = integer_eq,
      .asks = true,
      .small = true },
    { .name = "ne",
      .opcode = NPU_OP_NE,
      .sources = 2,
      .real = real_ne,
      .integer = integer_ne,
      .asks = true,
      .small = true },
    { .name = "lt",
      .opcode = NPU_OP_LT,
      .sources = 2,
      .real = real_lt,
      .integer = integer_lt,
      .asks = true,
      .small = true },
    { .name = "le",
      .opcode = NPU_OP_LE,
      .sources = 2,
      .real = real_le,
      .integer = integer_le,
      .asks = true,
      .small = true },
    { .name = "gt",
      .opcode = NPU_OP_GT,
      .sources = 2,
      .real = real_gt,
      .integer = integer_gt,
      .asks = true,
      .small = true },
    { .name = "ge",
      .opcode = NPU_OP_GE,
      .sources = 2,
      .real = real_ge,
      .integer = integer_ge,
      .asks = true,
      .small = true },
    { .name = "and",
      .opcode = NPU_OP_AND,
      .sources = 2,
      .integer = integer_and,
      .small = true },
    { .name = "or",
      .opcode = NPU_OP_OR,
      .sources = 2,
      .integer = integer_or,
      .small = true },
    { .name = "xor",
      .opcode = NPU_OP_XOR,
      .sources = 2,
      .integer = integer_xor,
      .small = true },
    { .name = "shl",
      .opcode = NPU_OP_SHL,
      .sources = 2,
      .integer = integer_shl },
    { .name = "shr",
      .opcode = NPU_OP_SHR,
      .sources = 2,
      .integer = integer_shr },
    { .name = "bit_not",
      .opcode = NPU_OP_BIT_NOT,
      .sources = 1,
      .integer = integer_bit_not,
      .small = true,
      .no_bool = true },
    { .name = "not",
      .opcode = NPU_OP_NOT,
      .sources = 1,
      .integer = integer_not,
      .only_bool = true },
    { "rem", NPU_OP_REM, 2, real_rem, integer_rem, 0, 0 },
    { "mod", NPU_OP_MOD, 2, real_mod, integer_mod, 1, 0 },
    { "floor_div", NPU_OP_FLOOR_DIV, 2, real_floor_div, integer_floor_div, 0,
      0 },
    { "sign", NPU_OP_SIGN, 1, real_sign, integer_sign, 0, 0 },
    { .name = "where",
      .opcode = NPU_OP_WHERE,
      .sources = 3,
      .real = real_where,
      .integer = integer_where,
      .small = true,
      .condition = true },
    { "clamp", NPU_OP_CLAMP, 3, real_clamp, integer_clamp, 0, 0 },
    { "muladd", NPU_OP_MULADD, 3, real_muladd, integer_muladd, 0, 0 },
    { "pow", NPU_OP_POW, 2, real_pow, NULL, 2, 0x1p-148 },
    { "atan2", NPU_OP_ATAN2, 2, real_atan2, NULL, 2, 0x1p-148 },
    { "swiglu", NPU_OP_SWIGLU, 2, real_swiglu, NULL, 5, 0x1p-120,
      .plain = true },
    { "geglu", NPU_OP_GEGLU, 2, real_geglu, NULL, 5, 0x1p-19, .plain = true },
    { "geglu_tanh", NPU_OP_GEGLU_TANH, 2, real_geglu_tanh, NULL, 5, 0x1p-19,
      .plain = true },
    { "reglu", NPU_OP_REGLU, 2, real_reglu, NULL, 0, 0 },
    { "glu", NPU_OP_GLU, 2, real_glu, NULL, 4, 0x1p-120, .plain = true },
    { "prelu", NPU_OP_PRELU, 2, real_prelu, NULL, 0, 0 },
    { "elu", NPU_OP_ELU, 2, real_elu, NULL, 3, 0x1p-148 },
    { "reciprocal", NPU_OP_RECIPROCAL, 1, real_reciprocal, NULL, 0, 0 },
    { "floor", NPU_OP_FLOOR, 1, real_floor, NULL, 0, 0 },
    { "ceil", NPU_OP_CEIL, 1, real_ceil, NULL, 0, 0 },
    { "round", NPU_OP_ROUND, 1, real_round, NULL, 0, 0 },
    { "trunc", NPU_OP_TRUNC, 1, real_trunc, NULL, 0, 0 },
    { "exp2", NPU_OP_EXP2, 1, real_exp2, NULL, 2, 0x1p-148 },
    { "expm1", NPU_OP_EXPM1, 1, real_expm1, NULL, 2, 0x1p-148 },
    { "log1p", NPU_OP_LOG1P, 1, real_log1p, NULL, 2, 0x1p-148 },
    { "log2", NPU_OP_LOG2, 1, real_log2, NULL, 2, 0x1p-148 },
    { "erf", NPU_OP_ERF, 1, real_erf, NULL, 2, 0x1p-148 },
    { "sin", NPU_OP_SIN, 1, real_sin, NULL, 2, 0x1p-148 },
    { "cos", NPU_OP_COS, 1, real_cos, NULL, 2, 0x1p-148 },
    { "tan", NPU_OP_TAN, 1, real_tan, NULL, 2, 0x1p-148 },
    { "asin", NPU_OP_ASIN, 1, real_asin, NULL, 2, 0x1p-148 },
    { "acos", NPU_OP_ACOS, 1, real_acos, NULL, 2, 0x1p-148 },
    { "atan", NPU_OP_ATAN, 1, real_atan, NULL, 2, 0x1p-148 },
    { "sinh", NPU_OP_SINH, 1, real_sinh, NULL, 3, 0x1p-148 },
    { "cosh", NPU_OP_COSH, 1, real_cosh, NULL, 3, 0x1p-148 },
    { "asinh", NPU_OP_ASINH, 1, real_asinh, NULL, 3, 0x1p-148 },
    { "acosh", NPU_OP_ACOSH, 1, real_acosh, NULL, 3, 0x1p-148 },
    { "atanh", NPU_OP_ATANH, 1, real_atanh, NULL, 3, 0x1p-148 },
    { "gelu_quick", NPU_OP_GELU_QUICK, 1, real_gelu_quick, NULL, 4, 0x1p-20 },
    { "softplus", NPU_OP_SOFTPLUS, 1, real_softplus, NULL, 3, 0x1p-148 },
    { "softsign", NPU_OP_SOFTSIGN, 1, real_softsign, NULL, 2, 0x1p-148 },
    { "mish", NPU_OP_MISH, 1, real_mish, NULL, 6, 0x1p-120 },
    { "relu6", NPU_OP_RELU6, 1, real_relu6, NULL, 0, 0 },
    { "hard_sigmoid", NPU_OP_HARD_SIGMOID, 1, real_hard_sigmoid, NULL, 2,
      0x1p-24 },
    { "hard_swish", NPU_OP_HARD_SWISH, 1, real_hard_swish, NULL, 3, 0x1p-22 },
    { "selu", NPU_OP_SELU, 1, real_selu, NULL, 4, 0x1p-148 },
    { .name = "is_nan",
      .opcode = NPU_OP_IS_NAN,
      .sources = 1,
      .real = real_is_nan,
      .asks = true },
    { .name = "is_inf",
      .opcode = NPU_OP_IS_INF,
      .sources = 1,
      .real = real_is_inf,
      .asks = true },
};

#define INSTRUCTIONS (sizeof(instructions) / sizeof(*instructions))
#define DTYPES 8

/* ---- Cases --------------------------------------------------------------- */

struct test_case {
    const struct instruction *instruction;
    uint32_t dtype;
};

struct operands {
    const struct instruction *instruction;
    uint32_t dtype; /* that it calculates with */
    struct tensor d, a, b, c;
};

static double value(const void *arg, const uint64_t *index)
{
    const struct operands *operands = arg;
    const struct instruction *instruction = operands->instruction;
    double a = tensor_get(&operands->a, index), b = 0, c = 0;

    if (instruction->sources > 1) {
        b = tensor_get(&operands->b, index);
    }
    if (instruction->sources > 2) {
        c = tensor_get(&operands->c, index);
    }
    if (!dtype_is_float(operands->dtype)) {
        int64_t integer = instruction->integer((int64_t)a, (int64_t)b,
                                               (int64_t)c);

        return operands->dtype == NPU_DTYPE_S32 ? (int32_t)integer :
                                                  (double)integer;
    }
    return instruction->real(a, b, c);
}

static struct expectation tolerance(const struct instruction *instruction,
                                    uint64_t seed)
{
    struct expectation e = { .value = value, .identical = true, .seed = seed };

    e.relative = instruction->ulps * ULP_F32;
    e.absolute = instruction->absolute;
    return e;
}

static void add_source(struct program *program, struct tensor *tensor,
                       struct test_mem *mem, struct rng *rng, uint32_t dtype,
                       unsigned rank, const uint64_t *extent, unsigned layout,
                       enum values values)
{
    *tensor = tensor_new(mem, rng, dtype, rank, extent,
                         layout | LAYOUT_BROADCAST);
    tensor_fill(tensor, rng, values);
    program_operand(program, 0, tensor);
}

static void run_case(const struct test_case *test, struct test_mem *mem,
                     struct rng *rng, uint64_t seed, unsigned rank,
                     const uint64_t *extent, unsigned layout,
                     enum values values)
{
    const struct instruction *instruction = test->instruction;
    struct operands operands = { instruction, test->dtype };
    struct expectation e = tolerance(instruction, seed);
    struct program program;

    mem_reset(mem);
    program_init(&program);
    program_insn(&program, instruction->opcode);
    operands.d = tensor_new(mem, rng,
                            instruction->asks ? NPU_DTYPE_BOOL : test->dtype,
                            rank, extent, layout);
    program_operand(&program, 0, &operands.d);
    add_source(&program, &operands.a, mem, rng,
               instruction->condition ? NPU_DTYPE_BOOL : test->dtype, rank,
               extent, layout, values);
    if (instruction->sources > 1) {
        add_source(&program, &operands.b, mem, rng, test->dtype, rank, extent,
                   layout, values);
    }
    if (instruction->sources > 2) {
        add_source(&program, &operands.c, mem, rng, test->dtype, rank, extent,
                   layout, values);
    }
    e.arg = &operands;
    expect(&program, &operands.d, &e);
}

/* The destination is one of the sources. */
static void run_in_place(const struct test_case *test, struct test_mem *mem,
                         struct rng *rng, uint64_t seed)
{
    struct operands operands = { test->instruction, test->dtype };
    struct expectation e = tolerance(test->instruction, seed);
    const uint64_t extent[] = { 7, 129, 13 };
    struct program program;
    unsigned insn;

    mem_reset(mem);
    operands.a = tensor_new(mem, rng, test->dtype, 3, extent, LAYOUT_ANY);
    tensor_fill(&operands.a, rng, VALUES_POSITIVE);
    operands.b = operands.c = operands.d = operands.a;
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
    enum values special = test->instruction->plain ? VALUES_PLAIN :
                                                     VALUES_SPECIAL;

    for (unsigned i = 0; i < 12; i++) {
        unsigned rank = (unsigned)rng_range(&rng, 1, 6);
        uint64_t extent[NPU_MAX_RANK];

        for (unsigned dim = 0; dim < rank; dim++) {
            extent[dim] = (uint64_t)rng_range(&rng, 1, rank > 3 ? 5 : 17);
        }
        run_case(test, mem, &rng, seed, rank, extent, i % 8,
                 i % 2 ? special : VALUES_PLAIN);
    }
    run_case(test, mem, &rng, seed, 1, (uint64_t[]){ 30001 }, LAYOUT_DENSE,
             special);
    run_case(test, mem, &rng, seed, 2, (uint64_t[]){ 1, 1 }, LAYOUT_DENSE,
             VALUES_PLAIN);
    run_case(test, mem, &rng, seed, 3, (uint64_t[]){ 5, 37, 301 }, LAYOUT_ANY,
             VALUES_PLAIN);
    if (!test->instruction->asks && !test->instruction->condition) {
        run_in_place(test, mem, &rng, seed);
    }
    mem_free(mem);
}

/* What is chosen keeps every bit, infinities of fp8 too. */
static void test_where_bits(void **state)
{
    static const uint32_t dtypes[] = { NPU_DTYPE_F8E4M3, NPU_DTYPE_F8E5M2,
                                       NPU_DTYPE_U8, NPU_DTYPE_BOOL };
    const uint64_t n = 1000;
    struct rng rng = rng_new(test_seed());
    struct test_mem *mem = mem_new(MEMORY);

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct tensor d = tensor_new(mem, &rng, dtypes[i], 1, &n, 0);
        struct tensor a = tensor_new(mem, &rng, NPU_DTYPE_BOOL, 1, &n, 0);
        struct tensor b = tensor_new(mem, &rng, dtypes[i], 1, &n, 0);
        struct tensor c = tensor_new(mem, &rng, dtypes[i], 1, &n, 0);
        const struct tensor *operands[] = { &d, &a, &b, &c };
        uint8_t *byte[4];
        struct npu_verdict verdict;
        struct program program;
        struct runner runner;

        program_init(&program);
        program_insn(&program, NPU_OP_WHERE);
        for (unsigned j = 0; j < 4; j++) {
            program_operand(&program, 0, operands[j]);
            byte[j] = mem_at(mem, operands[j]->va);
            for (uint64_t k = 0; k < n; k++) {
                byte[j][k] = (uint8_t)(rng_next(&rng) & (j == 1 ? 1 : 255));
            }
        }
        runner = runner_new(&program);
        assert_true(run_insn(&runner, 0, 1, 1, mem, &verdict));
        for (uint64_t k = 0; k < n; k++) {
            assert_int_equal(byte[0][k], byte[1][k] ? byte[2][k] : byte[3][k]);
        }
        runner_free(&runner);
    }
    mem_free(mem);
}

static bool takes(const struct instruction *instruction, uint32_t dtype)
{
    bool is_bool = dtype == NPU_DTYPE_BOOL;

    if (instruction->only_bool || dtype_is_float(dtype)) {
        return instruction->only_bool ? is_bool : instruction->real != NULL;
    }
    if (is_bool || dtype == NPU_DTYPE_S8 || dtype == NPU_DTYPE_U8) {
        return instruction->small && !(is_bool && instruction->no_bool);
    }
    return instruction->integer;
}

int main(void)
{
    /* clang-format off */
    static const uint32_t dtypes[DTYPES] = {
        NPU_DTYPE_F32, NPU_DTYPE_F16, NPU_DTYPE_BF16, NPU_DTYPE_S32,
        NPU_DTYPE_S64, NPU_DTYPE_S8, NPU_DTYPE_U8, NPU_DTYPE_BOOL,
    };
    /* clang-format on */
    static struct test_case cases[INSTRUCTIONS * DTYPES];
    struct suite suite = { 0 };
    unsigned n = 0;

    for (unsigned i = 0; i < INSTRUCTIONS; i++) {
        for (unsigned j = 0; j < DTYPES; j++) {
            if (!takes(&instructions[i], dtypes[j])) {
                continue;
            }
            cases[n] = (struct test_case){ &instructions[i], dtypes[j] };
            suite_add(&suite, test_elementwise, &cases[n], "%s %s",
                      instructions[i].name, dtype_name(dtypes[j]));
            n++;
        }
    }
    suite_add(&suite, test_where_bits, NULL, "where keeps every bit");
    return suite_run(&suite, "elementwise");
}
