// SPDX-License-Identifier: MIT
/* Softmax, reductions, and the place of an extreme. */
#include <string.h>

#include "ops.h"

/* ---- Softmax ---- */

static void softmax(struct plan *p, struct val *d, struct val *a, unsigned int axis)
{
	emit_axis(p, NPU_OP_SOFTMAX, d, a, axis);
}

/* x - max - ln(sum e^(x - max)): the logarithm of a softmax would lose small ones. */
static void log_softmax(struct plan *p, struct val *d, struct val *a, unsigned int axis)
{
	struct shape one = a->shape;
	struct val *row, *e;

	one.dim[axis] = 1;
	row = plan_temp(p, a->type, &one);
	e = plan_temp(p, a->type, &a->shape);
	emit_axis(p, NPU_OP_REDUCE_MAX, row, a, axis);
	emit_binary(p, NPU_OP_SUB, d, a, row);
	emit_unary(p, NPU_OP_EXP, e, d);
	emit_axis(p, NPU_OP_REDUCE_SUM, row, e, axis);
	emit_unary(p, NPU_OP_LOG, row, row);
	emit_binary(p, NPU_OP_SUB, d, d, row);
}

void plan_softmax(struct plan *p)
{
	bool matrix = p->graph->opset < 13;
	struct val *a = plan_arg(p, 0), *d;
	unsigned int axis = plan_axis(p, plan_int(p, "axis", matrix ? 1 : -1),
				      a->shape.rank);
	struct shape s = { 2, { 1, 1 } };
	unsigned int i;

	d = plan_result(p, 0, a->type, &a->shape);
	/* Of old all dimensions from the axis on were one. */
	if (matrix) {
		for (i = 0; i < a->shape.rank; i++)
			s.dim[i >= axis] *= a->shape.dim[i];
		a = plan_view(p, a, &s);
		d = plan_view(p, d, &s);
		axis = 1;
	}
	if (plan_failed(p))
		return;
	if (op_of(p)->code)
		log_softmax(p, d, a, axis);
	else
		softmax(p, d, a, axis);
}

/* ---- Reductions ---- */

/* What comes before and after an instruction that reduces. */
static const struct reduction {
	const char *type;
	uint32_t before; /* NPU_OP_MUL: the square */
	uint32_t reduce;
	uint32_t after;
} reductions[] = {
	{ "ReduceSum", 0, NPU_OP_REDUCE_SUM, 0 },
	{ "ReduceMean", 0, NPU_OP_REDUCE_MEAN, 0 },
	{ "ReduceMax", 0, NPU_OP_REDUCE_MAX, 0 },
	{ "ReduceMin", NPU_OP_NEG, NPU_OP_REDUCE_MAX, NPU_OP_NEG },
	{ "ReduceL1", NPU_OP_ABS, NPU_OP_REDUCE_SUM, 0 },
	{ "ReduceL2", NPU_OP_MUL, NPU_OP_REDUCE_SUM, NPU_OP_SQRT },
	{ "ReduceSumSquare", NPU_OP_MUL, NPU_OP_REDUCE_SUM, 0 },
	{ "ReduceLogSum", 0, NPU_OP_REDUCE_SUM, NPU_OP_LOG },
};

static const struct reduction *reduction(const struct plan *p)
{
	const struct reduction *r = reductions;

	while (strcmp(r->type, node_type(p->node)))
		r++;
	return r;
}

/* Which axes; a mask. */
static unsigned int reduced_axes(struct plan *p, unsigned int rank)
{
	int64_t axes[MAX_RANK];
	int i, n = plan_ints_either(p, "axes", 1, axes, MAX_RANK);
	unsigned int mask = 0;
	bool none = plan_int(p, "noop_with_empty_axes", 0);

	for (i = 0; i < n; i++)
		mask |= 1u << plan_axis(p, axes[i], rank);
	if (n <= 0 && !none)
		mask = (1u << rank) - 1;
	return mask;
}

/* Neighbouring axes that are reduced, or kept, as one: fewer instructions. */
static struct shape merge_axes(const struct shape *in, unsigned int mask,
			       unsigned int *merged)
{
	struct shape s = { .rank = 0 };
	unsigned int i;

	*merged = 0;
	for (i = 0; i < in->rank; i++) {
		if (i && (mask >> i & 1) == (mask >> (i - 1) & 1) &&
		    s.dim[s.rank - 1] * in->dim[i] <= NPU_MAX_CONTRACTION) {
			s.dim[s.rank - 1] *= in->dim[i];
			continue;
		}
		if (mask >> i & 1)
			*merged |= 1u << s.rank;
		s.dim[s.rank++] = in->dim[i];
	}
	if (!s.rank)
		s.dim[s.rank++] = 1;
	return s;
}

/* Reduce one axis after the other; the last one ends in d. */
static void reduce_axes(struct plan *p, uint32_t opcode, struct val *d, struct val *a,
			unsigned int mask)
{
	struct shape s = a->shape;
	struct val *to;
	unsigned int i;

	if (!mask)
		emit_copy(p, plan_id(p, plan_view(p, d, &s)), plan_id(p, a));
	for (i = 0; i < s.rank && !plan_failed(p); i++) {
		if (!(mask >> i & 1))
			continue;
		s.dim[i] = 1;
		mask &= ~(1u << i);
		to = mask ? plan_temp(p, a->type, &s) : plan_view(p, d, &s);
		emit_axis(p, opcode, to, a, i);
		a = to;
	}
}

static struct val *prepared(struct plan *p, uint32_t before, struct val *a)
{
	struct val *t;

	if (!before)
		return a;
	t = plan_temp(p, a->type, &a->shape);
	if (before == NPU_OP_MUL)
		emit_binary(p, NPU_OP_MUL, t, a, a);
	else
		emit_unary(p, before, t, a);
	return t;
}

static struct shape reduced_shape(const struct shape *in, unsigned int mask, bool keep)
{
	struct shape s = { .rank = 0 };
	unsigned int i;

	for (i = 0; i < in->rank; i++)
		if (!(mask >> i & 1))
			s.dim[s.rank++] = in->dim[i];
		else if (keep)
			s.dim[s.rank++] = 1;
	return s;
}

void plan_reduce(struct plan *p)
{
	const struct reduction *r = reduction(p);
	struct val *a = plan_arg(p, 0), *d;
	unsigned int mask = reduced_axes(p, a->shape.rank), merged;
	struct shape shape, flat;

	shape = reduced_shape(&a->shape, mask, plan_int(p, "keepdims", 1));
	if (plan_failed(p))
		return;
	d = plan_result(p, 0, a->type, &shape);
	flat = merge_axes(&a->shape, mask, &merged);
	a = plan_view(p, prepared(p, r->before, a), &flat);
	reduce_axes(p, r->reduce, d, a, merged);
	if (r->after)
		emit_unary(p, r->after, d, d);
}

/* ---- ArgMax, ArgMin ---- */

/* The same elements from the last to the first along an axis. */
static struct val *reversed(struct plan *p, struct val *a, unsigned int axis)
{
	struct val *t = plan_temp(p, a->type, &a->shape);
	struct slice s = { .shape = a->shape };
	unsigned int i;

	for (i = 0; i < a->shape.rank; i++)
		s.step[i] = 1;
	s.start[axis] = a->shape.dim[axis] - 1;
	s.step[axis] = -1;
	emit_copy(p, plan_id(p, t), slice_view(p, a, &s));
	return t;
}

void plan_arg_extreme(struct plan *p)
{
	struct val *a = plan_arg(p, 0), *d;
	unsigned int axis = plan_axis(p, plan_int(p, "axis", 0), a->shape.rank);
	bool keep = plan_int(p, "keepdims", 1);
	bool last = plan_int(p, "select_last_index", 0);
	struct shape shape = reduced_shape(&a->shape, 1u << axis, keep);
	struct shape one = a->shape;

	if (plan_failed(p))
		return;
	one.dim[axis] = 1;
	d = plan_result(p, 0, TYPE_INT64, &shape);
	a = prepared(p, op_of(p)->code, a);
	if (last)
		a = reversed(p, a, axis);
	emit_axis(p, NPU_OP_ARGMAX, plan_view(p, d, &one), a, axis);
	if (last)
		emit_binary(p, NPU_OP_SUB, d,
			    plan_literal(p, TYPE_INT64, a->shape.dim[axis] - 1), d);
}
