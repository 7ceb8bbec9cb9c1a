// SPDX-License-Identifier: GPL-2.0-only
#include <drm/drm_debugfs.h>
#include <drm/drm_print.h>

#include "npu_debugfs.h"
#include "npu_device.h"
#include "npu_queue.h"
#include "npu_vm.h"

static struct npu_device *npu_debugfs_device(struct seq_file *m)
{
	struct drm_debugfs_entry *entry = m->private;

	return to_npu_device(entry->dev);
}

static int npu_debugfs_hbm(struct seq_file *m, void *unused)
{
	struct drm_printer p = drm_seq_file_printer(m);

	npu_hbm_print(npu_debugfs_device(m), &p);
	return 0;
}

static int npu_debugfs_gpuvas(struct seq_file *m, void *unused)
{
	struct npu_device *ndev = npu_debugfs_device(m);
	struct npu_vm *vm;
	int ret = 0;

	mutex_lock(&ndev->vms_lock);
	list_for_each_entry(vm, &ndev->vms, link) {
		/* Its own lock comes before: a list that grows would only wait. */
		if (!mutex_trylock(&vm->lock)) {
			seq_puts(m, "(an address space that is being changed)\n");
			continue;
		}
		ret = drm_debugfs_gpuva_info(m, &vm->base);
		mutex_unlock(&vm->lock);
		if (ret)
			break;
	}
	mutex_unlock(&ndev->vms_lock);
	return ret;
}

static int npu_debugfs_queues(struct seq_file *m, void *unused)
{
	struct drm_printer p = drm_seq_file_printer(m);

	npu_queue_print_all(npu_debugfs_device(m), &p);
	return 0;
}

static const struct drm_debugfs_info npu_debugfs_files[] = {
	{ "hbm", npu_debugfs_hbm },
	{ "gpuvas", npu_debugfs_gpuvas },
	{ "queues", npu_debugfs_queues },
};

/* Below debugfs's accel/, beside what DRM shows there. */
void npu_debugfs_init(struct npu_device *ndev)
{
	drm_debugfs_add_files(&ndev->drm, npu_debugfs_files,
			      ARRAY_SIZE(npu_debugfs_files));
}
