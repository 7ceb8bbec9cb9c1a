/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NPU_BIND_H_
#define _NPU_BIND_H_

#include <drm/drm_gpuvm.h>

struct drm_device;
struct drm_file;
struct npu_vm;

extern const struct drm_gpuvm_ops npu_bind_gpuvm_ops;

void npu_bind_clear(struct npu_vm *vm);
int npu_ioctl_vm_bind(struct drm_device *drm, void *data, struct drm_file *file);

#endif
