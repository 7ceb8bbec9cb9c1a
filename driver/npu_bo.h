/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NPU_BO_H_
#define _NPU_BO_H_

#include <drm/ttm/ttm_bo.h>

struct drm_device;
struct drm_file;
struct npu_device;
struct npu_vm;

/**
 * struct npu_bo - a buffer
 * @ttm: base
 * @link: entry in &npu_device.bos
 * @vm: the only address space that may bind it, whose memory is referenced; NULL: any
 * @flags: DRM_NPU_BO_*
 * @in_hbm: it is in HBM, not in host memory
 * @clear: the card's clearing of HBM, until it was waited for
 * @dummy: what the CPU's mappings show after an unplug, protected by the reservation
 */
struct npu_bo {
	struct ttm_buffer_object ttm;
	struct list_head link;
	struct npu_vm *vm;
	u32 flags;
	bool in_hbm;
	struct dma_fence *clear;
	struct page *dummy;
};

static inline struct npu_bo *to_npu_bo(struct drm_gem_object *obj)
{
	return container_of(obj, struct npu_bo, ttm.base);
}

struct npu_bo *npu_bo_lookup(struct drm_file *file, u32 handle);
void npu_bo_unplug_all(struct npu_device *ndev);

struct drm_gem_object *npu_bo_prime_import(struct drm_device *drm, struct dma_buf *buf);

int npu_ioctl_bo_create(struct drm_device *drm, void *data, struct drm_file *file);
int npu_ioctl_bo_mmap_offset(struct drm_device *drm, void *data, struct drm_file *file);

#endif
