// SPDX-License-Identifier: GPL-2.0-only
#include <linux/slab.h>

#include <drm/drm_drv.h>
#include <drm/drm_exec.h>

#include "npu_client.h"
#include "npu_device.h"
#include "npu_job.h"
#include "npu_queue.h"
#include "npu_submit.h"
#include "npu_sync.h"
#include "npu_uarray.h"
#include "npu_vm.h"

/**
 * struct npu_submit - a SUBMIT under way
 * @nfile: file
 * @args: the client's jobs
 * @jobs: jobs of the scheduler, each of one or more of the client's
 * @count: entries of @args
 * @created: entries of @jobs
 * @syncs: synchronisation
 * @exec: locks of all buffers that the jobs can reach
 * @queues: number of different queues
 * @last: index of the last job of each queue, by hardware queue
 */
struct npu_submit {
	struct npu_file *nfile;
	struct drm_npu_job *args;
	struct npu_job **jobs;
	u32 count;
	u32 created;
	struct npu_syncs syncs;
	struct drm_exec exec;
	u32 queues;
	struct xarray last;
};

static int npu_submit_note_queue(struct npu_submit *submit, struct npu_job *job,
				 u32 index)
{
	void *old;

	old = xa_store(&submit->last, (unsigned long)job->queue->ring.id,
		       xa_mk_value(index), GFP_KERNEL);
	if (xa_is_err(old))
		return xa_err(old);
	if (!old)
		submit->queues++;
	return 0;
}

/* How many of the client's jobs from here on could be one job of the scheduler? */
static u32 npu_submit_count_together(const struct npu_submit *submit, u32 index)
{
	const struct drm_npu_job *args = &submit->args[index];
	u32 n;

	for (n = 1; n < NPU_JOB_MAX_PROGRAMS && index + n < submit->count; n++) {
		if (args[n].queue_id != args->queue_id || args[n].in_syncs.count ||
		    args[n - 1].out_syncs.count)
			break;
	}
	return n;
}

static int npu_submit_begin_job(struct npu_submit *submit, u32 index)
{
	struct npu_job *job;

	job = npu_job_create(submit->nfile, submit->args[index].queue_id,
			     npu_submit_count_together(submit, index));
	if (IS_ERR(job))
		return PTR_ERR(job);
	job->index = index;
	submit->jobs[submit->created] = job;
	return npu_submit_note_queue(submit, job, submit->created++);
}

static bool npu_submit_has_room(const struct npu_submit *submit)
{
	const struct npu_job *job;

	if (!submit->created)
		return false;
	job = submit->jobs[submit->created - 1];
	return job->programs < job->room;
}

static int npu_submit_add_job(struct npu_submit *submit, u32 index)
{
	const struct drm_npu_job *args = &submit->args[index];
	struct npu_job *job;
	int ret;

	ret = npu_job_check(args);
	if (!ret && !npu_submit_has_room(submit))
		ret = npu_submit_begin_job(submit, index);
	if (ret)
		return ret;

	job = submit->jobs[submit->created - 1];
	npu_job_add(job, args);
	return npu_syncs_add_job(&submit->syncs, args, job, index);
}

/* Check all jobs and reserve what they need; *failed is the one at fault. */
static int npu_submit_prepare(struct npu_submit *submit, struct drm_file *file,
			      u32 *failed)
{
	u32 i;
	int ret;

	ret = npu_syncs_init(&submit->syncs, file, submit->args, submit->count);
	for (i = 0; i < submit->count && !ret; i++) {
		*failed = i;
		ret = npu_submit_add_job(submit, i);
		cond_resched();
	}
	return ret;
}

/*
 * Fences go to an address space's own reservation, which its private buffers
 * share, and to those of other buffers that it binds.
 */
static int npu_submit_lock(struct npu_submit *submit)
{
	unsigned long id;
	void *entry;
	int ret = 0;

	drm_exec_init(&submit->exec,
		      DRM_EXEC_INTERRUPTIBLE_WAIT | DRM_EXEC_IGNORE_DUPLICATES, 0);
	drm_exec_until_all_locked(&submit->exec) {
		xa_for_each(&submit->last, id, entry) {
			struct npu_job *job = submit->jobs[xa_to_value(entry)];

			ret = npu_vm_prepare(job->queue->vm, &submit->exec,
					     submit->queues);
			drm_exec_retry_on_contention(&submit->exec);
			if (ret)
				return ret;
		}
	}
	return 0;
}

static bool npu_submit_is_last(struct npu_submit *submit, struct npu_job *job, u32 index)
{
	return xa_load(&submit->last, job->queue->ring.id) == xa_mk_value(index);
}

/* Nothing here can fail. */
static void npu_submit_run(struct npu_submit *submit)
{
	u32 i;

	mutex_lock(&submit->nfile->submit_lock);
	for (i = 0; i < submit->created; i++) {
		struct npu_job *job = submit->jobs[i];
		struct dma_fence *fence = npu_job_arm(job);
		u32 last = job->index + job->programs - 1;

		/* Only the first has what it waits for, only the last what it signals. */
		npu_syncs_arm_waits(&submit->syncs, job, job->index);
		/* The fence of a queue's last job stands for all of them. */
		if (npu_submit_is_last(submit, job, i))
			npu_vm_add_fence(job->queue->vm, &submit->exec, fence);
		npu_syncs_publish(&submit->syncs, last, fence);
		npu_job_push(job);
		dma_fence_put(fence);
	}
	submit->created = 0;
	mutex_unlock(&submit->nfile->submit_lock);
}

static void npu_submit_fini(struct npu_submit *submit)
{
	u32 i;

	npu_syncs_fini(&submit->syncs);
	for (i = 0; i < submit->created; i++)
		npu_job_free(submit->jobs[i]);
	kvfree(submit->jobs);
	xa_destroy(&submit->last);
}

static int npu_submit_all(struct npu_submit *submit, struct drm_file *file, u32 *failed)
{
	int ret;

	ret = npu_submit_prepare(submit, file, failed);
	if (ret)
		return ret;

	ret = npu_vm_lock_error(npu_submit_lock(submit));
	if (!ret)
		npu_submit_run(submit);
	drm_exec_fini(&submit->exec);
	return ret;
}

int npu_ioctl_submit(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_npu_submit *args = data;
	struct npu_submit submit = {
		.nfile = to_npu_file(file),
		.count = args->jobs.count,
	};
	int ret;

	args->failed_job = 0;
	if (args->flags || !args->jobs.count)
		return -EINVAL;

	submit.args = npu_uarray_copy(&args->jobs, sizeof(struct drm_npu_job),
				      sizeof(struct drm_npu_job));
	if (IS_ERR(submit.args))
		return PTR_ERR(submit.args);

	xa_init(&submit.last);
	submit.jobs = kvcalloc(submit.count, sizeof(*submit.jobs), GFP_KERNEL_ACCOUNT);
	ret = submit.jobs ? npu_submit_all(&submit, file, &args->failed_job) : -ENOMEM;
	npu_submit_fini(&submit);
	kvfree(submit.args);
	return ret;
}
