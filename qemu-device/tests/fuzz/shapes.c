/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Good instructions of every kind, by chance. */
#include <string.h>

#include "shapes.h"

#define ELEMENTS 400 /* of a tensor, so that it fits in its slot */
#define LONG 700     /* of one with a single dimension: several rows */

struct shaper {
    struct draft *draft;
    struct random *random;
    struct npu_insn insn;
    uint8_t dtype[3]; /* of the operands */
    bool failed;      /* there is no room */
};

struct shape {
    unsigned rank;
    uint64_t extent[NPU_MAX_RANK];
};

typedef void make(struct shaper *shaper);

static make fill, copy, gather, pad, triangle, range, one_hot, elements, nd,
    stall, unary, binary, compare, where, ternary, softmax, reduce, argmax,
    cumsum, sort, matmul, routed, conv, pool, norm, group_norm, batch_norm,
    softmax_ext, rope, resize, attention;
static make scatter, scatter_elements, scatter_nd;
static make ssm_scan, rwkv_wkv, delta_net;

/* Element types that operands may have, a bit each. */
#define SET(dtype) (1u << (NPU_DTYPE_##dtype))
#define SET_F (SET(F32) | SET(F16) | SET(BF16))
#define SET_T (SET_F | SET(S32))
#define SET_E (SET_T | SET(S64))
#define SET_POOL (SET_T | SET(S8) | SET(U8))
#define SET_INTEGERS (SET(S8) | SET(U8) | SET(S32) | SET(S64))
#define SET_ANY (SET_POOL | SET(S64) | SET(F8E4M3) | SET(F8E5M2) | SET(BOOL))

/* clang-format off */
static const struct kind {
    uint16_t opcode;
    uint32_t types;
    make *make;
} kinds[] = {
    { NPU_OP_STALL, 0, stall },
    { NPU_OP_FILL, SET_ANY, fill },
    { NPU_OP_COPY, SET_ANY, copy },
    { NPU_OP_GATHER, SET_ANY, gather },
    { NPU_OP_PAD, SET_ANY, pad },
    { NPU_OP_TRIANGLE, SET_ANY, triangle },
    { NPU_OP_RANGE, SET_E, range },
    { NPU_OP_ONE_HOT, SET_ANY, one_hot },
    { NPU_OP_GATHER_ELEMENTS, SET_ANY, elements },
    { NPU_OP_GATHER_ND, SET_ANY, nd },
    { NPU_OP_SCATTER, SET_ANY, scatter },
    { NPU_OP_SCATTER_ELEMENTS, SET_ANY, scatter_elements },
    { NPU_OP_SCATTER_ND, SET_ANY, scatter_nd },
    { NPU_OP_ADD, SET_E, binary },
    { NPU_OP_SUB, SET_E, binary },
    { NPU_OP_MUL, SET_E, binary },
    { NPU_OP_DIV, SET_E, binary },
    { NPU_OP_MIN, SET_E, binary },
    { NPU_OP_MAX, SET_E, binary },
    { NPU_OP_NEG, SET_E, unary },
    { NPU_OP_ABS, SET_E, unary },
    { NPU_OP_RELU, SET_E, unary },
    { NPU_OP_EXP, SET_F, unary },
    { NPU_OP_LOG, SET_F, unary },
    { NPU_OP_SQRT, SET_F, unary },
    { NPU_OP_RSQRT, SET_F, unary },
    { NPU_OP_TANH, SET_F, unary },
    { NPU_OP_SIGMOID, SET_F, unary },
    { NPU_OP_GELU, SET_F, unary },
    { NPU_OP_GELU_TANH, SET_F, unary },
    { NPU_OP_SILU, SET_F, unary },
    { NPU_OP_EQ, SET_E | SET(S8) | SET(U8) | SET(BOOL), compare },
    { NPU_OP_NE, SET_E | SET(S8) | SET(U8) | SET(BOOL), compare },
    { NPU_OP_LT, SET_E | SET(S8) | SET(U8) | SET(BOOL), compare },
    { NPU_OP_LE, SET_E | SET(S8) | SET(U8) | SET(BOOL), compare },
    { NPU_OP_GT, SET_E | SET(S8) | SET(U8) | SET(BOOL), compare },
    { NPU_OP_GE, SET_E | SET(S8) | SET(U8) | SET(BOOL), compare },
    { NPU_OP_AND, SET_INTEGERS | SET(BOOL), binary },
    { NPU_OP_OR, SET_INTEGERS | SET(BOOL), binary },
    { NPU_OP_XOR, SET_INTEGERS | SET(BOOL), binary },
    { NPU_OP_SHL, SET(S32) | SET(S64), binary },
    { NPU_OP_SHR, SET(S32) | SET(S64), binary },
    { NPU_OP_REM, SET_E, binary },
    { NPU_OP_MOD, SET_E, binary },
    { NPU_OP_FLOOR_DIV, SET_E, binary },
    { NPU_OP_POW, SET_F, binary },
    { NPU_OP_ATAN2, SET_F, binary },
    { NPU_OP_SWIGLU, SET_F, binary },
    { NPU_OP_GEGLU, SET_F, binary },
    { NPU_OP_GEGLU_TANH, SET_F, binary },
    { NPU_OP_REGLU, SET_F, binary },
    { NPU_OP_GLU, SET_F, binary },
    { NPU_OP_PRELU, SET_F, binary },
    { NPU_OP_ELU, SET_F, binary },
    { NPU_OP_SIGN, SET_E, unary },
    { NPU_OP_RECIPROCAL, SET_F, unary },
    { NPU_OP_FLOOR, SET_F, unary },
    { NPU_OP_CEIL, SET_F, unary },
    { NPU_OP_ROUND, SET_F, unary },
    { NPU_OP_TRUNC, SET_F, unary },
    { NPU_OP_EXP2, SET_F, unary },
    { NPU_OP_EXPM1, SET_F, unary },
    { NPU_OP_LOG1P, SET_F, unary },
    { NPU_OP_LOG2, SET_F, unary },
    { NPU_OP_ERF, SET_F, unary },
    { NPU_OP_SIN, SET_F, unary },
    { NPU_OP_COS, SET_F, unary },
    { NPU_OP_TAN, SET_F, unary },
    { NPU_OP_ASIN, SET_F, unary },
    { NPU_OP_ACOS, SET_F, unary },
    { NPU_OP_ATAN, SET_F, unary },
    { NPU_OP_SINH, SET_F, unary },
    { NPU_OP_COSH, SET_F, unary },
    { NPU_OP_ASINH, SET_F, unary },
    { NPU_OP_ACOSH, SET_F, unary },
    { NPU_OP_ATANH, SET_F, unary },
    { NPU_OP_GELU_QUICK, SET_F, unary },
    { NPU_OP_SOFTPLUS, SET_F, unary },
    { NPU_OP_SOFTSIGN, SET_F, unary },
    { NPU_OP_MISH, SET_F, unary },
    { NPU_OP_RELU6, SET_F, unary },
    { NPU_OP_HARD_SIGMOID, SET_F, unary },
    { NPU_OP_HARD_SWISH, SET_F, unary },
    { NPU_OP_SELU, SET_F, unary },
    { NPU_OP_BIT_NOT, SET_INTEGERS, unary },
    { NPU_OP_NOT, SET(BOOL), unary },
    { NPU_OP_IS_NAN, SET_F, compare },
    { NPU_OP_IS_INF, SET_F, compare },
    { NPU_OP_WHERE, SET_ANY, where },
    { NPU_OP_CLAMP, SET_E, ternary },
    { NPU_OP_MULADD, SET_E, ternary },
    { NPU_OP_SOFTMAX, SET_F, softmax },
    { NPU_OP_REDUCE_SUM, SET_T, reduce },
    { NPU_OP_REDUCE_MEAN, SET_F, reduce },
    { NPU_OP_REDUCE_MAX, SET_T, reduce },
    { NPU_OP_ARGMAX, SET_T, argmax },
    { NPU_OP_REDUCE_MIN, SET_T, reduce },
    { NPU_OP_REDUCE_PROD, SET_T, reduce },
    { NPU_OP_REDUCE_L1, SET_F, reduce },
    { NPU_OP_REDUCE_L2, SET_F, reduce },
    { NPU_OP_REDUCE_SUM_SQUARE, SET_T, reduce },
    { NPU_OP_REDUCE_LOG_SUM, SET_F, reduce },
    { NPU_OP_REDUCE_LOG_SUM_EXP, SET_F, reduce },
    { NPU_OP_REDUCE_ANY, SET(BOOL), reduce },
    { NPU_OP_REDUCE_ALL, SET(BOOL), reduce },
    { NPU_OP_ARGMIN, SET_T, argmax },
    { NPU_OP_CUMSUM, SET_T, cumsum },
    { NPU_OP_SORT, SET_POOL | SET(S64), sort },
    { NPU_OP_ARGSORT, SET_POOL | SET(S64), sort },
    { NPU_OP_MATMUL, SET_F | SET(S8), matmul },
    { NPU_OP_MATMUL_ROUTED, SET_F, routed },
    { NPU_OP_CONV3D, SET_F, conv },
    { NPU_OP_CONV_TRANSPOSE2D, SET_F, conv },
    { NPU_OP_CONV2D, SET_F, conv },
    { NPU_OP_MAXPOOL2D, SET_POOL, pool },
    { NPU_OP_AVGPOOL2D, SET_F, pool },
    { NPU_OP_MAXPOOL3D, SET_POOL, pool },
    { NPU_OP_AVGPOOL3D, SET_F, pool },
    { NPU_OP_LPPOOL2D, SET_F, pool },
    { NPU_OP_RMS_NORM, SET_F, norm },
    { NPU_OP_LAYER_NORM, SET_F, norm },
    { NPU_OP_GROUP_NORM, SET_F, group_norm },
    { NPU_OP_BATCH_NORM, SET_F, batch_norm },
    { NPU_OP_LOG_SOFTMAX, SET_F, softmax },
    { NPU_OP_SOFTMAX_EXT, SET_F, softmax_ext },
    { NPU_OP_ROPE, SET_F, rope },
    { NPU_OP_RESIZE, SET_F, resize },
    { NPU_OP_ATTENTION, SET_F, attention },
    { NPU_OP_SSM_SCAN, SET_F, ssm_scan },
    { NPU_OP_RWKV_WKV, SET_F, rwkv_wkv },
    { NPU_OP_DELTA_NET, SET_F, delta_net },
};
/* clang-format on */

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

uint64_t random_next(struct random *random)
{
    uint64_t z = random->state += 0x9e3779b97f4a7c15ull;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

uint32_t random_below(struct random *random, uint32_t n)
{
    return random_next(random) % n;
}

static bool one_in(struct shaper *shaper, unsigned n)
{
    return random_below(shaper->random, n) == 0;
}

/* From low to high, both included */
static uint32_t between(struct shaper *shaper, uint32_t low, uint32_t high)
{
    return low + random_below(shaper->random, high - low + 1);
}

static uint8_t pick_type(struct shaper *shaper, unsigned set)
{
    uint8_t dtype;

    do {
        dtype = between(shaper, NPU_DTYPE_F32, NPU_DTYPE_BOOL);
    } while (!(set >> dtype & 1));
    return dtype;
}

/* Bytes and elements of a block; NULL: the type has none. */
static const unsigned *block_of(unsigned dtype)
{
    static const unsigned blocks[][2] = {
        [NPU_DTYPE_S4] = { 1, 2 },       [NPU_DTYPE_Q8_0] = { 34, 32 },
        [NPU_DTYPE_Q4_0] = { 18, 32 },   [NPU_DTYPE_Q4_K] = { 144, 256 },
        [NPU_DTYPE_Q6_K] = { 210, 256 }, [NPU_DTYPE_MXFP4] = { 17, 32 },
    };

    return dtype < NPU_DTYPE_S4 ? NULL : blocks[dtype];
}

static unsigned size_of(unsigned dtype)
{
    static const uint8_t size[] = {
        [NPU_DTYPE_F32] = 4,    [NPU_DTYPE_F16] = 2,    [NPU_DTYPE_BF16] = 2,
        [NPU_DTYPE_F8E4M3] = 1, [NPU_DTYPE_F8E5M2] = 1, [NPU_DTYPE_S8] = 1,
        [NPU_DTYPE_U8] = 1,     [NPU_DTYPE_S32] = 4,    [NPU_DTYPE_S64] = 8,
        [NPU_DTYPE_BOOL] = 1,
    };

    return size[dtype];
}

static struct shape any_shape(struct shaper *shaper, unsigned low)
{
    struct shape shape = { .rank = between(shaper, low, NPU_MAX_RANK) };
    uint64_t left = ELEMENTS;
    unsigned dim;

    if (low == 1 && one_in(shaper, 4)) {
        shape.rank = 1;
        shape.extent[0] = between(shaper, 1, LONG);
        return shape;
    }
    for (dim = 0; dim < shape.rank; dim++) {
        uint64_t most = left < 20 ? left : 20;

        shape.extent[dim] = one_in(shaper, 3) ?
                                between(shaper, 1, most) :
                                between(shaper, 1, most < 3 ? most : 3);
        left /= shape.extent[dim];
    }
    return shape;
}

/* ---- Tensors ------------------------------------------------------------- */

/* An order of the dimensions in memory: as they come, or two of them swapped. */
static void order_dims(struct shaper *shaper, unsigned rank, unsigned *order)
{
    unsigned a = random_below(shaper->random, rank);
    unsigned b = random_below(shaper->random, rank), dim;

    for (dim = 0; dim < rank; dim++) {
        order[dim] = dim;
    }
    if (one_in(shaper, 3)) {
        order[a] = b;
        order[b] = a;
    }
}

static void lay_out_blocks(struct npu_tensor *tensor, const unsigned *block)
{
    int64_t stride = block[0];
    unsigned dim = tensor->rank - 1;

    tensor->stride[dim] = stride;
    stride *= tensor->extent[dim] / block[1];
    while (dim-- > 0) {
        tensor->stride[dim] = stride;
        stride *= tensor->extent[dim];
    }
}

static void lay_out(struct shaper *shaper, struct npu_tensor *tensor,
                    bool source)
{
    unsigned order[NPU_MAX_RANK], i;
    int64_t stride;

    if (block_of(tensor->dtype)) {
        return lay_out_blocks(tensor, block_of(tensor->dtype));
    }
    stride = size_of(tensor->dtype);

    order_dims(shaper, tensor->rank, order);
    for (i = tensor->rank; i-- > 0;) {
        unsigned dim = order[i];

        if (source && one_in(shaper, 12)) {
            tensor->stride[dim] = 0;
            continue;
        }
        tensor->stride[dim] = stride;
        stride *= tensor->extent[dim] + (one_in(shaper, 8) && stride < 256);
        if (one_in(shaper, 8)) {
            tensor->offset += tensor->stride[dim] * (tensor->extent[dim] - 1);
            tensor->stride[dim] = -tensor->stride[dim];
        }
    }
}

/* The next operand, which is written, or may repeat itself. */
static void place(struct shaper *shaper, unsigned dtype,
                  const struct shape *shape, bool written)
{
    struct npu_program_header *header = &shaper->draft->header;
    struct npu_tensor *tensor = &shaper->draft->tensor[header->tensor_count];
    unsigned at = 0;

    if (header->tensor_count == DRAFT_TENSORS ||
        header->base_count == DRAFT_TENSORS) {
        shaper->failed = true;
        return;
    }
    while (shaper->insn.operand[at] != NPU_NONE) {
        at++;
    }
    memset(tensor, 0, sizeof(*tensor));
    tensor->base = header->base_count;
    tensor->dtype = dtype;
    tensor->rank = shape->rank;
    memcpy(tensor->extent, shape->extent, sizeof(tensor->extent));
    lay_out(shaper, tensor, !written);
    shaper->draft->base[header->base_count++] = MEM_BASE +
                                                header->tensor_count * MEM_SLOT;
    shaper->insn.operand[at] = header->tensor_count++;
}

static void operand(struct shaper *shaper, unsigned dtype,
                    const struct shape *shape)
{
    place(shaper, dtype, shape, shaper->insn.operand[0] == NPU_NONE);
}

/* In the instruction, or in a slot of the arguments. */
static void scalar(struct shaper *shaper, uint32_t value)
{
    struct npu_program_header *header = &shaper->draft->header;

    if (header->scalar_count < DRAFT_SCALARS && one_in(shaper, 2)) {
        shaper->draft->scalar[header->scalar_count] = value;
        shaper->insn.scalar = header->scalar_count++;
    } else {
        shaper->insn.imm = value;
    }
}

/* ---- Instructions -------------------------------------------------------- */

static void stall(struct shaper *shaper)
{
    scalar(shaper, between(shaper, 0, 2));
}

static void fill(struct shaper *shaper)
{
    struct shape shape = any_shape(shaper, 1);

    operand(shaper, shaper->dtype[0], &shape);
    scalar(shaper, random_next(shaper->random));
}

static const uint8_t block_types[] = {
    NPU_DTYPE_S4,   NPU_DTYPE_Q8_0, NPU_DTYPE_Q4_0,
    NPU_DTYPE_Q4_K, NPU_DTYPE_Q6_K, NPU_DTYPE_MXFP4,
};

static uint8_t pick_blocks(struct shaper *shaper)
{
    return block_types[random_below(shaper->random, sizeof(block_types))];
}

/* Rows of some blocks */
static struct shape blocks_shape(struct shaper *shaper, uint8_t dtype)
{
    uint64_t elements = block_of(dtype)[1];

    return (struct shape){ 2,
                           { between(shaper, 1, 5),
                             elements * between(shaper, 1, 256 / elements) } };
}

static void unpack(struct shaper *shaper)
{
    uint8_t dtype = pick_blocks(shaper);
    struct shape shape = blocks_shape(shaper, dtype);

    operand(shaper, pick_type(shaper, SET_F), &shape);
    operand(shaper, dtype, &shape);
}

static void pack(struct shaper *shaper)
{
    static const uint8_t packed[] = {
        NPU_DTYPE_S4,
        NPU_DTYPE_Q8_0,
        NPU_DTYPE_Q4_0,
        NPU_DTYPE_MXFP4,
    };
    uint8_t dtype = packed[random_below(shaper->random, sizeof(packed))];
    struct shape shape = blocks_shape(shaper, dtype);

    operand(shaper, dtype, &shape);
    operand(shaper, pick_type(shaper, SET_F), &shape);
}

static void copy(struct shaper *shaper)
{
    struct shape shape = any_shape(shaper, 1);

    if (one_in(shaper, 3)) {
        return (one_in(shaper, 2) ? pack : unpack)(shaper);
    }

    operand(shaper, shaper->dtype[0], &shape);
    operand(shaper, shaper->dtype[1], &shape);
}

static void unary(struct shaper *shaper)
{
    struct shape shape = any_shape(shaper, 1);

    operand(shaper, shaper->dtype[0], &shape);
    operand(shaper, shaper->dtype[0], &shape);
}

static void binary(struct shaper *shaper)
{
    struct shape shape = any_shape(shaper, 1);
    unsigned i;

    for (i = 0; i < 3; i++) {
        operand(shaper, shaper->dtype[0], &shape);
    }
}

/* One or two sources of a type, and an answer. */
static void compare(struct shaper *shaper)
{
    bool one = shaper->insn.opcode == NPU_OP_IS_NAN ||
               shaper->insn.opcode == NPU_OP_IS_INF;
    struct shape shape = any_shape(shaper, 1);

    operand(shaper, NPU_DTYPE_BOOL, &shape);
    operand(shaper, shaper->dtype[0], &shape);
    if (!one) {
        operand(shaper, shaper->dtype[0], &shape);
    }
}

static void where(struct shaper *shaper)
{
    struct shape shape = any_shape(shaper, 1);

    operand(shaper, shaper->dtype[0], &shape);
    operand(shaper, NPU_DTYPE_BOOL, &shape);
    operand(shaper, shaper->dtype[0], &shape);
    operand(shaper, shaper->dtype[0], &shape);
}

static void ternary(struct shaper *shaper)
{
    struct shape shape = any_shape(shaper, 1);
    unsigned i;

    for (i = 0; i < 4; i++) {
        operand(shaper, shaper->dtype[0], &shape);
    }
}

static void gather(struct shaper *shaper)
{
    bool blocks = one_in(shaper, 3);
    uint8_t to = blocks ? pick_type(shaper, SET_F) : shaper->dtype[0];
    uint8_t from = blocks ? pick_blocks(shaper) : to;
    struct shape d = blocks ? blocks_shape(shaper, from) : any_shape(shaper, 1);
    struct shape a = d, index = { .rank = 1, .extent = { d.extent[0] } };

    a.extent[0] = between(shaper, 1, 20);
    operand(shaper, to, &d);
    operand(shaper, from, &a);
    operand(shaper, one_in(shaper, 2) ? NPU_DTYPE_S32 : NPU_DTYPE_S64, &index);
}

static void pad(struct shaper *shaper)
{
    struct npu_insn_pad *padding = &shaper->insn.padding;
    struct shape d = any_shape(shaper, 1), a = d;

    padding->mode = between(shaper, NPU_PAD_CONSTANT, NPU_PAD_WRAP);
    for (unsigned dim = 0; dim < d.rank; dim++) {
        a.extent[dim] = between(shaper, 1, d.extent[dim]);
        padding->before[dim] = between(shaper, 0,
                                       d.extent[dim] - a.extent[dim]);
    }
    operand(shaper, shaper->dtype[0], &d);
    operand(shaper, shaper->dtype[0], &a);
    if (padding->mode == NPU_PAD_CONSTANT) {
        scalar(shaper, random_next(shaper->random));
    }
}

static void triangle(struct shaper *shaper)
{
    struct shape shape = any_shape(shaper, 2);

    shaper->insn.flags = one_in(shaper, 2) ? NPU_INSN_LOWER : 0;
    operand(shaper, shaper->dtype[0], &shape);
    operand(shaper, shaper->dtype[0], &shape);
    scalar(shaper, between(shaper, 0, 20) - 10);
}

static void range(struct shaper *shaper)
{
    struct shape shape = any_shape(shaper, 1);

    shaper->insn.axis.axis = random_below(shaper->random, shape.rank);
    for (unsigned i = 0; i < 3; i++) {
        operand(shaper, shaper->dtype[0], &shape);
    }
}

/* Indices, s32 or s64 */
static uint8_t index_type(struct shaper *shaper)
{
    return one_in(shaper, 2) ? NPU_DTYPE_S32 : NPU_DTYPE_S64;
}

static void one_hot(struct shaper *shaper)
{
    struct shape shape = any_shape(shaper, 1);

    shaper->insn.axis.axis = random_below(shaper->random, shape.rank);
    operand(shaper, shaper->dtype[0], &shape);
    operand(shaper, index_type(shaper), &shape);
    operand(shaper, shaper->dtype[0], &shape);
    operand(shaper, shaper->dtype[0], &shape);
}

/* d and b, and a that is as large or larger */
static void elements(struct shaper *shaper)
{
    struct shape d = any_shape(shaper, 1), a = d;
    unsigned axis = random_below(shaper->random, d.rank);

    shaper->insn.axis.axis = axis;
    a.extent[random_below(shaper->random, d.rank)]++;
    a.extent[axis] = between(shaper, 1, d.extent[axis] + 1);
    operand(shaper, shaper->dtype[0], &d);
    operand(shaper, shaper->dtype[0], &a);
    operand(shaper, index_type(shaper), &d);
}

/* What a scatter does; what adds up takes fewer types. */
static void scatter_mode(struct shaper *shaper)
{
    shaper->insn.scatter.mode = between(shaper, NPU_SCATTER_SET,
                                        NPU_SCATTER_MAX);
    if (shaper->insn.scatter.mode != NPU_SCATTER_SET) {
        shaper->dtype[0] = pick_type(shaper, SET_E);
    }
}

static void scatter(struct shaper *shaper)
{
    struct shape d = any_shape(shaper, 1), a = d;
    struct shape index = { .rank = 1 };

    scatter_mode(shaper);
    d.extent[0] = between(shaper, 1, 9);
    index.extent[0] = a.extent[0];
    operand(shaper, shaper->dtype[0], &d);
    operand(shaper, shaper->dtype[0], &a);
    operand(shaper, index_type(shaper), &index);
}

static void scatter_elements(struct shaper *shaper)
{
    struct shape d = any_shape(shaper, 1), a = d;
    unsigned axis = random_below(shaper->random, d.rank);

    scatter_mode(shaper);
    shaper->insn.scatter.axis = axis;
    d.extent[axis] = between(shaper, 1, d.extent[axis] + 1);
    a.extent[0] = axis ? between(shaper, 1, a.extent[0]) : a.extent[0];
    operand(shaper, shaper->dtype[0], &d);
    operand(shaper, shaper->dtype[0], &a);
    operand(shaper, index_type(shaper), &a);
}

/* Places, one or two dimensions that are named, and a row. */
static void nd_shapes(struct shaper *shaper, struct shape *near,
                      struct shape *far, struct shape *index)
{
    unsigned count = between(shaper, 1, 2), places = between(shaper, 1, 2);
    struct shape any = any_shape(shaper, 3);

    *near = (struct shape){ .rank = places + 1 };
    for (unsigned dim = 0; dim < near->rank; dim++) {
        near->extent[dim] = any.extent[dim];
    }
    *index = *near;
    index->extent[places] = count;
    *far = (struct shape){ .rank = count + 1 };
    for (unsigned dim = 0; dim < count; dim++) {
        far->extent[dim] = between(shaper, 1, 4);
    }
    far->extent[count] = near->extent[places];
}

static void nd(struct shaper *shaper)
{
    struct shape d, a, index;

    nd_shapes(shaper, &d, &a, &index);
    operand(shaper, shaper->dtype[0], &d);
    operand(shaper, shaper->dtype[0], &a);
    operand(shaper, index_type(shaper), &index);
}

static void scatter_nd(struct shaper *shaper)
{
    struct shape d, a, index;

    scatter_mode(shaper);
    nd_shapes(shaper, &a, &d, &index);
    operand(shaper, shaper->dtype[0], &d);
    operand(shaper, shaper->dtype[0], &a);
    operand(shaper, index_type(shaper), &index);
}

static void softmax(struct shaper *shaper)
{
    struct shape shape = any_shape(shaper, 1);

    shaper->insn.axis.axis = random_below(shaper->random, shape.rank);
    operand(shaper, shaper->dtype[0], &shape);
    operand(shaper, shaper->dtype[0], &shape);
}

static void reduce_as(struct shaper *shaper, unsigned result)
{
    struct shape a = any_shape(shaper, 1), d = a;
    unsigned axis = random_below(shaper->random, a.rank);

    shaper->insn.axis.axis = axis;
    d.extent[axis] = 1;
    operand(shaper, result, &d);
    operand(shaper, shaper->dtype[0], &a);
}

static void reduce(struct shaper *shaper)
{
    reduce_as(shaper, shaper->dtype[0]);
}

static void argmax(struct shaper *shaper)
{
    shaper->insn.flags = one_in(shaper, 3) ? NPU_INSN_LAST : 0;
    reduce_as(shaper, one_in(shaper, 3) ? NPU_DTYPE_S64 : NPU_DTYPE_S32);
}

static void cumsum(struct shaper *shaper)
{
    shaper->insn.flags = one_in(shaper, 2) ? NPU_INSN_EXCLUSIVE : 0;
    shaper->insn.flags |= one_in(shaper, 2) ? NPU_INSN_REVERSE : 0;
    softmax(shaper);
}

static void sort(struct shaper *shaper)
{
    struct shape a = any_shape(shaper, 1), d = a;
    unsigned axis = random_below(shaper->random, a.rank);
    uint8_t result = shaper->dtype[0];

    if (shaper->insn.opcode == NPU_OP_ARGSORT) {
        result = one_in(shaper, 3) ? NPU_DTYPE_S64 : NPU_DTYPE_S32;
    }
    if (one_in(shaper, 2)) {
        d.extent[axis] = between(shaper, 1, a.extent[axis]);
    }
    shaper->insn.axis.axis = axis;
    shaper->insn.flags = one_in(shaper, 2) ? NPU_INSN_DESCENDING : 0;
    operand(shaper, result, &d);
    operand(shaper, shaper->dtype[0], &a);
}

/* What a flag announces, behind b. */
static void extra(struct shaper *shaper, uint32_t flag, unsigned dtype,
                  const struct shape *shape)
{
    if (one_in(shaper, 2)) {
        shaper->insn.flags |= flag;
        operand(shaper, dtype, shape);
    }
}

static bool is_fp8(uint8_t dtype)
{
    return dtype == NPU_DTYPE_F8E4M3 || dtype == NPU_DTYPE_F8E5M2;
}

static uint8_t weight_type(struct shaper *shaper)
{
    return one_in(shaper, 3) ?
               pick_type(shaper, SET(F16) | SET(F8E4M3) | SET(F8E5M2)) :
               pick_blocks(shaper);
}

/* Weights of some type, upright, and what follows the sums. */
static void weights(struct shaper *shaper)
{
    uint8_t weight = weight_type(shaper);
    struct shape d = { 2, { between(shaper, 1, 6), between(shaper, 1, 6) } };
    uint64_t k = 256 * between(shaper, 1, 2);
    struct shape a = { 2, { d.extent[0], k } }, b = { 2, { d.extent[1], k } };
    struct shape scale = { 2, { 1, k / 128 } };

    shaper->insn.flags = NPU_INSN_TRANSPOSE_B;
    operand(shaper, pick_type(shaper, SET_F), &d);
    operand(shaper, pick_type(shaper, SET(F16) | SET(BF16)), &a);
    operand(shaper, weight, &b);
    extra(shaper, NPU_INSN_BIAS, NPU_DTYPE_F32, &d);
    extra(shaper, NPU_INSN_RESIDUAL, NPU_DTYPE_F16, &d);
    extra(shaper, NPU_INSN_SCALE, NPU_DTYPE_F32, &d);
    if (is_fp8(weight)) {
        extra(shaper, NPU_INSN_BLOCK_SCALE, NPU_DTYPE_F32, &scale);
    }
    if (one_in(shaper, 2)) {
        shaper->insn.matmul.activation = NPU_OP_SILU;
    }
}

static void routed(struct shaper *shaper)
{
    uint8_t weight = weight_type(shaper);
    uint64_t rows = between(shaper, 1, 3), slots = between(shaper, 1, 3);
    uint64_t experts = between(shaper, 1, 4), n = between(shaper, 1, 3);
    const uint64_t k = 256;
    struct shape d = { 3, { rows, slots, n } }, a = { 3, { rows, slots, k } };
    struct shape b = { 3, { experts, n, k } }, c = { 2, { rows, slots } };
    struct shape scale = { 3, { experts, 1, k / 128 } };

    shaper->insn.flags = NPU_INSN_TRANSPOSE_B;
    operand(shaper, shaper->dtype[0], &d);
    operand(shaper, pick_type(shaper, SET(F16) | SET(BF16)), &a);
    operand(shaper, weight, &b);
    operand(shaper, NPU_DTYPE_S32, &c);
    if (is_fp8(weight)) {
        extra(shaper, NPU_INSN_BLOCK_SCALE, NPU_DTYPE_F32, &scale);
    }
    if (one_in(shaper, 2)) {
        shaper->insn.matmul.activation = NPU_OP_SILU;
    }
}

static void integers(struct shaper *shaper)
{
    uint8_t type = pick_type(shaper, SET(S8) | SET(U8));
    uint64_t m = between(shaper, 1, 9), n = between(shaper, 1, 9);
    uint64_t k = between(shaper, 1, 30);
    struct shape d = { 2, { m, n } }, a = { 2, { m, k } }, b = { 2, { k, n } };
    struct shape rows = { 2, { m, 1 } }, columns = { 2, { 1, n } };

    operand(shaper, NPU_DTYPE_S32, &d);
    operand(shaper, type, &a);
    operand(shaper, type, &b);
    extra(shaper, NPU_INSN_ZERO_A, type, &rows);
    extra(shaper, NPU_INSN_ZERO_B, type, &columns);
}

static void matmul(struct shaper *shaper)
{
    struct shape d = any_shape(shaper, 2), a = d, b = d;
    unsigned m = d.rank - 2, n = d.rank - 1;
    uint8_t source = shaper->dtype[0];
    uint8_t result = source == NPU_DTYPE_S8 ? NPU_DTYPE_S32 : source;
    uint64_t k = between(shaper, 1, 9);

    if (one_in(shaper, 3)) {
        return (one_in(shaper, 3) ? integers : weights)(shaper);
    }
    if (source != NPU_DTYPE_F32 && one_in(shaper, 2)) {
        result = NPU_DTYPE_F32;
    }
    a.extent[n] = k;
    b.extent[m] = k;
    operand(shaper, result, &d);
    operand(shaper, source, &a);
    operand(shaper, source, &b);
    if (source == NPU_DTYPE_S8 && result == NPU_DTYPE_F32) {
        scalar(shaper, 0x3f000000);
    }
}

/* A window over an input extent; returns the extent of the output. */
static uint64_t window(struct shaper *shaper, unsigned dim, uint64_t in,
                       bool pooling)
{
    struct npu_insn_window *w = &shaper->insn.window;
    uint64_t padded, span;

    do {
        w->kernel[dim] = between(shaper, 1, 3);
        w->stride[dim] = between(shaper, 1, 3);
        w->dilation[dim] = one_in(shaper, 3) ? 2 : 1;
        w->pad_begin[dim] = random_below(shaper->random,
                                         pooling ? w->kernel[dim] : 3);
        w->pad_end[dim] = random_below(shaper->random,
                                       pooling ? w->kernel[dim] : 3);
        padded = in + w->pad_begin[dim] + w->pad_end[dim];
        span = w->dilation[dim] * (w->kernel[dim] - 1u) + 1;
    } while (padded < span || (pooling && in < span));
    return (padded - span) / w->stride[dim] + 1;
}

static void windows(struct shaper *shaper, const struct shape *a,
                    struct shape *d, bool pooling)
{
    struct npu_insn_window *w = &shaper->insn.window;

    w->kernel[2] = w->stride[2] = w->dilation[2] = 1;
    for (unsigned dim = 2; dim < a->rank; dim++) {
        d->extent[dim] = window(shaper, dim - 2, a->extent[dim], pooling);
    }
}

/* Windows of a transposed convolution, and all that they reach of d. */
static void transposed(struct shaper *shaper, const struct shape *a,
                       struct shape *d)
{
    struct npu_insn_window *w = &shaper->insn.window;

    w->kernel[2] = w->stride[2] = w->dilation[2] = 1;
    for (unsigned i = 0; i < 2; i++) {
        unsigned most;

        w->kernel[i] = between(shaper, 1, 3);
        w->stride[i] = between(shaper, 1, 3);
        w->dilation[i] = between(shaper, 1, 2);
        most = w->stride[i] * (a->extent[2 + i] - 1) +
               w->dilation[i] * (w->kernel[i] - 1);
        w->pad_begin[i] = between(shaper, 0, most < 2 ? most : 2);
        d->extent[2 + i] = most + 1 - w->pad_begin[i];
    }
}

static void conv(struct shaper *shaper)
{
    bool deep = shaper->insn.opcode == NPU_OP_CONV3D;
    bool back = shaper->insn.opcode == NPU_OP_CONV_TRANSPOSE2D;
    unsigned groups = between(shaper, 1, 2), inputs = between(shaper, 1, 3);
    unsigned outputs = between(shaper, 1, deep || back ? 3 : 5);
    unsigned most = deep ? 3 : back ? 4 : 7, rank = deep ? 5 : 4;
    struct shape a = { rank, { between(shaper, 1, 2), groups * inputs } };
    struct shape d = { rank, { a.extent[0], groups * outputs } };
    struct shape b = { rank, { groups * outputs, inputs } };
    struct shape c = { 1, { groups * outputs } };

    if (back) {
        b.extent[0] = groups * inputs;
        b.extent[1] = outputs;
    }
    for (unsigned dim = 2; dim < rank; dim++) {
        a.extent[dim] = between(shaper, 1, most);
    }
    if (back) {
        transposed(shaper, &a, &d);
    } else {
        windows(shaper, &a, &d, false);
    }
    for (unsigned dim = 2; dim < rank; dim++) {
        b.extent[dim] = shaper->insn.window.kernel[dim - 2];
    }
    operand(shaper, shaper->dtype[0], &d);
    operand(shaper, shaper->dtype[0], &a);
    operand(shaper, shaper->dtype[0], &b);
    if (one_in(shaper, 2)) {
        operand(shaper, shaper->dtype[0], &c);
    }
}

static bool is_deep(const struct shaper *shaper)
{
    return shaper->insn.opcode == NPU_OP_MAXPOOL3D ||
           shaper->insn.opcode == NPU_OP_AVGPOOL3D;
}

static void pool(struct shaper *shaper)
{
    bool deep = is_deep(shaper);
    struct shape a = {
        deep ? 5 : 4,
        { between(shaper, 1, deep ? 1 : 2), between(shaper, 1, deep ? 2 : 3),
          between(shaper, 5, deep ? 6 : 9), between(shaper, 5, deep ? 6 : 9) }
    };
    struct shape d;

    if (deep) {
        a.extent[4] = 5;
    }
    d = a;
    windows(shaper, &a, &d, true);
    operand(shaper, shaper->dtype[0], &d);
    operand(shaper, shaper->dtype[0], &a);
    if (shaper->insn.opcode == NPU_OP_LPPOOL2D) {
        scalar(shaper, 0x40400000);
    } else if ((shaper->insn.opcode == NPU_OP_AVGPOOL2D ||
                shaper->insn.opcode == NPU_OP_AVGPOOL3D) &&
               one_in(shaper, 2)) {
        shaper->insn.flags = NPU_INSN_COUNT_PAD;
    }
}

static void resize(struct shaper *shaper)
{
    struct npu_insn_resize *r = &shaper->insn.resize;
    struct shape d = any_shape(shaper, 1), a = d;
    bool up = one_in(shaper, 2);

    r->axes = random_below(shaper->random, 1u << d.rank);
    r->mode = random_below(shaper->random, 3);
    r->coordinate = random_below(shaper->random, 3);
    if (r->mode == NPU_RESIZE_NEAREST) {
        r->rounding = random_below(shaper->random, 4);
    } else if (r->mode == NPU_RESIZE_CUBIC) {
        r->outside = random_below(shaper->random, 2);
        r->cubic = 0xbf400000;
    }
    for (unsigned dim = 0; dim < d.rank; dim++) {
        if ((r->axes >> dim & 1) && a.extent[dim] > 1) {
            a.extent[dim] = between(shaper, 1, a.extent[dim]);
        }
    }
    operand(shaper, shaper->dtype[0], up ? &d : &a);
    operand(shaper, shaper->dtype[0], up ? &a : &d);
}

/* d, a and count operands more, then those of the flags, by chance. */
static void like_d(struct shaper *shaper, const struct shape *shape,
                   unsigned count, uint32_t flags)
{
    operand(shaper, shaper->dtype[0], shape);
    for (unsigned i = 0; i <= count; i++) {
        operand(shaper, shaper->dtype[1], shape);
    }
    for (; flags; flags &= flags - 1) {
        extra(shaper, flags & -flags, shaper->dtype[2], shape);
    }
    scalar(shaper, 0x3dcccccd);
}

static void norm(struct shaper *shaper)
{
    struct shape shape = any_shape(shaper, 1);

    shaper->insn.axis.axis = random_below(shaper->random, shape.rank);
    like_d(shaper, &shape, 0,
           NPU_INSN_BIAS | NPU_INSN_RESIDUAL | NPU_INSN_SCALE);
}

static void group_norm(struct shaper *shaper)
{
    struct shape shape = any_shape(shaper, 2);
    uint32_t groups = between(shaper, 1, shape.extent[1]);

    shaper->insn.groups.groups = shape.extent[1] % groups ? 1 : groups;
    like_d(shaper, &shape, 0, NPU_INSN_BIAS | NPU_INSN_SCALE);
}

static void batch_norm(struct shaper *shaper)
{
    struct shape shape = any_shape(shaper, 1);

    like_d(shaper, &shape, 2, NPU_INSN_BIAS | NPU_INSN_SCALE);
}

static void rope(struct shaper *shaper)
{
    struct shape d = any_shape(shaper, 1), lines = d;
    struct shape pairs = { .rank = 1 };

    d.extent[d.rank - 1] += 1;
    lines.extent[d.rank - 1] = 1;
    pairs.extent[0] = between(shaper, 1, d.extent[d.rank - 1] / 2);
    shaper->insn.flags = one_in(shaper, 2) ? NPU_INSN_INTERLEAVED : 0;
    operand(shaper, shaper->dtype[0], &d);
    operand(shaper, shaper->dtype[1], &d);
    operand(shaper, NPU_DTYPE_S32, &lines);
    operand(shaper, NPU_DTYPE_F32, &pairs);
    scalar(shaper, 0x3f800000);
}

static void softmax_ext(struct shaper *shaper)
{
    struct shape shape = any_shape(shaper, 1);

    like_d(shaper, &shape, 0, NPU_INSN_MASK | NPU_INSN_SLOPES);
}

/* A shape without its first dimension, if rows are ragged. */
static void rows_operand(struct shaper *shaper, unsigned dtype,
                         struct shape shape)
{
    if (shaper->insn.flags & NPU_INSN_LENGTHS) {
        shape.rank--;
        memmove(shape.extent, shape.extent + 1,
                shape.rank * sizeof(shape.extent[0]));
        shape.extent[shape.rank] = 0;
    }
    operand(shaper, dtype, &shape);
}

static void attention_operands(struct shaper *shaper, uint64_t sequences,
                               uint64_t rows, uint64_t heads, uint64_t keys,
                               uint64_t blocks)
{
    uint32_t flags = shaper->insn.flags;
    struct shape mask = { 4, { sequences, heads, rows, keys * blocks } };
    struct shape sinks = { 1, { heads } };
    struct shape table = { 2, { sequences, blocks } };
    struct shape lengths = { 2, { sequences, 2 } };

    if (flags & NPU_INSN_MASK) {
        rows_operand(shaper, shaper->dtype[1], mask);
    }
    if (flags & NPU_INSN_SINKS) {
        operand(shaper, NPU_DTYPE_F32, &sinks);
    }
    if (flags & NPU_INSN_TABLE) {
        operand(shaper, NPU_DTYPE_S32, &table);
    }
    if (flags & NPU_INSN_LENGTHS) {
        operand(shaper, NPU_DTYPE_S32, &lengths);
    }
}

static void attention(struct shaper *shaper)
{
    const unsigned stored = SET_F | SET(F8E4M3) | SET(F8E5M2);
    bool quantised = one_in(shaper, 4);
    uint8_t k_type = quantised ? NPU_DTYPE_Q8_0 : pick_type(shaper, stored);
    uint8_t v_type = quantised ? NPU_DTYPE_Q4_0 : pick_type(shaper, stored);
    uint32_t flags = random_below(shaper->random, 32) * NPU_INSN_CAUSAL;
    uint64_t sequences = between(shaper, 1, 3), rows = between(shaper, 1, 5);
    uint64_t kv_heads = between(shaper, 1, 2);
    uint64_t heads = kv_heads * between(shaper, 1, quantised ? 2 : 3);
    uint64_t keys = between(shaper, 1, 5), blocks = 1, outer = sequences;
    uint64_t width = quantised ? 32 : between(shaper, 1, 5);
    uint64_t v_width = quantised ? 32 : between(shaper, 1, 5);
    struct shape d = { 4, { sequences, rows, heads, v_width } };
    struct shape q = { 4, { sequences, rows, heads, width } };
    struct shape k, v;

    if (flags & NPU_INSN_TABLE) {
        blocks = between(shaper, 1, 3);
        outer = between(shaper, 1, 6);
    }
    k = (struct shape){ 4, { outer, keys, kv_heads, width } };
    v = (struct shape){ 4, { outer, keys, kv_heads, v_width } };
    shaper->insn.flags = flags;
    shaper->insn.attention.window = one_in(shaper, 2) ? 0 :
                                                        between(shaper, 1, 4);
    shaper->insn.attention.softcap = one_in(shaper, 2) ? 0 : 0x41200000;
    rows_operand(shaper, shaper->dtype[0], d);
    rows_operand(shaper, shaper->dtype[1], q);
    operand(shaper, k_type, &k);
    operand(shaper, v_type, &v);
    attention_operands(shaper, sequences, rows, heads, keys, blocks);
    scalar(shaper, 0x3f000000);
}

/* Of recurrent steps */
struct steps {
    uint64_t sequences, steps, heads, width, depth;
};

static struct steps any_steps(struct shaper *shaper)
{
    return (struct steps){ between(shaper, 1, 2), between(shaper, 1, 4),
                           between(shaper, 1, 4), between(shaper, 1, 5),
                           between(shaper, 1, 5) };
}

/* [sequence, step, head, width], of any type in F, or, for groups, less heads */
static void steps(struct shaper *shaper, const struct steps *s, uint64_t width)
{
    struct shape shape = { 4, { s->sequences, s->steps, s->heads, width } };

    operand(shaper, pick_type(shaper, SET_F), &shape);
}

static void group_steps(struct shaper *shaper, const struct steps *s)
{
    struct steps group = *s;

    group.heads = one_in(shaper, 2) ? 1 : s->heads;
    steps(shaper, &group, s->depth);
}

static void heads(struct shaper *shaper, const struct steps *s, uint64_t width)
{
    struct shape shape = { 2, { s->heads, width } };

    operand(shaper, pick_type(shaper, SET_F), &shape);
}

static void state(struct shaper *shaper, const struct steps *s, uint64_t outer,
                  uint64_t inner)
{
    struct shape shape = { 4, { s->sequences, s->heads, outer, inner } };

    place(shaper, NPU_DTYPE_F32, &shape, true);
}

static void ssm_scan(struct shaper *shaper)
{
    struct steps s = any_steps(shaper);

    shaper->insn.flags = one_in(shaper, 2) ? NPU_INSN_SOFTPLUS : 0;
    steps(shaper, &s, s.width);
    state(shaper, &s, s.width, s.depth);
    steps(shaper, &s, s.width);
    steps(shaper, &s, 1);
    heads(shaper, &s, s.depth);
    group_steps(shaper, &s);
    group_steps(shaper, &s);
    if (one_in(shaper, 2)) {
        heads(shaper, &s, s.width);
    }
}

static void rwkv_wkv(struct shaper *shaper)
{
    struct steps s = any_steps(shaper);

    steps(shaper, &s, s.width);
    state(shaper, &s, s.depth, s.width);
    steps(shaper, &s, s.depth);
    steps(shaper, &s, s.depth);
    steps(shaper, &s, s.width);
    steps(shaper, &s, s.depth);
    heads(shaper, &s, s.depth);
}

static void delta_net(struct shaper *shaper)
{
    struct steps s = any_steps(shaper);

    steps(shaper, &s, s.width);
    state(shaper, &s, s.depth, s.width);
    group_steps(shaper, &s);
    group_steps(shaper, &s);
    steps(shaper, &s, s.width);
    steps(shaper, &s, s.depth);
    steps(shaper, &s, 1);
    scalar(shaper, 0x3f000000);
}

uint16_t shape_opcode(unsigned index)
{
    return index < KINDS ? kinds[index].opcode : 0;
}

bool shape_add(struct draft *draft, struct random *random, uint16_t opcode)
{
    struct shaper shaper = {
        .draft = draft,
        .random = random,
        .insn = { .opcode = opcode, .scalar = NPU_NONE },
    };
    struct draft before = *draft;
    unsigned i, j;

    memset(shaper.insn.operand, 0xff, sizeof(shaper.insn.operand));
    memset(shaper.insn.raw, 0, sizeof(shaper.insn.raw));
    for (i = 0; i < KINDS && kinds[i].opcode != opcode; i++) {
        continue;
    }
    if (i == KINDS || draft->header.insn_count >= DRAFT_INSNS) {
        return false;
    }
    for (j = 0; kinds[i].types && j < 3; j++) {
        shaper.dtype[j] = pick_type(&shaper, kinds[i].types);
    }
    kinds[i].make(&shaper);
    if (shaper.failed) {
        *draft = before;
        return false;
    }
    draft->insn[draft->header.insn_count++] = shaper.insn;
    return true;
}
