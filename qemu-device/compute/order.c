/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NPU_OP_SORT, NPU_OP_ARGSORT.  Every element becomes a number of 64 bits that is
 * the smaller the earlier the element comes; then numbers are sorted, and become
 * values or indices.
 *
 * The number of an element of up to 32 bits is its key, then its index, then whether
 * it is the zero with a sign, which has the other's key.  An s64 is all key: its
 * indices are sorted by its lower half first, and then by its upper one.
 */
#include <string.h>

#include "along.h"
#include "clones.h"
#include "dtype.h"
#include "families.h"
#include "formats.h"
#include "ops.h"
#include "sort.h"

#define PIECE (64u << 10) /* elements within reach */
#define LINE_NS 200
#define FIRST_PS 1200 /* for an element that is not among the first */
#define INSERT_NS 15
#define SORT_PS 10000  /* for an element by 32 bits */
#define NARROW_PS 2000 /* for one that is not even sorted */

#define SIGN 0x80000000u

/* ---- Tiles --------------------------------------------------------------- */

static bool is_wide(const struct npu_work *work)
{
    return work->operand[1].dtype == NPU_DTYPE_S64;
}

/* How often one of the first k of n is found, if they come in no order. */
static uint64_t insertions(uint64_t n, uint64_t k)
{
    uint64_t times = k;

    for (uint64_t seen = k; seen < n; seen *= 2) {
        times += k;
    }
    return times;
}

/* Are the first few kept?  Not if numbers would not tell their indices. */
static bool is_few(const struct npu_along *along, const struct npu_work *work)
{
    return along->n[0] <= NPU_FIRST_MOST &&
           !(is_wide(work) && work->insn->opcode == NPU_OP_ARGSORT);
}

static uint64_t line_ns(const struct npu_along *along,
                        const struct npu_work *work)
{
    uint64_t k = along->n[0], n = along->n[1];

    if (is_few(along, work)) {
        return LINE_NS + n * (FIRST_PS + along->ps) / 1000 +
               insertions(n, k) * INSERT_NS;
    }
    if (npu_sort_is_narrow(n, k) && !is_wide(work)) {
        return LINE_NS + n * (NARROW_PS + along->ps) / 1000 +
               4 * k * SORT_PS / 1000;
    }
    return LINE_NS + n * ((is_wide(work) ? 2 : 1) * SORT_PS + along->ps) / 1000;
}

static void order_plan(struct npu_along *along, const struct npu_work *work,
                       unsigned dies)
{
    npu_along_get(along, work);
    along->line_ns = line_ns(along, work);
    npu_along_cut(along, dies);
}

void npu_order_cut(const struct npu_work *work, unsigned dies,
                   struct npu_grid *grid)
{
    struct npu_along along;

    order_plan(&along, work, dies);
    *grid = along.grid;
}

/* ---- Elements to numbers ------------------------------------------------- */

/* flip: all bits, so that what is greater comes first; or none */
NPU_CLONES
static void numbers_of_f32(uint64_t *number, const float *x, size_t n,
                           uint32_t index, uint32_t flip)
{
    _Pragma("GCC ivdep") for (size_t i = 0; i < n; i++)
    {
        uint32_t bits = bits_of(x[i]);
        uint32_t zero = bits == SIGN, key;

        bits = (bits & ~SIGN) > 0x7f800000 ? 0x7fc00000 : bits;
        bits = zero ? 0 : bits;
        key = bits ^ ((uint32_t)((int32_t)bits >> 31) | SIGN);
        number[i] = (uint64_t)(key ^ flip) << 32 |
                    (uint64_t)(uint32_t)((index + (uint32_t)i) << 1 | zero);
    }
}

NPU_CLONES
static void numbers_of_s32(uint64_t *number, const int32_t *x, size_t n,
                           uint32_t index, uint32_t flip)
{
    _Pragma("GCC ivdep") for (size_t i = 0; i < n; i++)
    {
        uint32_t key = (uint32_t)x[i] ^ SIGN ^ flip;

        number[i] = (uint64_t)key << 32 |
                    (uint64_t)(uint32_t)((index + (uint32_t)i) << 1);
    }
}

NPU_CLONES
static void numbers_of_s64(uint64_t *number, const int64_t *x, size_t n,
                           uint32_t flip)
{
    uint64_t change = ((uint64_t)(flip ^ SIGN) << 32) | flip;

    _Pragma("GCC ivdep") for (size_t i = 0; i < n; i++)
    {
        number[i] = (uint64_t)x[i] ^ change;
    }
}

/* In place: the lower half and the index. */
NPU_CLONES
static void lower_halves(uint64_t *number, size_t n, uint32_t index)
{
    _Pragma("GCC ivdep") for (size_t i = 0; i < n; i++)
    {
        number[i] = number[i] << 32 |
                    (uint64_t)(uint32_t)((index + (uint32_t)i) << 1);
    }
}

static uint32_t index_of(uint64_t number)
{
    return (uint32_t)number >> 1;
}

/* ---- Numbers to elements ------------------------------------------------- */

NPU_CLONES
static void numbers_to_f32(float *x, const uint64_t *number, size_t n,
                           uint32_t flip)
{
    _Pragma("GCC ivdep") for (size_t i = 0; i < n; i++)
    {
        uint32_t key = (uint32_t)(number[i] >> 32) ^ flip;
        uint32_t bits = key ^ (key & SIGN ? SIGN : 0xffffffff);

        x[i] = float_of(bits | (uint32_t)number[i] << 31);
    }
}

NPU_CLONES
static void numbers_to_s32(int32_t *x, const uint64_t *number, size_t n,
                           uint32_t flip)
{
    _Pragma("GCC ivdep") for (size_t i = 0; i < n; i++)
    {
        x[i] = (int32_t)((uint32_t)(number[i] >> 32) ^ SIGN ^ flip);
    }
}

static void put_indices(void *to, int64_t stride, uint32_t dtype,
                        const uint64_t *number, size_t n)
{
    NPU_ROOM int64_t row[NPU_ROW];

    for (size_t i = 0; i < n; i++) {
        row[i] = index_of(number[i]);
    }
    npu_row_put_s64(to, stride, dtype, n, row);
}

static void put_values(void *to, int64_t stride, uint32_t dtype,
                       const uint64_t *number, size_t n, uint32_t flip)
{
    NPU_ROOM union {
        float f32[NPU_ROW];
        int32_t s32[NPU_ROW];
        uint64_t u64[NPU_ROW];
        int64_t s64[NPU_ROW];
    } row;

    switch (npu_dtype_calc(dtype)) {
    case NPU_CALC_F32:
        numbers_to_f32(row.f32, number, n, flip);
        npu_row_put_f32(to, stride, dtype, n, row.f32);
        break;
    case NPU_CALC_S32:
        numbers_to_s32(row.s32, number, n, flip);
        npu_row_put_s32(to, stride, dtype, n, row.s32);
        break;
    default:
        /* The way there is the way back. */
        numbers_of_s64(row.u64, (const int64_t *)number, n, flip);
        npu_row_put_s64(to, stride, dtype, n, row.s64);
        break;
    }
}

/* ---- A line -------------------------------------------------------------- */

struct job {
    struct npu_tile *tile;
    const struct npu_lines *lines;
    uint64_t k, n;
    uint32_t flip;
    bool indices, wide;
    struct npu_view d, a; /* of all lines, if they are within reach */
    /* All numbers, or else the first. */
    uint64_t *number, *spare;
    struct npu_first first;
};

/* Do something with n elements of a line from index on. */
typedef void take(struct job *job, const unsigned char *row, int64_t stride,
                  uint64_t index, size_t n);

static void numbers_get(const struct job *job, uint64_t *number,
                        const unsigned char *row, int64_t stride,
                        uint64_t index, size_t n)
{
    uint32_t dtype = job->tile->work->operand[1].dtype;
    NPU_ROOM union {
        float f32[NPU_ROW];
        int32_t s32[NPU_ROW];
        int64_t s64[NPU_ROW];
    } tmp;

    switch (npu_dtype_calc(dtype)) {
    case NPU_CALC_F32:
        numbers_of_f32(number, npu_row_f32(row, stride, dtype, n, tmp.f32), n,
                       (uint32_t)index, job->flip);
        break;
    case NPU_CALC_S32:
        numbers_of_s32(number, npu_row_s32(row, stride, dtype, n, tmp.s32), n,
                       (uint32_t)index, job->flip);
        break;
    default:
        numbers_of_s64(number, npu_row_s64(row, stride, dtype, n, tmp.s64), n,
                       job->flip);
        break;
    }
}

static void take_first(struct job *job, const unsigned char *row,
                       int64_t stride, uint64_t index, size_t n)
{
    NPU_ROOM uint64_t number[NPU_ROW];

    numbers_get(job, number, row, stride, index, n);
    npu_first_offer(&job->first, number, n);
}

static void take_all(struct job *job, const unsigned char *row, int64_t stride,
                     uint64_t index, size_t n)
{
    numbers_get(job, job->number + index, row, stride, index, n);
}

static void take_lower(struct job *job, const unsigned char *row,
                       int64_t stride, uint64_t index, size_t n)
{
    take_all(job, row, stride, index, n);
    lower_halves(job->number + index, n, (uint32_t)index);
}

static void take_upper(struct job *job, const unsigned char *row,
                       int64_t stride, uint64_t index, size_t n)
{
    uint32_t *upper = (uint32_t *)job->spare + index;
    NPU_ROOM uint64_t number[NPU_ROW];

    numbers_get(job, number, row, stride, index, n);
    for (size_t i = 0; i < n; i++) {
        upper[i] = (uint32_t)(number[i] >> 32);
    }
}

static void take_rows(struct job *job, take *what, const unsigned char *at,
                      int64_t stride, uint64_t index, uint64_t n)
{
    for (uint64_t i = 0; i < n; i += NPU_ROW) {
        what(job, at + (int64_t)i * stride, stride, index + i,
             npu_min(NPU_ROW, n - i));
    }
}

/* A whole line, in pieces if it is long. */
static bool take_line(struct job *job, uint64_t line, take *what)
{
    if (job->n <= PIECE) {
        take_rows(job, what, job->a.at + (int64_t)line * job->a.stride[0],
                  job->a.stride[1], 0, job->n);
        return true;
    }
    for (uint64_t i = 0; i < job->n; i += PIECE) {
        struct npu_scratch *mark = npu_tile_mark(job->tile);
        uint64_t n = npu_min(PIECE, job->n - i);
        struct npu_view view;
        struct npu_box box;

        npu_lines_box(job->lines, job->tile->work, 1, i, n, false, &box);
        if (!npu_box_source(job->tile, 1, &box, &view)) {
            return false;
        }
        take_rows(job, what, view.at, view.stride[1], i, n);
        npu_tile_rewind(job->tile, mark);
    }
    return true;
}

static void put_rows(const struct job *job, unsigned char *at, int64_t stride,
                     const uint64_t *number, uint64_t n)
{
    uint32_t dtype = job->tile->work->operand[0].dtype;

    for (uint64_t i = 0; i < n; i += NPU_ROW) {
        uint64_t count = npu_min(NPU_ROW, n - i);
        unsigned char *to = at + (int64_t)i * stride;

        if (job->indices) {
            put_indices(to, stride, dtype, number + i, count);
        } else {
            put_values(to, stride, dtype, number + i, count, job->flip);
        }
    }
}

static bool put_line(struct job *job, uint64_t line, const uint64_t *number)
{
    if (job->k <= PIECE) {
        put_rows(job, job->d.at + (int64_t)line * job->d.stride[0],
                 job->d.stride[1], number, job->k);
        return true;
    }
    for (uint64_t i = 0; i < job->k; i += PIECE) {
        struct npu_scratch *mark = npu_tile_mark(job->tile);
        uint64_t n = npu_min(PIECE, job->k - i);
        struct npu_view view;
        struct npu_box box;

        npu_lines_box(job->lines, job->tile->work, 0, i, n, false, &box);
        if (!npu_box_target(job->tile, 0, &box, &view)) {
            return false;
        }
        put_rows(job, view.at, view.stride[1], number + i, n);
        if (!npu_box_store(job->tile, 0, &box, &view)) {
            return false;
        }
        npu_tile_rewind(job->tile, mark);
    }
    return true;
}

static bool first_of_line(struct job *job, uint64_t line)
{
    npu_first_start(&job->first, job->k);
    return take_line(job, line, take_first) &&
           put_line(job, line, job->first.number);
}

/* Sorted by the lower half, they get their upper one: memory is read once more. */
static bool sort_wide_indices(struct job *job, uint64_t line)
{
    const uint32_t *upper = (const uint32_t *)job->spare;

    if (!take_line(job, line, take_lower)) {
        return false;
    }
    npu_sort(job->number, job->spare, job->n, 4);
    if (!take_line(job, line, take_upper)) {
        return false;
    }
    for (uint64_t i = 0; i < job->n; i++) {
        uint32_t low = (uint32_t)job->number[i];

        job->number[i] = (uint64_t)upper[index_of(low)] << 32 | low;
    }
    npu_sort(job->number, job->spare, job->n, 4);
    return true;
}

static bool all_of_line(struct job *job, uint64_t line)
{
    size_t n = job->n;

    if (job->wide && job->indices) {
        return sort_wide_indices(job, line) && put_line(job, line, job->number);
    }
    if (!take_line(job, line, take_all)) {
        return false;
    }
    if (npu_sort_is_narrow(n, job->k)) {
        n = npu_sort_narrow(job->number, n, job->k);
    }
    npu_sort(job->number, job->spare, n, job->wide ? 0 : 4);
    return put_line(job, line, job->number);
}

/* ---- Some lines ---------------------------------------------------------- */

static bool has_room(struct job *job)
{
    job->number = npu_tile_alloc(job->tile, job->n * sizeof(*job->number));
    if (!job->number) {
        return false;
    }
    job->spare = npu_tile_alloc(job->tile,
                                npu_sort_spare(job->n) * sizeof(*job->spare));
    return job->spare;
}

/* All lines of both operands within reach, if they are short enough. */
static bool open_lines(struct job *job, const struct npu_box *d,
                       const struct npu_box *a)
{
    if (job->n <= PIECE) {
        bool across = npu_lines_across(job->lines, 1);

        if (!(across ? npu_box_copy : npu_box_source)(job->tile, 1, a,
                                                      &job->a)) {
            return false;
        }
    }
    if (job->k > PIECE) {
        return true;
    }
    return npu_lines_across(job->lines, 0) ?
               npu_box_room(job->tile, d, &job->d) :
               npu_box_target(job->tile, 0, d, &job->d);
}

static bool order_lines(struct npu_tile *tile, const struct npu_lines *lines)
{
    const struct npu_work *work = tile->work;
    NPU_ROOM struct job job;
    struct npu_box d, a;
    bool few;

    job.tile = tile;
    job.lines = lines;
    job.k = lines->along->n[0];
    job.n = lines->along->n[1];
    job.flip = work->insn->flags & NPU_INSN_DESCENDING ? 0xffffffff : 0;
    job.indices = work->insn->opcode == NPU_OP_ARGSORT;
    job.wide = is_wide(work);
    few = is_few(lines->along, work);
    npu_lines_box(lines, work, 0, 0, job.k, false, &d);
    npu_lines_box(lines, work, 1, 0, job.n, false, &a);
    if ((!few && !has_room(&job)) || !open_lines(&job, &d, &a)) {
        return false;
    }
    for (uint64_t line = 0; line < lines->count; line++) {
        if (!(few ? first_of_line : all_of_line)(&job, line)) {
            return false;
        }
    }
    return job.k > PIECE || npu_box_store(tile, 0, &d, &job.d);
}

bool npu_order_run(struct npu_tile *tile)
{
    struct npu_along along;

    order_plan(&along, tile->work, tile->dies);
    return npu_along_walk(&along, tile, npu_max(1, PIECE / along.n[1]),
                          order_lines);
}
