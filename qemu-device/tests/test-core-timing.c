/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The timing model: max(operations / peak, bytes / bandwidth) + latency. */
#include "card.h"
#include "support-core.h"

static uint64_t insn(uint32_t profile, unsigned dies, uint32_t dtype,
                     uint64_t operations, uint64_t bytes)
{
    struct npu_cost cost = {
        .operations = operations,
        .bytes = bytes,
        .dtype = dtype,
    };

    return npu_timing_insn(npu_profile_find(profile), dies, &cost);
}

static void test_latency_alone(void **state)
{
    (void)state;
    assert_int_equal(insn(NPU_PROFILE_X6000, 8, NPU_DTYPE_F32, 0, 0), 120);
    assert_int_equal(insn(NPU_PROFILE_DV200D, 8, NPU_DTYPE_F32, 0, 0), 10);
}

static void test_bound_by_memory(void **state)
{
    (void)state;
    assert_int_equal(insn(NPU_PROFILE_X6000, 8, NPU_DTYPE_S8, 1000, 486000),
                     1120);
}

static void test_bound_by_compute(void **state)
{
    (void)state;
    assert_int_equal(insn(NPU_PROFILE_X6000, 8, NPU_DTYPE_S8, 256000000, 486),
                     1120);
}

static void test_peak_by_element_type(void **state)
{
    (void)state;
    assert_int_equal(insn(NPU_PROFILE_X6000, 8, NPU_DTYPE_F16, 256000000, 0),
                     2120);
    assert_int_equal(insn(NPU_PROFILE_X6000, 8, NPU_DTYPE_F32, 256000000, 0),
                     8120);
    assert_int_equal(insn(NPU_PROFILE_X6000, 8, NPU_DTYPE_S32, 256000000, 0),
                     8120);
}

/* What the operations take alone, whoever bounds the instruction. */
static void test_peak_alone(void **state)
{
    static const struct npu_cost cost = {
        .operations = 256000000,
        .bytes = 486000000,
        .dtype = NPU_DTYPE_S8,
    };
    const struct npu_profile *profile = npu_profile_find(NPU_PROFILE_X6000);

    (void)state;
    assert_int_equal(npu_timing_peak(profile, 8, &cost), 1000);
    assert_int_equal(npu_timing_peak(profile, 2, &cost), 4000);
}

static void test_share_of_the_gang(void **state)
{
    (void)state;
    assert_int_equal(insn(NPU_PROFILE_X6000, 1, NPU_DTYPE_S8, 256000000, 0),
                     8120);
    assert_int_equal(insn(NPU_PROFILE_X6000, 2, NPU_DTYPE_S8, 0, 486000), 4120);
}

static void test_faster_profiles(void **state)
{
    uint32_t id;

    (void)state;
    for (id = NPU_PROFILE_X6000; id < NPU_PROFILE_DV300D; id++) {
        assert_true(insn(id, 8, NPU_DTYPE_F16, 1ull << 40, 0) >
                    insn(id + 1, 8, NPU_DTYPE_F16, 1ull << 40, 0));
        assert_true(insn(id, 8, NPU_DTYPE_F16, 0, 1ull << 40) >
                    insn(id + 1, 8, NPU_DTYPE_F16, 0, 1ull << 40));
    }
}

static void test_error_texts(void **state)
{
    struct npu_error error;
    char text[200];
    uint32_t code;

    (void)state;
    for (code = 0; code < NPU_ERR_COUNT; code++) {
        npu_error_set(&error, code);
        npu_error_text(&error, 1023, text, sizeof(text));
        assert_non_null(strstr(text, "queue 1023"));
        assert_null(strstr(text, "(null)"));
    }
    npu_error_text(&error, 1, text, 8);
    assert_int_equal(strlen(text), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_latency_alone),
        cmocka_unit_test(test_bound_by_memory),
        cmocka_unit_test(test_bound_by_compute),
        cmocka_unit_test(test_peak_by_element_type),
        cmocka_unit_test(test_peak_alone),
        cmocka_unit_test(test_share_of_the_gang),
        cmocka_unit_test(test_faster_profiles),
        cmocka_unit_test(test_error_texts),
    };

    return cmocka_run_group_tests_name("core timing", tests, NULL, NULL);
}
