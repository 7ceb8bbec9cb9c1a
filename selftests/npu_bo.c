// SPDX-License-Identifier: GPL-2.0-only
/* BO_CREATE and BO_MMAP_OFFSET: sizes, places, accounting and what is refused. */
#include <fcntl.h>

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

static int create(int fd, const struct drm_npu_bo_create *how)
{
	struct drm_npu_bo_create create = *how;

	return npt_ioctl(fd, DRM_IOCTL_NPU_BO_CREATE, &create);
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

TEST_F(bo, size_zero_is_refused)
{
	struct npt_bo bo;

	EXPECT_EQ(-EINVAL, npt_bo_create(self->fd, &bo, 0, DRM_NPU_PLACE_HBM,
					 0, 0));
	EXPECT_EQ(-EINVAL, npt_bo_create(self->fd, &bo, 0, DRM_NPU_PLACE_HOST,
					 0, 0));
}

TEST_F(bo, size_above_all_memory_is_refused)
{
	static const uint64_t sizes[] = {
		1ull << 50, 1ull << 62, 1ull << 63, ~0ull - NPT_PAGE, ~0ull,
	};
	static const uint32_t places[] = {
		DRM_NPU_PLACE_HBM, DRM_NPU_PLACE_HOST,
		DRM_NPU_PLACE_HBM | DRM_NPU_PLACE_HOST,
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (j = 0; j < ARRAY_SIZE(places); j++) {
			struct npt_bo bo;
			int err = npt_bo_create(self->fd, &bo, sizes[i],
						places[j], 0, 0);

			EXPECT_TRUE(err == -EINVAL || err == -ENOSPC ||
				    err == -ENOMEM || err == -E2BIG) {
				TH_LOG("size 0x%llx, placement %u: %d",
				       (unsigned long long)sizes[i], places[j],
				       err);
			}
		}
	}
	EXPECT_EQ(0, npt_works());
}

TEST_F(bo, placement_must_be_known)
{
	struct npt_bo bo;

	EXPECT_EQ(-EINVAL, npt_bo_create(self->fd, &bo, NPT_PAGE, 0, 0, 0));
	EXPECT_EQ(-EINVAL, npt_bo_create(self->fd, &bo, NPT_PAGE, 1u << 2, 0,
					 0));
	EXPECT_EQ(-EINVAL, npt_bo_create(self->fd, &bo, NPT_PAGE,
					 DRM_NPU_PLACE_HBM | 1u << 31, 0, 0));
}

TEST_F(bo, unknown_flag_is_refused)
{
	struct npt_bo bo;
	unsigned int bit;

	for (bit = 2; bit < 32; bit++) {
		EXPECT_EQ(-EINVAL,
			  npt_bo_create(self->fd, &bo, NPT_PAGE,
					DRM_NPU_PLACE_HBM, 0, 1u << bit));
	}
}

TEST_F(bo, nonzero_pad_is_refused)
{
	EXPECT_EQ(-EINVAL, create(self->fd, &(struct drm_npu_bo_create) {
		.size = NPT_PAGE,
		.placement = DRM_NPU_PLACE_HBM,
		.pad = 1,
	}));
}

TEST_F(bo, die_that_is_not_there_is_refused)
{
	struct npt_bo bo;

	EXPECT_EQ(-EINVAL, npt_bo_create(self->fd, &bo, NPT_PAGE,
					 DRM_NPU_PLACE_HBM,
					 NPT_DIE(self->dies), 0));
	EXPECT_EQ(-EINVAL, npt_bo_create(self->fd, &bo, NPT_PAGE,
					 DRM_NPU_PLACE_HBM, ~0u, 0));
}

TEST_F(bo, address_space_that_is_not_there_is_refused)
{
	EXPECT_EQ(-ENOENT, create(self->fd, &(struct drm_npu_bo_create) {
		.size = NPT_PAGE,
		.placement = DRM_NPU_PLACE_HBM,
		.exclusive_vm_id = 4711,
	}));
}

TEST_F(bo, bad_pointer_is_refused)
{
	EXPECT_EQ(-EFAULT, npt_ioctl(self->fd, DRM_IOCTL_NPU_BO_CREATE,
				     (void *)8));
}

TEST_F(bo, short_structure_is_zero_extended)
{
	struct {
		uint64_t size;
		uint32_t placement;
		uint32_t die_mask;
	} old = { .size = NPT_PAGE, .placement = DRM_NPU_PLACE_HBM };
	unsigned long request = _IOC(_IOC_READ | _IOC_WRITE, DRM_IOCTL_BASE,
				     DRM_COMMAND_BASE + DRM_NPU_BO_CREATE,
				     sizeof(old));

	EXPECT_EQ(0, npt_ioctl(self->fd, request, &old));
	/* Without even the placement there is nothing to make. */
	request = _IOC(_IOC_READ | _IOC_WRITE, DRM_IOCTL_BASE,
		       DRM_COMMAND_BASE + DRM_NPU_BO_CREATE, sizeof(uint64_t));
	EXPECT_EQ(-EINVAL, npt_ioctl(self->fd, request, &old));
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

TEST_F(bo, mmap_offset_checks_its_arguments)
{
	struct drm_npu_bo_mmap_offset offset = { .handle = 4711 };
	struct npt_bo bo;

	EXPECT_EQ(-ENOENT, npt_ioctl(self->fd, DRM_IOCTL_NPU_BO_MMAP_OFFSET,
				     &offset));
	offset.handle = 0;
	EXPECT_EQ(-ENOENT, npt_ioctl(self->fd, DRM_IOCTL_NPU_BO_MMAP_OFFSET,
				     &offset));
	ASSERT_EQ(0, npt_bo_create(self->fd, &bo, NPT_PAGE, DRM_NPU_PLACE_HBM,
				   0, 0));
	offset.handle = bo.handle;
	offset.flags = 1;
	EXPECT_EQ(-EINVAL, npt_ioctl(self->fd, DRM_IOCTL_NPU_BO_MMAP_OFFSET,
				     &offset));
	offset.flags = 0;
	EXPECT_EQ(0, npt_ioctl(self->fd, DRM_IOCTL_NPU_BO_MMAP_OFFSET,
			       &offset));
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

TEST_F(bo, export_is_refused)
{
	struct drm_prime_handle prime = { .flags = O_CLOEXEC, .fd = -1 };
	struct npt_bo bo;

	ASSERT_EQ(0, npt_bo_create(self->fd, &bo, NPT_PAGE, DRM_NPU_PLACE_HBM,
				   0, 0));
	prime.handle = bo.handle;
	EXPECT_EQ(-EOPNOTSUPP, npt_ioctl(self->fd, DRM_IOCTL_PRIME_HANDLE_TO_FD,
					 &prime));
	EXPECT_EQ(-1, prime.fd);
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
