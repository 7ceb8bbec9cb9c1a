// SPDX-License-Identifier: MIT
/* Convolution, pooling and resizing. */
#include <errno.h>
#include <string.h>

#include "insn.h"

/* A window in a plane: its third dimension is one element that stays put. */
static struct npu_insn_window plane(const struct npu_insn_window *window)
{
	struct npu_insn_window w = *window;

	w.kernel[2] = 1;
	w.stride[2] = 1;
	w.dilation[2] = 1;
	w.pad_begin[2] = 0;
	w.pad_end[2] = 0;
	w.pad = 0;
	return w;
}

/* A window along a line: its plane is of height 1. */
static struct npu_insn_window line(const struct npu_insn_window *window)
{
	return (struct npu_insn_window){
		.kernel = { 1, window->kernel[0] },
		.stride = { 1, window->stride[0] },
		.dilation = { 1, window->dilation[0] },
		.pad_begin = { 0, window->pad_begin[0] },
		.pad_end = { 0, window->pad_end[0] },
	};
}

/* A view of signals as images of height 1. */
static npu_tensor_id as_images(struct npu_program *prog, npu_tensor_id id)
{
	const struct npu_tensor *desc = npu_tensor_desc(prog, id);
	uint64_t extent[4];

	if (!desc)
		return npu_program_fail(prog, -EINVAL, "there is no tensor %d", id);
	if (desc->rank != 3)
		return npu_program_fail(prog, -EINVAL, "a signal of rank %u, not 3",
					desc->rank);
	extent[0] = desc->extent[0];
	extent[1] = desc->extent[1];
	extent[2] = 1;
	extent[3] = desc->extent[2];
	return npu_view_reshape(prog, id, 4, extent);
}

static int emit_conv(struct npu_program *prog, struct npu_insn *insn, npu_tensor_id d,
		     npu_tensor_id a, npu_tensor_id weight, npu_tensor_id bias)
{
	if (bias < 0)
		return NPU_INSN_EMIT(prog, insn, d, a, weight);
	return NPU_INSN_EMIT(prog, insn, d, a, weight, bias);
}

int npu_op_conv2d(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		  npu_tensor_id weight, npu_tensor_id bias,
		  const struct npu_insn_window *window)
{
	struct npu_insn insn = npu_insn_new(NPU_OP_CONV2D);
	int err = npu_program_check(prog);

	if (err)
		return err;
	insn.window = plane(window);
	return emit_conv(prog, &insn, d, a, weight, bias);
}

int npu_op_conv1d(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		  npu_tensor_id weight, npu_tensor_id bias,
		  const struct npu_insn_window *window)
{
	struct npu_insn_window w = line(window);

	d = as_images(prog, d);
	a = as_images(prog, a);
	weight = as_images(prog, weight);
	return npu_op_conv2d(prog, d, a, weight, bias, &w);
}

int npu_op_conv3d(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		  npu_tensor_id weight, npu_tensor_id bias,
		  const struct npu_insn_window *window)
{
	struct npu_insn insn = npu_insn_new(NPU_OP_CONV3D);
	int err = npu_program_check(prog);

	if (err)
		return err;
	insn.window = *window;
	insn.window.pad = 0;
	return emit_conv(prog, &insn, d, a, weight, bias);
}

int npu_op_conv_transpose2d(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
			    npu_tensor_id weight, npu_tensor_id bias,
			    const struct npu_insn_window *window)
{
	struct npu_insn insn = npu_insn_new(NPU_OP_CONV_TRANSPOSE2D);
	int err = npu_program_check(prog);

	if (err)
		return err;
	insn.window = plane(window);
	return emit_conv(prog, &insn, d, a, weight, bias);
}

int npu_op_pool2d(struct npu_program *prog, uint32_t opcode, npu_tensor_id d,
		  npu_tensor_id a, const struct npu_insn_window *window, uint32_t flags)
{
	struct npu_insn insn = npu_insn_new(opcode);
	int err = npu_insn_opcode(prog, opcode, NPU_OP_MAXPOOL2D, NPU_OP_AVGPOOL2D);

	if (err)
		return err;
	insn.window = plane(window);
	insn.flags = flags;
	return NPU_INSN_EMIT(prog, &insn, d, a);
}

int npu_op_pool3d(struct npu_program *prog, uint32_t opcode, npu_tensor_id d,
		  npu_tensor_id a, const struct npu_insn_window *window, uint32_t flags)
{
	struct npu_insn insn = npu_insn_new(opcode);
	int err = npu_insn_opcode(prog, opcode, NPU_OP_MAXPOOL3D, NPU_OP_AVGPOOL3D);

	if (err)
		return err;
	insn.window = *window;
	insn.window.pad = 0;
	insn.flags = flags;
	return NPU_INSN_EMIT(prog, &insn, d, a);
}

int npu_op_lppool2d(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		    const struct npu_insn_window *window, struct npu_scalar p)
{
	struct npu_insn insn = npu_insn_new(NPU_OP_LPPOOL2D);
	int err = npu_program_check(prog);

	if (!err)
		err = npu_insn_scalar(prog, &insn, p);
	if (err)
		return err;
	insn.window = plane(window);
	return NPU_INSN_EMIT(prog, &insn, d, a);
}

int npu_op_pool1d(struct npu_program *prog, uint32_t opcode, npu_tensor_id d,
		  npu_tensor_id a, const struct npu_insn_window *window, uint32_t flags)
{
	struct npu_insn_window w = line(window);

	d = as_images(prog, d);
	a = as_images(prog, a);
	return npu_op_pool2d(prog, opcode, d, a, &w, flags);
}

int npu_op_resize(struct npu_program *prog, npu_tensor_id d, npu_tensor_id a,
		  const struct npu_resize *resize)
{
	struct npu_insn insn = npu_insn_new(NPU_OP_RESIZE);
	int err = npu_program_check(prog);

	if (err)
		return err;
	insn.resize.axes = resize->axes;
	insn.resize.mode = resize->mode;
	insn.resize.coordinate = resize->coordinate;
	if (resize->mode == NPU_RESIZE_NEAREST)
		insn.resize.rounding = resize->rounding;
	if (resize->mode == NPU_RESIZE_CUBIC) {
		insn.resize.outside = resize->exclude_outside;
		memcpy(&insn.resize.cubic, &resize->cubic, sizeof(resize->cubic));
	}
	return NPU_INSN_EMIT(prog, &insn, d, a);
}
