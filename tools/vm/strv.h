/* SPDX-License-Identifier: MIT */
/* Strings that grow.  Running out of memory ends the program. */
#ifndef VM_STRV_H
#define VM_STRV_H

#include <stdbool.h>
#include <stddef.h>

/* Ends with a NULL, as execv() wants it, once it has an element. */
struct strv {
	char **v;
	size_t n;
};

char *str_format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void strv_add(struct strv *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool strv_has(const struct strv *s, const char *string);
void *vm_alloc(size_t size);

/* A whole file, with a NUL behind it; NULL and errno on error. */
char *read_whole_file(const char *path, size_t *size);
/* What a program writes to its stdout; NULL if it fails. Its stderr is dropped. */
char *read_program(char *const argv[], size_t *size);

#endif
