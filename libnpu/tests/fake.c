// SPDX-License-Identifier: MIT
#include <sys/mman.h>
#include <unistd.h>

#include "fake.h"

#define FAKE_JOBS 8192

struct fake fake;
struct npu_device *fake_device;

int __wrap_drmIoctl(int fd, unsigned long request, void *arg);
int __wrap_drmSyncobjCreate(int fd, uint32_t flags, uint32_t *handle);
int __wrap_drmSyncobjDestroy(int fd, uint32_t handle);
int __wrap_drmSyncobjTimelineWait(int fd, uint32_t *handles, uint64_t *points,
				  unsigned int count, int64_t timeout, unsigned int flags,
				  uint32_t *first);
int __wrap_drmSyncobjQuery(int fd, uint32_t *handles, uint64_t *points, uint32_t count);
int __wrap_drmCloseBufferHandle(int fd, uint32_t handle);

int fake_set_up(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake.memory = memfd_create("npu-fake", MFD_CLOEXEC);
	fake.jobs = calloc(FAKE_JOBS, sizeof(*fake.jobs));
	fake.syncs = calloc(FAKE_JOBS, sizeof(*fake.syncs));
	fake_device = calloc(1, sizeof(*fake_device));
	if (fake.memory < 0 || !fake.jobs || !fake.syncs || !fake_device)
		return -1;
	fake_device->fd = fake.memory;
	fake_device->info.va_bits = 48;
	strcpy(fake_device->node.name, "npu0");
	return 0;
}

int fake_tear_down(void **state)
{
	(void)state;
	npu_device_close(fake_device);
	free(fake.jobs);
	free(fake.syncs);
	return 0;
}

static void bo_create(struct drm_npu_bo_create *args)
{
	unsigned int i = fake.bo_count++;
	uint64_t end = i ? fake.bo_offset[i - 1] + fake.bo_size[i - 1] : 0;

	assert_true(i < FAKE_MAX);
	args->size = (args->size + 4095) / 4096 * 4096;
	args->handle = i + 1;
	args->hbm_offset = end;
	fake.bo_size[i] = args->size;
	fake.bo_offset[i] = end;
	fake.open_bos++;
	if (args->size < 1 << 30)
		assert_int_equal(ftruncate(fake.memory, end + args->size), 0);
}

static void vm_bind(const struct drm_npu_vm_bind *args)
{
	assert_int_equal(args->ops.count, 1);
	assert_int_equal(args->ops.stride, sizeof(struct drm_npu_vm_bind_op));
	assert_true(fake.bind_count < ARRAY_SIZE(fake.binds));
	memcpy(&fake.binds[fake.bind_count++], (void *)(uintptr_t)args->ops.pointer,
	       sizeof(fake.binds[0]));
}

static void submit(const struct drm_npu_submit *args)
{
	struct drm_npu_job *job = &fake.jobs[fake.job_count];

	assert_int_equal(args->jobs.count, 1);
	assert_true(fake.job_count < FAKE_JOBS);
	memcpy(job, (void *)(uintptr_t)args->jobs.pointer, sizeof(*job));
	assert_int_equal(job->out_syncs.count, 1);
	memcpy(&fake.syncs[fake.job_count], (void *)(uintptr_t)job->out_syncs.pointer,
	       sizeof(fake.syncs[0]));
	fake.job_count++;
}

static void vm_create(struct drm_npu_vm_create *args)
{
	args->vm_id = 1;
	fake.open_vms++;
}

static void queue_create(struct drm_npu_queue_create *args)
{
	args->queue_id = 3;
	fake.open_queues++;
}

static void mmap_offset(struct drm_npu_bo_mmap_offset *args)
{
	args->offset = fake.bo_offset[args->handle - 1];
}

int __wrap_drmIoctl(int fd, unsigned long request, void *arg)
{
	assert_int_equal(fd, fake.memory);
	if (fake.fail_request == request) {
		errno = fake.fail_errno;
		return -1;
	}
	switch (request) {
	case DRM_IOCTL_NPU_BO_CREATE:
		bo_create(arg);
		break;
	case DRM_IOCTL_NPU_BO_MMAP_OFFSET:
		mmap_offset(arg);
		break;
	case DRM_IOCTL_NPU_VM_CREATE:
		vm_create(arg);
		break;
	case DRM_IOCTL_NPU_VM_DESTROY:
		fake.open_vms--;
		break;
	case DRM_IOCTL_NPU_VM_BIND:
		vm_bind(arg);
		break;
	case DRM_IOCTL_NPU_QUEUE_CREATE:
		queue_create(arg);
		break;
	case DRM_IOCTL_NPU_QUEUE_DESTROY:
		fake.open_queues--;
		break;
	case DRM_IOCTL_NPU_QUEUE_GET_STATE:
		memcpy(arg, &fake.state, sizeof(fake.state));
		break;
	case DRM_IOCTL_NPU_SUBMIT:
		submit(arg);
		break;
	default:
		fail_msg("ioctl 0x%lx", request);
	}
	return 0;
}

int __wrap_drmSyncobjCreate(int fd, uint32_t flags, uint32_t *handle)
{
	(void)fd;
	assert_int_equal(flags, 0);
	fake.open_syncobjs++;
	*handle = 9;
	return 0;
}

int __wrap_drmSyncobjDestroy(int fd, uint32_t handle)
{
	(void)fd;
	assert_int_equal(handle, 9);
	fake.open_syncobjs--;
	return 0;
}

int __wrap_drmSyncobjTimelineWait(int fd, uint32_t *handles, uint64_t *points,
				  unsigned int count, int64_t timeout, unsigned int flags,
				  uint32_t *first)
{
	(void)fd;
	(void)first;
	assert_int_equal(handles[0], 9);
	assert_int_equal(count, 1);
	assert_int_equal(flags, 0);
	if (timeout == INT64_MAX && fake.end_on_wait) {
		fake.waits++;
		if (fake.ended < points[0])
			fake.ended = points[0];
	}
	return fake.ended >= points[0] ? 0 : -ETIME;
}

int __wrap_drmSyncobjQuery(int fd, uint32_t *handles, uint64_t *points, uint32_t count)
{
	(void)fd;
	(void)handles;
	assert_int_equal(count, 1);
	points[0] = fake.ended;
	return 0;
}

int __wrap_drmCloseBufferHandle(int fd, uint32_t handle)
{
	(void)fd;
	assert_true(handle >= 1 && handle <= fake.bo_count);
	fake.open_bos--;
	return 0;
}
