/* SPDX-License-Identifier: MIT */
/* Programs of the host, on their way into the guest. */
#ifndef VM_ELF_H
#define VM_ELF_H

#include "strv.h"

/* The loader that an executable names; NULL if it is static or no ELF file. */
char *elf_interpreter(const char *data, size_t size);
/* Name another loader, in place.  False: the name does not fit. */
bool elf_set_interpreter(char *data, size_t size, const char *path);
/*
 * Paths of the shared libraries that a program needs, found by its own loader as
 * it would at a start, and in the directory.  False: one is missing.
 */
bool elf_libraries(const char *loader, const char *program, const char *dir,
		   struct strv *paths);

#endif
