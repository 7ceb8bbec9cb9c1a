/* SPDX-License-Identifier: MIT */
#ifndef VM_OPTIONS_H
#define VM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "strv.h"

/* As many as find room for their registers below 4 GiB. */
#define VM_MAX_CARDS 24

struct vm_options {
	struct strv cards; /* MODEL[,prop=value]..., one each */
	int card_count;	   /* -1: as many as cards says, or one */
	uint64_t memory;   /* bytes */
	const char *kernel;
	const char *root;
	bool root_rw;
	const char *share;
	const char *qmp;
	const char *log;
	struct strv modules; /* of the guest's kernel, names */
	struct strv qemu_args;
	int timeout; /* seconds, 0: none */
	bool iommu;
	const char *gdb; /* a socket, "": the usual port */
	bool print;
	char **command; /* NULL: a shell */
};

/* Does not return if the arguments ask for help or are wrong. */
void vm_parse_options(int argc, char **argv, struct vm_options *options);

/* "512M", "2G", "1T"; a plain number counts units.  False: it is no size. */
bool vm_parse_size(const char *text, uint64_t unit, uint64_t *bytes);

#endif
