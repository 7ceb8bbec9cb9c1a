// SPDX-License-Identifier: MIT
/*
 * The program of a step: all layers, from tokens to the next ones.  Activations are
 * f32.  A layer's cache is a pool of pages that all streams share.
 */
#include <string.h>

#include "decoder.h"

#define ALIGN 256u

struct graph {
	const struct decoder_weights *weights;
	const struct decoder_shape *shape;
	struct decoder_step *step;
	struct npu_program *prog;
	npu_tensor_id positions, slots, lengths, table, frequencies;
	npu_tensor_id x;      /* between layers: [rows, hidden] */
	uint64_t layer_bytes; /* of the cache */
	uint64_t keep;	      /* scratch that outlives a layer ends here */
	uint64_t scratch;
	unsigned int turn; /* which of the two places x has is free */
};

#define EXTENT(...) ((const uint64_t[]){ __VA_ARGS__ })
#define RANK(...)   (sizeof(EXTENT(__VA_ARGS__)) / sizeof(uint64_t))

/* ---- Tensors --------------------------------------------------------------------- */

static uint64_t bytes_of(uint32_t dtype, unsigned int rank, const uint64_t *extent)
{
	uint64_t elements = 1;

	for (unsigned int i = 0; i < rank; i++)
		elements *= extent[i];
	return (elements / npu_dtype_block(dtype) * npu_dtype_size(dtype) + ALIGN - 1) /
	       ALIGN * ALIGN;
}

/* A tensor behind what an area has already. */
static npu_tensor_id place(struct graph *g, int base, uint64_t *end, uint32_t dtype,
			   unsigned int rank, const uint64_t *extent)
{
	uint64_t at = *end;

	*end += bytes_of(dtype, rank, extent);
	return npu_tensor(g->prog, base, at, dtype, rank, extent);
}

static npu_tensor_id scratch_of(struct graph *g, uint32_t dtype, unsigned int rank,
				const uint64_t *extent)
{
	npu_tensor_id t = place(g, BASE_SCRATCH, &g->scratch, dtype, rank, extent);

	if (g->scratch > g->step->scratch_bytes)
		g->step->scratch_bytes = g->scratch;
	return t;
}

#define SCRATCH(g, dtype, ...) \
	scratch_of(g, dtype, RANK(__VA_ARGS__), EXTENT(__VA_ARGS__))
#define F32(g, ...) SCRATCH(g, NPU_DTYPE_F32, __VA_ARGS__)

static npu_tensor_id reshape(struct graph *g, npu_tensor_id t, unsigned int rank,
			     const uint64_t *extent)
{
	return npu_view_reshape(g->prog, t, rank, extent);
}

#define RESHAPE(g, t, ...) reshape(g, t, RANK(__VA_ARGS__), EXTENT(__VA_ARGS__))

/* Some of the last dimension. */
static npu_tensor_id columns(struct graph *g, npu_tensor_id t, uint64_t first,
			     uint64_t count)
{
	const struct npu_tensor *desc = npu_tensor_desc(g->prog, t);
	uint64_t start[NPU_MAX_RANK] = { 0 }, extent[NPU_MAX_RANK];

	if (!desc)
		return t;
	memcpy(extent, desc->extent, sizeof(extent));
	start[desc->rank - 1] = first;
	extent[desc->rank - 1] = count;
	return npu_view_slice(g->prog, t, start, extent);
}

/* [row, head, width] as [head, row, width], and back. */
static npu_tensor_id swap_rows(struct graph *g, npu_tensor_id t)
{
	return npu_view_transpose(g->prog, t, (const unsigned int[]){ 1, 0, 2 });
}

static npu_tensor_id weight(struct graph *g, unsigned int layer, enum decoder_role role)
{
	const struct decoder_weight *w = decoder_weight(g->weights, layer, role);
	const uint64_t extent[] = { w->batch, w->rows, w->columns };
	unsigned int rank = w->batch ? 3 : w->rows ? 2 : 1;

	return npu_tensor(g->prog, BASE_WEIGHTS, w->offset, w->dtype, rank,
			  extent + 3 - rank);
}

/* An fp8 weight's factors; < 0: it has none. */
static npu_tensor_id scales(struct graph *g, unsigned int layer, enum decoder_role role)
{
	const struct decoder_weight *w = decoder_weight(g->weights, layer, role);
	const uint64_t extent[] = { w->batch, (w->rows + 127) / 128,
				    (w->columns + 127) / 128 };
	unsigned int rank = w->batch ? 3 : 2;

	if (w->dtype != NPU_DTYPE_F8E4M3)
		return -1;
	return npu_tensor(g->prog, BASE_WEIGHTS, w->scale_offset, NPU_DTYPE_F32, rank,
			  extent + 3 - rank);
}

/* ---- Parts of a layer -------------------------------------------------------------- */

static void matmul_into(struct graph *g, npu_tensor_id d, npu_tensor_id a,
			unsigned int layer, enum decoder_role role,
			npu_tensor_id residual)
{
	struct npu_matmul_options options = NPU_MATMUL_OPTIONS;

	options.transpose_b = true;
	options.block_scale = scales(g, layer, role);
	options.residual = residual;
	npu_op_matmul_with(g->prog, d, a, weight(g, layer, role), &options);
}

/* a, [rows, k], times a weight. */
static npu_tensor_id matmul(struct graph *g, npu_tensor_id a, unsigned int layer,
			    enum decoder_role role, uint64_t rows)
{
	npu_tensor_id d = F32(g, rows, decoder_weight(g->weights, layer, role)->rows);

	matmul_into(g, d, a, layer, role, -1);
	return d;
}

static void norm_into(struct graph *g, npu_tensor_id d, npu_tensor_id a,
		      unsigned int layer, enum decoder_role role)
{
	struct npu_norm_options options = NPU_NORM_OPTIONS;

	options.scale = weight(g, layer, role);
	npu_op_norm(g->prog, NPU_OP_RMS_NORM, d, a, 1, npu_f32(DECODER_EPSILON),
		    &options);
}

static npu_tensor_id norm(struct graph *g, npu_tensor_id a, unsigned int layer,
			  enum decoder_role role, uint64_t rows)
{
	npu_tensor_id d = F32(g, rows, decoder_weight(g->weights, layer, role)->columns);

	norm_into(g, d, a, layer, role);
	return d;
}

/* Turn the heads of a by their positions. */
static void rope(struct graph *g, npu_tensor_id d, npu_tensor_id a, uint64_t heads)
{
	npu_tensor_id positions = RESHAPE(g, g->positions, g->step->rows, 1, 1);

	positions = npu_view_broadcast(g->prog, positions, 3,
				       EXTENT(g->step->rows, heads, 1));
	npu_op_rope(g->prog, d, a, positions, g->frequencies, npu_f32(1),
		    g->shape->arch == DECODER_DEEPSEEK);
}

/* The new rows into the pages of their streams. */
static void store(struct graph *g, npu_tensor_id pool, npu_tensor_id rows)
{
	const struct npu_tensor *desc = npu_tensor_desc(g->prog, pool);
	uint64_t heads, width;

	if (!desc)
		return;
	heads = desc->extent[2];
	width = desc->extent[3];
	npu_op_scatter(g->prog, NPU_SCATTER_SET,
		       RESHAPE(g, pool, (uint64_t)g->step->pool * DECODER_BLOCK, heads,
			       width),
		       rows, g->slots);
}

/* Keys or values of a layer's cache: [page, token, head, width] */
static npu_tensor_id pool(struct graph *g, uint64_t *end, uint64_t width)
{
	return place(g, BASE_CACHE, end, g->shape->kv_dtype, 4,
		     EXTENT(g->step->pool, DECODER_BLOCK, g->shape->kv_heads, width));
}

static void attend(struct graph *g, npu_tensor_id d, npu_tensor_id q, npu_tensor_id k,
		   npu_tensor_id v)
{
	const struct npu_attention attention = {
		.causal = true,
		.has_table = true,
		.table = g->table,
		.has_lengths = true,
		.lengths = g->lengths,
	};

	npu_op_attention(g->prog, d, q, k, v, npu_f32(decoder_score_scale(g->shape)),
			 &attention);
}

/* The attention's output, [rows, heads * value width] */
static npu_tensor_id llama_attention(struct graph *g, unsigned int layer, npu_tensor_id h)
{
	const struct decoder_shape *s = g->shape;
	uint64_t rows = g->step->rows, end = layer * g->layer_bytes;
	npu_tensor_id keys = pool(g, &end, s->width), values = pool(g, &end, s->width);
	npu_tensor_id q = RESHAPE(g, matmul(g, h, layer, W_Q, rows), rows, s->heads,
				  s->width);
	npu_tensor_id k = RESHAPE(g, matmul(g, h, layer, W_K, rows), rows, s->kv_heads,
				  s->width);
	npu_tensor_id turned = SCRATCH(g, s->kv_dtype, rows, s->kv_heads, s->width);
	npu_tensor_id v = SCRATCH(g, s->kv_dtype, rows, (uint64_t)s->kv_heads * s->width);
	npu_tensor_id o = F32(g, rows, s->heads, s->width);

	matmul_into(g, v, h, layer, W_V, -1);
	rope(g, q, q, s->heads);
	rope(g, turned, k, s->kv_heads);
	store(g, keys, turned);
	store(g, values, RESHAPE(g, v, rows, s->kv_heads, s->width));
	attend(g, o, q, keys, values);
	return RESHAPE(g, o, rows, (uint64_t)s->heads * s->width);
}

/*
 * Queries in the space of the compressed keys: their first part through W_K_UP, so
 * that keys need not be expanded, and the part that has a position behind it.
 */
static npu_tensor_id latent_queries(struct graph *g, unsigned int layer, npu_tensor_id h)
{
	const struct decoder_shape *s = g->shape;
	uint64_t rows = g->step->rows;
	npu_tensor_id low = matmul(g, h, layer, W_Q_DOWN, rows);
	npu_tensor_id q = RESHAPE(g,
				  matmul(g, norm(g, low, layer, W_Q_NORM, rows), layer,
					 W_Q_UP, rows),
				  rows, s->heads, s->width + s->rope_width);
	npu_tensor_id latent = F32(g, rows, s->heads, s->kv_rank + s->rope_width);

	matmul_into(g, swap_rows(g, columns(g, latent, 0, s->kv_rank)),
		    swap_rows(g, columns(g, q, 0, s->width)), layer, W_K_UP, -1);
	rope(g, columns(g, latent, s->kv_rank, s->rope_width),
	     columns(g, q, s->width, s->rope_width), s->heads);
	return latent;
}

/* New rows of the cache: what keys and values are made from, and the keys' positions. */
static npu_tensor_id latent_keys(struct graph *g, unsigned int layer, npu_tensor_id h)
{
	const struct decoder_shape *s = g->shape;
	uint64_t rows = g->step->rows, width = s->kv_rank + s->rope_width;
	npu_tensor_id low = matmul(g, h, layer, W_KV_DOWN, rows);
	npu_tensor_id keys = SCRATCH(g, s->kv_dtype, rows, width);
	npu_tensor_id heads = RESHAPE(g, keys, rows, 1, width);

	norm_into(g, columns(g, keys, 0, s->kv_rank), columns(g, low, 0, s->kv_rank),
		  layer, W_KV_NORM);
	rope(g, columns(g, heads, s->kv_rank, s->rope_width),
	     columns(g, RESHAPE(g, low, rows, 1, width), s->kv_rank, s->rope_width), 1);
	return heads;
}

static npu_tensor_id latent_attention(struct graph *g, unsigned int layer,
				      npu_tensor_id h)
{
	const struct decoder_shape *s = g->shape;
	uint64_t rows = g->step->rows, end = layer * g->layer_bytes;
	npu_tensor_id keys = pool(g, &end, decoder_key_width(s));
	npu_tensor_id q = latent_queries(g, layer, h);
	npu_tensor_id seen = F32(g, rows, s->heads, s->kv_rank);
	npu_tensor_id o = F32(g, rows, s->heads, s->value_width);

	store(g, keys, latent_keys(g, layer, h));
	attend(g, seen, q, keys, columns(g, keys, 0, s->kv_rank));
	matmul_into(g, swap_rows(g, o), swap_rows(g, seen), layer, W_V_UP, -1);
	return RESHAPE(g, o, rows, (uint64_t)s->heads * s->value_width);
}

/* Which experts each row goes to, and how much each of them counts. */
static npu_tensor_id route(struct graph *g, unsigned int layer, npu_tensor_id h,
			   npu_tensor_id *share)
{
	const struct decoder_shape *s = g->shape;
	uint64_t rows = g->step->rows;
	npu_tensor_id scores = matmul(g, h, layer, W_ROUTER, rows);
	npu_tensor_id values = F32(g, rows, s->top_k), sum = F32(g, rows, 1);
	npu_tensor_id experts = SCRATCH(g, NPU_DTYPE_S32, rows, s->top_k);

	npu_op_unary(g->prog, NPU_OP_SIGMOID, scores, scores);
	npu_op_topk(g->prog, values, experts, scores, 1, NPU_INSN_DESCENDING);
	npu_op_axis(g->prog, NPU_OP_REDUCE_SUM, sum, values, 1);
	npu_op_binary(g->prog, NPU_OP_DIV, values, values, sum);
	*share = values;
	return experts;
}

static npu_tensor_id routed(struct graph *g, unsigned int layer, enum decoder_role role,
			    npu_tensor_id a, npu_tensor_id experts)
{
	npu_tensor_id d = F32(g, g->step->rows, g->shape->top_k,
			      decoder_weight(g->weights, layer, role)->rows);

	npu_op_matmul_routed(g->prog, d, a, weight(g, layer, role), experts,
			     scales(g, layer, role), 0);
	return d;
}

/* x and what the experts of each row make of h. */
static npu_tensor_id mix_experts(struct graph *g, unsigned int layer, npu_tensor_id x,
				 npu_tensor_id h)
{
	const struct decoder_shape *s = g->shape;
	uint64_t rows = g->step->rows;
	npu_tensor_id share, experts = route(g, layer, h, &share);
	npu_tensor_id a = npu_view_broadcast(g->prog, RESHAPE(g, h, rows, 1, s->hidden),
					     3, EXTENT(rows, s->top_k, s->hidden));
	npu_tensor_id gate = routed(g, layer, W_EXPERT_GATE, a, experts);
	npu_tensor_id up = routed(g, layer, W_EXPERT_UP, a, experts);
	npu_tensor_id out, sum = F32(g, rows, 1, s->hidden), y = F32(g, rows, s->hidden);

	npu_op_binary(g->prog, NPU_OP_SWIGLU, gate, gate, up);
	out = routed(g, layer, W_EXPERT_DOWN, gate, experts);
	npu_op_binary(g->prog, NPU_OP_MUL, out, out,
		      RESHAPE(g, share, rows, s->top_k, 1));
	npu_op_axis(g->prog, NPU_OP_REDUCE_SUM, sum, out, 1);
	npu_op_binary(g->prog, NPU_OP_ADD, y, x, RESHAPE(g, sum, rows, s->hidden));
	return y;
}

/* x for the next layer, in the place that is not x's. */
static npu_tensor_id next_x(struct graph *g)
{
	uint64_t extent[] = { g->step->rows, g->shape->hidden };
	uint64_t at = g->turn++ % 2 * bytes_of(NPU_DTYPE_F32, 2, extent);

	return npu_tensor(g->prog, BASE_SCRATCH, at, NPU_DTYPE_F32, 2, extent);
}

static npu_tensor_id feed_forward(struct graph *g, unsigned int layer, npu_tensor_id x)
{
	uint64_t rows = g->step->rows;
	npu_tensor_id h = norm(g, x, layer, W_FFN_NORM, rows), gate, up, y = x;

	if (decoder_has_experts(g->shape, layer))
		y = mix_experts(g, layer, x, h);
	if (decoder_weight(g->weights, layer, W_GATE)->dtype) {
		gate = matmul(g, h, layer, W_GATE, rows);
		up = matmul(g, h, layer, W_UP, rows);
		npu_op_binary(g->prog, NPU_OP_SWIGLU, gate, gate, up);
		x = next_x(g);
		matmul_into(g, x, gate, layer, W_DOWN, y);
		return x;
	}
	x = next_x(g);
	npu_op_copy(g->prog, x, y);
	return x;
}

static void add_layer(struct graph *g, unsigned int layer)
{
	npu_tensor_id h, o, x;

	g->scratch = g->keep;
	h = norm(g, g->x, layer, W_ATTENTION_NORM, g->step->rows);
	o = g->shape->arch == DECODER_LLAMA ? llama_attention(g, layer, h) :
					      latent_attention(g, layer, h);
	x = next_x(g);
	matmul_into(g, x, o, layer, W_O, g->x);
	g->x = feed_forward(g, layer, x);
}

/* ---- A step ------------------------------------------------------------------------- */

static npu_tensor_id input(struct graph *g, uint64_t *at, uint32_t dtype,
			   unsigned int rank, const uint64_t *extent)
{
	*at = g->step->input_bytes;
	return place(g, BASE_INPUT, &g->step->input_bytes, dtype, rank, extent);
}

static npu_tensor_id output(struct graph *g, uint64_t *at, uint32_t dtype,
			    unsigned int rank, const uint64_t *extent)
{
	*at = g->step->output_bytes;
	return place(g, BASE_OUTPUT, &g->step->output_bytes, dtype, rank, extent);
}

/* Tokens to the first x. */
static void begin(struct graph *g)
{
	struct decoder_step *step = g->step;
	uint64_t rows = step->rows, streams = step->streams;
	npu_tensor_id tokens;

	tokens = input(g, &step->tokens, NPU_DTYPE_S32, 1, &rows);
	g->positions = input(g, &step->positions, NPU_DTYPE_S32, 1, &rows);
	g->slots = input(g, &step->slots, NPU_DTYPE_S32, 1, &rows);
	g->lengths = input(g, &step->lengths, NPU_DTYPE_S32, 2, EXTENT(streams, 2));
	g->table = input(g, &step->table, NPU_DTYPE_S32, 2,
			 EXTENT(streams, step->blocks));
	g->frequencies = input(g, &step->frequencies, NPU_DTYPE_F32, 1,
			       EXTENT(g->shape->rope_width / 2));
	g->keep = 2 * bytes_of(NPU_DTYPE_F32, 2, EXTENT(rows, g->shape->hidden));
	g->scratch = g->keep;
	g->x = next_x(g);
	if (decoder_weight(g->weights, 0, W_EMBEDDING)->dtype == NPU_DTYPE_F32) {
		npu_op_gather(g->prog, g->x, weight(g, 0, W_EMBEDDING), tokens);
	} else {
		npu_tensor_id narrow =
			SCRATCH(g, decoder_weight(g->weights, 0, W_EMBEDDING)->dtype,
				rows, g->shape->hidden);

		npu_op_gather(g->prog, narrow, weight(g, 0, W_EMBEDDING), tokens);
		npu_op_copy(g->prog, g->x, narrow);
	}
}

/* The last row of each stream to its next token. */
static void end(struct graph *g)
{
	const struct decoder_shape *s = g->shape;
	struct decoder_step *step = g->step;
	uint64_t streams = step->streams;
	npu_tensor_id last = input(g, &step->last, NPU_DTYPE_S32, 1, &streams);
	npu_tensor_id rows, logits;

	g->scratch = g->keep;
	rows = F32(g, streams, s->hidden);
	logits = output(g, &step->logits, NPU_DTYPE_F32, 2, EXTENT(streams, s->vocab));
	npu_op_gather(g->prog, rows, g->x, last);
	matmul_into(g, logits, norm(g, rows, 0, W_NORM, streams), 0, W_HEAD, -1);
	npu_op_axis(g->prog, NPU_OP_ARGMAX,
		    output(g, &step->next, NPU_DTYPE_S32, 2, EXTENT(streams, 1)), logits,
		    1);
}

uint64_t decoder_cache_bytes(const struct decoder_shape *s, unsigned int pool)
{
	const uint64_t extent[] = { pool, DECODER_BLOCK, s->kv_heads,
				    decoder_key_width(s) };

	return bytes_of(s->kv_dtype, 4, extent) * (s->arch == DECODER_LLAMA ? 2 : 1);
}

int decoder_step_build(struct decoder_step *step, const struct decoder_weights *weights,
		       struct npu_vm *vm)
{
	struct graph g = {
		.weights = weights,
		.shape = weights->shape,
		.step = step,
		.layer_bytes = decoder_cache_bytes(weights->shape, step->pool),
	};

	if (npu_program_new(vm, &step->prog))
		return bench_fail("%s", npu_last_error());
	g.prog = step->prog;
	for (unsigned int base = 0; base < BASES; base++)
		npu_base(g.prog);
	begin(&g);
	for (unsigned int layer = 0; layer < weights->shape->layers; layer++)
		add_layer(&g, layer);
	end(&g);
	if (npu_program_finish(g.prog)) {
		bench_fail("%s", npu_last_error());
		npu_program_free(step->prog);
		step->prog = NULL;
		return -1;
	}
	return 0;
}
