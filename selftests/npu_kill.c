// SPDX-License-Identifier: GPL-2.0-only
/* kill -9 at every bad moment: the next client must not notice. */
#include <signal.h>

#include "kselftest_harness.h"
#include "npu_test.h"

FIXTURE(kill)
{
	int fd;
	uint64_t used;
	int ready[2];
};

FIXTURE_SETUP(kill)
{
	self->fd = npt_open();
	ASSERT_GE(self->fd, 0);
	ASSERT_TRUE(npt_hbm_quiet(self->fd, &self->used));
	ASSERT_EQ(0, pipe(self->ready));
}

FIXTURE_TEARDOWN(kill)
{
	close(self->fd);
}

#define KILL_DATA FIXTURE_DATA(kill)

/* Start a victim; returns when it has said that it is ready. */
static pid_t start_victim(KILL_DATA *self, void (*victim)(int ready))
{
	pid_t pid = fork();
	char byte;

	if (pid)
		return pid > 0 && read(self->ready[0], &byte, 1) == 1 ? pid : -1;
	close(self->fd);
	victim(self->ready[1]);
	_exit(1);
}

static void expect_recovery(struct __test_metadata *_metadata, KILL_DATA *self,
			    pid_t pid)
{
	struct drm_npu_query_device device;
	int status;

	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	EXPECT_EQ(0, npt_works());
	EXPECT_TRUE(npt_hbm_settles(self->fd, self->used));
	EXPECT_TRUE(npt_clients_settle(self->fd, 1));
	ASSERT_EQ(0, npt_query_device(self->fd, &device));
	EXPECT_EQ(DRM_NPU_HEALTH_OK, device.health);
}

static void say(int ready)
{
	if (write(ready, "r", 1) != 1)
		_exit(2);
}

static void stalls(int ready)
{
	struct npt_client client;
	struct npt_code code;
	struct npt_bo bo;
	uint32_t queue;

	if (npt_client_open(&client) ||
	    npt_bo_new(&client, &bo, 8 * NPT_MIB, DRM_NPU_PLACE_HBM, 0, 0) ||
	    npt_code_stall(&client, 0, &code) ||
	    npt_queue_create(&client, 0, 0, &queue) ||
	    npt_start(&client, queue, &code, NULL, 0, 0) ||
	    !npt_queue_executes(client.fd, queue))
		_exit(3);
	npt_fill(bo.map, bo.size, 1);
	say(ready);
	pause();
}

TEST_F(kill, in_the_middle_of_a_job)
{
	pid_t pid = start_victim(self, stalls);

	ASSERT_GT(pid, 0);
	EXPECT_GT(npt_hbm_used(self->fd), self->used + 8 * NPT_MIB);
	expect_recovery(_metadata, self, pid);
}

static void waits(int ready)
{
	struct npt_client client;
	struct npt_code code;
	uint32_t queue, sync;

	if (npt_client_open(&client) ||
	    npt_code_stall(&client, 0, &code) ||
	    npt_queue_create(&client, 0, 0, &queue) ||
	    npt_sync_create(client.fd, 0, &sync) ||
	    npt_start(&client, queue, &code, NULL, 0, sync))
		_exit(3);
	say(ready);
	npt_sync_wait(client.fd, sync, 60000);
}

TEST_F(kill, in_a_wait)
{
	pid_t pid = start_victim(self, waits);

	ASSERT_GT(pid, 0);
	expect_recovery(_metadata, self, pid);
}

static void has_everything(int ready)
{
	struct npt_client client;
	struct npt_code code;
	unsigned int i, j;
	struct npt_bo bo;
	uint32_t queue;

	if (npt_client_open(&client) || npt_code_stall(&client, 0, &code))
		_exit(3);
	for (i = 0; i < 16; i++) {
		if (npt_bo_new(&client, &bo, NPT_MIB,
			       i & 1 ? DRM_NPU_PLACE_HBM : DRM_NPU_PLACE_HOST,
			       0, 0) ||
		    npt_queue_create(&client, 0, 0, &queue))
			_exit(4);
		for (j = 0; j < 8; j++)
			if (npt_start(&client, queue, &code, NULL, 0, 0))
				_exit(5);
	}
	say(ready);
	pause();
}

TEST_F(kill, with_many_queues_and_jobs)
{
	pid_t pid = start_victim(self, has_everything);

	ASSERT_GT(pid, 0);
	expect_recovery(_metadata, self, pid);
}

static void is_busy(int ready)
{
	struct npt_client client;
	struct npt_code code;
	struct npt_bo bo;
	uint32_t queue;

	if (npt_client_open(&client) ||
	    npt_code_fill(&client, 64 * NPT_KIB, &code))
		_exit(3);
	say(ready);
	for (;;) {
		client.text_used = 4096;
		if (npt_bo_new(&client, &bo, 256 * NPT_KIB, DRM_NPU_PLACE_HBM,
			       0, 0) ||
		    npt_queue_create(&client, 0, 0, &queue) ||
		    npt_run(&client, queue, &code,
			    (uint64_t[]){ bo.va, 5 }, 2) ||
		    npt_queue_destroy(client.fd, queue))
			_exit(4);
		npt_bo_free(&client, &bo);
	}
}

TEST_F(kill, at_any_moment)
{
	unsigned int i;

	/* A different moment each time, over some rounds of what it does. */
	for (i = 0; i < 20; i++) {
		pid_t pid = start_victim(self, is_busy);

		ASSERT_GT(pid, 0);
		npt_sleep_ms(i);
		expect_recovery(_metadata, self, pid);
	}
}

TEST_F(kill, does_not_disturb_others)
{
	struct drm_npu_queue_get_state state;
	struct npt_client client;
	struct npt_code code;
	uint32_t queue, sync;
	int status;
	pid_t pid;

	ASSERT_EQ(0, npt_client_open(&client));
	ASSERT_EQ(0, npt_code_stall(&client, 300, &code));
	ASSERT_EQ(0, npt_queue_create(&client, 0, 0, &queue));
	ASSERT_EQ(0, npt_sync_create(client.fd, 0, &sync));
	pid = start_victim(self, stalls);
	ASSERT_GT(pid, 0);
	ASSERT_EQ(0, npt_start(&client, queue, &code, NULL, 0, sync));
	ASSERT_TRUE(npt_queue_executes(client.fd, queue));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, npt_sync_result(client.fd, sync, NPT_LIMIT_MS));
	ASSERT_EQ(0, npt_queue_state(client.fd, queue, &state));
	EXPECT_EQ(DRM_NPU_QUEUE_USABLE, state.state);
	EXPECT_EQ(NPU_ERR_NONE, state.error_code);
	npt_client_close(&client);
}

TEST_HARNESS_MAIN
