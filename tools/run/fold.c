// SPDX-License-Identifier: MIT
/*
 * Integers that are known before anything runs: what models compute from the shapes
 * of their tensors, to reshape others.
 */
#include <inttypes.h>
#include <string.h>

#include "onnx_file.h"
#include "ops.h"

/* Shapes are short: what is longer than this is data, and belongs on the card. */
#define MAX_FOLD 65536

static bool new_result(struct plan *p, struct tensor *t, int32_t type,
		       const struct shape *shape)
{
	uint64_t count;

	if (plan_failed(p))
		return false;
	if (!shape_count(shape, &count) || count > MAX_FOLD) {
		plan_fail(p, "constants of more than %d integers are not supported",
			  MAX_FOLD);
		return false;
	}
	return !tensor_new(t, type, shape, p->err);
}

/* Where element i of a tensor of shape "to" lies in one of shape "from". */
static uint64_t stretched_index(const struct shape *from, const struct shape *to,
				uint64_t i)
{
	uint64_t at = 0, step = 1, digit;
	unsigned int d, f;

	for (d = to->rank; d-- > 0; i /= to->dim[d]) {
		digit = i % to->dim[d];
		if (d + from->rank < to->rank)
			continue;
		f = d + from->rank - to->rank;
		if (from->dim[f] != 1)
			at += digit * step;
		step *= from->dim[f];
	}
	return at;
}

static bool arithmetic(struct plan *p, int32_t type, int64_t a, int64_t b, int64_t *to)
{
	bool over = false;

	switch (op_of(p)->code) {
	case NPU_OP_ADD:
		over = __builtin_add_overflow(a, b, to);
		break;
	case NPU_OP_SUB:
		over = __builtin_sub_overflow(a, b, to);
		break;
	case NPU_OP_MUL:
		over = __builtin_mul_overflow(a, b, to);
		break;
	default:
		over = !b || (a == INT64_MIN && b == -1);
		*to = over ? 0 : a / b;
	}
	if (type == TYPE_INT32 && *to != (int32_t)*to)
		over = true;
	if (over)
		plan_fail(p, "constants that overflow, or a division by zero");
	return !over;
}

void fold_binary(struct plan *p)
{
	struct val *a = plan_arg(p, 0), *b = plan_arg(p, 1);
	struct shape shape;
	struct tensor t;
	int64_t result;
	uint64_t i;

	broadcast_args(p, 0, &shape);
	if (!new_result(p, &t, a->type, &shape))
		return;
	for (i = 0; i < t.count; i++) {
		if (!arithmetic(p, a->type,
				tensor_integer(a->known,
					       stretched_index(&a->shape, &shape, i)),
				tensor_integer(b->known,
					       stretched_index(&b->shape, &shape, i)),
				&result))
			break;
		tensor_set_integer(&t, i, result);
	}
	plan_known(p, 0, &t);
}

void fold_neg(struct plan *p)
{
	struct val *a = plan_arg(p, 0);
	struct tensor t;
	uint64_t i;

	if (!new_result(p, &t, a->type, &a->shape))
		return;
	for (i = 0; i < t.count; i++)
		tensor_set_integer(&t, i, 0 - (uint64_t)tensor_integer(a->known, i));
	plan_known(p, 0, &t);
}

void fold_cast(struct plan *p)
{
	int32_t to = plan_int(p, "to", 0);
	struct val *a = plan_arg(p, 0);
	struct tensor t;
	uint64_t i;

	if (!type_is_integer(to) && to != TYPE_FLOAT) {
		plan_fail(p, "a cast to %s is not supported", element_name(to));
		return;
	}
	if (!new_result(p, &t, to, &a->shape))
		return;
	for (i = 0; i < t.count; i++)
		if (to == TYPE_FLOAT)
			((float *)t.data)[i] = tensor_integer(a->known, i);
		else
			tensor_set_integer(&t, i, tensor_integer(a->known, i));
	plan_known(p, 0, &t);
}

void fold_concat(struct plan *p)
{
	struct shape shape = { .rank = 1 };
	struct tensor t;
	uint64_t i, at = 0;
	unsigned int k;

	plan_axis(p, plan_int(p, "axis", 0), 1);
	for (k = 0; k < p->node->inputs && !plan_failed(p); k++) {
		if (plan_arg(p, k)->shape.rank != 1 ||
		    plan_arg(p, k)->type != plan_arg(p, 0)->type)
			plan_fail(p, "constants that are no lists of one type");
		shape.dim[0] += plan_arg(p, k)->count;
	}
	if (!new_result(p, &t, plan_arg(p, 0)->type, &shape))
		return;
	for (k = 0; k < p->node->inputs; k++)
		for (i = 0; i < plan_arg(p, k)->count; i++)
			tensor_set_integer(&t, at++,
					   tensor_integer(plan_arg(p, k)->known, i));
	plan_known(p, 0, &t);
}

/* Numbers picked out of a list. */
void fold_gather(struct plan *p)
{
	struct val *a = plan_arg(p, 0), *index = plan_arg(p, 1);
	struct tensor t;
	uint64_t i;
	int64_t at;

	plan_axis(p, plan_int(p, "axis", 0), 1);
	if (!plan_failed(p) && a->shape.rank != 1)
		plan_fail(p, "a constant that is no list");
	if (!new_result(p, &t, a->type, &index->shape))
		return;
	for (i = 0; i < t.count; i++) {
		at = tensor_integer(index->known, i);
		if (at < 0)
			at += a->count;
		if (at < 0 || (uint64_t)at >= a->count) {
			plan_fail(p, "an index outside the input");
			break;
		}
		tensor_set_integer(&t, i, tensor_integer(a->known, at));
	}
	plan_known(p, 0, &t);
}

void fold_slice(struct plan *p)
{
	struct val *a = plan_arg(p, 0);
	struct tensor t;
	struct slice s;
	uint64_t i;

	slice_range(p, &a->shape, &s);
	if (!plan_failed(p) && a->shape.rank != 1)
		plan_fail(p, "a constant that is no list");
	if (!new_result(p, &t, a->type, &s.shape))
		return;
	for (i = 0; i < t.count; i++)
		tensor_set_integer(&t, i,
				   tensor_integer(a->known,
						  s.start[0] + (int64_t)i * s.step[0]));
	plan_known(p, 0, &t);
}

/* Integers become known; anything else is filled in by the card. */
void fold_constant_of_shape(struct plan *p)
{
	const Onnx__AttributeProto *a =
		plan_attribute(p, "value", ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR);
	int64_t dims[MAX_RANK];
	struct shape shape = { .rank = 0 };
	struct tensor value, t;
	uint64_t i;
	int n;

	if (!a || !a->t || !type_is_integer(a->t->data_type)) {
		plan_constant_of_shape(p);
		return;
	}
	n = plan_arg_ints(p, 0, dims, MAX_RANK);
	for (i = 0; (int)i < n && !plan_failed(p); i++) {
		if (dims[i] < 0)
			plan_fail(p, "extent %" PRId64, dims[i]);
		shape.dim[shape.rank++] = dims[i];
	}
	if (plan_failed(p) || onnx_tensor(&value, a->t, "value", p->err))
		return;
	if (value.count != 1)
		plan_fail(p, "a value that is no scalar");
	if (new_result(p, &t, value.type, &shape)) {
		for (i = 0; i < t.count; i++)
			tensor_set_integer(&t, i, tensor_integer(&value, 0));
		plan_known(p, 0, &t);
	}
	tensor_free(&value);
}
