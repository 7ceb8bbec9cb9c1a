// SPDX-License-Identifier: MIT
/* The driver comes up: from loading the module to a card that answers. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define LIMIT_NS 30000000000ull

static char path[256];

static int begin(void)
{
	struct utsname name;

	uname(&name);
	snprintf(path, sizeof(path), "/lib/modules/%s/extra/npu.ko", name.release);
	return access(path, R_OK) ? bench_fail("%s: %s", path, strerror(errno)) : 0;
}

static void nothing(void)
{
}

/* What was closed a moment ago is let go of in the background. */
static int unload(void)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	uint64_t start = bench_now();

	while (syscall(SYS_delete_module, "npu", O_NONBLOCK)) {
		if (errno == ENOENT)
			return 0;
		if (errno != EWOULDBLOCK || bench_now() - start > LIMIT_NS)
			return bench_fail("cannot unload npu: %s", strerror(errno));
		nanosleep(&pause, NULL);
	}
	return 0;
}

static int load(void)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int ret = fd < 0 ? -1 : syscall(SYS_finit_module, fd, "", 0);

	if (ret)
		bench_fail("%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return ret;
}

/* Probing is asynchronous. */
static int wait_for_card(void)
{
	const struct timespec pause = { .tv_nsec = 100000 };
	uint64_t start = bench_now();
	struct npu_device *dev;

	while (npu_device_open(NULL, &dev)) {
		if (bench_now() - start > LIMIT_NS)
			return bench_fail("%s", npu_last_error());
		nanosleep(&pause, NULL);
	}
	npu_device_close(dev);
	return 0;
}

static int probe_time(double *value)
{
	uint64_t start;

	if (unload())
		return -1;
	start = bench_now();
	if (load() || wait_for_card())
		return -1;
	*value = (bench_now() - start) / 1e6;
	return 0;
}

const struct bench_probe bench_module_probes[] = {
	{ "probe_time", "ms", "from loading the module to a card that answers", begin,
	  probe_time, nothing },
};
const size_t bench_module_count = sizeof(bench_module_probes) /
				  sizeof(bench_module_probes[0]);
