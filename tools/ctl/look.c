// SPDX-License-Identifier: MIT
/* Looks that cannot hang: in a child process, for a limited time. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ctl.h"

/*
 * A child that is stuck in the kernel outlives its parent.  It must not hold
 * the standard files open, or whoever reads our output would wait for it.
 */
static void drop_standard_files(void)
{
	int null = open("/dev/null", O_RDWR);
	int fd;

	for (fd = 0; fd <= 2; fd++) {
		if (null < 0)
			close(fd);
		else
			dup2(null, fd);
	}
	if (null > 2)
		close(null);
}

static void __attribute__((noreturn)) child(int fd, look_fn *fn, const void *arg)
{
	FILE *out;

	signal(SIGINT, SIG_DFL);
	drop_standard_files();
	out = fdopen(fd, "w");
	if (!out)
		_exit(1);
	fn(arg, out);
	_exit(fflush(out) ? 1 : 0);
}

int look_start(struct look *look, look_fn *fn, const void *arg)
{
	int fds[2];

	*look = (struct look){ .fd = -1 };
	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	look->pid = fork();
	if (look->pid < 0) {
		int err = -errno;

		close(fds[0]);
		close(fds[1]);
		return err;
	}
	if (!look->pid) {
		close(fds[0]);
		child(fds[1], fn, arg);
	}
	close(fds[1]);
	look->fd = fds[0];
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

/* False when there is no more to read. */
static bool read_some(struct look *look)
{
	char buffer[8192];
	ssize_t n = read(look->fd, buffer, sizeof(buffer));
	char *data;

	if (n < 0 && errno == EINTR)
		return true;
	if (n <= 0)
		return false;
	data = realloc(look->data, look->size + n);
	if (!data)
		return false;
	memcpy(data + look->size, buffer, n);
	look->data = data;
	look->size += n;
	return true;
}

static void end_look(struct look *look, bool complete)
{
	look->complete = complete;
	close(look->fd);
	look->fd = -1;
	if (!complete)
		kill(look->pid, SIGKILL);
	/* A child that is stuck is left to init. */
	waitpid(look->pid, NULL, complete ? 0 : WNOHANG);
}

static unsigned int fill_polls(const struct look *looks, unsigned int count,
			       struct pollfd *polls)
{
	unsigned int i, open = 0;

	for (i = 0; i < count; i++) {
		polls[i] = (struct pollfd){ .fd = looks[i].fd, .events = POLLIN };
		open += looks[i].fd >= 0;
	}
	return open;
}

void look_collect(struct look *looks, unsigned int count, int limit_ms)
{
	struct pollfd *polls = calloc(count, sizeof(*polls));
	int64_t left, deadline = now_ms() + limit_ms;
	unsigned int i;

	while (polls && fill_polls(looks, count, polls)) {
		left = deadline - now_ms();
		if (left <= 0 || (poll(polls, count, left) < 0 && errno != EINTR))
			break;
		for (i = 0; i < count; i++) {
			if (looks[i].fd >= 0 && polls[i].revents && !read_some(&looks[i]))
				end_look(&looks[i], true);
		}
	}
	for (i = 0; i < count; i++) {
		if (looks[i].fd >= 0)
			end_look(&looks[i], false);
	}
	free(polls);
}

void look_free(struct look *look)
{
	free(look->data);
	look->data = NULL;
	look->size = 0;
}
