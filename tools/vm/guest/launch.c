// SPDX-License-Identifier: MIT
/*
 * VM_BIN/npuctl is a link to the agent.  The real program, with the host's C
 * library, is in VM_LIBEXEC; its loader is named in it, and the loader is told
 * here where the libraries are.  So it runs in a tree with another C library, or
 * none, and /proc/PID/comm has the name that people know.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"

int agent_launch(char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	const char *name = slash ? slash + 1 : argv[0];
	char path[256];

	snprintf(path, sizeof(path), VM_LIBEXEC "/%s", name);
	setenv("LD_LIBRARY_PATH", VM_LIB, 1);
	execv(path, argv);
	fprintf(stderr, "%s: %s: %s\n", name, path, strerror(errno));
	return errno == ENOENT ? 127 : 126;
}
