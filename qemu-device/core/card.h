/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the core share.
 *
 * Threads: one command processor (CP) a card fetches packets and raises
 * vectors; worker threads of the pool run tasks (job.h); callers of npu_card.h
 * come from wherever the host likes, and who rings a doorbell may be the CP for
 * a moment.
 *
 * Locks, outermost first: the host's own, npu_card.lock, npu_pool.lock or
 * npu_as.lock, npu_dma.gate.  npu_card.lock is never held while memory of the
 * guest is touched, nor in translate(), release() or raise_vector().
 */
#ifndef NPU_CORE_CARD_H
#define NPU_CORE_CARD_H

#include <pthread.h>
#include <sys/queue.h>

#include "dma.h"
#include "job.h"
#include "mem.h"
#include "mmu.h"
#include "npu_card.h"
#include "pool.h"

#define NPU_RING_ORDER_MAX 16
#define NPU_SLICE_NS 5000000ull
#define NPU_QUEUE_WORDS (NPU_MAX_QUEUES / 64)
#define NPU_NEVER UINT64_MAX

struct npu_queue {
    /* Registers, written while the queue is disabled */
    uint64_t ring;
    uint64_t tail_at;
    uint64_t fence_at;
    uint64_t root;
    uint32_t order;
    uint32_t die_mask;
    uint32_t priority;
    uint32_t vector;

    uint32_t state; /* enum npu_queue_state */
    uint32_t insn;
    uint64_t head;
    uint64_t tail; /* as last read */
    uint64_t tiles;
    uint64_t device_time;
    struct npu_error error;

    /* Executed time of the packet at the head */
    uint64_t exec_time;
    uint64_t exec_since;
    bool executing;

    bool doorbell;     /* the tail may have moved */
    bool stop;         /* STOP was asked for */
    bool tell;         /* the host is to hear of the error */
    bool serviced;     /* the CP works on it without the lock */
    bool attended;     /* in npu_card.attention */
    bool queued;       /* in npu_card.run_queue */
    bool invalidating; /* in npu_card.invalidations */
    TAILQ_ENTRY(npu_queue) attention_link;
    TAILQ_ENTRY(npu_queue) run_link;
    TAILQ_ENTRY(npu_queue) invalidate_link;

    struct npu_as *as; /* while enabled */
    struct npu_job *job;
    struct npu_as *invalidate_as;
    uint64_t invalidate_epoch;

    /* Used by the CP only */
    struct npu_dma_map ring_map;
    struct npu_dma_map tail_map;
    struct npu_dma_map fence_map;
};

TAILQ_HEAD(npu_queue_list, npu_queue);

struct npu_die {
    struct npu_queue *gang; /* whose gang it is in, NULL: idle */
    uint64_t since;         /* when the gang was formed */
    uint64_t busy_host;
    uint64_t busy_device;
    uint64_t tiles;
    uint32_t resets;
    uint32_t waiting; /* queues that wait for it */
    bool resetting;
};

struct npu_vector {
    uint64_t queues[NPU_QUEUE_WORDS];
    uint32_t masked;
    uint32_t holdoff;     /* us */
    uint64_t quiet_until; /* not raised before, ns */
    bool news;            /* to be raised when it may */
};

struct npu_card {
    const struct npu_host_ops *ops;
    void *opaque;
    const struct npu_profile *profile;
    struct npu_pool_client pool;
    struct npu_hbm hbm;
    struct npu_dma dma;
    unsigned dies;
    unsigned threads;
    uint64_t serial;
    void *cp_thread;

    pthread_mutex_t lock;   /* protects all that follows */
    pthread_cond_t cp_wake; /* the CP has something to do */
    pthread_cond_t parked;  /* fewer threads are at work */
    pthread_cond_t resumed; /* quiesced has become false, or abort true */

    bool abort;    /* a reset is in progress (atomic) */
    bool quit;     /* the card is being freed */
    bool quiesced; /* written with the lock, atomic */
    bool dirty;
    bool stale_maps; /* translations kept by queues are of no use */
    bool check_invalidations;
    bool cp_active;       /* somebody is the CP, without the lock */
    bool cp_poked;        /* since the CP has last looked around */
    unsigned running;     /* tasks in flight */
    unsigned translating; /* of these and the CP: inside translate() */

    uint64_t device_time;
    uint32_t event_vector;
    uint32_t events;
    uint64_t error_queues[NPU_QUEUE_WORDS];

    struct npu_queue queue[NPU_MAX_QUEUES];
    struct npu_die die[NPU_MAX_DIES];
    struct npu_vector vector[NPU_MAX_VECTORS];

    struct npu_queue_list attention; /* the CP is to look at these */
    struct npu_queue_list run_queue; /* wait for their gang, in order */
    struct npu_queue_list invalidations;
    struct npu_job_list starved; /* wait for room for their programs, in order */
    uint64_t program_room;       /* bytes of it that are left */
    struct npu_job_list ready;   /* have tasks for the pool */
    struct npu_as_list spaces;

    /* High words held by reads of low words, see regs.c */
    uint64_t *held;
    uint32_t held_epoch;
    uint32_t low_written[NPU_MAX_QUEUES][4];
};

/* card.c */
static inline uint64_t npu_card_now(const struct npu_card *card)
{
    return card->ops->now(card->opaque);
}

/* The die that a tile's place in its gang is. */
static inline unsigned npu_task_die(const struct npu_task *task)
{
    uint32_t mask = task->job->queue->die_mask;
    unsigned rank;

    for (rank = task->rank; rank; rank--) {
        mask &= mask - 1;
    }
    return __builtin_ctz(mask);
}

static inline void npu_card_trace(const struct npu_card *card,
                                  enum npu_trace event, uint64_t a, uint64_t b,
                                  uint64_t c, uint64_t d)
{
    if (card->ops->trace) {
        card->ops->trace(card->opaque, event, a, b, c, d);
    }
}

static inline bool npu_card_aborting(const struct npu_card *card)
{
    return __atomic_load_n(&card->abort, __ATOMIC_ACQUIRE);
}

static inline unsigned npu_queue_index(const struct npu_card *card,
                                       const struct npu_queue *queue)
{
    return queue - card->queue;
}

void npu_card_reset_locked(struct npu_card *card);
void npu_card_finish_reset(struct npu_card *card);
/* Around translate(): a thread in there does not keep a quiesce waiting. */
void npu_card_park(struct npu_card *card);
void npu_card_unpark(struct npu_card *card);
/* A task or the CP is not at work any more. */
void npu_card_left(struct npu_card *card);

/* cp.c: with the lock held. */
void npu_cp_main(void *card);
void npu_cp_wake(struct npu_card *card);
void npu_cp_attend(struct npu_card *card, struct npu_queue *queue);
/* As attend; be the CP until it has nothing to do, if it sleeps.  Drops the lock. */
void npu_cp_lend(struct npu_card *card, struct npu_queue *queue);

/* queue.c: with the lock held. */
void npu_queue_init(struct npu_queue *queue);
void npu_queue_doorbell(struct npu_card *card, struct npu_queue *queue);
void npu_queue_control(struct npu_card *card, struct npu_queue *queue,
                       uint32_t command);
void npu_queue_service(struct npu_card *card, struct npu_queue *queue);
void npu_queue_fail(struct npu_card *card, struct npu_queue *queue,
                    const struct npu_error *error);
void npu_queue_clear(struct npu_card *card, struct npu_queue *queue);
void npu_queue_clock(struct npu_queue *queue, uint64_t now, bool on);
uint64_t npu_queue_exec_time(const struct npu_queue *queue, uint64_t now);
/* Without the lock, by the CP or while it is parked. */
void npu_queue_unmap(struct npu_card *card, struct npu_queue *queue);

/*
 * packet.c: check the packet and do it or start it.  With the lock held, which
 * is dropped for a while.  Returns an error code with the detail in *error; on
 * success the packet is done unless the queue has a job or waits for an
 * invalidation.
 */
uint32_t npu_packet_begin(struct npu_card *card, struct npu_queue *queue,
                          const struct npu_packet *packet,
                          struct npu_error *error);

/* invalidate.c: with the lock held. */
void npu_invalidate_begin(struct npu_card *card, struct npu_queue *queue,
                          const struct npu_packet *packet);
bool npu_invalidate_pending(struct npu_queue *queue);
void npu_invalidate_end(struct npu_card *card, struct npu_queue *queue);
void npu_invalidate_check(struct npu_card *card);

/* sched.c: with the lock held. */
void npu_sched_enqueue(struct npu_card *card, struct npu_queue *queue);
/* Give the gang back, or the place in the run queue. */
void npu_sched_leave(struct npu_card *card, struct npu_queue *queue);
bool npu_sched_must_yield(const struct npu_card *card,
                          const struct npu_queue *queue);
void npu_sched_yield(struct npu_card *card, struct npu_queue *queue);
void npu_sched_grant(struct npu_card *card);
void npu_sched_pause(struct npu_card *card);
void npu_sched_timers(struct npu_card *card, uint64_t now, uint64_t *deadline);

/* vector.c: with the lock held. */
void npu_vector_init(struct npu_card *card);
void npu_vector_news(struct npu_card *card, uint32_t vector, unsigned queue);
void npu_vector_event(struct npu_card *card, uint32_t event);
uint64_t npu_vector_read_queues(struct npu_card *card, unsigned vector,
                                unsigned word);
uint32_t npu_vector_summary(const struct npu_card *card, unsigned vector);
void npu_vector_set_mask(struct npu_card *card, unsigned vector, bool masked);
void npu_vector_set_holdoff(struct npu_card *card, unsigned vector,
                            uint32_t us);
/* The vectors to raise now, by bit; lowers *deadline to the next hold-off. */
uint32_t npu_vector_due(struct npu_card *card, uint64_t now,
                        uint64_t *deadline);

/* die.c: with the lock held. */
void npu_die_init(struct npu_card *card);
void npu_die_join(struct npu_card *card, unsigned die, struct npu_queue *queue,
                  uint64_t now);
void npu_die_leave(struct npu_card *card, unsigned die, uint64_t now);
void npu_die_reset(struct npu_card *card, unsigned die);
uint64_t npu_die_busy_host(const struct npu_card *card, unsigned die);
uint32_t npu_die_state(const struct npu_card *card, unsigned die);

/* timing.c */
uint64_t npu_timing_insn(const struct npu_profile *profile, unsigned dies,
                         const struct npu_cost *cost);
uint64_t npu_timing_peak(const struct npu_profile *profile, unsigned dies,
                         const struct npu_cost *cost);
uint64_t npu_timing_copy(const struct npu_profile *profile, uint64_t bytes);

/* error.c */
void npu_error_set(struct npu_error *error, uint32_t code);
void npu_error_from_fault(struct npu_error *error,
                          const struct npu_fault *fault);
void npu_error_from_verdict(struct npu_error *error,
                            const struct npu_verdict *verdict);
/* False for what the driver itself asked for. */
bool npu_error_is_guests(uint32_t code);
void npu_error_text(const struct npu_error *error, unsigned queue, char *text,
                    size_t size);

#endif
