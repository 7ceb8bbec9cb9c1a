// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cpio.h"

struct entry {
	unsigned int mode, major, minor;
	const void *data;
	size_t size;
};

static void pad(struct cpio *c, size_t size)
{
	static const char zeros[4];

	fwrite(zeros, 1, -size & 3, c->f);
}

static void put(struct cpio *c, const char *path, const struct entry *e)
{
	const char *name = *path == '/' ? path + 1 : path;
	size_t name_size = strlen(name) + 1;

	fprintf(c->f, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
		++c->inode, e->mode, 0, 0, 1, 0, (unsigned int)e->size, 0, 0, e->major,
		e->minor, (unsigned int)name_size, 0);
	fwrite(name, 1, name_size, c->f);
	pad(c, 110 + name_size);
	if (e->size)
		fwrite(e->data, 1, e->size, c->f);
	pad(c, e->size);
}

static void put_parents(struct cpio *c, const char *path)
{
	char *copy = strdup(path), *slash = copy ? strrchr(copy, '/') : NULL;

	if (slash && slash != copy) {
		*slash = '\0';
		cpio_dir(c, copy, 0755);
	}
	free(copy);
}

void cpio_dir(struct cpio *c, const char *path, unsigned int mode)
{
	struct entry e = { .mode = S_IFDIR | mode };

	if (strv_has(&c->dirs, path))
		return;
	put_parents(c, path);
	put(c, path, &e);
	strv_add(&c->dirs, "%s", path);
}

void cpio_file(struct cpio *c, const char *path, unsigned int mode, const void *data,
	       size_t size)
{
	struct entry e = { .mode = S_IFREG | mode, .data = data, .size = size };

	put_parents(c, path);
	put(c, path, &e);
}

void cpio_link(struct cpio *c, const char *path, const char *target)
{
	struct entry e = {
		.mode = S_IFLNK | 0777,
		.data = target,
		.size = strlen(target),
	};

	put_parents(c, path);
	put(c, path, &e);
}

void cpio_char_device(struct cpio *c, const char *path, unsigned int mode,
		      unsigned int major, unsigned int minor)
{
	struct entry e = { .mode = S_IFCHR | mode, .major = major, .minor = minor };

	put_parents(c, path);
	put(c, path, &e);
}

void cpio_end(struct cpio *c)
{
	struct entry e = { 0 };

	put(c, "TRAILER!!!", &e);
	fflush(c->f);
}
