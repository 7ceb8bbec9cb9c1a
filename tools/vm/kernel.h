/* SPDX-License-Identifier: MIT */
/* The kernel that the guest boots. */
#ifndef VM_KERNEL_H
#define VM_KERNEL_H

struct vm_kernel {
	const char *image;
	const char *release;
	const char *modules; /* its directory of modules, NULL: all is built in */
};

/* file: as given with --kernel, NULL: the one of make kernel. */
void vm_find_kernel(const char *file, struct vm_kernel *kernel);

#endif
