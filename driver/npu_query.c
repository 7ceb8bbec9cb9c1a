// SPDX-License-Identifier: GPL-2.0-only
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#include <drm/drm_drv.h>

#include "npu_device.h"
#include "npu_query.h"
#include "npu_ttm.h"

static u32 npu_query_device_size(const struct npu_device *ndev)
{
	return sizeof(struct drm_npu_query_device);
}

static void npu_query_limits(struct npu_device *ndev, struct drm_npu_query_device *out)
{
	out->va_bits = ndev->info.va_bits;
	out->page_size = PAGE_SIZE;
	out->ring_max_jobs = npu_device_ring_max_jobs(ndev);
	out->max_program_size = NPU_MAX_PROGRAM_SIZE;
	out->max_args_size = (NPU_MAX_BASES + NPU_MAX_SCALARS) * sizeof(u64);
	out->timeout_ms = npu_device_timeout_ms(ndev);
}

static void npu_query_counters(struct npu_device *ndev, struct drm_npu_query_device *out)
{
	out->health = READ_ONCE(ndev->health);
	out->clients = atomic_read(&ndev->clients);
	out->jobs_completed = atomic64_read(&ndev->counters.jobs_completed);
	out->jobs_failed = atomic64_read(&ndev->counters.jobs_failed);
	out->faults = atomic64_read(&ndev->counters.faults);
}

static void npu_query_pci(struct npu_device *ndev, struct drm_npu_query_device *out)
{
	struct pci_dev *pdev = to_pci_dev(ndev->drm.dev);

	out->pci_domain = pci_domain_nr(pdev->bus);
	out->pci_bus = pdev->bus->number;
	out->pci_device = PCI_SLOT(pdev->devfn);
	out->pci_function = PCI_FUNC(pdev->devfn);
}

static void npu_query_device(struct npu_device *ndev, void *data)
{
	const struct npu_info *info = &ndev->info;
	struct drm_npu_query_device *out = data;

	strscpy(out->model, npu_device_model(info->profile), sizeof(out->model));
	out->serial = info->serial;
	out->profile = info->profile;
	out->platform = info->platform;
	out->regs_major = upper_16_bits(info->version);
	out->regs_minor = lower_16_bits(info->version);
	out->isa_major = upper_16_bits(info->isa_version);
	out->isa_minor = lower_16_bits(info->isa_version);
	out->dies = info->dies;
	out->queues = info->queues;
	out->capabilities = info->caps;
	npu_query_limits(ndev, out);
	npu_query_counters(ndev, out);
	npu_query_pci(ndev, out);
}

static u32 npu_query_dies_size(const struct npu_device *ndev)
{
	return ndev->info.dies * sizeof(struct drm_npu_query_die);
}

static void npu_query_dies(struct npu_device *ndev, void *data)
{
	struct drm_npu_query_die *out = data;
	u32 die;

	for (die = 0; die < ndev->info.dies; die++, out++) {
		u32 base = NPU_REG_DIE(die);

		out->busy_host_ns = npu_read64(ndev, base + NPU_DIE_BUSY_HOST);
		out->busy_device_ns = npu_read64(ndev, base + NPU_DIE_BUSY_DEVICE);
		out->tiles = npu_read64(ndev, base + NPU_DIE_TILES);
		out->state = npu_read32(ndev, base + NPU_DIE_STATE);
		out->resets = npu_read32(ndev, base + NPU_DIE_RESETS);
	}
}

/* HBM of each die, then host memory. */
static u32 npu_query_memory_size(const struct npu_device *ndev)
{
	return (ndev->info.dies + 1) * sizeof(struct drm_npu_query_memory);
}

static void npu_query_memory(struct npu_device *ndev, void *data)
{
	struct drm_npu_query_memory *out = data;
	u32 die;

	for (die = 0; die < ndev->info.dies; die++, out++) {
		out->memory_class = DRM_NPU_MEMORY_HBM;
		out->die = die;
		out->base = ndev->info.die_base[die];
		out->total = ndev->info.die_size[die];
		out->used = npu_hbm_used(ndev, die);
		out->cpu_visible = out->total;
	}
	out->memory_class = DRM_NPU_MEMORY_HOST;
	out->total = npu_ttm_host_total();
	out->used = npu_ttm_host_used(ndev);
	out->cpu_visible = out->total;
}

static u32 npu_query_clocks_size(const struct npu_device *ndev)
{
	return sizeof(struct drm_npu_query_clocks);
}

static void npu_query_clocks(struct npu_device *ndev, void *data)
{
	struct drm_npu_query_clocks *out = data;

	out->host_ns = npu_read64(ndev, NPU_REG_HOST_TIME);
	out->cpu_ns = ktime_get_ns();
	out->device_ns = npu_read64(ndev, NPU_REG_DEVICE_TIME);
}

static u32 npu_query_resets_size(const struct npu_device *ndev)
{
	return sizeof(struct drm_npu_query_resets);
}

static void npu_query_resets(struct npu_device *ndev, void *data)
{
	struct drm_npu_query_resets *out = data;

	out->queue = atomic64_read(&ndev->counters.queue_bans);
	out->die = atomic64_read(&ndev->counters.die_resets);
	out->card = atomic64_read(&ndev->counters.card_resets);
}

/**
 * struct npu_query_table - how a table is answered
 * @size: its bytes
 * @fill: write it into zeroed memory; inside drm_dev_enter()
 */
struct npu_query_table {
	u32 (*size)(const struct npu_device *ndev);
	void (*fill)(struct npu_device *ndev, void *data);
};

static const struct npu_query_table npu_query_tables[] = {
	[DRM_NPU_QUERY_DEVICE] = { npu_query_device_size, npu_query_device },
	[DRM_NPU_QUERY_DIES] = { npu_query_dies_size, npu_query_dies },
	[DRM_NPU_QUERY_MEMORY] = { npu_query_memory_size, npu_query_memory },
	[DRM_NPU_QUERY_CLOCKS] = { npu_query_clocks_size, npu_query_clocks },
	[DRM_NPU_QUERY_RESETS] = { npu_query_resets_size, npu_query_resets },
};

static int npu_query_answer(struct npu_device *ndev, const struct npu_query_table *table,
			    struct drm_npu_query *args)
{
	u32 size = table->size(ndev);
	void *data;
	int idx, ret = 0;

	data = kzalloc(size, GFP_KERNEL);
	if (!data)
		return -ENOMEM;

	if (drm_dev_enter(&ndev->drm, &idx)) {
		table->fill(ndev, data);
		drm_dev_exit(idx);
	} else {
		ret = -ENODEV;
	}

	args->size = min(args->size, size);
	if (!ret && copy_to_user(u64_to_user_ptr(args->pointer), data, args->size))
		ret = -EFAULT;
	kfree(data);
	return ret;
}

int npu_ioctl_query(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct npu_device *ndev = to_npu_device(drm);
	struct drm_npu_query *args = data;
	const struct npu_query_table *table;

	if (args->type >= ARRAY_SIZE(npu_query_tables))
		return -EINVAL;
	table = &npu_query_tables[array_index_nospec(args->type,
						     ARRAY_SIZE(npu_query_tables))];

	if (!args->pointer) {
		args->size = table->size(ndev);
		return 0;
	}
	return npu_query_answer(ndev, table, args);
}
