// SPDX-License-Identifier: MIT
/*
 * Single instructions at the shapes of large models.  Operands are bytes of 0x3c: 1.06
 * in f16, 0.01 in f32 and bf16, and numbers of that order in the types with blocks.
 */
#include <string.h>

#include "bench.h"

/* More than any cache: operands of products with a vector are used in turn. */
#define ROTATED	     (512ul << 20)
#define MAX_OPERANDS 4

static struct {
	struct bench_card card;
	struct npu_queue *queue;
	struct npu_program *prog;
	struct npu_bo *bo[MAX_OPERANDS];
	uint64_t args[MAX_OPERANDS];
	npu_tensor_id tensor[MAX_OPERANDS];
	unsigned int operands;
	uint64_t step;	 /* bytes from one copy of operand 1 to the next */
	uint64_t copies; /* of operand 1 */
	uint64_t turn;
	double work; /* operations or bytes of a run */
} s;

static int open_all(double work)
{
	memset(&s, 0, sizeof(s));
	s.copies = 1;
	s.work = work;
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
	for (unsigned int i = 0; i < MAX_OPERANDS; i++)
		npu_bo_free(s.bo[i]);
	bench_card_close(&s.card);
	memset(&s, 0, sizeof(s));
}

static uint64_t tensor_bytes(uint32_t dtype, unsigned int rank, const uint64_t *extent)
{
	uint64_t elements = 1;

	for (unsigned int dim = 0; dim < rank; dim++)
		elements *= extent[dim];
	return elements / npu_dtype_block(dtype) * npu_dtype_size(dtype);
}

/* A tensor, as many copies of it as there are, in HBM. */
static int add(uint32_t dtype, unsigned int rank, const uint64_t *extent, uint64_t copies)
{
	uint64_t step = (tensor_bytes(dtype, rank, extent) + 4095) & ~4095ull;
	unsigned int i = s.operands;
	void *at;

	if (npu_bo_new(s.card.vm, step * copies, DRM_NPU_PLACE_HBM, 0, 0, &s.bo[i]))
		return bench_fail("%s", npu_last_error());
	at = npu_bo_map(s.bo[i]);
	if (!at)
		return bench_fail("%s", npu_last_error());
	memset(at, 0x3c, step * copies);
	s.args[i] = npu_bo_address(s.bo[i]);
	s.tensor[i] = npu_tensor(s.prog, npu_base(s.prog), 0, dtype, rank, extent);
	if (i == 1) {
		s.step = step;
		s.copies = copies;
	}
	s.operands++;
	return 0;
}

static int run(double *seconds)
{
	uint64_t args[MAX_OPERANDS], start, point;

	memcpy(args, s.args, sizeof(args));
	args[1] += s.turn++ % s.copies * s.step;
	start = bench_now();
	if (npu_submit(s.queue, s.prog, args, s.operands, 0, &point) ||
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

/* Operations or bytes a second, in 1e9. */
static int rate(double *value)
{
	double seconds;

	if (run(&seconds))
		return -1;
	*value = s.work / seconds / 1e9;
	return 0;
}

/* An extent; in a quick run, which is to see that it works, a smaller one. */
static uint64_t full_or_quick(uint64_t full, uint64_t quick)
{
	return bench_quick ? quick : full;
}

/* ---- Products --------------------------------------------------------------- */

#define ROWS  4096ull
#define DEPTH full_or_quick(14336, 1792)

/* More copies than a cache holds; one to see that it works. */
static uint64_t copies_of(uint64_t bytes)
{
	return full_or_quick(ROTATED / bytes + 1, 1);
}

/* d[rows, columns] = weights[rows, depth] x[columns, depth]^T */
static int begin_product(uint32_t dtype, uint64_t columns)
{
	const uint64_t d[] = { ROWS, columns }, a[] = { ROWS, DEPTH };
	const uint64_t b[] = { columns, DEPTH };
	uint64_t bytes = tensor_bytes(dtype, 2, a);
	struct npu_matmul_options options = NPU_MATMUL_OPTIONS;

	options.transpose_b = true;
	if (open_all(columns == 1 ? bytes : 2.0 * ROWS * columns * DEPTH) ||
	    add(NPU_DTYPE_F32, 2, d, 1) ||
	    add(dtype, 2, a, columns == 1 ? copies_of(bytes) : 1) ||
	    add(NPU_DTYPE_F32, 2, b, 1))
		return -1;
	npu_op_matmul_with(s.prog, s.tensor[0], s.tensor[1], s.tensor[2], &options);
	return finish();
}

#define PRODUCTS(name, dtype)                     \
	static int begin_matmul_##name(void)      \
	{                                         \
		return begin_product(dtype, 512); \
	}                                         \
	static int begin_matvec_##name(void)      \
	{                                         \
		return begin_product(dtype, 1);   \
	}

PRODUCTS(f32, NPU_DTYPE_F32)
PRODUCTS(f16, NPU_DTYPE_F16)
PRODUCTS(bf16, NPU_DTYPE_BF16)
PRODUCTS(fp8, NPU_DTYPE_F8E4M3)
PRODUCTS(q8_0, NPU_DTYPE_Q8_0)
PRODUCTS(q4_0, NPU_DTYPE_Q4_0)
PRODUCTS(q4_k, NPU_DTYPE_Q4_K)

/* ---- Attention -------------------------------------------------------------- */

#define HEADS 32ull
#define WIDTH 128ull

static int begin_attention(uint64_t rows, uint64_t keys, uint64_t kv_heads, double work)
{
	const uint64_t q[] = { 1, rows, HEADS, WIDTH },
		       k[] = { 1, keys, kv_heads, WIDTH };
	struct npu_attention attention = { .causal = true };

	if (open_all(work) || add(NPU_DTYPE_F16, 4, q, 1) ||
	    add(NPU_DTYPE_F16, 4, q, 1) || add(NPU_DTYPE_F16, 4, k, 1) ||
	    add(NPU_DTYPE_F16, 4, k, 1))
		return -1;
	npu_op_attention(s.prog, s.tensor[0], s.tensor[1], s.tensor[2], s.tensor[3],
			 npu_f32(0.088f), &attention);
	return finish();
}

/* Half of all pairs of a row and a key. */
static int begin_prefill(void)
{
	const uint64_t n = full_or_quick(4096, 512);

	return begin_attention(n, n, HEADS, 2.0 * 2 * WIDTH * HEADS * n * n / 2);
}

static int begin_decode(void)
{
	const uint64_t n = full_or_quick(32768, 4096), kv_heads = 8;

	return begin_attention(1, n, kv_heads, 2.0 * 2 * n * kv_heads * WIDTH);
}

/* ---- Memory ----------------------------------------------------------------- */

#define SIDE full_or_quick(4096, 1024)

/* d and sources, one behind the other */
static int begin_squares(unsigned int count)
{
	const uint64_t square[] = { SIDE, SIDE };
	int err = open_all(count * 4.0 * SIDE * SIDE);

	for (unsigned int i = 0; i < count && !err; i++)
		err = add(NPU_DTYPE_F32, 2, square, 1);
	return err;
}

static int begin_rms_norm(void)
{
	if (begin_squares(2))
		return -1;
	npu_op_norm(s.prog, NPU_OP_RMS_NORM, s.tensor[0], s.tensor[1], 1, npu_f32(1e-6f),
		    NULL);
	return finish();
}

/* Heads of 128, of as many tokens as there are rows; each has a position. */
static int begin_rope(void)
{
	const uint64_t heads[] = { SIDE, SIDE / WIDTH, WIDTH }, pairs = WIDTH / 2;
	const uint64_t positions[] = { SIDE, 1, 1 }, all[] = { SIDE, SIDE / WIDTH, 1 };

	if (begin_squares(2) || add(NPU_DTYPE_S32, 3, positions, 1) ||
	    add(NPU_DTYPE_F32, 1, &pairs, 1))
		return -1;
	for (uint64_t i = 0; i < SIDE; i++)
		((int32_t *)npu_bo_map(s.bo[2]))[i] = (int32_t)i;
	npu_op_rope(s.prog, npu_view_reshape(s.prog, s.tensor[0], 3, heads),
		    npu_view_reshape(s.prog, s.tensor[1], 3, heads),
		    npu_view_broadcast(s.prog, s.tensor[2], 3, all), s.tensor[3],
		    npu_f32(1), false);
	return finish();
}

static int begin_silu_mul(void)
{
	if (begin_squares(3))
		return -1;
	npu_op_binary(s.prog, NPU_OP_SWIGLU, s.tensor[0], s.tensor[1], s.tensor[2]);
	return finish();
}

static int begin_softmax(void)
{
	if (begin_squares(2))
		return -1;
	npu_op_axis(s.prog, NPU_OP_SOFTMAX, s.tensor[0], s.tensor[1], 1);
	return finish();
}

static int begin_transpose(void)
{
	const unsigned int swapped[] = { 1, 0 };

	if (begin_squares(2))
		return -1;
	npu_op_copy(s.prog, s.tensor[0],
		    npu_view_transpose(s.prog, s.tensor[1], swapped));
	return finish();
}

/* ---- Convolution ------------------------------------------------------------ */

static int begin_conv(void)
{
	const uint64_t image[] = { 8, 64, 56, 56 }, weight[] = { 64, 64, 3, 3 };
	const struct npu_insn_window window = {
		.kernel = { 3, 3, 1 },
		.stride = { 1, 1, 1 },
		.dilation = { 1, 1, 1 },
		.pad_begin = { 1, 1, 0 },
		.pad_end = { 1, 1, 0 },
	};

	if (open_all(2.0 * 8 * 64 * 56 * 56 * 64 * 9) ||
	    add(NPU_DTYPE_F32, 4, image, 1) || add(NPU_DTYPE_F32, 4, image, 1) ||
	    add(NPU_DTYPE_F32, 4, weight, 1))
		return -1;
	npu_op_conv2d(s.prog, s.tensor[0], s.tensor[1], s.tensor[2], -1, &window);
	return finish();
}

/* ---- Small instructions ------------------------------------------------------ */

#define CHAIN 200

static int begin_chain(void)
{
	const uint64_t square[] = { 64, 64 };

	if (open_all(0) || add(NPU_DTYPE_F32, 2, square, 1) ||
	    add(NPU_DTYPE_F32, 2, square, 1))
		return -1;
	for (unsigned int i = 0; i < CHAIN; i++)
		npu_op_binary(s.prog, NPU_OP_ADD, s.tensor[i % 2], s.tensor[1 - i % 2],
			      s.tensor[i % 2]);
	return finish();
}

static int chain(double *value)
{
	double seconds;

	if (run(&seconds))
		return -1;
	*value = seconds / CHAIN * 1e6;
	return 0;
}

#define MATMUL(name)                                                               \
	{                                                                          \
		"matmul_" #name, "GFLOPS", "MATMUL of 4096 x 512 x 14336, " #name, \
			begin_matmul_##name, rate, close_all                       \
	}
#define MATVEC(name)                                                              \
	{                                                                         \
		"matvec_" #name, "GB/s", "4096 x 14336 " #name " times a vector", \
			begin_matvec_##name, rate, close_all                      \
	}

const struct bench_probe bench_shape_probes[] = {
	MATMUL(f32),
	MATMUL(f16),
	MATMUL(bf16),
	MATMUL(fp8),
	MATMUL(q8_0),
	MATMUL(q4_0),
	MATMUL(q4_k),
	MATVEC(f32),
	MATVEC(f16),
	MATVEC(bf16),
	MATVEC(fp8),
	MATVEC(q8_0),
	MATVEC(q4_0),
	MATVEC(q4_k),
	{ "attention_prefill", "GFLOPS", "ATTENTION of 4096 rows and keys, 32 heads, f16",
	  begin_prefill, rate, close_all },
	{ "attention_decode", "GB/s", "ATTENTION of a row and 32768 keys, 8 heads, f16",
	  begin_decode, rate, close_all },
	{ "rms_norm", "GB/s", "RMS_NORM of 4096 x 4096, f32", begin_rms_norm, rate,
	  close_all },
	{ "rope", "GB/s", "ROPE of 4096 tokens, 32 heads of 128, f32", begin_rope, rate,
	  close_all },
	{ "silu_mul", "GB/s", "SWIGLU of 4096 x 4096, f32", begin_silu_mul, rate,
	  close_all },
	{ "softmax", "GB/s", "SOFTMAX of 4096 x 4096, f32", begin_softmax, rate,
	  close_all },
	{ "copy_transpose", "GB/s", "COPY of 4096 x 4096 f32, transposed",
	  begin_transpose, rate, close_all },
	{ "conv2d_3x3", "GFLOPS", "CONV2D of 8 x 64 x 56 x 56 to 64 channels", begin_conv,
	  rate, close_all },
	{ "small_op", "us", "an ADD of 64 x 64 in a chain of 200", begin_chain, chain,
	  close_all },
};
const size_t bench_shape_count = sizeof(bench_shape_probes) /
				 sizeof(bench_shape_probes[0]);
