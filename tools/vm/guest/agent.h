/* SPDX-License-Identifier: MIT */
/*
 * The agent: the guest's first process.  It makes the system usable, loads the
 * driver, runs one command for npu-vm and powers off.  Static, since it must run
 * in the tree of any distribution.
 */
#ifndef VM_AGENT_H
#define VM_AGENT_H

#include <stdbool.h>
#include <sys/types.h>

#include "../frame.h"

/* What the kernel command line asks for. */
struct agent_config {
	bool root, root_rw;
	bool share;
	bool console;
	char **command; /* NULL: a shell; on the console only */
};

/* What to run. */
struct agent_command {
	char **argv; /* NULL: a shell */
	const char *term;
	bool tty;
	struct vm_winsize size;
};

/* A running command; -1 for a descriptor that is not there. */
struct agent_child {
	pid_t pid;
	int in, out, err; /* in and out are one descriptor with a tty */
};

/*
 * Give up: the text goes into the kernel log and, if there is one, to npu-vm;
 * then the machine powers off.
 */
void agent_fail(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
void agent_power_off(void) __attribute__((noreturn));

/* config.c */
void agent_read_config(struct agent_config *config);

/* system.c */
void agent_mount_system(void);
void agent_enter_root(const struct agent_config *config);
void agent_mount_share(void);

/* modules.c */
void agent_load_modules(const char *list);

/* port.c: the port to npu-vm, -1 if there is none. */
int agent_open_port(void);

/* command.c */
int agent_start(const struct agent_command *command, struct agent_child *child);
/* In the calling process; returns only if it cannot, with the status. */
int agent_exec(const struct agent_command *command);
int agent_status(int wait_status);

/* relay.c: the command of one npu-vm, from RUN to BYE. */
void agent_relay(int port);

/* launch.c: be the program that argv[0] names. */
int agent_launch(char **argv);

#endif
