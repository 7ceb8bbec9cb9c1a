/* SPDX-License-Identifier: MIT */
/* The last that was heard from somebody who may be about to die. */
#ifndef VM_WORDS_H
#define VM_WORDS_H

#include <stdbool.h>
#include <stddef.h>

struct words {
	size_t size;
	char bytes[16384];
};

void words_add(struct words *w, const char *bytes, size_t size);
/* The last lines, or all from a kernel's cause of death on, indented on stderr. */
void words_print(const struct words *w, unsigned int lines);
/* The first line, without what stands before the message itself. */
char *words_first_line(const struct words *w);

#endif
