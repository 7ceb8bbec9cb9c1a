/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupt messages whose address is the card's own, or that of what holds it. */
#include "card.h"

/* Two queues whose vectors are raised at once. */
static void start_two(struct queue queue[2])
{
    card_start_with(CARD_HOTPLUG, "npu-x6000,hbm=64M");
    msix_enable();
    for (unsigned i = 0; i < 2; i++) {
        queue[i] = queue_new(i, space_new());
        queue[i].vector = i;
        queue_enable(&queue[i]);
        reg_write(NPU_REG_VECTOR(i) + NPU_VECTOR_MASK, 0);
    }
}

static void aim(unsigned vector, uint64_t address, uint32_t message)
{
    uint64_t entry = CARD_MSIX + 16 * vector;

    qemu_write(entry, address, 4);
    qemu_write(entry + 4, address >> 32, 4);
    qemu_write(entry + 8, message, 4);
}

static void aim_at_slot(unsigned vector)
{
    aim(vector,
        port_config_address(port_capability(CAP_EXPRESS) + SLOT_CONTROL),
        SLOT_OFF);
}

/* A stopped machine lets the doorbells pile up. */
static void raise_both(struct queue queue[2])
{
    struct npu_packet fence = packet_fence(1);

    qmp("{ 'execute': 'stop' }");
    for (unsigned i = 0; i < 2; i++) {
        queue_push(&queue[i], &fence);
        queue_ring_doorbell(&queue[i]);
    }
    qmp("{ 'execute': 'cont' }");
}

static void expect_gone_and_back(void)
{
    qmp_wait_event("DEVICE_DELETED");
    EXPECT_EQ(card_config_read(0, 2), 0xffff);
    card_plug("'driver': 'npu-x6000', 'hbm': 67108864");
    EXPECT_EQ(reg_read(NPU_REG_MAGIC), NPU_MAGIC);
}

/* The first message pulls the card; the second has no card any more. */
TEST(message, pulls_the_card)
{
    struct queue queue[2];

    start_two(queue);
    aim_at_slot(0);
    raise_both(queue);
    expect_gone_and_back();
    qemu_quit();
}

/* The same from within a write to the table of vectors. */
TEST(message, pulls_the_card_when_the_vector_is_unmasked)
{
    struct queue queue[2];

    start_two(queue);
    aim_at_slot(0);
    msix_mask(0, true);
    raise_both(queue);
    while (!msix_pending(0)) {
        sleep_ms(1);
    }
    msix_mask(0, false);
    expect_gone_and_back();
    qemu_quit();
}

TEST(message, resets_the_function)
{
    struct queue queue[2];

    start_two(queue);
    aim(0, card_config_address(card_capability(CAP_EXPRESS) + 8), 1 << 15);
    raise_both(queue);
    while (card_config_read(PCI_COMMAND, 2)) {
        sleep_ms(1);
    }
    card_setup_bars();
    card_wait_ready();
    queue_enable(&queue[0]);
    queue_sync(&queue[0]);
    qemu_quit();
}

/* QEMU lets no device write to itself. */
TEST(message, to_the_cards_registers_gets_nowhere)
{
    struct queue queue[2];

    start_two(queue);
    aim(0, CARD_REGS + NPU_REG_CONTROL, NPU_CONTROL_RESET);
    raise_both(queue);
    msix_wait(1);
    EXPECT(reg_read(NPU_REG_STATUS) & NPU_STATUS_DIRTY);
    queue_sync(&queue[1]);
    qemu_quit();
}
