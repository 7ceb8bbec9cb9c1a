// SPDX-License-Identifier: MIT
/* Conversion of types, and indices that are data. */
#include "ops.h"

/* ---- Cast ---- */

static struct val *step_above_zero(struct plan *p, struct val *v)
{
	/* A float that rounds up lies at least 2^-24 below. */
	emit_unary(p, NPU_OP_RELU, v, v);
	emit_binary(p, NPU_OP_MUL, v, v, plan_literal(p, v->type, 0x1p24));
	emit_binary(p, NPU_OP_MIN, v, v, plan_literal(p, v->type, 1));
	return v;
}

/*
 * A cast to an integer drops the fraction, a copy rounds to the nearest: where the
 * rounded size is above the size, take one off.  Both sizes are exact in f32, but for
 * those that have no fraction anyhow.
 */
static struct val *truncated(struct plan *p, struct val *a)
{
	const struct shape *s = &a->shape;
	struct val *whole = plan_temp(p, TYPE_INT32, s);
	struct val *size = plan_temp(p, TYPE_FLOAT, s);
	struct val *round = plan_temp(p, TYPE_FLOAT, s);
	struct val *above = plan_temp(p, TYPE_FLOAT, s);
	struct val *sign = plan_temp(p, TYPE_FLOAT, s);

	emit_copy(p, plan_id(p, sign), plan_id(p, a));
	emit_unary(p, NPU_OP_ABS, size, sign);
	emit_copy(p, plan_id(p, whole), plan_id(p, size));
	emit_copy(p, plan_id(p, round), plan_id(p, whole));
	emit_binary(p, NPU_OP_SUB, above, round, size);
	/* 2^31 was cut to 2^31 - 1, which is 2^31 again as f32: nothing is above. */
	emit_binary(p, NPU_OP_SUB, round, round, step_above_zero(p, above));
	/* The sign by a division: 0 / 0 is NaN, which becomes 0. */
	emit_binary(p, NPU_OP_DIV, sign, sign, size);
	emit_binary(p, NPU_OP_MUL, round, round, sign);
	return round;
}

void plan_cast(struct plan *p)
{
	int32_t to = plan_int(p, "to", 0);
	struct val *a = plan_arg(p, 0), *d;
	bool from_float = 1u << a->type & OF_FLOAT;

	if (plan_failed(p))
		return;
	if (!(to > 0 && to < 32 && OF_ANY & 1u << to)) {
		plan_fail(p, "a cast to %s is not supported", element_name(to));
		return;
	}
	if (to == a->type) {
		plan_alias(p, 0, a, &a->shape);
		return;
	}
	if (to == TYPE_INT8 && !from_float) {
		plan_fail(p, "a cast that cuts off bits is not supported");
		return;
	}
	d = plan_result(p, 0, to, &a->shape);
	if (from_float && !(1u << to & OF_FLOAT))
		a = truncated(p, a);
	emit_copy(p, plan_id(p, d), plan_id(p, a));
}

/* ---- Gather ---- */

/* The input's shape with that of the indices in place of one dimension. */
static bool gathered_shape(struct plan *p, const struct shape *in,
			   const struct shape *index, unsigned int axis,
			   struct shape *out)
{
	unsigned int i;

	*out = (struct shape){ .rank = 0 };
	if (in->rank + index->rank - 1 > MAX_RANK) {
		plan_fail(p, "rank %u, the card has %d", in->rank + index->rank - 1,
			  MAX_RANK);
		return false;
	}
	for (i = 0; i < axis; i++)
		out->dim[out->rank++] = in->dim[i];
	for (i = 0; i < index->rank; i++)
		out->dim[out->rank++] = index->dim[i];
	for (i = axis + 1; i < in->rank; i++)
		out->dim[out->rank++] = in->dim[i];
	return true;
}

/* One dimension moved to the front. */
static npu_tensor_id axis_first(struct plan *p, struct val *v, unsigned int axis)
{
	unsigned int order[MAX_RANK], i;
	npu_tensor_id id = plan_id(p, v);

	if (plan_failed(p) || !axis)
		return id;
	order[0] = axis;
	for (i = 1; i < v->shape.rank; i++)
		order[i] = i <= axis ? i - 1 : i;
	return emitted(p, npu_view_transpose(p->prog, id, order));
}

/* An index below zero counts from the end: i + extent * min(1, max(0, -i)). */
static struct val *wrapped(struct plan *p, struct val *index, uint64_t extent)
{
	struct val *t = plan_temp(p, index->type, &index->shape);

	emit_unary(p, NPU_OP_NEG, t, index);
	emit_unary(p, NPU_OP_RELU, t, t);
	emit_binary(p, NPU_OP_MIN, t, t, plan_literal(p, t->type, 1));
	emit_binary(p, NPU_OP_MUL, t, t, plan_literal(p, t->type, extent));
	emit_binary(p, NPU_OP_ADD, t, t, index);
	return t;
}

/* Constant indices are checked here, others by the card. */
static bool constant_in_range(struct plan *p, const struct val *index, uint64_t extent,
			      bool *negative)
{
	uint64_t i;
	int64_t at;

	*negative = !index->constant;
	for (i = 0; index->constant && i < index->count; i++) {
		at = tensor_integer(index->known, i);
		if (at < -(int64_t)extent || at >= (int64_t)extent) {
			plan_fail(p, "an index outside the input");
			return false;
		}
		*negative |= at < 0;
	}
	return true;
}

void plan_gather(struct plan *p)
{
	struct val *a = plan_arg(p, 0), *index = plan_arg(p, 1), *d;
	unsigned int axis = plan_axis(p, plan_int(p, "axis", 0), a->shape.rank);
	struct shape shape, list = { 1, { index->count } }, rows = a->shape;
	npu_tensor_id to, from;
	bool negative;

	if (!plan_failed(p) && !type_is_integer(index->type))
		plan_fail(p, "indices of type %s", element_name(index->type));
	if (plan_failed(p) || a->shape.dim[axis] > INT32_MAX ||
	    !gathered_shape(p, &a->shape, &index->shape, axis, &shape) ||
	    !constant_in_range(p, index, a->shape.dim[axis], &negative))
		return;
	rows.dim[axis] = index->count;
	d = plan_result(p, 0, a->type, &shape);
	to = axis_first(p, plan_view(p, d, &rows), axis);
	from = axis_first(p, a, axis);
	if (negative)
		index = wrapped(p, index, a->shape.dim[axis]);
	index = plan_view(p, index, &list);
	if (plan_id(p, index) >= 0)
		emitted(p, npu_op_gather(p->prog, to, from, plan_id(p, index)));
}
