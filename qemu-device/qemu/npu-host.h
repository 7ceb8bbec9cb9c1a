/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a card asks of its host, answered by QEMU.
 */
#ifndef HW_NPU_HOST_H
#define HW_NPU_HOST_H

#include "hw/pci/pci_device.h"
#include "qemu/thread.h"

#include "../core/npu_card.h"

typedef struct NPUHost {
    PCIDevice *pdev;
    QEMUBH *bh;       /* raises what is pending */
    uint32_t pending; /* vectors to raise, by bit; atomic */

    QemuMutex lock;  /* protects what follows */
    int64_t window;  /* when errors began to be counted, ms */
    unsigned errors; /* guest errors since then */
} NPUHost;

/* The opaque of these is the card's NPUState. */
extern const struct npu_host_ops npu_host_ops;

void npu_host_init(NPUHost *host, PCIDevice *pdev);
void npu_host_cleanup(NPUHost *host);
/* Raise what is pending; BQL. */
void npu_host_deliver_vectors(NPUHost *host);
/* Vectors that are still to be raised are not. */
void npu_host_forget_vectors(NPUHost *host);

/* The worker pool that all cards of this process share; BQL. */
struct npu_pool *npu_host_pool_get(void);
void npu_host_pool_put(void);

#endif
