// SPDX-License-Identifier: MIT
/* Movement of data, and what makes data. */
#include <string.h>

#include "insn.h"

int npu_op_stall(struct npu_program *prog, struct npu_scalar ms)
{
	struct npu_insn insn = npu_insn_new(NPU_OP_STALL);
	int err = npu_program_check(prog);

	if (!err)
		err = npu_insn_scalar(prog, &insn, ms);
	return err ? err : npu_insn_emit(prog, &insn, NULL, 0);
}

int npu_op_fill(struct npu_program *prog, npu_tensor_id d, struct npu_scalar v)
{
	struct npu_insn insn = npu_insn_new(NPU_OP_FILL);
	int err = npu_program_check(prog);

	if (!err)
		err = npu_insn_scalar(prog, &insn, v);
	return err ? err : NPU_INSN_EMIT(prog, &insn, d);
}

int npu_op_copy(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a)
{
	struct npu_insn insn = npu_insn_new(NPU_OP_COPY);
	int err = npu_program_check(prog);

	return err ? err : NPU_INSN_EMIT(prog, &insn, d, a);
}

int npu_op_gather(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		  npu_tensor_id index)
{
	struct npu_insn insn = npu_insn_new(NPU_OP_GATHER);
	int err = npu_program_check(prog);

	return err ? err : NPU_INSN_EMIT(prog, &insn, d, a, index);
}

int npu_op_pad(struct npu_program *prog, uint32_t mode, npu_tensor_id d, npu_tensor_id a,
	       const uint32_t *before, struct npu_scalar value)
{
	struct npu_insn insn = npu_insn_new(NPU_OP_PAD);
	const struct npu_tensor *desc;
	int err = npu_program_check(prog);

	if (!err && mode == NPU_PAD_CONSTANT)
		err = npu_insn_scalar(prog, &insn, value);
	if (err)
		return err;
	desc = npu_tensor_desc(prog, a);
	if (desc)
		memcpy(insn.padding.before, before, desc->rank * sizeof(*before));
	insn.padding.mode = mode;
	return NPU_INSN_EMIT(prog, &insn, d, a);
}

int npu_op_tile(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a)
{
	static const uint32_t nothing[NPU_MAX_RANK];

	return npu_op_pad(prog, NPU_PAD_WRAP, d, a, nothing, npu_u32(0));
}

int npu_op_triangle(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		    struct npu_scalar diagonal, bool lower)
{
	struct npu_insn insn = npu_insn_new(NPU_OP_TRIANGLE);
	int err = npu_program_check(prog);

	insn.flags = lower ? NPU_INSN_LOWER : 0;
	if (!err)
		err = npu_insn_scalar(prog, &insn, diagonal);
	return err ? err : NPU_INSN_EMIT(prog, &insn, d, a);
}

int npu_op_range(struct npu_program *prog, npu_tensor_id d, npu_tensor_id start,
		 npu_tensor_id step, unsigned int axis)
{
	npu_tensor_id operands[] = { d, start, step };
	struct npu_insn insn = npu_insn_new(NPU_OP_RANGE);
	int err = npu_program_check(prog);

	if (!err)
		err = npu_insn_along(prog, &insn, d, axis);
	return err ? err : npu_insn_spread(prog, &insn, operands, 3);
}

int npu_op_one_hot(struct npu_program *prog, npu_tensor_id d, npu_tensor_id index,
		   npu_tensor_id off, npu_tensor_id on, unsigned int axis)
{
	npu_tensor_id operands[] = { d, index, off, on };
	struct npu_insn insn = npu_insn_new(NPU_OP_ONE_HOT);
	int err = npu_program_check(prog);

	if (!err)
		err = npu_insn_along(prog, &insn, d, axis);
	return err ? err : npu_insn_spread(prog, &insn, operands, 4);
}

int npu_op_gather_elements(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
			   npu_tensor_id index, unsigned int axis)
{
	struct npu_insn insn = npu_insn_new(NPU_OP_GATHER_ELEMENTS);
	int err = npu_program_check(prog);

	if (!err)
		err = npu_insn_along(prog, &insn, a, axis);
	return err ? err : NPU_INSN_EMIT(prog, &insn, d, a, index);
}

int npu_op_gather_nd(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		     npu_tensor_id index)
{
	struct npu_insn insn = npu_insn_new(NPU_OP_GATHER_ND);
	int err = npu_program_check(prog);

	return err ? err : NPU_INSN_EMIT(prog, &insn, d, a, index);
}

static struct npu_insn new_scatter(uint32_t opcode, uint32_t mode)
{
	struct npu_insn insn = npu_insn_new(opcode);

	insn.scatter.mode = mode;
	return insn;
}

int npu_op_scatter(struct npu_program *prog, uint32_t mode, npu_tensor_id d,
		   npu_tensor_id a, npu_tensor_id index)
{
	struct npu_insn insn = new_scatter(NPU_OP_SCATTER, mode);
	int err = npu_program_check(prog);

	return err ? err : NPU_INSN_EMIT(prog, &insn, d, a, index);
}

int npu_op_scatter_elements(struct npu_program *prog, uint32_t mode, npu_tensor_id d,
			    npu_tensor_id a, npu_tensor_id index, unsigned int axis)
{
	struct npu_insn insn = new_scatter(NPU_OP_SCATTER_ELEMENTS, mode);
	int err = npu_program_check(prog);

	/* It is where that of other instructions is. */
	if (!err)
		err = npu_insn_along(prog, &insn, d, axis);
	return err ? err : NPU_INSN_EMIT(prog, &insn, d, a, index);
}

int npu_op_scatter_nd(struct npu_program *prog, uint32_t mode, npu_tensor_id d,
		      npu_tensor_id a, npu_tensor_id index)
{
	struct npu_insn insn = new_scatter(NPU_OP_SCATTER_ND, mode);
	int err = npu_program_check(prog);

	return err ? err : NPU_INSN_EMIT(prog, &insn, d, a, index);
}
