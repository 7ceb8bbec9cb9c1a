// SPDX-License-Identifier: GPL-2.0-only
/* Many files, shared files, files handed on. */
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "npu_test.h"

#define CLIENTS	100

FIXTURE(clients)
{
	int fd;
	uint64_t used;
};

FIXTURE_SETUP(clients)
{
	self->fd = npt_open();
	ASSERT_GE(self->fd, 0);
	ASSERT_TRUE(npt_hbm_quiet(self->fd, &self->used));
}

/* Nothing is left of anybody. */
FIXTURE_TEARDOWN(clients)
{
	EXPECT_TRUE(npt_clients_settle(self->fd, 1));
	EXPECT_TRUE(npt_hbm_settles(self->fd, self->used));
	EXPECT_EQ(0, npt_works());
	close(self->fd);
}

#define CLIENTS_DATA FIXTURE_DATA(clients)

TEST_F_TIMEOUT(clients, a_hundred_clients_compute_at_once, 120)
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
	for (i = 0; i < CLIENTS; i++) {
		npt_bo_unmap(&bo[i]);
		npt_client_close(&clients[i]);
	}
}

#define CROWD		100
#define CROWD_QUEUES	10
#define CROWD_WORDS	256

/* word[0] = seed * m + k, the rest is seed; m and k lie behind. */
struct crowd_queue {
	uint32_t id;
	uint32_t sync;
	uint32_t seed;
	uint64_t va;
	uint32_t *word;
};

static int crowd_start(struct npt_client *client, const struct npt_code *fill,
		       const struct npt_code *step, struct crowd_queue *queue)
{
	uint64_t m = queue->va + 4 * CROWD_WORDS;
	int err = npt_start(client, queue->id, fill,
			    (uint64_t[]){ queue->va, queue->seed }, 2, 0);

	queue->word[CROWD_WORDS] = 1664525;
	queue->word[CROWD_WORDS + 1] = queue->seed ^ 0x5a5a5a5a;
	return err ? err : npt_start(client, queue->id, step,
				     (uint64_t[]){ queue->va, m, m + 4 }, 3, queue->sync);
}

static bool crowd_answer(struct npt_client *client, const struct crowd_queue *queue)
{
	uint32_t answer = queue->seed * 1664525 + (queue->seed ^ 0x5a5a5a5a);

	return !npt_sync_result(client->fd, queue->sync, 4 * NPT_LIMIT_MS) &&
	       queue->word[0] == answer &&
	       npt_is_pattern(queue->word + 1, 4 * (CROWD_WORDS - 1), queue->seed);
}

/* One process of the crowd: its queues exist, all at once, before anybody begins. */
static int join_crowd(uint32_t number, int ready, int go)
{
	struct crowd_queue queues[CROWD_QUEUES];
	struct npt_code fill, step;
	struct npt_client client;
	struct npt_bo bo;
	unsigned int i;
	char byte = 0;

	if (npt_client_open(&client) || npt_code_step(&client, &step) ||
	    npt_code_fill(&client, CROWD_WORDS, &fill) ||
	    npt_bo_new(&client, &bo, CROWD_QUEUES * NPT_PAGE, DRM_NPU_PLACE_HBM, 0, 0))
		return 1;
	for (i = 0; i < CROWD_QUEUES; i++) {
		queues[i].seed = number * CROWD_QUEUES + i + 1;
		queues[i].va = bo.va + i * NPT_PAGE;
		queues[i].word = bo.map + i * NPT_PAGE;
		if (npt_queue_create(&client, 0, 0, &queues[i].id) ||
		    npt_sync_create(client.fd, 0, &queues[i].sync))
			return 2;
	}
	if (write(ready, &byte, 1) != 1 || read(go, &byte, 1))
		return 3;
	for (i = 0; i < CROWD_QUEUES; i++)
		if (crowd_start(&client, &fill, &step, &queues[i]))
			return 4;
	for (i = 0; i < CROWD_QUEUES; i++)
		if (!crowd_answer(&client, &queues[i]))
			return 5;
	return 0;
}

TEST_F_TIMEOUT(clients, a_thousand_queues_of_a_hundred_processes, 120)
{
	int ready[2], go[2], status;
	pid_t pids[CROWD];
	unsigned int i;
	char byte;

	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, pipe(go));
	for (i = 0; i < CROWD; i++) {
		pids[i] = fork();
		ASSERT_GE(pids[i], 0);
		if (!pids[i]) {
			close(go[1]);
			_exit(join_crowd(i, ready[1], go[0]));
		}
	}
	/* Whoever cannot get that far is not waited for. */
	close(ready[1]);
	for (i = 0; i < CROWD; i++) {
		ASSERT_EQ(1, read(ready[0], &byte, 1));
	}
	EXPECT_TRUE(npt_clients_settle(self->fd, CROWD + 1));
	close(go[1]);
	for (i = 0; i < CROWD; i++) {
		ASSERT_EQ(pids[i], waitpid(pids[i], &status, 0));
		EXPECT_EQ(0, status) {
			TH_LOG("process %u", i);
		}
	}
}

TEST_F(clients, what_clients_leave_open_is_cleaned_up)
{
	unsigned int i;

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
}

TEST_F(clients, a_file_passed_on_works_there)
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
	npt_bo_unmap(&bo);
	npt_client_close(&client);
}

TEST_F(clients, a_file_shared_by_fork_lives_until_the_last_closes_it)
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

/* A shell that waits for its standard input to end, and then looks for the file. */
static pid_t start_shell(int fd, int input)
{
	char command[64];
	pid_t pid = fork();

	if (pid)
		return pid;
	snprintf(command, sizeof(command), "read line; test -e /proc/$$/fd/%d", fd);
	dup2(input, 0);
	execl("/bin/sh", "sh", "-c", command, NULL);
	_exit(127);
}

static void check_exec(struct __test_metadata *_metadata, CLIENTS_DATA *self, bool keep)
{
	struct npt_client client;
	int input[2], status;
	pid_t pid;

	ASSERT_EQ(0, pipe2(input, O_CLOEXEC));
	ASSERT_EQ(0, npt_client_open(&client));
	if (keep) {
		ASSERT_EQ(0, fcntl(client.fd, F_SETFD, 0));
	}
	pid = start_shell(client.fd, input[0]);
	ASSERT_GT(pid, 0);
	npt_client_close(&client);
	/* With the program before it goes its view of memory. */
	EXPECT_TRUE(npt_clients_settle(self->fd, keep ? 2 : 1));
	if (keep) {
		EXPECT_GT(npt_hbm_used(self->fd), self->used);
	} else {
		EXPECT_TRUE(npt_hbm_settles(self->fd, self->used));
	}
	close(input[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(keep ? 0 : 1, WEXITSTATUS(status));
}

TEST_F(clients, a_file_does_not_survive_exec)
{
	check_exec(_metadata, self, false);
}

TEST_F(clients, a_file_survives_exec_if_it_is_to)
{
	check_exec(_metadata, self, true);
}

TEST_F(clients, a_file_on_its_way_is_alive_and_can_be_lost)
{
	struct npt_client client;
	int socks[2], fd;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET, 0, socks));
	ASSERT_EQ(0, npt_client_open(&client));
	ASSERT_EQ(0, npt_send_fd(socks[0], client.fd));
	npt_client_close(&client);
	EXPECT_TRUE(npt_clients_settle(self->fd, 2));
	/* Nobody has it open, and yet it is all there. */
	fd = npt_recv_fd(socks[1]);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(0, npt_vm_destroy(fd, client.vm));
	ASSERT_EQ(0, npt_send_fd(socks[0], fd));
	close(fd);
	close(socks[0]);
	close(socks[1]);
}

/* What is the file's is everybody's who has it, whoever made it. */
TEST_F(clients, a_child_takes_away_what_its_parent_made)
{
	struct npt_client client;
	struct npt_code code;
	uint32_t queue, sync;
	int status;
	pid_t pid;

	ASSERT_EQ(0, npt_client_open(&client));
	ASSERT_EQ(0, npt_code_stall(&client, 0, &code));
	ASSERT_EQ(0, npt_queue_create(&client, 0, 0, &queue));
	ASSERT_EQ(0, npt_sync_create(client.fd, 0, &sync));
	ASSERT_EQ(0, npt_start(&client, queue, &code, NULL, 0, sync));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(npt_queue_destroy(client.fd, queue) ||
		      npt_vm_destroy(client.fd, client.vm) ||
		      npt_gem_close(client.fd, client.text.handle));
	EXPECT_EQ(-ECANCELED, npt_sync_result(client.fd, sync, NPT_LIMIT_MS));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(-ENOENT, npt_queue_destroy(client.fd, queue));
	EXPECT_EQ(-ENOENT, npt_vm_destroy(client.fd, client.vm));
	EXPECT_EQ(-EINVAL, npt_gem_close(client.fd, client.text.handle));
	npt_client_close(&client);
}

/* A child that ends takes nothing along. */
TEST_F(clients, a_child_that_closes_leaves_its_parents_jobs_alone)
{
	struct npt_client client;
	struct npt_code code;
	uint32_t queue, sync;
	int status;
	pid_t pid;

	ASSERT_EQ(0, npt_client_open(&client));
	ASSERT_EQ(0, npt_code_stall(&client, 200, &code));
	ASSERT_EQ(0, npt_queue_create(&client, 0, 0, &queue));
	ASSERT_EQ(0, npt_sync_create(client.fd, 0, &sync));
	ASSERT_EQ(0, npt_start(&client, queue, &code, NULL, 0, sync));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(close(client.fd) ? 1 : 0);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, npt_sync_result(client.fd, sync, NPT_LIMIT_MS));
	EXPECT_EQ(0, npt_run(&client, queue, &code, NULL, 0));
	npt_client_close(&client);
}

struct late_wait {
	int fd;
	uint32_t sync;
	int err;
};

static void *wait_late(void *arg)
{
	struct late_wait *wait = arg;

	wait->err = npt_sync_wait(wait->fd, wait->sync, NPT_LIMIT_MS);
	return NULL;
}

/* The wait has the file as well: the file ends after it. */
TEST_F(clients, a_file_closed_under_a_wait)
{
	struct late_wait wait = { .err = 1 };
	struct npt_client client;
	struct npt_code code;
	pthread_t thread;
	uint32_t queue;

	ASSERT_EQ(0, npt_client_open(&client));
	ASSERT_EQ(0, npt_code_stall(&client, 200, &code));
	ASSERT_EQ(0, npt_queue_create(&client, 0, 0, &queue));
	ASSERT_EQ(0, npt_sync_create(client.fd, 0, &wait.sync));
	ASSERT_EQ(0, npt_start(&client, queue, &code, NULL, 0, wait.sync));
	wait.fd = client.fd;
	ASSERT_EQ(0, pthread_create(&thread, NULL, wait_late, &wait));
	ASSERT_TRUE(npt_queue_executes(client.fd, queue));
	npt_client_close(&client);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	/* Or it came too late. */
	EXPECT_TRUE(wait.err == 0 || wait.err == -EBADF);
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

TEST_F(clients, threads_share_a_file)
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
