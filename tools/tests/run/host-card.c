// SPDX-License-Identifier: MIT
/*
 * A card inside the test: the half of libnpu that talks to the kernel, on top of
 * qemu-device/compute.  Addresses are pointers; every access is held against the
 * buffers, so that a plan which reads or writes beside them is caught.  NPU_TEST_DIES
 * sets the number of dies.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "npu_compute.h"

#define MAX_BUFFERS 256

static struct npu_device device = {
	.node = { .name = "npu0" },
};
static struct npu_bo *buffers[MAX_BUFFERS];

/* ---- Devices, address spaces, queues ---- */

int npu_device_open(const char *name, struct npu_device **dev)
{
	const char *dies = getenv("NPU_TEST_DIES");

	if (name && strcmp(name, "npu0"))
		return npu_fail(-ENODEV, "there is no card %s", name);
	device.info.dies = dies ? atoi(dies) : 8;
	*dev = &device;
	return 0;
}

void npu_device_close(struct npu_device *dev)
{
	(void)dev;
}

const struct drm_npu_query_device *npu_device_info(const struct npu_device *dev)
{
	return &dev->info;
}

const struct npu_node *npu_device_node(const struct npu_device *dev)
{
	return &dev->node;
}

int npu_vm_new(struct npu_device *dev, struct npu_vm **vm)
{
	*vm = calloc(1, sizeof(**vm));
	if (!*vm)
		return -ENOMEM;
	(*vm)->dev = dev;
	return 0;
}

void npu_vm_free(struct npu_vm *vm)
{
	free(vm);
}

int npu_queue_new(struct npu_vm *vm, uint32_t die_mask, uint32_t timeout_ms,
		  struct npu_queue **queue)
{
	(void)timeout_ms;
	*queue = calloc(1, sizeof(**queue));
	if (!*queue)
		return -ENOMEM;
	(*queue)->vm = vm;
	(*queue)->id = die_mask;
	return 0;
}

void npu_queue_free(struct npu_queue *queue)
{
	free(queue);
}

/* ---- Buffers ---- */

int npu_bo_new(struct npu_vm *vm, uint64_t size, uint32_t placement, uint32_t die_mask,
	       uint32_t flags, struct npu_bo **out)
{
	struct npu_bo *bo = calloc(1, sizeof(*bo));
	unsigned int i;

	(void)placement;
	(void)die_mask;
	(void)flags;
	for (i = 0; i < MAX_BUFFERS && buffers[i]; i++)
		;
	if (!bo || i == MAX_BUFFERS || size > 1ull << 32)
		return npu_fail(-ENOSPC, "no room for %llu bytes",
				(unsigned long long)size);
	bo->vm = vm;
	bo->size = size;
	bo->map = aligned_alloc(4096, (size + 4095) / 4096 * 4096);
	if (!bo->map)
		return npu_fail(-ENOSPC, "no room");
	memset(bo->map, 0, size);
	buffers[i] = bo;
	*out = bo;
	return 0;
}

int npu_bo_new_readonly(struct npu_vm *vm, uint64_t size, struct npu_bo **bo)
{
	return npu_bo_new(vm, size, DRM_NPU_PLACE_HBM, 0, 0, bo);
}

void npu_bo_free(struct npu_bo *bo)
{
	unsigned int i;

	if (!bo)
		return;
	for (i = 0; i < MAX_BUFFERS; i++)
		if (buffers[i] == bo)
			buffers[i] = NULL;
	free(bo->map);
	free(bo);
}

uint64_t npu_bo_address(const struct npu_bo *bo)
{
	return (uintptr_t)bo->map;
}

uint64_t npu_bo_hbm_offset(const struct npu_bo *bo)
{
	(void)bo;
	return 0;
}

void *npu_bo_map(struct npu_bo *bo)
{
	return bo->map;
}

/* ---- Running ---- */

static void *inside(uint64_t va, size_t size)
{
	unsigned int i;

	for (i = 0; i < MAX_BUFFERS; i++) {
		struct npu_bo *bo = buffers[i];

		if (bo && va >= npu_bo_address(bo) && size <= bo->size &&
		    va - npu_bo_address(bo) <= bo->size - size)
			return (void *)(uintptr_t)va;
	}
	fprintf(stderr, "host-card: %zu bytes at 0x%llx are in no buffer\n", size,
		(unsigned long long)va);
	return NULL;
}

static bool mem_read(struct npu_mem *mem, uint64_t va, void *to, size_t size)
{
	const void *from = inside(va, size);

	(void)mem;
	if (from)
		memcpy(to, from, size);
	return from;
}

static bool mem_write(struct npu_mem *mem, uint64_t va, const void *from, size_t size)
{
	void *to = inside(va, size);

	(void)mem;
	if (to)
		memcpy(to, from, size);
	return to;
}

static void *mem_window(struct npu_mem *mem, uint64_t va, size_t size, bool write)
{
	(void)mem;
	(void)write;
	return inside(va, size);
}

static int fail_verdict(const struct npu_verdict *v)
{
	return npu_fail(-EFAULT, "instruction %u, operand %u: error %u", v->insn,
			v->operand, v->code);
}

static int run_insn(struct npu_run *run, uint32_t insn, unsigned int dies,
		    struct npu_report *report)
{
	struct npu_mem mem = {
		.read = mem_read,
		.write = mem_write,
		.window = mem_window,
	};
	uint64_t tiles = npu_run_tiles(run, insn, dies), i;
	struct npu_verdict verdict;
	struct npu_cost cost;

	for (i = 0; i < tiles; i++)
		if (!npu_run_tile(run, insn, dies, i, &mem, &verdict))
			return fail_verdict(&verdict);
	npu_run_cost(run, insn, &cost);
	report->device_time += cost.operations / 1000 + 1;
	return 0;
}

static int run_code(const struct npu_code *code, const uint64_t *args,
		    unsigned int arg_count, unsigned int dies, struct npu_report *report)
{
	struct npu_verdict verdict;
	struct npu_run *run;
	int ret = 0;
	uint32_t i;

	run = npu_run_new(code, args, arg_count * sizeof(*args), &verdict);
	if (!run)
		return fail_verdict(&verdict);
	for (i = 0; i < npu_code_insns(code) && !ret; i++)
		ret = run_insn(run, i, dies, report);
	npu_run_free(run);
	return ret;
}

int npu_submit(struct npu_queue *queue, struct npu_program *prog, const uint64_t *args,
	       unsigned int arg_count, uint64_t report, uint64_t *point)
{
	unsigned int dies = queue->id ? (unsigned int)__builtin_popcount(queue->id) :
					device.info.dies;
	struct npu_report *to = inside(report, sizeof(*to));
	struct npu_verdict verdict;
	struct npu_code *code;
	const void *image;
	size_t size;
	int ret;

	image = npu_program_image(prog, &size);
	code = npu_code_new(image, size, &verdict);
	if (!code)
		return fail_verdict(&verdict);
	memset(to, 0, sizeof(*to));
	ret = run_code(code, args, arg_count, dies, to);
	npu_code_free(code);
	*point = ++queue->submitted;
	return ret;
}

int npu_wait(struct npu_queue *queue, uint64_t point, int64_t timeout_ns)
{
	(void)queue;
	(void)point;
	(void)timeout_ns;
	return 0;
}
