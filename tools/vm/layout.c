// SPDX-License-Identifier: MIT
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layout.h"
#include "report.h"
#include "strv.h"

/* Paths are relative to the top of the tree, or to the prefix, if not absolute. */
static const struct place {
	const char *what, *env, *built, *installed, *hint;
} places[] = {
	[VM_PIECE_QEMU] = {
		"QEMU with the card", "NPU_QEMU", "build/qemu-system-x86_64-npu",
		"bin/qemu-system-x86_64-npu", "make qemu",
	},
	[VM_PIECE_KERNEL] = {
		"the guest's kernel", "NPU_KERNEL", "build/kernel", "lib/npu/kernel",
		"make kernel",
	},
	[VM_PIECE_AGENT] = {
		"the guest's agent", NULL, "build/tools/npu-agent",
		"libexec/npu/npu-agent", "make tools",
	},
	[VM_PIECE_BUSYBOX] = {
		"a static busybox", NULL, "/bin/busybox", "/bin/busybox",
		"apt-get install busybox-static",
	},
	[VM_PIECE_MODULE] = {
		"the driver", "NPU_MODULE", "npu.ko", "lib/npu/npu.ko", "make modules",
	},
	[VM_PIECE_LIBRARIES] = {
		"libnpu", NULL, "build/libnpu", "lib/npu", "make lib",
	},
	[VM_PIECE_NPUCTL] = {
		"npuctl", NULL, "tools/npuctl", "bin/npuctl", "make tools",
	},
	[VM_PIECE_NPU_RUN] = {
		"npu-run", NULL, "tools/npu-run", "bin/npu-run", "make tools",
	},
	[VM_PIECE_NPU_BENCH] = {
		"npu-bench", NULL, "tools/npu-bench", "bin/npu-bench", "make tools",
	},
	[VM_PIECE_MODELS] = {
		"the models", NULL, "tools/run/models", "share/npu/models", "make tools",
	},
	[VM_PIECE_SELFTESTS] = {
		"the tests", NULL, "build/selftests", "libexec/npu/selftests",
		"make selftests",
	},
};

/* The directory above the one that this program is in. */
static const char *top_dir(void)
{
	static char path[PATH_MAX];
	ssize_t n;

	if (*path)
		return path;
	n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	if (n < 0)
		vm_die("/proc is not mounted");
	path[n] = '\0';
	for (int i = 0; i < 2; i++) {
		char *slash = strrchr(path, '/');

		if (slash)
			*slash = '\0';
	}
	return path;
}

static bool is_built_tree(void)
{
	char *mark = str_format("%s/uapi/npu/regs.h", top_dir());
	bool built = !access(mark, F_OK);

	free(mark);
	return built;
}

/* What to type; an installed tree is only ever whole. */
static const char *hint_of(enum vm_piece piece)
{
	const struct place *p = &places[piece];

	if (is_built_tree() || *p->installed == '/')
		return p->hint;
	return "make install, where npu was built";
}

static char *place_of(enum vm_piece piece)
{
	const struct place *p = &places[piece];
	const char *set = p->env ? getenv(p->env) : NULL;
	const char *path = is_built_tree() ? p->built : p->installed;

	if (set && *set)
		path = set;
	if (*path == '/' || path == set)
		return str_format("%s", path);
	return str_format("%s/%s", top_dir(), path);
}

const char *vm_find(enum vm_piece piece)
{
	static char *found[sizeof(places) / sizeof(places[0])];

	if (!found[piece])
		found[piece] = place_of(piece);
	return access(found[piece], F_OK) ? NULL : found[piece];
}

const char *vm_need(enum vm_piece piece)
{
	const char *path = vm_find(piece);

	if (!path)
		vm_die("%s is missing (%s); type: %s", places[piece].what,
		       place_of(piece), hint_of(piece));
	return path;
}

const char *vm_cache_dir(void)
{
	static char *dir;
	const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (dir)
		return dir;
	if (base && *base)
		dir = str_format("%s/npu", base);
	else if (home && *home)
		dir = str_format("%s/.cache/npu", home);
	else
		vm_die("neither XDG_CACHE_HOME nor HOME is set");
	for (char *s = dir + 1; (s = strchr(s, '/')); *s++ = '/') {
		*s = '\0';
		mkdir(dir, 0777);
	}
	if (mkdir(dir, 0777) && errno != EEXIST)
		vm_die("%s: %s", dir, strerror(errno));
	return dir;
}
