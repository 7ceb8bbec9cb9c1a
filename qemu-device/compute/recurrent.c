/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recurrent steps: a tile is a part of d's width for some heads of some sequences, over
 * all steps.  It is worked on in blocks of heads, whose state becomes f32 within
 * reach, and these in blocks of steps.
 */
#include <string.h>

#include "dtype.h"
#include "families.h"
#include "ops.h"
#include "plan.h"
#include "recurrence.h"
#include "tile.h"

#define STATE (32u << 10) /* elements of a block of heads */
#define BLOCK (16u << 10) /* elements of an operand in a block of steps */

/* Neighbours in the width or among the heads that a tile has at least, and elements
 * of the state. */
#define RUN 16
#define CELLS 2048

/* For so few steps, columns are not brought together first. */
#define FEW_STEPS 4

/* Estimates: for a step of a head, and for each of its elements of the depth. */
#define STEP_PS 15000
#define DEPTH_PS 700

_Static_assert(STATE >= NPU_MAX_STATE * NPU_COLUMNS, "one head always fits");

/* Dimensions of all operands but the state, and of the grid. */
enum { SEQUENCE, STEP, HEAD, WIDTH };
enum { GRID_SEQUENCE, GRID_HEAD, GRID_WIDTH };

struct recurrent {
    const struct npu_work *work;
    const struct npu_recurrence *kind;
    struct npu_box box[NPU_MAX_OPERANDS]; /* all of rank 4 */
    uint64_t members[NPU_MAX_OPERANDS];   /* heads that share what it has */
    uint64_t depth, width, steps, heads;
    /* Estimated time to bring what to the CPU: an element of the state there and
     * back, an element of the width, all that does not have the width */
    uint64_t state_ps, wide_ps, narrow_ps;
    struct npu_grid grid; /* its width in lanes */
};

static bool is_wide(const struct recurrent *r, unsigned op)
{
    return r->kind->wide >> op & 1;
}

/* One that is the same at all steps. */
static bool is_fixed(const struct recurrent *r, unsigned op)
{
    return r->work->operand[op].rank == 2;
}

/* [head, width] as [1, 1, head, width]; others are as they are. */
static void box_of(struct npu_box *box, const struct npu_box *operand)
{
    *box = *operand;
    if (operand->rank == 2) {
        box->rank = 4;
        for (unsigned dim = 0; dim < 2; dim++) {
            box->extent[HEAD + dim] = operand->extent[dim];
            box->stride[HEAD + dim] = operand->stride[dim];
            box->extent[dim] = 1;
            box->stride[dim] = 0;
        }
    }
}

static uint64_t recurrent_ns(const void *arg, const uint64_t *chunk)
{
    const struct recurrent *r = arg;
    uint64_t heads = npu_mul_sat(chunk[GRID_SEQUENCE], chunk[GRID_HEAD]);
    uint64_t wide = npu_mul_sat(chunk[GRID_WIDTH], r->kind->lanes);
    uint64_t state = npu_mul_sat(wide, r->depth), step;

    if (state > STATE) {
        return UINT64_MAX;
    }
    step = STEP_PS + r->depth * DEPTH_PS + r->narrow_ps + wide * r->wide_ps +
           state * r->work->op->host_ps;
    return npu_mul_sat(heads, (r->steps * step + state * r->state_ps) / 1000);
}

static void grid_get(struct recurrent *r, uint64_t sequences, unsigned dies)
{
    uint64_t lanes = r->kind->lanes;
    uint64_t least = npu_max(npu_min(RUN, CELLS / r->depth) / lanes, 1);

    npu_grid_start(&r->grid, 3,
                   (const uint64_t[]){ sequences, r->heads,
                                       npu_div_up(r->width, lanes) });
    r->grid.chunk[GRID_WIDTH] = npu_min(least, r->grid.extent[GRID_WIDTH]);
    r->grid.chunk[GRID_HEAD] = npu_min(npu_div_up(RUN, r->width), r->heads);
    for (unsigned dim = 3; dim-- > 0;) {
        npu_grid_grow(&r->grid, dim, UINT64_MAX, recurrent_ns, r);
    }
    npu_grid_share(&r->grid, dies, recurrent_ns, r);
}

static void recurrent_get(struct recurrent *r, const struct npu_work *work,
                          unsigned dies)
{
    const struct npu_box *d = &work->operand[0];

    *r = (struct recurrent){
        .work = work,
        .kind = work->op->recurrence,
        .depth = work->operand[1].extent[work->op->recurrence->depth],
        .width = d->extent[WIDTH],
        .steps = d->extent[STEP],
        .heads = d->extent[HEAD],
    };
    for (unsigned op = 0; op < work->operands; op++) {
        struct npu_box *box = &r->box[op];
        uint64_t ps;

        box_of(box, &work->operand[op]);
        ps = npu_access_ps(box->rank, box->extent, box->stride);
        r->members[op] = npu_max(r->heads / box->extent[HEAD], 1);
        if (op == 1) {
            r->state_ps = 2 * ps;
        } else if (is_wide(r, op)) {
            r->wide_ps += ps;
        } else {
            r->narrow_ps += ps * box->extent[WIDTH];
        }
    }
    grid_get(r, d->extent[SEQUENCE], dies);
}

void npu_recurrent_cut(const struct npu_work *work, unsigned dies,
                       struct npu_grid *grid)
{
    struct recurrent r;

    recurrent_get(&r, work, dies);
    *grid = r.grid;
}

/* ---- Operands of a block ------------------------------------------------- */

/* Some heads of a sequence, a part of their width, and some steps of them. */
struct block {
    struct npu_tile *tile;
    const struct recurrent *r;
    uint64_t sequence, head, heads, start, width;
    uint64_t pitch; /* width, rounded up to lanes */
    uint64_t step, steps;
    /* The state within reach, with its steps as in struct npu_head */
    float *state;
    ptrdiff_t next_state, across, down;
    float *row[NPU_MAX_OPERANDS]; /* [step, head or group, pitch] */
    uint32_t repeated;            /* as in struct npu_head */
};

/* From one head or group to the next, and from one step to the next. */
static uint64_t pitch_of(const struct block *b, unsigned op)
{
    return is_wide(b->r, op) ? b->pitch : b->r->box[op].extent[WIDTH];
}

static uint64_t groups_of(const struct block *b, unsigned op)
{
    uint64_t n = b->r->members[op];

    return (b->head + b->heads - 1) / n - b->head / n + 1;
}

static uint64_t next_of(const struct block *b, unsigned op)
{
    return groups_of(b, op) * pitch_of(b, op);
}

static void cut_operand(const struct block *b, unsigned op,
                        struct npu_box *part)
{
    const struct npu_box *box = &b->r->box[op];
    bool fixed = is_fixed(b->r, op), wide = is_wide(b->r, op);
    uint64_t start[4] = { fixed ? 0 : b->sequence, fixed ? 0 : b->step,
                          b->head / b->r->members[op], wide ? b->start : 0 };
    uint64_t size[4] = { 1, fixed ? 1 : b->steps, groups_of(b, op),
                         wide ? b->width : box->extent[WIDTH] };

    npu_box_cut(part, box, start, size);
}

/* The rows of an operand, as few and as long as its layout allows. */
struct rows {
    uint64_t steps, heads, n, pitch;
    int64_t stride[4]; /* bytes, of the operand */
};

static void rows_get(struct rows *rows, const struct block *b, unsigned op,
                     const struct npu_box *part, const struct npu_view *view)
{
    rows->steps = part->extent[STEP];
    rows->heads = part->extent[HEAD];
    rows->n = part->extent[WIDTH];
    rows->pitch = pitch_of(b, op);
    memcpy(rows->stride, view->stride, sizeof(rows->stride));
    if (rows->n != rows->pitch) {
        return;
    }
    if (rows->n == 1) {
        rows->stride[WIDTH] = rows->stride[HEAD];
    }
    if (rows->stride[HEAD] == rows->stride[WIDTH] * (int64_t)rows->n) {
        rows->n *= rows->heads;
        rows->pitch *= rows->heads;
        rows->heads = 1;
    }
}

/* From the operand to f32, or, for d, back. */
static void move_rows(const struct rows *rows, unsigned char *at,
                      uint32_t dtype, float *to, bool back)
{
    for (uint64_t step = 0; step < rows->steps; step++) {
        for (uint64_t head = 0; head < rows->heads; head++) {
            unsigned char *row = at + (int64_t)step * rows->stride[STEP] +
                                 (int64_t)head * rows->stride[HEAD];

            if (back) {
                npu_row_put_f32(row, rows->stride[WIDTH], dtype, rows->n, to);
            } else {
                npu_row_get_f32(to, row, rows->stride[WIDTH], dtype, rows->n);
            }
            to += rows->pitch;
        }
    }
}

/* Room for the rows of an operand, with zeros behind them. */
static bool get_room(struct block *b, unsigned op)
{
    uint64_t steps = is_fixed(b->r, op) ? 1 : b->steps;
    size_t size = steps * groups_of(b, op) * pitch_of(b, op) * sizeof(float);

    b->row[op] = npu_tile_alloc(b->tile, size);
    if (b->row[op] && is_wide(b->r, op) && b->pitch > b->width) {
        memset(b->row[op], 0, size);
    }
    return b->row[op];
}

static bool load(struct block *b, unsigned op)
{
    const struct npu_recurrence *kind = b->r->kind;
    struct npu_scratch *mark;
    struct npu_view view;
    struct npu_box part;
    struct rows rows;

    if (!get_room(b, op)) {
        return false;
    }
    mark = npu_tile_mark(b->tile);
    cut_operand(b, op, &part);
    if (!npu_box_source(b->tile, op, &part, &view)) {
        return false;
    }
    rows_get(&rows, b, op, &part, &view);
    move_rows(&rows, view.at, part.dtype, b->row[op], false);
    b->repeated |= part.stride[WIDTH] ? 0 : 1u << op;
    npu_tile_rewind(b->tile, mark);
    if (kind->prepare && op == kind->prepared) {
        kind->prepare(b->r->work, b->row[op], b->steps * next_of(b, op));
    }
    return true;
}

static bool store_d(struct block *b)
{
    struct npu_scratch *mark = npu_tile_mark(b->tile);
    struct npu_view view;
    struct npu_box part;
    struct rows rows;

    cut_operand(b, 0, &part);
    if (!npu_box_target(b->tile, 0, &part, &view)) {
        return false;
    }
    rows_get(&rows, b, 0, &part, &view);
    move_rows(&rows, view.at, part.dtype, b->row[0], true);
    if (!npu_box_store(b->tile, 0, &part, &view)) {
        return false;
    }
    npu_tile_rewind(b->tile, mark);
    return true;
}

/* ---- The state ----------------------------------------------------------- */

static bool open_state(struct block *b, struct npu_box *part,
                       struct npu_view *view)
{
    unsigned depth = b->r->kind->depth;
    uint64_t start[4] = { b->sequence, b->head }, size[4] = { 1, b->heads };

    start[5 - depth] = b->start;
    size[5 - depth] = b->width;
    size[depth] = b->r->depth;
    npu_box_cut(part, &b->r->box[1], start, size);
    return npu_box_update(b->tile, 1, part, view);
}

/* A row of n neighbours in the state, to or from within reach. */
static void move_row(unsigned char *at, int64_t stride, float *to, uint64_t n,
                     bool back)
{
    if (back) {
        npu_row_copy(at, stride, to, sizeof(*to), sizeof(*to), n);
    } else {
        npu_row_copy(to, sizeof(*to), at, stride, sizeof(*to), n);
    }
}

/* The lanes of a head from one on: [depth, lanes], or with one lane [depth]. */
static void move_lanes(const struct block *b, const struct npu_view *view,
                       unsigned char *at, float *to, uint64_t n, bool back)
{
    unsigned depth = b->r->kind->depth, lanes = b->r->kind->lanes;

    if (lanes == 1) {
        move_row(at, view->stride[depth], to, b->r->depth, back);
        return;
    }
    for (uint64_t i = 0; i < b->r->depth; i++) {
        move_row(at, view->stride[5 - depth], to, n, back);
        at += view->stride[depth];
        to += lanes;
    }
}

static void move_state(struct block *b, const struct npu_view *view, bool back)
{
    unsigned depth = b->r->kind->depth, lanes = b->r->kind->lanes;
    float *to = b->state;

    for (uint64_t head = 0; head < b->heads; head++) {
        for (uint64_t lane = 0; lane < b->width; lane += lanes) {
            move_lanes(b, view,
                       view->at + (int64_t)head * view->stride[1] +
                           (int64_t)lane * view->stride[5 - depth],
                       to, npu_min(lanes, b->width - lane), back);
            to += lanes * b->r->depth;
        }
    }
}

/* ---- Blocks -------------------------------------------------------------- */

/* What a head has of an operand, alone or with its group. */
static float *row_of(const struct block *b, unsigned op, uint64_t head)
{
    uint64_t n = b->r->members[op];
    uint64_t group = n == 1 ? head - b->head : head / n - b->head / n;

    return b->row[op] + group * pitch_of(b, op);
}

static void run_heads(const struct block *b)
{
    struct npu_head head = {
        .repeated = b->repeated,
        .state = b->state,
        .across = b->across,
        .down = b->down,
        .width = b->pitch,
        .depth = b->r->depth,
        .steps = b->steps,
    };

    memcpy(&head.scale, &b->r->work->scalar, sizeof(head.scale));
    for (unsigned op = 0; op < b->r->work->operands; op++) {
        head.next[op] = is_fixed(b->r, op) ? 0 : next_of(b, op);
    }
    for (uint64_t i = 0; i < b->heads; i++) {
        for (unsigned op = 0; op < b->r->work->operands; op++) {
            if (op != 1) {
                head.row[op] = row_of(b, op, b->head + i);
            }
        }
        b->r->kind->run(&head);
        head.state += b->next_state;
    }
}

static bool run_steps(struct block *b)
{
    struct npu_scratch *mark = npu_tile_mark(b->tile);

    for (unsigned op = 2; op < b->r->work->operands; op++) {
        if (!is_fixed(b->r, op) && !load(b, op)) {
            return false;
        }
    }
    if (!get_room(b, 0)) {
        return false;
    }
    run_heads(b);
    if (!store_d(b)) {
        return false;
    }
    npu_tile_rewind(b->tile, mark);
    return true;
}

static bool run_all_steps(struct block *b)
{
    uint64_t row = b->heads * npu_max(b->r->depth, b->pitch);
    uint64_t most = npu_max(BLOCK / row, 1);

    for (unsigned op = 2; op < b->r->work->operands; op++) {
        if (is_fixed(b->r, op) && !load(b, op)) {
            return false;
        }
    }
    for (b->step = 0; b->step < b->r->steps; b->step += most) {
        b->steps = npu_min(most, b->r->steps - b->step);
        if (!run_steps(b)) {
            return false;
        }
    }
    return true;
}

/* Use the state where it is, or was copied to, if it is laid out well enough. */
static bool use_state(struct block *b, const struct npu_view *view)
{
    unsigned depth = b->r->kind->depth;
    const int64_t *stride = view->stride;
    bool good = b->r->kind->lanes == 1 ?
                    stride[depth] == sizeof(float) || b->r->depth == 1 :
                    stride[5 - depth] == sizeof(float) &&
                        b->pitch == b->width && b->r->steps <= FEW_STEPS;

    if (good) {
        b->state = (void *)view->at;
        b->next_state = stride[1] / (int64_t)sizeof(float);
        b->across = b->r->kind->lanes *
                    (stride[5 - depth] / (int64_t)sizeof(float));
        b->down = stride[depth] / (int64_t)sizeof(float);
    }
    return good;
}

/* Bring it together: what is worked on together is one after the other. */
static bool gather_state(struct block *b, const struct npu_view *view)
{
    size_t size = b->heads * b->pitch * b->r->depth * sizeof(*b->state);

    b->state = npu_tile_alloc(b->tile, size);
    if (!b->state) {
        return false;
    }
    b->next_state = (ptrdiff_t)(b->pitch * b->r->depth);
    b->across = (ptrdiff_t)(b->r->kind->lanes * b->r->depth);
    b->down = b->r->kind->lanes;
    if (b->pitch > b->width) {
        memset(b->state, 0, size);
    }
    move_state(b, view, false);
    return true;
}

static bool run_block(struct block *b)
{
    struct npu_scratch *mark = npu_tile_mark(b->tile);
    struct npu_view view;
    struct npu_box part;
    bool in_place;

    b->repeated = 0;
    if (!open_state(b, &part, &view)) {
        return false;
    }
    in_place = use_state(b, &view);
    if ((!in_place && !gather_state(b, &view)) || !run_all_steps(b)) {
        return false;
    }
    if (!in_place) {
        move_state(b, &view, true);
    }
    if (!npu_box_store(b->tile, 1, &part, &view)) {
        return false;
    }
    npu_tile_rewind(b->tile, mark);
    return true;
}

/* Heads of a block: neither their states nor a step of theirs are too much. */
static uint64_t heads_within(const struct recurrent *r, uint64_t pitch)
{
    uint64_t most = npu_min(STATE / (pitch * r->depth),
                            BLOCK / npu_max(pitch, r->depth));

    return npu_max(most, 1);
}

bool npu_recurrent_run(struct npu_tile *tile)
{
    uint64_t start[NPU_MAX_RANK], size[NPU_MAX_RANK], most;
    struct recurrent r;
    struct block b = { .tile = tile, .r = &r };

    recurrent_get(&r, tile->work, tile->dies);
    npu_grid_tile(&r.grid, tile->index, start, size);
    b.start = start[GRID_WIDTH] * r.kind->lanes;
    b.pitch = size[GRID_WIDTH] * r.kind->lanes;
    b.width = npu_min(b.pitch, r.width - b.start);
    most = heads_within(&r, b.pitch);
    for (uint64_t i = 0; i < size[GRID_SEQUENCE]; i++) {
        b.sequence = start[GRID_SEQUENCE] + i;
        for (uint64_t head = 0; head < size[GRID_HEAD]; head += most) {
            b.head = start[GRID_HEAD] + head;
            b.heads = npu_min(most, size[GRID_HEAD] - head);
            if (!run_block(&b)) {
                return false;
            }
        }
    }
    return true;
}
