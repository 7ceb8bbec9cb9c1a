/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "volume.h"

/* Dimensions before the axes. */
#define OUTER 2

void npu_volume_box(struct npu_box *to, const struct npu_box *box)
{
    unsigned flat = OUTER + NPU_AXES - box->rank;

    *to = *box;
    to->rank = OUTER + NPU_AXES;
    for (unsigned dim = to->rank; flat && dim-- > OUTER;) {
        to->extent[dim] = dim == OUTER ? 1 : box->extent[dim - 1];
        to->stride[dim] = dim == OUTER ? 0 : box->stride[dim - 1];
    }
}

void npu_volume_windows(struct npu_window *window, const struct npu_work *work)
{
    static const struct npu_window still = {
        .in = 1, .out = 1, .kernel = 1, .stride = 1, .dilation = 1
    };
    const struct npu_box *d = &work->operand[0], *a = &work->operand[1];
    unsigned flat = OUTER + NPU_AXES - d->rank;

    window[NPU_Z] = still;
    for (unsigned axis = flat; axis < NPU_AXES; axis++) {
        unsigned entry = axis - flat, dim = OUTER + entry;

        npu_window_get(&window[axis], &work->insn->window, entry,
                       a->extent[dim], d->extent[dim]);
    }
}
