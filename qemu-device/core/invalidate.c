/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * INVALIDATE.  It drops the cached translations and raises the epoch of the
 * address space at once, so that whatever starts from now on walks the new
 * tables; it is complete when nobody who entered in an earlier epoch is left.
 */
#include "card.h"

static bool extent_overlaps(const struct npu_extent *extent, uint64_t address,
                            uint64_t size)
{
    return !size || (extent->start < address + size && extent->end > address);
}

static uint64_t as_invalidate(struct npu_as *as, uint64_t address,
                              uint64_t size)
{
    uint64_t epoch;
    unsigned i;

    pthread_mutex_lock(&as->lock);
    for (i = 0; i < 1u << NPU_AS_CACHE_ORDER; i++) {
        if (extent_overlaps(&as->cache[i], address, size)) {
            as->cache[i].end = 0;
        }
    }
    epoch = ++as->epoch;
    as->waiters++;
    pthread_mutex_unlock(&as->lock);
    return epoch;
}

void npu_invalidate_begin(struct npu_card *card, struct npu_queue *queue,
                          const struct npu_packet *packet)
{
    struct npu_as *as = npu_as_find(&card->spaces, packet->invalidate.root);

    if (!as) {
        return;
    }
    queue->invalidate_as = as;
    queue->invalidate_epoch = as_invalidate(as, packet->invalidate.address,
                                            packet->invalidate.size);
    queue->invalidating = true;
    TAILQ_INSERT_TAIL(&card->invalidations, queue, invalidate_link);
    if (!npu_invalidate_pending(queue)) {
        npu_invalidate_end(card, queue);
    }
}

bool npu_invalidate_pending(struct npu_queue *queue)
{
    struct npu_as *as = queue->invalidate_as;
    struct npu_hold *oldest;
    bool pending;

    pthread_mutex_lock(&as->lock);
    oldest = TAILQ_FIRST(&as->holds);
    pending = oldest && oldest->epoch < queue->invalidate_epoch;
    pthread_mutex_unlock(&as->lock);
    return pending;
}

void npu_invalidate_end(struct npu_card *card, struct npu_queue *queue)
{
    struct npu_as *as = queue->invalidate_as;

    pthread_mutex_lock(&as->lock);
    as->waiters--;
    pthread_mutex_unlock(&as->lock);
    TAILQ_REMOVE(&card->invalidations, queue, invalidate_link);
    queue->invalidating = false;
    queue->invalidate_as = NULL;
    npu_as_put(as);
}

/* Old holds have left: let the CP look at those whose wait is over. */
void npu_invalidate_check(struct npu_card *card)
{
    struct npu_queue *queue;

    TAILQ_FOREACH(queue, &card->invalidations, invalidate_link)
    {
        if (!npu_invalidate_pending(queue)) {
            npu_cp_attend(card, queue);
        }
    }
}
