/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Index tensors.  An instruction that has one walks the places of one tensor, the
 * near one, and each place has indices that point into another, the far one.  What
 * lies there is a row of the last dimensions of both, or one element.
 */
#ifndef NPU_INDICES_H
#define NPU_INDICES_H

#include "tile.h"

/* At most so many indices, and so many places, are looked at in one piece. */
#define NPU_INDICES 65536u
#define NPU_PLACES 32768u

/**
 * struct npu_indices - who points where
 * @near: what is walked
 * @far: what indices point into
 * @far_operand: which operand that is
 * @index: the indices; operand 2
 * @places: dimensions of near that are places, the first ones
 * @rest: dimensions of near and far that are rows, the last ones
 * @first: dimension of far that the first index of a place is for
 * @count: indices of a place, for this dimension and those behind it
 * @along: the other dimensions of far are those of the place
 */
struct npu_indices {
    const struct npu_box *near, *far, *index;
    unsigned far_operand;
    unsigned places, rest, first, count;
    bool along;
};

void npu_indices_get(struct npu_indices *indices, const struct npu_work *work);

/* A part of far: elements from first to below first + n that indices may name. */
struct npu_indices_part {
    uint64_t first[NPU_MAX_RANK], n[NPU_MAX_RANK];
};

/*
 * Where the places in a box point, in their order: bytes by these strides of far,
 * from where it is at the first place with indices of 0.  With a part, only of those
 * that point into it, and which places these are, by number.  Returns how many; -1
 * after an error.  Every index is read once.
 */
int64_t npu_indices_resolve(struct npu_tile *tile,
                            const struct npu_indices *indices,
                            const int64_t *stride, const uint64_t *start,
                            const uint64_t *size,
                            const struct npu_indices_part *part,
                            int64_t *offset, uint32_t *place);

/* The box of far that places in a box may point into: rows of these dimensions. */
void npu_indices_box(const struct npu_indices *indices, const uint64_t *start,
                     const uint64_t *size, struct npu_box *box);

/* Is it worth a window to reach for n places in a box? */
bool npu_indices_window(const struct npu_box *box, uint64_t n);

/*
 * Look at such a box for n places: in one piece if that is worth it, else not, which
 * *held says.  False after an error.
 */
bool npu_indices_open(struct npu_tile *tile, const struct npu_indices *indices,
                      const struct npu_box *box, uint64_t n,
                      struct npu_view *view, bool *held);

/* Estimated host time for what n places point at, besides moving it, ns. */
uint64_t npu_indices_ns(const struct npu_indices *indices,
                        const uint64_t *chunk, uint64_t n, uint64_t far_ps);

#endif
