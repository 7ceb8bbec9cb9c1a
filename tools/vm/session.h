/* SPDX-License-Identifier: MIT */
#ifndef VM_SESSION_H
#define VM_SESSION_H

#include "machine.h"
#include "options.h"

/*
 * Talk to the guest until its command has ended, and QEMU too.  Returns the
 * command's status, or VM_STATUS after saying what went wrong.
 */
int vm_session(struct machine *m, const struct vm_options *options);

#endif
