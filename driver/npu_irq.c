// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bitmap.h>
#include <linux/interrupt.h>

#include <drm/drm_drv.h>

#include "npu_device.h"
#include "npu_irq.h"
#include "npu_ring.h"

/* Words of a bitmap with one bit a queue. */
#define NPU_QUEUE_WORDS		(NPU_MAX_QUEUES / 64)

/**
 * npu_irq_vector() - the vector that a hardware queue uses
 * @irq: vectors
 * @queue: hardware queue; 0 is the driver's own
 *
 * The first vector has the events and the driver's own queue, so that they never
 * stand behind the traffic of clients unless there is no other vector.  A client's
 * queue has that of the CPU on which it is created: likely the one that will wait
 * for its jobs.
 *
 * Return: the vector's number on the card.
 */
u32 npu_irq_vector(const struct npu_irq *irq, u32 queue)
{
	unsigned int cpu = raw_smp_processor_id();
	u32 i;

	if (!queue || irq->count == 1)
		return 0;
	for (i = 1; i < irq->count; i++) {
		if (irq->vectors[i].cpu == cpu)
			return i;
	}
	return 1 + (queue - 1) % (irq->count - 1);
}

/* Call fn for the ring of every queue in a word of a bitmap. */
static void npu_irq_for_each(struct npu_device *ndev, u32 word, u64 bits,
			     void (*fn)(struct npu_ring *ring))
{
	struct npu_ring *ring;

	rcu_read_lock();
	for (; bits; bits &= bits - 1) {
		ring = xa_load(&ndev->rings, 64 * word + __ffs64(bits));
		if (ring)
			fn(ring);
	}
	rcu_read_unlock();
}

static void npu_irq_error(struct npu_ring *ring)
{
	ring->ops->error(ring);
}

static void npu_irq_events(struct npu_device *ndev, u32 events)
{
	u32 word;

	if (events & NPU_EVENT_DIE_RESET)
		atomic64_inc(&ndev->counters.die_resets);
	if (!(events & NPU_EVENT_QUEUE_ERROR))
		return;

	for (word = 0; word < NPU_QUEUE_WORDS; word++)
		npu_irq_for_each(ndev, word,
				 npu_read64(ndev, NPU_REG_ERROR_QUEUES(word)),
				 npu_irq_error);
}

static void npu_irq_queues(struct npu_device *ndev, u32 vector)
{
	u32 base = NPU_REG_VECTOR(vector);
	unsigned long summary = npu_read32(ndev, base + NPU_VECTOR_SUMMARY);
	u32 word;

	for_each_set_bit(word, &summary, NPU_QUEUE_WORDS)
		npu_irq_for_each(ndev, word,
				 npu_read64(ndev, base + NPU_VECTOR_QUEUES(word)),
				 npu_ring_update);
}

/*
 * Fences are signalled right here: to wake a thread for it would take longer than to
 * do it.  Errors are rare, and take a look at many registers.
 */
static irqreturn_t npu_irq_handler(int irq, void *arg)
{
	struct npu_vector *vector = arg;
	struct npu_device *ndev = vector->ndev;
	bool cookie = dma_fence_begin_signalling();
	irqreturn_t ret = IRQ_HANDLED;
	u32 events = 0;
	int idx;

	if (drm_dev_enter(&ndev->drm, &idx)) {
		npu_irq_queues(ndev, vector->index);
		if (!vector->index)
			events = npu_read32(ndev, NPU_REG_EVENTS);
		if (events) {
			atomic_or(events, &vector->events);
			ret = IRQ_WAKE_THREAD;
		}
		drm_dev_exit(idx);
	}
	dma_fence_end_signalling(cookie);
	return ret;
}

static irqreturn_t npu_irq_thread(int irq, void *arg)
{
	struct npu_vector *vector = arg;
	struct npu_device *ndev = vector->ndev;
	bool cookie = dma_fence_begin_signalling();
	int idx;

	if (drm_dev_enter(&ndev->drm, &idx)) {
		npu_irq_events(ndev, atomic_xchg(&vector->events, 0));
		drm_dev_exit(idx);
	}
	dma_fence_end_signalling(cookie);
	return IRQ_HANDLED;
}

static int npu_irq_request(struct npu_device *ndev, u32 index)
{
	struct npu_vector *vector = &ndev->irq.vectors[index];
	struct pci_dev *pdev = to_pci_dev(ndev->drm.dev);
	int ret;

	vector->ndev = ndev;
	vector->index = index;
	vector->irq = pci_irq_vector(pdev, index);
	ret = request_threaded_irq(vector->irq, npu_irq_handler, npu_irq_thread, 0,
				   dev_name(ndev->drm.dev), vector);
	if (ret || !index)
		return ret;

	vector->cpu = cpumask_local_spread(index - 1, dev_to_node(&pdev->dev));
	irq_set_affinity_and_hint(vector->irq, cpumask_of(vector->cpu));
	return 0;
}

/**
 * npu_irq_init() - get vectors: one for each CPU, and one for errors
 * @ndev: card; nothing is unmasked yet
 *
 * More would gain nothing, and CPUs have about 200 each for all devices: with 16
 * cards in a small machine there would not be enough.
 *
 * Return: 0 or a negative errno.
 */
int npu_irq_init(struct npu_device *ndev)
{
	struct pci_dev *pdev = to_pci_dev(ndev->drm.dev);
	u32 most = min_t(u32, num_online_cpus() + 1, NPU_MAX_VECTORS);
	u32 wanted = clamp_t(u32, ndev->info.vectors, 1, most);
	int count, ret;
	u32 i;

	count = pci_alloc_irq_vectors(pdev, 1, wanted, PCI_IRQ_MSIX);
	if (count < 0)
		return count;

	for (i = 0; i < count; i++) {
		ret = npu_irq_request(ndev, i);
		if (ret) {
			npu_irq_fini(ndev);
			return ret;
		}
		ndev->irq.count++;
	}
	return 0;
}

/* Let the vectors through; also after a reset of the card, which masks them. */
void npu_irq_enable(struct npu_device *ndev)
{
	u32 i;

	for (i = 0; i < ndev->irq.count; i++) {
		npu_write32(ndev, NPU_REG_VECTOR(i) + NPU_VECTOR_HOLDOFF, 0);
		npu_write32(ndev, NPU_REG_VECTOR(i) + NPU_VECTOR_MASK, 0);
	}
	npu_write32(ndev, NPU_REG_EVENT_VECTOR, 0);
}

void npu_irq_fini(struct npu_device *ndev)
{
	while (ndev->irq.count) {
		struct npu_vector *vector = &ndev->irq.vectors[--ndev->irq.count];

		irq_set_affinity_and_hint(vector->irq, NULL);
		free_irq(vector->irq, vector);
	}
	pci_free_irq_vectors(to_pci_dev(ndev->drm.dev));
}
