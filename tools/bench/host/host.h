/* SPDX-License-Identifier: MIT */
/*
 * npu-bench-host, the part of `make bench` that runs on the host: it starts VMs,
 * measures there and here in turn, and compares.
 */
#ifndef NPU_BENCH_HOST_H
#define NPU_BENCH_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

/**
 * struct bench_options - the command line
 * @quick: short runs, to see that it works
 * @reps: how often each side is measured
 * @npu_vm: path of npu-vm
 * @image: what the NVMe device reads from
 * @model: what digits_batch64 runs
 * @out: where the JSON goes
 */
struct bench_options {
	bool quick;
	unsigned int reps;
	const char *npu_vm;
	const char *image;
	const char *model;
	const char *out;
};

extern struct bench_options bench_options;

/* One side of a comparison; its name says what exactly, where that is open. */
struct side {
	void (*begin)(const char *name);
	double (*sample)(const char *name);
	void (*end)(const char *name);
	const char *name;
};

/**
 * struct benchmark - a row of the table
 * @name: name
 * @unit: of both values
 * @baseline: what it is compared with; NULL: nothing
 * @less_is_better: as with times
 * @least: the ratio that it should have; 0: none
 * @card: how the card is measured
 * @other: how the baseline is
 */
struct benchmark {
	const char *name;
	const char *unit;
	const char *baseline;
	bool less_is_better;
	double least;
	struct side card;
	struct side other;
};

/* Medians; no number: the baseline is not to be had here. */
struct result {
	const struct benchmark *benchmark;
	double value;
	double baseline_value;
};

/* ---- vm.c: VMs --------------------------------------------------------------- */

/**
 * struct vm - a VM that runs a command
 * @pid: npu-vm
 * @in: the command's input
 * @out: the command's output
 * @started: when, by now()
 */
struct vm {
	pid_t pid;
	int in;
	FILE *out;
	double started;
};

/* options and command end with a NULL each. */
void vm_start(struct vm *vm, const char *const *options, const char *const *command);
/* A line of the command's output, without its end; that of the program if none. */
void vm_read_line(struct vm *vm, char *line, size_t size);
/* Close the command's input and wait for status 0; anything else ends the program. */
void vm_end(struct vm *vm);
/* Processor time of QEMU, seconds. */
double vm_cpu_time(const struct vm *vm);

/* ---- guest.c: the probes of npu-bench, in one VM for all ---------------------- */

struct vm *guest_vm(void);
void guest_begin(const char *probe);
double guest_sample(const char *probe);
void guest_end(const char *probe);
/* When all has been measured. */
void guest_close(void);

/* ---- native.c: the host itself ------------------------------------------------ */

void memcpy_begin(const char *name);
double memcpy_sample(const char *name);
void memcpy_end(const char *name);
void sgemm_begin(const char *name);
double sgemm_sample(const char *name);
void sgemm_end(const char *name);

/* As many threads as the card uses by default; part(0) to part(count - 1). */
long card_threads(void);
void run_threads(void *(*part)(void *), long count);

/* ---- stream.c: memory, all threads ------------------------------------------- */

void stream_begin(const char *name);
double read_sample(const char *name);
double copy_sample(const char *name);
void stream_end(const char *name);

/* ---- opencv.c: its DNN module ------------------------------------------------- */

void opencv_begin(const char *name);
double opencv_sample(const char *name);

/* ---- boot.c: whole VMs -------------------------------------------------------- */

double boot_answer(const char *name);
double boot_bare(const char *name);
double idle_card(const char *name);
void idle_bare_begin(const char *name);
double idle_bare(const char *name);
void idle_bare_end(const char *name);
void nothing(const char *name);

/* ---- report.c ------------------------------------------------------------------ */

void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
/* CLOCK_MONOTONIC, seconds. */
double now(void);
void sleep_for(double seconds);
double median(double *values, size_t n);
void print_heading(void);
void print_result(const struct result *result);
void write_json(const char *path, const struct result *results, size_t count);

#endif
