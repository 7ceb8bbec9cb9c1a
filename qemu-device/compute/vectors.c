/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "vectors.h"

static enum npu_vectors best = NPU_VECTORS_NONE;

static void __attribute__((constructor)) find(void)
{
    const char *limit = getenv("NPU_VECTORS");

    if (limit && !strcmp(limit, "none")) {
        return;
    }
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        best = NPU_VECTORS_AVX2;
    }
    if (__builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") &&
        !(limit && !strcmp(limit, "avx2"))) {
        best = NPU_VECTORS_AVX512;
    }
#endif
}

enum npu_vectors npu_vectors(void)
{
    return best;
}
