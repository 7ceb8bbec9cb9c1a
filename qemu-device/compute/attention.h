/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which operands an attention has.
 */
#ifndef NPU_ATTENTION_H
#define NPU_ATTENTION_H

#include <stdint.h>

#include "npu/isa.h"

/* Each stands for an operand, in this order. */
#define NPU_ATTENTION_OPERANDS \
    (NPU_INSN_MASK | NPU_INSN_SINKS | NPU_INSN_TABLE | NPU_INSN_LENGTHS)

/* The index of the operand that a flag stands for; 0: there is none. */
unsigned npu_attention_operand(uint32_t flags, uint32_t flag);

#endif
