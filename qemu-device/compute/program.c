/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs: from an untrusted image to a struct npu_code that holds nothing
 * which its instructions could stumble over.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "code.h"

static bool header_sound(const struct npu_program_header *header, size_t size)
{
    uint64_t body = header->insn_count * (uint64_t)sizeof(struct npu_insn) +
                    header->tensor_count * (uint64_t)sizeof(struct npu_tensor);

    for (unsigned i = 0; i < 5; i++) {
        if (header->pad[i]) {
            return false;
        }
    }
    return header->magic == NPU_PROGRAM_MAGIC &&
           header->isa_major == NPU_ISA_MAJOR &&
           header->isa_minor <= NPU_ISA_MINOR &&
           header->insn_count <= NPU_MAX_INSNS &&
           header->tensor_count <= NPU_MAX_TENSORS &&
           header->base_count <= NPU_MAX_BASES &&
           header->scalar_count <= NPU_MAX_SCALARS &&
           size == sizeof(*header) + body;
}

/* What is known of the tensors while the instructions are checked. */
struct checker {
    const struct npu_code *code;
    bool *sound; /* a flag a tensor: was checked */
    struct npu_verdict *verdict;
};

/* Take an operand from its index; count it if it is there. */
static bool take_operand(struct npu_check *check,
                         const struct npu_program_header *header,
                         const struct npu_tensor *tensors, unsigned i)
{
    const struct npu_op *op = check->op;
    uint16_t index = check->insn->operand[i];
    bool may = i < op->operands + op->optional;
    bool must = i < op->operands;

    if (index == NPU_NONE) {
        return npu_check_that(check, !must, NPU_ERR_OPERAND, i);
    }
    /* No gaps: an optional operand needs those before it. */
    if (!may || check->operands != i || index >= header->tensor_count) {
        return npu_check_fail(check, NPU_ERR_OPERAND, i);
    }
    check->operand[check->operands++] = &tensors[index];
    return true;
}

/* The destination, and what is updated in place. */
static bool is_written(const struct npu_check *check, unsigned operand)
{
    return !operand || check->op->written >> operand & 1;
}

static bool check_tensors(struct checker *checker, struct npu_check *check)
{
    const struct npu_code *code = checker->code;

    for (unsigned i = 0; i < check->operands; i++) {
        bool *sound = &checker->sound[check->insn->operand[i]];

        if (!*sound &&
            !npu_tensor_sound(check->operand[i], code->header.base_count)) {
            return npu_check_fail(check, NPU_ERR_TENSOR, i);
        }
        *sound = true;
    }
    for (unsigned i = 0; i < check->operands; i++) {
        if (is_written(check, i) && !npu_tensor_writable(check->operand[i])) {
            return npu_check_fail(check, NPU_ERR_TENSOR, i);
        }
    }
    return true;
}

static bool check_insn(struct checker *checker, uint32_t index)
{
    const struct npu_code *code = checker->code;
    struct npu_check check = {
        .insn = &code->insn[index],
        .index = index,
        .scalar_count = code->header.scalar_count,
        .verdict = checker->verdict,
    };

    check.op = npu_op_find(check.insn->opcode);
    if (!check.op) {
        return npu_check_fail(&check, NPU_ERR_OPCODE, NPU_NONE);
    }
    for (unsigned i = 0; i < NPU_MAX_OPERANDS; i++) {
        if (!take_operand(&check, &code->header, code->tensor, i)) {
            return false;
        }
    }
    return check_tensors(checker, &check) && npu_check_insn(&check);
}

/* Tensors that no instruction uses must be sound as well. */
static bool check_unused(struct checker *checker)
{
    const struct npu_code *code = checker->code;

    for (uint32_t i = 0; i < code->header.tensor_count; i++) {
        if (!checker->sound[i] &&
            !npu_tensor_sound(&code->tensor[i], code->header.base_count)) {
            *checker->verdict = (struct npu_verdict){ NPU_ERR_TENSOR,
                                                      NPU_ERROR_NO_INSN,
                                                      NPU_NONE };
            return false;
        }
    }
    return true;
}

static bool check_body(struct checker *checker)
{
    for (uint32_t i = 0; i < checker->code->header.insn_count; i++) {
        if (!check_insn(checker, i)) {
            return false;
        }
    }
    return check_unused(checker);
}

static struct npu_code *code_copy(const struct npu_program_header *header,
                                  const void *image, size_t size)
{
    size_t body = size - sizeof(*header);
    struct npu_code *code = malloc(sizeof(*code) + body);

    if (code) {
        code->header = *header;
        memcpy(code->body, (const char *)image + sizeof(*header), body);
        code->insn = (const void *)code->body;
        code->tensor = (const void *)(code->insn + header->insn_count);
    }
    return code;
}

struct npu_code *npu_code_new(const void *image, size_t size,
                              struct npu_verdict *verdict)
{
    struct npu_program_header header;
    struct checker checker = { .verdict = verdict };
    struct npu_code *code;
    bool good;

    *verdict = (struct npu_verdict){ NPU_ERR_PROGRAM, NPU_ERROR_NO_INSN,
                                     NPU_NONE };
    if (size < sizeof(header) || size > NPU_MAX_PROGRAM_SIZE) {
        return NULL;
    }
    memcpy(&header, image, sizeof(header));
    if (!header_sound(&header, size)) {
        return NULL;
    }
    verdict->code = NPU_ERR_RESOURCES;
    code = code_copy(&header, image, size);
    checker.code = code;
    checker.sound = calloc(header.tensor_count + 1, sizeof(*checker.sound));
    good = code && checker.sound && check_body(&checker);
    free(checker.sound);
    if (!good) {
        free(code);
        return NULL;
    }
    verdict->code = NPU_ERR_NONE;
    return code;
}

void npu_code_free(struct npu_code *code)
{
    free(code);
}

uint32_t npu_code_insns(const struct npu_code *code)
{
    return code->header.insn_count;
}

size_t npu_code_args_size(const struct npu_code *code)
{
    return (code->header.base_count + (size_t)code->header.scalar_count) *
           sizeof(uint64_t);
}
