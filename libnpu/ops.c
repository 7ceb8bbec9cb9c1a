// SPDX-License-Identifier: MIT
/*
 * Instructions.  What is checked here is what encoding one needs; types and
 * extents are the card's to judge, which names instruction and operand.
 */
#include <errno.h>
#include <string.h>

#include "internal.h"

struct npu_scalar npu_f32(float value)
{
	struct npu_scalar scalar = { .slot = NPU_NONE };

	memcpy(&scalar.bits, &value, sizeof(value));
	return scalar;
}

struct npu_scalar npu_u32(uint32_t value)
{
	return (struct npu_scalar){ .bits = value, .slot = NPU_NONE };
}

struct npu_scalar npu_slot(uint16_t slot)
{
	return (struct npu_scalar){ .slot = slot };
}

static struct npu_insn new_insn(uint32_t opcode)
{
	struct npu_insn insn = { .opcode = opcode, .scalar = NPU_NONE };

	memset(insn.operand, 0xff, sizeof(insn.operand));
	return insn;
}

static int set_scalar(struct npu_program *prog, struct npu_insn *insn,
		      struct npu_scalar scalar)
{
	if (scalar.slot == NPU_NONE) {
		insn->imm = scalar.bits;
		return 0;
	}
	if (scalar.slot >= prog->scalar_count)
		return npu_program_fail(prog, -EINVAL, "there is no scalar slot %u",
					scalar.slot);
	insn->scalar = scalar.slot;
	return 0;
}

/* Add an instruction with its operands, the destination first. */
static int emit(struct npu_program *prog, struct npu_insn *insn,
		const npu_tensor_id *operands, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (!npu_tensor_desc(prog, operands[i]))
			return npu_program_fail(prog, -EINVAL,
						"operand %u: there is no tensor %d", i,
						operands[i]);
		insn->operand[i] = operands[i];
	}
	return npu_program_add_insn(prog, insn);
}

#define EMIT(prog, insn, ...)                                    \
	emit(prog, insn, (const npu_tensor_id[]){ __VA_ARGS__ }, \
	     sizeof((const npu_tensor_id[]){ __VA_ARGS__ }) / sizeof(npu_tensor_id))

static int check_opcode(struct npu_program *prog, uint32_t opcode, uint32_t first,
			uint32_t last)
{
	int err = npu_program_check(prog);

	if (err)
		return err;
	if (opcode < first || opcode > last)
		return npu_program_fail(prog, -EINVAL, "opcode %u is not one of %u to %u",
					opcode, first, last);
	return 0;
}

int npu_op_stall(struct npu_program *prog, struct npu_scalar ms)
{
	struct npu_insn insn = new_insn(NPU_OP_STALL);
	int err = npu_program_check(prog);

	if (!err)
		err = set_scalar(prog, &insn, ms);
	return err ? err : emit(prog, &insn, NULL, 0);
}

int npu_op_fill(struct npu_program *prog, npu_tensor_id d, struct npu_scalar v)
{
	struct npu_insn insn = new_insn(NPU_OP_FILL);
	int err = npu_program_check(prog);

	if (!err)
		err = set_scalar(prog, &insn, v);
	return err ? err : EMIT(prog, &insn, d);
}

int npu_op_copy(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a)
{
	struct npu_insn insn = new_insn(NPU_OP_COPY);
	int err = npu_program_check(prog);

	return err ? err : EMIT(prog, &insn, d, a);
}

int npu_op_gather(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		  npu_tensor_id index)
{
	struct npu_insn insn = new_insn(NPU_OP_GATHER);
	int err = npu_program_check(prog);

	return err ? err : EMIT(prog, &insn, d, a, index);
}

/* The sources, behind d in operands, are broadcast to it. */
static int emit_broadcast(struct npu_program *prog, struct npu_insn *insn,
			  npu_tensor_id *operands, unsigned int count)
{
	const struct npu_tensor *desc = npu_tensor_desc(prog, operands[0]);
	uint64_t extent[NPU_MAX_RANK];
	unsigned int rank, i;

	if (!desc)
		return npu_program_fail(prog, -EINVAL, "operand 0: there is no tensor %d",
					operands[0]);
	/* A copy: adding a view may move the table. */
	rank = desc->rank;
	memcpy(extent, desc->extent, sizeof(extent));
	for (i = 1; i < count; i++)
		operands[i] = npu_view_broadcast(prog, operands[i], rank, extent);
	return prog->err ? prog->err : emit(prog, insn, operands, count);
}

int npu_op_binary(struct npu_program *prog, uint32_t opcode, npu_tensor_id d,
		  npu_tensor_id a, npu_tensor_id b)
{
	npu_tensor_id operands[] = { d, a, b };
	struct npu_insn insn = new_insn(opcode);
	int err = check_opcode(prog, opcode, NPU_OP_ADD, NPU_OP_ELU);

	/* Gated units have numbers of their own. */
	if (!err && opcode > NPU_OP_ATAN2)
		err = check_opcode(prog, opcode, NPU_OP_SWIGLU, NPU_OP_ELU);
	return err ? err : emit_broadcast(prog, &insn, operands, 3);
}

int npu_op_ternary(struct npu_program *prog, uint32_t opcode, npu_tensor_id d,
		   npu_tensor_id a, npu_tensor_id b, npu_tensor_id c)
{
	npu_tensor_id operands[] = { d, a, b, c };
	struct npu_insn insn = new_insn(opcode);
	int err = check_opcode(prog, opcode, NPU_OP_WHERE, NPU_OP_MULADD);

	return err ? err : emit_broadcast(prog, &insn, operands, 4);
}

int npu_op_unary(struct npu_program *prog, uint32_t opcode, npu_tensor_id d,
		 npu_tensor_id a)
{
	struct npu_insn insn = new_insn(opcode);
	int err = check_opcode(prog, opcode, NPU_OP_NEG, NPU_OP_IS_INF);

	return err ? err : EMIT(prog, &insn, d, a);
}

static int set_axis(struct npu_program *prog, struct npu_insn *insn, npu_tensor_id a,
		    unsigned int axis)
{
	const struct npu_tensor *desc = npu_tensor_desc(prog, a);

	if (desc && axis >= desc->rank)
		return npu_program_fail(prog, -EINVAL, "axis %u of a tensor of rank %u",
					axis, desc->rank);
	insn->axis.axis = axis;
	return 0;
}

int npu_op_axis(struct npu_program *prog, uint32_t opcode, npu_tensor_id d,
		npu_tensor_id a, unsigned int axis)
{
	struct npu_insn insn = new_insn(opcode);
	int err = npu_program_check(prog);

	if (opcode != NPU_OP_LOG_SOFTMAX)
		err = check_opcode(prog, opcode, NPU_OP_SOFTMAX, NPU_OP_ARGMIN);
	if (!err)
		err = set_axis(prog, &insn, a, axis);
	return err ? err : EMIT(prog, &insn, d, a);
}

static int emit_axis(struct npu_program *prog, uint32_t opcode, npu_tensor_id d,
		     npu_tensor_id a, unsigned int axis, uint32_t flags)
{
	struct npu_insn insn = new_insn(opcode);
	int err = npu_program_check(prog);

	if (!err)
		err = set_axis(prog, &insn, a, axis);
	insn.flags = flags;
	return err ? err : EMIT(prog, &insn, d, a);
}

int npu_op_cumsum(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		  unsigned int axis, uint32_t flags)
{
	return emit_axis(prog, NPU_OP_CUMSUM, d, a, axis, flags);
}

int npu_op_sort(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		unsigned int axis, uint32_t flags)
{
	return emit_axis(prog, NPU_OP_SORT, d, a, axis, flags);
}

int npu_op_argsort(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		   unsigned int axis, uint32_t flags)
{
	return emit_axis(prog, NPU_OP_ARGSORT, d, a, axis, flags);
}

int npu_op_topk(struct npu_program *prog, npu_tensor_id values, npu_tensor_id indices,
		npu_tensor_id a, unsigned int axis, uint32_t flags)
{
	int err = npu_program_check(prog);

	if (err)
		return err;
	if (values < 0 && indices < 0)
		return npu_program_fail(prog, -EINVAL,
					"neither values nor indices are wanted");
	if (values >= 0)
		err = npu_op_sort(prog, values, a, axis, flags);
	if (!err && indices >= 0)
		err = npu_op_argsort(prog, indices, a, axis, flags);
	return err;
}

/* An operand that is there or not, and what says so. */
struct optional {
	npu_tensor_id tensor; /* < 0: not there */
	uint32_t flag;
};

/* Add those that are there, in the order of their flags, and broadcast all to d. */
static int emit_optional(struct npu_program *prog, struct npu_insn *insn,
			 npu_tensor_id *operands, unsigned int count,
			 const struct optional *optional, unsigned int optionals)
{
	unsigned int i;

	for (i = 0; i < optionals; i++) {
		if (optional[i].tensor < 0)
			continue;
		insn->flags |= optional[i].flag;
		operands[count++] = optional[i].tensor;
	}
	return emit_broadcast(prog, insn, operands, count);
}

static int emit_norm(struct npu_program *prog, struct npu_insn *insn,
		     npu_tensor_id *operands, unsigned int count,
		     const struct npu_norm_options *options)
{
	static const struct npu_norm_options none = NPU_NORM_OPTIONS;
	const struct npu_norm_options *o = options ? options : &none;
	const struct optional optional[] = {
		{ o->bias, NPU_INSN_BIAS },
		{ o->residual, NPU_INSN_RESIDUAL },
		{ o->scale, NPU_INSN_SCALE },
	};

	return emit_optional(prog, insn, operands, count, optional, ARRAY_SIZE(optional));
}

int npu_op_norm(struct npu_program *prog, uint32_t opcode, npu_tensor_id d,
		npu_tensor_id a, unsigned int axis, struct npu_scalar epsilon,
		const struct npu_norm_options *options)
{
	npu_tensor_id operands[NPU_MAX_OPERANDS] = { d, a };
	struct npu_insn insn = new_insn(opcode);
	int err = check_opcode(prog, opcode, NPU_OP_RMS_NORM, NPU_OP_LAYER_NORM);

	if (!err)
		err = set_scalar(prog, &insn, epsilon);
	if (!err)
		err = set_axis(prog, &insn, a, axis);
	return err ? err : emit_norm(prog, &insn, operands, 2, options);
}

int npu_op_group_norm(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		      unsigned int groups, struct npu_scalar epsilon,
		      const struct npu_norm_options *options)
{
	npu_tensor_id operands[NPU_MAX_OPERANDS] = { d, a };
	struct npu_insn insn = new_insn(NPU_OP_GROUP_NORM);
	int err = npu_program_check(prog);

	if (!err)
		err = set_scalar(prog, &insn, epsilon);
	insn.groups.groups = groups;
	return err ? err : emit_norm(prog, &insn, operands, 2, options);
}

int npu_op_batch_norm(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		      npu_tensor_id mean, npu_tensor_id variance,
		      struct npu_scalar epsilon, const struct npu_norm_options *options)
{
	npu_tensor_id operands[NPU_MAX_OPERANDS] = { d, a, mean, variance };
	struct npu_insn insn = new_insn(NPU_OP_BATCH_NORM);
	int err = npu_program_check(prog);

	if (!err)
		err = set_scalar(prog, &insn, epsilon);
	return err ? err : emit_norm(prog, &insn, operands, 4, options);
}

int npu_op_softmax_ext(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		       struct npu_scalar scale, npu_tensor_id mask, npu_tensor_id slopes)
{
	const struct optional optional[] = {
		{ mask, NPU_INSN_MASK },
		{ slopes, NPU_INSN_SLOPES },
	};
	npu_tensor_id operands[NPU_MAX_OPERANDS] = { d, a };
	struct npu_insn insn = new_insn(NPU_OP_SOFTMAX_EXT);
	int err = npu_program_check(prog);

	if (!err)
		err = set_scalar(prog, &insn, scale);
	return err ? err :
		     emit_optional(prog, &insn, operands, 2, optional,
				   ARRAY_SIZE(optional));
}

int npu_op_rope(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		npu_tensor_id positions, npu_tensor_id frequencies,
		struct npu_scalar scale, bool interleaved)
{
	struct npu_insn insn = new_insn(NPU_OP_ROPE);
	int err = npu_program_check(prog);

	if (!err)
		err = set_scalar(prog, &insn, scale);
	insn.flags = interleaved ? NPU_INSN_INTERLEAVED : 0;
	return err ? err : EMIT(prog, &insn, d, a, positions, frequencies);
}

int npu_op_pad(struct npu_program *prog, uint32_t mode, npu_tensor_id d, npu_tensor_id a,
	       const uint32_t *before, struct npu_scalar value)
{
	struct npu_insn insn = new_insn(NPU_OP_PAD);
	const struct npu_tensor *desc;
	int err = npu_program_check(prog);

	if (!err && mode == NPU_PAD_CONSTANT)
		err = set_scalar(prog, &insn, value);
	if (err)
		return err;
	desc = npu_tensor_desc(prog, a);
	if (desc)
		memcpy(insn.padding.before, before, desc->rank * sizeof(*before));
	insn.padding.mode = mode;
	return EMIT(prog, &insn, d, a);
}

int npu_op_tile(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a)
{
	static const uint32_t nothing[NPU_MAX_RANK];

	return npu_op_pad(prog, NPU_PAD_WRAP, d, a, nothing, npu_u32(0));
}

int npu_op_triangle(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		    struct npu_scalar diagonal, bool lower)
{
	struct npu_insn insn = new_insn(NPU_OP_TRIANGLE);
	int err = npu_program_check(prog);

	insn.flags = lower ? NPU_INSN_LOWER : 0;
	if (!err)
		err = set_scalar(prog, &insn, diagonal);
	return err ? err : EMIT(prog, &insn, d, a);
}

int npu_op_range(struct npu_program *prog, npu_tensor_id d, npu_tensor_id start,
		 npu_tensor_id step, unsigned int axis)
{
	npu_tensor_id operands[] = { d, start, step };
	struct npu_insn insn = new_insn(NPU_OP_RANGE);
	int err = npu_program_check(prog);

	if (!err)
		err = set_axis(prog, &insn, d, axis);
	return err ? err : emit_broadcast(prog, &insn, operands, 3);
}

int npu_op_one_hot(struct npu_program *prog, npu_tensor_id d, npu_tensor_id index,
		   npu_tensor_id off, npu_tensor_id on, unsigned int axis)
{
	npu_tensor_id operands[] = { d, index, off, on };
	struct npu_insn insn = new_insn(NPU_OP_ONE_HOT);
	int err = npu_program_check(prog);

	if (!err)
		err = set_axis(prog, &insn, d, axis);
	return err ? err : emit_broadcast(prog, &insn, operands, 4);
}

int npu_op_gather_elements(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
			   npu_tensor_id index, unsigned int axis)
{
	struct npu_insn insn = new_insn(NPU_OP_GATHER_ELEMENTS);
	int err = npu_program_check(prog);

	if (!err)
		err = set_axis(prog, &insn, a, axis);
	return err ? err : EMIT(prog, &insn, d, a, index);
}

int npu_op_gather_nd(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		     npu_tensor_id index)
{
	struct npu_insn insn = new_insn(NPU_OP_GATHER_ND);
	int err = npu_program_check(prog);

	return err ? err : EMIT(prog, &insn, d, a, index);
}

static struct npu_insn new_scatter(uint32_t opcode, uint32_t mode)
{
	struct npu_insn insn = new_insn(opcode);

	insn.scatter.mode = mode;
	return insn;
}

int npu_op_scatter(struct npu_program *prog, uint32_t mode, npu_tensor_id d,
		   npu_tensor_id a, npu_tensor_id index)
{
	struct npu_insn insn = new_scatter(NPU_OP_SCATTER, mode);
	int err = npu_program_check(prog);

	return err ? err : EMIT(prog, &insn, d, a, index);
}

int npu_op_scatter_elements(struct npu_program *prog, uint32_t mode, npu_tensor_id d,
			    npu_tensor_id a, npu_tensor_id index, unsigned int axis)
{
	struct npu_insn insn = new_scatter(NPU_OP_SCATTER_ELEMENTS, mode);
	int err = npu_program_check(prog);

	/* It is where that of other instructions is. */
	if (!err)
		err = set_axis(prog, &insn, d, axis);
	return err ? err : EMIT(prog, &insn, d, a, index);
}

int npu_op_scatter_nd(struct npu_program *prog, uint32_t mode, npu_tensor_id d,
		      npu_tensor_id a, npu_tensor_id index)
{
	struct npu_insn insn = new_scatter(NPU_OP_SCATTER_ND, mode);
	int err = npu_program_check(prog);

	return err ? err : EMIT(prog, &insn, d, a, index);
}

int npu_op_matmul(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		  npu_tensor_id b)
{
	struct npu_insn insn = new_insn(NPU_OP_MATMUL);
	int err = npu_program_check(prog);

	return err ? err : EMIT(prog, &insn, d, a, b);
}

int npu_op_matmul_scaled(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
			 npu_tensor_id b, struct npu_scalar scale)
{
	struct npu_insn insn = new_insn(NPU_OP_MATMUL);
	int err = npu_program_check(prog);

	if (!err)
		err = set_scalar(prog, &insn, scale);
	return err ? err : EMIT(prog, &insn, d, a, b);
}

int npu_op_matmul_with(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		       npu_tensor_id b, const struct npu_matmul_options *options)
{
	/* In the order in which the card wants them. */
	const struct {
		npu_tensor_id tensor;
		uint32_t flag;
	} extras[] = {
		{ options->bias, NPU_INSN_BIAS },
		{ options->residual, NPU_INSN_RESIDUAL },
		{ options->scale, NPU_INSN_SCALE },
		{ options->block_scale, NPU_INSN_BLOCK_SCALE },
		{ options->zero_a, NPU_INSN_ZERO_A },
		{ options->zero_b, NPU_INSN_ZERO_B },
	};
	npu_tensor_id operands[3 + ARRAY_SIZE(extras)] = { d, a, b };
	struct npu_insn insn = new_insn(NPU_OP_MATMUL);
	unsigned int count = 3, i;
	int err = npu_program_check(prog);

	if (!err)
		err = set_scalar(prog, &insn, options->factor);
	if (err)
		return err;
	insn.matmul.activation = options->activation;
	insn.flags = options->transpose_b ? NPU_INSN_TRANSPOSE_B : 0;
	for (i = 0; i < ARRAY_SIZE(extras); i++) {
		if (extras[i].tensor < 0)
			continue;
		insn.flags |= extras[i].flag;
		operands[count++] = extras[i].tensor;
	}
	if (count > NPU_MAX_OPERANDS)
		return npu_program_fail(prog, -EINVAL,
					"a product with %u operands, more than %d", count,
					NPU_MAX_OPERANDS);
	return emit(prog, &insn, operands, count);
}

int npu_op_matmul_routed(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
			 npu_tensor_id b, npu_tensor_id experts,
			 npu_tensor_id block_scale, uint32_t activation)
{
	struct npu_insn insn = new_insn(NPU_OP_MATMUL_ROUTED);
	int err = npu_program_check(prog);

	if (err)
		return err;
	insn.matmul.activation = activation;
	insn.flags = NPU_INSN_TRANSPOSE_B;
	if (block_scale < 0)
		return EMIT(prog, &insn, d, a, b, experts);
	insn.flags |= NPU_INSN_BLOCK_SCALE;
	return EMIT(prog, &insn, d, a, b, experts, block_scale);
}

/* A window in a plane: its third dimension is one element that stays put. */
static struct npu_insn_window plane(const struct npu_insn_window *window)
{
	struct npu_insn_window w = *window;

	w.kernel[2] = 1;
	w.stride[2] = 1;
	w.dilation[2] = 1;
	w.pad_begin[2] = 0;
	w.pad_end[2] = 0;
	w.pad = 0;
	return w;
}

/* A window along a line: its plane is of height 1. */
static struct npu_insn_window line(const struct npu_insn_window *window)
{
	return (struct npu_insn_window){
		.kernel = { 1, window->kernel[0] },
		.stride = { 1, window->stride[0] },
		.dilation = { 1, window->dilation[0] },
		.pad_begin = { 0, window->pad_begin[0] },
		.pad_end = { 0, window->pad_end[0] },
	};
}

/* A view of signals as images of height 1. */
static npu_tensor_id as_images(struct npu_program *prog, npu_tensor_id id)
{
	const struct npu_tensor *desc = npu_tensor_desc(prog, id);
	uint64_t extent[4];

	if (!desc)
		return npu_program_fail(prog, -EINVAL, "there is no tensor %d", id);
	if (desc->rank != 3)
		return npu_program_fail(prog, -EINVAL, "a signal of rank %u, not 3",
					desc->rank);
	extent[0] = desc->extent[0];
	extent[1] = desc->extent[1];
	extent[2] = 1;
	extent[3] = desc->extent[2];
	return npu_view_reshape(prog, id, 4, extent);
}

static int emit_conv(struct npu_program *prog, struct npu_insn *insn, npu_tensor_id d,
		     npu_tensor_id a, npu_tensor_id weight, npu_tensor_id bias)
{
	if (bias < 0)
		return EMIT(prog, insn, d, a, weight);
	return EMIT(prog, insn, d, a, weight, bias);
}

int npu_op_conv2d(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		  npu_tensor_id weight, npu_tensor_id bias,
		  const struct npu_insn_window *window)
{
	struct npu_insn insn = new_insn(NPU_OP_CONV2D);
	int err = npu_program_check(prog);

	if (err)
		return err;
	insn.window = plane(window);
	return emit_conv(prog, &insn, d, a, weight, bias);
}

int npu_op_conv1d(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		  npu_tensor_id weight, npu_tensor_id bias,
		  const struct npu_insn_window *window)
{
	struct npu_insn_window w = line(window);

	d = as_images(prog, d);
	a = as_images(prog, a);
	weight = as_images(prog, weight);
	return npu_op_conv2d(prog, d, a, weight, bias, &w);
}

int npu_op_conv3d(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		  npu_tensor_id weight, npu_tensor_id bias,
		  const struct npu_insn_window *window)
{
	struct npu_insn insn = new_insn(NPU_OP_CONV3D);
	int err = npu_program_check(prog);

	if (err)
		return err;
	insn.window = *window;
	insn.window.pad = 0;
	return emit_conv(prog, &insn, d, a, weight, bias);
}

int npu_op_conv_transpose2d(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
			    npu_tensor_id weight, npu_tensor_id bias,
			    const struct npu_insn_window *window)
{
	struct npu_insn insn = new_insn(NPU_OP_CONV_TRANSPOSE2D);
	int err = npu_program_check(prog);

	if (err)
		return err;
	insn.window = plane(window);
	return emit_conv(prog, &insn, d, a, weight, bias);
}

int npu_op_pool2d(struct npu_program *prog, uint32_t opcode, npu_tensor_id d,
		  npu_tensor_id a, const struct npu_insn_window *window, uint32_t flags)
{
	struct npu_insn insn = new_insn(opcode);
	int err = check_opcode(prog, opcode, NPU_OP_MAXPOOL2D, NPU_OP_AVGPOOL2D);

	if (err)
		return err;
	insn.window = plane(window);
	insn.flags = flags;
	return EMIT(prog, &insn, d, a);
}

int npu_op_pool3d(struct npu_program *prog, uint32_t opcode, npu_tensor_id d,
		  npu_tensor_id a, const struct npu_insn_window *window, uint32_t flags)
{
	struct npu_insn insn = new_insn(opcode);
	int err = check_opcode(prog, opcode, NPU_OP_MAXPOOL3D, NPU_OP_AVGPOOL3D);

	if (err)
		return err;
	insn.window = *window;
	insn.window.pad = 0;
	insn.flags = flags;
	return EMIT(prog, &insn, d, a);
}

int npu_op_lppool2d(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		    const struct npu_insn_window *window, struct npu_scalar p)
{
	struct npu_insn insn = new_insn(NPU_OP_LPPOOL2D);
	int err = npu_program_check(prog);

	if (!err)
		err = set_scalar(prog, &insn, p);
	if (err)
		return err;
	insn.window = plane(window);
	return EMIT(prog, &insn, d, a);
}

int npu_op_pool1d(struct npu_program *prog, uint32_t opcode, npu_tensor_id d,
		  npu_tensor_id a, const struct npu_insn_window *window, uint32_t flags)
{
	struct npu_insn_window w = line(window);

	d = as_images(prog, d);
	a = as_images(prog, a);
	return npu_op_pool2d(prog, opcode, d, a, &w, flags);
}

int npu_op_resize(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		  const struct npu_resize *resize)
{
	struct npu_insn insn = new_insn(NPU_OP_RESIZE);
	int err = npu_program_check(prog);

	if (err)
		return err;
	insn.resize.axes = resize->axes;
	insn.resize.mode = resize->mode;
	insn.resize.coordinate = resize->coordinate;
	if (resize->mode == NPU_RESIZE_NEAREST)
		insn.resize.rounding = resize->rounding;
	if (resize->mode == NPU_RESIZE_CUBIC) {
		insn.resize.outside = resize->exclude_outside;
		memcpy(&insn.resize.cubic, &resize->cubic, sizeof(resize->cubic));
	}
	return EMIT(prog, &insn, d, a);
}

int npu_op_attention(struct npu_program *prog, npu_tensor_id d, npu_tensor_id q,
		     npu_tensor_id k, npu_tensor_id v, struct npu_scalar scale,
		     const struct npu_attention *attention)
{
	static const struct npu_attention nothing;
	const struct npu_attention *a = attention ? attention : &nothing;
	/* In the order of their flags. */
	const struct {
		bool there;
		uint32_t flag;
		npu_tensor_id tensor;
	} optional[] = {
		{ a->has_mask, NPU_INSN_MASK, a->mask },
		{ a->has_sinks, NPU_INSN_SINKS, a->sinks },
		{ a->has_table, NPU_INSN_TABLE, a->table },
		{ a->has_lengths, NPU_INSN_LENGTHS, a->lengths },
	};
	npu_tensor_id operand[NPU_MAX_OPERANDS] = { d, q, k, v };
	struct npu_insn insn = new_insn(NPU_OP_ATTENTION);
	unsigned int i, count = 4;
	int err = npu_program_check(prog);

	if (!err)
		err = set_scalar(prog, &insn, scale);
	if (err)
		return err;
	insn.flags = a->causal ? NPU_INSN_CAUSAL : 0;
	for (i = 0; i < sizeof(optional) / sizeof(*optional); i++) {
		if (optional[i].there) {
			insn.flags |= optional[i].flag;
			operand[count++] = optional[i].tensor;
		}
	}
	insn.attention.window = a->window;
	memcpy(&insn.attention.softcap, &a->softcap, sizeof(a->softcap));
	return emit(prog, &insn, operand, count);
}

/* A tensor whose last extent may be 1 instead of that of another one's dimension. */
static npu_tensor_id stretch(struct npu_program *prog, npu_tensor_id t, npu_tensor_id as,
			     unsigned int dim)
{
	const struct npu_tensor *desc = npu_tensor_desc(prog, t);
	const struct npu_tensor *other = npu_tensor_desc(prog, as);
	uint64_t extent[NPU_MAX_RANK];

	/* What does not fit is the card's to refuse. */
	if (!desc || !other || dim >= other->rank || desc->extent[desc->rank - 1] != 1 ||
	    other->extent[dim] == 1)
		return t;
	memcpy(extent, desc->extent, sizeof(extent));
	extent[desc->rank - 1] = other->extent[dim];
	return npu_view_broadcast(prog, t, desc->rank, extent);
}

int npu_op_ssm_scan(struct npu_program *prog, npu_tensor_id d, npu_tensor_id state,
		    npu_tensor_id x, npu_tensor_id dt, npu_tensor_id a, npu_tensor_id b,
		    npu_tensor_id c, npu_tensor_id skip, uint32_t flags)
{
	struct npu_insn insn = new_insn(NPU_OP_SSM_SCAN);
	int err = npu_program_check(prog);

	if (err)
		return err;
	insn.flags = flags;
	a = stretch(prog, a, state, 3);
	if (skip < 0)
		return EMIT(prog, &insn, d, state, x, dt, a, b, c);
	skip = stretch(prog, skip, d, 3);
	return EMIT(prog, &insn, d, state, x, dt, a, b, c, skip);
}

int npu_op_rwkv_wkv(struct npu_program *prog, npu_tensor_id d, npu_tensor_id state,
		    npu_tensor_id r, npu_tensor_id k, npu_tensor_id v, npu_tensor_id w,
		    npu_tensor_id u)
{
	struct npu_insn insn = new_insn(NPU_OP_RWKV_WKV);
	int err = npu_program_check(prog);

	return err ? err : EMIT(prog, &insn, d, state, r, k, v, w, u);
}

int npu_op_delta_net(struct npu_program *prog, npu_tensor_id d, npu_tensor_id state,
		     npu_tensor_id q, npu_tensor_id k, npu_tensor_id v, npu_tensor_id g,
		     npu_tensor_id beta, struct npu_scalar scale)
{
	struct npu_insn insn = new_insn(NPU_OP_DELTA_NET);
	int err = npu_program_check(prog);

	if (!err)
		err = set_scalar(prog, &insn, scale);
	if (err)
		return err;
	g = stretch(prog, g, state, 2);
	return EMIT(prog, &insn, d, state, q, k, v, g, beta);
}
