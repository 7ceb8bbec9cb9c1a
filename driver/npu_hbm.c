// SPDX-License-Identifier: GPL-2.0-only
#include <linux/slab.h>

#include <drm/drm_print.h>
#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_placement.h>

#include "npu_device.h"
#include "npu_hbm.h"

static struct npu_hbm *to_npu_hbm(struct ttm_resource_manager *man)
{
	return container_of(man, struct npu_hbm, manager);
}

static struct npu_device *npu_hbm_device(struct npu_hbm *hbm)
{
	return container_of(hbm, struct npu_device, hbm);
}

/* Count a block in, or out, of the ranges of the dies that it touches. */
static void npu_hbm_account(struct npu_hbm *hbm, struct gpu_buddy_block *block,
			    bool in)
{
	const struct npu_info *info = &npu_hbm_device(hbm)->info;
	u64 start = gpu_buddy_block_offset(block);
	u64 end = start + gpu_buddy_block_size(&hbm->mm, block);
	u32 die;

	lockdep_assert_held(&hbm->lock);
	for (die = 0; die < info->dies; die++) {
		u64 from = max(start, info->die_base[die]);
		u64 to = min(end, info->die_base[die] + info->die_size[die]);

		if (from >= to)
			continue;
		hbm->used[die] += in ? to - from : from - to;
	}
}

static int npu_hbm_alloc_locked(struct npu_hbm *hbm, u64 start, u64 end, u64 size,
				unsigned long flags, struct list_head *blocks)
{
	struct gpu_buddy_block *block;
	int ret;

	if (size > end - start || size > hbm->mm.avail)
		return -ENOSPC;

	ret = gpu_buddy_alloc_blocks(&hbm->mm, start, end, size, PAGE_SIZE, blocks,
				     flags);
	/* A contiguous piece that, rounded up, is more than all of HBM */
	if (ret == -EINVAL)
		return -ENOSPC;
	if (ret)
		return ret;

	list_for_each_entry(block, blocks, link)
		npu_hbm_account(hbm, block, true);
	return 0;
}

static void npu_hbm_free_locked(struct npu_hbm *hbm, struct list_head *blocks)
{
	struct gpu_buddy_block *block;

	list_for_each_entry(block, blocks, link)
		npu_hbm_account(hbm, block, false);
	gpu_buddy_free_list(&hbm->mm, blocks, 0);
}

static void npu_hbm_place(struct npu_hbm *hbm, const struct ttm_place *place,
			  u64 *start, u64 *end)
{
	*start = (u64)place->fpfn << PAGE_SHIFT;
	*end = place->lpfn ? (u64)place->lpfn << PAGE_SHIFT : hbm->mm.size;
}

static int npu_hbm_alloc(struct ttm_resource_manager *man,
			 struct ttm_buffer_object *bo,
			 const struct ttm_place *place, struct ttm_resource **res)
{
	struct npu_hbm *hbm = to_npu_hbm(man);
	struct npu_hbm_resource *hres;
	unsigned long flags = 0;
	u64 start, end;
	int ret;

	hres = kzalloc(sizeof(*hres), GFP_KERNEL);
	if (!hres)
		return -ENOMEM;

	ttm_resource_init(bo, place, &hres->base);
	INIT_LIST_HEAD(&hres->blocks);

	npu_hbm_place(hbm, place, &start, &end);
	if (start || end != hbm->mm.size)
		flags |= GPU_BUDDY_RANGE_ALLOCATION;
	if (place->flags & TTM_PL_FLAG_CONTIGUOUS)
		flags |= GPU_BUDDY_CONTIGUOUS_ALLOCATION;

	mutex_lock(&hbm->lock);
	ret = npu_hbm_alloc_locked(hbm, start, end, hres->base.size, flags,
				   &hres->blocks);
	mutex_unlock(&hbm->lock);
	if (ret) {
		ttm_resource_fini(man, &hres->base);
		kfree(hres);
		return ret;
	}

	*res = &hres->base;
	return 0;
}

static void npu_hbm_free(struct ttm_resource_manager *man, struct ttm_resource *res)
{
	struct npu_hbm_resource *hres = to_npu_hbm_resource(res);
	struct npu_hbm *hbm = to_npu_hbm(man);

	mutex_lock(&hbm->lock);
	npu_hbm_free_locked(hbm, &hres->blocks);
	mutex_unlock(&hbm->lock);

	ttm_resource_fini(man, res);
	kfree(hres);
}

/* Would it help an allocation in @place if @res were gone? */
static bool npu_hbm_intersects(struct ttm_resource_manager *man,
			       struct ttm_resource *res,
			       const struct ttm_place *place, size_t size)
{
	struct npu_hbm *hbm = to_npu_hbm(man);
	struct gpu_buddy_block *block;
	u64 start, end;

	npu_hbm_place(hbm, place, &start, &end);
	list_for_each_entry(block, &to_npu_hbm_resource(res)->blocks, link) {
		u64 from = gpu_buddy_block_offset(block);
		u64 to = from + gpu_buddy_block_size(&hbm->mm, block);

		if (from < end && to > start)
			return true;
	}
	return false;
}

/* Does @res lie in @place? */
static bool npu_hbm_compatible(struct ttm_resource_manager *man,
			       struct ttm_resource *res,
			       const struct ttm_place *place, size_t size)
{
	struct npu_hbm *hbm = to_npu_hbm(man);
	struct gpu_buddy_block *block;
	u64 start, end;

	npu_hbm_place(hbm, place, &start, &end);
	list_for_each_entry(block, &to_npu_hbm_resource(res)->blocks, link) {
		u64 from = gpu_buddy_block_offset(block);
		u64 to = from + gpu_buddy_block_size(&hbm->mm, block);

		if (from < start || to > end)
			return false;
	}
	return true;
}

static void npu_hbm_debug(struct ttm_resource_manager *man, struct drm_printer *p)
{
	npu_hbm_print(npu_hbm_device(to_npu_hbm(man)), p);
}

static const struct ttm_resource_manager_func npu_hbm_funcs = {
	.alloc = npu_hbm_alloc,
	.free = npu_hbm_free,
	.intersects = npu_hbm_intersects,
	.compatible = npu_hbm_compatible,
	.debug = npu_hbm_debug,
};

/**
 * npu_hbm_alloc_page() - a page of HBM for a page table
 * @ndev: card
 *
 * Page tables are no buffers: they never move, nobody maps them, and there are
 * many.  So they come straight from the allocator.
 *
 * Return: the block or an error pointer, -ENOSPC when HBM is full.
 */
struct gpu_buddy_block *npu_hbm_alloc_page(struct npu_device *ndev)
{
	struct npu_hbm *hbm = &ndev->hbm;
	LIST_HEAD(blocks);
	int ret;

	mutex_lock(&hbm->lock);
	ret = npu_hbm_alloc_locked(hbm, 0, hbm->mm.size, PAGE_SIZE, 0, &blocks);
	mutex_unlock(&hbm->lock);
	if (ret)
		return ERR_PTR(ret);
	return list_first_entry(&blocks, struct gpu_buddy_block, link);
}

void npu_hbm_free_page(struct npu_device *ndev, struct gpu_buddy_block *block)
{
	LIST_HEAD(blocks);

	list_add(&block->link, &blocks);
	mutex_lock(&ndev->hbm.lock);
	npu_hbm_free_locked(&ndev->hbm, &blocks);
	mutex_unlock(&ndev->hbm.lock);
}

/* Offset of a buffer's first byte if it is contiguous, else NPU_HBM_NO_OFFSET. */
u64 npu_hbm_offset(struct npu_device *ndev, struct ttm_resource *res)
{
	struct list_head *blocks = &to_npu_hbm_resource(res)->blocks;
	struct gpu_buddy_block *block;
	u64 start, next;

	block = list_first_entry(blocks, struct gpu_buddy_block, link);
	start = gpu_buddy_block_offset(block);
	next = start;
	list_for_each_entry(block, blocks, link) {
		if (gpu_buddy_block_offset(block) != next)
			return NPU_HBM_NO_OFFSET;
		next += gpu_buddy_block_size(&ndev->hbm.mm, block);
	}
	return start;
}

u64 npu_hbm_used(struct npu_device *ndev, u32 die)
{
	u64 used;

	mutex_lock(&ndev->hbm.lock);
	used = ndev->hbm.used[die];
	mutex_unlock(&ndev->hbm.lock);
	return used;
}

void npu_hbm_print(struct npu_device *ndev, struct drm_printer *p)
{
	struct npu_hbm *hbm = &ndev->hbm;
	u32 die;

	mutex_lock(&hbm->lock);
	for (die = 0; die < ndev->info.dies; die++)
		drm_printf(p, "die %u: base %#llx size %llu KiB used %llu KiB\n", die,
			   ndev->info.die_base[die], ndev->info.die_size[die] >> 10,
			   hbm->used[die] >> 10);
	drm_buddy_print(&hbm->mm, p);
	mutex_unlock(&hbm->lock);
}

int npu_hbm_init(struct npu_device *ndev)
{
	struct npu_hbm *hbm = &ndev->hbm;
	int ret;

	ret = gpu_buddy_init(&hbm->mm, ndev->info.hbm_size, PAGE_SIZE);
	if (ret)
		return ret;

	mutex_init(&hbm->lock);
	hbm->manager.func = &npu_hbm_funcs;
	ttm_resource_manager_init(&hbm->manager, &ndev->ttm, ndev->info.hbm_size);
	ttm_set_driver_manager(&ndev->ttm, TTM_PL_VRAM, &hbm->manager);
	ttm_resource_manager_set_used(&hbm->manager, true);
	return 0;
}

/* All buffers are gone, and so is TTM's work. */
void npu_hbm_fini(struct npu_device *ndev)
{
	struct npu_hbm *hbm = &ndev->hbm;

	ttm_resource_manager_set_used(&hbm->manager, false);
	ttm_resource_manager_cleanup(&hbm->manager);
	gpu_buddy_fini(&hbm->mm);
	mutex_destroy(&hbm->lock);
}
