/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a card asks of its host, answered by QEMU.  All but the pool's life is
 * called from the card's own threads, without the BQL, or from npu_regs_write(),
 * with it.
 */
#include "qemu/osdep.h"
#include "qemu/log.h"
#include "qemu/main-loop.h"
#include "qemu/rcu.h"
#include "qemu/timer.h"
#include "hw/pci/msix.h"
#include "../trace.h"

#include "npu-pci.h"

/* Guest errors that a card may log in a second. */
#define NPU_ERRORS_PER_SECOND 10

/* ---- Threads ------------------------------------------------------------- */

typedef struct NPUThread {
    pthread_t thread;
    void (*fn)(void *);
    void *arg;
} NPUThread;

static void *npu_thread_main(void *opaque)
{
    NPUThread *thread = opaque;

    rcu_register_thread();
    thread->fn(thread->arg);
    rcu_unregister_thread();
    return NULL;
}

/* Unlike qemu_thread_create(), this may fail and QEMU goes on. */
static void *npu_thread_spawn(const char *name, void (*fn)(void *), void *arg)
{
    NPUThread *thread = g_new0(NPUThread, 1);
    sigset_t all, old;
    int ret;

    thread->fn = fn;
    thread->arg = arg;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    ret = pthread_create(&thread->thread, NULL, npu_thread_main, thread);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (ret) {
        g_free(thread);
        return NULL;
    }
    pthread_setname_np(thread->thread, name);
    return thread;
}

static void npu_thread_join(void *opaque)
{
    NPUThread *thread = opaque;

    pthread_join(thread->thread, NULL);
    g_free(thread);
}

/* ---- Memory -------------------------------------------------------------- */

static bool npu_translate(void *opaque, uint64_t bus, uint64_t size, bool write,
                          struct npu_host_map *map)
{
    return npu_dma_translate(&NPU_CARD(opaque)->dma, bus, size, write, map);
}

static void npu_release(void *opaque, struct npu_host_map *map, bool dirty)
{
    npu_dma_release(map, dirty);
}

static void npu_hbm_written(void *opaque, uint64_t offset, uint64_t size)
{
    NPUState *s = NPU_CARD(opaque);
    uint8_t *hbm = memory_region_get_ram_ptr(s->hbm);

    npu_dma_mark_written(s->hbm, hbm + offset, size);
}

/* ---- Vectors ------------------------------------------------------------- */

/* The guest says where a message goes: one may have pulled the card. */
void npu_host_deliver_vectors(NPUHost *host)
{
    uint32_t pending;

    if (!qatomic_read(&host->pending)) {
        return;
    }
    pending = qatomic_xchg(&host->pending, 0);

    while (pending && qdev_is_realized(DEVICE(host->pdev))) {
        unsigned vector = ctz32(pending);

        pending &= pending - 1;
        trace_npu_raise_vector(host->pdev->name, vector);
        msix_notify(host->pdev, vector);
    }
}

static void npu_deliver_bh(void *opaque)
{
    npu_host_deliver_vectors(opaque);
}

/*
 * MSI-X wants the BQL, which a thread of the card must not wait for.  Who has it
 * is in npu_regs_write() and delivers when the card has finished with the write.
 */
static void npu_raise_vector(void *opaque, unsigned vector)
{
    NPUHost *host = &NPU_CARD(opaque)->host;

    qatomic_or(&host->pending, 1u << vector);
    if (!bql_locked()) {
        qemu_bh_schedule(host->bh);
    }
}

void npu_host_forget_vectors(NPUHost *host)
{
    qatomic_set(&host->pending, 0);
}

/* ---- Time and words ------------------------------------------------------ */

static uint64_t npu_now(void *opaque)
{
    return qemu_clock_get_ns(QEMU_CLOCK_REALTIME);
}

/* A guest must not be able to fill the log. */
static bool npu_may_log(NPUHost *host)
{
    int64_t now = qemu_clock_get_ms(QEMU_CLOCK_REALTIME);
    QEMU_LOCK_GUARD(&host->lock);

    if (now - host->window >= 1000) {
        host->window = now;
        host->errors = 0;
    }
    return host->errors++ < NPU_ERRORS_PER_SECOND;
}

static void npu_guest_error(void *opaque, const char *text)
{
    NPUHost *host = &NPU_CARD(opaque)->host;

    trace_npu_guest_error(host->pdev->name, text);
    if (qemu_loglevel_mask(LOG_GUEST_ERROR) && npu_may_log(host)) {
        qemu_log("%s: %s\n", host->pdev->name, text);
    }
}

static void npu_trace(void *opaque, enum npu_trace event, uint64_t a,
                      uint64_t b, uint64_t c, uint64_t d)
{
    const char *name = NPU_CARD(opaque)->host.pdev->name;

    switch (event) {
    case NPU_TRACE_QUEUE_STATE:
        trace_npu_set_queue_state(name, a, b, c);
        break;
    case NPU_TRACE_QUEUE_ERROR:
        trace_npu_fail_queue(name, a, b, c, d);
        break;
    case NPU_TRACE_PACKET_BEGIN:
        trace_npu_begin_packet(name, a, b, c);
        break;
    case NPU_TRACE_PACKET_END:
        trace_npu_end_packet(name, a, b);
        break;
    case NPU_TRACE_GANG_FORM:
        trace_npu_form_gang(name, a, b);
        break;
    case NPU_TRACE_GANG_DISSOLVE:
        trace_npu_dissolve_gang(name, a, b);
        break;
    case NPU_TRACE_TILE_BEGIN:
        trace_npu_begin_tile(name, a, b, c, d);
        break;
    case NPU_TRACE_TILE_END:
        trace_npu_end_tile(name, a, b, c, d);
        break;
    case NPU_TRACE_COPY_BEGIN:
        trace_npu_begin_copy(name, a, b, c);
        break;
    case NPU_TRACE_COPY_END:
        trace_npu_end_copy(name, a, b, c, d);
        break;
    case NPU_TRACE_DIE_RESET:
        trace_npu_reset_die(name, a, b);
        break;
    case NPU_TRACE_RESET_BEGIN:
        trace_npu_begin_reset(name, a);
        break;
    case NPU_TRACE_RESET_END:
        trace_npu_end_reset(name);
        break;
    }
}

const struct npu_host_ops npu_host_ops = {
    .thread_spawn = npu_thread_spawn,
    .thread_join = npu_thread_join,
    .translate = npu_translate,
    .release = npu_release,
    .hbm_written = npu_hbm_written,
    .raise_vector = npu_raise_vector,
    .now = npu_now,
    .guest_error = npu_guest_error,
    .trace = npu_trace,
};

void npu_host_init(NPUHost *host, PCIDevice *pdev)
{
    host->pdev = pdev;
    host->pending = 0;
    qemu_mutex_init(&host->lock);
    host->bh = qemu_bh_new_guarded(npu_deliver_bh, host,
                                   &DEVICE(pdev)->mem_reentrancy_guard);
}

void npu_host_cleanup(NPUHost *host)
{
    qemu_bh_delete(host->bh);
    qemu_mutex_destroy(&host->lock);
}

/* ---- The pool ------------------------------------------------------------ */

static struct npu_pool *npu_pool;
static unsigned npu_pool_users;

struct npu_pool *npu_host_pool_get(void)
{
    if (!npu_pool) {
        npu_pool = npu_pool_new(&npu_host_ops);
        if (!npu_pool) {
            return NULL;
        }
    }
    npu_pool_users++;
    return npu_pool;
}

void npu_host_pool_put(void)
{
    if (!--npu_pool_users) {
        npu_pool_free(npu_pool);
        npu_pool = NULL;
    }
}
