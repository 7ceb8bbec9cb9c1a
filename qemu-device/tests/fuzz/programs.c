/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs and argument blocks of any contents: they are refused, or run.  An input
 * is a struct setting, then the program, then the argument block.  Memory is one
 * piece of the heap, so that a sanitizer sees who leaves it.
 */
#include <stdio.h>

#include "fuzz.h"
#include "npu_compute.h"
#include "shapes.h"

#define PAGE 4096u
#define TILES_MAX 8u        /* of an instruction */
#define ACCESSES_MAX 20000u /* of a tile, then they fail */
#define BYTES_MAX (8u << 20)

enum { WINDOWS, COPIES, PAGES, MEMORIES };

struct memory {
    struct npu_mem mem; /* must be first */
    const struct setting *setting;
    uint8_t *ram;
    unsigned accesses;
    uint64_t bytes;
    bool failed;
};

/* ---- Memory -------------------------------------------------------------- */

static bool reachable(const struct memory *memory, uint64_t va, size_t size)
{
    uint64_t hole = MEM_BASE + memory->setting->hole % (MEM_SIZE / PAGE) * PAGE;

    return va >= MEM_BASE && va - MEM_BASE <= MEM_SIZE &&
           size <= MEM_SIZE - (va - MEM_BASE) &&
           (!memory->setting->hole || va >= hole + PAGE || va + size <= hole);
}

/* As a card that is told to stop: from some moment on, nothing works. */
static bool spent(struct memory *memory, size_t size)
{
    memory->accesses++;
    memory->bytes += size;
    return memory->accesses > ACCESSES_MAX || memory->bytes > BYTES_MAX;
}

static bool enter(struct memory *memory, uint64_t va, size_t size)
{
    /* Who met an error gives up at once. */
    MUST(!memory->failed);
    MUST(va < 1ull << 48 && size <= (1ull << 48) - va);
    memory->failed = spent(memory, size) || !reachable(memory, va, size);
    return !memory->failed;
}

static bool memory_read(struct npu_mem *mem, uint64_t va, void *to, size_t size)
{
    struct memory *memory = (struct memory *)mem;

    if (!enter(memory, va, size)) {
        return false;
    }
    memcpy(to, memory->ram + (va - MEM_BASE), size);
    return true;
}

static bool memory_write(struct npu_mem *mem, uint64_t va, const void *from,
                         size_t size)
{
    struct memory *memory = (struct memory *)mem;

    if (!enter(memory, va, size)) {
        return false;
    }
    memcpy(memory->ram + (va - MEM_BASE), from, size);
    return true;
}

static void *memory_window(struct npu_mem *mem, uint64_t va, size_t size,
                           bool write)
{
    struct memory *memory = (struct memory *)mem;
    unsigned kind = memory->setting->memory % MEMORIES;

    (void)write;
    if (spent(memory, size) || !reachable(memory, va, size) || kind == COPIES ||
        (kind == PAGES && va / PAGE != (va + size - 1) / PAGE)) {
        return NULL;
    }
    return memory->ram + (va - MEM_BASE);
}

static void fill_memory(uint8_t *ram, enum contents contents)
{
    static const uint32_t edges[] = {
        0x7fc00000, 0x7f800000, 0xff800000, 0x80000000, 0x7fffffff, 1,
        0x7c007e00, 0x00018000, 0x7f7fffff, 0xffffffff, 0x80808080, 0x3f800000,
    };
    struct random random = { contents };
    uint32_t i, word;

    for (i = 0; i < MEM_SIZE / 4; i++) {
        switch (contents) {
        case SMALL_NUMBERS:
            word = i % 3;
            break;
        case NOISE:
            word = random_next(&random);
            break;
        case EDGES:
            word = edges[i % (sizeof(edges) / sizeof(edges[0]))];
            break;
        default:
            word = 0;
        }
        memcpy(ram + 4 * i, &word, 4);
    }
}

/* ---- Running ------------------------------------------------------------- */

static bool run_tile(const struct npu_run *run, uint32_t insn, unsigned dies,
                     uint64_t tile, struct memory *memory)
{
    struct npu_verdict verdict;
    bool good;

    memory->failed = false;
    memory->accesses = 0;
    memory->bytes = 0;
    good = npu_run_tile(run, insn, dies, tile, &memory->mem, &verdict);
    MUST(good == (!memory->failed && !verdict.code));
    if (!good) {
        MUST(verdict.insn == insn);
        MUST(memory->failed ? verdict.code == NPU_ERR_NONE :
                              verdict.code == NPU_ERR_INDEX);
    }
    return good;
}

/* Some tiles of an instruction, the first and the last among them. */
static bool run_insn(const struct npu_run *run, uint32_t insn,
                     struct memory *memory)
{
    const struct setting *setting = memory->setting;
    unsigned dies = 1 + (setting->dies + 7) % NPU_MAX_DIES;
    uint64_t tiles = npu_run_tiles(run, insn, dies);
    struct random random = { setting->tiles };
    struct npu_cost cost;
    uint64_t i;

    npu_run_cost(run, insn, &cost);
    for (i = 0; i < tiles && i < TILES_MAX; i++) {
        uint64_t tile = tiles <= TILES_MAX ? i :
                        i == 0             ? tiles - 1 :
                        i == 1             ? 0 :
                                             random_next(&random) % tiles;

        if (!run_tile(run, insn, dies, tile, memory)) {
            return false;
        }
    }
    return true;
}

static bool run_all(const struct npu_code *code, const struct npu_run *run,
                    const struct setting *setting)
{
    struct memory memory = {
        .mem = { memory_read, memory_write, memory_window },
        .setting = setting,
        .ram = malloc(MEM_SIZE),
    };
    uint32_t insns = npu_code_insns(code), i;
    bool good = true;

    fill_memory(memory.ram, setting->contents % CONTENTS);
    for (i = 0; i < insns && i < 2 * DRAFT_INSNS; i++) {
        good &= run_insn(run, i, &memory);
    }
    free(memory.ram);
    return good;
}

static void check_verdict(const struct npu_verdict *verdict)
{
    MUST(verdict->code && verdict->code < NPU_ERR_COUNT);
    MUST(verdict->operand == NPU_NONE || verdict->operand < NPU_MAX_OPERANDS);
}

/* True: it was a good program, and all its tiles did their work. */
static bool load_and_run(const struct setting *setting, const void *image,
                         size_t image_size, const void *args, size_t args_size)
{
    struct npu_verdict verdict;
    struct npu_code *code = npu_code_new(image, image_size, &verdict);
    struct npu_run *run;
    bool good = false;

    if (!code) {
        check_verdict(&verdict);
        return false;
    }
    run = npu_run_new(code, args, args_size, &verdict);
    if (run) {
        good = run_all(code, run, setting);
    } else {
        check_verdict(&verdict);
    }
    npu_run_free(run);
    npu_code_free(code);
    return good;
}

/* Bytes of their own, so that a read behind their end is seen. */
static void *copy_of(const uint8_t *data, size_t size)
{
    void *copy = malloc(size);

    if (size) {
        memcpy(copy, data, size);
    }
    return copy;
}

static size_t adjust(size_t size, int more, size_t most)
{
    size_t adjusted = more < 0 && size < (size_t)-more ? 0 : size + more;

    return adjusted < most ? adjusted : most;
}

/* The image is as long as its header says, if there are so many bytes. */
static size_t image_size(const uint8_t *data, size_t size)
{
    struct npu_program_header header;
    uint64_t want;

    if (size < sizeof(header)) {
        return size;
    }
    memcpy(&header, data, sizeof(header));
    want = sizeof(header) +
           header.insn_count * (uint64_t)sizeof(struct npu_insn) +
           header.tensor_count * (uint64_t)sizeof(struct npu_tensor);
    return want < size ? want : size;
}

static bool play(const uint8_t *data, size_t size)
{
    struct setting setting = { 0 };
    size_t n = size < sizeof(setting) ? size : sizeof(setting);
    size_t image, args;
    void *image_copy, *args_copy;
    bool good;

    memcpy(&setting, data, n);
    data += n;
    size -= n;
    image = adjust(image_size(data, size), setting.image_more, size);
    args = adjust(size - image, setting.args_more, size - image);
    image_copy = copy_of(data, image);
    args_copy = copy_of(data + image, args);
    good = load_and_run(&setting, image_copy, image, args_copy, args);
    free(args_copy);
    free(image_copy);
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    play(data, size);
    return 0;
}

/* ---- Seeds --------------------------------------------------------------- */

/* Three of every kind, all good; and in each kind of memory. */
size_t fuzz_seed(unsigned index, uint8_t *to, const char **name)
{
    static char text[32];
    uint16_t opcode = shape_opcode(index / 3);
    struct random random = { index };
    struct draft draft;
    size_t size;

    draft_init(&draft);
    draft.setting.memory = index;
    draft.setting.dies = 1 + index % NPU_MAX_DIES;
    if (!opcode) {
        return 0;
    }
    MUST(shape_add(&draft, &random, opcode));
    size = draft_print(&draft, to);
    MUST(size <= SEED_MAX);
    /* What these read may be an index that points outside. */
    MUST(play(to, size) || opcode == NPU_OP_GATHER ||
         opcode == NPU_OP_GATHER_ELEMENTS || opcode == NPU_OP_GATHER_ND ||
         (opcode >= NPU_OP_SCATTER && opcode <= NPU_OP_SCATTER_ND) ||
         opcode == NPU_OP_MATMUL_ROUTED || opcode == NPU_OP_ATTENTION);
    snprintf(text, sizeof(text), "insn-%u-%u", opcode, index % 3);
    *name = text;
    return size;
}
