// SPDX-License-Identifier: GPL-2.0-only
/* A worker of npu_fuzz: its random numbers, its memory, its report. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

#define GOOD_WORDS	(16 * NPT_KIB)

/* splitmix64 */
static uint64_t mix(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9;
	x ^= x >> 27;
	x *= 0x94d049bb133111eb;
	return x ^ x >> 31;
}

uint64_t fuzz_random(struct fuzz_worker *worker)
{
	worker->random += 0x9e3779b97f4a7c15;
	return mix(worker->random);
}

uint32_t fuzz_below(struct fuzz_worker *worker, uint32_t count)
{
	return (fuzz_random(worker) >> 32) * count >> 32;
}

bool fuzz_one_in(struct fuzz_worker *worker, uint32_t count)
{
	return !fuzz_below(worker, count);
}

void fuzz_begin(struct fuzz_worker *worker, uint64_t step)
{
	worker->step = step;
	worker->random = mix(worker->fuzz->seed + worker->index) + mix(step);
	worker->used = 0;
	worker->tampered = 0;
	worker->must_fail = false;
	worker->may_fault = false;
}

void *fuzz_alloc(struct fuzz_worker *worker, size_t size)
{
	char *data = worker->arena + worker->used;

	worker->used += (size + 7) & ~7ul;
	if (worker->used > FUZZ_ARENA_SIZE) {
		fuzz_fail(worker, "the arena is too small for a step");
		worker->used = 0;
		data = worker->arena;
	}
	return memset(data, 0, size);
}

int fuzz_worker_init(struct fuzz_worker *worker, struct fuzz *fuzz,
		     unsigned int index)
{
	char *arena;
	int err;

	memset(worker, 0, sizeof(*worker));
	worker->fuzz = fuzz;
	worker->index = index;
	arena = mmap(NULL, FUZZ_ARENA_SIZE + NPT_PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (arena == MAP_FAILED)
		return -errno;
	mprotect(arena + FUZZ_ARENA_SIZE, NPT_PAGE, PROT_NONE);
	worker->arena = arena;

	err = npt_client_open(&worker->good);
	if (!err)
		err = npt_bo_new(&worker->good, &worker->good_bo,
				 4 * GOOD_WORDS, 1 + index % 2, 0, 0);
	return err;
}

void fuzz_worker_fini(struct fuzz_worker *worker)
{
	unsigned int i;

	for (i = 0; i < FUZZ_MAPS; i++)
		if (worker->maps[i].data)
			munmap((void *)worker->maps[i].data,
			       worker->maps[i].size);
	npt_bo_unmap(&worker->good_bo);
	npt_client_close(&worker->good);
	munmap(worker->arena, FUZZ_ARENA_SIZE + NPT_PAGE);
}

static void print_bytes(char *text, size_t size, const uint8_t *bytes)
{
	unsigned int i;

	for (i = 0; i < sizeof(((struct fuzz_record *)0)->bytes); i++)
		snprintf(text + 2 * i, size - 2 * i, "%02x", bytes[i]);
}

static void print_record(FILE *f, const struct fuzz_worker *worker,
			 const struct fuzz_record *record)
{
	char text[2 * sizeof(record->bytes) + 1];

	print_bytes(text, sizeof(text), record->bytes);
	fprintf(f, "# worker %u step %llu: %s, file %d, %s: %s\n",
		worker->index, (unsigned long long)record->step, record->what,
		record->file, text,
		record->result == 1 ? "under way" : strerror(-record->result));
}

static void trace(const struct fuzz_worker *worker,
		  const struct fuzz_record *record)
{
	FILE *f = fopen("/dev/kmsg", "we");

	if (!f)
		return;
	print_record(f, worker, record);
	fclose(f);
}

struct fuzz_record *fuzz_note(struct fuzz_worker *worker, const char *what,
			      int file, const void *bytes, size_t size)
{
	struct fuzz_record *record =
		&worker->records[worker->recorded++ % FUZZ_RECORDS];

	memset(record, 0, sizeof(*record));
	record->step = worker->step;
	record->what = what;
	record->file = file;
	record->result = 1;
	if (size > sizeof(record->bytes))
		size = sizeof(record->bytes);
	if (size)
		memcpy(record->bytes, bytes, size);
	if (worker->fuzz->trace)
		trace(worker, record);
	return record;
}

void fuzz_fail(struct fuzz_worker *worker, const char *fmt, ...)
{
	uint64_t i = worker->recorded > FUZZ_RECORDS ?
			     worker->recorded - FUZZ_RECORDS :
			     0;
	va_list ap;

	atomic_store(&worker->fuzz->stop, true);
	if (atomic_exchange(&worker->fuzz->failed, true))
		return;
	printf("# seed %llu, worker %u%s, step %llu: ",
	       (unsigned long long)worker->fuzz->seed, worker->index,
	       worker->child ? " (a child of it)" : "",
	       (unsigned long long)worker->step);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	for (; i < worker->recorded; i++)
		print_record(stdout, worker,
			     &worker->records[i % FUZZ_RECORDS]);
	fflush(stdout);
}
