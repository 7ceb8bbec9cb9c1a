// SPDX-License-Identifier: GPL-2.0-only
/* QUEUE_CREATE, QUEUE_DESTROY and QUEUE_GET_STATE. */
#include "kselftest_harness.h"
#include "npu_test.h"

FIXTURE(queue)
{
	struct npt_client client;
	struct drm_npu_query_device device;
	int fd;
};

FIXTURE_SETUP(queue)
{
	ASSERT_EQ(0, npt_client_open(&self->client));
	self->fd = self->client.fd;
	ASSERT_EQ(0, npt_query_device(self->fd, &self->device));
}

FIXTURE_TEARDOWN(queue)
{
	npt_client_close(&self->client);
}

TEST_F(queue, begins_idle_and_usable)
{
	struct drm_npu_queue_get_state state;
	uint32_t queue;

	ASSERT_EQ(0, npt_queue_create(&self->client, 0, 0, &queue));
	EXPECT_NE(0, queue);
	ASSERT_EQ(0, npt_queue_state(self->fd, queue, &state));
	EXPECT_EQ(DRM_NPU_QUEUE_USABLE, state.state);
	EXPECT_EQ(DRM_NPU_BAN_NONE, state.ban_reason);
	EXPECT_EQ(0, state.executing);
	EXPECT_EQ(0, state.jobs_submitted);
	EXPECT_EQ(0, state.jobs_completed);
	EXPECT_EQ(NPU_ERR_NONE, state.error_code);
	EXPECT_EQ(0, state.error_errno);
	EXPECT_EQ(self->device.timeout_ms, state.timeout_ms);
	EXPECT_EQ((1u << self->device.dies) - 1, state.die_mask);
}

TEST_F(queue, keeps_its_mask_and_timeout)
{
	uint32_t mask = NPT_DIE(self->device.dies - 1), queue;
	struct drm_npu_queue_get_state state;

	ASSERT_EQ(0, npt_queue_create(&self->client, mask, 123, &queue));
	ASSERT_EQ(0, npt_queue_state(self->fd, queue, &state));
	EXPECT_EQ(mask, state.die_mask);
	EXPECT_EQ(123, state.timeout_ms);
}

/* Also when somebody tried to destroy that one. */
TEST_F(queue, zero_is_no_number)
{
	uint32_t queue;

	ASSERT_EQ(0, npt_queue_create(&self->client, 0, 0, &queue));
	EXPECT_EQ(-ENOENT, npt_queue_destroy(self->fd, 0));
	ASSERT_EQ(0, npt_queue_create(&self->client, 0, 0, &queue));
	EXPECT_NE(0, queue);
}

TEST_F(queue, state_counts_jobs)
{
	struct drm_npu_queue_get_state state;
	struct npt_code code;
	uint32_t queue;
	unsigned int i;

	ASSERT_EQ(0, npt_code_stall(&self->client, 1, &code));
	ASSERT_EQ(0, npt_queue_create(&self->client, 0, 0, &queue));
	for (i = 1; i <= 5; i++) {
		ASSERT_EQ(0, npt_run(&self->client, queue, &code, NULL, 0));
		ASSERT_EQ(0, npt_queue_state(self->fd, queue, &state));
		EXPECT_EQ(i, state.jobs_submitted);
		EXPECT_EQ(i, state.jobs_completed);
	}
}

TEST_F(queue, state_shows_the_job_that_executes)
{
	struct drm_npu_queue_get_state state;
	struct npt_code code;
	uint32_t queue;
	uint64_t seen;

	ASSERT_EQ(0, npt_code_stall(&self->client, 0, &code));
	ASSERT_EQ(0, npt_queue_create(&self->client, 0, 0, &queue));
	ASSERT_EQ(0, npt_start(&self->client, queue, &code, NULL, 0, 0));
	ASSERT_TRUE(npt_queue_executes(self->fd, queue));
	ASSERT_EQ(0, npt_queue_state(self->fd, queue, &state));
	EXPECT_EQ(1, state.executing);
	EXPECT_EQ(1, state.jobs_submitted);
	EXPECT_EQ(0, state.jobs_completed);
	seen = state.executed_ns;
	npt_sleep_ms(5);
	ASSERT_EQ(0, npt_queue_state(self->fd, queue, &state));
	EXPECT_GE(state.executed_ns, seen + 4000000);
	EXPECT_EQ(0, npt_queue_destroy(self->fd, queue));
}

TEST_F(queue, destroy_ends_its_jobs)
{
	struct npt_code code;
	uint32_t queue, sync[3];
	unsigned int i;

	ASSERT_EQ(0, npt_code_stall(&self->client, 0, &code));
	ASSERT_EQ(0, npt_queue_create(&self->client, 0, 0, &queue));
	for (i = 0; i < ARRAY_SIZE(sync); i++) {
		ASSERT_EQ(0, npt_sync_create(self->fd, 0, &sync[i]));
		ASSERT_EQ(0, npt_start(&self->client, queue, &code, NULL, 0,
				       sync[i]));
	}
	ASSERT_TRUE(npt_queue_executes(self->fd, queue));
	ASSERT_EQ(0, npt_queue_destroy(self->fd, queue));
	for (i = 0; i < ARRAY_SIZE(sync); i++) {
		EXPECT_EQ(-ECANCELED, npt_sync_result(self->fd, sync[i],
						      NPT_LIMIT_MS));
	}
	EXPECT_EQ(0, npt_works());
}

TEST_F(queue, a_sync_file_outlives_its_queue)
{
	struct npt_code code;
	uint32_t queue, sync;
	int file;

	ASSERT_EQ(0, npt_code_stall(&self->client, 0, &code));
	ASSERT_EQ(0, npt_sync_create(self->fd, 0, &sync));
	ASSERT_EQ(0, npt_queue_create(&self->client, 0, 0, &queue));
	ASSERT_EQ(0, npt_start(&self->client, queue, &code, NULL, 0, sync));
	ASSERT_EQ(0, npt_sync_file(self->fd, sync, &file));
	EXPECT_EQ(0, npt_file_status(file));
	npt_client_close(&self->client);
	/* Others reuse what the queue was made of. */
	EXPECT_EQ(0, npt_works());
	EXPECT_EQ(-ECANCELED, npt_file_status(file));
	close(file);
}

TEST_F(queue, the_card_has_as_many_as_it_says)
{
	uint32_t queues[DRM_NPU_MAX_QUEUES];
	unsigned int count, again, i;
	int err = 0;

	for (count = 0; count < ARRAY_SIZE(queues); count++) {
		err = npt_queue_create(&self->client, 0, 0, &queues[count]);
		if (err)
			break;
	}
	/* Some belong to the driver, a few perhaps to others. */
	EXPECT_GE(count, self->device.queues - 16);
	EXPECT_LT(count, self->device.queues + 1);
	if (count < ARRAY_SIZE(queues)) {
		EXPECT_EQ(-EBUSY, err);
	}
	for (i = 0; i < count; i++) {
		ASSERT_EQ(0, npt_queue_destroy(self->fd, queues[i]));
	}
	for (again = 0; again < 8; again++) {
		EXPECT_EQ(0, npt_works());
	}
}

TEST_HARNESS_MAIN
