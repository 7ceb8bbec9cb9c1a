// SPDX-License-Identifier: MIT
/* Attention, and rotary embedding. */
#include <string.h>

#include "insn.h"

int npu_op_rope(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		npu_tensor_id positions, npu_tensor_id frequencies,
		struct npu_scalar scale, bool interleaved)
{
	struct npu_insn insn = npu_insn_new(NPU_OP_ROPE);
	int err = npu_program_check(prog);

	if (!err)
		err = npu_insn_scalar(prog, &insn, scale);
	insn.flags = interleaved ? NPU_INSN_INTERLEAVED : 0;
	return err ? err : NPU_INSN_EMIT(prog, &insn, d, a, positions, frequencies);
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
	struct npu_insn insn = npu_insn_new(NPU_OP_ATTENTION);
	unsigned int i, count = 4;
	int err = npu_program_check(prog);

	if (!err)
		err = npu_insn_scalar(prog, &insn, scale);
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
	return npu_insn_emit(prog, &insn, operand, count);
}
