/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which element types of operands go together, one rule an instruction or family. */
#include "attention.h"
#include "check.h"
#include "matmul.h"

static bool is_in(struct npu_check *check, unsigned operand, unsigned set)
{
    return npu_check_that(check, set >> check->operand[operand]->dtype & 1,
                          NPU_ERR_DTYPE, operand);
}

static bool is_same(struct npu_check *check, unsigned operand, unsigned as)
{
    return npu_check_that(check,
                          check->operand[operand]->dtype ==
                              check->operand[as]->dtype,
                          NPU_ERR_DTYPE, operand);
}

/* All operands have one type of a set. */
static bool all_in(struct npu_check *check, unsigned set)
{
    if (!check->operands) {
        return true;
    }
    if (!is_in(check, 0, set)) {
        return false;
    }
    for (unsigned operand = 1; operand < check->operands; operand++) {
        if (!is_same(check, operand, 0)) {
            return false;
        }
    }
    return true;
}

bool npu_types_any(struct npu_check *check)
{
    return all_in(check, NPU_SET_ANY);
}

bool npu_types_copy(struct npu_check *check)
{
    if (npu_check_has_blocks(check, 0)) {
        return is_in(check, 0, NPU_SET_PACKED) && is_in(check, 1, NPU_SET_F);
    }
    if (npu_check_has_blocks(check, 1)) {
        return is_in(check, 0, NPU_SET_F);
    }
    return is_in(check, 0, NPU_SET_ANY) && is_in(check, 1, NPU_SET_ANY);
}

/* What indices are */
#define SET_INDEX (NPU_SET(NPU_DTYPE_S32) | NPU_SET(NPU_DTYPE_S64))

bool npu_types_gather(struct npu_check *check)
{
    bool good = npu_check_has_blocks(check, 1) ?
                    is_in(check, 0, NPU_SET_F) :
                    is_in(check, 0, NPU_SET_ANY) && is_same(check, 1, 0);

    return good && is_in(check, 2, SET_INDEX);
}

bool npu_types_pick(struct npu_check *check)
{
    return is_in(check, 0, NPU_SET_ANY) && is_same(check, 1, 0) &&
           is_in(check, 2, SET_INDEX);
}

/* What is added must be E. */
bool npu_types_scatter(struct npu_check *check)
{
    bool moves = check->insn->scatter.mode == NPU_SCATTER_SET;

    return is_in(check, 0, moves ? NPU_SET_ANY : NPU_SET_E) &&
           npu_types_pick(check);
}

bool npu_types_one_hot(struct npu_check *check)
{
    return is_in(check, 0, NPU_SET_ANY) && is_in(check, 1, SET_INDEX) &&
           is_same(check, 2, 0) && is_same(check, 3, 0);
}

bool npu_types_e(struct npu_check *check)
{
    return all_in(check, NPU_SET_E);
}

/* What is asked of the sources is answered in bool. */
static bool types_question(struct npu_check *check, unsigned set)
{
    if (!is_in(check, 0, NPU_SET(NPU_DTYPE_BOOL)) || !is_in(check, 1, set)) {
        return false;
    }
    return check->operands == 2 || is_same(check, 2, 1);
}

bool npu_types_compare(struct npu_check *check)
{
    return types_question(check,
                          NPU_SET_E | NPU_SET_SMALL | NPU_SET(NPU_DTYPE_BOOL));
}

bool npu_types_test(struct npu_check *check)
{
    return types_question(check, NPU_SET_F);
}

bool npu_types_where(struct npu_check *check)
{
    return is_in(check, 0, NPU_SET_ANY) &&
           is_in(check, 1, NPU_SET(NPU_DTYPE_BOOL)) && is_same(check, 2, 0) &&
           is_same(check, 3, 0);
}

bool npu_types_logic(struct npu_check *check)
{
    return all_in(check, NPU_SET_INTEGERS | NPU_SET(NPU_DTYPE_BOOL));
}

bool npu_types_bits(struct npu_check *check)
{
    return all_in(check, NPU_SET_INTEGERS);
}

bool npu_types_shift(struct npu_check *check)
{
    return all_in(check, NPU_SET(NPU_DTYPE_S32) | NPU_SET(NPU_DTYPE_S64));
}

bool npu_types_bool(struct npu_check *check)
{
    return all_in(check, NPU_SET(NPU_DTYPE_BOOL));
}

bool npu_types_maxpool(struct npu_check *check)
{
    return all_in(check, NPU_SET_T | NPU_SET_SMALL);
}

bool npu_types_t(struct npu_check *check)
{
    return all_in(check, NPU_SET_T);
}

bool npu_types_f(struct npu_check *check)
{
    return all_in(check, NPU_SET_F);
}

bool npu_types_argmax(struct npu_check *check)
{
    return is_in(check, 0, NPU_SET(NPU_DTYPE_S32) | NPU_SET(NPU_DTYPE_S64)) &&
           is_in(check, 1, NPU_SET_T);
}

bool npu_types_sort(struct npu_check *check)
{
    return all_in(check, NPU_SET_E | NPU_SET_SMALL);
}

bool npu_types_argsort(struct npu_check *check)
{
    return is_in(check, 0, NPU_SET(NPU_DTYPE_S32) | NPU_SET(NPU_DTYPE_S64)) &&
           is_in(check, 1, NPU_SET_E | NPU_SET_SMALL);
}

static bool types_product_s32(struct npu_check *check,
                              const struct npu_matmul_roles *roles)
{
    unsigned only_f = roles->bias | roles->residual | roles->scale;
    bool good = is_in(check, 2, NPU_SET_SMALL) &&
                is_in(check, 0,
                      only_f ? NPU_SET_F : NPU_SET_F | NPU_SET(NPU_DTYPE_S32));

    return good && (!roles->zero_a || is_same(check, roles->zero_a, 1)) &&
           (!roles->zero_b || is_same(check, roles->zero_b, 2)) &&
           npu_check_that(check, !roles->block_scale, NPU_ERR_PARAMETER,
                          NPU_NONE);
}

static bool types_product_f32(struct npu_check *check,
                              const struct npu_matmul_roles *roles)
{
    const struct npu_tensor *const *operand = check->operand;
    bool upright = check->insn->flags & NPU_INSN_TRANSPOSE_B;
    unsigned b = NPU_SET_F | NPU_SET_F8 | (upright ? NPU_SET_BLOCKS : 0);
    bool fp8;

    if (!is_in(check, 1, NPU_SET_F | NPU_SET_F8 | NPU_SET_BLOCKS) ||
        !is_in(check, 2, NPU_SET_F >> operand[1]->dtype & 1 ? b : NPU_SET_F) ||
        !is_in(check, 0, NPU_SET_F)) {
        return false;
    }
    fp8 = (NPU_SET_F8 >> operand[1]->dtype | NPU_SET_F8 >> operand[2]->dtype) &
          1;
    return npu_check_that(check,
                          !roles->zero_a && !roles->zero_b &&
                              (fp8 || !roles->block_scale),
                          NPU_ERR_PARAMETER, NPU_NONE) &&
           (!roles->block_scale ||
            is_in(check, roles->block_scale, NPU_SET(NPU_DTYPE_F32)));
}

bool npu_types_matmul(struct npu_check *check)
{
    struct npu_matmul_roles roles;

    npu_matmul_roles_get(&roles, check->insn->flags);
    if (!npu_check_that(check, check->operands == roles.operands,
                        NPU_ERR_OPERAND, NPU_NONE) ||
        (roles.bias && !is_in(check, roles.bias, NPU_SET_F)) ||
        (roles.residual && !is_in(check, roles.residual, NPU_SET_F)) ||
        (roles.scale && !is_in(check, roles.scale, NPU_SET_F))) {
        return false;
    }
    return npu_matmul_is_integer(check->operand[1]->dtype) ?
               types_product_s32(check, &roles) :
               types_product_f32(check, &roles);
}

/* As many operands as there must be, and as flags of a set announce. */
static bool all_there(struct npu_check *check, uint32_t set)
{
    unsigned wanted = check->op->operands +
                      (unsigned)__builtin_popcount(check->insn->flags & set);

    return npu_check_that(check, check->operands == wanted, NPU_ERR_OPERAND,
                          check->operands < wanted ? check->operands : wanted);
}

bool npu_types_routed(struct npu_check *check)
{
    const unsigned weights = NPU_SET_F | NPU_SET_F8 | NPU_SET_BLOCKS;
    bool scaled = check->insn->flags & NPU_INSN_BLOCK_SCALE;

    return all_there(check, NPU_INSN_BLOCK_SCALE) &&
           is_in(check, 0, NPU_SET_F) && is_in(check, 1, NPU_SET_F) &&
           is_in(check, 2, weights) &&
           is_in(check, 3, NPU_SET(NPU_DTYPE_S32)) &&
           (!scaled ||
            (is_in(check, 4, NPU_SET(NPU_DTYPE_F32)) &&
             npu_check_that(check, NPU_SET_F8 >> check->operand[2]->dtype & 1,
                            NPU_ERR_PARAMETER, NPU_NONE)));
}

static bool optional_is_in(struct npu_check *check, uint32_t flag, unsigned set)
{
    unsigned operand = npu_attention_operand(check->insn->flags, flag);

    return !operand || is_in(check, operand, set);
}

bool npu_types_attention(struct npu_check *check)
{
    const unsigned stored = NPU_SET_F | NPU_SET_F8 | NPU_SET(NPU_DTYPE_Q8_0) |
                            NPU_SET(NPU_DTYPE_Q4_0);
    const unsigned s32 = NPU_SET(NPU_DTYPE_S32);

    return all_there(check, NPU_ATTENTION_OPERANDS) &&
           is_in(check, 0, NPU_SET_F) && is_in(check, 1, NPU_SET_F) &&
           is_in(check, 2, stored) && is_in(check, 3, stored) &&
           optional_is_in(check, NPU_INSN_MASK, NPU_SET_F) &&
           optional_is_in(check, NPU_INSN_SINKS, NPU_SET(NPU_DTYPE_F32)) &&
           optional_is_in(check, NPU_INSN_TABLE, s32) &&
           optional_is_in(check, NPU_INSN_LENGTHS, s32);
}

bool npu_types_rope(struct npu_check *check)
{
    return is_in(check, 0, NPU_SET_F) && is_in(check, 1, NPU_SET_F) &&
           is_in(check, 2, NPU_SET(NPU_DTYPE_S32)) &&
           is_in(check, 3, NPU_SET(NPU_DTYPE_F32));
}

bool npu_types_each_f(struct npu_check *check)
{
    if (!all_there(check, check->op->flags)) {
        return false;
    }
    for (unsigned operand = 0; operand < check->operands; operand++) {
        if (!is_in(check, operand, NPU_SET_F)) {
            return false;
        }
    }
    return true;
}

/* The state is what it is calculated in. */
bool npu_types_recurrent(struct npu_check *check)
{
    for (unsigned operand = 0; operand < check->operands; operand++) {
        if (!is_in(check, operand,
                   operand == 1 ? NPU_SET(NPU_DTYPE_F32) : NPU_SET_F)) {
            return false;
        }
    }
    return true;
}
