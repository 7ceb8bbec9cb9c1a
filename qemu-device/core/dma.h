/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host memory, as the card's threads reach it. */
#ifndef NPU_DMA_H
#define NPU_DMA_H

#include <pthread.h>

#include "npu_card.h"

/*
 * Copies hold the gate for reading; whoever changes the host's mappings takes
 * it for writing and raises the generation.  Nothing inside the gate takes a
 * lock.
 */
struct npu_dma {
    pthread_rwlock_t gate;
    uint64_t generation; /* atomic; raised inside the gate */
};

/* A translation that is kept between uses. All zero: none. */
struct npu_dma_map {
    struct npu_host_map host;
    uint64_t bus;
    uint64_t generation;
    bool held;
    bool write;
    bool dirty;
};

bool npu_dma_init(struct npu_dma *dma);
void npu_dma_destroy(struct npu_dma *dma);

/* Waits for copies in flight; no translation from before is used again. */
void npu_dma_new_generation(struct npu_dma *dma);

/*
 * Copy between a buffer and host memory.  No lock of the card is held.  @ahead
 * is how much is worth translating from @bus on, for the uses to come.  False:
 * the memory cannot be reached, or the card is being reset.
 */
bool npu_dma_read(struct npu_card *card, struct npu_dma_map *map, uint64_t bus,
                  uint64_t ahead, void *to, size_t size);
bool npu_dma_write(struct npu_card *card, struct npu_dma_map *map, uint64_t bus,
                   uint64_t ahead, const void *from, size_t size);

/* The same for one aligned word, loaded or stored at once and in order. */
bool npu_dma_load64(struct npu_card *card, struct npu_dma_map *map,
                    uint64_t bus, uint64_t *value);
bool npu_dma_store64(struct npu_card *card, struct npu_dma_map *map,
                     uint64_t bus, uint64_t value);

void npu_dma_unmap(struct npu_card *card, struct npu_dma_map *map);

#endif
