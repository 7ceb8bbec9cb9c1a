// SPDX-License-Identifier: MIT
#include "tensor.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const struct element elements[] = {
	{ TYPE_FLOAT,	NPU_DTYPE_F32, 4, "float" },
	{ TYPE_FLOAT16,	NPU_DTYPE_F16, 2, "float16" },
	{ TYPE_INT8,	NPU_DTYPE_S8,  1, "int8" },
	{ TYPE_INT32,	NPU_DTYPE_S32, 4, "int32" },
	{ TYPE_INT64,	NPU_DTYPE_S32, 8, "int64" },
	{ TYPE_UINT8,	0, 1, "uint8" },
	{ TYPE_BOOL,	0, 1, "bool" },
	{ TYPE_DOUBLE,	0, 8, "double" },
	{ TYPE_UINT16, 0, 2, "uint16" },
	{ TYPE_INT16, 0, 2, "int16" },
	{ TYPE_UINT32, 0, 4, "uint32" },
	{ TYPE_UINT64, 0, 8, "uint64" },
	{ TYPE_COMPLEX64, 0, 8, "complex64" },
	{ TYPE_COMPLEX128, 0, 16, "complex128" },
	{ TYPE_BFLOAT16, 0, 2, "bfloat16" },
};
/* clang-format on */

const struct element *element(int32_t type)
{
	unsigned int i;

	for (i = 0; i < sizeof(elements) / sizeof(elements[0]); i++)
		if (elements[i].type == type)
			return &elements[i];
	return NULL;
}

const char *element_name(int32_t type)
{
	const struct element *e = element(type);

	if (e)
		return e->name;
	return type == TYPE_STRING ? "string" : "unknown";
}

bool type_is_integer(int32_t type)
{
	return type == TYPE_INT32 || type == TYPE_INT64;
}

bool shape_count(const struct shape *shape, uint64_t *count)
{
	unsigned int i;

	*count = 1;
	for (i = 0; i < shape->rank; i++)
		if (__builtin_mul_overflow(*count, shape->dim[i], count) ||
		    *count > MAX_BYTES)
			return false;
	return true;
}

bool shape_equal(const struct shape *a, const struct shape *b)
{
	return a->rank == b->rank && !memcmp(a->dim, b->dim, a->rank * sizeof(a->dim[0]));
}

const char *shape_text(const struct shape *shape, char *buf, unsigned int size)
{
	unsigned int i, n;

	n = snprintf(buf, size, "[");
	for (i = 0; i < shape->rank && n < size; i++)
		n += snprintf(buf + n, size - n, "%s%llu", i ? ", " : "",
			      (unsigned long long)shape->dim[i]);
	if (n < size)
		snprintf(buf + n, size - n, "]");
	return buf;
}

int tensor_new(struct tensor *t, int32_t type, const struct shape *shape,
	       struct error *err)
{
	const struct element *e = element(type);

	memset(t, 0, sizeof(*t));
	if (!e)
		return fail(err, "type %s has no fixed size", element_name(type));
	t->type = type;
	t->shape = *shape;
	if (!shape_count(shape, &t->count) || t->count * e->size > MAX_BYTES)
		return fail(err, "a tensor is too large");
	t->data = calloc(t->count ? t->count : 1, e->size);
	return t->data ? 0 : fail(err, "out of memory");
}

void tensor_free(struct tensor *t)
{
	if (!t->borrowed)
		free(t->data);
	t->data = NULL;
}

double tensor_number(const struct tensor *t, uint64_t index)
{
	switch (t->type) {
	case TYPE_FLOAT:
		return ((const float *)t->data)[index];
	case TYPE_FLOAT16:
		return half_to_float(((const uint16_t *)t->data)[index]);
	case TYPE_DOUBLE:
		return ((const double *)t->data)[index];
	default:
		return tensor_integer(t, index);
	}
}

int64_t tensor_integer(const struct tensor *t, uint64_t index)
{
	switch (t->type) {
	case TYPE_INT64:
		return ((const int64_t *)t->data)[index];
	case TYPE_INT32:
		return ((const int32_t *)t->data)[index];
	case TYPE_INT8:
		return ((const int8_t *)t->data)[index];
	case TYPE_UINT8:
	case TYPE_BOOL:
		return ((const uint8_t *)t->data)[index];
	default:
		return 0;
	}
}

void tensor_set_integer(struct tensor *t, uint64_t index, int64_t value)
{
	if (t->type == TYPE_INT64)
		((int64_t *)t->data)[index] = value;
	else
		((int32_t *)t->data)[index] = value;
}

float half_to_float(uint16_t half)
{
	int exponent = half >> 10 & 31, fraction = half & 1023;
	float value;

	if (exponent == 31)
		value = fraction ? NAN : INFINITY;
	else if (exponent)
		value = ldexpf(fraction + 1024, exponent - 25);
	else
		value = ldexpf(fraction, -24);
	return half & 0x8000 ? -value : value;
}

uint16_t float_to_half(float value)
{
	uint16_t sign = signbit(value) ? 0x8000 : 0;
	float size = fabsf(value);
	int exponent;

	if (isnan(value))
		return sign | 0x7e00;
	if (size >= 65520.0f)
		return sign | 0x7c00;
	/* rintf() rounds to even, as the format wants it; a carry moves up by itself. */
	if (size < 0x1p-14f)
		return sign | (uint16_t)rintf(size * 0x1p24f);
	frexpf(size, &exponent);
	return sign | (uint16_t)(((exponent + 13) << 10) +
				 (int)rintf(ldexpf(size, 11 - exponent)));
}

bool tensor_fits_card(const struct tensor *t, uint64_t *bad)
{
	uint64_t i;

	for (i = 0; t->type == TYPE_INT64 && i < t->count; i++)
		if (tensor_integer(t, i) != (int32_t)tensor_integer(t, i)) {
			*bad = i;
			return false;
		}
	return true;
}

void tensor_to_card(const struct tensor *t, uint64_t first, uint64_t count, void *card)
{
	unsigned int size = element(t->type)->size;
	uint64_t i;

	if (t->type == TYPE_INT64)
		for (i = 0; i < count; i++)
			((int32_t *)card)[i] = tensor_integer(t, first + i);
	else
		memcpy(card, (const char *)t->data + first * size, count * size);
}

void tensor_from_card(struct tensor *t, uint64_t first, uint64_t count, const void *card)
{
	unsigned int size = element(t->type)->size;
	uint64_t i;

	if (t->type == TYPE_INT64)
		for (i = 0; i < count; i++)
			tensor_set_integer(t, first + i, ((const int32_t *)card)[i]);
	else
		memcpy((char *)t->data + first * size, card, count * size);
}
