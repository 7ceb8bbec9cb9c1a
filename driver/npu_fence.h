/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NPU_FENCE_H_
#define _NPU_FENCE_H_

#include <linux/dma-fence.h>
#include <linux/gfp_types.h>

struct npu_ring;

/**
 * struct npu_fence - the end of a piece of work on a hardware queue
 * @base: base; its sequence number is what the FENCE packet writes
 * @lock: lock of @base: the fence may outlive its ring's use
 * @link: entry in &npu_ring.pending, protected by &npu_ring.lock
 * @ring: where it was emitted, referenced
 * @programs: programs that end with it, whose numbers are its own and those before
 */
struct npu_fence {
	struct dma_fence base;
	spinlock_t lock;	/* base */
	struct list_head link;
	struct npu_ring *ring;
	u32 programs;
};

static inline struct npu_fence *to_npu_fence(struct dma_fence *fence)
{
	return container_of(fence, struct npu_fence, base);
}

struct npu_fence *npu_fence_alloc(gfp_t gfp);
void npu_fence_init(struct npu_fence *fence, struct npu_ring *ring, u64 sequence);

#endif
