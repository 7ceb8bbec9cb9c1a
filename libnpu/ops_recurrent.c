// SPDX-License-Identifier: MIT
/* Recurrent steps. */
#include <string.h>

#include "insn.h"

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
	struct npu_insn insn = npu_insn_new(NPU_OP_SSM_SCAN);
	int err = npu_program_check(prog);

	if (err)
		return err;
	insn.flags = flags;
	a = stretch(prog, a, state, 3);
	if (skip < 0)
		return NPU_INSN_EMIT(prog, &insn, d, state, x, dt, a, b, c);
	skip = stretch(prog, skip, d, 3);
	return NPU_INSN_EMIT(prog, &insn, d, state, x, dt, a, b, c, skip);
}

int npu_op_rwkv_wkv(struct npu_program *prog, npu_tensor_id d, npu_tensor_id state,
		    npu_tensor_id r, npu_tensor_id k, npu_tensor_id v, npu_tensor_id w,
		    npu_tensor_id u)
{
	struct npu_insn insn = npu_insn_new(NPU_OP_RWKV_WKV);
	int err = npu_program_check(prog);

	return err ? err : NPU_INSN_EMIT(prog, &insn, d, state, r, k, v, w, u);
}

int npu_op_delta_net(struct npu_program *prog, npu_tensor_id d, npu_tensor_id state,
		     npu_tensor_id q, npu_tensor_id k, npu_tensor_id v, npu_tensor_id g,
		     npu_tensor_id beta, struct npu_scalar scale)
{
	struct npu_insn insn = npu_insn_new(NPU_OP_DELTA_NET);
	int err = npu_program_check(prog);

	if (!err)
		err = npu_insn_scalar(prog, &insn, scale);
	if (err)
		return err;
	g = stretch(prog, g, state, 2);
	return NPU_INSN_EMIT(prog, &insn, d, state, q, k, v, g, beta);
}
