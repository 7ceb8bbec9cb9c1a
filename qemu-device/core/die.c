/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One die: its gang, its counters, its reset. */
#include "card.h"

void npu_die_init(struct npu_card *card)
{
    unsigned die;

    for (die = 0; die < NPU_MAX_DIES; die++) {
        struct npu_die *d = &card->die[die];

        /* Resets are counted since power-on, all else since the last reset. */
        *d = (struct npu_die){ .resets = d->resets };
    }
}

void npu_die_join(struct npu_card *card, unsigned die, struct npu_queue *queue,
                  uint64_t now)
{
    card->die[die].gang = queue;
    card->die[die].since = now;
}

static void die_reset_done(struct npu_card *card, unsigned die)
{
    card->die[die].resetting = false;
    card->die[die].resets++;
    npu_vector_event(card, NPU_EVENT_DIE_RESET);
}

void npu_die_leave(struct npu_card *card, unsigned die, uint64_t now)
{
    struct npu_die *d = &card->die[die];

    d->busy_host += now - d->since;
    d->gang = NULL;
    if (d->resetting) {
        die_reset_done(card, die);
    }
}

/*
 * Whoever has the die in its gang loses its job: a tile may be in flight here.
 * The reset is complete when the gang has left; HBM is not touched.
 */
void npu_die_reset(struct npu_card *card, unsigned die)
{
    struct npu_queue *queue = card->die[die].gang;

    if (card->die[die].resetting) {
        return;
    }
    npu_card_trace(card, NPU_TRACE_DIE_RESET, die, queue != NULL, 0, 0);
    card->die[die].resetting = true;
    if (queue) {
        npu_job_cancel(card, queue->job, NPU_ERR_INNOCENT_RESET, die);
    } else {
        die_reset_done(card, die);
    }
}

uint64_t npu_die_busy_host(const struct npu_card *card, unsigned die)
{
    const struct npu_die *d = &card->die[die];

    return d->busy_host + (d->gang ? npu_card_now(card) - d->since : 0);
}

uint32_t npu_die_state(const struct npu_card *card, unsigned die)
{
    if (card->die[die].resetting) {
        return NPU_DIE_RESETTING;
    }
    return card->die[die].gang ? NPU_DIE_RUNNING : NPU_DIE_IDLE;
}
