/* SPDX-License-Identifier: MIT */
/* Where the intermediate tensors lie: ranges that are reused when nobody reads them. */
#ifndef RUN_ARENA_H
#define RUN_ARENA_H

#include <stdint.h>

struct arena_range {
	uint64_t offset;
	uint64_t size;
};

struct arena {
	struct arena_range *used; /* in order of offset */
	unsigned int count;
	unsigned int room;
	uint64_t peak; /* bytes ever needed */
};

void arena_free(struct arena *arena);
/* First fit. 0 or -1 when memory ran out. */
int arena_take(struct arena *arena, uint64_t size, uint64_t *offset);
void arena_give(struct arena *arena, uint64_t offset);

#endif
