/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The timing model: what an operation would take on the silicon.  A gang has
 * the share of the package's peak and bandwidth that its dies are of the whole.
 */
#include "card.h"

/* A PCIe 5.0 x16 link in each direction, less its framing. */
#define TIMING_LINK_BYTES_PER_NS 60.0

static double timing_peak(const struct npu_profile *profile, uint32_t dtype)
{
    switch (dtype) {
    case NPU_DTYPE_F16:
    case NPU_DTYPE_BF16:
        return profile->peak_f16;
    case NPU_DTYPE_S8:
    case NPU_DTYPE_U8:
    case NPU_DTYPE_BOOL:
    case NPU_DTYPE_F8E4M3:
    case NPU_DTYPE_F8E5M2:
        return profile->peak_s8;
    case NPU_DTYPE_S32:
    case NPU_DTYPE_S64:
        return profile->peak_s32;
    default:
        return profile->peak_f32;
    }
}

/* ns that the operations would take if nothing else did. */
static double timing_compute(const struct npu_profile *profile, double share,
                             const struct npu_cost *cost)
{
    return cost->operations / (timing_peak(profile, cost->dtype) * share);
}

uint64_t npu_timing_peak(const struct npu_profile *profile, unsigned dies,
                         const struct npu_cost *cost)
{
    return timing_compute(profile, (double)dies / profile->dies, cost) + 0.5;
}

uint64_t npu_timing_insn(const struct npu_profile *profile, unsigned dies,
                         const struct npu_cost *cost)
{
    double share = (double)dies / profile->dies;
    double compute = timing_compute(profile, share, cost);
    double memory = cost->bytes / (profile->hbm_bandwidth * share);

    return (compute > memory ? compute : memory) + profile->latency + 0.5;
}

/*
 * Per chunk: the engines overlap the latency of one with the bytes of another.
 */
uint64_t npu_timing_copy(const struct npu_profile *profile, uint64_t bytes)
{
    double bandwidth = profile->hbm_bandwidth < TIMING_LINK_BYTES_PER_NS ?
                           profile->hbm_bandwidth :
                           TIMING_LINK_BYTES_PER_NS;

    return bytes / bandwidth + 0.5;
}
