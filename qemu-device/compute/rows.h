/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows of an operand times a vector: converted and multiplied while they are in the
 * first cache.
 */
#ifndef NPU_ROWS_H
#define NPU_ROWS_H

#include <stdint.h>

#include "unpack.h"

/*
 * For each of up to NPU_UNPACK_ROWS rows without gaps, which are pitch bytes apart:
 * the sum of its n elements, whole blocks of them, times those of x.
 */
void npu_rows_times(const unsigned char *row, int64_t pitch, unsigned rows,
                    uint32_t dtype, const float *x, uint64_t n, float *sum);

#endif
