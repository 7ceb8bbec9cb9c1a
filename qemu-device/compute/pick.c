/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NPU_OP_GATHER_ELEMENTS and NPU_OP_GATHER_ND.  A tile is a box of d: some places,
 * and some or all of their rows.
 */
#include <string.h>

#include "dtype.h"
#include "families.h"
#include "indices.h"
#include "ops.h"
#include "plan.h"

#define TILE_BYTES (1u << 20) /* of d */

struct pick_ns {
    struct npu_indices indices;
    uint64_t ps, far_ps;
};

static uint64_t product(const uint64_t *extent, unsigned from, unsigned to)
{
    uint64_t n = 1;

    for (unsigned dim = from; dim < to; dim++) {
        n = npu_mul_sat(n, extent[dim]);
    }
    return n;
}

static uint64_t pick_ns(const void *arg, const uint64_t *chunk)
{
    const struct pick_ns *cost = arg;
    const struct npu_indices *indices = &cost->indices;
    uint64_t n = product(chunk, 0, indices->places);
    uint64_t row = product(chunk, indices->places, indices->near->rank);

    if (n > NPU_PLACES || n * indices->count > NPU_INDICES ||
        row > TILE_BYTES / indices->near->size / n) {
        return UINT64_MAX;
    }
    return npu_indices_ns(indices, chunk, n, cost->far_ps) +
           n * row * cost->ps / 1000;
}

void npu_pick_cut(const struct npu_work *work, unsigned dies,
                  struct npu_grid *grid)
{
    const struct npu_box *d = &work->operand[0], *a = &work->operand[1];
    struct pick_ns cost = {
        .far_ps = npu_access_ps(a->rank, a->extent, a->stride),
    };

    npu_indices_get(&cost.indices, work);
    cost.ps = npu_access_ps(d->rank, d->extent, d->stride) + 1000;
    npu_plan_cut_box(grid, d, dies, pick_ns, &cost);
}

struct pick {
    struct npu_tile *tile;
    struct npu_indices indices;
    uint64_t start[NPU_MAX_RANK], size[NPU_MAX_RANK];
    struct npu_box d, a; /* of the tile */
    struct npu_view to, from;
    bool held; /* from is all of a that may be wanted */
    const int64_t *offset;
    struct npu_loop row; /* d, a */
};

/* A row of a from there on, by these strides. */
static void set_row(struct pick *pick, const int64_t *stride)
{
    const struct npu_indices *indices = &pick->indices;
    struct npu_loop *row = &pick->row;
    unsigned far = pick->a.rank - indices->rest;

    *row = (struct npu_loop){ .rank = 1, .operands = 2, .extent = { 1 } };
    for (unsigned i = 0; i < indices->rest; i++) {
        row->extent[i] = pick->d.extent[indices->places + i];
        row->stride[0][i] = pick->to.stride[indices->places + i];
        row->stride[1][i] = stride[far + i];
        row->rank = i + 1;
    }
    npu_loop_tidy(row, 0);
}

static void copy_row(const struct pick *pick, unsigned char *to,
                     const unsigned char *from)
{
    struct npu_loop_at at = { 0 };
    unsigned last = pick->row.rank - 1;

    do {
        npu_row_copy(to + at.offset[0], pick->row.stride[0][last],
                     from + at.offset[1], pick->row.stride[1][last],
                     pick->d.size, pick->row.extent[last]);
    } while (npu_loop_next(&pick->row, &at));
}

/* A row that is reached by itself */
static bool fetch_row(struct pick *pick, unsigned char *to, int64_t offset)
{
    struct npu_scratch *mark = npu_tile_mark(pick->tile);
    uint64_t none[NPU_MAX_RANK] = { 0 }, size[NPU_MAX_RANK];
    struct npu_view view;
    struct npu_box box;

    for (unsigned dim = 0; dim < pick->a.rank; dim++) {
        bool row = dim >= pick->a.rank - pick->indices.rest;

        size[dim] = row ? pick->a.extent[dim] : 1;
    }
    npu_box_cut(&box, &pick->a, none, size);
    box.va += (uint64_t)offset;
    if (npu_box_elements(&box) == 1) {
        return npu_tile_read(pick->tile, 1, box.va, to, box.size);
    }
    if (!npu_box_source(pick->tile, 1, &box, &view)) {
        return false;
    }
    set_row(pick, view.stride);
    copy_row(pick, to, view.at);
    npu_tile_rewind(pick->tile, mark);
    return true;
}

#define PICK(type)                                                 \
    do {                                                           \
        typedef type __attribute__((may_alias)) element;           \
                                                                   \
        for (uint64_t i = 0; i < n; i++) {                         \
            *(element *)to = *(const element *)(from + offset[i]); \
            to += stride;                                          \
        }                                                          \
    } while (0)

/* Elements from all over the place, one behind the other */
static void pick_elements(unsigned char *to, int64_t stride,
                          const unsigned char *from, const int64_t *offset,
                          unsigned size, uint64_t n)
{
    switch (size) {
    case 1:
        PICK(uint8_t);
        break;
    case 2:
        PICK(uint16_t);
        break;
    case 4:
        PICK(uint32_t);
        break;
    default:
        PICK(uint64_t);
        break;
    }
}

/* The places of the last dimension */
static bool pick_line(struct pick *pick, unsigned char *to, int64_t stride,
                      const int64_t *offset, uint64_t n)
{
    if (pick->held && pick->row.rank == 1 && pick->row.extent[0] == 1) {
        pick_elements(to, stride, pick->from.at, offset, pick->d.size, n);
        return true;
    }
    for (uint64_t i = 0; i < n; i++) {
        unsigned char *row = to + (int64_t)i * stride;

        if (pick->held) {
            copy_row(pick, row, pick->from.at + offset[i]);
        } else if (!fetch_row(pick, row, offset[i])) {
            return false;
        }
    }
    return true;
}

static bool pick_all(struct pick *pick)
{
    unsigned places = pick->indices.places, outer = places ? places - 1 : 0;
    uint64_t at[NPU_MAX_RANK] = { 0 }, n = places ? pick->size[outer] : 1;
    int64_t stride = places ? pick->to.stride[outer] : 0;
    const int64_t *offset = pick->offset;

    do {
        unsigned char *to = pick->to.at;

        for (unsigned dim = 0; dim < outer; dim++) {
            to += (int64_t)at[dim] * pick->to.stride[dim];
        }
        if (!pick_line(pick, to, stride, offset, n)) {
            return false;
        }
        offset += n;
    } while (npu_grid_next(outer, pick->size, at));
    return true;
}

/* Where all places point */
static bool resolve(struct pick *pick, uint64_t n)
{
    int64_t *offset = npu_tile_alloc(pick->tile, n * sizeof(*offset));

    pick->offset = offset;
    return offset &&
           npu_indices_resolve(pick->tile, &pick->indices,
                               pick->held ? pick->from.stride : pick->a.stride,
                               pick->start, pick->size, NULL, offset,
                               NULL) >= 0;
}

bool npu_pick_run(struct npu_tile *tile)
{
    const struct npu_work *work = tile->work;
    struct pick pick = { .tile = tile };
    struct npu_grid grid;
    uint64_t n;

    npu_indices_get(&pick.indices, work);
    npu_pick_cut(work, tile->dies, &grid);
    npu_grid_tile(&grid, tile->index, pick.start, pick.size);
    npu_box_cut(&pick.d, &work->operand[0], pick.start, pick.size);
    npu_indices_box(&pick.indices, pick.start, pick.size, &pick.a);
    n = product(pick.size, 0, pick.indices.places);
    if (!npu_indices_open(tile, &pick.indices, &pick.a, n, &pick.from,
                          &pick.held) ||
        !resolve(&pick, n) || !npu_box_target(tile, 0, &pick.d, &pick.to)) {
        return false;
    }
    set_row(&pick, pick.from.stride);
    return pick_all(&pick) && npu_box_store(tile, 0, &pick.d, &pick.to);
}
