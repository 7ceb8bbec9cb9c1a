// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>
#include <stdlib.h>
#include <unistd.h>

#include "host.h"

static struct vm vm;

/* The card's VM, with a NVMe device beside the card. */
struct vm *guest_vm(void)
{
	static char blockdev[512];
	/* clang-format off */
	const char *options[] = {
		"--module", "nvme",
		"--qemu-arg", "-blockdev", "--qemu-arg", blockdev,
		"--qemu-arg", "-device", "--qemu-arg", "nvme,drive=nvm,serial=1",
		NULL,
	};
	/* clang-format on */
	const char *full[] = { "npu-bench", "serve", NULL };
	const char *quick[] = { "npu-bench", "--quick", "serve", NULL };
	char line[64];

	if (vm.pid)
		return &vm;
	snprintf(blockdev, sizeof(blockdev),
		 "driver=file,read-only=on,node-name=nvm,filename=%s",
		 bench_options.image);
	vm_start(&vm, options, bench_options.quick ? quick : full);
	vm_read_line(&vm, line, sizeof(line));
	if (strcmp(line, "ready"))
		die("npu-bench in the VM says: %s", line);
	return &vm;
}

static double ask(const char *what, const char *probe)
{
	char line[1024];

	guest_vm();
	if (dprintf(vm.in, "%s %s\n", what, probe) < 0)
		die("the VM ended early");
	vm_read_line(&vm, line, sizeof(line));
	if (strncmp(line, "ok ", 3))
		die("%s: %s", probe, line);
	return atof(line + 3);
}

void guest_begin(const char *probe)
{
	ask("begin", probe);
}

double guest_sample(const char *probe)
{
	return ask("sample", probe);
}

void guest_end(const char *probe)
{
	ask("end", probe);
}

void guest_close(void)
{
	if (vm.pid)
		vm_end(&vm);
}
