/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the fuzzer changes programs: fields to numbers at an edge, good instructions
 * added, and bytes as elsewhere.
 */
#include <string.h>

#include "shapes.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                               unsigned seed);

static uint64_t any_number(struct random *random)
{
    /* clang-format off */
    static const uint64_t edges[] = {
        0, 1, 2, 3, 4, 7, 8, 16, 63, 64, 255, 256, 511, 512, 513, 4096,
        NPU_MAX_CONTRACTION, NPU_MAX_CONTRACTION + 1, 1u << 18, (1u << 18) + 1,
        0x7fffffff, 0xffffffff, 1ull << 32, 1ull << 47, (1ull << 48) - 1,
        1ull << 48, 1ull << 62, 1ull << 63, UINT64_MAX, UINT64_MAX - 1,
        (uint64_t)-4, (uint64_t)-64, NPU_NONE, NPU_NONE - 1,
    };
    /* clang-format on */

    return random_below(random, 16) == 0 ?
               random_next(random) :
               edges[random_below(random, sizeof(edges) / sizeof(edges[0]))];
}

/* To another number, or one that is near. */
static uint64_t change(struct random *random, uint64_t number)
{
    switch (random_below(random, 4)) {
    case 0:
        return number + 1;
    case 1:
        return number - 1;
    case 2:
        return random_below(random, 2) ? number * 2 : number / 2;
    default:
        return any_number(random);
    }
}

/* All fields of an instruction are aligned to, or arrays of, 16 bits. */
static void change_insn(struct draft *draft, struct random *random)
{
    struct npu_insn *insn = &draft->insn[random_below(random, DRAFT_INSNS)];
    uint16_t words[sizeof(*insn) / 2];
    unsigned at = random_below(random, sizeof(words) / 2);

    memcpy(words, insn, sizeof(words));
    words[at] = change(random, words[at]);
    memcpy(insn, words, sizeof(words));
}

static void change_tensor(struct draft *draft, struct random *random)
{
    unsigned count = draft->header.tensor_count;
    struct npu_tensor *tensor;
    unsigned dim = random_below(random, NPU_MAX_RANK);

    if (!count) {
        return;
    }
    tensor = &draft->tensor[random_below(random, count)];
    switch (random_below(random, 8)) {
    case 0:
        tensor->dtype = change(random, tensor->dtype);
        break;
    case 1:
        tensor->rank = change(random, tensor->rank);
        break;
    case 2:
        tensor->offset = change(random, tensor->offset);
        break;
    case 3:
        tensor->base = change(random, tensor->base);
        break;
    case 4:
    case 5:
        tensor->extent[dim] = change(random, tensor->extent[dim]);
        break;
    default:
        tensor->stride[dim] = change(random, tensor->stride[dim]);
    }
}

/* The same extent in all tensors: they still fit together. */
static void change_extents(struct draft *draft, struct random *random)
{
    unsigned dim = random_below(random, NPU_MAX_RANK), i;
    uint64_t from, to;

    if (!draft->header.tensor_count) {
        return;
    }
    from = draft->tensor[0].extent[dim];
    to = change(random, from);
    for (i = 0; i < draft->header.tensor_count; i++) {
        if (draft->tensor[i].extent[dim] == from) {
            draft->tensor[i].extent[dim] = to;
        }
    }
}

static void change_args(struct draft *draft, struct random *random)
{
    unsigned bases = draft->header.base_count;
    unsigned count = bases + draft->header.scalar_count, at;
    uint64_t *arg;

    if (!count) {
        return;
    }
    at = random_below(random, count);
    arg = at < bases ? &draft->base[at] : &draft->scalar[at - bases];
    *arg = random_below(random, 4) ?
               change(random, *arg) :
               MEM_BASE + random_below(random, MEM_SIZE / 8) * 8;
}

static void change_setting(struct draft *draft, struct random *random)
{
    uint8_t *bytes = (uint8_t *)&draft->setting;

    bytes[random_below(random, sizeof(draft->setting))] = random_next(random);
}

/* Another instruction, in the place of all others if there is no room. */
static void add_insn(struct draft *draft, struct random *random)
{
    unsigned kinds = 0;
    uint16_t opcode;

    while (shape_opcode(kinds)) {
        kinds++;
    }
    opcode = shape_opcode(random_below(random, kinds));
    if (!shape_add(draft, random, opcode)) {
        struct setting setting = draft->setting;

        draft_init(draft);
        draft->setting = setting;
        shape_add(draft, random, opcode);
    }
}

static void change_draft(struct draft *draft, struct random *random)
{
    static void (*const changes[])(struct draft *, struct random *) = {
        add_insn,       add_insn,      change_insn,
        change_insn,    change_tensor, change_tensor,
        change_extents, change_args,   change_setting,
    };
    unsigned n = 1 + random_below(random, 3);

    while (n--) {
        unsigned which = random_below(random,
                                      sizeof(changes) / sizeof(changes[0]));

        changes[which](draft, random);
    }
}

/* A header that is wrong about what follows it, for one. */
static void change_header(uint8_t *printed, struct random *random)
{
    uint16_t words[sizeof(struct npu_program_header) / 2];
    unsigned at = random_below(random, sizeof(words) / 2);
    uint8_t *header = printed + sizeof(struct setting);

    memcpy(words, header, sizeof(words));
    words[at] = change(random, words[at]);
    memcpy(header, words, sizeof(words));
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                               unsigned seed)
{
    struct random random = { seed };
    uint8_t printed[DRAFT_MAX];
    struct draft draft;

    if (random_below(&random, 8) == 0) {
        return LLVMFuzzerMutate(data, size, max_size);
    }
    if (!draft_parse(&draft, data, size)) {
        draft_init(&draft);
    }
    change_draft(&draft, &random);
    size = draft_print(&draft, printed);
    if (random_below(&random, 16) == 0) {
        change_header(printed, &random);
    }
    size = size < max_size ? size : max_size;
    memcpy(data, printed, size);
    return size;
}
