// SPDX-License-Identifier: MIT
#include "model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onnx_file.h"

static const char *input_name(const struct model *m, unsigned int index)
{
	return m->graph->values[m->graph->inputs[index].value].name;
}

static int load_files(struct model *m, struct error *err)
{
	const struct files *f = m->files;
	struct graph *g = m->graph;
	unsigned int i;

	m->plan_inputs = calloc(g->input_count + 1, sizeof(*m->plan_inputs));
	m->inputs = calloc(g->input_count + 1, sizeof(*m->inputs));
	m->expects = calloc(g->output_count + 1, sizeof(*m->expects));
	m->results = calloc(g->output_count + 1, sizeof(*m->results));
	if (!m->plan_inputs || !m->inputs || !m->expects || !m->results)
		return fail(err, "out of memory");
	if (f->inputs > g->input_count || (f->inputs && f->inputs < g->input_count))
		return fail(err, "%u input files, the model has %u inputs", f->inputs,
			    g->input_count);
	if (f->expects > g->output_count)
		return fail(err, "%u files of expected outputs, the model has %u outputs",
			    f->expects, g->output_count);
	for (i = 0; i < f->inputs; i++)
		if (onnx_read_tensor(&m->inputs[i], f->input[i], err))
			return -1;
	for (i = 0; i < f->expects; i++)
		if (onnx_read_tensor(&m->expects[i], f->expect[i], err))
			return -1;
	return f->labels ? onnx_read_tensor(&m->labels, f->labels, err) : 0;
}

/* How many rows there are, and how many of them a job takes. */
static int choose_batch(struct model *m, uint64_t batch, struct error *err)
{
	const struct graph_input *in = m->graph->inputs;
	const struct tensor *data = m->inputs;
	uint64_t made_for = 0;

	m->rows = m->batch = m->jobs = 1;
	if (!m->graph->input_count)
		return 0;
	if (in->has_shape && in->rank)
		made_for = in->dim[0];
	if (batch && made_for && batch != made_for)
		return fail(err,
			    "input '%.100s': the model takes batches of %" PRIu64
			    ", not %" PRIu64,
			    input_name(m, 0), made_for, batch);
	m->batch = made_for ? made_for : batch;
	if (m->files->inputs && data->shape.rank && data->shape.dim[0]) {
		m->rows = data->shape.dim[0];
		if (!m->batch)
			m->batch = m->rows;
		m->jobs = (m->rows - 1) / m->batch + 1;
		m->batched = m->rows != m->batch;
	}
	if (!m->batch)
		m->batch = 1;
	return 0;
}

/* Every extent that the model says must be the data's, but for the batch. */
static int fit_input(struct model *m, unsigned int index, struct error *err)
{
	const struct graph_input *in = &m->graph->inputs[index];
	const struct tensor *t = &m->inputs[index];
	struct plan_input *to = &m->plan_inputs[index];
	const char *name = input_name(m, index);
	unsigned int i;

	if (t->type != in->type)
		return fail(err, "input '%.100s': the data are of type %s, not %s", name,
			    element_name(t->type), element_name(in->type));
	to->shape = t->shape;
	if (m->batched) {
		if (!t->shape.rank || t->shape.dim[0] != m->rows)
			return fail(err, "input '%.100s': not %" PRIu64 " rows of data",
				    name, m->rows);
		to->shape.dim[0] = m->batch;
	}
	if (in->has_shape && in->rank != t->shape.rank)
		return fail(err, "input '%.100s': data of rank %u, the model takes %u",
			    name, t->shape.rank, in->rank);
	for (i = 0; i < in->rank; i++)
		if (in->dim[i] && in->dim[i] != to->shape.dim[i])
			return fail(err,
				    "input '%.100s': extent %u is %" PRIu64
				    ", the model takes %" PRIu64,
				    name, i, to->shape.dim[i], in->dim[i]);
	/* What is the same in all jobs may decide shapes. */
	to->known = m->batched ? NULL : t;
	return 0;
}

/* Without data: what the model says, and 1 where it leaves an extent open. */
static int assume_input(struct model *m, unsigned int index, struct error *err)
{
	const struct graph_input *in = &m->graph->inputs[index];
	struct plan_input *to = &m->plan_inputs[index];
	unsigned int i;

	if (!in->has_shape)
		return fail(err, "input '%.100s': the model does not say its shape",
			    input_name(m, index));
	to->shape.rank = in->rank;
	for (i = 0; i < in->rank; i++)
		to->shape.dim[i] = in->dim[i] ? in->dim[i] : i ? 1 : m->batch;
	return 0;
}

int model_load(struct model *m, const struct files *files, uint64_t batch,
	       struct error *err)
{
	Onnx__ModelProto *proto;
	unsigned int i;

	memset(m, 0, sizeof(*m));
	m->files = files;
	proto = onnx_read_model(files->model, err);
	if (!proto)
		return -1;
	m->graph = graph_new(proto, err);
	if (!m->graph || load_files(m, err) || choose_batch(m, batch, err))
		return -1;
	for (i = 0; i < m->graph->input_count; i++)
		if (files->inputs ? fit_input(m, i, err) : assume_input(m, i, err))
			return -1;
	return 0;
}

static int check_inputs(struct model *m, const struct plan *plan, struct error *err)
{
	unsigned int i;
	uint64_t bad;

	for (i = 0; i < m->graph->input_count; i++)
		if (plan_reads_input(plan, i) && m->files->inputs &&
		    !tensor_fits_card(&m->inputs[i], &bad))
			return fail(err,
				    "input '%.100s': a 64-bit integer, %" PRId64
				    ", that the card's 32 bits cannot hold",
				    input_name(m, i), tensor_integer(&m->inputs[i], bad));
	return 0;
}

/* Make room for an output, and hold what is expected of it against its shape. */
static int check_output(struct model *m, const struct plan *plan, unsigned int index,
			struct error *err)
{
	const struct val *v = plan_graph_output(plan, index);
	const struct tensor *expect = &m->expects[index];
	struct shape shape = v->shape;
	char have[96], want[96];

	if (m->batched) {
		if (!shape.rank || shape.dim[0] != m->batch)
			return fail(err,
				    "output %u: its first dimension is not the "
				    "batch: the data cannot be cut",
				    index);
		shape.dim[0] = m->rows;
	}
	if (index < m->files->expects &&
	    (expect->type != v->type || !shape_equal(&expect->shape, &shape)))
		return fail(err, "output %u is %s %s, expected is %s %s", index,
			    element_name(v->type), shape_text(&shape, have, sizeof(have)),
			    element_name(expect->type),
			    shape_text(&expect->shape, want, sizeof(want)));
	return m->results[index].data ?
		       0 :
		       tensor_new(&m->results[index], v->type, &shape, err);
}

static int check_labels(const struct model *m, struct error *err)
{
	const struct tensor *out = &m->results[0], *labels = &m->labels;

	if (!labels->data)
		return 0;
	if (labels->type != TYPE_INT64 || labels->shape.rank != 1 ||
	    out->shape.rank != 2 || labels->shape.dim[0] != out->shape.dim[0])
		return fail(err, "labels must be int64, one for each row of an output "
				 "[rows, classes]");
	return 0;
}

int model_check(struct model *m, const struct plan *plan, struct error *err)
{
	unsigned int i;

	if (check_inputs(m, plan, err))
		return -1;
	for (i = 0; i < m->graph->output_count; i++)
		if (check_output(m, plan, i, err))
			return -1;
	return check_labels(m, err);
}

void model_free(struct model *m)
{
	unsigned int i;

	for (i = 0; m->graph && i < m->graph->input_count && m->inputs; i++)
		tensor_free(&m->inputs[i]);
	for (i = 0; m->graph && i < m->graph->output_count; i++) {
		if (m->expects)
			tensor_free(&m->expects[i]);
		if (m->results)
			tensor_free(&m->results[i]);
	}
	tensor_free(&m->labels);
	free(m->plan_inputs);
	free(m->inputs);
	free(m->expects);
	free(m->results);
	graph_free(m->graph);
}

uint64_t model_slice(const struct model *m, const struct tensor *t, uint64_t job,
		     uint64_t *first)
{
	uint64_t row, rows;

	*first = 0;
	if (!m->batched)
		return t->count;
	row = t->count / m->rows;
	rows = m->rows - job * m->batch;
	if (rows > m->batch)
		rows = m->batch;
	*first = job * m->batch * row;
	return rows * row;
}
