// SPDX-License-Identifier: MIT
/* Frequencies of rotary embeddings. */
#include <math.h>

#include "test.h"

#define PAIRS 32

static void assert_near(double is, double should)
{
	if (!(fabs(is - should) <= 1e-6 * fabs(should)))
		fail_msg("%.9g instead of %.9g", is, should);
}

static void test_plain(void **state)
{
	struct npu_rope rope = { .theta = 10000 };
	float frequencies[PAIRS];

	(void)state;
	assert_near(npu_rope_frequencies(&rope, PAIRS, frequencies), 1);
	assert_near(frequencies[0], 1);
	assert_near(frequencies[PAIRS / 2], 0.01);
	assert_near(frequencies[PAIRS / 4], 0.1);
}

static void test_linear(void **state)
{
	struct npu_rope rope = {
		.theta = 10000,
		.scaling = NPU_ROPE_LINEAR,
		.factor = 4,
	};
	float frequencies[PAIRS];

	(void)state;
	assert_near(npu_rope_frequencies(&rope, PAIRS, frequencies), 1);
	assert_near(frequencies[0], 0.25);
	assert_near(frequencies[PAIRS / 2], 0.0025);
}

/*
 * DeepSeek-V3's: theta 10,000, 64 elements, factor 40 of 4,096 tokens.  32 turns are
 * pair 10.47, one turn pair 22.51: pairs to 10 stay, those from 23 on are divided, and
 * those between lie on the way.
 */
static void test_yarn(void **state)
{
	struct npu_rope rope = {
		.theta = 10000,
		.scaling = NPU_ROPE_YARN,
		.factor = 40,
		.original_context = 4096,
	};
	float plain[PAIRS], frequencies[PAIRS];
	struct npu_rope same = rope;
	unsigned int i;

	(void)state;
	assert_near(npu_rope_frequencies(&rope, PAIRS, frequencies), 1 + 0.1 * log(40));
	same.scaling = NPU_ROPE_PLAIN;
	npu_rope_frequencies(&same, PAIRS, plain);
	for (i = 0; i < PAIRS; i++) {
		double way = i <= 10 ? 0 : i >= 23 ? 1 : (i - 10) / 13.0;

		assert_near(frequencies[i], plain[i] * (1 - way) + plain[i] / 40 * way);
	}
	rope.beta_fast = 32;
	rope.beta_slow = 1;
	npu_rope_frequencies(&rope, PAIRS, plain);
	assert_memory_equal(frequencies, plain, sizeof(plain));
	rope.beta_fast = 8;
	npu_rope_frequencies(&rope, PAIRS, plain);
	assert_true(plain[12] > frequencies[12]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_linear),
		cmocka_unit_test(test_yarn),
	};

	return cmocka_run_group_tests_name("rotary embedding", tests, NULL, NULL);
}
