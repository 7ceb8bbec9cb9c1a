/* SPDX-License-Identifier: MIT */
/*
 * From a graph to a program: shapes, places in memory, instructions.
 *
 * A plan needs no card: with vm NULL it says whether the model can run.  The first
 * error sticks; from then on plan_arg() and its kin return a harmless tensor and
 * nothing is emitted, so that an operator checks once, where it is about to trust a
 * number.
 */
#ifndef RUN_PLAN_H
#define RUN_PLAN_H

#include <npu.h>

#include "arena.h"
#include "error.h"
#include "graph.h"
#include "tensor.h"

/**
 * struct place - a piece of the card's memory
 * @base: slot of the base address
 * @offset: bytes from there
 * @in_arena: given back when nobody refers to it
 * @used: an instruction reads or writes it
 * @refs: values and uses that refer to it
 */
struct place {
	int base;
	uint64_t offset;
	bool in_arena;
	bool used;
	unsigned int refs;
};

/**
 * struct val - a tensor as the plan knows it, always dense and row-major
 * @type: element type of ONNX
 * @shape: as ONNX has it; rank 0 is a scalar
 * @count: elements
 * @known: its elements, or NULL
 * @constant: @known is the same in every run
 * @place: where it lies on the card; NULL: nowhere yet
 * @id: its descriptor, negative: none yet
 */
struct val {
	int32_t type;
	struct shape shape;
	uint64_t count;
	const struct tensor *known;
	bool constant;
	struct place *place;
	npu_tensor_id id;
};

/* A constant tensor that must be in the card's memory before the program runs. */
struct weight {
	const struct tensor *data;
	uint64_t offset;
};

/* What an input is in this run: its shape, and its elements where they are fixed. */
struct plan_input {
	struct shape shape;
	const struct tensor *known;
};

struct plan {
	const struct graph *graph;
	struct npu_program *prog;
	struct error *err;

	const struct node *node; /* in work */
	uint64_t attributes_read;
	struct val nothing; /* stands in after an error */

	struct val *vals;   /* one a value of the graph */
	struct val **temps; /* of the node in work */
	unsigned int temp_count;
	unsigned int temp_room;

	struct arena arena;
	struct weight *weights;
	unsigned int weight_count;
	unsigned int weight_room;
	uint64_t weight_bytes;

	void **owned; /* freed with the plan */
	unsigned int owned_count;
	unsigned int owned_room;
};

/* Base slots of the program: weights, arena, then inputs, then outputs. */
enum {
	BASE_WEIGHTS = 0,
	BASE_ARENA = 1,
	BASE_INPUTS = 2,
};

/* NULL and *err on error. vm NULL: plan only. */
struct plan *plan_new(const struct graph *graph, const struct plan_input *inputs,
		      struct npu_vm *vm, struct error *err);
void plan_free(struct plan *plan);
/* Shape and type of a graph's output. */
const struct val *plan_graph_output(const struct plan *plan, unsigned int index);
/* Whether the card reads an input, which may have served the planning only. */
bool plan_reads_input(const struct plan *plan, unsigned int index);

/* ---- For the operators ---- */

/* An error of the node in work. */
void plan_fail(struct plan *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static inline bool plan_failed(const struct plan *p)
{
	return failed(p->err);
}

/* An input that must be there; one that may be left out (NULL then). */
struct val *plan_arg(struct plan *p, unsigned int index);
struct val *plan_opt(struct plan *p, unsigned int index);
/* An output that takes memory of its own. */
struct val *plan_result(struct plan *p, unsigned int index, int32_t type,
			const struct shape *shape);
/* An output that is the same bytes as a value, in another shape. */
void plan_alias(struct plan *p, unsigned int index, struct val *of,
		const struct shape *shape);
/* An output that is known already; takes the tensor's data. */
void plan_known(struct plan *p, unsigned int index, struct tensor *t);
/* Memory until the end of the node. */
struct val *plan_temp(struct plan *p, int32_t type, const struct shape *shape);
/* The same bytes in another shape, until the end of the node. */
struct val *plan_view(struct plan *p, struct val *of, const struct shape *shape);
/* A constant of one element. */
struct val *plan_literal(struct plan *p, int32_t type, double value);
/* Its descriptor; puts constants into the weights. Negative after an error. */
npu_tensor_id plan_id(struct plan *p, struct val *v);

/* ---- Attributes: those that no operator asked for are refused ---- */

int64_t plan_int(struct plan *p, const char *name, int64_t otherwise);
float plan_float(struct plan *p, const char *name, float otherwise);
/* At most max numbers; how many, or -1 if it is not there. */
int plan_ints(struct plan *p, const char *name, int64_t *to, unsigned int max);
/* Index in names (ended by NULL); the first is the default. */
unsigned int plan_choice(struct plan *p, const char *name, const char *const *names);
const Onnx__AttributeProto *plan_attribute(struct plan *p, const char *name,
					   unsigned int type);
/*
 * Integers of an input that must be known while planning.  At most max; how many, or
 * -1 if the input is left out.
 */
int plan_arg_ints(struct plan *p, unsigned int index, int64_t *to, unsigned int max);
/* Integers of an attribute of old, of an input since. */
int plan_ints_either(struct plan *p, const char *name, unsigned int index, int64_t *to,
		     unsigned int max);
/* An axis that may count from the end, as one that does not. */
unsigned int plan_axis(struct plan *p, int64_t axis, unsigned int rank);

/* ---- Instructions ---- */

void emit_unary(struct plan *p, uint32_t opcode, struct val *d, struct val *a);
void emit_binary(struct plan *p, uint32_t opcode, struct val *d, struct val *a,
		 struct val *b);
void emit_axis(struct plan *p, uint32_t opcode, struct val *d, struct val *a,
	       unsigned int axis);
void emit_copy(struct plan *p, npu_tensor_id d, npu_tensor_id a);
void emit_fill(struct plan *p, struct val *d, double value);
/* What a function of libnpu returned for the node in work. */
int emitted(struct plan *p, int ret);
/* So many elements make one of the result: more than the card takes is an error. */
void check_contraction(struct plan *p, uint64_t elements);

#endif
