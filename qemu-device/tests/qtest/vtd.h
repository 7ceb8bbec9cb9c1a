/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine's IOMMU, an intel-iommu in legacy mode, as a very small driver sees
 * it.  Its tables lie in guest memory.
 */
#ifndef NPU_QTEST_VTD_H
#define NPU_QTEST_VTD_H

#include <stdint.h>

#define VTD_ARGS "-device intel-iommu,intremap=off,aw-bits=48 "

#define VTD_REGS 0xfed90000ull

/* Guest memory for its tables. */
#define VTD_TABLES 0x4000000ull
#define VTD_TABLES_SIZE 0x10000

/* Bits of a mapping */
#define VTD_READ 1u
#define VTD_WRITE 2u

/* Forget all mappings; give the devices of bus @bus, devfn 0, the one domain. */
void vtd_clear(void);
void vtd_add_bus(unsigned bus);

/* Map a page of 4 KiB << (9 * @level); @flags of 0 unmap it. */
void vtd_map(uint64_t bus_address, unsigned level, uint64_t memory,
             unsigned flags);

/* Let the device see changes of the tables. */
void vtd_invalidate(void);

void vtd_enable(void);
void vtd_disable(void);

#endif
