/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NPU_IRQ_H_
#define _NPU_IRQ_H_

#include <linux/atomic.h>
#include <linux/types.h>

#include <npu/regs.h>

struct npu_device;

/**
 * struct npu_vector - an interrupt vector
 * @ndev: card
 * @index: its number on the card
 * @irq: its number in Linux
 * @cpu: to which it goes, unless somebody has moved it
 * @events: NPU_EVENT_* that its thread has to see to
 */
struct npu_vector {
	struct npu_device *ndev;
	u32 index;
	int irq;
	unsigned int cpu;
	atomic_t events;
};

/**
 * struct npu_irq - the interrupt vectors of a card
 * @count: vectors in use
 * @vectors: the vectors; the first one also has errors and events
 */
struct npu_irq {
	u32 count;
	struct npu_vector vectors[NPU_MAX_VECTORS];
};

u32 npu_irq_vector(const struct npu_irq *irq, u32 queue);
int npu_irq_init(struct npu_device *ndev);
void npu_irq_enable(struct npu_device *ndev);
void npu_irq_fini(struct npu_device *ndev);

#endif
