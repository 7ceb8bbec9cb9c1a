/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NPU_OP_ROPE: rotary embedding, arXiv:2104.09864.  A line is the last dimension; a
 * tile is some lines, each whole.  Neighbouring lines often have the same position,
 * since it is that of all heads: its angles are kept.
 */
#include <math.h>
#include <string.h>

#include "clones.h"
#include "dtype.h"
#include "families.h"
#include "ops.h"
#include "plan.h"

enum { D, A, POSITIONS, FREQUENCIES, OPERANDS };

#define LINE_NS 200

struct lines {
    uint64_t n; /* elements of a line */
    uint64_t ps;
    struct npu_grid grid; /* lines along each dimension */
};

static uint64_t lines_ns(const void *arg, const uint64_t *chunk)
{
    const struct lines *lines = arg;
    uint64_t count = 1;

    for (unsigned dim = 0; dim < lines->grid.rank; dim++) {
        count = npu_mul_sat(count, chunk[dim]);
    }
    if (count > NPU_BOX_ELEMENTS / lines->n) {
        return UINT64_MAX;
    }
    return count * (LINE_NS + lines->n * lines->ps / 1000);
}

static void lines_get(struct lines *lines, const struct npu_work *work,
                      unsigned dies)
{
    const struct npu_box *d = &work->operand[D];
    uint64_t extent[NPU_MAX_RANK];
    unsigned last = d->rank - 1;

    memcpy(extent, d->extent, sizeof(extent));
    extent[last] = 1;
    lines->n = d->extent[last];
    lines->ps = work->op->host_ps +
                npu_access_ps(d->rank, d->extent, d->stride) +
                npu_access_ps(d->rank, d->extent, work->operand[A].stride);
    npu_grid_start(&lines->grid, d->rank, extent);
    for (unsigned dim = last; dim-- > 0;) {
        npu_grid_grow(&lines->grid, dim, UINT64_MAX, lines_ns, lines);
    }
    npu_grid_share(&lines->grid, dies, lines_ns, lines);
}

void npu_rope_cut(const struct npu_work *work, unsigned dies,
                  struct npu_grid *grid)
{
    struct lines lines;

    lines_get(&lines, work, dies);
    *grid = lines.grid;
}

/* ---- Angles -------------------------------------------------------------- */

/* Angles further from 0 have lost too many digits to be reduced. */
#define ANGLE_MAX 0x1p32

/* Added to a number below 2^51 it leaves the nearest integer in the low bits. */
#define TO_INTEGER 0x1.8p52

#define TWO_OVER_PI 0x1.45f306dc9c883p-1
#define HALF_PI 0x1.921fb54442d18p0
#define HALF_PI_REST 0x1.1a62633145c07p-54

/* Of |x| <= pi / 4, by Taylor's series: what is left out is below 2^-29. */
static inline double series_sin(double x)
{
    double y = x * x;

    return x + x * y *
                   (-1.0 / 6 +
                    y * (1.0 / 120 + y * (-1.0 / 5040 + y * (1.0 / 362880))));
}

static inline double series_cos(double x)
{
    double y = x * x;

    return 1 +
           y * (-1.0 / 2 +
                y * (1.0 / 24 + y * (-1.0 / 720 + y * (1.0 / 40320 +
                                                       y * (-1.0 / 3628800)))));
}

/* scale times the cosine and the sine of position times each frequency. */
NPU_CLONES
static void angles(float *cosine, float *sine, const float *frequency,
                   double position, double scale, size_t n)
{
    _Pragma("GCC ivdep") for (size_t i = 0; i < n; i++)
    {
        double angle = position * (double)frequency[i];
        double shifted = angle * TWO_OVER_PI + TO_INTEGER;
        double turns = shifted - TO_INTEGER;
        double x = (angle - turns * HALF_PI) - turns * HALF_PI_REST;
        double s = series_sin(x) * scale, c = series_cos(x) * scale, swap;
        uint64_t quarter;

        memcpy(&quarter, &shifted, sizeof(quarter));
        swap = quarter & 1 ? s : c;
        s = quarter & 1 ? c : s;
        c = (quarter + 1) & 2 ? -swap : swap;
        s = quarter & 2 ? -s : s;
        cosine[i] = fabs(angle) < ANGLE_MAX ? (float)c : NAN;
        sine[i] = fabs(angle) < ANGLE_MAX ? (float)s : NAN;
    }
}

/* ---- Lines --------------------------------------------------------------- */

struct job {
    struct npu_tile *tile;
    struct npu_box box[OPERANDS];
    struct npu_view view[OPERANDS];
    size_t n, pairs;
    float scale;
    bool interleaved;
    bool known; /* the angles are those of position */
    int32_t position;
    const float *frequency;
    float *cosine, *sine, *from, *to;
};

/* Lines at one position, all of f32 without gaps inside; pitches are in elements. */
struct lines_at {
    float *d;
    const float *a;
    int64_t d_pitch, a_pitch;
    uint64_t count;
};

/* Element i makes a pair with the one that is as many elements behind as pairs. */
NPU_CLONES
static void rotate_halves(const struct lines_at *at, const float *cosine,
                          const float *sine, size_t pairs)
{
    for (uint64_t line = 0; line < at->count; line++) {
        const float *a = at->a + (int64_t)line * at->a_pitch;
        float *d = at->d + (int64_t)line * at->d_pitch;

        _Pragma("GCC ivdep") for (size_t i = 0; i < pairs; i++)
        {
            float x = a[i], y = a[i + pairs];

            d[i] = x * cosine[i] - y * sine[i];
            d[i + pairs] = x * sine[i] + y * cosine[i];
        }
    }
}

/* Neighbours make pairs. */
NPU_CLONES
static void rotate_neighbours(const struct lines_at *at, const float *cosine,
                              const float *sine, size_t pairs)
{
    for (uint64_t line = 0; line < at->count; line++) {
        const float *a = at->a + (int64_t)line * at->a_pitch;
        float *d = at->d + (int64_t)line * at->d_pitch;

        _Pragma("GCC ivdep") for (size_t i = 0; i < pairs; i++)
        {
            float x = a[2 * i], y = a[2 * i + 1];

            d[2 * i] = x * cosine[i] - y * sine[i];
            d[2 * i + 1] = x * sine[i] + y * cosine[i];
        }
    }
}

/* What is behind the pairs stays. */
static void keep_rest(const struct job *job, const struct lines_at *at)
{
    size_t turned = 2 * job->pairs;

    for (uint64_t line = 0; line < at->count && turned < job->n; line++) {
        const float *a = at->a + (int64_t)line * at->a_pitch;
        float *d = at->d + (int64_t)line * at->d_pitch;

        if (d != a) {
            memcpy(d + turned, a + turned, (job->n - turned) * sizeof(*d));
        }
    }
}

static void rotate(const struct job *job, const struct lines_at *at)
{
    (job->interleaved ? rotate_neighbours :
                        rotate_halves)(at, job->cosine, job->sine, job->pairs);
    keep_rest(job, at);
}

/* Where the line at an index of the tile begins. */
static unsigned char *line_at(const struct job *job, unsigned op,
                              const uint64_t *index)
{
    unsigned char *at = job->view[op].at;

    for (unsigned dim = 0; dim + 1 < job->box[D].rank; dim++) {
        at += (int64_t)index[dim] * job->view[op].stride[dim];
    }
    return at;
}

static void turn_to(struct job *job, const uint64_t *index)
{
    int32_t position;

    memcpy(&position, line_at(job, POSITIONS, index), sizeof(position));
    if (job->known && position == job->position) {
        return;
    }
    job->known = true;
    job->position = position;
    angles(job->cosine, job->sine, job->frequency, position, (double)job->scale,
           job->pairs);
}

/* A line by itself, of any type and stride. */
static void run_line(struct job *job, const uint64_t *index)
{
    unsigned last = job->box[D].rank - 1;
    int64_t stride = job->view[D].stride[last];
    unsigned char *to = line_at(job, D, index);
    struct lines_at at = {
        .d = job->to,
        .a = npu_row_f32(line_at(job, A, index), job->view[A].stride[last],
                         job->box[A].dtype, job->n, job->from),
        .count = 1,
    };

    rotate(job, &at);
    npu_row_put_f32(to, stride, job->box[D].dtype, job->n, job->to);
}

static bool is_plain(const struct job *job, unsigned op)
{
    unsigned last = job->box[D].rank - 1;

    return job->box[op].dtype == NPU_DTYPE_F32 &&
           job->view[op].stride[last] == sizeof(float);
}

/*
 * Lines from an index on, along the dimension before the last, at one position: heads
 * of a token, as a rule.
 */
static void run_lines(struct job *job, const uint64_t *index, uint64_t count)
{
    unsigned last = job->box[D].rank - 1;

    turn_to(job, index);
    if (is_plain(job, D) && is_plain(job, A)) {
        struct lines_at at = {
            .d = (void *)line_at(job, D, index),
            .a = (void *)line_at(job, A, index),
            .count = count,
        };

        if (last) {
            at.d_pitch = job->view[D].stride[last - 1] / 4;
            at.a_pitch = job->view[A].stride[last - 1] / 4;
        }
        return rotate(job, &at);
    }
    for (uint64_t i = 0; i < count; i++) {
        uint64_t at[NPU_MAX_RANK];

        memcpy(at, index, sizeof(at));
        if (last) {
            at[last - 1] += i;
        }
        run_line(job, at);
    }
}

/* The lines of a tile from start on, within reach. */
static bool open_lines(struct job *job, const uint64_t *start, uint64_t *size)
{
    const struct npu_work *work = job->tile->work;
    const uint64_t none[NPU_MAX_RANK] = { 0 };
    unsigned last = work->operand[D].rank - 1;

    npu_box_cut(&job->box[POSITIONS], &work->operand[POSITIONS], start, size);
    size[last] = job->n;
    npu_box_cut(&job->box[D], &work->operand[D], start, size);
    npu_box_cut(&job->box[A], &work->operand[A], start, size);
    npu_box_cut(&job->box[FREQUENCIES], &work->operand[FREQUENCIES], none,
                work->operand[FREQUENCIES].extent);
    for (unsigned op = A; op < OPERANDS; op++) {
        if (!npu_box_source(job->tile, op, &job->box[op], &job->view[op])) {
            return false;
        }
    }
    return npu_box_target(job->tile, D, &job->box[D], &job->view[D]);
}

/* Angles, a line of a and one of d, and the frequencies. */
static bool make_room(struct job *job)
{
    float *room = npu_tile_alloc(job->tile,
                                 (3 * job->pairs + 2 * job->n) * sizeof(*room));
    float *copy;

    if (!room) {
        return false;
    }
    job->cosine = room;
    job->sine = room + job->pairs;
    copy = room + 2 * job->pairs;
    job->from = room + 3 * job->pairs;
    job->to = job->from + job->n;
    job->frequency = npu_row_f32(job->view[FREQUENCIES].at,
                                 job->view[FREQUENCIES].stride[0],
                                 NPU_DTYPE_F32, job->pairs, copy);
    return true;
}

bool npu_rope_run(struct npu_tile *tile)
{
    const struct npu_work *work = tile->work;
    uint64_t start[NPU_MAX_RANK], size[NPU_MAX_RANK];
    uint64_t index[NPU_MAX_RANK] = { 0 }, count = 1;
    unsigned last = work->operand[D].rank - 1;
    struct job job = {
        .tile = tile,
        .n = work->operand[D].extent[last],
        .pairs = work->operand[FREQUENCIES].extent[0],
        .interleaved = work->insn->flags & NPU_INSN_INTERLEAVED,
    };
    struct lines lines;

    memcpy(&job.scale, &work->scalar, sizeof(job.scale));
    lines_get(&lines, work, tile->dies);
    npu_grid_tile(&lines.grid, tile->index, start, size);
    if (!open_lines(&job, start, size) || !make_room(&job)) {
        return false;
    }
    size[last] = 1;
    /* All at once along that dimension, if all of it has one position. */
    if (last && !job.view[POSITIONS].stride[last - 1]) {
        count = size[last - 1];
        size[last - 1] = 1;
    }
    do {
        run_lines(&job, index, count);
    } while (npu_grid_next(last + 1, size, index));
    return npu_box_store(tile, D, &job.box[D], &job.view[D]);
}
