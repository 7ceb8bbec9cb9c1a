// SPDX-License-Identifier: MIT
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "tty.h"

#define ESCAPE	     0x1d /* Ctrl-] */
#define ESCAPE_COUNT 3

static struct termios saved;
static volatile bool raw;

void tty_make_raw(void)
{
	struct termios t;

	if (tcgetattr(STDIN_FILENO, &saved))
		return;
	t = saved;
	cfmakeraw(&t);
	raw = true;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &t);
}

void tty_restore(void)
{
	if (raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &saved);
	raw = false;
}

struct vm_winsize tty_size(void)
{
	struct winsize ws = { .ws_row = 24, .ws_col = 80 };

	ioctl(STDIN_FILENO, TIOCGWINSZ, &ws);
	return (struct vm_winsize){ .rows = ws.ws_row, .columns = ws.ws_col };
}

bool tty_wants_out(const unsigned char *bytes, size_t size)
{
	static int seen;

	for (size_t i = 0; i < size && seen < ESCAPE_COUNT; i++)
		seen = bytes[i] == ESCAPE ? seen + 1 : 0;
	return seen >= ESCAPE_COUNT;
}
