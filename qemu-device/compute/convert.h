/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conversion between two tensors of which one is made of blocks, in boxes that are
 * cut between blocks.
 */
#ifndef NPU_CONVERT_H
#define NPU_CONVERT_H

#include "block.h"
#include "grid.h"
#include "tile.h"

/*
 * What d or a of an instruction is made of.  NULL: neither has blocks, and an
 * element is what is a block in what follows.
 */
const struct npu_block *npu_convert_block(const struct npu_work *work);

/* The extents of d, the last one in blocks. */
void npu_convert_extents(const struct npu_box *d, const struct npu_block *block,
                         uint64_t *extent);

/* As npu_box_cut(), start and size being in blocks along the last dimension. */
void npu_convert_part(struct npu_box *part, const struct npu_box *box,
                      const struct npu_block *block, const uint64_t *start,
                      const uint64_t *size);

/* The most blocks that may be converted at once */
uint64_t npu_convert_most(const struct npu_block *block);

/*
 * Estimated host time for a block: to fetch, convert and store it, ps.  Dimensions
 * below dim are not walked.
 */
uint64_t npu_convert_ps(const struct npu_box *d, const struct npu_box *a,
                        unsigned dim, const struct npu_block *block);

/* Convert boxes[1], a part of a, to boxes[0], one of d; there are blocks. */
bool npu_convert_run(struct npu_tile *tile, const struct npu_box *boxes,
                     const struct npu_block *block);

#endif
