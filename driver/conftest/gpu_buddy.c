// SPDX-License-Identifier: GPL-2.0-only
/* The buddy allocator has left DRM. */
#include <linux/gpu_buddy.h>

static int __used npu_conftest(struct gpu_buddy *mm)
{
	return gpu_buddy_init(mm, 1, 1);
}
