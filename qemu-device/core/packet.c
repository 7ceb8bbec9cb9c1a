/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ring packets: what each kind may hold, and what it does. */
#include <string.h>

#include "card.h"

#define MAX_ARGS_SIZE (8u * (NPU_MAX_BASES + NPU_MAX_SCALARS))

struct packet_kind {
    /* What may be other than zero */
    uint8_t words; /* of raw, from its beginning */
    bool dst_space;
    bool src_space;
    bool pattern;
    uint32_t (*check)(const struct npu_card *card,
                      const struct npu_packet *packet, struct npu_error *error);
    uint32_t (*begin)(struct npu_card *card, struct npu_queue *queue,
                      const struct npu_packet *packet, struct npu_error *error);
};

static uint32_t refuse(struct npu_error *error, uint32_t code)
{
    npu_error_set(error, code);
    return code;
}

static uint32_t fault(struct npu_error *error, uint32_t code, uint8_t space,
                      uint64_t address)
{
    npu_error_set(error, code);
    error->space = space;
    error->address = address;
    return code;
}

/* Is [address, address + size) something that the space can hold? */
static uint32_t check_range(const struct npu_card *card, uint8_t space,
                            uint64_t address, uint64_t size,
                            struct npu_error *error)
{
    uint64_t limit;

    switch (space) {
    case NPU_SPACE_CLIENT:
        limit = 1ull << NPU_VA_BITS;
        break;
    case NPU_SPACE_HBM:
        limit = card->hbm.size;
        break;
    case NPU_SPACE_HOST:
        limit = UINT64_MAX;
        break;
    default:
        return refuse(error, NPU_ERR_PACKET);
    }
    if (size > limit || address > limit - size) {
        return fault(error, NPU_ERR_PAGE_FAULT, space, address);
    }
    return NPU_ERR_NONE;
}

static uint32_t check_run(const struct npu_card *card,
                          const struct npu_packet *packet,
                          struct npu_error *error)
{
    uint32_t program_size = packet->run.program_size;

    (void)card;
    if (packet->run.program % 8 || packet->run.report % 8 ||
        (packet->run.args_size && packet->run.args % 8)) {
        return refuse(error, NPU_ERR_PACKET);
    }
    /* Before anything of that size is allocated. */
    if (program_size < sizeof(struct npu_program_header) ||
        program_size > NPU_MAX_PROGRAM_SIZE) {
        return refuse(error, NPU_ERR_PROGRAM);
    }
    if (packet->run.args_size > MAX_ARGS_SIZE) {
        return refuse(error, NPU_ERR_ARGUMENTS);
    }
    return NPU_ERR_NONE;
}

static uint32_t check_fence(const struct npu_card *card,
                            const struct npu_packet *packet,
                            struct npu_error *error)
{
    (void)card;
    return packet->fence.sequence ? NPU_ERR_NONE :
                                    refuse(error, NPU_ERR_PACKET);
}

static uint32_t check_copy(const struct npu_card *card,
                           const struct npu_packet *packet,
                           struct npu_error *error)
{
    uint32_t code;

    if (!packet->copy.size) {
        return refuse(error, NPU_ERR_PACKET);
    }
    code = check_range(card, packet->dst_space, packet->copy.dst,
                       packet->copy.size, error);
    if (code) {
        return code;
    }
    return check_range(card, packet->src_space, packet->copy.src,
                       packet->copy.size, error);
}

static uint32_t check_fill(const struct npu_card *card,
                           const struct npu_packet *packet,
                           struct npu_error *error)
{
    if (!packet->copy.size || packet->copy.size % 4 || packet->copy.dst % 4 ||
        packet->copy.src) {
        return refuse(error, NPU_ERR_PACKET);
    }
    return check_range(card, packet->dst_space, packet->copy.dst,
                       packet->copy.size, error);
}

static uint32_t check_timestamp(const struct npu_card *card,
                                const struct npu_packet *packet,
                                struct npu_error *error)
{
    if (packet->copy.size != 16 || packet->copy.dst % 8 || packet->copy.src) {
        return refuse(error, NPU_ERR_PACKET);
    }
    return check_range(card, packet->dst_space, packet->copy.dst, 16, error);
}

static uint32_t check_invalidate(const struct npu_card *card,
                                 const struct npu_packet *packet,
                                 struct npu_error *error)
{
    uint64_t limit = 1ull << NPU_VA_BITS;

    if (packet->invalidate.root % NPU_PT_SIZE ||
        packet->invalidate.root > card->hbm.size - NPU_PT_SIZE ||
        packet->invalidate.size > limit ||
        packet->invalidate.address > limit - packet->invalidate.size) {
        return refuse(error, NPU_ERR_PACKET);
    }
    return NPU_ERR_NONE;
}

static uint32_t begin_nop(struct npu_card *card, struct npu_queue *queue,
                          const struct npu_packet *packet,
                          struct npu_error *error)
{
    (void)card;
    (void)queue;
    (void)packet;
    (void)error;
    return NPU_ERR_NONE;
}

static uint32_t begin_job(struct npu_card *card, struct npu_queue *queue,
                          const struct npu_packet *packet,
                          struct npu_error *error)
{
    return npu_job_start(card, queue, packet) ?
               NPU_ERR_NONE :
               refuse(error, NPU_ERR_RESOURCES);
}

static uint32_t begin_fence(struct npu_card *card, struct npu_queue *queue,
                            const struct npu_packet *packet,
                            struct npu_error *error)
{
    struct npu_fence_record record = {
        .host_time = npu_card_now(card),
        .device_time = queue->device_time,
    };
    size_t skip = offsetof(struct npu_fence_record, status);
    uint64_t bus = queue->fence_at;
    bool ok;

    pthread_mutex_unlock(&card->lock);
    /* Who sees the sequence number sees the rest of the record, too. */
    ok = npu_dma_write(card, &queue->fence_map, bus + skip,
                       sizeof(record) - skip, &record.status,
                       sizeof(record) - skip) &&
         npu_dma_store64(card, &queue->fence_map, bus, packet->fence.sequence);
    pthread_mutex_lock(&card->lock);
    if (!ok) {
        return fault(error, NPU_ERR_RING, NPU_SPACE_HOST, bus);
    }
    npu_vector_news(card, queue->vector, npu_queue_index(card, queue));
    return NPU_ERR_NONE;
}

static uint32_t begin_timestamp(struct npu_card *card, struct npu_queue *queue,
                                const struct npu_packet *packet,
                                struct npu_error *error)
{
    uint64_t times[2] = { npu_card_now(card), card->device_time };
    struct npu_access access;

    pthread_mutex_unlock(&card->lock);
    npu_access_begin(&access, card, queue->as, NULL);
    npu_access_write(&access, packet->dst_space, packet->copy.dst, times,
                     sizeof(times));
    npu_access_end(&access);
    pthread_mutex_lock(&card->lock);
    return access.fault.code ? fault(error, access.fault.code,
                                     access.fault.space, access.fault.address) :
                               NPU_ERR_NONE;
}

static uint32_t begin_invalidate(struct npu_card *card, struct npu_queue *queue,
                                 const struct npu_packet *packet,
                                 struct npu_error *error)
{
    (void)error;
    npu_invalidate_begin(card, queue, packet);
    return NPU_ERR_NONE;
}

/* Those without a begin are known, but not in this card. */
static const struct packet_kind packet_kinds[] = {
    [NPU_PACKET_NOP] = { .begin = begin_nop },
    [NPU_PACKET_RUN] = {
        .words = 5, .check = check_run, .begin = begin_job,
    },
    [NPU_PACKET_FENCE] = {
        .words = 1, .check = check_fence, .begin = begin_fence,
    },
    [NPU_PACKET_COPY] = {
        .words = 3, .dst_space = true, .src_space = true,
        .check = check_copy, .begin = begin_job,
    },
    [NPU_PACKET_FILL] = {
        .words = 3, .dst_space = true, .pattern = true,
        .check = check_fill, .begin = begin_job,
    },
    [NPU_PACKET_WAIT] = { 0 },
    [NPU_PACKET_TIMESTAMP] = {
        .words = 3, .dst_space = true,
        .check = check_timestamp, .begin = begin_timestamp,
    },
    [NPU_PACKET_INVALIDATE] = {
        .words = 3, .check = check_invalidate, .begin = begin_invalidate,
    },
};

static bool packet_is_clean(const struct packet_kind *kind,
                            const struct npu_packet *packet)
{
    unsigned i;

    for (i = kind->words; i < sizeof(packet->raw) / sizeof(packet->raw[0]);
         i++) {
        if (packet->raw[i]) {
            return false;
        }
    }
    return !packet->pad && (kind->dst_space || !packet->dst_space) &&
           (kind->src_space || !packet->src_space) &&
           (kind->pattern || !packet->pattern);
}

uint32_t npu_packet_begin(struct npu_card *card, struct npu_queue *queue,
                          const struct npu_packet *packet,
                          struct npu_error *error)
{
    const struct packet_kind *kind;
    uint32_t code;

    if (packet->opcode >= sizeof(packet_kinds) / sizeof(packet_kinds[0])) {
        return refuse(error, NPU_ERR_PACKET);
    }
    kind = &packet_kinds[packet->opcode];
    if (!kind->begin) {
        return refuse(error, NPU_ERR_UNSUPPORTED);
    }
    if (!packet_is_clean(kind, packet)) {
        return refuse(error, NPU_ERR_PACKET);
    }
    code = kind->check ? kind->check(card, packet, error) : NPU_ERR_NONE;
    return code ? code : kind->begin(card, queue, packet, error);
}
