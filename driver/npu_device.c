// SPDX-License-Identifier: GPL-2.0-only
#include <linux/dma-mapping.h>
#include <linux/iopoll.h>
#include <linux/module.h>
#include <linux/sched/mm.h>

#include <drm/drm_drv.h>
#include <drm/drm_managed.h>
#include <drm/drm_print.h>

#include "npu_bo.h"
#include "npu_debugfs.h"
#include "npu_device.h"
#include "npu_job.h"
#include "npu_queue.h"
#include "npu_reset.h"
#include "npu_ttm.h"

#define NPU_TIMEOUT_SILICON_MS	5000
#define NPU_TIMEOUT_EMULATED_MS	120000

/* A card that was just powered on or reset by others may still be busy. */
#define NPU_READY_TIMEOUT_US	(2 * USEC_PER_SEC)

static unsigned int timeout_ms;
module_param(timeout_ms, uint, 0444);
MODULE_PARM_DESC(timeout_ms, "Executed time after which a job is stopped (0: 5 s, or 120 s on an emulated card)");

/* Name of a profile; a card newer than the driver has none that it knows. */
const char *npu_device_model(u32 profile)
{
	static const char * const models[] = {
		[NPU_PROFILE_X6000] = "X6000",
		[NPU_PROFILE_DV100P] = "DV100P",
		[NPU_PROFILE_DV200D] = "DV200D",
		[NPU_PROFILE_DV300D] = "DV300D",
	};

	if (profile < ARRAY_SIZE(models) && models[profile])
		return models[profile];
	return "unknown";
}

u32 npu_device_timeout_ms(const struct npu_device *ndev)
{
	if (timeout_ms)
		return timeout_ms;
	return ndev->info.platform == NPU_PLATFORM_EMULATED ? NPU_TIMEOUT_EMULATED_MS :
							      NPU_TIMEOUT_SILICON_MS;
}

/* One slot of a ring is never used. */
u32 npu_device_ring_max_jobs(const struct npu_device *ndev)
{
	u32 packets = min_t(u32, ndev->info.ring_max, NPU_RING_MAX_PACKETS);

	return (packets - 1) / NPU_JOB_CREDITS;
}

/* Not a word for what only has the same id: others experiment with it too. */
static int npu_device_identify(struct npu_device *ndev)
{
	u32 version;

	if (npu_read32(ndev, NPU_REG_MAGIC) != NPU_MAGIC)
		return -ENODEV;

	version = npu_read32(ndev, NPU_REG_VERSION);
	if (upper_16_bits(version) != NPU_REGS_MAJOR) {
		dev_err(ndev->drm.dev, "register interface %u.%u is not %u\n",
			upper_16_bits(version), lower_16_bits(version), NPU_REGS_MAJOR);
		return -ENODEV;
	}
	ndev->info.version = version;
	return 0;
}

static void npu_device_read_info(struct npu_device *ndev)
{
	struct npu_info *info = &ndev->info;
	u32 die;

	info->platform = npu_read32(ndev, NPU_REG_PLATFORM);
	info->profile = npu_read32(ndev, NPU_REG_PROFILE);
	info->caps = npu_read64(ndev, NPU_REG_CAPS);
	info->dies = npu_read32(ndev, NPU_REG_DIES);
	info->queues = npu_read32(ndev, NPU_REG_QUEUES);
	info->vectors = npu_read32(ndev, NPU_REG_VECTORS);
	info->isa_version = npu_read32(ndev, NPU_REG_ISA_VERSION);
	info->hbm_size = npu_read64(ndev, NPU_REG_HBM_SIZE);
	info->serial = npu_read64(ndev, NPU_REG_SERIAL);
	info->va_bits = npu_read32(ndev, NPU_REG_VA_BITS);
	info->ring_max = npu_read32(ndev, NPU_REG_RING_MAX);
	for (die = 0; die < min_t(u32, info->dies, NPU_MAX_DIES); die++) {
		u32 base = NPU_REG_DIE(die);

		info->die_base[die] = npu_read64(ndev, base + NPU_DIE_HBM_BASE);
		info->die_size[die] = npu_read64(ndev, base + NPU_DIE_HBM_SIZE);
	}
}

static bool npu_device_dies_valid(const struct npu_info *info)
{
	u32 die;

	for (die = 0; die < info->dies; die++) {
		u64 base = info->die_base[die], size = info->die_size[die];

		if (!size || !PAGE_ALIGNED(base | size) || base > info->hbm_size ||
		    size > info->hbm_size - base)
			return false;
	}
	return true;
}

/* What the rest of the driver relies on. */
static int npu_device_check_info(struct npu_device *ndev)
{
	const struct npu_info *info = &ndev->info;
	resource_size_t bar = pci_resource_len(to_pci_dev(ndev->drm.dev), NPU_BAR_HBM);

	if (!info->dies || info->dies > NPU_MAX_DIES || info->queues < 2 ||
	    info->queues > NPU_MAX_QUEUES || info->ring_max < 4 ||
	    info->va_bits != NPU_VA_BITS || !info->hbm_size ||
	    !PAGE_ALIGNED(info->hbm_size) || !npu_device_dies_valid(info)) {
		dev_err(ndev->drm.dev, "the card describes itself wrongly\n");
		return -EIO;
	}
	if (bar < info->hbm_size) {
		dev_err(ndev->drm.dev, "HBM has %llu bytes but its BAR %llu\n",
			info->hbm_size, (u64)bar);
		return -EIO;
	}
	return 0;
}

static int npu_device_map_regs(struct npu_device *ndev, struct pci_dev *pdev)
{
	int ret;

	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;

	ndev->regs = pcim_iomap_region(pdev, NPU_BAR_REGS, DRM_NPU_DRIVER_NAME);
	return PTR_ERR_OR_ZERO(ndev->regs);
}

static int npu_device_map_hbm(struct npu_device *ndev, struct pci_dev *pdev)
{
	int ret;

	ret = pcim_request_region(pdev, NPU_BAR_HBM, DRM_NPU_DRIVER_NAME);
	if (ret)
		return ret;

	ndev->hbm_start = pci_resource_start(pdev, NPU_BAR_HBM);
	ndev->hbm_map = devm_ioremap_wc(&pdev->dev, ndev->hbm_start,
					ndev->info.hbm_size);
	return ndev->hbm_map ? 0 : -ENOMEM;
}

/* A reset takes time: only if somebody has used the card. */
static int npu_device_make_ready(struct npu_device *ndev)
{
	u32 status;
	int ret;

	ret = read_poll_timeout(npu_read32, status, !(status & NPU_STATUS_BUSY), 1000,
				NPU_READY_TIMEOUT_US, false, ndev, NPU_REG_STATUS);
	if (!ret && (status & NPU_STATUS_READY) &&
	    !(status & (NPU_STATUS_DIRTY | NPU_STATUS_FAILED)))
		return 0;
	return npu_reset_hardware(ndev);
}

/* All queues and files are gone. */
static void npu_device_release(struct drm_device *drm, void *arg)
{
	struct npu_device *ndev = to_npu_device(drm);

	if (ndev->submit_wq)
		destroy_workqueue(ndev->submit_wq);
	if (ndev->timeout_wq)
		destroy_workqueue(ndev->timeout_wq);
	xa_destroy(&ndev->rings);
}

static int npu_device_create_wqs(struct npu_device *ndev)
{
	/* Bound: a job goes on from the CPU that has submitted it, without waking another. */
	ndev->submit_wq = alloc_workqueue("npu-submit", WQ_MEM_RECLAIM, 0);
	ndev->timeout_wq = alloc_ordered_workqueue("npu-timeout", WQ_MEM_RECLAIM);
	if (!ndev->submit_wq || !ndev->timeout_wq) {
		npu_device_release(&ndev->drm, NULL);
		return -ENOMEM;
	}
	return drmm_add_action_or_reset(&ndev->drm, npu_device_release, NULL);
}

static int npu_device_init_locks(struct npu_device *ndev)
{
	int ret;

	INIT_LIST_HEAD(&ndev->vms);
	INIT_LIST_HEAD(&ndev->bos);
	xa_init_flags(&ndev->rings, XA_FLAGS_ALLOC);
	INIT_WORK(&ndev->reset_work, npu_reset_work);

	ret = drmm_mutex_init(&ndev->drm, &ndev->reset_lock);
	if (!ret)
		ret = drmm_mutex_init(&ndev->drm, &ndev->vms_lock);
	if (!ret)
		ret = drmm_mutex_init(&ndev->drm, &ndev->bos_lock);
	if (ret)
		return ret;

	/* Reclaim may wait for fences, and these for a reset: teach it to lockdep. */
	fs_reclaim_acquire(GFP_KERNEL);
	might_lock(&ndev->reset_lock);
	fs_reclaim_release(GFP_KERNEL);
	return 0;
}

/* Interrupts first: the driver's own queue needs them. */
static int npu_device_start(struct npu_device *ndev)
{
	int ret;

	ret = npu_irq_init(ndev);
	if (ret)
		return ret;

	ret = npu_copy_init(ndev);
	if (ret)
		goto err_irq;

	npu_irq_enable(ndev);
	ret = npu_copy_start(ndev);
	if (ret)
		goto err_copy;
	return 0;

err_copy:
	npu_reset_if_dirty(ndev);
	npu_copy_fini(ndev);
err_irq:
	npu_irq_fini(ndev);
	return ret;
}

static void npu_device_stop(struct npu_device *ndev)
{
	npu_reset_if_dirty(ndev);
	npu_irq_fini(ndev);
	cancel_work_sync(&ndev->reset_work);
	npu_copy_cancel(ndev, -ENODEV);
	npu_queue_unplug_all(ndev);
	npu_copy_fini(ndev);
}

static int npu_device_init_hardware(struct npu_device *ndev, struct pci_dev *pdev)
{
	int ret;

	ret = npu_device_make_ready(ndev);
	if (ret)
		return ret;
	npu_device_read_info(ndev);
	ret = npu_device_check_info(ndev);
	if (ret)
		return ret;

	/* What fits into a page-table entry. */
	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(52));
	if (ret)
		return ret;
	pci_set_master(pdev);
	return npu_device_map_hbm(ndev, pdev);
}

/**
 * npu_device_init() - bring a card up and show it to user space
 * @ndev: card, zeroed
 * @pdev: its function
 *
 * Return: 0 or a negative errno.
 */
int npu_device_init(struct npu_device *ndev, struct pci_dev *pdev)
{
	int ret;

	ret = npu_device_map_regs(ndev, pdev);
	if (ret)
		return ret;
	ret = npu_device_identify(ndev);
	if (ret)
		return ret;
	ret = npu_device_init_hardware(ndev, pdev);
	if (ret)
		return ret;

	ret = npu_device_init_locks(ndev);
	if (ret)
		return ret;
	ret = npu_device_create_wqs(ndev);
	if (ret)
		return ret;
	ret = npu_ttm_init(ndev);
	if (ret)
		return ret;

	ret = npu_device_start(ndev);
	if (ret)
		return ret;

	npu_debugfs_init(ndev);
	ret = drm_dev_register(&ndev->drm, 0);
	if (ret)
		npu_device_stop(ndev);
	return ret;
}

/**
 * npu_device_unplug() - let go of a card, which may be gone already
 * @ndev: card
 *
 * Files may stay open.  All waits end, and nothing stays mapped for the card.
 */
void npu_device_unplug(struct npu_device *ndev)
{
	drm_dev_unplug(&ndev->drm);
	npu_device_stop(ndev);
	npu_bo_unplug_all(ndev);
}
