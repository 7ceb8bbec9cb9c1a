/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page tables: walks, faults, malformed entries; INVALIDATE. */
#include "mmu.h"
#include "support-core.h"

struct rig {
    struct fake *f;
    struct fake_client client;
    struct fake_queue q;
    struct npu_hbm hbm;
};

#define HBM_SIZE (4ull << 30) /* sparse: room for leaves of 1 GiB */
#define VA 0x123456789000ull

static int setup(void **state)
{
    struct fake_config config = { .hbm_size = HBM_SIZE };
    struct rig *rig = calloc(1, sizeof(*rig));

    rig->f = fake_new(&config);
    fake_client_init(rig->f, &rig->client);
    fq_open(&rig->q, rig->f, 0, rig->client.root, 0xff);
    rig->hbm.base = rig->f->hbm;
    rig->hbm.size = HBM_SIZE;
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

static uint32_t walk(struct rig *rig, uint64_t va, struct npu_extent *extent)
{
    return npu_mmu_walk(&rig->hbm, rig->client.root, va, extent);
}

static void set_entry(struct rig *rig, uint64_t va, unsigned level,
                      uint64_t entry)
{
    *fake_pte(rig->f, rig->client.root, va, level) = entry;
}

#define LEAF (NPU_PTE_VALID | NPU_PTE_LEAF)

static void check_leaf(struct rig *rig, unsigned level, uint64_t address,
                       uint64_t flags)
{
    uint64_t size = 1ull << NPU_PT_SHIFT(level);
    struct npu_extent extent;

    set_entry(rig, VA, level, address | flags | LEAF);
    assert_int_equal(walk(rig, VA, &extent), 0);
    assert_int_equal(extent.start, VA & ~(size - 1));
    assert_int_equal(extent.end, extent.start + size);
    assert_int_equal(extent.address, address);
    assert_int_equal(extent.write, !!(flags & NPU_PTE_WRITE));
    assert_int_equal(extent.aperture,
                     (flags & NPU_PTE_APERTURE) >> NPU_PTE_APERTURE_SHIFT);
}

static void test_walk_4k(void **state)
{
    check_leaf(*state, 0, 0x5000, MAP_HBM);
    check_leaf(*state, 0, HBM_SIZE - 4096, MAP_HBM | MAP_WRITE);
}

static void test_walk_2m(void **state)
{
    check_leaf(*state, 1, 6ull << 20, MAP_HBM);
    check_leaf(*state, 1, HBM_SIZE - (2u << 20), MAP_HBM | MAP_WRITE);
}

static void test_walk_1g(void **state)
{
    check_leaf(*state, 2, 1ull << 30, MAP_HBM);
    check_leaf(*state, 2, 3ull << 30, MAP_HBM | MAP_WRITE);
}

static void test_walk_host(void **state)
{
    check_leaf(*state, 0, 0x000fffff0000f000ull & ~0xfffull, MAP_HOST);
    check_leaf(*state, 1, 0x000fffffffe00000ull, MAP_HOST | MAP_WRITE);
}

static void test_walk_joins_neighbours(void **state)
{
    struct rig *rig = *state;
    struct npu_extent extent;

    fake_map(rig->f, rig->client.root, VA, 0x100000, 16 * 4096, MAP_HBM);
    assert_int_equal(walk(rig, VA + 5, &extent), 0);
    assert_int_equal(extent.start, VA);
    assert_int_equal(extent.end, VA + 16 * 4096);
    /* Not where permission, address or aperture change. */
    set_entry(rig, VA + 3 * 4096, 0, 0x103000 | MAP_WRITE | LEAF);
    assert_int_equal(walk(rig, VA, &extent), 0);
    assert_int_equal(extent.end, VA + 3 * 4096);
    set_entry(rig, VA + 2 * 4096, 0, 0x109000 | LEAF);
    assert_int_equal(walk(rig, VA, &extent), 0);
    assert_int_equal(extent.end, VA + 2 * 4096);
    set_entry(rig, VA + 1 * 4096, 0, 0x101000 | MAP_HOST | LEAF);
    assert_int_equal(walk(rig, VA, &extent), 0);
    assert_int_equal(extent.end, VA + 4096);
}

static void expect_walk(struct rig *rig, uint32_t code)
{
    struct npu_extent extent;

    assert_int_equal(walk(rig, VA, &extent), code);
}

static void test_invalid_at_each_level(void **state)
{
    struct rig *rig = *state;
    int level;

    for (level = 0; level < NPU_PT_LEVELS; level++) {
        /* Other bits of an entry that is not valid do not count. */
        set_entry(rig, VA, level, ~NPU_PTE_VALID);
        expect_walk(rig, NPU_ERR_PAGE_FAULT);
    }
}

static void test_address_beyond_48_bits(void **state)
{
    struct rig *rig = *state;
    struct npu_extent extent;

    assert_int_equal(walk(rig, 1ull << 48, &extent), NPU_ERR_PAGE_FAULT);
    assert_int_equal(walk(rig, UINT64_MAX, &extent), NPU_ERR_PAGE_FAULT);
}

static void test_leaf_at_root(void **state)
{
    set_entry(*state, VA, 3, LEAF);
    expect_walk(*state, NPU_ERR_PAGE_TABLE);
}

static void test_table_at_level_0(void **state)
{
    set_entry(*state, VA, 0, 0x5000 | NPU_PTE_VALID);
    expect_walk(*state, NPU_ERR_PAGE_TABLE);
}

static void test_table_with_other_bits(void **state)
{
    struct rig *rig = *state;
    uint64_t table = fake_table(rig->f);
    unsigned bit;

    for (bit = 2; bit < 64; bit++) {
        if (!(NPU_PTE_ADDRESS & (1ull << bit))) {
            set_entry(rig, VA, 2, table | NPU_PTE_VALID | 1ull << bit);
            expect_walk(rig, NPU_ERR_PAGE_TABLE);
        }
    }
}

static void test_leaf_with_other_bits(void **state)
{
    struct rig *rig = *state;
    unsigned bit;

    for (bit = 0; bit < 64; bit++) {
        uint64_t known = NPU_PTE_ADDRESS | NPU_PTE_APERTURE | NPU_PTE_WRITE |
                         LEAF;

        if (!(known & (1ull << bit))) {
            set_entry(rig, VA, 0, 0x5000 | LEAF | 1ull << bit);
            expect_walk(rig, NPU_ERR_PAGE_TABLE);
        }
    }
}

static void test_table_outside_hbm(void **state)
{
    struct rig *rig = *state;

    set_entry(rig, VA, 2, HBM_SIZE | NPU_PTE_VALID);
    expect_walk(rig, NPU_ERR_PAGE_TABLE);
    set_entry(rig, VA, 2, NPU_PTE_ADDRESS | NPU_PTE_VALID);
    expect_walk(rig, NPU_ERR_PAGE_TABLE);
}

static void test_leaf_outside_hbm(void **state)
{
    struct rig *rig = *state;

    set_entry(rig, VA, 0, HBM_SIZE | LEAF);
    expect_walk(rig, NPU_ERR_PAGE_TABLE);
    set_entry(rig, VA, 0, NPU_PTE_ADDRESS | LEAF);
    expect_walk(rig, NPU_ERR_PAGE_TABLE);
    set_entry(rig, VA, 1, HBM_SIZE | LEAF);
    expect_walk(rig, NPU_ERR_PAGE_TABLE);
    set_entry(rig, VA, 2, HBM_SIZE | LEAF);
    expect_walk(rig, NPU_ERR_PAGE_TABLE);
}

static void test_misaligned_leaves(void **state)
{
    struct rig *rig = *state;

    set_entry(rig, VA, 1, 0x1000 | LEAF);
    expect_walk(rig, NPU_ERR_PAGE_TABLE);
    set_entry(rig, VA, 2, (2u << 20) | LEAF);
    expect_walk(rig, NPU_ERR_PAGE_TABLE);
    set_entry(rig, VA, 1, 0x1000 | MAP_HOST | LEAF);
    expect_walk(rig, NPU_ERR_PAGE_TABLE);
}

static void test_peer_aperture(void **state)
{
    set_entry(*state, VA, 0, 0x5000 | MAP_PEER | LEAF);
    expect_walk(*state, NPU_ERR_UNSUPPORTED);
    set_entry(*state, VA, 0, 0x5000 | MAP_PEER | NPU_PTE_PEER | LEAF);
    expect_walk(*state, NPU_ERR_UNSUPPORTED);
}

static void test_unknown_aperture(void **state)
{
    set_entry(*state, VA, 0, 0x5000 | NPU_PTE_APERTURE | LEAF);
    expect_walk(*state, NPU_ERR_PAGE_TABLE);
}

/* A table may point at itself: the walk ends at level 0. */
static void test_tables_in_a_circle(void **state)
{
    struct rig *rig = *state;
    uint64_t *root = (uint64_t *)(rig->f->hbm + rig->client.root);
    struct npu_extent extent;
    unsigned i;

    for (i = 0; i < NPU_PT_ENTRIES; i++) {
        root[i] = rig->client.root | NPU_PTE_VALID;
    }
    assert_int_equal(walk(rig, VA, &extent), NPU_ERR_PAGE_TABLE);
}

/* ---- Through a queue ----------------------------------------------------- */

static struct npu_packet copy_from(uint64_t va, uint64_t to, uint64_t size)
{
    return (struct npu_packet){
        .opcode = NPU_PACKET_COPY,
        .dst_space = NPU_SPACE_HBM,
        .src_space = NPU_SPACE_CLIENT,
        .copy = { .dst = to, .src = va, .size = size },
    };
}

static uint32_t read_word(struct rig *rig, uint64_t va)
{
    struct npu_packet packet = copy_from(va, 0x800000, 4);
    uint32_t word;

    fq_push(&rig->q, &packet);
    assert_true(fq_sync(&rig->q));
    memcpy(&word, rig->f->hbm + 0x800000, 4);
    return word;
}

static void put_word(struct rig *rig, uint64_t offset, uint32_t word)
{
    memcpy(rig->f->hbm + offset, &word, 4);
}

static void invalidate(struct rig *rig, uint64_t address, uint64_t size)
{
    struct npu_packet packet = {
        .opcode = NPU_PACKET_INVALIDATE,
        .invalidate = {
            .root = rig->client.root, .address = address, .size = size,
        },
    };

    fq_push(&rig->q, &packet);
    assert_true(fq_sync(&rig->q));
}

static void test_access_through_each_leaf_size(void **state)
{
    struct rig *rig = *state;

    set_entry(rig, VA, 0, 0x900000 | LEAF);
    put_word(rig, 0x900010, 1);
    assert_int_equal(read_word(rig, VA + 0x10), 1);
    set_entry(rig, 1ull << 40, 1, 0xa00000 | LEAF);
    put_word(rig, 0xa12344, 2);
    assert_int_equal(read_word(rig, (1ull << 40) + 0x12344), 2);
    set_entry(rig, 2ull << 40, 2, (1ull << 30) | LEAF);
    put_word(rig, (1ull << 30) + 0x3456788, 3);
    assert_int_equal(read_word(rig, (2ull << 40) + 0x3456788), 3);
}

/* One word, half of it on each of two pages that lie far apart. */
static void test_access_across_pages(void **state)
{
    struct rig *rig = *state;

    set_entry(rig, VA, 0, 0x900000 | LEAF);
    set_entry(rig, VA + 4096, 0, 0x700000 | LEAF);
    rig->f->hbm[0x900ffe] = 0x11;
    rig->f->hbm[0x900fff] = 0x22;
    rig->f->hbm[0x700000] = 0x33;
    rig->f->hbm[0x700001] = 0x44;
    assert_int_equal(read_word(rig, VA + 4094), 0x44332211);
}

static void test_access_from_hbm_into_host(void **state)
{
    struct rig *rig = *state;
    uint8_t *host = fake_ram_ptr(rig->f, rig->client.bus);

    set_entry(rig, VA, 0, 0x900000 | LEAF);
    set_entry(rig, VA + 4096, 0, rig->client.bus | MAP_HOST | LEAF);
    rig->f->hbm[0x900ffe] = 0x11;
    rig->f->hbm[0x900fff] = 0x22;
    host[0] = 0x33;
    host[1] = 0x44;
    assert_int_equal(read_word(rig, VA + 4094), 0x44332211);
}

static void test_write_fault(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = {
        .opcode = NPU_PACKET_FILL,
        .dst_space = NPU_SPACE_CLIENT,
        .copy = { .dst = VA, .size = 8192 },
    };
    struct npu_error error;

    set_entry(rig, VA, 0, 0x900000 | MAP_WRITE | LEAF);
    set_entry(rig, VA + 4096, 0, 0x901000 | LEAF);
    put_word(rig, 0x901000, 77);
    fq_expect(&rig->q, &packet, NPU_ERR_WRITE_FAULT, &error);
    assert_int_equal(error.address, VA + 4096);
    assert_int_equal(rig->f->hbm[0x901000], 77);
}

static void test_peer_is_unsupported(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = copy_from(VA, 0x800000, 4);
    struct npu_error error;

    set_entry(rig, VA, 0, 0x5000 | MAP_PEER | LEAF);
    fq_expect(&rig->q, &packet, NPU_ERR_UNSUPPORTED, &error);
    assert_int_equal(error.address, VA);
}

static void test_two_clients_are_apart(void **state)
{
    struct rig *rig = *state;
    uint64_t root = fake_table(rig->f);
    struct npu_packet packet = copy_from(VA, 0x800000, 4);
    struct fake_queue other;

    set_entry(rig, VA, 0, 0x900000 | LEAF);
    put_word(rig, 0x900000, 5);
    assert_int_equal(read_word(rig, VA), 5);
    fq_open(&other, rig->f, 1, root, 0xff);
    fq_expect(&other, &packet, NPU_ERR_PAGE_FAULT, NULL);
}

static void test_translations_are_cached(void **state)
{
    struct rig *rig = *state;

    set_entry(rig, VA, 0, 0x900000 | LEAF);
    put_word(rig, 0x900000, 5);
    put_word(rig, 0xa00000, 6);
    assert_int_equal(read_word(rig, VA), 5);
    set_entry(rig, VA, 0, 0xa00000 | LEAF);
    assert_int_equal(read_word(rig, VA), 5);
    invalidate(rig, 0, 0);
    assert_int_equal(read_word(rig, VA), 6);
}

static void test_invalidate_range(void **state)
{
    struct rig *rig = *state;

    set_entry(rig, VA, 0, 0x900000 | LEAF);
    put_word(rig, 0x900000, 5);
    put_word(rig, 0xa00000, 6);
    assert_int_equal(read_word(rig, VA), 5);
    set_entry(rig, VA, 0, 0xa00000 | LEAF);
    invalidate(rig, VA + 4096, 4096);
    invalidate(rig, VA - 4096, 4096);
    assert_int_equal(read_word(rig, VA), 5);
    invalidate(rig, VA + 100, 1);
    assert_int_equal(read_word(rig, VA), 6);
}

static void test_unmapped_after_invalidate(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = copy_from(VA, 0x800000, 4);

    set_entry(rig, VA, 0, 0x900000 | LEAF);
    read_word(rig, VA);
    set_entry(rig, VA, 0, 0);
    invalidate(rig, VA, 4096);
    fq_expect(&rig->q, &packet, NPU_ERR_PAGE_FAULT, NULL);
}

/*
 * A piece of a copy that has translated waits in the host; INVALIDATE from
 * another queue must wait for it, and for nothing that starts later.
 */
static void test_invalidate_waits_for_older_work(void **state)
{
    struct rig *rig = *state;
    struct npu_packet copy = copy_from(CLIENT_HOST_VA, 0x800000, 4096);
    struct npu_packet packet = {
        .opcode = NPU_PACKET_INVALIDATE,
        .invalidate.root = rig->client.root,
    };
    struct fake_queue kernel;

    fq_open(&kernel, rig->f, 1, fake_table(rig->f), 0xff);
    assert_true(fq_sync(&kernel));
    fq_push(&rig->q, &(struct npu_packet){ .opcode = NPU_PACKET_NOP });
    assert_true(fq_sync(&rig->q));
    fake_hold(rig->f, true);
    fq_push(&rig->q, &copy);
    fake_wait_held(rig->f);
    fq_push(&kernel, &packet);
    fq_fence(&kernel);
    assert_true(fq_wait_state(&kernel, NPU_QUEUE_WAITING));
    fake_sleep_ms(20);
    assert_int_equal(fq_record(&kernel)->sequence, 1);
    assert_int_equal(fq_state(&kernel), NPU_QUEUE_WAITING);
    fake_hold(rig->f, false);
    assert_true(fq_wait_fence(&kernel, 2));
    assert_true(fq_sync(&rig->q));
}

static void test_invalidate_of_other_space_does_not_wait(void **state)
{
    struct rig *rig = *state;
    struct npu_packet copy = copy_from(CLIENT_HOST_VA, 0x800000, 4096);
    struct npu_packet packet = { .opcode = NPU_PACKET_INVALIDATE };
    struct fake_queue kernel;

    packet.invalidate.root = fake_table(rig->f);
    fq_open(&kernel, rig->f, 1, packet.invalidate.root, 0xff);
    assert_true(fq_sync(&kernel));
    assert_true(fq_sync(&rig->q));
    fake_hold(rig->f, true);
    fq_push(&rig->q, &copy);
    fake_wait_held(rig->f);
    fq_push(&kernel, &packet);
    assert_true(fq_sync(&kernel));
    fake_hold(rig->f, false);
    assert_true(fq_sync(&rig->q));
}

static void test_stop_ends_a_waiting_invalidate(void **state)
{
    struct rig *rig = *state;
    struct npu_packet copy = copy_from(CLIENT_HOST_VA, 0x800000, 4096);
    struct npu_packet packet = {
        .opcode = NPU_PACKET_INVALIDATE,
        .invalidate.root = rig->client.root,
    };
    struct fake_queue kernel;
    struct npu_error error;

    fq_open(&kernel, rig->f, 1, fake_table(rig->f), 0xff);
    assert_true(fq_sync(&kernel));
    assert_true(fq_sync(&rig->q));
    fake_hold(rig->f, true);
    fq_push(&rig->q, &copy);
    fake_wait_held(rig->f);
    fq_push(&kernel, &packet);
    assert_true(fake_wait32(rig->f, NPU_REG_QUEUE(1) + NPU_QUEUE_STATE,
                            NPU_QUEUE_WAITING));
    fq_control(&kernel, NPU_QUEUE_CONTROL_STOP);
    assert_true(fq_wait_state(&kernel, NPU_QUEUE_ERRORED));
    fq_error(&kernel, &error);
    assert_int_equal(error.code, NPU_ERR_STOPPED);
    assert_int_equal(error.opcode, NPU_PACKET_INVALIDATE);
    fake_hold(rig->f, false);
    assert_true(fq_sync(&rig->q));
}

/*
 * Remap and invalidate while tiles run: after INVALIDATE no old page changes.
 */
static void test_invalidate_against_running_tiles(void **state)
{
    struct rig *rig = *state;
    uint64_t va = 0x40000000, old = 0x900000;
    struct npu_packet inv = {
        .opcode = NPU_PACKET_INVALIDATE,
        .invalidate = { .root = rig->client.root, .address = va, .size = 4096 },
    };
    struct fake_queue kernel;
    struct fake_program p;
    struct npu_packet run;
    unsigned i;

    fq_open(&kernel, rig->f, 1, fake_table(rig->f), 0xff);
    set_entry(rig, va, 0, old | MAP_WRITE | LEAF);
    fp_init(&p, 0);
    for (i = 0; i < 40; i++) {
        fp_insn(&p, NPU_OP_FILL, 1, fp_vector(&p, va, NPU_DTYPE_S32, 1024))
            ->imm = i + 1;
    }
    run = fp_load(rig->f, &p, 1);
    for (i = 0; i < 60; i++) {
        uint64_t next = old ^ 0x100000;
        uint32_t *page = (uint32_t *)(rig->f->hbm + old);

        fq_push(&rig->q, &run);
        set_entry(rig, va, 0, next | MAP_WRITE | LEAF);
        fq_push(&kernel, &inv);
        assert_true(fq_sync(&kernel));
        /* The page is ours again. */
        page[0] = page[1023] = 0xdead;
        assert_true(fq_sync(&rig->q));
        assert_int_equal(page[0], 0xdead);
        assert_int_equal(page[1023], 0xdead);
        old = next;
    }
}

/* Tables that change all the time may give faults and wrong data, no more. */
static void test_tables_change_under_the_walk(void **state)
{
    struct rig *rig = *state;
    uint64_t *entry = fake_pte(rig->f, rig->client.root, VA, 0);
    struct npu_packet packet = copy_from(VA, 0x800000, 64);
    uint64_t random = 88172645463325252ull;
    unsigned i;

    for (i = 0; i < 300; i++) {
        unsigned level = i % NPU_PT_LEVELS;

        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        fq_push(&rig->q, &packet);
        entry = fake_pte(rig->f, rig->client.root, VA, level);
        __atomic_store_n(entry, random, __ATOMIC_RELAXED);
        fq_fence(&rig->q);
        if (!fq_wait_fence(&rig->q, rig->q.sequence)) {
            assert_int_equal(fq_state(&rig->q), NPU_QUEUE_ERRORED);
            fq_reopen(&rig->q);
        }
        __atomic_store_n(entry, 0, __ATOMIC_RELAXED);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_walk_4k),
        TEST(test_walk_2m),
        TEST(test_walk_1g),
        TEST(test_walk_host),
        TEST(test_walk_joins_neighbours),
        TEST(test_invalid_at_each_level),
        TEST(test_address_beyond_48_bits),
        TEST(test_leaf_at_root),
        TEST(test_table_at_level_0),
        TEST(test_table_with_other_bits),
        TEST(test_leaf_with_other_bits),
        TEST(test_table_outside_hbm),
        TEST(test_leaf_outside_hbm),
        TEST(test_misaligned_leaves),
        TEST(test_peer_aperture),
        TEST(test_unknown_aperture),
        TEST(test_tables_in_a_circle),
        TEST(test_access_through_each_leaf_size),
        TEST(test_access_across_pages),
        TEST(test_access_from_hbm_into_host),
        TEST(test_write_fault),
        TEST(test_peer_is_unsupported),
        TEST(test_two_clients_are_apart),
        TEST(test_translations_are_cached),
        TEST(test_invalidate_range),
        TEST(test_unmapped_after_invalidate),
        TEST(test_invalidate_waits_for_older_work),
        TEST(test_invalidate_of_other_space_does_not_wait),
        TEST(test_stop_ends_a_waiting_invalidate),
        TEST(test_invalidate_against_running_tiles),
        TEST(test_tables_change_under_the_walk),
    };

    return cmocka_run_group_tests_name("core mmu", tests, NULL, NULL);
}
