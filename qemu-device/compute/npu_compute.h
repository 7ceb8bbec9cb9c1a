/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the dies execute.  This side knows programs and tensors; it knows nothing
 * of queues, threads, page tables or QEMU.  All functions are re-entrant.
 */
#ifndef NPU_COMPUTE_H
#define NPU_COMPUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "npu/isa.h"

/* Scratch memory that a thread keeps from tile to tile. */
struct npu_arena;

/* NULL: there is no memory. */
struct npu_arena *npu_arena_new(void);
void npu_arena_free(struct npu_arena *arena);

/*
 * How a tile reaches memory.  Addresses are virtual, in the client's address
 * space.  The functions return false after an access that failed; they have then
 * noted the reason themselves, and the tile gives up at once.
 */
struct npu_mem {
    /* Copies; any size, any alignment. */
    bool (*read)(struct npu_mem *mem, uint64_t va, void *to, size_t size);
    bool (*write)(struct npu_mem *mem, uint64_t va, const void *from,
                  size_t size);
    /*
     * A pointer to [va, va + size) that is valid until the tile ends, or NULL
     * where the range is not one contiguous piece of HBM (or is not mapped so):
     * then use read and write.  Never fails, notes no error.
     */
    void *(*window)(struct npu_mem *mem, uint64_t va, size_t size, bool write);
    /* That of the thread, or NULL: the tile keeps nothing. */
    struct npu_arena *arena;
};

/* Why a program, an instruction or a tile was refused. */
struct npu_verdict {
    uint32_t code;    /* enum npu_error_code */
    uint32_t insn;    /* NPU_ERROR_NO_INSN: none */
    uint32_t operand; /* NPU_NONE: none */
};

/* What the timing model charges for an instruction. */
struct npu_cost {
    uint64_t operations;
    uint64_t bytes;
    uint32_t dtype; /* whose peak counts: enum npu_dtype */
};

/* A program that passed all checks. Made from a private copy of its image. */
struct npu_code;

/*
 * Check the image and make a program of it.  The image is only read, once, and
 * must not change meanwhile (give a private copy).  NULL and *verdict on error
 * (NPU_ERR_RESOURCES if memory ran out).
 */
struct npu_code *npu_code_new(const void *image, size_t size,
                              struct npu_verdict *verdict);
void npu_code_free(struct npu_code *code);

uint32_t npu_code_insns(const struct npu_code *code);
size_t npu_code_args_size(const struct npu_code *code);

/* A program together with one argument block. */
struct npu_run;

/*
 * Bind arguments (a private copy of the block, args_size bytes).  Checks the
 * block, and that every tensor's bytes lie within 48 bits of address without
 * overflow.  The run borrows the program.
 */
struct npu_run *npu_run_new(const struct npu_code *code, const void *args,
                            size_t args_size, struct npu_verdict *verdict);
void npu_run_free(struct npu_run *run);

/* The opcode of an instruction, and its scalar's bits. */
uint32_t npu_run_opcode(const struct npu_run *run, uint32_t insn);
uint32_t npu_run_scalar(const struct npu_run *run, uint32_t insn);

/*
 * Into how many tiles an instruction is cut for a gang of that many dies.  It
 * depends on the instruction and the number of dies only.  0 for an instruction
 * with nothing to compute (NOP); STALL is the core's and has 0 as well.
 */
uint64_t npu_run_tiles(const struct npu_run *run, uint32_t insn, unsigned dies);

/*
 * Run one tile to its end (at most about 1 ms).  Tiles of one instruction may
 * run in any order and at the same time.  Returns false on an error: *verdict
 * says which, or has code NPU_ERR_NONE if it was mem that failed (its operand
 * is set then, too).
 */
bool npu_run_tile(const struct npu_run *run, uint32_t insn, unsigned dies,
                  uint64_t tile, struct npu_mem *mem,
                  struct npu_verdict *verdict);

void npu_run_cost(const struct npu_run *run, uint32_t insn,
                  struct npu_cost *cost);

#endif
