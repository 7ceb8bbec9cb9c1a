// SPDX-License-Identifier: MIT
#include "plan.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops.h"

#define WEIGHT_ALIGN 64

void plan_fail(struct plan *p, const char *fmt, ...)
{
	char why[300], where[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	if (p->node)
		fail(p->err, "%s: %s", node_text(p->node, where, sizeof(where)), why);
	else
		fail(p->err, "%s", why);
}

/* Add to an array that grows by doubling. False when memory ran out. */
static bool grow(struct plan *p, void *array, unsigned int count, unsigned int *room,
		 size_t size)
{
	void **items = array, *more;
	unsigned int wanted = *room ? *room * 2 : 16;

	if (count < *room)
		return true;
	more = realloc(*items, wanted * size);
	if (!more) {
		plan_fail(p, "out of memory");
		return false;
	}
	*items = more;
	*room = wanted;
	return true;
}

/* Memory that lives as long as the plan. NULL after an error. */
static void *own(struct plan *p, void *memory)
{
	if (!memory) {
		plan_fail(p, "out of memory");
		return NULL;
	}
	if (!grow(p, &p->owned, p->owned_count, &p->owned_room, sizeof(*p->owned))) {
		free(memory);
		return NULL;
	}
	p->owned[p->owned_count++] = memory;
	return memory;
}

/* ---- Values ---- */

static bool set_shape(struct plan *p, struct val *v, int32_t type,
		      const struct shape *shape)
{
	const struct element *e = element(type);

	v->type = type;
	v->shape = *shape;
	v->id = -1;
	if (!e || !e->dtype) {
		plan_fail(p, "elements of type %s, which the card does not have",
			  element_name(type));
		return false;
	}
	if (shape->rank > MAX_RANK) {
		plan_fail(p, "a tensor of rank %u, the card has %d", shape->rank,
			  MAX_RANK);
		return false;
	}
	if (!shape_count(shape, &v->count) || v->count > MAX_BYTES / e->size) {
		plan_fail(p, "a tensor is too large");
		return false;
	}
	return !plan_failed(p);
}

static uint64_t card_bytes(const struct val *v)
{
	return v->count * npu_dtype_size(element(v->type)->dtype);
}

static struct place *new_place(struct plan *p, int base, uint64_t offset)
{
	struct place *place = own(p, calloc(1, sizeof(*place)));

	if (place) {
		place->base = base;
		place->offset = offset;
	}
	return place;
}

static void place_in_arena(struct plan *p, struct val *v, unsigned int refs)
{
	uint64_t offset;

	if (plan_failed(p))
		return;
	if (!v->count) {
		plan_fail(p, "a tensor without elements");
		return;
	}
	if (arena_take(&p->arena, card_bytes(v), &offset)) {
		plan_fail(p, "out of memory");
		return;
	}
	v->place = new_place(p, BASE_ARENA, offset);
	if (!v->place)
		return;
	v->place->in_arena = true;
	v->place->refs = refs;
}

static void drop(struct plan *p, struct place *place)
{
	if (place && place->in_arena && --place->refs == 0)
		arena_give(&p->arena, place->offset);
}

static void place_in_weights(struct plan *p, struct val *v)
{
	struct weight *w;
	unsigned int i;
	uint64_t bad;

	for (i = 0; i < p->weight_count; i++)
		if (p->weights[i].data == v->known) {
			v->place = new_place(p, BASE_WEIGHTS, p->weights[i].offset);
			return;
		}
	if (!tensor_fits_card(v->known, &bad)) {
		plan_fail(p,
			  "a 64-bit integer, %" PRId64 ", that the card's 32 bits "
			  "cannot hold",
			  tensor_integer(v->known, bad));
		return;
	}
	if (!grow(p, &p->weights, p->weight_count, &p->weight_room, sizeof(*p->weights)))
		return;
	w = &p->weights[p->weight_count++];
	w->data = v->known;
	w->offset = p->weight_bytes;
	p->weight_bytes += (card_bytes(v) + WEIGHT_ALIGN - 1) / WEIGHT_ALIGN *
			   WEIGHT_ALIGN;
	if (p->weight_bytes > MAX_BYTES)
		plan_fail(p, "the weights are too large");
	else
		v->place = new_place(p, BASE_WEIGHTS, w->offset);
}

npu_tensor_id plan_id(struct plan *p, struct val *v)
{
	static const uint64_t one = 1;
	const struct element *e = element(v->type);

	if (plan_failed(p))
		return -1;
	if (v->id >= 0)
		return v->id;
	if (!e || !e->dtype) {
		plan_fail(p, "elements of type %s, which the card does not have",
			  element_name(v->type));
		return -1;
	}
	if (!v->count) {
		plan_fail(p, "a tensor without elements");
		return -1;
	}
	if (!v->place && v->known)
		place_in_weights(p, v);
	if (!v->place)
		plan_fail(p, "reads a tensor that nothing computes");
	if (plan_failed(p))
		return -1;
	v->place->used = true;
	v->id = emitted(p, npu_tensor(p->prog, v->place->base, v->place->offset, e->dtype,
				      v->shape.rank ? v->shape.rank : 1,
				      v->shape.rank ? v->shape.dim : &one));
	return v->id;
}

struct val *plan_opt(struct plan *p, unsigned int index)
{
	if (plan_failed(p) || index >= p->node->inputs || p->node->input[index] == ABSENT)
		return NULL;
	return &p->vals[p->node->input[index]];
}

struct val *plan_arg(struct plan *p, unsigned int index)
{
	struct val *v = plan_opt(p, index);

	if (v)
		return v;
	if (!plan_failed(p))
		plan_fail(p, "input %u is missing", index);
	return &p->nothing;
}

/* The value that an output of the node defines, NULL where nobody wants it. */
static struct val *output(struct plan *p, unsigned int index, unsigned int *uses)
{
	unsigned int number = ABSENT;

	if (index < p->node->outputs)
		number = p->node->output[index];
	if (number == ABSENT || plan_failed(p))
		return NULL;
	*uses = p->graph->values[number].uses;
	return &p->vals[number];
}

/* The slot of the graph's output that a value is, negative: it is none. */
static int output_base(const struct plan *p, const struct val *v)
{
	const struct graph *g = p->graph;
	unsigned int i;

	for (i = 0; i < g->output_count; i++)
		if (&p->vals[g->outputs[i]] == v)
			return BASE_INPUTS + g->input_count + i;
	return -1;
}

struct val *plan_result(struct plan *p, unsigned int index, int32_t type,
			const struct shape *shape)
{
	unsigned int uses;
	struct val *v = output(p, index, &uses);
	int base;

	if (!v)
		return plan_temp(p, type, shape);
	if (!set_shape(p, v, type, shape))
		return &p->nothing;
	base = output_base(p, v);
	if (base < 0)
		place_in_arena(p, v, uses + 1);
	else
		v->place = new_place(p, base, 0);
	return v;
}

void plan_alias(struct plan *p, unsigned int index, struct val *of,
		const struct shape *shape)
{
	unsigned int uses;
	struct val *v = output(p, index, &uses);

	if (!v)
		return;
	v->type = of->type;
	v->shape = *shape;
	v->count = of->count;
	v->known = of->known;
	v->constant = of->constant;
	v->place = of->place;
	v->id = -1;
	if (v->place && v->place->in_arena)
		v->place->refs += uses + 1;
}

void plan_known(struct plan *p, unsigned int index, struct tensor *t)
{
	unsigned int uses;
	struct val *v = output(p, index, &uses);
	struct tensor *kept;

	if (t->data && !t->borrowed && !own(p, t->data))
		return;
	kept = own(p, calloc(1, sizeof(*kept)));
	if (!v || !kept)
		return;
	*kept = *t;
	v->type = t->type;
	v->shape = t->shape;
	v->count = t->count;
	v->known = kept;
	v->constant = true;
	v->id = -1;
}

static struct val *new_temp(struct plan *p)
{
	struct val *v;

	if (plan_failed(p) ||
	    !grow(p, &p->temps, p->temp_count, &p->temp_room, sizeof(*p->temps)))
		return NULL;
	v = calloc(1, sizeof(*v));
	if (!v) {
		plan_fail(p, "out of memory");
		return NULL;
	}
	p->temps[p->temp_count++] = v;
	return v;
}

struct val *plan_temp(struct plan *p, int32_t type, const struct shape *shape)
{
	struct val *v = new_temp(p);

	if (!v || !set_shape(p, v, type, shape))
		return &p->nothing;
	place_in_arena(p, v, 1);
	return v;
}

struct val *plan_view(struct plan *p, struct val *of, const struct shape *shape)
{
	struct val *v;

	plan_id(p, of);
	v = new_temp(p);
	if (!v || !set_shape(p, v, of->type, shape))
		return &p->nothing;
	if (v->count != of->count) {
		plan_fail(p,
			  "a view of %" PRIu64 " elements of a tensor that has %" PRIu64,
			  v->count, of->count);
		return &p->nothing;
	}
	v->place = of->place;
	if (v->place->in_arena)
		v->place->refs++;
	return v;
}

static void set_number(struct tensor *t, double value)
{
	if (t->type == TYPE_FLOAT)
		*(float *)t->data = value;
	else if (t->type == TYPE_FLOAT16)
		*(uint16_t *)t->data = float_to_half(value);
	else if (t->type == TYPE_INT8)
		*(int8_t *)t->data = value;
	else
		tensor_set_integer(t, 0, value);
}

struct val *plan_literal(struct plan *p, int32_t type, double value)
{
	const struct shape shape = { 1, { 1 } };
	struct val *v = new_temp(p);
	struct tensor *t;

	if (!v || !set_shape(p, v, type, &shape))
		return &p->nothing;
	t = own(p, calloc(1, sizeof(*t)));
	if (!t || tensor_new(t, type, &shape, p->err) || !own(p, t->data))
		return &p->nothing;
	set_number(t, value);
	v->known = t;
	return v;
}

/* ---- Nodes ---- */

static void check_type(struct plan *p, const struct op *op)
{
	int32_t type;

	if (!op->min_inputs || plan_failed(p))
		return;
	type = plan_arg(p, 0)->type;
	if (type < 0 || type > 31 || !(op->types & 1u << type))
		plan_fail(p, "input of type %s is not supported", element_name(type));
}

static void check_operands(struct plan *p, const struct op *op)
{
	const struct node *n = p->node;
	unsigned int i;

	if (n->inputs < op->min_inputs)
		plan_fail(p, "%u inputs, it needs %u", n->inputs, op->min_inputs);
	if (op->max_inputs != MANY && n->inputs > op->max_inputs)
		plan_fail(p, "%u inputs, supported are %u", n->inputs, op->max_inputs);
	if (!n->outputs)
		plan_fail(p, "no output");
	for (i = op->max_outputs; op->max_outputs != MANY && i < n->outputs; i++)
		if (n->output[i] != ABSENT)
			plan_fail(p, "output %u is not supported", i);
}

static void check_attributes(struct plan *p)
{
	const Onnx__NodeProto *proto = p->node->proto;
	size_t i;

	for (i = 0; i < proto->n_attribute; i++)
		if (!(p->attributes_read & 1ull << i))
			plan_fail(p, "attribute '%.60s' is not supported",
				  proto->attribute[i]->name ?: "");
}

/* Whether the node is arithmetic of constants that decide shapes. */
static bool can_fold(const struct plan *p, const struct op *op)
{
	const struct node *n = p->node;
	unsigned int i;

	if (!op->fold || plan_failed(p))
		return false;
	for (i = 0; i < n->inputs; i++)
		if (n->input[i] != ABSENT &&
		    (!p->vals[n->input[i]].constant ||
		     !type_is_integer(p->vals[n->input[i]].type)))
			return false;
	return true;
}

static void release(struct plan *p)
{
	const struct node *n = p->node;
	unsigned int i;

	for (i = 0; i < p->temp_count; i++) {
		drop(p, p->temps[i]->place);
		free(p->temps[i]);
	}
	p->temp_count = 0;
	for (i = 0; i < n->inputs; i++)
		if (n->input[i] != ABSENT)
			drop(p, p->vals[n->input[i]].place);
	for (i = 0; i < n->outputs; i++)
		if (n->output[i] != ABSENT)
			drop(p, p->vals[n->output[i]].place);
}

static void plan_node(struct plan *p, const struct node *n)
{
	const struct op *op = op_find(node_type(n));

	p->node = n;
	p->attributes_read = 0;
	if (n->proto->n_attribute > 64)
		plan_fail(p, "%zu attributes", n->proto->n_attribute);
	check_operands(p, op);
	if (can_fold(p, op)) {
		op->fold(p);
	} else {
		check_type(p, op);
		if (!plan_failed(p))
			op->plan(p);
	}
	if (!plan_failed(p))
		check_attributes(p);
	release(p);
	p->node = NULL;
}

/* Operators first: what cannot run is named before anything else is looked at. */
static void check_operators(struct plan *p)
{
	const struct graph *g = p->graph;
	unsigned int i;

	for (i = 0; i < g->node_count && !plan_failed(p); i++) {
		const char *domain = g->nodes[i].proto->domain ?: "";

		p->node = &g->nodes[i];
		if (*domain && strcmp(domain, "ai.onnx"))
			plan_fail(p, "operators of domain '%.60s' are not supported",
				  domain);
		else if (!op_find(node_type(&g->nodes[i])))
			plan_fail(p, "this operator is not supported");
	}
	p->node = NULL;
}

/* ---- The whole ---- */

static void define_constants(struct plan *p)
{
	unsigned int i;

	for (i = 0; i < p->graph->value_count; i++) {
		const struct value *value = &p->graph->values[i];
		struct val *v = &p->vals[i];

		v->id = -1;
		if (!value->is_constant)
			continue;
		v->type = value->constant.type;
		v->shape = value->constant.shape;
		v->count = value->constant.count;
		v->known = &value->constant;
		v->constant = true;
	}
}

static void define_inputs(struct plan *p, const struct plan_input *inputs)
{
	const struct graph *g = p->graph;
	unsigned int i;

	for (i = 0; i < g->input_count; i++) {
		const char *name = g->values[g->inputs[i].value].name;
		struct val *v = &p->vals[g->inputs[i].value];
		const struct element *e = element(g->inputs[i].type);

		if (!e || !e->dtype)
			plan_fail(p,
				  "input '%.100s': elements of type %s, which the "
				  "card does not have",
				  name, element_name(g->inputs[i].type));
		/* One that only decides shapes may be of no elements. */
		else if (!shape_count(&inputs[i].shape, &v->count) ||
			 v->count > MAX_BYTES / e->size)
			plan_fail(p, "input '%.100s': too large", name);
		v->type = g->inputs[i].type;
		v->shape = inputs[i].shape;
		v->known = inputs[i].known;
		v->place = new_place(p, BASE_INPUTS + i, 0);
	}
}

/* An output that is another tensor's bytes, or an input, or a constant. */
static void copy_outputs(struct plan *p)
{
	const struct graph *g = p->graph;
	unsigned int i;

	for (i = 0; i < g->output_count && !plan_failed(p); i++) {
		struct val *from = &p->vals[g->outputs[i]], to = *from;
		int base = BASE_INPUTS + g->input_count + i;

		if (from->place && from->place->base == base)
			continue;
		plan_id(p, from);
		to.place = new_place(p, base, 0);
		to.id = -1;
		emit_copy(p, plan_id(p, &to), plan_id(p, from));
	}
}

static void reserve_bases(struct plan *p)
{
	unsigned int i, n = BASE_INPUTS + p->graph->input_count + p->graph->output_count;

	for (i = 0; i < n && !plan_failed(p); i++)
		emitted(p, npu_base(p->prog));
}

struct plan *plan_new(const struct graph *graph, const struct plan_input *inputs,
		      struct npu_vm *vm, struct error *err)
{
	struct plan *p = calloc(1, sizeof(*p));
	unsigned int i;

	if (!p) {
		fail(err, "out of memory");
		return NULL;
	}
	p->graph = graph;
	p->err = err;
	p->nothing = (struct val){ TYPE_FLOAT, { 1, { 1 } }, 1, .id = -1 };
	p->vals = calloc(graph->value_count + 1, sizeof(*p->vals));
	if (!p->vals)
		plan_fail(p, "out of memory");
	else
		check_operators(p);
	if (!plan_failed(p)) {
		emitted(p, npu_program_new(vm, &p->prog));
		reserve_bases(p);
		define_constants(p);
		define_inputs(p, inputs);
	}
	for (i = 0; i < graph->node_count && !plan_failed(p); i++)
		plan_node(p, &graph->nodes[i]);
	if (!plan_failed(p))
		copy_outputs(p);
	if (!plan_failed(p))
		emitted(p, npu_program_finish(p->prog));
	if (!plan_failed(p))
		return p;
	plan_free(p);
	return NULL;
}

void plan_free(struct plan *p)
{
	unsigned int i;

	if (!p)
		return;
	npu_program_free(p->prog);
	for (i = 0; i < p->temp_count; i++)
		free(p->temps[i]);
	for (i = 0; i < p->owned_count; i++)
		free(p->owned[i]);
	free(p->temps);
	free(p->owned);
	free(p->weights);
	free(p->vals);
	arena_free(&p->arena);
	free(p);
}

const struct val *plan_graph_output(const struct plan *p, unsigned int index)
{
	return &p->vals[p->graph->outputs[index]];
}

bool plan_reads_input(const struct plan *p, unsigned int index)
{
	return p->vals[p->graph->inputs[index].value].place->used;
}
