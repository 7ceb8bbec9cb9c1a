/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gangs.  A RUN gets all dies of its queue's mask at once or none.  Those that
 * wait stand in one line; nobody overtakes a queue whose dies overlap with its
 * own, others do.  Who has held a gang for a time slice while others wait for
 * one of its dies gives it back at the next tile and goes to the end of the
 * line.
 */
#include "card.h"

static uint32_t sched_wanted(const struct npu_card *card)
{
    uint32_t mask = 0;
    unsigned die;

    for (die = 0; die < card->dies; die++) {
        if (card->die[die].waiting) {
            mask |= 1u << die;
        }
    }
    return mask;
}

static uint32_t sched_taken(const struct npu_card *card)
{
    uint32_t mask = 0;
    unsigned die;

    for (die = 0; die < card->dies; die++) {
        if (card->die[die].gang || card->die[die].resetting) {
            mask |= 1u << die;
        }
    }
    return mask;
}

static bool sched_holds(const struct npu_card *card,
                        const struct npu_queue *queue)
{
    return card->die[__builtin_ctz(queue->die_mask)].gang == queue;
}

static void sched_count_waiting(struct npu_card *card,
                                const struct npu_queue *queue, int change)
{
    uint32_t mask;

    for (mask = queue->die_mask; mask; mask &= mask - 1) {
        card->die[__builtin_ctz(mask)].waiting += change;
    }
}

static void sched_line_up(struct npu_card *card, struct npu_queue *queue,
                          bool first)
{
    queue->queued = true;
    sched_count_waiting(card, queue, 1);
    if (first) {
        TAILQ_INSERT_HEAD(&card->run_queue, queue, run_link);
    } else {
        TAILQ_INSERT_TAIL(&card->run_queue, queue, run_link);
    }
    queue->job->phase = NPU_JOB_QUEUED;
    if (queue->state == NPU_QUEUE_EXECUTING) {
        queue->state = NPU_QUEUE_WAITING;
    }
}

static void sched_drop_out(struct npu_card *card, struct npu_queue *queue)
{
    queue->queued = false;
    sched_count_waiting(card, queue, -1);
    TAILQ_REMOVE(&card->run_queue, queue, run_link);
}

static void sched_form_gang(struct npu_card *card, struct npu_queue *queue)
{
    uint64_t now = npu_card_now(card);
    struct npu_job *job = queue->job;
    uint32_t mask;

    sched_drop_out(card, queue);
    for (mask = queue->die_mask; mask; mask &= mask - 1) {
        npu_die_join(card, __builtin_ctz(mask), queue, now);
    }
    npu_queue_clock(queue, now, true);
    if (queue->state == NPU_QUEUE_WAITING) {
        queue->state = NPU_QUEUE_EXECUTING;
    }
    job->phase = NPU_JOB_RUNNING;
    if (!job->host_start) {
        job->host_start = now;
    }
    npu_card_trace(card, NPU_TRACE_GANG_FORM, npu_queue_index(card, queue),
                   queue->die_mask, 0, 0);
    if (job->stall) {
        job->stall_since = now;
        npu_cp_wake(card); /* it keeps the time */
    }
    npu_job_step(card, job);
}

static void sched_dissolve_gang(struct npu_card *card, struct npu_queue *queue)
{
    uint64_t now = npu_card_now(card);
    struct npu_job *job = queue->job;
    uint32_t mask;

    npu_queue_clock(queue, now, false);
    if (job->stall && job->stall_left != NPU_NEVER) {
        uint64_t held = now - job->stall_since;

        job->stall_left -= held < job->stall_left ? held : job->stall_left;
    }
    for (mask = queue->die_mask; mask; mask &= mask - 1) {
        npu_die_leave(card, __builtin_ctz(mask), now);
    }
    npu_card_trace(card, NPU_TRACE_GANG_DISSOLVE, npu_queue_index(card, queue),
                   queue->die_mask, 0, 0);
}

void npu_sched_grant(struct npu_card *card)
{
    uint32_t taken = sched_taken(card);
    struct npu_queue *queue, *next;

    if (card->quiesced || card->abort) {
        return;
    }
    for (queue = TAILQ_FIRST(&card->run_queue); queue; queue = next) {
        next = TAILQ_NEXT(queue, run_link);
        if (!(queue->die_mask & taken)) {
            sched_form_gang(card, queue);
        }
        taken |= queue->die_mask;
    }
}

void npu_sched_enqueue(struct npu_card *card, struct npu_queue *queue)
{
    sched_line_up(card, queue, false);
    npu_sched_grant(card);
    if (queue->queued) {
        /* The CP watches the slices of those who stand in the way. */
        npu_cp_wake(card);
    }
}

void npu_sched_leave(struct npu_card *card, struct npu_queue *queue)
{
    if (queue->queued) {
        sched_drop_out(card, queue);
    } else if (sched_holds(card, queue)) {
        sched_dissolve_gang(card, queue);
    } else {
        return;
    }
    npu_sched_grant(card);
}

bool npu_sched_must_yield(const struct npu_card *card,
                          const struct npu_queue *queue)
{
    return (sched_wanted(card) & queue->die_mask) &&
           npu_card_now(card) - queue->exec_since >= NPU_SLICE_NS;
}

void npu_sched_yield(struct npu_card *card, struct npu_queue *queue)
{
    sched_dissolve_gang(card, queue);
    sched_line_up(card, queue, false);
    npu_sched_grant(card);
}

/* All gangs that have nothing in flight, to be formed again in this order. */
void npu_sched_pause(struct npu_card *card)
{
    unsigned die;

    for (die = 0; die < card->dies; die++) {
        struct npu_queue *queue = card->die[die].gang;

        if (queue && !queue->job->in_flight) {
            sched_dissolve_gang(card, queue);
            sched_line_up(card, queue, true);
        }
    }
}

static bool sched_stall_over(struct npu_job *job, uint64_t now,
                             uint64_t *deadline)
{
    uint64_t end;

    if (job->stall_left == NPU_NEVER) {
        return false;
    }
    end = job->stall_since + job->stall_left;
    if (now >= end) {
        return true;
    }
    if (end < *deadline) {
        *deadline = end;
    }
    return false;
}

/*
 * A job with tiles looks at its slice between these; nobody else does for a
 * stall.
 */
static void sched_check_stall(struct npu_card *card, struct npu_queue *queue,
                              uint64_t now, uint64_t *deadline)
{
    struct npu_job *job = queue->job;
    uint64_t slice = queue->exec_since + NPU_SLICE_NS;

    if (job->in_flight || !job->stall || job->advance) {
        return;
    }
    if (sched_stall_over(job, now, deadline)) {
        job->advance = true;
        npu_job_step(card, job);
    } else if (sched_wanted(card) & queue->die_mask) {
        if (now >= slice) {
            npu_job_step(card, job);
        } else if (slice < *deadline) {
            *deadline = slice;
        }
    }
}

void npu_sched_timers(struct npu_card *card, uint64_t now, uint64_t *deadline)
{
    unsigned die;

    for (die = 0; die < card->dies; die++) {
        struct npu_queue *queue = card->die[die].gang;

        if (queue && die == (unsigned)__builtin_ctz(queue->die_mask)) {
            sched_check_stall(card, queue, now, deadline);
        }
    }
}
