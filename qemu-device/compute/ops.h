/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of instructions: one row says all that the card knows of one.
 */
#ifndef NPU_OPS_H
#define NPU_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "npu/isa.h"

struct npu_check;
struct npu_cost;
struct npu_grid;
struct npu_line_kernel;
struct npu_recurrence;
struct npu_reduction;
struct npu_tile;
struct npu_work;

/*
 * d[i] = f(a[i], b[i], c[i]) for n elements without gaps; d may be one of the
 * others.  The truth is 1, and anything but 0.
 */
typedef void npu_kernel_f32(float *d, const float *a, const float *b,
                            const float *c, size_t n);
typedef void npu_kernel_s32(int32_t *d, const int32_t *a, const int32_t *b,
                            const int32_t *c, size_t n);
typedef void npu_kernel_s64(int64_t *d, const int64_t *a, const int64_t *b,
                            const int64_t *c, size_t n);

/* A rule that an instruction of a program must keep; notes an error if not. */
typedef bool npu_rule(struct npu_check *check);

/**
 * struct npu_op - an instruction
 * @name: as in the documentation
 * @operands: operands that it must have, the destination first
 * @optional: operands that may follow these
 * @written: operands besides the destination that it writes, a bit each
 * @flags: NPU_INSN_* that it knows
 * @types: element types that fit together
 * @params: scalar, axis or window
 * @shape: extents that fit together; parameters are good by then
 * @cut: tiles for a gang of that many dies; NULL: nothing to compute
 * @run: compute one tile
 * @cost: what the timing model charges
 * @operations: that the timing model counts for an element
 * @host_ps: estimated host time for an element, to cut tiles
 * @f32: element-wise, what to do in floating point
 * @s32: element-wise, what to do in integers of up to 32 bits
 * @s64: element-wise, what to do in s64
 * @moves: element-wise, elements come out as they went in, every bit of them
 * @reduction: reductions, what to do
 * @line: softmax and normalisation, what to do with a line
 * @recurrence: recurrent steps, what a step does
 */
struct npu_op {
    const char *name;
    uint8_t operands;
    uint8_t optional;
    uint8_t written;
    uint32_t flags;
    npu_rule *types;
    npu_rule *params;
    npu_rule *shape;
    void (*cut)(const struct npu_work *work, unsigned dies,
                struct npu_grid *grid);
    bool (*run)(struct npu_tile *tile);
    void (*cost)(const struct npu_work *work, struct npu_cost *cost);
    uint32_t operations;
    uint32_t host_ps;
    npu_kernel_f32 *f32;
    npu_kernel_s32 *s32;
    npu_kernel_s64 *s64;
    bool moves;
    const struct npu_reduction *reduction;
    const struct npu_line_kernel *line;
    const struct npu_recurrence *recurrence;
};

/* NULL: there is no such instruction. */
const struct npu_op *npu_op_find(uint32_t opcode);

#endif
