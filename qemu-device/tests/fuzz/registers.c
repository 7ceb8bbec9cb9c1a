/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any sequence of register accesses of any size, with resets, invalidations and
 * pauses between them.  Rings with work in them lie ready, so that a queue that is
 * enabled has something to do.
 */
#include "fuzz.h"

enum {
    WRITE32,
    WRITE64,
    READ32,
    READ64,
    WRITE_ANY,
    READ_ANY,
    RESET,
    INVALIDATE,
    PAUSE,
    RESUME,
    SETTLE,
    OPS,
};

/* Blocks of registers, for the byte behind READ and WRITE */
enum { CARD, DIE, VECTOR, QUEUE, DOORBELL, BLOCKS };

/* clang-format off */
static const uint64_t numbers[] = {
    RIG_RING(0), RIG_RING(1), RIG_RING(2), RIG_RING(3),
    RIG_TAIL(0), RIG_TAIL(1), RIG_TAIL(2), RIG_TAIL(3),
    RIG_FENCE(0), RIG_FENCE(1), RIG_FENCE(2), RIG_FENCE(3),
    RIG_HBM / RIG_DIES - NPU_PT_SIZE,   /* the client's root */
    RIG_HBM - NPU_PT_SIZE, RIG_HBM, FAKE_RAM_BUS + FAKE_RAM_SIZE - 4096,
    NPU_NO_VECTOR, NPU_HOLDOFF_MAX, 1ull << 48, UINT64_MAX, UINT64_MAX - 4095,
};
/* clang-format on */

/* Names of these, for seeds */
enum {
    A_RING = NUMBER_KNOWN,
    A_TAIL = A_RING + 4,
    A_FENCE = A_TAIL + 4,
    A_ROOT = A_FENCE + 4
};

static uint64_t take_offset(struct input *in)
{
    static const struct {
        uint32_t base, stride, units;
    } blocks[] = {
        [CARD] = { 0, 4, 256 },
        [DIE] = { NPU_REG_DIE(0), 0x40, RIG_DIES + 1 },
        [VECTOR] = { NPU_REG_VECTOR(0), 0x100, 33 },
        [QUEUE] = { NPU_REG_QUEUE(0), 0x100, 5 },
        [DOORBELL] = { NPU_REG_DOORBELL(0), 0x1000, 5 },
    };
    unsigned block = take(in, 1) % BLOCKS;
    unsigned unit = take(in, 1);

    return blocks[block].base +
           unit % blocks[block].units * blocks[block].stride + take(in, 1);
}

static uint64_t take_value(struct input *in)
{
    return take_number(in, numbers, sizeof(numbers) / sizeof(numbers[0]));
}

static void do_access(struct fake *f, struct input *in, unsigned op)
{
    static const unsigned sizes[] = {
        [WRITE32] = 4,
        [WRITE64] = 8,
        [READ32] = 4,
        [READ64] = 8,
    };
    bool any = op == WRITE_ANY || op == READ_ANY;
    unsigned size = any ? take(in, 1) : sizes[op];
    uint64_t offset = any ? take(in, 4) : take_offset(in);

    if (op == WRITE32 || op == WRITE64 || op == WRITE_ANY) {
        npu_card_mmio_write(f->card, offset, take_value(in), size);
    } else {
        npu_card_mmio_read(f->card, offset, size);
    }
}

/* One of each kind that takes a while, and those that take none. */
static void make_packets(struct rig *rig, struct npu_packet *packets)
{
    packets[0] = packet_new(NPU_PACKET_NOP);
    packets[1] = fake_stall(rig->f, 0, 1);
    packets[2] = packet_new(NPU_PACKET_FENCE);
    packets[2].fence.sequence = 1;
    packets[3] = packet_new(NPU_PACKET_FILL);
    packets[3].copy.dst = CLIENT_HOST_VA;
    packets[3].copy.size = 256;
    packets[4] = packet_new(NPU_PACKET_COPY);
    packets[4].copy.dst = CLIENT_HBM_VA + 0x30000;
    packets[4].copy.src = CLIENT_HOST_VA;
    packets[4].copy.size = 256;
    packets[5] = packet_new(NPU_PACKET_INVALIDATE);
    packets[5].invalidate.root = rig->root;
    packets[6] = packet_new(NPU_PACKET_TIMESTAMP);
    packets[6].copy.dst = CLIENT_HBM_VA + 0x30000;
    packets[6].copy.size = 16;
    packets[7] = fake_stall(rig->f, 1, 0);
}

static void fill_rings(struct rig *rig)
{
    unsigned i;

    for (i = 0; i < RIG_QUEUES; i++) {
        uint64_t *tail = fake_ram_ptr(rig->f, RIG_TAIL(i));

        make_packets(rig, fake_ram_ptr(rig->f, RIG_RING(i)));
        *tail = 8;
        rig_queue(rig, i, 1u << i % RIG_DIES);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size };
    struct rig rig = rig_begin();
    bool paused = false;

    fill_rings(&rig);
    while (in.size) {
        unsigned op = take(&in, 1) % OPS;

        switch (op) {
        case RESET:
            npu_card_reset(rig.f->card);
            break;
        case INVALIDATE:
            npu_card_dma_invalidate(rig.f->card);
            break;
        case PAUSE:
            npu_card_quiesce(rig.f->card);
            paused = true;
            break;
        case RESUME:
            if (paused) {
                npu_card_resume(rig.f->card);
                paused = false;
            }
            break;
        case SETTLE:
            if (!paused) {
                rig_settle(&rig);
            }
            break;
        default:
            do_access(rig.f, &in, op);
        }
    }
    rig_end(&rig);
    return 0;
}

/* ---- Seeds --------------------------------------------------------------- */

/* clang-format off */
#define CONTROL(queue, command) \
    WRITE32, QUEUE, queue, NPU_QUEUE_CONTROL, NPU_QUEUE_CONTROL_ ## command
#define BELL(queue) WRITE32, DOORBELL, queue, 0, 0

static const uint8_t identity[] = {
    READ32, CARD, 0, NPU_REG_MAGIC, READ64, CARD, 0, NPU_REG_HBM_SIZE,
    READ32, CARD, 0, NPU_REG_SERIAL, READ32, CARD, 0, NPU_REG_SERIAL + 4,
    READ64, CARD, 0, NPU_REG_HOST_TIME, READ32, CARD, 0, NPU_REG_PROFILE,
    READ64, DIE, 1, NPU_DIE_HBM_BASE, READ64, DIE, 2, NPU_DIE_HBM_SIZE,
    READ32, DIE, RIG_DIES, NPU_DIE_STATE, READ_ANY, 3, 0, 0, 0, 0,
};

static const uint8_t work[] = {
    CONTROL(0, ENABLE), BELL(0), CONTROL(1, ENABLE), BELL(1), SETTLE,
    READ64, QUEUE, 0, NPU_QUEUE_HEAD, READ64, QUEUE, 0, NPU_QUEUE_EXEC_TIME,
    READ32, DIE, 0, NPU_DIE_STATE, READ64, DIE, 0, NPU_DIE_BUSY_HOST,
    CONTROL(0, STOP), SETTLE, READ64, QUEUE, 0, NPU_QUEUE_ERROR,
    READ64, QUEUE, 0, NPU_QUEUE_ERROR + 32, CONTROL(0, DISABLE),
    CONTROL(0, ENABLE), BELL(0),
};

static const uint8_t vectors[] = {
    WRITE32, QUEUE, 0, NPU_QUEUE_VECTOR, 3, WRITE32, VECTOR, 3,
    NPU_VECTOR_HOLDOFF, 1, WRITE32, VECTOR, 3, NPU_VECTOR_MASK, 0,
    WRITE32, CARD, 66, 0, 3, CONTROL(0, ENABLE), BELL(0), SETTLE,
    READ32, VECTOR, 3, NPU_VECTOR_SUMMARY, READ64, VECTOR, 3, 0,
    CONTROL(0, STOP), SETTLE, READ32, CARD, 67, 0, READ64, CARD, 128, 0,
    WRITE32, VECTOR, 3, NPU_VECTOR_MASK, 1, WRITE32, VECTOR, 3,
    NPU_VECTOR_MASK, 0,
};

static const uint8_t settings[] = {
    WRITE64, QUEUE, 1, NPU_QUEUE_RING, A_RING + 1,
    WRITE32, QUEUE, 1, NPU_QUEUE_RING, 7, WRITE32, QUEUE, 1,
    NPU_QUEUE_RING + 4, 7, WRITE64, QUEUE, 1, NPU_QUEUE_TAIL, A_TAIL + 1,
    WRITE64, QUEUE, 1, NPU_QUEUE_FENCE, A_FENCE + 1, WRITE64, QUEUE, 1,
    NPU_QUEUE_ROOT, A_ROOT, WRITE32, QUEUE, 1, NPU_QUEUE_RING_ORDER, 17,
    CONTROL(1, ENABLE), WRITE32, QUEUE, 2, NPU_QUEUE_PRIORITY, 1,
    CONTROL(2, ENABLE), WRITE32, QUEUE, 3, NPU_QUEUE_DIE_MASK, 8,
    CONTROL(3, ENABLE), WRITE32, QUEUE, 0, NPU_QUEUE_DIE_MASK, 7,
    CONTROL(0, ENABLE), BELL(0), SETTLE,
};

static const uint8_t die_resets[] = {
    CONTROL(0, ENABLE), BELL(0), CONTROL(3, ENABLE), BELL(3), SETTLE,
    WRITE32, DIE, 0, NPU_DIE_CONTROL, 1, READ32, DIE, 0, NPU_DIE_STATE,
    SETTLE, WRITE32, DIE, 1, NPU_DIE_CONTROL, 1, READ32, DIE, 1,
    NPU_DIE_RESETS, SETTLE,
};

static const uint8_t resets[] = {
    CONTROL(0, ENABLE), BELL(0), RESET, CONTROL(0, ENABLE),
    READ32, CARD, 64, 0, SETTLE, WRITE32, CARD, 65, 0, NPU_CONTROL_RESET,
    CONTROL(0, ENABLE), BELL(0), RESET, RESET,
};

static const uint8_t pauses[] = {
    CONTROL(0, ENABLE), BELL(0), CONTROL(3, ENABLE), BELL(3), PAUSE,
    READ64, QUEUE, 0, NPU_QUEUE_EXEC_TIME, CONTROL(0, STOP), INVALIDATE,
    RESUME, SETTLE, PAUSE, PAUSE, RESET, RESUME, INVALIDATE,
    CONTROL(1, ENABLE), BELL(1), PAUSE,
};
/* clang-format on */

size_t fuzz_seed(unsigned index, uint8_t *to, const char **name)
{
    static const struct seed seeds[] = {
        SEED(identity),   SEED(work),   SEED(vectors), SEED(settings),
        SEED(die_resets), SEED(resets), SEED(pauses),
    };

    return seed_copy(seeds, sizeof(seeds) / sizeof(seeds[0]), index, to, name);
}
