/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SUPPORT_COMPUTE_BLOCK_H
#define SUPPORT_COMPUTE_BLOCK_H

#include "support-compute.h"

unsigned block_bytes(uint32_t dtype);
/* Element i of a block */
double block_get(uint32_t dtype, const uint8_t *block, unsigned i);

/* Blocks whose rows are as LAYOUT_* says; those of LAYOUT_PERMUTED are in order. */
struct tensor blocks_new(struct test_mem *mem, struct rng *rng, uint32_t dtype,
                         unsigned rank, const uint64_t *extent,
                         unsigned layout);

#endif
