/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NPU_OP_SCATTER, NPU_OP_SCATTER_ELEMENTS and NPU_OP_SCATTER_ND.  A tile is a box of
 * d: it looks at all places whose indices may point into it, in their order, and
 * takes those that do.  So each element of d is written by one tile, in an order
 * that only the indices decide, and what no index points to is not touched.
 */
#include "dtype.h"
#include "elementwise.h"
#include "families.h"
#include "indices.h"
#include "ops.h"
#include "plan.h"

#define LOOK_NS 2   /* to look at a place */
#define TAKE_NS 100 /* to take one, besides moving its row */

/* A tile looks at most for this part of its time. */
#define LOOK_PART 4

#define ROW_BYTES (256u << 10)   /* of a row, or the piece of one, of a tile */
#define BLOCK_BYTES (512u << 10) /* of what is looked at in one piece */
#define BLOCK_PLACES 8192u

static uint64_t product(const uint64_t *extent, unsigned from, unsigned to)
{
    uint64_t n = 1;

    for (unsigned dim = from; dim < to; dim++) {
        n = npu_mul_sat(n, extent[dim]);
    }
    return n;
}

/* ---- Cutting ------------------------------------------------------------- */

struct scatter_ns {
    struct npu_indices indices;
    uint64_t ps;
};

/* May this dimension of d be named by an index? */
static bool is_named(const struct npu_indices *indices, unsigned dim)
{
    return dim - indices->first < indices->count;
}

/* The places that a tile looks at */
static uint64_t places_of(const struct npu_indices *indices,
                          const uint64_t *chunk)
{
    const uint64_t *extent = indices->near->extent;
    uint64_t n = 1;

    for (unsigned dim = 0; dim < indices->places; dim++) {
        bool some = indices->along && !is_named(indices, dim);

        n = npu_mul_sat(n,
                        some ? npu_min(chunk[dim], extent[dim]) : extent[dim]);
    }
    return n;
}

static uint64_t scatter_ns(const void *arg, const uint64_t *chunk)
{
    const struct scatter_ns *cost = arg;
    const struct npu_indices *indices = &cost->indices;
    const struct npu_box *d = indices->far;
    uint64_t row = product(chunk, d->rank - indices->rest, d->rank);
    double taken = (double)places_of(indices, chunk);
    double look = taken * LOOK_NS, most = NPU_TILE_NS;

    if (row > ROW_BYTES / d->size) {
        return UINT64_MAX;
    }
    for (unsigned dim = 0; dim < d->rank; dim++) {
        if (is_named(indices, dim)) {
            taken *= (double)chunk[dim] / (double)d->extent[dim];
        }
    }
    /* What is looked at by every tile is worth a longer one. */
    most = look * LOOK_PART > most ? look * LOOK_PART : most;
    taken *= TAKE_NS + (double)row * (double)cost->ps / 1000;
    taken *= NPU_TILE_NS / most;
    return taken < 0x1p62 ? (uint64_t)taken : UINT64_MAX;
}

void npu_scatter_cut(const struct npu_work *work, unsigned dies,
                     struct npu_grid *grid)
{
    const struct npu_box *d = &work->operand[0], *a = &work->operand[1];
    struct scatter_ns cost = {
        .ps = 2 * npu_access_ps(d->rank, d->extent, d->stride) +
              npu_access_ps(a->rank, a->extent, a->stride),
    };

    npu_indices_get(&cost.indices, work);
    npu_plan_cut_box(grid, d, dies, scatter_ns, &cost);
}

/* ---- A tile -------------------------------------------------------------- */

struct scatter {
    struct npu_tile *tile;
    struct npu_indices indices;
    const struct npu_op
        *op;            /* of the reduction; NULL: what is there is replaced */
    struct npu_box d;   /* of the tile */
    struct npu_view to; /* of d, if it is held */
    bool held;
    struct npu_indices_part part; /* all of it */
    struct npu_box d_row, a_row;  /* a row of each, wherever it lies */
    int64_t *offset;
    uint32_t *place;
};

/* Some places, one behind the other, and their rows of a. */
struct block {
    uint64_t start[NPU_MAX_RANK], size[NPU_MAX_RANK]; /* of a */
    uint64_t places;
    struct npu_box a;
    struct npu_view from;
    bool held;
};

static const struct npu_op *reduction(const struct npu_work *work)
{
    static const uint16_t opcodes[] = {
        [NPU_SCATTER_ADD] = NPU_OP_ADD,
        [NPU_SCATTER_MUL] = NPU_OP_MUL,
        [NPU_SCATTER_MIN] = NPU_OP_MIN,
        [NPU_SCATTER_MAX] = NPU_OP_MAX,
    };
    uint32_t mode = work->insn->scatter.mode;

    return mode == NPU_SCATTER_SET ? NULL : npu_op_find(opcodes[mode]);
}

/* Put a row of a to where it belongs, or add it to what is there. */
static void put_row(const struct scatter *scatter, const struct npu_view *to,
                    const struct npu_view *from)
{
    unsigned rest = scatter->indices.rest, last;
    unsigned d = scatter->d.rank - rest, a = scatter->a_row.rank - rest;
    struct npu_loop loop = { .rank = 1, .operands = 2, .extent = { 1 } };
    struct npu_loop_at at = { 0 };

    for (unsigned i = 0; i < rest; i++) {
        loop.rank = i + 1;
        loop.extent[i] = scatter->d_row.extent[d + i];
        loop.stride[0][i] = to->stride[d + i];
        loop.stride[1][i] = from->stride[a + i];
    }
    npu_loop_tidy(&loop, 0);
    last = loop.rank - 1;
    do {
        struct npu_rows rows = {
            .operands = 3,
            .at = { to->at + at.offset[0], to->at + at.offset[0],
                    from->at + at.offset[1] },
            .stride = { loop.stride[0][last], loop.stride[0][last],
                        loop.stride[1][last] },
            .dtype = { scatter->d.dtype, scatter->d.dtype, scatter->d.dtype },
        };

        if (scatter->op) {
            npu_elementwise_row(scatter->op, rows, loop.extent[last]);
        } else {
            npu_row_copy(rows.at[0], rows.stride[0], rows.at[2], rows.stride[2],
                         scatter->d.size, loop.extent[last]);
        }
    } while (npu_loop_next(&loop, &at));
}

/* The same to a row of d that is reached by itself. */
static bool store_row(struct scatter *scatter, int64_t offset,
                      const struct npu_view *from)
{
    struct npu_tile *tile = scatter->tile;
    struct npu_box box = scatter->d_row;
    struct npu_view to;

    box.va += (uint64_t)offset;
    if (!npu_box_target(tile, 0, &box, &to)) {
        return false;
    }
    if (scatter->op && !to.direct && !npu_box_read(tile, 0, &box, &to)) {
        return false;
    }
    put_row(scatter, &to, from);
    return npu_box_store(tile, 0, &box, &to);
}

/* The row of a that a place of the block has. */
static bool find_row(struct scatter *scatter, const struct block *block,
                     uint32_t place, struct npu_view *from)
{
    const int64_t *stride = block->held ? block->from.stride : block->a.stride;
    struct npu_box box = scatter->a_row;
    int64_t offset = 0;

    for (unsigned dim = scatter->indices.places; dim-- > 0;) {
        uint32_t size = (uint32_t)block->size[dim];

        offset += (int64_t)(place % size) * stride[dim];
        place /= size;
    }
    if (block->held) {
        *from = block->from;
        from->at += offset;
        return true;
    }
    box.va = block->a.va + (uint64_t)offset;
    return npu_box_source(scatter->tile, 1, &box, from);
}

static bool take_places(struct scatter *scatter, const struct block *block,
                        uint64_t taken, uint64_t first)
{
    /* Where an offset of 0 is, as seen from the tile's part of d. */
    int64_t base = (int64_t)(first - scatter->d.va);

    for (uint64_t i = 0; i < taken; i++) {
        struct npu_scratch *mark = npu_tile_mark(scatter->tile);
        int64_t offset = base + scatter->offset[i];
        struct npu_view from, to = scatter->to;

        if (!find_row(scatter, block, scatter->place[i], &from)) {
            return false;
        }
        if (scatter->held) {
            to.at += offset;
            put_row(scatter, &to, &from);
        } else if (!store_row(scatter, offset, &from)) {
            return false;
        }
        npu_tile_rewind(scatter->tile, mark);
    }
    return true;
}

/* A row's own box: one element along all dimensions that are no part of it. */
static struct npu_box row_box(const struct npu_box *box, unsigned rest)
{
    uint64_t none[NPU_MAX_RANK] = { 0 }, size[NPU_MAX_RANK];
    struct npu_box row;

    for (unsigned dim = 0; dim < box->rank; dim++) {
        size[dim] = dim >= box->rank - rest ? box->extent[dim] : 1;
    }
    npu_box_cut(&row, box, none, size);
    return row;
}

/* Look at what may be wanted in one piece, if that is worth it. */
static bool hold(struct scatter *scatter, struct block *block, uint64_t taken)
{
    struct npu_tile *tile = scatter->tile;

    if (!scatter->held && npu_indices_window(&scatter->d, taken)) {
        scatter->held = npu_box_peek_target(tile, &scatter->d, &scatter->to);
    }
    block->held = npu_box_peek(tile, &block->a, &block->from);
    if (!block->held && taken >= block->places / 2) {
        block->held = true;
        return npu_box_source(tile, 1, &block->a, &block->from);
    }
    return true;
}

/* The places of a block, and the piece of their rows that the tile has. */
static void open_block(const struct scatter *scatter, struct block *block)
{
    const struct npu_indices *indices = &scatter->indices;
    unsigned far = scatter->d.rank - indices->rest;

    for (unsigned i = 0; i < indices->rest; i++) {
        block->start[indices->places + i] = scatter->part.first[far + i];
        block->size[indices->places + i] = scatter->part.n[far + i];
    }
    block->places = product(block->size, 0, indices->places);
    npu_box_cut(&block->a, indices->near, block->start, block->size);
}

/* Where the first place of a block would be in d with indices of 0. */
static uint64_t first_of(const struct scatter *scatter,
                         const struct block *block)
{
    const struct npu_indices *indices = &scatter->indices;
    uint64_t va = indices->far->va;

    for (unsigned dim = 0; dim < indices->far->rank; dim++) {
        uint64_t at = indices->along ? block->start[dim] :
                                       scatter->part.first[dim];

        va += is_named(indices, dim) ? 0 :
                                       at * (uint64_t)indices->far->stride[dim];
    }
    return va;
}

static bool take_block(struct scatter *scatter, struct block *block)
{
    struct npu_scratch *mark = npu_tile_mark(scatter->tile);
    int64_t taken;
    bool good;

    open_block(scatter, block);
    taken = npu_indices_resolve(scatter->tile, &scatter->indices,
                                scatter->d.stride, block->start, block->size,
                                &scatter->part, scatter->offset,
                                scatter->place);
    if (taken <= 0) {
        return taken == 0;
    }
    good = hold(scatter, block, (uint64_t)taken) &&
           take_places(scatter, block, (uint64_t)taken,
                       first_of(scatter, block));
    npu_tile_rewind(scatter->tile, mark);
    return good;
}

/*
 * The places that the tile looks at, and how they are cut into blocks: as many as
 * fit of the last dimensions, so that blocks follow each other as places do.
 */
static bool get_blocks(const struct scatter *scatter, uint64_t *start,
                       struct npu_grid *blocks)
{
    const struct npu_indices *indices = &scatter->indices;
    uint64_t row = npu_box_elements(&scatter->d_row) * scatter->d.size;
    uint64_t most = npu_min(BLOCK_PLACES, npu_max(BLOCK_BYTES / row, 1));

    npu_grid_start(blocks, indices->places, indices->near->extent);
    for (unsigned dim = indices->places; dim-- > 0;) {
        uint64_t end = blocks->extent[dim];

        start[dim] = 0;
        if (indices->along && !is_named(indices, dim)) {
            start[dim] = scatter->part.first[dim];
            end = npu_min(start[dim] + scatter->part.n[dim], end);
        }
        if (start[dim] >= end) {
            return false;
        }
        blocks->extent[dim] = end - start[dim];
        blocks->chunk[dim] = npu_min(blocks->extent[dim], most);
        most = blocks->chunk[dim] < blocks->extent[dim] ?
                   1 :
                   most / blocks->chunk[dim];
    }
    return true;
}

static bool take_all(struct scatter *scatter)
{
    uint64_t start[NPU_MAX_RANK];
    struct npu_grid blocks;
    uint64_t n;

    if (!get_blocks(scatter, start, &blocks)) {
        return true; /* d has more elements than a there. */
    }
    n = product(blocks.chunk, 0, blocks.rank);
    scatter->offset = npu_tile_alloc(scatter->tile, n * sizeof(int64_t));
    scatter->place = npu_tile_alloc(scatter->tile, n * sizeof(uint32_t));
    if (!scatter->offset || !scatter->place) {
        return false;
    }
    for (uint64_t i = 0; i < npu_grid_tiles(&blocks); i++) {
        struct block block = { .places = 0 };

        npu_grid_tile(&blocks, i, block.start, block.size);
        for (unsigned dim = 0; dim < blocks.rank; dim++) {
            block.start[dim] += start[dim];
        }
        if (!take_block(scatter, &block)) {
            return false;
        }
    }
    return true;
}

bool npu_scatter_run(struct npu_tile *tile)
{
    const struct npu_work *work = tile->work;
    struct scatter scatter = { .tile = tile, .op = reduction(work) };
    struct npu_grid grid;

    npu_indices_get(&scatter.indices, work);
    npu_scatter_cut(work, tile->dies, &grid);
    npu_grid_tile(&grid, tile->index, scatter.part.first, scatter.part.n);
    npu_box_cut(&scatter.d, scatter.indices.far, scatter.part.first,
                scatter.part.n);
    scatter.d_row = row_box(&scatter.d, scatter.indices.rest);
    scatter.a_row = row_box(scatter.indices.near, scatter.indices.rest);
    for (unsigned i = 0; i < scatter.indices.rest; i++) {
        scatter.a_row.extent[scatter.a_row.rank - 1 - i] =
            scatter.d_row.extent[scatter.d_row.rank - 1 - i];
    }
    return take_all(&scatter);
}
