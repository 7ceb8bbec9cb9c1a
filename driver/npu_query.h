/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NPU_QUERY_H_
#define _NPU_QUERY_H_

struct drm_device;
struct drm_file;

int npu_ioctl_query(struct drm_device *drm, void *data, struct drm_file *file);

#endif
