/* SPDX-License-Identifier: MIT */
/* Shapes, element types and tensors in the memory of this process. */
#ifndef RUN_TENSOR_H
#define RUN_TENSOR_H

#include <stdbool.h>
#include <stdint.h>

#include <npu/isa.h>

#include "error.h"

#define MAX_RANK NPU_MAX_RANK
/* Of one tensor.  Far above what a card holds; keeps all sums within 64 bits. */
#define MAX_BYTES (1ull << 44)

struct shape {
	unsigned int rank;
	uint64_t dim[MAX_RANK];
};

/*
 * An element type of ONNX: its bytes in a file, and what carries it on the card (0:
 * nothing does).  64-bit integers become 32 bits there.
 */
struct element {
	int32_t type;	/* onnx.TensorProto.DataType */
	uint32_t dtype; /* enum npu_dtype */
	unsigned int size;
	const char *name;
};

enum {
	TYPE_FLOAT = 1,
	TYPE_UINT8 = 2,
	TYPE_INT8 = 3,
	TYPE_UINT16 = 4,
	TYPE_INT16 = 5,
	TYPE_INT32 = 6,
	TYPE_INT64 = 7,
	TYPE_STRING = 8,
	TYPE_BOOL = 9,
	TYPE_FLOAT16 = 10,
	TYPE_DOUBLE = 11,
	TYPE_UINT32 = 12,
	TYPE_UINT64 = 13,
	TYPE_COMPLEX64 = 14,
	TYPE_COMPLEX128 = 15,
	TYPE_BFLOAT16 = 16,
};

struct tensor {
	int32_t type;
	struct shape shape;
	uint64_t count;
	void *data;
	bool borrowed; /* data is not ours to free */
};

/* NULL for a type that has no fixed size or that ONNX does not have. */
const struct element *element(int32_t type);
/* For messages; never NULL. */
const char *element_name(int32_t type);

/* False when it is more than MAX_BYTES elements. */
bool shape_count(const struct shape *shape, uint64_t *count);
bool shape_equal(const struct shape *a, const struct shape *b);
/* "[2, 3]"; the text lives in buf. */
const char *shape_text(const struct shape *shape, char *buf, unsigned int size);

/* Zeroes; 0 or -1 with *err. */
int tensor_new(struct tensor *t, int32_t type, const struct shape *shape,
	       struct error *err);
void tensor_free(struct tensor *t);

/* Elements as numbers, whatever the type. */
double tensor_number(const struct tensor *t, uint64_t index);
int64_t tensor_integer(const struct tensor *t, uint64_t index);
void tensor_set_integer(struct tensor *t, uint64_t index, int64_t value);
bool type_is_integer(int32_t type);

float half_to_float(uint16_t half);
uint16_t float_to_half(float value);

/* Whether 64-bit integers fit the 32 bits that carry them; *bad is the first not to. */
bool tensor_fits_card(const struct tensor *t, uint64_t *bad);
/* Copy count elements from index first on to the card's layout, or back. */
void tensor_to_card(const struct tensor *t, uint64_t first, uint64_t count, void *card);
void tensor_from_card(struct tensor *t, uint64_t first, uint64_t count, const void *card);

#endif
