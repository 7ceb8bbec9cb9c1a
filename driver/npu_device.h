/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NPU_DEVICE_H_
#define _NPU_DEVICE_H_

#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/pci.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include <drm/drm_device.h>
#include <drm/npu_accel.h>
#include <drm/ttm/ttm_device.h>

#include <npu/regs.h>

#include "npu_copy.h"
#include "npu_hbm.h"
#include "npu_irq.h"

/**
 * struct npu_info - what the card says of itself, constant after probe
 * @serial: serial number
 * @caps: NPU_CAP_*
 * @hbm_size: bytes of HBM
 * @profile: &enum npu_profile_id
 * @platform: NPU_PLATFORM_*
 * @version: register interface, major in the high half
 * @isa_version: instruction set, major in the high half
 * @dies: number of dies
 * @queues: number of hardware queues, the driver's own included
 * @vectors: number of interrupt vectors
 * @ring_max: most packets in a ring
 * @va_bits: bits of a virtual address
 * @die_base: HBM offset of each die's range
 * @die_size: bytes of each die's range
 */
struct npu_info {
	u64 serial;
	u64 caps;
	u64 hbm_size;
	u32 profile;
	u32 platform;
	u32 version;
	u32 isa_version;
	u32 dies;
	u32 queues;
	u32 vectors;
	u32 ring_max;
	u32 va_bits;
	u64 die_base[NPU_MAX_DIES];
	u64 die_size[NPU_MAX_DIES];
};

/**
 * struct npu_counters - what happened since probe
 * @jobs_completed: jobs that ended well
 * @jobs_failed: jobs that ended with an error
 * @faults: error records raised by the card
 * @queue_bans: queues banned
 * @die_resets: die resets
 * @card_resets: resets of the whole card
 */
struct npu_counters {
	atomic64_t jobs_completed;
	atomic64_t jobs_failed;
	atomic64_t faults;
	atomic64_t queue_bans;
	atomic64_t die_resets;
	atomic64_t card_resets;
};

/**
 * struct npu_device - a card
 * @drm: base
 * @ttm: memory of the card and of the host for it
 * @regs: BAR0
 * @hbm_map: the CPU's write-combined view of all of HBM
 * @hbm_start: bus address of HBM as the CPU sees it
 * @info: identity and geometry
 * @hbm: resource manager of HBM
 * @irq: interrupt vectors
 * @rings: live rings by hardware queue, read under RCU
 * @copy: the driver's own queue
 * @submit_wq: where all schedulers run and free jobs
 * @timeout_wq: where time-outs and resets are handled, one at a time
 * @health: &enum drm_npu_health; written under @reset_lock
 * @reset_lock: held while the card is reset; taken in fence signalling paths,
 *	so nobody may allocate memory under it
 * @reset_noio: what the PCI core was allowed to allocate before a reset of its own
 * @reset_work: reset asked for by an interrupt
 * @vms_lock: protects @vms
 * @vms: all address spaces
 * @bos_lock: protects @bos
 * @bos: all buffers, so that an unplug finds them
 * @counters: events
 * @clients: open files
 */
struct npu_device {
	struct drm_device drm;
	struct ttm_device ttm;
	void __iomem *regs;
	void __iomem *hbm_map;
	resource_size_t hbm_start;
	struct npu_info info;
	struct npu_hbm hbm;
	struct npu_irq irq;
	struct xarray rings;
	struct npu_copy copy;
	struct workqueue_struct *submit_wq;
	struct workqueue_struct *timeout_wq;
	u32 health;
	struct mutex reset_lock;	/* health */
	unsigned int reset_noio;
	struct work_struct reset_work;
	struct mutex vms_lock;		/* vms */
	struct list_head vms;
	struct mutex bos_lock;		/* bos */
	struct list_head bos;
	struct npu_counters counters;
	atomic_t clients;
};

static inline struct npu_device *to_npu_device(struct drm_device *drm)
{
	return container_of(drm, struct npu_device, drm);
}

static inline u32 npu_read32(struct npu_device *ndev, u32 reg)
{
	return readl(ndev->regs + reg);
}

static inline u64 npu_read64(struct npu_device *ndev, u32 reg)
{
	return readq(ndev->regs + reg);
}

static inline void npu_write32(struct npu_device *ndev, u32 reg, u32 value)
{
	writel(value, ndev->regs + reg);
}

static inline void npu_write64(struct npu_device *ndev, u32 reg, u64 value)
{
	writeq(value, ndev->regs + reg);
}

/* Bit mask of all dies. */
static inline u32 npu_all_dies(const struct npu_device *ndev)
{
	return GENMASK(ndev->info.dies - 1, 0);
}

const char *npu_device_model(u32 profile);
u32 npu_device_timeout_ms(const struct npu_device *ndev);
u32 npu_device_ring_max_jobs(const struct npu_device *ndev);

int npu_device_init(struct npu_device *ndev, struct pci_dev *pdev);
void npu_device_unplug(struct npu_device *ndev);

#endif
