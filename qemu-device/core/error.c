/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Error records and their text. */
#include <stdio.h>

#include "card.h"

static const char *const error_text[NPU_ERR_COUNT] = {
#define ERROR_TEXT(name, number, err, text) [number] = text,
    NPU_ERROR_TABLE(ERROR_TEXT)
#undef ERROR_TEXT
};

void npu_error_set(struct npu_error *error, uint32_t code)
{
    *error = (struct npu_error){
        .code = code,
        .insn = NPU_ERROR_NO_INSN,
        .operand = NPU_NONE,
        .die = NPU_NONE,
    };
}

void npu_error_from_fault(struct npu_error *error,
                          const struct npu_fault *fault)
{
    npu_error_set(error, fault->code);
    error->space = fault->space;
    error->address = fault->address;
}

void npu_error_from_verdict(struct npu_error *error,
                            const struct npu_verdict *verdict)
{
    npu_error_set(error, verdict->code);
    error->insn = verdict->insn;
    error->operand = verdict->operand;
}

bool npu_error_is_guests(uint32_t code)
{
    return code != NPU_ERR_STOPPED && code != NPU_ERR_INNOCENT_RESET &&
           code != NPU_ERR_RESOURCES;
}

void npu_error_text(const struct npu_error *error, unsigned queue, char *text,
                    size_t size)
{
    snprintf(text, size,
             "queue %u, packet %llu: %s (code %u, instruction %d, address "
             "0x%llx)",
             queue, (unsigned long long)error->packet, error_text[error->code],
             error->code, (int)error->insn, (unsigned long long)error->address);
}
