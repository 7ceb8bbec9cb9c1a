/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Vectors: bitmaps, masks, hold-off, and how they get out as MSI-X. */
#include "card.h"

#define SETTLE_MS 50 /* by then a vector that is not held back is out */

static uint64_t vector_queues(unsigned vector, unsigned word)
{
    return reg_read64(NPU_REG_VECTOR(vector) + NPU_VECTOR_QUEUES(word));
}

static uint32_t vector_summary(unsigned vector)
{
    return reg_read(NPU_REG_VECTOR(vector) + NPU_VECTOR_SUMMARY);
}

static void vector_mask(unsigned vector, bool masked)
{
    reg_write(NPU_REG_VECTOR(vector) + NPU_VECTOR_MASK, masked);
}

static struct queue vector_queue(unsigned index, unsigned vector)
{
    struct queue queue;

    card_start("npu-x6000,hbm=64M");
    msix_enable();
    queue = queue_new(index, space_new());
    queue.vector = vector;
    queue_enable(&queue);
    return queue;
}

TEST(msix, fence_raises_vector)
{
    struct queue queue = vector_queue(5, 7);

    vector_mask(7, false);
    queue_sync(&queue);
    msix_wait(7);
    EXPECT_EQ(vector_summary(7), 1);
    EXPECT_EQ(vector_queues(7, 0), 1u << 5);
    qemu_quit();
}

TEST(msix, bitmap_is_read_to_clear)
{
    struct queue queue = vector_queue(1000, 3);

    queue_sync(&queue);
    EXPECT_EQ(vector_summary(3), 1u << 15);
    EXPECT_EQ(vector_queues(3, 15), 1ull << 40);
    EXPECT_EQ(vector_queues(3, 15), 0);
    EXPECT_EQ(vector_summary(3), 0);
    qemu_quit();
}

TEST(msix, card_mask_holds_back)
{
    struct queue queue = vector_queue(5, 7);

    queue_sync(&queue);
    sleep_ms(SETTLE_MS);
    EXPECT_EQ(msix_message(7), 0);
    EXPECT_EQ(msix_pending(7), 0);
    vector_mask(7, false);
    msix_wait(7);
    qemu_quit();
}

TEST(msix, unmasking_an_empty_vector_raises_nothing)
{
    struct queue queue = vector_queue(5, 7);

    queue_sync(&queue);
    EXPECT_EQ(vector_queues(7, 0), 1u << 5);
    vector_mask(7, false);
    sleep_ms(SETTLE_MS);
    EXPECT_EQ(msix_message(7), 0);
    qemu_quit();
}

TEST(msix, table_mask_makes_pending)
{
    struct queue queue = vector_queue(5, 7);
    uint64_t deadline = now_ms() + 5000;

    vector_mask(7, false);
    msix_mask(7, true);
    queue_sync(&queue);
    while (!msix_pending(7) && now_ms() < deadline) {
        sleep_ms(1);
    }
    EXPECT(msix_pending(7));
    EXPECT_EQ(msix_message(7), 0);
    msix_mask(7, false);
    msix_wait(7);
    EXPECT(!msix_pending(7));
    qemu_quit();
}

TEST(msix, vectors_are_apart)
{
    struct queue first = vector_queue(1, 0), second;

    second = queue_new(2, first.root);
    second.vector = 31;
    queue_enable(&second);
    vector_mask(0, false);
    vector_mask(31, false);
    queue_sync(&second);
    msix_wait(31);
    EXPECT_EQ(msix_message(0), 0);
    EXPECT_EQ(vector_queues(31, 0), 1u << 2);
    queue_sync(&first);
    msix_wait(0);
    EXPECT_EQ(vector_queues(0, 0), 1u << 1);
    qemu_quit();
}

TEST(msix, queues_share_a_vector)
{
    struct queue first = vector_queue(1, 4), second;

    second = queue_new(63, first.root);
    second.vector = 4;
    queue_enable(&second);
    queue_sync(&first);
    queue_sync(&second);
    EXPECT_EQ(vector_queues(4, 0), 1ull << 63 | 1u << 1);
    qemu_quit();
}

TEST(msix, hold_off)
{
    struct queue queue = vector_queue(5, 7);
    uint64_t start;

    reg_write(NPU_REG_VECTOR(7) + NPU_VECTOR_HOLDOFF, 300000);
    vector_mask(7, false);
    queue_sync(&queue);
    msix_wait(7);
    start = now_ms();
    vector_queues(7, 0);
    msix_clear(7);
    queue_sync(&queue);
    msix_wait(7);
    EXPECT(now_ms() - start >= 200);
    qemu_quit();
}

TEST(msix, hold_off_has_a_limit)
{
    card_start("npu-x6000,hbm=64M");
    reg_write(NPU_REG_VECTOR(0) + NPU_VECTOR_HOLDOFF, ~0u);
    EXPECT(reg_read(NPU_REG_VECTOR(0) + NPU_VECTOR_HOLDOFF) <= NPU_HOLDOFF_MAX);
    qemu_quit();
}

TEST(msix, error_raises_event_vector)
{
    struct queue queue = vector_queue(9, NPU_NO_VECTOR);
    struct npu_packet bad = { .opcode = 0xee };

    reg_write(NPU_REG_EVENT_VECTOR, 30);
    vector_mask(30, false);
    queue_push(&queue, &bad);
    queue_ring_doorbell(&queue);
    queue_wait_error(&queue, NPU_ERR_PACKET);
    msix_wait(30);
    EXPECT_EQ(reg_read(NPU_REG_EVENTS), NPU_EVENT_QUEUE_ERROR);
    EXPECT_EQ(reg_read(NPU_REG_EVENTS), 0);
    EXPECT_EQ(reg_read64(NPU_REG_ERROR_QUEUES(0)), 1u << 9);
    EXPECT_EQ(reg_read64(NPU_REG_ERROR_QUEUES(0)), 0);
    qemu_quit();
}

/* A message to the card's own registers must not lead QEMU into itself. */
TEST(msix, message_to_itself)
{
    struct queue queue = vector_queue(5, 7);

    qemu_write(CARD_MSIX + 16 * 7, CARD_REGS + NPU_REG_CONTROL, 4);
    vector_mask(7, false);
    queue_sync(&queue);
    sleep_ms(SETTLE_MS);
    EXPECT_EQ(reg_read(NPU_REG_MAGIC), NPU_MAGIC);
    qemu_quit();
}
