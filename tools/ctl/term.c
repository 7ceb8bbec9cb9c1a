// SPDX-License-Identifier: MIT
/* The terminal: its width, its colours, and texts that fit it. */
#include <inttypes.h>
#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

#include "ctl.h"

static bool colours;

void term_init(void)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	/* Without a locale, texts are UTF-8 like everything else of today. */
	if (!setlocale(LC_CTYPE, "") || MB_CUR_MAX == 1)
		setlocale(LC_CTYPE, "C.UTF-8");
	colours = isatty(STDOUT_FILENO) && !(no_color && *no_color) && term &&
		  strcmp(term, "dumb");
}

int term_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;

	if (columns && atoi(columns) > 0)
		return atoi(columns);
	if (!isatty(STDOUT_FILENO))
		return INT_MAX;
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	return 80;
}

const char *term_colour(enum colour colour)
{
	/* clang-format off */
	static const char *const codes[] = {
		[COLOUR_NONE] = "",
		[COLOUR_GOOD] = "\033[32m",
		[COLOUR_WARN] = "\033[33m",
		[COLOUR_BAD] = "\033[31m",
		[COLOUR_HEAD] = "\033[1m",
	};
	/* clang-format on */

	return colours ? codes[colour] : "";
}

const char *term_plain(void)
{
	return colours ? "\033[0m" : "";
}

int term_columns(const char *text)
{
	mbstate_t state = { 0 };
	int columns = 0, width;
	wchar_t c;
	size_t n;

	while (*text) {
		n = mbrtowc(&c, text, MB_CUR_MAX, &state);
		if (n == 0 || n > MB_CUR_MAX) {
			n = 1;
			width = 1;
			memset(&state, 0, sizeof(state));
		} else {
			width = wcwidth(c);
		}
		columns += width > 0 ? width : 0;
		text += n;
	}
	return columns;
}

void format_bytes(char *to, size_t size, uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
	double value = bytes;
	unsigned int unit = 0;

	/* What would be rounded to 1024.0 is 1.0 of the next unit. */
	while (value >= 1023.95 && unit + 1 < ARRAY_SIZE(units)) {
		value /= 1024;
		unit++;
	}
	snprintf(to, size, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

void sanitize(char *text)
{
	mbstate_t state = { 0 };
	wchar_t c;
	size_t n;

	while (*text) {
		n = mbrtowc(&c, text, MB_CUR_MAX, &state);
		if (n > MB_CUR_MAX || iswcntrl(c)) {
			memset(&state, 0, sizeof(state));
			*text = '?';
			n = 1;
		}
		text += n;
	}
}
