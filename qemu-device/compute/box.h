/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A box is a strided block of elements in the client's memory; a view is the
 * same block within reach of the CPU: where it lies in HBM, or a copy.
 */
#ifndef NPU_BOX_H
#define NPU_BOX_H

#include <stdbool.h>
#include <stdint.h>

#include "npu/isa.h"

struct npu_tile;

/*
 * Most elements that a caller may ask for in one view unless the box is known to
 * be smaller by construction: keeps the memory of a tile to a few MiB.
 */
#define NPU_BOX_ELEMENTS (256u << 10)

struct npu_box {
    uint64_t va; /* of element (0, ..., 0) */
    uint32_t dtype;
    unsigned size; /* bytes of an element */
    unsigned rank;
    uint64_t extent[NPU_MAX_RANK];
    int64_t stride[NPU_MAX_RANK]; /* bytes; 0 where the extent is 1 */
};

struct npu_view {
    unsigned char *at; /* element (0, ..., 0) */
    int64_t stride[NPU_MAX_RANK];
    bool direct; /* the client's memory itself */
};

/* The part of a box from start on, with extents size. */
void npu_box_cut(struct npu_box *part, const struct npu_box *box,
                 const uint64_t *start, const uint64_t *size);

/* Elements of a box: all, and those that differ (a broadcast counts once). */
uint64_t npu_box_elements(const struct npu_box *box);
uint64_t npu_box_distinct(const struct npu_box *box);

/*
 * Make a box readable.  A copy is dense and row-major, but a broadcast stays
 * one: its stride is 0.  False after an error, which the tile then has noted.
 */
bool npu_box_source(struct npu_tile *tile, unsigned operand,
                    const struct npu_box *box, struct npu_view *view);

/*
 * The same, but always a copy: for a box that will be walked across memory, which is
 * done by blocks here.
 */
bool npu_box_copy(struct npu_tile *tile, unsigned operand,
                  const struct npu_box *box, struct npu_view *view);

/* The same, but only in place: false where that cannot be, which is no error. */
bool npu_box_peek(struct npu_tile *tile, const struct npu_box *box,
                  struct npu_view *view);
bool npu_box_peek_target(struct npu_tile *tile, const struct npu_box *box,
                         struct npu_view *view);

/*
 * Make room for a box that will be written, and write it: npu_box_store() does
 * nothing for a direct view.  npu_box_room() makes room of the tile's own.
 */
bool npu_box_target(struct npu_tile *tile, unsigned operand,
                    const struct npu_box *box, struct npu_view *view);
bool npu_box_room(struct npu_tile *tile, const struct npu_box *box,
                  struct npu_view *view);
bool npu_box_store(struct npu_tile *tile, unsigned operand,
                   const struct npu_box *box, const struct npu_view *view);

/* Make a box readable that will be written; npu_box_store() goes with it, too. */
bool npu_box_update(struct npu_tile *tile, unsigned operand,
                    const struct npu_box *box, struct npu_view *view);

/* Read a box into, or write it from, any view of as many elements. */
bool npu_box_read(struct npu_tile *tile, unsigned operand,
                  const struct npu_box *box, const struct npu_view *to);
bool npu_box_write(struct npu_tile *tile, unsigned operand,
                   const struct npu_box *box, const struct npu_view *from);

#endif
