/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page tables of any contents, walked by packets.  Beside the card a walk of our
 * own, straight from uapi/npu/regs.h, says what must come of it: which bytes are
 * copied, or which error is told for which address.
 */
#include "fuzz.h"

#define TABLES 6 /* at the beginning of HBM, the first is the root */
#define SCRATCH (3ull << 20) /* in HBM: what is copied there and from there */
#define DATA (4ull << 20)    /* from here on, nothing but data */
#define RAM_DATA 0x20000u    /* the same in RAM */
#define COPY_MAX 0x3000
#define INPUT_MAX 512 /* bounds the number of packets */

enum { SET, COPY_FROM, COPY_TO, FILL_TO, TIME_TO, RUN_AT, OPS };

/* How an entry is made */
enum { RAW, TABLE, LEAF_HBM, LEAF_HOST, LEAF_PEER, KINDS };

static uint64_t *entry_at(struct fake *f, uint64_t table, unsigned index)
{
    return (uint64_t *)(f->hbm + table) + index;
}

static unsigned take_index(struct input *in)
{
    static const uint16_t edges[] = { 0, 1, 255, 256, 510, 511 };
    uint8_t byte = take(in, 1);

    return byte < 0x80 ? edges[byte % 6] :
                         (byte << 8 | take(in, 1)) % NPU_PT_ENTRIES;
}

static uint64_t take_va(struct input *in)
{
    uint64_t va = 0;
    unsigned i;

    for (i = 0; i < NPU_PT_LEVELS; i++) {
        va = va << 9 | take_index(in);
    }
    return va << NPU_PAGE_SHIFT | take(in, 2) % NPU_PT_SIZE;
}

static uint64_t take_entry(struct input *in)
{
    uint8_t kind = take(in, 1);
    uint64_t page = take(in, 2), flags = NPU_PTE_VALID | NPU_PTE_LEAF;

    flags |= kind & 0x80 ? NPU_PTE_WRITE : 0;
    switch (kind % KINDS) {
    case TABLE:
        return page % (TABLES + 1) * NPU_PT_SIZE | NPU_PTE_VALID;
    case LEAF_HBM:
        return (page << NPU_PAGE_SHIFT) | flags;
    case LEAF_HOST:
        return (FAKE_RAM_BUS + (page << NPU_PAGE_SHIFT)) | flags | MAP_HOST;
    case LEAF_PEER:
        return (page << NPU_PAGE_SHIFT) | flags | MAP_PEER;
    default:
        return take(in, 8);
    }
}

/* ---- The walk that must come out ------------------------------------------ */

struct place {
    uint32_t code;
    uint8_t *at;
    bool host;
};

static uint32_t leaf_code(uint64_t entry, unsigned level, bool write)
{
    uint64_t size = 1ull << NPU_PT_SHIFT(level);
    uint64_t aperture = (entry & NPU_PTE_APERTURE) >> NPU_PTE_APERTURE_SHIFT;
    uint64_t address = entry & NPU_PTE_ADDRESS;
    uint64_t known = NPU_PTE_VALID | NPU_PTE_LEAF | NPU_PTE_WRITE |
                     NPU_PTE_APERTURE | NPU_PTE_ADDRESS;

    if (aperture == NPU_APERTURE_PEER) {
        return NPU_ERR_UNSUPPORTED;
    }
    if (level == 3 || entry & ~known || address % size || aperture == 3 ||
        (aperture == NPU_APERTURE_HBM && address + size > RIG_HBM)) {
        return NPU_ERR_PAGE_TABLE;
    }
    return write && !(entry & NPU_PTE_WRITE) ? NPU_ERR_WRITE_FAULT :
                                               NPU_ERR_NONE;
}

static struct place walk(struct fake *f, uint64_t va, bool write)
{
    struct place place = { .code = NPU_ERR_PAGE_TABLE };
    uint64_t table = 0, entry, address;
    unsigned level = NPU_PT_LEVELS;

    do {
        if (level-- == 0 || table + NPU_PT_SIZE > RIG_HBM) {
            return place;
        }
        entry = *entry_at(f, table, va >> NPU_PT_SHIFT(level) & 511);
        if (!(entry & NPU_PTE_VALID)) {
            place.code = NPU_ERR_PAGE_FAULT;
            return place;
        }
        table = entry & NPU_PTE_ADDRESS;
        if (!(entry & NPU_PTE_LEAF) && entry != (table | NPU_PTE_VALID)) {
            return place;
        }
    } while (!(entry & NPU_PTE_LEAF));

    place.code = leaf_code(entry, level, write);
    if (place.code) {
        return place;
    }
    address = table + (va & ((1ull << NPU_PT_SHIFT(level)) - 1));
    place.host = (entry & NPU_PTE_APERTURE) != 0;
    if (!place.host) {
        place.at = f->hbm + address;
    } else if (address >= FAKE_RAM_BUS &&
               address < FAKE_RAM_BUS + FAKE_RAM_SIZE) {
        place.at = f->ram + (address - FAKE_RAM_BUS);
    } else {
        place.code = NPU_ERR_DMA;
    }
    return place;
}

/* What is to come of an access to a range. */
struct outcome {
    uint32_t code;
    uint64_t fault; /* the first address that fails */
    bool data;      /* all of it, to there, is DATA or RAM_DATA */
};

static bool is_data(struct fake *f, const struct place *place)
{
    return place->host ? place->at >= f->ram + RAM_DATA :
                         place->at >= f->hbm + DATA;
}

static struct outcome walk_range(struct fake *f, uint64_t va, uint64_t size,
                                 bool write)
{
    struct outcome outcome = { .data = true };
    uint64_t at;

    for (at = va; at < va + size; at = (at | (NPU_PT_SIZE - 1)) + 1) {
        struct place place = walk(f, at, write);

        if (place.code) {
            outcome.code = place.code;
            outcome.fault = at;
            break;
        }
        outcome.data &= is_data(f, &place);
    }
    return outcome;
}

static void gather(struct fake *f, uint64_t va, uint64_t size, uint8_t *bytes)
{
    uint64_t i;

    for (i = 0; i < size; i++) {
        bytes[i] = *walk(f, va + i, false).at;
    }
}

/* ---- What a packet does --------------------------------------------------- */

static void put(struct rig *rig, const struct npu_packet *packet)
{
    uint64_t *tail = fake_ram_ptr(rig->f, RIG_TAIL(0));

    memcpy(fake_ram_ptr(rig->f, RIG_RING(0)), packet, sizeof(*packet));
    *tail = 1;
    wr32(rig->f, NPU_REG_QUEUE(0) + NPU_QUEUE_CONTROL,
         NPU_QUEUE_CONTROL_ENABLE);
    wr32(rig->f, NPU_REG_DOORBELL(0), 0);
}

/* Run it to its end on a queue that is fresh, so that nothing is cached. */
static struct npu_error do_packet(struct rig *rig,
                                  const struct npu_packet *packet)
{
    uint64_t regs = NPU_REG_QUEUE(0), words[8], end = fake_now() + 20000 * MS;
    struct npu_error error;
    unsigned i;

    put(rig, packet);
    while (rd64(rig->f, regs + NPU_QUEUE_HEAD) != 1 &&
           rd32(rig->f, regs + NPU_QUEUE_STATE) != NPU_QUEUE_ERRORED) {
        MUST(fake_now() < end);
        rig_settle(rig);
    }
    for (i = 0; i < 8; i++) {
        words[i] = rd64(rig->f, regs + NPU_QUEUE_ERROR + 8 * i);
    }
    memcpy(&error, words, sizeof(error));
    do {
        wr32(rig->f, regs + NPU_QUEUE_CONTROL, NPU_QUEUE_CONTROL_DISABLE);
        MUST(fake_now() < end);
    } while (rd32(rig->f, regs + NPU_QUEUE_STATE) != NPU_QUEUE_DISABLED);
    return error;
}

static void check_error(const struct npu_error *error,
                        const struct outcome *outcome)
{
    MUST(error->code == outcome->code);
    if (error->code && error->code != NPU_ERR_DMA) {
        MUST(error->address == outcome->fault);
        MUST(error->space == NPU_SPACE_CLIENT);
    }
}

static void copy_from(struct rig *rig, uint64_t va, uint64_t size)
{
    static uint8_t want[COPY_MAX];
    struct outcome outcome = walk_range(rig->f, va, size, false);
    struct npu_packet packet = packet_new(NPU_PACKET_COPY);
    struct npu_error error;

    packet.dst_space = NPU_SPACE_HBM;
    packet.copy.dst = SCRATCH;
    packet.copy.src = va;
    packet.copy.size = size;
    if (!outcome.code) {
        gather(rig->f, va, size, want);
    }
    error = do_packet(rig, &packet);
    check_error(&error, &outcome);
    if (!outcome.code && outcome.data) {
        MUST(!memcmp(rig->f->hbm + SCRATCH, want, size));
    }
}

/* Tables and rings that it is written over may be anything afterwards. */
static void write_to(struct rig *rig, struct npu_packet *packet, uint64_t va,
                     uint64_t size)
{
    static uint8_t after[COPY_MAX];
    struct outcome outcome = walk_range(rig->f, va, size, true);
    struct npu_error error;

    packet->copy.dst = va;
    packet->copy.size = size;
    error = do_packet(rig, packet);
    if (!outcome.data) {
        return;
    }
    check_error(&error, &outcome);
    if (!outcome.code && packet->opcode == NPU_PACKET_FILL) {
        gather(rig->f, va, size, after);
        MUST(after[0] == 0x11 && after[size - 1] == 0x44);
    }
}

/* The program lies where the tables lead, or is a part of them. */
static void run_at(struct rig *rig, uint64_t va)
{
    size_t size = sizeof(struct npu_program_header);
    struct outcome outcome = walk_range(rig->f, va, size, false);
    struct npu_packet packet = packet_new(NPU_PACKET_RUN);
    struct npu_error error;

    packet.run.program = va;
    packet.run.program_size = size;
    error = do_packet(rig, &packet);
    if (outcome.code) {
        check_error(&error, &outcome);
    } else {
        MUST(!error.code || error.code == NPU_ERR_PROGRAM);
    }
}

static void set_entry(struct rig *rig, struct input *in)
{
    unsigned table = take(in, 1) % TABLES, index = take_index(in);

    *entry_at(rig->f, table * NPU_PT_SIZE, index) = take_entry(in);
}

static void do_op(struct rig *rig, struct input *in, unsigned op)
{
    struct npu_packet packet;
    uint64_t va = take_va(in), left = (1ull << NPU_VA_BITS) - va;
    uint64_t size = 1 + take(in, 2) % (COPY_MAX - 8);

    size = size < left ? size : left;
    switch (op) {
    case COPY_FROM:
        copy_from(rig, va, size);
        break;
    case COPY_TO:
        packet = packet_new(NPU_PACKET_COPY);
        packet.src_space = NPU_SPACE_HBM;
        packet.copy.src = SCRATCH;
        write_to(rig, &packet, va, size);
        break;
    case FILL_TO:
        packet = packet_new(NPU_PACKET_FILL);
        packet.pattern = 0x44332211;
        write_to(rig, &packet, va & ~3ull, (size + 3) & ~3ull);
        break;
    case TIME_TO:
        packet = packet_new(NPU_PACKET_TIMESTAMP);
        write_to(rig, &packet, va & ~15ull, 16);
        break;
    case RUN_AT:
        run_at(rig, va & ~63ull);
        break;
    }
}

/* Bytes that differ from page to page, wherever there is data. */
static void fill_data(struct fake *f)
{
    unsigned i;

    for (i = 0; i < 0x4000; i++) {
        f->hbm[DATA + i] = i * 7 + i / NPU_PT_SIZE;
        f->ram[RAM_DATA + i] = i * 11 + i / NPU_PT_SIZE;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size < INPUT_MAX ? size : INPUT_MAX };
    struct rig rig = rig_begin();

    rig.root = 0;
    rig_queue(&rig, 0, 1);
    fill_data(rig.f);
    while (in.size) {
        unsigned op = take(&in, 1) % OPS;

        if (op == SET) {
            set_entry(&rig, &in);
        } else {
            do_op(&rig, &in, op);
        }
    }
    rig_end(&rig);
    return 0;
}

/* ---- Seeds --------------------------------------------------------------- */

/* clang-format off */
/* Indices 0, 1, 255, 256, 510 and 511 are written as 0 to 5. */
#define LINK(table, index, to) SET, table, index, TABLE, to, 0
#define PAGE(table, index, kind, page) \
    SET, table, index, kind, (page) & 0xff, (page) >> 8
#define WRITABLE 0x80           /* a multiple of KINDS would do as well */
#define CHAIN(i, j, k) LINK(0, i, 1), LINK(1, j, 2), LINK(2, k, 3)
#define VA(a, b, c, d, offset) a, b, c, d, (offset) & 0xff, (offset) >> 8
#define SIZE(size) (size) & 0xff, (size) >> 8

/* The kind with the flag: WRITABLE is 3 modulo KINDS. */
#define RW(kind) (WRITABLE + ((kind) + KINDS - WRITABLE % KINDS) % KINDS)

static const uint8_t pages[] = {
    CHAIN(0, 0, 0), PAGE(3, 0, RW(LEAF_HBM), 1024),
    PAGE(3, 1, LEAF_HOST, 32), COPY_FROM, VA(0, 0, 0, 0, 100), SIZE(64),
    COPY_FROM, VA(0, 0, 0, 0, 100), SIZE(4096), COPY_TO, VA(0, 0, 0, 0, 5),
    SIZE(300), COPY_TO, VA(0, 0, 0, 0, 0), SIZE(5000), FILL_TO,
    VA(0, 0, 0, 0, 16), SIZE(64), TIME_TO, VA(0, 0, 0, 1, 0), SIZE(1),
    RUN_AT, VA(0, 0, 0, 0, 0), SIZE(1), COPY_FROM, VA(0, 0, 1, 0, 0), SIZE(1),
};

static const uint8_t large[] = {
    LINK(0, 5, 1), LINK(1, 5, 2), PAGE(2, 5, RW(LEAF_HBM), 1024),
    PAGE(2, 4, RW(LEAF_HBM), 1025), PAGE(1, 4, RW(LEAF_HOST), 0),
    PAGE(1, 3, RW(LEAF_HBM), 0), PAGE(0, 4, LEAF_HOST, 0),
    COPY_FROM, VA(5, 5, 5, 5, 0), SIZE(4096), COPY_FROM, VA(5, 5, 5, 5, 4000),
    SIZE(4096), FILL_TO, VA(5, 5, 5, 0, 0), SIZE(0x2000), COPY_FROM,
    VA(5, 5, 4, 0, 0), SIZE(8), COPY_FROM, VA(5, 4, 0, 5, 0), SIZE(4096),
    COPY_FROM, VA(5, 3, 0, 0, 0), SIZE(8), COPY_FROM, VA(4, 0, 0, 0, 0),
    SIZE(8),
};

static const uint8_t loops[] = {
    LINK(0, 0, 0), LINK(0, 1, 6), LINK(0, 5, 1), SET, 1, 0, RAW, 0, 0, 1, 0,
    0x40, 0, 0, 0, 0, 0, PAGE(1, 1, LEAF_PEER, 0), COPY_FROM,
    VA(0, 0, 0, 0, 0), SIZE(8), COPY_FROM, VA(0, 0, 0, 1, 0), SIZE(8),
    COPY_TO, VA(1, 0, 0, 0, 0), SIZE(8), COPY_FROM, VA(5, 0, 0, 0, 0), SIZE(8),
    RUN_AT, VA(5, 1, 0, 0, 0), SIZE(8),
};

static const uint8_t runs[] = {
    CHAIN(0, 0, 0), PAGE(3, 0, RW(LEAF_HBM), 1024),
    PAGE(3, 1, RW(LEAF_HBM), 1025), PAGE(3, 4, RW(LEAF_HOST), 32),
    PAGE(3, 5, RW(LEAF_HOST), 33), COPY_FROM, VA(0, 0, 0, 0, 1), SIZE(8000),
    COPY_TO, VA(0, 0, 0, 0, 2), SIZE(8000), COPY_FROM, VA(0, 0, 0, 4, 3),
    SIZE(8000), COPY_TO, VA(0, 0, 0, 4, 4), SIZE(8000), PAGE(3, 1, LEAF_HBM, 9),
    COPY_TO, VA(0, 0, 0, 0, 0), SIZE(8000), PAGE(3, 5, RW(LEAF_HOST), 0x2000),
    COPY_FROM, VA(0, 0, 0, 4, 3), SIZE(8000),
};
/* clang-format on */

size_t fuzz_seed(unsigned index, uint8_t *to, const char **name)
{
    static const struct seed seeds[] = {
        SEED(pages),
        SEED(large),
        SEED(loops),
        SEED(runs),
    };

    return seed_copy(seeds, sizeof(seeds) / sizeof(seeds[0]), index, to, name);
}
