/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All that differs between the kernels this driver builds for.  What a kernel has
 * is found out by compiling the files of conftest/, not from its version: stable
 * kernels of one version differ.
 */
#ifndef _NPU_COMPAT_H_
#define _NPU_COMPAT_H_

#include <drm/drm_gpuvm.h>
#include <drm/gpu_scheduler.h>
#include <drm/ttm/ttm_bo.h>

#include <drm/drm_buddy.h>

#include "npu_features.h"

/* The buddy allocator moved out of DRM with its name. */
#ifndef NPU_HAVE_GPU_BUDDY
#define gpu_buddy			drm_buddy
#define gpu_buddy_block			drm_buddy_block
#define gpu_buddy_init			drm_buddy_init
#define gpu_buddy_fini			drm_buddy_fini
#define gpu_buddy_alloc_blocks		drm_buddy_alloc_blocks
#define gpu_buddy_free_list		drm_buddy_free_list
#define gpu_buddy_block_offset		drm_buddy_block_offset
#define gpu_buddy_block_size		drm_buddy_block_size
#define GPU_BUDDY_RANGE_ALLOCATION	DRM_BUDDY_RANGE_ALLOCATION
#define GPU_BUDDY_CONTIGUOUS_ALLOCATION	DRM_BUDDY_CONTIGUOUS_ALLOCATION
#endif

/* A scheduler with one run queue. */
static inline int npu_compat_sched_init(struct drm_gpu_scheduler *sched,
					const struct drm_sched_backend_ops *ops,
					struct workqueue_struct *submit_wq,
					struct workqueue_struct *timeout_wq,
					u32 credits, long timeout, const char *name,
					struct device *dev)
{
#ifdef NPU_HAVE_SCHED_INIT_ARGS
	const struct drm_sched_init_args args = {
		.ops = ops,
		.submit_wq = submit_wq,
		.num_rqs = 1,
		.credit_limit = credits,
		.timeout = timeout,
		.timeout_wq = timeout_wq,
		.name = name,
		.dev = dev,
	};

	return drm_sched_init(sched, &args);
#else
	return drm_sched_init(sched, ops, submit_wq, 1, credits, 0, timeout,
			      timeout_wq, NULL, name, dev);
#endif
}

static inline int npu_compat_job_init(struct drm_sched_job *job,
				      struct drm_sched_entity *entity, u32 credits,
				      void *owner, u64 client)
{
#ifdef NPU_HAVE_SCHED_JOB_CLIENT
	return drm_sched_job_init(job, entity, credits, owner, client);
#else
	return drm_sched_job_init(job, entity, credits, owner);
#endif
}

/*
 * What a time-out handler returns that has dealt with the job itself or has found
 * nothing wrong.  The job goes back to the list that it was taken from, and if it
 * has ended meanwhile it is freed.
 */
static inline enum drm_gpu_sched_stat npu_compat_timedout(struct drm_sched_job *job)
{
#ifdef NPU_HAVE_SCHED_NO_HANG
	return DRM_GPU_SCHED_STAT_NO_HANG;
#else
	struct drm_gpu_scheduler *sched = job->sched;

	spin_lock(&sched->job_list_lock);
	list_add(&job->list, &sched->pending_list);
	spin_unlock(&sched->job_list_lock);
	drm_sched_wqueue_start(sched);
	return DRM_GPU_SCHED_STAT_NOMINAL;
#endif
}

static inline int npu_compat_sm_map(struct drm_gpuvm *gpuvm, void *priv, u64 address,
				    u64 range, struct drm_gem_object *obj, u64 offset)
{
#ifdef NPU_HAVE_GPUVM_MAP_REQ
	const struct drm_gpuvm_map_req req = {
		.map.va.addr = address,
		.map.va.range = range,
		.map.gem.obj = obj,
		.map.gem.offset = offset,
	};

	return drm_gpuvm_sm_map(gpuvm, priv, &req);
#else
	return drm_gpuvm_sm_map(gpuvm, priv, address, range, obj, offset);
#endif
}

static inline void npu_compat_bo_put(struct ttm_buffer_object *bo)
{
#ifdef NPU_HAVE_TTM_BO_FINI
	ttm_bo_fini(bo);
#else
	ttm_bo_put(bo);
#endif
}

/* The date of a driver went away; before, it had to be there. */
#ifdef NPU_HAVE_DRIVER_DATE
#define NPU_DRIVER_DATE	.date = "20250101",
#else
#define NPU_DRIVER_DATE
#endif

#endif
