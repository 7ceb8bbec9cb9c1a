/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Element types: sizes, and rows of elements between memory and the types that
 * instructions calculate in: f32, s32 and s64.
 */
#ifndef NPU_DTYPE_H
#define NPU_DTYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Elements that callers with a buffer of fixed size handle at a time. */
#define NPU_ROW 512

/*
 * Room on the stack that is written before it is read, and too often to be
 * cleared first where the compiler is told to do that.
 */
#if defined(__has_attribute)
#if __has_attribute(uninitialized)
#define NPU_ROOM __attribute__((uninitialized))
#endif
#endif
#ifndef NPU_ROOM
#define NPU_ROOM
#endif

/* Bytes of an element, 0: no such type. */
unsigned npu_element_size(uint32_t dtype);

/* The type that elements are calculated in. */
enum npu_calc { NPU_CALC_F32, NPU_CALC_S32, NPU_CALC_S64 };

enum npu_calc npu_dtype_calc(uint32_t dtype);

static inline bool npu_dtype_is_integer(uint32_t dtype)
{
    return npu_dtype_calc(dtype) != NPU_CALC_F32;
}

/*
 * n elements at from, stride bytes apart, in a type to calculate in, without
 * gaps: where they are if they are that already, else converted into tmp.  As f32
 * everything but s64, as s32 the integers but s64, as s64 everything.
 */
const float *npu_row_f32(const void *from, int64_t stride, uint32_t dtype,
                         size_t n, float *tmp);
const int32_t *npu_row_s32(const void *from, int64_t stride, uint32_t dtype,
                           size_t n, int32_t *tmp);
const int64_t *npu_row_s64(const void *from, int64_t stride, uint32_t dtype,
                           size_t n, int64_t *tmp);

/* The same, but always into to. */
void npu_row_get_f32(float *to, const void *from, int64_t stride,
                     uint32_t dtype, size_t n);

/*
 * Convert n values and put them to to, stride bytes apart; only npu_row_put_s64()
 * can make s64 of them.
 */
void npu_row_put_f32(void *to, int64_t stride, uint32_t dtype, size_t n,
                     const float *from);
void npu_row_put_s32(void *to, int64_t stride, uint32_t dtype, size_t n,
                     const int32_t *from);
void npu_row_put_s64(void *to, int64_t stride, uint32_t dtype, size_t n,
                     const int64_t *from);

/* Copy n elements of size bytes; to and from may be the same row. */
void npu_row_copy(void *to, int64_t to_stride, const void *from,
                  int64_t from_stride, unsigned size, size_t n);

/* Repeat one element of size bytes n times; 8 bytes are bits with its sign. */
void npu_row_fill(void *to, int64_t stride, unsigned size, size_t n,
                  uint32_t bits);

#endif
