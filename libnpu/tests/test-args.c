// SPDX-License-Identifier: MIT
/* The ring of argument blocks: places, order, what is in flight. */
#include "test.h"

static struct npu_args args;

static int reset(void **state)
{
	(void)state;
	memset(&args, 0, sizeof(args));
	return 0;
}

static uint64_t put(uint32_t size, uint64_t point)
{
	uint64_t at;

	assert_true(npu_args_reserve(&args, size, &at));
	npu_args_commit(&args, at, size, point);
	return at;
}

static void test_blocks_begin_cache_lines(void **state)
{
	(void)state;
	assert_int_equal(put(8, 1), 0);
	assert_int_equal(put(72, 2), 64);
	assert_int_equal(put(8, 3), 192);
}

static void test_reserving_twice_gives_the_same_place(void **state)
{
	uint64_t a, b;

	(void)state;
	assert_true(npu_args_reserve(&args, 100, &a));
	assert_true(npu_args_reserve(&args, 100, &b));
	assert_int_equal(a, b);
}

static void test_full_ring_refuses_until_the_oldest_ends(void **state)
{
	uint64_t at, point = 0;

	(void)state;
	while (npu_args_reserve(&args, 4096, &at))
		npu_args_commit(&args, at, 4096, ++point);
	assert_int_equal(point, NPU_ARGS_BYTES / 4096);
	assert_int_equal(npu_args_oldest(&args), 1);
	npu_args_retire(&args, 1);
	assert_int_equal(npu_args_oldest(&args), 2);
	assert_int_equal(put(4096, ++point) % NPU_ARGS_BYTES, 0);
	assert_false(npu_args_reserve(&args, 8, &at));
}

static void test_blocks_do_not_wrap(void **state)
{
	uint64_t at;

	(void)state;
	put(NPU_ARGS_BYTES - 4096, 1);
	put(64, 2);
	npu_args_retire(&args, 1);
	at = put(8192, 3);
	assert_int_equal(at % NPU_ARGS_BYTES, 0);
	assert_true(at >= NPU_ARGS_BYTES);
}

static void test_slots_run_out_before_bytes(void **state)
{
	unsigned int i;
	uint64_t at;

	(void)state;
	for (i = 1; i <= NPU_ARGS_SLOTS; i++)
		put(8, i);
	assert_false(npu_args_reserve(&args, 8, &at));
	npu_args_retire(&args, 1);
	assert_true(npu_args_reserve(&args, 8, &at));
}

static void test_largest_block_fits_an_empty_ring(void **state)
{
	uint32_t largest = (NPU_MAX_BASES + NPU_MAX_SCALARS) * 8;
	unsigned int i;

	(void)state;
	for (i = 1; i < 100; i++) {
		put(8 * i, 2 * i);
		npu_args_retire(&args, 2 * i);
		put(largest, 2 * i + 1);
		npu_args_retire(&args, 2 * i + 1);
	}
}

static void test_retiring_goes_up_to_the_point_only(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 1; i <= 10; i++)
		put(8, i * 10);
	npu_args_retire(&args, 9);
	assert_int_equal(npu_args_oldest(&args), 10);
	npu_args_retire(&args, 55);
	assert_int_equal(npu_args_oldest(&args), 60);
	npu_args_retire(&args, 5);
	assert_int_equal(npu_args_oldest(&args), 60);
	npu_args_retire(&args, UINT64_MAX);
	assert_int_equal(args.count, 0);
}

/* Each byte knows which job may still read it; nobody may take it before. */
static void test_bytes_in_flight_are_never_given_out(void **state)
{
	static uint64_t owner[NPU_ARGS_BYTES];
	uint64_t at, point = 0, ended = 0;
	uint32_t seed = 7, size, i;

	(void)state;
	memset(owner, 0, sizeof(owner));
	while (point < 5000) {
		seed = seed * 1664525 + 1013904223;
		size = 8 * (1 + (seed >> 8) % 4000);
		while (!npu_args_reserve(&args, size, &at)) {
			ended = npu_args_oldest(&args);
			npu_args_retire(&args, ended);
		}
		point++;
		for (i = 0; i < size; i++) {
			assert_true(owner[at % NPU_ARGS_BYTES + i] <= ended);
			owner[at % NPU_ARGS_BYTES + i] = point;
		}
		npu_args_commit(&args, at, size, point);
	}
}

#define TEST(name) cmocka_unit_test_setup(name, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_blocks_begin_cache_lines),
		TEST(test_reserving_twice_gives_the_same_place),
		TEST(test_full_ring_refuses_until_the_oldest_ends),
		TEST(test_blocks_do_not_wrap),
		TEST(test_slots_run_out_before_bytes),
		TEST(test_largest_block_fits_an_empty_ring),
		TEST(test_retiring_goes_up_to_the_point_only),
		TEST(test_bytes_in_flight_are_never_given_out),
	};

	return cmocka_run_group_tests_name("libnpu argument ring", tests, NULL, NULL);
}
