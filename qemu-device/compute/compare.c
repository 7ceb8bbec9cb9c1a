/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernels that give truth values, and that choose by them.
 */
#include <math.h>

#include "kernel.h"

NPU_ALL(NPU_BINARY, eq, x == y)
NPU_ALL(NPU_BINARY, ne, x != y)
NPU_ALL(NPU_BINARY, lt, x < y)
NPU_ALL(NPU_BINARY, le, x <= y)
NPU_ALL(NPU_BINARY, gt, x > y)
NPU_ALL(NPU_BINARY, ge, x >= y)

NPU_FLOAT(NPU_UNARY, is_nan, x != x)
NPU_FLOAT(NPU_UNARY, is_inf, fabsf(x) == INFINITY)

NPU_ALL(NPU_TERNARY, where, x != 0 ? y : z)
/* A NaN is none of the bounds, and stays. */
NPU_ALL(NPU_TERNARY, clamp, z < (x < y ? y : x) ? z : (x < y ? y : x))
