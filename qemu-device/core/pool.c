/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The worker pool of a process.  A card that has work stands in a list; a
 * thread takes the first card, does one piece of its work and puts it behind
 * the others, so that cards share the threads evenly.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "npu_compute.h"
#include "pool.h"

struct npu_pool {
    const struct npu_host_ops *ops;
    pthread_mutex_t lock;
    pthread_cond_t wake;                   /* a client wants threads, or quit */
    pthread_cond_t left;                   /* a thread has left a client */
    TAILQ_HEAD(, npu_pool_client) clients; /* those that want threads */
    void **thread;
    unsigned threads;
    bool quit;
};

static void pool_list(struct npu_pool *pool, struct npu_pool_client *client)
{
    if (!client->listed && client->wanted && client->active < client->limit) {
        client->listed = true;
        TAILQ_INSERT_TAIL(&pool->clients, client, link);
    }
}

static void pool_serve(struct npu_pool *pool, struct npu_pool_client *client,
                       struct npu_arena *arena)
{
    bool more;

    TAILQ_REMOVE(&pool->clients, client, link);
    client->listed = false;
    client->wanted--;
    client->active++;
    pool_list(pool, client);
    pthread_mutex_unlock(&pool->lock);

    more = client->work(client, arena);

    pthread_mutex_lock(&pool->lock);
    client->active--;
    if (more && client->wanted < client->limit) {
        client->wanted++;
    }
    pool_list(pool, client);
    pthread_cond_broadcast(&pool->left);
}

static void pool_main(void *opaque)
{
    struct npu_pool *pool = opaque;
    struct npu_arena *arena = npu_arena_new(); /* it works without one, too */

    pthread_mutex_lock(&pool->lock);
    while (!pool->quit) {
        struct npu_pool_client *client = TAILQ_FIRST(&pool->clients);

        if (client) {
            pool_serve(pool, client, arena);
        } else {
            pthread_cond_wait(&pool->wake, &pool->lock);
        }
    }
    pthread_mutex_unlock(&pool->lock);
    npu_arena_free(arena);
}

struct npu_pool *npu_pool_new(const struct npu_host_ops *ops)
{
    struct npu_pool *pool = calloc(1, sizeof(*pool));

    if (!pool) {
        return NULL;
    }
    pool->ops = ops;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pthread_cond_init(&pool->left, NULL);
    TAILQ_INIT(&pool->clients);
    return pool;
}

void npu_pool_free(struct npu_pool *pool)
{
    unsigned i;

    pthread_mutex_lock(&pool->lock);
    pool->quit = true;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (i = 0; i < pool->threads; i++) {
        pool->ops->thread_join(pool->thread[i]);
    }
    pthread_cond_destroy(&pool->left);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    free(pool->thread);
    free(pool);
}

/* Fewer threads than asked for will do, as long as there is one. */
static bool pool_grow(struct npu_pool *pool, unsigned threads)
{
    void **array;

    if (threads <= pool->threads) {
        return true;
    }
    array = realloc(pool->thread, threads * sizeof(*array));
    if (!array) {
        return pool->threads > 0;
    }
    pool->thread = array;
    while (pool->threads < threads) {
        char name[24];
        void *thread;

        snprintf(name, sizeof(name), "npu-die/%u", pool->threads);
        thread = pool->ops->thread_spawn(name, pool_main, pool);
        if (!thread) {
            break;
        }
        pool->thread[pool->threads++] = thread;
    }
    return pool->threads > 0;
}

bool npu_pool_attach(struct npu_pool *pool, struct npu_pool_client *client,
                     unsigned threads)
{
    bool ok;

    client->pool = pool;
    client->limit = threads;
    pthread_mutex_lock(&pool->lock);
    ok = pool_grow(pool, threads);
    pthread_mutex_unlock(&pool->lock);
    return ok;
}

void npu_pool_detach(struct npu_pool_client *client)
{
    struct npu_pool *pool = client->pool;

    pthread_mutex_lock(&pool->lock);
    client->limit = 0;
    client->wanted = 0;
    if (client->listed) {
        TAILQ_REMOVE(&pool->clients, client, link);
        client->listed = false;
    }
    while (client->active) {
        pthread_cond_wait(&pool->left, &pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
}

void npu_pool_kick(struct npu_pool_client *client, unsigned count)
{
    struct npu_pool *pool = client->pool;

    pthread_mutex_lock(&pool->lock);
    while (count && client->wanted < client->limit) {
        client->wanted++;
        count--;
        pthread_cond_signal(&pool->wake);
    }
    pool_list(pool, client);
    pthread_mutex_unlock(&pool->lock);
}
