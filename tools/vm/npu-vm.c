// SPDX-License-Identifier: MIT
/* Boot a virtual machine with cards and run a command in it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "initramfs.h"
#include "kvm.h"
#include "layout.h"
#include "report.h"
#include "session.h"

/* Without these, files that are opened would become the command's input. */
static void open_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static void check_dir(const char *option, const char *path)
{
	struct stat st;

	if (stat(path, &st))
		vm_die("--%s %s: %s", option, path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		vm_die("--%s %s: not a directory", option, path);
	if (access(path, R_OK | X_OK))
		vm_die("--%s %s: %s", option, path, strerror(errno));
}

/* A tree that can be a root has at least this; the agent needs no more. */
static void check_root(const char *path)
{
	char *bin = str_format("%s/bin", path), *usr = str_format("%s/usr/bin", path);
	struct stat st;

	check_dir("root", path);
	if (lstat(bin, &st) && lstat(usr, &st))
		vm_die("--root %s: no root directory: it has no bin", path);
	free(bin);
	free(usr);
}

/* The guest takes its memory as it touches it; still, all of it must be there. */
static void check_memory(uint64_t wanted)
{
	size_t size;
	char *text = read_whole_file("/proc/meminfo", &size);
	const char *line = text ? strstr(text, "MemAvailable:") : NULL;
	uint64_t have = line ? strtoull(line + strlen("MemAvailable:"), NULL, 10) << 10 :
			       UINT64_MAX;

	if (wanted < 128ull << 20)
		vm_die("--mem: a guest needs 128M at least");
	if (wanted > have)
		vm_die("the guest wants %llu MB and this machine has %llu MB; give a "
		       "smaller --mem",
		       (unsigned long long)(wanted >> 20),
		       (unsigned long long)(have >> 20));
	free(text);
}

static void check_options(const struct vm_options *o)
{
	if (o->root)
		check_root(o->root);
	if (o->share)
		check_dir("share", o->share);
	if (!o->print)
		check_memory(o->memory);
}

static void check_address_bits(const struct vm_cards *cards)
{
	if (cards->bits > vm_host_bits())
		vm_die("these cards need %u address bits and this processor has %u; give "
		       "them less memory: --card MODEL,hbm=16G",
		       cards->bits, vm_host_bits());
}

/* In memory, for QEMU to open by descriptor: nothing to clean up. */
static char *make_initramfs(const struct vm_kernel *kernel, const struct strv *modules)
{
	int fd = memfd_create("initramfs", 0);
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;

	if (!f)
		vm_die("cannot make the initramfs: %s", strerror(errno));
	vm_write_initramfs(f, kernel, modules);
	return str_format("/dev/fd/%d", fd);
}

/* A file that stays, since the command line that names it is run later. */
static char *keep_initramfs(const struct vm_kernel *kernel, const struct strv *modules)
{
	char *path = str_format("%s/initramfs-%s", vm_cache_dir(), kernel->release);
	char *temporary = str_format("%s.%d", path, getpid());
	char *bytes = NULL;
	size_t size;
	FILE *f = open_memstream(&bytes, &size);

	if (!f)
		vm_die("cannot make the initramfs: %s", strerror(errno));
	vm_write_initramfs(f, kernel, modules);
	fclose(f);
	f = fopen(temporary, "we");
	if (!f || fwrite(bytes, 1, size, f) != size || fclose(f) ||
	    rename(temporary, path)) {
		int err = errno;

		unlink(temporary);
		vm_die("%s: %s", path, strerror(err));
	}
	free(bytes);
	free(temporary);
	return path;
}

int main(int argc, char **argv)
{
	struct vm_options options;
	struct vm_cards cards;
	struct vm_kernel kernel;
	struct vm_command command = { .agent = -1, .console = -1 };
	struct machine machine;
	struct strv args = { 0 };

	open_standard_files();
	vm_parse_options(argc, argv, &options);
	check_options(&options);
	vm_need(VM_PIECE_QEMU);
	vm_find_kernel(options.kernel, &kernel);
	vm_plan_cards(&options, &cards);

	command.options = &options;
	command.cards = &cards;
	command.kernel = &kernel;
	command.kvm = vm_kvm_works();
	if (command.kvm)
		check_address_bits(&cards);
	command.initramfs = options.print ? keep_initramfs(&kernel, &options.modules) :
					    make_initramfs(&kernel, &options.modules);
	if (options.print) {
		vm_build_command(&command, &args);
		vm_print_command(&args);
		return fflush(stdout) ? VM_STATUS : 0;
	}
	machine_open(&machine);
	command.agent = machine.qemu_agent;
	command.console = machine.qemu_console;
	vm_build_command(&command, &args);
	machine_start(&machine, &args,
		      (const char *[]){ options.qmp, options.gdb && *options.gdb ?
							     options.gdb :
							     NULL });
	return vm_session(&machine, &options);
}
