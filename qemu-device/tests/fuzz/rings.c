/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whatever a guest may put into rings, tails and the memory behind them, while
 * the host's memory is mapped in pieces, read only, or not at all.
 */
#include "fuzz.h"

enum {
    PACKET, /* a packet by its fields, and the tail */
    BYTES,  /* a packet of any 64 bytes, and the tail */
    TAIL,   /* any tail */
    BELL,
    CONTROL,
    SETTING,    /* a register of a queue */
    POKE,       /* change a program, its arguments, memory */
    CHUNK,      /* the host maps so many bytes at a time */
    DENY,       /* it maps nothing, or does again */
    INVALIDATE, /* its mappings change */
    SETTLE,
    OPS,
};

/* Programs that lie ready, one a slot of 64 KiB */
enum { STALL, ADD, LONG, PROGRAMS };

/* clang-format off */
static const uint64_t numbers[] = {
    CLIENT_HBM_VA, CLIENT_HBM_VA + 0x30000, CLIENT_HBM_VA + RIG_CLIENT - 64,
    CLIENT_HBM_VA - 4, CLIENT_HOST_VA, CLIENT_HOST_VA + RIG_CLIENT - 64,
    RIG_HOST, FAKE_RAM_BUS + FAKE_RAM_SIZE - 64, FAKE_RAM_BUS + FAKE_RAM_SIZE,
    FAKE_RAM_BUS - 4, RIG_HBM - 64, RIG_HBM, 1ull << 47, (1ull << 48) - 4,
    1ull << 48, 1ull << 63, UINT64_MAX - 3, UINT64_MAX, 4096, 65536, 1u << 20,
    RIG_RING(0), RIG_TAIL(0), RIG_FENCE(0),
};
/* clang-format on */

/* Names of these, for seeds */
enum {
    HBM_VA = NUMBER_KNOWN,
    DATA_VA,
    HBM_VA_END,
    HBM_VA_BELOW,
    HOST_VA,
    HOST_VA_END,
    HOST_BUS,
    RAM_LAST,
    RAM_END,
    RAM_BELOW,
    HBM_LAST,
    HBM_END,
    KIB4 = NUMBER_KNOWN + 18,
    KIB64,
    MIB
};

static uint64_t take_value(struct input *in)
{
    return take_number(in, numbers, sizeof(numbers) / sizeof(numbers[0]));
}

static void make_programs(struct rig *rig, struct npu_packet *runs)
{
    struct fake_program p;
    uint16_t a, b, d;

    runs[STALL] = fake_stall(rig->f, STALL, 1);
    fp_init(&p, ADD * PROGRAM_MAX);
    a = fp_vector(&p, CLIENT_HBM_VA + 0x30000, NPU_DTYPE_F32, 100);
    b = fp_vector(&p, CLIENT_HOST_VA, NPU_DTYPE_F32, 100);
    d = fp_vector(&p, CLIENT_HBM_VA + 0x31000, NPU_DTYPE_F32, 100);
    fp_insn(&p, NPU_OP_ADD, 3, d, a, b);
    fp_insn(&p, NPU_OP_COPY, 2, b, d);
    runs[ADD] = fp_load(rig->f, &p, ADD);
    fp_init(&p, LONG * PROGRAM_MAX);
    d = fp_vector(&p, CLIENT_HBM_VA + 0x30000, NPU_DTYPE_S8, 60000);
    for (a = 0; a < 20; a++) {
        fp_insn(&p, NPU_OP_FILL, 1, d);
    }
    runs[LONG] = fp_load(rig->f, &p, LONG);
}

static void push(struct rig *rig, unsigned queue,
                 const struct npu_packet *packet)
{
    uint64_t *tail = fake_ram_ptr(rig->f, RIG_TAIL(queue));
    struct npu_packet *ring = fake_ram_ptr(rig->f, RIG_RING(queue));
    uint64_t at = __atomic_load_n(tail, __ATOMIC_RELAXED);

    ring[at % (1u << RIG_ORDER)] = *packet;
    __atomic_store_n(tail, at + 1, __ATOMIC_RELEASE);
}

/* Its opcode; of a RUN the program, else spaces; then as many words as wanted. */
static void take_packet(struct input *in, const struct npu_packet *runs,
                        struct npu_packet *packet)
{
    uint8_t what = take(in, 1), how = take(in, 1);
    unsigned words = how >> 4, i;

    memset(packet, 0, sizeof(*packet));
    packet->opcode = what % 9;
    if (packet->opcode == NPU_PACKET_RUN) {
        *packet = runs[how % PROGRAMS];
        words &= 1;
    } else {
        packet->dst_space = how & 3;
        packet->src_space = how >> 2 & 3;
    }
    if (packet->opcode == NPU_PACKET_FILL) {
        packet->pattern = take(in, 4);
    }
    for (i = 0; i < words % 8; i++) {
        packet->raw[i] = take_value(in);
    }
}

static void put_packet(struct rig *rig, struct input *in, unsigned queue,
                       const struct npu_packet *runs)
{
    struct npu_packet packet;

    take_packet(in, runs, &packet);
    push(rig, queue, &packet);
    if (packet.opcode == NPU_PACKET_RUN && take(in, 1) & 1) {
        /* Its sizes are wrong by a little, or much. */
        packet.run.program_size += take_value(in);
        packet.run.args_size += take(in, 1);
        push(rig, queue, &packet);
    }
}

static void put_bytes(struct rig *rig, struct input *in, unsigned queue)
{
    struct npu_packet packet;
    uint64_t words[sizeof(packet) / 8] = { 0 };
    unsigned i;

    for (i = 0; i < sizeof(packet) / 8; i++) {
        words[i] = take(in, 8);
    }
    memcpy(&packet, words, sizeof(packet));
    push(rig, queue, &packet);
}

static void set_tail(struct rig *rig, struct input *in, unsigned queue)
{
    uint64_t *tail = fake_ram_ptr(rig->f, RIG_TAIL(queue));

    __atomic_store_n(tail, take_value(in), __ATOMIC_RELEASE);
}

/* Client memory: words at a multiple of four, so that any field can be hit. */
static void poke(struct rig *rig, struct input *in)
{
    uint32_t at = take(in, 3) * 4;
    uint32_t value = take_value(in);
    uint8_t *memory = at & 1 << 19 ? fake_ram_ptr(rig->f, RIG_HOST) :
                                     rig->f->hbm + CLIENT_HBM;

    __atomic_store_n((uint32_t *)(memory + at % RIG_CLIENT), value,
                     __ATOMIC_RELAXED);
}

static void setting(struct rig *rig, struct input *in, unsigned queue)
{
    unsigned offset = take(in, 1) % 12 * 4;

    npu_card_mmio_write(rig->f->card, NPU_REG_QUEUE(queue) + offset,
                        take_value(in), offset < NPU_QUEUE_RING_ORDER ? 8 : 4);
}

static void do_op(struct rig *rig, struct input *in,
                  const struct npu_packet *runs)
{
    unsigned op = take(in, 1) % OPS;
    unsigned queue = op < POKE ? take(in, 1) % RIG_QUEUES : 0;

    switch (op) {
    case PACKET:
        put_packet(rig, in, queue, runs);
        break;
    case BYTES:
        put_bytes(rig, in, queue);
        break;
    case TAIL:
        set_tail(rig, in, queue);
        break;
    case BELL:
        wr32(rig->f, NPU_REG_DOORBELL(queue), 0);
        break;
    case CONTROL:
        wr32(rig->f, NPU_REG_QUEUE(queue) + NPU_QUEUE_CONTROL, take(in, 1));
        break;
    case SETTING:
        setting(rig, in, queue);
        break;
    case POKE:
        poke(rig, in);
        break;
    case CHUNK:
        __atomic_store_n(&rig->f->chunk, take(in, 2), __ATOMIC_SEQ_CST);
        break;
    case DENY:
        __atomic_store_n(&rig->f->deny, take(in, 1) & 1, __ATOMIC_SEQ_CST);
        break;
    case INVALIDATE:
        npu_card_dma_invalidate(rig->f->card);
        break;
    case SETTLE:
        rig_settle(rig);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t masks[RIG_QUEUES] = { 1, 2, 7, 5 };
    struct npu_packet runs[PROGRAMS];
    struct input in = { data, size };
    struct rig rig = rig_begin();
    unsigned i;

    make_programs(&rig, runs);
    for (i = 0; i < RIG_QUEUES; i++) {
        rig_queue(&rig, i, masks[i]);
        if (i < 2) {
            wr32(rig.f, NPU_REG_QUEUE(i) + NPU_QUEUE_CONTROL,
                 NPU_QUEUE_CONTROL_ENABLE);
        }
    }
    while (in.size) {
        do_op(&rig, &in, runs);
    }
    rig_settle(&rig);
    rig_end(&rig);
    return 0;
}

/* ---- Seeds --------------------------------------------------------------- */

/* clang-format off */
#define RUN(program) NPU_PACKET_RUN, program, 0
#define SPACES(dst, src, words) \
    (NPU_SPACE_ ## dst | NPU_SPACE_ ## src << 2 | (words) << 4)
#define COPY(dst, to, src, from, size) \
    NPU_PACKET_COPY, SPACES(dst, src, 3), to, from, size
#define FILL(dst, to, size) \
    NPU_PACKET_FILL, SPACES(dst, CLIENT, 3), 1, 2, 3, 4, to, 0, size
#define ENABLE(queue) CONTROL, queue, NPU_QUEUE_CONTROL_ENABLE
#define STOP(queue) CONTROL, queue, NPU_QUEUE_CONTROL_STOP
#define DISABLE(queue) CONTROL, queue, NPU_QUEUE_CONTROL_DISABLE

static const uint8_t run[] = {
    PACKET, 0, RUN(ADD), PACKET, 0, RUN(LONG), PACKET, 0, NPU_PACKET_FENCE,
    SPACES(CLIENT, CLIENT, 1), 9, BELL, 0, PACKET, 1, RUN(LONG), PACKET, 1,
    RUN(STALL), PACKET, 1, NPU_PACKET_NOP, 0, BELL, 1, SETTLE,
};

static const uint8_t gangs[] = {
    ENABLE(2), ENABLE(3), PACKET, 2, RUN(LONG), PACKET, 3, RUN(STALL), PACKET,
    0, RUN(STALL), PACKET, 1, RUN(LONG), BELL, 0, BELL, 2, BELL, 3, BELL, 1,
    SETTLE, STOP(3), STOP(2),
};

static const uint8_t copies[] = {
    PACKET, 0, COPY(CLIENT, DATA_VA, CLIENT, HOST_VA, KIB4), PACKET, 0,
    COPY(HBM, 0, HOST, HOST_BUS, KIB64), PACKET, 0,
    COPY(HOST, HOST_BUS, HOST, RAM_LAST, 64), PACKET, 0,
    COPY(HOST, HOST_BUS, HBM, HBM_LAST, 64), BELL, 0, SETTLE,
    PACKET, 1, COPY(HBM, 1, HBM, 0, MIB), PACKET, 1,
    COPY(CLIENT, DATA_VA, CLIENT, HBM_VA_END, 65), BELL, 1, SETTLE,
};

static const uint8_t fills[] = {
    PACKET, 0, FILL(CLIENT, HOST_VA, KIB4), PACKET, 0, FILL(HBM, 0, MIB),
    PACKET, 0, FILL(HOST, HOST_BUS, KIB64), BELL, 0, SETTLE, PACKET, 0,
    FILL(HBM, HBM_END, 4), PACKET, 1, FILL(HOST, RAM_LAST, 68), BELL, 0, BELL,
    1, SETTLE,
};

static const uint8_t times[] = {
    PACKET, 0, NPU_PACKET_TIMESTAMP, SPACES(CLIENT, CLIENT, 3), DATA_VA, 0, 16,
    PACKET, 0, NPU_PACKET_TIMESTAMP, SPACES(HOST, CLIENT, 3), HOST_BUS, 0, 16,
    PACKET, 0, NPU_PACKET_INVALIDATE, 3 << 4, 0, 0, 0, PACKET, 0,
    NPU_PACKET_WAIT, 0, BELL, 0, SETTLE,
};

static const uint8_t pieces[] = {
    CHUNK, 65, 0, PACKET, 0, RUN(ADD), PACKET, 0,
    COPY(CLIENT, DATA_VA, CLIENT, HOST_VA, KIB4), BELL, 0, SETTLE, CHUNK, 4, 0,
    INVALIDATE, PACKET, 0, NPU_PACKET_NOP, 0, BELL, 0, SETTLE, DENY, 1,
    INVALIDATE, PACKET, 1, RUN(ADD), BELL, 1, SETTLE, DENY, 0,
};

static const uint8_t tails[] = {
    TAIL, 0, 17, BELL, 0, TAIL, 1, NUMBER_KNOWN + 17, BELL, 1, SETTLE,
    DISABLE(0), TAIL, 0, 16, ENABLE(0), BELL, 0, SETTLE, TAIL, 0, 15, BELL, 0,
};

static const uint8_t addresses[] = {
    DISABLE(0), DISABLE(0), SETTING, 0, 0, RAM_LAST, SETTING, 0, 2, RAM_LAST,
    SETTING, 0, 4, RAM_END, SETTING, 0, 8, 2, ENABLE(0), BELL, 0, SETTLE,
    DISABLE(1), DISABLE(1), SETTING, 1, 4, HOST_BUS, SETTING, 1, 9, 7,
    ENABLE(1), PACKET, 1, NPU_PACKET_FENCE, 1 << 4, 1, BELL, 1, SETTLE,
};

static const uint8_t sizes[] = {
    PACKET, 0, NPU_PACKET_RUN, ADD, 1, 64, 0, BELL, 0, PACKET, 1,
    NPU_PACKET_RUN, LONG, 1, 0, 8, BELL, 1, SETTLE,
};

static const uint8_t pokes[] = {
    PACKET, 0, RUN(ADD), POKE, 16, 0x40, 0, 7, BELL, 0, POKE, 16, 0x40, 0, 8,
    PACKET, 1, RUN(LONG), BELL, 1, POKE, 0, 0x80, 0, 1, POKE, 0, 0xb8, 0, 1,
    SETTLE,
};

static const uint8_t any_bytes[] = {
    BYTES, 0, NPU_PACKET_NOP, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, BELL, 0,
    SETTLE,
};
/* clang-format on */

size_t fuzz_seed(unsigned index, uint8_t *to, const char **name)
{
    static const struct seed seeds[] = {
        SEED(run),   SEED(gangs),  SEED(copies),    SEED(fills),
        SEED(times), SEED(pieces), SEED(tails),     SEED(addresses),
        SEED(sizes), SEED(pokes),  SEED(any_bytes),
    };

    return seed_copy(seeds, sizeof(seeds) / sizeof(seeds[0]), index, to, name);
}
