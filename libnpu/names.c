// SPDX-License-Identifier: MIT
/* Names of instructions, made from the contract by the Makefile. */
#include "internal.h"

static const char *const names[] = {
#include "names.inc"
};

const char *npu_op_name(uint32_t opcode)
{
	return opcode < ARRAY_SIZE(names) && names[opcode] ? names[opcode] : "unknown";
}
