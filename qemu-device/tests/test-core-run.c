/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RUN: programs on one and several dies, reports, errors, counters. */
#include "support-core.h"

struct rig {
    struct fake *f;
    struct fake_client client;
    struct fake_queue q;
};

static void rig_open(struct rig *rig, unsigned dies, unsigned threads)
{
    struct fake_config config = { .dies = dies, .threads = threads };

    rig->f = fake_new(&config);
    fake_client_init(rig->f, &rig->client);
    fq_open(&rig->q, rig->f, 0, rig->client.root, (1u << dies) - 1);
}

static int setup(void **state)
{
    struct rig *rig = calloc(1, sizeof(*rig));

    rig_open(rig, 8, 4);
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

#define COUNT 100003ull
#define A_VA (CLIENT_HBM_VA + 0x100000)
#define B_VA (CLIENT_HBM_VA + 0x200000)
#define D_VA (CLIENT_HBM_VA + 0x300000)

/* d = a + b, then a = copy(d) as s32, over COUNT elements. */
static void program_add(struct fake_program *p)
{
    uint16_t a, b, d, out;

    fp_init(p, 0);
    a = fp_vector(p, A_VA, NPU_DTYPE_F32, COUNT);
    b = fp_vector(p, B_VA, NPU_DTYPE_F32, COUNT);
    d = fp_vector(p, D_VA, NPU_DTYPE_F32, COUNT);
    out = fp_vector(p, A_VA, NPU_DTYPE_S32, COUNT);
    fp_insn(p, NPU_OP_ADD, 3, d, a, b);
    fp_insn(p, NPU_OP_NOP, 0);
    fp_insn(p, NPU_OP_COPY, 2, out, d);
}

static void data_fill(struct fake *f)
{
    float *a = fake_client_ptr(f, A_VA);
    float *b = fake_client_ptr(f, B_VA);
    unsigned i;

    for (i = 0; i < COUNT; i++) {
        a[i] = i;
        b[i] = 2.0f * i;
    }
}

static void data_check(struct fake *f)
{
    int32_t *out = fake_client_ptr(f, A_VA);
    float *d = fake_client_ptr(f, D_VA);
    unsigned i;

    for (i = 0; i < COUNT; i++) {
        if (d[i] != 3.0f * i || out[i] != (int32_t)(3 * i)) {
            fail_msg("element %u is %f and %d", i, d[i], out[i]);
        }
    }
}

static void run_add_on(unsigned dies, unsigned threads)
{
    struct fake_program p;
    struct npu_packet packet;
    struct rig rig;

    rig_open(&rig, dies, threads);
    program_add(&p);
    data_fill(rig.f);
    packet = fp_load(rig.f, &p, 42);
    fq_push(&rig.q, &packet);
    assert_true(fq_sync(&rig.q));
    data_check(rig.f);
    assert_int_equal(fp_report(rig.f, &p)->status, 0);
    fake_free(rig.f);
}

#define RUN_ON(dies, threads)                                               \
    static void test_add_on_##dies##_dies_##threads##_threads(void **state) \
    {                                                                       \
        (void)state;                                                        \
        run_add_on(dies, threads);                                          \
    }

RUN_ON(1, 1)
RUN_ON(1, 4)
RUN_ON(3, 1)
RUN_ON(3, 4)
RUN_ON(8, 1)
RUN_ON(8, 4)

static void test_report(void **state)
{
    struct rig *rig = *state;
    uint64_t before = fake_now();
    struct fake_program p;
    struct npu_packet packet;
    const struct npu_report *report;

    program_add(&p);
    data_fill(rig->f);
    packet = fp_load(rig->f, &p, 0xfeedfacecafeull);
    fq_push(&rig->q, &packet);
    assert_true(fq_sync(&rig->q));
    report = fp_report(rig->f, &p);
    assert_int_equal(report->status, 0);
    assert_int_equal(report->insn, 3);
    assert_int_equal(report->cookie, 0xfeedfacecafeull);
    assert_true(report->host_start >= before);
    assert_true(report->host_end > report->host_start);
    assert_true(report->host_end <= fake_now());
    /* Two instructions of 1.2 and 0.8 MB at 486 bytes a ns, and latency. */
    assert_in_range(report->device_time, 4000, 4800);
    assert_true(report->bytes >= 5 * 4 * COUNT);
    assert_true(report->operations >= COUNT);
    /* Additions are bound by memory. */
    assert_true(report->peak_time > 0);
    assert_true(report->peak_time < report->device_time);
}

static void test_no_report(void **state)
{
    struct rig *rig = *state;
    struct fake_program p;
    struct npu_packet packet;

    fp_init(&p, 0);
    fp_stall(&p, 1);
    packet = fp_load(rig->f, &p, 1);
    packet.run.report = 0;
    fq_push(&rig->q, &packet);
    assert_true(fq_sync(&rig->q));
    assert_int_equal(fp_report(rig->f, &p)->status, 0xffffffff);
}

static void test_empty_program(void **state)
{
    struct rig *rig = *state;
    struct fake_program p;
    struct npu_packet packet;

    fp_init(&p, 0);
    packet = fp_load(rig->f, &p, 1);
    fq_push(&rig->q, &packet);
    assert_true(fq_sync(&rig->q));
    assert_int_equal(fp_report(rig->f, &p)->status, 0);
    assert_int_equal(fp_report(rig->f, &p)->insn, 0);
    assert_int_equal(fp_report(rig->f, &p)->device_time, 0);
}

/* The command processor does it: there may be nobody else. */
static void test_short_program_needs_no_worker(void **state)
{
    struct fake_config config = { .dies = 2, .threads = 1 };
    struct fake *f = fake_new(&config);
    struct fake_client client;
    struct fake_queue other, q;
    struct fake_program busy, empty;
    struct npu_packet packet;

    (void)state;
    fake_client_init(f, &client);
    fq_open(&other, f, 1, client.root, 1);
    fq_open(&q, f, 2, client.root, 2);
    fp_init(&empty, 0);
    packet = fp_load(f, &empty, 1);
    /* From now on the card knows where the ring is. */
    fq_push(&q, &packet);
    assert_true(fq_sync(&q));

    fp_init(&busy, PROGRAM_MAX);
    fp_insn(&busy, NPU_OP_FILL, 1,
            fp_vector(&busy, CLIENT_HOST_VA, NPU_DTYPE_S32, 16));
    packet = fp_load(f, &busy, 2);
    fq_push(&other, &packet);
    assert_true(fq_sync(&other));
    fake_hold(f, true);
    fq_push(&other, &packet);
    fake_wait_held(f);

    packet = fp_load(f, &empty, 3);
    fq_push(&q, &packet);
    assert_true(fq_sync(&q));
    assert_int_equal(fp_report(f, &empty)->cookie, 3);
    fake_hold(f, false);
    assert_true(fq_sync(&other));
    fake_free(f);
}

static void test_arguments_are_ignored_if_empty(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = fake_stall(rig->f, 0, 1);

    packet.run.args = 0xffffffff00000001ull;
    fq_push(&rig->q, &packet);
    assert_true(fq_sync(&rig->q));
}

static void test_scalar_from_arguments(void **state)
{
    struct rig *rig = *state;
    struct fake_program p;
    struct npu_packet packet;
    float *d = fake_client_ptr(rig->f, D_VA);
    float value = 2.5f;
    uint32_t bits;

    fp_init(&p, 0);
    fp_insn(&p, NPU_OP_FILL, 1, fp_vector(&p, D_VA, NPU_DTYPE_F32, 1000))
        ->scalar = 0;
    memcpy(&bits, &value, 4);
    p.args[p.bases] = bits;
    p.scalars = 1;
    packet = fp_load(rig->f, &p, 1);
    fq_push(&rig->q, &packet);
    assert_true(fq_sync(&rig->q));
    assert_true(d[0] == 2.5f && d[999] == 2.5f && d[1000] == 0);
}

/* The same program with other arguments works on other memory. */
static void test_arguments_change_between_runs(void **state)
{
    struct rig *rig = *state;
    struct fake_program p;
    struct npu_packet packet;
    uint64_t *args;
    uint32_t *d = fake_client_ptr(rig->f, D_VA);
    unsigned i;

    fp_init(&p, 0);
    fp_insn(&p, NPU_OP_FILL, 1, fp_vector(&p, D_VA, NPU_DTYPE_S32, 4))->imm = 7;
    packet = fp_load(rig->f, &p, 1);
    args = fake_client_ptr(rig->f, p.args_va);
    for (i = 0; i < 8; i++) {
        args[0] = D_VA + 64 * i;
        fq_push(&rig->q, &packet);
        assert_true(fq_sync(&rig->q));
        assert_int_equal(d[16 * i], 7);
        assert_int_equal(d[16 * (i + 1)], 0);
    }
}

static void test_1000_runs_in_order(void **state)
{
    struct rig *rig = *state;
    struct fake_program p;
    struct npu_packet packet;
    int32_t *d = fake_client_ptr(rig->f, D_VA);
    uint16_t x, one;
    unsigned i;

    fp_init(&p, 0);
    x = fp_vector(&p, D_VA, NPU_DTYPE_S32, 16);
    one = fp_vector(&p, A_VA, NPU_DTYPE_S32, 16);
    p.tensor[one].stride[0] = 0;
    *(int32_t *)fake_client_ptr(rig->f, A_VA) = 1;
    fp_insn(&p, NPU_OP_ADD, 3, x, x, one);
    packet = fp_load(rig->f, &p, 1);
    for (i = 0; i < 1000; i++) {
        fq_push(&rig->q, &packet);
        if (i % 50 == 49) {
            assert_true(fq_sync(&rig->q));
            assert_int_equal(d[15], i + 1);
        }
    }
}

static void test_program_in_host_memory(void **state)
{
    struct rig *rig = *state;
    struct fake_program p;
    struct npu_packet packet;
    int32_t *d = fake_ram_ptr(rig->f, rig->client.bus + 0x20000);

    fp_init(&p, 0);
    fp_insn(&p, NPU_OP_FILL, 1,
            fp_vector(&p, CLIENT_HOST_VA + 0x20000, NPU_DTYPE_S32, 5000))
        ->imm = 11;
    packet = fp_load(rig->f, &p, 9);
    memcpy(fake_ram_ptr(rig->f, rig->client.bus), fake_client_ptr(rig->f, p.va),
           PROGRAM_MAX);
    packet.run.program = CLIENT_HOST_VA;
    packet.run.args = CLIENT_HOST_VA + (p.args_va - p.va);
    packet.run.report = CLIENT_HOST_VA + (p.report_va - p.va);
    fq_push(&rig->q, &packet);
    assert_true(fq_sync(&rig->q));
    assert_true(d[0] == 11 && d[4999] == 11 && d[5000] == 0);
    assert_int_equal(((struct npu_report *)fake_ram_ptr(rig->f,
                                                        rig->client.bus +
                                                            p.report_va - p.va))
                         ->cookie,
                     9);
}

static void test_hbm_is_reported_written_before_the_fence(void **state)
{
    struct rig *rig = *state;
    struct fake_program p;
    struct npu_packet packet;

    fp_init(&p, 0);
    fp_insn(&p, NPU_OP_FILL, 1, fp_vector(&p, D_VA, NPU_DTYPE_S32, 1000));
    packet = fp_load(rig->f, &p, 9);
    packet.run.report = 0;
    fq_push(&rig->q, &packet);
    assert_true(fq_sync(&rig->q));
    assert_int_equal(rig->f->written_low, CLIENT_HBM + (D_VA - CLIENT_HBM_VA));
    assert_int_equal(rig->f->written_high,
                     CLIENT_HBM + (D_VA - CLIENT_HBM_VA) + 4000);
}

/* ---- Errors -------------------------------------------------------------- */

static void expect_run_error(struct rig *rig, struct fake_program *p,
                             const struct npu_packet *packet, uint32_t code,
                             struct npu_error *error)
{
    fq_expect(&rig->q, packet, code, error);
    assert_int_equal(error->cookie, packet->run.cookie);
    assert_int_equal(fp_report(rig->f, p)->status, code);
    assert_int_equal(fp_report(rig->f, p)->cookie, packet->run.cookie);
}

static void test_bad_magic(void **state)
{
    struct rig *rig = *state;
    struct fake_program p;
    struct npu_packet packet;
    struct npu_error error;

    program_add(&p);
    packet = fp_load(rig->f, &p, 5);
    *(uint32_t *)fake_client_ptr(rig->f, p.va) = 0;
    expect_run_error(rig, &p, &packet, NPU_ERR_PROGRAM, &error);
    assert_int_equal(error.insn, NPU_ERROR_NO_INSN);
    assert_int_equal(error.die, NPU_NONE);
}

static void test_program_size_does_not_match(void **state)
{
    struct rig *rig = *state;
    struct fake_program p;
    struct npu_packet packet;
    struct npu_error error;

    program_add(&p);
    packet = fp_load(rig->f, &p, 5);
    packet.run.program_size += 64;
    expect_run_error(rig, &p, &packet, NPU_ERR_PROGRAM, &error);
}

static void test_unknown_instruction(void **state)
{
    struct rig *rig = *state;
    struct fake_program p;
    struct npu_packet packet;
    struct npu_error error;

    program_add(&p);
    fp_insn(&p, 9999, 0);
    packet = fp_load(rig->f, &p, 5);
    expect_run_error(rig, &p, &packet, NPU_ERR_OPCODE, &error);
    assert_int_equal(error.insn, 3);
}

static void test_arguments_too_short(void **state)
{
    struct rig *rig = *state;
    struct fake_program p;
    struct npu_packet packet;
    struct npu_error error;

    program_add(&p);
    packet = fp_load(rig->f, &p, 5);
    packet.run.args_size -= 8;
    expect_run_error(rig, &p, &packet, NPU_ERR_ARGUMENTS, &error);
}

static void test_program_not_mapped(void **state)
{
    struct rig *rig = *state;
    struct fake_program p;
    struct npu_packet packet;
    struct npu_error error;

    program_add(&p);
    packet = fp_load(rig->f, &p, 5);
    packet.run.program = 0x8000;
    expect_run_error(rig, &p, &packet, NPU_ERR_PAGE_FAULT, &error);
    assert_int_equal(error.address, 0x8000);
    assert_int_equal(error.space, NPU_SPACE_CLIENT);
}

static void test_arguments_not_mapped(void **state)
{
    struct rig *rig = *state;
    struct fake_program p;
    struct npu_packet packet;
    struct npu_error error;

    program_add(&p);
    packet = fp_load(rig->f, &p, 5);
    packet.run.args = 0x8000;
    expect_run_error(rig, &p, &packet, NPU_ERR_PAGE_FAULT, &error);
}

static void test_report_not_mapped(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = fake_stall(rig->f, 0, 1);
    struct npu_error error;

    packet.run.report = 0x9000;
    fq_expect(&rig->q, &packet, NPU_ERR_PAGE_FAULT, &error);
    assert_int_equal(error.address, 0x9000);
}

static void test_report_not_writable(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = fake_stall(rig->f, 0, 1);
    struct npu_error error;

    fake_map(rig->f, rig->client.root, 0x9000, CLIENT_HBM, 4096, MAP_HBM);
    packet.run.report = 0x9000;
    fq_expect(&rig->q, &packet, NPU_ERR_WRITE_FAULT, &error);
    assert_int_equal(error.address, 0x9000);
}

/* The first error is the one that is told. */
static void test_bad_program_and_bad_report(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = fake_stall(rig->f, 0, 1);

    packet.run.report = 0x9000;
    packet.run.program = 0x8000;
    fq_expect(&rig->q, &packet, NPU_ERR_PAGE_FAULT, NULL);
}

static void test_operand_not_mapped(void **state)
{
    struct rig *rig = *state;
    struct fake_program p;
    struct npu_packet packet;
    struct npu_error error;
    uint16_t a, b, d;

    fp_init(&p, 0);
    a = fp_vector(&p, A_VA, NPU_DTYPE_F32, 1000);
    b = fp_vector(&p, 0x700000000000ull, NPU_DTYPE_F32, 1000);
    d = fp_vector(&p, D_VA, NPU_DTYPE_F32, 1000);
    fp_insn(&p, NPU_OP_ADD, 3, d, a, a);
    fp_insn(&p, NPU_OP_ADD, 3, d, a, b);
    packet = fp_load(rig->f, &p, 5);
    expect_run_error(rig, &p, &packet, NPU_ERR_PAGE_FAULT, &error);
    assert_int_equal(error.insn, 1);
    assert_int_equal(error.operand, 2);
    assert_true(error.die < 8);
    assert_int_equal(error.space, NPU_SPACE_CLIENT);
    assert_in_range(error.address, 0x700000000000ull, 0x700000000000ull + 3999);
    assert_int_equal(fp_report(rig->f, &p)->insn, 1);
}

static void test_destination_not_writable(void **state)
{
    struct rig *rig = *state;
    struct fake_program p;
    struct npu_packet packet;
    struct npu_error error;

    fake_map(rig->f, rig->client.root, 0x10000, CLIENT_HBM, 4096, MAP_HBM);
    fp_init(&p, 0);
    fp_insn(&p, NPU_OP_FILL, 1, fp_vector(&p, 0x10000, NPU_DTYPE_F32, 16));
    packet = fp_load(rig->f, &p, 5);
    expect_run_error(rig, &p, &packet, NPU_ERR_WRITE_FAULT, &error);
    assert_int_equal(error.operand, 0);
    assert_in_range(error.address, 0x10000, 0x1003f);
}

static void test_host_operand_unreachable(void **state)
{
    struct rig *rig = *state;
    struct fake_program p;
    struct npu_packet packet;
    struct npu_error error;

    fake_map(rig->f, rig->client.root, 0x10000, 0x5000, 4096,
             MAP_HOST | MAP_WRITE);
    fp_init(&p, 0);
    fp_insn(&p, NPU_OP_FILL, 1, fp_vector(&p, 0x10000, NPU_DTYPE_F32, 16));
    packet = fp_load(rig->f, &p, 5);
    expect_run_error(rig, &p, &packet, NPU_ERR_DMA, &error);
}

static void test_gather_index(void **state)
{
    struct rig *rig = *state;
    struct fake_program p;
    struct npu_packet packet;
    struct npu_error error;
    uint16_t a, b, d;

    fp_init(&p, 0);
    a = fp_vector(&p, A_VA, NPU_DTYPE_F32, 10);
    b = fp_vector(&p, B_VA, NPU_DTYPE_S32, 4);
    d = fp_vector(&p, D_VA, NPU_DTYPE_F32, 4);
    ((int32_t *)fake_client_ptr(rig->f, B_VA))[3] = 10;
    fp_insn(&p, NPU_OP_GATHER, 3, d, a, b);
    packet = fp_load(rig->f, &p, 5);
    expect_run_error(rig, &p, &packet, NPU_ERR_INDEX, &error);
    assert_int_equal(error.insn, 0);
    assert_true(error.die < 8);
}

/* ---- Dies ---------------------------------------------------------------- */

static void check_gang(struct rig *rig, uint32_t mask)
{
    uint64_t host[8], device[8], tiles[8];
    struct fake_program p;
    struct npu_packet packet;
    struct fake_queue q;
    unsigned die;

    for (die = 0; die < 8; die++) {
        host[die] = rd64(rig->f, NPU_REG_DIE(die) + NPU_DIE_BUSY_HOST);
        device[die] = rd64(rig->f, NPU_REG_DIE(die) + NPU_DIE_BUSY_DEVICE);
        tiles[die] = rd64(rig->f, NPU_REG_DIE(die) + NPU_DIE_TILES);
    }
    program_add(&p);
    data_fill(rig->f);
    packet = fp_load(rig->f, &p, 1);
    fq_open(&q, rig->f, mask, rig->client.root, mask);
    fq_push(&q, &packet);
    assert_true(fq_sync(&q));
    data_check(rig->f);
    for (die = 0; die < 8; die++) {
        bool in = mask & (1u << die);
        uint64_t base = NPU_REG_DIE(die);

        assert_true((rd64(rig->f, base + NPU_DIE_BUSY_HOST) > host[die]) == in);
        assert_true((rd64(rig->f, base + NPU_DIE_BUSY_DEVICE) > device[die]) ==
                    in);
        assert_true((rd64(rig->f, base + NPU_DIE_TILES) > tiles[die]) == in);
        assert_int_equal(rd32(rig->f, base + NPU_DIE_STATE), NPU_DIE_IDLE);
    }
}

static void test_counters_rise_for_the_gang_only(void **state)
{
    uint32_t masks[] = { 0x01, 0x80, 0x81, 0x2a, 0x7f, 0xff };
    unsigned i;

    for (i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
        check_gang(*state, masks[i]);
    }
}

static void test_queue_counters(void **state)
{
    struct rig *rig = *state;
    struct fake_program p;
    struct npu_packet packet;
    uint64_t tiles = 0;
    unsigned die;

    program_add(&p);
    packet = fp_load(rig->f, &p, 1);
    fq_push(&rig->q, &packet);
    assert_true(fq_sync(&rig->q));
    for (die = 0; die < 8; die++) {
        tiles += rd64(rig->f, NPU_REG_DIE(die) + NPU_DIE_TILES);
    }
    assert_int_equal(fq_reg(&rig->q, NPU_QUEUE_TILES), tiles);
    assert_int_equal(rd64(rig->f, NPU_REG_DEVICE_TIME),
                     fp_report(rig->f, &p)->device_time);
    assert_int_equal(fq_record(&rig->q)->device_time,
                     fp_report(rig->f, &p)->device_time);
}

/* Half the dies have half the bandwidth. */
static void test_device_time_scales_with_the_gang(void **state)
{
    struct rig *rig = *state;
    uint64_t device_time[2];
    struct fake_program p;
    struct npu_packet packet;
    struct fake_queue q;
    unsigned i;

    for (i = 0; i < 2; i++) {
        program_add(&p);
        packet = fp_load(rig->f, &p, 1);
        fq_open(&q, rig->f, 10 + i, rig->client.root, i ? 0xff : 0x0f);
        fq_push(&q, &packet);
        assert_true(fq_sync(&q));
        device_time[i] = fp_report(rig->f, &p)->device_time - 2 * 120;
    }
    assert_in_range(device_time[0], 2 * device_time[1] - 4,
                    2 * device_time[1] + 4);
}

static void test_state_while_executing(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet;
    struct fake_program p;
    uint64_t first;

    fp_init(&p, 0);
    fp_insn(&p, NPU_OP_NOP, 0);
    fp_stall(&p, 300);
    packet = fp_load(rig->f, &p, 1);
    fq_push(&rig->q, &packet);
    assert_true(fq_wait_state(&rig->q, NPU_QUEUE_EXECUTING));
    assert_int_equal(rd32(rig->f, NPU_REG_DIE(5) + NPU_DIE_STATE),
                     NPU_DIE_RUNNING);
    fake_sleep_ms(5);
    first = fq_reg(&rig->q, NPU_QUEUE_EXEC_TIME);
    assert_true(first >= 4 * MS);
    fake_sleep_ms(5);
    assert_true(fq_reg(&rig->q, NPU_QUEUE_EXEC_TIME) >= first + 4 * MS);
    assert_int_equal(rd32(rig->f, NPU_REG_QUEUE(0) + NPU_QUEUE_INSN), 1);
    assert_true(fq_sync(&rig->q));
    assert_int_equal(fq_reg(&rig->q, NPU_QUEUE_EXEC_TIME), 0);
    assert_int_equal(rd32(rig->f, NPU_REG_DIE(5) + NPU_DIE_STATE),
                     NPU_DIE_IDLE);
}

static void test_stall_takes_its_time(void **state)
{
    struct rig *rig = *state;
    struct npu_packet packet = fake_stall(rig->f, 0, 30);
    uint64_t start = fake_now();

    fq_push(&rig->q, &packet);
    assert_true(fq_sync(&rig->q));
    assert_in_range(fake_now() - start, 30 * MS, 30 * MS + fake_limit(200));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add_on_1_dies_1_threads),
        cmocka_unit_test(test_add_on_1_dies_4_threads),
        cmocka_unit_test(test_add_on_3_dies_1_threads),
        cmocka_unit_test(test_add_on_3_dies_4_threads),
        cmocka_unit_test(test_add_on_8_dies_1_threads),
        cmocka_unit_test(test_add_on_8_dies_4_threads),
        TEST(test_report),
        TEST(test_no_report),
        TEST(test_empty_program),
        cmocka_unit_test(test_short_program_needs_no_worker),
        TEST(test_arguments_are_ignored_if_empty),
        TEST(test_scalar_from_arguments),
        TEST(test_arguments_change_between_runs),
        TEST(test_1000_runs_in_order),
        TEST(test_program_in_host_memory),
        TEST(test_hbm_is_reported_written_before_the_fence),
        TEST(test_bad_magic),
        TEST(test_program_size_does_not_match),
        TEST(test_unknown_instruction),
        TEST(test_arguments_too_short),
        TEST(test_program_not_mapped),
        TEST(test_arguments_not_mapped),
        TEST(test_report_not_mapped),
        TEST(test_report_not_writable),
        TEST(test_bad_program_and_bad_report),
        TEST(test_operand_not_mapped),
        TEST(test_destination_not_writable),
        TEST(test_host_operand_unreachable),
        TEST(test_gather_index),
        TEST(test_counters_rise_for_the_gang_only),
        TEST(test_queue_counters),
        TEST(test_device_time_scales_with_the_gang),
        TEST(test_state_while_executing),
        TEST(test_stall_takes_its_time),
    };

    return cmocka_run_group_tests_name("core runs", tests, NULL, NULL);
}
