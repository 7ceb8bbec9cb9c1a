/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host memory that programs take: bounded for the whole card, however many queues
 * want to run large ones.
 */
#include <malloc.h>

#include "card.h"
#include "support-core.h"

#define QUEUES 40
#define PROGRAM_VA (1ull << 30)
#define PROGRAM_HBM (4ull * FAKE_DIE_HBM)
#define PROGRAM_INSNS 4000u
#define PROGRAM_TENSORS NPU_MAX_TENSORS

/* What a card takes beside programs, and the allocator for itself. */
#define SLACK (8u << 20)

/* ---- Memory of the process, counted --------------------------------------- */

static size_t held, peak;

void *__real_malloc(size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void __wrap_free(void *block);

void *__wrap_malloc(size_t size)
{
    void *block = __real_malloc(size);
    size_t now = __atomic_add_fetch(&held, malloc_usable_size(block),
                                    __ATOMIC_SEQ_CST);
    size_t most = __atomic_load_n(&peak, __ATOMIC_SEQ_CST);

    while (now > most &&
           !__atomic_compare_exchange_n(&peak, &most, now, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
        continue;
    }
    return block;
}

void __wrap_free(void *block)
{
    __atomic_sub_fetch(&held, malloc_usable_size(block), __ATOMIC_SEQ_CST);
    __real_free(block);
}

/* ---- Many queues, one large program --------------------------------------- */

struct rig {
    struct fake *f;
    struct fake_client client;
    struct fake_queue q[QUEUES];
    struct npu_packet large;
};

/* As many tensors as there may be, and a stall that lasts until it is stopped. */
static void make_large_program(struct rig *rig)
{
    struct npu_program_header *header = (void *)(rig->f->hbm + PROGRAM_HBM);
    struct npu_insn *insn = (void *)(header + 1);
    struct npu_tensor *tensor = (void *)(insn + PROGRAM_INSNS);
    unsigned i;

    header->magic = NPU_PROGRAM_MAGIC;
    header->isa_major = NPU_ISA_MAJOR;
    header->insn_count = PROGRAM_INSNS;
    header->tensor_count = PROGRAM_TENSORS;
    header->base_count = 1;
    for (i = 0; i < PROGRAM_INSNS; i++) {
        insn[i].opcode = i ? NPU_OP_NOP : NPU_OP_STALL;
        insn[i].scalar = NPU_NONE;
        memset(insn[i].operand, 0xff, sizeof(insn[i].operand));
    }
    for (i = 0; i < PROGRAM_TENSORS; i++) {
        tensor[i].dtype = NPU_DTYPE_F32;
        tensor[i].rank = 1;
        tensor[i].extent[0] = 1;
        tensor[i].stride[0] = 4;
    }
    memset(&rig->large, 0, sizeof(rig->large));
    rig->large.opcode = NPU_PACKET_RUN;
    rig->large.run.program = PROGRAM_VA;
    rig->large.run.program_size = (uint8_t *)(tensor + PROGRAM_TENSORS) -
                                  (uint8_t *)header;
    rig->large.run.args = CLIENT_HBM_VA; /* zeros */
    rig->large.run.args_size = 8;
}

static int setup(void **state)
{
    struct rig *rig = calloc(1, sizeof(*rig));

    rig->f = fake_default();
    fake_client_init(rig->f, &rig->client);
    fake_map(rig->f, rig->client.root, PROGRAM_VA, PROGRAM_HBM, FAKE_DIE_HBM,
             MAP_HBM);
    make_large_program(rig);
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

/* Until the card's threads have nothing to do any more. */
static void wait_idle(void)
{
    uint64_t before;

    do {
        before = fake_cpu();
        fake_sleep_ms(100);
    } while (fake_cpu() - before > 3 * MS);
}

/* All on die 0, in turns. */
static void run_large(struct rig *rig)
{
    unsigned i;

    for (i = 0; i < QUEUES; i++) {
        fq_open(&rig->q[i], rig->f, i, rig->client.root, 1);
        fq_push(&rig->q[i], &rig->large);
    }
    assert_true(fq_wait_state(&rig->q[0], NPU_QUEUE_EXECUTING));
    wait_idle();
}

static void stop_large(struct rig *rig)
{
    struct npu_error error;
    unsigned i;

    for (i = 0; i < QUEUES; i++) {
        fq_control(&rig->q[i], NPU_QUEUE_CONTROL_STOP);
        assert_true(fq_wait_state(&rig->q[i], NPU_QUEUE_ERRORED));
        fq_error(&rig->q[i], &error);
        assert_int_equal(error.code, NPU_ERR_STOPPED);
    }
}

static void push_small(struct rig *rig, struct fake_queue *q)
{
    struct fake_program p;
    struct npu_packet packet;

    fp_init(&p, PROGRAM_MAX);
    fp_insn(&p, NPU_OP_FILL, 1,
            fp_vector(&p, CLIENT_HBM_VA + 0x100000, NPU_DTYPE_S32, 8))
        ->imm = 77;
    packet = fp_load(rig->f, &p, 0);
    fq_push(q, &packet);
    fq_fence(q);
}

static void check_small(struct rig *rig, struct fake_queue *q)
{
    const int32_t *d = fake_client_ptr(rig->f, CLIENT_HBM_VA + 0x100000);

    assert_true(fq_wait_fence(q, q->sequence));
    assert_int_equal(d[7], 77);
}

static void test_programs_fit_in_the_room(void **state)
{
    struct rig *rig = *state;
    size_t before = __atomic_load_n(&held, __ATOMIC_SEQ_CST);
    struct fake_queue small;
    unsigned i;

    __atomic_store_n(&peak, before, __ATOMIC_SEQ_CST);
    run_large(rig);
    /* Several at a time, but not all. */
    assert_in_range(peak - before, 4 * rig->large.run.program_size,
                    NPU_PROGRAM_ROOM + SLACK);
    for (i = 1; i < QUEUES; i++) {
        assert_in_range(fq_state(&rig->q[i]), NPU_QUEUE_WAITING,
                        NPU_QUEUE_EXECUTING);
    }

    /* A small one on an idle die waits, too, and runs when it can. */
    fq_open(&small, rig->f, QUEUES, rig->client.root, 2);
    push_small(rig, &small);
    assert_true(fq_wait_state(&small, NPU_QUEUE_WAITING));
    wait_idle();
    assert_int_equal(fq_state(&small), NPU_QUEUE_WAITING);
    assert_int_equal(fq_reg(&small, NPU_QUEUE_EXEC_TIME), 0);
    stop_large(rig);
    assert_in_range(peak - before, 0, NPU_PROGRAM_ROOM + SLACK);
    check_small(rig, &small);
}

static void test_stop_while_waiting_for_room(void **state)
{
    struct rig *rig = *state;
    struct fake_queue small;

    run_large(rig);
    fq_open(&small, rig->f, QUEUES, rig->client.root, 2);
    push_small(rig, &small);
    assert_true(fq_wait_state(&small, NPU_QUEUE_WAITING));
    wait_idle();
    fq_control(&small, NPU_QUEUE_CONTROL_STOP);
    assert_true(fq_wait_state(&small, NPU_QUEUE_ERRORED));
    stop_large(rig);
    fq_reopen(&small);
    push_small(rig, &small);
    check_small(rig, &small);
}

/* The end of the card, too: teardown. */
static void test_reset_while_they_wait(void **state)
{
    struct rig *rig = *state;
    struct fake_queue small;

    run_large(rig);
    npu_card_reset(rig->f->card);
    assert_true(fake_wait_ready(rig->f));
    rig->f->ram_top = CLIENT_SIZE;
    fq_open(&small, rig->f, QUEUES, rig->client.root, 2);
    push_small(rig, &small);
    check_small(rig, &small);
    run_large(rig);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_programs_fit_in_the_room),
        TEST(test_stop_while_waiting_for_room),
        TEST(test_reset_while_they_wait),
    };

    return cmocka_run_group_tests_name("core room for programs", tests, NULL,
                                       NULL);
}
