/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instructions that make a line of d from the same line of a, after they have looked
 * at the whole of it: softmax and normalisation.  A line is all elements along some of
 * the dimensions.  All operands have the extents of d.
 */
#ifndef NPU_LINE_H
#define NPU_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "npu/isa.h"

struct npu_work;

/* d, a, and up to three more */
#define NPU_LINE_OPERANDS 5

/**
 * struct npu_line - a line, and what its kernel knows of it
 * @work: the instruction
 * @index: of its first element
 * @n: its elements
 * @sum: what the kernel adds up
 * @mean: of the values
 * @max: the largest value
 * @factor: what is multiplied with in the end
 * @high: what is subtracted in the end, rounded to f32
 * @low: the rest of that
 * @next: where the next line is likely to be, or NULL
 * @d: where the results go, or NULL; both are for the CPU to prepare for only
 */
struct npu_line {
    const struct npu_work *work;
    uint64_t index[NPU_MAX_RANK];
    uint64_t n;
    double sum, mean;
    float max, factor, high, low;
    const float *next, *d;
};

/* A row of each operand, by its index; NULL: not there, or not asked for. */
typedef const float *npu_line_rows[NPU_LINE_OPERANDS];

/**
 * struct npu_line_kernel - what to do with a line
 * @looks: how often it is looked at
 * @stores: the last look leaves the values that make() works on in room
 * @always: prepare() is needed even if no flag of @early is set
 * @early: flags of the operands that prepare() uses; make() uses the others
 * @extents: the extents of a line
 * @prepare: x from a and the operands of @early; start is where along the line, if
 *	it has one dimension only.  Without it x is a
 * @look: at n elements more; room is as long, and may be x
 * @ready: the look is over
 * @make: d from x and the other operands
 */
struct npu_line_kernel {
    unsigned looks;
    bool stores;
    bool always;
    uint32_t early;
    void (*extents)(const struct npu_work *work, uint64_t *extent);
    void (*prepare)(const struct npu_line *line, float *x, npu_line_rows row,
                    uint64_t start, size_t n);
    void (*look)(struct npu_line *line, unsigned look, const float *x,
                 float *room, size_t n);
    void (*ready)(struct npu_line *line, unsigned look);
    void (*make)(const struct npu_line *line, float *d, const float *x,
                 npu_line_rows row, size_t n);
};

extern const struct npu_line_kernel npu_line_softmax;
extern const struct npu_line_kernel npu_line_log_softmax;
extern const struct npu_line_kernel npu_line_softmax_ext;
extern const struct npu_line_kernel npu_line_rms_norm;
extern const struct npu_line_kernel npu_line_layer_norm;
extern const struct npu_line_kernel npu_line_group_norm;

/*
 * The index of the operand that a flag announces: they follow those that must be
 * there, in the order of their bits.  0: there is none.
 */
unsigned npu_line_operand(const struct npu_work *work, uint32_t flag);

/* The instruction's scalar, an f32 */
float npu_line_scalar(const struct npu_line *line);

/* Sums that grow side by side, for vectors' sake; all of them together. */
#define NPU_LINE_SUMS 16

static inline __attribute__((always_inline)) double npu_line_total(
    const double *sum)
{
    double eight[8], four[4];

    for (unsigned i = 0; i < 8; i++) {
        eight[i] = sum[i] + sum[i + 8];
    }
    for (unsigned i = 0; i < 4; i++) {
        four[i] = eight[i] + eight[i + 4];
    }
    return (four[0] + four[2]) + (four[1] + four[3]);
}

/* The largest of max and n values, NaN left out; their sum. */
float npu_line_max(float max, const float *x, size_t n);
double npu_line_sum(const float *x, size_t n);

/* Note what is to be subtracted as the sum of two f32. */
static inline void npu_line_split(struct npu_line *line, double value)
{
    line->high = (float)value;
    line->low = (float)(value - (double)line->high);
}

#endif
