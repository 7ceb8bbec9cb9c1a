// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that is refused: of what the kernel allocates for this thread, one allocation
 * fails.  Debug kernels can do that (FAILSLAB and FAIL_PAGE_ALLOC).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "npu_test.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define DEBUGFS		"/sys/kernel/debug/"

/* Any allocation, also one that could wait, and no word in the log, which is looked at. */
static const char * const settings[][2] = {
	{ DEBUGFS "failslab/ignore-gfp-wait", "N" },
	{ DEBUGFS "failslab/verbose", "0" },
	{ DEBUGFS "fail_page_alloc/ignore-gfp-wait", "N" },
	{ DEBUGFS "fail_page_alloc/ignore-gfp-highmem", "N" },
	{ DEBUGFS "fail_page_alloc/min-order", "0" },
	{ DEBUGFS "fail_page_alloc/verbose", "0" },
};

/*
 * Not the kernel's allocator of HBM: when it is refused a block (6.12.117, split_block()),
 * it merges a block that stays in its tree of free ones, and crashes later.
 */
static int spare_the_buddies(void)
{
	unsigned long long at, first = 0, last = 0;
	char line[256], name[128];
	FILE *symbols = fopen("/proc/kallsyms", "re");
	int err;

	if (!symbols)
		return -errno;
	/* In the order of their addresses: it ends where the next begins. */
	while (!last && fgets(line, sizeof(line), symbols)) {
		if (sscanf(line, "%llx %*c %127s", &at, name) != 2)
			continue;
		if (!strcmp(name, "gpu_buddy_alloc_blocks") ||
		    !strcmp(name, "drm_buddy_alloc_blocks"))
			first = at;
		else if (first && at > first)
			last = at;
	}
	fclose(symbols);
	if (!last)
		return -ENOENT;
	snprintf(line, sizeof(line), "0x%llx", first);
	err = npt_write_file(DEBUGFS "failslab/reject-start", line);
	snprintf(line, sizeof(line), "0x%llx", last);
	return err ? err : npt_write_file(DEBUGFS "failslab/reject-end", line);
}

int npt_nomem_open(void)
{
	int file = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	unsigned int i;
	int err;

	if (file < 0)
		return -errno;
	err = spare_the_buddies();
	if (err) {
		fprintf(stderr, "# what calls the allocator of HBM is not known: %d\n", err);
		close(file);
		return -EIO;
	}
	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		err = npt_write_file(settings[i][0], settings[i][1]);
		if (err) {
			fprintf(stderr, "# %s: %d\n", settings[i][0], err);
			close(file);
			return err;
		}
	}
	return file;
}

int npt_nomem_begin(int file, unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	return pwrite(file, text, len, 0) == len ? 0 : -errno;
}

bool npt_nomem_end(int file)
{
	char left[16] = "";

	if (pread(file, left, sizeof(left) - 1, 0) <= 0 || pwrite(file, "0", 1, 0) != 1)
		return false;
	return !atoi(left);
}
