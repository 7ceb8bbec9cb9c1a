/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Element-wise instructions: rows of operands to the type to calculate in, the
 * kernel over them, and the row back.
 */
#include "clones.h"
#include "dtype.h"
#include "elementwise.h"
#include "plan.h"

/* A row of each operand: d, a and, if there is one, b. */
struct rows {
    unsigned char *at[3];
    int64_t stride[3];
    uint32_t dtype;
};

static void row_f32(npu_kernel_f32 *kernel, const struct rows *rows, size_t n,
                    bool binary)
{
    NPU_ROOM float room[3][NPU_ROW];
    const float *a, *b = NULL;
    bool direct = rows->dtype == NPU_DTYPE_F32 && rows->stride[0] == 4;
    float *d = direct ? (void *)rows->at[0] : room[0];

    a = npu_row_f32(rows->at[1], rows->stride[1], rows->dtype, n, room[1]);
    if (binary) {
        b = npu_row_f32(rows->at[2], rows->stride[2], rows->dtype, n, room[2]);
    }
    kernel(d, a, b, n);
    if (!direct) {
        npu_row_put_f32(rows->at[0], rows->stride[0], rows->dtype, n, d);
    }
}

static void row_s32(npu_kernel_s32 *kernel, const struct rows *rows, size_t n,
                    bool binary)
{
    NPU_ROOM int32_t room[3][NPU_ROW];
    const int32_t *a, *b = NULL;
    bool direct = rows->stride[0] == 4;
    int32_t *d = direct ? (void *)rows->at[0] : room[0];

    a = npu_row_s32(rows->at[1], rows->stride[1], rows->dtype, n, room[1]);
    if (binary) {
        b = npu_row_s32(rows->at[2], rows->stride[2], rows->dtype, n, room[2]);
    }
    kernel(d, a, b, n);
    if (!direct) {
        npu_row_put_s32(rows->at[0], rows->stride[0], rows->dtype, n, d);
    }
}

/* A whole row of the loop, NPU_ROW elements at a time. */
static void run_row(const struct npu_op *op, struct rows rows, uint64_t n,
                    unsigned operands)
{
    while (n) {
        uint64_t count = n < NPU_ROW ? n : NPU_ROW;

        if (rows.dtype == NPU_DTYPE_S32) {
            row_s32(op->s32, &rows, count, operands > 2);
        } else {
            row_f32(op->f32, &rows, count, operands > 2);
        }
        for (unsigned i = 0; i < operands; i++) {
            rows.at[i] += (int64_t)count * rows.stride[i];
        }
        n -= count;
    }
}

static void run_loop(const struct npu_op *op, const struct npu_loop *loop,
                     const struct npu_view *views, uint32_t dtype)
{
    struct npu_loop_at at = { 0 };
    unsigned last = loop->rank - 1;

    do {
        struct rows rows = { .dtype = dtype };

        for (unsigned i = 0; i < loop->operands; i++) {
            rows.at[i] = views[i].at + at.offset[i];
            rows.stride[i] = loop->stride[i][last];
        }
        run_row(op, rows, loop->extent[last], loop->operands);
    } while (npu_loop_next(loop, &at));
}

bool npu_elementwise_run(struct npu_tile *tile)
{
    const struct npu_work *work = tile->work;
    struct npu_plan plan;
    struct npu_box boxes[NPU_LOOP_OPERANDS];
    struct npu_view views[NPU_LOOP_OPERANDS];
    struct npu_loop loop;

    npu_plan_get(&plan, work, work->operands, tile->dies);
    npu_plan_tile(&plan, tile, boxes);
    for (unsigned i = 1; i < work->operands; i++) {
        if (!npu_box_source(tile, i, &boxes[i], &views[i])) {
            return false;
        }
    }
    if (!npu_box_target(tile, 0, &boxes[0], &views[0])) {
        return false;
    }
    npu_plan_loop(&loop, boxes, views, work->operands);
    run_loop(work->op, &loop, views, boxes[0].dtype);
    return npu_box_store(tile, 0, &boxes[0], &views[0]);
}

/* ---- Kernels ------------------------------------------------------------- */

/*
 * Rows overlap exactly or not at all, so that no element depends on another:
 * that is what ivdep tells the vectoriser.
 */
#define BINARY(name, type, EXPR)                               \
    NPU_CLONES                                                 \
    void name(type *d, const type *a, const type *b, size_t n) \
    {                                                          \
        _Pragma("GCC ivdep") for (size_t i = 0; i < n; i++)    \
        {                                                      \
            type x = a[i], y = b[i];                           \
            d[i] = EXPR;                                       \
        }                                                      \
    }

BINARY(npu_add_f32, float, x + y)
BINARY(npu_sub_f32, float, x - y)
BINARY(npu_mul_f32, float, x *y)
BINARY(npu_div_f32, float, x / y)
/* x + y is a NaN if x or y is one. */
BINARY(npu_min_f32, float, x != x || y != y ? x + y : x < y ? x : y)
BINARY(npu_max_f32, float, x != x || y != y ? x + y : x > y ? x : y)

BINARY(npu_add_s32, int32_t, (int32_t)((uint32_t)x + (uint32_t)y))
BINARY(npu_sub_s32, int32_t, (int32_t)((uint32_t)x - (uint32_t)y))
BINARY(npu_mul_s32, int32_t, (int32_t)((uint32_t)x *(uint32_t)y))
BINARY(npu_min_s32, int32_t, x < y ? x : y)
BINARY(npu_max_s32, int32_t, x > y ? x : y)

/*
 * The operands may be the client's memory, which changes when it likes: what is
 * compared with 0 must be what is divided by.
 */
void npu_div_s32(int32_t *d, const int32_t *a, const int32_t *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int32_t x = *(const volatile int32_t *)&a[i];
        int32_t y = *(const volatile int32_t *)&b[i];

        if (y == 0) {
            d[i] = -1;
        } else if (y == -1) {
            d[i] = (int32_t)(0 - (uint32_t)x);
        } else {
            d[i] = x / y;
        }
    }
}
