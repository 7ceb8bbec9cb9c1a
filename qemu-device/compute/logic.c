/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernels that look at bits.  A bool is read as 0 or 1.
 */
#include "kernel.h"

#define WIDTH (8 * sizeof(u))

NPU_INTEGERS(NPU_BINARY, and, u &v)
NPU_INTEGERS(NPU_BINARY, or, u | v)
NPU_INTEGERS(NPU_BINARY, xor, u ^ v)
NPU_INTEGERS(NPU_BINARY, shl, v < WIDTH ? u << (v % WIDTH) : 0)
NPU_INTEGERS(NPU_BINARY, shr, x >> (v < WIDTH ? v : WIDTH - 1))
NPU_INTEGERS(NPU_UNARY, bit_not, ~u)
NPU_INTEGERS(NPU_UNARY, not, x == 0)
