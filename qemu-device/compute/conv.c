/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Convolution of images and of volumes.  A tile is some channels of one or more
 * groups, over a block of outputs ("pixels") of one or more images.  For each group,
 * in pieces of k, which counts input channel, then tap by depth, row and column:
 *
 *   sums[channel][pixel] += weight[channel][k] * column[k][pixel]
 *
 * where column holds what tap k sees of the input at each pixel.  With a few
 * channels a group the rows of column are multiplied as they come.
 *
 * A transposed convolution is as many convolutions as its steps have phases: every
 * stride-th output is made with every stride-th tap or so (phase_axis()), the last
 * one first, by steps of one.
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
#define PACK_NS 100  /* for a tap whose weights are gathered */
#define PHASE_NS 500 /* for a phase of a group */
#define PACK_PS 2000 /* more for a weight that is gathered */
#define GAP_PS 5000  /* more for an output between those of other phases */

/*
 * Dimensions of the grid.  A part is a plane of d, or a phase, whose rows and columns
 * are then every stride-th of d.
 */
enum { IMAGE, GROUP, PART, ROW, CHANNEL, COLUMN, DIMS };

/* Dimensions of the weights as they are used here. */
enum { B_GROUP, B_OUTPUT, B_INPUT, B_TAP };

/* Kernels of an input that are read as a whole, at most. */
#define KERNEL_ELEMENTS (64u << 10)

struct shape {
    struct npu_box d, a; /* image, channel, z, y, x */
    struct npu_box b;    /* group, output, input, z, y, x */
    struct npu_window window[NPU_AXES];
    bool transposed;
    /* All the weights, and the taps of b among them: first + i * step. */
    struct npu_box all;
    int64_t first[NPU_AXES], step[NPU_AXES];
};

static uint64_t taps_of(const struct npu_window *window)
{
    return (uint64_t)(window[NPU_Z].kernel * window[NPU_Y].kernel *
                      window[NPU_X].kernel);
}

static void set_dim(struct npu_box *box, unsigned dim, uint64_t extent,
                    int64_t stride)
{
    box->extent[dim] = extent;
    box->stride[dim] = extent > 1 ? stride : 0;
}

/* Of the first dimension of b, groups are the outer part. */
static void weights_get(struct shape *shape, const struct npu_box *tensor)
{
    struct npu_box *b = &shape->b;
    bool transposed = shape->transposed;
    uint64_t groups, outputs, inputs;
    struct npu_box from;

    npu_volume_box(&from, tensor);
    groups = transposed ? shape->d.extent[1] / from.extent[1] :
                          shape->a.extent[1] / from.extent[1];
    outputs = shape->d.extent[1] / groups;
    inputs = shape->a.extent[1] / groups;
    *b = from;
    b->rank = NPU_MAX_RANK;
    set_dim(b, B_GROUP, groups,
            from.stride[0] * (int64_t)(transposed ? inputs : outputs));
    set_dim(b, B_OUTPUT, outputs, from.stride[transposed ? 1 : 0]);
    set_dim(b, B_INPUT, inputs, from.stride[transposed ? 0 : 1]);
    for (unsigned axis = 0; axis < NPU_AXES; axis++) {
        set_dim(b, B_TAP + axis, from.extent[2 + axis], from.stride[2 + axis]);
        shape->first[axis] = 0;
        shape->step[axis] = 1;
    }
    shape->all = *b;
}

static void shape_get(struct shape *shape, const struct npu_work *work)
{
    shape->transposed = work->insn->opcode == NPU_OP_CONV_TRANSPOSE2D;
    npu_volume_box(&shape->d, &work->operand[0]);
    npu_volume_box(&shape->a, &work->operand[1]);
    npu_volume_windows(shape->window, work);
    weights_get(shape, &work->operand[2]);
}

/* ---- Phases of a transposed convolution ---------------------------------- */

static int64_t gcd(int64_t a, int64_t b)
{
    while (b) {
        int64_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

/* Phases that an axis has. */
static uint64_t phases(const struct npu_window *window)
{
    return npu_min((uint64_t)window->stride, (uint64_t)window->out);
}

/* Outputs of a phase at most, and their taps. */
static uint64_t phase_outputs(const struct npu_window *window)
{
    return npu_div_up((uint64_t)window->out, (uint64_t)window->stride);
}

static uint64_t phase_taps(const struct npu_window *window)
{
    int64_t step = window->stride / gcd(window->stride, window->dilation);

    return npu_div_up((uint64_t)window->kernel, (uint64_t)step);
}

/*
 * Output at + j * stride is made of the taps u for which it is a multiple of the
 * stride less u * dilation and the padding: these are a step apart.
 */
static void phase_axis(struct shape *shape, unsigned axis, int64_t at)
{
    const struct npu_window whole = shape->window[axis];
    struct npu_window *window = &shape->window[axis];
    struct npu_box *d = &shape->d, *b = &shape->b;
    int64_t common = gcd(whole.stride, whole.dilation);
    int64_t step = whole.stride / common, tap = 0, place = at + whole.begin;
    unsigned d_dim = 2 + axis, b_dim = B_TAP + axis;

    while (tap < whole.kernel && tap < step &&
           (place - tap * whole.dilation) % whole.stride) {
        tap++;
    }
    *window = (struct npu_window){
        .in = whole.in,
        .out = (whole.out - at + whole.stride - 1) / whole.stride,
        .stride = 1,
        .dilation = whole.dilation / common,
    };
    if (tap < whole.kernel && tap < step) {
        window->kernel = (whole.kernel - 1 - tap) / step + 1;
        window->begin = (window->kernel - 1) * window->dilation -
                        (place - tap * whole.dilation) / whole.stride;
        shape->first[axis] = tap + (window->kernel - 1) * step;
        shape->step[axis] = -step;
        b->va += (uint64_t)(shape->first[axis] * b->stride[b_dim]);
        set_dim(b, b_dim, (uint64_t)window->kernel, -step * b->stride[b_dim]);
    }
    d->va += (uint64_t)(at * d->stride[d_dim]);
    set_dim(d, d_dim, (uint64_t)window->out, whole.stride * d->stride[d_dim]);
}

/* ---- Tiles --------------------------------------------------------------- */

struct conv_ns {
    bool transposed, few;
    uint64_t inputs, taps; /* of a channel, of an output */
    uint64_t group_ns,
        tap_ns; /* for a group of a part; for a tap and a channel */
    uint64_t a_ps, b_ps, d_ps; /* for an element of the operand */
};

static uint64_t conv_ns(const void *arg, const uint64_t *chunk)
{
    const struct conv_ns *cost = arg;
    uint64_t rows, pixels, channels = chunk[CHANNEL], each;
    uint64_t k = cost->inputs * cost->taps, planes = 1;

    if (chunk[COLUMN] > NPU_ROW || chunk[ROW] > MAX_PIXELS ||
        chunk[IMAGE] > MAX_PIXELS || chunk[PART] > MAX_PIXELS ||
        channels > MAX_CHANNELS) {
        return UINT64_MAX;
    }
    rows = chunk[IMAGE] * chunk[ROW];
    planes = chunk[PART];
    if (!cost->transposed) {
        rows *= planes;
        planes = 1;
    }
    pixels = rows * chunk[COLUMN];
    if (pixels > MAX_PIXELS || pixels * channels > NPU_PANEL_ELEMENTS) {
        return UINT64_MAX;
    }
    each = cost->group_ns + k * cost->tap_ns +
           chunk[IMAGE] * cost->inputs * PLANE_NS + k * rows * ROW_NS +
           k * (pixels * cost->a_ps + channels * cost->b_ps) / 1000 +
           pixels * channels * cost->d_ps / 1000;
    if (cost->few) {
        each += k * rows * channels * ROW_NS + k * pixels * channels / 2;
    } else {
        each += npu_mul_sat(k * 16, pixels * channels) / 1000;
    }
    return npu_mul_sat(chunk[GROUP] * planes, each);
}

static bool flat_kernel(const struct npu_box *b, int64_t *stride);

static void cost_get(struct conv_ns *cost, const struct shape *shape)
{
    struct npu_box d = shape->d, b = shape->b;
    int64_t stride;

    *cost = (struct conv_ns){
        .transposed = shape->transposed,
        .few = b.extent[B_OUTPUT] < FEW_CHANNELS,
        .inputs = b.extent[B_INPUT],
        .taps = taps_of(shape->window),
        .group_ns = GROUP_NS,
    };
    if (shape->transposed) {
        const struct npu_window *y = &shape->window[NPU_Y];
        const struct npu_window *x = &shape->window[NPU_X];

        cost->taps = phase_taps(y) * phase_taps(x);
        cost->group_ns += PHASE_NS + (uint64_t)(y->kernel + x->kernel);
        d.stride[3] *= y->stride;
        d.stride[4] *= x->stride;
    }
    cost->a_ps = npu_access_ps(NPU_AXES, &shape->a.extent[2],
                               &shape->a.stride[2]);
    cost->b_ps = npu_access_ps(NPU_MAX_RANK - B_OUTPUT, &b.extent[B_OUTPUT],
                               &b.stride[B_OUTPUT]);
    cost->d_ps = npu_access_ps(4, &d.extent[1], &d.stride[1]);
    if (shape->transposed) {
        cost->d_ps += GAP_PS;
    }
    if (!flat_kernel(&b, &stride)) {
        cost->tap_ns = PACK_NS;
        cost->b_ps += PACK_PS;
    }
}

static void cut(const struct shape *shape, unsigned dies, struct npu_grid *grid)
{
    const struct npu_window *window = shape->window;
    const struct npu_box *d = &shape->d;
    uint64_t extent[DIMS] = {
        [IMAGE] = d->extent[0],
        [GROUP] = shape->b.extent[B_GROUP],
        [PART] = d->extent[2],
        [ROW] = d->extent[3],
        [CHANNEL] = shape->b.extent[B_OUTPUT],
        [COLUMN] = d->extent[4],
    };
    struct conv_ns cost;

    if (shape->transposed) {
        extent[PART] = phases(&window[NPU_Y]) * phases(&window[NPU_X]);
        extent[ROW] = phase_outputs(&window[NPU_Y]);
        extent[COLUMN] = phase_outputs(&window[NPU_X]);
    }
    cost_get(&cost, shape);
    npu_grid_start(grid, DIMS, extent);
    npu_grid_grow(grid, COLUMN, 64, conv_ns, &cost);
    npu_grid_grow(grid, CHANNEL, UINT64_MAX, conv_ns, &cost);
    npu_grid_grow(grid, COLUMN, UINT64_MAX, conv_ns, &cost);
    npu_grid_grow(grid, ROW, UINT64_MAX, conv_ns, &cost);
    npu_grid_grow(grid, PART, UINT64_MAX, conv_ns, &cost);
    npu_grid_grow(grid, IMAGE, UINT64_MAX, conv_ns, &cost);
    npu_grid_grow(grid, GROUP, UINT64_MAX, conv_ns, &cost);
    npu_grid_share(grid, dies, conv_ns, &cost);
}

void npu_conv_cut(const struct npu_work *work, unsigned dies,
                  struct npu_grid *grid)
{
    struct shape shape;

    shape_get(&shape, work);
    cut(&shape, dies, grid);
}

/* ---- One group of a tile ------------------------------------------------- */

struct conv {
    struct npu_tile *tile;
    struct shape shape; /* of the phase, if there is one */
    uint64_t taps, k;   /* of a window; times inputs */
    uint64_t group;
    uint64_t channel, channels; /* of the group's outputs: first and how many */
    uint64_t image, images;
    struct npu_span out[NPU_AXES]; /* outputs */
    uint64_t size[NPU_AXES];       /* how many */
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

/* Taps of one row of a kernel: w, u, and v from v on; k is that of the first. */
struct taps {
    uint64_t k;
    uint64_t input;
    int64_t w, u, v, count;
};

/* The taps of a piece of k from index i on that are in one row. */
static void taps_get(struct taps *taps, const struct conv *conv, uint64_t k,
                     uint64_t i, uint64_t count)
{
    uint64_t width = (uint64_t)conv->shape.window[NPU_X].kernel;
    uint64_t height = (uint64_t)conv->shape.window[NPU_Y].kernel;
    uint64_t tap = (k + i) % conv->taps, row = tap / width;

    *taps = (struct taps){
        .k = i,
        .input = (k + i) / conv->taps,
        .w = (int64_t)(row / height),
        .u = (int64_t)(row % height),
        .v = (int64_t)(tap % width),
        .count = (int64_t)npu_min(width - tap % width, count - i),
    };
}

/* What the taps see for a row of outputs, in row (z, y) of the input. */
static bool take_line(struct conv *conv, const struct taps *taps, int64_t z,
                      int64_t y, uint64_t pixel, take_row *take)
{
    const struct npu_window *x = &conv->shape.window[NPU_X];
    const struct npu_span *out = &conv->out[NPU_X];
    NPU_ROOM float tmp[NPU_ROW];

    for (int64_t i = 0; i < taps->count; i++) {
        struct npu_span span = npu_window_outputs(x, taps->v + i, out->lo,
                                                  out->hi);
        int64_t n = span.hi - span.lo, stride;
        const void *at;

        if (!n) {
            continue;
        }
        at = npu_region_row(conv->tile, &conv->region, z, y,
                            npu_window_at(x, span.lo, taps->v + i), x->stride,
                            n, &stride);
        if (!at) {
            return false;
        }
        take(conv, taps->k + (uint64_t)i, pixel + (uint64_t)(span.lo - out->lo),
             npu_row_f32(at, stride, conv->region.volume.dtype, (size_t)n, tmp),
             (uint64_t)n);
    }
    return true;
}

/* The same for all rows of outputs of an image. */
static bool take_lines(struct conv *conv, const struct taps *taps,
                       uint64_t image, take_row *take)
{
    const struct npu_window *window = conv->shape.window;
    const struct npu_span *out = conv->out;
    struct npu_span z = npu_window_outputs(&window[NPU_Z], taps->w,
                                           out[NPU_Z].lo, out[NPU_Z].hi);
    struct npu_span y = npu_window_outputs(&window[NPU_Y], taps->u,
                                           out[NPU_Y].lo, out[NPU_Y].hi);

    for (int64_t plane = z.lo; plane < z.hi; plane++) {
        uint64_t index = image * conv->size[NPU_Z] +
                         (uint64_t)(plane - out[NPU_Z].lo);

        for (int64_t row = y.lo; row < y.hi; row++) {
            uint64_t line = index * conv->size[NPU_Y] +
                            (uint64_t)(row - out[NPU_Y].lo);

            if (!take_line(conv, taps,
                           npu_window_at(&window[NPU_Z], plane, taps->w),
                           npu_window_at(&window[NPU_Y], row, taps->u),
                           line * conv->size[NPU_X], take)) {
                return false;
            }
        }
    }
    return true;
}

static bool open_input(struct conv *conv, uint64_t image, uint64_t input)
{
    struct npu_span in[NPU_AXES];

    for (unsigned axis = 0; axis < NPU_AXES; axis++) {
        in[axis] = npu_window_inputs(&conv->shape.window[axis],
                                     conv->out[axis].lo, conv->out[axis].hi);
    }
    return npu_region_open(conv->tile, &conv->region, conv->image + image,
                           conv->group * conv->shape.b.extent[B_INPUT] + input,
                           in);
}

/* A piece of k for one image, a row of a kernel at a time. */
static bool take_taps(struct conv *conv, uint64_t image, uint64_t k,
                      uint64_t count, take_row *take)
{
    struct npu_scratch *mark = npu_tile_mark(conv->tile);
    struct taps taps;

    for (uint64_t i = 0; i < count; i += (uint64_t)taps.count) {
        taps_get(&taps, conv, k, i, count);
        if (i == 0 || (k + i) % conv->taps == 0) {
            npu_tile_rewind(conv->tile, mark);
            if (!open_input(conv, image, taps.input)) {
                return false;
            }
        }
        if (!take_lines(conv, &taps, image, take)) {
            return false;
        }
    }
    npu_tile_rewind(conv->tile, mark);
    return true;
}

/* ---- Weights and bias ---------------------------------------------------- */

/* Can inputs and taps be walked with one stride? */
static bool flat_kernel(const struct npu_box *b, int64_t *stride)
{
    uint64_t n = 1;

    *stride = 0;
    for (unsigned dim = b->rank; dim-- > B_INPUT;) {
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

/* Weights of the tile's channels, from offset on. */
static struct npu_box weight_box(const struct conv *conv, uint64_t offset,
                                 uint64_t count, int64_t stride)
{
    const struct npu_box *b = &conv->shape.b;

    return (struct npu_box){
        .va = b->va + conv->group * (uint64_t)b->stride[B_GROUP] +
              conv->channel * (uint64_t)b->stride[B_OUTPUT] + offset,
        .dtype = b->dtype,
        .size = b->size,
        .rank = 2,
        .extent = { conv->channels, count },
        .stride = { b->stride[B_OUTPUT], stride },
    };
}

/* A row of taps of every channel's kernel. */
static bool pack_taps(struct conv *conv, const struct taps *taps, float *to)
{
    const struct npu_box *b = &conv->shape.b;
    struct npu_scratch *mark = npu_tile_mark(conv->tile);
    struct npu_box part;
    struct npu_view view;

    part = weight_box(conv,
                      taps->input * (uint64_t)b->stride[B_INPUT] +
                          (uint64_t)(taps->w * b->stride[B_TAP + NPU_Z] +
                                     taps->u * b->stride[B_TAP + NPU_Y] +
                                     taps->v * b->stride[B_TAP + NPU_X]),
                      (uint64_t)taps->count, b->stride[B_TAP + NPU_X]);
    if (!npu_box_source(conv->tile, 2, &part, &view)) {
        return false;
    }
    for (int64_t i = 0; i < taps->count; i++) {
        npu_row_get_f32(to + (taps->k + (uint64_t)i) * conv->channels,
                        view.at + i * view.stride[1], view.stride[0],
                        part.dtype, conv->channels);
    }
    npu_tile_rewind(conv->tile, mark);
    return true;
}

/* The whole kernels of the tile's channels for an input: channel, z, y, x. */
static bool open_kernels(struct conv *conv, uint64_t input,
                         struct npu_view *view)
{
    const struct npu_box *all = &conv->shape.all;
    struct npu_box part = {
        .va = all->va + conv->group * (uint64_t)all->stride[B_GROUP] +
              conv->channel * (uint64_t)all->stride[B_OUTPUT] +
              input * (uint64_t)all->stride[B_INPUT],
        .dtype = all->dtype,
        .size = all->size,
        .rank = 1 + NPU_AXES,
        .extent = { conv->channels },
        .stride = { all->stride[B_OUTPUT] },
    };

    memcpy(&part.extent[1], &all->extent[B_TAP], NPU_AXES * sizeof(uint64_t));
    memcpy(&part.stride[1], &all->stride[B_TAP], NPU_AXES * sizeof(int64_t));
    return npu_box_source(conv->tile, 2, &part, view);
}

/* The same row of taps out of these. */
static void pick_taps(struct conv *conv, const struct taps *taps,
                      const struct npu_view *view, float *to)
{
    const int64_t *first = conv->shape.first, *step = conv->shape.step;
    const unsigned char *at = view->at;
    int64_t next = step[NPU_X] * view->stride[1 + NPU_X];

    at += (first[NPU_Z] + taps->w * step[NPU_Z]) * view->stride[1 + NPU_Z] +
          (first[NPU_Y] + taps->u * step[NPU_Y]) * view->stride[1 + NPU_Y] +
          first[NPU_X] * view->stride[1 + NPU_X] + taps->v * next;
    for (int64_t i = 0; i < taps->count; i++) {
        npu_row_get_f32(to + (taps->k + (uint64_t)i) * conv->channels,
                        at + i * next, view->stride[0], conv->shape.all.dtype,
                        conv->channels);
    }
}

static uint64_t kernel_elements(const struct conv *conv)
{
    const uint64_t *extent = &conv->shape.all.extent[B_TAP];

    return conv->channels * extent[NPU_Z] * extent[NPU_Y] * extent[NPU_X];
}

static bool pack_pieces(struct conv *conv, uint64_t k, uint64_t count,
                        float *to)
{
    bool whole = kernel_elements(conv) <= KERNEL_ELEMENTS;
    struct npu_scratch *mark = npu_tile_mark(conv->tile);
    struct npu_view view;
    struct taps taps;

    for (uint64_t i = 0; i < count; i += (uint64_t)taps.count) {
        taps_get(&taps, conv, k, i, count);
        if (!whole) {
            if (!pack_taps(conv, &taps, to)) {
                return false;
            }
            continue;
        }
        if (i == 0 || (k + i) % conv->taps == 0) {
            npu_tile_rewind(conv->tile, mark);
            if (!open_kernels(conv, taps.input, &view)) {
                return false;
            }
        }
        pick_taps(conv, &taps, &view, to);
    }
    npu_tile_rewind(conv->tile, mark);
    return true;
}

static bool pack_weight(struct conv *conv, uint64_t k, uint64_t count)
{
    float *to = npu_tile_alloc(conv->tile,
                               conv->channels * count * sizeof(*to));

    if (!to) {
        return false;
    }
    conv->weight = (struct npu_panel){
        .data = to, .own = to, .ld = (int)conv->channels, .trans = true
    };
    return pack_pieces(conv, k, count, to);
}

static bool load_weight(struct conv *conv, uint64_t k, uint64_t count)
{
    struct npu_box part;
    int64_t stride;

    if (!flat_kernel(&conv->shape.b, &stride)) {
        return pack_weight(conv, k, count);
    }
    part = weight_box(conv, k * (uint64_t)stride, count, stride);
    return npu_panel_source(conv->tile, 2, &part, &conv->weight);
}

/* The first channel in d. */
static uint64_t d_channel(const struct conv *conv)
{
    return conv->group * conv->shape.b.extent[B_OUTPUT] + conv->channel;
}

/* Begin the sums: with the bias, or zero. */
static bool start_sums(struct conv *conv)
{
    const struct npu_work *work = conv->tile->work;
    struct npu_scratch *mark = npu_tile_mark(conv->tile);
    uint64_t channel = d_channel(conv);
    struct npu_box bias;
    struct npu_view view;

    if (work->operands < 4) {
        memset(conv->sums, 0,
               conv->channels * conv->pixels * sizeof(*conv->sums));
        return true;
    }
    npu_box_cut(&bias, &work->operand[3], &channel, &conv->channels);
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
    bool few = conv->shape.b.extent[B_OUTPUT] < FEW_CHANNELS;
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
    uint64_t most = NPU_PANEL_ELEMENTS / npu_max(conv->pixels, conv->channels);

    for (uint64_t done = 0; done < conv->k; done += most) {
        struct npu_scratch *mark = npu_tile_mark(conv->tile);

        if (!add_piece(conv, done, npu_min(most, conv->k - done))) {
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
    const struct npu_box *d = &conv->shape.d;
    uint64_t start[] = { conv->image, d_channel(conv),
                         (uint64_t)conv->out[NPU_Z].lo,
                         (uint64_t)conv->out[NPU_Y].lo,
                         (uint64_t)conv->out[NPU_X].lo };
    uint64_t size[] = { conv->images, conv->channels, conv->size[NPU_Z],
                        conv->size[NPU_Y], conv->size[NPU_X] };
    uint64_t n = conv->channels * conv->pixels;
    uint64_t row = size[4] * d->size, plane = size[3] * row;
    struct npu_view view = {
        .at = (void *)conv->sums,
        .stride = { (int64_t)(size[2] * plane),
                    (int64_t)(conv->pixels * d->size), (int64_t)plane,
                    (int64_t)row, d->size },
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

/* The groups of a part of d: outputs from start on along each axis. */
static bool conv_part(struct conv *conv, uint64_t groups, const uint64_t *start,
                      const uint64_t *size)
{
    uint64_t first = conv->group;
    bool good = true;

    conv->taps = taps_of(conv->shape.window);
    conv->k = conv->shape.b.extent[B_INPUT] * conv->taps;
    conv->pixels = conv->images;
    for (unsigned axis = 0; axis < NPU_AXES; axis++) {
        uint64_t out = (uint64_t)conv->shape.window[axis].out;

        /* A phase may have an output fewer than the first one. */
        if (start[axis] >= out) {
            return true;
        }
        conv->size[axis] = npu_min(size[axis], out - start[axis]);
        conv->out[axis] = (struct npu_span){ start[axis],
                                             start[axis] + conv->size[axis] };
        conv->pixels *= conv->size[axis];
    }
    for (uint64_t i = 0; good && i < groups; i++) {
        conv->group = first + i;
        good = conv_group(conv);
    }
    conv->group = first;
    return good;
}

static void phase_get(struct shape *phase, const struct shape *shape,
                      uint64_t index)
{
    uint64_t columns = phases(&shape->window[NPU_X]);

    *phase = *shape;
    phase_axis(phase, NPU_Y, (int64_t)(index / columns));
    phase_axis(phase, NPU_X, (int64_t)(index % columns));
}

bool npu_conv_run(struct npu_tile *tile)
{
    uint64_t start[NPU_MAX_RANK], size[NPU_MAX_RANK];
    struct conv conv = { .tile = tile };
    struct shape shape;
    struct npu_grid grid;

    shape_get(&shape, tile->work);
    cut(&shape, tile->dies, &grid);
    npu_grid_tile(&grid, tile->index, start, size);
    conv.image = start[IMAGE];
    conv.images = size[IMAGE];
    conv.group = start[GROUP];
    conv.channel = start[CHANNEL];
    conv.channels = size[CHANNEL];
    if (!shape.transposed) {
        conv.shape = shape;
        return conv_part(&conv, size[GROUP],
                         (const uint64_t[]){ start[PART], start[ROW],
                                             start[COLUMN] },
                         (const uint64_t[]){ size[PART], size[ROW],
                                             size[COLUMN] });
    }
    for (uint64_t i = 0; i < size[PART]; i++) {
        phase_get(&conv.shape, &shape, start[PART] + i);
        if (!conv_part(&conv, size[GROUP],
                       (const uint64_t[]){ 0, start[ROW], start[COLUMN] },
                       (const uint64_t[]){ 1, size[ROW], size[COLUMN] })) {
            return false;
        }
    }
    return true;
}
