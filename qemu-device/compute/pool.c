/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pooling of images and of volumes.  A row of outputs is made tap by tap: what one
 * tap sees of a row of a is a row again, a stride of the window apart.  Averages and
 * norms are summed in f64 and rounded once.
 */
#include <math.h>
#include <string.h>

#include "clones.h"
#include "dtype.h"
#include "families.h"
#include "grid.h"
#include "ops.h"
#include "plan.h"
#include "region.h"

#define VOLUME_NS 300 /* to begin with another volume */
#define TAP_NS 20     /* to begin with a tap for a row of outputs */

/* Dimensions of the grid: those of d as volumes. */
enum { IMAGE, CHANNEL, Z, Y, X, DIMS };

enum kind { MAX, AVERAGE, NORM };

struct pool {
    struct npu_tile *tile;
    struct npu_box d;
    struct npu_window window[NPU_AXES];
    struct npu_span out[NPU_AXES]; /* outputs of the tile */
    enum kind kind;
    bool integer;
    double p; /* of the norm */
    struct npu_region region;
    union {
        double sum[NPU_ROW];
        float max[NPU_ROW];
        int32_t max_s32[NPU_ROW];
    } row;
};

/* ---- Tiles --------------------------------------------------------------- */

struct pool_ns {
    struct npu_window window[NPU_AXES];
    uint64_t a_ps, tap_ps;
};

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
    uint64_t volumes = npu_mul_sat(chunk[IMAGE], chunk[CHANNEL]);
    uint64_t outputs = 1, inputs = 1, taps = 1, each;

    for (unsigned axis = NPU_AXES; axis-- > 0;) {
        uint64_t most = axis == NPU_X ? NPU_ROW : NPU_BOX_ELEMENTS / outputs;

        if (chunk[Z + axis] > most) {
            return UINT64_MAX;
        }
        outputs *= chunk[Z + axis];
        inputs = npu_mul_sat(inputs,
                             reach(&cost->window[axis], chunk[Z + axis]));
        taps *= (uint64_t)cost->window[axis].kernel;
    }
    each = outputs / chunk[X] * taps *
           (TAP_NS + chunk[X] * cost->tap_ps / 1000);
    each += npu_mul_sat(npu_min(inputs, taps * outputs), cost->a_ps) / 1000;
    return npu_mul_sat(volumes, VOLUME_NS + each);
}

void npu_pool_cut(const struct npu_work *work, unsigned dies,
                  struct npu_grid *grid)
{
    struct pool_ns cost = { .tap_ps = work->op->host_ps };
    struct npu_box d, a;

    npu_volume_box(&d, &work->operand[0]);
    npu_volume_box(&a, &work->operand[1]);
    npu_volume_windows(cost.window, work);
    cost.a_ps = npu_access_ps(NPU_AXES, &a.extent[Z], &a.stride[Z]);
    npu_grid_start(grid, DIMS, d.extent);
    for (unsigned dim = DIMS; dim-- > 0;) {
        npu_grid_grow(grid, dim, UINT64_MAX, pool_ns, &cost);
    }
    npu_grid_share(grid, dies, pool_ns, &cost);
}

/* ---- A row of outputs ---------------------------------------------------- */

static void start_row(struct pool *pool, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        if (pool->kind != MAX) {
            pool->row.sum[i] = 0;
        } else if (pool->integer) {
            pool->row.max_s32[i] = INT32_MIN;
        } else {
            pool->row.max[i] = -INFINITY;
        }
    }
}

/* Add |a|^p to the sums. */
NPU_CLONES
static void add_powers(double *sum, const float *a, double p, size_t n)
{
    if (p == 1) {
        for (size_t i = 0; i < n; i++) {
            sum[i] += fabs((double)a[i]);
        }
    } else if (p == 2) {
        for (size_t i = 0; i < n; i++) {
            sum[i] += (double)a[i] * (double)a[i];
        }
    } else {
        for (size_t i = 0; i < n; i++) {
            sum[i] += pow(fabs((double)a[i]), p);
        }
    }
}

static void take_s32(int32_t *max, const int32_t *row, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        max[i] = row[i] > max[i] ? row[i] : max[i];
    }
}

static void take_f32(struct pool *pool, int64_t first, const float *row,
                     int64_t n)
{
    double *sum = pool->row.sum + first;
    float *max = pool->row.max + first;

    switch (pool->kind) {
    case MAX:
        for (int64_t i = 0; i < n; i++) {
            float value = row[i];

            max[i] = value > max[i] || value != value ? value : max[i];
        }
        break;
    case AVERAGE:
        for (int64_t i = 0; i < n; i++) {
            sum[i] += row[i];
        }
        break;
    case NORM:
        add_powers(sum, row, pool->p, (size_t)n);
        break;
    }
}

/* Take n elements that one tap sees into the outputs from first on. */
static void take_row(struct pool *pool, int64_t first, const void *at,
                     int64_t stride, int64_t n)
{
    uint32_t dtype = pool->region.volume.dtype;
    NPU_ROOM union {
        float f32[NPU_ROW];
        int32_t s32[NPU_ROW];
    } tmp;

    if (pool->integer) {
        take_s32(pool->row.max_s32 + first,
                 npu_row_s32(at, stride, dtype, n, tmp.s32), n);
    } else {
        take_f32(pool, first, npu_row_f32(at, stride, dtype, n, tmp.f32), n);
    }
}

/* What the taps at v of a row of windows see of row (z, y) of the input. */
static bool take_tap(struct pool *pool, int64_t z, int64_t y, int64_t v)
{
    const struct npu_window *x = &pool->window[NPU_X];
    const struct npu_span *out = &pool->out[NPU_X];
    struct npu_span span = npu_window_outputs(x, v, out->lo, out->hi);
    int64_t n = span.hi - span.lo, stride;
    const void *at;

    if (!n) {
        return true;
    }
    at = npu_region_row(pool->tile, &pool->region, z, y,
                        npu_window_at(x, span.lo, v), x->stride, n, &stride);
    if (!at) {
        return false;
    }
    take_row(pool, span.lo - out->lo, at, stride, n);
    return true;
}

/* All taps that lie in the plane z of the input. */
static bool take_plane(struct pool *pool, int64_t z, int64_t out_y)
{
    const struct npu_window *y = &pool->window[NPU_Y];

    for (int64_t u = 0; u < y->kernel; u++) {
        int64_t in_y = npu_window_at(y, out_y, u);

        if (in_y < 0 || in_y >= y->in) {
            continue;
        }
        for (int64_t v = 0; v < pool->window[NPU_X].kernel; v++) {
            if (!take_tap(pool, z, in_y, v)) {
                return false;
            }
        }
    }
    return true;
}

static bool pool_row(struct pool *pool, int64_t out_z, int64_t out_y)
{
    const struct npu_window *z = &pool->window[NPU_Z];

    start_row(pool, pool->out[NPU_X].hi - pool->out[NPU_X].lo);
    for (int64_t w = 0; w < z->kernel; w++) {
        int64_t in_z = npu_window_at(z, out_z, w);

        if (in_z >= 0 && in_z < z->in && !take_plane(pool, in_z, out_y)) {
            return false;
        }
    }
    return true;
}

/* Divide the sums of the row of outputs at (z, y). */
static void finish_average(struct pool *pool, int64_t z, int64_t y, float *out)
{
    bool padded = pool->tile->work->insn->flags & NPU_INSN_COUNT_PAD;
    int64_t rows = npu_window_taps(&pool->window[NPU_Z], z, padded) *
                   npu_window_taps(&pool->window[NPU_Y], y, padded);
    const struct npu_span *span = &pool->out[NPU_X];

    for (int64_t x = span->lo; x < span->hi; x++) {
        int64_t taps = rows * npu_window_taps(&pool->window[NPU_X], x, padded);

        out[x - span->lo] = (float)(pool->row.sum[x - span->lo] / (double)taps);
    }
}

static void finish_norm(const struct pool *pool, float *out, int64_t n)
{
    const double *sum = pool->row.sum;

    for (int64_t i = 0; i < n; i++) {
        out[i] = (float)(pool->p == 1 ? sum[i] :
                         pool->p == 2 ? sqrt(sum[i]) :
                                        pow(sum[i], 1 / pool->p));
    }
}

static void put_row(struct pool *pool, int64_t z, int64_t y, unsigned char *to,
                    int64_t stride)
{
    int64_t n = pool->out[NPU_X].hi - pool->out[NPU_X].lo;
    NPU_ROOM float made[NPU_ROW];
    const float *row = made;

    if (pool->integer) {
        npu_row_put_s32(to, stride, pool->d.dtype, n, pool->row.max_s32);
        return;
    }
    switch (pool->kind) {
    case MAX:
        row = pool->row.max;
        break;
    case AVERAGE:
        finish_average(pool, z, y, made);
        break;
    case NORM:
        finish_norm(pool, made, n);
        break;
    }
    npu_row_put_f32(to, stride, pool->d.dtype, n, row);
}

/* ---- A tile -------------------------------------------------------------- */

static bool pool_rows(struct pool *pool, const struct npu_view *view)
{
    const struct npu_span *z = &pool->out[NPU_Z], *y = &pool->out[NPU_Y];

    for (int64_t i = z->lo; i < z->hi; i++) {
        for (int64_t j = y->lo; j < y->hi; j++) {
            if (!pool_row(pool, i, j)) {
                return false;
            }
            put_row(pool, i, j,
                    view->at + (i - z->lo) * view->stride[Z] +
                        (j - y->lo) * view->stride[Y],
                    view->stride[X]);
        }
    }
    return true;
}

static bool pool_volume(struct pool *pool, uint64_t n, uint64_t c)
{
    uint64_t start[DIMS] = { n, c }, size[DIMS] = { 1, 1 };
    struct npu_span in[NPU_AXES];
    struct npu_view view;
    struct npu_box d;

    for (unsigned axis = 0; axis < NPU_AXES; axis++) {
        const struct npu_span *out = &pool->out[axis];

        start[Z + axis] = (uint64_t)out->lo;
        size[Z + axis] = (uint64_t)(out->hi - out->lo);
        in[axis] = npu_window_inputs(&pool->window[axis], out->lo, out->hi);
    }
    npu_box_cut(&d, &pool->d, start, size);
    return npu_box_target(pool->tile, 0, &d, &view) &&
           npu_region_open(pool->tile, &pool->region, n, c, in) &&
           pool_rows(pool, &view) && npu_box_store(pool->tile, 0, &d, &view);
}

static bool pool_run(struct npu_tile *tile, enum kind kind, double p)
{
    const struct npu_work *work = tile->work;
    uint64_t start[NPU_MAX_RANK], size[NPU_MAX_RANK];
    uint64_t offset[NPU_MAX_RANK] = { 0 };
    struct npu_grid grid;
    struct pool pool = {
        .tile = tile,
        .kind = kind,
        .p = p,
        .integer = npu_dtype_is_integer(work->operand[1].dtype),
    };

    npu_volume_box(&pool.d, &work->operand[0]);
    npu_volume_windows(pool.window, work);
    npu_pool_cut(work, tile->dies, &grid);
    npu_grid_tile(&grid, tile->index, start, size);
    for (unsigned axis = 0; axis < NPU_AXES; axis++) {
        uint64_t lo = start[Z + axis];

        pool.out[axis] = (struct npu_span){ lo, lo + size[Z + axis] };
    }
    do {
        struct npu_scratch *mark = npu_tile_mark(tile);

        if (!pool_volume(&pool, start[IMAGE] + offset[IMAGE],
                         start[CHANNEL] + offset[CHANNEL])) {
            return false;
        }
        npu_tile_rewind(tile, mark);
    } while (npu_grid_next(CHANNEL + 1, size, offset));
    return true;
}

bool npu_maxpool_run(struct npu_tile *tile)
{
    return pool_run(tile, MAX, 0);
}

bool npu_avgpool_run(struct npu_tile *tile)
{
    return pool_run(tile, AVERAGE, 0);
}

bool npu_lppool_run(struct npu_tile *tile)
{
    float p;

    memcpy(&p, &tile->work->scalar, sizeof(p));
    return pool_run(tile, NORM, (double)p);
}
