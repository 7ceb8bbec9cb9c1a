/* SPDX-License-Identifier: MIT */
/* A kernel that remembers what it was asked for. */
#ifndef FAKE_H
#define FAKE_H

#include "test.h"

#define FAKE_MAX 64

/**
 * struct fake - the kernel's side
 * @memory: file that stands for the card: buffers lie in it one after another
 * @bo_size: bytes of each buffer, by handle - 1
 * @bo_count: buffers made
 * @open_bos: buffers that were not closed
 * @binds: VM_BIND operations
 * @bind_count: how many
 * @jobs: the jobs
 * @syncs: what they signal
 * @job_count: how many
 * @ended: point that the timeline has reached
 * @end_on_wait: a wait without end makes its point be reached
 * @waits: waits without end
 * @open_queues: queues that were not destroyed
 * @open_vms: likewise
 * @open_syncobjs: likewise
 * @state: what QUEUE_GET_STATE tells
 * @fail_request: ioctl that fails, 0: none
 * @fail_errno: how
 */
struct fake {
	int memory;
	uint64_t bo_size[FAKE_MAX];
	uint64_t bo_offset[FAKE_MAX];
	unsigned int bo_count, open_bos;
	struct drm_npu_vm_bind_op binds[4 * FAKE_MAX];
	unsigned int bind_count;
	struct drm_npu_job *jobs;
	struct drm_npu_sync *syncs;
	unsigned int job_count;
	uint64_t ended;
	bool end_on_wait;
	unsigned int waits;
	unsigned int open_queues, open_vms, open_syncobjs;
	struct drm_npu_queue_get_state state;
	unsigned long fail_request;
	int fail_errno;
};

extern struct fake fake;

/* A device on the fake kernel; cmocka fixtures. */
int fake_set_up(void **state);
int fake_tear_down(void **state);
extern struct npu_device *fake_device;

#endif
