/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rotary embedding.
 */
#include <math.h>

#include "support-compute.h"

#define MEMORY (16u << 20)

struct rotation {
    struct tensor d, a, positions, frequencies;
    bool interleaved;
    double scale;
};

/* Where an element and its partner are, and whether it is the pair's second. */
struct place {
    uint64_t pair, first, second;
    bool turned, is_second;
};

static struct place place_of(const struct rotation *rotation, uint64_t i)
{
    uint64_t pairs = rotation->frequencies.desc.extent[0];
    struct place place = { .turned = i < 2 * pairs };

    if (rotation->interleaved) {
        place.pair = i / 2;
        place.is_second = i % 2;
        place.first = 2 * place.pair;
        place.second = place.first + 1;
    } else {
        place.pair = i % pairs;
        place.is_second = i >= pairs;
        place.first = place.pair;
        place.second = place.pair + pairs;
    }
    return place;
}

static double rotated(const void *arg, const uint64_t *index)
{
    const struct rotation *rotation = arg;
    unsigned last = rotation->d.desc.rank - 1u;
    struct place place = place_of(rotation, index[last]);
    uint64_t at[NPU_MAX_RANK];
    double x, y, angle;

    if (!place.turned) {
        return tensor_get(&rotation->a, index);
    }
    memcpy(at, index, sizeof(at));
    at[last] = place.first;
    x = tensor_get(&rotation->a, at);
    at[last] = place.second;
    y = tensor_get(&rotation->a, at);
    at[last] = 0;
    angle = tensor_get(&rotation->positions, at) *
            tensor_get(&rotation->frequencies, &place.pair);
    if (!(fabs(angle) < 0x1p32)) {
        return NAN;
    }
    return rotation->scale * (place.is_second ?
                                  x * sin(angle) + y * cos(angle) :
                                  x * cos(angle) - y * sin(angle));
}

static void program_of(const struct rotation *rotation, struct program *program,
                       bool slot)
{
    float scale = (float)rotation->scale;
    uint32_t bits;
    unsigned insn;

    program_init(program);
    insn = program_insn(program, NPU_OP_ROPE);
    program->insn[insn].flags = rotation->interleaved ? NPU_INSN_INTERLEAVED :
                                                        0;
    program_operand(program, insn, &rotation->d);
    program_operand(program, insn, &rotation->a);
    program_operand(program, insn, &rotation->positions);
    program_operand(program, insn, &rotation->frequencies);
    memcpy(&bits, &scale, sizeof(bits));
    if (slot) {
        program->scalars = 1;
        program->insn[insn].scalar = 0;
        program->args[program->bases] = bits;
    } else {
        program->insn[insn].imm = bits;
    }
}

/* Operands but for the frequencies; every fourth position is a far one. */
static void tensors_new(struct rotation *rotation, struct test_mem *mem,
                        struct rng *rng, const uint32_t *dtype, unsigned rank,
                        const uint64_t *extent, unsigned layout)
{
    uint64_t lines[NPU_MAX_RANK], index[NPU_MAX_RANK] = { 0 };

    memcpy(lines, extent, sizeof(lines));
    lines[rank - 1] = 1;
    rotation->d = tensor_new(mem, rng, dtype[0], rank, extent, layout);
    rotation->a = tensor_new(mem, rng, dtype[1], rank, extent,
                             layout | LAYOUT_BROADCAST);
    rotation->positions = tensor_new(mem, rng, NPU_DTYPE_S32, rank, lines,
                                     layout | LAYOUT_BROADCAST);
    tensor_fill(&rotation->a, rng, VALUES_PLAIN);
    do {
        bool far = rng_range(rng, 0, 3) == 0;

        tensor_put(&rotation->positions, index,
                   rng_range(rng, far ? INT32_MIN : -3,
                             far ? INT32_MAX : 5000));
    } while (tensor_next(&rotation->positions, index));
}

/* theta^(-2i/n), as a model has them. */
static void frequencies_new(struct rotation *rotation, struct test_mem *mem,
                            struct rng *rng, uint64_t pairs)
{
    uint64_t extent[NPU_MAX_RANK] = { pairs }, i = 0;

    rotation->frequencies = tensor_new(mem, rng, NPU_DTYPE_F32, 1, extent,
                                       rng_range(rng, 0, 1) ? LAYOUT_NEGATIVE :
                                                              LAYOUT_PADDED);
    do {
        tensor_put(&rotation->frequencies, &i,
                   pow(10000, -(double)i / (double)pairs));
    } while (tensor_next(&rotation->frequencies, &i));
}

static void check(const struct rotation *rotation, bool slot, uint64_t seed)
{
    struct expectation e = {
        .value = rotated,
        .arg = rotation,
        /* Values are a few units: three roundings of their products. */
        .absolute = 16 * fabs(rotation->scale) * 0x1p-23,
        .identical = true,
        .seed = seed,
    };
    struct program program;

    program_of(rotation, &program, slot);
    expect(&program, &rotation->d, &e);
}

static void test_any(void **state)
{
    static const uint32_t types[] = { NPU_DTYPE_F32, NPU_DTYPE_F16,
                                      NPU_DTYPE_BF16 };
    struct rng rng = rng_new(test_seed());
    struct test_mem *mem = mem_new(MEMORY);

    (void)state;
    for (unsigned i = 0; i < 150; i++) {
        const uint32_t dtype[] = { types[i / 3 % 3], types[i % 3] };
        struct rotation rotation = {
            .interleaved = i % 2,
            .scale = i % 5 ? (double)(float)rng_real(&rng, -2, 2) : 1,
        };
        unsigned rank = (unsigned)rng_range(&rng, 1, 5);
        uint64_t extent[NPU_MAX_RANK] = { 0 };

        mem_reset(mem);
        for (unsigned dim = 0; dim < rank; dim++) {
            extent[dim] = (uint64_t)rng_range(&rng, 1, rank > 3 ? 5 : 17);
        }
        extent[rank - 1] = (uint64_t)rng_range(&rng, 2, 80);
        tensors_new(&rotation, mem, &rng, dtype, rank, extent, i % 8);
        frequencies_new(&rotation, mem, &rng,
                        (uint64_t)rng_range(&rng, 1,
                                            (int64_t)extent[rank - 1] / 2));
        check(&rotation, i % 7 == 0, test_seed());
    }
    mem_free(mem);
}

/* Many tiles, long lines, all heads of a token at one position. */
static void test_many(void **state)
{
    static const uint32_t dtype[] = { NPU_DTYPE_F32, NPU_DTYPE_F32 };
    static const uint64_t shapes[][NPU_MAX_RANK] = { { 3, 70, 12, 128 },
                                                     { 1, 2, 3, NPU_MAX_ROPE },
                                                     { 2, 5000, 1, 6 } };
    struct rng rng = rng_new(test_seed());
    struct test_mem *mem = mem_new(MEMORY);

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct rotation rotation = { .interleaved = i % 2, .scale = 1 };

        mem_reset(mem);
        tensors_new(&rotation, mem, &rng, dtype, 4, shapes[i], LAYOUT_DENSE);
        rotation.positions.desc.stride[2] = 0;
        frequencies_new(&rotation, mem, &rng, shapes[i][3] / 2);
        check(&rotation, false, test_seed());
    }
    mem_free(mem);
}

/* d is a. */
static void test_in_place(void **state)
{
    static const uint32_t dtype[] = { NPU_DTYPE_F16, NPU_DTYPE_F16 };
    const uint64_t extent[NPU_MAX_RANK] = { 5, 32 };
    struct rng rng = rng_new(test_seed());
    struct test_mem *mem = mem_new(MEMORY);

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct rotation rotation = { .interleaved = i, .scale = 1 };
        struct tensor before;
        struct runner runner;
        struct npu_verdict verdict;
        struct program program;
        uint64_t index[NPU_MAX_RANK] = { 0 };

        mem_reset(mem);
        tensors_new(&rotation, mem, &rng, dtype, 2, extent, LAYOUT_DENSE);
        frequencies_new(&rotation, mem, &rng, 16);
        before = tensor_new(mem, &rng, NPU_DTYPE_F16, 2, extent, LAYOUT_DENSE);
        do {
            tensor_put(&rotation.d, index, tensor_get(&rotation.a, index));
            tensor_put(&before, index, tensor_get(&rotation.a, index));
        } while (tensor_next(&before, index));
        rotation.a = rotation.d;
        program_of(&rotation, &program, false);
        runner = runner_new(&program);
        assert_true(run_insn(&runner, 0, 3, 4, mem, &verdict));
        runner_free(&runner);
        rotation.a = before;
        do {
            double is = tensor_get(&rotation.d, index);
            double should = rotated(&rotation, index);

            assert_true(fabs(is - should) <= fabs(should) * 0x1p-10 + 0x1p-18);
        } while (tensor_next(&before, index));
    }
    mem_free(mem);
}

/* What is not a finite angle, or not a finite element, spoils its pair only. */
static void test_special(void **state)
{
    static const uint32_t dtype[] = { NPU_DTYPE_F32, NPU_DTYPE_F32 };
    static const double odd[] = { INFINITY, NAN, 3e38, -1e8, 0, 2.5 };
    const uint64_t extent[NPU_MAX_RANK] = { 6, 16 };
    struct rng rng = rng_new(test_seed());
    struct test_mem *mem = mem_new(MEMORY);

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct rotation rotation = { .interleaved = i, .scale = 1 };

        mem_reset(mem);
        tensors_new(&rotation, mem, &rng, dtype, 2, extent, LAYOUT_DENSE);
        frequencies_new(&rotation, mem, &rng, 7);
        for (uint64_t at = 0; at < 6; at++) {
            tensor_put(&rotation.frequencies, &at, odd[at]);
            tensor_put(&rotation.positions, (uint64_t[]){ at, 0 }, 50 + 7 * at);
            tensor_put(&rotation.a, (uint64_t[]){ at, 3 + at },
                       at < 2 ? odd[at] : 1);
        }
        check(&rotation, false, test_seed());
    }
    mem_free(mem);
}

int main(void)
{
    struct suite suite = { 0 };

    suite_add(&suite, test_any, NULL, "rope");
    suite_add(&suite, test_many, NULL, "rope, many and long lines");
    suite_add(&suite, test_in_place, NULL, "rope in place");
    suite_add(&suite, test_special, NULL, "rope, special values");
    return suite_run(&suite, "rope");
}
