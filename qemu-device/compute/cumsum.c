/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NPU_OP_CUMSUM.  Lines are summed one after the other, or, where they lie side by
 * side in memory, all at once.  Either way an element is added to the sum of those
 * before it, in f64 or in s32.
 */
#include "along.h"
#include "clones.h"
#include "dtype.h"
#include "families.h"
#include "ops.h"

#define LINE_NS 60
#define PIECE (64u << 10) /* elements within reach */

static void cumsum_plan(struct npu_along *along, const struct npu_work *work,
                        unsigned dies)
{
    npu_along_get(along, work);
    along->line_ns = LINE_NS +
                     along->n[0] * (work->op->host_ps + along->ps) / 1000;
    npu_along_cut(along, dies);
}

void npu_cumsum_cut(const struct npu_work *work, unsigned dies,
                    struct npu_grid *grid)
{
    struct npu_along along;

    cumsum_plan(&along, work, dies);
    *grid = along.grid;
}

/* Lines at work, and the sums of what lies behind: in one of the types. */
struct sums {
    const struct npu_lines *lines;
    uint32_t dtype;
    bool exclusive, reverse, sheet;
    double f64[NPU_ROW];
    uint32_t u32[NPU_ROW];
};

/* ---- Rows ---------------------------------------------------------------- */

/* An element of each of n lines. */
NPU_CLONES
static void across_f32(float *d, const float *x, double *sum, size_t n,
                       bool exclusive)
{
    _Pragma("GCC ivdep") for (size_t i = 0; i < n; i++)
    {
        double before = sum[i], after = before + (double)x[i];

        d[i] = (float)(exclusive ? before : after);
        sum[i] = after;
    }
}

NPU_CLONES
static void across_s32(int32_t *d, const int32_t *x, uint32_t *sum, size_t n,
                       bool exclusive)
{
    _Pragma("GCC ivdep") for (size_t i = 0; i < n; i++)
    {
        uint32_t before = sum[i], after = before + (uint32_t)x[i];

        d[i] = (int32_t)(exclusive ? before : after);
        sum[i] = after;
    }
}

/* n elements of one line, in the order of steps of 1 or -1. */
static void along_f32(float *d, const float *x, double *sum, size_t n,
                      bool exclusive, int step)
{
    double after = *sum;

    for (size_t i = 0; i < n; i++) {
        double before = after;

        after += (double)*x;
        *d = (float)(exclusive ? before : after);
        x += step;
        d += step;
    }
    *sum = after;
}

static void along_s32(int32_t *d, const int32_t *x, uint32_t *sum, size_t n,
                      bool exclusive, int step)
{
    uint32_t after = *sum;

    for (size_t i = 0; i < n; i++) {
        uint32_t before = after;

        after += (uint32_t)*x;
        *d = (int32_t)(exclusive ? before : after);
        x += step;
        d += step;
    }
    *sum = after;
}

/* ---- Pieces -------------------------------------------------------------- */

/* A piece of all lines within reach: that of d and that of a. */
struct piece {
    struct npu_view view[2];
    uint64_t n; /* along the axis */
};

/* n elements along the axis, or one of each of n lines; sum is the first's. */
static void sum_row_f32(struct sums *sums, void *d, const void *a,
                        const int64_t *stride, double *sum, size_t n)
{
    size_t first = sums->reverse ? n - 1 : 0;
    NPU_ROOM float room[NPU_ROW], row[NPU_ROW];
    const float *x = npu_row_f32(a, stride[1], sums->dtype, n, room);

    if (sums->sheet) {
        across_f32(row, x, sum, n, sums->exclusive);
    } else {
        along_f32(row + first, x + first, sum, n, sums->exclusive,
                  sums->reverse ? -1 : 1);
    }
    npu_row_put_f32(d, stride[0], sums->dtype, n, row);
}

static void sum_row_s32(struct sums *sums, void *d, const void *a,
                        const int64_t *stride, uint32_t *sum, size_t n)
{
    size_t first = sums->reverse ? n - 1 : 0;
    NPU_ROOM int32_t room[NPU_ROW], row[NPU_ROW];
    const int32_t *x = npu_row_s32(a, stride[1], sums->dtype, n, room);

    if (sums->sheet) {
        across_s32(row, x, sum, n, sums->exclusive);
    } else {
        along_s32(row + first, x + first, sum, n, sums->exclusive,
                  sums->reverse ? -1 : 1);
    }
    npu_row_put_s32(d, stride[0], sums->dtype, n, row);
}

/* The row that begins at an index of the views. */
static void sum_row(struct sums *sums, const struct piece *piece,
                    uint64_t outer, uint64_t inner, uint64_t sum, size_t n)
{
    int64_t stride[2];
    unsigned char *at[2];

    for (unsigned op = 0; op < 2; op++) {
        const struct npu_view *view = &piece->view[op];

        at[op] = view->at + (int64_t)outer * view->stride[0] +
                 (int64_t)inner * view->stride[1];
        stride[op] = view->stride[1];
    }
    if (npu_dtype_is_integer(sums->dtype)) {
        sum_row_s32(sums, at[0], at[1], stride, &sums->u32[sum], n);
    } else {
        sum_row_f32(sums, at[0], at[1], stride, &sums->f64[sum], n);
    }
}

static void sum_sheet(struct sums *sums, const struct piece *piece)
{
    for (uint64_t i = 0; i < piece->n; i++) {
        uint64_t at = sums->reverse ? piece->n - 1 - i : i;

        sum_row(sums, piece, at, 0, 0, sums->lines->count);
    }
}

static void sum_lines(struct sums *sums, const struct piece *piece)
{
    for (uint64_t line = 0; line < sums->lines->count; line++) {
        for (uint64_t i = 0; i < piece->n; i += NPU_ROW) {
            uint64_t n = npu_min(NPU_ROW, piece->n - i);
            uint64_t at = sums->reverse ? piece->n - i - n : i;

            sum_row(sums, piece, line, at, line, n);
        }
    }
}

static bool sum_piece(struct npu_tile *tile, struct sums *sums, uint64_t index,
                      uint64_t n)
{
    struct npu_scratch *mark = npu_tile_mark(tile);
    struct piece piece = { .n = n };
    struct npu_box box[2];

    for (unsigned op = 0; op < 2; op++) {
        npu_lines_box(sums->lines, tile->work, op, index, n, sums->sheet,
                      &box[op]);
    }
    if (!npu_box_source(tile, 1, &box[1], &piece.view[1]) ||
        !npu_box_target(tile, 0, &box[0], &piece.view[0])) {
        return false;
    }
    (sums->sheet ? sum_sheet : sum_lines)(sums, &piece);
    if (!npu_box_store(tile, 0, &box[0], &piece.view[0])) {
        return false;
    }
    npu_tile_rewind(tile, mark);
    return true;
}

static bool sum_all(struct npu_tile *tile, const struct npu_lines *lines)
{
    uint32_t flags = tile->work->insn->flags;
    struct sums sums = {
        .lines = lines,
        .dtype = tile->work->operand[0].dtype,
        .exclusive = flags & NPU_INSN_EXCLUSIVE,
        .reverse = flags & NPU_INSN_REVERSE,
        .sheet = npu_along_is_sheet(lines->along),
    };
    uint64_t n = lines->along->n[1], most = PIECE / lines->count;

    for (uint64_t i = 0; i < n; i += most) {
        uint64_t count = npu_min(most, n - i);
        uint64_t at = sums.reverse ? n - i - count : i;

        if (!sum_piece(tile, &sums, at, count)) {
            return false;
        }
    }
    return true;
}

bool npu_cumsum_run(struct npu_tile *tile)
{
    struct npu_along along;
    uint64_t most = NPU_ROW;

    cumsum_plan(&along, tile->work, tile->dies);
    if (!npu_along_is_sheet(&along)) {
        /* Whole lines, if they are short enough. */
        most = npu_max(1, npu_min(NPU_ROW, PIECE / along.n[1]));
    }
    return npu_along_walk(&along, tile, most, sum_all);
}
