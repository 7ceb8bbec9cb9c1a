/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nested loops over up to six strided operands at once, in the order and with
 * the fewest levels that their strides allow.
 */
#ifndef NPU_LOOP_H
#define NPU_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "npu/isa.h"

#define NPU_LOOP_OPERANDS 6

struct npu_loop {
    unsigned rank;
    unsigned operands;
    uint64_t extent[NPU_MAX_RANK]; /* outermost first */
    int64_t stride[NPU_LOOP_OPERANDS][NPU_MAX_RANK];
};

/* Where a loop is: at the beginning of a row of the innermost dimension. */
struct npu_loop_at {
    uint64_t index[NPU_MAX_RANK];
    int64_t offset[NPU_LOOP_OPERANDS];
};

/*
 * Drop dimensions of one element, sort the others so that operand key walks with
 * its largest stride outermost, and merge neighbours that make one longer row
 * for all operands.  At least one dimension is left.
 */
void npu_loop_tidy(struct npu_loop *loop, unsigned key);

/* Go to the next row; false after the last. */
bool npu_loop_next(const struct npu_loop *loop, struct npu_loop_at *at);

#endif
