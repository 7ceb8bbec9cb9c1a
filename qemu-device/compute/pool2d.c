/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NPU_OP_MAXPOOL2D and NPU_OP_AVGPOOL2D.  A row of outputs is made tap by tap:
 * what one tap sees of a row of a is a row again, a stride of the window apart.
 * Averages are summed in f64 and rounded once.
 */
#include <math.h>

#include "dtype.h"
#include "families.h"
#include "grid.h"
#include "plan.h"
#include "region.h"

#define PLANE_NS 300 /* to begin with another plane */
#define TAP_NS 20    /* to begin with a tap for a row of outputs */
#define TAP_PS 800   /* for a tap of an output */

struct pool {
    struct npu_tile *tile;
    struct npu_window y, x;
    bool average, integer;
    struct npu_span tile_y, tile_x; /* outputs of the tile */
    struct npu_region region;
    union {
        double sum[NPU_ROW];
        float max[NPU_ROW];
        int32_t max_s32[NPU_ROW];
    } row;
};

struct pool_ns {
    struct npu_window y, x;
    uint64_t a_ps;
};

static void get_windows(const struct npu_work *work, struct npu_window *y,
                        struct npu_window *x)
{
    const struct npu_box *d = &work->operand[0], *a = &work->operand[1];

    npu_window_get(y, &work->insn->window, 0, a->extent[2], d->extent[2]);
    npu_window_get(x, &work->insn->window, 1, a->extent[3], d->extent[3]);
}

/* Elements of the input that n outputs reach over. */
static uint64_t reach(const struct npu_window *window, uint64_t n)
{
    return npu_min((n - 1) * (uint64_t)window->stride +
                       (uint64_t)((window->kernel - 1) * window->dilation) + 1,
                   (uint64_t)window->in);
}

static uint64_t pool_ns(const void *arg, const uint64_t *chunk)
{
    const struct pool_ns *cost = arg;
    uint64_t planes = npu_mul_sat(chunk[0], chunk[1]);
    uint64_t taps = (uint64_t)(cost->y.kernel * cost->x.kernel);
    uint64_t inputs, seen, each;

    if (chunk[3] > NPU_ROW || chunk[2] > NPU_BOX_ELEMENTS / chunk[3]) {
        return UINT64_MAX;
    }
    inputs = npu_mul_sat(reach(&cost->y, chunk[2]), reach(&cost->x, chunk[3]));
    seen = npu_min(inputs, taps * chunk[2] * chunk[3]);
    each = chunk[2] * taps * (TAP_NS + chunk[3] * TAP_PS / 1000);
    each += npu_mul_sat(seen, cost->a_ps) / 1000;
    return npu_mul_sat(planes, PLANE_NS + each);
}

void npu_pool2d_cut(const struct npu_work *work, unsigned dies,
                    struct npu_grid *grid)
{
    const struct npu_box *d = &work->operand[0], *a = &work->operand[1];
    struct pool_ns cost = {
        .a_ps = npu_access_ps(2, &a->extent[2], &a->stride[2]),
    };

    get_windows(work, &cost.y, &cost.x);
    npu_grid_start(grid, 4, d->extent);
    for (unsigned dim = 4; dim-- > 0;) {
        npu_grid_grow(grid, dim, UINT64_MAX, pool_ns, &cost);
    }
    npu_grid_share(grid, dies, pool_ns, &cost);
}

static void start_row(struct pool *pool, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        if (pool->average) {
            pool->row.sum[i] = 0;
        } else if (pool->integer) {
            pool->row.max_s32[i] = INT32_MIN;
        } else {
            pool->row.max[i] = -INFINITY;
        }
    }
}

/* Take n elements that one tap sees into the outputs from first on. */
static void take_row(struct pool *pool, int64_t first, const void *at,
                     int64_t stride, int64_t n)
{
    uint32_t dtype = pool->region.plane.dtype;
    NPU_ROOM union {
        float f32[NPU_ROW];
        int32_t s32[NPU_ROW];
    } tmp;

    if (pool->integer) {
        const int32_t *row = npu_row_s32(at, stride, dtype, n, tmp.s32);
        int32_t *max = pool->row.max_s32 + first;

        for (int64_t i = 0; i < n; i++) {
            max[i] = row[i] > max[i] ? row[i] : max[i];
        }
        return;
    }
    const float *row = npu_row_f32(at, stride, dtype, n, tmp.f32);

    if (pool->average) {
        double *sum = pool->row.sum + first;

        for (int64_t i = 0; i < n; i++) {
            sum[i] += row[i];
        }
    } else {
        float *max = pool->row.max + first;

        for (int64_t i = 0; i < n; i++) {
            float value = row[i];

            max[i] = value > max[i] || value != value ? value : max[i];
        }
    }
}

/* What the taps at v of a row of windows see of row in_y. */
static bool take_tap(struct pool *pool, int64_t in_y, int64_t v)
{
    struct npu_span span = npu_window_outputs(&pool->x, v, pool->tile_x.lo,
                                              pool->tile_x.hi);
    int64_t n = span.hi - span.lo, stride;
    const void *at;

    if (!n) {
        return true;
    }
    at = npu_region_row(pool->tile, &pool->region, in_y,
                        npu_window_at(&pool->x, span.lo, v), pool->x.stride, n,
                        &stride);
    if (!at) {
        return false;
    }
    take_row(pool, span.lo - pool->tile_x.lo, at, stride, n);
    return true;
}

/* Divide the sums of the row of outputs at y. */
static void finish_average(struct pool *pool, int64_t y, float *out)
{
    bool padded = pool->tile->work->insn->flags & NPU_INSN_COUNT_PAD;
    int64_t rows = npu_window_taps(&pool->y, y, padded);

    for (int64_t x = pool->tile_x.lo; x < pool->tile_x.hi; x++) {
        int64_t i = x - pool->tile_x.lo;
        int64_t taps = rows * npu_window_taps(&pool->x, x, padded);

        out[i] = (float)(pool->row.sum[i] / (double)taps);
    }
}

static void put_row(struct pool *pool, int64_t y, unsigned char *to,
                    int64_t stride, uint32_t dtype)
{
    int64_t n = pool->tile_x.hi - pool->tile_x.lo;
    NPU_ROOM float average[NPU_ROW];

    if (pool->average) {
        finish_average(pool, y, average);
        npu_row_put_f32(to, stride, dtype, n, average);
    } else if (pool->integer) {
        npu_row_put_s32(to, stride, dtype, n, pool->row.max_s32);
    } else {
        npu_row_put_f32(to, stride, dtype, n, pool->row.max);
    }
}

static bool pool_row(struct pool *pool, int64_t y)
{
    start_row(pool, pool->tile_x.hi - pool->tile_x.lo);
    for (int64_t u = 0; u < pool->y.kernel; u++) {
        int64_t in_y = npu_window_at(&pool->y, y, u);

        if (in_y < 0 || in_y >= pool->y.in) {
            continue;
        }
        for (int64_t v = 0; v < pool->x.kernel; v++) {
            if (!take_tap(pool, in_y, v)) {
                return false;
            }
        }
    }
    return true;
}

static bool pool_plane(struct pool *pool, uint64_t n, uint64_t c)
{
    struct npu_tile *tile = pool->tile;
    uint64_t start[4] = { n, c, (uint64_t)pool->tile_y.lo,
                          (uint64_t)pool->tile_x.lo };
    uint64_t size[4] = { 1, 1, (uint64_t)(pool->tile_y.hi - pool->tile_y.lo),
                         (uint64_t)(pool->tile_x.hi - pool->tile_x.lo) };
    struct npu_view view;
    struct npu_box d;

    npu_box_cut(&d, &tile->work->operand[0], start, size);
    if (!npu_box_target(tile, 0, &d, &view) ||
        !npu_region_open(tile, &pool->region, n, c,
                         npu_window_inputs(&pool->y, pool->tile_y.lo,
                                           pool->tile_y.hi),
                         npu_window_inputs(&pool->x, pool->tile_x.lo,
                                           pool->tile_x.hi))) {
        return false;
    }
    for (int64_t y = pool->tile_y.lo; y < pool->tile_y.hi; y++) {
        if (!pool_row(pool, y)) {
            return false;
        }
        put_row(pool, y, view.at + (y - pool->tile_y.lo) * view.stride[2],
                view.stride[3], d.dtype);
    }
    return npu_box_store(tile, 0, &d, &view);
}

static bool pool_run(struct npu_tile *tile, bool average)
{
    const struct npu_work *work = tile->work;
    uint64_t start[NPU_MAX_RANK], size[NPU_MAX_RANK];
    uint64_t offset[NPU_MAX_RANK] = { 0 };
    struct npu_grid grid;
    struct pool pool = {
        .tile = tile,
        .average = average,
        .integer = npu_dtype_is_integer(work->operand[1].dtype),
    };

    get_windows(work, &pool.y, &pool.x);
    npu_pool2d_cut(work, tile->dies, &grid);
    npu_grid_tile(&grid, tile->index, start, size);
    pool.tile_y = (struct npu_span){ start[2], start[2] + size[2] };
    pool.tile_x = (struct npu_span){ start[3], start[3] + size[3] };
    do {
        struct npu_scratch *mark = npu_tile_mark(tile);

        if (!pool_plane(&pool, start[0] + offset[0], start[1] + offset[1])) {
            return false;
        }
        npu_tile_rewind(tile, mark);
    } while (npu_grid_next(2, size, offset));
    return true;
}

bool npu_maxpool2d_run(struct npu_tile *tile)
{
    return pool_run(tile, false);
}

bool npu_avgpool2d_run(struct npu_tile *tile)
{
    return pool_run(tile, true);
}
