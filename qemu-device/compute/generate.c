/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NPU_OP_TRIANGLE, NPU_OP_RANGE and NPU_OP_ONE_HOT: element by element, but it
 * matters where an element is.
 */
#include <string.h>

#include "clones.h"
#include "dtype.h"
#include "families.h"
#include "ops.h"
#include "plan.h"

/* A row of each operand, and where its elements are. */
struct row {
    unsigned char *at[NPU_LOOP_OPERANDS];
    int64_t stride[NPU_LOOP_OPERANDS];
    int64_t place, step; /* of the first one, and from one to the next */
    uint64_t n;
};

typedef void make_row(const struct npu_work *work, struct row row);

/* j - i of a matrix; else the index along the axis. */
static void get_plan(struct npu_plan *plan, const struct npu_work *work,
                     unsigned dies)
{
    unsigned rank = work->operand[0].rank;
    int64_t place[NPU_MAX_RANK] = { 0 };

    if (work->insn->opcode == NPU_OP_TRIANGLE) {
        place[rank - 2] = -1;
        place[rank - 1] = 1;
    } else {
        place[work->insn->axis.axis] = 1;
    }
    npu_plan_get_placed(plan, work, place, dies);
}

void npu_generate_cut(const struct npu_work *work, unsigned dies,
                      struct npu_grid *grid)
{
    struct npu_plan plan;

    get_plan(&plan, work, dies);
    *grid = plan.grid;
}

static bool generate(struct npu_tile *tile, make_row *make)
{
    const struct npu_work *work = tile->work;
    struct npu_box boxes[NPU_LOOP_OPERANDS];
    struct npu_view views[NPU_LOOP_OPERANDS];
    struct npu_loop_at at = { 0 };
    unsigned place = work->operands, last;
    struct npu_plan plan;
    struct npu_loop loop;

    get_plan(&plan, work, tile->dies);
    if (!npu_plan_open(&plan, tile, boxes, views)) {
        return false;
    }
    npu_plan_loop(&loop, boxes, views, place + 1);
    last = loop.rank - 1;
    do {
        struct row row = {
            .place = (int64_t)boxes[place].va + at.offset[place],
            .step = loop.stride[place][last],
            .n = loop.extent[last],
        };

        for (unsigned i = 0; i < place; i++) {
            row.at[i] = views[i].at + at.offset[i];
            row.stride[i] = loop.stride[i][last];
        }
        make(work, row);
    } while (npu_loop_next(&loop, &at));
    return npu_box_store(tile, 0, &boxes[0], &views[0]);
}

/* The next elements of a row */
static void advance(struct row *row, const struct npu_work *work,
                    uint64_t count)
{
    for (unsigned i = 0; i < work->operands; i++) {
        row->at[i] += (int64_t)count * row->stride[i];
    }
    row->place += (int64_t)count * row->step;
    row->n -= count;
}

/* ---- Triangle ------------------------------------------------------------ */

/* Copy the elements from first to below end, which are zero otherwise. */
static void keep(const struct row *row, unsigned size, uint64_t first,
                 uint64_t end)
{
    int64_t stride = row->stride[0];

    npu_row_fill(row->at[0], stride, size, first, 0);
    npu_row_copy(row->at[0] + (int64_t)first * stride, stride,
                 row->at[1] + (int64_t)first * row->stride[1], row->stride[1],
                 size, end - first);
    npu_row_fill(row->at[0] + (int64_t)end * stride, stride, size, row->n - end,
                 0);
}

static void triangle_row(const struct npu_work *work, struct row row)
{
    bool lower = work->insn->flags & NPU_INSN_LOWER;
    int64_t imm = (int32_t)work->scalar;
    /* Elements are kept where this is not negative. */
    int64_t inside = lower ? imm - row.place : row.place - imm;
    int64_t step = lower ? -row.step : row.step;
    uint64_t first = 0, end = row.n;

    if (step > 0) {
        first = inside < 0 ? npu_min((uint64_t)-inside, row.n) : 0;
    } else if (inside < 0) {
        end = 0;
    } else if (step < 0) {
        end = npu_min((uint64_t)inside + 1, row.n);
    }
    keep(&row, work->operand[0].size, first, end);
}

bool npu_triangle_run(struct npu_tile *tile)
{
    return generate(tile, triangle_row);
}

/* ---- Range --------------------------------------------------------------- */

static inline __attribute__((always_inline)) double range_at(float a, float b,
                                                             double place,
                                                             double step,
                                                             int32_t i)
{
    return (double)a + (place + step * (double)i) * (double)b;
}

NPU_CLONES
static void range_f32(float *d, const float *a, const float *b, double place,
                      double step, int32_t n)
{
    _Pragma("GCC ivdep") for (int32_t i = 0; i < n; i++)
    {
        d[i] = (float)range_at(a[i], b[i], place, step, i);
    }
}

/*
 * The same for what is rounded a second time: what f32 cannot hold becomes the
 * neighbour whose last bit is set, which is never taken for a tie.
 */
NPU_CLONES
static void range_odd(float *d, const float *a, const float *b, double place,
                      double step, int32_t n)
{
    _Pragma("GCC ivdep") for (int32_t i = 0; i < n; i++)
    {
        double x = range_at(a[i], b[i], place, step, i);
        union {
            float f32;
            uint32_t bits;
        } y = { .f32 = (float)x };
        double rest = x - (double)y.f32;
        uint32_t away = (rest > 0) == (x > 0) ? 1 : UINT32_MAX;

        /* Infinities leave no number. */
        y.bits += (rest < 0 || rest > 0) && !(y.bits & 1) ? away : 0;
        d[i] = y.f32;
    }
}

#define RANGE_INTEGERS(name, type, bits)                                   \
    NPU_CLONES                                                             \
    static void name(type *d, const type *a, const type *b, int64_t place, \
                     int64_t step, int64_t n)                              \
    {                                                                      \
        _Pragma("GCC ivdep") for (int64_t i = 0; i < n; i++)               \
        {                                                                  \
            bits at = (bits)place + (bits)i * (bits)step;                  \
                                                                           \
            d[i] = (type)((bits)a[i] + at * (bits)b[i]);                   \
        }                                                                  \
    }

RANGE_INTEGERS(range_s32, int32_t, uint32_t)
RANGE_INTEGERS(range_s64, int64_t, uint64_t)

/* Up to NPU_ROW elements by a function of that type. */
#define RANGE_PART(calc, type, place_type, make)                         \
    do {                                                                 \
        NPU_ROOM type d[NPU_ROW], a[NPU_ROW], b[NPU_ROW];                \
                                                                         \
        make(d, npu_row_##calc(row->at[1], row->stride[1], dtype, n, a), \
             npu_row_##calc(row->at[2], row->stride[2], dtype, n, b),    \
             (place_type)row->place, (place_type)row->step, (int32_t)n); \
        npu_row_put_##calc(row->at[0], row->stride[0], dtype, n, d);     \
    } while (0)

static void range_part(const struct row *row, uint32_t dtype, uint64_t n)
{
    switch (npu_dtype_calc(dtype)) {
    case NPU_CALC_F32:
        if (dtype == NPU_DTYPE_F32) {
            RANGE_PART(f32, float, double, range_f32);
        } else {
            RANGE_PART(f32, float, double, range_odd);
        }
        break;
    case NPU_CALC_S32:
        RANGE_PART(s32, int32_t, int64_t, range_s32);
        break;
    case NPU_CALC_S64:
        RANGE_PART(s64, int64_t, int64_t, range_s64);
        break;
    }
}

static void range_row(const struct npu_work *work, struct row row)
{
    while (row.n) {
        uint64_t count = npu_min(row.n, NPU_ROW);

        range_part(&row, work->operand[0].dtype, count);
        advance(&row, work, count);
    }
}

bool npu_range_run(struct npu_tile *tile)
{
    return generate(tile, range_row);
}

/* ---- One-hot ------------------------------------------------------------- */

/* Put c where one of up to NPU_ROW indices is the element's own. */
static void one_hot_part(const struct row *row, uint32_t dtype, unsigned size,
                         int64_t extent, uint64_t n)
{
    NPU_ROOM int64_t tmp[NPU_ROW];
    const int64_t *a = npu_row_s64(row->at[1], row->stride[1], dtype, n, tmp);

    for (uint64_t i = 0; i < n; i++) {
        int64_t step = (int64_t)i, place = row->place + step * row->step;

        if (a[i] == place || a[i] == place - extent) {
            memcpy(row->at[0] + step * row->stride[0],
                   row->at[3] + step * row->stride[3], size);
        }
    }
}

static void one_hot_row(const struct npu_work *work, struct row row)
{
    const struct npu_box *d = &work->operand[0];
    int64_t extent = (int64_t)d->extent[work->insn->axis.axis];

    npu_row_copy(row.at[0], row.stride[0], row.at[2], row.stride[2], d->size,
                 row.n);
    while (row.n) {
        uint64_t count = npu_min(row.n, NPU_ROW);

        one_hot_part(&row, work->operand[1].dtype, d->size, extent, count);
        advance(&row, work, count);
    }
}

bool npu_one_hot_run(struct npu_tile *tile)
{
    return generate(tile, one_hot_row);
}
