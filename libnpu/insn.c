// SPDX-License-Identifier: MIT
/*
 * Instructions.  What is checked here is what encoding one needs; types and
 * extents are the card's to judge, which names instruction and operand.
 */
#include <errno.h>
#include <string.h>

#include "insn.h"

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

struct npu_insn npu_insn_new(uint32_t opcode)
{
	struct npu_insn insn = { .opcode = opcode, .scalar = NPU_NONE };

	memset(insn.operand, 0xff, sizeof(insn.operand));
	return insn;
}

int npu_insn_scalar(struct npu_program *prog, struct npu_insn *insn,
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

int npu_insn_emit(struct npu_program *prog, struct npu_insn *insn,
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

int npu_insn_opcode(struct npu_program *prog, uint32_t opcode, uint32_t first,
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

int npu_insn_spread(struct npu_program *prog, struct npu_insn *insn,
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
	return prog->err ? prog->err : npu_insn_emit(prog, insn, operands, count);
}

int npu_insn_along(struct npu_program *prog, struct npu_insn *insn, npu_tensor_id a,
		   unsigned int axis)
{
	const struct npu_tensor *desc = npu_tensor_desc(prog, a);

	if (desc && axis >= desc->rank)
		return npu_program_fail(prog, -EINVAL, "axis %u of a tensor of rank %u",
					axis, desc->rank);
	insn->axis.axis = axis;
	return 0;
}

unsigned int npu_insn_collect(struct npu_insn *insn, npu_tensor_id *operands,
			      unsigned int count, const struct npu_optional *optional,
			      unsigned int optionals)
{
	unsigned int i;

	for (i = 0; i < optionals; i++) {
		if (optional[i].tensor < 0)
			continue;
		insn->flags |= optional[i].flag;
		operands[count++] = optional[i].tensor;
	}
	return count;
}

int npu_insn_optional(struct npu_program *prog, struct npu_insn *insn,
		      npu_tensor_id *operands, unsigned int count,
		      const struct npu_optional *optional, unsigned int optionals)
{
	count = npu_insn_collect(insn, operands, count, optional, optionals);
	return npu_insn_spread(prog, insn, operands, count);
}
