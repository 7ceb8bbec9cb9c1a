// SPDX-License-Identifier: MIT
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decoder.h"

#define SAMPLES 5

#define EXIT_USAGE 2

static const struct {
	const struct bench_probe *probes;
	const size_t *count;
} tables[] = {
	{ bench_job_probes, &bench_job_count },
	{ bench_nvme_probes, &bench_nvme_count },
	{ bench_memory_probes, &bench_memory_count },
	{ bench_program_probes, &bench_program_count },
	{ bench_shape_probes, &bench_shape_count },
	{ bench_digits_probes, &bench_digits_count },
	{ bench_module_probes, &bench_module_count },
};

static const struct bench_probe *next_probe(size_t *table, size_t *index)
{
	while (*table < sizeof(tables) / sizeof(tables[0])) {
		if (*index < *tables[*table].count)
			return &tables[*table].probes[(*index)++];
		(*table)++;
		*index = 0;
	}
	return NULL;
}

static const struct bench_probe *find_probe(const char *name)
{
	const struct bench_probe *probe;
	size_t table = 0, index = 0;

	while ((probe = next_probe(&table, &index))) {
		if (!strcmp(probe->name, name))
			return probe;
	}
	bench_fail("there is no probe '%s'; type npu-bench list", name);
	return NULL;
}

/* ---- list ------------------------------------------------------------------ */

static int list(int argc, char **argv)
{
	const struct bench_probe *probe;
	size_t table = 0, index = 0;

	(void)argc;
	(void)argv;
	while ((probe = next_probe(&table, &index)))
		printf("%-18s %-7s %s\n", probe->name, probe->unit, probe->help);
	return 0;
}

/* ---- run ------------------------------------------------------------------- */

static int measure(const struct bench_probe *probe)
{
	double values[SAMPLES];
	int err = probe->begin();

	for (unsigned int i = 0; i < SAMPLES && !err; i++)
		err = probe->sample(&values[i]);
	probe->end();
	if (err)
		fprintf(stderr, "npu-bench: %s: %s\n", probe->name, bench_error());
	else
		printf("%-18s %12.6g %s\n", probe->name, bench_median(values, SAMPLES),
		       probe->unit);
	return err;
}

static int run(int argc, char **argv)
{
	int err = 0;

	if (argc < 2) {
		fputs("npu-bench: run wants the name of a probe; type npu-bench list\n",
		      stderr);
		return EXIT_USAGE;
	}
	for (int i = 1; i < argc; i++) {
		const struct bench_probe *probe = find_probe(argv[i]);

		if (!probe) {
			fprintf(stderr, "npu-bench: %s\n", bench_error());
			return EXIT_USAGE;
		}
		err |= measure(probe);
	}
	return err ? 1 : 0;
}

/* ---- serve ----------------------------------------------------------------- */

/* "begin NAME", "sample NAME" or "end NAME"; *value is the answer to a sample. */
static int obey(char *line, double *value)
{
	char *name = strchr(line, ' ');
	const struct bench_probe *probe;

	*value = 0;
	if (!name)
		return bench_fail("what is '%s'?", line);
	*name++ = '\0';
	probe = find_probe(name);
	if (!probe)
		return -1;
	if (!strcmp(line, "begin"))
		return probe->begin();
	if (!strcmp(line, "sample"))
		return probe->sample(value);
	if (strcmp(line, "end"))
		return bench_fail("what is '%s'?", line);
	probe->end();
	return 0;
}

/* For the host's side, which takes turns: a line in, "ok VALUE" or "error TEXT" out. */
static int serve(int argc, char **argv)
{
	char line[256];
	double value;

	(void)argc;
	(void)argv;
	puts("ready");
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (obey(line, &value))
			printf("error %s\n", bench_error());
		else
			printf("ok %.9g\n", value);
	}
	return 0;
}

/* ---- The command line ------------------------------------------------------ */

static const struct command {
	const char *name;
	const char *help;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "list", "what can be measured", list },
	{ "run", "PROBE...: measure, and print the medians of five", run },
	{ "serve", "measure what the host's side asks for", serve },
	{ "decoder", "a transformer on the card: speed, and proof that it is right",
	  decoder_command },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_help(FILE *f)
{
	fputs("Usage: npu-bench [--quick] COMMAND [ARGUMENT...]\n"
	      "Measure the card, from inside of a VM that has one.\n\n",
	      f);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(f, "  %-10s %s\n", commands[i].name, commands[i].help);
	fputs("\n"
	      "  --quick    short runs: see that it works, not how fast it is\n"
	      "  --help     this text\n"
	      "\n"
	      "`make bench` runs all of it and compares.\n"
	      "Example: npu-vm -- npu-bench run null_job_latency matmul_f32\n",
	      f);
}

static int run_command(int argc, char **argv)
{
	for (size_t i = 0; i < COMMANDS && argc; i++) {
		if (!strcmp(argv[0], commands[i].name))
			return commands[i].run(argc, argv);
	}
	if (argc)
		fprintf(stderr, "npu-bench: there is no command '%s'\n", argv[0]);
	print_help(stderr);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "quick", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int option;

	/* Whoever reads it through a pipe waits for it. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((option = getopt_long(argc, argv, "+qh", options, NULL)) != -1) {
		switch (option) {
		case 'q':
			bench_quick = true;
			break;
		case 'h':
			print_help(stdout);
			return 0;
		default:
			fputs("Type npu-bench --help for the options.\n", stderr);
			return EXIT_USAGE;
		}
	}
	return run_command(argc - optind, argv + optind);
}
