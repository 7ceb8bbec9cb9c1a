/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which extents of operands go together; parameters are good by then. */
#include "attention.h"
#include "check.h"
#include "matmul.h"
#include "window.h"

static bool fits(struct npu_check *check, bool cond, unsigned operand)
{
    return npu_check_that(check, cond, NPU_ERR_SHAPE, operand);
}

static bool has_rank(struct npu_check *check, unsigned operand, unsigned rank)
{
    return fits(check, check->operand[operand]->rank == rank, operand);
}

/* The operand has the extents of d, except along one dimension. */
static bool equal_but(struct npu_check *check, unsigned operand, unsigned but)
{
    const struct npu_tensor *d = check->operand[0];
    const struct npu_tensor *tensor = check->operand[operand];

    if (!has_rank(check, operand, d->rank)) {
        return false;
    }
    for (unsigned dim = 0; dim < d->rank; dim++) {
        if (dim != but && tensor->extent[dim] != d->extent[dim]) {
            return npu_check_fail(check, NPU_ERR_SHAPE, operand);
        }
    }
    return true;
}

bool npu_shape_none(struct npu_check *check)
{
    (void)check;
    return true;
}

bool npu_shape_equal(struct npu_check *check)
{
    for (unsigned operand = 1; operand < check->operands; operand++) {
        if (!equal_but(check, operand, NPU_MAX_RANK)) {
            return false;
        }
    }
    return true;
}

bool npu_shape_matrices(struct npu_check *check)
{
    return fits(check, check->operand[0]->rank >= 2, 0) &&
           npu_shape_equal(check);
}

bool npu_shape_pad(struct npu_check *check)
{
    const struct npu_insn_pad *padding = &check->insn->padding;
    const struct npu_tensor *d = check->operand[0], *a = check->operand[1];

    if (!has_rank(check, 1, d->rank)) {
        return false;
    }
    for (unsigned dim = 0; dim < d->rank; dim++) {
        if (padding->mode != NPU_PAD_WRAP &&
            d->extent[dim] < padding->before[dim] + a->extent[dim]) {
            return npu_check_fail(check, NPU_ERR_SHAPE, 0);
        }
    }
    return true;
}

bool npu_shape_gather(struct npu_check *check)
{
    /* A block is no row. */
    return equal_but(check, 1, 0) &&
           fits(check,
                check->operand[1]->rank > 1 || !npu_check_has_blocks(check, 1),
                1) &&
           has_rank(check, 2, 1) &&
           fits(check,
                check->operand[2]->extent[0] == check->operand[0]->extent[0],
                2);
}

/*
 * An operand that indices point into along one dimension: no smaller than another
 * one in the others.
 */
static bool reaches_but(struct npu_check *check, unsigned operand, unsigned as,
                        unsigned but)
{
    const struct npu_tensor *small = check->operand[as];
    const struct npu_tensor *tensor = check->operand[operand];

    if (!has_rank(check, operand, small->rank)) {
        return false;
    }
    for (unsigned dim = 0; dim < small->rank; dim++) {
        if (dim != but && tensor->extent[dim] < small->extent[dim]) {
            return npu_check_fail(check, NPU_ERR_SHAPE, operand);
        }
    }
    return true;
}

bool npu_shape_gather_elements(struct npu_check *check)
{
    return reaches_but(check, 1, 0, check->insn->axis.axis) &&
           equal_but(check, 2, NPU_MAX_RANK);
}

/* near is [x, .., y, ..], b [x, .., count], and far has y, .. behind count more. */
static bool nd_fits(struct npu_check *check, unsigned near, unsigned far)
{
    const struct npu_tensor *b = check->operand[2];
    const struct npu_tensor *to = check->operand[far];
    const struct npu_tensor *from = check->operand[near];
    unsigned places = b->rank - 1u;
    uint64_t count = b->extent[places];

    if (!fits(check, count <= to->rank, 2) ||
        !has_rank(check, near, places + to->rank - (unsigned)count)) {
        return false;
    }
    for (unsigned dim = 0; dim < from->rank; dim++) {
        bool place = dim < places;
        uint64_t extent = place ? b->extent[dim] :
                                  to->extent[dim - places + count];

        if (from->extent[dim] != extent) {
            return npu_check_fail(check, NPU_ERR_SHAPE, place ? 2 : 1);
        }
    }
    return true;
}

bool npu_shape_gather_nd(struct npu_check *check)
{
    return nd_fits(check, 0, 1);
}

/* There are no more indices than an element of d may need, from one dimension on. */
static bool indices_fit(struct npu_check *check, unsigned first, unsigned end)
{
    const struct npu_tensor *b = check->operand[2];
    uint64_t n = 1;

    for (unsigned dim = first; dim < end; dim++) {
        if (!fits(check, b->extent[dim] <= NPU_MAX_CONTRACTION / n, 2)) {
            return false;
        }
        n *= b->extent[dim];
    }
    return true;
}

bool npu_shape_scatter(struct npu_check *check)
{
    return equal_but(check, 1, 0) && has_rank(check, 2, 1) &&
           fits(check,
                check->operand[2]->extent[0] == check->operand[1]->extent[0],
                2) &&
           indices_fit(check, 0, 1);
}

bool npu_shape_scatter_elements(struct npu_check *check)
{
    const struct npu_tensor *a = check->operand[1], *b = check->operand[2];
    unsigned axis = check->insn->scatter.axis;

    if (!has_rank(check, 1, check->operand[0]->rank) ||
        !reaches_but(check, 0, 1, axis) || !has_rank(check, 2, a->rank)) {
        return false;
    }
    for (unsigned dim = 0; dim < a->rank; dim++) {
        if (!fits(check, b->extent[dim] == a->extent[dim], 2)) {
            return false;
        }
    }
    return indices_fit(check, axis, axis + 1);
}

bool npu_shape_scatter_nd(struct npu_check *check)
{
    return nd_fits(check, 1, 0) &&
           indices_fit(check, 0, check->operand[2]->rank - 1u);
}

static bool axis_fits(struct npu_check *check, unsigned axis)
{
    return fits(check, check->operand[1]->extent[axis] <= NPU_MAX_CONTRACTION,
                1);
}

bool npu_shape_reduce(struct npu_check *check)
{
    unsigned axis = check->insn->axis.axis;

    return has_rank(check, 0, check->operand[1]->rank) &&
           fits(check, check->operand[0]->extent[axis] == 1, 0) &&
           equal_but(check, 1, axis) && axis_fits(check, axis);
}

bool npu_shape_softmax(struct npu_check *check)
{
    return equal_but(check, 1, NPU_MAX_RANK) &&
           axis_fits(check, check->insn->axis.axis);
}

bool npu_shape_order(struct npu_check *check)
{
    unsigned axis = check->insn->axis.axis;

    return equal_but(check, 1, axis) &&
           fits(check, check->operand[1]->extent[axis] <= NPU_MAX_SORT, 1) &&
           fits(check,
                check->operand[0]->extent[axis] <=
                    check->operand[1]->extent[axis],
                0);
}

/* The dimensions from one on have no more elements than an element may need. */
static bool dims_fit(struct npu_check *check, unsigned dim, uint64_t elements)
{
    const struct npu_tensor *a = check->operand[1];

    for (; dim < a->rank; dim++) {
        if (!fits(check, a->extent[dim] <= NPU_MAX_CONTRACTION / elements, 1)) {
            return false;
        }
        elements *= a->extent[dim];
    }
    return true;
}

bool npu_shape_norm(struct npu_check *check)
{
    return npu_shape_equal(check) && dims_fit(check, check->insn->axis.axis, 1);
}

bool npu_shape_group_norm(struct npu_check *check)
{
    const struct npu_tensor *a = check->operand[1];
    uint64_t groups = check->insn->groups.groups, channels;

    if (!npu_shape_equal(check) || !fits(check, a->rank >= 2, 1)) {
        return false;
    }
    channels = a->extent[1] / groups;
    return fits(check,
                a->extent[1] % groups == 0 && channels <= NPU_MAX_CONTRACTION,
                1) &&
           dims_fit(check, 2, channels);
}

bool npu_shape_lines(struct npu_check *check)
{
    return npu_shape_equal(check) &&
           axis_fits(check, check->operand[1]->rank - 1u);
}

bool npu_shape_rope(struct npu_check *check)
{
    const struct npu_tensor *d = check->operand[0];
    unsigned last = d->rank - 1u;

    return fits(check, d->extent[last] <= NPU_MAX_ROPE, 0) &&
           equal_but(check, 1, NPU_MAX_RANK) && equal_but(check, 2, last) &&
           fits(check, check->operand[2]->extent[last] == 1, 2) &&
           has_rank(check, 3, 1) &&
           fits(check, check->operand[3]->extent[0] <= d->extent[last] / 2, 3);
}

/* The operand is [.., rows, columns], with the leading extents of d. */
static bool is_matrix(struct npu_check *check, unsigned operand, uint64_t rows,
                      uint64_t columns)
{
    const struct npu_tensor *d = check->operand[0];
    const struct npu_tensor *tensor = check->operand[operand];
    unsigned m = d->rank - 2;

    if (!has_rank(check, operand, d->rank)) {
        return false;
    }
    for (unsigned dim = 0; dim < m; dim++) {
        if (!fits(check, tensor->extent[dim] == d->extent[dim], operand)) {
            return false;
        }
    }
    return fits(check,
                tensor->extent[m] == rows && tensor->extent[m + 1] == columns,
                operand);
}

static uint64_t scale_blocks(uint64_t n)
{
    return (n + NPU_SCALE_BLOCK - 1) / NPU_SCALE_BLOCK;
}

static bool extras_fit(struct npu_check *check, uint64_t m, uint64_t n,
                       uint64_t k)
{
    bool a_scaled = NPU_SET_F8 >> check->operand[1]->dtype & 1;
    struct npu_matmul_roles roles;

    npu_matmul_roles_get(&roles, check->insn->flags);
    return (!roles.bias || is_matrix(check, roles.bias, m, n)) &&
           (!roles.residual || is_matrix(check, roles.residual, m, n)) &&
           (!roles.scale || is_matrix(check, roles.scale, m, n)) &&
           (!roles.block_scale ||
            is_matrix(check, roles.block_scale, scale_blocks(a_scaled ? m : n),
                      scale_blocks(k))) &&
           (!roles.zero_a || is_matrix(check, roles.zero_a, m, 1)) &&
           (!roles.zero_b || is_matrix(check, roles.zero_b, 1, n));
}

bool npu_shape_matmul(struct npu_check *check)
{
    const struct npu_tensor *d = check->operand[0];
    const struct npu_tensor *a = check->operand[1];
    bool upright = check->insn->flags & NPU_INSN_TRANSPOSE_B;
    uint64_t m, n, k;

    if (!fits(check, d->rank >= 2, 0) || !has_rank(check, 1, d->rank)) {
        return false;
    }
    m = d->extent[d->rank - 2];
    n = d->extent[d->rank - 1];
    k = a->extent[d->rank - 1];
    return is_matrix(check, 1, m, k) &&
           fits(check, k <= NPU_MAX_CONTRACTION, 1) &&
           is_matrix(check, 2, upright ? n : k, upright ? k : n) &&
           extras_fit(check, m, n, k);
}

static bool has_extents(struct npu_check *check, unsigned operand,
                        unsigned rank, const uint64_t *extent)
{
    if (!has_rank(check, operand, rank)) {
        return false;
    }
    for (unsigned dim = 0; dim < rank; dim++) {
        if (check->operand[operand]->extent[dim] != extent[dim]) {
            return npu_check_fail(check, NPU_ERR_SHAPE, operand);
        }
    }
    return true;
}

bool npu_shape_routed(struct npu_check *check)
{
    const __u64 *d = check->operand[0]->extent;
    const __u64 *a = check->operand[1]->extent;
    const __u64 *b = check->operand[2]->extent;

    return has_rank(check, 0, 3) && equal_but(check, 1, 2) &&
           fits(check, a[2] <= NPU_MAX_CONTRACTION, 1) &&
           has_extents(check, 2, 3, (const uint64_t[]){ b[0], d[2], a[2] }) &&
           fits(check, b[0] <= NPU_MAX_ROUTED, 2) &&
           has_extents(check, 3, 2, (const uint64_t[]){ d[0], d[1] }) &&
           fits(check, d[0] <= NPU_MAX_ROUTED / d[1], 3) &&
           (check->operands == 4 ||
            has_extents(check, 4, 3,
                        (const uint64_t[]){ b[0], scale_blocks(d[2]),
                                            scale_blocks(a[2]) }));
}

static bool all_have_rank(struct npu_check *check, unsigned operands,
                          unsigned rank)
{
    for (unsigned operand = 0; operand < operands; operand++) {
        if (!has_rank(check, operand, rank)) {
            return false;
        }
    }
    return true;
}

/* A window for each dimension behind the first two. */
static bool windows_fit(struct npu_check *check, bool pooling)
{
    for (unsigned i = 0; i < check->operand[0]->rank - 2u; i++) {
        struct npu_window window;

        npu_window_get(&window, &check->insn->window, i,
                       check->operand[1]->extent[2 + i],
                       check->operand[0]->extent[2 + i]);
        if (!fits(check,
                  pooling ? npu_window_fits_pool(&window) :
                            npu_window_fits(&window),
                  0)) {
            return false;
        }
    }
    return true;
}

/* Ranks, batches, and the window's kernel of a convolution. */
static bool conv_fits(struct npu_check *check, unsigned rank)
{
    const __u16 *kernel = check->insn->window.kernel;
    const __u64 *d, *a, *b;

    if (!all_have_rank(check, 3, rank)) {
        return false;
    }
    d = check->operand[0]->extent;
    a = check->operand[1]->extent;
    b = check->operand[2]->extent;
    for (unsigned i = 0; i < rank - 2; i++) {
        if (!fits(check, b[2 + i] == kernel[i], 2)) {
            return false;
        }
    }
    return fits(check, a[0] == d[0], 1);
}

static bool bias_fits(struct npu_check *check)
{
    uint64_t channels = check->operand[0]->extent[1];

    return check->operands == 3 ||
           (has_rank(check, 3, 1) &&
            fits(check, check->operand[3]->extent[0] == channels, 3));
}

/* An output is made of all the taps of the channels that it sees. */
static bool taps_fit(struct npu_check *check, uint64_t channels)
{
    const __u16 *kernel = check->insn->window.kernel;

    return fits(check,
                channels <=
                    NPU_MAX_CONTRACTION / kernel[0] / kernel[1] / kernel[2],
                2);
}

/* Outputs of m channels see groups of the c channels of a, as wide as b's. */
static bool conv_forward_fits(struct npu_check *check, unsigned rank)
{
    const __u64 *d, *a, *b;

    if (!conv_fits(check, rank)) {
        return false;
    }
    d = check->operand[0]->extent;
    a = check->operand[1]->extent;
    b = check->operand[2]->extent;
    return fits(check,
                b[0] == d[1] && a[1] % b[1] == 0 && b[0] % (a[1] / b[1]) == 0,
                2) &&
           taps_fit(check, b[1]) && bias_fits(check) &&
           windows_fit(check, false);
}

bool npu_shape_conv2d(struct npu_check *check)
{
    return conv_forward_fits(check, 4);
}

bool npu_shape_conv3d(struct npu_check *check)
{
    return conv_forward_fits(check, 5);
}

bool npu_shape_conv_transpose2d(struct npu_check *check)
{
    const __u64 *d, *a, *b;

    if (!conv_fits(check, 4)) {
        return false;
    }
    d = check->operand[0]->extent;
    a = check->operand[1]->extent;
    b = check->operand[2]->extent;
    if (!fits(check,
              b[0] == a[1] && d[1] % b[1] == 0 && a[1] % (d[1] / b[1]) == 0,
              2) ||
        !taps_fit(check, a[1] / (d[1] / b[1])) || !bias_fits(check)) {
        return false;
    }
    for (unsigned i = 0; i < 2; i++) {
        struct npu_window window;

        npu_window_get(&window, &check->insn->window, i, a[2 + i], d[2 + i]);
        if (!fits(check, npu_window_fits_transposed(&window), 0)) {
            return false;
        }
    }
    return true;
}

static bool pool_fits(struct npu_check *check, unsigned rank)
{
    const __u16 *kernel = check->insn->window.kernel;
    const __u64 *d, *a;

    if (!all_have_rank(check, 2, rank)) {
        return false;
    }
    d = check->operand[0]->extent;
    a = check->operand[1]->extent;
    return fits(check, a[0] == d[0] && a[1] == d[1], 1) &&
           fits(check, kernel[2] <= NPU_MAX_CONTRACTION / kernel[0] / kernel[1],
                NPU_NONE) &&
           windows_fit(check, true);
}

bool npu_shape_pool2d(struct npu_check *check)
{
    return pool_fits(check, 4);
}

bool npu_shape_pool3d(struct npu_check *check)
{
    return pool_fits(check, 5);
}

bool npu_shape_resize(struct npu_check *check)
{
    const struct npu_tensor *d = check->operand[0], *a = check->operand[1];

    if (!has_rank(check, 1, d->rank)) {
        return false;
    }
    for (unsigned dim = 0; dim < d->rank; dim++) {
        if (!(check->insn->resize.axes >> dim & 1) &&
            !fits(check, a->extent[dim] == d->extent[dim], 1)) {
            return false;
        }
    }
    return true;
}

/* The operand that a flag stands for has these extents, or is not there. */
static bool optional_fits(struct npu_check *check, uint32_t flag, unsigned rank,
                          const uint64_t *extent)
{
    unsigned operand = npu_attention_operand(check->insn->flags, flag);

    return !operand || has_extents(check, operand, rank, extent);
}

/* d, q, k and v; row is the dimension of the rows of q. */
static bool heads_fit(struct npu_check *check, unsigned row)
{
    const __u64 *d, *q, *k, *v;

    if (!has_rank(check, 0, row + 3) || !has_rank(check, 1, row + 3) ||
        !has_rank(check, 2, 4) || !has_rank(check, 3, 4)) {
        return false;
    }
    d = check->operand[0]->extent;
    q = check->operand[1]->extent;
    k = check->operand[2]->extent;
    v = check->operand[3]->extent;
    return equal_but(check, 1, row + 2) && fits(check, d[row + 2] == v[3], 0) &&
           fits(check, q[row + 2] <= NPU_MAX_ATTENTION_WIDTH, 1) &&
           fits(check, k[3] == q[row + 2] && q[row + 1] % k[2] == 0, 2) &&
           fits(check,
                v[0] == k[0] && v[1] == k[1] && v[2] == k[2] &&
                    v[3] <= NPU_MAX_ATTENTION_WIDTH,
                3);
}

bool npu_shape_attention(struct npu_check *check)
{
    unsigned at_table = npu_attention_operand(check->insn->flags,
                                              NPU_INSN_TABLE);
    bool ragged = check->insn->flags & NPU_INSN_LENGTHS;
    unsigned row = ragged ? 0 : 1;
    uint64_t sequences, keys, blocks = 1;
    const __u64 *q, *k;

    if (!heads_fit(check, row)) {
        return false;
    }
    q = check->operand[1]->extent;
    k = check->operand[2]->extent;
    sequences = k[0];
    if (at_table) {
        if (!has_rank(check, at_table, 2)) {
            return false;
        }
        sequences = check->operand[at_table]->extent[0];
        blocks = check->operand[at_table]->extent[1];
    }
    if (!fits(check, k[1] <= NPU_MAX_CONTRACTION / blocks, 2) ||
        !fits(check,
              ragged ? sequences <= NPU_MAX_SEQUENCES : sequences == q[0],
              at_table ? at_table : 2)) {
        return false;
    }
    keys = k[1] * blocks;
    return optional_fits(check, NPU_INSN_MASK, row + 3,
                         (const uint64_t[]){ ragged ? q[1] : q[0],
                                             ragged ? q[0] : q[2],
                                             ragged ? keys : q[1], keys }) &&
           optional_fits(check, NPU_INSN_SINKS, 1,
                         (const uint64_t[]){ q[row + 1] }) &&
           optional_fits(check, NPU_INSN_LENGTHS, 2,
                         (const uint64_t[]){ sequences, 2 });
}

/* ---- Extents of recurrent steps ------------------------------------------ */

/* d and the state; depth is a dimension of the state, the other one is the width. */
static bool states_fit(struct npu_check *check, unsigned depth)
{
    const __u64 *d = check->operand[0]->extent;
    const __u64 *state = check->operand[1]->extent;

    return has_rank(check, 0, 4) && has_rank(check, 1, 4) &&
           fits(check, d[1] <= NPU_MAX_SCAN, 0) &&
           fits(check,
                state[0] == d[0] && state[1] == d[2] &&
                    state[5 - depth] == d[3] && state[depth] <= NPU_MAX_STATE,
                1);
}

/* [sequence, step, head, width] */
static bool steps_fit(struct npu_check *check, unsigned operand, uint64_t width)
{
    const __u64 *d = check->operand[0]->extent;

    return has_extents(check, operand, 4,
                       (const uint64_t[]){ d[0], d[1], d[2], width });
}

/* The same, but groups of heads have one together. */
static bool groups_fit(struct npu_check *check, unsigned operand,
                       uint64_t width)
{
    const __u64 *d = check->operand[0]->extent;
    uint64_t groups;

    if (!has_rank(check, operand, 4)) {
        return false;
    }
    groups = check->operand[operand]->extent[2];
    return fits(check, d[2] % groups == 0, operand) &&
           has_extents(check, operand, 4,
                       (const uint64_t[]){ d[0], d[1], groups, width });
}

/* [head, width] */
static bool heads_have(struct npu_check *check, unsigned operand,
                       uint64_t width)
{
    return has_extents(check, operand, 2,
                       (const uint64_t[]){ check->operand[0]->extent[2],
                                           width });
}

bool npu_shape_ssm_scan(struct npu_check *check)
{
    uint64_t width, depth;

    if (!states_fit(check, 3)) {
        return false;
    }
    width = check->operand[0]->extent[3];
    depth = check->operand[1]->extent[3];
    return steps_fit(check, 2, width) && steps_fit(check, 3, 1) &&
           heads_have(check, 4, depth) && groups_fit(check, 5, depth) &&
           groups_fit(check, 6, depth) &&
           (check->operands == 7 || heads_have(check, 7, width));
}

bool npu_shape_rwkv_wkv(struct npu_check *check)
{
    uint64_t width, depth;

    if (!states_fit(check, 2)) {
        return false;
    }
    width = check->operand[0]->extent[3];
    depth = check->operand[1]->extent[2];
    return steps_fit(check, 2, depth) && steps_fit(check, 3, depth) &&
           steps_fit(check, 4, width) && steps_fit(check, 5, depth) &&
           heads_have(check, 6, depth);
}

bool npu_shape_delta_net(struct npu_check *check)
{
    uint64_t width, depth;

    if (!states_fit(check, 2)) {
        return false;
    }
    width = check->operand[0]->extent[3];
    depth = check->operand[1]->extent[2];
    return groups_fit(check, 2, depth) && groups_fit(check, 3, depth) &&
           steps_fit(check, 4, width) && steps_fit(check, 5, depth) &&
           steps_fit(check, 6, 1);
}
