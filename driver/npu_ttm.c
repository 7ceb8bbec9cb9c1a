// SPDX-License-Identifier: GPL-2.0-only
#include <linux/slab.h>

#include <drm/drm_drv.h>
#include <drm/drm_managed.h>
#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_placement.h>
#include <drm/ttm/ttm_range_manager.h>
#include <drm/ttm/ttm_tt.h>

#include "npu_bo.h"
#include "npu_copy.h"
#include "npu_device.h"
#include "npu_hbm.h"
#include "npu_ttm.h"

static struct npu_device *npu_ttm_device(struct ttm_device *bdev)
{
	return container_of(bdev, struct npu_device, ttm);
}

/* TTM zeroes the host's pages; the card reaches them by their bus addresses. */
static struct ttm_tt *npu_ttm_tt_create(struct ttm_buffer_object *bo, u32 flags)
{
	struct ttm_tt *tt = kzalloc(sizeof(*tt), GFP_KERNEL_ACCOUNT);

	if (!tt)
		return NULL;
	if (ttm_sg_tt_init(tt, bo, flags, ttm_cached)) {
		kfree(tt);
		return NULL;
	}
	return tt;
}

static void npu_ttm_tt_destroy(struct ttm_device *bdev, struct ttm_tt *tt)
{
	ttm_tt_fini(tt);
	kfree(tt);
}

/*
 * Nothing is evicted or swapped out: a full memory is full.  But what has been
 * freed and waits for its last job is worth waiting for.
 */
static bool npu_ttm_eviction_valuable(struct ttm_buffer_object *bo,
				      const struct ttm_place *place)
{
	return bo->deleted && ttm_bo_eviction_valuable(bo, place);
}

/* A buffer gets its memory, once. HBM must not show what others left there. */
static int npu_ttm_move(struct ttm_buffer_object *bo, bool evict,
			struct ttm_operation_ctx *ctx, struct ttm_resource *new_mem,
			struct ttm_place *hop)
{
	struct dma_fence *fence;

	if (drm_WARN_ON_ONCE(bo->base.dev, bo->resource))
		return -EINVAL;

	if (new_mem->mem_type == TTM_PL_VRAM) {
		fence = npu_copy_clear(npu_ttm_device(bo->bdev), new_mem);
		if (IS_ERR(fence))
			return PTR_ERR(fence);
		/* TTM has reserved the slot. */
		dma_resv_add_fence(bo->base.resv, fence, DMA_RESV_USAGE_KERNEL);
		to_npu_bo(&bo->base)->clear = fence;
	}
	ttm_bo_move_null(bo, new_mem);
	return 0;
}

static int npu_ttm_io_mem_reserve(struct ttm_device *bdev, struct ttm_resource *mem)
{
	if (mem->mem_type != TTM_PL_VRAM)
		return 0;

	mem->bus.offset = npu_ttm_device(bdev)->hbm_start;
	mem->bus.is_iomem = true;
	mem->bus.caching = ttm_write_combined;
	return 0;
}

/* Offset in HBM of a byte of a buffer. */
static u64 npu_ttm_hbm_at(struct ttm_buffer_object *bo, u64 offset, u64 *left)
{
	struct gpu_buddy *mm = &npu_ttm_device(bo->bdev)->hbm.mm;
	struct gpu_buddy_block *block;

	list_for_each_entry(block, &to_npu_hbm_resource(bo->resource)->blocks, link) {
		u64 size = gpu_buddy_block_size(mm, block);

		if (offset < size) {
			*left = size - offset;
			return gpu_buddy_block_offset(block) + offset;
		}
		offset -= size;
	}
	*left = 0;
	return 0;
}

static unsigned long npu_ttm_io_mem_pfn(struct ttm_buffer_object *bo, unsigned long page)
{
	u64 left;

	return (bo->resource->bus.offset +
		npu_ttm_hbm_at(bo, (u64)page << PAGE_SHIFT, &left)) >> PAGE_SHIFT;
}

/* For debuggers that look into a process's mapping of HBM. */
static int npu_ttm_access(struct ttm_buffer_object *bo, unsigned long offset, void *buf,
			  int len, int write)
{
	struct npu_device *ndev = npu_ttm_device(bo->bdev);
	void __iomem *at;
	u64 left;
	int idx;

	if (!drm_dev_enter(&ndev->drm, &idx))
		return -EIO;

	at = ndev->hbm_map + npu_ttm_hbm_at(bo, offset, &left);
	len = min_t(u64, len, left);
	if (write)
		memcpy_toio(at, buf, len);
	else
		memcpy_fromio(buf, at, len);
	drm_dev_exit(idx);
	return len;
}

static const struct ttm_device_funcs npu_ttm_funcs = {
	.ttm_tt_create = npu_ttm_tt_create,
	.ttm_tt_destroy = npu_ttm_tt_destroy,
	.eviction_valuable = npu_ttm_eviction_valuable,
	.move = npu_ttm_move,
	.io_mem_reserve = npu_ttm_io_mem_reserve,
	.io_mem_pfn = npu_ttm_io_mem_pfn,
	.access_memory = npu_ttm_access,
};

u64 npu_ttm_host_total(void)
{
	return (u64)ttm_tt_pages_limit() << PAGE_SHIFT;
}

u64 npu_ttm_host_used(struct npu_device *ndev)
{
	return ttm_resource_manager_usage(ttm_manager_type(&ndev->ttm, TTM_PL_TT));
}

/* TTM's work first: it frees the last buffers. */
static void npu_ttm_fini(struct drm_device *drm, void *arg)
{
	struct npu_device *ndev = to_npu_device(drm);

	drain_workqueue(ndev->ttm.wq);
	npu_hbm_fini(ndev);
	ttm_range_man_fini(&ndev->ttm, TTM_PL_TT);
	ttm_device_fini(&ndev->ttm);
}

int npu_ttm_init(struct npu_device *ndev)
{
	struct drm_device *drm = &ndev->drm;
	int ret;

	ret = ttm_device_init(&ndev->ttm, &npu_ttm_funcs, drm->dev,
			      drm->anon_inode->i_mapping, drm->vma_offset_manager, false,
			      false);
	if (ret)
		return ret;

	ret = ttm_range_man_init(&ndev->ttm, TTM_PL_TT, true, ttm_tt_pages_limit());
	if (ret)
		goto err_device;

	ret = npu_hbm_init(ndev);
	if (ret)
		goto err_range;

	return drmm_add_action_or_reset(drm, npu_ttm_fini, NULL);

err_range:
	ttm_range_man_fini(&ndev->ttm, TTM_PL_TT);
err_device:
	ttm_device_fini(&ndev->ttm);
	return ret;
}
