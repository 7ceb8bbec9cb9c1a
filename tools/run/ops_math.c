// SPDX-License-Identifier: MIT
/* Element-wise operators that are instructions, or nearly. */
#include <math.h>

#include "ops.h"

void plan_unary(struct plan *p)
{
	struct val *a = plan_arg(p, 0);

	emit_unary(p, op_of(p)->code, plan_result(p, 0, a->type, &a->shape), a);
}

void plan_binary(struct plan *p)
{
	struct shape shape;
	struct val *d;

	broadcast_args(p, 0, &shape);
	d = plan_result(p, 0, plan_arg(p, 0)->type, &shape);
	emit_binary(p, op_of(p)->code, d, plan_arg(p, 0), plan_arg(p, 1));
}

/* From left to right; the sum so far lies in the result. */
static struct val *accumulate(struct plan *p)
{
	struct val *d, *a = plan_arg(p, 0);
	struct shape shape;
	unsigned int i;

	broadcast_args(p, 0, &shape);
	d = plan_result(p, 0, a->type, &shape);
	if (plan_failed(p))
		return d;
	if (p->node->inputs == 1)
		emit_copy(p, plan_id(p, d), plan_id(p, a));
	else
		emit_binary(p, op_of(p)->code, d, a, plan_arg(p, 1));
	for (i = 2; i < p->node->inputs; i++)
		emit_binary(p, op_of(p)->code, d, d, plan_arg(p, i));
	return d;
}

void plan_variadic(struct plan *p)
{
	accumulate(p);
}

void plan_mean(struct plan *p)
{
	struct val *sum = accumulate(p);

	emit_binary(p, NPU_OP_DIV, sum, sum, plan_literal(p, sum->type, p->node->inputs));
}

void plan_reciprocal(struct plan *p)
{
	struct val *a = plan_arg(p, 0);
	struct val *d = plan_result(p, 0, a->type, &a->shape);

	emit_binary(p, NPU_OP_DIV, d, plan_literal(p, a->type, 1), a);
}

void plan_gelu(struct plan *p)
{
	static const char *const how[] = { "none", "tanh", NULL };
	struct val *a = plan_arg(p, 0);
	struct val *d = plan_result(p, 0, a->type, &a->shape);

	emit_unary(p, plan_choice(p, "approximate", how) ? NPU_OP_GELU_TANH : NPU_OP_GELU,
		   d, a);
}

/* A limit: an attribute in old models, an input since. NULL: none. */
static struct val *limit(struct plan *p, const char *name, unsigned int index,
			 float otherwise)
{
	struct val *a = plan_arg(p, 0), *v;
	float number;

	if (p->graph->opset < 11) {
		number = plan_float(p, name, otherwise);
		return number == otherwise ? NULL : plan_literal(p, a->type, number);
	}
	v = plan_opt(p, index);
	if (v && v->type != a->type)
		plan_fail(p, "a limit of another type than the input");
	if (v && v->count != 1)
		plan_fail(p, "a limit that is no scalar");
	return v;
}

void plan_clip(struct plan *p)
{
	struct val *a = plan_arg(p, 0), *from = a;
	struct val *low = limit(p, "min", 1, -HUGE_VALF);
	struct val *high = limit(p, "max", 2, HUGE_VALF);
	struct val *d = plan_result(p, 0, a->type, &a->shape);

	if (!low && !high)
		emit_copy(p, plan_id(p, d), plan_id(p, a));
	if (low) {
		emit_binary(p, NPU_OP_MAX, d, from, low);
		from = d;
	}
	if (high)
		emit_binary(p, NPU_OP_MIN, d, from, high);
}

/* Exponents that are an instruction; the card has no general power. */
void plan_pow(struct plan *p)
{
	struct val *a = plan_arg(p, 0), *b = plan_arg(p, 1);
	double exponent = NAN;
	struct val *d;

	if (b->constant && b->count == 1)
		exponent = tensor_number(b->known, 0);
	if (b->shape.rank > a->shape.rank)
		exponent = NAN;
	d = plan_result(p, 0, a->type, &a->shape);
	if (exponent == 2)
		emit_binary(p, NPU_OP_MUL, d, a, a);
	else if (exponent == 0.5)
		emit_unary(p, NPU_OP_SQRT, d, a);
	else if (exponent == -0.5)
		emit_unary(p, NPU_OP_RSQRT, d, a);
	else if (exponent == 1)
		emit_copy(p, plan_id(p, d), plan_id(p, a));
	else
		plan_fail(p, "an exponent other than the constants 2, 1, 0.5 and -0.5 "
			     "is not supported");
}
