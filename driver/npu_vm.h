/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NPU_VM_H_
#define _NPU_VM_H_

#include <drm/drm_gpuvm.h>
#include <drm/ttm/ttm_resource.h>

#include "npu_mmu.h"

struct drm_exec;
struct drm_file;
struct npu_device;
struct npu_file;

/**
 * struct npu_vm - an address space
 *
 * It has two reference counts.  @users are the handle and the queues: with the
 * last one everything is unmapped.  Those of @base are the mappings and the private
 * buffers: with the last one the memory is freed.
 *
 * @base: base; its lists are protected by its reservation
 * @users: see above
 * @ndev: card
 * @link: entry in &npu_device.vms
 * @lock: held while mappings change; taken before reservations
 * @mmu: page tables, protected by @lock
 * @spare_vmas: mappings for splitting, protected by @lock
 * @mapped: bytes mapped, protected by @lock
 * @lost: the card has forgotten it
 * @bulk: private buffers on the LRU lists, protected by &ttm_device.lru_lock
 */
struct npu_vm {
	struct drm_gpuvm base;
	struct kref users;
	struct npu_device *ndev;
	struct list_head link;
	struct mutex lock;		/* mappings */
	struct npu_mmu mmu;
	struct list_head spare_vmas;
	u64 mapped;
	bool lost;
	struct ttm_lru_bulk_move bulk;
};

/**
 * struct npu_vma - a mapping
 * @base: base
 * @link: entry in a list of spare or retired mappings
 * @readonly: the card may not write
 */
struct npu_vma {
	struct drm_gpuva base;
	struct list_head link;
	bool readonly;
};

static inline struct npu_vm *to_npu_vm(struct drm_gpuvm *gpuvm)
{
	return container_of(gpuvm, struct npu_vm, base);
}

static inline struct npu_vma *to_npu_vma(struct drm_gpuva *va)
{
	return container_of(va, struct npu_vma, base);
}

static inline u64 npu_vm_root(const struct npu_vm *vm)
{
	return vm->mmu.root->offset;
}

static inline bool npu_vm_is_lost(const struct npu_vm *vm)
{
	return READ_ONCE(vm->lost);
}

/*
 * A reservation's lock says -EINTR where a signal came; as in TTM the call is begun
 * anew if the signal's handler wants that.
 */
static inline int npu_vm_lock_error(int ret)
{
	return ret == -EINTR ? -ERESTARTSYS : ret;
}

void npu_vm_get(struct npu_vm *vm);
void npu_vm_put(struct npu_vm *vm);
void npu_vm_free(struct drm_gpuvm *gpuvm);
struct npu_vm *npu_vm_lookup(struct npu_file *nfile, u32 id);

int npu_vm_prepare(struct npu_vm *vm, struct drm_exec *exec, u32 fences);
void npu_vm_add_fence(struct npu_vm *vm, struct drm_exec *exec, struct dma_fence *fence);

void npu_vm_lose_all(struct npu_device *ndev);
void npu_vm_destroy_all(struct npu_file *nfile);

int npu_ioctl_vm_create(struct drm_device *drm, void *data, struct drm_file *file);
int npu_ioctl_vm_destroy(struct drm_device *drm, void *data, struct drm_file *file);
int npu_ioctl_vm_get_state(struct drm_device *drm, void *data, struct drm_file *file);

#endif
