/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of instructions.  See Documentation/adding-an-instruction.rst.
 */
#include "attention.h"
#include "check.h"
#include "cost.h"
#include "elementwise.h"
#include "families.h"
#include "line.h"
#include "plan.h"
#include "recurrence.h"
#include "reduce.h"

/* Rows of one family differ in little. */
#define ELEMENTWISE(name_, sources, types_, ops, ps)                          \
    .name = name_, .operands = 1 + (sources), .types = types_,                \
    .params = npu_params_none, .shape = npu_shape_equal, .cut = npu_plan_cut, \
    .run = npu_elementwise_run, .cost = npu_cost_output, .operations = ops,   \
    .host_ps = ps
#define FLOAT(kernel) .f32 = npu_##kernel##_f32
#define ALL(kernel) \
    FLOAT(kernel), .s32 = npu_##kernel##_s32, .s64 = npu_##kernel##_s64

/* The instruction's name is that of its kernels. */
#define BINARY(name, ps)                                     \
    {                                                        \
        ELEMENTWISE(#name, 2, npu_types_e, 1, ps), ALL(name) \
    }
#define UNARY_E(name)                                         \
    {                                                         \
        ELEMENTWISE(#name, 1, npu_types_e, 1, 200), ALL(name) \
    }
#define INTEGERS(kernel) .s32 = npu_##kernel##_s32, .s64 = npu_##kernel##_s64
#define COMPARISON(name)                                            \
    {                                                               \
        ELEMENTWISE(#name, 2, npu_types_compare, 1, 400), ALL(name) \
    }
#define LOGIC(name, sources, types)                                \
    {                                                              \
        ELEMENTWISE(#name, sources, types, 1, 400), INTEGERS(name) \
    }
#define BINARY_F(name, ops, ps)                                  \
    {                                                            \
        ELEMENTWISE(#name, 2, npu_types_f, ops, ps), FLOAT(name) \
    }
#define TERNARY(name, types, ops)                         \
    {                                                     \
        ELEMENTWISE(#name, 3, types, ops, 600), ALL(name) \
    }
#define TEST_F(name)                                               \
    {                                                              \
        ELEMENTWISE(#name, 1, npu_types_test, 1, 400), FLOAT(name) \
    }
#define UNARY_F(name, ops, ps)                                   \
    {                                                            \
        ELEMENTWISE(#name, 1, npu_types_f, ops, ps), FLOAT(name) \
    }

#define REDUCE(types_, ops, ps, reduction_)                                  \
    .operands = 2, .types = types_, .params = npu_params_axis,               \
    .shape = npu_shape_reduce, .cut = npu_reduce_cut, .run = npu_reduce_run, \
    .cost = npu_cost_input, .operations = ops, .host_ps = ps,                \
    .reduction = &npu_##reduction_
#define REDUCTION(name_, types, ops, ps)              \
    {                                                 \
        .name = #name_, REDUCE(types, ops, ps, name_) \
    }

#define ARG(best)                                          \
    {                                                      \
        .name = "arg" #best, .flags = NPU_INSN_LAST,       \
        REDUCE(npu_types_argmax, 1, 400, reduce_arg##best) \
    }

#define ORDER(name_, types_)                                                  \
    {                                                                         \
        .name = name_, .operands = 2, .flags = NPU_INSN_DESCENDING,           \
        .types = types_, .params = npu_params_axis, .shape = npu_shape_order, \
        .cut = npu_order_cut, .run = npu_order_run, .cost = npu_cost_order,   \
        .operations = 1,                                                      \
    }

#define CONV(name_, params_, shape_, cost_)                                \
    {                                                                      \
        .name = name_, .operands = 3, .optional = 1, .types = npu_types_f, \
        .params = params_, .shape = shape_, .cut = npu_conv_cut,           \
        .run = npu_conv_run, .cost = cost_, .operations = 2,               \
    }

/* Of images, or of volumes */
#define POOL(name_, types_, params_, shape_, run_)                    \
    .name = name_, .operands = 2, .types = types_, .params = params_, \
    .shape = shape_, .cut = npu_pool_cut, .run = run_, .cost = npu_cost_pool
#define POOL2D(name, types, run) \
    POOL(name, types, npu_params_window, npu_shape_pool2d, run)
#define POOL3D(name, types, run) \
    POOL(name, types, npu_params_window3d, npu_shape_pool3d, run)

#define NORM(name_, optional_, flags_, params_, shape_, ops, ps, kernel)   \
    {                                                                      \
        .name = name_, .operands = 2, .optional = optional_,               \
        .flags = NPU_INSN_BIAS | NPU_INSN_SCALE | (flags_),                \
        .types = npu_types_each_f, .params = params_, .shape = shape_,     \
        .cut = npu_line_cut, .run = npu_line_run, .cost = npu_cost_output, \
        .operations = ops, .host_ps = ps, .line = &kernel,                 \
    }

/* d and the state are written. */
#define RECURRENT(name_, operands_, params_, ops, ps)                        \
    .name = #name_, .operands = operands_, .written = 1u << 1,               \
    .types = npu_types_recurrent, .params = params_,                         \
    .shape = npu_shape_##name_, .cut = npu_recurrent_cut,                    \
    .run = npu_recurrent_run, .cost = npu_cost_recurrent, .operations = ops, \
    .host_ps = ps, .recurrence = &npu_recurrence_##name_

#define SCATTER(name_)                                             \
    {                                                              \
        .name = #name_, .operands = 3, .types = npu_types_scatter, \
        .params = npu_params_scatter, .shape = npu_shape_##name_,  \
        .cut = npu_scatter_cut, .run = npu_scatter_run,            \
        .cost = npu_cost_scatter, .operations = 1,                 \
    }

static const struct npu_op ops[] = {
    [NPU_OP_NOP] = {
        .name = "nop", .types = npu_types_any, .params = npu_params_none,
        .shape = npu_shape_none,
    },
    [NPU_OP_STALL] = {
        .name = "stall", .types = npu_types_any, .params = npu_params_scalar,
        .shape = npu_shape_none,
    },

    [NPU_OP_FILL] = {
        .name = "fill", .operands = 1, .types = npu_types_any,
        .params = npu_params_scalar, .shape = npu_shape_none,
        .cut = npu_plan_cut, .run = npu_fill_run, .cost = npu_cost_output,
    },
    [NPU_OP_COPY] = {
        .name = "copy", .operands = 2, .types = npu_types_copy,
        .params = npu_params_none, .shape = npu_shape_equal,
        .cut = npu_copy_cut, .run = npu_copy_run, .cost = npu_cost_output,
        .host_ps = 200,
    },
    [NPU_OP_GATHER] = {
        .name = "gather", .operands = 3, .types = npu_types_gather,
        .params = npu_params_none, .shape = npu_shape_gather,
        .cut = npu_gather_cut, .run = npu_gather_run, .cost = npu_cost_gather,
    },
    [NPU_OP_PAD] = {
        .name = "pad", .operands = 2, .types = npu_types_any,
        .params = npu_params_pad, .shape = npu_shape_pad,
        .cut = npu_pad_cut, .run = npu_pad_run, .cost = npu_cost_output,
    },
    [NPU_OP_TRIANGLE] = {
        .name = "triangle", .operands = 2, .flags = NPU_INSN_LOWER,
        .types = npu_types_any, .params = npu_params_scalar,
        .shape = npu_shape_matrices, .cut = npu_generate_cut,
        .run = npu_triangle_run, .cost = npu_cost_output, .host_ps = 200,
    },
    [NPU_OP_RANGE] = {
        .name = "range", .operands = 3, .types = npu_types_e,
        .params = npu_params_axis, .shape = npu_shape_equal,
        .cut = npu_generate_cut, .run = npu_range_run, .cost = npu_cost_output,
        .operations = 2, .host_ps = 2000,
    },
    [NPU_OP_ONE_HOT] = {
        .name = "one_hot", .operands = 4, .types = npu_types_one_hot,
        .params = npu_params_axis, .shape = npu_shape_equal,
        .cut = npu_generate_cut, .run = npu_one_hot_run,
        .cost = npu_cost_output, .operations = 1, .host_ps = 1500,
    },
    [NPU_OP_GATHER_ELEMENTS] = {
        .name = "gather_elements", .operands = 3, .types = npu_types_pick,
        .params = npu_params_axis, .shape = npu_shape_gather_elements,
        .cut = npu_pick_cut, .run = npu_pick_run, .cost = npu_cost_pick,
    },
    [NPU_OP_GATHER_ND] = {
        .name = "gather_nd", .operands = 3, .types = npu_types_pick,
        .params = npu_params_none, .shape = npu_shape_gather_nd,
        .cut = npu_pick_cut, .run = npu_pick_run, .cost = npu_cost_pick,
    },
    [NPU_OP_SCATTER] = SCATTER(scatter),
    [NPU_OP_SCATTER_ELEMENTS] = SCATTER(scatter_elements),
    [NPU_OP_SCATTER_ND] = SCATTER(scatter_nd),

    [NPU_OP_ADD] = BINARY(add, 200),
    [NPU_OP_SUB] = BINARY(sub, 200),
    [NPU_OP_MUL] = BINARY(mul, 200),
    [NPU_OP_DIV] = BINARY(div, 1500),
    [NPU_OP_MIN] = BINARY(min, 400),
    [NPU_OP_MAX] = BINARY(max, 400),
    [NPU_OP_EQ] = COMPARISON(eq),
    [NPU_OP_NE] = COMPARISON(ne),
    [NPU_OP_LT] = COMPARISON(lt),
    [NPU_OP_LE] = COMPARISON(le),
    [NPU_OP_GT] = COMPARISON(gt),
    [NPU_OP_GE] = COMPARISON(ge),
    [NPU_OP_AND] = LOGIC(and, 2, npu_types_logic),
    [NPU_OP_OR] = LOGIC(or, 2, npu_types_logic),
    [NPU_OP_XOR] = LOGIC(xor, 2, npu_types_logic),
    [NPU_OP_SHL] = LOGIC(shl, 2, npu_types_shift),
    [NPU_OP_SHR] = LOGIC(shr, 2, npu_types_shift),
    /* fmodf() takes that long where the exponents are far apart. */
    [NPU_OP_REM] = BINARY(rem, 250000),
    [NPU_OP_MOD] = BINARY(mod, 250000),
    [NPU_OP_FLOOR_DIV] = BINARY(floor_div, 3000),
    [NPU_OP_POW] = BINARY_F(pow, 16, 20000),
    [NPU_OP_ATAN2] = BINARY_F(atan2, 16, 20000),
    [NPU_OP_SWIGLU] = BINARY_F(swiglu, 12, 1500),
    [NPU_OP_GEGLU] = BINARY_F(geglu, 17, 16000),
    [NPU_OP_GEGLU_TANH] = BINARY_F(geglu_tanh, 17, 2000),
    [NPU_OP_REGLU] = BINARY_F(reglu, 2, 400),
    [NPU_OP_GLU] = BINARY_F(glu, 11, 1500),
    [NPU_OP_PRELU] = BINARY_F(prelu, 2, 400),
    [NPU_OP_ELU] = BINARY_F(elu, 10, 8000),

    [NPU_OP_NEG] = UNARY_E(neg),
    [NPU_OP_ABS] = UNARY_E(abs),
    [NPU_OP_RELU] = UNARY_E(relu),
    [NPU_OP_EXP] = UNARY_F(exp, 8, 1000),
    [NPU_OP_LOG] = UNARY_F(log, 8, 4000),
    [NPU_OP_SQRT] = UNARY_F(sqrt, 4, 1500),
    [NPU_OP_RSQRT] = UNARY_F(rsqrt, 4, 2500),
    [NPU_OP_TANH] = UNARY_F(tanh, 12, 12000),
    [NPU_OP_SIGMOID] = UNARY_F(sigmoid, 10, 1500),
    [NPU_OP_GELU] = UNARY_F(gelu, 16, 15000),
    [NPU_OP_GELU_TANH] = UNARY_F(gelu_tanh, 16, 2000),
    [NPU_OP_SILU] = UNARY_F(silu, 11, 1500),
    [NPU_OP_SIGN] = UNARY_E(sign),
    [NPU_OP_RECIPROCAL] = UNARY_F(reciprocal, 4, 1500),
    [NPU_OP_FLOOR] = UNARY_F(floor, 1, 400),
    [NPU_OP_CEIL] = UNARY_F(ceil, 1, 400),
    [NPU_OP_ROUND] = UNARY_F(round, 1, 400),
    [NPU_OP_TRUNC] = UNARY_F(trunc, 1, 400),
    [NPU_OP_EXP2] = UNARY_F(exp2, 8, 4000),
    [NPU_OP_EXPM1] = UNARY_F(expm1, 8, 8000),
    [NPU_OP_LOG1P] = UNARY_F(log1p, 8, 8000),
    [NPU_OP_LOG2] = UNARY_F(log2, 8, 4000),
    [NPU_OP_ERF] = UNARY_F(erf, 12, 12000),
    [NPU_OP_SIN] = UNARY_F(sin, 12, 8000),
    [NPU_OP_COS] = UNARY_F(cos, 12, 8000),
    [NPU_OP_TAN] = UNARY_F(tan, 16, 14000),
    [NPU_OP_ASIN] = UNARY_F(asin, 12, 10000),
    [NPU_OP_ACOS] = UNARY_F(acos, 12, 10000),
    [NPU_OP_ATAN] = UNARY_F(atan, 12, 10000),
    [NPU_OP_SINH] = UNARY_F(sinh, 12, 14000),
    [NPU_OP_COSH] = UNARY_F(cosh, 12, 12000),
    [NPU_OP_ASINH] = UNARY_F(asinh, 12, 16000),
    [NPU_OP_ACOSH] = UNARY_F(acosh, 12, 16000),
    [NPU_OP_ATANH] = UNARY_F(atanh, 12, 14000),
    [NPU_OP_GELU_QUICK] = UNARY_F(gelu_quick, 12, 1500),
    [NPU_OP_SOFTPLUS] = UNARY_F(softplus, 14, 14000),
    [NPU_OP_SOFTSIGN] = UNARY_F(softsign, 4, 400),
    [NPU_OP_MISH] = UNARY_F(mish, 24, 25000),
    [NPU_OP_RELU6] = UNARY_F(relu6, 1, 400),
    [NPU_OP_HARD_SIGMOID] = UNARY_F(hard_sigmoid, 4, 400),
    [NPU_OP_HARD_SWISH] = UNARY_F(hard_swish, 5, 400),
    [NPU_OP_SELU] = UNARY_F(selu, 10, 8000),
    [NPU_OP_BIT_NOT] = LOGIC(bit_not, 1, npu_types_bits),
    [NPU_OP_NOT] = LOGIC(not, 1, npu_types_bool),
    [NPU_OP_IS_NAN] = TEST_F(is_nan),
    [NPU_OP_IS_INF] = TEST_F(is_inf),

    [NPU_OP_WHERE] = { ELEMENTWISE("where", 3, npu_types_where, 1, 600),
                       ALL(where), .moves = true },
    [NPU_OP_CLAMP] = TERNARY(clamp, npu_types_e, 2),
    [NPU_OP_MULADD] = TERNARY(muladd, npu_types_e, 2),

    [NPU_OP_SOFTMAX] = {
        .name = "softmax", .operands = 2, .types = npu_types_f,
        .params = npu_params_axis, .shape = npu_shape_softmax,
        .cut = npu_line_cut, .run = npu_line_run, .cost = npu_cost_output,
        .operations = 12, .host_ps = 600, .line = &npu_line_softmax,
    },
    [NPU_OP_REDUCE_SUM] = REDUCTION(reduce_sum, npu_types_t, 1, 400),
    [NPU_OP_REDUCE_MEAN] = REDUCTION(reduce_mean, npu_types_f, 1, 400),
    [NPU_OP_REDUCE_MAX] = REDUCTION(reduce_max, npu_types_t, 1, 400),
    [NPU_OP_ARGMAX] = ARG(max),
    [NPU_OP_REDUCE_MIN] = REDUCTION(reduce_min, npu_types_t, 1, 400),
    [NPU_OP_REDUCE_PROD] = REDUCTION(reduce_prod, npu_types_t, 1, 400),
    [NPU_OP_REDUCE_L1] = REDUCTION(reduce_l1, npu_types_f, 2, 400),
    [NPU_OP_REDUCE_L2] = REDUCTION(reduce_l2, npu_types_f, 2, 400),
    [NPU_OP_REDUCE_SUM_SQUARE] = REDUCTION(reduce_sum_square, npu_types_t, 2,
                                           400),
    [NPU_OP_REDUCE_LOG_SUM] = REDUCTION(reduce_log_sum, npu_types_f, 1, 400),
    [NPU_OP_REDUCE_LOG_SUM_EXP] = REDUCTION(reduce_log_sum_exp, npu_types_f, 10,
                                            8000),
    [NPU_OP_REDUCE_ANY] = REDUCTION(reduce_any, npu_types_bool, 1, 400),
    [NPU_OP_REDUCE_ALL] = REDUCTION(reduce_all, npu_types_bool, 1, 400),
    [NPU_OP_ARGMIN] = ARG(min),
    [NPU_OP_CUMSUM] = {
        .name = "cumsum", .operands = 2,
        .flags = NPU_INSN_EXCLUSIVE | NPU_INSN_REVERSE, .types = npu_types_t,
        .params = npu_params_axis, .shape = npu_shape_softmax,
        .cut = npu_cumsum_cut, .run = npu_cumsum_run, .cost = npu_cost_input,
        .operations = 1, .host_ps = 1200,
    },
    [NPU_OP_SORT] = ORDER("sort", npu_types_sort),
    [NPU_OP_ARGSORT] = ORDER("argsort", npu_types_argsort),

    [NPU_OP_MATMUL] = {
        .name = "matmul", .operands = 3, .optional = 5,
        .flags = NPU_INSN_TRANSPOSE_B | NPU_INSN_BIAS | NPU_INSN_RESIDUAL |
                 NPU_INSN_SCALE | NPU_INSN_BLOCK_SCALE | NPU_INSN_ZERO_A |
                 NPU_INSN_ZERO_B,
        .types = npu_types_matmul,
        .params = npu_params_matmul, .shape = npu_shape_matmul,
        .cut = npu_matmul_cut, .run = npu_matmul_run, .cost = npu_cost_matmul,
        .operations = 2,
    },
    [NPU_OP_MATMUL_ROUTED] = {
        .name = "matmul_routed", .operands = 4, .optional = 1,
        .flags = NPU_INSN_TRANSPOSE_B | NPU_INSN_BLOCK_SCALE,
        .types = npu_types_routed,
        .params = npu_params_routed, .shape = npu_shape_routed,
        .cut = npu_routed_cut, .run = npu_routed_run, .cost = npu_cost_routed,
        .operations = 2,
    },

    [NPU_OP_CONV3D] = CONV("conv3d", npu_params_window3d, npu_shape_conv3d,
                           npu_cost_conv),
    [NPU_OP_CONV_TRANSPOSE2D] = CONV("conv_transpose2d", npu_params_window,
                                     npu_shape_conv_transpose2d,
                                     npu_cost_conv_transpose),

    [NPU_OP_CONV2D] = CONV("conv2d", npu_params_window, npu_shape_conv2d,
                           npu_cost_conv),
    [NPU_OP_MAXPOOL2D] = {
        POOL2D("maxpool2d", npu_types_maxpool, npu_maxpool_run),
        .operations = 1, .host_ps = 800,
    },
    [NPU_OP_AVGPOOL2D] = {
        POOL2D("avgpool2d", npu_types_f, npu_avgpool_run),
        .flags = NPU_INSN_COUNT_PAD, .operations = 1, .host_ps = 800,
    },
    [NPU_OP_MAXPOOL3D] = {
        POOL3D("maxpool3d", npu_types_maxpool, npu_maxpool_run),
        .operations = 1, .host_ps = 800,
    },
    [NPU_OP_AVGPOOL3D] = {
        POOL3D("avgpool3d", npu_types_f, npu_avgpool_run),
        .flags = NPU_INSN_COUNT_PAD, .operations = 1, .host_ps = 800,
    },
    /* pow() takes that long; 1 and 2 do without. */
    [NPU_OP_LPPOOL2D] = {
        POOL("lppool2d", npu_types_f, npu_params_lppool, npu_shape_pool2d,
             npu_lppool_run),
        .operations = 2, .host_ps = 20000,
    },

    [NPU_OP_RMS_NORM] = NORM("rms_norm", 3, NPU_INSN_RESIDUAL, npu_params_norm,
                             npu_shape_norm, 4, 400, npu_line_rms_norm),
    [NPU_OP_LAYER_NORM] = NORM("layer_norm", 3, NPU_INSN_RESIDUAL, npu_params_norm,
                               npu_shape_norm, 7, 500, npu_line_layer_norm),
    [NPU_OP_GROUP_NORM] = NORM("group_norm", 2, 0, npu_params_group_norm,
                               npu_shape_group_norm, 7, 600,
                               npu_line_group_norm),
    [NPU_OP_BATCH_NORM] = {
        .name = "batch_norm", .operands = 4, .optional = 2,
        .flags = NPU_INSN_BIAS | NPU_INSN_SCALE, .types = npu_types_each_f,
        .params = npu_params_scalar, .shape = npu_shape_equal,
        .cut = npu_plan_cut, .run = npu_batch_norm_run,
        .cost = npu_cost_output, .operations = 7, .host_ps = 800,
    },
    [NPU_OP_LOG_SOFTMAX] = {
        .name = "log_softmax", .operands = 2, .types = npu_types_f,
        .params = npu_params_axis, .shape = npu_shape_softmax,
        .cut = npu_line_cut, .run = npu_line_run, .cost = npu_cost_output,
        .operations = 12, .host_ps = 600, .line = &npu_line_log_softmax,
    },
    [NPU_OP_SOFTMAX_EXT] = {
        .name = "softmax_ext", .operands = 2, .optional = 2,
        .flags = NPU_INSN_MASK | NPU_INSN_SLOPES, .types = npu_types_each_f,
        .params = npu_params_scalar, .shape = npu_shape_lines,
        .cut = npu_line_cut, .run = npu_line_run, .cost = npu_cost_output,
        .operations = 16, .host_ps = 800, .line = &npu_line_softmax_ext,
    },

    [NPU_OP_ROPE] = {
        .name = "rope", .operands = 4, .flags = NPU_INSN_INTERLEAVED,
        .types = npu_types_rope, .params = npu_params_scalar,
        .shape = npu_shape_rope, .cut = npu_rope_cut, .run = npu_rope_run,
        .cost = npu_cost_output, .operations = 4, .host_ps = 600,
    },

    [NPU_OP_RESIZE] = {
        .name = "resize", .operands = 2, .types = npu_types_f,
        .params = npu_params_resize, .shape = npu_shape_resize,
        .cut = npu_resize_cut, .run = npu_resize_run, .cost = npu_cost_resize,
        .operations = 2,
    },

    [NPU_OP_ATTENTION] = {
        .name = "attention", .operands = 4, .optional = 4,
        .flags = NPU_INSN_CAUSAL | NPU_ATTENTION_OPERANDS,
        .types = npu_types_attention, .params = npu_params_attention,
        .shape = npu_shape_attention, .cut = npu_attention_cut,
        .run = npu_attention_run, .cost = npu_cost_attention, .operations = 2,
    },

    [NPU_OP_SSM_SCAN] = {
        RECURRENT(ssm_scan, 7, npu_params_none, 6, 120),
        .optional = 1, .flags = NPU_INSN_SOFTPLUS,
    },
    [NPU_OP_RWKV_WKV] = {
        RECURRENT(rwkv_wkv, 7, npu_params_none, 7, 100),
    },
    [NPU_OP_DELTA_NET] = {
        RECURRENT(delta_net, 7, npu_params_scalar, 8, 130),
    },
};

const struct npu_op *npu_op_find(uint32_t opcode)
{
    if (opcode >= sizeof(ops) / sizeof(ops[0]) || !ops[opcode].name) {
        return NULL;
    }
    return &ops[opcode];
}
