/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NPU_JOB_H_
#define _NPU_JOB_H_

#include <drm/gpu_scheduler.h>

#include <npu/regs.h>

struct drm_npu_job;
struct npu_fence;
struct npu_file;
struct npu_queue;

/* A job's packets: RUN and FENCE. */
#define NPU_JOB_CREDITS		2

/**
 * struct npu_job - a program to run
 * @base: base
 * @queue: queue, referenced
 * @fence: hardware fence until the job has run
 * @number: its number in the queue, from 1; set when it is armed
 * @run: its RUN packet
 * @waits: fences of earlier jobs of the same SUBMIT, set when it is armed
 * @wait_count: entries of @waits
 * @wait_next: first entry of @waits that the scheduler has not seen
 */
struct npu_job {
	struct drm_sched_job base;
	struct npu_queue *queue;
	struct npu_fence *fence;
	u64 number;
	struct npu_packet run;
	struct dma_fence **waits;
	u32 wait_count;
	u32 wait_next;
};

extern const struct drm_sched_backend_ops npu_job_sched_ops;

struct npu_job *npu_job_create(struct npu_file *nfile, const struct drm_npu_job *args);
void npu_job_free(struct npu_job *job);
struct dma_fence *npu_job_arm(struct npu_job *job);
void npu_job_push(struct npu_job *job);

#endif
