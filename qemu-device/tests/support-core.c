/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host: threads, clocks, memory. */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "support-core.h"

#define FAKE_HANG_SECONDS 120

struct fake_thread {
    pthread_t thread;
    void (*fn)(void *);
    void *arg;
};

static void *thread_main(void *opaque)
{
    struct fake_thread *thread = opaque;

    thread->fn(thread->arg);
    return NULL;
}

static void *host_spawn(const char *name, void (*fn)(void *), void *arg)
{
    struct fake_thread *thread = malloc(sizeof(*thread));

    (void)name;
    thread->fn = fn;
    thread->arg = arg;
    if (pthread_create(&thread->thread, NULL, thread_main, thread)) {
        free(thread);
        return NULL;
    }
    return thread;
}

static void host_join(void *opaque)
{
    struct fake_thread *thread = opaque;

    pthread_join(thread->thread, NULL);
    free(thread);
}

static void host_wait_hold(struct fake *f)
{
    pthread_mutex_lock(&f->lock);
    f->held++;
    pthread_cond_broadcast(&f->changed);
    while (f->hold) {
        pthread_cond_wait(&f->changed, &f->lock);
    }
    f->held--;
    pthread_mutex_unlock(&f->lock);
}

static uint8_t *host_find(struct fake *f, uint64_t bus)
{
    uint64_t from = __atomic_load_n(&f->remap_from, __ATOMIC_SEQ_CST);

    if (from && bus / 4096 == from / 4096) {
        bus = f->remap_to + bus % 4096;
    }
    return f->ram + (bus - FAKE_RAM_BUS);
}

static bool host_translate(void *opaque, uint64_t bus, uint64_t size,
                           bool write, struct npu_host_map *map)
{
    struct fake *f = opaque;
    unsigned chunk = __atomic_load_n(&f->chunk, __ATOMIC_SEQ_CST);
    uint64_t offset = bus - FAKE_RAM_BUS;
    bool found = bus >= FAKE_RAM_BUS && offset < FAKE_RAM_SIZE &&
                 !__atomic_load_n(&f->deny, __ATOMIC_SEQ_CST);

    (void)write;
    __atomic_add_fetch(&f->translations, 1, __ATOMIC_SEQ_CST);
    if (found) {
        map->ptr = host_find(f, bus);
        map->size = FAKE_RAM_SIZE - offset < size ? FAKE_RAM_SIZE - offset :
                                                    size;
        if (chunk && map->size > chunk - bus % chunk) {
            map->size = chunk - bus % chunk;
        }
        map->ref = f;
        __atomic_add_fetch(&f->references, 1, __ATOMIC_SEQ_CST);
    }
    host_wait_hold(f);
    return found;
}

static void host_release(void *opaque, struct npu_host_map *map, bool dirty)
{
    struct fake *f = opaque;

    (void)dirty;
    assert_ptr_equal(map->ref, f);
    __atomic_sub_fetch(&f->references, 1, __ATOMIC_SEQ_CST);
}

static void host_written(void *opaque, uint64_t offset, uint64_t size)
{
    struct fake *f = opaque;

    pthread_mutex_lock(&f->lock);
    f->written += size;
    if (offset < f->written_low) {
        f->written_low = offset;
    }
    if (offset + size > f->written_high) {
        f->written_high = offset + size;
    }
    pthread_mutex_unlock(&f->lock);
}

static void host_raise(void *opaque, unsigned vector)
{
    struct fake *f = opaque;

    __atomic_add_fetch(&f->raised[vector], 1, __ATOMIC_SEQ_CST);
    if (pthread_equal(pthread_self(), f->owner)) {
        __atomic_add_fetch(&f->raised_by_owner, 1, __ATOMIC_SEQ_CST);
    }
}

static uint64_t host_now(void *opaque)
{
    (void)opaque;
    return fake_now();
}

static void host_error(void *opaque, const char *text)
{
    struct fake *f = opaque;

    pthread_mutex_lock(&f->lock);
    snprintf(f->error, sizeof(f->error), "%s", text);
    pthread_mutex_unlock(&f->lock);
    __atomic_add_fetch(&f->errors, 1, __ATOMIC_SEQ_CST);
}

static const struct npu_host_ops host_ops = {
    .thread_spawn = host_spawn,
    .thread_join = host_join,
    .translate = host_translate,
    .release = host_release,
    .hbm_written = host_written,
    .raise_vector = host_raise,
    .now = host_now,
    .guest_error = host_error,
};

const struct npu_host_ops *fake_ops(void)
{
    return &host_ops;
}

static void *host_memory(uint64_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    assert_ptr_not_equal(memory, MAP_FAILED);
    return memory;
}

struct fake *fake_new(const struct fake_config *config)
{
    struct fake *f = calloc(1, sizeof(*f));
    unsigned dies = config->dies ? config->dies : 8;
    struct npu_card_config card = {
        .profile = config->profile ? config->profile : NPU_PROFILE_X6000,
        .dies = dies,
        .threads = config->threads ? config->threads : 4,
        .serial = 0x1122334455667788ull,
        .ops = &host_ops,
        .opaque = f,
    };
    const char *why = NULL;

    assert_non_null(f);
    alarm(FAKE_HANG_SECONDS); /* a test that hangs has failed */
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->changed, NULL);
    f->owner = pthread_self();
    f->hbm_size = config->hbm_size ? config->hbm_size :
                                     (uint64_t)dies * FAKE_DIE_HBM;
    f->ram = host_memory(FAKE_RAM_SIZE);
    f->hbm = host_memory(f->hbm_size);
    f->written_low = UINT64_MAX;
    f->pool = npu_pool_new(&host_ops);
    assert_non_null(f->pool);
    card.hbm = f->hbm;
    card.hbm_size = f->hbm_size;
    card.pool = f->pool;
    f->card = npu_card_new(&card, &why);
    assert_non_null(f->card);
    return f;
}

struct fake *fake_default(void)
{
    struct fake_config config = { 0 };

    return fake_new(&config);
}

void fake_free(struct fake *f)
{
    npu_card_free(f->card);
    npu_pool_free(f->pool);
    assert_int_equal(f->references, 0);
    munmap(f->ram, FAKE_RAM_SIZE);
    munmap(f->hbm, f->hbm_size);
    pthread_cond_destroy(&f->changed);
    pthread_mutex_destroy(&f->lock);
    free(f);
}

void fake_hold(struct fake *f, bool hold)
{
    pthread_mutex_lock(&f->lock);
    f->hold = hold;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

void fake_wait_held(struct fake *f)
{
    pthread_mutex_lock(&f->lock);
    while (!f->held) {
        pthread_cond_wait(&f->changed, &f->lock);
    }
    pthread_mutex_unlock(&f->lock);
}

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return now.tv_sec * 1000000000ull + now.tv_nsec;
}

uint64_t fake_now(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

uint64_t fake_cpu(void)
{
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

uint64_t fake_limit(unsigned ms)
{
    double load = 0;

#ifdef __SANITIZE_ADDRESS__
    return ms * 10 * MS;
#endif
    if (getloadavg(&load, 1) != 1 || load > sysconf(_SC_NPROCESSORS_ONLN)) {
        return ms * 10 * MS;
    }
    return ms * MS;
}

void fake_sleep_ms(unsigned ms)
{
    struct timespec time = { ms / 1000, ms % 1000 * 1000000L };

    nanosleep(&time, NULL);
}

uint32_t rd32(struct fake *f, uint64_t offset)
{
    return npu_card_mmio_read(f->card, offset, 4);
}

uint64_t rd64(struct fake *f, uint64_t offset)
{
    return npu_card_mmio_read(f->card, offset, 8);
}

void wr32(struct fake *f, uint64_t offset, uint32_t value)
{
    npu_card_mmio_write(f->card, offset, value, 4);
}

void wr64(struct fake *f, uint64_t offset, uint64_t value)
{
    npu_card_mmio_write(f->card, offset, value, 8);
}

bool fake_wait32(struct fake *f, uint64_t offset, uint32_t want)
{
    uint64_t end = fake_now() + 20000 * MS;

    while (rd32(f, offset) != want) {
        if (fake_now() > end) {
            return false;
        }
        fake_sleep_ms(1);
    }
    return true;
}

bool fake_wait_ready(struct fake *f)
{
    return fake_wait32(f, NPU_REG_STATUS, NPU_STATUS_READY);
}

uint64_t fake_ram(struct fake *f, uint64_t size)
{
    uint64_t bus = FAKE_RAM_BUS + f->ram_top;

    f->ram_top += (size + 4095) & ~4095ull;
    assert_true(f->ram_top <= FAKE_RAM_SIZE);
    return bus;
}

void *fake_ram_ptr(struct fake *f, uint64_t bus)
{
    return f->ram + (bus - FAKE_RAM_BUS);
}
