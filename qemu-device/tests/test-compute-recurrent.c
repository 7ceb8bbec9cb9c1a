/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recurrent steps: SSM_SCAN, RWKV_WKV and DELTA_NET.
 */
#include <math.h>

#include "support-compute.h"

#define MEMORY (64u << 20)
#define STEP 0x1p-24 /* half an ulp of f32 below 2 */

/* What extents an operand has. */
enum shape { NONE, WIDE, DEEP, GROUPED, ONE, HEAD_DEEP, HEAD_WIDE, STATE };

struct test_case;

struct instruction {
    const char *name;
    uint32_t opcode;
    unsigned operands;
    enum shape shape[NPU_MAX_OPERANDS]; /* the last may be missing if optional */
    double low[NPU_MAX_OPERANDS], high[NPU_MAX_OPERANDS];
    bool optional;
    bool state_is_deep; /* its last dimension is the depth */
    void (*run)(struct test_case *c, uint64_t sequence, uint64_t head);
};

struct extents {
    uint64_t sequences, steps, heads, groups, width, depth;
};

struct test_case {
    const struct instruction *instruction;
    struct test_mem *mem;
    struct extents e;
    unsigned operands;
    struct tensor tensor[NPU_MAX_OPERANDS];
    bool softplus;
    float imm;
    double *d, *state;             /* results; state is [.., depth, width] */
    double largest, largest_state; /* magnitudes that the bounds are about */
    double exponent;               /* the largest |dt a| */
};

/* ---- Reference ----------------------------------------------------------- */

/* Of operand op, for a step of a head of a sequence. */
static double get(const struct test_case *c, unsigned op, uint64_t sequence,
                  uint64_t step, uint64_t head, uint64_t i)
{
    const struct tensor *tensor = &c->tensor[op];

    if (tensor->desc.rank == 2) {
        return tensor_get(tensor, (uint64_t[NPU_MAX_RANK]){ head, i });
    }
    head /= c->e.heads / tensor->desc.extent[2];
    return tensor_get(tensor,
                      (uint64_t[NPU_MAX_RANK]){ sequence, step, head, i });
}

static double *d_at(const struct test_case *c, uint64_t sequence, uint64_t step,
                    uint64_t head)
{
    uint64_t row = (sequence * c->e.steps + step) * c->e.heads + head;

    return c->d + row * c->e.width;
}

static double *state_at(const struct test_case *c, uint64_t sequence,
                        uint64_t head)
{
    return c->state + (sequence * c->e.heads + head) * c->e.depth * c->e.width;
}

static void note(double *largest, double magnitude)
{
    if (isfinite(magnitude) && magnitude > *largest) {
        *largest = magnitude;
    }
}

#define GET(op, i) get(c, op, sequence, t, head, i)

static void run_ssm_scan(struct test_case *c, uint64_t sequence, uint64_t head)
{
    double *state = state_at(c, sequence, head);
    uint64_t cells = c->e.depth * c->e.width;
    double *size = malloc(cells * sizeof(*size));

    for (uint64_t i = 0; i < cells; i++) {
        size[i] = fabs(state[i]);
    }
    for (uint64_t t = 0; t < c->e.steps; t++) {
        double dt = GET(3, 0);

        dt = c->softplus ? log1p(exp(dt)) : dt;
        for (uint64_t p = 0; p < c->e.width; p++) {
            double x = GET(2, p), sum = 0, magnitude = 0;

            for (uint64_t n = 0; n < c->e.depth; n++) {
                double a = GET(4, n), decay = exp(dt * a);
                double input = dt * x * GET(5, n), out = GET(6, n);
                uint64_t i = n * c->e.width + p;

                state[i] = state[i] * decay + input;
                size[i] = size[i] * decay + fabs(input);
                sum += state[i] * out;
                magnitude += size[i] * fabs(out);
                note(&c->exponent, fabs(dt * a));
                note(&c->largest_state, size[i]);
            }
            if (c->operands == 8) {
                sum += GET(7, p) * x;
                magnitude += fabs(GET(7, p) * x);
            }
            d_at(c, sequence, t, head)[p] = sum;
            note(&c->largest, magnitude);
        }
    }
    free(size);
}

static void run_rwkv_wkv(struct test_case *c, uint64_t sequence, uint64_t head)
{
    double *state = state_at(c, sequence, head);

    for (uint64_t j = 0; j < c->e.width; j++) {
        double *size = malloc(c->e.depth * sizeof(*size));

        for (uint64_t i = 0; i < c->e.depth; i++) {
            size[i] = fabs(state[i * c->e.width + j]);
        }
        for (uint64_t t = 0; t < c->e.steps; t++) {
            double v = GET(4, j), sum = 0, magnitude = 0;

            for (uint64_t i = 0; i < c->e.depth; i++) {
                double *s = &state[i * c->e.width + j];
                double r = GET(2, i), k = GET(3, i), w = GET(5, i);
                double u = GET(6, i);

                sum += r * (u * k * v + *s);
                magnitude += fabs(r) * (fabs(u * k * v) + size[i]);
                *s = w * *s + k * v;
                size[i] = w * size[i] + fabs(k * v);
                note(&c->largest_state, size[i]);
            }
            d_at(c, sequence, t, head)[j] = sum;
            note(&c->largest, magnitude);
        }
        free(size);
    }
}

static void run_delta_net(struct test_case *c, uint64_t sequence, uint64_t head)
{
    double *state = state_at(c, sequence, head);

    for (uint64_t j = 0; j < c->e.width; j++) {
        for (uint64_t t = 0; t < c->e.steps; t++) {
            double beta = GET(6, 0), found = 0, sum = 0, q = 0, length = 0;
            double update;

            for (uint64_t i = 0; i < c->e.depth; i++) {
                double *s = &state[i * c->e.width + j];

                *s *= exp(GET(5, i));
                found += GET(3, i) * *s;
                length += *s * *s;
                q += GET(2, i) * GET(2, i);
            }
            update = beta * (GET(4, j) - found);
            for (uint64_t i = 0; i < c->e.depth; i++) {
                double *s = &state[i * c->e.width + j];

                *s += GET(3, i) * update;
                sum += GET(2, i) * *s;
            }
            d_at(c, sequence, t, head)[j] = (double)c->imm * sum;
            length = sqrt(length) + fabs(GET(4, j));
            note(&c->largest_state, length);
            note(&c->largest, fabs((double)c->imm) * sqrt(q) * length);
        }
    }
}

/* clang-format off */
static const struct instruction instructions[] = {
    { "ssm_scan", NPU_OP_SSM_SCAN, 8,
      { WIDE, STATE, WIDE, ONE, HEAD_DEEP, GROUPED, GROUPED, HEAD_WIDE },
      { 0, -1, -2, 0, -4, -1, -1, -1 }, { 0, 1, 2, 1, 0, 1, 1, 1 },
      true, true, run_ssm_scan },
    { "rwkv_wkv", NPU_OP_RWKV_WKV, 7,
      { WIDE, STATE, DEEP, DEEP, WIDE, DEEP, HEAD_DEEP },
      { 0, -1, -1, -1, -2, 0, -1 }, { 0, 1, 1, 1, 2, 1, 1 },
      false, false, run_rwkv_wkv },
    /* k, which is operand 3, is made shorter than 1. */
    { "delta_net", NPU_OP_DELTA_NET, 7,
      { WIDE, STATE, GROUPED, GROUPED, WIDE, DEEP, ONE },
      { 0, -1, -1, -1, -2, -2, 0 }, { 0, 1, 1, 1, 2, 0, 2 },
      false, false, run_delta_net },
};
/* clang-format on */

#define INSTRUCTIONS (sizeof(instructions) / sizeof(*instructions))

/* ---- Expectations -------------------------------------------------------- */

static double value_of_d(const void *arg, const uint64_t *index)
{
    const struct test_case *c = arg;

    return d_at(c, index[0], index[1], index[2])[index[3]];
}

static double value_of_state(const void *arg, const uint64_t *index)
{
    const struct test_case *c = arg;
    bool deep = c->instruction->state_is_deep;
    uint64_t i = index[deep ? 3 : 2], j = index[deep ? 2 : 3];

    return state_at(c, index[0], index[1])[i * c->e.width + j];
}

/* As Documentation/instructions.rst has it. */
static void set_bounds(const struct test_case *c, struct expectation *d,
                       struct expectation *state)
{
    double steps = (double)c->e.steps, depth = (double)c->e.depth;
    double n;

    switch (c->instruction->opcode) {
    case NPU_OP_SSM_SCAN:
        n = steps * (4 + (c->softplus ? 7 : 1) * c->exponent) + 10;
        d->absolute = (n + depth / 16 + 6) * STEP * c->largest;
        state->absolute = n * STEP * c->largest_state;
        break;
    case NPU_OP_RWKV_WKV:
        d->absolute = (2 * steps + depth + 6) * STEP * c->largest;
        state->absolute = (2 * steps + 2) * STEP * c->largest_state;
        break;
    default:
        n = (steps + 2) * (2 * depth + 20);
        d->absolute = n * STEP * c->largest;
        state->absolute = n * STEP * c->largest_state;
        break;
    }
    d->absolute += 0x1p-120;
    state->absolute += 0x1p-120;
}

static void read_state(struct test_case *c)
{
    bool deep = c->instruction->state_is_deep;
    uint64_t index[NPU_MAX_RANK] = { 0 };

    do {
        uint64_t i = index[deep ? 3 : 2], j = index[deep ? 2 : 3];

        state_at(c, index[0],
                 index[1])[i * c->e.width + j] = tensor_get(&c->tensor[1],
                                                            index);
    } while (tensor_next(&c->tensor[1], index));
}

static void calculate(struct test_case *c)
{
    c->d = malloc(tensor_elements(&c->tensor[0]) * sizeof(*c->d));
    c->state = malloc(tensor_elements(&c->tensor[1]) * sizeof(*c->state));
    c->largest = c->largest_state = c->exponent = 0;
    read_state(c);
    for (uint64_t s = 0; s < c->e.sequences; s++) {
        for (uint64_t head = 0; head < c->e.heads; head++) {
            c->instruction->run(c, s, head);
        }
    }
}

/* ---- Cases --------------------------------------------------------------- */

static unsigned extents_of(const struct test_case *c, unsigned op,
                           uint64_t *extent)
{
    const struct extents *e = &c->e;
    enum shape shape = c->instruction->shape[op];
    bool deep = c->instruction->state_is_deep;

    extent[0] = e->sequences;
    extent[1] = e->steps;
    extent[2] = shape == GROUPED ? e->groups : e->heads;
    extent[3] = shape == WIDE ? e->width : shape == ONE ? 1 : e->depth;
    if (shape == STATE) {
        extent[1] = e->heads;
        extent[2] = deep ? e->width : e->depth;
        extent[3] = deep ? e->depth : e->width;
    }
    if (shape == HEAD_DEEP || shape == HEAD_WIDE) {
        extent[0] = e->heads;
        extent[1] = shape == HEAD_DEEP ? e->depth : e->width;
        return 2;
    }
    return 4;
}

static void fill(const struct test_case *c, unsigned op, struct rng *rng)
{
    const struct tensor *tensor = &c->tensor[op];
    double low = c->instruction->low[op], high = c->instruction->high[op];
    uint64_t index[NPU_MAX_RANK] = { 0 };

    if (c->instruction->opcode == NPU_OP_DELTA_NET && op == 3) {
        high = 0.9 / sqrt((double)c->e.depth);
        low = -high;
    }
    if (c->softplus && op == 3) {
        low = -3;
    }
    do {
        tensor_put(tensor, index, rng_real(rng, low, high));
    } while (tensor_next(tensor, index));
}

/* Something that no sum survives. */
static void spoil(const struct test_case *c, unsigned op, struct rng *rng)
{
    const struct tensor *tensor = &c->tensor[op];
    uint64_t index[NPU_MAX_RANK] = { 0 };

    for (unsigned dim = 0; dim < tensor->desc.rank; dim++) {
        index[dim] = (uint64_t)rng_range(rng, 0,
                                         (int64_t)tensor->desc.extent[dim] - 1);
    }
    tensor_put(tensor, index, rng_range(rng, 0, 1) ? INFINITY : NAN);
}

static void make_tensors(struct test_case *c, struct rng *rng, unsigned layout)
{
    static const uint32_t types[] = { NPU_DTYPE_F32, NPU_DTYPE_F16,
                                      NPU_DTYPE_BF16 };
    bool optional = c->instruction->optional && rng_range(rng, 0, 1);

    mem_reset(c->mem);
    c->operands = c->instruction->operands - (optional ? 1 : 0);
    for (unsigned op = 0; op < c->operands; op++) {
        uint64_t extent[NPU_MAX_RANK];
        unsigned rank = extents_of(c, op, extent);
        uint32_t dtype = op == 1 ? NPU_DTYPE_F32 :
                                   types[rng_range(rng, 0, 5) % 3];

        c->tensor[op] = tensor_new(c->mem, rng, dtype, rank, extent,
                                   op < 2 ? layout & LAYOUT_ANY : layout);
        fill(c, op, rng);
    }
    if (rng_range(rng, 0, 5) == 0) {
        spoil(c, (unsigned)rng_range(rng, 1, c->operands - 1), rng);
    }
}

static void program_of(const struct test_case *c, struct program *program)
{
    struct npu_insn *insn = &program->insn[0];

    program_init(program);
    program_insn(program, c->instruction->opcode);
    for (unsigned op = 0; op < c->operands; op++) {
        program_operand(program, 0, &c->tensor[op]);
    }
    insn->flags = c->softplus ? NPU_INSN_SOFTPLUS : 0;
    if (c->instruction->opcode == NPU_OP_DELTA_NET) {
        memcpy(&insn->imm, &c->imm, sizeof(c->imm));
    }
}

static void run_case(struct test_case *c, struct rng *rng, unsigned layout)
{
    struct expectation state = { .value = value_of_state, .arg = c };
    struct expectation d = {
        .value = value_of_d,
        .arg = c,
        .identical = true,
        .updated = &c->tensor[1],
        .updated_as = &state,
    };
    struct program program;

    d.seed = state.seed = test_seed();
    c->imm = 0.3f;
    c->softplus = c->instruction->opcode == NPU_OP_SSM_SCAN &&
                  rng_range(rng, 0, 1);
    make_tensors(c, rng, layout);
    calculate(c);
    program_of(c, &program);
    set_bounds(c, &d, &state);
    expect(&program, &c->tensor[0], &d);
    free(c->state);
    free(c->d);
}

static void test_any(void **state)
{
    const struct instruction *instruction = *state;
    struct rng rng = rng_new(test_seed() + instruction->opcode);
    struct test_case c = {
        .instruction = instruction,
        .mem = mem_new(MEMORY),
    };

    for (unsigned i = 0; i < 80; i++) {
        uint64_t most = i % 4 ? 9 : 70;

        c.e = (struct extents){
            .sequences = (uint64_t)rng_range(&rng, 1, 3),
            .steps = (uint64_t)rng_range(&rng, 1, i % 4 ? 12 : 3),
            .groups = (uint64_t)rng_range(&rng, 1, 3),
            .width = (uint64_t)rng_range(&rng, 1, (int64_t)most),
            .depth = (uint64_t)rng_range(&rng, 1, (int64_t)most),
        };
        c.e.heads = c.e.groups * (uint64_t)rng_range(&rng, 1, 2);
        run_case(&c, &rng, i % 16);
    }
    mem_free(c.mem);
}

/* Many heads in a block, many steps, and parts of a width. */
static void test_many(void **state)
{
    static const struct extents shapes[] = {
        { 1, 3, 600, 2, 1, 16 },  { 2, 1500, 2, 1, 3, 5 },
        { 1, 2, 2, 1, 300, 40 },  { 1, 40, 4, 2, 64, 16 },
        { 1, 1, 1, 1, 33, 1024 }, { 70, 2, 3, 3, 2, 3 },
        { 2, 4, 6, 2, 16, 32 },   { 2, 4, 6, 2, 64, 20 },
        { 1, 5, 6, 2, 32, 7 },    { 1, 5, 6, 3, 64, 33 },
    };
    const struct instruction *instruction = *state;
    struct rng rng = rng_new(test_seed() + instruction->opcode * 8);
    struct test_case c = {
        .instruction = instruction,
        .mem = mem_new(MEMORY),
    };

    for (unsigned i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
        c.e = shapes[i];
        run_case(&c, &rng, i % 2 ? LAYOUT_DENSE : LAYOUT_ANY);
    }
    mem_free(c.mem);
}

/* The same tensor, from a step on. */
static struct tensor steps_of(const struct test_case *c, unsigned op,
                              uint64_t first, uint64_t steps)
{
    struct tensor part = c->tensor[op];

    if (part.desc.rank == 4 && op != 1) {
        part.va += first * (uint64_t)part.desc.stride[1];
        part.desc.extent[1] = steps;
    }
    return part;
}

/* A sequence in two instructions has the bits that it has in one. */
static void test_split(void **state)
{
    const struct instruction *instruction = *state;
    struct rng rng = rng_new(test_seed());
    struct test_case c = {
        .instruction = instruction,
        .mem = mem_new(MEMORY),
        .e = { 2, 50, 2, 2, 40, 20 },
    };
    struct npu_verdict verdict;
    struct program program;
    struct runner runner;
    uint8_t *before, *whole;

    make_tensors(&c, &rng, LAYOUT_DENSE);
    before = malloc(c.mem->used);
    whole = malloc(c.mem->used);
    memcpy(before, c.mem->ram, c.mem->used);
    program_of(&c, &program);
    runner = runner_new(&program);
    assert_true(run_insn(&runner, 0, 3, 1, c.mem, &verdict));
    runner_free(&runner);
    memcpy(whole, c.mem->ram, c.mem->used);

    memcpy(c.mem->ram, before, c.mem->used);
    for (unsigned part = 0; part < 2; part++) {
        struct test_case half = c;

        for (unsigned op = 0; op < c.operands; op++) {
            half.tensor[op] = steps_of(&c, op, part ? 17 : 0, part ? 33 : 17);
        }
        program_of(&half, &program);
        runner = runner_new(&program);
        assert_true(run_insn(&runner, 0, 1, 1, c.mem, &verdict));
        runner_free(&runner);
    }
    assert_memory_equal(c.mem->ram, whole, c.mem->used);
    free(whole);
    free(before);
    mem_free(c.mem);
}

int main(void)
{
    struct suite suite = { 0 };

    for (unsigned i = 0; i < INSTRUCTIONS; i++) {
        void *instruction = (void *)&instructions[i];
        const char *name = instructions[i].name;

        suite_add(&suite, test_any, instruction, "%s: any shape", name);
        suite_add(&suite, test_many, instruction, "%s: many", name);
        suite_add(&suite, test_split, instruction, "%s: in two parts", name);
    }
    return suite_run(&suite, "recurrent");
}
