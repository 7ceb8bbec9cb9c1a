// SPDX-License-Identifier: MIT
/*
 * The decoder in f64 on the processor, one token after the other, as the papers have
 * it: keys and values of all tokens as they are, heads one by one, experts one by one.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "decoder.h"

struct decoder_reference {
	const struct decoder_weights *weights;
	unsigned int count;
	/* [layer][token][head][width] */
	double *keys, *values;
	float *frequencies;
	double *logits;
	double *(*matrix)[W_ROLES]; /* all elements, by layer and role */
};

static double *new_array(size_t n)
{
	return calloc(n ? n : 1, sizeof(double));
}

static uint64_t rows_of(const struct decoder_weight *w)
{
	return w->rows ? w->rows : 1;
}

static uint64_t matrices_of(const struct decoder_weight *w)
{
	return w->batch ? w->batch : 1;
}

/* All elements of a weight */
static double *expand(const struct decoder_weight *w)
{
	double *all = new_array(matrices_of(w) * rows_of(w) * w->columns), *at = all;

	for (uint64_t matrix = 0; all && matrix < matrices_of(w); matrix++) {
		for (uint64_t row = 0; row < rows_of(w); row++) {
			for (uint64_t column = 0; column < w->columns; column++)
				*at++ = decoder_weight_get(w, matrix, row, column);
		}
	}
	return all;
}

static const double *matrix_of(const struct decoder_reference *r, unsigned int layer,
			       enum decoder_role role, uint64_t matrix)
{
	const struct decoder_weight *w = decoder_weight(r->weights, layer, role);

	return r->matrix[layer][role] + matrix * rows_of(w) * w->columns;
}

/* d = W a, for a matrix of a weight. */
static void product(const struct decoder_reference *r, unsigned int layer,
		    enum decoder_role role, uint64_t matrix, const double *a, double *d)
{
	const struct decoder_weight *w = decoder_weight(r->weights, layer, role);
	const double *element = matrix_of(r, layer, role, matrix);

	for (uint64_t row = 0; row < w->rows; row++) {
		d[row] = 0;
		for (uint64_t column = 0; column < w->columns; column++)
			d[row] += a[column] * *element++;
	}
}

static void rms_norm(const struct decoder_reference *r, unsigned int layer,
		     enum decoder_role role, const double *a, double *d)
{
	const struct decoder_weight *w = decoder_weight(r->weights, layer, role);
	const double *scale = matrix_of(r, layer, role, 0);
	double sum = 0;

	for (uint64_t i = 0; i < w->columns; i++)
		sum += a[i] * a[i];
	for (uint64_t i = 0; i < w->columns; i++)
		d[i] = a[i] / sqrt(sum / (double)w->columns + (double)DECODER_EPSILON) *
		       scale[i];
}

/* llama turns halves, deepseek neighbours. */
static void rotate(const struct decoder_reference *r, double *x)
{
	const struct decoder_shape *s = r->weights->shape;
	unsigned int pairs = s->rope_width / 2;

	for (unsigned int i = 0; i < pairs; i++) {
		bool halves = s->arch == DECODER_LLAMA;
		double *first = &x[halves ? i : 2 * i];
		double *second = &x[halves ? i + pairs : 2 * i + 1];
		double angle = r->count * (double)r->frequencies[i];
		double a = *first, b = *second;

		*first = a * cos(angle) - b * sin(angle);
		*second = a * sin(angle) + b * cos(angle);
	}
}

/* ---- Attention --------------------------------------------------------------------- */

/* Widths of a head's keys and values here, where nothing is compressed. */
static unsigned int key_width(const struct decoder_shape *s)
{
	return s->arch == DECODER_LLAMA ? s->width : s->width + s->rope_width;
}

static unsigned int stored_heads(const struct decoder_shape *s)
{
	return s->arch == DECODER_LLAMA ? s->kv_heads : s->heads;
}

static double *key_at(const struct decoder_reference *r, unsigned int layer,
		      unsigned int token, unsigned int head)
{
	const struct decoder_shape *s = r->weights->shape;

	return r->keys + (((size_t)layer * s->context + token) * stored_heads(s) + head) *
				 key_width(s);
}

static double *value_at(const struct decoder_reference *r, unsigned int layer,
			unsigned int token, unsigned int head)
{
	const struct decoder_shape *s = r->weights->shape;

	return r->values + (((size_t)layer * s->context + token) * stored_heads(s) +
			    head) * s->value_width;
}

static void llama_project(struct decoder_reference *r, unsigned int layer,
			  const double *h, double *q)
{
	const struct decoder_shape *s = r->weights->shape;

	product(r, layer, W_Q, 0, h, q);
	product(r, layer, W_K, 0, h, key_at(r, layer, r->count, 0));
	product(r, layer, W_V, 0, h, value_at(r, layer, r->count, 0));
	for (unsigned int head = 0; head < s->heads; head++)
		rotate(r, q + (size_t)head * s->width);
	for (unsigned int head = 0; head < s->kv_heads; head++)
		rotate(r, key_at(r, layer, r->count, head));
}

/* A head's key: W_K_UP turned over times the compressed one, and the turned part. */
static void expand_key(const struct decoder_reference *r, unsigned int layer,
		       unsigned int head, const double *low, const double *turned)
{
	const struct decoder_shape *s = r->weights->shape;
	const double *element = matrix_of(r, layer, W_K_UP, head);
	double *key = key_at(r, layer, r->count, head);

	for (unsigned int i = 0; i < s->width; i++) {
		key[i] = 0;
		for (unsigned int j = 0; j < s->kv_rank; j++)
			key[i] += low[j] * element[(size_t)j * s->width + i];
	}
	memcpy(key + s->width, turned, s->rope_width * sizeof(*key));
}

static void latent_project(struct decoder_reference *r, unsigned int layer,
			   const double *h, double *q, double *room)
{
	const struct decoder_shape *s = r->weights->shape;
	double *low = room, *compressed = room + s->q_rank + s->kv_rank + s->rope_width;

	product(r, layer, W_Q_DOWN, 0, h, low);
	rms_norm(r, layer, W_Q_NORM, low, low);
	product(r, layer, W_Q_UP, 0, low, q);
	for (unsigned int head = 0; head < s->heads; head++)
		rotate(r, q + (size_t)head * key_width(s) + s->width);
	product(r, layer, W_KV_DOWN, 0, h, low);
	rms_norm(r, layer, W_KV_NORM, low, compressed);
	rotate(r, low + s->kv_rank);
	for (unsigned int head = 0; head < s->heads; head++) {
		expand_key(r, layer, head, compressed, low + s->kv_rank);
		product(r, layer, W_V_UP, head, compressed,
			value_at(r, layer, r->count, head));
	}
}

static void attend(const struct decoder_reference *r, unsigned int layer, const double *q,
		   double *scores, double *o)
{
	const struct decoder_shape *s = r->weights->shape;
	unsigned int group = s->heads / stored_heads(s), width = key_width(s);

	memset(o, 0, (size_t)s->heads * s->value_width * sizeof(*o));
	for (unsigned int head = 0; head < s->heads; head++) {
		double largest = -INFINITY, sum = 0;

		for (unsigned int t = 0; t <= r->count; t++) {
			const double *key = key_at(r, layer, t, head / group);

			scores[t] = 0;
			for (unsigned int i = 0; i < width; i++)
				scores[t] += q[(size_t)head * width + i] * key[i];
			scores[t] /= sqrt((double)width);
			largest = fmax(largest, scores[t]);
		}
		for (unsigned int t = 0; t <= r->count; t++)
			sum += scores[t] = exp(scores[t] - largest);
		for (unsigned int t = 0; t <= r->count; t++) {
			const double *value = value_at(r, layer, t, head / group);

			for (unsigned int i = 0; i < s->value_width; i++)
				o[(size_t)head * s->value_width + i] += scores[t] / sum *
									value[i];
		}
	}
}

/* x plus the attention of h. */
static int add_attention(struct decoder_reference *r, unsigned int layer, const double *h,
			 double *x)
{
	const struct decoder_shape *s = r->weights->shape;
	size_t q_size = (size_t)s->heads * key_width(s);
	size_t o_size = (size_t)s->heads * s->value_width;
	size_t room = s->q_rank + 2 * s->kv_rank + s->rope_width;
	double *q = new_array(q_size + o_size + s->hidden + s->context + room);
	double *o, *out;

	if (!q)
		return bench_fail("out of memory");
	o = q + q_size;
	out = o + o_size;
	if (s->arch == DECODER_LLAMA)
		llama_project(r, layer, h, q);
	else
		latent_project(r, layer, h, q, out + s->hidden + s->context);
	attend(r, layer, q, out + s->hidden, o);
	product(r, layer, W_O, 0, o, out);
	for (unsigned int i = 0; i < s->hidden; i++)
		x[i] += out[i];
	free(q);
	return 0;
}

/* ---- Feed-forward ------------------------------------------------------------------ */

struct network {
	enum decoder_role gate, up, down;
	uint64_t matrix;
};

/* x += share * what a network makes of h. */
static int add_network(const struct decoder_reference *r, unsigned int layer,
		       const struct network *n, double share, const double *h, double *x)
{
	const struct decoder_shape *s = r->weights->shape;
	uint64_t width = decoder_weight(r->weights, layer, n->gate)->rows;
	double *gate = new_array(2 * width + s->hidden), *up, *out;

	if (!gate)
		return bench_fail("out of memory");
	up = gate + width;
	out = up + width;
	product(r, layer, n->gate, n->matrix, h, gate);
	product(r, layer, n->up, n->matrix, h, up);
	for (uint64_t i = 0; i < width; i++)
		gate[i] = gate[i] / (1 + exp(-gate[i])) * up[i];
	product(r, layer, n->down, n->matrix, gate, out);
	for (unsigned int i = 0; i < s->hidden; i++)
		x[i] += share * out[i];
	free(gate);
	return 0;
}

/* The best one that is not chosen yet. */
static unsigned int best(const double *scores, const bool *chosen, unsigned int n)
{
	unsigned int at = n;

	for (unsigned int i = 0; i < n; i++) {
		if (!chosen[i] && (at == n || scores[i] > scores[at]))
			at = i;
	}
	return at;
}

static int add_experts(const struct decoder_reference *r, unsigned int layer,
		       const double *h, double *x)
{
	const struct decoder_shape *s = r->weights->shape;
	double *scores = new_array(s->experts), sum = 0;
	bool *chosen = calloc(s->experts, sizeof(*chosen));
	int err = scores && chosen ? 0 : bench_fail("out of memory");

	if (!err)
		product(r, layer, W_ROUTER, 0, h, scores);
	for (unsigned int i = 0; i < s->experts && !err; i++)
		scores[i] = 1 / (1 + exp(-scores[i]));
	for (unsigned int k = 0; k < s->top_k && !err; k++) {
		unsigned int at = best(scores, chosen, s->experts);

		chosen[at] = true;
		sum += scores[at];
	}
	for (unsigned int i = 0; i < s->experts && !err; i++) {
		const struct network expert = { W_EXPERT_GATE, W_EXPERT_UP, W_EXPERT_DOWN,
						i };

		if (chosen[i])
			err = add_network(r, layer, &expert, scores[i] / sum, h, x);
	}
	free(chosen);
	free(scores);
	return err;
}

static int add_feed_forward(const struct decoder_reference *r, unsigned int layer,
			    const double *h, double *x)
{
	static const struct network common = { W_GATE, W_UP, W_DOWN, 0 };

	if (decoder_has_experts(r->weights->shape, layer) && add_experts(r, layer, h, x))
		return -1;
	if (!decoder_weight(r->weights, layer, W_GATE)->dtype)
		return 0;
	return add_network(r, layer, &common, 1, h, x);
}

/* ---- All of it --------------------------------------------------------------------- */

static bool expand_all(struct decoder_reference *r)
{
	r->matrix = calloc(r->weights->shape->layers, sizeof(*r->matrix));
	for (unsigned int layer = 0; r->matrix && layer < r->weights->shape->layers;
	     layer++) {
		for (unsigned int role = 0; role < W_ROLES; role++) {
			const struct decoder_weight *w = decoder_weight(r->weights, layer,
									role);

			if (!w->dtype)
				continue;
			r->matrix[layer][role] = expand(w);
			if (!r->matrix[layer][role])
				return false;
		}
	}
	return r->matrix;
}

struct decoder_reference *decoder_reference_new(const struct decoder_weights *weights)
{
	const struct decoder_shape *s = weights->shape;
	size_t tokens = (size_t)s->layers * s->context * stored_heads(s);
	struct decoder_reference *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->weights = weights;
	r->keys = new_array(tokens * key_width(s));
	r->values = new_array(tokens * s->value_width);
	r->logits = new_array(s->vocab);
	r->frequencies = calloc(s->rope_width, sizeof(*r->frequencies));
	if (!r->keys || !r->values || !r->logits || !r->frequencies || !expand_all(r)) {
		decoder_reference_free(r);
		return NULL;
	}
	decoder_frequencies(s, r->frequencies);
	return r;
}

void decoder_reference_free(struct decoder_reference *r)
{
	if (!r)
		return;
	for (unsigned int layer = 0; r->matrix && layer < r->weights->shape->layers;
	     layer++) {
		for (unsigned int role = 0; role < W_ROLES; role++)
			free(r->matrix[layer][role]);
	}
	free(r->matrix);
	free(r->keys);
	free(r->values);
	free(r->logits);
	free(r->frequencies);
	free(r);
}

const double *decoder_reference_next(struct decoder_reference *r, int32_t token)
{
	const struct decoder_shape *s = r->weights->shape;
	double *x = new_array(2 * (size_t)s->hidden), *h;
	int err = 0;

	if (!x) {
		bench_fail("out of memory");
		return NULL;
	}
	h = x + s->hidden;
	for (unsigned int i = 0; i < s->hidden; i++)
		x[i] = matrix_of(r, 0, W_EMBEDDING, 0)[(size_t)token * s->hidden + i];
	for (unsigned int layer = 0; layer < s->layers && !err; layer++) {
		rms_norm(r, layer, W_ATTENTION_NORM, x, h);
		err = add_attention(r, layer, h, x);
		if (err)
			break;
		rms_norm(r, layer, W_FFN_NORM, x, h);
		err = add_feed_forward(r, layer, h, x);
	}
	if (!err) {
		rms_norm(r, 0, W_NORM, x, h);
		product(r, 0, W_HEAD, 0, h, r->logits);
		r->count++;
	}
	free(x);
	return err ? NULL : r->logits;
}
