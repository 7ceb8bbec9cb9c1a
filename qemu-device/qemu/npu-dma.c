/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host memory for the threads of a card.
 *
 * The card's threads must never wait for the BQL where somebody who has it may
 * wait for them, and nothing that a guest can program may run without it.  So:
 *
 * - A memory listener keeps a table of the RAM that the function's own address
 *   space shows, bus mastering included.  A look into it needs the table's own
 *   lock only.  What is not RAM is not in it, and neither is the card's own HBM.
 *
 * - Where an IOMMU stands in the way, the request is queued for a bottom half,
 *   which translates with the BQL held: an IOMMU fault may raise interrupts
 *   there.  A CPU that has rung a doorbell has the BQL and translates by itself.
 *   The others wait for the answer, not for the BQL, so that
 *   npu_dma_close() can send it away when the card goes while the BQL is held.
 *   A stop of the VM does not wait for threads that are in here at all.
 *
 * - Whenever the table or an IOMMU's mappings change, npu_card_dma_invalidate()
 *   comes before the change is complete for the guest.  It waits for copies of
 *   at most 64 KiB, and these wait for nothing.
 *
 * Each translation holds a reference to its memory region.  The last one may be
 * dropped by a card's thread, but a region must not die without the BQL: RCU's
 * own thread, which has it, does that.
 */
#include "qemu/osdep.h"
#include "qemu/log.h"
#include "qemu/main-loop.h"
#include "qemu/rcu.h"
#include "qapi/error.h"
#include "exec/address-spaces.h"
#include "../trace.h"

#include "npu-dma.h"

/* A memory region for as long as somebody may touch it. */
typedef struct NPUDMARegion {
    struct rcu_head rcu;
    MemoryRegion *mr;
    unsigned refs; /* atomic */
} NPUDMARegion;

struct NPUDMASection {
    hwaddr start;
    hwaddr last;
    hwaddr offset; /* of start in the region */
    bool readonly;
    NPUDMARegion *region; /* NULL: behind an IOMMU */
};

struct NPUDMARequest {
    uint64_t bus;
    uint64_t size;
    bool write;
    struct npu_host_map *map;
    bool found;
    bool done;
    QSIMPLEQ_ENTRY(NPUDMARequest) next;
};

struct NPUDMAIOMMU {
    NPUDMA *dma;
    MemoryRegion *mr;
    IOMMUNotifier notifier;
    QLIST_ENTRY(NPUDMAIOMMU) next;
};

static NPUDMARegion *npu_dma_region_new(MemoryRegion *mr)
{
    NPUDMARegion *region = g_new0(NPUDMARegion, 1);

    memory_region_ref(mr);
    region->mr = mr;
    region->refs = 1;
    return region;
}

static NPUDMARegion *npu_dma_region_ref(NPUDMARegion *region)
{
    qatomic_inc(&region->refs);
    return region;
}

static void npu_dma_region_free(NPUDMARegion *region)
{
    memory_region_unref(region->mr);
    g_free(region);
}

static void npu_dma_region_unref(NPUDMARegion *region)
{
    if (qatomic_fetch_dec(&region->refs) == 1) {
        call_rcu(region, npu_dma_region_free, rcu);
    }
}

void npu_dma_mark_written(MemoryRegion *mr, void *ptr, uint64_t size)
{
    /*
     * Of the public functions only this one does all that a store to RAM asks
     * for: dirty bits, and translated code that is not true any more.  It
     * drops a reference.
     */
    memory_region_ref(mr);
    address_space_unmap(&address_space_memory, ptr, size, true, size);
}

/* ---- The table ----------------------------------------------------------- */

/* With the lock: the first section that ends at @bus or behind it. */
static unsigned npu_dma_search(NPUDMA *dma, hwaddr bus)
{
    unsigned low = 0, high = dma->sections->len;

    while (low < high) {
        unsigned middle = (low + high) / 2;

        if (g_array_index(dma->sections, NPUDMASection, middle).last < bus) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* With the lock. */
static const NPUDMASection *npu_dma_find(NPUDMA *dma, hwaddr bus)
{
    unsigned at = npu_dma_search(dma, bus);
    const NPUDMASection *section;

    if (at == dma->sections->len) {
        return NULL;
    }
    section = &g_array_index(dma->sections, NPUDMASection, at);
    return section->start <= bus ? section : NULL;
}

static bool npu_dma_is_ram(NPUDMA *dma, MemoryRegion *mr)
{
    return mr != dma->hbm && memory_region_is_ram(mr) &&
           !memory_region_is_ram_device(mr) && !mr->rom_device;
}

static void npu_dma_iommu_unmapped(IOMMUNotifier *notifier,
                                   IOMMUTLBEntry *entry)
{
    NPUDMAIOMMU *iommu = container_of(notifier, NPUDMAIOMMU, notifier);

    trace_npu_invalidate_dma(iommu->dma->pdev->name, "IOMMU mappings");
    npu_card_dma_invalidate(iommu->dma->card);
}

static bool npu_dma_iommu_add(NPUDMA *dma, MemoryRegionSection *section)
{
    NPUDMAIOMMU *iommu = g_new0(NPUDMAIOMMU, 1);
    IOMMUMemoryRegion *iommu_mr = IOMMU_MEMORY_REGION(section->mr);
    Int128 last = int128_add(int128_make64(section->offset_within_region),
                             section->size);
    Error *err = NULL;

    iommu->dma = dma;
    iommu->mr = section->mr;
    iommu_notifier_init(
        &iommu->notifier, npu_dma_iommu_unmapped, IOMMU_NOTIFIER_UNMAP,
        section->offset_within_region,
        int128_get64(int128_sub(last, int128_one())),
        memory_region_iommu_attrs_to_index(iommu_mr, MEMTXATTRS_UNSPECIFIED));
    if (memory_region_register_iommu_notifier(section->mr, &iommu->notifier,
                                              &err)) {
        qemu_log_mask(LOG_UNIMP, "%s: no DMA through the IOMMU: %s\n",
                      dma->pdev->name, error_get_pretty(err));
        error_free(err);
        g_free(iommu);
        return false;
    }
    QLIST_INSERT_HEAD(&dma->iommus, iommu, next);
    return true;
}

static void npu_dma_iommu_del(NPUDMA *dma, MemoryRegionSection *section)
{
    NPUDMAIOMMU *iommu;

    QLIST_FOREACH(iommu, &dma->iommus, next)
    {
        if (iommu->mr == section->mr &&
            iommu->notifier.start == section->offset_within_region) {
            memory_region_unregister_iommu_notifier(iommu->mr,
                                                    &iommu->notifier);
            QLIST_REMOVE(iommu, next);
            g_free(iommu);
            return;
        }
    }
}

static void npu_dma_region_add(MemoryListener *listener,
                               MemoryRegionSection *section)
{
    NPUDMA *dma = container_of(listener, NPUDMA, listener);
    bool iommu = memory_region_is_iommu(section->mr);
    NPUDMASection entry = {
        .start = section->offset_within_address_space,
        .offset = section->offset_within_region,
        .readonly = section->readonly || section->mr->readonly,
    };

    /* Without news of what an IOMMU unmaps there is no DMA through it. */
    if (iommu ? !npu_dma_iommu_add(dma, section) :
                !npu_dma_is_ram(dma, section->mr)) {
        return;
    }
    entry.last = entry.start +
                 int128_get64(int128_sub(section->size, int128_one()));
    if (!iommu) {
        entry.region = npu_dma_region_new(section->mr);
    }
    qemu_mutex_lock(&dma->lock);
    g_array_insert_val(dma->sections, npu_dma_search(dma, entry.start), entry);
    qemu_mutex_unlock(&dma->lock);
    dma->changed = true;
}

static void npu_dma_region_del(MemoryListener *listener,
                               MemoryRegionSection *section)
{
    NPUDMA *dma = container_of(listener, NPUDMA, listener);
    hwaddr start = section->offset_within_address_space;
    const NPUDMASection *entry;

    qemu_mutex_lock(&dma->lock);
    entry = npu_dma_find(dma, start);
    if (entry && entry->start == start) {
        if (entry->region) {
            npu_dma_region_unref(entry->region);
        }
        g_array_remove_index(dma->sections, npu_dma_search(dma, start));
        dma->changed = true;
    }
    qemu_mutex_unlock(&dma->lock);
    npu_dma_iommu_del(dma, section);
}

static void npu_dma_commit(MemoryListener *listener)
{
    NPUDMA *dma = container_of(listener, NPUDMA, listener);

    if (dma->changed) {
        dma->changed = false;
        trace_npu_invalidate_dma(dma->pdev->name, "memory map");
        npu_card_dma_invalidate(dma->card);
    }
}

/* ---- Translation --------------------------------------------------------- */

/* With the BQL: through whatever IOMMU there is. */
static bool npu_dma_resolve(NPUDMA *dma, NPUDMARequest *request)
{
    MemTxAttrs attrs = { .memory = 1 };
    hwaddr offset, size = request->size;
    MemoryRegion *mr;

    RCU_READ_LOCK_GUARD();
    mr = address_space_translate(pci_get_address_space(dma->pdev), request->bus,
                                 &offset, &size, request->write, attrs);
    if (!size || !npu_dma_is_ram(dma, mr) ||
        !memory_access_is_direct(mr, request->write, attrs)) {
        return false;
    }
    request->map->ptr = (uint8_t *)memory_region_get_ram_ptr(mr) + offset;
    request->map->size = size;
    request->map->ref = npu_dma_region_new(mr);
    return true;
}

static void npu_dma_serve(void *opaque)
{
    NPUDMA *dma = opaque;
    NPUDMARequest *request;

    qemu_mutex_lock(&dma->lock);
    while ((request = QSIMPLEQ_FIRST(&dma->requests))) {
        QSIMPLEQ_REMOVE_HEAD(&dma->requests, next);
        qemu_mutex_unlock(&dma->lock);
        request->found = npu_dma_resolve(dma, request);
        qemu_mutex_lock(&dma->lock);
        request->done = true;
        qemu_cond_broadcast(&dma->served);
    }
    qemu_mutex_unlock(&dma->lock);
}

/* With the lock, which is dropped meanwhile. */
static bool npu_dma_ask(NPUDMA *dma, uint64_t bus, uint64_t size, bool write,
                        struct npu_host_map *map)
{
    NPUDMARequest request = {
        .bus = bus,
        .size = size,
        .write = write,
        .map = map,
    };

    if (bql_locked()) {
        qemu_mutex_unlock(&dma->lock);
        request.found = npu_dma_resolve(dma, &request);
        qemu_mutex_lock(&dma->lock);
        return request.found;
    }
    QSIMPLEQ_INSERT_TAIL(&dma->requests, &request, next);
    qemu_bh_schedule(dma->bh);
    while (!request.done) {
        qemu_cond_wait(&dma->served, &dma->lock);
    }
    return request.found;
}

/* With the lock. */
static bool npu_dma_map(const NPUDMASection *section, uint64_t bus,
                        uint64_t size, bool write, struct npu_host_map *map)
{
    uint64_t skip = bus - section->start;

    if (write && section->readonly) {
        return false;
    }
    map->ptr = (uint8_t *)memory_region_get_ram_ptr(section->region->mr) +
               section->offset + skip;
    map->size = MIN(size - 1, section->last - bus) + 1;
    map->ref = npu_dma_region_ref(section->region);
    return true;
}

bool npu_dma_translate(NPUDMA *dma, uint64_t bus, uint64_t size, bool write,
                       struct npu_host_map *map)
{
    const NPUDMASection *section;
    bool found = false;

    if (!size) {
        return false;
    }
    qemu_mutex_lock(&dma->lock);
    section = dma->closed ? NULL : npu_dma_find(dma, bus);
    if (section) {
        found = section->region ? npu_dma_map(section, bus, size, write, map) :
                                  npu_dma_ask(dma, bus, size, write, map);
    }
    qemu_mutex_unlock(&dma->lock);
    trace_npu_translate_bus(dma->pdev->name, bus, size, write,
                            found ? map->size : 0);
    return found;
}

void npu_dma_release(struct npu_host_map *map, bool dirty)
{
    NPUDMARegion *region = map->ref;

    if (dirty) {
        npu_dma_mark_written(region->mr, map->ptr, map->size);
    }
    npu_dma_region_unref(region);
}

/* ---- Life ---------------------------------------------------------------- */

void npu_dma_setup(NPUDMA *dma, PCIDevice *pdev, MemoryRegion *hbm)
{
    dma->pdev = pdev;
    dma->hbm = hbm;
    dma->changed = false;
    dma->closed = false;
    dma->sections = g_array_new(false, false, sizeof(NPUDMASection));
    QSIMPLEQ_INIT(&dma->requests);
    QLIST_INIT(&dma->iommus);
    qemu_mutex_init(&dma->lock);
    qemu_cond_init(&dma->served);
    dma->bh = qemu_bh_new_guarded(npu_dma_serve, dma,
                                  &DEVICE(pdev)->mem_reentrancy_guard);
}

void npu_dma_open(NPUDMA *dma, struct npu_card *card)
{
    dma->card = card;
    dma->listener = (MemoryListener){
        .name = "npu",
        .region_add = npu_dma_region_add,
        .region_del = npu_dma_region_del,
        .commit = npu_dma_commit,
    };
    memory_listener_register(&dma->listener, pci_get_address_space(dma->pdev));
}

void npu_dma_close(NPUDMA *dma)
{
    NPUDMARequest *request;

    memory_listener_unregister(&dma->listener);
    qemu_mutex_lock(&dma->lock);
    dma->closed = true;
    while ((request = QSIMPLEQ_FIRST(&dma->requests))) {
        QSIMPLEQ_REMOVE_HEAD(&dma->requests, next);
        request->done = true;
    }
    qemu_cond_broadcast(&dma->served);
    qemu_mutex_unlock(&dma->lock);
}

void npu_dma_cleanup(NPUDMA *dma)
{
    qemu_bh_delete(dma->bh);
    qemu_cond_destroy(&dma->served);
    qemu_mutex_destroy(&dma->lock);
    g_array_free(dma->sections, true);
}
