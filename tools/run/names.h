/* SPDX-License-Identifier: MIT */
/* From names to small numbers. */
#ifndef RUN_NAMES_H
#define RUN_NAMES_H

struct names {
	const char **slot_name;
	unsigned int *slot_number;
	unsigned int slots;
	unsigned int count;
};

/* Room for at most that many names. 0 or -1 when memory ran out. */
int names_init(struct names *names, unsigned int most);
void names_free(struct names *names);
/* The number of a name, which is new if it equals the count before the call. */
unsigned int names_add(struct names *names, const char *name);

#endif
