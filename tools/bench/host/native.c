// SPDX-License-Identifier: MIT
/* What the host can do by itself, with as many threads as a card uses. */
#include <cblas.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <npu/regs.h>

#include "host.h"

/* ---- memcpy, one thread -------------------------------------------------------- */

#define COPY_BYTES (64ul << 20)

static char *copy_from, *copy_to;

void memcpy_begin(const char *name)
{
	(void)name;
	copy_from = malloc(COPY_BYTES);
	copy_to = malloc(COPY_BYTES);
	if (!copy_from || !copy_to)
		die("out of memory");
	memset(copy_from, 1, COPY_BYTES);
	memset(copy_to, 1, COPY_BYTES);
}

double memcpy_sample(const char *name)
{
	double start = now();

	(void)name;
	memcpy(copy_to, copy_from, COPY_BYTES);
	/* Nobody reads it: the compiler is not to know. */
	__asm__ volatile("" : : "r"(copy_to) : "memory");
	return COPY_BYTES / (now() - start) / 1e9;
}

void memcpy_end(const char *name)
{
	(void)name;
	free(copy_from);
	free(copy_to);
}

/* ---- sgemm: a panel of rows a thread ------------------------------------------- */

static float *a, *b, *c;
static long threads, m, n, k;

/* As many as the card's threads= has by default. */
long card_threads(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	return cpus < 1 ? 1 : cpus < NPU_MAX_DIES ? cpus : NPU_MAX_DIES;
}

void run_threads(void *(*part)(void *), long count)
{
	pthread_t thread[NPU_MAX_DIES];

	for (long i = 1; i < count; i++) {
		if (pthread_create(&thread[i], NULL, part, (void *)i))
			die("a thread could not be started");
	}
	part(NULL);
	for (long i = 1; i < count; i++)
		pthread_join(thread[i], NULL);
}

static float *matrix(long rows, long columns)
{
	float *at = malloc(rows * columns * sizeof(*at));

	if (!at)
		die("out of memory");
	for (long i = 0; i < rows * columns; i++)
		at[i] = 0.01f;
	return at;
}

/* The name is m x n x k, as in "1024x1024x1024". */
void sgemm_begin(const char *name)
{
	threads = card_threads();
	openblas_set_num_threads(1);
	if (sscanf(name, "%ldx%ldx%ld", &m, &n, &k) != 3)
		die("sgemm of what shape?");
	a = matrix(m, k);
	b = matrix(k, n);
	c = matrix(m, n);
	sgemm_sample(name);
}

static void *multiply(void *opaque)
{
	long part = (long)opaque;
	long from = m * part / threads, to = m * (part + 1) / threads;

	cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)(to - from), (int)n,
		    (int)k, 1.0f, a + from * k, (int)k, b, (int)n, 0.0f, c + from * n,
		    (int)n);
	return NULL;
}

double sgemm_sample(const char *name)
{
	double start = now();

	(void)name;
	run_threads(multiply, threads);
	return 2.0 * m * n * k / (now() - start) / 1e9;
}

void sgemm_end(const char *name)
{
	(void)name;
	free(a);
	free(b);
	free(c);
}
