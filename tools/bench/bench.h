/* SPDX-License-Identifier: MIT */
/*
 * npu-bench, the part that runs in a VM.  A probe measures one thing, again and
 * again; what it is compared with is another probe, here or on the host.
 */
#ifndef NPU_BENCH_H
#define NPU_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <npu.h>

/**
 * struct bench_probe - something that can be measured
 * @name: name, also on the command line
 * @unit: of the values
 * @help: what it does, one line
 * @begin: open what is needed and touch it once
 * @sample: measure once
 * @end: close it; also after a begin that failed
 *
 * Functions return 0, or -1 after bench_fail().
 */
struct bench_probe {
	const char *name;
	const char *unit;
	const char *help;
	int (*begin)(void);
	int (*sample)(double *value);
	void (*end)(void);
};

/* Tables of probes, each with its number of entries. */
extern const struct bench_probe bench_job_probes[];
extern const size_t bench_job_count;
extern const struct bench_probe bench_nvme_probes[];
extern const size_t bench_nvme_count;
extern const struct bench_probe bench_memory_probes[];
extern const size_t bench_memory_count;
extern const struct bench_probe bench_program_probes[];
extern const size_t bench_program_count;
extern const struct bench_probe bench_shape_probes[];
extern const size_t bench_shape_count;
extern const struct bench_probe bench_digits_probes[];
extern const size_t bench_digits_count;
extern const struct bench_probe bench_module_probes[];
extern const size_t bench_module_count;

/* --quick: numbers that show that it works, not how fast it is. */
extern bool bench_quick;
/* How often to repeat something: full, or a small part of that. */
unsigned int bench_rounds(unsigned int full);

/* Keep what went wrong for bench_error(), and return -1. */
int bench_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
const char *bench_error(void);

/* ns of CLOCK_MONOTONIC, and of processor time that this thread has used. */
uint64_t bench_now(void);
uint64_t bench_cpu_time(void);
/* The middle one of n values, which are sorted. */
double bench_median(double *values, size_t n);

/**
 * struct bench_card - an address space on the first card
 * @dev: card
 * @vm: address space
 */
struct bench_card {
	struct npu_device *dev;
	struct npu_vm *vm;
};

int bench_card_open(struct bench_card *card);
void bench_card_close(struct bench_card *card);

#endif
