// SPDX-License-Identifier: MIT
/* npu-bench decoder: the command. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decoder.h"

#define EXIT_USAGE 2
#define MOST_ROWS  2048 /* new tokens of a step: longer prompts take several */

struct options {
	struct decoder_shape shape;
	unsigned int batch, prompt, generate;
	bool check, interleave, profile;
};

/* ---- Options ----------------------------------------------------------------------- */

enum {
	OPT_HELP = 256,
	OPT_ARCH,
	OPT_DTYPE,
	OPT_SEED,
	OPT_CHECK,
	OPT_INTERLEAVE,
	OPT_PROFILE,
	OPT_NUMBER
};

/* Options that are a number: where it goes, and what it is if they are not given. */
static const struct number {
	const char *name;
	size_t offset;
	unsigned int otherwise;
	const char *help;
} numbers[] = {
#define NUMBER(name, field, otherwise, help)                           \
	{                                                              \
		name, offsetof(struct options, field), otherwise, help \
	}
	NUMBER("layers", shape.layers, 4, "number of layers"),
	NUMBER("hidden", shape.hidden, 512, "width between layers"),
	NUMBER("heads", shape.heads, 8, "heads of attention"),
	NUMBER("kv-heads", shape.kv_heads, 0, "llama: heads of keys and values (heads)"),
	NUMBER("experts", shape.experts, 0, "routed experts of a layer, 0: none"),
	NUMBER("top-k", shape.top_k, 0, "how many of them a token goes to (8)"),
	NUMBER("vocab", shape.vocab, 4096, "number of tokens"),
	NUMBER("context", shape.context, 1024, "most tokens of a stream"),
	NUMBER("batch", batch, 1, "streams at once"),
	NUMBER("prompt", prompt, 128, "tokens of a prompt"),
	NUMBER("generate", generate, 32, "tokens to generate"),
#undef NUMBER
};

#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static const struct {
	const char *name;
	uint32_t dtype;
} types[] = {
	{ "f32", NPU_DTYPE_F32 },   { "f16", NPU_DTYPE_F16 },
	{ "bf16", NPU_DTYPE_BF16 }, { "fp8", NPU_DTYPE_F8E4M3 },
	{ "q8_0", NPU_DTYPE_Q8_0 }, { "q4_0", NPU_DTYPE_Q4_0 },
};

#define TYPES (sizeof(types) / sizeof(types[0]))

static void print_help(FILE *f)
{
	fputs("Usage: npu-bench decoder [--arch llama|deepseek] [OPTION...]\n"
	      "Run a transformer of random weights on the card, and say how fast it is.\n\n"
	      "  --arch A       llama: grouped-query attention; deepseek: latent attention,\n"
	      "                 shared and routed experts (llama)\n"
	      "  --dtype T      of the matrices: f32, f16, bf16, fp8 (factors for blocks of\n"
	      "                 128 x 128), q8_0, q4_0 (llama: bf16, deepseek: fp8)\n",
	      f);
	for (size_t i = 0; i < NUMBERS; i++) {
		if (numbers[i].otherwise)
			fprintf(f, "  --%-12s %s (%u)\n", numbers[i].name,
				numbers[i].help, numbers[i].otherwise);
		else
			fprintf(f, "  --%-12s %s\n", numbers[i].name, numbers[i].help);
	}
	fputs("  --seed N       of weights and prompts (1)\n"
	      "  --check        compare the logits with a reference in f64: small shapes\n"
	      "  --interleave   prompts of different lengths; then each stream alone, which\n"
	      "                 must give the same tokens\n"
	      "  --profile      the last step once more, instruction by instruction\n"
	      "  --help         this text\n\n"
	      "Example: npu-vm -- npu-bench decoder --arch deepseek --experts 16\n",
	      f);
}

static int bad(const char *fmt, const char *what)
{
	fprintf(stderr, "npu-bench: ");
	fprintf(stderr, fmt, what);
	fputs("; type npu-bench decoder --help\n", stderr);
	return -1;
}

static int read_number(const char *name, const char *text, unsigned long most,
		       unsigned long *value)
{
	char *rest;

	errno = 0;
	*value = strtoul(text, &rest, 10);
	if (errno || *rest || rest == text || *text == '-' || *value > most)
		return bad("--%s wants a number", name);
	return 0;
}

static int read_option(struct options *o, int option, const char *text)
{
	unsigned long value;

	switch (option) {
	case OPT_ARCH:
		if (strcmp(text, "llama") && strcmp(text, "deepseek"))
			return bad("--arch is llama or deepseek, not '%s'", text);
		o->shape.arch = *text == 'l' ? DECODER_LLAMA : DECODER_DEEPSEEK;
		return 0;
	case OPT_DTYPE:
		for (size_t i = 0; i < TYPES; i++) {
			if (!strcmp(text, types[i].name)) {
				o->shape.dtype = types[i].dtype;
				return 0;
			}
		}
		return bad("--dtype knows no '%s'", text);
	case OPT_SEED:
		if (read_number("seed", text, ULONG_MAX, &value))
			return -1;
		o->shape.seed = value;
		return 0;
	case OPT_CHECK:
		o->check = true;
		return 0;
	case OPT_INTERLEAVE:
		o->interleave = true;
		return 0;
	case OPT_PROFILE:
		o->profile = true;
		return 0;
	default:
		if (read_number(numbers[option - OPT_NUMBER].name, text, 1u << 24,
				&value))
			return -1;
		*(unsigned int *)((char *)o + numbers[option - OPT_NUMBER].offset) =
			(unsigned int)value;
		return 0;
	}
}

static int check_options(struct options *o)
{
	if (!o->batch || !o->prompt || !o->generate)
		return bench_fail("--batch, --prompt and --generate are at least 1");
	if (o->shape.context < o->generate || o->prompt > o->shape.context - o->generate)
		return bench_fail("--prompt %u and --generate %u are more than --context %u",
				  o->prompt, o->generate, o->shape.context);
	if (!o->shape.dtype)
		o->shape.dtype = o->shape.arch == DECODER_LLAMA ? NPU_DTYPE_BF16 :
								  NPU_DTYPE_F8E4M3;
	return decoder_shape_complete(&o->shape);
}

/* 0: go on; else what to exit with, less 1. */
static int read_options(struct options *o, int argc, char **argv)
{
	struct option longs[NUMBERS + 8] = {
		{ "help", no_argument, NULL, OPT_HELP },
		{ "arch", required_argument, NULL, OPT_ARCH },
		{ "dtype", required_argument, NULL, OPT_DTYPE },
		{ "seed", required_argument, NULL, OPT_SEED },
		{ "check", no_argument, NULL, OPT_CHECK },
		{ "interleave", no_argument, NULL, OPT_INTERLEAVE },
		{ "profile", no_argument, NULL, OPT_PROFILE }
	};
	int option;

	*o = (struct options){ .shape.seed = 1 };
	for (size_t i = 0; i < NUMBERS; i++) {
		longs[7 + i] = (struct option){ numbers[i].name, required_argument, NULL,
						OPT_NUMBER + (int)i };
		*(unsigned int *)((char *)o + numbers[i].offset) = numbers[i].otherwise;
	}
	optind = 0;
	while ((option = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (option == OPT_HELP || option == 'h') {
			print_help(stdout);
			return 1;
		}
		if (option == '?') {
			fputs("Type npu-bench decoder --help for the options.\n", stderr);
			return 1 + EXIT_USAGE;
		}
		if (read_option(o, option, optarg))
			return 1 + EXIT_USAGE;
	}
	if (optind < argc) {
		bad("what is '%s'?", argv[optind]);
		return 1 + EXIT_USAGE;
	}
	if (check_options(o)) {
		fprintf(stderr, "npu-bench: %s\n", bench_error());
		return 1 + EXIT_USAGE;
	}
	return 0;
}

/* ---- Streams ----------------------------------------------------------------------- */

/* Different for each stream: those that interleave have different lengths, too. */
static void make_prompt(const struct options *o, struct decoder_stream *stream,
			unsigned int index)
{
	uint64_t random = o->shape.seed * 1000003 + index;

	stream->prompt = o->interleave ? 1 + (o->prompt - 1) * index / o->batch :
					 o->prompt;
	for (unsigned int i = 0; i < stream->prompt; i++) {
		random = random * 6364136223846793005ull + 1442695040888963407ull;
		stream->tokens[i] = (int32_t)((random >> 33) % o->shape.vocab);
	}
	stream->count = stream->prompt;
	stream->cached = 0;
}

static void free_streams(struct decoder_stream *streams, unsigned int count)
{
	for (unsigned int i = 0; streams && i < count; i++) {
		free(streams[i].tokens);
		free(streams[i].logits);
	}
	free(streams);
}

static struct decoder_stream *make_streams(const struct options *o)
{
	struct decoder_stream *streams = calloc(o->batch, sizeof(*streams));

	for (unsigned int i = 0; streams && i < o->batch; i++) {
		/* The last token is one that nobody asked for. */
		streams[i].tokens = calloc(o->shape.context + 1, sizeof(int32_t));
		if (o->check)
			streams[i].logits = calloc(o->shape.vocab, sizeof(float));
		if (!streams[i].tokens || (o->check && !streams[i].logits)) {
			free_streams(streams, o->batch);
			return NULL;
		}
		make_prompt(o, &streams[i], i);
	}
	return streams;
}

/* ---- Against the reference ----------------------------------------------------------- */

struct checker {
	struct decoder_reference **reference;
	double worst;
};

/* The largest difference of a stream's logits, relative to the largest logit. */
static int compare(const struct options *o, struct checker *c, unsigned int index,
		   const struct decoder_stream *stream, unsigned int from)
{
	double difference = 0, largest = 0;
	const double *want = NULL;

	for (unsigned int i = from; i + 1 < stream->count; i++) {
		want = decoder_reference_next(c->reference[index], stream->tokens[i]);
		if (!want)
			return -1;
	}
	for (unsigned int i = 0; want && i < o->shape.vocab; i++) {
		largest = fmax(largest, fabs(want[i]));
		/* No number is no small difference. */
		if (!(fabs(want[i] - (double)stream->logits[i]) <= difference))
			difference = fabs(want[i] - (double)stream->logits[i]);
	}
	if (!(difference / largest <= c->worst))
		c->worst = difference / largest;
	return 0;
}

static void free_checker(struct checker *c, unsigned int count)
{
	for (unsigned int i = 0; c->reference && i < count; i++)
		decoder_reference_free(c->reference[i]);
	free(c->reference);
}

static int make_checker(const struct options *o, const struct decoder_weights *weights,
			struct checker *c)
{
	c->reference = calloc(o->batch, sizeof(struct decoder_reference *));
	for (unsigned int i = 0; c->reference && i < o->batch; i++) {
		c->reference[i] = decoder_reference_new(weights);
		if (!c->reference[i])
			return bench_fail("out of memory");
	}
	return c->reference ? 0 : bench_fail("out of memory");
}

/* ---- Runs -------------------------------------------------------------------------- */

struct result {
	struct decoder_figures prefill, decode;
};

/* Prompts, then token by token. */
static int generate(const struct options *o, struct decoder *decoder,
		    struct decoder_stream *streams, unsigned int count,
		    struct checker *checker, struct result *result)
{
	for (unsigned int step = 0; step < o->generate; step++) {
		struct decoder_figures *figures = step ? &result->decode :
							 &result->prefill;
		bool done = false;

		while (!done) {
			if (decoder_advance(decoder, streams, count, MOST_ROWS, figures,
					    &done))
				return -1;
		}
		for (unsigned int i = 0; checker && i < count; i++) {
			unsigned int from = step ? streams[i].count - 2 : 0;

			if (compare(o, checker, i, &streams[i], from))
				return -1;
		}
	}
	return 0;
}

/* The same streams one by one; -1 if one has other tokens. */
static int run_alone(const struct options *o, struct decoder *decoder,
		     const struct decoder_stream *together)
{
	struct decoder_stream alone = { 0 };
	struct result ignored = { 0 };
	int err = 0;

	alone.tokens = calloc(o->shape.context + 1, sizeof(int32_t));
	if (!alone.tokens)
		return bench_fail("out of memory");
	for (unsigned int i = 0; i < o->batch && !err; i++) {
		make_prompt(o, &alone, i);
		err = generate(o, decoder, &alone, 1, NULL, &ignored);
		for (unsigned int j = 0; j < alone.count && !err; j++) {
			if (alone.tokens[j] != together[i].tokens[j])
				err = bench_fail(
					"stream %u: token %u is %d among others and %d alone",
					i, j, together[i].tokens[j], alone.tokens[j]);
		}
	}
	free(alone.tokens);
	if (!err)
		printf("%u streams give the same tokens among others and alone\n",
		       o->batch);
	return err;
}

static void print_figures(const char *name, const struct decoder_figures *f)
{
	double tokens = (double)f->tokens;

	if (!f->tokens)
		return;
	printf("%-8s %8.0f tokens %12.1f tokens/s host %14.1f tokens/s device %12.4g operations %12.4g bytes a token\n",
	       name, tokens, tokens / f->host_s, tokens / f->device_s,
	       f->operations / tokens, f->bytes / tokens);
}

/* f32 differs by rounding alone, the others by the cache's f16 too. */
static int print_check(const struct options *o, const struct checker *checker)
{
	double most = o->shape.kv_dtype == NPU_DTYPE_F32 ? 1e-3 : 2e-2;

	printf("logits differ from the reference by %.2g of the largest at most\n",
	       checker->worst);
	if (!(checker->worst <= most))
		return bench_fail("that is more than %.0e", most);
	return 0;
}

static int run_all(const struct options *o, const struct decoder_weights *weights,
		   struct decoder *decoder, struct decoder_stream *streams,
		   struct checker *checker)
{
	struct result result = { 0 };

	if (generate(o, decoder, streams, o->batch, o->check ? checker : NULL, &result))
		return -1;
	printf("%s, %u layers of %u, %s: %.1f MB of weights\n",
	       o->shape.arch == DECODER_LLAMA ? "llama" : "deepseek", o->shape.layers,
	       o->shape.hidden, npu_dtype_name(o->shape.dtype),
	       (double)weights->bytes / 1e6);
	print_figures("prefill", &result.prefill);
	print_figures("decode", &result.decode);
	if (o->check && print_check(o, checker))
		return -1;
	if (o->profile && decoder_profile(decoder))
		return -1;
	return o->interleave ? run_alone(o, decoder, streams) : 0;
}

static int run(const struct options *o)
{
	struct decoder_stream *streams = make_streams(o);
	struct decoder_weights weights;
	struct checker checker = { 0 };
	struct decoder *decoder = NULL;
	int err = decoder_weights_new(&weights, &o->shape);

	if (!streams)
		err = bench_fail("out of memory");
	if (!err && o->check)
		err = make_checker(o, &weights, &checker);
	if (!err)
		err = decoder_open(&decoder, &weights, o->batch);
	if (!err)
		err = run_all(o, &weights, decoder, streams, &checker);
	if (err)
		fprintf(stderr, "npu-bench: decoder: %s\n", bench_error());
	decoder_close(decoder);
	free_checker(&checker, o->batch);
	decoder_weights_free(&weights);
	free_streams(streams, o->batch);
	return err ? 1 : 0;
}

int decoder_command(int argc, char **argv)
{
	struct options options;
	int stop = read_options(&options, argc, argv);

	return stop ? stop - 1 : run(&options);
}
