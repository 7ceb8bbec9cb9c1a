/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupt vectors: bitmaps, summary, mask, hold-off, events. */
#include "support-core.h"

#define VECTOR 5

struct rig {
    struct fake *f;
    struct fake_client client;
    struct fake_queue q[3];
};

static const unsigned indices[3] = { 2, 66, 1023 };

static int setup(void **state)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    unsigned i;

    rig->f = fake_default();
    fake_client_init(rig->f, &rig->client);
    for (i = 0; i < 3; i++) {
        fq_setup(&rig->q[i], rig->f, indices[i], rig->client.root, 0xff);
        wr32(rig->f, NPU_REG_QUEUE(indices[i]) + NPU_QUEUE_VECTOR, VECTOR);
        fq_enable(&rig->q[i]);
    }
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

static uint64_t reg(uint32_t offset)
{
    return NPU_REG_VECTOR(VECTOR) + offset;
}

static unsigned raised(struct rig *rig, unsigned vector)
{
    return __atomic_load_n(&rig->f->raised[vector], __ATOMIC_SEQ_CST);
}

static bool wait_raised(struct rig *rig, unsigned vector, unsigned times)
{
    uint64_t end = fake_now() + 2000 * MS;

    while (raised(rig, vector) < times) {
        if (fake_now() > end) {
            return false;
        }
        fake_sleep_ms(1);
    }
    return true;
}

static void unmask(struct rig *rig)
{
    wr32(rig->f, reg(NPU_VECTOR_MASK), 0);
}

static void test_masked_after_reset(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(rd32(rig->f, reg(NPU_VECTOR_MASK)), 1);
    assert_true(fq_sync(&rig->q[0]));
    fake_sleep_ms(5);
    assert_int_equal(raised(rig, VECTOR), 0);
    assert_int_equal(rd64(rig->f, reg(NPU_VECTOR_QUEUES(0))), 1u << 2);
}

static void test_fence_raises_its_vector(void **state)
{
    struct rig *rig = *state;
    unsigned i;

    unmask(rig);
    assert_true(fq_sync(&rig->q[0]));
    assert_true(wait_raised(rig, VECTOR, 1));
    for (i = 0; i < NPU_MAX_VECTORS; i++) {
        assert_int_equal(raised(rig, i), i == VECTOR);
    }
}

static void test_record_is_there_before_the_interrupt(void **state)
{
    struct rig *rig = *state;
    unsigned i;

    unmask(rig);
    for (i = 1; i <= 100; i++) {
        fq_fence(&rig->q[0]);
        while (raised(rig, VECTOR) < i) {
        }
        assert_int_equal(fq_record(&rig->q[0])->sequence, i);
    }
}

static void test_no_vector(void **state)
{
    struct rig *rig = *state;
    struct fake_queue q;
    unsigned i;

    fq_open(&q, rig->f, 9, rig->client.root, 0xff);
    unmask(rig);
    assert_true(fq_sync(&q));
    fake_sleep_ms(5);
    for (i = 0; i < NPU_MAX_VECTORS; i++) {
        assert_int_equal(raised(rig, i), 0);
    }
}

static void test_bitmap_and_summary(void **state)
{
    struct rig *rig = *state;
    unsigned i;

    for (i = 0; i < 3; i++) {
        assert_true(fq_sync(&rig->q[i]));
    }
    assert_int_equal(rd32(rig->f, reg(NPU_VECTOR_SUMMARY)), 0x8003);
    assert_int_equal(rd64(rig->f, reg(NPU_VECTOR_QUEUES(0))), 1u << 2);
    assert_int_equal(rd32(rig->f, reg(NPU_VECTOR_SUMMARY)), 0x8002);
    assert_int_equal(rd64(rig->f, reg(NPU_VECTOR_QUEUES(1))), 1u << 2);
    assert_int_equal(rd64(rig->f, reg(NPU_VECTOR_QUEUES(15))), 1ull << 63);
    assert_int_equal(rd32(rig->f, reg(NPU_VECTOR_SUMMARY)), 0);
}

static void test_bitmap_is_read_to_clear(void **state)
{
    struct rig *rig = *state;

    assert_true(fq_sync(&rig->q[2]));
    assert_int_equal(rd64(rig->f, reg(NPU_VECTOR_QUEUES(15))), 1ull << 63);
    assert_int_equal(rd64(rig->f, reg(NPU_VECTOR_QUEUES(15))), 0);
}

static void test_bitmap_in_halves(void **state)
{
    struct rig *rig = *state;

    assert_true(fq_sync(&rig->q[2]));
    assert_int_equal(rd32(rig->f, reg(NPU_VECTOR_QUEUES(15))), 0);
    /* Cleared by the first half, kept for the second. */
    assert_int_equal(rd32(rig->f, reg(NPU_VECTOR_SUMMARY)), 0);
    assert_int_equal(rd32(rig->f, reg(NPU_VECTOR_QUEUES(15)) + 4), 1u << 31);
    assert_int_equal(rd32(rig->f, reg(NPU_VECTOR_QUEUES(15)) + 4), 0);
}

/* What comes between the halves must not get lost. */
static void test_news_between_the_halves(void **state)
{
    struct rig *rig = *state;

    assert_true(fq_sync(&rig->q[2]));
    assert_int_equal(rd32(rig->f, reg(NPU_VECTOR_QUEUES(15))), 0);
    assert_true(fq_sync(&rig->q[2]));
    assert_int_equal(rd32(rig->f, reg(NPU_VECTOR_QUEUES(15)) + 4), 1u << 31);
    assert_int_equal(rd32(rig->f, reg(NPU_VECTOR_SUMMARY)), 0x8000);
    assert_int_equal(rd64(rig->f, reg(NPU_VECTOR_QUEUES(15))), 1ull << 63);
}

static void test_unmask_raises_what_is_pending(void **state)
{
    struct rig *rig = *state;

    assert_true(fq_sync(&rig->q[0]));
    unmask(rig);
    assert_true(wait_raised(rig, VECTOR, 1));
}

static void test_unmask_of_empty_bitmap(void **state)
{
    struct rig *rig = *state;

    assert_true(fq_sync(&rig->q[0]));
    rd64(rig->f, reg(NPU_VECTOR_QUEUES(0)));
    unmask(rig);
    fake_sleep_ms(10);
    assert_int_equal(raised(rig, VECTOR), 0);
}

static void test_mask_holds_back(void **state)
{
    struct rig *rig = *state;

    unmask(rig);
    assert_true(fq_sync(&rig->q[0]));
    assert_true(wait_raised(rig, VECTOR, 1));
    wr32(rig->f, reg(NPU_VECTOR_MASK), 1);
    assert_true(fq_sync(&rig->q[0]));
    fake_sleep_ms(5);
    assert_int_equal(raised(rig, VECTOR), 1);
    unmask(rig);
    assert_true(wait_raised(rig, VECTOR, 2));
}

static void test_holdoff_limit(void **state)
{
    struct rig *rig = *state;

    wr32(rig->f, reg(NPU_VECTOR_HOLDOFF), 250);
    assert_int_equal(rd32(rig->f, reg(NPU_VECTOR_HOLDOFF)), 250);
    wr32(rig->f, reg(NPU_VECTOR_HOLDOFF), 0xffffffff);
    assert_int_equal(rd32(rig->f, reg(NPU_VECTOR_HOLDOFF)), NPU_HOLDOFF_MAX);
}

static void test_holdoff_gathers_news(void **state)
{
    struct rig *rig = *state;
    unsigned i;

    wr32(rig->f, reg(NPU_VECTOR_HOLDOFF), NPU_HOLDOFF_MAX);
    unmask(rig);
    for (i = 0; i < 10; i++) {
        assert_true(fq_sync(&rig->q[0]));
    }
    assert_int_equal(raised(rig, VECTOR), 1);
    /* What came in between is not forgotten. */
    assert_true(wait_raised(rig, VECTOR, 2));
    fake_sleep_ms(5);
    assert_int_equal(raised(rig, VECTOR), 2);
}

static void test_other_vectors_are_not_held_off(void **state)
{
    struct rig *rig = *state;
    struct fake_queue q;

    wr32(rig->f, reg(NPU_VECTOR_HOLDOFF), NPU_HOLDOFF_MAX);
    unmask(rig);
    assert_true(fq_sync(&rig->q[0]));
    fq_setup(&q, rig->f, 20, rig->client.root, 0xff);
    wr32(rig->f, NPU_REG_QUEUE(20) + NPU_QUEUE_VECTOR, 31);
    fq_enable(&q);
    wr32(rig->f, NPU_REG_VECTOR(31) + NPU_VECTOR_MASK, 0);
    assert_true(fq_sync(&q));
    assert_true(wait_raised(rig, 31, 1));
    assert_true(fq_sync(&q));
    assert_true(wait_raised(rig, 31, 2));
}

/* ---- Events -------------------------------------------------------------- */

static void make_event(struct rig *rig)
{
    wr32(rig->f, NPU_REG_DIE(0) + NPU_DIE_CONTROL, NPU_DIE_CONTROL_RESET);
}

static void test_event_vector(void **state)
{
    struct rig *rig = *state;
    struct npu_packet bad = { .opcode = 99 };

    assert_int_equal(rd32(rig->f, NPU_REG_EVENT_VECTOR), NPU_NO_VECTOR);
    wr32(rig->f, NPU_REG_EVENT_VECTOR, 7);
    assert_int_equal(rd32(rig->f, NPU_REG_EVENT_VECTOR), 7);
    wr32(rig->f, NPU_REG_VECTOR(7) + NPU_VECTOR_MASK, 0);
    fq_expect(&rig->q[0], &bad, NPU_ERR_PACKET, NULL);
    assert_true(wait_raised(rig, 7, 1));
    assert_int_equal(raised(rig, VECTOR), 0);
    assert_int_equal(rd32(rig->f, NPU_REG_EVENTS), NPU_EVENT_QUEUE_ERROR);
}

static void test_event_vector_out_of_range(void **state)
{
    struct rig *rig = *state;

    wr32(rig->f, NPU_REG_EVENT_VECTOR, 32);
    assert_int_equal(rd32(rig->f, NPU_REG_EVENT_VECTOR), NPU_NO_VECTOR);
    make_event(rig);
    assert_int_equal(rd32(rig->f, NPU_REG_EVENTS), NPU_EVENT_DIE_RESET);
}

static void test_event_waits_for_its_vector(void **state)
{
    struct rig *rig = *state;

    make_event(rig);
    wr32(rig->f, NPU_REG_EVENT_VECTOR, 7);
    fake_sleep_ms(5);
    assert_int_equal(raised(rig, 7), 0);
    wr32(rig->f, NPU_REG_VECTOR(7) + NPU_VECTOR_MASK, 0);
    assert_true(wait_raised(rig, 7, 1));
}

static void test_error_queues_in_halves(void **state)
{
    struct rig *rig = *state;
    struct npu_packet bad = { .opcode = 99 };
    uint64_t word = NPU_REG_ERROR_QUEUES(15);

    fq_expect(&rig->q[2], &bad, NPU_ERR_PACKET, NULL);
    assert_int_equal(rd32(rig->f, word), 0);
    assert_int_equal(rd32(rig->f, word + 4), 1u << 31);
    assert_int_equal(rd64(rig->f, word), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_masked_after_reset),
        TEST(test_fence_raises_its_vector),
        TEST(test_record_is_there_before_the_interrupt),
        TEST(test_no_vector),
        TEST(test_bitmap_and_summary),
        TEST(test_bitmap_is_read_to_clear),
        TEST(test_bitmap_in_halves),
        TEST(test_news_between_the_halves),
        TEST(test_unmask_raises_what_is_pending),
        TEST(test_unmask_of_empty_bitmap),
        TEST(test_mask_holds_back),
        TEST(test_holdoff_limit),
        TEST(test_holdoff_gathers_news),
        TEST(test_other_vectors_are_not_held_off),
        TEST(test_event_vector),
        TEST(test_event_vector_out_of_range),
        TEST(test_event_waits_for_its_vector),
        TEST(test_error_queues_in_halves),
    };

    return cmocka_run_group_tests_name("core vectors", tests, NULL, NULL);
}
