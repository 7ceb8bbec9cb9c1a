// SPDX-License-Identifier: MIT
/* Steps of a decoder on a card: inputs, the program, its report and the next tokens. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decoder.h"

/* Buffers, in the order of a program's arguments, and the report. */
#define REPORT	BASES
#define BUFFERS (BASES + 1)

struct decoder {
	const struct decoder_weights *weights;
	struct bench_card card;
	struct npu_queue *queue;
	struct npu_bo *bo[BUFFERS];
	uint64_t size[BUFFERS];
	unsigned int streams, blocks;
	struct decoder_step step; /* the last one; its program may be NULL */
};

/* A buffer of at least that size; what it held is lost if it has to grow. */
static int need(struct decoder *d, unsigned int buffer, uint64_t size)
{
	if (size <= d->size[buffer])
		return 0;
	npu_bo_free(d->bo[buffer]);
	d->size[buffer] = 0;
	if (npu_bo_new(d->card.vm, size, DRM_NPU_PLACE_HBM, 0, 0, &d->bo[buffer]))
		return bench_fail("%s", npu_last_error());
	d->size[buffer] = size;
	return 0;
}

static void *map(const struct decoder *d, unsigned int buffer, uint64_t offset)
{
	char *at = npu_bo_map(d->bo[buffer]);

	return at ? at + offset : NULL;
}

int decoder_open(struct decoder **out, const struct decoder_weights *weights,
		 unsigned int streams)
{
	const struct decoder_shape *s = weights->shape;
	struct decoder *d = calloc(1, sizeof(*d));
	unsigned int pages;

	*out = d;
	if (!d)
		return bench_fail("out of memory");
	d->weights = weights;
	d->streams = streams;
	d->blocks = (s->context + DECODER_BLOCK - 1) / DECODER_BLOCK;
	pages = d->blocks * streams;
	if (bench_card_open(&d->card))
		return -1;
	if (npu_queue_new(d->card.vm, 0, 0, &d->queue))
		return bench_fail("%s", npu_last_error());
	if (need(d, BASE_WEIGHTS, weights->bytes) ||
	    need(d, BASE_CACHE, s->layers * decoder_cache_bytes(s, pages)) ||
	    need(d, REPORT, sizeof(struct npu_report)))
		return -1;
	return decoder_weights_fill(weights, &d->card, d->queue,
				    npu_bo_address(d->bo[BASE_WEIGHTS]));
}

void decoder_close(struct decoder *d)
{
	if (!d)
		return;
	npu_program_free(d->step.prog);
	npu_queue_free(d->queue);
	for (unsigned int i = 0; i < BUFFERS; i++)
		npu_bo_free(d->bo[i]);
	bench_card_close(&d->card);
	free(d);
}

/* ---- Inputs ------------------------------------------------------------------------ */

/* A page of a stream: those of all streams lie between each other. */
static int32_t page_of(const struct decoder *d, unsigned int stream, unsigned int page)
{
	return (int32_t)(page * d->streams + stream);
}

static int prepare(struct decoder *d, unsigned int rows, unsigned int streams)
{
	if (d->step.prog && d->step.rows == rows && d->step.streams == streams)
		return 0;
	npu_program_free(d->step.prog);
	d->step = (struct decoder_step){
		.rows = rows,
		.streams = streams,
		.blocks = d->blocks,
		.pool = d->blocks * d->streams,
	};
	if (decoder_step_build(&d->step, d->weights, d->card.vm) ||
	    need(d, BASE_SCRATCH, d->step.scratch_bytes) ||
	    need(d, BASE_INPUT, d->step.input_bytes) ||
	    need(d, BASE_OUTPUT, d->step.output_bytes))
		return -1;
	if (!map(d, BASE_INPUT, 0) || !map(d, BASE_OUTPUT, 0) || !map(d, REPORT, 0))
		return bench_fail("%s", npu_last_error());
	decoder_frequencies(d->weights->shape, map(d, BASE_INPUT, d->step.frequencies));
	return 0;
}

/* What a step takes of a stream. */
struct share {
	unsigned int stream, rows;
};

static void put_inputs(const struct decoder *d, const struct decoder_stream *streams,
		       const struct share *share)
{
	const struct decoder_step *step = &d->step;
	int32_t *tokens = map(d, BASE_INPUT, step->tokens);
	int32_t *positions = map(d, BASE_INPUT, step->positions);
	int32_t *slots = map(d, BASE_INPUT, step->slots);
	int32_t *lengths = map(d, BASE_INPUT, step->lengths);
	int32_t *table = map(d, BASE_INPUT, step->table);
	int32_t *last = map(d, BASE_INPUT, step->last);
	unsigned int row = 0;

	for (unsigned int i = 0; i < step->streams; i++) {
		const struct decoder_stream *stream = &streams[share[i].stream];

		for (unsigned int j = 0; j < share[i].rows; j++, row++) {
			unsigned int at = stream->cached + j;
			int32_t page = page_of(d, share[i].stream, at / DECODER_BLOCK);

			tokens[row] = stream->tokens[at];
			positions[row] = (int32_t)at;
			slots[row] = page * DECODER_BLOCK + (int32_t)(at % DECODER_BLOCK);
		}
		lengths[2 * i] = (int32_t)share[i].rows;
		lengths[2 * i + 1] = (int32_t)(stream->cached + share[i].rows);
		for (unsigned int page = 0; page < step->blocks; page++)
			table[i * step->blocks + page] = page_of(d, share[i].stream,
								 page);
		last[i] = (int32_t)row - 1;
	}
}

/* ---- A step ------------------------------------------------------------------------ */

static int run(struct decoder *d, struct npu_program *prog, struct npu_report *report,
	       double *seconds)
{
	uint64_t args[BASES], start, point;

	for (unsigned int i = 0; i < BASES; i++)
		args[i] = npu_bo_address(d->bo[i]);
	start = bench_now();
	if (npu_submit(d->queue, prog, args, BASES, npu_bo_address(d->bo[REPORT]),
		       &point) ||
	    npu_wait(d->queue, point, -1))
		return bench_fail("%s", npu_last_error());
	*seconds = (double)(bench_now() - start) / 1e9;
	memcpy(report, map(d, REPORT, 0), sizeof(*report));
	return 0;
}

/* Who has all its tokens in the cache gets the next one. */
static void take_outputs(const struct decoder *d, struct decoder_stream *streams,
			 const struct share *share)
{
	unsigned int vocab = d->weights->shape->vocab;
	const float *logits = map(d, BASE_OUTPUT, d->step.logits);
	const int32_t *next = map(d, BASE_OUTPUT, d->step.next);

	for (unsigned int i = 0; i < d->step.streams; i++) {
		struct decoder_stream *stream = &streams[share[i].stream];

		stream->cached += share[i].rows;
		if (stream->cached < stream->count)
			continue;
		stream->tokens[stream->count++] = next[i];
		if (stream->logits)
			memcpy(stream->logits, logits + (size_t)i * vocab,
			       vocab * sizeof(*logits));
	}
}

/* Which tokens the step takes: those of the first streams, if not all fit. */
static unsigned int divide(const struct decoder_stream *streams, unsigned int count,
			   unsigned int most, struct share *share, unsigned int *rows)
{
	unsigned int n = 0;

	*rows = 0;
	for (unsigned int i = 0; i < count && *rows < most; i++) {
		unsigned int left = streams[i].count - streams[i].cached;

		if (!left)
			continue;
		if (left > most - *rows)
			left = most - *rows;
		share[n++] = (struct share){ i, left };
		*rows += left;
	}
	return n;
}

static bool all_done(const struct decoder_stream *streams, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		if (streams[i].cached + 1 < streams[i].count)
			return false;
	}
	return true;
}

int decoder_advance(struct decoder *d, struct decoder_stream *streams, unsigned int count,
		    unsigned int most, struct decoder_figures *figures, bool *done)
{
	struct share *share = calloc(count, sizeof(*share));
	unsigned int rows = 0, n = share ? divide(streams, count, most, share, &rows) : 0;
	struct npu_report report;
	double seconds = 0;
	int err = share ? prepare(d, rows, n) : bench_fail("out of memory");

	if (!err) {
		put_inputs(d, streams, share);
		err = run(d, d->step.prog, &report, &seconds);
	}
	if (!err) {
		take_outputs(d, streams, share);
		figures->tokens += rows;
		figures->host_s += seconds;
		figures->device_s += (double)report.device_time / 1e9;
		figures->operations += (double)report.operations;
		figures->bytes += (double)report.bytes;
		*done = all_done(streams, count);
	}
	free(share);
	return err;
}

/* ---- Profile ----------------------------------------------------------------------- */

struct row {
	const char *name;
	struct npu_report report;
};

static int measure(struct decoder *d, struct row *rows, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		struct npu_program *part;
		double ignored;
		int err;

		rows[i].name = npu_op_name(npu_program_insn(d->step.prog, i)->opcode);
		if (npu_program_part(d->step.prog, i, 1, &part))
			return bench_fail("%s", npu_last_error());
		err = run(d, part, &rows[i].report, &ignored);
		npu_program_free(part);
		if (err)
			return err;
	}
	return 0;
}

/*
 * What an instruction takes beyond its operations and bytes: the least that is left of
 * one when its operations are taken away, since some are bound by them alone.
 */
static uint64_t latency_of(const struct row *rows, unsigned int count)
{
	uint64_t least = UINT64_MAX;

	for (unsigned int i = 0; i < count; i++) {
		uint64_t left = rows[i].report.device_time - rows[i].report.peak_time;

		least = left < least ? left : least;
	}
	return least;
}

static const char *bound_of(const struct npu_report *report, uint64_t latency)
{
	uint64_t work = report->device_time - latency;

	if (work < latency)
		return "latency";
	return report->peak_time + 1 >= work ? "compute" : "memory";
}

static void print_rows(const struct row *rows, unsigned int count)
{
	uint64_t latency = latency_of(rows, count);

	printf("%5s %-16s %14s %14s %12s %12s %-8s %8s\n", "", "instruction",
	       "operations", "bytes", "device us", "host us", "bound by", "of peak");
	for (unsigned int i = 0; i < count; i++) {
		const struct npu_report *r = &rows[i].report;

		printf("%5u %-16s %14llu %14llu %12.3f %12.3f %-8s %7.2f%%\n", i,
		       rows[i].name, (unsigned long long)r->operations,
		       (unsigned long long)r->bytes, (double)r->device_time / 1e3,
		       (double)(r->host_end - r->host_start) / 1e3, bound_of(r, latency),
		       r->device_time ?
			       100.0 * (double)r->peak_time / (double)r->device_time :
			       0.0);
	}
}

int decoder_profile(struct decoder *d)
{
	unsigned int count = 0;
	struct row *rows;
	int err;

	while (npu_program_insn(d->step.prog, count))
		count++;
	rows = calloc(count, sizeof(*rows));
	if (!rows)
		return bench_fail("out of memory");
	err = measure(d, rows, count);
	if (!err)
		print_rows(rows, count);
	free(rows);
	return err;
}
