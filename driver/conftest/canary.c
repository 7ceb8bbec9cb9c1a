// SPDX-License-Identifier: GPL-2.0-only
/* Must not compile: no kernel has this. */
#include <drm/gpu_scheduler.h>

static int __used npu_conftest(struct drm_gpu_scheduler *sched)
{
	return drm_sched_no_such_function(sched);
}
