/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copying where rows lie in one piece on one side, and columns on the other.
 */
#ifndef NPU_ACROSS_H
#define NPU_ACROSS_H

#include <stdint.h>

/*
 * to[row * to_pitch + column * size] = from[column * from_pitch + row * size], pitches
 * in bytes, elements of 1, 2, 4 or 8 bytes.
 */
void npu_copy_across(unsigned char *to, int64_t to_pitch,
                     const unsigned char *from, int64_t from_pitch,
                     unsigned size, uint64_t rows, uint64_t columns);

#endif
