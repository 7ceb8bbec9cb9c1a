// SPDX-License-Identifier: GPL-2.0-only
/* VM_BIND: maps, unmaps, splits. */
#include "kselftest_harness.h"
#include "npu_test.h"

#define VA	(1ull << 32)
#define SIZE	(64 * NPT_KIB)

FIXTURE(bind)
{
	struct npt_client client;
	struct npt_bo bo;
	struct npt_bo out;
	struct npt_code copy;
	uint32_t queue;
	int fd;
	uint32_t vm;
};

FIXTURE_SETUP(bind)
{
	ASSERT_EQ(0, npt_client_open(&self->client));
	self->fd = self->client.fd;
	self->vm = self->client.vm;
	ASSERT_EQ(0, npt_bo_create(self->fd, &self->bo, SIZE,
				   DRM_NPU_PLACE_HBM, 0, 0));
	ASSERT_EQ(0, npt_bo_mmap(self->fd, &self->bo));
	ASSERT_EQ(0, npt_bo_new(&self->client, &self->out, NPT_PAGE,
				DRM_NPU_PLACE_HOST, 0, 0));
	ASSERT_EQ(0, npt_code_copy(&self->client, 1, &self->copy));
	ASSERT_EQ(0, npt_queue_create(&self->client, 0, 0, &self->queue));
}

FIXTURE_TEARDOWN(bind)
{
	npt_client_close(&self->client);
}

#define BIND_DATA FIXTURE_DATA(bind)

static struct drm_npu_vm_bind_op good_op(const BIND_DATA *self)
{
	return (struct drm_npu_vm_bind_op) {
		.op = DRM_NPU_VM_BIND_OP_MAP,
		.handle = self->bo.handle,
		.address = VA,
		.size = SIZE,
	};
}

static uint64_t mapped(const BIND_DATA *self)
{
	struct drm_npu_vm_get_state state;

	if (npt_vm_state(self->fd, self->vm, &state))
		return ~0ull;
	return state.mapped - self->client.text.size - self->out.size;
}

/* What the card reads at an address; -errno if that fails. */
static int card_reads(BIND_DATA *self, uint64_t va, uint32_t *word)
{
	uint64_t args[] = { self->out.va, va };
	int err = npt_run(&self->client, self->queue, &self->copy, args, 2);

	*word = *(volatile uint32_t *)self->out.map;
	return err;
}

static void number_pages(const struct npt_bo *bo, uint32_t first)
{
	uint64_t page;

	for (page = 0; page < bo->size / NPT_PAGE; page++)
		*(uint32_t *)((char *)bo->map + page * NPT_PAGE) = first + page;
}

/* The card sees this page number at the address, or nothing at all (0). */
static void expect_page(struct __test_metadata *_metadata, BIND_DATA *self,
			uint64_t va, uint32_t number)
{
	uint32_t word, queue = self->queue;

	/* A fault bans its queue: look through a queue of its own. */
	if (!number) {
		ASSERT_EQ(0, npt_queue_create(&self->client, 0, 0,
					      &self->queue));
	}
	if (number) {
		EXPECT_EQ(0, card_reads(self, va, &word));
		EXPECT_EQ(number, word);
	} else {
		EXPECT_EQ(-EFAULT, card_reads(self, va, &word)) {
			TH_LOG("0x%llx is still mapped", (unsigned long long)va);
		}
		npt_queue_destroy(self->fd, self->queue);
		self->queue = queue;
	}
}

TEST_F(bind, map_and_unmap_are_counted)
{
	EXPECT_EQ(0, mapped(self));
	ASSERT_EQ(0, npt_map(self->fd, self->vm, self->bo.handle, 0, VA, SIZE,
			     0));
	EXPECT_EQ(SIZE, mapped(self));
	ASSERT_EQ(0, npt_unmap(self->fd, self->vm, VA, SIZE));
	EXPECT_EQ(0, mapped(self));
}

TEST_F(bind, card_sees_what_is_mapped)
{
	number_pages(&self->bo, 1);
	ASSERT_EQ(0, npt_map(self->fd, self->vm, self->bo.handle, 0, VA, SIZE,
			     0));
	expect_page(_metadata, self, VA, 1);
	expect_page(_metadata, self, VA + SIZE - NPT_PAGE, SIZE / NPT_PAGE);
	expect_page(_metadata, self, VA + SIZE, 0);
	expect_page(_metadata, self, VA - NPT_PAGE, 0);
}

TEST_F(bind, offset_into_the_buffer_holds)
{
	number_pages(&self->bo, 1);
	ASSERT_EQ(0, npt_map(self->fd, self->vm, self->bo.handle, 3 * NPT_PAGE,
			     VA, 2 * NPT_PAGE, 0));
	expect_page(_metadata, self, VA, 4);
	expect_page(_metadata, self, VA + NPT_PAGE, 5);
	expect_page(_metadata, self, VA + 2 * NPT_PAGE, 0);
}

TEST_F(bind, unmap_in_the_middle_splits)
{
	number_pages(&self->bo, 1);
	ASSERT_EQ(0, npt_map(self->fd, self->vm, self->bo.handle, 0, VA, SIZE,
			     0));
	ASSERT_EQ(0, npt_unmap(self->fd, self->vm, VA + 4 * NPT_PAGE,
			       4 * NPT_PAGE));
	EXPECT_EQ(SIZE - 4 * NPT_PAGE, mapped(self));
	expect_page(_metadata, self, VA + 3 * NPT_PAGE, 4);
	expect_page(_metadata, self, VA + 4 * NPT_PAGE, 0);
	expect_page(_metadata, self, VA + 7 * NPT_PAGE, 0);
	expect_page(_metadata, self, VA + 8 * NPT_PAGE, 9);
}

TEST_F(bind, map_replaces_what_was_there)
{
	struct npt_bo other;

	ASSERT_EQ(0, npt_bo_create(self->fd, &other, SIZE, DRM_NPU_PLACE_HOST,
				   0, 0));
	ASSERT_EQ(0, npt_bo_mmap(self->fd, &other));
	number_pages(&self->bo, 1);
	number_pages(&other, 101);
	ASSERT_EQ(0, npt_map(self->fd, self->vm, self->bo.handle, 0, VA, SIZE,
			     0));
	ASSERT_EQ(0, npt_map(self->fd, self->vm, other.handle, 0,
			     VA + 2 * NPT_PAGE, 3 * NPT_PAGE, 0));
	EXPECT_EQ(SIZE, mapped(self));
	expect_page(_metadata, self, VA + NPT_PAGE, 2);
	expect_page(_metadata, self, VA + 2 * NPT_PAGE, 101);
	expect_page(_metadata, self, VA + 4 * NPT_PAGE, 103);
	expect_page(_metadata, self, VA + 5 * NPT_PAGE, 6);
}

TEST_F(bind, a_large_page_is_split)
{
	const uint64_t size = 4 * NPT_MIB, hole = 2 * NPT_MIB + 8 * NPT_PAGE;
	struct npt_bo big;

	ASSERT_EQ(0, npt_bo_create(self->fd, &big, size, DRM_NPU_PLACE_HBM, 0,
				   DRM_NPU_BO_CONTIGUOUS));
	ASSERT_EQ(0, npt_bo_mmap(self->fd, &big));
	number_pages(&big, 1);
	ASSERT_EQ(0, npt_map(self->fd, self->vm, big.handle, 0, VA, size, 0));
	expect_page(_metadata, self, VA + hole, hole / NPT_PAGE + 1);
	ASSERT_EQ(0, npt_unmap(self->fd, self->vm, VA + hole, NPT_PAGE));
	EXPECT_EQ(size - NPT_PAGE, mapped(self));
	expect_page(_metadata, self, VA, 1);
	expect_page(_metadata, self, VA + hole - NPT_PAGE, hole / NPT_PAGE);
	expect_page(_metadata, self, VA + hole, 0);
	expect_page(_metadata, self, VA + hole + NPT_PAGE, hole / NPT_PAGE + 2);
	expect_page(_metadata, self, VA + size - NPT_PAGE, size / NPT_PAGE);
}

TEST_F(bind, one_buffer_at_two_addresses)
{
	number_pages(&self->bo, 1);
	ASSERT_EQ(0, npt_map(self->fd, self->vm, self->bo.handle, 0, VA, SIZE,
			     0));
	ASSERT_EQ(0, npt_map(self->fd, self->vm, self->bo.handle, 0, VA + SIZE,
			     SIZE, 0));
	EXPECT_EQ(2 * SIZE, mapped(self));
	ASSERT_EQ(0, npt_unmap(self->fd, self->vm, VA, SIZE));
	expect_page(_metadata, self, VA + SIZE, 1);
	expect_page(_metadata, self, VA, 0);
}

TEST_F(bind, addresses_reach_from_end_to_end)
{
	static const uint64_t places[] = {
		0, 1ull << 21, 1ull << 30, 1ull << 39, (1ull << 47) - SIZE,
		1ull << 47, (1ull << 48) - SIZE,
	};
	unsigned int i;

	number_pages(&self->bo, 1);
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		ASSERT_EQ(0, npt_map(self->fd, self->vm, self->bo.handle, 0,
				     places[i], SIZE, 0));
	}
	for (i = 0; i < ARRAY_SIZE(places); i++)
		expect_page(_metadata, self, places[i], 1);
	expect_page(_metadata, self, places[6] + SIZE - NPT_PAGE,
		    SIZE / NPT_PAGE);
}

TEST_F(bind, host_and_hbm_lie_side_by_side)
{
	struct npt_bo host;

	ASSERT_EQ(0, npt_bo_create(self->fd, &host, SIZE, DRM_NPU_PLACE_HOST,
				   0, 0));
	ASSERT_EQ(0, npt_bo_mmap(self->fd, &host));
	number_pages(&self->bo, 1);
	number_pages(&host, 201);
	ASSERT_EQ(0, npt_map(self->fd, self->vm, self->bo.handle, 0, VA, SIZE,
			     0));
	ASSERT_EQ(0, npt_map(self->fd, self->vm, host.handle, 0, VA + SIZE,
			     SIZE, 0));
	expect_page(_metadata, self, VA + SIZE - NPT_PAGE, SIZE / NPT_PAGE);
	expect_page(_metadata, self, VA + SIZE, 201);
}

TEST_F(bind, a_thousand_operations_in_one_call)
{
	struct drm_npu_vm_bind_op ops[1000];
	unsigned int i;

	number_pages(&self->bo, 1);
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		ops[i] = good_op(self);
		ops[i].size = NPT_PAGE;
		ops[i].bo_offset = i % 16 * NPT_PAGE;
		ops[i].address = VA + 2 * i * NPT_PAGE;
	}
	ASSERT_EQ(0, npt_bind(self->fd, self->vm, ops, ARRAY_SIZE(ops)));
	EXPECT_EQ(1000 * NPT_PAGE, mapped(self));
	expect_page(_metadata, self, VA + 2 * 999 * NPT_PAGE, 999 % 16 + 1);
	ASSERT_EQ(0, npt_unmap(self->fd, self->vm, VA, 2000 * NPT_PAGE));
	EXPECT_EQ(0, mapped(self));
}

TEST_F(bind, operations_are_done_in_order)
{
	struct drm_npu_vm_bind_op ops[3] = {
		good_op(self),
		{ .op = DRM_NPU_VM_BIND_OP_UNMAP, .address = VA, .size = SIZE },
		good_op(self),
	};

	ops[2].size = NPT_PAGE;
	ASSERT_EQ(0, npt_bind(self->fd, self->vm, ops, 3));
	EXPECT_EQ(NPT_PAGE, mapped(self));
}

TEST_F(bind, unmap_of_nothing_is_fine)
{
	EXPECT_EQ(0, npt_unmap(self->fd, self->vm, VA, SIZE));
	EXPECT_EQ(0, npt_bind(self->fd, self->vm, NULL, 0));
	EXPECT_EQ(0, mapped(self));
}

TEST_F(bind, all_is_checked_before_the_first_is_done)
{
	struct drm_npu_vm_bind_op ops[3] = {
		good_op(self), good_op(self), good_op(self),
	};
	struct drm_npu_vm_bind bind = {
		.vm_id = self->vm,
		.ops = { sizeof(ops[0]), 3, (uintptr_t)ops },
	};

	ops[1].address += SIZE;
	ops[2].flags = 1u << 31;
	EXPECT_EQ(-EINVAL, npt_ioctl(self->fd, DRM_IOCTL_NPU_VM_BIND, &bind));
	EXPECT_EQ(2, bind.failed_op);
	EXPECT_EQ(0, mapped(self));
}

TEST_F(bind, an_exclusive_buffer_stays_in_its_address_space)
{
	struct drm_npu_bo_create create = {
		.size = SIZE,
		.placement = DRM_NPU_PLACE_HBM,
		.exclusive_vm_id = self->vm,
	};
	uint32_t other;

	ASSERT_EQ(0, npt_ioctl(self->fd, DRM_IOCTL_NPU_BO_CREATE, &create));
	ASSERT_EQ(0, npt_vm_create(self->fd, &other));
	EXPECT_EQ(0, npt_map(self->fd, self->vm, create.handle, 0, VA, SIZE,
			     0));
	EXPECT_EQ(-EINVAL, npt_map(self->fd, other, create.handle, 0, VA, SIZE,
				   0));
}

TEST_F(bind, a_mapping_keeps_its_buffer)
{
	number_pages(&self->bo, 1);
	ASSERT_EQ(0, npt_map(self->fd, self->vm, self->bo.handle, 0, VA, SIZE,
			     0));
	ASSERT_EQ(0, npt_bo_close(self->fd, &self->bo));
	expect_page(_metadata, self, VA + 2 * NPT_PAGE, 3);
}

/*
 * A job fills the buffer, stalls, and fills it again.  While it stalls the buffer
 * is unmapped and freed: the next owner of the memory must not be written to.
 */
TEST_F(bind, unmap_under_a_running_job_takes_effect)
{
	const uint64_t size = NPT_MIB;
	uint64_t args[3], used, offset;
	struct drm_npu_queue_get_state state;
	struct npt_bo victim, next;
	struct npt_prog prog;
	struct npt_code code;
	unsigned int tensor;
	uint32_t sync;

	ASSERT_EQ(0, npt_sync_create(self->fd, 0, &sync));
	ASSERT_EQ(0, npt_bo_new(&self->client, &victim, size,
				DRM_NPU_PLACE_HBM, NPT_DIE(0),
				DRM_NPU_BO_CONTIGUOUS));
	offset = victim.hbm_offset;
	npt_prog_init(&prog, 1, 2);
	tensor = npt_prog_vector(&prog, 0, NPU_DTYPE_S32, size / 4);
	npt_prog_insn(&prog, NPU_OP_FILL, tensor, NPU_NONE,
		      NPU_NONE)->scalar = 0;
	npt_prog_stall(&prog, 1000);
	npt_prog_insn(&prog, NPU_OP_FILL, tensor, NPU_NONE,
		      NPU_NONE)->scalar = 1;
	ASSERT_EQ(0, npt_prog_load(&self->client, &prog, &code));
	args[0] = victim.va;
	args[1] = 0x11111111;
	args[2] = 0x22222222;
	ASSERT_EQ(0, npt_start(&self->client, self->queue, &code, args, 3,
			       sync));

	/* The last word of the first fill. */
	while (!npt_is_pattern((char *)victim.map + size - 4, 4, 0x11111111)) {
		ASSERT_EQ(-ETIME, npt_sync_wait(self->fd, sync, 1));
	}
	used = npt_hbm_used(self->fd);
	npt_bo_free(&self->client, &victim);
	ASSERT_EQ(-ETIME, npt_sync_wait(self->fd, sync, 0));
	ASSERT_TRUE(npt_hbm_settles(self->fd, used - size));

	/* Take that very memory, however often it needs. */
	do {
		ASSERT_EQ(0, npt_bo_create(self->fd, &next, size,
					   DRM_NPU_PLACE_HBM, NPT_DIE(0),
					   DRM_NPU_BO_CONTIGUOUS));
	} while (next.hbm_offset != offset);
	ASSERT_EQ(0, npt_bo_mmap(self->fd, &next));
	EXPECT_TRUE(npt_is_zero(next.map, size));
	EXPECT_EQ(-EFAULT, npt_sync_result(self->fd, sync, NPT_LIMIT_MS));
	EXPECT_TRUE(npt_is_zero(next.map, size));

	ASSERT_EQ(0, npt_queue_state(self->fd, self->queue, &state));
	EXPECT_EQ(NPU_ERR_PAGE_FAULT, state.error_code);
	EXPECT_EQ(2, state.error_insn);
	EXPECT_GE(state.error_address, args[0]);
	EXPECT_LT(state.error_address, args[0] + size);
}

/* Fills in flight at the moment of the unmap: none may land after it. */
TEST_F(bind, unmap_waits_for_tiles_in_flight)
{
	const uint64_t size = 2 * NPT_MIB;
	unsigned int round;

	for (round = 0; round < 8; round++) {
		uint32_t queue, sync;
		struct npt_prog prog;
		struct npt_code code;
		unsigned int i, tensor;
		struct npt_bo bo;
		int err;

		ASSERT_EQ(0, npt_queue_create(&self->client, 0, 0, &queue));
		ASSERT_EQ(0, npt_sync_create(self->fd, 0, &sync));
		ASSERT_EQ(0, npt_bo_new(&self->client, &bo, size,
					DRM_NPU_PLACE_HBM, 0, 0));
		npt_prog_init(&prog, 1, 1);
		tensor = npt_prog_vector(&prog, 0, NPU_DTYPE_S32, size / 4);
		for (i = 0; i < 200; i++)
			npt_prog_insn(&prog, NPU_OP_FILL, tensor, NPU_NONE,
				      NPU_NONE)->scalar = 0;
		ASSERT_EQ(0, npt_prog_load(&self->client, &prog, &code));
		ASSERT_EQ(0, npt_start(&self->client, queue, &code,
				       (uint64_t[]){ bo.va, ~0ull >> 32 }, 2,
				       sync));
		ASSERT_TRUE(npt_queue_executes(self->fd, queue));
		ASSERT_EQ(0, npt_unmap(self->fd, self->vm, bo.va, size));
		/* The CPU still sees the memory: the card must not touch it. */
		npt_fill(bo.map, size, 0x77777777);
		err = npt_sync_result(self->fd, sync, NPT_LIMIT_MS);
		EXPECT_TRUE(err == 0 || err == -EFAULT);
		EXPECT_TRUE(npt_is_pattern(bo.map, size, 0x77777777));
		npt_bo_close(self->fd, &bo);
		npt_queue_destroy(self->fd, queue);
	}
}

TEST_HARNESS_MAIN
