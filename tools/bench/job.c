// SPDX-License-Identifier: MIT
/* Empty programs: how long one takes, how many there can be, what a SUBMIT costs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xf86drm.h>

#include "bench.h"

#define LATENCY_JOBS 2000
#define RATE_JOBS    20000
#define SUBMITS	     4000
/* Submitted in one go where the time of the submission alone is measured. */
#define SUBMIT_BURST 100
#define MANY_BUFFERS 10000
#define DEPTH	     64
/* Wait for so many at a time when there are DEPTH in flight. */
#define BATCH 16

static const struct npu_program_header empty_program = {
	.magic = NPU_PROGRAM_MAGIC,
	.isa_major = NPU_ISA_MAJOR,
	.isa_minor = NPU_ISA_MINOR,
};

/* A queue of an address space, without the library's bookkeeping. */
struct client {
	struct bench_card card;
	int fd;
	uint32_t queue, syncobj;
	struct npu_bo *program;
	struct npu_bo **buffers;
	unsigned int buffer_count;
	uint64_t point;
};

/* Both are open at a time, to be measured in turn. */
static struct client few, many;

static int create_queue(struct client *c)
{
	struct drm_npu_queue_create args = { .vm_id = npu_vm_id(c->card.vm) };

	if (drmIoctl(c->fd, DRM_IOCTL_NPU_QUEUE_CREATE, &args))
		return bench_fail("cannot create a queue: %s", strerror(errno));
	c->queue = args.queue_id;
	if (drmSyncobjCreate(c->fd, 0, &c->syncobj))
		return bench_fail("cannot create a syncobj: %s", strerror(errno));
	return 0;
}

static int create_program(struct client *c)
{
	void *at;

	if (npu_bo_new(c->card.vm, sizeof(empty_program), 0, 0, 0, &c->program))
		return bench_fail("%s", npu_last_error());
	at = npu_bo_map(c->program);
	if (!at)
		return bench_fail("%s", npu_last_error());
	memcpy(at, &empty_program, sizeof(empty_program));
	return 0;
}

/* Private to the address space, and touched by nobody. */
static int create_buffers(struct client *c, unsigned int count)
{
	c->buffers = calloc(count, sizeof(*c->buffers));
	if (!c->buffers)
		return bench_fail("out of memory");
	for (; c->buffer_count < count; c->buffer_count++) {
		if (npu_bo_new(c->card.vm, 4096, 0, 0, 0, &c->buffers[c->buffer_count]))
			return bench_fail("%s", npu_last_error());
	}
	return 0;
}

static int begin(struct client *c, unsigned int buffers)
{
	if (bench_card_open(&c->card))
		return -1;
	c->fd = npu_device_fd(c->card.dev);
	/* The program is a private buffer, too. */
	if (create_queue(c) || create_program(c) || create_buffers(c, buffers - 1))
		return -1;
	return 0;
}

static int begin_few(void)
{
	return begin(&few, 1);
}

static int begin_many(void)
{
	return begin(&many, bench_rounds(MANY_BUFFERS));
}

static void end(struct client *c)
{
	struct drm_npu_queue_destroy args = { .queue_id = c->queue };

	if (c->queue)
		drmIoctl(c->fd, DRM_IOCTL_NPU_QUEUE_DESTROY, &args);
	if (c->syncobj)
		drmSyncobjDestroy(c->fd, c->syncobj);
	while (c->buffer_count)
		npu_bo_free(c->buffers[--c->buffer_count]);
	free(c->buffers);
	npu_bo_free(c->program);
	bench_card_close(&c->card);
	memset(c, 0, sizeof(*c));
}

static void end_few(void)
{
	end(&few);
}

static void end_many(void)
{
	end(&many);
}

/* The last of the jobs signals: a point, or with point 0 a binary syncobj. */
static int submit(struct client *c, unsigned int count, uint64_t point)
{
	struct drm_npu_sync done = {
		.flags = point ? DRM_NPU_SYNC_TIMELINE : 0,
		.handle = c->syncobj,
		.timeline_value = point,
	};
	struct drm_npu_job jobs[SUBMIT_BURST];
	struct drm_npu_submit args = { .jobs = { sizeof(*jobs), count,
						 (uintptr_t)jobs } };

	for (unsigned int i = 0; i < count; i++)
		jobs[i] = (struct drm_npu_job){
			.queue_id = c->queue,
			.program = npu_bo_address(c->program),
			.program_size = sizeof(empty_program),
		};
	jobs[count - 1].out_syncs = (struct drm_npu_array){ sizeof(done), 1,
							    (uintptr_t)&done };
	if (drmIoctl(c->fd, DRM_IOCTL_NPU_SUBMIT, &args))
		return bench_fail("cannot submit: %s", strerror(errno));
	return 0;
}

static int wait_point(struct client *c, uint64_t point)
{
	if (drmSyncobjTimelineWait(c->fd, &c->syncobj, &point, 1, INT64_MAX, 0, NULL))
		return bench_fail("cannot wait: %s", strerror(errno));
	return 0;
}

static int one_job(struct client *c, double *us)
{
	uint64_t start = bench_now();

	if (submit(c, 1, 0))
		return -1;
	if (drmSyncobjWait(c->fd, &c->syncobj, 1, INT64_MAX, 0, NULL))
		return bench_fail("cannot wait: %s", strerror(errno));
	*us = (bench_now() - start) / 1e3;
	return 0;
}

static int latency(double *value)
{
	static double us[LATENCY_JOBS];
	unsigned int n = bench_rounds(LATENCY_JOBS);

	for (unsigned int i = 0; i < n; i++) {
		if (one_job(&few, &us[i]))
			return -1;
	}
	*value = bench_median(us, n);
	return 0;
}

/* The queue never runs dry: there are DEPTH - BATCH jobs at least. */
static int rate(double *value)
{
	struct client *c = &few;
	unsigned int n = bench_rounds(RATE_JOBS) / BATCH * BATCH;
	uint64_t start = bench_now(), waited = c->point;

	for (unsigned int i = 0; i < n; i += BATCH) {
		if (c->point - waited == DEPTH / BATCH && wait_point(c, ++waited))
			return -1;
		if (submit(c, BATCH, ++c->point))
			return -1;
	}
	if (wait_point(c, c->point))
		return -1;
	*value = n / ((bench_now() - start) / 1e9);
	return 0;
}

/* What the ioctl itself takes; the jobs run and end outside of the measured time. */
static int submit_time(struct client *c, double *value)
{
	unsigned int n = bench_rounds(SUBMITS);
	uint64_t used = 0;

	for (unsigned int i = 0; i < n; i += SUBMIT_BURST) {
		uint64_t start = bench_cpu_time();

		for (unsigned int j = 0; j < SUBMIT_BURST; j++) {
			if (submit(c, 1, ++c->point))
				return -1;
		}
		used += bench_cpu_time() - start;
		if (wait_point(c, c->point))
			return -1;
	}
	*value = (double)used / ((n + SUBMIT_BURST - 1) / SUBMIT_BURST * SUBMIT_BURST);
	return 0;
}

static int submit_time_few(double *value)
{
	return submit_time(&few, value);
}

static int submit_time_many(double *value)
{
	return submit_time(&many, value);
}

const struct bench_probe bench_job_probes[] = {
	{ "null_job_latency", "us",
	  "an empty program, from SUBMIT to the end of the wait", begin_few, latency,
	  end_few },
	{ "null_job_rate", "1/s", "empty programs, 64 in flight on one queue", begin_few,
	  rate, end_few },
	{ "submit_time_1", "ns", "processor time of a SUBMIT with 1 private buffer",
	  begin_few, submit_time_few, end_few },
	{ "submit_time_10000", "ns", "the same with 10,000 private buffers", begin_many,
	  submit_time_many, end_many },
};
const size_t bench_job_count = sizeof(bench_job_probes) / sizeof(bench_job_probes[0]);
