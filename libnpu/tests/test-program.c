// SPDX-License-Identifier: MIT
/* The image of a program, the limits, and errors that stick. */
#include "test.h"

static struct npu_program *prog;

static int set_up(void **state)
{
	(void)state;
	return npu_program_new(NULL, &prog);
}

static int tear_down(void **state)
{
	(void)state;
	npu_program_free(prog);
	return 0;
}

static const uint8_t *finish(size_t *size)
{
	assert_int_equal(npu_program_finish(prog), 0);
	return npu_program_image(prog, size);
}

/* One instruction, byte for byte: f32[2,3] + broadcast f32[3] at offset 0x100. */
/* clang-format off */
static const uint8_t golden[] = {
	/* header: "NPPG", 1.1, 1 instruction, 3 tensors, 2 bases, 0 scalars */
	0x4e, 0x50, 0x50, 0x47,  1, 0, 1, 0,  1, 0, 0, 0,  3, 0, 0, 0,
	2, 0, 0, 0,  0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
	/* ADD, no scalar, no flags, operands 0, 0, 2, none, ..., imm 0 */
	32, 0, 0xff, 0xff,  0, 0, 0, 0,
	0, 0,  0, 0,  2, 0,  0xff, 0xff,  0xff, 0xff,  0xff, 0xff,  0xff, 0xff,
	0xff, 0xff,
	0, 0, 0, 0,  0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
	/* tensor 0: base 0, f32, rank 2, offset 0, [2,3], strides 12, 4 */
	0, 0, 1, 2, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
	2, 0, 0, 0, 0, 0, 0, 0,  3, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
	12, 0, 0, 0, 0, 0, 0, 0,  4, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
	/* tensor 1: base 1, f32, rank 1, offset 0x100, [3], stride 4 */
	1, 0, 1, 1, 0, 0, 0, 0,  0, 1, 0, 0, 0, 0, 0, 0,
	3, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
	4, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
	/* tensor 2: the same broadcast to [2,3], strides 0, 4 */
	1, 0, 1, 2, 0, 0, 0, 0,  0, 1, 0, 0, 0, 0, 0, 0,
	2, 0, 0, 0, 0, 0, 0, 0,  3, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0,  4, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
};
/* clang-format on */

static void test_image_byte_for_byte(void **state)
{
	npu_tensor_id d = TENSOR(prog, NPU_DTYPE_F32, 2, 3);
	npu_tensor_id b = npu_tensor(prog, npu_base(prog), 0x100, NPU_DTYPE_F32, 1,
				     EXTENT(3));
	const uint8_t *image;
	size_t size;

	(void)state;
	assert_int_equal(npu_op_binary(prog, NPU_OP_ADD, d, d, b), 0);
	image = finish(&size);
	assert_int_equal(size, sizeof(golden));
	assert_memory_equal(image, golden, size);
}

static void test_empty_program(void **state)
{
	const struct npu_program_header *header;
	size_t size;

	(void)state;
	header = (const void *)finish(&size);
	assert_int_equal(size, sizeof(*header));
	assert_int_equal(header->magic, NPU_PROGRAM_MAGIC);
	assert_int_equal(header->insn_count, 0);
	assert_int_equal(header->tensor_count, 0);
}

static void test_no_image_before_the_end(void **state)
{
	size_t size = 1;

	(void)state;
	assert_null(npu_program_image(prog, &size));
	assert_int_equal(size, 0);
}

static void test_slots_count_up(void **state)
{
	const struct npu_program_header *header;
	size_t size;
	int i;

	(void)state;
	for (i = 0; i < 5; i++)
		assert_int_equal(npu_base(prog), i);
	for (i = 0; i < 3; i++)
		assert_int_equal(npu_scalar_slot(prog), i);
	header = (const void *)finish(&size);
	assert_int_equal(header->base_count, 5);
	assert_int_equal(header->scalar_count, 3);
}

static void test_too_many_bases_are_refused(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < NPU_MAX_BASES; i++)
		assert_int_equal(npu_base(prog), i);
	assert_int_equal(npu_base(prog), -E2BIG);
	assert_int_equal(npu_program_finish(prog), -E2BIG);
}

static void test_too_many_scalars_are_refused(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < NPU_MAX_SCALARS; i++)
		assert_int_equal(npu_scalar_slot(prog), i);
	assert_int_equal(npu_scalar_slot(prog), -E2BIG);
}

static void test_too_many_tensors_are_refused(void **state)
{
	int base = npu_base(prog), i;

	(void)state;
	for (i = 0; i < NPU_MAX_TENSORS; i++)
		assert_int_equal(npu_tensor(prog, base, 0, NPU_DTYPE_S8, 1, EXTENT(1)),
				 i);
	assert_int_equal(npu_tensor(prog, base, 0, NPU_DTYPE_S8, 1, EXTENT(1)), -E2BIG);
	assert_text_has(npu_last_error(), "tensors");
}

static void test_too_many_instructions_are_refused(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < NPU_MAX_INSNS; i++)
		assert_int_equal(npu_op_stall(prog, npu_u32(1)), 0);
	assert_int_equal(npu_op_stall(prog, npu_u32(1)), -E2BIG);
	assert_int_equal(npu_program_finish(prog), -E2BIG);
}

static void test_the_largest_program_fits(void **state)
{
	int base = npu_base(prog), i;
	size_t size;

	(void)state;
	for (i = 0; i < NPU_MAX_INSNS; i++)
		npu_op_stall(prog, npu_u32(1));
	for (i = 0; i < NPU_MAX_TENSORS; i++)
		npu_tensor(prog, base, 0, NPU_DTYPE_S8, 1, EXTENT(1));
	finish(&size);
	assert_int_equal(size, 64 + 64 * NPU_MAX_INSNS + 128 * NPU_MAX_TENSORS);
	assert_true(size <= NPU_MAX_PROGRAM_SIZE);
}

static void test_the_first_error_sticks(void **state)
{
	npu_tensor_id t = TENSOR(prog, NPU_DTYPE_F32, 4);

	(void)state;
	assert_int_equal(npu_tensor(prog, 0, 0, NPU_DTYPE_F32, 1, EXTENT(1ull << 62)),
			 -EOVERFLOW);
	assert_int_equal(npu_op_unary(prog, NPU_OP_NEG, t, t), -EOVERFLOW);
	assert_int_equal(npu_base(prog), -EOVERFLOW);
	assert_int_equal(npu_op_unary(prog, 9999, -1, -1), -EOVERFLOW);
	assert_int_equal(npu_program_finish(prog), -EOVERFLOW);
}

static void test_errors_name_the_instruction(void **state)
{
	npu_tensor_id t = TENSOR(prog, NPU_DTYPE_F32, 4);

	(void)state;
	npu_op_unary(prog, NPU_OP_NEG, t, t);
	npu_op_unary(prog, NPU_OP_NEG, t, t);
	assert_int_equal(npu_op_unary(prog, NPU_OP_NEG, t, 77), -EINVAL);
	assert_text_has(npu_last_error(), "instruction 2");
	assert_text_has(npu_last_error(), "operand 1");
	assert_text_has(npu_last_error(), "77");
}

static void test_bad_tensors_are_refused(void **state)
{
	static const uint64_t one = 1, none, seven[7] = { 1, 1, 1, 1, 1, 1, 1 };
	static const struct {
		int base;
		uint64_t offset;
		uint32_t dtype;
		unsigned int rank;
		const uint64_t *extent;
	} bad[] = {
		{ 1, 0, NPU_DTYPE_F32, 1, &one },      { -1, 0, NPU_DTYPE_F32, 1, &one },
		{ 0, 2, NPU_DTYPE_F32, 1, &one },      { 0, 0, 0, 1, &one },
		{ 0, 0, NPU_DTYPE_BOOL + 1, 1, &one }, { 0, 0, NPU_DTYPE_Q8_0, 1, &one },
		{ 0, 0, UINT32_MAX, 1, &one },	       { 0, 0, NPU_DTYPE_F32, 0, &one },
		{ 0, 0, NPU_DTYPE_F32, 7, seven },     { 0, 0, NPU_DTYPE_F32, 1, &none },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct npu_program *p = new_program();

		npu_base(p);
		assert_int_equal(npu_tensor(p, bad[i].base, bad[i].offset, bad[i].dtype,
					    bad[i].rank, bad[i].extent),
				 -EINVAL);
		assert_int_equal(npu_program_finish(p), -EINVAL);
		npu_program_free(p);
	}
}

static void test_odd_strides_are_refused(void **state)
{
	(void)state;
	assert_int_equal(npu_tensor_strided(prog, npu_base(prog), 0, NPU_DTYPE_F32, 1,
					    EXTENT(4), STRIDE(-6)),
			 -EINVAL);
}

static void test_a_finished_program_is_left_alone(void **state)
{
	size_t before, after;
	const void *image;
	npu_tensor_id t = TENSOR(prog, NPU_DTYPE_F32, 4);

	(void)state;
	image = finish(&before);
	assert_int_equal(npu_op_unary(prog, NPU_OP_NEG, t, t), -EBUSY);
	assert_int_equal(npu_base(prog), -EBUSY);
	assert_int_equal(npu_program_finish(prog), -EBUSY);
	assert_ptr_equal(npu_program_image(prog, &after), image);
	assert_int_equal(before, after);
}

static void test_names_of_types(void **state)
{
	(void)state;
	assert_string_equal(npu_dtype_name(NPU_DTYPE_F32), "f32");
	assert_string_equal(npu_dtype_name(NPU_DTYPE_F16), "f16");
	assert_string_equal(npu_dtype_name(NPU_DTYPE_S8), "s8");
	assert_string_equal(npu_dtype_name(NPU_DTYPE_S32), "s32");
	assert_string_equal(npu_dtype_name(0), "unknown");
	assert_string_equal(npu_dtype_name(UINT32_MAX), "unknown");
	assert_int_equal(npu_dtype_size(0), 0);
	assert_int_equal(npu_dtype_size(UINT32_MAX), 0);
}

static void test_freeing_nothing(void **state)
{
	(void)state;
	npu_program_free(NULL);
	npu_bo_free(NULL);
	npu_vm_free(NULL);
	npu_queue_free(NULL);
	npu_device_close(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* Instructions of another, with the tensors that they name and the same arguments. */
static void test_a_part(void **state)
{
	struct npu_program *prog = new_program(), *part;
	npu_tensor_id a = TENSOR(prog, NPU_DTYPE_F32, 4);
	npu_tensor_id b = TENSOR(prog, NPU_DTYPE_F16, 5);
	npu_tensor_id c = TENSOR(prog, NPU_DTYPE_F32, 4);

	(void)state;
	npu_scalar_slot(prog);
	assert_int_equal(npu_op_unary(prog, NPU_OP_EXP, a, a), 0);
	assert_int_equal(npu_op_unary(prog, NPU_OP_LOG, b, b), 0);
	assert_int_equal(npu_op_binary(prog, NPU_OP_ADD, c, c, a), 0);
	assert_int_equal(npu_program_part(prog, 1, 1, &part), -EINVAL);
	assert_null(part);
	assert_int_equal(npu_program_finish(prog), 0);
	assert_int_equal(npu_program_part(prog, 2, 2, &part), -EINVAL);
	assert_int_equal(npu_program_part(prog, 4, 0, &part), -EINVAL);
	assert_int_equal(npu_program_part(prog, 1, 2, &part), 0);
	assert_int_equal(part->insn_count, 2);
	assert_int_equal(part->base_count, 3);
	assert_int_equal(part->scalar_count, 1);
	assert_int_equal(npu_program_insn(part, 0)->opcode, NPU_OP_LOG);
	assert_int_equal(npu_program_insn(part, 0)->operand[1], 0);
	assert_int_equal(npu_tensor_desc(part, 0)->dtype, NPU_DTYPE_F16);
	assert_int_equal(npu_program_insn(part, 1)->opcode, NPU_OP_ADD);
	assert_int_equal(npu_tensor_desc(part, npu_program_insn(part, 1)->operand[0])
				 ->base,
			 2);
	assert_int_equal(npu_program_insn(part, 1)->operand[3], NPU_NONE);
	assert_null(npu_program_insn(part, 2));
	assert_non_null(part->image);
	npu_program_free(part);
	npu_program_free(prog);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(npu_op_name(NPU_OP_MATMUL), "matmul");
	assert_string_equal(npu_op_name(NPU_OP_REDUCE_SUM), "reduce_sum");
	assert_string_equal(npu_op_name(NPU_OP_NOP), "nop");
	assert_string_equal(npu_op_name(2), "unknown");
	assert_string_equal(npu_op_name(0x10000), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_image_byte_for_byte),
		TEST(test_empty_program),
		TEST(test_no_image_before_the_end),
		TEST(test_slots_count_up),
		TEST(test_too_many_bases_are_refused),
		TEST(test_too_many_scalars_are_refused),
		TEST(test_too_many_tensors_are_refused),
		TEST(test_too_many_instructions_are_refused),
		TEST(test_the_largest_program_fits),
		TEST(test_the_first_error_sticks),
		TEST(test_errors_name_the_instruction),
		TEST(test_bad_tensors_are_refused),
		TEST(test_odd_strides_are_refused),
		TEST(test_a_finished_program_is_left_alone),
		TEST(test_names_of_types),
		TEST(test_freeing_nothing),
		TEST(test_a_part),
		TEST(test_names),
	};

	return cmocka_run_group_tests_name("libnpu programs", tests, NULL, NULL);
}
