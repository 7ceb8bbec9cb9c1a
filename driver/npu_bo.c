// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/slab.h>

#include <drm/drm_drv.h>
#include <drm/drm_gem.h>
#include <drm/ttm/ttm_placement.h>

#include "npu_bo.h"
#include "npu_client.h"
#include "npu_compat.h"
#include "npu_device.h"
#include "npu_ttm.h"
#include "npu_vm.h"

/* Runs of neighbouring dies, and host memory. */
#define NPU_BO_MAX_PLACES	(DIV_ROUND_UP(NPU_MAX_DIES, 2) + 1)

static struct npu_bo *ttm_to_npu_bo(struct ttm_buffer_object *ttm)
{
	return container_of(ttm, struct npu_bo, ttm);
}

/* The caller puts the GEM object; NULL if there is no such handle. */
struct npu_bo *npu_bo_lookup(struct drm_file *file, u32 handle)
{
	struct drm_gem_object *obj = drm_gem_object_lookup(file, handle);

	return obj ? to_npu_bo(obj) : NULL;
}

/*
 * What a mapping shows when the card is gone: a page of zeros, one a buffer, so
 * that nobody sees what others write there.
 */
static vm_fault_t npu_bo_fault_dummy(struct vm_fault *vmf, struct npu_bo *bo)
{
	if (!bo->dummy)
		bo->dummy = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!bo->dummy)
		return VM_FAULT_OOM;
	return vmf_insert_pfn_prot(vmf->vma, vmf->address, page_to_pfn(bo->dummy),
				   vmf->vma->vm_page_prot);
}

static vm_fault_t npu_bo_fault(struct vm_fault *vmf)
{
	struct ttm_buffer_object *ttm = vmf->vma->vm_private_data;
	vm_fault_t ret;
	int idx;

	ret = ttm_bo_vm_reserve(ttm, vmf);
	if (ret)
		return ret;

	if (drm_dev_enter(ttm->base.dev, &idx)) {
		ret = ttm_bo_vm_fault_reserved(vmf, vmf->vma->vm_page_prot,
					       TTM_BO_VM_NUM_PREFAULT);
		drm_dev_exit(idx);
	} else {
		ret = npu_bo_fault_dummy(vmf, ttm_to_npu_bo(ttm));
	}

	/* TTM has given the reservation back already if it waited. */
	if (ret == VM_FAULT_RETRY && !(vmf->flags & FAULT_FLAG_RETRY_NOWAIT))
		return ret;
	dma_resv_unlock(ttm->base.resv);
	return ret;
}

static const struct vm_operations_struct npu_bo_vm_ops = {
	.fault = npu_bo_fault,
	.open = ttm_bo_vm_open,
	.close = ttm_bo_vm_close,
	.access = ttm_bo_vm_access,
};

static int npu_bo_mmap(struct drm_gem_object *obj, struct vm_area_struct *vma)
{
	struct npu_bo *bo = to_npu_bo(obj);
	int ret;

	if (bo->flags & DRM_NPU_BO_NO_CPU_ACCESS)
		return -EPERM;

	ret = ttm_bo_mmap_obj(vma, &bo->ttm);
	if (ret)
		return ret;
	/* The mapping holds TTM's reference instead. */
	drm_gem_object_put(obj);
	return 0;
}

/* The last handle and the last mapping on the card are gone. */
static void npu_bo_free(struct drm_gem_object *obj)
{
	struct npu_bo *bo = to_npu_bo(obj);

	if (bo->vm) {
		dma_resv_lock(obj->resv, NULL);
		ttm_bo_set_bulk_move(&bo->ttm, NULL);
		dma_resv_unlock(obj->resv);
	}
	npu_compat_bo_put(&bo->ttm);
}

/* Sharing with other devices does not exist yet. */
static struct dma_buf *npu_bo_prime_export(struct drm_gem_object *obj, int flags)
{
	return ERR_PTR(-EOPNOTSUPP);
}

struct drm_gem_object *npu_bo_prime_import(struct drm_device *drm, struct dma_buf *buf)
{
	return ERR_PTR(-EOPNOTSUPP);
}

static const struct drm_gem_object_funcs npu_bo_funcs = {
	.free = npu_bo_free,
	.export = npu_bo_prime_export,
	.mmap = npu_bo_mmap,
	.vm_ops = &npu_bo_vm_ops,
};

static void npu_bo_destroy(struct ttm_buffer_object *ttm)
{
	struct npu_device *ndev = to_npu_device(ttm->base.dev);
	struct npu_bo *bo = ttm_to_npu_bo(ttm);

	mutex_lock(&ndev->bos_lock);
	list_del(&bo->link);
	mutex_unlock(&ndev->bos_lock);

	dma_fence_put(bo->clear);
	if (bo->dummy)
		__free_page(bo->dummy);
	drm_gem_object_release(&ttm->base);
	if (bo->vm)
		drm_gpuvm_put(&bo->vm->base);
	kfree(bo);
}

/*
 * A place for each run of neighbouring dies: a buffer can span dies, but only
 * neighbours.
 */
static u32 npu_bo_place_hbm(struct npu_device *ndev, u32 die_mask, u32 flags,
			    struct ttm_place *places)
{
	const struct npu_info *info = &ndev->info;
	u32 die, count = 0;

	for (die = 0; die < info->dies; die++) {
		struct ttm_place *place = &places[count];
		u64 end = info->die_base[die] + info->die_size[die];

		if (!(die_mask & BIT(die)))
			continue;
		if (!die || !(die_mask & BIT(die - 1))) {
			place->mem_type = TTM_PL_VRAM;
			place->flags = flags;
			place->fpfn = info->die_base[die] >> PAGE_SHIFT;
			count++;
		} else {
			place--;
		}
		place->lpfn = end >> PAGE_SHIFT;
	}
	return count;
}

static u32 npu_bo_place(struct npu_device *ndev, const struct drm_npu_bo_create *args,
			struct ttm_place *places)
{
	u32 flags = args->flags & DRM_NPU_BO_CONTIGUOUS ? TTM_PL_FLAG_CONTIGUOUS : 0;
	u32 count = 0;

	if (args->placement & DRM_NPU_PLACE_HBM)
		count = npu_bo_place_hbm(ndev, args->die_mask ?: npu_all_dies(ndev),
					 flags, places);
	if (args->placement & DRM_NPU_PLACE_HOST)
		places[count++].mem_type = TTM_PL_TT;
	return count;
}

/*
 * TTM frees the buffer if it cannot initialise it.  Its reservation is the address
 * space's if it is private, and is held either way afterwards.
 */
static int npu_bo_init_ttm(struct npu_bo *bo, const struct drm_npu_bo_create *args)
{
	struct npu_device *ndev = to_npu_device(bo->ttm.base.dev);
	struct ttm_place places[NPU_BO_MAX_PLACES] = {};
	struct ttm_placement placement = {
		.placement = places,
		.num_placement = npu_bo_place(ndev, args, places),
	};
	struct ttm_operation_ctx ctx = {
		.interruptible = true,
		.gfp_retry_mayfail = true,
	};
	struct dma_resv *resv = bo->vm ? drm_gpuvm_resv(&bo->vm->base) : NULL;
	int ret;

	if (resv)
		dma_resv_lock(resv, NULL);
	ret = ttm_bo_init_reserved(&ndev->ttm, &bo->ttm, ttm_bo_type_device, &placement,
				   1, &ctx, NULL, resv, npu_bo_destroy);
	if (!ret) {
		bo->in_hbm = bo->ttm.resource->mem_type == TTM_PL_VRAM;
		if (resv)
			ttm_bo_set_bulk_move(&bo->ttm, &bo->vm->bulk);
	}
	if (resv)
		dma_resv_unlock(resv);
	else if (!ret)
		dma_resv_unlock(bo->ttm.base.resv);

	/* TTM says so of a memory that is full. */
	return ret == -ENOMEM ? -ENOSPC : ret;
}

/* Nobody gets to see the buffer before the card has cleared it. */
static int npu_bo_wait_clear(struct npu_bo *bo)
{
	int ret;

	if (!bo->clear)
		return 0;

	ret = npu_copy_wait(to_npu_device(bo->ttm.base.dev), bo->clear, true);
	dma_fence_put(bo->clear);
	bo->clear = NULL;
	return ret;
}

static struct npu_bo *npu_bo_create(struct npu_device *ndev, struct npu_vm *vm,
				    const struct drm_npu_bo_create *args)
{
	struct npu_bo *bo;
	int ret;

	bo = kzalloc(sizeof(*bo), GFP_KERNEL_ACCOUNT);
	if (!bo)
		return ERR_PTR(-ENOMEM);

	bo->flags = args->flags;
	bo->ttm.base.funcs = &npu_bo_funcs;
	drm_gem_private_object_init(&ndev->drm, &bo->ttm.base, args->size);
	if (vm) {
		bo->vm = vm;
		drm_gpuvm_get(&vm->base);
	}
	mutex_lock(&ndev->bos_lock);
	list_add_tail(&bo->link, &ndev->bos);
	mutex_unlock(&ndev->bos_lock);

	ret = npu_bo_init_ttm(bo, args);
	if (ret)
		return ERR_PTR(ret);

	ret = npu_bo_wait_clear(bo);
	if (ret) {
		drm_gem_object_put(&bo->ttm.base);
		return ERR_PTR(ret);
	}
	return bo;
}

static int npu_bo_check_create(struct npu_device *ndev,
			       const struct drm_npu_bo_create *args)
{
	const u32 places = DRM_NPU_PLACE_HBM | DRM_NPU_PLACE_HOST;
	const u32 flags = DRM_NPU_BO_NO_CPU_ACCESS | DRM_NPU_BO_CONTIGUOUS;

	if (args->pad || args->flags & ~flags)
		return -EINVAL;
	if (!args->placement || args->placement & ~places)
		return -EINVAL;
	if (args->die_mask & ~npu_all_dies(ndev))
		return -EINVAL;
	/* Host memory has no dies, and is contiguous by luck only. */
	if (args->placement == DRM_NPU_PLACE_HOST && args->die_mask)
		return -EINVAL;
	if (args->flags & DRM_NPU_BO_CONTIGUOUS && args->placement != DRM_NPU_PLACE_HBM)
		return -EINVAL;
	if (!args->size || args->size > U64_MAX - PAGE_SIZE)
		return -EINVAL;
	return 0;
}

static int npu_bo_check_room(struct npu_device *ndev,
			     const struct drm_npu_bo_create *args)
{
	u64 most = 0;

	if (args->placement & DRM_NPU_PLACE_HBM)
		most = ndev->info.hbm_size;
	if (args->placement & DRM_NPU_PLACE_HOST)
		most = max(most, npu_ttm_host_total());
	return args->size > most ? -ENOSPC : 0;
}

int npu_ioctl_bo_create(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct npu_device *ndev = to_npu_device(drm);
	struct drm_npu_bo_create *args = data;
	struct npu_vm *vm = NULL;
	struct npu_bo *bo;
	int ret;

	ret = npu_bo_check_create(ndev, args);
	if (ret)
		return ret;
	args->size = PAGE_ALIGN(args->size);
	ret = npu_bo_check_room(ndev, args);
	if (ret)
		return ret;

	if (args->exclusive_vm_id) {
		vm = npu_vm_lookup(to_npu_file(file), args->exclusive_vm_id);
		if (!vm)
			return -ENOENT;
	}
	bo = npu_bo_create(ndev, vm, args);
	if (vm)
		npu_vm_put(vm);
	if (IS_ERR(bo))
		return PTR_ERR(bo);

	args->hbm_offset = NPU_HBM_NO_OFFSET;
	if (bo->in_hbm)
		args->hbm_offset = npu_hbm_offset(ndev, bo->ttm.resource);
	ret = drm_gem_handle_create(file, &bo->ttm.base, &args->handle);
	drm_gem_object_put(&bo->ttm.base);
	return ret;
}

int npu_ioctl_bo_mmap_offset(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_npu_bo_mmap_offset *args = data;
	struct npu_bo *bo;
	int ret = 0;

	if (args->flags)
		return -EINVAL;

	bo = npu_bo_lookup(file, args->handle);
	if (!bo)
		return -ENOENT;
	if (bo->flags & DRM_NPU_BO_NO_CPU_ACCESS)
		ret = -EPERM;
	else
		args->offset = drm_vma_node_offset_addr(&bo->ttm.base.vma_node);
	drm_gem_object_put(&bo->ttm.base);
	return ret;
}

static void npu_bo_unplug(struct npu_bo *bo)
{
	struct ttm_operation_ctx ctx = {};
	struct ttm_placement none = {};

	/* Its pages must not stay mapped for a device that does not exist. */
	if (!bo->in_hbm) {
		dma_resv_lock(bo->ttm.base.resv, NULL);
		ttm_bo_validate(&bo->ttm, &none, &ctx);
		dma_resv_unlock(bo->ttm.base.resv);
	}
	npu_compat_bo_put(&bo->ttm);
}

/**
 * npu_bo_unplug_all() - take the host's memory away from all buffers
 * @ndev: card that is gone; all its jobs have ended
 */
void npu_bo_unplug_all(struct npu_device *ndev)
{
	struct npu_bo *bo;
	LIST_HEAD(done);

	mutex_lock(&ndev->bos_lock);
	while ((bo = list_first_entry_or_null(&ndev->bos, struct npu_bo, link))) {
		list_move_tail(&bo->link, &done);
		if (!ttm_bo_get_unless_zero(&bo->ttm))
			continue;
		/* Reservations come before this lock. */
		mutex_unlock(&ndev->bos_lock);
		npu_bo_unplug(bo);
		mutex_lock(&ndev->bos_lock);
	}
	list_splice(&done, &ndev->bos);
	mutex_unlock(&ndev->bos_lock);

	/* Those that TTM is about to free. */
	flush_workqueue(ndev->ttm.wq);
}
