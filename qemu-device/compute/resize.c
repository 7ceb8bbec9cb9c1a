/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NPU_OP_RESIZE.  A tile is a box of d; the part of a that it is made of becomes f32
 * and is resized along one dimension after the other, the outermost first.  All
 * dimensions are in the order of d's memory.
 */
#include <string.h>

#include "clones.h"
#include "dtype.h"
#include "families.h"
#include "loop.h"
#include "plan.h"
#include "sampling.h"

#define TILE_NS 1000 /* for anything */
#define PLACE_NS 60  /* for the weights of a place */
#define ROW_NS 12    /* for a row that is mixed of others */
#define MIX_PS 200   /* for a tap of an element of such a row */
#define PICK_PS 700  /* for a tap of an element along the row itself */
#define PLACE_BYTES (sizeof(uint32_t) + NPU_SAMPLING_TAPS * sizeof(float))

/* What a tile may use of its 4 MiB for its elements, and the places. */
#define RESIZE_BYTES (3u << 20)

/* Tiles are at least so long along the fast dimension of both operands. */
#define RUN 64

struct resize {
    struct npu_box d, a;
    unsigned order[NPU_MAX_RANK]; /* of the dimensions */
    bool resized[NPU_MAX_RANK];   /* does that change anything? */
    struct npu_sampling sampling[NPU_MAX_RANK];
};

static uint64_t magnitude(int64_t stride)
{
    return stride < 0 ? -(uint64_t)stride : (uint64_t)stride;
}

/* By stride, the largest first; those of one element are before all others. */
static void sort_dims(const struct npu_box *box, unsigned *order)
{
    for (unsigned end = 0; end < box->rank; end++) {
        unsigned at = end;

        for (; at > 0 && magnitude(box->stride[order[at - 1]]) - 1 <
                             magnitude(box->stride[end]) - 1;
             at--) {
            order[at] = order[at - 1];
        }
        order[at] = end;
    }
}

static void permute(struct npu_box *to, const struct npu_box *box,
                    const unsigned *order)
{
    *to = *box;
    for (unsigned dim = 0; dim < box->rank; dim++) {
        to->extent[dim] = box->extent[order[dim]];
        to->stride[dim] = box->stride[order[dim]];
    }
}

static void resize_get(struct resize *resize, const struct npu_work *work)
{
    const struct npu_insn_resize *params = &work->insn->resize;

    sort_dims(&work->operand[0], resize->order);
    permute(&resize->d, &work->operand[0], resize->order);
    permute(&resize->a, &work->operand[1], resize->order);
    for (unsigned dim = 0; dim < resize->d.rank; dim++) {
        uint64_t in = resize->a.extent[dim], out = resize->d.extent[dim];

        resize->resized[dim] = in != out;
        npu_sampling_get(&resize->sampling[dim], params, in, out);
    }
}

/* ---- Tiles --------------------------------------------------------------- */

struct resize_ns {
    const struct resize *resize;
    uint64_t a_ps, d_ps; /* for an element of the operand */
};

static uint64_t reach(const struct resize *resize, unsigned dim, uint64_t n)
{
    return resize->resized[dim] ?
               npu_sampling_reach(&resize->sampling[dim], n) :
               n;
}

/* What a dimension costs: n outputs of taps elements, in rows. */
static uint64_t pass_ns(uint64_t n, uint64_t row, unsigned taps)
{
    return row == 1 ? n * taps * PICK_PS / 1000 :
                      n * taps * MIX_PS / 1000 + n / row * ROW_NS;
}

static uint64_t resize_ns(const void *arg, const uint64_t *chunk)
{
    const struct resize_ns *cost = arg;
    const struct resize *resize = cost->resize;
    uint64_t row[NPU_MAX_RANK], elements = 1, bytes, ns = TILE_NS;

    for (unsigned dim = resize->d.rank; dim-- > 0;) {
        row[dim] = elements;
        elements = npu_mul_sat(elements, reach(resize, dim, chunk[dim]));
    }
    if (elements > NPU_BOX_ELEMENTS) {
        return UINT64_MAX;
    }
    bytes = elements * (sizeof(float) + resize->a.size);
    ns += elements * cost->a_ps / 1000;
    for (unsigned dim = 0; dim < resize->d.rank; dim++) {
        if (!resize->resized[dim]) {
            continue;
        }
        elements = npu_mul_sat(elements / reach(resize, dim, chunk[dim]),
                               chunk[dim]);
        if (elements > NPU_BOX_ELEMENTS) {
            return UINT64_MAX;
        }
        bytes += elements * sizeof(float) + chunk[dim] * PLACE_BYTES;
        ns += pass_ns(elements, row[dim], resize->sampling[dim].taps) +
              chunk[dim] * PLACE_NS;
    }
    bytes += elements * resize->d.size;
    return bytes > RESIZE_BYTES ? UINT64_MAX :
                                  ns + elements * cost->d_ps / 1000;
}

/* The dimension with the smallest stride that moves. */
static unsigned fast_dim(const struct npu_box *box)
{
    unsigned fast = box->rank - 1;

    for (unsigned dim = box->rank; dim-- > 0;) {
        if (magnitude(box->stride[dim]) - 1 <
            magnitude(box->stride[fast]) - 1) {
            fast = dim;
        }
    }
    return fast;
}

static void cut(const struct resize *resize, unsigned dies,
                struct npu_grid *grid)
{
    const struct npu_box *d = &resize->d, *a = &resize->a;
    struct resize_ns cost = {
        .resize = resize,
        .a_ps = npu_access_ps(a->rank, a->extent, a->stride),
        .d_ps = npu_access_ps(d->rank, d->extent, d->stride),
    };

    npu_grid_start(grid, d->rank, d->extent);
    npu_grid_grow(grid, d->rank - 1, RUN, resize_ns, &cost);
    npu_grid_grow(grid, fast_dim(a), RUN, resize_ns, &cost);
    for (unsigned dim = d->rank; dim-- > 0;) {
        npu_grid_grow(grid, dim, UINT64_MAX, resize_ns, &cost);
    }
    npu_grid_share(grid, dies, resize_ns, &cost);
}

void npu_resize_cut(const struct npu_work *work, unsigned dies,
                    struct npu_grid *grid)
{
    struct resize resize;

    resize_get(&resize, work);
    cut(&resize, dies, grid);
}

/* ---- One dimension ------------------------------------------------------- */

/* From [outer][in][row] to [outer][out][row] */
struct pass {
    uint64_t outer, in, out, row;
    unsigned taps;
    uint32_t *first; /* [out]: the first neighbour of each output */
    float *weight;   /* [taps][out] */
};

static bool pass_get(struct npu_tile *tile, struct pass *pass,
                     const struct npu_sampling *sampling, uint64_t origin,
                     uint64_t start)
{
    float weight[NPU_SAMPLING_TAPS];

    pass->taps = sampling->taps;
    pass->first = npu_tile_alloc(tile, pass->out * PLACE_BYTES);
    if (!pass->first) {
        return false;
    }
    pass->weight = (float *)(pass->first + pass->out);
    for (uint64_t i = 0; i < pass->out; i++) {
        uint64_t first = npu_sampling_at(sampling, start + i, weight);

        pass->first[i] = (uint32_t)(first - origin);
        for (unsigned tap = 0; tap < pass->taps; tap++) {
            pass->weight[tap * pass->out + i] = weight[tap];
        }
    }
    return true;
}

/* The sum of count rows, each with a weight. */
NPU_CLONES
static void mix(float *d, const float *const *a, const float *w, unsigned count,
                size_t n)
{
    const float *a0 = a[0], *a1 = a[1], *a2 = a[2], *a3 = a[3];

#define MIX(EXPR)                    \
    for (size_t i = 0; i < n; i++) { \
        d[i] = EXPR;                 \
    }                                \
    break
    switch (count) {
    case 1:
        MIX(w[0] * a0[i]);
    case 2:
        MIX(w[0] * a0[i] + w[1] * a1[i]);
    case 3:
        MIX(w[0] * a0[i] + w[1] * a1[i] + w[2] * a2[i]);
    default:
        MIX(w[0] * a0[i] + w[1] * a1[i] + w[2] * a2[i] + w[3] * a3[i]);
    }
#undef MIX
}

static void mix_rows(const struct pass *pass, float *d, const float *a)
{
    for (uint64_t out = 0; out < pass->out; out++, d += pass->row) {
        const float *from = a + pass->first[out] * pass->row;
        const float *rows[NPU_SAMPLING_TAPS] = { from, from, from, from };
        float weight[NPU_SAMPLING_TAPS] = { 0 };
        unsigned count = 0;

        if (pass->taps == 1) {
            memcpy(d, from, pass->row * sizeof(*d));
            continue;
        }
        for (unsigned tap = 0; tap < pass->taps; tap++) {
            weight[count] = pass->weight[tap * pass->out + out];
            rows[count] = from + tap * pass->row;
            count += weight[count] != 0;
        }
        mix(d, rows, weight, count, pass->row);
    }
}

/* A tap: nothing, not even a sign, if it has no weight. */
static inline float tap(float w, float a)
{
    return w != 0 ? w * a : -0.0f;
}

/* The same, with the same sums, where a row is a single element. */
NPU_CLONES
static void pick(const struct pass *pass, float *d, const float *a)
{
    const uint32_t *first = pass->first;
    const float *w0 = pass->weight, *w1 = w0 + pass->out;
    const float *w2 = w1 + pass->out, *w3 = w2 + pass->out;

#define PICK(EXPR)                             \
    for (uint64_t i = 0; i < pass->out; i++) { \
        const float *from = a + first[i];      \
                                               \
        d[i] = EXPR;                           \
    }                                          \
    break
#define TAP(i_) tap(w##i_[i], from[i_])
    switch (pass->taps) {
    case 1:
        PICK(from[0]);
    case 2:
        PICK(TAP(0) + TAP(1));
    case 3:
        PICK(TAP(0) + TAP(1) + TAP(2));
    default:
        PICK(TAP(0) + TAP(1) + TAP(2) + TAP(3));
    }
#undef TAP
#undef PICK
}

static const float *run_pass(struct npu_tile *tile, const struct pass *pass,
                             const float *a)
{
    float *d = npu_tile_alloc(tile,
                              pass->outer * pass->out * pass->row * sizeof(*d));

    for (uint64_t outer = 0; d && outer < pass->outer; outer++) {
        uint64_t to = outer * pass->out, from = outer * pass->in;

        (pass->row == 1 ? pick : mix_rows)(pass, d + to * pass->row,
                                           a + from * pass->row);
    }
    return d;
}

/* ---- A tile -------------------------------------------------------------- */

/* Bytes between elements of a dense array of that shape. */
static void dense(unsigned rank, const uint64_t *extent, unsigned size,
                  int64_t *stride)
{
    for (unsigned dim = rank; dim-- > 0;) {
        stride[dim] = size;
        size *= (unsigned)extent[dim];
    }
}

/* A part of a as f32 without gaps. */
static const float *load(struct npu_tile *tile, const struct npu_box *part)
{
    struct npu_loop loop = { .rank = part->rank, .operands = 2 };
    struct npu_loop_at at = { 0 };
    struct npu_view view;
    unsigned char *to;

    to = npu_tile_alloc(tile, npu_box_elements(part) * sizeof(float));
    if (!to || !npu_box_source(tile, 1, part, &view)) {
        return NULL;
    }
    memcpy(loop.extent, part->extent, sizeof(loop.extent));
    memcpy(loop.stride[1], view.stride, sizeof(view.stride));
    dense(part->rank, part->extent, sizeof(float), loop.stride[0]);
    npu_loop_tidy(&loop, 0);
    do {
        unsigned last = loop.rank - 1;

        npu_row_get_f32((float *)(to + at.offset[0]), view.at + at.offset[1],
                        loop.stride[1][last], part->dtype, loop.extent[last]);
    } while (npu_loop_next(&loop, &at));
    return (float *)to;
}

static bool store(struct npu_tile *tile, const struct npu_box *part,
                  const float *from)
{
    uint64_t n = npu_box_elements(part);
    struct npu_view view = { .at = (void *)from };

    dense(part->rank, part->extent, part->size, view.stride);
    if (part->dtype != NPU_DTYPE_F32) {
        view.at = npu_tile_alloc(tile, n * part->size);
        if (!view.at) {
            return false;
        }
        npu_row_put_f32(view.at, part->size, part->dtype, n, from);
    }
    return npu_box_write(tile, 0, part, &view);
}

/* What of a the outputs from start on are made of. */
static void look(const struct resize *resize, const uint64_t *start,
                 const uint64_t *size, uint64_t *origin, uint64_t *extent)
{
    for (unsigned dim = 0; dim < resize->d.rank; dim++) {
        const struct npu_sampling *sampling = &resize->sampling[dim];
        float weight[NPU_SAMPLING_TAPS];

        origin[dim] = start[dim];
        extent[dim] = size[dim];
        if (resize->resized[dim]) {
            origin[dim] = npu_sampling_at(sampling, start[dim], weight);
            extent[dim] = npu_sampling_at(sampling, start[dim] + size[dim] - 1,
                                          weight) +
                          sampling->taps - origin[dim];
        }
    }
}

bool npu_resize_run(struct npu_tile *tile)
{
    uint64_t start[NPU_MAX_RANK], size[NPU_MAX_RANK];
    uint64_t origin[NPU_MAX_RANK], extent[NPU_MAX_RANK];
    struct pass pass = { .outer = 1 };
    struct npu_box d, a;
    struct resize resize;
    struct npu_grid grid;
    const float *now;

    resize_get(&resize, tile->work);
    cut(&resize, tile->dies, &grid);
    npu_grid_tile(&grid, tile->index, start, size);
    look(&resize, start, size, origin, extent);
    npu_box_cut(&a, &resize.a, origin, extent);
    npu_box_cut(&d, &resize.d, start, size);
    now = load(tile, &a);
    pass.row = npu_box_elements(&a);
    for (unsigned dim = 0; now && dim < d.rank; dim++) {
        pass.in = extent[dim];
        pass.out = size[dim];
        pass.row /= pass.in;
        if (resize.resized[dim]) {
            now = pass_get(tile, &pass, &resize.sampling[dim], origin[dim],
                           start[dim]) ?
                      run_pass(tile, &pass, now) :
                      NULL;
        }
        pass.outer *= pass.out;
    }
    return now && store(tile, &d, now);
}
