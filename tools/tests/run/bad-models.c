// SPDX-License-Identifier: MIT
/*
 * Writes models with one thing wrong each into a directory: NAME.onnx, and in NAME.txt
 * a part of what npu-run must say about it.
 *
 * All are made from a good one, y = Relu(x + w), by a function that spoils it.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onnx.pb-c.h"

#define FLOAT	   ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT
#define ATTR(kind) ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__##kind

/* The good model. Pointers lead from one structure to the next. */
struct parts {
	Onnx__ModelProto model;
	Onnx__OperatorSetIdProto opset, *opsets[1];
	Onnx__GraphProto graph;
	Onnx__TypeProto type;
	Onnx__TypeProto__Tensor tensor_type;
	Onnx__TensorShapeProto shape;
	Onnx__TensorShapeProto__Dimension dim, *dims[8];
	Onnx__ValueInfoProto x, y, *inputs[2], *outputs[2];
	Onnx__TensorProto w, extra, *initializers[2];
	int64_t w_dims[8];
	float w_data[4];
	Onnx__NodeProto add, relu, *nodes[2];
	char *add_in[3], *add_out[3], *relu_in[3], *relu_out[3];
	Onnx__AttributeProto attribute, *attributes[1];
	int64_t ints[8];
};

static void make_values(struct parts *p)
{
	p->x = (Onnx__ValueInfoProto)ONNX__VALUE_INFO_PROTO__INIT;
	p->type = (Onnx__TypeProto)ONNX__TYPE_PROTO__INIT;
	p->tensor_type = (Onnx__TypeProto__Tensor)ONNX__TYPE_PROTO__TENSOR__INIT;
	p->shape = (Onnx__TensorShapeProto)ONNX__TENSOR_SHAPE_PROTO__INIT;
	p->dim = (Onnx__TensorShapeProto__Dimension)
		ONNX__TENSOR_SHAPE_PROTO__DIMENSION__INIT;
	p->dim.value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
	p->dim.dim_value = 4;
	for (int i = 0; i < 8; i++)
		p->dims[i] = &p->dim;
	p->shape.n_dim = 1;
	p->shape.dim = p->dims;
	p->tensor_type.has_elem_type = 1;
	p->tensor_type.elem_type = FLOAT;
	p->tensor_type.shape = &p->shape;
	p->type.value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
	p->type.tensor_type = &p->tensor_type;
	p->x.name = "x";
	p->x.type = &p->type;
	p->y = p->x;
	p->y.name = "y";
	p->inputs[0] = &p->x;
	p->outputs[0] = &p->y;

	p->w = (Onnx__TensorProto)ONNX__TENSOR_PROTO__INIT;
	p->w.name = "w";
	p->w.has_data_type = 1;
	p->w.data_type = FLOAT;
	p->w.dims = p->w_dims;
	p->w.n_dims = 1;
	p->w_dims[0] = 4;
	p->w.float_data = p->w_data;
	p->w.n_float_data = 4;
	p->initializers[0] = &p->w;
	p->extra = p->w;
	p->initializers[1] = &p->extra;
}

static void make_nodes(struct parts *p)
{
	p->add = (Onnx__NodeProto)ONNX__NODE_PROTO__INIT;
	p->relu = p->add;
	p->add.name = "first";
	p->add.op_type = "Add";
	p->add.input = p->add_in;
	p->add.output = p->add_out;
	p->add.n_input = 2;
	p->add.n_output = 1;
	p->add_in[0] = "x";
	p->add_in[1] = "w";
	p->add_out[0] = "sum";
	p->relu.name = "second";
	p->relu.op_type = "Relu";
	p->relu.input = p->relu_in;
	p->relu.output = p->relu_out;
	p->relu.n_input = 1;
	p->relu.n_output = 1;
	p->relu_in[0] = "sum";
	p->relu_out[0] = "y";
	p->nodes[0] = &p->add;
	p->nodes[1] = &p->relu;
	p->attribute = (Onnx__AttributeProto)ONNX__ATTRIBUTE_PROTO__INIT;
	p->attributes[0] = &p->attribute;
}

static void make_good(struct parts *p)
{
	memset(p, 0, sizeof(*p));
	make_values(p);
	make_nodes(p);
	p->graph = (Onnx__GraphProto)ONNX__GRAPH_PROTO__INIT;
	p->graph.node = p->nodes;
	p->graph.n_node = 2;
	p->graph.input = p->inputs;
	p->graph.n_input = 1;
	p->graph.output = p->outputs;
	p->graph.n_output = 1;
	p->graph.initializer = p->initializers;
	p->graph.n_initializer = 1;
	p->opset = (Onnx__OperatorSetIdProto)ONNX__OPERATOR_SET_ID_PROTO__INIT;
	p->opset.has_version = 1;
	p->opset.version = 13;
	p->opsets[0] = &p->opset;
	p->model = (Onnx__ModelProto)ONNX__MODEL_PROTO__INIT;
	p->model.has_ir_version = 1;
	p->model.ir_version = 7;
	p->model.opset_import = p->opsets;
	p->model.n_opset_import = 1;
	p->model.graph = &p->graph;
}

/* The second node becomes another operator, with an attribute of integers. */
static void second(struct parts *p, char *type, char *attribute, unsigned int count,
		   int64_t each)
{
	p->relu.op_type = type;
	if (!attribute)
		return;
	p->relu.attribute = p->attributes;
	p->relu.n_attribute = 1;
	p->attribute.name = attribute;
	p->attribute.has_type = 1;
	p->attribute.type = ATTR(INTS);
	p->attribute.ints = p->ints;
	p->attribute.n_ints = count;
	for (unsigned int i = 0; i < count; i++)
		p->ints[i] = each;
}

/* The first node becomes one that reads x and gives it four dimensions. */
static void four_dims(struct parts *p)
{
	p->shape.n_dim = 4;
	p->w.n_dims = 4;
	for (int i = 0; i < 4; i++)
		p->w_dims[i] = 1;
	p->w.n_float_data = 1;
}

static void no_graph(struct parts *p)
{
	p->model.graph = NULL;
}

static void no_outputs(struct parts *p)
{
	p->graph.n_output = 0;
}

static void unmade_output(struct parts *p)
{
	p->y.name = "z";
}

static void old_opset(struct parts *p)
{
	p->opset.version = 0;
}

static void new_opset(struct parts *p)
{
	p->opset.version = 99;
}

static void no_such_operator(struct parts *p)
{
	p->relu.op_type = "Frobnicate";
}

static void operator_unnamed(struct parts *p)
{
	p->relu.op_type = "NonZero";
	p->relu.name = NULL;
}

static void other_domain(struct parts *p)
{
	p->relu.domain = "com.example";
}

static void no_operator(struct parts *p)
{
	p->relu.op_type = NULL;
}

static void control_codes(struct parts *p)
{
	p->relu.op_type = "\033[31mRed\nLine";
}

static void cycle(struct parts *p)
{
	p->add_in[1] = "y";
}

static void missing_input(struct parts *p)
{
	p->add_in[1] = "nowhere";
}

static void left_out_input(struct parts *p)
{
	p->add_in[1] = "";
}

static void no_inputs(struct parts *p)
{
	p->add.n_input = 0;
}

static void too_many_inputs(struct parts *p)
{
	p->add.n_input = 3;
	p->add_in[2] = "w";
}

static void defined_twice(struct parts *p)
{
	p->relu_out[0] = "sum";
}

static void initializer_twice(struct parts *p)
{
	p->graph.n_initializer = 2;
}

static void input_twice(struct parts *p)
{
	p->inputs[1] = &p->x;
	p->graph.n_input = 2;
}

static void node_without_output(struct parts *p)
{
	p->relu.n_output = 0;
}

static void second_output(struct parts *p)
{
	p->relu.n_output = 2;
	p->relu_out[1] = "more";
}

static void negative_extent(struct parts *p)
{
	p->w_dims[0] = -4;
}

static void huge_extent(struct parts *p)
{
	p->w_dims[0] = INT64_MAX;
}

static void overflowing_extents(struct parts *p)
{
	p->w.n_dims = 3;
	p->w_dims[0] = p->w_dims[1] = 1ll << 32;
	p->w_dims[2] = 4;
}

static void large_claim(struct parts *p)
{
	p->w_dims[0] = 1ll << 40;
}

static void too_little_data(struct parts *p)
{
	p->w.n_float_data = 3;
}

static void too_much_data(struct parts *p)
{
	p->w_dims[0] = 3;
}

static void raw_too_short(struct parts *p)
{
	p->w.n_float_data = 0;
	p->w.has_raw_data = 1;
	p->w.raw_data.data = (uint8_t *)p->w_data;
	p->w.raw_data.len = 15;
}

static void rank_of_weights(struct parts *p)
{
	p->w.n_dims = 8;
	for (int i = 0; i < 8; i++)
		p->w_dims[i] = i ? 1 : 4;
}

static void type_of_weights(struct parts *p)
{
	p->w.data_type = 77;
}

static void strings(struct parts *p)
{
	p->w.data_type = 8;
}

static void external_data(struct parts *p)
{
	p->w.has_data_location = 1;
	p->w.data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
}

static void doubles(struct parts *p)
{
	p->tensor_type.elem_type = 11;
}

static void unknown_type(struct parts *p)
{
	p->tensor_type.elem_type = -5;
}

static void mixed_types(struct parts *p)
{
	p->tensor_type.elem_type = 10;
}

static void rank_of_input(struct parts *p)
{
	p->shape.n_dim = 7;
}

static void negative_input(struct parts *p)
{
	p->dim.dim_value = -1;
}

static void huge_input(struct parts *p)
{
	p->dim.dim_value = INT64_MAX;
}

static void product_of_input(struct parts *p)
{
	p->shape.n_dim = 6;
	p->dim.dim_value = 1 << 20;
}

static void not_a_tensor(struct parts *p)
{
	p->type.value_case = ONNX__TYPE_PROTO__VALUE__NOT_SET;
}

static void shapes_differ(struct parts *p)
{
	p->w_dims[0] = 3;
	p->w.n_float_data = 3;
}

static void unknown_attribute(struct parts *p)
{
	second(p, "Relu", "wings", 1, 2);
}

static void wrong_attribute(struct parts *p)
{
	second(p, "Softmax", "axis", 1, 0);
}

static void axis_out_of_range(struct parts *p)
{
	second(p, "Softmax", "axis", 0, 0);
	p->attribute.type = ATTR(INT);
	p->attribute.has_i = 1;
	p->attribute.i = 7;
}

static void axis_twice(struct parts *p)
{
	four_dims(p);
	second(p, "Transpose", "perm", 4, 1);
}

static void pool_without_kernel(struct parts *p)
{
	four_dims(p);
	second(p, "MaxPool", NULL, 0, 0);
}

static void pool_of_zero(struct parts *p)
{
	four_dims(p);
	second(p, "MaxPool", "kernel_shape", 2, 0);
}

static void pool_too_large(struct parts *p)
{
	four_dims(p);
	second(p, "MaxPool", "kernel_shape", 2, 100);
}

static void pool_huge(struct parts *p)
{
	four_dims(p);
	second(p, "MaxPool", "kernel_shape", 2, INT64_MAX);
}

static void pool_of_vector(struct parts *p)
{
	second(p, "MaxPool", "kernel_shape", 2, 2);
}

static void conv_weights(struct parts *p)
{
	four_dims(p);
	p->relu.op_type = "Conv";
	p->relu_in[1] = "sum";
	p->relu.n_input = 2;
	p->shape.n_dim = 3;
	p->w.n_dims = 3;
	p->add_in[1] = "x";
	p->relu_in[1] = "w";
	p->w.n_dims = 4;
}

static void matmul_of_vectors(struct parts *p)
{
	p->relu.op_type = "MatMul";
	p->relu.n_input = 2;
	p->relu_in[1] = "w2";
	p->extra.name = "w2";
	p->graph.n_initializer = 2;
	p->extra.n_float_data = 3;
	p->extra.dims = &p->ints[0];
	p->ints[0] = 3;
}

static void reshape_by_floats(struct parts *p)
{
	p->relu.op_type = "Reshape";
	p->relu.n_input = 2;
	p->relu_in[1] = "w";
}

static void reshape_misfit(struct parts *p)
{
	second(p, "Reshape", "shape", 2, 3);
	p->opset.version = 4;
}

static void gather_by_floats(struct parts *p)
{
	p->relu.op_type = "Gather";
	p->relu.n_input = 2;
	p->relu_in[1] = "w";
}

static void function_attribute(struct parts *p)
{
	second(p, "Softmax", "axis", 0, 0);
	p->attribute.ref_attr_name = "axis";
}

static const struct bad {
	const char *name;
	void (*spoil)(struct parts *p);
	const char *says;
	/* clang-format off */
} bad[] = {
	{ "no-graph", no_graph, "no graph" },
	{ "no-outputs", no_outputs, "no outputs" },
	{ "unmade-output", unmade_output, "'z' is made by no node" },
	{ "operator-set-0", old_opset, "operator set 0" },
	{ "operator-set-99", new_opset, "operator set 99" },
	{ "unknown-operator", no_such_operator, "node 'second' (Frobnicate)" },
	{ "unknown-operator-unnamed", operator_unnamed, "node 1 (NonZero)" },
	{ "other-domain", other_domain, "node 'second' (Relu): operators of domain" },
	{ "no-operator", no_operator, "node 'second' ()" },
	{ "control-codes-in-name", control_codes, "(?[31mRed?Line)" },
	{ "cycle", cycle, "node 'first' (Add): input 'y' is made by no earlier" },
	{ "missing-input", missing_input, "input 'nowhere' is made by no earlier" },
	{ "left-out-input", left_out_input, "input 1 is missing" },
	{ "no-inputs", no_inputs, "0 inputs, it needs 2" },
	{ "too-many-inputs", too_many_inputs, "3 inputs, supported are 2" },
	{ "defined-twice", defined_twice, "output 'sum' is defined already" },
	{ "initializer-twice", initializer_twice, "initializer 'w': defined twice" },
	{ "input-twice", input_twice, "input 'x': defined twice" },
	{ "node-without-output", node_without_output, "output 'y' is made by no node" },
	{ "second-output", second_output, "output 1 is not supported" },
	{ "negative-extent", negative_extent, "negative extent -4" },
	{ "huge-extent", huge_extent, "initializer 'w': too large" },
	{ "overflowing-extents", overflowing_extents, "initializer 'w': too large" },
	{ "large-claim", large_claim, "less data than its shape needs" },
	{ "too-little-data", too_little_data, "less data than its shape needs" },
	{ "too-much-data", too_much_data, "do not match its type and shape" },
	{ "raw-data-too-short", raw_too_short, "15 bytes of data" },
	{ "rank-of-weights", rank_of_weights, "rank 8" },
	{ "type-of-weights", type_of_weights, "elements of type unknown" },
	{ "strings", strings, "elements of type string" },
	{ "external-data", external_data, "in another file" },
	{ "doubles", doubles, "input 'x': elements of type double" },
	{ "unknown-type", unknown_type, "input 'x': elements of type unknown" },
	{ "mixed-types", mixed_types, "inputs of types float16 and float" },
	{ "rank-of-input", rank_of_input, "input 'x': rank 7" },
	{ "negative-input", negative_input, "input 'x': extent -1" },
	{ "huge-input", huge_input, "input 'x': extent 9223372036854775807" },
	{ "product-of-input", product_of_input, "input 'x': too large" },
	{ "not-a-tensor", not_a_tensor, "input 'x': not a tensor" },
	{ "shapes-differ", shapes_differ, "shapes [4] and [3] do not fit" },
	{ "unknown-attribute", unknown_attribute, "attribute 'wings' is not supported" },
	{ "wrong-attribute", wrong_attribute, "attribute 'axis' is of a wrong type" },
	{ "axis-out-of-range", axis_out_of_range, "axis out of range for rank 1" },
	{ "axis-twice", axis_twice, "an axis is named twice" },
	{ "pool-without-kernel", pool_without_kernel, "kernel 0 is out of range" },
	{ "pool-of-zero", pool_of_zero, "kernel 0 is out of range" },
	{ "pool-too-large", pool_too_large, "a window of 100 over 4 elements" },
	{ "pool-huge", pool_huge, "kernel 9223372036854775807 is out of range" },
	{ "pool-of-vector", pool_of_vector, "windows over" },
	{ "conv-weights", conv_weights, "rank 3 with weights of rank 4" },
	{ "matmul-of-vectors", matmul_of_vectors, "matrices that do not fit" },
	{ "reshape-by-floats", reshape_by_floats, "known before the run" },
	{ "reshape-misfit", reshape_misfit, "4 elements do not fit the new shape" },
	{ "gather-by-floats", gather_by_floats, "indices of type float" },
	{ "function-attribute", function_attribute, "attribute 'axis' is of a wrong type" },
};
/* clang-format on */

static void write_file(const char *folder, const char *name, const char *suffix,
		       const void *data, size_t size)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.%s", folder, name, suffix);
	f = fopen(path, "wb");
	if (!f || fwrite(data, 1, size, f) != size || fclose(f)) {
		perror(path);
		exit(1);
	}
}

static void write_model(const char *folder, const char *name, const struct parts *p)
{
	size_t size = onnx__model_proto__get_packed_size(&p->model);
	uint8_t *packed = malloc(size + 1);

	if (!packed)
		exit(1);
	onnx__model_proto__pack(&p->model, packed);
	write_file(folder, name, "onnx", packed, size);
	free(packed);
}

/* Put the key of a message's field and its length in front of what is there. */
static uint8_t *wrap(uint8_t *at, const uint8_t *end, uint8_t key)
{
	uint8_t length[10];
	unsigned int n = 0;
	size_t left;

	for (left = end - at; left > 0x7f; left >>= 7)
		length[n++] = (left & 0x7f) | 0x80;
	length[n++] = left;
	at -= n;
	memcpy(at, length, n);
	*--at = key;
	return at;
}

/* Graphs in attributes of nodes of graphs, from the innermost outwards. */
static void write_nested(const char *folder)
{
	enum { DEPTH = 100000, ROOM = DEPTH * 3 * 5 + 16 };
	enum {
		GRAPH_NODE = 0x0a,
		NODE_ATTRIBUTE = 0x2a,
		ATTRIBUTE_G = 0x32,
		MODEL_GRAPH = 0x3a
	};
	uint8_t *data = malloc(ROOM), *end, *at;
	int i;

	if (!data)
		exit(1);
	at = end = data + ROOM;
	for (i = 0; i < DEPTH; i++) {
		at = wrap(at, end, ATTRIBUTE_G);
		at = wrap(at, end, NODE_ATTRIBUTE);
		at = wrap(at, end, GRAPH_NODE);
	}
	at = wrap(at, end, MODEL_GRAPH);
	write_file(folder, "nested", "onnx", at, end - at);
	write_file(folder, "nested", "txt", "truncated or damaged", 20);
	free(data);
}

int main(int argc, char **argv)
{
	struct parts parts;
	size_t i;

	if (argc != 2) {
		fputs("usage: bad-models DIRECTORY\n", stderr);
		return 2;
	}
	make_good(&parts);
	write_model(argv[1], "good", &parts);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		make_good(&parts);
		bad[i].spoil(&parts);
		write_model(argv[1], bad[i].name, &parts);
		write_file(argv[1], bad[i].name, "txt", bad[i].says, strlen(bad[i].says));
	}
	write_nested(argv[1]);
	write_file(argv[1], "empty", "onnx", "", 0);
	write_file(argv[1], "empty", "txt", "no graph", 8);
	return 0;
}
