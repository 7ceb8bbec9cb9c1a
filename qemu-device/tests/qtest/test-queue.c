/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A queue's life, and what its packets do when all is well. */
#include <string.h>

#include "card.h"

static uint64_t queue_reg64(const struct queue *queue, unsigned offset)
{
    return reg_read64(NPU_REG_QUEUE(queue->index) + offset);
}

static uint64_t die_busy(unsigned die)
{
    return reg_read64(NPU_REG_DIE(die) + NPU_DIE_BUSY_HOST);
}

static struct queue run_program(struct queue queue,
                                const struct program *program)
{
    struct npu_packet run = program_packet(program);

    queue_push(&queue, &run);
    queue_sync(&queue);
    return queue;
}

TEST(queue, life)
{
    struct queue queue;

    card_start("npu-x6000,hbm=64M");
    queue = queue_new(0, space_new());
    EXPECT_EQ(queue_state(&queue), NPU_QUEUE_DISABLED);
    queue_enable(&queue);
    EXPECT_EQ(queue_state(&queue), NPU_QUEUE_IDLE);
    queue_sync(&queue);
    EXPECT_EQ(queue_reg64(&queue, NPU_QUEUE_HEAD), 1);
    EXPECT_EQ(queue_state(&queue), NPU_QUEUE_IDLE);
    queue_control(&queue, NPU_QUEUE_CONTROL_STOP);
    queue_wait_state(&queue, NPU_QUEUE_STOPPED);
    queue_control(&queue, NPU_QUEUE_CONTROL_DISABLE);
    EXPECT_EQ(queue_state(&queue), NPU_QUEUE_DISABLED);
    queue_enable(&queue);
    EXPECT_EQ(queue_reg64(&queue, NPU_QUEUE_HEAD), 0);
    queue_sync(&queue);
    qemu_quit();
}

TEST(queue, registers_are_fixed_while_enabled)
{
    struct queue queue = card_start_queue(2);

    reg_write64(NPU_REG_QUEUE(2) + NPU_QUEUE_RING, 0x123000);
    reg_write(NPU_REG_QUEUE(2) + NPU_QUEUE_DIE_MASK, 2);
    EXPECT_EQ(queue_reg64(&queue, NPU_QUEUE_RING), queue.ring);
    EXPECT_EQ(reg_read(NPU_REG_QUEUE(2) + NPU_QUEUE_DIE_MASK), 1);
    queue_sync(&queue);
    qemu_quit();
}

TEST(queue, last_one)
{
    struct queue queue = card_start_queue(NPU_MAX_QUEUES - 1);

    queue_sync(&queue);
    qemu_quit();
}

TEST(queue, fence_record)
{
    struct queue queue = card_start_queue(0);
    struct npu_fence_record record;
    uint64_t before = reg_read64(NPU_REG_HOST_TIME);

    queue_sync(&queue);
    qemu_copy_out(queue.fence_at, &record, sizeof(record));
    EXPECT_EQ(record.sequence, 1);
    EXPECT_EQ(record.status, 0);
    EXPECT(record.host_time >= before);
    EXPECT(record.host_time <= reg_read64(NPU_REG_HOST_TIME));
    qemu_quit();
}

TEST(queue, ring_wraps)
{
    struct npu_packet nop = { .opcode = NPU_PACKET_NOP };
    struct queue queue;

    card_start("npu-x6000,hbm=64M");
    queue = queue_new(0, space_new());
    queue.order = 2;
    queue_enable(&queue);
    for (unsigned i = 0; i < 20; i++) {
        queue_push(&queue, &nop);
        queue_sync(&queue);
    }
    EXPECT_EQ(queue_reg64(&queue, NPU_QUEUE_HEAD), 40);
    qemu_quit();
}

TEST(queue, many_at_once)
{
    struct queue queue[32];
    uint64_t root;

    card_start("npu-x6000,hbm=64M");
    root = space_new();
    for (unsigned i = 0; i < 32; i++) {
        struct npu_packet fill = packet_fill(NPU_SPACE_HBM, HBM_DATA + 4096 * i,
                                             4096, i);

        queue[i] = queue_new(i, root);
        queue_enable(&queue[i]);
        queue_push(&queue[i], &fill);
        queue_ring_doorbell(&queue[i]);
    }
    for (unsigned i = 0; i < 32; i++) {
        queue_sync(&queue[i]);
        EXPECT_EQ(qemu_read(CARD_HBM + HBM_DATA + 4096 * i + 4092, 4), i);
    }
    qemu_quit();
}

/* Writes of 1, 2 and 8 bytes, and not at the start, are no doorbell. */
TEST(queue, doorbell_is_32_bits_at_the_start)
{
    struct queue queue = card_start_queue(0);
    struct npu_packet nop = { .opcode = NPU_PACKET_NOP };

    queue_push(&queue, &nop);
    reg_write(NPU_REG_DOORBELL(0) + 4, 1);
    qemu_write(CARD_REGS + NPU_REG_DOORBELL(0), 1, 2);
    qemu_write(CARD_REGS + NPU_REG_DOORBELL(0), 1, 1);
    sleep_ms(20);
    EXPECT_EQ(queue_reg64(&queue, NPU_QUEUE_HEAD), 0);
    queue_sync(&queue);
    qemu_quit();
}

TEST(queue, copy_between_all_spaces)
{
    struct queue queue = card_start_queue(0);
    struct npu_packet copy;
    uint8_t in[5000], out[5000];

    for (unsigned i = 0; i < sizeof(in); i++) {
        in[i] = i * 7;
    }
    qemu_copy_in(HOST_DATA + 1, in, sizeof(in));
    copy = packet_copy(NPU_SPACE_HBM, HBM_DATA + 3, NPU_SPACE_HOST,
                       HOST_DATA + 1, sizeof(in));
    queue_push(&queue, &copy);
    copy = packet_copy(NPU_SPACE_CLIENT, VA_TENSORS + 5, NPU_SPACE_HBM,
                       HBM_DATA + 3, sizeof(in));
    queue_push(&queue, &copy);
    copy = packet_copy(NPU_SPACE_HOST, HOST_DATA + 0x40007, NPU_SPACE_CLIENT,
                       VA_TENSORS + 5, sizeof(in));
    queue_push(&queue, &copy);
    queue_sync(&queue);
    qemu_copy_out(HOST_DATA + 0x40007, out, sizeof(out));
    EXPECT(!memcmp(in, out, sizeof(in)));
    qemu_quit();
}

/* Host memory in the client's address space. */
TEST(queue, copy_through_the_host_aperture)
{
    struct queue queue = card_start_queue(0);
    struct npu_packet copy;

    qemu_write(HOST_DATA + 0x2008, 0x1020304050607080, 8);
    copy = packet_copy(NPU_SPACE_CLIENT, VA_TENSORS, NPU_SPACE_CLIENT,
                       VA_HOST + 0x2008, 8);
    queue_push(&queue, &copy);
    copy = packet_copy(NPU_SPACE_CLIENT, VA_HOST + 0x3000, NPU_SPACE_CLIENT,
                       VA_TENSORS, 8);
    queue_push(&queue, &copy);
    queue_sync(&queue);
    EXPECT_EQ(qemu_read(HOST_DATA + 0x3000, 8), 0x1020304050607080);
    qemu_quit();
}

TEST(queue, fill)
{
    struct queue queue = card_start_queue(0);
    struct npu_packet fill = packet_fill(NPU_SPACE_CLIENT, VA_TENSORS + 4,
                                         0x300000, 0xdeadbeef);
    uint32_t word;

    queue_push(&queue, &fill);
    queue_sync(&queue);
    data_read(VA_TENSORS, &word, 4);
    EXPECT_EQ(word, 0);
    data_read(VA_TENSORS + 4, &word, 4);
    EXPECT_EQ(word, 0xdeadbeef);
    data_read(VA_TENSORS + 0x300000, &word, 4);
    EXPECT_EQ(word, 0xdeadbeef);
    data_read(VA_TENSORS + 0x300004, &word, 4);
    EXPECT_EQ(word, 0);
    qemu_quit();
}

TEST(queue, timestamp)
{
    struct queue queue = card_start_queue(0);
    struct npu_packet stamp = {
        .opcode = NPU_PACKET_TIMESTAMP,
        .dst_space = NPU_SPACE_HBM,
        .copy = { .dst = HBM_DATA, .size = 16 },
    };
    uint64_t before = reg_read64(NPU_REG_HOST_TIME), at;

    queue_push(&queue, &stamp);
    queue_sync(&queue);
    at = qemu_read(CARD_HBM + HBM_DATA, 8);
    EXPECT(at >= before && at <= reg_read64(NPU_REG_HOST_TIME));
    qemu_quit();
}

TEST(queue, program_and_report)
{
    struct program program;
    struct npu_report report;
    struct queue queue = card_start_queue(0);
    float value[2];

    program = program_fill(100000, 2.5f);
    queue = run_program(queue, &program);
    data_read(VA_TENSORS, &value[0], 4);
    data_read(VA_TENSORS + 4 * 99999, &value[1], 4);
    EXPECT(value[0] == 2.5f && value[1] == 2.5f);
    data_read(VA_REPORT, &report, sizeof(report));
    EXPECT_EQ(report.status, NPU_ERR_NONE);
    EXPECT_EQ(report.insn, 1);
    EXPECT_EQ(report.cookie, 0x1234);
    EXPECT(report.host_end >= report.host_start && report.host_start);
    EXPECT(report.device_time);
    EXPECT(report.bytes >= 400000);
    EXPECT_EQ(reg_read64(NPU_REG_DEVICE_TIME), report.device_time);
    qemu_quit();
}

/* (a + b) * a over two instructions, on all dies. */
TEST(queue, program_on_eight_dies)
{
    struct program program = program_new();
    struct queue queue;
    float a[1024], b[1024], d[1024];
    unsigned ta, tb, td;

    for (unsigned i = 0; i < 1024; i++) {
        a[i] = i;
        b[i] = 3;
    }
    card_start("npu-x6000,hbm=64M");
    queue = queue_new(0, space_new());
    queue.die_mask = 0xff;
    queue_enable(&queue);
    td = program_tensor(&program, NPU_DTYPE_F32, 1024, VA_TENSORS);
    ta = program_tensor(&program, NPU_DTYPE_F32, 1024, VA_TENSORS + 0x2000);
    tb = program_tensor(&program, NPU_DTYPE_F32, 1024, VA_TENSORS + 0x4000);
    program_insn(&program, NPU_OP_ADD, td, ta, tb);
    program_insn(&program, NPU_OP_MUL, td, td, ta);
    data_write(VA_TENSORS + 0x2000, a, sizeof(a));
    data_write(VA_TENSORS + 0x4000, b, sizeof(b));
    run_program(queue, &program);
    data_read(VA_TENSORS, d, sizeof(d));
    for (unsigned i = 0; i < 1024; i++) {
        EXPECT(d[i] == (a[i] + b[i]) * a[i]);
    }
    qemu_quit();
}

/* A job raises the busy counters of exactly the dies in its mask. */
TEST(queue, busy_dies_are_the_gang)
{
    struct program program = program_stall(30);
    struct queue queue;

    card_start("npu-x6000,hbm=64M");
    queue = queue_new(0, space_new());
    queue.die_mask = 0xa4;
    queue_enable(&queue);
    run_program(queue, &program);
    for (unsigned die = 0; die < 8; die++) {
        if (queue.die_mask >> die & 1) {
            EXPECT(die_busy(die) >= 25000000);
        } else {
            EXPECT_EQ(die_busy(die), 0);
        }
    }
    qemu_quit();
}

TEST(queue, stop_of_a_stalled_job)
{
    struct program program = program_stall(0);
    struct queue queue = card_start_queue(0);
    struct npu_packet run = program_packet(&program);
    struct npu_error error;
    uint64_t start;

    queue_push(&queue, &run);
    queue_ring_doorbell(&queue);
    queue_wait_state(&queue, NPU_QUEUE_EXECUTING);
    EXPECT_EQ(reg_read(NPU_REG_DIE(0) + NPU_DIE_STATE), NPU_DIE_RUNNING);
    sleep_ms(20);
    EXPECT(queue_reg64(&queue, NPU_QUEUE_EXEC_TIME) >= 15000000);
    start = now_ms();
    queue_control(&queue, NPU_QUEUE_CONTROL_STOP);
    error = queue_wait_error(&queue, NPU_ERR_STOPPED);
    EXPECT(now_ms() - start < 1000);
    EXPECT_EQ(error.cookie, 0x1234);
    EXPECT_EQ(error.packet, 0);
    EXPECT_EQ(reg_read(NPU_REG_DIE(0) + NPU_DIE_STATE), NPU_DIE_IDLE);
    qemu_quit();
}

/* Two queues on the same die: the stalled one gives way. */
TEST(queue, stalled_job_blocks_nobody)
{
    struct program stall = program_stall(0), fill = program_fill(64, 1.5f);
    struct queue first = card_start_queue(0), second;
    struct npu_packet run = program_load(&stall, VA_PROGRAM + 0x4000);
    float value;

    queue_push(&first, &run);
    queue_ring_doorbell(&first);
    queue_wait_state(&first, NPU_QUEUE_EXECUTING);
    second = queue_new(1, first.root);
    queue_enable(&second);
    run_program(second, &fill);
    data_read(VA_TENSORS, &value, 4);
    EXPECT(value == 1.5f);
    EXPECT(queue_state(&first) == NPU_QUEUE_EXECUTING ||
           queue_state(&first) == NPU_QUEUE_WAITING);
    qemu_quit();
}

TEST(queue, tiles_are_counted)
{
    struct program program = program_fill(1 << 20, 1);
    struct queue queue = card_start_queue(0);

    queue = run_program(queue, &program);
    EXPECT(queue_reg64(&queue, NPU_QUEUE_TILES) > 0);
    EXPECT_EQ(queue_reg64(&queue, NPU_QUEUE_TILES),
              reg_read64(NPU_REG_DIE(0) + NPU_DIE_TILES));
    qemu_quit();
}
