/* SPDX-License-Identifier: MIT */
/* The user's terminal, raw while a shell of the guest has it. */
#ifndef VM_TTY_H
#define VM_TTY_H

#include <stdbool.h>
#include <stddef.h>

#include "frame.h"

void tty_make_raw(void);
/* Safe in a signal handler, and when it is not raw. */
void tty_restore(void);
struct vm_winsize tty_size(void);
/* Three Ctrl-] in a row: the user wants out. */
bool tty_wants_out(const unsigned char *bytes, size_t size);

#endif
