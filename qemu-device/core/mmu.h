/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Address spaces: page-table walks, cached translations, and who uses them. */
#ifndef NPU_MMU_H
#define NPU_MMU_H

#include <pthread.h>
#include <sys/queue.h>

#include "npu_card.h"

/* A run of addresses that is contiguous in one aperture. */
struct npu_extent {
    uint64_t start;
    uint64_t end;     /* first address behind; 0: no extent */
    uint64_t address; /* of start, in the aperture */
    uint8_t aperture; /* NPU_APERTURE_* */
    bool write;
};

/* Somebody who holds translations: a tile, a piece of a copy. */
struct npu_hold {
    TAILQ_ENTRY(npu_hold) link;
    uint64_t epoch;
};

#define NPU_AS_CACHE_ORDER 9

/* An address space that at least one enabled queue, or packet, refers to. */
struct npu_as {
    LIST_ENTRY(npu_as) link; /* the card's lock */
    uint64_t root;
    unsigned refs; /* the card's lock */

    pthread_mutex_t lock;         /* innermost; protects what follows */
    uint64_t epoch;               /* raised by every invalidation */
    TAILQ_HEAD(, npu_hold) holds; /* in order of their epochs */
    unsigned waiters;             /* invalidations that wait for old holds */
    struct npu_extent cache[1 << NPU_AS_CACHE_ORDER];
};

LIST_HEAD(npu_as_list, npu_as);

/* With the card's lock held.  get: NULL when memory has run out. */
struct npu_as *npu_as_get(struct npu_as_list *list, uint64_t root);
struct npu_as *npu_as_find(struct npu_as_list *list, uint64_t root);
void npu_as_put(struct npu_as *as);

/*
 * Between enter and leave translations may be used.  leave returns true when
 * an invalidation may now be complete.
 */
void npu_as_enter(struct npu_as *as, struct npu_hold *hold);
bool npu_as_leave(struct npu_as *as, struct npu_hold *hold);

/* The HBM that page tables are read from. */
struct npu_hbm {
    uint8_t *base;
    uint64_t size;
};

/*
 * The extent that holds @va, from the cache or from the tables.  Returns an
 * enum npu_error_code.  It may reach further than is cached later.
 */
uint32_t npu_as_translate(struct npu_as *as, const struct npu_hbm *hbm,
                          const struct npu_hold *hold, uint64_t va,
                          struct npu_extent *extent);

/* One walk of the tables, without a cache. */
uint32_t npu_mmu_walk(const struct npu_hbm *hbm, uint64_t root, uint64_t va,
                      struct npu_extent *extent);

#endif
