/* SPDX-License-Identifier: MIT */
#ifndef VM_REPORT_H
#define VM_REPORT_H

#include <stdarg.h>

/* The status when it is not the command that failed but the VM, or npu-vm. */
#define VM_STATUS 125

/* One line on stderr after "npu-vm: ". */
void vm_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same, then the end. */
void vm_die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
