/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * BAR0.  The address space is a few blocks of equal units (the card itself,
 * dies, vectors, queues); a table says what the registers of a unit are.  An
 * access that no table knows reads zero and writes nothing.
 *
 * A 64-bit register is read in two halves by reading its low word, which holds
 * the high word for the next read of that, and written by writing its high word
 * after its low one.
 */
#include <stdlib.h>
#include <string.h>

#include "card.h"
#include "regs.h"

enum reg_kind {
    REG_CONSTANT,   /* reads .constant */
    REG_FIELD,      /* reads .field of the unit's structure */
    REG_FUNCTION,   /* reads what .read says */
    REG_WRITE_ONLY, /* reads zero */
};

struct target;

struct reg {
    uint32_t offset; /* within the unit */
    uint8_t size;    /* 4 or 8 */
    uint8_t words;   /* an array of that many */
    enum reg_kind kind;
    uint32_t constant;
    uint32_t field;
    uint64_t (*read)(const struct target *t);
    void (*write)(const struct target *t, uint64_t value);
};

struct block {
    uint32_t base;
    uint32_t stride;
    uint32_t units;
    const struct reg *regs;
    unsigned count;
    size_t at;   /* of the first unit's structure in the card */
    size_t size; /* of that structure */
};

/* A register that an access has found. */
struct target {
    struct npu_card *card;
    const struct block *block;
    const struct reg *reg;
    unsigned unit;
    unsigned word;
    bool high; /* the upper half of a 64-bit register */
};

#define CONSTANT(value) 1, REG_CONSTANT, .constant = (value)
#define FIELD(type, name) 1, REG_FIELD, .field = offsetof(struct type, name)
#define FUNCTION(function) 1, REG_FUNCTION, .read = (function)
#define ARRAY(count, function) count, REG_FUNCTION, .read = (function)
#define WRITE_ONLY 1, REG_WRITE_ONLY

#define HELD_END NPU_REG_QUEUE(NPU_MAX_QUEUES)

bool npu_regs_init(struct npu_card *card)
{
    card->held = calloc(HELD_END / 8, sizeof(*card->held));
    return card->held != NULL;
}

void npu_regs_destroy(struct npu_card *card)
{
    free(card->held);
}

void npu_regs_forget(struct npu_card *card)
{
    card->held_epoch++;
    memset(card->low_written, 0, sizeof(card->low_written));
}

/* ---- The card ------------------------------------------------------------ */

static uint64_t read_profile(const struct target *t)
{
    return t->card->profile->id;
}

static uint64_t read_host_time(const struct target *t)
{
    return npu_card_now(t->card);
}

static uint64_t read_status(const struct target *t)
{
    return (t->card->abort ? NPU_STATUS_BUSY : NPU_STATUS_READY) |
           (t->card->dirty ? NPU_STATUS_DIRTY : 0);
}

static void write_control(const struct target *t, uint64_t value)
{
    if (value & NPU_CONTROL_RESET) {
        npu_card_reset_locked(t->card);
    }
}

static void write_event_vector(const struct target *t, uint64_t value)
{
    t->card->event_vector = value < NPU_MAX_VECTORS ? value : NPU_NO_VECTOR;
    if (t->card->events) {
        npu_vector_event(t->card, 0);
    }
}

static uint64_t read_events(const struct target *t)
{
    uint32_t events = t->card->events;

    t->card->events = 0;
    return events;
}

static uint64_t read_error_queues(const struct target *t)
{
    uint64_t queues = t->card->error_queues[t->word];

    t->card->error_queues[t->word] = 0;
    return queues;
}

static const struct reg card_regs[] = {
    { NPU_REG_MAGIC, 4, CONSTANT(NPU_MAGIC) },
    { NPU_REG_VERSION, 4, CONSTANT(NPU_REGS_MAJOR << 16 | NPU_REGS_MINOR) },
    { NPU_REG_PLATFORM, 4, CONSTANT(NPU_PLATFORM_EMULATED) },
    { NPU_REG_PROFILE, 4, FUNCTION(read_profile) },
    { NPU_REG_CAPS, 8, CONSTANT(NPU_CAP_DIE_RESET) },
    { NPU_REG_DIES, 4, FIELD(npu_card, dies) },
    { NPU_REG_QUEUES, 4, CONSTANT(NPU_MAX_QUEUES) },
    { NPU_REG_VECTORS, 4, CONSTANT(NPU_MAX_VECTORS) },
    { NPU_REG_ISA_VERSION, 4, CONSTANT(NPU_ISA_MAJOR << 16 | NPU_ISA_MINOR) },
    { NPU_REG_HBM_SIZE, 8, FIELD(npu_card, hbm.size) },
    { NPU_REG_SERIAL, 8, FIELD(npu_card, serial) },
    { NPU_REG_HOST_TIME, 8, FUNCTION(read_host_time) },
    { NPU_REG_DEVICE_TIME, 8, FIELD(npu_card, device_time) },
    { NPU_REG_VA_BITS, 4, CONSTANT(NPU_VA_BITS) },
    { NPU_REG_RING_MAX, 4, CONSTANT(1u << NPU_RING_ORDER_MAX) },
    { NPU_REG_STATUS, 4, FUNCTION(read_status) },
    { NPU_REG_CONTROL, 4, WRITE_ONLY, .write = write_control },
    { NPU_REG_EVENT_VECTOR, 4, FIELD(npu_card, event_vector),
      .write = write_event_vector },
    { NPU_REG_EVENTS, 4, FUNCTION(read_events) },
    { NPU_REG_ERROR_QUEUES(0), 8, ARRAY(NPU_QUEUE_WORDS, read_error_queues) },
};

/* ---- Dies ---------------------------------------------------------------- */

static uint64_t read_die_size(const struct target *t)
{
    return t->card->hbm.size / t->card->dies;
}

static uint64_t read_die_base(const struct target *t)
{
    return t->unit * read_die_size(t);
}

static uint64_t read_die_busy(const struct target *t)
{
    return npu_die_busy_host(t->card, t->unit);
}

static uint64_t read_die_state(const struct target *t)
{
    return npu_die_state(t->card, t->unit);
}

static void write_die_control(const struct target *t, uint64_t value)
{
    if (value & NPU_DIE_CONTROL_RESET) {
        npu_die_reset(t->card, t->unit);
    }
}

static const struct reg die_regs[] = {
    { NPU_DIE_HBM_BASE, 8, FUNCTION(read_die_base) },
    { NPU_DIE_HBM_SIZE, 8, FUNCTION(read_die_size) },
    { NPU_DIE_BUSY_HOST, 8, FUNCTION(read_die_busy) },
    { NPU_DIE_BUSY_DEVICE, 8, FIELD(npu_die, busy_device) },
    { NPU_DIE_TILES, 8, FIELD(npu_die, tiles) },
    { NPU_DIE_STATE, 4, FUNCTION(read_die_state) },
    { NPU_DIE_CONTROL, 4, WRITE_ONLY, .write = write_die_control },
    { NPU_DIE_RESETS, 4, FIELD(npu_die, resets) },
};

/* ---- Vectors ------------------------------------------------------------- */

static uint64_t read_vector_queues(const struct target *t)
{
    return npu_vector_read_queues(t->card, t->unit, t->word);
}

static uint64_t read_vector_summary(const struct target *t)
{
    return npu_vector_summary(t->card, t->unit);
}

static void write_vector_mask(const struct target *t, uint64_t value)
{
    npu_vector_set_mask(t->card, t->unit, value & 1);
}

static void write_vector_holdoff(const struct target *t, uint64_t value)
{
    npu_vector_set_holdoff(t->card, t->unit, value);
}

static const struct reg vector_regs[] = {
    { NPU_VECTOR_QUEUES(0), 8, ARRAY(NPU_QUEUE_WORDS, read_vector_queues) },
    { NPU_VECTOR_SUMMARY, 4, FUNCTION(read_vector_summary) },
    { NPU_VECTOR_MASK, 4, FIELD(npu_vector, masked),
      .write = write_vector_mask },
    { NPU_VECTOR_HOLDOFF, 4, FIELD(npu_vector, holdoff),
      .write = write_vector_holdoff },
};

/* ---- Queues -------------------------------------------------------------- */

static struct npu_queue *target_queue(const struct target *t)
{
    return &t->card->queue[t->unit];
}

static void *target_field(const struct target *t)
{
    return (char *)t->card + t->block->at + t->unit * t->block->size +
           t->reg->field;
}

static void write_queue_field(const struct target *t, uint64_t value)
{
    if (target_queue(t)->state != NPU_QUEUE_DISABLED) {
        return;
    }
    if (t->reg->size == 8) {
        *(uint64_t *)target_field(t) = value;
    } else {
        *(uint32_t *)target_field(t) = value;
    }
}

static void write_queue_control(const struct target *t, uint64_t value)
{
    npu_queue_control(t->card, target_queue(t), value);
}

static uint64_t read_queue_exec_time(const struct target *t)
{
    return npu_queue_exec_time(target_queue(t), npu_card_now(t->card));
}

static uint64_t read_queue_error(const struct target *t)
{
    uint64_t words[sizeof(struct npu_error) / 8];

    memcpy(words, &target_queue(t)->error, sizeof(words));
    return words[t->word];
}

#define SETTING(name) FIELD(npu_queue, name), .write = write_queue_field

/* clang-format off */
static const struct reg queue_regs[] = {
    { NPU_QUEUE_RING, 8, SETTING(ring) },
    { NPU_QUEUE_TAIL, 8, SETTING(tail_at) },
    { NPU_QUEUE_FENCE, 8, SETTING(fence_at) },
    { NPU_QUEUE_ROOT, 8, SETTING(root) },
    { NPU_QUEUE_RING_ORDER, 4, SETTING(order) },
    { NPU_QUEUE_DIE_MASK, 4, SETTING(die_mask) },
    { NPU_QUEUE_PRIORITY, 4, SETTING(priority) },
    { NPU_QUEUE_VECTOR, 4, SETTING(vector) },
    { NPU_QUEUE_CONTROL, 4, WRITE_ONLY, .write = write_queue_control },
    { NPU_QUEUE_STATE, 4, FIELD(npu_queue, state) },
    { NPU_QUEUE_HEAD, 8, FIELD(npu_queue, head) },
    { NPU_QUEUE_EXEC_TIME, 8, FUNCTION(read_queue_exec_time) },
    { NPU_QUEUE_TILES, 8, FIELD(npu_queue, tiles) },
    { NPU_QUEUE_INSN, 4, FIELD(npu_queue, insn) },
    { NPU_QUEUE_ERROR, 8, ARRAY(sizeof(struct npu_error) / 8,
                                read_queue_error) },
};
/* clang-format on */

/* ---- Doorbells ----------------------------------------------------------- */

static void write_doorbell(const struct target *t, uint64_t value)
{
    (void)value; /* by its definition */
    npu_queue_doorbell(t->card, target_queue(t));
}

static const struct reg doorbell_regs[] = {
    { 0, 4, WRITE_ONLY, .write = write_doorbell },
};

/* ---- Decoding ------------------------------------------------------------ */

#define BLOCK(base, stride, units, regs, at, type)                     \
    {                                                                  \
        base, stride, units, regs, sizeof(regs) / sizeof(regs[0]), at, \
            sizeof(struct type)                                        \
    }
#define AT(member) offsetof(struct npu_card, member)

/* The last one takes what the others leave. */
/* clang-format off */
static const struct block blocks[] = {
    BLOCK(NPU_REG_DOORBELL(0), 0x1000, NPU_MAX_QUEUES, doorbell_regs,
          AT(queue), npu_queue),
    BLOCK(NPU_REG_QUEUE(0), 0x100, NPU_MAX_QUEUES, queue_regs, AT(queue),
          npu_queue),
    BLOCK(NPU_REG_VECTOR(0), 0x100, NPU_MAX_VECTORS, vector_regs, AT(vector),
          npu_vector),
    BLOCK(NPU_REG_DIE(0), 0x40, NPU_MAX_DIES, die_regs, AT(die), npu_die),
    BLOCK(0, 0x1000, 1, card_regs, 0, npu_card),
};
/* clang-format on */

static bool reg_covers(const struct reg *reg, uint32_t at, unsigned size)
{
    return at >= reg->offset && at < reg->offset + reg->size * reg->words &&
           size <= reg->size && at % size == 0;
}

static bool decode_unit(struct target *target, uint64_t at, unsigned size)
{
    const struct block *block = target->block;
    uint32_t inner = at % block->stride;
    unsigned i;

    target->unit = at / block->stride;
    if (block->regs == die_regs && target->unit >= target->card->dies) {
        return false;
    }
    for (i = 0; i < block->count; i++) {
        const struct reg *reg = &block->regs[i];

        if (reg_covers(reg, inner, size)) {
            target->reg = reg;
            target->word = (inner - reg->offset) / reg->size;
            target->high = reg->size == 8 && inner % 8;
            return true;
        }
    }
    return false;
}

static bool decode(struct npu_card *card, uint64_t offset, unsigned size,
                   struct target *target)
{
    unsigned i;

    target->card = card;
    for (i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
        const struct block *block = &blocks[i];

        if (offset >= block->base &&
            (offset - block->base) / block->stride < block->units) {
            target->block = block;
            return (size == 4 || size == 8) &&
                   decode_unit(target, offset - block->base, size);
        }
    }
    return false;
}

static uint64_t target_read(const struct target *t)
{
    switch (t->reg->kind) {
    case REG_CONSTANT:
        return t->reg->constant;
    case REG_FIELD:
        return t->reg->size == 8 ? *(uint64_t *)target_field(t) :
                                   *(uint32_t *)target_field(t);
    case REG_FUNCTION:
        return t->reg->read(t);
    case REG_WRITE_ONLY:
        break;
    }
    return 0;
}

/* What is held is marked with the epoch, so that a reset forgets it at once. */
static uint64_t read_half(const struct target *t, uint64_t offset)
{
    uint64_t *held = &t->card->held[offset / 8];
    uint64_t value;

    if (t->high && *held >> 32 == t->card->held_epoch) {
        value = *held & 0xffffffffu;
        *held = 0;
        return value;
    }
    value = target_read(t);
    if (t->high) {
        return value >> 32;
    }
    *held = (uint64_t)t->card->held_epoch << 32 | value >> 32;
    return value & 0xffffffffu;
}

uint64_t npu_card_mmio_read(struct npu_card *card, uint64_t offset,
                            unsigned size)
{
    struct target target;
    uint64_t value;

    if (!decode(card, offset, size, &target)) {
        return 0;
    }
    pthread_mutex_lock(&card->lock);
    if (target.reg->size == 8 && size == 4) {
        value = read_half(&target, offset);
    } else {
        value = target_read(&target);
    }
    pthread_mutex_unlock(&card->lock);
    return value;
}

/* The writable 64-bit registers are the first four of a queue. */
static void write_64(const struct target *t, uint64_t value, unsigned size)
{
    uint32_t *low = &t->card->low_written[t->unit][t->reg->offset / 8];

    if (t->high) {
        t->reg->write(t, value << 32 | *low);
        return;
    }
    *low = value;
    if (size == 8) {
        t->reg->write(t, value);
    }
}

void npu_card_mmio_write(struct npu_card *card, uint64_t offset, uint64_t value,
                         unsigned size)
{
    struct target target;
    bool control;

    if (!decode(card, offset, size, &target) || !target.reg->write) {
        return;
    }
    control = target.reg->write == write_control;
    pthread_mutex_lock(&card->lock);
    if (card->abort && !control) {
        /* A reset is in progress: ignored. */
    } else if (target.reg->size == 8) {
        write_64(&target, value, size);
    } else {
        target.reg->write(&target, (uint32_t)value);
    }
    pthread_mutex_unlock(&card->lock);
}
