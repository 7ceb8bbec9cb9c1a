/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checking an instruction against its rules when a program is loaded.
 */
#ifndef NPU_CHECK_H
#define NPU_CHECK_H

#include "npu_compute.h"
#include "ops.h"

/* Sets of element types. */
#define NPU_SET(dtype) (1u << (dtype))
#define NPU_SET_F \
    (NPU_SET(NPU_DTYPE_F32) | NPU_SET(NPU_DTYPE_F16) | NPU_SET(NPU_DTYPE_BF16))
#define NPU_SET_T (NPU_SET_F | NPU_SET(NPU_DTYPE_S32))
#define NPU_SET_E (NPU_SET_T | NPU_SET(NPU_DTYPE_S64))
#define NPU_SET_SMALL (NPU_SET(NPU_DTYPE_S8) | NPU_SET(NPU_DTYPE_U8))
#define NPU_SET_INTEGERS \
    (NPU_SET_SMALL | NPU_SET(NPU_DTYPE_S32) | NPU_SET(NPU_DTYPE_S64))
#define NPU_SET_ANY                                          \
    (NPU_SET_E | NPU_SET_SMALL | NPU_SET(NPU_DTYPE_F8E4M3) | \
     NPU_SET(NPU_DTYPE_F8E5M2) | NPU_SET(NPU_DTYPE_BOOL))
/* What a product in floating point may be made of. */
#define NPU_SET_F8 (NPU_SET(NPU_DTYPE_F8E4M3) | NPU_SET(NPU_DTYPE_F8E5M2))
#define NPU_SET_BLOCKS                                   \
    (NPU_SET(NPU_DTYPE_S4) | NPU_SET(NPU_DTYPE_Q8_0) |   \
     NPU_SET(NPU_DTYPE_Q4_0) | NPU_SET(NPU_DTYPE_Q4_K) | \
     NPU_SET(NPU_DTYPE_Q6_K) | NPU_SET(NPU_DTYPE_MXFP4))

/* Blocks that COPY can make */
#define NPU_SET_PACKED                                 \
    (NPU_SET(NPU_DTYPE_S4) | NPU_SET(NPU_DTYPE_Q8_0) | \
     NPU_SET(NPU_DTYPE_Q4_0) | NPU_SET(NPU_DTYPE_MXFP4))

struct npu_check {
    const struct npu_op *op;
    const struct npu_insn *insn;
    uint32_t index;        /* of the instruction */
    uint32_t scalar_count; /* of the program */
    unsigned operands;     /* how many there are */
    const struct npu_tensor *operand[NPU_MAX_OPERANDS];
    struct npu_verdict *verdict;
};

/* Note an error; always false. */
bool npu_check_fail(struct npu_check *check, uint32_t code, unsigned operand);

/* Pass if cond, else fail with the code. */
static inline bool npu_check_that(struct npu_check *check, bool cond,
                                  uint32_t code, unsigned operand)
{
    return cond || npu_check_fail(check, code, operand);
}

static inline bool npu_check_has_blocks(const struct npu_check *check,
                                        unsigned operand)
{
    return NPU_SET_BLOCKS >> check->operand[operand]->dtype & 1;
}

/* Are all bytes zero? */
bool npu_check_zeros(const void *bytes, size_t size);

/* Check everything about an instruction whose operands are sound tensors. */
bool npu_check_insn(struct npu_check *check);

/* A tensor descriptor by itself, and as a destination. */
bool npu_tensor_sound(const struct npu_tensor *tensor, uint32_t base_count);
bool npu_tensor_writable(const struct npu_tensor *tensor);

/* Element types */
npu_rule npu_types_any;  /* any, the same for all */
npu_rule npu_types_copy; /* any to any */
npu_rule npu_types_gather;
npu_rule npu_types_one_hot;
npu_rule npu_types_pick; /* any, the same, and indices */
npu_rule npu_types_scatter;
npu_rule npu_types_e; /* E, T and F: see isa.h */
npu_rule npu_types_t;
npu_rule npu_types_f;
npu_rule npu_types_maxpool;
npu_rule npu_types_compare; /* two of a type to bool */
npu_rule npu_types_test;    /* F to bool */
npu_rule npu_types_where;
npu_rule npu_types_logic; /* integers, or bool */
npu_rule npu_types_bits;  /* integers */
npu_rule npu_types_shift; /* s32 or s64 */
npu_rule npu_types_bool;
npu_rule npu_types_argmax;
npu_rule npu_types_sort;
npu_rule npu_types_argsort;
npu_rule npu_types_matmul;
npu_rule npu_types_routed;
npu_rule npu_types_each_f; /* F of its own for each that flags announce */
npu_rule npu_types_rope;
npu_rule npu_types_attention; /* and whether all operands are there */
npu_rule npu_types_recurrent;

/* Parameters */
npu_rule npu_params_none;
npu_rule npu_params_scalar;
npu_rule npu_params_axis;
npu_rule npu_params_pad;
npu_rule npu_params_scatter;
npu_rule npu_params_matmul;
npu_rule npu_params_routed;
npu_rule npu_params_window;   /* in a plane */
npu_rule npu_params_window3d; /* in a volume */
npu_rule npu_params_lppool;
npu_rule npu_params_norm;
npu_rule npu_params_group_norm;
npu_rule npu_params_resize;
npu_rule npu_params_attention;

/* Extents */
npu_rule npu_shape_none;
npu_rule npu_shape_equal;
npu_rule npu_shape_gather;
npu_rule npu_shape_gather_elements;
npu_rule npu_shape_gather_nd;
npu_rule npu_shape_scatter;
npu_rule npu_shape_scatter_elements;
npu_rule npu_shape_scatter_nd;
npu_rule npu_shape_pad;
npu_rule npu_shape_matrices; /* equal, of rank 2 at least */
npu_rule npu_shape_reduce;
npu_rule npu_shape_softmax;
npu_rule npu_shape_order;
npu_rule npu_shape_norm;
npu_rule npu_shape_group_norm;
npu_rule npu_shape_lines; /* all have d's extents, the last is a line */
npu_rule npu_shape_matmul;
npu_rule npu_shape_routed;
npu_rule npu_shape_conv2d;
npu_rule npu_shape_conv3d;
npu_rule npu_shape_conv_transpose2d;
npu_rule npu_shape_pool2d;
npu_rule npu_shape_pool3d;
npu_rule npu_shape_rope;
npu_rule npu_shape_resize;
npu_rule npu_shape_attention;
npu_rule npu_shape_ssm_scan;
npu_rule npu_shape_rwkv_wkv;
npu_rule npu_shape_delta_net;

#endif
