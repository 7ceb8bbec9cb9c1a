// SPDX-License-Identifier: GPL-2.0-only
/* Time-outs count executed time: who stalls is banned, who waits is not. */
#include "kselftest_harness.h"
#include "npu_test.h"

#define OTHERS	8

FIXTURE(timeout)
{
	struct npt_client client;
	int fd;
};

FIXTURE_SETUP(timeout)
{
	ASSERT_EQ(0, npt_client_open(&self->client));
	self->fd = self->client.fd;
}

FIXTURE_TEARDOWN(timeout)
{
	npt_client_close(&self->client);
}

#define TIMEOUT_DATA FIXTURE_DATA(timeout)

/* A queue with a stalled job and, behind it, one more, before the first times out. */
static void start_stalled(struct __test_metadata *_metadata,
			  TIMEOUT_DATA *self, uint32_t timeout_ms,
			  uint32_t *queue, uint32_t sync[2])
{
	struct drm_npu_sync out[2];
	struct drm_npu_job jobs[2];
	struct npt_code stall;
	unsigned int i;

	ASSERT_EQ(0, npt_code_stall(&self->client, 0, &stall));
	ASSERT_EQ(0, npt_queue_create(&self->client, 0, timeout_ms, queue));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, npt_sync_create(self->fd, 0, &sync[i]));
		out[i] = npt_binary(sync[i]);
		jobs[i] = npt_job(*queue, &stall, 0, 0);
		npt_job_out(&jobs[i], &out[i], 1);
	}
	ASSERT_EQ(0, npt_submit(self->fd, jobs, 2));
}

TEST_F(timeout, a_stalled_job_is_stopped_and_its_queue_banned)
{
	struct drm_npu_queue_get_state state;
	struct drm_npu_query_resets before, after;
	uint32_t queue, sync[2], size = sizeof(before);
	struct npt_code code;
	int result;

	ASSERT_EQ(0, npt_query(self->fd, DRM_NPU_QUERY_RESETS, &before, &size));
	start_stalled(_metadata, self, 300, &queue, sync);
	result = npt_sync_result(self->fd, sync[0], NPT_LIMIT_MS);
	EXPECT_EQ(-ETIME, result);
	EXPECT_EQ(-ECANCELED, npt_sync_result(self->fd, sync[1],
					      NPT_LIMIT_MS));

	ASSERT_EQ(0, npt_queue_state(self->fd, queue, &state));
	EXPECT_EQ(DRM_NPU_QUEUE_BANNED, state.state);
	EXPECT_EQ(DRM_NPU_BAN_TIMEOUT, state.ban_reason);
	EXPECT_EQ(NPU_ERR_STOPPED, state.error_code);
	EXPECT_EQ(-result, state.error_errno);
	EXPECT_EQ(0, state.error_insn);
	EXPECT_EQ(1, state.error_cookie);
	EXPECT_NE(0, state.error_host_ns);
	EXPECT_EQ(0, state.executing);
	EXPECT_EQ(2, state.jobs_submitted);
	EXPECT_EQ(2, state.jobs_completed);
	EXPECT_EQ(300, state.timeout_ms);

	ASSERT_EQ(0, npt_code_stall(&self->client, 1, &code));
	EXPECT_EQ(-ECANCELED, npt_run(&self->client, queue, &code, NULL, 0));
	size = sizeof(after);
	ASSERT_EQ(0, npt_query(self->fd, DRM_NPU_QUERY_RESETS, &after, &size));
	EXPECT_EQ(before.queue + 1, after.queue);
	EXPECT_EQ(before.card, after.card);
	EXPECT_EQ(0, npt_queue_destroy(self->fd, queue));
}

TEST_F(timeout, it_comes_neither_early_nor_late)
{
	uint64_t start = npt_now_ms(), took;
	uint32_t queue, sync[2];

	start_stalled(_metadata, self, 300, &queue, sync);
	ASSERT_EQ(0, npt_sync_wait(self->fd, sync[0], NPT_LIMIT_MS));
	took = npt_now_ms() - start;
	EXPECT_GE(took, 300);
	EXPECT_LT(took, 3000);
}

TEST_F(timeout, a_job_below_the_limit_is_left_alone)
{
	struct npt_code code;
	uint32_t queue;

	ASSERT_EQ(0, npt_code_stall(&self->client, 200, &code));
	ASSERT_EQ(0, npt_queue_create(&self->client, 0, 1000, &queue));
	EXPECT_EQ(0, npt_run(&self->client, queue, &code, NULL, 0));
	EXPECT_EQ(0, npt_run(&self->client, queue, &code, NULL, 0));
}

TEST_F(timeout, eight_other_queues_go_on)
{
	const uint64_t words = 64 * NPT_KIB;
	struct drm_npu_queue_get_state state;
	uint32_t queue, sync[2], others[OTHERS];
	struct npt_bo bo[OTHERS];
	unsigned int i, rounds = 0;
	struct npt_code fill;

	ASSERT_EQ(0, npt_code_fill(&self->client, words, &fill));
	for (i = 0; i < OTHERS; i++) {
		ASSERT_EQ(0, npt_bo_new(&self->client, &bo[i], 4 * words,
					DRM_NPU_PLACE_HBM, 0, 0));
		ASSERT_EQ(0, npt_queue_create(&self->client, 0, 0,
					      &others[i]));
	}
	start_stalled(_metadata, self, 2000, &queue, sync);
	ASSERT_TRUE(npt_queue_executes(self->fd, queue));
	/* They work while it stalls, and all the way through its end. */
	do {
		rounds++;
		for (i = 0; i < OTHERS; i++) {
			uint32_t pattern = rounds << 8 | i;

			ASSERT_EQ(0, npt_run(&self->client, others[i], &fill,
					     (uint64_t[]){ bo[i].va, pattern },
					     2));
			ASSERT_TRUE(npt_is_pattern(bo[i].map, 4 * words,
						   pattern));
		}
		ASSERT_LT(rounds, 200);
	} while (npt_sync_wait(self->fd, sync[0], 0) == -ETIME);
	EXPECT_GT(rounds, 1);
	ASSERT_EQ(0, npt_queue_state(self->fd, queue, &state));
	EXPECT_EQ(DRM_NPU_BAN_TIMEOUT, state.ban_reason);
	for (i = 0; i < OTHERS; i++) {
		ASSERT_EQ(0, npt_queue_state(self->fd, others[i], &state));
		EXPECT_EQ(DRM_NPU_QUEUE_USABLE, state.state);
		EXPECT_EQ(rounds, state.jobs_completed);
		EXPECT_EQ(NPU_ERR_NONE, state.error_code);
	}
}

TEST_F(timeout, waiting_behind_a_long_job_is_not_hanging)
{
	struct drm_npu_queue_get_state state;
	uint32_t first, second, sync[2];
	struct drm_npu_sync link, done;
	struct npt_code longer, nothing;
	struct drm_npu_job job;

	/* Five times the second queue's limit. */
	ASSERT_EQ(0, npt_code_stall(&self->client, 1000, &longer));
	ASSERT_EQ(0, npt_code_stall(&self->client, 1, &nothing));
	ASSERT_EQ(0, npt_queue_create(&self->client, 0, 0, &first));
	ASSERT_EQ(0, npt_queue_create(&self->client, 0, 200, &second));
	ASSERT_EQ(0, npt_sync_create(self->fd, 0, &sync[0]));
	ASSERT_EQ(0, npt_sync_create(self->fd, 0, &sync[1]));
	ASSERT_EQ(0, npt_start(&self->client, first, &longer, NULL, 0,
			       sync[0]));
	link = npt_binary(sync[0]);
	done = npt_binary(sync[1]);
	job = npt_job(second, &nothing, 0, 0);
	npt_job_in(&job, &link, 1);
	npt_job_out(&job, &done, 1);
	ASSERT_EQ(0, npt_submit(self->fd, &job, 1));
	EXPECT_EQ(0, npt_sync_result(self->fd, sync[1], NPT_LIMIT_MS));
	ASSERT_EQ(0, npt_queue_state(self->fd, second, &state));
	EXPECT_EQ(DRM_NPU_QUEUE_USABLE, state.state);
}

/*
 * All of these are on the card at once and share its dies by time slices: each
 * executes for 100 ms and takes eight times that by the clock.
 */
TEST_F(timeout, sharing_the_dies_is_not_hanging)
{
	struct drm_npu_queue_get_state state;
	uint32_t queue[OTHERS], sync[OTHERS];
	uint64_t start, took;
	struct npt_code code;
	unsigned int i;

	ASSERT_EQ(0, npt_code_stall(&self->client, 100, &code));
	for (i = 0; i < OTHERS; i++) {
		ASSERT_EQ(0, npt_queue_create(&self->client, 0, 500,
					      &queue[i]));
		ASSERT_EQ(0, npt_sync_create(self->fd, 0, &sync[i]));
	}
	start = npt_now_ms();
	for (i = 0; i < OTHERS; i++) {
		ASSERT_EQ(0, npt_start(&self->client, queue[i], &code, NULL, 0,
				       sync[i]));
	}
	for (i = 0; i < OTHERS; i++) {
		EXPECT_EQ(0, npt_sync_result(self->fd, sync[i], NPT_LIMIT_MS));
	}
	took = npt_now_ms() - start;
	/* Otherwise they were not sharing and the test says nothing. */
	EXPECT_GE(took, OTHERS * 100);
	for (i = 0; i < OTHERS; i++) {
		ASSERT_EQ(0, npt_queue_state(self->fd, queue[i], &state));
		EXPECT_EQ(DRM_NPU_QUEUE_USABLE, state.state);
	}
}

TEST_F(timeout, jobs_of_one_queue_are_timed_one_by_one)
{
	uint32_t queue, sync[4];
	struct npt_code code;
	unsigned int i;

	ASSERT_EQ(0, npt_code_stall(&self->client, 200, &code));
	ASSERT_EQ(0, npt_queue_create(&self->client, 0, 600, &queue));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, npt_sync_create(self->fd, 0, &sync[i]));
		ASSERT_EQ(0, npt_start(&self->client, queue, &code, NULL, 0,
				       sync[i]));
	}
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(0, npt_sync_result(self->fd, sync[i], NPT_LIMIT_MS));
	}
}

TEST_F(timeout, a_second_stall_is_caught_like_the_first)
{
	uint32_t queue, sync[2];
	unsigned int i;

	for (i = 0; i < 3; i++) {
		start_stalled(_metadata, self, 100, &queue, sync);
		EXPECT_EQ(-ETIME, npt_sync_result(self->fd, sync[0], NPT_LIMIT_MS));
		EXPECT_EQ(0, npt_queue_destroy(self->fd, queue));
	}
	EXPECT_EQ(0, npt_works());
}

TEST_HARNESS_MAIN
