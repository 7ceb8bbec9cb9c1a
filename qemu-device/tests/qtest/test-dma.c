/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host memory that cannot be reached: addresses, bus mastering, an IOMMU. */
#include "card.h"
#include "vtd.h"

#define UNMAPPED 0x7000000000ull

static void expect_others_work(const struct queue *queue)
{
    struct queue other = queue_new(1, queue->root);

    queue_enable(&other);
    queue_sync(&other);
}

/* ---- Rings, tails and fences at bad addresses ---------------------------- */

static void expect_bad_address(uint64_t ring, uint64_t tail, uint64_t fence)
{
    struct npu_packet packet = packet_fence(1);
    struct queue queue, shown;

    card_start("npu-x6000,hbm=64M");
    queue = shown = queue_new(0, space_new());
    shown.ring = ring ? ring : queue.ring;
    shown.tail_at = tail ? tail : queue.tail_at;
    shown.fence_at = fence ? fence : queue.fence_at;
    queue_write_registers(&shown);
    queue_control(&queue, NPU_QUEUE_CONTROL_ENABLE);
    queue_push(&queue, &packet);
    queue_ring_doorbell(&queue);
    queue_wait_error(&queue, NPU_ERR_RING);
    expect_others_work(&queue);
    qemu_quit();
}

TEST(dma, ring_in_registers)
{
    expect_bad_address(CARD_REGS, 0, 0);
}

TEST(dma, ring_in_own_hbm)
{
    expect_bad_address(CARD_HBM, 0, 0);
}

TEST(dma, ring_nowhere)
{
    expect_bad_address(UNMAPPED, 0, 0);
}

TEST(dma, ring_at_the_end_of_all_addresses)
{
    expect_bad_address(~0xfffull, 0, 0);
}

TEST(dma, ring_in_the_interrupt_controller)
{
    expect_bad_address(0xfee00000, 0, 0);
}

TEST(dma, tail_in_registers)
{
    expect_bad_address(0, CARD_REGS + NPU_REG_DOORBELL(0), 0);
}

TEST(dma, tail_nowhere)
{
    expect_bad_address(0, UNMAPPED, 0);
}

TEST(dma, fence_in_registers)
{
    expect_bad_address(0, 0, CARD_REGS + NPU_REG_CONTROL);
}

TEST(dma, fence_in_rom)
{
    expect_bad_address(0, 0, 0xfffff000);
}

TEST(dma, fence_in_own_hbm)
{
    expect_bad_address(0, 0, CARD_HBM);
}

TEST(dma, fence_nowhere)
{
    expect_bad_address(0, 0, UNMAPPED);
}

/* ---- Data ---------------------------------------------------------------- */

static void expect_copy_error(uint64_t host)
{
    struct queue queue = card_start_queue(0);
    struct npu_packet copy = packet_copy(NPU_SPACE_HBM, HBM_DATA,
                                         NPU_SPACE_HOST, host, 64);
    struct npu_error error;

    queue_push(&queue, &copy);
    queue_ring_doorbell(&queue);
    error = queue_wait_error(&queue, NPU_ERR_DMA);
    EXPECT_EQ(error.address, host);
    EXPECT_EQ(error.space, NPU_SPACE_HOST);
    expect_others_work(&queue);
    qemu_quit();
}

TEST(dma, copy_from_registers)
{
    expect_copy_error(CARD_REGS + NPU_REG_MAGIC);
}

TEST(dma, copy_from_own_hbm)
{
    expect_copy_error(CARD_HBM + HBM_DATA);
}

TEST(dma, copy_from_nowhere)
{
    expect_copy_error(UNMAPPED);
}

TEST(dma, copy_behind_the_end_of_memory)
{
    struct queue queue = card_start_queue(0);
    struct npu_packet copy = packet_copy(NPU_SPACE_HBM, HBM_DATA,
                                         NPU_SPACE_HOST, 0x10000000 - 32, 64);
    struct npu_error error;

    queue_push(&queue, &copy);
    queue_ring_doorbell(&queue);
    error = queue_wait_error(&queue, NPU_ERR_DMA);
    EXPECT(error.address >= 0x10000000 - 32 && error.address <= 0x10000000);
    qemu_quit();
}

/* A large copy that the memory map changes under: right data, or an error. */
TEST(dma, copy_while_the_memory_map_changes)
{
    struct queue queue = card_start_queue(0);
    struct npu_packet copy = packet_copy(NPU_SPACE_HOST, HOST_DATA,
                                         NPU_SPACE_HBM, HBM_DATA, 32 << 20);

    for (unsigned i = 0; i < 4; i++) {
        queue_push(&queue, &copy);
    }
    queue_ring_doorbell(&queue);
    for (unsigned i = 0; i < 50; i++) {
        port_config_write(PCI_COMMAND, i & 1 ? 6 : 4, 2);
    }
    queue_sync(&queue);
    qemu_quit();
}

/* ---- Bus mastering ------------------------------------------------------- */

TEST(dma, bus_master_off)
{
    struct queue queue = card_start_queue(0);

    queue_sync(&queue);
    card_config_write(PCI_COMMAND, 2, 2);
    queue_ring_doorbell(&queue);
    queue_wait_error(&queue, NPU_ERR_RING);
    card_config_write(PCI_COMMAND, 6, 2);
    expect_others_work(&queue);
    qemu_quit();
}

TEST(dma, bus_master_off_before_enable)
{
    struct queue queue;

    card_start("npu-x6000,hbm=64M");
    card_config_write(PCI_COMMAND, 2, 2);
    queue = queue_new(0, space_new());
    queue_enable(&queue);
    queue_ring_doorbell(&queue);
    queue_wait_error(&queue, NPU_ERR_RING);
    qemu_quit();
}

TEST(dma, bus_master_off_and_on_while_copying)
{
    struct queue queue = card_start_queue(0);
    struct npu_packet copy = packet_copy(NPU_SPACE_HOST, HOST_DATA,
                                         NPU_SPACE_HBM, HBM_DATA, 16 << 20);

    for (unsigned i = 0; i < 20; i++) {
        queue_push(&queue, &copy);
        queue_ring_doorbell(&queue);
        card_config_write(PCI_COMMAND, 2, 2);
        card_config_write(PCI_COMMAND, 6, 2);
        if (queue_state(&queue) == NPU_QUEUE_ERRORED) {
            queue = queue_new(0, queue.root);
            queue_control(&queue, NPU_QUEUE_CONTROL_DISABLE);
            queue_enable(&queue);
        }
    }
    expect_others_work(&queue);
    qemu_quit();
}

/* Bus mastering of the port above counts as well. */
TEST(dma, bus_master_of_the_port_off)
{
    struct queue queue = card_start_queue(0);

    queue_sync(&queue);
    port_config_write(PCI_COMMAND, 2, 2);
    queue_ring_doorbell(&queue);
    sleep_ms(50);
    EXPECT_EQ(reg_read(NPU_REG_MAGIC), NPU_MAGIC);
    qemu_quit();
}

/* ---- An IOMMU ------------------------------------------------------------ */

#define HOST_BEHIND_VTD 0x5000000ull
#define IOVA 0x100000000ull /* shows guest memory from 16 MiB on */

static void vtd_fill_tables(void)
{
    vtd_clear();
    vtd_add_bus(CARD_BUS);
    for (uint64_t at = 0; at < 64 << 20; at += 2 << 20) {
        vtd_map(IOVA + at, 1, HOST_RINGS + at, VTD_READ | VTD_WRITE);
    }
}

static void vtd_start(void)
{
    card_start_with(VTD_ARGS, "npu-x6000,hbm=64M");
    vtd_clear();
}

/* queue_new() with the addresses that the IOMMU shows. */
static struct queue vtd_enable_queue(unsigned index)
{
    struct queue queue = queue_new(index, space_new()), shown = queue;

    qemu_write(queue.tail_at, 0, 8);
    shown.ring += IOVA - HOST_RINGS;
    shown.tail_at += IOVA - HOST_RINGS;
    shown.fence_at += IOVA - HOST_RINGS;
    queue_write_registers(&shown);
    queue_control(&shown, NPU_QUEUE_CONTROL_ENABLE);
    return queue;
}

static struct npu_packet vtd_copy(void)
{
    return packet_copy(NPU_SPACE_HOST, HOST_DATA - HOST_RINGS + IOVA,
                       NPU_SPACE_HBM, HBM_DATA, 3 << 20);
}

TEST(iommu, off)
{
    struct queue queue;

    vtd_start();
    queue = queue_new(0, space_new());
    queue_enable(&queue);
    queue_sync(&queue);
    qemu_quit();
}

TEST(iommu, nothing_is_mapped)
{
    struct queue queue;

    vtd_start();
    vtd_enable();
    queue = queue_new(0, space_new());
    queue_enable(&queue);
    queue_ring_doorbell(&queue);
    queue_wait_error(&queue, NPU_ERR_RING);
    EXPECT_EQ(reg_read(NPU_REG_MAGIC), NPU_MAGIC);
    qemu_quit();
}

TEST(iommu, translates)
{
    struct npu_packet copy = vtd_copy();
    struct queue queue;

    vtd_start();
    vtd_fill_tables();
    vtd_enable();
    qemu_write(CARD_HBM + HBM_DATA, 0x12345678, 4);
    qemu_write(CARD_HBM + HBM_DATA + (3 << 20) - 4, 0x9abcdef0, 4);
    queue = vtd_enable_queue(0);
    queue_push(&queue, &copy);
    queue_sync(&queue);
    EXPECT_EQ(qemu_read(HOST_DATA, 4), 0x12345678);
    EXPECT_EQ(qemu_read(HOST_DATA + (3 << 20) - 4, 4), 0x9abcdef0);
    qemu_quit();
}

/* What was reached before is not reached after it was unmapped. */
TEST(iommu, unmapped)
{
    struct npu_packet copy = vtd_copy();
    struct queue queue;

    vtd_start();
    vtd_fill_tables();
    vtd_enable();
    queue = vtd_enable_queue(0);
    queue_push(&queue, &copy);
    queue_sync(&queue);
    vtd_map(HOST_DATA - HOST_RINGS + IOVA, 1, 0, 0);
    vtd_invalidate();
    qemu_write(CARD_HBM + HBM_DATA, 0x55, 4);
    queue_push(&queue, &copy);
    queue_ring_doorbell(&queue);
    queue_wait_error(&queue, NPU_ERR_DMA);
    EXPECT_EQ(qemu_read(HOST_DATA, 4), 0);
    qemu_quit();
}

TEST(iommu, read_only)
{
    struct npu_packet copy = vtd_copy();
    struct queue queue;

    vtd_start();
    vtd_fill_tables();
    vtd_map(HOST_DATA - HOST_RINGS + IOVA, 1, HOST_DATA, VTD_READ);
    vtd_enable();
    queue = vtd_enable_queue(0);
    queue_push(&queue, &copy);
    queue_ring_doorbell(&queue);
    queue_wait_error(&queue, NPU_ERR_DMA);
    qemu_quit();
}

/* Translation is switched on under a copy that began without it. */
TEST(iommu, enabled_while_copying)
{
    struct npu_packet copy = packet_copy(NPU_SPACE_HOST, HOST_BEHIND_VTD,
                                         NPU_SPACE_HBM, HBM_DATA, 32 << 20);
    struct queue queue;

    vtd_start();
    vtd_fill_tables();
    queue = queue_new(0, space_new());
    queue_enable(&queue);
    for (unsigned i = 0; i < 8; i++) {
        queue_push(&queue, &copy);
    }
    queue_ring_doorbell(&queue);
    vtd_enable();
    queue_wait_state(&queue, NPU_QUEUE_ERRORED);
    queue = vtd_enable_queue(1);
    queue_sync(&queue);
    qemu_quit();
}

/* Somebody waits for a translation while the VM is stopped, or ends. */
TEST(iommu, stop_while_copying)
{
    struct npu_packet copy = vtd_copy();
    struct queue queue;

    vtd_start();
    vtd_fill_tables();
    vtd_enable();
    queue = vtd_enable_queue(0);
    for (unsigned i = 0; i < 30; i++) {
        queue_push(&queue, &copy);
    }
    queue_ring_doorbell(&queue);
    for (unsigned i = 0; i < 10; i++) {
        qmp("{ 'execute': 'stop' }");
        qmp("{ 'execute': 'cont' }");
    }
    queue_sync(&queue);
    for (unsigned i = 0; i < 30; i++) {
        queue_push(&queue, &copy);
    }
    queue_ring_doorbell(&queue);
    qemu_quit();
}

/* The card goes while its threads wait for a translation. */
TEST(iommu, unplug_while_copying)
{
    struct npu_packet copy = vtd_copy();
    struct queue queue;

    card_start_with(CARD_HOTPLUG " " VTD_ARGS, "npu-x6000,hbm=64M");
    vtd_fill_tables();
    vtd_enable();
    for (unsigned i = 0; i < 5; i++) {
        queue = vtd_enable_queue(0);
        for (unsigned j = 0; j < 30; j++) {
            queue_push(&queue, &copy);
        }
        queue_ring_doorbell(&queue);
        card_unplug();
        card_plug("'driver': 'npu-x6000', 'hbm': 67108864");
    }
    qemu_quit();
}
