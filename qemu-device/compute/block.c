/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The formats of blocks: those of the GGUF file format, of the OCP's Microscaling
 * specification (MXFP4) and two s4 in a byte.
 */
#include "block.h"
#include "clones.h"
#include "dtype.h"
#include "formats.h"
#include "quantise.h"
#include "unpack.h"

/* The f16 at any address. */
static inline float half_at(const unsigned char *from)
{
    uint16_t bits;

    memcpy(&bits, from, sizeof(bits));
    return widen(bits);
}

NPU_CLONES
static void get_s4(float *restrict to, const unsigned char *restrict from,
                   size_t n)
{
    for (size_t i = 0; i < n; i++) {
        to[2 * i] = (float)((int)(from[i] & 15) - 2 * (int)(from[i] & 8));
        to[2 * i + 1] = (float)((int8_t)from[i] >> 4);
    }
}

/* f16 d, s8 q[32]: d q */
NPU_CLONES
static void get_q8_0(float *restrict to, const unsigned char *restrict from,
                     size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float d = half_at(from);

        for (unsigned j = 0; j < 32; j++) {
            to[j] = d * (float)(int8_t)from[2 + j];
        }
        to += 32;
        from += 34;
    }
}

/* f16 d, u4 q[32], the first half in the low bits: d (q - 8) */
NPU_CLONES
static void get_q4_0(float *restrict to, const unsigned char *restrict from,
                     size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float d = half_at(from);

        for (unsigned j = 0; j < 16; j++) {
            to[j] = d * (float)((int)(from[2 + j] & 15) - 8);
            to[j + 16] = d * (float)((int)(from[2 + j] >> 4) - 8);
        }
        to += 32;
        from += 18;
    }
}

/*
 * f16 d and dmin, twelve bytes with eight scales s and minima m of six bits each,
 * and eight rows of 32 u4, two rows in 32 bytes: d s q - dmin m
 */
struct scale {
    float s, m;
};

static inline struct scale q4_k_scale(const unsigned char *from, unsigned row)
{
    const unsigned char *packed = from + 4;
    unsigned s, m;

    if (row < 4) {
        s = packed[row] & 63;
        m = packed[row + 4] & 63;
    } else {
        s = (packed[row + 4] & 15) | (packed[row - 4] >> 6) << 4;
        m = packed[row + 4] >> 4 | (packed[row] >> 6) << 4;
    }
    return (struct scale){ half_at(from) * (float)s,
                           half_at(from + 2) * (float)m };
}

static inline float difference(float a, float b)
{
    return a - b;
}

/* a - b, with the last bit set if there is more below it */
static inline float odd_difference(float a, float b)
{
    float sum = a - b, part = sum - a;
    float rest = (a - (sum - part)) - (b + part);
    uint32_t bits = bits_of(sum);
    uint32_t down = (rest < 0) != (sum < 0), more = rest != 0;

    /* Infinities leave no number. */
    return rest == rest ? float_of((bits - (down & more)) | more) : sum;
}

static inline __attribute__((always_inline)) void unpack_q4_k(
    float *restrict to, const unsigned char *restrict from, size_t n,
    float (*less)(float a, float b))
{
    for (size_t i = 0; i < n; i++) {
        for (unsigned row = 0; row < 8; row += 2) {
            struct scale low = q4_k_scale(from, row);
            struct scale high = q4_k_scale(from, row + 1);
            const unsigned char *q = from + 16 + row * 16;

            for (unsigned j = 0; j < 32; j++) {
                to[j] = less(low.s * (float)(q[j] & 15), low.m);
                to[j + 32] = less(high.s * (float)(q[j] >> 4), high.m);
            }
            to += 64;
        }
        from += 144;
    }
}

NPU_CLONES
static void get_q4_k(float *restrict to, const unsigned char *restrict from,
                     size_t n)
{
    unpack_q4_k(to, from, n, difference);
}

NPU_CLONES
static void get_odd_q4_k(float *restrict to, const unsigned char *restrict from,
                         size_t n)
{
    unpack_q4_k(to, from, n, odd_difference);
}

/*
 * Low four bits of 256 numbers, high two bits, 16 scales s (s8), f16 d:
 * d s (q - 32).  In each half of 128, four rows of 32 share their bytes.
 */
NPU_CLONES
static void get_q6_k(float *restrict to, const unsigned char *restrict from,
                     size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float d = half_at(from + 208);

        for (unsigned half = 0; half < 2; half++) {
            const unsigned char *low = from + 64 * half;
            const unsigned char *high = from + 128 + 32 * half;
            const int8_t *s = (const int8_t *)from + 192 + 8 * half;

            for (unsigned row = 0; row < 4; row++) {
                float scale[2] = { d * (float)s[2 * row],
                                   d * (float)s[2 * row + 1] };
                unsigned shift = row < 2 ? 0 : 4;

                for (unsigned j = 0; j < 32; j++) {
                    int q = (low[32 * (row & 1) + j] >> shift) & 15;

                    q |= ((high[j] >> (2 * row)) & 3) << 4;
                    to[j] = scale[j / 16] * (float)(q - 32);
                }
                to += 32;
            }
        }
        from += 210;
    }
}

/* 2^(e - 127), or NaN for 255 */
static inline float power_of_two(uint8_t e)
{
    uint32_t bits = e ? (uint32_t)e << 23 : 1u << 22;

    return float_of(e == 255 ? 0x7fc00000 : bits);
}

/* A sign, two bits of exponent and one of fraction, times two */
static inline int twice_e2m1(unsigned bits)
{
    static const int8_t values[16] = { 0, 1,  2,  3,  4,  6,  8,  12,
                                       0, -1, -2, -3, -4, -6, -8, -12 };

    return values[bits];
}

/* u8 e, 32 numbers of four bits, the first half in the low bits: 2^(e - 127) q */
NPU_CLONES
static void get_mxfp4(float *restrict to, const unsigned char *restrict from,
                      size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float d = power_of_two(from[0]);

        for (unsigned j = 0; j < 16; j++) {
            to[j] = d * (0.5f * (float)twice_e2m1(from[1 + j] & 15));
            to[j + 16] = d * (0.5f * (float)twice_e2m1(from[1 + j] >> 4));
        }
        to += 32;
        from += 17;
    }
}

static const struct npu_block blocks[] = {
    [NPU_DTYPE_S4] = { NPU_DTYPE_S4, 2, 1, 1, get_s4, NULL, npu_put_s4 },
    [NPU_DTYPE_Q8_0] = { NPU_DTYPE_Q8_0, 32, 34, 2, get_q8_0, NULL,
                         npu_put_q8_0 },
    [NPU_DTYPE_Q4_0] = { NPU_DTYPE_Q4_0, 32, 18, 2, get_q4_0, NULL,
                         npu_put_q4_0 },
    [NPU_DTYPE_Q4_K] = { NPU_DTYPE_Q4_K, 256, 144, 2, get_q4_k, get_odd_q4_k },
    [NPU_DTYPE_Q6_K] = { NPU_DTYPE_Q6_K, 256, 210, 2, get_q6_k },
    [NPU_DTYPE_MXFP4] = { NPU_DTYPE_MXFP4, 32, 17, 1, get_mxfp4, NULL,
                          npu_put_mxfp4 },
};

void npu_block_get_f32(const struct npu_block *block, float *to,
                       const unsigned char *from, size_t n)
{
    const struct npu_unpack *unpack = npu_unpack_find(block->dtype);
    size_t done = 0;

    if (unpack) {
        size_t together = unpack->elements / block->elements;

        unpack->get(to, from, n / together);
        done = n / together * together;
    }
    block->get_f32(to + done * block->elements, from + done * block->bytes,
                   n - done);
}

const struct npu_block *npu_block_find(uint32_t dtype)
{
    if (dtype >= sizeof(blocks) / sizeof(blocks[0]) ||
        !blocks[dtype].elements) {
        return NULL;
    }
    return &blocks[dtype];
}

bool npu_units_get(struct npu_units *units, const struct npu_tensor *tensor)
{
    const struct npu_block *block = npu_block_find(tensor->dtype);
    unsigned last = tensor->rank - 1u;

    memcpy(units->extent, tensor->extent, sizeof(units->extent));
    if (!block) {
        units->bytes = units->align = npu_element_size(tensor->dtype);
        return units->bytes;
    }
    units->bytes = block->bytes;
    units->align = block->align;
    units->extent[last] /= block->elements;
    return !(tensor->extent[last] % block->elements) &&
           tensor->stride[last] == (int64_t)block->bytes;
}
