// SPDX-License-Identifier: MIT
/* Programs of one instruction, from SUBMIT to the end of the wait. */
#include <string.h>

#include "bench.h"

#define COPY_BYTES  (64ul << 20)
#define SIZE	    1024ul
#define MAX_BUFFERS 3

static struct {
	struct bench_card card;
	struct npu_queue *queue;
	struct npu_program *prog;
	struct npu_bo *bo[MAX_BUFFERS];
	uint64_t args[MAX_BUFFERS];
	npu_tensor_id tensor[MAX_BUFFERS];
	unsigned int buffers;
} s;

static int open_all(void)
{
	memset(&s, 0, sizeof(s));
	if (bench_card_open(&s.card))
		return -1;
	if (npu_queue_new(s.card.vm, 0, 0, &s.queue) ||
	    npu_program_new(s.card.vm, &s.prog))
		return bench_fail("%s", npu_last_error());
	return 0;
}

static void close_all(void)
{
	npu_program_free(s.prog);
	npu_queue_free(s.queue);
	for (unsigned int i = 0; i < MAX_BUFFERS; i++)
		npu_bo_free(s.bo[i]);
	bench_card_close(&s.card);
	memset(&s, 0, sizeof(s));
}

/* A dense tensor in a buffer of its own, which the CPU has touched. */
static int add_tensor(uint32_t placement, uint32_t dtype, unsigned int rank,
		      const uint64_t *extent)
{
	uint64_t size = npu_dtype_size(dtype);
	unsigned int i = s.buffers;
	void *at;

	for (unsigned int dim = 0; dim < rank; dim++)
		size *= extent[dim];
	if (npu_bo_new(s.card.vm, size, placement, 0, 0, &s.bo[i]))
		return bench_fail("%s", npu_last_error());
	at = npu_bo_map(s.bo[i]);
	if (!at)
		return bench_fail("%s", npu_last_error());
	/* 0.008 in f32, 0.0007 in f16: no denormal numbers, no infinite sums. */
	memset(at, npu_dtype_size(dtype) == 4 ? 0x3c : 0x12, size);
	s.args[i] = npu_bo_address(s.bo[i]);
	s.tensor[i] = npu_tensor(s.prog, npu_base(s.prog), 0, dtype, rank, extent);
	s.buffers++;
	return 0;
}

static int run(double *seconds)
{
	uint64_t start = bench_now(), point;

	if (npu_submit(s.queue, s.prog, s.args, s.buffers, 0, &point) ||
	    npu_wait(s.queue, point, -1))
		return bench_fail("%s", npu_last_error());
	*seconds = (bench_now() - start) / 1e9;
	return 0;
}

static int finish(void)
{
	double ignored;

	if (npu_program_finish(s.prog))
		return bench_fail("%s", npu_last_error());
	return run(&ignored);
}

/* ---- Copies ---------------------------------------------------------------- */

static int begin_copy(uint32_t to, uint32_t from)
{
	const uint64_t extent = COPY_BYTES / 4;

	if (open_all() || add_tensor(to, NPU_DTYPE_F32, 1, &extent) ||
	    add_tensor(from, NPU_DTYPE_F32, 1, &extent))
		return -1;
	npu_op_copy(s.prog, s.tensor[0], s.tensor[1]);
	return finish();
}

static int begin_h2d(void)
{
	return begin_copy(DRM_NPU_PLACE_HBM, DRM_NPU_PLACE_HOST);
}

static int begin_d2h(void)
{
	return begin_copy(DRM_NPU_PLACE_HOST, DRM_NPU_PLACE_HBM);
}

static int copy(double *value)
{
	double seconds;

	if (run(&seconds))
		return -1;
	*value = COPY_BYTES / seconds / 1e9;
	return 0;
}

/* ---- Matrix products ------------------------------------------------------- */

static int begin_matmul(uint32_t dtype)
{
	const uint64_t extent[] = { SIZE, SIZE };

	if (open_all())
		return -1;
	for (unsigned int i = 0; i < 3; i++) {
		if (add_tensor(DRM_NPU_PLACE_HBM, dtype, 2, extent))
			return -1;
	}
	npu_op_matmul(s.prog, s.tensor[0], s.tensor[1], s.tensor[2]);
	return finish();
}

static int begin_f32(void)
{
	return begin_matmul(NPU_DTYPE_F32);
}

static int begin_f16(void)
{
	return begin_matmul(NPU_DTYPE_F16);
}

static int matmul(double *value)
{
	double seconds;

	if (run(&seconds))
		return -1;
	*value = 2.0 * SIZE * SIZE * SIZE / seconds / 1e9;
	return 0;
}

const struct bench_probe bench_program_probes[] = {
	{ "copy_h2d", "GB/s", "COPY of 64 MiB from host memory to HBM", begin_h2d, copy,
	  close_all },
	{ "copy_d2h", "GB/s", "COPY of 64 MiB from HBM to host memory", begin_d2h, copy,
	  close_all },
	{ "matmul_f32_1024", "GFLOPS", "MATMUL of 1024 x 1024 x 1024, f32", begin_f32,
	  matmul, close_all },
	{ "matmul_f16_1024", "GFLOPS", "the same, f16 -> f16", begin_f16, matmul,
	  close_all },
};
const size_t bench_program_count = sizeof(bench_program_probes) /
				   sizeof(bench_program_probes[0]);
