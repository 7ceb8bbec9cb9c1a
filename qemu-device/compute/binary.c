/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernels of the element-wise instructions with two sources.
 */
#include "kernel.h"

NPU_ALL(NPU_BINARY, add, u + v)
NPU_ALL(NPU_BINARY, sub, u - v)
NPU_ALL(NPU_BINARY, mul, u *v)
NPU_FLOAT(NPU_BINARY, div, x / y)
/* x + y is a NaN if x or y is one. */
NPU_FLOAT(NPU_BINARY, min, x != x || y != y ? x + y : x < y ? x : y)
NPU_FLOAT(NPU_BINARY, max, x != x || y != y ? x + y : x > y ? x : y)
NPU_INTEGERS(NPU_BINARY, min, x < y ? x : y)
NPU_INTEGERS(NPU_BINARY, max, x > y ? x : y)

/*
 * The operands may be the client's memory, which changes when it likes: what is
 * compared with 0 must be what is divided by.
 */
#define DIVIDE(name, type, bits)                                              \
    void name(type *d, const type *a, const type *b, const type *c, size_t n) \
    {                                                                         \
        (void)c;                                                              \
        for (size_t i = 0; i < n; i++) {                                      \
            type x = *(const volatile type *)&a[i];                           \
            type y = *(const volatile type *)&b[i];                           \
                                                                              \
            if (y == 0) {                                                     \
                d[i] = -1;                                                    \
            } else if (y == -1) {                                             \
                d[i] = (type)(0 - (bits)x);                                   \
            } else {                                                          \
                d[i] = x / y;                                                 \
            }                                                                 \
        }                                                                     \
    }

DIVIDE(npu_div_s32, int32_t, uint32_t)
DIVIDE(npu_div_s64, int64_t, uint64_t)
