/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers: identity, geometry, the rules of access. */
#include "support-core.h"

static int setup(void **state)
{
    *state = fake_default();
    return 0;
}

static int teardown(void **state)
{
    fake_free(*state);
    return 0;
}

static void test_identity(void **state)
{
    struct fake *f = *state;

    assert_int_equal(rd32(f, NPU_REG_MAGIC), NPU_MAGIC);
    assert_int_equal(rd32(f, NPU_REG_VERSION),
                     NPU_REGS_MAJOR << 16 | NPU_REGS_MINOR);
    assert_int_equal(rd32(f, NPU_REG_PLATFORM), NPU_PLATFORM_EMULATED);
    assert_int_equal(rd32(f, NPU_REG_ISA_VERSION),
                     NPU_ISA_MAJOR << 16 | NPU_ISA_MINOR);
    assert_int_equal(rd64(f, NPU_REG_CAPS), NPU_CAP_DIE_RESET);
    assert_int_equal(rd32(f, NPU_REG_QUEUES), 1024);
    assert_int_equal(rd32(f, NPU_REG_VECTORS), 32);
    assert_int_equal(rd32(f, NPU_REG_VA_BITS), 48);
    assert_int_equal(rd32(f, NPU_REG_RING_MAX), 65536);
}

static void test_geometry(void **state)
{
    struct fake *f = *state;

    assert_int_equal(rd32(f, NPU_REG_PROFILE), NPU_PROFILE_X6000);
    assert_int_equal(rd32(f, NPU_REG_DIES), 8);
    assert_int_equal(rd64(f, NPU_REG_HBM_SIZE), f->hbm_size);
    assert_int_equal(rd64(f, NPU_REG_SERIAL), 0x1122334455667788ull);
}

static void test_die_ranges(void **state)
{
    struct fake *f = *state;
    unsigned die;

    for (die = 0; die < 8; die++) {
        assert_int_equal(rd64(f, NPU_REG_DIE(die) + NPU_DIE_HBM_BASE),
                         (uint64_t)die * FAKE_DIE_HBM);
        assert_int_equal(rd64(f, NPU_REG_DIE(die) + NPU_DIE_HBM_SIZE),
                         FAKE_DIE_HBM);
        assert_int_equal(rd32(f, NPU_REG_DIE(die) + NPU_DIE_STATE),
                         NPU_DIE_IDLE);
    }
}

static void test_missing_dies_read_zero(void **state)
{
    struct fake_config config = { .dies = 3 };
    struct fake *f = fake_new(&config);

    (void)state;
    assert_int_equal(rd32(f, NPU_REG_DIES), 3);
    assert_int_equal(rd64(f, NPU_REG_DIE(2) + NPU_DIE_HBM_SIZE), FAKE_DIE_HBM);
    assert_int_equal(rd64(f, NPU_REG_DIE(3) + NPU_DIE_HBM_SIZE), 0);
    wr32(f, NPU_REG_DIE(3) + NPU_DIE_CONTROL, NPU_DIE_CONTROL_RESET);
    assert_int_equal(rd32(f, NPU_REG_DIE(3) + NPU_DIE_RESETS), 0);
    assert_int_equal(rd32(f, NPU_REG_EVENTS), 0);
    fake_free(f);
}

static void check_profile(uint32_t id, const char *type, uint64_t gib)
{
    const struct npu_profile *profile = npu_profile_find(id);
    struct fake_config config = { .profile = id };
    struct fake *f;

    assert_non_null(profile);
    assert_string_equal(profile->type, type);
    assert_int_equal(profile->dies, 8);
    assert_int_equal(profile->hbm_size, gib << 30);
    assert_true(profile->peak_s8 >= profile->peak_f16);
    assert_true(profile->hbm_bandwidth > 0 && profile->latency > 0);
    f = fake_new(&config);
    assert_int_equal(rd32(f, NPU_REG_PROFILE), id);
    fake_free(f);
}

static void test_profile_x6000(void **state)
{
    (void)state;
    check_profile(NPU_PROFILE_X6000, "npu-x6000", 128);
}

static void test_profile_dv100p(void **state)
{
    (void)state;
    check_profile(NPU_PROFILE_DV100P, "npu-dv100p", 128);
}

static void test_profile_dv200d(void **state)
{
    (void)state;
    check_profile(NPU_PROFILE_DV200D, "npu-dv200d", 96);
}

static void test_profile_dv300d(void **state)
{
    (void)state;
    check_profile(NPU_PROFILE_DV300D, "npu-dv300d", 144);
}

static void test_profile_unknown(void **state)
{
    (void)state;
    assert_null(npu_profile_find(0));
    assert_null(npu_profile_find(5));
    assert_int_equal(npu_profile_count, 4);
}

static void test_bad_configurations(void **state)
{
    struct fake *f = *state;
    struct npu_card_config good = {
        .profile = NPU_PROFILE_X6000,
        .dies = 8,
        .threads = 1,
        .hbm = f->hbm,
        .hbm_size = f->hbm_size,
        .pool = f->pool,
    };
    struct npu_card_config config;
    const char *why;

#define REFUSED(field, value)                 \
    config = good;                            \
    config.field = value;                     \
    why = NULL;                               \
    assert_null(npu_card_new(&config, &why)); \
    assert_non_null(why)

    REFUSED(profile, 77);
    REFUSED(dies, 9);
    REFUSED(hbm, NULL);
    REFUSED(hbm_size, 0);
    REFUSED(hbm_size, f->hbm_size + 4096);
    REFUSED(hbm_size, 1ull << 53);
}

static void test_status_after_power_on(void **state)
{
    assert_int_equal(rd32(*state, NPU_REG_STATUS), NPU_STATUS_READY);
}

static void test_host_time_runs(void **state)
{
    struct fake *f = *state;
    uint64_t first = rd64(f, NPU_REG_HOST_TIME);

    assert_int_not_equal(first, 0);
    fake_sleep_ms(2);
    assert_true(rd64(f, NPU_REG_HOST_TIME) >= first + MS);
    assert_int_equal(rd64(f, NPU_REG_DEVICE_TIME), 0);
}

static void test_64_bit_read_in_halves(void **state)
{
    struct fake *f = *state;

    assert_int_equal(rd32(f, NPU_REG_SERIAL), 0x55667788);
    assert_int_equal(rd32(f, NPU_REG_SERIAL + 4), 0x11223344);
    /* Without a low word before it, too. */
    assert_int_equal(rd32(f, NPU_REG_SERIAL + 4), 0x11223344);
}

static void test_low_read_holds_high(void **state)
{
    struct fake *f = *state;
    uint64_t offset = NPU_REG_QUEUE(3) + NPU_QUEUE_RING;

    wr64(f, offset, 0x0000000100002000ull);
    assert_int_equal(rd32(f, offset), 0x2000);
    wr64(f, offset, 0x0000000700008000ull);
    assert_int_equal(rd32(f, offset + 4), 1);
    assert_int_equal(rd32(f, offset + 4), 7);
    assert_int_equal(rd32(f, offset), 0x8000);
}

static void test_held_words_are_apart(void **state)
{
    struct fake *f = *state;
    uint64_t a = NPU_REG_QUEUE(3) + NPU_QUEUE_RING;
    uint64_t b = NPU_REG_QUEUE(4) + NPU_QUEUE_RING;

    wr64(f, a, 0x0000000100002000ull);
    wr64(f, b, 0x0000000300004000ull);
    assert_int_equal(rd32(f, a), 0x2000);
    assert_int_equal(rd32(f, b), 0x4000);
    assert_int_equal(rd32(f, a + 4), 1);
    assert_int_equal(rd32(f, b + 4), 3);
}

static void test_64_bit_write_in_halves(void **state)
{
    struct fake *f = *state;
    uint64_t offset = NPU_REG_QUEUE(9) + NPU_QUEUE_ROOT;

    wr64(f, offset, 0x1111111122222222ull);
    wr32(f, offset, 0x33333333);
    /* Not before the high word. */
    assert_int_equal(rd64(f, offset), 0x1111111122222222ull);
    wr32(f, offset + 4, 0x44444444);
    assert_int_equal(rd64(f, offset), 0x4444444433333333ull);
}

static void test_high_word_alone(void **state)
{
    struct fake *f = *state;
    uint64_t offset = NPU_REG_QUEUE(9) + NPU_QUEUE_ROOT;

    wr64(f, offset, 0x1111111122222222ull);
    wr32(f, offset + 4, 0x44444444);
    assert_int_equal(rd64(f, offset), 0x4444444422222222ull);
}

static void test_odd_sizes_and_alignments(void **state)
{
    struct fake *f = *state;
    uint64_t ring = NPU_REG_QUEUE(0) + NPU_QUEUE_RING;
    unsigned sizes[] = { 0, 1, 2, 3, 16, 0xffffffff };
    unsigned i;

    wr64(f, ring, 0x5000);
    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        assert_int_equal(npu_card_mmio_read(f->card, 0, sizes[i]), 0);
        npu_card_mmio_write(f->card, ring, 0x6000, sizes[i]);
    }
    assert_int_equal(npu_card_mmio_read(f->card, 1, 4), 0);
    assert_int_equal(npu_card_mmio_read(f->card, 2, 4), 0);
    assert_int_equal(npu_card_mmio_read(f->card, NPU_REG_SERIAL + 4, 8), 0);
    npu_card_mmio_write(f->card, ring + 4, ~0ull, 8);
    npu_card_mmio_write(f->card, ring + 2, ~0ull, 4);
    assert_int_equal(rd64(f, ring), 0x5000);
}

static void test_64_bit_access_to_32_bit_register(void **state)
{
    struct fake *f = *state;
    uint64_t mask = NPU_REG_VECTOR(0) + NPU_VECTOR_MASK;

    assert_int_equal(rd64(f, NPU_REG_MAGIC), 0);
    npu_card_mmio_write(f->card, mask - 4, 0, 8);
    assert_int_equal(rd32(f, mask), 1);
}

static void test_unknown_offsets_read_zero(void **state)
{
    struct fake *f = *state;
    /* clang-format off */
    uint64_t offsets[] = {
        0x50, 0xffc, 0x1fc0, 0x2090, 0x4000, 0x100038, 0x1000e0, 0x140000,
        0x3ffffc, 0x400004, 0x800000, NPU_BAR_REGS_SIZE - 4,
        NPU_BAR_REGS_SIZE, UINT64_MAX - 7, UINT64_MAX - 3,
    };
    /* clang-format on */
    unsigned i;

    for (i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        uint64_t offset = offsets[i] & ~7ull;

        wr32(f, offset, 0xffffffff);
        wr64(f, offset, UINT64_MAX);
        assert_int_equal(rd32(f, offset + 4), 0);
        assert_int_equal(rd32(f, offsets[i]), 0);
        assert_int_equal(rd64(f, offset), 0);
    }
}

static void test_whole_bar_survives(void **state)
{
    struct fake *f = *state;
    uint64_t offset;

    for (offset = 0; offset < NPU_REG_DOORBELL(NPU_MAX_QUEUES); offset += 4) {
        if (offset == NPU_REG_CONTROL) {
            continue;
        }
        npu_card_mmio_read(f->card, offset, 4);
        npu_card_mmio_read(f->card, offset, 8);
        npu_card_mmio_write(f->card, offset, UINT64_MAX, 4);
        npu_card_mmio_write(f->card, offset, UINT64_MAX, 8);
    }
    assert_int_equal(rd32(f, NPU_REG_MAGIC), NPU_MAGIC);
}

static void test_read_only_registers(void **state)
{
    struct fake *f = *state;

    wr32(f, NPU_REG_MAGIC, 0);
    wr64(f, NPU_REG_HBM_SIZE, 0);
    wr32(f, NPU_REG_QUEUE(5) + NPU_QUEUE_STATE, NPU_QUEUE_IDLE);
    wr64(f, NPU_REG_QUEUE(5) + NPU_QUEUE_HEAD, 9);
    assert_int_equal(rd32(f, NPU_REG_MAGIC), NPU_MAGIC);
    assert_int_equal(rd64(f, NPU_REG_HBM_SIZE), f->hbm_size);
    assert_int_equal(rd32(f, NPU_REG_QUEUE(5) + NPU_QUEUE_STATE),
                     NPU_QUEUE_DISABLED);
    assert_int_equal(rd64(f, NPU_REG_QUEUE(5) + NPU_QUEUE_HEAD), 0);
}

static void test_last_queue_has_registers(void **state)
{
    struct fake *f = *state;
    uint64_t ring = NPU_REG_QUEUE(1023) + NPU_QUEUE_RING;

    wr64(f, ring, 0x1000);
    assert_int_equal(rd64(f, ring), 0x1000);
    assert_int_equal(rd32(f, NPU_REG_QUEUE(1023) + NPU_QUEUE_VECTOR),
                     NPU_NO_VECTOR);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_identity),
        TEST(test_geometry),
        TEST(test_die_ranges),
        cmocka_unit_test(test_missing_dies_read_zero),
        cmocka_unit_test(test_profile_x6000),
        cmocka_unit_test(test_profile_dv100p),
        cmocka_unit_test(test_profile_dv200d),
        cmocka_unit_test(test_profile_dv300d),
        cmocka_unit_test(test_profile_unknown),
        TEST(test_bad_configurations),
        TEST(test_status_after_power_on),
        TEST(test_host_time_runs),
        TEST(test_64_bit_read_in_halves),
        TEST(test_low_read_holds_high),
        TEST(test_held_words_are_apart),
        TEST(test_64_bit_write_in_halves),
        TEST(test_high_word_alone),
        TEST(test_odd_sizes_and_alignments),
        TEST(test_64_bit_access_to_32_bit_register),
        TEST(test_unknown_offsets_read_zero),
        TEST(test_whole_bar_survives),
        TEST(test_read_only_registers),
        TEST(test_last_queue_has_registers),
    };

    return cmocka_run_group_tests_name("core registers", tests, NULL, NULL);
}
