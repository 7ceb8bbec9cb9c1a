// SPDX-License-Identifier: MIT
/*
 * The frequencies of rotary embeddings.  Formulas of arXiv:2104.09864 (plain),
 * arXiv:2306.15595 (linear) and arXiv:2309.00071 (YaRN).
 */
#include <math.h>

#include "internal.h"

/* The pair, a fraction, that makes so many turns in the original context. */
static double pair_of(const struct npu_rope *rope, unsigned int pairs, double turns)
{
	return pairs * log(rope->original_context / (turns * 2 * M_PI)) /
	       log(rope->theta);
}

/* How much of a pair's frequency stays: 1 for the fast ones, 0 for the slow. */
static double kept(const struct npu_rope *rope, unsigned int pairs, unsigned int pair)
{
	double fast = rope->beta_fast > 0 ? rope->beta_fast : 32;
	double slow = rope->beta_slow > 0 ? rope->beta_slow : 1;
	double first = fmax(floor(pair_of(rope, pairs, fast)), 0);
	double last = fmin(ceil(pair_of(rope, pairs, slow)), 2.0 * pairs - 1);
	double way = (pair - first) / fmax(last - first, 0.001);

	return 1 - fmin(fmax(way, 0), 1);
}

float npu_rope_frequencies(const struct npu_rope *rope, unsigned int pairs,
			   float *frequencies)
{
	unsigned int i;

	for (i = 0; i < pairs; i++) {
		double frequency = pow(rope->theta, -(double)i / pairs);
		double keep = 1;

		if (rope->scaling == NPU_ROPE_LINEAR)
			keep = 0;
		else if (rope->scaling == NPU_ROPE_YARN)
			keep = kept(rope, pairs, i);
		if (keep < 1)
			frequency = frequency * keep +
				    frequency / rope->factor * (1 - keep);
		frequencies[i] = (float)frequency;
	}
	if (rope->scaling != NPU_ROPE_YARN)
		return 1;
	return (float)(0.1 * log(rope->factor) + 1);
}
