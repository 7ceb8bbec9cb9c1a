// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "frame.h"
#include "report.h"
#include "session.h"
#include "tty.h"
#include "words.h"

#define LAST_LINES   24
#define POWER_OFF_MS 20000

enum end { RUNNING, EXITED, FAILED, TIMED_OUT, VM_GONE };

struct session {
	struct machine *m;
	const struct vm_options *options;
	struct vm_reader reader;
	struct vm_writer writer;
	struct words console, errors; /* the kernel's, QEMU's */
	int log;
	int resized; /* signalfd, with a terminal */
	bool tty;
	bool ready; /* the agent has spoken */
	bool input_ended;
	int64_t deadline; /* ms, 0: none */
	enum end end;
	int status;
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

/* ---- What the user sees ---------------------------------------------------- */

/* Whoever reads our output has gone: end as any program would. */
static void output_gone(void)
{
	machine_clean_up();
	signal(SIGPIPE, SIG_DFL);
	raise(SIGPIPE);
	_exit(128 + SIGPIPE);
}

static void write_all(int fd, const unsigned char *bytes, size_t size)
{
	while (size) {
		ssize_t n = write(fd, bytes, size);

		if (n >= 0) {
			bytes += n;
			size -= n;
		} else if (errno == EAGAIN) {
			struct pollfd p = { .fd = fd, .events = POLLOUT };

			poll(&p, 1, -1);
		} else if (errno == EPIPE) {
			output_gone();
		} else if (errno != EINTR) {
			vm_die("cannot write the command's output: %s", strerror(errno));
		}
	}
}

static void take_frame(struct session *s, const struct vm_frame *frame)
{
	uint32_t status;

	switch (frame->type) {
	case VM_READY:
		s->ready = true;
		break;
	case VM_STDOUT:
		write_all(STDOUT_FILENO, frame->data, frame->size);
		break;
	case VM_STDERR:
		write_all(STDERR_FILENO, frame->data, frame->size);
		break;
	case VM_EXIT:
		memcpy(&status, frame->data, sizeof(status));
		s->status = status;
		s->end = EXITED;
		vm_put(&s->writer, VM_BYE, NULL, 0);
		break;
	case VM_FAILED:
		vm_note("%.*s", (int)frame->size, (const char *)frame->data);
		s->end = FAILED;
		break;
	}
}

static void read_agent(struct session *s)
{
	struct vm_frame frame;
	int rc = 0;

	vm_read(&s->reader, s->m->agent);
	while (s->end == RUNNING && (rc = vm_next(&s->reader, &frame)) > 0)
		take_frame(s, &frame);
	if (rc < 0)
		s->end = FAILED;
}

/* ---- What goes in ---------------------------------------------------------- */

static void put_run(struct session *s)
{
	static unsigned char bytes[VM_FRAME_MAX];
	const char *term = getenv("TERM");
	struct vm_run run = { .tty = s->tty, .size = tty_size() };
	char **command = s->options->command;
	size_t size = sizeof(run);

	for (; command && command[run.argc]; run.argc++) {
		size_t length = strlen(command[run.argc]) + 1;

		if (size + length > sizeof(bytes) - 256)
			vm_die("the command is too long; put it into a file, and type: "
			       "npu-vm --share DIR -- sh " VM_SHARE_POINT "/FILE");
		memcpy(bytes + size, command[run.argc], length);
		size += length;
	}
	memcpy(bytes, &run, sizeof(run));
	size += 1 + snprintf((char *)bytes + size, 128, "%.127s", term ? term : "");
	vm_put(&s->writer, VM_RUN, bytes, size);
}

static void read_input(struct session *s)
{
	static unsigned char bytes[VM_DATA_MAX];
	ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		s->input_ended = true;
		vm_put(&s->writer, VM_STDIN_END, NULL, 0);
		return;
	}
	if (s->tty && tty_wants_out(bytes, n)) {
		vm_note("ended by the user");
		s->end = EXITED;
		s->status = 128 + SIGINT;
		return;
	}
	vm_put(&s->writer, VM_STDIN, bytes, n);
}

static void resize(struct session *s)
{
	struct signalfd_siginfo info;
	struct vm_winsize size = tty_size();

	if (read(s->resized, &info, sizeof(info)) > 0)
		vm_put(&s->writer, VM_WINSIZE, &size, sizeof(size));
}

/* ---- The kernel and QEMU --------------------------------------------------- */

static void listen_to(int *fd, struct words *words, int log)
{
	char bytes[4096];
	ssize_t n;

	while ((n = read(*fd, bytes, sizeof(bytes))) > 0) {
		words_add(words, bytes, n);
		if (log >= 0)
			write_all(log, (unsigned char *)bytes, n);
	}
	if (!n || (errno != EAGAIN && errno != EINTR)) {
		close(*fd);
		*fd = -1;
	}
}

static void listen_to_all(struct session *s)
{
	if (s->m->console >= 0)
		listen_to(&s->m->console, &s->console, s->log);
	if (s->m->errors >= 0)
		listen_to(&s->m->errors, &s->errors, s->log);
}

/* ---- The loop -------------------------------------------------------------- */

enum { AGENT, CONSOLE, ERRORS, INPUT, RESIZED, QEMU, FDS };

static int time_left(const struct session *s)
{
	int64_t left = s->deadline - now_ms();

	return !s->deadline ? -1 : left < 0 ? 0 : left;
}

static void step(struct session *s)
{
	bool room = vm_has_room(&s->writer);
	struct pollfd p[FDS] = {
		[AGENT] = { .fd = s->m->agent, .events = POLLIN },
		[CONSOLE] = { .fd = s->m->console, .events = POLLIN },
		[ERRORS] = { .fd = s->m->errors, .events = POLLIN },
		[INPUT] = { .fd = room && !s->input_ended ? STDIN_FILENO : -1,
			    .events = POLLIN },
		[RESIZED] = { .fd = room ? s->resized : -1, .events = POLLIN },
		[QEMU] = { .fd = s->m->pidfd, .events = POLLIN },
	};

	if (vm_pending(&s->writer))
		p[AGENT].events |= POLLOUT;
	if (poll(p, FDS, time_left(s)) < 0)
		return;
	listen_to_all(s);
	/* A status that has arrived counts, even if QEMU is already gone. */
	if (p[AGENT].revents)
		read_agent(s);
	if (s->end == RUNNING && p[QEMU].revents)
		s->end = VM_GONE;
	if (s->end == RUNNING && s->deadline && !time_left(s))
		s->end = TIMED_OUT;
	if (s->end == RUNNING && p[INPUT].revents)
		read_input(s);
	if (s->end == RUNNING && p[RESIZED].revents)
		resize(s);
	vm_flush(&s->writer, s->m->agent);
}

/* ---- The end --------------------------------------------------------------- */

static void print_last_words(const struct session *s)
{
	if (s->errors.size) {
		fputs("QEMU said:\n", stderr);
		words_print(&s->errors, LAST_LINES);
	}
	if (s->console.size) {
		fputs("The kernel's last words:\n", stderr);
		words_print(&s->console, LAST_LINES);
	}
}

/* QEMU that ends before the kernel says anything did not like its arguments. */
static int tell_vm_gone(struct session *s, int wait_status)
{
	if (!s->console.size && s->errors.size) {
		vm_note("QEMU: %s", words_first_line(&s->errors));
	} else if (WIFSIGNALED(wait_status)) {
		vm_note("QEMU was ended by signal %d (%s)", WTERMSIG(wait_status),
			strsignal(WTERMSIG(wait_status)));
		print_last_words(s);
	} else {
		vm_note("the VM ended before the command did");
		print_last_words(s);
	}
	return VM_STATUS;
}

static int end(struct session *s)
{
	int wait_status = machine_end(s->m, s->end == EXITED  ? POWER_OFF_MS :
					    s->end == VM_GONE ? -1 :
								0);

	tty_restore();
	listen_to_all(s);
	switch (s->end) {
	case EXITED:
		return s->status;
	case TIMED_OUT:
		vm_note("timed out after %d s%s", s->options->timeout,
			s->ready ? "" : ", before the guest was up");
		print_last_words(s);
		return VM_STATUS;
	case VM_GONE:
		return tell_vm_gone(s, wait_status);
	default:
		print_last_words(s);
		return VM_STATUS;
	}
}

static int open_log(const char *path)
{
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;

	if (path && fd < 0)
		vm_die("--log %s: %s", path, strerror(errno));
	return fd;
}

static int watch_size(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

int vm_session(struct machine *m, const struct vm_options *options)
{
	static struct session session;
	struct session *s = &session;

	s->m = m;
	s->options = options;
	s->log = open_log(options->log);
	s->tty = !options->command && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	s->resized = s->tty ? watch_size() : -1;
	if (options->timeout)
		s->deadline = now_ms() + options->timeout * 1000ll;
	put_run(s);
	if (s->tty) {
		vm_note("starting a shell; Ctrl-] three times ends the VM");
		tty_make_raw();
	}
	while (s->end == RUNNING)
		step(s);
	return end(s);
}
