/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the timing model charges for an instruction.
 */
#ifndef NPU_COST_H
#define NPU_COST_H

#include "npu_compute.h"

struct npu_work;

/* An operation, times those of the instruction, for each element of d or a. */
void npu_cost_output(const struct npu_work *work, struct npu_cost *cost);
void npu_cost_input(const struct npu_work *work, struct npu_cost *cost);
/* Only the rows that are gathered move. */
void npu_cost_order(const struct npu_work *work, struct npu_cost *cost);
void npu_cost_gather(const struct npu_work *work, struct npu_cost *cost);
/* Only the elements that are picked, likewise. */
void npu_cost_pick(const struct npu_work *work, struct npu_cost *cost);
void npu_cost_scatter(const struct npu_work *work, struct npu_cost *cost);
/* For each element of d, and each that it is made of. */
void npu_cost_matmul(const struct npu_work *work, struct npu_cost *cost);
void npu_cost_routed(const struct npu_work *work, struct npu_cost *cost);
void npu_cost_conv(const struct npu_work *work, struct npu_cost *cost);
void npu_cost_conv_transpose(const struct npu_work *work,
                             struct npu_cost *cost);
void npu_cost_pool(const struct npu_work *work, struct npu_cost *cost);
void npu_cost_resize(const struct npu_work *work, struct npu_cost *cost);
void npu_cost_attention(const struct npu_work *work, struct npu_cost *cost);
/* For each element of the state, and each step. */
void npu_cost_recurrent(const struct npu_work *work, struct npu_cost *cost);

#endif
