// SPDX-License-Identifier: MIT
/*
 * d = a + b on a card, with libnpu; then the same with an address that is not
 * mapped, to see how an error is told.  Build and run:
 *
 *	cc $(pkg-config --cflags npu) -o add-libnpu add-libnpu.c $(pkg-config --libs npu)
 *	./add-libnpu [CARD]
 */
#include <stdio.h>

#include <npu.h>

#define COUNT 4
#define SIZE  65536

/* What a program needs to run on a card. */
struct context {
	struct npu_device *dev;
	struct npu_vm *vm;
	struct npu_queue *queue;
	struct npu_program *prog;
	struct npu_bo *bo;
};

static int open_card(struct context *c, const char *card)
{
	int err = npu_device_open(card, &c->dev);

	if (!err)
		err = npu_vm_new(c->dev, &c->vm);
	if (!err)
		err = npu_bo_new(c->vm, SIZE, 0, 0, 0, &c->bo);
	if (!err)
		err = npu_queue_new(c->vm, 0, 0, &c->queue);
	return err;
}

static void close_card(struct context *c)
{
	npu_program_free(c->prog);
	npu_queue_free(c->queue);
	npu_bo_free(c->bo);
	npu_vm_free(c->vm);
	npu_device_close(c->dev);
}

/* The first error sticks: one check at the end is enough. */
static int build(struct context *c)
{
	const uint64_t extent[] = { COUNT };
	npu_tensor_id d, a, b;
	int err, base;

	err = npu_program_new(c->vm, &c->prog);
	if (err)
		return err;
	base = npu_base(c->prog);
	d = npu_tensor(c->prog, base, 0 * sizeof(float), NPU_DTYPE_F32, 1, extent);
	a = npu_tensor(c->prog, base, 4 * sizeof(float), NPU_DTYPE_F32, 1, extent);
	b = npu_tensor(c->prog, base, 8 * sizeof(float), NPU_DTYPE_F32, 1, extent);
	npu_op_binary(c->prog, NPU_OP_ADD, d, a, b);
	return npu_program_finish(c->prog);
}

static int run(struct context *c, uint64_t address)
{
	uint64_t job;
	int err = npu_submit(c->queue, c->prog, &address, 1, 0, &job);

	return err ? err : npu_wait(c->queue, job, -1);
}

static int add(struct context *c)
{
	float *data = npu_bo_map(c->bo);
	unsigned int i;
	int err;

	if (!data)
		return -1;
	for (i = 0; i < COUNT; i++) {
		data[COUNT + i] = i;
		data[2 * COUNT + i] = 10 * i;
	}
	err = run(c, npu_bo_address(c->bo));
	if (err)
		return err;
	printf("%g %g %g %g\n", data[0], data[1], data[2], data[3]);
	return 0;
}

int main(int argc, char **argv)
{
	struct context c = { 0 };
	int err = open_card(&c, argc > 1 ? argv[1] : NULL);

	if (!err)
		err = build(&c);
	if (!err)
		err = add(&c);
	if (err)
		fprintf(stderr, "add-libnpu: %s\n", npu_last_error());
	else if (run(&c, 0x10)) /* nothing is there */
		printf("%s\n", npu_last_error());
	close_card(&c);
	return err ? 1 : 0;
}
