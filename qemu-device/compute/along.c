/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "along.h"
#include "plan.h"

void npu_along_get(struct npu_along *along, const struct npu_work *work)
{
    struct npu_loop *loop = &along->loop;
    unsigned axis = work->insn->axis.axis;

    loop->rank = work->operand[0].rank;
    loop->operands = 2;
    along->ps = 0;
    for (unsigned op = 0; op < 2; op++) {
        const struct npu_box *box = &work->operand[op];

        for (unsigned dim = 0; dim < loop->rank; dim++) {
            loop->extent[dim] = dim == axis ? 1 : box->extent[dim];
            loop->stride[op][dim] = box->stride[dim];
        }
        along->n[op] = box->extent[axis];
        along->stride[op] = box->stride[axis];
        along->ps += npu_access_ps(box->rank, box->extent, box->stride);
    }
    npu_loop_tidy(loop, 1);
}

static uint64_t along_ns(const void *arg, const uint64_t *chunk)
{
    const struct npu_along *along = arg;
    uint64_t lines = 1;

    for (unsigned dim = 0; dim < along->loop.rank; dim++) {
        lines = npu_mul_sat(lines, chunk[dim]);
    }
    return npu_mul_sat(lines, along->line_ns);
}

void npu_along_cut(struct npu_along *along, unsigned dies)
{
    npu_grid_start(&along->grid, along->loop.rank, along->loop.extent);
    for (unsigned dim = along->loop.rank; dim-- > 0;) {
        npu_grid_grow(&along->grid, dim, UINT64_MAX, along_ns, along);
    }
    npu_grid_share(&along->grid, dies, along_ns, along);
}

static uint64_t distance(int64_t stride)
{
    return stride < 0 ? -(uint64_t)stride : (uint64_t)stride;
}

static bool is_across(uint64_t lines, int64_t step, int64_t stride)
{
    return lines >= 8 && step && distance(step) < distance(stride);
}

bool npu_along_is_sheet(const struct npu_along *along)
{
    unsigned last = along->loop.rank - 1;

    return is_across(along->loop.extent[last], along->loop.stride[1][last],
                     along->stride[1]);
}

bool npu_lines_across(const struct npu_lines *lines, unsigned operand)
{
    return is_across(lines->count, lines->step[operand],
                     lines->along->stride[operand]);
}

bool npu_along_walk(const struct npu_along *along, struct npu_tile *tile,
                    uint64_t most,
                    bool (*run)(struct npu_tile *tile,
                                const struct npu_lines *lines))
{
    uint64_t start[NPU_MAX_RANK], size[NPU_MAX_RANK], va[2];
    struct npu_loop loop = along->loop;
    struct npu_loop_at at = { 0 };
    unsigned last = loop.rank - 1;

    npu_grid_tile(&along->grid, tile->index, start, size);
    for (unsigned op = 0; op < 2; op++) {
        va[op] = tile->work->operand[op].va;
        for (unsigned dim = 0; dim < loop.rank; dim++) {
            va[op] += start[dim] * (uint64_t)loop.stride[op][dim];
            loop.extent[dim] = size[dim];
        }
    }
    do {
        for (uint64_t i = 0; i < size[last]; i += most) {
            struct npu_scratch *mark = npu_tile_mark(tile);
            struct npu_lines lines = {
                .along = along,
                .count = npu_min(most, size[last] - i),
            };

            for (unsigned op = 0; op < 2; op++) {
                lines.step[op] = loop.stride[op][last];
                lines.va[op] = va[op] + (uint64_t)at.offset[op] +
                               i * (uint64_t)lines.step[op];
            }
            if (!run(tile, &lines)) {
                return false;
            }
            npu_tile_rewind(tile, mark);
        }
    } while (npu_loop_next(&loop, &at));
    return true;
}

void npu_lines_box(const struct npu_lines *lines, const struct npu_work *work,
                   unsigned operand, uint64_t index, uint64_t n, bool sheet,
                   struct npu_box *box)
{
    int64_t stride = lines->along->stride[operand];
    unsigned line = sheet, along = !sheet;

    *box = (struct npu_box){
        .va = lines->va[operand] + index * (uint64_t)stride,
        .dtype = work->operand[operand].dtype,
        .size = work->operand[operand].size,
        .rank = 2,
    };
    box->extent[line] = lines->count;
    box->extent[along] = n;
    box->stride[line] = lines->count > 1 ? lines->step[operand] : 0;
    box->stride[along] = n > 1 ? stride : 0;
}
