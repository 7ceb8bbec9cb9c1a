/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The PCI Express function. */
#include "card.h"

#define EXT_CAP_AER 0x01
#define EXT_CAP_SERIAL 0x03

/* What a BAR of two words says of its size when all ones are written to it. */
static uint64_t bar_size(unsigned bar)
{
    unsigned at = 0x10 + 4 * bar;
    uint64_t mask;

    card_config_write(4, 0, 2);
    card_config_write(at, ~0u, 4);
    card_config_write(at + 4, ~0u, 4);
    mask = card_config_read(at, 4) & ~0xfu;
    mask |= (uint64_t)card_config_read(at + 4, 4) << 32;
    return -mask;
}

TEST(config, ids_and_class)
{
    card_start("npu-x6000,hbm=64M");
    EXPECT_EQ(card_config_read(0, 2), NPU_PCI_VENDOR_ID);
    EXPECT_EQ(card_config_read(2, 2), NPU_PCI_DEVICE_ID);
    EXPECT_EQ(card_config_read(8, 4) >> 8, NPU_PCI_CLASS);
    qemu_quit();
}

TEST(config, capabilities)
{
    card_start("npu-x6000,hbm=64M");
    EXPECT(card_capability(CAP_PM));
    EXPECT(card_capability(CAP_EXPRESS));
    EXPECT(card_capability(CAP_MSIX));
    EXPECT(card_extended_capability(EXT_CAP_AER));
    EXPECT(card_extended_capability(EXT_CAP_SERIAL));
    qemu_quit();
}

TEST(config, express)
{
    unsigned at;

    card_start("npu-x6000,hbm=64M");
    at = card_capability(CAP_EXPRESS);
    EXPECT_EQ(card_config_read(at + 2, 2) >> 4 & 0xf, 0); /* endpoint */
    EXPECT(card_config_read(at + 4, 4) & 1u << 28);       /* FLR */
    EXPECT_EQ(card_config_read(at + 12, 4) & 0xf, 5);     /* 32 GT/s */
    EXPECT_EQ(card_config_read(at + 12, 4) >> 4 & 0x3f, 16);
    qemu_quit();
}

TEST(config, power_management)
{
    unsigned at;

    card_start("npu-x6000,hbm=64M");
    at = card_capability(CAP_PM);
    EXPECT(card_config_read(at + 4, 2) & 1u << 3); /* No_Soft_Reset */
    qemu_write(CARD_HBM, 0x5555aaaa, 4);
    card_config_write(at + 4, 3, 2);
    EXPECT(reg_read(NPU_REG_MAGIC) != NPU_MAGIC);
    card_config_write(at + 4, 0, 2);
    EXPECT_EQ(reg_read(NPU_REG_MAGIC), NPU_MAGIC);
    EXPECT_EQ(qemu_read(CARD_HBM, 4), 0x5555aaaa);
    qemu_quit();
}

TEST(config, bar_kinds)
{
    card_start("npu-x6000,hbm=64M");
    EXPECT_EQ(card_config_read(0x10, 4) & 0xf, 0x4); /* 64 bits */
    EXPECT_EQ(card_config_read(0x18, 4) & 0xf, 0xc); /* and prefetchable */
    EXPECT_EQ(card_config_read(0x20, 4) & 0xf, 0x4);
    qemu_quit();
}

TEST(config, bar_sizes)
{
    card_start("npu-x6000,hbm=64M");
    EXPECT_EQ(bar_size(NPU_BAR_REGS), NPU_BAR_REGS_SIZE);
    EXPECT_EQ(bar_size(NPU_BAR_HBM), 64 << 20);
    EXPECT_EQ(bar_size(NPU_BAR_MSIX), 4096);
    qemu_quit();
}

/* The BAR is a power of 2; what is behind the HBM's end is not there. */
TEST(config, bar_is_larger_than_hbm)
{
    card_start("npu-x6000,hbm=96M");
    qemu_write(CARD_HBM + (96 << 20) - 4, 0x12345678, 4);
    EXPECT_EQ(qemu_read(CARD_HBM + (96 << 20) - 4, 4), 0x12345678);
    qemu_write(CARD_HBM + (96 << 20), 0x12345678, 4);
    EXPECT(qemu_read(CARD_HBM + (96 << 20), 4) != 0x12345678);
    EXPECT_EQ(bar_size(NPU_BAR_HBM), 128 << 20);
    qemu_quit();
}

TEST(config, msix_table)
{
    unsigned at;

    card_start("npu-x6000,hbm=64M");
    at = card_capability(CAP_MSIX);
    EXPECT_EQ((card_config_read(at + 2, 2) & 0x7ff) + 1, NPU_MAX_VECTORS);
    EXPECT_EQ(card_config_read(at + 4, 4), NPU_BAR_MSIX);
    EXPECT_EQ(card_config_read(at + 8, 4), 0x800 | NPU_BAR_MSIX);
    qemu_quit();
}

/* On the root complex itself it is an integrated endpoint. */
TEST(config, without_a_port)
{
    unsigned at;

    qemu_start("-device npu-x6000,hbm=64M,bus=pcie.0,addr=1");
    card_setup_ecam();
    EXPECT_EQ(port_config_read(2, 2), NPU_PCI_DEVICE_ID);
    at = port_capability(CAP_EXPRESS);
    EXPECT_EQ(port_config_read(at + 2, 2) >> 4 & 0xf, 9);
    qemu_quit();
}

TEST(config, memory_backend_in_a_file)
{
    card_start_with("-object memory-backend-memfd,id=hbm0,size=64M,share=on",
                    "npu-x6000,memdev=hbm0");
    qemu_write(CARD_HBM + 4096, 0x0badcafe, 4);
    EXPECT_EQ(qemu_read(CARD_HBM + 4096, 4), 0x0badcafe);
    qemu_quit();
}
