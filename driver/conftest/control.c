// SPDX-License-Identifier: GPL-2.0-only
/* Must compile: every kernel that the driver supports has these. */
#include <drm/drm_accel.h>
#include <drm/drm_drv.h>
#include <drm/drm_gpuvm.h>
#include <drm/gpu_scheduler.h>
#include <drm/ttm/ttm_bo.h>

static void __used npu_conftest(struct drm_gpu_scheduler *sched)
{
	drm_sched_fini(sched);
}
