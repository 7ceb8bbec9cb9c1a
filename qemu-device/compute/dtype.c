/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Element types.  Conversions round to nearest even; to an integer they
 * saturate, and NaN becomes 0.
 */
#include <math.h>
#include <string.h>

#include "clones.h"
#include "dtype.h"
#include "npu/isa.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "tensors are little endian and are used where they lie");

unsigned npu_element_size(uint32_t dtype)
{
    switch (dtype) {
    case NPU_DTYPE_F32:
    case NPU_DTYPE_S32:
        return 4;
    case NPU_DTYPE_F16:
        return 2;
    case NPU_DTYPE_S8:
        return 1;
    default:
        return 0;
    }
}

bool npu_dtype_is_integer(uint32_t dtype)
{
    return dtype == NPU_DTYPE_S8 || dtype == NPU_DTYPE_S32;
}

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

/* Without branches, so that loops over it are vectorised. */
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

static inline int8_t to_s8(float value)
{
    float low = value < 127.0f ? value : 127.0f;
    float clamped = low > -128.0f ? low : -128.0f;

    return value == value ? (int8_t)lrintf(clamped) : 0;
}

static inline int8_t saturate_s8(int32_t value)
{
    return value < INT8_MIN ? INT8_MIN : value > INT8_MAX ? INT8_MAX : value;
}

/*
 * to[i] = EXPR of from[i], with the common case, no gaps, on its own for the
 * vectoriser.  The same memory is looked at as different types.
 */
#define CONVERT(to, to_stride, TO, from, from_stride, FROM, n, EXPR) \
    do {                                                             \
        typedef TO to_type __attribute__((may_alias));               \
        typedef FROM from_type __attribute__((may_alias));           \
        unsigned char *to_ = (void *)(to);                           \
        const unsigned char *from_ = (const void *)(from);           \
                                                                     \
        if ((to_stride) == (int64_t)sizeof(TO) &&                    \
            (from_stride) == (int64_t)sizeof(FROM)) {                \
            to_type *to_row = (void *)to_;                           \
            const from_type *from_row = (const void *)from_;         \
                                                                     \
            _Pragma("GCC ivdep") for (size_t i = 0; i < (n); i++)    \
            {                                                        \
                FROM v = from_row[i];                                \
                to_row[i] = EXPR;                                    \
            }                                                        \
        } else {                                                     \
            for (size_t i = 0; i < (n); i++) {                       \
                FROM v = *(const from_type *)from_;                  \
                *(to_type *)to_ = EXPR;                              \
                to_ += (to_stride);                                  \
                from_ += (from_stride);                              \
            }                                                        \
        }                                                            \
    } while (0)

NPU_CLONES
const float *npu_row_f32(const void *from, int64_t stride, uint32_t dtype,
                         size_t n, float *tmp)
{
    switch (dtype) {
    case NPU_DTYPE_F32:
        if (stride == sizeof(float) || n == 1) {
            return from;
        }
        CONVERT(tmp, 4, float, from, stride, float, n, v);
        break;
    case NPU_DTYPE_F16:
        CONVERT(tmp, 4, float, from, stride, uint16_t, n, widen(v));
        break;
    case NPU_DTYPE_S8:
        CONVERT(tmp, 4, float, from, stride, int8_t, n, (float)v);
        break;
    default:
        CONVERT(tmp, 4, float, from, stride, int32_t, n, (float)v);
        break;
    }
    return tmp;
}

NPU_CLONES
const int32_t *npu_row_s32(const void *from, int64_t stride, uint32_t dtype,
                           size_t n, int32_t *tmp)
{
    switch (dtype) {
    case NPU_DTYPE_F32:
        CONVERT(tmp, 4, int32_t, from, stride, float, n, to_s32(v));
        break;
    case NPU_DTYPE_F16:
        CONVERT(tmp, 4, int32_t, from, stride, uint16_t, n, to_s32(widen(v)));
        break;
    case NPU_DTYPE_S8:
        CONVERT(tmp, 4, int32_t, from, stride, int8_t, n, v);
        break;
    default:
        if (stride == sizeof(int32_t) || n == 1) {
            return from;
        }
        CONVERT(tmp, 4, int32_t, from, stride, int32_t, n, v);
        break;
    }
    return tmp;
}

void npu_row_get_f32(float *to, const void *from, int64_t stride,
                     uint32_t dtype, size_t n)
{
    const float *row = npu_row_f32(from, stride, dtype, n, to);

    if (row != to) {
        memcpy(to, row, n * sizeof(*to));
    }
}

NPU_CLONES
void npu_row_put_f32(void *to, int64_t stride, uint32_t dtype, size_t n,
                     const float *from)
{
    switch (dtype) {
    case NPU_DTYPE_F32:
        npu_row_copy(to, stride, from, 4, 4, n);
        break;
    case NPU_DTYPE_F16:
        CONVERT(to, stride, uint16_t, from, 4, float, n, narrow(v));
        break;
    case NPU_DTYPE_S8:
        CONVERT(to, stride, int8_t, from, 4, float, n, to_s8(v));
        break;
    default:
        CONVERT(to, stride, int32_t, from, 4, float, n, to_s32(v));
        break;
    }
}

NPU_CLONES
void npu_row_put_s32(void *to, int64_t stride, uint32_t dtype, size_t n,
                     const int32_t *from)
{
    switch (dtype) {
    case NPU_DTYPE_F32:
        CONVERT(to, stride, float, from, 4, int32_t, n, (float)v);
        break;
    case NPU_DTYPE_F16:
        /* What f32 would have to round is infinite in f16 anyway. */
        CONVERT(to, stride, uint16_t, from, 4, int32_t, n, narrow((float)v));
        break;
    case NPU_DTYPE_S8:
        CONVERT(to, stride, int8_t, from, 4, int32_t, n, saturate_s8(v));
        break;
    default:
        npu_row_copy(to, stride, from, 4, 4, n);
        break;
    }
}

void npu_row_copy(void *to, int64_t to_stride, const void *from,
                  int64_t from_stride, unsigned size, size_t n)
{
    if ((to_stride == size && from_stride == size) || n == 1) {
        memmove(to, from, n * size);
        return;
    }
    switch (size) {
    case 1:
        CONVERT(to, to_stride, uint8_t, from, from_stride, uint8_t, n, v);
        break;
    case 2:
        CONVERT(to, to_stride, uint16_t, from, from_stride, uint16_t, n, v);
        break;
    default:
        CONVERT(to, to_stride, uint32_t, from, from_stride, uint32_t, n, v);
        break;
    }
}

/* The bits of one element, repeated over 32 bits. */
static uint32_t repeat(unsigned size, uint32_t bits)
{
    switch (size) {
    case 1:
        return (bits & 0xff) * 0x01010101u;
    case 2:
        return (bits & 0xffff) * 0x00010001u;
    default:
        return bits;
    }
}

void npu_row_fill(void *to, int64_t stride, unsigned size, size_t n,
                  uint32_t bits)
{
    uint32_t pattern[16];
    unsigned char *at = to;
    size_t step = stride == size ? sizeof(pattern) / size : 1;

    for (unsigned i = 0; i < 16; i++) {
        pattern[i] = repeat(size, bits);
    }
    while (n) {
        size_t count = n < step ? n : step;

        memcpy(at, pattern, count * size);
        at += (int64_t)count * stride;
        n -= count;
    }
}
