// SPDX-License-Identifier: MIT
/* Instructions of the node in work. */
#include <inttypes.h>
#include <string.h>

#include "plan.h"

int emitted(struct plan *p, int ret)
{
	const char *detail;

	if (ret >= 0 || plan_failed(p))
		return ret;
	detail = npu_last_error();
	plan_fail(p, "%s", *detail ? detail : npu_strerror(ret));
	return ret;
}

void check_contraction(struct plan *p, uint64_t elements)
{
	if (elements > NPU_MAX_CONTRACTION)
		plan_fail(p,
			  "%" PRIu64 " elements make one of the result, the card takes "
			  "%u",
			  elements, NPU_MAX_CONTRACTION);
}

static bool same_type(struct plan *p, const struct val *a, const struct val *b)
{
	if (a->type != b->type)
		plan_fail(p, "inputs of types %s and %s", element_name(a->type),
			  element_name(b->type));
	return !plan_failed(p);
}

void emit_unary(struct plan *p, uint32_t opcode, struct val *d, struct val *a)
{
	npu_tensor_id to = plan_id(p, d), from = plan_id(p, a);

	if (same_type(p, d, a))
		emitted(p, npu_op_unary(p->prog, opcode, to, from));
}

void emit_binary(struct plan *p, uint32_t opcode, struct val *d, struct val *a,
		 struct val *b)
{
	npu_tensor_id to = plan_id(p, d), left = plan_id(p, a), right = plan_id(p, b);

	if (same_type(p, d, a) && same_type(p, a, b))
		emitted(p, npu_op_binary(p->prog, opcode, to, left, right));
}

void emit_axis(struct plan *p, uint32_t opcode, struct val *d, struct val *a,
	       unsigned int axis)
{
	npu_tensor_id to = plan_id(p, d), from = plan_id(p, a);

	check_contraction(p, a->shape.dim[axis]);
	if (opcode == NPU_OP_ARGMAX ? !plan_failed(p) : same_type(p, d, a))
		emitted(p, npu_op_axis(p->prog, opcode, to, from, axis));
}

void emit_copy(struct plan *p, npu_tensor_id d, npu_tensor_id a)
{
	if (!plan_failed(p))
		emitted(p, npu_op_copy(p->prog, d, a));
}

/* The bits of a number as the type has them, in the low bits. */
static uint32_t scalar_bits(int32_t type, double value)
{
	float f = value;
	uint32_t bits;

	switch (type) {
	case TYPE_FLOAT:
		memcpy(&bits, &f, sizeof(bits));
		return bits;
	case TYPE_FLOAT16:
		return float_to_half(f);
	case TYPE_INT8:
		return (uint8_t)(int8_t)value;
	default:
		return (uint32_t)(int32_t)value;
	}
}

void emit_fill(struct plan *p, struct val *d, double value)
{
	npu_tensor_id to = plan_id(p, d);

	if (!plan_failed(p))
		emitted(p,
			npu_op_fill(p->prog, to, npu_u32(scalar_bits(d->type, value))));
}
