/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the reductions calculate that look for the largest or the smallest value,
 * or for its index.
 *
 * Lanes begin behind every value with index 0, which is right too if there is
 * nothing but the last possible value.
 */
#include <math.h>

#include "clones.h"
#include "reduce.h"

/* A NaN is ahead of all that is none. */
static inline int more_f32(float x, float y)
{
    return x > y || (x != x && y == y);
}

static inline int less_f32(float x, float y)
{
    return x < y || (x != x && y == y);
}

static inline int more_s32(int32_t x, int32_t y)
{
    return x > y;
}

static inline int less_s32(int32_t x, int32_t y)
{
    return x < y;
}

/* The value alone; AHEAD(x, y) says that x is wanted, not y. */
#define VALUE(name, lane, type, AHEAD)                                       \
    NPU_CLONES                                                               \
    static void name##_take_##lane(struct npu_lanes *lanes, const type *row, \
                                   size_t n, int32_t index, int32_t step)    \
    {                                                                        \
        (void)index;                                                         \
        (void)step;                                                          \
        for (size_t i = 0; i < n; i++) {                                     \
            type value = row[i], best = lanes->lane[i];                      \
                                                                             \
            lanes->lane[i] = AHEAD(value, best) ? value : best;              \
        }                                                                    \
    }                                                                        \
                                                                             \
    static void name##_fold_##lane(struct npu_lanes *lanes, size_t from)     \
    {                                                                        \
        name##_take_##lane(lanes, &lanes->lane[from], 1, 0, 0);              \
    }

/*
 * The index.  A lane gets its elements in order, so of equal ones it keeps the
 * first or the last by TAKES; what folds lanes has to compare the indices.
 */
#define INDEX(name, lane, type, AHEAD, TAKES, BEFORE)                        \
    NPU_CLONES                                                               \
    static void name##_take_##lane(struct npu_lanes *lanes, const type *row, \
                                   size_t n, int32_t index, int32_t step)    \
    {                                                                        \
        for (size_t i = 0; i < n; i++) {                                     \
            type value = row[i], best = lanes->lane[i];                      \
            int takes = TAKES(AHEAD, value, best);                           \
                                                                             \
            lanes->lane[i] = takes ? value : best;                           \
            lanes->index[i] = takes ? index + (int32_t)i * step :            \
                                      lanes->index[i];                       \
        }                                                                    \
    }                                                                        \
                                                                             \
    static void name##_fold_##lane(struct npu_lanes *lanes, size_t from)     \
    {                                                                        \
        type value = lanes->lane[from], best = lanes->lane[0];               \
                                                                             \
        if (AHEAD(value, best) ||                                            \
            (!AHEAD(best, value) &&                                          \
             lanes->index[from] BEFORE lanes->index[0])) {                   \
            lanes->lane[0] = value;                                          \
            lanes->index[0] = lanes->index[from];                            \
        }                                                                    \
    }

#define FIRST(AHEAD, value, best) AHEAD(value, best)
#define LAST(AHEAD, value, best) (!AHEAD(best, value))

static void index_finish(struct npu_lanes *lanes, size_t n, uint64_t elements)
{
    (void)elements;
    for (size_t i = 0; i < n; i++) {
        lanes->s32[i] = lanes->index[i];
    }
}

VALUE(max, f32, float, more_f32)
VALUE(max, s32, int32_t, more_s32)
VALUE(min, f32, float, less_f32)
VALUE(min, s32, int32_t, less_s32)
INDEX(argmax, f32, float, more_f32, FIRST, <)
INDEX(argmax, s32, int32_t, more_s32, FIRST, <)
INDEX(argmax_last, f32, float, more_f32, LAST, >)
INDEX(argmax_last, s32, int32_t, more_s32, LAST, >)
INDEX(argmin, f32, float, less_f32, FIRST, <)
INDEX(argmin, s32, int32_t, less_s32, FIRST, <)
INDEX(argmin_last, f32, float, less_f32, LAST, >)
INDEX(argmin_last, s32, int32_t, less_s32, LAST, >)

#define FUNCTIONS(name)                                       \
    .take_f32 = name##_take_f32, .take_s32 = name##_take_s32, \
    .fold_f32 = name##_fold_f32, .fold_s32 = name##_fold_s32
#define LEAST .start_f32 = -INFINITY, .start_s32 = INT32_MIN
#define MOST .start_f32 = INFINITY, .start_s32 = INT32_MAX

static const struct npu_reduction reduce_argmax_last = {
    LEAST, FUNCTIONS(argmax_last), .finish = index_finish
};

static const struct npu_reduction reduce_argmin_last = {
    MOST, FUNCTIONS(argmin_last), .finish = index_finish
};

const struct npu_reduction npu_reduce_max = { LEAST, FUNCTIONS(max) };
const struct npu_reduction npu_reduce_min = { MOST, FUNCTIONS(min) };

const struct npu_reduction npu_reduce_argmax = { LEAST, FUNCTIONS(argmax),
                                                 .finish = index_finish,
                                                 .last = &reduce_argmax_last };

const struct npu_reduction npu_reduce_argmin = { MOST, FUNCTIONS(argmin),
                                                 .finish = index_finish,
                                                 .last = &reduce_argmin_last };

/* Truth is 0 or 1 by the time it gets here. */
const struct npu_reduction npu_reduce_any = { .start_s32 = 0,
                                              .take_s32 = max_take_s32,
                                              .fold_s32 = max_fold_s32 };

const struct npu_reduction npu_reduce_all = { .start_s32 = 1,
                                              .take_s32 = min_take_s32,
                                              .fold_s32 = min_fold_s32 };
