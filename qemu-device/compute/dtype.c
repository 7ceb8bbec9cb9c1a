/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Element types.  Conversions round to nearest even; to an integer and to fp8
 * they saturate, and NaN becomes the integer 0.
 */
#include <string.h>

#include "clones.h"
#include "dtype.h"
#include "formats.h"
#include "unpack.h"
#include "npu/isa.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "tensors are little endian and are used where they lie");

static const struct {
    uint8_t size;
    uint8_t calc;
} dtypes[NPU_DTYPE_MXFP4 + 1] = {
    [NPU_DTYPE_F32] = { 4, NPU_CALC_F32 },
    [NPU_DTYPE_F16] = { 2, NPU_CALC_F32 },
    [NPU_DTYPE_S8] = { 1, NPU_CALC_S32 },
    [NPU_DTYPE_S32] = { 4, NPU_CALC_S32 },
    [NPU_DTYPE_BF16] = { 2, NPU_CALC_F32 },
    [NPU_DTYPE_F8E4M3] = { 1, NPU_CALC_F32 },
    [NPU_DTYPE_F8E5M2] = { 1, NPU_CALC_F32 },
    [NPU_DTYPE_U8] = { 1, NPU_CALC_S32 },
    [NPU_DTYPE_S64] = { 8, NPU_CALC_S64 },
    [NPU_DTYPE_BOOL] = { 1, NPU_CALC_S32 },
};

unsigned npu_element_size(uint32_t dtype)
{
    return dtype < sizeof(dtypes) / sizeof(dtypes[0]) ? dtypes[dtype].size : 0;
}

enum npu_calc npu_dtype_calc(uint32_t dtype)
{
    return dtypes[dtype].calc;
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
static const float *row_f32(const void *from, int64_t stride, uint32_t dtype,
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
    case NPU_DTYPE_BF16:
        CONVERT(tmp, 4, float, from, stride, uint16_t, n, widen_bf16(v));
        break;
    case NPU_DTYPE_F8E4M3:
        CONVERT(tmp, 4, float, from, stride, uint8_t, n, widen_e4m3(v));
        break;
    case NPU_DTYPE_F8E5M2:
        CONVERT(tmp, 4, float, from, stride, uint8_t, n, widen_e5m2(v));
        break;
    case NPU_DTYPE_S8:
        CONVERT(tmp, 4, float, from, stride, int8_t, n, (float)v);
        break;
    case NPU_DTYPE_U8:
        CONVERT(tmp, 4, float, from, stride, uint8_t, n, (float)v);
        break;
    case NPU_DTYPE_BOOL:
        CONVERT(tmp, 4, float, from, stride, uint8_t, n, (float)!!v);
        break;
    default:
        CONVERT(tmp, 4, float, from, stride, int32_t, n, (float)v);
        break;
    }
    return tmp;
}

/* One element, repeated */
NPU_CLONES
static const float *row_repeat(const void *from, uint32_t dtype, size_t n,
                               float *tmp)
{
    float value = *row_f32(from, 0, dtype, 1, tmp);

    for (size_t i = 0; i < n; i++) {
        tmp[i] = value;
    }
    return tmp;
}

const float *npu_row_f32(const void *from, int64_t stride, uint32_t dtype,
                         size_t n, float *tmp)
{
    const struct npu_unpack *unpack = npu_unpack_find(dtype);
    size_t done;

    if (!stride && n > 1) {
        return row_repeat(from, dtype, n, tmp);
    }
    if (!unpack || stride != dtypes[dtype].size) {
        return row_f32(from, stride, dtype, n, tmp);
    }
    done = n / unpack->elements;
    unpack->get(tmp, from, done);
    if (n % unpack->elements) {
        row_f32((const char *)from + done * unpack->bytes, stride, dtype,
                n % unpack->elements, tmp + done * unpack->elements);
    }
    return tmp;
}

NPU_CLONES
const int32_t *npu_row_s32(const void *from, int64_t stride, uint32_t dtype,
                           size_t n, int32_t *tmp)
{
    switch (dtype) {
    case NPU_DTYPE_S8:
        CONVERT(tmp, 4, int32_t, from, stride, int8_t, n, v);
        break;
    case NPU_DTYPE_U8:
        CONVERT(tmp, 4, int32_t, from, stride, uint8_t, n, v);
        break;
    case NPU_DTYPE_BOOL:
        CONVERT(tmp, 4, int32_t, from, stride, uint8_t, n, !!v);
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

NPU_CLONES
const int64_t *npu_row_s64(const void *from, int64_t stride, uint32_t dtype,
                           size_t n, int64_t *tmp)
{
    switch (dtype) {
    case NPU_DTYPE_F32:
        CONVERT(tmp, 8, int64_t, from, stride, float, n, to_s64(v));
        break;
    case NPU_DTYPE_F16:
        CONVERT(tmp, 8, int64_t, from, stride, uint16_t, n, to_s64(widen(v)));
        break;
    case NPU_DTYPE_BF16:
        CONVERT(tmp, 8, int64_t, from, stride, uint16_t, n,
                to_s64(widen_bf16(v)));
        break;
    case NPU_DTYPE_F8E4M3:
        CONVERT(tmp, 8, int64_t, from, stride, uint8_t, n,
                to_s64(widen_e4m3(v)));
        break;
    case NPU_DTYPE_F8E5M2:
        CONVERT(tmp, 8, int64_t, from, stride, uint8_t, n,
                to_s64(widen_e5m2(v)));
        break;
    case NPU_DTYPE_S8:
        CONVERT(tmp, 8, int64_t, from, stride, int8_t, n, v);
        break;
    case NPU_DTYPE_U8:
        CONVERT(tmp, 8, int64_t, from, stride, uint8_t, n, v);
        break;
    case NPU_DTYPE_BOOL:
        CONVERT(tmp, 8, int64_t, from, stride, uint8_t, n, !!v);
        break;
    case NPU_DTYPE_S32:
        CONVERT(tmp, 8, int64_t, from, stride, int32_t, n, v);
        break;
    default:
        if (stride == sizeof(int64_t) || n == 1) {
            return from;
        }
        CONVERT(tmp, 8, int64_t, from, stride, int64_t, n, v);
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
    case NPU_DTYPE_BF16:
        CONVERT(to, stride, uint16_t, from, 4, float, n, narrow_bf16(v));
        break;
    case NPU_DTYPE_F8E4M3:
        CONVERT(to, stride, uint8_t, from, 4, float, n, narrow_e4m3(v));
        break;
    case NPU_DTYPE_F8E5M2:
        CONVERT(to, stride, uint8_t, from, 4, float, n, narrow_e5m2(v));
        break;
    case NPU_DTYPE_S8:
        CONVERT(to, stride, int8_t, from, 4, float, n, to_s8(v));
        break;
    case NPU_DTYPE_U8:
        CONVERT(to, stride, uint8_t, from, 4, float, n, to_u8(v));
        break;
    case NPU_DTYPE_BOOL:
        CONVERT(to, stride, uint8_t, from, 4, float, n, v != 0.0f);
        break;
    default:
        CONVERT(to, stride, int32_t, from, 4, float, n, to_s32(v));
        break;
    }
}

/*
 * Integers to a narrow floating-point type go through f32.  What f32 would have
 * to round is out of the range of all of them but bf16.
 */
NPU_CLONES
void npu_row_put_s32(void *to, int64_t stride, uint32_t dtype, size_t n,
                     const int32_t *from)
{
    switch (dtype) {
    case NPU_DTYPE_F32:
        CONVERT(to, stride, float, from, 4, int32_t, n, (float)v);
        break;
    case NPU_DTYPE_F16:
        CONVERT(to, stride, uint16_t, from, 4, int32_t, n, narrow((float)v));
        break;
    case NPU_DTYPE_BF16:
        CONVERT(to, stride, uint16_t, from, 4, int32_t, n,
                narrow_bf16(odd_f32(v)));
        break;
    case NPU_DTYPE_F8E4M3:
        CONVERT(to, stride, uint8_t, from, 4, int32_t, n,
                narrow_e4m3((float)v));
        break;
    case NPU_DTYPE_F8E5M2:
        CONVERT(to, stride, uint8_t, from, 4, int32_t, n,
                narrow_e5m2((float)v));
        break;
    case NPU_DTYPE_S8:
        CONVERT(to, stride, int8_t, from, 4, int32_t, n,
                (int8_t)saturate(v, INT8_MIN, INT8_MAX));
        break;
    case NPU_DTYPE_U8:
        CONVERT(to, stride, uint8_t, from, 4, int32_t, n,
                (uint8_t)saturate(v, 0, UINT8_MAX));
        break;
    case NPU_DTYPE_BOOL:
        CONVERT(to, stride, uint8_t, from, 4, int32_t, n, v != 0);
        break;
    default:
        npu_row_copy(to, stride, from, 4, 4, n);
        break;
    }
}

NPU_CLONES
void npu_row_put_s64(void *to, int64_t stride, uint32_t dtype, size_t n,
                     const int64_t *from)
{
    switch (dtype) {
    case NPU_DTYPE_F32:
        CONVERT(to, stride, float, from, 8, int64_t, n, (float)v);
        break;
    case NPU_DTYPE_F16:
        CONVERT(to, stride, uint16_t, from, 8, int64_t, n, narrow((float)v));
        break;
    case NPU_DTYPE_BF16:
        CONVERT(to, stride, uint16_t, from, 8, int64_t, n,
                narrow_bf16(odd_f32(v)));
        break;
    case NPU_DTYPE_F8E4M3:
        CONVERT(to, stride, uint8_t, from, 8, int64_t, n,
                narrow_e4m3((float)v));
        break;
    case NPU_DTYPE_F8E5M2:
        CONVERT(to, stride, uint8_t, from, 8, int64_t, n,
                narrow_e5m2((float)v));
        break;
    case NPU_DTYPE_S8:
        CONVERT(to, stride, int8_t, from, 8, int64_t, n,
                (int8_t)saturate(v, INT8_MIN, INT8_MAX));
        break;
    case NPU_DTYPE_U8:
        CONVERT(to, stride, uint8_t, from, 8, int64_t, n,
                (uint8_t)saturate(v, 0, UINT8_MAX));
        break;
    case NPU_DTYPE_BOOL:
        CONVERT(to, stride, uint8_t, from, 8, int64_t, n, v != 0);
        break;
    case NPU_DTYPE_S32:
        CONVERT(to, stride, int32_t, from, 8, int64_t, n,
                (int32_t)saturate(v, INT32_MIN, INT32_MAX));
        break;
    default:
        npu_row_copy(to, stride, from, 8, 8, n);
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
    case 4:
        CONVERT(to, to_stride, uint32_t, from, from_stride, uint32_t, n, v);
        break;
    default:
        CONVERT(to, to_stride, uint64_t, from, from_stride, uint64_t, n, v);
        break;
    }
}

/* The bits of one element, repeated over 64 bits. */
static uint64_t repeat(unsigned size, uint32_t bits)
{
    switch (size) {
    case 1:
        return (bits & 0xff) * 0x0101010101010101u;
    case 2:
        return (bits & 0xffff) * 0x0001000100010001u;
    case 4:
        return bits * 0x0000000100000001u;
    default:
        return (uint64_t)(int32_t)bits;
    }
}

void npu_row_fill(void *to, int64_t stride, unsigned size, size_t n,
                  uint32_t bits)
{
    uint64_t pattern[8];
    unsigned char *at = to;
    size_t step = stride == size ? sizeof(pattern) / size : 1;

    for (unsigned i = 0; i < 8; i++) {
        pattern[i] = repeat(size, bits);
    }
    while (n) {
        size_t count = n < step ? n : step;

        memcpy(at, pattern, count * size);
        at += (int64_t)count * stride;
        n -= count;
    }
}
