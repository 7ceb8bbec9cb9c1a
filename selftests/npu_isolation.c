// SPDX-License-Identifier: GPL-2.0-only
/* Clients cannot reach each other: addresses, handles, leftovers. */
#include "kselftest_harness.h"
#include "npu_test.h"

#define SIZE	NPT_MIB
#define SECRET	0x5ec4e75e

FIXTURE(isolation)
{
	struct npt_client a;
	struct npt_client b;
	uint32_t queue_a;
	uint32_t queue_b;
};

FIXTURE_SETUP(isolation)
{
	ASSERT_EQ(0, npt_client_open(&self->a));
	ASSERT_EQ(0, npt_client_open(&self->b));
	ASSERT_EQ(0, npt_queue_create(&self->a, 0, 0, &self->queue_a));
	ASSERT_EQ(0, npt_queue_create(&self->b, 0, 0, &self->queue_b));
}

FIXTURE_TEARDOWN(isolation)
{
	npt_client_close(&self->a);
	npt_client_close(&self->b);
}

#define ISOLATION_DATA FIXTURE_DATA(isolation)

TEST_F(isolation, one_address_is_two_places)
{
	struct npt_code code_a, code_b;
	struct npt_bo bo_a, bo_b;

	ASSERT_EQ(0, npt_bo_new(&self->a, &bo_a, SIZE, DRM_NPU_PLACE_HBM, 0,
				0));
	ASSERT_EQ(0, npt_bo_new(&self->b, &bo_b, SIZE, DRM_NPU_PLACE_HBM, 0,
				0));
	ASSERT_EQ(bo_a.va, bo_b.va);
	ASSERT_EQ(0, npt_code_fill(&self->a, SIZE / 4, &code_a));
	ASSERT_EQ(0, npt_code_fill(&self->b, SIZE / 4, &code_b));
	ASSERT_EQ(0, npt_run(&self->a, self->queue_a, &code_a,
			     (uint64_t[]){ bo_a.va, 0xaaaaaaaa }, 2));
	ASSERT_EQ(0, npt_run(&self->b, self->queue_b, &code_b,
			     (uint64_t[]){ bo_b.va, 0xbbbbbbbb }, 2));
	EXPECT_TRUE(npt_is_pattern(bo_a.map, SIZE, 0xaaaaaaaa));
	EXPECT_TRUE(npt_is_pattern(bo_b.map, SIZE, 0xbbbbbbbb));
}

TEST_F(isolation, one_clients_two_address_spaces_differ)
{
	struct npt_client second = self->a;
	struct npt_code code;
	struct npt_bo bo;
	uint32_t queue;

	ASSERT_EQ(0, npt_vm_create(self->a.fd, &second.vm));
	ASSERT_EQ(0, npt_map(self->a.fd, second.vm, self->a.text.handle, 0,
			     self->a.text.va, self->a.text.size, 0));
	ASSERT_EQ(0, npt_queue_create(&second, 0, 0, &queue));
	ASSERT_EQ(0, npt_bo_new(&self->a, &bo, NPT_PAGE, DRM_NPU_PLACE_HBM, 0,
				0));
	ASSERT_EQ(0, npt_code_fill(&self->a, 1, &code));
	EXPECT_EQ(-EFAULT, npt_run(&self->a, queue, &code,
				   (uint64_t[]){ bo.va, SECRET }, 2));
	EXPECT_EQ(0, npt_run(&self->a, self->queue_a, &code,
			     (uint64_t[]){ bo.va, SECRET }, 2));
}

TEST_F(isolation, anothers_address_faults)
{
	struct drm_npu_queue_get_state state;
	struct npt_code code;
	struct npt_bo bo;

	ASSERT_EQ(0, npt_bo_new(&self->a, &bo, SIZE, DRM_NPU_PLACE_HBM, 0, 0));
	npt_fill(bo.map, SIZE, SECRET);
	ASSERT_EQ(0, npt_code_fill(&self->b, SIZE / 4, &code));
	EXPECT_EQ(-EFAULT, npt_run(&self->b, self->queue_b, &code,
				   (uint64_t[]){ bo.va, 1 }, 2));
	ASSERT_EQ(0, npt_queue_state(self->b.fd, self->queue_b, &state));
	EXPECT_EQ(DRM_NPU_QUEUE_BANNED, state.state);
	EXPECT_EQ(DRM_NPU_BAN_FAULT, state.ban_reason);
	EXPECT_EQ(NPU_ERR_PAGE_FAULT, state.error_code);
	EXPECT_GE(state.error_address, bo.va);
	EXPECT_LT(state.error_address, bo.va + SIZE);
	EXPECT_TRUE(npt_is_pattern(bo.map, SIZE, SECRET));
	ASSERT_EQ(0, npt_queue_state(self->a.fd, self->queue_a, &state));
	EXPECT_EQ(DRM_NPU_QUEUE_USABLE, state.state);
}

TEST_F(isolation, handles_belong_to_their_file)
{
	struct drm_npu_bo_mmap_offset offset;
	struct npt_bo bo[8];
	unsigned int i;

	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, npt_bo_create(self->a.fd, &bo[i], NPT_PAGE,
					   DRM_NPU_PLACE_HBM, 0, 0));
	}
	offset = (struct drm_npu_bo_mmap_offset) { .handle = bo[7].handle };
	EXPECT_EQ(-ENOENT, npt_ioctl(self->b.fd, DRM_IOCTL_NPU_BO_MMAP_OFFSET,
				     &offset));
	EXPECT_EQ(-ENOENT, npt_map(self->b.fd, self->b.vm, bo[7].handle, 0,
				   NPT_GIB, NPT_PAGE, 0));
	EXPECT_EQ(-EINVAL, npt_gem_close(self->b.fd, bo[7].handle));
}

TEST_F(isolation, address_spaces_and_queues_belong_to_their_file)
{
	struct drm_npu_vm_get_state vm_state;
	struct drm_npu_queue_get_state state;
	struct npt_client thief = self->b;
	uint32_t queue = 0, stolen;
	unsigned int i;

	/* Numbers that only a has. */
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, npt_vm_create(self->a.fd, &thief.vm));
		ASSERT_EQ(0, npt_queue_create(&self->a, 0, 0, &queue));
	}
	EXPECT_EQ(-ENOENT, npt_vm_state(self->b.fd, thief.vm, &vm_state));
	EXPECT_EQ(-ENOENT, npt_vm_destroy(self->b.fd, thief.vm));
	EXPECT_EQ(-ENOENT, npt_unmap(self->b.fd, thief.vm, 0, NPT_PAGE));
	EXPECT_EQ(-ENOENT, npt_queue_create(&thief, 0, 0, &stolen));
	EXPECT_EQ(-ENOENT, npt_queue_state(self->b.fd, queue, &state));
	EXPECT_EQ(-ENOENT, npt_queue_destroy(self->b.fd, queue));
	EXPECT_EQ(0, npt_queue_state(self->a.fd, queue, &state));
}

TEST_F(isolation, a_global_name_does_not_open_a_private_buffer)
{
	struct drm_npu_bo_create create = {
		.size = NPT_PAGE,
		.placement = DRM_NPU_PLACE_HBM,
		.exclusive_vm_id = self->a.vm,
	};
	struct drm_gem_flink flink = { 0 };
	struct drm_gem_open open = { 0 };
	int err;

	ASSERT_EQ(0, npt_ioctl(self->a.fd, DRM_IOCTL_NPU_BO_CREATE, &create));
	flink.handle = create.handle;
	if (npt_ioctl(self->a.fd, DRM_IOCTL_GEM_FLINK, &flink))
		return;
	open.name = flink.name;
	err = npt_ioctl(self->b.fd, DRM_IOCTL_GEM_OPEN, &open);
	if (!err)
		err = npt_map(self->b.fd, self->b.vm, open.handle, 0, NPT_GIB,
			      NPT_PAGE, 0);
	EXPECT_NE(0, err);
}

/* Leave a secret in memory at a known place, and give that back. */
static int leave_secret(uint64_t *offset)
{
	struct npt_client client;
	struct npt_bo bo;
	int err = npt_client_open(&client);

	if (err)
		return err;
	err = npt_bo_new(&client, &bo, SIZE, DRM_NPU_PLACE_HBM, NPT_DIE(0),
			 DRM_NPU_BO_CONTIGUOUS);
	if (!err) {
		npt_fill(bo.map, SIZE, SECRET);
		if (!npt_is_pattern(bo.map, SIZE, SECRET))
			err = -EILSEQ;
		*offset = bo.hbm_offset;
		npt_bo_free(&client, &bo);
	}
	npt_client_close(&client);
	return err;
}

/* Allocate until the place turns up again. */
static int take_place(struct npt_client *client, struct npt_bo *bo,
		      uint64_t offset, uint32_t flags)
{
	int err;

	do {
		err = npt_bo_create(client->fd, bo, SIZE, DRM_NPU_PLACE_HBM,
				    NPT_DIE(0), DRM_NPU_BO_CONTIGUOUS | flags);
	} while (!err && bo->hbm_offset != offset);
	return err;
}

TEST_F(isolation, freed_hbm_reads_zero_through_the_cpu)
{
	uint64_t offset;
	struct npt_bo bo;

	ASSERT_EQ(0, leave_secret(&offset));
	ASSERT_EQ(0, take_place(&self->b, &bo, offset, 0));
	ASSERT_EQ(0, npt_bo_mmap(self->b.fd, &bo));
	EXPECT_TRUE(npt_is_zero(bo.map, SIZE));
}

TEST_F(isolation, freed_hbm_reads_zero_through_the_card)
{
	struct npt_bo bo, out;
	struct npt_code code;
	uint64_t offset;

	ASSERT_EQ(0, leave_secret(&offset));
	ASSERT_EQ(0, npt_bo_new(&self->b, &out, SIZE, DRM_NPU_PLACE_HOST, 0,
				0));
	npt_fill(out.map, SIZE, 0xffffffff);
	ASSERT_EQ(0, npt_code_copy(&self->b, SIZE / 4, &code));
	ASSERT_EQ(0, take_place(&self->b, &bo, offset,
				DRM_NPU_BO_NO_CPU_ACCESS));
	ASSERT_EQ(0, npt_map(self->b.fd, self->b.vm, bo.handle, 0, NPT_GIB,
			     SIZE, 0));
	ASSERT_EQ(0, npt_run(&self->b, self->queue_b, &code,
			     (uint64_t[]){ out.va, NPT_GIB }, 2));
	EXPECT_TRUE(npt_is_zero(out.map, SIZE));
}

TEST_F(isolation, freed_host_memory_reads_zero)
{
	const uint64_t size = 8 * NPT_MIB;
	struct npt_bo bo, out;
	struct npt_code code;
	unsigned int round;

	ASSERT_EQ(0, npt_code_copy(&self->b, size / 4, &code));
	ASSERT_EQ(0, npt_bo_new(&self->b, &out, size, DRM_NPU_PLACE_HBM, 0, 0));
	for (round = 0; round < 4; round++) {
		ASSERT_EQ(0, npt_bo_new(&self->a, &bo, size,
					DRM_NPU_PLACE_HOST, 0, 0));
		EXPECT_TRUE(npt_is_zero(bo.map, size));
		npt_fill(bo.map, size, SECRET);
		npt_bo_free(&self->a, &bo);

		ASSERT_EQ(0, npt_bo_new(&self->b, &bo, size,
					DRM_NPU_PLACE_HOST, 0, 0));
		ASSERT_EQ(0, npt_run(&self->b, self->queue_b, &code,
				     (uint64_t[]){ out.va, bo.va }, 2));
		EXPECT_TRUE(npt_is_zero(out.map, size));
		npt_bo_free(&self->b, &bo);
	}
}

/* Page tables lie in HBM too: what they leave behind is nobody's to read. */
TEST_F(isolation, freed_page_tables_read_zero)
{
	const uint64_t size = 512 * NPT_KIB;
	unsigned int i, dirty = 0;
	uint32_t vm;

	for (i = 0; i < 16; i++) {
		ASSERT_EQ(0, npt_vm_create(self->a.fd, &vm));
		ASSERT_EQ(0, npt_map(self->a.fd, vm, self->a.text.handle, 0,
				     (uint64_t)i << 40, size, 0));
		ASSERT_EQ(0, npt_vm_destroy(self->a.fd, vm));
	}
	for (i = 0; i < 64; i++) {
		struct npt_bo bo;

		ASSERT_EQ(0, npt_bo_create(self->b.fd, &bo, NPT_PAGE,
					   DRM_NPU_PLACE_HBM, 0, 0));
		ASSERT_EQ(0, npt_bo_mmap(self->b.fd, &bo));
		dirty += !npt_is_zero(bo.map, NPT_PAGE);
	}
	EXPECT_EQ(0, dirty);
}

TEST_HARNESS_MAIN
