// SPDX-License-Identifier: GPL-2.0-only
#include <linux/io.h>
#include <linux/slab.h>

#include "npu_cursor.h"
#include "npu_device.h"
#include "npu_hbm.h"
#include "npu_mmu.h"

#define NPU_PT_ROOT_LEVEL	(NPU_PT_LEVELS - 1)
/* Leaves of 4 KiB, 2 MiB and 1 GiB. */
#define NPU_PT_LEAF_LEVEL_MAX	2

/*
 * Spare tables that are kept: two leaves, at both ends of a range, may have to be
 * split by two levels each when it is unmapped.
 */
#define NPU_MMU_RESERVE		4

static u64 npu_pt_span(u32 level)
{
	return BIT_ULL(NPU_PT_SHIFT(level));
}

static u32 npu_pt_index(u64 va, u32 level)
{
	return (va >> NPU_PT_SHIFT(level)) & (NPU_PT_ENTRIES - 1);
}

static bool npu_pte_is_table(u64 pte)
{
	return (pte & NPU_PTE_VALID) && !(pte & NPU_PTE_LEAF);
}

static struct npu_pt *npu_pt_child(struct npu_mmu *mmu, u64 pte)
{
	return xa_load(&mmu->tables, (pte & NPU_PTE_ADDRESS) >> PAGE_SHIFT);
}

static void npu_pt_free(struct npu_mmu *mmu, struct npu_pt *pt)
{
	xa_erase(&mmu->tables, pt->offset >> PAGE_SHIFT);
	npu_hbm_free_page(mmu->ndev, pt->block);
	free_page((unsigned long)pt->entries);
	kfree(pt);
	mmu->count--;
}

static struct npu_pt *npu_pt_alloc(struct npu_mmu *mmu)
{
	struct npu_pt *pt;
	int ret = -ENOMEM;

	pt = kzalloc(sizeof(*pt), GFP_KERNEL_ACCOUNT);
	if (!pt)
		return ERR_PTR(ret);

	pt->entries = (u64 *)__get_free_page(GFP_KERNEL_ACCOUNT);
	if (!pt->entries)
		goto err_free;

	pt->block = npu_hbm_alloc_page(mmu->ndev);
	if (IS_ERR(pt->block)) {
		ret = PTR_ERR(pt->block);
		goto err_entries;
	}
	pt->offset = gpu_buddy_block_offset(pt->block);

	ret = xa_insert(&mmu->tables, pt->offset >> PAGE_SHIFT, pt, GFP_KERNEL_ACCOUNT);
	if (ret)
		goto err_block;

	mmu->count++;
	return pt;

err_block:
	npu_hbm_free_page(mmu->ndev, pt->block);
err_entries:
	free_page((unsigned long)pt->entries);
err_free:
	kfree(pt);
	return ERR_PTR(ret);
}

static void npu_pt_write(struct npu_mmu *mmu, struct npu_pt *pt, u32 index, u64 pte)
{
	pt->used -= pt->entries[index] & NPU_PTE_VALID;
	pt->used += pte & NPU_PTE_VALID;
	pt->entries[index] = pte;
	writeq(pte, mmu->ndev->hbm_map + pt->offset + index * sizeof(pte));
}

/* Fill a table that the card does not know yet; @step apart, all zero if @pte is. */
static void npu_pt_fill(struct npu_mmu *mmu, struct npu_pt *pt, u64 pte, u64 step)
{
	u32 i;

	for (i = 0; i < NPU_PT_ENTRIES; i++)
		pt->entries[i] = pte ? pte + i * step : 0;
	pt->used = pte ? NPU_PT_ENTRIES : 0;
	memcpy_toio(mmu->ndev->hbm_map + pt->offset, pt->entries, NPU_PT_SIZE);
}

/*
 * Put a new table where there is nothing or a leaf.  A leaf becomes a table of
 * smaller ones that mean the same, so tiles that use it notice nothing.
 */
static struct npu_pt *npu_pt_grow(struct npu_mmu *mmu, struct npu_pt *parent, u32 index,
				  u32 level)
{
	u64 old = parent->entries[index];
	struct npu_pt *pt;

	pt = list_first_entry_or_null(&mmu->spare, struct npu_pt, link);
	/* npu_mmu_reserve() came first. */
	if (WARN_ON_ONCE(!pt))
		return NULL;
	list_del_init(&pt->link);
	mmu->spare_count--;

	npu_pt_fill(mmu, pt, old & NPU_PTE_VALID ? old : 0, npu_pt_span(level - 1));
	/* The card may walk here at once. */
	wmb();
	npu_pt_write(mmu, parent, index, pt->offset | NPU_PTE_VALID);
	return pt;
}

/* The table at @level that maps @va, made if it is not there. */
static struct npu_pt *npu_mmu_descend(struct npu_mmu *mmu, u64 va, u32 level)
{
	struct npu_pt *pt = mmu->root;
	u32 l;

	for (l = NPU_PT_ROOT_LEVEL; pt && l > level; l--) {
		u32 index = npu_pt_index(va, l);
		u64 pte = pt->entries[index];

		pt = npu_pte_is_table(pte) ? npu_pt_child(mmu, pte) :
					     npu_pt_grow(mmu, pt, index, l);
	}
	return pt;
}

/* The largest leaf that fits at @va and what the cursor points to. */
static u32 npu_mmu_leaf_level(u64 va, const struct npu_cursor *cur)
{
	u32 level = NPU_PT_LEAF_LEVEL_MAX;

	while (level && (!IS_ALIGNED(va | cur->address, npu_pt_span(level)) ||
			 cur->length < npu_pt_span(level)))
		level--;
	return level;
}

/**
 * npu_mmu_map_needs() - how many tables a mapping needs at most
 * @va: first address
 * @cur: what will be mapped
 *
 * Return: the number.
 */
u32 npu_mmu_map_needs(u64 va, struct npu_cursor cur)
{
	u64 last[NPU_PT_ROOT_LEVEL] = { ~0ull, ~0ull, ~0ull };
	u32 level, l, count = 0;

	while (cur.remaining) {
		level = npu_mmu_leaf_level(va, &cur);
		for (l = level; l < NPU_PT_ROOT_LEVEL; l++) {
			u64 slot = va >> NPU_PT_SHIFT(l + 1);

			if (slot != last[l]) {
				count++;
				cond_resched();
			}
			last[l] = slot;
		}
		va += npu_pt_span(level);
		npu_cursor_advance(&cur, npu_pt_span(level));
	}
	return count;
}

/* How often the leaf that @va lies in must be split so that one begins there. */
static u32 npu_mmu_splits(struct npu_mmu *mmu, u64 va)
{
	struct npu_pt *pt = mmu->root;
	u32 l, splits = 0;
	u64 pte;

	for (l = NPU_PT_ROOT_LEVEL; l; l--) {
		pte = pt->entries[npu_pt_index(va, l)];
		if (!npu_pte_is_table(pte))
			break;
		pt = npu_pt_child(mmu, pte);
	}
	if (!l || !(pte & NPU_PTE_VALID))
		return 0;

	for (; l && !IS_ALIGNED(va, npu_pt_span(l)); l--)
		splits++;
	return splits;
}

/* How many tables it needs to unmap a range. */
u32 npu_mmu_unmap_needs(struct npu_mmu *mmu, u64 va, u64 size)
{
	u32 splits = npu_mmu_splits(mmu, va);

	if (va + size < BIT_ULL(NPU_VA_BITS))
		splits += npu_mmu_splits(mmu, va + size);
	return splits;
}

/**
 * npu_mmu_reserve() - have spare tables at hand
 * @mmu: page tables
 * @count: how many must be there
 *
 * It also tries to have some more for unmapping later.
 *
 * Return: 0, -ENOMEM, or -ENOSPC if HBM is full.
 */
int npu_mmu_reserve(struct npu_mmu *mmu, u32 count)
{
	struct npu_pt *pt;

	while (mmu->spare_count < count + NPU_MMU_RESERVE) {
		pt = npu_pt_alloc(mmu);
		if (IS_ERR(pt))
			return mmu->spare_count >= count ? 0 : PTR_ERR(pt);
		list_add(&pt->link, &mmu->spare);
		mmu->spare_count++;
		cond_resched();
	}
	return 0;
}

static u64 npu_mmu_leaf(const struct npu_cursor *cur, bool readonly)
{
	return cur->address | NPU_PTE_VALID | NPU_PTE_LEAF |
	       (readonly ? 0 : NPU_PTE_WRITE) |
	       cur->aperture << NPU_PTE_APERTURE_SHIFT;
}

/**
 * npu_mmu_map() - map memory where nothing is mapped
 * @mmu: page tables with as many spare ones as npu_mmu_map_needs() says
 * @va: first address
 * @cur: what to map
 * @readonly: the card may not write
 */
void npu_mmu_map(struct npu_mmu *mmu, u64 va, struct npu_cursor cur, bool readonly)
{
	while (cur.remaining) {
		u32 level = npu_mmu_leaf_level(va, &cur);
		struct npu_pt *pt = npu_mmu_descend(mmu, va, level);
		u32 index = npu_pt_index(va, level);

		if (!pt)
			return;
		cond_resched();

		/* As long as it goes on in the same table */
		do {
			npu_pt_write(mmu, pt, index, npu_mmu_leaf(&cur, readonly));
			va += npu_pt_span(level);
			npu_cursor_advance(&cur, npu_pt_span(level));
		} while (++index < NPU_PT_ENTRIES && cur.remaining &&
			 npu_mmu_leaf_level(va, &cur) == level);
	}
}

static void npu_pt_unmap(struct npu_mmu *mmu, struct npu_pt *pt, u32 level, u64 va,
			 u64 end);

/* Unmap what one entry maps of [va, end), which lies in it. */
static void npu_pt_unmap_entry(struct npu_mmu *mmu, struct npu_pt *pt, u32 level, u64 va,
			       u64 end)
{
	u32 index = npu_pt_index(va, level);
	u64 pte = pt->entries[index];
	struct npu_pt *child;

	if (!(pte & NPU_PTE_VALID))
		return;

	if (pte & NPU_PTE_LEAF) {
		if (end - va == npu_pt_span(level)) {
			npu_pt_write(mmu, pt, index, 0);
			return;
		}
		child = npu_pt_grow(mmu, pt, index, level);
		if (!child)
			return;
	} else {
		child = npu_pt_child(mmu, pte);
	}

	npu_pt_unmap(mmu, child, level - 1, va, end);
	cond_resched();
	if (!child->used) {
		npu_pt_write(mmu, pt, index, 0);
		list_add(&child->link, &mmu->retired);
	}
}

/* It calls itself once a level. */
static void npu_pt_unmap(struct npu_mmu *mmu, struct npu_pt *pt, u32 level, u64 va,
			 u64 end)
{
	while (va < end) {
		u64 next = min(end, ALIGN(va + 1, npu_pt_span(level)));

		npu_pt_unmap_entry(mmu, pt, level, va, next);
		va = next;
	}
}

/**
 * npu_mmu_unmap() - unmap what lies in a range
 * @mmu: page tables with as many spare ones as npu_mmu_unmap_needs() says
 * @va: first address
 * @size: bytes
 *
 * Memory and tables must not be used for anything else until the card has been
 * told to forget the range; then npu_mmu_recycle() is due.
 */
void npu_mmu_unmap(struct npu_mmu *mmu, u64 va, u64 size)
{
	npu_pt_unmap(mmu, mmu->root, NPU_PT_ROOT_LEVEL, va, va + size);
}

/* The card walks no old table any more: use them again, up to the reserve. */
void npu_mmu_recycle(struct npu_mmu *mmu)
{
	struct npu_pt *pt, *next;

	list_splice_init(&mmu->retired, &mmu->spare);
	mmu->spare_count = list_count_nodes(&mmu->spare);

	list_for_each_entry_safe(pt, next, &mmu->spare, link) {
		if (mmu->spare_count <= NPU_MMU_RESERVE)
			break;
		list_del(&pt->link);
		mmu->spare_count--;
		npu_pt_free(mmu, pt);
		cond_resched();
	}
}

/* Begin with an empty root; the caller is inside drm_dev_enter(). */
int npu_mmu_init(struct npu_mmu *mmu, struct npu_device *ndev)
{
	struct npu_pt *root;
	int ret;

	mmu->ndev = ndev;
	xa_init(&mmu->tables);
	INIT_LIST_HEAD(&mmu->spare);
	INIT_LIST_HEAD(&mmu->retired);

	root = npu_pt_alloc(mmu);
	if (IS_ERR(root)) {
		npu_mmu_fini(mmu);
		return PTR_ERR(root);
	}
	npu_pt_fill(mmu, root, 0, 0);
	mmu->root = root;

	ret = npu_mmu_reserve(mmu, NPU_MMU_RESERVE);
	if (ret)
		npu_mmu_fini(mmu);
	return ret;
}

/* Nothing is written to the card, which may be gone. */
void npu_mmu_fini(struct npu_mmu *mmu)
{
	struct npu_pt *pt;
	unsigned long index;

	xa_for_each(&mmu->tables, index, pt) {
		npu_pt_free(mmu, pt);
		cond_resched();
	}
	xa_destroy(&mmu->tables);
}
