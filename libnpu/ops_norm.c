// SPDX-License-Identifier: MIT
/* Normalisation and softmax with extras. */
#include "insn.h"

static int emit_norm(struct npu_program *prog, struct npu_insn *insn,
		     npu_tensor_id *operands, unsigned int count,
		     const struct npu_norm_options *options)
{
	static const struct npu_norm_options none = NPU_NORM_OPTIONS;
	const struct npu_norm_options *o = options ? options : &none;
	const struct npu_optional optional[] = {
		{ o->bias, NPU_INSN_BIAS },
		{ o->residual, NPU_INSN_RESIDUAL },
		{ o->scale, NPU_INSN_SCALE },
	};

	return npu_insn_optional(prog, insn, operands, count, optional,
				 ARRAY_SIZE(optional));
}

int npu_op_norm(struct npu_program *prog, uint32_t opcode, npu_tensor_id d,
		npu_tensor_id a, unsigned int axis, struct npu_scalar epsilon,
		const struct npu_norm_options *options)
{
	npu_tensor_id operands[NPU_MAX_OPERANDS] = { d, a };
	struct npu_insn insn = npu_insn_new(opcode);
	int err = npu_insn_opcode(prog, opcode, NPU_OP_RMS_NORM, NPU_OP_LAYER_NORM);

	if (!err)
		err = npu_insn_scalar(prog, &insn, epsilon);
	if (!err)
		err = npu_insn_along(prog, &insn, a, axis);
	return err ? err : emit_norm(prog, &insn, operands, 2, options);
}

int npu_op_group_norm(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		      unsigned int groups, struct npu_scalar epsilon,
		      const struct npu_norm_options *options)
{
	npu_tensor_id operands[NPU_MAX_OPERANDS] = { d, a };
	struct npu_insn insn = npu_insn_new(NPU_OP_GROUP_NORM);
	int err = npu_program_check(prog);

	if (!err)
		err = npu_insn_scalar(prog, &insn, epsilon);
	insn.groups.groups = groups;
	return err ? err : emit_norm(prog, &insn, operands, 2, options);
}

int npu_op_batch_norm(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		      npu_tensor_id mean, npu_tensor_id variance,
		      struct npu_scalar epsilon, const struct npu_norm_options *options)
{
	npu_tensor_id operands[NPU_MAX_OPERANDS] = { d, a, mean, variance };
	struct npu_insn insn = npu_insn_new(NPU_OP_BATCH_NORM);
	int err = npu_program_check(prog);

	if (!err)
		err = npu_insn_scalar(prog, &insn, epsilon);
	return err ? err : emit_norm(prog, &insn, operands, 4, options);
}

int npu_op_softmax_ext(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		       struct npu_scalar scale, npu_tensor_id mask, npu_tensor_id slopes)
{
	const struct npu_optional optional[] = {
		{ mask, NPU_INSN_MASK },
		{ slopes, NPU_INSN_SLOPES },
	};
	npu_tensor_id operands[NPU_MAX_OPERANDS] = { d, a };
	struct npu_insn insn = npu_insn_new(NPU_OP_SOFTMAX_EXT);
	int err = npu_program_check(prog);

	if (!err)
		err = npu_insn_scalar(prog, &insn, scale);
	return err ? err :
		     npu_insn_optional(prog, &insn, operands, 2, optional,
				       ARRAY_SIZE(optional));
}
