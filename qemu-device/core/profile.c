/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The card models.  Each figure has its source beside it, or "assumed".  They
 * feed the identity registers and the timing model, never a result.
 *
 * Sources: "reported": press reports on the X6000, not confirmed by its maker.
 * "Hopper", "Blackwell", "Rubin": public data sheets of the class of NVIDIA
 * part that the maker states for the model, dense figures.  "stated": by the
 * maker.
 */
#include "npu_card.h"

#define GIB (1ull << 30)
#define TERA 1000.0 /* 1e12 a second, in 1 a ns */

/* clang-format off */
const struct npu_profile npu_profiles[] = {
    {
        .id = NPU_PROFILE_X6000,
        .type = "npu-x6000",
        .model = "X6000",
        .dies = 8,                      /* reported */
        .hbm_size = 128 * GIB,          /* reported */
        .peak_f32 = 32 * TERA,          /* assumed: a quarter of f16 */
        .peak_f16 = 128 * TERA,         /* assumed: half of s8 */
        .peak_s8 = 256 * TERA,          /* reported */
        .peak_s32 = 32 * TERA,          /* assumed: as f32 */
        .hbm_bandwidth = 486,           /* reported */
        .die_bandwidth = 128,           /* assumed */
        .latency = 120,                 /* assumed: an access to DRAM */
        .ports = 1,                     /* reported: card links of 64 GB/s */
        .watts = 250,                   /* assumed */
        .price = 0,                     /* unknown */
    },
    {
        .id = NPU_PROFILE_DV100P,
        .type = "npu-dv100p",
        .model = "DV100P",
        .dies = 8,                      /* assumed: as X6000 */
        .hbm_size = 128 * GIB,          /* assumed */
        .peak_f32 = 67 * TERA,          /* Hopper */
        .peak_f16 = 990 * TERA,         /* Hopper, bf16 */
        .peak_s8 = 1980 * TERA,         /* Hopper, fp8 */
        .peak_s32 = 67 * TERA,          /* assumed: as f32 */
        .hbm_bandwidth = 2000,          /* assumed */
        .die_bandwidth = 900,           /* assumed */
        .latency = 100,                 /* assumed: an access to HBM */
        .ports = 8,                     /* assumed */
        .watts = 700,                   /* Hopper */
        .price = 0,                     /* unknown */
    },
    {
        .id = NPU_PROFILE_DV200D,
        .type = "npu-dv200d",
        .model = "DV200D",
        .dies = 8,                      /* assumed: as X6000 */
        .hbm_size = 96 * GIB,           /* assumed */
        .peak_f32 = 80 * TERA,          /* Blackwell */
        .peak_f16 = 2250 * TERA,        /* Blackwell, bf16 */
        .peak_s8 = 4500 * TERA,         /* Blackwell, fp8 */
        .peak_s32 = 80 * TERA,          /* assumed: as f32 */
        .hbm_bandwidth = 33500,         /* stated: over 10 times HBM3 */
        .die_bandwidth = 1800,          /* assumed */
        .latency = 10,                  /* stated */
        .ports = 8,                     /* assumed */
        .watts = 1000,                  /* Blackwell */
        .price = 0,                     /* unknown */
    },
    {
        .id = NPU_PROFILE_DV300D,
        .type = "npu-dv300d",
        .model = "DV300D",
        .dies = 8,                      /* assumed: as X6000 */
        .hbm_size = 144 * GIB,          /* assumed */
        .peak_f32 = 130 * TERA,         /* assumed: Rubin */
        .peak_f16 = 4000 * TERA,        /* assumed: Rubin, bf16 */
        .peak_s8 = 8000 * TERA,         /* assumed: Rubin, fp8 */
        .peak_s32 = 130 * TERA,         /* assumed: as f32 */
        .hbm_bandwidth = 60000,         /* assumed */
        .die_bandwidth = 3600,          /* assumed */
        .latency = 10,                  /* assumed */
        .ports = 16,                    /* assumed */
        .watts = 1800,                  /* assumed: Rubin */
        .price = 0,                     /* unknown */
    },
};
/* clang-format on */

const unsigned npu_profile_count = sizeof(npu_profiles) /
                                   sizeof(npu_profiles[0]);

const struct npu_profile *npu_profile_find(uint32_t id)
{
    unsigned i;

    for (i = 0; i < npu_profile_count; i++) {
        if (npu_profiles[i].id == id) {
            return &npu_profiles[i];
        }
    }
    return NULL;
}
