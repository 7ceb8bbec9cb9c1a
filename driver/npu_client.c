// SPDX-License-Identifier: GPL-2.0-only
#include <linux/jiffies.h>
#include <linux/slab.h>

#include <drm/drm_print.h>
#include <drm/ttm/ttm_placement.h>

#include "npu_bo.h"
#include "npu_client.h"
#include "npu_device.h"
#include "npu_queue.h"
#include "npu_vm.h"

void npu_client_get(struct npu_client *client)
{
	kref_get(&client->kref);
}

static void npu_client_release(struct kref *kref)
{
	kfree(container_of(kref, struct npu_client, kref));
}

void npu_client_put(struct npu_client *client)
{
	kref_put(&client->kref, npu_client_release);
}

static struct npu_client *npu_client_alloc(void)
{
	struct npu_client *client = kzalloc(sizeof(*client), GFP_KERNEL);

	if (!client)
		return NULL;
	kref_init(&client->kref);
	init_waitqueue_head(&client->idle);
	return client;
}

int npu_client_open(struct drm_device *drm, struct drm_file *file)
{
	struct npu_device *ndev = to_npu_device(drm);
	struct npu_file *nfile;

	nfile = kzalloc(sizeof(*nfile), GFP_KERNEL);
	if (!nfile)
		return -ENOMEM;

	nfile->client = npu_client_alloc();
	if (!nfile->client) {
		kfree(nfile);
		return -ENOMEM;
	}

	nfile->ndev = ndev;
	nfile->client_id = file->client_id;
	mutex_init(&nfile->submit_lock);
	xa_init_flags(&nfile->vms, XA_FLAGS_ALLOC);
	xa_init_flags(&nfile->queues, XA_FLAGS_ALLOC);
	file->driver_priv = nfile;
	atomic_inc(&ndev->clients);
	return 0;
}

/*
 * Jobs that wait for somebody else's may keep a queue for longer than its file.
 * Usually they do not, and then nothing of the file is left when close() returns.
 */
static void npu_client_wait_idle(struct npu_client *client)
{
	wait_event_timeout(client->idle, !atomic_read(&client->queues),
			   msecs_to_jiffies(MSEC_PER_SEC));
}

void npu_client_close(struct drm_device *drm, struct drm_file *file)
{
	struct npu_device *ndev = to_npu_device(drm);
	struct npu_file *nfile = to_npu_file(file);

	npu_queue_destroy_all(nfile);
	npu_vm_destroy_all(nfile);
	npu_client_wait_idle(nfile->client);

	atomic_dec(&ndev->clients);
	xa_destroy(&nfile->queues);
	xa_destroy(&nfile->vms);
	mutex_destroy(&nfile->submit_lock);
	npu_client_put(nfile->client);
	kfree(nfile);
}

static void npu_client_add_memory(struct drm_memory_stats *stats, struct npu_bo *bo)
{
	struct drm_gem_object *obj = &bo->ttm.base;

	if (obj->handle_count > 1)
		stats->shared += obj->size;
	else
		stats->private += obj->size;
	stats->resident += obj->size;
	if (!dma_resv_test_signaled(obj->resv, DMA_RESV_USAGE_BOOKKEEP))
		stats->active += obj->size;
}

/* Where a buffer is does not change, and was decided before it got its handle. */
static void npu_client_show_memory(struct drm_printer *p, struct drm_file *file)
{
	struct drm_memory_stats hbm = {}, host = {};
	struct drm_gem_object *obj;
	int id;

	spin_lock(&file->table_lock);
	idr_for_each_entry(&file->object_idr, obj, id) {
		struct npu_bo *bo = to_npu_bo(obj);

		npu_client_add_memory(bo->in_hbm ? &hbm : &host, bo);
	}
	spin_unlock(&file->table_lock);

	drm_print_memory_stats(p, &hbm, DRM_GEM_OBJECT_RESIDENT, "hbm");
	drm_print_memory_stats(p, &host, DRM_GEM_OBJECT_RESIDENT, "host");
}

/* The rest of the standard keys comes from drm_show_fdinfo(). */
void npu_client_show_fdinfo(struct drm_printer *p, struct drm_file *file)
{
	struct npu_file *nfile = to_npu_file(file);
	struct npu_client *client = nfile->client;

	drm_printf(p, "drm-engine-npu:\t%llu ns\n",
		   atomic64_read(&client->busy_ns) + npu_queue_busy_ns(nfile));
	drm_printf(p, "drm-engine-capacity-npu:\t%u\n", nfile->ndev->info.dies);
	npu_client_show_memory(p, file);

	drm_printf(p, "npu-queues:\t%d\n", atomic_read(&client->queues));
	drm_printf(p, "npu-jobs-submitted:\t%lld\n",
		   atomic64_read(&client->jobs_submitted));
	drm_printf(p, "npu-jobs-completed:\t%lld\n",
		   atomic64_read(&client->jobs_completed));
	drm_printf(p, "npu-jobs-failed:\t%lld\n", atomic64_read(&client->jobs_failed));
}
