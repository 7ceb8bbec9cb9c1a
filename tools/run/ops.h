/* SPDX-License-Identifier: MIT */
/* The operators: ONNX's name, how many operands, and what plans it. */
#ifndef RUN_OPS_H
#define RUN_OPS_H

#include "plan.h"

/* Element types, as bits. */
#define OF_FLOAT  (1u << TYPE_FLOAT | 1u << TYPE_FLOAT16)
#define OF_INT32  (1u << TYPE_INT32)
#define OF_INT	  (OF_INT32 | 1u << TYPE_INT64)
#define OF_INT8	  (1u << TYPE_INT8)
#define OF_NUMBER (OF_FLOAT | OF_INT32)
#define OF_ANY	  (OF_FLOAT | OF_INT | OF_INT8)

struct op {
	const char *type;
	void (*plan)(struct plan *p);
	/*
	 * Computes integers that are constants, so that what only decides shapes
	 * never reaches the card; NULL: has none.
	 */
	void (*fold)(struct plan *p);
	unsigned char min_inputs;
	unsigned char max_inputs; /* MANY: any number */
	unsigned char max_outputs;
	unsigned short types; /* of the first input */
	unsigned int code;    /* for the function, an instruction mostly */
};

#define MANY 255

/* NULL if there is no such operator. */
const struct op *op_find(const char *type);
/* The operator of the node in work. */
const struct op *op_of(const struct plan *p);

/* NumPy's rule for the shapes of two operands. False if they do not fit. */
bool broadcast(const struct shape *a, const struct shape *b, struct shape *to);
/* The common shape of all inputs from first on; they must be of one type. */
void broadcast_args(struct plan *p, unsigned int first, struct shape *to);
struct shape shape_of(unsigned int rank, const uint64_t *dim);
/* A vector of channels as what broadcasts along dimension 1 of a tensor. */
struct val *per_channel(struct plan *p, struct val *v, const struct val *a);

/* ops_math.c */
void plan_unary(struct plan *p);
void plan_binary(struct plan *p);
void plan_variadic(struct plan *p);
void plan_mean(struct plan *p);
void plan_clip(struct plan *p);
void plan_pow(struct plan *p);
void plan_reciprocal(struct plan *p);
void plan_gelu(struct plan *p);

/* ops_activation.c */
void plan_leaky_relu(struct plan *p);
void plan_prelu(struct plan *p);
void plan_exponential(struct plan *p);
void plan_softplus(struct plan *p);
void plan_softsign(struct plan *p);
void plan_hard_sigmoid(struct plan *p);
void plan_hard_swish(struct plan *p);

/* ops_matrix.c */
void plan_gemm(struct plan *p);
void plan_matmul(struct plan *p);

/* ops_window.c */
void plan_conv(struct plan *p);
void plan_pool(struct plan *p);
void plan_global_pool(struct plan *p);

/* ops_reduce.c */
void plan_softmax(struct plan *p);
void plan_reduce(struct plan *p);
void plan_arg_extreme(struct plan *p);

/* ops_norm.c */
void plan_batch_norm(struct plan *p);
void plan_instance_norm(struct plan *p);
void plan_layer_norm(struct plan *p);

/* ops_view.c */
void plan_identity(struct plan *p);
void plan_dropout(struct plan *p);
void plan_reshape(struct plan *p);
void plan_flatten(struct plan *p);
void plan_squeeze(struct plan *p);
void plan_unsqueeze(struct plan *p);
void plan_shape(struct plan *p);
void plan_constant(struct plan *p);

/* ops_move.c */
void plan_transpose(struct plan *p);
void plan_concat(struct plan *p);
void plan_split(struct plan *p);
void plan_slice(struct plan *p);
void plan_expand(struct plan *p);
void plan_pad(struct plan *p);
void plan_space_depth(struct plan *p);
void plan_constant_of_shape(struct plan *p);

/* ops_convert.c */
void plan_cast(struct plan *p);
void plan_gather(struct plan *p);

/* fold.c */
void fold_binary(struct plan *p);
void fold_neg(struct plan *p);
void fold_cast(struct plan *p);
void fold_concat(struct plan *p);
void fold_gather(struct plan *p);
void fold_slice(struct plan *p);
void fold_constant_of_shape(struct plan *p);

/* The range of a Slice, in the input's dimensions; for planning and folding. */
struct slice {
	int64_t start[MAX_RANK];
	int64_t step[MAX_RANK];
	struct shape shape;
};

void slice_range(struct plan *p, const struct shape *in, struct slice *s);
/* A strided look at v: from start on, every step-th element along each axis. */
npu_tensor_id slice_view(struct plan *p, struct val *v, const struct slice *s);
#endif
