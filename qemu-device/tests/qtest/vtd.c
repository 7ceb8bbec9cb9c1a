/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vtd.h"
#include "qemu.h"
#include "tap.h"

#define VTD_GCMD 0x18
#define VTD_GSTS 0x1c
#define VTD_RTADDR 0x20
#define VTD_CCMD 0x28
#define VTD_IOTLB 0xf8
#define VTD_ENABLE (1u << 31)
#define VTD_SET_ROOT (1u << 30)

#define CONTEXT_48_BITS 2
#define CONTEXT_DOMAIN (1u << 8)

#define PAGE 0x1000ull
#define ENTRY_LARGE (1u << 7)
#define ENTRY_TABLE (VTD_READ | VTD_WRITE)

/* The root table, one context table for all buses, then the page tables. */
#define VTD_ROOT VTD_TABLES
#define VTD_CONTEXT (VTD_ROOT + PAGE)
#define VTD_TOP (VTD_CONTEXT + PAGE)

static uint64_t next_table;

static uint64_t table_new(uint64_t at)
{
    static const uint8_t zero[PAGE];

    qemu_copy_in(at, zero, sizeof(zero));
    return at;
}

void vtd_clear(void)
{
    table_new(VTD_ROOT);
    table_new(VTD_CONTEXT);
    table_new(VTD_TOP);
    next_table = VTD_TOP + PAGE;
    qemu_write(VTD_CONTEXT, VTD_TOP | 1, 8);
    qemu_write(VTD_CONTEXT + 8, CONTEXT_DOMAIN | CONTEXT_48_BITS, 8);
}

void vtd_add_bus(unsigned bus)
{
    qemu_write(VTD_ROOT + 16 * bus, VTD_CONTEXT | 1, 8);
}

void vtd_map(uint64_t bus_address, unsigned level, uint64_t memory,
             unsigned flags)
{
    uint64_t table = VTD_TOP, entry;

    for (unsigned at = 3;; at--) {
        uint64_t next;

        entry = table + 8 * (bus_address >> (12 + 9 * at) & 511);
        if (at == level) {
            break;
        }
        next = qemu_read(entry, 8);
        if (!next) {
            next = table_new(next_table) | ENTRY_TABLE;
            next_table += PAGE;
            qemu_write(entry, next, 8);
        }
        table = next & ~(PAGE - 1);
    }
    qemu_write(entry, flags ? memory | flags | (level ? ENTRY_LARGE : 0) : 0,
               8);
}

void vtd_invalidate(void)
{
    qemu_write(VTD_REGS + VTD_CCMD, 1ull << 63 | 1ull << 61, 8);
    qemu_write(VTD_REGS + VTD_IOTLB, 1ull << 63 | 1ull << 60, 8);
}

void vtd_enable(void)
{
    qemu_write(VTD_REGS + VTD_RTADDR, VTD_ROOT, 8);
    qemu_write(VTD_REGS + VTD_GCMD, VTD_SET_ROOT, 4);
    qemu_write(VTD_REGS + VTD_GCMD, VTD_ENABLE, 4);
    EXPECT(qemu_read(VTD_REGS + VTD_GSTS, 4) & VTD_ENABLE);
    vtd_invalidate();
}

void vtd_disable(void)
{
    qemu_write(VTD_REGS + VTD_GCMD, 0, 4);
}
