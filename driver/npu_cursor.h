/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NPU_CURSOR_H_
#define _NPU_CURSOR_H_

#include <linux/types.h>

#include "npu_compat.h"

struct npu_device;
struct ttm_buffer_object;

/**
 * struct npu_cursor - a walk over the pieces of a buffer that are contiguous for
 *	the card
 * @address: HBM offset or bus address of the current piece
 * @length: its bytes; 0 at the end
 * @aperture: NPU_APERTURE_* that @address belongs to
 * @remaining: bytes from here to the end of the walk
 * @ndev: card
 * @bo: buffer
 * @page: host memory: page that @address is in
 * @block: HBM: block that @address is in
 */
struct npu_cursor {
	u64 address;
	u64 length;
	u64 aperture;
	u64 remaining;
	struct npu_device *ndev;
	struct ttm_buffer_object *bo;
	u64 page;
	struct gpu_buddy_block *block;
};

void npu_cursor_first(struct npu_cursor *cur, struct npu_device *ndev,
		      struct ttm_buffer_object *bo, u64 offset, u64 size);
void npu_cursor_advance(struct npu_cursor *cur, u64 bytes);

#endif
