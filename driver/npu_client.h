/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NPU_CLIENT_H_
#define _NPU_CLIENT_H_

#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include <drm/drm_file.h>

struct npu_device;

/**
 * struct npu_client - what is counted of an open file
 * @kref: references: the file's and one a queue, which may outlive the file
 * @queues: queues that have not been torn down
 * @idle: woken when @queues becomes 0
 * @busy_ns: device time of queues that are gone, times their dies
 * @jobs_submitted: jobs taken
 * @jobs_completed: jobs that ended well
 * @jobs_failed: jobs that ended with an error
 */
struct npu_client {
	struct kref kref;
	atomic_t queues;
	wait_queue_head_t idle;
	atomic64_t busy_ns;
	atomic64_t jobs_submitted;
	atomic64_t jobs_completed;
	atomic64_t jobs_failed;
};

/*
 * Numbers of what a file has.  An array that keeps zero busy by itself would not do:
 * erasing zero, which a client may ask for, makes it free.
 */
#define NPU_FILE_IDS	XA_LIMIT(1, INT_MAX)

/**
 * struct npu_file - an open file
 * @ndev: card
 * @client: counters
 * @client_id: number of the file in fdinfo
 * @submit_lock: held from arming a job to queueing it, which makes both happen in
 *	the same order
 * @vms: its address spaces
 * @queues: its queues
 */
struct npu_file {
	struct npu_device *ndev;
	struct npu_client *client;
	u64 client_id;
	struct mutex submit_lock;	/* order of jobs */
	struct xarray vms;
	struct xarray queues;
};

static inline struct npu_file *to_npu_file(struct drm_file *file)
{
	return file->driver_priv;
}

void npu_client_get(struct npu_client *client);
void npu_client_put(struct npu_client *client);

int npu_client_open(struct drm_device *drm, struct drm_file *file);
void npu_client_close(struct drm_device *drm, struct drm_file *file);
void npu_client_show_fdinfo(struct drm_printer *p, struct drm_file *file);

#endif
