// SPDX-License-Identifier: GPL-2.0-only
/* Dependencies: binary and timeline, across queues, jobs and processes. */
#include <poll.h>
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "npu_test.h"

#define STALL_MS	150

FIXTURE(sync)
{
	struct npt_client client;
	struct npt_bo reports;
	struct npt_code stall;
	struct npt_code nothing;
	uint32_t queue[2];
	int fd;
};

static int make_nothing(struct npt_client *client, struct npt_code *code)
{
	struct npt_prog prog;

	npt_prog_init(&prog, 0, 0);
	npt_prog_insn(&prog, NPU_OP_NOP, NPU_NONE, NPU_NONE, NPU_NONE);
	return npt_prog_load(client, &prog, code);
}

FIXTURE_SETUP(sync)
{
	unsigned int i;

	ASSERT_EQ(0, npt_client_open(&self->client));
	self->fd = self->client.fd;
	ASSERT_EQ(0, npt_bo_new(&self->client, &self->reports, 64 * NPT_KIB,
				DRM_NPU_PLACE_HBM, 0, 0));
	ASSERT_EQ(0, npt_code_stall(&self->client, STALL_MS, &self->stall));
	ASSERT_EQ(0, make_nothing(&self->client, &self->nothing));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, npt_queue_create(&self->client, 0, 0,
					      &self->queue[i]));
	}
}

FIXTURE_TEARDOWN(sync)
{
	npt_client_close(&self->client);
}

#define SYNC_DATA FIXTURE_DATA(sync)

/* A job of queue 0 or 1 that leaves report number index. */
static struct drm_npu_job reporting(SYNC_DATA *self, unsigned int queue,
				    const struct npt_code *code,
				    unsigned int index)
{
	struct drm_npu_job job = npt_job(self->queue[queue], code, 0, 0);

	job.report = self->reports.va + index * sizeof(struct npu_report);
	return job;
}

static const volatile struct npu_report *report(const SYNC_DATA *self,
						unsigned int index)
{
	return (const struct npu_report *)self->reports.map + index;
}

/* One job has ended before the other began. */
static void expect_order(struct __test_metadata *_metadata, SYNC_DATA *self,
			 unsigned int first, unsigned int second)
{
	/* No report, no end: the second did not wait at all. */
	EXPECT_NE(0, report(self, first)->host_end);
	EXPECT_NE(0, report(self, second)->host_start);
	EXPECT_LE(report(self, first)->host_end,
		  report(self, second)->host_start);
}

TEST_F(sync, binary_orders_two_queues)
{
	struct drm_npu_job first = reporting(self, 0, &self->stall, 0);
	struct drm_npu_job second = reporting(self, 1, &self->nothing, 1);
	struct drm_npu_sync link, done;
	uint32_t handle[2];

	ASSERT_EQ(0, npt_sync_create(self->fd, 0, &handle[0]));
	ASSERT_EQ(0, npt_sync_create(self->fd, 0, &handle[1]));
	link = npt_binary(handle[0]);
	done = npt_binary(handle[1]);
	npt_job_out(&first, &link, 1);
	npt_job_in(&second, &link, 1);
	npt_job_out(&second, &done, 1);
	ASSERT_EQ(0, npt_submit(self->fd, &first, 1));
	ASSERT_EQ(0, npt_submit(self->fd, &second, 1));
	ASSERT_EQ(0, npt_sync_result(self->fd, handle[1], NPT_LIMIT_MS));
	EXPECT_EQ(0, npt_sync_result(self->fd, handle[0], 0));
	expect_order(_metadata, self, 0, 1);
}

TEST_F(sync, queues_without_a_link_do_not_wait)
{
	struct drm_npu_job jobs[2];
	struct drm_npu_sync out[2];
	struct npt_code stall;
	uint32_t handle[2];
	unsigned int i;

	ASSERT_EQ(0, npt_code_stall(&self->client, 500, &stall));
	jobs[0] = reporting(self, 0, &stall, 0);
	jobs[1] = reporting(self, 1, &self->nothing, 1);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, npt_sync_create(self->fd, 0, &handle[i]));
		out[i] = npt_binary(handle[i]);
		npt_job_out(&jobs[i], &out[i], 1);
	}
	ASSERT_EQ(0, npt_submit(self->fd, jobs, 2));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, npt_sync_result(self->fd, handle[i],
					     NPT_LIMIT_MS));
	}
	/* By the card's clock: ours may have been late. */
	EXPECT_LT(report(self, 1)->host_end, report(self, 0)->host_end);
}

TEST_F(sync, timeline_orders_two_queues)
{
	const unsigned int rounds = 50;
	struct drm_npu_sync in, out;
	uint32_t timeline;
	unsigned int i;
	uint64_t point;

	ASSERT_EQ(0, npt_sync_create(self->fd, 0, &timeline));
	for (i = 0; i < rounds; i++) {
		struct drm_npu_job job = reporting(self, i & 1, &self->nothing,
						   i);

		in = npt_point(timeline, i);
		out = npt_point(timeline, i + 1);
		npt_job_in(&job, &in, i ? 1 : 0);
		npt_job_out(&job, &out, 1);
		ASSERT_EQ(0, npt_submit(self->fd, &job, 1));
	}
	ASSERT_EQ(0, npt_point_wait(self->fd, timeline, rounds, NPT_LIMIT_MS));
	ASSERT_EQ(0, npt_point_query(self->fd, timeline, &point));
	EXPECT_EQ(rounds, point);
	for (i = 1; i < rounds; i++) {
		expect_order(_metadata, self, i - 1, i);
	}
}

TEST_F(sync, points_above_32_bits_count)
{
	const uint64_t high = 1ull << 32;
	struct drm_npu_job first = reporting(self, 0, &self->stall, 0);
	struct drm_npu_job second = reporting(self, 1, &self->nothing, 1);
	struct drm_npu_sync start, link, done;
	uint32_t timeline, handle;

	/* Cut to 32 bits, the point waited for would be one long past. */
	ASSERT_EQ(0, npt_sync_create(self->fd, 0, &timeline));
	ASSERT_EQ(0, npt_sync_create(self->fd, 0, &handle));
	ASSERT_EQ(0, npt_point_signal(self->fd, timeline, high + 1));
	start = npt_point(timeline, high + 1);
	link = npt_point(timeline, high + 2);
	done = npt_binary(handle);
	npt_job_in(&first, &start, 1);
	npt_job_out(&first, &link, 1);
	npt_job_in(&second, &link, 1);
	npt_job_out(&second, &done, 1);
	ASSERT_EQ(0, npt_submit(self->fd, &first, 1));
	ASSERT_EQ(0, npt_submit(self->fd, &second, 1));
	ASSERT_EQ(0, npt_sync_result(self->fd, handle, NPT_LIMIT_MS));
	expect_order(_metadata, self, 0, 1);
}

TEST_F(sync, a_job_waits_for_an_earlier_one_of_the_same_call)
{
	struct drm_npu_job jobs[3] = {
		reporting(self, 0, &self->stall, 0),
		reporting(self, 1, &self->nothing, 1),
		reporting(self, 0, &self->nothing, 2),
	};
	struct drm_npu_sync link[3];
	uint32_t binary, timeline;

	ASSERT_EQ(0, npt_sync_create(self->fd, 0, &binary));
	ASSERT_EQ(0, npt_sync_create(self->fd, 0, &timeline));
	link[0] = npt_binary(binary);
	link[1] = npt_point(timeline, 5);
	link[2] = npt_point(timeline, 6);
	npt_job_out(&jobs[0], &link[0], 1);
	npt_job_in(&jobs[1], &link[0], 1);
	npt_job_out(&jobs[1], &link[1], 1);
	npt_job_in(&jobs[2], &link[1], 1);
	npt_job_out(&jobs[2], &link[2], 1);
	ASSERT_EQ(0, npt_submit(self->fd, jobs, 3));
	ASSERT_EQ(0, npt_point_wait(self->fd, timeline, 6, NPT_LIMIT_MS));
	expect_order(_metadata, self, 0, 1);
	expect_order(_metadata, self, 1, 2);
}

TEST_F(sync, a_job_cannot_wait_for_a_later_one)
{
	struct drm_npu_job jobs[2] = {
		reporting(self, 0, &self->nothing, 0),
		reporting(self, 1, &self->nothing, 1),
	};
	struct drm_npu_sync link;
	uint32_t handle;

	ASSERT_EQ(0, npt_sync_create(self->fd, 0, &handle));
	link = npt_binary(handle);
	npt_job_in(&jobs[0], &link, 1);
	npt_job_out(&jobs[1], &link, 1);
	EXPECT_EQ(-EINVAL, npt_submit(self->fd, jobs, 2));
	/* The same link the right way round. */
	npt_job_in(&jobs[0], NULL, 0);
	npt_job_out(&jobs[1], NULL, 0);
	npt_job_out(&jobs[0], &link, 1);
	npt_job_in(&jobs[1], &link, 1);
	EXPECT_EQ(0, npt_submit(self->fd, jobs, 2));
	EXPECT_EQ(0, npt_sync_result(self->fd, handle, NPT_LIMIT_MS));
}

TEST_F(sync, what_nobody_has_submitted_cannot_be_waited_for)
{
	struct drm_npu_job job = reporting(self, 0, &self->nothing, 0);
	struct drm_npu_sync in;
	uint32_t handle;

	ASSERT_EQ(0, npt_sync_create(self->fd, 0, &handle));
	in = npt_binary(handle);
	npt_job_in(&job, &in, 1);
	EXPECT_EQ(-EINVAL, npt_submit(self->fd, &job, 1));
	in = npt_point(handle, 1);
	EXPECT_EQ(-EINVAL, npt_submit(self->fd, &job, 1));
	ASSERT_EQ(0, npt_point_signal(self->fd, handle, 1));
	EXPECT_EQ(0, npt_submit(self->fd, &job, 1));
	in = npt_point(handle, 2);
	EXPECT_EQ(-EINVAL, npt_submit(self->fd, &job, 1));
}

TEST_F(sync, a_job_waits_for_many)
{
	struct drm_npu_job last = reporting(self, 1, &self->nothing, 63);
	struct drm_npu_sync links[32], done;
	uint32_t handle;
	unsigned int i;

	for (i = 0; i < 32; i++) {
		struct drm_npu_job job = reporting(self, 0, &self->nothing, i);

		ASSERT_EQ(0, npt_sync_create(self->fd, 0, &handle));
		links[i] = i & 1 ? npt_binary(handle) : npt_point(handle, i + 7);
		npt_job_out(&job, &links[i], 1);
		ASSERT_EQ(0, npt_submit(self->fd, &job, 1));
	}
	ASSERT_EQ(0, npt_sync_create(self->fd, 0, &handle));
	done = npt_binary(handle);
	npt_job_in(&last, links, 32);
	npt_job_out(&last, &done, 1);
	ASSERT_EQ(0, npt_submit(self->fd, &last, 1));
	ASSERT_EQ(0, npt_sync_result(self->fd, handle, NPT_LIMIT_MS));
	for (i = 0; i < 32; i++) {
		expect_order(_metadata, self, i, 63);
	}
}

TEST_F(sync, a_job_signals_many)
{
	struct drm_npu_job job = reporting(self, 0, &self->nothing, 0);
	struct drm_npu_sync out[32];
	unsigned int i;

	for (i = 0; i < 32; i++) {
		uint32_t handle;

		ASSERT_EQ(0, npt_sync_create(self->fd, 0, &handle));
		out[i] = i & 1 ? npt_binary(handle) : npt_point(handle, 9);
	}
	npt_job_out(&job, out, 32);
	ASSERT_EQ(0, npt_submit(self->fd, &job, 1));
	for (i = 0; i < 32; i++) {
		EXPECT_EQ(0, npt_point_wait(self->fd, out[i].handle,
					    out[i].timeline_value,
					    NPT_LIMIT_MS));
	}
}

TEST_F(sync, a_sync_file_can_be_polled)
{
	struct drm_npu_job job = reporting(self, 0, &self->stall, 0);
	struct pollfd poll_fd = { .events = POLLIN };
	struct drm_npu_sync out;
	uint32_t handle;

	ASSERT_EQ(0, npt_sync_create(self->fd, 0, &handle));
	out = npt_binary(handle);
	npt_job_out(&job, &out, 1);
	ASSERT_EQ(0, npt_submit(self->fd, &job, 1));
	ASSERT_EQ(0, npt_sync_file(self->fd, handle, &poll_fd.fd));
	EXPECT_EQ(0, npt_file_status(poll_fd.fd));
	EXPECT_EQ(0, poll(&poll_fd, 1, 0));
	EXPECT_EQ(1, poll(&poll_fd, 1, NPT_LIMIT_MS));
	EXPECT_EQ(1, npt_file_status(poll_fd.fd));
	close(poll_fd.fd);
}

/* The other process: wait for what comes through the socket, then answer. */
static int other_process(int sock, bool timeline)
{
	struct npt_client client;
	struct npt_code nothing;
	struct drm_npu_sync in, out;
	struct drm_npu_job job;
	uint32_t handle, queue;
	int sync_fd;

	if (npt_client_open(&client) || make_nothing(&client, &nothing) ||
	    npt_queue_create(&client, 0, 0, &queue))
		return 1;
	sync_fd = npt_recv_fd(sock);
	if (sync_fd < 0 || npt_sync_import(client.fd, sync_fd, &handle))
		return 2;
	in = timeline ? npt_point(handle, 1) : npt_binary(handle);
	/* A binary syncobj gets the next fence in place of the one waited for */
	out = timeline ? npt_point(handle, 2) : npt_binary(handle);
	job = npt_job(queue, &nothing, 0, 0);
	npt_job_in(&job, &in, 1);
	npt_job_out(&job, &out, 1);
	if (npt_submit(client.fd, &job, 1))
		return 3;
	if (write(sock, "s", 1) != 1)
		return 4;
	if (npt_point_wait(client.fd, handle, timeline ? 2 : 0, NPT_LIMIT_MS))
		return 5;
	npt_client_close(&client);
	return 0;
}

static void check_processes(struct __test_metadata *_metadata, SYNC_DATA *self,
			    bool timeline)
{
	struct drm_npu_job first = reporting(self, 0, &self->stall, 0);
	struct drm_npu_job last = reporting(self, 1, &self->nothing, 1);
	struct drm_npu_sync one, two, done;
	uint32_t handle, done_handle;
	int socks[2], sync_fd, status;
	char byte;
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET, 0, socks));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		close(socks[0]);
		_exit(other_process(socks[1], timeline));
	}
	close(socks[1]);
	ASSERT_EQ(0, npt_sync_create(self->fd, 0, &handle));
	ASSERT_EQ(0, npt_sync_create(self->fd, 0, &done_handle));
	one = timeline ? npt_point(handle, 1) : npt_binary(handle);
	two = timeline ? npt_point(handle, 2) : npt_binary(handle);
	done = npt_binary(done_handle);
	npt_job_out(&first, &one, 1);
	ASSERT_EQ(0, npt_submit(self->fd, &first, 1));
	ASSERT_EQ(0, npt_sync_export(self->fd, handle, &sync_fd));
	ASSERT_EQ(0, npt_send_fd(socks[0], sync_fd));
	ASSERT_EQ(1, read(socks[0], &byte, 1));
	/* Our last job waits for theirs, which waits for our first. */
	npt_job_in(&last, &two, 1);
	npt_job_out(&last, &done, 1);
	ASSERT_EQ(0, npt_submit(self->fd, &last, 1));
	EXPECT_EQ(0, npt_sync_result(self->fd, done_handle, NPT_LIMIT_MS));
	expect_order(_metadata, self, 0, 1);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_F(sync, binary_orders_two_processes)
{
	check_processes(_metadata, self, false);
}

TEST_F(sync, timeline_orders_two_processes)
{
	check_processes(_metadata, self, true);
}

TEST_F(sync, a_wait_for_a_submit_of_another_process_ends)
{
	struct drm_npu_job job = reporting(self, 0, &self->stall, 0);
	struct drm_npu_sync out;
	uint32_t handle;
	int status;
	pid_t pid;

	/* The file is shared by fork: the same handles in both. */
	ASSERT_EQ(0, npt_sync_create(self->fd, 0, &handle));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(npt_point_wait_submit(self->fd, handle, 3, NPT_LIMIT_MS) ?
		      1 : 0);
	out = npt_point(handle, 3);
	npt_job_out(&job, &out, 1);
	ASSERT_EQ(0, npt_submit(self->fd, &job, 1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_NE(0, report(self, 0)->host_end);
}

TEST_F(sync, a_failed_job_lets_those_behind_it_run)
{
	struct npt_code bad = { .va = 1ull << 44, .size = 64 };
	struct drm_npu_job first = reporting(self, 0, &bad, 0);
	struct drm_npu_job second = reporting(self, 1, &self->nothing, 1);
	struct drm_npu_sync link, done;
	uint32_t handle[2];

	ASSERT_EQ(0, npt_sync_create(self->fd, 0, &handle[0]));
	ASSERT_EQ(0, npt_sync_create(self->fd, 0, &handle[1]));
	link = npt_binary(handle[0]);
	done = npt_binary(handle[1]);
	first.report = 0;
	npt_job_out(&first, &link, 1);
	npt_job_in(&second, &link, 1);
	npt_job_out(&second, &done, 1);
	ASSERT_EQ(0, npt_submit(self->fd, &first, 1));
	ASSERT_EQ(0, npt_submit(self->fd, &second, 1));
	EXPECT_EQ(-EFAULT, npt_sync_result(self->fd, handle[0], NPT_LIMIT_MS));
	/* Whether it ran or was dropped, it must end, and soon. */
	EXPECT_EQ(0, npt_sync_wait(self->fd, handle[1], NPT_LIMIT_MS));
}

TEST_HARNESS_MAIN
