// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"

#define PORTS "/sys/class/virtio-ports"

static bool has_name(const char *port, const char *wanted)
{
	char path[512], name[64] = "";
	FILE *f;

	snprintf(path, sizeof(path), PORTS "/%s/name", port);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (fgets(name, sizeof(name), f))
		name[strcspn(name, "\n")] = '\0';
	fclose(f);
	return !strcmp(name, wanted);
}

static int open_named(const char *wanted)
{
	char path[512];
	struct dirent *e;
	DIR *dir = opendir(PORTS);
	int fd = -1;

	while (dir && fd < 0 && (e = readdir(dir))) {
		if (!has_name(e->d_name, wanted))
			continue;
		snprintf(path, sizeof(path), "/dev/%s", e->d_name);
		fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	}
	if (dir)
		closedir(dir);
	return fd;
}

/* The host names its ports a moment after the driver has bound. */
int agent_open_port(void)
{
	int fd = -1;

	for (int i = 0; i < 1000 && fd < 0; i++) {
		fd = open_named(VM_PORT);
		if (fd < 0)
			usleep(5000);
	}
	return fd;
}
