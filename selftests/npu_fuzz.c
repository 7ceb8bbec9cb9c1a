// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random calls of several threads on several files, most of their arguments right.
 *
 * NPU_FUZZ_SECONDS=60 for how long; NPU_FUZZ_SEED= what a run began with, to have it
 * again; NPU_FUZZ_THREADS=1 to have it exactly; NPU_FUZZ_TRACE=1 to have every call
 * in the kernel's log before it is made.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "fuzz/fuzz.h"

/* A call that takes longer than this hangs. */
#define STUCK_MS	(4 * NPT_LIMIT_MS)
/* A short run need not have done everything. */
#define ENOUGH_STEPS	50000
#define MAX_LOG_LINES	10

FIXTURE(fuzz)
{
	struct fuzz *fuzz;
	struct fuzz_worker workers[FUZZ_WORKERS];
	pthread_t threads[FUZZ_WORKERS];
	unsigned int count;
	uint64_t seconds;
	int fd;
	uint64_t hbm, host;
	uint64_t lines;
};

static uint64_t number_from(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

static uint64_t host_used(int fd)
{
	struct drm_npu_query_memory mem[DRM_NPU_MAX_DIES + 1];
	int count = npt_query_memory(fd, mem);

	return count > 0 ? mem[count - 1].used : 0;
}

static void on_signal(int signal)
{
}

/* To interrupt waits: nothing is restarted. */
static int catch_signal(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	return sigaction(SIGUSR1, &action, NULL);
}

FIXTURE_SETUP(fuzz)
{
	struct drm_npu_query_device device;
	struct npt_card card;
	unsigned int i;

	self->fuzz = mmap(NULL, sizeof(*self->fuzz), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->fuzz);
	self->fd = npt_open();
	ASSERT_GE(self->fd, 0);
	ASSERT_TRUE(npt_hbm_quiet(self->fd, &self->hbm));
	self->host = host_used(self->fd);
	self->lines = npt_kernel_lines();
	ASSERT_EQ(0, npt_query_device(self->fd, &device));

	self->fuzz->dies = device.dies;
	ASSERT_EQ(0, npt_find(&card));
	strcpy(self->fuzz->pci, card.pci);
	self->fuzz->seed = number_from("NPU_FUZZ_SEED", npt_now_ns());
	self->fuzz->trace = number_from("NPU_FUZZ_TRACE", 0);
	self->seconds = number_from("NPU_FUZZ_SECONDS", 60);
	self->count = number_from("NPU_FUZZ_THREADS", FUZZ_WORKERS);
	ASSERT_GT(self->count, 0);
	ASSERT_LE(self->count, FUZZ_WORKERS);
	printf("# NPU_FUZZ_SEED=%llu NPU_FUZZ_SECONDS=%llu NPU_FUZZ_THREADS=%u\n",
	       (unsigned long long)self->fuzz->seed,
	       (unsigned long long)self->seconds, self->count);
	fflush(stdout);

	ASSERT_EQ(0, catch_signal());
	ASSERT_EQ(0, fuzz_files_init(self->fuzz));
	for (i = 0; i < self->count; i++) {
		ASSERT_EQ(0, fuzz_worker_init(&self->workers[i], self->fuzz, i));
	}
}

FIXTURE_TEARDOWN(fuzz)
{
	close(self->fd);
}

#define FUZZ_DATA FIXTURE_DATA(fuzz)

static void *work(void *arg)
{
	struct fuzz_worker *worker = arg;

	while (!atomic_load(&worker->fuzz->stop))
		fuzz_step(worker);
	return NULL;
}

/* Whoever has been at one step for too long. */
static struct fuzz_worker *find_stuck(FUZZ_DATA *self, uint64_t last[],
				      uint64_t since[])
{
	uint64_t now = npt_now_ms();
	unsigned int i;

	for (i = 0; i < self->count; i++) {
		uint64_t step = atomic_load(&self->workers[i].step);

		if (step != last[i] || !since[i]) {
			last[i] = step;
			since[i] = now;
		} else if (now - since[i] > STUCK_MS) {
			return &self->workers[i];
		}
	}
	return NULL;
}

/* Until the time is over, signals for everybody; false: one hangs. */
static bool watch(FUZZ_DATA *self)
{
	uint64_t last[FUZZ_WORKERS] = { 0 }, since[FUZZ_WORKERS] = { 0 };
	uint64_t end = npt_now_ms() + 1000 * self->seconds;
	struct fuzz_worker *stuck;
	unsigned int turn = 0;

	while (!atomic_load(&self->fuzz->stop) && npt_now_ms() < end) {
		npt_sleep_ms(7);
		pthread_kill(self->threads[turn++ % self->count], SIGUSR1);
		stuck = find_stuck(self, last, since);
		if (stuck) {
			fuzz_fail(stuck, "hangs");
			return false;
		}
	}
	atomic_store(&self->fuzz->stop, true);
	return true;
}

/* A wait without end ends by a signal. */
static void join(FUZZ_DATA *self)
{
	unsigned int i;

	for (i = 0; i < self->count; i++) {
		while (pthread_tryjoin_np(self->threads[i], NULL)) {
			pthread_kill(self->threads[i], SIGUSR1);
			npt_sleep_ms(2);
		}
	}
}

static void expect_all_done(struct __test_metadata *_metadata, FUZZ_DATA *self)
{
	uint64_t steps = 0, checks = 0, good, bad;
	unsigned int i, call;

	for (i = 0; i < self->count; i++) {
		steps += self->workers[i].step;
		checks += self->workers[i].checks;
	}
	printf("# %llu steps, %llu answers checked\n",
	       (unsigned long long)steps, (unsigned long long)checks);
	for (call = 0; call < fuzz_call_count; call++) {
		for (i = good = bad = 0; i < self->count; i++) {
			good += self->workers[i].counts[call][0];
			bad += self->workers[i].counts[call][1];
		}
		printf("# %-24s %7llu good %7llu refused\n",
		       fuzz_calls[call].name, (unsigned long long)good,
		       (unsigned long long)bad);
		if (steps < ENOUGH_STEPS)
			continue;
		/* Buffers cannot be exported yet. */
		if (fuzz_calls[call].request != DRM_IOCTL_PRIME_HANDLE_TO_FD) {
			EXPECT_GT(good, 0);
		}
		EXPECT_GT(bad, 0);
	}
	EXPECT_GT(checks, 0);
}

static bool host_is_back(void *arg)
{
	FUZZ_DATA *self = arg;

	return host_used(self->fd) <= self->host;
}

/* Nothing of it is left, the card works, and nobody could fill the log. */
static void expect_as_before(struct __test_metadata *_metadata, FUZZ_DATA *self)
{
	struct drm_npu_query_device device;

	EXPECT_TRUE(npt_hbm_settles(self->fd, self->hbm));
	EXPECT_EQ(self->hbm, npt_hbm_used(self->fd));
	EXPECT_TRUE(npt_until(host_is_back, self, NPT_LIMIT_MS));
	EXPECT_EQ(self->host, host_used(self->fd));
	EXPECT_EQ(0, npt_query_device(self->fd, &device));
	EXPECT_EQ(DRM_NPU_HEALTH_OK, device.health);
	EXPECT_EQ(0, npt_works());
	EXPECT_LE(npt_kernel_lines() - self->lines, MAX_LOG_LINES);
	printf("# %llu jobs ended well, %llu did not, %llu faults\n",
	       (unsigned long long)device.jobs_completed,
	       (unsigned long long)device.jobs_failed,
	       (unsigned long long)device.faults);
}

/* The time is kept here. */
TEST_F_TIMEOUT(fuzz, random_calls, 24 * 3600)
{
	unsigned int i;

	for (i = 0; i < self->count; i++) {
		ASSERT_EQ(0, pthread_create(&self->threads[i], NULL, work,
					    &self->workers[i]));
	}
	ASSERT_TRUE(watch(self));
	join(self);
	EXPECT_FALSE(atomic_load(&self->fuzz->failed));

	for (i = 0; i < self->count; i++)
		fuzz_worker_fini(&self->workers[i]);
	fuzz_files_fini(self->fuzz);
	expect_all_done(_metadata, self);
	expect_as_before(_metadata, self);
}

TEST_HARNESS_MAIN
