/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Single elements from one type to another, without branches where that lets loops
 * over them be vectorised.  widen() and narrow() are f16's.
 */
#ifndef NPU_FORMATS_H
#define NPU_FORMATS_H

#include <math.h>
#include <stdint.h>
#include <string.h>

static inline uint32_t bits_of(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

static inline float float_of(uint32_t bits)
{
    float value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

static inline float widen(uint16_t value)
{
    uint32_t magnitude = (uint32_t)(value & 0x7fff) << 13;
    uint32_t special = magnitude >= 0x0f800000 ? 0x7f800000 : 0;
    uint32_t sign = (uint32_t)(value & 0x8000) << 16;

    return float_of(bits_of(float_of(magnitude) * 0x1p112f) | special | sign);
}

static inline uint16_t narrow(float value)
{
    uint32_t bits = bits_of(value);
    uint32_t a = bits & 0x7fffffff;
    uint32_t normal = (a + 0xfff + ((a >> 13) & 1) - 0x38000000) >> 13;
    /* One unit in the last place of 0.5 is the smallest f16. */
    uint32_t tiny = bits_of(float_of(a) + 0.5f) - 0x3f000000;
    uint32_t h = a < 0x38800000 ? tiny : normal;

    h = a >= 0x477ff000 ? 0x7c00 : h;
    h = a > 0x7f800000 ? 0x7e00 : h;
    return h | ((bits >> 16) & 0x8000);
}

static inline float widen_bf16(uint16_t value)
{
    return float_of((uint32_t)value << 16);
}

static inline uint16_t narrow_bf16(float value)
{
    uint32_t bits = bits_of(value);
    uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;

    return (bits & 0x7fffffff) > 0x7f800000 ? bits >> 16 | 0x40 : rounded;
}

static inline float widen_e4m3(uint8_t value)
{
    uint32_t magnitude = (uint32_t)(value & 0x7f) << 20;
    uint32_t special = magnitude == 0x07f00000 ? 0x7fc00000 : 0;
    uint32_t sign = (uint32_t)(value & 0x80) << 24;

    return float_of(bits_of(float_of(magnitude) * 0x1p120f) | special | sign);
}

static inline uint8_t narrow_e4m3(float value)
{
    uint32_t bits = bits_of(value);
    uint32_t a = bits & 0x7fffffff;
    uint32_t normal = (a + 0x7ffff + ((a >> 20) & 1) - 0x3c000000) >> 20;
    /* One unit in the last place of 2^14 is the smallest e4m3. */
    uint32_t tiny = bits_of(float_of(a) + 0x1p14f) - 0x46800000;
    uint32_t h = a < 0x3c800000 ? tiny : normal;

    h = h > 0x7e ? 0x7e : h;
    h = a > 0x7f800000 ? 0x7f : h;
    return h | ((bits >> 24) & 0x80);
}

/* The upper half of an f16. */
static inline float widen_e5m2(uint8_t value)
{
    return widen((uint16_t)(value << 8));
}

static inline uint8_t narrow_e5m2(float value)
{
    uint32_t bits = bits_of(value);
    uint32_t a = bits & 0x7fffffff;
    uint32_t normal = (a + 0xfffff + ((a >> 21) & 1) - 0x38000000) >> 21;
    /* One unit in the last place of 2^7 is the smallest e5m2. */
    uint32_t tiny = bits_of(float_of(a) + 0x1p7f) - 0x43000000;
    uint32_t h = a < 0x38800000 ? tiny : normal;

    h = h > 0x7b ? 0x7b : h;
    h = a > 0x7f800000 ? 0x7f : h;
    return h | ((bits >> 24) & 0x80);
}

/*
 * An integer in 24 bits, the last one set if there is more below it: what is
 * rounded from this to fewer bits is rounded once.
 */
static inline float odd_f32(int64_t value)
{
    uint64_t m = value < 0 ? -(uint64_t)value : (uint64_t)value;
    int spare = __builtin_clzll(m | 1) - 40;
    unsigned shift = spare < 0 ? (unsigned)-spare : 0;
    uint64_t kept = m >> shift;
    float magnitude;

    kept |= kept << shift != m;
    magnitude = (float)kept * float_of((127 + shift) << 23);
    return value < 0 ? -magnitude : magnitude;
}

static inline int32_t to_s32(float value)
{
    if (value >= 0x1p31f) {
        return INT32_MAX;
    }
    if (value < -0x1p31f) {
        return INT32_MIN;
    }
    return value == value ? (int32_t)lrintf(value) : 0;
}

static inline int64_t to_s64(float value)
{
    if (value >= 0x1p63f) {
        return INT64_MAX;
    }
    if (value < -0x1p63f) {
        return INT64_MIN;
    }
    return value == value ? (int64_t)llrintf(value) : 0;
}

static inline float clamp_f32(float value, float least, float most)
{
    float low = value < most ? value : most;

    return low > least ? low : least;
}

static inline int8_t to_s8(float value)
{
    return value == value ? (int8_t)lrintf(clamp_f32(value, -128, 127)) : 0;
}

static inline uint8_t to_u8(float value)
{
    return value == value ? (uint8_t)lrintf(clamp_f32(value, 0, 255)) : 0;
}

static inline int64_t saturate(int64_t value, int64_t least, int64_t most)
{
    return value < least ? least : value > most ? most : value;
}

#endif
