// SPDX-License-Identifier: MIT
/* Activations that are made of several instructions. */
#include "ops.h"

static struct val *like(struct plan *p, const struct val *a)
{
	return plan_temp(p, a->type, &a->shape);
}

/* max(a, 0) + slope * min(a, 0) */
static void two_slopes(struct plan *p, struct val *a, struct val *slope)
{
	struct val *d = plan_result(p, 0, a->type, &a->shape);
	struct val *low = like(p, a);

	emit_binary(p, NPU_OP_MIN, low, a, plan_literal(p, a->type, 0));
	emit_binary(p, NPU_OP_MUL, low, low, slope);
	emit_unary(p, NPU_OP_RELU, d, a);
	emit_binary(p, NPU_OP_ADD, d, d, low);
}

void plan_leaky_relu(struct plan *p)
{
	struct val *a = plan_arg(p, 0);

	two_slopes(p, a, plan_literal(p, a->type, plan_float(p, "alpha", 0.01f)));
}

void plan_prelu(struct plan *p)
{
	struct val *a = plan_arg(p, 0), *slope = plan_arg(p, 1);
	struct shape shape;

	/* Of old the slope was one for each channel. */
	if (p->graph->opset < 7 && slope->shape.rank == 1 && slope->count > 1 &&
	    a->shape.rank > 1)
		slope = per_channel(p, slope, a);
	if (!plan_failed(p) &&
	    (slope->type != a->type || !broadcast(&a->shape, &slope->shape, &shape) ||
	     !shape_equal(&shape, &a->shape)))
		plan_fail(p, "a slope that does not fit the input");
	two_slopes(p, a, slope);
}

/*
 * gain * (max(a, 0) + alpha * (e^(min(a, 0) / inner) - 1)); Elu has neither gain nor
 * inner, Selu a gain, Celu inner = alpha.
 */
void plan_exponential(struct plan *p)
{
	static const float alphas[] = { 1, 1.67326319217681884765625f, 1 };
	unsigned int kind = op_of(p)->code;
	float alpha = plan_float(p, "alpha", alphas[kind]);
	struct val *a = plan_arg(p, 0);
	struct val *d = plan_result(p, 0, a->type, &a->shape);
	struct val *low = like(p, a);

	emit_binary(p, NPU_OP_MIN, low, a, plan_literal(p, a->type, 0));
	if (kind == 2)
		emit_binary(p, NPU_OP_DIV, low, low, plan_literal(p, a->type, alpha));
	emit_unary(p, NPU_OP_EXP, low, low);
	emit_binary(p, NPU_OP_SUB, low, low, plan_literal(p, a->type, 1));
	emit_binary(p, NPU_OP_MUL, low, low, plan_literal(p, a->type, alpha));
	emit_unary(p, NPU_OP_RELU, d, a);
	emit_binary(p, NPU_OP_ADD, d, d, low);
	if (kind == 1)
		emit_binary(p, NPU_OP_MUL, d, d,
			    plan_literal(p, a->type,
					 plan_float(p, "gamma",
						    1.05070102214813232421875f)));
}

/* max(a, 0) + ln(1 + e^-|a|), which does not overflow. */
void plan_softplus(struct plan *p)
{
	struct val *a = plan_arg(p, 0);
	struct val *d = plan_result(p, 0, a->type, &a->shape);
	struct val *t = like(p, a);

	emit_unary(p, NPU_OP_ABS, t, a);
	emit_unary(p, NPU_OP_NEG, t, t);
	emit_unary(p, NPU_OP_EXP, t, t);
	emit_binary(p, NPU_OP_ADD, t, t, plan_literal(p, a->type, 1));
	emit_unary(p, NPU_OP_LOG, t, t);
	emit_unary(p, NPU_OP_RELU, d, a);
	emit_binary(p, NPU_OP_ADD, d, d, t);
}

void plan_softsign(struct plan *p)
{
	struct val *a = plan_arg(p, 0);
	struct val *d = plan_result(p, 0, a->type, &a->shape);
	struct val *t = like(p, a);

	emit_unary(p, NPU_OP_ABS, t, a);
	emit_binary(p, NPU_OP_ADD, t, t, plan_literal(p, a->type, 1));
	emit_binary(p, NPU_OP_DIV, d, a, t);
}

/* max(0, min(1, alpha * a + beta)) */
static void hard_sigmoid(struct plan *p, struct val *d, struct val *a, float alpha,
			 float beta)
{
	emit_binary(p, NPU_OP_MUL, d, a, plan_literal(p, a->type, alpha));
	emit_binary(p, NPU_OP_ADD, d, d, plan_literal(p, a->type, beta));
	emit_binary(p, NPU_OP_MIN, d, d, plan_literal(p, a->type, 1));
	emit_unary(p, NPU_OP_RELU, d, d);
}

void plan_hard_sigmoid(struct plan *p)
{
	struct val *a = plan_arg(p, 0);
	float alpha = plan_float(p, "alpha", 0.2f);
	float beta = plan_float(p, "beta", 0.5f);

	hard_sigmoid(p, plan_result(p, 0, a->type, &a->shape), a, alpha, beta);
}

void plan_hard_swish(struct plan *p)
{
	struct val *a = plan_arg(p, 0);
	struct val *d = plan_result(p, 0, a->type, &a->shape);

	hard_sigmoid(p, d, a, 1.0f / 6, 0.5f);
	emit_binary(p, NPU_OP_MUL, d, d, a);
}
