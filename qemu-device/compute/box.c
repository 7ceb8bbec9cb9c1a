/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Moving boxes between the client's memory and the CPU.
 *
 * Where a box lies in one contiguous piece of HBM, it is used in place.  Else it
 * is copied run by run, a run being the elements along the box's fastest
 * dimension, which need not be the innermost one: a transposed tensor is read
 * the way it lies in memory.
 */
#include <string.h>

#include "across.h"
#include "box.h"
#include "dtype.h"
#include "loop.h"
#include "tile.h"

/*
 * A window costs a walk over its pages; a copy costs an access a run, and its
 * bytes.  They meet at about this many bytes of window for a run, and for a byte.
 */
#define WINDOW_PER_RUN (32u << 10)
#define WINDOW_PER_BYTE 16

/* Runs with gaps of up to so many bytes are read with their gaps. */
#define GAP_MAX 64
#define BOUNCE 4096

void npu_box_cut(struct npu_box *part, const struct npu_box *box,
                 const uint64_t *start, const uint64_t *size)
{
    uint64_t va = box->va;

    *part = *box;
    for (unsigned dim = 0; dim < box->rank; dim++) {
        va += start[dim] * (uint64_t)box->stride[dim];
        part->extent[dim] = size[dim];
    }
    part->va = va;
}

uint64_t npu_box_elements(const struct npu_box *box)
{
    uint64_t n = 1;

    for (unsigned dim = 0; dim < box->rank; dim++) {
        n *= box->extent[dim];
    }
    return n;
}

uint64_t npu_box_distinct(const struct npu_box *box)
{
    uint64_t n = 1;

    for (unsigned dim = 0; dim < box->rank; dim++) {
        n *= box->stride[dim] ? box->extent[dim] : 1;
    }
    return n;
}

/*
 * The loop that copies a box: operand 0 is the client's memory, operand 1 what
 * has strides view.  Repeated elements are visited once.
 */
static void box_loop(struct npu_loop *loop, const struct npu_box *box,
                     const int64_t *view)
{
    loop->rank = box->rank;
    loop->operands = 2;
    for (unsigned dim = 0; dim < box->rank; dim++) {
        loop->extent[dim] = box->stride[dim] ? box->extent[dim] : 1;
        loop->stride[0][dim] = box->stride[dim];
        loop->stride[1][dim] = view[dim];
    }
    npu_loop_tidy(loop, 0);
}

/* Strides of a dense, row-major copy without repetitions; returns its bytes. */
static uint64_t dense_strides(const struct npu_box *box, int64_t *stride)
{
    uint64_t bytes = box->size;

    for (unsigned dim = box->rank; dim-- > 0;) {
        bool repeats = !box->stride[dim];

        stride[dim] = repeats ? 0 : (int64_t)bytes;
        bytes *= repeats ? 1 : box->extent[dim];
    }
    return bytes;
}

/* Is a walk over so many bytes cheaper than a copy of the box? */
static bool worth_window(const struct npu_box *box, uint64_t span)
{
    struct npu_loop loop;
    uint64_t elements = npu_box_distinct(box), runs = elements;
    unsigned last;

    box_loop(&loop, box, box->stride);
    last = loop.rank - 1;
    if (loop.stride[0][last] == box->size) {
        runs /= loop.extent[last];
    }
    return span <=
           runs * WINDOW_PER_RUN + elements * box->size * WINDOW_PER_BYTE;
}

static bool box_window(struct npu_tile *tile, const struct npu_box *box,
                       bool write, struct npu_view *view)
{
    uint64_t below = 0, above = box->size;
    unsigned char *at;

    for (unsigned dim = 0; dim < box->rank; dim++) {
        int64_t reach = (int64_t)(box->extent[dim] - 1) * box->stride[dim];

        if (reach < 0) {
            below -= (uint64_t)reach;
        } else {
            above += (uint64_t)reach;
        }
    }
    if (!worth_window(box, below + above)) {
        return false;
    }
    at = tile->mem->window(tile->mem, box->va - below, below + above, write);
    if (!at || ((uintptr_t)at + below) % box->size) {
        return false;
    }
    view->at = at + below;
    view->direct = true;
    memcpy(view->stride, box->stride, sizeof(view->stride));
    return true;
}

/* Read n elements that lie stride bytes apart from va on. */
static bool read_run(struct npu_tile *tile, unsigned operand, uint64_t va,
                     int64_t stride, unsigned char *to, int64_t to_stride,
                     unsigned size, uint64_t n)
{
    NPU_ROOM unsigned char bounce[BOUNCE];
    uint64_t gap = stride < 0 ? -(uint64_t)stride : (uint64_t)stride;
    uint64_t most = gap > GAP_MAX ? 1 : (BOUNCE - size) / (gap ? gap : 1) + 1;

    if (n == 1 || (stride == size && to_stride == size)) {
        return npu_tile_read(tile, operand, va, to, n * size);
    }
    while (n) {
        uint64_t count = n < most ? n : most;
        uint64_t span = (count - 1) * gap;
        uint64_t below = stride < 0 ? span : 0;

        if (!npu_tile_read(tile, operand, va - below, bounce, span + size)) {
            return false;
        }
        for (uint64_t i = 0; i < count; i++) {
            memcpy(to, bounce + below + (int64_t)i * stride, size);
            to += to_stride;
        }
        va += count * (uint64_t)stride;
        n -= count;
    }
    return true;
}

static bool write_run(struct npu_tile *tile, unsigned operand, uint64_t va,
                      int64_t stride, const unsigned char *from,
                      int64_t from_stride, unsigned size, uint64_t n)
{
    NPU_ROOM unsigned char bounce[BOUNCE];
    uint64_t most = stride == size ? BOUNCE / size : 1;

    if (n == 1 || (stride == size && from_stride == size)) {
        return npu_tile_write(tile, operand, va, from, n * size);
    }
    while (n) {
        uint64_t count = n < most ? n : most;

        for (uint64_t i = 0; i < count; i++) {
            memcpy(bounce + i * size, from, size);
            from += from_stride;
        }
        if (!npu_tile_write(tile, operand, va, bounce, count * size)) {
            return false;
        }
        va += count * (uint64_t)stride;
        n -= count;
    }
    return true;
}

bool npu_box_read(struct npu_tile *tile, unsigned operand,
                  const struct npu_box *box, const struct npu_view *to)
{
    struct npu_loop_at at = { 0 };
    struct npu_loop loop;
    unsigned last;

    box_loop(&loop, box, to->stride);
    last = loop.rank - 1;
    do {
        if (!read_run(tile, operand, box->va + (uint64_t)at.offset[0],
                      loop.stride[0][last], to->at + at.offset[1],
                      loop.stride[1][last], box->size, loop.extent[last])) {
            return false;
        }
    } while (npu_loop_next(&loop, &at));
    return true;
}

bool npu_box_room(struct npu_tile *tile, const struct npu_box *box,
                  struct npu_view *view)
{
    uint64_t bytes = dense_strides(box, view->stride);

    view->direct = false;
    view->at = npu_tile_alloc(tile, bytes);
    return view->at;
}

bool npu_box_source(struct npu_tile *tile, unsigned operand,
                    const struct npu_box *box, struct npu_view *view)
{
    if (box_window(tile, box, false, view)) {
        return true;
    }
    return npu_box_room(tile, box, view) &&
           npu_box_read(tile, operand, box, view);
}

bool npu_box_peek(struct npu_tile *tile, const struct npu_box *box,
                  struct npu_view *view)
{
    return box_window(tile, box, false, view);
}

bool npu_box_peek_target(struct npu_tile *tile, const struct npu_box *box,
                         struct npu_view *view)
{
    return box_window(tile, box, true, view);
}

bool npu_box_target(struct npu_tile *tile, unsigned operand,
                    const struct npu_box *box, struct npu_view *view)
{
    (void)operand;
    return box_window(tile, box, true, view) || npu_box_room(tile, box, view);
}

bool npu_box_update(struct npu_tile *tile, unsigned operand,
                    const struct npu_box *box, struct npu_view *view)
{
    return box_window(tile, box, true, view) ||
           (npu_box_room(tile, box, view) &&
            npu_box_read(tile, operand, box, view));
}

bool npu_box_store(struct npu_tile *tile, unsigned operand,
                   const struct npu_box *box, const struct npu_view *view)
{
    return view->direct || npu_box_write(tile, operand, box, view);
}

/*
 * The dimension along which what is read lies in one piece, if another one is that
 * of what is written; the last one: there is none.
 */
static unsigned other_dim(const struct npu_loop *loop, unsigned size)
{
    unsigned last = loop->rank - 1;

    if (loop->stride[0][last] == size && loop->stride[1][last] != size) {
        for (unsigned dim = 0; dim < last; dim++) {
            if (loop->stride[1][dim] == size) {
                return dim;
            }
        }
    }
    return last;
}

/* The loop is tidy for what is written; both sides are within reach. */
static void copy_direct(const struct npu_loop *loop, unsigned size,
                        unsigned char *to, const unsigned char *from)
{
    struct npu_loop outer = *loop;
    struct npu_loop_at at = { 0 };
    unsigned last = loop->rank - 1, other = other_dim(loop, size);

    outer.extent[other] = 1;
    do {
        if (other == last) {
            npu_row_copy(to + at.offset[0], loop->stride[0][last],
                         from + at.offset[1], loop->stride[1][last], size,
                         loop->extent[last]);
        } else {
            npu_copy_across(to + at.offset[0], loop->stride[0][other],
                            from + at.offset[1], loop->stride[1][last], size,
                            loop->extent[other], loop->extent[last]);
        }
    } while (npu_loop_next(&outer, &at));
}

bool npu_box_write(struct npu_tile *tile, unsigned operand,
                   const struct npu_box *box, const struct npu_view *from)
{
    struct npu_loop_at at = { 0 };
    struct npu_view window;
    struct npu_loop loop;
    unsigned last;

    box_loop(&loop, box, from->stride);
    if (box_window(tile, box, true, &window)) {
        copy_direct(&loop, box->size, window.at, from->at);
        return true;
    }
    last = loop.rank - 1;
    do {
        if (!write_run(tile, operand, box->va + (uint64_t)at.offset[0],
                       loop.stride[0][last], from->at + at.offset[1],
                       loop.stride[1][last], box->size, loop.extent[last])) {
            return false;
        }
    } while (npu_loop_next(&loop, &at));
    return true;
}

bool npu_box_copy(struct npu_tile *tile, unsigned operand,
                  const struct npu_box *box, struct npu_view *view)
{
    struct npu_loop loop = { .rank = box->rank, .operands = 2 };
    struct npu_view window;

    if (!npu_box_room(tile, box, view)) {
        return false;
    }
    if (!box_window(tile, box, false, &window)) {
        return npu_box_read(tile, operand, box, view);
    }
    for (unsigned dim = 0; dim < box->rank; dim++) {
        loop.extent[dim] = box->stride[dim] ? box->extent[dim] : 1;
        loop.stride[0][dim] = view->stride[dim];
        loop.stride[1][dim] = window.stride[dim];
    }
    npu_loop_tidy(&loop, 0);
    copy_direct(&loop, box->size, view->at, window.at);
    return true;
}
