/* SPDX-License-Identifier: MIT */
/* A model with the data of a run: files, batches, results. */
#ifndef RUN_MODEL_H
#define RUN_MODEL_H

#include "error.h"
#include "graph.h"
#include "plan.h"
#include "tensor.h"

/* Inputs or outputs of a model, and files of each. */
#define MAX_FILES 64

/**
 * struct files - where a run's data lie
 * @name: of the model, for messages
 * @model: the ONNX file
 * @input: tensors, in the order of the graph's inputs
 * @expect: what the outputs should be, in the order of the graph's outputs
 * @labels: the right classes, NULL: unknown
 */
struct files {
	char *name;
	char *model;
	char *input[MAX_FILES];
	unsigned int inputs;
	char *expect[MAX_FILES];
	unsigned int expects;
	char *labels;
};

/*
 * From what the user named: a file, a directory with test data, or a model that comes
 * with the tools.
 */
int files_find(struct files *files, const char *what, struct error *err);
void files_free(struct files *files);

/**
 * struct model - a model and its data
 * @files: where they came from
 * @graph: the model
 * @plan_inputs: what the inputs are in one job
 * @inputs: what the files hold, for all jobs
 * @expects: likewise
 * @labels: likewise; no data if there are none
 * @results: the outputs, once it ran
 * @batched: the data are cut into jobs along their first dimension
 * @rows: first extent of the data
 * @batch: that of one job
 * @jobs: how many; the last one may be padded
 */
struct model {
	const struct files *files;
	struct graph *graph;
	struct plan_input *plan_inputs;
	struct tensor *inputs;
	struct tensor *expects;
	struct tensor labels;
	struct tensor *results;
	bool batched;
	uint64_t rows;
	uint64_t batch;
	uint64_t jobs;
};

/* Read everything. batch 0: all rows at once, or what the model is made for. */
int model_load(struct model *model, const struct files *files, uint64_t batch,
	       struct error *err);
/* What can be told about the data before anything runs. */
int model_check(struct model *model, const struct plan *plan, struct error *err);
void model_free(struct model *model);

/* First element and number of elements of a tensor that belong to a job. */
uint64_t model_slice(const struct model *model, const struct tensor *t, uint64_t job,
		     uint64_t *first);

#endif
