// SPDX-License-Identifier: GPL-2.0-only
#include <linux/dma-mapping.h>
#include <linux/iopoll.h>
#include <linux/jiffies.h>

#include <drm/drm_print.h>

#include "npu_device.h"
#include "npu_fence.h"
#include "npu_irq.h"
#include "npu_ring.h"

/* The card promises to stop within 100 ms; an emulator's host may be busy. */
#define NPU_STOP_TIMEOUT_US	(2 * USEC_PER_SEC)

static u32 npu_ring_reg(const struct npu_ring *ring, u32 reg)
{
	return NPU_REG_QUEUE(ring->id) + reg;
}

static u32 npu_ring_read32(struct npu_ring *ring, u32 reg)
{
	return npu_read32(ring->ndev, npu_ring_reg(ring, reg));
}

static u64 npu_ring_read64(struct npu_ring *ring, u32 reg)
{
	return npu_read64(ring->ndev, npu_ring_reg(ring, reg));
}

static void npu_ring_write32(struct npu_ring *ring, u32 reg, u32 value)
{
	npu_write32(ring->ndev, npu_ring_reg(ring, reg), value);
}

static void npu_ring_write64(struct npu_ring *ring, u32 reg, u64 value)
{
	npu_write64(ring->ndev, npu_ring_reg(ring, reg), value);
}

struct npu_ring *npu_ring_get(struct npu_ring *ring)
{
	kref_get(&ring->kref);
	return ring;
}

static void npu_ring_release(struct kref *kref)
{
	struct npu_ring *ring = container_of(kref, struct npu_ring, kref);

	ring->ops->free(ring);
}

void npu_ring_put(struct npu_ring *ring)
{
	kref_put(&ring->kref, npu_ring_release);
}

void npu_ring_init(struct npu_ring *ring, struct npu_device *ndev,
		   const struct npu_ring_ops *ops)
{
	ring->ndev = ndev;
	ring->ops = ops;
	kref_init(&ring->kref);
	spin_lock_init(&ring->lock);
	INIT_LIST_HEAD(&ring->pending);
	ring->fence_context = dma_fence_context_alloc(1);
}

static size_t npu_ring_size(const struct npu_ring *ring)
{
	return PAGE_ALIGN(sizeof(*ring->packets) << ring->order);
}

static void npu_ring_free_memory(struct npu_ring *ring)
{
	struct device *dev = ring->ndev->drm.dev;

	dma_free_coherent(dev, npu_ring_size(ring), ring->packets, ring->packets_dma);
	dma_free_coherent(dev, PAGE_SIZE, ring->record, ring->record_dma);
	ring->packets = NULL;
	ring->record = NULL;
}

static int npu_ring_alloc_memory(struct npu_ring *ring)
{
	/* A client may ask for more than there is: that is no reason to kill it. */
	const gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN;
	struct device *dev = ring->ndev->drm.dev;

	ring->record = dma_alloc_coherent(dev, PAGE_SIZE, &ring->record_dma, gfp);
	if (!ring->record)
		return -ENOMEM;
	ring->tail = (void *)(ring->record + 1);

	ring->packets = dma_alloc_coherent(dev, npu_ring_size(ring), &ring->packets_dma,
					   gfp);
	if (ring->packets)
		return 0;
	dma_free_coherent(dev, PAGE_SIZE, ring->record, ring->record_dma);
	return -ENOMEM;
}

/**
 * npu_ring_alloc() - give a ring its memory and a hardware queue
 * @ring: ring
 * @order: it will hold 1 << @order packets
 * @first: lowest hardware queue it may get
 * @last: highest hardware queue it may get
 *
 * Return: 0, -ENOMEM, or -EBUSY if no hardware queue is free.
 */
int npu_ring_alloc(struct npu_ring *ring, u32 order, u32 first, u32 last)
{
	int ret;

	ring->order = order;
	ret = npu_ring_alloc_memory(ring);
	if (ret)
		return ret;

	ret = xa_alloc(&ring->ndev->rings, &ring->id, ring, XA_LIMIT(first, last),
		       GFP_KERNEL);
	if (ret) {
		npu_ring_free_memory(ring);
		return ret;
	}
	npu_ring_get(ring);
	snprintf(ring->name, sizeof(ring->name), "npu-q%u", ring->id);
	return 0;
}

/**
 * npu_ring_free() - give back memory and hardware queue
 * @ring: ring, stopped or on a card that was reset or is gone
 *
 * Interrupts that still come find the ring not live.  Fences may stay behind.
 */
void npu_ring_free(struct npu_ring *ring)
{
	if (!ring->packets)
		return;

	spin_lock_irq(&ring->lock);
	ring->live = false;
	spin_unlock_irq(&ring->lock);

	xa_erase(&ring->ndev->rings, ring->id);
	npu_ring_free_memory(ring);
	npu_ring_put(ring);
}

/**
 * npu_ring_find() - the first ring with memory from a hardware queue on
 * @ndev: card
 * @id: hardware queue to begin with; becomes the ring's
 *
 * Return: the ring, referenced, or NULL.
 */
struct npu_ring *npu_ring_find(struct npu_device *ndev, unsigned long *id)
{
	struct npu_ring *ring;

	rcu_read_lock();
	do {
		ring = xa_find(&ndev->rings, id, ULONG_MAX, XA_PRESENT);
	} while (ring && !kref_get_unless_zero(&ring->kref));
	rcu_read_unlock();
	return ring;
}

/**
 * npu_ring_start() - begin with packet 0
 * @ring: ring, not live
 * @config: what it runs on
 *
 * The caller is inside drm_dev_enter().
 *
 * Return: 0, or -EIO if the card does not like what it is told.
 */
int npu_ring_start(struct npu_ring *ring, const struct npu_ring_config *config)
{
	u32 state;

	memset(ring->record, 0, PAGE_SIZE);
	ring->written = 0;

	npu_ring_write64(ring, NPU_QUEUE_RING, ring->packets_dma);
	npu_ring_write64(ring, NPU_QUEUE_TAIL, ring->record_dma + sizeof(*ring->record));
	npu_ring_write64(ring, NPU_QUEUE_FENCE, ring->record_dma);
	npu_ring_write64(ring, NPU_QUEUE_ROOT, config->root);
	npu_ring_write32(ring, NPU_QUEUE_RING_ORDER, ring->order);
	npu_ring_write32(ring, NPU_QUEUE_DIE_MASK, config->die_mask);
	npu_ring_write32(ring, NPU_QUEUE_PRIORITY, NPU_QUEUE_PRIORITY_NORMAL);
	npu_ring_write32(ring, NPU_QUEUE_VECTOR,
			 npu_irq_vector(&ring->ndev->irq, ring->id));
	npu_ring_write32(ring, NPU_QUEUE_CONTROL, NPU_QUEUE_CONTROL_ENABLE);

	state = npu_ring_read32(ring, NPU_QUEUE_STATE);
	if (state == NPU_QUEUE_DISABLED || state == NPU_QUEUE_ERRORED) {
		dev_err_ratelimited(ring->ndev->drm.dev,
				    "queue %u did not start: state %u\n",
				    ring->id, state);
		return -EIO;
	}

	spin_lock_irq(&ring->lock);
	ring->live = true;
	spin_unlock_irq(&ring->lock);
	return 0;
}

/* Tell the card to stop and do not wait; inside drm_dev_enter(). */
void npu_ring_stop_begin(struct npu_ring *ring)
{
	npu_ring_write32(ring, NPU_QUEUE_CONTROL, NPU_QUEUE_CONTROL_STOP);
}

static bool npu_ring_has_stopped(u32 state)
{
	return state == NPU_QUEUE_STOPPED || state == NPU_QUEUE_ERRORED ||
	       state == NPU_QUEUE_DISABLED;
}

/**
 * npu_ring_stop() - stop and wait for it
 * @ring: ring
 *
 * Afterwards the card uses neither the ring nor what its packets name.  The
 * caller is inside drm_dev_enter().
 *
 * Return: 0 or -ETIMEDOUT if only a reset can help.
 */
int npu_ring_stop(struct npu_ring *ring)
{
	u32 state;

	npu_ring_stop_begin(ring);
	return read_poll_timeout(npu_ring_read32, state,
				 npu_ring_has_stopped(state), 50,
				 NPU_STOP_TIMEOUT_US, false, ring, NPU_QUEUE_STATE);
}

/* Forget a queue that has stopped; inside drm_dev_enter(). */
void npu_ring_disable(struct npu_ring *ring)
{
	npu_ring_write32(ring, NPU_QUEUE_CONTROL, NPU_QUEUE_CONTROL_DISABLE);
}

/* Append a packet; the caller holds the lock and knows that there is room. */
void npu_ring_write(struct npu_ring *ring, const struct npu_packet *packet)
{
	u64 slot = ring->written++ & (BIT_ULL(ring->order) - 1);

	lockdep_assert_held(&ring->lock);
	ring->packets[slot] = *packet;
}

/* Append a FENCE packet; @fence's reference goes to the list of pending ones. */
void npu_ring_write_fence(struct npu_ring *ring, struct npu_fence *fence)
{
	const struct npu_packet packet = {
		.opcode = NPU_PACKET_FENCE,
		.fence.sequence = fence->base.seqno,
	};

	npu_ring_write(ring, &packet);
	if (list_empty(&ring->pending))
		ring->progress = jiffies;
	list_add_tail(&fence->link, &ring->pending);
}

/* Put what was written behind the tail; npu_ring_kick() is due. */
void npu_ring_publish(struct npu_ring *ring)
{
	lockdep_assert_held(&ring->lock);

	/*
	 * Packets before the tail, and whatever was stored to write-combined HBM
	 * before the doorbell.
	 */
	wmb();
	WRITE_ONCE(*ring->tail, ring->written);
}

/* Tell the card, by an access which it may answer at once; inside drm_dev_enter(). */
void npu_ring_kick(struct npu_ring *ring)
{
	npu_write32(ring->ndev, NPU_REG_DOORBELL(ring->id), 0);
}

static void npu_ring_signal(struct npu_ring *ring, struct npu_fence *fence, int error)
{
	list_del_init(&fence->link);
	ring->progress = jiffies;
	if (ring->ops->done)
		ring->ops->done(ring, fence, error);
	if (error)
		dma_fence_set_error(&fence->base, error);
	dma_fence_signal(&fence->base);
	dma_fence_put(&fence->base);
}

/* Signal every fence that the card has reached. */
void npu_ring_update_locked(struct npu_ring *ring)
{
	struct npu_fence *fence, *next;
	u64 sequence;

	lockdep_assert_held(&ring->lock);
	if (!ring->live)
		return;

	sequence = READ_ONCE(ring->record->sequence);
	/* The results of the work are read by whoever the fence wakes. */
	dma_rmb();

	list_for_each_entry_safe(fence, next, &ring->pending, link) {
		if (fence->base.seqno > sequence)
			break;
		npu_ring_signal(ring, fence, 0);
	}
}

void npu_ring_update(struct npu_ring *ring)
{
	unsigned long flags;

	spin_lock_irqsave(&ring->lock, flags);
	npu_ring_update_locked(ring);
	spin_unlock_irqrestore(&ring->lock, flags);
}

/**
 * npu_ring_cancel_locked() - end what the card will not reach any more
 * @ring: ring, stopped or on a card that was reset or is gone
 * @culprit: number of the program that is to blame; 0: the oldest pending fence is
 * @first: error of the culprit
 * @rest: error of all others
 */
void npu_ring_cancel_locked(struct npu_ring *ring, u64 culprit, int first, int rest)
{
	struct npu_fence *fence, *next;

	lockdep_assert_held(&ring->lock);
	list_for_each_entry_safe(fence, next, &ring->pending, link) {
		culprit = culprit ?: fence->base.seqno;
		npu_ring_signal(ring, fence,
				fence->base.seqno == culprit ? first : rest);
	}
}

u32 npu_ring_state(struct npu_ring *ring)
{
	return npu_ring_read32(ring, NPU_QUEUE_STATE);
}

u64 npu_ring_head(struct npu_ring *ring)
{
	return npu_ring_read64(ring, NPU_QUEUE_HEAD);
}

u64 npu_ring_exec_time(struct npu_ring *ring)
{
	return npu_ring_read64(ring, NPU_QUEUE_EXEC_TIME);
}

void npu_ring_error(struct npu_ring *ring, struct npu_error *error)
{
	u64 *words = (u64 *)error;
	u32 i;

	for (i = 0; i < sizeof(*error) / sizeof(*words); i++)
		words[i] = npu_ring_read64(ring, NPU_QUEUE_ERROR + i * sizeof(*words));
}
