/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "convert.h"
#include "dtype.h"
#include "loop.h"
#include "plan.h"

/* For an element */
#define UNPACK_PS 300u
#define PACK_PS 2000u

const struct npu_block *npu_convert_block(const struct npu_work *work)
{
    const struct npu_block *block = npu_block_find(work->operand[0].dtype);

    return block ? block : npu_block_find(work->operand[1].dtype);
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
    uint64_t ps = units(d, block) * npu_access_ps(d->rank - dim,
                                                  d->extent + dim,
                                                  d->stride + dim) +
                  units(a, block) * npu_access_ps(a->rank - dim,
                                                  a->extent + dim,
                                                  a->stride + dim);

    if (block) {
        ps += block->elements *
              (uint64_t)(d->dtype == block->dtype ? PACK_PS : UNPACK_PS);
    }
    return ps;
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

/* Elements that are stride bytes apart to n blocks without gaps */
static void pack(unsigned char *to, const struct npu_block *block,
                 const unsigned char *from, int64_t stride, uint32_t dtype,
                 uint64_t n)
{
    while (n) {
        NPU_ROOM float room[NPU_ROW];
        uint64_t count = npu_min(n, NPU_ROW / block->elements);
        uint64_t elements = count * block->elements;

        /* A copy: memory may change between two looks at a block. */
        npu_row_get_f32(room, from, stride, dtype, elements);
        block->put_f32(to, room, count);
        to += count * block->bytes;
        from += (int64_t)elements * stride;
        n -= count;
    }
}

/* Do blocks that are neighbours in the loop lie without gaps? */
static bool together(const struct npu_loop *loop, const struct npu_box *boxes,
                     const struct npu_view *views,
                     const struct npu_block *block)
{
    for (unsigned op = 0; op < 2; op++) {
        if (loop->stride[op][loop->rank - 1] !=
            (int64_t)units(&boxes[op], block) *
                views[op].stride[boxes->rank - 1]) {
            return false;
        }
    }
    return true;
}

static void convert(const struct npu_box *boxes, const struct npu_view *views,
                    const struct npu_block *block)
{
    unsigned last = boxes->rank - 1;
    struct npu_loop_at at = { 0 };
    struct npu_loop loop;
    uint64_t n, step;

    convert_loop(&loop, boxes, views, block);
    n = loop.extent[loop.rank - 1];
    step = together(&loop, boxes, views, block) ? n : 1;
    do {
        unsigned char *to = views[0].at + at.offset[0];
        const unsigned char *from = views[1].at + at.offset[1];

        for (uint64_t i = 0; i < n; i += step) {
            if (boxes[0].dtype == block->dtype) {
                pack(to, block, from, views[1].stride[last], boxes[1].dtype,
                     step);
            } else {
                unpack(to, views[0].stride[last], boxes[0].dtype, from, block,
                       step);
            }
            to += loop.stride[0][loop.rank - 1];
            from += loop.stride[1][loop.rank - 1];
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
