/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * COPY and GATHER from element types that are made of blocks, and COPY to them.
 */
#include <math.h>

#include "support-compute-block.h"

#define MEMORY (16u << 20)

/* clang-format off */
static const uint32_t types[] = {
    NPU_DTYPE_S4, NPU_DTYPE_Q8_0, NPU_DTYPE_Q4_0, NPU_DTYPE_Q4_K,
    NPU_DTYPE_Q6_K, NPU_DTYPE_MXFP4,
};
static const uint32_t reals[] = { NPU_DTYPE_F32, NPU_DTYPE_F16, NPU_DTYPE_BF16 };
/* clang-format on */

#define TYPES (sizeof(types) / sizeof(*types))

/* ---- Tensors ------------------------------------------------------------- */

/* Small extents, the last one of some blocks */
static unsigned some_extents(struct rng *rng, uint32_t dtype, uint64_t *extent)
{
    unsigned rank = (unsigned)rng_range(rng, 1, 6);
    uint64_t block = block_elements(dtype);

    for (unsigned dim = 0; dim < rank; dim++) {
        extent[dim] = (uint64_t)rng_range(rng, 1, rank > 3 ? 3 : 6);
    }
    extent[rank - 1] = block * (uint64_t)rng_range(rng, 1, block < 32 ? 40 : 3);
    return rank;
}

/* A tensor with two of its dimensions, but for the last one, swapped. */
static struct tensor swapped(struct tensor tensor, struct rng *rng,
                             uint64_t *extent)
{
    unsigned most = tensor.desc.rank > 1 ? tensor.desc.rank - 2u : 0;
    unsigned i = (unsigned)rng_range(rng, 0, most);
    unsigned j = (unsigned)rng_range(rng, 0, most);
    int64_t stride = tensor.desc.stride[i];

    tensor.desc.stride[i] = tensor.desc.stride[j];
    tensor.desc.stride[j] = stride;
    extent[i] = tensor.desc.extent[j];
    extent[j] = tensor.desc.extent[i];
    tensor.desc.extent[i] = extent[i];
    tensor.desc.extent[j] = extent[j];
    return tensor;
}

/* Every bit as it comes: scales that are huge, tiny, infinite or no number. */
static void any_bits(const struct tensor *tensor, struct rng *rng)
{
    struct tensor blocks = *tensor;
    uint64_t index[NPU_MAX_RANK] = { 0 };

    blocks.desc.extent[blocks.desc.rank - 1] /= block_elements(
        blocks.desc.dtype);
    do {
        uint8_t *block = tensor_at(&blocks, index);

        for (unsigned i = 0; i < block_bytes(blocks.desc.dtype); i++) {
            block[i] = (uint8_t)rng_next(rng);
        }
    } while (tensor_next(&blocks, index));
}

/* ---- From blocks --------------------------------------------------------- */

static double copied(const void *arg, const uint64_t *index)
{
    return tensor_get(arg, index);
}

static void unpack_case(struct test_mem *mem, struct rng *rng, uint32_t to,
                        uint32_t from, unsigned rank, uint64_t *extent,
                        unsigned d_layout, unsigned a_layout)
{
    struct expectation e = {
        .value = copied,
        .identical = true,
        .seed = test_seed(),
    };
    struct tensor d, a;
    struct program program;

    mem_reset(mem);
    a = blocks_new(mem, rng, from, rank, extent, a_layout);
    if (a_layout & LAYOUT_PERMUTED) {
        a = swapped(a, rng, extent);
    }
    any_bits(&a, rng);
    d = tensor_new(mem, rng, to, rank, extent, d_layout);
    program_init(&program);
    program_insn(&program, NPU_OP_COPY);
    program_operand(&program, 0, &d);
    program_operand(&program, 0, &a);
    e.arg = &a;
    expect(&program, &d, &e);
}

static void test_unpack(void **state)
{
    uint32_t from = *(const uint32_t *)*state;
    struct rng rng = rng_new(test_seed() + from);
    struct test_mem *mem = mem_new(MEMORY);
    uint64_t extent[NPU_MAX_RANK];

    for (unsigned i = 0; i < 24; i++) {
        unsigned rank = some_extents(&rng, from, extent);

        unpack_case(mem, &rng, reals[i % 3], from, rank, extent, i % 8,
                    (i / 3 % 8) | (i % 4 ? 0 : LAYOUT_BROADCAST));
    }
    for (unsigned i = 0; i < 3; i++) {
        unpack_case(mem, &rng, reals[i], from, 1, (uint64_t[]){ 51200 }, 0, 0);
        unpack_case(mem, &rng, reals[i], from, 2, (uint64_t[]){ 77, 512 },
                    i ? LAYOUT_PERMUTED : LAYOUT_NEGATIVE, LAYOUT_PADDED);
    }
    mem_free(mem);
}

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
                          struct rng *rng, uint32_t to, uint32_t from,
                          unsigned rank, const uint64_t *extent, uint64_t rows,
                          unsigned layout)
{
    uint64_t table[NPU_MAX_RANK], index[NPU_MAX_RANK] = { 0 };

    mem_reset(mem);
    memcpy(table, extent, rank * sizeof(*extent));
    table[0] = rows;
    g->d = tensor_new(mem, rng, to, rank, extent, layout);
    g->a = blocks_new(mem, rng, from, rank, table, layout);
    any_bits(&g->a, rng);
    g->b = tensor_new(mem, rng, rows % 2 ? NPU_DTYPE_S32 : NPU_DTYPE_S64, 1,
                      extent, layout & ~LAYOUT_PERMUTED);
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
    uint32_t from = *(const uint32_t *)*state;
    struct rng rng = rng_new(test_seed() + from);
    struct test_mem *mem = mem_new(MEMORY);
    struct gathering g;
    struct expectation e = {
        .value = gathered,
        .arg = &g,
        .identical = true,
        .seed = test_seed(),
    };

    for (unsigned i = 0; i < 16; i++) {
        uint64_t extent[NPU_MAX_RANK];
        unsigned rank;

        do {
            rank = some_extents(&rng, from, extent);
        } while (rank == 1);
        gathering_new(&g, mem, &rng, reals[i % 3], from, rank, extent,
                      (uint64_t)rng_range(&rng, 1, 12), i % 8);
        expect(&g.program, &g.d, &e);
    }
    gathering_new(&g, mem, &rng, NPU_DTYPE_F16, from, 2,
                  (uint64_t[]){ 65, 1024 }, 100, 0);
    expect(&g.program, &g.d, &e);
    mem_free(mem);
}

static void test_gather_index(void **state)
{
    static const double bad[] = { -1, 10, INT32_MAX };
    struct rng rng = rng_new(test_seed());
    struct test_mem *mem = mem_new(MEMORY);
    struct gathering g;

    (void)state;
    for (unsigned i = 0; i < 3 * MEM_MODES; i++) {
        uint64_t index = 299 - i;
        struct npu_verdict verdict;
        struct runner runner;

        gathering_new(&g, mem, &rng, NPU_DTYPE_F16, NPU_DTYPE_Q4_0, 2,
                      (uint64_t[]){ 300, 64 }, 10, 0);
        tensor_put(&g.b, &index, bad[i % 3]);
        mem->mode = i / 3;
        runner = runner_new(&g.program);
        assert_false(run_insn(&runner, 0, 8, 4, mem, &verdict));
        assert_int_equal(verdict.code, NPU_ERR_INDEX);
        assert_int_equal(verdict.operand, 2);
        runner_free(&runner);
    }
    mem_free(mem);
}

/* ---- To blocks ----------------------------------------------------------- */

/* Each of these has another way to make a block of f32, by the text of isa.h. */
typedef void packer(uint8_t *block, const float *x);

static float largest(const float *x)
{
    float most = 0;

    for (unsigned i = 0; i < 32; i++) {
        if (!isfinite(x[i])) {
            return NAN;
        }
        most = fmaxf(most, fabsf(x[i]));
    }
    return most;
}

static float reciprocal(float s)
{
    return isinf(1 / s) ? 0 : 1 / s;
}

static void put_scale(uint8_t *block, double value)
{
    double rounded = round_to(NPU_DTYPE_F16, value);
    _Float16 half = (_Float16)rounded;

    memcpy(block, &half, sizeof(half));
    if (isnan(value)) {
        block[0] = 0;
        block[1] = 0x7e;
    }
}

static void put_q8_0(uint8_t *block, const float *x)
{
    float most = largest(x), s = most / 127;

    put_scale(block, (double)s);
    for (unsigned i = 0; i < 32; i++) {
        volatile float scaled = isnan(most) ? 0 : x[i] * reciprocal(s);

        block[2 + i] = (uint8_t)(int8_t)roundf(scaled);
    }
}

static void put_q4_0(uint8_t *block, const float *x)
{
    float most = largest(x), s = isnan(most) ? most : 0.0f / -8;

    for (unsigned i = 0; i < 32 && most > 0; i++) {
        if (fabsf(x[i]) == most) {
            s = x[i] / -8;
            break;
        }
    }
    put_scale(block, (double)s);
    for (unsigned i = 0; i < 32; i++) {
        volatile float scaled = isnan(most) ? 0 : x[i] * reciprocal(s);
        volatile float above = scaled + 8.5f;
        unsigned q = above >= 16 ? 15 : (unsigned)floorf(above);

        block[2 + i % 16] |= (uint8_t)(i < 16 ? q : q << 4);
    }
}

static unsigned nearest_e2m1(double value)
{
    static const double values[] = { 0, 0.5, 1, 1.5, 2, 3, 4, 6 };
    double a = fabs(value);
    unsigned best = 0;

    for (unsigned i = 1; i < 8; i++) {
        double is = fabs(a - values[i]), was = fabs(a - values[best]);

        if (is < was || (is == was && i % 2 == 0)) {
            best = i;
        }
    }
    return best + (signbit(value) ? 8 : 0);
}

static void put_mxfp4(uint8_t *block, const float *x)
{
    float most = largest(x);
    int exponent = -127;

    if (isnan(most)) {
        block[0] = 255;
        return;
    }
    if (most > 0) {
        exponent = ilogb((double)most) - 2;
        exponent = exponent < -127 ? -127 : exponent;
    }
    block[0] = (uint8_t)(exponent + 127);
    for (unsigned i = 0; i < 32; i++) {
        unsigned q = nearest_e2m1(ldexp((double)x[i], -exponent));

        block[1 + i % 16] |= (uint8_t)(i < 16 ? q : q << 4);
    }
}

static void put_s4(uint8_t *block, const float *x)
{
    for (unsigned i = 0; i < 2; i++) {
        double value = isnan(x[i]) ? 0 : nearbyint((double)x[i]);
        int q = (int)fmax(-8, fmin(7, value));

        block[0] |= (uint8_t)((q & 15) << 4 * i);
    }
}

static const struct packing {
    uint32_t dtype;
    packer *put;
} packings[] = {
    { NPU_DTYPE_S4, put_s4 },
    { NPU_DTYPE_Q8_0, put_q8_0 },
    { NPU_DTYPE_Q4_0, put_q4_0 },
    { NPU_DTYPE_MXFP4, put_mxfp4 },
};

/* One kind of number for each 32 of them. */
static double number(struct rng *rng, unsigned kind)
{
    double sign = rng_range(rng, 0, 1) ? 1 : -1;

    switch (kind) {
    case 0: /* zeros */
        return sign * 0.0;
    case 1: /* halves and quarters: ties */
        return (double)rng_range(rng, -64, 64) / 8;
    case 2: /* a few magnitudes, so that the largest is there twice */
        return sign * (double)rng_range(rng, 0, 3);
    case 3: /* scales that f16 has to round, or has not */
        return sign * ldexp(rng_real(rng, 1, 2), (int)rng_range(rng, -30, -8));
    case 4: /* scales that have no inverse, and subnormal ones */
        return sign *
               ldexp(rng_real(rng, 1, 2), (int)rng_range(rng, -149, -118));
    case 5: /* scales that f16 has not */
        return sign * ldexp(rng_real(rng, 1, 2), (int)rng_range(rng, 15, 127));
    case 6:
        return rng_range(rng, 0, 20) ? rng_real(rng, -4, 4) :
                                       sign * (double)INFINITY;
    case 7:
        return rng_range(rng, 0, 20) ? rng_real(rng, -4, 4) : (double)NAN;
    default:
        return rng_real(rng, -9, 9);
    }
}

static void fill_numbers(struct tensor *a, struct rng *rng)
{
    uint64_t index[NPU_MAX_RANK] = { 0 };
    unsigned kind = 0, i = 0;

    do {
        if (i++ % 32 == 0) {
            kind = (unsigned)rng_range(rng, 0, 11);
        }
        tensor_put(a, index, number(rng, kind));
    } while (tensor_next(a, index));
}

/* What the memory should be: the blocks of d, and what was there around them. */
static void make_blocks(const struct packing *packing, const struct tensor *d,
                        const struct tensor *a, uint8_t *image)
{
    unsigned elements = block_elements(packing->dtype);
    uint64_t index[NPU_MAX_RANK] = { 0 };
    struct tensor blocks = *d;

    blocks.desc.extent[d->desc.rank - 1] /= elements;
    do {
        size_t at = (size_t)((uint8_t *)tensor_at(&blocks, index) -
                             d->mem->ram);
        uint64_t from[NPU_MAX_RANK];
        float x[32];

        memcpy(from, index, sizeof(from));
        from[d->desc.rank - 1] *= elements;
        for (unsigned i = 0; i < elements; i++) {
            x[i] = (float)tensor_get(a, from);
            from[d->desc.rank - 1]++;
        }
        memset(image + at, 0, block_bytes(packing->dtype));
        packing->put(image + at, x);
    } while (tensor_next(&blocks, index));
}

static void expect_blocks(const struct packing *packing,
                          const struct program *program, const struct tensor *d,
                          const struct tensor *a)
{
    static const unsigned dies[] = { 1, 3, 8 };
    struct test_mem *mem = d->mem;
    struct runner runner = runner_new(program);
    uint8_t *before = malloc(mem->used), *want = malloc(mem->used);

    memcpy(before, mem->ram, mem->used);
    memcpy(want, mem->ram, mem->used);
    make_blocks(packing, d, a, want);
    for (unsigned i = 0; i < 3 * MEM_MODES; i++) {
        struct npu_verdict verdict;

        mem->mode = i / 3;
        memcpy(mem->ram, before, mem->used);
        assert_true(
            run_insn(&runner, 0, dies[i % 3], i % 2 ? 4 : 1, mem, &verdict));
        for (size_t j = 0; j < mem->used; j++) {
            if (mem->ram[j] != want[j]) {
                fail_msg("seed %llu, memory %d, %u dies: byte %zu from d on is "
                         "%02x, should be %02x",
                         (unsigned long long)test_seed(), mem->mode,
                         dies[i % 3], j - (size_t)(d->va - mem->base),
                         mem->ram[j], want[j]);
            }
        }
    }
    free(want);
    free(before);
    runner_free(&runner);
}

static void pack_case(struct test_mem *mem, struct rng *rng,
                      const struct packing *packing, uint32_t from,
                      unsigned rank, uint64_t *extent, unsigned d_layout,
                      unsigned a_layout)
{
    struct tensor d, a;
    struct program program;

    mem_reset(mem);
    d = blocks_new(mem, rng, packing->dtype, rank, extent, d_layout);
    if (d_layout & LAYOUT_PERMUTED) {
        d = swapped(d, rng, extent);
    }
    a = tensor_new(mem, rng, from, rank, extent, a_layout);
    fill_numbers(&a, rng);
    program_init(&program);
    program_insn(&program, NPU_OP_COPY);
    program_operand(&program, 0, &d);
    program_operand(&program, 0, &a);
    expect_blocks(packing, &program, &d, &a);
}

static void test_pack(void **state)
{
    const struct packing *packing = *state;
    struct rng rng = rng_new(test_seed() + packing->dtype);
    struct test_mem *mem = mem_new(MEMORY);
    uint64_t extent[NPU_MAX_RANK];

    for (unsigned i = 0; i < 48; i++) {
        unsigned rank = some_extents(&rng, packing->dtype, extent);

        pack_case(mem, &rng, packing, reals[i % 3], rank, extent, i / 3 % 8,
                  (i % 8) | (i % 4 ? 0 : LAYOUT_BROADCAST));
    }
    for (unsigned i = 0; i < 3; i++) {
        pack_case(mem, &rng, packing, reals[i], 1, (uint64_t[]){ 51200 }, 0, 0);
        pack_case(mem, &rng, packing, reals[i], 2, (uint64_t[]){ 77, 512 },
                  LAYOUT_PADDED, i ? LAYOUT_PERMUTED : LAYOUT_NEGATIVE);
    }
    mem_free(mem);
}

int main(void)
{
    struct suite suite = { 0 };

    for (unsigned i = 0; i < TYPES; i++) {
        suite_add(&suite, test_unpack, (void *)&types[i], "copy from %s",
                  dtype_name(types[i]));
        suite_add(&suite, test_gather, (void *)&types[i], "gather from %s",
                  dtype_name(types[i]));
    }
    for (unsigned i = 0; i < sizeof(packings) / sizeof(*packings); i++) {
        suite_add(&suite, test_pack, (void *)&packings[i], "copy to %s",
                  dtype_name(packings[i].dtype));
    }
    suite_add(&suite, test_gather_index, NULL, "gather with a bad index");
    return suite_run(&suite, "block");
}
