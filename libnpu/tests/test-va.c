// SPDX-License-Identifier: MIT
/* Ranges of an address space: alignment, gaps, a full space. */
#include "test.h"

#define START 0x100000000ull
#define END   (1ull << 48)
#define PAGE  4096ull
#define MIB   (1ull << 20)
#define GIB   (1ull << 30)

static void test_first_range_is_at_the_start(void **state)
{
	struct npu_range range;
	struct npu_va va;

	(void)state;
	npu_va_init(&va, START, END);
	assert_int_equal(npu_va_alloc(&va, &range, PAGE, PAGE), 0);
	assert_int_equal(range.start, START);
	assert_int_equal(range.end, START + PAGE);
}

static void test_ranges_are_packed(void **state)
{
	struct npu_range range[3];
	struct npu_va va;
	unsigned int i;

	(void)state;
	npu_va_init(&va, START, END);
	for (i = 0; i < 3; i++) {
		assert_int_equal(npu_va_alloc(&va, &range[i], PAGE, PAGE), 0);
		assert_int_equal(range[i].start, START + i * PAGE);
	}
}

static void test_alignment_is_kept(void **state)
{
	static const uint64_t aligns[] = { PAGE, 2 * MIB, GIB };
	struct npu_range small, range[3];
	struct npu_va va;
	unsigned int i;

	(void)state;
	npu_va_init(&va, START, END);
	npu_va_alloc(&va, &small, PAGE, PAGE);
	for (i = 0; i < 3; i++) {
		assert_int_equal(npu_va_alloc(&va, &range[i], aligns[i], aligns[i]), 0);
		assert_int_equal(range[i].start % aligns[i], 0);
	}
}

static void test_gaps_of_alignment_are_used(void **state)
{
	struct npu_range small, big, next;
	struct npu_va va;

	(void)state;
	npu_va_init(&va, START, END);
	npu_va_alloc(&va, &small, PAGE, PAGE);
	npu_va_alloc(&va, &big, 2 * MIB, 2 * MIB);
	npu_va_alloc(&va, &next, PAGE, PAGE);
	assert_int_equal(next.start, small.end);
}

static void test_freed_range_is_used_again(void **state)
{
	struct npu_range a, b, c, again;
	struct npu_va va;

	(void)state;
	npu_va_init(&va, START, END);
	npu_va_alloc(&va, &a, PAGE, PAGE);
	npu_va_alloc(&va, &b, PAGE, PAGE);
	npu_va_alloc(&va, &c, PAGE, PAGE);
	npu_va_free(&va, &b);
	assert_int_equal(npu_va_alloc(&va, &again, 2 * PAGE, PAGE), 0);
	assert_int_equal(again.start, c.end);
	npu_va_free(&va, &again);
	assert_int_equal(npu_va_alloc(&va, &again, PAGE, PAGE), 0);
	assert_int_equal(again.start, a.end);
}

static void test_full_space_is_enospc(void **state)
{
	struct npu_range a, b;
	struct npu_va va;

	(void)state;
	npu_va_init(&va, START, START + 4 * PAGE);
	assert_int_equal(npu_va_alloc(&va, &a, 5 * PAGE, PAGE), -ENOSPC);
	assert_int_equal(npu_va_alloc(&va, &a, 4 * PAGE, PAGE), 0);
	assert_int_equal(npu_va_alloc(&va, &b, PAGE, PAGE), -ENOSPC);
	npu_va_free(&va, &a);
	assert_int_equal(npu_va_alloc(&va, &b, 4 * PAGE, PAGE), 0);
}

static void test_huge_sizes_do_not_wrap(void **state)
{
	struct npu_range range;
	struct npu_va va;

	(void)state;
	npu_va_init(&va, START, END);
	assert_int_equal(npu_va_alloc(&va, &range, UINT64_MAX, PAGE), -ENOSPC);
	assert_int_equal(npu_va_alloc(&va, &range, UINT64_MAX - START + 1, PAGE),
			 -ENOSPC);
	assert_int_equal(npu_va_alloc(&va, &range, PAGE, 1ull << 63), -ENOSPC);
}

#define RANGES 200

static uint32_t random_number(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static void check_ring(const struct npu_va *va, unsigned int used)
{
	const struct npu_range *range;
	uint64_t end = START;
	unsigned int count = 0;

	for (range = va->ring.next; range != &va->ring; range = range->next) {
		assert_true(range->start >= end);
		assert_true(range->end > range->start);
		assert_ptr_equal(range->next->prev, range);
		end = range->end;
		count++;
	}
	assert_true(end <= END);
	assert_int_equal(count, used);
}

static void test_many_random_ranges_never_overlap(void **state)
{
	static const uint64_t aligns[] = { PAGE, PAGE, 2 * MIB, GIB };
	struct npu_range range[RANGES];
	bool in_use[RANGES] = { false };
	unsigned int step, used = 0;
	uint32_t seed = 1;
	struct npu_va va;

	(void)state;
	npu_va_init(&va, START, END);
	for (step = 0; step < 20000; step++) {
		unsigned int i = random_number(&seed) % RANGES;
		uint64_t align = aligns[random_number(&seed) % ARRAY_SIZE(aligns)];
		uint64_t size = (1 + random_number(&seed) % 1000) * PAGE;

		if (in_use[i]) {
			npu_va_free(&va, &range[i]);
			used--;
		} else {
			assert_int_equal(npu_va_alloc(&va, &range[i], size, align), 0);
			assert_int_equal(range[i].start % align, 0);
			used++;
		}
		in_use[i] = !in_use[i];
		if (step % 100 == 0)
			check_ring(&va, used);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_range_is_at_the_start),
		cmocka_unit_test(test_ranges_are_packed),
		cmocka_unit_test(test_alignment_is_kept),
		cmocka_unit_test(test_gaps_of_alignment_are_used),
		cmocka_unit_test(test_freed_range_is_used_again),
		cmocka_unit_test(test_full_space_is_enospc),
		cmocka_unit_test(test_huge_sizes_do_not_wrap),
		cmocka_unit_test(test_many_random_ranges_never_overlap),
	};

	return cmocka_run_group_tests_name("libnpu addresses", tests, NULL, NULL);
}
