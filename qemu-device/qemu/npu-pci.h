/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The QEMU front end of the NPU card: what its files share.
 */
#ifndef HW_NPU_PCI_H
#define HW_NPU_PCI_H

#include "hw/pci/pci_device.h"
#include "qom/object.h"
#include "system/hostmem.h"
#include "system/runstate.h"

#include "../core/npu_card.h"
#include "npu-dma.h"
#include "npu-host.h"

#define TYPE_NPU_CARD "npu-pci"
OBJECT_DECLARE_TYPE(NPUState, NPUClass, NPU_CARD)

struct NPUClass {
    PCIDeviceClass parent_class;

    const struct npu_profile *profile;
};

struct NPUState {
    PCIDevice parent_obj;

    /* Properties; 0: as the profile has it, or chosen by the card */
    uint32_t dies;
    uint32_t threads;
    uint64_t serial;
    uint64_t hbm_size;
    HostMemoryBackend *memdev;

    MemoryRegion regs;
    MemoryRegion hbm_bar; /* a power of 2, with hbm at its start */
    MemoryRegion own_hbm; /* used without memdev= */
    MemoryRegion *hbm;
    MemoryRegion msix_bar;

    struct npu_card *card;
    NPUDMA dma;
    NPUHost host;
    VMChangeStateEntry *vm_state;
    bool quiesced;
    Error *migration_blocker;
};

#endif
