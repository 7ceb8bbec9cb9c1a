// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include "words.h"

void words_add(struct words *w, const char *bytes, size_t size)
{
	size_t keep = sizeof(w->bytes) / 2;

	if (size > keep) {
		bytes += size - keep;
		size = keep;
	}
	if (w->size + size > sizeof(w->bytes)) {
		memmove(w->bytes, w->bytes + w->size - keep, keep);
		w->size = keep;
	}
	memcpy(w->bytes + w->size, bytes, size);
	w->size += size;
}

void words_print(const struct words *w, unsigned int lines)
{
	size_t at = w->size;
	bool start = true;

	/* The last byte ends the last line; it begins no other. */
	if (at && w->bytes[at - 1] == '\n')
		at--;
	while (at && (w->bytes[at - 1] != '\n' || --lines))
		at--;
	for (; at < w->size; at++) {
		if (w->bytes[at] == '\r')
			continue;
		if (start)
			fputs("  ", stderr);
		fputc(w->bytes[at], stderr);
		start = w->bytes[at] == '\n';
	}
	if (!start)
		fputc('\n', stderr);
}

char *words_first_line(const struct words *w)
{
	static char line[1024];
	size_t n = 0, at = 0;
	const char *name = memchr(w->bytes, ' ', w->size);

	/* "/path/of/qemu: message" */
	if (name && name > w->bytes && name[-1] == ':')
		at = name + 1 - w->bytes;
	while (at < w->size && w->bytes[at] != '\n' && n < sizeof(line) - 1)
		line[n++] = w->bytes[at++];
	line[n] = '\0';
	return line;
}
