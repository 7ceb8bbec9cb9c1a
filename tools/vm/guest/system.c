// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "agent.h"

#define NEW_ROOT   "/mnt/root"
#define P9_OPTIONS "trans=virtio,version=9p2000.L,msize=524288"

static const struct {
	const char *source, *target, *type, *options;
	unsigned long flags;
	bool may_fail; /* the kernel may be built without it */
} mounts[] = {
	{ "proc", "/proc", "proc", "", MS_NOSUID | MS_NODEV | MS_NOEXEC, false },
	{ "sysfs", "/sys", "sysfs", "", MS_NOSUID | MS_NODEV | MS_NOEXEC, false },
	{ "devtmpfs", "/dev", "devtmpfs", "mode=755", MS_NOSUID, false },
	{ "devpts", "/dev/pts", "devpts", "mode=620,ptmxmode=666", MS_NOSUID, false },
	{ "shm", "/dev/shm", "tmpfs", "mode=1777", MS_NOSUID | MS_NODEV, false },
	{ "tmp", "/tmp", "tmpfs", "mode=1777", MS_NOSUID | MS_NODEV, false },
	{ "debugfs", "/sys/kernel/debug", "debugfs", "", 0, true },
	{ "tracefs", "/sys/kernel/tracing", "tracefs", "", 0, true },
};

static const struct {
	const char *name, *target;
} dev_links[] = {
	{ "/dev/fd", "/proc/self/fd" },
	{ "/dev/stdin", "/proc/self/fd/0" },
	{ "/dev/stdout", "/proc/self/fd/1" },
	{ "/dev/stderr", "/proc/self/fd/2" },
};

static void make_dirs(const char *path)
{
	char part[PATH_MAX];

	snprintf(part, sizeof(part), "%s", path);
	for (char *s = part + 1; (s = strchr(s, '/')); *s++ = '/') {
		*s = '\0';
		mkdir(part, 0755);
	}
	mkdir(part, 0755);
}

static void do_mount(const char *source, const char *target, const char *type,
		     unsigned long flags, const char *options)
{
	make_dirs(target);
	if (mount(source, target, type, flags, options))
		agent_fail("cannot mount %s on %s: %s", source, target, strerror(errno));
}

static void mount_below(const char *root)
{
	char target[PATH_MAX];

	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		snprintf(target, sizeof(target), "%s%s", root, mounts[i].target);
		make_dirs(target);
		if (mount(mounts[i].source, target, mounts[i].type, mounts[i].flags,
			  mounts[i].options) &&
		    !mounts[i].may_fail)
			agent_fail("cannot mount %s: %s", target, strerror(errno));
	}
}

void agent_mount_system(void)
{
	umask(022);
	chmod("/", 0755);
	mount_below("");
	for (size_t i = 0; i < sizeof(dev_links) / sizeof(dev_links[0]); i++)
		if (symlink(dev_links[i].target, dev_links[i].name) && errno != EEXIST)
			agent_fail("%s: %s", dev_links[i].name, strerror(errno));
	sethostname("npu-vm", strlen("npu-vm"));
}

/* The tree of the host, with changes in memory unless it may be written. */
static void mount_tree(bool rw)
{
	if (rw) {
		do_mount(VM_TAG_ROOT, NEW_ROOT, "9p", 0, P9_OPTIONS ",cache=mmap");
		return;
	}
	do_mount(VM_TAG_ROOT, "/mnt/lower", "9p", MS_RDONLY, P9_OPTIONS ",cache=loose");
	do_mount("changes", "/mnt/changes", "tmpfs", 0, "mode=755");
	make_dirs("/mnt/changes/upper");
	make_dirs("/mnt/changes/work");
	do_mount("root", NEW_ROOT, "overlay", 0,
		 "lowerdir=/mnt/lower,upperdir=/mnt/changes/upper,workdir=/mnt/changes/work");
}

/* Where modprobe looks, unless the tree has modules of the same release. */
static void show_modules(void)
{
	char path[PATH_MAX];
	struct utsname name;

	uname(&name);
	snprintf(path, sizeof(path), "/lib/modules/%s", name.release);
	if (access(path, F_OK)) {
		make_dirs(path);
		mount(VM_MODULES, "/lib/modules", NULL, MS_BIND, NULL);
	}
}

void agent_enter_root(const struct agent_config *config)
{
	mount_tree(config->root_rw);
	mount_below(NEW_ROOT);
	do_mount("run", NEW_ROOT "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755");
	do_mount(VM_HOME, NEW_ROOT VM_HOME, NULL, MS_BIND, NULL);
	if (chdir(NEW_ROOT) || mount(".", "/", NULL, MS_MOVE, NULL) || chroot(".") ||
	    chdir("/"))
		agent_fail("cannot enter the root directory: %s", strerror(errno));
	if (!config->root_rw)
		show_modules();
}

void agent_mount_share(void)
{
	do_mount(VM_TAG_SHARE, VM_SHARE_POINT, "9p", 0, P9_OPTIONS ",cache=mmap");
}
