/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NPU_OP_ATTENTION: softmax(q k^T) v without the matrix between, by the online
 * softmax of FlashAttention (arXiv:2205.14135): keys are taken a block at a time;
 * each row keeps the largest score so far, the sum of the weights and the weighted
 * sum of v, which are scaled down when a larger score comes.
 *
 * A tile is some rows of q for some of the heads that share one head of k and v:
 * its lanes.  With many lanes the products are those of matrices; with a few, as
 * when one token is generated, k and v are read and used row by row.
 */
#include <math.h>
#include <string.h>

#include "attention.h"
#include "block.h"
#include "dtype.h"
#include "families.h"
#include "halves.h"
#include "lanes.h"
#include "ops.h"
#include "panel.h"
#include "plan.h"

#define PANEL (64u << 10) /* elements of a block of k, of v, of q and of d */
#define KEYS 256u         /* of a block at most */
#define FEW_KEYS 128u     /* with few lanes: it stays in the first caches */
#define FEW 12u           /* lanes that are too few for matrices */
#define LANES 128u        /* of a tile at most */
#define WORTH 32u         /* lanes of a tile, however long it takes */
#define SIDE 16u          /* of a block that is transposed */
#define AHEAD 16          /* rows that are fetched before they are needed */
#define LINE 64           /* bytes of a line of the cache */

/* For an element of k or v: its way to the CPU, and its use by a lane. */
#define LOAD_PS 200
#define MAC_PS 16
#define SEGMENT_NS 1000

/* ---- Operands ------------------------------------------------------------ */

unsigned npu_attention_operand(uint32_t flags, uint32_t flag)
{
    uint32_t before = flags & NPU_ATTENTION_OPERANDS & (flag - 1);

    return flags & flag ? 4 + (unsigned)__builtin_popcount(before) : 0;
}

/* What an instruction says, with all shapes as if sequences were not ragged. */
struct attention {
    struct npu_box d, q, k, v; /* of rank 4; k and v may have blocks */
    struct npu_box mask;       /* of rank 4: sequence, head, position, key */
    unsigned at_mask, at_sinks, at_table, at_lengths; /* 0: there is none */
    bool causal;
    uint64_t sequences, rows, keys; /* most of each */
    uint64_t kv_heads, group;
    uint64_t k_width, v_width, pitch; /* of a row of q and k in a panel */
    uint64_t window;
    float scale, softcap;
};

/* Ragged operands have no dimension for the sequence. */
static struct npu_box rank_4(const struct npu_box *box)
{
    struct npu_box whole = *box;

    if (box->rank == 4) {
        return whole;
    }
    whole.rank = 4;
    whole.extent[0] = 1;
    whole.stride[0] = 0;
    for (unsigned dim = 0; dim < 3; dim++) {
        whole.extent[dim + 1] = box->extent[dim];
        whole.stride[dim + 1] = box->stride[dim];
    }
    return whole;
}

static void attention_get(struct attention *a, const struct npu_work *work)
{
    const struct npu_box *operand = work->operand;
    const struct npu_insn *insn = work->insn;
    uint32_t flags = insn->flags;

    a->d = rank_4(&operand[0]);
    a->q = rank_4(&operand[1]);
    a->k = operand[2];
    a->v = operand[3];
    a->at_mask = npu_attention_operand(flags, NPU_INSN_MASK);
    a->at_sinks = npu_attention_operand(flags, NPU_INSN_SINKS);
    a->at_table = npu_attention_operand(flags, NPU_INSN_TABLE);
    a->at_lengths = npu_attention_operand(flags, NPU_INSN_LENGTHS);
    if (a->at_mask) {
        a->mask = rank_4(&operand[a->at_mask]);
    }
    a->causal = flags & NPU_INSN_CAUSAL;
    a->rows = a->q.extent[1];
    a->keys = a->k.extent[1];
    a->sequences = a->k.extent[0];
    if (a->at_table) {
        a->keys *= operand[a->at_table].extent[1];
        a->sequences = operand[a->at_table].extent[0];
    }
    a->kv_heads = a->k.extent[2];
    a->group = a->q.extent[2] / a->kv_heads;
    a->k_width = a->q.extent[3];
    a->v_width = a->d.extent[3];
    a->pitch = npu_lanes_pitch(a->k_width);
    a->window = insn->attention.window;
    memcpy(&a->scale, &work->scalar, sizeof(a->scale));
    memcpy(&a->softcap, &insn->attention.softcap, sizeof(a->softcap));
}

/* ---- Tiles --------------------------------------------------------------- */

/* Dimensions of the grid */
enum { SEQUENCE, ROW, KV_HEAD, MEMBER, GRID_RANK };

static uint64_t attention_ns(const void *arg, const uint64_t *chunk)
{
    const struct attention *a = arg;
    uint64_t lanes = npu_mul_sat(chunk[ROW], chunk[MEMBER]), parts = 1, each;
    uint64_t width = npu_max(a->pitch, a->v_width);

    if (lanes > LANES || lanes * width > PANEL) {
        return UINT64_MAX;
    }
    if (a->at_lengths) {
        parts += (chunk[ROW] - 1) * a->sequences / a->rows;
    }
    each = a->keys * (a->k_width + a->v_width) *
           (parts * LOAD_PS + lanes * MAC_PS) / (a->causal ? 2000 : 1000);
    each += parts * SEGMENT_NS;
    return npu_mul_sat(npu_mul_sat(each, chunk[KV_HEAD]), chunk[SEQUENCE]);
}

/* Rows that are worth a tile of their own: those of one sequence. */
static uint64_t worth(const struct attention *a, uint64_t members)
{
    uint64_t rows = a->at_lengths ? a->rows / a->sequences : a->rows;

    return npu_max(1, npu_min(rows, WORTH / members));
}

static void attention_grid(const struct attention *a, unsigned dies,
                           struct npu_grid *grid)
{
    uint64_t extent[GRID_RANK] = { a->q.extent[0], a->rows, a->kv_heads,
                                   a->group };

    npu_grid_start(grid, GRID_RANK, extent);
    grid->chunk[MEMBER] = npu_min(a->group, WORTH);
    grid->chunk[ROW] = worth(a, grid->chunk[MEMBER]);
    npu_grid_grow(grid, MEMBER, UINT64_MAX, attention_ns, a);
    npu_grid_grow(grid, ROW, UINT64_MAX, attention_ns, a);
    npu_grid_grow(grid, KV_HEAD, UINT64_MAX, attention_ns, a);
    npu_grid_grow(grid, SEQUENCE, UINT64_MAX, attention_ns, a);
    npu_grid_share(grid, dies, attention_ns, a);
}

void npu_attention_cut(const struct npu_work *work, unsigned dies,
                       struct npu_grid *grid)
{
    struct attention a;

    attention_get(&a, work);
    attention_grid(&a, dies, grid);
}

/* ---- Lanes --------------------------------------------------------------- */

/* Rows of one sequence for heads of one group, and what is known of them. */
struct work {
    struct npu_tile *tile;
    const struct attention *a;
    uint64_t sequence;  /* of k and v */
    uint64_t outer;     /* of q and d: the same, or 0 if they are ragged */
    uint64_t row, rows; /* of q */
    int64_t first;      /* the key that is as old as the first row */
    uint64_t keys;      /* of the sequence */
    uint64_t kv_head;
    uint64_t head, members; /* of q */
    unsigned lanes;         /* rows times members */
    uint64_t block;         /* keys at a time */
    float *q, *sum, *score;
    float *k, *v;
    struct npu_softmax_lane *lane;
};

static struct npu_box heads_of(const struct work *w, const struct npu_box *box)
{
    uint64_t start[4] = { w->outer, w->row, w->head, 0 };
    uint64_t size[4] = { 1, w->rows, w->members, box->extent[3] };
    struct npu_box part;

    npu_box_cut(&part, box, start, size);
    return part;
}

static bool load_q(struct work *w)
{
    struct npu_scratch *mark = npu_tile_mark(w->tile);
    const struct attention *a = w->a;
    struct npu_box box = heads_of(w, &a->q);
    struct npu_view view;
    float *to = w->q;

    if (!npu_box_source(w->tile, 1, &box, &view)) {
        return false;
    }
    for (uint64_t row = 0; row < w->rows; row++) {
        for (uint64_t i = 0; i < w->members; i++) {
            npu_row_get_f32(to,
                            view.at + (int64_t)row * view.stride[1] +
                                (int64_t)i * view.stride[2],
                            view.stride[3], box.dtype, a->k_width);
            memset(to + a->k_width, 0, (a->pitch - a->k_width) * sizeof(*to));
            npu_lanes_scale(to, a->k_width, a->scale);
            to += a->pitch;
        }
    }
    npu_tile_rewind(w->tile, mark);
    return true;
}

static bool store_d(struct work *w)
{
    struct npu_scratch *mark = npu_tile_mark(w->tile);
    struct npu_box box = heads_of(w, &w->a->d);
    const float *from = w->sum;
    struct npu_view view;

    if (!npu_box_target(w->tile, 0, &box, &view)) {
        return false;
    }
    for (uint64_t row = 0; row < w->rows; row++) {
        for (uint64_t i = 0; i < w->members; i++) {
            npu_row_put_f32(view.at + (int64_t)row * view.stride[1] +
                                (int64_t)i * view.stride[2],
                            view.stride[3], box.dtype, w->a->v_width, from);
            from += w->a->v_width;
        }
    }
    if (!npu_box_store(w->tile, 0, &box, &view)) {
        return false;
    }
    npu_tile_rewind(w->tile, mark);
    return true;
}

/* ---- Keys and values ----------------------------------------------------- */

/* A block of keys: where it begins, and the blocks of the pool that hold it. */
struct keys {
    uint64_t start, n;
    int32_t page[KEYS + 1];
};

/* Take each index once: it may change behind us. */
static bool load_pages(struct work *w, struct keys *keys)
{
    const struct attention *a = w->a;
    struct npu_scratch *mark = npu_tile_mark(w->tile);
    uint64_t size = a->k.extent[1], first = keys->start / size;
    uint64_t n = (keys->start + keys->n - 1) / size - first + 1;
    uint64_t from[2] = { w->sequence, first }, extent[2] = { 1, n };
    struct npu_view view;
    struct npu_box part;

    npu_box_cut(&part, &w->tile->work->operand[a->at_table], from, extent);
    if (!npu_box_source(w->tile, a->at_table, &part, &view)) {
        return false;
    }
    npu_row_copy(keys->page, sizeof(*keys->page), view.at, view.stride[1],
                 sizeof(*keys->page), n);
    for (uint64_t i = 0; i < n; i++) {
        if (keys->page[i] < 0 || (uint64_t)keys->page[i] >= a->k.extent[0]) {
            return npu_tile_fail(w->tile, NPU_ERR_INDEX, a->at_table);
        }
    }
    npu_tile_rewind(w->tile, mark);
    return true;
}

/*
 * The piece of keys from done on that lies together: its box, of two dimensions.
 * Returns how many there are.
 */
static uint64_t piece_at(const struct work *w, const struct npu_box *box,
                         const struct keys *keys, uint64_t done,
                         struct npu_box *piece)
{
    uint64_t size = box->extent[1], key = keys->start + done;
    uint64_t n = keys->n - done, outer = w->sequence;

    if (w->a->at_table) {
        outer = (uint64_t)keys->page[key / size - keys->start / size];
        key %= size;
        n = npu_min(n, size - key);
    }
    *piece = (struct npu_box){
        .va = box->va + outer * (uint64_t)box->stride[0] +
              key * (uint64_t)box->stride[1] +
              w->kv_head * (uint64_t)box->stride[2],
        .dtype = box->dtype,
        .size = box->size,
        .rank = 2,
        .extent = { n, box->extent[3] },
        .stride = { n > 1 ? box->stride[1] : 0, box->stride[3] },
    };
    return n;
}

/*
 * Rows of one head lie in different pages, as a rule, where the CPU does not look
 * ahead by itself.
 */
static void fetch_row(const struct npu_view *view, uint64_t row, uint64_t bytes)
{
    /* It may be beyond the view: an address that nobody reads. */
    uintptr_t from = (uintptr_t)view->at + row * (uintptr_t)view->stride[0];

    for (uint64_t at = 0; at < bytes; at += LINE) {
        __builtin_prefetch((const void *)(from + at));
    }
}

/* A row of width elements as f32 */
static void widen_row(float *to, const unsigned char *from, int64_t stride,
                      uint32_t dtype, uint64_t width)
{
    const struct npu_block *block = npu_block_find(dtype);

    if (block) {
        npu_block_get_f32(block, to, from, width / block->elements);
    } else {
        npu_row_get_f32(to, from, stride, dtype, width);
    }
}

static uint64_t row_bytes(uint32_t dtype, uint64_t width)
{
    const struct npu_block *block = npu_block_find(dtype);

    return block ? width / block->elements * block->bytes :
                   width * npu_element_size(dtype);
}

/* Some rows of a view as f32, pitch apart: what types k and v may have. */
static void widen_rows(const struct npu_view *view, uint32_t dtype,
                       uint64_t row, uint64_t rows, uint64_t width, float *to,
                       uint64_t pitch)
{
    uint64_t bytes = row_bytes(dtype, width);

    for (uint64_t i = 0; i < rows; i++) {
        fetch_row(view, row + i + AHEAD, bytes);
        widen_row(to, view->at + (int64_t)(row + i) * view->stride[0],
                  view->stride[1], dtype, width);
        memset(to + width, 0, (pitch - width) * sizeof(*to));
        to += pitch;
    }
}

/* Rows of k as columns, w->block elements from one of a column to the next. */
static void widen_columns(const struct npu_view *view, uint32_t dtype,
                          uint64_t rows, uint64_t width, float *to,
                          uint64_t pitch)
{
    NPU_ROOM float side[SIDE * NPU_MAX_ATTENTION_WIDTH];

    for (uint64_t row = 0; row < rows; row += SIDE) {
        uint64_t n = npu_min(SIDE, rows - row);

        widen_rows(view, dtype, row, n, width, side, width);
        npu_lanes_transpose(to + row, pitch, side, width, n);
    }
}

/* Can rows of k or v be used where they lie? */
static bool use_halves(const struct work *w, const struct npu_box *box)
{
    return w->lanes <= FEW && box->dtype == NPU_DTYPE_F16 &&
           box->extent[3] % NPU_HALVES_VECTOR == 0 && box->stride[3] == 2 &&
           npu_halves_fast();
}

/* Scores from k, or the sum of v, with the rows where they lie. */
static bool run_halves(struct work *w, unsigned operand,
                       const struct keys *keys)
{
    const struct npu_box *box = operand == 2 ? &w->a->k : &w->a->v;

    for (uint64_t done = 0; done < keys->n;) {
        struct npu_scratch *mark = npu_tile_mark(w->tile);
        struct npu_halves halves = {
            .width = box->extent[3],
            .lanes = w->lanes,
            .q = w->q,
            .score = w->score + done,
            .pitch = w->block,
            .sum = w->sum,
        };
        struct npu_view view;
        struct npu_box piece;

        halves.n = piece_at(w, box, keys, done, &piece);
        if (!npu_box_source(w->tile, operand, &piece, &view)) {
            return false;
        }
        halves.rows = view.at;
        halves.stride = view.stride[0];
        (operand == 2 ? npu_halves_dot : npu_halves_add)(&halves);
        npu_tile_rewind(w->tile, mark);
        done += halves.n;
    }
    return true;
}

/* Fill w->k, by rows or by columns, or w->v. */
static bool load_keys(struct work *w, unsigned operand, const struct keys *keys)
{
    const struct npu_box *box = operand == 2 ? &w->a->k : &w->a->v;
    bool turn = operand == 2 && w->lanes > FEW;
    uint64_t width = operand == 2 ? w->a->k_width : w->a->v_width;
    uint64_t pitch = operand == 2 ? w->a->pitch : width;
    float *to = operand == 2 ? w->k : w->v;

    for (uint64_t done = 0; done < keys->n;) {
        struct npu_scratch *mark = npu_tile_mark(w->tile);
        struct npu_view view;
        struct npu_box piece;
        uint64_t n = piece_at(w, box, keys, done, &piece);

        if (!npu_box_source(w->tile, operand, &piece, &view)) {
            return false;
        }
        if (turn) {
            widen_columns(&view, box->dtype, n, width, to + done, w->block);
        } else {
            widen_rows(&view, box->dtype, 0, n, width, to + done * pitch,
                       pitch);
        }
        npu_tile_rewind(w->tile, mark);
        done += n;
    }
    return true;
}

/* ---- Scores -------------------------------------------------------------- */

static void multiply_keys(const struct work *w, const struct keys *keys)
{
    struct npu_panel q = { .data = w->q, .ld = (int)w->a->pitch };
    struct npu_panel k = { .data = w->k, .ld = (int)w->block };

    if (w->lanes > FEW) {
        npu_panel_multiply(&q, &k, w->score, (int)w->block, (int)w->lanes,
                           (int)keys->n, (int)w->a->k_width, false);
        return;
    }
    for (unsigned i = 0; i < w->lanes; i++) {
        npu_lanes_dot(w->score + i * w->block, w->q + i * w->a->pitch, w->k,
                      w->a->pitch, keys->n);
    }
}

/* Keys of a block that a row sees: from low on, below high. */
static void visible(const struct work *w, const struct keys *keys, uint64_t row,
                    int64_t *low, int64_t *high)
{
    int64_t age = w->first + (int64_t)row, begin = 0;
    int64_t end = (int64_t)w->keys, start = (int64_t)keys->start;
    int64_t n = (int64_t)keys->n;

    if (w->a->window) {
        int64_t window = (int64_t)w->a->window;

        begin = age - window + 1;
        end = age + window < end ? age + window : end;
    }
    if (w->a->causal) {
        end = age + 1 < end ? age + 1 : end;
    }
    begin -= start;
    end -= start;
    *low = begin < 0 ? 0 : begin > n ? n : begin;
    *high = end < *low ? *low : end > n ? n : end;
}

static bool add_mask(struct work *w, const struct keys *keys)
{
    struct npu_scratch *mark = npu_tile_mark(w->tile);
    uint64_t start[4] = { w->outer, w->head, w->row, keys->start };
    uint64_t size[4] = { 1, w->members, w->rows, keys->n };
    NPU_ROOM float tmp[KEYS];
    struct npu_view view;
    struct npu_box part;

    npu_box_cut(&part, &w->a->mask, start, size);
    if (!npu_box_source(w->tile, w->a->at_mask, &part, &view)) {
        return false;
    }
    for (unsigned i = 0; i < w->lanes; i++) {
        int64_t row = i / w->members, member = i % w->members;

        npu_row_get_f32(tmp,
                        view.at + member * view.stride[1] +
                            row * view.stride[2],
                        view.stride[3], part.dtype, keys->n);
        npu_lanes_mask(w->score + i * w->block, tmp, keys->n);
    }
    npu_tile_rewind(w->tile, mark);
    return true;
}

/* Scores to weights; returns whether a lane does not see all of the block. */
static bool weigh(struct work *w, const struct keys *keys)
{
    bool hidden = w->a->at_mask;

    for (unsigned i = 0; i < w->lanes; i++) {
        float *score = w->score + i * w->block, factor;
        int64_t low, high;

        visible(w, keys, i / w->members, &low, &high);
        hidden = hidden || low > 0 || high < (int64_t)keys->n;
        memset(score, 0, (size_t)low * sizeof(*score));
        memset(score + high, 0, (keys->n - (uint64_t)high) * sizeof(*score));
        factor = npu_lanes_weigh(&w->lane[i], score + low,
                                 (uint64_t)(high - low));
        if (factor != 1) {
            npu_lanes_scale(w->sum + i * w->a->v_width, w->a->v_width, factor);
        }
    }
    return hidden;
}

/* ---- Sums ---------------------------------------------------------------- */

/* What is hidden adds nothing, not even 0 times infinity. */
static void add_visible(const struct work *w, uint64_t n)
{
    uint64_t width = w->a->v_width;

    for (unsigned i = 0; i < w->lanes; i++) {
        for (uint64_t key = 0; key < n; key++) {
            float weight = w->score[i * w->block + key];

            if (weight != 0) {
                npu_lanes_add(w->sum + i * width, w->v + key * width, weight,
                              width);
            }
        }
    }
}

static void add_values(const struct work *w, uint64_t n, bool hidden)
{
    struct npu_panel weights = { .data = w->score, .ld = (int)w->block };
    struct npu_panel values = { .data = w->v, .ld = (int)w->a->v_width };

    if (hidden && npu_lanes_special(w->v, n * w->a->v_width)) {
        add_visible(w, n);
        return;
    }
    npu_panel_multiply(&weights, &values, w->sum, (int)w->a->v_width,
                       (int)w->lanes, (int)w->a->v_width, (int)n, true);
}

static bool make_scores(struct work *w, const struct keys *keys)
{
    if (use_halves(w, &w->a->k)) {
        return run_halves(w, 2, keys);
    }
    if (!load_keys(w, 2, keys)) {
        return false;
    }
    multiply_keys(w, keys);
    return true;
}

static bool add_block(struct work *w, uint64_t start, uint64_t n)
{
    struct keys keys;
    bool hidden;

    keys.start = start;
    keys.n = n;
    if ((w->a->at_table && !load_pages(w, &keys)) || !make_scores(w, &keys)) {
        return false;
    }
    if (w->a->softcap != 0) {
        for (unsigned i = 0; i < w->lanes; i++) {
            npu_lanes_cap(w->score + i * w->block, n, w->a->softcap);
        }
    }
    if (w->a->at_mask && !add_mask(w, &keys)) {
        return false;
    }
    hidden = weigh(w, &keys);
    if (!hidden && use_halves(w, &w->a->v)) {
        return run_halves(w, 3, &keys);
    }
    if (!load_keys(w, 3, &keys)) {
        return false;
    }
    add_values(w, n, hidden);
    return true;
}

/* The keys that some row sees */
static bool add_keys(struct work *w)
{
    struct keys all = { .start = 0, .n = w->keys };
    int64_t low, high, unused;

    visible(w, &all, 0, &low, &unused);
    visible(w, &all, w->rows - 1, &unused, &high);
    for (uint64_t key = (uint64_t)low; (int64_t)key < high; key += w->block) {
        if (!add_block(w, key, npu_min(w->block, (uint64_t)high - key))) {
            return false;
        }
    }
    return true;
}

static bool divide(struct work *w)
{
    struct npu_scratch *mark = npu_tile_mark(w->tile);
    const struct npu_box *sinks = &w->tile->work->operand[w->a->at_sinks];
    NPU_ROOM float sink[LANES];
    struct npu_view view;
    struct npu_box part;

    if (w->a->at_sinks) {
        npu_box_cut(&part, sinks, &w->head, &w->members);
        if (!npu_box_source(w->tile, w->a->at_sinks, &part, &view)) {
            return false;
        }
        npu_row_get_f32(sink, view.at, view.stride[0], part.dtype, w->members);
    }
    for (unsigned i = 0; i < w->lanes; i++) {
        float factor = npu_lanes_factor(&w->lane[i], w->a->at_sinks ?
                                                         sink[i % w->members] :
                                                         -INFINITY);

        npu_lanes_scale(w->sum + i * w->a->v_width, w->a->v_width, factor);
    }
    npu_tile_rewind(w->tile, mark);
    return true;
}

/* ---- Tiles at work ------------------------------------------------------- */

static bool get_room(struct work *w)
{
    const struct attention *a = w->a;
    uint64_t width = npu_max(a->pitch, a->v_width);
    uint64_t most = w->lanes > FEW ? KEYS : FEW_KEYS;

    w->block = npu_min(most, PANEL / width);
    w->q = npu_tile_alloc(w->tile, w->lanes * a->pitch * sizeof(float));
    w->sum = npu_tile_alloc(w->tile, w->lanes * a->v_width * sizeof(float));
    w->score = npu_tile_alloc(w->tile, w->lanes * w->block * sizeof(float));
    w->k = npu_tile_alloc(w->tile, w->block * a->pitch * sizeof(float));
    w->v = npu_tile_alloc(w->tile, w->block * a->v_width * sizeof(float));
    w->lane = npu_tile_alloc(w->tile, w->lanes * sizeof(*w->lane));
    return w->q && w->sum && w->score && w->k && w->v && w->lane;
}

static bool run_rows(struct work *w)
{
    struct npu_scratch *mark = npu_tile_mark(w->tile);

    w->lanes = (unsigned)(w->rows * w->members);
    if (!get_room(w)) {
        return false;
    }
    memset(w->sum, 0, w->lanes * w->a->v_width * sizeof(float));
    for (unsigned i = 0; i < w->lanes; i++) {
        w->lane[i] = (struct npu_softmax_lane){ .max = -INFINITY };
    }
    if (w->keys && !(load_q(w) && add_keys(w) && divide(w))) {
        return false;
    }
    if (!store_d(w)) {
        return false;
    }
    npu_tile_rewind(w->tile, mark);
    return true;
}

static bool run_heads(struct work *w, const uint64_t *start,
                      const uint64_t *size)
{
    for (uint64_t i = 0; i < size[KV_HEAD]; i++) {
        w->kv_head = start[KV_HEAD] + i;
        w->head = w->kv_head * w->a->group + start[MEMBER];
        w->members = size[MEMBER];
        if (!run_rows(w)) {
            return false;
        }
    }
    return true;
}

static bool run_even(struct work *w, const uint64_t *start,
                     const uint64_t *size)
{
    w->keys = w->a->keys;
    w->row = start[ROW];
    w->rows = size[ROW];
    w->first = (int64_t)(w->keys + w->row) - (int64_t)w->a->rows;
    for (uint64_t i = 0; i < size[SEQUENCE]; i++) {
        w->sequence = w->outer = start[SEQUENCE] + i;
        if (!run_heads(w, start, size)) {
            return false;
        }
    }
    return true;
}

/* All lengths, read once and checked: rows and keys of each sequence. */
static const int32_t *load_lengths(struct work *w)
{
    const struct attention *a = w->a;
    const struct npu_box *box = &w->tile->work->operand[a->at_lengths];
    int32_t *to = npu_tile_alloc(w->tile, a->sequences * 2 * sizeof(*to));
    struct npu_view view;
    uint64_t rows = 0;

    if (!to || !npu_box_source(w->tile, a->at_lengths, box, &view)) {
        return NULL;
    }
    for (uint64_t i = 0; i < a->sequences; i++) {
        int32_t *pair = to + 2 * i;

        npu_row_copy(pair, sizeof(*pair), view.at + (int64_t)i * view.stride[0],
                     view.stride[1], sizeof(*pair), 2);
        rows += (uint32_t)pair[0];
        if (pair[0] < 0 || pair[1] < 0 || (uint64_t)pair[1] > a->keys ||
            rows > a->rows) {
            npu_tile_fail(w->tile, NPU_ERR_INDEX, a->at_lengths);
            return NULL;
        }
    }
    return to;
}

/* Rows from begin to end of the tile have keys keys; age is as w->first. */
static bool run_part(struct work *w, const uint64_t *start,
                     const uint64_t *size, uint64_t begin, uint64_t end)
{
    w->row = npu_max(begin, start[ROW]);
    end = npu_min(end, start[ROW] + size[ROW]);
    if (w->row >= end) {
        return true;
    }
    w->rows = end - w->row;
    w->first += (int64_t)(w->row - begin);
    return run_heads(w, start, size);
}

static bool run_ragged(struct work *w, const uint64_t *start,
                       const uint64_t *size)
{
    const int32_t *length = load_lengths(w);
    uint64_t row = 0;

    if (!length) {
        return false;
    }
    for (uint64_t i = 0; i < w->a->sequences; i++, length += 2) {
        w->sequence = i;
        w->keys = (uint64_t)length[1];
        w->first = length[1] - (int64_t)length[0];
        if (!run_part(w, start, size, row, row + (uint64_t)length[0])) {
            return false;
        }
        row += (uint64_t)length[0];
    }
    /* Rows that belong to nobody */
    w->keys = 0;
    return run_part(w, start, size, row, w->a->rows);
}

bool npu_attention_run(struct npu_tile *tile)
{
    uint64_t start[NPU_MAX_RANK], size[NPU_MAX_RANK];
    struct attention a;
    struct work w = { .tile = tile, .a = &a };
    struct npu_grid grid;

    attention_get(&a, tile->work);
    attention_grid(&a, tile->dies, &grid);
    npu_grid_tile(&grid, tile->index, start, size);
    return a.at_lengths ? run_ragged(&w, start, size) :
                          run_even(&w, start, size);
}
