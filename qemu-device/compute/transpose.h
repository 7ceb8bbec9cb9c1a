/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NPU_TRANSPOSE_H
#define NPU_TRANSPOSE_H

#include <stdint.h>
#include <string.h>

/* The side of a square that is transposed in registers. */
#define NPU_SQUARE 8

typedef float npu_row8 __attribute__((vector_size(32)));

/* Pairs of rows, pairs of pairs, then halves change places. */
static inline __attribute__((always_inline)) void npu_transpose_square(
    float *to, int64_t to_pitch, const float *from, int64_t from_pitch)
{
    npu_row8 row[8], two[8], four[8];

    for (int i = 0; i < 8; i++) {
        memcpy(&row[i], from + i * from_pitch, sizeof(row[i]));
    }
    for (int i = 0; i < 8; i += 2) {
        two[i] = __builtin_shufflevector(row[i], row[i + 1], 0, 8, 1, 9, 4, 12,
                                         5, 13);
        two[i + 1] = __builtin_shufflevector(row[i], row[i + 1], 2, 10, 3, 11,
                                             6, 14, 7, 15);
    }
    for (int i = 0; i < 8; i += 4) {
        for (int j = 0; j < 2; j++) {
            npu_row8 a = two[i + j], b = two[i + j + 2];

            four[i + 2 * j] = __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5,
                                                      12, 13);
            four[i + 2 * j + 1] = __builtin_shufflevector(a, b, 2, 3, 10, 11, 6,
                                                          7, 14, 15);
        }
    }
    for (int i = 0; i < 4; i++) {
        npu_row8 a = four[i], b = four[i + 4];
        npu_row8 low = __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11);
        npu_row8 high = __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14,
                                                15);

        memcpy(to + i * to_pitch, &low, sizeof(low));
        memcpy(to + (i + 4) * to_pitch, &high, sizeof(high));
    }
}

/* to[j * to_pitch + i] = from[i * from_pitch + j], up to a square */
static inline __attribute__((always_inline)) void npu_transpose_part(
    float *to, int64_t to_pitch, const float *from, int64_t from_pitch,
    unsigned rows, unsigned columns)
{
    for (unsigned i = 0; i < rows; i++) {
        for (unsigned j = 0; j < columns; j++) {
            to[j * to_pitch + i] = from[i * from_pitch + j];
        }
    }
}

#endif
