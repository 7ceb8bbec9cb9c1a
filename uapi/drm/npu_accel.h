/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */
/*
 * The contract between a program and the kernel: the ioctls of /dev/accel/accelN
 * as driven by npu.ko.
 *
 * Common rules.  Padding and reserved fields are zero, unknown flags are refused
 * with -EINVAL.  Structures grow at their tail and zero means the old behaviour.
 * Arrays say the size of their elements; a larger element than the kernel knows
 * is accepted if what it does not know is zero, and refused with -E2BIG if not.
 * Numbers and handles of nothing are refused with -ENOENT, pointers to nowhere with
 * -EFAULT.  A call that is refused has changed nothing.  What is described here but
 * not built yet is refused with -EOPNOTSUPP.  A card that is gone answers -ENODEV.
 */
#ifndef _UAPI_NPU_ACCEL_H_
#define _UAPI_NPU_ACCEL_H_

#include "drm.h"

#if defined(__cplusplus)
extern "C" {
#endif

#define DRM_NPU_DRIVER_NAME	"npu"

/* Interface versions: see the history above the driver's version in npu_drv.c */
#define DRM_NPU_DRIVER_MAJOR	1
#define DRM_NPU_DRIVER_MINOR	0

#define DRM_NPU_MAX_DIES	8
#define DRM_NPU_MAX_QUEUES	1024	/* of one file: limited by the card only */
#define DRM_NPU_MAX_ARRAY	4096	/* elements of any array below */

#define DRM_NPU_QUERY		0x00
#define DRM_NPU_BO_CREATE	0x01
#define DRM_NPU_BO_MMAP_OFFSET	0x02
#define DRM_NPU_VM_CREATE	0x03
#define DRM_NPU_VM_DESTROY	0x04
#define DRM_NPU_VM_BIND		0x05
#define DRM_NPU_VM_GET_STATE	0x06
#define DRM_NPU_QUEUE_CREATE	0x07
#define DRM_NPU_QUEUE_DESTROY	0x08
#define DRM_NPU_QUEUE_GET_STATE	0x09
#define DRM_NPU_SUBMIT		0x0a

/**
 * struct drm_npu_array - a user array
 * @stride: bytes from one element to the next, at least the size of the first
 *	version of the element's structure, at most 4096, a multiple of 8
 * @count: number of elements, at most DRM_NPU_MAX_ARRAY
 * @pointer: user pointer to the first, ignored if @count is 0
 */
struct drm_npu_array {
	__u32 stride;
	__u32 count;
	__u64 pointer;
};

/**
 * struct drm_npu_sync - a fence to wait for or to signal
 * @flags: DRM_NPU_SYNC_TIMELINE: @handle is a timeline
 * @handle: syncobj handle
 * @timeline_value: point on the timeline, not 0; must be 0 for a binary syncobj
 */
struct drm_npu_sync {
	__u32 flags;
	__u32 handle;
	__u64 timeline_value;
};

#define DRM_NPU_SYNC_TIMELINE	(1u << 0)

/* ---- QUERY ------------------------------------------------------------- */

/**
 * enum drm_npu_query_type - what DRM_NPU_QUERY answers
 * @DRM_NPU_QUERY_DEVICE: struct drm_npu_query_device
 * @DRM_NPU_QUERY_DIES: array of struct drm_npu_query_die, one a die
 * @DRM_NPU_QUERY_MEMORY: array of struct drm_npu_query_memory, one a region: the
 *	HBM of each die in order, then host memory
 * @DRM_NPU_QUERY_CLOCKS: struct drm_npu_query_clocks
 * @DRM_NPU_QUERY_RESETS: struct drm_npu_query_resets
 */
enum drm_npu_query_type {
	DRM_NPU_QUERY_DEVICE = 0,
	DRM_NPU_QUERY_DIES = 1,
	DRM_NPU_QUERY_MEMORY = 2,
	DRM_NPU_QUERY_CLOCKS = 3,
	DRM_NPU_QUERY_RESETS = 4,
};

/**
 * struct drm_npu_query - ask for a table
 * @type: in: &enum drm_npu_query_type
 * @size: in: bytes at @pointer; out: bytes written, or bytes needed if @pointer
 *	is 0.  A short buffer gets the beginning: for a structure
 *	that is how an old program meets a new kernel
 * @pointer: in: user pointer, or 0
 */
struct drm_npu_query {
	__u32 type;
	__u32 size;
	__u64 pointer;
};

/**
 * enum drm_npu_platform - what the card is
 * @DRM_NPU_PLATFORM_SILICON: a chip
 * @DRM_NPU_PLATFORM_EMULATED: a virtual card
 */
enum drm_npu_platform {
	DRM_NPU_PLATFORM_SILICON = 0,
	DRM_NPU_PLATFORM_EMULATED = 1,
};

/**
 * enum drm_npu_health - how the card is
 * @DRM_NPU_HEALTH_OK: fine
 * @DRM_NPU_HEALTH_RESETTING: a reset is in progress
 * @DRM_NPU_HEALTH_FAILED: a reset did not help; jobs fail with -EIO
 */
enum drm_npu_health {
	DRM_NPU_HEALTH_OK = 0,
	DRM_NPU_HEALTH_RESETTING = 1,
	DRM_NPU_HEALTH_FAILED = 2,
};

/**
 * struct drm_npu_query_device - the card and its limits
 * @model: name of the profile, for example "X6000", zero terminated
 * @serial: serial number
 * @profile: profile number
 * @platform: &enum drm_npu_platform
 * @regs_major: register interface of the card
 * @regs_minor: register interface of the card
 * @isa_major: instruction set of the card
 * @isa_minor: instruction set of the card
 * @dies: number of dies
 * @queues: number of hardware queues
 * @health: &enum drm_npu_health
 * @va_bits: bits of an address in an address space
 * @page_size: granule of VM_BIND and of buffer sizes, bytes
 * @ring_max_jobs: most jobs in flight on a queue
 * @capabilities: capability bits of the card
 * @max_program_size: bytes
 * @max_args_size: bytes
 * @timeout_ms: executed time after which a job is stopped, unless its queue
 *	asked for less
 * @clients: open files; who they are is in /proc/PID/fdinfo
 * @jobs_completed: jobs that ended well, since the driver was loaded
 * @jobs_failed: jobs that ended with an error, likewise
 * @faults: error records raised by the card, likewise
 * @pci_domain: PCI address
 * @pci_bus: PCI address
 * @pci_device: PCI address
 * @pci_function: PCI address
 * @pad: zero
 */
struct drm_npu_query_device {
	__u8 model[32];
	__u64 serial;
	__u32 profile;
	__u32 platform;
	__u16 regs_major;
	__u16 regs_minor;
	__u16 isa_major;
	__u16 isa_minor;
	__u32 dies;
	__u32 queues;
	__u32 health;
	__u32 va_bits;
	__u32 page_size;
	__u32 ring_max_jobs;
	__u64 capabilities;
	__u32 max_program_size;
	__u32 max_args_size;
	__u32 timeout_ms;
	__u32 clients;
	__u64 jobs_completed;
	__u64 jobs_failed;
	__u64 faults;
	__u32 pci_domain;
	__u8 pci_bus;
	__u8 pci_device;
	__u8 pci_function;
	__u8 pad;
};

/**
 * struct drm_npu_query_die - a die's counters
 * @busy_host_ns: host time in which it was a member of a gang
 * @busy_device_ns: device time in which it was a member of a gang
 * @tiles: tiles retired
 * @state: 0 idle, 1 running, 2 resetting
 * @resets: die resets
 */
struct drm_npu_query_die {
	__u64 busy_host_ns;
	__u64 busy_device_ns;
	__u64 tiles;
	__u32 state;
	__u32 resets;
};

/**
 * enum drm_npu_memory_class - kinds of memory
 * @DRM_NPU_MEMORY_HBM: the card's
 * @DRM_NPU_MEMORY_HOST: the host's
 */
enum drm_npu_memory_class {
	DRM_NPU_MEMORY_HBM = 0,
	DRM_NPU_MEMORY_HOST = 1,
};

/**
 * struct drm_npu_query_memory - a memory region
 * @memory_class: &enum drm_npu_memory_class
 * @die: die whose HBM it is; 0 for host memory
 * @base: offset in HBM of its first byte; 0 for host memory
 * @total: bytes
 * @used: bytes allocated, by everybody
 * @cpu_visible: bytes of @total that can be mapped by the CPU
 */
struct drm_npu_query_memory {
	__u32 memory_class;
	__u32 die;
	__u64 base;
	__u64 total;
	__u64 used;
	__u64 cpu_visible;
};

/**
 * struct drm_npu_query_clocks - the clocks, read close together
 * @host_ns: the card's host time, as in its reports
 * @device_ns: device time charged by the timing model since reset
 * @cpu_ns: CLOCK_MONOTONIC of the caller's kernel
 */
struct drm_npu_query_clocks {
	__u64 host_ns;
	__u64 device_ns;
	__u64 cpu_ns;
};

/**
 * struct drm_npu_query_resets - reset counters since the driver was loaded
 * @queue: queues banned
 * @die: die resets
 * @card: resets of the whole card
 */
struct drm_npu_query_resets {
	__u64 queue;
	__u64 die;
	__u64 card;
};

/* ---- Buffers ----------------------------------------------------------- */

/* Where a buffer may live. */
#define DRM_NPU_PLACE_HBM	(1u << 0)
#define DRM_NPU_PLACE_HOST	(1u << 1)

/* The CPU never maps it: BO_MMAP_OFFSET is refused with -EPERM. */
#define DRM_NPU_BO_NO_CPU_ACCESS	(1u << 0)
/* One physically contiguous range of HBM. */
#define DRM_NPU_BO_CONTIGUOUS		(1u << 1)

/**
 * struct drm_npu_bo_create - allocate a buffer, its bytes are zero
 * @size: in: bytes, not 0; out: rounded up to the page size
 * @placement: in: DRM_NPU_PLACE_*, at least one; with both, HBM is preferred
 * @die_mask: in: dies in whose HBM it may lie; 0: any
 * @flags: in: DRM_NPU_BO_*
 * @exclusive_vm_id: in: the only address space that will bind it, which makes
 *	submits cheap; such a buffer cannot be exported.  0: any
 * @handle: out: GEM handle; close it with DRM_IOCTL_GEM_CLOSE
 * @pad: must be zero
 * @hbm_offset: out: HBM offset of the first byte where it is contiguous, else
 *	~0.  For diagnosis: no interface takes it
 *
 * -ENOSPC when the memory asked for is full.
 */
struct drm_npu_bo_create {
	__u64 size;
	__u32 placement;
	__u32 die_mask;
	__u32 flags;
	__u32 exclusive_vm_id;
	__u32 handle;
	__u32 pad;
	__u64 hbm_offset;
};

/**
 * struct drm_npu_bo_mmap_offset - where to mmap a buffer
 * @handle: in: GEM handle
 * @flags: in: must be zero
 * @offset: out: what to give to mmap(), with the size of the buffer, shared
 */
struct drm_npu_bo_mmap_offset {
	__u32 handle;
	__u32 flags;
	__u64 offset;
};

/* ---- Address spaces ---------------------------------------------------- */

/**
 * struct drm_npu_vm_create - create an address space
 * @flags: in: must be zero
 * @vm_id: out: its number in this file, not 0
 * @va_start: in: first address that will be bound, a multiple of the page size
 * @va_size: in: bytes from there; 0: to the end of the address space
 */
struct drm_npu_vm_create {
	__u32 flags;
	__u32 vm_id;
	__u64 va_start;
	__u64 va_size;
};

/**
 * struct drm_npu_vm_destroy - destroy an address space
 * @vm_id: in: its number
 * @pad: must be zero
 *
 * Queues that use it keep it until they are destroyed too.
 */
struct drm_npu_vm_destroy {
	__u32 vm_id;
	__u32 pad;
};

/**
 * enum drm_npu_vm_bind_op_type - what to do with a range
 * @DRM_NPU_VM_BIND_OP_MAP: map a buffer, in place of what was there
 * @DRM_NPU_VM_BIND_OP_UNMAP: unmap whatever lies in the range
 * @DRM_NPU_VM_BIND_OP_MAP_USERPTR: not built yet
 */
enum drm_npu_vm_bind_op_type {
	DRM_NPU_VM_BIND_OP_MAP = 0,
	DRM_NPU_VM_BIND_OP_UNMAP = 1,
	DRM_NPU_VM_BIND_OP_MAP_USERPTR = 2,
};

/* The card may not write through this mapping. */
#define DRM_NPU_VM_BIND_OP_READONLY	(1u << 0)

/**
 * struct drm_npu_vm_bind_op - one range
 * @op: &enum drm_npu_vm_bind_op_type
 * @flags: DRM_NPU_VM_BIND_OP_READONLY (MAP only)
 * @handle: GEM handle (MAP), else 0
 * @pad: must be zero
 * @bo_offset: first byte of the buffer (MAP), else 0; a multiple of the page size
 * @address: first address, a multiple of the page size
 * @size: bytes, not 0, a multiple of the page size
 * @userptr: room for MAP_USERPTR, must be zero
 */
struct drm_npu_vm_bind_op {
	__u32 op;
	__u32 flags;
	__u32 handle;
	__u32 pad;
	__u64 bo_offset;
	__u64 address;
	__u64 size;
	__u64 userptr;
};

/* Return at once and use the syncs: not built yet. */
#define DRM_NPU_VM_BIND_ASYNC	(1u << 0)

/**
 * struct drm_npu_vm_bind - change an address space
 * @vm_id: in: its number
 * @flags: in: DRM_NPU_VM_BIND_ASYNC
 * @ops: in: array of struct drm_npu_vm_bind_op, done in order
 * @in_syncs: in: array of struct drm_npu_sync; with DRM_NPU_VM_BIND_ASYNC only
 * @out_syncs: in: array of struct drm_npu_sync; with DRM_NPU_VM_BIND_ASYNC only
 * @failed_op: out: index of the operation that failed; those before it hold
 * @pad: must be zero
 *
 * All operations are checked before the first is done.  When the ioctl returns,
 * the card uses the new mappings and no tile uses an old one.  If it fails
 * afterwards for want of memory, @failed_op tells where.
 */
struct drm_npu_vm_bind {
	__u32 vm_id;
	__u32 flags;
	struct drm_npu_array ops;
	struct drm_npu_array in_syncs;
	struct drm_npu_array out_syncs;
	__u32 failed_op;
	__u32 pad;
};

/**
 * enum drm_npu_vm_state - how an address space is
 * @DRM_NPU_VM_USABLE: fine
 * @DRM_NPU_VM_UNUSABLE: a bind failed half-way or the card is gone
 */
enum drm_npu_vm_state {
	DRM_NPU_VM_USABLE = 0,
	DRM_NPU_VM_UNUSABLE = 1,
};

/**
 * struct drm_npu_vm_get_state - ask for an address space's state
 * @vm_id: in: its number
 * @state: out: &enum drm_npu_vm_state
 * @mapped: out: bytes mapped
 * @page_table_bytes: out: bytes of HBM in its page tables
 */
struct drm_npu_vm_get_state {
	__u32 vm_id;
	__u32 state;
	__u64 mapped;
	__u64 page_table_bytes;
};

/* ---- Queues ------------------------------------------------------------ */

/**
 * enum drm_npu_queue_priority - who goes first when gangs overlap
 * @DRM_NPU_QUEUE_PRIORITY_NORMAL: round robin among equals
 * @DRM_NPU_QUEUE_PRIORITY_LOW: not built yet
 * @DRM_NPU_QUEUE_PRIORITY_HIGH: not built yet; needs CAP_SYS_NICE
 */
enum drm_npu_queue_priority {
	DRM_NPU_QUEUE_PRIORITY_NORMAL = 0,
	DRM_NPU_QUEUE_PRIORITY_LOW = 1,
	DRM_NPU_QUEUE_PRIORITY_HIGH = 2,
};

/**
 * struct drm_npu_queue_create - create a queue
 * @vm_id: in: address space of its programs
 * @die_mask: in: the dies of its gang; 0: all
 * @priority: in: &enum drm_npu_queue_priority
 * @flags: in: must be zero
 * @timeout_ms: in: executed time after which a job is stopped, at most the
 *	card's; 0: the card's
 * @ring_jobs: in: jobs that can be in flight; 0: a default
 * @queue_id: out: its number in this file, not 0
 * @pad: must be zero
 */
struct drm_npu_queue_create {
	__u32 vm_id;
	__u32 die_mask;
	__u32 priority;
	__u32 flags;
	__u32 timeout_ms;
	__u32 ring_jobs;
	__u32 queue_id;
	__u32 pad;
};

/**
 * struct drm_npu_queue_destroy - destroy a queue; its unfinished jobs end with
 *	-ECANCELED
 * @queue_id: in: its number
 * @pad: must be zero
 */
struct drm_npu_queue_destroy {
	__u32 queue_id;
	__u32 pad;
};

/**
 * enum drm_npu_queue_state - whether a queue takes jobs
 * @DRM_NPU_QUEUE_USABLE: it does
 * @DRM_NPU_QUEUE_BANNED: SUBMIT answers -ECANCELED, for ever
 */
enum drm_npu_queue_state {
	DRM_NPU_QUEUE_USABLE = 0,
	DRM_NPU_QUEUE_BANNED = 1,
};

/**
 * enum drm_npu_ban_reason - why a queue is banned
 * @DRM_NPU_BAN_NONE: it is not
 * @DRM_NPU_BAN_FAULT: a job failed; see the error record
 * @DRM_NPU_BAN_TIMEOUT: a job executed for too long
 * @DRM_NPU_BAN_RESET: a reset took a job away (not this queue's fault)
 * @DRM_NPU_BAN_UNPLUGGED: the card is gone
 */
enum drm_npu_ban_reason {
	DRM_NPU_BAN_NONE = 0,
	DRM_NPU_BAN_FAULT = 1,
	DRM_NPU_BAN_TIMEOUT = 2,
	DRM_NPU_BAN_RESET = 3,
	DRM_NPU_BAN_UNPLUGGED = 4,
};

/**
 * struct drm_npu_queue_get_state - ask for a queue's state
 * @queue_id: in: its number
 * @state: out: &enum drm_npu_queue_state
 * @ban_reason: out: &enum drm_npu_ban_reason
 * @executing: out: 1 while a job holds the gang
 * @executed_ns: out: executed time of the job at the head
 * @jobs_submitted: out: jobs taken
 * @jobs_completed: out: jobs ended, well or not
 * @error_code: out: &enum npu_error_code (uapi/npu/isa.h), 0: none
 * @error_errno: out: the errno that its job ended with, positive
 * @error_insn: out: instruction index, 0xffffffff: none
 * @error_operand: out: operand index, 0xffff: none
 * @error_die: out: die, 0xffff: none
 * @error_address: out: address that faulted
 * @error_cookie: out: number of the job in this queue, counted from 1
 * @error_host_ns: out: host time of the card
 * @timeout_ms: out: executed time after which a job is stopped
 * @die_mask: out: the gang
 */
struct drm_npu_queue_get_state {
	__u32 queue_id;
	__u32 state;
	__u32 ban_reason;
	__u32 executing;
	__u64 executed_ns;
	__u64 jobs_submitted;
	__u64 jobs_completed;
	__u32 error_code;
	__u32 error_errno;
	__u32 error_insn;
	__u16 error_operand;
	__u16 error_die;
	__u64 error_address;
	__u64 error_cookie;
	__u64 error_host_ns;
	__u32 timeout_ms;
	__u32 die_mask;
};

/* ---- SUBMIT ------------------------------------------------------------ */

/**
 * struct drm_npu_job - one program to run
 * @queue_id: queue
 * @flags: must be zero
 * @program: address of the program, a multiple of 8
 * @args: address of the argument block, a multiple of 8; 0 if @args_size is 0
 * @report: where to write struct npu_report, a multiple of 8; 0: nowhere
 * @program_size: bytes
 * @args_size: bytes
 * @in_syncs: array of struct drm_npu_sync that the job waits for
 * @out_syncs: array of struct drm_npu_sync that it signals when it has ended
 *
 * The jobs of a queue run in the order of submission.  Those of one SUBMIT that
 * follow each other on a queue, and neither of which waits for or signals anything
 * in between, may be counted as ended together.
 */
struct drm_npu_job {
	__u32 queue_id;
	__u32 flags;
	__u64 program;
	__u64 args;
	__u64 report;
	__u32 program_size;
	__u32 args_size;
	struct drm_npu_array in_syncs;
	struct drm_npu_array out_syncs;
};

/**
 * struct drm_npu_submit - run jobs
 * @jobs: in: array of struct drm_npu_job, not empty
 * @flags: in: must be zero
 * @failed_job: out: index of the job at fault if the ioctl failed
 *
 * All jobs are checked and everything they need is reserved before the first one
 * is queued: either all are taken or none.  A job may wait for a fence that an
 * earlier one of the same array signals.  How a job ended is the error of its
 * fence, and in QUEUE_GET_STATE.
 */
struct drm_npu_submit {
	struct drm_npu_array jobs;
	__u32 flags;
	__u32 failed_job;
};

#define DRM_IOCTL_NPU_QUERY \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_NPU_QUERY, struct drm_npu_query)
#define DRM_IOCTL_NPU_BO_CREATE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_NPU_BO_CREATE, struct drm_npu_bo_create)
#define DRM_IOCTL_NPU_BO_MMAP_OFFSET \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_NPU_BO_MMAP_OFFSET, struct drm_npu_bo_mmap_offset)
#define DRM_IOCTL_NPU_VM_CREATE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_NPU_VM_CREATE, struct drm_npu_vm_create)
#define DRM_IOCTL_NPU_VM_DESTROY \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_NPU_VM_DESTROY, struct drm_npu_vm_destroy)
#define DRM_IOCTL_NPU_VM_BIND \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_NPU_VM_BIND, struct drm_npu_vm_bind)
#define DRM_IOCTL_NPU_VM_GET_STATE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_NPU_VM_GET_STATE, struct drm_npu_vm_get_state)
#define DRM_IOCTL_NPU_QUEUE_CREATE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_NPU_QUEUE_CREATE, struct drm_npu_queue_create)
#define DRM_IOCTL_NPU_QUEUE_DESTROY \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_NPU_QUEUE_DESTROY, struct drm_npu_queue_destroy)
#define DRM_IOCTL_NPU_QUEUE_GET_STATE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_NPU_QUEUE_GET_STATE, struct drm_npu_queue_get_state)
#define DRM_IOCTL_NPU_SUBMIT \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_NPU_SUBMIT, struct drm_npu_submit)

/* ---- Layout ------------------------------------------------------------ */

#if defined(__cplusplus)
#define DRM_NPU_STATIC_ASSERT(cond) static_assert(cond, #cond)
#else
#define DRM_NPU_STATIC_ASSERT(cond) _Static_assert(cond, #cond)
#endif
#define DRM_NPU_ASSERT_SIZE(type, size) \
	DRM_NPU_STATIC_ASSERT(sizeof(struct type) == (size))
#define DRM_NPU_ASSERT_AT(type, member, at) \
	DRM_NPU_STATIC_ASSERT(__builtin_offsetof(struct type, member) == (at))

DRM_NPU_ASSERT_SIZE(drm_npu_array, 16);
DRM_NPU_ASSERT_AT(drm_npu_array, stride, 0);
DRM_NPU_ASSERT_AT(drm_npu_array, count, 4);
DRM_NPU_ASSERT_AT(drm_npu_array, pointer, 8);

DRM_NPU_ASSERT_SIZE(drm_npu_sync, 16);
DRM_NPU_ASSERT_AT(drm_npu_sync, flags, 0);
DRM_NPU_ASSERT_AT(drm_npu_sync, handle, 4);
DRM_NPU_ASSERT_AT(drm_npu_sync, timeline_value, 8);

DRM_NPU_ASSERT_SIZE(drm_npu_query, 16);
DRM_NPU_ASSERT_AT(drm_npu_query, type, 0);
DRM_NPU_ASSERT_AT(drm_npu_query, size, 4);
DRM_NPU_ASSERT_AT(drm_npu_query, pointer, 8);

DRM_NPU_ASSERT_SIZE(drm_npu_query_device, 136);
DRM_NPU_ASSERT_AT(drm_npu_query_device, model, 0);
DRM_NPU_ASSERT_AT(drm_npu_query_device, serial, 32);
DRM_NPU_ASSERT_AT(drm_npu_query_device, profile, 40);
DRM_NPU_ASSERT_AT(drm_npu_query_device, platform, 44);
DRM_NPU_ASSERT_AT(drm_npu_query_device, regs_major, 48);
DRM_NPU_ASSERT_AT(drm_npu_query_device, regs_minor, 50);
DRM_NPU_ASSERT_AT(drm_npu_query_device, isa_major, 52);
DRM_NPU_ASSERT_AT(drm_npu_query_device, isa_minor, 54);
DRM_NPU_ASSERT_AT(drm_npu_query_device, dies, 56);
DRM_NPU_ASSERT_AT(drm_npu_query_device, queues, 60);
DRM_NPU_ASSERT_AT(drm_npu_query_device, health, 64);
DRM_NPU_ASSERT_AT(drm_npu_query_device, va_bits, 68);
DRM_NPU_ASSERT_AT(drm_npu_query_device, page_size, 72);
DRM_NPU_ASSERT_AT(drm_npu_query_device, ring_max_jobs, 76);
DRM_NPU_ASSERT_AT(drm_npu_query_device, capabilities, 80);
DRM_NPU_ASSERT_AT(drm_npu_query_device, max_program_size, 88);
DRM_NPU_ASSERT_AT(drm_npu_query_device, max_args_size, 92);
DRM_NPU_ASSERT_AT(drm_npu_query_device, timeout_ms, 96);
DRM_NPU_ASSERT_AT(drm_npu_query_device, clients, 100);
DRM_NPU_ASSERT_AT(drm_npu_query_device, jobs_completed, 104);
DRM_NPU_ASSERT_AT(drm_npu_query_device, jobs_failed, 112);
DRM_NPU_ASSERT_AT(drm_npu_query_device, faults, 120);
DRM_NPU_ASSERT_AT(drm_npu_query_device, pci_domain, 128);
DRM_NPU_ASSERT_AT(drm_npu_query_device, pci_bus, 132);
DRM_NPU_ASSERT_AT(drm_npu_query_device, pci_device, 133);
DRM_NPU_ASSERT_AT(drm_npu_query_device, pci_function, 134);
DRM_NPU_ASSERT_AT(drm_npu_query_device, pad, 135);

DRM_NPU_ASSERT_SIZE(drm_npu_query_die, 32);
DRM_NPU_ASSERT_AT(drm_npu_query_die, busy_host_ns, 0);
DRM_NPU_ASSERT_AT(drm_npu_query_die, busy_device_ns, 8);
DRM_NPU_ASSERT_AT(drm_npu_query_die, tiles, 16);
DRM_NPU_ASSERT_AT(drm_npu_query_die, state, 24);
DRM_NPU_ASSERT_AT(drm_npu_query_die, resets, 28);

DRM_NPU_ASSERT_SIZE(drm_npu_query_memory, 40);
DRM_NPU_ASSERT_AT(drm_npu_query_memory, memory_class, 0);
DRM_NPU_ASSERT_AT(drm_npu_query_memory, die, 4);
DRM_NPU_ASSERT_AT(drm_npu_query_memory, base, 8);
DRM_NPU_ASSERT_AT(drm_npu_query_memory, total, 16);
DRM_NPU_ASSERT_AT(drm_npu_query_memory, used, 24);
DRM_NPU_ASSERT_AT(drm_npu_query_memory, cpu_visible, 32);

DRM_NPU_ASSERT_SIZE(drm_npu_query_clocks, 24);
DRM_NPU_ASSERT_AT(drm_npu_query_clocks, host_ns, 0);
DRM_NPU_ASSERT_AT(drm_npu_query_clocks, device_ns, 8);
DRM_NPU_ASSERT_AT(drm_npu_query_clocks, cpu_ns, 16);

DRM_NPU_ASSERT_SIZE(drm_npu_query_resets, 24);
DRM_NPU_ASSERT_AT(drm_npu_query_resets, queue, 0);
DRM_NPU_ASSERT_AT(drm_npu_query_resets, die, 8);
DRM_NPU_ASSERT_AT(drm_npu_query_resets, card, 16);

DRM_NPU_ASSERT_SIZE(drm_npu_bo_create, 40);
DRM_NPU_ASSERT_AT(drm_npu_bo_create, size, 0);
DRM_NPU_ASSERT_AT(drm_npu_bo_create, placement, 8);
DRM_NPU_ASSERT_AT(drm_npu_bo_create, die_mask, 12);
DRM_NPU_ASSERT_AT(drm_npu_bo_create, flags, 16);
DRM_NPU_ASSERT_AT(drm_npu_bo_create, exclusive_vm_id, 20);
DRM_NPU_ASSERT_AT(drm_npu_bo_create, handle, 24);
DRM_NPU_ASSERT_AT(drm_npu_bo_create, pad, 28);
DRM_NPU_ASSERT_AT(drm_npu_bo_create, hbm_offset, 32);

DRM_NPU_ASSERT_SIZE(drm_npu_bo_mmap_offset, 16);
DRM_NPU_ASSERT_AT(drm_npu_bo_mmap_offset, handle, 0);
DRM_NPU_ASSERT_AT(drm_npu_bo_mmap_offset, flags, 4);
DRM_NPU_ASSERT_AT(drm_npu_bo_mmap_offset, offset, 8);

DRM_NPU_ASSERT_SIZE(drm_npu_vm_create, 24);
DRM_NPU_ASSERT_AT(drm_npu_vm_create, flags, 0);
DRM_NPU_ASSERT_AT(drm_npu_vm_create, vm_id, 4);
DRM_NPU_ASSERT_AT(drm_npu_vm_create, va_start, 8);
DRM_NPU_ASSERT_AT(drm_npu_vm_create, va_size, 16);

DRM_NPU_ASSERT_SIZE(drm_npu_vm_destroy, 8);
DRM_NPU_ASSERT_AT(drm_npu_vm_destroy, vm_id, 0);
DRM_NPU_ASSERT_AT(drm_npu_vm_destroy, pad, 4);

DRM_NPU_ASSERT_SIZE(drm_npu_vm_bind_op, 48);
DRM_NPU_ASSERT_AT(drm_npu_vm_bind_op, op, 0);
DRM_NPU_ASSERT_AT(drm_npu_vm_bind_op, flags, 4);
DRM_NPU_ASSERT_AT(drm_npu_vm_bind_op, handle, 8);
DRM_NPU_ASSERT_AT(drm_npu_vm_bind_op, pad, 12);
DRM_NPU_ASSERT_AT(drm_npu_vm_bind_op, bo_offset, 16);
DRM_NPU_ASSERT_AT(drm_npu_vm_bind_op, address, 24);
DRM_NPU_ASSERT_AT(drm_npu_vm_bind_op, size, 32);
DRM_NPU_ASSERT_AT(drm_npu_vm_bind_op, userptr, 40);

DRM_NPU_ASSERT_SIZE(drm_npu_vm_bind, 64);
DRM_NPU_ASSERT_AT(drm_npu_vm_bind, vm_id, 0);
DRM_NPU_ASSERT_AT(drm_npu_vm_bind, flags, 4);
DRM_NPU_ASSERT_AT(drm_npu_vm_bind, ops, 8);
DRM_NPU_ASSERT_AT(drm_npu_vm_bind, in_syncs, 24);
DRM_NPU_ASSERT_AT(drm_npu_vm_bind, out_syncs, 40);
DRM_NPU_ASSERT_AT(drm_npu_vm_bind, failed_op, 56);
DRM_NPU_ASSERT_AT(drm_npu_vm_bind, pad, 60);

DRM_NPU_ASSERT_SIZE(drm_npu_vm_get_state, 24);
DRM_NPU_ASSERT_AT(drm_npu_vm_get_state, vm_id, 0);
DRM_NPU_ASSERT_AT(drm_npu_vm_get_state, state, 4);
DRM_NPU_ASSERT_AT(drm_npu_vm_get_state, mapped, 8);
DRM_NPU_ASSERT_AT(drm_npu_vm_get_state, page_table_bytes, 16);

DRM_NPU_ASSERT_SIZE(drm_npu_queue_create, 32);
DRM_NPU_ASSERT_AT(drm_npu_queue_create, vm_id, 0);
DRM_NPU_ASSERT_AT(drm_npu_queue_create, die_mask, 4);
DRM_NPU_ASSERT_AT(drm_npu_queue_create, priority, 8);
DRM_NPU_ASSERT_AT(drm_npu_queue_create, flags, 12);
DRM_NPU_ASSERT_AT(drm_npu_queue_create, timeout_ms, 16);
DRM_NPU_ASSERT_AT(drm_npu_queue_create, ring_jobs, 20);
DRM_NPU_ASSERT_AT(drm_npu_queue_create, queue_id, 24);
DRM_NPU_ASSERT_AT(drm_npu_queue_create, pad, 28);

DRM_NPU_ASSERT_SIZE(drm_npu_queue_destroy, 8);
DRM_NPU_ASSERT_AT(drm_npu_queue_destroy, queue_id, 0);
DRM_NPU_ASSERT_AT(drm_npu_queue_destroy, pad, 4);

DRM_NPU_ASSERT_SIZE(drm_npu_queue_get_state, 88);
DRM_NPU_ASSERT_AT(drm_npu_queue_get_state, queue_id, 0);
DRM_NPU_ASSERT_AT(drm_npu_queue_get_state, state, 4);
DRM_NPU_ASSERT_AT(drm_npu_queue_get_state, ban_reason, 8);
DRM_NPU_ASSERT_AT(drm_npu_queue_get_state, executing, 12);
DRM_NPU_ASSERT_AT(drm_npu_queue_get_state, executed_ns, 16);
DRM_NPU_ASSERT_AT(drm_npu_queue_get_state, jobs_submitted, 24);
DRM_NPU_ASSERT_AT(drm_npu_queue_get_state, jobs_completed, 32);
DRM_NPU_ASSERT_AT(drm_npu_queue_get_state, error_code, 40);
DRM_NPU_ASSERT_AT(drm_npu_queue_get_state, error_errno, 44);
DRM_NPU_ASSERT_AT(drm_npu_queue_get_state, error_insn, 48);
DRM_NPU_ASSERT_AT(drm_npu_queue_get_state, error_operand, 52);
DRM_NPU_ASSERT_AT(drm_npu_queue_get_state, error_die, 54);
DRM_NPU_ASSERT_AT(drm_npu_queue_get_state, error_address, 56);
DRM_NPU_ASSERT_AT(drm_npu_queue_get_state, error_cookie, 64);
DRM_NPU_ASSERT_AT(drm_npu_queue_get_state, error_host_ns, 72);
DRM_NPU_ASSERT_AT(drm_npu_queue_get_state, timeout_ms, 80);
DRM_NPU_ASSERT_AT(drm_npu_queue_get_state, die_mask, 84);

DRM_NPU_ASSERT_SIZE(drm_npu_job, 72);
DRM_NPU_ASSERT_AT(drm_npu_job, queue_id, 0);
DRM_NPU_ASSERT_AT(drm_npu_job, flags, 4);
DRM_NPU_ASSERT_AT(drm_npu_job, program, 8);
DRM_NPU_ASSERT_AT(drm_npu_job, args, 16);
DRM_NPU_ASSERT_AT(drm_npu_job, report, 24);
DRM_NPU_ASSERT_AT(drm_npu_job, program_size, 32);
DRM_NPU_ASSERT_AT(drm_npu_job, args_size, 36);
DRM_NPU_ASSERT_AT(drm_npu_job, in_syncs, 40);
DRM_NPU_ASSERT_AT(drm_npu_job, out_syncs, 56);

DRM_NPU_ASSERT_SIZE(drm_npu_submit, 24);
DRM_NPU_ASSERT_AT(drm_npu_submit, jobs, 0);
DRM_NPU_ASSERT_AT(drm_npu_submit, flags, 16);
DRM_NPU_ASSERT_AT(drm_npu_submit, failed_job, 20);

#if defined(__cplusplus)
}
#endif

#endif /* _UAPI_NPU_ACCEL_H_ */
