/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernels of the element-wise instructions with two sources.
 */
#include <math.h>

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

NPU_FLOAT(NPU_BINARY, pow, powf(x, y))
NPU_FLOAT(NPU_BINARY, atan2, atan2f(x, y))
NPU_ALL(NPU_TERNARY, muladd, u *v + w)

/* What is left, with the sign of the divisor. */
static inline float modulo(float x, float y)
{
    float rest = fmodf(x, y);

    return rest != 0.0f && signbit(rest) != signbit(y) ? rest + y : rest;
}

NPU_FLOAT(NPU_BINARY, rem, fmodf(x, y))
NPU_FLOAT(NPU_BINARY, mod, modulo(x, y))
NPU_FLOAT(NPU_BINARY, floor_div, floorf(x / y))

/*
 * The operands may be the client's memory, which changes when it likes: what is
 * compared with 0 must be what is divided by.  ZERO is the result for a divisor of
 * 0, MINUS that for -1, by which the least number cannot be divided.
 */
#define DIVIDE(name, type, bits, ZERO, MINUS, EXPR)                           \
    void name(type *d, const type *a, const type *b, const type *c, size_t n) \
    {                                                                         \
        (void)c;                                                              \
        for (size_t i = 0; i < n; i++) {                                      \
            type x = *(const volatile type *)&a[i];                           \
            type y = *(const volatile type *)&b[i];                           \
            bits u = (bits)x;                                                 \
                                                                              \
            (void)u;                                                          \
            d[i] = (type)(y == 0  ? (type)(ZERO) :                            \
                          y == -1 ? (type)(MINUS) :                           \
                                    (EXPR));                                  \
        }                                                                     \
    }
#define DIVIDES(name, ZERO, MINUS, EXPR)                           \
    DIVIDE(npu_##name##_s32, int32_t, uint32_t, ZERO, MINUS, EXPR) \
    DIVIDE(npu_##name##_s64, int64_t, uint64_t, ZERO, MINUS, EXPR)

DIVIDES(div, -1, 0 - u, x / y)
DIVIDES(floor_div, -1, 0 - u, x / y - (x % y != 0 && (x < 0) != (y < 0)))
DIVIDES(rem, x, 0, x % y)
DIVIDES(mod, x, 0, x % y != 0 && (x < 0) != (y < 0) ? x % y + y : x % y)
