// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>

#include "report.h"

static void print(const char *fmt, va_list ap)
{
	fputs("npu-vm: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

void vm_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print(fmt, ap);
	va_end(ap);
}

void vm_die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print(fmt, ap);
	va_end(ap);
	exit(VM_STATUS);
}
