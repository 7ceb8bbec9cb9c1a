/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "convert.h"
#include "dtype.h"
#include "loop.h"
#include "plan.h"

#define CONVERT_PS 200ull /* for an element */

const struct npu_block *npu_convert_block(const struct npu_work *work)
{
    return npu_block_find(work->operand[1].dtype);
}

/* What of a box is a block: its bytes, or as many elements. */
static uint64_t units(const struct npu_box *box, const struct npu_block *block)
{
    if (!block) {
        return 1;
    }
    return box->dtype == block->dtype ? block->bytes : block->elements;
}

void npu_convert_extents(const struct npu_box *d, const struct npu_block *block,
                         uint64_t *extent)
{
    for (unsigned dim = 0; dim < d->rank; dim++) {
        extent[dim] = d->extent[dim];
    }
    extent[d->rank - 1] /= units(d, block);
}

void npu_convert_part(struct npu_box *part, const struct npu_box *box,
                      const struct npu_block *block, const uint64_t *start,
                      const uint64_t *size)
{
    uint64_t from[NPU_MAX_RANK], extent[NPU_MAX_RANK];
    unsigned last = box->rank - 1;

    for (unsigned dim = 0; dim < box->rank; dim++) {
        from[dim] = start[dim];
        extent[dim] = size[dim];
    }
    from[last] *= units(box, block);
    extent[last] *= units(box, block);
    npu_box_cut(part, box, from, extent);
}

uint64_t npu_convert_most(const struct npu_block *block)
{
    return block ? NPU_BOX_ELEMENTS / npu_max(block->elements, block->bytes) :
                   NPU_BOX_ELEMENTS;
}

uint64_t npu_convert_ps(const struct npu_box *d, const struct npu_box *a,
                        unsigned dim, const struct npu_block *block)
{
    uint64_t d_ps = npu_access_ps(d->rank - dim, d->extent + dim,
                                  d->stride + dim);
    uint64_t a_ps = npu_access_ps(a->rank - dim, a->extent + dim,
                                  a->stride + dim);

    return units(d, block) * d_ps + units(a, block) * a_ps +
           (block ? block->elements * CONVERT_PS : 0);
}

/* The rows of both views, in blocks. */
static void convert_loop(struct npu_loop *loop, const struct npu_box *boxes,
                         const struct npu_view *views,
                         const struct npu_block *block)
{
    unsigned last = boxes->rank - 1;

    loop->rank = boxes->rank;
    loop->operands = 2;
    npu_convert_extents(&boxes[0], block, loop->extent);
    for (unsigned op = 0; op < 2; op++) {
        for (unsigned dim = 0; dim < loop->rank; dim++) {
            loop->stride[op][dim] = views[op].stride[dim];
        }
        loop->stride[op][last] *= (int64_t)units(&boxes[op], block);
    }
    npu_loop_tidy(loop, 0);
}

/* n blocks without gaps to elements that are stride bytes apart */
static void unpack(unsigned char *to, int64_t stride, uint32_t dtype,
                   const unsigned char *from, const struct npu_block *block,
                   uint64_t n)
{
    while (n) {
        NPU_ROOM float room[NPU_ROW];
        uint64_t count = npu_min(n, NPU_ROW / block->elements);
        uint64_t elements = count * block->elements;

        if (dtype != NPU_DTYPE_F32 && block->get_odd_f32) {
            block->get_odd_f32(room, from, count);
        } else {
            npu_block_get_f32(block, room, from, count);
        }
        npu_row_put_f32(to, stride, dtype, elements, room);
        to += (int64_t)elements * stride;
        from += count * block->bytes;
        n -= count;
    }
}

static void convert(const struct npu_box *boxes, const struct npu_view *views,
                    const struct npu_block *block)
{
    unsigned last = boxes->rank - 1;
    int64_t stride = views[0].stride[last];
    struct npu_loop_at at = { 0 };
    struct npu_loop loop;
    uint64_t together = 1, n;

    convert_loop(&loop, boxes, views, block);
    n = loop.extent[loop.rank - 1];
    if (loop.stride[0][loop.rank - 1] == stride * (int64_t)block->elements &&
        loop.stride[1][loop.rank - 1] == (int64_t)block->bytes) {
        together = n;
    }
    do {
        for (uint64_t i = 0; i < n; i += together) {
            unpack(views[0].at + at.offset[0] +
                       (int64_t)i * loop.stride[0][loop.rank - 1],
                   stride, boxes[0].dtype,
                   views[1].at + at.offset[1] +
                       (int64_t)i * loop.stride[1][loop.rank - 1],
                   block, together);
        }
    } while (npu_loop_next(&loop, &at));
}

bool npu_convert_run(struct npu_tile *tile, const struct npu_box *boxes,
                     const struct npu_block *block)
{
    struct npu_view views[2];

    if (!npu_box_source(tile, 1, &boxes[1], &views[1]) ||
        !npu_box_target(tile, 0, &boxes[0], &views[0])) {
        return false;
    }
    convert(boxes, views, block);
    return npu_box_store(tile, 0, &boxes[0], &views[0]);
}
