// SPDX-License-Identifier: MIT
/* Operators that move nothing: another shape of the same bytes, or constants. */
#include <inttypes.h>
#include <string.h>

#include "onnx_file.h"
#include "ops.h"

void plan_identity(struct plan *p)
{
	struct val *a = plan_arg(p, 0);

	plan_alias(p, 0, a, &a->shape);
}

/* Drops nothing when a model is not being trained. */
void plan_dropout(struct plan *p)
{
	struct val *a = plan_arg(p, 0), *training = plan_opt(p, 2);

	plan_float(p, "ratio", 0.5f);
	plan_int(p, "seed", 0);
	plan_int(p, "is_test", 1);
	if (training && (!training->constant || training->type != TYPE_BOOL ||
			 training->count != 1 || tensor_integer(training->known, 0)))
		plan_fail(p, "training is not supported");
	plan_alias(p, 0, a, &a->shape);
}

static void reshape_shape(struct plan *p, const struct val *in, struct shape *out)
{
	bool allow_zero = plan_int(p, "allowzero", 0);
	int64_t dims[MAX_RANK];
	int i, open = -1, n = plan_ints_either(p, "shape", 1, dims, MAX_RANK);
	uint64_t count = 1;

	*out = (struct shape){ .rank = n < 0 ? 0 : n };
	if (n < 0)
		plan_fail(p, "no shape");
	for (i = 0; i < n; i++) {
		if (dims[i] == -1 && open < 0) {
			open = i;
			out->dim[i] = 1;
		} else if (!dims[i] && !allow_zero && (unsigned int)i < in->shape.rank) {
			out->dim[i] = in->shape.dim[i];
		} else if (dims[i] >= 0) {
			out->dim[i] = dims[i];
		} else {
			plan_fail(p, "extent %" PRId64, dims[i]);
		}
	}
	if (plan_failed(p) || !shape_count(out, &count)) {
		plan_fail(p, "a tensor is too large");
		return;
	}
	if (open >= 0 && count && in->count % count == 0)
		out->dim[open] = in->count / count;
	if (!shape_count(out, &count) || count != in->count)
		plan_fail(p, "%" PRIu64 " elements do not fit the new shape", in->count);
}

void plan_reshape(struct plan *p)
{
	struct val *a = plan_arg(p, 0);
	struct shape shape;

	reshape_shape(p, a, &shape);
	if (!plan_failed(p))
		plan_alias(p, 0, a, &shape);
}

void plan_flatten(struct plan *p)
{
	struct val *a = plan_arg(p, 0);
	struct shape shape = { 2, { 1, 1 } };
	int64_t axis = plan_int(p, "axis", 1);
	unsigned int i;

	if (axis < 0)
		axis += a->shape.rank;
	if (axis < 0 || axis > a->shape.rank)
		plan_fail(p, "axis out of range for rank %u", a->shape.rank);
	for (i = 0; i < a->shape.rank; i++)
		shape.dim[i >= axis] *= a->shape.dim[i];
	if (!plan_failed(p))
		plan_alias(p, 0, a, &shape);
}

static void squeeze_shape(struct plan *p, const struct val *in, struct shape *out)
{
	int64_t axes[MAX_RANK];
	int n = plan_ints_either(p, "axes", 1, axes, MAX_RANK);
	unsigned int i, mask = 0;

	for (i = 0; (int)i < n; i++)
		mask |= 1u << plan_axis(p, axes[i], in->shape.rank);
	*out = (struct shape){ .rank = 0 };
	for (i = 0; i < in->shape.rank; i++) {
		if (n < 0 ? in->shape.dim[i] == 1 : mask >> i & 1) {
			if (in->shape.dim[i] != 1)
				plan_fail(p, "axis %u is not of extent 1", i);
			continue;
		}
		out->dim[out->rank++] = in->shape.dim[i];
	}
}

void plan_squeeze(struct plan *p)
{
	struct val *a = plan_arg(p, 0);
	struct shape shape;

	squeeze_shape(p, a, &shape);
	if (!plan_failed(p))
		plan_alias(p, 0, a, &shape);
}

static void unsqueeze_shape(struct plan *p, const struct val *in, struct shape *out)
{
	int64_t axes[MAX_RANK];
	int n = plan_ints_either(p, "axes", 1, axes, MAX_RANK);
	unsigned int i, from = 0, rank = in->shape.rank, mask = 0;

	*out = (struct shape){ .rank = 0 };
	if (n < 0)
		plan_fail(p, "no axes");
	else if (rank + n > MAX_RANK)
		plan_fail(p, "rank %u, the card has %d", rank + n, MAX_RANK);
	if (plan_failed(p))
		return;
	rank += n;
	for (i = 0; (int)i < n; i++)
		mask |= 1u << plan_axis(p, axes[i], rank);
	if (__builtin_popcount(mask) != n)
		plan_fail(p, "an axis is named twice");
	if (plan_failed(p))
		return;
	for (i = 0; i < rank; i++)
		out->dim[i] = mask >> i & 1 ? 1 : in->shape.dim[from++];
	out->rank = rank;
}

void plan_unsqueeze(struct plan *p)
{
	struct val *a = plan_arg(p, 0);
	struct shape shape;

	unsqueeze_shape(p, a, &shape);
	if (!plan_failed(p))
		plan_alias(p, 0, a, &shape);
}

/* A position that may count from the end, cut to 0 .. rank. */
static unsigned int clamp_axis(int64_t axis, unsigned int rank)
{
	if (axis < 0)
		axis += rank;
	if (axis < 0)
		return 0;
	return axis > rank ? rank : axis;
}

/* Shape and Size: known before anything runs. */
void plan_shape(struct plan *p)
{
	struct val *a = plan_arg(p, 0);
	bool size = op_of(p)->code;
	unsigned int start, end, i;
	struct shape shape = { .rank = 0 };
	struct tensor t;

	start = size ? 0 : clamp_axis(plan_int(p, "start", 0), a->shape.rank);
	end = size ? 0 : clamp_axis(plan_int(p, "end", a->shape.rank), a->shape.rank);
	if (!size)
		shape = (struct shape){ 1, { end > start ? end - start : 0 } };
	if (plan_failed(p) || tensor_new(&t, TYPE_INT64, &shape, p->err))
		return;
	for (i = start; i < end; i++)
		tensor_set_integer(&t, i - start, a->shape.dim[i]);
	if (size)
		tensor_set_integer(&t, 0, a->count);
	plan_known(p, 0, &t);
}

/* A list of integers or floats as a tensor, of rank 0 for a single one. */
static void known_list(struct plan *p, int32_t type, const void *from, size_t count,
		       unsigned int rank)
{
	const struct shape shape = { rank, { count } };
	struct tensor t;

	if (tensor_new(&t, type, &shape, p->err))
		return;
	if (count)
		memcpy(t.data, from, count * element(type)->size);
	plan_known(p, 0, &t);
}

void plan_constant(struct plan *p)
{
	const Onnx__NodeProto *proto = p->node->proto;
	const Onnx__AttributeProto *a = proto->n_attribute ? proto->attribute[0] : NULL;
	const char *name = a && a->name ? a->name : "";
	char what[200];
	struct tensor t;

	p->attributes_read = 1;
	if (!strcmp(name, "value") && a->t) {
		node_text(p->node, what, sizeof(what));
		if (!onnx_tensor(&t, a->t, what, p->err))
			plan_known(p, 0, &t);
	} else if (!strcmp(name, "value_float")) {
		known_list(p, TYPE_FLOAT, &a->f, 1, 0);
	} else if (!strcmp(name, "value_floats")) {
		known_list(p, TYPE_FLOAT, a->floats, a->n_floats, 1);
	} else if (!strcmp(name, "value_int")) {
		known_list(p, TYPE_INT64, &a->i, 1, 0);
	} else if (!strcmp(name, "value_ints")) {
		known_list(p, TYPE_INT64, a->ints, a->n_ints, 1);
	} else {
		plan_fail(p, "a constant without a value that is supported");
	}
}
