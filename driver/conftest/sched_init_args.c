// SPDX-License-Identifier: GPL-2.0-only
/* drm_sched_init() takes a structure. */
#include <drm/gpu_scheduler.h>

static int __used npu_conftest(struct drm_gpu_scheduler *sched,
			       const struct drm_sched_init_args *args)
{
	return drm_sched_init(sched, args);
}
