// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine.h"
#include "report.h"
#include "tty.h"

/* For the signal handler. */
static volatile pid_t running;
static const char *volatile files_to_remove[2];

void machine_clean_up(void)
{
	tty_restore();
	if (running)
		kill(running, SIGKILL);
	for (int i = 0; i < 2; i++)
		if (files_to_remove[i])
			unlink(files_to_remove[i]);
}

static void on_signal(int signal_number)
{
	machine_clean_up();
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

static void catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_NODEFER };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void open_pair(int *ours, int *theirs)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		vm_die("cannot make a socket: %s", strerror(errno));
	*ours = fds[0];
	*theirs = fds[1];
	fcntl(*ours, F_SETFL, O_NONBLOCK);
}

void machine_open(struct machine *m)
{
	open_pair(&m->agent, &m->qemu_agent);
	open_pair(&m->console, &m->qemu_console);
}

static void keep_open(int fd)
{
	fcntl(fd, F_SETFD, 0);
}

/* In the child.  A session of its own: Ctrl-C is for npu-vm alone. */
static void exec_qemu(const struct machine *m, const struct strv *args, int errors,
		      pid_t parent)
{
	int null = open("/dev/null", O_RDWR);

	setsid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(VM_STATUS);
	keep_open(m->qemu_agent);
	keep_open(m->qemu_console);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(errors, STDERR_FILENO);
	execv(args->v[0], args->v);
	vm_note("%s: %s", args->v[0], strerror(errno));
	_exit(VM_STATUS);
}

void machine_start(struct machine *m, const struct strv *args,
		   const char *const sockets[2])
{
	pid_t parent = getpid();
	int errors[2];

	if (pipe2(errors, O_CLOEXEC))
		vm_die("cannot make a pipe: %s", strerror(errno));
	for (int i = 0; i < 2; i++)
		files_to_remove[i] = sockets[i];
	catch_signals();
	atexit(machine_clean_up);
	m->pid = fork();
	if (m->pid < 0)
		vm_die("cannot start a process: %s", strerror(errno));
	if (!m->pid)
		exec_qemu(m, args, errors[1], parent);
	running = m->pid;
	close(errors[1]);
	close(m->qemu_agent);
	close(m->qemu_console);
	m->errors = errors[0];
	fcntl(m->errors, F_SETFL, O_NONBLOCK);
	m->pidfd = pidfd_open(m->pid, 0);
	if (m->pidfd < 0)
		vm_die("cannot watch QEMU: %s", strerror(errno));
}

int machine_end(struct machine *m, int milliseconds)
{
	struct pollfd p = { .fd = m->pidfd, .events = POLLIN };
	int status = 0;

	while (poll(&p, 1, milliseconds) < 0 && errno == EINTR)
		;
	kill(m->pid, SIGKILL);
	waitpid(m->pid, &status, 0);
	running = 0;
	return status;
}
