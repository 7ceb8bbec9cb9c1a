// SPDX-License-Identifier: MIT
/*
 * Preloaded into QEMU by test-leaks.sh: how many blocks of each size are allocated,
 * in the file $NPU_HEAP, at any time.  An emulator's heap grows for reasons of its own,
 * by blocks that are tiny or of many sizes; a leak shows as more and more of one size.
 *
 * The first number is not of blocks: when it is not zero, memory that is free, but
 * which the allocator keeps, goes back to the system, and it becomes zero again.
 */
#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Steps of 16 bytes, then of a page; what is larger still is the last. */
#define FINE	4096
#define CLASSES (2 * FINE)

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t align, size_t size);
extern void __libc_free(void *block);

static _Atomic int64_t early[CLASSES], *counts = early;

#define TRIM counts[0] /* no block is that small */

static void count(void *block, int change)
{
	size_t size = block ? malloc_usable_size(block) : 0;
	size_t class = size / 16;

	if (!block)
		return;
	if (class >= FINE)
		class = FINE + size / 4096;
	if (class >= CLASSES)
		class = CLASSES - 1;
	atomic_fetch_add(&counts[class], change);
}

__attribute__((constructor)) static void show(void)
{
	const char *path = getenv("NPU_HEAP");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *map;

	if (fd < 0 || ftruncate(fd, sizeof(early)))
		return;
	map = mmap(NULL, sizeof(early), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return;
	memcpy(map, early, sizeof(early));
	counts = map;
}

void *malloc(size_t size)
{
	void *block = __libc_malloc(size);

	count(block, 1);
	return block;
}

void *calloc(size_t number, size_t size)
{
	void *block = __libc_calloc(number, size);

	count(block, 1);
	return block;
}

void *realloc(void *old, size_t size)
{
	void *block;

	count(old, -1);
	block = __libc_realloc(old, size);
	count(block ? block : size ? old : NULL, 1);
	return block;
}

void *memalign(size_t align, size_t size)
{
	void *block = __libc_memalign(align, size);

	count(block, 1);
	return block;
}

void *aligned_alloc(size_t align, size_t size)
{
	return memalign(align, size);
}

int posix_memalign(void **block, size_t align, size_t size)
{
	*block = memalign(align, size);
	return *block ? 0 : 12;
}

void free(void *block)
{
	count(block, -1);
	__libc_free(block);
	if (atomic_load_explicit(&TRIM, memory_order_relaxed) &&
	    atomic_exchange(&TRIM, 0))
		malloc_trim(0);
}
