// SPDX-License-Identifier: GPL-2.0-only
/* What the kernel reads, field by field, and how npu_fuzz makes it wrong. */
#include <string.h>

#include "fuzz.h"

#define FIELD_OF(type, member, kind, element)                     \
	{ offsetof(struct type, member),                          \
	  sizeof(((struct type *)NULL)->member), kind, element }
#define FIELD(type, member, kind)	FIELD_OF(type, member, kind, NULL)
#define ARRAY(type, member, element)	FIELD_OF(type, member, FUZZ_ARRAY, &element)

#define SHAPE(name, ...)                                          \
	static const struct fuzz_field name##_fields[] = { __VA_ARGS__ }; \
	const struct fuzz_shape fuzz_##name##_shape = {           \
		name##_fields, sizeof(name##_fields) / sizeof(name##_fields[0]) }

/* clang-format off */
SHAPE(sync,
	FIELD(drm_npu_sync, flags, FUZZ_NUMBER),
	FIELD(drm_npu_sync, handle, FUZZ_ID),
	FIELD(drm_npu_sync, timeline_value, FUZZ_NUMBER));
SHAPE(bind_op,
	FIELD(drm_npu_vm_bind_op, op, FUZZ_NUMBER),
	FIELD(drm_npu_vm_bind_op, flags, FUZZ_NUMBER),
	FIELD(drm_npu_vm_bind_op, handle, FUZZ_ID),
	FIELD(drm_npu_vm_bind_op, pad, FUZZ_ZERO),
	FIELD(drm_npu_vm_bind_op, bo_offset, FUZZ_NUMBER),
	FIELD(drm_npu_vm_bind_op, address, FUZZ_NUMBER),
	FIELD(drm_npu_vm_bind_op, size, FUZZ_NUMBER),
	FIELD(drm_npu_vm_bind_op, userptr, FUZZ_ZERO));
SHAPE(job,
	FIELD(drm_npu_job, queue_id, FUZZ_ID),
	FIELD(drm_npu_job, flags, FUZZ_ZERO),
	FIELD(drm_npu_job, program, FUZZ_NUMBER),
	FIELD(drm_npu_job, args, FUZZ_NUMBER),
	FIELD(drm_npu_job, report, FUZZ_NUMBER),
	FIELD(drm_npu_job, program_size, FUZZ_NUMBER),
	FIELD(drm_npu_job, args_size, FUZZ_NUMBER),
	ARRAY(drm_npu_job, in_syncs, fuzz_sync_shape),
	ARRAY(drm_npu_job, out_syncs, fuzz_sync_shape));
SHAPE(query,
	FIELD(drm_npu_query, type, FUZZ_NUMBER),
	FIELD(drm_npu_query, size, FUZZ_NUMBER),
	FIELD(drm_npu_query, pointer, FUZZ_POINTER));
SHAPE(bo_create,
	FIELD(drm_npu_bo_create, size, FUZZ_NUMBER),
	FIELD(drm_npu_bo_create, placement, FUZZ_NUMBER),
	FIELD(drm_npu_bo_create, die_mask, FUZZ_NUMBER),
	FIELD(drm_npu_bo_create, flags, FUZZ_NUMBER),
	FIELD(drm_npu_bo_create, exclusive_vm_id, FUZZ_ID),
	FIELD(drm_npu_bo_create, pad, FUZZ_ZERO));
SHAPE(bo_mmap_offset,
	FIELD(drm_npu_bo_mmap_offset, handle, FUZZ_ID),
	FIELD(drm_npu_bo_mmap_offset, flags, FUZZ_ZERO));
SHAPE(vm_create,
	FIELD(drm_npu_vm_create, flags, FUZZ_ZERO),
	FIELD(drm_npu_vm_create, va_start, FUZZ_NUMBER),
	FIELD(drm_npu_vm_create, va_size, FUZZ_NUMBER));
SHAPE(vm_destroy,
	FIELD(drm_npu_vm_destroy, vm_id, FUZZ_ID),
	FIELD(drm_npu_vm_destroy, pad, FUZZ_ZERO));
SHAPE(vm_bind,
	FIELD(drm_npu_vm_bind, vm_id, FUZZ_ID),
	FIELD(drm_npu_vm_bind, flags, FUZZ_ZERO),
	ARRAY(drm_npu_vm_bind, ops, fuzz_bind_op_shape),
	ARRAY(drm_npu_vm_bind, in_syncs, fuzz_sync_shape),
	ARRAY(drm_npu_vm_bind, out_syncs, fuzz_sync_shape),
	FIELD(drm_npu_vm_bind, pad, FUZZ_ZERO));
SHAPE(vm_get_state,
	FIELD(drm_npu_vm_get_state, vm_id, FUZZ_ID));
SHAPE(queue_create,
	FIELD(drm_npu_queue_create, vm_id, FUZZ_ID),
	FIELD(drm_npu_queue_create, die_mask, FUZZ_NUMBER),
	FIELD(drm_npu_queue_create, priority, FUZZ_ZERO),
	FIELD(drm_npu_queue_create, flags, FUZZ_ZERO),
	FIELD(drm_npu_queue_create, timeout_ms, FUZZ_NUMBER),
	FIELD(drm_npu_queue_create, ring_jobs, FUZZ_NUMBER),
	FIELD(drm_npu_queue_create, pad, FUZZ_ZERO));
SHAPE(queue_destroy,
	FIELD(drm_npu_queue_destroy, queue_id, FUZZ_ID),
	FIELD(drm_npu_queue_destroy, pad, FUZZ_ZERO));
SHAPE(queue_get_state,
	FIELD(drm_npu_queue_get_state, queue_id, FUZZ_ID));
SHAPE(submit,
	ARRAY(drm_npu_submit, jobs, fuzz_job_shape),
	FIELD(drm_npu_submit, flags, FUZZ_ZERO));

/* DRM's own. */
SHAPE(gem_close,
	FIELD(drm_gem_close, handle, FUZZ_ID));
SHAPE(sync_create,
	FIELD(drm_syncobj_create, flags, FUZZ_NUMBER));
SHAPE(sync_destroy,
	FIELD(drm_syncobj_destroy, handle, FUZZ_ID),
	FIELD(drm_syncobj_destroy, pad, FUZZ_ZERO));
SHAPE(sync_array,
	FIELD(drm_syncobj_array, handles, FUZZ_POINTER),
	FIELD(drm_syncobj_array, count_handles, FUZZ_COUNT));
SHAPE(sync_wait,
	FIELD(drm_syncobj_wait, handles, FUZZ_POINTER),
	FIELD(drm_syncobj_wait, timeout_nsec, FUZZ_NUMBER),
	FIELD(drm_syncobj_wait, count_handles, FUZZ_COUNT),
	FIELD(drm_syncobj_wait, flags, FUZZ_NUMBER));
SHAPE(point_wait,
	FIELD(drm_syncobj_timeline_wait, handles, FUZZ_POINTER),
	FIELD(drm_syncobj_timeline_wait, points, FUZZ_POINTER),
	FIELD(drm_syncobj_timeline_wait, timeout_nsec, FUZZ_NUMBER),
	FIELD(drm_syncobj_timeline_wait, count_handles, FUZZ_COUNT),
	FIELD(drm_syncobj_timeline_wait, flags, FUZZ_NUMBER));
SHAPE(point_array,
	FIELD(drm_syncobj_timeline_array, handles, FUZZ_POINTER),
	FIELD(drm_syncobj_timeline_array, points, FUZZ_POINTER),
	FIELD(drm_syncobj_timeline_array, count_handles, FUZZ_COUNT),
	FIELD(drm_syncobj_timeline_array, flags, FUZZ_NUMBER));
SHAPE(sync_transfer,
	FIELD(drm_syncobj_transfer, src_handle, FUZZ_ID),
	FIELD(drm_syncobj_transfer, dst_handle, FUZZ_ID),
	FIELD(drm_syncobj_transfer, src_point, FUZZ_NUMBER),
	FIELD(drm_syncobj_transfer, dst_point, FUZZ_NUMBER),
	FIELD(drm_syncobj_transfer, flags, FUZZ_NUMBER));
SHAPE(sync_to_fd,
	FIELD(drm_syncobj_handle, handle, FUZZ_ID),
	FIELD(drm_syncobj_handle, flags, FUZZ_NUMBER),
	FIELD(drm_syncobj_handle, pad, FUZZ_ZERO));
SHAPE(prime,
	FIELD(drm_prime_handle, handle, FUZZ_ID),
	FIELD(drm_prime_handle, flags, FUZZ_NUMBER));
/* clang-format on */

static const uint64_t edges[] = {
	0,
	1,
	2,
	8,
	NPT_PAGE - 1,
	NPT_PAGE,
	NPT_PAGE + 1,
	2 * NPT_MIB,
	NPT_GIB,
	INT32_MAX,
	1ull << 31,
	UINT32_MAX,
	1ull << 32,
	(1ull << 48) - NPT_PAGE,
	1ull << 48,
	INT64_MAX,
	1ull << 63,
	-NPT_PAGE,
	UINT64_MAX,
};

static uint64_t get(const char *data, unsigned int size)
{
	uint64_t value = 0;

	memcpy(&value, data, size);
	return value;
}

static void tamper_number(struct fuzz_worker *worker, char *data,
			  unsigned int size)
{
	uint64_t value = get(data, size);

	switch (fuzz_below(worker, 6)) {
	case 0:
		value++;
		break;
	case 1:
		value--;
		break;
	case 2:
		value ^= 1ull << fuzz_below(worker, 8 * size);
		break;
	case 3:
		value = fuzz_random(worker);
		break;
	default:
		value = FUZZ_PICK(worker, edges);
		break;
	}
	memcpy(data, &value, size);
}

static void tamper_zero(struct fuzz_worker *worker, char *data,
			unsigned int size)
{
	uint64_t value = 1ull << fuzz_below(worker, 8 * size);

	memcpy(data, &value, size);
	worker->must_fail = true;
}

static void tamper_id(struct fuzz_worker *worker, char *data, unsigned int size)
{
	uint32_t value = fuzz_below(worker, 16);

	if (fuzz_one_in(worker, 4))
		value = FUZZ_PICK(worker, edges);
	memcpy(data, &value, size);
}

/* Of an array of DRM's, which warns of those for which it has no memory. */
static void tamper_count(struct fuzz_worker *worker, char *data,
			 unsigned int size)
{
	uint32_t value = fuzz_below(worker, 64);

	memcpy(data, &value, size);
	worker->may_fault = true;
}

/*
 * Never one that is only a little wrong: the kernel might be able to write there.
 * The text of a file is the card's memory.
 */
static void tamper_pointer(struct fuzz_worker *worker, char *data)
{
	static const char read_only[] = "constant";
	struct fuzz *fuzz = worker->fuzz;
	const uint64_t pointers[] = {
		0,
		1,
		(uintptr_t)read_only,
		(uintptr_t)fuzz->files[fuzz_below(worker, FUZZ_FILES)].text,
		(uintptr_t)worker->arena + FUZZ_ARENA_SIZE - 8,
		(uintptr_t)worker->arena + FUZZ_ARENA_SIZE - 9,
		(uintptr_t)worker->arena + FUZZ_ARENA_SIZE,
		0x00007ffffffff000,
		0x0000800000000000,
		0xffff888000100000,
		0xfffffffffffffff8,
	};
	uint64_t value = FUZZ_PICK(worker, pointers);

	memcpy(data, &value, sizeof(value));
	worker->may_fault = true;
}

/* Also the elements may be larger than the kernel knows, with something there. */
static void tamper_array(struct fuzz_worker *worker,
			 const struct fuzz_field *field, char *data)
{
	struct drm_npu_array *array = (struct drm_npu_array *)data;
	const struct fuzz_shape *element = field->element;

	if (array->count && !worker->may_fault && fuzz_below(worker, 4)) {
		fuzz_tamper(worker, element,
			    (char *)(uintptr_t)array->pointer +
				    fuzz_below(worker, array->count) *
					    (size_t)array->stride);
		return;
	}
	worker->may_fault = true;
	switch (fuzz_below(worker, 4)) {
	case 0:
		tamper_pointer(worker, (char *)&array->pointer);
		break;
	case 1:
		tamper_number(worker, (char *)&array->count,
			      sizeof(array->count));
		break;
	case 2:
		tamper_number(worker, (char *)&array->stride,
			      sizeof(array->stride));
		break;
	default:
		array->stride += 8 * fuzz_below(worker, 4);
		break;
	}
}

void fuzz_tamper(struct fuzz_worker *worker, const struct fuzz_shape *shape,
		 void *data)
{
	const struct fuzz_field *field =
		&shape->fields[fuzz_below(worker, shape->count)];
	char *at = (char *)data + field->at;

	switch (field->kind) {
	case FUZZ_NUMBER:
		tamper_number(worker, at, field->size);
		break;
	case FUZZ_ZERO:
		tamper_zero(worker, at, field->size);
		break;
	case FUZZ_ID:
		tamper_id(worker, at, field->size);
		break;
	case FUZZ_COUNT:
		tamper_count(worker, at, field->size);
		break;
	case FUZZ_POINTER:
		tamper_pointer(worker, at);
		break;
	default:
		tamper_array(worker, field, at);
		break;
	}
}
