// SPDX-License-Identifier: MIT
/*
 * How fast all threads together read memory, or copy it: the best of several ways, since
 * what the processor likes most differs.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

#define STREAM_BYTES (512ul << 20)
#define WAYS	     3

static char *memory;
static long threads;
static unsigned int way;

typedef uint64_t word4 __attribute__((vector_size(32)));

/* One, four or eight places at a time. */
static uint64_t read_sum(const char *from, size_t size)
{
	static const unsigned int places[WAYS] = { 1, 4, 8 };
	unsigned int n = places[way];
	size_t part = size / n / 128 * 128;
	word4 sum[4] = { { 0 } };

	for (size_t at = 0; at < part; at += 128) {
		for (unsigned int place = 0; place < n; place++) {
			const word4 *word = (const void *)(from + place * part + at);

			sum[0] += word[0];
			sum[1] += word[1];
			sum[2] += word[2];
			sum[3] += word[3];
		}
	}
	sum[0] += sum[1] + sum[2] + sum[3];
	return sum[0][0] + sum[0][1] + sum[0][2] + sum[0][3];
}

static void *read_part(void *opaque)
{
	size_t size = STREAM_BYTES / threads;
	volatile uint64_t sum = read_sum(memory + (size_t)(long)opaque * size, size);

	(void)sum;
	return NULL;
}

/* Half of a thread's part to the other half. */
static void *copy_part(void *opaque)
{
	size_t size = STREAM_BYTES / threads / 2;
	char *from = memory + (size_t)(long)opaque * 2 * size;

	memcpy(from + size, from, size);
	return NULL;
}

static double time_of(void *(*part)(void *))
{
	double start = now();

	run_threads(part, threads);
	return now() - start;
}

void stream_begin(const char *name)
{
	(void)name;
	threads = card_threads();
	memory = aligned_alloc(4096, STREAM_BYTES);
	if (!memory)
		die("out of memory");
	memset(memory, 1, STREAM_BYTES);
}

double read_sample(const char *name)
{
	double best = 0;

	(void)name;
	for (way = 0; way < WAYS; way++) {
		double rate = STREAM_BYTES / time_of(read_part) / 1e9;

		best = rate > best ? rate : best;
	}
	return best;
}

/* Bytes read and bytes written count. */
double copy_sample(const char *name)
{
	(void)name;
	return STREAM_BYTES / time_of(copy_part) / 1e9;
}

void stream_end(const char *name)
{
	(void)name;
	free(memory);
}
