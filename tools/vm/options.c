// SPDX-License-Identifier: MIT
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "report.h"

#define NPU_VM_VERSION "0.1.0"

static const char help[] =
"Usage: npu-vm [OPTIONS] [-- COMMAND [ARGUMENT...]]\n"
"Boot a virtual machine with virtual GPNPU cards and run COMMAND in it as root,\n"
"with npu.ko loaded and the tools on the PATH; without COMMAND, a shell.\n"
"\n"
"  --card MODEL[,PROP=VALUE]...  a card (default: npu-x6000; MODEL: npu-x6000,\n"
"                   npu-dv100p, npu-dv200d, npu-dv300d; PROP: dies, hbm, threads,\n"
"                   memdev); may be given more than once\n"
"  --cards N        N cards; those of --card are taken in turn\n"
"  --mem SIZE       memory of the guest (default: 2G)\n"
"  --kernel FILE    boot this kernel (bzImage or vmlinux)\n"
"  --root DIR       boot this directory tree, of any distribution; changes are\n"
"                   kept in memory, or, with --rw, written to it\n"
"  --share DIR      show this directory in the guest as /mnt/share\n"
"  --iommu          put the cards behind a virtual IOMMU\n"
"  --qmp SOCKET     let QEMU be controlled through this UNIX socket\n"
"  --gdb            let gdb attach to the guest's kernel on port 1234\n"
"  --timeout S      give up after S seconds\n"
"  --log FILE       write the kernel's log to FILE\n"
"  --qemu-arg ARG   pass ARG on to QEMU; may be given more than once\n"
"  --print          print the QEMU command line, to be pasted, and boot nothing\n"
"  --help, --version\n"
"\n"
"The exit status is COMMAND's (128+n if signal n ended it), 125 if the VM failed.\n"
"\n"
"Examples:\n"
"  npu-vm -- npuctl status\n"
"  npu-vm --cards 4 --card npu-dv200d,dies=4,hbm=2G -- npuctl list\n"
"  npu-vm --share . -- sh -c 'cd /mnt/share && ./test'\n"
"  npu-vm --root /srv/debian13\n";

enum { CARD = 256, CARDS, MEM, KERNEL, ROOT, RW, SHARE, QMP, GDB, TIMEOUT, PRINT,
       IOMMU, QEMU_ARG, LOG, HELP, VERSION };

static const struct option long_options[] = {
	{ "card", required_argument, NULL, CARD },
	{ "cards", required_argument, NULL, CARDS },
	{ "mem", required_argument, NULL, MEM },
	{ "kernel", required_argument, NULL, KERNEL },
	{ "root", required_argument, NULL, ROOT },
	{ "rw", no_argument, NULL, RW },
	{ "share", required_argument, NULL, SHARE },
	{ "qmp", required_argument, NULL, QMP },
	{ "gdb", no_argument, NULL, GDB },
	{ "timeout", required_argument, NULL, TIMEOUT },
	{ "print", no_argument, NULL, PRINT },
	{ "iommu", no_argument, NULL, IOMMU },
	{ "qemu-arg", required_argument, NULL, QEMU_ARG },
	{ "log", required_argument, NULL, LOG },
	{ "help", no_argument, NULL, HELP },
	{ "version", no_argument, NULL, VERSION },
	{ 0 },
};

static unsigned int parse_number(const char *option, const char *text, unsigned int max)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || value > max)
		vm_die("--%s wants a number from 0 to %u, not '%s'", option, max, text);
	return value;
}

bool vm_parse_size(const char *text, uint64_t unit, uint64_t *bytes)
{
	static const char units[] = "KMGT";
	const char *at;
	char *end;

	errno = 0;
	*bytes = strtoull(text, &end, 10);
	if (errno || end == text || *text == '-')
		return false;
	if (*end) {
		at = strchr(units, *end & ~0x20);
		if (!at || !*at || end[1])
			return false;
		unit = 1ull << (10 * (at - units + 1));
	}
	return !__builtin_mul_overflow(*bytes, unit, bytes);
}

static void parse_one(int option, struct vm_options *o)
{
	switch (option) {
	case CARD:
		strv_add(&o->cards, "%s", optarg);
		break;
	case CARDS:
		o->card_count = parse_number("cards", optarg, 24);
		break;
	case MEM:
		if (!vm_parse_size(optarg, 1 << 20, &o->memory))
			vm_die("--mem wants a size such as 4G, not '%s'", optarg);
		break;
	case KERNEL:
		o->kernel = optarg;
		break;
	case ROOT:
		o->root = optarg;
		break;
	case RW:
		o->root_rw = true;
		break;
	case SHARE:
		o->share = optarg;
		break;
	case QMP:
		o->qmp = optarg;
		break;
	case GDB:
		o->gdb = true;
		break;
	case TIMEOUT:
		o->timeout = parse_number("timeout", optarg, INT_MAX / 1000);
		break;
	case PRINT:
		o->print = true;
		break;
	case IOMMU:
		o->iommu = true;
		break;
	case QEMU_ARG:
		strv_add(&o->qemu_args, "%s", optarg);
		break;
	case LOG:
		o->log = optarg;
		break;
	case HELP:
		fputs(help, stdout);
		exit(0);
	case VERSION:
		puts("npu-vm " NPU_VM_VERSION);
		exit(0);
	default:
		fputs("Type npu-vm --help for the options.\n", stderr);
		exit(VM_STATUS);
	}
}

void vm_parse_options(int argc, char **argv, struct vm_options *options)
{
	int option;

	*options = (struct vm_options){ .card_count = -1, .memory = 2ull << 30 };
	/* "+": what follows the first word that is no option is the command. */
	while ((option = getopt_long(argc, argv, "+", long_options, NULL)) != -1)
		parse_one(option, options);
	if (optind < argc)
		options->command = argv + optind;
	if (options->root_rw && !options->root)
		vm_die("--rw needs --root DIR");
	if (!options->cards.n)
		strv_add(&options->cards, "npu-x6000");
	if (options->card_count < 0)
		options->card_count = options->cards.n;
	if ((size_t)options->card_count < options->cards.n && options->card_count)
		vm_die("--cards %d, but --card is given %zu times", options->card_count,
		       options->cards.n);
}
