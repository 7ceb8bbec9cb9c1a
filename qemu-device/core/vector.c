/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt vectors.  News only set bits; the command processor asks which
 * vectors are due and raises them, so that no other thread ever waits for the
 * host's interrupt code.
 */
#include <string.h>

#include "card.h"

void npu_vector_init(struct npu_card *card)
{
    unsigned i;

    memset(card->vector, 0, sizeof(card->vector));
    for (i = 0; i < NPU_MAX_VECTORS; i++) {
        card->vector[i].masked = 1;
    }
    card->event_vector = NPU_NO_VECTOR;
    card->events = 0;
    memset(card->error_queues, 0, sizeof(card->error_queues));
}

static void vector_wake(struct npu_card *card, unsigned vector)
{
    card->vector[vector].news = true;
    if (!card->vector[vector].masked) {
        npu_cp_wake(card);
    }
}

void npu_vector_news(struct npu_card *card, uint32_t vector, unsigned queue)
{
    if (vector >= NPU_MAX_VECTORS) {
        return;
    }
    card->vector[vector].queues[queue / 64] |= 1ull << (queue % 64);
    vector_wake(card, vector);
}

void npu_vector_event(struct npu_card *card, uint32_t event)
{
    card->events |= event;
    if (card->event_vector < NPU_MAX_VECTORS) {
        vector_wake(card, card->event_vector);
    }
}

uint64_t npu_vector_read_queues(struct npu_card *card, unsigned vector,
                                unsigned word)
{
    uint64_t queues = card->vector[vector].queues[word];

    card->vector[vector].queues[word] = 0;
    return queues;
}

uint32_t npu_vector_summary(const struct npu_card *card, unsigned vector)
{
    uint32_t summary = 0;
    unsigned word;

    for (word = 0; word < NPU_QUEUE_WORDS; word++) {
        if (card->vector[vector].queues[word]) {
            summary |= 1u << word;
        }
    }
    return summary;
}

void npu_vector_set_mask(struct npu_card *card, unsigned vector, bool masked)
{
    bool events = vector == card->event_vector && card->events;

    card->vector[vector].masked = masked;
    /* What has been read in the meantime is not news any more. */
    card->vector[vector].news = npu_vector_summary(card, vector) || events;
    if (!masked && card->vector[vector].news) {
        npu_cp_wake(card);
    }
}

void npu_vector_set_holdoff(struct npu_card *card, unsigned vector, uint32_t us)
{
    card->vector[vector].holdoff = us < NPU_HOLDOFF_MAX ? us : NPU_HOLDOFF_MAX;
}

uint32_t npu_vector_due(struct npu_card *card, uint64_t now, uint64_t *deadline)
{
    uint32_t due = 0;
    unsigned i;

    for (i = 0; i < NPU_MAX_VECTORS; i++) {
        struct npu_vector *v = &card->vector[i];

        if (!v->news || v->masked) {
            continue;
        }
        if (now >= v->quiet_until) {
            due |= 1u << i;
            v->news = false;
            v->quiet_until = now + v->holdoff * 1000ull;
        } else if (v->quiet_until < *deadline) {
            *deadline = v->quiet_until;
        }
    }
    return due;
}
