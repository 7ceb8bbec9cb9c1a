// SPDX-License-Identifier: MIT
/*
 * Random weights.  The processor makes a pool of numbers for each type and size of
 * number; a matrix is the pool from some place on, round and round, which the card
 * copies.  So a model of any size is made at the speed of the card's memory, and any
 * element of it can be calculated.
 *
 * A number is a small integer times a power of two that keeps sums of products near
 * one: exact in every type.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "decoder.h"

#define UNITS	  ((1u << 18) + 3) /* elements or blocks of a pool */
#define ALIGN	  256u
#define SCALED_BY 128u /* fp8: rows and columns that share a factor */
#define POOLS	  32u

enum pool_kind { POOL_MATRIX, POOL_NORM, POOL_SCALE };

/**
 * struct decoder_pool - numbers of a type
 * @kind: what they are for
 * @dtype: their type
 * @exponent: numbers are an integer times 2^exponent
 * @data: as the card wants them
 */
struct decoder_pool {
	enum pool_kind kind;
	uint32_t dtype;
	int exponent;
	unsigned char *data;
};

static uint64_t hash(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ull;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

/* ---- Numbers in every type ------------------------------------------------------- */

/* Bits of the fraction and bias of the exponent; magnitudes below 1 << digits. */
static const struct {
	unsigned int fraction, bias, digits;
} formats[] = {
	[NPU_DTYPE_F32] = { 23, 127, 10 },
	[NPU_DTYPE_F16] = { 10, 15, 6 },
	[NPU_DTYPE_BF16] = { 7, 127, 7 },
	[NPU_DTYPE_F8E4M3] = { 3, 7, 3 },
};

/* The largest integer that a pool of the type has. */
static unsigned int largest(uint32_t dtype)
{
	switch (dtype) {
	case NPU_DTYPE_Q8_0:
		return 127;
	case NPU_DTYPE_Q4_0:
		return 7;
	default:
		return (1u << formats[dtype].digits) - 1;
	}
}

/* value * 2^exponent, which the type can hold. */
static uint32_t encode(uint32_t dtype, int value, int exponent)
{
	unsigned int fraction = formats[dtype].fraction;
	unsigned int magnitude = abs(value), top = 0;
	uint32_t sign = value < 0 ? 1u << (npu_dtype_size(dtype) * 8 - 1) : 0;

	if (!value)
		return 0;
	while (magnitude >> (top + 1))
		top++;
	return sign |
	       (uint32_t)((int)top + exponent + (int)formats[dtype].bias) << fraction |
	       (magnitude << (fraction - top) & ((1u << fraction) - 1));
}

static double decode(uint32_t dtype, uint32_t bits)
{
	unsigned int fraction = formats[dtype].fraction;
	unsigned int width = npu_dtype_size(dtype) * 8;
	uint32_t magnitude = bits & ((1u << (width - 1)) - 1);
	double value;

	if (!magnitude)
		return 0;
	value = ldexp((double)(magnitude & ((1u << fraction) - 1)) + (1u << fraction),
		      (int)(magnitude >> fraction) - (int)formats[dtype].bias -
			      (int)fraction);
	return bits >> (width - 1) ? -value : value;
}

/* From -limit to limit. */
static int number(uint64_t random, unsigned int limit)
{
	return (int)(random % (2 * limit + 1)) - (int)limit;
}

static void fill_unit(const struct decoder_pool *pool, unsigned char *at, uint64_t random)
{
	unsigned int size = npu_dtype_size(pool->dtype), limit = largest(pool->dtype);
	uint32_t bits;

	switch (pool->kind) {
	case POOL_NORM: /* around 1 */
		bits = encode(pool->dtype, 768 + (int)(random % 256), -10);
		break;
	case POOL_SCALE: /* of either of two sizes */
		bits = encode(pool->dtype, 2 + (int)(random % 2), pool->exponent - 1);
		break;
	default:
		bits = encode(pool->dtype, number(random, limit), pool->exponent);
		break;
	}
	memcpy(at, &bits, size);
}

/* A scale in f16, then 32 bytes, or 16 with two elements each. */
static void fill_block(const struct decoder_pool *pool, unsigned char *at,
		       uint64_t random)
{
	uint16_t scale = encode(NPU_DTYPE_F16, 1, pool->exponent);
	unsigned int limit = largest(pool->dtype);

	memcpy(at, &scale, sizeof(scale));
	for (unsigned int i = sizeof(scale); i < npu_dtype_size(pool->dtype); i++) {
		random = hash(random);
		if (pool->dtype == NPU_DTYPE_Q8_0)
			at[i] = (unsigned char)number(random, limit);
		else
			at[i] = (unsigned char)(number(random & 0xffffffff, limit) + 8) |
				(unsigned char)(number(random >> 32, limit) + 8) << 4;
	}
}

static bool has_blocks(uint32_t dtype)
{
	return npu_dtype_block(dtype) > 1;
}

static double pool_get(const struct decoder_pool *pool, uint64_t unit,
		       unsigned int element)
{
	const unsigned char *at = pool->data + unit % UNITS * npu_dtype_size(pool->dtype);
	uint32_t bits = 0;
	double scale;

	if (!has_blocks(pool->dtype)) {
		memcpy(&bits, at, npu_dtype_size(pool->dtype));
		return decode(pool->dtype, bits);
	}
	memcpy(&bits, at, 2);
	scale = decode(NPU_DTYPE_F16, bits);
	at += 2;
	if (pool->dtype == NPU_DTYPE_Q8_0)
		return scale * (signed char)at[element];
	return scale * ((int)(at[element % 16] >> (element < 16 ? 0 : 4) & 15) - 8);
}

/* ---- Pools ----------------------------------------------------------------------- */

/* The pool for such numbers, which is made if there is none; NULL: no memory. */
static struct decoder_pool *find_pool(struct decoder_weights *w, enum pool_kind kind,
				      uint32_t dtype, int exponent)
{
	struct decoder_pool *pool = w->pools;
	unsigned int size = npu_dtype_size(dtype);

	while (pool->data && (pool->kind != kind || pool->dtype != dtype ||
			      pool->exponent != exponent)) {
		if (++pool == w->pools + POOLS)
			return NULL;
	}
	if (pool->data)
		return pool;
	*pool = (struct decoder_pool){ kind, dtype, exponent,
				       malloc((size_t)UNITS * size) };
	for (uint64_t i = 0; pool->data && i < UNITS; i++) {
		uint64_t random = hash(w->shape->seed * UNITS + i);

		if (has_blocks(dtype))
			fill_block(pool, pool->data + i * size, random);
		else
			fill_unit(pool, pool->data + i * size, random);
	}
	return pool->data ? pool : NULL;
}

/* Of a matrix's numbers: products of k of them and k of about 1 add up to about 1. */
static int exponent_of(const struct decoder_weight *weight)
{
	double amplitude = sqrt(3.0 / (double)weight->columns);

	return (int)lrint(log2(amplitude / largest(weight->dtype)));
}

/* Where a weight's numbers are from; -1: no memory. */
static int choose_pools(struct decoder_weights *w, struct decoder_weight *weight)
{
	bool fp8 = weight->dtype == NPU_DTYPE_F8E4M3;

	if (!weight->rows)
		weight->pool = find_pool(w, POOL_NORM, weight->dtype, 0);
	else /* fp8's numbers are integers: the factors have the size. */
		weight->pool = find_pool(w, POOL_MATRIX, weight->dtype,
					 fp8 ? 0 : exponent_of(weight));
	if (fp8)
		weight->scale_pool = find_pool(w, POOL_SCALE, NPU_DTYPE_F32,
					       exponent_of(weight));
	return weight->pool && (weight->scale_pool || !fp8) ? 0 : -1;
}

/* ---- Which there are -------------------------------------------------------------- */

struct extents {
	uint64_t batch, rows, columns;
	uint32_t dtype;
};

/* What a role is in a layer; no type: it is not there. */
static struct extents extents_of(const struct decoder_shape *s, unsigned int layer,
				 enum decoder_role role)
{
	bool deepseek = s->arch == DECODER_DEEPSEEK;
	bool experts = decoder_has_experts(s, layer);
	unsigned int seen = s->experts ? s->top_k + s->shared : 1;
	/* What all tokens go through. */
	uint64_t common = experts ? (uint64_t)s->shared * s->ffn :
				    (uint64_t)seen * s->ffn;
	/* Small tables stay wide. */
	uint32_t wide = has_blocks(s->dtype) || s->dtype == NPU_DTYPE_F8E4M3 ?
				NPU_DTYPE_BF16 :
				s->dtype;
	const struct extents table[W_ROLES] = {
		[W_ATTENTION_NORM] = { 0, 0, s->hidden, NPU_DTYPE_F32 },
		[W_Q] = { 0, s->heads * s->width, s->hidden, deepseek ? 0 : s->dtype },
		[W_K] = { 0, s->kv_heads * s->width, s->hidden, deepseek ? 0 : s->dtype },
		[W_V] = { 0, s->kv_heads * s->width, s->hidden, deepseek ? 0 : s->dtype },
		[W_Q_DOWN] = { 0, s->q_rank, s->hidden, deepseek ? s->dtype : 0 },
		[W_Q_NORM] = { 0, 0, s->q_rank, deepseek ? NPU_DTYPE_F32 : 0 },
		[W_Q_UP] = { 0, s->heads * (s->width + s->rope_width), s->q_rank,
			     deepseek ? s->dtype : 0 },
		[W_KV_DOWN] = { 0, s->kv_rank + s->rope_width, s->hidden,
				deepseek ? s->dtype : 0 },
		[W_KV_NORM] = { 0, 0, s->kv_rank, deepseek ? NPU_DTYPE_F32 : 0 },
		/* From a head's width to the compressed keys, and from these to values. */
		[W_K_UP] = { s->heads, s->kv_rank, s->width, deepseek ? s->dtype : 0 },
		[W_V_UP] = { s->heads, s->value_width, s->kv_rank,
			     deepseek ? s->dtype : 0 },
		[W_O] = { 0, s->hidden, s->heads * s->value_width, s->dtype },
		[W_FFN_NORM] = { 0, 0, s->hidden, NPU_DTYPE_F32 },
		[W_GATE] = { 0, common, s->hidden, common ? s->dtype : 0 },
		[W_UP] = { 0, common, s->hidden, common ? s->dtype : 0 },
		[W_DOWN] = { 0, s->hidden, common, common ? s->dtype : 0 },
		[W_ROUTER] = { 0, s->experts, s->hidden, experts ? NPU_DTYPE_F32 : 0 },
		[W_EXPERT_GATE] = { s->experts, s->ffn, s->hidden,
				    experts ? s->dtype : 0 },
		[W_EXPERT_UP] = { s->experts, s->ffn, s->hidden, experts ? s->dtype : 0 },
		[W_EXPERT_DOWN] = { s->experts, s->hidden, s->ffn,
				    experts ? s->dtype : 0 },
		[W_EMBEDDING] = { 0, s->vocab, s->hidden, layer ? 0 : wide },
		[W_NORM] = { 0, 0, s->hidden, layer ? 0 : NPU_DTYPE_F32 },
		[W_HEAD] = { 0, s->vocab, s->hidden, layer ? 0 : s->dtype },
	};

	return table[role];
}

static uint64_t matrices(const struct decoder_weight *weight)
{
	return weight->batch ? weight->batch : 1;
}

/* Elements or blocks. */
static uint64_t units_of(const struct decoder_weight *weight)
{
	return matrices(weight) * (weight->rows ? weight->rows : 1) * weight->columns /
	       npu_dtype_block(weight->dtype);
}

static uint64_t scale_columns(const struct decoder_weight *weight)
{
	return (weight->columns + SCALED_BY - 1) / SCALED_BY;
}

static uint64_t scale_rows(const struct decoder_weight *weight)
{
	return (weight->rows + SCALED_BY - 1) / SCALED_BY;
}

static uint64_t scales_of(const struct decoder_weight *weight)
{
	return matrices(weight) * scale_rows(weight) * scale_columns(weight);
}

static uint64_t place(struct decoder_weights *w, uint64_t bytes)
{
	uint64_t at = w->bytes;

	w->bytes = (at + bytes + ALIGN - 1) / ALIGN * ALIGN;
	return at;
}

static int add(struct decoder_weights *w, unsigned int layer, enum decoder_role role)
{
	struct decoder_weight *weight = &w->weight[layer][role];
	struct extents e = extents_of(w->shape, layer, role);
	uint64_t random = hash(w->shape->seed ^ (uint64_t)layer << 32 ^ role);

	if (!e.dtype)
		return 0;
	weight->dtype = e.dtype;
	weight->batch = e.batch;
	weight->rows = e.rows;
	weight->columns = e.columns;
	weight->start = random % UNITS;
	weight->scale_start = hash(random) % UNITS;
	weight->offset = place(w, units_of(weight) * npu_dtype_size(weight->dtype));
	if (weight->dtype == NPU_DTYPE_F8E4M3)
		weight->scale_offset = place(w, scales_of(weight) * sizeof(float));
	return choose_pools(w, weight) ? bench_fail("out of memory") : 0;
}

int decoder_weights_new(struct decoder_weights *w, const struct decoder_shape *shape)
{
	*w = (struct decoder_weights){ .shape = shape };
	w->weight = calloc(shape->layers, sizeof(*w->weight));
	w->pools = calloc(POOLS, sizeof(*w->pools));
	if (!w->weight || !w->pools)
		return bench_fail("out of memory");
	for (unsigned int layer = 0; layer < shape->layers; layer++) {
		for (unsigned int role = 0; role < W_ROLES; role++) {
			if (add(w, layer, role))
				return -1;
		}
	}
	return 0;
}

void decoder_weights_free(struct decoder_weights *w)
{
	for (unsigned int i = 0; w->pools && i < POOLS; i++)
		free(w->pools[i].data);
	free(w->pools);
	free(w->weight);
}

const struct decoder_weight *decoder_weight(const struct decoder_weights *w,
					    unsigned int layer, enum decoder_role role)
{
	return &w->weight[layer][role];
}

double decoder_weight_get(const struct decoder_weight *weight, uint64_t batch,
			  uint64_t row, uint64_t column)
{
	uint64_t at = (batch * weight->rows + row) * weight->columns + column;
	unsigned int block = npu_dtype_block(weight->dtype);
	double value = pool_get(weight->pool, weight->start + at / block,
				(unsigned int)(at % block));
	uint64_t scale;

	if (!weight->scale_pool)
		return value;
	scale = (batch * scale_rows(weight) + row / SCALED_BY) * scale_columns(weight) +
		column / SCALED_BY;
	return value * pool_get(weight->scale_pool, weight->scale_start + scale, 0);
}

/* ---- Filling ---------------------------------------------------------------------- */

/* Bases of the program that copies. */
enum { TO, FROM };

struct filler {
	struct npu_program *prog;
	struct npu_bo *bo; /* all pools behind each other */
	uint64_t pool_at[POOLS];
};

static void copy_bytes(struct npu_program *prog, uint64_t to, uint64_t from, uint64_t n)
{
	npu_op_copy(prog, npu_tensor(prog, TO, to, NPU_DTYPE_U8, 1, &n),
		    npu_tensor(prog, FROM, from, NPU_DTYPE_U8, 1, &n));
}

/* n units from start on, round and round. */
static void copy_units(struct filler *filler, const struct decoder_weights *w,
		       const struct decoder_pool *pool, uint64_t to, uint64_t start,
		       uint64_t n)
{
	uint64_t size = npu_dtype_size(pool->dtype);

	while (n) {
		uint64_t count = UNITS - start < n ? UNITS - start : n;

		copy_bytes(filler->prog, to,
			   filler->pool_at[pool - w->pools] + start * size, count * size);
		to += count * size;
		n -= count;
		start = 0;
	}
}

static int upload_pools(struct filler *filler, const struct decoder_weights *w,
			struct bench_card *card)
{
	uint64_t bytes = 0;
	unsigned char *at;

	for (unsigned int i = 0; i < POOLS && w->pools[i].data; i++) {
		filler->pool_at[i] = bytes;
		bytes += (uint64_t)UNITS * npu_dtype_size(w->pools[i].dtype);
	}
	if (npu_bo_new(card->vm, bytes, DRM_NPU_PLACE_HBM, 0, 0, &filler->bo))
		return bench_fail("%s", npu_last_error());
	at = npu_bo_map(filler->bo);
	if (!at)
		return bench_fail("%s", npu_last_error());
	for (unsigned int i = 0; i < POOLS && w->pools[i].data; i++)
		memcpy(at + filler->pool_at[i], w->pools[i].data,
		       (size_t)UNITS * npu_dtype_size(w->pools[i].dtype));
	return 0;
}

static void copy_weight(struct filler *filler, const struct decoder_weights *w,
			const struct decoder_weight *weight)
{
	copy_units(filler, w, weight->pool, weight->offset, weight->start,
		   units_of(weight));
	if (weight->scale_pool)
		copy_units(filler, w, weight->scale_pool, weight->scale_offset,
			   weight->scale_start, scales_of(weight));
}

/* One layer at a time: a program has a limit. */
static int fill_layer(struct filler *filler, const struct decoder_weights *w,
		      unsigned int layer, struct bench_card *card,
		      struct npu_queue *queue, uint64_t address)
{
	const uint64_t args[] = { [TO] = address, [FROM] = npu_bo_address(filler->bo) };
	uint64_t point;
	int err;

	if (npu_program_new(card->vm, &filler->prog))
		return bench_fail("%s", npu_last_error());
	npu_base(filler->prog);
	npu_base(filler->prog);
	for (unsigned int role = 0; role < W_ROLES; role++) {
		const struct decoder_weight *weight = decoder_weight(w, layer, role);

		if (weight->dtype)
			copy_weight(filler, w, weight);
	}
	err = npu_program_finish(filler->prog);
	if (!err)
		err = npu_submit(queue, filler->prog, args, 2, 0, &point);
	if (!err)
		err = npu_wait(queue, point, -1);
	npu_program_free(filler->prog);
	return err ? bench_fail("%s", npu_last_error()) : 0;
}

int decoder_weights_fill(const struct decoder_weights *w, struct bench_card *card,
			 struct npu_queue *queue, uint64_t address)
{
	struct filler filler = { 0 };
	int err = upload_pools(&filler, w, card);

	for (unsigned int layer = 0; layer < w->shape->layers && !err; layer++)
		err = fill_layer(&filler, w, layer, card, queue, address);
	npu_bo_free(filler.bo);
	return err;
}
