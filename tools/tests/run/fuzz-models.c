// SPDX-License-Identifier: MIT
/*
 * Damages models and plans them: every truncation, and many with a few bytes changed.
 *
 *     fuzz-models truncate FILE
 *     fuzz-models change COUNT FILE...
 *
 * What is looked for is a crash; the sanitizers make one of every wrong access.  Also, a
 * file is either taken or refused with a reason, and what is taken is a program that the
 * dies take: nothing may turn out to be wrong after the planning.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model.h"
#include "npu_compute.h"

static char path[] = "/tmp/fuzz-models-XXXXXX";

/* What was tried last stays, to be looked at. */
static void stop(const char *why)
{
	fprintf(stderr, "fuzz-models: %s: %s\n", path, why);
	exit(1);
}

static void check_program(const struct plan *plan)
{
	struct npu_verdict verdict;
	struct npu_code *code;
	const void *image;
	char why[80];
	size_t size;

	image = npu_program_image(plan->prog, &size);
	code = npu_code_new(image, size, &verdict);
	if (!code) {
		snprintf(why, sizeof(why), "error %u, instruction %u, operand %u",
			 verdict.code, verdict.insn, verdict.operand);
		stop(why);
	}
	npu_code_free(code);
}

/* Whether the file can run. */
static bool can_run(void)
{
	struct files files = { .name = "damaged", .model = path };
	struct error err = { "" };
	struct plan *plan = NULL;
	struct model model;

	if (!model_load(&model, &files, 0, &err)) {
		plan = plan_new(model.graph, model.plan_inputs, NULL, &err);
		if (plan && model_check(&model, plan, &err)) {
			plan_free(plan);
			plan = NULL;
		}
	}
	if (!plan != failed(&err))
		stop("a plan with an error, or neither");
	if (plan)
		check_program(plan);
	plan_free(plan);
	model_free(&model);
	return plan;
}

static uint8_t *read_whole(const char *name, size_t *size)
{
	FILE *f = fopen(name, "rb");
	uint8_t *data;
	long length;

	if (!f || fseek(f, 0, SEEK_END) || (length = ftell(f)) <= 0)
		stop(name);
	rewind(f);
	data = malloc(length);
	if (!data || fread(data, 1, length, f) != (size_t)length)
		stop(name);
	fclose(f);
	*size = length;
	return data;
}

static void put_whole(int fd, const uint8_t *data, size_t size)
{
	if (ftruncate(fd, size) || pwrite(fd, data, size, 0) != (ssize_t)size)
		stop("cannot write");
}

static void truncate_all(int fd, const char *name)
{
	unsigned int taken = 0;
	size_t size, at;
	uint8_t *data = read_whole(name, &size);

	put_whole(fd, data, size);
	if (!can_run())
		stop("the whole file cannot run");
	for (at = size; at-- > 0;) {
		if (ftruncate(fd, at))
			stop("cannot truncate");
		taken += can_run();
	}
	free(data);
	printf("%zu truncations, %u could run\n", size, taken);
}

/* A generator of our own, so that a seed means the same everywhere. */
static uint32_t next(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return *state >> 33;
}

static void change(int fd, const char *name, unsigned int count)
{
	unsigned int taken = 0, seed, i;
	size_t size;
	uint8_t *data = read_whole(name, &size), *copy = malloc(size);

	if (!copy)
		stop("out of memory");
	for (seed = 0; seed < count; seed++) {
		uint64_t state = seed;

		memcpy(copy, data, size);
		for (i = 0; i <= seed % 4; i++)
			copy[next(&state) % size] = next(&state);
		put_whole(fd, copy, size);
		taken += can_run();
	}
	free(copy);
	free(data);
	printf("%s: %u changed, %u could run\n", name, count, taken);
}

int main(int argc, char **argv)
{
	int fd = mkstemp(path), i;

	if (fd < 0 || argc < 3)
		stop("usage: fuzz-models truncate FILE | change COUNT FILE...");
	if (!strcmp(argv[1], "truncate"))
		truncate_all(fd, argv[2]);
	else
		for (i = 3; i < argc; i++)
			change(fd, argv[i], atoi(argv[2]));
	unlink(path);
	return 0;
}
