/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a card says that it is. */
#include "card.h"

#define GIB (1ull << 30)

static void expect_identity(uint32_t profile, unsigned dies, uint64_t hbm)
{
    EXPECT_EQ(reg_read(NPU_REG_MAGIC), NPU_MAGIC);
    EXPECT_EQ(reg_read(NPU_REG_VERSION) >> 16, NPU_REGS_MAJOR);
    EXPECT_EQ(reg_read(NPU_REG_VERSION) & 0xffff, NPU_REGS_MINOR);
    EXPECT_EQ(reg_read(NPU_REG_PLATFORM), NPU_PLATFORM_EMULATED);
    EXPECT_EQ(reg_read(NPU_REG_PROFILE), profile);
    EXPECT_EQ(reg_read(NPU_REG_DIES), dies);
    EXPECT_EQ(reg_read(NPU_REG_QUEUES), NPU_MAX_QUEUES);
    EXPECT_EQ(reg_read(NPU_REG_VECTORS), NPU_MAX_VECTORS);
    EXPECT_EQ(reg_read(NPU_REG_ISA_VERSION),
              NPU_ISA_MAJOR << 16 | NPU_ISA_MINOR);
    EXPECT_EQ(reg_read64(NPU_REG_HBM_SIZE), hbm);
    EXPECT_EQ(reg_read(NPU_REG_VA_BITS), NPU_VA_BITS);
    EXPECT_EQ(reg_read(NPU_REG_RING_MAX), 1u << 16);
    EXPECT_EQ(reg_read(NPU_REG_STATUS), NPU_STATUS_READY);
    for (unsigned die = 0; die < dies; die++) {
        EXPECT_EQ(reg_read64(NPU_REG_DIE(die) + NPU_DIE_HBM_BASE),
                  die * (hbm / dies));
        EXPECT_EQ(reg_read64(NPU_REG_DIE(die) + NPU_DIE_HBM_SIZE), hbm / dies);
        EXPECT_EQ(reg_read(NPU_REG_DIE(die) + NPU_DIE_STATE), NPU_DIE_IDLE);
    }
}

TEST(identity, x6000)
{
    card_start("npu-x6000");
    expect_identity(NPU_PROFILE_X6000, 8, 128 * GIB);
    qemu_quit();
}

TEST(identity, dv100p)
{
    card_start("npu-dv100p");
    expect_identity(NPU_PROFILE_DV100P, 8, 128 * GIB);
    qemu_quit();
}

TEST(identity, dv200d)
{
    card_start("npu-dv200d");
    expect_identity(NPU_PROFILE_DV200D, 8, 96 * GIB);
    qemu_quit();
}

TEST(identity, dv300d)
{
    card_start("npu-dv300d");
    expect_identity(NPU_PROFILE_DV300D, 8, 144 * GIB);
    qemu_quit();
}

TEST(identity, dies_and_hbm)
{
    card_start("npu-dv200d,dies=4,hbm=2G");
    expect_identity(NPU_PROFILE_DV200D, 4, 2 * GIB);
    qemu_quit();
}

TEST(identity, one_die)
{
    card_start("npu-x6000,dies=1,hbm=64M");
    expect_identity(NPU_PROFILE_X6000, 1, 64 << 20);
    qemu_quit();
}

TEST(identity, dies_that_are_not_a_power_of_2)
{
    card_start("npu-x6000,dies=3,hbm=96M");
    expect_identity(NPU_PROFILE_X6000, 3, 96 << 20);
    qemu_quit();
}

/* What a memory backend holds is what the card shows. */
TEST(identity, memdev)
{
    card_start_with("-object memory-backend-ram,id=hbm0,size=128M",
                    "npu-x6000,memdev=hbm0");
    expect_identity(NPU_PROFILE_X6000, 8, 128 << 20);
    qemu_write(CARD_HBM + (128 << 20) - 8, 0x1122334455667788, 8);
    EXPECT_EQ(qemu_read(CARD_HBM + (128 << 20) - 8, 8), 0x1122334455667788);
    qemu_quit();
}

TEST(identity, serial)
{
    card_start("npu-x6000,hbm=64M,serial=0x123456789abcdef0");
    EXPECT_EQ(reg_read64(NPU_REG_SERIAL), 0x123456789abcdef0);
    EXPECT_EQ(card_config_read(card_extended_capability(3) + 4, 4), 0x9abcdef0);
    qemu_quit();
}

/* Without serial= it stays the same from one boot to the next. */
TEST(identity, serial_is_stable)
{
    uint64_t serial;

    card_start("npu-x6000,hbm=64M");
    serial = reg_read64(NPU_REG_SERIAL);
    EXPECT(serial);
    qemu_quit();
    card_start("npu-x6000,hbm=64M");
    EXPECT_EQ(reg_read64(NPU_REG_SERIAL), serial);
    qemu_quit();
}

TEST(identity, time_goes_on)
{
    uint64_t before;

    card_start("npu-x6000,hbm=64M");
    before = reg_read64(NPU_REG_HOST_TIME);
    EXPECT(before);
    sleep_ms(5);
    EXPECT(reg_read64(NPU_REG_HOST_TIME) >= before + 5000000);
    EXPECT_EQ(reg_read64(NPU_REG_DEVICE_TIME), 0);
    qemu_quit();
}

/* (64) registers as two halves, and accesses that are none. */
TEST(identity, access_sizes)
{
    card_start("npu-x6000,dies=4,hbm=8G");
    EXPECT_EQ(reg_read(NPU_REG_HBM_SIZE), 0);
    EXPECT_EQ(reg_read(NPU_REG_HBM_SIZE + 4), 2);
    EXPECT_EQ(qemu_read(CARD_REGS + NPU_REG_DIES, 1), 0);
    EXPECT_EQ(qemu_read(CARD_REGS + NPU_REG_DIES, 2), 0);
    EXPECT_EQ(qemu_read(CARD_REGS + NPU_REG_DIES - 2, 4), 0);
    EXPECT_EQ(reg_read(0xfffffc), 0);
    reg_write(NPU_REG_DIES, 7);
    reg_write(0xfffffc, 7);
    EXPECT_EQ(reg_read(NPU_REG_DIES), 4);
    qemu_quit();
}

/* One identity register, read in every size at every offset, ends nothing. */
TEST(identity, every_register)
{
    card_start("npu-x6000,hbm=64M");
    for (uint64_t offset = 0; offset < 0x1400; offset++) {
        qemu_read(CARD_REGS + offset, 1u << offset % 4);
    }
    EXPECT_EQ(reg_read(NPU_REG_MAGIC), NPU_MAGIC);
    qemu_quit();
}
