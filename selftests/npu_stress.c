// SPDX-License-Identifier: GPL-2.0-only
/* Much at once, with every answer looked at. */
#include "kselftest_harness.h"
#include "npu_test.h"

#define WORKERS		8
#define ROUNDS		25

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Allocate, bind, fill, copy back through the card, compare, free. */
static int one_round(struct npt_client *client, uint32_t queue, uint32_t *seed)
{
	uint64_t words = 1 + next_random(seed) % (64 * NPT_KIB);
	uint32_t place = next_random(seed) % 2 + 1, pattern = next_random(seed);
	struct npt_code fill, copy;
	struct npt_bo a, b;
	int err;

	client->text_used = 0;
	err = npt_bo_new(client, &a, 4 * words, place, 0, 0);
	if (err)
		return err;
	err = npt_bo_new(client, &b, 4 * words, 3 - place, 0, 0);
	if (err)
		return err;
	err = npt_code_fill(client, words, &fill);
	if (!err)
		err = npt_code_copy(client, words, &copy);
	if (!err)
		err = npt_start(client, queue, &fill,
				(uint64_t[]){ a.va, pattern }, 2, 0);
	if (!err)
		err = npt_run(client, queue, &copy,
			      (uint64_t[]){ b.va, a.va }, 2);
	if (!err && (!npt_is_pattern(b.map, 4 * words, pattern) ||
		     !npt_is_zero((char *)b.map + 4 * words,
				  b.size - 4 * words)))
		err = -EILSEQ;
	npt_bo_free(client, &a);
	npt_bo_free(client, &b);
	/* Addresses are used again: what was there must be forgotten. */
	client->next_va -= a.size + b.size + 2 * NPT_PAGE;
	return err;
}

static int work(uint32_t seed)
{
	struct npt_client client;
	uint32_t queue;
	unsigned int i;
	int err = npt_client_open(&client);

	if (!err)
		err = npt_queue_create(&client, 1 + seed % 7, 0, &queue);
	if (err)
		err = npt_queue_create(&client, 0, 0, &queue);
	for (i = 0; i < ROUNDS && !err; i++)
		err = one_round(&client, queue, &seed);
	return err;
}

TEST(processes_with_random_work)
{
	pid_t pids[WORKERS];
	unsigned int i;
	uint64_t used;
	int status, fd = npt_open();

	ASSERT_GE(fd, 0);
	ASSERT_TRUE(npt_hbm_quiet(fd, &used));
	for (i = 0; i < WORKERS; i++) {
		pids[i] = fork();
		ASSERT_GE(pids[i], 0);
		if (!pids[i])
			_exit(-work(i));
	}
	for (i = 0; i < WORKERS; i++) {
		ASSERT_EQ(pids[i], waitpid(pids[i], &status, 0));
		EXPECT_EQ(0, status) {
			TH_LOG("worker %u: %s", i,
			       strerror(WEXITSTATUS(status)));
		}
	}
	EXPECT_TRUE(npt_hbm_settles(fd, used));
	close(fd);
}

/* Faults of some, answers of others, on the same dies. */
TEST(good_and_bad_side_by_side)
{
	struct npt_client bad;
	struct npt_code code;
	unsigned int faults = 0;
	int status;
	pid_t pid;

	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(-work(1));
	ASSERT_EQ(0, npt_client_open(&bad));
	ASSERT_EQ(0, npt_code_fill(&bad, 4 * NPT_KIB, &code));
	do {
		uint32_t queue;

		bad.text_used = 4096;
		ASSERT_EQ(0, npt_queue_create(&bad, 0, 0, &queue));
		ASSERT_EQ(-EFAULT, npt_run(&bad, queue, &code,
					   (uint64_t[]){ 1ull << 40, 0 }, 2));
		ASSERT_EQ(0, npt_queue_destroy(bad.fd, queue));
		faults++;
	} while (!waitpid(pid, &status, WNOHANG));
	EXPECT_EQ(0, status);
	EXPECT_GT(faults, 1);
	npt_client_close(&bad);
}

/* Binding and unbinding in an address space whose queues are at work. */
TEST(binds_beside_running_jobs)
{
	const uint64_t words = 64 * NPT_KIB, far = 1ull << 36;
	uint32_t queue, sync, rounds = 0;
	struct npt_client client;
	struct npt_bo bo, other;
	struct npt_code fill;
	unsigned int i;

	ASSERT_EQ(0, npt_client_open(&client));
	ASSERT_EQ(0, npt_bo_new(&client, &bo, 4 * words, DRM_NPU_PLACE_HBM, 0,
				0));
	ASSERT_EQ(0, npt_bo_create(client.fd, &other, 64 * NPT_KIB,
				   DRM_NPU_PLACE_HBM, 0, 0));
	ASSERT_EQ(0, npt_code_fill(&client, words, &fill));
	ASSERT_EQ(0, npt_queue_create(&client, 0, 0, &queue));
	ASSERT_EQ(0, npt_sync_create(client.fd, 0, &sync));
	for (i = 1; i <= 100; i++) {
		ASSERT_EQ(0, npt_start(&client, queue, &fill,
				       (uint64_t[]){ bo.va, i }, 2, sync));
	}
	do {
		ASSERT_EQ(0, npt_map(client.fd, client.vm, other.handle, 0,
				     far + rounds % 64 * NPT_MIB,
				     64 * NPT_KIB, 0));
		if (rounds & 1) {
			ASSERT_EQ(0, npt_unmap(client.fd, client.vm, far,
					       64 * NPT_MIB));
		}
		rounds++;
	} while (npt_sync_wait(client.fd, sync, 0) == -ETIME);
	EXPECT_EQ(0, npt_sync_result(client.fd, sync, 0));
	EXPECT_TRUE(npt_is_pattern(bo.map, bo.size, 100));
	npt_client_close(&client);
}

TEST_HARNESS_MAIN
