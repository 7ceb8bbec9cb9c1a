// SPDX-License-Identifier: GPL-2.0-only
/* A time-out handler can say that nothing hangs. */
#include <drm/gpu_scheduler.h>

static enum drm_gpu_sched_stat __used npu_conftest(void)
{
	return DRM_GPU_SCHED_STAT_NO_HANG;
}
