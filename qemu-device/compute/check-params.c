/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scalars and parameters of instructions. */
#include <math.h>
#include <string.h>

#include "check.h"
#include "matmul.h"
#include "window.h"

static bool no_scalar(struct npu_check *check)
{
    return npu_check_that(check,
                          check->insn->scalar == NPU_NONE && !check->insn->imm,
                          NPU_ERR_PARAMETER, NPU_NONE);
}

static bool no_raw(struct npu_check *check)
{
    return npu_check_that(check,
                          npu_check_zeros(check->insn->raw,
                                          sizeof(check->insn->raw)),
                          NPU_ERR_PARAMETER, NPU_NONE);
}

bool npu_params_none(struct npu_check *check)
{
    return no_scalar(check) && no_raw(check);
}

static bool scalar_sound(struct npu_check *check)
{
    const struct npu_insn *insn = check->insn;
    bool good = insn->scalar == NPU_NONE ||
                (insn->scalar < check->scalar_count && !insn->imm);

    return npu_check_that(check, good, NPU_ERR_PARAMETER, NPU_NONE);
}

bool npu_params_scalar(struct npu_check *check)
{
    return scalar_sound(check) && no_raw(check);
}

static bool axis_sound(struct npu_check *check)
{
    const struct npu_insn_axis *axis = &check->insn->axis;

    return npu_check_that(check,
                          axis->axis < check->operand[1]->rank &&
                              npu_check_zeros(axis->pad, sizeof(axis->pad)),
                          NPU_ERR_PARAMETER, NPU_NONE);
}

bool npu_params_axis(struct npu_check *check)
{
    return no_scalar(check) && axis_sound(check);
}

bool npu_params_scatter(struct npu_check *check)
{
    const struct npu_insn_scatter *scatter = &check->insn->scatter;
    bool axis = check->insn->opcode == NPU_OP_SCATTER_ELEMENTS;
    unsigned dims = axis ? check->operand[0]->rank : 1;

    return no_scalar(check) &&
           npu_check_that(check,
                          scatter->axis < dims &&
                              scatter->mode <= NPU_SCATTER_MAX &&
                              npu_check_zeros(scatter->pad,
                                              sizeof(scatter->pad)),
                          NPU_ERR_PARAMETER, NPU_NONE);
}

bool npu_params_pad(struct npu_check *check)
{
    const struct npu_insn_pad *padding = &check->insn->padding;
    unsigned rank = check->operand[0]->rank;
    bool good = padding->mode <= NPU_PAD_WRAP && !padding->pad &&
                npu_check_zeros(padding->before + rank,
                                (NPU_MAX_RANK - rank) *
                                    sizeof(padding->before[0]));

    return (padding->mode == NPU_PAD_CONSTANT ? scalar_sound(check) :
                                                no_scalar(check)) &&
           npu_check_that(check, good, NPU_ERR_PARAMETER, NPU_NONE);
}

bool npu_params_norm(struct npu_check *check)
{
    return scalar_sound(check) && axis_sound(check);
}

bool npu_params_group_norm(struct npu_check *check)
{
    const struct npu_insn_groups *groups = &check->insn->groups;

    return scalar_sound(check) &&
           npu_check_that(check,
                          groups->groups &&
                              npu_check_zeros(groups->pad, sizeof(groups->pad)),
                          NPU_ERR_PARAMETER, NPU_NONE);
}

/* Is there a kernel from f32 to f32 with nothing but one source? */
static bool is_activation(uint32_t opcode)
{
    const struct npu_op *op = npu_op_find(opcode);

    return op && op->f32 && op->operands == 2 && !op->optional &&
           op->params == npu_params_none &&
           (op->types == npu_types_f || op->types == npu_types_t ||
            op->types == npu_types_e);
}

bool npu_params_matmul(struct npu_check *check)
{
    const struct npu_insn_matmul *matmul = &check->insn->matmul;
    bool integers = npu_matmul_is_integer(check->operand[1]->dtype);
    bool real = check->operand[0]->dtype != NPU_DTYPE_S32;

    return (integers && real ? scalar_sound(check) : no_scalar(check)) &&
           npu_check_that(check,
                          npu_check_zeros(matmul->pad, sizeof(matmul->pad)) &&
                              (!matmul->activation ||
                               (real && is_activation(matmul->activation))),
                          NPU_ERR_PARAMETER, NPU_NONE);
}

bool npu_params_routed(struct npu_check *check)
{
    return npu_check_that(check, check->insn->flags & NPU_INSN_TRANSPOSE_B,
                          NPU_ERR_PARAMETER, NPU_NONE) &&
           npu_params_matmul(check);
}

static bool window_sound(struct npu_check *check, unsigned axes)
{
    return npu_check_that(check, npu_window_sound(&check->insn->window, axes),
                          NPU_ERR_PARAMETER, NPU_NONE);
}

bool npu_params_window(struct npu_check *check)
{
    return no_scalar(check) && window_sound(check, 2);
}

bool npu_params_window3d(struct npu_check *check)
{
    return no_scalar(check) && window_sound(check, 3);
}

bool npu_params_lppool(struct npu_check *check)
{
    return scalar_sound(check) && window_sound(check, 2);
}

/* What a mode does not use is zero. */
static bool mode_sound(const struct npu_insn_resize *resize)
{
    bool cubic = resize->mode == NPU_RESIZE_CUBIC;
    float factor;

    memcpy(&factor, &resize->cubic, sizeof(factor));
    return resize->mode <= NPU_RESIZE_CUBIC &&
           (resize->mode == NPU_RESIZE_NEAREST ?
                resize->rounding <= NPU_RESIZE_CEIL :
                !resize->rounding) &&
           (cubic ? resize->outside <= 1 && isfinite(factor) :
                    !resize->outside && !resize->cubic);
}

bool npu_params_resize(struct npu_check *check)
{
    const struct npu_insn_resize *resize = &check->insn->resize;

    return no_scalar(check) &&
           npu_check_that(check,
                          !(resize->axes >> check->operand[1]->rank) &&
                              mode_sound(resize) &&
                              resize->coordinate <= NPU_RESIZE_ALIGN_CORNERS &&
                              npu_check_zeros(resize->pad, sizeof(resize->pad)),
                          NPU_ERR_PARAMETER, NPU_NONE);
}

bool npu_params_attention(struct npu_check *check)
{
    const struct npu_insn_attention *attention = &check->insn->attention;
    float cap;

    memcpy(&cap, &attention->softcap, sizeof(cap));
    return scalar_sound(check) &&
           npu_check_that(check,
                          cap >= 0 && !signbit(cap) && !isinf(cap) &&
                              npu_check_zeros(attention->pad,
                                              sizeof(attention->pad)),
                          NPU_ERR_PARAMETER, NPU_NONE);
}
