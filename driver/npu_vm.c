// SPDX-License-Identifier: GPL-2.0-only
#include <linux/slab.h>

#include <drm/drm_drv.h>
#include <drm/drm_exec.h>
#include <drm/ttm/ttm_device.h>

#include "npu_bind.h"
#include "npu_client.h"
#include "npu_device.h"
#include "npu_vm.h"

void npu_vm_get(struct npu_vm *vm)
{
	kref_get(&vm->users);
}

/* Nobody can use it any more: no handle, no queue. */
static void npu_vm_release(struct kref *kref)
{
	struct npu_vm *vm = container_of(kref, struct npu_vm, users);
	struct npu_device *ndev = vm->ndev;

	mutex_lock(&ndev->vms_lock);
	list_del(&vm->link);
	mutex_unlock(&ndev->vms_lock);

	npu_bind_clear(vm);
	npu_mmu_fini(&vm->mmu);
	drm_gpuvm_put(&vm->base);
}

void npu_vm_put(struct npu_vm *vm)
{
	kref_put(&vm->users, npu_vm_release);
}

/* Called by npu_bind_gpuvm_ops. */
void npu_vm_free(struct drm_gpuvm *gpuvm)
{
	struct npu_vm *vm = to_npu_vm(gpuvm);

	ttm_lru_bulk_move_fini(&vm->ndev->ttm, &vm->bulk);
	mutex_destroy(&vm->lock);
	kfree(vm);
}

/* The caller puts it; NULL if there is no such address space. */
struct npu_vm *npu_vm_lookup(struct npu_file *nfile, u32 id)
{
	struct npu_vm *vm;

	xa_lock(&nfile->vms);
	vm = xa_load(&nfile->vms, id);
	if (vm)
		npu_vm_get(vm);
	xa_unlock(&nfile->vms);
	return vm;
}

/**
 * npu_vm_prepare() - lock what a job can reach
 * @vm: address space
 * @exec: where to lock
 * @fences: how many fences may be added
 *
 * Return: 0 or a negative errno, -EDEADLK if the locks have to be taken anew.
 */
int npu_vm_prepare(struct npu_vm *vm, struct drm_exec *exec, u32 fences)
{
	int ret;

	ret = drm_gpuvm_prepare_vm(&vm->base, exec, fences);
	return ret ?: drm_gpuvm_prepare_objects(&vm->base, exec, fences);
}

/* Add a job's end to what npu_vm_prepare() locked, and note that it is in use. */
void npu_vm_add_fence(struct npu_vm *vm, struct drm_exec *exec, struct dma_fence *fence)
{
	struct ttm_device *ttm = &vm->ndev->ttm;

	drm_gpuvm_resv_add_fence(&vm->base, exec, fence, DMA_RESV_USAGE_BOOKKEEP,
				 DMA_RESV_USAGE_BOOKKEEP);
	spin_lock(&ttm->lru_lock);
	ttm_lru_bulk_move_tail(&vm->bulk);
	spin_unlock(&ttm->lru_lock);
}

/* The card was reset: page tables and contents of HBM are undefined. */
void npu_vm_lose_all(struct npu_device *ndev)
{
	struct npu_vm *vm;

	mutex_lock(&ndev->vms_lock);
	list_for_each_entry(vm, &ndev->vms, link)
		WRITE_ONCE(vm->lost, true);
	mutex_unlock(&ndev->vms_lock);
}

void npu_vm_destroy_all(struct npu_file *nfile)
{
	struct npu_vm *vm;
	unsigned long id;

	xa_for_each(&nfile->vms, id, vm) {
		xa_erase(&nfile->vms, id);
		npu_vm_put(vm);
	}
}

static int npu_vm_check_create(struct npu_device *ndev, struct drm_npu_vm_create *args)
{
	u64 end = BIT_ULL(ndev->info.va_bits);

	if (args->flags)
		return -EINVAL;
	if (!IS_ALIGNED(args->va_start | args->va_size, PAGE_SIZE))
		return -EINVAL;
	if (args->va_start >= end || args->va_size > end - args->va_start)
		return -EINVAL;
	return 0;
}

static int npu_vm_init_mmu(struct npu_vm *vm)
{
	int idx, ret;

	if (!drm_dev_enter(&vm->ndev->drm, &idx))
		return -ENODEV;
	ret = npu_mmu_init(&vm->mmu, vm->ndev);
	drm_dev_exit(idx);
	return ret;
}

static struct npu_vm *npu_vm_create(struct npu_device *ndev, u64 start, u64 size)
{
	struct drm_gem_object *resv;
	struct npu_vm *vm;
	int ret;

	vm = kzalloc(sizeof(*vm), GFP_KERNEL_ACCOUNT);
	if (!vm)
		return ERR_PTR(-ENOMEM);

	vm->ndev = ndev;
	kref_init(&vm->users);
	mutex_init(&vm->lock);
	INIT_LIST_HEAD(&vm->spare_vmas);
	ttm_lru_bulk_move_init(&vm->bulk);

	ret = npu_vm_init_mmu(vm);
	if (ret)
		goto err_free;

	resv = drm_gpuvm_resv_object_alloc(&ndev->drm);
	if (!resv) {
		ret = -ENOMEM;
		goto err_mmu;
	}
	drm_gpuvm_init(&vm->base, "npu-vm", DRM_GPUVM_RESV_PROTECTED, &ndev->drm, resv,
		       start, size, 0, 0, &npu_bind_gpuvm_ops);
	drm_gem_object_put(resv);

	mutex_lock(&ndev->vms_lock);
	list_add_tail(&vm->link, &ndev->vms);
	mutex_unlock(&ndev->vms_lock);
	return vm;

err_mmu:
	npu_mmu_fini(&vm->mmu);
err_free:
	mutex_destroy(&vm->lock);
	kfree(vm);
	return ERR_PTR(ret);
}

int npu_ioctl_vm_create(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct npu_device *ndev = to_npu_device(drm);
	struct npu_file *nfile = to_npu_file(file);
	struct drm_npu_vm_create *args = data;
	struct npu_vm *vm;
	u64 size;
	int ret;

	ret = npu_vm_check_create(ndev, args);
	if (ret)
		return ret;

	size = args->va_size ?: BIT_ULL(ndev->info.va_bits) - args->va_start;
	vm = npu_vm_create(ndev, args->va_start, size);
	if (IS_ERR(vm))
		return PTR_ERR(vm);

	ret = xa_alloc(&nfile->vms, &args->vm_id, vm, NPU_FILE_IDS, GFP_KERNEL);
	if (ret)
		npu_vm_put(vm);
	return ret;
}

int npu_ioctl_vm_destroy(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct npu_file *nfile = to_npu_file(file);
	struct drm_npu_vm_destroy *args = data;
	struct npu_vm *vm;

	if (args->pad)
		return -EINVAL;

	vm = xa_erase(&nfile->vms, args->vm_id);
	if (!vm)
		return -ENOENT;
	npu_vm_put(vm);
	return 0;
}

int npu_ioctl_vm_get_state(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_npu_vm_get_state *args = data;
	struct npu_vm *vm;

	vm = npu_vm_lookup(to_npu_file(file), args->vm_id);
	if (!vm)
		return -ENOENT;

	mutex_lock(&vm->lock);
	args->state = npu_vm_is_lost(vm) ? DRM_NPU_VM_UNUSABLE : DRM_NPU_VM_USABLE;
	args->mapped = vm->mapped;
	args->page_table_bytes = (u64)vm->mmu.count * NPU_PT_SIZE;
	mutex_unlock(&vm->lock);
	npu_vm_put(vm);
	return 0;
}
