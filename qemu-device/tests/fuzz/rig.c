/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading inputs, and the card that they are played to. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>

#include "fuzz.h"

#define SETTLE_NS (4 * MS)
#define RESET_NS (20000 * MS) /* nothing reaches it */

void fuzz_must(bool cond, const char *text, const char *file, int line)
{
    if (!cond) {
        fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, text);
        abort();
    }
}

uint64_t take(struct input *in, unsigned bytes)
{
    uint64_t number = 0;
    unsigned i;

    for (i = 0; i < bytes && in->size; i++) {
        number |= (uint64_t)*in->data++ << (8 * i);
        in->size--;
    }
    return number;
}

uint64_t take_number(struct input *in, const uint64_t *known, unsigned count)
{
    uint8_t first = take(in, 1);

    if (first == NUMBER_RAW) {
        return take(in, 8);
    }
    return first < NUMBER_KNOWN ? first : known[first % NUMBER_KNOWN % count];
}

size_t seed_copy(const struct seed *seeds, unsigned count, unsigned index,
                 uint8_t *to, const char **name)
{
    if (index >= count) {
        return 0;
    }
    memcpy(to, seeds[index].bytes, seeds[index].size);
    *name = seeds[index].name;
    return seeds[index].size;
}

/* ---- The card ------------------------------------------------------------ */

static struct fake *rig_fake(void)
{
    static struct fake *fake;
    struct fake_config config = {
        .dies = RIG_DIES,
        .threads = 2,
        .hbm_size = RIG_HBM,
    };

    if (!fake) {
        /* cmocka's assertions abort where no test of cmocka's runs. */
        setenv("CMOCKA_TEST_ABORT", "1", 1);
        fake = fake_new(&config);
    }
    return fake;
}

struct rig rig_begin(void)
{
    struct rig rig = { .f = rig_fake() };

    rig.f->pt_top = RIG_HBM / RIG_DIES;
    rig.f->ram_top = 0;
    rig.root = fake_table(rig.f);
    fake_map(rig.f, rig.root, CLIENT_HBM_VA, CLIENT_HBM, RIG_CLIENT,
             MAP_HBM | MAP_WRITE);
    fake_map(rig.f, rig.root, CLIENT_HOST_VA, RIG_HOST, RIG_CLIENT,
             MAP_HOST | MAP_WRITE);
    return rig;
}

void rig_queue(struct rig *rig, unsigned queue, uint32_t die_mask)
{
    uint64_t regs = NPU_REG_QUEUE(queue);

    wr64(rig->f, regs + NPU_QUEUE_RING, RIG_RING(queue));
    wr64(rig->f, regs + NPU_QUEUE_TAIL, RIG_TAIL(queue));
    wr64(rig->f, regs + NPU_QUEUE_FENCE, RIG_FENCE(queue));
    wr64(rig->f, regs + NPU_QUEUE_ROOT, rig->root);
    wr32(rig->f, regs + NPU_QUEUE_RING_ORDER, RIG_ORDER);
    wr32(rig->f, regs + NPU_QUEUE_DIE_MASK, die_mask);
}

struct npu_packet packet_new(unsigned opcode)
{
    struct npu_packet packet;

    memset(&packet, 0, sizeof(packet));
    packet.opcode = opcode;
    return packet;
}

static bool rig_busy(struct rig *rig)
{
    unsigned i;

    for (i = 0; i < RIG_QUEUES; i++) {
        uint32_t state = rd32(rig->f, NPU_REG_QUEUE(i) + NPU_QUEUE_STATE);

        if (state > NPU_QUEUE_IDLE && state < NPU_QUEUE_STOPPED) {
            return true;
        }
    }
    return false;
}

void rig_settle(struct rig *rig)
{
    uint64_t end = fake_now() + SETTLE_NS;

    while (rig_busy(rig) && fake_now() < end) {
        sched_yield();
    }
}

static void rig_wait_reset(struct fake *f)
{
    uint64_t end = fake_now() + RESET_NS;

    while (rd32(f, NPU_REG_STATUS) & NPU_STATUS_BUSY) {
        MUST(fake_now() < end);
        sched_yield();
    }
}

/* What must be as it was when the card was made. */
static void rig_check_new(struct fake *f)
{
    unsigned i;

    MUST(rd32(f, NPU_REG_STATUS) == NPU_STATUS_READY);
    MUST(__atomic_load_n(&f->references, __ATOMIC_SEQ_CST) == 0);
    MUST(rd32(f, NPU_REG_EVENTS) == 0);
    MUST(rd64(f, NPU_REG_DEVICE_TIME) == 0);
    for (i = 0; i < NPU_MAX_QUEUES; i += 1 + (i > 7) * 61) {
        MUST(rd32(f, NPU_REG_QUEUE(i) + NPU_QUEUE_STATE) == NPU_QUEUE_DISABLED);
        MUST(rd64(f, NPU_REG_QUEUE(i) + NPU_QUEUE_RING) == 0);
        MUST(rd64(f, NPU_REG_QUEUE(i) + NPU_QUEUE_HEAD) == 0);
    }
    for (i = 0; i < RIG_DIES; i++) {
        MUST(rd32(f, NPU_REG_DIE(i) + NPU_DIE_STATE) == NPU_DIE_IDLE);
    }
}

void rig_end(struct rig *rig)
{
    struct fake *f = rig->f;

    npu_card_reset(f->card);
    rig_wait_reset(f);
    rig_check_new(f);
    npu_card_resume(f->card);
    f->chunk = 0;
    f->deny = false;
    madvise(f->ram, FAKE_RAM_SIZE, MADV_DONTNEED);
    madvise(f->hbm, f->hbm_size, MADV_DONTNEED);
}
