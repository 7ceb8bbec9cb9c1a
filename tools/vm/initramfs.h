/* SPDX-License-Identifier: MIT */
#ifndef VM_INITRAMFS_H
#define VM_INITRAMFS_H

#include <stdio.h>

#include "kernel.h"
#include "strv.h"

/*
 * Write the guest's first file system: agent, busybox, driver, the modules that it
 * needs, those that were asked for by name, tools with their libraries, models and
 * tests.  About 10 MB, in 50 ms.
 */
void vm_write_initramfs(FILE *f, const struct vm_kernel *kernel,
			const struct strv *modules);

#endif
