// SPDX-License-Identifier: GPL-2.0-only
/* Queues and jobs. */
#include <errno.h>
#include <string.h>

#include "npu_test.h"

int npt_queue_create(struct npt_client *client, uint32_t die_mask,
		     uint32_t timeout_ms, uint32_t *queue)
{
	struct drm_npu_queue_create create = {
		.vm_id = client->vm,
		.die_mask = die_mask,
		.timeout_ms = timeout_ms,
	};
	int err = npt_ioctl(client->fd, DRM_IOCTL_NPU_QUEUE_CREATE, &create);

	*queue = create.queue_id;
	return err;
}

int npt_queue_destroy(int fd, uint32_t queue)
{
	struct drm_npu_queue_destroy destroy = { .queue_id = queue };

	return npt_ioctl(fd, DRM_IOCTL_NPU_QUEUE_DESTROY, &destroy);
}

int npt_queue_state(int fd, uint32_t queue,
		    struct drm_npu_queue_get_state *state)
{
	memset(state, 0, sizeof(*state));
	state->queue_id = queue;
	return npt_ioctl(fd, DRM_IOCTL_NPU_QUEUE_GET_STATE, state);
}

struct queue_ref {
	int fd;
	uint32_t queue;
};

static bool queue_executes(void *arg)
{
	struct drm_npu_queue_get_state state;
	struct queue_ref *ref = arg;

	/* A time slice may just be over, or all of it: it has begun. */
	return !npt_queue_state(ref->fd, ref->queue, &state) &&
	       (state.executing || state.executed_ns ||
		state.jobs_completed == state.jobs_submitted);
}

bool npt_queue_executes(int fd, uint32_t queue)
{
	struct queue_ref ref = { .fd = fd, .queue = queue };

	return npt_until(queue_executes, &ref, NPT_LIMIT_MS);
}

struct drm_npu_job npt_job(uint32_t queue, const struct npt_code *code,
			   uint64_t args, uint32_t args_size)
{
	return (struct drm_npu_job) {
		.queue_id = queue,
		.program = code->va,
		.program_size = code->size,
		.args = args,
		.args_size = args_size,
	};
}

static struct drm_npu_array sync_array(const struct drm_npu_sync *syncs,
				       unsigned int count)
{
	return (struct drm_npu_array) {
		.stride = sizeof(*syncs),
		.count = count,
		.pointer = (uintptr_t)syncs,
	};
}

void npt_job_in(struct drm_npu_job *job, const struct drm_npu_sync *syncs,
		unsigned int count)
{
	job->in_syncs = sync_array(syncs, count);
}

void npt_job_out(struct drm_npu_job *job, const struct drm_npu_sync *syncs,
		 unsigned int count)
{
	job->out_syncs = sync_array(syncs, count);
}

int npt_submit(int fd, struct drm_npu_job *jobs, unsigned int count)
{
	struct drm_npu_submit submit = {
		.jobs = {
			.stride = sizeof(*jobs),
			.count = count,
			.pointer = (uintptr_t)jobs,
		},
	};

	return npt_ioctl(fd, DRM_IOCTL_NPU_SUBMIT, &submit);
}

int npt_start(struct npt_client *client, uint32_t queue,
	      const struct npt_code *code, const uint64_t *args,
	      unsigned int arg_count, uint32_t out)
{
	struct drm_npu_sync sync = npt_binary(out);
	uint32_t size = arg_count * sizeof(*args);
	struct drm_npu_job job = npt_job(queue, code, 0, size);

	if (arg_count) {
		job.args = npt_push(client, args, size);
		if (!job.args)
			return -ENOSPC;
	}
	npt_job_out(&job, &sync, out ? 1 : 0);
	return npt_submit(client->fd, &job, 1);
}

int npt_run(struct npt_client *client, uint32_t queue,
	    const struct npt_code *code, const uint64_t *args,
	    unsigned int arg_count)
{
	uint32_t sync;
	int err = npt_sync_create(client->fd, 0, &sync);

	if (err)
		return err;
	err = npt_start(client, queue, code, args, arg_count, sync);
	if (!err)
		err = npt_sync_result(client->fd, sync, NPT_LIMIT_MS);
	npt_sync_destroy(client->fd, sync);
	return err;
}

static int client_works(struct npt_client *client)
{
	const uint64_t words = 16 * NPT_KIB;
	struct npt_code code;
	struct npt_bo bo;
	uint32_t queue;
	int err;

	err = npt_bo_new(client, &bo, 4 * words, DRM_NPU_PLACE_HBM, 0, 0);
	if (err)
		return err;
	err = npt_code_fill(client, words, &code);
	if (!err)
		err = npt_queue_create(client, 0, 0, &queue);
	if (!err)
		err = npt_run(client, queue, &code,
			      (uint64_t[]){ bo.va, 0x600df00d }, 2);
	if (!err && !npt_is_pattern(bo.map, bo.size, 0x600df00d))
		err = -EILSEQ;
	npt_bo_free(client, &bo);
	return err;
}

int npt_works(void)
{
	struct npt_client client;
	int err = npt_client_open(&client);

	if (err)
		return err;
	err = client_works(&client);
	npt_client_close(&client);
	return err;
}
