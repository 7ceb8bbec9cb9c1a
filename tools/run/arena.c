// SPDX-License-Identifier: MIT
#include "arena.h"

#include <stdlib.h>
#include <string.h>

/* Tensors begin at multiples of this: a cache line and more. */
#define ALIGN 256

void arena_free(struct arena *arena)
{
	free(arena->used);
}

static int make_room(struct arena *arena)
{
	unsigned int room = arena->room ? arena->room * 2 : 32;
	struct arena_range *used;

	if (arena->count < arena->room)
		return 0;
	used = realloc(arena->used, room * sizeof(*used));
	if (!used)
		return -1;
	arena->used = used;
	arena->room = room;
	return 0;
}

int arena_take(struct arena *arena, uint64_t size, uint64_t *offset)
{
	uint64_t at = 0;
	unsigned int i;

	if (make_room(arena))
		return -1;
	size = (size + ALIGN - 1) / ALIGN * ALIGN;
	for (i = 0; i < arena->count; i++) {
		if (arena->used[i].offset - at >= size)
			break;
		at = arena->used[i].offset + arena->used[i].size;
	}
	memmove(&arena->used[i + 1], &arena->used[i],
		(arena->count - i) * sizeof(arena->used[0]));
	arena->used[i] = (struct arena_range){ at, size };
	arena->count++;
	if (at + size > arena->peak)
		arena->peak = at + size;
	*offset = at;
	return 0;
}

void arena_give(struct arena *arena, uint64_t offset)
{
	unsigned int i;

	for (i = 0; i < arena->count; i++)
		if (arena->used[i].offset == offset)
			break;
	if (i == arena->count)
		return;
	arena->count--;
	memmove(&arena->used[i], &arena->used[i + 1],
		(arena->count - i) * sizeof(arena->used[0]));
}
