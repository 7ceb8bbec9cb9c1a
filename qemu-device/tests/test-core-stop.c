/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tiles that take long: who wants one to end, or to stand still, does not wait for
 * its end.  The longest ones that a program can have are in a table.
 */
#include "support-core.h"

#define BIG_VA (1ull << 30) /* a page of host memory, then 512 MiB of HBM */
#define BIG_HBM (64ull << 20)
#define BIG_SIZE (512ull << 20)
#define LARGE_PAGE (2ull << 20)
#define RESULT_VA CLIENT_HBM_VA
#define PROGRAM_AT (1u << 20) /* in client memory */

#define MOST NPU_MAX_CONTRACTION
#define FAR 72 /* bytes between elements: a cache line each, and more */

/* Shorter tiles than that, in ns, tell nothing about how they are stopped. */
#define LONG_NS (15 * MS)
#define LONGEST_OF_ALL 4 /* in the table */
#define ATTEMPTS 8

struct rig {
    struct fake *f;
    struct fake_client client;
    struct fake_queue q;
};

static int setup(void **state)
{
    struct fake_config config = { .hbm_size = 8 * (80ull << 20) };
    struct rig *rig = calloc(1, sizeof(*rig));
    uint64_t done;

    rig->f = fake_new(&config);
    fake_client_init(rig->f, &rig->client);
    for (done = 0; done < BIG_SIZE; done += LARGE_PAGE) {
        *fake_pte(rig->f, rig->client.root, BIG_VA + done,
                  1) = (BIG_HBM + done) | MAP_HBM | MAP_WRITE | NPU_PTE_LEAF |
                       NPU_PTE_VALID;
    }
    *fake_pte(rig->f, rig->client.root, BIG_VA, 1) = fake_table(rig->f) |
                                                     NPU_PTE_VALID;
    fake_map(rig->f, rig->client.root, BIG_VA, BIG_HBM, LARGE_PAGE,
             MAP_HBM | MAP_WRITE);
    fake_map(rig->f, rig->client.root, BIG_VA, fake_ram(rig->f, 4096), 4096,
             MAP_HOST | MAP_WRITE);
    fq_open(&rig->q, rig->f, 0, rig->client.root, 1);
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

/* ---- The longest tiles ---------------------------------------------------- */

/* A dense tensor, but for the stride of one dimension. */
static uint16_t tensor(struct fake_program *p, uint64_t va, unsigned dtype,
                       unsigned rank, const uint64_t *extent, unsigned dim,
                       int64_t stride)
{
    uint16_t index = fp_tensor(p, va, dtype, rank, extent);

    if (stride) {
        p->tensor[index].stride[dim] = stride;
    }
    return index;
}

static void reduction(struct fake_program *p, unsigned op, unsigned dtype,
                      int64_t stride)
{
    uint64_t one = 1, most = MOST;
    unsigned result = op == NPU_OP_ARGMAX ? NPU_DTYPE_S32 : dtype;

    fp_insn(p, op, 2, tensor(p, RESULT_VA, result, 1, &one, 0, 0),
            tensor(p, BIG_VA, dtype, 1, &most, 0, stride));
}

static void softmax(struct fake_program *p, unsigned dtype, int64_t stride)
{
    uint64_t most = MOST;

    fp_insn(p, NPU_OP_SOFTMAX, 2, tensor(p, BIG_VA, dtype, 1, &most, 0, stride),
            tensor(p, BIG_VA, dtype, 1, &most, 0, stride));
}

static void matmul(struct fake_program *p, unsigned dtype, int64_t stride)
{
    uint64_t d[2] = { 1, 1 }, a[2] = { 1, MOST }, b[2] = { MOST, 1 };

    fp_insn(p, NPU_OP_MATMUL, 3,
            tensor(p, RESULT_VA, NPU_DTYPE_F32, 2, d, 0, 0),
            tensor(p, BIG_VA, dtype, 2, a, 1, stride),
            tensor(p, BIG_VA, dtype, 2, b, 0, stride));
}

static void window(struct npu_insn *insn, unsigned kernel)
{
    unsigned i;

    for (i = 0; i < 3; i++) {
        insn->window.kernel[i] = i < 2 ? kernel : 1;
        insn->window.stride[i] = 1;
        insn->window.dilation[i] = 1;
    }
}

/* A million input channels of two by two pixels */
static void convolution(struct fake_program *p, unsigned dtype, int64_t stride)
{
    uint64_t d[4] = { 1, 1, 1, 1 }, a[4] = { 1, MOST / 4, 2, 2 };

    window(fp_insn(p, NPU_OP_CONV2D, 3, tensor(p, RESULT_VA, dtype, 4, d, 0, 0),
                   tensor(p, BIG_VA, dtype, 4, a, 1, stride),
                   tensor(p, BIG_VA, dtype, 4, a, 1, stride)),
           2);
}

static void pooling(struct fake_program *p, unsigned dtype, int64_t stride)
{
    uint64_t d[4] = { 1, 1, 1, 1 }, a[4] = { 1, 1, 2048, 2048 };

    window(fp_insn(p, NPU_OP_AVGPOOL2D, 2,
                   tensor(p, RESULT_VA, dtype, 4, d, 0, 0),
                   tensor(p, BIG_VA, dtype, 4, a, 3, stride)),
           2048);
}

static void longest(struct fake_program *p, unsigned which)
{
    fp_init(p, PROGRAM_AT);
    switch (which) {
    case 0:
        reduction(p, NPU_OP_REDUCE_SUM, NPU_DTYPE_F32, 0);
        break;
    case 1:
        reduction(p, NPU_OP_REDUCE_MAX, NPU_DTYPE_S32, FAR);
        break;
    case 2:
        reduction(p, NPU_OP_ARGMAX, NPU_DTYPE_F16, FAR);
        break;
    case 3:
        softmax(p, NPU_DTYPE_F16, 0);
        break;
    case 4:
        softmax(p, NPU_DTYPE_F32, FAR);
        break;
    case 5:
        matmul(p, NPU_DTYPE_F16, 0);
        break;
    case 6:
        matmul(p, NPU_DTYPE_F32, FAR);
        break;
    case 7:
        convolution(p, NPU_DTYPE_F32, 0);
        break;
    case 8:
        convolution(p, NPU_DTYPE_F16, 2 * FAR);
        break;
    default:
        pooling(p, NPU_DTYPE_F16, FAR);
    }
}

#define LONGEST 10

/* ---- How long each takes, and to stop it --------------------------------- */

/*
 * All times are those of the CPU, of all threads: others on the machine do not
 * change them.
 */
static uint64_t run_time(struct rig *rig, struct npu_packet *packet,
                         const struct fake_program *p)
{
    uint64_t since = fake_cpu();

    fq_push(&rig->q, packet);
    assert_true(fq_sync(&rig->q));
    assert_int_equal(fp_report(rig->f, p)->status, NPU_ERR_NONE);
    assert_int_equal(fq_reg(&rig->q, NPU_QUEUE_TILES), 1);
    return fake_cpu() - since;
}

/* The second time, when its memory has been touched. */
static uint64_t tile_time(struct rig *rig, struct npu_packet *packet,
                          const struct fake_program *p)
{
    run_time(rig, packet, p);
    fq_reopen(&rig->q);
    return run_time(rig, packet, p);
}

/* Stop it when it is in its first access, which is one to host memory. */
static uint64_t stop_time(struct rig *rig, struct npu_packet *packet)
{
    struct npu_error error;
    uint64_t since;

    fq_reopen(&rig->q);
    assert_true(fq_sync(&rig->q)); /* the ring is translated */
    fake_hold(rig->f, true);
    fq_push(&rig->q, packet);
    fake_wait_held(rig->f);
    since = fake_cpu();
    fq_control(&rig->q, NPU_QUEUE_CONTROL_STOP);
    assert_int_equal(fq_state(&rig->q), NPU_QUEUE_STOPPING);
    fake_hold(rig->f, false);
    while (fq_state(&rig->q) != NPU_QUEUE_ERRORED) {
        fake_sleep_ms(1);
    }
    since = fake_cpu() - since;
    fq_error(&rig->q, &error);
    assert_int_equal(error.code, NPU_ERR_STOPPED);
    assert_int_equal(error.insn, 0);
    assert_int_equal(error.address, 0);
    assert_int_equal(error.operand, NPU_NONE);
    return since;
}

static void test_longest_tiles_end_when_told(void **state)
{
    struct rig *rig = *state;
    unsigned which, found = 0;

    for (which = 0; which < LONGEST; which++) {
        struct fake_program p;
        struct npu_packet packet;
        uint64_t time, stop;

        longest(&p, which);
        packet = fp_load(rig->f, &p, which);
        fq_reopen(&rig->q);
        time = tile_time(rig, &packet, &p);
        stop = stop_time(rig, &packet);
        print_message("# tile %u: %.1f ms, stopped after %.1f ms\n", which,
                      time / 1e6, stop / 1e6);
        assert_int_equal(fp_report(rig->f, &p)->status, NPU_ERR_STOPPED);
        if (time > LONG_NS) {
            assert_true(stop < time / 2);
            found++;
        }
    }
    assert_true(found > 2);
}

/*
 * What @measure takes in the middle of the longest tile, at the most in some
 * attempts: others on the machine let the tile go on to where it likes.
 */
static void measure(struct rig *rig, const char *what,
                    uint64_t (*measure)(struct rig *rig))
{
    uint64_t time, most = 0, since;
    struct fake_program p;
    struct npu_packet packet;
    unsigned i;

    longest(&p, LONGEST_OF_ALL);
    for (i = 0; i < p.bases; i++) {
        p.args[i] += LARGE_PAGE; /* nothing is in host memory */
    }
    packet = fp_load(rig->f, &p, 0);
    time = tile_time(rig, &packet, &p);
    for (i = 0; i < ATTEMPTS; i++) {
        fq_reopen(&rig->q);
        since = fake_cpu();
        fq_push(&rig->q, &packet);
        while (fake_cpu() - since < time / 8) {
            fake_sleep_ms(1);
        }
        since = measure(rig);
        most = since > most ? since : most;
    }
    print_message("# a tile of %.1f ms %s after %.1f ms\n", time / 1e6, what,
                  most / 1e6);
    assert_true(most < time / 2);
}

/* VM stop; then it goes on, to its end. */
static uint64_t pause_time(struct rig *rig)
{
    uint64_t since = fake_cpu();

    npu_card_quiesce(rig->f->card);
    since = fake_cpu() - since;
    npu_card_resume(rig->f->card);
    assert_true(fq_sync(&rig->q));
    assert_int_equal(fq_reg(&rig->q, NPU_QUEUE_TILES), 1);
    return since;
}

static void test_a_long_tile_pauses_when_told(void **state)
{
    measure(*state, "paused", pause_time);
}

static uint64_t reset_time(struct rig *rig)
{
    uint64_t since = fake_cpu();

    npu_card_reset(rig->f->card);
    assert_true(fake_wait_ready(rig->f));
    since = fake_cpu() - since;
    fq_open(&rig->q, rig->f, 0, rig->client.root, 1);
    return since;
}

static void test_reset_does_not_wait_for_a_tile(void **state)
{
    measure(*state, "reset", reset_time);
}

/* ---- What must not change ------------------------------------------------- */

/* A sum of ones, in the way of nothing that is stopped or paused. */
static void check_sum(struct rig *rig, struct fake_queue *q, uint64_t n)
{
    const float *result = fake_client_ptr(rig->f, RESULT_VA + 4096);
    struct fake_program p;
    struct npu_packet packet;

    fp_init(&p, 2 * PROGRAM_AT);
    fp_insn(&p, NPU_OP_REDUCE_SUM, 2,
            fp_vector(&p, RESULT_VA + 4096, NPU_DTYPE_F32, 1),
            fp_vector(&p, BIG_VA + (256 << 20), NPU_DTYPE_F32, n));
    packet = fp_load(rig->f, &p, 0);
    fq_push(q, &packet);
    assert_true(fq_sync(q));
    assert_true(*result == (float)n);
}

static void fill_ones(struct rig *rig, uint64_t n)
{
    float *ones = (float *)(rig->f->hbm + BIG_HBM + (256 << 20));
    uint64_t i;

    for (i = 0; i < n; i++) {
        ones[i] = 1;
    }
}

static void test_others_go_on(void **state)
{
    struct rig *rig = *state;
    struct fake_queue other;
    struct fake_program p;
    struct npu_packet packet;
    unsigned i;

    fill_ones(rig, 100000);
    fq_open(&other, rig->f, 1, rig->client.root, 2);
    longest(&p, 4);
    packet = fp_load(rig->f, &p, 0);
    for (i = 0; i < 10; i++) {
        check_sum(rig, &other, 100000 - i);
        fq_reopen(&rig->q);
        fq_push(&rig->q, &packet);
        check_sum(rig, &other, 90000 - i);
        fq_control(&rig->q, NPU_QUEUE_CONTROL_STOP);
        check_sum(rig, &other, 80000 - i);
        while (fq_state(&rig->q) < NPU_QUEUE_STOPPED) {
            fake_sleep_ms(1);
        }
    }
}

struct pauser {
    struct fake *f;
    bool stop;
};

static void *pause_often(void *opaque)
{
    struct pauser *pauser = opaque;

    while (!__atomic_load_n(&pauser->stop, __ATOMIC_SEQ_CST)) {
        npu_card_quiesce(pauser->f->card);
        fake_sleep_ms(1);
        npu_card_resume(pauser->f->card);
        fake_sleep_ms(2);
    }
    return NULL;
}

static void test_pauses_change_no_result(void **state)
{
    struct rig *rig = *state;
    struct pauser pauser = { .f = rig->f };
    pthread_t thread;
    unsigned i;

    fill_ones(rig, MOST);
    assert_int_equal(pthread_create(&thread, NULL, pause_often, &pauser), 0);
    for (i = 0; i < 10; i++) {
        check_sum(rig, &rig->q, MOST - i);
    }
    __atomic_store_n(&pauser.stop, true, __ATOMIC_SEQ_CST);
    pthread_join(thread, NULL);
}

/*
 * Each page of host memory is translated by itself, so that accesses can be
 * counted: a tile that went on to its end would need a thousand.
 */
static void test_no_access_after_a_stop(void **state)
{
    struct rig *rig = *state;
    uint64_t n = CLIENT_SIZE / 2, one = 1;
    struct fake_program p;
    struct npu_packet packet;
    unsigned before;

    fp_init(&p, PROGRAM_AT);
    fp_insn(&p, NPU_OP_REDUCE_SUM, 2,
            tensor(&p, RESULT_VA, NPU_DTYPE_F16, 1, &one, 0, 0),
            tensor(&p, CLIENT_HOST_VA, NPU_DTYPE_F16, 1, &n, 0, 0));
    packet = fp_load(rig->f, &p, 0);
    assert_true(fq_sync(&rig->q));
    __atomic_store_n(&rig->f->chunk, 4096, __ATOMIC_SEQ_CST);
    fake_hold(rig->f, true);
    fq_push(&rig->q, &packet);
    fake_wait_held(rig->f);
    before = __atomic_load_n(&rig->f->translations, __ATOMIC_SEQ_CST);
    fq_control(&rig->q, NPU_QUEUE_CONTROL_STOP);
    fake_hold(rig->f, false);
    assert_true(fq_wait_state(&rig->q, NPU_QUEUE_ERRORED));
    assert_in_range(rig->f->translations - before, 0, 256);
    assert_int_equal(fp_report(rig->f, &p)->status, NPU_ERR_STOPPED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_longest_tiles_end_when_told),
        TEST(test_a_long_tile_pauses_when_told),
        TEST(test_reset_does_not_wait_for_a_tile),
        TEST(test_others_go_on),
        TEST(test_pauses_change_no_result),
        TEST(test_no_access_after_a_stop),
    };

    return cmocka_run_group_tests_name("core stop", tests, NULL, NULL);
}
