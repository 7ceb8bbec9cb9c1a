/* SPDX-License-Identifier: MIT */
/* Writing a cpio archive of the kind that the kernel unpacks (newc). */
#ifndef VM_CPIO_H
#define VM_CPIO_H

#include <stdio.h>

#include "strv.h"

struct cpio {
	FILE *f;
	unsigned int inode;
	struct strv dirs; /* written so far */
};

/* Paths are absolute; missing parents are written first, with mode 755. */
void cpio_dir(struct cpio *c, const char *path, unsigned int mode);
void cpio_file(struct cpio *c, const char *path, unsigned int mode, const void *data,
	       size_t size);
void cpio_link(struct cpio *c, const char *path, const char *target);
void cpio_char_device(struct cpio *c, const char *path, unsigned int mode,
		      unsigned int major, unsigned int minor);
/* The trailer; errors of the whole archive show here, as ferror(). */
void cpio_end(struct cpio *c);

#endif
