/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instructions that move elements, or make them from where they are.
 */
#include "support-compute.h"

#define MEMORY (16u << 20)

/* clang-format off */
static const uint32_t dtypes[] = {
    NPU_DTYPE_F32, NPU_DTYPE_F16, NPU_DTYPE_BF16, NPU_DTYPE_F8E4M3,
    NPU_DTYPE_F8E5M2, NPU_DTYPE_S8, NPU_DTYPE_U8, NPU_DTYPE_S32, NPU_DTYPE_S64,
    NPU_DTYPE_BOOL,
};
/* clang-format on */

#define DTYPES (sizeof(dtypes) / sizeof(*dtypes))

/* An instruction with its operands. */
struct move {
    struct test_mem *mem;
    struct rng rng;
    struct program program;
    struct tensor d, a, b, c;
};

static void move_new(struct move *m, unsigned salt)
{
    *m = (struct move){
        .mem = mem_new(MEMORY),
        .rng = rng_new(test_seed() + salt),
    };
}

static void move_start(struct move *m, uint32_t opcode)
{
    mem_reset(m->mem);
    program_init(&m->program);
    program_insn(&m->program, opcode);
}

static struct tensor move_operand(struct move *m, uint32_t dtype, unsigned rank,
                                  const uint64_t *extent, unsigned layout)
{
    struct tensor tensor = tensor_new(m->mem, &m->rng, dtype, rank, extent,
                                      layout);

    tensor_fill(&tensor, &m->rng, VALUES_SPECIAL);
    program_operand(&m->program, 0, &tensor);
    return tensor;
}

static void move_expect(struct move *m, reference *value)
{
    struct expectation e = {
        .value = value,
        .arg = m,
        .identical = true,
        .seed = test_seed(),
    };

    expect(&m->program, &m->d, &e);
}

static void move_free(struct move *m)
{
    mem_free(m->mem);
}

/* Extents up to most in all, small ones more often. */
static unsigned any_extents(struct move *m, unsigned low, int64_t most,
                            uint64_t *extent)
{
    unsigned rank = (unsigned)rng_range(&m->rng, low, NPU_MAX_RANK);

    for (unsigned dim = 0; dim < rank; dim++) {
        int64_t room = most < 12 ? most : 12;

        extent[dim] = (uint64_t)rng_range(&m->rng, 1, room);
        most /= (int64_t)extent[dim];
    }
    return rank;
}

static struct npu_insn *insn_of(struct move *m)
{
    return &m->program.insn[0];
}

/* ---- Pad ----------------------------------------------------------------- */

static const char *const modes[] = { "constant", "edge", "reflect", "wrap" };

/* Step by step: not the way of the card. */
static int64_t padded_index(uint32_t mode, int64_t x, int64_t n)
{
    while (mode == NPU_PAD_REFLECT && n > 1 && (x < 0 || x >= n)) {
        x = x < 0 ? -x : 2 * (n - 1) - x;
    }
    while (mode == NPU_PAD_WRAP && x < 0) {
        x += n;
    }
    while (mode == NPU_PAD_WRAP && x >= n) {
        x -= n;
    }
    if (mode != NPU_PAD_CONSTANT) {
        x = x < 0 ? 0 : x >= n ? n - 1 : x;
    }
    return x;
}

static double padded(const void *arg, const uint64_t *index)
{
    const struct move *m = arg;
    const struct npu_insn_pad *padding = &m->program.insn[0].padding;
    uint64_t at[NPU_MAX_RANK] = { 0 };

    for (unsigned dim = 0; dim < m->a.desc.rank; dim++) {
        int64_t n = (int64_t)m->a.desc.extent[dim];
        int64_t x = padded_index(padding->mode,
                                 (int64_t)index[dim] - padding->before[dim], n);

        if (x < 0 || x >= n) {
            return m->a.desc.dtype == NPU_DTYPE_BOOL ? 1 : 0;
        }
        at[dim] = (uint64_t)x;
    }
    return tensor_get(&m->a, at);
}

static void pad_case(struct move *m, uint32_t mode, uint32_t dtype,
                     unsigned rank, const uint64_t *a, const uint32_t *before,
                     const uint64_t *d, unsigned layout)
{
    move_start(m, NPU_OP_PAD);
    m->d = move_operand(m, dtype, rank, d, layout & LAYOUT_ANY);
    m->a = move_operand(m, dtype, rank, a, layout);
    insn_of(m)->padding.mode = mode;
    memcpy(insn_of(m)->padding.before, before, rank * sizeof(*before));
    if (dtype == NPU_DTYPE_BOOL && mode == NPU_PAD_CONSTANT) {
        insn_of(m)->imm = 1;
    }
    move_expect(m, padded);
}

static void test_pad(void **state)
{
    uint32_t mode = (uint32_t)((const char *const *)*state - modes);
    struct move m;

    move_new(&m, mode);
    for (unsigned i = 0; i < 60; i++) {
        uint64_t a[NPU_MAX_RANK], d[NPU_MAX_RANK];
        uint32_t before[NPU_MAX_RANK];
        unsigned rank = any_extents(&m, 1, 300, a);
        int64_t more = rank > 3 ? 2 : rank > 1 ? 9 : 40;

        for (unsigned dim = 0; dim < rank; dim++) {
            before[dim] = (uint32_t)rng_range(&m.rng, 0, more);
            d[dim] = before[dim] + a[dim] +
                     (uint64_t)rng_range(&m.rng, 0, more);
            if (mode == NPU_PAD_WRAP) {
                d[dim] = (uint64_t)rng_range(&m.rng, 1, (int64_t)d[dim]);
            }
        }
        pad_case(&m, mode, dtypes[i % DTYPES], rank, a, before, d,
                 (i / 2) % 16);
    }
    /* Many tiles; some lie outside, some are a piece of a. */
    pad_case(&m, mode, NPU_DTYPE_S32, 1, (uint64_t[]){ 40000 },
             (uint32_t[]){ 30000 }, (uint64_t[]){ 100003 }, 0);
    pad_case(&m, mode, NPU_DTYPE_F16, 2, (uint64_t[]){ 3, 211 },
             (uint32_t[]){ 100, 70 }, (uint64_t[]){ 211, 307 },
             LAYOUT_PERMUTED);
    pad_case(&m, mode, NPU_DTYPE_S64, 2, (uint64_t[]){ 500, 2 },
             (uint32_t[]){ 7, 21 }, (uint64_t[]){ 511, 64 }, LAYOUT_NEGATIVE);
    pad_case(&m, mode, NPU_DTYPE_U8, 3, (uint64_t[]){ 2, 200, 1 },
             (uint32_t[]){ 0, 0, 300 }, (uint64_t[]){ 2, 200, 400 }, 0);
    move_free(&m);
}

/* ---- Triangle ------------------------------------------------------------ */

static double triangle(const void *arg, const uint64_t *index)
{
    const struct move *m = arg;
    const struct npu_insn *insn = &m->program.insn[0];
    unsigned rank = m->a.desc.rank;
    int64_t above = (int64_t)index[rank - 1] - (int64_t)index[rank - 2];
    int64_t k = (int32_t)insn->imm;
    bool kept = insn->flags & NPU_INSN_LOWER ? above <= k : above >= k;

    return kept ? tensor_get(&m->a, index) : 0;
}

static void triangle_case(struct move *m, uint32_t dtype, unsigned rank,
                          const uint64_t *extent, int64_t k, bool lower,
                          unsigned layout)
{
    move_start(m, NPU_OP_TRIANGLE);
    m->d = move_operand(m, dtype, rank, extent, layout & LAYOUT_ANY);
    m->a = move_operand(m, dtype, rank, extent, layout);
    insn_of(m)->imm = (uint32_t)k;
    insn_of(m)->flags = lower ? NPU_INSN_LOWER : 0;
    move_expect(m, triangle);
}

static void test_triangle(void **state)
{
    struct move m;

    (void)state;
    move_new(&m, 10);
    for (unsigned i = 0; i < 100; i++) {
        uint64_t extent[NPU_MAX_RANK];
        unsigned rank = any_extents(&m, 2, 600, extent);

        triangle_case(&m, dtypes[i % DTYPES], rank, extent,
                      rng_range(&m.rng, -13, 13), i % 3, i / 2 % 16);
    }
    for (unsigned i = 0; i < 6; i++) {
        static const int64_t far[] = { INT32_MIN, -200, 0, 3, 290, INT32_MAX };

        triangle_case(&m, NPU_DTYPE_F16, 2, (uint64_t[]){ 211, 307 }, far[i],
                      i % 2, i % 4);
        triangle_case(&m, NPU_DTYPE_S32, 3, (uint64_t[]){ 3, 150, 150 }, far[i],
                      i % 2, LAYOUT_PERMUTED);
    }
    move_free(&m);
}

/* ---- Range --------------------------------------------------------------- */

static double ranged(const void *arg, const uint64_t *index)
{
    const struct move *m = arg;
    uint64_t i = index[m->program.insn[0].axis.axis];
    double start = tensor_get(&m->a, index), step = tensor_get(&m->b, index);

    if (m->d.desc.dtype == NPU_DTYPE_S32) {
        return (int32_t)((uint32_t)(int32_t)start +
                         (uint32_t)i * (uint32_t)(int32_t)step);
    }
    return start + (double)i * step;
}

static void range_case(struct move *m, uint32_t dtype, unsigned rank,
                       const uint64_t *extent, unsigned layout,
                       enum values values)
{
    move_start(m, NPU_OP_RANGE);
    m->d = move_operand(m, dtype, rank, extent, layout & LAYOUT_ANY);
    m->a = move_operand(m, dtype, rank, extent, layout);
    m->b = move_operand(m, dtype, rank, extent, layout);
    /* The reference has no s64 of more than 53 bits. */
    values = dtype == NPU_DTYPE_S64 ? VALUES_PLAIN : values;
    tensor_fill(&m->a, &m->rng, values);
    tensor_fill(&m->b, &m->rng, values);
    insn_of(m)->axis.axis = (uint32_t)rng_range(&m->rng, 0, rank - 1);
    move_expect(m, ranged);
}

static void test_range(void **state)
{
    static const uint32_t types[] = { NPU_DTYPE_F32, NPU_DTYPE_F16,
                                      NPU_DTYPE_BF16, NPU_DTYPE_S32,
                                      NPU_DTYPE_S64 };
    struct move m;

    (void)state;
    move_new(&m, 20);
    for (unsigned i = 0; i < 100; i++) {
        uint64_t extent[NPU_MAX_RANK];
        unsigned rank = any_extents(&m, 1, 600, extent);

        range_case(&m, types[i % 5], rank, extent, i / 5 % 16,
                   i / 2 % 2 ? VALUES_SPECIAL : VALUES_PLAIN);
    }
    for (unsigned i = 0; i < 5; i++) {
        range_case(&m, types[i], 1, (uint64_t[]){ 20003 }, 0, VALUES_PLAIN);
        range_case(&m, types[i], 2, (uint64_t[]){ 211, 107 },
                   LAYOUT_BROADCAST | LAYOUT_PERMUTED, VALUES_PLAIN);
    }
    move_free(&m);
}

/* Beyond what f64 holds: wraps. */
static void test_range_wraps(void **state)
{
    const int64_t start = INT64_MAX - 3, step = 0x123456789abcdef1;
    struct npu_verdict verdict;
    struct runner runner;
    struct move m;

    (void)state;
    move_new(&m, 21);
    move_start(&m, NPU_OP_RANGE);
    m.d = move_operand(&m, NPU_DTYPE_S64, 1, (uint64_t[]){ 1000 }, 0);
    m.a = move_operand(&m, NPU_DTYPE_S64, 1, (uint64_t[]){ 1 }, 0);
    m.b = move_operand(&m, NPU_DTYPE_S64, 1, (uint64_t[]){ 1 }, 0);
    for (unsigned i = 1; i < 3; i++) {
        m.program.tensor[i].extent[0] = 1000;
        m.program.tensor[i].stride[0] = 0;
    }
    memcpy(mem_at(m.mem, m.a.va), &start, 8);
    memcpy(mem_at(m.mem, m.b.va), &step, 8);
    runner = runner_new(&m.program);
    assert_true(run_insn(&runner, 0, 8, 1, m.mem, &verdict));
    for (uint64_t i = 0; i < 1000; i++) {
        uint64_t got;

        memcpy(&got, tensor_at(&m.d, &i), 8);
        assert_true(got == (uint64_t)start + i * (uint64_t)step);
    }
    runner_free(&runner);
    move_free(&m);
}

/* ---- One-hot ------------------------------------------------------------- */

static double one_hot(const void *arg, const uint64_t *index)
{
    const struct move *m = arg;
    uint32_t axis = m->program.insn[0].axis.axis;
    double n = (double)m->d.desc.extent[axis];
    double a = tensor_get(&m->a, index);
    bool on = (a < 0 ? a + n : a) == (double)index[axis];

    return tensor_get(on ? &m->c : &m->b, index);
}

static void one_hot_case(struct move *m, uint32_t dtype, unsigned rank,
                         const uint64_t *extent, unsigned layout, bool wide)
{
    uint32_t axis = (uint32_t)rng_range(&m->rng, 0, rank - 1);
    int64_t n = (int64_t)extent[axis];
    uint64_t index[NPU_MAX_RANK] = { 0 };

    move_start(m, NPU_OP_ONE_HOT);
    insn_of(m)->axis.axis = axis;
    m->d = move_operand(m, dtype, rank, extent, layout & LAYOUT_ANY);
    m->a = tensor_new(m->mem, &m->rng, wide ? NPU_DTYPE_S64 : NPU_DTYPE_S32,
                      rank, extent, layout);
    m->a.desc.stride[axis] = wide && layout % 2 ? m->a.desc.stride[axis] : 0;
    program_operand(&m->program, 0, &m->a);
    do {
        int64_t at = rng_range(&m->rng, -n - 1, n);

        tensor_put(&m->a, index,
                   (double)(rng_range(&m->rng, 0, 20) ? at : INT32_MIN));
    } while (tensor_next(&m->a, index));
    m->b = move_operand(m, dtype, rank, extent, layout | LAYOUT_BROADCAST);
    m->c = move_operand(m, dtype, rank, extent, layout | LAYOUT_BROADCAST);
    move_expect(m, one_hot);
}

static void test_one_hot(void **state)
{
    struct move m;

    (void)state;
    move_new(&m, 30);
    for (unsigned i = 0; i < 100; i++) {
        uint64_t extent[NPU_MAX_RANK];
        unsigned rank = any_extents(&m, 1, 600, extent);

        one_hot_case(&m, dtypes[i % DTYPES], rank, extent, i / 5 % 16, i % 3);
    }
    for (unsigned i = 0; i < 4; i++) {
        one_hot_case(&m, dtypes[i], 2, (uint64_t[]){ 41, 1003 }, 4 * i, i % 2);
    }
    move_free(&m);
}

/* ---- Gathers ------------------------------------------------------------- */

/* An index below an extent, by chance */
static void put_index(struct move *m, const uint64_t *index, uint64_t extent)
{
    tensor_put(&m->b, index,
               (double)rng_range(&m->rng, 0, (int64_t)extent - 1));
}

static double gathered_elements(const void *arg, const uint64_t *index)
{
    const struct move *m = arg;
    uint64_t at[NPU_MAX_RANK];

    memcpy(at, index, sizeof(at));
    at[m->program.insn[0].axis.axis] = (uint64_t)tensor_get(&m->b, index);
    return tensor_get(&m->a, at);
}

static void elements_start(struct move *m, uint32_t dtype, unsigned rank,
                           const uint64_t *d, const uint64_t *a, uint32_t axis,
                           unsigned layout)
{
    uint64_t index[NPU_MAX_RANK] = { 0 };

    move_start(m, NPU_OP_GATHER_ELEMENTS);
    insn_of(m)->axis.axis = axis;
    m->d = move_operand(m, dtype, rank, d, layout & LAYOUT_ANY);
    m->a = move_operand(m, dtype, rank, a, layout);
    m->b = move_operand(m, layout % 3 ? NPU_DTYPE_S32 : NPU_DTYPE_S64, rank, d,
                        layout);
    do {
        put_index(m, index, a[axis]);
    } while (tensor_next(&m->b, index));
}

static void test_gather_elements(void **state)
{
    struct move m;

    (void)state;
    move_new(&m, 40);
    for (unsigned i = 0; i < 100; i++) {
        uint64_t d[NPU_MAX_RANK], a[NPU_MAX_RANK];
        unsigned rank = any_extents(&m, 1, 500, d);
        uint32_t axis = (uint32_t)rng_range(&m.rng, 0, rank - 1);

        for (unsigned dim = 0; dim < rank; dim++) {
            a[dim] = dim == axis ? (uint64_t)rng_range(&m.rng, 1, 30) :
                                   d[dim] + (uint64_t)rng_range(&m.rng, 0, 1);
        }
        elements_start(&m, dtypes[i % DTYPES], rank, d, a, axis, i / 5 % 16);
        move_expect(&m, gathered_elements);
    }
    /* What is held, what is not, and a long axis across memory */
    for (unsigned i = 0; i < 6; i++) {
        elements_start(&m, dtypes[i], 2, (uint64_t[]){ 60, 310 },
                       (uint64_t[]){ 61, 4000 }, 1, i);
        move_expect(&m, gathered_elements);
        elements_start(&m, dtypes[i], 2, (uint64_t[]){ 60, 31 },
                       (uint64_t[]){ 4000, 61 }, 0, i);
        move_expect(&m, gathered_elements);
        elements_start(&m, dtypes[i], 2, (uint64_t[]){ 3, 1500 },
                       (uint64_t[]){ 5, 1501 }, 0, i);
        move_expect(&m, gathered_elements);
        elements_start(&m, dtypes[i], 1, (uint64_t[]){ 2003 },
                       (uint64_t[]){ 300000 }, 0, i);
        move_expect(&m, gathered_elements);
    }
    move_free(&m);
}

static double gathered_nd(const void *arg, const uint64_t *index)
{
    const struct move *m = arg;
    unsigned places = m->b.desc.rank - 1;
    uint64_t count = m->b.desc.extent[places];
    uint64_t at[NPU_MAX_RANK] = { 0 }, from[NPU_MAX_RANK] = { 0 };

    memcpy(at, index, places * sizeof(*at));
    for (uint64_t k = 0; k < count; k++) {
        at[places] = k;
        from[k] = (uint64_t)tensor_get(&m->b, at);
    }
    for (unsigned dim = (unsigned)count; dim < m->a.desc.rank; dim++) {
        from[dim] = index[places + dim - count];
    }
    return tensor_get(&m->a, from);
}

/* b has extents of places, and then how many dimensions of a it names. */
static void nd_start(struct move *m, uint32_t dtype, const uint64_t *place,
                     unsigned places, unsigned count, const uint64_t *a,
                     unsigned rank, unsigned layout)
{
    uint64_t extent[NPU_MAX_RANK], index[NPU_MAX_RANK] = { 0 };

    move_start(m, NPU_OP_GATHER_ND);
    memcpy(extent, place, places * sizeof(*place));
    for (unsigned dim = count; dim < rank; dim++) {
        extent[places + dim - count] = a[dim];
    }
    m->d = move_operand(m, dtype, places + rank - count, extent,
                        layout & LAYOUT_ANY);
    m->a = move_operand(m, dtype, rank, a, layout);
    extent[places] = count;
    m->b = move_operand(m, layout % 3 ? NPU_DTYPE_S32 : NPU_DTYPE_S64,
                        places + 1, extent, layout & LAYOUT_ANY);
    do {
        put_index(m, index, a[index[places]]);
    } while (tensor_next(&m->b, index));
}

static void test_gather_nd(void **state)
{
    struct move m;

    (void)state;
    move_new(&m, 50);
    for (unsigned i = 0; i < 120; i++) {
        uint64_t a[NPU_MAX_RANK], place[NPU_MAX_RANK] = { 0 };
        unsigned rank = any_extents(&m, 1, 300, a);
        unsigned count = (unsigned)rng_range(&m.rng, 1, rank);
        unsigned rest = rank - count, most = NPU_MAX_RANK - (rest ? rest : 1);
        unsigned places = (unsigned)rng_range(&m.rng, !rest, most);

        for (unsigned dim = 0; dim < places; dim++) {
            place[dim] = (uint64_t)rng_range(&m.rng, 1, places > 2 ? 3 : 9);
        }
        nd_start(&m, dtypes[i % DTYPES], place, places, count, a, rank,
                 i / 5 % 16);
        move_expect(&m, gathered_nd);
    }
    for (unsigned i = 0; i < 6; i++) {
        nd_start(&m, dtypes[i], (uint64_t[]){ 50 }, 1, 2,
                 (uint64_t[]){ 40, 20, 300 }, 3, i);
        move_expect(&m, gathered_nd);
        nd_start(&m, dtypes[i], (uint64_t[]){ 5000 }, 1, 3,
                 (uint64_t[]){ 400, 20, 30 }, 3, i);
        move_expect(&m, gathered_nd);
    }
    move_free(&m);
}

/* ---- Scatters ------------------------------------------------------------ */

/* What d becomes: worked out place by place, in their order. */
struct scattering {
    struct move m;
    double want[1 << 17];
};

static uint64_t element_number(const struct tensor *tensor,
                               const uint64_t *index)
{
    uint64_t number = 0;

    for (unsigned dim = 0; dim < tensor->desc.rank; dim++) {
        number = number * tensor->desc.extent[dim] + index[dim];
    }
    return number;
}

static double scattered(const void *arg, const uint64_t *index)
{
    const struct scattering *s = arg;

    return s->want[element_number(&s->m.d, index)];
}

/* One step, as the type rounds it. */
static double reduced(uint32_t dtype, uint32_t mode, double d, double a)
{
    double value = a;

    switch (mode) {
    case NPU_SCATTER_ADD:
        value = d + a;
        break;
    case NPU_SCATTER_MUL:
        value = d * a;
        break;
    case NPU_SCATTER_MIN:
        value = d != d || d < a ? d : a;
        break;
    case NPU_SCATTER_MAX:
        value = d != d || d > a ? d : a;
        break;
    }
    if (dtype == NPU_DTYPE_S32 && mode != NPU_SCATTER_SET) {
        return (int32_t)(uint32_t)(int64_t)value;
    }
    return dtype_is_float(dtype) ?
               round_to(dtype, round_to(NPU_DTYPE_F32, value)) :
               value;
}

/* Where an element of a goes; place is where its first index is in b. */
static void target_of(const struct move *m, const uint64_t *index, uint64_t *to)
{
    const struct npu_insn *insn = &m->program.insn[0];
    unsigned places = m->b.desc.rank;
    uint64_t at[NPU_MAX_RANK] = { 0 }, count = 1;

    if (insn->opcode == NPU_OP_SCATTER_ELEMENTS) {
        memcpy(to, index, NPU_MAX_RANK * sizeof(*to));
        to[insn->scatter.axis] = (uint64_t)tensor_get(&m->b, index);
        return;
    }
    if (insn->opcode == NPU_OP_SCATTER_ND) {
        count = m->b.desc.extent[--places];
    }
    memcpy(at, index, places * sizeof(*at));
    for (uint64_t k = 0; k < count; k++) {
        at[places] = places < m->b.desc.rank ? k : 0;
        to[k] = (uint64_t)tensor_get(&m->b, at);
    }
    for (unsigned dim = (unsigned)count; dim < m->d.desc.rank; dim++) {
        to[dim] = index[places + dim - count];
    }
}

static void scatter_expect(struct scattering *s)
{
    struct expectation e = {
        .value = scattered,
        .arg = s,
        .identical = true,
        .seed = test_seed(),
    };
    struct move *m = &s->m;
    uint64_t index[NPU_MAX_RANK] = { 0 }, to[NPU_MAX_RANK] = { 0 };

    do {
        s->want[element_number(&m->d, index)] = tensor_get(&m->d, index);
    } while (tensor_next(&m->d, index));
    do {
        double *want = s->want;

        target_of(m, index, to);
        want += element_number(&m->d, to);
        *want = reduced(m->d.desc.dtype, insn_of(m)->scatter.mode, *want,
                        tensor_get(&m->a, index));
    } while (tensor_next(&m->a, index));
    expect(&m->program, &m->d, &e);
}

/* A mode, and a type that it takes; values that f64 can follow. */
static uint32_t pick_mode(struct move *m, unsigned i)
{
    static const uint32_t types[] = { NPU_DTYPE_F32, NPU_DTYPE_F16,
                                      NPU_DTYPE_BF16, NPU_DTYPE_S32,
                                      NPU_DTYPE_S64 };
    uint32_t mode = i % 5;

    insn_of(m)->scatter.mode = mode;
    if (mode == NPU_SCATTER_SET) {
        return dtypes[i / 5 % DTYPES];
    }
    return types[i / 5 % (mode == NPU_SCATTER_MUL ? 4 : 5)];
}

static void scatter_operand(struct scattering *s, struct tensor *tensor,
                            uint32_t dtype, unsigned rank,
                            const uint64_t *extent, unsigned layout)
{
    struct move *m = &s->m;
    bool special = dtype_is_float(dtype) || !insn_of(m)->scatter.mode;

    *tensor = tensor_new(m->mem, &m->rng, dtype, rank, extent, layout);
    tensor_fill(tensor, &m->rng, special ? VALUES_SPECIAL : VALUES_PLAIN);
    program_operand(&m->program, 0, tensor);
}

static void scatter_rows(struct scattering *s, unsigned i, uint64_t rows,
                         unsigned rank, const uint64_t *d, unsigned layout)
{
    struct move *m = &s->m;
    uint64_t a[NPU_MAX_RANK], index[1] = { 0 };
    uint32_t dtype;

    move_start(m, NPU_OP_SCATTER);
    dtype = pick_mode(m, i);
    memcpy(a, d, sizeof(a));
    a[0] = rows;
    scatter_operand(s, &m->d, dtype, rank, d, layout & LAYOUT_ANY);
    scatter_operand(s, &m->a, dtype, rank, a, layout);
    m->b = move_operand(m, i % 3 ? NPU_DTYPE_S32 : NPU_DTYPE_S64, 1, a,
                        layout & LAYOUT_ANY);
    do {
        put_index(m, index, d[0]);
    } while (tensor_next(&m->b, index));
    scatter_expect(s);
}

static void test_scatter(void **state)
{
    struct scattering *s = malloc(sizeof(*s));

    (void)state;
    move_new(&s->m, 70);
    for (unsigned i = 0; i < 100; i++) {
        uint64_t d[NPU_MAX_RANK] = { 0 };
        unsigned rank = any_extents(&s->m, 1, 400, d);

        scatter_rows(s, i, (uint64_t)rng_range(&s->m.rng, 1, 25), rank, d,
                     i / 5 % 16);
    }
    for (unsigned i = 0; i < 5; i++) {
        scatter_rows(s, i, 900, 2, (uint64_t[NPU_MAX_RANK]){ 100, 130 }, i);
        scatter_rows(s, i, 20000, 1, (uint64_t[NPU_MAX_RANK]){ 30000 }, i);
        scatter_rows(s, i, 20, 2, (uint64_t[NPU_MAX_RANK]){ 3, 20011 }, 0);
    }
    move_free(&s->m);
    free(s);
}

static void scatter_elements(struct scattering *s, unsigned i, uint32_t axis,
                             unsigned rank, const uint64_t *d,
                             const uint64_t *a, unsigned layout)
{
    struct move *m = &s->m;
    uint64_t index[NPU_MAX_RANK] = { 0 };
    uint32_t dtype;

    move_start(m, NPU_OP_SCATTER_ELEMENTS);
    dtype = pick_mode(m, i);
    insn_of(m)->scatter.axis = axis;
    scatter_operand(s, &m->d, dtype, rank, d, layout & LAYOUT_ANY);
    scatter_operand(s, &m->a, dtype, rank, a, layout);
    m->b = move_operand(m, i % 3 ? NPU_DTYPE_S32 : NPU_DTYPE_S64, rank, a,
                        layout);
    do {
        put_index(m, index, d[axis]);
    } while (tensor_next(&m->b, index));
    scatter_expect(s);
}

static void test_scatter_elements(void **state)
{
    struct scattering *s = malloc(sizeof(*s));

    (void)state;
    move_new(&s->m, 80);
    for (unsigned i = 0; i < 100; i++) {
        uint64_t d[NPU_MAX_RANK] = { 0 }, a[NPU_MAX_RANK] = { 0 };
        unsigned rank = any_extents(&s->m, 1, 400, a);
        uint32_t axis = (uint32_t)rng_range(&s->m.rng, 0, rank - 1);

        for (unsigned dim = 0; dim < rank; dim++) {
            d[dim] = a[dim] + (uint64_t)rng_range(&s->m.rng, 0, 2);
        }
        d[axis] = (uint64_t)rng_range(&s->m.rng, 1, 9);
        scatter_elements(s, i, axis, rank, d, a, i / 5 % 16);
    }
    for (unsigned i = 0; i < 5; i++) {
        scatter_elements(s, i, 1, 2, (uint64_t[NPU_MAX_RANK]){ 100, 130 },
                         (uint64_t[NPU_MAX_RANK]){ 90, 200 }, i);
        scatter_elements(s, i, 0, 2, (uint64_t[NPU_MAX_RANK]){ 70, 230 },
                         (uint64_t[NPU_MAX_RANK]){ 90, 200 }, i);
        scatter_elements(s, i, 0, 1, (uint64_t[NPU_MAX_RANK]){ 40000 },
                         (uint64_t[NPU_MAX_RANK]){ 30000 }, i);
    }
    move_free(&s->m);
    free(s);
}

static void scatter_nd(struct scattering *s, unsigned i, const uint64_t *place,
                       unsigned places, unsigned count, unsigned rank,
                       const uint64_t *d, unsigned layout)
{
    struct move *m = &s->m;
    uint64_t extent[NPU_MAX_RANK], index[NPU_MAX_RANK] = { 0 };
    uint32_t dtype;

    move_start(m, NPU_OP_SCATTER_ND);
    dtype = pick_mode(m, i);
    memcpy(extent, place, places * sizeof(*place));
    for (unsigned dim = count; dim < rank; dim++) {
        extent[places + dim - count] = d[dim];
    }
    scatter_operand(s, &m->d, dtype, rank, d, layout & LAYOUT_ANY);
    scatter_operand(s, &m->a, dtype, places + rank - count, extent, layout);
    extent[places] = count;
    m->b = move_operand(m, i % 3 ? NPU_DTYPE_S32 : NPU_DTYPE_S64, places + 1,
                        extent, layout & LAYOUT_ANY);
    do {
        put_index(m, index, d[index[places]]);
    } while (tensor_next(&m->b, index));
    scatter_expect(s);
}

static void test_scatter_nd(void **state)
{
    struct scattering *s = malloc(sizeof(*s));

    (void)state;
    move_new(&s->m, 90);
    for (unsigned i = 0; i < 120; i++) {
        uint64_t d[NPU_MAX_RANK] = { 0 }, place[NPU_MAX_RANK] = { 0 };
        unsigned rank = any_extents(&s->m, 1, 300, d);
        unsigned count = (unsigned)rng_range(&s->m.rng, 1, rank);
        unsigned rest = rank - count, most = NPU_MAX_RANK - (rest ? rest : 1);
        unsigned places = (unsigned)rng_range(&s->m.rng, !rest, most);

        for (unsigned dim = 0; dim < places; dim++) {
            place[dim] = (uint64_t)rng_range(&s->m.rng, 1, places > 2 ? 3 : 9);
        }
        scatter_nd(s, i, place, places, count, rank, d, i / 5 % 16);
    }
    for (unsigned i = 0; i < 5; i++) {
        scatter_nd(s, i, (uint64_t[]){ 50, 4 }, 2, 2, 3,
                   (uint64_t[NPU_MAX_RANK]){ 8, 9, 300 }, i);
        scatter_nd(s, i, (uint64_t[]){ 9000 }, 1, 3, 3,
                   (uint64_t[NPU_MAX_RANK]){ 40, 20, 30 }, i);
    }
    move_free(&s->m);
    free(s);
}

static void expect_bad_index(struct move *m)
{
    struct npu_verdict verdict;
    struct runner runner = runner_new(&m->program);

    assert_false(run_insn(&runner, 0, 8, 4, m->mem, &verdict));
    assert_int_equal(verdict.code, NPU_ERR_INDEX);
    assert_int_equal(verdict.insn, 0);
    assert_int_equal(verdict.operand, 2);
    runner_free(&runner);
}

static void test_bad_index(void **state)
{
    static const double bad[] = { -1, 20, INT32_MAX, INT32_MIN };
    struct move m;

    (void)state;
    move_new(&m, 60);
    for (unsigned i = 0; i < 4 * MEM_MODES; i++) {
        uint64_t index[2] = { (uint64_t)rng_range(&m.rng, 0, 39), i % 2 };

        m.mem->mode = i / 4;
        nd_start(&m, NPU_DTYPE_F16, (uint64_t[]){ 40 }, 1, 2,
                 (uint64_t[]){ 20, 20, 300 }, 3, 0);
        tensor_put(&m.b, index, bad[i % 4]);
        expect_bad_index(&m);
        elements_start(&m, NPU_DTYPE_U8, 2, (uint64_t[]){ 40, 30 },
                       (uint64_t[]){ 40, 20 }, 1, 0);
        tensor_put(&m.b, index, bad[i % 4]);
        expect_bad_index(&m);
        /* The other way: from d, which is larger than b, to a. */
        insn_of(&m)->opcode = NPU_OP_SCATTER_ELEMENTS;
        insn_of(&m)->operand[0] = 1;
        insn_of(&m)->operand[1] = 0;
        expect_bad_index(&m);
    }
    move_free(&m);
}

int main(void)
{
    struct suite suite = { 0 };

    for (unsigned i = 0; i < 4; i++) {
        suite_add(&suite, test_pad, (void *)&modes[i], "pad: %s", modes[i]);
    }
    suite_add(&suite, test_triangle, NULL, "triangle");
    suite_add(&suite, test_range, NULL, "range");
    suite_add(&suite, test_range_wraps, NULL, "range wraps");
    suite_add(&suite, test_one_hot, NULL, "one_hot");
    suite_add(&suite, test_gather_elements, NULL, "gather_elements");
    suite_add(&suite, test_gather_nd, NULL, "gather_nd");
    suite_add(&suite, test_scatter, NULL, "scatter");
    suite_add(&suite, test_scatter_elements, NULL, "scatter_elements");
    suite_add(&suite, test_scatter_nd, NULL, "scatter_nd");
    suite_add(&suite, test_bad_index, NULL, "bad index");
    return suite_run(&suite, "move");
}
