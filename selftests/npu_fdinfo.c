// SPDX-License-Identifier: GPL-2.0-only
/* /proc/PID/fdinfo: the standard keys, and that they tell the truth. */
#include "kselftest_harness.h"
#include "npu_test.h"

FIXTURE(fdinfo)
{
	struct npt_client client;
};

FIXTURE_SETUP(fdinfo)
{
	ASSERT_EQ(0, npt_client_open(&self->client));
}

FIXTURE_TEARDOWN(fdinfo)
{
	npt_client_close(&self->client);
}

#define FDINFO_DATA FIXTURE_DATA(fdinfo)

TEST_F(fdinfo, names_the_driver_and_the_card)
{
	struct npt_card card;

	ASSERT_EQ(0, npt_find(&card));
	EXPECT_STREQ("npu", npt_fdinfo(self->client.fd, "drm-driver"));
	EXPECT_STREQ(card.pci, npt_fdinfo(self->client.fd, "drm-pdev"));
}

TEST_F(fdinfo, every_file_is_a_client)
{
	char first[32], second[32];
	int other = npt_open(), same = dup(self->client.fd);

	ASSERT_GE(other, 0);
	ASSERT_GE(same, 0);
	snprintf(first, sizeof(first), "%s",
		 npt_fdinfo(self->client.fd, "drm-client-id"));
	snprintf(second, sizeof(second), "%s",
		 npt_fdinfo(other, "drm-client-id"));
	EXPECT_NE(0, first[0]);
	EXPECT_STRNE(first, second);
	EXPECT_STREQ(first, npt_fdinfo(same, "drm-client-id"));
	close(other);
	close(same);
}

TEST_F(fdinfo, counts_memory_by_region)
{
	uint64_t hbm = npt_fdinfo_amount(self->client.fd, "drm-total-hbm");
	uint64_t host = npt_fdinfo_amount(self->client.fd, "drm-total-host");
	struct npt_bo bo[2];

	EXPECT_EQ(self->client.text.size, hbm);
	EXPECT_EQ(0, host);
	ASSERT_EQ(0, npt_bo_create(self->client.fd, &bo[0], 3 * NPT_MIB,
				   DRM_NPU_PLACE_HBM, 0, 0));
	ASSERT_EQ(0, npt_bo_create(self->client.fd, &bo[1], 2 * NPT_MIB,
				   DRM_NPU_PLACE_HOST, 0, 0));
	EXPECT_EQ(hbm + 3 * NPT_MIB, npt_fdinfo_amount(self->client.fd, "drm-total-hbm"));
	EXPECT_EQ(hbm + 3 * NPT_MIB, npt_fdinfo_amount(self->client.fd, "drm-resident-hbm"));
	EXPECT_EQ(2 * NPT_MIB, npt_fdinfo_amount(self->client.fd, "drm-total-host"));
	npt_bo_close(self->client.fd, &bo[0]);
	npt_bo_close(self->client.fd, &bo[1]);
	EXPECT_EQ(hbm, npt_fdinfo_amount(self->client.fd, "drm-total-hbm"));
	EXPECT_EQ(0, npt_fdinfo_amount(self->client.fd, "drm-total-host"));
}

/* Device time of one fill on these dies, times the dies. */
static uint64_t busy_of_a_fill(FDINFO_DATA *self, uint32_t queue,
			       struct npt_bo *bo, const struct npt_code *code)
{
	uint64_t args[] = { bo->va, 1 };
	const volatile struct npu_report *report = bo->map;
	struct drm_npu_queue_get_state state;
	struct drm_npu_sync out;
	struct drm_npu_job job;
	uint32_t sync;

	job = npt_job(queue, code, npt_push(&self->client, args, 16), 16);
	job.report = bo->va + bo->size - sizeof(*report);
	report = (void *)((char *)bo->map + bo->size - sizeof(*report));
	if (npt_sync_create(self->client.fd, 0, &sync))
		return 0;
	out = npt_binary(sync);
	npt_job_out(&job, &out, 1);
	if (npt_submit(self->client.fd, &job, 1) ||
	    npt_sync_result(self->client.fd, sync, NPT_LIMIT_MS) ||
	    npt_queue_state(self->client.fd, queue, &state))
		return 0;
	return report->device_time * __builtin_popcount(state.die_mask);
}

TEST_F(fdinfo, counts_busy_time)
{
	const uint64_t size = NPT_MIB;
	uint64_t busy = 0, one;
	struct npt_code code;
	struct npt_bo bo;
	uint32_t queue;
	unsigned int i;

	ASSERT_EQ(0, npt_bo_new(&self->client, &bo, size + NPT_PAGE,
				DRM_NPU_PLACE_HBM, 0, 0));
	ASSERT_EQ(0, npt_code_fill(&self->client, size / 4, &code));
	EXPECT_EQ(0, npt_fdinfo_amount(self->client.fd, "drm-engine-npu"));
	for (i = 0; i < 3; i++) {
		/* On all dies, on one; and the queue is gone afterwards. */
		ASSERT_EQ(0, npt_queue_create(&self->client, i % 2, 0, &queue));
		one = busy_of_a_fill(self, queue, &bo, &code);
		EXPECT_GT(one, 0);
		busy += one;
		EXPECT_EQ(busy, npt_fdinfo_amount(self->client.fd, "drm-engine-npu"));
		ASSERT_EQ(0, npt_queue_destroy(self->client.fd, queue));
		EXPECT_EQ(busy, npt_fdinfo_amount(self->client.fd, "drm-engine-npu"));
	}
}

TEST_F(fdinfo, does_not_count_what_others_do)
{
	ASSERT_EQ(0, npt_works());
	EXPECT_EQ(0, npt_fdinfo_amount(self->client.fd, "drm-engine-npu"));
	EXPECT_EQ(self->client.text.size, npt_fdinfo_amount(self->client.fd, "drm-total-hbm"));
}

TEST_HARNESS_MAIN
