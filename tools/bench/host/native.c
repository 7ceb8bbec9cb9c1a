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

#define SIZE 1024

static float *a, *b, *c;
static long threads;

/* As many as the card's threads= has by default. */
static long card_threads(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	return cpus < 1 ? 1 : cpus < NPU_MAX_DIES ? cpus : NPU_MAX_DIES;
}

void sgemm_begin(const char *name)
{
	(void)name;
	threads = card_threads();
	openblas_set_num_threads(1);
	a = malloc(SIZE * SIZE * sizeof(*a));
	b = malloc(SIZE * SIZE * sizeof(*b));
	c = malloc(SIZE * SIZE * sizeof(*c));
	if (!a || !b || !c)
		die("out of memory");
	for (size_t i = 0; i < SIZE * SIZE; i++)
		a[i] = b[i] = c[i] = 0.01f;
	sgemm_sample(name);
}

static void *multiply(void *opaque)
{
	long part = (long)opaque;
	long from = SIZE * part / threads, to = SIZE * (part + 1) / threads;

	cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)(to - from), SIZE,
		    SIZE, 1.0f, a + from * SIZE, SIZE, b, SIZE, 0.0f, c + from * SIZE,
		    SIZE);
	return NULL;
}

double sgemm_sample(const char *name)
{
	pthread_t thread[NPU_MAX_DIES];
	double start = now();

	(void)name;
	for (long i = 1; i < threads; i++) {
		if (pthread_create(&thread[i], NULL, multiply, (void *)i))
			die("a thread could not be started");
	}
	multiply(NULL);
	for (long i = 1; i < threads; i++)
		pthread_join(thread[i], NULL);
	return 2.0 * SIZE * SIZE * SIZE / (now() - start) / 1e9;
}

void sgemm_end(const char *name)
{
	(void)name;
	free(a);
	free(b);
	free(c);
}
