// SPDX-License-Identifier: GPL-2.0-only
/* Many files, shared files, files handed on. */
#include <pthread.h>
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "npu_test.h"

#define CLIENTS	100

TEST(a_hundred_clients_compute_at_once)
{
	static struct npt_client clients[CLIENTS];
	static struct npt_bo bo[CLIENTS];
	uint32_t sync[CLIENTS];
	unsigned int i;

	for (i = 0; i < CLIENTS; i++) {
		struct npt_code code;
		uint32_t queue;

		ASSERT_EQ(0, npt_client_open(&clients[i]));
		ASSERT_EQ(0, npt_bo_new(&clients[i], &bo[i], 16 * NPT_KIB,
					DRM_NPU_PLACE_HBM, 0, 0));
		ASSERT_EQ(0, npt_code_fill(&clients[i], 4 * NPT_KIB, &code));
		ASSERT_EQ(0, npt_queue_create(&clients[i], 0, 0, &queue));
		ASSERT_EQ(0, npt_sync_create(clients[i].fd, 0, &sync[i]));
		ASSERT_EQ(0, npt_start(&clients[i], queue, &code,
				       (uint64_t[]){ bo[i].va, i + 1 }, 2,
				       sync[i]));
	}
	for (i = 0; i < CLIENTS; i++) {
		ASSERT_EQ(0, npt_sync_result(clients[i].fd, sync[i],
					     NPT_LIMIT_MS));
		EXPECT_TRUE(npt_is_pattern(bo[i].map, bo[i].size, i + 1));
	}
	for (i = 0; i < CLIENTS; i++)
		npt_client_close(&clients[i]);
}

TEST(what_clients_leave_open_is_cleaned_up)
{
	struct drm_npu_query_device device;
	int fd = npt_open();
	uint64_t used;
	unsigned int i;

	ASSERT_GE(fd, 0);
	ASSERT_TRUE(npt_hbm_quiet(fd, &used));
	for (i = 0; i < 10; i++) {
		struct npt_client client;
		struct npt_code code;
		struct npt_bo bo;
		uint32_t queue;

		ASSERT_EQ(0, npt_client_open(&client));
		ASSERT_EQ(0, npt_bo_new(&client, &bo, NPT_MIB,
					DRM_NPU_PLACE_HBM, 0, 0));
		ASSERT_EQ(0, npt_code_stall(&client, 0, &code));
		ASSERT_EQ(0, npt_queue_create(&client, 0, 0, &queue));
		ASSERT_EQ(0, npt_start(&client, queue, &code, NULL, 0, 0));
		npt_bo_unmap(&bo);
		npt_client_close(&client);
	}
	EXPECT_TRUE(npt_hbm_settles(fd, used));
	ASSERT_EQ(0, npt_query_device(fd, &device));
	EXPECT_EQ(1, device.clients);
	EXPECT_EQ(0, npt_works());
}

TEST(a_file_passed_on_works_there)
{
	struct npt_client client;
	struct npt_code code;
	int socks[2], status;
	struct npt_bo bo;
	uint32_t queue;
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET, 0, socks));
	ASSERT_EQ(0, npt_client_open(&client));
	ASSERT_EQ(0, npt_bo_new(&client, &bo, NPT_PAGE, DRM_NPU_PLACE_HBM, 0,
				0));
	ASSERT_EQ(0, npt_code_fill(&client, NPT_PAGE / 4, &code));
	ASSERT_EQ(0, npt_queue_create(&client, 0, 0, &queue));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		close(client.fd);
		client.fd = npt_recv_fd(socks[1]);
		_exit(npt_run(&client, queue, &code,
			      (uint64_t[]){ bo.va, 0x0badcafe }, 2) ? 1 : 0);
	}
	ASSERT_EQ(0, npt_send_fd(socks[0], client.fd));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_TRUE(npt_is_pattern(bo.map, bo.size, 0x0badcafe));
	npt_client_close(&client);
}

TEST(a_file_shared_by_fork_lives_until_the_last_closes_it)
{
	struct npt_client client;
	struct npt_code code;
	int status, ready[2];
	struct npt_bo bo;
	uint32_t queue;
	pid_t pid;
	char byte;

	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, npt_client_open(&client));
	ASSERT_EQ(0, npt_bo_new(&client, &bo, NPT_PAGE, DRM_NPU_PLACE_HBM, 0,
				0));
	ASSERT_EQ(0, npt_code_fill(&client, NPT_PAGE / 4, &code));
	ASSERT_EQ(0, npt_queue_create(&client, 0, 0, &queue));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		bool failed;

		close(ready[1]);
		failed = read(ready[0], &byte, 1) != 0;
		failed |= npt_run(&client, queue, &code,
				  (uint64_t[]){ bo.va, 77 }, 2) != 0;
		_exit(failed || !npt_is_pattern(bo.map, bo.size, 77));
	}
	npt_bo_unmap(&bo);
	npt_client_close(&client);
	close(ready[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

static void *submit_many(void *arg)
{
	struct npt_client *client = arg;
	intptr_t err = 0;
	struct npt_code code;
	uint32_t queue, i;

	/* Every thread has its text to itself; the file is everybody's. */
	err = npt_code_stall(client, 1, &code);
	if (!err)
		err = npt_queue_create(client, NPT_DIE(0), 0, &queue);
	for (i = 0; i < 20 && !err; i++)
		err = npt_run(client, queue, &code, NULL, 0);
	if (!err)
		err = npt_queue_destroy(client->fd, queue);
	return (void *)err;
}

TEST(threads_share_a_file)
{
	struct npt_client client, views[8];
	pthread_t threads[8];
	unsigned int i;

	ASSERT_EQ(0, npt_client_open(&client));
	for (i = 0; i < 8; i++) {
		views[i] = client;
		views[i].text_used = i * 32 * NPT_KIB;
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, submit_many,
					    &views[i]));
	}
	for (i = 0; i < 8; i++) {
		void *result;

		ASSERT_EQ(0, pthread_join(threads[i], &result));
		EXPECT_EQ(NULL, result);
	}
	npt_client_close(&client);
}

TEST_HARNESS_MAIN
