/* SPDX-License-Identifier: GPL-2.0-or-later */
/* COPY and FILL: one chunk at a time, between any two spaces. */
#include <string.h>

#include "card.h"

/* On a worker's stack: host to host, and patterns for host memory. */
#define COPY_BOUNCE 4096

static uint64_t min3(uint64_t a, uint64_t b, uint64_t c)
{
    a = a < b ? a : b;
    return a < c ? a : c;
}

static bool copy_bounce(struct npu_access *access, struct npu_packet *packet,
                        uint64_t at, size_t size)
{
    uint8_t bounce[COPY_BOUNCE];

    return npu_access_read(access, packet->src_space, packet->copy.src + at,
                           bounce, size) &&
           npu_access_write(access, packet->dst_space, packet->copy.dst + at,
                            bounce, size);
}

/* As much of [at, at + size) as lies in one piece on both sides; 0: fault. */
static uint64_t copy_some(struct npu_access *access, struct npu_packet *packet,
                          uint64_t at, uint64_t size)
{
    struct npu_piece from, to;
    uint64_t src = packet->copy.src + at;
    uint64_t dst = packet->copy.dst + at;
    bool ok = true;

    if (!npu_access_resolve(access, packet->src_space, src, false, &from) ||
        !npu_access_resolve(access, packet->dst_space, dst, true, &to)) {
        return 0;
    }
    size = min3(size, from.size, to.size);
    if (from.hbm && to.hbm) {
        memmove(to.hbm, from.hbm, size);
        npu_access_written(access, to.address, size);
    } else if (to.hbm) {
        ok = npu_access_read(access, packet->src_space, src, to.hbm, size);
        npu_access_written(access, to.address, size);
    } else if (from.hbm) {
        ok = npu_access_write(access, packet->dst_space, dst, from.hbm, size);
    } else {
        size = size < COPY_BOUNCE ? size : COPY_BOUNCE;
        ok = copy_bounce(access, packet, at, size);
    }
    return ok ? size : 0;
}

/* The pattern's bytes are in phase: every piece starts at a multiple of 4. */
static void fill_words(void *to, uint32_t pattern, uint64_t size)
{
    uint32_t *word = to;
    uint64_t i;

    if (pattern == (pattern & 0xff) * 0x01010101u) {
        memset(to, pattern & 0xff, size);
        return;
    }
    for (i = 0; i < size / sizeof(*word); i++) {
        word[i] = pattern;
    }
}

static uint64_t fill_some(struct npu_access *access, struct npu_packet *packet,
                          uint64_t at, uint64_t size)
{
    uint64_t dst = packet->copy.dst + at;
    uint32_t bounce[COPY_BOUNCE / sizeof(uint32_t)];
    struct npu_piece to;

    if (!npu_access_resolve(access, packet->dst_space, dst, true, &to)) {
        return 0;
    }
    size = size < to.size ? size : to.size;
    if (to.hbm) {
        fill_words(to.hbm, packet->pattern, size);
        npu_access_written(access, to.address, size);
        return size;
    }
    size = size < COPY_BOUNCE ? size : COPY_BOUNCE;
    fill_words(bounce, packet->pattern, size);
    return npu_access_write(access, packet->dst_space, dst, bounce, size) ?
               size :
               0;
}

void npu_copy_chunk(struct npu_card *card, struct npu_task *task)
{
    struct npu_packet *packet = &task->job->packet;
    uint64_t at = task->index;
    uint64_t end = at + task->size;
    struct npu_access access;
    uint64_t done = 1;

    npu_access_begin(&access, card, task->job->queue->as, &task->job->over);
    while (at < end && done) {
        done = packet->opcode == NPU_PACKET_FILL ?
                   fill_some(&access, packet, at, end - at) :
                   copy_some(&access, packet, at, end - at);
        at += done;
    }
    npu_access_end(&access);
    if (access.fault.code) {
        npu_error_from_fault(&task->error, &access.fault);
    }
}
