// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals in the middle of everything that waits: a call is done once or not at all,
 * and is done in the end, however many signals come.
 */
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/time.h>

#include "kselftest_harness.h"
#include "npu_test.h"

/* Time from a signal to the next, at first: shorter than anything that waits. */
#define STORM_US	500

FIXTURE(signals)
{
	struct npt_client client;
	struct npt_bo bo;
	struct npt_code stall;
	uint64_t used;
	uint32_t queue;
	uint32_t sync;
	int watch;
	int fd;
};

/* What happens to a call in whose middle a signal comes. */
FIXTURE_VARIANT(signals)
{
	int flags;
};

FIXTURE_VARIANT_ADD(signals, restart)
{
	.flags = SA_RESTART,
};

FIXTURE_VARIANT_ADD(signals, interrupt)
{
	.flags = 0,
};

static volatile sig_atomic_t alarms, gap_us;

static int next_alarm(void)
{
	struct itimerval timer = {
		.it_value = { .tv_sec = gap_us / 1000000, .tv_usec = gap_us % 1000000 },
	};

	return setitimer(ITIMER_REAL, &timer, NULL) ? -errno : 0;
}

/*
 * Each signal is a little later than the one before: where many share a busy host, a
 * signal may take longer than STORM_US, and nothing else would ever be done.
 */
static void on_alarm(int signal)
{
	alarms++;
	if (gap_us) {
		gap_us += gap_us / 64;
		next_alarm();
	}
}

static int storm(unsigned int usec)
{
	gap_us = usec;
	return next_alarm();
}

FIXTURE_SETUP(signals)
{
	struct sigaction action = {
		.sa_handler = on_alarm,
		.sa_flags = variant->flags,
	};

	self->watch = npt_open();
	ASSERT_GE(self->watch, 0);
	ASSERT_TRUE(npt_hbm_quiet(self->watch, &self->used));
	ASSERT_EQ(0, npt_client_open(&self->client));
	self->fd = self->client.fd;
	ASSERT_EQ(0, npt_bo_new(&self->client, &self->bo, NPT_PAGE, DRM_NPU_PLACE_HBM, 0,
				0));
	ASSERT_EQ(0, npt_code_stall(&self->client, 300, &self->stall));
	ASSERT_EQ(0, npt_queue_create(&self->client, 0, 0, &self->queue));
	ASSERT_EQ(0, npt_sync_create(self->fd, 0, &self->sync));
	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	ASSERT_EQ(0, storm(STORM_US));
}

/* Nothing that was begun is left. */
FIXTURE_TEARDOWN(signals)
{
	storm(0);
	EXPECT_GT(alarms, 0);
	npt_bo_unmap(&self->bo);
	npt_client_close(&self->client);
	EXPECT_TRUE(npt_hbm_settles(self->watch, self->used));
	EXPECT_EQ(0, npt_works());
	close(self->watch);
}

#define SIGNALS_DATA	FIXTURE_DATA(signals)
#define SIGNALS_VARIANT FIXTURE_VARIANT(signals)

/* Whether a call is to be made again: only where it may be interrupted at all. */
static bool again(const SIGNALS_VARIANT *variant, int err)
{
	return err == -EINTR && !(variant->flags & SA_RESTART);
}

#define INSIST(call) \
	({ \
		int _err = call; \
		\
		while (again(variant, _err)) \
			_err = call; \
		_err; \
	})

/* ---- Waiting for a job --------------------------------------------------- */

static int wait_binary(SIGNALS_DATA *self)
{
	return npt_sync_wait(self->fd, self->sync, NPT_LIMIT_MS);
}

static int wait_point(SIGNALS_DATA *self)
{
	return npt_point_wait(self->fd, self->sync, 0, NPT_LIMIT_MS);
}

static int wait_submit(SIGNALS_DATA *self)
{
	return npt_point_wait_submit(self->fd, self->sync, 0, NPT_LIMIT_MS);
}

static int wait_file(SIGNALS_DATA *self)
{
	struct pollfd fd = { .events = POLLIN };
	int err = npt_sync_file(self->fd, self->sync, &fd.fd);

	if (err)
		return err;
	err = poll(&fd, 1, NPT_LIMIT_MS) < 0 ? -errno : 0;
	close(fd.fd);
	return err;
}

/* Of a job that does not end before a signal comes. */
static void expect_interrupt(struct __test_metadata *_metadata, SIGNALS_DATA *self,
			     const SIGNALS_VARIANT *variant,
			     int (*wait)(SIGNALS_DATA *self))
{
	struct npt_code endless;
	uint32_t queue;

	ASSERT_EQ(0, npt_code_stall(&self->client, 0, &endless));
	ASSERT_EQ(0, INSIST(npt_queue_create(&self->client, 0, 0, &queue)));
	ASSERT_EQ(0, INSIST(npt_start(&self->client, queue, &endless, NULL, 0,
				      self->sync)));
	EXPECT_EQ(-EINTR, wait(self));
	ASSERT_EQ(0, npt_queue_destroy(self->fd, queue));
	while (wait(self) == -EINTR)
		;
	EXPECT_EQ(-ECANCELED, npt_sync_status(self->fd, self->sync));
}

TEST_F(signals, a_wait_for_a_job)
{
	static const struct {
		const char *name;
		int (*wait)(SIGNALS_DATA *self);
		bool restarts;
	} waits[] = {
		{ "binary", wait_binary, true },
		{ "timeline", wait_point, true },
		{ "for submit", wait_submit, true },
		/* poll() never does. */
		{ "sync file", wait_file, false },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(waits); i++) {
		TH_LOG("%s", waits[i].name);
		ASSERT_EQ(0, storm(STORM_US));
		if (!waits[i].restarts || !(variant->flags & SA_RESTART)) {
			expect_interrupt(_metadata, self, variant, waits[i].wait);
			continue;
		}
		ASSERT_EQ(0, npt_start(&self->client, self->queue, &self->stall, NULL, 0,
				       self->sync));
		EXPECT_EQ(0, waits[i].wait(self));
		EXPECT_EQ(1, npt_sync_status(self->fd, self->sync));
	}
}

/* The tick in which DRM counts the time of a wait: the end may come as much early. */
#define TICK_MS		10

/* The end is a moment, not a length: it does not move with every signal. */
TEST_F(signals, a_wait_that_takes_too_long)
{
	uint64_t start = npt_now_ms();
	struct npt_code endless;

	ASSERT_EQ(0, npt_code_stall(&self->client, 0, &endless));
	ASSERT_EQ(0, INSIST(npt_start(&self->client, self->queue, &endless, NULL, 0,
				      self->sync)));
	if (variant->flags & SA_RESTART) {
		EXPECT_EQ(-ETIME, npt_sync_wait(self->fd, self->sync, 100));
		EXPECT_GE(npt_now_ms(), start + 100 - TICK_MS);
		EXPECT_LT(npt_now_ms(), start + NPT_LIMIT_MS);
	} else {
		int err = npt_sync_wait(self->fd, self->sync, 100);

		EXPECT_TRUE(err == -EINTR || err == -ETIME);
	}
}

TEST_F(signals, a_stop_and_a_continue)
{
	int status;
	pid_t pid;

	ASSERT_EQ(0, storm(0));
	ASSERT_EQ(0, npt_start(&self->client, self->queue, &self->stall, NULL, 0,
			       self->sync));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(wait_binary(self) ? 1 : 0);
	do {
		ASSERT_EQ(0, kill(pid, SIGSTOP));
		ASSERT_EQ(pid, waitpid(pid, &status, WUNTRACED));
		if (!WIFSTOPPED(status))
			break;
		ASSERT_EQ(0, kill(pid, SIGCONT));
		npt_sleep_ms(5);
	} while (npt_sync_wait(self->fd, self->sync, 0));
	if (WIFSTOPPED(status)) {
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
	}
	EXPECT_EQ(0, status);
	alarms++;
}

/* ---- Waiting for the card ------------------------------------------------ */

static uint64_t large_size(int fd)
{
	struct drm_npu_query_memory mem[DRM_NPU_MAX_DIES + 1];
	int i, count = npt_query_memory(fd, mem);
	uint64_t total = 0;

	for (i = 0; i < count - 1; i++)
		total += mem[i].total;
	return total / 2 < 128 * NPT_MIB ? total / 2 : 128 * NPT_MIB;
}

/* Clearing takes much longer than the time between two signals. */
TEST_F(signals, a_buffer_being_cleared)
{
	const uint64_t size = large_size(self->fd), before = npt_hbm_used(self->fd);
	struct npt_bo bo;
	unsigned int i;
	char *end;

	/* The second time there is something to be cleared. */
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, INSIST(npt_bo_create(self->fd, &bo, size, DRM_NPU_PLACE_HBM,
						  0, 0)));
		ASSERT_EQ(0, npt_bo_mmap(self->fd, &bo));
		end = (char *)bo.map + size - NPT_MIB;
		EXPECT_TRUE(npt_is_zero(end, NPT_MIB));
		npt_fill(end, NPT_MIB, ~0u);
		if (!i) {
			ASSERT_EQ(0, npt_bo_close(self->fd, &bo));
			ASSERT_TRUE(npt_hbm_settles(self->fd, before));
		}
	}
	/* What was begun in vain has been given back. */
	EXPECT_TRUE(npt_hbm_settles(self->fd, before + size));
	EXPECT_EQ(before + size, npt_hbm_used(self->fd));
	EXPECT_EQ(0, npt_bo_close(self->fd, &bo));
}

/* A signal that ends the process does end it. */
TEST_F(signals, a_kill_while_clearing)
{
	const uint64_t size = large_size(self->fd), before = npt_hbm_used(self->fd);
	unsigned int i;

	ASSERT_EQ(0, storm(0));
	for (i = 0; i < 10; i++) {
		int status;
		pid_t pid = fork();

		ASSERT_GE(pid, 0);
		if (!pid) {
			struct npt_bo bo;

			while (!npt_bo_create(self->fd, &bo, size, DRM_NPU_PLACE_HBM, 0,
					      0) &&
			       !npt_gem_close(self->fd, bo.handle))
				;
			_exit(1);
		}
		npt_sleep_ms(3 * i);
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_TRUE(WIFSIGNALED(status));
		/* The file lives on with us: a buffer that was finished may be left. */
		npt_gem_close(self->fd, self->bo.handle + 1);
		EXPECT_TRUE(npt_hbm_settles(self->fd, before));
	}
	alarms++;
}

/* A process that binds and unbinds a page in the client's address space, on and on. */
static pid_t start_binder(SIGNALS_DATA *self)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	/* Not to be there in the next test if this one ends early. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (!npt_map(self->fd, self->client.vm, self->bo.handle, 0, NPT_GIB, NPT_PAGE,
			0) &&
	       !npt_unmap(self->fd, self->client.vm, NPT_GIB, NPT_PAGE))
		;
	_exit(1);
}

static void stop_binder(struct __test_metadata *_metadata, SIGNALS_DATA *self, pid_t pid)
{
	int status;

	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	ASSERT_EQ(0, npt_unmap(self->fd, self->client.vm, NPT_GIB, NPT_PAGE));
}

static uint64_t mapped(const SIGNALS_DATA *self)
{
	struct drm_npu_vm_get_state state;

	return npt_vm_state(self->fd, self->client.vm, &state) ? ~0ull : state.mapped;
}

/* Beside tiles that hold translations, and another who wants the same locks. */
TEST_F(signals, a_bind)
{
	const uint64_t va = 1ull << 40, before = mapped(self);
	pid_t binder = start_binder(self);
	struct drm_npu_vm_bind_op ops[2];
	unsigned int i;

	ASSERT_GT(binder, 0);
	ASSERT_EQ(0, INSIST(npt_start(&self->client, self->queue, &self->stall, NULL, 0,
				      self->sync)));
	for (i = 0; i < 100; i++) {
		ops[0] = (struct drm_npu_vm_bind_op) {
			.op = DRM_NPU_VM_BIND_OP_MAP,
			.handle = self->bo.handle,
			.address = va + i * NPT_PAGE,
			.size = NPT_PAGE,
		};
		ops[1] = ops[0];
		ops[1].address += NPT_GIB;
		ASSERT_EQ(0, INSIST(npt_bind(self->fd, self->client.vm, ops, 2)));
	}
	ASSERT_EQ(0, storm(0));
	stop_binder(_metadata, self, binder);
	EXPECT_EQ(before + 200 * NPT_PAGE, mapped(self));
	EXPECT_EQ(0, INSIST(npt_unmap(self->fd, self->client.vm, va, 2 * NPT_GIB)));
	EXPECT_EQ(before, mapped(self));
}

/* Each that was taken has counted once, and no other. */
TEST_F(signals, a_submit)
{
	const unsigned int rounds = 200;
	pid_t binder = start_binder(self);
	struct drm_npu_queue_get_state state;
	volatile uint32_t *word = self->bo.map;
	struct npt_code step;
	uint64_t args[3], va;
	unsigned int i;

	ASSERT_GT(binder, 0);
	args[0] = self->bo.va;
	args[1] = self->bo.va + 4;
	args[2] = self->bo.va + 8;
	word[1] = 1;
	word[2] = 1;
	ASSERT_EQ(0, npt_code_step(&self->client, &step));
	va = npt_push(&self->client, args, sizeof(args));
	for (i = 0; i < rounds; i++) {
		struct drm_npu_job job = npt_job(self->queue, &step, va, sizeof(args));
		struct drm_npu_sync out = npt_binary(self->sync);

		npt_job_out(&job, &out, 1);
		ASSERT_EQ(0, INSIST(npt_submit(self->fd, &job, 1)));
	}
	EXPECT_EQ(0, INSIST(wait_binary(self)));
	EXPECT_EQ(rounds, word[0]);
	EXPECT_EQ(0, npt_queue_state(self->fd, self->queue, &state));
	EXPECT_EQ(rounds, state.jobs_submitted);
	EXPECT_EQ(rounds, state.jobs_completed);
	ASSERT_EQ(0, storm(0));
	stop_binder(_metadata, self, binder);
}

TEST_F(signals, a_queue_that_comes_and_goes)
{
	struct npt_code endless;
	unsigned int i;

	ASSERT_EQ(0, npt_code_stall(&self->client, 0, &endless));
	for (i = 0; i < 20; i++) {
		uint32_t queue, sync;

		ASSERT_EQ(0, INSIST(npt_queue_create(&self->client, 0, 0, &queue)));
		ASSERT_EQ(0, npt_sync_create(self->fd, 0, &sync));
		ASSERT_EQ(0, INSIST(npt_start(&self->client, queue, &endless, NULL, 0,
					      sync)));
		ASSERT_TRUE(npt_queue_executes(self->fd, queue));
		ASSERT_EQ(0, npt_queue_destroy(self->fd, queue));
		ASSERT_EQ(-ENOENT, npt_queue_destroy(self->fd, queue));
		ASSERT_EQ(0, INSIST(npt_sync_wait(self->fd, sync, NPT_LIMIT_MS)));
		ASSERT_EQ(-ECANCELED, npt_sync_status(self->fd, sync));
		ASSERT_EQ(0, npt_sync_destroy(self->fd, sync));
	}
	EXPECT_TRUE(npt_queues_settle(self->fd, 1));
}

TEST_F(signals, an_address_space_that_comes_and_goes)
{
	const uint64_t before = npt_hbm_used(self->fd);
	unsigned int i;
	uint32_t vm;

	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, INSIST(npt_vm_create(self->fd, &vm)));
		ASSERT_EQ(0, INSIST(npt_map(self->fd, vm, self->bo.handle, 0, NPT_GIB,
					    NPT_PAGE, 0)));
		ASSERT_EQ(0, npt_vm_destroy(self->fd, vm));
		ASSERT_EQ(-ENOENT, npt_vm_destroy(self->fd, vm));
	}
	EXPECT_TRUE(npt_hbm_settles(self->fd, before));
}

/* A file whose job waits for somebody else's is the longest to close. */
TEST_F(signals, a_close)
{
	struct drm_npu_query_device device;
	struct npt_client late;
	struct drm_npu_sync in;
	struct drm_npu_job job;
	struct npt_code code;
	uint32_t queue, sync;
	int sync_fd;

	ASSERT_EQ(0, npt_start(&self->client, self->queue, &self->stall, NULL, 0,
			       self->sync));
	ASSERT_EQ(0, npt_sync_export(self->fd, self->sync, &sync_fd));
	ASSERT_EQ(0, INSIST(npt_client_open(&late)));
	ASSERT_EQ(0, npt_sync_import(late.fd, sync_fd, &sync));
	close(sync_fd);
	ASSERT_EQ(0, npt_code_stall(&late, 1, &code));
	ASSERT_EQ(0, npt_queue_create(&late, 0, 0, &queue));
	job = npt_job(queue, &code, 0, 0);
	in = npt_binary(sync);
	npt_job_in(&job, &in, 1);
	ASSERT_EQ(0, INSIST(npt_submit(late.fd, &job, 1)));
	npt_bo_unmap(&late.text);
	EXPECT_EQ(0, close(late.fd));
	EXPECT_EQ(-1, close(late.fd));
	ASSERT_EQ(0, npt_query_device(self->fd, &device));
	EXPECT_EQ(2, device.clients);
	/* It has not been stopped for the other's sake. */
	EXPECT_EQ(0, INSIST(npt_sync_result(self->fd, self->sync, NPT_LIMIT_MS)));
}

/* Page by page, each of which is a fault that a signal may come into. */
TEST_F(signals, a_page_fault)
{
	const uint64_t size = 8 * NPT_MIB;
	static const uint32_t places[] = { DRM_NPU_PLACE_HBM, DRM_NPU_PLACE_HOST };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		struct npt_bo bo;
		uint64_t at;

		ASSERT_EQ(0, INSIST(npt_bo_create(self->fd, &bo, size, places[i], 0, 0)));
		ASSERT_EQ(0, npt_bo_mmap(self->fd, &bo));
		for (at = 0; at < size; at += NPT_PAGE)
			*(volatile uint64_t *)((char *)bo.map + at) = at + 1;
		for (at = 0; at < size; at += NPT_PAGE) {
			ASSERT_EQ(at + 1, *(uint64_t *)((char *)bo.map + at));
		}
		EXPECT_EQ(0, npt_bo_close(self->fd, &bo));
	}
}

TEST_HARNESS_MAIN
