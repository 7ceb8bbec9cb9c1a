/* SPDX-License-Identifier: MIT */
/* Kernel modules: which ones another needs, and in which order. */
#ifndef VM_MODULES_H
#define VM_MODULES_H

#include "strv.h"

/* Value of a field of a module's .modinfo, up to its NUL; NULL if it has none. */
const char *module_info(const char *data, size_t size, const char *field);

/*
 * Add the files of a module of the directory, and before it of all that it needs,
 * relative to the directory, to those that are there already.  A module that is
 * built into the kernel, or not there at all, adds nothing.
 */
void modules_resolve(const char *dir, const char *name, struct strv *files);

/* A module's bytes, unpacked; NULL if it cannot be read. */
char *module_read(const char *path, size_t *size);

#endif
