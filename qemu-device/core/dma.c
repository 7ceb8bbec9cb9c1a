/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host memory.  A bus address is translated outside the gate, where the host
 * may take its own lock; the copy is done inside the gate, after a look at
 * whether the translation still holds, at most DMA_PIECE bytes at a time so
 * that whoever wants the gate for writing waits for microseconds only.
 */
#define _GNU_SOURCE
#include <string.h>

#include "card.h"

#define DMA_PIECE (64u << 10)
#define DMA_LINE 64u

enum dma_kind {
    DMA_READ,
    DMA_WRITE,
    DMA_LOAD64,
    DMA_STORE64,
};

bool npu_dma_init(struct npu_dma *dma)
{
    pthread_rwlockattr_t attr;
    bool ok;

    if (pthread_rwlockattr_init(&attr)) {
        return false;
    }
    /* A stream of copies must not keep an invalidation out. */
    pthread_rwlockattr_setkind_np(&attr,
                                  PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    ok = !pthread_rwlock_init(&dma->gate, &attr);
    pthread_rwlockattr_destroy(&attr);
    return ok;
}

void npu_dma_destroy(struct npu_dma *dma)
{
    pthread_rwlock_destroy(&dma->gate);
}

void npu_dma_new_generation(struct npu_dma *dma)
{
    pthread_rwlock_wrlock(&dma->gate);
    __atomic_add_fetch(&dma->generation, 1, __ATOMIC_SEQ_CST);
    pthread_rwlock_unlock(&dma->gate);
}

void npu_dma_unmap(struct npu_card *card, struct npu_dma_map *map)
{
    if (map->held) {
        card->ops->release(card->opaque, &map->host, map->dirty);
        memset(map, 0, sizeof(*map));
    }
}

static bool dma_covers(const struct npu_dma_map *map, uint64_t bus,
                       size_t least, bool write, uint64_t generation)
{
    return map->held && map->write == write && map->generation == generation &&
           bus >= map->bus && bus - map->bus < map->host.size &&
           map->host.size - (bus - map->bus) >= least;
}

/*
 * From the start of the line, so that one translation serves a whole record.
 * The map is left alone while parked: a quiesce lets go of what queues hold
 * then.
 */
static bool dma_map(struct npu_card *card, struct npu_dma_map *map,
                    uint64_t bus, uint64_t size, bool write,
                    uint64_t generation)
{
    uint64_t skip = bus % DMA_LINE;
    struct npu_host_map host;
    bool found;

    npu_dma_unmap(card, map);
    npu_card_park(card);
    found = card->ops->translate(card->opaque, bus - skip, size + skip, write,
                                 &host);
    npu_card_unpark(card);
    if (!found) {
        return false;
    }
    map->host = host;
    map->held = true;
    map->bus = bus - skip;
    map->write = write;
    map->generation = generation;
    return true;
}

static void dma_move(enum dma_kind kind, uint8_t *host, void *buffer,
                     size_t size)
{
    uint64_t word;

    switch (kind) {
    case DMA_READ:
        memcpy(buffer, host, size);
        break;
    case DMA_WRITE:
        memcpy(host, buffer, size);
        break;
    case DMA_LOAD64:
        word = __atomic_load_n((uint64_t *)host, __ATOMIC_ACQUIRE);
        memcpy(buffer, &word, sizeof(word));
        break;
    case DMA_STORE64:
        memcpy(&word, buffer, sizeof(word));
        __atomic_store_n((uint64_t *)host, word, __ATOMIC_RELEASE);
        break;
    }
}

/* Returns the bytes moved: 0 if the translation does not hold any more. */
static size_t dma_piece(struct npu_card *card, struct npu_dma_map *map,
                        uint64_t bus, enum dma_kind kind, void *buffer,
                        size_t size)
{
    struct npu_dma *dma = &card->dma;
    uint64_t skip = bus - map->bus;
    uint64_t left = map->host.size - skip;
    size_t moved = 0;

    if (size > left) {
        size = left;
    }
    if (size > DMA_PIECE) {
        size = DMA_PIECE;
    }
    pthread_rwlock_rdlock(&dma->gate);
    if (__atomic_load_n(&dma->generation, __ATOMIC_RELAXED) ==
        map->generation) {
        dma_move(kind, (uint8_t *)map->host.ptr + skip, buffer, size);
        moved = size;
    }
    pthread_rwlock_unlock(&dma->gate);
    if (moved && map->write) {
        map->dirty = true;
    }
    return moved;
}

static bool dma_transfer(struct npu_card *card, struct npu_dma_map *map,
                         uint64_t bus, uint64_t ahead, enum dma_kind kind,
                         void *buffer, size_t size)
{
    bool write = kind == DMA_WRITE || kind == DMA_STORE64;
    size_t least = kind >= DMA_LOAD64 ? size : 1;
    uint8_t *bytes = buffer;

    while (size) {
        /* Before the look at abort: a reset sets that first, then raises it. */
        uint64_t generation = __atomic_load_n(&card->dma.generation,
                                              __ATOMIC_SEQ_CST);
        size_t moved;

        if (npu_card_aborting(card)) {
            return false;
        }
        if (!dma_covers(map, bus, least, write, generation)) {
            if (!dma_map(card, map, bus, ahead > size ? ahead : size, write,
                         generation) ||
                !dma_covers(map, bus, least, write, generation)) {
                return false;
            }
        }
        moved = dma_piece(card, map, bus, kind, bytes, size);
        bytes += moved;
        bus += moved;
        size -= moved;
        ahead = ahead > moved ? ahead - moved : 0;
    }
    return true;
}

bool npu_dma_read(struct npu_card *card, struct npu_dma_map *map, uint64_t bus,
                  uint64_t ahead, void *to, size_t size)
{
    return dma_transfer(card, map, bus, ahead, DMA_READ, to, size);
}

bool npu_dma_write(struct npu_card *card, struct npu_dma_map *map, uint64_t bus,
                   uint64_t ahead, const void *from, size_t size)
{
    return dma_transfer(card, map, bus, ahead, DMA_WRITE, (void *)from, size);
}

bool npu_dma_load64(struct npu_card *card, struct npu_dma_map *map,
                    uint64_t bus, uint64_t *value)
{
    return dma_transfer(card, map, bus, DMA_LINE, DMA_LOAD64, value,
                        sizeof(*value));
}

bool npu_dma_store64(struct npu_card *card, struct npu_dma_map *map,
                     uint64_t bus, uint64_t value)
{
    return dma_transfer(card, map, bus, DMA_LINE, DMA_STORE64, &value,
                        sizeof(value));
}
