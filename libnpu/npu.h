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

#include <stdbool.h>
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

/**
 * npu_strerror() - text of an error
 * @err: negative errno as this library uses it
 *
 * Return: text that is never freed.
 */
const char *npu_strerror(int err);

/**
 * npu_last_error() - detail of the last error of the calling thread
 *
 * Return: one line, "" if there was no error; valid until the next error of the thread.
 */
const char *npu_last_error(void);

/**
 * npu_error_name() - name of an error code of the card
 * @code: &enum npu_error_code
 *
 * Return: for example "PAGE_FAULT"; never NULL.
 */
const char *npu_error_name(uint32_t code);

/**
 * npu_error_text() - meaning of an error code of the card
 * @code: &enum npu_error_code
 *
 * Return: for example "address that is not mapped"; never NULL.
 */
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

/**
 * npu_list() - list the cards without opening one
 * @nodes: where to write them
 * @max: room in @nodes
 *
 * Return: how many cards there are, which may be more than @max, or -errno.
 */
int npu_list(struct npu_node *nodes, unsigned int max);

/**
 * npu_device_open() - open a card
 * @name: "npu0", a device file or a PCI address; NULL: the first card
 * @dev: becomes the card, or NULL
 *
 * Return: 0; -ENODEV if there is no (such) card; -EACCES without permission; -EIO if it
 * is there and does not work; -ENOMEM.
 */
int npu_device_open(const char *name, struct npu_device **dev);

/**
 * npu_device_close() - close a card
 * @dev: card, or NULL; nothing that was made from it may be left
 */
void npu_device_close(struct npu_device *dev);

/**
 * npu_device_fd() - the open file, for ioctls of one's own
 * @dev: card
 *
 * Return: a file descriptor that belongs to @dev.
 */
int npu_device_fd(const struct npu_device *dev);

/**
 * npu_device_info() - what the card is
 * @dev: card
 *
 * Return: what QUERY told at open, valid as long as @dev; counters in it are as old.
 */
const struct drm_npu_query_device *npu_device_info(const struct npu_device *dev);

/**
 * npu_device_node() - where the card is
 * @dev: card
 *
 * Return: its names, valid as long as @dev.
 */
const struct npu_node *npu_device_node(const struct npu_device *dev);

/**
 * npu_device_query() - ask the driver
 * @dev: card
 * @type: &enum drm_npu_query_type
 * @data: where to write the answer, or NULL
 * @size: in: bytes at @data; out: bytes written, or needed if @data is NULL
 *
 * Return: 0; -EINVAL for an unknown type; -ENODEV if the card is gone.
 */
int npu_device_query(struct npu_device *dev, uint32_t type, void *data, uint32_t *size);

/* ---- Address spaces and buffers ------------------------------------------ */

/**
 * npu_vm_new() - make an address space
 * @dev: card
 * @vm: becomes the address space, or NULL
 *
 * Return: 0; -ENOSPC without HBM for page tables; -ENOMEM; -ENODEV.
 */
int npu_vm_new(struct npu_device *dev, struct npu_vm **vm);

/**
 * npu_vm_free() - free an address space
 * @vm: address space, or NULL; nothing that was made from it may be left
 */
void npu_vm_free(struct npu_vm *vm);

/**
 * npu_vm_id() - number of an address space, for ioctls of one's own
 * @vm: address space
 *
 * Return: its number in the open file.
 */
uint32_t npu_vm_id(const struct npu_vm *vm);

/**
 * npu_bo_new() - make a buffer
 * @vm: address space, where it is bound at an address that the library chooses
 * @size: bytes, not 0; rounded up to the page size
 * @placement: DRM_NPU_PLACE_*; 0: HBM
 * @die_mask: the dies in whose HBM it may lie; 0: any
 * @flags: DRM_NPU_BO_*
 * @bo: becomes the buffer, or NULL
 *
 * It is private to @vm, and its bytes are zero.
 *
 * Return: 0; -ENOSPC if the memory asked for is full; -EINVAL; -ENOMEM; -ENODEV.
 */
int npu_bo_new(struct npu_vm *vm, uint64_t size, uint32_t placement, uint32_t die_mask,
	       uint32_t flags, struct npu_bo **bo);

/**
 * npu_bo_free() - unmap, unbind and free a buffer
 * @bo: buffer, or NULL; jobs that use it must have ended
 */
void npu_bo_free(struct npu_bo *bo);

/**
 * npu_bo_address() - where a buffer is for the card
 * @bo: buffer
 *
 * Return: address in the address space: what arguments hold.
 */
uint64_t npu_bo_address(const struct npu_bo *bo);

/**
 * npu_bo_size() - size of a buffer
 * @bo: buffer
 *
 * Return: bytes, as rounded up.
 */
uint64_t npu_bo_size(const struct npu_bo *bo);

/**
 * npu_bo_handle() - GEM handle of a buffer, for ioctls of one's own
 * @bo: buffer
 *
 * Return: a handle that belongs to @bo.
 */
uint32_t npu_bo_handle(const struct npu_bo *bo);

/**
 * npu_bo_hbm_offset() - where in HBM a buffer lies, for diagnosis
 * @bo: buffer
 *
 * Return: HBM offset of its first byte if it is in one piece, else ~0.
 */
uint64_t npu_bo_hbm_offset(const struct npu_bo *bo);

/**
 * npu_bo_map() - the CPU's view of a buffer
 * @bo: buffer without DRM_NPU_BO_NO_CPU_ACCESS
 *
 * Mapped at the first call.  What the CPU stores before npu_submit() the job sees; what
 * the job stores the CPU sees after npu_wait().
 *
 * Return: its first byte, valid as long as @bo; NULL, and errno is set, on error.
 */
void *npu_bo_map(struct npu_bo *bo);

/* ---- Queues and jobs ----------------------------------------------------- */

/**
 * npu_queue_new() - make a queue
 * @vm: address space of its programs
 * @die_mask: the dies of its gang; 0: all
 * @timeout_ms: executed time after which a job is stopped; 0: the card's limit
 * @queue: becomes the queue, or NULL
 *
 * A queue whose job fails is banned: it takes no other, and those behind are cancelled.
 *
 * Return: 0; -EBUSY if all hardware queues are taken; -EINVAL; -ENOSPC; -ENOMEM;
 * -ENODEV.
 */
int npu_queue_new(struct npu_vm *vm, uint32_t die_mask, uint32_t timeout_ms,
		  struct npu_queue **queue);

/**
 * npu_queue_free() - free a queue; jobs that have not ended are cancelled
 * @queue: queue, or NULL
 */
void npu_queue_free(struct npu_queue *queue);

/**
 * npu_queue_id() - number of a queue, for ioctls of one's own
 * @queue: queue
 *
 * Return: its number in the open file.
 */
uint32_t npu_queue_id(const struct npu_queue *queue);

/**
 * npu_queue_state() - whether a queue takes jobs, and if not, why
 * @queue: queue
 * @state: where to write the state
 *
 * Return: 0, or -ENODEV if the card is gone.
 */
int npu_queue_state(struct npu_queue *queue, struct drm_npu_queue_get_state *state);

/**
 * npu_submit() - run a program
 * @queue: queue, of the same address space as @prog
 * @prog: finished program
 * @args: one address for each npu_base(), then one word for each npu_scalar_slot() with
 *	the scalar's bits in its low half; copied
 * @arg_count: number of @args, exactly as many as @prog has reserved
 * @report: address in the address space where the card writes a &struct npu_report, a
 *	multiple of 8; 0: nowhere
 * @point: becomes the job's number and its point on the queue's timeline; or NULL
 *
 * Does not wait for the job.  Waits for the oldest one when a thousand, or 256 KiB of
 * arguments, are in flight.  Jobs of a queue run in the order of submission.
 *
 * Return: 0; -EINVAL; -ECANCELED if the queue is banned, and npu_last_error() tells why;
 * -ENOMEM; -ENODEV.
 */
int npu_submit(struct npu_queue *queue, struct npu_program *prog, const uint64_t *args,
	       unsigned int arg_count, uint64_t report, uint64_t *point);

/**
 * npu_wait() - wait for a job
 * @queue: queue
 * @point: what npu_submit() gave for the job
 * @timeout_ns: nanoseconds from now; negative: for ever
 *
 * May be called for any job, any number of times, from any thread.
 *
 * Return: 0 when the job ended well, and all before it; -ETIME when the time is over;
 * -EINVAL for a job that was never submitted.  Otherwise what it failed with, and
 * npu_last_error() tells instruction, operand and address: the errno of
 * NPU_ERROR_TABLE(), -ETIMEDOUT if it executed for too long, -ECANCELED if an earlier job
 * of the queue failed, -EIO if a reset took it away, -ENODEV if the card is gone.
 */
int npu_wait(struct npu_queue *queue, uint64_t point, int64_t timeout_ns);

/**
 * npu_queue_syncobj() - the queue's timeline syncobj, to combine with others
 * @queue: queue
 *
 * Jobs are submitted by npu_submit() only: the library counts them.
 *
 * Return: a handle that belongs to @queue, for drmSyncobj*().
 */
uint32_t npu_queue_syncobj(const struct npu_queue *queue);

/* ---- Programs ------------------------------------------------------------ */

/**
 * typedef npu_tensor_id - a tensor of a program
 *
 * An index into the program's table of tensors; a negative errno on error.
 */
typedef int npu_tensor_id;

/**
 * struct npu_scalar - an instruction's scalar
 * @bits: the value's bits
 * @slot: slot of the arguments that holds it instead; NPU_NONE: @bits
 */
struct npu_scalar {
	uint32_t bits;
	uint16_t slot;
};

/**
 * npu_f32() - a scalar that is a floating-point number
 * @value: number
 *
 * Return: the scalar.
 */
struct npu_scalar npu_f32(float value);

/**
 * npu_u32() - a scalar that is an integer
 * @value: number; also the bits of an element that NPU_OP_FILL stores
 *
 * Return: the scalar.
 */
struct npu_scalar npu_u32(uint32_t value);

/**
 * npu_slot() - a scalar that each run gives
 * @slot: what npu_scalar_slot() returned
 *
 * Return: the scalar.
 */
struct npu_scalar npu_slot(uint16_t slot);

/**
 * npu_program_new() - begin a program
 * @vm: address space that it is for; NULL: it has an image only, and cannot be submitted
 * @prog: becomes the program, or NULL
 *
 * The first error sticks: later calls do nothing, and npu_program_finish() returns it.
 * So a chain of calls needs one check.
 *
 * Return: 0 or -ENOMEM.
 */
int npu_program_new(struct npu_vm *vm, struct npu_program **prog);

/**
 * npu_program_free() - free a program
 * @prog: program, or NULL; its jobs must have ended
 */
void npu_program_free(struct npu_program *prog);

/**
 * npu_dtype_size() - size of an element, or of a block of elements
 * @dtype: &enum npu_dtype
 *
 * Return: bytes; 0 for no type.
 */
unsigned int npu_dtype_size(uint32_t dtype);

/**
 * npu_dtype_block() - elements of a block
 * @dtype: &enum npu_dtype
 *
 * A row of n elements has n / npu_dtype_block() * npu_dtype_size() bytes.
 *
 * Return: 1 for types without blocks, 0 for no type.
 */
unsigned int npu_dtype_block(uint32_t dtype);

/**
 * npu_dtype_name() - name of an element type
 * @dtype: &enum npu_dtype
 *
 * Return: for example "f32"; never NULL.
 */
const char *npu_dtype_name(uint32_t dtype);

/**
 * npu_base() - reserve a base address in the arguments
 * @prog: program
 *
 * Return: its slot, counted from 0; -E2BIG, or the program's error.
 */
int npu_base(struct npu_program *prog);

/**
 * npu_scalar_slot() - reserve a scalar in the arguments
 * @prog: program
 *
 * Return: its slot, counted from 0, apart from base addresses; -E2BIG, or the program's
 * error.
 */
int npu_scalar_slot(struct npu_program *prog);

/**
 * npu_tensor() - describe a tensor, row-major and without gaps
 * @prog: program
 * @base: what npu_base() returned
 * @offset: bytes from there to the first element, a multiple of the element's size
 * @dtype: &enum npu_dtype
 * @rank: number of extents, 1 to 6
 * @extent: elements along each dimension, outermost first
 *
 * Return: the tensor; -EINVAL, -EOVERFLOW, -E2BIG, -ENOMEM, or the program's error.
 */
npu_tensor_id npu_tensor(struct npu_program *prog, int base, uint64_t offset,
			 uint32_t dtype, unsigned int rank, const uint64_t *extent);

/**
 * npu_tensor_strided() - describe a tensor that lies in memory in any way
 * @prog: program
 * @base: what npu_base() returned
 * @offset: bytes from there to element (0, ..., 0)
 * @dtype: &enum npu_dtype
 * @rank: number of extents, 1 to 6
 * @extent: elements along each dimension, outermost first
 * @stride: bytes from one element to the next along each dimension; 0 repeats it
 *
 * Return: as npu_tensor().
 */
npu_tensor_id npu_tensor_strided(struct npu_program *prog, int base, uint64_t offset,
				 uint32_t dtype, unsigned int rank,
				 const uint64_t *extent, const int64_t *stride);

/**
 * npu_view_transpose() - a tensor with its dimensions in another order
 * @prog: program
 * @t: tensor
 * @permutation: dimension i of the view is dimension permutation[i] of @t
 *
 * All views are of the same bytes; nothing is copied.  Blocks stay whole: their
 * dimension stays the last one, and a slice begins and ends between them.
 *
 * Return: as npu_tensor().
 */
npu_tensor_id npu_view_transpose(struct npu_program *prog, npu_tensor_id t,
				 const unsigned int *permutation);

/**
 * npu_view_slice() - a part of a tensor
 * @prog: program
 * @t: tensor
 * @start: its first element along each dimension
 * @extent: its elements along each dimension
 *
 * Return: as npu_tensor().
 */
npu_tensor_id npu_view_slice(struct npu_program *prog, npu_tensor_id t,
			     const uint64_t *start, const uint64_t *extent);

/**
 * npu_view_broadcast() - a tensor that is repeated
 * @prog: program
 * @t: tensor
 * @rank: of the view, at least that of @t
 * @extent: of the view, by NumPy's rule: missing leading dimensions and extents of 1
 *	stretch
 *
 * Return: as npu_tensor().
 */
npu_tensor_id npu_view_broadcast(struct npu_program *prog, npu_tensor_id t,
				 unsigned int rank, const uint64_t *extent);

/**
 * npu_view_reshape() - a tensor with other extents
 * @prog: program
 * @t: tensor, row-major and without gaps
 * @rank: of the view
 * @extent: of the view, with as many elements in all
 *
 * Return: as npu_tensor().
 */
npu_tensor_id npu_view_reshape(struct npu_program *prog, npu_tensor_id t,
			       unsigned int rank, const uint64_t *extent);

/**
 * npu_tensor_desc() - what a tensor is
 * @prog: program
 * @t: tensor
 *
 * Return: its descriptor, valid until the next tensor is added; NULL if there is none.
 */
const struct npu_tensor *npu_tensor_desc(const struct npu_program *prog, npu_tensor_id t);

/*
 * Instructions; formulas, types and shapes in npu/isa.h.  Types and shapes are checked by
 * the card, which names instruction and operand.
 */

/**
 * npu_op_stall() - NPU_OP_STALL: keep the dies busy, for tests
 * @prog: program
 * @ms: milliseconds of host time, an integer; 0: until stopped
 *
 * All npu_op_*() add an instruction at the end of the program.
 *
 * Return: 0; -EINVAL for a tensor, slot or opcode that cannot be, -E2BIG, -ENOMEM, or the
 * program's error.
 */
int npu_op_stall(struct npu_program *prog, struct npu_scalar ms);

/**
 * npu_op_fill() - NPU_OP_FILL: d = v
 * @prog: program
 * @d: destination
 * @v: scalar whose low bits are an element of d
 *
 * Return: as npu_op_stall().
 */
int npu_op_fill(struct npu_program *prog, npu_tensor_id d, struct npu_scalar v);

/**
 * npu_op_copy() - NPU_OP_COPY: d = a, converted to the type of d
 * @prog: program
 * @d: destination; f32, f16 or bf16 if a has blocks
 * @a: source; f32, f16 or bf16 if d has blocks, which may be all but q4_k and q6_k
 *
 * Return: as npu_op_stall().
 */
int npu_op_copy(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a);

/**
 * npu_op_gather() - NPU_OP_GATHER: row i of d is row index[i] of a
 * @prog: program
 * @d: destination; f32, f16 or bf16 if a has blocks
 * @a: table
 * @index: indices, s32 or s64 of rank 1
 *
 * Return: as npu_op_stall().
 */
int npu_op_gather(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		  npu_tensor_id index);

/**
 * npu_op_pad() - NPU_OP_PAD: d is a with more around it
 * @prog: program
 * @mode: &enum npu_pad_mode
 * @d: destination, of the type of @a, which has none with blocks
 * @a: source
 * @before: elements of d before those of a, one for each dimension of @a
 * @value: for NPU_PAD_CONSTANT: scalar whose low bits are an element of d
 *
 * Return: as npu_op_stall().
 */
int npu_op_pad(struct npu_program *prog, uint32_t mode, npu_tensor_id d, npu_tensor_id a,
	       const uint32_t *before, struct npu_scalar value);

/**
 * npu_op_tile() - NPU_OP_PAD with NPU_PAD_WRAP: a over and over
 * @prog: program
 * @d: destination, of the type and the rank of @a
 * @a: source
 *
 * Return: as npu_op_stall().
 */
int npu_op_tile(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a);

/**
 * npu_op_triangle() - NPU_OP_TRIANGLE: one side of a diagonal of each matrix, else 0
 * @prog: program
 * @d: destination, of the type and shape of @a
 * @a: source, of rank 2 to 6 and a type without blocks
 * @diagonal: scalar, an s32: which column of row 0 it begins at
 * @lower: keep what is left of it, else what is right of it; itself too
 *
 * Return: as npu_op_stall().
 */
int npu_op_triangle(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		    struct npu_scalar diagonal, bool lower);

/**
 * npu_op_range() - NPU_OP_RANGE: d = start + i * step
 * @prog: program
 * @d: destination: f32, f16, bf16, s32 or s64
 * @start: of the type of @d, broadcast to it by NumPy's rule, as is @step
 * @step: likewise
 * @axis: dimension of @d that i counts
 *
 * Return: as npu_op_stall().
 */
int npu_op_range(struct npu_program *prog, npu_tensor_id d, npu_tensor_id start,
		 npu_tensor_id step, unsigned int axis);

/**
 * npu_op_one_hot() - NPU_OP_ONE_HOT: on where the index along the axis is that of a
 * @prog: program
 * @d: destination, of any type without blocks
 * @index: s32 or s64, broadcast to d by NumPy's rule: of extent 1 along the axis, or
 *	lower in rank if that is the first dimension
 * @off: of the type of @d, broadcast to it
 * @on: likewise
 * @axis: dimension of @d
 *
 * Return: as npu_op_stall().
 */
int npu_op_one_hot(struct npu_program *prog, npu_tensor_id d, npu_tensor_id index,
		   npu_tensor_id off, npu_tensor_id on, unsigned int axis);

/**
 * npu_op_gather_elements() - NPU_OP_GATHER_ELEMENTS: each element of d chooses one of a
 * @prog: program
 * @d: destination, of the type and rank of @a, which has none with blocks; no larger than
 *	@a but along the axis
 * @a: table
 * @index: s32 or s64, with the extents of @d: where along the axis
 * @axis: dimension of @a
 *
 * Return: as npu_op_stall().
 */
int npu_op_gather_elements(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
			   npu_tensor_id index, unsigned int axis);

/**
 * npu_op_gather_nd() - NPU_OP_GATHER_ND: rows of a that several indices name
 * @prog: program
 * @d: destination, [place, .., row, ..], of the type of @a
 * @a: table, [.., row, ..], of a type without blocks
 * @index: s32 or s64, [place, .., dimensions of a that are named]
 *
 * Return: as npu_op_stall().
 */
int npu_op_gather_nd(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		     npu_tensor_id index);

/**
 * npu_op_scatter() - NPU_OP_SCATTER: row index[i] of d becomes, or takes, row i of a
 * @prog: program
 * @mode: &enum npu_scatter_mode
 * @d: destination; where no index points it stays as it is
 * @a: rows, of the type of @d: f32, f16, bf16, s32 or s64, for NPU_SCATTER_SET any
 *	without blocks
 * @index: s32 or s64 of rank 1, one for each row of @a
 *
 * Return: as npu_op_stall().
 */
int npu_op_scatter(struct npu_program *prog, uint32_t mode, npu_tensor_id d,
		   npu_tensor_id a, npu_tensor_id index);

/**
 * npu_op_scatter_elements() - NPU_OP_SCATTER_ELEMENTS: each element of a chooses one of d
 * @prog: program
 * @mode: &enum npu_scatter_mode
 * @d: destination, as of npu_op_scatter()
 * @a: elements, of the type and rank of @d, and no larger but along the axis
 * @index: s32 or s64, with the extents of @a: where along the axis
 * @axis: dimension of @d
 *
 * Return: as npu_op_stall().
 */
int npu_op_scatter_elements(struct npu_program *prog, uint32_t mode, npu_tensor_id d,
			    npu_tensor_id a, npu_tensor_id index, unsigned int axis);

/**
 * npu_op_scatter_nd() - NPU_OP_SCATTER_ND: rows of d that several indices name
 * @prog: program
 * @mode: &enum npu_scatter_mode
 * @d: destination, [.., row, ..], as of npu_op_scatter()
 * @a: [place, .., row, ..], of the type of @d
 * @index: s32 or s64, [place, .., dimensions of d that are named]
 *
 * Return: as npu_op_stall().
 */
int npu_op_scatter_nd(struct npu_program *prog, uint32_t mode, npu_tensor_id d,
		      npu_tensor_id a, npu_tensor_id index);

/**
 * npu_op_binary() - an element-wise instruction with two sources
 * @prog: program
 * @opcode: NPU_OP_ADD to NPU_OP_ELU
 * @d: destination
 * @a: first source; broadcast to d by NumPy's rule, as is @b
 * @b: second source
 *
 * Return: as npu_op_stall().
 */
int npu_op_binary(struct npu_program *prog, uint32_t opcode, npu_tensor_id d,
		  npu_tensor_id a, npu_tensor_id b);

/**
 * npu_op_ternary() - an element-wise instruction with three sources
 * @prog: program
 * @opcode: NPU_OP_WHERE to NPU_OP_MULADD
 * @d: destination
 * @a: first source; broadcast to d by NumPy's rule, as are the others
 * @b: second source
 * @c: third source
 *
 * Return: as npu_op_stall().
 */
int npu_op_ternary(struct npu_program *prog, uint32_t opcode, npu_tensor_id d,
		   npu_tensor_id a, npu_tensor_id b, npu_tensor_id c);

/**
 * npu_op_unary() - an element-wise instruction with one source
 * @prog: program
 * @opcode: NPU_OP_NEG to NPU_OP_IS_INF
 * @d: destination
 * @a: source
 *
 * Return: as npu_op_stall().
 */
int npu_op_unary(struct npu_program *prog, uint32_t opcode, npu_tensor_id d,
		 npu_tensor_id a);

/**
 * npu_op_axis() - softmax, a reduction or the index of an extreme
 * @prog: program
 * @opcode: NPU_OP_SOFTMAX to NPU_OP_ARGMIN, or NPU_OP_LOG_SOFTMAX
 * @d: destination, of extent 1 along the axis but for softmax; it has the type of @a, but s32 or s64 for NPU_OP_ARGMAX and NPU_OP_ARGMIN
 * @a: source
 * @axis: dimension of @a
 *
 * Return: as npu_op_stall().
 */
int npu_op_axis(struct npu_program *prog, uint32_t opcode, npu_tensor_id d,
		npu_tensor_id a, unsigned int axis);

/**
 * npu_op_cumsum() - NPU_OP_CUMSUM: cumulative sums along an axis
 * @prog: program
 * @d: destination, with the type and the extents of @a
 * @a: source: f32, f16, bf16 or s32
 * @axis: dimension of @a
 * @flags: 0, or NPU_INSN_EXCLUSIVE and NPU_INSN_REVERSE
 *
 * Return: as npu_op_stall().
 */
int npu_op_cumsum(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		  unsigned int axis, uint32_t flags);

/**
 * npu_op_sort() - NPU_OP_SORT: elements in order along an axis
 * @prog: program
 * @d: destination, with the type of @a, and its extents but for fewer elements along
 *	the axis if only the first are wanted
 * @a: source: f32, f16, bf16, s64, s32, s8 or u8; up to NPU_MAX_SORT along the axis
 * @axis: dimension of @a
 * @flags: 0, or NPU_INSN_DESCENDING
 *
 * Return: as npu_op_stall().
 */
int npu_op_sort(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		unsigned int axis, uint32_t flags);

/**
 * npu_op_argsort() - NPU_OP_ARGSORT: where the elements in order along an axis are
 * @prog: program
 * @d: destination, s32 or s64, with extents as for npu_op_sort()
 * @a: source, as for npu_op_sort()
 * @axis: dimension of @a
 * @flags: 0, or NPU_INSN_DESCENDING
 *
 * Return: as npu_op_stall().
 */
int npu_op_argsort(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		   unsigned int axis, uint32_t flags);

/**
 * npu_op_topk() - the first elements in order along an axis, and where they are
 * @prog: program
 * @values: destination of NPU_OP_SORT; its extent along the axis says how many;
 *	< 0: not wanted
 * @indices: destination of NPU_OP_ARGSORT; < 0: not wanted
 * @a: source, as for npu_op_sort()
 * @axis: dimension of @a
 * @flags: NPU_INSN_DESCENDING for the greatest, 0 for the least
 *
 * Adds an instruction for each destination.
 *
 * Return: as npu_op_stall().
 */
int npu_op_topk(struct npu_program *prog, npu_tensor_id values, npu_tensor_id indices,
		npu_tensor_id a, unsigned int axis, uint32_t flags);

/**
 * struct npu_norm_options - what normalisation does besides
 * @bias: F, added behind the scale; broadcast to d by NumPy's rule; < 0: none
 * @residual: F, added to a before anything else, NPU_OP_RMS_NORM and NPU_OP_LAYER_NORM
 *	only; broadcast likewise; < 0: none
 * @scale: F, what the normalised is multiplied by; broadcast likewise; < 0: none
 *
 * Begin with NPU_NORM_OPTIONS: nothing of that.
 */
struct npu_norm_options {
	npu_tensor_id bias;
	npu_tensor_id residual;
	npu_tensor_id scale;
};

#define NPU_NORM_OPTIONS   \
	{                  \
		-1, -1, -1 \
	}

/**
 * npu_op_norm() - NPU_OP_RMS_NORM or NPU_OP_LAYER_NORM
 * @prog: program
 * @opcode: one of these
 * @d: destination
 * @a: source, with the extents of @d
 * @axis: first of the dimensions that are normalised together
 * @epsilon: an f32, added to the variance
 * @options: scale, bias and residual; NULL: none
 *
 * Return: as npu_op_stall().
 */
int npu_op_norm(struct npu_program *prog, uint32_t opcode, npu_tensor_id d,
		npu_tensor_id a, unsigned int axis, struct npu_scalar epsilon,
		const struct npu_norm_options *options);

/**
 * npu_op_group_norm() - NPU_OP_GROUP_NORM; with one channel a group instance norm
 * @prog: program
 * @d: destination
 * @a: source: batch, channels, any
 * @groups: how many groups the channels make; divides their number
 * @epsilon: an f32, added to the variance
 * @options: scale and bias; one for each channel is [channels, 1, ..]; NULL: none
 *
 * Return: as npu_op_stall().
 */
int npu_op_group_norm(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		      unsigned int groups, struct npu_scalar epsilon,
		      const struct npu_norm_options *options);

/**
 * npu_op_batch_norm() - NPU_OP_BATCH_NORM, with known statistics
 * @prog: program
 * @d: destination
 * @a: source
 * @mean: F, broadcast to d by NumPy's rule; one for each channel is [channels, 1, ..]
 * @variance: likewise
 * @epsilon: an f32, added to the variance
 * @options: scale and bias; NULL: none
 *
 * Return: as npu_op_stall().
 */
int npu_op_batch_norm(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		      npu_tensor_id mean, npu_tensor_id variance,
		      struct npu_scalar epsilon, const struct npu_norm_options *options);

/**
 * npu_op_softmax_ext() - NPU_OP_SOFTMAX_EXT: softmax of scale a + slopes + mask
 * @prog: program
 * @d: destination
 * @a: scores, normalised along the last dimension
 * @scale: what they are multiplied by, f32
 * @mask: F, added; broadcast to d by NumPy's rule; < 0: none
 * @slopes: F, ALiBi's slopes, [heads, 1, 1] for scores of heads; broadcast likewise;
 *	< 0: none
 *
 * Return: as npu_op_stall().
 */
int npu_op_softmax_ext(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		       struct npu_scalar scale, npu_tensor_id mask, npu_tensor_id slopes);

/**
 * npu_op_rope() - NPU_OP_ROPE: rotary embedding
 * @prog: program
 * @d: destination
 * @a: source, of the same extents
 * @positions: s32, the extents of @d but for 1 in the last
 * @frequencies: f32, one for each pair that is turned; others stay
 * @scale: an f32, a factor of what is turned
 * @interleaved: pairs are neighbours, else halves of what is turned
 *
 * npu_rope_frequencies() calculates @frequencies and @scale.
 *
 * Return: as npu_op_stall().
 */
int npu_op_rope(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		npu_tensor_id positions, npu_tensor_id frequencies,
		struct npu_scalar scale, bool interleaved);

/**
 * enum npu_rope_scaling - how a model's context was made longer
 * @NPU_ROPE_PLAIN: it was not
 * @NPU_ROPE_LINEAR: all frequencies were divided by the factor (arXiv:2306.15595)
 * @NPU_ROPE_YARN: low frequencies only (arXiv:2309.00071)
 */
enum npu_rope_scaling {
	NPU_ROPE_PLAIN,
	NPU_ROPE_LINEAR,
	NPU_ROPE_YARN,
};

/**
 * struct npu_rope - the rotary embedding of a model
 * @theta: base of the frequencies, such as 10000
 * @scaling: how they were scaled
 * @factor: how much longer the context became; not NPU_ROPE_PLAIN
 * @original_context: tokens of it before; NPU_ROPE_YARN only
 * @beta_fast: turns in the original context above which a frequency stays; 0: 32
 * @beta_slow: turns below which it is divided by the factor; 0: 1
 */
struct npu_rope {
	double theta;
	enum npu_rope_scaling scaling;
	double factor;
	double original_context;
	double beta_fast;
	double beta_slow;
};

/**
 * npu_rope_frequencies() - the frequencies that npu_op_rope() wants
 * @rope: the model's embedding
 * @pairs: how many frequencies; twice as many elements of a head are turned
 * @frequencies: become these
 *
 * Return: the scale that npu_op_rope() wants; 1 but for NPU_ROPE_YARN, where it is
 * 0.1 ln(factor) + 1.
 */
float npu_rope_frequencies(const struct npu_rope *rope, unsigned int pairs,
			   float *frequencies);

/**
 * npu_op_matmul() - NPU_OP_MATMUL: d = a b
 * @prog: program
 * @d: destination
 * @a: first matrix, or a batch of them
 * @b: second matrix, or a batch of them
 *
 * Return: as npu_op_stall().
 */
int npu_op_matmul(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		  npu_tensor_id b);

/**
 * npu_op_matmul_scaled() - NPU_OP_MATMUL of s8 to f32: d = scale a b
 * @prog: program
 * @d: destination, f32
 * @a: first matrix, s8
 * @b: second matrix, s8
 * @scale: an f32
 *
 * Return: as npu_op_stall().
 */
int npu_op_matmul_scaled(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
			 npu_tensor_id b, struct npu_scalar scale);

/**
 * struct npu_matmul_options - what npu_op_matmul_with() does besides a product
 * @bias: F, with the extents of d; a stride of 0 repeats it; < 0: none
 * @residual: likewise, added behind the activation
 * @scale: likewise, a factor of the sums
 * @block_scale: f32, a factor for each 128 x 128 elements of an fp8 operand; < 0:
 *	none
 * @zero_a: zero points of a, [.., m, 1], of its type; < 0: none
 * @zero_b: zero points of b, [.., 1, n], of its type; < 0: none
 * @activation: opcode of an instruction of one source, such as NPU_OP_SILU; 0: none
 * @transpose_b: b is [.., n, k]
 * @factor: an f32, for s8 and u8 to F only: a factor of the sums
 *
 * Begin with NPU_MATMUL_OPTIONS: nothing of that.
 */
struct npu_matmul_options {
	npu_tensor_id bias;
	npu_tensor_id residual;
	npu_tensor_id scale;
	npu_tensor_id block_scale;
	npu_tensor_id zero_a;
	npu_tensor_id zero_b;
	uint32_t activation;
	bool transpose_b;
	struct npu_scalar factor;
};

#define NPU_MATMUL_OPTIONS                        \
	{                                         \
		-1, -1, -1, -1, -1, -1, 0, false, \
		{                                 \
			0, NPU_NONE               \
		}                                 \
	}

/**
 * npu_op_matmul_with() - NPU_OP_MATMUL with all that it can do besides
 * @prog: program
 * @d: destination
 * @a: first matrix, or a batch of them
 * @b: second matrix, or a batch of them
 * @options: what more is to be done
 *
 * Return: as npu_op_stall().
 */
int npu_op_matmul_with(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		       npu_tensor_id b, const struct npu_matmul_options *options);

/**
 * npu_op_matmul_routed() - NPU_OP_MATMUL_ROUTED: each row times its experts' matrices
 * @prog: program
 * @d: destination: [row, slot, n]; f32, f16 or bf16
 * @a: activations: [row, slot, k]; one of those types, too
 * @b: weights: [expert, n, k]; any type that NPU_OP_MATMUL takes in f32
 * @experts: which one each slot of a row has: [row, slot]; s32
 * @block_scale: a factor for each 128 x 128 elements of an fp8 b: [expert,
 *	ceil(n / 128), ceil(k / 128)]; f32; < 0: none
 * @activation: opcode of an instruction of one source, such as NPU_OP_SILU; 0: none
 *
 * Slots that share a row's activations have a view of them with a stride of 0, as
 * npu_view_broadcast() makes it of [row, 1, k].  There are up to NPU_MAX_ROUTED
 * experts, and rows times slots.
 *
 * Return: as npu_op_stall().
 */
int npu_op_matmul_routed(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
			 npu_tensor_id b, npu_tensor_id experts,
			 npu_tensor_id block_scale, uint32_t activation);

/**
 * npu_op_conv2d() - NPU_OP_CONV2D: a convolution
 * @prog: program
 * @d: destination
 * @a: images: batch, channels, height, width
 * @weight: output channels, input channels of a group, height, width
 * @bias: one for each output channel; negative: none
 * @window: kernel, steps, dilation, padding; the third entries are ignored
 *
 * Return: as npu_op_stall().
 */
int npu_op_conv2d(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		  npu_tensor_id weight, npu_tensor_id bias,
		  const struct npu_insn_window *window);

/**
 * npu_op_conv1d() - the same of signals, as images of height 1
 * @prog: program
 * @d: destination: batch, channels, length; npu_view_reshape() must be able to make
 *	images of it, of @a and of @weight
 * @a: signals: batch, channels, length
 * @weight: output channels, input channels of a group, length
 * @bias: one for each output channel; negative: none
 * @window: kernel, steps, dilation, padding; only the first entries count
 *
 * Return: as npu_op_stall().
 */
int npu_op_conv1d(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		  npu_tensor_id weight, npu_tensor_id bias,
		  const struct npu_insn_window *window);

/**
 * npu_op_conv3d() - NPU_OP_CONV3D: a convolution of volumes
 * @prog: program
 * @d: destination
 * @a: volumes: batch, channels, depth, height, width
 * @weight: output channels, input channels of a group, depth, height, width
 * @bias: one for each output channel; negative: none
 * @window: kernel, steps, dilation, padding: of depth, height, width
 *
 * Return: as npu_op_stall().
 */
int npu_op_conv3d(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		  npu_tensor_id weight, npu_tensor_id bias,
		  const struct npu_insn_window *window);

/**
 * npu_op_conv_transpose2d() - NPU_OP_CONV_TRANSPOSE2D: a convolution backwards
 * @prog: program
 * @d: destination, with as much of the output, and output padding, as is wanted
 * @a: images: batch, channels, height, width
 * @weight: input channels, output channels of a group, height, width
 * @bias: one for each output channel; negative: none
 * @window: kernel, steps, dilation, padding; the third entries are ignored
 *
 * Return: as npu_op_stall().
 */
int npu_op_conv_transpose2d(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
			    npu_tensor_id weight, npu_tensor_id bias,
			    const struct npu_insn_window *window);

/**
 * npu_op_pool2d() - the largest or the mean of each window
 * @prog: program
 * @opcode: NPU_OP_MAXPOOL2D or NPU_OP_AVGPOOL2D
 * @d: destination
 * @a: images: batch, channels, height, width
 * @window: kernel, steps, dilation, padding; the third entries are ignored
 * @flags: NPU_INSN_COUNT_PAD, or 0
 *
 * Return: as npu_op_stall().
 */
int npu_op_pool2d(struct npu_program *prog, uint32_t opcode, npu_tensor_id d,
		  npu_tensor_id a, const struct npu_insn_window *window, uint32_t flags);

/**
 * npu_op_pool1d() - the same of signals, as images of height 1
 * @prog: program
 * @opcode: NPU_OP_MAXPOOL2D or NPU_OP_AVGPOOL2D
 * @d: destination: batch, channels, length; npu_view_reshape() must be able to make
 *	images of it and of @a
 * @a: signals: batch, channels, length
 * @window: kernel, steps, dilation, padding; only the first entries count
 * @flags: NPU_INSN_COUNT_PAD, or 0
 *
 * Return: as npu_op_stall().
 */
int npu_op_pool1d(struct npu_program *prog, uint32_t opcode, npu_tensor_id d,
		  npu_tensor_id a, const struct npu_insn_window *window, uint32_t flags);

/**
 * npu_op_pool3d() - the same of volumes
 * @prog: program
 * @opcode: NPU_OP_MAXPOOL3D or NPU_OP_AVGPOOL3D
 * @d: destination
 * @a: volumes: batch, channels, depth, height, width
 * @window: kernel, steps, dilation, padding: of depth, height, width
 * @flags: NPU_INSN_COUNT_PAD, or 0
 *
 * Return: as npu_op_stall().
 */
int npu_op_pool3d(struct npu_program *prog, uint32_t opcode, npu_tensor_id d,
		  npu_tensor_id a, const struct npu_insn_window *window, uint32_t flags);

/**
 * npu_op_lppool2d() - NPU_OP_LPPOOL2D: a norm of each window
 * @prog: program
 * @d: destination, f32, f16 or bf16
 * @a: images: batch, channels, height, width; of d's type
 * @window: kernel, steps, dilation, padding; the third entries are ignored
 * @p: which norm, an f32 above 0: by 1 and 2 it is fastest
 *
 * Return: as npu_op_stall().
 */
int npu_op_lppool2d(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		    const struct npu_insn_window *window, struct npu_scalar p);

/**
 * struct npu_resize - how npu_op_resize() samples
 * @axes: the dimensions that are resized, a bit each
 * @mode: &enum npu_resize_mode
 * @coordinate: &enum npu_resize_coordinate
 * @rounding: &enum npu_resize_rounding, for NPU_RESIZE_NEAREST
 * @exclude_outside: for NPU_RESIZE_CUBIC: what lies outside has no weight
 * @cubic: for NPU_RESIZE_CUBIC: the coefficient, such as -0.75f
 *
 * What is for another mode is ignored.
 */
struct npu_resize {
	uint32_t axes;
	uint8_t mode;
	uint8_t coordinate;
	uint8_t rounding;
	bool exclude_outside;
	float cubic;
};

/**
 * npu_op_resize() - NPU_OP_RESIZE: d = a sampled anew, up or down
 * @prog: program
 * @d: destination
 * @a: of d's type and rank; has d's extents but along the axes
 * @resize: how
 *
 * Return: as npu_op_stall().
 */
int npu_op_resize(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		  const struct npu_resize *resize);

/**
 * struct npu_attention - what an attention may have besides d, q, k, v and scale
 * @causal: no row sees a key that is younger than itself
 * @window: keys further than this, less one, from the row's own are hidden; 0: none
 * @softcap: scores are softcap * tanh(score / softcap); 0: as they are
 * @has_mask: there is a mask
 * @has_sinks: there are sinks
 * @has_table: there is a table
 * @has_lengths: there are lengths
 * @mask: is added to the scores
 * @sinks: a score of nothing for each head, f32
 * @table: k and v are pools of blocks, and these, s32, are a sequence's
 * @lengths: rows and keys of each sequence, s32; q and d are ragged
 *
 * All zero: none of it.  Shapes are those of &struct npu_insn_attention.
 */
struct npu_attention {
	bool causal;
	uint32_t window;
	float softcap;
	bool has_mask, has_sinks, has_table, has_lengths;
	npu_tensor_id mask, sinks, table, lengths;
};

/**
 * npu_op_attention() - NPU_OP_ATTENTION: d = softmax(scale q k^T) v
 * @prog: program
 * @d: destination: [sequence, row, head, width of v]; f32, f16 or bf16
 * @q: queries: [sequence, row, head, width]; f32, f16 or bf16
 * @k: keys: [sequence, key, kv head, width]; those types, fp8, q8_0 or q4_0
 * @v: values: [sequence, key, kv head, width of v]; the same types
 * @scale: what the products of q and k are multiplied by, f32
 * @attention: the rest; NULL: nothing
 *
 * q has a multiple of the heads of k.  With lengths, q and d lack the first
 * dimension; with a table, the first one of k and v counts blocks.
 *
 * Return: as npu_op_stall().
 */
int npu_op_attention(struct npu_program *prog, npu_tensor_id d, npu_tensor_id q,
		     npu_tensor_id k, npu_tensor_id v, struct npu_scalar scale,
		     const struct npu_attention *attention);

/**
 * npu_op_ssm_scan() - NPU_OP_SSM_SCAN: the selective scan of Mamba and Mamba-2
 * @prog: program
 * @d: destination: [sequence, step, head, width]; f32, f16 or bf16, as are all others
 *	but @state
 * @state: f32 [sequence, head, width, depth], read and written
 * @x: as @d
 * @dt: sizes of the steps: [sequence, step, head, 1]
 * @a: logarithms of decay: [head, depth], or [head, 1]
 * @b: input: [sequence, step, group, depth]; a divisor of the heads are groups
 * @c: output: as @b
 * @skip: a factor of @x that is added: [head, width], or [head, 1]; negative: none
 * @flags: NPU_INSN_SOFTPLUS, or 0
 *
 * Return: as npu_op_stall().
 */
int npu_op_ssm_scan(struct npu_program *prog, npu_tensor_id d, npu_tensor_id state,
		    npu_tensor_id x, npu_tensor_id dt, npu_tensor_id a, npu_tensor_id b,
		    npu_tensor_id c, npu_tensor_id skip, uint32_t flags);

/**
 * npu_op_rwkv_wkv() - NPU_OP_RWKV_WKV: the time mixing of RWKV-6
 * @prog: program
 * @d: destination: [sequence, step, head, width]; f32, f16 or bf16, as are all others
 *	but @state
 * @state: f32 [sequence, head, depth, width], read and written
 * @r: receptance: [sequence, step, head, depth]
 * @k: keys: as @r
 * @v: values: as @d
 * @w: factors of decay between 0 and 1: as @r
 * @u: bonus: [head, depth]
 *
 * Return: as npu_op_stall().
 */
int npu_op_rwkv_wkv(struct npu_program *prog, npu_tensor_id d, npu_tensor_id state,
		    npu_tensor_id r, npu_tensor_id k, npu_tensor_id v, npu_tensor_id w,
		    npu_tensor_id u);

/**
 * npu_op_delta_net() - NPU_OP_DELTA_NET: the gated delta rule
 * @prog: program
 * @d: destination: [sequence, step, head, width]; f32, f16 or bf16, as are all others
 *	but @state
 * @state: f32 [sequence, head, depth, width], read and written
 * @q: queries: [sequence, step, group, depth]; a divisor of the heads are groups
 * @k: keys: as @q
 * @v: values: as @d
 * @g: logarithms of decay: [sequence, step, head, depth], or [sequence, step, head, 1]
 * @beta: how much of the update is made: [sequence, step, head, 1]
 * @scale: what d is multiplied by, f32
 *
 * Return: as npu_op_stall().
 */
int npu_op_delta_net(struct npu_program *prog, npu_tensor_id d, npu_tensor_id state,
		     npu_tensor_id q, npu_tensor_id k, npu_tensor_id v, npu_tensor_id g,
		     npu_tensor_id beta, struct npu_scalar scale);

/**
 * npu_program_finish() - end the building and put the program into HBM
 * @prog: program
 *
 * From then on it can be submitted any number of times, from any thread, and not
 * changed.
 *
 * Return: 0; the first error of the building; -ENOSPC, -ENOMEM, -ENODEV.
 */
int npu_program_finish(struct npu_program *prog);

/**
 * npu_program_part() - a program of some instructions of another
 * @prog: finished program
 * @first: index of the first of them
 * @count: how many
 * @part: becomes the finished program, or NULL; it takes the arguments of @prog
 *
 * To measure each instruction of a program by itself.
 *
 * Return: 0; -EINVAL if there are not so many, or @prog is not finished; -ENOSPC;
 * -ENOMEM; -ENODEV.
 */
int npu_program_part(struct npu_program *prog, unsigned int first, unsigned int count,
		     struct npu_program **part);

/**
 * npu_program_insn() - an instruction of a program
 * @prog: program
 * @index: its index
 *
 * Return: the instruction, valid until the next one is added; NULL if there is none.
 */
const struct npu_insn *npu_program_insn(const struct npu_program *prog,
					unsigned int index);

/**
 * npu_op_name() - name of an instruction
 * @opcode: &enum npu_opcode
 *
 * Return: for example "matmul"; "unknown" for no instruction; never NULL.
 */
const char *npu_op_name(uint32_t opcode);

/**
 * npu_program_image() - the bytes of a program, for looking at
 * @prog: program
 * @size: becomes their number
 *
 * Return: its image, valid as long as @prog; NULL before it is finished.
 */
const void *npu_program_image(const struct npu_program *prog, size_t *size);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
