// SPDX-License-Identifier: GPL-2.0-only
/* Dies are real: memory lies where it was asked for, work runs there too. */
#include "kselftest_harness.h"
#include "npu_test.h"

FIXTURE(dies)
{
	struct npt_client client;
	struct drm_npu_query_memory mem[DRM_NPU_MAX_DIES + 1];
	uint32_t count;
	uint32_t all;
	int fd;
};

FIXTURE_SETUP(dies)
{
	struct drm_npu_query_device device;

	ASSERT_EQ(0, npt_client_open(&self->client));
	self->fd = self->client.fd;
	ASSERT_EQ(0, npt_query_device(self->fd, &device));
	self->count = device.dies;
	self->all = (1u << device.dies) - 1;
	ASSERT_EQ(device.dies + 1, npt_query_memory(self->fd, self->mem));
}

FIXTURE_TEARDOWN(dies)
{
	npt_client_close(&self->client);
}

#define DIES_DATA FIXTURE_DATA(dies)

/* Masks worth trying on a card with so many dies: each die, and mixtures. */
static unsigned int interesting_masks(const DIES_DATA *self, uint32_t *masks)
{
	static const uint32_t mixtures[] = { 0x03, 0xf0, 0xa5, 0x7e, 0xff };
	unsigned int i, j, count = 0;

	for (i = 0; i < self->count; i++)
		masks[count++] = NPT_DIE(i);
	for (i = 0; i < ARRAY_SIZE(mixtures); i++) {
		uint32_t mask = mixtures[i] & self->all;

		for (j = 0; j < count && masks[j] != mask; j++)
			;
		if (mask && j == count)
			masks[count++] = mask;
	}
	return count;
}

TEST_F(dies, a_buffer_lies_in_its_dies_range)
{
	unsigned int die;

	for (die = 0; die < self->count; die++) {
		const struct drm_npu_query_memory *mem = &self->mem[die];
		struct npt_bo bo;

		ASSERT_EQ(0, npt_bo_create(self->fd, &bo, NPT_MIB,
					   DRM_NPU_PLACE_HBM, NPT_DIE(die),
					   DRM_NPU_BO_CONTIGUOUS));
		EXPECT_GE(bo.hbm_offset, mem->base);
		EXPECT_LE(bo.hbm_offset + bo.size, mem->base + mem->total) {
			TH_LOG("die %u: offset 0x%llx", die,
			       (unsigned long long)bo.hbm_offset);
		}
	}
}

TEST_F(dies, a_buffer_is_charged_to_its_die_alone)
{
	struct drm_npu_query_memory now[DRM_NPU_MAX_DIES + 1];
	unsigned int die, other;
	struct npt_bo bo;

	for (die = 0; die < self->count; die++) {
		ASSERT_EQ(self->count + 1, npt_query_memory(self->fd,
							    self->mem));
		/* Not contiguous: it may lie in pieces, but all of them here */
		ASSERT_EQ(0, npt_bo_create(self->fd, &bo, 3 * NPT_MIB,
					   DRM_NPU_PLACE_HBM, NPT_DIE(die),
					   0));
		ASSERT_EQ(self->count + 1, npt_query_memory(self->fd, now));
		for (other = 0; other < self->count; other++) {
			EXPECT_EQ(self->mem[other].used +
				  (other == die ? bo.size : 0),
				  now[other].used);
		}
	}
}

TEST_F(dies, a_mask_keeps_memory_in_its_dies)
{
	struct drm_npu_query_memory now[DRM_NPU_MAX_DIES + 1];
	uint32_t masks[DRM_NPU_MAX_DIES + 8];
	unsigned int i, die, count = interesting_masks(self, masks);

	for (i = 0; i < count; i++) {
		uint64_t grown = 0;
		struct npt_bo bo;

		ASSERT_EQ(self->count + 1, npt_query_memory(self->fd,
							    self->mem));
		ASSERT_EQ(0, npt_bo_create(self->fd, &bo, NPT_MIB,
					   DRM_NPU_PLACE_HBM, masks[i], 0));
		ASSERT_EQ(self->count + 1, npt_query_memory(self->fd, now));
		for (die = 0; die < self->count; die++) {
			if (masks[i] & NPT_DIE(die))
				grown += now[die].used - self->mem[die].used;
			else {
				EXPECT_EQ(self->mem[die].used, now[die].used);
			}
		}
		EXPECT_EQ(NPT_MIB, grown);
	}
}

/* Dies whose counter differs between two readings. */
static uint32_t moved(const DIES_DATA *self,
		      const struct drm_npu_query_die *before,
		      const struct drm_npu_query_die *after, bool tiles)
{
	uint32_t mask = 0;
	unsigned int i;

	for (i = 0; i < self->count; i++)
		if (tiles ? before[i].tiles != after[i].tiles :
		    before[i].busy_host_ns != after[i].busy_host_ns)
			mask |= NPT_DIE(i);
	return mask;
}

TEST_F(dies, a_job_keeps_exactly_the_dies_of_its_mask_busy)
{
	struct drm_npu_query_die before[DRM_NPU_MAX_DIES];
	struct drm_npu_query_die after[DRM_NPU_MAX_DIES];
	uint32_t masks[DRM_NPU_MAX_DIES + 8], queue;
	unsigned int i, die, count = interesting_masks(self, masks);
	struct npt_code code;

	ASSERT_EQ(0, npt_code_stall(&self->client, 5, &code));
	for (i = 0; i < count; i++) {
		ASSERT_EQ(0, npt_queue_create(&self->client, masks[i], 0,
					      &queue));
		ASSERT_EQ(self->count, npt_query_dies(self->fd, before));
		ASSERT_EQ(0, npt_run(&self->client, queue, &code, NULL, 0));
		ASSERT_EQ(self->count, npt_query_dies(self->fd, after));
		EXPECT_EQ(masks[i], moved(self, before, after, false));
		for (die = 0; die < self->count; die++)
			if (masks[i] & NPT_DIE(die)) {
				EXPECT_GE(after[die].busy_host_ns,
					  before[die].busy_host_ns + 4500000);
			}
		ASSERT_EQ(0, npt_queue_destroy(self->fd, queue));
	}
}

TEST_F(dies, tiles_retire_on_exactly_the_dies_of_the_mask)
{
	const uint64_t size = 4 * NPT_MIB;
	struct drm_npu_query_die before[DRM_NPU_MAX_DIES];
	struct drm_npu_query_die after[DRM_NPU_MAX_DIES];
	uint32_t masks[DRM_NPU_MAX_DIES + 8], queue;
	unsigned int i, count = interesting_masks(self, masks);
	struct npt_code code;
	struct npt_bo bo;

	ASSERT_EQ(0, npt_bo_new(&self->client, &bo, size, DRM_NPU_PLACE_HBM, 0,
				0));
	ASSERT_EQ(0, npt_code_fill(&self->client, size / 4, &code));
	for (i = 0; i < count; i++) {
		ASSERT_EQ(0, npt_queue_create(&self->client, masks[i], 0,
					      &queue));
		ASSERT_EQ(self->count, npt_query_dies(self->fd, before));
		ASSERT_EQ(0, npt_run(&self->client, queue, &code,
				     (uint64_t[]){ bo.va, i + 1 }, 2));
		ASSERT_EQ(self->count, npt_query_dies(self->fd, after));
		EXPECT_EQ(masks[i], moved(self, before, after, true));
		EXPECT_EQ(masks[i], moved(self, before, after, false));
		ASSERT_EQ(0, npt_queue_destroy(self->fd, queue));
	}
	EXPECT_TRUE(npt_is_pattern(bo.map, size, count));
}

TEST_F(dies, a_running_job_shows_in_the_state_of_its_dies)
{
	struct drm_npu_query_die dies[DRM_NPU_MAX_DIES];
	uint32_t mask = 0x5 & self->all, queue;
	struct npt_code code;
	unsigned int die;

	ASSERT_EQ(0, npt_code_stall(&self->client, 0, &code));
	ASSERT_EQ(0, npt_queue_create(&self->client, mask, 0, &queue));
	ASSERT_EQ(0, npt_start(&self->client, queue, &code, NULL, 0, 0));
	ASSERT_TRUE(npt_queue_executes(self->fd, queue));
	ASSERT_EQ(self->count, npt_query_dies(self->fd, dies));
	for (die = 0; die < self->count; die++) {
		EXPECT_EQ(!!(mask & NPT_DIE(die)), dies[die].state);
	}
	ASSERT_EQ(0, npt_queue_destroy(self->fd, queue));
}

TEST_F(dies, disjoint_gangs_run_at_the_same_time)
{
	volatile struct npu_report *report;
	uint32_t queue[2], sync[2];
	struct npt_code code;
	struct npt_bo bo;
	unsigned int i;

	if (self->count < 2)
		SKIP(return, "the card has one die");
	ASSERT_EQ(0, npt_bo_new(&self->client, &bo, NPT_PAGE,
				DRM_NPU_PLACE_HBM, 0, 0));
	ASSERT_EQ(0, npt_code_stall(&self->client, 300, &code));
	for (i = 0; i < 2; i++) {
		struct drm_npu_sync out;
		struct drm_npu_job job;

		ASSERT_EQ(0, npt_queue_create(&self->client, NPT_DIE(i), 0,
					      &queue[i]));
		ASSERT_EQ(0, npt_sync_create(self->fd, 0, &sync[i]));
		job = npt_job(queue[i], &code, 0, 0);
		job.report = bo.va + i * sizeof(*report);
		out = npt_binary(sync[i]);
		npt_job_out(&job, &out, 1);
		ASSERT_EQ(0, npt_submit(self->fd, &job, 1));
	}
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, npt_sync_result(self->fd, sync[i], NPT_LIMIT_MS));
	}
	report = bo.map;
	EXPECT_LT(report[0].host_start, report[1].host_end);
	EXPECT_LT(report[1].host_start, report[0].host_end);
}

/* The same words come out whichever dies compute them. */
TEST_F(dies, results_do_not_depend_on_the_mask)
{
	const uint64_t rows = 37, columns = 61, bytes = rows * columns * 4;
	uint32_t masks[DRM_NPU_MAX_DIES + 8], queue;
	unsigned int i, j, count = interesting_masks(self, masks);
	unsigned int d, a, b;
	struct npt_prog prog;
	struct npt_code code;
	uint32_t *words, *expected;
	struct npt_bo bo;

	expected = calloc(rows * columns, 4);
	ASSERT_NE(NULL, expected);
	ASSERT_EQ(0, npt_bo_new(&self->client, &bo, 3 * bytes,
				DRM_NPU_PLACE_HBM, 0, 0));
	words = bo.map;
	for (i = 0; i < rows * columns; i++) {
		words[i] = i * 2654435761u;
		words[rows * columns + i] = i * i + 17;
		expected[i] = words[i] * words[rows * columns + i];
	}
	npt_prog_init(&prog, 1, 0);
	a = npt_prog_matrix(&prog, 0, NPU_DTYPE_S32, rows, columns);
	b = npt_prog_matrix(&prog, 0, NPU_DTYPE_S32, rows, columns);
	d = npt_prog_matrix(&prog, 0, NPU_DTYPE_S32, rows, columns);
	prog.tensor[b].offset = bytes;
	prog.tensor[d].offset = 2 * bytes;
	npt_prog_insn(&prog, NPU_OP_MUL, d, a, b);
	ASSERT_EQ(0, npt_prog_load(&self->client, &prog, &code));
	for (i = 0; i < count; i++) {
		npt_fill((char *)bo.map + 2 * bytes, bytes, 0xdeadbeef);
		ASSERT_EQ(0, npt_queue_create(&self->client, masks[i], 0,
					      &queue));
		ASSERT_EQ(0, npt_run(&self->client, queue, &code,
				     (uint64_t[]){ bo.va }, 1));
		for (j = 0; j < rows * columns; j++) {
			ASSERT_EQ(expected[j], words[2 * rows * columns + j]);
		}
		ASSERT_EQ(0, npt_queue_destroy(self->fd, queue));
	}
	free(expected);
}

TEST_HARNESS_MAIN
