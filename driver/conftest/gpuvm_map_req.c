// SPDX-License-Identifier: GPL-2.0-only
/* drm_gpuvm_sm_map() takes a structure. */
#include <drm/drm_gpuvm.h>

static int __used npu_conftest(struct drm_gpuvm *gpuvm,
			       const struct drm_gpuvm_map_req *req)
{
	return drm_gpuvm_sm_map(gpuvm, NULL, req);
}
