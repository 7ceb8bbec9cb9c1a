/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a recurrent step does to the state of a head.  See isa.h for the operands.
 */
#ifndef NPU_RECURRENCE_H
#define NPU_RECURRENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "npu/isa.h"

struct npu_work;

/* Columns of a state that are worked on together, of [depth, width]. */
#define NPU_COLUMNS 32

/**
 * struct npu_head - some steps of a head, all in f32
 * @row: of each operand but the state the row of the first step, d's to be written;
 *	NULL: there is none
 * @next: elements from the row of a step to that of the next; of what has no steps
 *	nothing
 * @repeated: operands whose row is one value, over and over, a bit each
 * @state: its first element
 * @across: elements from one column of the state, or as many as are worked on
 *	together, to the next
 * @down: elements from one row of columns to the next
 * @width: of d, rounded up to what is worked on together
 * @depth: that of the state
 * @steps: how many there are
 * @scale: the instruction's scalar
 */
struct npu_head {
    float *row[NPU_MAX_OPERANDS];
    size_t next[NPU_MAX_OPERANDS];
    uint32_t repeated;
    float *state;
    ptrdiff_t across, down;
    size_t width, depth, steps;
    float scale;
};

/**
 * struct npu_recurrence - an instruction of recurrent steps
 * @lanes: neighbours in d's width that are worked on together
 * @wide: operands that have d's width, a bit each
 * @depth: dimension of the state that has the depth; the other one is 5 less that
 * @prepared: operand that prepare() works on
 * @prepare: n of its elements, before the steps; NULL: they are used as they are
 * @run: the steps
 */
struct npu_recurrence {
    unsigned lanes;
    uint8_t wide;
    unsigned depth;
    unsigned prepared;
    void (*prepare)(const struct npu_work *work, float *x, size_t n);
    void (*run)(const struct npu_head *head);
};

extern const struct npu_recurrence npu_recurrence_ssm_scan;
extern const struct npu_recurrence npu_recurrence_rwkv_wkv;
extern const struct npu_recurrence npu_recurrence_delta_net;

#endif
