/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tile is some lines, each whole.  It is worked on in blocks, which are within
 * reach all at once: as many lines as go into one, or, of a line that is too long, a
 * part.  Such a line is read again for each look at it.
 *
 * The elements of a line are taken in the order in which they lie in a, so that
 * results depend neither on the cut nor on whether a block is a copy.
 */
#include <math.h>
#include <string.h>

#include "clones.h"
#include "dtype.h"
#include "families.h"
#include "line.h"
#include "ops.h"
#include "plan.h"

#define BLOCK (64u << 10) /* elements within reach */
#define LINE_NS 100
#define ACROSS_PS 8000

/* Behind the key, which sorts the loop: the strides that a has in memory. */
#define KEY 1

_Static_assert(KEY + NPU_LINE_OPERANDS <= NPU_LOOP_OPERANDS,
               "a loop has room for all operands and the key");

unsigned npu_line_operand(const struct npu_work *work, uint32_t flag)
{
    uint32_t flags = work->insn->flags;

    if (!(flags & flag)) {
        return 0;
    }
    return work->op->operands +
           (unsigned)__builtin_popcount(flags & work->op->flags & (flag - 1));
}

float npu_line_scalar(const struct npu_line *line)
{
    float value;

    memcpy(&value, &line->work->scalar, sizeof(value));
    return value;
}

static inline __attribute__((always_inline)) float larger(float a, float b)
{
    return b > a ? b : a;
}

NPU_CLONES
float npu_line_max(float max, const float *x, size_t n)
{
    float part[16], eight[8], four[4];
    size_t i = 0;

    /* The vectoriser leaves a maximum in one variable alone. */
    for (unsigned j = 0; j < 16; j++) {
        part[j] = max;
    }
    for (; i + 16 <= n; i += 16) {
        for (unsigned j = 0; j < 16; j++) {
            part[j] = larger(part[j], x[i + j]);
        }
    }
    for (; i < n; i++) {
        part[0] = larger(part[0], x[i]);
    }
    for (unsigned j = 0; j < 8; j++) {
        eight[j] = larger(part[j], part[j + 8]);
    }
    for (unsigned j = 0; j < 4; j++) {
        four[j] = larger(eight[j], eight[j + 4]);
    }
    return larger(larger(four[0], four[2]), larger(four[1], four[3]));
}

NPU_CLONES
double npu_line_sum(const float *x, size_t n)
{
    double sum[NPU_LINE_SUMS] = { 0 };
    size_t i = 0;

    for (; i + NPU_LINE_SUMS <= n; i += NPU_LINE_SUMS) {
        for (unsigned j = 0; j < NPU_LINE_SUMS; j++) {
            sum[j] += x[i + j];
        }
    }
    for (; i < n; i++) {
        sum[0] += x[i];
    }
    return npu_line_total(sum);
}

/* ---- Tiles --------------------------------------------------------------- */

struct lines {
    uint64_t extent[NPU_MAX_RANK]; /* of a line */
    uint64_t n;                    /* elements of a line */
    uint64_t ps;                   /* for an element */
    struct npu_grid grid;          /* lines along each dimension */
};

static uint64_t product(unsigned rank, const uint64_t *extent)
{
    uint64_t n = 1;

    for (unsigned dim = 0; dim < rank; dim++) {
        n = npu_mul_sat(n, extent[dim]);
    }
    return n;
}

static uint64_t lines_ns(const void *arg, const uint64_t *chunk)
{
    const struct lines *lines = arg;

    return npu_mul_sat(product(lines->grid.rank, chunk),
                       LINE_NS + npu_mul_sat(lines->n, lines->ps) / 1000);
}

/*
 * What an element costs more of an operand that does not lie along the lines: each
 * is on a cache line of its own.
 */
static uint64_t across_ps(const struct lines *lines, const struct npu_box *d,
                          const int64_t *stride)
{
    unsigned fast = npu_fast_dim(d->rank, d->extent, stride);

    return fast < d->rank && lines->extent[fast] == 1 ? ACROSS_PS : 0;
}

static void lines_get(struct lines *lines, const struct npu_work *work,
                      unsigned dies)
{
    const struct npu_box *d = &work->operand[0];
    uint64_t extent[NPU_MAX_RANK];

    work->op->line->extents(work, lines->extent);
    for (unsigned dim = 0; dim < d->rank; dim++) {
        extent[dim] = d->extent[dim] / lines->extent[dim];
    }
    lines->n = product(d->rank, lines->extent);
    lines->ps = work->op->host_ps;
    for (unsigned op = 0; op < work->operands; op++) {
        const int64_t *stride = work->operand[op].stride;

        lines->ps += npu_access_ps(d->rank, d->extent, stride) +
                     across_ps(lines, d, stride);
    }
    npu_grid_start(&lines->grid, d->rank, extent);
    for (unsigned dim = d->rank; dim-- > 0;) {
        npu_grid_grow(&lines->grid, dim, UINT64_MAX, lines_ns, lines);
    }
    npu_grid_share(&lines->grid, dies, lines_ns, lines);
}

void npu_line_cut(const struct npu_work *work, unsigned dies,
                  struct npu_grid *grid)
{
    struct lines lines;

    lines_get(&lines, work, dies);
    *grid = lines.grid;
}

/* ---- Blocks -------------------------------------------------------------- */

struct job {
    struct npu_tile *tile;
    const struct npu_line_kernel *kernel;
    struct lines lines;
    uint32_t early; /* operands that are needed for x, a bit each */
    bool prepare;   /* x is more than a */
    float *room;    /* for the x of a block of one line */
    struct npu_line line;
};

/* Operands of a block within reach, and the loop over a line, or a part of one. */
struct block {
    struct npu_box box[NPU_LINE_OPERANDS];
    struct npu_view view[NPU_LINE_OPERANDS];
    struct npu_loop loop;
};

/* A block is so large that its elements do not fit. */
static uint64_t block_ns(const void *arg, const uint64_t *chunk)
{
    const struct npu_grid *grid = arg;

    return product(grid->rank, chunk) > BLOCK ? UINT64_MAX : 0;
}

/* Cut a box into blocks: whole lines of n elements, or elements. */
static void blocks_get(struct npu_grid *blocks, unsigned rank,
                       const uint64_t *extent, npu_tile_ns *ns, const void *arg)
{
    npu_grid_start(blocks, rank, extent);
    for (unsigned dim = rank; dim-- > 0;) {
        npu_grid_grow(blocks, dim, UINT64_MAX, ns, arg ? arg : blocks);
    }
}

static bool open_block(const struct job *job, struct block *block,
                       const uint64_t *start, const uint64_t *size, bool make)
{
    const struct npu_work *work = job->tile->work;

    for (unsigned op = 0; op < work->operands; op++) {
        struct npu_box *box = &block->box[op];
        struct npu_view *view = &block->view[op];

        npu_box_cut(box, &work->operand[op], start, size);
        if (op == 0 ? make && !npu_box_target(job->tile, op, box, view) :
                      (make || job->early >> op & 1) &&
                          !npu_box_source(job->tile, op, box, view)) {
            return false;
        }
    }
    return true;
}

/* The loop over the extents of a line in it. */
static void block_loop(const struct job *job, struct block *block,
                       const uint64_t *extent)
{
    const struct npu_work *work = job->tile->work;
    struct npu_loop *loop = &block->loop;

    loop->rank = work->operand[0].rank;
    loop->operands = KEY + work->operands;
    for (unsigned dim = 0; dim < loop->rank; dim++) {
        loop->extent[dim] = extent[dim];
        loop->stride[0][dim] = work->operand[1].stride[dim];
        for (unsigned op = 0; op < work->operands; op++) {
            loop->stride[KEY + op][dim] = block->view[op].stride[dim];
        }
    }
    npu_loop_tidy(loop, 0);
}

/* ---- A line, or a part of one -------------------------------------------- */

/* Where the operands are, and which of them are wanted. */
struct rows {
    const struct block *block;
    unsigned operands;
    unsigned char *at[NPU_LINE_OPERANDS];
};

typedef float row_room[NPU_LINE_OPERANDS][NPU_ROW];

/* n elements of each wanted source, from a place of the loop on. */
static void rows_get(const struct rows *rows, uint32_t wanted,
                     const struct npu_loop_at *at, uint64_t index, size_t n,
                     npu_line_rows row, row_room room)
{
    const struct npu_loop *loop = &rows->block->loop;
    unsigned last = loop->rank - 1;

    for (unsigned op = 0; op < NPU_LINE_OPERANDS; op++) {
        int64_t stride;

        row[op] = NULL;
        if (!(wanted >> op & 1)) {
            continue;
        }
        stride = loop->stride[KEY + op][last];
        row[op] = npu_row_f32(rows->at[op] + at->offset[KEY + op] +
                                  (int64_t)index * stride,
                              stride, rows->block->box[op].dtype, n, room[op]);
    }
}

/* The elements of an operand where they are, if they are f32 without gaps. */
static const float *in_place(const struct rows *rows, unsigned op)
{
    const struct npu_loop *loop = &rows->block->loop;

    if (rows->block->box[op].dtype != NPU_DTYPE_F32 || loop->rank > 1 ||
        (loop->stride[KEY + op][0] != sizeof(float) && loop->extent[0] > 1)) {
        return NULL;
    }
    return (const void *)rows->at[op];
}

static const float *x_get(const struct job *job, const struct rows *rows,
                          uint64_t start)
{
    const struct npu_loop *loop = &rows->block->loop;
    const float *there = job->prepare ? NULL : in_place(rows, 1);
    uint64_t n = loop->extent[loop->rank - 1];
    struct npu_loop_at at = { 0 };
    float *x = job->room;
    NPU_ROOM row_room room;

    if (there) {
        return there;
    }
    do {
        for (uint64_t i = 0; i < n; i += NPU_ROW) {
            uint64_t count = npu_min(NPU_ROW, n - i);
            npu_line_rows row;

            rows_get(rows, job->early, &at, i, count, row, room);
            if (job->prepare) {
                job->kernel->prepare(&job->line, x, row, start + i, count);
            } else {
                memcpy(x, row[1], count * sizeof(*x));
            }
            x += count;
        }
    } while (npu_loop_next(loop, &at));
    return job->room;
}

static void make_rows(const struct job *job, const struct rows *rows,
                      const float *x)
{
    const struct npu_loop *loop = &rows->block->loop;
    uint32_t dtype = rows->block->box[0].dtype;
    uint32_t late = (1u << rows->operands) - 2;
    uint64_t n = loop->extent[loop->rank - 1];
    int64_t stride = loop->stride[KEY][loop->rank - 1];
    bool direct = dtype == NPU_DTYPE_F32 && stride == sizeof(float);
    struct npu_loop_at at = { 0 };
    NPU_ROOM row_room room;

    late &= ~job->early;
    do {
        for (uint64_t i = 0; i < n; i += NPU_ROW) {
            uint64_t count = npu_min(NPU_ROW, n - i);
            void *to = rows->at[0] + at.offset[KEY] + (int64_t)i * stride;
            float *d = direct ? to : room[0];
            npu_line_rows row;

            rows_get(rows, late, &at, i, count, row, room);
            job->kernel->make(&job->line, d, x, row, count);
            if (!direct) {
                npu_row_put_f32(to, stride, dtype, count, d);
            }
            x += count;
        }
    } while (npu_loop_next(loop, &at));
}

/* The line at that index of the tensors; nothing is known of it. */
static void start_line(struct job *job, const uint64_t *index)
{
    memcpy(job->line.index, index, sizeof(job->line.index));
    job->line.sum = 0;
    job->line.mean = 0;
    job->line.max = -INFINITY;
}

/* ---- Many lines in a block ----------------------------------------------- */

static void short_line(struct job *job, const struct rows *rows)
{
    const struct npu_line_kernel *kernel = job->kernel;
    const float *x = x_get(job, rows, 0);

    job->line.next = x == job->room ? NULL : x + job->lines.n;
    job->line.d = in_place(rows, 0);
    for (unsigned look = 0; look < kernel->looks; look++) {
        kernel->look(&job->line, look, x, job->room, job->lines.n);
        kernel->ready(&job->line, look);
    }
    make_rows(job, rows, kernel->stores ? job->room : x);
}

/* The lines from first on, count of them along each dimension. */
static bool run_block(struct job *job, const uint64_t *first,
                      const uint64_t *count)
{
    const struct npu_work *work = job->tile->work;
    struct npu_scratch *mark = npu_tile_mark(job->tile);
    uint64_t start[NPU_MAX_RANK] = { 0 }, size[NPU_MAX_RANK];
    uint64_t offset[NPU_MAX_RANK] = { 0 }, index[NPU_MAX_RANK] = { 0 };
    unsigned rank = work->operand[0].rank;
    struct block block;

    for (unsigned dim = 0; dim < rank; dim++) {
        start[dim] = first[dim] * job->lines.extent[dim];
        size[dim] = count[dim] * job->lines.extent[dim];
    }
    if (!open_block(job, &block, start, size, true)) {
        return false;
    }
    block_loop(job, &block, job->lines.extent);
    do {
        struct rows rows = { &block, work->operands };

        for (unsigned op = 0; op < work->operands; op++) {
            rows.at[op] = block.view[op].at;
        }
        for (unsigned dim = 0; dim < rank; dim++) {
            uint64_t into = offset[dim] * job->lines.extent[dim];

            index[dim] = start[dim] + into;
            for (unsigned op = 0; op < work->operands; op++) {
                rows.at[op] += (int64_t)into * block.view[op].stride[dim];
            }
        }
        start_line(job, index);
        short_line(job, &rows);
    } while (npu_grid_next(rank, count, offset));
    if (!npu_box_store(job->tile, 0, &block.box[0], &block.view[0])) {
        return false;
    }
    npu_tile_rewind(job->tile, mark);
    return true;
}

static uint64_t lines_of_block(const void *arg, const uint64_t *chunk)
{
    const struct job *job = arg;
    uint64_t lines = product(job->lines.grid.rank, chunk);

    return npu_mul_sat(lines, job->lines.n) > BLOCK ? UINT64_MAX : 0;
}

static bool short_lines(struct job *job, const uint64_t *start,
                        const uint64_t *size)
{
    uint64_t first[NPU_MAX_RANK], count[NPU_MAX_RANK];
    struct npu_grid blocks;

    blocks_get(&blocks, job->lines.grid.rank, size, lines_of_block, job);
    for (uint64_t i = 0; i < npu_grid_tiles(&blocks); i++) {
        npu_grid_tile(&blocks, i, first, count);
        for (unsigned dim = 0; dim < blocks.rank; dim++) {
            first[dim] += start[dim];
        }
        if (!run_block(job, first, count)) {
            return false;
        }
    }
    return true;
}

/* ---- A line in many blocks ----------------------------------------------- */

/* Look at a part of the line, or make that of d. */
static bool run_part(struct job *job, const uint64_t *start,
                     const uint64_t *size, unsigned look)
{
    const struct npu_line_kernel *kernel = job->kernel;
    struct npu_scratch *mark = npu_tile_mark(job->tile);
    unsigned operands = job->tile->work->operands;
    bool make = look == kernel->looks;
    unsigned rank = job->lines.grid.rank;
    uint64_t n = product(rank, size);
    struct block block = { 0 };
    struct rows rows = { &block, operands };
    const float *x;

    if (!open_block(job, &block, start, size, make)) {
        return false;
    }
    block_loop(job, &block, size);
    for (unsigned op = 0; op < operands; op++) {
        rows.at[op] = block.view[op].at;
    }
    x = x_get(job, &rows, start[rank - 1]);
    if (!make) {
        kernel->look(&job->line, look, x, job->room, n);
    } else {
        if (kernel->stores) {
            kernel->look(&job->line, look - 1, x, job->room, n);
            x = job->room;
        }
        make_rows(job, &rows, x);
        if (!npu_box_store(job->tile, 0, &block.box[0], &block.view[0])) {
            return false;
        }
    }
    npu_tile_rewind(job->tile, mark);
    return true;
}

static bool long_line(struct job *job, const uint64_t *index)
{
    uint64_t start[NPU_MAX_RANK] = { 0 }, size[NPU_MAX_RANK];
    struct npu_grid blocks;

    blocks_get(&blocks, job->lines.grid.rank, job->lines.extent, block_ns,
               NULL);
    start_line(job, index);
    for (unsigned look = 0; look <= job->kernel->looks; look++) {
        for (uint64_t i = 0; i < npu_grid_tiles(&blocks); i++) {
            npu_grid_tile(&blocks, i, start, size);
            for (unsigned dim = 0; dim < blocks.rank; dim++) {
                start[dim] += index[dim];
            }
            if (!run_part(job, start, size, look)) {
                return false;
            }
        }
        if (look < job->kernel->looks) {
            job->kernel->ready(&job->line, look);
        }
    }
    return true;
}

static bool long_lines(struct job *job, const uint64_t *start,
                       const uint64_t *size)
{
    uint64_t offset[NPU_MAX_RANK] = { 0 }, index[NPU_MAX_RANK] = { 0 };

    do {
        for (unsigned dim = 0; dim < job->lines.grid.rank; dim++) {
            index[dim] = (start[dim] + offset[dim]) * job->lines.extent[dim];
        }
        if (!long_line(job, index)) {
            return false;
        }
    } while (npu_grid_next(job->lines.grid.rank, size, offset));
    return true;
}

/* ---- All ----------------------------------------------------------------- */

/* A bit for a, and for every operand that prepare() uses. */
static uint32_t early_operands(const struct npu_work *work)
{
    uint32_t flags = work->insn->flags & work->op->line->early;
    uint32_t early = 1u << 1;

    for (; flags; flags &= flags - 1) {
        early |= 1u << npu_line_operand(work, flags & -flags);
    }
    return early;
}

bool npu_line_run(struct npu_tile *tile)
{
    const struct npu_work *work = tile->work;
    const struct npu_line_kernel *kernel = work->op->line;
    uint64_t start[NPU_MAX_RANK], size[NPU_MAX_RANK];
    struct job job = {
        .tile = tile,
        .kernel = kernel,
        .early = early_operands(work),
        .prepare = kernel->always || (work->insn->flags & kernel->early),
    };

    lines_get(&job.lines, work, tile->dies);
    job.line.work = work;
    job.line.n = job.lines.n;
    npu_grid_tile(&job.lines.grid, tile->index, start, size);
    job.room = npu_tile_alloc(tile,
                              npu_min(job.lines.n, BLOCK) * sizeof(*job.room));
    if (!job.room) {
        return false;
    }
    return (job.lines.n > BLOCK ? long_lines : short_lines)(&job, start, size);
}
