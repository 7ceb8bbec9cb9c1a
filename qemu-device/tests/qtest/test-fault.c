/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Address spaces: faults of each kind, isolation, and INVALIDATE. */
#include "card.h"

#define VA_HOLE (VA_DATA + (64 << 20)) /* under a table, not mapped */
#define VA_FAR (1ull << 46)            /* not even a table */

static void push_copy(struct queue *queue, uint64_t dst, uint64_t src,
                      uint64_t size)
{
    struct npu_packet copy = packet_copy(NPU_SPACE_CLIENT, dst,
                                         NPU_SPACE_CLIENT, src, size);

    queue_push(queue, &copy);
    queue_ring_doorbell(queue);
}

static void expect_copy_error(struct queue *queue, uint64_t dst, uint64_t src,
                              uint32_t code, uint64_t address)
{
    struct npu_error error;

    push_copy(queue, dst, src, 64);
    error = queue_wait_error(queue, code);
    EXPECT_EQ(error.address, address);
    EXPECT_EQ(error.space, NPU_SPACE_CLIENT);
    EXPECT_EQ(error.packet, 0);
    qemu_quit();
}

TEST(fault, read_of_what_is_not_mapped)
{
    struct queue queue = card_start_queue(0);

    expect_copy_error(&queue, VA_TENSORS, VA_HOLE, NPU_ERR_PAGE_FAULT, VA_HOLE);
}

TEST(fault, write_of_what_is_not_mapped)
{
    struct queue queue = card_start_queue(0);

    expect_copy_error(&queue, VA_FAR, VA_TENSORS, NPU_ERR_PAGE_FAULT, VA_FAR);
}

TEST(fault, write_of_what_is_read_only)
{
    struct queue queue = card_start_queue(0);

    expect_copy_error(&queue, VA_READ_ONLY + 128, VA_TENSORS,
                      NPU_ERR_WRITE_FAULT, VA_READ_ONLY + 128);
}

TEST(fault, read_of_what_is_read_only)
{
    struct queue queue = card_start_queue(0);

    push_copy(&queue, VA_TENSORS, VA_READ_ONLY, 64);
    queue_sync(&queue);
    qemu_quit();
}

TEST(fault, address_of_more_than_48_bits)
{
    struct queue queue = card_start_queue(0);

    expect_copy_error(&queue, VA_TENSORS, 1ull << 48, NPU_ERR_PAGE_FAULT,
                      1ull << 48);
}

/* The copy begins where it may, and ends where it may not. */
TEST(fault, behind_the_end_of_a_mapping)
{
    struct queue queue = card_start_queue(0);
    struct npu_error error;

    push_copy(&queue, VA_TENSORS, VA_DATA + (8 << 20) - 32, 64);
    error = queue_wait_error(&queue, NPU_ERR_PAGE_FAULT);
    EXPECT_EQ(error.address, VA_DATA + (8 << 20));
    qemu_quit();
}

static void expect_bad_entry(unsigned level, uint64_t entry, uint32_t code)
{
    struct queue queue = card_start_queue(0);

    space_map_4k(queue.root, VA_HOLE, HBM_DATA | NPU_PTE_WRITE);
    space_set_entry(queue.root, VA_HOLE, level, entry);
    expect_copy_error(&queue, VA_TENSORS, VA_HOLE, code, VA_HOLE);
}

TEST(fault, leaf_at_the_root)
{
    struct queue queue = card_start_queue(0);

    space_set_entry(queue.root, VA_FAR, 3, NPU_PTE_VALID | NPU_PTE_LEAF);
    expect_copy_error(&queue, VA_TENSORS, VA_FAR, NPU_ERR_PAGE_TABLE, VA_FAR);
}

TEST(fault, table_at_the_last_level)
{
    expect_bad_entry(0, NPU_PTE_VALID | HBM_DATA, NPU_ERR_PAGE_TABLE);
}

TEST(fault, table_outside_hbm)
{
    expect_bad_entry(1, NPU_PTE_VALID | 1ull << 40, NPU_ERR_PAGE_TABLE);
}

TEST(fault, table_with_the_bits_of_a_leaf)
{
    expect_bad_entry(1, NPU_PTE_VALID | NPU_PTE_WRITE | HBM_TABLES,
                     NPU_ERR_PAGE_TABLE);
}

TEST(fault, leaf_out_of_place)
{
    expect_bad_entry(1, NPU_PTE_VALID | NPU_PTE_LEAF | HBM_DATA | 0x1000,
                     NPU_ERR_PAGE_TABLE);
}

TEST(fault, leaf_outside_hbm)
{
    expect_bad_entry(0, NPU_PTE_VALID | NPU_PTE_LEAF | 1ull << 40,
                     NPU_ERR_PAGE_TABLE);
}

TEST(fault, leaf_of_a_peer)
{
    expect_bad_entry(0,
                     NPU_PTE_VALID | NPU_PTE_LEAF |
                         NPU_APERTURE_PEER << NPU_PTE_APERTURE_SHIFT,
                     NPU_ERR_UNSUPPORTED);
}

TEST(fault, invalid_entry_with_other_bits)
{
    expect_bad_entry(0, ~0ull & ~NPU_PTE_VALID, NPU_ERR_PAGE_FAULT);
}

/* A table that names itself must not keep the card busy for ever. */
TEST(fault, table_that_is_its_own)
{
    struct queue queue = card_start_queue(0);

    space_set_entry(queue.root, VA_FAR, 3, queue.root | NPU_PTE_VALID);
    push_copy(&queue, VA_TENSORS, VA_FAR, 64);
    queue_wait_state(&queue, NPU_QUEUE_ERRORED);
    qemu_quit();
}

/* A tile that faults: its instruction, operand, die and address are told. */
TEST(fault, in_a_program)
{
    struct program program = program_fill(64, 1);
    struct queue queue;
    struct npu_packet run;
    struct npu_error error;

    card_start("npu-x6000,hbm=64M");
    queue = queue_new(0, space_new());
    queue.die_mask = 1 << 5;
    queue_enable(&queue);
    program_tensor(&program, NPU_DTYPE_F32, 64, VA_HOLE);
    program_insn(&program, NPU_OP_NEG, 0, 1, NPU_NONE);
    run = program_packet(&program);
    queue_push(&queue, &run);
    queue_ring_doorbell(&queue);
    error = queue_wait_error(&queue, NPU_ERR_PAGE_FAULT);
    EXPECT_EQ(error.insn, 1);
    EXPECT_EQ(error.operand, 1);
    EXPECT_EQ(error.die, 5);
    EXPECT_EQ(error.address, VA_HOLE);
    EXPECT_EQ(error.cookie, 0x1234);
    qemu_quit();
}

TEST(fault, program_that_is_not_mapped)
{
    struct program program = program_fill(64, 1);
    struct queue queue = card_start_queue(0);
    struct npu_packet run = program_packet(&program);
    struct npu_error error;

    run.run.program = VA_HOLE;
    queue_push(&queue, &run);
    queue_ring_doorbell(&queue);
    error = queue_wait_error(&queue, NPU_ERR_PAGE_FAULT);
    EXPECT_EQ(error.address, VA_HOLE);
    qemu_quit();
}

TEST(fault, report_that_is_not_mapped)
{
    struct program program = program_fill(64, 1);
    struct queue queue = card_start_queue(0);
    struct npu_packet run = program_packet(&program);
    struct npu_error error;

    run.run.report = VA_HOLE;
    queue_push(&queue, &run);
    queue_ring_doorbell(&queue);
    error = queue_wait_error(&queue, NPU_ERR_PAGE_FAULT);
    EXPECT_EQ(error.address, VA_HOLE);
    qemu_quit();
}

/* The same address in two address spaces is not the same memory. */
TEST(fault, spaces_are_apart)
{
    struct queue first = card_start_queue(0), second;
    struct npu_packet fill = packet_fill(NPU_SPACE_CLIENT, VA_HOLE, 64, 0x11);

    space_map_4k(first.root, VA_HOLE, HBM_DATA | NPU_PTE_WRITE);
    second = queue_new(1, space_new());
    space_map_4k(second.root, VA_HOLE, (HBM_DATA + 0x1000) | NPU_PTE_WRITE);
    queue_enable(&second);
    queue_push(&first, &fill);
    queue_sync(&first);
    fill.pattern = 0x22;
    queue_push(&second, &fill);
    queue_sync(&second);
    EXPECT_EQ(qemu_read(CARD_HBM + HBM_DATA, 4), 0x11);
    EXPECT_EQ(qemu_read(CARD_HBM + HBM_DATA + 0x1000, 4), 0x22);
    qemu_quit();
}

/* ---- INVALIDATE ---------------------------------------------------------- */

TEST(invalidate, new_mapping_is_used)
{
    struct queue queue = card_start_queue(0);
    struct npu_packet fill = packet_fill(NPU_SPACE_CLIENT, VA_HOLE, 64, 1);
    struct npu_packet invalidate = packet_invalidate(queue.root, VA_HOLE, 4096);

    space_map_4k(queue.root, VA_HOLE, HBM_DATA | NPU_PTE_WRITE);
    queue_push(&queue, &fill);
    queue_sync(&queue);
    space_map_4k(queue.root, VA_HOLE, (HBM_DATA + 0x1000) | NPU_PTE_WRITE);
    fill.pattern = 2;
    queue_push(&queue, &invalidate);
    queue_push(&queue, &fill);
    queue_sync(&queue);
    EXPECT_EQ(qemu_read(CARD_HBM + HBM_DATA, 4), 1);
    EXPECT_EQ(qemu_read(CARD_HBM + HBM_DATA + 0x1000, 4), 2);
    qemu_quit();
}

TEST(invalidate, unmapped_is_gone)
{
    struct queue queue = card_start_queue(0), client;
    struct npu_packet fill = packet_fill(NPU_SPACE_CLIENT, VA_HOLE, 64, 1);
    struct npu_packet invalidate = packet_invalidate(queue.root, 0, 0);

    client = queue_new(1, queue.root);
    queue_enable(&client);
    space_map_4k(queue.root, VA_HOLE, HBM_DATA | NPU_PTE_WRITE);
    queue_push(&client, &fill);
    queue_sync(&client);
    space_set_entry(queue.root, VA_HOLE, 0, 0);
    queue_push(&queue, &invalidate);
    queue_sync(&queue);
    queue_push(&client, &fill);
    queue_ring_doorbell(&client);
    queue_wait_error(&client, NPU_ERR_PAGE_FAULT);
    qemu_quit();
}

/*
 * Memory is taken away from programs that write to it.  Once INVALIDATE has
 * completed, nothing may be written to where they wrote before.
 */
TEST(invalidate, against_running_tiles)
{
    const uint64_t first = CARD_HBM + HBM_DATA + (VA_TENSORS - VA_DATA);
    const uint64_t last = first + (2 << 20) - 8;
    struct queue client, kernel = card_start_queue(0);
    struct program program = program_long();
    struct npu_packet run, invalidate;

    client = queue_new(1, space_new());
    client.die_mask = 0xff;
    queue_enable(&client);
    run = program_packet(&program);
    for (unsigned i = 0; i < 60; i++) {
        queue_push(&client, &run);
    }
    queue_ring_doorbell(&client);
    while (!reg_read64(NPU_REG_QUEUE(1) + NPU_QUEUE_HEAD)) {
        EXPECT(queue_state(&client) != NPU_QUEUE_ERRORED);
    }
    space_set_entry(client.root, VA_TENSORS, 1, 0);
    invalidate = packet_invalidate(client.root, VA_TENSORS, 2 << 20);
    queue_push(&kernel, &invalidate);
    queue_sync(&kernel);
    qemu_write(first, 0, 8);
    qemu_write(last, 0, 8);
    queue_wait_error(&client, NPU_ERR_PAGE_FAULT);
    EXPECT_EQ(qemu_read(first, 8), 0);
    EXPECT_EQ(qemu_read(last, 8), 0);
    EXPECT_EQ(qemu_read(last - 8, 4), 0x3f800000);
    qemu_quit();
}

/* A job that does nothing for long holds no translation. */
TEST(invalidate, does_not_wait_for_a_stall)
{
    struct program program = program_stall(0);
    struct queue client, kernel = card_start_queue(0);
    struct npu_packet run = program_packet(&program);
    struct npu_packet invalidate = packet_invalidate(kernel.root, 0, 0);

    client = queue_new(1, kernel.root);
    queue_enable(&client);
    queue_push(&client, &run);
    queue_ring_doorbell(&client);
    queue_wait_state(&client, NPU_QUEUE_EXECUTING);
    queue_push(&kernel, &invalidate);
    queue_sync(&kernel);
    EXPECT(queue_state(&client) != NPU_QUEUE_ERRORED);
    qemu_quit();
}
