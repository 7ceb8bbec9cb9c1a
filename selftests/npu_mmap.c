// SPDX-License-Identifier: GPL-2.0-only
/* The CPU's view of a buffer. */
#include <signal.h>

#include "kselftest_harness.h"
#include "npu_test.h"

#define SIZE	(256 * NPT_KIB)

FIXTURE(mmap)
{
	int fd;
};

FIXTURE_SETUP(mmap)
{
	self->fd = npt_open();
	ASSERT_GE(self->fd, 0);
}

FIXTURE_TEARDOWN(mmap)
{
	close(self->fd);
}

static uint64_t offset_of(int fd, uint32_t handle)
{
	struct drm_npu_bo_mmap_offset offset = { .handle = handle };

	return npt_ioctl(fd, DRM_IOCTL_NPU_BO_MMAP_OFFSET, &offset) ?
		0 : offset.offset;
}

static void check_keeps(struct __test_metadata *_metadata, int fd,
			uint32_t placement)
{
	struct npt_bo bo;
	unsigned int i;
	uint32_t *word;

	ASSERT_EQ(0, npt_bo_create(fd, &bo, SIZE, placement, 0, 0));
	ASSERT_EQ(0, npt_bo_mmap(fd, &bo));
	word = bo.map;
	for (i = 0; i < SIZE / 4; i++)
		word[i] = i * 2654435761u;
	npt_bo_unmap(&bo);
	ASSERT_EQ(0, npt_bo_mmap(fd, &bo));
	word = bo.map;
	for (i = 0; i < SIZE / 4; i++) {
		ASSERT_EQ(i * 2654435761u, word[i]);
	}
}

TEST_F(mmap, hbm_keeps_what_was_written)
{
	check_keeps(_metadata, self->fd, DRM_NPU_PLACE_HBM);
}

TEST_F(mmap, host_memory_keeps_what_was_written)
{
	check_keeps(_metadata, self->fd, DRM_NPU_PLACE_HOST);
}

TEST_F(mmap, two_views_show_the_same_bytes)
{
	struct npt_bo bo, again;

	ASSERT_EQ(0, npt_bo_create(self->fd, &bo, SIZE, DRM_NPU_PLACE_HBM, 0,
				   0));
	again = bo;
	ASSERT_EQ(0, npt_bo_mmap(self->fd, &bo));
	ASSERT_EQ(0, npt_bo_mmap(self->fd, &again));
	EXPECT_NE(bo.map, again.map);
	npt_fill(bo.map, SIZE, 0x12345678);
	EXPECT_TRUE(npt_is_pattern(again.map, SIZE, 0x12345678));
}

TEST_F(mmap, the_beginning_can_be_mapped_alone)
{
	uint64_t offset;
	struct npt_bo bo;
	uint32_t *part;

	ASSERT_EQ(0, npt_bo_create(self->fd, &bo, SIZE, DRM_NPU_PLACE_HBM, 0,
				   0));
	ASSERT_EQ(0, npt_bo_mmap(self->fd, &bo));
	((uint32_t *)bo.map)[NPT_PAGE / 4] = 0xabcd1234;
	offset = offset_of(self->fd, bo.handle);
	ASSERT_NE(0, offset);
	part = mmap(NULL, 2 * NPT_PAGE, PROT_READ, MAP_SHARED, self->fd,
		    offset);
	ASSERT_NE(MAP_FAILED, part);
	EXPECT_EQ(0xabcd1234, part[NPT_PAGE / 4]);
}

TEST_F(mmap, more_than_the_buffer_is_refused)
{
	uint64_t offset;
	struct npt_bo bo;

	ASSERT_EQ(0, npt_bo_create(self->fd, &bo, NPT_PAGE, DRM_NPU_PLACE_HBM,
				   0, 0));
	offset = offset_of(self->fd, bo.handle);
	ASSERT_NE(0, offset);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 2 * NPT_PAGE, PROT_READ, MAP_SHARED,
				   self->fd, offset));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(mmap, an_offset_of_nothing_is_refused)
{
	static const uint64_t offsets[] = { 0, NPT_PAGE, 1ull << 46 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		EXPECT_EQ(MAP_FAILED, mmap(NULL, NPT_PAGE, PROT_READ,
					   MAP_SHARED, self->fd, offsets[i]));
	}
}

TEST_F(mmap, a_private_writable_view_is_refused)
{
	struct npt_bo bo;

	ASSERT_EQ(0, npt_bo_create(self->fd, &bo, NPT_PAGE, DRM_NPU_PLACE_HBM,
				   0, 0));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, NPT_PAGE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE, self->fd,
				   offset_of(self->fd, bo.handle)));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(mmap, another_files_offset_is_refused)
{
	int other = npt_open();
	uint64_t offset;
	struct npt_bo bo;

	ASSERT_GE(other, 0);
	ASSERT_EQ(0, npt_bo_create(self->fd, &bo, NPT_PAGE, DRM_NPU_PLACE_HBM,
				   0, 0));
	offset = offset_of(self->fd, bo.handle);
	ASSERT_NE(0, offset);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, NPT_PAGE, PROT_READ, MAP_SHARED,
				   other, offset));
	EXPECT_EQ(EACCES, errno);
	close(other);
}

TEST_F(mmap, a_view_outlives_its_handle)
{
	uint64_t used;
	struct npt_bo bo;

	ASSERT_TRUE(npt_hbm_quiet(self->fd, &used));
	ASSERT_EQ(0, npt_bo_create(self->fd, &bo, SIZE, DRM_NPU_PLACE_HBM, 0,
				   0));
	ASSERT_EQ(0, npt_bo_mmap(self->fd, &bo));
	ASSERT_EQ(0, npt_gem_close(self->fd, bo.handle));
	npt_fill(bo.map, SIZE, 7);
	EXPECT_TRUE(npt_is_pattern(bo.map, SIZE, 7));
	EXPECT_EQ(used + SIZE, npt_hbm_used(self->fd));
	npt_bo_unmap(&bo);
	EXPECT_TRUE(npt_hbm_settles(self->fd, used));
}

TEST_F(mmap, a_view_is_shared_by_a_fork)
{
	struct npt_bo bo;
	int status;
	pid_t pid;

	ASSERT_EQ(0, npt_bo_create(self->fd, &bo, SIZE, DRM_NPU_PLACE_HBM, 0,
				   0));
	ASSERT_EQ(0, npt_bo_mmap(self->fd, &bo));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		npt_fill(bo.map, SIZE, 0xf0f0f0f0);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_TRUE(npt_is_pattern(bo.map, SIZE, 0xf0f0f0f0));
}

TEST_F(mmap, the_kernel_copies_to_and_from_it)
{
	static const char text[] = "through the pipe";
	struct npt_bo bo;
	int pipes[2];

	ASSERT_EQ(0, npt_bo_create(self->fd, &bo, NPT_PAGE, DRM_NPU_PLACE_HBM,
				   0, 0));
	ASSERT_EQ(0, npt_bo_mmap(self->fd, &bo));
	ASSERT_EQ(0, pipe(pipes));
	memcpy(bo.map, text, sizeof(text));
	/* The first touch of these pages is the kernel's own. */
	npt_bo_unmap(&bo);
	ASSERT_EQ(0, npt_bo_mmap(self->fd, &bo));
	ASSERT_EQ(sizeof(text), write(pipes[1], bo.map, sizeof(text)));
	ASSERT_EQ(sizeof(text),
		  read(pipes[0], (char *)bo.map + 1024, sizeof(text)));
	EXPECT_STREQ(text, (char *)bo.map + 1024);
}

TEST_F_SIGNAL(mmap, a_read_only_view_is_not_written, SIGSEGV)
{
	struct npt_bo bo;
	char *map;

	ASSERT_EQ(0, npt_bo_create(self->fd, &bo, NPT_PAGE, DRM_NPU_PLACE_HBM,
				   0, 0));
	map = mmap(NULL, NPT_PAGE, PROT_READ, MAP_SHARED, self->fd,
		   offset_of(self->fd, bo.handle));
	ASSERT_NE(MAP_FAILED, map);
	*(volatile char *)map = 1;
}

TEST_HARNESS_MAIN
