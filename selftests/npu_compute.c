// SPDX-License-Identifier: GPL-2.0-only
/* Programs made with libnpu, and their answers. */
#include <math.h>
#include <pthread.h>

#include "kselftest_harness.h"
#include "npu_test.h"

#include <npu.h>

#define POOL_BYTES	(2 * NPT_MIB)
#define WAIT_NS		(NPT_LIMIT_MS * 1000000ll)

FIXTURE(compute)
{
	struct npu_device *dev;
	struct npu_vm *vm;
	struct npu_queue *queue;
	struct npu_bo *bo;
	struct npu_program *prog;
	char *pool;
	uint64_t used;
	int base;
};

FIXTURE_SETUP(compute)
{
	struct npt_card card;

	ASSERT_EQ(0, npt_find(&card));
	ASSERT_EQ(0, npu_device_open(card.node, &self->dev)) {
		TH_LOG("%s", npu_last_error());
	}
	ASSERT_EQ(0, npu_vm_new(self->dev, &self->vm));
	ASSERT_EQ(0, npu_queue_new(self->vm, 0, 0, &self->queue));
	ASSERT_EQ(0, npu_bo_new(self->vm, POOL_BYTES, 0, 0, 0, &self->bo));
	self->pool = npu_bo_map(self->bo);
	ASSERT_NE(NULL, self->pool);
	ASSERT_EQ(0, npu_program_new(self->vm, &self->prog));
	self->base = npu_base(self->prog);
	ASSERT_EQ(0, self->base);
}

FIXTURE_TEARDOWN(compute)
{
	npu_program_free(self->prog);
	npu_bo_free(self->bo);
	npu_queue_free(self->queue);
	npu_vm_free(self->vm);
	npu_device_close(self->dev);
}

#define COMPUTE_DATA FIXTURE_DATA(compute)

/**
 * struct array - a tensor and where the CPU sees it
 * @id: tensor
 * @f32: its elements, one of these
 * @s32: its elements
 * @s8: its elements
 */
struct array {
	npu_tensor_id id;
	union {
		float *f32;
		int32_t *s32;
		int8_t *s8;
	};
};

static struct array new_array(COMPUTE_DATA *self, uint32_t dtype,
			      unsigned int rank, const uint64_t *extent)
{
	uint64_t bytes = npu_dtype_size(dtype);
	struct array array;
	unsigned int i;

	for (i = 0; i < rank; i++)
		bytes *= extent[i];
	array.id = npu_tensor(self->prog, self->base, self->used, dtype, rank,
			      extent);
	array.f32 = (float *)(self->pool + self->used);
	self->used += (bytes + 63) & ~63ull;
	return array;
}

#define NEW_ARRAY(self, dtype, ...)					\
	new_array(self, dtype,						\
		  sizeof((uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t), \
		  (const uint64_t[]){ __VA_ARGS__ })

/* Values in -1 .. 1 that repeat late. */
static void randomise(float *f, unsigned int count, uint32_t seed)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		seed = seed * 1664525 + 1013904223;
		f[i] = (int32_t)seed / 2147483648.0f;
	}
}

static int run(COMPUTE_DATA *self)
{
	uint64_t args[] = { npu_bo_address(self->bo) }, point;
	int err = npu_program_finish(self->prog);

	if (!err)
		err = npu_submit(self->queue, self->prog, args, 1, 0, &point);
	if (!err)
		err = npu_wait(self->queue, point, WAIT_NS);
	if (err)
		ksft_print_msg("%s\n", npu_last_error());
	return err;
}

#define EXPECT_NEAR(expected, seen, bound)				\
	do {								\
		double e_ = expected, s_ = seen;			\
									\
		ASSERT_TRUE(fabs(e_ - s_) <= (bound)) {			\
			TH_LOG("expected %.9g, seen %.9g", e_, s_);	\
		}							\
	} while (0)

static void check_matmul(struct __test_metadata *_metadata, COMPUTE_DATA *self,
			 unsigned int m, unsigned int k, unsigned int n)
{
	struct array a = NEW_ARRAY(self, NPU_DTYPE_F32, m, k);
	struct array b = NEW_ARRAY(self, NPU_DTYPE_F32, k, n);
	struct array d = NEW_ARRAY(self, NPU_DTYPE_F32, m, n);
	unsigned int i, j, l;

	ASSERT_LE(self->used, POOL_BYTES);
	randomise(a.f32, m * k, 1);
	randomise(b.f32, k * n, 2);
	npu_op_matmul(self->prog, d.id, a.id, b.id);
	ASSERT_EQ(0, run(self));
	for (i = 0; i < m; i++) {
		for (j = 0; j < n; j++) {
			double sum = 0;

			for (l = 0; l < k; l++)
				sum += (double)a.f32[i * k + l] *
				       b.f32[l * n + j];
			EXPECT_NEAR(sum, d.f32[i * n + j], 0.000001 * k);
		}
	}
}

TEST_F(compute, matmul_of_odd_extents)
{
	check_matmul(_metadata, self, 37, 61, 23);
}

TEST_F(compute, matmul_of_many_tiles)
{
	check_matmul(_metadata, self, 200, 96, 264);
}

TEST_F(compute, matmul_of_a_vector)
{
	check_matmul(_metadata, self, 1, 1000, 10);
}

TEST_F(compute, matmul_of_bytes_is_exact)
{
	struct array a = NEW_ARRAY(self, NPU_DTYPE_S8, 33, 70);
	struct array b = NEW_ARRAY(self, NPU_DTYPE_S8, 70, 17);
	struct array exact = NEW_ARRAY(self, NPU_DTYPE_S32, 33, 17);
	struct array scaled = NEW_ARRAY(self, NPU_DTYPE_F32, 33, 17);
	unsigned int i, j, l;

	for (i = 0; i < 33 * 70; i++)
		a.s8[i] = i * 37;
	for (i = 0; i < 70 * 17; i++)
		b.s8[i] = i * 101 + 3;
	npu_op_matmul(self->prog, exact.id, a.id, b.id);
	npu_op_matmul_scaled(self->prog, scaled.id, a.id, b.id, npu_f32(0.125));
	ASSERT_EQ(0, run(self));
	for (i = 0; i < 33; i++) {
		for (j = 0; j < 17; j++) {
			int32_t sum = 0;

			for (l = 0; l < 70; l++)
				sum += a.s8[i * 70 + l] * b.s8[l * 17 + j];
			ASSERT_EQ(sum, exact.s32[i * 17 + j]);
			EXPECT_NEAR(sum * 0.125, scaled.f32[i * 17 + j], 0);
		}
	}
}

#define CHANNELS	6
#define FILTERS		4
#define GROUPS		2
#define HEIGHT		13
#define WIDTH		11

static double conv_reference(const float *a, const float *w, const float *bias,
			     const struct npu_insn_window *win, unsigned int m,
			     int y, int x)
{
	const int per_group = CHANNELS / GROUPS;
	int group = m / (FILTERS / GROUPS);
	double sum = bias[m];
	int i, u, v;

	for (i = 0; i < per_group; i++) {
		for (u = 0; u < win->kernel[0]; u++) {
			for (v = 0; v < win->kernel[1]; v++) {
				int row = y * win->stride[0] +
					  u * win->dilation[0] -
					  win->pad_begin[0];
				int col = x * win->stride[1] +
					  v * win->dilation[1] -
					  win->pad_begin[1];

				if (row < 0 || row >= HEIGHT || col < 0 ||
				    col >= WIDTH)
					continue;
				sum += (double)
					a[((group * per_group + i) * HEIGHT +
					   row) * WIDTH + col] *
					w[((m * per_group + i) *
					   win->kernel[0] + u) *
					  win->kernel[1] + v];
			}
		}
	}
	return sum;
}

TEST_F(compute, convolution_with_all_its_parameters)
{
	const struct npu_insn_window win = {
		.kernel = { 3, 2, 1 },
		.stride = { 2, 1, 1 },
		.dilation = { 1, 2, 1 },
		.pad_begin = { 1, 2, 0 },
		.pad_end = { 1, 0, 0 },
	};
	const unsigned int rows = (HEIGHT + 2 - 3) / 2 + 1;
	const unsigned int cols = WIDTH + 2 - 3 + 1;
	struct array a = NEW_ARRAY(self, NPU_DTYPE_F32, 1, CHANNELS, HEIGHT,
				   WIDTH);
	struct array w = NEW_ARRAY(self, NPU_DTYPE_F32, FILTERS,
				   CHANNELS / GROUPS, 3, 2);
	struct array bias = NEW_ARRAY(self, NPU_DTYPE_F32, FILTERS);
	struct array d = NEW_ARRAY(self, NPU_DTYPE_F32, 1, FILTERS, rows, cols);
	unsigned int m, y, x;

	randomise(a.f32, CHANNELS * HEIGHT * WIDTH, 3);
	randomise(w.f32, FILTERS * CHANNELS / GROUPS * 6, 4);
	randomise(bias.f32, FILTERS, 5);
	npu_op_conv2d(self->prog, d.id, a.id, w.id, bias.id, &win);
	ASSERT_EQ(0, run(self));
	for (m = 0; m < FILTERS; m++)
		for (y = 0; y < rows; y++)
			for (x = 0; x < cols; x++)
				EXPECT_NEAR(conv_reference(a.f32, w.f32,
							   bias.f32, &win, m, y,
							   x),
					    d.f32[(m * rows + y) * cols + x],
					    0.00001);
}

TEST_F(compute, pooling_over_windows)
{
	const struct npu_insn_window win = {
		.kernel = { 2, 2, 1 },
		.stride = { 2, 2, 1 },
		.dilation = { 1, 1, 1 },
	};
	struct array a = NEW_ARRAY(self, NPU_DTYPE_F32, 2, 3, 8, 8);
	struct array max = NEW_ARRAY(self, NPU_DTYPE_F32, 2, 3, 4, 4);
	struct array mean = NEW_ARRAY(self, NPU_DTYPE_F32, 2, 3, 4, 4);
	unsigned int p, y, x;

	randomise(a.f32, 6 * 64, 6);
	npu_op_pool2d(self->prog, NPU_OP_MAXPOOL2D, max.id, a.id, &win, 0);
	npu_op_pool2d(self->prog, NPU_OP_AVGPOOL2D, mean.id, a.id, &win, 0);
	ASSERT_EQ(0, run(self));
	for (p = 0; p < 6; p++) {
		for (y = 0; y < 4; y++) {
			for (x = 0; x < 4; x++) {
				const float *w = a.f32 + p * 64 + y * 16 + x * 2;
				unsigned int at = p * 16 + y * 4 + x;

				EXPECT_NEAR(fmaxf(fmaxf(w[0], w[1]),
						  fmaxf(w[8], w[9])),
					    max.f32[at], 0);
				EXPECT_NEAR((w[0] + w[1] + w[8] + w[9]) / 4.0,
					    mean.f32[at], 0.000001);
			}
		}
	}
}

TEST_F(compute, softmax_over_rows)
{
	struct array a = NEW_ARRAY(self, NPU_DTYPE_F32, 19, 31);
	struct array d = NEW_ARRAY(self, NPU_DTYPE_F32, 19, 31);
	unsigned int i, j;

	randomise(a.f32, 19 * 31, 7);
	/* One row that overflows if nobody subtracts its maximum. */
	for (j = 0; j < 31; j++)
		a.f32[j] = a.f32[j] * 10 + 1000;
	npu_op_axis(self->prog, NPU_OP_SOFTMAX, d.id, a.id, 1);
	ASSERT_EQ(0, run(self));
	for (i = 0; i < 19; i++) {
		const float *row = a.f32 + i * 31;
		double sum = 0, max = row[0];

		for (j = 1; j < 31; j++)
			max = fmax(max, row[j]);
		for (j = 0; j < 31; j++)
			sum += exp(row[j] - max);
		for (j = 0; j < 31; j++)
			EXPECT_NEAR(exp(row[j] - max) / sum, d.f32[i * 31 + j],
				    0.000001);
	}
}

TEST_F(compute, element_wise_functions)
{
	const unsigned int n = 4097;
	const struct {
		uint32_t opcode;
		double (*fn)(double x);
	} functions[] = {
		{ NPU_OP_ABS, fabs }, { NPU_OP_EXP, exp },
		{ NPU_OP_TANH, tanh }, { NPU_OP_SQRT, sqrt },
		{ NPU_OP_LOG, log },
	};
	struct array a = NEW_ARRAY(self, NPU_DTYPE_F32, n);
	struct array d[ARRAY_SIZE(functions)];
	unsigned int f, i;

	randomise(a.f32, n, 8);
	for (i = 0; i < n; i++)
		a.f32[i] = fabsf(a.f32[i]) + 0.01f;
	for (f = 0; f < ARRAY_SIZE(functions); f++) {
		d[f] = NEW_ARRAY(self, NPU_DTYPE_F32, n);
		npu_op_unary(self->prog, functions[f].opcode, d[f].id, a.id);
	}
	ASSERT_EQ(0, run(self));
	for (f = 0; f < ARRAY_SIZE(functions); f++)
		for (i = 0; i < n; i++)
			EXPECT_NEAR(functions[f].fn(a.f32[i]), d[f].f32[i],
				    0.00001);
}

TEST_F(compute, operands_are_broadcast)
{
	struct array a = NEW_ARRAY(self, NPU_DTYPE_F32, 5, 7, 11);
	struct array b = NEW_ARRAY(self, NPU_DTYPE_F32, 7, 1);
	struct array d = NEW_ARRAY(self, NPU_DTYPE_F32, 5, 7, 11);
	unsigned int i;

	randomise(a.f32, 5 * 7 * 11, 9);
	randomise(b.f32, 7, 10);
	npu_op_binary(self->prog, NPU_OP_ADD, d.id, a.id, b.id);
	ASSERT_EQ(0, run(self));
	for (i = 0; i < 5 * 7 * 11; i++)
		EXPECT_NEAR(a.f32[i] + b.f32[i / 11 % 7], d.f32[i], 0.000001);
}

TEST_F(compute, a_transposed_copy)
{
	struct array a = NEW_ARRAY(self, NPU_DTYPE_S32, 40, 50);
	struct array d = NEW_ARRAY(self, NPU_DTYPE_S32, 50, 40);
	npu_tensor_id view;
	unsigned int i, j;

	for (i = 0; i < 2000; i++)
		a.s32[i] = i * 7919;
	view = npu_view_transpose(self->prog, a.id, (unsigned int[]){ 1, 0 });
	npu_op_copy(self->prog, d.id, view);
	ASSERT_EQ(0, run(self));
	for (i = 0; i < 40; i++) {
		for (j = 0; j < 50; j++) {
			ASSERT_EQ(a.s32[i * 50 + j], d.s32[j * 40 + i]);
		}
	}
}

TEST_F(compute, conversions_round_and_saturate)
{
	static const float from[] = { 0.5f, 1.5f, -2.5f, 1000, -1000, 127.4f };
	static const int8_t to[] = { 0, 2, -2, 127, -128, 127 };
	struct array a = NEW_ARRAY(self, NPU_DTYPE_F32, ARRAY_SIZE(from));
	struct array d = NEW_ARRAY(self, NPU_DTYPE_S8, ARRAY_SIZE(from));
	struct array half = NEW_ARRAY(self, NPU_DTYPE_F16, ARRAY_SIZE(from));
	struct array back = NEW_ARRAY(self, NPU_DTYPE_F32, ARRAY_SIZE(from));
	unsigned int i;

	memcpy(a.f32, from, sizeof(from));
	npu_op_copy(self->prog, d.id, a.id);
	npu_op_copy(self->prog, half.id, a.id);
	npu_op_copy(self->prog, back.id, half.id);
	ASSERT_EQ(0, run(self));
	for (i = 0; i < ARRAY_SIZE(from); i++) {
		EXPECT_EQ(to[i], d.s8[i]);
		EXPECT_NEAR(from[i], back.f32[i], fabsf(from[i]) / 1024);
	}
}

TEST_F(compute, rows_are_gathered)
{
	struct array a = NEW_ARRAY(self, NPU_DTYPE_S32, 20, 9);
	struct array index = NEW_ARRAY(self, NPU_DTYPE_S32, 33);
	struct array d = NEW_ARRAY(self, NPU_DTYPE_S32, 33, 9);
	unsigned int i, j;

	for (i = 0; i < 180; i++)
		a.s32[i] = i + 1000;
	for (i = 0; i < 33; i++)
		index.s32[i] = i * 13 % 20;
	npu_op_gather(self->prog, d.id, a.id, index.id);
	ASSERT_EQ(0, run(self));
	for (i = 0; i < 33; i++) {
		for (j = 0; j < 9; j++) {
			ASSERT_EQ(a.s32[index.s32[i] * 9 + j], d.s32[i * 9 + j]);
		}
	}
}

TEST_F(compute, argmax_finds_the_first)
{
	struct array a = NEW_ARRAY(self, NPU_DTYPE_F32, 8, 10);
	struct array d = NEW_ARRAY(self, NPU_DTYPE_S32, 8, 1);
	unsigned int i;

	randomise(a.f32, 80, 11);
	for (i = 0; i < 8; i++) {
		a.f32[i * 10 + i] = 5;
		a.f32[i * 10 + 9] = 5;
	}
	npu_op_axis(self->prog, NPU_OP_ARGMAX, d.id, a.id, 1);
	ASSERT_EQ(0, run(self));
	for (i = 0; i < 8; i++)
		EXPECT_EQ(i, d.s32[i]);
}

/* dense, relu, dense: each instruction reads what the one before it wrote. */
TEST_F(compute, instructions_see_each_others_results)
{
	struct array x = NEW_ARRAY(self, NPU_DTYPE_F32, 4, 64);
	struct array w1 = NEW_ARRAY(self, NPU_DTYPE_F32, 64, 128);
	struct array h = NEW_ARRAY(self, NPU_DTYPE_F32, 4, 128);
	struct array w2 = NEW_ARRAY(self, NPU_DTYPE_F32, 128, 10);
	struct array d = NEW_ARRAY(self, NPU_DTYPE_F32, 4, 10);
	unsigned int i, j, k, l;

	randomise(x.f32, 4 * 64, 12);
	randomise(w1.f32, 64 * 128, 13);
	randomise(w2.f32, 128 * 10, 14);
	npu_op_matmul(self->prog, h.id, x.id, w1.id);
	npu_op_unary(self->prog, NPU_OP_RELU, h.id, h.id);
	npu_op_matmul(self->prog, d.id, h.id, w2.id);
	ASSERT_EQ(0, run(self));
	for (i = 0; i < 4; i++) {
		for (j = 0; j < 10; j++) {
			double sum = 0;

			for (k = 0; k < 128; k++) {
				double hidden = 0;

				for (l = 0; l < 64; l++)
					hidden += (double)x.f32[i * 64 + l] *
						  w1.f32[l * 128 + k];
				sum += fmax(hidden, 0) * w2.f32[k * 10 + j];
			}
			EXPECT_NEAR(sum, d.f32[i * 10 + j], 0.001);
		}
	}
}

TEST_F(compute, one_program_many_arguments)
{
	uint64_t extent = 1000, args[2], point = 0;
	npu_tensor_id d = npu_tensor(self->prog, self->base, 0, NPU_DTYPE_S32,
				     1, &extent);
	int slot = npu_scalar_slot(self->prog);
	unsigned int i;

	ASSERT_GE(slot, 0);
	npu_op_fill(self->prog, d, npu_slot(slot));
	ASSERT_EQ(0, npu_program_finish(self->prog));
	for (i = 0; i < 50; i++) {
		args[0] = npu_bo_address(self->bo) + i * 4096;
		args[1] = i * i + 1;
		ASSERT_EQ(0, npu_submit(self->queue, self->prog, args, 2, 0,
					&point));
	}
	ASSERT_EQ(0, npu_wait(self->queue, point, WAIT_NS));
	for (i = 0; i < 50; i++)
		EXPECT_TRUE(npt_is_pattern(self->pool + i * 4096, 4000,
					   i * i + 1));
}

static void *submit_loop(void *arg)
{
	COMPUTE_DATA *self = arg;
	uint64_t args[] = { npu_bo_address(self->bo) }, point;
	intptr_t err = 0;
	unsigned int i;

	for (i = 0; i < 20 && !err; i++) {
		err = npu_submit(self->queue, self->prog, args, 1, 0, &point);
		if (!err)
			err = npu_wait(self->queue, point, WAIT_NS);
	}
	return (void *)err;
}

TEST_F(compute, threads_share_a_queue_and_a_program)
{
	struct array x = NEW_ARRAY(self, NPU_DTYPE_S32, 100);
	struct array one = NEW_ARRAY(self, NPU_DTYPE_S32, 100);
	pthread_t threads[6];
	unsigned int i;
	void *result;

	npt_fill(one.s32, 400, 1);
	npu_op_binary(self->prog, NPU_OP_ADD, x.id, x.id, one.id);
	ASSERT_EQ(0, npu_program_finish(self->prog));
	for (i = 0; i < ARRAY_SIZE(threads); i++) {
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, submit_loop,
					    self));
	}
	for (i = 0; i < ARRAY_SIZE(threads); i++) {
		ASSERT_EQ(0, pthread_join(threads[i], &result));
		EXPECT_EQ(NULL, result);
	}
	EXPECT_TRUE(npt_is_pattern(x.s32, 400, 20 * ARRAY_SIZE(threads)));
}

TEST_F(compute, a_failure_is_told_in_words)
{
	uint64_t args[] = { 1ull << 40 }, point;
	struct array d = NEW_ARRAY(self, NPU_DTYPE_S32, 10);

	npu_op_fill(self->prog, d.id, npu_u32(1));
	ASSERT_EQ(0, npu_program_finish(self->prog));
	ASSERT_EQ(0, npu_submit(self->queue, self->prog, args, 1, 0, &point));
	EXPECT_EQ(-EFAULT, npu_wait(self->queue, point, WAIT_NS));
	EXPECT_NE(NULL, strstr(npu_last_error(), "not mapped")) {
		TH_LOG("%s", npu_last_error());
	}
	EXPECT_NE(NULL, strstr(npu_last_error(), "10000000000"));
	EXPECT_EQ(-ECANCELED, npu_submit(self->queue, self->prog, args, 1, 0,
					 &point));
}

TEST_F(compute, a_wait_that_is_too_short_says_so)
{
	uint64_t point;

	npu_op_stall(self->prog, npu_u32(300));
	ASSERT_EQ(0, npu_program_finish(self->prog));
	ASSERT_EQ(0, npu_submit(self->queue, self->prog,
				(uint64_t[]){ npu_bo_address(self->bo) }, 1, 0,
				&point));
	EXPECT_EQ(-ETIME, npu_wait(self->queue, point, 0));
	EXPECT_EQ(0, npu_wait(self->queue, point, WAIT_NS));
}

TEST_F(compute, cards_are_opened_by_any_of_their_names)
{
	struct npu_device *dev;
	struct npt_card card;

	ASSERT_EQ(0, npt_find(&card));
	EXPECT_EQ(0, npu_device_open(card.pci, &dev));
	npu_device_close(dev);
	EXPECT_EQ(0, npu_device_open(card.node, &dev));
	EXPECT_STREQ(card.pci, npu_device_node(dev)->pci);
	npu_device_close(dev);
	EXPECT_EQ(-ENODEV, npu_device_open("npu99", &dev));
}

TEST_HARNESS_MAIN
