/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Element-wise instructions: rows of operands to the type to calculate in, the
 * kernel over them, and the row back.
 */
#include "dtype.h"
#include "elementwise.h"
#include "plan.h"

/* row_f32(), row_s32(), row_s64(): n elements by a kernel in that type. */
#define ROW(calc, type, whole)                                               \
    static void row_##calc(npu_kernel_##calc *kernel,                        \
                           const struct npu_rows *rows, size_t n)            \
    {                                                                        \
        NPU_ROOM type room[NPU_LOOP_OPERANDS][NPU_ROW];                      \
        const type *source[NPU_LOOP_OPERANDS] = { NULL };                    \
        bool direct = rows->dtype[0] == (whole) &&                           \
                      rows->stride[0] == sizeof(type);                       \
        type *d = direct ? (void *)rows->at[0] : room[0];                    \
                                                                             \
        for (unsigned i = 1; i < rows->operands; i++) {                      \
            source[i] = npu_row_##calc(rows->at[i], rows->stride[i],         \
                                       rows->dtype[i], n, room[i]);          \
        }                                                                    \
        kernel(d, source[1], source[2], source[3], n);                       \
        if (!direct) {                                                       \
            npu_row_put_##calc(rows->at[0], rows->stride[0], rows->dtype[0], \
                               n, d);                                        \
        }                                                                    \
    }

ROW(f32, float, NPU_DTYPE_F32)
ROW(s32, int32_t, NPU_DTYPE_S32)
ROW(s64, int64_t, NPU_DTYPE_S64)

/* NPU_ROW elements at a time */
void npu_elementwise_row(const struct npu_op *op, struct npu_rows rows,
                         uint64_t n)
{
    /* A condition comes first, a comparison's result is d: the last one decides. */
    enum npu_calc calc = npu_dtype_calc(rows.dtype[rows.operands - 1]);

    while (n) {
        uint64_t count = n < NPU_ROW ? n : NPU_ROW;

        switch (calc) {
        case NPU_CALC_F32:
            row_f32(op->f32, &rows, count);
            break;
        case NPU_CALC_S32:
            row_s32(op->s32, &rows, count);
            break;
        case NPU_CALC_S64:
            row_s64(op->s64, &rows, count);
            break;
        }
        for (unsigned i = 0; i < rows.operands; i++) {
            rows.at[i] += (int64_t)count * rows.stride[i];
        }
        n -= count;
    }
}

/* fp8 on the way through f32 would saturate: as integers they keep their bits. */
static uint32_t row_dtype(const struct npu_op *op, const struct npu_box *box)
{
    return op->moves && box->size == 1 ? NPU_DTYPE_S8 : box->dtype;
}

static void run_loop(const struct npu_op *op, const struct npu_loop *loop,
                     const struct npu_box *boxes, const struct npu_view *views)
{
    struct npu_loop_at at = { 0 };
    unsigned last = loop->rank - 1;

    do {
        struct npu_rows rows = { .operands = loop->operands };

        for (unsigned i = 0; i < loop->operands; i++) {
            rows.at[i] = views[i].at + at.offset[i];
            rows.stride[i] = loop->stride[i][last];
            rows.dtype[i] = row_dtype(op, &boxes[i]);
        }
        npu_elementwise_row(op, rows, loop->extent[last]);
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
    if (!npu_plan_open(&plan, tile, boxes, views)) {
        return false;
    }
    npu_plan_loop(&loop, boxes, views, work->operands);
    run_loop(work->op, &loop, boxes, views);
    return npu_box_store(tile, 0, &boxes[0], &views[0]);
}
