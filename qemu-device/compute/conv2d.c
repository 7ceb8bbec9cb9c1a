/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NPU_OP_CONV2D.  A tile is some channels of one or more groups, over a block of
 * outputs ("pixels") of one or more images.  For each group, in pieces of k, which
 * counts input channel, then tap row, then tap column:
 *
 *   sums[channel][pixel] += weight[channel][k] * column[k][pixel]
 *
 * where column holds what tap k sees of the input at each pixel.  With a few
 * channels a group the rows of column are multiplied as they come.
 */
#include <string.h>

#include "dtype.h"
#include "families.h"
#include "grid.h"
#include "panel.h"
#include "plan.h"
#include "region.h"

/* Fewer channels a group than that are not worth a matrix product. */
#define FEW_CHANNELS 4
#define MAX_PIXELS 4096
#define MAX_CHANNELS 512

#define GROUP_NS 500 /* for a group of a tile */
#define PLANE_NS 200 /* to begin with an input plane */
#define ROW_NS 20    /* for a tap and a row of pixels */

/* Dimensions of the grid. */
enum { IMAGE, GROUP, ROW, CHANNEL, COLUMN, DIMS };

struct shape {
    struct npu_window y, x;
    uint64_t groups;
    uint64_t inputs, outputs; /* channels of a group */
    uint64_t taps;            /* of a window */
    uint64_t k;               /* inputs * taps */
};

static void shape_get(struct shape *shape, const struct npu_work *work)
{
    const struct npu_insn_window *window = &work->insn->window;
    const uint64_t *d = work->operand[0].extent;
    const uint64_t *a = work->operand[1].extent;
    const uint64_t *b = work->operand[2].extent;

    npu_window_get(&shape->y, window, 0, a[2], d[2]);
    npu_window_get(&shape->x, window, 1, a[3], d[3]);
    shape->groups = a[1] / b[1];
    shape->inputs = b[1];
    shape->outputs = b[0] / shape->groups;
    shape->taps = b[2] * b[3];
    shape->k = shape->inputs * shape->taps;
}

/* ---- Tiles --------------------------------------------------------------- */

struct conv_ns {
    struct shape shape;
    uint64_t a_ps, b_ps, d_ps; /* for an element of the operand */
};

static uint64_t conv_ns(const void *arg, const uint64_t *chunk)
{
    const struct conv_ns *cost = arg;
    uint64_t rows, pixels, channels = chunk[CHANNEL], each;
    uint64_t k = cost->shape.k;

    if (chunk[COLUMN] > NPU_ROW || chunk[ROW] > MAX_PIXELS ||
        chunk[IMAGE] > MAX_PIXELS || channels > MAX_CHANNELS) {
        return UINT64_MAX;
    }
    rows = chunk[IMAGE] * chunk[ROW];
    pixels = rows * chunk[COLUMN];
    if (pixels > MAX_PIXELS || pixels * channels > NPU_PANEL_ELEMENTS) {
        return UINT64_MAX;
    }
    each = chunk[IMAGE] * cost->shape.inputs * PLANE_NS + k * rows * ROW_NS +
           k * (pixels * cost->a_ps + channels * cost->b_ps) / 1000 +
           pixels * channels * cost->d_ps / 1000;
    if (cost->shape.outputs < FEW_CHANNELS) {
        each += k * rows * channels * ROW_NS + k * pixels * channels / 2;
    } else {
        each += npu_mul_sat(k * 16, pixels * channels) / 1000;
    }
    return npu_mul_sat(chunk[GROUP], GROUP_NS + each);
}

void npu_conv2d_cut(const struct npu_work *work, unsigned dies,
                    struct npu_grid *grid)
{
    const struct npu_box *d = &work->operand[0], *a = &work->operand[1];
    const struct npu_box *b = &work->operand[2];
    struct conv_ns cost = {
        .a_ps = npu_access_ps(2, &a->extent[2], &a->stride[2]),
        .b_ps = npu_access_ps(3, &b->extent[1], &b->stride[1]),
        .d_ps = npu_access_ps(3, &d->extent[1], &d->stride[1]),
    };
    uint64_t extent[DIMS];

    shape_get(&cost.shape, work);
    extent[IMAGE] = d->extent[0];
    extent[GROUP] = cost.shape.groups;
    extent[ROW] = d->extent[2];
    extent[CHANNEL] = cost.shape.outputs;
    extent[COLUMN] = d->extent[3];
    npu_grid_start(grid, DIMS, extent);
    npu_grid_grow(grid, COLUMN, 64, conv_ns, &cost);
    npu_grid_grow(grid, CHANNEL, UINT64_MAX, conv_ns, &cost);
    npu_grid_grow(grid, COLUMN, UINT64_MAX, conv_ns, &cost);
    npu_grid_grow(grid, ROW, UINT64_MAX, conv_ns, &cost);
    npu_grid_grow(grid, IMAGE, UINT64_MAX, conv_ns, &cost);
    npu_grid_grow(grid, GROUP, UINT64_MAX, conv_ns, &cost);
    npu_grid_share(grid, dies, conv_ns, &cost);
}

/* ---- One group of a tile ------------------------------------------------- */

struct conv {
    struct npu_tile *tile;
    struct shape shape;
    uint64_t group;
    uint64_t channel, channels; /* of d: first and how many */
    uint64_t image, images;
    struct npu_span y, x; /* outputs */
    uint64_t pixels;
    struct npu_region region;
    float *sums;             /* [channels][pixels] */
    struct npu_panel weight; /* [channels][piece of k] */
    float *column;           /* [piece of k][pixels] */
};

/* What a tap sees in a row of pixels; k counts from the piece's beginning. */
typedef void take_row(struct conv *conv, uint64_t k, uint64_t pixel,
                      const float *row, uint64_t n);

static void take_column(struct conv *conv, uint64_t k, uint64_t pixel,
                        const float *row, uint64_t n)
{
    memcpy(conv->column + k * conv->pixels + pixel, row, n * sizeof(*row));
}

static float weight_at(const struct npu_panel *weight, uint64_t channel,
                       uint64_t k)
{
    return weight->trans ? weight->data[k * weight->ld + channel] :
                           weight->data[channel * weight->ld + k];
}

static void take_product(struct conv *conv, uint64_t k, uint64_t pixel,
                         const float *row, uint64_t n)
{
    for (uint64_t channel = 0; channel < conv->channels; channel++) {
        float *sum = conv->sums + channel * conv->pixels + pixel;
        float weight = weight_at(&conv->weight, channel, k);

        for (uint64_t i = 0; i < n; i++) {
            sum[i] += weight * row[i];
        }
    }
}

/* Taps of one row of a kernel: u, and v from v on; k is that of the first. */
struct taps {
    uint64_t k;
    int64_t u, v, count;
};

/* What the taps see for a row of outputs. */
static bool take_line(struct conv *conv, const struct taps *taps, int64_t row,
                      uint64_t pixel, take_row *take)
{
    const struct npu_window *x = &conv->shape.x;
    int64_t y = npu_window_at(&conv->shape.y, row, taps->u);
    NPU_ROOM float tmp[NPU_ROW];

    for (int64_t i = 0; i < taps->count; i++) {
        struct npu_span span = npu_window_outputs(x, taps->v + i, conv->x.lo,
                                                  conv->x.hi);
        int64_t n = span.hi - span.lo, stride;
        const void *at;

        if (!n) {
            continue;
        }
        at = npu_region_row(conv->tile, &conv->region, 0, y,
                            npu_window_at(x, span.lo, taps->v + i), x->stride,
                            n, &stride);
        if (!at) {
            return false;
        }
        take(conv, taps->k + (uint64_t)i,
             pixel + (uint64_t)(span.lo - conv->x.lo),
             npu_row_f32(at, stride, conv->region.volume.dtype, (size_t)n, tmp),
             (uint64_t)n);
    }
    return true;
}

/* The same for all rows of outputs of an image. */
static bool take_lines(struct conv *conv, const struct taps *taps,
                       uint64_t image, take_row *take)
{
    struct npu_span y = npu_window_outputs(&conv->shape.y, taps->u, conv->y.lo,
                                           conv->y.hi);
    uint64_t width = (uint64_t)(conv->x.hi - conv->x.lo);
    uint64_t height = (uint64_t)(conv->y.hi - conv->y.lo);

    for (int64_t row = y.lo; row < y.hi; row++) {
        uint64_t line = image * height + (uint64_t)(row - conv->y.lo);

        if (!take_line(conv, taps, row, line * width, take)) {
            return false;
        }
    }
    return true;
}

static bool open_input(struct conv *conv, uint64_t image, uint64_t input)
{
    const struct shape *shape = &conv->shape;
    const struct npu_span span[NPU_AXES] = {
        { 0, 1 },
        npu_window_inputs(&shape->y, conv->y.lo, conv->y.hi),
        npu_window_inputs(&shape->x, conv->x.lo, conv->x.hi),
    };

    return npu_region_open(conv->tile, &conv->region, conv->image + image,
                           conv->group * shape->inputs + input, span);
}

/* A piece of k for one image, a row of a kernel at a time. */
static bool take_taps(struct conv *conv, uint64_t image, uint64_t k,
                      uint64_t count, take_row *take)
{
    const struct shape *shape = &conv->shape;
    struct npu_scratch *mark = npu_tile_mark(conv->tile);
    uint64_t width = (uint64_t)shape->x.kernel;

    for (uint64_t i = 0; i < count;) {
        uint64_t tap = (k + i) % shape->taps;
        struct taps taps = {
            .k = i,
            .u = (int64_t)(tap / width),
            .v = (int64_t)(tap % width),
        };

        taps.count = (int64_t)npu_min(width - tap % width, count - i);
        if (i == 0 || tap == 0) {
            npu_tile_rewind(conv->tile, mark);
            if (!open_input(conv, image, (k + i) / shape->taps)) {
                return false;
            }
        }
        if (!take_lines(conv, &taps, image, take)) {
            return false;
        }
        i += (uint64_t)taps.count;
    }
    npu_tile_rewind(conv->tile, mark);
    return true;
}

/* ---- Weights and bias ---------------------------------------------------- */

/* Can b's last three dimensions be walked with one stride? */
static bool flat_kernel(const struct npu_box *b, int64_t *stride)
{
    uint64_t n = 1;

    *stride = 0;
    for (unsigned dim = 3; dim > 0; dim--) {
        if (b->extent[dim] == 1) {
            continue;
        }
        if (n == 1) {
            *stride = b->stride[dim];
        } else if (b->stride[dim] != *stride * (int64_t)n) {
            return false;
        }
        n *= b->extent[dim];
    }
    return true;
}

static struct npu_box weight_box(const struct conv *conv, uint64_t k,
                                 uint64_t count, int64_t stride)
{
    const struct npu_box *b = &conv->tile->work->operand[2];

    return (struct npu_box){
        .va = b->va + conv->channel * (uint64_t)b->stride[0] +
              k * (uint64_t)stride,
        .dtype = b->dtype,
        .size = b->size,
        .rank = 2,
        .extent = { conv->channels, count },
        .stride = { b->stride[0], stride },
    };
}

/* One element of every channel's kernel at a time. */
static bool pack_weight(struct conv *conv, uint64_t k, uint64_t count)
{
    const struct npu_box *b = &conv->tile->work->operand[2];
    float *to = npu_tile_alloc(conv->tile,
                               conv->channels * count * sizeof(*to));

    if (!to) {
        return false;
    }
    conv->weight = (struct npu_panel){
        .data = to, .own = to, .ld = (int)conv->channels, .trans = true
    };
    for (uint64_t i = 0; i < count; i++) {
        struct npu_scratch *mark = npu_tile_mark(conv->tile);
        struct npu_box part = weight_box(conv, 0, 1, 0);
        uint64_t rest = k + i;
        struct npu_view view;

        for (unsigned dim = 3; dim > 0; dim--) {
            part.va += rest % b->extent[dim] * (uint64_t)b->stride[dim];
            rest /= b->extent[dim];
        }
        if (!npu_box_source(conv->tile, 2, &part, &view)) {
            return false;
        }
        npu_row_get_f32(to + i * conv->channels, view.at, view.stride[0],
                        part.dtype, conv->channels);
        npu_tile_rewind(conv->tile, mark);
    }
    return true;
}

static bool load_weight(struct conv *conv, uint64_t k, uint64_t count)
{
    struct npu_box part;
    int64_t stride;

    if (!flat_kernel(&conv->tile->work->operand[2], &stride)) {
        return pack_weight(conv, k, count);
    }
    part = weight_box(conv, k, count, stride);
    return npu_panel_source(conv->tile, 2, &part, &conv->weight);
}

/* Begin the sums: with the bias, or zero. */
static bool start_sums(struct conv *conv)
{
    const struct npu_work *work = conv->tile->work;
    struct npu_scratch *mark = npu_tile_mark(conv->tile);
    struct npu_box bias;
    struct npu_view view;

    if (work->operands < 4) {
        memset(conv->sums, 0,
               conv->channels * conv->pixels * sizeof(*conv->sums));
        return true;
    }
    npu_box_cut(&bias, &work->operand[3], &conv->channel, &conv->channels);
    if (!npu_box_source(conv->tile, 3, &bias, &view)) {
        return false;
    }
    for (uint64_t i = 0; i < conv->channels; i++) {
        float value;

        npu_row_get_f32(&value, view.at + (int64_t)i * view.stride[0], 0,
                        bias.dtype, 1);
        for (uint64_t pixel = 0; pixel < conv->pixels; pixel++) {
            conv->sums[i * conv->pixels + pixel] = value;
        }
    }
    npu_tile_rewind(conv->tile, mark);
    return true;
}

/* ---- Sums and results ---------------------------------------------------- */

/* A piece of k. */
static bool add_piece(struct conv *conv, uint64_t k, uint64_t count)
{
    bool few = conv->shape.outputs < FEW_CHANNELS;
    struct npu_panel column = { .ld = (int)conv->pixels };

    if (!load_weight(conv, k, count)) {
        return false;
    }
    if (!few) {
        size_t size = count * conv->pixels * sizeof(float);

        conv->column = npu_tile_alloc(conv->tile, size);
        if (!conv->column) {
            return false;
        }
        memset(conv->column, 0, size);
    }
    for (uint64_t image = 0; image < conv->images; image++) {
        if (!take_taps(conv, image, k, count,
                       few ? take_product : take_column)) {
            return false;
        }
    }
    if (!few) {
        column.data = conv->column;
        npu_panel_multiply(&conv->weight, &column, conv->sums,
                           (int)conv->pixels, (int)conv->channels,
                           (int)conv->pixels, (int)count, true);
    }
    return true;
}

static bool add_all(struct conv *conv)
{
    uint64_t k = conv->shape.k;
    uint64_t most = NPU_PANEL_ELEMENTS / npu_max(conv->pixels, conv->channels);

    for (uint64_t done = 0; done < k; done += most) {
        struct npu_scratch *mark = npu_tile_mark(conv->tile);

        if (!add_piece(conv, done, npu_min(most, k - done))) {
            return false;
        }
        npu_tile_rewind(conv->tile, mark);
    }
    return true;
}

/* Write the sums to d, whose layout is another. */
static bool put_sums(struct conv *conv)
{
    struct npu_tile *tile = conv->tile;
    const struct npu_box *d = &tile->work->operand[0];
    uint64_t height = (uint64_t)(conv->y.hi - conv->y.lo);
    uint64_t width = (uint64_t)(conv->x.hi - conv->x.lo);
    uint64_t start[4] = { conv->image, conv->channel, (uint64_t)conv->y.lo,
                          (uint64_t)conv->x.lo };
    uint64_t size[4] = { conv->images, conv->channels, height, width };
    uint64_t n = conv->channels * conv->pixels;
    struct npu_view view = {
        .at = (void *)conv->sums,
        .stride = { (int64_t)(height * width * d->size),
                    (int64_t)(conv->pixels * d->size),
                    (int64_t)(width * d->size), d->size },
    };
    struct npu_box part;

    if (d->dtype != NPU_DTYPE_F32) {
        view.at = npu_tile_alloc(tile, n * d->size);
        if (!view.at) {
            return false;
        }
        npu_row_put_f32(view.at, d->size, d->dtype, n, conv->sums);
    }
    npu_box_cut(&part, d, start, size);
    return npu_box_write(tile, 0, &part, &view);
}

static bool conv_group(struct conv *conv)
{
    struct npu_scratch *mark = npu_tile_mark(conv->tile);
    bool good;

    conv->sums = npu_tile_alloc(conv->tile, conv->channels * conv->pixels *
                                                sizeof(*conv->sums));
    good = conv->sums && start_sums(conv) && add_all(conv) && put_sums(conv);
    npu_tile_rewind(conv->tile, mark);
    return good;
}

bool npu_conv2d_run(struct npu_tile *tile)
{
    uint64_t start[NPU_MAX_RANK], size[NPU_MAX_RANK];
    struct conv conv = { .tile = tile };
    struct npu_grid grid;

    npu_conv2d_cut(tile->work, tile->dies, &grid);
    npu_grid_tile(&grid, tile->index, start, size);
    shape_get(&conv.shape, tile->work);
    conv.image = start[IMAGE];
    conv.images = size[IMAGE];
    conv.y = (struct npu_span){ start[ROW], start[ROW] + size[ROW] };
    conv.x = (struct npu_span){ start[COLUMN], start[COLUMN] + size[COLUMN] };
    conv.channels = size[CHANNEL];
    conv.pixels = size[IMAGE] * size[ROW] * size[COLUMN];
    for (uint64_t i = 0; i < size[GROUP]; i++) {
        conv.group = start[GROUP] + i;
        conv.channel = conv.group * conv.shape.outputs + start[CHANNEL];
        if (!conv_group(&conv)) {
            return false;
        }
    }
    return true;
}
