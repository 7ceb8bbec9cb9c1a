// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver's own queue is broken behind its back, with writes to the card's
 * registers: the driver has to notice, reset the card and go on. So it has to when
 * the function is reset through sysfs. Wants root, and a
 * kernel that lets it map the registers (iomem=relaxed).
 */
#include "kselftest_harness.h"
#include "npu_test.h"

/* The driver gives a queue that has stood still ten seconds. */
#define HANG_LIMIT_MS	(3 * NPT_LIMIT_MS)

FIXTURE(reset)
{
	struct npt_client client;
	struct drm_npu_query_resets before;
	struct npt_code stall;
	uint64_t used;
	uint32_t queue;
	uint32_t sync;
	int watch;
	int fd;
	struct npt_regs regs;
};

#define RESET_DATA FIXTURE_DATA(reset)

static int query_resets(int fd, struct drm_npu_query_resets *resets)
{
	uint32_t size = sizeof(*resets);

	return npt_query(fd, DRM_NPU_QUERY_RESETS, resets, &size);
}

/* Somebody is at work, with a job that does not end by itself and one behind it. */
FIXTURE_SETUP(reset)
{
	if (npt_regs_map(&self->regs))
		SKIP(return, "not root, or this kernel does not show registers");
	self->watch = npt_open();
	ASSERT_GE(self->watch, 0);
	ASSERT_TRUE(npt_hbm_quiet(self->watch, &self->used));
	ASSERT_EQ(0, query_resets(self->watch, &self->before));
	ASSERT_EQ(0, npt_client_open(&self->client));
	self->fd = self->client.fd;
	ASSERT_EQ(0, npt_code_stall(&self->client, 0, &self->stall));
	ASSERT_EQ(0, npt_queue_create(&self->client, 0, 0, &self->queue));
	ASSERT_EQ(0, npt_sync_create(self->fd, 0, &self->sync));
	ASSERT_EQ(0, npt_start(&self->client, self->queue, &self->stall, NULL, 0, 0));
	ASSERT_EQ(0, npt_start(&self->client, self->queue, &self->stall, NULL, 0,
			       self->sync));
	ASSERT_TRUE(npt_queue_executes(self->fd, self->queue));
}

FIXTURE_TEARDOWN(reset)
{
	npt_regs_unmap(&self->regs);
	npt_client_close(&self->client);
	EXPECT_TRUE(npt_hbm_settles(self->watch, self->used));
	close(self->watch);
}

/* ---- What everybody sees --------------------------------------------------- */

static bool was_reset(void *data)
{
	const RESET_DATA *self = data;
	struct drm_npu_query_device device;
	struct drm_npu_query_resets now;

	return !query_resets(self->watch, &now) && now.card > self->before.card &&
	       !npt_query_device(self->watch, &device) &&
	       device.health == DRM_NPU_HEALTH_OK;
}

static void expect_reset(struct __test_metadata *_metadata, RESET_DATA *self)
{
	struct drm_npu_queue_get_state queue;
	struct drm_npu_query_resets now;
	struct drm_npu_vm_get_state vm;

	ASSERT_TRUE(npt_until(was_reset, self, HANG_LIMIT_MS));
	ASSERT_EQ(0, query_resets(self->watch, &now));
	EXPECT_EQ(self->before.card + 1, now.card);

	/* Whoever was at work is told that it was not his fault. */
	EXPECT_EQ(-EIO, npt_sync_result(self->fd, self->sync, NPT_LIMIT_MS));
	ASSERT_EQ(0, npt_queue_state(self->fd, self->queue, &queue));
	EXPECT_EQ(DRM_NPU_QUEUE_BANNED, queue.state);
	EXPECT_EQ(DRM_NPU_BAN_RESET, queue.ban_reason);
	EXPECT_EQ(EIO, queue.error_errno);
	EXPECT_EQ(2, queue.jobs_completed);
	ASSERT_EQ(0, npt_vm_state(self->fd, self->client.vm, &vm));
	EXPECT_EQ(DRM_NPU_VM_UNUSABLE, vm.state);
	EXPECT_EQ(-ECANCELED,
		  npt_start(&self->client, self->queue, &self->stall, NULL, 0, 0));

	/* Others go on. */
	EXPECT_EQ(0, npt_works());
}

TEST_F(reset, the_drivers_queue_fails)
{
	ASSERT_TRUE(npt_drivers_queue_stop(&self->regs));
	npt_drivers_queue_fail(&self->regs);
	expect_reset(_metadata, self);
}

/* Found by the next who needs it, whose call fails. */
TEST_F(reset, the_drivers_queue_hangs)
{
	struct npt_bo bo;

	ASSERT_TRUE(npt_drivers_queue_stop(&self->regs));
	EXPECT_EQ(-EIO, npt_bo_create(self->watch, &bo, NPT_MIB, DRM_NPU_PLACE_HBM, 0,
				      0));
	expect_reset(_metadata, self);
}

/* By whoever may write to sysfs: the driver is told before and after. */
TEST_F(reset, the_function_is_reset)
{
	struct npt_card card;

	ASSERT_EQ(0, npt_find(&card));
	ASSERT_EQ(0, npt_pci_reset(&card));
	expect_reset(_metadata, self);
}

TEST_HARNESS_MAIN
