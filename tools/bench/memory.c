// SPDX-License-Identifier: MIT
/* The processor fills memory: the card's, and its own. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "bench.h"

#define BYTES (64ul << 20)

static struct {
	struct bench_card card;
	struct npu_bo *bo;
	void *at;
	void *ram;
} s;

static int begin_hbm(void)
{
	if (bench_card_open(&s.card))
		return -1;
	if (npu_bo_new(s.card.vm, BYTES, DRM_NPU_PLACE_HBM, 0, 0, &s.bo))
		return bench_fail("%s", npu_last_error());
	s.at = npu_bo_map(s.bo);
	if (!s.at)
		return bench_fail("%s", npu_last_error());
	memset(s.at, 1, BYTES);
	return 0;
}

static void end_hbm(void)
{
	npu_bo_free(s.bo);
	bench_card_close(&s.card);
	s.bo = NULL;
	s.at = NULL;
}

static int begin_ram(void)
{
	s.ram = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		     0);
	if (s.ram == MAP_FAILED) {
		s.ram = NULL;
		return bench_fail("no memory: %s", strerror(errno));
	}
	memset(s.ram, 1, BYTES);
	return 0;
}

static void end_ram(void)
{
	if (s.ram)
		munmap(s.ram, BYTES);
	s.ram = NULL;
}

static int fill(void *at, double *value)
{
	uint64_t start = bench_now();

	memset(at, 2, BYTES);
	*value = (double)BYTES / (bench_now() - start);
	return 0;
}

static int fill_hbm(double *value)
{
	return fill(s.at, value);
}

static int fill_ram(double *value)
{
	return fill(s.ram, value);
}

const struct bench_probe bench_memory_probes[] = {
	{ "hbm_write", "GB/s", "the CPU fills a mapped buffer of 64 MiB in HBM",
	  begin_hbm, fill_hbm, end_hbm },
	{ "ram_write", "GB/s", "the same in its own memory", begin_ram, fill_ram,
	  end_ram },
};
const size_t bench_memory_count = sizeof(bench_memory_probes) /
				  sizeof(bench_memory_probes[0]);
