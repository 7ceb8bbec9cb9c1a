/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Property values that a card refuses, and what it says then. */
#include <string.h>

#include "card.h"

static void expect_refusal(const char *args, const char *device,
                           const char *word)
{
    const char *text = qemu_refusal("%s " CARD_PORT "-device %s,bus=port0",
                                    args, device);

    if (!strstr(text, word)) {
        tap_fail(__FILE__, __LINE__, "\"%s\" is not in what was said", word);
    }
}

TEST(property, too_many_dies)
{
    expect_refusal("", "npu-x6000,dies=9", "dies: 9 is out of range");
}

TEST(property, negative_dies)
{
    expect_refusal("", "npu-x6000,dies=-1", "dies");
}

TEST(property, too_many_threads)
{
    expect_refusal("", "npu-x6000,threads=100000", "threads: 100000 is out of");
}

TEST(property, hbm_too_small)
{
    expect_refusal("", "npu-x6000,hbm=1M", "hbm: 1 MiB");
}

TEST(property, hbm_too_large)
{
    expect_refusal("", "npu-x6000,hbm=2T", "at most 1 TiB");
}

TEST(property, hbm_that_dies_cannot_share)
{
    expect_refusal("", "npu-x6000,dies=3,hbm=64M", "multiple of 6 MiB");
}

TEST(property, hbm_that_is_no_size)
{
    expect_refusal("", "npu-x6000,hbm=many", "hbm");
}

TEST(property, memdev_and_hbm)
{
    expect_refusal("-object memory-backend-ram,id=m,size=64M",
                   "npu-x6000,memdev=m,hbm=64M", "exclude each other");
}

TEST(property, memdev_in_use)
{
    expect_refusal("-object memory-backend-ram,id=m,size=64M "
                   "-device npu-x6000,memdev=m,bus=pcie.0,addr=2",
                   "npu-x6000,memdev=m", "memory backend m is already in use");
}

TEST(property, memdev_of_a_wrong_size)
{
    expect_refusal("-object memory-backend-ram,id=m,size=1M",
                   "npu-x6000,memdev=m", "memdev: 1 MiB");
}

TEST(property, memdev_that_does_not_exist)
{
    expect_refusal("", "npu-x6000,memdev=nothing", "nothing");
}

TEST(property, abstract_type)
{
    expect_refusal("", "npu-pci", "npu-pci");
}

TEST(property, conventional_bus)
{
    const char *text = qemu_refusal(CARD_PORT
                                    "-device pcie-pci-bridge,id=pci,bus=port0 "
                                    "-device npu-x6000,bus=pci,addr=1");

    if (!strstr(text, "PCI Express bus")) {
        tap_fail(__FILE__, __LINE__, "it was not said what is wrong");
    }
}
