/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NPU_SYNC_H_
#define _NPU_SYNC_H_

#include <linux/hashtable.h>
#include <linux/types.h>

struct dma_fence;
struct dma_fence_chain;
struct drm_file;
struct drm_npu_job;
struct drm_syncobj;
struct npu_job;

/**
 * struct npu_sync_out - what a job of a SUBMIT signals
 * @node: entry in &npu_syncs.by_syncobj
 * @job: index of the job
 * @point: point on the timeline, 0: binary
 * @syncobj: sync object, referenced
 * @chain: link of the timeline, made in advance
 * @fence: what a later job waits for, once the job is armed, referenced; NULL:
 *	nothing any more
 * @before: what was on the timeline before, referenced: a later job waits for it too
 */
struct npu_sync_out {
	struct hlist_node node;
	u32 job;
	u64 point;
	struct drm_syncobj *syncobj;
	struct dma_fence_chain *chain;
	struct dma_fence *fence;
	struct dma_fence *before;
};

/**
 * struct npu_sync_wait - a job of a SUBMIT that waits for an earlier one of it
 * @job: index of the job that waits
 * @out: index of what it waits for
 */
struct npu_sync_wait {
	u32 job;
	u32 out;
};

/**
 * struct npu_syncs - all synchronisation of one SUBMIT
 * @file: whose handles they are
 * @outs: what jobs signal, in the order of jobs
 * @out_count: entries of @outs
 * @out_next: first entry of @outs whose job is not armed
 * @waits: waits inside the SUBMIT, in the order of jobs
 * @wait_count: entries of @waits
 * @wait_next: first entry of @waits whose job is not armed
 * @by_syncobj: @outs by sync object, the newest first
 */
struct npu_syncs {
	struct drm_file *file;
	struct npu_sync_out *outs;
	u32 out_count;
	u32 out_next;
	struct npu_sync_wait *waits;
	u32 wait_count;
	u32 wait_next;
	DECLARE_HASHTABLE(by_syncobj, 6);
};

int npu_syncs_init(struct npu_syncs *syncs, struct drm_file *file,
		   const struct drm_npu_job *jobs, u32 count);
void npu_syncs_fini(struct npu_syncs *syncs);

int npu_syncs_add_job(struct npu_syncs *syncs, const struct drm_npu_job *args,
		      struct npu_job *job, u32 index);
void npu_syncs_arm_waits(struct npu_syncs *syncs, struct npu_job *job, u32 index);
void npu_syncs_publish(struct npu_syncs *syncs, u32 index, struct dma_fence *fence);

#endif
