// SPDX-License-Identifier: MIT
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "elf.h"

/* Where the name of the loader is, and how much room it has. */
static char *interpreter_at(char *data, size_t size, size_t *room)
{
	Elf64_Ehdr head;
	Elf64_Phdr p;

	if (size < sizeof(head) || memcmp(data, ELFMAG, SELFMAG) ||
	    data[EI_CLASS] != ELFCLASS64)
		return NULL;
	memcpy(&head, data, sizeof(head));
	for (unsigned int i = 0; i < head.e_phnum; i++) {
		size_t at = head.e_phoff + (size_t)i * sizeof(p);

		if (at > size - sizeof(p))
			return NULL;
		memcpy(&p, data + at, sizeof(p));
		if (p.p_type != PT_INTERP)
			continue;
		if (!p.p_filesz || p.p_offset > size || p.p_filesz > size - p.p_offset ||
		    data[p.p_offset + p.p_filesz - 1])
			return NULL;
		*room = p.p_filesz;
		return data + p.p_offset;
	}
	return NULL;
}

char *elf_interpreter(const char *data, size_t size)
{
	size_t room;
	const char *at = interpreter_at((char *)data, size, &room);

	return at ? str_format("%s", at) : NULL;
}

bool elf_set_interpreter(char *data, size_t size, const char *path)
{
	size_t room;
	char *at = interpreter_at(data, size, &room);

	if (!at || strlen(path) >= room)
		return false;
	memset(at, 0, room);
	memcpy(at, path, strlen(path));
	return true;
}

/* "	libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f...)" */
static bool add_library(char *line, struct strv *paths)
{
	char *path = strstr(line, "=> ");

	if (!path)
		return true; /* the vDSO, or the loader itself */
	path += strlen("=> ");
	path[strcspn(path, " \n")] = '\0';
	if (*path != '/')
		return false;
	if (!strv_has(paths, path))
		strv_add(paths, "%s", path);
	return true;
}

bool elf_libraries(const char *loader, const char *program, const char *dir,
		   struct strv *paths)
{
	/* clang-format off */
	char *argv[] = {
		(char *)loader, "--library-path", (char *)dir, "--list", (char *)program, NULL,
	};
	/* clang-format on */
	size_t size;
	char *text = read_program(argv, &size), *rest = text, *line;
	bool ok = text;

	while (ok && (line = strsep(&rest, "\n")))
		ok = add_library(line, paths);
	free(text);
	return ok;
}
