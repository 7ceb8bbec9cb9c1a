// SPDX-License-Identifier: MIT
/* The encoding of every instruction. */
#include "test.h"

static struct npu_program *prog;
static npu_tensor_id d, a, b, c;

static int set_up(void **state)
{
	(void)state;
	if (npu_program_new(NULL, &prog))
		return -1;
	d = TENSOR(prog, NPU_DTYPE_F32, 4, 4);
	a = TENSOR(prog, NPU_DTYPE_F32, 4, 4);
	b = TENSOR(prog, NPU_DTYPE_F32, 4, 4);
	c = TENSOR(prog, NPU_DTYPE_F32, 4);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	npu_program_free(prog);
	return 0;
}

static const struct npu_insn *last_insn(void)
{
	assert_true(prog->insn_count > 0);
	return &prog->insns[prog->insn_count - 1];
}

/* What every instruction has in common; operands that are not named are none. */
static struct npu_insn expect(uint32_t opcode, const npu_tensor_id *operands,
			      unsigned int count)
{
	struct npu_insn insn = { .opcode = opcode, .scalar = NPU_NONE };
	unsigned int i;

	for (i = 0; i < NPU_MAX_OPERANDS; i++)
		insn.operand[i] = i < count ? (uint16_t)operands[i] : NPU_NONE;
	return insn;
}

#define EXPECT(opcode, ...)                                    \
	expect(opcode, (const npu_tensor_id[]){ __VA_ARGS__ }, \
	       ARRAY_SIZE(((const npu_tensor_id[]){ __VA_ARGS__ })))

static void assert_insn(const struct npu_insn *want)
{
	assert_memory_equal(last_insn(), want, sizeof(*want));
}

static void test_stall(void **state)
{
	struct npu_insn want = expect(NPU_OP_STALL, NULL, 0);

	(void)state;
	want.imm = 250;
	assert_int_equal(npu_op_stall(prog, npu_u32(250)), 0);
	assert_insn(&want);
}

static void test_fill_with_bits(void **state)
{
	struct npu_insn want = EXPECT(NPU_OP_FILL, d);

	(void)state;
	want.imm = 0x3fc00000;
	assert_int_equal(npu_op_fill(prog, d, npu_f32(1.5f)), 0);
	assert_insn(&want);
}

static void test_fill_from_an_argument(void **state)
{
	struct npu_insn want = EXPECT(NPU_OP_FILL, d);

	(void)state;
	npu_scalar_slot(prog);
	want.scalar = npu_scalar_slot(prog);
	assert_int_equal(npu_op_fill(prog, d, npu_slot(want.scalar)), 0);
	assert_insn(&want);
}

static void test_a_slot_that_was_not_reserved_is_refused(void **state)
{
	(void)state;
	npu_scalar_slot(prog);
	assert_int_equal(npu_op_fill(prog, d, npu_slot(1)), -EINVAL);
	assert_text_has(npu_last_error(), "slot 1");
}

static void test_copy(void **state)
{
	struct npu_insn want = EXPECT(NPU_OP_COPY, d, a);

	(void)state;
	assert_int_equal(npu_op_copy(prog, d, a), 0);
	assert_insn(&want);
}

static void test_gather(void **state)
{
	npu_tensor_id index = TENSOR(prog, NPU_DTYPE_S32, 4);
	struct npu_insn want = EXPECT(NPU_OP_GATHER, d, a, index);

	(void)state;
	assert_int_equal(npu_op_gather(prog, d, a, index), 0);
	assert_insn(&want);
}

static void test_pad(void **state)
{
	const uint32_t before[] = { 3, 2 };
	struct npu_insn want = EXPECT(NPU_OP_PAD, d, a);

	(void)state;
	want.padding.before[0] = 3;
	want.padding.before[1] = 2;
	want.imm = 0x3f000000;
	assert_int_equal(npu_op_pad(prog, NPU_PAD_CONSTANT, d, a, before, npu_f32(0.5f)),
			 0);
	assert_insn(&want);
	want.padding.mode = NPU_PAD_REFLECT;
	want.imm = 0;
	assert_int_equal(npu_op_pad(prog, NPU_PAD_REFLECT, d, a, before, npu_f32(0.5f)),
			 0);
	assert_insn(&want);
	assert_int_equal(npu_op_pad(prog, NPU_PAD_EDGE, d, 99, before, npu_u32(0)),
			 -EINVAL);
}

static void test_tile(void **state)
{
	struct npu_insn want = EXPECT(NPU_OP_PAD, d, a);

	(void)state;
	want.padding.mode = NPU_PAD_WRAP;
	assert_int_equal(npu_op_tile(prog, d, a), 0);
	assert_insn(&want);
}

static void test_triangle(void **state)
{
	struct npu_insn want = EXPECT(NPU_OP_TRIANGLE, d, a);

	(void)state;
	want.imm = UINT32_MAX;
	assert_int_equal(npu_op_triangle(prog, d, a, npu_u32(-1), false), 0);
	assert_insn(&want);
	want.flags = NPU_INSN_LOWER;
	assert_int_equal(npu_op_triangle(prog, d, a, npu_u32(-1), true), 0);
	assert_insn(&want);
}

static void test_range(void **state)
{
	npu_tensor_id one = TENSOR(prog, NPU_DTYPE_F32, 1);
	const struct npu_tensor *x;

	(void)state;
	assert_int_equal(npu_op_range(prog, d, one, a, 1), 0);
	assert_int_equal(last_insn()->opcode, NPU_OP_RANGE);
	assert_int_equal(last_insn()->axis.axis, 1);
	x = npu_tensor_desc(prog, last_insn()->operand[1]);
	assert_int_equal(x->base, npu_tensor_desc(prog, one)->base);
	assert_int_equal(x->rank, 2);
	assert_int_equal(x->stride[1], 0);
	assert_int_equal(npu_op_range(prog, d, one, a, 2), -EINVAL);
	assert_text_has(npu_last_error(), "axis 2");
}

static void test_one_hot(void **state)
{
	npu_tensor_id index = TENSOR(prog, NPU_DTYPE_S64, 4, 1);
	npu_tensor_id one = TENSOR(prog, NPU_DTYPE_F32, 1);
	const struct npu_tensor *x;

	(void)state;
	assert_int_equal(npu_op_one_hot(prog, d, index, one, a, 1), 0);
	assert_int_equal(last_insn()->opcode, NPU_OP_ONE_HOT);
	assert_int_equal(last_insn()->axis.axis, 1);
	x = npu_tensor_desc(prog, last_insn()->operand[1]);
	assert_int_equal(x->base, npu_tensor_desc(prog, index)->base);
	assert_int_equal(x->extent[1], 4);
	assert_int_equal(x->stride[1], 0);
	x = npu_tensor_desc(prog, last_insn()->operand[2]);
	assert_int_equal(x->base, npu_tensor_desc(prog, one)->base);
	x = npu_tensor_desc(prog, last_insn()->operand[3]);
	assert_int_equal(x->base, npu_tensor_desc(prog, a)->base);
	assert_int_equal(npu_op_one_hot(prog, d, index, one, a, 7), -EINVAL);
}

static void test_gather_elements(void **state)
{
	npu_tensor_id index = TENSOR(prog, NPU_DTYPE_S64, 4, 4);
	struct npu_insn want = EXPECT(NPU_OP_GATHER_ELEMENTS, d, a, index);

	(void)state;
	want.axis.axis = 1;
	assert_int_equal(npu_op_gather_elements(prog, d, a, index, 1), 0);
	assert_insn(&want);
	assert_int_equal(npu_op_gather_elements(prog, d, a, index, 2), -EINVAL);
}

static void test_gather_nd(void **state)
{
	npu_tensor_id index = TENSOR(prog, NPU_DTYPE_S32, 4, 1);
	struct npu_insn want = EXPECT(NPU_OP_GATHER_ND, d, a, index);

	(void)state;
	assert_int_equal(npu_op_gather_nd(prog, d, a, index), 0);
	assert_insn(&want);
}

static void test_scatters(void **state)
{
	npu_tensor_id index = TENSOR(prog, NPU_DTYPE_S32, 4, 4);
	struct npu_insn rows = EXPECT(NPU_OP_SCATTER, d, a, index);
	struct npu_insn elements = EXPECT(NPU_OP_SCATTER_ELEMENTS, d, a, index);

	(void)state;
	rows.scatter.mode = NPU_SCATTER_MIN;
	assert_int_equal(npu_op_scatter(prog, NPU_SCATTER_MIN, d, a, index), 0);
	assert_insn(&rows);
	elements.scatter.mode = NPU_SCATTER_ADD;
	elements.scatter.axis = 1;
	assert_int_equal(npu_op_scatter_elements(prog, NPU_SCATTER_ADD, d, a, index, 1),
			 0);
	assert_insn(&elements);
	assert_int_equal(npu_op_scatter_elements(prog, NPU_SCATTER_ADD, d, a, index, 2),
			 -EINVAL);
}

static void test_scatter_nd(void **state)
{
	npu_tensor_id index = TENSOR(prog, NPU_DTYPE_S32, 4, 1);
	struct npu_insn want = EXPECT(NPU_OP_SCATTER_ND, d, a, index);

	(void)state;
	assert_int_equal(npu_op_scatter_nd(prog, NPU_SCATTER_SET, d, a, index), 0);
	assert_insn(&want);
}

static void test_every_binary(void **state)
{
	uint32_t opcode;

	(void)state;
	for (opcode = NPU_OP_ADD; opcode <= NPU_OP_ELU; opcode++) {
		struct npu_insn want = EXPECT(opcode, d, a, b);

		if (opcode > NPU_OP_ATAN2 && opcode < NPU_OP_SWIGLU)
			continue;
		assert_int_equal(npu_op_binary(prog, opcode, d, a, b), 0);
		assert_insn(&want);
	}
}

static void test_binary_broadcasts_both_sides(void **state)
{
	npu_tensor_id row = c, column = TENSOR(prog, NPU_DTYPE_F32, 4, 1);
	const struct npu_tensor *x, *y;

	(void)state;
	assert_int_equal(npu_op_binary(prog, NPU_OP_MUL, d, column, row), 0);
	x = npu_tensor_desc(prog, last_insn()->operand[1]);
	y = npu_tensor_desc(prog, last_insn()->operand[2]);
	assert_int_equal(x->base, npu_tensor_desc(prog, column)->base);
	assert_int_equal(y->base, npu_tensor_desc(prog, row)->base);
	assert_int_equal(x->rank, 2);
	assert_int_equal(y->rank, 2);
	assert_int_equal(x->stride[0], 4);
	assert_int_equal(x->stride[1], 0);
	assert_int_equal(y->stride[0], 0);
	assert_int_equal(y->stride[1], 4);
}

static void test_binary_that_does_not_broadcast_is_refused(void **state)
{
	npu_tensor_id odd = TENSOR(prog, NPU_DTYPE_F32, 3);

	(void)state;
	assert_int_equal(npu_op_binary(prog, NPU_OP_ADD, d, a, odd), -EINVAL);
	assert_int_equal(prog->insn_count, 0);
}

static void test_every_unary(void **state)
{
	uint32_t opcode;

	(void)state;
	for (opcode = NPU_OP_NEG; opcode <= NPU_OP_IS_INF; opcode++) {
		struct npu_insn want = EXPECT(opcode, d, a);

		assert_int_equal(npu_op_unary(prog, opcode, d, a), 0);
		assert_insn(&want);
	}
}

static void test_every_axis_instruction(void **state)
{
	uint32_t opcode;

	(void)state;
	for (opcode = NPU_OP_SOFTMAX; opcode <= NPU_OP_ARGMIN; opcode++) {
		struct npu_insn want = EXPECT(opcode, d, a);

		want.axis.axis = 1;
		assert_int_equal(npu_op_axis(prog, opcode, d, a, 1), 0);
		assert_insn(&want);
	}
}

static void test_an_axis_beyond_the_rank_is_refused(void **state)
{
	(void)state;
	assert_int_equal(npu_op_axis(prog, NPU_OP_SOFTMAX, d, a, 2), -EINVAL);
	assert_text_has(npu_last_error(), "axis 2");
}

static void test_cumsum(void **state)
{
	struct npu_insn want = EXPECT(NPU_OP_CUMSUM, d, a);

	(void)state;
	want.axis.axis = 1;
	assert_int_equal(npu_op_cumsum(prog, d, a, 1, 0), 0);
	assert_insn(&want);
	want.axis.axis = 0;
	want.flags = NPU_INSN_EXCLUSIVE | NPU_INSN_REVERSE;
	assert_int_equal(npu_op_cumsum(prog, d, a, 0, want.flags), 0);
	assert_insn(&want);
	assert_int_equal(npu_op_cumsum(prog, d, a, 2, 0), -EINVAL);
	assert_text_has(npu_last_error(), "axis 2");
}

static void test_sort(void **state)
{
	struct npu_insn want = EXPECT(NPU_OP_SORT, d, a);

	(void)state;
	want.axis.axis = 1;
	assert_int_equal(npu_op_sort(prog, d, a, 1, 0), 0);
	assert_insn(&want);
	want.opcode = NPU_OP_ARGSORT;
	want.flags = NPU_INSN_DESCENDING;
	assert_int_equal(npu_op_argsort(prog, d, a, 1, NPU_INSN_DESCENDING), 0);
	assert_insn(&want);
}

static void test_topk(void **state)
{
	struct npu_insn values = EXPECT(NPU_OP_SORT, d, a);
	struct npu_insn indices = EXPECT(NPU_OP_ARGSORT, b, a);

	(void)state;
	values.axis.axis = indices.axis.axis = 1;
	values.flags = indices.flags = NPU_INSN_DESCENDING;
	assert_int_equal(npu_op_topk(prog, d, b, a, 1, NPU_INSN_DESCENDING), 0);
	assert_int_equal(prog->insn_count, 2);
	assert_memory_equal(&prog->insns[0], &values, sizeof(values));
	assert_insn(&indices);
	assert_int_equal(npu_op_topk(prog, d, -1, a, 1, NPU_INSN_DESCENDING), 0);
	assert_int_equal(prog->insn_count, 3);
	assert_insn(&values);
	assert_int_equal(npu_op_topk(prog, -1, b, a, 1, NPU_INSN_DESCENDING), 0);
	assert_int_equal(prog->insn_count, 4);
	assert_insn(&indices);
	assert_int_equal(npu_op_topk(prog, -1, -1, a, 1, 0), -EINVAL);
	assert_text_has(npu_last_error(), "neither");
}

static void test_ternary(void **state)
{
	npu_tensor_id row = c;
	const struct npu_tensor *y;

	(void)state;
	assert_int_equal(npu_op_ternary(prog, NPU_OP_MULADD, d, a, row, b), 0);
	assert_int_equal(last_insn()->opcode, NPU_OP_MULADD);
	y = npu_tensor_desc(prog, last_insn()->operand[2]);
	assert_int_equal(y->base, npu_tensor_desc(prog, row)->base);
	assert_int_equal(y->rank, 2);
	assert_int_equal(y->stride[0], 0);
	assert_int_equal(last_insn()->operand[4], NPU_NONE);
	assert_int_equal(npu_op_ternary(prog, NPU_OP_ADD, d, a, row, b), -EINVAL);
}

static void test_matmul(void **state)
{
	struct npu_insn want = EXPECT(NPU_OP_MATMUL, d, a, b);

	(void)state;
	assert_int_equal(npu_op_matmul(prog, d, a, b), 0);
	assert_insn(&want);
}

static void test_matmul_with(void **state)
{
	struct npu_insn want = EXPECT(NPU_OP_MATMUL, d, a, b, c, b, a);
	struct npu_matmul_options options = NPU_MATMUL_OPTIONS;

	(void)state;
	options.bias = c;
	options.scale = b;
	options.zero_b = a;
	options.activation = NPU_OP_SILU;
	options.transpose_b = true;
	want.flags = NPU_INSN_TRANSPOSE_B | NPU_INSN_BIAS | NPU_INSN_SCALE |
		     NPU_INSN_ZERO_B;
	want.matmul.activation = NPU_OP_SILU;
	assert_int_equal(npu_op_matmul_with(prog, d, a, b, &options), 0);
	assert_insn(&want);
}

static void test_matmul_with_nothing(void **state)
{
	struct npu_insn want = EXPECT(NPU_OP_MATMUL, d, a, b);
	struct npu_matmul_options options = NPU_MATMUL_OPTIONS;

	(void)state;
	assert_int_equal(npu_op_matmul_with(prog, d, a, b, &options), 0);
	assert_insn(&want);
}

static void test_matmul_with_too_much(void **state)
{
	struct npu_matmul_options options = {
		.bias = a,
		.residual = a,
		.scale = a,
		.block_scale = a,
		.zero_a = a,
		.zero_b = a,
		.factor = npu_u32(0),
	};

	(void)state;
	assert_int_equal(npu_op_matmul_with(prog, d, a, b, &options), -EINVAL);
}

static void test_matmul_routed(void **state)
{
	struct npu_insn want = EXPECT(NPU_OP_MATMUL_ROUTED, d, a, b, c);

	(void)state;
	want.flags = NPU_INSN_TRANSPOSE_B;
	assert_int_equal(npu_op_matmul_routed(prog, d, a, b, c, -1, 0), 0);
	assert_insn(&want);
}

static void test_matmul_routed_with_scales(void **state)
{
	struct npu_insn want = EXPECT(NPU_OP_MATMUL_ROUTED, d, a, b, c, d);

	(void)state;
	want.flags = NPU_INSN_TRANSPOSE_B | NPU_INSN_BLOCK_SCALE;
	want.matmul.activation = NPU_OP_GELU;
	assert_int_equal(npu_op_matmul_routed(prog, d, a, b, c, d, NPU_OP_GELU), 0);
	assert_insn(&want);
}

static void test_matmul_scaled(void **state)
{
	struct npu_insn want = EXPECT(NPU_OP_MATMUL, d, a, b);

	(void)state;
	want.imm = 0x3e800000;
	assert_int_equal(npu_op_matmul_scaled(prog, d, a, b, npu_f32(0.25f)), 0);
	assert_insn(&want);
	want.imm = 0;
	want.scalar = npu_scalar_slot(prog);
	assert_int_equal(npu_op_matmul_scaled(prog, d, a, b, npu_slot(want.scalar)), 0);
	assert_insn(&want);
}

static const struct npu_insn_window window = {
	.kernel = { 3, 5 },
	.stride = { 2, 1 },
	.dilation = { 1, 2 },
	.pad_begin = { 1, 2 },
	.pad_end = { 0, 3 },
};

/* What the card must see: the third dimension is one element. */
static const struct npu_insn_window flat = {
	.kernel = { 3, 5, 1 },
	.stride = { 2, 1, 1 },
	.dilation = { 1, 2, 1 },
	.pad_begin = { 1, 2, 0 },
	.pad_end = { 0, 3, 0 },
};

static void test_conv2d(void **state)
{
	struct npu_insn want = EXPECT(NPU_OP_CONV2D, d, a, b, c);

	(void)state;
	want.window = flat;
	assert_int_equal(npu_op_conv2d(prog, d, a, b, c, &window), 0);
	assert_insn(&want);
}

static void test_conv2d_without_bias(void **state)
{
	struct npu_insn want = EXPECT(NPU_OP_CONV2D, d, a, b);

	(void)state;
	want.window = flat;
	assert_int_equal(npu_op_conv2d(prog, d, a, b, -1, &window), 0);
	assert_insn(&want);
}

static void test_pooling(void **state)
{
	struct npu_insn want = EXPECT(NPU_OP_MAXPOOL2D, d, a);

	(void)state;
	want.window = flat;
	assert_int_equal(npu_op_pool2d(prog, NPU_OP_MAXPOOL2D, d, a, &window, 0), 0);
	assert_insn(&want);
	want.opcode = NPU_OP_AVGPOOL2D;
	want.flags = NPU_INSN_COUNT_PAD;
	assert_int_equal(npu_op_pool2d(prog, NPU_OP_AVGPOOL2D, d, a, &window,
				       NPU_INSN_COUNT_PAD),
			 0);
	assert_insn(&want);
}

static void test_conv1d(void **state)
{
	npu_tensor_id to = TENSOR(prog, NPU_DTYPE_F32, 2, 4, 8);
	npu_tensor_id from = TENSOR(prog, NPU_DTYPE_F32, 2, 3, 16);
	npu_tensor_id weight = TENSOR(prog, NPU_DTYPE_F32, 4, 3, 3);
	const struct npu_tensor *view;

	(void)state;
	assert_int_equal(npu_op_conv1d(prog, to, from, weight, c, &window), 0);
	assert_int_equal(last_insn()->opcode, NPU_OP_CONV2D);
	assert_int_equal(last_insn()->window.kernel[0], 1);
	assert_int_equal(last_insn()->window.kernel[1], 3);
	assert_int_equal(last_insn()->operand[3], c);
	view = npu_tensor_desc(prog, last_insn()->operand[2]);
	assert_int_equal(view->rank, 4);
	assert_int_equal(view->extent[2], 1);
	assert_int_equal(view->extent[3], 3);
	assert_int_equal(npu_op_conv1d(prog, to, from, a, c, &window), -EINVAL);
}

static void test_conv3d(void **state)
{
	struct npu_insn want = EXPECT(NPU_OP_CONV3D, d, a, b, c);
	struct npu_insn plain = EXPECT(NPU_OP_CONV3D, d, a, b);

	(void)state;
	want.window = flat;
	want.window.kernel[2] = 4;
	plain.window = want.window;
	assert_int_equal(npu_op_conv3d(prog, d, a, b, c, &want.window), 0);
	assert_insn(&want);
	assert_int_equal(npu_op_conv3d(prog, d, a, b, -1, &want.window), 0);
	assert_insn(&plain);
}

static void test_conv_transpose2d(void **state)
{
	struct npu_insn want = EXPECT(NPU_OP_CONV_TRANSPOSE2D, d, a, b, c);
	struct npu_insn plain = EXPECT(NPU_OP_CONV_TRANSPOSE2D, d, a, b);

	(void)state;
	want.window = plain.window = flat;
	assert_int_equal(npu_op_conv_transpose2d(prog, d, a, b, c, &window), 0);
	assert_insn(&want);
	assert_int_equal(npu_op_conv_transpose2d(prog, d, a, b, -1, &window), 0);
	assert_insn(&plain);
}

static void test_pooling_of_signals(void **state)
{
	npu_tensor_id to = TENSOR(prog, NPU_DTYPE_F32, 2, 4, 8);
	npu_tensor_id from = TENSOR(prog, NPU_DTYPE_F32, 2, 4, 16);
	const struct npu_tensor *view;

	(void)state;
	assert_int_equal(npu_op_pool1d(prog, NPU_OP_AVGPOOL2D, to, from, &window, 0), 0);
	assert_int_equal(last_insn()->opcode, NPU_OP_AVGPOOL2D);
	assert_int_equal(last_insn()->window.kernel[0], 1);
	assert_int_equal(last_insn()->window.kernel[1], 3);
	assert_int_equal(last_insn()->window.kernel[2], 1);
	assert_int_equal(last_insn()->window.stride[0], 1);
	assert_int_equal(last_insn()->window.stride[1], 2);
	assert_int_equal(last_insn()->window.pad_begin[0], 0);
	assert_int_equal(last_insn()->window.pad_begin[1], 1);
	view = npu_tensor_desc(prog, last_insn()->operand[1]);
	assert_int_equal(view->rank, 4);
	assert_int_equal(view->extent[2], 1);
	assert_int_equal(view->extent[3], 16);
	assert_int_equal(view->base, npu_tensor_desc(prog, from)->base);
	assert_int_equal(npu_op_pool1d(prog, NPU_OP_AVGPOOL2D, d, a, &window, 0),
			 -EINVAL);
}

static void test_pooling_of_volumes(void **state)
{
	struct npu_insn want = EXPECT(NPU_OP_MAXPOOL3D, d, a);

	(void)state;
	want.window = flat;
	want.window.kernel[2] = 4;
	assert_int_equal(npu_op_pool3d(prog, NPU_OP_MAXPOOL3D, d, a, &want.window, 0), 0);
	assert_insn(&want);
	want.opcode = NPU_OP_AVGPOOL3D;
	want.flags = NPU_INSN_COUNT_PAD;
	assert_int_equal(npu_op_pool3d(prog, NPU_OP_AVGPOOL3D, d, a, &want.window,
				       NPU_INSN_COUNT_PAD),
			 0);
	assert_insn(&want);
	assert_int_equal(npu_op_pool3d(prog, NPU_OP_MAXPOOL2D, d, a, &want.window, 0),
			 -EINVAL);
}

static void test_lppool2d(void **state)
{
	struct npu_insn want = EXPECT(NPU_OP_LPPOOL2D, d, a);

	(void)state;
	want.window = flat;
	want.imm = 0x40000000;
	assert_int_equal(npu_op_lppool2d(prog, d, a, &window, npu_f32(2)), 0);
	assert_insn(&want);
	assert_int_equal(npu_op_lppool2d(prog, d, a, &window, npu_slot(3)), -EINVAL);
}

static void test_resize(void **state)
{
	struct npu_insn want = EXPECT(NPU_OP_RESIZE, d, a);
	struct npu_resize resize = {
		.axes = 3,
		.mode = NPU_RESIZE_CUBIC,
		.coordinate = NPU_RESIZE_ALIGN_CORNERS,
		.rounding = NPU_RESIZE_CEIL,
		.exclude_outside = true,
		.cubic = -0.75f,
	};

	(void)state;
	want.resize.axes = 3;
	want.resize.mode = NPU_RESIZE_CUBIC;
	want.resize.coordinate = NPU_RESIZE_ALIGN_CORNERS;
	want.resize.outside = 1;
	want.resize.cubic = 0xbf400000;
	assert_int_equal(npu_op_resize(prog, d, a, &resize), 0);
	assert_insn(&want);
	resize.mode = NPU_RESIZE_NEAREST;
	want.resize.mode = NPU_RESIZE_NEAREST;
	want.resize.rounding = NPU_RESIZE_CEIL;
	want.resize.outside = 0;
	want.resize.cubic = 0;
	assert_int_equal(npu_op_resize(prog, d, a, &resize), 0);
	assert_insn(&want);
	assert_int_equal(npu_op_resize(prog, d, 99, &resize), -EINVAL);
}

static void test_attention(void **state)
{
	npu_tensor_id mask = TENSOR(prog, NPU_DTYPE_F16, 4);
	npu_tensor_id sinks = TENSOR(prog, NPU_DTYPE_F32, 4);
	npu_tensor_id table = TENSOR(prog, NPU_DTYPE_S32, 4);
	npu_tensor_id lengths = TENSOR(prog, NPU_DTYPE_S32, 4);
	struct npu_insn plain = EXPECT(NPU_OP_ATTENTION, d, a, b, a);
	struct npu_insn some = EXPECT(NPU_OP_ATTENTION, d, a, b, a, sinks, lengths);
	struct npu_insn all = EXPECT(NPU_OP_ATTENTION, d, a, b, a, mask, sinks, table,
				     lengths);
	struct npu_attention attention = {
		.has_sinks = true,
		.sinks = sinks,
		.has_lengths = true,
		.lengths = lengths,
		.window = 7,
	};

	(void)state;
	plain.imm = 0x3f000000;
	assert_int_equal(npu_op_attention(prog, d, a, b, a, npu_f32(0.5f), NULL), 0);
	assert_insn(&plain);
	some.imm = 0x3f000000;
	some.flags = NPU_INSN_SINKS | NPU_INSN_LENGTHS;
	some.attention.window = 7;
	assert_int_equal(npu_op_attention(prog, d, a, b, a, npu_f32(0.5f), &attention),
			 0);
	assert_insn(&some);
	attention = (struct npu_attention){
		.causal = true,
		.softcap = 50,
		.has_mask = true,
		.mask = mask,
		.has_sinks = true,
		.sinks = sinks,
		.has_table = true,
		.table = table,
		.has_lengths = true,
		.lengths = lengths,
	};
	all.imm = 0x3f000000;
	all.flags = NPU_INSN_CAUSAL | NPU_INSN_MASK | NPU_INSN_SINKS | NPU_INSN_TABLE |
		    NPU_INSN_LENGTHS;
	all.attention.softcap = 0x42480000;
	assert_int_equal(npu_op_attention(prog, d, a, b, a, npu_f32(0.5f), &attention),
			 0);
	assert_insn(&all);
	attention.table = 99;
	assert_int_equal(npu_op_attention(prog, d, a, b, a, npu_f32(0.5f), &attention),
			 -EINVAL);
}

static void test_norms(void **state)
{
	npu_tensor_id wide = TENSOR(prog, NPU_DTYPE_F32, 4, 4);
	struct npu_insn plain = EXPECT(NPU_OP_LAYER_NORM, d, a);
	struct npu_insn group = EXPECT(NPU_OP_GROUP_NORM, d, a);
	struct npu_insn rms, batch;
	struct npu_norm_options options = NPU_NORM_OPTIONS;

	(void)state;
	plain.axis.axis = 1;
	plain.imm = 0x3f800000;
	assert_int_equal(npu_op_norm(prog, NPU_OP_LAYER_NORM, d, a, 1, npu_f32(1), NULL),
			 0);
	assert_insn(&plain);
	group.groups.groups = 2;
	group.scalar = npu_scalar_slot(prog);
	assert_int_equal(npu_op_group_norm(prog, d, a, 2, npu_slot(group.scalar),
					   &options),
			 0);
	assert_insn(&group);

	/* In the order of their flags, each as wide as d. */
	options.scale = c;
	options.bias = b;
	options.residual = wide;
	assert_int_equal(npu_op_norm(prog, NPU_OP_RMS_NORM, d, a, 0, npu_f32(0),
				     &options),
			 0);
	rms = EXPECT(NPU_OP_RMS_NORM, d, last_insn()->operand[1], last_insn()->operand[2],
		     last_insn()->operand[3], last_insn()->operand[4]);
	rms.flags = NPU_INSN_BIAS | NPU_INSN_RESIDUAL | NPU_INSN_SCALE;
	assert_insn(&rms);
	assert_int_equal(npu_tensor_desc(prog, rms.operand[2])->stride[0], 16);
	assert_int_equal(npu_tensor_desc(prog, rms.operand[3])->base,
			 npu_tensor_desc(prog, wide)->base);
	assert_int_equal(npu_tensor_desc(prog, rms.operand[4])->stride[0], 0);
	assert_int_equal(npu_tensor_desc(prog, rms.operand[4])->stride[1], 4);

	options.residual = -1;
	options.bias = -1;
	assert_int_equal(npu_op_batch_norm(prog, d, a, c, wide, npu_f32(1), &options), 0);
	batch = EXPECT(NPU_OP_BATCH_NORM, d, last_insn()->operand[1],
		       last_insn()->operand[2], last_insn()->operand[3],
		       last_insn()->operand[4]);
	batch.flags = NPU_INSN_SCALE;
	batch.imm = 0x3f800000;
	assert_insn(&batch);
	assert_int_equal(npu_tensor_desc(prog, batch.operand[2])->stride[0], 0);
	assert_int_equal(npu_tensor_desc(prog, batch.operand[3])->stride[0], 16);
}

static void test_bad_norms_are_refused(void **state)
{
	struct npu_norm_options options = NPU_NORM_OPTIONS;
	unsigned int i;

	(void)state;
	options.bias = 99;
	for (i = 0; i < 3; i++) {
		struct npu_program *p = new_program();
		npu_tensor_id t = TENSOR(p, NPU_DTYPE_F32, 4);
		int err;

		if (i == 0)
			err = npu_op_norm(p, NPU_OP_GROUP_NORM, t, t, 0, npu_f32(0),
					  NULL);
		else if (i == 1)
			err = npu_op_norm(p, NPU_OP_RMS_NORM, t, t, 1, npu_f32(0), NULL);
		else
			err = npu_op_group_norm(p, t, t, 1, npu_f32(0), &options);
		assert_int_equal(err, -EINVAL);
		assert_int_equal(p->insn_count, 0);
		npu_program_free(p);
	}
}

static void test_softmax_ext(void **state)
{
	struct npu_insn plain, all;

	(void)state;
	assert_int_equal(npu_op_softmax_ext(prog, d, a, npu_f32(1), -1, -1), 0);
	plain = EXPECT(NPU_OP_SOFTMAX_EXT, d, last_insn()->operand[1]);
	plain.imm = 0x3f800000;
	assert_insn(&plain);
	assert_int_equal(npu_op_softmax_ext(prog, d, a, npu_f32(1), b, c), 0);
	all = EXPECT(NPU_OP_SOFTMAX_EXT, d, last_insn()->operand[1],
		     last_insn()->operand[2], last_insn()->operand[3]);
	all.imm = 0x3f800000;
	all.flags = NPU_INSN_MASK | NPU_INSN_SLOPES;
	assert_insn(&all);
	assert_int_equal(npu_tensor_desc(prog, all.operand[2])->base,
			 npu_tensor_desc(prog, b)->base);
	assert_int_equal(npu_tensor_desc(prog, all.operand[3])->stride[0], 0);
}

static void test_rope(void **state)
{
	struct npu_insn want = EXPECT(NPU_OP_ROPE, d, a, b, c);

	(void)state;
	want.imm = 0x3f800000;
	assert_int_equal(npu_op_rope(prog, d, a, b, c, npu_f32(1), false), 0);
	assert_insn(&want);
	want.flags = NPU_INSN_INTERLEAVED;
	assert_int_equal(npu_op_rope(prog, d, a, b, c, npu_f32(1), true), 0);
	assert_insn(&want);
}

static void test_ssm_scan(void **state)
{
	npu_tensor_id out = TENSOR(prog, NPU_DTYPE_F16, 1, 2, 4, 8);
	npu_tensor_id held = TENSOR(prog, NPU_DTYPE_F32, 1, 4, 8, 16);
	npu_tensor_id decay = TENSOR(prog, NPU_DTYPE_F32, 4, 16);
	npu_tensor_id skip = TENSOR(prog, NPU_DTYPE_F32, 4, 8);
	npu_tensor_id few = TENSOR(prog, NPU_DTYPE_F32, 4, 1);
	struct npu_insn with = EXPECT(NPU_OP_SSM_SCAN, out, held, a, b, decay, c, d,
				      skip);
	struct npu_insn without = EXPECT(NPU_OP_SSM_SCAN, out, held, a, b, decay, c, d);
	const struct npu_tensor *x, *y;

	(void)state;
	with.flags = NPU_INSN_SOFTPLUS;
	assert_int_equal(npu_op_ssm_scan(prog, out, held, a, b, decay, c, d, skip,
					 NPU_INSN_SOFTPLUS),
			 0);
	assert_insn(&with);
	assert_int_equal(npu_op_ssm_scan(prog, out, held, a, b, decay, c, d, -1, 0), 0);
	assert_insn(&without);
	/* What a head has one of is repeated. */
	assert_int_equal(npu_op_ssm_scan(prog, out, held, a, b, few, c, d, few, 0), 0);
	x = npu_tensor_desc(prog, last_insn()->operand[4]);
	y = npu_tensor_desc(prog, last_insn()->operand[7]);
	assert_int_equal(x->extent[1], 16);
	assert_int_equal(x->stride[1], 0);
	assert_int_equal(x->stride[0], 4);
	assert_int_equal(y->extent[1], 8);
	assert_int_equal(y->stride[1], 0);
}

static void test_rwkv_wkv(void **state)
{
	struct npu_insn want = EXPECT(NPU_OP_RWKV_WKV, d, a, b, c, a, b, c);

	(void)state;
	assert_int_equal(npu_op_rwkv_wkv(prog, d, a, b, c, a, b, c), 0);
	assert_insn(&want);
	assert_int_equal(npu_op_rwkv_wkv(prog, d, a, b, c, a, b, 99), -EINVAL);
}

static void test_delta_net(void **state)
{
	npu_tensor_id held = TENSOR(prog, NPU_DTYPE_F32, 1, 4, 16, 8);
	npu_tensor_id gate = TENSOR(prog, NPU_DTYPE_F32, 1, 2, 4, 16);
	npu_tensor_id few = TENSOR(prog, NPU_DTYPE_F32, 1, 2, 4, 1);
	struct npu_insn want = EXPECT(NPU_OP_DELTA_NET, d, held, a, b, c, gate, few);
	const struct npu_tensor *g;

	(void)state;
	want.imm = 0x3f000000;
	assert_int_equal(npu_op_delta_net(prog, d, held, a, b, c, gate, few,
					  npu_f32(0.5f)),
			 0);
	assert_insn(&want);
	assert_int_equal(npu_op_delta_net(prog, d, held, a, b, c, few, few,
					  npu_f32(0.5f)),
			 0);
	g = npu_tensor_desc(prog, last_insn()->operand[5]);
	assert_int_equal(g->extent[2], 4);
	assert_int_equal(g->extent[3], 16);
	assert_int_equal(g->stride[3], 0);
	assert_int_equal(npu_op_delta_net(prog, d, held, a, b, c, gate, few, npu_slot(3)),
			 -EINVAL);
}

static void test_opcodes_of_other_families_are_refused(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		struct npu_program *p = new_program();
		npu_tensor_id t = TENSOR(p, NPU_DTYPE_F32, 4);
		int err = 0;

		if (i == 0)
			err = npu_op_binary(p, NPU_OP_NEG, t, t, t);
		else if (i == 1)
			err = npu_op_unary(p, NPU_OP_ADD, t, t);
		else if (i == 2)
			err = npu_op_axis(p, NPU_OP_MATMUL, t, t, 0);
		else
			err = npu_op_pool2d(p, NPU_OP_CONV2D, t, t, &window, 0);
		assert_int_equal(err, -EINVAL);
		/* An opcode is not cut to its 16 bits. */
		npu_program_free(p);
	}
	assert_int_equal(npu_op_unary(prog, 0x10000 + NPU_OP_NEG, d, a), -EINVAL);
}

static void test_missing_operands_are_refused(void **state)
{
	struct npu_program *p;
	npu_tensor_id t;
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		p = new_program();
		t = TENSOR(p, NPU_DTYPE_F32, 4);
		assert_int_equal(npu_op_binary(p, NPU_OP_ADD, i == 0 ? 9 : t,
					       i == 1 ? 9 : t, i == 2 ? -5 : t),
				 -EINVAL);
		assert_int_equal(p->insn_count, 0);
		npu_program_free(p);
	}
}

static void test_scalars_keep_their_bits(void **state)
{
	(void)state;
	assert_int_equal(npu_f32(-0.0f).bits, 0x80000000);
	assert_int_equal(npu_f32(1.0f).slot, NPU_NONE);
	assert_int_equal(npu_u32(0xdeadbeef).bits, 0xdeadbeef);
	assert_int_equal(npu_u32(1).slot, NPU_NONE);
	assert_int_equal(npu_slot(7).slot, 7);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_stall),
		TEST(test_fill_with_bits),
		TEST(test_fill_from_an_argument),
		TEST(test_a_slot_that_was_not_reserved_is_refused),
		TEST(test_copy),
		TEST(test_gather),
		TEST(test_pad),
		TEST(test_tile),
		TEST(test_triangle),
		TEST(test_range),
		TEST(test_one_hot),
		TEST(test_gather_elements),
		TEST(test_gather_nd),
		TEST(test_scatters),
		TEST(test_scatter_nd),
		TEST(test_every_binary),
		TEST(test_binary_broadcasts_both_sides),
		TEST(test_binary_that_does_not_broadcast_is_refused),
		TEST(test_every_unary),
		TEST(test_every_axis_instruction),
		TEST(test_an_axis_beyond_the_rank_is_refused),
		TEST(test_cumsum),
		TEST(test_sort),
		TEST(test_topk),
		TEST(test_ternary),
		TEST(test_matmul),
		TEST(test_matmul_with),
		TEST(test_matmul_with_nothing),
		TEST(test_matmul_with_too_much),
		TEST(test_matmul_routed),
		TEST(test_matmul_routed_with_scales),
		TEST(test_matmul_scaled),
		TEST(test_conv2d),
		TEST(test_conv2d_without_bias),
		TEST(test_pooling),
		TEST(test_norms),
		TEST(test_bad_norms_are_refused),
		TEST(test_softmax_ext),
		TEST(test_rope),
		TEST(test_conv1d),
		TEST(test_conv3d),
		TEST(test_conv_transpose2d),
		TEST(test_pooling_of_signals),
		TEST(test_pooling_of_volumes),
		TEST(test_lppool2d),
		TEST(test_resize),
		TEST(test_attention),
		TEST(test_ssm_scan),
		TEST(test_rwkv_wkv),
		TEST(test_delta_net),
		TEST(test_opcodes_of_other_families_are_refused),
		TEST(test_missing_operands_are_refused),
		TEST(test_scalars_keep_their_bits),
	};

	return cmocka_run_group_tests_name("libnpu instructions", tests, NULL, NULL);
}
