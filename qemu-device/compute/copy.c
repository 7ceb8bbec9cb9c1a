/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NPU_OP_FILL and NPU_OP_COPY.
 */
#include "convert.h"
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

/* ---- Blocks -------------------------------------------------------------- */

struct blocks_ns {
    uint64_t ps, most; /* of a block; blocks of a tile */
    unsigned rank;
};

static uint64_t blocks_ns(const void *arg, const uint64_t *chunk)
{
    const struct blocks_ns *cost = arg;
    uint64_t blocks = 1;

    for (unsigned dim = 0; dim < cost->rank; dim++) {
        blocks = npu_mul_sat(blocks, chunk[dim]);
    }
    return blocks > cost->most ? UINT64_MAX : blocks * cost->ps / 1000;
}

/* As npu_plan_get(), with the last dimension in blocks. */
static void blocks_grid(const struct npu_work *work,
                        const struct npu_block *block, unsigned dies,
                        struct npu_grid *grid)
{
    const struct npu_box *boxes = work->operand;
    struct blocks_ns cost = {
        .ps = npu_convert_ps(&boxes[0], &boxes[1], 0, block),
        .most = npu_convert_most(block),
        .rank = boxes->rank,
    };
    uint64_t extent[NPU_MAX_RANK];
    unsigned last = boxes->rank - 1u;

    npu_convert_extents(&boxes[0], block, extent);
    npu_grid_start(grid, boxes->rank, extent);
    for (unsigned op = 0; op < 2; op++) {
        unsigned fast = npu_fast_dim(boxes->rank, boxes[op].extent,
                                     boxes[op].stride);
        uint64_t run = fast == last ?
                           npu_div_up(NPU_PLAN_RUN, block->elements) :
                           NPU_PLAN_RUN;

        if (fast < boxes->rank) {
            grid->chunk[fast] = npu_max(grid->chunk[fast],
                                        npu_min(run, extent[fast]));
        }
    }
    for (unsigned dim = boxes->rank; dim-- > 0;) {
        npu_grid_grow(grid, dim, UINT64_MAX, blocks_ns, &cost);
    }
    npu_grid_share(grid, dies, blocks_ns, &cost);
}

static bool convert_blocks(struct npu_tile *tile, const struct npu_block *block)
{
    uint64_t start[NPU_MAX_RANK], size[NPU_MAX_RANK];
    struct npu_box boxes[2];
    struct npu_grid grid;

    blocks_grid(tile->work, block, tile->dies, &grid);
    npu_grid_tile(&grid, tile->index, start, size);
    for (unsigned op = 0; op < 2; op++) {
        npu_convert_part(&boxes[op], &tile->work->operand[op], block, start,
                         size);
    }
    return npu_convert_run(tile, boxes, block);
}

/* ---- The instruction ----------------------------------------------------- */

void npu_copy_cut(const struct npu_work *work, unsigned dies,
                  struct npu_grid *grid)
{
    const struct npu_block *block = npu_convert_block(work);

    if (block) {
        blocks_grid(work, block, dies, grid);
    } else {
        npu_plan_cut(work, dies, grid);
    }
}

bool npu_copy_run(struct npu_tile *tile)
{
    const struct npu_block *block = npu_convert_block(tile->work);
    struct npu_plan plan;
    struct npu_box boxes[2];
    struct npu_view source;

    if (block) {
        return convert_blocks(tile, block);
    }
    npu_plan_get(&plan, tile->work, 2, tile->dies);
    npu_plan_tile(&plan, tile, boxes);
    if (boxes[0].dtype == boxes[1].dtype) {
        return move(tile, boxes);
    }
    return npu_box_source(tile, 1, &boxes[1], &source) &&
           convert(tile, boxes, &source);
}
