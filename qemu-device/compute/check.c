/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules of isa.h for tensors and instructions.  The order of the checks
 * decides which of several errors is told: element types, parameters, extents.
 */
#include "block.h"
#include "check.h"
#include "dtype.h"

#define VA_LIMIT ((__int128)1 << 48)

bool npu_check_fail(struct npu_check *check, uint32_t code, unsigned operand)
{
    *check->verdict = (struct npu_verdict){
        .code = code,
        .insn = check->index,
        .operand = operand,
    };
    return false;
}

bool npu_check_insn(struct npu_check *check)
{
    const struct npu_op *op = check->op;
    const struct npu_insn *insn = check->insn;

    return op->types(check) &&
           npu_check_that(check, !(insn->flags & ~op->flags) && !insn->pad,
                          NPU_ERR_PARAMETER, NPU_NONE) &&
           op->params(check) && op->shape(check);
}

/* ---- Tensors ------------------------------------------------------------- */

bool npu_check_zeros(const void *bytes, size_t size)
{
    const unsigned char *byte = bytes;

    for (size_t i = 0; i < size; i++) {
        if (byte[i]) {
            return false;
        }
    }
    return true;
}

static bool dims_sound(const struct npu_tensor *tensor,
                       const struct npu_units *units)
{
    __int128 below = 0, above = 0;
    uint64_t elements = 1;

    for (unsigned dim = 0; dim < tensor->rank; dim++) {
        uint64_t extent = tensor->extent[dim];
        __int128 reach = (__int128)tensor->stride[dim] *
                         (units->extent[dim] - 1);

        if (!extent || extent > NPU_MAX_ELEMENTS / elements ||
            tensor->stride[dim] % (int64_t)units->align) {
            return false;
        }
        elements *= extent;
        *(reach < 0 ? &below : &above) += reach;
    }
    return above - below < VA_LIMIT;
}

bool npu_tensor_sound(const struct npu_tensor *tensor, uint32_t base_count)
{
    struct npu_units units;

    if (!tensor->rank || tensor->rank > NPU_MAX_RANK ||
        tensor->base >= base_count || tensor->offset >= VA_LIMIT ||
        tensor->pad || tensor->pad2[0] || tensor->pad2[1]) {
        return false;
    }
    for (unsigned dim = tensor->rank; dim < NPU_MAX_RANK; dim++) {
        if (tensor->extent[dim] || tensor->stride[dim]) {
            return false;
        }
    }
    return npu_units_get(&units, tensor) && dims_sound(tensor, &units);
}

bool npu_tensor_writable(const struct npu_tensor *tensor)
{
    for (unsigned dim = 0; dim < tensor->rank; dim++) {
        if (tensor->extent[dim] > 1 && !tensor->stride[dim]) {
            return false;
        }
    }
    return true;
}
