// SPDX-License-Identifier: MIT
#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host.h"

void die(const char *fmt, ...)
{
	va_list ap;

	fputs("\nnpu-bench-host: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

void sleep_for(double seconds)
{
	struct timespec t = { .tv_sec = (time_t)seconds };

	t.tv_nsec = (long)((seconds - t.tv_sec) * 1e9);
	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static bool has_baseline(const struct result *r)
{
	return r->benchmark->baseline && !isnan(r->baseline_value);
}

static double ratio(const struct result *r)
{
	return r->benchmark->less_is_better ? r->baseline_value / r->value :
					      r->value / r->baseline_value;
}

/* Four digits that mean something. */
static const char *number(double value)
{
	static char text[2][32];
	static unsigned int i;
	int digits = value >= 1000 ? 0 : value >= 100 ? 1 : value >= 10 ? 2 : 3;

	i ^= 1;
	snprintf(text[i], sizeof(text[i]), "%.*f", digits, value);
	return text[i];
}

void print_heading(void)
{
	printf("%-25s %10s %-8s %10s %6s %6s  %s\n", "name", "value", "unit", "baseline",
	       "ratio", "least", "against");
}

void print_result(const struct result *r)
{
	const struct benchmark *b = r->benchmark;

	printf("%-25s %10s %-8s ", b->name, number(r->value), b->unit);
	if (!has_baseline(r)) {
		printf("%10s %6s %6s", "-", "-", "-");
		printf("%s%s\n", b->baseline ? "  not installed: " : "",
		       b->baseline ? b->baseline : "");
		return;
	}
	printf("%10s %6.2f ", number(r->baseline_value), ratio(r));
	if (b->least)
		printf("%6.2f%s %s\n", b->least, ratio(r) < b->least ? "!" : " ",
		       b->baseline);
	else
		printf("%6s  %s\n", "-", b->baseline);
}

static cJSON *result_json(const struct result *r)
{
	const struct benchmark *b = r->benchmark;
	cJSON *item = cJSON_CreateObject();

	cJSON_AddStringToObject(item, "name", b->name);
	cJSON_AddNumberToObject(item, "value", r->value);
	cJSON_AddStringToObject(item, "unit", b->unit);
	if (has_baseline(r)) {
		cJSON_AddStringToObject(item, "baseline", b->baseline);
		cJSON_AddNumberToObject(item, "baseline_value", r->baseline_value);
		cJSON_AddNumberToObject(item, "ratio", ratio(r));
	} else {
		cJSON_AddNullToObject(item, "baseline");
		cJSON_AddNullToObject(item, "baseline_value");
		cJSON_AddNullToObject(item, "ratio");
	}
	return item;
}

void write_json(const char *path, const struct result *results, size_t count)
{
	cJSON *list = cJSON_CreateArray();
	FILE *f = fopen(path, "we");
	char *text;

	for (size_t i = 0; i < count; i++)
		cJSON_AddItemToArray(list, result_json(&results[i]));
	text = cJSON_Print(list);
	if (!f || !text || fprintf(f, "%s\n", text) < 0 || fclose(f))
		die("%s: %s", path, strerror(errno));
	free(text);
	cJSON_Delete(list);
}
