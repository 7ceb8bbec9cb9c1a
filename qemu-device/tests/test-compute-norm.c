/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Normalisation, LOG_SOFTMAX and SOFTMAX_EXT.
 */
#include <math.h>

#include "support-compute.h"

#define MEMORY (64u << 20)
#define STEP 0x1p-24 /* half an ulp of f32 below 2 */

/* Operands in the order of their indices if all are there. */
enum { D, A, B, C, BIAS, RESIDUAL, SCALE, MASK, SLOPES, ROLES };

static const uint32_t flag_of[ROLES] = {
    [BIAS] = NPU_INSN_BIAS,     [RESIDUAL] = NPU_INSN_RESIDUAL,
    [SCALE] = NPU_INSN_SCALE,   [MASK] = NPU_INSN_MASK,
    [SLOPES] = NPU_INSN_SLOPES,
};

struct test_case;

struct instruction {
    const char *name;
    uint32_t opcode;
    unsigned least_rank, operands; /* that must be there */
    uint32_t flags;
    bool one_type;
    /* The dimensions of a line, and all of its results. */
    void (*extents)(const struct test_case *c, uint64_t *extent);
    void (*line)(struct test_case *c, const uint64_t *index, uint64_t n);
};

struct test_case {
    const struct instruction *instruction;
    struct test_mem *mem;
    struct tensor tensor[ROLES];
    bool there[ROLES];
    unsigned axis, groups;
    float imm;
    uint64_t line[NPU_MAX_RANK];
    double *x, *y;   /* of a line: values, and places in results */
    double *results; /* in the order of d's elements */
    double largest;  /* magnitude that the bound is about */
};

/* ---- Reference ----------------------------------------------------------- */

static uint64_t place_of(const struct tensor *tensor, const uint64_t *index)
{
    uint64_t at = 0;

    for (unsigned dim = 0; dim < tensor->desc.rank; dim++) {
        at = at * tensor->desc.extent[dim] + index[dim];
    }
    return at;
}

static double get(const struct test_case *c, unsigned role,
                  const uint64_t *index, double otherwise)
{
    return c->there[role] ? tensor_get(&c->tensor[role], index) : otherwise;
}

static void note(struct test_case *c, double magnitude)
{
    if (isfinite(magnitude) && magnitude > c->largest) {
        c->largest = magnitude;
    }
}

/* Step through a line from first on. */
static bool next_in_line(const struct test_case *c, const uint64_t *first,
                         uint64_t *index)
{
    for (unsigned dim = c->tensor[D].desc.rank; dim-- > 0;) {
        if (++index[dim] < first[dim] + c->line[dim]) {
            return true;
        }
        index[dim] = first[dim];
    }
    return false;
}

static void gather_line(struct test_case *c, const uint64_t *first)
{
    uint64_t index[NPU_MAX_RANK], i = 0;

    memcpy(index, first, sizeof(index));
    do {
        double a = tensor_get(&c->tensor[A], index);

        c->x[i++] = c->there[RESIDUAL] ?
                        (double)(float)(a + get(c, RESIDUAL, index, 0)) :
                        a;
    } while (next_in_line(c, first, index));
}

static void put_results(struct test_case *c, const uint64_t *first, double mean,
                        double factor)
{
    uint64_t index[NPU_MAX_RANK], i = 0;

    memcpy(index, first, sizeof(index));
    do {
        double y = (c->x[i++] - mean) * factor;
        double scale = get(c, SCALE, index, 1), bias = get(c, BIAS, index, 0);

        c->results[place_of(&c->tensor[D], index)] = y * scale + bias;
        note(c, fabs(y * scale) + fabs(bias) +
                    fabs(mean * factor * scale) * 0x1p-24);
    } while (next_in_line(c, first, index));
}

static double mean_of(const double *x, uint64_t n)
{
    long double sum = 0;

    for (uint64_t i = 0; i < n; i++) {
        sum += x[i];
    }
    return (double)(sum / n);
}

static double squares_of(const double *x, uint64_t n, double mean)
{
    long double sum = 0;

    for (uint64_t i = 0; i < n; i++) {
        sum += ((long double)x[i] - mean) * ((long double)x[i] - mean);
    }
    return (double)(sum / n);
}

static void line_norm(struct test_case *c, const uint64_t *first, uint64_t n)
{
    bool rms = c->instruction->opcode == NPU_OP_RMS_NORM;
    double mean;

    gather_line(c, first);
    mean = rms ? 0 : mean_of(c->x, n);
    put_results(c, first, mean,
                1 / sqrt(squares_of(c->x, n, mean) + (double)c->imm));
}

static void line_batch(struct test_case *c, const uint64_t *first, uint64_t n)
{
    double mean = tensor_get(&c->tensor[B], first);
    double variance = tensor_get(&c->tensor[C], first);

    (void)n;
    gather_line(c, first);
    put_results(c, first, mean, 1 / sqrt(variance + (double)c->imm));
}

static double score(struct test_case *c, const uint64_t *index)
{
    const struct npu_tensor *d = &c->tensor[D].desc;
    uint64_t i = d->rank > 1 ? index[d->rank - 2] : 0;
    double rows = d->rank > 1 ? (double)d->extent[d->rank - 2] : 1;
    double own = (double)i + (double)d->extent[d->rank - 1] - rows;
    double scaled = (double)c->imm * tensor_get(&c->tensor[A], index);
    double bias = get(c, SLOPES, index, 0) * ((double)index[d->rank - 1] - own);
    double mask = get(c, MASK, index, 0);

    note(c, fabs(scaled) + 2 * fabs(bias) + (isinf(mask) ? 0 : fabs(mask)));
    return mask == -INFINITY ? mask : scaled + bias + mask;
}

static void line_softmax(struct test_case *c, const uint64_t *first, uint64_t n)
{
    bool log_wanted = c->instruction->opcode == NPU_OP_LOG_SOFTMAX;
    bool plain = c->instruction->opcode != NPU_OP_SOFTMAX_EXT;
    uint64_t index[NPU_MAX_RANK], i = 0;
    double max = -INFINITY, sum = 0;

    memcpy(index, first, sizeof(index));
    do {
        c->x[i] = plain ? tensor_get(&c->tensor[A], index) : score(c, index);
        max = isnan(c->x[i]) || c->x[i] > max ? c->x[i] : max;
        i++;
    } while (next_in_line(c, first, index));
    for (i = 0; i < n; i++) {
        sum += max == -INFINITY ? 0 : exp(c->x[i] - max);
    }
    i = 0;
    do {
        double x = c->x[i++];
        double *result = &c->results[place_of(&c->tensor[D], index)];

        if (log_wanted) {
            *result = x - max - log(sum);
            note(c, fabs(*result));
        } else {
            *result = sum == 0 ? 0 : exp(x - max) / sum;
        }
    } while (next_in_line(c, first, index));
}

static void extents_axis(const struct test_case *c, uint64_t *extent)
{
    for (unsigned dim = 0; dim < c->tensor[D].desc.rank; dim++) {
        extent[dim] = dim == c->axis ? c->tensor[D].desc.extent[dim] : 1;
    }
}

static void extents_last(const struct test_case *c, uint64_t *extent)
{
    for (unsigned dim = 0; dim < c->tensor[D].desc.rank; dim++) {
        extent[dim] = dim + 1 == c->tensor[D].desc.rank ?
                          c->tensor[D].desc.extent[dim] :
                          1;
    }
}

static void extents_tail(const struct test_case *c, uint64_t *extent)
{
    for (unsigned dim = 0; dim < c->tensor[D].desc.rank; dim++) {
        extent[dim] = dim < c->axis ? 1 : c->tensor[D].desc.extent[dim];
    }
}

static void extents_group(const struct test_case *c, uint64_t *extent)
{
    extents_tail(c, extent);
    extent[0] = 1;
    extent[1] = c->tensor[D].desc.extent[1] / c->groups;
}

static void extents_one(const struct test_case *c, uint64_t *extent)
{
    for (unsigned dim = 0; dim < c->tensor[D].desc.rank; dim++) {
        extent[dim] = 1;
    }
}

#define AFFINE (NPU_INSN_BIAS | NPU_INSN_SCALE)

static const struct instruction instructions[] = {
    { "rms_norm", NPU_OP_RMS_NORM, 1, 2, AFFINE | NPU_INSN_RESIDUAL, false,
      extents_tail, line_norm },
    { "layer_norm", NPU_OP_LAYER_NORM, 1, 2, AFFINE | NPU_INSN_RESIDUAL, false,
      extents_tail, line_norm },
    { "group_norm", NPU_OP_GROUP_NORM, 2, 2, AFFINE, false, extents_group,
      line_norm },
    { "batch_norm", NPU_OP_BATCH_NORM, 1, 4, AFFINE, false, extents_one,
      line_batch },
    { "log_softmax", NPU_OP_LOG_SOFTMAX, 1, 2, 0, true, extents_axis,
      line_softmax },
    { "softmax_ext", NPU_OP_SOFTMAX_EXT, 1, 2, NPU_INSN_MASK | NPU_INSN_SLOPES,
      false, extents_last, line_softmax },
};

#define INSTRUCTIONS (sizeof(instructions) / sizeof(*instructions))

static const struct instruction *find(uint32_t opcode)
{
    unsigned i = 0;

    while (instructions[i].opcode != opcode) {
        i++;
    }
    return &instructions[i];
}

static void calculate(struct test_case *c)
{
    const struct npu_tensor *d = &c->tensor[D].desc;
    uint64_t first[NPU_MAX_RANK] = { 0 }, n = 1;
    unsigned dim;

    c->instruction->extents(c, c->line);
    for (dim = 0; dim < d->rank; dim++) {
        n *= c->line[dim];
    }
    c->x = malloc(n * sizeof(*c->x));
    c->results = malloc(tensor_elements(&c->tensor[D]) * sizeof(*c->results));
    do {
        c->instruction->line(c, first, n);
        for (dim = d->rank; dim-- > 0;) {
            first[dim] += c->line[dim];
            if (first[dim] < d->extent[dim]) {
                break;
            }
            first[dim] = 0;
        }
    } while (dim < d->rank);
    free(c->x);
}

/* ---- Cases --------------------------------------------------------------- */

static double value(const void *arg, const uint64_t *index)
{
    const struct test_case *c = arg;

    return c->results[place_of(&c->tensor[D], index)];
}

static struct expectation expectation_of(const struct test_case *c)
{
    struct expectation e = {
        .value = value,
        .arg = c,
        .seed = test_seed(),
        .identical = true,
    };

    switch (c->instruction->opcode) {
    case NPU_OP_SOFTMAX_EXT:
        e.relative = 16 * STEP + 4 * STEP * c->largest;
        e.absolute = 0x1p-30;
        break;
    case NPU_OP_LOG_SOFTMAX:
        e.relative = 4 * STEP;
        e.absolute = 0x1p-21;
        break;
    default:
        e.absolute = 6 * STEP * c->largest;
        break;
    }
    return e;
}

static void program_of(struct test_case *c, struct program *program, bool slot)
{
    struct npu_insn *insn;

    program_init(program);
    program_insn(program, c->instruction->opcode);
    insn = &program->insn[0];
    for (unsigned role = 0; role < ROLES; role++) {
        if (c->there[role]) {
            program_operand(program, 0, &c->tensor[role]);
            insn->flags |= flag_of[role];
        }
    }
    if (c->instruction->opcode == NPU_OP_GROUP_NORM) {
        insn->groups.groups = c->groups;
    } else if (c->instruction->opcode == NPU_OP_RMS_NORM ||
               c->instruction->opcode == NPU_OP_LAYER_NORM ||
               c->instruction->opcode == NPU_OP_LOG_SOFTMAX) {
        insn->axis.axis = c->axis;
    }
    if (c->instruction->opcode == NPU_OP_LOG_SOFTMAX) {
        return;
    }
    memcpy(&insn->imm, &c->imm, sizeof(c->imm));
    if (slot) {
        program->args[program->bases] = insn->imm;
        program->scalars = 1;
        insn->scalar = 0;
        insn->imm = 0;
    }
}

static uint32_t any_f(struct rng *rng)
{
    static const uint32_t types[] = { NPU_DTYPE_F32, NPU_DTYPE_F16,
                                      NPU_DTYPE_BF16 };

    return types[rng_range(rng, 0, 2)];
}

/* Tensors of that shape; d may be a itself. */
static void make_tensors(struct test_case *c, struct rng *rng, uint32_t dtype,
                         unsigned rank, const uint64_t *extent, unsigned layout,
                         enum values values)
{
    bool mixed = !c->instruction->one_type && dtype == NPU_DTYPE_F16;
    bool same = rng_range(rng, 0, 3) == 0;

    mem_reset(c->mem);
    for (unsigned role = 0; role < ROLES; role++) {
        struct tensor *tensor = &c->tensor[role];
        bool source = role != D && !(role == A && same);

        c->there[role] = role < c->instruction->operands ||
                         (c->instruction->flags & flag_of[role] &&
                          rng_range(rng, 0, 2));
        if (!c->there[role]) {
            continue;
        }
        *tensor = tensor_new(c->mem, rng, mixed ? any_f(rng) : dtype, rank,
                             extent, layout | (source ? LAYOUT_BROADCAST : 0));
        tensor_fill(tensor, rng, role == C ? VALUES_POSITIVE : values);
    }
    if (same) {
        c->tensor[D] = c->tensor[A];
    }
}

/* Some keys are hidden, and all of some rows. */
static void hide_keys(struct test_case *c, struct rng *rng)
{
    const struct tensor *mask = &c->tensor[MASK];
    uint64_t index[NPU_MAX_RANK] = { 0 };
    unsigned last = mask->desc.rank - 1u;
    bool row = false;

    if (!c->there[MASK]) {
        return;
    }
    do {
        row = index[last] ? row : rng_range(rng, 0, 3) == 0;
        if (row || rng_range(rng, 0, 2) == 0) {
            tensor_put(mask, index, -INFINITY);
        }
    } while (tensor_next(mask, index));
}

static void run_case(struct test_case *c, struct rng *rng, uint32_t dtype,
                     unsigned rank, const uint64_t *extent, unsigned layout,
                     enum values values)
{
    struct expectation e;
    struct program program;

    c->imm = c->instruction->opcode == NPU_OP_SOFTMAX_EXT ? 0.3f : 1e-3f;
    c->largest = 0;
    make_tensors(c, rng, dtype, rank, extent, layout, values);
    hide_keys(c, rng);
    calculate(c);
    program_of(c, &program, rng_range(rng, 0, 1));
    e = expectation_of(c);
    expect(&program, &c->tensor[D], &e);
    free(c->results);
}

static void test_any(void **state)
{
    const struct instruction *instruction = *state;
    static const uint32_t types[] = { NPU_DTYPE_F32, NPU_DTYPE_F16,
                                      NPU_DTYPE_BF16 };
    struct rng rng = rng_new(test_seed() + instruction->opcode * 8);
    struct test_case c = {
        .instruction = instruction,
        .mem = mem_new(MEMORY),
    };

    for (unsigned i = 0; i < 120; i++) {
        unsigned rank = (unsigned)rng_range(&rng, instruction->least_rank, 5);
        uint64_t extent[NPU_MAX_RANK];

        for (unsigned dim = 0; dim < rank; dim++) {
            extent[dim] = (uint64_t)rng_range(&rng, 1, rank > 3 ? 6 : 21);
        }
        c.axis = (unsigned)rng_range(&rng, 0, rank - 1);
        c.groups = 1;
        if (instruction->opcode == NPU_OP_GROUP_NORM) {
            c.axis = 1;
            c.groups = (unsigned)rng_range(&rng, 1, 4);
            extent[1] = c.groups * (uint64_t)rng_range(&rng, 1, 4);
        }
        run_case(&c, &rng, types[i / 8 % 3], rank, extent, i % 8, VALUES_PLAIN);
    }
    mem_free(c.mem);
}

/* Many lines, long ones, and lines longer than a block, in memory and across. */
static void test_many(void **state)
{
    const struct instruction *instruction = *state;
    static const struct {
        unsigned rank, axis, layout;
        uint64_t extent[3];
    } shapes[] = {
        { 2, 1, LAYOUT_DENSE, { 3001, 11 } },
        { 2, 1, LAYOUT_DENSE, { 5, 16384 } },
        { 2, 1, LAYOUT_DENSE, { 2, 66001 } },
        { 3, 1, LAYOUT_PADDED, { 2, 1009, 33 } },
        { 3, 1, LAYOUT_PERMUTED, { 2, 331, 205 } },
        { 3, 1, LAYOUT_DENSE, { 2, 5, 20011 } },
        { 2, 0, LAYOUT_DENSE, { 523, 129 } },
    };
    struct rng rng = rng_new(test_seed() + instruction->opcode);
    struct test_case c = {
        .instruction = instruction,
        .mem = mem_new(MEMORY),
        .groups = 1,
    };

    for (unsigned i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
        bool group = instruction->opcode == NPU_OP_GROUP_NORM;

        c.axis = group ? 1 : shapes[i].axis;
        run_case(&c, &rng, i % 2 ? NPU_DTYPE_F16 : NPU_DTYPE_F32,
                 shapes[i].rank, shapes[i].extent, shapes[i].layout,
                 VALUES_PLAIN);
    }
    mem_free(c.mem);
}

/* Infinities and no numbers, what they do to their lines and to no others. */
static void test_special(void **state)
{
    const struct instruction *instruction = *state;
    struct rng rng = rng_new(test_seed() + instruction->opcode);
    struct test_case c = {
        .instruction = instruction,
        .mem = mem_new(MEMORY),
        .axis = 1,
        .groups = 1,
    };

    for (unsigned i = 0; i < 40; i++) {
        const uint64_t extent[] = { 13, 5 };
        uint64_t index[2] = { 0 };
        struct expectation e;
        struct program program;

        c.imm = i % 2 ? 1.0f : 0.0f;
        c.largest = 0;
        make_tensors(&c, &rng, NPU_DTYPE_F32, 2, extent, i % 8, VALUES_PLAIN);
        do {
            static const double specials[] = { INFINITY, -INFINITY, NAN, 0 };

            if (index[0] % 2) {
                tensor_put(&c.tensor[A], index,
                           index[0] == 1 ? 7 :
                           rng_range(&rng, 0, 3) ?
                                           tensor_get(&c.tensor[A], index) :
                                           specials[rng_range(&rng, 0, 3)]);
            }
        } while (tensor_next(&c.tensor[A], index));
        hide_keys(&c, &rng);
        calculate(&c);
        program_of(&c, &program, false);
        e = expectation_of(&c);
        expect(&program, &c.tensor[D], &e);
        free(c.results);
    }
    mem_free(c.mem);
}

/* A mean a million times the deviation costs no digits. */
static void test_far_from_zero(void **state)
{
    struct rng rng = rng_new(test_seed());
    struct test_case c = {
        .instruction = find(NPU_OP_LAYER_NORM),
        .mem = mem_new(MEMORY),
        .axis = 1,
    };
    const uint64_t extent[] = { 3, 16384 };
    uint64_t index[2] = { 0 };
    struct expectation e;
    struct program program;

    (void)state;
    c.there[D] = c.there[A] = true;
    for (unsigned role = D; role <= A; role++) {
        c.tensor[role] = tensor_new(c.mem, &rng, NPU_DTYPE_F32, 2, extent, 0);
    }
    do {
        tensor_put(&c.tensor[A], index, 1e6 + rng_real(&rng, -2, 2));
    } while (tensor_next(&c.tensor[A], index));
    calculate(&c);
    program_of(&c, &program, false);
    e = expectation_of(&c);
    assert_true(c.largest < 3);
    expect(&program, &c.tensor[D], &e);
    free(c.results);
    mem_free(c.mem);
}

int main(void)
{
    struct suite suite = { 0 };

    for (unsigned i = 0; i < INSTRUCTIONS; i++) {
        void *instruction = (void *)&instructions[i];

        suite_add(&suite, test_any, instruction, "%s", instructions[i].name);
        suite_add(&suite, test_many, instruction, "%s, many and long lines",
                  instructions[i].name);
        suite_add(&suite, test_special, instruction, "%s, special values",
                  instructions[i].name);
    }
    suite_add(&suite, test_far_from_zero, NULL,
              "layer_norm, values far from zero");
    return suite_run(&suite, "norm");
}
