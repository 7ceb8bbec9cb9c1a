/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NPU_OP_BATCH_NORM: (a - mean) / sqrt(variance + epsilon) * scale + bias, where all
 * statistics are known: element-wise.
 */
#include <math.h>
#include <string.h>

#include "clones.h"
#include "dtype.h"
#include "families.h"
#include "line.h"
#include "plan.h"

/* What an element is made of: operands, or constants in their place. */
enum { A, MEAN, VARIANCE, SCALE, BIAS, PARTS };

struct parts {
    const float *row[PARTS];
    float epsilon;
};

NPU_CLONES
static void normalise(float *d, const struct parts *parts, size_t n)
{
    const float *a = parts->row[A], *mean = parts->row[MEAN];
    const float *variance = parts->row[VARIANCE];
    const float *scale = parts->row[SCALE], *bias = parts->row[BIAS];
    float epsilon = parts->epsilon;

    _Pragma("GCC ivdep") for (size_t i = 0; i < n; i++)
    {
        float factor = 1 / sqrtf(variance[i] + epsilon);

        d[i] = (a[i] - mean[i]) * factor * scale[i] + bias[i];
    }
}

/* The same for a row of one channel: but for a, all are the same all along. */
NPU_CLONES
static void normalise_channel(float *d, const struct parts *parts, size_t n)
{
    const float *a = parts->row[A];
    float mean = parts->row[MEAN][0], scale = parts->row[SCALE][0];
    float factor = 1 / sqrtf(parts->row[VARIANCE][0] + parts->epsilon);
    float bias = parts->row[BIAS][0];

    _Pragma("GCC ivdep") for (size_t i = 0; i < n; i++)
    {
        d[i] = (a[i] - mean) * factor * scale + bias;
    }
}

/* What leaves any value as it is, for a scale and a bias that are not there. */
static const float one = 1, minus_zero = -0.0f;

struct job {
    const struct npu_loop *loop;
    const struct npu_box *box;
    const struct npu_view *view;
    unsigned operand[PARTS]; /* 0: there is none */
    float epsilon;
};

/* n elements of the row at a place of the loop, from index on. */
static const float *part_get(const struct job *job, unsigned part,
                             const struct npu_loop_at *at, uint64_t index,
                             size_t n, float *room)
{
    unsigned op = job->operand[part];
    int64_t stride = job->loop->stride[op][job->loop->rank - 1];

    if (!op) {
        return npu_row_f32(part == SCALE ? &one : &minus_zero, 0, NPU_DTYPE_F32,
                           n, room);
    }
    return npu_row_f32(job->view[op].at + at->offset[op] +
                           (int64_t)index * stride,
                       stride, job->box[op].dtype, n, room);
}

/* Do all rows but that of a repeat one element? */
static bool is_channel(const struct job *job)
{
    unsigned last = job->loop->rank - 1;

    for (unsigned part = MEAN; part < PARTS; part++) {
        unsigned op = job->operand[part];

        if (op && job->loop->stride[op][last]) {
            return false;
        }
    }
    return true;
}

static void run_piece(const struct job *job, bool channel,
                      const struct npu_loop_at *at, uint64_t index, size_t n)
{
    int64_t stride = job->loop->stride[0][job->loop->rank - 1];
    void *d = job->view[0].at + at->offset[0] + (int64_t)index * stride;
    uint32_t dtype = job->box[0].dtype;
    bool direct = dtype == NPU_DTYPE_F32 && stride == sizeof(float);
    struct parts parts = { .epsilon = job->epsilon };
    NPU_ROOM float room[PARTS][NPU_ROW], to[NPU_ROW];

    for (unsigned part = 0; part < PARTS; part++) {
        parts.row[part] = part_get(job, part, at, index,
                                   part != A && channel ? 1 : n, room[part]);
    }
    (channel ? normalise_channel : normalise)(direct ? d : to, &parts, n);
    if (!direct) {
        npu_row_put_f32(d, stride, dtype, n, to);
    }
}

static void run_loop(const struct job *job)
{
    uint64_t n = job->loop->extent[job->loop->rank - 1];
    struct npu_loop_at at = { 0 };
    bool channel = is_channel(job);

    do {
        for (uint64_t i = 0; i < n; i += NPU_ROW) {
            run_piece(job, channel, &at, i, npu_min(NPU_ROW, n - i));
        }
    } while (npu_loop_next(job->loop, &at));
}

bool npu_batch_norm_run(struct npu_tile *tile)
{
    const struct npu_work *work = tile->work;
    struct npu_box boxes[NPU_LOOP_OPERANDS];
    struct npu_view views[NPU_LOOP_OPERANDS];
    struct npu_plan plan;
    struct npu_loop loop;
    struct job job = {
        .loop = &loop,
        .box = boxes,
        .view = views,
        .operand = { 1, 2, 3, npu_line_operand(work, NPU_INSN_SCALE),
                     npu_line_operand(work, NPU_INSN_BIAS) },
    };

    memcpy(&job.epsilon, &work->scalar, sizeof(job.epsilon));
    npu_plan_get(&plan, work, work->operands, tile->dies);
    if (!npu_plan_open(&plan, tile, boxes, views)) {
        return false;
    }
    npu_plan_loop(&loop, boxes, views, work->operands);
    run_loop(&job);
    return npu_box_store(tile, 0, &boxes[0], &views[0]);
}
