/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command processor: one thread a card that sleeps until a queue needs
 * attention, a time is up, or a vector is to be raised.
 *
 * A doorbell that finds it asleep lends it the caller's thread for a moment: a
 * short job is over before two threads could have been woken for it.
 */
#define _GNU_SOURCE
#include <time.h>

#include "card.h"

/* For how long a thread is lent. */
#define CP_LOAN_NS 50000ull

void npu_cp_wake(struct npu_card *card)
{
    card->cp_poked = true;
    /* Who is at work looks around again before it leaves. */
    if (!card->cp_active) {
        pthread_cond_signal(&card->cp_wake);
    }
}

static void cp_line_up(struct npu_card *card, struct npu_queue *queue)
{
    if (!queue->attended) {
        queue->attended = true;
        TAILQ_INSERT_TAIL(&card->attention, queue, attention_link);
    }
}

void npu_cp_attend(struct npu_card *card, struct npu_queue *queue)
{
    cp_line_up(card, queue);
    npu_cp_wake(card);
}

/* The host's clock need not be the one that condition variables go by. */
static void cp_sleep(struct npu_card *card, uint64_t now, uint64_t deadline)
{
    struct timespec until;
    uint64_t ns;

    if (card->cp_poked) {
        return;
    }
    if (deadline == NPU_NEVER) {
        pthread_cond_wait(&card->cp_wake, &card->lock);
        return;
    }
    clock_gettime(CLOCK_MONOTONIC, &until);
    ns = until.tv_nsec + (deadline > now ? deadline - now : 0);
    until.tv_sec += ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    pthread_cond_timedwait(&card->cp_wake, &card->lock, &until);
}

static void cp_raise(struct npu_card *card, uint32_t vectors)
{
    pthread_mutex_unlock(&card->lock);
    for (; vectors; vectors &= vectors - 1) {
        card->ops->raise_vector(card->opaque, __builtin_ctz(vectors));
    }
    pthread_mutex_lock(&card->lock);
}

static struct npu_queue *cp_next(struct npu_card *card)
{
    struct npu_queue *queue = TAILQ_FIRST(&card->attention);

    if (queue) {
        TAILQ_REMOVE(&card->attention, queue, attention_link);
        queue->attended = false;
    }
    return queue;
}

/* After the host's mappings have changed: references to the old are let go. */
static void cp_drop_maps(struct npu_card *card)
{
    unsigned i;

    card->stale_maps = false;
    pthread_mutex_unlock(&card->lock);
    for (i = 0; i < NPU_MAX_QUEUES; i++) {
        npu_queue_unmap(card, &card->queue[i]);
    }
    pthread_mutex_lock(&card->lock);
}

/* One thing; false: there was none, and will be none before *deadline. */
static bool cp_turn(struct npu_card *card, uint64_t now, uint64_t *deadline)
{
    struct npu_queue *queue;
    uint32_t vectors;

    *deadline = NPU_NEVER;
    card->cp_poked = false;
    npu_sched_timers(card, now, deadline);
    if (card->check_invalidations) {
        card->check_invalidations = false;
        npu_invalidate_check(card);
    }
    vectors = npu_vector_due(card, now, deadline);
    card->cp_active = true;
    if (vectors) {
        cp_raise(card, vectors);
    } else if (card->stale_maps) {
        cp_drop_maps(card);
    } else if ((queue = cp_next(card)) != NULL) {
        npu_queue_service(card, queue);
    } else {
        card->cp_active = false;
        return false;
    }
    card->cp_active = false;
    npu_card_left(card);
    return true;
}

static bool cp_may_turn(const struct npu_card *card)
{
    return !card->abort && !card->quiesced;
}

void npu_cp_lend(struct npu_card *card, struct npu_queue *queue)
{
    uint64_t now = npu_card_now(card);
    uint64_t end = now + CP_LOAN_NS;
    uint64_t deadline;

    if (card->cp_active || card->stale_maps || !cp_may_turn(card) ||
        !TAILQ_EMPTY(&card->attention)) {
        npu_cp_attend(card, queue);
        return;
    }
    cp_line_up(card, queue);
    while (cp_turn(card, now, &deadline)) {
        now = npu_card_now(card);
        if (now >= end || !cp_may_turn(card)) {
            npu_cp_wake(card);
            return;
        }
    }
    if (deadline != NPU_NEVER || card->cp_poked) {
        npu_cp_wake(card);
    }
}

void npu_cp_main(void *opaque)
{
    struct npu_card *card = opaque;
    uint64_t now, deadline;

    pthread_mutex_lock(&card->lock);
    while (!card->quit) {
        if (card->cp_active) {
            /* Lent a thread, by which it is woken if there is more. */
            pthread_cond_wait(&card->cp_wake, &card->lock);
        } else if (card->abort && !card->running) {
            npu_card_finish_reset(card);
        } else if (!cp_may_turn(card)) {
            pthread_cond_wait(&card->cp_wake, &card->lock);
        } else {
            now = npu_card_now(card);
            if (!cp_turn(card, now, &deadline)) {
                cp_sleep(card, now, deadline);
            }
        }
    }
    pthread_mutex_unlock(&card->lock);
}
