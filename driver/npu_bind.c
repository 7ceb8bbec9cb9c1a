// SPDX-License-Identifier: GPL-2.0-only
#include <linux/delay.h>
#include <linux/slab.h>

#include <drm/drm_drv.h>
#include <drm/drm_exec.h>

#include "npu_bind.h"
#include "npu_bo.h"
#include "npu_client.h"
#include "npu_compat.h"
#include "npu_cursor.h"
#include "npu_device.h"
#include "npu_trace.h"
#include "npu_uarray.h"
#include "npu_vm.h"

/* One operation: the new mapping, and the two ends of one that it cuts through. */
#define NPU_BIND_VMAS	3

/**
 * struct npu_bind_op - one range, checked
 * @type: &enum drm_npu_vm_bind_op_type
 * @readonly: the card may not write
 * @bo: buffer, referenced; NULL to unmap
 * @offset: first byte of the buffer
 * @address: first address
 * @size: bytes
 */
struct npu_bind_op {
	u32 type;
	bool readonly;
	struct npu_bo *bo;
	u64 offset;
	u64 address;
	u64 size;
};

/**
 * struct npu_bind - changes to an address space under way
 * @vm: address space, locked
 * @op: current operation
 * @vm_bo: its buffer's link to @vm
 * @retired: mappings that the card may still use; they keep their buffers
 * @start: first address that changed
 * @end: end of what changed; 0: nothing did
 */
struct npu_bind {
	struct npu_vm *vm;
	const struct npu_bind_op *op;
	struct drm_gpuvm_bo *vm_bo;
	struct list_head retired;
	u64 start;
	u64 end;
};

static int npu_bind_reserve_vmas(struct npu_vm *vm)
{
	size_t count = list_count_nodes(&vm->spare_vmas);
	struct npu_vma *vma;

	for (; count < NPU_BIND_VMAS; count++) {
		vma = kzalloc(sizeof(*vma), GFP_KERNEL_ACCOUNT);
		if (!vma)
			return -ENOMEM;
		list_add(&vma->link, &vm->spare_vmas);
	}
	return 0;
}

static void npu_bind_free_vmas(struct list_head *vmas)
{
	struct npu_vma *vma, *next;

	list_for_each_entry_safe(vma, next, vmas, link)
		kfree(vma);
	INIT_LIST_HEAD(vmas);
}

static struct npu_vma *npu_bind_take_vma(struct npu_vm *vm, bool readonly)
{
	struct npu_vma *vma = list_first_entry(&vm->spare_vmas, struct npu_vma, link);

	list_del_init(&vma->link);
	vma->readonly = readonly;
	return vma;
}

static void npu_bind_touch(struct npu_bind *bind, u64 address, u64 size)
{
	bind->start = bind->end ? min(bind->start, address) : address;
	bind->end = max(bind->end, address + size);
}

/* The mapping is gone; its buffer must stay until the card has forgotten it. */
static void npu_bind_retire(struct npu_bind *bind, struct drm_gpuva *va)
{
	drm_gem_object_get(va->gem.obj);
	drm_gpuva_unlink(va);
	list_add(&to_npu_vma(va)->link, &bind->retired);
}

static int npu_bind_step_map(struct drm_gpuva_op *op, void *priv)
{
	struct npu_bind *bind = priv;
	struct npu_vm *vm = bind->vm;
	struct npu_vma *vma = npu_bind_take_vma(vm, bind->op->readonly);
	struct npu_cursor cur;

	drm_gpuva_map(&vm->base, &vma->base, &op->map);
	drm_gpuva_link(&vma->base, bind->vm_bo);

	npu_cursor_first(&cur, vm->ndev, &bind->op->bo->ttm, op->map.gem.offset,
			 op->map.va.range);
	npu_mmu_map(&vm->mmu, op->map.va.addr, cur, vma->readonly);
	npu_bind_touch(bind, op->map.va.addr, op->map.va.range);
	vm->mapped += op->map.va.range;
	return 0;
}

static int npu_bind_step_remap(struct drm_gpuva_op *op, void *priv)
{
	struct drm_gpuva *old = op->remap.unmap->va;
	struct npu_vma *prev = NULL, *next = NULL;
	struct npu_bind *bind = priv;
	struct npu_vm *vm = bind->vm;
	u64 start, size;

	drm_gpuva_op_remap_to_unmap_range(&op->remap, &start, &size);
	npu_mmu_unmap(&vm->mmu, start, size);
	npu_bind_touch(bind, start, size);
	vm->mapped -= size;

	if (op->remap.prev)
		prev = npu_bind_take_vma(vm, to_npu_vma(old)->readonly);
	if (op->remap.next)
		next = npu_bind_take_vma(vm, to_npu_vma(old)->readonly);

	drm_gpuva_remap(prev ? &prev->base : NULL, next ? &next->base : NULL, &op->remap);
	if (prev)
		drm_gpuva_link(&prev->base, old->vm_bo);
	if (next)
		drm_gpuva_link(&next->base, old->vm_bo);
	npu_bind_retire(bind, old);
	return 0;
}

static int npu_bind_step_unmap(struct drm_gpuva_op *op, void *priv)
{
	struct drm_gpuva *va = op->unmap.va;
	struct npu_bind *bind = priv;
	struct npu_vm *vm = bind->vm;

	npu_mmu_unmap(&vm->mmu, va->va.addr, va->va.range);
	npu_bind_touch(bind, va->va.addr, va->va.range);
	vm->mapped -= va->va.range;

	drm_gpuva_unmap(&op->unmap);
	npu_bind_retire(bind, va);
	return 0;
}

const struct drm_gpuvm_ops npu_bind_gpuvm_ops = {
	.vm_free = npu_vm_free,
	.sm_step_map = npu_bind_step_map,
	.sm_step_remap = npu_bind_step_remap,
	.sm_step_unmap = npu_bind_step_unmap,
};

/* Everything that an operation needs, so that it does not fail half-way. */
static int npu_bind_reserve(struct npu_vm *vm, const struct npu_bind_op *op)
{
	u32 tables = npu_mmu_unmap_needs(&vm->mmu, op->address, op->size);
	struct npu_cursor cur;
	int ret;

	if (op->bo) {
		npu_cursor_first(&cur, vm->ndev, &op->bo->ttm, op->offset, op->size);
		tables += npu_mmu_map_needs(op->address, cur);
	}
	ret = npu_bind_reserve_vmas(vm);
	return ret ?: npu_mmu_reserve(&vm->mmu, tables);
}

/* Lock the address space and the buffers that the operation has to do with. */
static int npu_bind_lock(struct npu_vm *vm, const struct npu_bind_op *op,
			 struct drm_exec *exec, u32 flags)
{
	int ret = 0;

	drm_exec_init(exec, flags | DRM_EXEC_IGNORE_DUPLICATES, 0);
	drm_exec_until_all_locked(exec) {
		ret = drm_gpuvm_prepare_vm(&vm->base, exec, 0);
		drm_exec_retry_on_contention(exec);
		if (ret)
			return ret;

		ret = drm_gpuvm_prepare_range(&vm->base, exec, op->address, op->size, 0);
		drm_exec_retry_on_contention(exec);
		if (ret)
			return ret;

		if (op->bo)
			ret = drm_exec_lock_obj(exec, &op->bo->ttm.base);
		drm_exec_retry_on_contention(exec);
		if (ret)
			return ret;
	}
	return 0;
}

static int npu_bind_map(struct npu_bind *bind)
{
	const struct npu_bind_op *op = bind->op;
	struct drm_gpuvm *gpuvm = &bind->vm->base;
	int ret;

	bind->vm_bo = drm_gpuvm_bo_obtain(gpuvm, &op->bo->ttm.base);
	if (IS_ERR(bind->vm_bo))
		return PTR_ERR(bind->vm_bo);

	ret = npu_compat_sm_map(gpuvm, bind, op->address, op->size, &op->bo->ttm.base,
				op->offset);
	if (!ret)
		drm_gpuvm_bo_extobj_add(bind->vm_bo);
	drm_gpuvm_bo_put(bind->vm_bo);
	return ret;
}

static int npu_bind_apply(struct npu_bind *bind)
{
	const struct npu_bind_op *op = bind->op;
	struct npu_vm *vm = bind->vm;
	struct drm_exec exec;
	int ret, idx;

	if (!drm_dev_enter(&vm->ndev->drm, &idx))
		return -ENODEV;

	/* An unmap that takes what is kept for it needs no memory. */
	ret = npu_bind_reserve(vm, op);
	if (ret)
		goto out_exit;

	ret = npu_vm_lock_error(npu_bind_lock(vm, op, &exec,
					      DRM_EXEC_INTERRUPTIBLE_WAIT));
	if (!ret && op->bo)
		ret = npu_bind_map(bind);
	else if (!ret)
		ret = drm_gpuvm_sm_unmap(&vm->base, bind, op->address, op->size);
	drm_exec_fini(&exec);
out_exit:
	drm_dev_exit(idx);
	return ret;
}

static void npu_bind_free_retired(struct npu_bind *bind)
{
	struct npu_vma *vma;

	list_for_each_entry(vma, &bind->retired, link)
		drm_gem_object_put(vma->base.gem.obj);
	npu_bind_free_vmas(&bind->retired);
}

/* Make the changes true for the card; only then may memory be used for others. */
static int npu_bind_finish(struct npu_bind *bind)
{
	struct npu_vm *vm = bind->vm;
	int ret = 0;

	if (bind->end)
		ret = npu_copy_invalidate(vm->ndev, npu_vm_root(vm), bind->start,
					  bind->end - bind->start);
	if (ret)
		WRITE_ONCE(vm->lost, true);
	npu_mmu_recycle(&vm->mmu);
	npu_bind_free_retired(bind);
	return ret;
}

static int npu_bind_all(struct npu_vm *vm, const struct npu_bind_op *ops, u32 count,
			u32 *failed)
{
	struct npu_bind bind = {
		.vm = vm,
		.retired = LIST_HEAD_INIT(bind.retired),
	};
	int finish, ret = 0;
	u32 i;

	mutex_lock(&vm->lock);
	if (npu_vm_is_lost(vm))
		ret = -EIO;
	for (i = 0; i < count && !ret; i++) {
		*failed = i;
		bind.op = &ops[i];
		ret = npu_bind_apply(&bind);
		trace_npu_vm_bind(vm->ndev, ops[i].type, ops[i].address, ops[i].size,
				  ret);
		cond_resched();
	}
	finish = npu_bind_finish(&bind);
	mutex_unlock(&vm->lock);
	return ret ?: finish;
}

/* It cannot be put off: try until there is memory to note the locks. */
static void npu_bind_remove(struct npu_bind *bind, struct drm_gpuva *va)
{
	const struct npu_bind_op op = {
		.address = va->va.addr,
		.size = va->va.range,
	};
	struct drm_exec exec;

	while (npu_bind_lock(bind->vm, &op, &exec, 0)) {
		drm_exec_fini(&exec);
		fsleep(USEC_PER_MSEC);
	}
	drm_gpuva_remove(va);
	npu_bind_retire(bind, va);
	drm_exec_fini(&exec);
}

/**
 * npu_bind_clear() - unmap everything of an address space that nobody uses
 * @vm: address space
 *
 * The tables stay as they are: the card is told to forget all of them.
 */
void npu_bind_clear(struct npu_vm *vm)
{
	struct npu_bind bind = {
		.vm = vm,
		.retired = LIST_HEAD_INIT(bind.retired),
	};
	struct drm_gpuva *va, *next;

	mutex_lock(&vm->lock);
	npu_copy_invalidate(vm->ndev, npu_vm_root(vm), 0, 0);
	drm_gpuvm_for_each_va_safe(va, next, &vm->base)
		npu_bind_remove(&bind, va);
	npu_bind_free_retired(&bind);
	npu_bind_free_vmas(&vm->spare_vmas);
	vm->mapped = 0;
	mutex_unlock(&vm->lock);
}

static int npu_bind_check_map(struct npu_vm *vm, struct drm_file *file,
			      const struct drm_npu_vm_bind_op *args,
			      struct npu_bind_op *op)
{
	u64 size;

	if (args->flags & ~DRM_NPU_VM_BIND_OP_READONLY)
		return -EINVAL;
	if (!IS_ALIGNED(args->bo_offset, PAGE_SIZE))
		return -EINVAL;

	op->bo = npu_bo_lookup(file, args->handle);
	if (!op->bo)
		return -ENOENT;

	size = op->bo->ttm.base.size;
	if (args->size > size || args->bo_offset > size - args->size)
		return -EINVAL;
	if (op->bo->vm && op->bo->vm != vm)
		return -EINVAL;

	op->readonly = args->flags & DRM_NPU_VM_BIND_OP_READONLY;
	op->offset = args->bo_offset;
	return 0;
}

static int npu_bind_check_op(struct npu_vm *vm, struct drm_file *file,
			     const struct drm_npu_vm_bind_op *args,
			     struct npu_bind_op *op)
{
	if (args->op == DRM_NPU_VM_BIND_OP_MAP_USERPTR)
		return -EOPNOTSUPP;
	if (args->op > DRM_NPU_VM_BIND_OP_MAP_USERPTR || args->pad || args->userptr)
		return -EINVAL;
	if (!args->size || !IS_ALIGNED(args->address | args->size, PAGE_SIZE))
		return -EINVAL;
	if (!drm_gpuvm_range_valid(&vm->base, args->address, args->size))
		return -EINVAL;

	op->type = args->op;
	op->address = args->address;
	op->size = args->size;
	if (args->op == DRM_NPU_VM_BIND_OP_MAP)
		return npu_bind_check_map(vm, file, args, op);
	if (args->flags || args->handle || args->bo_offset)
		return -EINVAL;
	return 0;
}

static int npu_bind_check_ops(struct npu_vm *vm, struct drm_file *file,
			      const struct drm_npu_vm_bind_op *args,
			      struct npu_bind_op *ops, u32 count, u32 *failed)
{
	int ret = 0;
	u32 i;

	for (i = 0; i < count && !ret; i++) {
		*failed = i;
		ret = npu_bind_check_op(vm, file, &args[i], &ops[i]);
	}
	return ret;
}

static int npu_bind_checked(struct npu_vm *vm, struct drm_file *file,
			    const struct drm_npu_vm_bind_op *args, u32 count,
			    u32 *failed)
{
	struct npu_bind_op *ops;
	int ret;
	u32 i;

	ops = kvcalloc(count, sizeof(*ops), GFP_KERNEL_ACCOUNT);
	if (!ops)
		return -ENOMEM;

	ret = npu_bind_check_ops(vm, file, args, ops, count, failed);
	if (!ret)
		ret = npu_bind_all(vm, ops, count, failed);

	for (i = 0; i < count; i++) {
		if (ops[i].bo)
			drm_gem_object_put(&ops[i].bo->ttm.base);
	}
	kvfree(ops);
	return ret;
}

static int npu_bind_check_args(const struct drm_npu_vm_bind *args)
{
	if (args->flags & ~DRM_NPU_VM_BIND_ASYNC || args->pad)
		return -EINVAL;
	if (args->flags & DRM_NPU_VM_BIND_ASYNC)
		return -EOPNOTSUPP;
	if (args->in_syncs.count || args->out_syncs.count)
		return -EINVAL;
	return 0;
}

int npu_ioctl_vm_bind(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_npu_vm_bind *args = data;
	struct drm_npu_vm_bind_op *ops;
	struct npu_vm *vm;
	int ret;

	args->failed_op = 0;
	ret = npu_bind_check_args(args);
	if (ret)
		return ret;

	vm = npu_vm_lookup(to_npu_file(file), args->vm_id);
	if (!vm)
		return -ENOENT;

	ops = npu_uarray_copy(&args->ops, sizeof(*ops), sizeof(*ops));
	if (IS_ERR(ops))
		ret = PTR_ERR(ops);
	else if (ops)
		ret = npu_bind_checked(vm, file, ops, args->ops.count, &args->failed_op);
	if (!IS_ERR(ops))
		kvfree(ops);
	npu_vm_put(vm);
	return ret;
}
