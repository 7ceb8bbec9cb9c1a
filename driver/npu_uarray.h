/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NPU_UARRAY_H_
#define _NPU_UARRAY_H_

#include <linux/types.h>

struct drm_npu_array;

void *npu_uarray_copy(const struct drm_npu_array *array, size_t first_size, size_t size);

#endif
