// SPDX-License-Identifier: MIT
/* Element-wise instructions, reductions and order along an axis. */
#include <errno.h>

#include "insn.h"

int npu_op_binary(struct npu_program *prog, uint32_t opcode, npu_tensor_id d,
		  npu_tensor_id a, npu_tensor_id b)
{
	npu_tensor_id operands[] = { d, a, b };
	struct npu_insn insn = npu_insn_new(opcode);
	int err = npu_insn_opcode(prog, opcode, NPU_OP_ADD, NPU_OP_ELU);

	/* Gated units have numbers of their own. */
	if (!err && opcode > NPU_OP_ATAN2)
		err = npu_insn_opcode(prog, opcode, NPU_OP_SWIGLU, NPU_OP_ELU);
	return err ? err : npu_insn_spread(prog, &insn, operands, 3);
}

int npu_op_ternary(struct npu_program *prog, uint32_t opcode, npu_tensor_id d,
		   npu_tensor_id a, npu_tensor_id b, npu_tensor_id c)
{
	npu_tensor_id operands[] = { d, a, b, c };
	struct npu_insn insn = npu_insn_new(opcode);
	int err = npu_insn_opcode(prog, opcode, NPU_OP_WHERE, NPU_OP_MULADD);

	return err ? err : npu_insn_spread(prog, &insn, operands, 4);
}

int npu_op_unary(struct npu_program *prog, uint32_t opcode, npu_tensor_id d,
		 npu_tensor_id a)
{
	struct npu_insn insn = npu_insn_new(opcode);
	int err = npu_insn_opcode(prog, opcode, NPU_OP_NEG, NPU_OP_IS_INF);

	return err ? err : NPU_INSN_EMIT(prog, &insn, d, a);
}

int npu_op_axis(struct npu_program *prog, uint32_t opcode, npu_tensor_id d,
		npu_tensor_id a, unsigned int axis)
{
	struct npu_insn insn = npu_insn_new(opcode);
	int err = npu_program_check(prog);

	if (opcode != NPU_OP_LOG_SOFTMAX)
		err = npu_insn_opcode(prog, opcode, NPU_OP_SOFTMAX, NPU_OP_ARGMIN);
	if (!err)
		err = npu_insn_along(prog, &insn, a, axis);
	return err ? err : NPU_INSN_EMIT(prog, &insn, d, a);
}

static int emit_axis(struct npu_program *prog, uint32_t opcode, npu_tensor_id d,
		     npu_tensor_id a, unsigned int axis, uint32_t flags)
{
	struct npu_insn insn = npu_insn_new(opcode);
	int err = npu_program_check(prog);

	if (!err)
		err = npu_insn_along(prog, &insn, a, axis);
	insn.flags = flags;
	return err ? err : NPU_INSN_EMIT(prog, &insn, d, a);
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
