/* SPDX-License-Identifier: MIT */
/* A model's graph: names resolved, nodes in an order in which they can run. */
#ifndef RUN_GRAPH_H
#define RUN_GRAPH_H

#include "error.h"
#include "onnx.pb-c.h"
#include "tensor.h"

/* An optional input or output that a node leaves out. */
#define ABSENT (~0u)

/* The versions of ONNX's operators that are understood. */
#define OPSET_MIN 1
#define OPSET_MAX 20

/**
 * struct value - a named tensor of the graph
 * @name: its name, owned by the model
 * @defined: something makes it: an input, an initializer or an earlier node
 * @uses: how often nodes read it, plus one for each time it is an output
 * @is_constant: @constant holds its elements
 * @constant: an initializer
 */
struct value {
	const char *name;
	bool defined;
	unsigned int uses;
	bool is_constant;
	struct tensor constant;
};

/**
 * struct node - one operation
 * @proto: what the file says
 * @index: its position, from 0
 * @inputs: number of inputs
 * @outputs: number of outputs
 * @input: indices of values, or ABSENT
 * @output: indices of values, or ABSENT
 */
struct node {
	const Onnx__NodeProto *proto;
	unsigned int index;
	unsigned int inputs;
	unsigned int outputs;
	unsigned int *input;
	unsigned int *output;
};

/**
 * struct graph_input - an input that the caller must provide
 * @value: index of the value
 * @type: element type
 * @has_shape: the model says something about its shape
 * @rank: number of extents
 * @dim: extents, 0 where the model leaves one open
 */
struct graph_input {
	unsigned int value;
	int32_t type;
	bool has_shape;
	unsigned int rank;
	uint64_t dim[MAX_RANK];
};

struct graph {
	Onnx__ModelProto *model;
	int64_t opset;
	struct value *values;
	unsigned int value_count;
	struct node *nodes;
	unsigned int node_count;
	struct graph_input *inputs;
	unsigned int input_count;
	unsigned int *outputs;
	unsigned int output_count;
};

/* Takes the model, even on error. NULL and *err on error. */
struct graph *graph_new(Onnx__ModelProto *model, struct error *err);
void graph_free(struct graph *graph);

/* "node 'conv1' (Conv)", for messages; the text lives in buf. */
const char *node_text(const struct node *node, char *buf, unsigned int size);
const char *node_type(const struct node *node);

#endif
