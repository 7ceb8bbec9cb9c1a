// SPDX-License-Identifier: GPL-2.0-only
#include <linux/slab.h>

#include <drm/npu_accel.h>

#include "npu_fence.h"
#include "npu_ring.h"

static const char *npu_fence_driver_name(struct dma_fence *fence)
{
	return DRM_NPU_DRIVER_NAME;
}

static const char *npu_fence_timeline_name(struct dma_fence *fence)
{
	return to_npu_fence(fence)->ring->name;
}

static void npu_fence_release(struct dma_fence *base)
{
	struct npu_fence *fence = to_npu_fence(base);

	npu_ring_put(fence->ring);
	dma_fence_free(base);
}

static const struct dma_fence_ops npu_fence_ops = {
	.get_driver_name = npu_fence_driver_name,
	.get_timeline_name = npu_fence_timeline_name,
	.release = npu_fence_release,
};

/**
 * npu_fence_alloc() - the memory of a fence
 * @gfp: how to allocate it
 *
 * Apart from npu_fence_init() because the number of a job is known only where
 * nothing may be allocated any more.  Until then kfree() frees it.
 *
 * Return: the memory, or NULL.
 */
struct npu_fence *npu_fence_alloc(gfp_t gfp)
{
	return kzalloc(sizeof(struct npu_fence), gfp);
}

void npu_fence_init(struct npu_fence *fence, struct npu_ring *ring, u64 sequence)
{
	spin_lock_init(&fence->lock);
	INIT_LIST_HEAD(&fence->link);
	fence->ring = npu_ring_get(ring);
	dma_fence_init(&fence->base, &npu_fence_ops, &fence->lock,
		       ring->fence_context, sequence);
}
