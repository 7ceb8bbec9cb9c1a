/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a bad guest does, one function a kind, chosen by chance. */
#include <string.h>

#include "hostile.h"
#include "vtd.h"

#define QUEUES 8u /* that get work; registers of all are written to */

static struct queue rings[QUEUES];

/* ---- Packets ------------------------------------------------------------- */

static uint64_t any_size(void)
{
    static const uint64_t sizes[] = {
        0,       1,          4,          16,         63,
        64,      4096,       65536,      65537,      1 << 20,
        3 << 20, 1ull << 32, 1ull << 48, 1ull << 63, ~0ull,
    };

    return ANY_OF(sizes);
}

static uint64_t any_place(unsigned space)
{
    static const uint64_t client[] = {
        VA_DATA,    VA_ARGS,    VA_REPORT,    VA_PROGRAM,
        VA_TENSORS, VA_HOST,    VA_READ_ONLY, VA_DATA + (8 << 20) - 64,
        0,          1ull << 46, 1ull << 48,   ~0ull,
    };
    static const uint64_t hbm[] = {
        0,          HBM_TABLES, HBM_DATA, GUEST_HBM_SIZE - 64, GUEST_HBM_SIZE,
        1ull << 40, ~63ull,
    };

    switch (space) {
    case NPU_SPACE_CLIENT:
        return ANY_OF(client);
    case NPU_SPACE_HBM:
        return ANY_OF(hbm);
    default:
        return any_address();
    }
}

static struct program any_program(void)
{
    switch (any_below(4)) {
    case 0:
        return program_stall(any_below(20));
    case 1:
        return program_stall(0);
    case 2:
        return program_long();
    default:
        return program_fill(1 + any_below(100000), 1);
    }
}

static struct npu_packet any_run(void)
{
    struct program program = any_program();
    struct npu_packet run = program_packet(&program);

    if (one_in(3)) {
        run.run.report = any_place(NPU_SPACE_CLIENT);
    }
    if (one_in(8)) {
        run.run.program = any_place(NPU_SPACE_CLIENT);
    }
    if (one_in(8)) {
        run.run.args = any_place(NPU_SPACE_CLIENT);
    }
    if (one_in(8)) {
        run.run.program_size = any();
    }
    return run;
}

static struct npu_packet any_packet(void)
{
    struct npu_packet packet = { .opcode = any_below(9) };

    packet.dst_space = any_below(4);
    packet.src_space = any_below(4);
    switch (packet.opcode) {
    case NPU_PACKET_RUN:
        packet = any_run();
        break;
    case NPU_PACKET_FENCE:
        packet.fence.sequence = any_below(4);
        break;
    case NPU_PACKET_INVALIDATE:
        packet.invalidate.root = any_place(NPU_SPACE_HBM);
        packet.invalidate.size = any_size();
        break;
    default:
        packet.pattern = any();
        packet.copy.dst = any_place(packet.dst_space);
        packet.copy.src = any_place(packet.src_space);
        packet.copy.size = any_size();
    }
    if (one_in(16)) {
        packet.raw[any_below(7)] ^= 1ull << any_below(64);
    }
    return packet;
}

/* ---- Queues -------------------------------------------------------------- */

static struct queue *any_queue(void)
{
    return &rings[any_below(QUEUES)];
}

/* Mostly in order; enabled on top of whatever it is doing. */
static void attack_enable(void)
{
    struct queue *queue = any_queue();
    struct queue ring = queue_new(queue - rings, HBM_TABLES);

    ring.die_mask = one_in(8) ? any() : 1 + any_below(255);
    ring.vector = one_in(2) ? NPU_NO_VECTOR : any_below(NPU_MAX_VECTORS + 1);
    ring.order = one_in(8) ? any_below(20) : 6;
    if (one_in(4)) {
        ring.ring = any_address();
    }
    if (one_in(6)) {
        ring.tail_at = any_address();
    }
    if (one_in(6)) {
        ring.fence_at = any_address();
    }
    if (one_in(6)) {
        ring.root = any_place(NPU_SPACE_HBM);
    }
    queue_control(queue, NPU_QUEUE_CONTROL_DISABLE);
    *queue = ring;
    queue_write_registers(queue);
    queue_control(queue, NPU_QUEUE_CONTROL_ENABLE);
}

/* Into the memory where the ring should be, wherever the card looks for it. */
static void attack_packets(void)
{
    struct queue *queue = any_queue();
    struct queue at = queue_new(queue - rings, HBM_TABLES);

    for (unsigned left = 1 + any_below(8); left; left--) {
        struct npu_packet packet = any_packet();

        memcpy(guest_ram + at.ring + 64 * (queue->tail++ % 64), &packet,
               sizeof(packet));
    }
    memcpy(guest_ram + at.tail_at, &queue->tail, sizeof(queue->tail));
    queue_ring_doorbell(&at);
}

static void attack_tail(void)
{
    static const uint64_t tails[] = { 0, 1, 63, 64, 65, 1 << 16, ~0ull };
    struct queue at = queue_new(any_below(QUEUES), HBM_TABLES);
    uint64_t tail = one_in(2) ? any() : ANY_OF(tails);

    memcpy(guest_ram + at.tail_at, &tail, sizeof(tail));
    queue_ring_doorbell(&at);
}

static void attack_control(void)
{
    struct queue at = { .index = any_below(one_in(4) ? 1100 : QUEUES) };

    for (unsigned left = 1 + any_below(10); left; left--) {
        queue_control(&at, any_below(5));
    }
}

static void attack_doorbells(void)
{
    for (unsigned left = any_below(50); left; left--) {
        reg_write(NPU_REG_DOORBELL(any_below(one_in(4) ? 1024 : QUEUES)),
                  any());
    }
}

/* ---- Registers and memory ------------------------------------------------ */

static void attack_registers(void)
{
    static const uint64_t bases[] = {
        0,
        NPU_REG_STATUS,
        NPU_REG_ERROR_QUEUES(0),
        NPU_REG_DIE(0),
        NPU_REG_VECTOR(0),
        NPU_REG_VECTOR(31),
        NPU_REG_QUEUE(0),
        NPU_REG_QUEUE(1023),
        NPU_REG_DOORBELL(0),
        NPU_REG_DOORBELL(1023),
        NPU_BAR_REGS_SIZE - 64,
    };

    for (unsigned left = 1 + any_below(20); left; left--) {
        uint64_t at = CARD_REGS + ANY_OF(bases) + any_below(64);
        unsigned size = 1 << any_below(4);

        if (one_in(2)) {
            qemu_read(at, size);
        } else {
            qemu_write(at, any(), size);
        }
    }
}

static void attack_page_tables(void)
{
    for (unsigned left = 1 + any_below(8); left; left--) {
        uint64_t entry = any_address() & NPU_PTE_ADDRESS;
        uint64_t *at = (uint64_t *)(guest_hbm + HBM_TABLES) +
                       any_below(8 * NPU_PT_ENTRIES);

        __atomic_store_n(at, one_in(4) ? any() : entry | any_below(64),
                         __ATOMIC_RELAXED);
    }
}

static void attack_program(void)
{
    uint8_t *program = guest_hbm + HBM_DATA + (VA_PROGRAM - VA_DATA);

    for (unsigned left = 1 + any_below(8); left; left--) {
        program[any_below(1024)] = one_in(2) ? any() : any_below(4);
    }
}

/* ---- Interrupts ---------------------------------------------------------- */

/* Where a message does most harm: into this card, its port, itself. */
static uint64_t any_message_address(void)
{
    const uint64_t places[] = {
        CARD_REGS + NPU_REG_CONTROL,
        CARD_REGS + NPU_REG_DOORBELL(0),
        CARD_MSIX,
        CARD_MSIX + 12,
        HOST_MESSAGES,
        card_config_address(PCI_COMMAND),
        card_config_address(card_capability(CAP_EXPRESS) + 8),
        card_config_address(card_capability(CAP_MSIX)),
        port_config_address(port_capability(CAP_EXPRESS) + SLOT_CONTROL),
        port_config_address(PCI_BRIDGE_CONTROL),
    };

    return one_in(3) ? any_address() & ~3ull : ANY_OF(places);
}

static uint32_t any_message(void)
{
    static const uint32_t messages[] = {
        0, 1, SLOT_OFF, SLOT_ON, 0x40, 1 << 15, ~0u, 0x80000000,
    };

    return one_in(3) ? any() : ANY_OF(messages);
}

static void attack_messages(void)
{
    unsigned at = card_capability(CAP_MSIX);

    for (unsigned left = 1 + any_below(4); left; left--) {
        uint64_t entry = CARD_MSIX + 16 * any_below(NPU_MAX_VECTORS);
        uint64_t address = any_message_address();

        qemu_write(entry, address, 4);
        qemu_write(entry + 4, address >> 32, 4);
        qemu_write(entry + 8, any_message(), 4);
        qemu_write(entry + 12, one_in(3), 4);
    }
    for (unsigned vector = 0; vector < NPU_MAX_VECTORS; vector++) {
        reg_write(NPU_REG_VECTOR(vector) + NPU_VECTOR_MASK, one_in(4));
    }
    reg_write(NPU_REG_EVENT_VECTOR, any_below(NPU_MAX_VECTORS));
    card_config_write(at + 2, one_in(4) ? any() : 1 << 15, 2);
    attack_doorbells();
}

/* ---- The function -------------------------------------------------------- */

static void attack_reset(void)
{
    switch (any_below(4)) {
    case 0:
        card_flr();
        break;
    case 1:
        reg_write(NPU_REG_CONTROL, NPU_CONTROL_RESET);
        break;
    case 2:
        port_reset_bus();
        card_setup_bars();
        break;
    default:
        reg_write(NPU_REG_DIE(any_below(NPU_MAX_DIES)) + NPU_DIE_CONTROL,
                  NPU_DIE_CONTROL_RESET);
    }
}

static void attack_command(void)
{
    for (unsigned left = 1 + any_below(6); left; left--) {
        card_config_write(PCI_COMMAND, any_below(8), 2);
    }
    if (one_in(4)) {
        port_config_write(PCI_COMMAND, any_below(8), 2);
    }
    card_config_write(PCI_COMMAND, PCI_COMMAND_ON, 2);
}

static void attack_power(void)
{
    card_set_power_state(any_below(4));
    if (one_in(2)) {
        reg_read(NPU_REG_MAGIC);
        qemu_read(CARD_HBM + HBM_TABLES, 8);
    }
    card_set_power_state(0);
}

/* Over each other, over the peer's, over memory; and back. */
static void attack_bars(void)
{
    static const uint64_t places[] = {
        CARD_REGS,  CARD_MSIX,    CARD_HBM, PEER_REGS,
        PEER_HBM,   HOST_RINGS,   0,        VTD_REGS & ~0xffffffull,
        0xfee00000, ~0xffffffull,
    };
    unsigned bar = 2 * any_below(3);
    uint64_t at = ANY_OF(places);

    card_set_bar(bar, at);
    attack_doorbells();
    card_setup_bars();
}

static void attack_config(void)
{
    for (unsigned left = 1 + any_below(8); left; left--) {
        unsigned at = any_below(one_in(2) ? 0x100 : 0x1000) & ~3u;

        card_config_write(at, any(), 4);
    }
    card_set_power_state(0);
    card_setup_bars();
}

static void attack_port(void)
{
    port_config_write(any_below(0x100) & ~3u, any(), 4);
    card_setup_port();
}

/* ---- The machine --------------------------------------------------------- */

static void attack_stop(void)
{
    qmp("{ 'execute': 'stop' }");
    if (one_in(2)) {
        attack_doorbells();
        attack_registers();
    }
    if (one_in(4)) {
        card_flr();
    }
    qmp("{ 'execute': 'cont' }");
}

/* Either card, the way that the guest does it or the one that asks the guest. */
static void attack_unplug(void)
{
    enum card_slot which = one_in(2) ? PEER : CARD_UNDER_TEST;

    if (!one_in(3)) {
        return;
    }
    if (one_in(3)) {
        qmp_any("{ 'execute': 'device_del', 'arguments': { 'id': '%s' } }",
                which == PEER ? "peer" : "card");
    }
    card_select(which);
    port_set_power(false);
    card_select(CARD_UNDER_TEST);
    if (one_in(2)) {
        attack_doorbells();
    }
    hostile_recover();
}

static void attack_iommu(void)
{
    if (!guest_has_iommu) {
        return;
    }
    switch (any_below(4)) {
    case 0:
        vtd_disable();
        vtd_enable();
        break;
    case 1:
        vtd_invalidate();
        break;
    default: {
        uint64_t at = any_address() & ~0x1fffffull;

        vtd_map(HOST_RINGS + (any_below(24) << 21), 1, at, any_below(4));
        vtd_invalidate();
    }
    }
}

static void (*const attacks[])(void) = {
    attack_enable,  attack_enable,    attack_enable,    attack_packets,
    attack_packets, attack_packets,   attack_packets,   attack_tail,
    attack_control, attack_doorbells, attack_registers, attack_page_tables,
    attack_program, attack_messages,  attack_reset,     attack_command,
    attack_power,   attack_bars,      attack_config,    attack_port,
    attack_stop,    attack_unplug,    attack_iommu,
};

void hostile_attack(void)
{
    ANY_OF(attacks)();
}
