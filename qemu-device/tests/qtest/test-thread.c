/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The threads of the cards in a QEMU, and what they cost. */
#include "card.h"

#define WORKERS "npu-die/"

static void run_matmul(unsigned n)
{
    struct program program = program_new();
    struct queue queue = queue_new(0, space_new());
    struct npu_packet run;

    for (unsigned i = 0; i < 3; i++) {
        struct npu_tensor *tensor;

        tensor = &program.tensor[program_tensor(&program, NPU_DTYPE_F32, n,
                                                VA_TENSORS + (i << 20))];
        tensor->rank = 2;
        tensor->extent[1] = n;
        tensor->stride[0] = 4 * n;
        tensor->stride[1] = 4;
    }
    program_insn(&program, NPU_OP_MATMUL, 0, 1, 2);
    queue.die_mask = 0xff;
    queue_enable(&queue);
    run = program_packet(&program);
    queue_push(&queue, &run);
    queue_sync(&queue);
}

TEST(thread, as_many_as_asked_for)
{
    card_start("npu-x6000,hbm=64M,threads=3");
    EXPECT_EQ(qemu_threads(WORKERS), 3);
    qemu_quit();
}

/* One pool for all cards, as large as the largest of them asks for. */
TEST(thread, cards_share_a_pool)
{
    qemu_start("-device npu-x6000,hbm=64M,threads=2 "
               "-device npu-dv100p,hbm=64M,threads=4 "
               "-device npu-dv200d,hbm=64M,threads=1 "
               "-device npu-dv300d,hbm=64M,threads=4");
    EXPECT_EQ(qemu_threads(WORKERS), 4);
    qemu_quit();
}

TEST(thread, pool_goes_with_the_last_card)
{
    card_start_with(CARD_HOTPLUG, "npu-x6000,hbm=64M,threads=2");
    EXPECT_EQ(qemu_threads("npu-"), 3);
    card_unplug();
    EXPECT_EQ(qemu_threads("npu-"), 0);
    card_plug("'driver': 'npu-x6000', 'hbm': 67108864, 'threads': 5");
    EXPECT_EQ(qemu_threads(WORKERS), 5);
    qemu_quit();
}

/* The BLAS computes on the card's threads and makes none of its own. */
TEST(thread, matrix_product_starts_none)
{
    unsigned before;

    card_start("npu-x6000,hbm=64M,threads=2");
    before = qemu_threads("");
    run_matmul(500);
    EXPECT_EQ(qemu_threads(""), before);
    qemu_quit();
}

TEST(thread, idle_card_uses_no_cpu)
{
    uint64_t before;

    card_start("npu-x6000,hbm=64M");
    run_matmul(64);
    sleep_ms(50);
    before = qemu_cpu_ms();
    sleep_ms(500);
    EXPECT(qemu_cpu_ms() - before <= 20);
    qemu_quit();
}
