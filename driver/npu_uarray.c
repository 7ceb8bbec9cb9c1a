// SPDX-License-Identifier: GPL-2.0-only
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <drm/npu_accel.h>

#include "npu_uarray.h"

static int npu_uarray_copy_elements(const struct drm_npu_array *array, void *to,
				    size_t size)
{
	void __user *from = u64_to_user_ptr(array->pointer);
	u32 i;
	int ret;

	for (i = 0; i < array->count; i++) {
		ret = copy_struct_from_user(to, size, from, array->stride);
		if (ret)
			return ret;
		from += array->stride;
		to += size;
	}
	return 0;
}

/**
 * npu_uarray_copy() - copy an array in
 * @array: the user's array
 * @first_size: bytes of the first version of an element
 * @size: bytes of an element as this driver knows it
 *
 * Shorter elements are filled up with zeros, longer ones must have zeros where this
 * driver knows nothing.
 *
 * Return: elements of @size bytes, for kvfree(); NULL if there are none; or an error
 * pointer.
 */
void *npu_uarray_copy(const struct drm_npu_array *array, size_t first_size, size_t size)
{
	void *to;
	int ret;

	if (!array->count)
		return NULL;
	if (array->count > DRM_NPU_MAX_ARRAY)
		return ERR_PTR(-EINVAL);
	if (array->stride < first_size || array->stride % 8 || array->stride > PAGE_SIZE)
		return ERR_PTR(-EINVAL);

	to = kvmalloc_array(array->count, size, GFP_KERNEL_ACCOUNT);
	if (!to)
		return ERR_PTR(-ENOMEM);

	ret = npu_uarray_copy_elements(array, to, size);
	if (ret) {
		kvfree(to);
		return ERR_PTR(ret);
	}
	return to;
}
