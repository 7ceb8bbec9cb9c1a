// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent.h"

static struct relay {
	struct vm_reader reader;
	struct vm_writer writer;
	struct agent_child child;
	int port, signals;
	bool tty;
	bool exited; /* the command; its output may still be in the pipes */
	int status;

	/* Input that the command has not taken, in a frame of the reader. */
	const unsigned char *input;
	size_t input_size;
	bool input_ended;
} relay = { .child = { .in = -1, .out = -1, .err = -1 } };

static void host_gone(void)
{
	agent_power_off();
}

static void flush(struct relay *r)
{
	if (!vm_flush(&r->writer, r->port))
		host_gone();
}

/* Until what was put is out. */
static void flush_all(struct relay *r)
{
	struct pollfd p = { .fd = r->port, .events = POLLOUT };

	while (vm_pending(&r->writer)) {
		poll(&p, 1, -1);
		flush(r);
	}
}

/* ---- From the host -------------------------------------------------------- */

static const char *next_string(const unsigned char **at, const unsigned char *end)
{
	const unsigned char *s = *at, *nul = memchr(s, '\0', end - s);

	if (!nul)
		agent_fail("a malformed command from npu-vm");
	*at = nul + 1;
	return (const char *)s;
}

static void run(struct relay *r, const struct vm_frame *frame)
{
	const unsigned char *at = frame->data + sizeof(struct vm_run);
	const unsigned char *end = frame->data + frame->size;
	struct agent_command command = { 0 };
	struct vm_run run;

	if (frame->size < sizeof(run) || r->child.pid)
		agent_fail("a malformed command from npu-vm");
	memcpy(&run, frame->data, sizeof(run));
	if (run.argc > frame->size)
		agent_fail("a malformed command from npu-vm");
	if (run.argc)
		command.argv = calloc(run.argc + 1, sizeof(*command.argv));
	for (uint32_t i = 0; i < run.argc; i++)
		command.argv[i] = (char *)next_string(&at, end);
	command.term = next_string(&at, end);
	command.tty = r->tty = run.tty;
	command.size = run.size;
	if (agent_start(&command, &r->child))
		agent_fail("cannot start a command: %s", strerror(errno));
	free(command.argv);
}

static void resize(struct relay *r, const struct vm_frame *frame)
{
	struct vm_winsize size;
	struct winsize ws = { 0 };

	if (!r->tty || frame->size < sizeof(size))
		return;
	memcpy(&size, frame->data, sizeof(size));
	ws.ws_row = size.rows;
	ws.ws_col = size.columns;
	ioctl(r->child.in, TIOCSWINSZ, &ws);
}

/* A terminal's end of input is a character; closing it would hang up. */
static void end_input(struct relay *r)
{
	static const unsigned char eof = 4;

	if (r->child.in >= 0 && r->tty) {
		r->input = &eof;
		r->input_size = 1;
	} else if (r->child.in >= 0) {
		close(r->child.in);
		r->child.in = -1;
	}
	r->input_ended = true;
}

static void drop_input(struct relay *r)
{
	r->input_size = 0;
	if (!r->tty && r->child.in >= 0) {
		close(r->child.in);
		r->child.in = -1;
	}
}

static void write_input(struct relay *r)
{
	ssize_t n = write(r->child.in, r->input, r->input_size);

	if (n >= 0) {
		r->input += n;
		r->input_size -= n;
	} else if (errno != EAGAIN && errno != EINTR) {
		drop_input(r);
	}
}

/* Frames, until one has input that the command does not take at once. */
static void take_frames(struct relay *r)
{
	struct vm_frame frame;
	int rc = 0;

	while (!r->input_size && (rc = vm_next(&r->reader, &frame)) > 0) {
		if (frame.type == VM_RUN) {
			run(r, &frame);
		} else if (frame.type == VM_STDIN && r->child.in >= 0) {
			r->input = frame.data;
			r->input_size = frame.size;
			write_input(r);
		} else if (frame.type == VM_STDIN_END) {
			end_input(r);
		} else if (frame.type == VM_WINSIZE) {
			resize(r, &frame);
		} else if (frame.type == VM_BYE) {
			agent_power_off();
		}
	}
	if (rc < 0)
		agent_fail("a malformed frame from npu-vm");
}

/* ---- To the host ---------------------------------------------------------- */

/* True: there may be more. */
static bool read_output(struct relay *r, int *fd, uint32_t type)
{
	static unsigned char bytes[VM_DATA_MAX];
	ssize_t n = read(*fd, bytes, sizeof(bytes));

	if (n > 0) {
		vm_put(&r->writer, type, bytes, n);
		return true;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	/* End of file, or a terminal that nobody has open any more. */
	if (!r->tty)
		close(*fd);
	*fd = -1;
	return false;
}

/* The end of the command is the end: whoever still has its pipes is not heard. */
static void finish(struct relay *r)
{
	uint32_t status = r->status;

	flush_all(r);
	while (r->child.out >= 0 && read_output(r, &r->child.out, VM_STDOUT))
		flush_all(r);
	while (r->child.err >= 0 && read_output(r, &r->child.err, VM_STDERR))
		flush_all(r);
	sync();
	vm_put(&r->writer, VM_EXIT, &status, sizeof(status));
	flush_all(r);
}

/* As the first process, this one inherits every orphan. */
static void reap(struct relay *r)
{
	struct signalfd_siginfo info;
	int status;
	pid_t pid;

	while (read(r->signals, &info, sizeof(info)) > 0)
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != r->child.pid)
			continue;
		r->exited = true;
		r->status = agent_status(status);
	}
}

/* ---- The loop -------------------------------------------------------------- */

enum { PORT, SIGNALS, IN, OUT, ERR, FDS };

static void wait_for_work(struct relay *r, struct pollfd p[FDS])
{
	bool room = vm_has_room(&r->writer);

	p[PORT] = (struct pollfd){ .fd = r->port };
	if (!r->input_size)
		p[PORT].events |= POLLIN;
	if (vm_pending(&r->writer))
		p[PORT].events |= POLLOUT;
	p[SIGNALS] = (struct pollfd){ .fd = r->signals, .events = POLLIN };
	p[IN] = (struct pollfd){ .fd = r->input_size ? r->child.in : -1,
				 .events = POLLOUT };
	p[OUT] = (struct pollfd){ .fd = room ? r->child.out : -1, .events = POLLIN };
	p[ERR] = (struct pollfd){ .fd = room ? r->child.err : -1, .events = POLLIN };
	poll(p, FDS, -1);
}

static void work(struct relay *r, const struct pollfd p[FDS])
{
	if (p[PORT].revents & (POLLIN | POLLHUP) && !r->input_size) {
		if (!vm_read(&r->reader, r->port))
			host_gone();
	}
	if (p[IN].revents)
		write_input(r);
	take_frames(r);
	if (p[OUT].revents && vm_has_room(&r->writer))
		read_output(r, &r->child.out, VM_STDOUT);
	if (p[ERR].revents && vm_has_room(&r->writer))
		read_output(r, &r->child.err, VM_STDERR);
	flush(r);
	if (p[SIGNALS].revents)
		reap(r);
}

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

void agent_relay(int port)
{
	struct relay *r = &relay;
	struct pollfd p[FDS];

	r->port = port;
	r->signals = open_signals();
	vm_put(&r->writer, VM_READY, NULL, 0);
	while (!r->exited) {
		wait_for_work(r, p);
		work(r, p);
	}
	finish(r);
	/* What is left of its input goes nowhere; then BYE ends this. */
	for (;;) {
		struct pollfd bye = { .fd = port, .events = POLLIN };

		drop_input(r);
		take_frames(r);
		if (poll(&bye, 1, -1) > 0 && !vm_read(&r->reader, port))
			host_gone();
	}
}
