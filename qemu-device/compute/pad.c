/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NPU_OP_PAD.  Along each dimension the elements of a tile make runs: some come
 * from a, one after the other; some are equal to another one of the tile; some lie
 * outside.  A tile reads what comes from a into a copy of d, fills the rest from
 * there, and writes all of it.
 */
#include <string.h>

#include "clones.h"
#include "dtype.h"
#include "families.h"
#include "ops.h"
#include "plan.h"

#define TILE_NS 1000 /* to begin with a tile */
#define TILE_PS 1000 /* for an element, besides reading and writing it */

/* Two of these, the copies of d and of a, and the table of a long dimension. */
#define TILE_BYTES (1u << 20)
#define TILE_ELEMENTS (128u << 10)

/* Runs that a tile can have along a dimension, and a few more. */
#define RUNS 8

enum kind { FROM_A, REPEATED, OUTSIDE };

struct run {
    enum kind kind;
    uint64_t first, n; /* elements of the tile */
    int64_t a, step;   /* FROM_A: index in a, and from one to the next */
};

/* One dimension of a tile. */
struct along {
    uint64_t n;
    int64_t step; /* of the copy of d, bytes */
    unsigned runs;
    struct run run[RUNS];
    uint32_t *from; /* the first element of the tile that is the same one of a */
};

struct pad {
    struct npu_tile *tile;
    const struct npu_box *d, *a;
    struct along along[NPU_MAX_RANK];
};

/* ---- Cutting ------------------------------------------------------------- */

struct pad_ns {
    unsigned rank;
    uint64_t ps, most;
};

static uint64_t pad_ns(const void *arg, const uint64_t *chunk)
{
    const struct pad_ns *cost = arg;
    uint64_t elements = 1;

    for (unsigned dim = 0; dim < cost->rank; dim++) {
        elements = npu_mul_sat(elements, chunk[dim]);
    }
    if (elements > cost->most) {
        return UINT64_MAX;
    }
    return TILE_NS + elements * cost->ps / 1000;
}

void npu_pad_cut(const struct npu_work *work, unsigned dies,
                 struct npu_grid *grid)
{
    const struct npu_box *d = &work->operand[0], *a = &work->operand[1];
    struct pad_ns cost = {
        .rank = d->rank,
        .ps = TILE_PS + npu_access_ps(d->rank, d->extent, d->stride) +
              npu_access_ps(a->rank, a->extent, a->stride),
        .most = npu_min(TILE_ELEMENTS, TILE_BYTES / d->size),
    };

    npu_plan_cut_box(grid, d, dies, pad_ns, &cost);
}

/* ---- Runs ---------------------------------------------------------------- */

/* From x on, n elements are those of a from index a on; or outside. */
struct piece {
    bool outside;
    int64_t a, step;
    uint64_t n;
};

static int64_t modulo(int64_t x, int64_t n)
{
    return (x % n + n) % n;
}

/* Back and forth: to the right up to n - 2, to the left down to 1. */
static struct piece reflect_piece(int64_t x, int64_t n)
{
    int64_t last = n - 1;

    if (!last) {
        return (struct piece){ .n = UINT64_MAX };
    }
    x = modulo(x, 2 * last);
    if (x < last) {
        return (struct piece){ .a = x, .step = 1, .n = (uint64_t)(last - x) };
    }
    x = 2 * last - x;
    return (struct piece){ .a = x, .step = -1, .n = (uint64_t)x };
}

static struct piece edge_piece(int64_t x, int64_t n)
{
    if (x < 0) {
        return (struct piece){ .n = (uint64_t)-x };
    }
    if (x < n) {
        return (struct piece){ .a = x, .step = 1, .n = (uint64_t)(n - x) };
    }
    return (struct piece){ .a = n - 1, .n = UINT64_MAX };
}

static struct piece piece_at(uint32_t mode, int64_t x, int64_t n)
{
    struct piece piece;

    switch (mode) {
    case NPU_PAD_REFLECT:
        return reflect_piece(x, n);
    case NPU_PAD_WRAP:
        x = modulo(x, n);
        return (struct piece){ .a = x, .step = 1, .n = (uint64_t)(n - x) };
    default:
        piece = edge_piece(x, n);
        piece.outside = mode == NPU_PAD_CONSTANT && !piece.step;
        return piece;
    }
}

/* Does a piece begin where a run ends? */
static bool goes_on(const struct run *run, enum kind kind,
                    const struct piece *piece)
{
    if (run->kind != kind || kind == OUTSIDE) {
        return false;
    }
    return kind == REPEATED ||
           (run->step == piece->step &&
            run->a + run->step * (int64_t)run->n == piece->a);
}

/* n elements more */
static void add_run(struct along *along, enum kind kind, uint64_t first,
                    const struct piece *piece, uint64_t n)
{
    if (along->runs && goes_on(&along->run[along->runs - 1], kind, piece)) {
        along->run[along->runs - 1].n += n;
        return;
    }
    along->run[along->runs++] = (struct run){
        .kind = kind,
        .first = first,
        .n = n,
        .a = piece->a,
        .step = piece->step,
    };
}

/* The element of the tile that is element a of a; n: none is yet. */
static uint64_t find(const struct along *along, int64_t a)
{
    for (unsigned i = 0; i < along->runs; i++) {
        const struct run *run = &along->run[i];
        int64_t at = run->step < 0 ? run->a - a : a - run->a;

        if (run->kind == FROM_A && at >= 0 && (uint64_t)at < run->n) {
            return run->first + (uint64_t)at;
        }
    }
    return along->n;
}

/*
 * A piece of which some may be there already.  Behind its first element, what is new
 * is so up to its end; one that stands still is one element.
 */
static void add_piece(struct along *along, uint64_t first, struct piece piece,
                      uint64_t n)
{
    uint64_t count;

    for (uint64_t i = 0; i < n; i += count) {
        uint64_t from = find(along, piece.a);
        bool seen = from < along->n;

        count = i && (!seen || !piece.step) ? n - i : 1;
        for (uint64_t j = first + i; j < first + i + count; j++) {
            along->from[j] = (uint32_t)(seen ? from : j);
        }
        add_run(along, seen ? REPEATED : FROM_A, first + i, &piece, count);
        piece.a += (int64_t)count * piece.step;
    }
}

/* The table of a dimension, whose first n elements are themselves. */
static bool need_table(struct pad *pad, struct along *along, uint64_t n)
{
    if (along->from) {
        return true;
    }
    along->from = npu_tile_alloc(pad->tile, along->n * sizeof(uint32_t));
    for (uint64_t i = 0; along->from && i < n; i++) {
        along->from[i] = (uint32_t)i;
    }
    return along->from;
}

/* After so many elements all comes again. */
static uint64_t period(uint32_t mode, uint64_t n)
{
    switch (mode) {
    case NPU_PAD_WRAP:
        return n;
    case NPU_PAD_REFLECT:
        return n > 1 ? 2 * (n - 1) : 1;
    default:
        return UINT64_MAX;
    }
}

static void add_rest(struct along *along, uint64_t first, uint64_t distance)
{
    static const struct piece again = { 0 };

    for (uint64_t i = first; i < along->n; i++) {
        along->from[i] = along->from[i - distance];
    }
    add_run(along, REPEATED, first, &again, along->n - first);
}

static bool get_runs(struct pad *pad, unsigned dim, uint64_t start)
{
    const struct npu_insn_pad *params = &pad->tile->work->insn->padding;
    struct along *along = &pad->along[dim];
    uint64_t extent = pad->a->extent[dim], n;
    uint64_t all = npu_min(along->n, period(params->mode, extent));
    int64_t x = (int64_t)start - params->before[dim];

    for (uint64_t i = 0; i < all; i += n) {
        struct piece piece = piece_at(params->mode, x + (int64_t)i,
                                      (int64_t)extent);

        n = npu_min(piece.n, all - i);
        if (params->mode == NPU_PAD_CONSTANT || (!i && piece.step)) {
            add_run(along, piece.outside ? OUTSIDE : FROM_A, i, &piece, n);
        } else if (need_table(pad, along, i)) {
            add_piece(along, i, piece, n);
        } else {
            return false;
        }
    }
    if (all < along->n) {
        if (!need_table(pad, along, all)) {
            return false;
        }
        add_rest(along, all, all);
    }
    return true;
}

/* ---- What comes from a --------------------------------------------------- */

/* Copy a box of a to where it is in the copy of d. */
static bool bring(struct pad *pad, const struct npu_box *box, unsigned char *to)
{
    struct npu_scratch *mark = npu_tile_mark(pad->tile);
    struct npu_loop loop = { .rank = box->rank, .operands = 2 };
    struct npu_loop_at at = { 0 };
    struct npu_view view;
    unsigned last;

    if (!npu_box_source(pad->tile, 1, box, &view)) {
        return false;
    }
    for (unsigned dim = 0; dim < box->rank; dim++) {
        loop.extent[dim] = box->extent[dim];
        loop.stride[0][dim] = pad->along[dim].step;
        loop.stride[1][dim] = view.stride[dim];
    }
    npu_loop_tidy(&loop, 0);
    last = loop.rank - 1;
    do {
        npu_row_copy(to + at.offset[0], loop.stride[0][last],
                     view.at + at.offset[1], loop.stride[1][last], box->size,
                     loop.extent[last]);
    } while (npu_loop_next(&loop, &at));
    npu_tile_rewind(pad->tile, mark);
    return true;
}

/* The part of a box of a that a run is made of */
static struct npu_box take_run(const struct pad *pad, const struct npu_box *box,
                               unsigned dim, const struct run *run)
{
    struct npu_box part = *box;

    part.va += (uint64_t)run->a * (uint64_t)pad->a->stride[dim];
    part.extent[dim] = run->n;
    part.stride[dim] = run->n > 1 ? run->step * pad->a->stride[dim] : 0;
    return part;
}

/* Everything that comes from a, dimension by dimension: box says what of it. */
static bool bring_all(struct pad *pad, unsigned dim, const struct npu_box *box,
                      unsigned char *to)
{
    const struct along *along = &pad->along[dim];

    if (dim == pad->d->rank) {
        return bring(pad, box, to);
    }
    for (unsigned i = 0; i < along->runs; i++) {
        const struct run *run = &along->run[i];
        struct npu_box part;

        if (run->kind != FROM_A) {
            continue;
        }
        part = take_run(pad, box, dim, run);
        if (!bring_all(pad, dim + 1, &part,
                       to + (int64_t)run->first * along->step)) {
            return false;
        }
    }
    return true;
}

/* ---- The rest ------------------------------------------------------------ */

#define PICK(type)                                                        \
    do {                                                                  \
        typedef type __attribute__((may_alias)) element;                  \
        element *row_ = row;                                              \
                                                                          \
        _Pragma("GCC ivdep") for (uint64_t i = first; i < first + n; i++) \
        {                                                                 \
            row_[i] = row_[from[i]];                                      \
        }                                                                 \
    } while (0)

/* row[i] = row[from[i]]: of elements that are there already */
NPU_CLONES
static void pick(void *row, const uint32_t *from, unsigned size, uint64_t first,
                 uint64_t n)
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

static void repeat(const struct pad *pad, unsigned dim, const struct run *run,
                   unsigned char *at)
{
    const struct along *along = &pad->along[dim];

    if (dim == pad->d->rank - 1) {
        pick(at, along->from, pad->d->size, run->first, run->n);
        return;
    }
    for (uint64_t i = run->first; i < run->first + run->n; i++) {
        memcpy(at + (int64_t)i * along->step,
               at + (int64_t)along->from[i] * along->step, (size_t)along->step);
    }
}

/* Complete a part of the copy: all of the dimensions from dim on. */
static void complete(const struct pad *pad, unsigned dim, unsigned char *at)
{
    /* Never above it, which the compiler does not see. */
    bool last = dim >= pad->d->rank - 1 || dim >= NPU_MAX_RANK - 1;
    const struct along *along = &pad->along[dim];

    for (unsigned r = 0; r < along->runs; r++) {
        const struct run *run = &along->run[r];
        unsigned char *to = at + (int64_t)run->first * along->step;

        if (run->kind == REPEATED) {
            repeat(pad, dim, run, at);
        } else if (run->kind == OUTSIDE) {
            npu_row_fill(to, pad->d->size, pad->d->size,
                         run->n * (uint64_t)along->step / pad->d->size,
                         pad->tile->work->scalar);
        }
        for (uint64_t i = 0; !last && run->kind == FROM_A && i < run->n; i++) {
            complete(pad, dim + 1, to + (int64_t)i * along->step);
        }
    }
}

static bool all_from_a(const struct pad *pad)
{
    for (unsigned dim = 0; dim < pad->d->rank; dim++) {
        if (pad->along[dim].runs > 1 || pad->along[dim].run[0].kind != FROM_A) {
            return false;
        }
    }
    return true;
}

/* No copy of d is needed: a piece of a goes to where it is wanted. */
static bool move(struct pad *pad, const struct npu_box *to)
{
    struct npu_box from = *pad->a;
    struct npu_view view;

    for (unsigned dim = 0; dim < to->rank; dim++) {
        from = take_run(pad, &from, dim, &pad->along[dim].run[0]);
    }
    return npu_box_source(pad->tile, 1, &from, &view) &&
           npu_box_write(pad->tile, 0, to, &view);
}

static bool assemble(struct pad *pad, const struct npu_box *to)
{
    struct npu_view view = { 0 };
    uint64_t bytes = to->size;

    for (unsigned dim = to->rank; dim-- > 0;) {
        pad->along[dim].step = view.stride[dim] = (int64_t)bytes;
        bytes *= to->extent[dim];
    }
    view.at = npu_tile_alloc(pad->tile, bytes);
    if (!view.at || !bring_all(pad, 0, pad->a, view.at)) {
        return false;
    }
    complete(pad, 0, view.at);
    return npu_box_write(pad->tile, 0, to, &view);
}

bool npu_pad_run(struct npu_tile *tile)
{
    const struct npu_work *work = tile->work;
    struct pad pad = {
        .tile = tile,
        .d = &work->operand[0],
        .a = &work->operand[1],
    };
    uint64_t start[NPU_MAX_RANK], size[NPU_MAX_RANK];
    struct npu_grid grid;
    struct npu_box to;

    npu_pad_cut(work, tile->dies, &grid);
    npu_grid_tile(&grid, tile->index, start, size);
    npu_box_cut(&to, pad.d, start, size);
    for (unsigned dim = 0; dim < to.rank; dim++) {
        pad.along[dim].n = size[dim];
        if (!get_runs(&pad, dim, start[dim])) {
            return false;
        }
    }
    return all_from_a(&pad) ? move(&pad, &to) : assemble(&pad, &to);
}
