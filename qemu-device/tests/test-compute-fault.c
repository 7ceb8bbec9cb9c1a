/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tiles whose memory fails, and tiles that get no memory of their own.
 */
#include "support-compute.h"

#define MEMORY (32u << 20)

/* ---- An allocator that fails when told ----------------------------------- */

static int fail_after = -1; /* allocations until one fails, -1: none does */

static bool refuse(void)
{
    return fail_after >= 0 && fail_after-- == 0;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_aligned_alloc(size_t align, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size);

void *__wrap_malloc(size_t size)
{
    return refuse() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return refuse() ? NULL : __real_calloc(count, size);
}

void *__wrap_aligned_alloc(size_t align, size_t size)
{
    return refuse() ? NULL : __real_aligned_alloc(align, size);
}

/* ---- One good program of every family ------------------------------------ */

struct shape {
    uint32_t dtype;
    unsigned rank;
    uint64_t extent[5];
};

struct family {
    const char *name;
    uint32_t opcode;
    unsigned operands;
    struct shape operand[8];
    uint32_t axis;
    bool window;
    uint32_t flags;
    struct npu_insn_resize resize;
    uint32_t mode; /* of NPU_OP_PAD, where axis is what is before; of scatters */
};

#define F32 NPU_DTYPE_F32
#define F16 NPU_DTYPE_F16
#define S8 NPU_DTYPE_S8
#define S32 NPU_DTYPE_S32
#define Q8_0 NPU_DTYPE_Q8_0
#define Q4_K NPU_DTYPE_Q4_K
#define MXFP4 NPU_DTYPE_MXFP4

/* clang-format off */
static const struct family families[] = {
    { "fill", NPU_OP_FILL, 1, { { F16, 2, { 33, 65 } } }, 0, false },
    { "copy", NPU_OP_COPY, 2, { { F32, 2, { 33, 65 } },
                                { F32, 2, { 33, 65 } } }, 0, false },
    { "convert", NPU_OP_COPY, 2, { { S8, 2, { 33, 65 } },
                                   { F16, 2, { 33, 65 } } }, 0, false },
    { "gather", NPU_OP_GATHER, 3, { { F32, 2, { 9, 65 } },
                                    { F32, 2, { 7, 65 } },
                                    { S32, 1, { 9 } } }, 0, false },
    { "copy from q8_0", NPU_OP_COPY, 2, { { F16, 2, { 33, 64 } },
                                          { Q8_0, 2, { 33, 64 } } }, 0, false },
    { "copy to mxfp4", NPU_OP_COPY, 2, { { MXFP4, 2, { 33, 64 } },
                                         { F32, 2, { 33, 64 } } }, 0, false },
    { "gather from q4_k", NPU_OP_GATHER, 3, { { F32, 2, { 9, 256 } },
                                              { Q4_K, 2, { 7, 256 } },
                                              { S32, 1, { 9 } } }, 0, false },
    { "div", NPU_OP_DIV, 3, { { S32, 2, { 33, 65 } }, { S32, 2, { 33, 65 } },
                              { S32, 2, { 33, 65 } } }, 0, false },
    { "tanh", NPU_OP_TANH, 2, { { F16, 1, { 3001 } }, { F16, 1, { 3001 } } },
      0, false },
    { "softmax", NPU_OP_SOFTMAX, 2, { { F32, 2, { 33, 65 } },
                                      { F32, 2, { 33, 65 } } }, 1, false },
    { "long softmax", NPU_OP_SOFTMAX, 2, { { F32, 1, { 40000 } },
                                           { F32, 1, { 40000 } } }, 0, false },
    { "sum along rows", NPU_OP_REDUCE_SUM, 2, { { F32, 2, { 33, 1 } },
                                                { F32, 2, { 33, 65 } } },
      1, false },
    { "maximum along columns", NPU_OP_REDUCE_MAX, 2,
      { { S32, 2, { 1, 65 } }, { S32, 2, { 33, 65 } } }, 0, false },
    { "argmin to s64", NPU_OP_ARGMIN, 2, { { NPU_DTYPE_S64, 2, { 33, 1 } },
                                           { F32, 2, { 33, 65 } } }, 1, false },
    { "argmax of a long line", NPU_OP_ARGMAX, 2,
      { { S32, 1, { 1 } }, { F32, 1, { 300000 } } }, 0, false },
    { "cumsum along rows", NPU_OP_CUMSUM, 2,
      { { F16, 2, { 33, 65 } }, { F16, 2, { 33, 65 } } }, 1, false },
    { "cumsum of long columns", NPU_OP_CUMSUM, 2,
      { { S32, 2, { 8001, 9 } }, { S32, 2, { 8001, 9 } } }, 0, false,
      NPU_INSN_REVERSE },
    { "first few of rows", NPU_OP_SORT, 2,
      { { F16, 2, { 33, 8 } }, { F16, 2, { 33, 65 } } }, 1, false },
    { "sort of columns", NPU_OP_ARGSORT, 2,
      { { S32, 2, { 100, 9 } }, { F32, 2, { 100, 9 } } }, 0, false,
      NPU_INSN_DESCENDING },
    { "sort of a long line", NPU_OP_SORT, 2,
      { { F32, 1, { 70000 } }, { F32, 1, { 70000 } } }, 0, false },
    { "argsort of s64", NPU_OP_ARGSORT, 2,
      { { S32, 1, { 66000 } }, { NPU_DTYPE_S64, 1, { 70000 } } }, 0, false },
    { "matmul f32", NPU_OP_MATMUL, 3,
      { { F32, 2, { 17, 33 } }, { F32, 2, { 17, 65 } }, { F32, 2, { 65, 33 } } },
      0, false },
    { "matmul f16", NPU_OP_MATMUL, 3,
      { { F16, 2, { 17, 33 } }, { F16, 2, { 17, 65 } }, { F16, 2, { 65, 33 } } },
      0, false },
    { "matmul s8", NPU_OP_MATMUL, 3,
      { { S32, 2, { 17, 33 } }, { S8, 2, { 17, 65 } }, { S8, 2, { 65, 33 } } },
      0, false },
    { "routed", NPU_OP_MATMUL_ROUTED, 4,
      { { F32, 3, { 9, 2, 33 } }, { F32, 3, { 9, 2, 65 } },
        { F16, 3, { 5, 33, 65 } }, { S32, 2, { 9, 2 } } }, 0, false,
      NPU_INSN_TRANSPOSE_B },
    { "routed with scales", NPU_OP_MATMUL_ROUTED, 5,
      { { F16, 3, { 9, 2, 133 } }, { F16, 3, { 9, 2, 165 } },
        { NPU_DTYPE_F8E4M3, 3, { 2, 133, 165 } }, { S32, 2, { 9, 2 } },
        { F32, 3, { 2, 2, 2 } } }, 0, false,
      NPU_INSN_TRANSPOSE_B | NPU_INSN_BLOCK_SCALE },
    { "conv2d", NPU_OP_CONV2D, 4,
      { { F32, 4, { 2, 9, 8, 8 } }, { F32, 4, { 2, 5, 8, 8 } },
        { F32, 4, { 9, 5, 3, 3 } }, { F32, 1, { 9 } } }, 0, true },
    { "conv2d f16", NPU_OP_CONV2D, 4,
      { { F16, 4, { 2, 9, 8, 8 } }, { F16, 4, { 2, 5, 8, 8 } },
        { F16, 4, { 9, 5, 3, 3 } }, { F16, 1, { 9 } } }, 0, true },
    { "conv2d by channel", NPU_OP_CONV2D, 4,
      { { F32, 4, { 2, 5, 8, 8 } }, { F32, 4, { 2, 5, 8, 8 } },
        { F32, 4, { 5, 1, 3, 3 } }, { F32, 1, { 5 } } }, 0, true },
    { "maxpool2d", NPU_OP_MAXPOOL2D, 2,
      { { S8, 4, { 2, 5, 8, 8 } }, { S8, 4, { 2, 5, 8, 8 } } }, 0, true },
    { "avgpool2d", NPU_OP_AVGPOOL2D, 2,
      { { F16, 4, { 2, 5, 8, 8 } }, { F16, 4, { 2, 5, 8, 8 } } }, 0, true },
    { "attention", NPU_OP_ATTENTION, 4,
      { { F16, 4, { 2, 40, 4, 8 } }, { F16, 4, { 2, 40, 4, 9 } },
        { F16, 4, { 2, 40, 2, 9 } }, { F16, 4, { 2, 40, 2, 8 } } }, 0, false },
    { "attention to q8_0", NPU_OP_ATTENTION, 4,
      { { F16, 4, { 2, 40, 4, 32 } }, { F16, 4, { 2, 40, 4, 64 } },
        { Q8_0, 4, { 2, 40, 2, 64 } }, { Q8_0, 4, { 2, 40, 2, 32 } } }, 0,
      false },
    { "attention to pages", NPU_OP_ATTENTION, 8,
      { { F32, 3, { 5, 4, 8 } }, { F16, 3, { 5, 4, 9 } },
        { F16, 4, { 1, 7, 2, 9 } }, { F16, 4, { 1, 7, 2, 8 } },
        { F32, 3, { 4, 5, 21 } }, { F32, 1, { 4 } }, { S32, 2, { 1, 3 } },
        { S32, 2, { 1, 2 } } }, 0, false,
      NPU_INSN_MASK | NPU_INSN_SINKS | NPU_INSN_TABLE | NPU_INSN_LENGTHS },
    { "conv3d", NPU_OP_CONV3D, 4,
      { { F32, 5, { 2, 9, 3, 7, 8 } }, { F32, 5, { 2, 5, 3, 7, 8 } },
        { F32, 5, { 9, 5, 3, 3, 3 } }, { F32, 1, { 9 } } }, 0, true },
    { "conv_transpose2d f16", NPU_OP_CONV_TRANSPOSE2D, 4,
      { { F16, 4, { 2, 9, 8, 8 } }, { F16, 4, { 2, 5, 8, 8 } },
        { F16, 4, { 5, 9, 3, 3 } }, { F16, 1, { 9 } } }, 0, true },
    { "maxpool3d", NPU_OP_MAXPOOL3D, 2,
      { { F32, 5, { 2, 2, 5, 8, 7 } }, { F32, 5, { 2, 2, 5, 8, 7 } } }, 0, true },
    { "lppool2d", NPU_OP_LPPOOL2D, 2,
      { { F32, 4, { 2, 5, 8, 8 } }, { F32, 4, { 2, 5, 8, 8 } } }, 0, true },
    { "resize", NPU_OP_RESIZE, 2,
      { { F32, 3, { 3, 65, 33 } }, { F32, 3, { 3, 31, 66 } } }, 0, false,
      .resize = { 6, NPU_RESIZE_LINEAR } },
    { "cubic resize f16", NPU_OP_RESIZE, 2,
      { { F16, 3, { 40, 50, 3 } }, { F16, 3, { 31, 66, 3 } } }, 0, false,
      .resize = { 3, NPU_RESIZE_CUBIC, .cubic = 0xbf400000 } },
    { "layer_norm", NPU_OP_LAYER_NORM, 5,
      { { F32, 3, { 5, 33, 65 } }, { F16, 3, { 5, 33, 65 } },
        { F32, 3, { 5, 33, 65 } }, { F32, 3, { 5, 33, 65 } },
        { F32, 3, { 5, 33, 65 } } }, 1, false,
      NPU_INSN_BIAS | NPU_INSN_RESIDUAL | NPU_INSN_SCALE },
    { "long rms_norm", NPU_OP_RMS_NORM, 4,
      { { F32, 1, { 70000 } }, { F32, 1, { 70000 } }, { F32, 1, { 70000 } },
        { F32, 1, { 70000 } } }, 0, false, NPU_INSN_BIAS | NPU_INSN_RESIDUAL },
    { "group_norm", NPU_OP_GROUP_NORM, 2,
      { { F32, 3, { 3, 5, 65 } }, { F32, 3, { 3, 5, 65 } } }, 5, false },
    { "batch_norm", NPU_OP_BATCH_NORM, 6,
      { { F16, 2, { 33, 65 } }, { F16, 2, { 33, 65 } }, { F32, 2, { 33, 65 } },
        { F32, 2, { 33, 65 } }, { F32, 2, { 33, 65 } },
        { F32, 2, { 33, 65 } } }, 0, false, NPU_INSN_BIAS | NPU_INSN_SCALE },
    { "rope", NPU_OP_ROPE, 4,
      { { F16, 3, { 9, 5, 65 } }, { F32, 3, { 9, 5, 65 } },
        { S32, 3, { 9, 5, 1 } }, { F32, 1, { 30 } } }, 0, false },
    { "pad", NPU_OP_PAD, 2, { { F32, 2, { 40, 65 } }, { F32, 2, { 33, 65 } } },
      5, false },
    { "tile", NPU_OP_PAD, 2, { { F16, 2, { 40, 130 } },
                               { F16, 2, { 40, 65 } } }, 0, false, .mode = NPU_PAD_WRAP },
    { "reflection", NPU_OP_PAD, 2, { { S8, 1, { 300 } }, { S8, 1, { 99 } } },
      99, false, .mode = NPU_PAD_REFLECT },
    { "gather_elements", NPU_OP_GATHER_ELEMENTS, 3,
      { { F32, 2, { 9, 65 } }, { F32, 2, { 9, 65 } }, { S32, 2, { 9, 65 } } },
      1, false },
    { "gather_nd", NPU_OP_GATHER_ND, 3,
      { { F32, 2, { 9, 65 } }, { F32, 3, { 3, 3, 65 } }, { S32, 2, { 9, 2 } } },
      0, false },
    { "scatter", NPU_OP_SCATTER, 3,
      { { F32, 2, { 7, 65 } }, { F32, 2, { 9, 65 } }, { S32, 1, { 9 } } }, 0,
      false },
    { "scatter_elements with a sum", NPU_OP_SCATTER_ELEMENTS, 3,
      { { F16, 2, { 7, 65 } }, { F16, 2, { 9, 65 } }, { S32, 2, { 9, 65 } } },
      0, false, .mode = NPU_SCATTER_ADD },
    { "scatter_nd with a maximum", NPU_OP_SCATTER_ND, 3,
      { { F32, 3, { 3, 3, 65 } }, { F32, 2, { 9, 65 } }, { S32, 2, { 9, 2 } } },
      0, false, .mode = NPU_SCATTER_MAX },
    { "triangle", NPU_OP_TRIANGLE, 2, { { F32, 2, { 33, 65 } },
                                        { F32, 2, { 33, 65 } } }, 0, false },
    { "range", NPU_OP_RANGE, 3, { { F16, 2, { 33, 65 } }, { F16, 2, { 33, 65 } },
                                  { F16, 2, { 33, 65 } } }, 1, false },
    { "one_hot", NPU_OP_ONE_HOT, 4,
      { { F32, 2, { 33, 65 } }, { S32, 2, { 33, 65 } }, { F32, 2, { 33, 65 } },
        { F32, 2, { 33, 65 } } }, 1, false },
    { "softmax_ext", NPU_OP_SOFTMAX_EXT, 4,
      { { F32, 2, { 33, 65 } }, { F32, 2, { 33, 65 } }, { F16, 2, { 33, 65 } },
        { F32, 2, { 33, 65 } } }, 0, false, NPU_INSN_MASK | NPU_INSN_SLOPES },
    { "ssm_scan", NPU_OP_SSM_SCAN, 8,
      { { F16, 4, { 2, 9, 4, 6 } }, { F32, 4, { 2, 4, 6, 33 } },
        { F32, 4, { 2, 9, 4, 6 } }, { F16, 4, { 2, 9, 4, 1 } },
        { F32, 2, { 4, 33 } }, { F16, 4, { 2, 9, 2, 33 } },
        { F32, 4, { 2, 9, 1, 33 } }, { F32, 2, { 4, 6 } } }, 0, false,
      NPU_INSN_SOFTPLUS },
    { "rwkv_wkv", NPU_OP_RWKV_WKV, 7,
      { { F32, 4, { 2, 9, 4, 33 } }, { F32, 4, { 2, 4, 6, 33 } },
        { F16, 4, { 2, 9, 4, 6 } }, { F32, 4, { 2, 9, 4, 6 } },
        { F32, 4, { 2, 9, 4, 33 } }, { F16, 4, { 2, 9, 4, 6 } },
        { F32, 2, { 4, 6 } } }, 0, false },
    { "long delta_net", NPU_OP_DELTA_NET, 7,
      { { F16, 4, { 1, 900, 2, 40 } }, { F32, 4, { 1, 2, 33, 40 } },
        { F16, 4, { 1, 900, 1, 33 } }, { F16, 4, { 1, 900, 1, 33 } },
        { F16, 4, { 1, 900, 2, 40 } }, { F32, 4, { 1, 900, 2, 33 } },
        { F32, 4, { 1, 900, 2, 1 } } }, 0, false },
};
/* clang-format on */

struct instance {
    struct tensor tensor[8];
    struct program program;
    struct runner runner;
};

static void instance_new(struct instance *i, const struct family *family,
                         struct test_mem *mem)
{
    struct rng rng = rng_new(test_seed());

    program_init(&i->program);
    program_insn(&i->program, family->opcode);
    for (unsigned j = 0; j < family->operands; j++) {
        const struct shape *shape = &family->operand[j];

        i->tensor[j] = block_elements(shape->dtype) ?
                           tensor_new_blocks(mem, &rng, shape->dtype,
                                             shape->rank, shape->extent) :
                           tensor_new(mem, &rng, shape->dtype, shape->rank,
                                      shape->extent, LAYOUT_DENSE);
        program_operand(&i->program, 0, &i->tensor[j]);
    }
    /* Zeros are good values for everything; every row and expert is used. */
    memset(mem->ram, 0, mem->used);
    for (uint64_t j = 0; family->opcode == NPU_OP_MATMUL_ROUTED && j < 18;
         j++) {
        tensor_put(&i->tensor[3], (uint64_t[]){ j / 2, j % 2 },
                   (double)(j % i->tensor[2].desc.extent[0]));
    }
    for (uint64_t j = 0; family->opcode == NPU_OP_GATHER && j < 9; j++) {
        tensor_put(&i->tensor[2], &j, (double)(j % 7));
    }
    for (uint64_t j = 0; family->opcode == NPU_OP_SCATTER && j < 9; j++) {
        tensor_put(&i->tensor[2], &j, (double)(j % 7));
    }
    for (uint64_t j = 0; family->opcode == NPU_OP_SCATTER_ELEMENTS && j < 585;
         j++) {
        tensor_put(&i->tensor[2], (uint64_t[]){ j / 65, j % 65 },
                   (double)(j / 65 % 7));
    }
    for (uint64_t j = 0; (family->opcode == NPU_OP_GATHER_ND ||
                          family->opcode == NPU_OP_SCATTER_ND) &&
                         j < 9;
         j++) {
        tensor_put(&i->tensor[2], (uint64_t[]){ j, 0 }, (double)(j / 3));
        tensor_put(&i->tensor[2], (uint64_t[]){ j, 1 }, (double)(j % 3));
    }
    if (family->flags & NPU_INSN_LENGTHS) {
        tensor_put(&i->tensor[7], (uint64_t[]){ 0, 0 }, 5);
        tensor_put(&i->tensor[7], (uint64_t[]){ 0, 1 }, 21);
    }
    i->program.insn[0].flags = family->flags;
    i->program.insn[0].axis.axis = family->axis;
    if (family->opcode == NPU_OP_RESIZE) {
        i->program.insn[0].resize = family->resize;
    }
    if (family->opcode == NPU_OP_PAD) {
        i->program.insn[0].padding.mode = family->mode;
    }
    if (family->opcode >= NPU_OP_SCATTER &&
        family->opcode <= NPU_OP_SCATTER_ND) {
        i->program.insn[0].scatter.mode = family->mode;
    }
    if (family->window) {
        i->program.insn[0].window = (struct npu_insn_window){
            .kernel = { 3, 3, 1 },
            .stride = { 1, 1, 1 },
            .dilation = { 1, 1, 1 },
            .pad_begin = { 1, 1, 0 },
            .pad_end = { 1, 1, 0 },
        };
        if (family->operand[0].rank == 5) {
            i->program.insn[0].window.kernel[2] = 3;
            i->program.insn[0].window.pad_begin[2] = 1;
            i->program.insn[0].window.pad_end[2] = 1;
        }
    }
    i->runner = runner_new(&i->program);
}

static void address_range(const struct tensor *tensor, uint64_t *first,
                          uint64_t *end)
{
    *first = tensor->va;
    *end = tensor->va +
           dtype_bytes(tensor->desc.dtype, tensor_elements(tensor));
}

/* ---- Memory that fails --------------------------------------------------- */

/* A hole somewhere in an operand: told with that operand and no code. */
static void test_fault(void **state)
{
    const struct family *family = *state;
    struct rng rng = rng_new(test_seed());
    struct test_mem *mem = mem_new(MEMORY);
    struct npu_verdict verdict;
    struct instance i;

    instance_new(&i, family, mem);
    for (unsigned j = 0; j < 24 * family->operands; j++) {
        unsigned operand = j % family->operands;
        uint64_t first, end;

        address_range(&i.tensor[operand], &first, &end);
        mem->mode = j / family->operands % MEM_MODES;
        mem->hole = first + rng_next(&rng) % (end - first);
        mem->hole_end = mem->hole + 1;
        assert_false(run_insn(&i.runner, 0, 1 + j % 8, 1, mem, &verdict));
        assert_int_equal(verdict.code, NPU_ERR_NONE);
        assert_int_equal(verdict.insn, 0);
        assert_int_equal(verdict.operand, operand);
    }
    mem->hole = mem->hole_end = 0;
    assert_true(run_insn(&i.runner, 0, 8, 1, mem, &verdict));
    runner_free(&i.runner);
    mem_free(mem);
}

/* Everything may be read and nothing written. */
static void test_read_only(void **state)
{
    const struct family *family = *state;
    struct test_mem *mem = mem_new(MEMORY);
    struct npu_verdict verdict;
    struct instance i;

    instance_new(&i, family, mem);
    mem->hole = 0;
    mem->hole_end = UINT64_MAX;
    mem->hole_writes = true;
    for (mem->mode = 0; mem->mode < MEM_MODES; mem->mode++) {
        assert_false(run_insn(&i.runner, 0, 3, 4, mem, &verdict));
        assert_int_equal(verdict.code, NPU_ERR_NONE);
        assert_int_equal(verdict.operand, 0);
    }
    runner_free(&i.runner);
    mem_free(mem);
}

/* ---- No memory of one's own ---------------------------------------------- */

/* Let each allocation of a tile fail in turn, until none is left to fail. */
static void test_no_scratch(void **state)
{
    const struct family *family = *state;
    struct test_mem *mem = mem_new(MEMORY);
    struct instance i;

    instance_new(&i, family, mem);
    mem->mode = MEM_COPIES;
    for (int step = 0;; step++) {
        struct npu_verdict verdict;
        bool good;

        fail_after = step;
        good = npu_run_tile(i.runner.run, 0, 1, 0, &mem->mem, &verdict);
        if (fail_after >= 0) {
            /* It needs no more than that. */
            fail_after = -1;
            assert_true(good);
            assert_true(step > 0);
            break;
        }
        assert_false(good);
        assert_int_equal(verdict.code, NPU_ERR_RESOURCES);
        assert_int_equal(verdict.insn, 0);
    }
    runner_free(&i.runner);
    mem_free(mem);
}

static void test_no_program(void **state)
{
    struct test_mem *mem = mem_new(MEMORY);
    struct npu_verdict verdict;
    struct npu_code *code;
    struct npu_run *run;
    struct instance i;
    size_t size;
    void *image;
    int step;

    (void)state;
    instance_new(&i, &families[0], mem);
    image = program_image(&i.program, &size);
    for (step = 0;; step++) {
        fail_after = step;
        code = npu_code_new(image, size, &verdict);
        if (code) {
            break;
        }
        assert_int_equal(verdict.code, NPU_ERR_RESOURCES);
    }
    assert_true(step > 0);
    fail_after = 0;
    run = npu_run_new(code, i.program.args, npu_code_args_size(code), &verdict);
    assert_null(run);
    assert_int_equal(verdict.code, NPU_ERR_RESOURCES);
    fail_after = -1;
    npu_code_free(code);
    free(image);
    runner_free(&i.runner);
    mem_free(mem);
}

/* ---- Memory that changes while it is read -------------------------------- */

static int32_t restless_count;

/* Every read of b gives another value; every third is zero. */
static bool restless_read(struct npu_mem *mem, uint64_t va, void *to,
                          size_t size)
{
    static const int32_t values[] = { 0, -1, 7 };

    (void)mem;
    (void)va;
    for (size_t i = 0; i < size / 4; i++) {
        memcpy((char *)to + 4 * i, &values[restless_count++ % 3], 4);
    }
    return true;
}

static bool ignore_write(struct npu_mem *mem, uint64_t va, const void *from,
                         size_t size)
{
    (void)mem;
    (void)va;
    (void)from;
    (void)size;
    return true;
}

static void *no_window(struct npu_mem *mem, uint64_t va, size_t size,
                       bool write)
{
    (void)mem;
    (void)va;
    (void)size;
    (void)write;
    return NULL;
}

/*
 * Division, gather, quantising and the like must not trip over a value that was good
 * a moment ago.
 */
static void test_restless(void **state)
{
    struct npu_mem restless = { restless_read, ignore_write, no_window };
    struct test_mem *mem = mem_new(MEMORY);

    (void)state;
    for (unsigned j = 0; j < sizeof(families) / sizeof(*families); j++) {
        struct npu_verdict verdict;
        struct instance i;

        if (families[j].opcode != NPU_OP_COPY &&
            families[j].opcode != NPU_OP_DIV &&
            families[j].opcode != NPU_OP_GATHER &&
            families[j].opcode != NPU_OP_GATHER_ELEMENTS &&
            families[j].opcode != NPU_OP_GATHER_ND &&
            families[j].opcode != NPU_OP_SCATTER &&
            families[j].opcode != NPU_OP_SCATTER_ELEMENTS &&
            families[j].opcode != NPU_OP_SCATTER_ND &&
            families[j].opcode != NPU_OP_MATMUL_ROUTED &&
            families[j].opcode != NPU_OP_ATTENTION) {
            continue;
        }
        mem_reset(mem);
        instance_new(&i, &families[j], mem);
        for (unsigned k = 0; k < 9; k++) {
            bool good = npu_run_tile(i.runner.run, 0, 1, 0, &restless,
                                     &verdict);

            assert_true(good || verdict.code == NPU_ERR_INDEX);
        }
        runner_free(&i.runner);
    }
    mem_free(mem);
}

int main(void)
{
    struct suite suite = { 0 };

    for (unsigned i = 0; i < sizeof(families) / sizeof(*families); i++) {
        void *family = (void *)&families[i];

        suite_add(&suite, test_fault, family, "%s: fault in an operand",
                  families[i].name);
        suite_add(&suite, test_read_only, family, "%s: read-only memory",
                  families[i].name);
        suite_add(&suite, test_no_scratch, family, "%s: out of host memory",
                  families[i].name);
    }
    suite_add(&suite, test_no_program, NULL,
              "program and run: out of host memory");
    suite_add(&suite, test_restless, NULL, "memory that changes under a tile");
    return suite_run(&suite, "fault");
}
