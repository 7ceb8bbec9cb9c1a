/* SPDX-License-Identifier: MIT */
/* The QEMU command line. */
#ifndef VM_COMMAND_H
#define VM_COMMAND_H

#include "cards.h"
#include "kernel.h"

struct vm_command {
	const struct vm_options *options;
	const struct vm_cards *cards;
	const struct vm_kernel *kernel;
	const char *initramfs;
	bool kvm;
	/* Sockets that QEMU inherits; with --print there are none. */
	int agent, console;
};

void vm_build_command(const struct vm_command *command, struct strv *args);
/* For a shell, on stdout. */
void vm_print_command(const struct strv *args);

#endif
