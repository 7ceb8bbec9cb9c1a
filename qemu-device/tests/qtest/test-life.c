/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device's life: VM stop, unplug, end of QEMU, migration. */
#include <string.h>

#include "card.h"

#define QUIT_MS 3000

static struct queue start_program(const struct program *program)
{
    struct queue queue = queue_new(0, space_new());
    struct npu_packet run = program_packet(program);

    queue_enable(&queue);
    for (unsigned i = 0; i < 40; i++) {
        queue_push(&queue, &run);
    }
    queue_ring_doorbell(&queue);
    return queue;
}

static struct queue start_stall(void)
{
    struct program program = program_stall(0);
    struct queue queue = start_program(&program);

    queue_wait_state(&queue, NPU_QUEUE_EXECUTING);
    return queue;
}

/* ---- Stop and end -------------------------------------------------------- */

TEST(life, quit_while_a_job_stalls)
{
    uint64_t start;

    card_start("npu-x6000,hbm=64M");
    start_stall();
    start = now_ms();
    qemu_quit();
    EXPECT(now_ms() - start < QUIT_MS);
}

TEST(life, quit_while_tiles_run)
{
    struct program program = program_long();
    uint64_t start;

    card_start("npu-x6000,hbm=64M");
    start_program(&program);
    start = now_ms();
    qemu_quit();
    EXPECT(now_ms() - start < QUIT_MS);
}

TEST(life, stop_while_a_job_stalls)
{
    struct queue queue;
    uint64_t start;

    card_start("npu-x6000,hbm=64M");
    queue = start_stall();
    start = now_ms();
    qmp("{ 'execute': 'stop' }");
    EXPECT(now_ms() - start < QUIT_MS);
    qmp("{ 'execute': 'cont' }");
    EXPECT_EQ(queue_state(&queue), NPU_QUEUE_EXECUTING);
    qemu_quit();
}

/* A stopped machine computes nothing, and goes on where it was. */
TEST(life, stop_between_tiles)
{
    struct program program = program_long();
    struct queue queue;
    uint64_t tiles;

    card_start("npu-x6000,hbm=64M");
    queue = start_program(&program);
    qmp("{ 'execute': 'stop' }");
    tiles = reg_read64(NPU_REG_QUEUE(0) + NPU_QUEUE_TILES);
    sleep_ms(50);
    EXPECT_EQ(reg_read64(NPU_REG_QUEUE(0) + NPU_QUEUE_TILES), tiles);
    qmp("{ 'execute': 'cont' }");
    queue_sync(&queue);
    EXPECT(reg_read64(NPU_REG_QUEUE(0) + NPU_QUEUE_TILES) > tiles);
    qemu_quit();
}

TEST(life, stop_and_cont_many_times)
{
    struct program program = program_long();
    struct queue queue;

    card_start("npu-x6000,hbm=64M");
    queue = start_program(&program);
    for (unsigned i = 0; i < 30; i++) {
        qmp("{ 'execute': 'stop' }");
        qmp("{ 'execute': 'cont' }");
    }
    queue_sync(&queue);
    qemu_quit();
}

/* ---- Unplug -------------------------------------------------------------- */

static void start_hotplug(void)
{
    card_start_with(CARD_HOTPLUG, "npu-x6000,hbm=64M");
}

TEST(life, unplug_while_a_job_stalls)
{
    start_hotplug();
    start_stall();
    card_unplug();
    EXPECT_EQ(card_config_read(0, 2), 0xffff);
    EXPECT_EQ(reg_read(NPU_REG_MAGIC) == NPU_MAGIC, false);
    qemu_quit();
}

TEST(life, unplug_while_tiles_run)
{
    struct program program = program_long();

    start_hotplug();
    start_program(&program);
    card_unplug();
    qemu_quit();
}

TEST(life, unplug_while_copying_to_the_host)
{
    struct npu_packet copy = packet_copy(NPU_SPACE_HOST, HOST_DATA,
                                         NPU_SPACE_HBM, HBM_DATA, 32 << 20);
    struct queue queue;

    start_hotplug();
    queue = queue_new(0, space_new());
    queue_enable(&queue);
    for (unsigned i = 0; i < 40; i++) {
        queue_push(&queue, &copy);
    }
    queue_ring_doorbell(&queue);
    card_unplug();
    qemu_quit();
}

static unsigned count_open(const char *format)
{
    const char *text = qmp("%s", format);
    unsigned count = 0;

    while ((text = strstr(text, "npu-hbm"))) {
        count++;
        text++;
    }
    return count;
}

/* Plugged and pulled 20 times with work in it: nothing is left behind. */
TEST(life, unplug_and_plug_20_times)
{
    static const char query[] =
        "{ 'execute': 'human-monitor-command', "
        "'arguments': { 'command-line': 'info ramblock' } }";

    start_hotplug();
    EXPECT_EQ(count_open(query), 1);
    for (unsigned i = 0; i < 20; i++) {
        start_stall();
        card_unplug();
        card_plug("'driver': 'npu-x6000', 'hbm': 67108864");
        EXPECT_EQ(reg_read(NPU_REG_MAGIC), NPU_MAGIC);
    }
    for (unsigned i = 0; i < 100 && count_open(query) > 1; i++) {
        sleep_ms(20);
    }
    EXPECT_EQ(count_open(query), 1);
    qemu_quit();
}

/* A memory backend is free for the next card when the last one has gone. */
TEST(life, memdev_is_given_back)
{
    card_start_with(CARD_HOTPLUG " -object memory-backend-ram,id=m,size=64M",
                    "npu-x6000,memdev=m");
    qemu_write(CARD_HBM + 64, 0x77, 4);
    card_unplug();
    card_plug("'driver': 'npu-dv200d', 'memdev': 'm'");
    EXPECT_EQ(reg_read(NPU_REG_PROFILE), NPU_PROFILE_DV200D);
    EXPECT_EQ(qemu_read(CARD_HBM + 64, 4), 0x77);
    qemu_quit();
}

TEST(life, refused_hotplug_leaves_nothing)
{
    const char *text;

    start_hotplug();
    card_unplug();
    for (unsigned i = 0; i < 5; i++) {
        text = qmp_any("{ 'execute': 'device_add', 'arguments': { "
                       "'driver': 'npu-x6000', 'id': 'card', "
                       "'bus': 'port0', 'dies': 99 } }");
        EXPECT(strstr(text, "dies: 99 is out of range"));
    }
    card_plug("'driver': 'npu-x6000', 'hbm': 67108864");
    EXPECT_EQ(reg_read(NPU_REG_MAGIC), NPU_MAGIC);
    qemu_quit();
}

/* ---- Saving and migration ------------------------------------------------ */

TEST(life, migration_is_refused)
{
    const char *text;

    card_start("npu-x6000,hbm=64M");
    text = qmp_any("{ 'execute': 'migrate', 'arguments': { "
                   "'uri': 'exec:cat >/dev/null' } }");
    EXPECT(strstr(text, "npu-x6000: the state of the card cannot be saved"));
    qemu_quit();
}

TEST(life, saving_is_refused)
{
    const char *text;

    card_start("npu-x6000,hbm=64M");
    text = qmp_any("{ 'execute': 'human-monitor-command', 'arguments': { "
                   "'command-line': 'savevm one' } }");
    EXPECT(strstr(text, "npu-x6000: the state of the card cannot be saved"));
    qemu_quit();
}

TEST(life, only_migratable_is_refused)
{
    const char *text = qemu_refusal("-only-migratable -device npu-x6000");

    EXPECT(strstr(text, "npu-x6000"));
}

/* Without the card nothing stands in the way any more. */
TEST(life, migration_after_unplug)
{
    start_hotplug();
    card_unplug();
    qmp("{ 'execute': 'migrate', 'arguments': { "
        "'uri': 'exec:cat >/dev/null' } }");
    qemu_quit();
}
