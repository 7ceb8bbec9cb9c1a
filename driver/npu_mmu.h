/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NPU_MMU_H_
#define _NPU_MMU_H_

#include <linux/list.h>
#include <linux/types.h>
#include <linux/xarray.h>

#include "npu_compat.h"

struct npu_cursor;
struct npu_device;

/**
 * struct npu_pt - a page table
 * @link: entry in &npu_mmu.spare or &npu_mmu.retired while it is not in use
 * @block: its page of HBM
 * @offset: HBM offset of @block
 * @used: valid entries
 * @entries: the CPU's copy: HBM is slow to read
 */
struct npu_pt {
	struct list_head link;
	struct gpu_buddy_block *block;
	u64 offset;
	u32 used;
	u64 *entries;
};

/**
 * struct npu_mmu - the page tables of an address space
 *
 * Everything is protected by &npu_vm.lock.
 *
 * @ndev: card
 * @root: table of the highest level
 * @tables: all tables by the page of HBM that they are in
 * @count: number of tables, with the spare ones
 * @spare: empty tables, so that what has begun does not run out of memory
 * @spare_count: entries of @spare
 * @retired: tables that the card may still walk
 */
struct npu_mmu {
	struct npu_device *ndev;
	struct npu_pt *root;
	struct xarray tables;
	u32 count;
	struct list_head spare;
	u32 spare_count;
	struct list_head retired;
};

int npu_mmu_init(struct npu_mmu *mmu, struct npu_device *ndev);
void npu_mmu_fini(struct npu_mmu *mmu);

u32 npu_mmu_map_needs(u64 va, struct npu_cursor cur);
u32 npu_mmu_unmap_needs(struct npu_mmu *mmu, u64 va, u64 size);
int npu_mmu_reserve(struct npu_mmu *mmu, u32 count);

void npu_mmu_map(struct npu_mmu *mmu, u64 va, struct npu_cursor cur, bool readonly);
void npu_mmu_unmap(struct npu_mmu *mmu, u64 va, u64 size);
void npu_mmu_recycle(struct npu_mmu *mmu);

#endif
