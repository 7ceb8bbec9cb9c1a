/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs: a program bound to arguments, and the way from there to the functions of
 * an instruction.
 */
#include <stdlib.h>

#include "block.h"
#include "code.h"
#include "cost.h"
#include "dtype.h"
#include "grid.h"
#include "ops.h"
#include "tile.h"

#define VA_LIMIT ((__int128)1 << 48)

/* All bytes of the tensor lie in the address space, elements are aligned. */
static bool tensor_in_reach(const struct npu_tensor *tensor, uint64_t base,
                            uint64_t *va)
{
    struct npu_units units;
    __int128 first = (__int128)base + tensor->offset;
    __int128 low = first, high = first;

    npu_units_get(&units, tensor);
    high += units.bytes;
    for (unsigned dim = 0; dim < tensor->rank; dim++) {
        __int128 reach = (__int128)tensor->stride[dim] *
                         (units.extent[dim] - 1);

        *(reach < 0 ? &low : &high) += reach;
    }
    *va = (uint64_t)first;
    return low >= 0 && high <= VA_LIMIT && *va % units.align == 0;
}

/* The first operand that is this tensor, for the verdict. */
static void blame_user(const struct npu_code *code, uint32_t tensor,
                       struct npu_verdict *verdict)
{
    for (uint32_t i = 0; i < code->header.insn_count; i++) {
        for (unsigned j = 0; j < NPU_MAX_OPERANDS; j++) {
            if (code->insn[i].operand[j] == tensor) {
                verdict->insn = i;
                verdict->operand = j;
                return;
            }
        }
    }
}

static bool bind_tensors(struct npu_run *run, const uint64_t *base,
                         struct npu_verdict *verdict)
{
    const struct npu_code *code = run->code;

    for (uint32_t i = 0; i < code->header.tensor_count; i++) {
        const struct npu_tensor *tensor = &code->tensor[i];

        if (!tensor_in_reach(tensor, base[tensor->base], &run->va[i])) {
            blame_user(code, i, verdict);
            return false;
        }
    }
    return true;
}

static bool bind_scalars(struct npu_run *run, const uint64_t *word)
{
    uint32_t first = run->code->header.base_count;

    for (uint32_t i = 0; i < run->code->header.scalar_count; i++) {
        if (word[first + i] >> 32) {
            return false;
        }
        run->scalar[i] = (uint32_t)word[first + i];
    }
    return true;
}

/* The run and its arrays in one piece of memory. */
static struct npu_run *run_alloc(const struct npu_code *code)
{
    size_t va = code->header.tensor_count * sizeof(uint64_t);
    size_t scalar = code->header.scalar_count * sizeof(uint32_t);
    struct npu_run *run = malloc(sizeof(*run) + va + scalar);

    if (run) {
        run->code = code;
        run->va = (void *)(run + 1);
        run->scalar = (void *)(run->va + code->header.tensor_count);
    }
    return run;
}

struct npu_run *npu_run_new(const struct npu_code *code, const void *args,
                            size_t args_size, struct npu_verdict *verdict)
{
    const uint64_t *word = args;
    struct npu_run *run;

    *verdict = (struct npu_verdict){ NPU_ERR_ARGUMENTS, NPU_ERROR_NO_INSN,
                                     NPU_NONE };
    if (args_size != npu_code_args_size(code)) {
        return NULL;
    }
    run = run_alloc(code);
    if (!run) {
        verdict->code = NPU_ERR_RESOURCES;
        return NULL;
    }
    if (!bind_scalars(run, word) || !bind_tensors(run, word, verdict)) {
        free(run);
        return NULL;
    }
    verdict->code = NPU_ERR_NONE;
    return run;
}

void npu_run_free(struct npu_run *run)
{
    free(run);
}

uint32_t npu_run_opcode(const struct npu_run *run, uint32_t insn)
{
    return run->code->insn[insn].opcode;
}

uint32_t npu_run_scalar(const struct npu_run *run, uint32_t insn)
{
    const struct npu_insn *what = &run->code->insn[insn];

    return what->scalar == NPU_NONE ? what->imm : run->scalar[what->scalar];
}

/* What is made of blocks is a box of their bytes. */
static void bind_operand(const struct npu_run *run, uint16_t index,
                         struct npu_box *box)
{
    const struct npu_tensor *tensor = &run->code->tensor[index];
    const struct npu_block *block = npu_block_find(tensor->dtype);
    unsigned last = tensor->rank - 1u;

    box->va = run->va[index];
    box->dtype = tensor->dtype;
    box->size = block ? 1 : npu_element_size(tensor->dtype);
    box->rank = tensor->rank;
    for (unsigned dim = 0; dim < NPU_MAX_RANK; dim++) {
        box->extent[dim] = tensor->extent[dim];
        box->stride[dim] = tensor->extent[dim] > 1 ? tensor->stride[dim] : 0;
    }
    if (block) {
        box->extent[last] = tensor->extent[last] / block->elements *
                            block->bytes;
        box->stride[last] = 1;
    }
}

static void work_get(const struct npu_run *run, uint32_t insn,
                     struct npu_work *work)
{
    work->insn = &run->code->insn[insn];
    work->op = npu_op_find(work->insn->opcode);
    work->scalar = npu_run_scalar(run, insn);
    for (work->operands = 0; work->operands < NPU_MAX_OPERANDS;
         work->operands++) {
        uint16_t index = work->insn->operand[work->operands];

        if (index == NPU_NONE) {
            break;
        }
        bind_operand(run, index, &work->operand[work->operands]);
    }
}

uint64_t npu_run_tiles(const struct npu_run *run, uint32_t insn, unsigned dies)
{
    struct npu_work work;
    struct npu_grid grid;

    work_get(run, insn, &work);
    if (!work.op->cut) {
        return 0;
    }
    work.op->cut(&work, dies, &grid);
    return npu_grid_tiles(&grid);
}

bool npu_run_tile(const struct npu_run *run, uint32_t insn, unsigned dies,
                  uint64_t index, struct npu_mem *mem,
                  struct npu_verdict *verdict)
{
    struct npu_work work;
    struct npu_tile tile = {
        .work = &work,
        .insn = insn,
        .dies = dies,
        .index = index,
        .mem = mem,
        .verdict = verdict,
    };
    bool good;

    *verdict = (struct npu_verdict){ NPU_ERR_NONE, insn, NPU_NONE };
    work_get(run, insn, &work);
    good = work.op->run(&tile);
    npu_tile_rewind(&tile, NULL);
    return good;
}

void npu_run_cost(const struct npu_run *run, uint32_t insn,
                  struct npu_cost *cost)
{
    struct npu_work work;

    work_get(run, insn, &work);
    *cost = (struct npu_cost){ .dtype = NPU_DTYPE_F32 };
    if (work.op->cost) {
        work.op->cost(&work, cost);
    }
}
