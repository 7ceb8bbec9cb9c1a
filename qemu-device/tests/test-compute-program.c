/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a program or an argument block may have wrong, and how that is told.
 * Each case takes a good program, whose instruction 1 is to be looked at, and
 * spoils one thing.
 */
#include "support-compute.h"

#define ADDRESS 0x10000000u

/* ---- Good programs ------------------------------------------------------- */

static void add_tensor(struct program *program, uint32_t dtype, unsigned rank,
                       const uint64_t *extent)
{
    struct tensor tensor = {
        .va = ADDRESS * (program->tensors + 1ull),
        .desc = { .dtype = dtype, .rank = rank },
    };
    unsigned block = block_elements(dtype) ? block_elements(dtype) : 1;
    int64_t stride = (int64_t)dtype_bytes(dtype, block);

    for (unsigned dim = rank; dim-- > 0;) {
        tensor.desc.extent[dim] = extent[dim];
        tensor.desc.stride[dim] = stride;
        stride *= (int64_t)(extent[dim] / block);
        block = 1;
    }
    program_operand(program, 1, &tensor);
}

static void good_start(struct program *program, uint32_t opcode)
{
    program_init(program);
    program_insn(program, NPU_OP_NOP);
    program_insn(program, opcode);
}

static void good_binary(struct program *program)
{
    good_start(program, NPU_OP_ADD);
    for (unsigned i = 0; i < 3; i++) {
        add_tensor(program, NPU_DTYPE_F32, 2, (uint64_t[]){ 3, 5 });
    }
}

static void good_compare(struct program *program)
{
    good_start(program, NPU_OP_LT);
    add_tensor(program, NPU_DTYPE_BOOL, 1, (uint64_t[]){ 5 });
    add_tensor(program, NPU_DTYPE_U8, 1, (uint64_t[]){ 5 });
    add_tensor(program, NPU_DTYPE_U8, 1, (uint64_t[]){ 5 });
}

static void good_where(struct program *program)
{
    good_start(program, NPU_OP_WHERE);
    add_tensor(program, NPU_DTYPE_F8E4M3, 1, (uint64_t[]){ 5 });
    add_tensor(program, NPU_DTYPE_BOOL, 1, (uint64_t[]){ 5 });
    add_tensor(program, NPU_DTYPE_F8E4M3, 1, (uint64_t[]){ 5 });
    add_tensor(program, NPU_DTYPE_F8E4M3, 1, (uint64_t[]){ 5 });
}

static void good_fill(struct program *program)
{
    good_start(program, NPU_OP_FILL);
    add_tensor(program, NPU_DTYPE_S8, 1, (uint64_t[]){ 7 });
    program->scalars = 2;
    program->insn[1].scalar = 1;
}

static void good_gather(struct program *program)
{
    good_start(program, NPU_OP_GATHER);
    add_tensor(program, NPU_DTYPE_F16, 2, (uint64_t[]){ 4, 6 });
    add_tensor(program, NPU_DTYPE_F16, 2, (uint64_t[]){ 9, 6 });
    add_tensor(program, NPU_DTYPE_S32, 1, (uint64_t[]){ 4 });
}

/* An embedding table with blocks */
static void good_embed(struct program *program)
{
    good_start(program, NPU_OP_GATHER);
    add_tensor(program, NPU_DTYPE_F16, 2, (uint64_t[]){ 4, 64 });
    add_tensor(program, NPU_DTYPE_Q8_0, 2, (uint64_t[]){ 9, 64 });
    add_tensor(program, NPU_DTYPE_S32, 1, (uint64_t[]){ 4 });
}

static void good_unpack(struct program *program)
{
    good_start(program, NPU_OP_COPY);
    add_tensor(program, NPU_DTYPE_BF16, 2, (uint64_t[]){ 3, 256 });
    add_tensor(program, NPU_DTYPE_Q4_K, 2, (uint64_t[]){ 3, 256 });
}

static void good_pad(struct program *program)
{
    good_start(program, NPU_OP_PAD);
    add_tensor(program, NPU_DTYPE_BF16, 2, (uint64_t[]){ 4, 9 });
    add_tensor(program, NPU_DTYPE_BF16, 2, (uint64_t[]){ 3, 5 });
    program->insn[1].padding = (struct npu_insn_pad){
        .before = { 1, 4 },
        .mode = NPU_PAD_CONSTANT,
    };
    program->scalars = 2;
    program->insn[1].scalar = 1;
}

static void good_tile(struct program *program)
{
    good_pad(program);
    program->insn[1].padding.mode = NPU_PAD_WRAP;
    program->insn[1].scalar = NPU_NONE;
    program->tensor[0].extent[0] = 2;
}

static void good_triangle(struct program *program)
{
    good_start(program, NPU_OP_TRIANGLE);
    add_tensor(program, NPU_DTYPE_U8, 2, (uint64_t[]){ 3, 5 });
    add_tensor(program, NPU_DTYPE_U8, 2, (uint64_t[]){ 3, 5 });
    program->insn[1].flags = NPU_INSN_LOWER;
    program->insn[1].imm = UINT32_MAX;
}

static void good_range(struct program *program)
{
    good_start(program, NPU_OP_RANGE);
    for (unsigned i = 0; i < 3; i++) {
        add_tensor(program, NPU_DTYPE_S64, 2, (uint64_t[]){ 3, 5 });
    }
    program->insn[1].axis.axis = 1;
}

static void good_one_hot(struct program *program)
{
    good_start(program, NPU_OP_ONE_HOT);
    add_tensor(program, NPU_DTYPE_F16, 2, (uint64_t[]){ 3, 5 });
    add_tensor(program, NPU_DTYPE_S32, 2, (uint64_t[]){ 3, 5 });
    add_tensor(program, NPU_DTYPE_F16, 2, (uint64_t[]){ 3, 5 });
    add_tensor(program, NPU_DTYPE_F16, 2, (uint64_t[]){ 3, 5 });
    program->insn[1].axis.axis = 1;
}

static void good_pack(struct program *program)
{
    good_start(program, NPU_OP_COPY);
    add_tensor(program, NPU_DTYPE_MXFP4, 2, (uint64_t[]){ 3, 512 });
    add_tensor(program, NPU_DTYPE_F16, 2, (uint64_t[]){ 3, 512 });
}

static void good_gather_elements(struct program *program)
{
    good_start(program, NPU_OP_GATHER_ELEMENTS);
    add_tensor(program, NPU_DTYPE_F8E4M3, 2, (uint64_t[]){ 3, 5 });
    add_tensor(program, NPU_DTYPE_F8E4M3, 2, (uint64_t[]){ 4, 2 });
    add_tensor(program, NPU_DTYPE_S64, 2, (uint64_t[]){ 3, 5 });
    program->insn[1].axis.axis = 1;
}

static void good_gather_nd(struct program *program)
{
    good_start(program, NPU_OP_GATHER_ND);
    add_tensor(program, NPU_DTYPE_S8, 3, (uint64_t[]){ 3, 5, 7 });
    add_tensor(program, NPU_DTYPE_S8, 3, (uint64_t[]){ 4, 6, 7 });
    add_tensor(program, NPU_DTYPE_S32, 3, (uint64_t[]){ 3, 5, 2 });
}

static void good_scatter(struct program *program)
{
    good_start(program, NPU_OP_SCATTER);
    add_tensor(program, NPU_DTYPE_F16, 2, (uint64_t[]){ 9, 6 });
    add_tensor(program, NPU_DTYPE_F16, 2, (uint64_t[]){ 4, 6 });
    add_tensor(program, NPU_DTYPE_S32, 1, (uint64_t[]){ 4 });
    program->insn[1].scatter.mode = NPU_SCATTER_MAX;
}

static void good_scatter_elements(struct program *program)
{
    good_start(program, NPU_OP_SCATTER_ELEMENTS);
    add_tensor(program, NPU_DTYPE_BOOL, 2, (uint64_t[]){ 4, 2 });
    add_tensor(program, NPU_DTYPE_BOOL, 2, (uint64_t[]){ 3, 5 });
    add_tensor(program, NPU_DTYPE_S64, 2, (uint64_t[]){ 3, 5 });
    program->insn[1].scatter.axis = 1;
}

static void good_scatter_nd(struct program *program)
{
    good_start(program, NPU_OP_SCATTER_ND);
    add_tensor(program, NPU_DTYPE_S64, 3, (uint64_t[]){ 4, 6, 7 });
    add_tensor(program, NPU_DTYPE_S64, 3, (uint64_t[]){ 3, 5, 7 });
    add_tensor(program, NPU_DTYPE_S32, 3, (uint64_t[]){ 3, 5, 2 });
    program->insn[1].scatter.mode = NPU_SCATTER_ADD;
}

static void good_reduce(struct program *program)
{
    good_start(program, NPU_OP_REDUCE_SUM);
    add_tensor(program, NPU_DTYPE_F32, 3, (uint64_t[]){ 2, 1, 4 });
    add_tensor(program, NPU_DTYPE_F32, 3, (uint64_t[]){ 2, 3, 4 });
    program->insn[1].axis.axis = 1;
}

static void good_softmax(struct program *program)
{
    good_start(program, NPU_OP_SOFTMAX);
    add_tensor(program, NPU_DTYPE_F32, 2, (uint64_t[]){ 2, 8 });
    add_tensor(program, NPU_DTYPE_F32, 2, (uint64_t[]){ 2, 8 });
    program->insn[1].axis.axis = 1;
}

static void good_argmax(struct program *program)
{
    good_start(program, NPU_OP_ARGMAX);
    add_tensor(program, NPU_DTYPE_S32, 1, (uint64_t[]){ 1 });
    add_tensor(program, NPU_DTYPE_F16, 1, (uint64_t[]){ 8 });
}

static void good_cumsum(struct program *program)
{
    good_start(program, NPU_OP_CUMSUM);
    add_tensor(program, NPU_DTYPE_S32, 2, (uint64_t[]){ 2, 8 });
    add_tensor(program, NPU_DTYPE_S32, 2, (uint64_t[]){ 2, 8 });
    program->insn[1].axis.axis = 1;
    program->insn[1].flags = NPU_INSN_EXCLUSIVE | NPU_INSN_REVERSE;
}

static void good_sort(struct program *program)
{
    good_start(program, NPU_OP_SORT);
    add_tensor(program, NPU_DTYPE_U8, 2, (uint64_t[]){ 2, 8 });
    add_tensor(program, NPU_DTYPE_U8, 2, (uint64_t[]){ 2, 9 });
    program->insn[1].axis.axis = 1;
    program->insn[1].flags = NPU_INSN_DESCENDING;
}

static void good_argsort(struct program *program)
{
    good_start(program, NPU_OP_ARGSORT);
    add_tensor(program, NPU_DTYPE_S64, 2, (uint64_t[]){ 2, 8 });
    add_tensor(program, NPU_DTYPE_BF16, 2, (uint64_t[]){ 2, 8 });
    program->insn[1].axis.axis = 1;
}

static void good_any(struct program *program)
{
    good_start(program, NPU_OP_REDUCE_ANY);
    add_tensor(program, NPU_DTYPE_BOOL, 1, (uint64_t[]){ 1 });
    add_tensor(program, NPU_DTYPE_BOOL, 1, (uint64_t[]){ 8 });
}

static void good_matmul(struct program *program)
{
    good_start(program, NPU_OP_MATMUL);
    add_tensor(program, NPU_DTYPE_F32, 3, (uint64_t[]){ 2, 3, 5 });
    add_tensor(program, NPU_DTYPE_F32, 3, (uint64_t[]){ 2, 3, 4 });
    add_tensor(program, NPU_DTYPE_F32, 3, (uint64_t[]){ 2, 4, 5 });
}

/* Weights with blocks, and all that a product in f32 may have. */
static void good_weights(struct program *program)
{
    good_start(program, NPU_OP_MATMUL);
    add_tensor(program, NPU_DTYPE_F16, 2, (uint64_t[]){ 3, 5 });
    add_tensor(program, NPU_DTYPE_BF16, 2, (uint64_t[]){ 3, 64 });
    add_tensor(program, NPU_DTYPE_Q8_0, 2, (uint64_t[]){ 5, 64 });
    for (unsigned i = 0; i < 3; i++) {
        add_tensor(program, NPU_DTYPE_F32, 2, (uint64_t[]){ 3, 5 });
    }
    program->insn[1].flags = NPU_INSN_TRANSPOSE_B | NPU_INSN_BIAS |
                             NPU_INSN_RESIDUAL | NPU_INSN_SCALE;
    program->insn[1].matmul.activation = NPU_OP_GELU;
}

static void good_fp8(struct program *program)
{
    good_start(program, NPU_OP_MATMUL);
    add_tensor(program, NPU_DTYPE_F32, 2, (uint64_t[]){ 129, 5 });
    add_tensor(program, NPU_DTYPE_F8E4M3, 2, (uint64_t[]){ 129, 300 });
    add_tensor(program, NPU_DTYPE_F16, 2, (uint64_t[]){ 300, 5 });
    add_tensor(program, NPU_DTYPE_F32, 2, (uint64_t[]){ 2, 3 });
    program->insn[1].flags = NPU_INSN_BLOCK_SCALE;
}

static void good_integers(struct program *program)
{
    good_start(program, NPU_OP_MATMUL);
    add_tensor(program, NPU_DTYPE_S32, 2, (uint64_t[]){ 3, 5 });
    add_tensor(program, NPU_DTYPE_U8, 2, (uint64_t[]){ 3, 7 });
    add_tensor(program, NPU_DTYPE_S8, 2, (uint64_t[]){ 7, 5 });
    add_tensor(program, NPU_DTYPE_U8, 2, (uint64_t[]){ 3, 1 });
    add_tensor(program, NPU_DTYPE_S8, 2, (uint64_t[]){ 1, 5 });
    program->insn[1].flags = NPU_INSN_ZERO_A | NPU_INSN_ZERO_B;
}

static const struct npu_insn_window window_3x3 = {
    .kernel = { 3, 3, 1 },
    .stride = { 1, 1, 1 },
    .dilation = { 1, 1, 1 },
    .pad_begin = { 1, 1, 0 },
    .pad_end = { 1, 1, 0 },
};

static void good_conv2d(struct program *program)
{
    good_start(program, NPU_OP_CONV2D);
    add_tensor(program, NPU_DTYPE_F32, 4, (uint64_t[]){ 2, 6, 7, 8 });
    add_tensor(program, NPU_DTYPE_F32, 4, (uint64_t[]){ 2, 4, 7, 8 });
    add_tensor(program, NPU_DTYPE_F32, 4, (uint64_t[]){ 6, 2, 3, 3 });
    add_tensor(program, NPU_DTYPE_F32, 1, (uint64_t[]){ 6 });
    program->insn[1].window = window_3x3;
}

static void good_routed(struct program *program)
{
    good_start(program, NPU_OP_MATMUL_ROUTED);
    add_tensor(program, NPU_DTYPE_F16, 3, (uint64_t[]){ 7, 4, 130 });
    add_tensor(program, NPU_DTYPE_F32, 3, (uint64_t[]){ 7, 4, 6 });
    add_tensor(program, NPU_DTYPE_F8E4M3, 3, (uint64_t[]){ 9, 130, 6 });
    add_tensor(program, NPU_DTYPE_S32, 2, (uint64_t[]){ 7, 4 });
    add_tensor(program, NPU_DTYPE_F32, 3, (uint64_t[]){ 9, 2, 1 });
    program->insn[1].flags = NPU_INSN_TRANSPOSE_B | NPU_INSN_BLOCK_SCALE;
    program->insn[1].matmul.activation = NPU_OP_SILU;
}

static void good_attention(struct program *program)
{
    good_start(program, NPU_OP_ATTENTION);
    add_tensor(program, NPU_DTYPE_F16, 3, (uint64_t[]){ 7, 4, 5 });
    add_tensor(program, NPU_DTYPE_F32, 3, (uint64_t[]){ 7, 4, 6 });
    add_tensor(program, NPU_DTYPE_F8E4M3, 4, (uint64_t[]){ 9, 8, 2, 6 });
    add_tensor(program, NPU_DTYPE_BF16, 4, (uint64_t[]){ 9, 8, 2, 5 });
    add_tensor(program, NPU_DTYPE_F16, 3, (uint64_t[]){ 4, 7, 24 });
    add_tensor(program, NPU_DTYPE_F32, 1, (uint64_t[]){ 4 });
    add_tensor(program, NPU_DTYPE_S32, 2, (uint64_t[]){ 2, 3 });
    add_tensor(program, NPU_DTYPE_S32, 2, (uint64_t[]){ 2, 2 });
    program->insn[1].flags = NPU_INSN_CAUSAL | NPU_INSN_MASK | NPU_INSN_SINKS |
                             NPU_INSN_TABLE | NPU_INSN_LENGTHS;
    program->insn[1].imm = 0x3f000000;
    program->insn[1].attention.window = 3;
    program->insn[1].attention.softcap = 0x42480000;
}

/* To a cache of quantised keys and values */
static void good_cache(struct program *program)
{
    good_start(program, NPU_OP_ATTENTION);
    add_tensor(program, NPU_DTYPE_F16, 4, (uint64_t[]){ 2, 1, 4, 256 });
    add_tensor(program, NPU_DTYPE_F16, 4, (uint64_t[]){ 2, 1, 4, 512 });
    add_tensor(program, NPU_DTYPE_Q8_0, 4, (uint64_t[]){ 2, 9, 2, 512 });
    add_tensor(program, NPU_DTYPE_Q4_0, 4, (uint64_t[]){ 2, 9, 2, 256 });
}

static void good_norm(struct program *program)
{
    good_start(program, NPU_OP_LAYER_NORM);
    add_tensor(program, NPU_DTYPE_F16, 3, (uint64_t[]){ 2, 3, 8 });
    add_tensor(program, NPU_DTYPE_F32, 3, (uint64_t[]){ 2, 3, 8 });
    for (unsigned i = 0; i < 3; i++) {
        add_tensor(program, NPU_DTYPE_BF16, 3, (uint64_t[]){ 2, 3, 8 });
    }
    program->insn[1].flags = NPU_INSN_BIAS | NPU_INSN_RESIDUAL | NPU_INSN_SCALE;
    program->insn[1].axis.axis = 1;
    program->insn[1].imm = 0x3727c5ac;
}

static void good_group_norm(struct program *program)
{
    good_start(program, NPU_OP_GROUP_NORM);
    for (unsigned i = 0; i < 3; i++) {
        add_tensor(program, NPU_DTYPE_F32, 4, (uint64_t[]){ 2, 6, 4, 5 });
    }
    program->insn[1].flags = NPU_INSN_SCALE;
    program->insn[1].groups.groups = 3;
    program->scalars = 1;
    program->insn[1].scalar = 0;
}

static void good_batch_norm(struct program *program)
{
    good_start(program, NPU_OP_BATCH_NORM);
    for (unsigned i = 0; i < 5; i++) {
        add_tensor(program, NPU_DTYPE_F32, 2, (uint64_t[]){ 6, 4 });
    }
    program->insn[1].flags = NPU_INSN_BIAS;
}

static void good_rope(struct program *program)
{
    good_start(program, NPU_OP_ROPE);
    add_tensor(program, NPU_DTYPE_F16, 3, (uint64_t[]){ 2, 3, 8 });
    add_tensor(program, NPU_DTYPE_F32, 3, (uint64_t[]){ 2, 3, 8 });
    add_tensor(program, NPU_DTYPE_S32, 3, (uint64_t[]){ 2, 3, 1 });
    add_tensor(program, NPU_DTYPE_F32, 1, (uint64_t[]){ 4 });
    program->insn[1].flags = NPU_INSN_INTERLEAVED;
    program->insn[1].imm = 0x3f800000;
}

static void good_softmax_ext(struct program *program)
{
    good_start(program, NPU_OP_SOFTMAX_EXT);
    for (unsigned i = 0; i < 4; i++) {
        add_tensor(program, i ? NPU_DTYPE_F16 : NPU_DTYPE_F32, 2,
                   (uint64_t[]){ 6, 4 });
    }
    program->insn[1].flags = NPU_INSN_MASK | NPU_INSN_SLOPES;
    program->insn[1].imm = 0x3f000000;
}

static void good_ssm_scan(struct program *program)
{
    good_start(program, NPU_OP_SSM_SCAN);
    add_tensor(program, NPU_DTYPE_F16, 4, (uint64_t[]){ 2, 3, 4, 5 });
    add_tensor(program, NPU_DTYPE_F32, 4, (uint64_t[]){ 2, 4, 5, 8 });
    add_tensor(program, NPU_DTYPE_F32, 4, (uint64_t[]){ 2, 3, 4, 5 });
    add_tensor(program, NPU_DTYPE_BF16, 4, (uint64_t[]){ 2, 3, 4, 1 });
    add_tensor(program, NPU_DTYPE_F32, 2, (uint64_t[]){ 4, 8 });
    add_tensor(program, NPU_DTYPE_F32, 4, (uint64_t[]){ 2, 3, 2, 8 });
    add_tensor(program, NPU_DTYPE_F16, 4, (uint64_t[]){ 2, 3, 1, 8 });
    add_tensor(program, NPU_DTYPE_F32, 2, (uint64_t[]){ 4, 5 });
    program->insn[1].flags = NPU_INSN_SOFTPLUS;
}

static void good_rwkv_wkv(struct program *program)
{
    good_start(program, NPU_OP_RWKV_WKV);
    add_tensor(program, NPU_DTYPE_F16, 4, (uint64_t[]){ 2, 3, 4, 5 });
    add_tensor(program, NPU_DTYPE_F32, 4, (uint64_t[]){ 2, 4, 8, 5 });
    add_tensor(program, NPU_DTYPE_F32, 4, (uint64_t[]){ 2, 3, 4, 8 });
    add_tensor(program, NPU_DTYPE_F16, 4, (uint64_t[]){ 2, 3, 4, 8 });
    add_tensor(program, NPU_DTYPE_F32, 4, (uint64_t[]){ 2, 3, 4, 5 });
    add_tensor(program, NPU_DTYPE_BF16, 4, (uint64_t[]){ 2, 3, 4, 8 });
    add_tensor(program, NPU_DTYPE_F32, 2, (uint64_t[]){ 4, 8 });
}

static void good_delta_net(struct program *program)
{
    good_start(program, NPU_OP_DELTA_NET);
    add_tensor(program, NPU_DTYPE_F16, 4, (uint64_t[]){ 2, 3, 4, 5 });
    add_tensor(program, NPU_DTYPE_F32, 4, (uint64_t[]){ 2, 4, 8, 5 });
    add_tensor(program, NPU_DTYPE_F32, 4, (uint64_t[]){ 2, 3, 2, 8 });
    add_tensor(program, NPU_DTYPE_F16, 4, (uint64_t[]){ 2, 3, 1, 8 });
    add_tensor(program, NPU_DTYPE_F32, 4, (uint64_t[]){ 2, 3, 4, 5 });
    add_tensor(program, NPU_DTYPE_BF16, 4, (uint64_t[]){ 2, 3, 4, 8 });
    add_tensor(program, NPU_DTYPE_F32, 4, (uint64_t[]){ 2, 3, 4, 1 });
    program->insn[1].imm = 0x3f000000;
}

static void good_log_softmax(struct program *program)
{
    good_softmax(program);
    program->insn[1].opcode = NPU_OP_LOG_SOFTMAX;
}

static void good_conv3d(struct program *program)
{
    good_start(program, NPU_OP_CONV3D);
    add_tensor(program, NPU_DTYPE_F16, 5, (uint64_t[]){ 2, 6, 4, 5, 6 });
    add_tensor(program, NPU_DTYPE_F16, 5, (uint64_t[]){ 2, 4, 4, 6, 12 });
    add_tensor(program, NPU_DTYPE_F16, 5, (uint64_t[]){ 6, 2, 3, 2, 2 });
    add_tensor(program, NPU_DTYPE_F16, 1, (uint64_t[]){ 6 });
    program->insn[1].window = (struct npu_insn_window){
        .kernel = { 3, 2, 2 },
        .stride = { 1, 1, 2 },
        .dilation = { 1, 1, 1 },
        .pad_begin = { 1, 0, 0 },
        .pad_end = { 1, 0, 0 },
    };
}

static void good_conv_transpose2d(struct program *program)
{
    good_start(program, NPU_OP_CONV_TRANSPOSE2D);
    add_tensor(program, NPU_DTYPE_F32, 4, (uint64_t[]){ 2, 6, 9, 13 });
    add_tensor(program, NPU_DTYPE_F32, 4, (uint64_t[]){ 2, 4, 5, 7 });
    add_tensor(program, NPU_DTYPE_F32, 4, (uint64_t[]){ 4, 3, 3, 2 });
    add_tensor(program, NPU_DTYPE_F32, 1, (uint64_t[]){ 6 });
    program->insn[1].window = (struct npu_insn_window){
        .kernel = { 3, 2, 1 },
        .stride = { 2, 2, 1 },
        .dilation = { 1, 1, 1 },
        .pad_begin = { 1, 1, 0 },
        .pad_end = { 1, 1, 0 },
    };
}

static void good_pool3d(struct program *program)
{
    good_start(program, NPU_OP_AVGPOOL3D);
    add_tensor(program, NPU_DTYPE_F16, 5, (uint64_t[]){ 2, 3, 4, 5, 6 });
    add_tensor(program, NPU_DTYPE_F16, 5, (uint64_t[]){ 2, 3, 4, 6, 12 });
    program->insn[1].window = (struct npu_insn_window){
        .kernel = { 3, 2, 2 },
        .stride = { 1, 1, 2 },
        .dilation = { 1, 1, 1 },
        .pad_begin = { 1, 0, 0 },
        .pad_end = { 1, 0, 0 },
    };
    program->insn[1].flags = NPU_INSN_COUNT_PAD;
}

static void good_resize(struct program *program)
{
    good_start(program, NPU_OP_RESIZE);
    add_tensor(program, NPU_DTYPE_F16, 3, (uint64_t[]){ 3, 9, 4 });
    add_tensor(program, NPU_DTYPE_F16, 3, (uint64_t[]){ 3, 5, 7 });
    program->insn[1].resize = (struct npu_insn_resize){
        .axes = 6,
        .mode = NPU_RESIZE_CUBIC,
        .coordinate = NPU_RESIZE_ALIGN_CORNERS,
        .outside = 1,
        .cubic = 0xbf400000,
    };
}

static void good_nearest(struct program *program)
{
    good_resize(program);
    program->insn[1].resize = (struct npu_insn_resize){
        .axes = 6,
        .rounding = NPU_RESIZE_CEIL,
    };
}

static void good_pool2d(struct program *program)
{
    good_start(program, NPU_OP_AVGPOOL2D);
    add_tensor(program, NPU_DTYPE_F32, 4, (uint64_t[]){ 2, 4, 7, 8 });
    add_tensor(program, NPU_DTYPE_F32, 4, (uint64_t[]){ 2, 4, 7, 8 });
    program->insn[1].window = window_3x3;
    program->insn[1].flags = NPU_INSN_COUNT_PAD;
}

static void good_lppool2d(struct program *program)
{
    good_pool2d(program);
    program->insn[1].opcode = NPU_OP_LPPOOL2D;
    program->insn[1].flags = 0;
    program->insn[1].imm = 0x40400000;
}

static void good_stall(struct program *program)
{
    good_start(program, NPU_OP_STALL);
    program->insn[1].imm = 5;
}

/* ---- Bad ones ------------------------------------------------------------ */

struct bad {
    const char *name;
    void (*good)(struct program *program);
    void (*spoil)(struct program *p);
    uint32_t code, insn, operand;
};

#define WHOLE NPU_ERROR_NO_INSN, NPU_NONE
#define INSN 1, NPU_NONE

#define BAD(function, statement)            \
    static void function(struct program *p) \
    {                                       \
        statement;                          \
    }

/* Header */
BAD(bad_magic, p->header.magic++)
BAD(bad_major, p->header.isa_major++)
BAD(bad_minor, p->header.isa_minor++)
BAD(bad_pad_first, p->header.pad[0] = 1)
BAD(bad_pad_last, p->header.pad[4] = 1ull << 63)
BAD(bad_bases, p->bases = NPU_MAX_BASES + 1)
BAD(bad_scalars, p->scalars = NPU_MAX_SCALARS + 1)

/* Instruction words */
BAD(bad_opcode_gap, p->insn[1].opcode = 2)
BAD(bad_opcode_next, p->insn[1].opcode = NPU_OP_AVGPOOL2D + 1)
BAD(bad_opcode_last, p->insn[1].opcode = 0xffff)
BAD(bad_insn_pad, p->insn[1].pad = 1)
BAD(bad_flag, p->insn[1].flags = 1)
BAD(bad_flag_more, p->insn[1].flags |= 2)
BAD(bad_raw, p->insn[1].raw[31] = 1)
BAD(bad_imm, p->insn[1].imm = 1)
BAD(bad_scalar_unused, p->scalars = 1; p->insn[1].scalar = 0)
BAD(bad_scalar_slot, p->insn[1].scalar = 2)
BAD(bad_scalar_and_imm, p->insn[1].imm = 1)

/* Operands */
BAD(bad_no_destination, p->insn[1].operand[0] = NPU_NONE)
BAD(bad_no_source, p->insn[1].operand[2] = NPU_NONE)
BAD(bad_extra, p->insn[1].operand[3] = 0)
BAD(bad_extra_last, p->insn[1].operand[7] = 0)
BAD(bad_range, p->insn[1].operand[1] = 3)
BAD(bad_range_most, p->insn[1].operand[1] = 0xfffe)
BAD(bad_optional_range, p->insn[1].operand[3] = 4)

/* Tensors */
BAD(bad_base, p->tensor[1].base = 3)
BAD(bad_dtype_zero, p->tensor[1].dtype = 0)
BAD(bad_dtype_next, p->tensor[1].dtype = NPU_DTYPE_BOOL + 1)
BAD(bad_dtype_most, p->tensor[2].dtype = 255)
BAD(bad_rank_zero, p->tensor[1].rank = 0)
BAD(bad_rank_most, p->tensor[1].rank = 7)
BAD(bad_tensor_pad, p->tensor[1].pad = 1)
BAD(bad_tensor_pad2, p->tensor[0].pad2[1] = 1)
BAD(bad_extent_zero, p->tensor[1].extent[1] = 0)
BAD(bad_extent_beyond, p->tensor[1].extent[2] = 1)
BAD(bad_stride_beyond, p->tensor[1].stride[5] = 4)
BAD(bad_stride_odd, p->tensor[1].stride[0] = 22)
BAD(bad_stride_negative_odd, p->tensor[1].stride[0] = -22)
BAD(bad_stride_least, p->tensor[1].stride[0] = INT64_MIN)
BAD(bad_stride_most, p->tensor[1].stride[0] = INT64_MAX - 3)
BAD(bad_offset, p->tensor[1].offset = 1ull << 48)
BAD(bad_elements, p->tensor[1].extent[0] = 1ull << 62;
    p->tensor[1].stride[0] = 0)
BAD(bad_elements_product, p->tensor[1].extent[0] = 1ull << 32;
    p->tensor[1].extent[1] = 1ull << 32; p->tensor[1].stride[0] = 0;
    p->tensor[1].stride[1] = 0)
BAD(bad_extent_most, p->tensor[1].extent[0] = UINT64_MAX)
BAD(bad_destination_overlaps, p->tensor[0].stride[0] = 0)
BAD(bad_unused, p->tensor[p->tensors] = p->tensor[0];
    p->tensor[p->tensors++].rank = 9)

/* Types */
BAD(bad_unpack_to, p->tensor[0].dtype = NPU_DTYPE_F8E4M3;
    p->tensor[0].stride[1] = 1)
BAD(bad_unpack_from, p->tensor[0].dtype = NPU_DTYPE_Q4_K;
    memcpy(p->tensor[0].stride, p->tensor[1].stride, 16))
BAD(bad_pack_k, p->tensor[0].dtype = NPU_DTYPE_Q4_K;
    p->tensor[0].stride[0] = 288; p->tensor[0].stride[1] = 144)
BAD(bad_pack_from, p->tensor[1].dtype = NPU_DTYPE_S8)
BAD(bad_pack_blocks, p->tensor[1] = p->tensor[0])
BAD(bad_pack_overlaps, p->tensor[0].stride[0] = 0)
BAD(bad_pack_shape, p->tensor[1].extent[1] = 480)
BAD(bad_embed_to, p->tensor[0].dtype = NPU_DTYPE_S8; p->tensor[0].stride[1] = 1)
BAD(bad_embed_blocks, p->tensor[0] = p->tensor[1]; p->tensor[0].extent[0] = 4)
BAD(
    bad_embed_rank,
    for (unsigned i = 0; i < 2; i++) {
        p->tensor[i].rank = 1;
        p->tensor[i].extent[0] = p->tensor[i].extent[1];
        p->tensor[i].stride[0] = p->tensor[i].stride[1];
        p->tensor[i].extent[1] = 0;
        p->tensor[i].stride[1] = 0;
    } p->tensor[2]
        .extent[0] = 64)
BAD(bad_type_mixed, p->tensor[2].dtype = NPU_DTYPE_S32)
BAD(
    bad_type_s8,
    for (unsigned i = 0; i < 3; i++) { p->tensor[i].dtype = NPU_DTYPE_S8; })
BAD(bad_type_index, p->tensor[2].dtype = NPU_DTYPE_F32)
BAD(bad_type_argmax, p->tensor[0].dtype = NPU_DTYPE_F32)
BAD(bad_type_argmax_source, p->tensor[1].dtype = NPU_DTYPE_S8)
BAD(bad_type_cumsum, p->tensor[1].dtype = NPU_DTYPE_F32)
BAD(bad_type_cumsum_s8, p->tensor[0].dtype = p->tensor[1].dtype = NPU_DTYPE_S8)
BAD(bad_type_sort, p->tensor[1].dtype = NPU_DTYPE_S8)
BAD(bad_type_sort_bool,
    p->tensor[0].dtype = p->tensor[1].dtype = NPU_DTYPE_BOOL)
BAD(bad_type_argsort, p->tensor[0].dtype = NPU_DTYPE_BF16)
BAD(bad_type_argsort_source, p->tensor[1].dtype = NPU_DTYPE_F8E4M3)
BAD(bad_type_softmax, p->tensor[0].dtype = NPU_DTYPE_S32;
    p->tensor[1].dtype = NPU_DTYPE_S32)
BAD(bad_type_product, p->tensor[0].dtype = NPU_DTYPE_S32)
BAD(bad_type_product_s32, p->tensor[1].dtype = NPU_DTYPE_S32)
BAD(bad_type_bias, p->tensor[3].dtype = NPU_DTYPE_S32)
BAD(bad_type_average, p->tensor[0].dtype = NPU_DTYPE_S32;
    p->tensor[1].dtype = NPU_DTYPE_S32)
BAD(bad_type_exp, p->insn[1].opcode = NPU_OP_EXP;
    p->insn[1].operand[2] = NPU_NONE; p->tensor[0].dtype = NPU_DTYPE_S32;
    p->tensor[1].dtype = NPU_DTYPE_S32)

BAD(bad_block_extent, p->tensor[2].extent[1] = 65)
BAD(bad_block_stride, p->tensor[2].stride[1] = 35)
BAD(bad_block_pitch, p->tensor[2].stride[0] = 69)
BAD(bad_block_target, p->tensor[0] = p->tensor[2])
BAD(bad_block_upright, p->insn[1].flags &= ~NPU_INSN_TRANSPOSE_B)
BAD(bad_block_both, p->tensor[1] = p->tensor[2]; p->tensor[1].extent[0] = 3)
BAD(bad_weights_integer, p->tensor[1].dtype = NPU_DTYPE_U8;
    p->tensor[1].stride[1] = 1)
BAD(bad_bias_type, p->tensor[3].dtype = NPU_DTYPE_S32)
BAD(bad_scale_type, p->tensor[5].dtype = NPU_DTYPE_S32)
BAD(bad_extra_missing, p->insn[1].operand[5] = NPU_NONE)
BAD(bad_extra_more, p->insn[1].flags &= ~NPU_INSN_BIAS)
BAD(bad_activation, p->insn[1].matmul.activation = NPU_OP_ADD)
BAD(bad_activation_huge, p->insn[1].matmul.activation = 70000)
BAD(bad_activation_pad, p->insn[1].matmul.pad[6] = 1)
BAD(bad_bias_shape, p->tensor[3].extent[1] = 1)
BAD(bad_residual_shape, p->tensor[4].extent[0] = 1)
BAD(bad_scale_shape, p->tensor[5].extent[1] = 4)
BAD(bad_block_scale_rows, p->tensor[3].extent[0] = 1)
BAD(bad_block_scale_columns, p->tensor[3].extent[1] = 2)
BAD(bad_block_scale_type, p->tensor[3].dtype = NPU_DTYPE_F16)
BAD(bad_block_scale_of_f16, p->tensor[1].dtype = NPU_DTYPE_F16;
    p->tensor[1].stride[0] *= 2; p->tensor[1].stride[1] *= 2)
BAD(bad_zero_type, p->tensor[3].dtype = NPU_DTYPE_S8)
BAD(bad_zero_shape, p->tensor[4].extent[0] = 2)
BAD(bad_zero_of_f16, p->insn[1].flags ^= NPU_INSN_BIAS | NPU_INSN_ZERO_A)
BAD(bad_bias_of_s32, p->insn[1].flags ^= NPU_INSN_ZERO_A | NPU_INSN_BIAS)
BAD(bad_activation_of_s32, p->insn[1].matmul.activation = NPU_OP_RELU)

BAD(bad_answer, p->tensor[0].dtype = NPU_DTYPE_U8)
BAD(bad_compared, p->tensor[2].dtype = NPU_DTYPE_S8)
BAD(bad_compared_fp8, p->tensor[1].dtype = NPU_DTYPE_F8E4M3;
    p->tensor[2].dtype = NPU_DTYPE_F8E4M3)
BAD(bad_condition, p->tensor[1].dtype = NPU_DTYPE_U8)
BAD(bad_choice, p->tensor[3].dtype = NPU_DTYPE_F8E5M2)
BAD(bad_and, p->insn[1].opcode = NPU_OP_AND)
BAD(bad_shift, p->insn[1].opcode = NPU_OP_SHL;
    p->tensor[0].dtype = NPU_DTYPE_U8)
BAD(bad_not, p->insn[1].opcode = NPU_OP_NOT; p->insn[1].operand[2] = NPU_NONE)
BAD(bad_is_nan, p->insn[1].opcode = NPU_OP_IS_NAN;
    p->insn[1].operand[2] = NPU_NONE)

BAD(bad_pad_mode, p->insn[1].padding.mode = NPU_PAD_WRAP + 1)
BAD(bad_pad_zero, p->insn[1].padding.pad = 1)
BAD(bad_pad_dim, p->insn[1].padding.before[2] = 1)
BAD(bad_pad_scalar, p->insn[1].padding.mode = NPU_PAD_EDGE)
BAD(bad_pad_type, p->tensor[1].dtype = NPU_DTYPE_F16)
BAD(bad_pad_rank, p->tensor[1].rank = 1; p->tensor[1].extent[1] = 0;
    p->tensor[1].stride[1] = 0)
BAD(bad_pad_small, p->tensor[0].extent[1] = 8)
BAD(bad_pad_huge, p->insn[1].padding.before[1] = UINT32_MAX)
BAD(bad_lower, p->insn[1].flags = NPU_INSN_LOWER)
BAD(
    bad_triangle_vector, for (unsigned i = 0; i < 2; i++) {
        p->tensor[i].rank = 1;
        p->tensor[i].extent[1] = 0;
        p->tensor[i].stride[1] = 0;
    })
BAD(bad_range_type, p->tensor[2].dtype = NPU_DTYPE_F32)
BAD(bad_hot_type, p->tensor[1].dtype = NPU_DTYPE_F32)
BAD(bad_hot_off, p->tensor[2].dtype = NPU_DTYPE_BF16)

BAD(bad_pick_type, p->tensor[1].dtype = NPU_DTYPE_U8)
BAD(bad_pick_index, p->tensor[2].dtype = NPU_DTYPE_F32)
BAD(bad_elements_small, p->tensor[1].extent[0] = 2)
BAD(bad_elements_index, p->tensor[2].extent[1] = 4)
BAD(bad_nd_place, p->tensor[2].extent[0] = 2)
BAD(bad_nd_count, p->tensor[2].extent[2] = 4)
BAD(bad_nd_rank, p->tensor[2].extent[2] = 3)
BAD(bad_nd_row, p->tensor[1].extent[2] = 6)

BAD(bad_scatter_mode, p->insn[1].scatter.mode = NPU_SCATTER_MAX + 1)
BAD(bad_scatter_axis, p->insn[1].scatter.axis = 2)
BAD(bad_scatter_no_axis, p->insn[1].scatter.axis = 1)
BAD(bad_scatter_zero, p->insn[1].scatter.pad[5] = 1)
BAD(bad_scatter_add, p->insn[1].scatter.mode = NPU_SCATTER_ADD)
BAD(bad_scatter_rows, p->tensor[2].extent[0] = 3)
BAD(bad_scatter_row, p->tensor[1].extent[1] = 5)
BAD(bad_scatter_many,
    p->tensor[1].extent[0] = p->tensor[2].extent[0] = NPU_MAX_CONTRACTION + 1;
    p->tensor[1].stride[0] = 0)
BAD(bad_scatter_small, p->tensor[0].extent[0] = 2)
BAD(bad_scatter_line,
    p->tensor[1].extent[1] = p->tensor[2].extent[1] = NPU_MAX_CONTRACTION + 1;
    p->tensor[1].stride[1] = 0; p->tensor[2].stride[1] = 0)
BAD(bad_scatter_places,
    p->tensor[1].extent[0] = p->tensor[2].extent[0] = NPU_MAX_CONTRACTION / 4;
    p->tensor[1].stride[0] = 0; p->tensor[2].stride[0] = 0)

/* Shapes */
BAD(bad_shape_extent, p->tensor[2].extent[1] = 4)
BAD(bad_shape_rank, p->tensor[1].rank = 3; p->tensor[1].extent[2] = 1)
BAD(bad_shape_gather_row, p->tensor[1].extent[1] = 5)
BAD(bad_type_any, p->tensor[0].dtype = p->tensor[1].dtype = NPU_DTYPE_S8)
BAD(bad_type_norm, p->insn[1].opcode = NPU_OP_REDUCE_L2;
    p->tensor[0].dtype = p->tensor[1].dtype = NPU_DTYPE_S32)
BAD(bad_last, p->insn[1].flags = NPU_INSN_LAST)
BAD(bad_shape_gather_count, p->tensor[2].extent[0] = 5)
BAD(bad_shape_gather_rank, p->tensor[2].rank = 2; p->tensor[2].extent[1] = 1)
BAD(bad_shape_axis, p->tensor[0].extent[1] = 3)
BAD(bad_shape_reduce, p->tensor[1].extent[2] = 3)
BAD(bad_shape_long, p->tensor[1].extent[1] = NPU_MAX_CONTRACTION + 1;
    p->tensor[1].stride[1] = 0)
BAD(bad_shape_sort, p->tensor[1].extent[0] = 1)
BAD(bad_shape_sort_more, p->tensor[0].extent[1] = 10)
BAD(bad_shape_sort_long, p->tensor[1].extent[1] = NPU_MAX_SORT + 1)
BAD(bad_shape_sort_rank, p->tensor[0].rank = 1; p->tensor[0].extent[1] = 0;
    p->tensor[0].stride[1] = 0)
BAD(bad_shape_softmax, p->tensor[1].extent[1] = 7)
BAD(bad_shape_softmax_long,
    p->tensor[0].extent[1] = p->tensor[1].extent[1] = 1ull << 25)
BAD(bad_shape_batch, p->tensor[2].extent[0] = 1)
BAD(bad_shape_m, p->tensor[1].extent[1] = 2)
BAD(bad_shape_k, p->tensor[2].extent[1] = 5)
BAD(bad_shape_n, p->tensor[2].extent[2] = 4)
BAD(bad_shape_product_long,
    p->tensor[1].extent[2] = p->tensor[2].extent[1] = 1ull << 25)
BAD(
    bad_shape_vector, for (unsigned i = 0; i < 3; i++) {
        p->tensor[i].rank = 1;
        memset(&p->tensor[i].extent[1], 0, 40);
        memset(&p->tensor[i].stride[1], 0, 40);
    })
BAD(bad_shape_images, p->tensor[1].extent[0] = 1)
BAD(bad_shape_kernel, p->tensor[2].extent[3] = 2)
BAD(bad_shape_channels, p->tensor[2].extent[1] = 3)
BAD(bad_shape_groups, p->tensor[2].extent[0] = p->tensor[0].extent[1] = 5)
BAD(bad_shape_weights, p->tensor[2].extent[0] = 8)
BAD(bad_shape_bias, p->tensor[3].extent[0] = 5)
BAD(bad_shape_output, p->tensor[0].extent[2] = 8)
BAD(bad_shape_no_window, p->tensor[1].extent[3] = 2;
    p->insn[1].window.pad_begin[1] = 0; p->insn[1].window.pad_end[1] = 0)
BAD(bad_shape_pool, p->tensor[0].extent[3] = 10)
BAD(bad_shape_pool_channels, p->tensor[0].extent[1] = 3)
BAD(bad_shape_pool_outside, p->insn[1].window.pad_begin[0] = 3)
BAD(bad_shape_pool_steps_over, p->insn[1].window.dilation[0] = 8;
    p->insn[1].window.pad_begin[0] = p->insn[1].window.pad_end[0] = 10)
BAD(bad_shape_pool_window, p->insn[1].window.kernel[0] = 65535;
    p->insn[1].window.kernel[1] = 65535)

/* Parameters */
BAD(bad_axis, p->insn[1].axis.axis = 3)
BAD(bad_axis_most, p->insn[1].axis.axis = UINT32_MAX)
BAD(bad_axis_pad, p->insn[1].axis.pad[6] = 1)
BAD(bad_kernel, p->insn[1].window.kernel[0] = 0)
BAD(bad_stride, p->insn[1].window.stride[1] = 0)
BAD(bad_dilation, p->insn[1].window.dilation[1] = 0)
BAD(bad_third_kernel, p->insn[1].window.kernel[2] = 2)
BAD(bad_third_stride, p->insn[1].window.stride[2] = 0)
BAD(bad_third_pad, p->insn[1].window.pad_end[2] = 1)
BAD(bad_window_pad, p->insn[1].window.pad = 1)
BAD(bad_window_imm, p->insn[1].imm = 1)
BAD(bad_scale, p->insn[1].imm = 0x3f800000)
BAD(bad_routed_upright, p->insn[1].flags &= ~NPU_INSN_TRANSPOSE_B)
BAD(bad_routed_flag, p->insn[1].flags |= NPU_INSN_COUNT_PAD)
BAD(bad_routed_few, p->insn[1].operand[4] = NPU_NONE)
BAD(bad_routed_many, p->insn[1].flags &= ~NPU_INSN_BLOCK_SCALE)
BAD(bad_routed_imm, p->insn[1].imm = 0x3f800000)
BAD(bad_routed_d, p->tensor[0].dtype = NPU_DTYPE_S8)
BAD(bad_routed_a, p->tensor[1].dtype = NPU_DTYPE_F8E4M3)
BAD(bad_routed_b, p->tensor[2].dtype = NPU_DTYPE_S8)
BAD(bad_routed_c, p->tensor[3].dtype = NPU_DTYPE_F32)
BAD(bad_routed_scale, p->tensor[4].dtype = NPU_DTYPE_F16;
    p->tensor[4].stride[2] = 4)
BAD(bad_routed_scale_of_f16, p->tensor[2].dtype = NPU_DTYPE_F16;
    p->tensor[2].stride[0] = 2048; p->tensor[2].stride[1] = 16;
    p->tensor[2].stride[2] = 2)
BAD(bad_routed_rank, p->tensor[0].rank = 2; p->tensor[0].extent[2] = 0;
    p->tensor[0].stride[2] = 0)
BAD(bad_routed_slots, p->tensor[1].extent[1] = 3)
BAD(bad_routed_n, p->tensor[2].extent[1] = 129)
BAD(bad_routed_k, p->tensor[2].extent[2] = 5)
BAD(bad_routed_c_rows, p->tensor[3].extent[0] = 6)
BAD(bad_routed_scale_n, p->tensor[4].extent[1] = 1)
BAD(bad_routed_scale_experts, p->tensor[4].extent[0] = 8)
BAD(bad_routed_long, p->tensor[1].extent[2] = NPU_MAX_CONTRACTION + 1;
    p->tensor[1].stride[2] = 0)
BAD(bad_routed_experts, p->tensor[2].extent[0] = NPU_MAX_ROUTED + 1)
BAD(bad_routed_pairs, p->tensor[0].extent[0] = p->tensor[1].extent[0] =
                          p->tensor[3].extent[0] = NPU_MAX_ROUTED / 4 + 1)

BAD(bad_cap_negative, p->insn[1].attention.softcap = 0xc2480000)
BAD(bad_cap_infinite, p->insn[1].attention.softcap = 0x7f800000)
BAD(bad_cap_nan, p->insn[1].attention.softcap = 0x7fc00000)
BAD(bad_attention_pad, p->insn[1].attention.pad[5] = 1)
BAD(bad_attention_flag, p->insn[1].flags |= 1u << 21)
BAD(bad_attention_few, p->insn[1].operand[7] = NPU_NONE)
BAD(bad_attention_many, p->insn[1].flags &= ~NPU_INSN_MASK)
BAD(bad_type_q, p->tensor[1].dtype = NPU_DTYPE_F8E4M3)
BAD(bad_type_k, p->tensor[2].dtype = NPU_DTYPE_S8)
BAD(bad_cache_q, p->tensor[1] = p->tensor[2]; p->tensor[1].extent[1] = 1;
    p->tensor[1].extent[2] = 4)
BAD(bad_cache_k, p->tensor[2].dtype = NPU_DTYPE_Q4_K;
    p->tensor[2].stride[3] = 144)
BAD(bad_cache_v, p->tensor[3].dtype = NPU_DTYPE_S4; p->tensor[3].stride[3] = 1)
BAD(bad_cache_width, p->tensor[2].extent[3] = 480)
BAD(bad_type_sinks, p->tensor[5].dtype = NPU_DTYPE_S32)
BAD(bad_type_table, p->tensor[6].dtype = NPU_DTYPE_F32)
BAD(bad_shape_d_width, p->tensor[0].extent[2] = 6)
BAD(bad_shape_q_rows, p->tensor[1].extent[0] = 6)
BAD(bad_shape_k_width, p->tensor[2].extent[3] = 5)
BAD(bad_shape_k_heads, p->tensor[2].extent[2] = 3)
BAD(bad_shape_v_keys, p->tensor[3].extent[1] = 7)
BAD(bad_shape_v_wide, p->tensor[0].extent[2] = p->tensor[3].extent[3] = 1025)
BAD(bad_shape_q_wide, p->tensor[1].extent[2] = p->tensor[2].extent[3] = 1025)
BAD(bad_shape_mask, p->tensor[4].extent[2] = 8)
BAD(bad_shape_sinks, p->tensor[5].extent[0] = 2)
BAD(bad_shape_table, p->tensor[6].extent[0] = 3)
BAD(bad_shape_keys, p->tensor[6].extent[1] = 1u << 20)
BAD(bad_shape_sequences,
    p->tensor[6].extent[0] = p->tensor[7].extent[0] = 65537)
BAD(bad_shape_lengths, p->tensor[7].extent[1] = 3)
BAD(bad_rope_positions, p->tensor[2].dtype = NPU_DTYPE_F32)
BAD(bad_rope_frequencies, p->tensor[3].dtype = NPU_DTYPE_F16)
BAD(bad_rope_d, p->tensor[0].dtype = NPU_DTYPE_F8E4M3)
BAD(bad_rope_a, p->tensor[1].dtype = NPU_DTYPE_S32)
BAD(bad_rope_pairs, p->tensor[3].extent[0] = 5)
BAD(bad_rope_line, p->tensor[2].extent[2] = 8)
BAD(bad_rope_lines, p->tensor[2].extent[1] = 2)
BAD(bad_rope_shape, p->tensor[1].extent[0] = 3)
BAD(bad_rope_rank, p->tensor[3].rank = 2; p->tensor[3].extent[1] = 1)
BAD(bad_rope_long, p->tensor[0].extent[2] = NPU_MAX_ROPE + 1)
BAD(bad_rope_few, p->insn[1].operand[3] = NPU_NONE)
BAD(bad_norm_few, p->insn[1].operand[4] = NPU_NONE)
BAD(bad_norm_many, p->insn[1].flags &= ~NPU_INSN_BIAS)
BAD(bad_norm_gap, p->insn[1].operand[2] = NPU_NONE)
BAD(bad_norm_flag, p->insn[1].flags |= NPU_INSN_MASK)
BAD(bad_norm_type, p->tensor[4].dtype = NPU_DTYPE_U8)
BAD(bad_norm_shape, p->tensor[4].extent[1] = 1)
BAD(
    bad_norm_long, for (unsigned i = 0; i < 5; i++) {
        p->tensor[i].extent[1] = 1u << 20;
        p->tensor[i].extent[0] = 1;
    })
BAD(bad_conv3d_bias_rank, p->tensor[3].rank = 2; p->tensor[3].extent[1] = 1)
BAD(bad_conv3d_kernel, p->tensor[2].extent[4] = 3)
BAD(bad_conv3d_depth, p->tensor[0].extent[2] = 5)
BAD(bad_conv3d_long, p->insn[1].window.kernel[0] = 2048;
    p->insn[1].window.kernel[1] = 1024; p->tensor[2].extent[2] = 2048;
    p->tensor[2].extent[3] = 1024)
BAD(bad_conv3d_groups, p->tensor[2].extent[1] = 3)
BAD(bad_transpose_most, p->tensor[0].extent[2] = 11)
BAD(bad_transpose_width, p->tensor[0].extent[3] = 14)
BAD(bad_transpose_weights, p->tensor[2].extent[0] = 3)
BAD(bad_transpose_outputs, p->tensor[2].extent[1] = 4)
BAD(bad_transpose_groups, p->tensor[2].extent[1] = 2)
BAD(bad_transpose_bias, p->tensor[3].extent[0] = 4)
BAD(bad_transpose_images, p->tensor[1].extent[0] = 1)
BAD(bad_transpose_type, p->tensor[2].dtype = NPU_DTYPE_S32)
BAD(bad_transpose_long, p->insn[1].window.kernel[0] = 4096;
    p->insn[1].window.kernel[1] = 1024; p->tensor[2].extent[2] = 4096;
    p->tensor[2].extent[3] = 1024)
BAD(bad_pool3d_rank, p->insn[1].opcode = NPU_OP_AVGPOOL2D;
    p->insn[1].window.kernel[2] = p->insn[1].window.stride[2] = 1)
BAD(bad_pool3d_depth, p->insn[1].window.pad_end[0] = 0;
    p->tensor[1].extent[0] = p->tensor[0].extent[0] = 1;
    p->tensor[0].extent[2] = 5)
BAD(bad_pool3d_width, p->tensor[0].extent[4] = 7)
BAD(bad_pool3d_window, p->insn[1].window.kernel[0] = 256;
    p->insn[1].window.kernel[1] = 256; p->insn[1].window.kernel[2] = 65)
BAD(bad_pool3d_stride, p->insn[1].window.stride[2] = 0)
BAD(bad_pool3d_images, p->tensor[1].extent[1] = 4)
BAD(bad_pool2d_volume, p->insn[1].opcode = NPU_OP_AVGPOOL3D)
BAD(bad_lppool_type, p->tensor[0].dtype = p->tensor[1].dtype = NPU_DTYPE_S32)
BAD(bad_lppool_flag, p->insn[1].flags = NPU_INSN_COUNT_PAD)
BAD(bad_lppool_slot, p->insn[1].imm = 0; p->insn[1].scalar = 0)
BAD(bad_resize_axes, p->insn[1].resize.axes |= 8)
BAD(bad_resize_mode, p->insn[1].resize.mode = NPU_RESIZE_CUBIC + 1)
BAD(bad_resize_coordinate, p->insn[1].resize.coordinate = 3)
BAD(bad_resize_rounding, p->insn[1].resize.rounding = 4)
BAD(bad_resize_rounded, p->insn[1].resize.rounding = NPU_RESIZE_FLOOR)
BAD(bad_resize_outside, p->insn[1].resize.outside = 2)
BAD(bad_resize_outside_nearest, p->insn[1].resize.outside = 1)
BAD(bad_resize_cubic, p->insn[1].resize.cubic = 0x7f800000)
BAD(bad_resize_cubic_nearest, p->insn[1].resize.cubic = 1)
BAD(bad_resize_pad, p->insn[1].resize.pad[4] = 1)
BAD(bad_resize_rank, p->tensor[1].rank = 2;
    p->tensor[1].extent[2] = p->tensor[1].stride[2] = 0;
    p->insn[1].resize.axes = 2)
BAD(bad_resize_shape, p->insn[1].resize.axes = 4)
BAD(bad_resize_type, p->tensor[0].dtype = p->tensor[1].dtype = NPU_DTYPE_S8)
BAD(bad_resize_types, p->tensor[1].dtype = NPU_DTYPE_BF16)
BAD(bad_groups_none, p->insn[1].groups.groups = 0)
BAD(bad_groups_uneven, p->insn[1].groups.groups = 4)
BAD(bad_groups_many, p->insn[1].groups.groups = 12)
BAD(bad_groups_pad, p->insn[1].groups.pad[6] = 1)
BAD(bad_groups_residual, p->insn[1].flags |= NPU_INSN_RESIDUAL;
    p->insn[1].operand[3] = 1)
BAD(
    bad_groups_rank, for (unsigned i = 0; i < 3; i++) {
        p->tensor[i].rank = 1;
        memset(&p->tensor[i].extent[1], 0, 40);
        memset(&p->tensor[i].stride[1], 0, 40);
    })
BAD(
    bad_groups_long, for (unsigned i = 0; i < 3; i++) {
        p->tensor[i].extent[0] = 1;
        p->tensor[i].extent[3] = 1u << 20;
    })
BAD(
    bad_groups_deep, for (unsigned i = 0; i < 3; i++) {
        p->tensor[i].extent[0] = 1;
        p->tensor[i].extent[1] = 3u << 23;
        p->tensor[i].extent[2] = p->tensor[i].extent[3] = 1;
    })
BAD(bad_batch_residual, p->insn[1].flags = NPU_INSN_RESIDUAL)
BAD(bad_batch_raw, p->insn[1].raw[0] = 1)
BAD(bad_batch_few, p->insn[1].operand[3] = NPU_NONE)
BAD(bad_mask_type, p->tensor[2].dtype = NPU_DTYPE_BOOL;
    p->tensor[2].stride[0] = 4; p->tensor[2].stride[1] = 1)
BAD(bad_slopes_shape, p->tensor[3].extent[1] = 1)
BAD(bad_ext_raw, p->insn[1].raw[0] = 1)
BAD(
    bad_ext_long, for (unsigned i = 0; i < 4; i++) {
        p->tensor[i].extent[0] = 1;
        p->tensor[i].extent[1] = NPU_MAX_CONTRACTION + 1;
    })
BAD(bad_state_type, p->tensor[1].dtype = NPU_DTYPE_F16)
BAD(bad_state_repeats, p->tensor[1].stride[1] = 0)
BAD(bad_state_rank, p->tensor[1].rank = 3; p->tensor[1].extent[3] = 0;
    p->tensor[1].stride[3] = 0)
BAD(bad_state_width, p->tensor[1].extent[p->tensor[4].rank == 2 ? 2 : 3]--)
BAD(bad_state_heads, p->tensor[1].extent[1]--)
BAD(
    bad_state_depth, for (unsigned i = 0; i < 8; i++) {
        struct npu_tensor *t = &p->tensor[i];

        for (unsigned dim = 0; dim < t->rank; dim++) {
            t->extent[dim] = t->extent[dim] == 8 ? NPU_MAX_STATE + 1 :
                                                   t->extent[dim];
        }
    })
BAD(
    bad_steps_many, for (unsigned i = 0; i < 8; i++) {
        p->tensor[i].extent[1] = i == 1 || p->tensor[i].rank == 2 ?
                                     p->tensor[i].extent[1] :
                                     NPU_MAX_SCAN + 1;
    })
BAD(bad_step_type, p->tensor[3].dtype = NPU_DTYPE_F8E4M3)
BAD(bad_step_missing, p->tensor[2].extent[1]--)
BAD(bad_dt_wide, p->tensor[3].extent[3] = 5)
BAD(bad_group_uneven, p->tensor[5].extent[2] = 3)
BAD(bad_group_many, p->tensor[3].extent[2] = 8)
BAD(bad_skip_deep, p->tensor[7].extent[1] = 8)
BAD(bad_a_heads, p->tensor[4].extent[0] = 2)
BAD(bad_wkv_flag, p->insn[1].flags = NPU_INSN_SOFTPLUS)
BAD(bad_wkv_few, p->insn[1].operand[6] = NPU_NONE)
BAD(bad_wkv_group, p->tensor[2].extent[2] = 2)
BAD(bad_wkv_bonus, p->tensor[6].extent[1] = 5)
BAD(bad_beta_wide, p->tensor[6].extent[3] = 5)
BAD(bad_gate_narrow, p->tensor[5].extent[3] = 1)
BAD(bad_stall_raw, p->insn[1].raw[0] = 1)
BAD(bad_stall_operand, p->insn[1].operand[0] = 0)

/* clang-format off */
static const struct bad bads[] = {
    { "wrong magic", good_binary, bad_magic, NPU_ERR_PROGRAM, WHOLE },
    { "unknown major version", good_binary, bad_major, NPU_ERR_PROGRAM, WHOLE },
    { "later minor version", good_binary, bad_minor, NPU_ERR_PROGRAM, WHOLE },
    { "header pad, first", good_binary, bad_pad_first, NPU_ERR_PROGRAM, WHOLE },
    { "header pad, last", good_binary, bad_pad_last, NPU_ERR_PROGRAM, WHOLE },
    { "too many bases", good_binary, bad_bases, NPU_ERR_PROGRAM, WHOLE },
    { "too many scalars", good_fill, bad_scalars, NPU_ERR_PROGRAM, WHOLE },

    { "opcode in a gap", good_binary, bad_opcode_gap, NPU_ERR_OPCODE, INSN },
    { "opcode behind the last", good_binary, bad_opcode_next, NPU_ERR_OPCODE,
      INSN },
    { "greatest opcode", good_binary, bad_opcode_last, NPU_ERR_OPCODE, INSN },
    { "instruction pad", good_binary, bad_insn_pad, NPU_ERR_PARAMETER, INSN },
    { "flag of another instruction", good_binary, bad_flag, NPU_ERR_PARAMETER,
      INSN },
    { "unknown flag", good_pool2d, bad_flag_more, NPU_ERR_PARAMETER, INSN },
    { "unused parameter byte", good_binary, bad_raw, NPU_ERR_PARAMETER, INSN },
    { "unused immediate", good_binary, bad_imm, NPU_ERR_PARAMETER, INSN },
    { "unused scalar", good_binary, bad_scalar_unused, NPU_ERR_PARAMETER,
      INSN },
    { "scalar slot out of range", good_fill, bad_scalar_slot,
      NPU_ERR_PARAMETER, INSN },
    { "scalar slot and immediate", good_fill, bad_scalar_and_imm,
      NPU_ERR_PARAMETER, INSN },
    { "fill with a parameter byte", good_fill, bad_raw, NPU_ERR_PARAMETER,
      INSN },

    { "no destination", good_binary, bad_no_destination, NPU_ERR_OPERAND,
      1, 0 },
    { "no second source", good_binary, bad_no_source, NPU_ERR_OPERAND, 1, 2 },
    { "superfluous operand", good_binary, bad_extra, NPU_ERR_OPERAND, 1, 3 },
    { "superfluous last operand", good_binary, bad_extra_last, NPU_ERR_OPERAND,
      1, 7 },
    { "operand out of range", good_binary, bad_range, NPU_ERR_OPERAND, 1, 1 },
    { "greatest operand", good_binary, bad_range_most, NPU_ERR_OPERAND, 1, 1 },
    { "bias out of range", good_conv2d, bad_optional_range, NPU_ERR_OPERAND,
      1, 3 },
    { "stall with an operand", good_stall, bad_stall_operand, NPU_ERR_OPERAND,
      1, 0 },

    { "base slot out of range", good_binary, bad_base, NPU_ERR_TENSOR, 1, 1 },
    { "element type 0", good_binary, bad_dtype_zero, NPU_ERR_TENSOR, 1, 1 },
    { "element type behind the last", good_binary, bad_dtype_next,
      NPU_ERR_TENSOR, 1, 1 },
    { "greatest element type", good_binary, bad_dtype_most, NPU_ERR_TENSOR,
      1, 2 },
    { "rank 0", good_binary, bad_rank_zero, NPU_ERR_TENSOR, 1, 1 },
    { "rank 7", good_binary, bad_rank_most, NPU_ERR_TENSOR, 1, 1 },
    { "tensor pad", good_binary, bad_tensor_pad, NPU_ERR_TENSOR, 1, 1 },
    { "tensor pad at the end", good_binary, bad_tensor_pad2, NPU_ERR_TENSOR,
      1, 0 },
    { "extent 0", good_binary, bad_extent_zero, NPU_ERR_TENSOR, 1, 1 },
    { "extent beyond the rank", good_binary, bad_extent_beyond, NPU_ERR_TENSOR,
      1, 1 },
    { "stride beyond the rank", good_binary, bad_stride_beyond, NPU_ERR_TENSOR,
      1, 1 },
    { "odd stride", good_binary, bad_stride_odd, NPU_ERR_TENSOR, 1, 1 },
    { "odd negative stride", good_binary, bad_stride_negative_odd,
      NPU_ERR_TENSOR, 1, 1 },
    { "least stride", good_binary, bad_stride_least, NPU_ERR_TENSOR, 1, 1 },
    { "greatest stride", good_binary, bad_stride_most, NPU_ERR_TENSOR, 1, 1 },
    { "offset beyond the address space", good_binary, bad_offset,
      NPU_ERR_TENSOR, 1, 1 },
    { "too many elements in a dimension", good_binary, bad_elements,
      NPU_ERR_TENSOR, 1, 1 },
    { "too many elements in all", good_binary, bad_elements_product,
      NPU_ERR_TENSOR, 1, 1 },
    { "greatest extent", good_binary, bad_extent_most, NPU_ERR_TENSOR, 1, 1 },
    { "destination with stride 0", good_binary, bad_destination_overlaps,
      NPU_ERR_TENSOR, 1, 0 },
    { "bad tensor that nobody uses", good_binary, bad_unused, NPU_ERR_TENSOR,
      WHOLE },

    { "mixed types", good_binary, bad_type_mixed, NPU_ERR_DTYPE, 1, 2 },
    { "add in s8", good_binary, bad_type_s8, NPU_ERR_DTYPE, 1, 0 },
    { "exp in s32", good_binary, bad_type_exp, NPU_ERR_DTYPE, 1, 0 },
    { "gather by f32", good_gather, bad_type_index, NPU_ERR_DTYPE, 1, 2 },
    { "blocks to fp8", good_unpack, bad_unpack_to, NPU_ERR_DTYPE, 1, 0 },
    { "blocks to q4_k", good_unpack, bad_unpack_from, NPU_ERR_DTYPE, 1, 0 },
    { "numbers to q4_k", good_pack, bad_pack_k, NPU_ERR_DTYPE, 1, 0 },
    { "integers to blocks", good_pack, bad_pack_from, NPU_ERR_DTYPE, 1, 1 },
    { "blocks to blocks", good_pack, bad_pack_blocks, NPU_ERR_DTYPE, 1, 1 },
    { "blocks that overlap", good_pack, bad_pack_overlaps, NPU_ERR_TENSOR, 1,
      0 },
    { "blocks of other extents", good_pack, bad_pack_shape, NPU_ERR_SHAPE, 1,
      1 },
    { "gather of blocks to s8", good_embed, bad_embed_to, NPU_ERR_DTYPE, 1, 0 },
    { "gather of blocks to blocks", good_embed, bad_embed_blocks,
      NPU_ERR_DTYPE, 1, 0 },
    { "argmax to f32", good_argmax, bad_type_argmax, NPU_ERR_DTYPE, 1, 0 },
    { "argmax of s8", good_argmax, bad_type_argmax_source, NPU_ERR_DTYPE,
      1, 1 },
    { "any of numbers", good_any, bad_type_any, NPU_ERR_DTYPE, 1, 0 },
    { "norm of s32", good_reduce, bad_type_norm, NPU_ERR_DTYPE, 1, 0 },
    { "cumsum of another type", good_cumsum, bad_type_cumsum, NPU_ERR_DTYPE,
      1, 1 },
    { "cumsum of s8", good_cumsum, bad_type_cumsum_s8, NPU_ERR_DTYPE, 1, 0 },
    { "sort to another type", good_sort, bad_type_sort, NPU_ERR_DTYPE, 1, 1 },
    { "sort of bool", good_sort, bad_type_sort_bool, NPU_ERR_DTYPE, 1, 0 },
    { "argsort to bf16", good_argsort, bad_type_argsort, NPU_ERR_DTYPE, 1, 0 },
    { "argsort of fp8", good_argsort, bad_type_argsort_source, NPU_ERR_DTYPE,
      1, 1 },
    { "softmax of s32", good_softmax, bad_type_softmax, NPU_ERR_DTYPE, 1, 0 },
    { "matmul f32 to s32", good_matmul, bad_type_product, NPU_ERR_DTYPE, 1, 0 },
    { "matmul of s32", good_matmul, bad_type_product_s32, NPU_ERR_DTYPE, 1, 1 },
    { "bias of another type", good_conv2d, bad_type_bias, NPU_ERR_DTYPE, 1, 3 },
    { "average of s32", good_pool2d, bad_type_average, NPU_ERR_DTYPE, 1, 0 },

    { "other extent", good_binary, bad_shape_extent, NPU_ERR_SHAPE, 1, 2 },
    { "other rank", good_binary, bad_shape_rank, NPU_ERR_SHAPE, 1, 1 },
    { "gather from other rows", good_gather, bad_shape_gather_row,
      NPU_ERR_SHAPE, 1, 1 },
    { "gather by other indices", good_gather, bad_shape_gather_count,
      NPU_ERR_SHAPE, 1, 2 },
    { "gather by a matrix", good_gather, bad_shape_gather_rank, NPU_ERR_SHAPE,
      1, 2 },
    { "gather of elements of a block", good_embed, bad_embed_rank,
      NPU_ERR_SHAPE, 1, 1 },
    { "reduction that keeps its axis", good_reduce, bad_shape_axis,
      NPU_ERR_SHAPE, 1, 0 },
    { "reduction of another extent", good_reduce, bad_shape_reduce,
      NPU_ERR_SHAPE, 1, 1 },
    { "reduction over too much", good_reduce, bad_shape_long, NPU_ERR_SHAPE,
      1, 1 },
    { "softmax of another extent", good_softmax, bad_shape_softmax,
      NPU_ERR_SHAPE, 1, 1 },
    { "softmax over too much", good_softmax, bad_shape_softmax_long,
      NPU_ERR_SHAPE, 1, 1 },
    { "cumsum of another extent", good_cumsum, bad_shape_softmax,
      NPU_ERR_SHAPE, 1, 1 },
    { "cumsum over too much", good_cumsum, bad_shape_softmax_long,
      NPU_ERR_SHAPE, 1, 1 },
    { "sort of another extent", good_sort, bad_shape_sort, NPU_ERR_SHAPE,
      1, 1 },
    { "sort of another rank", good_sort, bad_shape_sort_rank, NPU_ERR_SHAPE,
      1, 1 },
    { "sort to more than there is", good_sort, bad_shape_sort_more,
      NPU_ERR_SHAPE, 1, 0 },
    { "sort of too much", good_sort, bad_shape_sort_long, NPU_ERR_SHAPE, 1, 1 },
    { "matmul of another batch", good_matmul, bad_shape_batch, NPU_ERR_SHAPE,
      1, 2 },
    { "matmul of another m", good_matmul, bad_shape_m, NPU_ERR_SHAPE, 1, 1 },
    { "matmul of two k", good_matmul, bad_shape_k, NPU_ERR_SHAPE, 1, 2 },
    { "matmul of another n", good_matmul, bad_shape_n, NPU_ERR_SHAPE, 1, 2 },
    { "matmul over too much", good_matmul, bad_shape_product_long,
      NPU_ERR_SHAPE, 1, 1 },
    { "matmul of vectors", good_matmul, bad_shape_vector, NPU_ERR_SHAPE, 1, 0 },
    { "conv2d of other images", good_conv2d, bad_shape_images, NPU_ERR_SHAPE,
      1, 1 },
    { "conv2d with another kernel", good_conv2d, bad_shape_kernel,
      NPU_ERR_SHAPE, 1, 2 },
    { "conv2d with no whole group", good_conv2d, bad_shape_channels,
      NPU_ERR_SHAPE, 1, 2 },
    { "conv2d with uneven groups", good_conv2d, bad_shape_groups,
      NPU_ERR_SHAPE, 1, 2 },
    { "conv2d with other weights", good_conv2d, bad_shape_weights,
      NPU_ERR_SHAPE, 1, 2 },
    { "conv2d with another bias", good_conv2d, bad_shape_bias, NPU_ERR_SHAPE,
      1, 3 },
    { "conv2d to too much", good_conv2d, bad_shape_output, NPU_ERR_SHAPE,
      1, 0 },
    { "conv2d of too little", good_conv2d, bad_shape_no_window, NPU_ERR_SHAPE,
      1, 0 },
    { "pooling to too much", good_pool2d, bad_shape_pool, NPU_ERR_SHAPE, 1, 0 },
    { "pooling of other channels", good_pool2d, bad_shape_pool_channels,
      NPU_ERR_SHAPE, 1, 1 },
    { "pooling of padding alone", good_pool2d, bad_shape_pool_outside,
      NPU_ERR_SHAPE, 1, 0 },
    { "pooling that steps over the input", good_pool2d,
      bad_shape_pool_steps_over, NPU_ERR_SHAPE, 1, 0 },
    { "pooling over too much", good_pool2d, bad_shape_pool_window,
      NPU_ERR_SHAPE, INSN },

    { "last of a cumsum", good_cumsum, bad_last, NPU_ERR_PARAMETER, INSN },
    { "cumsum's axis out of range", good_cumsum, bad_axis_most,
      NPU_ERR_PARAMETER, INSN },
    { "last of a sort", good_sort, bad_last, NPU_ERR_PARAMETER, INSN },
    { "argsort's axis out of range", good_argsort, bad_axis_most,
      NPU_ERR_PARAMETER, INSN },
    { "last of a sum", good_reduce, bad_last, NPU_ERR_PARAMETER, INSN },
    { "axis out of range", good_reduce, bad_axis, NPU_ERR_PARAMETER, INSN },
    { "greatest axis", good_softmax, bad_axis_most, NPU_ERR_PARAMETER, INSN },
    { "axis pad", good_argmax, bad_axis_pad, NPU_ERR_PARAMETER, INSN },
    { "kernel 0", good_conv2d, bad_kernel, NPU_ERR_PARAMETER, INSN },
    { "stride 0", good_conv2d, bad_stride, NPU_ERR_PARAMETER, INSN },
    { "dilation 0", good_pool2d, bad_dilation, NPU_ERR_PARAMETER, INSN },
    { "third kernel extent", good_conv2d, bad_third_kernel, NPU_ERR_PARAMETER,
      INSN },
    { "third stride", good_pool2d, bad_third_stride, NPU_ERR_PARAMETER, INSN },
    { "third padding", good_pool2d, bad_third_pad, NPU_ERR_PARAMETER, INSN },
    { "window pad", good_conv2d, bad_window_pad, NPU_ERR_PARAMETER, INSN },
    { "window with an immediate", good_conv2d, bad_window_imm,
      NPU_ERR_PARAMETER, INSN },
    { "scale of a product of f32", good_matmul, bad_scale, NPU_ERR_PARAMETER,
      INSN },
    { "answer in u8", good_compare, bad_answer, NPU_ERR_DTYPE, 1, 0 },
    { "comparison of two types", good_compare, bad_compared, NPU_ERR_DTYPE, 1,
      2 },
    { "comparison of fp8", good_compare, bad_compared_fp8, NPU_ERR_DTYPE, 1,
      1 },
    { "condition in u8", good_where, bad_condition, NPU_ERR_DTYPE, 1, 1 },
    { "choice of two types", good_where, bad_choice, NPU_ERR_DTYPE, 1, 3 },
    { "and of two types", good_compare, bad_and, NPU_ERR_DTYPE, 1, 1 },
    { "shift of u8", good_compare, bad_shift, NPU_ERR_DTYPE, 1, 0 },
    { "not of u8", good_compare, bad_not, NPU_ERR_DTYPE, 1, 1 },
    { "is nan of u8", good_compare, bad_is_nan, NPU_ERR_DTYPE, 1, 1 },
    { "half a block", good_weights, bad_block_extent, NPU_ERR_TENSOR, 1, 2 },
    { "blocks with gaps", good_weights, bad_block_stride, NPU_ERR_TENSOR, 1, 2 },
    { "blocks at odd addresses", good_weights, bad_block_pitch, NPU_ERR_TENSOR,
      1, 2 },
    { "blocks as destination", good_weights, bad_block_target, NPU_ERR_DTYPE, 1,
      0 },
    { "blocks across k", good_weights, bad_block_upright, NPU_ERR_DTYPE, 1, 2 },
    { "two operands with blocks", good_weights, bad_block_both, NPU_ERR_DTYPE,
      1, 2 },
    { "blocks times integers", good_weights, bad_weights_integer,
      NPU_ERR_DTYPE, 1, 2 },
    { "bias of s32", good_weights, bad_bias_type, NPU_ERR_DTYPE, 1, 3 },
    { "scale of s32", good_weights, bad_scale_type, NPU_ERR_DTYPE, 1, 5 },
    { "an operand that a flag announces is missing", good_weights,
      bad_extra_missing, NPU_ERR_OPERAND, INSN },
    { "an operand that no flag announces", good_weights, bad_extra_more,
      NPU_ERR_OPERAND, INSN },
    { "activation with two sources", good_weights, bad_activation,
      NPU_ERR_PARAMETER, INSN },
    { "activation that there is not", good_weights, bad_activation_huge,
      NPU_ERR_PARAMETER, INSN },
    { "pad behind the activation", good_weights, bad_activation_pad,
      NPU_ERR_PARAMETER, INSN },
    { "bias of another n", good_weights, bad_bias_shape, NPU_ERR_SHAPE, 1, 3 },
    { "residual of another m", good_weights, bad_residual_shape, NPU_ERR_SHAPE,
      1, 4 },
    { "scale of another n", good_weights, bad_scale_shape, NPU_ERR_SHAPE, 1, 5 },
    { "too few rows of block scales", good_fp8, bad_block_scale_rows,
      NPU_ERR_SHAPE, 1, 3 },
    { "too few columns of block scales", good_fp8, bad_block_scale_columns,
      NPU_ERR_SHAPE, 1, 3 },
    { "block scales of f16", good_fp8, bad_block_scale_type, NPU_ERR_DTYPE, 1,
      3 },
    { "block scales for f16", good_fp8, bad_block_scale_of_f16,
      NPU_ERR_PARAMETER, INSN },
    { "zero points of another type", good_integers, bad_zero_type,
      NPU_ERR_DTYPE, 1, 3 },
    { "zero points of another shape", good_integers, bad_zero_shape,
      NPU_ERR_SHAPE, 1, 4 },
    { "zero points of f32", good_weights, bad_zero_of_f16, NPU_ERR_PARAMETER,
      INSN },
    { "bias of a product in s32", good_integers, bad_bias_of_s32,
      NPU_ERR_DTYPE, 1, 3 },
    { "activation of a product in s32", good_integers, bad_activation_of_s32,
      NPU_ERR_PARAMETER, INSN },
    { "routed product of b as it is", good_routed, bad_routed_upright,
      NPU_ERR_PARAMETER, INSN },
    { "routed product with a flag too many", good_routed, bad_routed_flag,
      NPU_ERR_PARAMETER, INSN },
    { "routed product with an operand too few", good_routed, bad_routed_few,
      NPU_ERR_OPERAND, 1, 4 },
    { "routed product with an operand too many", good_routed, bad_routed_many,
      NPU_ERR_OPERAND, 1, 4 },
    { "routed product with a scalar", good_routed, bad_routed_imm,
      NPU_ERR_PARAMETER, INSN },
    { "routed product with two sources behind it", good_routed, bad_activation,
      NPU_ERR_PARAMETER, INSN },
    { "routed product to s8", good_routed, bad_routed_d, NPU_ERR_DTYPE, 1, 0 },
    { "routed product of fp8", good_routed, bad_routed_a, NPU_ERR_DTYPE, 1, 1 },
    { "routed product by s8", good_routed, bad_routed_b, NPU_ERR_DTYPE, 1, 2 },
    { "routed product by f32", good_routed, bad_routed_c, NPU_ERR_DTYPE, 1, 3 },
    { "routed product with scales of f16", good_routed, bad_routed_scale,
      NPU_ERR_DTYPE, 1, 4 },
    { "routed product with scales for f16", good_routed,
      bad_routed_scale_of_f16, NPU_ERR_PARAMETER, INSN },
    { "routed product without slots", good_routed, bad_routed_rank,
      NPU_ERR_SHAPE, 1, 0 },
    { "routed product of other slots", good_routed, bad_routed_slots,
      NPU_ERR_SHAPE, 1, 1 },
    { "routed product over too much", good_routed, bad_routed_long,
      NPU_ERR_SHAPE, 1, 1 },
    { "routed product of another n", good_routed, bad_routed_n, NPU_ERR_SHAPE, 1,
      2 },
    { "routed product of another k", good_routed, bad_routed_k, NPU_ERR_SHAPE, 1,
      2 },
    { "routed product of too many experts", good_routed, bad_routed_experts,
      NPU_ERR_SHAPE, 1, 2 },
    { "routed product for fewer rows", good_routed, bad_routed_c_rows,
      NPU_ERR_SHAPE, 1, 3 },
    { "routed product of too many pairs", good_routed, bad_routed_pairs,
      NPU_ERR_SHAPE, 1, 3 },
    { "routed product with fewer scales", good_routed, bad_routed_scale_n,
      NPU_ERR_SHAPE, 1, 4 },
    { "routed product with scales for fewer", good_routed,
      bad_routed_scale_experts, NPU_ERR_SHAPE, 1, 4 },
    { "attention with a negative cap", good_attention, bad_cap_negative, NPU_ERR_PARAMETER, INSN },
    { "attention with an infinite cap", good_attention, bad_cap_infinite, NPU_ERR_PARAMETER, INSN },
    { "attention with a cap that is none", good_attention, bad_cap_nan, NPU_ERR_PARAMETER, INSN },
    { "attention pad", good_attention, bad_attention_pad, NPU_ERR_PARAMETER, INSN },
    { "attention with a flag too many", good_attention, bad_attention_flag, NPU_ERR_PARAMETER, INSN },
    { "attention with an operand too few", good_attention, bad_attention_few, NPU_ERR_OPERAND, 1, 7 },
    { "attention with an operand too many", good_attention, bad_attention_many, NPU_ERR_OPERAND, 1, 7 },
    { "attention of f8 q", good_attention, bad_type_q, NPU_ERR_DTYPE, 1, 1 },
    { "queries of q8_0", good_cache, bad_cache_q, NPU_ERR_DTYPE, 1, 1 },
    { "keys of q4_k", good_cache, bad_cache_k, NPU_ERR_DTYPE, 1, 2 },
    { "values of s4", good_cache, bad_cache_v, NPU_ERR_DTYPE, 1, 3 },
    { "keys of another width", good_cache, bad_cache_width, NPU_ERR_SHAPE, 1,
      2 },
    { "attention over s8", good_attention, bad_type_k, NPU_ERR_DTYPE, 1, 2 },
    { "attention with s32 sinks", good_attention, bad_type_sinks, NPU_ERR_DTYPE, 1, 5 },
    { "attention with an f32 table", good_attention, bad_type_table, NPU_ERR_DTYPE, 1, 6 },
    { "attention to another width", good_attention, bad_shape_d_width, NPU_ERR_SHAPE, 1, 0 },
    { "attention of other rows", good_attention, bad_shape_q_rows, NPU_ERR_SHAPE, 1, 1 },
    { "attention over another width", good_attention, bad_shape_k_width, NPU_ERR_SHAPE, 1, 2 },
    { "attention with uneven groups", good_attention, bad_shape_k_heads, NPU_ERR_SHAPE, 1, 2 },
    { "attention with fewer values", good_attention, bad_shape_v_keys, NPU_ERR_SHAPE, 1, 3 },
    { "attention with wide values", good_attention, bad_shape_v_wide, NPU_ERR_SHAPE, 1, 3 },
    { "attention with wide keys", good_attention, bad_shape_q_wide, NPU_ERR_SHAPE, 1, 1 },
    { "attention with another mask", good_attention, bad_shape_mask, NPU_ERR_SHAPE, 1, 4 },
    { "attention with fewer sinks", good_attention, bad_shape_sinks, NPU_ERR_SHAPE, 1, 5 },
    { "attention with a table for others", good_attention, bad_shape_table, NPU_ERR_SHAPE, 1, 7 },
    { "attention over too much", good_attention, bad_shape_keys, NPU_ERR_SHAPE, 1, 2 },
    { "attention of too many", good_attention, bad_shape_sequences, NPU_ERR_SHAPE, 1, 6 },
    { "attention with three lengths", good_attention, bad_shape_lengths, NPU_ERR_SHAPE, 1, 7 },
    { "rope with f32 positions", good_rope, bad_rope_positions, NPU_ERR_DTYPE, 1,
      2 },
    { "rope with f16 frequencies", good_rope, bad_rope_frequencies,
      NPU_ERR_DTYPE, 1, 3 },
    { "rope to fp8", good_rope, bad_rope_d, NPU_ERR_DTYPE, 1, 0 },
    { "rope of integers", good_rope, bad_rope_a, NPU_ERR_DTYPE, 1, 1 },
    { "rope of more pairs than there are", good_rope, bad_rope_pairs,
      NPU_ERR_SHAPE, 1, 3 },
    { "rope with a position for each element", good_rope, bad_rope_line,
      NPU_ERR_SHAPE, 1, 2 },
    { "rope with too few positions", good_rope, bad_rope_lines, NPU_ERR_SHAPE,
      1, 2 },
    { "rope of another shape", good_rope, bad_rope_shape, NPU_ERR_SHAPE, 1, 1 },
    { "rope with a matrix of frequencies", good_rope, bad_rope_rank,
      NPU_ERR_SHAPE, 1, 3 },
    { "rope of too long lines", good_rope, bad_rope_long, NPU_ERR_SHAPE, 1, 0 },
    { "rope without frequencies", good_rope, bad_rope_few, NPU_ERR_OPERAND, 1,
      3 },
    { "norm with an operand too few", good_norm, bad_norm_few, NPU_ERR_OPERAND,
      1, 4 },
    { "norm with an operand too many", good_norm, bad_norm_many,
      NPU_ERR_OPERAND, 1, 4 },
    { "norm with a gap", good_norm, bad_norm_gap, NPU_ERR_OPERAND, 1, 3 },
    { "norm with another's flag", good_norm, bad_norm_flag, NPU_ERR_PARAMETER,
      INSN },
    { "norm along no axis", good_norm, bad_axis, NPU_ERR_PARAMETER, INSN },
    { "norm with a byte behind the axis", good_norm, bad_axis_pad,
      NPU_ERR_PARAMETER, INSN },
    { "norm with a u8 scale", good_norm, bad_norm_type, NPU_ERR_DTYPE, 1, 4 },
    { "norm with another scale", good_norm, bad_norm_shape, NPU_ERR_SHAPE, 1,
      4 },
    { "norm over too much", good_norm, bad_norm_long, NPU_ERR_SHAPE, 1, 1 },
    { "conv3d with another kernel", good_conv3d, bad_conv3d_kernel,
      NPU_ERR_SHAPE, 1, 2 },
    { "conv3d to too much depth", good_conv3d, bad_conv3d_depth, NPU_ERR_SHAPE,
      1, 0 },
    { "conv3d over too much", good_conv3d, bad_conv3d_long, NPU_ERR_SHAPE, 1,
      2 },
    { "conv3d with uneven groups", good_conv3d, bad_conv3d_groups,
      NPU_ERR_SHAPE, 1, 2 },
    { "conv3d with a matrix as bias", good_conv3d, bad_conv3d_bias_rank,
      NPU_ERR_SHAPE, 1, 3 },
    { "conv3d with third stride 0", good_conv3d, bad_pool3d_stride,
      NPU_ERR_PARAMETER, INSN },
    { "transposed to too much height", good_conv_transpose2d,
      bad_transpose_most, NPU_ERR_SHAPE, 1, 0 },
    { "transposed to too much width", good_conv_transpose2d,
      bad_transpose_width, NPU_ERR_SHAPE, 1, 0 },
    { "transposed with other weights", good_conv_transpose2d,
      bad_transpose_weights, NPU_ERR_SHAPE, 1, 2 },
    { "transposed with no whole group", good_conv_transpose2d,
      bad_transpose_outputs, NPU_ERR_SHAPE, 1, 2 },
    { "transposed with uneven groups", good_conv_transpose2d,
      bad_transpose_groups, NPU_ERR_SHAPE, 1, 2 },
    { "transposed with another bias", good_conv_transpose2d,
      bad_transpose_bias, NPU_ERR_SHAPE, 1, 3 },
    { "transposed of other images", good_conv_transpose2d,
      bad_transpose_images, NPU_ERR_SHAPE, 1, 1 },
    { "transposed with s32 weights", good_conv_transpose2d,
      bad_transpose_type, NPU_ERR_DTYPE, 1, 2 },
    { "transposed over too much", good_conv_transpose2d, bad_transpose_long,
      NPU_ERR_SHAPE, 1, 2 },
    { "transposed with a third kernel extent", good_conv_transpose2d,
      bad_third_kernel, NPU_ERR_PARAMETER, INSN },
    { "volumes as images", good_pool3d, bad_pool3d_rank, NPU_ERR_SHAPE, 1, 0 },
    { "images as volumes", good_pool2d, bad_pool2d_volume, NPU_ERR_SHAPE, 1, 0 },
    { "pooling to too much depth", good_pool3d, bad_pool3d_depth, NPU_ERR_SHAPE,
      1, 0 },
    { "pooling to too much width", good_pool3d, bad_pool3d_width, NPU_ERR_SHAPE,
      1, 0 },
    { "pooling over too large volumes", good_pool3d, bad_pool3d_window,
      NPU_ERR_SHAPE, INSN },
    { "pooling with third stride 0", good_pool3d, bad_pool3d_stride,
      NPU_ERR_PARAMETER, INSN },
    { "pooling of other volumes", good_pool3d, bad_pool3d_images, NPU_ERR_SHAPE,
      1, 1 },
    { "pooling of volumes with an immediate", good_pool3d, bad_window_imm,
      NPU_ERR_PARAMETER, INSN },
    { "norm of s32 under a window", good_lppool2d, bad_lppool_type,
      NPU_ERR_DTYPE, 1, 0 },
    { "norm that counts the padding", good_lppool2d, bad_lppool_flag,
      NPU_ERR_PARAMETER, INSN },
    { "norm by no scalar", good_lppool2d, bad_lppool_slot, NPU_ERR_PARAMETER,
      INSN },
    { "norm with a third kernel extent", good_lppool2d, bad_third_kernel,
      NPU_ERR_PARAMETER, INSN },
    { "resize of a dimension too many", good_resize, bad_resize_axes,
      NPU_ERR_PARAMETER, INSN },
    { "resize in no mode", good_resize, bad_resize_mode, NPU_ERR_PARAMETER,
      INSN },
    { "resize with no coordinates", good_resize, bad_resize_coordinate,
      NPU_ERR_PARAMETER, INSN },
    { "resize with no rounding", good_nearest, bad_resize_rounding,
      NPU_ERR_PARAMETER, INSN },
    { "cubic resize that rounds", good_resize, bad_resize_rounded,
      NPU_ERR_PARAMETER, INSN },
    { "resize with no such outside", good_resize, bad_resize_outside,
      NPU_ERR_PARAMETER, INSN },
    { "nearest that excludes", good_nearest, bad_resize_outside_nearest,
      NPU_ERR_PARAMETER, INSN },
    { "cubic resize by infinity", good_resize, bad_resize_cubic,
      NPU_ERR_PARAMETER, INSN },
    { "nearest with a coefficient", good_nearest, bad_resize_cubic_nearest,
      NPU_ERR_PARAMETER, INSN },
    { "resize pad", good_resize, bad_resize_pad, NPU_ERR_PARAMETER, INSN },
    { "resize with a scalar", good_resize, bad_imm, NPU_ERR_PARAMETER, INSN },
    { "resize of another rank", good_resize, bad_resize_rank, NPU_ERR_SHAPE, 1,
      1 },
    { "resize of another extent", good_resize, bad_resize_shape, NPU_ERR_SHAPE,
      1, 1 },
    { "resize of s8", good_resize, bad_resize_type, NPU_ERR_DTYPE, 1, 0 },
    { "resize to another type", good_resize, bad_resize_types, NPU_ERR_DTYPE, 1,
      1 },
    { "no groups", good_group_norm, bad_groups_none, NPU_ERR_PARAMETER, INSN },
    { "groups pad", good_group_norm, bad_groups_pad, NPU_ERR_PARAMETER, INSN },
    { "uneven groups", good_group_norm, bad_groups_uneven, NPU_ERR_SHAPE, 1,
      1 },
    { "more groups than channels", good_group_norm, bad_groups_many,
      NPU_ERR_SHAPE, 1, 1 },
    { "groups with a residual", good_group_norm, bad_groups_residual,
      NPU_ERR_OPERAND, 1, 3 },
    { "groups of no channels", good_group_norm, bad_groups_rank, NPU_ERR_SHAPE,
      1, 1 },
    { "groups over too much", good_group_norm, bad_groups_long, NPU_ERR_SHAPE,
      1, 1 },
    { "groups of too many channels", good_group_norm, bad_groups_deep,
      NPU_ERR_SHAPE, 1, 1 },
    { "batch norm with a residual", good_batch_norm, bad_batch_residual,
      NPU_ERR_OPERAND, 1, 4 },
    { "batch norm with a parameter byte", good_batch_norm, bad_batch_raw,
      NPU_ERR_PARAMETER, INSN },
    { "batch norm without a variance", good_batch_norm, bad_batch_few,
      NPU_ERR_OPERAND, 1, 3 },
    { "bool mask", good_softmax_ext, bad_mask_type, NPU_ERR_DTYPE, 1, 2 },
    { "slopes of another shape", good_softmax_ext, bad_slopes_shape,
      NPU_ERR_SHAPE, 1, 3 },
    { "softmax_ext with an axis", good_softmax_ext, bad_ext_raw,
      NPU_ERR_PARAMETER, INSN },
    { "softmax_ext over too much", good_softmax_ext, bad_ext_long,
      NPU_ERR_SHAPE, 1, 1 },
    { "log_softmax with a scalar", good_log_softmax, bad_imm,
      NPU_ERR_PARAMETER, INSN },
    { "log_softmax along no axis", good_log_softmax, bad_axis,
      NPU_ERR_PARAMETER, INSN },
    { "pad in no mode", good_pad, bad_pad_mode, NPU_ERR_PARAMETER, INSN },
    { "pad with a parameter byte", good_pad, bad_pad_zero, NPU_ERR_PARAMETER,
      INSN },
    { "pad beyond the rank", good_pad, bad_pad_dim, NPU_ERR_PARAMETER, INSN },
    { "pad with an edge and a scalar", good_pad, bad_pad_scalar,
      NPU_ERR_PARAMETER, INSN },
    { "tile with a scalar", good_tile, bad_imm, NPU_ERR_PARAMETER, INSN },
    { "pad of another type", good_pad, bad_pad_type, NPU_ERR_DTYPE, 1, 1 },
    { "pad of another rank", good_tile, bad_pad_rank, NPU_ERR_SHAPE, 1, 1 },
    { "pad that loses elements", good_pad, bad_pad_small, NPU_ERR_SHAPE, 1, 0 },
    { "pad by too much", good_pad, bad_pad_huge, NPU_ERR_SHAPE, 1, 0 },
    { "lower range", good_range, bad_lower, NPU_ERR_PARAMETER, INSN },
    { "triangle with a parameter byte", good_triangle, bad_raw,
      NPU_ERR_PARAMETER, INSN },
    { "triangle of a vector", good_triangle, bad_triangle_vector, NPU_ERR_SHAPE,
      1, 0 },
    { "triangle of another extent", good_triangle, bad_pad_small, NPU_ERR_SHAPE,
      1, 1 },
    { "range along no axis", good_range, bad_axis, NPU_ERR_PARAMETER, INSN },
    { "range with a scalar", good_range, bad_imm, NPU_ERR_PARAMETER, INSN },
    { "range by f32", good_range, bad_range_type, NPU_ERR_DTYPE, 1, 2 },
    { "range of another extent", good_range, bad_shape_extent, NPU_ERR_SHAPE, 1,
      2 },
    { "one_hot along no axis", good_one_hot, bad_axis, NPU_ERR_PARAMETER,
      INSN },
    { "one_hot of f32", good_one_hot, bad_hot_type, NPU_ERR_DTYPE, 1, 1 },
    { "one_hot between types", good_one_hot, bad_hot_off, NPU_ERR_DTYPE, 1, 2 },
    { "one_hot of another extent", good_one_hot, bad_shape_extent,
      NPU_ERR_SHAPE, 1, 2 },
    { "ssm_scan with an f16 state", good_ssm_scan, bad_state_type,
      NPU_ERR_DTYPE, 1, 1 },
    { "ssm_scan with an fp8 step", good_ssm_scan, bad_step_type,
      NPU_ERR_DTYPE, 1, 3 },
    { "ssm_scan with heads that share a state", good_ssm_scan,
      bad_state_repeats, NPU_ERR_TENSOR, 1, 1 },
    { "ssm_scan with a state of rank 3", good_ssm_scan, bad_state_rank,
      NPU_ERR_SHAPE, 1, 1 },
    { "ssm_scan with a narrow state", good_ssm_scan, bad_state_width,
      NPU_ERR_SHAPE, 1, 1 },
    { "ssm_scan without the state of a head", good_ssm_scan, bad_state_heads,
      NPU_ERR_SHAPE, 1, 1 },
    { "ssm_scan with too deep a state", good_ssm_scan, bad_state_depth,
      NPU_ERR_SHAPE, 1, 1 },
    { "ssm_scan of too many steps", good_ssm_scan, bad_steps_many,
      NPU_ERR_SHAPE, 1, 0 },
    { "ssm_scan with a step less", good_ssm_scan, bad_step_missing,
      NPU_ERR_SHAPE, 1, 2 },
    { "ssm_scan with wide steps", good_ssm_scan, bad_dt_wide, NPU_ERR_SHAPE,
      1, 3 },
    { "ssm_scan with uneven groups", good_ssm_scan, bad_group_uneven,
      NPU_ERR_SHAPE, 1, 5 },
    { "ssm_scan with a deep skip", good_ssm_scan, bad_skip_deep,
      NPU_ERR_SHAPE, 1, 7 },
    { "ssm_scan with a of few heads", good_ssm_scan, bad_a_heads,
      NPU_ERR_SHAPE, 1, 4 },
    { "ssm_scan with a scalar", good_ssm_scan, bad_imm, NPU_ERR_PARAMETER,
      INSN },
    { "rwkv_wkv with softplus", good_rwkv_wkv, bad_wkv_flag,
      NPU_ERR_PARAMETER, INSN },
    { "rwkv_wkv without a bonus", good_rwkv_wkv, bad_wkv_few, NPU_ERR_OPERAND,
      1, 6 },
    { "rwkv_wkv with groups", good_rwkv_wkv, bad_wkv_group, NPU_ERR_SHAPE, 1,
      2 },
    { "rwkv_wkv with a wide bonus", good_rwkv_wkv, bad_wkv_bonus,
      NPU_ERR_SHAPE, 1, 6 },
    { "rwkv_wkv with a narrow state", good_rwkv_wkv, bad_state_width,
      NPU_ERR_SHAPE, 1, 1 },
    { "rwkv_wkv with too deep a state", good_rwkv_wkv, bad_state_depth,
      NPU_ERR_SHAPE, 1, 1 },
    { "delta_net with more groups than heads", good_delta_net, bad_group_many,
      NPU_ERR_SHAPE, 1, 3 },
    { "delta_net with a wide beta", good_delta_net, bad_beta_wide,
      NPU_ERR_SHAPE, 1, 6 },
    { "delta_net with a gate of heads", good_delta_net, bad_gate_narrow,
      NPU_ERR_SHAPE, 1, 5 },
    { "delta_net of too many steps", good_delta_net, bad_steps_many,
      NPU_ERR_SHAPE, 1, 0 },
    { "delta_net with a parameter byte", good_delta_net, bad_raw,
      NPU_ERR_PARAMETER, INSN },
    { "gather_elements along no axis", good_gather_elements, bad_axis,
      NPU_ERR_PARAMETER, INSN },
    { "gather_elements of another type", good_gather_elements, bad_pick_type,
      NPU_ERR_DTYPE, 1, 1 },
    { "gather_elements from too few", good_gather_elements, bad_elements_small,
      NPU_ERR_SHAPE, 1, 1 },
    { "gather_elements by too few", good_gather_elements, bad_elements_index,
      NPU_ERR_SHAPE, 1, 2 },
    { "gather_nd with a parameter byte", good_gather_nd, bad_raw,
      NPU_ERR_PARAMETER, INSN },
    { "gather_nd by f32", good_gather_nd, bad_pick_index, NPU_ERR_DTYPE, 1, 2 },
    { "gather_nd by too few", good_gather_nd, bad_nd_place, NPU_ERR_SHAPE, 1,
      2 },
    { "gather_nd by too many dimensions", good_gather_nd, bad_nd_count,
      NPU_ERR_SHAPE, 1, 2 },
    { "gather_nd to another rank", good_gather_nd, bad_nd_rank, NPU_ERR_SHAPE,
      1, 0 },
    { "gather_nd of other rows", good_gather_nd, bad_nd_row, NPU_ERR_SHAPE, 1,
      1 },
    { "scatter in no mode", good_scatter, bad_scatter_mode, NPU_ERR_PARAMETER,
      INSN },
    { "scatter along an axis", good_scatter, bad_scatter_no_axis,
      NPU_ERR_PARAMETER, INSN },
    { "scatter with a parameter byte", good_scatter, bad_scatter_zero,
      NPU_ERR_PARAMETER, INSN },
    { "scatter with a scalar", good_scatter, bad_imm, NPU_ERR_PARAMETER, INSN },
    { "scatter by f32", good_scatter, bad_pick_index, NPU_ERR_DTYPE, 1, 2 },
    { "scatter by too few", good_scatter, bad_scatter_rows, NPU_ERR_SHAPE, 1,
      2 },
    { "scatter of other rows", good_scatter, bad_scatter_row, NPU_ERR_SHAPE, 1,
      1 },
    { "scatter by too many", good_scatter, bad_scatter_many, NPU_ERR_SHAPE, 1,
      2 },
    { "scatter_elements along no axis", good_scatter_elements,
      bad_scatter_axis, NPU_ERR_PARAMETER, INSN },
    { "scatter_elements adding bool", good_scatter_elements, bad_scatter_add,
      NPU_ERR_DTYPE, 1, 0 },
    { "scatter_elements to too few", good_scatter_elements, bad_scatter_small,
      NPU_ERR_SHAPE, 1, 0 },
    { "scatter_elements by too few", good_scatter_elements, bad_elements_index,
      NPU_ERR_SHAPE, 1, 2 },
    { "scatter_elements of long lines", good_scatter_elements,
      bad_scatter_line, NPU_ERR_SHAPE, 1, 2 },
    { "scatter_nd by too few", good_scatter_nd, bad_nd_place, NPU_ERR_SHAPE, 1,
      2 },
    { "scatter_nd by too many dimensions", good_scatter_nd, bad_nd_count,
      NPU_ERR_SHAPE, 1, 2 },
    { "scatter_nd from another rank", good_scatter_nd, bad_nd_rank,
      NPU_ERR_SHAPE, 1, 1 },
    { "scatter_nd of other rows", good_scatter_nd, bad_nd_row, NPU_ERR_SHAPE,
      1, 1 },
    { "scatter_nd by too many", good_scatter_nd, bad_scatter_places,
      NPU_ERR_SHAPE, 1, 2 },
    { "stall with a parameter byte", good_stall, bad_stall_raw,
      NPU_ERR_PARAMETER, INSN },
};
/* clang-format on */

static void test_bad(void **state)
{
    const struct bad *bad = *state;
    struct npu_verdict verdict;
    struct program program;

    bad->good(&program);
    assert_int_equal(program_verdict(&program, &verdict), NPU_ERR_NONE);
    bad->spoil(&program);
    assert_int_equal(program_verdict(&program, &verdict), bad->code);
    assert_int_equal(verdict.insn, bad->insn);
    assert_int_equal(verdict.operand, bad->operand);
}

/* ---- Sizes --------------------------------------------------------------- */

static void test_sizes(void **state)
{
    struct npu_verdict verdict;
    struct program program;
    size_t size;
    char *image, *larger;

    (void)state;
    good_conv2d(&program);
    image = program_image(&program, &size);
    larger = realloc(image, size + 1);
    assert_non_null(larger);
    image = larger;
    for (size_t wrong = 0; wrong <= size + 1; wrong++) {
        struct npu_code *code = npu_code_new(image, wrong, &verdict);

        if (wrong != size) {
            assert_null(code);
            assert_int_equal(verdict.code, NPU_ERR_PROGRAM);
            assert_int_equal(verdict.insn, NPU_ERROR_NO_INSN);
            assert_int_equal(verdict.operand, NPU_NONE);
        } else {
            assert_non_null(code);
            npu_code_free(code);
        }
    }
    free(image);
}

/* Counts whose sizes would overflow 32 bits, and the most that there may be. */
static void test_counts(void **state)
{
    struct npu_program_header header = {
        .magic = NPU_PROGRAM_MAGIC,
        .isa_major = NPU_ISA_MAJOR,
        .insn_count = 1u << 26, /* times 64 is 2^32 */
    };
    size_t size = sizeof(header) + NPU_MAX_INSNS * sizeof(struct npu_insn);
    struct npu_insn *insns;
    struct npu_verdict verdict;
    struct npu_code *code;
    char *image;

    (void)state;
    assert_null(npu_code_new(&header, sizeof(header), &verdict));
    assert_int_equal(verdict.code, NPU_ERR_PROGRAM);
    header.insn_count = 0;
    header.tensor_count = 1u << 25;
    assert_null(npu_code_new(&header, sizeof(header), &verdict));
    assert_int_equal(verdict.code, NPU_ERR_PROGRAM);

    image = calloc(1, size + sizeof(*insns));
    insns = (void *)(image + sizeof(header));
    for (unsigned i = 0; i <= NPU_MAX_INSNS; i++) {
        insns[i].scalar = NPU_NONE;
        memset(insns[i].operand, 0xff, sizeof(insns[i].operand));
    }
    header.tensor_count = 0;
    header.insn_count = NPU_MAX_INSNS;
    memcpy(image, &header, sizeof(header));
    code = npu_code_new(image, size, &verdict);
    assert_non_null(code);
    assert_int_equal(npu_code_insns(code), NPU_MAX_INSNS);
    npu_code_free(code);
    header.insn_count++;
    memcpy(image, &header, sizeof(header));
    assert_null(npu_code_new(image, size + sizeof(*insns), &verdict));
    assert_int_equal(verdict.code, NPU_ERR_PROGRAM);
    free(image);
}

static void test_empty(void **state)
{
    struct npu_verdict verdict;
    struct program program;

    (void)state;
    program_init(&program);
    assert_int_equal(program_verdict(&program, &verdict), NPU_ERR_NONE);
}

/* What instructions and error records are told apart by. */
static void test_questions(void **state)
{
    struct npu_verdict verdict;
    struct program program;
    struct runner runner;

    (void)state;
    good_fill(&program);
    program.args[1] = 11;
    program.args[2] = 0xfffffff3;
    runner = runner_new(&program);
    assert_int_equal(npu_code_insns(runner.code), 2);
    assert_int_equal(npu_code_args_size(runner.code), 3 * 8);
    assert_int_equal(npu_run_opcode(runner.run, 0), NPU_OP_NOP);
    assert_int_equal(npu_run_opcode(runner.run, 1), NPU_OP_FILL);
    assert_int_equal(npu_run_scalar(runner.run, 1), 0xfffffff3);
    assert_int_equal(npu_run_tiles(runner.run, 0, 8), 0);
    runner_free(&runner);

    good_stall(&program);
    runner = runner_new(&program);
    assert_int_equal(npu_run_scalar(runner.run, 1), 5);
    assert_int_equal(npu_run_tiles(runner.run, 1, 8), 0);
    runner_free(&runner);
    assert_int_equal(program_verdict(&program, &verdict), NPU_ERR_NONE);
}

/* ---- Random damage ------------------------------------------------------- */

/*
 * Whatever bits are flipped: no crash, and a verdict that names something that
 * exists.  What is still accepted must be runnable.
 */
static void test_damage(void **state)
{
    static void (*const good[])(struct program *) = {
        good_binary,
        good_fill,
        good_gather,
        good_reduce,
        good_softmax,
        good_argmax,
        good_matmul,
        good_weights,
        good_routed,
        good_fp8,
        good_integers,
        good_compare,
        good_where,
        good_conv2d,
        good_pool2d,
        good_conv3d,
        good_conv_transpose2d,
        good_pool3d,
        good_lppool2d,
        good_stall,
        good_attention,
        good_any,
        good_norm,
        good_group_norm,
        good_batch_norm,
        good_softmax_ext,
        good_log_softmax,
        good_rope,
        good_cumsum,
        good_embed,
        good_unpack,
        good_resize,
        good_pad,
        good_tile,
        good_triangle,
        good_range,
        good_one_hot,
        good_ssm_scan,
        good_rwkv_wkv,
        good_delta_net,
        good_pack,
        good_sort,
        good_argsort,
        good_cache,
        good_gather_elements,
        good_gather_nd,
        good_scatter,
        good_scatter_elements,
        good_scatter_nd,
    };
    static uint64_t args[NPU_MAX_BASES + NPU_MAX_SCALARS];
    struct rng rng = rng_new(test_seed());
    unsigned accepted = 0;

    (void)state;
    for (unsigned i = 0; i < 40000; i++) {
        struct npu_verdict verdict;
        struct program program;
        struct npu_code *code;
        size_t size;
        uint8_t *image;

        good[i % (sizeof(good) / sizeof(*good))](&program);
        image = program_image(&program, &size);
        for (int64_t flips = rng_range(&rng, 1, 3); flips > 0; flips--) {
            image[rng_range(&rng, 0, (int64_t)size - 1)] ^=
                (uint8_t)(1 << rng_range(&rng, 0, 7));
        }
        code = npu_code_new(image, size, &verdict);
        if (code) {
            struct npu_run *run;

            memcpy(args, program.args, sizeof(program.args));
            run = npu_run_new(code, args, npu_code_args_size(code), &verdict);

            for (uint32_t j = 0; run && j < npu_code_insns(code); j++) {
                struct npu_cost cost;

                npu_run_cost(run, j, &cost);
                assert_true(npu_run_tiles(run, j, 1) <=
                            npu_run_tiles(run, j, 8));
            }
            accepted += !!run;
            npu_run_free(run);
            npu_code_free(code);
        } else {
            assert_in_range(verdict.code, NPU_ERR_PROGRAM, NPU_ERR_PARAMETER);
            assert_true(verdict.insn < 2 || verdict.insn == NPU_ERROR_NO_INSN);
            assert_true(verdict.operand < 8 || verdict.operand == NPU_NONE);
        }
        free(image);
    }
    assert_in_range(accepted, 1, 39999);
}

/* ---- Arguments ----------------------------------------------------------- */

struct bad_argument {
    const char *name;
    size_t more; /* bytes that the block is too long */
    unsigned word;
    uint64_t value;
    uint32_t insn, operand;
};

static const struct bad_argument bad_arguments[] = {
    { "argument block too long", 8, 0, ADDRESS, WHOLE },
    { "argument block too short", -8ul, 0, ADDRESS, WHOLE },
    { "base out of the address space", 0, 1, 1ull << 48, 1, 1 },
    { "base at the end of the address space", 0, 2, (1ull << 48) - 64, 1, 2 },
    { "greatest base", 0, 0, UINT64_MAX, 1, 0 },
    { "odd base", 0, 1, ADDRESS + 2, 1, 1 },
};

static void test_bad_argument(void **state)
{
    const struct bad_argument *bad = *state;
    struct npu_verdict verdict;
    struct program program;
    struct npu_code *code;
    size_t size;
    void *image;

    good_binary(&program);
    image = program_image(&program, &size);
    code = npu_code_new(image, size, &verdict);
    assert_non_null(code);
    program.args[bad->word] = bad->value;
    assert_null(npu_run_new(code, program.args,
                            npu_code_args_size(code) + bad->more, &verdict));
    assert_int_equal(verdict.code, NPU_ERR_ARGUMENTS);
    assert_int_equal(verdict.insn, bad->insn);
    assert_int_equal(verdict.operand, bad->operand);
    npu_code_free(code);
    free(image);
}

static struct npu_run *bind(const struct program *program,
                            struct npu_code **code, struct npu_verdict *verdict)
{
    size_t size;
    void *image = program_image(program, &size);

    *code = npu_code_new(image, size, verdict);
    free(image);
    assert_non_null(*code);
    return npu_run_new(*code, program->args, npu_code_args_size(*code),
                       verdict);
}

/* A tensor may end where the address space ends, and begin where it begins. */
static void test_edges(void **state)
{
    struct npu_verdict verdict;
    struct program program;
    struct npu_code *code;
    struct npu_run *run;

    (void)state;
    good_binary(&program);
    for (unsigned i = 0; i < 3; i++) {
        program.tensor[i].offset = 0;
    }
    program.args[0] = (1ull << 48) - 60;
    program.args[1] = 0;
    run = bind(&program, &code, &verdict);
    assert_non_null(run);
    npu_run_free(run);
    npu_code_free(code);

    program.args[0] += 4;
    assert_null(bind(&program, &code, &verdict));
    assert_int_equal(verdict.operand, 0);
    npu_code_free(code);

    /* Backwards below zero. */
    program.args[0] = ADDRESS;
    program.args[1] = 8;
    program.tensor[1].stride[1] = -4;
    assert_null(bind(&program, &code, &verdict));
    assert_int_equal(verdict.code, NPU_ERR_ARGUMENTS);
    assert_int_equal(verdict.operand, 1);
    npu_code_free(code);
    program.args[1] = 16;
    run = bind(&program, &code, &verdict);
    assert_non_null(run);
    npu_run_free(run);
    npu_code_free(code);
}

static void test_scalar_high(void **state)
{
    struct npu_verdict verdict;
    struct program program;
    struct npu_code *code;

    (void)state;
    good_fill(&program);
    program.args[2] = 1ull << 32;
    assert_null(bind(&program, &code, &verdict));
    assert_int_equal(verdict.code, NPU_ERR_ARGUMENTS);
    npu_code_free(code);
}

int main(void)
{
    struct suite suite = { 0 };

    suite_add(&suite, test_sizes, NULL, "program of every size but its own");
    suite_add(&suite, test_counts, NULL, "counts at and over the limits");
    suite_add(&suite, test_empty, NULL, "empty program");
    suite_add(&suite, test_questions, NULL, "opcodes, scalars and sizes");
    for (unsigned i = 0; i < sizeof(bads) / sizeof(*bads); i++) {
        suite_add(&suite, test_bad, (void *)&bads[i], "refused: %s",
                  bads[i].name);
    }
    for (unsigned i = 0; i < sizeof(bad_arguments) / sizeof(*bad_arguments);
         i++) {
        suite_add(&suite, test_bad_argument, (void *)&bad_arguments[i],
                  "refused: %s", bad_arguments[i].name);
    }
    suite_add(&suite, test_scalar_high, NULL, "refused: scalar over 32 bits");
    suite_add(&suite, test_edges, NULL, "edges of the address space");
    suite_add(&suite, test_damage, NULL, "random damage");
    return suite_run(&suite, "program");
}
