// SPDX-License-Identifier: GPL-2.0-only
/* Bad programs and bad addresses: each with its record, none with a victim. */
#include "kselftest_harness.h"
#include "npu_test.h"

#define WORDS		256
#define UNMAPPED	(1ull << 44)

FIXTURE(fault)
{
	struct npt_client client;
	struct npt_bo bo;
	struct npt_prog prog;
	struct npt_code code;
	uint32_t queue;
	int fd;
	unsigned int d, a, b;
	struct npu_insn *insn;
	uint64_t args[2];
	unsigned int arg_count;
	uint64_t report;
};

/*
 * A good program whose second instruction is an addition: the tests below spoil
 * one thing each.
 */
FIXTURE_SETUP(fault)
{
	struct npt_prog *prog = &self->prog;

	ASSERT_EQ(0, npt_client_open(&self->client));
	self->fd = self->client.fd;
	ASSERT_EQ(0, npt_bo_new(&self->client, &self->bo, 64 * NPT_KIB,
				DRM_NPU_PLACE_HBM, 0, 0));
	ASSERT_EQ(0, npt_queue_create(&self->client, 0, 0, &self->queue));
	npt_prog_init(prog, 2, 0);
	self->d = npt_prog_vector(prog, 0, NPU_DTYPE_S32, WORDS);
	self->a = npt_prog_vector(prog, 1, NPU_DTYPE_S32, WORDS);
	self->b = npt_prog_vector(prog, 1, NPU_DTYPE_S32, WORDS);
	npt_prog_insn(prog, NPU_OP_NOP, NPU_NONE, NPU_NONE, NPU_NONE);
	self->insn = npt_prog_insn(prog, NPU_OP_ADD, self->d, self->a, self->b);
	self->args[0] = self->bo.va;
	self->args[1] = self->bo.va + 8 * NPT_KIB;
	self->arg_count = 2;
}

FIXTURE_TEARDOWN(fault)
{
	npt_client_close(&self->client);
}

#define FAULT_DATA FIXTURE_DATA(fault)

static int run_program(FAULT_DATA *self)
{
	struct drm_npu_job job;
	struct drm_npu_sync out;
	uint32_t sync;
	int err;

	if (!self->code.size) {
		err = npt_prog_load(&self->client, &self->prog, &self->code);
		if (err)
			return err;
	}
	err = npt_sync_create(self->fd, 0, &sync);
	if (err)
		return err;
	job = npt_job(self->queue, &self->code, 0, 8 * self->arg_count);
	if (self->arg_count)
		job.args = npt_push(&self->client, self->args,
				    8 * self->arg_count);
	job.report = self->report;
	out = npt_binary(sync);
	npt_job_out(&job, &out, 1);
	err = npt_submit(self->fd, &job, 1);
	return err ? err : npt_sync_result(self->fd, sync, NPT_LIMIT_MS);
}

/**
 * struct expected - what the error record should say
 * @code: error code
 * @err: errno of the job, positive
 * @insn: instruction
 * @operand: operand
 */
struct expected {
	uint32_t code;
	int err;
	uint32_t insn;
	uint32_t operand;
};

#define NO_INSN		NPU_ERROR_NO_INSN

/* Run it, look at the record, and see that the card works on. */
static void expect_error(struct __test_metadata *_metadata, FAULT_DATA *self,
			 struct expected expected)
{
	struct drm_npu_queue_get_state state;

	EXPECT_EQ(-expected.err, run_program(self));
	ASSERT_EQ(0, npt_queue_state(self->fd, self->queue, &state));
	EXPECT_EQ(DRM_NPU_QUEUE_BANNED, state.state);
	EXPECT_EQ(DRM_NPU_BAN_FAULT, state.ban_reason);
	EXPECT_EQ(expected.code, state.error_code);
	EXPECT_EQ(expected.err, state.error_errno);
	EXPECT_EQ(expected.insn, state.error_insn);
	EXPECT_EQ(expected.operand, state.error_operand);
	EXPECT_EQ(1, state.error_cookie);
	EXPECT_NE(0, state.error_host_ns);
	EXPECT_EQ(0, npt_works());
}

TEST_F(fault, the_good_program_is_good)
{
	struct drm_npu_queue_get_state state;
	const uint32_t *words = self->bo.map;

	npt_fill((char *)self->bo.map + 8 * NPT_KIB, 4 * WORDS, 21);
	EXPECT_EQ(0, run_program(self));
	EXPECT_EQ(42, words[0]);
	EXPECT_EQ(42, words[WORDS - 1]);
	EXPECT_EQ(0, words[WORDS]);
	ASSERT_EQ(0, npt_queue_state(self->fd, self->queue, &state));
	EXPECT_EQ(DRM_NPU_QUEUE_USABLE, state.state);
	EXPECT_EQ(NPU_ERR_NONE, state.error_code);
}

#define TEST_BAD(name, spoil, ...)					\
	TEST_F(fault, name)						\
	{								\
		spoil;							\
		expect_error(_metadata, self,				\
			     (struct expected) { __VA_ARGS__ });	\
	}

/* The header: no instruction is to blame. */
TEST_BAD(program_magic, self->prog.header.magic++,
	 NPU_ERR_PROGRAM, EINVAL, NO_INSN, NPU_NONE)
TEST_BAD(program_of_another_isa, self->prog.header.isa_major++,
	 NPU_ERR_PROGRAM, EINVAL, NO_INSN, NPU_NONE)
TEST_BAD(program_of_a_newer_isa, self->prog.header.isa_minor = 0xffff,
	 NPU_ERR_PROGRAM, EINVAL, NO_INSN, NPU_NONE)
TEST_BAD(program_with_a_pad, self->prog.header.pad[4] = 1,
	 NPU_ERR_PROGRAM, EINVAL, NO_INSN, NPU_NONE)
TEST_BAD(program_shorter_than_its_counts, {
		ASSERT_EQ(0, npt_prog_load(&self->client, &self->prog,
					   &self->code));
		self->code.size -= 64;
	}, NPU_ERR_PROGRAM, EINVAL, NO_INSN, NPU_NONE)
TEST_BAD(program_longer_than_its_counts, {
		ASSERT_EQ(0, npt_prog_load(&self->client, &self->prog,
					   &self->code));
		self->code.size += 64;
	}, NPU_ERR_PROGRAM, EINVAL, NO_INSN, NPU_NONE)
TEST_BAD(program_shorter_than_a_header, {
		ASSERT_EQ(0, npt_prog_load(&self->client, &self->prog,
					   &self->code));
		self->code.size = 56;
	}, NPU_ERR_PROGRAM, EINVAL, NO_INSN, NPU_NONE)
TEST_BAD(program_with_huge_counts, {
		self->prog.header.insn_count = ~0u;
		self->prog.header.tensor_count = ~0u;
	}, NPU_ERR_PROGRAM, EINVAL, NO_INSN, NPU_NONE)

/* The arguments. */
TEST_BAD(arguments_too_few, self->arg_count = 1,
	 NPU_ERR_ARGUMENTS, EINVAL, NO_INSN, NPU_NONE)
TEST_BAD(arguments_none, self->arg_count = 0,
	 NPU_ERR_ARGUMENTS, EINVAL, NO_INSN, NPU_NONE)
TEST_BAD(arguments_with_a_wide_scalar, {
		self->prog.header.base_count = 1;
		self->prog.header.scalar_count = 1;
		self->prog.tensor[self->a].base = 0;
		self->prog.tensor[self->b].base = 0;
		self->args[1] = 1ull << 32;
	}, NPU_ERR_ARGUMENTS, EINVAL, NO_INSN, NPU_NONE)

TEST_BAD(arguments_that_lead_out_of_the_address_space,
	 self->args[1] = ~0ull << 12,
	 NPU_ERR_ARGUMENTS, EINVAL, 1, 1)

/* The instruction. */
TEST_BAD(opcode_unknown, self->insn->opcode = 999,
	 NPU_ERR_OPCODE, EINVAL, 1, NPU_NONE)
TEST_BAD(opcode_of_all_ones, self->insn->opcode = 0xffff,
	 NPU_ERR_OPCODE, EINVAL, 1, NPU_NONE)
TEST_BAD(operand_missing, self->insn->operand[2] = NPU_NONE,
	 NPU_ERR_OPERAND, EINVAL, 1, 2)
TEST_BAD(operand_superfluous, self->insn->operand[3] = self->a,
	 NPU_ERR_OPERAND, EINVAL, 1, 3)
TEST_BAD(operand_out_of_range, self->insn->operand[1] = 3,
	 NPU_ERR_OPERAND, EINVAL, 1, 1)

/* The tensors. */
TEST_BAD(tensor_without_a_rank, self->prog.tensor[self->a].rank = 0,
	 NPU_ERR_TENSOR, EINVAL, 1, 1)
TEST_BAD(tensor_of_rank_seven, self->prog.tensor[self->a].rank = 7,
	 NPU_ERR_TENSOR, EINVAL, 1, 1)
TEST_BAD(tensor_of_nothing, self->prog.tensor[self->b].extent[0] = 0,
	 NPU_ERR_TENSOR, EINVAL, 1, 2)
TEST_BAD(tensor_of_unknown_type, self->prog.tensor[self->a].dtype = 99,
	 NPU_ERR_TENSOR, EINVAL, 1, 1)
TEST_BAD(tensor_with_a_pad, self->prog.tensor[self->a].pad2[1] = 1,
	 NPU_ERR_TENSOR, EINVAL, 1, 1)
TEST_BAD(tensor_off_its_alignment, self->prog.tensor[self->a].stride[0] = 6,
	 NPU_ERR_TENSOR, EINVAL, 1, 1)
TEST_BAD(tensor_on_no_base, self->prog.tensor[self->a].base = 2,
	 NPU_ERR_TENSOR, EINVAL, 1, 1)
TEST_BAD(tensor_written_onto_itself, self->prog.tensor[self->d].stride[0] = 0,
	 NPU_ERR_TENSOR, EINVAL, 1, 0)

/* What does not fit together. */
TEST_BAD(dtype_that_cannot_be_added, {
		self->prog.tensor[self->d].dtype = NPU_DTYPE_S8;
		self->prog.tensor[self->a].dtype = NPU_DTYPE_S8;
		self->prog.tensor[self->b].dtype = NPU_DTYPE_S8;
	}, NPU_ERR_DTYPE, EINVAL, 1, 0)
TEST_BAD(dtype_mixed, self->prog.tensor[self->b].dtype = NPU_DTYPE_F32,
	 NPU_ERR_DTYPE, EINVAL, 1, 2)
TEST_BAD(shape_differs, self->prog.tensor[self->b].extent[0] = WORDS - 1,
	 NPU_ERR_SHAPE, EINVAL, 1, 2)
TEST_BAD(parameter_of_an_axis_that_is_not_there, {
		self->insn->opcode = NPU_OP_REDUCE_SUM;
		self->insn->operand[2] = NPU_NONE;
		self->insn->axis.axis = 1;
		self->prog.tensor[self->d].extent[0] = 1;
	}, NPU_ERR_PARAMETER, EINVAL, 1, NPU_NONE)
TEST_BAD(parameter_with_an_unknown_flag, self->insn->flags = 1u << 31,
	 NPU_ERR_PARAMETER, EINVAL, 1, NPU_NONE)
TEST_BAD(parameter_where_none_belongs, self->insn->raw[31] = 1,
	 NPU_ERR_PARAMETER, EINVAL, 1, NPU_NONE)

/* An index that leaves its table: seen only while it runs. */
TEST_BAD(index_outside, {
		self->insn->opcode = NPU_OP_GATHER;
		self->prog.tensor[self->b].offset = 4 * NPT_KIB;
		((uint32_t *)self->bo.map)[12 * NPT_KIB / 4 + 77] = WORDS;
	}, NPU_ERR_INDEX, ERANGE, 1, 2)
TEST_BAD(index_below_zero, {
		self->insn->opcode = NPU_OP_GATHER;
		self->prog.tensor[self->b].offset = 4 * NPT_KIB;
		((uint32_t *)self->bo.map)[12 * NPT_KIB / 4] = ~0u;
	}, NPU_ERR_INDEX, ERANGE, 1, 2)

static uint64_t fault_address(const FAULT_DATA *self)
{
	struct drm_npu_queue_get_state state;

	return npt_queue_state(self->fd, self->queue, &state) ?
		~0ull : state.error_address;
}

TEST_F(fault, page_fault_of_a_source)
{
	self->args[1] = UNMAPPED;
	expect_error(_metadata, self, (struct expected) {
		NPU_ERR_PAGE_FAULT, EFAULT, 1, 1 });
	EXPECT_EQ(UNMAPPED, fault_address(self));
}

TEST_F(fault, page_fault_of_a_destination)
{
	self->args[0] = UNMAPPED;
	expect_error(_metadata, self, (struct expected) {
		NPU_ERR_PAGE_FAULT, EFAULT, 1, 0 });
	EXPECT_EQ(UNMAPPED, fault_address(self));
}

TEST_F(fault, page_fault_behind_the_end_of_a_buffer)
{
	/* The last word of the source lies in the page behind. */
	self->args[1] = self->bo.va + self->bo.size - 4 * (WORDS - 1);
	expect_error(_metadata, self, (struct expected) {
		NPU_ERR_PAGE_FAULT, EFAULT, 1, 1 });
	EXPECT_EQ(self->bo.va + self->bo.size, fault_address(self));
}

TEST_F(fault, page_fault_of_a_program_above_the_address_space)
{
	self->code = (struct npt_code) { .va = ~0ull << 12, .size = 128 };
	expect_error(_metadata, self, (struct expected) {
		NPU_ERR_PAGE_FAULT, EFAULT, NO_INSN, NPU_NONE });
	EXPECT_EQ(~0ull << 12, fault_address(self));
}

TEST_F(fault, page_fault_of_a_far_stride)
{
	self->prog.tensor[self->a].stride[0] = 1ll << 40;
	expect_error(_metadata, self, (struct expected) {
		NPU_ERR_PAGE_FAULT, EFAULT, 1, 1 });
}

TEST_F(fault, page_fault_of_the_report)
{
	struct drm_npu_queue_get_state state;

	self->report = UNMAPPED;
	EXPECT_EQ(-EFAULT, run_program(self));
	ASSERT_EQ(0, npt_queue_state(self->fd, self->queue, &state));
	EXPECT_EQ(NPU_ERR_PAGE_FAULT, state.error_code);
	EXPECT_EQ(UNMAPPED, state.error_address);
	EXPECT_EQ(0, npt_works());
}

TEST_F(fault, page_fault_of_the_arguments)
{
	struct drm_npu_queue_get_state state;
	struct drm_npu_job job;

	ASSERT_EQ(0, npt_prog_load(&self->client, &self->prog, &self->code));
	job = npt_job(self->queue, &self->code, UNMAPPED, 16);
	ASSERT_EQ(0, npt_submit(self->fd, &job, 1));
	/* A second one waits behind it and is told so. */
	EXPECT_EQ(-ECANCELED, npt_run(&self->client, self->queue, &self->code,
				      self->args, 2));
	ASSERT_EQ(0, npt_queue_state(self->fd, self->queue, &state));
	EXPECT_EQ(NPU_ERR_PAGE_FAULT, state.error_code);
	EXPECT_EQ(UNMAPPED, state.error_address);
}

TEST_F(fault, write_fault_on_a_read_only_mapping)
{
	const uint64_t va = 1ull << 33;

	ASSERT_EQ(0, npt_map(self->fd, self->client.vm, self->bo.handle, 0, va,
			     self->bo.size, DRM_NPU_VM_BIND_OP_READONLY));
	npt_fill(self->bo.map, self->bo.size, 3);
	/* It can be read from there ... */
	self->args[1] = va + 8 * NPT_KIB;
	ASSERT_EQ(0, run_program(self));
	EXPECT_TRUE(npt_is_pattern(self->bo.map, 4 * WORDS, 6));
	/* ... and not written to. */
	self->args[0] = va + 16 * NPT_KIB;
	EXPECT_EQ(-EFAULT, run_program(self));
	EXPECT_EQ(va + 16 * NPT_KIB, fault_address(self));
	EXPECT_TRUE(npt_is_pattern((char *)self->bo.map + 16 * NPT_KIB,
				   4 * WORDS, 3));
}

TEST_F(fault, write_fault_is_told_from_a_page_fault)
{
	const uint64_t va = 1ull << 33;

	ASSERT_EQ(0, npt_map(self->fd, self->client.vm, self->bo.handle, 0, va,
			     self->bo.size, DRM_NPU_VM_BIND_OP_READONLY));
	self->args[0] = va;
	expect_error(_metadata, self, (struct expected) {
		NPU_ERR_WRITE_FAULT, EFAULT, 1, 0 });
	EXPECT_EQ(va, fault_address(self));
}

TEST_F(fault, report_names_the_error)
{
	const volatile struct npu_report *report;

	self->report = self->bo.va + 32 * NPT_KIB;
	self->args[1] = UNMAPPED;
	expect_error(_metadata, self, (struct expected) {
		NPU_ERR_PAGE_FAULT, EFAULT, 1, 1 });
	report = (void *)((char *)self->bo.map + 32 * NPT_KIB);
	EXPECT_EQ(NPU_ERR_PAGE_FAULT, report->status);
	EXPECT_EQ(1, report->insn);
	EXPECT_NE(0, report->host_end);
}

TEST_F(fault, a_ban_is_for_ever)
{
	struct drm_npu_queue_get_state state;

	self->args[1] = UNMAPPED;
	ASSERT_EQ(-EFAULT, run_program(self));
	self->args[1] = self->bo.va;
	EXPECT_EQ(-ECANCELED, run_program(self));
	ASSERT_EQ(0, npt_queue_state(self->fd, self->queue, &state));
	EXPECT_EQ(1, state.jobs_submitted);
	/* The record is still the first one's. */
	EXPECT_EQ(UNMAPPED, state.error_address);
	ASSERT_EQ(0, npt_queue_destroy(self->fd, self->queue));
	ASSERT_EQ(0, npt_queue_create(&self->client, 0, 0, &self->queue));
	EXPECT_EQ(0, run_program(self));
}

TEST_F(fault, queues_of_the_same_client_go_on)
{
	struct drm_npu_queue_get_state state;
	uint32_t other, sync;
	struct npt_code stall;

	/* On the card at the same time, in the same address space. */
	ASSERT_EQ(0, npt_code_stall(&self->client, 100, &stall));
	ASSERT_EQ(0, npt_queue_create(&self->client, 0, 0, &other));
	ASSERT_EQ(0, npt_sync_create(self->fd, 0, &sync));
	ASSERT_EQ(0, npt_start(&self->client, other, &stall, NULL, 0, sync));
	ASSERT_TRUE(npt_queue_executes(self->fd, other));
	self->args[1] = UNMAPPED;
	EXPECT_EQ(-EFAULT, run_program(self));
	EXPECT_EQ(0, npt_sync_result(self->fd, sync, NPT_LIMIT_MS));
	ASSERT_EQ(0, npt_queue_state(self->fd, other, &state));
	EXPECT_EQ(DRM_NPU_QUEUE_USABLE, state.state);
	EXPECT_EQ(NPU_ERR_NONE, state.error_code);
}

TEST_F(fault, faults_are_counted)
{
	struct drm_npu_query_device before, after;
	struct drm_npu_query_resets resets[2];
	uint32_t size = sizeof(resets[0]);

	ASSERT_EQ(0, npt_query_device(self->fd, &before));
	ASSERT_EQ(0, npt_query(self->fd, DRM_NPU_QUERY_RESETS, &resets[0],
			       &size));
	self->args[1] = UNMAPPED;
	ASSERT_EQ(-EFAULT, run_program(self));
	ASSERT_EQ(0, npt_query_device(self->fd, &after));
	size = sizeof(resets[1]);
	ASSERT_EQ(0, npt_query(self->fd, DRM_NPU_QUERY_RESETS, &resets[1],
			       &size));
	EXPECT_EQ(before.faults + 1, after.faults);
	EXPECT_EQ(before.jobs_failed + 1, after.jobs_failed);
	EXPECT_EQ(before.jobs_completed, after.jobs_completed);
	EXPECT_EQ(resets[0].queue + 1, resets[1].queue);
	EXPECT_EQ(resets[0].card, resets[1].card);
}

TEST_F(fault, a_client_cannot_fill_the_kernels_log)
{
	uint64_t before = npt_kernel_lines();
	struct drm_npu_job job = { 0 };
	unsigned int i;

	self->args[1] = UNMAPPED;
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(-EFAULT, run_program(self));
		ASSERT_EQ(0, npt_queue_destroy(self->fd, self->queue));
		ASSERT_EQ(0, npt_queue_create(&self->client, 0, 0,
					      &self->queue));
		ASSERT_EQ(-EINVAL, npt_submit(self->fd, &job, 1));
	}
	EXPECT_LE(npt_kernel_lines() - before, 20);
}

/* Programs of noise: whatever they are told, they end and harm nobody. */
TEST_F(fault, noise_ends_with_a_record)
{
	unsigned int round, i, failed = 0;
	uint32_t seed = 12345;

	/* Noise may say "stall": with the card's limit that would take minutes. */
	ASSERT_EQ(0, npt_queue_create(&self->client, 0, 500, &self->queue));
	for (round = 0; round < 100; round++) {
		struct npt_prog prog = self->prog;
		struct npt_code code;
		unsigned char *bytes = (unsigned char *)&prog.insn[0];
		size_t at;
		int err;

		/* One to three wrong bytes in the instructions or tensors. */
		for (i = 0; i <= round % 3; i++) {
			seed = seed * 1664525 + 1013904223;
			at = seed >> 8;
			if (seed & 0x80)
				bytes = (unsigned char *)&prog.tensor[0];
			bytes[at % 128] ^= seed >> 24 | 1;
		}
		ASSERT_EQ(0, npt_prog_load(&self->client, &prog, &code));
		err = npt_run(&self->client, self->queue, &code, self->args, 2);
		ASSERT_NE(-EINPROGRESS, err);
		if (!err)
			continue;
		failed++;
		ASSERT_EQ(0, npt_queue_destroy(self->fd, self->queue));
		ASSERT_EQ(0, npt_queue_create(&self->client, 0, 500,
					      &self->queue));
	}
	EXPECT_GT(failed, 50);
	EXPECT_EQ(0, npt_works());
}

TEST_HARNESS_MAIN
