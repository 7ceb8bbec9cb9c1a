/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NPU_OP_MATMUL.  A tile is a rectangle of d, of one or more of the products of a
 * batch, over all of k; k is walked in pieces whose panels fit in memory.  The
 * products are made by product-f32.c and product-s32.c.
 */
#include "block.h"
#include "families.h"
#include "matmul.h"
#include "panel.h"
#include "plan.h"

#define PRODUCT_NS 300 /* for one of a batch, however small */

/*
 * On the slow side of what processors need: with k = 1024 a tile has 128 x 256
 * elements, which take 0.4 to 0.8 ms.  Half of that wastes a tenth of the time on
 * making panels.
 */
#define FLOAT_MAC_PS 12

/* Rows and columns of a rectangle with blocks: pieces of k hold one of them. */
#define BLOCK_SIDE 1024

void npu_matmul_roles_get(struct npu_matmul_roles *roles, uint32_t flags)
{
    unsigned next = 3;

    /* In this order, without gaps. */
    roles->bias = flags & NPU_INSN_BIAS ? next++ : 0;
    roles->residual = flags & NPU_INSN_RESIDUAL ? next++ : 0;
    roles->scale = flags & NPU_INSN_SCALE ? next++ : 0;
    roles->block_scale = flags & NPU_INSN_BLOCK_SCALE ? next++ : 0;
    roles->zero_a = flags & NPU_INSN_ZERO_A ? next++ : 0;
    roles->zero_b = flags & NPU_INSN_ZERO_B ? next++ : 0;
    roles->operands = next;
}

struct matmul_ns {
    unsigned rank;
    uint64_t k;
    uint64_t side;             /* most rows or columns */
    uint64_t mac_ps;           /* for a multiplication */
    uint64_t a_ps, b_ps, d_ps; /* for an element of the operand */
};

static uint64_t matmul_ns(const void *arg, const uint64_t *chunk)
{
    const struct matmul_ns *cost = arg;
    uint64_t m = chunk[cost->rank - 2], n = chunk[cost->rank - 1];
    uint64_t area = npu_mul_sat(m, n), batch = 1, each;

    for (unsigned dim = 0; dim + 2 < cost->rank; dim++) {
        batch = npu_mul_sat(batch, chunk[dim]);
    }
    if (area > NPU_PANEL_ELEMENTS || npu_max(m, n) > cost->side) {
        return UINT64_MAX;
    }
    each = cost->k * (area * cost->mac_ps + m * cost->a_ps + n * cost->b_ps) +
           area * cost->d_ps;
    return npu_mul_sat(batch, PRODUCT_NS + each / 1000);
}

/* Time to bring an element of the last two dimensions to the CPU. */
static uint64_t matrix_ps(const struct npu_box *box)
{
    unsigned m = box->rank - 2;

    return npu_access_ps(2, &box->extent[m], &box->stride[m]) / 2;
}

static bool transposed(const struct npu_work *work)
{
    return work->insn->flags & NPU_INSN_TRANSPOSE_B;
}

uint64_t npu_matmul_k(const struct npu_work *work)
{
    const struct npu_box *a = &work->operand[1], *b = &work->operand[2];

    return npu_block_find(a->dtype) ?
               b->extent[b->rank - (transposed(work) ? 1 : 2)] :
               a->extent[a->rank - 1];
}

static bool has_blocks(const struct npu_work *work)
{
    return npu_block_find(work->operand[1].dtype) ||
           npu_block_find(work->operand[2].dtype);
}

void npu_matmul_cut(const struct npu_work *work, unsigned dies,
                    struct npu_grid *grid)
{
    const struct npu_box *d = &work->operand[0];
    const struct npu_box *a = &work->operand[1], *b = &work->operand[2];
    unsigned m = d->rank - 2, n = d->rank - 1;
    struct matmul_ns cost = {
        .rank = d->rank,
        .k = npu_matmul_k(work),
        .side = has_blocks(work) ? BLOCK_SIDE : NPU_PANEL_ELEMENTS,
        .mac_ps = npu_matmul_is_integer(a->dtype) ? 50 : FLOAT_MAC_PS,
        .a_ps = matrix_ps(a),
        .b_ps = matrix_ps(b),
        .d_ps = matrix_ps(d),
    };

    npu_grid_start(grid, d->rank, d->extent);
    /* Near to a square, since that needs the fewest panels. */
    for (uint64_t side = 2; side <= NPU_PANEL_ELEMENTS; side *= 2) {
        npu_grid_grow(grid, n, side, matmul_ns, &cost);
        npu_grid_grow(grid, m, side, matmul_ns, &cost);
    }
    for (unsigned dim = m; dim-- > 0;) {
        npu_grid_grow(grid, dim, UINT64_MAX, matmul_ns, &cost);
    }
    npu_grid_share(grid, dies, matmul_ns, &cost);
}

/* Two dimensions of an operand, at an index of the others. */
static struct npu_box matrix_at(const struct npu_box *operand,
                                const uint64_t *index, uint64_t row,
                                uint64_t rows, uint64_t column,
                                uint64_t columns)
{
    unsigned m = operand->rank - 2;
    struct npu_box matrix = {
        .va = operand->va + row * (uint64_t)operand->stride[m] +
              column * (uint64_t)operand->stride[m + 1],
        .dtype = operand->dtype,
        .size = operand->size,
        .rank = 2,
        .extent = { rows, columns },
        .stride = { operand->stride[m], operand->stride[m + 1] },
    };

    for (unsigned dim = 0; dim < m; dim++) {
        matrix.va += index[dim] * (uint64_t)operand->stride[dim];
    }
    return matrix;
}

struct npu_box npu_product_part(const struct npu_product *p, unsigned operand,
                                uint64_t row, uint64_t rows, uint64_t column,
                                uint64_t columns)
{
    return matrix_at(&p->tile->work->operand[operand], p->index, row, rows,
                     column, columns);
}

/* All of k, whatever it is made of. */
static struct npu_box lines_of(const struct npu_product *p, unsigned operand,
                               uint64_t row, uint64_t rows)
{
    const struct npu_box *box = &p->tile->work->operand[operand];

    return npu_product_part(p, operand, row, rows, 0,
                            box->extent[box->rank - 1]);
}

static void set_b(struct npu_product *p)
{
    struct npu_box *b = &p->b;

    p->upright = transposed(p->tile->work);
    *b = p->upright ? lines_of(p, 2, p->column, p->n) :
                      npu_product_part(p, 2, 0, p->k, p->column, p->n);
    /* Lines along k are rows, if b looks so or not. */
    if (!p->upright && b->stride[0] == b->size && b->stride[1] != b->size) {
        b->extent[0] = p->n;
        b->extent[1] = p->k;
        b->stride[0] = b->stride[1];
        b->stride[1] = b->size;
        p->upright = true;
    }
}

static bool run_product(struct npu_product *p)
{
    struct npu_scratch *mark = npu_tile_mark(p->tile);
    struct npu_view view;
    bool good;

    p->d = npu_product_part(p, 0, p->row, p->m, p->column, p->n);
    p->a = lines_of(p, 1, p->row, p->m);
    set_b(p);
    good = npu_box_target(p->tile, 0, &p->d, &view) &&
           (npu_matmul_is_integer(p->a.dtype) ? npu_product_s32(p, &view) :
                                                npu_product_f32(p, &view)) &&
           npu_box_store(p->tile, 0, &p->d, &view);
    npu_tile_rewind(p->tile, mark);
    return good;
}

bool npu_matmul_run(struct npu_tile *tile)
{
    const struct npu_box *d = &tile->work->operand[0];
    uint64_t start[NPU_MAX_RANK], size[NPU_MAX_RANK], index[NPU_MAX_RANK];
    uint64_t offset[NPU_MAX_RANK] = { 0 };
    unsigned m = d->rank - 2, n = m + 1;
    struct npu_matmul_roles roles;
    struct npu_product p = {
        .tile = tile,
        .roles = &roles,
        .index = index,
        .k = npu_matmul_k(tile->work),
    };
    struct npu_grid grid;

    npu_matmul_roles_get(&roles, tile->work->insn->flags);
    npu_matmul_cut(tile->work, tile->dies, &grid);
    npu_grid_tile(&grid, tile->index, start, size);
    p.row = start[m];
    p.column = start[n];
    p.m = size[m];
    p.n = size[n];
    p.piece = npu_min(NPU_PANEL_ELEMENTS / npu_max(p.m, p.n), NPU_MATMUL_PIECE);
    if (has_blocks(tile->work)) {
        p.piece &= ~(uint64_t)255; /* whole blocks of every type */
    }
    do {
        for (unsigned dim = 0; dim < m; dim++) {
            index[dim] = start[dim] + offset[dim];
        }
        if (!run_product(&p)) {
            return false;
        }
    } while (npu_grid_next(m, size, offset));
    return true;
}
