// SPDX-License-Identifier: GPL-2.0-only
/* ttm_bo_put() has become ttm_bo_fini(). */
#include <drm/ttm/ttm_bo.h>

static void __used npu_conftest(struct ttm_buffer_object *bo)
{
	ttm_bo_fini(bo);
}
