// SPDX-License-Identifier: MIT
/* Programs: being built, finished, and lying in HBM. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

int npu_program_new(struct npu_vm *vm, struct npu_program **out)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return npu_fail(-ENOMEM, "out of memory");
	(*out)->vm = vm;
	return 0;
}

void npu_program_free(struct npu_program *prog)
{
	if (!prog)
		return;
	npu_bo_free(prog->bo);
	free(prog->image);
	free(prog->insns);
	free(prog->tensors);
	free(prog);
}

int npu_program_check(struct npu_program *prog)
{
	if (prog->err)
		return prog->err;
	if (prog->image)
		return npu_fail(-EBUSY, "a finished program cannot be changed");
	return 0;
}

int npu_program_fail(struct npu_program *prog, int err, const char *format, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	prog->err = err;
	return npu_fail(err, "instruction %u: %s", prog->insn_count, text);
}

/* Room for one more element of an array; what it returns replaces the array. */
static void *grow(void *array, unsigned int count, unsigned int *room, size_t size)
{
	unsigned int more;

	if (count < *room)
		return array;
	more = *room ? *room * 2 : 16;
	array = realloc(array, more * size);
	if (array)
		*room = more;
	return array;
}

npu_tensor_id npu_program_add_tensor(struct npu_program *prog,
				     const struct npu_tensor *tensor)
{
	struct npu_tensor *tensors;

	if (prog->tensor_count == NPU_MAX_TENSORS)
		return npu_program_fail(prog, -E2BIG, "more than %d tensors",
					NPU_MAX_TENSORS);
	tensors = grow(prog->tensors, prog->tensor_count, &prog->tensor_room,
		       sizeof(*tensors));
	if (!tensors)
		return npu_program_fail(prog, -ENOMEM, "out of memory");
	prog->tensors = tensors;
	tensors[prog->tensor_count] = *tensor;
	return prog->tensor_count++;
}

int npu_program_add_insn(struct npu_program *prog, const struct npu_insn *insn)
{
	struct npu_insn *insns;

	if (prog->insn_count == NPU_MAX_INSNS)
		return npu_program_fail(prog, -E2BIG, "more than %d instructions",
					NPU_MAX_INSNS);
	insns = grow(prog->insns, prog->insn_count, &prog->insn_room, sizeof(*insns));
	if (!insns)
		return npu_program_fail(prog, -ENOMEM, "out of memory");
	prog->insns = insns;
	insns[prog->insn_count++] = *insn;
	return 0;
}

int npu_base(struct npu_program *prog)
{
	int err = npu_program_check(prog);

	if (err)
		return err;
	if (prog->base_count == NPU_MAX_BASES)
		return npu_program_fail(prog, -E2BIG, "more than %d base addresses",
					NPU_MAX_BASES);
	return prog->base_count++;
}

int npu_scalar_slot(struct npu_program *prog)
{
	int err = npu_program_check(prog);

	if (err)
		return err;
	if (prog->scalar_count == NPU_MAX_SCALARS)
		return npu_program_fail(prog, -E2BIG, "more than %d scalars",
					NPU_MAX_SCALARS);
	return prog->scalar_count++;
}

static void *append(void *to, const void *from, size_t size)
{
	if (size)
		memcpy(to, from, size);
	return (char *)to + size;
}

static int make_image(struct npu_program *prog)
{
	struct npu_program_header header = {
		.magic = NPU_PROGRAM_MAGIC,
		.isa_major = NPU_ISA_MAJOR,
		.isa_minor = NPU_ISA_MINOR,
		.insn_count = prog->insn_count,
		.tensor_count = prog->tensor_count,
		.base_count = prog->base_count,
		.scalar_count = prog->scalar_count,
	};
	size_t insns = prog->insn_count * sizeof(*prog->insns);
	size_t tensors = prog->tensor_count * sizeof(*prog->tensors);
	void *at;

	prog->size = sizeof(header) + insns + tensors;
	prog->image = malloc(prog->size);
	if (!prog->image)
		return npu_program_fail(prog, -ENOMEM, "out of memory");
	at = append(prog->image, &header, sizeof(header));
	at = append(at, prog->insns, insns);
	append(at, prog->tensors, tensors);
	return 0;
}

/* What is in HBM cannot be changed by the card: a stray tensor faults instead. */
static int upload(struct npu_program *prog)
{
	int err = npu_bo_new_readonly(prog->vm, prog->size, &prog->bo);

	if (err) {
		prog->err = err;
		return err;
	}
	memcpy(npu_bo_map(prog->bo), prog->image, prog->size);
	return 0;
}

int npu_program_finish(struct npu_program *prog)
{
	int err = npu_program_check(prog);

	if (err)
		return err;
	err = make_image(prog);
	if (!err && prog->vm)
		err = upload(prog);
	return err;
}

/* The tensors that an instruction names, each once, and the instruction. */
static int copy_insn(struct npu_program *part, const struct npu_program *prog,
		     const struct npu_insn *insn, npu_tensor_id *place)
{
	struct npu_insn copy = *insn;
	unsigned int i;

	for (i = 0; i < NPU_MAX_OPERANDS; i++) {
		npu_tensor_id t = insn->operand[i];

		if (t == NPU_NONE)
			continue;
		if (place[t] < 0)
			place[t] = npu_program_add_tensor(part, &prog->tensors[t]);
		if (place[t] < 0)
			return place[t];
		copy.operand[i] = place[t];
	}
	return npu_program_add_insn(part, &copy);
}

static int copy_insns(struct npu_program *part, const struct npu_program *prog,
		      unsigned int first, unsigned int count)
{
	npu_tensor_id *place = malloc((prog->tensor_count + 1) * sizeof(*place));
	unsigned int i;
	int err = 0;

	if (!place)
		return -ENOMEM;
	for (i = 0; i < prog->tensor_count; i++)
		place[i] = -1;
	for (i = 0; i < count && !err; i++)
		err = copy_insn(part, prog, &prog->insns[first + i], place);
	free(place);
	return err;
}

int npu_program_part(struct npu_program *prog, unsigned int first, unsigned int count,
		     struct npu_program **part)
{
	int err;

	*part = NULL;
	if (!prog->image)
		return npu_fail(-EINVAL, "a part of a program that is not finished");
	if (first > prog->insn_count || count > prog->insn_count - first)
		return npu_fail(-EINVAL, "instructions %u to %u of a program of %u",
				first, first + count, prog->insn_count);
	err = npu_program_new(prog->vm, part);
	if (err)
		return err;
	(*part)->base_count = prog->base_count;
	(*part)->scalar_count = prog->scalar_count;
	err = copy_insns(*part, prog, first, count);
	if (!err)
		err = npu_program_finish(*part);
	if (err) {
		npu_program_free(*part);
		*part = NULL;
	}
	return err;
}

const struct npu_insn *npu_program_insn(const struct npu_program *prog,
					unsigned int index)
{
	return index < prog->insn_count ? &prog->insns[index] : NULL;
}

const void *npu_program_image(const struct npu_program *prog, size_t *size)
{
	*size = prog->image ? prog->size : 0;
	return prog->image;
}
