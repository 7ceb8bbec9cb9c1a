// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every ioctl with every field, pointer, array and size made wrong, one at a time:
 * the errno is the documented one, nothing has changed, and it works afterwards.
 */
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "npu_args.h"

#define VA	(1ull << 32)
#define SIZE	(64 * NPT_KIB)
#define VA_END	(1ull << 48)

/* One past the highest, far away, and the ends of what a number can be. */
#define NO_HANDLE	64, 4711, 1u << 31, ~0u - 1, ~0u
#define ALL_BITS	(~0u)

FIXTURE(args)
{
	struct npt_client client;
	struct npt_client other;
	struct drm_npu_query_device device;
	struct npt_bo bo;
	struct npt_code fill;
	uint64_t args;
	uint64_t hbm;
	uint64_t hbm_used;
	uint32_t queue;
	uint32_t vm;
	uint32_t sync;
	uint32_t timeline;
	uint32_t signalled;
	int watch;
	int fd;
};

#define ARGS_DATA FIXTURE_DATA(args)

static uint64_t hbm_total(int fd, uint32_t dies)
{
	struct drm_npu_query_memory mem[DRM_NPU_MAX_DIES + 1];

	if (npt_query_memory(fd, mem) < 0)
		return 0;
	return mem[dies - 1].base + mem[dies - 1].total;
}

FIXTURE_SETUP(args)
{
	uint64_t args[2];

	self->watch = npt_open();
	ASSERT_GE(self->watch, 0);
	ASSERT_TRUE(npt_hbm_quiet(self->watch, &self->hbm_used));
	ASSERT_EQ(0, npt_client_open(&self->client));
	ASSERT_EQ(0, npt_client_open(&self->other));
	self->fd = self->client.fd;
	self->vm = self->client.vm;
	ASSERT_EQ(0, npt_query_device(self->fd, &self->device));
	self->hbm = hbm_total(self->fd, self->device.dies);
	ASSERT_EQ(0, npt_bo_new(&self->client, &self->bo, SIZE, DRM_NPU_PLACE_HBM, 0, 0));
	ASSERT_EQ(0, npt_code_fill(&self->client, 1024, &self->fill));
	args[0] = self->bo.va;
	args[1] = 0xcafe0000;
	self->args = npt_push(&self->client, args, sizeof(args));
	ASSERT_EQ(0, npt_queue_create(&self->client, 0, 0, &self->queue));
	ASSERT_EQ(0, npt_sync_create(self->fd, DRM_SYNCOBJ_CREATE_SIGNALED, &self->sync));
	ASSERT_EQ(0, npt_sync_create(self->fd, 0, &self->timeline));
	ASSERT_EQ(0, npt_point_signal(self->fd, self->timeline, 1));
	ASSERT_EQ(0, npt_sync_create(self->fd, 0, &self->signalled));
}

/* Whatever was tried, closing the file gives everything back. */
FIXTURE_TEARDOWN(args)
{
	npt_bo_unmap(&self->bo);
	npt_client_close(&self->client);
	npt_client_close(&self->other);
	EXPECT_TRUE(npt_hbm_settles(self->watch, self->hbm_used));
	EXPECT_EQ(0, npt_works());
	close(self->watch);
}

static struct npt_call call_of(ARGS_DATA *self, const char *name, unsigned long request,
			       void *args, int (*undo)(void *self, const void *args))
{
	return (struct npt_call) {
		.name = name,
		.client = &self->client,
		.request = request,
		.args = args,
		.undo = undo,
		.self = self,
	};
}

#define CALL(NAME, args, undo) call_of(self, #NAME, DRM_IOCTL_NPU_##NAME, args, undo)

#define EXPECT_REFUSED(call, part, bad) \
	EXPECT_TRUE(npt_refuses(call, part, bad, ARRAY_SIZE(bad)))

#define EXPECT_SOUND(call)                                \
	do {                                              \
		EXPECT_TRUE(npt_refuses_pointers(call));  \
		EXPECT_TRUE(npt_knows_its_size(call));    \
		EXPECT_TRUE(npt_survives_no_memory(call)); \
	} while (0)

static uint32_t missing_dies(const ARGS_DATA *self)
{
	return ALL_BITS << self->device.dies;
}

/* ---- QUERY --------------------------------------------------------------- */

TEST_F(args, query)
{
	struct drm_npu_query_device answer;
	struct drm_npu_query query = {
		.type = DRM_NPU_QUERY_DEVICE,
		.size = sizeof(answer),
		.pointer = (uintptr_t)&answer,
	};
	const struct npt_call call = CALL(QUERY, &query, NULL);
	const struct npt_bad bad[] = {
		NPT_BAD(drm_npu_query, type, -EINVAL, DRM_NPU_QUERY_RESETS + 1, 77,
			1u << 31, ~0u),
		/* What can be read only. */
		NPT_BAD(drm_npu_query, pointer, -EFAULT, (uintptr_t)"constant"),
	};

	EXPECT_REFUSED(&call, &query, bad);
	EXPECT_SOUND(&call);
	for (query.type = 0; query.type <= DRM_NPU_QUERY_RESETS; query.type++) {
		query.size = 8;
		EXPECT_TRUE(npt_refuses_pointer(&call, &query.pointer, query.size));
	}
}

TEST_F(args, query_sizes)
{
	static unsigned char buffer[1024];
	uint32_t type, wanted, whole, size, i;

	for (type = 0; type <= DRM_NPU_QUERY_RESETS; type++) {
		whole = 0;
		ASSERT_EQ(0, npt_query(self->fd, type, NULL, &whole));
		ASSERT_LE(whole + 8, sizeof(buffer));
		for (wanted = 0; wanted <= whole + 8; wanted++) {
			size = wanted;
			memset(buffer, 0xee, sizeof(buffer));
			ASSERT_EQ(0, npt_query(self->fd, type, buffer, &size));
			ASSERT_EQ(wanted < whole ? wanted : whole, size);
			for (i = size; i < sizeof(buffer); i++) {
				ASSERT_EQ(0xee, buffer[i]);
			}
		}
		/* It may say that it has more than there is. */
		size = ~0u;
		ASSERT_EQ(0, npt_query(self->fd, type, buffer, &size));
		ASSERT_EQ(whole, size);
	}
}

/* ---- Buffers ------------------------------------------------------------- */

static int undo_bo_create(void *data, const void *args)
{
	const struct drm_npu_bo_create *create = args;
	ARGS_DATA *self = data;

	return npt_gem_close(self->fd, create->handle);
}

TEST_F(args, bo_create)
{
	struct drm_npu_bo_create create = {
		.size = 3 * NPT_PAGE,
		.placement = DRM_NPU_PLACE_HBM,
		.die_mask = NPT_DIE(0),
		.exclusive_vm_id = self->vm,
	};
	const struct npt_call call = CALL(BO_CREATE, &create, undo_bo_create);
	const struct npt_bad bad[] = {
		NPT_BAD(drm_npu_bo_create, size, -EINVAL, 0, ~0ull - NPT_PAGE + 1,
			~0ull - 1, ~0ull),
		NPT_BAD(drm_npu_bo_create, size, -ENOSPC, self->hbm + 1,
			self->hbm + NPT_PAGE, 1ull << 50, 1ull << 62, (1ull << 63) - 1,
			1ull << 63, ~0ull - NPT_PAGE),
		NPT_BAD(drm_npu_bo_create, placement, -EINVAL, 0, ALL_BITS),
		NPT_BAD_BITS(drm_npu_bo_create, placement, -EINVAL, ALL_BITS << 2),
		NPT_BAD_BITS(drm_npu_bo_create, die_mask, -EINVAL, missing_dies(self)),
		NPT_BAD_BITS(drm_npu_bo_create, flags, -EINVAL, ALL_BITS << 2),
		NPT_BAD(drm_npu_bo_create, exclusive_vm_id, -ENOENT, self->vm + 1,
			NO_HANDLE),
		NPT_BAD_BITS(drm_npu_bo_create, pad, -EINVAL, ALL_BITS),
	};

	EXPECT_REFUSED(&call, &create, bad);
	EXPECT_SOUND(&call);
}

TEST_F(args, bo_create_in_host_memory)
{
	struct drm_npu_bo_create create = {
		.size = 3 * NPT_PAGE,
		.placement = DRM_NPU_PLACE_HOST,
	};
	const struct npt_call call = CALL(BO_CREATE, &create, undo_bo_create);
	const struct npt_bad bad[] = {
		NPT_BAD(drm_npu_bo_create, size, -EINVAL, 0, ~0ull - NPT_PAGE + 1, ~0ull),
		NPT_BAD(drm_npu_bo_create, size, -ENOSPC, 1ull << 50, 1ull << 62,
			1ull << 63, ~0ull - NPT_PAGE),
		/* Host memory has no dies, and is contiguous by luck only. */
		NPT_BAD_BITS(drm_npu_bo_create, die_mask, -EINVAL, ALL_BITS),
		NPT_BAD(drm_npu_bo_create, flags, -EINVAL, DRM_NPU_BO_CONTIGUOUS),
		NPT_BAD_BITS(drm_npu_bo_create, pad, -EINVAL, ALL_BITS),
	};

	EXPECT_REFUSED(&call, &create, bad);
	create.placement |= DRM_NPU_PLACE_HBM;
	EXPECT_TRUE(npt_refuses(&call, &create, &bad[3], 1));
	EXPECT_SOUND(&call);
}

TEST_F(args, bo_mmap_offset)
{
	struct drm_npu_bo_mmap_offset offset = { .handle = self->bo.handle };
	const struct npt_call call = CALL(BO_MMAP_OFFSET, &offset, NULL);
	const struct npt_bad bad[] = {
		NPT_BAD(drm_npu_bo_mmap_offset, handle, -ENOENT, 0, self->bo.handle + 1,
			NO_HANDLE),
		NPT_BAD_BITS(drm_npu_bo_mmap_offset, flags, -EINVAL, ALL_BITS),
	};

	EXPECT_REFUSED(&call, &offset, bad);
	EXPECT_SOUND(&call);
}

/* ---- Address spaces ------------------------------------------------------ */

static int undo_vm_create(void *data, const void *args)
{
	const struct drm_npu_vm_create *create = args;
	ARGS_DATA *self = data;

	return npt_vm_destroy(self->fd, create->vm_id);
}

TEST_F(args, vm_create)
{
	struct drm_npu_vm_create create = { .va_start = VA, .va_size = NPT_GIB };
	const struct npt_call call = CALL(VM_CREATE, &create, undo_vm_create);
	const struct npt_bad bad[] = {
		NPT_BAD_BITS(drm_npu_vm_create, flags, -EINVAL, ALL_BITS),
		NPT_BAD(drm_npu_vm_create, va_start, -EINVAL, 1, VA + 1, VA - 1,
			VA_END - NPT_GIB + NPT_PAGE, VA_END - NPT_PAGE, VA_END, 1ull << 63,
			~0ull << 12, ~0ull),
		NPT_BAD(drm_npu_vm_create, va_size, -EINVAL, 1, NPT_GIB + 1, NPT_GIB - 1,
			VA_END - VA + NPT_PAGE, VA_END, 1ull << 63, -VA, -VA + NPT_PAGE,
			~0ull << 12, ~0ull),
	};
	const struct npt_bad bad_of_last[] = {
		NPT_BAD(drm_npu_vm_create, va_start, -EINVAL, VA_END, VA_END + NPT_PAGE),
		NPT_BAD(drm_npu_vm_create, va_size, -EINVAL, NPT_PAGE + 1, 2 * NPT_PAGE),
	};
	const struct npt_bad bad_of_all[] = {
		NPT_BAD(drm_npu_vm_create, va_start, -EINVAL, NPT_PAGE, VA_END),
		NPT_BAD(drm_npu_vm_create, va_size, -EINVAL, VA_END + NPT_PAGE, 2 * VA_END),
	};

	EXPECT_REFUSED(&call, &create, bad);
	EXPECT_SOUND(&call);
	/* The last page alone, and all there is. */
	create = (struct drm_npu_vm_create) { .va_start = VA_END - NPT_PAGE };
	EXPECT_REFUSED(&call, &create, bad_of_last);
	create = (struct drm_npu_vm_create) { .va_size = VA_END };
	EXPECT_REFUSED(&call, &create, bad_of_all);
}

static int undo_vm_destroy(void *data, const void *args)
{
	const struct drm_npu_vm_destroy *destroy = args;
	ARGS_DATA *self = data;
	uint32_t vm;
	int err = npt_vm_create(self->fd, &vm);

	return err ? err : vm == destroy->vm_id ? 0 : -EEXIST;
}

TEST_F(args, vm_destroy)
{
	struct drm_npu_vm_destroy destroy;
	const struct npt_call call = CALL(VM_DESTROY, &destroy, undo_vm_destroy);
	const struct npt_bad bad[] = {
		NPT_BAD(drm_npu_vm_destroy, vm_id, -ENOENT, 0, self->vm + 2, NO_HANDLE),
		NPT_BAD_BITS(drm_npu_vm_destroy, pad, -EINVAL, ALL_BITS),
	};

	destroy.pad = 0;
	ASSERT_EQ(0, npt_vm_create(self->fd, &destroy.vm_id));
	EXPECT_REFUSED(&call, &destroy, bad);
	EXPECT_SOUND(&call);
}

TEST_F(args, vm_get_state)
{
	struct drm_npu_vm_get_state state = { .vm_id = self->vm };
	const struct npt_call call = CALL(VM_GET_STATE, &state, NULL);
	const struct npt_bad bad[] = {
		NPT_BAD(drm_npu_vm_get_state, vm_id, -ENOENT, 0, self->vm + 1, NO_HANDLE),
	};

	EXPECT_REFUSED(&call, &state, bad);
	EXPECT_SOUND(&call);
}

static int undo_vm_bind(void *data, const void *args)
{
	ARGS_DATA *self = data;

	return npt_unmap(self->fd, self->vm, VA, 2 * SIZE);
}

struct bind_call {
	struct drm_npu_vm_bind_op ops[2];
	struct drm_npu_vm_bind bind;
	struct npt_call call;
};

static void make_bind(ARGS_DATA *self, struct bind_call *made)
{
	unsigned int i;

	memset(made, 0, sizeof(*made));
	for (i = 0; i < 2; i++)
		made->ops[i] = (struct drm_npu_vm_bind_op) {
			.op = DRM_NPU_VM_BIND_OP_MAP,
			.handle = self->bo.handle,
			.address = VA + i * SIZE,
			.size = SIZE,
		};
	made->bind.vm_id = self->vm;
	made->bind.ops = (struct drm_npu_array) { sizeof(made->ops[0]), 2,
						  (uintptr_t)made->ops };
	made->call = CALL(VM_BIND, &made->bind, undo_vm_bind);
	made->call.in_parts = true;
}

TEST_F(args, vm_bind)
{
	const struct npt_bad bad[] = {
		NPT_BAD(drm_npu_vm_bind, vm_id, -ENOENT, 0, self->vm + 1, NO_HANDLE),
		NPT_BAD_BITS(drm_npu_vm_bind, flags, -EINVAL,
			     ALL_BITS & ~DRM_NPU_VM_BIND_ASYNC),
		NPT_BAD(drm_npu_vm_bind, flags, -EOPNOTSUPP, DRM_NPU_VM_BIND_ASYNC),
		NPT_BAD(drm_npu_vm_bind, in_syncs.count, -EINVAL, 1, DRM_NPU_MAX_ARRAY,
			DRM_NPU_MAX_ARRAY + 1, 1u << 31, ~0u),
		NPT_BAD(drm_npu_vm_bind, out_syncs.count, -EINVAL, 1, DRM_NPU_MAX_ARRAY,
			DRM_NPU_MAX_ARRAY + 1, 1u << 31, ~0u),
		NPT_BAD_BITS(drm_npu_vm_bind, pad, -EINVAL, ALL_BITS),
	};
	struct bind_call made;

	make_bind(self, &made);
	EXPECT_REFUSED(&made.call, &made.bind, bad);
	EXPECT_TRUE(npt_refuses_arrays(&made.call, &made.bind.ops, sizeof(made.ops[0])));
	EXPECT_SOUND(&made.call);
}

/* Bad as the first and as the last of two: the good one is not done either. */
TEST_F(args, vm_bind_map)
{
	const struct npt_bad bad[] = {
		NPT_BAD(drm_npu_vm_bind_op, op, -EOPNOTSUPP,
			DRM_NPU_VM_BIND_OP_MAP_USERPTR),
		NPT_BAD(drm_npu_vm_bind_op, op, -EINVAL,
			DRM_NPU_VM_BIND_OP_MAP_USERPTR + 1, 77, 1u << 31, ~0u),
		NPT_BAD_BITS(drm_npu_vm_bind_op, flags, -EINVAL,
			     ALL_BITS & ~DRM_NPU_VM_BIND_OP_READONLY),
		NPT_BAD(drm_npu_vm_bind_op, handle, -ENOENT, 0, self->bo.handle + 1,
			NO_HANDLE),
		NPT_BAD_BITS(drm_npu_vm_bind_op, pad, -EINVAL, ALL_BITS),
		NPT_BAD(drm_npu_vm_bind_op, bo_offset, -EINVAL, 1, NPT_PAGE - 1, NPT_PAGE,
			SIZE, 1ull << 48, 1ull << 63, -SIZE, -NPT_PAGE, ~0ull),
		NPT_BAD(drm_npu_vm_bind_op, address, -EINVAL, 1, VA + 1, VA - 1,
			VA_END - SIZE + NPT_PAGE, VA_END - NPT_PAGE, VA_END, 1ull << 63,
			-SIZE, -NPT_PAGE, ~0ull),
		NPT_BAD(drm_npu_vm_bind_op, size, -EINVAL, 0, 1, SIZE - 1, SIZE + 1,
			SIZE + NPT_PAGE, VA_END - VA + NPT_PAGE, 1ull << 63, -VA,
			-NPT_PAGE, ~0ull),
		NPT_BAD_BITS(drm_npu_vm_bind_op, userptr, -EINVAL, ~0ull),
	};
	struct bind_call made;

	make_bind(self, &made);
	EXPECT_REFUSED(&made.call, &made.ops[0], bad);
	EXPECT_REFUSED(&made.call, &made.ops[1], bad);
}

TEST_F(args, vm_bind_unmap)
{
	const struct npt_bad bad[] = {
		NPT_BAD_BITS(drm_npu_vm_bind_op, flags, -EINVAL, ALL_BITS),
		NPT_BAD(drm_npu_vm_bind_op, handle, -EINVAL, self->bo.handle, NO_HANDLE),
		NPT_BAD_BITS(drm_npu_vm_bind_op, pad, -EINVAL, ALL_BITS),
		NPT_BAD(drm_npu_vm_bind_op, bo_offset, -EINVAL, 1, NPT_PAGE, 1ull << 63,
			~0ull),
		NPT_BAD(drm_npu_vm_bind_op, address, -EINVAL, VA + 1,
			VA_END - SIZE + NPT_PAGE, VA_END, 1ull << 63, -SIZE, ~0ull),
		NPT_BAD(drm_npu_vm_bind_op, size, -EINVAL, 0, 1, SIZE + 1,
			VA_END - VA - SIZE + NPT_PAGE, 1ull << 63, -VA, ~0ull),
		NPT_BAD_BITS(drm_npu_vm_bind_op, userptr, -EINVAL, ~0ull),
	};
	struct bind_call made;

	make_bind(self, &made);
	made.ops[1].op = DRM_NPU_VM_BIND_OP_UNMAP;
	made.ops[1].handle = 0;
	EXPECT_REFUSED(&made.call, &made.ops[1], bad);
}

/* ---- Queues -------------------------------------------------------------- */

static int undo_queue_create(void *data, const void *args)
{
	const struct drm_npu_queue_create *create = args;
	ARGS_DATA *self = data;
	int err = npt_queue_destroy(self->fd, create->queue_id);

	if (!err && !npt_queues_settle(self->fd, 1))
		err = -ETIME;
	return err;
}

TEST_F(args, queue_create)
{
	const uint32_t max_jobs = self->device.ring_max_jobs;
	const uint32_t max_ms = self->device.timeout_ms;
	struct drm_npu_queue_create create = {
		.vm_id = self->vm,
		.die_mask = NPT_DIE(0),
		.timeout_ms = max_ms,
		.ring_jobs = max_jobs,
	};
	const struct npt_call call = CALL(QUEUE_CREATE, &create, undo_queue_create);
	const struct npt_bad bad[] = {
		NPT_BAD(drm_npu_queue_create, vm_id, -ENOENT, 0, self->vm + 1, NO_HANDLE),
		NPT_BAD_BITS(drm_npu_queue_create, die_mask, -EINVAL, missing_dies(self)),
		NPT_BAD(drm_npu_queue_create, priority, -EOPNOTSUPP,
			DRM_NPU_QUEUE_PRIORITY_LOW, DRM_NPU_QUEUE_PRIORITY_HIGH),
		NPT_BAD(drm_npu_queue_create, priority, -EINVAL,
			DRM_NPU_QUEUE_PRIORITY_HIGH + 1, 77, 1u << 31, ~0u),
		NPT_BAD_BITS(drm_npu_queue_create, flags, -EINVAL, ALL_BITS),
		NPT_BAD(drm_npu_queue_create, timeout_ms, -EINVAL, max_ms + 1, 1u << 31,
			~0u),
		NPT_BAD(drm_npu_queue_create, ring_jobs, -EINVAL, max_jobs + 1,
			2 * max_jobs, 1u << 31, ~0u),
		NPT_BAD_BITS(drm_npu_queue_create, pad, -EINVAL, ALL_BITS),
	};

	EXPECT_REFUSED(&call, &create, bad);
	/* The least and the most that are allowed, and what is left to the driver. */
	create.timeout_ms = 1;
	create.ring_jobs = 1;
	EXPECT_REFUSED(&call, &create, bad);
	create.die_mask = 0;
	create.timeout_ms = 0;
	create.ring_jobs = 0;
	EXPECT_REFUSED(&call, &create, bad);
	EXPECT_SOUND(&call);
}

static int undo_queue_destroy(void *data, const void *args)
{
	const struct drm_npu_queue_destroy *destroy = args;
	ARGS_DATA *self = data;
	uint32_t queue;
	int err = npt_queue_create(&self->client, 0, 0, &queue);

	if (!err && !npt_queues_settle(self->fd, 1))
		err = -ETIME;
	return err ? err : queue == destroy->queue_id ? 0 : -EEXIST;
}

TEST_F(args, queue_destroy)
{
	struct drm_npu_queue_destroy destroy = { .queue_id = self->queue };
	const struct npt_call call = CALL(QUEUE_DESTROY, &destroy, undo_queue_destroy);
	const struct npt_bad bad[] = {
		NPT_BAD(drm_npu_queue_destroy, queue_id, -ENOENT, 0, self->queue + 1,
			NO_HANDLE),
		NPT_BAD_BITS(drm_npu_queue_destroy, pad, -EINVAL, ALL_BITS),
	};

	EXPECT_REFUSED(&call, &destroy, bad);
	EXPECT_SOUND(&call);
}

TEST_F(args, queue_get_state)
{
	struct drm_npu_queue_get_state state = { .queue_id = self->queue };
	const struct npt_call call = CALL(QUEUE_GET_STATE, &state, NULL);
	const struct npt_bad bad[] = {
		NPT_BAD(drm_npu_queue_get_state, queue_id, -ENOENT, 0, self->queue + 1,
			NO_HANDLE),
	};

	EXPECT_REFUSED(&call, &state, bad);
	EXPECT_SOUND(&call);
}

/* ---- SUBMIT -------------------------------------------------------------- */

struct submit_call {
	struct drm_npu_job jobs[2];
	struct drm_npu_sync in[2];
	struct drm_npu_sync out[2];
	struct drm_npu_submit submit;
	struct npt_call call;
};

/* What was taken cannot be taken back; it can end. */
static int undo_submit(void *data, const void *args)
{
	ARGS_DATA *self = data;

	int err = npt_sync_result(self->fd, self->sync, NPT_LIMIT_MS);

	return err ? err : npt_sync_reset(self->fd, self->signalled);
}

/* Two jobs, of which the last waits for two things and signals one. */
static void make_submit(ARGS_DATA *self, struct submit_call *made)
{
	memset(made, 0, sizeof(*made));
	made->jobs[0] = npt_job(self->queue, &self->fill, self->args, 16);
	made->jobs[0].report = self->bo.va + SIZE / 2;
	made->jobs[1] = made->jobs[0];
	made->in[0] = npt_point(self->timeline, 1);
	made->in[1] = npt_binary(self->sync);
	made->out[0] = npt_binary(self->sync);
	made->out[1] = npt_point(self->signalled, 1);
	npt_job_in(&made->jobs[1], made->in, 2);
	npt_job_out(&made->jobs[1], made->out, 2);
	made->submit.jobs = (struct drm_npu_array) { sizeof(made->jobs[0]), 2,
						     (uintptr_t)made->jobs };
	made->call = CALL(SUBMIT, &made->submit, undo_submit);
}

TEST_F(args, submit)
{
	const struct npt_bad bad[] = {
		NPT_BAD_BITS(drm_npu_submit, flags, -EINVAL, ALL_BITS),
		NPT_BAD(drm_npu_submit, jobs.count, -EINVAL, 0),
	};
	struct submit_call made;

	make_submit(self, &made);
	EXPECT_REFUSED(&made.call, &made.submit, bad);
	EXPECT_TRUE(npt_refuses_arrays(&made.call, &made.submit.jobs,
				       sizeof(made.jobs[0])));
	EXPECT_SOUND(&made.call);
}

TEST_F(args, submit_job)
{
	const uint32_t max_program = self->device.max_program_size;
	const uint32_t max_args = self->device.max_args_size;
	const struct npt_bad bad[] = {
		NPT_BAD(drm_npu_job, queue_id, -ENOENT, 0, self->queue + 1, NO_HANDLE),
		NPT_BAD_BITS(drm_npu_job, flags, -EINVAL, ALL_BITS),
		NPT_BAD(drm_npu_job, program, -EINVAL, 1, 4, self->fill.va + 1,
			self->fill.va + 4, self->fill.va - 1, ~0ull),
		NPT_BAD(drm_npu_job, args, -EINVAL, 1, 4, self->args + 1, self->args + 4,
			self->args - 1, ~0ull),
		NPT_BAD(drm_npu_job, report, -EINVAL, 1, 4, self->bo.va + 1,
			self->bo.va + 4, self->bo.va - 1, ~0ull),
		NPT_BAD(drm_npu_job, program_size, -EINVAL, 0, max_program + 1,
			max_program + 64, 1u << 31, ~0u),
		NPT_BAD(drm_npu_job, args_size, -EINVAL, 0, max_args + 1, max_args + 8,
			1u << 31, ~0u),
	};
	struct submit_call made;

	make_submit(self, &made);
	EXPECT_REFUSED(&made.call, &made.jobs[0], bad);
	EXPECT_REFUSED(&made.call, &made.jobs[1], bad);
}

TEST_F(args, submit_syncs)
{
	const struct npt_bad binary[] = {
		NPT_BAD_BITS(drm_npu_sync, flags, -EINVAL, ALL_BITS),
		NPT_BAD(drm_npu_sync, handle, -ENOENT, 0, self->signalled + 1, NO_HANDLE),
		NPT_BAD_BITS(drm_npu_sync, timeline_value, -EINVAL, ~0ull),
	};
	const struct npt_bad point[] = {
		NPT_BAD_BITS(drm_npu_sync, flags, -EINVAL, ALL_BITS),
		NPT_BAD(drm_npu_sync, handle, -ENOENT, 0, self->signalled + 1, NO_HANDLE),
		NPT_BAD(drm_npu_sync, timeline_value, -EINVAL, 0),
	};
	/* What nobody has signalled yet. */
	const struct npt_bad future[] = {
		NPT_BAD(drm_npu_sync, timeline_value, -EINVAL, 1ull << 32, ~0ull),
	};
	struct submit_call made;

	make_submit(self, &made);
	EXPECT_REFUSED(&made.call, &made.in[0], point);
	EXPECT_REFUSED(&made.call, &made.in[0], future);
	EXPECT_REFUSED(&made.call, &made.in[1], binary);
	EXPECT_REFUSED(&made.call, &made.out[0], binary);
	EXPECT_REFUSED(&made.call, &made.out[1], point);
	EXPECT_TRUE(npt_refuses_arrays(&made.call, &made.jobs[1].in_syncs,
				       sizeof(made.in[0])));
	EXPECT_TRUE(npt_refuses_arrays(&made.call, &made.jobs[1].out_syncs,
				       sizeof(made.out[0])));
}

/* As many as an array may have: of all the jobs of a call together, of syncs. */
TEST_F(args, the_longest_arrays)
{
	static struct drm_npu_sync syncs[DRM_NPU_MAX_ARRAY + 1];
	static struct drm_npu_vm_bind_op ops[DRM_NPU_MAX_ARRAY];
	static struct drm_npu_job jobs[DRM_NPU_MAX_ARRAY];
	struct submit_call made;
	unsigned int i;

	make_submit(self, &made);
	for (i = 0; i < DRM_NPU_MAX_ARRAY; i++) {
		syncs[i] = npt_binary(self->sync);
		jobs[i] = made.jobs[0];
		ops[i] = (struct drm_npu_vm_bind_op) {
			.handle = self->bo.handle,
			.address = VA + i * NPT_PAGE,
			.size = NPT_PAGE,
		};
	}
	EXPECT_EQ(0, npt_bind(self->fd, self->vm, ops, DRM_NPU_MAX_ARRAY));
	EXPECT_EQ(0, npt_unmap(self->fd, self->vm, VA, DRM_NPU_MAX_ARRAY * NPT_PAGE));

	npt_job_in(&made.jobs[0], syncs, DRM_NPU_MAX_ARRAY / 2);
	npt_job_in(&made.jobs[1], syncs, DRM_NPU_MAX_ARRAY / 2 + 1);
	EXPECT_EQ(-EINVAL, npt_submit(self->fd, made.jobs, 2));
	npt_job_in(&made.jobs[1], syncs, DRM_NPU_MAX_ARRAY / 2);
	EXPECT_EQ(0, npt_submit(self->fd, made.jobs, 2));
	EXPECT_EQ(0, undo_submit(self, NULL));

	jobs[DRM_NPU_MAX_ARRAY - 1] = made.jobs[1];
	EXPECT_EQ(0, npt_submit(self->fd, jobs, DRM_NPU_MAX_ARRAY));
	EXPECT_EQ(0, undo_submit(self, NULL));
}

/* ---- What DRM answers for us --------------------------------------------- */

/* A dma-buf of somebody else's memory, or -errno. */
static int foreign_buffer(void)
{
	struct udmabuf_create create = { .size = NPT_PAGE };
	int device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	int buffer;

	create.memfd = memfd_create("npu", MFD_ALLOW_SEALING);
	if (device < 0 || (int)create.memfd < 0 || ftruncate(create.memfd, NPT_PAGE) ||
	    fcntl(create.memfd, F_ADD_SEALS, F_SEAL_SHRINK))
		return -errno;
	buffer = ioctl(device, UDMABUF_CREATE, &create);
	close(create.memfd);
	close(device);
	return buffer < 0 ? -errno : buffer;
}

static int undo_gem_close(void *data, const void *args)
{
	const struct drm_gem_close *closed = args;
	ARGS_DATA *self = data;
	struct npt_bo bo;
	int err = npt_bo_create(self->fd, &bo, NPT_PAGE, DRM_NPU_PLACE_HBM, 0, 0);

	return err ? err : bo.handle == closed->handle ? 0 : -EEXIST;
}

TEST_F(args, gem_close)
{
	struct drm_gem_close close = { 0 };
	const struct npt_call call = call_of(self, "GEM_CLOSE", DRM_IOCTL_GEM_CLOSE,
					     &close, undo_gem_close);
	const struct npt_bad bad[] = {
		NPT_BAD(drm_gem_close, handle, -EINVAL, 0, NO_HANDLE),
	};
	struct npt_bo bo;

	ASSERT_EQ(0, npt_bo_create(self->fd, &bo, NPT_PAGE, DRM_NPU_PLACE_HBM, 0, 0));
	close.handle = bo.handle;
	EXPECT_REFUSED(&call, &close, bad);
	EXPECT_SOUND(&call);
}

/* Sharing is not built: it is refused whatever is asked for. */
TEST_F(args, prime)
{
	struct drm_prime_handle prime = { .handle = self->bo.handle, .fd = -1 };
	int buffer = foreign_buffer();

	EXPECT_EQ(-EOPNOTSUPP, npt_ioctl(self->fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime));
	prime.flags = DRM_CLOEXEC | DRM_RDWR;
	EXPECT_EQ(-EOPNOTSUPP, npt_ioctl(self->fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime));
	EXPECT_EQ(-1, prime.fd);
	prime.flags = 1;
	EXPECT_EQ(-EINVAL, npt_ioctl(self->fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime));
	prime.flags = 0;
	prime.handle = 4711;
	EXPECT_EQ(-ENOENT, npt_ioctl(self->fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime));

	prime.handle = 0;
	EXPECT_EQ(-EBADF, npt_ioctl(self->fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime));
	prime.fd = self->fd;
	EXPECT_EQ(-EINVAL, npt_ioctl(self->fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime));
	if (buffer < 0)
		SKIP(return, "no dma-buf to be had: %s", strerror(-buffer));
	prime.fd = buffer;
	EXPECT_EQ(-EOPNOTSUPP, npt_ioctl(self->fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime));
	EXPECT_EQ(0, prime.handle);
	close(buffer);
}

TEST_F(args, unknown_ioctls)
{
	static unsigned char zeros[_IOC_SIZEMASK];
	unsigned int number, size;

	for (number = DRM_NPU_SUBMIT + 1; number < DRM_COMMAND_END - DRM_COMMAND_BASE;
	     number++) {
		for (size = 0; size <= _IOC_SIZEMASK; size += _IOC_SIZEMASK) {
			unsigned long request = _IOC(_IOC_READ | _IOC_WRITE,
						     DRM_IOCTL_BASE,
						     DRM_COMMAND_BASE + number, size);

			EXPECT_EQ(-EINVAL, npt_ioctl(self->fd, request, zeros)) {
				TH_LOG("ioctl %#x, size %u", number, size);
			}
		}
	}
}

TEST_HARNESS_MAIN
