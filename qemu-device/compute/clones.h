/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NPU_CLONES before a function has it compiled for several kinds of vectors; those
 * of the CPU are chosen when the program starts.  All calculate the same bits:
 * compute/ is compiled with -ffp-contract=off.  Not with the address sanitizer,
 * whose run-time does not exist yet when the choice is made.
 */
#ifndef NPU_CLONES_H
#define NPU_CLONES_H

#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__)
#define NPU_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define NPU_CLONES
#endif

#endif
