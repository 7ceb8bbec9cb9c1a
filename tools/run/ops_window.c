// SPDX-License-Identifier: MIT
/* Convolution and pooling over one or two dimensions; a line is a plane of height 1. */
#include <string.h>

#include "ops.h"

/* What a window does along one dimension. */
struct span {
	int64_t kernel;
	int64_t stride;
	int64_t dilation;
	int64_t begin;
	int64_t end;
	uint64_t in;
	uint64_t out;
};

struct window {
	unsigned int dims;   /* 1 or 2 */
	struct span span[2]; /* height, width; width only if dims is 1 */
};

enum padding { PAD_EXPLICIT, PAD_SAME_UPPER, PAD_SAME_LOWER, PAD_VALID };

/* clang-format off */
static const char *const paddings[] = {
	"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID", NULL
};
/* clang-format on */

static void per_dim(struct plan *p, const char *name, unsigned int dims,
		    int64_t otherwise, int64_t *to)
{
	unsigned int i;
	int n = plan_ints(p, name, to, dims);

	if (n >= 0 && (unsigned int)n != dims)
		plan_fail(p, "attribute '%s' needs %u numbers", name, dims);
	for (i = n < 0 ? 0 : n; i < dims; i++)
		to[i] = otherwise;
}

/* The instruction's fields have 16 bits; this bounds all sums below as well. */
static bool in_field(struct plan *p, const char *what, int64_t value, int64_t least)
{
	if (value < least || value > UINT16_MAX)
		plan_fail(p, "%s %lld is out of range", what, (long long)value);
	return !plan_failed(p);
}

/* Padding that makes the output as large as the input divided by the step. */
static void pad_same(struct span *s, bool more_at_end)
{
	int64_t extent = s->dilation * (s->kernel - 1) + 1;
	int64_t total;

	s->out = (s->in + s->stride - 1) / s->stride;
	total = (int64_t)(s->out - 1) * s->stride + extent - (int64_t)s->in;
	if (total < 0)
		total = 0;
	s->begin = more_at_end ? total / 2 : total - total / 2;
	s->end = total - s->begin;
}

static void slide(struct plan *p, struct span *s, bool ceil)
{
	int64_t extent = s->dilation * (s->kernel - 1) + 1;
	int64_t room = (int64_t)s->in + s->begin + s->end - extent;

	if (room < 0) {
		plan_fail(p, "a window of %lld over %lld elements", (long long)extent,
			  (long long)room + (long long)extent);
		s->out = 1;
		return;
	}
	s->out = room / s->stride + 1;
	/* One more window where that one still begins before the padding's end. */
	if (ceil && room % s->stride &&
	    (int64_t)s->out * s->stride < (int64_t)s->in + s->begin)
		s->out++;
}

/* The window's attributes; kernel is known for a convolution, NULL for a pooling. */
static void read_window(struct plan *p, const struct shape *in, const uint64_t *kernel,
			struct window *w)
{
	enum padding padding = plan_choice(p, "auto_pad", paddings);
	bool ceil = !kernel && plan_int(p, "ceil_mode", 0);
	int64_t k[2] = { 0 }, stride[2], dilation[2], pads[4];
	unsigned int i, n;

	memset(w, 0, sizeof(*w));
	if (in->rank != 3 && in->rank != 4) {
		plan_fail(p, "windows over %d dimensions are not supported",
			  (int)in->rank - 2);
		return;
	}
	w->dims = n = in->rank - 2;
	per_dim(p, "kernel_shape", n, 0, k);
	per_dim(p, "strides", n, 1, stride);
	per_dim(p, "dilations", n, 1, dilation);
	per_dim(p, "pads", 2 * n, 0, pads);
	for (i = 0; i < n && !plan_failed(p); i++) {
		struct span *s = &w->span[i];

		if (kernel && k[i] && (uint64_t)k[i] != kernel[i])
			plan_fail(p, "kernel_shape does not match the weights");
		*s = (struct span){ .kernel = kernel ? (int64_t)kernel[i] : k[i],
				    .stride = stride[i],
				    .dilation = dilation[i],
				    .begin = pads[i],
				    .end = pads[n + i],
				    .in = in->dim[2 + i] };
		if (padding != PAD_EXPLICIT)
			s->begin = s->end = 0;
		if (!in_field(p, "kernel", s->kernel, 1) ||
		    !in_field(p, "stride", s->stride, 1) ||
		    !in_field(p, "dilation", s->dilation, 1))
			return;
		if (padding == PAD_SAME_UPPER || padding == PAD_SAME_LOWER)
			pad_same(s, padding == PAD_SAME_UPPER);
		if (!in_field(p, "padding", s->begin, 0) ||
		    !in_field(p, "padding", s->end, 0))
			return;
		slide(p, s, ceil);
	}
}

static struct npu_insn_window insn_window(const struct window *w)
{
	struct npu_insn_window to = { { 1, 1, 1 }, { 1, 1, 1 }, { 1, 1, 1 },
				      { 0 },	   { 0 },	0 };
	unsigned int i, at;

	for (i = 0; i < w->dims; i++) {
		const struct span *s = &w->span[i];

		at = 2 - w->dims + i;
		to.kernel[at] = s->kernel;
		to.stride[at] = s->stride;
		to.dilation[at] = s->dilation;
		to.pad_begin[at] = s->begin;
		to.pad_end[at] = s->end;
	}
	return to;
}

/* The same tensor with two dimensions behind the first two. */
static struct val *as_plane(struct plan *p, struct val *v)
{
	struct shape s = v->shape;

	if (s.rank != 3)
		return v;
	s.rank = 4;
	s.dim[3] = s.dim[2];
	s.dim[2] = 1;
	return plan_view(p, v, &s);
}

/* Elements under the window; its extents have 16 bits each. */
static uint64_t window_elements(const struct window *w)
{
	return (uint64_t)w->span[0].kernel * (w->dims > 1 ? w->span[1].kernel : 1);
}

static struct shape windowed_shape(const struct window *w, uint64_t batch,
				   uint64_t channels)
{
	struct shape s = { 2 + w->dims, { batch, channels } };
	unsigned int i;

	for (i = 0; i < w->dims; i++)
		s.dim[2 + i] = w->span[i].out;
	return s;
}

static bool check_conv(struct plan *p, const struct val *a, const struct val *w,
		       const struct val *bias)
{
	uint64_t groups = plan_int(p, "group", 1);

	if (plan_failed(p))
		return false;
	if (a->shape.rank < 3 || w->shape.rank != a->shape.rank)
		plan_fail(p, "an input of rank %u with weights of rank %u", a->shape.rank,
			  w->shape.rank);
	else if (!groups || a->shape.dim[1] % groups || w->shape.dim[0] % groups ||
		 a->shape.dim[1] / groups != w->shape.dim[1])
		plan_fail(p, "channels that do not match the weights and groups");
	else if (a->type != w->type || (bias && bias->type != a->type))
		plan_fail(p, "inputs of different types");
	else if (bias && (bias->shape.rank != 1 || bias->shape.dim[0] != w->shape.dim[0]))
		plan_fail(p, "a bias that does not match the weights");
	return !plan_failed(p);
}

void plan_conv(struct plan *p)
{
	struct val *a = plan_arg(p, 0), *w = plan_arg(p, 1), *d;
	struct val *bias = plan_opt(p, 2);
	npu_tensor_id to, from, weight, add;
	struct npu_insn_window insn;
	struct window window;
	struct shape shape;

	if (!check_conv(p, a, w, bias))
		return;
	read_window(p, &a->shape, &w->shape.dim[2], &window);
	if (plan_failed(p))
		return;
	if (w->shape.dim[1] > NPU_MAX_CONTRACTION)
		check_contraction(p, w->shape.dim[1]);
	else
		check_contraction(p, window_elements(&window) * w->shape.dim[1]);
	shape = windowed_shape(&window, a->shape.dim[0], w->shape.dim[0]);
	d = plan_result(p, 0, a->type, &shape);
	to = plan_id(p, as_plane(p, d));
	from = plan_id(p, as_plane(p, a));
	weight = plan_id(p, as_plane(p, w));
	add = bias ? plan_id(p, bias) : -1;
	insn = insn_window(&window);
	if (!plan_failed(p))
		emitted(p, npu_op_conv2d(p->prog, to, from, weight, add, &insn));
}

/*
 * A pooling has nothing to say of a window without an element.  Only the first and the
 * last can miss the input, but for taps so far apart that they step over it.
 */
static void check_touching(struct plan *p, const struct window *w)
{
	const struct span *s;
	unsigned int i;

	for (i = 0; i < w->dims; i++) {
		s = &w->span[i];
		if ((s->kernel > 1 && (uint64_t)s->dilation > s->in) ||
		    (s->begin + s->dilation - 1) / s->dilation >= s->kernel ||
		    (int64_t)(s->out - 1) * s->stride - s->begin >= (int64_t)s->in)
			plan_fail(p, "a window that lies in the padding alone");
	}
}

void plan_pool(struct plan *p)
{
	bool average = op_of(p)->code == NPU_OP_AVGPOOL2D;
	bool count_pad = average && plan_int(p, "count_include_pad", 0);
	struct val *a = plan_arg(p, 0), *d;
	struct npu_insn_window insn;
	npu_tensor_id to, from;
	struct window window;
	struct shape shape;

	/* The order of the indices, which are another output: any is fine. */
	if (!average)
		plan_int(p, "storage_order", 0);
	read_window(p, &a->shape, NULL, &window);
	if (plan_failed(p))
		return;
	check_touching(p, &window);
	check_contraction(p, window_elements(&window));
	shape = windowed_shape(&window, a->shape.dim[0], a->shape.dim[1]);
	d = plan_result(p, 0, a->type, &shape);
	to = plan_id(p, as_plane(p, d));
	from = plan_id(p, as_plane(p, a));
	insn = insn_window(&window);
	if (!plan_failed(p))
		emitted(p, npu_op_pool2d(p->prog, op_of(p)->code, to, from, &insn,
					 count_pad ? NPU_INSN_COUNT_PAD : 0));
}

void plan_global_pool(struct plan *p)
{
	struct val *a = plan_arg(p, 0), *d;
	struct shape in = { .rank = 3 }, out = { .rank = 3 }, shape = a->shape;
	unsigned int i;

	if (a->shape.rank < 3) {
		plan_fail(p, "an input of rank %u", a->shape.rank);
		return;
	}
	in.dim[0] = out.dim[0] = a->shape.dim[0];
	in.dim[1] = out.dim[1] = a->shape.dim[1];
	in.dim[2] = out.dim[2] = 1;
	for (i = 2; i < a->shape.rank; i++) {
		in.dim[2] *= a->shape.dim[i];
		shape.dim[i] = 1;
	}
	d = plan_result(p, 0, a->type, &shape);
	emit_axis(p, op_of(p)->code, plan_view(p, d, &out), plan_view(p, a, &in), 2);
}
