/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest that means harm: random packets, programs, registers and page tables,
 * from a seed, so that what is found can be found again.  The card must survive
 * it, and a queue beside them must go on with right answers.
 */
#include "support-core.h"

struct rig {
    struct fake *f;
    struct fake_client client;
    struct fake_queue good;
    struct fake_queue evil;
    uint64_t random;
};

static int setup(void **state)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    uint64_t root;

    rig->f = fake_default();
    rig->random = 0x9e3779b97f4a7c15ull;
    fake_client_init(rig->f, &rig->client);
    fq_open(&rig->good, rig->f, 0, rig->client.root, 0x0f);
    /* HBM of its own, so that it can spoil nothing but itself. */
    root = fake_table(rig->f);
    fake_map(rig->f, root, CLIENT_HBM_VA, 4 * FAKE_DIE_HBM, CLIENT_SIZE,
             MAP_HBM | MAP_WRITE);
    fq_setup(&rig->evil, rig->f, 1, root, 0x3c);
    fq_enable(&rig->evil);
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

static uint64_t next(struct rig *rig)
{
    rig->random ^= rig->random << 13;
    rig->random ^= rig->random >> 7;
    rig->random ^= rig->random << 17;
    return rig->random;
}

/* Mostly such numbers as are at the edge of something. */
static uint64_t next_number(struct rig *rig)
{
    /* clang-format off */
    static const uint64_t edges[] = {
        0, 1, 4, 8, 63, 64, 4095, 4096, CLIENT_HBM_VA, CLIENT_HBM_VA + 8,
        CLIENT_HBM_VA + CLIENT_SIZE - 64, 0xffffffff, 1ull << 32, 1ull << 47,
        1ull << 48, (1ull << 48) - 8, 1ull << 63, UINT64_MAX, UINT64_MAX - 7,
    };
    /* clang-format on */
    uint64_t number = next(rig);

    if (number % 8 == 0) {
        return next(rig);
    }
    return edges[number / 8 % (sizeof(edges) / sizeof(edges[0]))];
}

static void check_good_queue(struct rig *rig)
{
    int32_t *d = fake_client_ptr(rig->f, CLIENT_HBM_VA + 0x100000);
    struct fake_program p;
    struct npu_packet packet;
    int32_t value = next(rig);

    fp_init(&p, 0);
    fp_insn(&p, NPU_OP_FILL, 1,
            fp_vector(&p, CLIENT_HBM_VA + 0x100000, NPU_DTYPE_S32, 100))
        ->imm = value;
    packet = fp_load(rig->f, &p, 1);
    fq_push(&rig->good, &packet);
    assert_true(fq_sync(&rig->good));
    assert_int_equal(d[0], value);
    assert_int_equal(d[99], value);
}

/* Wait until it has nothing to do; bring it back to life if it has died. */
static void settle(struct rig *rig)
{
    struct fake_queue *q = &rig->evil;
    uint64_t end = fake_now() + 20 * MS;
    uint32_t state;

    for (;;) {
        state = fq_state(q);
        if (state == NPU_QUEUE_ERRORED || state == NPU_QUEUE_STOPPED ||
            (state == NPU_QUEUE_IDLE && fq_reg(q, NPU_QUEUE_HEAD) == q->tail)) {
            break;
        }
        if (fake_now() > end) {
            assert_int_not_equal(state, NPU_QUEUE_STOPPING);
            fq_control(q, NPU_QUEUE_CONTROL_STOP);
            end += 2000 * MS;
        }
    }
    if (state == NPU_QUEUE_ERRORED) {
        struct npu_error error;

        fq_error(q, &error);
        assert_in_range(error.code, 1, NPU_ERR_COUNT - 1);
    }
    if (state != NPU_QUEUE_IDLE) {
        fq_reopen(q);
    }
}

static bool harmless(const struct npu_packet *packet)
{
    /* HBM and host memory are a kernel's to write; it may shoot itself. */
    return packet->opcode == NPU_PACKET_RUN ||
           packet->dst_space == NPU_SPACE_CLIENT ||
           packet->dst_space > NPU_SPACE_HOST ||
           packet->opcode == NPU_PACKET_INVALIDATE;
}

static void random_packets(struct rig *rig, unsigned count, bool raw)
{
    unsigned i, word;

    for (i = 0; i < count; i++) {
        struct npu_packet packet = { 0 };

        packet.opcode = raw ? next(rig) : next(rig) % 9;
        packet.dst_space = next(rig) % (raw ? 256 : 4);
        packet.src_space = next(rig) % (raw ? 256 : 4);
        packet.pad = next(rig) % 8 ? 0 : next(rig);
        packet.pattern = next(rig) % 2 ? 0 : next(rig);
        for (word = 0; word < (next(rig) % 4 ? 3 : 7); word++) {
            packet.raw[word] = raw ? next(rig) : next_number(rig);
        }
        if (packet.opcode == NPU_PACKET_RUN) {
            packet.run.program_size = next_number(rig);
            packet.run.args_size = next_number(rig);
        }
        if (harmless(&packet)) {
            fq_push(&rig->evil, &packet);
            settle(rig);
        }
        if (i % 500 == 0) {
            check_good_queue(rig);
        }
    }
    check_good_queue(rig);
}

static void test_random_packets(void **state)
{
    random_packets(*state, 4000, true);
}

static void test_packets_with_edges(void **state)
{
    random_packets(*state, 6000, false);
}

/* A good program with bytes changed: it runs, or is refused. */
static void test_mutated_programs(void **state)
{
    struct rig *rig = *state;
    uint8_t *memory = rig->f->hbm + 4 * FAKE_DIE_HBM;
    struct fake_program p;
    struct npu_packet packet;
    unsigned i, j;
    uint16_t a, b, d;

    fp_init(&p, 0);
    a = fp_vector(&p, CLIENT_HBM_VA + 0x100000, NPU_DTYPE_F32, 1000);
    b = fp_vector(&p, CLIENT_HBM_VA + 0x110000, NPU_DTYPE_F32, 1000);
    d = fp_vector(&p, CLIENT_HBM_VA + 0x120000, NPU_DTYPE_F32, 1000);
    fp_insn(&p, NPU_OP_ADD, 3, d, a, b);
    fp_insn(&p, NPU_OP_FILL, 1, a);
    fp_insn(&p, NPU_OP_COPY, 2, a, d);
    packet = fp_load(rig->f, &p, 1);
    for (i = 0; i < 3000; i++) {
        memcpy(memory, fake_client_ptr(rig->f, p.va), PROGRAM_MAX);
        for (j = 0; j <= next(rig) % 4; j++) {
            size_t at = next(rig) % fp_image_size(&p);

            memory[at] ^= 1u << next(rig) % 8;
        }
        if (next(rig) % 4 == 0) {
            memory[p.args_va - p.va + next(rig) % 24] = next(rig);
        }
        fq_push(&rig->evil, &packet);
        settle(rig);
        if (i % 500 == 0) {
            check_good_queue(rig);
            packet = fp_load(rig->f, &p, 1);
        }
    }
}

/* The program changes while it is fetched and while it runs. */
static void test_program_changes_while_it_runs(void **state)
{
    struct rig *rig = *state;
    uint8_t *memory = rig->f->hbm + 4 * FAKE_DIE_HBM;
    struct fake_program p;
    struct npu_packet packet;
    unsigned i, j;

    fp_init(&p, 0);
    for (i = 0; i < 30; i++) {
        fp_insn(&p, NPU_OP_FILL, 1,
                fp_vector(&p, CLIENT_HBM_VA + 0x100000, NPU_DTYPE_S32, 50));
    }
    packet = fp_load(rig->f, &p, 1);
    for (i = 0; i < 200; i++) {
        memcpy(memory, fake_client_ptr(rig->f, p.va), PROGRAM_MAX);
        fq_push(&rig->evil, &packet);
        for (j = 0; j < 200; j++) {
            ((volatile uint8_t *)memory)[next(rig) % fp_image_size(&p)] = next(
                rig);
        }
        settle(rig);
    }
    check_good_queue(rig);
}

static void test_random_page_tables(void **state)
{
    struct rig *rig = *state;
    uint64_t root = rd64(rig->f, NPU_REG_QUEUE(1) + NPU_QUEUE_ROOT);
    uint64_t *tables = (uint64_t *)(rig->f->hbm + 5 * FAKE_DIE_HBM);
    uint64_t *entry = (uint64_t *)(rig->f->hbm + root);
    struct npu_packet packet = {
        .opcode = NPU_PACKET_COPY,
        .copy = { .size = 64 },
    };
    unsigned i;

    for (i = 0; i < 4096; i++) {
        /* Half of them lead to one another, the rest anywhere. */
        tables[i] = next(rig);
        if (i % 2) {
            tables[i] = (5ull * FAKE_DIE_HBM + tables[i] % 8 * NPU_PT_SIZE) |
                        NPU_PTE_VALID;
        }
    }
    for (i = 0; i < NPU_PT_ENTRIES; i++) {
        entry[i] = tables[i];
    }
    for (i = 0; i < 4000; i++) {
        struct npu_packet inv = {
            .opcode = NPU_PACKET_INVALIDATE,
            .invalidate.root = root,
        };

        packet.copy.src = next(rig) % (1ull << 48);
        packet.dst_space = NPU_SPACE_HBM;
        packet.copy.dst = 6ull * FAKE_DIE_HBM;
        fq_push(&rig->evil, i % 5 ? &packet : &inv);
        settle(rig);
    }
    check_good_queue(rig);
}

static void test_random_tails(void **state)
{
    struct rig *rig = *state;
    uint64_t *tail = fake_ram_ptr(rig->f, rig->evil.tail_at);
    unsigned i;

    for (i = 0; i < 2000; i++) {
        __atomic_store_n(tail, next_number(rig), __ATOMIC_RELEASE);
        fq_ring(&rig->evil);
        fq_ring(&rig->good);
        if (fq_state(&rig->evil) == NPU_QUEUE_ERRORED) {
            fq_reopen(&rig->evil);
        }
    }
    check_good_queue(rig);
}

/* Any register of any queue, die and vector but those of the good queue. */
static void test_random_registers(void **state)
{
    struct rig *rig = *state;
    unsigned i;

    for (i = 0; i < 60000; i++) {
        uint64_t offset, value = next_number(rig);
        unsigned size = next(rig) % 2 ? 4 : 8;

        switch (next(rig) % 3) {
        case 0:
            offset = NPU_REG_QUEUE(2 + next(rig) % 6) + next(rig) % 256;
            break;
        case 1:
            offset = NPU_REG_VECTOR(next(rig) % 32) + next(rig) % 256;
            break;
        default:
            offset = NPU_REG_DOORBELL(2 + next(rig) % 6);
            break;
        }
        npu_card_mmio_write(rig->f->card, offset & ~3ull, value, size);
        npu_card_mmio_read(rig->f->card, offset & ~3ull, size);
    }
    check_good_queue(rig);
}

struct poker {
    struct rig *rig;
    bool stop;
};

/* Another CPU of the guest that stops, enables, resets dies and rings. */
static void *poke(void *opaque)
{
    struct poker *poker = opaque;
    struct fake *f = poker->rig->f;
    uint64_t random = 12345;

    while (!__atomic_load_n(&poker->stop, __ATOMIC_SEQ_CST)) {
        random = random * 6364136223846793005ull + 1442695040888963407ull;
        switch (random >> 61) {
        case 0:
        case 1:
            wr32(f, NPU_REG_QUEUE(1) + NPU_QUEUE_CONTROL,
                 1 + (random >> 40) % 3);
            break;
        case 2:
            /* A die of the evil queue's alone. */
            wr32(f, NPU_REG_DIE(5) + NPU_DIE_CONTROL, 1);
            break;
        case 3:
            npu_card_dma_invalidate(f->card);
            break;
        default:
            wr32(f, NPU_REG_DOORBELL(1), 0);
            rd64(f, NPU_REG_QUEUE(1) + NPU_QUEUE_EXEC_TIME);
        }
        fake_sleep_ms((random >> 50) % 2);
    }
    return NULL;
}

static void test_everything_at_once(void **state)
{
    struct rig *rig = *state;
    struct poker poker = { .rig = rig };
    struct npu_packet *ring = fake_ram_ptr(rig->f, rig->evil.ring);
    uint64_t *tail = fake_ram_ptr(rig->f, rig->evil.tail_at);
    pthread_t thread;
    unsigned i;

    /* Its ring is full of work that succeeds, fails and stalls. */
    for (i = 0; i < 64; i++) {
        struct npu_packet stall = fake_stall(rig->f, 8, 2);
        struct npu_packet fill = {
            .opcode = NPU_PACKET_FILL,
            .copy = { .dst = CLIENT_HBM_VA + 0x200000, .size = 65536 },
        };

        stall.run.program -= 8 * PROGRAM_MAX;
        stall.run.args -= 8 * PROGRAM_MAX;
        stall.run.report -= 8 * PROGRAM_MAX;
        ring[i] = i % 3 ? stall : fill;
    }
    memcpy(rig->f->hbm + 4 * FAKE_DIE_HBM,
           fake_client_ptr(rig->f, CLIENT_HBM_VA + 8 * PROGRAM_MAX),
           PROGRAM_MAX);
    __atomic_store_n(tail, 64, __ATOMIC_RELEASE);
    assert_int_equal(pthread_create(&thread, NULL, poke, &poker), 0);
    for (i = 0; i < 150; i++) {
        check_good_queue(rig);
    }
    __atomic_store_n(&poker.stop, true, __ATOMIC_SEQ_CST);
    pthread_join(thread, NULL);
    check_good_queue(rig);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    /* clang-format off */
    const struct CMUnitTest tests[] = {
        TEST(test_random_packets),
        TEST(test_packets_with_edges),
        TEST(test_mutated_programs),
        TEST(test_program_changes_while_it_runs),
        TEST(test_random_page_tables),
        TEST(test_random_tails),
        TEST(test_random_registers),
        TEST(test_everything_at_once),
    };
    /* clang-format on */

    return cmocka_run_group_tests_name("core hostile guest", tests, NULL, NULL);
}
