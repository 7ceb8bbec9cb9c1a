/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A QEMU without a guest: started, spoken to over the qtest and QMP protocols,
 * and ended.  There is one at a time.  What goes wrong in here fails the test.
 */
#ifndef NPU_QTEST_QEMU_H
#define NPU_QTEST_QEMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Additional arguments, separated by spaces.  A q35 machine with 256 MiB, whose CPU
 * does not run unless they name an accelerator.
 */
void qemu_start(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Ends by QMP's quit; QEMU must be gone in time with status 0. */
void qemu_quit(void);

/*
 * Start a QEMU that is expected to refuse its arguments: what it said, in
 * static storage.
 */
const char *qemu_refusal(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* Physical memory and I/O ports */
uint64_t qemu_read(uint64_t address, unsigned size);
void qemu_write(uint64_t address, uint64_t value, unsigned size);
void qemu_copy_in(uint64_t address, const void *from, size_t size);
void qemu_copy_out(uint64_t address, void *to, size_t size);
void qemu_outl(uint16_t port, uint32_t value);

/*
 * A QMP command as JSON text; the reply's line, in static storage until the
 * next.  qmp() wants success, qmp_any() does not care.
 */
const char *qmp(const char *format, ...) __attribute__((format(printf, 1, 2)));
const char *qmp_any(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
/* Wait for an event with that name. */
void qmp_wait_event(const char *name);

/* What QEMU has printed so far; as diagnostics of a test, or as text. */
void qemu_print_stderr(void);
const char *qemu_stderr(void);

/* Its process id. */
int qemu_process(void);

/* Threads whose name begins so, and CPU time that QEMU has used. */
unsigned qemu_threads(const char *prefix);
uint64_t qemu_cpu_ms(void);

uint64_t now_ms(void);
void sleep_ms(unsigned ms);

#endif
