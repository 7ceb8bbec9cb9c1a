// SPDX-License-Identifier: MIT
/*
 * What the builder makes is what the card takes: programs of every instruction
 * go through the very code that checks them on the card.
 */
#include "test.h"

#include "npu_compute.h"

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

#define PLACE 0x100000000ull

static void assert_verdict(const char *what, const void *object,
			   const struct npu_verdict *verdict)
{
	if (!object)
		fail_msg("%s: %s, instruction %u, operand %u", what,
			 npu_error_name(verdict->code), verdict->insn, verdict->operand);
}

/* The card takes the program, with arguments. */
static void assert_accepted(void)
{
	uint64_t args[64] = { 0 };
	struct npu_verdict verdict;
	struct npu_code *code;
	struct npu_run *run;
	const void *image;
	unsigned int i;
	size_t size;

	assert_int_equal(npu_program_finish(prog), 0);
	image = npu_program_image(prog, &size);
	code = npu_code_new(image, size, &verdict);
	assert_verdict("program", code, &verdict);
	assert_int_equal(npu_code_insns(code), prog->insn_count);

	assert_true(prog->base_count + prog->scalar_count <= ARRAY_SIZE(args));
	for (i = 0; i < prog->base_count; i++)
		args[i] = PLACE * (i + 1);
	size = npu_code_args_size(code);
	assert_int_equal(size, (prog->base_count + prog->scalar_count) * sizeof(*args));
	run = npu_run_new(code, args, size, &verdict);
	assert_verdict("arguments", run, &verdict);
	npu_run_free(run);
	npu_code_free(code);
}

static void test_empty_program(void **state)
{
	(void)state;
	assert_accepted();
}

static void test_stall(void **state)
{
	(void)state;
	npu_op_stall(prog, npu_u32(5));
	npu_op_stall(prog, npu_slot(npu_scalar_slot(prog)));
	assert_accepted();
}

static void test_fill_of_every_type(void **state)
{
	uint32_t dtype;

	(void)state;
	for (dtype = NPU_DTYPE_F32; dtype <= NPU_DTYPE_S32; dtype++)
		npu_op_fill(prog, TENSOR(prog, dtype, 3, 5), npu_u32(1));
	npu_op_fill(prog, 0, npu_slot(npu_scalar_slot(prog)));
	assert_accepted();
}

static void test_copy_between_all_types(void **state)
{
	uint32_t to, from;

	(void)state;
	for (to = NPU_DTYPE_F32; to <= NPU_DTYPE_S32; to++) {
		for (from = NPU_DTYPE_F32; from <= NPU_DTYPE_S32; from++)
			npu_op_copy(prog, TENSOR(prog, to, 3, 5),
				    TENSOR(prog, from, 3, 5));
	}
	assert_accepted();
}

/* Quantised weights, and an embedding */
static void test_copy_and_gather_from_blocks(void **state)
{
	uint32_t from;

	(void)state;
	for (from = NPU_DTYPE_S4; from <= NPU_DTYPE_MXFP4; from++) {
		npu_op_copy(prog, TENSOR(prog, NPU_DTYPE_BF16, 3, 512),
			    TENSOR(prog, from, 3, 512));
		npu_op_gather(prog, TENSOR(prog, NPU_DTYPE_F16, 7, 512),
			      TENSOR(prog, from, 100, 512),
			      TENSOR(prog, NPU_DTYPE_S64, 7));
	}
	assert_accepted();
}

/* A cache of quantised keys: new ones are written behind those that are there. */
static void test_copy_to_blocks(void **state)
{
	static const uint32_t types[] = { NPU_DTYPE_S4, NPU_DTYPE_Q8_0, NPU_DTYPE_Q4_0,
					  NPU_DTYPE_MXFP4 };
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		npu_tensor_id d = TENSOR(prog, types[i], 2, 16, 64);

		d = npu_view_slice(prog, d, EXTENT(0, 5, 0), EXTENT(2, 3, 64));
		npu_op_copy(prog, d, TENSOR(prog, NPU_DTYPE_F16, 2, 3, 64));
	}
	assert_accepted();
}

static void test_copy_of_a_transpose(void **state)
{
	npu_tensor_id a = TENSOR(prog, NPU_DTYPE_F16, 3, 5, 7);

	(void)state;
	a = npu_view_transpose(prog, a, (const unsigned int[]){ 2, 0, 1 });
	npu_op_copy(prog, TENSOR(prog, NPU_DTYPE_F16, 7, 3, 5), a);
	assert_accepted();
}

static void test_copy_into_a_slice(void **state)
{
	npu_tensor_id d = TENSOR(prog, NPU_DTYPE_S8, 8, 8);

	(void)state;
	d = npu_view_slice(prog, d, EXTENT(2, 3), EXTENT(4, 5));
	npu_op_copy(prog, d, TENSOR(prog, NPU_DTYPE_S8, 4, 5));
	assert_accepted();
}

static void test_copy_of_a_reshape(void **state)
{
	npu_tensor_id a = TENSOR(prog, NPU_DTYPE_F32, 2, 3, 4);

	(void)state;
	npu_op_copy(prog, TENSOR(prog, NPU_DTYPE_F32, 24),
		    npu_view_reshape(prog, a, 1, EXTENT(24)));
	assert_accepted();
}

static void test_gather(void **state)
{
	(void)state;
	npu_op_gather(prog, TENSOR(prog, NPU_DTYPE_F32, 3, 8),
		      TENSOR(prog, NPU_DTYPE_F32, 100, 8),
		      TENSOR(prog, NPU_DTYPE_S32, 3));
	assert_accepted();
}

static void test_every_binary_with_broadcast(void **state)
{
	static const uint32_t types[] = { NPU_DTYPE_F32, NPU_DTYPE_F16, NPU_DTYPE_S32 };
	unsigned int i;
	uint32_t opcode;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		npu_tensor_id d = TENSOR(prog, types[i], 2, 3, 5);
		npu_tensor_id a = TENSOR(prog, types[i], 3, 1);
		npu_tensor_id b = TENSOR(prog, types[i], 2, 1, 5);

		for (opcode = NPU_OP_ADD; opcode <= NPU_OP_MAX; opcode++)
			npu_op_binary(prog, opcode, d, a, b);
	}
	assert_accepted();
}

static void test_every_unary(void **state)
{
	npu_tensor_id t = TENSOR(prog, NPU_DTYPE_F32, 3, 5);
	npu_tensor_id h = TENSOR(prog, NPU_DTYPE_F16, 3, 5);
	uint32_t opcode;

	(void)state;
	for (opcode = NPU_OP_NEG; opcode <= NPU_OP_SILU; opcode++) {
		npu_op_unary(prog, opcode, t, t);
		npu_op_unary(prog, opcode, h, h);
	}
	assert_accepted();
}

static void test_softmax_over_each_axis(void **state)
{
	npu_tensor_id t = TENSOR(prog, NPU_DTYPE_F32, 3, 5, 7);
	unsigned int axis;

	(void)state;
	for (axis = 0; axis < 3; axis++)
		npu_op_axis(prog, NPU_OP_SOFTMAX, t, t, axis);
	assert_accepted();
}

static void test_every_reduction(void **state)
{
	npu_tensor_id a = TENSOR(prog, NPU_DTYPE_F32, 3, 5);
	npu_tensor_id d = TENSOR(prog, NPU_DTYPE_F32, 3, 1);

	(void)state;
	npu_op_axis(prog, NPU_OP_REDUCE_SUM, d, a, 1);
	npu_op_axis(prog, NPU_OP_REDUCE_MEAN, d, a, 1);
	npu_op_axis(prog, NPU_OP_REDUCE_MAX, d, a, 1);
	npu_op_axis(prog, NPU_OP_ARGMAX, TENSOR(prog, NPU_DTYPE_S32, 3, 1), a, 1);
	assert_accepted();
}

static void test_cumsum(void **state)
{
	npu_tensor_id d = TENSOR(prog, NPU_DTYPE_S32, 3, 8);
	npu_tensor_id a = TENSOR(prog, NPU_DTYPE_S32, 3, 8);

	(void)state;
	npu_op_cumsum(prog, d, a, 0, NPU_INSN_EXCLUSIVE | NPU_INSN_REVERSE);
	npu_op_cumsum(prog, d, a, 1, 0);
	assert_accepted();
}

static void test_sort_and_topk(void **state)
{
	npu_tensor_id a = TENSOR(prog, NPU_DTYPE_F16, 3, 100);

	(void)state;
	npu_op_sort(prog, TENSOR(prog, NPU_DTYPE_F16, 3, 100), a, 1, 0);
	npu_op_argsort(prog, TENSOR(prog, NPU_DTYPE_S64, 2, 100), a, 0, 0);
	npu_op_topk(prog, TENSOR(prog, NPU_DTYPE_F16, 3, 8),
		    TENSOR(prog, NPU_DTYPE_S32, 3, 8), a, 1, NPU_INSN_DESCENDING);
	assert_accepted();
}

static void test_matmul_of_every_type(void **state)
{
	/* clang-format off */
	static const uint32_t types[][2] = {
		{ NPU_DTYPE_F32, NPU_DTYPE_F32 }, { NPU_DTYPE_F16, NPU_DTYPE_F16 },
		{ NPU_DTYPE_F16, NPU_DTYPE_F32 }, { NPU_DTYPE_S8, NPU_DTYPE_S32 },
	};
	/* clang-format on */
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(types); i++)
		npu_op_matmul(prog, TENSOR(prog, types[i][1], 3, 7),
			      TENSOR(prog, types[i][0], 3, 5),
			      TENSOR(prog, types[i][0], 5, 7));
	assert_accepted();
}

static void test_matmul_batched_and_transposed(void **state)
{
	npu_tensor_id b = TENSOR(prog, NPU_DTYPE_F32, 7, 5);

	(void)state;
	b = npu_view_transpose(prog, b, (const unsigned int[]){ 1, 0 });
	b = npu_view_broadcast(prog, b, 3, EXTENT(4, 5, 7));
	npu_op_matmul(prog, TENSOR(prog, NPU_DTYPE_F32, 4, 3, 7),
		      TENSOR(prog, NPU_DTYPE_F32, 4, 3, 5), b);
	assert_accepted();
}

static void test_matmul_scaled(void **state)
{
	npu_tensor_id d = TENSOR(prog, NPU_DTYPE_F32, 3, 7);
	npu_tensor_id a = TENSOR(prog, NPU_DTYPE_S8, 3, 5);
	npu_tensor_id b = TENSOR(prog, NPU_DTYPE_S8, 5, 7);

	(void)state;
	npu_op_matmul_scaled(prog, d, a, b, npu_f32(0.5f));
	npu_op_matmul_scaled(prog, d, a, b, npu_slot(npu_scalar_slot(prog)));
	assert_accepted();
}

static void test_matmul_routed(void **state)
{
	npu_tensor_id experts = TENSOR(prog, NPU_DTYPE_S32, 3, 2);
	npu_tensor_id a = TENSOR(prog, NPU_DTYPE_BF16, 3, 1, 200);
	npu_tensor_id d = TENSOR(prog, NPU_DTYPE_F16, 3, 2, 7);

	(void)state;
	a = npu_view_broadcast(prog, a, 3, EXTENT(3, 2, 200));
	npu_op_matmul_routed(prog, d, a, TENSOR(prog, NPU_DTYPE_F16, 5, 7, 200), experts,
			     -1, NPU_OP_SILU);
	npu_op_matmul_routed(prog, d, a, TENSOR(prog, NPU_DTYPE_F8E4M3, 5, 7, 200),
			     experts, TENSOR(prog, NPU_DTYPE_F32, 5, 1, 2), 0);
	assert_accepted();
}

static const struct npu_insn_window same3x3 = {
	.kernel = { 3, 3 },
	.stride = { 1, 1 },
	.dilation = { 1, 1 },
	.pad_begin = { 1, 1 },
	.pad_end = { 1, 1 },
};

static void test_conv2d_with_and_without_bias(void **state)
{
	npu_tensor_id d = TENSOR(prog, NPU_DTYPE_F32, 2, 6, 8, 8);
	npu_tensor_id a = TENSOR(prog, NPU_DTYPE_F32, 2, 4, 8, 8);
	npu_tensor_id w = TENSOR(prog, NPU_DTYPE_F32, 6, 4, 3, 3);

	(void)state;
	npu_op_conv2d(prog, d, a, w, TENSOR(prog, NPU_DTYPE_F32, 6), &same3x3);
	npu_op_conv2d(prog, d, a, w, -1, &same3x3);
	assert_accepted();
}

static void test_conv2d_in_groups(void **state)
{
	(void)state;
	npu_op_conv2d(prog, TENSOR(prog, NPU_DTYPE_F16, 1, 8, 8, 8),
		      TENSOR(prog, NPU_DTYPE_F16, 1, 4, 8, 8),
		      TENSOR(prog, NPU_DTYPE_F16, 8, 1, 3, 3), -1, &same3x3);
	assert_accepted();
}

static void test_pooling(void **state)
{
	npu_tensor_id d = TENSOR(prog, NPU_DTYPE_F32, 1, 4, 8, 8);
	npu_tensor_id a = TENSOR(prog, NPU_DTYPE_F32, 1, 4, 8, 8);

	(void)state;
	npu_op_pool2d(prog, NPU_OP_MAXPOOL2D, d, a, &same3x3, 0);
	npu_op_pool2d(prog, NPU_OP_AVGPOOL2D, d, a, &same3x3, 0);
	npu_op_pool2d(prog, NPU_OP_AVGPOOL2D, d, a, &same3x3, NPU_INSN_COUNT_PAD);
	assert_accepted();
}

static void test_norms_and_rope(void **state)
{
	npu_tensor_id x = TENSOR(prog, NPU_DTYPE_F32, 2, 6, 4, 8);
	npu_tensor_id y = TENSOR(prog, NPU_DTYPE_F16, 2, 6, 4, 8);
	npu_tensor_id channel = TENSOR(prog, NPU_DTYPE_BF16, 6, 1, 1);
	struct npu_norm_options options = NPU_NORM_OPTIONS;

	(void)state;
	options.scale = TENSOR(prog, NPU_DTYPE_F32, 8);
	options.residual = x;
	npu_op_norm(prog, NPU_OP_RMS_NORM, y, x, 3, npu_f32(1e-5f), &options);
	npu_op_norm(prog, NPU_OP_LAYER_NORM, x, y, 2, npu_f32(1e-5f), NULL);
	options.scale = channel;
	options.bias = channel;
	options.residual = -1;
	npu_op_group_norm(prog, y, x, 3, npu_f32(1e-5f), &options);
	npu_op_batch_norm(prog, x, x, channel, channel, npu_f32(1e-5f), &options);
	npu_op_axis(prog, NPU_OP_LOG_SOFTMAX, x, x, 3);
	npu_op_softmax_ext(prog, y, x, npu_f32(0.5f), TENSOR(prog, NPU_DTYPE_F16, 4, 8),
			   TENSOR(prog, NPU_DTYPE_F32, 6, 1, 1));
	npu_op_rope(prog, y, x, TENSOR(prog, NPU_DTYPE_S32, 2, 6, 4, 1),
		    TENSOR(prog, NPU_DTYPE_F32, 3), npu_f32(1), false);
	assert_accepted();
}

static void test_conv_of_signals_and_volumes_and_back(void **state)
{
	static const struct npu_insn_window by2 = {
		.kernel = { 2, 2, 2 },
		.stride = { 2, 2, 2 },
		.dilation = { 1, 1, 1 },
	};

	(void)state;
	npu_op_conv1d(prog, TENSOR(prog, NPU_DTYPE_F16, 2, 6, 4),
		      TENSOR(prog, NPU_DTYPE_F16, 2, 3, 8),
		      TENSOR(prog, NPU_DTYPE_F16, 6, 3, 2),
		      TENSOR(prog, NPU_DTYPE_F16, 6), &by2);
	npu_op_conv3d(prog, TENSOR(prog, NPU_DTYPE_F32, 2, 6, 4, 5, 6),
		      TENSOR(prog, NPU_DTYPE_F32, 2, 4, 8, 10, 12),
		      TENSOR(prog, NPU_DTYPE_F32, 6, 2, 2, 2, 2), -1, &by2);
	npu_op_conv_transpose2d(prog, TENSOR(prog, NPU_DTYPE_F32, 2, 6, 10, 13),
				TENSOR(prog, NPU_DTYPE_F32, 2, 4, 5, 6),
				TENSOR(prog, NPU_DTYPE_F32, 4, 3, 2, 2),
				TENSOR(prog, NPU_DTYPE_F32, 6), &by2);
	assert_accepted();
}

static void test_pooling_of_signals_and_volumes(void **state)
{
	static const struct npu_insn_window by2 = {
		.kernel = { 2, 2, 2 },
		.stride = { 2, 2, 2 },
		.dilation = { 1, 1, 1 },
	};

	(void)state;
	npu_op_pool1d(prog, NPU_OP_MAXPOOL2D, TENSOR(prog, NPU_DTYPE_S8, 2, 3, 4),
		      TENSOR(prog, NPU_DTYPE_S8, 2, 3, 8), &by2, 0);
	npu_op_pool3d(prog, NPU_OP_AVGPOOL3D, TENSOR(prog, NPU_DTYPE_F16, 2, 3, 4, 5, 6),
		      TENSOR(prog, NPU_DTYPE_F16, 2, 3, 8, 10, 12), &by2,
		      NPU_INSN_COUNT_PAD);
	npu_op_lppool2d(prog, TENSOR(prog, NPU_DTYPE_F32, 2, 3, 5, 6),
			TENSOR(prog, NPU_DTYPE_F32, 2, 3, 10, 12), &by2, npu_f32(2));
	assert_accepted();
}

static void test_recurrent_steps(void **state)
{
	npu_tensor_id d = TENSOR(prog, NPU_DTYPE_F16, 2, 3, 4, 8);
	npu_tensor_id deep = TENSOR(prog, NPU_DTYPE_F32, 2, 3, 4, 16);
	npu_tensor_id group = TENSOR(prog, NPU_DTYPE_BF16, 2, 3, 2, 16);
	npu_tensor_id one = TENSOR(prog, NPU_DTYPE_F32, 2, 3, 4, 1);
	npu_tensor_id held = TENSOR(prog, NPU_DTYPE_F32, 2, 4, 16, 8);

	(void)state;
	npu_op_ssm_scan(prog, d, TENSOR(prog, NPU_DTYPE_F32, 2, 4, 8, 16), d, one,
			TENSOR(prog, NPU_DTYPE_F32, 4, 1), group, group,
			TENSOR(prog, NPU_DTYPE_F32, 4, 1), NPU_INSN_SOFTPLUS);
	npu_op_rwkv_wkv(prog, d, held, deep, deep, d, deep,
			TENSOR(prog, NPU_DTYPE_F32, 4, 16));
	npu_op_delta_net(prog, d, held, group, group, d, one, one, npu_f32(0.25f));
	npu_op_delta_net(prog, d, held, group, deep, d, deep, one,
			 npu_slot(npu_scalar_slot(prog)));
	assert_accepted();
}

static void test_resize(void **state)
{
	struct npu_resize resize = { .axes = 12, .rounding = NPU_RESIZE_FLOOR };
	npu_tensor_id d = TENSOR(prog, NPU_DTYPE_F16, 1, 4, 8, 8);
	npu_tensor_id a = TENSOR(prog, NPU_DTYPE_F16, 1, 4, 5, 7);

	(void)state;
	npu_op_resize(prog, d, a, &resize);
	resize.mode = NPU_RESIZE_LINEAR;
	npu_op_resize(prog, d, a, &resize);
	resize.mode = NPU_RESIZE_CUBIC;
	resize.cubic = -0.5f;
	npu_op_resize(prog, d, a, &resize);
	assert_accepted();
}

static void test_attention(void **state)
{
	struct npu_attention paged = {
		.causal = true,
		.softcap = 30,
		.has_mask = true,
		.mask = TENSOR(prog, NPU_DTYPE_F16, 4, 7, 24),
		.has_sinks = true,
		.sinks = TENSOR(prog, NPU_DTYPE_F32, 4),
		.has_table = true,
		.table = TENSOR(prog, NPU_DTYPE_S32, 2, 3),
		.has_lengths = true,
		.lengths = TENSOR(prog, NPU_DTYPE_S32, 2, 2),
	};
	npu_tensor_id k = TENSOR(prog, NPU_DTYPE_F8E4M3, 9, 8, 2, 6);
	npu_tensor_id v = TENSOR(prog, NPU_DTYPE_BF16, 9, 8, 2, 5);

	(void)state;
	npu_op_attention(prog, TENSOR(prog, NPU_DTYPE_F16, 7, 4, 5),
			 TENSOR(prog, NPU_DTYPE_F32, 7, 4, 6), k, v, npu_f32(0.5f),
			 &paged);
	npu_op_attention(prog, TENSOR(prog, NPU_DTYPE_F16, 9, 3, 4, 5),
			 TENSOR(prog, NPU_DTYPE_F32, 9, 3, 4, 6), k, v, npu_f32(0.5f),
			 NULL);
	assert_accepted();
}

/* Keys of q8_0 and values of q4_0 */
static void test_attention_to_blocks(void **state)
{
	npu_tensor_id k = TENSOR(prog, NPU_DTYPE_Q8_0, 2, 9, 2, 64);
	npu_tensor_id v = TENSOR(prog, NPU_DTYPE_Q4_0, 2, 9, 2, 32);

	(void)state;
	npu_op_attention(prog, TENSOR(prog, NPU_DTYPE_F16, 2, 3, 4, 32),
			 TENSOR(prog, NPU_DTYPE_F16, 2, 3, 4, 64), k, v, npu_f32(0.5f),
			 NULL);
	assert_accepted();
}

static void test_a_wrong_shape_is_the_cards_to_refuse(void **state)
{
	struct npu_verdict verdict;
	struct npu_code *code;
	const void *image;
	size_t size;

	(void)state;
	npu_op_stall(prog, npu_u32(1));
	npu_op_matmul(prog, TENSOR(prog, NPU_DTYPE_F32, 3, 7),
		      TENSOR(prog, NPU_DTYPE_F32, 3, 5),
		      TENSOR(prog, NPU_DTYPE_F32, 6, 7));
	assert_int_equal(npu_program_finish(prog), 0);
	image = npu_program_image(prog, &size);
	code = npu_code_new(image, size, &verdict);
	assert_null(code);
	assert_int_equal(verdict.code, NPU_ERR_SHAPE);
	assert_int_equal(verdict.insn, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_empty_program),
		TEST(test_stall),
		TEST(test_fill_of_every_type),
		TEST(test_copy_between_all_types),
		TEST(test_copy_and_gather_from_blocks),
		TEST(test_copy_to_blocks),
		TEST(test_copy_of_a_transpose),
		TEST(test_copy_into_a_slice),
		TEST(test_copy_of_a_reshape),
		TEST(test_gather),
		TEST(test_every_binary_with_broadcast),
		TEST(test_every_unary),
		TEST(test_softmax_over_each_axis),
		TEST(test_every_reduction),
		TEST(test_cumsum),
		TEST(test_sort_and_topk),
		TEST(test_matmul_of_every_type),
		TEST(test_matmul_batched_and_transposed),
		TEST(test_matmul_routed),
		TEST(test_matmul_scaled),
		TEST(test_conv2d_with_and_without_bias),
		TEST(test_conv2d_in_groups),
		TEST(test_pooling),
		TEST(test_norms_and_rope),
		TEST(test_conv_of_signals_and_volumes_and_back),
		TEST(test_pooling_of_signals_and_volumes),
		TEST(test_recurrent_steps),
		TEST(test_resize),
		TEST(test_attention),
		TEST(test_attention_to_blocks),
		TEST(test_a_wrong_shape_is_the_cards_to_refuse),
	};

	return cmocka_run_group_tests_name("libnpu programs on the card", tests, NULL,
					   NULL);
}
