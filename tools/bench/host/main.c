// SPDX-License-Identifier: MIT
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"

#define MAX_REPS 99

struct bench_options bench_options = { .reps = 5 };

#define GUEST(probe)                                        \
	{                                                   \
		guest_begin, guest_sample, guest_end, probe \
	}
#define MEMCPY                                                \
	{                                                     \
		memcpy_begin, memcpy_sample, memcpy_end, NULL \
	}
#define SGEMM(shape)                                        \
	{                                                   \
		sgemm_begin, sgemm_sample, sgemm_end, shape \
	}
#define READ                                                \
	{                                                   \
		stream_begin, read_sample, stream_end, NULL \
	}
#define COPY                                                \
	{                                                   \
		stream_begin, copy_sample, stream_end, NULL \
	}
#define NONE                           \
	{                              \
		NULL, NULL, NULL, NULL \
	}

/* clang-format off */
static const struct benchmark benchmarks[] = {
	/* name, unit, baseline, less is better, least ratio, the card, the other */
	{ "null_job_latency", "us", "4 KiB read from QEMU's NVMe", true, 1.0,
	  GUEST("null_job_latency"), GUEST("nvme_latency") },
	{ "null_job_rate", "1/s", "4 KiB reads from QEMU's NVMe", false, 1.0,
	  GUEST("null_job_rate"), GUEST("nvme_rate") },
	{ "submit_cpu_time", "ns", "SUBMIT with 1 buffer", true, 0.8,
	  GUEST("submit_time_10000"), GUEST("submit_time_1") },
	{ "hbm_write_bandwidth", "GB/s", "the guest's own RAM", false, 0.8,
	  GUEST("hbm_write"), GUEST("ram_write") },
	{ "dma_h2d_bandwidth", "GB/s", "memcpy on the host, 1 thread", false, 0.8,
	  GUEST("copy_h2d"), MEMCPY },
	{ "dma_d2h_bandwidth", "GB/s", "memcpy on the host, 1 thread", false, 0.8,
	  GUEST("copy_d2h"), MEMCPY },
	{ "matmul_f32_1024", "GFLOPS", "OpenBLAS sgemm on the host", false, 0.85,
	  GUEST("matmul_f32_1024"), SGEMM("1024x1024x1024") },
	{ "matmul_f16_1024", "GFLOPS", "OpenBLAS sgemm on the host", false, 0.7,
	  GUEST("matmul_f16_1024"), SGEMM("1024x1024x1024") },
	{ "matmul_f32_4096x512x14336", "GFLOPS", "sgemm of that shape", false, 0.9,
	  GUEST("matmul_f32"), SGEMM("4096x512x14336") },
	{ "matmul_f16_4096x512x14336", "GFLOPS", "sgemm of that shape", false, 0.9,
	  GUEST("matmul_f16"), SGEMM("4096x512x14336") },
	{ "matmul_bf16_4096x512x14336", "GFLOPS", "sgemm of that shape", false, 0.9,
	  GUEST("matmul_bf16"), SGEMM("4096x512x14336") },
	{ "matmul_q8_0_4096x512x14336", "GFLOPS", "sgemm of that shape", false, 0.9,
	  GUEST("matmul_q8_0"), SGEMM("4096x512x14336") },
	{ "matmul_q4_0_4096x512x14336", "GFLOPS", "sgemm of that shape", false, 0.9,
	  GUEST("matmul_q4_0"), SGEMM("4096x512x14336") },
	{ "matmul_fp8_4096x512x14336", "GFLOPS", "sgemm of that shape", false, 0.9,
	  GUEST("matmul_fp8"), SGEMM("4096x512x14336") },
	{ "matvec_f32_4096x14336", "GB/s", "reading memory on the host", false, 0.85,
	  GUEST("matvec_f32"), READ },
	{ "matvec_f16_4096x14336", "GB/s", "reading memory on the host", false, 0.85,
	  GUEST("matvec_f16"), READ },
	{ "matvec_bf16_4096x14336", "GB/s", "reading memory on the host", false, 0.85,
	  GUEST("matvec_bf16"), READ },
	{ "matvec_q8_0_4096x14336", "GB/s", "reading memory on the host", false, 0.85,
	  GUEST("matvec_q8_0"), READ },
	{ "matvec_q4_0_4096x14336", "GB/s", "reading memory on the host", false, 0.6,
	  GUEST("matvec_q4_0"), READ },
	{ "matvec_q4_k_4096x14336", "GB/s", "reading memory on the host", false, 0.6,
	  GUEST("matvec_q4_k"), READ },
	{ "attention_prefill", "GFLOPS", "sgemm of a head's scores", false, 0.6,
	  GUEST("attention_prefill"), SGEMM("4096x4096x128") },
	{ "attention_decode", "GB/s", "reading memory on the host", false, 0.7,
	  GUEST("attention_decode"), READ },
	{ "rms_norm", "GB/s", "copying memory on the host", false, 0.6, GUEST("rms_norm"),
	  COPY },
	{ "softmax", "GB/s", "copying memory on the host", false, 0.6, GUEST("softmax"),
	  COPY },
	{ "rope", "GB/s", "copying memory on the host", false, 0.6, GUEST("rope"), COPY },
	{ "silu_mul", "GB/s", "copying memory on the host", false, 0.6, GUEST("silu_mul"),
	  COPY },
	{ "copy_transpose", "GB/s", "copying memory on the host", false, 0.6,
	  GUEST("copy_transpose"), COPY },
	{ "conv2d_3x3", "GFLOPS", "sgemm of the same products", false, 0.6,
	  GUEST("conv2d_3x3"), SGEMM("64x25088x576") },
	{ "digits_batch64", "1/s", "OpenCV's DNN module (python3-opencv)", false, 1.0,
	  GUEST("digits"), { opencv_begin, opencv_sample, nothing, NULL } },
	{ "small_op_cost", "us", NULL, true, 0, GUEST("small_op"), NONE },
	{ "probe_time", "ms", NULL, true, 0, GUEST("probe_time"), NONE },
	{ "boot_to_answer", "s", "the same boot without a card", true, 0.75,
	  { nothing, boot_answer, nothing, NULL }, { nothing, boot_bare, nothing, NULL } },
	{ "idle_cpu", "%", "the same VM without a card", true, 0,
	  { nothing, idle_card, nothing, NULL },
	  { idle_bare_begin, idle_bare, idle_bare_end, NULL } },
};
/* clang-format on */

#define BENCHMARKS (sizeof(benchmarks) / sizeof(benchmarks[0]))

static void show_progress(const struct benchmark *b, unsigned int rep)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K%s %u/%u", b->name, rep + 1, bench_options.reps);
	else if (!rep)
		fprintf(stderr, "%s ...\n", b->name);
}

static void hide_progress(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

/* Both sides in turn, so that what else the machine does meets both. */
static void measure(const struct benchmark *b, struct result *result)
{
	double card[MAX_REPS], other[MAX_REPS] = { 0 };
	unsigned int reps = bench_options.reps;

	show_progress(b, 0);
	b->card.begin(b->card.name);
	if (b->baseline)
		b->other.begin(b->other.name);
	for (unsigned int i = 0; i < reps; i++) {
		show_progress(b, i);
		card[i] = b->card.sample(b->card.name);
		if (b->baseline)
			other[i] = b->other.sample(b->other.name);
	}
	if (b->baseline)
		b->other.end(b->other.name);
	b->card.end(b->card.name);
	hide_progress();
	*result = (struct result){ b, median(card, reps), median(other, reps) };
	print_result(result);
	fflush(stdout);
}

static bool is_wanted(const struct benchmark *b, char **names)
{
	if (!*names)
		return true;
	for (; *names; names++) {
		if (!strcmp(*names, b->name))
			return true;
	}
	return false;
}

static void check_names(char **names)
{
	for (; *names; names++) {
		char *one[] = { *names, NULL };
		size_t i;

		for (i = 0; i < BENCHMARKS && !is_wanted(&benchmarks[i], one); i++)
			;
		if (i == BENCHMARKS)
			die("there is no benchmark '%s'; --help lists them", *names);
	}
}

static void print_help(void)
{
	puts("Usage: npu-bench-host --npu-vm FILE --image FILE --model FILE [OPTION]... [NAME...]\n"
	     "Measure the virtual card against what it is compared with.\n"
	     "\n"
	     "  --npu-vm FILE   the program that boots VMs\n"
	     "  --image FILE    what the NVMe device reads, 64 MiB\n"
	     "  --model FILE    the model of digits_batch64, ONNX\n"
	     "  --out FILE      write the results there, as JSON\n"
	     "  --reps N        how often each side is measured (5)\n"
	     "  --quick         short and once: see that it works, not how fast it is\n"
	     "  --help          this text\n"
	     "\n"
	     "Names:");
	for (size_t i = 0; i < BENCHMARKS; i++)
		printf("  %s\n", benchmarks[i].name);
}

static void parse_options(int argc, char **argv)
{
	static const struct option list[] = {
		{ "npu-vm", required_argument, NULL, 'v' },
		{ "image", required_argument, NULL, 'i' },
		{ "model", required_argument, NULL, 'm' },
		{ "out", required_argument, NULL, 'o' },
		{ "reps", required_argument, NULL, 'r' },
		{ "quick", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct bench_options *o = &bench_options;
	int option;

	while ((option = getopt_long(argc, argv, "", list, NULL)) != -1) {
		switch (option) {
		case 'v':
			o->npu_vm = optarg;
			break;
		case 'i':
			o->image = optarg;
			break;
		case 'm':
			o->model = optarg;
			break;
		case 'o':
			o->out = optarg;
			break;
		case 'r':
			o->reps = strtoul(optarg, NULL, 10);
			break;
		case 'q':
			o->quick = true;
			o->reps = 1;
			break;
		case 'h':
			print_help();
			exit(0);
		default:
			exit(2);
		}
	}
	if (!o->npu_vm || !o->image || !o->model)
		die("--npu-vm, --image and --model are needed; type: make bench");
	if (o->reps < 1 || o->reps > MAX_REPS)
		die("--reps wants a number from 1 to %d", MAX_REPS);
}

int main(int argc, char **argv)
{
	struct result results[BENCHMARKS];
	size_t count = 0;

	parse_options(argc, argv);
	check_names(argv + optind);
	print_heading();
	for (size_t i = 0; i < BENCHMARKS; i++) {
		if (is_wanted(&benchmarks[i], argv + optind))
			measure(&benchmarks[i], &results[count++]);
	}
	guest_close();
	if (bench_options.out)
		write_json(bench_options.out, results, count);
	return 0;
}
