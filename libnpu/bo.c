// SPDX-License-Identifier: MIT
/* Buffers: private to an address space, and bound there all their life. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <xf86drm.h>

#include "internal.h"

#define KIB 1024ull
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

/* Nothing is ever bound there, so that running over a buffer's end faults. */
#define GUARD (4 * KIB)

/* Large buffers begin where large leaves of the page tables can. */
static uint64_t alignment(uint64_t size)
{
	if (size >= GIB)
		return GIB;
	return size >= 2 * MIB ? 2 * MIB : 4 * KIB;
}

static int reserve(struct npu_bo *bo)
{
	struct npu_vm *vm = bo->vm;
	int err;

	pthread_mutex_lock(&vm->lock);
	err = npu_va_alloc(&vm->va, &bo->range, bo->size + GUARD, alignment(bo->size));
	pthread_mutex_unlock(&vm->lock);
	return err;
}

static void unreserve(struct npu_bo *bo)
{
	pthread_mutex_lock(&bo->vm->lock);
	npu_va_free(&bo->vm->va, &bo->range);
	pthread_mutex_unlock(&bo->vm->lock);
}

static int create(struct npu_bo *bo, struct drm_npu_bo_create *args)
{
	int err;

	args->exclusive_vm_id = bo->vm->id;
	err = npu_ioctl(bo->vm->dev, DRM_IOCTL_NPU_BO_CREATE, args);
	if (err)
		return err;
	bo->handle = args->handle;
	bo->size = args->size;
	bo->hbm_offset = args->hbm_offset;
	return 0;
}

static int bo_new(struct npu_vm *vm, struct drm_npu_bo_create *args, uint32_t bind_flags,
		  struct npu_bo **out)
{
	uint64_t size = args->size;
	struct npu_bo *bo;
	int err;

	*out = NULL;
	bo = calloc(1, sizeof(*bo));
	if (!bo)
		return npu_fail(-ENOMEM, "out of memory");
	bo->vm = vm;

	err = create(bo, args);
	if (err)
		goto err_free;
	err = reserve(bo);
	if (err)
		goto err_close;
	err = npu_vm_map(vm, bo, bind_flags);
	if (err)
		goto err_unreserve;
	*out = bo;
	return 0;

err_unreserve:
	unreserve(bo);
err_close:
	drmCloseBufferHandle(vm->dev->fd, bo->handle);
err_free:
	free(bo);
	return npu_fail(err, "%s: cannot allocate a buffer of %" PRIu64 " bytes: %s",
			vm->dev->node.name, size, npu_strerror(err));
}

int npu_bo_new(struct npu_vm *vm, uint64_t size, uint32_t placement, uint32_t die_mask,
	       uint32_t flags, struct npu_bo **out)
{
	struct drm_npu_bo_create args = {
		.size = size,
		.placement = placement ? placement : DRM_NPU_PLACE_HBM,
		.die_mask = die_mask,
		.flags = flags,
	};

	return bo_new(vm, &args, 0, out);
}

int npu_bo_new_readonly(struct npu_vm *vm, uint64_t size, struct npu_bo **out)
{
	struct drm_npu_bo_create args = {
		.size = size,
		.placement = DRM_NPU_PLACE_HBM,
	};
	int err = bo_new(vm, &args, DRM_NPU_VM_BIND_OP_READONLY, out);

	if (!err && !npu_bo_map(*out)) {
		err = -errno;
		npu_bo_free(*out);
		*out = NULL;
	}
	return err;
}

void npu_bo_free(struct npu_bo *bo)
{
	if (!bo)
		return;
	if (bo->map)
		munmap(bo->map, bo->size);
	npu_vm_unmap(bo->vm, bo);
	unreserve(bo);
	drmCloseBufferHandle(bo->vm->dev->fd, bo->handle);
	free(bo);
}

uint64_t npu_bo_address(const struct npu_bo *bo)
{
	return bo->range.start;
}

uint64_t npu_bo_size(const struct npu_bo *bo)
{
	return bo->size;
}

uint32_t npu_bo_handle(const struct npu_bo *bo)
{
	return bo->handle;
}

uint64_t npu_bo_hbm_offset(const struct npu_bo *bo)
{
	return bo->hbm_offset;
}

static int map_once(struct npu_bo *bo)
{
	struct drm_npu_bo_mmap_offset args = { .handle = bo->handle };
	struct npu_device *dev = bo->vm->dev;
	void *map;
	int err;

	err = npu_ioctl(dev, DRM_IOCTL_NPU_BO_MMAP_OFFSET, &args);
	if (err)
		return err;
	map = mmap(NULL, bo->size, PROT_READ | PROT_WRITE, MAP_SHARED, dev->fd,
		   args.offset);
	if (map == MAP_FAILED)
		return -errno;
	bo->map = map;
	return 0;
}

void *npu_bo_map(struct npu_bo *bo)
{
	int err = 0;

	pthread_mutex_lock(&bo->vm->lock);
	if (!bo->map)
		err = map_once(bo);
	pthread_mutex_unlock(&bo->vm->lock);
	if (!err)
		return bo->map;
	npu_fail(err, "%s: cannot map a buffer: %s", bo->vm->dev->node.name,
		 npu_strerror(err));
	errno = -err;
	return NULL;
}
