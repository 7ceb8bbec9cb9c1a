// SPDX-License-Identifier: GPL-2.0-only
#include <linux/delay.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include <drm/drm_drv.h>
#include <drm/drm_print.h>

#include "npu_copy.h"
#include "npu_device.h"
#include "npu_fence.h"
#include "npu_reset.h"

#define NPU_COPY_QUEUE		0
#define NPU_COPY_RING_ORDER	9

/* Small enough that a look at the head of the ring shows progress. */
#define NPU_COPY_CHUNK		SZ_16M

/* What others stand behind at most when one client's buffer is cleared. */
#define NPU_COPY_BATCH_PACKETS	63
#define NPU_COPY_BATCH_BYTES	SZ_64M

/* The card has hung if its own queue gets nowhere for so long. */
#define NPU_COPY_HANG_MS	10000

/* How often whoever waits for it looks up. */
#define NPU_COPY_LOOK_MS	100

/**
 * struct npu_copy_batch - packets to be written at once
 * @bytes: bytes that they fill
 * @count: entries of @packets in use
 * @packets: the packets
 */
struct npu_copy_batch {
	u64 bytes;
	u32 count;
	struct npu_packet packets[NPU_COPY_BATCH_PACKETS];
};

static u32 npu_copy_room(struct npu_copy *copy)
{
	/* The head may lag behind the fence by one packet. */
	u32 size = BIT(copy->ring.order) - 1;

	return size - (u32)(copy->ring.written - npu_ring_head(&copy->ring));
}

/* Wait for room for @packets; the card is reset if there is no progress. */
static int npu_copy_reserve(struct npu_device *ndev, u32 packets)
{
	struct npu_copy *copy = &ndev->copy;
	u32 room, last = 0, waited = 0;
	int idx;

	lockdep_assert_held(&copy->lock);
	for (;;) {
		if (!drm_dev_enter(&ndev->drm, &idx))
			return -ENODEV;
		room = npu_copy_room(copy);
		drm_dev_exit(idx);

		if (room >= packets)
			return 0;
		if (waited >= NPU_COPY_HANG_MS)
			break;
		waited = room == last ? waited + 1 : 0;
		last = room;
		fsleep(USEC_PER_MSEC);
	}
	npu_reset_card(ndev, "no room in the driver's queue");
	return -EIO;
}

/* Write packets and a fence behind them. */
static int npu_copy_write(struct npu_device *ndev, const struct npu_packet *packets,
			  u32 count, struct npu_fence *fence)
{
	struct npu_copy *copy = &ndev->copy;
	struct npu_ring *ring = &copy->ring;
	int idx, ret;
	u32 i;

	ret = npu_copy_reserve(ndev, count + 1);
	if (ret)
		return ret;

	if (!drm_dev_enter(&ndev->drm, &idx))
		return -ENODEV;

	spin_lock_irq(&ring->lock);
	if (ring->live) {
		for (i = 0; i < count; i++)
			npu_ring_write(ring, &packets[i]);
		npu_fence_init(fence, ring, ++copy->sequence);
		dma_fence_get(&fence->base);
		npu_ring_write_fence(ring, fence);
		npu_ring_publish(ring);
	} else {
		ret = -EIO;
	}
	spin_unlock_irq(&ring->lock);
	if (!ret)
		npu_ring_kick(ring);
	drm_dev_exit(idx);
	return ret;
}

/* As npu_copy_write(), with a fence of its own; that or an error pointer. */
static struct dma_fence *npu_copy_submit(struct npu_device *ndev,
					 const struct npu_packet *packets, u32 count,
					 gfp_t gfp)
{
	struct npu_fence *fence = npu_fence_alloc(gfp);
	int ret;

	if (!fence)
		return ERR_PTR(-ENOMEM);

	mutex_lock(&ndev->copy.lock);
	ret = npu_copy_write(ndev, packets, count, fence);
	mutex_unlock(&ndev->copy.lock);
	if (ret) {
		kfree(fence);
		return ERR_PTR(ret);
	}
	return &fence->base;
}

/* Send a batch on its way once the one before it has ended; *fence is its end. */
static int npu_copy_flush(struct npu_device *ndev, struct npu_copy_batch *batch,
			  struct dma_fence **fence)
{
	int ret;

	if (*fence) {
		ret = npu_copy_wait(ndev, *fence, true);
		/* Until then the memory must not be given back. */
		if (ret == -EINTR)
			npu_copy_wait(ndev, *fence, false);
		dma_fence_put(*fence);
		*fence = NULL;
		if (ret)
			return ret;
	}

	*fence = npu_copy_submit(ndev, batch->packets, batch->count, GFP_KERNEL);
	batch->count = 0;
	batch->bytes = 0;
	if (!IS_ERR(*fence))
		return 0;
	ret = PTR_ERR(*fence);
	*fence = NULL;
	return ret;
}

static int npu_copy_fill(struct npu_device *ndev, struct npu_copy_batch *batch,
			 u64 offset, u64 size, struct dma_fence **fence)
{
	u64 chunk;
	int ret;

	for (; size; offset += chunk, size -= chunk) {
		if (batch->count == NPU_COPY_BATCH_PACKETS ||
		    batch->bytes >= NPU_COPY_BATCH_BYTES) {
			ret = npu_copy_flush(ndev, batch, fence);
			if (ret)
				return ret;
		}
		chunk = min_t(u64, size, NPU_COPY_CHUNK);
		batch->packets[batch->count++] = (struct npu_packet) {
			.opcode = NPU_PACKET_FILL,
			.dst_space = NPU_SPACE_HBM,
			.copy.dst = offset,
			.copy.size = chunk,
		};
		batch->bytes += chunk;
	}
	return 0;
}

/**
 * npu_copy_clear() - have the card fill a buffer's HBM with zeros
 * @ndev: card
 * @res: the buffer's HBM
 *
 * A large buffer is cleared in batches, so that others who want something of the
 * driver's queue stand behind one batch only.
 *
 * Return: a fence or an error pointer.  Its error says that the memory must not
 * be shown to anybody.
 */
struct dma_fence *npu_copy_clear(struct npu_device *ndev, struct ttm_resource *res)
{
	struct dma_fence *fence = NULL;
	struct npu_copy_batch *batch;
	struct gpu_buddy_block *block;
	int ret = 0;

	batch = kzalloc(sizeof(*batch), GFP_KERNEL);
	if (!batch)
		return ERR_PTR(-ENOMEM);

	list_for_each_entry(block, &to_npu_hbm_resource(res)->blocks, link) {
		ret = npu_copy_fill(ndev, batch, gpu_buddy_block_offset(block),
				    gpu_buddy_block_size(&ndev->hbm.mm, block), &fence);
		if (ret)
			break;
	}
	if (!ret)
		ret = npu_copy_flush(ndev, batch, &fence);
	kfree(batch);
	return ret ? ERR_PTR(ret) : fence;
}

/**
 * npu_copy_invalidate() - have the card forget translations, and wait for it
 * @ndev: card
 * @root: HBM offset of the page-table root
 * @address: first address
 * @size: bytes; 0: everything under @root
 *
 * When it returns no tile uses an older translation: the card has said so, or it
 * was reset, or it is gone.
 *
 * Return: 0, or an error after which the address space is lost.
 */
int npu_copy_invalidate(struct npu_device *ndev, u64 root, u64 address, u64 size)
{
	const struct npu_packet packet = {
		.opcode = NPU_PACKET_INVALIDATE,
		.invalidate.root = root,
		.invalidate.address = address,
		.invalidate.size = size,
	};
	struct dma_fence *fence;
	int ret;

	/* What has been unmapped can only be given back after this. */
	fence = npu_copy_submit(ndev, &packet, 1, GFP_KERNEL | __GFP_NOFAIL);
	if (IS_ERR(fence)) {
		ret = PTR_ERR(fence);
	} else {
		ret = npu_copy_wait(ndev, fence, false);
		dma_fence_put(fence);
	}
	if (ret)
		npu_reset_card(ndev, "translations could not be invalidated");
	return ret;
}

/**
 * npu_copy_wait() - wait for a fence of the driver's queue
 * @ndev: card
 * @fence: fence
 * @killable: a signal that ends the process may end the wait
 *
 * Other signals do not: what is begun anew with every signal is never done where they
 * come faster.
 *
 * Return: 0, -EINTR, or the error of the work.
 */
int npu_copy_wait(struct npu_device *ndev, struct dma_fence *fence, bool killable)
{
	u64 head, last = U64_MAX;
	u32 waited = 0;
	int idx;

	for (;;) {
		if (dma_fence_wait_timeout(fence, false,
					   msecs_to_jiffies(NPU_COPY_LOOK_MS)))
			return fence->error;
		if (killable && fatal_signal_pending(current))
			return -EINTR;

		if (!drm_dev_enter(&ndev->drm, &idx))
			return -ENODEV;
		/* An interrupt may have been lost. */
		npu_ring_update(&ndev->copy.ring);
		head = npu_ring_head(&ndev->copy.ring);
		drm_dev_exit(idx);

		if (dma_fence_is_signaled(fence))
			return fence->error;
		waited = head == last ? waited + NPU_COPY_LOOK_MS : 0;
		if (waited >= NPU_COPY_HANG_MS) {
			npu_reset_card(ndev, "the driver's queue hangs");
			return -EIO;
		}
		last = head;
	}
}

static void npu_copy_error(struct npu_ring *ring)
{
	struct npu_device *ndev = ring->ndev;
	struct npu_error error;

	if (npu_ring_state(ring) != NPU_QUEUE_ERRORED)
		return;

	npu_ring_error(ring, &error);
	dev_err(ndev->drm.dev, "the driver's queue failed: error %u, packet %llu\n",
		error.code, error.packet);
	queue_work(ndev->timeout_wq, &ndev->reset_work);
}

/* It lives in the card's structure, which outlives all buffers and their fences. */
static void npu_copy_free(struct npu_ring *ring)
{
}

static const struct npu_ring_ops npu_copy_ring_ops = {
	.error = npu_copy_error,
	.free = npu_copy_free,
};

/* Hardware queue 0 is taken first, before any client can ask for one. */
int npu_copy_init(struct npu_device *ndev)
{
	struct npu_copy *copy = &ndev->copy;

	mutex_init(&copy->lock);
	npu_ring_init(&copy->ring, ndev, &npu_copy_ring_ops);
	return npu_ring_alloc(&copy->ring, NPU_COPY_RING_ORDER, NPU_COPY_QUEUE,
			      NPU_COPY_QUEUE);
}

int npu_copy_start(struct npu_device *ndev)
{
	const struct npu_ring_config config = {
		/* It translates no address of a client, but a root must lie in HBM. */
		.root = 0,
		.die_mask = npu_all_dies(ndev),
	};

	return npu_ring_start(&ndev->copy.ring, &config);
}

/* The card was reset or is gone: what was under way will not come. */
void npu_copy_cancel(struct npu_device *ndev, int error)
{
	struct npu_ring *ring = &ndev->copy.ring;

	spin_lock_irq(&ring->lock);
	npu_ring_update_locked(ring);
	ring->live = false;
	npu_ring_cancel_locked(ring, 0, error, error);
	spin_unlock_irq(&ring->lock);
}

void npu_copy_fini(struct npu_device *ndev)
{
	npu_ring_free(&ndev->copy.ring);
	npu_ring_put(&ndev->copy.ring);
}
