/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One user of memory for the time of a tile: translations, faults, dirty HBM.
 */
#ifndef NPU_ACCESS_H
#define NPU_ACCESS_H

#include "../compute/npu_compute.h"
#include "dma.h"
#include "mmu.h"

#define NPU_ACCESS_EXTENTS 8
#define NPU_ACCESS_RANGES 16

struct npu_fault {
    uint32_t code; /* enum npu_error_code */
    uint8_t space; /* enum npu_space */
    uint64_t address;
};

/* Where an address leads. */
struct npu_piece {
    uint8_t *hbm;     /* NULL: host memory */
    uint64_t address; /* HBM offset or bus address */
    uint64_t size;    /* bytes from there */
};

struct npu_range {
    uint64_t start, end;
};

struct npu_access {
    struct npu_mem mem; /* what a tile is given; must be first */
    struct npu_card *card;
    struct npu_as *as;
    const bool *over; /* atomic: give up; NULL: only for a reset */
    struct npu_hold hold;
    struct npu_fault fault; /* the first one */
    struct npu_extent extent[NPU_ACCESS_EXTENTS];
    unsigned next_extent;
    struct npu_dma_map host[2]; /* for reading, for writing */
    struct npu_range written[NPU_ACCESS_RANGES];
    unsigned ranges;
};

/*
 * No lock of the card is held by these.  Once *over or a reset has begun, every
 * access fails with NPU_ERR_STOPPED and there are no windows any more.  While the
 * VM stands still, an access of somebody with an @over waits.
 */
void npu_access_begin(struct npu_access *access, struct npu_card *card,
                      struct npu_as *as, const bool *over);
void npu_access_end(struct npu_access *access);

/* The piece at @address; false and a fault noted where there is none. */
bool npu_access_resolve(struct npu_access *access, uint8_t space,
                        uint64_t address, bool write, struct npu_piece *piece);

bool npu_access_read(struct npu_access *access, uint8_t space, uint64_t address,
                     void *to, size_t size);
bool npu_access_write(struct npu_access *access, uint8_t space,
                      uint64_t address, const void *from, size_t size);

/* [offset, offset + size) of HBM was, or will be until the end, stored to. */
void npu_access_written(struct npu_access *access, uint64_t offset,
                        uint64_t size);

bool npu_access_fault(struct npu_access *access, uint32_t code, uint8_t space,
                      uint64_t address);

#endif
