// SPDX-License-Identifier: GPL-2.0-only
#include <linux/slab.h>

#include <drm/drm_drv.h>
#include <drm/drm_print.h>

#include "npu_client.h"
#include "npu_compat.h"
#include "npu_device.h"
#include "npu_fence.h"
#include "npu_job.h"
#include "npu_queue.h"
#include "npu_trace.h"

static struct npu_job *to_npu_job(struct drm_sched_job *job)
{
	return container_of(job, struct npu_job, base);
}

/* The next fence of the same SUBMIT to wait for; its reference is handed over. */
static struct dma_fence *npu_job_prepare(struct drm_sched_job *sched_job,
					 struct drm_sched_entity *entity)
{
	struct npu_job *job = to_npu_job(sched_job);

	while (job->wait_next < job->wait_count) {
		struct dma_fence *fence = job->waits[job->wait_next];

		job->waits[job->wait_next++] = NULL;
		if (!dma_fence_is_signaled(fence))
			return fence;
		dma_fence_put(fence);
	}
	return NULL;
}

/*
 * Has the card worked on the packet at the head for too long?  It cannot have if it
 * was at the head for less: then the registers need not be read.
 */
static bool npu_job_is_late(struct npu_queue *queue)
{
	struct npu_ring *ring = &queue->ring;
	u64 head, executed;

	if (list_empty(&ring->pending) ||
	    time_before(jiffies, ring->progress + msecs_to_jiffies(queue->timeout_ms)))
		return false;

	/* The time is that of the packet at the head, if it is still there. */
	head = npu_ring_head(ring);
	executed = npu_ring_exec_time(ring);
	return head == npu_ring_head(ring) &&
	       executed >= (u64)queue->timeout_ms * NSEC_PER_MSEC;
}

static u64 npu_job_first(const struct npu_job *job)
{
	return job->number - job->programs + 1;
}

static void npu_job_emit(struct npu_job *job, struct npu_fence *fence)
{
	struct npu_ring *ring = &job->queue->ring;
	u64 first = npu_job_first(job);
	u32 i;

	/*
	 * The scheduler starts its timer anew for every job that it hands over.  A
	 * client that keeps them coming must not keep a job running for ever.
	 */
	if (npu_job_is_late(job->queue))
		drm_sched_fault(&job->queue->sched);

	for (i = 0; i < job->programs; i++) {
		job->runs[i].run.cookie = first + i;
		npu_ring_write(ring, &job->runs[i]);
		trace_npu_job_run(job->queue, first + i);
	}
	dma_fence_get(&fence->base);
	npu_ring_write_fence(ring, fence);
	npu_ring_publish(ring);
}

static void npu_job_refuse(struct npu_job *job, struct npu_fence *fence, int error)
{
	struct npu_ring *ring = &job->queue->ring;

	ring->ops->done(ring, fence, error);
	dma_fence_set_error(&fence->base, error);
	dma_fence_signal(&fence->base);
}

/*
 * It always returns a fence, a signalled one for a job that will not run: the
 * scheduler's fence then holds a reference to it, hence to the queue whose name it
 * shows.
 */
static struct dma_fence *npu_job_run(struct drm_sched_job *sched_job)
{
	struct npu_job *job = to_npu_job(sched_job);
	struct npu_ring *ring = &job->queue->ring;
	struct npu_fence *fence = job->fence;
	bool entered, emitted = false;
	int idx;

	job->fence = NULL;
	npu_fence_init(fence, ring, job->number);
	fence->programs = job->programs;

	entered = drm_dev_enter(&ring->ndev->drm, &idx);
	spin_lock_irq(&ring->lock);
	if (!entered) {
		npu_job_refuse(job, fence, -ENODEV);
	} else if (job->queue->dead || !ring->live) {
		npu_job_refuse(job, fence, -ECANCELED);
	} else {
		npu_job_emit(job, fence);
		emitted = true;
	}
	spin_unlock_irq(&ring->lock);
	/* An exit to the host takes long: nobody shall spin for the lock meanwhile. */
	if (emitted)
		npu_ring_kick(ring);
	if (entered)
		drm_dev_exit(idx);
	return &fence->base;
}

/*
 * Called from time to time while there are jobs on the card.  What counts is for
 * how long the card has worked on the one at the head, not how long it waited.
 */
static enum drm_gpu_sched_stat npu_job_timedout(struct drm_sched_job *sched_job)
{
	struct npu_queue *queue = to_npu_job(sched_job)->queue;
	struct npu_ring *ring = &queue->ring;
	bool late = false;
	int idx;

	if (drm_dev_enter(&ring->ndev->drm, &idx)) {
		spin_lock_irq(&ring->lock);
		if (ring->live && !queue->dead) {
			/* An interrupt may have been lost. */
			npu_ring_update_locked(ring);
			late = npu_job_is_late(queue);
		}
		spin_unlock_irq(&ring->lock);
		drm_dev_exit(idx);
	}
	if (late)
		npu_queue_ban(queue, DRM_NPU_BAN_TIMEOUT, -ETIME);
	return npu_compat_timedout(sched_job);
}

static void npu_job_free_sched(struct drm_sched_job *sched_job)
{
	npu_job_free(to_npu_job(sched_job));
}

const struct drm_sched_backend_ops npu_job_sched_ops = {
	.prepare_job = npu_job_prepare,
	.run_job = npu_job_run,
	.timedout_job = npu_job_timedout,
	.free_job = npu_job_free_sched,
};

/**
 * npu_job_check() - could it be a program?
 * @args: the client's job
 *
 * Return: 0 or -EINVAL.
 */
int npu_job_check(const struct drm_npu_job *args)
{
	if (args->flags)
		return -EINVAL;
	if (!IS_ALIGNED(args->program | args->args | args->report, 8))
		return -EINVAL;
	if (!args->program_size || args->program_size > NPU_MAX_PROGRAM_SIZE)
		return -EINVAL;
	if (args->args_size > (NPU_MAX_BASES + NPU_MAX_SCALARS) * sizeof(u64))
		return -EINVAL;
	if (args->args && !args->args_size)
		return -EINVAL;
	return 0;
}

/* Add a program, which has been checked, to a job that has room for it. */
void npu_job_add(struct npu_job *job, const struct drm_npu_job *args)
{
	job->runs[job->programs++] = (struct npu_packet) {
		.opcode = NPU_PACKET_RUN,
		.run.program = args->program,
		.run.args = args->args,
		.run.report = args->report,
		.run.program_size = args->program_size,
		.run.args_size = args->args_size,
	};
}

/**
 * npu_job_create() - reserve what a job needs
 * @nfile: file
 * @queue_id: the queue's number
 * @programs: programs that could be added; the job may have room for fewer
 *
 * Return: the job or an error pointer.
 */
struct npu_job *npu_job_create(struct npu_file *nfile, u32 queue_id, u32 programs)
{
	struct npu_queue *queue;
	struct npu_job *job;
	int ret;

	queue = npu_queue_lookup(nfile, queue_id);
	if (!queue)
		return ERR_PTR(-ENOENT);

	programs = min3(programs, queue->job_programs, NPU_JOB_MAX_PROGRAMS);
	job = kzalloc(struct_size(job, runs, programs), GFP_KERNEL_ACCOUNT);
	if (!job) {
		npu_queue_put(queue);
		return ERR_PTR(-ENOMEM);
	}
	job->queue = queue;
	job->room = programs;

	if (READ_ONCE(queue->dead)) {
		/* The card may have gone since the call was let in. */
		ret = drm_dev_is_unplugged(&nfile->ndev->drm) ? -ENODEV : -ECANCELED;
		goto err_queue;
	}
	job->fence = npu_fence_alloc(GFP_KERNEL_ACCOUNT);
	if (!job->fence) {
		ret = -ENOMEM;
		goto err_queue;
	}
	ret = npu_compat_job_init(&job->base, &queue->entity, programs * NPU_JOB_CREDITS,
				  nfile, nfile->client_id);
	if (ret)
		goto err_fence;
	return job;

err_fence:
	kfree(job->fence);
err_queue:
	npu_queue_put(queue);
	kfree(job);
	return ERR_PTR(ret);
}

/* A job that was never armed, or that has ended. */
void npu_job_free(struct npu_job *job)
{
	u32 i;

	drm_sched_job_cleanup(&job->base);
	for (i = job->wait_next; i < job->wait_count; i++)
		dma_fence_put(job->waits[i]);
	kfree(job->waits);
	kfree(job->fence);
	npu_queue_put(job->queue);
	kfree(job);
}

/**
 * npu_job_arm() - the point of no return
 * @job: job; the caller holds &npu_file.submit_lock until npu_job_push()
 *
 * Return: the fence of its end, referenced.
 */
struct dma_fence *npu_job_arm(struct npu_job *job)
{
	struct npu_queue *queue = job->queue;
	u32 i;

	drm_sched_job_arm(&job->base);
	for (i = 0; i < job->programs; i++)
		trace_npu_job_submit(queue, ++queue->submitted);
	job->number = queue->submitted;
	atomic64_add(job->programs, &queue->client->jobs_submitted);
	return dma_fence_get(&job->base.s_fence->finished);
}

/* Hand the job to the scheduler, which may free it at any time from now on. */
void npu_job_push(struct npu_job *job)
{
	drm_sched_entity_push_job(&job->base);
}
