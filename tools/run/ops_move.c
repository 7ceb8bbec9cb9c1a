// SPDX-License-Identifier: MIT
/* Operators that move elements: strided copies, and fills. */
#include <inttypes.h>
#include <string.h>

#include "onnx_file.h"
#include "ops.h"

void plan_transpose(struct plan *p)
{
	struct val *a = plan_arg(p, 0), *d;
	unsigned int rank = a->shape.rank, perm[MAX_RANK], mask = 0, i;
	struct shape shape = { .rank = rank };
	int64_t axes[MAX_RANK];
	npu_tensor_id from;
	int n = plan_ints(p, "perm", axes, MAX_RANK);

	if (n >= 0 && (unsigned int)n != rank)
		plan_fail(p, "%d axes for rank %u", n, rank);
	for (i = 0; i < rank && !plan_failed(p); i++) {
		perm[i] = n < 0 ? rank - 1 - i : plan_axis(p, axes[i], rank);
		shape.dim[i] = a->shape.dim[perm[i]];
		mask |= 1u << perm[i];
	}
	if (!plan_failed(p) && mask != (1u << rank) - 1)
		plan_fail(p, "an axis is named twice");
	d = plan_result(p, 0, a->type, &shape);
	from = plan_id(p, a);
	if (!plan_failed(p) && rank)
		from = emitted(p, npu_view_transpose(p->prog, from, perm));
	emit_copy(p, plan_id(p, d), from);
}

/* A part of v that has extent elements from start on along one axis. */
static npu_tensor_id part(struct plan *p, struct val *v, unsigned int axis,
			  uint64_t start, uint64_t extent)
{
	npu_tensor_id id = plan_id(p, v);
	uint64_t from[MAX_RANK] = { 0 };
	struct shape s = v->shape;

	if (plan_failed(p))
		return -1;
	from[axis] = start;
	s.dim[axis] = extent;
	return emitted(p, npu_view_slice(p->prog, id, from, s.dim));
}

/* The common shape of a Concat's inputs, as long as all of them along the axis. */
static struct shape concat_shape(struct plan *p, unsigned int axis)
{
	struct val *first = plan_arg(p, 0), *v;
	struct shape sum = first->shape, s;
	unsigned int i;

	for (i = 1; i < p->node->inputs && !plan_failed(p); i++) {
		v = plan_arg(p, i);
		s = v->shape;
		if (s.rank == sum.rank)
			s.dim[axis] = sum.dim[axis];
		if (v->type != first->type || !shape_equal(&s, &sum))
			plan_fail(p, "input %u does not fit the others", i);
		else
			sum.dim[axis] += v->shape.dim[axis];
		if (sum.dim[axis] > MAX_BYTES)
			plan_fail(p, "a tensor is too large");
	}
	return sum;
}

void plan_concat(struct plan *p)
{
	unsigned int axis = plan_axis(p, plan_int(p, "axis", 0),
				      plan_arg(p, 0)->shape.rank);
	struct shape shape = concat_shape(p, axis);
	struct val *d, *a;
	uint64_t at = 0;
	unsigned int i;

	d = plan_result(p, 0, plan_arg(p, 0)->type, &shape);
	for (i = 0; i < p->node->inputs && !plan_failed(p); i++) {
		a = plan_arg(p, i);
		if (!a->count)
			continue;
		emit_copy(p, part(p, d, axis, at, a->shape.dim[axis]), plan_id(p, a));
		at += a->shape.dim[axis];
	}
}

/* The lengths of a Split's outputs. */
static void split_lengths(struct plan *p, uint64_t extent, uint64_t *length)
{
	unsigned int i, parts = p->node->outputs;
	int64_t given[64], sum = 0;
	int n = plan_ints_either(p, "split", 1, given, 64);
	uint64_t chunk;

	plan_int(p, "num_outputs", parts);
	if (n >= 0 && (unsigned int)n != parts)
		plan_fail(p, "%d lengths for %u outputs", n, parts);
	chunk = (extent + parts - 1) / parts;
	for (i = 0; i < parts && !plan_failed(p); i++) {
		length[i] = i < parts - 1 ? chunk : extent - chunk * (parts - 1);
		if (n >= 0)
			length[i] = given[i];
		if (length[i] > extent)
			plan_fail(p, "lengths that do not fit");
		else
			sum += length[i];
	}
	if (!plan_failed(p) && (uint64_t)sum != extent)
		plan_fail(p, "lengths that do not add up to %" PRIu64, extent);
}

void plan_split(struct plan *p)
{
	struct val *a = plan_arg(p, 0), *d;
	unsigned int axis = plan_axis(p, plan_int(p, "axis", 0), a->shape.rank);
	uint64_t length[64], at = 0;
	struct shape s = a->shape;
	unsigned int i;

	if (p->node->outputs > 64)
		plan_fail(p, "%u outputs", p->node->outputs);
	if (!plan_failed(p))
		split_lengths(p, a->shape.dim[axis], length);
	for (i = 0; i < p->node->outputs && !plan_failed(p); i++) {
		s.dim[axis] = length[i];
		d = plan_result(p, i, a->type, &s);
		emit_copy(p, plan_id(p, d), part(p, a, axis, at, length[i]));
		at += length[i];
	}
}

/* ---- Slice ---- */

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
	return value < low ? low : value > high ? high : value;
}

/* One dimension by NumPy's rules for start:end:step. */
static void slice_dim(struct plan *p, int64_t extent, int64_t start, int64_t end,
		      int64_t step, unsigned int axis, struct slice *s)
{
	int64_t first, last;

	if (!step || step == INT64_MIN) {
		plan_fail(p, "step %" PRId64, step);
		return;
	}
	first = start < 0 ? clamp(start, -extent - 1, -1) + extent : start;
	last = end < 0 ? clamp(end, -extent - 1, -1) + extent : end;
	if (step > 0) {
		first = clamp(first, 0, extent);
		last = clamp(last, 0, extent);
		s->shape.dim[axis] = last <= first ?
					     0 :
					     (uint64_t)(last - first - 1) / step + 1;
	} else {
		first = clamp(first, -1, extent - 1);
		last = clamp(last, -1, extent - 1);
		s->shape.dim[axis] = first <= last ?
					     0 :
					     (uint64_t)(first - last - 1) / -step + 1;
	}
	s->start[axis] = first;
	/* What a step of a single element would be does not matter. */
	s->step[axis] = s->shape.dim[axis] > 1 ? step : 1;
}

void slice_range(struct plan *p, const struct shape *in, struct slice *s)
{
	int64_t start[MAX_RANK], end[MAX_RANK], axes[MAX_RANK], step[MAX_RANK];
	int n = plan_ints_either(p, "starts", 1, start, MAX_RANK);
	int ends = plan_ints_either(p, "ends", 2, end, MAX_RANK);
	int named = plan_ints_either(p, "axes", 3, axes, MAX_RANK);
	int steps = plan_arg_ints(p, 4, step, MAX_RANK);
	unsigned int i, axis;

	s->shape = *in;
	for (i = 0; i < in->rank; i++) {
		s->start[i] = 0;
		s->step[i] = 1;
	}
	if (n < 0 || ends != n || (named >= 0 && named != n) ||
	    (steps >= 0 && steps != n) || n > (int)in->rank)
		plan_fail(p, "starts, ends, axes and steps that do not match");
	for (i = 0; (int)i < n && !plan_failed(p); i++) {
		axis = named < 0 ? i : plan_axis(p, axes[i], in->rank);
		slice_dim(p, in->dim[axis], start[i], end[i], steps < 0 ? 1 : step[i],
			  axis, s);
	}
}

npu_tensor_id slice_view(struct plan *p, struct val *v, const struct slice *s)
{
	int64_t stride[MAX_RANK] = { 0 };
	uint64_t offset, bytes;
	unsigned int i;

	plan_id(p, v);
	if (plan_failed(p))
		return -1;
	if (!v->shape.rank)
		return plan_id(p, v);
	bytes = npu_dtype_size(element(v->type)->dtype);
	offset = v->place->offset;
	for (i = v->shape.rank; i-- > 0;) {
		offset += (uint64_t)s->start[i] * bytes;
		stride[i] = s->step[i] * (int64_t)bytes;
		bytes *= v->shape.dim[i];
	}
	return emitted(p, npu_tensor_strided(p->prog, v->place->base, offset,
					     element(v->type)->dtype, s->shape.rank,
					     s->shape.dim, stride));
}

void plan_slice(struct plan *p)
{
	struct val *a = plan_arg(p, 0), *d;
	struct slice s;

	slice_range(p, &a->shape, &s);
	if (plan_failed(p))
		return;
	d = plan_result(p, 0, a->type, &s.shape);
	emit_copy(p, plan_id(p, d), slice_view(p, a, &s));
}

/* ---- Expand, Pad ---- */

/* The numbers of a list as a shape. */
static struct shape list_shape(struct plan *p, unsigned int index)
{
	int64_t dims[MAX_RANK];
	int i, n = plan_arg_ints(p, index, dims, MAX_RANK);
	struct shape s = { .rank = n < 0 ? 0 : n };

	for (i = 0; i < n; i++) {
		if (dims[i] < 0 || (uint64_t)dims[i] > MAX_BYTES)
			plan_fail(p, "extent %" PRId64, dims[i]);
		s.dim[i] = dims[i];
	}
	return s;
}

void plan_expand(struct plan *p)
{
	struct val *a = plan_arg(p, 0), *d;
	struct shape want = list_shape(p, 1), shape;
	npu_tensor_id from;

	if (!plan_failed(p) && !broadcast(&a->shape, &want, &shape))
		plan_fail(p, "a shape to which the input does not stretch");
	if (plan_failed(p))
		return;
	d = plan_result(p, 0, a->type, &shape);
	from = plan_id(p, a);
	if (!plan_failed(p) && shape.rank)
		from = emitted(p,
			       npu_view_broadcast(p->prog, from, shape.rank, shape.dim));
	emit_copy(p, plan_id(p, d), from);
}

/* What a constant Pad pads with. */
static double pad_value(struct plan *p)
{
	struct val *v = plan_opt(p, 2);

	if (p->graph->opset < 11)
		return plan_float(p, "value", 0);
	if (!v)
		return 0;
	if (!v->known || v->count != 1) {
		plan_fail(p, "a value that is not known before the run");
		return 0;
	}
	return tensor_number(v->known, 0);
}

void plan_pad(struct plan *p)
{
	static const char *const modes[] = { "constant", NULL };
	struct val *a = plan_arg(p, 0), *d;
	unsigned int rank = a->shape.rank, i;
	int64_t pads[2 * MAX_RANK];
	uint64_t start[MAX_RANK];
	struct shape shape = a->shape;
	npu_tensor_id inner;
	double value;
	int n;

	plan_choice(p, "mode", modes);
	value = pad_value(p);
	n = plan_ints_either(p, "pads", 1, pads, 2 * MAX_RANK);
	if (n != 2 * (int)rank)
		plan_fail(p, "%d pads for rank %u", n, rank);
	if (plan_opt(p, 3))
		plan_fail(p, "axes are not supported");
	for (i = 0; i < rank && !plan_failed(p); i++) {
		if (pads[i] < 0 || pads[rank + i] < 0 || pads[i] > UINT32_MAX ||
		    pads[rank + i] > UINT32_MAX)
			plan_fail(p, "padding by %" PRId64 " and %" PRId64, pads[i],
				  pads[rank + i]);
		start[i] = pads[i];
		shape.dim[i] += pads[i] + pads[rank + i];
	}
	d = plan_result(p, 0, a->type, &shape);
	emit_fill(p, d, value);
	inner = plan_id(p, d);
	if (!plan_failed(p) && rank)
		inner = emitted(p, npu_view_slice(p->prog, inner, start, a->shape.dim));
	emit_copy(p, inner, plan_id(p, a));
}

/* ---- DepthToSpace, SpaceToDepth ---- */

/* Dimensions 0 to 5 of a tensor in another order. */
static npu_tensor_id shuffled(struct plan *p, struct val *v, const struct shape *six,
			      const unsigned int *order)
{
	npu_tensor_id id = plan_id(p, plan_view(p, v, six));

	if (plan_failed(p) || !order)
		return id;
	return emitted(p, npu_view_transpose(p->prog, id, order));
}

/*
 * Both cut an image into b x b blocks and move the place within the block to or from
 * the channels: a permutation of six dimensions.
 */
void plan_space_depth(struct plan *p)
{
	/* n b b c h w, or n c b b h w, or n c h b w b: to the result's order. */
	static const unsigned int dcr[] = { 0, 3, 4, 1, 5, 2 };
	static const unsigned int crd[] = { 0, 1, 4, 2, 5, 3 };
	static const unsigned int to_depth[] = { 0, 3, 5, 1, 2, 4 };
	static const char *const modes[] = { "DCR", "CRD", NULL };
	bool deep = op_of(p)->code;
	unsigned int mode = deep ? 0 : plan_choice(p, "mode", modes);
	const unsigned int *order = deep ? to_depth : mode ? crd : dcr;
	uint64_t b = plan_int(p, "blocksize", 0), n, c, h, w;
	struct val *a = plan_arg(p, 0), *d;
	struct shape six, out, result;
	unsigned int i;

	if (a->shape.rank != 4 || !b || b > UINT16_MAX ||
	    (deep ? a->shape.dim[2] % b || a->shape.dim[3] % b :
		    a->shape.dim[1] % (b * b))) {
		plan_fail(p, "a blocksize that does not fit the input");
		return;
	}
	n = a->shape.dim[0];
	c = deep ? a->shape.dim[1] : a->shape.dim[1] / (b * b);
	h = deep ? a->shape.dim[2] / b : a->shape.dim[2];
	w = deep ? a->shape.dim[3] / b : a->shape.dim[3];
	six = deep ? (struct shape){ 6, { n, c, h, b, w, b } } :
	      mode ? (struct shape){ 6, { n, c, b, b, h, w } } :
		     (struct shape){ 6, { n, b, b, c, h, w } };
	result = six;
	for (i = 0; i < 6; i++)
		result.dim[i] = six.dim[order[i]];
	out = deep ? (struct shape){ 4, { n, c * b * b, h, w } } :
		     (struct shape){ 4, { n, c, h * b, w * b } };
	d = plan_result(p, 0, a->type, &out);
	emit_copy(p, shuffled(p, d, &result, NULL), shuffled(p, a, &six, order));
}

/* ---- ConstantOfShape ---- */

void plan_constant_of_shape(struct plan *p)
{
	const Onnx__AttributeProto *a =
		plan_attribute(p, "value", ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR);
	struct shape shape = list_shape(p, 0);
	int32_t type = TYPE_FLOAT;
	double value = 0;
	struct tensor t;

	if (a && a->t) {
		if (onnx_tensor(&t, a->t, "value", p->err))
			return;
		type = t.type;
		if (t.count != 1)
			plan_fail(p, "a value that is no scalar");
		else
			value = tensor_number(&t, 0);
		tensor_free(&t);
	}
	if (type == TYPE_INT64 && value != (int32_t)value)
		plan_fail(p, "a 64-bit integer that the card's 32 bits cannot hold");
	emit_fill(p, plan_result(p, 0, type, &shape), value);
}
