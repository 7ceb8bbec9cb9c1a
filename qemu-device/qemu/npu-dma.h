/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host memory for the threads of a card.
 */
#ifndef HW_NPU_DMA_H
#define HW_NPU_DMA_H

#include "exec/memory.h"
#include "hw/pci/pci_device.h"
#include "qemu/queue.h"
#include "qemu/thread.h"

#include "../core/npu_card.h"

typedef struct NPUDMASection NPUDMASection;
typedef struct NPUDMARequest NPUDMARequest;
typedef struct NPUDMAIOMMU NPUDMAIOMMU;

typedef struct NPUDMA {
    PCIDevice *pdev;
    MemoryRegion *hbm; /* the card does not reach itself */
    struct npu_card *card;

    MemoryListener listener;
    bool changed;                     /* since the last commit; BQL */
    QLIST_HEAD(, NPUDMAIOMMU) iommus; /* BQL */
    QEMUBH *bh;

    QemuMutex lock; /* protects all that follows; innermost */
    QemuCond served;
    GArray *sections; /* NPUDMASection, by address */
    QSIMPLEQ_HEAD(, NPUDMARequest) requests;
    bool closed;
} NPUDMA;

/* Before the card exists: every translation fails. */
void npu_dma_setup(NPUDMA *dma, PCIDevice *pdev, MemoryRegion *hbm);
/* The card exists: follow the function's address space. */
void npu_dma_open(NPUDMA *dma, struct npu_card *card);
/* Let every translation fail, those under way too, so that threads can end. */
void npu_dma_close(NPUDMA *dma);
/* The card is gone. */
void npu_dma_cleanup(NPUDMA *dma);

/* As translate() and release() of struct npu_host_ops. */
bool npu_dma_translate(NPUDMA *dma, uint64_t bus, uint64_t size, bool write,
                       struct npu_host_map *map);
void npu_dma_release(struct npu_host_map *map, bool dirty);

/* Bytes at @ptr, which is in @mr, were stored to. Any thread, no lock needed. */
void npu_dma_mark_written(MemoryRegion *mr, void *ptr, uint64_t size);

#endif
