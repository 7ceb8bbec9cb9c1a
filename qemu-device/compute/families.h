/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cut and run functions of the families of instructions, for the table in
 * ops.c.  Those that are not here use npu_plan_cut() and npu_elementwise_run().
 */
#ifndef NPU_FAMILIES_H
#define NPU_FAMILIES_H

#include <stdbool.h>

struct npu_grid;
struct npu_tile;
struct npu_work;

bool npu_fill_run(struct npu_tile *tile);
void npu_copy_cut(const struct npu_work *work, unsigned dies,
                  struct npu_grid *grid);
bool npu_copy_run(struct npu_tile *tile);

void npu_gather_cut(const struct npu_work *work, unsigned dies,
                    struct npu_grid *grid);
bool npu_gather_run(struct npu_tile *tile);

void npu_pad_cut(const struct npu_work *work, unsigned dies,
                 struct npu_grid *grid);
bool npu_pad_run(struct npu_tile *tile);

void npu_generate_cut(const struct npu_work *work, unsigned dies,
                      struct npu_grid *grid);
bool npu_triangle_run(struct npu_tile *tile);
bool npu_range_run(struct npu_tile *tile);
bool npu_one_hot_run(struct npu_tile *tile);

void npu_pick_cut(const struct npu_work *work, unsigned dies,
                  struct npu_grid *grid);
bool npu_pick_run(struct npu_tile *tile);

void npu_scatter_cut(const struct npu_work *work, unsigned dies,
                     struct npu_grid *grid);
bool npu_scatter_run(struct npu_tile *tile);

void npu_reduce_cut(const struct npu_work *work, unsigned dies,
                    struct npu_grid *grid);
bool npu_reduce_run(struct npu_tile *tile);

void npu_line_cut(const struct npu_work *work, unsigned dies,
                  struct npu_grid *grid);
bool npu_line_run(struct npu_tile *tile);

void npu_cumsum_cut(const struct npu_work *work, unsigned dies,
                    struct npu_grid *grid);
bool npu_cumsum_run(struct npu_tile *tile);

void npu_order_cut(const struct npu_work *work, unsigned dies,
                   struct npu_grid *grid);
bool npu_order_run(struct npu_tile *tile);

bool npu_batch_norm_run(struct npu_tile *tile);

void npu_matmul_cut(const struct npu_work *work, unsigned dies,
                    struct npu_grid *grid);
bool npu_matmul_run(struct npu_tile *tile);

void npu_routed_cut(const struct npu_work *work, unsigned dies,
                    struct npu_grid *grid);
bool npu_routed_run(struct npu_tile *tile);

void npu_conv_cut(const struct npu_work *work, unsigned dies,
                  struct npu_grid *grid);
bool npu_conv_run(struct npu_tile *tile);

void npu_pool_cut(const struct npu_work *work, unsigned dies,
                  struct npu_grid *grid);
bool npu_maxpool_run(struct npu_tile *tile);
bool npu_avgpool_run(struct npu_tile *tile);
bool npu_lppool_run(struct npu_tile *tile);

void npu_rope_cut(const struct npu_work *work, unsigned dies,
                  struct npu_grid *grid);
bool npu_rope_run(struct npu_tile *tile);

void npu_resize_cut(const struct npu_work *work, unsigned dies,
                    struct npu_grid *grid);
bool npu_resize_run(struct npu_tile *tile);

void npu_attention_cut(const struct npu_work *work, unsigned dies,
                       struct npu_grid *grid);
bool npu_attention_run(struct npu_tile *tile);

void npu_recurrent_cut(const struct npu_work *work, unsigned dies,
                       struct npu_grid *grid);
bool npu_recurrent_run(struct npu_tile *tile);

#endif
