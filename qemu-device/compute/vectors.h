/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which vectors of the CPU hand-written loops may use.  The compiler's own choice,
 * in NPU_CLONES, is not concerned.
 */
#ifndef NPU_VECTORS_H
#define NPU_VECTORS_H

/* AVX-512 is that of server CPUs since 2017: F, BW, DQ and VL. */
enum npu_vectors { NPU_VECTORS_NONE, NPU_VECTORS_AVX2, NPU_VECTORS_AVX512 };

/*
 * The best that the CPU has, or less if the environment asks for it: NPU_VECTORS
 * is "none" or "avx2".
 */
enum npu_vectors npu_vectors(void);

#endif
