// SPDX-License-Identifier: MIT
/*
 * Queues and jobs.
 *
 * How a waiter learns what became of its job.  Waiting for a syncobj does not
 * tell a fence's error, and a timeline forgets the fences of old points.  But a
 * queue whose job fails is banned before that job's fence signals, its state
 * names the job at fault by number, and the library numbers the points of the
 * timeline as the kernel numbers the jobs.  So a job's fate follows from its
 * number and the state, whoever asks, when, and how often.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <xf86drm.h>

#include "internal.h"

#define NSEC_PER_SEC 1000000000ll

static int create_syncobj(struct npu_queue *queue)
{
	int fd = queue->vm->dev->fd;

	return drmSyncobjCreate(fd, 0, &queue->syncobj) ? -errno : 0;
}

static int create_queue(struct npu_queue *queue, uint32_t die_mask, uint32_t timeout_ms)
{
	struct drm_npu_queue_create args = {
		.vm_id = queue->vm->id,
		.die_mask = die_mask,
		.timeout_ms = timeout_ms,
	};
	int err = npu_ioctl(queue->vm->dev, DRM_IOCTL_NPU_QUEUE_CREATE, &args);

	queue->id = args.queue_id;
	return err;
}

static void destroy_queue(struct npu_queue *queue)
{
	struct drm_npu_queue_destroy args = { .queue_id = queue->id };

	npu_ioctl(queue->vm->dev, DRM_IOCTL_NPU_QUEUE_DESTROY, &args);
}

int npu_queue_new(struct npu_vm *vm, uint32_t die_mask, uint32_t timeout_ms,
		  struct npu_queue **out)
{
	struct npu_queue *queue;
	int err;

	*out = NULL;
	queue = calloc(1, sizeof(*queue));
	if (!queue)
		return npu_fail(-ENOMEM, "out of memory");
	queue->vm = vm;

	err = create_syncobj(queue);
	if (err)
		goto err_free;
	err = create_queue(queue, die_mask, timeout_ms);
	if (err)
		goto err_destroy_syncobj;
	err = npu_bo_new_readonly(vm, NPU_ARGS_BYTES, &queue->args_bo);
	if (err)
		goto err_destroy_queue;
	pthread_mutex_init(&queue->lock, NULL);
	*out = queue;
	return 0;

err_destroy_queue:
	destroy_queue(queue);
err_destroy_syncobj:
	drmSyncobjDestroy(vm->dev->fd, queue->syncobj);
err_free:
	free(queue);
	return npu_fail(err, "%s: cannot create a queue: %s", vm->dev->node.name,
			npu_strerror(err));
}

void npu_queue_free(struct npu_queue *queue)
{
	if (!queue)
		return;
	destroy_queue(queue);
	drmSyncobjDestroy(queue->vm->dev->fd, queue->syncobj);
	npu_bo_free(queue->args_bo);
	pthread_mutex_destroy(&queue->lock);
	free(queue);
}

uint32_t npu_queue_id(const struct npu_queue *queue)
{
	return queue->id;
}

uint32_t npu_queue_syncobj(const struct npu_queue *queue)
{
	return queue->syncobj;
}

int npu_queue_state(struct npu_queue *queue, struct drm_npu_queue_get_state *state)
{
	int err;

	memset(state, 0, sizeof(*state));
	state->queue_id = queue->id;
	err = npu_ioctl(queue->vm->dev, DRM_IOCTL_NPU_QUEUE_GET_STATE, state);
	if (err)
		return npu_fail(err, "%s: cannot read the state of queue %u: %s",
				queue->vm->dev->node.name, queue->id, npu_strerror(err));
	return 0;
}

/* ---- Waiting ------------------------------------------------------------- */

/* 0 when all jobs up to point have ended, well or not; deadline is absolute. */
static int wait_point(struct npu_queue *queue, uint64_t point, int64_t deadline)
{
	int err = drmSyncobjTimelineWait(queue->vm->dev->fd, &queue->syncobj, &point, 1,
					 deadline, 0, NULL);

	/* Releases of libdrm differ in how they hand on the errno. */
	return err ? (err == -1 ? -errno : err) : 0;
}

static int64_t deadline_in(int64_t timeout_ns)
{
	struct timespec now;
	int64_t ns;

	if (timeout_ns < 0)
		return INT64_MAX;
	clock_gettime(CLOCK_MONOTONIC, &now);
	ns = now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
	return timeout_ns > INT64_MAX - ns ? INT64_MAX : ns + timeout_ns;
}

static void raise_good(struct npu_queue *queue, uint64_t point)
{
	uint64_t good = atomic_load(&queue->good);

	while (good < point && !atomic_compare_exchange_weak(&queue->good, &good, point))
		;
}

/* What became of a job that has ended. */
static int job_result(struct npu_queue *queue, uint64_t point)
{
	struct drm_npu_queue_get_state state;
	int err;

	if (point <= atomic_load(&queue->good))
		return 0;
	err = npu_queue_state(queue, &state);
	if (err)
		return err;
	if (state.state == DRM_NPU_QUEUE_USABLE || point < state.error_cookie) {
		raise_good(queue, point);
		return 0;
	}
	return npu_fail_job(point, &state);
}

int npu_wait(struct npu_queue *queue, uint64_t point, int64_t timeout_ns)
{
	const char *card = queue->vm->dev->node.name;
	int err;

	if (point > atomic_load(&queue->submitted))
		return npu_fail(-EINVAL,
				"%s: job %" PRIu64 " of queue %u was never submitted",
				card, point, queue->id);
	if (point <= atomic_load(&queue->good))
		return 0;
	err = wait_point(queue, point, deadline_in(timeout_ns));
	if (err == -ETIME)
		return npu_fail(err, "%s: job %" PRIu64 " of queue %u has not ended yet",
				card, point, queue->id);
	if (err)
		return npu_fail(err, "%s: cannot wait for job %" PRIu64 ": %s", card,
				point, npu_strerror(err));
	return job_result(queue, point);
}

/* ---- Submission ---------------------------------------------------------- */

/* Make room in the argument ring, waiting for old jobs if need be. */
static int reserve_args(struct npu_queue *queue, uint32_t size, uint64_t *at)
{
	uint64_t ended = 0;
	int err;

	if (npu_args_reserve(&queue->args, size, at))
		return 0;
	if (!drmSyncobjQuery(queue->vm->dev->fd, &queue->syncobj, &ended, 1))
		npu_args_retire(&queue->args, ended);
	while (!npu_args_reserve(&queue->args, size, at)) {
		ended = npu_args_oldest(&queue->args);
		err = wait_point(queue, ended, INT64_MAX);
		if (err)
			return err;
		npu_args_retire(&queue->args, ended);
	}
	return 0;
}

static int submit_job(struct npu_queue *queue, const struct npu_program *prog,
		      uint64_t args, uint32_t args_size, uint64_t report, uint64_t point)
{
	struct drm_npu_sync done = {
		.flags = DRM_NPU_SYNC_TIMELINE,
		.handle = queue->syncobj,
		.timeline_value = point,
	};
	struct drm_npu_job job = {
		.queue_id = queue->id,
		.program = npu_bo_address(prog->bo),
		.program_size = prog->size,
		.args = args,
		.args_size = args_size,
		.report = report,
		.out_syncs = { sizeof(done), 1, (uintptr_t)&done },
	};
	struct drm_npu_submit submit = {
		.jobs = { sizeof(job), 1, (uintptr_t)&job },
	};

	return npu_ioctl(queue->vm->dev, DRM_IOCTL_NPU_SUBMIT, &submit);
}

static int submit_locked(struct npu_queue *queue, const struct npu_program *prog,
			 const uint64_t *args, uint32_t size, uint64_t report,
			 uint64_t *out)
{
	uint64_t point = atomic_load(&queue->submitted) + 1;
	uint64_t at = 0, address = 0;
	int err;

	if (size) {
		err = reserve_args(queue, size, &at);
		if (err)
			return err;
		memcpy((char *)queue->args_bo->map + at % NPU_ARGS_BYTES, args, size);
		address = npu_bo_address(queue->args_bo) + at % NPU_ARGS_BYTES;
	}
	err = submit_job(queue, prog, address, size, report, point);
	if (err)
		return err;
	if (size)
		npu_args_commit(&queue->args, at, size, point);
	atomic_store(&queue->submitted, point);
	*out = point;
	return 0;
}

static int fail_submit(struct npu_queue *queue, int err)
{
	struct drm_npu_queue_get_state state;

	if (err == -ECANCELED && !npu_queue_state(queue, &state) &&
	    state.state != DRM_NPU_QUEUE_USABLE)
		return npu_fail_banned(queue->id, &state);
	return npu_fail(err, "%s: cannot submit to queue %u: %s",
			queue->vm->dev->node.name, queue->id, npu_strerror(err));
}

int npu_submit(struct npu_queue *queue, struct npu_program *prog, const uint64_t *args,
	       unsigned int arg_count, uint64_t report, uint64_t *point)
{
	const char *card = queue->vm->dev->node.name;
	uint64_t ignored;
	int err;

	if (!prog->bo || prog->vm != queue->vm)
		return npu_fail(-EINVAL,
				"%s: the program is not finished, or of another address space",
				card);
	if (arg_count != prog->base_count + prog->scalar_count)
		return npu_fail(
			-EINVAL,
			"%s: the program takes %u addresses and %u scalars, not %u arguments",
			card, prog->base_count, prog->scalar_count, arg_count);

	pthread_mutex_lock(&queue->lock);
	err = submit_locked(queue, prog, args, arg_count * sizeof(*args), report,
			    point ? point : &ignored);
	pthread_mutex_unlock(&queue->lock);
	return err ? fail_submit(queue, err) : 0;
}
