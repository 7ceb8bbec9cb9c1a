// SPDX-License-Identifier: GPL-2.0-only
/* drm_sched_job_init() takes the number of a client. */
#include <drm/gpu_scheduler.h>

static int __used npu_conftest(struct drm_sched_job *job, struct drm_sched_entity *entity)
{
	return drm_sched_job_init(job, entity, 1, NULL, 1ull);
}
