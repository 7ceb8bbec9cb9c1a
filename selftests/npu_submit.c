// SPDX-License-Identifier: GPL-2.0-only
/* SUBMIT: order, reports, arguments. */
#include "kselftest_harness.h"
#include "npu_test.h"

FIXTURE(submit)
{
	struct npt_client client;
	struct npt_bo bo;
	struct npt_code fill;
	uint64_t args;
	uint32_t queue;
	int fd;
};

#define WORDS	1024

FIXTURE_SETUP(submit)
{
	uint64_t args[2];

	ASSERT_EQ(0, npt_client_open(&self->client));
	self->fd = self->client.fd;
	ASSERT_EQ(0, npt_bo_new(&self->client, &self->bo, 64 * NPT_KIB,
				DRM_NPU_PLACE_HBM, 0, 0));
	ASSERT_EQ(0, npt_code_fill(&self->client, WORDS, &self->fill));
	args[0] = self->bo.va;
	args[1] = 0xcafe0000;
	self->args = npt_push(&self->client, args, sizeof(args));
	ASSERT_NE(0, self->args);
	ASSERT_EQ(0, npt_queue_create(&self->client, 0, 0, &self->queue));
}

FIXTURE_TEARDOWN(submit)
{
	npt_client_close(&self->client);
}

#define SUBMIT_DATA FIXTURE_DATA(submit)

static struct drm_npu_job good_job(const SUBMIT_DATA *self)
{
	return npt_job(self->queue, &self->fill, self->args, 16);
}

static uint64_t jobs_taken(const SUBMIT_DATA *self)
{
	struct drm_npu_queue_get_state state;

	return npt_queue_state(self->fd, self->queue, &state) ?
		~0ull : state.jobs_submitted;
}

TEST_F(submit, a_job_runs)
{
	EXPECT_EQ(0, npt_run(&self->client, self->queue, &self->fill,
			     (uint64_t[]){ self->bo.va, 0x5eed5eed }, 2));
	EXPECT_TRUE(npt_is_pattern(self->bo.map, 4 * WORDS, 0x5eed5eed));
	EXPECT_TRUE(npt_is_zero((char *)self->bo.map + 4 * WORDS,
				self->bo.size - 4 * WORDS));
}

TEST_F(submit, a_program_without_instructions_runs)
{
	struct npt_prog prog;
	struct npt_code code;

	npt_prog_init(&prog, 0, 0);
	ASSERT_EQ(0, npt_prog_load(&self->client, &prog, &code));
	EXPECT_EQ(0, npt_run(&self->client, self->queue, &code, NULL, 0));
}

TEST_F(submit, a_program_lies_in_host_memory_too)
{
	struct npt_bo host;
	struct npt_prog prog;
	struct npt_code code;

	ASSERT_EQ(0, npt_bo_new(&self->client, &host, NPT_PAGE,
				DRM_NPU_PLACE_HOST, 0, 0));
	npt_prog_init(&prog, 0, 0);
	npt_prog_stall(&prog, 1);
	memcpy(host.map, &prog.header, 64);
	memcpy((char *)host.map + 64, prog.insn, 64);
	code = (struct npt_code) { .va = host.va, .size = 128 };
	EXPECT_EQ(0, npt_run(&self->client, self->queue, &code, NULL, 0));
}

TEST_F(submit, one_program_runs_with_many_arguments)
{
	unsigned int i;

	for (i = 0; i < 16; i++) {
		uint64_t args[] = { self->bo.va + i * 4 * WORDS, 100 + i };

		ASSERT_EQ(0, npt_start(&self->client, self->queue, &self->fill,
				       args, 2, 0));
	}
	ASSERT_EQ(0, npt_run(&self->client, self->queue, &self->fill,
			     (uint64_t[]){ self->bo.va, 100 }, 2));
	for (i = 0; i < 16; i++) {
		EXPECT_TRUE(npt_is_pattern((char *)self->bo.map +
					   i * 4 * WORDS, 4 * WORDS, 100 + i));
	}
}

TEST_F(submit, a_report_tells_the_run)
{
	volatile struct npu_report *report = self->bo.map;
	struct drm_npu_job jobs[2] = { good_job(self), good_job(self) };
	struct drm_npu_sync out;
	uint32_t sync;

	ASSERT_EQ(0, npt_sync_create(self->fd, 0, &sync));
	out = npt_binary(sync);
	memset(self->bo.map, 0xff, self->bo.size);
	jobs[0].report = self->bo.va + 4 * WORDS;
	jobs[1].report = self->bo.va + 4 * WORDS + sizeof(*report);
	npt_job_out(&jobs[1], &out, 1);
	ASSERT_EQ(0, npt_submit(self->fd, jobs, 2));
	ASSERT_EQ(0, npt_sync_result(self->fd, sync, NPT_LIMIT_MS));

	report = (void *)((char *)self->bo.map + 4 * WORDS);
	EXPECT_EQ(NPU_ERR_NONE, report[0].status);
	EXPECT_EQ(1, report[0].insn);
	EXPECT_GT(report[0].host_start, 0);
	EXPECT_LE(report[0].host_start, report[0].host_end);
	EXPECT_LE(report[0].host_end, report[1].host_start);
	EXPECT_GT(report[0].device_time, 0);
	EXPECT_GE(report[0].bytes, 4 * WORDS);
	EXPECT_LE(report[0].peak_time, report[0].device_time);
	EXPECT_EQ(report[0].device_time, report[1].device_time);
	EXPECT_EQ(report[0].cookie + 1, report[1].cookie);
}

static void run_steps(struct __test_metadata *_metadata, SUBMIT_DATA *self,
		      unsigned int jobs_total, unsigned int batch)
{
	struct drm_npu_job jobs[64];
	uint32_t x = 1, *k, sync;
	struct drm_npu_sync out;
	struct npt_code step;
	struct npt_bo data;
	unsigned int i, j;

	ASSERT_LE(batch, ARRAY_SIZE(jobs));
	ASSERT_EQ(0, npt_bo_new(&self->client, &data, 64 * NPT_KIB,
				DRM_NPU_PLACE_HBM, 0, 0));
	ASSERT_EQ(0, npt_code_step(&self->client, &step));
	ASSERT_EQ(0, npt_sync_create(self->fd, 0, &sync));
	out = npt_binary(sync);
	k = data.map;
	k[0] = 1;		/* x */
	k[1] = 1664525;		/* m */
	for (i = 0; i < jobs_total; i += batch) {
		for (j = 0; j < batch; j++) {
			uint64_t args[3] = {
				data.va, data.va + 4, data.va + 8 + 4 * (i + j),
			};

			k[2 + i + j] = i + j;
			x = x * 1664525 + i + j;
			jobs[j] = npt_job(self->queue, &step,
					  npt_push(&self->client, args, 24),
					  24);
		}
		npt_job_out(&jobs[batch - 1], &out, 1);
		ASSERT_EQ(0, npt_submit(self->fd, jobs, batch));
	}
	ASSERT_EQ(0, npt_sync_result(self->fd, sync, NPT_LIMIT_MS));
	EXPECT_EQ(x, *(volatile uint32_t *)data.map);
	EXPECT_EQ(jobs_total, jobs_taken(self));
}

TEST_F(submit, a_thousand_jobs_run_in_order)
{
	run_steps(_metadata, self, 1000, 1);
}

TEST_F(submit, a_thousand_jobs_in_batches_run_in_order)
{
	run_steps(_metadata, self, 1000, 50);
}

TEST_F(submit, more_jobs_than_the_ring_holds)
{
	struct drm_npu_queue_create create = {
		.vm_id = self->client.vm,
		.ring_jobs = 2,
	};

	ASSERT_EQ(0, npt_ioctl(self->fd, DRM_IOCTL_NPU_QUEUE_CREATE, &create));
	self->queue = create.queue_id;
	run_steps(_metadata, self, 128, 64);
}

TEST_F(submit, all_jobs_are_taken_or_none)
{
	struct drm_npu_job jobs[4] = {
		good_job(self), good_job(self), good_job(self), good_job(self),
	};
	struct drm_npu_submit submit = {
		.jobs = { sizeof(jobs[0]), 4, (uintptr_t)jobs },
	};
	struct drm_npu_sync out;
	uint32_t sync;

	ASSERT_EQ(0, npt_sync_create(self->fd, 0, &sync));
	out = npt_binary(sync);
	npt_job_out(&jobs[0], &out, 1);
	jobs[2].program = 1;
	EXPECT_EQ(-EINVAL, npt_ioctl(self->fd, DRM_IOCTL_NPU_SUBMIT, &submit));
	EXPECT_EQ(2, submit.failed_job);
	EXPECT_EQ(0, jobs_taken(self));
	/* Nothing was put into the syncobj either. */
	EXPECT_EQ(-EINVAL, npt_sync_wait(self->fd, sync, 0));
	EXPECT_TRUE(npt_is_zero(self->bo.map, self->bo.size));
}

TEST_F(submit, one_call_feeds_many_queues)
{
	struct drm_npu_job jobs[8];
	struct drm_npu_sync out[8];
	uint32_t sync[8], queue;
	unsigned int i;

	for (i = 0; i < 8; i++) {
		uint64_t args[] = { self->bo.va + i * 4 * WORDS, i + 1 };

		ASSERT_EQ(0, npt_sync_create(self->fd, 0, &sync[i]));
		ASSERT_EQ(0, npt_queue_create(&self->client, 0, 0, &queue));
		out[i] = npt_binary(sync[i]);
		jobs[i] = npt_job(queue, &self->fill,
				  npt_push(&self->client, args, 16), 16);
		npt_job_out(&jobs[i], &out[i], 1);
	}
	ASSERT_EQ(0, npt_submit(self->fd, jobs, 8));
	for (i = 0; i < 8; i++) {
		EXPECT_EQ(0, npt_sync_result(self->fd, sync[i], NPT_LIMIT_MS));
		EXPECT_TRUE(npt_is_pattern((char *)self->bo.map +
					   i * 4 * WORDS, 4 * WORDS, i + 1));
	}
}

TEST_F(submit, an_unmapped_program_is_the_jobs_fault)
{
	struct npt_code code = { .va = 1ull << 45, .size = 128 };
	struct drm_npu_queue_get_state state;

	EXPECT_EQ(-EFAULT, npt_run(&self->client, self->queue, &code, NULL,
				   0));
	ASSERT_EQ(0, npt_queue_state(self->fd, self->queue, &state));
	EXPECT_EQ(NPU_ERR_PAGE_FAULT, state.error_code);
	EXPECT_EQ(1ull << 45, state.error_address);
}

#define BATCH	8

/* A batch without synchronisation inside, one job of which cannot run. */
static int run_spoiled_batch(SUBMIT_DATA *self, unsigned int bad)
{
	struct drm_npu_job jobs[BATCH];
	struct drm_npu_sync out;
	uint32_t sync;
	unsigned int i;
	int err;

	err = npt_sync_create(self->fd, 0, &sync);
	if (err)
		return err;
	for (i = 0; i < BATCH; i++) {
		uint64_t args[] = { self->bo.va + i * 4 * WORDS, i + 1 };

		jobs[i] = npt_job(self->queue, &self->fill,
				  npt_push(&self->client, args, 16), 16);
	}
	jobs[bad].program = 1ull << 45;
	out = npt_binary(sync);
	npt_job_out(&jobs[BATCH - 1], &out, 1);
	err = npt_submit(self->fd, jobs, BATCH);
	return err ? err : npt_sync_result(self->fd, sync, NPT_LIMIT_MS);
}

/* Those before the one at fault have run, those behind it have not. */
static void expect_spoiled_batch(struct __test_metadata *_metadata, SUBMIT_DATA *self,
				 unsigned int bad, int result)
{
	struct drm_npu_query_device before, after;
	struct drm_npu_queue_get_state state;
	unsigned int i;

	ASSERT_EQ(0, npt_query_device(self->fd, &before));
	EXPECT_EQ(result, run_spoiled_batch(self, bad));
	for (i = 0; i < BATCH; i++)
		EXPECT_TRUE(npt_is_pattern((char *)self->bo.map + i * 4 * WORDS,
					   4 * WORDS, i < bad ? i + 1 : 0));
	ASSERT_EQ(0, npt_queue_state(self->fd, self->queue, &state));
	EXPECT_EQ(BATCH, state.jobs_submitted);
	EXPECT_EQ(BATCH, state.jobs_completed);
	EXPECT_EQ(EFAULT, state.error_errno);
	EXPECT_EQ(bad + 1, state.error_cookie);
	ASSERT_EQ(0, npt_query_device(self->fd, &after));
	EXPECT_EQ(before.jobs_completed + bad, after.jobs_completed);
	EXPECT_EQ(before.jobs_failed + BATCH - bad, after.jobs_failed);
}

TEST_F(submit, a_batch_ends_at_the_job_at_fault)
{
	expect_spoiled_batch(_metadata, self, 3, -ECANCELED);
}

TEST_F(submit, the_last_job_of_a_batch_is_at_fault)
{
	expect_spoiled_batch(_metadata, self, BATCH - 1, -EFAULT);
}

TEST_F(submit, the_first_job_of_a_batch_is_at_fault)
{
	expect_spoiled_batch(_metadata, self, 0, -ECANCELED);
}

TEST_HARNESS_MAIN
