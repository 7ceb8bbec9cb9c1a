/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ring packets: each kind well-formed, and malformed in every field. */
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
    fq_open(&rig->q, rig->f, 0, rig->client.root, 0xff);
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

static void refuse(struct rig *rig, const struct npu_packet *packet,
                   uint32_t code)
{
    struct npu_error error;

    fq_expect(&rig->q, packet, code, &error);
    fq_reopen(&rig->q);
}

/* A good packet of the kind, with every field that it does not use set once. */
static void refuse_unused(struct rig *rig, const struct npu_packet *good,
                          unsigned words, bool dst, bool src, bool pattern)
{
    struct npu_packet packet;
    unsigned i;

    for (i = words; i < 7; i++) {
        packet = *good;
        packet.raw[i] = 1ull << 63;
        refuse(rig, &packet, NPU_ERR_PACKET);
    }
    packet = *good;
    packet.pad = 1;
    refuse(rig, &packet, NPU_ERR_PACKET);
    if (!dst) {
        packet = *good;
        packet.dst_space = 1;
        refuse(rig, &packet, NPU_ERR_PACKET);
    }
    if (!src) {
        packet = *good;
        packet.src_space = 1;
        refuse(rig, &packet, NPU_ERR_PACKET);
    }
    if (!pattern) {
        packet = *good;
        packet.pattern = 1;
        refuse(rig, &packet, NPU_ERR_PACKET);
    }
}

static void test_unknown_opcodes(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = { 0 };
    unsigned opcode;

    for (opcode = NPU_PACKET_INVALIDATE + 1; opcode < 256; opcode += 31) {
        packet.opcode = opcode;
        refuse(rig, &packet, NPU_ERR_PACKET);
    }
    packet.opcode = 255;
    refuse(rig, &packet, NPU_ERR_PACKET);
}

static void test_wait_is_unsupported(void **state)
{
    struct npu_packet packet = { .opcode = NPU_PACKET_WAIT };

    refuse(*state, &packet, NPU_ERR_UNSUPPORTED);
}

static void test_nop_unused_fields(void **state)
{
    struct npu_packet good = { .opcode = NPU_PACKET_NOP };

    refuse_unused(*state, &good, 0, false, false, false);
}

static void test_fence_unused_fields(void **state)
{
    struct npu_packet good = {
        .opcode = NPU_PACKET_FENCE,
        .fence.sequence = 1,
    };

    refuse_unused(*state, &good, 1, false, false, false);
}

static void test_fence_sequence_zero(void **state)
{
    struct npu_packet packet = { .opcode = NPU_PACKET_FENCE };

    refuse(*state, &packet, NPU_ERR_PACKET);
}

/* ---- COPY ---------------------------------------------------------------- */

static struct npu_packet copy(uint8_t dst_space, uint64_t dst,
                              uint8_t src_space, uint64_t src, uint64_t size)
{
    return (struct npu_packet){
        .opcode = NPU_PACKET_COPY,
        .dst_space = dst_space,
        .src_space = src_space,
        .copy = { .dst = dst, .src = src, .size = size },
    };
}

static void scribble(uint8_t *at, size_t size, unsigned seed)
{
    size_t i;

    for (i = 0; i < size; i++) {
        at[i] = i * 7 + (i >> 8) + seed;
    }
}

static void check_copy(struct rig *rig, uint8_t dst_space, uint64_t dst,
                       uint8_t *dst_ptr, uint8_t src_space, uint64_t src,
                       uint8_t *src_ptr, size_t size)
{
    struct npu_packet packet = copy(dst_space, dst, src_space, src, size);

    scribble(src_ptr, size, 3);
    memset(dst_ptr - 1, 0x5a, size + 2);
    fq_push(&rig->q, &packet);
    assert_true(fq_sync(&rig->q));
    assert_memory_equal(dst_ptr, src_ptr, size);
    assert_int_equal(dst_ptr[-1], 0x5a);
    assert_int_equal(dst_ptr[size], 0x5a);
}

#define ODD_SIZE 300007 /* across the pieces of DMA */

static void test_copy_hbm_to_hbm(void **state)
{
    struct rig *rig = *state;

    check_copy(rig, NPU_SPACE_HBM, 0x2000011, rig->f->hbm + 0x2000011,
               NPU_SPACE_HBM, 0x1000003, rig->f->hbm + 0x1000003, ODD_SIZE);
}

static void test_copy_host_to_hbm(void **state)
{
    struct rig *rig = *state;
    uint64_t bus = fake_ram(rig->f, ODD_SIZE + 5);

    check_copy(rig, NPU_SPACE_HBM, 0x2000011, rig->f->hbm + 0x2000011,
               NPU_SPACE_HOST, bus + 3, fake_ram_ptr(rig->f, bus + 3),
               ODD_SIZE);
}

static void test_copy_hbm_to_host(void **state)
{
    struct rig *rig = *state;
    uint64_t bus = fake_ram(rig->f, ODD_SIZE + 5);

    check_copy(rig, NPU_SPACE_HOST, bus + 3, fake_ram_ptr(rig->f, bus + 3),
               NPU_SPACE_HBM, 0x1000003, rig->f->hbm + 0x1000003, ODD_SIZE);
}

static void test_copy_host_to_host(void **state)
{
    struct rig *rig = *state;
    uint64_t from = fake_ram(rig->f, ODD_SIZE + 5);
    uint64_t to = fake_ram(rig->f, ODD_SIZE + 5);

    check_copy(rig, NPU_SPACE_HOST, to + 3, fake_ram_ptr(rig->f, to + 3),
               NPU_SPACE_HOST, from + 1, fake_ram_ptr(rig->f, from + 1),
               ODD_SIZE);
}

static void test_copy_host_in_small_translations(void **state)
{
    struct rig *rig = *state;
    uint64_t bus = fake_ram(rig->f, ODD_SIZE + 5);

    rig->f->chunk = 4096;
    check_copy(rig, NPU_SPACE_HBM, 0x2000011, rig->f->hbm + 0x2000011,
               NPU_SPACE_HOST, bus + 3, fake_ram_ptr(rig->f, bus + 3),
               ODD_SIZE);
}

static void test_copy_client_to_client(void **state)
{
    struct rig *rig = *state;
    uint64_t host = CLIENT_HOST_VA + 5;

    check_copy(rig, NPU_SPACE_CLIENT, host,
               fake_ram_ptr(rig->f, rig->client.bus + 5), NPU_SPACE_CLIENT,
               CLIENT_HBM_VA + 77, fake_client_ptr(rig->f, CLIENT_HBM_VA + 77),
               ODD_SIZE);
}

static void test_copy_of_several_chunks(void **state)
{
    struct rig *rig = *state;

    check_copy(rig, NPU_SPACE_HBM, 0x2000001, rig->f->hbm + 0x2000001,
               NPU_SPACE_HBM, 0x1000000, rig->f->hbm + 0x1000000,
               (5u << 20) + 13);
}

static void test_copy_one_byte_at_the_end(void **state)
{
    struct rig *rig = *state;
    uint64_t last = rig->f->hbm_size - 1;
    struct npu_packet packet = copy(NPU_SPACE_HBM, last, NPU_SPACE_HBM,
                                    0x1000000, 1);

    rig->f->hbm[0x1000000] = 0x77;
    fq_push(&rig->q, &packet);
    assert_true(fq_sync(&rig->q));
    assert_int_equal(rig->f->hbm[last], 0x77);
}

static void test_copy_reports_written_hbm(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = copy(NPU_SPACE_HBM, 0x2000011, NPU_SPACE_HBM,
                                    0x1000000, 3000000);

    fq_push(&rig->q, &packet);
    assert_true(fq_sync(&rig->q));
    assert_int_equal(rig->f->written, 3000000);
    assert_int_equal(rig->f->written_low, 0x2000011);
    assert_int_equal(rig->f->written_high, 0x2000011 + 3000000);
}

static void test_copy_unused_fields(void **state)
{
    struct npu_packet good = copy(NPU_SPACE_HBM, 0, NPU_SPACE_HBM, 64, 64);

    refuse_unused(*state, &good, 3, true, true, false);
}

static void test_copy_bad_spaces(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = copy(3, 0, NPU_SPACE_HBM, 64, 64);

    refuse(rig, &packet, NPU_ERR_PACKET);
    packet = copy(NPU_SPACE_HBM, 0, 255, 64, 64);
    refuse(rig, &packet, NPU_ERR_PACKET);
}

static void test_copy_size_zero(void **state)
{
    struct npu_packet packet = copy(NPU_SPACE_HBM, 0, NPU_SPACE_HBM, 64, 0);

    refuse(*state, &packet, NPU_ERR_PACKET);
}

static void expect_fault(struct rig *rig, const struct npu_packet *packet,
                         uint32_t code, uint8_t space, uint64_t address)
{
    struct npu_error error;

    fq_expect(&rig->q, packet, code, &error);
    assert_int_equal(error.space, space);
    assert_int_equal(error.address, address);
    assert_int_equal(error.die, NPU_NONE);
    fq_reopen(&rig->q);
}

static void test_copy_beyond_hbm(void **state)
{
    struct rig *rig = *state;
    uint64_t end = rig->f->hbm_size;
    struct npu_packet packet = copy(NPU_SPACE_HBM, end - 32, NPU_SPACE_HBM, 0,
                                    64);

    expect_fault(rig, &packet, NPU_ERR_PAGE_FAULT, NPU_SPACE_HBM, end - 32);
    packet = copy(NPU_SPACE_HBM, 0, NPU_SPACE_HBM, end, 1);
    expect_fault(rig, &packet, NPU_ERR_PAGE_FAULT, NPU_SPACE_HBM, end);
}

static void test_copy_size_overflows(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = copy(NPU_SPACE_HBM, 64, NPU_SPACE_HBM, 0,
                                    UINT64_MAX);

    expect_fault(rig, &packet, NPU_ERR_PAGE_FAULT, NPU_SPACE_HBM, 64);
    packet = copy(NPU_SPACE_HOST, 64, NPU_SPACE_HBM, 0, UINT64_MAX);
    expect_fault(rig, &packet, NPU_ERR_PAGE_FAULT, NPU_SPACE_HOST, 64);
    packet = copy(NPU_SPACE_CLIENT, 1, NPU_SPACE_HBM, 0, 1ull << 48);
    expect_fault(rig, &packet, NPU_ERR_PAGE_FAULT, NPU_SPACE_CLIENT, 1);
}

static void test_copy_unreachable_host(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = copy(NPU_SPACE_HBM, 0, NPU_SPACE_HOST, 0x5000,
                                    64);

    expect_fault(rig, &packet, NPU_ERR_DMA, NPU_SPACE_HOST, 0x5000);
    packet = copy(NPU_SPACE_HOST, 0x6000, NPU_SPACE_HBM, 0, 64);
    expect_fault(rig, &packet, NPU_ERR_DMA, NPU_SPACE_HOST, 0x6000);
}

static void test_copy_unmapped_client(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = copy(NPU_SPACE_CLIENT, 0x4000, NPU_SPACE_HBM, 0,
                                    64);

    expect_fault(rig, &packet, NPU_ERR_PAGE_FAULT, NPU_SPACE_CLIENT, 0x4000);
    packet = copy(NPU_SPACE_HBM, 0, NPU_SPACE_CLIENT, 0x7001, 64);
    expect_fault(rig, &packet, NPU_ERR_PAGE_FAULT, NPU_SPACE_CLIENT, 0x7001);
}

static void test_copy_runs_into_unmapped_page(void **state)
{
    struct rig *rig = *state;
    uint64_t end = CLIENT_HBM_VA + CLIENT_SIZE;
    struct npu_packet packet = copy(NPU_SPACE_CLIENT, end - 100, NPU_SPACE_HBM,
                                    0, 200);

    expect_fault(rig, &packet, NPU_ERR_PAGE_FAULT, NPU_SPACE_CLIENT, end);
}

/* ---- FILL ---------------------------------------------------------------- */

static struct npu_packet fill(uint8_t space, uint64_t dst, uint64_t size,
                              uint32_t pattern)
{
    return (struct npu_packet){
        .opcode = NPU_PACKET_FILL,
        .dst_space = space,
        .pattern = pattern,
        .copy = { .dst = dst, .size = size },
    };
}

static void check_fill(struct rig *rig, uint8_t space, uint64_t dst,
                       uint8_t *ptr, uint64_t size, uint32_t pattern)
{
    struct npu_packet packet = fill(space, dst, size, pattern);
    uint64_t i;

    memset(ptr - 4, 0x5a, size + 8);
    fq_push(&rig->q, &packet);
    assert_true(fq_sync(&rig->q));
    for (i = 0; i < size; i += 4) {
        uint32_t word;

        memcpy(&word, ptr + i, 4);
        if (word != pattern) {
            fail_msg("word at %llu is 0x%x", (unsigned long long)i, word);
        }
    }
    assert_int_equal(ptr[-1], 0x5a);
    assert_int_equal(ptr[size], 0x5a);
}

static void test_fill_hbm_with_zero(void **state)
{
    struct rig *rig = *state;

    check_fill(rig, NPU_SPACE_HBM, 0x2000004, rig->f->hbm + 0x2000004,
               (3u << 20) + 12, 0);
}

static void test_fill_hbm_with_pattern(void **state)
{
    struct rig *rig = *state;

    check_fill(rig, NPU_SPACE_HBM, 0x2000004, rig->f->hbm + 0x2000004,
               (3u << 20) + 12, 0x12345678);
}

static void test_fill_host(void **state)
{
    struct rig *rig = *state;
    uint64_t bus = fake_ram(rig->f, 1u << 20);

    check_fill(rig, NPU_SPACE_HOST, bus + 4, fake_ram_ptr(rig->f, bus + 4),
               200000, 0xcafef00d);
}

static void test_fill_client(void **state)
{
    struct rig *rig = *state;
    uint64_t va = CLIENT_HBM_VA + 0x10004;

    check_fill(rig, NPU_SPACE_CLIENT, va, fake_client_ptr(rig->f, va), 200000,
               0xcafef00d);
}

static void test_fill_unused_fields(void **state)
{
    struct npu_packet good = fill(NPU_SPACE_HBM, 0, 64, 0);

    refuse_unused(*state, &good, 3, true, false, true);
}

static void test_fill_malformed(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = fill(NPU_SPACE_HBM, 2, 64, 0);

    refuse(rig, &packet, NPU_ERR_PACKET);
    packet = fill(NPU_SPACE_HBM, 0, 66, 0);
    refuse(rig, &packet, NPU_ERR_PACKET);
    packet = fill(NPU_SPACE_HBM, 0, 0, 0);
    refuse(rig, &packet, NPU_ERR_PACKET);
    packet = fill(NPU_SPACE_HBM, 0, 64, 0);
    packet.copy.src = 8;
    refuse(rig, &packet, NPU_ERR_PACKET);
    packet = fill(7, 0, 64, 0);
    refuse(rig, &packet, NPU_ERR_PACKET);
}

static void test_fill_beyond_hbm(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = fill(NPU_SPACE_HBM, 4, rig->f->hbm_size, 0);

    expect_fault(rig, &packet, NPU_ERR_PAGE_FAULT, NPU_SPACE_HBM, 4);
}

static void test_fill_is_charged(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = fill(NPU_SPACE_HBM, 0x2000000, 6000000, 0);

    fq_push(&rig->q, &packet);
    assert_true(fq_sync(&rig->q));
    /* 60 bytes a ns. */
    assert_in_range(fq_record(&rig->q)->device_time, 99000, 101000);
    assert_int_equal(fq_record(&rig->q)->device_time,
                     rd64(rig->f, NPU_REG_DEVICE_TIME));
}

/* ---- TIMESTAMP ----------------------------------------------------------- */

static struct npu_packet timestamp(uint8_t space, uint64_t dst)
{
    return (struct npu_packet){
        .opcode = NPU_PACKET_TIMESTAMP,
        .dst_space = space,
        .copy = { .dst = dst, .size = 16 },
    };
}

static void check_timestamp(struct rig *rig, uint8_t space, uint64_t dst,
                            void *ptr)
{
    struct npu_packet packet = timestamp(space, dst);
    uint64_t before = fake_now();
    uint64_t times[2];

    memset(ptr, 0xff, 16);
    fq_push(&rig->q, &packet);
    assert_true(fq_sync(&rig->q));
    memcpy(times, ptr, 16);
    assert_in_range(times[0], before, fake_now());
    assert_int_equal(times[1], 0);
}

static void test_timestamp_everywhere(void **state)
{
    struct rig *rig = *state;
    uint64_t bus = fake_ram(rig->f, 4096);

    check_timestamp(rig, NPU_SPACE_HBM, 0x1000008, rig->f->hbm + 0x1000008);
    check_timestamp(rig, NPU_SPACE_HOST, bus + 8,
                    fake_ram_ptr(rig->f, bus + 8));
    check_timestamp(rig, NPU_SPACE_CLIENT, CLIENT_HBM_VA + 8,
                    fake_client_ptr(rig->f, CLIENT_HBM_VA + 8));
}

static void test_timestamp_malformed(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = timestamp(NPU_SPACE_HBM, 4);

    refuse(rig, &packet, NPU_ERR_PACKET);
    packet = timestamp(NPU_SPACE_HBM, 8);
    packet.copy.size = 8;
    refuse(rig, &packet, NPU_ERR_PACKET);
    packet = timestamp(NPU_SPACE_HBM, 8);
    packet.copy.src = 8;
    refuse(rig, &packet, NPU_ERR_PACKET);
    packet = timestamp(3, 8);
    refuse(rig, &packet, NPU_ERR_PACKET);
    packet = timestamp(NPU_SPACE_HBM, 8);
    refuse_unused(rig, &packet, 3, true, false, false);
}

static void test_timestamp_faults(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = timestamp(NPU_SPACE_CLIENT, 0x4000);

    expect_fault(rig, &packet, NPU_ERR_PAGE_FAULT, NPU_SPACE_CLIENT, 0x4000);
    packet = timestamp(NPU_SPACE_HOST, 0x4000);
    expect_fault(rig, &packet, NPU_ERR_DMA, NPU_SPACE_HOST, 0x4000);
    packet = timestamp(NPU_SPACE_HBM, rig->f->hbm_size - 8);
    expect_fault(rig, &packet, NPU_ERR_PAGE_FAULT, NPU_SPACE_HBM,
                 rig->f->hbm_size - 8);
}

/* ---- INVALIDATE, RUN ----------------------------------------------------- */

static void test_invalidate_malformed(void **state)
{
    struct rig *rig = *state;
    struct npu_packet good = {
        .opcode = NPU_PACKET_INVALIDATE,
        .invalidate = { .root = rig->client.root },
    };
    struct npu_packet packet = good;

    fq_push(&rig->q, &packet);
    assert_true(fq_sync(&rig->q));
    packet.invalidate.root += 8;
    refuse(rig, &packet, NPU_ERR_PACKET);
    packet.invalidate.root = rig->f->hbm_size;
    refuse(rig, &packet, NPU_ERR_PACKET);
    packet = good;
    packet.invalidate.size = UINT64_MAX;
    refuse(rig, &packet, NPU_ERR_PACKET);
    packet = good;
    packet.invalidate.address = 1ull << 48;
    packet.invalidate.size = 4096;
    refuse(rig, &packet, NPU_ERR_PACKET);
    refuse_unused(rig, &good, 3, false, false, false);
}

static void test_invalidate_unknown_root(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = {
        .opcode = NPU_PACKET_INVALIDATE,
        .invalidate.root = 0x3000000,
    };

    fq_push(&rig->q, &packet);
    assert_true(fq_sync(&rig->q));
}

static void test_run_malformed(void **state)
{
    struct rig *rig = *state;
    struct npu_packet good = fake_stall(rig->f, 0, 1);
    struct npu_packet packet;

#define REFUSED(field, value, code) \
    packet = good;                  \
    packet.run.field = value;       \
    refuse(rig, &packet, code)

    fq_push(&rig->q, &good);
    assert_true(fq_sync(&rig->q));
    REFUSED(program, good.run.program + 4, NPU_ERR_PACKET);
    REFUSED(report, good.run.report + 4, NPU_ERR_PACKET);
    REFUSED(program_size, 0, NPU_ERR_PROGRAM);
    REFUSED(program_size, 63, NPU_ERR_PROGRAM);
    REFUSED(program_size, NPU_MAX_PROGRAM_SIZE + 64, NPU_ERR_PROGRAM);
    REFUSED(program_size, 0xffffffff, NPU_ERR_PROGRAM);
    REFUSED(args_size, 65544, NPU_ERR_ARGUMENTS);
    REFUSED(args_size, 0xfffffff8, NPU_ERR_ARGUMENTS);
    packet = good;
    packet.run.args_size = 8;
    packet.run.args += 4;
    refuse(rig, &packet, NPU_ERR_PACKET);
    refuse_unused(rig, &good, 5, false, false, false);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_unknown_opcodes),
        TEST(test_wait_is_unsupported),
        TEST(test_nop_unused_fields),
        TEST(test_fence_unused_fields),
        TEST(test_fence_sequence_zero),
        TEST(test_copy_hbm_to_hbm),
        TEST(test_copy_host_to_hbm),
        TEST(test_copy_hbm_to_host),
        TEST(test_copy_host_to_host),
        TEST(test_copy_host_in_small_translations),
        TEST(test_copy_client_to_client),
        TEST(test_copy_of_several_chunks),
        TEST(test_copy_one_byte_at_the_end),
        TEST(test_copy_reports_written_hbm),
        TEST(test_copy_unused_fields),
        TEST(test_copy_bad_spaces),
        TEST(test_copy_size_zero),
        TEST(test_copy_beyond_hbm),
        TEST(test_copy_size_overflows),
        TEST(test_copy_unreachable_host),
        TEST(test_copy_unmapped_client),
        TEST(test_copy_runs_into_unmapped_page),
        TEST(test_fill_hbm_with_zero),
        TEST(test_fill_hbm_with_pattern),
        TEST(test_fill_host),
        TEST(test_fill_client),
        TEST(test_fill_unused_fields),
        TEST(test_fill_malformed),
        TEST(test_fill_beyond_hbm),
        TEST(test_fill_is_charged),
        TEST(test_timestamp_everywhere),
        TEST(test_timestamp_malformed),
        TEST(test_timestamp_faults),
        TEST(test_invalidate_malformed),
        TEST(test_invalidate_unknown_root),
        TEST(test_run_malformed),
    };

    return cmocka_run_group_tests_name("core packets", tests, NULL, NULL);
}
