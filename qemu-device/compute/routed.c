/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NPU_OP_MATMUL_ROUTED: each pair of a row and a slot is multiplied by the matrix of
 * the expert that c names.  Pairs are taken in the order of their experts, so that
 * the weights of one are converted once for all of its pairs.
 *
 * How many pairs an expert has is in memory, so tiles are cut in units of work: a
 * pair is one, and each expert that has pairs is some more, for its weights.  A tile
 * is some columns times some units; the last tiles are empty if pairs have few
 * experts.  Every tile finds its pairs by itself.
 */
#include <string.h>

#include "block.h"
#include "dtype.h"
#include "families.h"
#include "matmul.h"
#include "ops.h"
#include "panel.h"
#include "plan.h"
#include "rows.h"

#define MAC_PS 12    /* for a multiplication of many in a row */
#define SETUP 16     /* units for the weights of an expert, at least */
#define PAIR_NS 400  /* to find and to store a row */
#define SORT_PS 5000 /* for a pair or an expert */

#define SIDE 512                 /* units or columns of a tile, at most */
#define ACTIVATIONS (128u << 10) /* elements of a at a time */

/* Columns at a time: a sliver of gemm.c or two. */
#define GROUP 32

/*
 * Pairs of an expert that are too few for matrices: where the CPU multiplies weights
 * as they are, of 16 bits or fewer; and where it does not.
 */
#define FEW_WIDE 6
#define FEW_NARROW 2
#define FEW_OTHERS 1

/*
 * Elements of one tile are summed in another order than those of another, so that
 * tiles must be the same on any number of dies: as many as these want.
 */
#define DIES 8

/* ---- Tiles --------------------------------------------------------------- */

struct routed_ns {
    uint64_t k, setup;
    uint64_t a_ps, d_ps; /* for an element of the operand */
    uint64_t sort;
};

static uint64_t routed_ns(const void *arg, const uint64_t *chunk)
{
    const struct routed_ns *cost = arg;
    uint64_t n = chunk[0], units = chunk[1];

    if (n > SIDE || units > SIDE) {
        return UINT64_MAX;
    }
    /* It may begin in the midst of an expert, whose weights are made again. */
    return cost->sort + units * PAIR_NS +
           (cost->k *
                ((units + cost->setup) * n * MAC_PS + units * cost->a_ps) +
            units * n * cost->d_ps) /
               1000;
}

static uint64_t pairs_of(const struct npu_work *work)
{
    return npu_box_elements(&work->operand[3]);
}

static uint64_t experts_of(const struct npu_work *work)
{
    return work->operand[2].extent[0];
}

/* Units for the weights of an expert: what they cost more than a pair. */
static uint64_t setup_of(const struct npu_work *work)
{
    const struct npu_box *b = &work->operand[2];
    uint64_t ps = npu_access_ps(2, &b->extent[1], &b->stride[1]) / 2;

    return npu_max(ps / MAC_PS, SETUP);
}

static uint64_t along_ps(const struct npu_box *box)
{
    return npu_access_ps(1, &box->extent[2], &box->stride[2]) / 2;
}

static const struct npu_op *activation_of(const struct npu_work *work)
{
    uint32_t opcode = work->insn->matmul.activation;

    return opcode ? npu_op_find(opcode) : NULL;
}

void npu_routed_cut(const struct npu_work *work, unsigned dies,
                    struct npu_grid *grid)
{
    const struct npu_op *activation = activation_of(work);
    uint64_t pairs = pairs_of(work), experts = experts_of(work);
    struct routed_ns cost = {
        .k = npu_matmul_k(work),
        .setup = setup_of(work),
        .a_ps = along_ps(&work->operand[1]),
        .d_ps = along_ps(&work->operand[0]) +
                (activation ? activation->host_ps : 0),
        /* Tiles would not get better by being small. */
        .sort = npu_min((pairs + experts) * SORT_PS / 1000, NPU_TILE_NS / 2),
    };
    uint64_t extent[2] = {
        work->operand[0].extent[2],
        pairs + npu_min(pairs, experts) * cost.setup,
    };

    (void)dies;
    npu_grid_start(grid, 2, extent);
    /* Rows of a are read for each tile of columns, weights for each of units. */
    for (uint64_t side = GROUP; side <= SIDE; side *= 2) {
        npu_grid_grow(grid, 0, side, routed_ns, &cost);
        npu_grid_grow(grid, 1, 4 * side, routed_ns, &cost);
    }
    npu_grid_share(grid, DIES, routed_ns, &cost);
}

/* ---- Order --------------------------------------------------------------- */

/* Pairs in the order of their experts. */
struct order {
    uint32_t *first; /* of each expert, and behind the last one */
    uint32_t *pair;
};

/* The experts of all pairs, read once: what is checked is what is used. */
static bool read_experts(struct npu_tile *tile, int32_t *expert)
{
    const struct npu_box *c = &tile->work->operand[3];
    uint64_t slots = c->extent[1];
    struct npu_view view;

    if (!npu_box_source(tile, 3, c, &view)) {
        return false;
    }
    for (uint64_t row = 0; row < c->extent[0]; row++) {
        npu_row_copy(expert + row * slots, sizeof(*expert),
                     view.at + (int64_t)row * view.stride[0], view.stride[1],
                     sizeof(*expert), slots);
    }
    return true;
}

/* How many pairs each expert has, one entry further on; then the first of them. */
static bool count_pairs(struct npu_tile *tile, const int32_t *expert,
                        struct order *order)
{
    uint64_t pairs = pairs_of(tile->work), experts = experts_of(tile->work);

    memset(order->first, 0, (experts + 1) * sizeof(*order->first));
    for (uint64_t i = 0; i < pairs; i++) {
        /* A negative index is a huge one. */
        if ((uint32_t)expert[i] >= experts) {
            return npu_tile_fail(tile, NPU_ERR_INDEX, 3);
        }
        order->first[expert[i] + 1]++;
    }
    for (uint64_t i = 0; i < experts; i++) {
        order->first[i + 1] += order->first[i];
    }
    return true;
}

static bool sort_pairs(struct npu_tile *tile, struct order *order)
{
    uint64_t pairs = pairs_of(tile->work), experts = experts_of(tile->work);
    int32_t *expert;

    order->first = npu_tile_alloc(tile, (experts + 1) * sizeof(*order->first));
    order->pair = npu_tile_alloc(tile, pairs * sizeof(*order->pair));
    expert = npu_tile_alloc(tile, pairs * sizeof(*expert));
    if (!order->first || !order->pair || !expert ||
        !read_experts(tile, expert) || !count_pairs(tile, expert, order)) {
        return false;
    }
    for (uint64_t i = 0; i < pairs; i++) {
        order->pair[order->first[expert[i]]++] = (uint32_t)i;
    }
    /* Each has become the next one's. */
    memmove(order->first + 1, order->first, experts * sizeof(*order->first));
    order->first[0] = 0;
    return true;
}

/* ---- The product of an expert -------------------------------------------- */

/* Some pairs of one expert, and the tile's columns. */
struct part {
    struct npu_tile *tile;
    uint64_t column, n;
    uint64_t expert;
    const uint32_t *pair;
    uint64_t m;
    uint64_t k, count; /* the piece of k */
    float *c;          /* m rows of n sums */
    float *a, *scaled; /* m rows of a; and times scales, if there are some */
    float *weights;    /* of a group */
};

/* Room for all parts of a tile with so many pairs: that of every tile is the same. */
static bool part_rooms(struct part *part, uint64_t columns, uint64_t pairs)
{
    struct npu_tile *tile = part->tile;
    bool has_scales = tile->work->insn->flags & NPU_INSN_BLOCK_SCALE;
    uint64_t k = npu_min(npu_matmul_k(tile->work), NPU_MATMUL_PIECE);
    uint64_t a = npu_min(pairs * k, ACTIVATIONS);

    part->c = npu_tile_alloc(tile, columns * pairs * sizeof(float));
    part->a = npu_tile_alloc(tile, a * sizeof(float));
    part->weights = npu_tile_alloc(tile, GROUP * k * sizeof(float));
    if (has_scales) {
        part->scaled = npu_tile_alloc(tile, a * sizeof(float));
    }
    return part->c && part->a && part->weights && (!has_scales || part->scaled);
}

/* Part of the row of d or a that a pair is. */
static struct npu_box row_of(const struct part *part, unsigned operand,
                             uint64_t i, uint64_t start, uint64_t count)
{
    const struct npu_box *box = &part->tile->work->operand[operand];
    uint64_t row = part->pair[i] / box->extent[1];
    uint64_t slot = part->pair[i] % box->extent[1];

    return (struct npu_box){
        .va = box->va + row * (uint64_t)box->stride[0] +
              slot * (uint64_t)box->stride[1] +
              start * (uint64_t)box->stride[2],
        .dtype = box->dtype,
        .size = box->size,
        .rank = 1,
        .extent = { count },
        .stride = { box->stride[2] },
    };
}

static bool gather(const struct part *part)
{
    for (uint64_t i = 0; i < part->m; i++) {
        struct npu_scratch *mark = npu_tile_mark(part->tile);
        struct npu_box row = row_of(part, 1, i, part->k, part->count);
        struct npu_view view;

        if (!npu_box_source(part->tile, 1, &row, &view)) {
            return false;
        }
        npu_row_get_f32(part->a + i * part->count, view.at, view.stride[0],
                        row.dtype, part->count);
        npu_tile_rewind(part->tile, mark);
    }
    return true;
}

/*
 * Scales of blocks are multiplied with the rows of a, which are fewer than those of
 * the weights, as a rule, and need not be converted to have it done.
 */
static bool scale_rows(const struct part *part, uint64_t column)
{
    const struct npu_box *scale = &part->tile->work->operand[4];
    uint64_t from = part->k / NPU_SCALE_BLOCK;
    uint64_t to = (part->k + part->count - 1) / NPU_SCALE_BLOCK;
    uint64_t start[3] = { part->expert, column / NPU_SCALE_BLOCK, from };
    uint64_t size[3] = { 1, 1, to - from + 1 };
    float blocks[NPU_MATMUL_PIECE / NPU_SCALE_BLOCK];
    struct npu_box box;
    struct npu_view view;

    npu_box_cut(&box, scale, start, size);
    if (!npu_box_source(part->tile, 4, &box, &view)) {
        return false;
    }
    npu_row_get_f32(blocks, view.at, view.stride[2], box.dtype, size[2]);
    for (uint64_t i = 0; i < part->m; i++) {
        const float *a = part->a + i * part->count;
        float *scaled = part->scaled + i * part->count;

        for (uint64_t l = 0; l < part->count; l++) {
            scaled[l] = a[l] * blocks[l / NPU_SCALE_BLOCK];
        }
    }
    return true;
}

/* Rows of weights along k, without gaps. */
struct weights {
    const unsigned char *at;
    int64_t pitch; /* bytes from one to the next */
    uint32_t dtype;
};

static struct npu_box weights_box(const struct part *part, uint64_t column,
                                  uint64_t columns)
{
    const struct npu_box *b = &part->tile->work->operand[2];
    const struct npu_block *block = npu_block_find(b->dtype);
    uint64_t k = part->k, count = part->count;

    if (block) {
        k = k / block->elements * block->bytes;
        count = count / block->elements * block->bytes;
    }
    return (struct npu_box){
        .va = b->va + part->expert * (uint64_t)b->stride[0] +
              column * (uint64_t)b->stride[1] + k * (uint64_t)b->stride[2],
        .dtype = b->dtype,
        .size = b->size,
        .rank = 2,
        .extent = { columns, count },
        .stride = { b->stride[1], b->stride[2] },
    };
}

static struct weights convert(const struct part *part,
                              const struct npu_box *box,
                              const struct npu_view *view)
{
    const struct npu_block *block = npu_block_find(box->dtype);
    uint64_t count = part->count;
    float *to = part->weights;

    for (uint64_t j = 0; j < box->extent[0]; j++) {
        const unsigned char *from = view->at + (int64_t)j * view->stride[0];

        if (block) {
            npu_block_get_f32(block, to + j * count, from,
                              count / block->elements);
        } else {
            npu_row_get_f32(to + j * count, from, view->stride[1], box->dtype,
                            count);
        }
    }
    return (struct weights){
        .at = (void *)to,
        .pitch = (int64_t)(count * sizeof(*to)),
        .dtype = NPU_DTYPE_F32,
    };
}

/*
 * Some columns' weights, as f32 if they are for matrices, or have gaps.  It is the
 * tensor that decides: a copy of it has no gaps, but sums must be the same.
 */
static bool open_weights(const struct part *part, uint64_t column,
                         uint64_t columns, bool matrix, struct weights *weights)
{
    struct npu_box box = weights_box(part, column, columns);
    struct npu_view view;

    if (!npu_box_source(part->tile, 2, &box, &view)) {
        return false;
    }
    if (box.stride[1] != box.size || (matrix && box.dtype != NPU_DTYPE_F32) ||
        (matrix && view.stride[0] < (int64_t)(part->count * sizeof(float)))) {
        *weights = convert(part, &box, &view);
    } else {
        *weights = (struct weights){ view.at, view.stride[0], box.dtype };
    }
    return true;
}

static void add_few(const struct part *part, const float *a,
                    const struct weights *weights, uint64_t columns, float *c)
{
    for (uint64_t j = 0; j < columns; j += NPU_UNPACK_ROWS) {
        unsigned rows = (unsigned)npu_min(NPU_UNPACK_ROWS, columns - j);

        for (uint64_t i = 0; i < part->m; i++) {
            float sum[NPU_UNPACK_ROWS], *to = c + i * part->n + j;

            npu_rows_times(weights->at + (int64_t)j * weights->pitch,
                           weights->pitch, rows, weights->dtype,
                           a + i * part->count, part->count, sum);
            for (unsigned l = 0; l < rows; l++) {
                to[l] = part->k ? to[l] + sum[l] : sum[l];
            }
        }
    }
}

static void add_matrix(const struct part *part, const float *a,
                       const struct weights *weights, uint64_t columns,
                       float *c)
{
    struct npu_panel left = { .data = a, .ld = (int)part->count };
    struct npu_panel right = {
        .data = (const void *)weights->at,
        .ld = (int)(weights->pitch / (int64_t)sizeof(float)),
        .trans = true,
    };

    npu_panel_multiply(&left, &right, c, (int)part->n, (int)part->m,
                       (int)columns, (int)part->count, part->k > 0);
}

static unsigned few_of(const struct npu_box *b)
{
    if (!npu_unpack_find(b->dtype)) {
        return FEW_OTHERS;
    }
    return b->size == 2 ? FEW_WIDE : FEW_NARROW;
}

/* Columns of one group, all of them in one row of blocks of scales. */
static bool add_group(const struct part *part, const float *a, uint64_t column,
                      uint64_t columns)
{
    struct npu_scratch *mark = npu_tile_mark(part->tile);
    const struct npu_box *b = &part->tile->work->operand[2];
    bool matrix = part->m > few_of(b) && columns > 1;
    float *c = part->c + (column - part->column);
    struct weights weights;

    if (!open_weights(part, column, columns, matrix, &weights)) {
        return false;
    }
    (matrix ? add_matrix : add_few)(part, a, &weights, columns, c);
    npu_tile_rewind(part->tile, mark);
    return true;
}

static bool add_piece(const struct part *part)
{
    uint64_t end = part->column + part->n, step;

    if (!gather(part)) {
        return false;
    }
    for (uint64_t column = part->column; column < end; column += step) {
        step = npu_min(GROUP, end - column);
        if (part->scaled) {
            uint64_t in_block = column % NPU_SCALE_BLOCK;

            step = npu_min(step, NPU_SCALE_BLOCK - in_block);
            if ((column == part->column || !in_block) &&
                !scale_rows(part, column)) {
                return false;
            }
        }
        if (!add_group(part, part->scaled ? part->scaled : part->a, column,
                       step)) {
            return false;
        }
    }
    return true;
}

static bool store(const struct part *part)
{
    const struct npu_op *activation = activation_of(part->tile->work);

    for (uint64_t i = 0; i < part->m; i++) {
        struct npu_scratch *mark = npu_tile_mark(part->tile);
        struct npu_box row = row_of(part, 0, i, part->column, part->n);
        float *c = part->c + i * part->n;
        struct npu_view view;

        if (!npu_box_target(part->tile, 0, &row, &view)) {
            return false;
        }
        if (activation) {
            activation->f32(c, c, NULL, NULL, part->n);
        }
        npu_row_put_f32(view.at, view.stride[0], row.dtype, part->n, c);
        if (!npu_box_store(part->tile, 0, &row, &view)) {
            return false;
        }
        npu_tile_rewind(part->tile, mark);
    }
    return true;
}

static bool run_part(struct part *part)
{
    uint64_t k = npu_matmul_k(part->tile->work);
    /* Whole blocks of every type, and of scales. */
    uint64_t piece = npu_min(ACTIVATIONS / part->m, NPU_MATMUL_PIECE) &
                     ~(uint64_t)255;

    for (part->k = 0; part->k < k; part->k += piece) {
        part->count = npu_min(piece, k - part->k);
        if (!add_piece(part)) {
            return false;
        }
    }
    return store(part);
}

bool npu_routed_run(struct npu_tile *tile)
{
    uint64_t setup = setup_of(tile->work), unit = 0, start[2], size[2];
    uint64_t experts = experts_of(tile->work);
    struct part part = { .tile = tile };
    struct npu_grid grid;
    struct order order;

    npu_routed_cut(tile->work, tile->dies, &grid);
    npu_grid_tile(&grid, tile->index, start, size);
    if (!sort_pairs(tile, &order) ||
        !part_rooms(&part, grid.chunk[0], grid.chunk[1])) {
        return false;
    }
    part.column = start[0];
    part.n = size[0];
    for (; part.expert < experts; part.expert++) {
        uint64_t at = order.first[part.expert];
        uint64_t pairs = order.first[part.expert + 1] - at;
        uint64_t first = unit + setup, end = first + pairs;
        uint64_t from = npu_max(first, start[1]);
        uint64_t to = npu_min(end, start[1] + size[1]);

        if (from < to) {
            part.pair = order.pair + at + (from - first);
            part.m = to - from;
            if (!run_part(&part)) {
                return false;
            }
        }
        unit = pairs ? end : unit;
    }
    return true;
}
