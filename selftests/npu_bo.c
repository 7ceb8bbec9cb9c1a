// SPDX-License-Identifier: GPL-2.0-only
/* BO_CREATE and BO_MMAP_OFFSET: sizes, places, accounting. */
#include "kselftest_harness.h"
#include "npu_test.h"

FIXTURE(bo)
{
	int fd;
	uint32_t dies;
};

FIXTURE_SETUP(bo)
{
	struct drm_npu_query_device device;

	self->fd = npt_open();
	ASSERT_GE(self->fd, 0);
	ASSERT_EQ(0, npt_query_device(self->fd, &device));
	self->dies = device.dies;
}

FIXTURE_TEARDOWN(bo)
{
	close(self->fd);
}

TEST_F(bo, size_is_rounded_up_to_pages)
{
	struct npt_bo bo;

	ASSERT_EQ(0, npt_bo_create(self->fd, &bo, 1, DRM_NPU_PLACE_HBM, 0, 0));
	EXPECT_EQ(NPT_PAGE, bo.size);
	EXPECT_NE(0, bo.handle);
	ASSERT_EQ(0, npt_bo_create(self->fd, &bo, NPT_PAGE + 1,
				   DRM_NPU_PLACE_HOST, 0, 0));
	EXPECT_EQ(2 * NPT_PAGE, bo.size);
}

TEST_F(bo, begins_as_zeros)
{
	static const uint32_t places[] = {
		DRM_NPU_PLACE_HBM, DRM_NPU_PLACE_HOST,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		struct npt_bo bo;

		ASSERT_EQ(0, npt_bo_create(self->fd, &bo, NPT_MIB, places[i],
					   0, 0));
		ASSERT_EQ(0, npt_bo_mmap(self->fd, &bo));
		EXPECT_TRUE(npt_is_zero(bo.map, bo.size));
		npt_bo_close(self->fd, &bo);
	}
}

TEST_F(bo, both_placements_prefer_hbm)
{
	uint64_t used;
	struct npt_bo bo;

	ASSERT_TRUE(npt_hbm_quiet(self->fd, &used));
	ASSERT_EQ(0, npt_bo_create(self->fd, &bo, NPT_MIB,
				   DRM_NPU_PLACE_HBM | DRM_NPU_PLACE_HOST, 0,
				   0));
	EXPECT_EQ(used + NPT_MIB, npt_hbm_used(self->fd));
}

TEST_F(bo, hbm_is_accounted_to_the_byte)
{
	static const uint64_t sizes[] = {
		NPT_PAGE, 3 * NPT_PAGE, NPT_MIB, 5 * NPT_MIB + NPT_PAGE,
	};
	uint64_t used, total = 0;
	struct npt_bo bo[ARRAY_SIZE(sizes)];
	unsigned int i;

	ASSERT_TRUE(npt_hbm_quiet(self->fd, &used));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ASSERT_EQ(0, npt_bo_create(self->fd, &bo[i], sizes[i],
					   DRM_NPU_PLACE_HBM, 0, 0));
		total += sizes[i];
		EXPECT_EQ(used + total, npt_hbm_used(self->fd));
	}
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		EXPECT_EQ(0, npt_bo_close(self->fd, &bo[i]));
	}
	EXPECT_TRUE(npt_hbm_settles(self->fd, used));
	EXPECT_EQ(used, npt_hbm_used(self->fd));
}

TEST_F(bo, host_memory_is_accounted_apart)
{
	struct drm_npu_query_memory before[DRM_NPU_MAX_DIES + 1], now;
	struct drm_npu_query_memory after[DRM_NPU_MAX_DIES + 1];
	struct npt_bo bo;
	uint64_t used;

	ASSERT_TRUE(npt_hbm_quiet(self->fd, &used));
	ASSERT_EQ(self->dies + 1, npt_query_memory(self->fd, before));
	ASSERT_EQ(0, npt_bo_create(self->fd, &bo, NPT_MIB, DRM_NPU_PLACE_HOST,
				   0, 0));
	/* Host memory may come when it is first needed. */
	ASSERT_EQ(0, npt_bo_mmap(self->fd, &bo));
	npt_fill(bo.map, bo.size, 1);
	ASSERT_EQ(self->dies + 1, npt_query_memory(self->fd, after));
	now = after[self->dies];
	EXPECT_EQ(before[self->dies].used + NPT_MIB, now.used);
	EXPECT_EQ(used, npt_hbm_used(self->fd));
	EXPECT_EQ(~0ull, bo.hbm_offset);
}

TEST_F(bo, contiguous_buffer_tells_its_offset)
{
	struct npt_bo bo;

	ASSERT_EQ(0, npt_bo_create(self->fd, &bo, 3 * NPT_MIB,
				   DRM_NPU_PLACE_HBM, 0,
				   DRM_NPU_BO_CONTIGUOUS));
	EXPECT_NE(~0ull, bo.hbm_offset);
	EXPECT_EQ(0, bo.hbm_offset % NPT_PAGE);
}

TEST_F(bo, no_cpu_access_means_none)
{
	struct drm_npu_bo_mmap_offset offset = { 0 };
	struct npt_bo bo;

	ASSERT_EQ(0, npt_bo_create(self->fd, &bo, NPT_PAGE, DRM_NPU_PLACE_HBM,
				   0, DRM_NPU_BO_NO_CPU_ACCESS));
	offset.handle = bo.handle;
	EXPECT_EQ(-EPERM, npt_ioctl(self->fd, DRM_IOCTL_NPU_BO_MMAP_OFFSET,
				    &offset));
}

TEST_F(bo, handle_closes_once)
{
	struct npt_bo bo;

	ASSERT_EQ(0, npt_bo_create(self->fd, &bo, NPT_PAGE, DRM_NPU_PLACE_HBM,
				   0, 0));
	EXPECT_EQ(0, npt_gem_close(self->fd, bo.handle));
	EXPECT_EQ(-EINVAL, npt_gem_close(self->fd, bo.handle));
	EXPECT_EQ(-EINVAL, npt_gem_close(self->fd, 0));
}

TEST_F(bo, framebuffers_are_not_made_here)
{
	struct drm_mode_create_dumb dumb = {
		.width = 64,
		.height = 64,
		.bpp = 32,
	};

	EXPECT_NE(0, npt_ioctl(self->fd, DRM_IOCTL_MODE_CREATE_DUMB, &dumb));
}

TEST_HARNESS_MAIN
