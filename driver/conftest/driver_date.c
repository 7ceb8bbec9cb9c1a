// SPDX-License-Identifier: GPL-2.0-only
/* A DRM driver has a date. */
#include <drm/drm_drv.h>

static const struct drm_driver npu_conftest __used = { .date = "20250101" };
