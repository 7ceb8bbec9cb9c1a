/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NPU_RING_H_
#define _NPU_RING_H_

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include <npu/regs.h>

struct npu_device;
struct npu_fence;
struct npu_ring;

/* A ring is contiguous: half a MiB is nearly always to be had, the card takes more. */
#define NPU_RING_MAX_PACKETS	8192

/**
 * struct npu_ring_ops - what the owner of a ring is told
 * @done: a fence is about to be signalled; called with &npu_ring.lock held
 * @error: the hardware queue has stopped with an error record; called from an
 *	interrupt thread under RCU
 * @free: the last reference is gone
 */
struct npu_ring_ops {
	void (*done)(struct npu_ring *ring, struct npu_fence *fence, int error);
	void (*error)(struct npu_ring *ring);
	void (*free)(struct npu_ring *ring);
};

/**
 * struct npu_ring_config - how a hardware queue works
 * @root: HBM offset of the page-table root
 * @die_mask: its gang
 */
struct npu_ring_config {
	u64 root;
	u32 die_mask;
};

/**
 * struct npu_ring - a hardware queue with its memory
 * @ndev: card
 * @ops: owner's functions
 * @kref: references: the owner's, one a fence, and one while it has its memory
 * @id: hardware queue
 * @order: it holds 1 << @order packets
 * @name: for fences and schedulers
 * @fence_context: timeline of its fences
 * @lock: protects what follows; taken in fence signalling paths
 * @live: the hardware queue may be touched and the memory is there
 * @written: packets written since it was started
 * @progress: when the oldest pending fence became that, jiffies
 * @pending: fences that the card has still to reach, in order
 * @packets: the packets
 * @packets_dma: their bus address
 * @record: where the card says how far it is
 * @record_dma: its bus address
 * @tail: behind @record, where the card looks for the number of packets written
 */
struct npu_ring {
	struct npu_device *ndev;
	const struct npu_ring_ops *ops;
	struct kref kref;
	u32 id;
	u32 order;
	char name[16];
	u64 fence_context;
	spinlock_t lock;	/* all below */
	bool live;
	u64 written;
	unsigned long progress;
	struct list_head pending;
	struct npu_packet *packets;
	dma_addr_t packets_dma;
	struct npu_fence_record *record;
	dma_addr_t record_dma;
	u64 *tail;
};

struct npu_ring *npu_ring_get(struct npu_ring *ring);
void npu_ring_put(struct npu_ring *ring);

void npu_ring_init(struct npu_ring *ring, struct npu_device *ndev,
		   const struct npu_ring_ops *ops);
int npu_ring_alloc(struct npu_ring *ring, u32 order, u32 first, u32 last);
void npu_ring_free(struct npu_ring *ring);
struct npu_ring *npu_ring_find(struct npu_device *ndev, unsigned long *id);

int npu_ring_start(struct npu_ring *ring, const struct npu_ring_config *config);
void npu_ring_stop_begin(struct npu_ring *ring);
int npu_ring_stop(struct npu_ring *ring);
void npu_ring_disable(struct npu_ring *ring);

void npu_ring_write(struct npu_ring *ring, const struct npu_packet *packet);
void npu_ring_write_fence(struct npu_ring *ring, struct npu_fence *fence);
void npu_ring_publish(struct npu_ring *ring);
void npu_ring_kick(struct npu_ring *ring);

void npu_ring_update(struct npu_ring *ring);
void npu_ring_update_locked(struct npu_ring *ring);
void npu_ring_cancel_locked(struct npu_ring *ring, u64 culprit, int first, int rest);

u32 npu_ring_state(struct npu_ring *ring);
u64 npu_ring_head(struct npu_ring *ring);
u64 npu_ring_exec_time(struct npu_ring *ring);
void npu_ring_error(struct npu_ring *ring, struct npu_error *error);

#endif
