/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */
/*
 * The contract between a program and a die: programs, instructions, tensor
 * descriptors, element types, reports and error codes.
 *
 * All fields are little endian.  Every structure has the same layout on every
 * ABI; the assertions at the end of the file hold that still.
 */
#ifndef _UAPI_NPU_ISA_H_
#define _UAPI_NPU_ISA_H_

#include <linux/types.h>

#if defined(__cplusplus)
extern "C" {
#endif

/*
 * ISA version of this header.  A card runs every program of its own major
 * version whose minor version is not above its own.
 */
#define NPU_ISA_MAJOR		1
#define NPU_ISA_MINOR		1

#define NPU_PROGRAM_MAGIC	0x4750504eu	/* "NPPG" */

/* Limits.  A program that exceeds one is refused with NPU_ERR_PROGRAM. */
#define NPU_MAX_RANK		6
#define NPU_MAX_OPERANDS	8
#define NPU_MAX_INSNS		65536
#define NPU_MAX_TENSORS		65535
#define NPU_MAX_BASES		4096
#define NPU_MAX_SCALARS		4096
#define NPU_MAX_PROGRAM_SIZE	(16u << 20)

/* A tensor with more elements, repeated ones counted, is NPU_ERR_TENSOR. */
#define NPU_MAX_ELEMENTS	(1ull << 48)
/*
 * Most elements of a that one element of d is made of: the axis of a reduction
 * or of a softmax, what is normalised together, k of NPU_OP_MATMUL, the window
 * of a pooling, the window times the input channels of a group of a convolution.
 * It bounds the time of a tile; more is NPU_ERR_SHAPE.
 */
#define NPU_MAX_CONTRACTION	(1u << 22)

/*
 * Most elements of a along the axis of NPU_OP_SORT and NPU_OP_ARGSORT; more is
 * NPU_ERR_SHAPE.
 */
#define NPU_MAX_SORT		(1u << 18)

/* Elements of the last dimension of NPU_OP_ROPE; more is NPU_ERR_SHAPE. */
#define NPU_MAX_ROPE		16384

/* Of NPU_OP_ATTENTION; more is NPU_ERR_SHAPE. */
#define NPU_MAX_ATTENTION_WIDTH	1024
#define NPU_MAX_SEQUENCES	65536

/* Of NPU_OP_MATMUL_ROUTED, rows times slots, and experts; more is NPU_ERR_SHAPE. */
#define NPU_MAX_ROUTED		(1u << 16)

/*
 * Of recurrent steps, NPU_OP_SSM_SCAN to NPU_OP_DELTA_NET: how many there are, and
 * elements of the state that one element of d is a sum over; more is NPU_ERR_SHAPE.
 */
#define NPU_MAX_SCAN		2048
#define NPU_MAX_STATE		1024

/* A tensor index, or a scalar slot, that names nothing. */
#define NPU_NONE		0xffffu

/**
 * enum npu_dtype - element types
 * @NPU_DTYPE_F32: IEEE 754 binary32
 * @NPU_DTYPE_F16: IEEE 754 binary16
 * @NPU_DTYPE_S8: two's complement, 8 bits
 * @NPU_DTYPE_S32: two's complement, 32 bits
 * @NPU_DTYPE_BF16: the upper half of an f32
 * @NPU_DTYPE_F8E4M3: 4 bits of exponent (bias 7) and 3 of fraction, up to 448;
 *	no infinity, NaN is 0x7f and 0xff (E4M3 of the OCP's 8-bit formats)
 * @NPU_DTYPE_F8E5M2: 5 bits of exponent (bias 15) and 2 of fraction: the upper
 *	half of an f16 (E5M2 of the OCP's 8-bit formats)
 * @NPU_DTYPE_U8: unsigned, 8 bits
 * @NPU_DTYPE_S64: two's complement, 64 bits
 * @NPU_DTYPE_BOOL: 8 bits, 0 or 1; read, anything but 0 is 1
 * @NPU_DTYPE_S4: two's complement, 4 bits; two in a byte, the first in the low
 *	bits
 * @NPU_DTYPE_Q8_0: GGUF's q8_0: 32 elements in 34 bytes
 * @NPU_DTYPE_Q4_0: GGUF's q4_0: 32 elements in 18 bytes
 * @NPU_DTYPE_Q4_K: GGUF's q4_K: 256 elements in 144 bytes
 * @NPU_DTYPE_Q6_K: GGUF's q6_K: 256 elements in 210 bytes
 * @NPU_DTYPE_MXFP4: the OCP's MXFP4: 32 elements in 17 bytes, the scale first;
 *	element i and element i + 16 share a byte, i in the low bits, as in GGUF
 *
 * The types from S4 on are made of blocks of elements along the last dimension.
 * NPU_OP_COPY makes them of elements x, in f32, as follows; it makes no q4_K and
 * q6_K.
 *
 * - s4: x rounded to nearest even, at most 7 and at least -8; NaN becomes 0.
 * - q8_0: with s = max \|x\| / 127, q = x * (1 / s) rounded, halves away from zero;
 *   the scale is s as f16.
 * - q4_0: with s = m / -8, m being the first x of the largest magnitude, q is x * (1 /
 *   s) + 8.5 without its fraction, at most 15; the scale is s as f16.
 * - mxfp4: the scale is 2^(n - 2), at least 2^-127, with 2^n the largest power of two
 *   that is not above max \|x\|; x / scale is rounded to nearest even, its magnitude
 *   to at most 6, and keeps its sign, also as a zero.
 *
 * Each step of q8_0 and q4_0 is rounded to f32; an infinite 1 / s counts as 0.  A scale
 * beyond f16 is infinite.  An infinity or NaN makes its block NaN throughout: the scale
 * becomes the f16 0x7e00, or 255 of mxfp4, and q what it is for zeros.
 *
 * Zero is no type.  Numbers are never reused.
 */
enum npu_dtype {
	NPU_DTYPE_F32 = 1,
	NPU_DTYPE_F16 = 2,
	NPU_DTYPE_S8 = 3,
	NPU_DTYPE_S32 = 4,
	NPU_DTYPE_BF16 = 5,
	NPU_DTYPE_F8E4M3 = 6,
	NPU_DTYPE_F8E5M2 = 7,
	NPU_DTYPE_U8 = 8,
	NPU_DTYPE_S64 = 9,
	NPU_DTYPE_BOOL = 10,
	NPU_DTYPE_S4 = 16,
	NPU_DTYPE_Q8_0 = 17,
	NPU_DTYPE_Q4_0 = 18,
	NPU_DTYPE_Q4_K = 19,
	NPU_DTYPE_Q6_K = 20,
	NPU_DTYPE_MXFP4 = 21,
};

/**
 * enum npu_opcode - instructions
 *
 * In the formulas d is operand[0], the destination, and a, b, c are
 * operand[1], operand[2], operand[3].  "imm" is the value of the instruction's
 * scalar: from the argument block if &npu_insn.scalar names a slot, else
 * &npu_insn.imm.  Operands have equal ranks and extents unless a line says
 * otherwise; a broadcast is a zero stride.  Types are F for "f32, f16 or bf16,
 * the same for all operands", T for "F or s32", E for "T or s64".
 *
 * @NPU_OP_NOP: nothing
 * @NPU_OP_STALL: keep the gang for imm (u32) milliseconds; 0: until stopped
 * @NPU_OP_FILL: d = imm, whose bits are those of d's type in the low bits; s64
 *	extends its sign
 * @NPU_OP_COPY: d = convert(a), any type to any type; rounds to nearest even;
 *	to an integer or fp8 it saturates, infinities too; NaN becomes the
 *	integer 0; to bool it is a != 0.  If a has blocks d is F: the exact value
 *	of the format, rounded once.  If d has blocks, but for q4_K and q6_K, a is
 *	F: see &enum npu_dtype
 * @NPU_OP_GATHER: d[i, ...] = a[b[i], ...]; b is s32 or s64 of rank 1; d and a
 *	have the same type (any), rank and extents but for extent 0.  If a has
 *	blocks, which takes a rank of 2 or more, d is F and converted as by
 *	NPU_OP_COPY.  An index outside a is NPU_ERR_INDEX
 * @NPU_OP_PAD: d[i, ..] = a[f(i - before), ..] in every dimension, f being that of
 *	&npu_insn_pad.mode (any type, the same for both)
 * @NPU_OP_TRIANGLE: d[.., i, j] = j - i >= imm ? a[.., i, j] : 0, with
 *	NPU_INSN_LOWER j - i <= imm; imm is an s32 (any type, the same for both;
 *	rank 2 to 6)
 * @NPU_OP_RANGE: d = a + i * b, i being the index along &npu_insn_axis.axis (E);
 *	integers wrap; F is calculated in f64, product and sum, and rounded once
 * @NPU_OP_ONE_HOT: d = a == j or a == j - n ? c : b, j being the index along
 *	&npu_insn_axis.axis and n d's extent there: a (s32 or s64) counts from the
 *	end if it is negative.  One that points outside has no c (d, b and c any
 *	type, the same)
 * @NPU_OP_GATHER_ELEMENTS: d[i, .., z] = a[i, .., b[i, .., z], .., z], the index being
 *	that along &npu_insn_axis.axis; b (s32 or s64) has d's extents, d those of a
 *	or smaller ones, but any along the axis; d and a any type, the same.  An index
 *	outside a is NPU_ERR_INDEX
 * @NPU_OP_GATHER_ND: d[x, .., y, ..] = a[b[x, .., 0], .., b[x, .., q - 1], y, ..], q
 *	being b's last extent, at most the rank of a; b is s32 or s64, d and a any
 *	type, the same.  An index outside a is NPU_ERR_INDEX
 * @NPU_OP_SCATTER: d[b[i], ..] = a[i, ..]; b is s32 or s64 of rank 1; d and a have the
 *	same type, rank and extents but for extent 0.  See &struct npu_insn_scatter
 * @NPU_OP_SCATTER_ELEMENTS: d[i, .., b[i, .., z], .., z] = a[i, .., z], the index being
 *	that along &npu_insn_scatter.axis; b (s32 or s64) has a's extents, a those of
 *	d or smaller ones, but any along the axis
 * @NPU_OP_SCATTER_ND: d[b[x, .., 0], .., b[x, .., q - 1], y, ..] = a[x, .., y, ..], q
 *	being b's last extent, at most the rank of d; b is s32 or s64
 * @NPU_OP_ADD: d = a + b (E); integers wrap
 * @NPU_OP_SUB: d = a - b (E); integers wrap
 * @NPU_OP_MUL: d = a * b (E); integers wrap
 * @NPU_OP_DIV: d = a / b (E); integers truncate, x / 0 = -1, MIN / -1 wraps
 * @NPU_OP_MIN: d = min(a, b) (E); a NaN in either operand gives NaN
 * @NPU_OP_MAX: d = max(a, b) (E); a NaN in either operand gives NaN
 * @NPU_OP_EQ: d = a == b (a and b one type of E, s8, u8, bool; d is bool)
 * @NPU_OP_NE: d = a != b (a and b one type of E, s8, u8, bool; d is bool)
 * @NPU_OP_LT: d = a < b (a and b one type of E, s8, u8, bool; d is bool)
 * @NPU_OP_LE: d = a <= b (a and b one type of E, s8, u8, bool; d is bool)
 * @NPU_OP_GT: d = a > b (a and b one type of E, s8, u8, bool; d is bool)
 * @NPU_OP_GE: d = a >= b (a and b one type of E, s8, u8, bool; d is bool)
 * @NPU_OP_AND: d = a & b (s8, u8, s32, s64, or bool)
 * @NPU_OP_OR: d = a \| b (s8, u8, s32, s64, or bool)
 * @NPU_OP_XOR: d = a ^ b (s8, u8, s32, s64, or bool)
 * @NPU_OP_SHL: d = a << b; 0 if b is negative or not below the width (s32,
 *	s64)
 * @NPU_OP_SHR: d = a >> b, arithmetic; the sign if b is negative or not below
 *	the width (s32, s64)
 * @NPU_OP_REM: remainder of a / b truncated, with the sign of a; integers by
 *	0: a (E)
 * @NPU_OP_MOD: remainder of a / b rounded down, with the sign of b; integers
 *	by 0: a (E)
 * @NPU_OP_FLOOR_DIV: d = floor(a / b); integers by 0: -1 (E)
 * @NPU_OP_POW: d = a^b (F)
 * @NPU_OP_ATAN2: d = the angle of (b, a) (F)
 * @NPU_OP_SWIGLU: d = a * sigmoid(a) * b (F)
 * @NPU_OP_GEGLU: d = gelu(a) * b, as NPU_OP_GELU (F)
 * @NPU_OP_GEGLU_TANH: d = gelu(a) * b, as NPU_OP_GELU_TANH (F)
 * @NPU_OP_REGLU: d = max(a, 0) * b (F)
 * @NPU_OP_GLU: d = a * sigmoid(b) (F)
 * @NPU_OP_PRELU: d = a < 0 ? a * b : a (F)
 * @NPU_OP_ELU: d = a < 0 ? b * (e^a - 1) : a (F)
 * @NPU_OP_NEG: d = -a (E)
 * @NPU_OP_ABS: d = \|a\| (E)
 * @NPU_OP_RELU: d = max(a, 0) (E)
 * @NPU_OP_EXP: d = e^a (F)
 * @NPU_OP_LOG: d = ln a (F)
 * @NPU_OP_SQRT: d = sqrt a (F)
 * @NPU_OP_RSQRT: d = 1 / sqrt a (F)
 * @NPU_OP_TANH: d = tanh a (F)
 * @NPU_OP_SIGMOID: d = 1 / (1 + e^-a) (F)
 * @NPU_OP_GELU: d = a/2 * (1 + erf(a / sqrt 2)) (F)
 * @NPU_OP_GELU_TANH: d = a/2 * (1 + tanh(sqrt(2/pi) * (a + 0.044715 a^3))) (F)
 * @NPU_OP_SILU: d = a * sigmoid(a) (F)
 * @NPU_OP_SIGN: d = -1, 0 or 1; NaN stays (E)
 * @NPU_OP_RECIPROCAL: d = 1 / a (F)
 * @NPU_OP_FLOOR: d = floor a (F)
 * @NPU_OP_CEIL: d = ceil a (F)
 * @NPU_OP_ROUND: d = a rounded, halves to even (F)
 * @NPU_OP_TRUNC: d = a without its fraction (F)
 * @NPU_OP_EXP2: d = 2^a (F)
 * @NPU_OP_EXPM1: d = e^a - 1 (F)
 * @NPU_OP_LOG1P: d = ln(1 + a) (F)
 * @NPU_OP_LOG2: d = log2 a (F)
 * @NPU_OP_ERF: d = erf a (F)
 * @NPU_OP_SIN: d = sin a (F)
 * @NPU_OP_COS: d = cos a (F)
 * @NPU_OP_TAN: d = tan a (F)
 * @NPU_OP_ASIN: d = arcsin a (F)
 * @NPU_OP_ACOS: d = arccos a (F)
 * @NPU_OP_ATAN: d = arctan a (F)
 * @NPU_OP_SINH: d = sinh a (F)
 * @NPU_OP_COSH: d = cosh a (F)
 * @NPU_OP_ASINH: d = arsinh a (F)
 * @NPU_OP_ACOSH: d = arcosh a (F)
 * @NPU_OP_ATANH: d = artanh a (F)
 * @NPU_OP_GELU_QUICK: d = a * sigmoid(1.702 a) (F)
 * @NPU_OP_SOFTPLUS: d = ln(1 + e^a) (F)
 * @NPU_OP_SOFTSIGN: d = a / (1 + \|a\|) (F)
 * @NPU_OP_MISH: d = a * tanh(ln(1 + e^a)) (F)
 * @NPU_OP_RELU6: d = min(max(a, 0), 6) (F)
 * @NPU_OP_HARD_SIGMOID: d = min(max(a / 6 + 1/2, 0), 1) (F)
 * @NPU_OP_HARD_SWISH: d = a * min(max(a / 6 + 1/2, 0), 1) (F)
 * @NPU_OP_SELU: d = s * (a > 0 ? a : r * (e^a - 1)), s and r as in
 *	arXiv:1706.02515 (F)
 * @NPU_OP_BIT_NOT: d = ~a (s8, u8, s32, s64)
 * @NPU_OP_NOT: d = !a (bool)
 * @NPU_OP_IS_NAN: d = a is a NaN (a is F, d is bool)
 * @NPU_OP_IS_INF: d = a is infinite (a is F, d is bool)
 * @NPU_OP_WHERE: d = a ? b : c (a is bool, the others any one type without
 *	blocks)
 * @NPU_OP_CLAMP: d = min(max(a, b), c); a NaN in a stays, one in b or c is no
 *	bound (E)
 * @NPU_OP_MULADD: d = a * b + c; integers wrap (E)
 * @NPU_OP_SOFTMAX: d = softmax(a) over &npu_insn_axis.axis (F)
 * @NPU_OP_REDUCE_SUM: d = sum of a over the axis (T); d has extent 1 there
 * @NPU_OP_REDUCE_MEAN: d = mean of a over the axis (F)
 * @NPU_OP_REDUCE_MAX: d = max of a over the axis (T); NaN wins
 * @NPU_OP_ARGMAX: d = index of the first max of a over the axis, with
 *	NPU_INSN_LAST of the last; a is T, d is s32 or s64 with extent 1 there; NaN
 *	wins
 * @NPU_OP_REDUCE_MIN: d = min of a over the axis (T); NaN wins
 * @NPU_OP_REDUCE_PROD: d = product of a over the axis (T); integers wrap; f64 is
 *	what it must not leave on the way
 * @NPU_OP_REDUCE_L1: d = sum of \|a\| over the axis (F)
 * @NPU_OP_REDUCE_L2: d = sqrt of the sum of a^2 over the axis (F)
 * @NPU_OP_REDUCE_SUM_SQUARE: d = sum of a^2 over the axis (T); integers wrap
 * @NPU_OP_REDUCE_LOG_SUM: d = ln of the sum of a over the axis (F); -inf for 0, NaN
 *	below
 * @NPU_OP_REDUCE_LOG_SUM_EXP: d = ln of the sum of e^a over the axis (F); e^a may
 *	be out of range; -inf if all are, inf if one is, but NaN if one is
 * @NPU_OP_REDUCE_ANY: d = 1 if one of a over the axis is true, else 0 (bool)
 * @NPU_OP_REDUCE_ALL: d = 1 if all of a over the axis are true, else 0 (bool)
 * @NPU_OP_ARGMIN: as NPU_OP_ARGMAX, of the min; NaN wins
 * @NPU_OP_CUMSUM: d[i] = sum of a[j] over the axis for j <= i (T); with
 *	NPU_INSN_REVERSE for j >= i; with NPU_INSN_EXCLUSIVE without a[i] itself.
 *	Integers wrap; what is summed is kept in f64 and rounded once for each
 *	element.  An infinity or no number spoils the elements from it on
 * @NPU_OP_SORT: d = the elements of a along the axis in ascending order, or with
 *	NPU_INSN_DESCENDING in descending order (E, s8, u8); d may have fewer along
 *	the axis: then the first ones, which is top-k.  NaN is above everything,
 *	whatever its sign; 0 and -0 are equal; equals stay in the order of their
 *	indices, whichever the direction
 * @NPU_OP_ARGSORT: d = the indices of the elements that NPU_OP_SORT takes; a is E,
 *	s8 or u8, d is s32 or s64
 * @NPU_OP_MATMUL: d[.., m, n] = act(scale * sum over k of a[.., m, k] b[.., k, n]
 *	+ bias) + residual; rank 2 to 6, leading extents equal.  With
 *	NPU_INSN_TRANSPOSE_B b is [.., n, k], and must be if it has blocks.
 *	Either a and b are f32, f16, bf16, fp8 or have blocks, one of them being
 *	f32, f16 or bf16, and d is f32, f16 or bf16: accumulates in f32.  Or they
 *	are s8 or u8 and d is s32: accumulates in s32 (wraps); d may be f32, f16
 *	or bf16 too, and then imm (f32) is a factor of scale.  In all other cases
 *	imm and the scalar must be 0 and NPU_NONE.  More operands follow b in the
 *	order of the flags that announce them: NPU_INSN_BIAS, NPU_INSN_RESIDUAL,
 *	NPU_INSN_SCALE (each F, with d's extents; not if d is s32),
 *	NPU_INSN_BLOCK_SCALE, NPU_INSN_ZERO_A, NPU_INSN_ZERO_B.  act is
 *	&npu_insn_matmul.activation
 * @NPU_OP_MATMUL_ROUTED: d[r, s, n] = act(sum over k of a[r, s, k] * b[e, n, k]),
 *	e = c[r, s]: each pair of a row and a slot has an expert.  c is s32, [row,
 *	slot]; an index outside the experts is NPU_ERR_INDEX.  d and a are F, each
 *	of a type of its own; b is what NPU_OP_MATMUL takes besides F, and
 *	NPU_INSN_TRANSPOSE_B must be set.  With NPU_INSN_BLOCK_SCALE, for an fp8 b,
 *	block scales follow c: f32, [e, ceil(n / 128), ceil(k / 128)]; a is
 *	multiplied by them and rounded to f32 before b is.  Accumulates in f32.
 *	act is &npu_insn_matmul.activation; imm and the scalar must be 0 and
 *	NPU_NONE
 * @NPU_OP_CONV3D: as NPU_OP_CONV2D, over volumes: d[n, m, z, y, x], b[m, i, w, u, v]
 *	(F, all operands)
 * @NPU_OP_CONV_TRANSPOSE2D: d[n, m, y, x] = c[m] + sum over i, u, v of a[n, g*I + i,
 *	(y + py - u*dy) / sy, (x + px - v*dx) / sx] * b[g*I + i, m - g*M, u, v], where b
 *	has M output channels of a group, the number of groups is d's channels by M, I
 *	is the input channels of one and g is m's group; what is no whole index, or
 *	outside a, is 0; c (rank 1) may be NPU_NONE (F, all operands).  Accumulates in
 *	f32
 * @NPU_OP_CONV2D: d[n, m, y, x] = c[m] + sum over i, u, v of a[n, g*I + i,
 *	y*sy + u*dy - py, x*sx + v*dx - px] * b[m, i, u, v], where b has I input
 *	channels, the number of groups is C / I and g is m's group; outside a is
 *	0; c (rank 1) may be NPU_NONE (F, all operands).  Accumulates in f32
 * @NPU_OP_MAXPOOL2D: d[n, c, y, x] = max over the window of a (T, s8, u8);
 *	outside a is not looked at, each window must touch a
 * @NPU_OP_AVGPOOL2D: the mean over the window (F), counting elements in a
 *	only, unless NPU_INSN_COUNT_PAD is set: then all that lie in the padded
 *	input
 * @NPU_OP_MAXPOOL3D: as NPU_OP_MAXPOOL2D, over volumes: d[n, c, z, y, x] (T, s8, u8)
 * @NPU_OP_AVGPOOL3D: as NPU_OP_AVGPOOL2D, over volumes (F)
 * @NPU_OP_LPPOOL2D: d = (sum of \|a\|^imm over the window)^(1 / imm) (F); outside a
 *	is not looked at, each window must touch a.  imm is an f32 above 0, else d is
 *	anything; f64 is what the sum must not leave
 * @NPU_OP_RMS_NORM: d = x / sqrt(mean(x^2) + imm) * scale + bias, x = a + residual,
 *	the mean being over &npu_insn_axis.axis and all dimensions behind it
 * @NPU_OP_LAYER_NORM: d = (x - mean(x)) / sqrt(variance(x) + imm) * scale + bias, x
 *	= a + residual, over &npu_insn_axis.axis and all dimensions behind it
 * @NPU_OP_GROUP_NORM: d = (a - mean) / sqrt(variance + imm) * scale + bias, over all
 *	dimensions of a[n, c, ..] but n, and over C / &npu_insn_groups.groups
 *	neighbours of the C channels c
 * @NPU_OP_BATCH_NORM: d = (a - b) / sqrt(c + imm) * scale + bias, where b is a mean
 *	and c a variance
 * @NPU_OP_LOG_SOFTMAX: d = ln softmax(a) over &npu_insn_axis.axis (F)
 * @NPU_OP_SOFTMAX_EXT: d = softmax(s) over the last dimension j, where s = imm * a
 *	+ slopes * (j - own) + mask.  mask and slopes have d's extents, and are
 *	there if NPU_INSN_MASK and NPU_INSN_SLOPES say so, in this order; each
 *	operand is F of a type of its own.  i being the index along the dimension
 *	before the last, of extent m (1 if there is none), and n the extent of the
 *	last, own = i + n - m: the last row is as old as the last key.  Minus
 *	infinity in mask hides an element, whatever s is; a row whose s is minus
 *	infinity throughout is 0; plus infinity or no number in s makes the row no
 *	number
 * @NPU_OP_ROPE: each pair (x, y) of the last dimension of a becomes imm times (x cos w
 *	- y sin w, x sin w + y cos w), where w = b * c[i] for pair i of c's extent (rank
 *	1): element i and the one c's extent behind it, with NPU_INSN_INTERLEAVED
 *	elements 2i and 2i + 1; what is behind the pairs stays.  d and a are F, b is s32
 *	with d's extents but for 1 in the last, c and imm are f32.  w is f64, and a pair
 *	whose w is 2^32 or more in magnitude is no number
 * @NPU_OP_RESIZE: d = a sampled anew along the dimensions of &npu_insn_resize.axes
 *	(F); the other ones have equal extents
 * @NPU_OP_ATTENTION: d[r, h] = sum over the visible keys j of w[j] v[j, g] / (the
 *	sum of w + e^sinks[h]), where w[j] = e^s[j], s[j] = cap(imm * q[r, h] .
 *	k[j, g]) + mask[h, r, j], g is h's group and cap(x) is x or softcap *
 *	tanh(x / softcap); see &struct npu_insn_attention.  d, q and mask are F,
 *	k and v F, fp8, q8_0 or q4_0, sinks f32: each of a type of its own.
 *	Accumulates in f32.  A row that sees no key is 0
 * @NPU_OP_SSM_SCAN: step by step, state[h, p, n] = state * e^(dt[h] * a[h, n]) + dt[h]
 *	* x[h, p] * b[g, n], then d[h, p] = sum over n of state * c[g, n], + skip[h, p] *
 *	x[h, p] if there is a skip; with NPU_INSN_SOFTPLUS dt is ln(1 + e^dt).
 *	Operands: d, state, x, dt, a, b, c, skip; see below
 * @NPU_OP_RWKV_WKV: step by step, d[h, j] = sum over i of r[h, i] * (u[h, i] * k[h, i] *
 *	v[h, j] + state[h, i, j]), then state[h, i, j] = w[h, i] * state + k[h, i] *
 *	v[h, j].  Operands: d, state, r, k, v, w, u; see below
 * @NPU_OP_DELTA_NET: step by step, s[i, j] = e^g[h, i] * state[h, i, j], u[j] = beta[h]
 *	* (v[h, j] - sum over i of k[g, i] * s[i, j]), state[h, i, j] = s + k[g, i] *
 *	u[j], then d[h, j] = imm * sum over i of q[g, i] * state[h, i, j].  Operands: d,
 *	state, q, k, v, g, beta; see below
 */
enum npu_opcode {
	NPU_OP_NOP = 0,
	NPU_OP_STALL = 1,

	NPU_OP_FILL = 16,
	NPU_OP_COPY = 17,
	NPU_OP_GATHER = 18,
	NPU_OP_PAD = 19,
	NPU_OP_TRIANGLE = 20,
	NPU_OP_RANGE = 21,
	NPU_OP_ONE_HOT = 22,
	NPU_OP_GATHER_ELEMENTS = 23,
	NPU_OP_GATHER_ND = 24,
	NPU_OP_SCATTER = 25,
	NPU_OP_SCATTER_ELEMENTS = 26,
	NPU_OP_SCATTER_ND = 27,

	NPU_OP_ADD = 32,
	NPU_OP_SUB = 33,
	NPU_OP_MUL = 34,
	NPU_OP_DIV = 35,
	NPU_OP_MIN = 36,
	NPU_OP_MAX = 37,
	NPU_OP_EQ = 38,
	NPU_OP_NE = 39,
	NPU_OP_LT = 40,
	NPU_OP_LE = 41,
	NPU_OP_GT = 42,
	NPU_OP_GE = 43,
	NPU_OP_AND = 44,
	NPU_OP_OR = 45,
	NPU_OP_XOR = 46,
	NPU_OP_SHL = 47,
	NPU_OP_SHR = 48,
	NPU_OP_REM = 49,
	NPU_OP_MOD = 50,
	NPU_OP_FLOOR_DIV = 51,
	NPU_OP_POW = 52,
	NPU_OP_ATAN2 = 53,
	NPU_OP_SWIGLU = 56,
	NPU_OP_GEGLU = 57,
	NPU_OP_GEGLU_TANH = 58,
	NPU_OP_REGLU = 59,
	NPU_OP_GLU = 60,
	NPU_OP_PRELU = 61,
	NPU_OP_ELU = 62,

	NPU_OP_NEG = 64,
	NPU_OP_ABS = 65,
	NPU_OP_RELU = 66,
	NPU_OP_EXP = 67,
	NPU_OP_LOG = 68,
	NPU_OP_SQRT = 69,
	NPU_OP_RSQRT = 70,
	NPU_OP_TANH = 71,
	NPU_OP_SIGMOID = 72,
	NPU_OP_GELU = 73,
	NPU_OP_GELU_TANH = 74,
	NPU_OP_SILU = 75,
	NPU_OP_SIGN = 76,
	NPU_OP_RECIPROCAL = 77,
	NPU_OP_FLOOR = 78,
	NPU_OP_CEIL = 79,
	NPU_OP_ROUND = 80,
	NPU_OP_TRUNC = 81,
	NPU_OP_EXP2 = 82,
	NPU_OP_EXPM1 = 83,
	NPU_OP_LOG1P = 84,
	NPU_OP_LOG2 = 85,
	NPU_OP_ERF = 86,
	NPU_OP_SIN = 87,
	NPU_OP_COS = 88,
	NPU_OP_TAN = 89,
	NPU_OP_ASIN = 90,
	NPU_OP_ACOS = 91,
	NPU_OP_ATAN = 92,
	NPU_OP_SINH = 93,
	NPU_OP_COSH = 94,
	NPU_OP_ASINH = 95,
	NPU_OP_ACOSH = 96,
	NPU_OP_ATANH = 97,
	NPU_OP_GELU_QUICK = 98,
	NPU_OP_SOFTPLUS = 99,
	NPU_OP_SOFTSIGN = 100,
	NPU_OP_MISH = 101,
	NPU_OP_RELU6 = 102,
	NPU_OP_HARD_SIGMOID = 103,
	NPU_OP_HARD_SWISH = 104,
	NPU_OP_SELU = 105,
	NPU_OP_BIT_NOT = 106,
	NPU_OP_NOT = 107,
	NPU_OP_IS_NAN = 108,
	NPU_OP_IS_INF = 109,

	NPU_OP_WHERE = 120,
	NPU_OP_CLAMP = 121,
	NPU_OP_MULADD = 122,

	NPU_OP_SOFTMAX = 128,
	NPU_OP_REDUCE_SUM = 129,
	NPU_OP_REDUCE_MEAN = 130,
	NPU_OP_REDUCE_MAX = 131,
	NPU_OP_ARGMAX = 132,
	NPU_OP_REDUCE_MIN = 133,
	NPU_OP_REDUCE_PROD = 134,
	NPU_OP_REDUCE_L1 = 135,
	NPU_OP_REDUCE_L2 = 136,
	NPU_OP_REDUCE_SUM_SQUARE = 137,
	NPU_OP_REDUCE_LOG_SUM = 138,
	NPU_OP_REDUCE_LOG_SUM_EXP = 139,
	NPU_OP_REDUCE_ANY = 140,
	NPU_OP_REDUCE_ALL = 141,
	NPU_OP_ARGMIN = 142,
	NPU_OP_CUMSUM = 144,
	NPU_OP_SORT = 145,
	NPU_OP_ARGSORT = 146,

	NPU_OP_MATMUL = 160,
	NPU_OP_MATMUL_ROUTED = 161,

	NPU_OP_CONV3D = 180,
	NPU_OP_CONV_TRANSPOSE2D = 181,

	NPU_OP_CONV2D = 192,
	NPU_OP_MAXPOOL2D = 193,
	NPU_OP_AVGPOOL2D = 194,
	NPU_OP_MAXPOOL3D = 196,
	NPU_OP_AVGPOOL3D = 197,
	NPU_OP_LPPOOL2D = 198,

	NPU_OP_RMS_NORM = 208,
	NPU_OP_LAYER_NORM = 209,
	NPU_OP_GROUP_NORM = 210,
	NPU_OP_BATCH_NORM = 211,
	NPU_OP_LOG_SOFTMAX = 212,
	NPU_OP_SOFTMAX_EXT = 213,

	NPU_OP_ROPE = 216,

	NPU_OP_RESIZE = 226,

	NPU_OP_ATTENTION = 240,

	NPU_OP_SSM_SCAN = 248,
	NPU_OP_RWKV_WKV = 249,
	NPU_OP_DELTA_NET = 250,
};

/* &npu_insn.flags: an average counts the padding too (NPU_OP_AVGPOOL2D, 3D). */
#define NPU_INSN_COUNT_PAD	(1u << 0)

/* &npu_insn.flags: the last of equals (NPU_OP_ARGMAX, NPU_OP_ARGMIN). */
#define NPU_INSN_LAST		(1u << 1)

/*
 * &npu_insn.flags of NPU_OP_CUMSUM: an element is not part of its own sum; sums
 * begin at the end.
 */
#define NPU_INSN_EXCLUSIVE	(1u << 2)
#define NPU_INSN_REVERSE	(1u << 3)

/* &npu_insn.flags: the greatest first (NPU_OP_SORT, NPU_OP_ARGSORT). */
#define NPU_INSN_DESCENDING	(1u << 4)

/* &npu_insn.flags: the lower triangle (NPU_OP_TRIANGLE). */
#define NPU_INSN_LOWER		(1u << 5)

/*
 * &npu_insn.flags of NPU_OP_MATMUL.  Block scales are f32, [.., ceil(m / 128),
 * ceil(k / 128)] for an fp8 a, else [.., ceil(n / 128), ceil(k / 128)] for an fp8
 * b: an element is multiplied by that of its block of 128 x 128.  Zero points are
 * of a's type and [.., m, 1], and of b's type and [.., 1, n]: they are subtracted
 * from every element of their row of a, or column of b.
 */
#define NPU_INSN_TRANSPOSE_B	(1u << 8)
#define NPU_INSN_BIAS		(1u << 9)
#define NPU_INSN_RESIDUAL	(1u << 10)
#define NPU_INSN_SCALE		(1u << 11)
#define NPU_INSN_BLOCK_SCALE	(1u << 12)
#define NPU_INSN_ZERO_A		(1u << 13)
#define NPU_INSN_ZERO_B		(1u << 14)

/*
 * &npu_insn.flags of NPU_OP_ATTENTION: no key is seen that is younger than the
 * row; operands that follow d, q, k and v, in this order.
 */
#define NPU_INSN_CAUSAL		(1u << 16)
#define NPU_INSN_MASK		(1u << 17)
#define NPU_INSN_SINKS		(1u << 18)
#define NPU_INSN_TABLE		(1u << 19)
#define NPU_INSN_LENGTHS	(1u << 20)

/*
 * &npu_insn.flags of NPU_OP_SOFTMAX_EXT: NPU_INSN_MASK, and slopes behind the mask.
 */
#define NPU_INSN_SLOPES		(1u << 24)

/* &npu_insn.flags of NPU_OP_ROPE: neighbours make pairs. */
#define NPU_INSN_INTERLEAVED	(1u << 7)

/*
 * &npu_insn.flags of normalisation are NPU_INSN_BIAS, NPU_INSN_RESIDUAL (only
 * NPU_OP_RMS_NORM and NPU_OP_LAYER_NORM) and NPU_INSN_SCALE.  Operands follow those
 * that must be there in this order, without gaps; where one is missing nothing is
 * added, or multiplied.  Each operand is F of a type of its own and has d's extents;
 * a scale and a bias of a channel, a column or a row have strides of 0 along the
 * other dimensions.  The variance is that of a population: the mean of (x - mean)^2.
 * imm is an f32.  x, if there is a residual, and 1 / sqrt are rounded to f32.  An
 * infinity or no number makes its line no number (NPU_OP_RMS_NORM: an infinity makes
 * the rest of it 0).  d may be the very same tensor as a.
 */

/* &npu_insn.flags of NPU_OP_SSM_SCAN: steps are softplus(dt). */
#define NPU_INSN_SOFTPLUS	(1u << 25)

/*
 * Recurrent steps (NPU_OP_SSM_SCAN, NPU_OP_RWKV_WKV, NPU_OP_DELTA_NET) go through the
 * time of a sequence in order; sequences have nothing to do with each other.  What
 * the formulas leave out is the sequence, and the step, where there is one:
 *
 * - d, x and v are [sequence, step, head, width]; k, q, r, w and DELTA_NET's g are
 *   [sequence, step, head, depth], b and c [sequence, step, group, depth], dt and
 *   beta [sequence, step, head, 1].
 * - a and u are [head, depth], skip [head, width]: the same at all steps.
 * - state is [sequence, head, width, depth] for NPU_OP_SSM_SCAN, else [sequence, head,
 *   depth, width].  It is f32; the others are F, each of a type of its own.
 * - b and c, and k and q of NPU_OP_DELTA_NET, have groups: a divisor of the heads, where
 *   head h belongs to group h / (heads / groups).
 *
 * There are at most NPU_MAX_SCAN steps and a depth of NPU_MAX_STATE; a longer sequence
 * is that of several instructions.  The state is read before the first step and
 * written behind the last: it is a destination besides d, which must not overlap
 * itself either, nor any other operand.  After a job that failed, some of it may be
 * that of before and some that of after.  All is calculated in f32.
 */

/**
 * struct npu_tensor - tensor descriptor, 128 bytes
 * @base: slot of the argument block that holds the base address
 * @dtype: &enum npu_dtype
 * @rank: number of extents used, 1 to NPU_MAX_RANK
 * @pad: must be zero
 * @offset: bytes from the base address to element (0, ..., 0)
 * @extent: elements along each dimension, outermost first; at least 1 within
 *	the rank, 0 beyond it
 * @stride: bytes from one element to the next along each dimension; zero
 *	broadcasts, negative walks backwards; 0 beyond the rank.  A destination
 *	must not overlap itself: no stride of it may be zero where the extent is
 *	above 1
 * @pad2: must be zero
 *
 * Base plus offset and every stride are multiples of the element size.  With
 * blocks, the last extent is a multiple of a block's elements, the last stride is
 * a block's bytes, and the others and base plus offset are multiples of 2, or of 1
 * for S4 and MXFP4; such a tensor is a destination of NPU_OP_COPY only.  A
 * destination may be the very same tensor as an operand of an element-wise
 * instruction; any other overlap of destination and source is undefined, but harms
 * nobody else.
 */
struct npu_tensor {
	__u16 base;
	__u8 dtype;
	__u8 rank;
	__u32 pad;
	__u64 offset;
	__u64 extent[NPU_MAX_RANK];
	__s64 stride[NPU_MAX_RANK];
	__u64 pad2[2];
};

/**
 * struct npu_insn_axis - parameters of reductions, NPU_OP_CUMSUM, NPU_OP_SORT,
 * NPU_OP_ARGSORT, NPU_OP_SOFTMAX, NPU_OP_LOG_SOFTMAX, NPU_OP_RMS_NORM,
 * NPU_OP_LAYER_NORM, NPU_OP_RANGE, NPU_OP_ONE_HOT and
 * NPU_OP_GATHER_ELEMENTS
 * @axis: dimension, below the rank
 * @pad: must be zero
 */
struct npu_insn_axis {
	__u32 axis;
	__u32 pad[7];
};

/**
 * struct npu_insn_groups - parameters of NPU_OP_GROUP_NORM
 * @groups: how many groups the channels make; divides their number
 * @pad: must be zero
 */
struct npu_insn_groups {
	__u32 groups;
	__u32 pad[7];
};

/**
 * enum npu_scatter_mode - what a scatter does with an element of a
 * @NPU_SCATTER_SET: d becomes it (any type without blocks)
 * @NPU_SCATTER_ADD: is added to d, as by NPU_OP_ADD (E; the others too)
 * @NPU_SCATTER_MUL: d is multiplied by it, as by NPU_OP_MUL
 * @NPU_SCATTER_MIN: d becomes the smaller one, as by NPU_OP_MIN
 * @NPU_SCATTER_MAX: d becomes the larger one, as by NPU_OP_MAX
 */
enum npu_scatter_mode {
	NPU_SCATTER_SET = 0,
	NPU_SCATTER_ADD = 1,
	NPU_SCATTER_MUL = 2,
	NPU_SCATTER_MIN = 3,
	NPU_SCATTER_MAX = 4,
};

/**
 * struct npu_insn_scatter - parameters of NPU_OP_SCATTER and its like
 * @axis: dimension, for NPU_OP_SCATTER_ELEMENTS; else 0
 * @mode: &enum npu_scatter_mode
 * @pad: must be zero
 *
 * d and a have the same type.  d must not overlap a or b; where no index points it
 * stays as it is, and is not written.  Indices that point to one element count one
 * after the other, in the order in which they lie in b, the last dimension first: with
 * NPU_SCATTER_SET the last one wins, and in other modes d is rounded to its type
 * each time.  An index outside d is NPU_ERR_INDEX.  Of all of b, or for
 * NPU_OP_SCATTER_ELEMENTS along the axis, there are at most NPU_MAX_CONTRACTION.
 */
struct npu_insn_scatter {
	__u32 axis;
	__u32 mode;
	__u32 pad[6];
};

/**
 * enum npu_pad_mode - f(x) of NPU_OP_PAD, for an extent n of a
 * @NPU_PAD_CONSTANT: x; where that is outside a, d is imm as of NPU_OP_FILL.  The
 *	other modes have no scalar
 * @NPU_PAD_EDGE: x, but 0 below and n - 1 above
 * @NPU_PAD_REFLECT: x thrown back at 0 and n - 1, which are not repeated, as often as
 *	it takes; 0 if n is 1
 * @NPU_PAD_WRAP: x modulo n
 */
enum npu_pad_mode {
	NPU_PAD_CONSTANT = 0,
	NPU_PAD_EDGE = 1,
	NPU_PAD_REFLECT = 2,
	NPU_PAD_WRAP = 3,
};

/**
 * struct npu_insn_pad - parameters of NPU_OP_PAD
 * @before: elements of d before those of a along each dimension; 0 beyond the rank
 * @mode: &enum npu_pad_mode
 * @pad: must be zero
 *
 * Extents of d are at least before plus those of a; any for NPU_PAD_WRAP.
 */
struct npu_insn_pad {
	__u32 before[NPU_MAX_RANK];
	__u32 mode;
	__u32 pad;
};

/**
 * struct npu_insn_matmul - parameters of NPU_OP_MATMUL and NPU_OP_MATMUL_ROUTED
 * @activation: 0, or the &enum npu_opcode of an instruction with one source of any
 *	type in F, no scalar and d of the same type: it is applied to the f32 value
 * @pad: must be zero
 */
struct npu_insn_matmul {
	__u32 activation;
	__u32 pad[7];
};

/**
 * struct npu_insn_window - parameters of convolution and pooling
 * @kernel: extents of the window; at least 1
 * @stride: steps of the window; at least 1
 * @dilation: steps inside the window; at least 1
 * @pad_begin: zeros before
 * @pad_end: zeros behind
 * @pad: must be zero
 *
 * Entry i is for dimension 2 + i of the operands.  With images, of rank 4, it is
 * height, width, and a third one of 1, or of 0 for padding; with volumes, of rank 5,
 * it is depth, height, width.  Signals, of rank 3, are images of height 1.
 *
 * An output extent is at most floor((in + pad_begin + pad_end - dilation *
 * (kernel - 1) - 1) / stride) + 1, or one more for pooling if that window still
 * touches the input.  That of a transposed convolution is at most stride * (in - 1) +
 * dilation * (kernel - 1) + 1 - pad_begin - pad_end + max(stride, dilation) - 1: the
 * last term is room for what ONNX calls output padding.
 */
struct npu_insn_window {
	__u16 kernel[3];
	__u16 stride[3];
	__u16 dilation[3];
	__u16 pad_begin[3];
	__u16 pad_end[3];
	__u16 pad;
};

/**
 * enum npu_resize_mode - what an element of a resized dimension is made of
 * @NPU_RESIZE_NEAREST: the element at x, rounded
 * @NPU_RESIZE_LINEAR: the two around x, by how near they are
 * @NPU_RESIZE_CUBIC: the four around x, by Keys' cubic convolution
 */
enum npu_resize_mode {
	NPU_RESIZE_NEAREST = 0,
	NPU_RESIZE_LINEAR = 1,
	NPU_RESIZE_CUBIC = 2,
};

/**
 * enum npu_resize_coordinate - where output i of n lies in an input of m elements
 * @NPU_RESIZE_HALF_PIXEL: x = (i + 1/2) * m / n - 1/2
 * @NPU_RESIZE_ASYMMETRIC: x = i * m / n
 * @NPU_RESIZE_ALIGN_CORNERS: x = i * (m - 1) / (n - 1), or 0 if n is 1
 */
enum npu_resize_coordinate {
	NPU_RESIZE_HALF_PIXEL = 0,
	NPU_RESIZE_ASYMMETRIC = 1,
	NPU_RESIZE_ALIGN_CORNERS = 2,
};

/**
 * enum npu_resize_rounding - which element is the nearest
 * @NPU_RESIZE_PREFER_FLOOR: the nearest, of two the first
 * @NPU_RESIZE_PREFER_CEIL: the nearest, of two the second
 * @NPU_RESIZE_FLOOR: the last that is not behind x
 * @NPU_RESIZE_CEIL: the first that is not before x
 */
enum npu_resize_rounding {
	NPU_RESIZE_PREFER_FLOOR = 0,
	NPU_RESIZE_PREFER_CEIL = 1,
	NPU_RESIZE_FLOOR = 2,
	NPU_RESIZE_CEIL = 3,
};

/**
 * struct npu_insn_resize - parameters of NPU_OP_RESIZE
 * @axes: the dimensions that are resized, a bit each; the bits of others are zero
 * @mode: &enum npu_resize_mode
 * @coordinate: &enum npu_resize_coordinate
 * @rounding: &enum npu_resize_rounding; 0 unless @mode is NPU_RESIZE_NEAREST
 * @outside: 0: what lies outside of a is its border; 1: it has no weight, and the
 *	others are divided by their sum (only NPU_RESIZE_CUBIC)
 * @cubic: the coefficient A of NPU_RESIZE_CUBIC, a finite f32, else 0
 * @pad: must be zero
 *
 * x is exact, and so is which elements it lies between.  With t = x - floor(x) the
 * weights of floor(x) and floor(x) + 1 are 1 - t and t if linear; if cubic, those
 * of floor(x) - 1 to floor(x) + 2 are k(1 + t), k(t), k(1 - t), k(2 - t), where k(s)
 * is (A + 2) s^3 - (A + 3) s^2 + 1 for s up to 1, else A s^3 - 5 A s^2 + 8 A s - 4 A.
 * An index outside of a is that of the nearest element in it; the weights of one
 * element are added up.  Weights are calculated in f64 and rounded to f32.  An
 * element whose weight is 0 is not looked at.  One dimension is resized after the
 * other, in f32.
 */
struct npu_insn_resize {
	__u32 axes;
	__u8 mode;
	__u8 coordinate;
	__u8 rounding;
	__u8 outside;
	__u32 cubic;
	__u32 pad[5];
};

/**
 * struct npu_insn_attention - parameters of NPU_OP_ATTENTION
 * @window: keys further than this, less one, from the row's own are hidden, on
 *	either side; 0: none is
 * @softcap: f32, 0 or positive and finite; 0: scores have no cap
 * @pad: must be zero
 *
 * Operands are d, q, k, v, then those whose flags are set, in the order of the
 * bits:
 *
 * - q is [sequence, row, head, width], d has the width of v; with
 *   NPU_INSN_LENGTHS both are [row, head, width], the rows of one sequence behind
 *   those of another.
 * - k and v are [sequence, key, kv head, width]; q has a multiple of their heads,
 *   and head h of q uses head h / (heads / kv heads) of them.  Widths, that of v
 *   apart from that of k and q, are at most NPU_MAX_ATTENTION_WIDTH.
 * - NPU_INSN_MASK: [sequence, head, row, key], without the sequence if rows are
 *   ragged.  Minus infinity hides a key, whatever its score.
 * - NPU_INSN_SINKS: [head], scores of nothing: they take part in the sum of the
 *   weights only.
 * - NPU_INSN_TABLE: s32 [sequence, block]; k and v are then a pool, [block, key,
 *   kv head, width], and key j of a sequence is key j % K of block table[sequence,
 *   j / K], where a block has K keys.  An index outside the pool is NPU_ERR_INDEX
 *   if a row of the tile may see a key of the block; others are not read.
 * - NPU_INSN_LENGTHS: s32 [sequence, 2]: how many rows of q and how many keys a
 *   sequence has; up to NPU_MAX_SEQUENCES.  Either may be 0.  Negative ones, more
 *   keys than there is room for and more rows in all than q has are NPU_ERR_INDEX.
 *   Rows of d behind those of the last sequence become 0.
 *
 * The last row of a sequence is as old as its last key: row r of n is as old as key
 * r + m - n of m, which is its own.  What causality, window and lengths hide is
 * never used, whatever it is; k and v behind the last key that a row of a tile
 * sees are not read.  There are at most NPU_MAX_CONTRACTION keys.
 *
 * A score that is no number or plus infinity makes the row no number, a sink too;
 * a score of minus infinity hides the key; an infinity or no number in v spoils
 * its column for the rows that see the key.
 */
struct npu_insn_attention {
	__u32 window;
	__u32 softcap;
	__u32 pad[6];
};

/**
 * struct npu_insn - one instruction, 64 bytes
 * @opcode: &enum npu_opcode
 * @scalar: slot of the argument block with the instruction's scalar, or
 *	NPU_NONE to use @imm.  NPU_NONE where the instruction has no scalar
 * @flags: NPU_INSN_* that the instruction knows; others must be zero
 * @operand: tensor indices, the destination first; unused ones are NPU_NONE
 * @imm: the scalar's bits, zero if unused
 * @pad: must be zero
 * @axis: for reductions, NPU_OP_CUMSUM, NPU_OP_SORT, NPU_OP_ARGSORT, softmax,
 *	NPU_OP_RMS_NORM, NPU_OP_LAYER_NORM, NPU_OP_RANGE, NPU_OP_ONE_HOT
 *	and NPU_OP_GATHER_ELEMENTS
 * @groups: for NPU_OP_GROUP_NORM
 * @padding: for NPU_OP_PAD
 * @scatter: for NPU_OP_SCATTER, NPU_OP_SCATTER_ELEMENTS and NPU_OP_SCATTER_ND
 * @matmul: for NPU_OP_MATMUL and NPU_OP_MATMUL_ROUTED
 * @window: for convolution and pooling
 * @resize: for NPU_OP_RESIZE
 * @attention: for NPU_OP_ATTENTION
 * @raw: all parameter bytes; the unused ones must be zero
 */
struct npu_insn {
	__u16 opcode;
	__u16 scalar;
	__u32 flags;
	__u16 operand[NPU_MAX_OPERANDS];
	__u32 imm;
	__u32 pad;
	union {
		struct npu_insn_axis axis;
		struct npu_insn_groups groups;
		struct npu_insn_pad padding;
		struct npu_insn_scatter scatter;
		struct npu_insn_matmul matmul;
		struct npu_insn_window window;
		struct npu_insn_resize resize;
		struct npu_insn_attention attention;
		__u8 raw[32];
	};
};

/**
 * struct npu_program_header - the beginning of a program, 64 bytes
 * @magic: NPU_PROGRAM_MAGIC
 * @isa_major: NPU_ISA_MAJOR
 * @isa_minor: at most the card's minor version
 * @insn_count: number of &struct npu_insn that follow, 0 to NPU_MAX_INSNS
 * @tensor_count: number of &struct npu_tensor that follow these
 * @base_count: base addresses that the argument block holds
 * @scalar_count: scalars that the argument block holds behind these
 * @pad: must be zero
 *
 * A program's size is exactly header + instructions + tensors.  Its address is
 * a multiple of 8.
 *
 * The argument block of a RUN is base_count 64-bit addresses in the queue's
 * address space, then scalar_count 64-bit words whose low 32 bits are a scalar
 * and whose high 32 bits are zero.  Its size is exactly that, its address a
 * multiple of 8.  It is read once, when the RUN starts.
 */
struct npu_program_header {
	__u32 magic;
	__u16 isa_major;
	__u16 isa_minor;
	__u32 insn_count;
	__u32 tensor_count;
	__u32 base_count;
	__u32 scalar_count;
	__u64 pad[5];
};

/**
 * struct npu_report - what a RUN leaves at its report address, 64 bytes
 * @status: &enum npu_error_code, 0 when the program ran to its end
 * @insn: index of the instruction that failed, else the number executed
 * @cookie: the cookie of the RUN
 * @host_start: host time when the first tile started, ns
 * @host_end: host time when the last tile finished, ns
 * @device_time: what the program would have taken on the silicon by the timing
 *	model of the card's profile, ns
 * @operations: arithmetic operations, by the timing model
 * @bytes: bytes moved, by the timing model
 * @peak_time: the part of @device_time that its operations would have taken alone, ns
 *
 * The address is a multiple of 8.  Host time is the clock of NPU_REG_HOST_TIME.
 */
struct npu_report {
	__u32 status;
	__u32 insn;
	__u64 cookie;
	__u64 host_start;
	__u64 host_end;
	__u64 device_time;
	__u64 operations;
	__u64 bytes;
	__u64 peak_time;
};

/*
 * All error codes of a card, X(name, number, errno, text).  The errno is what
 * the driver gives to the waiter of a job that failed so.
 */
#define NPU_ERROR_TABLE(X) \
	X(NONE,		  0, 0,          "no error") \
	X(RING,		  1, EIO,        "ring, tail or fence address that the card cannot use") \
	X(PACKET,	  2, EINVAL,     "malformed packet") \
	X(PROGRAM,	  3, EINVAL,     "malformed program header, or sizes that do not match") \
	X(ARGUMENTS,	  4, EINVAL,     "malformed argument block") \
	X(OPCODE,	  5, EINVAL,     "unknown instruction") \
	X(OPERAND,	  6, EINVAL,     "operand missing, superfluous or out of range") \
	X(TENSOR,	  7, EINVAL,     "malformed tensor descriptor") \
	X(DTYPE,	  8, EINVAL,     "element type that the instruction does not take") \
	X(SHAPE,	  9, EINVAL,     "extents that do not fit together") \
	X(PARAMETER,	 10, EINVAL,     "instruction parameter out of range") \
	X(INDEX,	 11, ERANGE,     "index tensor that points outside") \
	X(PAGE_FAULT,	 12, EFAULT,     "address that is not mapped") \
	X(WRITE_FAULT,	 13, EFAULT,     "write to a read-only mapping") \
	X(PAGE_TABLE,	 14, EFAULT,     "malformed page table entry") \
	X(DMA,		 15, EIO,        "host memory that cannot be reached") \
	X(MEMORY,	 16, EIO,        "uncorrectable memory error") \
	X(STOPPED,	 17, ECANCELED,  "stopped by the driver") \
	X(INNOCENT_RESET, 18, EIO,       "a die was reset under the job") \
	X(UNSUPPORTED,	 19, EOPNOTSUPP, "not built in this card") \
	X(RESOURCES,	 20, ENOMEM,     "the card ran out of host resources")

/* Why a queue stopped: NPU_ERR_NONE, NPU_ERR_RING, ... as in the table. */
enum npu_error_code {
#define NPU_ERROR_ENUM(name, number, err, text) NPU_ERR_##name = number,
	NPU_ERROR_TABLE(NPU_ERROR_ENUM)
#undef NPU_ERROR_ENUM
	NPU_ERR_COUNT = 21,
};

/**
 * struct npu_error - the error record of a queue, 64 bytes
 * @code: &enum npu_error_code, 0: no error
 * @insn: index of the instruction, NPU_ERROR_NO_INSN if none was at fault
 * @packet: number of the packet since the queue was enabled, from 0
 * @address: the address that faulted, in the address space of @space
 * @operand: operand index within the instruction, NPU_NONE if none
 * @die: die that met the error, NPU_NONE if none
 * @opcode: of the packet
 * @space: &enum npu_space of @address
 * @pad: zero
 * @cookie: cookie of the RUN, 0 for other packets
 * @host_time: when it was met, ns
 * @pad2: zero
 */
struct npu_error {
	__u32 code;
	__u32 insn;
	__u64 packet;
	__u64 address;
	__u16 operand;
	__u16 die;
	__u8 opcode;
	__u8 space;
	__u16 pad;
	__u64 cookie;
	__u64 host_time;
	__u64 pad2[2];
};

#define NPU_ERROR_NO_INSN	0xffffffffu

/*
 * NPU_ASSERT_SIZE() and NPU_ASSERT_AT() hold a layout still in the kernel, in
 * QEMU and in user space, in C and in C++.
 */
#if defined(__cplusplus)
#define NPU_STATIC_ASSERT(cond) static_assert(cond, #cond)
#else
#define NPU_STATIC_ASSERT(cond) _Static_assert(cond, #cond)
#endif
#define NPU_ASSERT_SIZE(type, size) \
	NPU_STATIC_ASSERT(sizeof(type) == (size))
#define NPU_ASSERT_AT(type, member, at) \
	NPU_STATIC_ASSERT(__builtin_offsetof(type, member) == (at))

NPU_ASSERT_SIZE(struct npu_tensor, 128);
NPU_ASSERT_AT(struct npu_tensor, base, 0);
NPU_ASSERT_AT(struct npu_tensor, dtype, 2);
NPU_ASSERT_AT(struct npu_tensor, rank, 3);
NPU_ASSERT_AT(struct npu_tensor, pad, 4);
NPU_ASSERT_AT(struct npu_tensor, offset, 8);
NPU_ASSERT_AT(struct npu_tensor, extent, 16);
NPU_ASSERT_AT(struct npu_tensor, stride, 64);
NPU_ASSERT_AT(struct npu_tensor, pad2, 112);

NPU_ASSERT_SIZE(struct npu_insn_axis, 32);
NPU_ASSERT_AT(struct npu_insn_axis, axis, 0);
NPU_ASSERT_AT(struct npu_insn_axis, pad, 4);

NPU_ASSERT_SIZE(struct npu_insn_groups, 32);
NPU_ASSERT_AT(struct npu_insn_groups, groups, 0);
NPU_ASSERT_AT(struct npu_insn_groups, pad, 4);

NPU_ASSERT_SIZE(struct npu_insn_pad, 32);
NPU_ASSERT_AT(struct npu_insn_pad, before, 0);
NPU_ASSERT_AT(struct npu_insn_pad, mode, 24);
NPU_ASSERT_AT(struct npu_insn_pad, pad, 28);

NPU_ASSERT_SIZE(struct npu_insn_scatter, 32);
NPU_ASSERT_AT(struct npu_insn_scatter, axis, 0);
NPU_ASSERT_AT(struct npu_insn_scatter, mode, 4);
NPU_ASSERT_AT(struct npu_insn_scatter, pad, 8);

NPU_ASSERT_SIZE(struct npu_insn_matmul, 32);
NPU_ASSERT_AT(struct npu_insn_matmul, activation, 0);
NPU_ASSERT_AT(struct npu_insn_matmul, pad, 4);

NPU_ASSERT_SIZE(struct npu_insn_window, 32);
NPU_ASSERT_AT(struct npu_insn_window, kernel, 0);
NPU_ASSERT_AT(struct npu_insn_window, stride, 6);
NPU_ASSERT_AT(struct npu_insn_window, dilation, 12);
NPU_ASSERT_AT(struct npu_insn_window, pad_begin, 18);
NPU_ASSERT_AT(struct npu_insn_window, pad_end, 24);
NPU_ASSERT_AT(struct npu_insn_window, pad, 30);

NPU_ASSERT_SIZE(struct npu_insn_resize, 32);
NPU_ASSERT_AT(struct npu_insn_resize, axes, 0);
NPU_ASSERT_AT(struct npu_insn_resize, mode, 4);
NPU_ASSERT_AT(struct npu_insn_resize, coordinate, 5);
NPU_ASSERT_AT(struct npu_insn_resize, rounding, 6);
NPU_ASSERT_AT(struct npu_insn_resize, outside, 7);
NPU_ASSERT_AT(struct npu_insn_resize, cubic, 8);
NPU_ASSERT_AT(struct npu_insn_resize, pad, 12);

NPU_ASSERT_SIZE(struct npu_insn_attention, 32);
NPU_ASSERT_AT(struct npu_insn_attention, window, 0);
NPU_ASSERT_AT(struct npu_insn_attention, softcap, 4);
NPU_ASSERT_AT(struct npu_insn_attention, pad, 8);

NPU_ASSERT_SIZE(struct npu_insn, 64);
NPU_ASSERT_AT(struct npu_insn, opcode, 0);
NPU_ASSERT_AT(struct npu_insn, scalar, 2);
NPU_ASSERT_AT(struct npu_insn, flags, 4);
NPU_ASSERT_AT(struct npu_insn, operand, 8);
NPU_ASSERT_AT(struct npu_insn, imm, 24);
NPU_ASSERT_AT(struct npu_insn, pad, 28);
NPU_ASSERT_AT(struct npu_insn, raw, 32);

NPU_ASSERT_SIZE(struct npu_program_header, 64);
NPU_ASSERT_AT(struct npu_program_header, magic, 0);
NPU_ASSERT_AT(struct npu_program_header, isa_major, 4);
NPU_ASSERT_AT(struct npu_program_header, isa_minor, 6);
NPU_ASSERT_AT(struct npu_program_header, insn_count, 8);
NPU_ASSERT_AT(struct npu_program_header, tensor_count, 12);
NPU_ASSERT_AT(struct npu_program_header, base_count, 16);
NPU_ASSERT_AT(struct npu_program_header, scalar_count, 20);
NPU_ASSERT_AT(struct npu_program_header, pad, 24);

NPU_ASSERT_SIZE(struct npu_report, 64);
NPU_ASSERT_AT(struct npu_report, status, 0);
NPU_ASSERT_AT(struct npu_report, insn, 4);
NPU_ASSERT_AT(struct npu_report, cookie, 8);
NPU_ASSERT_AT(struct npu_report, host_start, 16);
NPU_ASSERT_AT(struct npu_report, host_end, 24);
NPU_ASSERT_AT(struct npu_report, device_time, 32);
NPU_ASSERT_AT(struct npu_report, operations, 40);
NPU_ASSERT_AT(struct npu_report, bytes, 48);
NPU_ASSERT_AT(struct npu_report, peak_time, 56);

NPU_ASSERT_SIZE(struct npu_error, 64);
NPU_ASSERT_AT(struct npu_error, code, 0);
NPU_ASSERT_AT(struct npu_error, insn, 4);
NPU_ASSERT_AT(struct npu_error, packet, 8);
NPU_ASSERT_AT(struct npu_error, address, 16);
NPU_ASSERT_AT(struct npu_error, operand, 24);
NPU_ASSERT_AT(struct npu_error, die, 26);
NPU_ASSERT_AT(struct npu_error, opcode, 28);
NPU_ASSERT_AT(struct npu_error, space, 29);
NPU_ASSERT_AT(struct npu_error, pad, 30);
NPU_ASSERT_AT(struct npu_error, cookie, 32);
NPU_ASSERT_AT(struct npu_error, host_time, 40);
NPU_ASSERT_AT(struct npu_error, pad2, 48);

#if defined(__cplusplus)
}
#endif

#endif /* _UAPI_NPU_ISA_H_ */
