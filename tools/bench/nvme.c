// SPDX-License-Identifier: MIT
/* QEMU's own NVMe device, which interrupts the guest as the card does. */
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define DEVICE "/dev/nvme0n1"
#define BLOCK  4096
/* Where to read: a range of the device in an order that no cache likes. */
#define BLOCKS	       16384
#define STEP	       7919
#define LATENCY_READS  2000
#define RATE_READS     20000
#define DEPTH	       64
#define BATCH	       16
#define PROBE_LIMIT_MS 10000

static struct {
	int fd;
	unsigned char *buffers;
	unsigned int at;
	aio_context_t aio;
} s = { .fd = -1 };

/* The driver looks for its devices on its own time. */
static int open_device(void)
{
	const struct timespec pause = { .tv_nsec = 10000000 };

	for (unsigned int i = 0; i < PROBE_LIMIT_MS / 10; i++) {
		s.fd = open(DEVICE, O_RDONLY | O_DIRECT | O_CLOEXEC);
		if (s.fd >= 0)
			return 0;
		nanosleep(&pause, NULL);
	}
	return bench_fail("%s: %s; boot with the module nvme and such a device", DEVICE,
			  strerror(errno));
}

static off_t next_offset(void)
{
	return (off_t)(s.at++ * STEP % BLOCKS) * BLOCK;
}

static int begin(void)
{
	if (open_device())
		return -1;
	s.buffers = aligned_alloc(BLOCK, DEPTH * BLOCK);
	if (!s.buffers)
		return bench_fail("out of memory");
	memset(s.buffers, 1, DEPTH * BLOCK);
	if (syscall(SYS_io_setup, DEPTH, &s.aio))
		return bench_fail("io_setup: %s", strerror(errno));
	return 0;
}

static void end(void)
{
	if (s.aio)
		syscall(SYS_io_destroy, s.aio);
	free(s.buffers);
	if (s.fd >= 0)
		close(s.fd);
	memset(&s, 0, sizeof(s));
	s.fd = -1;
}

static int latency(double *value)
{
	static double us[LATENCY_READS];
	unsigned int n = bench_rounds(LATENCY_READS);

	for (unsigned int i = 0; i < n; i++) {
		uint64_t start = bench_now();

		if (pread(s.fd, s.buffers, BLOCK, next_offset()) != BLOCK)
			return bench_fail("%s: cannot read: %s", DEVICE, strerror(errno));
		us[i] = (bench_now() - start) / 1e3;
	}
	*value = bench_median(us, n);
	return 0;
}

/* Into the buffers that are named by their numbers. */
static int submit(const unsigned int *buffer, unsigned int count)
{
	struct iocb blocks[DEPTH], *list[DEPTH];

	for (unsigned int i = 0; i < count; i++) {
		blocks[i] = (struct iocb){
			.aio_data = buffer[i],
			.aio_lio_opcode = IOCB_CMD_PREAD,
			.aio_fildes = s.fd,
			.aio_buf = (uintptr_t)s.buffers + buffer[i] * BLOCK,
			.aio_nbytes = BLOCK,
			.aio_offset = next_offset(),
		};
		list[i] = &blocks[i];
	}
	if (syscall(SYS_io_submit, s.aio, count, list) != count)
		return bench_fail("%s: cannot submit: %s", DEVICE, strerror(errno));
	return 0;
}

/* Wait for least reads; buffer gets the numbers of theirs. */
static int reap(unsigned int *buffer, unsigned int least, unsigned int *count)
{
	struct io_event events[DEPTH];
	long n = syscall(SYS_io_getevents, s.aio, least, DEPTH, events, NULL);

	if (n < (long)least)
		return bench_fail("%s: cannot wait: %s", DEVICE, strerror(errno));
	for (long i = 0; i < n; i++) {
		if (events[i].res != BLOCK)
			return bench_fail("%s: cannot read: %s", DEVICE,
					  strerror(-(int)events[i].res));
		buffer[i] = events[i].data;
	}
	*count = n;
	return 0;
}

/* As with jobs: waits for BATCH reads, and replaces those that have ended. */
static int rate(double *value)
{
	unsigned int left = bench_rounds(RATE_READS), in_flight = 0, count = DEPTH;
	unsigned int buffer[DEPTH];
	uint64_t start = bench_now();

	for (unsigned int i = 0; i < DEPTH; i++)
		buffer[i] = i;
	while (left) {
		count = count < left ? count : left;
		if (submit(buffer, count))
			return -1;
		left -= count;
		in_flight += count;
		if (reap(buffer, left ? BATCH : in_flight, &count))
			return -1;
		in_flight -= count;
	}
	*value = bench_rounds(RATE_READS) / ((bench_now() - start) / 1e9);
	return in_flight ? bench_fail("%s: reads are missing", DEVICE) : 0;
}

const struct bench_probe bench_nvme_probes[] = {
	{ "nvme_latency", "us", "a read of 4 KiB", begin, latency, end },
	{ "nvme_rate", "1/s", "reads of 4 KiB, 64 in flight", begin, rate, end },
};
const size_t bench_nvme_count = sizeof(bench_nvme_probes) / sizeof(bench_nvme_probes[0]);
