// SPDX-License-Identifier: MIT
/*
 * A driver in its smallest form: bring the card up, run one program, wait for its
 * fence.  No operating system is needed; what a machine must offer is in bring-up.h.
 */
#include <string.h>

#include <npu/regs.h>

#include "bring-up.h"

/* Where this driver keeps things: offsets in HBM, and a virtual address. */
#define TABLES	  0x000000 /* three page tables, one behind the other */
#define CLIENT	  0x200000 /* what the client sees: 2 MiB */
#define CLIENT_VA 0x200000ull
#define PROGRAM	  0x0000 /* in there */
#define ARGUMENTS 0x1000
#define REPORT	  0x2000
#define DATA	  0x3000

#define QUEUE	   0
#define VECTOR	   0
#define RING_ORDER 4

/* Publishes what was stored to memory before what is stored after. */
#define barrier() __atomic_thread_fence(__ATOMIC_SEQ_CST)

static uint64_t *tail;
static struct npu_packet *ring;
static const volatile struct npu_fence_record *record;

static bool identify(void)
{
	return read32(NPU_REG_MAGIC) == NPU_MAGIC &&
	       read32(NPU_REG_VERSION) >> 16 == NPU_REGS_MAJOR;
}

/* A card that somebody has used is reset; either way it is ready in the end. */
static bool make_ready(void)
{
	uint64_t end = read64(NPU_REG_HOST_TIME) + 2000000000;
	uint32_t status;

	if (read32(NPU_REG_STATUS) & NPU_STATUS_DIRTY)
		write32(NPU_REG_CONTROL, NPU_CONTROL_RESET);
	do {
		status = read32(NPU_REG_STATUS);
		if ((status & NPU_STATUS_READY) && !(status & NPU_STATUS_BUSY))
			return true;
	} while (read64(NPU_REG_HOST_TIME) < end);
	return false;
}

static void unmask_interrupts(void)
{
	write32(NPU_REG_EVENT_VECTOR, VECTOR);
	write32(NPU_REG_VECTOR(VECTOR) + NPU_VECTOR_MASK, 0);
}

/* One leaf of 2 MiB: three tables lead to it. */
static void make_address_space(void)
{
	uint64_t *table[3];
	unsigned int i;

	for (i = 0; i < 3; i++) {
		table[i] = hbm(TABLES + i * NPU_PT_SIZE);
		memset(table[i], 0, NPU_PT_SIZE);
	}
	table[0][CLIENT_VA >> NPU_PT_SHIFT(3)] = (TABLES + 0x1000) | NPU_PTE_VALID;
	table[1][CLIENT_VA >> NPU_PT_SHIFT(2)] = (TABLES + 0x2000) | NPU_PTE_VALID;
	table[2][CLIENT_VA >> NPU_PT_SHIFT(1)] = CLIENT | NPU_PTE_VALID | NPU_PTE_LEAF |
						 NPU_PTE_WRITE |
						 NPU_APERTURE_HBM
							 << NPU_PTE_APERTURE_SHIFT;
}

static bool enable_queue(void)
{
	const uint32_t queue = NPU_REG_QUEUE(QUEUE);
	uint64_t ring_at, tail_at;

	ring = host_memory(sizeof(*ring) << RING_ORDER, &ring_at);
	record = host_memory(4096, &tail_at);
	tail = (uint64_t *)(record + 1);
	write64(queue + NPU_QUEUE_RING, ring_at);
	write64(queue + NPU_QUEUE_FENCE, tail_at);
	write64(queue + NPU_QUEUE_TAIL, tail_at + sizeof(*record));
	write64(queue + NPU_QUEUE_ROOT, TABLES);
	write32(queue + NPU_QUEUE_RING_ORDER, RING_ORDER);
	write32(queue + NPU_QUEUE_DIE_MASK, (1u << read32(NPU_REG_DIES)) - 1);
	write32(queue + NPU_QUEUE_PRIORITY, NPU_QUEUE_PRIORITY_NORMAL);
	write32(queue + NPU_QUEUE_VECTOR, VECTOR);
	write32(queue + NPU_QUEUE_CONTROL, NPU_QUEUE_CONTROL_ENABLE);
	return read32(queue + NPU_QUEUE_STATE) == NPU_QUEUE_IDLE;
}

struct program {
	struct npu_program_header header;
	struct npu_insn insn;
	struct npu_tensor tensor[3];
};

/* d = a + b, one number each, one behind the other in memory. */
static void write_program(void)
{
	struct program program = {
		.header =
			{
				.magic = NPU_PROGRAM_MAGIC,
				.isa_major = NPU_ISA_MAJOR,
				.insn_count = 1,
				.tensor_count = 3,
				.base_count = 1,
			},
		.insn = {.opcode = NPU_OP_ADD, .scalar = NPU_NONE},
	};
	unsigned int i;

	for (i = 0; i < NPU_MAX_OPERANDS; i++)
		program.insn.operand[i] = i < 3 ? i : NPU_NONE;
	for (i = 0; i < 3; i++) {
		program.tensor[i].dtype = NPU_DTYPE_F32;
		program.tensor[i].rank = 1;
		program.tensor[i].offset = i * sizeof(float);
		program.tensor[i].extent[0] = 1;
		program.tensor[i].stride[0] = sizeof(float);
	}
	memcpy(hbm(CLIENT + PROGRAM), &program, sizeof(program));
}

static void submit(void)
{
	const struct npu_packet run = {
		.opcode = NPU_PACKET_RUN,
		.run =
			{
				.program = CLIENT_VA + PROGRAM,
				.program_size = sizeof(struct program),
				.args = CLIENT_VA + ARGUMENTS,
				.args_size = sizeof(uint64_t),
				.report = CLIENT_VA + REPORT,
				.cookie = 1,
			},
	};
	const struct npu_packet fence = {
		.opcode = NPU_PACKET_FENCE,
		.fence.sequence = 1,
	};

	ring[0] = run;
	ring[1] = fence;
	barrier();
	*(volatile uint64_t *)tail = 2;
	barrier();
	write32(NPU_REG_DOORBELL(QUEUE), 0);
}

/* The vector stands for any queue and for errors: look who has news. */
static bool fence_has_come(void)
{
	const uint32_t vector = NPU_REG_VECTOR(VECTOR);

	while (wait_for_vector(VECTOR)) {
		if (read32(vector + NPU_VECTOR_SUMMARY) & 1 &&
		    read64(vector + NPU_VECTOR_QUEUES(0)) & 1ull << QUEUE)
			return record->sequence == 1;
		if (read32(NPU_REG_EVENTS) & NPU_EVENT_QUEUE_ERROR)
			return false; /* NPU_QUEUE_ERROR has the error record */
	}
	return false;
}

int bring_up_and_add(float a, float b, float *sum)
{
	const struct npu_report *report;
	float *data;

	if (!identify())
		return 1;
	if (!make_ready())
		return 2;
	unmask_interrupts();
	make_address_space();
	if (!enable_queue())
		return 3;

	write_program();
	*(uint64_t *)hbm(CLIENT + ARGUMENTS) = CLIENT_VA + DATA;
	data = hbm(CLIENT + DATA);
	data[1] = a;
	data[2] = b;
	submit();
	if (!fence_has_come())
		return 4;

	report = hbm(CLIENT + REPORT);
	if (report->status != NPU_ERR_NONE || report->insn != 1)
		return 5;
	*sum = data[0];
	return 0;
}
