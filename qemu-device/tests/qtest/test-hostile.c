/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hostile guests, a case each. */
#include <string.h>

#include "hostile.h"
#include "vtd.h"

/* How much of a case's time there is between two looks at the card's answers. */
#define ROUND 40

/* ---- By chance ----------------------------------------------------------- */

/* Everything at once, in any order. */
HOSTILE(storm)
{
    while (hostile_goes_on(1.5)) {
        for (unsigned left = ROUND; left; left--) {
            hostile_attack();
        }
        hostile_expect_right_answers();
    }
}

/* The same while what the card reads changes under its eyes. */
HOSTILE(storm_while_memory_changes)
{
    while (hostile_goes_on(1.5)) {
        hostile_flip_start();
        for (unsigned left = ROUND; left; left--) {
            hostile_attack();
        }
        hostile_flip_stop();
        hostile_expect_right_answers();
    }
}

/* ---- A job that is interrupted at every step ----------------------------- */

static struct queue job;
static struct program job_program;

#define JOB_REG(name) (NPU_REG_QUEUE(3) + NPU_QUEUE_##name)

static void step_memory(void)
{
    space_forget_all();
    job = queue_new(3, space_new());
    job.die_mask = 0xff;
    job.vector = 5;
    job_program = program_long();
}

static void step_vectors(void)
{
    msix_enable();
    reg_write(NPU_REG_VECTOR(5) + NPU_VECTOR_MASK, 0);
}

static void step_low_half(void)
{
    reg_write(JOB_REG(RING), job.ring);
}

static void step_registers(void)
{
    queue_write_registers(&job);
}

static void step_enable(void)
{
    reg_write(JOB_REG(CONTROL), NPU_QUEUE_CONTROL_ENABLE);
}

static void step_packets(void)
{
    struct npu_packet run = program_packet(&job_program);
    struct npu_packet copy = packet_copy(NPU_SPACE_HOST, HOST_DATA,
                                         NPU_SPACE_HBM, HBM_DATA, 3 << 20);
    struct npu_packet fence = packet_fence(1);

    for (unsigned i = 0; i < 4; i++) {
        queue_push(&job, &run);
        queue_push(&job, &copy);
        queue_push(&job, &fence);
    }
}

static void step_doorbell(void)
{
    queue_ring_doorbell(&job);
}

/* For as long as it makes sense: what came before may have failed. */
static void wait_for_head(uint64_t head)
{
    for (unsigned left = 100; left && reg_read64(JOB_REG(HEAD)) < head;
         left--) {
        uint32_t state = queue_state(&job);

        if (state != NPU_QUEUE_WAITING && state != NPU_QUEUE_EXECUTING) {
            break;
        }
    }
}

static void step_program(void)
{
    wait_for_head(1);
}

static void step_copy(void)
{
    wait_for_head(2);
}

static void step_fence(void)
{
    wait_for_head(3);
}

static void step_next_program(void)
{
    wait_for_head(4);
}

static void step_invalidate(void)
{
    struct npu_packet invalidate = packet_invalidate(job.root, 0, 0);

    queue_push(&job, &invalidate);
    queue_ring_doorbell(&job);
}

static void step_stop(void)
{
    reg_write(JOB_REG(CONTROL), NPU_QUEUE_CONTROL_STOP);
}

static void step_disable(void)
{
    reg_write(JOB_REG(CONTROL), NPU_QUEUE_CONTROL_DISABLE);
}

static void (*const steps[])(void) = {
    step_memory, step_vectors, step_low_half,     step_registers,
    step_enable, step_packets, step_doorbell,     step_program,
    step_copy,   step_fence,   step_next_program, step_invalidate,
    step_stop,   step_disable,
};

#define STEPS (sizeof(steps) / sizeof(steps[0]))

/* @event before each step, and after the last; the job goes on as if nothing was. */
static void at_every_step(void (*event)(void))
{
    for (unsigned at = 0; at <= STEPS; at++) {
        for (unsigned i = 0; i < STEPS; i++) {
            if (i == at) {
                event();
            }
            steps[i]();
        }
        if (at == STEPS) {
            event();
        }
        hostile_expect_right_answers();
    }
}

HOSTILE(flr_at_every_step)
{
    at_every_step(card_flr);
}

static void reset_by_register(void)
{
    reg_write(NPU_REG_CONTROL, NPU_CONTROL_RESET);
}

HOSTILE(reset_at_every_step)
{
    at_every_step(reset_by_register);
}

static void reset_bus(void)
{
    port_reset_bus();
    card_setup_bars();
}

HOSTILE(bus_reset_at_every_step)
{
    at_every_step(reset_bus);
}

static void reset_dies(void)
{
    for (unsigned die = 0; die < NPU_MAX_DIES; die++) {
        reg_write(NPU_REG_DIE(die) + NPU_DIE_CONTROL, NPU_DIE_CONTROL_RESET);
    }
}

HOSTILE(die_resets_at_every_step)
{
    at_every_step(reset_dies);
}

static void function_off(void)
{
    for (unsigned on = 0; on < 4; on++) {
        card_config_write(PCI_COMMAND, 2 * on, 2);
    }
}

HOSTILE(decoding_and_mastering_off_at_every_step)
{
    at_every_step(function_off);
}

static void d3hot(void)
{
    card_set_power_state(3);
    card_set_power_state(0);
}

HOSTILE(d3hot_at_every_step)
{
    at_every_step(d3hot);
}

static void move_bars(void)
{
    card_set_bar(NPU_BAR_HBM, CARD_HBM + (1ull << 32));
    card_set_bar(NPU_BAR_REGS, CARD_REGS + 0x2000000);
    card_setup_bars();
}

HOSTILE(bars_moved_at_every_step)
{
    at_every_step(move_bars);
}

static void stop_and_cont(void)
{
    qmp("{ 'execute': 'stop' }");
    qmp("{ 'execute': 'cont' }");
}

HOSTILE(vm_stopped_at_every_step)
{
    at_every_step(stop_and_cont);
}

static void unplug(void)
{
    port_set_power(false);
    hostile_recover();
}

HOSTILE(unplugged_at_every_step)
{
    at_every_step(unplug);
}

static void flip_iommu(void)
{
    if (guest_has_iommu) {
        vtd_map(HOST_RINGS, 1, HOST_DATA, VTD_READ | VTD_WRITE);
        vtd_invalidate();
        vtd_disable();
        vtd_map(HOST_RINGS, 1, HOST_RINGS, VTD_READ | VTD_WRITE);
        vtd_enable();
    }
}

HOSTILE(iommu_changed_at_every_step)
{
    at_every_step(flip_iommu);
}
