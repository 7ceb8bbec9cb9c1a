/* SPDX-License-Identifier: MIT */
/* One line that says what is wrong with a file; the first one counts. */
#ifndef RUN_ERROR_H
#define RUN_ERROR_H

#include <stdbool.h>

struct error {
	char text[480];
};

/* Note what is wrong, unless something is noted already.  Returns -1. */
int fail(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static inline bool failed(const struct error *err)
{
	return err->text[0] != '\0';
}

#endif
