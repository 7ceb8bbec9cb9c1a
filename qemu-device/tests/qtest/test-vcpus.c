/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hostile guests whose virtual CPUs run: what they do meets what goes on in QEMU. */
#include <string.h>

#include "hammer.h"
#include "hostile.h"
#include "vtd.h"

#define HPET_COUNTER 0xfed000f0

struct step {
    uint32_t op;
    uint32_t address;
    uint32_t value;
    uint32_t pad;
};

_Static_assert(sizeof(struct step) == HAMMER_STEP_SIZE,
               "as the firmware has it");

static uint8_t *list_of(unsigned cpu)
{
    return guest_ram + HAMMER_LISTS + HAMMER_LIST_SIZE * cpu;
}

static uint32_t rounds(unsigned cpu)
{
    return __atomic_load_n((uint32_t *)(list_of(cpu) + HAMMER_ROUNDS),
                           __ATOMIC_RELAXED);
}

static struct step doorbell(unsigned queue)
{
    return (struct step){ HAMMER_WRITE, CARD_REGS + NPU_REG_DOORBELL(queue), 1,
                          0 };
}

static struct step read_of(uint32_t address)
{
    return (struct step){ HAMMER_READ, address, 0, 0 };
}

static struct step write_of(uint32_t address, uint32_t value)
{
    return (struct step){ HAMMER_WRITE, address, value, 0 };
}

/* From now on the CPU does these; nothing if there are none. */
static void hammer(unsigned cpu, const struct step *steps, unsigned count)
{
    struct step *list = (struct step *)(list_of(cpu) + HAMMER_STEPS);
    uint32_t before;

    __atomic_store_n(&list[0].op, HAMMER_END, __ATOMIC_RELEASE);
    before = rounds(cpu);
    while (rounds(cpu) - before < 2) {
        sleep_ms(1);
    }
    memcpy(list + 1, steps + 1, (count - 1) * sizeof(*steps));
    list[count].op = HAMMER_END;
    list[0].address = steps[0].address;
    list[0].value = steps[0].value;
    __atomic_store_n(&list[0].op, steps[0].op, __ATOMIC_RELEASE);
}

#define HAMMER(cpu, steps) \
    hammer(cpu, steps, sizeof(steps) / sizeof((steps)[0]))

/* Each CPU was at it all the time. */
static void expect_progress(const uint32_t before[2])
{
    for (unsigned cpu = 0; cpu < 2; cpu++) {
        EXPECT(rounds(cpu) - before[cpu] > 10);
    }
}

static void let_go(void)
{
    static const struct step nothing[] = { { HAMMER_END, 0, 0, 0 } };

    HAMMER(0, nothing);
    HAMMER(1, nothing);
}

/* ---- Cases --------------------------------------------------------------- */

/* Two CPUs ring the doorbells of queues that work, and look at their state. */
HOSTILE_VCPUS(doorbells_in_a_loop)
{
    const struct step ring[] = { doorbell(0), doorbell(1), doorbell(2),
                                 doorbell(3) };
    const struct step look[] = {
        doorbell(3),
        read_of(CARD_REGS + NPU_REG_QUEUE(3) + NPU_QUEUE_STATE),
        read_of(CARD_REGS + NPU_REG_HOST_TIME),
        doorbell(1023),
    };
    uint64_t root = space_new();
    struct queue queue[4];
    uint32_t before[2];

    for (unsigned i = 0; i < 4; i++) {
        queue[i] = queue_new(i, root);
        queue_enable(&queue[i]);
    }
    HAMMER(0, ring);
    HAMMER(1, look);
    before[0] = rounds(0);
    before[1] = rounds(1);
    while (hostile_goes_on(1)) {
        for (unsigned i = 0; i < 4; i++) {
            struct npu_packet fill = packet_fill(NPU_SPACE_HBM, HBM_DATA, 4096,
                                                 i);

            queue_push(&queue[i], &fill);
            queue_sync(&queue[i]);
        }
    }
    expect_progress(before);
    let_go();
}

/* One switches cards on and off, the other reads what is at the same addresses. */
HOSTILE_VCPUS(memory_map_changes)
{
    uint32_t card = card_config_address(PCI_COMMAND), peer;
    uint32_t before[2] = { rounds(0), rounds(1) };

    card_select(PEER);
    peer = card_config_address(PCI_COMMAND);
    card_select(CARD_UNDER_TEST);
    const struct step change[] = {
        write_of(peer, 0),
        write_of(card, 0),
        write_of(peer, PCI_COMMAND_ON),
        write_of(card, PCI_COMMAND_ON),
    };
    const struct step look[] = {
        read_of(HPET_COUNTER), read_of(CARD_REGS),    read_of(PEER_REGS),
        read_of(CARD_MSIX),    read_of(HPET_COUNTER), doorbell(0),
    };

    HAMMER(0, change);
    HAMMER(1, look);
    while (hostile_goes_on(1)) {
        sleep_ms(10);
    }
    expect_progress(before);
    let_go();
}

/* Resets of all kinds from one CPU, doorbells from the other, and all the rest. */
HOSTILE_VCPUS(storm)
{
    const struct step reset[] = {
        write_of(CARD_REGS + NPU_REG_CONTROL, NPU_CONTROL_RESET),
        write_of(CARD_REGS + NPU_REG_DIE(0) + NPU_DIE_CONTROL,
                 NPU_DIE_CONTROL_RESET),
        doorbell(0),
        doorbell(1),
        read_of(CARD_REGS + NPU_REG_STATUS),
    };
    const struct step ring[] = { doorbell(0), doorbell(1), doorbell(2),
                                 read_of(HPET_COUNTER) };
    uint32_t before[2] = { rounds(0), rounds(1) };

    while (hostile_goes_on(1.5)) {
        HAMMER(0, reset);
        HAMMER(1, ring);
        for (unsigned left = 20; left; left--) {
            hostile_attack();
        }
        let_go();
        hostile_expect_right_answers();
    }
    expect_progress(before);
}
