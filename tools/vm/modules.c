// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "modules.h"

const char *module_info(const char *data, size_t size, const char *field)
{
	char *key = str_format("%c%s=", 0, field);
	size_t length = strlen(field) + 2;
	const char *at = memmem(data, size, key, length);

	free(key);
	return at ? at + length : NULL;
}

/* "kernel/fs/9p/9p.ko.xz" is 9p; in names, - and _ are the same. */
static bool is_module(const char *path, size_t length, const char *name)
{
	const char *base = memrchr(path, '/', length);
	size_t i;

	base = base ? base + 1 : path;
	for (i = 0; name[i]; i++)
		if (base[i] != name[i] && !(base[i] == '-' && name[i] == '_') &&
		    !(base[i] == '_' && name[i] == '-'))
			return false;
	return !strncmp(base + i, ".ko", 3);
}

/* modules.dep, read once: "FILE: FILE..." a line. */
static const char *dependencies(const char *dir)
{
	static char *text;
	char *path;
	size_t size;

	if (!text) {
		path = str_format("%s/modules.dep", dir);
		text = read_whole_file(path, &size);
		free(path);
	}
	return text ? text : "";
}

static const char *find_line(const char *dir, const char *name, size_t *length)
{
	const char *line = dependencies(dir), *colon;

	while (*line) {
		colon = strchr(line, ':');
		*length = strcspn(line, "\n");
		if (colon && is_module(line, colon - line, name))
			return line;
		line += *length;
		line += *line == '\n';
	}
	return NULL;
}

/* A line names what must be loaded first last. */
void modules_resolve(const char *dir, const char *name, struct strv *files)
{
	size_t length;
	const char *line = find_line(dir, name, &length);
	struct strv words = { 0 };
	char *copy, *rest, *word;

	if (!line)
		return;
	rest = copy = strndup(line, length);
	while (copy && (word = strsep(&rest, " "))) {
		word[strcspn(word, ":")] = '\0';
		if (*word)
			strv_add(&words, "%s", word);
	}
	for (size_t i = words.n; i-- > 0;)
		if (!strv_has(files, words.v[i]))
			strv_add(files, "%s", words.v[i]);
	free(copy);
}

static bool ends_with(const char *s, const char *end)
{
	size_t length = strlen(s), end_length = strlen(end);

	return length >= end_length && !strcmp(s + length - end_length, end);
}

char *module_read(const char *path, size_t *size)
{
	char *unxz[] = { "xz", "-dc", (char *)path, NULL };
	char *unzstd[] = { "zstd", "-dcq", (char *)path, NULL };

	if (ends_with(path, ".xz"))
		return read_program(unxz, size);
	if (ends_with(path, ".zst"))
		return read_program(unzstd, size);
	return read_whole_file(path, size);
}
