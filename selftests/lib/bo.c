// SPDX-License-Identifier: GPL-2.0-only
/* Buffers and address spaces. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "npu_test.h"

#define FIRST_VA	(64 * NPT_MIB)
#define TEXT_SIZE	(512 * NPT_KIB)

int npt_bo_create(int fd, struct npt_bo *bo, uint64_t size, uint32_t placement,
		  uint32_t die_mask, uint32_t flags)
{
	struct drm_npu_bo_create create = {
		.size = size,
		.placement = placement,
		.die_mask = die_mask,
		.flags = flags,
	};
	int err = npt_ioctl(fd, DRM_IOCTL_NPU_BO_CREATE, &create);

	memset(bo, 0, sizeof(*bo));
	if (err)
		return err;
	bo->handle = create.handle;
	bo->size = create.size;
	bo->hbm_offset = create.hbm_offset;
	return 0;
}

int npt_bo_mmap(int fd, struct npt_bo *bo)
{
	struct drm_npu_bo_mmap_offset offset = { .handle = bo->handle };
	int err = npt_ioctl(fd, DRM_IOCTL_NPU_BO_MMAP_OFFSET, &offset);
	void *map;

	if (err)
		return err;
	map = mmap(NULL, bo->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		   offset.offset);
	if (map == MAP_FAILED)
		return -errno;
	bo->map = map;
	return 0;
}

void npt_bo_unmap(struct npt_bo *bo)
{
	if (bo->map)
		munmap(bo->map, bo->size);
	bo->map = NULL;
}

int npt_gem_close(int fd, uint32_t handle)
{
	struct drm_gem_close close = { .handle = handle };

	return npt_ioctl(fd, DRM_IOCTL_GEM_CLOSE, &close);
}

int npt_bo_close(int fd, struct npt_bo *bo)
{
	npt_bo_unmap(bo);
	return npt_gem_close(fd, bo->handle);
}

int npt_bo_new(struct npt_client *client, struct npt_bo *bo, uint64_t size,
	       uint32_t placement, uint32_t die_mask, uint32_t flags)
{
	int err = npt_bo_create(client->fd, bo, size, placement, die_mask,
				flags);

	if (err)
		return err;
	err = npt_map(client->fd, client->vm, bo->handle, 0, client->next_va,
		      bo->size, 0);
	if (!err) {
		bo->va = client->next_va;
		/* A page stays free between buffers: overruns fault. */
		client->next_va += bo->size + NPT_PAGE;
		err = npt_bo_mmap(client->fd, bo);
	}
	if (err)
		npt_gem_close(client->fd, bo->handle);
	return err;
}

void npt_bo_free(struct npt_client *client, struct npt_bo *bo)
{
	npt_unmap(client->fd, client->vm, bo->va, bo->size);
	npt_bo_close(client->fd, bo);
}

int npt_vm_create(int fd, uint32_t *vm)
{
	struct drm_npu_vm_create create = { 0 };
	int err = npt_ioctl(fd, DRM_IOCTL_NPU_VM_CREATE, &create);

	*vm = create.vm_id;
	return err;
}

int npt_vm_destroy(int fd, uint32_t vm)
{
	struct drm_npu_vm_destroy destroy = { .vm_id = vm };

	return npt_ioctl(fd, DRM_IOCTL_NPU_VM_DESTROY, &destroy);
}

int npt_vm_state(int fd, uint32_t vm, struct drm_npu_vm_get_state *state)
{
	memset(state, 0, sizeof(*state));
	state->vm_id = vm;
	return npt_ioctl(fd, DRM_IOCTL_NPU_VM_GET_STATE, state);
}

int npt_bind(int fd, uint32_t vm, const struct drm_npu_vm_bind_op *ops,
	     unsigned int count)
{
	struct drm_npu_vm_bind bind = {
		.vm_id = vm,
		.ops = {
			.stride = sizeof(*ops),
			.count = count,
			.pointer = (uintptr_t)ops,
		},
	};

	return npt_ioctl(fd, DRM_IOCTL_NPU_VM_BIND, &bind);
}

int npt_map(int fd, uint32_t vm, uint32_t handle, uint64_t bo_offset,
	    uint64_t va, uint64_t size, uint32_t flags)
{
	struct drm_npu_vm_bind_op op = {
		.op = DRM_NPU_VM_BIND_OP_MAP,
		.flags = flags,
		.handle = handle,
		.bo_offset = bo_offset,
		.address = va,
		.size = size,
	};

	return npt_bind(fd, vm, &op, 1);
}

int npt_unmap(int fd, uint32_t vm, uint64_t va, uint64_t size)
{
	struct drm_npu_vm_bind_op op = {
		.op = DRM_NPU_VM_BIND_OP_UNMAP,
		.address = va,
		.size = size,
	};

	return npt_bind(fd, vm, &op, 1);
}

int npt_client_open(struct npt_client *client)
{
	int err;

	memset(client, 0, sizeof(*client));
	client->next_va = FIRST_VA;
	client->fd = npt_open();
	if (client->fd < 0)
		return client->fd;
	err = npt_vm_create(client->fd, &client->vm);
	if (!err)
		err = npt_bo_new(client, &client->text, TEXT_SIZE,
				 DRM_NPU_PLACE_HBM, 0, 0);
	if (err)
		close(client->fd);
	return err;
}

void npt_client_close(struct npt_client *client)
{
	npt_bo_unmap(&client->text);
	close(client->fd);
	client->fd = -1;
}

bool npt_is_pattern(const void *data, size_t size, uint32_t pattern)
{
	const volatile uint32_t *word = data;
	size_t i;

	for (i = 0; i < size / sizeof(*word); i++)
		if (word[i] != pattern)
			return false;
	return true;
}

bool npt_is_zero(const void *data, size_t size)
{
	return npt_is_pattern(data, size, 0);
}

void npt_fill(void *data, size_t size, uint32_t pattern)
{
	volatile uint32_t *word = data;
	size_t i;

	for (i = 0; i < size / sizeof(*word); i++)
		word[i] = pattern;
}
