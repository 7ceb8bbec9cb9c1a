// SPDX-License-Identifier: MIT
#include "names.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int names_init(struct names *names, unsigned int most)
{
	memset(names, 0, sizeof(*names));
	names->slots = 64;
	while (names->slots / 2 < most)
		names->slots *= 2;
	names->slot_name = calloc(names->slots, sizeof(*names->slot_name));
	names->slot_number = calloc(names->slots, sizeof(*names->slot_number));
	return names->slot_name && names->slot_number ? 0 : -1;
}

void names_free(struct names *names)
{
	free(names->slot_name);
	free(names->slot_number);
}

static unsigned int hash(const char *name)
{
	uint32_t h = 2166136261u;

	while (*name)
		h = (h ^ (uint8_t)*name++) * 16777619u;
	return h;
}

unsigned int names_add(struct names *names, const char *name)
{
	unsigned int slot = hash(name) & (names->slots - 1);

	while (names->slot_name[slot]) {
		if (!strcmp(names->slot_name[slot], name))
			return names->slot_number[slot];
		slot = (slot + 1) & (names->slots - 1);
	}
	names->slot_name[slot] = name;
	names->slot_number[slot] = names->count;
	return names->count++;
}
