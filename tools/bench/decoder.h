/* SPDX-License-Identifier: MIT */
/*
 * npu-bench decoder: a transformer of a given shape with random weights, all of it on
 * the card, as a proof of the instruction set and a measure of its speed.
 */
#ifndef NPU_BENCH_DECODER_H
#define NPU_BENCH_DECODER_H

#include "bench.h"

/* ---- Shape --------------------------------------------------------------------- */

enum decoder_arch { DECODER_LLAMA, DECODER_DEEPSEEK };

/**
 * struct decoder_shape - what the decoder is like
 * @arch: llama: grouped-query attention; deepseek: latent attention
 * @layers: number of layers
 * @hidden: width between layers
 * @heads: of queries
 * @kv_heads: of keys and values; deepseek: 1, in the cache
 * @width: of a head of queries and keys; deepseek: without the part for positions
 * @value_width: of a head of values
 * @rope_width: part of a head that is turned by its position; llama: all
 * @q_rank: deepseek: width of the compressed queries
 * @kv_rank: deepseek: width of the compressed keys and values
 * @ffn: width of a feed-forward network, or of an expert if there are some
 * @experts: routed experts of a layer; 0: one network for all tokens
 * @top_k: how many of them a token goes to
 * @shared: deepseek: experts for all tokens
 * @dense_layers: first layers, which have no experts but a network of as many widths
 *	as a token sees experts
 * @vocab: number of tokens
 * @context: most tokens of a stream
 * @dtype: of the matrices
 * @kv_dtype: of the cache
 * @seed: of weights and prompts
 */
struct decoder_shape {
	enum decoder_arch arch;
	unsigned int layers, hidden, heads, kv_heads;
	unsigned int width, value_width, rope_width, q_rank, kv_rank;
	unsigned int ffn, experts, top_k, shared, dense_layers;
	unsigned int vocab, context;
	uint32_t dtype, kv_dtype;
	uint64_t seed;
};

/* Fill in what follows from the rest; -1 after bench_fail() if it cannot be. */
int decoder_shape_complete(struct decoder_shape *shape);

/* Whether the layer's feed-forward network is made of experts. */
static inline bool decoder_has_experts(const struct decoder_shape *shape,
				       unsigned int layer)
{
	return shape->experts && layer >= shape->dense_layers;
}

/* Width of a key in the cache, and of a query. */
static inline unsigned int decoder_key_width(const struct decoder_shape *shape)
{
	return shape->arch == DECODER_LLAMA ? shape->width :
					      shape->kv_rank + shape->rope_width;
}

/* What scores are multiplied by. */
float decoder_score_scale(const struct decoder_shape *shape);
/* The frequencies of a token's position: rope_width / 2 of them. */
void decoder_frequencies(const struct decoder_shape *shape, float *frequencies);

#define DECODER_EPSILON 1e-6f
#define DECODER_THETA	10000

/* ---- Weights ------------------------------------------------------------------- */

enum decoder_role {
	/* of a layer */
	W_ATTENTION_NORM,
	W_Q,
	W_K,
	W_V,
	W_Q_DOWN,
	W_Q_NORM,
	W_Q_UP,
	W_KV_DOWN,
	W_KV_NORM,
	W_K_UP,
	W_V_UP,
	W_O,
	W_FFN_NORM,
	W_GATE,
	W_UP,
	W_DOWN,
	W_ROUTER,
	W_EXPERT_GATE,
	W_EXPERT_UP,
	W_EXPERT_DOWN,
	/* of all */
	W_EMBEDDING,
	W_NORM,
	W_HEAD,
	W_ROLES
};

struct decoder_pool;

/**
 * struct decoder_weight - a matrix [batch, rows, columns], or a vector of columns
 * @dtype: of its elements; 0: there is none
 * @batch: matrices behind each other; 0: it has rank 2
 * @rows: its outputs; 0: a vector
 * @columns: its inputs
 * @offset: of the first byte in the weights
 * @scale_offset: fp8: of the factors of blocks of 128 x 128, f32
 * @pool: where its numbers are from
 * @scale_pool: where its factors are from
 * @start: where in its pool it begins, in elements or blocks
 * @scale_start: where in theirs the factors begin
 */
struct decoder_weight {
	uint32_t dtype;
	uint64_t batch, rows, columns;
	uint64_t offset, scale_offset;
	const struct decoder_pool *pool, *scale_pool;
	uint64_t start, scale_start;
};

/**
 * struct decoder_weights - all of a decoder
 * @shape: its shape
 * @weight: by layer and role; those of all are at layer 0
 * @bytes: that they need
 */
struct decoder_weights {
	const struct decoder_shape *shape;
	struct decoder_weight (*weight)[W_ROLES];
	struct decoder_pool *pools;
	uint64_t bytes;
};

int decoder_weights_new(struct decoder_weights *weights,
			const struct decoder_shape *shape);
void decoder_weights_free(struct decoder_weights *weights);
const struct decoder_weight *decoder_weight(const struct decoder_weights *weights,
					    unsigned int layer, enum decoder_role role);
/* Have the card fill them in, at that address. */
int decoder_weights_fill(const struct decoder_weights *weights, struct bench_card *card,
			 struct npu_queue *queue, uint64_t address);
/* An element, exact; for the reference. */
double decoder_weight_get(const struct decoder_weight *weight, uint64_t batch,
			  uint64_t row, uint64_t column);

/* ---- The program of a step ------------------------------------------------------ */

#define DECODER_BLOCK 16 /* tokens of a page of the cache */

/* Base addresses, in the order of a program's arguments. */
enum decoder_base {
	BASE_WEIGHTS,
	BASE_CACHE,
	BASE_SCRATCH,
	BASE_INPUT,
	BASE_OUTPUT,
	BASES
};

/**
 * struct decoder_step - a step of some streams, each with one or more new tokens
 * @rows: new tokens of all streams
 * @streams: how many take part
 * @blocks: pages of a stream's table
 * @pool: pages of the cache
 * @tokens: offsets of the inputs: s32 [rows]
 * @positions: s32 [rows]
 * @slots: s32 [rows]: where in the cache, in tokens
 * @lengths: s32 [streams, 2]: rows and keys
 * @table: s32 [streams, blocks]
 * @last: s32 [streams]: the last row of each
 * @frequencies: f32 [rope_width / 2]
 * @input_bytes: of all inputs
 * @scratch_bytes: that the program needs
 * @logits: offset of the output: f32 [streams, vocab]
 * @next: offset of the output: s32 [streams]: the likeliest token
 * @output_bytes: of all outputs
 * @prog: the program
 */
struct decoder_step {
	unsigned int rows, streams, blocks, pool;
	uint64_t tokens, positions, slots, lengths, table, last, frequencies, input_bytes;
	uint64_t scratch_bytes;
	uint64_t logits, next, output_bytes;
	struct npu_program *prog;
};

/* rows, streams, blocks and pool are given; frees nothing on error but the program. */
int decoder_step_build(struct decoder_step *step, const struct decoder_weights *weights,
		       struct npu_vm *vm);
/* Bytes of the cache of a layer, for that many pages. */
uint64_t decoder_cache_bytes(const struct decoder_shape *shape, unsigned int pool);

/* ---- Running ------------------------------------------------------------------- */

/**
 * struct decoder_stream - a text
 * @tokens: its tokens, context of them at most; the prompt first
 * @prompt: tokens of the prompt
 * @count: tokens that it has
 * @cached: tokens whose keys and values are in the cache
 * @logits: of the last token; room for vocab of them, or NULL: not wanted
 */
struct decoder_stream {
	int32_t *tokens;
	unsigned int prompt, count, cached;
	float *logits;
};

/* What steps have taken together. */
struct decoder_figures {
	uint64_t tokens;
	double host_s, device_s;
	double operations, bytes;
};

struct decoder;

int decoder_open(struct decoder **decoder, const struct decoder_weights *weights,
		 unsigned int streams);
void decoder_close(struct decoder *decoder);
/*
 * One step: the tokens of streams that are not in the cache yet, at most most of all
 * together; who has none left gets its next token.  *done: all have theirs.
 */
int decoder_advance(struct decoder *decoder, struct decoder_stream *streams,
		    unsigned int count, unsigned int most,
		    struct decoder_figures *figures, bool *done);
/* The same step once more, instruction by instruction, as a table on stdout. */
int decoder_profile(struct decoder *decoder);

/* ---- Reference ------------------------------------------------------------------ */

struct decoder_reference;

/* A stream in f64, by another way than the card's: nothing is shared but the weights. */
struct decoder_reference *decoder_reference_new(const struct decoder_weights *weights);
void decoder_reference_free(struct decoder_reference *reference);
/* The next token; logits are those after it, valid until the next call. */
const double *decoder_reference_next(struct decoder_reference *reference, int32_t token);

/* The command; argv[0] is its name. */
int decoder_command(int argc, char **argv);

#endif
