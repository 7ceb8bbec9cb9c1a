// SPDX-License-Identifier: GPL-2.0-only
#include <linux/dma-fence-chain.h>
#include <linux/slab.h>

#include <drm/drm_syncobj.h>
#include <drm/npu_accel.h>

#include "npu_job.h"
#include "npu_sync.h"
#include "npu_uarray.h"

/* Its length bounds what one ioctl can make the kernel allocate and search. */
static int npu_syncs_count(const struct drm_npu_job *jobs, u32 count, u32 *ins, u32 *outs)
{
	u32 i;

	*ins = 0;
	*outs = 0;
	for (i = 0; i < count; i++) {
		const struct drm_npu_job *job = &jobs[i];

		if (job->in_syncs.count > DRM_NPU_MAX_ARRAY - *ins ||
		    job->out_syncs.count > DRM_NPU_MAX_ARRAY - *outs)
			return -EINVAL;
		*ins += job->in_syncs.count;
		*outs += job->out_syncs.count;
	}
	return 0;
}

/**
 * npu_syncs_init() - make room for the synchronisation of a SUBMIT
 * @syncs: to be filled in; npu_syncs_fini() is due even after an error
 * @file: whose handles they are
 * @jobs: jobs
 * @count: their number
 *
 * Return: 0 or a negative errno.
 */
int npu_syncs_init(struct npu_syncs *syncs, struct drm_file *file,
		   const struct drm_npu_job *jobs, u32 count)
{
	u32 ins, outs;
	int ret;

	memset(syncs, 0, sizeof(*syncs));
	hash_init(syncs->by_syncobj);
	syncs->file = file;

	ret = npu_syncs_count(jobs, count, &ins, &outs);
	if (ret)
		return ret;

	/* A wait needs something to wait for. */
	if (!outs)
		return 0;

	syncs->outs = kvcalloc(outs, sizeof(*syncs->outs), GFP_KERNEL_ACCOUNT);
	if (!syncs->outs)
		return -ENOMEM;
	syncs->waits = kvcalloc(ins, sizeof(*syncs->waits), GFP_KERNEL_ACCOUNT);
	if (ins && !syncs->waits)
		return -ENOMEM;
	return 0;
}

void npu_syncs_fini(struct npu_syncs *syncs)
{
	u32 i;

	for (i = 0; i < syncs->out_count; i++) {
		struct npu_sync_out *out = &syncs->outs[i];

		dma_fence_put(out->fence);
		dma_fence_put(out->before);
		dma_fence_chain_free(out->chain);
		drm_syncobj_put(out->syncobj);
	}
	kvfree(syncs->outs);
	kvfree(syncs->waits);
}

static int npu_sync_check(const struct drm_npu_sync *sync)
{
	if (sync->flags & ~DRM_NPU_SYNC_TIMELINE)
		return -EINVAL;
	/* A point is what a timeline has and a binary one has not. */
	if (!(sync->flags & DRM_NPU_SYNC_TIMELINE) != !sync->timeline_value)
		return -EINVAL;
	return 0;
}

/*
 * Who among the earlier jobs signals this?  For a binary sync object the last one,
 * whose fence replaces all before; for a point the first one that reaches it.
 */
static struct npu_sync_out *npu_syncs_find(struct npu_syncs *syncs,
					   struct drm_syncobj *syncobj, u64 point)
{
	struct npu_sync_out *out, *found = NULL;

	hash_for_each_possible(syncs->by_syncobj, out, node, (unsigned long)syncobj) {
		if (out->syncobj != syncobj)
			continue;
		if (!point)
			return out;
		if (out->point >= point)
			found = out;
	}
	return found;
}

static void npu_syncs_add_wait(struct npu_syncs *syncs, u32 index,
			       const struct npu_sync_out *out)
{
	syncs->waits[syncs->wait_count++] = (struct npu_sync_wait) {
		.job = index,
		.out = out - syncs->outs,
	};
}

static int npu_syncs_add_dependency(struct npu_syncs *syncs, struct npu_job *job,
				    const struct drm_npu_sync *sync)
{
	struct dma_fence *fence;
	int ret;

	ret = drm_syncobj_find_fence(syncs->file, sync->handle, sync->timeline_value, 0,
				     &fence);
	return ret ?: drm_sched_job_add_dependency(&job->base, fence);
}

static int npu_syncs_add_in(struct npu_syncs *syncs, struct npu_job *job, u32 index,
			    const struct drm_npu_sync *sync)
{
	struct drm_syncobj *syncobj;
	struct npu_sync_out *out;
	int ret;

	ret = npu_sync_check(sync);
	if (ret)
		return ret;

	syncobj = drm_syncobj_find(syncs->file, sync->handle);
	if (!syncobj)
		return -ENOENT;
	out = npu_syncs_find(syncs, syncobj, sync->timeline_value);
	drm_syncobj_put(syncobj);

	/* What is on a timeline already stays there; a binary fence is replaced. */
	if (!out || sync->timeline_value)
		ret = npu_syncs_add_dependency(syncs, job, sync);
	else
		ret = -EINVAL;
	if (ret != -EINVAL || !out)
		return ret;

	npu_syncs_add_wait(syncs, index, out);
	return 0;
}

static int npu_syncs_add_out(struct npu_syncs *syncs, u32 index,
			     const struct drm_npu_sync *sync)
{
	struct npu_sync_out *out = &syncs->outs[syncs->out_count];
	int ret;

	ret = npu_sync_check(sync);
	if (ret)
		return ret;

	out->syncobj = drm_syncobj_find(syncs->file, sync->handle);
	if (!out->syncobj)
		return -ENOENT;
	if (sync->timeline_value) {
		out->chain = dma_fence_chain_alloc();
		if (!out->chain) {
			drm_syncobj_put(out->syncobj);
			return -ENOMEM;
		}
	}
	out->job = index;
	out->point = sync->timeline_value;
	hash_add(syncs->by_syncobj, &out->node, (unsigned long)out->syncobj);
	syncs->out_count++;
	return 0;
}

static struct drm_npu_sync *npu_syncs_copy(const struct drm_npu_array *array)
{
	return npu_uarray_copy(array, sizeof(struct drm_npu_sync),
			       sizeof(struct drm_npu_sync));
}

static int npu_syncs_add_ins(struct npu_syncs *syncs, const struct drm_npu_array *array,
			     struct npu_job *job, u32 index)
{
	struct drm_npu_sync *list = npu_syncs_copy(array);
	u32 first = syncs->wait_count;
	int ret = 0;
	u32 i;

	if (IS_ERR(list))
		return PTR_ERR(list);

	for (i = 0; i < array->count && !ret; i++)
		ret = npu_syncs_add_in(syncs, job, index, &list[i]);
	kvfree(list);
	if (ret || syncs->wait_count == first)
		return ret;

	/* See npu_syncs_arm_waits(): a wait is up to two fences. */
	job->waits = kcalloc(syncs->wait_count - first, 2 * sizeof(*job->waits),
			     GFP_KERNEL_ACCOUNT);
	return job->waits ? 0 : -ENOMEM;
}

static int npu_syncs_add_outs(struct npu_syncs *syncs, const struct drm_npu_array *array,
			      u32 index)
{
	struct drm_npu_sync *list = npu_syncs_copy(array);
	int ret = 0;
	u32 i;

	if (IS_ERR(list))
		return PTR_ERR(list);

	for (i = 0; i < array->count && !ret; i++)
		ret = npu_syncs_add_out(syncs, index, &list[i]);
	kvfree(list);
	return ret;
}

/**
 * npu_syncs_add_job() - look up what a job waits for and what it signals
 * @syncs: the SUBMIT's
 * @args: job as the client gave it
 * @job: job
 * @index: its index; jobs are added in order
 *
 * Return: 0 or a negative errno.
 */
int npu_syncs_add_job(struct npu_syncs *syncs, const struct drm_npu_job *args,
		      struct npu_job *job, u32 index)
{
	int ret;

	ret = npu_syncs_add_ins(syncs, &args->in_syncs, job, index);
	return ret ?: npu_syncs_add_outs(syncs, &args->out_syncs, index);
}

/**
 * npu_syncs_arm_waits() - tell a job what earlier ones it waits for
 * @syncs: the SUBMIT's
 * @job: job; earlier ones are armed and published
 * @index: its index
 */
void npu_syncs_arm_waits(struct npu_syncs *syncs, struct npu_job *job, u32 index)
{
	for (; syncs->wait_next < syncs->wait_count; syncs->wait_next++) {
		const struct npu_sync_wait *wait = &syncs->waits[syncs->wait_next];
		struct dma_fence *fence;

		if (wait->job != index)
			break;
		fence = syncs->outs[wait->out].fence;
		if (fence)
			job->waits[job->wait_count++] = dma_fence_get(fence);
	}
}

/*
 * What to wait for to have a point reached: its link, which stands for all earlier
 * points as well; NULL if it has been; the job alone if somebody has already reset
 * the timeline.
 */
static struct dma_fence *npu_sync_out_link(struct npu_sync_out *out,
					   struct dma_fence *fence)
{
	struct dma_fence *link = drm_syncobj_fence_get(out->syncobj);

	if (link && !dma_fence_chain_find_seqno(&link, out->point))
		return link;
	dma_fence_put(link);
	return dma_fence_get(fence);
}

/**
 * npu_syncs_publish() - put a job's fence where the client asked for it
 * @syncs: the SUBMIT's
 * @index: index of the job, which is armed
 * @fence: its end
 */
void npu_syncs_publish(struct npu_syncs *syncs, u32 index, struct dma_fence *fence)
{
	for (; syncs->out_next < syncs->out_count; syncs->out_next++) {
		struct npu_sync_out *out = &syncs->outs[syncs->out_next];

		if (out->job != index)
			break;
		if (out->chain) {
			drm_syncobj_add_point(out->syncobj, out->chain, fence,
					      out->point);
			out->chain = NULL;
			out->fence = npu_sync_out_link(out, fence);
		} else {
			drm_syncobj_replace_fence(out->syncobj, fence);
			out->fence = dma_fence_get(fence);
		}
	}
}
