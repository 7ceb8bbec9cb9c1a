// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent.h"

static void load(const char *path)
{
	const char *name = strrchr(path, '/');
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	name = name ? name + 1 : path;
	if (fd < 0)
		agent_fail("%s: %s", path, strerror(errno));
	if (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST)
		agent_fail("cannot load %s: %s", name, strerror(errno));
	close(fd);
}

void agent_load_modules(const char *list)
{
	char line[512];
	FILE *f = fopen(list, "re");

	if (!f)
		agent_fail("%s: %s", list, strerror(errno));
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		load(line);
	}
	fclose(f);
}
