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

/* Where the line with this place starts. */
static size_t line_start(const struct words *w, size_t at)
{
	while (at && w->bytes[at - 1] != '\n')
		at--;
	return at;
}

/* A kernel that dies says why first, and then a page of registers. */
static size_t find_cause(const struct words *w)
{
	static const char *const causes[] = { "BUG: ", "Oops: ", "Kernel panic" };
	size_t first = w->size;

	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		const char *at = memmem(w->bytes, first, causes[i], strlen(causes[i]));

		if (at)
			first = line_start(w, at - w->bytes);
	}
	return first;
}

void words_print(const struct words *w, unsigned int lines)
{
	size_t at = w->size, cause = find_cause(w);
	bool start = true;

	while (at && lines--)
		at = line_start(w, at - 1);
	if (cause < at)
		at = cause;
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
