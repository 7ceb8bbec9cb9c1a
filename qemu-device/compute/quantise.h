/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * n blocks from f32, as isa.h says, bit by bit.
 */
#ifndef NPU_QUANTISE_H
#define NPU_QUANTISE_H

#include <stddef.h>

void npu_put_s4(unsigned char *restrict to, const float *restrict from,
                size_t n);
void npu_put_q8_0(unsigned char *restrict to, const float *restrict from,
                  size_t n);
void npu_put_q4_0(unsigned char *restrict to, const float *restrict from,
                  size_t n);
void npu_put_mxfp4(unsigned char *restrict to, const float *restrict from,
                   size_t n);

#endif
