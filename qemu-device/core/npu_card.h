/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The card itself: registers, queues, MMU, DMA, dies, time.  It knows nothing of
 * PCI and QEMU; it reaches its host through struct npu_host_ops only.
 */
#ifndef NPU_CARD_H
#define NPU_CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "npu/regs.h"

struct npu_card;
struct npu_pool;

/* A piece of host memory that translate() found. */
struct npu_host_map {
    void *ptr;     /* first byte */
    uint64_t size; /* bytes from there, at most what was asked for */
    void *ref;     /* what release() gives back */
};

/*
 * What trace() is told of, with up to four numbers.  Queues, dies and tiles by
 * their index, a packet by its place in the ring counted from the beginning.
 */
enum npu_trace {
    NPU_TRACE_QUEUE_STATE,   /* queue, enum npu_queue_state, packet */
    NPU_TRACE_QUEUE_ERROR,   /* queue, enum npu_error_code, insn, address */
    NPU_TRACE_PACKET_BEGIN,  /* queue, packet, enum npu_packet_opcode */
    NPU_TRACE_PACKET_END,    /* queue, packet */
    NPU_TRACE_GANG_FORM,     /* queue, die mask */
    NPU_TRACE_GANG_DISSOLVE, /* queue, die mask */
    NPU_TRACE_TILE_BEGIN,    /* queue, insn, tile, die */
    NPU_TRACE_TILE_END,      /* queue, insn, tile, enum npu_error_code */
    NPU_TRACE_COPY_BEGIN,    /* queue, offset, bytes */
    NPU_TRACE_COPY_END,      /* queue, offset, bytes, enum npu_error_code */
    NPU_TRACE_DIE_RESET,     /* die, 1 if it was in a gang */
    NPU_TRACE_RESET_BEGIN,   /* tasks in flight */
    NPU_TRACE_RESET_END,
};

/* What a card asks of whoever hosts it.  The first two belong to the pool. */
struct npu_host_ops {
    /*
     * A thread with signals blocked that runs fn(arg); NULL: it could not be
     * made.  join waits for its end.  Neither is called from a card's thread.
     */
    void *(*thread_spawn)(const char *name, void (*fn)(void *), void *arg);
    void (*thread_join)(void *thread);

    /*
     * Translate a bus address to RAM and hold a reference to it.  Called with no
     * lock of the card held, from the card's threads, where it may block on the
     * host's own lock, or from a call of npu_card_mmio_write(), with what locks
     * that holds.  False: not RAM, or no access.  The result is good only while
     * the card's DMA generation (npu_card_dma_invalidate) has not changed; the
     * card checks that inside its gate before every use.
     */
    bool (*translate)(void *opaque, uint64_t bus, uint64_t size, bool write,
                      struct npu_host_map *map);
    /* Called as translate() is. */
    void (*release)(void *opaque, struct npu_host_map *map, bool dirty);

    /* HBM was stored to: after the stores, before progress is published. */
    void (*hbm_written)(void *opaque, uint64_t offset, uint64_t size);

    /* Raise an MSI-X vector.  Called as translate() is, must not block. */
    void (*raise_vector)(void *opaque, unsigned vector);

    /* Monotonic nanoseconds. */
    uint64_t (*now)(void *opaque);

    /* A guest's or driver's mistake; the host limits the rate. */
    void (*guest_error)(void *opaque, const char *text);

    /* Optional tracing, NULL: none.  From any thread, with or without locks. */
    void (*trace)(void *opaque, enum npu_trace event, uint64_t a, uint64_t b,
                  uint64_t c, uint64_t d);
};

/*
 * Worker threads that run tiles, shared by all cards of a process.  The pool
 * grows to the largest number of threads that any of its cards asks for; each
 * card uses at most its own number at a time.
 */
struct npu_pool *npu_pool_new(const struct npu_host_ops *ops);
void npu_pool_free(struct npu_pool *pool); /* no card may be left */

struct npu_card_config {
    uint32_t profile; /* enum npu_profile_id */
    unsigned dies;    /* 0: as in the profile */
    unsigned threads; /* 0: one per host CPU, at most the dies */
    uint64_t serial;
    void *hbm;         /* all of HBM, mapped by the host */
    uint64_t hbm_size; /* multiple of dies * 2 MiB */
    const struct npu_host_ops *ops;
    void *opaque;
    struct npu_pool *pool;
};

/* NULL and a message (static storage) in *why on error. */
struct npu_card *npu_card_new(const struct npu_card_config *config,
                              const char **why);
/* Stops everything, waits for it (at most 100 ms), frees. */
void npu_card_free(struct npu_card *card);

/*
 * BAR0.  Any offset and size; never blocks on work in flight.  A doorbell may run
 * short jobs in its caller's thread, for well under a millisecond.
 */
uint64_t npu_card_mmio_read(struct npu_card *card, uint64_t offset,
                            unsigned size);
void npu_card_mmio_write(struct npu_card *card, uint64_t offset, uint64_t value,
                         unsigned size);

/*
 * FLR and bus reset: forget everything, set BUSY, do not wait.  BUSY clears by
 * itself when the last tile from before has left, within 100 ms.
 */
void npu_card_reset(struct npu_card *card);

/*
 * The host's memory map or IOMMU mappings changed, or bus mastering was turned
 * off: waits for copies in flight (at most 64 KiB each), then no translation
 * from before is used again.
 */
void npu_card_dma_invalidate(struct npu_card *card);

/*
 * VM stop: take no new tile and wait until those in flight have finished or come
 * to their next access to memory; resume goes on where it stopped.
 */
void npu_card_quiesce(struct npu_card *card);
void npu_card_resume(struct npu_card *card);

/* ---- Profiles ------------------------------------------------------------ */

struct npu_profile {
    uint32_t id;       /* enum npu_profile_id */
    const char *type;  /* "npu-x6000" */
    const char *model; /* "X6000" */
    unsigned dies;
    uint64_t hbm_size; /* bytes */
    /* Operations per ns (= TOPS x 1000) of the whole package by element type */
    double peak_f32, peak_f16, peak_s8, peak_s32;
    double hbm_bandwidth; /* bytes per ns, the whole package */
    double die_bandwidth; /* bytes per ns, die to die */
    double latency;       /* ns an instruction costs at least */
    unsigned ports;       /* 400G fabric ports */
    unsigned watts;
    unsigned price; /* US dollars, 0: unknown */
};

extern const struct npu_profile npu_profiles[];
extern const unsigned npu_profile_count;
const struct npu_profile *npu_profile_find(uint32_t id);

#endif
