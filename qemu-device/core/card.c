/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A card's life: made, reset, held still, freed. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "card.h"
#include "regs.h"

#define CARD_DIE_GRANULE (2ull << 20)

void npu_card_left(struct npu_card *card)
{
    pthread_cond_broadcast(&card->parked);
    if (card->abort) {
        npu_cp_wake(card);
    }
}

void npu_card_park(struct npu_card *card)
{
    pthread_mutex_lock(&card->lock);
    card->translating++;
    pthread_cond_broadcast(&card->parked);
    pthread_mutex_unlock(&card->lock);
}

void npu_card_unpark(struct npu_card *card)
{
    pthread_mutex_lock(&card->lock);
    while (card->quiesced && !card->abort) {
        pthread_cond_wait(&card->resumed, &card->lock);
    }
    card->translating--;
    pthread_mutex_unlock(&card->lock);
}

/* Everything that a reset forgets. Nothing is in flight. */
static void card_forget(struct npu_card *card)
{
    unsigned i;

    for (i = 0; i < NPU_MAX_QUEUES; i++) {
        npu_queue_clear(card, &card->queue[i]);
        npu_queue_init(&card->queue[i]);
    }
    TAILQ_INIT(&card->attention);
    TAILQ_INIT(&card->run_queue);
    TAILQ_INIT(&card->invalidations);
    TAILQ_INIT(&card->ready);
    TAILQ_INIT(&card->starved);
    card->program_room = NPU_PROGRAM_ROOM;
    npu_vector_init(card);
    npu_die_init(card);
    npu_regs_forget(card);
    card->device_time = 0;
    card->dirty = false;
}

void npu_card_reset_locked(struct npu_card *card)
{
    npu_card_trace(card, NPU_TRACE_RESET_BEGIN, card->running, 0, 0, 0);
    __atomic_store_n(&card->abort, true, __ATOMIC_SEQ_CST);
    /* Those who found abort false copy nothing more after this. */
    npu_dma_new_generation(&card->dma);
    pthread_cond_broadcast(&card->resumed);
    npu_cp_wake(card);
}

/* By the CP, when the last task from before has left. */
void npu_card_finish_reset(struct npu_card *card)
{
    unsigned i;

    pthread_mutex_unlock(&card->lock);
    for (i = 0; i < NPU_MAX_QUEUES; i++) {
        npu_queue_unmap(card, &card->queue[i]);
    }
    pthread_mutex_lock(&card->lock);
    card_forget(card);
    card->stale_maps = false;
    __atomic_store_n(&card->abort, false, __ATOMIC_SEQ_CST);
    npu_card_trace(card, NPU_TRACE_RESET_END, 0, 0, 0, 0);
}

void npu_card_reset(struct npu_card *card)
{
    pthread_mutex_lock(&card->lock);
    npu_card_reset_locked(card);
    pthread_mutex_unlock(&card->lock);
}

void npu_card_dma_invalidate(struct npu_card *card)
{
    npu_dma_new_generation(&card->dma);
    pthread_mutex_lock(&card->lock);
    card->stale_maps = true;
    npu_cp_wake(card);
    pthread_mutex_unlock(&card->lock);
}

/* Threads that could touch memory, but for those stuck in the host's lock. */
static unsigned card_at_work(const struct npu_card *card)
{
    return card->running + card->cp_active - card->translating;
}

/* Of copies, which hold no gang, and of tiles that wait in an access. */
static void card_stop_clocks(struct npu_card *card, bool on)
{
    uint64_t now = npu_card_now(card);
    unsigned i;

    for (i = 0; i < NPU_MAX_QUEUES; i++) {
        struct npu_queue *queue = &card->queue[i];

        if (queue->job && queue->job->phase == NPU_JOB_RUNNING) {
            npu_queue_clock(queue, now, on);
        }
    }
}

void npu_card_quiesce(struct npu_card *card)
{
    unsigned i;

    pthread_mutex_lock(&card->lock);
    __atomic_store_n(&card->quiesced, true, __ATOMIC_SEQ_CST);
    while (card_at_work(card)) {
        pthread_cond_wait(&card->parked, &card->lock);
    }
    npu_sched_pause(card);
    card_stop_clocks(card, false);
    pthread_mutex_unlock(&card->lock);
    /* Now is the time to say which pages of the host are dirty. */
    for (i = 0; i < NPU_MAX_QUEUES; i++) {
        npu_queue_unmap(card, &card->queue[i]);
    }
}

void npu_card_resume(struct npu_card *card)
{
    unsigned i;

    pthread_mutex_lock(&card->lock);
    __atomic_store_n(&card->quiesced, false, __ATOMIC_SEQ_CST);
    card_stop_clocks(card, true);
    for (i = 0; i < NPU_MAX_QUEUES; i++) {
        if (card->queue[i].job) {
            npu_job_step(card, card->queue[i].job);
        }
    }
    npu_sched_grant(card);
    pthread_cond_broadcast(&card->resumed);
    npu_cp_wake(card);
    pthread_mutex_unlock(&card->lock);
}

static bool card_work(struct npu_pool_client *client, struct npu_arena *arena)
{
    return npu_job_work((struct npu_card *)((char *)client -
                                            offsetof(struct npu_card, pool)),
                        arena);
}

static const char *card_check(const struct npu_card_config *config,
                              unsigned dies)
{
    if (dies < 1 || dies > NPU_MAX_DIES) {
        return "the number of dies must be from 1 to 8";
    }
    if (!config->hbm || !config->hbm_size ||
        config->hbm_size % (dies * CARD_DIE_GRANULE)) {
        return "the size of HBM must be a multiple of 2 MiB times the number "
               "of dies";
    }
    if (config->hbm_size > (NPU_PTE_ADDRESS | (NPU_PT_SIZE - 1))) {
        return "HBM is larger than a page-table entry can address";
    }
    return NULL;
}

static unsigned card_threads(const struct npu_card_config *config,
                             unsigned dies)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);

    if (config->threads) {
        return config->threads;
    }
    return cpus < 1 ? 1 : cpus < (long)dies ? (unsigned)cpus : dies;
}

static void card_init_locks(struct npu_card *card)
{
    pthread_condattr_t attr;

    pthread_mutex_init(&card->lock, NULL);
    pthread_cond_init(&card->parked, NULL);
    pthread_cond_init(&card->resumed, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&card->cp_wake, &attr);
    pthread_condattr_destroy(&attr);
}

static void card_destroy(struct npu_card *card)
{
    npu_dma_destroy(&card->dma);
    pthread_cond_destroy(&card->cp_wake);
    pthread_cond_destroy(&card->resumed);
    pthread_cond_destroy(&card->parked);
    pthread_mutex_destroy(&card->lock);
    npu_regs_destroy(card);
    free(card);
}

static struct npu_card *card_alloc(const struct npu_card_config *config,
                                   const struct npu_profile *profile,
                                   unsigned dies)
{
    struct npu_card *card = calloc(1, sizeof(*card));

    if (!card) {
        return NULL;
    }
    if (!npu_regs_init(card) || !npu_dma_init(&card->dma)) {
        npu_regs_destroy(card);
        free(card);
        return NULL;
    }
    card_init_locks(card);
    card->ops = config->ops;
    card->opaque = config->opaque;
    card->profile = profile;
    card->dies = dies;
    card->threads = card_threads(config, dies);
    card->serial = config->serial;
    card->hbm.base = config->hbm;
    card->hbm.size = config->hbm_size;
    card->pool.work = card_work;
    LIST_INIT(&card->spaces);
    card_forget(card);
    return card;
}

struct npu_card *npu_card_new(const struct npu_card_config *config,
                              const char **why)
{
    const struct npu_profile *profile = npu_profile_find(config->profile);
    struct npu_card *card;
    unsigned dies;

    if (!profile) {
        *why = "there is no such profile";
        return NULL;
    }
    dies = config->dies ? config->dies : profile->dies;
    *why = card_check(config, dies);
    if (*why) {
        return NULL;
    }
    card = card_alloc(config, profile, dies);
    if (!card) {
        *why = "out of memory";
        return NULL;
    }
    if (!npu_pool_attach(config->pool, &card->pool, card->threads)) {
        *why = "no worker thread could be started";
        card_destroy(card);
        return NULL;
    }
    card->cp_thread = card->ops->thread_spawn("npu-cp", npu_cp_main, card);
    if (!card->cp_thread) {
        *why = "the command processor's thread could not be started";
        npu_pool_detach(&card->pool);
        card_destroy(card);
        return NULL;
    }
    return card;
}

void npu_card_free(struct npu_card *card)
{
    unsigned i;

    pthread_mutex_lock(&card->lock);
    npu_card_reset_locked(card);
    card->quit = true;
    pthread_mutex_unlock(&card->lock);
    card->ops->thread_join(card->cp_thread);
    npu_pool_detach(&card->pool);
    for (i = 0; i < NPU_MAX_QUEUES; i++) {
        npu_queue_unmap(card, &card->queue[i]);
        npu_queue_clear(card, &card->queue[i]);
    }
    card_destroy(card);
}
