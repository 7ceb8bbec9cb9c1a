// SPDX-License-Identifier: MIT
/* Views: other descriptions of the bytes of a tensor. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "internal.h"

/* A copy of a tensor's description, to be changed into the view's. */
static int begin(struct npu_program *prog, npu_tensor_id t, struct npu_tensor *view)
{
	const struct npu_tensor *tensor;
	int err = npu_program_check(prog);

	if (err)
		return err;
	tensor = npu_tensor_desc(prog, t);
	if (!tensor)
		return npu_program_fail(prog, -EINVAL, "there is no tensor %d", t);
	*view = *tensor;
	return 0;
}

/* Elements along a dimension that cannot be told apart */
static unsigned int block_along(const struct npu_tensor *tensor, unsigned int dim)
{
	return dim == tensor->rank - 1u ? npu_dtype_block(tensor->dtype) : 1;
}

static int check_rank(struct npu_program *prog, unsigned int rank)
{
	if (!rank || rank > NPU_MAX_RANK)
		return npu_program_fail(prog, -EINVAL, "a view has rank %u, not 1 to %d",
					rank, NPU_MAX_RANK);
	return 0;
}

npu_tensor_id npu_view_transpose(struct npu_program *prog, npu_tensor_id t,
				 const unsigned int *permutation)
{
	struct npu_tensor from, view;
	unsigned int i, seen = 0;
	int err = begin(prog, t, &from);

	if (err)
		return err;
	view = from;
	i = from.rank - 1u;
	if (block_along(&from, i) > 1 && permutation[i] != i)
		return npu_program_fail(
			prog, -EINVAL,
			"a transposition moves the last dimension, which has blocks");
	for (i = 0; i < from.rank; i++) {
		unsigned int p = permutation[i];

		if (p >= from.rank || seen & (1u << p))
			return npu_program_fail(
				prog, -EINVAL,
				"a transposition is no permutation of %u dimensions",
				from.rank);
		seen |= 1u << p;
		view.extent[i] = from.extent[p];
		view.stride[i] = from.stride[p];
	}
	return npu_program_add_tensor(prog, &view);
}

npu_tensor_id npu_view_slice(struct npu_program *prog, npu_tensor_id t,
			     const uint64_t *start, const uint64_t *extent)
{
	struct npu_tensor view;
	unsigned int i;
	int err = begin(prog, t, &view);

	if (err)
		return err;
	for (i = 0; i < view.rank; i++) {
		unsigned int block = block_along(&view, i);

		if (!extent[i] || start[i] > view.extent[i] ||
		    extent[i] > view.extent[i] - start[i])
			return npu_program_fail(prog, -EINVAL,
						"a slice of %" PRIu64 " from %" PRIu64
						" leaves dimension %u of %" PRIu64,
						extent[i], start[i], i,
						(uint64_t)view.extent[i]);
		if (start[i] % block || extent[i] % block)
			return npu_program_fail(prog, -EINVAL,
						"a slice of %" PRIu64 " from %" PRIu64
						" divides a block of %u elements",
						extent[i], start[i], block);
		/* Modulo 2^64, which is right for negative strides as well. */
		view.offset += start[i] / block * (uint64_t)view.stride[i];
		view.extent[i] = extent[i];
	}
	return npu_program_add_tensor(prog, &view);
}

npu_tensor_id npu_view_broadcast(struct npu_program *prog, npu_tensor_id t,
				 unsigned int rank, const uint64_t *extent)
{
	struct npu_tensor from, view = { 0 };
	unsigned int i, lead;
	int err = begin(prog, t, &from);

	if (!err)
		err = check_rank(prog, rank);
	if (err)
		return err;
	if (rank < from.rank)
		return npu_program_fail(prog, -EINVAL,
					"rank %u does not broadcast to rank %u",
					from.rank, rank);

	view.base = from.base;
	view.dtype = from.dtype;
	view.rank = rank;
	view.offset = from.offset;
	lead = rank - from.rank;
	for (i = 0; i < rank; i++) {
		uint64_t have = i < lead ? 1 : from.extent[i - lead];

		if (!extent[i] || (have != extent[i] && have != 1))
			return npu_program_fail(prog, -EINVAL,
						"extent %" PRIu64
						" does not broadcast to %" PRIu64
						" in dimension %u",
						have, extent[i], i);
		view.extent[i] = extent[i];
		view.stride[i] = have == extent[i] && i >= lead ? from.stride[i - lead] :
								  0;
	}
	if (!memcmp(&view, &from, sizeof(view)))
		return t;
	return npu_program_add_tensor(prog, &view);
}

/* Row-major without gaps; strides of single elements do not matter. */
static bool is_dense(const struct npu_tensor *tensor, uint64_t *elements)
{
	uint64_t bytes = npu_dtype_size(tensor->dtype);
	unsigned int i;

	*elements = 1;
	for (i = tensor->rank; i-- > 0;) {
		if (tensor->extent[i] > 1 && (uint64_t)tensor->stride[i] != bytes)
			return false;
		*elements *= tensor->extent[i];
		bytes *= tensor->extent[i] / block_along(tensor, i);
	}
	return true;
}

/* False if they are more than want, or differ from it. */
static bool count_is(unsigned int rank, const uint64_t *extent, uint64_t want)
{
	uint64_t count = 1;
	unsigned int i;

	for (i = 0; i < rank; i++) {
		if (!extent[i] || __builtin_mul_overflow(count, extent[i], &count))
			return false;
	}
	return count == want;
}

npu_tensor_id npu_view_reshape(struct npu_program *prog, npu_tensor_id t,
			       unsigned int rank, const uint64_t *extent)
{
	struct npu_tensor from;
	uint64_t elements;
	int err = begin(prog, t, &from);

	if (!err)
		err = check_rank(prog, rank);
	if (err)
		return err;
	if (!is_dense(&from, &elements))
		return npu_program_fail(prog, -EINVAL,
					"tensor %d is not dense: copy it before a reshape",
					t);
	if (!count_is(rank, extent, elements))
		return npu_program_fail(
			prog, -EINVAL,
			"a reshape changes the number of elements, which is %" PRIu64,
			elements);
	return npu_tensor(prog, from.base, from.offset, from.dtype, rank, extent);
}
