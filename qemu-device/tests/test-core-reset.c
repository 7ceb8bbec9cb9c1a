/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reset, quiesce, changes of the host's mappings, the end of a card. */
#include "support-core.h"

struct rig {
    struct fake *f;
    struct fake_client client;
    struct fake_queue q;
};

static void rig_open(struct rig *rig)
{
    fake_client_init(rig->f, &rig->client);
    fq_open(&rig->q, rig->f, 0, rig->client.root, 0xff);
}

static int setup(void **state)
{
    struct rig *rig = calloc(1, sizeof(*rig));

    rig->f = fake_default();
    rig_open(rig);
    *state = rig;
    return 0;
}

static int teardown(void **state)
{
    struct rig *rig = *state;

    if (rig->f) {
        fake_free(rig->f);
    }
    free(rig);
    return 0;
}

/* A million tiles or so: every tile is short, the whole takes seconds. */
static struct npu_packet long_program(struct rig *rig)
{
    uint64_t shape[2] = { 100000, 100000 };
    struct fake_program p;
    uint16_t a, d;

    fp_init(&p, 0);
    a = fp_tensor(&p, CLIENT_HBM_VA + 0x100000, NPU_DTYPE_F32, 2, shape);
    p.tensor[a].stride[0] = 0;
    p.tensor[a].stride[1] = 0;
    shape[1] = 1;
    d = fp_tensor(&p, CLIENT_HBM_VA + 0x200000, NPU_DTYPE_F32, 2, shape);
    fp_insn(&p, NPU_OP_REDUCE_SUM, 2, d, a)->axis.axis = 1;
    return fp_load(rig->f, &p, 1);
}

static struct npu_packet host_copy(struct rig *rig)
{
    return (struct npu_packet){
        .opcode = NPU_PACKET_COPY,
        .dst_space = NPU_SPACE_HBM,
        .src_space = NPU_SPACE_HOST,
        .copy = { .dst = 0x2000000, .src = rig->client.bus, .size = 4096 },
    };
}

static void reset_and_wait(struct rig *rig)
{
    uint64_t start = fake_now();

    npu_card_reset(rig->f->card);
    assert_true(fake_now() - start < fake_limit(50));
    assert_true(fake_wait_ready(rig->f));
    assert_true(fake_now() - start < fake_limit(100));
}

static void check_card_works(struct rig *rig)
{
    struct npu_packet packet = fake_stall(rig->f, 1, 1);
    struct fake_queue q;

    fq_open(&q, rig->f, 3, rig->client.root, 0xff);
    fq_push(&q, &packet);
    assert_true(fq_sync(&q));
}

static void test_reset_of_idle_card(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(rd32(rig->f, NPU_REG_STATUS),
                     NPU_STATUS_READY | NPU_STATUS_DIRTY);
    reset_and_wait(rig);
    assert_int_equal(fq_state(&rig->q), NPU_QUEUE_DISABLED);
    assert_int_equal(fq_reg(&rig->q, NPU_QUEUE_RING), 0);
    assert_int_equal(rd32(rig->f, NPU_REG_QUEUE(0) + NPU_QUEUE_VECTOR),
                     NPU_NO_VECTOR);
    check_card_works(rig);
}

static void test_reset_through_the_register(void **state)
{
    struct rig *rig = *state;

    wr32(rig->f, NPU_REG_CONTROL, 0);
    assert_int_equal(fq_state(&rig->q), NPU_QUEUE_IDLE);
    wr32(rig->f, NPU_REG_CONTROL, NPU_CONTROL_RESET);
    assert_true(fake_wait_ready(rig->f));
    assert_int_equal(fq_state(&rig->q), NPU_QUEUE_DISABLED);
    check_card_works(rig);
}

static void test_reset_of_a_stall(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = fake_stall(rig->f, 0, 0);

    fq_push(&rig->q, &packet);
    assert_true(fq_wait_state(&rig->q, NPU_QUEUE_EXECUTING));
    reset_and_wait(rig);
    assert_int_equal(rd32(rig->f, NPU_REG_DIE(0) + NPU_DIE_STATE),
                     NPU_DIE_IDLE);
    check_card_works(rig);
}

static void test_reset_of_running_tiles(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = long_program(rig);

    fq_push(&rig->q, &packet);
    assert_true(fq_wait_state(&rig->q, NPU_QUEUE_EXECUTING));
    fake_sleep_ms(10);
    reset_and_wait(rig);
    check_card_works(rig);
}

/* From whatever moment: again and again, a little later each time. */
static void test_reset_at_any_moment(void **state)
{
    struct rig *rig = *state;
    unsigned i;

    for (i = 0; i < 150; i++) {
        struct npu_packet packet = i % 2 ? fake_stall(rig->f, 0, 1) :
                                           host_copy(rig);
        volatile unsigned spin = i * 300;

        fq_push(&rig->q, &packet);
        fq_fence(&rig->q);
        while (spin) {
            spin--;
        }
        npu_card_reset(rig->f->card);
        assert_true(fake_wait_ready(rig->f));
        rig->f->ram_top = 6u << 20;
        fq_open(&rig->q, rig->f, 0, rig->client.root, 0xff);
        *(uint64_t *)fake_ram_ptr(rig->f, rig->q.tail_at) = 0;
    }
    check_card_works(rig);
}

static void test_reset_forgets_registers(void **state)
{
    struct rig *rig = *state;
    uint64_t vector = NPU_REG_VECTOR(4);

    wr32(rig->f, vector + NPU_VECTOR_MASK, 0);
    wr32(rig->f, vector + NPU_VECTOR_HOLDOFF, 77);
    wr32(rig->f, NPU_REG_EVENT_VECTOR, 4);
    fq_expect(&rig->q, &(struct npu_packet){ .opcode = 99 }, NPU_ERR_PACKET,
              NULL);
    reset_and_wait(rig);
    assert_int_equal(rd32(rig->f, vector + NPU_VECTOR_MASK), 1);
    assert_int_equal(rd32(rig->f, vector + NPU_VECTOR_HOLDOFF), 0);
    assert_int_equal(rd32(rig->f, NPU_REG_EVENT_VECTOR), NPU_NO_VECTOR);
    assert_int_equal(rd32(rig->f, NPU_REG_EVENTS), 0);
    assert_int_equal(rd64(rig->f, NPU_REG_ERROR_QUEUES(0)), 0);
    assert_int_equal(rd64(rig->f, NPU_REG_DEVICE_TIME), 0);
}

static void test_die_resets_are_counted_since_power_on(void **state)
{
    struct rig *rig = *state;

    wr32(rig->f, NPU_REG_DIE(1) + NPU_DIE_CONTROL, NPU_DIE_CONTROL_RESET);
    reset_and_wait(rig);
    assert_int_equal(rd32(rig->f, NPU_REG_DIE(1) + NPU_DIE_RESETS), 1);
}

static void test_half_written_register_is_forgotten(void **state)
{
    struct rig *rig = *state;
    uint64_t ring = NPU_REG_QUEUE(8) + NPU_QUEUE_RING;

    wr64(rig->f, ring, 0x0000000100002000ull);
    assert_int_equal(rd32(rig->f, ring), 0x2000);
    wr32(rig->f, ring, 0x3000);
    reset_and_wait(rig);
    assert_int_equal(rd32(rig->f, ring + 4), 0);
    wr32(rig->f, ring + 4, 5);
    assert_int_equal(rd64(rig->f, ring), 5ull << 32);
}

/* A thread that is still in the host's hands keeps BUSY set, and no caller. */
static void test_busy_until_work_has_left(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = host_copy(rig);
    uint64_t start;

    assert_true(fq_sync(&rig->q));
    fake_hold(rig->f, true);
    fq_push(&rig->q, &packet);
    fake_wait_held(rig->f);
    start = fake_now();
    npu_card_reset(rig->f->card);
    assert_true(fake_now() - start < fake_limit(50));
    assert_true(rd32(rig->f, NPU_REG_STATUS) & NPU_STATUS_BUSY);
    assert_false(rd32(rig->f, NPU_REG_STATUS) & NPU_STATUS_READY);
    /* Identity is there, writes are not taken. */
    assert_int_equal(rd32(rig->f, NPU_REG_MAGIC), NPU_MAGIC);
    wr32(rig->f, NPU_REG_EVENT_VECTOR, 3);
    assert_int_equal(rd32(rig->f, NPU_REG_EVENT_VECTOR), NPU_NO_VECTOR);
    fake_hold(rig->f, false);
    assert_true(fake_wait_ready(rig->f));
    assert_int_equal(rd32(rig->f, NPU_REG_EVENT_VECTOR), NPU_NO_VECTOR);
    check_card_works(rig);
}

/* Whatever was translated before a reset is not written to after it. */
static void test_no_dma_after_reset(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = {
        .opcode = NPU_PACKET_FILL,
        .dst_space = NPU_SPACE_HOST,
        .pattern = 0xffffffff,
        .copy = { .dst = rig->client.bus, .size = CLIENT_SIZE },
    };
    uint8_t *ram = fake_ram_ptr(rig->f, rig->client.bus);
    size_t i;

    assert_true(fq_sync(&rig->q));
    fake_hold(rig->f, true);
    fq_push(&rig->q, &packet);
    fake_wait_held(rig->f);
    npu_card_reset(rig->f->card);
    fake_hold(rig->f, false);
    assert_true(fake_wait_ready(rig->f));
    for (i = 0; i < CLIENT_SIZE; i++) {
        assert_int_equal(ram[i], 0);
    }
}

static void test_reset_twice(void **state)
{
    struct rig *rig = *state;

    npu_card_reset(rig->f->card);
    npu_card_reset(rig->f->card);
    assert_true(fake_wait_ready(rig->f));
    check_card_works(rig);
}

/* ---- Mappings ------------------------------------------------------------ */

static void test_mappings_are_looked_up_again(void **state)
{
    struct rig *rig = *state;
    unsigned before;

    assert_true(fq_sync(&rig->q));
    before = __atomic_load_n(&rig->f->translations, __ATOMIC_SEQ_CST);
    assert_true(fq_sync(&rig->q));
    assert_int_equal(before,
                     __atomic_load_n(&rig->f->translations, __ATOMIC_SEQ_CST));
    npu_card_dma_invalidate(rig->f->card);
    assert_true(fq_sync(&rig->q));
    assert_true(before <
                __atomic_load_n(&rig->f->translations, __ATOMIC_SEQ_CST));
}

static void test_references_go_with_the_mappings(void **state)
{
    struct rig *rig = *state;

    assert_true(fq_sync(&rig->q));
    assert_true(__atomic_load_n(&rig->f->references, __ATOMIC_SEQ_CST) > 0);
    npu_card_dma_invalidate(rig->f->card);
    while (__atomic_load_n(&rig->f->references, __ATOMIC_SEQ_CST)) {
        fake_sleep_ms(1);
    }
}

static void test_revoked_mapping_is_an_error(void **state)
{
    struct rig *rig = *state;
    struct npu_error error;

    assert_true(fq_sync(&rig->q));
    __atomic_store_n(&rig->f->deny, true, __ATOMIC_SEQ_CST);
    npu_card_dma_invalidate(rig->f->card);
    fq_ring(&rig->q);
    assert_true(fq_wait_state(&rig->q, NPU_QUEUE_ERRORED));
    fq_error(&rig->q, &error);
    assert_int_equal(error.code, NPU_ERR_RING);
}

/* A translation that was found before the change is not used after it. */
static void test_mapping_changes_during_translation(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = host_copy(rig);

    memset(fake_ram_ptr(rig->f, rig->client.bus), 0x11, 4096);
    memset(fake_ram_ptr(rig->f, rig->client.bus + 4096), 0x22, 4096);
    assert_true(fq_sync(&rig->q));
    fake_hold(rig->f, true);
    fq_push(&rig->q, &packet);
    fake_wait_held(rig->f);
    rig->f->remap_to = rig->client.bus + 4096;
    __atomic_store_n(&rig->f->remap_from, rig->client.bus, __ATOMIC_SEQ_CST);
    npu_card_dma_invalidate(rig->f->card);
    fake_hold(rig->f, false);
    assert_true(fq_sync(&rig->q));
    assert_int_equal(rig->f->hbm[0x2000000], 0x22);
    assert_int_equal(rig->f->hbm[0x2000fff], 0x22);
}

static void test_mapping_changes_all_the_time(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = host_copy(rig);
    unsigned i;

    packet.copy.size = 1u << 20;
    for (i = 0; i < 50; i++) {
        fq_push(&rig->q, &packet);
        fq_fence(&rig->q);
        npu_card_dma_invalidate(rig->f->card);
        npu_card_dma_invalidate(rig->f->card);
        assert_true(fq_wait_fence(&rig->q, rig->q.sequence));
    }
}

/* ---- Quiesce ------------------------------------------------------------- */

static void test_quiesce_of_idle_card(void **state)
{
    struct rig *rig = *state;

    npu_card_quiesce(rig->f->card);
    fq_fence(&rig->q);
    fake_sleep_ms(10);
    assert_int_equal(fq_record(&rig->q)->sequence, 0);
    npu_card_resume(rig->f->card);
    assert_true(fq_wait_fence(&rig->q, 1));
}

static void test_quiesce_holds_tiles(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = long_program(rig);
    uint64_t tiles, time;

    fq_push(&rig->q, &packet);
    assert_true(fq_wait_state(&rig->q, NPU_QUEUE_EXECUTING));
    fake_sleep_ms(5);
    npu_card_quiesce(rig->f->card);
    tiles = fq_reg(&rig->q, NPU_QUEUE_TILES);
    time = fq_reg(&rig->q, NPU_QUEUE_EXEC_TIME);
    fake_sleep_ms(20);
    assert_int_equal(fq_reg(&rig->q, NPU_QUEUE_TILES), tiles);
    assert_int_equal(fq_reg(&rig->q, NPU_QUEUE_EXEC_TIME), time);
    npu_card_resume(rig->f->card);
    assert_true(fq_wait_tiles(&rig->q, tiles));
}

static void test_quiesce_stops_the_clock_of_a_stall(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = fake_stall(rig->f, 0, 300);

    fq_push(&rig->q, &packet);
    assert_true(fq_wait_state(&rig->q, NPU_QUEUE_EXECUTING));
    npu_card_quiesce(rig->f->card);
    fake_sleep_ms(350);
    assert_true(fq_reg(&rig->q, NPU_QUEUE_EXEC_TIME) < 300 * MS);
    assert_int_equal(fq_state(&rig->q), NPU_QUEUE_WAITING);
    npu_card_resume(rig->f->card);
    assert_true(fq_sync(&rig->q));
}

static void test_quiesce_during_copies(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = {
        .opcode = NPU_PACKET_FILL,
        .dst_space = NPU_SPACE_HBM,
        .pattern = 5,
        .copy = { .dst = FAKE_DIE_HBM, .size = 7ull * FAKE_DIE_HBM },
    };
    uint64_t time;
    unsigned i;

    fq_push(&rig->q, &packet);
    fq_fence(&rig->q);
    for (i = 0; i < 20; i++) {
        npu_card_quiesce(rig->f->card);
        time = fq_reg(&rig->q, NPU_QUEUE_EXEC_TIME);
        fake_sleep_ms(2);
        assert_int_equal(fq_reg(&rig->q, NPU_QUEUE_EXEC_TIME), time);
        npu_card_resume(rig->f->card);
    }
    assert_true(fq_wait_fence(&rig->q, 1));
    assert_int_equal(rig->f->hbm[8ull * FAKE_DIE_HBM - 4], 5);
}

/*
 * The host stops with its own lock held: who waits for that must not be waited
 * for.
 */
static void test_quiesce_while_translating(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = host_copy(rig);

    assert_true(fq_sync(&rig->q));
    memset(fake_ram_ptr(rig->f, rig->client.bus), 0x33, 4096);
    fake_hold(rig->f, true);
    fq_push(&rig->q, &packet);
    fq_fence(&rig->q);
    fake_wait_held(rig->f);
    npu_card_quiesce(rig->f->card);
    fake_hold(rig->f, false);
    fake_sleep_ms(20);
    assert_int_equal(rig->f->hbm[0x2000000], 0);
    npu_card_resume(rig->f->card);
    assert_true(fq_wait_fence(&rig->q, 2));
    assert_int_equal(rig->f->hbm[0x2000000], 0x33);
}

static void test_quiesce_drops_references(void **state)
{
    struct rig *rig = *state;

    assert_true(fq_sync(&rig->q));
    npu_card_quiesce(rig->f->card);
    assert_int_equal(__atomic_load_n(&rig->f->references, __ATOMIC_SEQ_CST), 0);
    npu_card_resume(rig->f->card);
    assert_true(fq_sync(&rig->q));
}

static void test_reset_while_quiesced(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = fake_stall(rig->f, 0, 0);

    fq_push(&rig->q, &packet);
    assert_true(fq_wait_state(&rig->q, NPU_QUEUE_EXECUTING));
    npu_card_quiesce(rig->f->card);
    npu_card_reset(rig->f->card);
    assert_true(fake_wait_ready(rig->f));
    npu_card_resume(rig->f->card);
    check_card_works(rig);
}

static void test_stop_while_quiesced(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = fake_stall(rig->f, 0, 0);

    fq_push(&rig->q, &packet);
    assert_true(fq_wait_state(&rig->q, NPU_QUEUE_EXECUTING));
    npu_card_quiesce(rig->f->card);
    fq_control(&rig->q, NPU_QUEUE_CONTROL_STOP);
    npu_card_resume(rig->f->card);
    assert_true(fq_wait_state(&rig->q, NPU_QUEUE_ERRORED));
}

/* ---- The end ------------------------------------------------------------- */

static void free_in_time(struct rig *rig)
{
    uint64_t start = fake_now();

    fake_free(rig->f);
    rig->f = NULL;
    assert_true(fake_now() - start < fake_limit(100));
}

static void test_free_during_a_stall(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = fake_stall(rig->f, 0, 0);

    fq_push(&rig->q, &packet);
    assert_true(fq_wait_state(&rig->q, NPU_QUEUE_EXECUTING));
    free_in_time(rig);
}

static void test_free_during_tiles(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = long_program(rig);

    fq_push(&rig->q, &packet);
    assert_true(fq_wait_state(&rig->q, NPU_QUEUE_EXECUTING));
    fake_sleep_ms(5);
    free_in_time(rig);
}

static void test_free_while_quiesced(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = fake_stall(rig->f, 0, 0);

    fq_push(&rig->q, &packet);
    assert_true(fq_wait_state(&rig->q, NPU_QUEUE_EXECUTING));
    npu_card_quiesce(rig->f->card);
    free_in_time(rig);
}

static void test_cards_share_a_pool(void **state)
{
    struct rig *rig = *state;
    struct npu_card *first = rig->f->card;
    struct npu_card_config config = {
        .profile = NPU_PROFILE_DV300D,
        .dies = 1,
        .threads = 2,
        .hbm_size = FAKE_DIE_HBM,
        .opaque = rig->f,
        .pool = rig->f->pool,
    };
    struct npu_packet packet = long_program(rig);
    struct fake *other = fake_default();
    const char *why;
    struct rig second = { .f = other };

    /* The other fake host's card is replaced by one in the first one's pool. */
    npu_card_free(other->card);
    config.ops = fake_ops();
    config.opaque = other;
    config.hbm = other->hbm;
    other->card = npu_card_new(&config, &why);
    assert_non_null(other->card);
    assert_int_equal(rd32(other, NPU_REG_PROFILE), NPU_PROFILE_DV300D);
    assert_int_equal(rd32(rig->f, NPU_REG_PROFILE), NPU_PROFILE_X6000);
    fq_push(&rig->q, &packet);
    fake_client_init(other, &second.client);
    fq_open(&second.q, other, 0, second.client.root, 1);
    packet = fake_stall(other, 0, 1);
    fq_push(&second.q, &packet);
    assert_true(fq_sync(&second.q));
    fake_free(other);
    assert_ptr_equal(rig->f->card, first);
    assert_true(fq_state(&rig->q) == NPU_QUEUE_EXECUTING);
}

static void test_idle_card_uses_no_cpu(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = fake_stall(rig->f, 0, 0);
    uint64_t before;

    assert_true(fq_sync(&rig->q));
    fake_sleep_ms(20);
    before = fake_cpu();
    fake_sleep_ms(300);
    assert_true(fake_cpu() - before < 3 * MS);
    /* Nor does a stall that nobody else disturbs. */
    fq_push(&rig->q, &packet);
    fake_sleep_ms(20);
    before = fake_cpu();
    fake_sleep_ms(300);
    assert_true(fake_cpu() - before < 3 * MS);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_reset_of_idle_card),
        TEST(test_reset_through_the_register),
        TEST(test_reset_of_a_stall),
        TEST(test_reset_of_running_tiles),
        TEST(test_reset_at_any_moment),
        TEST(test_reset_forgets_registers),
        TEST(test_die_resets_are_counted_since_power_on),
        TEST(test_half_written_register_is_forgotten),
        TEST(test_busy_until_work_has_left),
        TEST(test_no_dma_after_reset),
        TEST(test_reset_twice),
        TEST(test_mappings_are_looked_up_again),
        TEST(test_references_go_with_the_mappings),
        TEST(test_revoked_mapping_is_an_error),
        TEST(test_mapping_changes_during_translation),
        TEST(test_mapping_changes_all_the_time),
        TEST(test_quiesce_of_idle_card),
        TEST(test_quiesce_holds_tiles),
        TEST(test_quiesce_stops_the_clock_of_a_stall),
        TEST(test_quiesce_during_copies),
        TEST(test_quiesce_while_translating),
        TEST(test_quiesce_drops_references),
        TEST(test_reset_while_quiesced),
        TEST(test_stop_while_quiesced),
        TEST(test_free_during_a_stall),
        TEST(test_free_during_tiles),
        TEST(test_free_while_quiesced),
        TEST(test_cards_share_a_pool),
        TEST(test_idle_card_uses_no_cpu),
    };

    return cmocka_run_group_tests_name("core reset", tests, NULL, NULL);
}
