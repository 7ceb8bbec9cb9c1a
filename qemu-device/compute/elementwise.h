/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NPU_ELEMENTWISE_H
#define NPU_ELEMENTWISE_H

#include "loop.h"
#include "ops.h"

/* Run a tile of an instruction with the kernels in its row. */
bool npu_elementwise_run(struct npu_tile *tile);

/* A row of each operand: d, then the sources; d may be one of them. */
struct npu_rows {
    unsigned operands;
    unsigned char *at[NPU_LOOP_OPERANDS];
    int64_t stride[NPU_LOOP_OPERANDS];
    uint32_t dtype[NPU_LOOP_OPERANDS];
};

/* n elements by those kernels. */
void npu_elementwise_row(const struct npu_op *op, struct npu_rows rows,
                         uint64_t n);

/* A kernel in f32; in s32 and s64; in all three. */
#define NPU_DECLARE_FLOAT(name) extern npu_kernel_f32 npu_##name##_f32
#define NPU_DECLARE_INTEGERS(name)          \
    extern npu_kernel_s32 npu_##name##_s32; \
    extern npu_kernel_s64 npu_##name##_s64
#define NPU_DECLARE_ALL(name) \
    NPU_DECLARE_FLOAT(name);  \
    NPU_DECLARE_INTEGERS(name)

NPU_DECLARE_ALL(add);
NPU_DECLARE_ALL(sub);
NPU_DECLARE_ALL(mul);
NPU_DECLARE_ALL(div);
NPU_DECLARE_ALL(min);
NPU_DECLARE_ALL(max);
NPU_DECLARE_ALL(neg);
NPU_DECLARE_ALL(abs);
NPU_DECLARE_ALL(relu);
NPU_DECLARE_ALL(eq);
NPU_DECLARE_ALL(ne);
NPU_DECLARE_ALL(lt);
NPU_DECLARE_ALL(le);
NPU_DECLARE_ALL(gt);
NPU_DECLARE_ALL(ge);
NPU_DECLARE_ALL(where);
NPU_DECLARE_ALL(clamp);
NPU_DECLARE_ALL(sign);
NPU_DECLARE_ALL(muladd);
NPU_DECLARE_ALL(rem);
NPU_DECLARE_ALL(mod);
NPU_DECLARE_ALL(floor_div);

NPU_DECLARE_INTEGERS(and);
NPU_DECLARE_INTEGERS(or);
NPU_DECLARE_INTEGERS(xor);
NPU_DECLARE_INTEGERS(shl);
NPU_DECLARE_INTEGERS(shr);
NPU_DECLARE_INTEGERS(bit_not);
NPU_DECLARE_INTEGERS(not );

NPU_DECLARE_FLOAT(exp);
NPU_DECLARE_FLOAT(log);
NPU_DECLARE_FLOAT(sqrt);
NPU_DECLARE_FLOAT(rsqrt);
NPU_DECLARE_FLOAT(tanh);
NPU_DECLARE_FLOAT(sigmoid);
NPU_DECLARE_FLOAT(silu);
NPU_DECLARE_FLOAT(gelu);
NPU_DECLARE_FLOAT(gelu_tanh);
NPU_DECLARE_FLOAT(is_nan);
NPU_DECLARE_FLOAT(is_inf);
NPU_DECLARE_FLOAT(gelu_quick);
NPU_DECLARE_FLOAT(softplus);
NPU_DECLARE_FLOAT(softsign);
NPU_DECLARE_FLOAT(mish);
NPU_DECLARE_FLOAT(relu6);
NPU_DECLARE_FLOAT(hard_sigmoid);
NPU_DECLARE_FLOAT(hard_swish);
NPU_DECLARE_FLOAT(selu);
NPU_DECLARE_FLOAT(prelu);
NPU_DECLARE_FLOAT(elu);
NPU_DECLARE_FLOAT(swiglu);
NPU_DECLARE_FLOAT(geglu);
NPU_DECLARE_FLOAT(geglu_tanh);
NPU_DECLARE_FLOAT(reglu);
NPU_DECLARE_FLOAT(glu);
NPU_DECLARE_FLOAT(reciprocal);
NPU_DECLARE_FLOAT(floor);
NPU_DECLARE_FLOAT(ceil);
NPU_DECLARE_FLOAT(round);
NPU_DECLARE_FLOAT(trunc);
NPU_DECLARE_FLOAT(exp2);
NPU_DECLARE_FLOAT(expm1);
NPU_DECLARE_FLOAT(log1p);
NPU_DECLARE_FLOAT(log2);
NPU_DECLARE_FLOAT(erf);
NPU_DECLARE_FLOAT(sin);
NPU_DECLARE_FLOAT(cos);
NPU_DECLARE_FLOAT(tan);
NPU_DECLARE_FLOAT(asin);
NPU_DECLARE_FLOAT(acos);
NPU_DECLARE_FLOAT(atan);
NPU_DECLARE_FLOAT(sinh);
NPU_DECLARE_FLOAT(cosh);
NPU_DECLARE_FLOAT(asinh);
NPU_DECLARE_FLOAT(acosh);
NPU_DECLARE_FLOAT(atanh);
NPU_DECLARE_FLOAT(pow);
NPU_DECLARE_FLOAT(atan2);

#endif
