// SPDX-License-Identifier: MIT
#include "ops.h"

#include <string.h>

/* Sorted by nothing: a model is looked at once. */
/* clang-format off */
static const struct op ops[] = {
	/* type, plan, fold, least and most inputs, outputs, types, code */
	{ "Abs", plan_unary, NULL, 1, 1, 1, OF_NUMBER, NPU_OP_ABS },
	{ "Neg", plan_unary, fold_neg, 1, 1, 1, OF_NUMBER, NPU_OP_NEG },
	{ "Relu", plan_unary, NULL, 1, 1, 1, OF_NUMBER, NPU_OP_RELU },
	{ "Exp", plan_unary, NULL, 1, 1, 1, OF_FLOAT, NPU_OP_EXP },
	{ "Log", plan_unary, NULL, 1, 1, 1, OF_FLOAT, NPU_OP_LOG },
	{ "Sqrt", plan_unary, NULL, 1, 1, 1, OF_FLOAT, NPU_OP_SQRT },
	{ "Tanh", plan_unary, NULL, 1, 1, 1, OF_FLOAT, NPU_OP_TANH },
	{ "Sigmoid", plan_unary, NULL, 1, 1, 1, OF_FLOAT, NPU_OP_SIGMOID },
	{ "Gelu", plan_gelu, NULL, 1, 1, 1, OF_FLOAT, 0 },
	{ "Reciprocal", plan_reciprocal, NULL, 1, 1, 1, OF_FLOAT, 0 },
	{ "Clip", plan_clip, NULL, 1, 3, 1, OF_NUMBER, 0 },
	{ "Pow", plan_pow, NULL, 2, 2, 1, OF_FLOAT, 0 },

	{ "Add", plan_binary, fold_binary, 2, 2, 1, OF_NUMBER, NPU_OP_ADD },
	{ "Sub", plan_binary, fold_binary, 2, 2, 1, OF_NUMBER, NPU_OP_SUB },
	{ "Mul", plan_binary, fold_binary, 2, 2, 1, OF_NUMBER, NPU_OP_MUL },
	{ "Div", plan_binary, fold_binary, 2, 2, 1, OF_NUMBER, NPU_OP_DIV },
	{ "Min", plan_variadic, NULL, 1, MANY, 1, OF_FLOAT | OF_INT, NPU_OP_MIN },
	{ "Max", plan_variadic, NULL, 1, MANY, 1, OF_FLOAT | OF_INT, NPU_OP_MAX },
	{ "Sum", plan_variadic, NULL, 1, MANY, 1, OF_FLOAT, NPU_OP_ADD },
	{ "Mean", plan_mean, NULL, 1, MANY, 1, OF_FLOAT, NPU_OP_ADD },

	{ "LeakyRelu", plan_leaky_relu, NULL, 1, 1, 1, OF_FLOAT, 0 },
	{ "PRelu", plan_prelu, NULL, 2, 2, 1, OF_NUMBER, 0 },
	{ "Elu", plan_exponential, NULL, 1, 1, 1, OF_FLOAT, 0 },
	{ "Selu", plan_exponential, NULL, 1, 1, 1, OF_FLOAT, 1 },
	{ "Celu", plan_exponential, NULL, 1, 1, 1, OF_FLOAT, 2 },
	{ "Softplus", plan_softplus, NULL, 1, 1, 1, OF_FLOAT, 0 },
	{ "Softsign", plan_softsign, NULL, 1, 1, 1, OF_FLOAT, 0 },
	{ "HardSigmoid", plan_hard_sigmoid, NULL, 1, 1, 1, OF_FLOAT, 0 },
	{ "HardSwish", plan_hard_swish, NULL, 1, 1, 1, OF_FLOAT, 0 },

	{ "MatMul", plan_matmul, NULL, 2, 2, 1, OF_FLOAT, 0 },
	{ "Gemm", plan_gemm, NULL, 2, 3, 1, OF_FLOAT, 0 },
	{ "Conv", plan_conv, NULL, 2, 3, 1, OF_FLOAT, 0 },
	{ "MaxPool", plan_pool, NULL, 1, 1, 1, OF_FLOAT | OF_INT8,
	  NPU_OP_MAXPOOL2D },
	{ "AveragePool", plan_pool, NULL, 1, 1, 1, OF_FLOAT, NPU_OP_AVGPOOL2D },
	{ "GlobalAveragePool", plan_global_pool, NULL, 1, 1, 1, OF_FLOAT,
	  NPU_OP_REDUCE_MEAN },
	{ "GlobalMaxPool", plan_global_pool, NULL, 1, 1, 1, OF_FLOAT,
	  NPU_OP_REDUCE_MAX },

	{ "Softmax", plan_softmax, NULL, 1, 1, 1, OF_FLOAT, 0 },
	{ "LogSoftmax", plan_softmax, NULL, 1, 1, 1, OF_FLOAT, 1 },
	{ "ReduceSum", plan_reduce, NULL, 1, 2, 1, OF_NUMBER, NPU_OP_REDUCE_SUM },
	{ "ReduceMean", plan_reduce, NULL, 1, 2, 1, OF_FLOAT, NPU_OP_REDUCE_MEAN },
	{ "ReduceMax", plan_reduce, NULL, 1, 2, 1, OF_FLOAT | OF_INT,
	  NPU_OP_REDUCE_MAX },
	{ "ReduceMin", plan_reduce, NULL, 1, 2, 1, OF_FLOAT, 0 },
	{ "ReduceL1", plan_reduce, NULL, 1, 2, 1, OF_FLOAT, 0 },
	{ "ReduceL2", plan_reduce, NULL, 1, 2, 1, OF_FLOAT, 0 },
	{ "ReduceSumSquare", plan_reduce, NULL, 1, 2, 1, OF_FLOAT, 0 },
	{ "ReduceLogSum", plan_reduce, NULL, 1, 2, 1, OF_FLOAT, 0 },
	{ "ArgMax", plan_arg_extreme, NULL, 1, 1, 1, OF_NUMBER, 0 },
	{ "ArgMin", plan_arg_extreme, NULL, 1, 1, 1, OF_FLOAT, NPU_OP_NEG },

	{ "BatchNormalization", plan_batch_norm, NULL, 5, 5, 1, OF_FLOAT, 0 },
	{ "InstanceNormalization", plan_instance_norm, NULL, 3, 3, 1, OF_FLOAT, 0 },
	{ "LayerNormalization", plan_layer_norm, NULL, 2, 3, 3, OF_FLOAT, 0 },

	{ "Identity", plan_identity, NULL, 1, 1, 1, OF_ANY, 0 },
	{ "Dropout", plan_dropout, NULL, 1, 3, 1, OF_FLOAT, 0 },
	{ "Reshape", plan_reshape, NULL, 1, 2, 1, OF_ANY, 0 },
	{ "Flatten", plan_flatten, NULL, 1, 1, 1, OF_ANY, 0 },
	{ "Squeeze", plan_squeeze, NULL, 1, 2, 1, OF_ANY, 0 },
	{ "Unsqueeze", plan_unsqueeze, NULL, 1, 2, 1, OF_ANY, 0 },
	{ "Shape", plan_shape, NULL, 1, 1, 1, OF_ANY, 0 },
	{ "Size", plan_shape, NULL, 1, 1, 1, OF_ANY, 1 },
	{ "Constant", plan_constant, NULL, 0, 0, 1, 0, 0 },

	{ "Transpose", plan_transpose, NULL, 1, 1, 1, OF_ANY, 0 },
	{ "Concat", plan_concat, fold_concat, 1, MANY, 1, OF_ANY, 0 },
	{ "Split", plan_split, NULL, 1, 2, MANY, OF_ANY, 0 },
	{ "Slice", plan_slice, fold_slice, 1, 5, 1, OF_ANY, 0 },
	{ "Expand", plan_expand, NULL, 2, 2, 1, OF_ANY, 0 },
	{ "Pad", plan_pad, NULL, 1, 4, 1, OF_ANY, 0 },
	{ "DepthToSpace", plan_space_depth, NULL, 1, 1, 1, OF_ANY, 0 },
	{ "SpaceToDepth", plan_space_depth, NULL, 1, 1, 1, OF_ANY, 1 },
	{ "ConstantOfShape", plan_constant_of_shape, fold_constant_of_shape, 1, 1,
	  1, OF_INT, 0 },
	{ "Gather", plan_gather, fold_gather, 2, 2, 1, OF_ANY, 0 },
	{ "Cast", plan_cast, fold_cast, 1, 1, 1, OF_ANY, 0 },
};
/* clang-format on */

const struct op *op_find(const char *type)
{
	unsigned int i;

	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (!strcmp(ops[i].type, type))
			return &ops[i];
	return NULL;
}

const struct op *op_of(const struct plan *p)
{
	return op_find(node_type(p->node));
}

struct shape shape_of(unsigned int rank, const uint64_t *dim)
{
	struct shape s = { .rank = rank };

	memcpy(s.dim, dim, rank * sizeof(*dim));
	return s;
}

bool broadcast(const struct shape *a, const struct shape *b, struct shape *to)
{
	const struct shape *longer = a->rank >= b->rank ? a : b;
	const struct shape *shorter = a->rank >= b->rank ? b : a;
	unsigned int lead = longer->rank - shorter->rank, i;
	struct shape s = *longer;

	for (i = 0; i < shorter->rank; i++) {
		if (s.dim[lead + i] == shorter->dim[i] || shorter->dim[i] == 1)
			continue;
		if (s.dim[lead + i] != 1)
			return false;
		s.dim[lead + i] = shorter->dim[i];
	}
	*to = s;
	return true;
}

void broadcast_args(struct plan *p, unsigned int first, struct shape *to)
{
	struct val *v = plan_arg(p, first);
	int32_t type = v->type;
	char have[96], want[96];
	unsigned int i;

	*to = v->shape;
	/* Of old broadcasting was to be asked for; where to is refused. */
	if (p->graph->opset < 7)
		plan_int(p, "broadcast", 0);
	for (i = first + 1; i < p->node->inputs; i++) {
		v = plan_arg(p, i);
		if (plan_failed(p))
			return;
		if (v->type != type)
			plan_fail(p, "inputs of types %s and %s", element_name(type),
				  element_name(v->type));
		if (!broadcast(to, &v->shape, to))
			plan_fail(p, "shapes %s and %s do not fit",
				  shape_text(to, have, sizeof(have)),
				  shape_text(&v->shape, want, sizeof(want)));
	}
}

struct val *per_channel(struct plan *p, struct val *v, const struct val *a)
{
	struct shape s = { .rank = a->shape.rank };
	unsigned int i;

	for (i = 0; i < s.rank; i++)
		s.dim[i] = i == 1 ? a->shape.dim[1] : 1;
	if (v->type != a->type)
		plan_fail(p, "inputs of different types");
	return plan_view(p, v, &s);
}
