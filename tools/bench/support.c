// SPDX-License-Identifier: MIT
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"

/* Of all rounds, in a quick run. */
#define QUICK_PART 40

bool bench_quick;

static char error[512];

unsigned int bench_rounds(unsigned int full)
{
	return bench_quick ? (full + QUICK_PART - 1) / QUICK_PART : full;
}

int bench_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(error, sizeof(error), fmt, ap);
	va_end(ap);
	error[strcspn(error, "\n")] = '\0';
	return -1;
}

const char *bench_error(void)
{
	return error;
}

static uint64_t read_clock(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

uint64_t bench_now(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

uint64_t bench_cpu_time(void)
{
	return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double bench_median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

int bench_card_open(struct bench_card *card)
{
	if (npu_device_open(NULL, &card->dev) || npu_vm_new(card->dev, &card->vm))
		return bench_fail("%s", npu_last_error());
	return 0;
}

void bench_card_close(struct bench_card *card)
{
	npu_vm_free(card->vm);
	npu_device_close(card->dev);
	memset(card, 0, sizeof(*card));
}
