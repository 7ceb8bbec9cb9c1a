/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps of NPU_OP_SSM_SCAN, NPU_OP_RWKV_WKV and NPU_OP_DELTA_NET.
 *
 * The order of all sums is part of what they do: results depend neither on how the
 * width is cut into tiles, nor on the vectors that the CPU has.  A sum over the depth
 * of NPU_OP_SSM_SCAN, whose state lies along it, is sixteen sums of every sixteenth
 * product, then halves of these are added to each other; the others go through the
 * depth in order, for many columns at a time.
 */
#include <string.h>

#include "clones.h"
#include "dtype.h"
#include "elementwise.h"
#include "exp.h"
#include "recurrence.h"
#include "tile.h"

#define VECTOR 16
#define VECTORS (NPU_COLUMNS / VECTOR)

#define INLINE static inline __attribute__((always_inline))

/* In registers, and in memory */
typedef float v16 __attribute__((vector_size(64)));
typedef float m16 __attribute__((vector_size(64), aligned(4), may_alias));

#define AT(p) (*(m16 *)(p))

INLINE const float *row_of(const struct npu_head *head, unsigned operand,
                           size_t step)
{
    return head->row[operand] + step * head->next[operand];
}

INLINE void exponentiate(float *d, const float *x, float factor, size_t n)
{
    _Pragma("GCC ivdep") for (size_t i = 0; i < n; i++)
    {
        d[i] = npu_exp(factor * x[i]);
    }
}

/* ---- NPU_OP_SSM_SCAN ----------------------------------------------------- */

enum { SSM_X = 2, SSM_DT, SSM_A, SSM_B, SSM_C, SSM_SKIP };

static void softplus(const struct npu_work *work, float *dt, size_t n)
{
    if (work->insn->flags & NPU_INSN_SOFTPLUS) {
        npu_softplus_f32(dt, dt, NULL, NULL, n);
    }
}

INLINE float fold(const float *part)
{
    float half[8], quarter[4];

    for (unsigned i = 0; i < 8; i++) {
        half[i] = part[i] + part[8 + i];
    }
    for (unsigned i = 0; i < 4; i++) {
        quarter[i] = half[i] + half[4 + i];
    }
    return (quarter[0] + quarter[2]) + (quarter[1] + quarter[3]);
}

/* One step of the state of one element of d: state decay + input b, times c. */
INLINE float step_ssm(float *state, const float *decay, const float *b,
                      const float *c, float input, size_t n)
{
    float part[VECTOR];
    v16 sum = { 0 };
    size_t i = 0;

    for (; i + VECTOR <= n; i += VECTOR) {
        v16 s = AT(state + i) * AT(decay + i) + input * AT(b + i);

        AT(state + i) = s;
        sum += s * AT(c + i);
    }
    memcpy(part, &sum, sizeof(part));
    for (size_t j = 0; i + j < n; j++) {
        state[i + j] = state[i + j] * decay[i + j] + input * b[i + j];
        part[j] += state[i + j] * c[i + j];
    }
    return fold(part);
}

INLINE void get_decay(float *decay, const struct npu_head *head, float dt)
{
    const float *a = head->row[SSM_A];

    if (head->repeated >> SSM_A & 1) {
        float value = npu_exp(dt * a[0]);

        for (size_t i = 0; i < head->depth; i++) {
            decay[i] = value;
        }
    } else {
        exponentiate(decay, a, dt, head->depth);
    }
}

NPU_CLONES
static void run_ssm_scan(const struct npu_head *head)
{
    const float *skip = head->row[SSM_SKIP];
    NPU_ROOM float decay[NPU_MAX_STATE];

    for (size_t t = 0; t < head->steps; t++) {
        const float *x = row_of(head, SSM_X, t);
        const float *b = row_of(head, SSM_B, t), *c = row_of(head, SSM_C, t);
        float *d = head->row[0] + t * head->next[0];
        float dt = *row_of(head, SSM_DT, t);

        get_decay(decay, head, dt);
        for (size_t p = 0; p < head->width; p++) {
            d[p] = step_ssm(head->state + (ptrdiff_t)p * head->across, decay, b,
                            c, dt * x[p], head->depth);
            if (skip) {
                d[p] += skip[p] * x[p];
            }
        }
    }
}

const struct npu_recurrence npu_recurrence_ssm_scan = {
    .lanes = 1,
    .wide = 1u << 0 | 1u << SSM_X | 1u << SSM_SKIP,
    .depth = 3,
    .prepared = SSM_DT,
    .prepare = softplus,
    .run = run_ssm_scan,
};

/* ---- NPU_OP_RWKV_WKV ----------------------------------------------------- */

enum { WKV_R = 2, WKV_K, WKV_V, WKV_W, WKV_U };

/* One step of NPU_COLUMNS columns. */
INLINE void step_wkv(float *d, float *state, ptrdiff_t down, const float *r,
                     const float *k, const float *v, const float *w,
                     const float *u, size_t n)
{
    v16 value[VECTORS], sum[VECTORS];

    for (unsigned l = 0; l < VECTORS; l++) {
        value[l] = AT(v + l * VECTOR);
        sum[l] = (v16){ 0 };
    }
    for (size_t i = 0; i < n; i++) {
        float *row = state + (ptrdiff_t)i * down;

        for (unsigned l = 0; l < VECTORS; l++) {
            v16 s = AT(row + l * VECTOR), product = k[i] * value[l];

            sum[l] += r[i] * (u[i] * product + s);
            AT(row + l * VECTOR) = w[i] * s + product;
        }
    }
    for (unsigned l = 0; l < VECTORS; l++) {
        AT(d + l * VECTOR) = sum[l];
    }
}

NPU_CLONES
static void run_rwkv_wkv(const struct npu_head *head)
{
    float *state = head->state;

    for (size_t j = 0; j < head->width; j += NPU_COLUMNS) {
        for (size_t t = 0; t < head->steps; t++) {
            step_wkv(head->row[0] + t * head->next[0] + j, state, head->down,
                     row_of(head, WKV_R, t), row_of(head, WKV_K, t),
                     row_of(head, WKV_V, t) + j, row_of(head, WKV_W, t),
                     head->row[WKV_U], head->depth);
        }
        state += head->across;
    }
}

const struct npu_recurrence npu_recurrence_rwkv_wkv = {
    .lanes = NPU_COLUMNS,
    .wide = 1u << 0 | 1u << WKV_V,
    .depth = 2,
    .run = run_rwkv_wkv,
};

/* ---- NPU_OP_DELTA_NET ---------------------------------------------------- */

enum { DELTA_Q = 2, DELTA_K, DELTA_V, DELTA_G, DELTA_BETA };

NPU_CLONES
static void decay(const struct npu_work *work, float *g, size_t n)
{
    (void)work;
    exponentiate(g, g, 1, n);
}

/* One step of NPU_COLUMNS columns; what is forgotten is multiplied twice, not kept. */
INLINE void step_delta(float *d, float *state, ptrdiff_t down, const float *q,
                       const float *k, const float *v, const float *g,
                       float beta, float scale, size_t n)
{
    v16 sum[VECTORS], update[VECTORS];

    for (unsigned l = 0; l < VECTORS; l++) {
        sum[l] = (v16){ 0 };
    }
    for (size_t i = 0; i < n; i++) {
        const float *row = state + (ptrdiff_t)i * down;

        for (unsigned l = 0; l < VECTORS; l++) {
            sum[l] += k[i] * (g[i] * AT(row + l * VECTOR));
        }
    }
    for (unsigned l = 0; l < VECTORS; l++) {
        update[l] = beta * (AT(v + l * VECTOR) - sum[l]);
        sum[l] = (v16){ 0 };
    }
    for (size_t i = 0; i < n; i++) {
        float *row = state + (ptrdiff_t)i * down;

        for (unsigned l = 0; l < VECTORS; l++) {
            v16 s = g[i] * AT(row + l * VECTOR) + k[i] * update[l];

            AT(row + l * VECTOR) = s;
            sum[l] += q[i] * s;
        }
    }
    for (unsigned l = 0; l < VECTORS; l++) {
        AT(d + l * VECTOR) = scale * sum[l];
    }
}

NPU_CLONES
static void run_delta_net(const struct npu_head *head)
{
    float *state = head->state;

    for (size_t j = 0; j < head->width; j += NPU_COLUMNS) {
        for (size_t t = 0; t < head->steps; t++) {
            step_delta(head->row[0] + t * head->next[0] + j, state, head->down,
                       row_of(head, DELTA_Q, t), row_of(head, DELTA_K, t),
                       row_of(head, DELTA_V, t) + j, row_of(head, DELTA_G, t),
                       *row_of(head, DELTA_BETA, t), head->scale, head->depth);
        }
        state += head->across;
    }
}

const struct npu_recurrence npu_recurrence_delta_net = {
    .lanes = NPU_COLUMNS,
    .wide = 1u << 0 | 1u << DELTA_V,
    .depth = 2,
    .prepared = DELTA_G,
    .prepare = decay,
    .run = run_delta_net,
};
