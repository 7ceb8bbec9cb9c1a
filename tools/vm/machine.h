/* SPDX-License-Identifier: MIT */
/* The QEMU process, and that nothing of it is left behind. */
#ifndef VM_MACHINE_H
#define VM_MACHINE_H

#include <stdbool.h>
#include <sys/types.h>

#include "strv.h"

struct machine {
	pid_t pid;
	int pidfd;
	int agent, console, errors;   /* our ends */
	int qemu_agent, qemu_console; /* QEMU's ends, until it is started */
};

void machine_open(struct machine *m);
/*
 * Start QEMU.  It dies with this process, however that ends; a signal that ends
 * this process also removes the sockets, which may be NULL.
 */
void machine_start(struct machine *m, const struct strv *args,
		   const char *const sockets[2]);
/* Wait for its end, or make one after the time. The status, as of waitpid(). */
int machine_end(struct machine *m, int milliseconds);
/* Put the terminal back, kill QEMU, remove the sockets. */
void machine_clean_up(void);

#endif
