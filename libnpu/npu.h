/* SPDX-License-Identifier: MIT */
/*
 * libnpu: programs for GPNPU cards.
 *
 *	npu_device_open(NULL, &dev);
 *	npu_vm_new(dev, &vm);
 *	npu_queue_new(vm, 0, 0, &queue);
 *	npu_bo_new(vm, 4096, 0, 0, 0, &bo);
 *
 *	npu_program_new(vm, &prog);
 *	t = npu_tensor(prog, npu_base(prog), 0, NPU_DTYPE_F32, 1, &extent);
 *	npu_op_unary(prog, NPU_OP_EXP, t, t);
 *	npu_program_finish(prog);
 *
 *	args[0] = npu_bo_address(bo);
 *	npu_submit(queue, prog, args, 1, 0, &point);
 *	npu_wait(queue, point, -1);
 *
 * Functions return 0 or a negative errno unless they say otherwise; what went
 * wrong in detail is in npu_last_error() of the same thread.  Objects belong to
 * whoever made them and are freed by their own function, which accepts NULL.  An
 * object must outlive what was made from it.  Different threads may use one
 * device, address space or queue at the same time; a program builder belongs to
 * one thread at a time.  The library prints nothing and never exits.
 */
#ifndef NPU_H
#define NPU_H

#include <stddef.h>
#include <stdint.h>

#include <drm/npu_accel.h>
#include <npu/isa.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

struct npu_device;
struct npu_vm;
struct npu_bo;
struct npu_queue;
struct npu_program;

/* ---- Errors -------------------------------------------------------------- */

/* Text of a negative errno as this library uses it. */
const char *npu_strerror(int err);
/* Detail of the last error of the calling thread, "" if none; never NULL. */
const char *npu_last_error(void);
/* Name ("PAGE_FAULT") and text of an enum npu_error_code; never NULL. */
const char *npu_error_name(uint32_t code);
const char *npu_error_text(uint32_t code);

/* ---- Devices ------------------------------------------------------------- */

/**
 * struct npu_node - a card that the kernel knows
 * @index: cards are npu0, npu1, ... in the order of their accel minors
 * @name: "npu0"
 * @path: "/dev/accel/accel0"
 * @sysfs: "/sys/class/accel/accel0"
 * @pci: "0000:01:00.0"
 */
struct npu_node {
	unsigned int index;
	char name[16];
	char path[48];
	char sysfs[64];
	char pci[16];
};

/*
 * List the cards without opening one.  Writes at most max nodes and returns how
 * many cards there are, or -errno.
 */
int npu_list(struct npu_node *nodes, unsigned int max);

/*
 * Open a card by name ("npu0"), path or PCI address; NULL: the first.
 * -ENODEV: there is no (such) card; -EACCES: no permission; -EIO: it is there and
 * does not work.
 */
int npu_device_open(const char *name, struct npu_device **dev);
void npu_device_close(struct npu_device *dev);
int npu_device_fd(const struct npu_device *dev);
/* Static properties, read at open; valid as long as the device is. */
const struct drm_npu_query_device *npu_device_info(const struct npu_device *dev);
const struct npu_node *npu_device_node(const struct npu_device *dev);
/*
 * DRM_NPU_QUERY.  Writes at most *size bytes and sets *size to what was written;
 * with data NULL, to what is needed.
 */
int npu_device_query(struct npu_device *dev, uint32_t type, void *data, uint32_t *size);

/* ---- Address spaces and buffers ------------------------------------------ */

int npu_vm_new(struct npu_device *dev, struct npu_vm **vm);
void npu_vm_free(struct npu_vm *vm);
uint32_t npu_vm_id(const struct npu_vm *vm);

/*
 * Allocate a buffer that is private to the address space and bind it there at an
 * address that the library chooses.  size in bytes; placement DRM_NPU_PLACE_*, 0:
 * HBM; die_mask 0: any die; flags DRM_NPU_BO_*.  Its bytes are zero.
 */
int npu_bo_new(struct npu_vm *vm, uint64_t size, uint32_t placement, uint32_t die_mask,
	       uint32_t flags, struct npu_bo **bo);
/* Unmaps, unbinds and closes. Jobs that use it must have ended. */
void npu_bo_free(struct npu_bo *bo);
uint64_t npu_bo_address(const struct npu_bo *bo);
uint64_t npu_bo_size(const struct npu_bo *bo);
uint32_t npu_bo_handle(const struct npu_bo *bo);
/* HBM offset of a contiguous buffer, ~0 if it has none. */
uint64_t npu_bo_hbm_offset(const struct npu_bo *bo);
/*
 * The CPU's view, mapped at the first call and valid as long as the buffer is;
 * NULL (and errno) on error.
 */
void *npu_bo_map(struct npu_bo *bo);

/* ---- Queues and jobs ----------------------------------------------------- */

/*
 * A queue runs its jobs on the dies in die_mask, 0: all.  A job that executes for
 * longer than timeout_ms, 0: the card's limit, is stopped.  A queue whose job
 * fails is banned: it takes no other, and those behind are cancelled.
 */
int npu_queue_new(struct npu_vm *vm, uint32_t die_mask, uint32_t timeout_ms,
		  struct npu_queue **queue);
void npu_queue_free(struct npu_queue *queue);
uint32_t npu_queue_id(const struct npu_queue *queue);
int npu_queue_state(struct npu_queue *queue, struct drm_npu_queue_get_state *state);

/*
 * Submit a program.  args are base_count addresses, then scalar_count words with
 * the scalars' bits, as many as the program has reserved; they are copied.  report
 * is where the card writes a struct npu_report (an address in the VM), 0: nowhere.
 * *point becomes the job's point on the queue's timeline (point NULL: not told).
 * The order of a queue's jobs is the order of submission.  Waits for the oldest
 * job when a thousand, or 256 KiB of arguments, are in flight.  -ECANCELED: the
 * queue is banned, and npu_last_error() tells why.
 */
int npu_submit(struct npu_queue *queue, struct npu_program *prog, const uint64_t *args,
	       unsigned int arg_count, uint64_t report, uint64_t *point);
/*
 * Wait until the queue's timeline has reached point.  timeout in ns from now,
 * negative: for ever.  0 when the job ended well, and all before it; -ETIME when
 * the time is over.  Otherwise what it failed with, and npu_last_error() tells
 * instruction, operand and address: the errno of NPU_ERROR_TABLE, -ETIMEDOUT if it
 * executed for too long, -ECANCELED if an earlier job of the queue failed, -EIO if
 * a reset took it away, -ENODEV if the card is gone.  May be called for any point,
 * any number of times, from any thread.
 */
int npu_wait(struct npu_queue *queue, uint64_t point, int64_t timeout_ns);
/*
 * The queue's timeline syncobj, to combine with others by libdrm.  Jobs are
 * submitted by npu_submit() only: the library counts them.
 */
uint32_t npu_queue_syncobj(const struct npu_queue *queue);

/* ---- Programs ------------------------------------------------------------ */

/* A tensor of a program: an index into its table. Negative: an error. */
typedef int npu_tensor_id;
/* An instruction's scalar: its bits, or a slot of the arguments. */
struct npu_scalar {
	uint32_t bits;
	uint16_t slot; /* NPU_NONE: bits */
};

struct npu_scalar npu_f32(float value);
struct npu_scalar npu_u32(uint32_t value);
struct npu_scalar npu_slot(uint16_t slot);

/*
 * A program builder.  The first error sticks: later calls do nothing, and
 * npu_program_finish() returns it.  So a chain of calls needs one check.
 */
int npu_program_new(struct npu_vm *vm, struct npu_program **prog);
void npu_program_free(struct npu_program *prog);

/* Bytes of an element; 0 for no type. Name: "f32"; never NULL. */
unsigned int npu_dtype_size(uint32_t dtype);
const char *npu_dtype_name(uint32_t dtype);

/*
 * Reserve an argument: a base address, a scalar.  Returns its slot, counted from 0
 * for either kind, or -errno.
 */
int npu_base(struct npu_program *prog);
int npu_scalar_slot(struct npu_program *prog);

/*
 * Describe a tensor at base + offset bytes, row-major and dense.  extent has rank
 * entries, outermost first.
 */
npu_tensor_id npu_tensor(struct npu_program *prog, int base, uint64_t offset,
			 uint32_t dtype, unsigned int rank, const uint64_t *extent);
/* With strides in bytes. */
npu_tensor_id npu_tensor_strided(struct npu_program *prog, int base, uint64_t offset,
				 uint32_t dtype, unsigned int rank,
				 const uint64_t *extent, const int64_t *stride);
/* Views of the same bytes. */
npu_tensor_id npu_view_transpose(struct npu_program *prog, npu_tensor_id t,
				 const unsigned int *permutation);
npu_tensor_id npu_view_slice(struct npu_program *prog, npu_tensor_id t,
			     const uint64_t *start, const uint64_t *extent);
/* NumPy's rule: missing leading dimensions and extents of 1 stretch. */
npu_tensor_id npu_view_broadcast(struct npu_program *prog, npu_tensor_id t,
				 unsigned int rank, const uint64_t *extent);
/* Of a dense tensor only. */
npu_tensor_id npu_view_reshape(struct npu_program *prog, npu_tensor_id t,
			       unsigned int rank, const uint64_t *extent);
/* What a tensor is; NULL if there is no such one. */
const struct npu_tensor *npu_tensor_desc(const struct npu_program *prog, npu_tensor_id t);

/*
 * Instructions; formulas, types and shapes in npu/isa.h.  Each returns 0 or
 * -errno.  Types and shapes are checked by the card, which names instruction and
 * operand.  Binary operands are broadcast to d by NumPy's rule.
 */
int npu_op_stall(struct npu_program *prog, struct npu_scalar ms);
int npu_op_fill(struct npu_program *prog, npu_tensor_id d, struct npu_scalar v);
int npu_op_copy(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a);
int npu_op_gather(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		  npu_tensor_id index);
/* opcode NPU_OP_ADD to NPU_OP_MAX */
int npu_op_binary(struct npu_program *prog, uint32_t opcode, npu_tensor_id d,
		  npu_tensor_id a, npu_tensor_id b);
/* opcode NPU_OP_NEG to NPU_OP_SILU */
int npu_op_unary(struct npu_program *prog, uint32_t opcode, npu_tensor_id d,
		 npu_tensor_id a);
/* opcode NPU_OP_SOFTMAX to NPU_OP_ARGMAX */
int npu_op_axis(struct npu_program *prog, uint32_t opcode, npu_tensor_id d,
		npu_tensor_id a, unsigned int axis);
int npu_op_matmul(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		  npu_tensor_id b);
/* s8 x s8 -> f32 */
int npu_op_matmul_scaled(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
			 npu_tensor_id b, struct npu_scalar scale);
/* bias negative: none.  Of the window's entries, the third ones are ignored. */
int npu_op_conv2d(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		  npu_tensor_id weight, npu_tensor_id bias,
		  const struct npu_insn_window *window);
/* opcode NPU_OP_MAXPOOL2D or NPU_OP_AVGPOOL2D; flags NPU_INSN_COUNT_PAD */
int npu_op_pool2d(struct npu_program *prog, uint32_t opcode, npu_tensor_id d,
		  npu_tensor_id a, const struct npu_insn_window *window, uint32_t flags);

/*
 * End the building and put the program into HBM (a program made with vm NULL has
 * an image only and cannot be submitted).  From then on it can be
 * submitted any number of times, from any thread, and not changed.
 */
int npu_program_finish(struct npu_program *prog);
/* Its image, for looking at; *size in bytes. NULL before it is finished. */
const void *npu_program_image(const struct npu_program *prog, size_t *size);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
