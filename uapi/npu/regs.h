/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */
/*
 * The contract between a driver and a card: PCI ids, registers, ring packets,
 * records and page-table entries.
 *
 * All registers and structures are little endian.  Registers are 32 bits wide
 * and read and written so; those marked (64) are 64 bits wide at a multiple of
 * 8 and are accessed as one 64-bit word or as two 32-bit words, low word first:
 * a read of the low word holds the high word for the next read of it, a write
 * takes effect with the high word.  Accesses of other sizes or alignments read
 * zero and write nothing, and so do addresses not named here.
 */
#ifndef _UAPI_NPU_REGS_H_
#define _UAPI_NPU_REGS_H_

#include "isa.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* ---- PCI function ------------------------------------------------------ */

#define NPU_PCI_VENDOR_ID	0x1af4
#define NPU_PCI_DEVICE_ID	0x10f0
#define NPU_PCI_DEVICE_ID_VF	0x10f1
#define NPU_PCI_CLASS		0x120000	/* processing accelerator */

#define NPU_BAR_REGS		0
#define NPU_BAR_HBM		2
#define NPU_BAR_MSIX		4

#define NPU_BAR_REGS_SIZE	(16u << 20)

#define NPU_MAX_DIES		8
#define NPU_MAX_QUEUES		1024
#define NPU_MAX_VECTORS		32

/* ---- Identity (read only) ---------------------------------------------- */

#define NPU_REG_MAGIC		0x0000
#define NPU_MAGIC		0x3155504eu	/* "NPU1" */

/*
 * Interface version: bits 31:16 major, 15:0 minor.  A driver refuses a major
 * that it does not know and accepts every minor.
 */
#define NPU_REG_VERSION		0x0004
#define NPU_REGS_MAJOR		1
#define NPU_REGS_MINOR		0

#define NPU_REG_PLATFORM	0x0008
#define NPU_PLATFORM_SILICON	0
#define NPU_PLATFORM_EMULATED	1

#define NPU_REG_PROFILE		0x000c	/* &enum npu_profile_id */
#define NPU_REG_CAPS		0x0010	/* (64) NPU_CAP_*, unknown bits ignored */
#define NPU_CAP_DIE_RESET	(1ull << 0)
#define NPU_CAP_PRIORITIES	(1ull << 1)
#define NPU_CAP_WAIT		(1ull << 2)
#define NPU_CAP_FABRIC		(1ull << 3)

#define NPU_REG_DIES		0x0018	/* number of dies, 1 to NPU_MAX_DIES */
#define NPU_REG_QUEUES		0x001c	/* number of queues */
#define NPU_REG_VECTORS		0x0020	/* number of MSI-X vectors */
#define NPU_REG_ISA_VERSION	0x0024	/* bits 31:16 major, 15:0 minor */
#define NPU_REG_HBM_SIZE	0x0028	/* (64) bytes */
#define NPU_REG_SERIAL		0x0030	/* (64) */
#define NPU_REG_HOST_TIME	0x0038	/* (64) monotonic ns, never 0 */
#define NPU_REG_DEVICE_TIME	0x0040	/* (64) ns of device time charged so far */
#define NPU_REG_VA_BITS		0x0048	/* 48 */
#define NPU_REG_RING_MAX	0x004c	/* most packets in a ring */

/**
 * enum npu_profile_id - card models
 * @NPU_PROFILE_X6000: X6000, inference
 * @NPU_PROFILE_DV100P: DeepVerse100, prefill
 * @NPU_PROFILE_DV200D: first decode chip
 * @NPU_PROFILE_DV300D: second decode chip
 */
enum npu_profile_id {
	NPU_PROFILE_X6000 = 1,
	NPU_PROFILE_DV100P = 2,
	NPU_PROFILE_DV200D = 3,
	NPU_PROFILE_DV300D = 4,
};

/* ---- Control ----------------------------------------------------------- */

/*
 * READY: the card takes commands.  BUSY: a reset is in progress, work from
 * before it is still leaving; all writes but those to NPU_REG_CONTROL are
 * ignored until it reads 0.  DIRTY: a queue was enabled since the last reset.
 */
#define NPU_REG_STATUS		0x0100
#define NPU_STATUS_READY	(1u << 0)
#define NPU_STATUS_BUSY		(1u << 1)
#define NPU_STATUS_FAILED	(1u << 2)
#define NPU_STATUS_DIRTY	(1u << 3)

/* Writing RESET does what an FLR does to everything but PCI configuration. */
#define NPU_REG_CONTROL		0x0104
#define NPU_CONTROL_RESET	(1u << 0)

/* Vector of errors and events; NPU_NO_VECTOR: none (the value after reset). */
#define NPU_REG_EVENT_VECTOR	0x0108
#define NPU_NO_VECTOR		0xffffffffu

/* Events since the last read (read to clear). */
#define NPU_REG_EVENTS		0x010c
#define NPU_EVENT_QUEUE_ERROR	(1u << 0)	/* see NPU_REG_ERROR_QUEUES() */
#define NPU_EVENT_DIE_RESET	(1u << 1)	/* a die reset has completed */

/* One bit a queue that stopped with an error (read to clear), word 0..15 (64) */
#define NPU_REG_ERROR_QUEUES(word)	(0x0200 + 8 * (word))

/* ---- Dies -------------------------------------------------------------- */

#define NPU_REG_DIE(die)	(0x1000 + 0x40 * (die))
#define NPU_DIE_HBM_BASE	0x00	/* (64) HBM offset of the die's range */
#define NPU_DIE_HBM_SIZE	0x08	/* (64) its bytes */
#define NPU_DIE_BUSY_HOST	0x10	/* (64) ns of host time in a gang */
#define NPU_DIE_BUSY_DEVICE	0x18	/* (64) ns of device time in a gang */
#define NPU_DIE_TILES		0x20	/* (64) tiles retired */
#define NPU_DIE_STATE		0x28	/* &enum npu_die_state */
#define NPU_DIE_CONTROL		0x2c	/* NPU_DIE_CONTROL_RESET */
#define NPU_DIE_RESETS		0x30	/* resets since power-on */
#define NPU_DIE_CONTROL_RESET	(1u << 0)

/**
 * enum npu_die_state - what a die does
 * @NPU_DIE_IDLE: member of no gang
 * @NPU_DIE_RUNNING: member of a gang
 * @NPU_DIE_RESETTING: being reset, ready again when it reads another state
 */
enum npu_die_state {
	NPU_DIE_IDLE = 0,
	NPU_DIE_RUNNING = 1,
	NPU_DIE_RESETTING = 2,
};

/* ---- Interrupt vectors ------------------------------------------------- */

/*
 * A vector is raised when a queue mapped to it has news while its mask is 0 and
 * its hold-off has passed since it was last raised; news that come in between
 * raise it when they may.  Unmasking raises it if its bitmap is not empty.
 */
#define NPU_REG_VECTOR(vector)	(0x2000 + 0x100 * (vector))
#define NPU_VECTOR_QUEUES(word)	(8 * (word))	/* (64) bitmap, read to clear */
#define NPU_VECTOR_SUMMARY	0x80	/* bit i: word i of the bitmap is not 0 */
#define NPU_VECTOR_MASK		0x84	/* 1: masked, the value after reset */
#define NPU_VECTOR_HOLDOFF	0x88	/* us, at most NPU_HOLDOFF_MAX */
#define NPU_HOLDOFF_MAX		1000000u

/* ---- Queues ------------------------------------------------------------ */

/*
 * Registers up to NPU_QUEUE_VECTOR are written while the queue is disabled and
 * ignored otherwise.
 */
#define NPU_REG_QUEUE(queue)	(0x100000 + 0x100 * (queue))
#define NPU_QUEUE_RING		0x00	/* (64) bus address, multiple of 4096 */
#define NPU_QUEUE_TAIL		0x08	/* (64) bus address of the tail, a __u64 */
#define NPU_QUEUE_FENCE		0x10	/* (64) bus address of struct npu_fence_record */
#define NPU_QUEUE_ROOT		0x18	/* (64) HBM offset of the page-table root */
#define NPU_QUEUE_RING_ORDER	0x20	/* ring holds 1 << order packets, 1..16 */
#define NPU_QUEUE_DIE_MASK	0x24	/* the gang; not 0, existing dies only */
#define NPU_QUEUE_PRIORITY	0x28	/* &enum npu_queue_priority */
#define NPU_QUEUE_VECTOR	0x2c	/* or NPU_NO_VECTOR */
#define NPU_QUEUE_CONTROL	0x30	/* NPU_QUEUE_CONTROL_* */
#define NPU_QUEUE_STATE		0x34	/* &enum npu_queue_state */
#define NPU_QUEUE_HEAD		0x40	/* (64) packets completed since enabled */
#define NPU_QUEUE_EXEC_TIME	0x48	/* (64) host ns the head has held its gang */
#define NPU_QUEUE_TILES		0x50	/* (64) tiles retired since enabled */
#define NPU_QUEUE_INSN		0x58	/* instruction index of that packet */
#define NPU_QUEUE_ERROR		0x80	/* struct npu_error, 8 words (64) */

/*
 * ENABLE: check the registers, forget the error record, begin with packet 0.
 * A queue whose registers do not pass enters NPU_QUEUE_ERRORED with NPU_ERR_RING,
 * or NPU_ERR_UNSUPPORTED for a priority that the card does not have.
 * STOP: end at the next tile or within this one, at most 100 ms from now, with
 * NPU_ERR_STOPPED if a packet was being worked on; then the state is
 * NPU_QUEUE_STOPPED or NPU_QUEUE_ERRORED.
 * DISABLE: the queue must be stopped, errored or disabled; otherwise it is as STOP.
 * The host addresses are not used any more once the state is
 * NPU_QUEUE_STOPPED, NPU_QUEUE_ERRORED or NPU_QUEUE_DISABLED.
 */
#define NPU_QUEUE_CONTROL_ENABLE	1
#define NPU_QUEUE_CONTROL_STOP		2
#define NPU_QUEUE_CONTROL_DISABLE	3

/**
 * enum npu_queue_state - what a queue does
 * @NPU_QUEUE_DISABLED: nothing, registers may be written
 * @NPU_QUEUE_IDLE: head has reached the tail
 * @NPU_QUEUE_WAITING: has a packet, waits for its gang, an older tile, or room in
 *	the card for its program
 * @NPU_QUEUE_EXECUTING: has a packet and its gang
 * @NPU_QUEUE_STOPPING: leaves at the next tile
 * @NPU_QUEUE_STOPPED: was stopped between packets
 * @NPU_QUEUE_ERRORED: stopped with an error record
 */
enum npu_queue_state {
	NPU_QUEUE_DISABLED = 0,
	NPU_QUEUE_IDLE = 1,
	NPU_QUEUE_WAITING = 2,
	NPU_QUEUE_EXECUTING = 3,
	NPU_QUEUE_STOPPING = 4,
	NPU_QUEUE_STOPPED = 5,
	NPU_QUEUE_ERRORED = 6,
};

/**
 * enum npu_queue_priority - who goes first when gangs overlap
 * @NPU_QUEUE_PRIORITY_NORMAL: round robin among equals
 * @NPU_QUEUE_PRIORITY_LOW: only with NPU_CAP_PRIORITIES
 * @NPU_QUEUE_PRIORITY_HIGH: only with NPU_CAP_PRIORITIES
 */
enum npu_queue_priority {
	NPU_QUEUE_PRIORITY_NORMAL = 0,
	NPU_QUEUE_PRIORITY_LOW = 1,
	NPU_QUEUE_PRIORITY_HIGH = 2,
};

/*
 * Doorbells: a page a queue.  Any 32-bit write at its start makes the card read
 * the queue's tail from memory; the value is ignored.
 */
#define NPU_REG_DOORBELL(queue)	(0x400000 + 0x1000 * (queue))

/* ---- Ring packets ------------------------------------------------------ */

/**
 * enum npu_packet_opcode - kinds of packets
 * @NPU_PACKET_NOP: nothing
 * @NPU_PACKET_RUN: run a program on the gang
 * @NPU_PACKET_FENCE: publish progress, after all earlier packets of the queue
 * @NPU_PACKET_COPY: copy memory
 * @NPU_PACKET_FILL: fill memory with a 32-bit pattern
 * @NPU_PACKET_WAIT: wait for a word of memory; only with NPU_CAP_WAIT
 * @NPU_PACKET_TIMESTAMP: write host and device time, two __u64, ns
 * @NPU_PACKET_INVALIDATE: forget translations; completes after every tile, of
 *	any queue, that holds an older one has finished
 *
 * A queue handles its packets in order, one at a time.
 */
enum npu_packet_opcode {
	NPU_PACKET_NOP = 0,
	NPU_PACKET_RUN = 1,
	NPU_PACKET_FENCE = 2,
	NPU_PACKET_COPY = 3,
	NPU_PACKET_FILL = 4,
	NPU_PACKET_WAIT = 5,
	NPU_PACKET_TIMESTAMP = 6,
	NPU_PACKET_INVALIDATE = 7,
};

/**
 * enum npu_space - the space that an address in a packet belongs to
 * @NPU_SPACE_CLIENT: the queue's address space, through its page tables
 * @NPU_SPACE_HBM: kernel: an offset into this card's HBM
 * @NPU_SPACE_HOST: kernel: a bus address
 */
enum npu_space {
	NPU_SPACE_CLIENT = 0,
	NPU_SPACE_HBM = 1,
	NPU_SPACE_HOST = 2,
};

/**
 * struct npu_packet - a ring packet, 64 bytes
 * @opcode: &enum npu_packet_opcode
 * @dst_space: &enum npu_space of the destination (COPY, FILL, TIMESTAMP)
 * @src_space: &enum npu_space of the source (COPY)
 * @pad: must be zero
 * @pattern: 32-bit pattern (FILL)
 * @run: for NPU_PACKET_RUN; all addresses are NPU_SPACE_CLIENT
 * @run.program: address of the program
 * @run.args: address of the argument block, ignored if its size is 0
 * @run.report: address of the struct npu_report to write, 0: none
 * @run.cookie: handed back in reports and error records
 * @run.program_size: bytes
 * @run.args_size: bytes
 * @fence: for NPU_PACKET_FENCE
 * @fence.sequence: what to write to the fence record, not 0
 * @copy: for NPU_PACKET_COPY, FILL and TIMESTAMP
 * @copy.dst: destination; of FILL a multiple of 4, of TIMESTAMP of 8
 * @copy.src: source (COPY)
 * @copy.size: bytes, not 0; of FILL a multiple of 4; 16 for TIMESTAMP
 * @invalidate: for NPU_PACKET_INVALIDATE
 * @invalidate.root: HBM offset of the root of the page tables that changed
 * @invalidate.address: first address that changed
 * @invalidate.size: bytes that changed, 0: everything under the root
 * @raw: all parameter bytes; the unused ones must be zero
 */
struct npu_packet {
	__u8 opcode;
	__u8 dst_space;
	__u8 src_space;
	__u8 pad;
	__u32 pattern;
	union {
		struct {
			__u64 program;
			__u64 args;
			__u64 report;
			__u64 cookie;
			__u32 program_size;
			__u32 args_size;
		} run;
		struct {
			__u64 sequence;
		} fence;
		struct {
			__u64 dst;
			__u64 src;
			__u64 size;
		} copy;
		struct {
			__u64 root;
			__u64 address;
			__u64 size;
		} invalidate;
		__u64 raw[7];
	};
};

/**
 * struct npu_fence_record - what FENCE writes into coherent host memory, 64 bytes
 * @sequence: number of the newest FENCE that was reached, written last
 * @status: 0; never all ones, which is what a vanished card reads as
 * @pad: zero
 * @host_time: when it was reached, ns
 * @device_time: device time charged to the queue so far, ns
 * @pad2: zero
 */
struct npu_fence_record {
	__u64 sequence;
	__u32 status;
	__u32 pad;
	__u64 host_time;
	__u64 device_time;
	__u64 pad2[4];
};

/* ---- Page tables ------------------------------------------------------- */

/*
 * Four levels of 512 entries of 8 bytes in HBM, each table 4 KiB and aligned to
 * that.  Virtual addresses have 48 bits: level 3 (the root) is indexed by bits
 * 47:39, level 2 by 38:30, level 1 by 29:21, level 0 by 20:12.  An entry with
 * NPU_PTE_VALID clear maps nothing, whatever its other bits are.
 *
 * A leaf (NPU_PTE_LEAF; mandatory at level 0, allowed at levels 1 and 2, not at
 * level 3) holds the address of 4 KiB, 2 MiB or 1 GiB, aligned to that, in the
 * aperture that it names.  An entry that is no leaf holds the HBM offset of the
 * next table, and all its other bits are zero.  Anything else is NPU_ERR_PAGE_TABLE.
 */
#define NPU_VA_BITS		48
#define NPU_PAGE_SHIFT		12
#define NPU_PT_LEVELS		4
#define NPU_PT_ENTRIES		512
#define NPU_PT_SIZE		4096
#define NPU_PT_SHIFT(level)	(12 + 9 * (level))

#define NPU_PTE_VALID		(1ull << 0)
#define NPU_PTE_LEAF		(1ull << 1)
#define NPU_PTE_WRITE		(1ull << 2)	/* leaf: writable */
#define NPU_PTE_APERTURE	(3ull << 4)	/* leaf: NPU_APERTURE_* << 4 */
#define NPU_PTE_APERTURE_SHIFT	4
#define NPU_PTE_ADDRESS		0x000ffffffffff000ull
#define NPU_PTE_PEER		(0x3ffull << 52) /* leaf: peer card, aperture PEER */
#define NPU_PTE_PEER_SHIFT	52

#define NPU_APERTURE_HBM	0ull	/* this card's HBM */
#define NPU_APERTURE_HOST	1ull	/* host memory, a bus address */
#define NPU_APERTURE_PEER	2ull	/* a peer's HBM; only with NPU_CAP_FABRIC */

/* ---- Layout ------------------------------------------------------------ */

NPU_ASSERT_SIZE(struct npu_packet, 64);
NPU_ASSERT_AT(struct npu_packet, opcode, 0);
NPU_ASSERT_AT(struct npu_packet, dst_space, 1);
NPU_ASSERT_AT(struct npu_packet, src_space, 2);
NPU_ASSERT_AT(struct npu_packet, pad, 3);
NPU_ASSERT_AT(struct npu_packet, pattern, 4);
NPU_ASSERT_AT(struct npu_packet, run.program, 8);
NPU_ASSERT_AT(struct npu_packet, run.args, 16);
NPU_ASSERT_AT(struct npu_packet, run.report, 24);
NPU_ASSERT_AT(struct npu_packet, run.cookie, 32);
NPU_ASSERT_AT(struct npu_packet, run.program_size, 40);
NPU_ASSERT_AT(struct npu_packet, run.args_size, 44);
NPU_ASSERT_AT(struct npu_packet, fence.sequence, 8);
NPU_ASSERT_AT(struct npu_packet, copy.dst, 8);
NPU_ASSERT_AT(struct npu_packet, copy.src, 16);
NPU_ASSERT_AT(struct npu_packet, copy.size, 24);
NPU_ASSERT_AT(struct npu_packet, invalidate.root, 8);
NPU_ASSERT_AT(struct npu_packet, invalidate.address, 16);
NPU_ASSERT_AT(struct npu_packet, invalidate.size, 24);
NPU_ASSERT_AT(struct npu_packet, raw, 8);

NPU_ASSERT_SIZE(struct npu_fence_record, 64);
NPU_ASSERT_AT(struct npu_fence_record, sequence, 0);
NPU_ASSERT_AT(struct npu_fence_record, status, 8);
NPU_ASSERT_AT(struct npu_fence_record, pad, 12);
NPU_ASSERT_AT(struct npu_fence_record, host_time, 16);
NPU_ASSERT_AT(struct npu_fence_record, device_time, 24);
NPU_ASSERT_AT(struct npu_fence_record, pad2, 32);

#if defined(__cplusplus)
}
#endif

#endif /* _UAPI_NPU_REGS_H_ */
