// SPDX-License-Identifier: GPL-2.0-only
/* Good arguments for every call, from what the file has; and what is new then. */
#include <errno.h>
#include <unistd.h>

#include "fuzz.h"

/* Places where binds of different sizes meet, and both ends. */
#define PLACES		16
#define LAST_PAGE	((1ull << 48) - NPT_PAGE)

static const uint64_t bo_sizes[] = { 1,		    NPT_PAGE,	   3 * NPT_PAGE,
				     64 * NPT_KIB,  NPT_MIB,	   2 * NPT_MIB,
				     300 * NPT_KIB, 16 * NPT_PAGE };

static void put(struct fuzz_worker *worker, struct fuzz_file *file,
		enum fuzz_object kind, uint32_t id)
{
	/* The first buffer and space are those of the programs. */
	unsigned int first = kind == FUZZ_BO || kind == FUZZ_VM;
	unsigned int slot = first + fuzz_below(worker, FUZZ_SLOTS - first);
	uint32_t old = file->ids[kind][slot];

	file->ids[kind][slot] = id;
	/* What nobody knows any more would stay until the file is replaced. */
	if (kind == FUZZ_BO)
		npt_gem_close(file->fd, old);
	else if (kind == FUZZ_VM)
		npt_vm_destroy(file->fd, old);
	else if (kind == FUZZ_QUEUE)
		npt_queue_destroy(file->fd, old);
	else
		npt_sync_destroy(file->fd, old);
}

/* ---- The card's ----------------------------------------------------------- */

static void fill_query(struct fuzz_worker *worker, struct fuzz_file *file,
		       void *data)
{
	struct drm_npu_query *query = data;

	query->type = fuzz_below(worker, 5);
	query->size = 512;
	if (fuzz_below(worker, 4))
		query->pointer = (uintptr_t)fuzz_alloc(worker, query->size);
}

static void fill_bo_create(struct fuzz_worker *worker, struct fuzz_file *file,
			   void *data)
{
	struct drm_npu_bo_create *create = data;

	create->size = FUZZ_PICK(worker, bo_sizes);
	create->placement = 1 + fuzz_below(worker, 3);
	if (create->placement != DRM_NPU_PLACE_HOST && fuzz_one_in(worker, 3))
		create->die_mask =
			fuzz_below(worker, 1u << worker->fuzz->dies);
	if (fuzz_one_in(worker, 8))
		create->flags |= DRM_NPU_BO_NO_CPU_ACCESS;
	if (create->placement == DRM_NPU_PLACE_HBM && fuzz_one_in(worker, 4))
		create->flags |= DRM_NPU_BO_CONTIGUOUS;
	if (fuzz_one_in(worker, 4))
		create->exclusive_vm_id = fuzz_file_id(worker, file, FUZZ_VM);
}

static void done_bo_create(struct fuzz_worker *worker, struct fuzz_file *file,
			   const void *data)
{
	const struct drm_npu_bo_create *create = data;

	if (!create->handle || !create->size || create->size % NPT_PAGE)
		fuzz_fail(worker, "a buffer of %llu bytes with handle %u",
			  (unsigned long long)create->size, create->handle);
	put(worker, file, FUZZ_BO, create->handle);
}

static void fill_bo_handle(struct fuzz_worker *worker, struct fuzz_file *file,
			   void *data)
{
	uint32_t handle = fuzz_file_id(worker, file, FUZZ_BO);

	/* Of both structures the first field.  The programs should stay. */
	if (handle != FUZZ_TEXT_BO || fuzz_one_in(worker, 16))
		*(uint32_t *)data = handle;
}

static void fill_vm_create(struct fuzz_worker *worker, struct fuzz_file *file,
			   void *data)
{
	struct drm_npu_vm_create *create = data;

	if (fuzz_one_in(worker, 4)) {
		create->va_start = fuzz_below(worker, 1024) * NPT_PAGE;
		create->va_size = (1ull << 40) + create->va_start;
	}
}

static void done_vm_create(struct fuzz_worker *worker, struct fuzz_file *file,
			   const void *data)
{
	const struct drm_npu_vm_create *create = data;

	if (!create->vm_id)
		fuzz_fail(worker, "an address space without a number");
	put(worker, file, FUZZ_VM, create->vm_id);
}

static void fill_vm_number(struct fuzz_worker *worker, struct fuzz_file *file,
			   void *data)
{
	*(uint32_t *)data = fuzz_file_id(worker, file, FUZZ_VM);
}

static uint64_t some_address(struct fuzz_worker *worker)
{
	uint64_t place = fuzz_below(worker, PLACES);

	switch (fuzz_below(worker, 16)) {
	case 0:
		return LAST_PAGE - place * NPT_PAGE;
	case 1:
		return place * NPT_PAGE;
	case 2:
		return FUZZ_TEXT_VA + place * NPT_PAGE;
	default:
		return NPT_GIB + place * 2 * NPT_MIB +
		       fuzz_below(worker, 4) * 64 * NPT_KIB;
	}
}

static void fill_bind_op(struct fuzz_worker *worker, struct fuzz_file *file,
			 struct drm_npu_vm_bind_op *op)
{
	op->address = some_address(worker);
	if (fuzz_one_in(worker, 4)) {
		op->op = DRM_NPU_VM_BIND_OP_UNMAP;
		op->size = (1 + fuzz_below(worker, 1024)) * NPT_PAGE;
	} else if (fuzz_one_in(worker, 4)) {
		op->handle = FUZZ_TEXT_BO;
		op->address = FUZZ_TEXT_VA;
		op->size = FUZZ_TEXT_SIZE;
	} else {
		op->handle = fuzz_file_id(worker, file, FUZZ_BO);
		op->size = (1 + fuzz_below(worker, 16)) * NPT_PAGE;
		if (fuzz_one_in(worker, 4))
			op->bo_offset = fuzz_below(worker, 16) * NPT_PAGE;
		if (fuzz_one_in(worker, 8))
			op->flags = DRM_NPU_VM_BIND_OP_READONLY;
	}
}

static void fill_vm_bind(struct fuzz_worker *worker, struct fuzz_file *file,
			 void *data)
{
	struct drm_npu_vm_bind *bind = data;
	struct drm_npu_vm_bind_op *ops;
	unsigned int i;

	bind->vm_id = fuzz_file_id(worker, file, FUZZ_VM);
	bind->ops.stride = sizeof(*ops);
	bind->ops.count = 1 + fuzz_below(worker, 3);
	ops = fuzz_alloc(worker, bind->ops.count * sizeof(*ops));
	bind->ops.pointer = (uintptr_t)ops;
	for (i = 0; i < bind->ops.count; i++)
		fill_bind_op(worker, file, &ops[i]);
}

static void fill_queue_create(struct fuzz_worker *worker,
			      struct fuzz_file *file, void *data)
{
	static const uint32_t ring_jobs[] = { 0, 0, 1, 2, 5, 300 };
	struct drm_npu_queue_create *create = data;

	create->vm_id = fuzz_file_id(worker, file, FUZZ_VM);
	create->die_mask = fuzz_below(worker, 1u << worker->fuzz->dies);
	create->timeout_ms = 1 + fuzz_below(worker, 60);
	create->ring_jobs = FUZZ_PICK(worker, ring_jobs);
}

static void done_queue_create(struct fuzz_worker *worker,
			      struct fuzz_file *file, const void *data)
{
	const struct drm_npu_queue_create *create = data;

	if (!create->queue_id)
		fuzz_fail(worker, "a queue without a number");
	put(worker, file, FUZZ_QUEUE, create->queue_id);
}

static void fill_queue_number(struct fuzz_worker *worker,
			      struct fuzz_file *file, void *data)
{
	*(uint32_t *)data = fuzz_file_id(worker, file, FUZZ_QUEUE);
}

static struct drm_npu_array some_syncs(struct fuzz_worker *worker,
				       struct fuzz_file *file)
{
	struct drm_npu_array array = { .stride = sizeof(struct drm_npu_sync) };
	struct drm_npu_sync *syncs;
	unsigned int i;

	if (fuzz_one_in(worker, 2) || !fuzz_file_id(worker, file, FUZZ_SYNC))
		return array;
	array.count = 1 + fuzz_below(worker, 2);
	syncs = fuzz_alloc(worker, array.count * sizeof(*syncs));
	array.pointer = (uintptr_t)syncs;
	for (i = 0; i < array.count; i++) {
		syncs[i].handle = fuzz_file_id(worker, file, FUZZ_SYNC);
		if (fuzz_one_in(worker, 2)) {
			syncs[i].flags = DRM_NPU_SYNC_TIMELINE;
			syncs[i].timeline_value = 1 + fuzz_below(worker, 100);
		}
	}
	return array;
}

static void fill_job(struct fuzz_worker *worker, struct fuzz_file *file,
		     struct drm_npu_job *job)
{
	struct fuzz_program program = fuzz_program(worker, file);

	job->queue_id = fuzz_file_id(worker, file, FUZZ_QUEUE);
	job->program = program.code.va;
	job->program_size = program.code.size;
	job->args = program.args;
	job->args_size = program.args_size;
	if (fuzz_one_in(worker, 4))
		job->report = FUZZ_TEXT_VA + FUZZ_TEXT_SIZE - 64;
	/* Most fences have not been made yet. */
	if (fuzz_one_in(worker, 4))
		job->in_syncs = some_syncs(worker, file);
	job->out_syncs = some_syncs(worker, file);
}

static void fill_submit(struct fuzz_worker *worker, struct fuzz_file *file,
			void *data)
{
	struct drm_npu_submit *submit = data;
	struct drm_npu_job *jobs;
	unsigned int i;

	submit->jobs.stride = sizeof(*jobs);
	submit->jobs.count = 1 + fuzz_below(worker, 3);
	jobs = fuzz_alloc(worker, submit->jobs.count * sizeof(*jobs));
	submit->jobs.pointer = (uintptr_t)jobs;
	for (i = 0; i < submit->jobs.count; i++)
		fill_job(worker, file, &jobs[i]);
}

/* ---- DRM's own ------------------------------------------------------------ */

static void fill_sync_create(struct fuzz_worker *worker, struct fuzz_file *file,
			     void *data)
{
	struct drm_syncobj_create *create = data;

	if (fuzz_one_in(worker, 2))
		create->flags = DRM_SYNCOBJ_CREATE_SIGNALED;
}

static void done_sync_create(struct fuzz_worker *worker, struct fuzz_file *file,
			     const void *data)
{
	const struct drm_syncobj_create *create = data;

	put(worker, file, FUZZ_SYNC, create->handle);
}

static void fill_sync_handle(struct fuzz_worker *worker, struct fuzz_file *file,
			     void *data)
{
	*(uint32_t *)data = fuzz_file_id(worker, file, FUZZ_SYNC);
}

static uint64_t some_handles(struct fuzz_worker *worker, struct fuzz_file *file,
			     unsigned int count)
{
	uint32_t *handles = fuzz_alloc(worker, 64 * sizeof(*handles));
	unsigned int i;

	for (i = 0; i < count; i++)
		handles[i] = fuzz_file_id(worker, file, FUZZ_SYNC);
	return (uintptr_t)handles;
}

static uint64_t some_points(struct fuzz_worker *worker, unsigned int count)
{
	uint64_t *points = fuzz_alloc(worker, 64 * sizeof(*points));
	unsigned int i;

	for (i = 0; i < count; i++)
		points[i] = fuzz_below(worker, 100);
	return (uintptr_t)points;
}

static void fill_sync_array(struct fuzz_worker *worker, struct fuzz_file *file,
			    void *data)
{
	struct drm_syncobj_array *array = data;

	array->count_handles = 1 + fuzz_below(worker, 2);
	array->handles = some_handles(worker, file, array->count_handles);
}

static void fill_point_array(struct fuzz_worker *worker, struct fuzz_file *file,
			     void *data)
{
	struct drm_syncobj_timeline_array *array = data;

	array->count_handles = 1 + fuzz_below(worker, 2);
	array->handles = some_handles(worker, file, array->count_handles);
	array->points = some_points(worker, array->count_handles);
}

static int64_t soon(struct fuzz_worker *worker)
{
	return npt_now_ns() + fuzz_below(worker, 3000) * 1000;
}

static void fill_sync_wait(struct fuzz_worker *worker, struct fuzz_file *file,
			   void *data)
{
	struct drm_syncobj_wait *wait = data;

	wait->count_handles = 1 + fuzz_below(worker, 2);
	wait->handles = some_handles(worker, file, wait->count_handles);
	wait->timeout_nsec = soon(worker);
	wait->flags = fuzz_below(worker, 4);
}

static void fill_point_wait(struct fuzz_worker *worker, struct fuzz_file *file,
			    void *data)
{
	struct drm_syncobj_timeline_wait *wait = data;

	wait->count_handles = 1 + fuzz_below(worker, 2);
	wait->handles = some_handles(worker, file, wait->count_handles);
	wait->points = some_points(worker, wait->count_handles);
	wait->timeout_nsec = soon(worker);
	wait->flags = fuzz_below(worker, 8);
}

static void fill_sync_transfer(struct fuzz_worker *worker,
			       struct fuzz_file *file, void *data)
{
	struct drm_syncobj_transfer *transfer = data;

	transfer->src_handle = fuzz_file_id(worker, file, FUZZ_SYNC);
	transfer->dst_handle = fuzz_file_id(worker, file, FUZZ_SYNC);
	if (fuzz_one_in(worker, 2))
		transfer->dst_point = 1 + fuzz_below(worker, 100);
}

static void fill_sync_to_fd(struct fuzz_worker *worker, struct fuzz_file *file,
			    void *data)
{
	struct drm_syncobj_handle *handle = data;

	handle->handle = fuzz_file_id(worker, file, FUZZ_SYNC);
	handle->flags = fuzz_below(worker, 2);
	handle->fd = -1;
}

/* What was made goes to another file, if that can be. */
static void done_sync_to_fd(struct fuzz_worker *worker, struct fuzz_file *file,
			    const void *data)
{
	const struct drm_syncobj_handle *handle = data;
	struct fuzz_file *other = &FUZZ_PICK(worker, worker->fuzz->files);
	uint32_t imported;

	if (handle->fd < 0)
		return;
	if (!npt_sync_import(other->fd, handle->fd, &imported))
		put(worker, other, FUZZ_SYNC, imported);
	close(handle->fd);
}

static void fill_prime(struct fuzz_worker *worker, struct fuzz_file *file,
		       void *data)
{
	struct drm_prime_handle *prime = data;

	prime->handle = fuzz_file_id(worker, file, FUZZ_BO);
	prime->fd = -1;
}

/* ---- All of them ---------------------------------------------------------- */

#define CALL(name, weight, shape, fill, done, ...)                \
	{ #name, DRM_IOCTL_##name, weight, &fuzz_##shape##_shape, \
	  fill, done, { __VA_ARGS__ } }

/* clang-format off */
const struct fuzz_call fuzz_calls[] = {
	CALL(NPU_QUERY, 4, query, fill_query, NULL, EINVAL),
	CALL(NPU_BO_CREATE, 10, bo_create, fill_bo_create, done_bo_create,
	     EINVAL, ENOENT, ENOSPC),
	CALL(NPU_BO_MMAP_OFFSET, 3, bo_mmap_offset, fill_bo_handle, NULL,
	     EINVAL, ENOENT, EPERM),
	CALL(NPU_VM_CREATE, 3, vm_create, fill_vm_create, done_vm_create,
	     EINVAL, ENOSPC),
	CALL(NPU_VM_DESTROY, 1, vm_destroy, fill_vm_number, NULL,
	     EINVAL, ENOENT),
	CALL(NPU_VM_BIND, 20, vm_bind, fill_vm_bind, NULL,
	     EINVAL, ENOENT, ENOSPC, EOPNOTSUPP, E2BIG),
	CALL(NPU_VM_GET_STATE, 2, vm_get_state, fill_vm_number, NULL, ENOENT),
	CALL(NPU_QUEUE_CREATE, 12, queue_create, fill_queue_create,
	     done_queue_create, EINVAL, ENOENT, EOPNOTSUPP, EBUSY),
	CALL(NPU_QUEUE_DESTROY, 2, queue_destroy, fill_queue_number, NULL,
	     EINVAL, ENOENT),
	CALL(NPU_QUEUE_GET_STATE, 4, queue_get_state, fill_queue_number, NULL,
	     ENOENT),
	CALL(NPU_SUBMIT, 40, submit, fill_submit, NULL,
	     EINVAL, ENOENT, ECANCELED, E2BIG),
	CALL(GEM_CLOSE, 3, gem_close, fill_bo_handle, NULL, EINVAL),
	CALL(SYNCOBJ_CREATE, 5, sync_create, fill_sync_create, done_sync_create,
	     EINVAL),
	CALL(SYNCOBJ_DESTROY, 1, sync_destroy, fill_sync_handle, NULL, EINVAL),
	CALL(SYNCOBJ_WAIT, 5, sync_wait, fill_sync_wait, NULL,
	     EINVAL, ENOENT, ETIME),
	CALL(SYNCOBJ_TIMELINE_WAIT, 5, point_wait, fill_point_wait, NULL,
	     EINVAL, ENOENT, ETIME),
	CALL(SYNCOBJ_RESET, 2, sync_array, fill_sync_array, NULL,
	     EINVAL, ENOENT),
	CALL(SYNCOBJ_SIGNAL, 2, sync_array, fill_sync_array, NULL,
	     EINVAL, ENOENT),
	CALL(SYNCOBJ_TIMELINE_SIGNAL, 2, point_array, fill_point_array, NULL,
	     EINVAL, ENOENT),
	CALL(SYNCOBJ_QUERY, 2, point_array, fill_point_array, NULL,
	     EINVAL, ENOENT),
	CALL(SYNCOBJ_TRANSFER, 2, sync_transfer, fill_sync_transfer, NULL,
	     EINVAL, ENOENT, ETIME),
	CALL(SYNCOBJ_HANDLE_TO_FD, 2, sync_to_fd, fill_sync_to_fd,
	     done_sync_to_fd, EINVAL, ENOENT),
	CALL(PRIME_HANDLE_TO_FD, 1, prime, fill_prime, NULL,
	     EINVAL, ENOENT, EOPNOTSUPP),
};
/* clang-format on */

const unsigned int fuzz_call_count = sizeof(fuzz_calls) / sizeof(fuzz_calls[0]);

_Static_assert(sizeof(fuzz_calls) / sizeof(fuzz_calls[0]) <= FUZZ_CALLS,
	       "more calls than can be counted");
