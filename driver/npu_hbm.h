/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NPU_HBM_H_
#define _NPU_HBM_H_

#include <linux/mutex.h>

#include <drm/ttm/ttm_resource.h>

#include <npu/regs.h>

#include "npu_compat.h"

struct drm_printer;
struct npu_device;

/**
 * struct npu_hbm - the resource manager of HBM
 * @manager: base
 * @lock: protects what follows
 * @mm: the allocator of all of HBM
 * @used: bytes allocated in each die's range
 */
struct npu_hbm {
	struct ttm_resource_manager manager;
	struct mutex lock;	/* mm, used */
	struct gpu_buddy mm;
	u64 used[NPU_MAX_DIES];
};

/**
 * struct npu_hbm_resource - a buffer's HBM
 * @base: base
 * @blocks: its blocks, in the order of the buffer's bytes
 */
struct npu_hbm_resource {
	struct ttm_resource base;
	struct list_head blocks;
};

#define NPU_HBM_NO_OFFSET	(~0ull)

static inline struct npu_hbm_resource *to_npu_hbm_resource(struct ttm_resource *res)
{
	return container_of(res, struct npu_hbm_resource, base);
}

int npu_hbm_init(struct npu_device *ndev);
void npu_hbm_fini(struct npu_device *ndev);

struct gpu_buddy_block *npu_hbm_alloc_page(struct npu_device *ndev);
void npu_hbm_free_page(struct npu_device *ndev, struct gpu_buddy_block *block);

u64 npu_hbm_offset(struct npu_device *ndev, struct ttm_resource *res);
u64 npu_hbm_used(struct npu_device *ndev, u32 die);
void npu_hbm_print(struct npu_device *ndev, struct drm_printer *p);

#endif
