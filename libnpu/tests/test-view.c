// SPDX-License-Identifier: MIT
/* Tensors and views of them. */
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

static void assert_tensor(npu_tensor_id t, uint64_t offset, unsigned int rank,
			  const uint64_t *extent, const int64_t *stride)
{
	const struct npu_tensor *desc = npu_tensor_desc(prog, t);
	unsigned int i;

	assert_non_null(desc);
	assert_int_equal(desc->offset, offset);
	assert_int_equal(desc->rank, rank);
	for (i = 0; i < NPU_MAX_RANK; i++) {
		assert_int_equal(desc->extent[i], i < rank ? extent[i] : 0);
		assert_int_equal(desc->stride[i], i < rank ? stride[i] : 0);
	}
	assert_int_equal(desc->pad, 0);
	assert_int_equal(desc->pad2[0] | desc->pad2[1], 0);
}

static void test_dense_strides_of_every_type(void **state)
{
	static const struct {
		uint32_t dtype;
		int64_t size;
		/* clang-format off */
	} types[] = {
		{ NPU_DTYPE_F32, 4 }, { NPU_DTYPE_F16, 2 }, { NPU_DTYPE_S8, 1 },
		{ NPU_DTYPE_S32, 4 },
	};
	/* clang-format on */
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		int64_t n = types[i].size;
		npu_tensor_id t = TENSOR(prog, types[i].dtype, 2, 3, 5);

		assert_int_equal(npu_dtype_size(types[i].dtype), n);
		assert_int_equal(npu_tensor_desc(prog, t)->dtype, types[i].dtype);
		assert_int_equal(npu_tensor_desc(prog, t)->base, i);
		assert_tensor(t, 0, 3, EXTENT(2, 3, 5), STRIDE(15 * n, 5 * n, n));
	}
}

static void test_offset_and_six_dimensions(void **state)
{
	npu_tensor_id t;

	(void)state;
	t = npu_tensor(prog, npu_base(prog), 256, NPU_DTYPE_F16, 6,
		       EXTENT(2, 1, 3, 1, 4, 7));
	assert_tensor(t, 256, 6, EXTENT(2, 1, 3, 1, 4, 7),
		      STRIDE(168, 168, 56, 56, 14, 2));
}

static void test_strides_of_ones_own(void **state)
{
	npu_tensor_id t;

	(void)state;
	t = npu_tensor_strided(prog, npu_base(prog), 4096, NPU_DTYPE_F32, 2, EXTENT(4, 4),
			       STRIDE(-64, 0));
	assert_tensor(t, 4096, 2, EXTENT(4, 4), STRIDE(-64, 0));
}

static void test_transpose(void **state)
{
	npu_tensor_id t = TENSOR(prog, NPU_DTYPE_F32, 2, 3, 5);

	(void)state;
	t = npu_view_transpose(prog, t, (const unsigned int[]){ 2, 0, 1 });
	assert_tensor(t, 0, 3, EXTENT(5, 2, 3), STRIDE(4, 60, 20));
}

static void test_transposing_there_and_back(void **state)
{
	npu_tensor_id t = TENSOR(prog, NPU_DTYPE_F32, 2, 3, 5), back;

	(void)state;
	back = npu_view_transpose(prog, t, (const unsigned int[]){ 1, 2, 0 });
	back = npu_view_transpose(prog, back, (const unsigned int[]){ 2, 0, 1 });
	assert_memory_equal(npu_tensor_desc(prog, t), npu_tensor_desc(prog, back),
			    sizeof(struct npu_tensor));
}

static void test_no_permutation_is_refused(void **state)
{
	npu_tensor_id t = TENSOR(prog, NPU_DTYPE_F32, 2, 3);

	(void)state;
	assert_int_equal(npu_view_transpose(prog, t, (const unsigned int[]){ 0, 0 }),
			 -EINVAL);
	assert_text_has(npu_last_error(), "permutation");
}

static void test_a_permutation_out_of_range_is_refused(void **state)
{
	npu_tensor_id t = TENSOR(prog, NPU_DTYPE_F32, 2, 3);

	(void)state;
	assert_int_equal(npu_view_transpose(prog, t, (const unsigned int[]){ 0, 2 }),
			 -EINVAL);
}

static void test_slice(void **state)
{
	npu_tensor_id t = TENSOR(prog, NPU_DTYPE_F32, 8, 10);

	(void)state;
	t = npu_view_slice(prog, t, EXTENT(2, 3), EXTENT(4, 7));
	assert_tensor(t, 2 * 40 + 3 * 4, 2, EXTENT(4, 7), STRIDE(40, 4));
}

static void test_slice_of_a_slice_backwards(void **state)
{
	npu_tensor_id t;

	(void)state;
	t = npu_tensor_strided(prog, npu_base(prog), 400, NPU_DTYPE_F32, 1, EXTENT(100),
			       STRIDE(-4));
	t = npu_view_slice(prog, t, EXTENT(10), EXTENT(50));
	t = npu_view_slice(prog, t, EXTENT(5), EXTENT(10));
	assert_tensor(t, 400 - 60, 1, EXTENT(10), STRIDE(-4));
}

static void test_views_of_blocks(void **state)
{
	npu_tensor_id t = TENSOR(prog, NPU_DTYPE_Q8_0, 4, 6, 128);
	npu_tensor_id part;

	(void)state;
	part = npu_view_slice(prog, t, EXTENT(1, 2, 64), EXTENT(3, 4, 32));
	assert_tensor(part, 6 * 136 + 2 * 136 + 68, 3, EXTENT(3, 4, 32),
		      STRIDE(816, 136, 34));
	part = npu_view_transpose(prog, t, (const unsigned int[]){ 1, 0, 2 });
	assert_tensor(part, 0, 3, EXTENT(6, 4, 128), STRIDE(136, 816, 34));
	t = npu_view_reshape(prog, t, 2, EXTENT(12, 256));
	assert_tensor(t, 0, 2, EXTENT(12, 256), STRIDE(272, 34));
}

static void test_views_that_divide_blocks_are_refused(void **state)
{
	static const uint64_t bad[][2] = { { 0, 16 }, { 16, 32 } };
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		struct npu_program *p = new_program();
		npu_tensor_id t = TENSOR(p, NPU_DTYPE_Q8_0, 2, 64);

		if (i < 2)
			t = npu_view_slice(p, t, EXTENT(0, bad[i][0]),
					   EXTENT(1, bad[i][1]));
		else
			t = npu_view_transpose(p, t, (const unsigned int[]){ 1, 0 });
		assert_int_equal(t, -EINVAL);
		assert_text_has(npu_last_error(), "block");
		npu_program_free(p);
	}
}

static void test_slices_outside_are_refused(void **state)
{
	static const struct {
		uint64_t start, extent;
		/* clang-format off */
	} bad[] = {
		{ 0, 11 }, { 10, 1 }, { 11, 1 }, { 5, 6 }, { 0, 0 },
		{ UINT64_MAX, 2 }, { 2, UINT64_MAX },
	};
	/* clang-format on */
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct npu_program *p = new_program();
		npu_tensor_id t = TENSOR(p, NPU_DTYPE_F32, 10);

		assert_int_equal(npu_view_slice(p, t, &bad[i].start, &bad[i].extent),
				 -EINVAL);
		npu_program_free(p);
	}
}

static void test_broadcast(void **state)
{
	npu_tensor_id t = TENSOR(prog, NPU_DTYPE_F32, 3, 1);

	(void)state;
	t = npu_view_broadcast(prog, t, 3, EXTENT(2, 3, 5));
	assert_tensor(t, 0, 3, EXTENT(2, 3, 5), STRIDE(0, 4, 0));
}

static void test_broadcast_to_the_same_adds_nothing(void **state)
{
	npu_tensor_id t = TENSOR(prog, NPU_DTYPE_F32, 3, 1);

	(void)state;
	assert_int_equal(npu_view_broadcast(prog, t, 2, EXTENT(3, 1)), t);
}

static void test_broadcast_of_other_extents_is_refused(void **state)
{
	npu_tensor_id t = TENSOR(prog, NPU_DTYPE_F32, 3, 2);

	(void)state;
	assert_int_equal(npu_view_broadcast(prog, t, 2, EXTENT(3, 4)), -EINVAL);
	assert_text_has(npu_last_error(), "does not broadcast");
}

static void test_broadcast_to_fewer_dimensions_is_refused(void **state)
{
	npu_tensor_id t = TENSOR(prog, NPU_DTYPE_F32, 3, 2);

	(void)state;
	assert_int_equal(npu_view_broadcast(prog, t, 1, EXTENT(2)), -EINVAL);
}

static void test_broadcast_to_seven_dimensions_is_refused(void **state)
{
	npu_tensor_id t = TENSOR(prog, NPU_DTYPE_F32, 3);

	(void)state;
	assert_int_equal(npu_view_broadcast(prog, t, 7, EXTENT(1, 1, 1, 1, 1, 1, 3)),
			 -EINVAL);
}

static void test_reshape(void **state)
{
	npu_tensor_id t;

	(void)state;
	t = npu_tensor(prog, npu_base(prog), 64, NPU_DTYPE_F16, 3, EXTENT(2, 3, 4));
	t = npu_view_reshape(prog, t, 2, EXTENT(6, 4));
	assert_tensor(t, 64, 2, EXTENT(6, 4), STRIDE(8, 2));
	t = npu_view_reshape(prog, t, 4, EXTENT(1, 24, 1, 1));
	assert_tensor(t, 64, 4, EXTENT(1, 24, 1, 1), STRIDE(48, 2, 2, 2));
}

static void test_reshape_ignores_strides_of_single_elements(void **state)
{
	npu_tensor_id t;

	(void)state;
	t = npu_tensor_strided(prog, npu_base(prog), 0, NPU_DTYPE_F32, 3, EXTENT(1, 4, 5),
			       STRIDE(0, 20, 4));
	t = npu_view_reshape(prog, t, 1, EXTENT(20));
	assert_tensor(t, 0, 1, EXTENT(20), STRIDE(4));
}

static void test_reshape_of_a_transpose_is_refused(void **state)
{
	npu_tensor_id t = TENSOR(prog, NPU_DTYPE_F32, 2, 3);

	(void)state;
	t = npu_view_transpose(prog, t, (const unsigned int[]){ 1, 0 });
	assert_int_equal(npu_view_reshape(prog, t, 1, EXTENT(6)), -EINVAL);
	assert_text_has(npu_last_error(), "dense");
}

static void test_reshape_to_another_size_is_refused(void **state)
{
	npu_tensor_id t = TENSOR(prog, NPU_DTYPE_F32, 2, 3);

	(void)state;
	assert_int_equal(npu_view_reshape(prog, t, 1, EXTENT(7)), -EINVAL);
}

static void test_reshape_that_overflows_is_refused(void **state)
{
	npu_tensor_id t = TENSOR(prog, NPU_DTYPE_S8, 1);

	(void)state;
	/* Their product is 1 modulo 2^64. */
	assert_int_equal(npu_view_reshape(prog, t, 2, EXTENT(3, 0xaaaaaaaaaaaaaaab)),
			 -EINVAL);
}

static void test_views_survive_a_growing_table(void **state)
{
	npu_tensor_id first = TENSOR(prog, NPU_DTYPE_F32, 4, 4), t = first;
	unsigned int i;

	(void)state;
	for (i = 0; i < 1000; i++)
		t = npu_view_transpose(prog, t, (const unsigned int[]){ 1, 0 });
	assert_int_equal(t, 1000);
	assert_memory_equal(npu_tensor_desc(prog, t), npu_tensor_desc(prog, first),
			    sizeof(struct npu_tensor));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_dense_strides_of_every_type),
		TEST(test_offset_and_six_dimensions),
		TEST(test_strides_of_ones_own),
		TEST(test_transpose),
		TEST(test_transposing_there_and_back),
		TEST(test_no_permutation_is_refused),
		TEST(test_a_permutation_out_of_range_is_refused),
		TEST(test_slice),
		TEST(test_slice_of_a_slice_backwards),
		TEST(test_views_of_blocks),
		TEST(test_views_that_divide_blocks_are_refused),
		TEST(test_slices_outside_are_refused),
		TEST(test_broadcast),
		TEST(test_broadcast_to_the_same_adds_nothing),
		TEST(test_broadcast_of_other_extents_is_refused),
		TEST(test_broadcast_to_fewer_dimensions_is_refused),
		TEST(test_broadcast_to_seven_dimensions_is_refused),
		TEST(test_reshape),
		TEST(test_reshape_ignores_strides_of_single_elements),
		TEST(test_reshape_of_a_transpose_is_refused),
		TEST(test_reshape_to_another_size_is_refused),
		TEST(test_reshape_that_overflows_is_refused),
		TEST(test_views_survive_a_growing_table),
	};

	return cmocka_run_group_tests_name("libnpu views", tests, NULL, NULL);
}
