/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One queue: its life, fetching packets from its ring, and how it ends.  Only
 * the command processor touches a ring; the callers of MMIO change the state
 * and leave the rest to it.
 */
#include <stdio.h>
#include <string.h>

#include "card.h"

/* Register values after a reset. Whatever else it holds must be gone. */
void npu_queue_init(struct npu_queue *queue)
{
    memset(queue, 0, sizeof(*queue));
    queue->vector = NPU_NO_VECTOR;
}

static bool queue_is_live(const struct npu_queue *queue)
{
    return queue->state >= NPU_QUEUE_IDLE && queue->state <= NPU_QUEUE_STOPPING;
}

static void queue_set_state(struct npu_card *card, struct npu_queue *queue,
                            enum npu_queue_state state)
{
    queue->state = state;
    npu_card_trace(card, NPU_TRACE_QUEUE_STATE, npu_queue_index(card, queue),
                   state, queue->head, 0);
}

void npu_queue_clock(struct npu_queue *queue, uint64_t now, bool on)
{
    if (queue->executing) {
        queue->exec_time += now - queue->exec_since;
    }
    queue->executing = on;
    queue->exec_since = now;
}

uint64_t npu_queue_exec_time(const struct npu_queue *queue, uint64_t now)
{
    return queue->exec_time + (queue->executing ? now - queue->exec_since : 0);
}

/* Let go of everything that an enabled queue holds. */
void npu_queue_clear(struct npu_card *card, struct npu_queue *queue)
{
    struct npu_job *job = queue->job;

    if (queue->invalidating) {
        npu_invalidate_end(card, queue);
    }
    if (job) {
        queue->job = NULL;
        npu_job_free(card, job);
    }
    if (queue->as) {
        npu_as_put(queue->as);
        queue->as = NULL;
    }
    queue->stop = false;
    queue->doorbell = false;
    queue->executing = false;
}

void npu_queue_unmap(struct npu_card *card, struct npu_queue *queue)
{
    npu_dma_unmap(card, &queue->ring_map);
    npu_dma_unmap(card, &queue->tail_map);
    npu_dma_unmap(card, &queue->fence_map);
}

static void queue_end(struct npu_card *card, struct npu_queue *queue,
                      enum npu_queue_state state)
{
    npu_queue_clear(card, queue);
    queue_set_state(card, queue, state);
    npu_cp_attend(card, queue); /* to drop its translations */
}

void npu_queue_fail(struct npu_card *card, struct npu_queue *queue,
                    const struct npu_error *error)
{
    unsigned index = npu_queue_index(card, queue);

    queue->error = *error;
    queue->error.packet = queue->head;
    queue->error.host_time = npu_card_now(card);
    queue->tell = npu_error_is_guests(error->code);
    npu_queue_clock(queue, queue->error.host_time, false);
    npu_card_trace(card, NPU_TRACE_QUEUE_ERROR, index, error->code, error->insn,
                   error->address);
    queue_end(card, queue, NPU_QUEUE_ERRORED);
    card->error_queues[index / 64] |= 1ull << (index % 64);
    npu_vector_event(card, NPU_EVENT_QUEUE_ERROR);
}

static uint32_t queue_check(const struct npu_card *card,
                            const struct npu_queue *queue)
{
    uint64_t size;

    if (queue->order < 1 || queue->order > NPU_RING_ORDER_MAX) {
        return NPU_ERR_RING;
    }
    size = sizeof(struct npu_packet) << queue->order;
    if (queue->ring % 4096 || queue->ring + size < size || queue->tail_at % 8 ||
        queue->fence_at % 8 ||
        queue->fence_at > UINT64_MAX - sizeof(struct npu_fence_record)) {
        return NPU_ERR_RING;
    }
    if (queue->root % NPU_PT_SIZE ||
        queue->root > card->hbm.size - NPU_PT_SIZE) {
        return NPU_ERR_RING;
    }
    if (!queue->die_mask || queue->die_mask >> card->dies) {
        return NPU_ERR_RING;
    }
    if (queue->vector >= NPU_MAX_VECTORS && queue->vector != NPU_NO_VECTOR) {
        return NPU_ERR_RING;
    }
    if (queue->priority != NPU_QUEUE_PRIORITY_NORMAL) {
        return NPU_ERR_UNSUPPORTED;
    }
    return NPU_ERR_NONE;
}

static void queue_enable(struct npu_card *card, struct npu_queue *queue)
{
    uint32_t code = queue_check(card, queue);
    struct npu_error error;

    if (queue->state != NPU_QUEUE_DISABLED) {
        return;
    }
    card->dirty = true;
    queue->head = 0;
    queue->tail = 0;
    queue->tiles = 0;
    queue->insn = 0;
    queue->exec_time = 0;
    queue->device_time = 0;
    memset(&queue->error, 0, sizeof(queue->error));
    queue->tell = false;
    if (!code) {
        queue->as = npu_as_get(&card->spaces, queue->root);
        code = queue->as ? NPU_ERR_NONE : NPU_ERR_RESOURCES;
    }
    if (code) {
        npu_error_set(&error, code);
        npu_queue_fail(card, queue, &error);
        return;
    }
    queue_set_state(card, queue, NPU_QUEUE_IDLE);
}

static void queue_stop(struct npu_card *card, struct npu_queue *queue)
{
    if (!queue_is_live(queue) || queue->stop) {
        return;
    }
    if (!queue->job && !queue->invalidating && !queue->serviced) {
        queue_end(card, queue, NPU_QUEUE_STOPPED);
        return;
    }
    queue->stop = true;
    queue_set_state(card, queue, NPU_QUEUE_STOPPING);
    if (queue->job) {
        npu_job_cancel(card, queue->job, NPU_ERR_STOPPED, NPU_NONE);
    }
    npu_cp_attend(card, queue);
}

static void queue_disable(struct npu_card *card, struct npu_queue *queue)
{
    if (queue_is_live(queue)) {
        queue_stop(card, queue);
    } else {
        queue_set_state(card, queue, NPU_QUEUE_DISABLED);
    }
}

void npu_queue_control(struct npu_card *card, struct npu_queue *queue,
                       uint32_t command)
{
    switch (command) {
    case NPU_QUEUE_CONTROL_ENABLE:
        queue_enable(card, queue);
        break;
    case NPU_QUEUE_CONTROL_STOP:
        queue_stop(card, queue);
        break;
    case NPU_QUEUE_CONTROL_DISABLE:
        queue_disable(card, queue);
        break;
    }
}

void npu_queue_doorbell(struct npu_card *card, struct npu_queue *queue)
{
    if (!queue_is_live(queue)) {
        return;
    }
    queue->doorbell = true;
    if (queue->state == NPU_QUEUE_IDLE) {
        npu_cp_lend(card, queue);
    }
}

/* The packet at the head has been dealt with. */
static void queue_retire(struct npu_card *card, struct npu_queue *queue)
{
    npu_card_trace(card, NPU_TRACE_PACKET_END, npu_queue_index(card, queue),
                   queue->head, 0, 0);
    queue->head++;
    queue->exec_time = 0;
    queue->executing = false;
}

static void queue_fail_ring(struct npu_card *card, struct npu_queue *queue,
                            uint64_t address)
{
    struct npu_error error;

    npu_error_set(&error, NPU_ERR_RING);
    error.space = NPU_SPACE_HOST;
    error.address = address;
    npu_queue_fail(card, queue, &error);
}

/* False: there is nothing to do, or the queue has failed. */
static bool queue_read_tail(struct npu_card *card, struct npu_queue *queue)
{
    uint64_t tail = 0;
    bool ok;

    queue->doorbell = false;
    pthread_mutex_unlock(&card->lock);
    ok = npu_dma_load64(card, &queue->tail_map, queue->tail_at, &tail);
    pthread_mutex_lock(&card->lock);
    if (card->abort) {
        return false;
    }
    if (!ok || tail - queue->head > 1ull << queue->order) {
        queue_fail_ring(card, queue, queue->tail_at);
        return false;
    }
    queue->tail = tail;
    if (tail == queue->head && queue->state == NPU_QUEUE_WAITING) {
        queue_set_state(card, queue, NPU_QUEUE_IDLE);
    }
    return tail != queue->head;
}

static bool queue_fetch(struct npu_card *card, struct npu_queue *queue,
                        struct npu_packet *packet)
{
    uint64_t slots = 1ull << queue->order;
    uint64_t slot = queue->head & (slots - 1);
    uint64_t bus = queue->ring + slot * sizeof(*packet);
    bool ok;

    pthread_mutex_unlock(&card->lock);
    ok = npu_dma_read(card, &queue->ring_map, bus,
                      (slots - slot) * sizeof(*packet), packet,
                      sizeof(*packet));
    pthread_mutex_lock(&card->lock);
    if (card->abort) {
        return false;
    }
    if (!ok) {
        queue_fail_ring(card, queue, bus);
    }
    return ok;
}

static void queue_fail_packet(struct npu_card *card, struct npu_queue *queue,
                              const struct npu_packet *packet,
                              const struct npu_error *error)
{
    struct npu_error full = *error;

    full.opcode = packet->opcode;
    if (packet->opcode == NPU_PACKET_RUN) {
        full.cookie = packet->run.cookie;
    }
    npu_queue_fail(card, queue, &full);
}

static void queue_next(struct npu_card *card, struct npu_queue *queue)
{
    struct npu_packet packet;
    struct npu_error error;

    if (queue->head == queue->tail && !queue_read_tail(card, queue)) {
        return;
    }
    if (!queue->stop) {
        queue_set_state(card, queue, NPU_QUEUE_WAITING);
    }
    queue->insn = 0;
    if (!queue_fetch(card, queue, &packet) || queue->stop) {
        return;
    }
    npu_card_trace(card, NPU_TRACE_PACKET_BEGIN, npu_queue_index(card, queue),
                   queue->head, packet.opcode, 0);
    if (npu_packet_begin(card, queue, &packet, &error)) {
        if (!card->abort) {
            queue_fail_packet(card, queue, &packet, &error);
        }
    } else if (!queue->job && !queue->invalidating) {
        queue_retire(card, queue);
    }
}

static void queue_end_job(struct npu_card *card, struct npu_queue *queue)
{
    struct npu_job *job = queue->job;

    if (job->error.code) {
        queue_fail_packet(card, queue, &job->packet, &job->error);
        return;
    }
    queue->job = NULL;
    npu_job_free(card, job);
    queue_retire(card, queue);
}

static void queue_end_invalidate(struct npu_card *card, struct npu_queue *queue)
{
    struct npu_error error;

    if (!npu_invalidate_pending(queue)) {
        npu_invalidate_end(card, queue);
        queue_retire(card, queue);
    } else if (queue->stop) {
        npu_error_set(&error, NPU_ERR_STOPPED);
        error.opcode = NPU_PACKET_INVALIDATE;
        npu_queue_fail(card, queue, &error);
    }
}

/* It may have died a while ago: nobody waits for this. */
static void queue_bury(struct npu_card *card, struct npu_queue *queue)
{
    char text[160] = "";

    if (queue->tell) {
        queue->tell = false;
        npu_error_text(&queue->error, npu_queue_index(card, queue), text,
                       sizeof(text));
    }
    pthread_mutex_unlock(&card->lock);
    npu_queue_unmap(card, queue);
    if (text[0]) {
        card->ops->guest_error(card->opaque, text);
    }
    pthread_mutex_lock(&card->lock);
}

/* Between two packets: stop, rest, or come again. */
static void queue_settle(struct npu_card *card, struct npu_queue *queue)
{
    if (queue->stop) {
        queue_end(card, queue, NPU_QUEUE_STOPPED);
    } else if (queue->state != NPU_QUEUE_IDLE || queue->doorbell) {
        npu_cp_attend(card, queue);
    }
}

void npu_queue_service(struct npu_card *card, struct npu_queue *queue)
{
    if (!queue_is_live(queue)) {
        queue_bury(card, queue);
        return;
    }
    queue->serviced = true;
    if (queue->job) {
        if (queue->job->phase == NPU_JOB_DONE) {
            queue_end_job(card, queue);
        }
    } else if (queue->invalidating) {
        queue_end_invalidate(card, queue);
    } else if (!queue->stop) {
        queue_next(card, queue);
    }
    queue->serviced = false;
    if (!card->abort && queue_is_live(queue) && !queue->job &&
        !queue->invalidating) {
        queue_settle(card, queue);
    }
}
