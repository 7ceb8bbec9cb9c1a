// SPDX-License-Identifier: GPL-2.0-only
/* What /proc says of an open file. */
#include <stdio.h>
#include <string.h>

#include "npu_test.h"

ssize_t npt_fdinfo_read(int fd, char *text, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	return npt_read_file(path, text, size);
}

const char *npt_fdinfo(int fd, const char *key)
{
	static char value[128];
	size_t len = strlen(key);
	char text[4096], *at;

	value[0] = 0;
	if (npt_fdinfo_read(fd, text, sizeof(text)) <= 0)
		return value;
	for (at = text; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (strncmp(at, key, len) || at[len] != ':')
			continue;
		at += len + 1;
		at += strspn(at, " \t");
		snprintf(value, sizeof(value), "%.*s", (int)strcspn(at, "\n"), at);
		break;
	}
	return value;
}

uint64_t npt_fdinfo_amount(int fd, const char *key)
{
	const char *value = npt_fdinfo(fd, key);
	unsigned long long amount = 0;
	char unit[8] = "";

	if (sscanf(value, "%llu %7s", &amount, unit) < 1)
		return 0;
	if (!strcmp(unit, "KiB"))
		amount *= NPT_KIB;
	else if (!strcmp(unit, "MiB"))
		amount *= NPT_MIB;
	return amount;
}

struct queues_wait {
	int fd;
	unsigned int count;
};

static bool queues_are(void *arg)
{
	struct queues_wait *wait = arg;

	return npt_fdinfo_amount(wait->fd, "npu-queues") == wait->count;
}

bool npt_queues_settle(int fd, unsigned int count)
{
	struct queues_wait wait = { .fd = fd, .count = count };

	return npt_until(queues_are, &wait, NPT_LIMIT_MS);
}
