// SPDX-License-Identifier: GPL-2.0-only
#include <linux/iopoll.h>
#include <linux/sched/mm.h>

#include <drm/drm_drv.h>
#include <drm/drm_print.h>

#include "npu_device.h"
#include "npu_irq.h"
#include "npu_queue.h"
#include "npu_reset.h"
#include "npu_trace.h"
#include "npu_vm.h"

/* Work from before a reset leaves within 100 ms; an emulator's host may be busy. */
#define NPU_RESET_TIMEOUT_US	(2 * USEC_PER_SEC)

static bool npu_reset_done(u32 status)
{
	return (status & (NPU_STATUS_READY | NPU_STATUS_BUSY | NPU_STATUS_FAILED)) ==
	       NPU_STATUS_READY;
}

/* -EIO if the card does not come back: then it is cut off from the host's memory. */
static int npu_reset_wait(struct npu_device *ndev)
{
	u32 status;
	int ret;

	ret = read_poll_timeout(npu_read32, status, npu_reset_done(status), 100,
				NPU_RESET_TIMEOUT_US, false, ndev, NPU_REG_STATUS);
	if (!ret)
		return 0;

	dev_err(ndev->drm.dev, "reset failed: status %#x\n", status);
	pci_clear_master(to_pci_dev(ndev->drm.dev));
	return -EIO;
}

/**
 * npu_reset_hardware() - reset the card and wait until it is ready
 * @ndev: card; registers can be reached
 *
 * Return: 0, or -EIO if the card does not come back: then it is cut off from the
 * host's memory.
 */
int npu_reset_hardware(struct npu_device *ndev)
{
	npu_write32(ndev, NPU_REG_CONTROL, NPU_CONTROL_RESET);
	return npu_reset_wait(ndev);
}

/* The card is being let go: it shall not touch anything of ours any more. */
void npu_reset_if_dirty(struct npu_device *ndev)
{
	u32 status = npu_read32(ndev, NPU_REG_STATUS);

	/* All ones: it was pulled out. */
	if (!PCI_POSSIBLE_ERROR(status) && (status & NPU_STATUS_DIRTY))
		npu_reset_hardware(ndev);
}

static void npu_reset_begin(struct npu_device *ndev, const char *why)
{
	lockdep_assert_held(&ndev->reset_lock);
	trace_npu_reset(ndev, why);
	WRITE_ONCE(ndev->health, DRM_NPU_HEALTH_RESETTING);
	npu_vm_lose_all(ndev);
}

/* @ret: whether the card came back */
static void npu_reset_end(struct npu_device *ndev, int ret)
{
	lockdep_assert_held(&ndev->reset_lock);

	/* The hardware has forgotten all queues. */
	npu_copy_cancel(ndev, -EIO);
	npu_queue_lose_all(ndev, DRM_NPU_BAN_RESET, -EIO);

	if (!ret) {
		npu_irq_enable(ndev);
		ret = npu_copy_start(ndev);
	}
	WRITE_ONCE(ndev->health, ret ? DRM_NPU_HEALTH_FAILED : DRM_NPU_HEALTH_OK);
	atomic64_inc(&ndev->counters.card_resets);
	trace_npu_reset_done(ndev, ret);
}

/**
 * npu_reset_card() - the last resort when the card does not do what it must
 * @ndev: card
 * @why: for the log
 *
 * When it returns nothing from before runs on the card.  All queues are banned,
 * all address spaces are lost.  Whoever comes while a reset is under way waits
 * for it and starts no second one for the same reason.
 */
void npu_reset_card(struct npu_device *ndev, const char *why)
{
	s64 resets = atomic64_read(&ndev->counters.card_resets);
	int idx;

	if (!drm_dev_enter(&ndev->drm, &idx))
		return;

	mutex_lock(&ndev->reset_lock);
	if (resets == atomic64_read(&ndev->counters.card_resets) &&
	    ndev->health != DRM_NPU_HEALTH_FAILED) {
		dev_err(ndev->drm.dev, "resetting the card: %s\n", why);
		npu_reset_begin(ndev, why);
		npu_reset_end(ndev, npu_reset_hardware(ndev));
	}
	mutex_unlock(&ndev->reset_lock);
	drm_dev_exit(idx);
}

void npu_reset_work(struct work_struct *work)
{
	struct npu_device *ndev = container_of(work, struct npu_device, reset_work);

	npu_reset_card(ndev, "the driver's queue failed");
}

/**
 * npu_reset_prepare() - somebody resets the function, through sysfs for example
 * @pdev: card
 *
 * The lock is held until npu_reset_finish(), so that nobody trusts or resets the card
 * meanwhile.  Reclaim may wait for that lock: what the PCI core allocates between the
 * two must not wait for reclaim.
 */
void npu_reset_prepare(struct pci_dev *pdev)
{
	struct npu_device *ndev = pci_get_drvdata(pdev);

	mutex_lock(&ndev->reset_lock);
	ndev->reset_noio = memalloc_noio_save();
	npu_reset_begin(ndev, "a function level reset");
}

/**
 * npu_reset_finish() - that is over; the configuration space is restored
 * @pdev: card
 */
void npu_reset_finish(struct pci_dev *pdev)
{
	struct npu_device *ndev = pci_get_drvdata(pdev);

	npu_reset_end(ndev, npu_reset_wait(ndev));
	memalloc_noio_restore(ndev->reset_noio);
	mutex_unlock(&ndev->reset_lock);
}
