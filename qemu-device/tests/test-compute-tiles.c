/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How work is cut into tiles, what it is charged, and that no shape, however
 * huge, makes a tile need much memory.
 */
#include <malloc.h>
#include <time.h>

#include "support-compute.h"

#define F32 NPU_DTYPE_F32
#define F16 NPU_DTYPE_F16
#define S8 NPU_DTYPE_S8
#define S32 NPU_DTYPE_S32
#define S4 NPU_DTYPE_S4
#define Q8_0 NPU_DTYPE_Q8_0
#define Q4_0 NPU_DTYPE_Q4_0
#define Q4_K NPU_DTYPE_Q4_K
#define Q6_K NPU_DTYPE_Q6_K
#define MXFP4 NPU_DTYPE_MXFP4
#define BF16 NPU_DTYPE_BF16

/* ---- Memory of the tiles, counted ---------------------------------------- */

static size_t held, peak;
static unsigned blocks; /* that were allocated */

void *__real_aligned_alloc(size_t align, size_t size);
void __real_free(void *block);
void *__wrap_aligned_alloc(size_t align, size_t size);
void __wrap_free(void *block);

void *__wrap_aligned_alloc(size_t align, size_t size)
{
    void *block = __real_aligned_alloc(align, size);

    blocks++;
    held += malloc_usable_size(block);
    peak = held > peak ? held : peak;
    return block;
}

void __wrap_free(void *block)
{
    held -= malloc_usable_size(block);
    __real_free(block);
}

/* ---- A memory without end ------------------------------------------------ */

static bool endless_read(struct npu_mem *mem, uint64_t va, void *to,
                         size_t size)
{
    (void)mem;
    assert_true(va < 1ull << 48 && size <= (1ull << 48) - va);
    memset(to, 0, size);
    return true;
}

static bool endless_write(struct npu_mem *mem, uint64_t va, const void *from,
                          size_t size)
{
    (void)mem;
    (void)from;
    assert_true(va < 1ull << 48 && size <= (1ull << 48) - va);
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

static struct npu_mem endless = { endless_read, endless_write, no_window };

/* ---- Programs from shapes ------------------------------------------------ */

struct operand {
    uint32_t dtype;
    unsigned rank;
    uint64_t extent[6];
    bool transposed; /* the last two dimensions, in memory */
    bool repeated;   /* all strides are zero */
};

struct work {
    const char *name;
    uint32_t opcode;
    struct operand operand[8];
    uint32_t axis;
    uint16_t kernel, stride, dilation, pad;
    uint32_t flags;
    struct npu_insn_resize resize;
    uint32_t mode; /* of NPU_OP_PAD, where axis is what is before; of scatters */
};

static void add_operand(struct program *program, const struct operand *o)
{
    struct tensor tensor = {
        .va = 1ull << 20,
        .desc = { .dtype = o->dtype, .rank = o->rank },
    };
    unsigned order[6];
    unsigned block = block_elements(o->dtype) ? block_elements(o->dtype) : 1;
    int64_t stride = (int64_t)dtype_bytes(o->dtype, block);

    for (unsigned i = 0; i < o->rank; i++) {
        order[i] = i;
    }
    if (o->transposed) {
        order[o->rank - 1] = o->rank - 2;
        order[o->rank - 2] = o->rank - 1;
    }
    for (unsigned i = o->rank; i-- > 0;) {
        tensor.desc.extent[order[i]] = o->extent[order[i]];
        tensor.desc.stride[order[i]] = o->repeated ? 0 : stride;
        stride *= (int64_t)(o->extent[order[i]] / block);
        block = 1;
    }
    program_operand(program, 0, &tensor);
}

static struct runner work_new(const struct work *work)
{
    struct program program;

    program_init(&program);
    program_insn(&program, work->opcode);
    for (unsigned i = 0; i < 8 && work->operand[i].rank; i++) {
        add_operand(&program, &work->operand[i]);
    }
    program.insn[0].flags = work->flags;
    program.insn[0].axis.axis = work->axis;
    if (work->opcode == NPU_OP_RESIZE) {
        program.insn[0].resize = work->resize;
    }
    if (work->opcode == NPU_OP_PAD) {
        program.insn[0].padding.mode = work->mode;
    }
    if (work->opcode >= NPU_OP_SCATTER && work->opcode <= NPU_OP_SCATTER_ND) {
        program.insn[0].scatter.mode = work->mode;
    }
    if (work->kernel) {
        bool flat = work->operand[0].rank == 4;

        program.insn[0].window = (struct npu_insn_window){
            .kernel = { work->kernel, work->kernel, flat ? 1 : work->kernel },
            .stride = { work->stride, work->stride, flat ? 1 : work->stride },
            .dilation = { work->dilation, work->dilation,
                          flat ? 1 : work->dilation },
            .pad_begin = { work->pad, work->pad, flat ? 0 : work->pad },
            .pad_end = { work->pad, work->pad, flat ? 0 : work->pad },
        };
    }
    return runner_new(&program);
}

/* ---- Huge shapes --------------------------------------------------------- */

#define K(n) ((uint64_t)(n) << 10)
#define M(n) ((uint64_t)(n) << 20)
#define G(n) ((uint64_t)(n) << 30)

/* clang-format off */
static const struct work huge[] = {
    { "fill of 2^47 elements", NPU_OP_FILL, { { S8, 1, { 1ull << 47 } } } },
    { "fill of 2^44 wide elements", NPU_OP_FILL,
      { { F32, 1, { 1ull << 44 } } } },
    { "fill with far strides", NPU_OP_FILL,
      { { F32, 2, { M(16), M(1) }, true } } },
    { "add of 2^44 elements", NPU_OP_ADD,
      { { F32, 2, { M(4), M(4) } }, { F32, 2, { M(4), M(4) } },
        { F32, 2, { M(4), M(4) }, false, true } } },
    { "transpose of 2^44 elements", NPU_OP_COPY,
      { { S8, 2, { M(4), M(4) } }, { S8, 2, { M(4), M(4) }, true } } },
    { "copy of a long row of blocks", NPU_OP_COPY,
      { { F16, 1, { 1ull << 44 } }, { Q6_K, 1, { 1ull << 44 } } } },
    { "copy of many short rows of blocks", NPU_OP_COPY,
      { { F32, 3, { G(64), 8, 2 } }, { S4, 3, { G(64), 8, 2 } } } },
    { "copy of blocks to columns", NPU_OP_COPY,
      { { F32, 2, { M(4), M(4) }, true }, { Q8_0, 2, { M(4), M(4) } } } },
    { "copy to a long row of blocks", NPU_OP_COPY,
      { { MXFP4, 1, { 1ull << 44 } }, { BF16, 1, { 1ull << 44 } } } },
    { "copy of columns to blocks", NPU_OP_COPY,
      { { Q4_0, 2, { M(4), M(4) } }, { F32, 2, { M(4), M(4) }, true } } },
    { "copy of one number to blocks", NPU_OP_COPY,
      { { S4, 2, { G(64), 64 } }, { F32, 2, { G(64), 64 }, false, true } } },
    { "gather of long rows of blocks", NPU_OP_GATHER,
      { { F16, 2, { K(64), G(1) } }, { Q4_K, 2, { 5, G(1) } },
        { S32, 1, { K(64) } } } },
    { "gather of many rows of blocks", NPU_OP_GATHER,
      { { F16, 2, { G(64), 32 } }, { Q8_0, 2, { 5, 32 } },
        { S32, 1, { G(64) }, false, true } } },
    { "gather of long rows", NPU_OP_GATHER,
      { { F16, 2, { K(64), G(1) } }, { F16, 2, { 5, G(1) } },
        { S32, 1, { K(64) } } } },
    { "gather of many rows", NPU_OP_GATHER,
      { { F16, 2, { G(64), 3 } }, { F16, 2, { 5, 3 } },
        { S32, 1, { G(64) }, false, true } } },
    { "gather_elements of long lines", NPU_OP_GATHER_ELEMENTS,
      { { F16, 2, { M(1), M(1) } }, { F16, 2, { M(1), M(4) } },
        { S32, 2, { M(1), M(1) } } }, 1 },
    { "gather_elements across memory", NPU_OP_GATHER_ELEMENTS,
      { { NPU_DTYPE_S64, 2, { G(1), K(1) } }, { NPU_DTYPE_S64, 2, { 3, M(1) } },
        { NPU_DTYPE_S64, 2, { G(1), K(1) } } }, 0 },
    { "gather_nd of long rows", NPU_OP_GATHER_ND,
      { { F16, 2, { K(16), G(1) } }, { F16, 3, { 5, 3, G(1) } },
        { S32, 2, { K(16), 2 } } } },
    { "gather_nd of elements", NPU_OP_GATHER_ND,
      { { NPU_DTYPE_S64, 1, { G(16) } },
        { NPU_DTYPE_S64, 6, { K(1), K(1), 4, 4, K(1), 4 } },
        { NPU_DTYPE_S64, 2, { G(16), 6 }, false, true } } },
    { "scatter of long rows", NPU_OP_SCATTER,
      { { F16, 2, { 5, G(1) } }, { F16, 2, { K(64), G(1) } },
        { S32, 1, { K(64) } } } },
    { "scatter of many elements", NPU_OP_SCATTER,
      { { F16, 1, { G(64) } }, { F16, 1, { K(256) } }, { S32, 1, { K(256) } } },
      .mode = NPU_SCATTER_ADD },
    { "scatter_elements of many lines", NPU_OP_SCATTER_ELEMENTS,
      { { F32, 2, { G(1), 7 } }, { F32, 2, { G(1), 5 } },
        { S32, 2, { G(1), 5 } } }, 1, .mode = NPU_SCATTER_MUL },
    { "scatter_elements across memory", NPU_OP_SCATTER_ELEMENTS,
      { { NPU_DTYPE_S64, 2, { 9, G(1) } }, { NPU_DTYPE_S64, 2, { K(16), G(1) } },
        { S32, 2, { K(16), G(1) } } }, 0 },
    { "scatter_nd of elements", NPU_OP_SCATTER_ND,
      { { NPU_DTYPE_S64, 6, { K(1), K(1), 4, 4, K(1), 4 } },
        { NPU_DTYPE_S64, 1, { K(64) } }, { S32, 2, { K(64), 6 } } },
      .mode = NPU_SCATTER_MIN },
    { "pad of a long row", NPU_OP_PAD,
      { { NPU_DTYPE_S64, 1, { G(64) } }, { NPU_DTYPE_S64, 1, { G(32) } } },
      G(1) },
    { "pad of columns", NPU_OP_PAD,
      { { F16, 2, { M(4), M(4) }, true }, { F16, 2, { M(4), M(2) } } }, 0,
      .mode = NPU_PAD_EDGE },
    { "tile of a number", NPU_OP_PAD,
      { { S8, 1, { G(1024) } }, { S8, 1, { 1 } } }, 0, .mode = NPU_PAD_WRAP },
    { "tile of small boxes", NPU_OP_PAD,
      { { S8, 6, { 64, K(1), 64, K(1), 16, K(1) } },
        { S8, 6, { 2, 2, 2, 2, 2, 2 } } }, 1, .mode = NPU_PAD_WRAP },
    { "reflections of few columns", NPU_OP_PAD,
      { { S8, 2, { M(1), M(1) } }, { S8, 2, { M(1), 3 } } }, 0,
      .mode = NPU_PAD_REFLECT },
    { "triangle of 2^44 elements", NPU_OP_TRIANGLE,
      { { F32, 2, { M(4), M(4) } }, { F32, 2, { M(4), M(4) }, true } } },
    { "range over 2^44 elements", NPU_OP_RANGE,
      { { F16, 1, { 1ull << 44 } }, { F16, 1, { 1ull << 44 }, false, true },
        { F16, 1, { 1ull << 44 }, false, true } } },
    { "one_hot of many", NPU_OP_ONE_HOT,
      { { F32, 2, { M(4), M(4) } }, { S32, 2, { M(4), M(4) }, false, true },
        { F32, 2, { M(4), M(4) }, false, true },
        { F32, 2, { M(4), M(4) }, false, true } }, 1 },
    { "sum of long rows", NPU_OP_REDUCE_SUM,
      { { F32, 2, { M(1), 1 } }, { F32, 2, { M(1), M(4) } } }, 1 },
    { "sum of long columns", NPU_OP_REDUCE_SUM,
      { { F32, 2, { 1, M(1) } }, { F32, 2, { M(4), M(1) } } }, 0 },
    { "argmax of many short rows", NPU_OP_ARGMAX,
      { { S32, 2, { G(64), 1 } }, { F16, 2, { G(64), 3 } } }, 1 },
    { "maximum of one number", NPU_OP_REDUCE_MAX,
      { { S32, 2, { G(1), 1 } },
        { S32, 2, { G(1), M(4) / 16 }, false, true } }, 1 },
    { "cumsum of long rows", NPU_OP_CUMSUM,
      { { F32, 2, { M(1), M(4) } }, { F32, 2, { M(1), M(4) } } }, 1 },
    { "cumsum of long columns", NPU_OP_CUMSUM,
      { { F16, 2, { M(4), M(1) } }, { F16, 2, { M(4), M(1) } } }, 0,
      .flags = NPU_INSN_REVERSE },
    { "sort of long rows", NPU_OP_SORT,
      { { F32, 2, { M(1), K(256) } }, { F32, 2, { M(1), K(256) } } }, 1 },
    { "argsort of long rows of s64", NPU_OP_ARGSORT,
      { { NPU_DTYPE_S64, 2, { M(1), K(256) } },
        { NPU_DTYPE_S64, 2, { M(1), K(256) } } }, 1 },
    { "sort of long columns", NPU_OP_SORT,
      { { F16, 2, { K(256), M(1) } }, { F16, 2, { K(256), M(1) } } }, 0 },
    { "first few of many short rows", NPU_OP_ARGSORT,
      { { S32, 2, { G(4), 8 } }, { F32, 2, { G(4), 256 } } }, 1,
      .flags = NPU_INSN_DESCENDING },
    { "first few of long rows", NPU_OP_SORT,
      { { F16, 2, { M(1), 50 } }, { F16, 2, { M(1), K(256) } } }, 1 },
    { "cumsum of many short rows", NPU_OP_CUMSUM,
      { { S32, 2, { G(16), 3 } }, { S32, 2, { G(16), 3 } } }, 1 },
    { "softmax of long rows", NPU_OP_SOFTMAX,
      { { F32, 2, { M(16), M(1) } }, { F32, 2, { M(16), M(1) } } }, 1 },
    { "softmax of many columns", NPU_OP_SOFTMAX,
      { { F16, 2, { K(1), G(1) } }, { F16, 2, { K(1), G(1) } } }, 0 },
    { "softmax_ext of long rows", NPU_OP_SOFTMAX_EXT,
      { { F32, 2, { M(1), M(4) } }, { F32, 2, { M(1), M(4) } },
        { F16, 2, { M(1), M(4) } }, { F32, 2, { M(1), M(4) }, false, true } }, .flags = NPU_INSN_MASK | NPU_INSN_SLOPES },
    { "rope of long rows", NPU_OP_ROPE,
      { { F32, 2, { G(1), K(16) } }, { F32, 2, { G(1), K(16) } },
        { S32, 2, { G(1), 1 } }, { F32, 1, { K(8) } } } },
    { "rope of many heads", NPU_OP_ROPE,
      { { F16, 4, { K(1), M(1), K(1), 64 } }, { F16, 4, { K(1), M(1), K(1), 64 } },
        { S32, 4, { K(1), M(1), K(1), 1 }, false, true }, { F32, 1, { 8 } } } },
    { "rms_norm of long rows", NPU_OP_RMS_NORM,
      { { F32, 2, { M(16), M(1) } }, { F32, 2, { M(16), M(1) } },
        { F32, 2, { M(16), M(1) } }, { F32, 2, { M(16), M(1) } },
        { F32, 2, { M(16), M(1) } } }, 1,
      .flags = NPU_INSN_BIAS | NPU_INSN_RESIDUAL | NPU_INSN_SCALE },
    { "layer_norm of many short rows", NPU_OP_LAYER_NORM,
      { { F16, 2, { G(16), 3 } }, { F16, 2, { G(16), 3 } },
        { F32, 2, { G(16), 3 }, false, true } }, 1,
      .flags = NPU_INSN_SCALE },
    { "layer_norm of columns", NPU_OP_LAYER_NORM,
      { { F16, 2, { G(1), K(16) }, true }, { F16, 2, { G(1), K(16) }, true } },
      1 },
    { "group_norm of large images", NPU_OP_GROUP_NORM,
      { { F32, 4, { M(1), 64, 256, 256 } }, { F32, 4, { M(1), 64, 256, 256 } } },
      1 },
    { "batch_norm of many images", NPU_OP_BATCH_NORM,
      { { F32, 4, { M(16), 64, 56, 56 } }, { F32, 4, { M(16), 64, 56, 56 } },
        { F32, 4, { M(16), 64, 56, 56 }, false, true },
        { F32, 4, { M(16), 64, 56, 56 } }, { F32, 4, { M(16), 64, 56, 56 } },
        { F32, 4, { M(16), 64, 56, 56 } } },
      .flags = NPU_INSN_BIAS | NPU_INSN_SCALE },
    { "matmul f32 of large squares", NPU_OP_MATMUL,
      { { F32, 2, { M(4), M(4) } }, { F32, 2, { M(4), M(4) } },
        { F32, 2, { M(4), M(4) } } } },
    { "matmul f16 of a large batch", NPU_OP_MATMUL,
      { { F16, 3, { G(4), 3, 5 } }, { F16, 3, { G(4), 3, 7 } },
        { F16, 3, { G(4), 7, 5 } } } },
    { "matmul s8 of outer vectors", NPU_OP_MATMUL,
      { { S32, 2, { M(4), M(4) } }, { S8, 2, { M(4), 1 } },
        { S8, 2, { 1, M(4) } } } },
    { "matmul f16 of long sums", NPU_OP_MATMUL,
      { { F16, 2, { 1, 1 } }, { F16, 2, { 1, M(4) } },
        { F16, 2, { M(4), 1 } } } },
    { "routed product of many pairs", NPU_OP_MATMUL_ROUTED,
      { { F16, 3, { K(8), 8, K(16) } }, { F16, 3, { K(8), 8, K(8) } },
        { F16, 3, { 256, K(16), K(8) } }, { S32, 2, { K(8), 8 } } },
      .flags = NPU_INSN_TRANSPOSE_B },
    { "routed product of many experts", NPU_OP_MATMUL_ROUTED,
      { { F32, 3, { K(64), 1, K(64) } }, { F32, 3, { K(64), 1, 64 } },
        { F32, 3, { K(64), K(64), 64 } }, { S32, 2, { K(64), 1 }, true } },
      .flags = NPU_INSN_TRANSPOSE_B },
    { "routed product of long sums", NPU_OP_MATMUL_ROUTED,
      { { F32, 3, { 512, 1, 3 } }, { F32, 3, { 512, 1, M(4) } },
        { NPU_DTYPE_F8E4M3, 3, { 2, 3, M(4) } }, { S32, 2, { 512, 1 } },
        { F32, 3, { 2, 1, K(32) } } },
      .flags = NPU_INSN_TRANSPOSE_B | NPU_INSN_BLOCK_SCALE },
    { "routed product of outer vectors", NPU_OP_MATMUL_ROUTED,
      { { F32, 3, { 1500, 1, M(512) } }, { F32, 3, { 1500, 1, 1 } },
        { F32, 3, { 2, M(512), 1 } }, { S32, 2, { 1500, 1 } } },
      .flags = NPU_INSN_TRANSPOSE_B },
    { "conv2d of large images", NPU_OP_CONV2D,
      { { F32, 4, { 1, 64, M(1), M(1) / 4 } },
        { F32, 4, { 1, 16, M(1), M(1) / 4 } }, { F32, 4, { 64, 16, 3, 3 } },
        { F32, 1, { 64 } } }, 0, 3, 1, 1, 1 },
    { "conv2d of many channels", NPU_OP_CONV2D,
      { { F16, 4, { 1, M(1), 8, 8 } }, { F16, 4, { 1, M(1), 8, 8 } },
        { F16, 4, { M(1), M(1), 1, 1 } } }, 0, 1, 1, 1, 0 },
    { "conv2d by many channels", NPU_OP_CONV2D,
      { { F16, 4, { 1, G(1), 8, 8 } }, { F16, 4, { 1, G(1), 8, 8 } },
        { F16, 4, { G(1), 1, 3, 3 } } }, 0, 3, 1, 1, 1 },
    { "conv2d with far taps", NPU_OP_CONV2D,
      { { F32, 4, { 1, 8, 3, 3 } }, { F32, 4, { 1, 1, M(1) / 4, M(1) / 4 } },
        { F32, 4, { 8, 1, 3, 3 } } }, 0, 3, 65535, 65535, 0 },
    { "conv2d of many images", NPU_OP_CONV2D,
      { { F32, 4, { G(1), 16, 8, 8 } }, { F32, 4, { G(1), 1, 8, 8 } },
        { F32, 4, { 16, 1, 3, 3 } } }, 0, 3, 1, 1, 1 },
    { "maxpool2d of large images", NPU_OP_MAXPOOL2D,
      { { S8, 4, { 1, 1, M(4), M(4) } }, { S8, 4, { 1, 1, M(8), M(8) } } },
      0, 2, 2, 1, 0 },
    { "maxpool2d with far taps", NPU_OP_MAXPOOL2D,
      { { F16, 4, { 1, 1, 5, 5 } }, { F16, 4, { 1, 1, M(1) / 2, M(1) / 2 } } },
      0, 4, 65535, 65535, 0 },
    { "avgpool2d over a large window", NPU_OP_AVGPOOL2D,
      { { F32, 4, { M(1), 1, 2, 2 } }, { F32, 4, { M(1), 1, K(2), K(2) } } },
      0, 2047, 1, 1, 0 },
    { "avgpool2d of many small images", NPU_OP_AVGPOOL2D,
      { { F16, 4, { M(64), K(1), 1, 1 } }, { F16, 4, { M(64), K(1), 7, 7 } } },
      0, 7, 1, 1, 0 },
    { "conv3d of large volumes", NPU_OP_CONV3D,
      { { F32, 5, { 1, 32, K(1), K(2), K(2) } },
        { F32, 5, { 1, 16, K(1), K(2), K(2) } }, { F32, 5, { 32, 16, 3, 3, 3 } },
        { F32, 1, { 32 } } }, 0, 3, 1, 1, 1 },
    { "conv3d with far taps", NPU_OP_CONV3D,
      { { F16, 5, { 1, 8, 3, 3, 3 } }, { F16, 5, { 1, 1, K(4), K(4), K(4) } },
        { F16, 5, { 8, 1, 3, 3, 3 } } }, 0, 3, 1024, 1000, 0 },
    { "conv_transpose2d to large images", NPU_OP_CONV_TRANSPOSE2D,
      { { F32, 4, { 1, 64, M(1) / 2, M(1) / 2 } },
        { F32, 4, { 1, 16, M(1) / 4, M(1) / 4 } }, { F32, 4, { 16, 64, 4, 4 } },
        { F32, 1, { 64 } } }, 0, 4, 2, 1, 1 },
    { "conv_transpose2d of many channels", NPU_OP_CONV_TRANSPOSE2D,
      { { F16, 4, { 1, M(1), 16, 16 } }, { F16, 4, { 1, M(1), 8, 8 } },
        { F16, 4, { M(1), M(1), 2, 2 } } }, 0, 2, 2, 1, 0 },
    { "conv_transpose2d by many channels", NPU_OP_CONV_TRANSPOSE2D,
      { { F16, 4, { 1, G(1), 8, 8 } }, { F16, 4, { 1, G(1), 8, 8 } },
        { F16, 4, { G(1), 1, 3, 3 } } }, 0, 3, 1, 1, 1 },
    { "conv_transpose2d with far taps", NPU_OP_CONV_TRANSPOSE2D,
      { { F32, 4, { 1, 8, M(1) / 4, M(1) / 4 } }, { F32, 4, { 1, 1, 3, 3 } },
        { F32, 4, { 1, 8, 3, 3 } } }, 0, 3, 65535, 65535, 0 },
    { "conv_transpose2d of a large kernel", NPU_OP_CONV_TRANSPOSE2D,
      { { F32, 4, { 1, 8, M(1), 2047 } }, { F32, 4, { 1, 1, M(1), 1 } },
        { F32, 4, { 1, 8, 2047, 2047 } } }, 0, 2047, 1, 1, 0 },
    { "maxpool3d of large volumes", NPU_OP_MAXPOOL3D,
      { { F16, 5, { 1, 1, K(8), K(8), K(8) } },
        { F16, 5, { 1, 1, K(16), K(16), K(16) } } }, 0, 2, 2, 1, 0 },
    { "avgpool3d over a large window", NPU_OP_AVGPOOL3D,
      { { F32, 5, { M(1), 1, 2, 2, 2 } }, { F32, 5, { M(1), 1, 128, 128, 128 } } },
      0, 127, 1, 1, 0 },
    { "avgpool3d with far taps", NPU_OP_AVGPOOL3D,
      { { F16, 5, { 1, 1, 3, 3, 3 } }, { F16, 5, { 1, 1, K(4), K(4), K(4) } } },
      0, 2, 1024, 2048, 0 },
    { "lppool2d over a large window", NPU_OP_LPPOOL2D,
      { { F32, 4, { M(1), 1, 2, 2 } }, { F32, 4, { M(1), 1, K(1), K(1) } } },
      0, 1023, 1, 1, 0 },
    { "nearest resize of large images", NPU_OP_RESIZE,
      { { F32, 4, { 1, 3, M(2), M(2) } }, { F32, 4, { 1, 3, M(1), M(1) } } },
      .resize = { 12, NPU_RESIZE_NEAREST } },
    { "resize to next to nothing", NPU_OP_RESIZE,
      { { F16, 4, { 1, 1, 3, 3 } }, { F16, 4, { 1, 1, M(4), M(4) } } },
      .resize = { 12, NPU_RESIZE_LINEAR } },
    { "resize of next to nothing", NPU_OP_RESIZE,
      { { F16, 2, { M(4), M(4) } }, { F16, 2, { 2, 1 } } },
      .resize = { 3, NPU_RESIZE_CUBIC, .cubic = 0xbf400000 } },
    { "resize of six dimensions", NPU_OP_RESIZE,
      { { F32, 6, { 200, 200, 200, 200, 200, 200 } },
        { F32, 6, { 100, 300, 100, 300, 100, 300 } } },
      .resize = { 63, NPU_RESIZE_CUBIC, .cubic = 0xbf400000 } },
    { "resize across memory", NPU_OP_RESIZE,
      { { F32, 3, { M(1), 4, K(8) } },
        { F32, 3, { K(64), 4, K(64) }, true } },
      .resize = { 5, NPU_RESIZE_LINEAR } },
    { "resize of a long line", NPU_OP_RESIZE,
      { { F16, 1, { G(64) } }, { F16, 1, { G(640) } } },
      .resize = { 1, NPU_RESIZE_LINEAR, NPU_RESIZE_ALIGN_CORNERS } },
    { "attention of one row to many keys", NPU_OP_ATTENTION,
      { { F16, 4, { 1, 1, 32, 128 } }, { F16, 4, { 1, 1, 32, 128 } },
        { F16, 4, { 1, K(32), 8, 128 } }, { F16, 4, { 1, K(32), 8, 128 } } } },
    { "attention of one row to many keys of q8_0", NPU_OP_ATTENTION,
      { { F16, 4, { 1, 1, 32, 128 } }, { F16, 4, { 1, 1, 32, 128 } },
        { Q8_0, 4, { 1, K(32), 8, 128 } }, { Q8_0, 4, { 1, K(32), 8, 128 } } } },
    { "attention of the widest of q8_0", NPU_OP_ATTENTION,
      { { F32, 4, { 9, K(1), 1, 1024 } }, { F32, 4, { 9, K(1), 1, 1024 } },
        { Q8_0, 4, { 9, K(1), 1, 1024 } }, { Q8_0, 4, { 9, K(1), 1, 1024 } } } },
    { "attention of many rows", NPU_OP_ATTENTION,
      { { F16, 4, { 1, M(64), 32, 128 } }, { F16, 4, { 1, M(64), 32, 128 } },
        { F16, 4, { 1, K(2), 8, 128 } }, { F16, 4, { 1, K(2), 8, 128 } } } },
    { "attention of many sequences", NPU_OP_ATTENTION,
      { { F32, 4, { G(1), 1, 3, 5 } }, { F32, 4, { G(1), 1, 3, 7 } },
        { F32, 4, { G(1), 2, 1, 7 } }, { F32, 4, { G(1), 2, 1, 5 } } } },
    { "attention of many heads", NPU_OP_ATTENTION,
      { { F32, 4, { 1, 1, M(64), 512 } }, { F32, 4, { 1, 1, M(64), 576 } },
        { F32, 4, { 1, K(1), 1, 576 } }, { F32, 4, { 1, K(1), 1, 512 } } } },
    { "attention of the widest", NPU_OP_ATTENTION,
      { { F32, 4, { 9, K(1), 1, 1024 } }, { F32, 4, { 9, K(1), 1, 1024 } },
        { F32, 4, { 9, K(1), 1, 1024 } }, { F32, 4, { 9, K(1), 1, 1024 } } } },
    { "attention of ragged rows to pages", NPU_OP_ATTENTION,
      { { F32, 3, { M(1), 4, 8 } }, { F32, 3, { M(1), 4, 8 } },
        { F16, 4, { 5, 1, 4, 8 } }, { F16, 4, { 5, 1, 4, 8 } },
        { S32, 2, { K(64), M(4) } }, { S32, 2, { K(64), 2 } } }, .flags =
      NPU_INSN_TABLE | NPU_INSN_LENGTHS },
    { "ssm_scan of many steps", NPU_OP_SSM_SCAN,
      { { F16, 4, { M(1), K(2), 80, 64 } }, { F32, 4, { M(1), 80, 64, 128 } },
        { F16, 4, { M(1), K(2), 80, 64 } }, { F32, 4, { M(1), K(2), 80, 1 } },
        { F32, 2, { 80, 128 }, false, true }, { F16, 4, { M(1), K(2), 8, 128 } },
        { F16, 4, { M(1), K(2), 8, 128 } } }, .flags = NPU_INSN_SOFTPLUS },
    { "ssm_scan of many channels", NPU_OP_SSM_SCAN,
      { { F16, 4, { 9, 3, M(4), 1 } }, { F32, 4, { 9, M(4), 1, 16 } },
        { F16, 4, { 9, 3, M(4), 1 } }, { F32, 4, { 9, 3, M(4), 1 } },
        { F32, 2, { M(4), 16 } }, { F16, 4, { 9, 3, 1, 16 } },
        { F16, 4, { 9, 3, 1, 16 } }, { F32, 2, { M(4), 1 } } } },
    { "ssm_scan of the smallest states", NPU_OP_SSM_SCAN,
      { { F32, 4, { 9, 1, M(4), 9 } }, { F32, 4, { 9, M(4), 9, 1 } },
        { F32, 4, { 9, 1, M(4), 9 } }, { F32, 4, { 9, 1, M(4), 1 } },
        { F32, 2, { M(4), 1 } }, { F32, 4, { 9, 1, M(4), 1 } },
        { F32, 4, { 9, 1, M(4), 1 } }, { F32, 2, { M(4), 9 } } } },
    { "rwkv_wkv of the deepest state", NPU_OP_RWKV_WKV,
      { { F32, 4, { 1, K(2), 9, M(1) } }, { F32, 4, { 1, 9, K(1), M(1) }, true },
        { F32, 4, { 1, K(2), 9, K(1) } }, { F32, 4, { 1, K(2), 9, K(1) } },
        { F16, 4, { 1, K(2), 9, M(1) }, true }, { F32, 4, { 1, K(2), 9, K(1) } },
        { F32, 2, { 9, K(1) } } } },
    { "delta_net of a step of many sequences", NPU_OP_DELTA_NET,
      { { F16, 4, { M(64), 1, 32, 128 } }, { F32, 4, { M(64), 32, 128, 128 } },
        { F16, 4, { M(64), 1, 16, 128 } }, { F16, 4, { M(64), 1, 16, 128 } },
        { F16, 4, { M(64), 1, 32, 128 } },
        { F32, 4, { M(64), 1, 32, 128 }, false, true },
        { F32, 4, { M(64), 1, 32, 1 } } } },
    { "delta_net of the flattest state", NPU_OP_DELTA_NET,
      { { F32, 4, { 1, K(2), 1, G(1) } }, { F32, 4, { 1, 1, 1, G(1) } },
        { F32, 4, { 1, K(2), 1, 1 } }, { F32, 4, { 1, K(2), 1, 1 } },
        { F32, 4, { 1, K(2), 1, G(1) } }, { F32, 4, { 1, K(2), 1, 1 } },
        { F32, 4, { 1, K(2), 1, 1 } } } },
};
/* clang-format on */

static double cpu_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

#ifdef __SANITIZE_ADDRESS__
#define FEWEST_DIES 8 /* tiles of fewer dies are no larger */
#else
#define FEWEST_DIES 1
#endif

/*
 * Every tile is possible: the first, the last and one between, in a few MiB.  The
 * time is that of a machine far slower than any that should run this, or of one
 * with sanitizers.
 */
static void test_huge(void **state)
{
    const struct work *work = *state;
    struct runner runner = work_new(work);

    for (unsigned dies = FEWEST_DIES; dies <= 8; dies += 7) {
        uint64_t tiles = npu_run_tiles(runner.run, 0, dies);
        uint64_t some[3] = { 0, tiles / 2, tiles - 1 };

        assert_true(tiles >= 1);
        for (unsigned i = 0; i < 3; i++) {
            double start = cpu_seconds();
            struct npu_verdict verdict;

            held = peak = 0;
            assert_true(
                npu_run_tile(runner.run, 0, dies, some[i], &endless, &verdict));
            assert_int_equal(held, 0);
            assert_true(peak <= 4u << 20);
            assert_true(cpu_seconds() - start < 10);
        }
    }
    runner_free(&runner);
}

/* What a thread keeps is bounded, used again, and given back in the end. */
static void test_arena(void **state)
{
    struct npu_mem mem = endless;
    size_t kept;

    (void)state;
    mem.arena = npu_arena_new();
    assert_non_null(mem.arena);
    kept = malloc_usable_size(mem.arena);
    for (unsigned i = 0; i < sizeof(huge) / sizeof(*huge); i++) {
        struct runner runner = work_new(&huge[i]);
        struct npu_verdict verdict;

        held = kept;
        assert_true(npu_run_tile(runner.run, 0, 1, 0, &mem, &verdict));
        assert_true(held <= 9u << 20);
        blocks = 0;
        assert_true(npu_run_tile(runner.run, 0, 1, 0, &mem, &verdict));
        assert_true(i > 0 || !blocks);
        kept = held;
        runner_free(&runner);
    }
    held = kept;
    npu_arena_free(mem.arena);
    assert_int_equal(held, 0);
}

/* ---- Cutting ------------------------------------------------------------- */

/* clang-format off */
static const struct work large[] = {
    { "fill", NPU_OP_FILL, { { F32, 1, { M(1) } } } },
    { "copy", NPU_OP_COPY, { { F32, 1, { M(1) } }, { F32, 1, { M(1) } } } },
    { "copy from q4_0", NPU_OP_COPY,
      { { F16, 2, { K(1), K(1) } }, { Q4_0, 2, { K(1), K(1) } } } },
    { "copy to q8_0", NPU_OP_COPY,
      { { Q8_0, 2, { K(1), K(1) } }, { F16, 2, { K(1), K(1) } } } },
    { "gather from q4_k", NPU_OP_GATHER, { { F16, 2, { K(1), K(1) } },
      { Q4_K, 2, { K(1), K(1) } }, { S32, 1, { K(1) } } } },
    { "gelu", NPU_OP_GELU, { { F32, 1, { K(64) } }, { F32, 1, { K(64) } } } },
    { "gather", NPU_OP_GATHER, { { F32, 2, { K(1), K(1) } },
      { F32, 2, { K(1), K(1) } }, { S32, 1, { K(1) } } } },
    { "gather_elements", NPU_OP_GATHER_ELEMENTS, { { F32, 2, { K(1), 64 } },
      { F32, 2, { K(1), 64 } }, { S32, 2, { K(1), 64 } } }, 1 },
    { "gather_nd", NPU_OP_GATHER_ND, { { F32, 2, { K(1), K(1) } },
      { F32, 2, { K(1), K(1) } }, { S32, 2, { K(1), 1 } } } },
    { "scatter", NPU_OP_SCATTER, { { F32, 2, { K(1), K(1) } },
      { F32, 2, { K(1), K(1) } }, { S32, 1, { K(1) } } } },
    { "scatter_elements", NPU_OP_SCATTER_ELEMENTS, { { F32, 2, { K(1), 64 } },
      { F32, 2, { K(1), 64 } }, { S32, 2, { K(1), 64 } } }, 1 },
    { "pad", NPU_OP_PAD, { { F32, 2, { K(1), K(1) } },
      { F32, 2, { K(1), 1000 } } }, 0, .mode = NPU_PAD_EDGE },
    { "triangle", NPU_OP_TRIANGLE, { { F32, 2, { K(1), K(1) } },
      { F32, 2, { K(1), K(1) } } } },
    { "sum", NPU_OP_REDUCE_SUM, { { F32, 2, { K(1), 1 } },
      { F32, 2, { K(1), K(1) } } }, 1 },
    { "cumsum", NPU_OP_CUMSUM, { { F32, 2, { K(1), 256 } },
      { F32, 2, { K(1), 256 } } }, 1 },
    { "sort", NPU_OP_SORT, { { F32, 2, { 64, 256 } },
      { F32, 2, { 64, 256 } } }, 1 },
    { "first few", NPU_OP_ARGSORT, { { S32, 2, { K(1), 8 } },
      { F32, 2, { K(1), 256 } } }, 1 },
    { "softmax", NPU_OP_SOFTMAX, { { F32, 2, { K(1), K(1) } },
      { F32, 2, { K(1), K(1) } } }, 1 },
    { "rope", NPU_OP_ROPE, { { F32, 3, { 64, 32, 128 } },
      { F32, 3, { 64, 32, 128 } }, { S32, 3, { 64, 32, 1 } },
      { F32, 1, { 64 } } } },
    { "rms_norm", NPU_OP_RMS_NORM, { { F32, 2, { 64, K(4) } },
      { F32, 2, { 64, K(4) } } }, 1 },
    { "batch_norm", NPU_OP_BATCH_NORM, { { F32, 1, { M(1) } },
      { F32, 1, { M(1) } }, { F32, 1, { M(1) }, false, true },
      { F32, 1, { M(1) }, false, true } } },
    { "matmul", NPU_OP_MATMUL, { { F32, 2, { 256, 256 } },
      { F32, 2, { 256, 256 } }, { F32, 2, { 256, 256 } } } },
    { "vector times matrix", NPU_OP_MATMUL, { { F32, 2, { 1, K(1) } },
      { F32, 2, { 1, K(1) } }, { F32, 2, { K(1), K(1) } } } },
    { "routed product of a token", NPU_OP_MATMUL_ROUTED,
      { { F16, 3, { 1, 8, 512 } }, { F16, 3, { 1, 8, 512 } },
        { F16, 3, { 64, 512, 512 } }, { S32, 2, { 1, 8 } } },
      .flags = NPU_INSN_TRANSPOSE_B },
    { "conv2d", NPU_OP_CONV2D, { { F32, 4, { 360, 16, 8, 8 } },
      { F32, 4, { 360, 1, 8, 8 } }, { F32, 4, { 16, 1, 3, 3 } } },
      0, 3, 1, 1, 1 },
    { "maxpool2d", NPU_OP_MAXPOOL2D, { { F32, 4, { 360, 16, 4, 4 } },
      { F32, 4, { 360, 16, 8, 8 } } }, 0, 2, 2, 1, 0 },
    { "attention", NPU_OP_ATTENTION,
      { { F16, 4, { 1, 1, 32, 128 } }, { F16, 4, { 1, 1, 32, 128 } },
        { F16, 4, { 1, K(1), 8, 128 } }, { F16, 4, { 1, K(1), 8, 128 } } } },
    { "resize", NPU_OP_RESIZE,
      { { F32, 3, { 3, 256, 256 } }, { F32, 3, { 3, 128, 128 } } },
      .resize = { 6, NPU_RESIZE_LINEAR } },
    { "rwkv_wkv", NPU_OP_RWKV_WKV,
      { { F32, 4, { 1, 64, 2, 256 } }, { F32, 4, { 1, 2, 64, 256 } },
        { F32, 4, { 1, 64, 2, 64 } }, { F32, 4, { 1, 64, 2, 64 } },
        { F32, 4, { 1, 64, 2, 256 } }, { F32, 4, { 1, 64, 2, 64 } },
        { F32, 2, { 2, 64 } } } },
};
/* clang-format on */

/* Every die has something to do, and the number of tiles is always the same. */
static void test_shared(void **state)
{
    const struct work *work = *state;
    struct runner runner = work_new(work);
    struct runner again = work_new(work);

    for (unsigned dies = 1; dies <= 8; dies++) {
        uint64_t tiles = npu_run_tiles(runner.run, 0, dies);

        assert_true(tiles >= dies);
        assert_int_equal(npu_run_tiles(runner.run, 0, dies), tiles);
        assert_int_equal(npu_run_tiles(again.run, 0, dies), tiles);
    }
    runner_free(&again);
    runner_free(&runner);
}

/* clang-format off */
static const struct work small[] = {
    { "add", NPU_OP_ADD, { { F32, 1, { 10 } }, { F32, 1, { 10 } },
      { F32, 1, { 10 } } } },
    { "copy from q8_0", NPU_OP_COPY, { { F32, 2, { 2, 64 } },
      { Q8_0, 2, { 2, 64 } } } },
    { "softmax", NPU_OP_SOFTMAX, { { F32, 2, { 1, 10 } },
      { F32, 2, { 1, 10 } } }, 1 },
    { "layer_norm", NPU_OP_LAYER_NORM, { { F32, 2, { 1, 10 } },
      { F32, 2, { 1, 10 } } }, 1 },
    { "cumsum", NPU_OP_CUMSUM, { { F32, 2, { 2, 10 } },
      { F32, 2, { 2, 10 } } }, 1 },
    { "sort", NPU_OP_SORT, { { F32, 2, { 2, 10 } },
      { F32, 2, { 2, 10 } } }, 1 },
    { "matmul", NPU_OP_MATMUL, { { F32, 2, { 1, 10 } }, { F32, 2, { 1, 16 } },
      { F32, 2, { 16, 10 } } } },
    { "argmax", NPU_OP_ARGMAX, { { S32, 2, { 1, 1 } }, { F32, 2, { 1, 10 } } },
      1 },
    { "routed product", NPU_OP_MATMUL_ROUTED,
      { { F32, 3, { 1, 2, 10 } }, { F32, 3, { 1, 2, 16 } },
        { F32, 3, { 3, 10, 16 } }, { S32, 2, { 1, 2 } } },
      .flags = NPU_INSN_TRANSPOSE_B },
    { "attention", NPU_OP_ATTENTION,
      { { F32, 4, { 1, 1, 1, 4 } }, { F32, 4, { 1, 1, 1, 4 } },
        { F32, 4, { 1, 3, 1, 4 } }, { F32, 4, { 1, 3, 1, 4 } } } },
    { "ssm_scan", NPU_OP_SSM_SCAN,
      { { F32, 4, { 1, 1, 2, 4 } }, { F32, 4, { 1, 2, 4, 16 } },
        { F32, 4, { 1, 1, 2, 4 } }, { F32, 4, { 1, 1, 2, 1 } },
        { F32, 2, { 2, 16 } }, { F32, 4, { 1, 1, 1, 16 } },
        { F32, 4, { 1, 1, 1, 16 } } } },
};
/* clang-format on */

/* What is done in a microsecond is not worth eight tiles. */
static void test_small(void **state)
{
    const struct work *work = *state;
    struct runner runner = work_new(work);

    assert_int_equal(npu_run_tiles(runner.run, 0, 8), 1);
    runner_free(&runner);
}

/* ---- Costs --------------------------------------------------------------- */

struct charge {
    struct work work;
    uint64_t operations, bytes;
    uint32_t dtype;
};

/* clang-format off */
static const struct charge charges[] = {
    { { "nop", NPU_OP_NOP }, 0, 0, F32 },
    { { "fill", NPU_OP_FILL, { { F16, 2, { 3, 5 } } } }, 0, 30, F16 },
    { { "copy", NPU_OP_COPY, { { F16, 1, { 10 } }, { F32, 1, { 10 } } } },
      0, 60, F32 },
    { { "gather", NPU_OP_GATHER, { { F32, 2, { 4, 8 } },
      { F32, 2, { 1000, 8 } }, { S32, 1, { 4 } } } }, 0, 272, F32 },
    { { "copy from q8_0", NPU_OP_COPY, { { F16, 2, { 3, 64 } },
      { Q8_0, 2, { 3, 64 } } } }, 0, 588, NPU_DTYPE_Q8_0 },
    { { "copy to s4", NPU_OP_COPY, { { S4, 2, { 3, 6 } },
      { F32, 2, { 3, 6 }, false, true } } }, 0, 13, F32 },
    { { "gather from q4_k", NPU_OP_GATHER, { { F32, 2, { 4, 512 } },
      { Q4_K, 2, { 1000, 512 } }, { S32, 1, { 4 } } } }, 0, 9360, F32 },
    { { "gather_elements", NPU_OP_GATHER_ELEMENTS, { { F16, 2, { 4, 8 } },
      { F16, 2, { 1000, 8 } }, { S32, 2, { 4, 8 } } }, 0 }, 0, 256, F16 },
    { { "gather_nd", NPU_OP_GATHER_ND, { { F32, 2, { 4, 8 } },
      { F32, 3, { 100, 10, 8 } }, { S32, 2, { 4, 2 } } } }, 0, 288, F32 },
    { { "scatter", NPU_OP_SCATTER, { { F16, 2, { 1000, 8 } },
      { F16, 2, { 4, 8 } }, { S32, 1, { 4 } } } }, 0, 144, F16 },
    { { "scatter_nd with sums", NPU_OP_SCATTER_ND, { { F32, 3, { 9, 10, 8 } },
      { F32, 2, { 4, 8 } }, { S32, 2, { 4, 2 } } }, .mode = NPU_SCATTER_ADD },
      32, 416, F32 },
    { { "pad", NPU_OP_PAD, { { F16, 2, { 4, 9 } }, { F16, 2, { 3, 5 } } }, 1 },
      0, 102, F16 },
    { { "triangle", NPU_OP_TRIANGLE, { { S8, 2, { 3, 5 } },
      { S8, 2, { 3, 5 } } } }, 0, 30, S8 },
    { { "range", NPU_OP_RANGE, { { S32, 1, { 100 } },
      { S32, 1, { 100 }, false, true }, { S32, 1, { 100 }, false, true } } },
      200, 408, S32 },
    { { "one_hot", NPU_OP_ONE_HOT, { { F16, 1, { 100 } },
      { S32, 1, { 100 }, false, true }, { F16, 1, { 100 }, false, true },
      { F16, 1, { 100 }, false, true } } }, 100, 208, S32 },
    { { "add", NPU_OP_ADD, { { F16, 2, { 3, 5 } }, { F16, 2, { 3, 5 } },
      { F16, 2, { 3, 5 }, false, true } } }, 15, 62, F16 },
    { { "sum", NPU_OP_REDUCE_SUM, { { F32, 2, { 3, 1 } },
      { F32, 2, { 3, 50 } } }, 1 }, 150, 612, F32 },
    { { "argmax", NPU_OP_ARGMAX, { { S32, 2, { 3, 1 } },
      { F16, 2, { 3, 50 } } }, 1 }, 150, 312, F16 },
    { { "cumsum", NPU_OP_CUMSUM, { { F16, 2, { 3, 50 } },
      { F16, 2, { 3, 50 }, false, true } }, 1 }, 150, 302, F16 },
    { { "sort", NPU_OP_SORT, { { F16, 2, { 3, 50 } },
      { F16, 2, { 3, 50 } } }, 1 }, 1050, 600, F16 },
    { { "first few", NPU_OP_ARGSORT, { { S32, 2, { 3, 4 } },
      { F16, 2, { 3, 50 } } }, 1 }, 450, 348, F16 },
    { { "first", NPU_OP_ARGSORT, { { S32, 2, { 3, 1 } },
      { F16, 2, { 3, 50 } } }, 1 }, 150, 312, F16 },
    { { "matmul f32", NPU_OP_MATMUL, { { F32, 3, { 2, 3, 5 } },
      { F32, 3, { 2, 3, 7 } }, { F32, 3, { 2, 7, 5 } } } }, 420, 568, F32 },
    { { "matmul s8", NPU_OP_MATMUL, { { S32, 2, { 3, 5 } }, { S8, 2, { 3, 7 } },
      { S8, 2, { 7, 5 } } } }, 210, 116, S8 },
    { { "routed product of some experts", NPU_OP_MATMUL_ROUTED,
      { { F32, 3, { 3, 2, 5 } }, { F16, 3, { 3, 2, 7 } },
        { NPU_DTYPE_F8E4M3, 3, { 10, 5, 7 } }, { S32, 2, { 3, 2 } },
        { F32, 3, { 10, 1, 1 } } },
      .flags = NPU_INSN_TRANSPOSE_B | NPU_INSN_BLOCK_SCALE }, 420, 462, F16 },
    { { "routed product of all experts", NPU_OP_MATMUL_ROUTED,
      { { F32, 3, { 3, 2, 5 } }, { F16, 3, { 3, 2, 7 } },
        { F32, 3, { 4, 5, 7 } }, { S32, 2, { 3, 2 } } },
      .flags = NPU_INSN_TRANSPOSE_B }, 420, 788, F32 },
    { { "conv2d", NPU_OP_CONV2D, { { F16, 4, { 2, 6, 8, 8 } },
      { F16, 4, { 2, 4, 8, 8 } }, { F16, 4, { 6, 2, 3, 3 } },
      { F16, 1, { 6 } } }, 0, 3, 1, 1, 1 }, 27648, 2788, F16 },
    { { "maxpool2d", NPU_OP_MAXPOOL2D, { { S8, 4, { 1, 3, 4, 4 } },
      { S8, 4, { 1, 3, 8, 8 } } }, 0, 2, 2, 1, 0 }, 192, 240, S8 },
    { { "conv3d", NPU_OP_CONV3D, { { F16, 5, { 2, 6, 3, 4, 4 } },
      { F16, 5, { 2, 4, 3, 4, 4 } }, { F16, 5, { 6, 2, 3, 3, 3 } } },
      0, 3, 1, 1, 1 }, 62208, 2568, F16 },
    { { "conv_transpose2d", NPU_OP_CONV_TRANSPOSE2D,
      { { F32, 4, { 1, 6, 8, 8 } }, { F32, 4, { 1, 4, 4, 4 } },
        { F32, 4, { 4, 6, 2, 2 } } }, 0, 2, 2, 1, 0 }, 3072, 2176, F32 },
    { { "maxpool3d", NPU_OP_MAXPOOL3D, { { S8, 5, { 1, 3, 4, 4, 4 } },
      { S8, 5, { 1, 3, 8, 8, 8 } } }, 0, 2, 2, 1, 0 }, 1536, 1728, S8 },
    { { "lppool2d", NPU_OP_LPPOOL2D, { { F16, 4, { 1, 3, 4, 4 } },
      { F16, 4, { 1, 3, 8, 8 } } }, 0, 2, 2, 1, 0 }, 384, 480, F16 },
    { { "nearest", NPU_OP_RESIZE, { { F16, 2, { 3, 5 } },
      { F16, 2, { 4, 4 } } }, .resize = { 3, NPU_RESIZE_NEAREST } },
      0, 62, F16 },
    { { "cubic", NPU_OP_RESIZE, { { F32, 2, { 3, 5 } }, { F32, 2, { 4, 4 } } },
        .resize = { 3, NPU_RESIZE_CUBIC, .cubic = 0xbf400000 } },
      240, 124, F32 },
    { { "huge matmul", NPU_OP_MATMUL, { { S32, 2, { M(4), M(4) } },
      { S8, 2, { M(4), M(4) } }, { S8, 2, { M(4), M(4) } } } },
      UINT64_MAX, (1ull << 45) + (1ull << 46), S8 },
    { { "attention", NPU_OP_ATTENTION,
        { { F32, 4, { 2, 3, 4, 5 } }, { F16, 4, { 2, 3, 4, 7 } },
          { F16, 4, { 2, 10, 2, 7 } }, { F16, 4, { 2, 10, 2, 5 } } } },
      5760, 1776, F16 },
    { { "attention to q8_0", NPU_OP_ATTENTION,
        { { F32, 4, { 2, 3, 4, 32 } }, { F16, 4, { 2, 3, 4, 64 } },
          { Q8_0, 4, { 2, 10, 2, 64 } }, { Q8_0, 4, { 2, 10, 2, 32 } } } },
      46080, 10224, F16 },
    { { "causal attention to pages", NPU_OP_ATTENTION,
        { { F32, 3, { 3, 4, 5 } }, { F16, 3, { 3, 4, 7 } },
          { F16, 4, { 9, 5, 2, 7 } }, { F16, 4, { 9, 5, 2, 5 } },
          { S32, 2, { 2, 2 } }, { S32, 2, { 2, 2 } } },
        .flags = NPU_INSN_CAUSAL | NPU_INSN_TABLE | NPU_INSN_LENGTHS },
      1440, 2600, F16 },
    { { "layer_norm", NPU_OP_LAYER_NORM, { { F32, 2, { 3, 50 } },
        { F16, 2, { 3, 50 } }, { F32, 2, { 3, 50 }, false, true },
        { F16, 2, { 3, 50 } } }, 1,
        .flags = NPU_INSN_BIAS | NPU_INSN_RESIDUAL }, 1050, 1204, F16 },
    { { "rope", NPU_OP_ROPE, { { F32, 2, { 3, 50 } }, { F16, 2, { 3, 50 } },
        { S32, 2, { 3, 1 } }, { F32, 1, { 20 } } } }, 600, 992, F16 },
    /* The state is 2 * 4 * 5 * 8 elements, moves twice, and changes 3 times. */
    { { "ssm_scan", NPU_OP_SSM_SCAN,
        { { F16, 4, { 2, 3, 4, 5 } }, { F32, 4, { 2, 4, 5, 8 } },
          { F16, 4, { 2, 3, 4, 5 } }, { F32, 4, { 2, 3, 4, 1 } },
          { F32, 2, { 4, 8 }, false, true }, { F16, 4, { 2, 3, 1, 8 } },
          { F16, 4, { 2, 3, 1, 8 } } } }, 5760, 3332, F32 },
    { { "stall", NPU_OP_STALL }, 0, 0, F32 },
};
/* clang-format on */

static void test_cost(void **state)
{
    const struct charge *charge = *state;
    struct runner runner = work_new(&charge->work);
    struct npu_cost cost;

    npu_run_cost(runner.run, 0, &cost);
    assert_int_equal(cost.operations, charge->operations);
    assert_int_equal(cost.bytes, charge->bytes);
    assert_int_equal(cost.dtype, charge->dtype);
    runner_free(&runner);
}

int main(void)
{
    struct suite suite = { 0 };

#define ADD(test, table, text, name)                                     \
    for (unsigned i = 0; i < sizeof(table) / sizeof(*table); i++) {      \
        suite_add(&suite, test, (void *)&table[i], text, table[i].name); \
    }
    ADD(test_huge, huge, "bounded tiles: %s", name)
    suite_add(&suite, test_arena, NULL, "scratch memory is kept");
    ADD(test_shared, large, "a tile for every die: %s", name)
    ADD(test_small, small, "one tile is enough: %s", name)
    ADD(test_cost, charges, "cost: %s", work.name)
#undef ADD
    return suite_run(&suite, "tiles");
}
