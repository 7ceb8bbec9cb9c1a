// SPDX-License-Identifier: GPL-2.0-only
/* Fences: syncobjs, points on timelines, sync files. */
#include <errno.h>
#include <linux/sync_file.h>
#include <string.h>
#include <unistd.h>

#include "npu_test.h"

static int64_t deadline_ns(unsigned int ms)
{
	return npt_now_ns() + ms * 1000000ull;
}

int npt_sync_create(int fd, uint32_t flags, uint32_t *handle)
{
	struct drm_syncobj_create create = { .flags = flags };
	int err = npt_ioctl(fd, DRM_IOCTL_SYNCOBJ_CREATE, &create);

	*handle = create.handle;
	return err;
}

int npt_sync_destroy(int fd, uint32_t handle)
{
	struct drm_syncobj_destroy destroy = { .handle = handle };

	return npt_ioctl(fd, DRM_IOCTL_SYNCOBJ_DESTROY, &destroy);
}

static int sync_array(int fd, unsigned long request, uint32_t handle)
{
	struct drm_syncobj_array array = {
		.handles = (uintptr_t)&handle,
		.count_handles = 1,
	};

	return npt_ioctl(fd, request, &array);
}

int npt_sync_signal(int fd, uint32_t handle)
{
	return sync_array(fd, DRM_IOCTL_SYNCOBJ_SIGNAL, handle);
}

int npt_sync_reset(int fd, uint32_t handle)
{
	return sync_array(fd, DRM_IOCTL_SYNCOBJ_RESET, handle);
}

int npt_sync_wait(int fd, uint32_t handle, unsigned int ms)
{
	struct drm_syncobj_wait wait = {
		.handles = (uintptr_t)&handle,
		.timeout_nsec = deadline_ns(ms),
		.count_handles = 1,
	};

	return npt_ioctl(fd, DRM_IOCTL_SYNCOBJ_WAIT, &wait);
}

static int point_wait(int fd, uint32_t handle, uint64_t point, unsigned int ms,
		      uint32_t flags)
{
	struct drm_syncobj_timeline_wait wait = {
		.handles = (uintptr_t)&handle,
		.points = (uintptr_t)&point,
		.timeout_nsec = deadline_ns(ms),
		.count_handles = 1,
		.flags = flags,
	};

	return npt_ioctl(fd, DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT, &wait);
}

int npt_point_wait(int fd, uint32_t handle, uint64_t point, unsigned int ms)
{
	return point_wait(fd, handle, point, ms, 0);
}

int npt_point_wait_submit(int fd, uint32_t handle, uint64_t point,
			  unsigned int ms)
{
	return point_wait(fd, handle, point, ms,
			  DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT);
}

static int timeline_array(int fd, unsigned long request, uint32_t handle,
			  uint64_t *point)
{
	struct drm_syncobj_timeline_array array = {
		.handles = (uintptr_t)&handle,
		.points = (uintptr_t)point,
		.count_handles = 1,
	};

	return npt_ioctl(fd, request, &array);
}

int npt_point_signal(int fd, uint32_t handle, uint64_t point)
{
	return timeline_array(fd, DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL, handle,
			      &point);
}

int npt_point_query(int fd, uint32_t handle, uint64_t *point)
{
	*point = 0;
	return timeline_array(fd, DRM_IOCTL_SYNCOBJ_QUERY, handle, point);
}

static int handle_to_fd(int fd, uint32_t handle, uint32_t flags, int *out)
{
	struct drm_syncobj_handle args = {
		.handle = handle,
		.flags = flags,
		.fd = -1,
	};
	int err = npt_ioctl(fd, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &args);

	*out = args.fd;
	return err;
}

int npt_sync_export(int fd, uint32_t handle, int *sync_fd)
{
	return handle_to_fd(fd, handle, 0, sync_fd);
}

int npt_sync_file(int fd, uint32_t handle, int *file)
{
	return handle_to_fd(fd, handle,
			    DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE,
			    file);
}

int npt_sync_import(int fd, int sync_fd, uint32_t *handle)
{
	struct drm_syncobj_handle args = { .fd = sync_fd };
	int err = npt_ioctl(fd, DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, &args);

	*handle = args.handle;
	return err;
}

int npt_file_status(int file)
{
	/* With room for fences the kernel looks inside containers of fences. */
	struct sync_fence_info fences[8];
	struct sync_file_info info = {
		.num_fences = 8,
		.sync_fence_info = (uintptr_t)fences,
	};
	int err = npt_ioctl(file, SYNC_IOC_FILE_INFO, &info);

	return err ? err : info.status;
}

int npt_sync_status(int fd, uint32_t handle)
{
	int file, status, err = npt_sync_file(fd, handle, &file);

	if (err)
		return err;
	status = npt_file_status(file);
	close(file);
	return status;
}

int npt_sync_result(int fd, uint32_t handle, unsigned int ms)
{
	int err = npt_sync_wait(fd, handle, ms);

	/* A job may end with that errno, too. */
	if (err)
		return err == -ETIME ? -EINPROGRESS : err;
	err = npt_sync_status(fd, handle);
	return err == 1 ? 0 : err ? err : -EINPROGRESS;
}

struct drm_npu_sync npt_binary(uint32_t handle)
{
	return (struct drm_npu_sync) { .handle = handle };
}

struct drm_npu_sync npt_point(uint32_t handle, uint64_t point)
{
	return (struct drm_npu_sync) {
		.flags = DRM_NPU_SYNC_TIMELINE,
		.handle = handle,
		.timeline_value = point,
	};
}
