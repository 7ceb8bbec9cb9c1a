/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long QEMU takes to answer on its management socket while something else
 * goes on: a thread asks query-status every few milliseconds.
 */
#ifndef NPU_QTEST_LATENCY_H
#define NPU_QTEST_LATENCY_H

#include <stdint.h>

/* No answer may take longer. */
#define LATENCY_MAX_MS 100

#define LATENCY_STEPS 4000 /* of 0.1 ms */

/* Answers by the time they took; the last step is all above. */
struct latency {
    uint64_t answers;
    uint64_t step[LATENCY_STEPS];
    uint64_t max_us;     /* on the clock */
    uint64_t max_own_us; /* less the time that somebody waited for a CPU */
};

/* Arguments that give QEMU a second monitor, for latency_start(). */
const char *latency_args(void);

/* From when QEMU runs until latency_stop(), which fails the test if one was late. */
void latency_start(struct latency *latency);
void latency_stop(void);

/* "N answers, p50 A ms, max B ms", in static storage. */
const char *latency_text(const struct latency *latency);

#endif
