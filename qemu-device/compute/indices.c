/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "clones.h"
#include "dtype.h"
#include "indices.h"
#include "ops.h"
#include "plan.h"

void npu_indices_get(struct npu_indices *indices, const struct npu_work *work)
{
    const struct npu_box *index = &work->operand[2];
    uint32_t opcode = work->insn->opcode;
    bool scatter = opcode >= NPU_OP_SCATTER;

    *indices = (struct npu_indices){
        .far_operand = scatter ? 0 : 1,
        .near = &work->operand[scatter ? 1 : 0],
        .far = &work->operand[scatter ? 0 : 1],
        .index = index,
        .places = index->rank,
        .count = 1,
    };
    if (opcode == NPU_OP_GATHER_ELEMENTS || opcode == NPU_OP_SCATTER_ELEMENTS) {
        indices->first = scatter ? work->insn->scatter.axis :
                                   work->insn->axis.axis;
        indices->along = true;
    } else if (opcode != NPU_OP_SCATTER) {
        indices->places = index->rank - 1;
        indices->count = (unsigned)index->extent[indices->places];
    }
    indices->rest = indices->near->rank - indices->places;
}

/* What the indices of some places are for: one dimension of far. */
struct target {
    uint64_t extent, first, n;
    int64_t stride;
};

/*
 * Add up where n places point along one dimension, and forget those that point out
 * of the part; false if one points out of far.
 */
NPU_CLONES
static bool add_index(const struct target *target, const int64_t *index,
                      uint64_t n, int64_t *offset, uint8_t *mine)
{
    uint64_t extent = target->extent, first = target->first, most = target->n;
    uint64_t stride = (uint64_t)target->stride;
    unsigned bad = 0;

    _Pragma("GCC ivdep") for (uint64_t i = 0; i < n; i++)
    {
        uint64_t at = (uint64_t)index[i];

        /* A negative index is a huge one. */
        bad |= at >= extent;
        offset[i] = (int64_t)((uint64_t)offset[i] + at * stride);
        mine[i] &= at - first < most;
    }
    return !bad;
}

/* Which places are resolved, how, and what came out. */
struct resolver {
    const struct npu_indices *indices;
    const struct npu_indices_part *part;
    const int64_t *stride; /* of far */
    struct npu_view view;  /* of the indices */
    int64_t *offset;
    uint32_t *place;
    uint64_t kept, seen;
};

/* Where a place is in far, but for its indices */
static int64_t place_offset(const struct resolver *resolver, const uint64_t *at)
{
    const struct npu_indices *indices = resolver->indices;
    uint64_t offset = 0;

    for (unsigned dim = 0; indices->along && dim < indices->places; dim++) {
        if (dim != indices->first) {
            offset += at[dim] * (uint64_t)resolver->stride[dim];
        }
    }
    return (int64_t)offset;
}

/* Up to NPU_ROW places, one behind the other in the last dimension. */
struct line {
    const unsigned char *at; /* the indices */
    int64_t stride;
    int64_t offset, step; /* in far */
    uint64_t n;
};

static bool resolve_line(const struct resolver *resolver,
                         const struct line *line, int64_t *offset,
                         uint8_t *mine)
{
    const struct npu_indices *indices = resolver->indices;
    const struct npu_indices_part *part = resolver->part;
    NPU_ROOM int64_t room[NPU_ROW];

    for (uint64_t i = 0; i < line->n; i++) {
        offset[i] = line->offset + (int64_t)i * line->step;
        mine[i] = 1;
    }
    for (unsigned k = 0; k < indices->count; k++) {
        unsigned dim = indices->first + k;
        struct target target = {
            .extent = indices->far->extent[dim],
            .first = part ? part->first[dim] : 0,
            .n = part ? part->n[dim] : UINT64_MAX,
            .stride = resolver->stride[dim],
        };
        int64_t next = k ? resolver->view.stride[indices->places] : 0;
        const int64_t *row = npu_row_s64(line->at + k * next, line->stride,
                                         indices->index->dtype, line->n, room);

        /* What is checked is what is used. */
        if (row != room) {
            memcpy(room, row, line->n * sizeof(*room));
        }
        if (!add_index(&target, room, line->n, offset, mine)) {
            return false;
        }
    }
    return true;
}

/* Keep those that point into the part. */
static void keep(struct resolver *resolver, uint64_t n, const int64_t *offset,
                 const uint8_t *mine)
{
    uint64_t kept = resolver->kept;

    for (uint64_t i = 0; i < n && resolver->part; i++) {
        resolver->offset[kept] = offset[i];
        resolver->place[kept] = (uint32_t)(resolver->seen + i);
        kept += mine[i];
    }
    if (!resolver->part) {
        memcpy(resolver->offset + kept, offset, n * sizeof(*offset));
        kept += n;
    }
    resolver->kept = kept;
    resolver->seen += n;
}

/* All of the last dimension of places, n of them from at on. */
static bool resolve_row(struct resolver *resolver, uint64_t *at, uint64_t n)
{
    const struct npu_indices *indices = resolver->indices;
    unsigned last = indices->places - 1;
    const unsigned char *from = resolver->view.at;
    struct line line = { 0 };

    if (indices->places) {
        line.stride = resolver->view.stride[last];
        line.step = indices->along && last != indices->first ?
                        resolver->stride[last] :
                        0;
    }
    for (unsigned dim = 0; dim < indices->places; dim++) {
        from += (int64_t)at[dim] * resolver->view.stride[dim];
    }
    line.offset = place_offset(resolver, at);
    for (uint64_t done = 0; done < n; done += line.n) {
        NPU_ROOM int64_t offset[NPU_ROW];
        NPU_ROOM uint8_t mine[NPU_ROW];

        line.at = from + (int64_t)done * line.stride;
        line.n = npu_min(n - done, NPU_ROW);
        if (!resolve_line(resolver, &line, offset, mine)) {
            return false;
        }
        keep(resolver, line.n, offset, mine);
        line.offset += (int64_t)line.n * line.step;
    }
    return true;
}

/* The indices of a box of places. */
static bool open_index(struct npu_tile *tile, const struct npu_indices *indices,
                       const uint64_t *start, const uint64_t *size,
                       struct npu_view *view)
{
    uint64_t from[NPU_MAX_RANK], n[NPU_MAX_RANK];
    struct npu_box box;

    for (unsigned dim = 0; dim < indices->index->rank; dim++) {
        bool place = dim < indices->places;

        from[dim] = place ? start[dim] : 0;
        n[dim] = place ? size[dim] : indices->count;
    }
    npu_box_cut(&box, indices->index, from, n);
    return npu_box_source(tile, 2, &box, view);
}

int64_t npu_indices_resolve(struct npu_tile *tile,
                            const struct npu_indices *indices,
                            const int64_t *stride, const uint64_t *start,
                            const uint64_t *size,
                            const struct npu_indices_part *part,
                            int64_t *offset, uint32_t *place)
{
    struct resolver resolver = {
        .indices = indices,
        .part = part,
        .stride = stride,
        .offset = offset,
        .place = place,
    };
    struct npu_scratch *mark = npu_tile_mark(tile);
    unsigned outer = indices->places ? indices->places - 1 : 0;
    uint64_t at[NPU_MAX_RANK] = { 0 };

    if (!open_index(tile, indices, start, size, &resolver.view)) {
        return -1;
    }
    do {
        if (!resolve_row(&resolver, at, indices->places ? size[outer] : 1)) {
            npu_tile_fail(tile, NPU_ERR_INDEX, 2);
            return -1;
        }
    } while (npu_grid_next(outer, size, at));
    npu_tile_rewind(tile, mark);
    return (int64_t)resolver.kept;
}

/* ---- What is pointed at -------------------------------------------------- */

#define ACCESS_NS 300        /* for a place that is reached by itself */
#define PLACE_NS 8           /* for one in what is held */
#define HELD_ELEMENTS 65536u /* that are read whether they are wanted or not */
#define SPAN_PER_ACCESS \
    32768u /* as of box.c: a walk over pages, or an access */

/* Copy all of the box, rather than what n places point at? */
static bool worth_copy(uint64_t elements, uint64_t n, uint64_t far_ps)
{
    return elements <= HELD_ELEMENTS &&
           elements * far_ps / 1000 < n * ACCESS_NS;
}

void npu_indices_box(const struct npu_indices *indices, const uint64_t *start,
                     const uint64_t *size, struct npu_box *box)
{
    const struct npu_box *far = indices->far;
    uint64_t from[NPU_MAX_RANK], n[NPU_MAX_RANK];

    for (unsigned dim = 0; dim < far->rank; dim++) {
        /* Where that dimension is in near, if it is there. */
        unsigned at = indices->along ? dim :
                                       dim + indices->near->rank - far->rank;
        bool named = dim - indices->first < indices->count;

        from[dim] = named ? 0 : start[at];
        n[dim] = named ? far->extent[dim] : size[at];
    }
    npu_box_cut(box, far, from, n);
}

static uint64_t span(const struct npu_box *box)
{
    uint64_t bytes = box->size;

    for (unsigned dim = 0; dim < box->rank; dim++) {
        int64_t stride = box->stride[dim];
        uint64_t gap = stride < 0 ? -(uint64_t)stride : (uint64_t)stride;

        bytes += (box->extent[dim] - 1) * gap;
    }
    return bytes;
}

bool npu_indices_window(const struct npu_box *box, uint64_t n)
{
    return span(box) <= npu_mul_sat(n, SPAN_PER_ACCESS);
}

bool npu_indices_open(struct npu_tile *tile, const struct npu_indices *indices,
                      const struct npu_box *box, uint64_t n,
                      struct npu_view *view, bool *held)
{
    uint64_t far_ps = npu_access_ps(box->rank, box->extent, box->stride);

    *held = true;
    if (worth_copy(npu_box_elements(box), n, far_ps)) {
        return npu_box_source(tile, indices->far_operand, box, view);
    }
    *held = npu_indices_window(box, n) && npu_box_peek(tile, box, view);
    return true;
}

uint64_t npu_indices_ns(const struct npu_indices *indices,
                        const uint64_t *chunk, uint64_t n, uint64_t far_ps)
{
    static const uint64_t nowhere[NPU_MAX_RANK];
    uint64_t elements = 1;
    struct npu_box box;

    npu_indices_box(indices, nowhere, chunk, &box);
    for (unsigned dim = 0; dim < box.rank; dim++) {
        elements = npu_mul_sat(elements, box.extent[dim]);
    }
    if (worth_copy(elements, n, far_ps)) {
        return n * PLACE_NS + elements * far_ps / 1000;
    }
    return n * ACCESS_NS;
}
