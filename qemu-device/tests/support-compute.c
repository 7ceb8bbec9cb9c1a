/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>

#include "support-compute-block.h"

#define PAGE 4096

/* ---- Random numbers ------------------------------------------------------ */

uint64_t test_seed(void)
{
    const char *text = getenv("NPU_TEST_SEED");

    return text ? strtoull(text, NULL, 0) : 1;
}

struct rng rng_new(uint64_t seed)
{
    return (struct rng){ seed * 0x9e3779b97f4a7c15u + 0x2545f4914f6cdd1d };
}

uint64_t rng_next(struct rng *rng)
{
    uint64_t z = rng->state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

int64_t rng_range(struct rng *rng, int64_t low, int64_t high)
{
    return low + (int64_t)(rng_next(rng) % (uint64_t)(high - low + 1));
}

double rng_real(struct rng *rng, double low, double high)
{
    return low + (high - low) * (double)(rng_next(rng) >> 11) * 0x1p-53;
}

/* ---- Memory -------------------------------------------------------------- */

static bool inside(const struct test_mem *mem, uint64_t va, size_t size)
{
    return va >= mem->base && va - mem->base <= mem->size &&
           size <= mem->size - (va - mem->base);
}

static bool hits_hole(const struct test_mem *mem, uint64_t va, size_t size,
                      bool write)
{
    return (write || !mem->hole_writes) && va < mem->hole_end &&
           va + size > mem->hole;
}

static bool mem_read(struct npu_mem *opaque, uint64_t va, void *to, size_t size)
{
    struct test_mem *mem = (struct test_mem *)opaque;

    if (!inside(mem, va, size) || hits_hole(mem, va, size, false)) {
        return false;
    }
    memcpy(to, mem->ram + (va - mem->base), size);
    return true;
}

static bool mem_write(struct npu_mem *opaque, uint64_t va, const void *from,
                      size_t size)
{
    struct test_mem *mem = (struct test_mem *)opaque;

    if (!inside(mem, va, size) || hits_hole(mem, va, size, true)) {
        return false;
    }
    memcpy(mem->ram + (va - mem->base), from, size);
    return true;
}

static void *mem_window(struct npu_mem *opaque, uint64_t va, size_t size,
                        bool write)
{
    struct test_mem *mem = (struct test_mem *)opaque;
    uint64_t page = va / PAGE;

    if (mem->mode == MEM_COPIES || !inside(mem, va, size) ||
        hits_hole(mem, va, size, write)) {
        return NULL;
    }
    if (mem->mode == MEM_PAGES &&
        (page != (va + size - 1) / PAGE || page % 3 == 0)) {
        return NULL;
    }
    return mem->ram + (va - mem->base);
}

struct test_mem *mem_new(size_t size)
{
    struct test_mem *mem = calloc(1, sizeof(*mem));

    mem->mem = (struct npu_mem){ mem_read, mem_write, mem_window };
    mem->base = 0x7f0000000000;
    mem->size = size;
    mem->ram = aligned_alloc(PAGE, size);
    return mem;
}

void mem_free(struct test_mem *mem)
{
    free(mem->ram);
    free(mem);
}

void mem_reset(struct test_mem *mem)
{
    mem->used = 0;
}

uint64_t mem_take(struct test_mem *mem, size_t size, size_t align)
{
    size_t at = (mem->used + 2 * align - 1) / (2 * align) * 2 * align + align;

    assert_true(at + size <= mem->size);
    memset(mem->ram + mem->used, 0xa5, at + size - mem->used);
    mem->used = at + size;
    return mem->base + at;
}

void *mem_at(struct test_mem *mem, uint64_t va)
{
    return mem->ram + (va - mem->base);
}

/* ---- Tensors ------------------------------------------------------------- */

/* Floating-point formats: as f64 has them, with fewer bits. */
struct format {
    int digits;    /* of the significand, the hidden one included */
    int least_exp; /* of a normal number 1.f 2^e */
    double most;   /* larger values: */
    bool saturates;
};

/* clang-format off */
static const struct type {
    const char *name;
    unsigned size;
    struct format format;       /* digits is 0: an integer */
    double least, most;
} types[] = {
    [NPU_DTYPE_F32] = { "f32", 4, { 24, -126, 0x1.fffffep127, false } },
    [NPU_DTYPE_F16] = { "f16", 2, { 11, -14, 65504, false } },
    [NPU_DTYPE_BF16] = { "bf16", 2, { 8, -126, 0x1.fep127, false } },
    [NPU_DTYPE_F8E4M3] = { "f8e4m3", 1, { 4, -6, 448, true } },
    [NPU_DTYPE_F8E5M2] = { "f8e5m2", 1, { 3, -14, 57344, true } },
    [NPU_DTYPE_S8] = { "s8", 1, { 0 }, INT8_MIN, INT8_MAX },
    [NPU_DTYPE_U8] = { "u8", 1, { 0 }, 0, UINT8_MAX },
    [NPU_DTYPE_S32] = { "s32", 4, { 0 }, INT32_MIN, INT32_MAX },
    /* f64 rounds the largest s64 up. */
    [NPU_DTYPE_S64] = { "s64", 8, { 0 }, -0x1p63, 0x1p63 },
    [NPU_DTYPE_BOOL] = { "bool", 1, { 0 }, 0, 1 },
    [NPU_DTYPE_S4] = { "s4" },
    [NPU_DTYPE_Q8_0] = { "q8_0" },
    [NPU_DTYPE_Q4_0] = { "q4_0" },
    [NPU_DTYPE_Q4_K] = { "q4_k" },
    [NPU_DTYPE_Q6_K] = { "q6_k" },
    [NPU_DTYPE_MXFP4] = { "mxfp4" },
};
/* clang-format on */

unsigned dtype_size(uint32_t dtype)
{
    return types[dtype].size;
}

const char *dtype_name(uint32_t dtype)
{
    return types[dtype].name;
}

bool dtype_is_float(uint32_t dtype)
{
    return types[dtype].format.digits;
}

static void shuffle(struct rng *rng, unsigned *order, unsigned n)
{
    for (unsigned i = n; i > 1; i--) {
        unsigned j = (unsigned)rng_range(rng, 0, i - 1), last = order[i - 1];

        order[i - 1] = order[j];
        order[j] = last;
    }
}

struct tensor tensor_new(struct test_mem *mem, struct rng *rng, uint32_t dtype,
                         unsigned rank, const uint64_t *extent, unsigned layout)
{
    unsigned size = dtype_size(dtype), order[NPU_MAX_RANK];
    struct tensor tensor = {
        .mem = mem,
        .desc = { .dtype = dtype, .rank = rank },
    };
    uint64_t step = 1, first = 0;

    for (unsigned i = 0; i < rank; i++) {
        order[i] = i;
    }
    if (layout & LAYOUT_PERMUTED) {
        shuffle(rng, order, rank);
    }
    for (unsigned i = rank; i-- > 0;) {
        unsigned dim = order[i];
        int64_t stride;

        tensor.desc.extent[dim] = extent[dim];
        if ((layout & LAYOUT_BROADCAST) && rng_range(rng, 0, 2) == 0) {
            continue;
        }
        if (layout & LAYOUT_PADDED) {
            step += (uint64_t)rng_range(rng, 0, 2);
        }
        stride = (int64_t)(step * size);
        if ((layout & LAYOUT_NEGATIVE) && rng_range(rng, 0, 1)) {
            first += (extent[dim] - 1) * step * size;
            stride = -stride;
        }
        tensor.desc.stride[dim] = stride;
        step *= extent[dim];
    }
    tensor.va = mem_take(mem, step * size, size) + first;
    return tensor;
}

uint64_t tensor_elements(const struct tensor *tensor)
{
    uint64_t n = 1;

    for (unsigned dim = 0; dim < tensor->desc.rank; dim++) {
        n *= tensor->desc.extent[dim];
    }
    return n;
}

bool tensor_next(const struct tensor *tensor, uint64_t *index)
{
    for (unsigned dim = tensor->desc.rank; dim-- > 0;) {
        if (++index[dim] < tensor->desc.extent[dim]) {
            return true;
        }
        index[dim] = 0;
    }
    return false;
}

void *tensor_at(const struct tensor *tensor, const uint64_t *index)
{
    uint64_t va = tensor->va;

    for (unsigned dim = 0; dim < tensor->desc.rank; dim++) {
        va += index[dim] * (uint64_t)tensor->desc.stride[dim];
    }
    return mem_at(tensor->mem, va);
}

/* The bits after the sign as exponent and fraction. */
static double decode(const struct format *format, uint32_t bits, unsigned width)
{
    int fraction_bits = format->digits - 1;
    double sign = bits >> (width - 1) ? -1 : 1;
    uint32_t fraction = bits & ((1u << fraction_bits) - 1);
    int exponent = (int)((bits & ((1u << (width - 1)) - 1)) >> fraction_bits);
    int last = (1 << ((int)width - 1 - fraction_bits)) - 1;

    if (exponent == last && !(format->most == 448 && fraction != 7)) {
        return fraction ? (double)NAN : sign * (double)INFINITY;
    }
    if (!exponent) {
        return sign * ldexp(fraction, format->least_exp - fraction_bits);
    }
    fraction |= 1u << fraction_bits;
    return sign *
           ldexp(fraction, format->least_exp + exponent - 1 - fraction_bits);
}

/* The values of all patterns of 16 bits at most, since references ask for many. */
static const double *all_values(uint32_t dtype)
{
    static double *values[sizeof(types) / sizeof(*types)];
    unsigned width = 8 * types[dtype].size;

    if (!values[dtype]) {
        values[dtype] = malloc(sizeof(double) << width);
        for (uint32_t bits = 0; bits < 1u << width; bits++) {
            values[dtype][bits] = decode(&types[dtype].format, bits, width);
        }
    }
    return values[dtype];
}

static double value_of(uint32_t dtype, uint32_t bits)
{
    float value;

    if (dtype != NPU_DTYPE_F32) {
        return all_values(dtype)[bits];
    }
    memcpy(&value, &bits, sizeof(value));
    return (double)value;
}

/* The bits of a value that the format has. */
static uint32_t encode(const struct format *format, double value,
                       unsigned width)
{
    int fraction_bits = format->digits - 1, exponent;
    uint32_t sign = signbit(value) ? 1u << (width - 1) : 0;
    uint32_t infinite = ((1u << ((int)width - 1 - fraction_bits)) - 1)
                        << fraction_bits;

    if (isnan(value)) {
        return sign | infinite | ((1u << fraction_bits) - 1);
    }
    value = fabs(value);
    if (isinf(value)) {
        return sign | infinite;
    }
    if (value < ldexp(1, format->least_exp)) {
        return sign | (uint32_t)ldexp(value, fraction_bits - format->least_exp);
    }
    frexp(value, &exponent);
    exponent--;
    /* The hidden bit raises the exponent by one. */
    return (sign |
            ((uint32_t)(exponent - format->least_exp) << fraction_bits)) +
           (uint32_t)ldexp(value, fraction_bits - exponent);
}

static double get_from_block(const struct tensor *tensor, const uint64_t *index)
{
    unsigned elements = block_elements(tensor->desc.dtype);
    unsigned last = tensor->desc.rank - 1u;
    uint64_t at[NPU_MAX_RANK];

    memcpy(at, index, tensor->desc.rank * sizeof(*at));
    at[last] /= elements;
    return block_get(tensor->desc.dtype, tensor_at(tensor, at),
                     (unsigned)(index[last] % elements));
}

double tensor_get(const struct tensor *tensor, const uint64_t *index)
{
    const struct type *type = &types[tensor->desc.dtype];
    uint64_t bits = 0;

    if (block_elements(tensor->desc.dtype)) {
        return get_from_block(tensor, index);
    }
    memcpy(&bits, tensor_at(tensor, index), type->size);
    if (type->format.digits) {
        return value_of(tensor->desc.dtype, (uint32_t)bits);
    }
    switch (tensor->desc.dtype) {
    case NPU_DTYPE_S8:
        return (int8_t)bits;
    case NPU_DTYPE_S32:
        return (int32_t)bits;
    case NPU_DTYPE_BOOL:
        return bits != 0;
    default:
        return (double)(int64_t)bits;
    }
}

static double to_integer(double value, double low, double high)
{
    if (isnan(value)) {
        return 0;
    }
    value = nearbyint(value);
    return value < low ? low : value > high ? high : value;
}

static double to_format(const struct format *format, double value)
{
    int exponent;
    double step;

    if (isnan(value)) {
        return value;
    }
    if (isfinite(value) && value != 0) {
        frexp(value, &exponent);
        exponent--;
        exponent = exponent < format->least_exp ? format->least_exp : exponent;
        step = ldexp(1, exponent - format->digits + 1);
        value = nearbyint(value / step) * step;
    }
    if (fabs(value) > format->most) {
        value = copysign(format->saturates ? format->most : (double)INFINITY,
                         value);
    }
    return value;
}

double round_to(uint32_t dtype, double value)
{
    const struct type *type = &types[dtype];

    if (type->format.digits) {
        return to_format(&type->format, value);
    }
    if (dtype == NPU_DTYPE_BOOL) {
        return value != 0;
    }
    return to_integer(value, type->least, type->most);
}

void tensor_put(const struct tensor *tensor, const uint64_t *index,
                double value)
{
    const struct type *type = &types[tensor->desc.dtype];
    double rounded = round_to(tensor->desc.dtype, value);
    uint64_t bits = INT64_MAX;

    if (type->format.digits) {
        bits = encode(&type->format, rounded, 8 * type->size);
    } else if (rounded < 0x1p63) {
        bits = (uint64_t)(int64_t)rounded;
    }
    memcpy(tensor_at(tensor, index), &bits, type->size);
}

static double special(struct rng *rng, uint32_t dtype)
{
    /* clang-format off */
    static const double reals[] = {
        0.0, -0.0, INFINITY, -INFINITY, NAN, 0x1p-149, 0x1p-24, 0x1p-25,
        0x1.8p-25, 0x1.ffcp15, 0x1.ffep15, 65519.0, 0x1.fffffep127, 0.5, 1.5,
        2.5, -0.5, 127.5, -128.5, 0x1p31, -0x1p31, 2147483520.0, 0x1.ffp-15,
        0x1.004p0, 0x1.006p0, 0x1.01p0, 0x1.03p0, 448, 464, 464.1, 57344, 61440,
        0x1p-9, 0x1p-10, 0x1.8p-10, 0x1p-16, 0x1p-17, 0x1.8p-17, 255.5, 256.5,
        0x1.ep-7, 0x1.1p3, 0x1.3p3, 0x1.2p4, 0x1.6p4, 0x1p63, -0x1p63,
    };
    /* clang-format on */
    /* clang-format off */
    static const double integers[] = {
        0, 1, -1, INT32_MAX, INT32_MIN, INT8_MAX, INT8_MIN, 128, -129, 16777217,
        65504, 65519, 65520, 2049, 2051, 255, 256, 17, 19, 464, 465, 61440,
        0x1.01p30, 0x1.010002p30, 0x1.03p30, 0x1.02fffep30, 0x1.01p40,
        0x1.01000002p40, 0x1.03p50, 0x1.02fffffep50, 0x1p62, -0x1p63,
    };
    /* clang-format on */

    if (dtype_is_float(dtype)) {
        return reals[rng_range(rng, 0, sizeof(reals) / sizeof(*reals) - 1)];
    }
    return integers[rng_range(rng, 0, sizeof(integers) / sizeof(*integers) - 1)];
}

static double plain(struct rng *rng, uint32_t dtype)
{
    switch (dtype) {
    case NPU_DTYPE_S8:
    case NPU_DTYPE_U8:
        return (double)rng_range(rng, INT8_MIN, UINT8_MAX);
    case NPU_DTYPE_BOOL:
        return (double)rng_range(rng, 0, 1);
    case NPU_DTYPE_S32:
    case NPU_DTYPE_S64:
        return (double)rng_range(rng, -100000, 100000);
    default:
        return rng_real(rng, -4, 4);
    }
}

void tensor_fill(struct tensor *tensor, struct rng *rng, enum values values)
{
    uint64_t index[NPU_MAX_RANK] = { 0 };

    do {
        double value = plain(rng, tensor->desc.dtype);

        if (values == VALUES_SPECIAL && rng_range(rng, 0, 2) == 0) {
            value = special(rng, tensor->desc.dtype);
        }
        if (values == VALUES_POSITIVE) {
            value = fabs(value) + 0.01;
        }
        tensor_put(tensor, index, value);
    } while (tensor_next(tensor, index));
}

/* ---- Programs ------------------------------------------------------------ */

void program_init(struct program *program)
{
    *program = (struct program) {
        .header = {
            .magic = NPU_PROGRAM_MAGIC,
            .isa_major = NPU_ISA_MAJOR,
            .isa_minor = NPU_ISA_MINOR,
        },
    };
}

unsigned program_insn(struct program *program, uint32_t opcode)
{
    struct npu_insn *insn = &program->insn[program->insns];

    *insn = (struct npu_insn){ .opcode = opcode, .scalar = NPU_NONE };
    for (unsigned i = 0; i < NPU_MAX_OPERANDS; i++) {
        insn->operand[i] = NPU_NONE;
    }
    return program->insns++;
}

void program_operand(struct program *program, unsigned insn,
                     const struct tensor *tensor)
{
    struct npu_tensor *desc = &program->tensor[program->tensors];
    unsigned operand = 0;
    uint64_t split = dtype_size(tensor->desc.dtype) * 12345;

    while (program->insn[insn].operand[operand] != NPU_NONE) {
        operand++;
    }
    *desc = tensor->desc;
    desc->base = program->bases;
    desc->offset = split;
    program->args[program->bases++] = tensor->va - split;
    program->insn[insn].operand[operand] = program->tensors++;
}

void *program_image(const struct program *program, size_t *size)
{
    struct npu_program_header header = program->header;
    size_t insns = program->insns * sizeof(struct npu_insn);
    size_t tensors = program->tensors * sizeof(struct npu_tensor);
    char *image = malloc(sizeof(header) + insns + tensors);

    header.insn_count = program->insns;
    header.tensor_count = program->tensors;
    header.base_count = program->bases;
    header.scalar_count = program->scalars;
    memcpy(image, &header, sizeof(header));
    memcpy(image + sizeof(header), program->insn, insns);
    memcpy(image + sizeof(header) + insns, program->tensor, tensors);
    *size = sizeof(header) + insns + tensors;
    return image;
}

uint32_t program_verdict(const struct program *program,
                         struct npu_verdict *verdict)
{
    size_t size;
    void *image = program_image(program, &size);
    struct npu_code *code = npu_code_new(image, size, verdict);

    free(image);
    assert_int_equal(!code, verdict->code != NPU_ERR_NONE);
    npu_code_free(code);
    return verdict->code;
}

struct runner runner_new(const struct program *program)
{
    struct npu_verdict verdict;
    struct runner runner;
    size_t size;
    void *image = program_image(program, &size);

    runner.code = npu_code_new(image, size, &verdict);
    free(image);
    if (!runner.code) {
        fail_msg("program refused: code %u, insn %u, operand %u", verdict.code,
                 verdict.insn, verdict.operand);
    }
    runner.run = npu_run_new(runner.code, program->args,
                             npu_code_args_size(runner.code), &verdict);
    if (!runner.run) {
        npu_code_free(runner.code);
        fail_msg("arguments refused: code %u, insn %u, operand %u",
                 verdict.code, verdict.insn, verdict.operand);
    }
    return runner;
}

void runner_free(struct runner *runner)
{
    npu_run_free(runner->run);
    npu_code_free(runner->code);
}

struct team {
    const struct runner *runner;
    uint32_t insn;
    unsigned dies;
    struct test_mem *mem;
    uint64_t tiles;
    atomic_uint_fast64_t next;
    atomic_bool failed;
    pthread_mutex_t lock;
    struct npu_verdict verdict;
};

static void *work(void *arg)
{
    struct team *team = arg;
    uint64_t i;

    while ((i = team->next++) < team->tiles && !team->failed) {
        struct npu_verdict verdict;
        /* Last things first: the order must not matter. */
        uint64_t tile = team->tiles - 1 - i;

        if (!npu_run_tile(team->runner->run, team->insn, team->dies, tile,
                          &team->mem->mem, &verdict)) {
            pthread_mutex_lock(&team->lock);
            team->verdict = verdict;
            team->failed = true;
            pthread_mutex_unlock(&team->lock);
        }
    }
    return NULL;
}

bool run_insn(const struct runner *runner, uint32_t insn, unsigned dies,
              unsigned threads, struct test_mem *mem,
              struct npu_verdict *verdict)
{
    struct team team = {
        .runner = runner,
        .insn = insn,
        .dies = dies,
        .mem = mem,
        .tiles = npu_run_tiles(runner->run, insn, dies),
        .lock = PTHREAD_MUTEX_INITIALIZER,
    };
    pthread_t thread[16];

    /* A thread costs more than most of the tiles here. */
    threads = team.tiles < threads ? (unsigned)team.tiles : threads;
    for (unsigned i = 1; i < threads; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, work, &team), 0);
    }
    work(&team);
    for (unsigned i = 1; i < threads; i++) {
        pthread_join(thread[i], NULL);
    }
    *verdict = team.verdict;
    return !team.failed;
}

/* ---- The whole check ----------------------------------------------------- */

/* How far a narrow type's value is from one that rounds to its other side. */
static double other_side(uint32_t dtype, double value)
{
    const struct format *format = &types[dtype].format;

    if (!format->digits || dtype == NPU_DTYPE_F32) {
        return 0;
    }
    return ldexp(1.0625 * fabs(value), 1 - format->digits) +
           ldexp(1, format->least_exp - format->digits + 1);
}

static bool close_enough(uint32_t dtype, double got, double want,
                         const struct expectation *expectation)
{
    double tolerance = expectation->absolute +
                       expectation->relative * fabs(want);

    if (isnan(want) || isnan(got)) {
        return isnan(want) && isnan(got);
    }
    if (got == want) {
        return true;
    }
    return tolerance > 0 &&
           fabs(got - want) <= tolerance + other_side(dtype, want);
}

struct setup {
    enum mem_mode mode;
    unsigned dies, threads;
};

static void compare(const struct tensor *d, const double *want,
                    const struct expectation *expectation,
                    const struct setup *setup)
{
    uint64_t index[NPU_MAX_RANK] = { 0 }, i = 0;

    do {
        double got = tensor_get(d, index);

        if (!close_enough(d->desc.dtype, got, want[i], expectation)) {
            fail_msg("seed %llu, memory %d, %u dies, %u threads, "
                     "element %llu [%llu %llu %llu %llu]: %.9g, should be %.9g",
                     (unsigned long long)expectation->seed, setup->mode,
                     setup->dies, setup->threads, (unsigned long long)i,
                     (unsigned long long)index[0], (unsigned long long)index[1],
                     (unsigned long long)index[2], (unsigned long long)index[3],
                     got, want[i]);
        }
        i++;
    } while (tensor_next(d, index));
}

/* Copy the elements of d from one image of the memory to another. */
static void copy_elements(const struct tensor *d, uint8_t *to,
                          const uint8_t *from)
{
    uint64_t index[NPU_MAX_RANK] = { 0 };

    do {
        size_t at = (uint8_t *)tensor_at(d, index) - d->mem->ram;

        memcpy(to + at, from + at, dtype_size(d->desc.dtype));
    } while (tensor_next(d, index));
}

/* What a tensor should become, in the order of its elements. */
static double *wanted(const struct tensor *tensor,
                      const struct expectation *expectation)
{
    double *want = malloc(tensor_elements(tensor) * sizeof(*want));
    uint64_t index[NPU_MAX_RANK] = { 0 }, i = 0;

    do {
        want[i++] = round_to(tensor->desc.dtype,
                             expectation->value(expectation->arg, index));
    } while (tensor_next(tensor, index));
    return want;
}

/* The bits of all runs are those of the first, which was compared. */
static void check_same(const struct tensor *d, const struct setup *setup,
                       const uint8_t *first, uint64_t seed)
{
    if (memcmp(first, d->mem->ram, d->mem->used)) {
        fail_msg("seed %llu, memory %d, %u dies, %u threads: other bits",
                 (unsigned long long)seed, setup->mode, setup->dies,
                 setup->threads);
    }
}

static void run_once(const struct runner *runner, const struct tensor *d,
                     const double *want, const double *want_updated,
                     const struct expectation *expectation,
                     const struct setup *setup, uint8_t *before, uint8_t *first)
{
    const struct tensor *updated = expectation->updated;
    struct test_mem *mem = d->mem;
    struct npu_verdict verdict;

    mem->mode = setup->mode;
    memcpy(mem->ram, before, mem->used);
    if (!run_insn(runner, 0, setup->dies, setup->threads, mem, &verdict)) {
        fail_msg("seed %llu: tile failed: code %u, operand %u",
                 (unsigned long long)expectation->seed, verdict.code,
                 verdict.operand);
    }
    if (!want) {
        return;
    }
    if (expectation->identical && first[0]) {
        return check_same(d, setup, first + 1, expectation->seed);
    }
    compare(d, want, expectation, setup);
    if (updated) {
        compare(updated, want_updated, expectation->updated_as, setup);
    }
    first[0] = 1;
    memcpy(first + 1, mem->ram, mem->used);
    copy_elements(d, mem->ram, before);
    if (updated) {
        copy_elements(updated, mem->ram, before);
    }
    if (memcmp(mem->ram, before, mem->used)) {
        fail_msg("seed %llu, memory %d: bytes outside of d have changed",
                 (unsigned long long)expectation->seed, setup->mode);
    }
}

/*
 * Sanitizers look for what any run shows: they get some of the setups, others each
 * time, and results are compared in as few of the cases.
 */
#ifdef __SANITIZE_ADDRESS__
#define SETUP_STEP 3
#else
#define SETUP_STEP 1
#endif

void expect(const struct program *program, const struct tensor *d,
            const struct expectation *expectation)
{
    /* clang-format off */
    static const struct setup setups[] = {
        { MEM_WINDOWS, 1, 1 }, { MEM_WINDOWS, 3, 4 }, { MEM_WINDOWS, 8, 1 },
        { MEM_WINDOWS, 8, 4 }, { MEM_COPIES, 1, 4 }, { MEM_COPIES, 3, 1 },
        { MEM_COPIES, 8, 4 }, { MEM_PAGES, 1, 1 }, { MEM_PAGES, 3, 4 },
        { MEM_PAGES, 8, 4 },
    };
    /* clang-format on */
    static unsigned turn;
    struct runner runner = runner_new(program);
    bool looks = turn % SETUP_STEP == 0;
    double *want = looks ? wanted(d, expectation) : NULL;
    double *want_updated = NULL;
    uint8_t *before = malloc(d->mem->used);
    uint8_t *first = calloc(1, d->mem->used + 1);

    if (looks && expectation->updated) {
        want_updated = wanted(expectation->updated, expectation->updated_as);
    }
    memcpy(before, d->mem->ram, d->mem->used);
    for (unsigned i = turn++ % SETUP_STEP; i < sizeof(setups) / sizeof(*setups);
         i += SETUP_STEP) {
        run_once(&runner, d, want, want_updated, expectation, &setups[i],
                 before, first);
    }
    free(want_updated);
    free(first);
    free(before);
    free(want);
    runner_free(&runner);
}

/* ---- Running many named tests --------------------------------------------- */

void suite_add(struct suite *suite, CMUnitTestFunction test, void *state,
               const char *name, ...)
{
    va_list args;
    char *text;

    va_start(args, name);
    assert_true(vasprintf(&text, name, args) > 0);
    va_end(args);
    suite->tests = realloc(suite->tests,
                           (suite->count + 1) * sizeof(*suite->tests));
    suite->tests[suite->count++] = (struct CMUnitTest){
        .name = text,
        .test_func = test,
        .initial_state = state,
    };
}

int suite_run(struct suite *suite, const char *name)
{
    int status;

    printf("# %s: NPU_TEST_SEED=%llu\n", name, (unsigned long long)test_seed());
    fflush(stdout);
    status = _cmocka_run_group_tests(name, suite->tests, suite->count, NULL,
                                     NULL);
    for (size_t i = 0; i < suite->count; i++) {
        free((void *)suite->tests[i].name);
    }
    free(suite->tests);
    return status;
}
