/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NPU_JOB_H_
#define _NPU_JOB_H_

#include <drm/gpu_scheduler.h>

#include <npu/regs.h>

struct drm_npu_job;
struct npu_fence;
struct npu_file;
struct npu_queue;

/* Packets of a program: RUN, and a FENCE unless another follows at once. */
#define NPU_JOB_CREDITS		2

/* So that a job's memory is easily had. */
#define NPU_JOB_MAX_PROGRAMS	32

/**
 * struct npu_job - programs to run one after the other
 *
 * One program, for the client, is one job.  Those of a SUBMIT that follow each
 * other on a queue without synchronisation in between are a single job of the
 * scheduler, one piece of work for the card, and one fence.
 *
 * @base: base
 * @queue: queue, referenced
 * @fence: hardware fence until the job has run
 * @number: number in the queue of its last program, from 1; set when it is armed
 * @index: index in the SUBMIT of its first program
 * @programs: number of programs so far
 * @room: how many there will be
 * @waits: fences of earlier jobs of the same SUBMIT, set when it is armed
 * @wait_count: entries of @waits
 * @wait_next: first entry of @waits that the scheduler has not seen
 * @runs: RUN packets
 */
struct npu_job {
	struct drm_sched_job base;
	struct npu_queue *queue;
	struct npu_fence *fence;
	u64 number;
	u32 index;
	u32 programs;
	u32 room;
	struct dma_fence **waits;
	u32 wait_count;
	u32 wait_next;
	struct npu_packet runs[] __counted_by(room);
};

extern const struct drm_sched_backend_ops npu_job_sched_ops;

int npu_job_check(const struct drm_npu_job *args);
struct npu_job *npu_job_create(struct npu_file *nfile, u32 queue_id, u32 programs);
void npu_job_add(struct npu_job *job, const struct drm_npu_job *args);
void npu_job_free(struct npu_job *job);
struct dma_fence *npu_job_arm(struct npu_job *job);
void npu_job_push(struct npu_job *job);

#endif
