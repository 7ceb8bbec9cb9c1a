// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kvm.h"
#include "report.h"
#include "strv.h"

static const char *cpuinfo(void)
{
	static char *text;
	size_t size;

	if (!text)
		text = read_whole_file("/proc/cpuinfo", &size);
	return text ? text : "";
}

/*
 * The device exists on machines that are virtual themselves and cannot run a
 * guest; there the processor does not have the flag.
 */
static bool cpu_can(void)
{
	return strstr(cpuinfo(), " vmx") || strstr(cpuinfo(), " svm");
}

bool vm_kvm_works(void)
{
	int kvm, vm = -1;

	if (!cpu_can())
		return false;
	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm < 0) {
		if (errno == EACCES)
			vm_note("no permission for /dev/kvm, so this is slow; type: "
				"sudo adduser $USER kvm, and log in again");
		return false;
	}
	if (ioctl(kvm, KVM_GET_API_VERSION, 0) == KVM_API_VERSION)
		vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (vm >= 0)
		close(vm);
	close(kvm);
	return vm >= 0;
}

unsigned int vm_host_bits(void)
{
	const char *line = strstr(cpuinfo(), "address sizes");
	const char *value = line ? strchr(line, ':') : NULL;

	return value ? atoi(value + 1) : 36;
}
