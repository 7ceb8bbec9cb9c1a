// SPDX-License-Identifier: MIT
/* Images of a small network a second, as npu-run runs it. */
#include <stdio.h>
#include <string.h>

#include "bench.h"

#define COMMAND "npu-run --batch=64 --repeat=%u --json digits 2>&1"

static int begin(void)
{
	return 0;
}

static void end(void)
{
}

/* The number behind a name in JSON; below 0: it is not there. */
static double number(const char *json, const char *name)
{
	const char *at = strstr(json, name);
	double value = -1;

	if (at)
		sscanf(at + strlen(name), "\": %lf", &value);
	return value;
}

static int sample(double *value)
{
	char command[128], answer[2048];
	double rows, ms;
	size_t n;
	FILE *f;

	snprintf(command, sizeof(command), COMMAND, bench_rounds(100));
	f = popen(command, "re");
	if (!f)
		return bench_fail("npu-run could not be started");
	n = fread(answer, 1, sizeof(answer) - 1, f);
	answer[n] = '\0';
	if (pclose(f))
		return bench_fail("%s", answer);
	rows = number(answer, "\"rows");
	ms = number(answer, "\"host_ms");
	if (rows <= 0 || ms <= 0)
		return bench_fail("npu-run says: %s", answer);
	*value = rows / ms * 1e3;
	return 0;
}

const struct bench_probe bench_digits_probes[] = {
	{ "digits", "1/s", "images of the digits model, 64 in a job", begin, sample,
	  end },
};
const size_t bench_digits_count = sizeof(bench_digits_probes) /
				  sizeof(bench_digits_probes[0]);
