/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A queue's life: registers, ring, doorbell, fence, error, stop. */
#include "support-core.h"

struct rig {
    struct fake *f;
    struct fake_client client;
    struct fake_queue q;
};

static int setup(void **state)
{
    struct rig *rig = calloc(1, sizeof(*rig));

    rig->f = fake_default();
    fake_client_init(rig->f, &rig->client);
    fq_setup(&rig->q, rig->f, 7, rig->client.root, 0xff);
    *state = rig;
    return 0;
}

static int teardown(void **state)
{
    struct rig *rig = *state;

    fake_free(rig->f);
    free(rig);
    return 0;
}

static const struct npu_packet nop = { .opcode = NPU_PACKET_NOP };

static void test_disabled_after_reset(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(fq_state(&rig->q), NPU_QUEUE_DISABLED);
    fq_push(&rig->q, &nop);
    fake_sleep_ms(5);
    assert_int_equal(fq_state(&rig->q), NPU_QUEUE_DISABLED);
    assert_int_equal(fq_reg(&rig->q, NPU_QUEUE_HEAD), 0);
}

static void test_enable_and_disable(void **state)
{
    struct rig *rig = *state;

    fq_enable(&rig->q);
    assert_int_equal(fq_state(&rig->q), NPU_QUEUE_IDLE);
    assert_true(rd32(rig->f, NPU_REG_STATUS) & NPU_STATUS_DIRTY);
    fq_control(&rig->q, NPU_QUEUE_CONTROL_STOP);
    assert_true(fq_wait_state(&rig->q, NPU_QUEUE_STOPPED));
    fq_control(&rig->q, NPU_QUEUE_CONTROL_DISABLE);
    assert_int_equal(fq_state(&rig->q), NPU_QUEUE_DISABLED);
}

static void test_disable_of_live_queue_stops(void **state)
{
    struct rig *rig = *state;

    fq_enable(&rig->q);
    fq_control(&rig->q, NPU_QUEUE_CONTROL_DISABLE);
    assert_true(fq_wait_state(&rig->q, NPU_QUEUE_STOPPED));
}

static void test_control_of_disabled_queue(void **state)
{
    struct rig *rig = *state;

    fq_control(&rig->q, NPU_QUEUE_CONTROL_STOP);
    assert_int_equal(fq_state(&rig->q), NPU_QUEUE_DISABLED);
    fq_control(&rig->q, NPU_QUEUE_CONTROL_DISABLE);
    assert_int_equal(fq_state(&rig->q), NPU_QUEUE_DISABLED);
    fq_control(&rig->q, 0);
    fq_control(&rig->q, 4);
    fq_control(&rig->q, 0xffffffff);
    assert_int_equal(fq_state(&rig->q), NPU_QUEUE_DISABLED);
}

static void test_registers_are_fixed_while_enabled(void **state)
{
    struct rig *rig = *state;
    uint64_t ring = NPU_REG_QUEUE(7) + NPU_QUEUE_RING;
    uint64_t mask = NPU_REG_QUEUE(7) + NPU_QUEUE_DIE_MASK;

    fq_enable(&rig->q);
    wr64(rig->f, ring, 0x9000);
    wr32(rig->f, mask, 1);
    assert_int_equal(rd64(rig->f, ring), rig->q.ring);
    assert_int_equal(rd32(rig->f, mask), 0xff);
    fq_control(&rig->q, NPU_QUEUE_CONTROL_STOP);
    wr32(rig->f, mask, 1);
    assert_int_equal(rd32(rig->f, mask), 0xff);
    fq_control(&rig->q, NPU_QUEUE_CONTROL_DISABLE);
    wr32(rig->f, mask, 1);
    assert_int_equal(rd32(rig->f, mask), 1);
}

static void test_nop(void **state)
{
    struct rig *rig = *state;

    fq_enable(&rig->q);
    fq_push(&rig->q, &nop);
    assert_true(fake_wait32(rig->f, NPU_REG_QUEUE(7) + NPU_QUEUE_HEAD, 1));
    assert_true(fq_wait_state(&rig->q, NPU_QUEUE_IDLE));
}

static void test_doorbell_value_is_ignored(void **state)
{
    struct rig *rig = *state;

    fq_enable(&rig->q);
    fq_put(&rig->q, &nop);
    wr32(rig->f, NPU_REG_DOORBELL(7), 0xdeadbeef);
    assert_true(fake_wait32(rig->f, NPU_REG_QUEUE(7) + NPU_QUEUE_HEAD, 1));
}

static void test_fence_record(void **state)
{
    struct rig *rig = *state;
    const struct npu_fence_record *record;
    unsigned i;

    fq_enable(&rig->q);
    memset((void *)fq_record(&rig->q), 0, sizeof(*record));
    rig->q.sequence = 0x1234567800ull;
    assert_true(fq_sync(&rig->q));
    record = fq_record(&rig->q);
    assert_int_equal(record->sequence, 0x1234567801ull);
    assert_int_equal(record->status, 0);
    assert_int_equal(record->pad, 0);
    assert_true(record->host_time > 0 && record->host_time <= fake_now());
    assert_int_equal(record->device_time, 0);
    for (i = 0; i < 4; i++) {
        assert_int_equal(record->pad2[i], 0);
    }
}

static void test_fence_touches_64_bytes(void **state)
{
    struct rig *rig = *state;
    uint8_t *page = fake_ram_ptr(rig->f, rig->q.tail_at);
    unsigned i;

    memset(page + 8, 0xa5, 4088);
    memset(page + 64, 0, 64);
    fq_enable(&rig->q);
    assert_true(fq_sync(&rig->q));
    for (i = 8; i < 64; i++) {
        assert_int_equal(page[i], 0xa5);
    }
    for (i = 128; i < 4096; i++) {
        assert_int_equal(page[i], 0xa5);
    }
}

static void test_fence_record_across_pages(void **state)
{
    struct rig *rig = *state;
    uint64_t pages = fake_ram(rig->f, 8192);

    rig->f->chunk = 4096;
    rig->q.fence_at = pages + 4096 - 8;
    wr64(rig->f, NPU_REG_QUEUE(7) + NPU_QUEUE_FENCE, rig->q.fence_at);
    fq_enable(&rig->q);
    assert_true(fq_sync(&rig->q));
    assert_int_not_equal(fq_record(&rig->q)->host_time, 0);
}

static void test_ring_wraps(void **state)
{
    struct rig *rig = *state;
    unsigned i;

    fq_enable(&rig->q);
    for (i = 0; i < 400; i++) {
        fq_push(&rig->q, &nop);
        if (i % 50 == 49) {
            assert_true(fq_sync(&rig->q));
        }
    }
    assert_int_equal(fq_reg(&rig->q, NPU_QUEUE_HEAD), 408);
}

static void test_ring_of_two(void **state)
{
    struct rig *rig = *state;
    unsigned i;

    rig->q.order = 1;
    wr32(rig->f, NPU_REG_QUEUE(7) + NPU_QUEUE_RING_ORDER, 1);
    fq_enable(&rig->q);
    for (i = 0; i < 20; i++) {
        fq_push(&rig->q, &nop);
        assert_true(fq_sync(&rig->q));
    }
    assert_int_equal(fq_reg(&rig->q, NPU_QUEUE_HEAD), 40);
}

static void test_full_ring(void **state)
{
    struct rig *rig = *state;
    unsigned i;

    fq_enable(&rig->q);
    for (i = 0; i < 63; i++) {
        fq_put(&rig->q, &nop);
    }
    assert_true(fq_sync(&rig->q));
    assert_int_equal(fq_reg(&rig->q, NPU_QUEUE_HEAD), 64);
}

static void test_largest_ring(void **state)
{
    struct rig *rig = *state;
    unsigned i;

    rig->q.order = 16;
    rig->q.ring = fake_ram(rig->f, 4u << 20);
    wr64(rig->f, NPU_REG_QUEUE(7) + NPU_QUEUE_RING, rig->q.ring);
    wr32(rig->f, NPU_REG_QUEUE(7) + NPU_QUEUE_RING_ORDER, 16);
    fq_enable(&rig->q);
    for (i = 0; i < 1000; i++) {
        fq_put(&rig->q, &nop);
    }
    assert_true(fq_sync(&rig->q));
    assert_int_equal(fq_reg(&rig->q, NPU_QUEUE_HEAD), 1001);
}

static void set_tail(struct rig *rig, uint64_t tail)
{
    __atomic_store_n((uint64_t *)fake_ram_ptr(rig->f, rig->q.tail_at), tail,
                     __ATOMIC_RELEASE);
    fq_ring(&rig->q);
}

static void expect_ring_error(struct rig *rig, uint64_t address)
{
    struct npu_error error;

    assert_true(fq_wait_state(&rig->q, NPU_QUEUE_ERRORED));
    fq_error(&rig->q, &error);
    assert_int_equal(error.code, NPU_ERR_RING);
    assert_int_equal(error.address, address);
    assert_int_equal(error.insn, NPU_ERROR_NO_INSN);
    assert_int_equal(error.operand, NPU_NONE);
    assert_int_equal(error.die, NPU_NONE);
}

static void test_tail_too_far(void **state)
{
    struct rig *rig = *state;

    fq_enable(&rig->q);
    set_tail(rig, 65);
    expect_ring_error(rig, rig->q.tail_at);
}

static void test_tail_backwards(void **state)
{
    struct rig *rig = *state;

    fq_enable(&rig->q);
    fq_push(&rig->q, &nop);
    fq_push(&rig->q, &nop);
    assert_true(fake_wait32(rig->f, NPU_REG_QUEUE(7) + NPU_QUEUE_HEAD, 2));
    assert_true(fq_wait_state(&rig->q, NPU_QUEUE_IDLE));
    set_tail(rig, 1);
    expect_ring_error(rig, rig->q.tail_at);
}

static void test_tail_unreachable(void **state)
{
    struct rig *rig = *state;

    wr64(rig->f, NPU_REG_QUEUE(7) + NPU_QUEUE_TAIL, 0x1000);
    fq_enable(&rig->q);
    fq_ring(&rig->q);
    expect_ring_error(rig, 0x1000);
}

static void test_ring_unreachable(void **state)
{
    struct rig *rig = *state;

    wr64(rig->f, NPU_REG_QUEUE(7) + NPU_QUEUE_RING, 0x2000);
    fq_enable(&rig->q);
    set_tail(rig, 1);
    expect_ring_error(rig, 0x2000);
}

static void test_fence_unreachable(void **state)
{
    struct rig *rig = *state;
    struct npu_error error;

    wr64(rig->f, NPU_REG_QUEUE(7) + NPU_QUEUE_FENCE, 0x3000);
    fq_enable(&rig->q);
    fq_fence(&rig->q);
    expect_ring_error(rig, 0x3000);
    fq_error(&rig->q, &error);
    assert_int_equal(error.opcode, NPU_PACKET_FENCE);
}

static void refuse_register(void **state, uint32_t reg, uint64_t value,
                            uint32_t code)
{
    struct rig *rig = *state;
    struct npu_error error;

    if (reg <= NPU_QUEUE_ROOT) {
        wr64(rig->f, NPU_REG_QUEUE(7) + reg, value);
    } else {
        wr32(rig->f, NPU_REG_QUEUE(7) + reg, value);
    }
    fq_enable(&rig->q);
    assert_int_equal(fq_state(&rig->q), NPU_QUEUE_ERRORED);
    fq_error(&rig->q, &error);
    assert_int_equal(error.code, code);
    assert_int_equal(error.packet, 0);
    assert_int_equal(rd64(rig->f, NPU_REG_ERROR_QUEUES(0)), 1u << 7);
}

#define REFUSE(name, reg, value, code)            \
    static void test_refuse_##name(void **state)  \
    {                                             \
        refuse_register(state, reg, value, code); \
    }

REFUSE(misaligned_ring, NPU_QUEUE_RING, FAKE_RAM_BUS + 64, NPU_ERR_RING)
REFUSE(overflowing_ring, NPU_QUEUE_RING, ~0xfffull, NPU_ERR_RING)
REFUSE(misaligned_tail, NPU_QUEUE_TAIL, FAKE_RAM_BUS + 4, NPU_ERR_RING)
REFUSE(misaligned_fence, NPU_QUEUE_FENCE, FAKE_RAM_BUS + 4, NPU_ERR_RING)
REFUSE(overflowing_fence, NPU_QUEUE_FENCE, ~7ull, NPU_ERR_RING)
REFUSE(misaligned_root, NPU_QUEUE_ROOT, 8, NPU_ERR_RING)
REFUSE(root_behind_hbm, NPU_QUEUE_ROOT, 8ull * FAKE_DIE_HBM, NPU_ERR_RING)
REFUSE(huge_root, NPU_QUEUE_ROOT, ~0xfffull, NPU_ERR_RING)
REFUSE(order_zero, NPU_QUEUE_RING_ORDER, 0, NPU_ERR_RING)
REFUSE(order_seventeen, NPU_QUEUE_RING_ORDER, 17, NPU_ERR_RING)
REFUSE(order_huge, NPU_QUEUE_RING_ORDER, 0xffffffff, NPU_ERR_RING)
REFUSE(no_dies, NPU_QUEUE_DIE_MASK, 0, NPU_ERR_RING)
REFUSE(missing_die, NPU_QUEUE_DIE_MASK, 0x100, NPU_ERR_RING)
REFUSE(vector_32, NPU_QUEUE_VECTOR, 32, NPU_ERR_RING)
REFUSE(priority_low, NPU_QUEUE_PRIORITY, 1, NPU_ERR_UNSUPPORTED)
REFUSE(priority_high, NPU_QUEUE_PRIORITY, 2, NPU_ERR_UNSUPPORTED)
REFUSE(priority_unknown, NPU_QUEUE_PRIORITY, 3, NPU_ERR_UNSUPPORTED)

static void test_error_leaves_others_alone(void **state)
{
    struct rig *rig = *state;
    struct npu_packet bad = { .opcode = 99 };
    struct fake_queue other;

    fq_open(&other, rig->f, 8, rig->client.root, 0xff);
    fq_enable(&rig->q);
    fq_expect(&rig->q, &bad, NPU_ERR_PACKET, NULL);
    assert_true(fq_sync(&other));
    assert_int_equal(rd64(rig->f, NPU_REG_ERROR_QUEUES(0)), 1u << 7);
    assert_int_equal(rd64(rig->f, NPU_REG_ERROR_QUEUES(0)), 0);
    assert_int_equal(rd32(rig->f, NPU_REG_EVENTS), NPU_EVENT_QUEUE_ERROR);
    assert_int_equal(rd32(rig->f, NPU_REG_EVENTS), 0);
}

static void test_error_is_logged(void **state)
{
    struct rig *rig = *state;
    struct npu_packet bad = { .opcode = 99 };

    fq_enable(&rig->q);
    fq_expect(&rig->q, &bad, NPU_ERR_PACKET, NULL);
    while (!__atomic_load_n(&rig->f->errors, __ATOMIC_SEQ_CST)) {
        fake_sleep_ms(1);
    }
    assert_non_null(strstr(rig->f->error, "queue 7"));
    assert_non_null(strstr(rig->f->error, "malformed packet"));
}

static void test_errored_queue_does_nothing(void **state)
{
    struct rig *rig = *state;
    struct npu_packet bad = { .opcode = 99 };

    fq_enable(&rig->q);
    fq_expect(&rig->q, &bad, NPU_ERR_PACKET, NULL);
    fq_fence(&rig->q);
    fake_sleep_ms(10);
    assert_int_equal(fq_record(&rig->q)->sequence, 0);
    assert_int_equal(fq_state(&rig->q), NPU_QUEUE_ERRORED);
}

static void test_enable_forgets_the_error(void **state)
{
    struct rig *rig = *state;
    struct npu_packet bad = { .opcode = 99 };
    struct npu_error error;

    fq_enable(&rig->q);
    fq_expect(&rig->q, &bad, NPU_ERR_PACKET, NULL);
    fq_reopen(&rig->q);
    fq_error(&rig->q, &error);
    assert_int_equal(error.code, 0);
    assert_int_equal(fq_reg(&rig->q, NPU_QUEUE_HEAD), 0);
    assert_true(fq_sync(&rig->q));
}

static void test_error_survives_disable(void **state)
{
    struct rig *rig = *state;
    struct npu_packet bad = { .opcode = 99 };
    struct npu_error error;

    fq_enable(&rig->q);
    fq_expect(&rig->q, &bad, NPU_ERR_PACKET, NULL);
    fq_control(&rig->q, NPU_QUEUE_CONTROL_DISABLE);
    assert_int_equal(fq_state(&rig->q), NPU_QUEUE_DISABLED);
    fq_error(&rig->q, &error);
    assert_int_equal(error.code, NPU_ERR_PACKET);
}

static void test_stop_between_packets(void **state)
{
    struct rig *rig = *state;
    struct npu_error error;

    fq_enable(&rig->q);
    assert_true(fq_sync(&rig->q));
    fq_control(&rig->q, NPU_QUEUE_CONTROL_STOP);
    assert_true(fq_wait_state(&rig->q, NPU_QUEUE_STOPPED));
    fq_error(&rig->q, &error);
    assert_int_equal(error.code, 0);
    fq_fence(&rig->q);
    fake_sleep_ms(5);
    assert_int_equal(fq_record(&rig->q)->sequence, 1);
}

static void test_stopped_queue_leaves_memory_alone(void **state)
{
    struct rig *rig = *state;
    unsigned before;

    fq_enable(&rig->q);
    assert_true(fq_sync(&rig->q));
    fq_control(&rig->q, NPU_QUEUE_CONTROL_STOP);
    assert_true(fq_wait_state(&rig->q, NPU_QUEUE_STOPPED));
    while (__atomic_load_n(&rig->f->references, __ATOMIC_SEQ_CST)) {
        fake_sleep_ms(1);
    }
    before = __atomic_load_n(&rig->f->translations, __ATOMIC_SEQ_CST);
    fq_ring(&rig->q);
    fake_sleep_ms(5);
    assert_int_equal(before,
                     __atomic_load_n(&rig->f->translations, __ATOMIC_SEQ_CST));
}

static void test_stop_waits_for_translation(void **state)
{
    struct rig *rig = *state;
    pthread_t other;

    fq_enable(&rig->q);
    fake_hold(rig->f, true);
    fq_put(&rig->q, &nop);
    other = fq_ring_elsewhere(&rig->q);
    fake_wait_held(rig->f);
    fq_control(&rig->q, NPU_QUEUE_CONTROL_STOP);
    assert_int_equal(fq_state(&rig->q), NPU_QUEUE_STOPPING);
    fake_hold(rig->f, false);
    pthread_join(other, NULL);
    assert_true(fq_wait_state(&rig->q, NPU_QUEUE_STOPPED));
    assert_int_equal(fq_reg(&rig->q, NPU_QUEUE_HEAD), 0);
}

static void test_registers_answer_while_translating(void **state)
{
    struct rig *rig = *state;
    pthread_t other;
    uint64_t start;

    fq_enable(&rig->q);
    fake_hold(rig->f, true);
    fq_put(&rig->q, &nop);
    other = fq_ring_elsewhere(&rig->q);
    fake_wait_held(rig->f);
    start = fake_now();
    assert_int_equal(rd32(rig->f, NPU_REG_MAGIC), NPU_MAGIC);
    fq_ring(&rig->q);
    assert_true(fake_now() - start < fake_limit(50));
    fake_hold(rig->f, false);
    pthread_join(other, NULL);
    assert_true(fq_sync(&rig->q));
}

static void test_all_queues(void **state)
{
    struct rig *rig = *state;
    struct fake_queue *queues = calloc(NPU_MAX_QUEUES, sizeof(*queues));
    unsigned i;

    for (i = 0; i < NPU_MAX_QUEUES; i++) {
        rig->f->ram_top = (5u << 20) + (i % 1024) * 8192;
        fq_open(&queues[i], rig->f, i, rig->client.root, 1u << i % 8);
    }
    for (i = 0; i < NPU_MAX_QUEUES; i++) {
        fq_fence(&queues[i]);
    }
    for (i = 0; i < NPU_MAX_QUEUES; i++) {
        assert_true(fq_wait_fence(&queues[i], 1));
    }
    free(queues);
}

static void test_doorbell_storm(void **state)
{
    struct rig *rig = *state;
    unsigned i;

    fq_enable(&rig->q);
    for (i = 0; i < 20000; i++) {
        fq_ring(&rig->q);
    }
    assert_true(fq_sync(&rig->q));
    assert_int_equal(fq_reg(&rig->q, NPU_QUEUE_HEAD), 1);
}

/* On a busy host the card's own thread may have been faster, now and then. */
static void test_doorbell_does_short_work_itself(void **state)
{
    struct rig *rig = *state;
    unsigned i;

    wr32(rig->f, NPU_REG_QUEUE(7) + NPU_QUEUE_VECTOR, 3);
    wr32(rig->f, NPU_REG_VECTOR(3) + NPU_VECTOR_MASK, 0);
    fq_enable(&rig->q);
    for (i = 0; i < 1000 && !rig->f->raised_by_owner; i++) {
        assert_true(fq_sync(&rig->q));
    }
    assert_true(rig->f->raised_by_owner);
}

static void test_doorbell_does_not_do_long_work(void **state)
{
    struct rig *rig = *state;
    uint64_t slots = 1u << 15, head = 0;
    unsigned round;

    rig->q.order = 15;
    rig->q.ring = fake_ram(rig->f, slots * sizeof(nop));
    wr64(rig->f, NPU_REG_QUEUE(7) + NPU_QUEUE_RING, rig->q.ring);
    wr32(rig->f, NPU_REG_QUEUE(7) + NPU_QUEUE_RING_ORDER, rig->q.order);
    fq_enable(&rig->q);
    for (round = 1; round <= 20; round++) {
        while (rig->q.tail < round * (slots - 1)) {
            fq_put(&rig->q, &nop);
        }
        fq_ring(&rig->q);
        head = fq_reg(&rig->q, NPU_QUEUE_HEAD);
        if (head < rig->q.tail) {
            break;
        }
    }
    assert_true(head < rig->q.tail);
    fq_reopen(&rig->q);
    assert_true(fq_sync(&rig->q));
}

static void test_few_translations(void **state)
{
    struct rig *rig = *state;
    unsigned i;

    fq_enable(&rig->q);
    for (i = 0; i < 50; i++) {
        assert_true(fq_sync(&rig->q));
    }
    /* Ring, tail and fence; the ring once more when it wraps. */
    assert_true(rig->f->translations <= 4);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_disabled_after_reset),
        TEST(test_enable_and_disable),
        TEST(test_disable_of_live_queue_stops),
        TEST(test_control_of_disabled_queue),
        TEST(test_registers_are_fixed_while_enabled),
        TEST(test_nop),
        TEST(test_doorbell_value_is_ignored),
        TEST(test_fence_record),
        TEST(test_fence_touches_64_bytes),
        TEST(test_fence_record_across_pages),
        TEST(test_ring_wraps),
        TEST(test_ring_of_two),
        TEST(test_full_ring),
        TEST(test_largest_ring),
        TEST(test_tail_too_far),
        TEST(test_tail_backwards),
        TEST(test_tail_unreachable),
        TEST(test_ring_unreachable),
        TEST(test_fence_unreachable),
        TEST(test_refuse_misaligned_ring),
        TEST(test_refuse_overflowing_ring),
        TEST(test_refuse_misaligned_tail),
        TEST(test_refuse_misaligned_fence),
        TEST(test_refuse_overflowing_fence),
        TEST(test_refuse_misaligned_root),
        TEST(test_refuse_root_behind_hbm),
        TEST(test_refuse_huge_root),
        TEST(test_refuse_order_zero),
        TEST(test_refuse_order_seventeen),
        TEST(test_refuse_order_huge),
        TEST(test_refuse_no_dies),
        TEST(test_refuse_missing_die),
        TEST(test_refuse_vector_32),
        TEST(test_refuse_priority_low),
        TEST(test_refuse_priority_high),
        TEST(test_refuse_priority_unknown),
        TEST(test_error_leaves_others_alone),
        TEST(test_error_is_logged),
        TEST(test_errored_queue_does_nothing),
        TEST(test_enable_forgets_the_error),
        TEST(test_error_survives_disable),
        TEST(test_stop_between_packets),
        TEST(test_stopped_queue_leaves_memory_alone),
        TEST(test_stop_waits_for_translation),
        TEST(test_registers_answer_while_translating),
        TEST(test_all_queues),
        TEST(test_doorbell_storm),
        TEST(test_doorbell_does_short_work_itself),
        TEST(test_doorbell_does_not_do_long_work),
        TEST(test_few_translations),
    };

    return cmocka_run_group_tests_name("core queues", tests, NULL, NULL);
}
