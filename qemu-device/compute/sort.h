/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sorting numbers of 64 bits, ascending: all of them, some, or the first few.
 */
#ifndef NPU_SORT_H
#define NPU_SORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "npu/isa.h"

/* Most that are sorted at once; more are sorted in halves. */
#define NPU_SORT_HALF (NPU_MAX_SORT / 2)

/* Numbers that spare must have room for, to sort n. */
static inline size_t npu_sort_spare(size_t n)
{
    return n > NPU_SORT_HALF ? n - n / 2 : n;
}

/*
 * Sort by the bytes from the given one on, the lowest being 0.  Numbers that these
 * do not tell apart stay in their order.
 */
void npu_sort(uint64_t *number, uint64_t *spare, size_t n, unsigned byte);

/*
 * Keep numbers that cannot be among the first k from being sorted: how many are
 * left, in their order.  Room for the rest is lost.
 */
size_t npu_sort_narrow(uint64_t *number, size_t n, size_t k);

/* Is it worth that? */
static inline bool npu_sort_is_narrow(size_t n, size_t k)
{
    return n >= 2048 && k <= n / 8;
}

/* The least of the numbers that were offered, ascending. */
#define NPU_FIRST_MOST 64

struct npu_first {
    size_t most; /* that are wanted */
    uint64_t number[NPU_FIRST_MOST];
};

/* Nothing was offered yet; what is missing is UINT64_MAX. */
void npu_first_start(struct npu_first *first, size_t most);
void npu_first_offer(struct npu_first *first, const uint64_t *number, size_t n);

#endif
