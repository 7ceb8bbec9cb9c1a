/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attention against its definition in f64, with all features crossed.
 */
#include <math.h>

#include "support-compute-block.h"

#define MEMORY (48u << 20)
#define KEYS 1024 /* of a sequence, at most */

#define FEATURES                                                         \
    (NPU_INSN_CAUSAL | NPU_INSN_MASK | NPU_INSN_SINKS | NPU_INSN_TABLE | \
     NPU_INSN_LENGTHS)

/* ---- An instruction with its tensors ------------------------------------- */

struct shape {
    uint64_t sequences, rows, keys, kv_heads, group, k_width, v_width;
    uint64_t page; /* keys of a block of the pool */
};

struct types {
    uint32_t d, q, k, v, mask;
};

struct attention {
    uint32_t flags;
    struct shape shape;
    uint32_t window;
    float scale, softcap;
    struct tensor d, q, k, v, mask, sinks, table, lengths;
    struct program program;
};

static const struct types plain = { NPU_DTYPE_F32, NPU_DTYPE_F32, NPU_DTYPE_F32,
                                    NPU_DTYPE_F32, NPU_DTYPE_F32 };

/* Of q, d or the mask: without the sequence if rows are ragged. */
static struct tensor rows_new(struct attention *a, struct test_mem *mem,
                              struct rng *rng, uint32_t dtype,
                              const uint64_t *extent, unsigned layout)
{
    unsigned ragged = !!(a->flags & NPU_INSN_LENGTHS);

    return tensor_new(mem, rng, dtype, 4 - ragged, extent + ragged, layout);
}

/* Blocks of the pool in some order, and some that nobody has. */
static void table_new(struct attention *a, struct test_mem *mem,
                      struct rng *rng, unsigned layout, uint64_t *pool)
{
    uint64_t extent[2] = {
        a->shape.sequences, (a->shape.keys + a->shape.page - 1) / a->shape.page
    };
    uint64_t index[NPU_MAX_RANK] = { 0 };

    a->shape.keys = extent[1] * a->shape.page;
    *pool = extent[0] * extent[1] + 1;
    a->table = tensor_new(mem, rng, NPU_DTYPE_S32, 2, extent, layout);
    do {
        tensor_put(&a->table, index,
                   (double)rng_range(rng, 0, (int64_t)*pool - 1));
    } while (tensor_next(&a->table, index));
}

static void lengths_new(struct attention *a, struct test_mem *mem,
                        struct rng *rng, unsigned layout)
{
    uint64_t extent[2] = { a->shape.sequences, 2 };
    uint64_t left = a->shape.rows;

    a->lengths = tensor_new(mem, rng, NPU_DTYPE_S32, 2, extent, layout);
    for (uint64_t i = 0; i < a->shape.sequences; i++) {
        int64_t rows = rng_range(rng, 0, (int64_t)left);

        tensor_put(&a->lengths, (uint64_t[]){ i, 0 }, (double)rows);
        tensor_put(&a->lengths, (uint64_t[]){ i, 1 },
                   (double)rng_range(rng, 0, (int64_t)a->shape.keys));
        left -= (uint64_t)rows;
    }
}

static void mask_fill(struct attention *a, struct rng *rng)
{
    uint64_t index[NPU_MAX_RANK] = { 0 };

    tensor_fill(&a->mask, rng, VALUES_PLAIN);
    do {
        if (rng_range(rng, 0, 3) == 0) {
            tensor_put(&a->mask, index, -INFINITY);
        }
    } while (tensor_next(&a->mask, index));
}

/* k or v */
static struct tensor stored_new(struct test_mem *mem, struct rng *rng,
                                uint32_t dtype, const uint64_t *extent,
                                unsigned layout)
{
    struct tensor tensor;

    if (block_elements(dtype)) {
        return blocks_new(mem, rng, dtype, 4, extent, layout);
    }
    tensor = tensor_new(mem, rng, dtype, 4, extent, layout);
    tensor_fill(&tensor, rng, VALUES_PLAIN);
    return tensor;
}

static void attention_new(struct attention *a, const struct types *types,
                          struct test_mem *mem, struct rng *rng,
                          unsigned layout)
{
    struct shape *s = &a->shape;
    unsigned plain_layout = layout & ~LAYOUT_BROADCAST;
    uint64_t heads = s->kv_heads * s->group, outer = s->sequences;
    struct npu_insn *insn;

    mem_reset(mem);
    if (a->flags & NPU_INSN_TABLE) {
        table_new(a, mem, rng, plain_layout, &outer);
    }
    a->d = rows_new(a, mem, rng, types->d,
                    (uint64_t[]){ s->sequences, s->rows, heads, s->v_width },
                    plain_layout);
    a->q = rows_new(a, mem, rng, types->q,
                    (uint64_t[]){ s->sequences, s->rows, heads, s->k_width },
                    layout);
    a->k = stored_new(mem, rng, types->k,
                      (uint64_t[]){
                          outer, a->flags & NPU_INSN_TABLE ? s->page : s->keys,
                          s->kv_heads, s->k_width },
                      layout);
    a->v = stored_new(mem, rng, types->v,
                      (uint64_t[]){
                          outer, a->flags & NPU_INSN_TABLE ? s->page : s->keys,
                          s->kv_heads, s->v_width },
                      layout);
    tensor_fill(&a->q, rng, VALUES_PLAIN);
    program_init(&a->program);
    program_insn(&a->program, NPU_OP_ATTENTION);
    program_operand(&a->program, 0, &a->d);
    program_operand(&a->program, 0, &a->q);
    program_operand(&a->program, 0, &a->k);
    program_operand(&a->program, 0, &a->v);
    if (a->flags & NPU_INSN_MASK) {
        a->mask = rows_new(a, mem, rng, types->mask,
                           (uint64_t[]){ s->sequences, heads, s->rows,
                                         s->keys },
                           layout);
        mask_fill(a, rng);
        program_operand(&a->program, 0, &a->mask);
    }
    if (a->flags & NPU_INSN_SINKS) {
        a->sinks = tensor_new(mem, rng, NPU_DTYPE_F32, 1, &heads, layout);
        tensor_fill(&a->sinks, rng, VALUES_PLAIN);
        program_operand(&a->program, 0, &a->sinks);
    }
    if (a->flags & NPU_INSN_TABLE) {
        program_operand(&a->program, 0, &a->table);
    }
    if (a->flags & NPU_INSN_LENGTHS) {
        lengths_new(a, mem, rng, plain_layout);
        program_operand(&a->program, 0, &a->lengths);
    }
    insn = &a->program.insn[0];
    insn->flags = a->flags;
    insn->attention.window = a->window;
    memcpy(&insn->attention.softcap, &a->softcap, sizeof(a->softcap));
    memcpy(&insn->imm, &a->scale, sizeof(a->scale));
}

/* ---- The definition ------------------------------------------------------ */

/* A row of d for one head: where it comes from. */
struct place {
    uint64_t sequence, row, head, kv_head;
    int64_t local, rows, keys; /* the row within its sequence */
    const uint64_t *index;     /* of d */
};

static bool find_place(const struct attention *a, const uint64_t *index,
                       struct place *p)
{
    int64_t row;

    p->index = index;
    if (!(a->flags & NPU_INSN_LENGTHS)) {
        p->sequence = index[0];
        p->row = index[1];
        p->head = index[2];
        p->local = (int64_t)p->row;
        p->rows = (int64_t)a->shape.rows;
        p->keys = (int64_t)a->shape.keys;
        p->kv_head = p->head / a->shape.group;
        return true;
    }
    p->row = index[0];
    p->head = index[1];
    p->kv_head = p->head / a->shape.group;
    row = (int64_t)p->row;
    for (uint64_t i = 0; i < a->shape.sequences; i++) {
        p->sequence = i;
        p->rows = (int64_t)tensor_get(&a->lengths, (uint64_t[]){ i, 0 });
        p->keys = (int64_t)tensor_get(&a->lengths, (uint64_t[]){ i, 1 });
        p->local = row;
        if (row < p->rows) {
            return true;
        }
        row -= p->rows;
    }
    return false;
}

static double q_at(const struct attention *a, const struct place *p, uint64_t i)
{
    uint64_t index[4] = { p->sequence, p->row, p->head, i };

    return tensor_get(&a->q, index + !!(a->flags & NPU_INSN_LENGTHS));
}

static double mask_at(const struct attention *a, const struct place *p,
                      int64_t key)
{
    uint64_t index[4] = { p->sequence, p->head, p->row, (uint64_t)key };

    return tensor_get(&a->mask, index + !!(a->flags & NPU_INSN_LENGTHS));
}

static double kv_at(const struct attention *a, const struct tensor *tensor,
                    const struct place *p, int64_t key, uint64_t i)
{
    uint64_t index[4] = { p->sequence, (uint64_t)key, p->kv_head, i };

    if (a->flags & NPU_INSN_TABLE) {
        uint64_t entry[2] = { p->sequence, (uint64_t)key / a->shape.page };

        index[0] = (uint64_t)tensor_get(&a->table, entry);
        index[1] = (uint64_t)key % a->shape.page;
    }
    return tensor_get(tensor, index);
}

/* Minus infinity: it is hidden. */
static double score(const struct attention *a, const struct place *p,
                    int64_t key)
{
    int64_t own = p->local + p->keys - p->rows;
    double sum = 0;

    if (((a->flags & NPU_INSN_CAUSAL) && key > own) ||
        (a->window && llabs(key - own) >= (int64_t)a->window)) {
        return -INFINITY;
    }
    if ((a->flags & NPU_INSN_MASK) && isinf(mask_at(a, p, key))) {
        return -INFINITY;
    }
    for (uint64_t i = 0; i < a->shape.k_width; i++) {
        sum += q_at(a, p, i) * kv_at(a, &a->k, p, key, i);
    }
    sum *= a->scale;
    if (a->softcap > 0) {
        sum = a->softcap * tanh(sum / a->softcap);
    }
    return a->flags & NPU_INSN_MASK ? sum + mask_at(a, p, key) : sum;
}

/* The weights of the keys of a row, and their sum; NaN: a score is none. */
static double weigh(const struct attention *a, const struct place *p,
                    double *weights)
{
    double max = -INFINITY, sum = 0;

    for (int64_t key = 0; key < p->keys; key++) {
        weights[key] = score(a, p, key);
        if (isnan(weights[key])) {
            return NAN;
        }
        max = fmax(max, weights[key]);
    }
    for (int64_t key = 0; key < p->keys; key++) {
        /* What is hidden is not even multiplied by 0. */
        weights[key] = weights[key] == -INFINITY ? -1 : exp(weights[key] - max);
        sum += fmax(weights[key], 0);
    }
    if ((a->flags & NPU_INSN_SINKS) && max != -INFINITY) {
        sum += exp(tensor_get(&a->sinks, &p->head) - max);
    }
    return sum;
}

/* The columns of a row come one after the other. */
static double value(const void *arg, const uint64_t *index)
{
    static double weights[KEYS], sum;
    const struct attention *a = arg;
    uint64_t column = index[a->d.desc.rank - 1];
    double result = 0;
    struct place p;

    if (!find_place(a, index, &p)) {
        return 0;
    }
    assert_true(p.keys <= KEYS);
    if (!column) {
        sum = weigh(a, &p, weights);
    }
    if (sum == 0 || isnan(sum)) {
        return sum;
    }
    for (int64_t key = 0; key < p.keys; key++) {
        if (weights[key] >= 0) {
            result += weights[key] * kv_at(a, &a->v, &p, key, column);
        }
    }
    return result / sum;
}

/*
 * The bound of the manual, where no |q k| is above 16 and no |v| above 4: scores
 * are off by (width + 4) 2^-24 of the sum of the magnitudes and the cap, weights by
 * this and 2 ulp, and the sums by 2^-24 for each key.
 */
static void check(const struct attention *a)
{
    double width = (double)a->shape.k_width, keys = (double)a->shape.keys;
    double off = (width + 4) * width * 16 * fabsf(a->scale) + 4 * a->softcap;
    struct expectation e = {
        .value = value,
        .arg = a,
        .seed = test_seed(),
        .absolute = (2 * off + 2 * keys + 16) * 4 * 0x1p-24,
        .relative = 0x1p-22,
    };

    expect(&a->program, &a->d, &e);
}

/* ---- Tests --------------------------------------------------------------- */

static uint32_t pick(struct rng *rng, const uint32_t *types, unsigned n)
{
    return types[rng_range(rng, 0, n - 1)];
}

static struct types random_types(struct rng *rng)
{
    static const uint32_t stored[] = { NPU_DTYPE_F32,    NPU_DTYPE_F16,
                                       NPU_DTYPE_BF16,   NPU_DTYPE_F8E4M3,
                                       NPU_DTYPE_F8E5M2, NPU_DTYPE_Q8_0,
                                       NPU_DTYPE_Q4_0 };
    struct types types = { pick(rng, stored, 3), pick(rng, stored, 3),
                           pick(rng, stored, 7), pick(rng, stored, 7),
                           pick(rng, stored, 3) };

    return types;
}

static void random_features(struct attention *a, struct rng *rng,
                            uint32_t flags)
{
    a->flags = flags;
    a->window = rng_range(rng, 0, 2) ? 0 : (uint32_t)rng_range(rng, 1, 9);
    a->softcap = rng_range(rng, 0, 2) ? 0 : 5;
    a->scale = 1 / sqrtf((float)a->shape.k_width);
    a->shape.page = (uint64_t)rng_range(rng, 1, 9);
}

/* Of k or v: whole blocks, if the type has them. */
static uint64_t random_width(struct rng *rng, uint32_t dtype)
{
    return block_elements(dtype) ? 32 * (uint64_t)rng_range(rng, 1, 2) :
                                   (uint64_t)rng_range(rng, 1, 20);
}

/* Each set of flags, with a few shapes. */
static void test_features(void **state)
{
    struct rng rng = rng_new(test_seed() + *(const unsigned *)*state);
    struct test_mem *mem = mem_new(MEMORY);
    uint32_t flags = *(const unsigned *)*state << 16;

    for (unsigned i = 0; i < 6; i++) {
        struct types types = random_types(&rng);
        struct attention a = {
            .shape = {
                .sequences = (uint64_t)rng_range(&rng, 1, 4),
                .rows = (uint64_t)rng_range(&rng, 1, 12),
                .keys = (uint64_t)rng_range(&rng, 1, 20),
                .kv_heads = (uint64_t)rng_range(&rng, 1, 3),
                .group = (uint64_t)rng_range(&rng, 1, 4),
                .k_width = random_width(&rng, types.k),
                .v_width = random_width(&rng, types.v),
            },
        };

        random_features(&a, &rng, flags);
        attention_new(&a, &types, mem, &rng,
                      (unsigned)rng_range(&rng, 0, LAYOUT_ANY | 8));
        check(&a);
    }
    mem_free(mem);
}

/* clang-format off */
static const struct big {
    const char *name;
    uint32_t flags;
    struct shape shape;
    uint32_t window;
    struct types types;
} big[] = {
    { "prefill", NPU_INSN_CAUSAL, { 1, 150, 290, 2, 1, 24, 16 }, 0,
      { NPU_DTYPE_F16, NPU_DTYPE_F16, NPU_DTYPE_F16, NPU_DTYPE_F16 } },
    { "prefill with a window", NPU_INSN_CAUSAL, { 1, 130, 600, 1, 2, 16, 16 },
      300, { NPU_DTYPE_F32, NPU_DTYPE_F32, NPU_DTYPE_F32, NPU_DTYPE_F32 } },
    { "no order", 0, { 2, 70, 270, 1, 3, 8, 9 }, 0,
      { NPU_DTYPE_F32, NPU_DTYPE_BF16, NPU_DTYPE_BF16, NPU_DTYPE_F16 } },
    { "masked, capped and sunk", NPU_INSN_MASK | NPU_INSN_SINKS,
      { 1, 40, 530, 1, 2, 16, 8 }, 0,
      { NPU_DTYPE_F32, NPU_DTYPE_F32, NPU_DTYPE_F16, NPU_DTYPE_F16,
        NPU_DTYPE_F16 } },
    { "decode", 0, { 3, 1, 1000, 2, 4, 32, 32 }, 0,
      { NPU_DTYPE_F32, NPU_DTYPE_F32, NPU_DTYPE_F16, NPU_DTYPE_F16 } },
    { "decode from pages", NPU_INSN_TABLE | NPU_INSN_LENGTHS | NPU_INSN_CAUSAL,
      { 16, 16, 500, 2, 2, 16, 16, 16 }, 0,
      { NPU_DTYPE_F16, NPU_DTYPE_F16, NPU_DTYPE_F8E4M3, NPU_DTYPE_F8E5M2 } },
    { "decode of f16 from pages", NPU_INSN_TABLE | NPU_INSN_LENGTHS,
      { 5, 7, 400, 2, 6, 48, 80, 16 }, 0,
      { NPU_DTYPE_F32, NPU_DTYPE_F32, NPU_DTYPE_F16, NPU_DTYPE_F16 } },
    { "prefill from pages", NPU_INSN_TABLE | NPU_INSN_LENGTHS | NPU_INSN_CAUSAL,
      { 3, 160, 400, 1, 2, 16, 16, 16 }, 0,
      { NPU_DTYPE_F16, NPU_DTYPE_F16, NPU_DTYPE_F16, NPU_DTYPE_F16 } },
    { "decode of q8_0 from pages", NPU_INSN_TABLE | NPU_INSN_LENGTHS,
      { 5, 7, 300, 2, 4, 64, 96, 16 }, 0,
      { NPU_DTYPE_F16, NPU_DTYPE_F16, NPU_DTYPE_Q8_0, NPU_DTYPE_Q8_0 } },
    { "prefill of q8_0 from pages",
      NPU_INSN_TABLE | NPU_INSN_LENGTHS | NPU_INSN_CAUSAL,
      { 3, 90, 300, 1, 2, 32, 32, 16 }, 0,
      { NPU_DTYPE_F32, NPU_DTYPE_F16, NPU_DTYPE_Q8_0, NPU_DTYPE_Q8_0 } },
    { "latent", NPU_INSN_CAUSAL, { 1, 2, 140, 1, 128, 576, 512 }, 0,
      { NPU_DTYPE_BF16, NPU_DTYPE_BF16, NPU_DTYPE_BF16, NPU_DTYPE_BF16 } },
    { "widest", 0, { 1, 3, 70, 1, 1, 1024, 1024 }, 0,
      { NPU_DTYPE_F32, NPU_DTYPE_F32, NPU_DTYPE_F32, NPU_DTYPE_F32 } },
    { "widest of q8_0", 0, { 1, 20, 40, 1, 1, 1024, 1024 }, 0,
      { NPU_DTYPE_F32, NPU_DTYPE_F32, NPU_DTYPE_Q8_0, NPU_DTYPE_Q8_0 } },
};
/* clang-format on */

static void test_big(void **state)
{
    const struct big *b = *state;
    struct rng rng = rng_new(test_seed());
    struct test_mem *mem = mem_new(MEMORY);
    struct attention a = {
        .flags = b->flags,
        .shape = b->shape,
        .window = b->window,
        .scale = 1 / sqrtf((float)b->shape.k_width),
        .softcap = b->flags & NPU_INSN_SINKS ? 3 : 0,
    };

    attention_new(&a, &b->types, mem, &rng, LAYOUT_DENSE);
    check(&a);
    mem_free(mem);
}

/* What no row sees is not used: lengths, causality, window and mask hide NaN. */
static void test_hidden(void **state)
{
    static const struct shape shapes[] = { { 1, 5, 40, 1, 2, 8, 8 },
                                           { 1, 40, 40, 1, 1, 8, 8 } };
    struct rng rng = rng_new(test_seed());
    struct test_mem *mem = mem_new(MEMORY);

    (void)state;
    for (unsigned i = 0; i < 24; i++) {
        struct attention a = {
            .flags = i % 3 == 1 ? NPU_INSN_MASK : NPU_INSN_CAUSAL,
            .shape = shapes[i % 2],
            .window = i % 3 == 2 ? 7 : 0,
            .scale = 0.25f,
        };
        uint64_t key = (uint64_t)rng_range(&rng, 1, 39);
        double bad = i % 4 < 2 ? NAN : INFINITY;

        attention_new(&a, &plain, mem, &rng, LAYOUT_DENSE);
        for (uint64_t column = 0; column < 8; column++) {
            uint64_t at[4] = { 0, key, 0, column };

            tensor_put(&a.v, at, bad);
            if (i & 4) {
                tensor_put(&a.k, at, NAN);
            }
        }
        check(&a);
    }
    mem_free(mem);
}

/* A score that is no number makes a row so, and no other. */
static void test_special(void **state)
{
    struct rng rng = rng_new(test_seed());
    struct test_mem *mem = mem_new(MEMORY);

    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        struct attention a = {
            .flags = i & 1 ? NPU_INSN_SINKS : 0,
            .shape = { 2, i & 2 ? 30 : 3, 20, 1, 1, 8, 8 },
            .softcap = i & 4 ? 2 : 0,
            .scale = 1,
        };
        uint64_t at[4] = { 1, 2, 0, 3 };

        attention_new(&a, &plain, mem, &rng, LAYOUT_DENSE);
        tensor_put(&a.q, at, NAN);
        check(&a);
    }
    mem_free(mem);
}

/* ---- Indices ------------------------------------------------------------- */

static void expect_index_error(const struct attention *a, struct test_mem *mem,
                               unsigned operand)
{
    struct runner runner = runner_new(&a->program);
    struct npu_verdict verdict;

    for (mem->mode = 0; mem->mode < MEM_MODES; mem->mode++) {
        assert_false(run_insn(&runner, 0, 3, 4, mem, &verdict));
        assert_int_equal(verdict.code, NPU_ERR_INDEX);
        assert_int_equal(verdict.operand, operand);
    }
    runner_free(&runner);
}

static void paged_new(struct attention *a, struct test_mem *mem,
                      struct rng *rng)
{
    *a = (struct attention){
        .flags = NPU_INSN_TABLE | NPU_INSN_LENGTHS | NPU_INSN_CAUSAL,
        .shape = { 2, 6, 12, 1, 2, 4, 4, 4 },
        .scale = 1,
    };
    attention_new(a, &plain, mem, rng, LAYOUT_DENSE);
    for (uint64_t i = 0; i < 2; i++) {
        tensor_put(&a->lengths, (uint64_t[]){ i, 0 }, 3);
        tensor_put(&a->lengths, (uint64_t[]){ i, 1 }, 8);
    }
}

static void test_index(void **state)
{
    static const double bad[] = { -1, 7, INT32_MIN, INT32_MAX };
    struct rng rng = rng_new(test_seed());
    struct test_mem *mem = mem_new(MEMORY);
    struct attention a;

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        paged_new(&a, mem, &rng);
        tensor_put(&a.table, (uint64_t[]){ 1, 1 }, bad[i]);
        expect_index_error(&a, mem, 4);
        /* A block that nobody needs may be any. */
        paged_new(&a, mem, &rng);
        tensor_put(&a.table, (uint64_t[]){ 1, 2 }, bad[i]);
        check(&a);
    }
    mem_free(mem);
}

static void test_lengths(void **state)
{
    static const struct {
        uint64_t at[2];
        double value;
    } bad[] = { { { 0, 0 }, -1 },        { { 1, 1 }, -1 },
                { { 1, 0 }, 4 },         { { 0, 1 }, 13 },
                { { 1, 1 }, INT32_MAX }, { { 0, 0 }, INT32_MAX },
                { { 1, 0 }, INT32_MIN } };
    struct rng rng = rng_new(test_seed());
    struct test_mem *mem = mem_new(MEMORY);
    struct attention a;

    (void)state;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        paged_new(&a, mem, &rng);
        tensor_put(&a.lengths, bad[i].at, bad[i].value);
        expect_index_error(&a, mem, 5);
    }
    mem_free(mem);
}

int main(void)
{
    static unsigned flags[32];
    struct suite suite = { 0 };

    for (unsigned i = 0; i < 32; i++) {
        flags[i] = i;
        suite_add(&suite, test_features, &flags[i], "attention%s%s%s%s%s",
                  i & 1 ? ", causal" : "", i & 2 ? ", masked" : "",
                  i & 4 ? ", with sinks" : "", i & 8 ? ", from pages" : "",
                  i & 16 ? ", ragged" : "");
    }
    for (unsigned i = 0; i < sizeof(big) / sizeof(*big); i++) {
        suite_add(&suite, test_big, (void *)&big[i],
                  "attention, many tiles: %s", big[i].name);
    }
    suite_add(&suite, test_hidden, NULL, "hidden keys are not used");
    suite_add(&suite, test_special, NULL, "no number spoils its row");
    suite_add(&suite, test_index, NULL, "blocks outside the pool");
    suite_add(&suite, test_lengths, NULL, "lengths above the extents");
    return suite_run(&suite, "attention");
}
