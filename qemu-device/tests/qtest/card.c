/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "card.h"

#define ECAM 0xb0000000ull

#define PCI_CAPABILITIES 0x34

#define WAIT_MS 10000

static const struct slot {
    unsigned bus;
    unsigned port_devfn;
    uint64_t regs;
    uint64_t msix;
    uint64_t hbm;
    uint64_t hbm_last; /* what the port lets through */
} slots[] = {
    [CARD_UNDER_TEST] = { CARD_BUS, 1 << 3, CARD_REGS, CARD_MSIX, CARD_HBM,
                          0xffffffffffull },
    [PEER] = { PEER_BUS, 2 << 3, PEER_REGS, PEER_MSIX, PEER_HBM,
               0x6fffffffffull },
};

static const struct slot *slot = &slots[CARD_UNDER_TEST];

void card_select(enum card_slot which)
{
    slot = &slots[which];
}

/* ---- Configuration space ------------------------------------------------- */

uint64_t card_config_address(unsigned offset)
{
    return ECAM + (slot->bus << 20) + offset;
}

uint64_t port_config_address(unsigned offset)
{
    return ECAM + (slot->port_devfn << 12) + offset;
}

uint32_t card_config_read(unsigned offset, unsigned size)
{
    return qemu_read(card_config_address(offset), size);
}

void card_config_write(unsigned offset, uint32_t value, unsigned size)
{
    qemu_write(card_config_address(offset), value, size);
}

uint32_t port_config_read(unsigned offset, unsigned size)
{
    return qemu_read(port_config_address(offset), size);
}

void port_config_write(unsigned offset, uint32_t value, unsigned size)
{
    qemu_write(port_config_address(offset), value, size);
}

static unsigned find_capability(uint32_t (*read)(unsigned, unsigned),
                                uint8_t id)
{
    unsigned at = read(PCI_CAPABILITIES, 1);

    for (unsigned left = 48; at && left; left--) {
        if (read(at, 1) == id) {
            return at;
        }
        at = read(at + 1, 1);
    }
    return 0;
}

unsigned card_capability(uint8_t id)
{
    return find_capability(card_config_read, id);
}

unsigned port_capability(uint8_t id)
{
    return find_capability(port_config_read, id);
}

unsigned card_extended_capability(uint16_t id)
{
    unsigned at = 0x100;

    for (unsigned left = 64; at && left; left--) {
        uint32_t header = card_config_read(at, 4);

        if ((header & 0xffff) == id) {
            return at;
        }
        at = header >> 20;
    }
    return 0;
}

/* PCIEXBAR of the host bridge */
void card_setup_ecam(void)
{
    qemu_outl(0xcf8, 0x80000064);
    qemu_outl(0xcfc, ECAM >> 32);
    qemu_outl(0xcf8, 0x80000060);
    qemu_outl(0xcfc, (uint32_t)ECAM | 1);
}

void card_setup_port(void)
{
    uint32_t memory = slot->regs >> 16;

    card_setup_ecam();
    port_config_write(0x18, slot->bus << 16 | slot->bus << 8, 4);
    port_config_write(0x20, (memory + 0x1f0) << 16 | memory, 4);
    port_config_write(0x24, 0xfff10001, 4); /* prefetchable, 64 bits */
    port_config_write(0x28, slot->hbm >> 32, 4);
    port_config_write(0x2c, slot->hbm_last >> 32, 4);
    port_config_write(PCI_COMMAND, PCI_COMMAND_ON, 2);
}

void port_set_power(bool on)
{
    port_config_write(port_capability(CAP_EXPRESS) + SLOT_CONTROL,
                      on ? SLOT_ON : SLOT_OFF, 2);
}

void port_unlock(void)
{
    unsigned at = port_capability(CAP_EXPRESS);

    if (port_config_read(at + SLOT_STATUS, 2) & SLOT_LOCKED) {
        port_config_write(at + SLOT_CONTROL, SLOT_ON | SLOT_TOGGLE_LOCK, 2);
    }
}

void port_reset_bus(void)
{
    port_config_write(PCI_BRIDGE_CONTROL, PCI_BRIDGE_RESET, 2);
    port_config_write(PCI_BRIDGE_CONTROL, 0, 2);
}

void card_set_bar(unsigned bar, uint64_t at)
{
    card_config_write(PCI_BAR(bar), at, 4);
    card_config_write(PCI_BAR(bar) + 4, at >> 32, 4);
}

void card_setup_bars(void)
{
    card_set_bar(NPU_BAR_REGS, slot->regs);
    card_set_bar(NPU_BAR_HBM, slot->hbm);
    card_set_bar(NPU_BAR_MSIX, slot->msix);
    card_config_write(PCI_COMMAND, PCI_COMMAND_ON, 2);
}

void card_set_power_state(unsigned state)
{
    card_config_write(card_capability(CAP_PM) + 4, state, 2);
}

void card_start_with(const char *args, const char *device)
{
    qemu_start("%s " CARD_PORT "-device %s,bus=port0,id=card", args, device);
    card_setup_port();
    card_setup_bars();
    card_wait_ready();
}

void card_start(const char *device)
{
    card_start_with("", device);
}

void card_unplug(void)
{
    port_set_power(false);
    qmp_wait_event("DEVICE_DELETED");
}

void card_plug(const char *props)
{
    qmp("{ 'execute': 'device_add', 'arguments': { 'id': 'card', "
        "'bus': 'port0', %s } }",
        props);
    port_set_power(true);
    card_setup_bars();
    card_wait_ready();
}

void card_flr(void)
{
    unsigned express = card_capability(CAP_EXPRESS);
    uint16_t control = card_config_read(express + 8, 2);

    card_config_write(express + 8, control | 1 << 15, 2);
    card_setup_bars();
}

/* ---- Registers ----------------------------------------------------------- */

uint32_t reg_read(uint64_t offset)
{
    return qemu_read(slot->regs + offset, 4);
}

uint64_t reg_read64(uint64_t offset)
{
    return qemu_read(slot->regs + offset, 8);
}

void reg_write(uint64_t offset, uint32_t value)
{
    qemu_write(slot->regs + offset, value, 4);
}

void reg_write64(uint64_t offset, uint64_t value)
{
    qemu_write(slot->regs + offset, value, 8);
}

void reg_wait(uint64_t offset, uint32_t mask, uint32_t value)
{
    uint64_t deadline = now_ms() + WAIT_MS;
    uint32_t is;

    while (((is = reg_read(offset)) & mask) != value) {
        if (now_ms() > deadline) {
            tap_fail(__FILE__, __LINE__,
                     "register 0x%" PRIx64 " stays 0x%x, "
                     "waited for 0x%x",
                     offset, is, value);
        }
        sleep_ms(1);
    }
}

void card_wait_ready(void)
{
    reg_wait(NPU_REG_STATUS, NPU_STATUS_READY | NPU_STATUS_BUSY,
             NPU_STATUS_READY);
}

/* ---- MSI-X --------------------------------------------------------------- */

void msix_enable(void)
{
    unsigned at = card_capability(CAP_MSIX);

    for (unsigned vector = 0; vector < NPU_MAX_VECTORS; vector++) {
        uint64_t entry = slot->msix + 16 * vector;

        qemu_write(entry, HOST_MESSAGES + 4 * vector, 4);
        qemu_write(entry + 4, 0, 4);
        qemu_write(entry + 8, vector + 1, 4);
        qemu_write(entry + 12, 0, 4);
    }
    card_config_write(at + 2, card_config_read(at + 2, 2) | 1 << 15, 2);
}

void msix_mask(unsigned vector, bool masked)
{
    qemu_write(slot->msix + 16 * vector + 12, masked, 4);
}

bool msix_pending(unsigned vector)
{
    return qemu_read(slot->msix + 0x800, 4) & 1u << vector;
}

uint32_t msix_message(unsigned vector)
{
    return qemu_read(HOST_MESSAGES + 4 * vector, 4);
}

void msix_clear(unsigned vector)
{
    qemu_write(HOST_MESSAGES + 4 * vector, 0, 4);
}

void msix_wait(unsigned vector)
{
    uint64_t deadline = now_ms() + WAIT_MS;

    while (!msix_message(vector)) {
        if (now_ms() > deadline) {
            tap_fail(__FILE__, __LINE__, "vector %u was not raised", vector);
        }
        sleep_ms(1);
    }
    EXPECT_EQ(msix_message(vector), vector + 1);
}

/* ---- Address spaces ------------------------------------------------------ */

static uint64_t next_table = HBM_TABLES;

void space_forget_all(void)
{
    next_table = HBM_TABLES;
}

static uint64_t table_new(void)
{
    static const uint8_t zero[NPU_PT_SIZE];
    uint64_t table = next_table;

    next_table += NPU_PT_SIZE;
    qemu_copy_in(CARD_HBM + table, zero, sizeof(zero));
    return table;
}

/* The HBM offset of the entry for @va at @level; makes tables on the way. */
static uint64_t space_entry(uint64_t root, uint64_t va, unsigned level)
{
    uint64_t table = root;

    for (unsigned at = NPU_PT_LEVELS - 1;; at--) {
        uint64_t entry = table +
                         8 * (va >> NPU_PT_SHIFT(at) & (NPU_PT_ENTRIES - 1));
        uint64_t value;

        if (at == level) {
            return entry;
        }
        value = qemu_read(CARD_HBM + entry, 8);
        if (!(value & NPU_PTE_VALID)) {
            value = table_new() | NPU_PTE_VALID;
            qemu_write(CARD_HBM + entry, value, 8);
        }
        table = value & NPU_PTE_ADDRESS;
    }
}

void space_set_entry(uint64_t root, uint64_t va, unsigned level, uint64_t entry)
{
    qemu_write(CARD_HBM + space_entry(root, va, level), entry, 8);
}

void space_map_2m(uint64_t root, uint64_t va, uint64_t leaf)
{
    space_set_entry(root, va, 1, leaf | NPU_PTE_VALID | NPU_PTE_LEAF);
}

void space_map_4k(uint64_t root, uint64_t va, uint64_t leaf)
{
    space_set_entry(root, va, 0, leaf | NPU_PTE_VALID | NPU_PTE_LEAF);
}

uint64_t space_new(void)
{
    uint64_t root = table_new();

    for (uint64_t at = 0; at < 4; at++) {
        space_map_2m(root, VA_DATA + (at << 21),
                     (HBM_DATA + (at << 21)) | NPU_PTE_WRITE);
    }
    space_map_2m(root, VA_HOST,
                 (HOST_DATA & ~0x1fffffull) | NPU_PTE_WRITE |
                     NPU_APERTURE_HOST << NPU_PTE_APERTURE_SHIFT);
    space_map_2m(root, VA_READ_ONLY, HBM_DATA + 0x600000);
    return root;
}

void data_write(uint64_t va, const void *from, size_t size)
{
    qemu_copy_in(CARD_HBM + HBM_DATA + (va - VA_DATA), from, size);
}

void data_read(uint64_t va, void *to, size_t size)
{
    qemu_copy_out(CARD_HBM + HBM_DATA + (va - VA_DATA), to, size);
}

/* ---- Queues -------------------------------------------------------------- */

struct queue queue_new(unsigned index, uint64_t root)
{
    uint64_t at = HOST_RINGS + 0x10000 * (index % 64);

    return (struct queue){
        .index = index,
        .ring = at,
        .tail_at = at + 0x8000,
        .fence_at = at + 0x8040,
        .root = root,
        .order = 6,
        .die_mask = 1,
        .vector = NPU_NO_VECTOR,
    };
}

void queue_write_registers(const struct queue *queue)
{
    uint64_t base = NPU_REG_QUEUE(queue->index);

    reg_write64(base + NPU_QUEUE_RING, queue->ring);
    reg_write64(base + NPU_QUEUE_TAIL, queue->tail_at);
    reg_write64(base + NPU_QUEUE_FENCE, queue->fence_at);
    reg_write64(base + NPU_QUEUE_ROOT, queue->root);
    reg_write(base + NPU_QUEUE_RING_ORDER, queue->order);
    reg_write(base + NPU_QUEUE_DIE_MASK, queue->die_mask);
    reg_write(base + NPU_QUEUE_PRIORITY, queue->priority);
    reg_write(base + NPU_QUEUE_VECTOR, queue->vector);
}

void queue_control(const struct queue *queue, uint32_t command)
{
    reg_write(NPU_REG_QUEUE(queue->index) + NPU_QUEUE_CONTROL, command);
}

void queue_enable(struct queue *queue)
{
    static const uint8_t zero[64];

    queue->tail = 0;
    qemu_write(queue->tail_at, 0, 8);
    qemu_copy_in(queue->fence_at, zero, sizeof(zero));
    queue_write_registers(queue);
    queue_control(queue, NPU_QUEUE_CONTROL_ENABLE);
}

void queue_push(struct queue *queue, const struct npu_packet *packet)
{
    uint64_t slot = queue->tail & ((1u << queue->order) - 1);

    qemu_copy_in(queue->ring + 64 * slot, packet, sizeof(*packet));
    queue->tail++;
    qemu_write(queue->tail_at, queue->tail, 8);
}

void queue_ring_doorbell(const struct queue *queue)
{
    reg_write(NPU_REG_DOORBELL(queue->index), 1);
}

uint32_t queue_state(const struct queue *queue)
{
    return reg_read(NPU_REG_QUEUE(queue->index) + NPU_QUEUE_STATE);
}

void queue_wait_state(const struct queue *queue, uint32_t state)
{
    reg_wait(NPU_REG_QUEUE(queue->index) + NPU_QUEUE_STATE, ~0u, state);
}

struct npu_error queue_error(const struct queue *queue)
{
    union {
        struct npu_error error;
        uint64_t word[8];
    } record;

    for (unsigned i = 0; i < 8; i++) {
        record.word[i] = reg_read64(NPU_REG_QUEUE(queue->index) +
                                    NPU_QUEUE_ERROR + 8 * i);
    }
    return record.error;
}

struct npu_error queue_wait_error(const struct queue *queue, uint32_t code)
{
    struct npu_error error;

    queue_wait_state(queue, NPU_QUEUE_ERRORED);
    error = queue_error(queue);
    EXPECT_EQ(error.code, code);
    return error;
}

struct queue card_start_queue(unsigned index)
{
    struct queue queue;

    card_start("npu-x6000,hbm=64M");
    queue = queue_new(index, space_new());
    queue_enable(&queue);
    return queue;
}

uint64_t queue_fence(const struct queue *queue)
{
    return qemu_read(queue->fence_at, 8);
}

void queue_sync(struct queue *queue)
{
    struct npu_packet fence = packet_fence(queue->tail + 1);
    uint64_t deadline = now_ms() + WAIT_MS;

    queue_push(queue, &fence);
    queue_ring_doorbell(queue);
    while (queue_fence(queue) != fence.fence.sequence) {
        if (queue_state(queue) == NPU_QUEUE_ERRORED) {
            struct npu_error error = queue_error(queue);

            tap_fail(__FILE__, __LINE__,
                     "queue %u failed: code %u, packet %" PRIu64
                     ", instruction %u, address 0x%" PRIx64,
                     queue->index, error.code, (uint64_t)error.packet,
                     error.insn, (uint64_t)error.address);
        }
        if (now_ms() > deadline) {
            tap_fail(__FILE__, __LINE__,
                     "queue %u does not reach its fence: "
                     "state %u",
                     queue->index, queue_state(queue));
        }
        sleep_ms(1);
    }
}

/* ---- Packets ------------------------------------------------------------- */

struct npu_packet packet_fence(uint64_t sequence)
{
    return (struct npu_packet){
        .opcode = NPU_PACKET_FENCE,
        .fence.sequence = sequence,
    };
}

struct npu_packet packet_copy(enum npu_space dst_space, uint64_t dst,
                              enum npu_space src_space, uint64_t src,
                              uint64_t size)
{
    return (struct npu_packet){
        .opcode = NPU_PACKET_COPY,
        .dst_space = dst_space,
        .src_space = src_space,
        .copy = { .dst = dst, .src = src, .size = size },
    };
}

struct npu_packet packet_fill(enum npu_space space, uint64_t dst, uint64_t size,
                              uint32_t pattern)
{
    return (struct npu_packet){
        .opcode = NPU_PACKET_FILL,
        .dst_space = space,
        .pattern = pattern,
        .copy = { .dst = dst, .size = size },
    };
}

struct npu_packet packet_invalidate(uint64_t root, uint64_t address,
                                    uint64_t size)
{
    return (struct npu_packet){
        .opcode = NPU_PACKET_INVALIDATE,
        .invalidate = { .root = root, .address = address, .size = size },
    };
}

/* ---- Programs ------------------------------------------------------------ */

struct program program_new(void)
{
    return (struct program) {
        .header = {
            .magic = NPU_PROGRAM_MAGIC,
            .isa_major = NPU_ISA_MAJOR,
            .isa_minor = NPU_ISA_MINOR,
        },
    };
}

unsigned program_tensor(struct program *program, uint32_t dtype,
                        uint64_t extent, uint64_t va)
{
    unsigned index = program->header.tensor_count++;
    unsigned base = program->header.base_count++;

    program->args[base] = va;
    program->tensor[index] = (struct npu_tensor){
        .base = base,
        .dtype = dtype,
        .rank = 1,
        .extent = { extent },
        .stride = { dtype == NPU_DTYPE_S8  ? 1 :
                    dtype == NPU_DTYPE_F16 ? 2 :
                                             4 },
    };
    return index;
}

struct npu_insn *program_insn(struct program *program, uint32_t opcode,
                              uint16_t d, uint16_t a, uint16_t b)
{
    struct npu_insn *insn = &program->insn[program->header.insn_count++];

    *insn = (struct npu_insn){
        .opcode = opcode,
        .scalar = NPU_NONE,
        .operand = { d, a, b, NPU_NONE, NPU_NONE, NPU_NONE, NPU_NONE,
                     NPU_NONE },
    };
    return insn;
}

struct program program_fill(uint64_t elements, float value)
{
    struct program program = program_new();
    unsigned d = program_tensor(&program, NPU_DTYPE_F32, elements, VA_TENSORS);
    struct npu_insn *insn = program_insn(&program, NPU_OP_FILL, d, NPU_NONE,
                                         NPU_NONE);

    memcpy(&insn->imm, &value, sizeof(value));
    return program;
}

struct program program_stall(uint32_t ms)
{
    struct program program = program_new();

    program_insn(&program, NPU_OP_STALL, NPU_NONE, NPU_NONE, NPU_NONE)->imm = ms;
    return program;
}

struct program program_long(void)
{
    struct program program = program_fill(1 << 20, 1);

    while (program.header.insn_count < 8) {
        program.insn[program.header.insn_count++] = program.insn[0];
    }
    return program;
}

struct npu_packet program_load(const struct program *program, uint64_t va)
{
    const struct npu_program_header *header = &program->header;
    size_t insns = header->insn_count * sizeof(struct npu_insn);
    size_t tensors = header->tensor_count * sizeof(struct npu_tensor);
    uint64_t args = va - VA_PROGRAM + VA_ARGS;

    data_write(va, header, sizeof(*header));
    data_write(va + sizeof(*header), program->insn, insns);
    data_write(va + sizeof(*header) + insns, program->tensor, tensors);
    data_write(args, program->args, sizeof(program->args));
    return (struct npu_packet) {
        .opcode = NPU_PACKET_RUN,
        .run = {
            .program = va,
            .args = args,
            .report = VA_REPORT,
            .cookie = 0x1234,
            .program_size = sizeof(*header) + insns + tensors,
            .args_size = 8 * (header->base_count + header->scalar_count),
        },
    };
}

struct npu_packet program_packet(const struct program *program)
{
    return program_load(program, VA_PROGRAM);
}
