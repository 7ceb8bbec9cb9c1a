// SPDX-License-Identifier: GPL-2.0-only
/* VM_CREATE, VM_DESTROY and VM_GET_STATE. */
#include "kselftest_harness.h"
#include "npu_test.h"

FIXTURE(vm)
{
	int fd;
};

FIXTURE_SETUP(vm)
{
	self->fd = npt_open();
	ASSERT_GE(self->fd, 0);
}

FIXTURE_TEARDOWN(vm)
{
	close(self->fd);
}

static int create(int fd, uint32_t flags, uint64_t start, uint64_t size,
		  uint32_t *vm)
{
	struct drm_npu_vm_create create = {
		.flags = flags,
		.va_start = start,
		.va_size = size,
	};
	int err = npt_ioctl(fd, DRM_IOCTL_NPU_VM_CREATE, &create);

	*vm = create.vm_id;
	return err;
}

TEST_F(vm, begins_empty_and_usable)
{
	struct drm_npu_vm_get_state state;
	uint32_t vm;

	ASSERT_EQ(0, npt_vm_create(self->fd, &vm));
	EXPECT_NE(0, vm);
	ASSERT_EQ(0, npt_vm_state(self->fd, vm, &state));
	EXPECT_EQ(DRM_NPU_VM_USABLE, state.state);
	EXPECT_EQ(0, state.mapped);
	EXPECT_GE(state.page_table_bytes, 4096);
	EXPECT_EQ(0, npt_vm_destroy(self->fd, vm));
}

TEST_F(vm, many_have_numbers_of_their_own)
{
	uint32_t vms[64];
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(vms); i++) {
		ASSERT_EQ(0, npt_vm_create(self->fd, &vms[i]));
		for (j = 0; j < i; j++) {
			ASSERT_NE(vms[j], vms[i]);
		}
	}
	for (i = 0; i < ARRAY_SIZE(vms); i++) {
		EXPECT_EQ(0, npt_vm_destroy(self->fd, vms[i]));
	}
}

/* Also when somebody tried to destroy that one. */
TEST_F(vm, zero_is_no_number)
{
	uint32_t vm;

	ASSERT_EQ(0, npt_vm_create(self->fd, &vm));
	EXPECT_EQ(-ENOENT, npt_vm_destroy(self->fd, 0));
	ASSERT_EQ(0, npt_vm_create(self->fd, &vm));
	EXPECT_NE(0, vm);
}

TEST_F(vm, range_is_kept)
{
	const uint64_t start = 16 * NPT_MIB, size = NPT_MIB;
	struct npt_bo bo;
	uint32_t vm;

	ASSERT_EQ(0, create(self->fd, 0, start, size, &vm));
	ASSERT_EQ(0, npt_bo_create(self->fd, &bo, 2 * NPT_MIB,
				   DRM_NPU_PLACE_HBM, 0, 0));
	EXPECT_EQ(0, npt_map(self->fd, vm, bo.handle, 0, start, size, 0));
	EXPECT_EQ(-EINVAL, npt_map(self->fd, vm, bo.handle, 0,
				   start - NPT_PAGE, NPT_PAGE, 0));
	EXPECT_EQ(-EINVAL, npt_map(self->fd, vm, bo.handle, 0, start + size,
				   NPT_PAGE, 0));
	EXPECT_EQ(-EINVAL, npt_map(self->fd, vm, bo.handle, 0, start,
				   size + NPT_PAGE, 0));
}

TEST_F(vm, destroy_gives_its_memory_back)
{
	uint64_t used;
	struct npt_bo bo;
	uint32_t vm;

	ASSERT_TRUE(npt_hbm_quiet(self->fd, &used));
	ASSERT_EQ(0, npt_vm_create(self->fd, &vm));
	ASSERT_EQ(0, npt_bo_create(self->fd, &bo, NPT_MIB, DRM_NPU_PLACE_HBM,
				   0, 0));
	ASSERT_EQ(0, npt_map(self->fd, vm, bo.handle, 0, 1ull << 40, NPT_MIB,
			     0));
	EXPECT_GT(npt_hbm_used(self->fd), used + NPT_MIB);
	/* The mapping keeps the buffer, the address space keeps the mapping. */
	ASSERT_EQ(0, npt_bo_close(self->fd, &bo));
	EXPECT_GT(npt_hbm_used(self->fd), used + NPT_MIB);
	ASSERT_EQ(0, npt_vm_destroy(self->fd, vm));
	EXPECT_TRUE(npt_hbm_settles(self->fd, used));
}

TEST_F(vm, queue_keeps_a_destroyed_address_space)
{
	struct npt_client client;
	struct npt_code code;
	struct npt_bo bo;
	uint32_t queue;

	ASSERT_EQ(0, npt_client_open(&client));
	ASSERT_EQ(0, npt_bo_new(&client, &bo, NPT_PAGE, DRM_NPU_PLACE_HBM, 0,
				0));
	ASSERT_EQ(0, npt_code_fill(&client, NPT_PAGE / 4, &code));
	ASSERT_EQ(0, npt_queue_create(&client, 0, 0, &queue));
	ASSERT_EQ(0, npt_vm_destroy(client.fd, client.vm));
	EXPECT_EQ(0, npt_run(&client, queue, &code,
			     (uint64_t[]){ bo.va, 0x11223344 }, 2));
	EXPECT_TRUE(npt_is_pattern(bo.map, bo.size, 0x11223344));
	EXPECT_EQ(-ENOENT, npt_queue_create(&client, 0, 0, &queue));
	npt_client_close(&client);
}

TEST_HARNESS_MAIN
