// SPDX-License-Identifier: MIT
/* Matrix products. */
#include <errno.h>

#include "insn.h"

int npu_op_matmul(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		  npu_tensor_id b)
{
	struct npu_insn insn = npu_insn_new(NPU_OP_MATMUL);
	int err = npu_program_check(prog);

	return err ? err : NPU_INSN_EMIT(prog, &insn, d, a, b);
}

int npu_op_matmul_scaled(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
			 npu_tensor_id b, struct npu_scalar scale)
{
	struct npu_insn insn = npu_insn_new(NPU_OP_MATMUL);
	int err = npu_program_check(prog);

	if (!err)
		err = npu_insn_scalar(prog, &insn, scale);
	return err ? err : NPU_INSN_EMIT(prog, &insn, d, a, b);
}

int npu_op_matmul_with(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		       npu_tensor_id b, const struct npu_matmul_options *options)
{
	/* In the order in which the card wants them. */
	const struct npu_optional extras[] = {
		{ options->bias, NPU_INSN_BIAS },
		{ options->residual, NPU_INSN_RESIDUAL },
		{ options->scale, NPU_INSN_SCALE },
		{ options->block_scale, NPU_INSN_BLOCK_SCALE },
		{ options->zero_a, NPU_INSN_ZERO_A },
		{ options->zero_b, NPU_INSN_ZERO_B },
	};
	npu_tensor_id operands[3 + ARRAY_SIZE(extras)] = { d, a, b };
	struct npu_insn insn = npu_insn_new(NPU_OP_MATMUL);
	unsigned int count;
	int err = npu_program_check(prog);

	if (!err)
		err = npu_insn_scalar(prog, &insn, options->factor);
	if (err)
		return err;
	insn.matmul.activation = options->activation;
	insn.flags = options->transpose_b ? NPU_INSN_TRANSPOSE_B : 0;
	count = npu_insn_collect(&insn, operands, 3, extras, ARRAY_SIZE(extras));
	if (count > NPU_MAX_OPERANDS)
		return npu_program_fail(prog, -EINVAL,
					"a product with %u operands, more than %d", count,
					NPU_MAX_OPERANDS);
	return npu_insn_emit(prog, &insn, operands, count);
}

int npu_op_matmul_routed(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
			 npu_tensor_id b, npu_tensor_id experts,
			 npu_tensor_id block_scale, uint32_t activation)
{
	struct npu_insn insn = npu_insn_new(NPU_OP_MATMUL_ROUTED);
	int err = npu_program_check(prog);

	if (err)
		return err;
	insn.matmul.activation = activation;
	insn.flags = NPU_INSN_TRANSPOSE_B;
	if (block_scale < 0)
		return NPU_INSN_EMIT(prog, &insn, d, a, b, experts);
	insn.flags |= NPU_INSN_BLOCK_SCALE;
	return NPU_INSN_EMIT(prog, &insn, d, a, b, experts, block_scale);
}
