/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A card behind a root port, as a very small driver sees it: configuration
 * space, BARs, registers, vectors, page tables, rings and programs.
 */
#ifndef NPU_QTEST_CARD_H
#define NPU_QTEST_CARD_H

#include "npu/regs.h"
#include "qemu.h"
#include "tap.h"

/* The machine that card_start() makes: a root port with one card. */
#define CARD_PORT "-device pcie-root-port,id=port0,bus=pcie.0,addr=1,chassis=1 "

/* Argument for card_unplug() and card_plug(): hot-plug without ACPI. */
#define CARD_HOTPLUG "-global ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off"

/* Where it is, and where its BARs are put. */
#define CARD_BUS 1
#define CARD_REGS 0xe0000000ull
#define CARD_MSIX 0xe1000000ull
#define CARD_HBM 0x8000000000ull

/* Room for a second one. */
#define PEER_PORT "-device pcie-root-port,id=port1,bus=pcie.0,addr=2,chassis=2 "
#define PEER_BUS 2
#define PEER_REGS 0xe8000000ull
#define PEER_MSIX 0xe9000000ull
#define PEER_HBM 0x6000000000ull

/*
 * Where the tests have their things.  Guest memory: rings from HOST_RINGS on
 * (64 KiB a queue: ring, then tail and fence record), vectors' messages, data.
 * HBM: page tables, programs, data.
 */
#define HOST_RINGS 0x1000000ull
#define HOST_MESSAGES 0x2000000ull
#define HOST_DATA 0x3000000ull
#define HBM_TABLES 0x100000ull
#define HBM_DATA 0x800000ull

/* What every address space that space_new() makes shows. */
#define VA_DATA 0x40000000ull      /* 8 MiB of HBM from HBM_DATA on */
#define VA_HOST 0x80000000ull      /* 2 MiB of host memory */
#define VA_READ_ONLY 0xc0000000ull /* 2 MiB of HBM, not writable */

/* In VA_DATA */
#define VA_ARGS (VA_DATA + 0x1000)
#define VA_REPORT (VA_DATA + 0x2000)
#define VA_PROGRAM (VA_DATA + 0x10000)
#define VA_TENSORS (VA_DATA + 0x200000)

/* Configuration space */
#define PCI_COMMAND 0x04
#define PCI_COMMAND_ON 0x06 /* memory and bus master */
#define PCI_BAR(n) (0x10 + 4 * (n))
#define PCI_BRIDGE_CONTROL 0x3e
#define PCI_BRIDGE_RESET 0x40
#define CAP_PM 0x01
#define CAP_EXPRESS 0x10
#define CAP_MSIX 0x11
#define SLOT_CONTROL 0x18 /* in the PCI Express capability */
#define SLOT_OFF 0x0700   /* power controller and its indicator */
#define SLOT_ON 0x0100
#define SLOT_TOGGLE_LOCK 0x0800
#define SLOT_STATUS 0x1a
#define SLOT_LOCKED 0x0080

/* Which card all that follows is about. */
enum card_slot { CARD_UNDER_TEST, PEER };
void card_select(enum card_slot which);

/* QEMU with "-device DEVICE" behind the root port, BARs in place. */
void card_start(const char *device);
/* The same with more arguments in front. */
void card_start_with(const char *args, const char *device);
/* Give buses and BARs their addresses and switch the function on. */
void card_setup_ecam(void);
void card_setup_port(void);
void card_setup_bars(void);
void card_set_bar(unsigned bar, uint64_t at);
/* 0: at work, 3: D3hot */
void card_set_power_state(unsigned state);
/* Play the guest's side of the slot.  @props: what device_add takes, in JSON. */
void card_unplug(void);
void card_plug(const char *props);

/* Configuration space: of the card, or of the port (of what is in its place). */
uint32_t card_config_read(unsigned offset, unsigned size);
void card_config_write(unsigned offset, uint32_t value, unsigned size);
uint32_t port_config_read(unsigned offset, unsigned size);
void port_config_write(unsigned offset, uint32_t value, unsigned size);
/* Where these are in memory. */
uint64_t card_config_address(unsigned offset);
uint64_t port_config_address(unsigned offset);
/* Offset of a capability, 0: none. */
unsigned card_capability(uint8_t id);
unsigned card_extended_capability(uint16_t id);
unsigned port_capability(uint8_t id);

void card_flr(void);
/* The slot's power; off, the card is unplugged. */
void port_set_power(bool on);
/* Open the interlock that keeps a card in its slot, or out of it. */
void port_unlock(void);
void port_reset_bus(void);

/* Registers */
uint32_t reg_read(uint64_t offset);
uint64_t reg_read64(uint64_t offset);
void reg_write(uint64_t offset, uint32_t value);
void reg_write64(uint64_t offset, uint64_t value);
/* Wait until (register & mask) == value; fails the test after 10 s. */
void reg_wait(uint64_t offset, uint32_t mask, uint32_t value);
/* Wait for the end of a reset. */
void card_wait_ready(void);

/* MSI-X: vector v's message is v + 1, at HOST_MESSAGES + 4 * v. */
void msix_enable(void);
void msix_mask(unsigned vector, bool masked);
bool msix_pending(unsigned vector);
uint32_t msix_message(unsigned vector);
void msix_clear(unsigned vector);
void msix_wait(unsigned vector);

/* Address spaces: the root, an HBM offset. */
uint64_t space_new(void);
/* Of what was made so far, nothing is needed any more. */
void space_forget_all(void);
/* Map 2 MiB or 4 KiB; @leaf has the entry's flags and aperture. */
void space_map_2m(uint64_t root, uint64_t va, uint64_t leaf);
void space_map_4k(uint64_t root, uint64_t va, uint64_t leaf);
/* Write any entry of the path to @va; the tables on the way must exist. */
void space_set_entry(uint64_t root, uint64_t va, unsigned level,
                     uint64_t entry);
/* Read or write memory at an address in VA_DATA. */
void data_write(uint64_t va, const void *from, size_t size);
void data_read(uint64_t va, void *to, size_t size);

/* Queues */
struct queue {
    unsigned index;
    uint64_t ring; /* bus addresses, as the registers get them */
    uint64_t tail_at;
    uint64_t fence_at;
    uint64_t root;
    uint32_t order;
    uint32_t die_mask;
    uint32_t priority;
    uint32_t vector;
    uint64_t tail; /* packets pushed */
};

/* A queue with default values; then write its registers, and enable it. */
struct queue queue_new(unsigned index, uint64_t root);
void queue_enable(struct queue *queue);
void queue_write_registers(const struct queue *queue);
void queue_control(const struct queue *queue, uint32_t command);
/* The machine with a card and one queue, enabled. */
struct queue card_start_queue(unsigned index);
void queue_push(struct queue *queue, const struct npu_packet *packet);
void queue_ring_doorbell(const struct queue *queue);
uint32_t queue_state(const struct queue *queue);
void queue_wait_state(const struct queue *queue, uint32_t state);
struct npu_error queue_error(const struct queue *queue);
/* Wait until it has failed; the code must be that one. */
struct npu_error queue_wait_error(const struct queue *queue, uint32_t code);
uint64_t queue_fence(const struct queue *queue);
/* Push a fence, ring the doorbell and wait for it. */
void queue_sync(struct queue *queue);

/* Packets */
struct npu_packet packet_fence(uint64_t sequence);
struct npu_packet packet_copy(enum npu_space dst_space, uint64_t dst,
                              enum npu_space src_space, uint64_t src,
                              uint64_t size);
struct npu_packet packet_fill(enum npu_space space, uint64_t dst, uint64_t size,
                              uint32_t pattern);
struct npu_packet packet_invalidate(uint64_t root, uint64_t address,
                                    uint64_t size);

/* A program under construction, with its argument block. */
struct program {
    struct npu_program_header header;
    struct npu_insn insn[8];
    struct npu_tensor tensor[8];
    uint64_t args[8];
};

struct program program_new(void);
/* A dense tensor of one dimension at a base address of its own; its index. */
unsigned program_tensor(struct program *program, uint32_t dtype,
                        uint64_t extent, uint64_t va);
struct npu_insn *program_insn(struct program *program, uint32_t opcode,
                              uint16_t d, uint16_t a, uint16_t b);
/* Fill @elements of f32 at VA_TENSORS with @value. */
struct program program_fill(uint64_t elements, float value);
struct program program_stall(uint32_t ms);
/* Eight times over 4 MiB: milliseconds, in many tiles. */
struct program program_long(void);
/* Write it and its arguments to memory at @va; the packet that runs it. */
struct npu_packet program_load(const struct program *program, uint64_t va);
struct npu_packet program_packet(const struct program *program);

#endif
