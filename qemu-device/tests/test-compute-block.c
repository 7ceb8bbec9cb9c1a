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

/* Rows in any order, some backwards or all the same, and with room between. */
static struct tensor blocks_new(struct test_mem *mem, struct rng *rng,
                                uint32_t dtype, unsigned rank,
                                const uint64_t *extent, unsigned layout)
{
    uint64_t room[NPU_MAX_RANK];
    struct tensor tensor;

    memcpy(room, extent, rank * sizeof(*room));
    if (layout & LAYOUT_PADDED) {
        room[rank - 1] += block_elements(dtype);
    }
    tensor = tensor_new_blocks(mem, rng, dtype, rank, room);
    tensor.desc.extent[rank - 1] = extent[rank - 1];
    for (unsigned dim = 0; dim + 1 < rank; dim++) {
        __s64 *stride = &tensor.desc.stride[dim];

        if ((layout & LAYOUT_NEGATIVE) && rng_range(rng, 0, 1)) {
            tensor.va += (extent[dim] - 1) * (uint64_t)*stride;
            *stride = -*stride;
        }
        if ((layout & LAYOUT_BROADCAST) && rng_range(rng, 0, 2) == 0) {
            *stride = 0;
        }
    }
    return tensor;
}

/* The same with two of its dimensions, but for the last one, swapped. */
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

int main(void)
{
    struct suite suite = { 0 };

    for (unsigned i = 0; i < TYPES; i++) {
        suite_add(&suite, test_unpack, (void *)&types[i], "copy from %s",
                  dtype_name(types[i]));
        suite_add(&suite, test_gather, (void *)&types[i], "gather from %s",
                  dtype_name(types[i]));
    }
    suite_add(&suite, test_gather_index, NULL, "gather with a bad index");
    return suite_run(&suite, "block");
}
