/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks from f32.  The scales and the rounding of q8_0 and q4_0 are those of the
 * quantisers that GGUF files come from, so that the bytes are the same; those of
 * MXFP4 are in section 6.3 of the OCP's Microscaling specification.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "clones.h"
#include "formats.h"
#include "quantise.h"

#define BLOCK 32
#define MAGNITUDE 0x7fffffffu
#define INFINITE 0x7f800000u
#define HALF_NAN 0x7e00u

/* The largest magnitude, as bits: above all numbers is what is none. */
static inline uint32_t largest(const float *from)
{
    uint32_t most = 0;

    for (unsigned i = 0; i < BLOCK; i++) {
        uint32_t bits = bits_of(from[i]) & MAGNITUDE;

        most = bits > most ? bits : most;
    }
    return most;
}

/* The first element with that magnitude. */
static inline float first_of(const float *from, uint32_t magnitude)
{
    uint32_t first = magnitude;

    for (unsigned i = BLOCK; i-- > 0 && magnitude;) {
        uint32_t bits = bits_of(from[i]);

        first = (bits & MAGNITUDE) == magnitude ? bits : first;
    }
    return float_of(first);
}

/* Elements of so small a scale, or of none, become 0. */
static inline float inverse(float scale)
{
    float factor = 1.0f / scale;

    return (bits_of(factor) & MAGNITUDE) < INFINITE ? factor : 0.0f;
}

static inline void put_half(unsigned char *to, uint16_t bits)
{
    memcpy(to, &bits, sizeof(bits));
}

/* To the nearest integer, halves away from zero */
static inline int8_t round_away(float value)
{
    int whole = (int)value;
    float rest = value - (float)whole;

    return (int8_t)(whole + (rest >= 0.5f) - (rest <= -0.5f));
}

NPU_CLONES
void npu_put_q8_0(unsigned char *restrict to, const float *restrict from,
                  size_t n)
{
    for (size_t i = 0; i < n; i++, from += BLOCK, to += 34) {
        uint32_t most = largest(from);
        float scale = float_of(most) / 127.0f, factor = inverse(scale);

        if (most >= INFINITE) {
            put_half(to, HALF_NAN);
            memset(to + 2, 0, BLOCK);
            continue;
        }
        put_half(to, narrow(scale));
        for (unsigned j = 0; j < BLOCK; j++) {
            to[2 + j] = (unsigned char)round_away(from[j] * factor);
        }
    }
}

/* Eight above the nearest integer, which may be one too large. */
static inline uint8_t above_8(float value)
{
    int q = (int)(value + 8.5f);

    return (uint8_t)(q > 15 ? 15 : q);
}

NPU_CLONES
void npu_put_q4_0(unsigned char *restrict to, const float *restrict from,
                  size_t n)
{
    for (size_t i = 0; i < n; i++, from += BLOCK, to += 18) {
        uint32_t most = largest(from);
        float scale = first_of(from, most) / -8.0f, factor = inverse(scale);

        if (most >= INFINITE) {
            put_half(to, HALF_NAN);
            memset(to + 2, 0x88, BLOCK / 2);
            continue;
        }
        put_half(to, narrow(scale));
        for (unsigned j = 0; j < BLOCK / 2; j++) {
            uint8_t low = above_8(from[j] * factor);
            uint8_t high = above_8(from[j + BLOCK / 2] * factor);

            to[2 + j] = (uint8_t)(low | high << 4);
        }
    }
}

/* To the nearest e2m1, ties to the even one, at most 6; the sign stays. */
static inline uint8_t to_e2m1(float value)
{
    uint32_t bits = bits_of(value);
    float a = float_of(bits & MAGNITUDE);
    unsigned code = (a > 0.25f) + (a >= 0.75f) + (a > 1.25f) + (a >= 1.75f) +
                    (a > 2.5f) + (a >= 3.5f) + (a > 5.0f);

    return (uint8_t)(code | bits >> 31 << 3);
}

/*
 * The scale 2^(e - 127) makes the largest element at least 4 and below 8: e2m1 has
 * exponents up to 2.
 */
NPU_CLONES
void npu_put_mxfp4(unsigned char *restrict to, const float *restrict from,
                   size_t n)
{
    for (size_t i = 0; i < n; i++, from += BLOCK, to += 17) {
        uint32_t most = largest(from), exponent = most >> 23;
        uint32_t e = exponent > 2 ? exponent - 2 : 0;
        float factor = float_of((254 - e) << 23); /* 2^(127 - e) */

        if (most >= INFINITE) {
            to[0] = 255;
            memset(to + 1, 0, BLOCK / 2);
            continue;
        }
        to[0] = (unsigned char)e;
        for (unsigned j = 0; j < BLOCK / 2; j++) {
            uint8_t low = to_e2m1(from[j] * factor);
            uint8_t high = to_e2m1(from[j + BLOCK / 2] * factor);

            to[1 + j] = (uint8_t)(low | high << 4);
        }
    }
}

static inline uint8_t to_s4(float value)
{
    return value == value ? (uint8_t)lrintf(clamp_f32(value, -8, 7)) & 15 : 0;
}

NPU_CLONES
void npu_put_s4(unsigned char *restrict to, const float *restrict from,
                size_t n)
{
    for (size_t i = 0; i < n; i++) {
        to[i] = (uint8_t)(to_s4(from[2 * i]) | to_s4(from[2 * i + 1]) << 4);
    }
}
