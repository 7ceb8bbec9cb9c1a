// SPDX-License-Identifier: MIT
/* npu-run: run a model on a card. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "card.h"
#include "compare.h"
#include "onnx_file.h"

enum {
	EXIT_GOOD = 0,
	EXIT_WRONG = 1,	 /* it ran, and the answers are not right */
	EXIT_FAILED = 2, /* usage, a bad file, a job that failed */
	EXIT_NO_CARD = 3,
	EXIT_NO_PERMISSION = 4,
	EXIT_NO_ANSWER = 5,
};

/* Of the objects that --json prints. */
#define JSON_SCHEMA 1

static const char help[] =
	"Usage: npu-run [OPTION]... MODEL...      Run ONNX models on a card.\n"
	"MODEL: FILE.onnx, a directory with model.onnx and test_data_set_0/, or digits.\n"
	"  -d, --device=CARD   npu0, /dev/accel/accel0 or 0000:01:00.0 (the first)\n"
	"      --dies=MASK     dies to use; 0x3: dies 0 and 1 (all)\n"
	"  -b, --batch=N       rows in a job, where the model leaves that open (all)\n"
	"  -n, --repeat=N      run all data N times; times are of one pass (1)\n"
	"  -i, --input=FILE    an input, a TensorProto; in the model's order\n"
	"  -e, --expect=FILE   what an output should be, likewise\n"
	"  -l, --labels=FILE   the right class of each row of the first output\n"
	"  -o, --output=DIR    write the outputs to DIR/output_N.pb\n"
	"      --tolerance=X   difference from what is expected allowed (1e-4)\n"
	"      --relative=X    in addition, relative to what is expected (0)\n"
	"      --accuracy=X    per cent of the labels to be met (95)\n"
	"      --check         see whether the model can run; needs no card\n"
	"      --hold          say where in HBM the weights lie and wait for a line\n"
	"  -j, --json          a JSON object for each model\n"
	"  -h, --help          this text; npu-run(1) tells more\n"
	"      --version       version of the tool\n"
	"Examples: npu-run digits\n"
	"          npu-run --check model.onnx\n"
	"          npu-run --dies=0x1 -i image.pb -o /tmp model.onnx\n"
	"Exit: 0 right, 1 wrong answers, 2 usage, bad file or failed job, 3 no card,\n"
	"      4 no permission, 5 no answer from the card\n";

static const char version[] = "npu-run " NPU_VERSION "\n";

struct options {
	struct card_options card;
	struct files given;
	uint64_t batch;
	const char *output;
	double tolerance;
	double relative;
	double accuracy;
	bool check;
	bool json;
};

enum {
	OPT_DIES = 256,
	OPT_TOLERANCE,
	OPT_RELATIVE,
	OPT_ACCURACY,
	OPT_CHECK,
	OPT_HOLD,
	OPT_VERSION
};

static const struct option long_options[] = {
	{ "device", required_argument, NULL, 'd' },
	{ "dies", required_argument, NULL, OPT_DIES },
	{ "batch", required_argument, NULL, 'b' },
	{ "repeat", required_argument, NULL, 'n' },
	{ "input", required_argument, NULL, 'i' },
	{ "expect", required_argument, NULL, 'e' },
	{ "labels", required_argument, NULL, 'l' },
	{ "output", required_argument, NULL, 'o' },
	{ "tolerance", required_argument, NULL, OPT_TOLERANCE },
	{ "relative", required_argument, NULL, OPT_RELATIVE },
	{ "accuracy", required_argument, NULL, OPT_ACCURACY },
	{ "check", no_argument, NULL, OPT_CHECK },
	{ "hold", no_argument, NULL, OPT_HOLD },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 },
};

static int usage(const char *what, const char *value)
{
	fprintf(stderr, "npu-run: %s '%s'; --help tells more\n", what, value);
	return -1;
}

static int number(const char *text, uint64_t least, uint64_t most, uint64_t *to)
{
	char *end;

	errno = 0;
	*to = strtoull(text, &end, 0);
	if (errno || end == text || *end || *text == '-' || *to < least || *to > most)
		return usage("not a number in range:", text);
	return 0;
}

static int real(const char *text, double *to)
{
	char *end;

	*to = strtod(text, &end);
	if (end == text || *end || !(*to >= 0))
		return usage("not a number of at least 0:", text);
	return 0;
}

static int add_file(char **list, unsigned int *count, const char *path)
{
	if (*count == MAX_FILES)
		return usage("too many files:", path);
	list[*count] = strdup(path);
	return list[(*count)++] ? 0 : -1;
}

static int parse_option(struct options *o, int option, char *value)
{
	uint64_t n = 0;
	int ret = 0;

	switch (option) {
	case 'd':
		o->card.device = value;
		return 0;
	case OPT_DIES:
		ret = number(value, 1, UINT32_MAX, &n);
		o->card.dies = n;
		return ret;
	case 'b':
		return number(value, 1, UINT32_MAX, &o->batch);
	case 'n':
		ret = number(value, 1, UINT32_MAX, &n);
		o->card.repeat = n;
		return ret;
	case 'i':
		return add_file(o->given.input, &o->given.inputs, value);
	case 'e':
		return add_file(o->given.expect, &o->given.expects, value);
	case 'l':
		free(o->given.labels);
		o->given.labels = strdup(value);
		return o->given.labels ? 0 : -1;
	case 'o':
		o->output = value;
		return 0;
	case OPT_TOLERANCE:
		return real(value, &o->tolerance);
	case OPT_RELATIVE:
		return real(value, &o->relative);
	case OPT_ACCURACY:
		return real(value, &o->accuracy);
	case OPT_CHECK:
		o->check = true;
		return 0;
	case OPT_HOLD:
		o->card.hold = true;
		return 0;
	case 'j':
		o->json = true;
		return 0;
	default:
		fputs("npu-run: --help tells what can be said\n", stderr);
		return -1;
	}
}

/* ---- What is said ---- */

/* Three digits that mean something, for times from nanoseconds to hours. */
static const char *milliseconds(double ms, char *buf, size_t size)
{
	int digits = ms >= 100 ? 0 : ms >= 10 ? 1 : ms >= 0.1 ? 2 : ms >= 0.01 ? 3 : 4;

	snprintf(buf, size, "%.*f", digits, ms);
	return buf;
}

static void print_text(const struct model *m, const struct card_figures *f,
		       const struct verdict *v)
{
	char host[32], device[32];
	unsigned int i;

	for (i = 0; i < m->graph->output_count && !v->values && !v->rows; i++)
		printf("output %u: %s %s\n", i, element_name(m->results[i].type),
		       shape_text(&m->results[i].shape, host, sizeof(host)));
	if (v->rows)
		printf("%s: %" PRIu64 "/%" PRIu64 " correct", m->files->name, v->correct,
		       v->rows);
	else
		printf("%s: %" PRIu64 " values", m->files->name, v->values);
	printf(" on %s (%u %s)", f->device, f->dies, f->dies == 1 ? "die" : "dies");
	if (v->values)
		printf(", largest difference from the reference %.1e", v->largest);
	printf("\ntime: host %s ms, device %s ms\n",
	       milliseconds(f->host_ms, host, sizeof(host)),
	       milliseconds(f->device_ms, device, sizeof(device)));
}

static void print_json_string(const char *s)
{
	putchar('"');
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == '"' || *s == '\\')
			printf("\\u%04x", (unsigned char)*s);
		else
			putchar(*s);
	putchar('"');
}

static void print_json(const struct model *m, const struct card_figures *f,
		       const struct verdict *v, bool good)
{
	printf("{\"schema\": %d, \"model\": ", JSON_SCHEMA);
	print_json_string(m->files->name);
	printf(", \"device\": \"%s\", \"dies\": %u, \"rows\": %" PRIu64
	       ", \"correct\": %" PRIu64 ", \"classes_differ\": %" PRIu64
	       ", \"values\": %" PRIu64 ", \"values_differ\": %" PRIu64,
	       f->device, f->dies, v->rows, v->correct, v->classes_differ, v->values,
	       v->values_differ);
	if (isfinite(v->largest))
		printf(", \"largest_difference\": %.9g", v->largest);
	else
		printf(", \"largest_difference\": null");
	printf(", \"host_ms\": %.6f, \"device_ms\": %.6f, \"passed\": %s}\n", f->host_ms,
	       f->device_ms, good ? "true" : "false");
}

static bool judge(const struct options *o, const struct model *m, const struct verdict *v)
{
	const char *name = m->files->name;
	bool good = true;

	if (v->correct * 100.0 < o->accuracy * v->rows) {
		fprintf(stderr, "npu-run: %s: less than %g%% correct\n", name,
			o->accuracy);
		good = false;
	}
	if (v->classes_differ) {
		fprintf(stderr,
			"npu-run: %s: %" PRIu64 " classes are not the "
			"reference's\n",
			name, v->classes_differ);
		good = false;
	}
	if (v->values_differ) {
		fprintf(stderr,
			"npu-run: %s: %" PRIu64 " of %" PRIu64 " values differ "
			"from the reference by more than the tolerance\n",
			name, v->values_differ, v->values);
		good = false;
	}
	return good;
}

static int write_outputs(const struct model *m, const char *folder, struct error *err)
{
	const struct graph *g = m->graph;
	char path[4096];
	unsigned int i;

	for (i = 0; i < g->output_count; i++) {
		snprintf(path, sizeof(path), "%s/output_%u.pb", folder, i);
		if (onnx_write_tensor(&m->results[i], g->values[g->outputs[i]].name, path,
				      err))
			return -1;
	}
	return 0;
}

/* ---- One model ---- */

static int exit_code(int ret)
{
	switch (-ret) {
	case ENODEV:
	case ENXIO:
		return EXIT_NO_CARD;
	case EACCES:
	case EPERM:
		return EXIT_NO_PERMISSION;
	case EIO:
	case ETIME:
	case ETIMEDOUT:
		return EXIT_NO_ANSWER;
	default:
		return EXIT_FAILED;
	}
}

static void print_plan(const struct model *m, const struct plan *p)
{
	const struct npu_program_header *program;
	size_t size;

	program = npu_program_image(p->prog, &size);
	printf("%s: can run: %u nodes, %u instructions, %" PRIu64
	       " bytes of weights, %" PRIu64 " of intermediates\n",
	       m->files->name, m->graph->node_count, program->insn_count, p->weight_bytes,
	       p->arena.peak);
}

/* Everything that needs no card: nothing has run when this fails. */
static int plan_model(struct model *m, const struct options *o, struct error *err)
{
	struct plan *plan = plan_new(m->graph, m->plan_inputs, NULL, err);
	int ret;

	if (!plan)
		return -1;
	ret = model_check(m, plan, err);
	if (!ret && o->check)
		print_plan(m, plan);
	plan_free(plan);
	if (!ret && !o->check && !m->files->inputs && m->graph->input_count)
		ret = fail(err, "no data for its %u inputs: --input",
			   m->graph->input_count);
	return ret;
}

static int run_loaded(struct model *m, const struct options *o, struct error *err)
{
	struct card_figures figures;
	struct verdict verdict;
	bool good;
	int ret;

	if (plan_model(m, o, err))
		return EXIT_FAILED;
	if (o->check)
		return EXIT_GOOD;
	ret = card_run(m, &o->card, &figures, err);
	if (ret)
		return exit_code(ret);
	if (o->output && write_outputs(m, o->output, err))
		return EXIT_FAILED;
	compare(m, o->tolerance, o->relative, &verdict);
	good = judge(o, m, &verdict);
	if (o->json)
		print_json(m, &figures, &verdict, good);
	else
		print_text(m, &figures, &verdict);
	return good ? EXIT_GOOD : EXIT_WRONG;
}

/* Files named on the command line take the place of those that lie with the model. */
static void use_given(struct files *f, struct files *given)
{
	unsigned int i;

	for (i = 0; given->inputs && i < f->inputs; i++)
		free(f->input[i]);
	for (i = 0; given->expects && i < f->expects; i++)
		free(f->expect[i]);
	if (given->inputs) {
		memcpy(f->input, given->input, sizeof(f->input));
		f->inputs = given->inputs;
	}
	if (given->expects) {
		memcpy(f->expect, given->expect, sizeof(f->expect));
		f->expects = given->expects;
	}
	if (given->labels) {
		free(f->labels);
		f->labels = given->labels;
	}
	memset(given, 0, sizeof(*given));
}

static int run_model(struct options *o, const char *what)
{
	struct error err = { "" };
	struct files files;
	struct model model;
	int ret = EXIT_FAILED;

	if (!files_find(&files, what, &err)) {
		use_given(&files, &o->given);
		if (!model_load(&model, &files, o->batch, &err))
			ret = run_loaded(&model, o, &err);
		model_free(&model);
	}
	if (failed(&err))
		fprintf(stderr, "npu-run: %s: %s\n", what, err.text);
	files_free(&files);
	return ret;
}

int main(int argc, char **argv)
{
	struct options o = { .card.repeat = 1, .tolerance = 1e-4, .accuracy = 95 };
	int option, one, ret = EXIT_GOOD;
	bool good;

	while ((option = getopt_long(argc, argv, "d:b:n:i:e:l:o:jh", long_options,
				     NULL)) >= 0) {
		if (option == 'h' || option == OPT_VERSION) {
			fputs(option == 'h' ? help : version, stdout);
			return EXIT_GOOD;
		}
		if (parse_option(&o, option, optarg))
			ret = EXIT_FAILED;
	}
	if (!ret && optind == argc) {
		fputs("npu-run: no model; --help tells more\n", stderr);
		ret = EXIT_FAILED;
	}
	if (!ret && argc - optind > 1 &&
	    (o.given.inputs || o.given.expects || o.given.labels || o.output)) {
		fputs("npu-run: files of data are for one model\n", stderr);
		ret = EXIT_FAILED;
	}
	for (good = !ret; good && optind < argc; optind++) {
		one = run_model(&o, argv[optind]);
		ret = ret ? ret : one;
	}
	files_free(&o.given);
	if (fflush(stdout) || ferror(stdout))
		ret = EXIT_FAILED;
	return ret;
}
