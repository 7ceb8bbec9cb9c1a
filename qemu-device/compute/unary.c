/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernels of the element-wise instructions with one source.
 */
#include <math.h>

#include "exp.h"
#include "kernel.h"

NPU_FLOAT(NPU_UNARY, neg, -x)
NPU_FLOAT(NPU_UNARY, abs, fabsf(x))
NPU_ALL(NPU_UNARY, relu, x < 0 ? 0 : x)
NPU_INTEGERS(NPU_UNARY, neg, 0 - u)
NPU_INTEGERS(NPU_UNARY, abs, x < 0 ? 0 - u : u)

NPU_FLOAT(NPU_UNARY, exp, npu_exp(x))
NPU_FLOAT(NPU_UNARY, log, logf(x))
NPU_FLOAT(NPU_UNARY, sqrt, sqrtf(x))
NPU_FLOAT(NPU_UNARY, rsqrt, 1.0f / sqrtf(x))
NPU_FLOAT(NPU_UNARY, tanh, tanhf(x))

NPU_ALL(NPU_UNARY, sign, x > 0 ? 1 : x < 0 ? -1 : x)
NPU_FLOAT(NPU_UNARY, reciprocal, 1.0f / x)
NPU_FLOAT(NPU_UNARY, floor, floorf(x))
NPU_FLOAT(NPU_UNARY, ceil, ceilf(x))
NPU_FLOAT(NPU_UNARY, round, rintf(x))
NPU_FLOAT(NPU_UNARY, trunc, truncf(x))
NPU_FLOAT(NPU_UNARY, exp2, exp2f(x))
NPU_FLOAT(NPU_UNARY, expm1, expm1f(x))
NPU_FLOAT(NPU_UNARY, log1p, log1pf(x))
NPU_FLOAT(NPU_UNARY, log2, log2f(x))
NPU_FLOAT(NPU_UNARY, erf, erff(x))
NPU_FLOAT(NPU_UNARY, sin, sinf(x))
NPU_FLOAT(NPU_UNARY, cos, cosf(x))
NPU_FLOAT(NPU_UNARY, tan, tanf(x))
NPU_FLOAT(NPU_UNARY, asin, asinf(x))
NPU_FLOAT(NPU_UNARY, acos, acosf(x))
NPU_FLOAT(NPU_UNARY, atan, atanf(x))
NPU_FLOAT(NPU_UNARY, sinh, sinhf(x))
NPU_FLOAT(NPU_UNARY, cosh, coshf(x))
NPU_FLOAT(NPU_UNARY, asinh, asinhf(x))
NPU_FLOAT(NPU_UNARY, acosh, acoshf(x))
NPU_FLOAT(NPU_UNARY, atanh, atanhf(x))
