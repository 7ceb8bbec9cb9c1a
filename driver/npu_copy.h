/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NPU_COPY_H_
#define _NPU_COPY_H_

#include <linux/mutex.h>

#include "npu_ring.h"

struct dma_fence;
struct npu_device;
struct ttm_resource;

/**
 * struct npu_copy - the driver's own queue: it clears HBM and forgets translations
 * @ring: its ring, hardware queue 0
 * @lock: one writer at a time; taken inside reservations
 * @sequence: number of the newest fence, protected by @lock
 */
struct npu_copy {
	struct npu_ring ring;
	struct mutex lock;	/* one writer */
	u64 sequence;
};

int npu_copy_init(struct npu_device *ndev);
int npu_copy_start(struct npu_device *ndev);
void npu_copy_cancel(struct npu_device *ndev, int error);
void npu_copy_fini(struct npu_device *ndev);

struct dma_fence *npu_copy_clear(struct npu_device *ndev, struct ttm_resource *res);
int npu_copy_invalidate(struct npu_device *ndev, u64 root, u64 address, u64 size);
int npu_copy_wait(struct npu_device *ndev, struct dma_fence *fence, bool killable);

#endif
