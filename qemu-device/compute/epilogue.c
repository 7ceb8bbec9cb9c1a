/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "dtype.h"
#include "matmul.h"
#include "ops.h"

static bool take(const struct npu_product *p, unsigned operand,
                 struct npu_view *view, uint32_t *dtype)
{
    struct npu_box part;

    *dtype = 0;
    if (!operand) {
        return true;
    }
    part = npu_product_part(p, operand, p->row, p->m, p->column, p->n);
    *dtype = part.dtype;
    return npu_box_source(p->tile, operand, &part, view);
}

bool npu_epilogue_get(struct npu_epilogue *epilogue,
                      const struct npu_product *p)
{
    const struct npu_work *work = p->tile->work;
    uint32_t activation = work->insn->matmul.activation;

    memset(epilogue, 0, sizeof(*epilogue));
    epilogue->p = p;
    epilogue->factor = 1;
    if (npu_matmul_is_integer(work->operand[1].dtype)) {
        memcpy(&epilogue->factor, &work->scalar, sizeof(epilogue->factor));
    }
    if (activation) {
        epilogue->activation = npu_op_find(activation)->f32;
    }
    return take(p, p->roles->scale, &epilogue->scale, &epilogue->scale_dtype) &&
           take(p, p->roles->bias, &epilogue->bias, &epilogue->bias_dtype) &&
           take(p, p->roles->residual, &epilogue->residual,
                &epilogue->residual_dtype);
}

/* The part of a row of an operand from column on. */
static const float *row_of(const struct npu_view *view, uint32_t dtype,
                           uint64_t row, uint64_t column, uint64_t n,
                           float *room)
{
    return npu_row_f32(view->at + (int64_t)row * view->stride[0] +
                           (int64_t)column * view->stride[1],
                       view->stride[1], dtype, n, room);
}

void npu_epilogue_row(const struct npu_epilogue *epilogue, uint64_t row,
                      float *sum, const struct npu_view *d)
{
    const struct npu_product *p = epilogue->p;
    NPU_ROOM float room[NPU_ROW];

    for (uint64_t j = 0; j < p->n; j += NPU_ROW, sum += NPU_ROW) {
        uint64_t n = p->n - j < NPU_ROW ? p->n - j : NPU_ROW;
        const float *other;

        if (epilogue->factor != 1) {
            for (uint64_t i = 0; i < n; i++) {
                sum[i] *= epilogue->factor;
            }
        }
        if (epilogue->scale_dtype) {
            other = row_of(&epilogue->scale, epilogue->scale_dtype, row, j, n,
                           room);
            for (uint64_t i = 0; i < n; i++) {
                sum[i] *= other[i];
            }
        }
        if (epilogue->bias_dtype) {
            other = row_of(&epilogue->bias, epilogue->bias_dtype, row, j, n,
                           room);
            for (uint64_t i = 0; i < n; i++) {
                sum[i] += other[i];
            }
        }
        if (epilogue->activation) {
            epilogue->activation(sum, sum, NULL, NULL, n);
        }
        if (epilogue->residual_dtype) {
            other = row_of(&epilogue->residual, epilogue->residual_dtype, row,
                           j, n, room);
            for (uint64_t i = 0; i < n; i++) {
                sum[i] += other[i];
            }
        }
        npu_row_put_f32(d->at + (int64_t)row * d->stride[0] +
                            (int64_t)j * d->stride[1],
                        d->stride[1], p->d.dtype, n, sum);
    }
}
