/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cutting work into tiles.  The cut depends on the instruction and on the number
 * of dies only; it is made anew whenever it is needed.
 *
 * A family starts with the smallest sensible tile, lets it grow along one
 * dimension after the other while it stays cheap enough, and finally has it
 * shrunk again if some dies would have nothing to do.
 */
#ifndef NPU_GRID_H
#define NPU_GRID_H

#include <stdbool.h>
#include <stdint.h>

#include "npu/isa.h"

/* Estimated host time: of a tile at most, and of one worth a die of its own. */
#define NPU_TILE_NS 500000u
#define NPU_GRAIN_NS 10000u

struct npu_grid {
    unsigned rank;
    uint64_t extent[NPU_MAX_RANK];
    uint64_t chunk[NPU_MAX_RANK]; /* extents of a tile */
};

/*
 * Estimated host time of a tile with these extents, ns; UINT64_MAX if it would
 * need too much memory.
 */
typedef uint64_t npu_tile_ns(const void *arg, const uint64_t *chunk);

/* Begin with tiles of one element. */
void npu_grid_start(struct npu_grid *grid, unsigned rank,
                    const uint64_t *extent);

/* Grow along a dimension: to at most most elements, to at most NPU_TILE_NS. */
void npu_grid_grow(struct npu_grid *grid, unsigned dim, uint64_t most,
                   npu_tile_ns *ns, const void *arg);

/* Even tiles out, and shrink them until every die has one worth having. */
void npu_grid_share(struct npu_grid *grid, unsigned dies, npu_tile_ns *ns,
                    const void *arg);

uint64_t npu_grid_tiles(const struct npu_grid *grid);

/* First element and extents of a tile. */
void npu_grid_tile(const struct npu_grid *grid, uint64_t tile, uint64_t *start,
                   uint64_t *size);

/*
 * Step an index through a box of that size, the last dimension first; false when
 * it is back at the beginning.
 */
bool npu_grid_next(unsigned rank, const uint64_t *size, uint64_t *index);

/* a * b, at most UINT64_MAX. */
static inline uint64_t npu_mul_sat(uint64_t a, uint64_t b)
{
    uint64_t product;

    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static inline uint64_t npu_div_up(uint64_t a, uint64_t b)
{
    return a / b + !!(a % b);
}

static inline uint64_t npu_min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline uint64_t npu_max(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

#endif
