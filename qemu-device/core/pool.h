/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worker threads of a process, seen from a card. */
#ifndef NPU_POOL_H
#define NPU_POOL_H

#include <sys/queue.h>

#include "npu_card.h"

/* A card's place in the pool.  The pool's lock protects it. */
struct npu_arena;

struct npu_pool_client {
    TAILQ_ENTRY(npu_pool_client) link;
    struct npu_pool *pool;
    unsigned limit;  /* most threads at a time */
    unsigned active; /* threads inside work() */
    unsigned wanted; /* threads that should come, at most limit */
    bool listed;     /* in the pool's list */
    /* Do one piece of work, with the thread's arena; true: there is more. */
    bool (*work)(struct npu_pool_client *client, struct npu_arena *arena);
};

/* False: no thread could be made. */
bool npu_pool_attach(struct npu_pool *pool, struct npu_pool_client *client,
                     unsigned threads);
/* Waits until no thread is inside work(). */
void npu_pool_detach(struct npu_pool_client *client);

/* There is work for up to @count more threads. */
void npu_pool_kick(struct npu_pool_client *client, unsigned count);

#endif
