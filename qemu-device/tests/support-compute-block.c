/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Element types that are made of blocks, element by element and in f64, from the
 * description of the formats.
 */
#include <math.h>

#include "support-compute-block.h"

/* clang-format off */
static const struct {
    unsigned elements, bytes;
} blocks[] = {
    [NPU_DTYPE_S4] = { 2, 1 },
    [NPU_DTYPE_Q8_0] = { 32, 34 },
    [NPU_DTYPE_Q4_0] = { 32, 18 },
    [NPU_DTYPE_Q4_K] = { 256, 144 },
    [NPU_DTYPE_Q6_K] = { 256, 210 },
    [NPU_DTYPE_MXFP4] = { 32, 17 },
};
/* clang-format on */

unsigned block_elements(uint32_t dtype)
{
    return dtype < sizeof(blocks) / sizeof(*blocks) ? blocks[dtype].elements :
                                                      0;
}

unsigned block_bytes(uint32_t dtype)
{
    return blocks[dtype].bytes;
}

uint64_t dtype_bytes(uint32_t dtype, uint64_t elements)
{
    return block_elements(dtype) ?
               elements / block_elements(dtype) * block_bytes(dtype) :
               elements * dtype_size(dtype);
}

static double half(const uint8_t *at)
{
    _Float16 value;

    memcpy(&value, at, sizeof(value));
    return (double)value;
}

static double q4_k(const uint8_t *block, unsigned i)
{
    const uint8_t *packed = block + 4;
    unsigned row = i / 32, scale, least, byte = 16 + i / 64 * 32 + i % 32;
    unsigned q = i / 32 % 2 ? block[byte] >> 4 : block[byte] & 15;

    if (row < 4) {
        scale = packed[row] & 63;
        least = packed[row + 4] & 63;
    } else {
        scale = (packed[row + 4] & 15) + packed[row - 4] / 64 * 16;
        least = packed[row + 4] / 16 + packed[row] / 64 * 16;
    }
    return half(block) * scale * q - half(block + 2) * least;
}

static double q6_k(const uint8_t *block, unsigned i)
{
    unsigned part = i / 128, row = i % 128 / 32, column = i % 32;
    unsigned low = block[64 * part + 32 * (row % 2) + column];
    unsigned high = block[128 + 32 * part + column];
    int q = (int)((row / 2 ? low / 16 : low % 16) |
                  (high >> (2 * row) & 3) * 16);

    return half(block + 208) * (int8_t)block[192 + i / 16] * (q - 32);
}

static double mxfp4(const uint8_t *block, unsigned i)
{
    static const double values[] = { 0, 0.5, 1, 1.5, 2, 3, 4, 6 };
    unsigned byte = block[1 + i % 16], bits = i < 16 ? byte & 15 : byte >> 4;
    double value = bits & 8 ? -values[bits & 7] : values[bits & 7];

    return block[0] == 255 ? (double)NAN : ldexp(value, block[0] - 127);
}

double block_get(uint32_t dtype, const uint8_t *block, unsigned i)
{
    unsigned nibble;

    switch (dtype) {
    case NPU_DTYPE_S4:
        nibble = i ? block[0] >> 4 : block[0] & 15;
        return nibble < 8 ? (int)nibble : (int)nibble - 16;
    case NPU_DTYPE_Q8_0:
        return half(block) * (int8_t)block[2 + i];
    case NPU_DTYPE_Q4_0:
        nibble = i < 16 ? block[2 + i] & 15 : block[2 + i - 16] >> 4;
        return half(block) * ((int)nibble - 8);
    case NPU_DTYPE_Q4_K:
        return q4_k(block, i);
    case NPU_DTYPE_Q6_K:
        return q6_k(block, i);
    default:
        return mxfp4(block, i);
    }
}

static void put_half(uint8_t *at, double value)
{
    _Float16 half = (_Float16)value;

    memcpy(at, &half, sizeof(half));
}

/* Scales for elements of some units. */
static void put_scales(uint32_t dtype, uint8_t *block, struct rng *rng)
{
    double scale = rng_real(rng, 0.5, 1);

    switch (dtype) {
    case NPU_DTYPE_Q8_0:
        return put_half(block, scale / 32);
    case NPU_DTYPE_Q4_0:
        return put_half(block, scale / 2);
    case NPU_DTYPE_Q4_K:
        put_half(block, scale / 128);
        return put_half(block + 2, scale / 16);
    case NPU_DTYPE_Q6_K:
        return put_half(block + 208, scale / 1024);
    case NPU_DTYPE_MXFP4:
        block[0] = (uint8_t)rng_range(rng, 124, 127);
        return;
    }
}

struct tensor tensor_new_blocks(struct test_mem *mem, struct rng *rng,
                                uint32_t dtype, unsigned rank,
                                const uint64_t *extent)
{
    unsigned align = dtype == NPU_DTYPE_S4 || dtype == NPU_DTYPE_MXFP4 ? 1 : 2;
    struct tensor tensor = {
        .mem = mem,
        .desc = { .dtype = dtype, .rank = rank },
    };
    uint64_t bytes = block_bytes(dtype), blocks_in_all;

    for (unsigned dim = rank; dim-- > 0;) {
        tensor.desc.extent[dim] = extent[dim];
        tensor.desc.stride[dim] = (int64_t)bytes;
        bytes *= dim == rank - 1 ? extent[dim] / block_elements(dtype) :
                                   extent[dim];
    }
    blocks_in_all = bytes / block_bytes(dtype);
    tensor.va = mem_take(mem, bytes, align);
    for (uint64_t i = 0; i < blocks_in_all; i++) {
        uint8_t *block = (uint8_t *)mem_at(mem, tensor.va) +
                         i * block_bytes(dtype);

        for (unsigned j = 0; j < block_bytes(dtype); j++) {
            block[j] = (uint8_t)rng_next(rng);
        }
        put_scales(dtype, block, rng);
    }
    return tensor;
}

struct tensor blocks_new(struct test_mem *mem, struct rng *rng, uint32_t dtype,
                         unsigned rank, const uint64_t *extent, unsigned layout)
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
