/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "loop.h"

static uint64_t magnitude(int64_t stride)
{
    return stride < 0 ? -(uint64_t)stride : (uint64_t)stride;
}

static void move_dim(struct npu_loop *loop, unsigned to, unsigned from)
{
    loop->extent[to] = loop->extent[from];
    for (unsigned op = 0; op < loop->operands; op++) {
        loop->stride[op][to] = loop->stride[op][from];
    }
}

static void swap_dims(struct npu_loop *loop, unsigned a, unsigned b)
{
    uint64_t extent = loop->extent[a];

    loop->extent[a] = loop->extent[b];
    loop->extent[b] = extent;
    for (unsigned op = 0; op < loop->operands; op++) {
        int64_t stride = loop->stride[op][a];

        loop->stride[op][a] = loop->stride[op][b];
        loop->stride[op][b] = stride;
    }
}

static void drop_single(struct npu_loop *loop)
{
    unsigned kept = 0;

    for (unsigned dim = 0; dim < loop->rank; dim++) {
        if (loop->extent[dim] > 1) {
            move_dim(loop, kept++, dim);
        }
    }
    if (!kept) {
        loop->extent[0] = 1;
        for (unsigned op = 0; op < loop->operands; op++) {
            loop->stride[op][0] = 0;
        }
        kept = 1;
    }
    loop->rank = kept;
}

static void sort(struct npu_loop *loop, unsigned key)
{
    const int64_t *stride = loop->stride[key];

    for (unsigned end = 1; end < loop->rank; end++) {
        for (unsigned dim = end;
             dim > 0 && magnitude(stride[dim]) > magnitude(stride[dim - 1]);
             dim--) {
            swap_dims(loop, dim, dim - 1);
        }
    }
}

static bool can_merge(const struct npu_loop *loop, unsigned outer,
                      unsigned inner)
{
    for (unsigned op = 0; op < loop->operands; op++) {
        if (loop->stride[op][outer] !=
            loop->stride[op][inner] * (int64_t)loop->extent[inner]) {
            return false;
        }
    }
    return true;
}

static void merge(struct npu_loop *loop)
{
    unsigned last = 0;

    for (unsigned dim = 1; dim < loop->rank; dim++) {
        if (can_merge(loop, last, dim)) {
            uint64_t extent = loop->extent[last];

            move_dim(loop, last, dim);
            loop->extent[last] *= extent;
        } else {
            move_dim(loop, ++last, dim);
        }
    }
    loop->rank = last + 1;
}

void npu_loop_tidy(struct npu_loop *loop, unsigned key)
{
    drop_single(loop);
    sort(loop, key);
    merge(loop);
}

bool npu_loop_next(const struct npu_loop *loop, struct npu_loop_at *at)
{
    for (int dim = (int)loop->rank - 2; dim >= 0; dim--) {
        if (++at->index[dim] < loop->extent[dim]) {
            for (unsigned op = 0; op < loop->operands; op++) {
                at->offset[op] += loop->stride[op][dim];
            }
            return true;
        }
        at->index[dim] = 0;
        for (unsigned op = 0; op < loop->operands; op++) {
            at->offset[op] -= loop->stride[op][dim] *
                              (int64_t)(loop->extent[dim] - 1);
        }
    }
    return false;
}
