// SPDX-License-Identifier: MIT
/*
 * d = a + b on a card, by ioctls alone; then the same with an address that is not
 * mapped, to see how an error is told.  Build and run:
 *
 *	cc -Iuapi $(pkg-config --cflags libdrm) -o add add.c -ldrm
 *	./add [/dev/accel/accel0]
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <xf86drm.h>

#include <drm/npu_accel.h>
#include <npu/isa.h>

#define SIZE	65536	 /* of the one buffer */
#define ADDRESS 0x100000 /* where it is in the address space */

/* What lies in the buffer. */
struct work {
	struct {
		struct npu_program_header header;
		struct npu_insn insn;
		struct npu_tensor tensor[3];
	} program;
	uint64_t args[1];
	struct npu_report report;
	float d[4], a[4], b[4];
};

static void die(const char *what)
{
	fprintf(stderr, "add: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* drmIoctl() repeats what a signal has interrupted. */
static void do_ioctl(int fd, unsigned long request, void *arg, const char *what)
{
	if (drmIoctl(fd, request, arg))
		die(what);
}

static void query(int fd)
{
	struct drm_npu_query_device device = { 0 };
	struct drm_npu_query args = {
		.type = DRM_NPU_QUERY_DEVICE,
		.size = sizeof(device),
		.pointer = (uintptr_t)&device,
	};

	do_ioctl(fd, DRM_IOCTL_NPU_QUERY, &args, "QUERY");
	printf("%s with %u dies\n", (const char *)device.model, device.dies);
}

/* 64 KiB of HBM, of any die, and the CPU's view of it */
static struct work *create_buffer(int fd, uint32_t *handle)
{
	struct drm_npu_bo_create create = {
		.size = SIZE,
		.placement = DRM_NPU_PLACE_HBM,
	};
	struct drm_npu_bo_mmap_offset where = { 0 };
	struct work *work;

	do_ioctl(fd, DRM_IOCTL_NPU_BO_CREATE, &create, "BO_CREATE");
	where.handle = create.handle;
	do_ioctl(fd, DRM_IOCTL_NPU_BO_MMAP_OFFSET, &where, "BO_MMAP_OFFSET");
	work = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, where.offset);
	if (work == MAP_FAILED)
		die("mmap");
	*handle = create.handle;
	return work;
}

/* An address space with the buffer at ADDRESS */
static uint32_t create_vm(int fd, uint32_t handle)
{
	struct drm_npu_vm_create create = { 0 };
	struct drm_npu_vm_bind_op map = {
		.op = DRM_NPU_VM_BIND_OP_MAP,
		.handle = handle,
		.address = ADDRESS,
		.size = SIZE,
	};
	struct drm_npu_vm_bind bind = {
		.ops = { sizeof(map), 1, (uintptr_t)&map },
	};

	do_ioctl(fd, DRM_IOCTL_NPU_VM_CREATE, &create, "VM_CREATE");
	bind.vm_id = create.vm_id;
	do_ioctl(fd, DRM_IOCTL_NPU_VM_BIND, &bind, "VM_BIND");
	return create.vm_id;
}

/* On all dies */
static uint32_t create_queue(int fd, uint32_t vm)
{
	struct drm_npu_queue_create create = { .vm_id = vm };

	do_ioctl(fd, DRM_IOCTL_NPU_QUEUE_CREATE, &create, "QUEUE_CREATE");
	return create.queue_id;
}

/* Its tensors are named by their distance from one base address. */
static void write_program(struct work *work)
{
	const uint64_t offset[] = {
		offsetof(struct work, d),
		offsetof(struct work, a),
		offsetof(struct work, b),
	};
	unsigned int i;

	work->program.header = (struct npu_program_header){
		.magic = NPU_PROGRAM_MAGIC,
		.isa_major = NPU_ISA_MAJOR,
		.insn_count = 1,
		.tensor_count = 3,
		.base_count = 1,
	};
	work->program.insn = (struct npu_insn){
		.opcode = NPU_OP_ADD,
		.scalar = NPU_NONE,
	};
	for (i = 0; i < NPU_MAX_OPERANDS; i++)
		work->program.insn.operand[i] = i < 3 ? i : NPU_NONE;
	for (i = 0; i < 3; i++)
		work->program.tensor[i] = (struct npu_tensor){
			.base = 0,
			.dtype = NPU_DTYPE_F32,
			.rank = 1,
			.offset = offset[i],
			.extent = { 4 },
			.stride = { sizeof(float) },
		};
}

/* Runs the program and waits until its job has ended, well or not. */
static void run(int fd, uint32_t queue, uint32_t syncobj)
{
	struct drm_npu_sync done = { .handle = syncobj };
	struct drm_npu_job job = {
		.queue_id = queue,
		.program = ADDRESS + offsetof(struct work, program),
		.program_size = sizeof(((struct work *)NULL)->program),
		.args = ADDRESS + offsetof(struct work, args),
		.args_size = sizeof(((struct work *)NULL)->args),
		.report = ADDRESS + offsetof(struct work, report),
		.out_syncs = { sizeof(done), 1, (uintptr_t)&done },
	};
	struct drm_npu_submit submit = {
		.jobs = { sizeof(job), 1, (uintptr_t)&job },
	};

	do_ioctl(fd, DRM_IOCTL_NPU_SUBMIT, &submit, "SUBMIT");
	if (drmSyncobjWait(fd, &syncobj, 1, INT64_MAX, 0, NULL))
		die("drmSyncobjWait");
}

/* A wait does not tell how a job ended; the state of its queue does. */
static void tell(int fd, uint32_t queue, const struct work *work)
{
	struct drm_npu_queue_get_state state = { .queue_id = queue };

	do_ioctl(fd, DRM_IOCTL_NPU_QUEUE_GET_STATE, &state, "QUEUE_GET_STATE");
	if (state.state == DRM_NPU_QUEUE_USABLE)
		printf("%g %g %g %g\n", work->d[0], work->d[1], work->d[2], work->d[3]);
	else
		printf("job %" PRIu64 ": error %u (%s), instruction %u, operand %u, "
		       "address 0x%" PRIx64 "\n",
		       (uint64_t)state.error_cookie, state.error_code,
		       strerror(state.error_errno), state.error_insn, state.error_operand,
		       (uint64_t)state.error_address);
}

int main(int argc, char **argv)
{
	const char *node = argc > 1 ? argv[1] : "/dev/accel/accel0";
	int fd = open(node, O_RDWR | O_CLOEXEC);
	uint32_t handle, queue, syncobj;
	struct work *work;
	unsigned int i;

	if (fd < 0)
		die(node);
	query(fd);
	work = create_buffer(fd, &handle);
	queue = create_queue(fd, create_vm(fd, handle));
	if (drmSyncobjCreate(fd, 0, &syncobj))
		die("drmSyncobjCreate");

	write_program(work);
	for (i = 0; i < 4; i++) {
		work->a[i] = i;
		work->b[i] = 10 * i;
	}
	work->args[0] = ADDRESS;
	run(fd, queue, syncobj);
	tell(fd, queue, work);

	work->args[0] = ADDRESS + SIZE; /* nothing is there */
	run(fd, queue, syncobj);
	tell(fd, queue, work);

	/* Closing the file gives everything back. */
	return 0;
}
