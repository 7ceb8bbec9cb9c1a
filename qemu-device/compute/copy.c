/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NPU_OP_FILL and NPU_OP_COPY.
 */
#include "dtype.h"
#include "families.h"
#include "plan.h"

bool npu_fill_run(struct npu_tile *tile)
{
    struct npu_loop_at at = { 0 };
    struct npu_plan plan;
    struct npu_loop loop;
    struct npu_view view;
    struct npu_box box;
    unsigned last;

    npu_plan_get(&plan, tile->work, 1, tile->dies);
    npu_plan_tile(&plan, tile, &box);
    if (!npu_box_target(tile, 0, &box, &view)) {
        return false;
    }
    npu_plan_loop(&loop, &box, &view, 1);
    last = loop.rank - 1;
    do {
        npu_row_fill(view.at + at.offset[0], loop.stride[0][last], box.size,
                     loop.extent[last], tile->work->scalar);
    } while (npu_loop_next(&loop, &at));
    return npu_box_store(tile, 0, &box, &view);
}

/* What loses nothing on the way from one type to the other. */
static enum npu_calc between(uint32_t from, uint32_t to)
{
    enum npu_calc calc = npu_dtype_calc(from);

    return npu_dtype_calc(to) == NPU_CALC_S64 ? NPU_CALC_S64 : calc;
}

static void convert_row(unsigned char *to, int64_t to_stride, uint32_t to_dtype,
                        const unsigned char *from, int64_t from_stride,
                        uint32_t from_dtype, uint64_t n)
{
    enum npu_calc calc = between(from_dtype, to_dtype);

    while (n) {
        NPU_ROOM union {
            float f32[NPU_ROW];
            int32_t s32[NPU_ROW];
            int64_t s64[NPU_ROW];
        } tmp;
        uint64_t count = n < NPU_ROW ? n : NPU_ROW;

        switch (calc) {
        case NPU_CALC_F32:
            npu_row_put_f32(to, to_stride, to_dtype, count,
                            npu_row_f32(from, from_stride, from_dtype, count,
                                        tmp.f32));
            break;
        case NPU_CALC_S32:
            npu_row_put_s32(to, to_stride, to_dtype, count,
                            npu_row_s32(from, from_stride, from_dtype, count,
                                        tmp.s32));
            break;
        case NPU_CALC_S64:
            npu_row_put_s64(to, to_stride, to_dtype, count,
                            npu_row_s64(from, from_stride, from_dtype, count,
                                        tmp.s64));
            break;
        }
        to += (int64_t)count * to_stride;
        from += (int64_t)count * from_stride;
        n -= count;
    }
}

static bool convert(struct npu_tile *tile, const struct npu_box *boxes,
                    const struct npu_view *source)
{
    struct npu_view views[2] = { [1] = *source };
    struct npu_loop_at at = { 0 };
    struct npu_loop loop;
    unsigned last;

    if (!npu_box_target(tile, 0, &boxes[0], &views[0])) {
        return false;
    }
    npu_plan_loop(&loop, boxes, views, 2);
    last = loop.rank - 1;
    do {
        convert_row(views[0].at + at.offset[0], loop.stride[0][last],
                    boxes[0].dtype, views[1].at + at.offset[1],
                    loop.stride[1][last], boxes[1].dtype, loop.extent[last]);
    } while (npu_loop_next(&loop, &at));
    return npu_box_store(tile, 0, &boxes[0], &views[0]);
}

/* Rows lie in one piece on both sides, and none is read for more than one. */
static bool whole_rows(const struct npu_box *boxes)
{
    unsigned last = boxes[0].rank - 1;

    return boxes[0].stride[last] == boxes[0].size &&
           boxes[1].stride[last] == boxes[1].size &&
           npu_box_distinct(&boxes[1]) == npu_box_elements(&boxes[1]);
}

/* What cannot be used where it is goes straight to where it is wanted. */
static bool move(struct npu_tile *tile, const struct npu_box *boxes)
{
    struct npu_view view;
    bool near = npu_box_peek(tile, &boxes[1], &view);

    if (!near && whole_rows(boxes)) {
        return npu_box_target(tile, 0, &boxes[0], &view) &&
               npu_box_read(tile, 1, &boxes[1], &view) &&
               npu_box_store(tile, 0, &boxes[0], &view);
    }
    return (near || npu_box_source(tile, 1, &boxes[1], &view)) &&
           npu_box_write(tile, 0, &boxes[0], &view);
}

bool npu_copy_run(struct npu_tile *tile)
{
    struct npu_plan plan;
    struct npu_box boxes[2];
    struct npu_view source;

    npu_plan_get(&plan, tile->work, 2, tile->dies);
    npu_plan_tile(&plan, tile, boxes);
    if (boxes[0].dtype == boxes[1].dtype) {
        return move(tile, boxes);
    }
    return npu_box_source(tile, 1, &boxes[1], &source) &&
           convert(tile, boxes, &source);
}
