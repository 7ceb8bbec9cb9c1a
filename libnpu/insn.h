/* SPDX-License-Identifier: MIT */
/* What the functions that add instructions share.  All return 0 or -errno. */
#ifndef NPU_INSN_H
#define NPU_INSN_H

#include "internal.h"

/* An instruction without scalar, parameters and operands. */
struct npu_insn npu_insn_new(uint32_t opcode);
int npu_insn_scalar(struct npu_program *prog, struct npu_insn *insn,
		    struct npu_scalar scalar);
/* The parameter of instructions along a dimension of a. */
int npu_insn_along(struct npu_program *prog, struct npu_insn *insn, npu_tensor_id a,
		   unsigned int axis);
/* Whether the program can be changed, and the opcode is one from first to last. */
int npu_insn_opcode(struct npu_program *prog, uint32_t opcode, uint32_t first,
		    uint32_t last);

/* Add an instruction with its operands, the destination first. */
int npu_insn_emit(struct npu_program *prog, struct npu_insn *insn,
		  const npu_tensor_id *operands, unsigned int count);

#define NPU_INSN_EMIT(prog, insn, ...)                                    \
	npu_insn_emit(prog, insn, (const npu_tensor_id[]){ __VA_ARGS__ }, \
		      ARRAY_SIZE(((const npu_tensor_id[]){ __VA_ARGS__ })))

/* The same, with the sources broadcast to d. */
int npu_insn_spread(struct npu_program *prog, struct npu_insn *insn,
		    npu_tensor_id *operands, unsigned int count);

/* An operand that is there or not, and what says so. */
struct npu_optional {
	npu_tensor_id tensor; /* < 0: not there */
	uint32_t flag;
};

/* Put those that are there behind count operands, and note their flags; how many then. */
unsigned int npu_insn_collect(struct npu_insn *insn, npu_tensor_id *operands,
			      unsigned int count, const struct npu_optional *optional,
			      unsigned int optionals);

/* Spread the operands and those that are there, which come in the order of their flags. */
int npu_insn_optional(struct npu_program *prog, struct npu_insn *insn,
		      npu_tensor_id *operands, unsigned int count,
		      const struct npu_optional *optional, unsigned int optionals);

#endif
