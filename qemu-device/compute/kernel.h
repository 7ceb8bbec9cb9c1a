/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makers of element-wise kernels from an expression.  It is given the elements as
 * x, y and z, and as u, v and w in the type bits: unsigned, so that integers
 * wrap.
 *
 * Rows overlap exactly or not at all, so that no element depends on another:
 * that is what ivdep tells the vectoriser.
 */
#ifndef NPU_KERNEL_H
#define NPU_KERNEL_H

#include "clones.h"
#include "elementwise.h"

#define NPU_KERNEL(name, type, LOAD, EXPR)                                    \
    NPU_CLONES                                                                \
    void name(type *d, const type *a, const type *b, const type *c, size_t n) \
    {                                                                         \
        (void)b;                                                              \
        (void)c;                                                              \
        _Pragma("GCC ivdep") for (size_t i = 0; i < n; i++)                   \
        {                                                                     \
            LOAD;                                                             \
            d[i] = (type)(EXPR);                                              \
        }                                                                     \
    }

#define NPU_LOAD(x, u, row, type, bits) \
    type x = (row)[i];                  \
    bits u = (bits)x;                   \
    (void)u

#define NPU_UNARY(name, type, bits, EXPR) \
    NPU_KERNEL(name, type, NPU_LOAD(x, u, a, type, bits), EXPR)
#define NPU_BINARY(name, type, bits, EXPR)                \
    NPU_KERNEL(name, type, NPU_LOAD(x, u, a, type, bits); \
               NPU_LOAD(y, v, b, type, bits), EXPR)
#define NPU_TERNARY(name, type, bits, EXPR)               \
    NPU_KERNEL(name, type, NPU_LOAD(x, u, a, type, bits); \
               NPU_LOAD(y, v, b, type, bits);             \
               NPU_LOAD(z, w, c, type, bits), EXPR)

/* In f32; in s32 and s64; in all three. */
#define NPU_FLOAT(MAKER, name, EXPR) MAKER(npu_##name##_f32, float, float, EXPR)
#define NPU_INTEGERS(MAKER, name, EXPR)              \
    MAKER(npu_##name##_s32, int32_t, uint32_t, EXPR) \
    MAKER(npu_##name##_s64, int64_t, uint64_t, EXPR)
#define NPU_ALL(MAKER, name, EXPR) \
    NPU_FLOAT(MAKER, name, EXPR)   \
    NPU_INTEGERS(MAKER, name, EXPR)

#endif
