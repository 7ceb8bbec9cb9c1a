/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs to bytes and back. */
#include <string.h>

#include "shapes.h"

void draft_init(struct draft *draft)
{
    memset(draft, 0, sizeof(*draft));
    draft->setting.dies = 1;
    draft->header.magic = NPU_PROGRAM_MAGIC;
    draft->header.isa_major = NPU_ISA_MAJOR;
    draft->header.isa_minor = NPU_ISA_MINOR;
}

static void get(const uint8_t **data, size_t *size, void *to, size_t n)
{
    n = n < *size ? n : *size;
    memcpy(to, *data, n);
    *data += n;
    *size -= n;
}

static void put(uint8_t **to, const void *from, size_t n)
{
    memcpy(*to, from, n);
    *to += n;
}

bool draft_parse(struct draft *draft, const uint8_t *data, size_t size)
{
    struct npu_program_header *header = &draft->header;

    memset(draft, 0, sizeof(*draft));
    get(&data, &size, &draft->setting, sizeof(draft->setting));
    get(&data, &size, header, sizeof(*header));
    if (header->insn_count > DRAFT_INSNS ||
        header->tensor_count > DRAFT_TENSORS ||
        header->base_count > DRAFT_TENSORS ||
        header->scalar_count > DRAFT_SCALARS) {
        return false;
    }
    get(&data, &size, draft->insn, header->insn_count * sizeof(draft->insn[0]));
    get(&data, &size, draft->tensor,
        header->tensor_count * sizeof(draft->tensor[0]));
    get(&data, &size, draft->base, header->base_count * sizeof(draft->base[0]));
    get(&data, &size, draft->scalar,
        header->scalar_count * sizeof(draft->scalar[0]));
    return true;
}

size_t draft_print(const struct draft *draft, uint8_t *to)
{
    const struct npu_program_header *header = &draft->header;
    uint8_t *at = to;

    put(&at, &draft->setting, sizeof(draft->setting));
    put(&at, header, sizeof(*header));
    put(&at, draft->insn, header->insn_count * sizeof(draft->insn[0]));
    put(&at, draft->tensor, header->tensor_count * sizeof(draft->tensor[0]));
    put(&at, draft->base, header->base_count * sizeof(draft->base[0]));
    put(&at, draft->scalar, header->scalar_count * sizeof(draft->scalar[0]));
    return at - to;
}
