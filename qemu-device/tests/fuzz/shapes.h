/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs as the fuzzer thinks of them: a few instructions and tensors, the
 * argument block, and how to run them.
 */
#ifndef NPU_SHAPES_H
#define NPU_SHAPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "npu/isa.h"

#define DRAFT_INSNS 4u
#define DRAFT_TENSORS 16u
#define DRAFT_SCALARS 4u
#define DRAFT_MAX 4096

/* Where the tensors lie: each has a slot. */
#define MEM_BASE 0x10000ull
#define MEM_SLOT 0x2000u
#define MEM_SIZE (DRAFT_TENSORS * MEM_SLOT)

/* How it is run; the first bytes of an input. */
struct setting {
    uint8_t memory; /* windows, copies, or both */
    uint8_t dies;
    uint8_t contents;  /* of memory, enum contents */
    uint8_t hole;      /* a page that cannot be accessed, 0: none */
    int8_t image_more; /* bytes that the image seems larger, smaller */
    int8_t args_more;
    uint8_t tiles; /* which ones, if there are many */
    uint8_t pad;
};

enum contents { SMALL_NUMBERS, ZEROS, NOISE, EDGES, CONTENTS };

/* A program that can be written down; base and scalar make the arguments. */
struct draft {
    struct setting setting;
    struct npu_program_header header;
    struct npu_insn insn[DRAFT_INSNS];
    struct npu_tensor tensor[DRAFT_TENSORS];
    uint64_t base[DRAFT_TENSORS];
    uint64_t scalar[DRAFT_SCALARS];
};

void draft_init(struct draft *draft);
/* False: these bytes are none. */
bool draft_parse(struct draft *draft, const uint8_t *data, size_t size);
/* At most DRAFT_MAX bytes. */
size_t draft_print(const struct draft *draft, uint8_t *to);

struct random {
    uint64_t state;
};

uint64_t random_next(struct random *random);
/* From 0 to below n */
uint32_t random_below(struct random *random, uint32_t n);

/*
 * Put an instruction with tensors of its own behind the others: a good one, with
 * tiny extents and any layout.  False: there is no room, or no such opcode.
 */
bool shape_add(struct draft *draft, struct random *random, uint16_t opcode);

/* Opcodes by number, 0: there are no more. Not NOP, which is 0 itself. */
uint16_t shape_opcode(unsigned index);

#endif
