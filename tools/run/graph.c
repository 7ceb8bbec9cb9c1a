// SPDX-License-Identifier: MIT
#include "graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "onnx_file.h"

/* Names in a file: nodes, values. Real models have thousands. */
#define MAX_NAMES (1u << 24)

static const char *text(const char *s)
{
	return s ? s : "";
}

const char *node_type(const struct node *node)
{
	return text(node->proto->op_type);
}

const char *node_text(const struct node *node, char *buf, unsigned int size)
{
	const char *name = text(node->proto->name);

	if (*name)
		snprintf(buf, size, "node '%.100s' (%.60s)", name, node_type(node));
	else
		snprintf(buf, size, "node %u (%.60s)", node->index, node_type(node));
	return buf;
}

static int check_model(struct graph *g, struct error *err)
{
	const Onnx__ModelProto *m = g->model;
	size_t i;

	if (!m->graph)
		return fail(err, "no graph in it: not an ONNX model");
	if (m->graph->n_sparse_initializer)
		return fail(err, "sparse initializers are not supported");
	for (i = 0; i < m->n_opset_import; i++) {
		const char *domain = text(m->opset_import[i]->domain);

		if (!*domain || !strcmp(domain, "ai.onnx"))
			g->opset = m->opset_import[i]->version;
	}
	/* Before versions were written down there was one. */
	if (!m->n_opset_import)
		g->opset = 1;
	if (g->opset < OPSET_MIN || g->opset > OPSET_MAX)
		return fail(err, "operator set %lld, supported are %d to %d",
			    (long long)g->opset, OPSET_MIN, OPSET_MAX);
	return 0;
}

/* Upper limit of the number of names, 0 if it is absurd. */
static unsigned int count_names(const Onnx__GraphProto *gp)
{
	uint64_t n = gp->n_initializer + gp->n_input + gp->n_output + 1;
	size_t i;

	for (i = 0; i < gp->n_node; i++)
		n += gp->node[i]->n_input + gp->node[i]->n_output;
	return n > MAX_NAMES ? 0 : n;
}

static struct value *named(struct graph *g, struct names *names, const char *name)
{
	unsigned int number = names_add(names, name);

	if (number == g->value_count) {
		g->value_count++;
		g->values[number].name = name;
	}
	return &g->values[number];
}

static int load_initializers(struct graph *g, struct names *names, struct error *err)
{
	const Onnx__GraphProto *gp = g->model->graph;
	char what[160];
	struct value *v;
	size_t i;

	for (i = 0; i < gp->n_initializer; i++) {
		snprintf(what, sizeof(what), "initializer '%.100s'",
			 text(gp->initializer[i]->name));
		v = named(g, names, text(gp->initializer[i]->name));
		if (v->defined)
			return fail(err, "%s: defined twice", what);
		if (onnx_tensor(&v->constant, gp->initializer[i], what, err))
			return -1;
		v->defined = true;
		v->is_constant = true;
	}
	return 0;
}

static int input_shape(struct graph_input *in, const Onnx__TensorShapeProto *shape,
		       const char *name, struct error *err)
{
	const Onnx__TensorShapeProto__Dimension *dim;
	size_t i;

	if (!shape)
		return 0;
	if (shape->n_dim > MAX_RANK)
		return fail(err, "input '%.100s': rank %zu, the card has %d", name,
			    shape->n_dim, MAX_RANK);
	in->has_shape = true;
	in->rank = shape->n_dim;
	for (i = 0; i < shape->n_dim; i++) {
		dim = shape->dim[i];
		if (dim->value_case !=
		    ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE)
			continue;
		if (dim->dim_value < 0 || (uint64_t)dim->dim_value > MAX_BYTES)
			return fail(err, "input '%.100s': extent %lld", name,
				    (long long)dim->dim_value);
		in->dim[i] = dim->dim_value;
	}
	return 0;
}

static int load_input(struct graph *g, struct names *names,
		      const Onnx__ValueInfoProto *info, struct error *err)
{
	const char *name = text(info->name);
	struct value *v = named(g, names, name);
	struct graph_input *in = &g->inputs[g->input_count];

	/* An initializer of the same name is the input's value. */
	if (v->is_constant)
		return 0;
	if (v->defined)
		return fail(err, "input '%.100s': defined twice", name);
	if (!info->type || info->type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE)
		return fail(err, "input '%.100s': not a tensor", name);
	in->value = v - g->values;
	in->type = info->type->tensor_type->elem_type;
	v->defined = true;
	g->input_count++;
	return input_shape(in, info->type->tensor_type->shape, name, err);
}

static int node_inputs(struct graph *g, struct names *names, struct node *n,
		       struct error *err)
{
	char buf[200];
	struct value *v;
	unsigned int i;

	for (i = 0; i < n->inputs; i++) {
		n->input[i] = ABSENT;
		if (!*n->proto->input[i])
			continue;
		v = named(g, names, n->proto->input[i]);
		if (!v->defined)
			return fail(err,
				    "%s: input '%.100s' is made by no earlier node "
				    "(it is missing, or there is a cycle)",
				    node_text(n, buf, sizeof(buf)), v->name);
		v->uses++;
		n->input[i] = v - g->values;
	}
	return 0;
}

static int node_outputs(struct graph *g, struct names *names, struct node *n,
			struct error *err)
{
	char buf[200];
	struct value *v;
	unsigned int i;

	for (i = 0; i < n->outputs; i++) {
		n->output[i] = ABSENT;
		if (!*n->proto->output[i])
			continue;
		v = named(g, names, n->proto->output[i]);
		if (v->defined)
			return fail(err, "%s: output '%.100s' is defined already",
				    node_text(n, buf, sizeof(buf)), v->name);
		v->defined = true;
		n->output[i] = v - g->values;
	}
	return 0;
}

static int load_node(struct graph *g, struct names *names, const Onnx__NodeProto *proto,
		     struct error *err)
{
	struct node *n = &g->nodes[g->node_count];

	n->proto = proto;
	n->index = g->node_count++;
	n->inputs = proto->n_input;
	n->outputs = proto->n_output;
	n->input = calloc(proto->n_input + 1, sizeof(*n->input));
	n->output = calloc(proto->n_output + 1, sizeof(*n->output));
	if (!n->input || !n->output)
		return fail(err, "out of memory");
	if (node_inputs(g, names, n, err))
		return -1;
	return node_outputs(g, names, n, err);
}

static int load_output(struct graph *g, struct names *names, const char *name,
		       struct error *err)
{
	struct value *v = named(g, names, name);

	if (!v->defined)
		return fail(err, "output '%.100s' is made by no node", name);
	v->uses++;
	g->outputs[g->output_count++] = v - g->values;
	return 0;
}

static int load(struct graph *g, struct names *names, struct error *err)
{
	const Onnx__GraphProto *gp = g->model->graph;
	size_t i;

	if (load_initializers(g, names, err))
		return -1;
	for (i = 0; i < gp->n_input; i++)
		if (load_input(g, names, gp->input[i], err))
			return -1;
	for (i = 0; i < gp->n_node; i++)
		if (load_node(g, names, gp->node[i], err))
			return -1;
	for (i = 0; i < gp->n_output; i++)
		if (load_output(g, names, text(gp->output[i]->name), err))
			return -1;
	if (!g->output_count)
		return fail(err, "the graph has no outputs");
	return 0;
}

static int build(struct graph *g, struct error *err)
{
	const Onnx__GraphProto *gp = g->model->graph;
	unsigned int most = count_names(gp);
	struct names names;
	int ret;

	if (!most)
		return fail(err, "more than %u names", MAX_NAMES);
	g->values = calloc(most, sizeof(*g->values));
	g->nodes = calloc(gp->n_node + 1, sizeof(*g->nodes));
	g->inputs = calloc(gp->n_input + 1, sizeof(*g->inputs));
	g->outputs = calloc(gp->n_output + 1, sizeof(*g->outputs));
	if (names_init(&names, most) || !g->values || !g->nodes || !g->inputs ||
	    !g->outputs)
		ret = fail(err, "out of memory");
	else
		ret = load(g, &names, err);
	names_free(&names);
	return ret;
}

struct graph *graph_new(Onnx__ModelProto *model, struct error *err)
{
	struct graph *g = calloc(1, sizeof(*g));

	if (!g) {
		fail(err, "out of memory");
		onnx__model_proto__free_unpacked(model, NULL);
		return NULL;
	}
	g->model = model;
	if (check_model(g, err) || build(g, err)) {
		graph_free(g);
		return NULL;
	}
	return g;
}

void graph_free(struct graph *g)
{
	unsigned int i;

	if (!g)
		return;
	for (i = 0; i < g->value_count; i++)
		if (g->values[i].is_constant)
			tensor_free(&g->values[i].constant);
	for (i = 0; i < g->node_count; i++) {
		free(g->nodes[i].input);
		free(g->nodes[i].output);
	}
	free(g->values);
	free(g->nodes);
	free(g->inputs);
	free(g->outputs);
	onnx__model_proto__free_unpacked(g->model, NULL);
	free(g);
}
