// SPDX-License-Identifier: MIT
/* Address spaces. */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

/* Small numbers and addresses that were cut to 32 bits are never mapped. */
#define VM_START (4ull << 30)

int npu_vm_new(struct npu_device *dev, struct npu_vm **out)
{
	struct drm_npu_vm_create create = { .va_start = VM_START };
	struct npu_vm *vm;
	int err;

	*out = NULL;
	vm = calloc(1, sizeof(*vm));
	if (!vm)
		return npu_fail(-ENOMEM, "out of memory");
	err = npu_ioctl(dev, DRM_IOCTL_NPU_VM_CREATE, &create);
	if (err) {
		free(vm);
		return npu_fail(err, "%s: cannot create an address space: %s",
				dev->node.name, npu_strerror(err));
	}
	vm->dev = dev;
	vm->id = create.vm_id;
	pthread_mutex_init(&vm->lock, NULL);
	npu_va_init(&vm->va, VM_START, 1ull << dev->info.va_bits);
	*out = vm;
	return 0;
}

void npu_vm_free(struct npu_vm *vm)
{
	struct drm_npu_vm_destroy destroy = { 0 };

	if (!vm)
		return;
	destroy.vm_id = vm->id;
	npu_ioctl(vm->dev, DRM_IOCTL_NPU_VM_DESTROY, &destroy);
	pthread_mutex_destroy(&vm->lock);
	free(vm);
}

uint32_t npu_vm_id(const struct npu_vm *vm)
{
	return vm->id;
}

static int bind_one(struct npu_vm *vm, struct drm_npu_vm_bind_op *op)
{
	struct drm_npu_vm_bind bind = {
		.vm_id = vm->id,
		.ops = { .stride = sizeof(*op), .count = 1, .pointer = (uintptr_t)op },
	};

	return npu_ioctl(vm->dev, DRM_IOCTL_NPU_VM_BIND, &bind);
}

int npu_vm_map(struct npu_vm *vm, const struct npu_bo *bo, uint32_t flags)
{
	struct drm_npu_vm_bind_op op = {
		.op = DRM_NPU_VM_BIND_OP_MAP,
		.flags = flags,
		.handle = bo->handle,
		.address = bo->range.start,
		.size = bo->size,
	};

	return bind_one(vm, &op);
}

/*
 * Fails only when the card is gone, and the mapping with it; and a later map
 * takes the place of whatever is there.
 */
void npu_vm_unmap(struct npu_vm *vm, const struct npu_bo *bo)
{
	struct drm_npu_vm_bind_op op = {
		.op = DRM_NPU_VM_BIND_OP_UNMAP,
		.address = bo->range.start,
		.size = bo->size,
	};

	bind_one(vm, &op);
}
