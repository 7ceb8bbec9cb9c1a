/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory as a tile sees it: windows, copies, and what was written. */
#include "card.h"
#include "support-core.h"

struct rig {
    struct fake *f;
    struct fake_client client;
    struct npu_as_list spaces;
    struct npu_as *as;
    struct npu_access access;
    bool over; /* who uses it was told to stop */
};

static int setup(void **state)
{
    struct rig *rig = calloc(1, sizeof(*rig));

    rig->f = fake_default();
    fake_client_init(rig->f, &rig->client);
    LIST_INIT(&rig->spaces);
    rig->as = npu_as_get(&rig->spaces, rig->client.root);
    assert_non_null(rig->as);
    npu_access_begin(&rig->access, rig->f->card, rig->as, &rig->over);
    *state = rig;
    return 0;
}

static int teardown(void **state)
{
    struct rig *rig = *state;

    npu_access_end(&rig->access);
    npu_as_put(rig->as);
    fake_free(rig->f);
    free(rig);
    return 0;
}

static void *window(struct rig *rig, uint64_t va, size_t size, bool write)
{
    struct npu_mem *mem = &rig->access.mem;

    return mem->window(mem, va, size, write);
}

static void test_window_of_hbm(void **state)
{
    struct rig *rig = *state;

    assert_ptr_equal(window(rig, CLIENT_HBM_VA + 5, 3, false),
                     rig->f->hbm + CLIENT_HBM + 5);
    assert_ptr_equal(window(rig, CLIENT_HBM_VA, CLIENT_SIZE, true),
                     rig->f->hbm + CLIENT_HBM);
}

static void test_window_ends_with_the_mapping(void **state)
{
    struct rig *rig = *state;

    assert_null(window(rig, CLIENT_HBM_VA, CLIENT_SIZE + 1, false));
    assert_null(window(rig, CLIENT_HBM_VA - 1, 2, false));
    assert_null(window(rig, 0x9000, 1, false));
    assert_null(window(rig, UINT64_MAX, 2, false));
    assert_int_equal(rig->access.fault.code, 0);
}

static void test_no_window_of_host_memory(void **state)
{
    struct rig *rig = *state;

    assert_null(window(rig, CLIENT_HOST_VA, 4, false));
    assert_int_equal(rig->access.fault.code, 0);
}

static void test_no_window_of_scattered_pages(void **state)
{
    struct rig *rig = *state;
    uint64_t va = 0x20000000;

    fake_map(rig->f, rig->client.root, va, CLIENT_HBM, 4096, MAP_HBM);
    fake_map(rig->f, rig->client.root, va + 4096, CLIENT_HBM + 8192, 4096,
             MAP_HBM);
    assert_non_null(window(rig, va + 4000, 96, false));
    assert_null(window(rig, va + 4000, 97, false));
}

static void test_no_window_for_writing_read_only_pages(void **state)
{
    struct rig *rig = *state;
    uint64_t va = 0x20000000;

    fake_map(rig->f, rig->client.root, va, CLIENT_HBM, 4096, MAP_HBM);
    assert_non_null(window(rig, va, 4096, false));
    assert_null(window(rig, va, 4096, true));
    assert_int_equal(rig->access.fault.code, 0);
}

static void test_read_and_write_across_everything(void **state)
{
    struct rig *rig = *state;
    struct npu_mem *mem = &rig->access.mem;
    uint64_t va = 0x20000000;
    uint8_t out[10000], in[10000];
    unsigned i;

    fake_map(rig->f, rig->client.root, va, CLIENT_HBM, 4096,
             MAP_HBM | MAP_WRITE);
    fake_map(rig->f, rig->client.root, va + 4096, rig->client.bus, 4096,
             MAP_HOST | MAP_WRITE);
    fake_map(rig->f, rig->client.root, va + 8192, CLIENT_HBM + 40960, 4096,
             MAP_HBM | MAP_WRITE);
    for (i = 0; i < sizeof(out); i++) {
        out[i] = i * 13 + (i >> 8);
    }
    assert_true(mem->write(mem, va + 7, out, sizeof(out)));
    assert_true(mem->read(mem, va + 7, in, sizeof(in)));
    assert_memory_equal(in, out, sizeof(in));
    assert_memory_equal(rig->f->hbm + CLIENT_HBM + 7, out, 4089);
    assert_memory_equal(fake_ram_ptr(rig->f, rig->client.bus), out + 4089,
                        4096);
}

static void test_first_fault_is_kept(void **state)
{
    struct rig *rig = *state;
    struct npu_mem *mem = &rig->access.mem;
    char byte;

    assert_false(mem->read(mem, 0x9000, &byte, 1));
    assert_false(mem->write(mem, 0xa000, &byte, 1));
    assert_int_equal(rig->access.fault.code, NPU_ERR_PAGE_FAULT);
    assert_int_equal(rig->access.fault.address, 0x9000);
}

static void end_and_begin(struct rig *rig)
{
    npu_access_end(&rig->access);
    npu_access_begin(&rig->access, rig->f->card, rig->as, &rig->over);
}

static void test_nothing_works_when_it_is_over(void **state)
{
    struct rig *rig = *state;
    struct npu_mem *mem = &rig->access.mem;
    uint32_t word = 0;

    assert_true(mem->read(mem, CLIENT_HBM_VA, &word, sizeof(word)));
    __atomic_store_n(&rig->over, true, __ATOMIC_SEQ_CST);
    assert_null(window(rig, CLIENT_HBM_VA, 4, false));
    assert_int_equal(rig->access.fault.code, NPU_ERR_NONE);
    word = 1;
    assert_false(mem->write(mem, CLIENT_HBM_VA, &word, sizeof(word)));
    assert_int_equal(*(uint32_t *)fake_client_ptr(rig->f, CLIENT_HBM_VA), 0);
    assert_false(mem->read(mem, CLIENT_HOST_VA, &word, sizeof(word)));
    assert_int_equal(rig->access.fault.code, NPU_ERR_STOPPED);
}

static void test_window_for_writing_is_reported(void **state)
{
    struct rig *rig = *state;

    window(rig, CLIENT_HBM_VA + 100, 50, false);
    end_and_begin(rig);
    assert_int_equal(rig->f->written, 0);
    window(rig, CLIENT_HBM_VA + 100, 50, true);
    assert_int_equal(rig->f->written, 0);
    end_and_begin(rig);
    assert_int_equal(rig->f->written, 50);
    assert_int_equal(rig->f->written_low, CLIENT_HBM + 100);
}

static void test_ranges_that_touch_are_joined(void **state)
{
    struct rig *rig = *state;

    npu_access_written(&rig->access, 1000, 100);
    npu_access_written(&rig->access, 1100, 100);
    npu_access_written(&rig->access, 900, 100);
    npu_access_written(&rig->access, 950, 20);
    assert_int_equal(rig->access.ranges, 1);
    npu_access_written(&rig->access, 5000, 100);
    assert_int_equal(rig->access.ranges, 2);
    end_and_begin(rig);
    assert_int_equal(rig->f->written, 400);
}

/* Many rows: nothing is left out, and far ranges do not grow together. */
static void test_more_ranges_than_room(void **state)
{
    struct rig *rig = *state;
    bool seen[64] = { false };
    uint64_t total = 0;
    unsigned i, j;

    npu_access_written(&rig->access, 100u << 20, 8);
    for (i = 0; i < 64; i++) {
        npu_access_written(&rig->access, i * 4096, 8);
    }
    assert_int_equal(rig->access.ranges, NPU_ACCESS_RANGES);
    for (j = 0; j < rig->access.ranges; j++) {
        const struct npu_range *range = &rig->access.written[j];

        total += range->end - range->start;
        for (i = 0; i < 64; i++) {
            seen[i] = seen[i] ||
                      (range->start <= i * 4096 && range->end >= i * 4096 + 8);
        }
    }
    for (i = 0; i < 64; i++) {
        assert_true(seen[i]);
    }
    assert_true(total < 1u << 20);
}

static void test_translations_are_kept_for_the_tile(void **state)
{
    struct rig *rig = *state;
    uint8_t *first = window(rig, CLIENT_HBM_VA, 4, false);

    fake_unmap(rig->f, rig->client.root, CLIENT_HBM_VA, CLIENT_SIZE);
    assert_ptr_equal(window(rig, CLIENT_HBM_VA, 4, false), first);
}

/* What an older tile walks after an invalidation is not for newer ones. */
static void test_old_tile_leaves_nothing_behind(void **state)
{
    struct rig *rig = *state;
    struct npu_hbm hbm = { rig->f->hbm, rig->f->hbm_size };
    struct npu_extent extent;
    struct npu_hold newer;

    pthread_mutex_lock(&rig->as->lock);
    rig->as->epoch++;
    pthread_mutex_unlock(&rig->as->lock);
    assert_int_equal(npu_as_translate(rig->as, &hbm, &rig->access.hold,
                                      CLIENT_HBM_VA, &extent),
                     0);
    fake_map(rig->f, rig->client.root, CLIENT_HBM_VA, 0x3000, 4096, MAP_HBM);
    npu_as_enter(rig->as, &newer);
    assert_int_equal(npu_as_translate(rig->as, &hbm, &newer, CLIENT_HBM_VA,
                                      &extent),
                     0);
    assert_int_equal(extent.address, 0x3000);
    npu_as_leave(rig->as, &newer);
}

static void test_host_memory_is_translated_once(void **state)
{
    struct rig *rig = *state;
    struct npu_mem *mem = &rig->access.mem;
    unsigned i;
    int word;

    for (i = 0; i < 1000; i++) {
        assert_true(mem->read(mem, CLIENT_HOST_VA + 4 * i, &word, 4));
        assert_true(mem->write(mem, CLIENT_HOST_VA + 4 * i, &word, 4));
    }
    assert_int_equal(rig->f->translations, 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_window_of_hbm),
        TEST(test_window_ends_with_the_mapping),
        TEST(test_no_window_of_host_memory),
        TEST(test_no_window_of_scattered_pages),
        TEST(test_no_window_for_writing_read_only_pages),
        TEST(test_read_and_write_across_everything),
        TEST(test_first_fault_is_kept),
        TEST(test_nothing_works_when_it_is_over),
        TEST(test_window_for_writing_is_reported),
        TEST(test_ranges_that_touch_are_joined),
        TEST(test_more_ranges_than_room),
        TEST(test_translations_are_kept_for_the_tile),
        TEST(test_old_tile_leaves_nothing_behind),
        TEST(test_host_memory_is_translated_once),
    };

    return cmocka_run_group_tests_name("core memory", tests, NULL, NULL);
}
