/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations are what the silicon would have to do at least: padding and taps
 * outside the input count, since they fill its lanes.  Bytes are those of every
 * operand once; a broadcast counts its distinct elements.
 */
#include "attention.h"
#include "cost.h"
#include "dtype.h"
#include "grid.h"
#include "matmul.h"
#include "ops.h"
#include "tile.h"

static uint64_t box_bytes(const struct npu_box *box)
{
    return npu_mul_sat(npu_box_distinct(box), box->size);
}

static uint64_t add_sat(uint64_t a, uint64_t b)
{
    uint64_t sum;

    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static void charge(const struct npu_work *work, struct npu_cost *cost,
                   uint64_t elements)
{
    cost->operations = npu_mul_sat(elements, work->op->operations);
    cost->dtype = work->operand[work->operands > 1 ? 1 : 0].dtype;
    for (unsigned operand = 0; operand < work->operands; operand++) {
        cost->bytes = add_sat(cost->bytes, box_bytes(&work->operand[operand]));
    }
}

void npu_cost_output(const struct npu_work *work, struct npu_cost *cost)
{
    charge(work, cost, npu_box_elements(&work->operand[0]));
}

void npu_cost_input(const struct npu_work *work, struct npu_cost *cost)
{
    charge(work, cost, npu_box_elements(&work->operand[1]));
}

/* An element is compared with as many as it takes to find its place among k. */
void npu_cost_order(const struct npu_work *work, struct npu_cost *cost)
{
    uint64_t k = work->operand[0].extent[work->insn->axis.axis], each = 1;

    for (uint64_t places = 1; places < k; places *= 2) {
        each++;
    }
    charge(work, cost, npu_mul_sat(npu_box_elements(&work->operand[1]), each));
}

/* With blocks, the rows that are read are shorter than those of d. */
void npu_cost_gather(const struct npu_work *work, struct npu_cost *cost)
{
    const struct npu_box *d = &work->operand[0], *a = &work->operand[1];
    uint64_t row = npu_box_elements(a) / a->extent[0] * a->size;

    cost->dtype = d->dtype;
    cost->bytes = add_sat(add_sat(box_bytes(d), npu_mul_sat(row, d->extent[0])),
                          box_bytes(&work->operand[2]));
}

void npu_cost_pick(const struct npu_work *work, struct npu_cost *cost)
{
    cost->dtype = work->operand[0].dtype;
    cost->bytes = add_sat(npu_mul_sat(box_bytes(&work->operand[0]), 2),
                          box_bytes(&work->operand[2]));
}

/* Each element of a goes to d, which is read too if it is added to what is there. */
void npu_cost_scatter(const struct npu_work *work, struct npu_cost *cost)
{
    const struct npu_box *d = &work->operand[0], *a = &work->operand[1];
    bool adds = work->insn->scatter.mode != NPU_SCATTER_SET;
    uint64_t elements = npu_box_elements(a);

    cost->dtype = a->dtype;
    cost->operations = adds ? npu_mul_sat(elements, work->op->operations) : 0;
    cost->bytes = npu_mul_sat(elements, (adds ? 2 : 1) * (uint64_t)d->size);
    cost->bytes = add_sat(cost->bytes, box_bytes(a));
    cost->bytes = add_sat(cost->bytes, box_bytes(&work->operand[2]));
}

/* Weights with fewer bits are for memory's sake: the other type is the lanes'. */
void npu_cost_matmul(const struct npu_work *work, struct npu_cost *cost)
{
    uint32_t b = work->operand[2].dtype;

    charge(work, cost,
           npu_mul_sat(npu_box_elements(&work->operand[0]),
                       npu_matmul_k(work)));
    if (!npu_matmul_is_integer(cost->dtype) &&
        npu_element_size(b) > npu_element_size(cost->dtype)) {
        cost->dtype = b;
    }
}

/* No more experts than there are pairs have their weights and scales read. */
void npu_cost_routed(const struct npu_work *work, struct npu_cost *cost)
{
    uint64_t pairs = npu_box_elements(&work->operand[3]);
    struct npu_work used = *work;

    for (unsigned operand = 2; operand < work->operands; operand += 2) {
        uint64_t *experts = &used.operand[operand].extent[0];

        *experts = npu_min(*experts, pairs);
    }
    npu_cost_matmul(&used, cost);
}

/* For each element of d all of its weights. */
void npu_cost_conv(const struct npu_work *work, struct npu_cost *cost)
{
    const struct npu_box *b = &work->operand[2];

    charge(work, cost,
           npu_mul_sat(npu_box_elements(&work->operand[0]),
                       npu_box_elements(b) / b->extent[0]));
}

/* For each element of a all of its weights. */
void npu_cost_conv_transpose(const struct npu_work *work, struct npu_cost *cost)
{
    const struct npu_box *b = &work->operand[2];

    charge(work, cost,
           npu_mul_sat(npu_box_elements(&work->operand[1]),
                       npu_box_elements(b) / b->extent[0]));
}

void npu_cost_pool(const struct npu_work *work, struct npu_cost *cost)
{
    const uint16_t *kernel = work->insn->window.kernel;

    charge(work, cost,
           npu_mul_sat(npu_box_elements(&work->operand[0]),
                       kernel[0] * (uint64_t)kernel[1] * kernel[2]));
}

/* One dimension after the other, if all were of d's extents. */
void npu_cost_resize(const struct npu_work *work, struct npu_cost *cost)
{
    static const unsigned weights[] = {
        [NPU_RESIZE_NEAREST] = 0,
        [NPU_RESIZE_LINEAR] = 2,
        [NPU_RESIZE_CUBIC] = 4,
    };
    const struct npu_insn_resize *resize = &work->insn->resize;
    unsigned axes = (unsigned)__builtin_popcount(resize->axes);

    charge(work, cost,
           npu_mul_sat(npu_box_elements(&work->operand[0]),
                       axes * weights[resize->mode]));
}

/* All pairs of a row and a key, or half of them if it is causal. */
void npu_cost_attention(const struct npu_work *work, struct npu_cost *cost)
{
    const struct npu_box *d = &work->operand[0], *q = &work->operand[1];
    const struct npu_box *k = &work->operand[2];
    unsigned at_table = npu_attention_operand(work->insn->flags,
                                              NPU_INSN_TABLE);
    uint64_t width = q->extent[q->rank - 1];
    uint64_t keys = k->extent[1];

    if (at_table) {
        keys *= work->operand[at_table].extent[1];
    }
    charge(work, cost,
           npu_mul_sat(npu_box_elements(q) / width,
                       npu_mul_sat(keys, width + d->extent[d->rank - 1])));
    if (work->insn->flags & NPU_INSN_CAUSAL) {
        cost->operations = npu_div_up(cost->operations, 2);
    }
}

/* The state comes and goes. */
void npu_cost_recurrent(const struct npu_work *work, struct npu_cost *cost)
{
    const struct npu_box *state = &work->operand[1];

    charge(work, cost,
           npu_mul_sat(npu_box_elements(state), work->operand[0].extent[1]));
    cost->bytes = add_sat(cost->bytes, box_bytes(state));
}
