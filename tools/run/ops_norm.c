// SPDX-License-Identifier: MIT
/* Normalisations, made of element-wise instructions and reductions. */
#include "ops.h"

/* d = 1 / sqrt(variance + epsilon) */
static void inverse_deviation(struct plan *p, struct val *d, struct val *variance,
			      float epsilon)
{
	emit_binary(p, NPU_OP_ADD, d, variance, plan_literal(p, variance->type, epsilon));
	emit_unary(p, NPU_OP_RSQRT, d, d);
}

/* (a - mean) / sqrt(variance + epsilon) * scale + bias, with what was learned. */
void plan_batch_norm(struct plan *p)
{
	struct val *a = plan_arg(p, 0), *d, *factor;
	float epsilon = plan_float(p, "epsilon", 1e-5f);

	plan_float(p, "momentum", 0);
	if (plan_int(p, "training_mode", 0))
		plan_fail(p, "training is not supported");
	if (plan_int(p, "spatial", 1) != 1)
		plan_fail(p, "statistics for each pixel are not supported");
	plan_int(p, "is_test", 1);
	if (!plan_failed(p) && a->shape.rank < 2)
		plan_fail(p, "an input without channels");
	if (plan_failed(p))
		return;
	d = plan_result(p, 0, a->type, &a->shape);
	factor = plan_temp(p, a->type, &plan_arg(p, 4)->shape);
	inverse_deviation(p, factor, plan_arg(p, 4), epsilon);
	emit_binary(p, NPU_OP_MUL, factor, factor, plan_arg(p, 1));
	emit_binary(p, NPU_OP_SUB, d, a, per_channel(p, plan_arg(p, 3), a));
	emit_binary(p, NPU_OP_MUL, d, d, per_channel(p, factor, a));
	emit_binary(p, NPU_OP_ADD, d, d, per_channel(p, plan_arg(p, 2), a));
}

/* What is found on the way to a normal distribution: a column of a matrix each. */
struct moments {
	struct val *mean;
	struct val *inverse;
};

/* d = (a - mean) / sqrt(variance + epsilon) along axis 1 of a matrix. */
static void standardize(struct plan *p, struct val *d, struct val *a, struct moments *m,
			float epsilon)
{
	struct val *square = plan_temp(p, a->type, &a->shape);

	emit_axis(p, NPU_OP_REDUCE_MEAN, m->mean, a, 1);
	emit_binary(p, NPU_OP_SUB, d, a, m->mean);
	emit_binary(p, NPU_OP_MUL, square, d, d);
	emit_axis(p, NPU_OP_REDUCE_MEAN, m->inverse, square, 1);
	inverse_deviation(p, m->inverse, m->inverse, epsilon);
	emit_binary(p, NPU_OP_MUL, d, d, m->inverse);
}

/* The tensor as a matrix whose rows begin before an axis. */
static struct shape rows_before(const struct shape *s, unsigned int axis)
{
	struct shape m = { 2, { 1, 1 } };
	unsigned int i;

	for (i = 0; i < s->rank; i++)
		m.dim[i >= axis] *= s->dim[i];
	return m;
}

void plan_instance_norm(struct plan *p)
{
	struct val *a = plan_arg(p, 0), *d;
	float epsilon = plan_float(p, "epsilon", 1e-5f);
	struct shape rows = rows_before(&a->shape, 2), column = { 2, { rows.dim[0], 1 } };
	struct moments m;

	if (!plan_failed(p) && a->shape.rank < 3)
		plan_fail(p, "an input without channels");
	if (plan_failed(p))
		return;
	d = plan_result(p, 0, a->type, &a->shape);
	m.mean = plan_temp(p, a->type, &column);
	m.inverse = plan_temp(p, a->type, &column);
	standardize(p, plan_view(p, d, &rows), plan_view(p, a, &rows), &m, epsilon);
	emit_binary(p, NPU_OP_MUL, d, d, per_channel(p, plan_arg(p, 1), a));
	emit_binary(p, NPU_OP_ADD, d, d, per_channel(p, plan_arg(p, 2), a));
}

void plan_layer_norm(struct plan *p)
{
	struct val *a = plan_arg(p, 0), *bias = plan_opt(p, 2), *d;
	float epsilon = plan_float(p, "epsilon", 1e-5f);
	unsigned int axis = plan_axis(p, plan_int(p, "axis", -1), a->shape.rank);
	struct shape rows = rows_before(&a->shape, axis),
		     column = { 2, { rows.dim[0], 1 } };
	struct shape kept = a->shape;
	struct moments m;
	unsigned int i;

	if (plan_int(p, "stash_type", 1) != 1)
		plan_fail(p, "a stash_type other than float is not supported");
	if (plan_failed(p))
		return;
	d = plan_result(p, 0, a->type, &a->shape);
	for (i = axis; i < kept.rank; i++)
		kept.dim[i] = 1;
	m.mean = plan_view(p, plan_result(p, 1, a->type, &kept), &column);
	m.inverse = plan_view(p, plan_result(p, 2, a->type, &kept), &column);
	standardize(p, plan_view(p, d, &rows), plan_view(p, a, &rows), &m, epsilon);
	emit_binary(p, NPU_OP_MUL, d, d, plan_arg(p, 1));
	if (bias)
		emit_binary(p, NPU_OP_ADD, d, d, bias);
}
