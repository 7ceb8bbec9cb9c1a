// SPDX-License-Identifier: MIT
#include "card.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/**
 * struct card - a model on a card
 * @bo: a buffer for each base slot of the program, NULL where there are no bytes
 * @step: bytes from one job to the next in each of them
 * @slots: number of base slots
 * @reports: a struct npu_report for each job
 */
struct card {
	struct model *model;
	const struct card_options *options;
	struct error *err;
	struct npu_device *dev;
	struct npu_vm *vm;
	struct npu_queue *queue;
	struct plan *plan;
	struct npu_bo **bo;
	uint64_t *step;
	unsigned int slots;
	struct npu_bo *reports;
};

/* Note what libnpu says about a step that failed. */
static int check(struct card *c, int ret, const char *what)
{
	const char *detail = npu_last_error();

	if (ret)
		fail(c->err, "%s: %s", what, *detail ? detail : npu_strerror(ret));
	return ret;
}

static int new_buffer(struct card *c, uint64_t size, uint32_t flags, struct npu_bo **bo)
{
	if (!size)
		return 0;
	return check(c,
		     npu_bo_new(c->vm, size, DRM_NPU_PLACE_HBM, c->options->dies, flags,
				bo),
		     "a buffer");
}

static void *view(struct card *c, struct npu_bo *bo)
{
	void *bytes = npu_bo_map(bo);

	if (!bytes)
		check(c, errno ? -errno : -ENOMEM, "mapping a buffer");
	return bytes;
}

static unsigned int card_size(int32_t type)
{
	return npu_dtype_size(element(type)->dtype);
}

/* A buffer with what all jobs read or write of one input or output. */
static int buffer_of_jobs(struct card *c, unsigned int slot, const struct tensor *t)
{
	const struct model *m = c->model;
	uint64_t count = m->batched ? t->count / m->rows * m->batch : t->count;

	c->step[slot] = m->batched ? count * card_size(t->type) : 0;
	return new_buffer(c, count * card_size(t->type) * m->jobs, 0, &c->bo[slot]);
}

static int upload_input(struct card *c, unsigned int index)
{
	const struct tensor *t = &c->model->inputs[index];
	char *bytes;

	if (!t->count || !plan_reads_input(c->plan, index))
		return 0;
	bytes = view(c, c->bo[BASE_INPUTS + index]);
	if (!bytes)
		return -ENOMEM;
	/* Jobs lie one behind the other, as the rows do; the padding stays zero. */
	tensor_to_card(t, 0, t->count, bytes);
	return 0;
}

static int upload_weights(struct card *c)
{
	const struct plan *p = c->plan;
	unsigned int i;
	char *bytes;

	if (!p->weight_bytes)
		return 0;
	bytes = view(c, c->bo[BASE_WEIGHTS]);
	if (!bytes)
		return -ENOMEM;
	for (i = 0; i < p->weight_count; i++)
		tensor_to_card(p->weights[i].data, 0, p->weights[i].data->count,
			       bytes + p->weights[i].offset);
	return 0;
}

static int open_card(struct card *c)
{
	const struct drm_npu_query_device *info;
	uint32_t all;
	int ret;

	ret = check(c, npu_device_open(c->options->device, &c->dev),
		    c->options->device ? c->options->device : "a card");
	if (ret)
		return ret;
	info = npu_device_info(c->dev);
	all = info->dies < 32 ? (1u << info->dies) - 1 : ~0u;
	if (c->options->dies & ~all) {
		fail(c->err, "the card has %u dies: 0x%x names others", info->dies,
		     c->options->dies);
		return -EINVAL;
	}
	ret = check(c, npu_vm_new(c->dev, &c->vm), "an address space");
	if (ret)
		return ret;
	return check(c, npu_queue_new(c->vm, c->options->dies, 0, &c->queue), "a queue");
}

static int make_buffers(struct card *c)
{
	const struct graph *g = c->model->graph;
	unsigned int i;
	int ret;

	c->slots = BASE_INPUTS + g->input_count + g->output_count;
	c->bo = calloc(c->slots, sizeof(*c->bo));
	c->step = calloc(c->slots, sizeof(*c->step));
	if (!c->bo || !c->step) {
		fail(c->err, "out of memory");
		return -ENOMEM;
	}
	ret = new_buffer(c, c->plan->weight_bytes,
			 c->options->hold ? DRM_NPU_BO_CONTIGUOUS : 0,
			 &c->bo[BASE_WEIGHTS]);
	if (!ret)
		ret = new_buffer(c, c->plan->arena.peak, 0, &c->bo[BASE_ARENA]);
	for (i = 0; i < g->input_count && !ret; i++)
		ret = buffer_of_jobs(c, BASE_INPUTS + i, &c->model->inputs[i]);
	for (i = 0; i < g->output_count && !ret; i++)
		ret = buffer_of_jobs(c, BASE_INPUTS + g->input_count + i,
				     &c->model->results[i]);
	if (!ret)
		ret = new_buffer(c, c->model->jobs * sizeof(struct npu_report), 0,
				 &c->reports);
	return ret;
}

static int prepare(struct card *c)
{
	unsigned int i;
	int ret = open_card(c);

	if (ret)
		return ret;
	c->plan = plan_new(c->model->graph, c->model->plan_inputs, c->vm, c->err);
	if (!c->plan)
		return -EINVAL;
	ret = make_buffers(c);
	if (!ret)
		ret = upload_weights(c);
	for (i = 0; i < c->model->graph->input_count && !ret; i++)
		ret = upload_input(c, i);
	return ret;
}

static void hold(struct card *c)
{
	const struct npu_bo *weights = c->bo[BASE_WEIGHTS];
	uint64_t offset = weights ? npu_bo_hbm_offset(weights) : 0;
	int byte;

	fprintf(stderr,
		"npu-run: weights at HBM offset 0x%" PRIx64 ", %" PRIu64
		" bytes; a line on the standard input goes on\n",
		offset, c->plan->weight_bytes);
	do
		byte = getchar();
	while (byte != '\n' && byte != EOF);
}

static int run_pass(struct card *c)
{
	uint64_t report = npu_bo_address(c->reports), job, point = 0;
	uint64_t *args = calloc(c->slots, sizeof(*args));
	unsigned int i;
	int ret = args ? 0 : -ENOMEM;

	for (job = 0; job < c->model->jobs && !ret; job++) {
		for (i = 0; i < c->slots; i++)
			args[i] = c->bo[i] ? npu_bo_address(c->bo[i]) + job * c->step[i] :
					     0;
		ret = npu_submit(c->queue, c->plan->prog, args, c->slots,
				 report + job * sizeof(struct npu_report), &point);
	}
	if (!ret)
		ret = npu_wait(c->queue, point, -1);
	free(args);
	return check(c, ret, "the run");
}

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e3 + ts.tv_nsec * 1e-6;
}

static int run_all(struct card *c, struct card_figures *figures)
{
	const struct npu_report *reports;
	double start = now_ms();
	unsigned int i;
	uint64_t job;
	int ret = 0;

	for (i = 0; i < c->options->repeat && !ret; i++)
		ret = run_pass(c);
	if (ret)
		return ret;
	figures->host_ms = (now_ms() - start) / c->options->repeat;
	reports = view(c, c->reports);
	if (!reports)
		return -ENOMEM;
	for (job = 0; job < c->model->jobs; job++)
		figures->device_ms += reports[job].device_time * 1e-6;
	return 0;
}

static int download(struct card *c)
{
	const struct graph *g = c->model->graph;
	struct tensor *t;
	const char *bytes;
	unsigned int i;

	for (i = 0; i < g->output_count; i++) {
		t = &c->model->results[i];
		bytes = view(c, c->bo[BASE_INPUTS + g->input_count + i]);
		if (!bytes)
			return -ENOMEM;
		tensor_from_card(t, 0, t->count, bytes);
	}
	return 0;
}

static void describe(struct card *c, struct card_figures *figures)
{
	uint32_t dies = npu_device_info(c->dev)->dies;

	memset(figures, 0, sizeof(*figures));
	snprintf(figures->device, sizeof(figures->device), "%s",
		 npu_device_node(c->dev)->name);
	figures->dies = c->options->dies ? __builtin_popcount(c->options->dies) : dies;
}

static void release(struct card *c)
{
	unsigned int i;

	plan_free(c->plan);
	npu_queue_free(c->queue);
	for (i = 0; c->bo && i < c->slots; i++)
		npu_bo_free(c->bo[i]);
	npu_bo_free(c->reports);
	npu_vm_free(c->vm);
	npu_device_close(c->dev);
	free(c->bo);
	free(c->step);
}

int card_run(struct model *model, const struct card_options *options,
	     struct card_figures *figures, struct error *err)
{
	struct card c = { .model = model, .options = options, .err = err };
	int ret = prepare(&c);

	if (!ret) {
		describe(&c, figures);
		if (options->hold)
			hold(&c);
		ret = run_all(&c, figures);
	}
	if (!ret)
		ret = download(&c);
	release(&c);
	return ret;
}
