/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page tables lie in HBM, where the guest may change them at any moment: each
 * entry is loaded once and checked as loaded.  A translation stays cached until
 * it is pushed out or invalidated, as on a chip: a driver that forgets its
 * INVALIDATE finds out here.
 */
#include <stdlib.h>

#include "card.h"

#define PTE_TABLE_BITS (NPU_PTE_VALID | NPU_PTE_ADDRESS)
#define PTE_LEAF_BITS                                                  \
    (NPU_PTE_VALID | NPU_PTE_LEAF | NPU_PTE_WRITE | NPU_PTE_APERTURE | \
     NPU_PTE_ADDRESS)

static uint64_t pte_load(const struct npu_hbm *hbm, uint64_t table,
                         unsigned index)
{
    uint64_t *entry = (uint64_t *)(hbm->base + table) + index;

    return __atomic_load_n(entry, __ATOMIC_RELAXED);
}

static bool pte_table_ok(const struct npu_hbm *hbm, uint64_t table)
{
    return table <= hbm->size - NPU_PT_SIZE;
}

static unsigned pte_index(uint64_t va, unsigned level)
{
    return (va >> NPU_PT_SHIFT(level)) % NPU_PT_ENTRIES;
}

static uint8_t pte_aperture(uint64_t pte)
{
    return (pte & NPU_PTE_APERTURE) >> NPU_PTE_APERTURE_SHIFT;
}

static uint32_t pte_check_leaf(const struct npu_hbm *hbm, uint64_t pte,
                               unsigned level)
{
    uint64_t size = 1ull << NPU_PT_SHIFT(level);
    uint64_t address = pte & NPU_PTE_ADDRESS;

    if (pte_aperture(pte) == NPU_APERTURE_PEER) {
        return NPU_ERR_UNSUPPORTED;
    }
    if (level == NPU_PT_LEVELS - 1 || (pte & ~PTE_LEAF_BITS) ||
        (address & (size - 1)) || pte_aperture(pte) > NPU_APERTURE_HOST) {
        return NPU_ERR_PAGE_TABLE;
    }
    if (pte_aperture(pte) == NPU_APERTURE_HBM &&
        (size > hbm->size || address > hbm->size - size)) {
        return NPU_ERR_PAGE_TABLE;
    }
    return NPU_ERR_NONE;
}

/*
 * Entries behind a 4 KiB leaf that go on where it ends make one extent of it.
 */
static uint64_t pte_run(const struct npu_hbm *hbm, uint64_t table,
                        unsigned index, uint64_t pte)
{
    uint64_t size = NPU_PT_SIZE;

    while (++index < NPU_PT_ENTRIES) {
        uint64_t next = pte_load(hbm, table, index);

        if (next != pte + size || pte_check_leaf(hbm, next, 0)) {
            break;
        }
        size += NPU_PT_SIZE;
    }
    return size;
}

uint32_t npu_mmu_walk(const struct npu_hbm *hbm, uint64_t root, uint64_t va,
                      struct npu_extent *extent)
{
    unsigned level = NPU_PT_LEVELS - 1;
    uint64_t table = root;
    uint64_t pte, size;
    uint32_t code;

    if (va >> NPU_VA_BITS) {
        return NPU_ERR_PAGE_FAULT;
    }
    for (;;) {
        if (!pte_table_ok(hbm, table)) {
            return NPU_ERR_PAGE_TABLE;
        }
        pte = pte_load(hbm, table, pte_index(va, level));
        if (!(pte & NPU_PTE_VALID)) {
            return NPU_ERR_PAGE_FAULT;
        }
        if (pte & NPU_PTE_LEAF) {
            break;
        }
        if (level == 0 || (pte & ~PTE_TABLE_BITS)) {
            return NPU_ERR_PAGE_TABLE;
        }
        table = pte & NPU_PTE_ADDRESS;
        level--;
    }
    code = pte_check_leaf(hbm, pte, level);
    if (code) {
        return code;
    }
    size = 1ull << NPU_PT_SHIFT(level);
    extent->start = va & ~(size - 1);
    if (level == 0) {
        size = pte_run(hbm, table, pte_index(va, 0), pte);
    }
    extent->end = extent->start + size;
    extent->address = pte & NPU_PTE_ADDRESS;
    extent->aperture = pte_aperture(pte);
    extent->write = pte & NPU_PTE_WRITE;
    return NPU_ERR_NONE;
}

struct npu_as *npu_as_find(struct npu_as_list *list, uint64_t root)
{
    struct npu_as *as;

    LIST_FOREACH(as, list, link)
    {
        if (as->root == root) {
            as->refs++;
            return as;
        }
    }
    return NULL;
}

struct npu_as *npu_as_get(struct npu_as_list *list, uint64_t root)
{
    struct npu_as *as = npu_as_find(list, root);

    if (as) {
        return as;
    }
    as = calloc(1, sizeof(*as));
    if (!as) {
        return NULL;
    }
    if (pthread_mutex_init(&as->lock, NULL)) {
        free(as);
        return NULL;
    }
    as->root = root;
    as->refs = 1;
    TAILQ_INIT(&as->holds);
    LIST_INSERT_HEAD(list, as, link);
    return as;
}

void npu_as_put(struct npu_as *as)
{
    if (--as->refs == 0) {
        LIST_REMOVE(as, link);
        pthread_mutex_destroy(&as->lock);
        free(as);
    }
}

void npu_as_enter(struct npu_as *as, struct npu_hold *hold)
{
    pthread_mutex_lock(&as->lock);
    hold->epoch = as->epoch;
    TAILQ_INSERT_TAIL(&as->holds, hold, link);
    pthread_mutex_unlock(&as->lock);
}

bool npu_as_leave(struct npu_as *as, struct npu_hold *hold)
{
    bool waited_for;

    pthread_mutex_lock(&as->lock);
    TAILQ_REMOVE(&as->holds, hold, link);
    waited_for = as->waiters && hold->epoch < as->epoch;
    pthread_mutex_unlock(&as->lock);
    return waited_for;
}

static struct npu_extent *as_slot(struct npu_as *as, uint64_t va)
{
    uint64_t hash = (va >> NPU_PAGE_SHIFT) * 0x9e3779b97f4a7c15ull;

    return &as->cache[hash >> (64 - NPU_AS_CACHE_ORDER)];
}

uint32_t npu_as_translate(struct npu_as *as, const struct npu_hbm *hbm,
                          const struct npu_hold *hold, uint64_t va,
                          struct npu_extent *extent)
{
    struct npu_extent *slot = as_slot(as, va);
    uint32_t code;

    pthread_mutex_lock(&as->lock);
    if (va >= slot->start && va < slot->end) {
        *extent = *slot;
        pthread_mutex_unlock(&as->lock);
        return NPU_ERR_NONE;
    }
    pthread_mutex_unlock(&as->lock);

    code = npu_mmu_walk(hbm, as->root, va, extent);
    if (code) {
        return code;
    }
    pthread_mutex_lock(&as->lock);
    /* What an older tile has walked must not outlive an invalidation. */
    if (hold->epoch == as->epoch) {
        *slot = *extent;
    }
    pthread_mutex_unlock(&as->lock);
    return NPU_ERR_NONE;
}
