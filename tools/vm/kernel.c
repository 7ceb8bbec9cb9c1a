// SPDX-License-Identifier: MIT
#include <ctype.h>
#include <errno.h>
#include <libgen.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel.h"
#include "layout.h"
#include "report.h"
#include "strv.h"

/* Of a bzImage: "HdrS", and where the release is, less 512. */
#define BOOT_MAGIC   0x202
#define BOOT_VERSION 0x20e

static char *first_word(const char *text)
{
	size_t n = 0;

	while (isgraph((unsigned char)text[n]))
		n++;
	return n ? strndup(text, n) : NULL;
}

static char *release_of(const char *data, size_t size)
{
	static const char banner[] = "Linux version ";
	const char *at;
	uint16_t offset;

	if (size > 0x10000 && !memcmp(data + BOOT_MAGIC, "HdrS", 4)) {
		memcpy(&offset, data + BOOT_VERSION, sizeof(offset));
		return first_word(data + offset + 512);
	}
	at = memmem(data, size, banner, strlen(banner));
	return at ? first_word(at + strlen(banner)) : NULL;
}

static char *modules_of(const char *image, const char *release)
{
	char *copy = strdup(image), *dir = copy ? dirname(copy) : NULL;
	char *places[] = {
		str_format("%s/lib/modules/%s", dir, release),
		str_format("%s/../lib/modules/%s", dir, release),
		str_format("/lib/modules/%s", release),
	};
	char *found = NULL;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		char *list = str_format("%s/modules.dep", places[i]);

		if (!found && !access(list, R_OK))
			found = places[i];
		else
			free(places[i]);
		free(list);
	}
	free(copy);
	return found;
}

static void find_given(const char *file, struct vm_kernel *kernel)
{
	size_t size;
	char *data = read_whole_file(file, &size);

	if (!data)
		vm_die("--kernel %s: %s", file, strerror(errno));
	kernel->image = file;
	kernel->release = release_of(data, size);
	free(data);
	if (!kernel->release)
		vm_die("--kernel %s: neither a bzImage nor a vmlinux", file);
	kernel->modules = modules_of(file, kernel->release);
}

/* The unpacked image saves the guest half a second. */
static void find_default(struct vm_kernel *kernel)
{
	const char *dir = vm_need(VM_PIECE_KERNEL);
	char *path = str_format("%s/release", dir), *text, *image;
	size_t size;

	text = read_whole_file(path, &size);
	kernel->release = text ? first_word(text) : NULL;
	if (!kernel->release)
		vm_die("%s: %s; type: make kernel", path, strerror(errno));
	kernel->modules = str_format("%s/modules", dir);
	image = str_format("%s/vmlinux", dir);
	kernel->image = access(image, R_OK) ? str_format("%s/vmlinuz", dir) : image;
	free(text);
	free(path);
}

void vm_find_kernel(const char *file, struct vm_kernel *kernel)
{
	if (file)
		find_given(file, kernel);
	else
		find_default(kernel);
}
