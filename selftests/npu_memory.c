// SPDX-License-Identifier: GPL-2.0-only
/*
 * HBM that runs full.  It is filled for real, so this wants a card with little of
 * it: hbm=256M.
 */
#include "kselftest_harness.h"
#include "npu_test.h"

#define LARGEST_HBM	(2 * NPT_GIB)

FIXTURE(memory)
{
	int fd;
	uint32_t dies;
	uint64_t total;
	uint64_t used;
	struct drm_npu_query_memory mem[DRM_NPU_MAX_DIES + 1];
};

FIXTURE_SETUP(memory)
{
	int i, count;

	self->fd = npt_open();
	ASSERT_GE(self->fd, 0);
	ASSERT_TRUE(npt_hbm_quiet(self->fd, &self->used));
	count = npt_query_memory(self->fd, self->mem);
	ASSERT_GE(count, 2);
	self->dies = count - 1;
	for (i = 0; i < count - 1; i++)
		self->total += self->mem[i].total;
	if (self->total > LARGEST_HBM)
		SKIP(return, "the card has more than 2 GiB of HBM to fill");
}

FIXTURE_TEARDOWN(memory)
{
	close(self->fd);
}

/* Allocate until it is full; returns the errno that ended it. */
static int fill_up(int fd, uint64_t size, uint32_t mask, uint32_t *handles,
		   unsigned int max, unsigned int *count)
{
	struct npt_bo bo;
	int err;

	for (*count = 0; *count < max; ++*count) {
		err = npt_bo_create(fd, &bo, size, DRM_NPU_PLACE_HBM, mask,
				    DRM_NPU_BO_NO_CPU_ACCESS);
		if (err)
			return err;
		handles[*count] = bo.handle;
	}
	return 0;
}

TEST_F(memory, a_full_card_says_enospc)
{
	const uint64_t size = 2 * NPT_MIB;
	unsigned int count, i;
	uint32_t handles[1024];

	EXPECT_EQ(-ENOSPC, fill_up(self->fd, size, 0, handles,
				   ARRAY_SIZE(handles), &count));
	/* Nothing is lost but what others hold and the ends of ranges. */
	EXPECT_GE((count + self->dies) * size, self->total - self->used);
	EXPECT_EQ(self->used + count * size, npt_hbm_used(self->fd));
	for (i = 0; i < count; i++) {
		ASSERT_EQ(0, npt_gem_close(self->fd, handles[i]));
	}
	EXPECT_TRUE(npt_hbm_settles(self->fd, self->used));
	EXPECT_EQ(0, npt_works());
}

TEST_F(memory, a_full_card_works_again_and_again)
{
	const uint64_t size = 8 * NPT_MIB;
	unsigned int count, first = 0, round, i;
	uint32_t handles[256];

	for (round = 0; round < 3; round++) {
		EXPECT_EQ(-ENOSPC, fill_up(self->fd, size, 0, handles,
					   ARRAY_SIZE(handles), &count));
		if (!round)
			first = count;
		EXPECT_EQ(first, count);
		for (i = 0; i < count; i++) {
			ASSERT_EQ(0, npt_gem_close(self->fd, handles[i]));
		}
		EXPECT_TRUE(npt_hbm_settles(self->fd, self->used));
	}
}

TEST_F(memory, a_full_die_leaves_the_others_alone)
{
	uint32_t handles[1024], mask = NPT_DIE(self->dies - 1);
	struct drm_npu_query_memory now[DRM_NPU_MAX_DIES + 1];
	unsigned int count, i;
	struct npt_bo bo;

	EXPECT_EQ(-ENOSPC, fill_up(self->fd, NPT_MIB, mask, handles,
				   ARRAY_SIZE(handles), &count));
	ASSERT_EQ(self->dies + 1, npt_query_memory(self->fd, now));
	EXPECT_EQ(self->mem[self->dies - 1].used + count * NPT_MIB,
		  now[self->dies - 1].used);
	for (i = 0; i + 1 < self->dies; i++) {
		EXPECT_EQ(self->mem[i].used, now[i].used);
	}
	if (self->dies > 1) {
		EXPECT_EQ(0, npt_bo_create(self->fd, &bo, NPT_MIB,
					   DRM_NPU_PLACE_HBM, 0, 0));
	}
}

TEST_F(memory, a_buffer_larger_than_a_die_spans_dies)
{
	const uint64_t size = self->mem[0].total + 4 * NPT_MIB;
	struct npt_bo bo;

	EXPECT_EQ(-ENOSPC, npt_bo_create(self->fd, &bo, size,
					 DRM_NPU_PLACE_HBM, NPT_DIE(0), 0));
	if (self->dies < 2)
		SKIP(return, "the card has one die");
	EXPECT_EQ(0, npt_bo_create(self->fd, &bo, size, DRM_NPU_PLACE_HBM, 0,
				   0));
	EXPECT_EQ(self->used + size, npt_hbm_used(self->fd));
}

TEST_F(memory, hbm_or_host_falls_back_to_host)
{
	unsigned int count;
	uint32_t handles[1024];
	struct npt_bo bo;
	uint64_t used;

	EXPECT_EQ(-ENOSPC, fill_up(self->fd, 2 * NPT_MIB, 0, handles,
				   ARRAY_SIZE(handles), &count));
	used = npt_hbm_used(self->fd);
	ASSERT_EQ(0, npt_bo_create(self->fd, &bo, 2 * NPT_MIB,
				   DRM_NPU_PLACE_HBM | DRM_NPU_PLACE_HOST, 0,
				   0));
	EXPECT_EQ(used, npt_hbm_used(self->fd));
	ASSERT_EQ(0, npt_bo_mmap(self->fd, &bo));
	EXPECT_TRUE(npt_is_zero(bo.map, bo.size));
}

TEST_F(memory, unbind_works_without_any_memory)
{
	const uint64_t va = 1ull << 32, size = 4 * NPT_MIB;
	uint32_t handles[1024], small[512], vm;
	unsigned int count, rest;
	struct npt_bo bo;

	ASSERT_EQ(0, npt_vm_create(self->fd, &vm));
	ASSERT_EQ(0, npt_bo_create(self->fd, &bo, size, DRM_NPU_PLACE_HBM, 0,
				   DRM_NPU_BO_CONTIGUOUS));
	ASSERT_EQ(0, npt_map(self->fd, vm, bo.handle, 0, va, size, 0));
	ASSERT_EQ(-ENOSPC, fill_up(self->fd, 2 * NPT_MIB, 0, handles,
				   ARRAY_SIZE(handles), &count));
	EXPECT_EQ(-ENOSPC, fill_up(self->fd, 64 * NPT_KIB, 0, small,
				   ARRAY_SIZE(small), &rest));
	/* The hole splits a large page, which takes a table. */
	EXPECT_EQ(0, npt_unmap(self->fd, vm, va + NPT_PAGE, NPT_PAGE));
	EXPECT_EQ(0, npt_unmap(self->fd, vm, va, size));
	EXPECT_EQ(0, npt_vm_destroy(self->fd, vm));
}

/* Down to the last page. */
static int fill_up_all(int fd)
{
	static uint32_t handles[1024];
	unsigned int count;

	fill_up(fd, 2 * NPT_MIB, 0, handles, ARRAY_SIZE(handles), &count);
	fill_up(fd, 64 * NPT_KIB, 0, handles, ARRAY_SIZE(handles), &count);
	return fill_up(fd, NPT_PAGE, 0, handles, ARRAY_SIZE(handles), &count);
}

TEST_F(memory, a_full_card_has_no_room_for_an_address_space)
{
	struct npt_client client;
	struct npt_code code;
	uint32_t queue, vm;

	ASSERT_EQ(0, npt_client_open(&client));
	ASSERT_EQ(-ENOSPC, fill_up_all(self->fd));
	EXPECT_EQ(-ENOSPC, npt_vm_create(self->fd, &vm));
	/* Those who have one need no more. */
	ASSERT_EQ(0, npt_code_stall(&client, 1, &code));
	ASSERT_EQ(0, npt_queue_create(&client, 0, 0, &queue));
	EXPECT_EQ(0, npt_run(&client, queue, &code, NULL, 0));
	npt_client_close(&client);
	EXPECT_EQ(0, npt_vm_create(self->fd, &vm));
}

TEST_F(memory, a_bind_without_memory_for_tables_fails_cleanly)
{
	struct drm_npu_vm_get_state state;
	struct npt_bo bo;
	unsigned int i;
	uint32_t vm;
	int err = 0;

	ASSERT_EQ(0, npt_vm_create(self->fd, &vm));
	ASSERT_EQ(0, npt_bo_create(self->fd, &bo, NPT_PAGE, DRM_NPU_PLACE_HBM,
				   0, 0));
	ASSERT_EQ(-ENOSPC, fill_up_all(self->fd));
	/* Every address wants tables of its own, down from the root. */
	for (i = 0; i < 512 && !err; i++)
		err = npt_map(self->fd, vm, bo.handle, 0, (uint64_t)i << 39,
			      NPT_PAGE, 0);
	EXPECT_EQ(-ENOSPC, err);
	ASSERT_EQ(0, npt_vm_state(self->fd, vm, &state));
	EXPECT_EQ((i - 1) * NPT_PAGE, state.mapped);
	EXPECT_EQ(DRM_NPU_VM_USABLE, state.state);
	EXPECT_EQ(0, npt_vm_destroy(self->fd, vm));
}

TEST_HARNESS_MAIN
