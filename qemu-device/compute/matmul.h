/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of NPU_OP_MATMUL: its operands, one product of a tile, and what is done
 * to the sums.
 */
#ifndef NPU_MATMUL_H
#define NPU_MATMUL_H

#include "ops.h"
#include "tile.h"

/* Rows and columns of a block of NPU_INSN_BLOCK_SCALE. */
#define NPU_SCALE_BLOCK 128

/* Elements of k at a time, at most. */
#define NPU_MATMUL_PIECE 4096

/* Which operand is which; 0: it is not there. */
struct npu_matmul_roles {
    unsigned bias, residual, scale, block_scale, zero_a, zero_b;
    unsigned operands; /* in all */
};

void npu_matmul_roles_get(struct npu_matmul_roles *roles, uint32_t flags);

/* The length of k; a box of blocks does not tell it. */
uint64_t npu_matmul_k(const struct npu_work *work);

/* Is d calculated in integers? */
static inline bool npu_matmul_is_integer(uint32_t a_dtype)
{
    return a_dtype == NPU_DTYPE_S8 || a_dtype == NPU_DTYPE_U8;
}

/*
 * A rectangle of one product of the batch.  Boxes have two dimensions: d [m, n],
 * a [m, k], b [k, n], or [n, k] if it is upright.
 */
struct npu_product {
    struct npu_tile *tile;
    const struct npu_matmul_roles *roles;
    const uint64_t *index; /* in the batch */
    uint64_t row, column;  /* of d, where the rectangle begins */
    uint64_t m, n, k;
    uint64_t piece; /* of k at a time */
    struct npu_box d, a, b;
    bool upright;
};

/* A part of an operand with d's rank, at the product's place in the batch. */
struct npu_box npu_product_part(const struct npu_product *p, unsigned operand,
                                uint64_t row, uint64_t rows, uint64_t column,
                                uint64_t columns);

/* Write the rectangle; false after an error. */
bool npu_product_f32(const struct npu_product *p, const struct npu_view *view);
bool npu_product_s32(const struct npu_product *p, const struct npu_view *view);

/* What becomes of sums before they are d. */
struct npu_epilogue {
    const struct npu_product *p;
    float factor;
    struct npu_view scale, bias, residual;
    uint32_t scale_dtype, bias_dtype, residual_dtype; /* 0: none */
    npu_kernel_f32 *activation;
};

bool npu_epilogue_get(struct npu_epilogue *epilogue,
                      const struct npu_product *p);
/* d = activation(factor * scale * sum + bias) + residual, for a row; sums change */
void npu_epilogue_row(const struct npu_epilogue *epilogue, uint64_t row,
                      float *sum, const struct npu_view *d);

#endif
