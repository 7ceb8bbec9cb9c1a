/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Resets of the whole card, idle and at work. */
#include "card.h"

/* A reset takes effect within 100 ms; the rest is for a loaded machine. */
#define RESET_MS 1000

static struct queue start_stall(void)
{
    struct program program = program_stall(0);
    struct queue queue = queue_new(3, space_new());
    struct npu_packet run = program_packet(&program);

    queue_enable(&queue);
    queue_push(&queue, &run);
    queue_ring_doorbell(&queue);
    queue_wait_state(&queue, NPU_QUEUE_EXECUTING);
    return queue;
}

static void expect_clean(void)
{
    EXPECT_EQ(reg_read(NPU_REG_STATUS), NPU_STATUS_READY);
    EXPECT_EQ(reg_read(NPU_REG_EVENTS), 0);
    EXPECT_EQ(reg_read(NPU_REG_EVENT_VECTOR), NPU_NO_VECTOR);
    EXPECT_EQ(reg_read64(NPU_REG_ERROR_QUEUES(0)), 0);
    EXPECT_EQ(reg_read(NPU_REG_QUEUE(3) + NPU_QUEUE_STATE), NPU_QUEUE_DISABLED);
    EXPECT_EQ(reg_read64(NPU_REG_QUEUE(3) + NPU_QUEUE_HEAD), 0);
    EXPECT_EQ(reg_read(NPU_REG_VECTOR(0) + NPU_VECTOR_MASK), 1);
}

static void expect_works(void)
{
    struct queue queue = queue_new(3, space_new());
    struct npu_packet fill = packet_fill(NPU_SPACE_HBM, HBM_DATA, 64, 0xa5a5);

    queue_enable(&queue);
    queue_push(&queue, &fill);
    queue_sync(&queue);
    EXPECT_EQ(qemu_read(CARD_HBM + HBM_DATA + 60, 4), 0xa5a5);
}

TEST(reset, control_forgets_all)
{
    struct queue queue;

    card_start("npu-x6000,hbm=64M");
    queue = queue_new(3, space_new());
    queue.vector = 0;
    reg_write(NPU_REG_EVENT_VECTOR, 1);
    reg_write(NPU_REG_VECTOR(0) + NPU_VECTOR_MASK, 0);
    queue_enable(&queue);
    queue_sync(&queue);
    EXPECT(reg_read(NPU_REG_STATUS) & NPU_STATUS_DIRTY);
    reg_write(NPU_REG_CONTROL, NPU_CONTROL_RESET);
    card_wait_ready();
    expect_clean();
    expect_works();
    qemu_quit();
}

TEST(reset, control_while_a_job_runs)
{
    uint64_t start;

    card_start("npu-x6000,hbm=64M");
    start_stall();
    start = now_ms();
    reg_write(NPU_REG_CONTROL, NPU_CONTROL_RESET);
    card_wait_ready();
    EXPECT(now_ms() - start < RESET_MS);
    expect_clean();
    expect_works();
    qemu_quit();
}

TEST(reset, flr)
{
    struct queue queue;

    card_start("npu-x6000,hbm=64M");
    queue = queue_new(3, space_new());
    queue_enable(&queue);
    queue_sync(&queue);
    card_flr();
    card_wait_ready();
    expect_clean();
    expect_works();
    qemu_quit();
}

TEST(reset, flr_clears_the_function)
{
    unsigned express;

    card_start("npu-x6000,hbm=64M");
    express = card_capability(CAP_EXPRESS);
    msix_enable();
    card_config_write(express + 8, 1 << 15, 2);
    EXPECT_EQ(card_config_read(4, 2) & 6, 0);
    EXPECT_EQ(card_config_read(0x10, 4) & ~0xfu, 0);
    EXPECT_EQ(card_config_read(card_capability(CAP_MSIX) + 2, 2) & 0x8000, 0);
    card_setup_bars();
    EXPECT_EQ(reg_read(NPU_REG_MAGIC), NPU_MAGIC);
    qemu_quit();
}

TEST(reset, flr_while_a_job_runs)
{
    uint64_t start;

    card_start("npu-x6000,hbm=64M");
    start_stall();
    start = now_ms();
    card_flr();
    card_wait_ready();
    EXPECT(now_ms() - start < RESET_MS);
    expect_clean();
    expect_works();
    qemu_quit();
}

TEST(reset, flr_many_times)
{
    card_start("npu-x6000,hbm=64M");
    for (unsigned i = 0; i < 20; i++) {
        start_stall();
        card_flr();
        card_wait_ready();
    }
    expect_clean();
    expect_works();
    qemu_quit();
}

/* While BUSY everything but CONTROL is ignored, and nothing breaks. */
TEST(reset, writes_while_busy)
{
    card_start("npu-x6000,hbm=64M");
    for (unsigned i = 0; i < 20; i++) {
        struct queue queue = start_stall();

        reg_write(NPU_REG_CONTROL, NPU_CONTROL_RESET);
        queue_enable(&queue);
        queue_ring_doorbell(&queue);
        reg_write(NPU_REG_CONTROL, NPU_CONTROL_RESET);
        card_wait_ready();
        reg_write(NPU_REG_CONTROL, NPU_CONTROL_RESET);
        card_wait_ready();
    }
    expect_clean();
    expect_works();
    qemu_quit();
}

TEST(reset, system)
{
    card_start("npu-x6000,hbm=64M");
    start_stall();
    qmp("{ 'execute': 'system_reset' }");
    qmp_wait_event("RESET");
    card_setup_port();
    card_setup_bars();
    card_wait_ready();
    expect_clean();
    expect_works();
    qemu_quit();
}

TEST(reset, die)
{
    struct queue queue, other;
    struct npu_error error;

    card_start("npu-x6000,hbm=64M");
    if (!(reg_read64(NPU_REG_CAPS) & NPU_CAP_DIE_RESET)) {
        tap_skip("the card has no die reset");
    }
    queue = start_stall();
    other = queue_new(4, space_new());
    other.die_mask = 2;
    queue_enable(&other);
    reg_write(NPU_REG_DIE(0) + NPU_DIE_CONTROL, NPU_DIE_CONTROL_RESET);
    error = queue_wait_error(&queue, NPU_ERR_INNOCENT_RESET);
    EXPECT_EQ(error.cookie, 0x1234);
    reg_wait(NPU_REG_DIE(0) + NPU_DIE_STATE, ~0u, NPU_DIE_IDLE);
    EXPECT_EQ(reg_read(NPU_REG_DIE(0) + NPU_DIE_RESETS), 1);
    reg_write(NPU_REG_QUEUE(3) + NPU_QUEUE_CONTROL, NPU_QUEUE_CONTROL_DISABLE);
    queue_sync(&other);
    expect_works();
    qemu_quit();
}
