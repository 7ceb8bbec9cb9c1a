// SPDX-License-Identifier: GPL-2.0-only
#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_placement.h>
#include <drm/ttm/ttm_tt.h>

#include "npu_cursor.h"
#include "npu_device.h"

/* Pages that follow each other on the bus are one piece. */
static void npu_cursor_load_host(struct npu_cursor *cur)
{
	const dma_addr_t *dma = cur->bo->ttm->dma_address;
	u64 page = cur->page;

	cur->address = dma[page];
	cur->length = PAGE_SIZE;
	while (cur->length < cur->remaining && dma[page + 1] == dma[page] + PAGE_SIZE) {
		cur->length += PAGE_SIZE;
		page++;
	}
}

static void npu_cursor_load_hbm(struct npu_cursor *cur, u64 skip)
{
	struct gpu_buddy *mm = &cur->ndev->hbm.mm;

	while (skip >= gpu_buddy_block_size(mm, cur->block)) {
		skip -= gpu_buddy_block_size(mm, cur->block);
		cur->block = list_next_entry(cur->block, link);
	}
	cur->address = gpu_buddy_block_offset(cur->block) + skip;
	cur->length = min(gpu_buddy_block_size(mm, cur->block) - skip, cur->remaining);
}

/**
 * npu_cursor_first() - begin a walk
 * @cur: cursor
 * @ndev: card
 * @bo: buffer that has memory; its reservation is held or it does not move
 * @offset: first byte, a multiple of the page size
 * @size: bytes, a multiple of the page size, within the buffer
 */
void npu_cursor_first(struct npu_cursor *cur, struct npu_device *ndev,
		      struct ttm_buffer_object *bo, u64 offset, u64 size)
{
	*cur = (struct npu_cursor) {
		.ndev = ndev,
		.bo = bo,
		.remaining = size,
	};

	if (bo->resource->mem_type == TTM_PL_VRAM) {
		cur->aperture = NPU_APERTURE_HBM;
		cur->block = list_first_entry(&to_npu_hbm_resource(bo->resource)->blocks,
					      struct gpu_buddy_block, link);
		npu_cursor_load_hbm(cur, offset);
	} else {
		cur->aperture = NPU_APERTURE_HOST;
		cur->page = offset >> PAGE_SHIFT;
		npu_cursor_load_host(cur);
	}
}

/* Go on by @bytes, at most the length of the current piece. */
void npu_cursor_advance(struct npu_cursor *cur, u64 bytes)
{
	cur->address += bytes;
	cur->length -= bytes;
	cur->remaining -= bytes;
	cur->page += bytes >> PAGE_SHIFT;
	if (cur->length || !cur->remaining)
		return;

	if (cur->aperture == NPU_APERTURE_HBM) {
		cur->block = list_next_entry(cur->block, link);
		npu_cursor_load_hbm(cur, 0);
	} else {
		npu_cursor_load_host(cur);
	}
}
