// SPDX-License-Identifier: MIT
/* Element types, and tensors that lie in memory by themselves. */
#include <errno.h>
#include <string.h>

#include "internal.h"

/* Bytes of an element, or of a block of elements along the last dimension. */
static const struct {
	const char *name;
	unsigned int size;
	unsigned int block; /* elements; 0: there are no blocks */
	unsigned int align; /* of a block */
} dtypes[] = {
	[NPU_DTYPE_F32] = { "f32", 4 },
	[NPU_DTYPE_F16] = { "f16", 2 },
	[NPU_DTYPE_S8] = { "s8", 1 },
	[NPU_DTYPE_S32] = { "s32", 4 },
	[NPU_DTYPE_BF16] = { "bf16", 2 },
	[NPU_DTYPE_F8E4M3] = { "f8e4m3", 1 },
	[NPU_DTYPE_F8E5M2] = { "f8e5m2", 1 },
	[NPU_DTYPE_U8] = { "u8", 1 },
	[NPU_DTYPE_S64] = { "s64", 8 },
	[NPU_DTYPE_BOOL] = { "bool", 1 },
	[NPU_DTYPE_S4] = { "s4", 1, 2, 1 },
	[NPU_DTYPE_Q8_0] = { "q8_0", 34, 32, 2 },
	[NPU_DTYPE_Q4_0] = { "q4_0", 18, 32, 2 },
	[NPU_DTYPE_Q4_K] = { "q4_k", 144, 256, 2 },
	[NPU_DTYPE_Q6_K] = { "q6_k", 210, 256, 2 },
	[NPU_DTYPE_MXFP4] = { "mxfp4", 17, 32, 1 },
};

static bool known_dtype(uint32_t dtype)
{
	return dtype < ARRAY_SIZE(dtypes) && dtypes[dtype].name;
}

unsigned int npu_dtype_size(uint32_t dtype)
{
	return known_dtype(dtype) ? dtypes[dtype].size : 0;
}

unsigned int npu_dtype_block(uint32_t dtype)
{
	if (!known_dtype(dtype))
		return 0;
	return dtypes[dtype].block ? dtypes[dtype].block : 1;
}

/* What addresses and strides are multiples of. */
static unsigned int alignment(uint32_t dtype)
{
	return dtypes[dtype].block ? dtypes[dtype].align : dtypes[dtype].size;
}

const char *npu_dtype_name(uint32_t dtype)
{
	return known_dtype(dtype) ? dtypes[dtype].name : "unknown";
}

static int check_tensor(struct npu_program *prog, int base, uint64_t offset,
			uint32_t dtype, unsigned int rank, const uint64_t *extent)
{
	unsigned int i;

	if (base < 0 || (unsigned int)base >= prog->base_count)
		return npu_program_fail(prog, -EINVAL, "a tensor names base %d of %u",
					base, prog->base_count);
	if (!known_dtype(dtype))
		return npu_program_fail(prog, -EINVAL,
					"a tensor has the unknown element type %u",
					dtype);
	if (!rank || rank > NPU_MAX_RANK)
		return npu_program_fail(prog, -EINVAL,
					"a tensor has rank %u, not 1 to %d", rank,
					NPU_MAX_RANK);
	for (i = 0; i < rank; i++) {
		if (!extent[i])
			return npu_program_fail(prog, -EINVAL,
						"a tensor has extent 0 in dimension %u",
						i);
	}
	if (extent[rank - 1] % npu_dtype_block(dtype))
		return npu_program_fail(
			prog, -EINVAL,
			"a tensor's last extent is no multiple of its blocks of %u elements",
			npu_dtype_block(dtype));
	if (offset % alignment(dtype))
		return npu_program_fail(prog, -EINVAL,
					"a tensor's offset is no multiple of %u bytes",
					alignment(dtype));
	return 0;
}

static npu_tensor_id add(struct npu_program *prog, int base, uint64_t offset,
			 uint32_t dtype, unsigned int rank, const uint64_t *extent,
			 const int64_t *stride)
{
	struct npu_tensor tensor = {
		.base = base,
		.dtype = dtype,
		.rank = rank,
		.offset = offset,
	};

	memcpy(tensor.extent, extent, rank * sizeof(*extent));
	memcpy(tensor.stride, stride, rank * sizeof(*stride));
	return npu_program_add_tensor(prog, &tensor);
}

/* Bytes of what lies within a dimension, from the innermost outwards. */
static int dense_strides(uint32_t dtype, unsigned int rank, const uint64_t *extent,
			 int64_t *stride)
{
	int64_t bytes = dtypes[dtype].size;
	unsigned int i;

	for (i = rank; i-- > 0;) {
		uint64_t n = extent[i];

		if (i == rank - 1)
			n /= npu_dtype_block(dtype);
		stride[i] = bytes;
		if (__builtin_mul_overflow(bytes, n, &bytes))
			return -EOVERFLOW;
	}
	return 0;
}

npu_tensor_id npu_tensor(struct npu_program *prog, int base, uint64_t offset,
			 uint32_t dtype, unsigned int rank, const uint64_t *extent)
{
	int64_t stride[NPU_MAX_RANK];
	int err = npu_program_check(prog);

	if (!err)
		err = check_tensor(prog, base, offset, dtype, rank, extent);
	if (err)
		return err;
	if (dense_strides(dtype, rank, extent, stride))
		return npu_program_fail(prog, -EOVERFLOW, "a tensor is too large");
	return add(prog, base, offset, dtype, rank, extent, stride);
}

npu_tensor_id npu_tensor_strided(struct npu_program *prog, int base, uint64_t offset,
				 uint32_t dtype, unsigned int rank,
				 const uint64_t *extent, const int64_t *stride)
{
	int err = npu_program_check(prog);
	unsigned int i;

	if (!err)
		err = check_tensor(prog, base, offset, dtype, rank, extent);
	if (err)
		return err;
	for (i = 0; i < rank; i++) {
		if (stride[i] % (int64_t)alignment(dtype))
			return npu_program_fail(prog, -EINVAL,
						"a tensor's stride is no multiple of %u bytes",
						alignment(dtype));
	}
	return add(prog, base, offset, dtype, rank, extent, stride);
}

const struct npu_tensor *npu_tensor_desc(const struct npu_program *prog, npu_tensor_id t)
{
	if (t < 0 || (unsigned int)t >= prog->tensor_count)
		return NULL;
	return &prog->tensors[t];
}
