/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NPU_QUEUE_H_
#define _NPU_QUEUE_H_

#include <linux/mutex.h>

#include <drm/gpu_scheduler.h>

#include "npu_ring.h"

struct drm_device;
struct drm_file;
struct drm_printer;
struct npu_client;
struct npu_file;
struct npu_vm;

/**
 * struct npu_queue - a client's queue
 *
 * It has two reference counts.  @users are the handle and the jobs: with the last
 * one the scheduler ends.  &npu_ring.kref are the queue itself and its fences,
 * which others may hold for as long as they like: with the last one the memory is
 * freed.  A fence names the scheduler, hence the second count.
 *
 * @ring: hardware queue; its lock protects @dead to @completed
 * @users: see above
 * @release_work: tears down, since the last user may be the scheduler
 * @rcu: frees it
 * @vm: address space, referenced
 * @client: counters of its file, referenced
 * @sched: scheduler
 * @entity: the only entity of @sched
 * @die_mask: its gang
 * @timeout_ms: executed time after which a job is stopped
 * @job_programs: programs that one job of the scheduler may have
 * @stop_lock: held while the hardware queue is stopped; taken in fence signalling
 *	paths
 * @submitted: jobs taken, protected by &npu_file.submit_lock
 * @dead: jobs are not run any more but end with -ECANCELED
 * @ban_reason: &enum drm_npu_ban_reason
 * @error_errno: what the job at fault ended with, positive
 * @error: the error record
 * @completed: jobs ended, well or not
 */
struct npu_queue {
	struct npu_ring ring;
	struct kref users;
	struct work_struct release_work;
	struct rcu_head rcu;
	struct npu_vm *vm;
	struct npu_client *client;
	struct drm_gpu_scheduler sched;
	struct drm_sched_entity entity;
	u32 die_mask;
	u32 timeout_ms;
	u32 job_programs;
	struct mutex stop_lock;		/* stopping the hardware */
	u64 submitted;
	bool dead;
	u32 ban_reason;
	int error_errno;
	struct npu_error error;
	u64 completed;
};

static inline struct npu_queue *to_npu_queue(struct npu_ring *ring)
{
	return container_of(ring, struct npu_queue, ring);
}

int npu_queue_module_init(void);
void npu_queue_module_exit(void);

struct npu_queue *npu_queue_get(struct npu_queue *queue);
struct npu_queue *npu_queue_lookup(struct npu_file *nfile, u32 id);
void npu_queue_put(struct npu_queue *queue);

void npu_queue_ban(struct npu_queue *queue, u32 reason, int first);
void npu_queue_lose_all(struct npu_device *ndev, u32 reason, int error);
void npu_queue_unplug_all(struct npu_device *ndev);
void npu_queue_destroy_all(struct npu_file *nfile);

u64 npu_queue_busy_ns(struct npu_file *nfile);
void npu_queue_print_all(struct npu_device *ndev, struct drm_printer *p);

int npu_ioctl_queue_create(struct drm_device *drm, void *data, struct drm_file *file);
int npu_ioctl_queue_destroy(struct drm_device *drm, void *data, struct drm_file *file);
int npu_ioctl_queue_get_state(struct drm_device *drm, void *data,
			      struct drm_file *file);

#endif
