/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a job.  Jobs that have tasks stand in the card's ready list, from
 * which worker threads take one task of the first job and put it behind the
 * others; for a while, until they look at other cards.  Whenever something has changed, npu_job_step() decides what is next.
 *
 * The command processor begins a job with a short program itself, up to its first
 * tile: to wake a worker, and to be woken by it, takes longer than that.
 */
#include <stdlib.h>

#include "card.h"

/* Pieces of one copy that are in flight at a time. */
#define JOB_DMA_ENGINES 2

/* How long a worker stays with a card that has more for it to do. */
#define JOB_WORK_NS 100000

/* Bytes of a program that is looked through in microseconds. */
#define JOB_SHORT_PROGRAM 4096

/* The image, the checked copy of it, and what is bound: never less than that. */
static uint64_t job_room(const struct npu_packet *packet)
{
    uint64_t program = packet->run.program_size;

    return 2 * program + program / 8 + 2 * packet->run.args_size + 4096;
}

/* In order: a large program is not kept waiting by small ones. */
static void job_admit(struct npu_card *card)
{
    struct npu_job *job;

    while (!card->abort && (job = TAILQ_FIRST(&card->starved)) != NULL &&
           job->room <= card->program_room) {
        TAILQ_REMOVE(&card->starved, job, link);
        card->program_room -= job->room;
        job->phase = NPU_JOB_PREPARE;
        npu_job_step(card, job);
    }
}

/* It waits no longer, or has no more use for what it took. */
static void job_give_room(struct npu_card *card, struct npu_job *job)
{
    if (job->phase == NPU_JOB_STARVED) {
        TAILQ_REMOVE(&card->starved, job, link);
    } else {
        card->program_room += job->room;
    }
    job->room = 0;
}

void npu_job_free(struct npu_card *card, struct npu_job *job)
{
    npu_run_free(job->run);
    npu_code_free(job->code);
    job_give_room(card, job);
    free(job);
    job_admit(card);
}

static bool job_take_tile(struct npu_job *job, struct npu_task *task)
{
    unsigned best = NPU_MAX_DIES;
    unsigned rank;

    /* A die works on one tile at a time; the one that is behind goes first. */
    for (rank = 0; rank < job->dies; rank++) {
        if (job->next[rank] < job->tiles && !(job->busy_ranks & (1u << rank)) &&
            (best == NPU_MAX_DIES || job->next[rank] < job->next[best])) {
            best = rank;
        }
    }
    if (best == NPU_MAX_DIES) {
        return false;
    }
    task->kind = NPU_TASK_TILE;
    task->rank = best;
    task->index = job->next[best];
    return true;
}

static bool job_take_chunk(const struct npu_job *job, struct npu_task *task)
{
    uint64_t left = job->packet.copy.size - job->offset;

    if (!left || job->in_flight >= JOB_DMA_ENGINES) {
        return false;
    }
    task->kind = NPU_TASK_CHUNK;
    task->index = job->offset;
    task->size = left < NPU_COPY_CHUNK ? left : NPU_COPY_CHUNK;
    return true;
}

static bool task_is_short(const struct npu_task *task)
{
    return task->kind != NPU_TASK_TILE && task->kind != NPU_TASK_CHUNK &&
           task->job->packet.run.program_size <= JOB_SHORT_PROGRAM;
}

/* What a thread could do for this job now. Changes nothing. */
static bool job_next_task(const struct npu_card *card, struct npu_job *job,
                          struct npu_task *task)
{
    task->kind = NPU_TASK_NONE;
    task->job = job;
    if (card->quiesced || card->abort) {
        return false;
    }
    switch (job->phase) {
    case NPU_JOB_PREPARE:
        task->kind = NPU_TASK_PREPARE;
        return !job->in_flight;
    case NPU_JOB_REPORT:
        task->kind = NPU_TASK_REPORT;
        return !job->in_flight;
    case NPU_JOB_RUNNING:
        break;
    default:
        return false;
    }
    if (job->error.code) {
        return false;
    }
    if (job->dma) {
        return job_take_chunk(job, task);
    }
    if (npu_sched_must_yield(card, job->queue)) {
        return false;
    }
    if (job->advance) {
        task->kind = NPU_TASK_ADVANCE;
        return !job->in_flight;
    }
    return job_take_tile(job, task);
}

/* How many threads could work on it now. */
static unsigned job_tasks(const struct npu_job *job)
{
    unsigned tasks = 0;
    unsigned rank;

    if (job->phase != NPU_JOB_RUNNING || job->advance) {
        return 1;
    }
    if (job->dma) {
        return JOB_DMA_ENGINES - job->in_flight;
    }
    for (rank = 0; rank < job->dies; rank++) {
        tasks += job->next[rank] < job->tiles &&
                 !(job->busy_ranks & (1u << rank));
    }
    return tasks;
}

static void job_make_ready(struct npu_card *card, struct npu_job *job,
                           bool worker)
{
    if (!job->ready) {
        job->ready = true;
        TAILQ_INSERT_TAIL(&card->ready, job, link);
    }
    /* A worker comes back by itself: one thread less to wake. */
    npu_pool_kick(&card->pool, job_tasks(job) - worker);
}

static void job_not_ready(struct npu_card *card, struct npu_job *job)
{
    if (job->ready) {
        job->ready = false;
        TAILQ_REMOVE(&card->ready, job, link);
    }
}

/* It is over, well or not: give back what it holds. */
static void job_leave(struct npu_card *card, struct npu_job *job)
{
    uint64_t now = npu_card_now(card);
    bool report = job->packet.opcode == NPU_PACKET_RUN &&
                  job->packet.run.report;

    if (job->dma) {
        npu_queue_clock(job->queue, now, false);
    } else if (job->phase == NPU_JOB_STARVED) {
        job_give_room(card, job);
    } else {
        npu_sched_leave(card, job->queue);
    }
    job->host_end = now;
    job->phase = report && !card->abort ? NPU_JOB_REPORT : NPU_JOB_DONE;
}

static bool job_is_over(const struct npu_card *card, const struct npu_job *job)
{
    if (job->error.code || card->abort) {
        return true;
    }
    return job->phase == NPU_JOB_RUNNING &&
           (job->dma ? job->offset == job->packet.copy.size : job->ended);
}

static void job_step(struct npu_card *card, struct npu_job *job, bool worker)
{
    struct npu_task task;

    if (!job->in_flight) {
        if (job->phase < NPU_JOB_REPORT && job_is_over(card, job)) {
            job_not_ready(card, job);
            job_leave(card, job);
        } else if (job->phase == NPU_JOB_RUNNING && !job->dma &&
                   npu_sched_must_yield(card, job->queue)) {
            npu_sched_yield(card, job->queue);
        }
    }
    if (job_next_task(card, job, &task)) {
        if (!job->by_cp || !task_is_short(&task)) {
            job_make_ready(card, job, worker);
        }
        return;
    }
    job_not_ready(card, job);
    if (job->phase == NPU_JOB_DONE) {
        npu_cp_attend(card, job->queue);
    }
}

void npu_job_step(struct npu_card *card, struct npu_job *job)
{
    job_step(card, job, false);
}

/* Only the first error counts.  Tasks in flight give up at their next access. */
static void job_fail(struct npu_job *job, const struct npu_error *error)
{
    if (!job->error.code) {
        job->error = *error;
        __atomic_store_n(&job->over, true, __ATOMIC_RELEASE);
    }
}

void npu_job_cancel(struct npu_card *card, struct npu_job *job, uint32_t code,
                    unsigned die)
{
    struct npu_error error;

    if (job->phase >= NPU_JOB_REPORT || job->error.code) {
        return;
    }
    npu_error_set(&error, code);
    if (job->phase == NPU_JOB_RUNNING && !job->dma) {
        error.insn = job->queue->insn;
        error.die = die;
    }
    job_fail(job, &error);
    npu_job_step(card, job);
}

static void job_begin_task(struct npu_card *card, struct npu_task *task)
{
    struct npu_job *job = task->job;

    job->in_flight++;
    card->running += !job->by_cp;
    if (task->kind == NPU_TASK_TILE) {
        job->busy_ranks |= 1u << task->rank;
        job->next[task->rank] += job->dies;
    } else if (task->kind == NPU_TASK_CHUNK) {
        job->offset += task->size;
    }
}

static struct npu_task job_pick(struct npu_card *card)
{
    struct npu_task task = { .kind = NPU_TASK_NONE };
    struct npu_job *job;

    while ((job = TAILQ_FIRST(&card->ready)) != NULL) {
        struct npu_task next;

        TAILQ_REMOVE(&card->ready, job, link);
        job->ready = false;
        if (job_next_task(card, job, &task)) {
            job_begin_task(card, &task);
            if (job_next_task(card, job, &next)) {
                job->ready = true;
                TAILQ_INSERT_TAIL(&card->ready, job, link);
            }
            break;
        }
        /* Its time slice may be over: it cannot be left lying about. */
        npu_job_step(card, job);
    }
    return task;
}

static void job_do_tile(struct npu_card *card, struct npu_task *task)
{
    unsigned queue = npu_queue_index(card, task->job->queue);
    uint32_t insn = task->job->insn;

    npu_card_trace(card, NPU_TRACE_TILE_BEGIN, queue, insn, task->index,
                   npu_task_die(task));
    npu_run_do_tile(card, task);
    npu_card_trace(card, NPU_TRACE_TILE_END, queue, insn, task->index,
                   task->error.code);
}

static void job_do_chunk(struct npu_card *card, struct npu_task *task)
{
    unsigned queue = npu_queue_index(card, task->job->queue);

    npu_card_trace(card, NPU_TRACE_COPY_BEGIN, queue, task->index, task->size,
                   0);
    npu_copy_chunk(card, task);
    npu_card_trace(card, NPU_TRACE_COPY_END, queue, task->index, task->size,
                   task->error.code);
}

static void job_do_task(struct npu_card *card, struct npu_task *task)
{
    npu_error_set(&task->error, NPU_ERR_NONE);
    switch (task->kind) {
    case NPU_TASK_PREPARE:
        npu_run_prepare(card, task->job, &task->error);
        break;
    case NPU_TASK_ADVANCE:
        npu_run_advance(card, task->job);
        break;
    case NPU_TASK_TILE:
        job_do_tile(card, task);
        break;
    case NPU_TASK_CHUNK:
        job_do_chunk(card, task);
        break;
    case NPU_TASK_REPORT:
        npu_run_report(card, task->job, &task->error);
        break;
    case NPU_TASK_NONE:
        break;
    }
}

static void job_tile_done(struct npu_card *card, struct npu_task *task)
{
    struct npu_job *job = task->job;

    job->busy_ranks &= ~(1u << task->rank);
    job->queue->tiles++;
    card->die[npu_task_die(task)].tiles++;
    if (++job->tiles_done == job->tiles) {
        job->advance = true;
    }
}

static void job_charge(struct npu_card *card, struct npu_job *job)
{
    uint32_t mask;

    card->device_time += job->charge;
    job->queue->device_time += job->charge;
    if (!job->dma) {
        for (mask = job->queue->die_mask; mask; mask &= mask - 1) {
            card->die[__builtin_ctz(mask)].busy_device += job->charge;
        }
    }
    job->charge = 0;
}

static void job_advanced(struct npu_card *card, struct npu_job *job)
{
    unsigned rank;

    job_charge(card, job);
    job->queue->insn = job->insn;
    job->advance = false;
    job->tiles_done = 0;
    for (rank = 0; rank < job->dies; rank++) {
        job->next[rank] = rank;
    }
    if (job->stall) {
        job->stall_since = npu_card_now(card);
        npu_cp_wake(card); /* it keeps the time */
    }
}

static void job_end_task(struct npu_card *card, struct npu_task *task)
{
    struct npu_job *job = task->job;

    job->in_flight--;
    if (task->error.code) {
        job_fail(job, &task->error);
    }
    switch (task->kind) {
    case NPU_TASK_PREPARE:
        if (!job->error.code && !card->abort) {
            job->phase = NPU_JOB_QUEUED;
            npu_sched_enqueue(card, job->queue);
        }
        break;
    case NPU_TASK_ADVANCE:
        job_advanced(card, job);
        break;
    case NPU_TASK_TILE:
        job_tile_done(card, task);
        break;
    case NPU_TASK_CHUNK:
        job->charge = npu_timing_copy(card->profile, task->size);
        job_charge(card, job);
        break;
    case NPU_TASK_REPORT:
        job->phase = NPU_JOB_DONE;
        break;
    case NPU_TASK_NONE:
        break;
    }
    job_step(card, job, !job->by_cp);
    if (!job->by_cp) {
        card->running--;
        npu_card_left(card);
    }
}

static void job_run_task(struct npu_card *card, struct npu_task *task)
{
    pthread_mutex_unlock(&card->lock);
    job_do_task(card, task);
    pthread_mutex_lock(&card->lock);
    job_end_task(card, task);
}

/* By the CP, which is not among the running: it counts for itself. */
static void job_run_short(struct npu_card *card, struct npu_job *job)
{
    struct npu_task task;

    while (job_next_task(card, job, &task) && task_is_short(&task)) {
        job_begin_task(card, &task);
        job_run_task(card, &task);
    }
    job->by_cp = false;
}

static void job_start_dma(struct npu_card *card, struct npu_job *job)
{
    struct npu_queue *queue = job->queue;

    job->dma = true;
    job->phase = NPU_JOB_RUNNING;
    if (queue->state == NPU_QUEUE_WAITING) {
        queue->state = NPU_QUEUE_EXECUTING;
    }
    npu_queue_clock(queue, npu_card_now(card), true);
}

static void job_start_run(struct npu_card *card, struct npu_job *job)
{
    job->by_cp = true;
    job->room = job_room(&job->packet);
    TAILQ_INSERT_TAIL(&card->starved, job, link);
    job_admit(card);
    job_run_short(card, job);
}

bool npu_job_start(struct npu_card *card, struct npu_queue *queue,
                   const struct npu_packet *packet)
{
    struct npu_job *job = calloc(1, sizeof(*job));

    if (!job) {
        return false;
    }
    job->queue = queue;
    job->packet = *packet;
    job->dies = __builtin_popcount(queue->die_mask);
    queue->job = job;
    if (packet->opcode == NPU_PACKET_RUN) {
        job_start_run(card, job);
    } else {
        job_start_dma(card, job);
    }
    npu_job_step(card, job);
    return true;
}

bool npu_job_work(struct npu_card *card, struct npu_arena *arena)
{
    uint64_t end = npu_card_now(card) + JOB_WORK_NS;
    struct npu_task task;
    bool more;

    pthread_mutex_lock(&card->lock);
    do {
        task = job_pick(card);
        if (task.kind != NPU_TASK_NONE) {
            task.arena = arena;
            job_run_task(card, &task);
        }
        more = !TAILQ_EMPTY(&card->ready);
    } while (more && npu_card_now(card) < end);
    pthread_mutex_unlock(&card->lock);
    return more;
}
