// SPDX-License-Identifier: MIT
/* What follows from a decoder's few main figures. */
#include <math.h>

#include "decoder.h"

static unsigned int round_up(unsigned int value, unsigned int to)
{
	return (value + to - 1) / to * to;
}

static int complete_llama(struct decoder_shape *s)
{
	if (!s->kv_heads)
		s->kv_heads = s->heads;
	if (s->heads % s->kv_heads)
		return bench_fail("--kv-heads %u does not divide --heads %u", s->kv_heads,
				  s->heads);
	s->width = s->hidden / s->heads;
	s->value_width = s->width;
	s->rope_width = s->width;
	return 0;
}

/* In the proportions of DeepSeek-V3 (arXiv:2412.19437), whose hidden is 7,168. */
static int complete_deepseek(struct decoder_shape *s)
{
	bool large = s->hidden >= 2048;

	if (s->kv_heads > 1)
		return bench_fail("latent attention has one head of keys: no --kv-heads");
	s->kv_heads = 1;
	s->width = large ? 128 : s->hidden / s->heads;
	s->value_width = s->width;
	s->rope_width = large ? 64 : round_up(s->width / 2, 2);
	s->q_rank = large ? round_up(s->hidden / 5, 256) : s->hidden / 2;
	s->kv_rank = large ? 512 : s->hidden / 4;
	s->shared = s->experts ? 1 : 0;
	if (s->experts && s->layers > 1)
		s->dense_layers = s->layers > 3 ? 3 : 1;
	return 0;
}

/* Rows of a matrix with blocks are whole blocks. */
static int check_blocks(const struct decoder_shape *s)
{
	const unsigned int columns[] = {
		s->hidden,  s->heads * s->value_width,
		s->ffn,	    s->q_rank,
		s->kv_rank, s->arch == DECODER_LLAMA ? 0 : s->width
	};
	unsigned int block = npu_dtype_block(s->dtype);

	for (unsigned int i = 0; i < sizeof(columns) / sizeof(*columns); i++) {
		if (columns[i] % block)
			return bench_fail(
				"%s has blocks of %u elements, and a matrix of this shape has rows of %u: choose another --hidden or --dtype",
				npu_dtype_name(s->dtype), block, columns[i]);
	}
	return 0;
}

int decoder_shape_complete(struct decoder_shape *s)
{
	unsigned int seen;

	if (!s->layers || !s->hidden || !s->heads || !s->vocab || !s->context)
		return bench_fail(
			"--layers, --hidden, --heads, --vocab and --context are at least 1");
	if (s->hidden % s->heads || s->hidden / s->heads < 4 || s->hidden / s->heads % 2)
		return bench_fail("--hidden %u is not --heads %u times an even number above 2",
				  s->hidden, s->heads);
	if (s->experts && !s->top_k)
		s->top_k = s->experts < 8 ? (s->experts + 1) / 2 : 8;
	if (s->top_k > s->experts)
		return bench_fail("--top-k %u is more than --experts %u", s->top_k,
				  s->experts);
	if (s->arch == DECODER_LLAMA ? complete_llama(s) : complete_deepseek(s))
		return -1;
	seen = s->experts ? s->top_k + s->shared : 1;
	s->ffn = round_up(s->hidden * 8 / 3 / seen, s->hidden >= 2048 ? 256 : 32);
	s->kv_dtype = s->dtype == NPU_DTYPE_F32 ? NPU_DTYPE_F32 : NPU_DTYPE_F16;
	return check_blocks(s);
}

float decoder_score_scale(const struct decoder_shape *s)
{
	unsigned int width = s->width;

	if (s->arch == DECODER_DEEPSEEK)
		width += s->rope_width;
	return 1 / sqrtf((float)width);
}

void decoder_frequencies(const struct decoder_shape *shape, float *frequencies)
{
	const struct npu_rope rope = { .theta = DECODER_THETA };

	npu_rope_frequencies(&rope, shape->rope_width / 2, frequencies);
}
