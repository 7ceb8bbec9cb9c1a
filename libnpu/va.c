// SPDX-License-Identifier: MIT
/*
 * Addresses of an address space.  The ranges in use are a sorted ring and are
 * part of what uses them, so that freeing one needs no memory and cannot fail.
 */
#include <errno.h>

#include "internal.h"

void npu_va_init(struct npu_va *va, uint64_t start, uint64_t end)
{
	va->ring = (struct npu_range){
		.prev = &va->ring,
		.next = &va->ring,
		.start = end,
		.end = start,
	};
	va->packed = &va->ring;
}

static bool fits(const struct npu_range *before, uint64_t size, uint64_t align,
		 uint64_t *start)
{
	uint64_t gap_end = before->next->start;
	uint64_t at = (before->end + align - 1) & ~(align - 1);

	if (at > gap_end || gap_end - at < size)
		return false;
	*start = at;
	return true;
}

static void insert_after(struct npu_range *before, struct npu_range *range)
{
	range->prev = before;
	range->next = before->next;
	before->next->prev = range;
	before->next = range;
}

static void skip_packed(struct npu_va *va)
{
	while (va->packed->next != &va->ring &&
	       va->packed->next->start == va->packed->end)
		va->packed = va->packed->next;
}

int npu_va_alloc(struct npu_va *va, struct npu_range *range, uint64_t size,
		 uint64_t align)
{
	struct npu_range *before = va->packed;

	do {
		if (fits(before, size, align, &range->start)) {
			range->end = range->start + size;
			insert_after(before, range);
			skip_packed(va);
			return 0;
		}
		before = before->next;
	} while (before != &va->ring);
	return -ENOSPC;
}

void npu_va_free(struct npu_va *va, struct npu_range *range)
{
	if (range->start < va->packed->end)
		va->packed = range->prev;
	range->prev->next = range->next;
	range->next->prev = range->prev;
}
