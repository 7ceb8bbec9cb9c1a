/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Malformed packets, programs and registers: a record, and nothing worse. */
#include "card.h"

/* Another queue must not notice. */
static void expect_others_work(void)
{
    struct queue other = queue_new(1, space_new());

    queue_enable(&other);
    queue_sync(&other);
}

static struct npu_error expect_packet_error(const struct npu_packet *packet,
                                            uint32_t code)
{
    struct npu_packet nop = { .opcode = NPU_PACKET_NOP };
    struct queue queue = card_start_queue(0);
    struct npu_error error;

    queue_push(&queue, &nop);
    queue_push(&queue, packet);
    queue_ring_doorbell(&queue);
    error = queue_wait_error(&queue, code);
    EXPECT_EQ(error.packet, 1);
    EXPECT_EQ(error.opcode, packet->opcode);
    expect_others_work();
    qemu_quit();
    return error;
}

static void expect_bad_packet(struct npu_packet packet)
{
    expect_packet_error(&packet, NPU_ERR_PACKET);
}

static struct npu_packet good_copy(void)
{
    return packet_copy(NPU_SPACE_HBM, HBM_DATA, NPU_SPACE_HBM,
                       HBM_DATA + 0x1000, 64);
}

TEST(packet, unknown_opcode)
{
    expect_bad_packet((struct npu_packet){ .opcode = 0x77 });
}

TEST(packet, wait_is_not_built)
{
    expect_packet_error(&(struct npu_packet){ .opcode = NPU_PACKET_WAIT },
                        NPU_ERR_UNSUPPORTED);
}

TEST(packet, non_zero_pad)
{
    struct npu_packet packet = good_copy();

    packet.pad = 1;
    expect_bad_packet(packet);
}

TEST(packet, non_zero_unused_bytes)
{
    struct npu_packet packet = packet_fence(1);

    packet.raw[6] = 1;
    expect_bad_packet(packet);
}

TEST(packet, nop_with_something_in_it)
{
    expect_bad_packet((struct npu_packet){
        .opcode = NPU_PACKET_NOP,
        .pattern = 1,
    });
}

TEST(packet, fence_of_zero)
{
    expect_bad_packet(packet_fence(0));
}

TEST(packet, copy_of_nothing)
{
    struct npu_packet packet = good_copy();

    packet.copy.size = 0;
    expect_bad_packet(packet);
}

TEST(packet, copy_with_unknown_space)
{
    struct npu_packet packet = good_copy();

    packet.src_space = 3;
    expect_bad_packet(packet);
}

TEST(packet, copy_that_overflows)
{
    struct npu_packet packet = good_copy();
    struct queue queue = card_start_queue(0);

    packet.copy.src = ~0ull - 7;
    queue_push(&queue, &packet);
    queue_ring_doorbell(&queue);
    queue_wait_state(&queue, NPU_QUEUE_ERRORED);
    expect_others_work();
    qemu_quit();
}

TEST(packet, copy_behind_the_end_of_hbm)
{
    struct npu_packet packet = good_copy();
    struct queue queue = card_start_queue(0);

    packet.copy.dst = (64 << 20) - 32;
    queue_push(&queue, &packet);
    queue_ring_doorbell(&queue);
    queue_wait_state(&queue, NPU_QUEUE_ERRORED);
    expect_others_work();
    qemu_quit();
}

TEST(packet, fill_not_aligned)
{
    expect_bad_packet(packet_fill(NPU_SPACE_HBM, HBM_DATA + 2, 64, 0));
}

TEST(packet, fill_of_an_odd_size)
{
    expect_bad_packet(packet_fill(NPU_SPACE_HBM, HBM_DATA, 63, 0));
}

TEST(packet, timestamp_of_a_wrong_size)
{
    expect_bad_packet((struct npu_packet){
        .opcode = NPU_PACKET_TIMESTAMP,
        .dst_space = NPU_SPACE_HBM,
        .copy = { .dst = HBM_DATA, .size = 8 },
    });
}

TEST(packet, invalidate_of_a_root_out_of_place)
{
    expect_bad_packet(packet_invalidate(HBM_TABLES + 8, 0, 0));
}

/* ---- Programs ------------------------------------------------------------ */

static struct npu_error expect_program_error(const struct program *program,
                                             int32_t more, uint32_t code)
{
    struct queue queue = card_start_queue(0);
    struct npu_packet run = program_packet(program);
    struct npu_error error;
    struct npu_report report;

    run.run.program_size += more;
    queue_push(&queue, &run);
    queue_ring_doorbell(&queue);
    error = queue_wait_error(&queue, code);
    EXPECT_EQ(error.cookie, 0x1234);
    data_read(VA_REPORT, &report, sizeof(report));
    EXPECT_EQ(report.status, code);
    EXPECT_EQ(report.cookie, 0x1234);
    expect_others_work();
    qemu_quit();
    return error;
}

TEST(program, wrong_magic)
{
    struct program program = program_fill(16, 1);

    program.header.magic++;
    expect_program_error(&program, 0, NPU_ERR_PROGRAM);
}

TEST(program, newer_isa)
{
    struct program program = program_fill(16, 1);

    program.header.isa_major++;
    expect_program_error(&program, 0, NPU_ERR_PROGRAM);
}

TEST(program, size_that_does_not_match)
{
    struct program program = program_fill(16, 1);

    expect_program_error(&program, 64, NPU_ERR_PROGRAM);
}

TEST(program, unknown_instruction)
{
    struct program program = program_fill(16, 1);
    struct npu_error error;

    program_insn(&program, 9999, 0, NPU_NONE, NPU_NONE);
    error = expect_program_error(&program, 0, NPU_ERR_OPCODE);
    EXPECT_EQ(error.insn, 1);
}

TEST(program, operand_out_of_range)
{
    struct program program = program_fill(16, 1);

    program.insn[0].operand[0] = 5;
    expect_program_error(&program, 0, NPU_ERR_OPERAND);
}

TEST(program, tensor_without_extent)
{
    struct program program = program_fill(0, 1);

    expect_program_error(&program, 0, NPU_ERR_TENSOR);
}

TEST(program, tensor_of_an_unknown_type)
{
    struct program program = program_fill(16, 1);

    program.tensor[0].dtype = 200;
    expect_program_error(&program, 0, NPU_ERR_TENSOR);
}

TEST(program, arguments_of_a_wrong_size)
{
    struct program program = program_fill(16, 1);
    struct queue queue = card_start_queue(0);
    struct npu_packet run = program_packet(&program);

    run.run.args_size += 8;
    queue_push(&queue, &run);
    queue_ring_doorbell(&queue);
    queue_wait_error(&queue, NPU_ERR_ARGUMENTS);
    expect_others_work();
    qemu_quit();
}

TEST(program, huge)
{
    struct program program = program_fill(16, 1);
    struct queue queue = card_start_queue(0);
    struct npu_packet run = program_packet(&program);

    run.run.program_size = ~0u;
    queue_push(&queue, &run);
    queue_ring_doorbell(&queue);
    queue_wait_error(&queue, NPU_ERR_PROGRAM);
    expect_others_work();
    qemu_quit();
}

/* ---- Registers ----------------------------------------------------------- */

static void expect_bad_queue(void (*spoil)(struct queue *), uint32_t code)
{
    struct queue queue;
    struct npu_error error;

    card_start("npu-x6000,dies=4,hbm=64M");
    queue = queue_new(0, space_new());
    spoil(&queue);
    queue_enable(&queue);
    error = queue_wait_error(&queue, code);
    EXPECT_EQ(error.insn, NPU_ERROR_NO_INSN);
    expect_others_work();
    qemu_quit();
}

static void spoil_ring(struct queue *queue)
{
    queue->ring += 64;
}

TEST(enable, ring_not_aligned)
{
    expect_bad_queue(spoil_ring, NPU_ERR_RING);
}

static void spoil_order_low(struct queue *queue)
{
    queue->order = 0;
}

TEST(enable, ring_too_small)
{
    expect_bad_queue(spoil_order_low, NPU_ERR_RING);
}

static void spoil_order_high(struct queue *queue)
{
    queue->order = 17;
}

TEST(enable, ring_too_large)
{
    expect_bad_queue(spoil_order_high, NPU_ERR_RING);
}

static void spoil_mask_empty(struct queue *queue)
{
    queue->die_mask = 0;
}

TEST(enable, no_dies)
{
    expect_bad_queue(spoil_mask_empty, NPU_ERR_RING);
}

static void spoil_mask(struct queue *queue)
{
    queue->die_mask = 1 << 4;
}

TEST(enable, die_that_does_not_exist)
{
    expect_bad_queue(spoil_mask, NPU_ERR_RING);
}

static void spoil_vector(struct queue *queue)
{
    queue->vector = NPU_MAX_VECTORS;
}

TEST(enable, vector_that_does_not_exist)
{
    expect_bad_queue(spoil_vector, NPU_ERR_RING);
}

static void spoil_root(struct queue *queue)
{
    queue->root = 1ull << 40;
}

TEST(enable, page_table_outside_hbm)
{
    expect_bad_queue(spoil_root, NPU_ERR_RING);
}

static void spoil_priority(struct queue *queue)
{
    queue->priority = NPU_QUEUE_PRIORITY_HIGH;
}

TEST(enable, priority)
{
    expect_bad_queue(spoil_priority, NPU_ERR_UNSUPPORTED);
}
