// SPDX-License-Identifier: MIT
/* Matrix products. */
#include <string.h>

#include "ops.h"

static bool same_type(struct plan *p, const struct val *a, const struct val *b)
{
	if (a->type != b->type)
		plan_fail(p, "inputs of types %s and %s", element_name(a->type),
			  element_name(b->type));
	return !plan_failed(p);
}

/* A matrix as it is, or transposed. */
static npu_tensor_id oriented(struct plan *p, struct val *v, bool transposed)
{
	static const unsigned int swap[] = { 1, 0 };
	npu_tensor_id id = plan_id(p, v);

	if (!transposed || plan_failed(p))
		return id;
	return emitted(p, npu_view_transpose(p->prog, id, swap));
}

/* d = alpha * d + beta * c */
static void add_bias(struct plan *p, struct val *d, struct val *c, float alpha,
		     float beta)
{
	struct shape shape;
	struct val *scaled;

	if (alpha != 1)
		emit_binary(p, NPU_OP_MUL, d, d, plan_literal(p, d->type, alpha));
	if (!c || beta == 0 || !same_type(p, d, c))
		return;
	if (!broadcast(&d->shape, &c->shape, &shape) || !shape_equal(&shape, &d->shape)) {
		plan_fail(p, "C does not fit the product");
		return;
	}
	if (beta != 1) {
		scaled = plan_temp(p, c->type, &c->shape);
		emit_binary(p, NPU_OP_MUL, scaled, c, plan_literal(p, c->type, beta));
		c = scaled;
	}
	emit_binary(p, NPU_OP_ADD, d, d, c);
}

void plan_gemm(struct plan *p)
{
	struct val *a = plan_arg(p, 0), *b = plan_arg(p, 1), *d;
	bool ta = plan_int(p, "transA", 0), tb = plan_int(p, "transB", 0);
	float alpha = plan_float(p, "alpha", 1), beta = plan_float(p, "beta", 1);
	struct shape shape = { .rank = 2 };
	npu_tensor_id left, right;

	if (p->graph->opset < 7)
		plan_int(p, "broadcast", 0);
	if (!same_type(p, a, b))
		return;
	if (a->shape.rank != 2 || b->shape.rank != 2 ||
	    a->shape.dim[!ta] != b->shape.dim[tb]) {
		plan_fail(p, "matrices that do not fit");
		return;
	}
	shape.dim[0] = a->shape.dim[ta];
	shape.dim[1] = b->shape.dim[!tb];
	d = plan_result(p, 0, a->type, &shape);
	check_contraction(p, a->shape.dim[!ta]);
	left = oriented(p, a, ta);
	right = oriented(p, b, tb);
	if (plan_failed(p))
		return;
	emitted(p, npu_op_matmul(p->prog, plan_id(p, d), left, right));
	add_bias(p, d, plan_opt(p, 2), alpha, beta);
}

/* The factor with at least two dimensions; a vector becomes a row or a column. */
static struct shape as_matrix(const struct shape *s, bool row)
{
	struct shape m = *s;

	if (s->rank == 1) {
		m.rank = 2;
		m.dim[0] = row ? 1 : s->dim[0];
		m.dim[1] = row ? s->dim[0] : 1;
	}
	return m;
}

/* All dimensions but the last two. */
static struct shape batch_of(const struct shape *s)
{
	return shape_of(s->rank - 2, s->dim);
}

/* Stretch the batch dimensions of a factor to those of the product. */
static npu_tensor_id stretched(struct plan *p, struct val *v, const struct shape *m,
			       const struct shape *batch)
{
	struct shape s = *batch;
	npu_tensor_id id = plan_id(p, plan_view(p, v, m));

	s.dim[s.rank++] = m->dim[m->rank - 2];
	s.dim[s.rank++] = m->dim[m->rank - 1];
	if (plan_failed(p) || shape_equal(&s, m))
		return id;
	return emitted(p, npu_view_broadcast(p->prog, id, s.rank, s.dim));
}

/* The product's shape as ONNX has it: a vector's dimension of 1 falls away. */
static struct shape product_shape(const struct shape *full, bool row, bool column)
{
	struct shape s = *full;

	if (column)
		s.rank--;
	if (row) {
		if (!column)
			s.dim[s.rank - 2] = s.dim[s.rank - 1];
		s.rank--;
	}
	return s;
}

void plan_matmul(struct plan *p)
{
	struct val *a = plan_arg(p, 0), *b = plan_arg(p, 1), *d;
	struct shape ma, mb, batch_a, batch_b, full, shape;
	npu_tensor_id left, right, to;

	if (!same_type(p, a, b))
		return;
	if (!a->shape.rank || !b->shape.rank) {
		plan_fail(p, "a scalar is no matrix");
		return;
	}
	ma = as_matrix(&a->shape, true);
	mb = as_matrix(&b->shape, false);
	batch_a = batch_of(&ma);
	batch_b = batch_of(&mb);
	if (!broadcast(&batch_a, &batch_b, &full) ||
	    ma.dim[ma.rank - 1] != mb.dim[mb.rank - 2]) {
		plan_fail(p, "matrices that do not fit");
		return;
	}
	check_contraction(p, ma.dim[ma.rank - 1]);
	left = stretched(p, a, &ma, &full);
	right = stretched(p, b, &mb, &full);
	full.dim[full.rank++] = ma.dim[ma.rank - 2];
	full.dim[full.rank++] = mb.dim[mb.rank - 1];
	shape = product_shape(&full, a->shape.rank == 1, b->shape.rank == 1);
	d = plan_result(p, 0, a->type, &shape);
	to = plan_id(p, plan_view(p, d, &full));
	if (!plan_failed(p))
		emitted(p, npu_op_matmul(p->prog, to, left, right));
}
