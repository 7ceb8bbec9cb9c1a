// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"

static int hex(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c ? strchr(digits, c | 0x20) : NULL;

	return at ? at - digits : -1;
}

static void percent_decode(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (*s == '%' && hex(s[1]) >= 0 && hex(s[2]) >= 0) {
			*to++ = hex(s[1]) << 4 | hex(s[2]);
			s += 2;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

/* The arguments lie in text, which stays. */
static char **decode_command(char *text)
{
	size_t argc = 1, i = 0;
	char **argv;

	for (const char *s = text; *s; s++)
		argc += *s == ',';
	argv = calloc(argc + 1, sizeof(*argv));
	for (char *arg; argv && (arg = strsep(&text, ","));) {
		percent_decode(arg);
		argv[i++] = arg;
	}
	return argv;
}

void agent_read_config(struct agent_config *config)
{
	static char line[8192];
	char *rest = line, *word, *value;
	int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, line, sizeof(line) - 1) : -1;

	if (n < 0)
		agent_fail("cannot read the kernel command line");
	close(fd);
	line[n] = '\0';
	while ((word = strsep(&rest, " \n"))) {
		value = strchr(word, '=');
		if (value)
			*value++ = '\0';
		if (!strcmp(word, VM_ARG_ROOT) && value) {
			config->root = true;
			config->root_rw = !strcmp(value, "rw");
		} else if (!strcmp(word, VM_ARG_SHARE)) {
			config->share = true;
		} else if (!strcmp(word, VM_ARG_CONSOLE)) {
			config->console = true;
		} else if (!strcmp(word, VM_ARG_COMMAND) && value) {
			config->command = decode_command(value);
		}
	}
}
