// SPDX-License-Identifier: GPL-2.0-only
/* /proc/PID/fdinfo: the standard keys, and that they tell the truth. */
#include "kselftest_harness.h"
#include "npu_test.h"

FIXTURE(fdinfo)
{
	struct npt_client client;
	char text[4096];
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

/* The value of a key of a file, "" if there is none. */
static const char *read_key(FDINFO_DATA *self, int fd, const char *key)
{
	static char value[128];
	char path[64], *at;
	size_t len = strlen(key);

	value[0] = 0;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	if (npt_read_file(path, self->text, sizeof(self->text)) <= 0)
		return value;
	for (at = self->text; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (strncmp(at, key, len) || at[len] != ':')
			continue;
		at += len + 1;
		at += strspn(at, " \t");
		snprintf(value, sizeof(value), "%.*s", (int)strcspn(at, "\n"),
			 at);
		break;
	}
	return value;
}

/* Bytes of "12 KiB", or a plain number. */
static uint64_t read_amount(FDINFO_DATA *self, const char *key)
{
	const char *value = read_key(self, self->client.fd, key);
	char unit[8] = "";
	unsigned long long amount = 0;

	sscanf(value, "%llu %7s", &amount, unit);
	if (!strcmp(unit, "KiB"))
		amount *= NPT_KIB;
	else if (!strcmp(unit, "MiB"))
		amount *= NPT_MIB;
	return amount;
}

TEST_F(fdinfo, names_the_driver_and_the_card)
{
	struct npt_card card;

	ASSERT_EQ(0, npt_find(&card));
	EXPECT_STREQ("npu", read_key(self, self->client.fd, "drm-driver"));
	EXPECT_STREQ(card.pci, read_key(self, self->client.fd, "drm-pdev"));
}

TEST_F(fdinfo, every_file_is_a_client)
{
	char first[32], second[32];
	int other = npt_open(), same = dup(self->client.fd);

	ASSERT_GE(other, 0);
	ASSERT_GE(same, 0);
	snprintf(first, sizeof(first), "%s",
		 read_key(self, self->client.fd, "drm-client-id"));
	snprintf(second, sizeof(second), "%s",
		 read_key(self, other, "drm-client-id"));
	EXPECT_NE(0, first[0]);
	EXPECT_STRNE(first, second);
	EXPECT_STREQ(first, read_key(self, same, "drm-client-id"));
	close(other);
	close(same);
}

TEST_F(fdinfo, counts_memory_by_region)
{
	uint64_t hbm = read_amount(self, "drm-total-hbm");
	uint64_t host = read_amount(self, "drm-total-host");
	struct npt_bo bo[2];

	EXPECT_EQ(self->client.text.size, hbm);
	EXPECT_EQ(0, host);
	ASSERT_EQ(0, npt_bo_create(self->client.fd, &bo[0], 3 * NPT_MIB,
				   DRM_NPU_PLACE_HBM, 0, 0));
	ASSERT_EQ(0, npt_bo_create(self->client.fd, &bo[1], 2 * NPT_MIB,
				   DRM_NPU_PLACE_HOST, 0, 0));
	EXPECT_EQ(hbm + 3 * NPT_MIB, read_amount(self, "drm-total-hbm"));
	EXPECT_EQ(hbm + 3 * NPT_MIB, read_amount(self, "drm-resident-hbm"));
	EXPECT_EQ(2 * NPT_MIB, read_amount(self, "drm-total-host"));
	npt_bo_close(self->client.fd, &bo[0]);
	npt_bo_close(self->client.fd, &bo[1]);
	EXPECT_EQ(hbm, read_amount(self, "drm-total-hbm"));
	EXPECT_EQ(0, read_amount(self, "drm-total-host"));
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
	EXPECT_EQ(0, read_amount(self, "drm-engine-npu"));
	for (i = 0; i < 3; i++) {
		/* On all dies, on one; and the queue is gone afterwards. */
		ASSERT_EQ(0, npt_queue_create(&self->client, i % 2, 0, &queue));
		one = busy_of_a_fill(self, queue, &bo, &code);
		EXPECT_GT(one, 0);
		busy += one;
		EXPECT_EQ(busy, read_amount(self, "drm-engine-npu"));
		ASSERT_EQ(0, npt_queue_destroy(self->client.fd, queue));
		EXPECT_EQ(busy, read_amount(self, "drm-engine-npu"));
	}
}

TEST_F(fdinfo, does_not_count_what_others_do)
{
	ASSERT_EQ(0, npt_works());
	EXPECT_EQ(0, read_amount(self, "drm-engine-npu"));
	EXPECT_EQ(self->client.text.size, read_amount(self, "drm-total-hbm"));
}

TEST_HARNESS_MAIN
