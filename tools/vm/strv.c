// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report.h"
#include "strv.h"

void *vm_alloc(size_t size)
{
	void *p = calloc(1, size);

	if (!p)
		vm_die("out of memory");
	return p;
}

char *str_format(const char *fmt, ...)
{
	char *s;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		vm_die("out of memory");
	va_end(ap);
	return s;
}

void strv_add(struct strv *s, const char *fmt, ...)
{
	char **v = realloc(s->v, (s->n + 2) * sizeof(*v));
	va_list ap;

	if (!v)
		vm_die("out of memory");
	s->v = v;
	va_start(ap, fmt);
	if (vasprintf(&s->v[s->n++], fmt, ap) < 0)
		vm_die("out of memory");
	va_end(ap);
	s->v[s->n] = NULL;
}

bool strv_has(const struct strv *s, const char *string)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->v[i], string))
			return true;
	return false;
}

static char *read_all(int fd, size_t *size)
{
	size_t room = 65536, have = 0;
	char *bytes = vm_alloc(room);
	ssize_t n;

	while ((n = read(fd, bytes + have, room - have - 1)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			free(bytes);
			return NULL;
		}
		have += n;
		if (have == room - 1) {
			bytes = realloc(bytes, room *= 2);
			if (!bytes)
				vm_die("out of memory");
		}
	}
	bytes[have] = '\0';
	*size = have;
	return bytes;
}

char *read_whole_file(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *bytes;

	if (fd < 0)
		return NULL;
	bytes = read_all(fd, size);
	close(fd);
	return bytes;
}

char *read_program(char *const argv[], size_t *size)
{
	int fds[2], status;
	char *bytes;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return NULL;
	pid = fork();
	if (!pid) {
		dup2(fds[1], STDOUT_FILENO);
		dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(fds[1]);
	bytes = pid > 0 ? read_all(fds[0], size) : NULL;
	close(fds[0]);
	if (pid > 0 && (waitpid(pid, &status, 0) < 0 || status)) {
		free(bytes);
		bytes = NULL;
	}
	return bytes;
}
