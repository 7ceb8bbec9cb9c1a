/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "grid.h"

void npu_grid_start(struct npu_grid *grid, unsigned rank,
                    const uint64_t *extent)
{
    grid->rank = rank;
    for (unsigned dim = 0; dim < rank; dim++) {
        grid->extent[dim] = extent[dim];
        grid->chunk[dim] = 1;
    }
}

void npu_grid_grow(struct npu_grid *grid, unsigned dim, uint64_t most,
                   npu_tile_ns *ns, const void *arg)
{
    most = npu_min(most, grid->extent[dim]);
    while (grid->chunk[dim] < most) {
        uint64_t before = grid->chunk[dim];

        grid->chunk[dim] = npu_min(2 * before, most);
        if (ns(arg, grid->chunk) > NPU_TILE_NS) {
            grid->chunk[dim] = before;
            return;
        }
    }
}

/* Tiles along a dimension. */
static uint64_t count(const struct npu_grid *grid, unsigned dim)
{
    return npu_div_up(grid->extent[dim], grid->chunk[dim]);
}

static void even_out(struct npu_grid *grid)
{
    for (unsigned dim = 0; dim < grid->rank; dim++) {
        grid->chunk[dim] = npu_div_up(grid->extent[dim], count(grid, dim));
    }
}

void npu_grid_share(struct npu_grid *grid, unsigned dies, npu_tile_ns *ns,
                    const void *arg)
{
    uint64_t tiles, worth;

    even_out(grid);
    tiles = npu_grid_tiles(grid);
    worth = npu_mul_sat(tiles, ns(arg, grid->chunk)) / NPU_GRAIN_NS;
    worth = npu_min(worth, dies);
    for (unsigned dim = 0; dim < grid->rank && tiles < worth; dim++) {
        uint64_t others = tiles / count(grid, dim);
        uint64_t parts = npu_min(npu_div_up(worth, others), grid->extent[dim]);

        grid->chunk[dim] = npu_div_up(grid->extent[dim], parts);
        tiles = npu_grid_tiles(grid);
    }
}

uint64_t npu_grid_tiles(const struct npu_grid *grid)
{
    uint64_t tiles = 1;

    for (unsigned dim = 0; dim < grid->rank; dim++) {
        tiles *= count(grid, dim);
    }
    return tiles;
}

void npu_grid_tile(const struct npu_grid *grid, uint64_t tile, uint64_t *start,
                   uint64_t *size)
{
    for (unsigned dim = grid->rank; dim-- > 0;) {
        uint64_t n = count(grid, dim);

        start[dim] = tile % n * grid->chunk[dim];
        size[dim] = npu_min(grid->chunk[dim], grid->extent[dim] - start[dim]);
        tile /= n;
    }
}

bool npu_grid_next(unsigned rank, const uint64_t *size, uint64_t *index)
{
    for (unsigned dim = rank; dim-- > 0;) {
        if (++index[dim] < size[dim]) {
            return true;
        }
        index[dim] = 0;
    }
    return false;
}
