/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a checked program and a run of it consist of.
 */
#ifndef NPU_CODE_H
#define NPU_CODE_H

#include "npu_compute.h"

struct npu_code {
    struct npu_program_header header;
    const struct npu_insn *insn;
    const struct npu_tensor *tensor;
    unsigned char body[]; /* instructions, then tensors */
};

struct npu_run {
    const struct npu_code *code;
    uint64_t *va; /* of every tensor's first element */
    uint32_t *scalar;
};

#endif
