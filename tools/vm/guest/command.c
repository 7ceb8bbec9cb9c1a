// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent.h"

#define PATH_DIRS VM_BIN ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static void set_environment(const struct agent_command *command)
{
	clearenv();
	setenv("PATH", PATH_DIRS, 1);
	setenv("HOME", "/root", 1);
	setenv("USER", "root", 1);
	if (command->term && *command->term)
		setenv("TERM", command->term, 1);
}

static int exec_failed(const char *name)
{
	int err = errno;

	fprintf(stderr, "npu-vm: %s: %s\n", name,
		err == ENOENT ? "command not found in the guest" : strerror(err));
	return err == ENOENT ? 127 : 126;
}

int agent_exec(const struct agent_command *command)
{
	static const char *const shells[] = { "/bin/bash", "/bin/sh" };
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	set_environment(command);
	if (command->argv) {
		execvp(command->argv[0], command->argv);
		return exec_failed(command->argv[0]);
	}
	if (command->tty)
		ioctl(STDIN_FILENO, TIOCSCTTY, 0);
	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++)
		execl(shells[i], command->tty ? "-sh" : "sh", NULL);
	return exec_failed("/bin/sh");
}

static void run_child(const struct agent_command *command, const int fds[3])
{
	setsid();
	if (command->tty)
		ioctl(fds[0], TIOCSCTTY, 0);
	for (int i = 0; i < 3; i++)
		dup2(fds[i], i);
	_exit(agent_exec(command));
}

/* The child's ends in fds, ours in child. */
static int open_tty(const struct agent_command *command, struct agent_child *child,
		    int fds[3])
{
	struct winsize size = {
		.ws_row = command->size.rows,
		.ws_col = command->size.columns,
	};
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	char name[64];

	if (master < 0 || grantpt(master) || unlockpt(master) ||
	    ptsname_r(master, name, sizeof(name)))
		return -1;
	ioctl(master, TIOCSWINSZ, &size);
	fds[0] = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fds[0] < 0)
		return -1;
	fds[1] = fds[2] = fds[0];
	child->in = child->out = master;
	child->err = -1;
	return 0;
}

static int open_pipes(struct agent_child *child, int fds[3])
{
	int in[2], out[2], err[2];

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		return -1;
	fds[0] = in[0];
	fds[1] = out[1];
	fds[2] = err[1];
	child->in = in[1];
	child->out = out[0];
	child->err = err[0];
	/* Ours only: a command does not expect it of its own ends. */
	fcntl(child->in, F_SETFL, O_NONBLOCK);
	fcntl(child->out, F_SETFL, O_NONBLOCK);
	fcntl(child->err, F_SETFL, O_NONBLOCK);
	return 0;
}

int agent_start(const struct agent_command *command, struct agent_child *child)
{
	int fds[3];

	if (command->tty ? open_tty(command, child, fds) : open_pipes(child, fds))
		return -1;
	child->pid = fork();
	if (child->pid < 0)
		return -1;
	if (!child->pid)
		run_child(command, fds);
	close(fds[0]);
	if (!command->tty) {
		close(fds[1]);
		close(fds[2]);
	}
	return 0;
}

int agent_status(int wait_status)
{
	return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) :
					  WEXITSTATUS(wait_status);
}
