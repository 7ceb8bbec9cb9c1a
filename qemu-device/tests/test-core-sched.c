/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gangs, time slices, STOP, die reset. */
#include "support-core.h"

#define QUEUES 8

struct rig {
    struct fake *f;
    struct fake_client client;
    struct fake_queue q[QUEUES];
};

static int setup_threads(void **state, unsigned threads)
{
    struct fake_config config = { .threads = threads };
    struct rig *rig = calloc(1, sizeof(*rig));

    rig->f = fake_new(&config);
    fake_client_init(rig->f, &rig->client);
    *state = rig;
    return 0;
}

static int setup(void **state)
{
    return setup_threads(state, 4);
}

static int setup_one_thread(void **state)
{
    return setup_threads(state, 1);
}

static int teardown(void **state)
{
    struct rig *rig = *state;

    fake_free(rig->f);
    free(rig);
    return 0;
}

static void open_queue(struct rig *rig, unsigned i, uint32_t mask)
{
    fq_open(&rig->q[i], rig->f, i, rig->client.root, mask);
}

static void push_stall(struct rig *rig, unsigned i, uint32_t ms)
{
    struct npu_packet packet = fake_stall(rig->f, i, ms);

    fq_push(&rig->q[i], &packet);
}

static void wait_executing(struct rig *rig, unsigned i)
{
    assert_true(fq_wait_state(&rig->q[i], NPU_QUEUE_EXECUTING));
}

static uint64_t exec_time(struct rig *rig, unsigned i)
{
    return fq_reg(&rig->q[i], NPU_QUEUE_EXEC_TIME);
}

static void expect_error(struct rig *rig, unsigned i, uint32_t code,
                         struct npu_error *error)
{
    assert_true(fq_wait_state(&rig->q[i], NPU_QUEUE_ERRORED));
    fq_error(&rig->q[i], error);
    assert_int_equal(error->code, code);
}

static void test_overlapping_gangs_exclude_each_other(void **state)
{
    struct rig *rig = *state;
    uint64_t first, second, start;

    open_queue(rig, 0, 0x03);
    open_queue(rig, 1, 0x06);
    start = fake_now();
    push_stall(rig, 0, 0);
    push_stall(rig, 1, 0);
    fake_sleep_ms(200);
    first = exec_time(rig, 0);
    second = exec_time(rig, 1);
    /* Die 1 was in one gang at a time, and both had their share of it. */
    assert_true(first + second <= fake_now() - start);
    assert_true(first + second <=
                rd64(rig->f, NPU_REG_DIE(1) + NPU_DIE_BUSY_HOST));
    assert_true(first > 30 * MS);
    assert_true(second > 30 * MS);
}

static void test_disjoint_gangs_run_at_once(void **state)
{
    struct rig *rig = *state;
    unsigned i;

    for (i = 0; i < 8; i++) {
        open_queue(rig, i, 1u << i);
        push_stall(rig, i, 0);
    }
    for (i = 0; i < 8; i++) {
        wait_executing(rig, i);
    }
    for (i = 0; i < 8; i++) {
        assert_int_equal(fq_state(&rig->q[i]), NPU_QUEUE_EXECUTING);
    }
}

/*
 * Stalls need no thread: with one, a program still runs beside seven of them.
 */
static void test_stalls_occupy_no_thread(void **state)
{
    struct rig *rig = *state;
    unsigned i;

    for (i = 0; i < 7; i++) {
        open_queue(rig, i, 1u << i);
        push_stall(rig, i, 0);
    }
    for (i = 0; i < 7; i++) {
        wait_executing(rig, i);
    }
    open_queue(rig, 7, 0x80);
    push_stall(rig, 7, 1);
    assert_true(fq_sync(&rig->q[7]));
}

static unsigned held_threads(struct fake *f)
{
    unsigned held;

    pthread_mutex_lock(&f->lock);
    held = f->held;
    pthread_mutex_unlock(&f->lock);
    return held;
}

/* Eight dies with a tile each that hang in the host, but four threads only. */
static void test_card_keeps_to_its_threads(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet;
    struct fake_program p;
    unsigned i;

    fp_init(&p, 0);
    fp_insn(&p, NPU_OP_FILL, 1,
            fp_vector(&p, CLIENT_HOST_VA, NPU_DTYPE_S32, 16));
    packet = fp_load(rig->f, &p, 1);
    for (i = 0; i < 8; i++) {
        open_queue(rig, i, 1u << i);
        assert_true(fq_sync(&rig->q[i]));
    }
    fake_hold(rig->f, true);
    for (i = 0; i < 8; i++) {
        fq_push(&rig->q[i], &packet);
    }
    while (held_threads(rig->f) < 4) {
        fake_sleep_ms(1);
    }
    fake_sleep_ms(20);
    assert_int_equal(held_threads(rig->f), 4);
    fake_hold(rig->f, false);
    for (i = 0; i < 8; i++) {
        assert_true(fq_sync(&rig->q[i]));
    }
}

static void test_stalled_queue_does_not_block_others(void **state)
{
    struct rig *rig = *state;
    uint64_t start;
    unsigned i, j;

    open_queue(rig, 0, 0xff);
    push_stall(rig, 0, 0);
    wait_executing(rig, 0);
    for (i = 1; i < 8; i++) {
        open_queue(rig, i, 0xff);
    }
    start = fake_now();
    for (j = 0; j < 3; j++) {
        for (i = 1; i < 8; i++) {
            push_stall(rig, i, 1);
            fq_fence(&rig->q[i]);
        }
        for (i = 1; i < 8; i++) {
            assert_true(fq_wait_fence(&rig->q[i], j + 1));
        }
    }
    assert_true(fake_now() - start < fake_limit(2000));
    assert_true(fq_state(&rig->q[0]) == NPU_QUEUE_EXECUTING ||
                fq_state(&rig->q[0]) == NPU_QUEUE_WAITING);
}

/* A stall that is interrupted by others still lasts as long in all. */
static void test_stall_counts_executed_time_only(void **state)
{
    struct rig *rig = *state;
    uint64_t start = fake_now();

    open_queue(rig, 0, 0x0f);
    open_queue(rig, 1, 0x0f);
    push_stall(rig, 0, 40);
    push_stall(rig, 1, 40);
    fq_fence(&rig->q[0]);
    fq_fence(&rig->q[1]);
    assert_true(fq_wait_fence(&rig->q[0], 1));
    assert_true(fq_wait_fence(&rig->q[1], 1));
    assert_true(fake_now() - start >= 80 * MS);
}

static void test_slices_are_fair(void **state)
{
    struct rig *rig = *state;
    uint64_t least = UINT64_MAX, most = 0;
    unsigned i;

    for (i = 0; i < 4; i++) {
        open_queue(rig, i, 0xff);
        push_stall(rig, i, 0);
    }
    fake_sleep_ms(300);
    for (i = 0; i < 4; i++) {
        uint64_t time = exec_time(rig, i);

        least = time < least ? time : least;
        most = time > most ? time : most;
    }
    assert_true(least > 10 * MS);
    assert_true(most < 5 * least);
}

/* One that wants all dies is not starved by those that want one each. */
static void test_wide_gang_is_not_starved(void **state)
{
    struct rig *rig = *state;
    unsigned i;

    for (i = 0; i < 7; i++) {
        open_queue(rig, i, 1u << i);
        push_stall(rig, i, 0);
        wait_executing(rig, i);
    }
    open_queue(rig, 7, 0xff);
    push_stall(rig, 7, 3);
    assert_true(fq_sync(&rig->q[7]));
}

static void test_no_slice_without_others(void **state)
{
    struct rig *rig = *state;
    uint64_t before, after;

    open_queue(rig, 0, 0x0f);
    open_queue(rig, 1, 0xf0);
    push_stall(rig, 0, 0);
    push_stall(rig, 1, 0);
    wait_executing(rig, 0);
    before = exec_time(rig, 0);
    fake_sleep_ms(50);
    after = exec_time(rig, 0);
    assert_true(after - before >= 50 * MS);
}

/* A tile that hangs in the host keeps the gang, however long others wait. */
static void test_waiting_time_is_not_executed_time(void **state)
{
    struct rig *rig = *state;
    struct fake_program p;
    struct npu_packet packet;

    open_queue(rig, 0, 0xff);
    open_queue(rig, 1, 0xff);
    assert_true(fq_sync(&rig->q[0]));
    assert_true(fq_sync(&rig->q[1]));
    fp_init(&p, 0);
    fp_insn(&p, NPU_OP_FILL, 1,
            fp_vector(&p, CLIENT_HOST_VA, NPU_DTYPE_S32, 16));
    packet = fp_load(rig->f, &p, 1);
    fake_hold(rig->f, true);
    fq_push(&rig->q[0], &packet);
    fake_wait_held(rig->f);
    push_stall(rig, 1, 1);
    fake_sleep_ms(30);
    assert_int_equal(fq_state(&rig->q[0]), NPU_QUEUE_EXECUTING);
    assert_int_equal(fq_state(&rig->q[1]), NPU_QUEUE_WAITING);
    assert_true(exec_time(rig, 0) >= 30 * MS);
    assert_int_equal(exec_time(rig, 1), 0);
    fake_hold(rig->f, false);
    assert_true(fq_sync(&rig->q[1]));
}

/* ---- STOP ---------------------------------------------------------------- */

static void stop_in_time(struct rig *rig, unsigned i, uint32_t code)
{
    uint64_t start = fake_now();
    struct npu_error error;

    fq_control(&rig->q[i], NPU_QUEUE_CONTROL_STOP);
    assert_true(fake_now() - start < fake_limit(50));
    expect_error(rig, i, code, &error);
    assert_true(fake_now() - start < fake_limit(100));
}

static void test_stop_of_a_stall(void **state)
{
    struct rig *rig = *state;

    open_queue(rig, 0, 0xff);
    push_stall(rig, 0, 0);
    wait_executing(rig, 0);
    stop_in_time(rig, 0, NPU_ERR_STOPPED);
    assert_int_equal(rd32(rig->f, NPU_REG_DIE(0) + NPU_DIE_STATE),
                     NPU_DIE_IDLE);
}

static void test_stop_record_and_report(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet;
    struct fake_program p;
    struct npu_error error;

    open_queue(rig, 0, 0xff);
    fp_init(&p, 0);
    fp_insn(&p, NPU_OP_NOP, 0);
    fp_stall(&p, 0);
    packet = fp_load(rig->f, &p, 77);
    fq_push(&rig->q[0], &packet);
    wait_executing(rig, 0);
    assert_true(fake_wait32(rig->f, NPU_REG_QUEUE(0) + NPU_QUEUE_INSN, 1));
    fq_control(&rig->q[0], NPU_QUEUE_CONTROL_STOP);
    expect_error(rig, 0, NPU_ERR_STOPPED, &error);
    assert_int_equal(error.cookie, 77);
    assert_int_equal(error.insn, 1);
    assert_int_equal(error.opcode, NPU_PACKET_RUN);
    assert_int_equal(fp_report(rig->f, &p)->status, NPU_ERR_STOPPED);
    assert_int_equal(fp_report(rig->f, &p)->insn, 1);
    /* The driver asked for it: nothing for the host's log. */
    assert_int_equal(__atomic_load_n(&rig->f->errors, __ATOMIC_SEQ_CST), 0);
}

static void test_stop_of_a_waiting_run(void **state)
{
    struct rig *rig = *state;

    open_queue(rig, 0, 0xff);
    open_queue(rig, 1, 0xff);
    push_stall(rig, 0, 0);
    wait_executing(rig, 0);
    push_stall(rig, 1, 0);
    /* Both have their turns now: one of them waits. */
    while (!exec_time(rig, 1)) {
        fake_sleep_ms(1);
    }
    stop_in_time(rig, 1, NPU_ERR_STOPPED);
    stop_in_time(rig, 0, NPU_ERR_STOPPED);
}

static void test_stop_of_a_long_program(void **state)
{
    struct rig *rig = *state;
    struct fake_program p;
    struct npu_packet packet;
    uint64_t shape[2] = { 100000, 500000 };
    uint16_t a, d;

    /* Hours of work: the sum over a row that lies in one element. */
    open_queue(rig, 0, 0xff);
    fp_init(&p, 0);
    a = fp_tensor(&p, CLIENT_HBM_VA + 0x100000, NPU_DTYPE_F32, 2, shape);
    p.tensor[a].stride[0] = 0;
    p.tensor[a].stride[1] = 0;
    shape[1] = 1;
    d = fp_tensor(&p, CLIENT_HBM_VA + 0x200000, NPU_DTYPE_F32, 2, shape);
    fp_insn(&p, NPU_OP_REDUCE_SUM, 2, d, a)->axis.axis = 1;
    packet = fp_load(rig->f, &p, 1);
    fq_push(&rig->q[0], &packet);
    wait_executing(rig, 0);
    assert_true(fq_wait_tiles(&rig->q[0], 0));
    stop_in_time(rig, 0, NPU_ERR_STOPPED);
}

static void test_stop_of_a_huge_fill(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = {
        .opcode = NPU_PACKET_FILL,
        .dst_space = NPU_SPACE_CLIENT,
        .pattern = 0x12345678,
        .copy = { .size = 1ull << 39 },
    };
    unsigned i;

    /* 512 GiB of addresses that are the same GiB of host memory, or HBM. */
    open_queue(rig, 0, 0xff);
    for (i = 0; i < 512; i++) {
        *fake_pte(rig->f, rig->client.root, (uint64_t)i << 30,
                  2) = fake_table(rig->f) | NPU_PTE_VALID;
        if (i) {
            *fake_pte(rig->f, rig->client.root, (uint64_t)i << 30,
                      2) = *fake_pte(rig->f, rig->client.root, 0, 2);
        }
    }
    for (i = 0; i < 512; i++) {
        *fake_pte(rig->f, rig->client.root, (uint64_t)i << 21,
                  1) = (64u << 20) | MAP_HBM | MAP_WRITE | NPU_PTE_LEAF |
                       NPU_PTE_VALID;
    }
    fq_push(&rig->q[0], &packet);
    wait_executing(rig, 0);
    fake_sleep_ms(20);
    stop_in_time(rig, 0, NPU_ERR_STOPPED);
}

/* A copy that takes long leaves the command processor to the others. */
static void test_fill_does_not_block_other_queues(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = {
        .opcode = NPU_PACKET_FILL,
        .dst_space = NPU_SPACE_HBM,
        .pattern = 1,
        .copy = { .dst = FAKE_DIE_HBM, .size = 7ull * FAKE_DIE_HBM },
    };
    uint64_t start, longest = 0;
    unsigned i;

    open_queue(rig, 0, 0xff);
    open_queue(rig, 1, 0xff);
    for (i = 0; i < 20; i++) {
        fq_put(&rig->q[0], &packet);
    }
    fq_fence(&rig->q[0]);
    while (fq_reg(&rig->q[0], NPU_QUEUE_HEAD) < 21) {
        start = fake_now();
        assert_true(fq_sync(&rig->q[1]));
        if (fake_now() - start > longest) {
            longest = fake_now() - start;
        }
    }
    assert_true(longest < fake_limit(500));
    assert_true(fq_wait_fence(&rig->q[0], 1));
}

static void test_queue_works_after_stop(void **state)
{
    struct rig *rig = *state;

    open_queue(rig, 0, 0xff);
    push_stall(rig, 0, 0);
    wait_executing(rig, 0);
    stop_in_time(rig, 0, NPU_ERR_STOPPED);
    fq_reopen(&rig->q[0]);
    push_stall(rig, 0, 1);
    assert_true(fq_sync(&rig->q[0]));
}

static void test_stop_twice(void **state)
{
    struct rig *rig = *state;

    open_queue(rig, 0, 0xff);
    push_stall(rig, 0, 0);
    wait_executing(rig, 0);
    fq_control(&rig->q[0], NPU_QUEUE_CONTROL_STOP);
    fq_control(&rig->q[0], NPU_QUEUE_CONTROL_STOP);
    fq_control(&rig->q[0], NPU_QUEUE_CONTROL_ENABLE);
    assert_true(fq_wait_state(&rig->q[0], NPU_QUEUE_ERRORED));
    fq_control(&rig->q[0], NPU_QUEUE_CONTROL_STOP);
    assert_int_equal(fq_state(&rig->q[0]), NPU_QUEUE_ERRORED);
}

/* ---- Die reset ----------------------------------------------------------- */

static void reset_die(struct rig *rig, unsigned die)
{
    wr32(rig->f, NPU_REG_DIE(die) + NPU_DIE_CONTROL, NPU_DIE_CONTROL_RESET);
}

static void test_reset_of_an_idle_die(void **state)
{
    struct rig *rig = *state;

    reset_die(rig, 3);
    assert_int_equal(rd32(rig->f, NPU_REG_DIE(3) + NPU_DIE_STATE),
                     NPU_DIE_IDLE);
    assert_int_equal(rd32(rig->f, NPU_REG_DIE(3) + NPU_DIE_RESETS), 1);
    assert_int_equal(rd32(rig->f, NPU_REG_DIE(2) + NPU_DIE_RESETS), 0);
    assert_int_equal(rd32(rig->f, NPU_REG_EVENTS), NPU_EVENT_DIE_RESET);
}

static void test_die_reset_takes_its_gang_only(void **state)
{
    struct rig *rig = *state;
    struct npu_error error;

    open_queue(rig, 0, 0x0f);
    open_queue(rig, 1, 0xf0);
    push_stall(rig, 0, 0);
    push_stall(rig, 1, 300);
    wait_executing(rig, 0);
    wait_executing(rig, 1);
    reset_die(rig, 2);
    expect_error(rig, 0, NPU_ERR_INNOCENT_RESET, &error);
    assert_int_equal(error.die, 2);
    assert_int_equal(error.opcode, NPU_PACKET_RUN);
    assert_true(fq_sync(&rig->q[1]));
    assert_int_equal(rd32(rig->f, NPU_REG_DIE(2) + NPU_DIE_RESETS), 1);
    assert_int_equal(rd32(rig->f, NPU_REG_DIE(2) + NPU_DIE_STATE),
                     NPU_DIE_IDLE);
}

static void test_die_reset_spares_those_who_wait(void **state)
{
    struct rig *rig = *state;
    struct npu_error error;
    unsigned innocent, waiting;

    open_queue(rig, 0, 0xff);
    open_queue(rig, 1, 0xff);
    push_stall(rig, 0, 200);
    push_stall(rig, 1, 200);
    /* Whoever has the die now loses its job, the other one ends well. */
    wait_executing(rig, 0);
    reset_die(rig, 0);
    fq_fence(&rig->q[0]);
    fq_fence(&rig->q[1]);
    innocent = fq_wait_fence(&rig->q[0], 1) ? 1 : 0;
    waiting = !innocent;
    expect_error(rig, innocent, NPU_ERR_INNOCENT_RESET, &error);
    assert_true(fq_wait_fence(&rig->q[waiting], 1));
}

static void test_die_works_after_its_reset(void **state)
{
    struct rig *rig = *state;
    struct npu_error error;

    open_queue(rig, 0, 0x04);
    push_stall(rig, 0, 0);
    wait_executing(rig, 0);
    reset_die(rig, 2);
    expect_error(rig, 0, NPU_ERR_INNOCENT_RESET, &error);
    fq_reopen(&rig->q[0]);
    push_stall(rig, 0, 1);
    assert_true(fq_sync(&rig->q[0]));
}

static void test_die_reset_keeps_hbm(void **state)
{
    struct rig *rig = *state;
    uint64_t base = rd64(rig->f, NPU_REG_DIE(3) + NPU_DIE_HBM_BASE);

    rig->f->hbm[base + 5] = 0x42;
    reset_die(rig, 3);
    assert_int_equal(rig->f->hbm[base + 5], 0x42);
}

static void test_die_reset_spares_copies(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = {
        .opcode = NPU_PACKET_FILL,
        .dst_space = NPU_SPACE_HBM,
        .copy = { .dst = FAKE_DIE_HBM, .size = 7ull * FAKE_DIE_HBM },
    };
    unsigned die;

    open_queue(rig, 0, 0xff);
    fq_push(&rig->q[0], &packet);
    for (die = 0; die < 8; die++) {
        reset_die(rig, die);
    }
    assert_true(fq_sync(&rig->q[0]));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TEST1(name) \
    cmocka_unit_test_setup_teardown(name, setup_one_thread, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_overlapping_gangs_exclude_each_other),
        TEST(test_disjoint_gangs_run_at_once),
        TEST1(test_stalls_occupy_no_thread),
        TEST(test_card_keeps_to_its_threads),
        TEST(test_stalled_queue_does_not_block_others),
        TEST(test_stall_counts_executed_time_only),
        TEST(test_slices_are_fair),
        TEST(test_wide_gang_is_not_starved),
        TEST(test_no_slice_without_others),
        TEST(test_waiting_time_is_not_executed_time),
        TEST(test_stop_of_a_stall),
        TEST(test_stop_record_and_report),
        TEST(test_stop_of_a_waiting_run),
        TEST(test_stop_of_a_long_program),
        TEST(test_stop_of_a_huge_fill),
        TEST1(test_fill_does_not_block_other_queues),
        TEST(test_queue_works_after_stop),
        TEST(test_stop_twice),
        TEST(test_reset_of_an_idle_die),
        TEST(test_die_reset_takes_its_gang_only),
        TEST(test_die_reset_spares_those_who_wait),
        TEST(test_die_works_after_its_reset),
        TEST(test_die_reset_keeps_hbm),
        TEST(test_die_reset_spares_copies),
    };

    return cmocka_run_group_tests_name("core scheduling", tests, NULL, NULL);
}
