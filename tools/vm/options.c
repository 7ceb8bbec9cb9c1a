// SPDX-License-Identifier: MIT
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "report.h"

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
	"  --gdb[=SOCKET]   let gdb attach to the guest's kernel: port 1234, or a socket\n"
	"  --timeout S      give up after S seconds\n"
	"  --log FILE       write the kernel's log to FILE\n"
	"  --module NAME    load this module of the guest's kernel too, such as nvme; may\n"
	"                   be given more than once\n"
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

enum kind { TEXT, OPTIONAL, FLAG, LIST, NUMBER, SIZE, HELP, VERSION };

#define FIELD(name) offsetof(struct vm_options, name)

static const struct definition {
	const char *name;
	enum kind kind;
	size_t field;
	int most; /* of a number */
} definitions[] = {
	{ "card", LIST, FIELD(cards), 0 },
	{ "cards", NUMBER, FIELD(card_count), VM_MAX_CARDS },
	{ "mem", SIZE, FIELD(memory), 0 },
	{ "kernel", TEXT, FIELD(kernel), 0 },
	{ "root", TEXT, FIELD(root), 0 },
	{ "rw", FLAG, FIELD(root_rw), 0 },
	{ "share", TEXT, FIELD(share), 0 },
	{ "iommu", FLAG, FIELD(iommu), 0 },
	{ "qmp", TEXT, FIELD(qmp), 0 },
	{ "gdb", OPTIONAL, FIELD(gdb), 0 },
	{ "timeout", NUMBER, FIELD(timeout), INT_MAX / 1000 },
	{ "log", TEXT, FIELD(log), 0 },
	{ "module", LIST, FIELD(modules), 0 },
	{ "qemu-arg", LIST, FIELD(qemu_args), 0 },
	{ "print", FLAG, FIELD(print), 0 },
	{ "help", HELP, 0, 0 },
	{ "version", VERSION, 0, 0 },
};

#define DEFINITIONS (sizeof(definitions) / sizeof(definitions[0]))

static int parse_number(const char *option, const char *text, int most)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || value > (unsigned long)most)
		vm_die("--%s wants a number from 0 to %d, not '%s'", option, most, text);
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

static void parse_one(const struct definition *d, struct vm_options *o)
{
	void *field = (char *)o + d->field;

	switch (d->kind) {
	case TEXT:
		*(const char **)field = optarg;
		break;
	case OPTIONAL:
		*(const char **)field = optarg ? optarg : "";
		break;
	case FLAG:
		*(bool *)field = true;
		break;
	case LIST:
		strv_add(field, "%s", optarg);
		break;
	case NUMBER:
		*(int *)field = parse_number(d->name, optarg, d->most);
		break;
	case SIZE:
		if (!vm_parse_size(optarg, 1 << 20, field))
			vm_die("--%s wants a size such as 4G, not '%s'", d->name, optarg);
		break;
	case HELP:
		fputs(help, stdout);
		exit(0);
	case VERSION:
		puts("npu-vm " NPU_VERSION);
		exit(0);
	}
}

/* What getopt_long() returns is one more than the index of the definition. */
static void parse_all(int argc, char **argv, struct vm_options *o)
{
	struct option options[DEFINITIONS + 1] = { 0 };
	int option;

	for (size_t i = 0; i < DEFINITIONS; i++) {
		enum kind kind = definitions[i].kind;

		options[i].name = definitions[i].name;
		options[i].val = i + 1;
		options[i].has_arg = kind == FLAG || kind >= HELP ? no_argument :
				     kind == OPTIONAL		  ? optional_argument :
								    required_argument;
	}
	/* "+": what follows the first word that is no option is the command. */
	while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (option == '?') {
			fputs("Type npu-vm --help for the options.\n", stderr);
			exit(VM_STATUS);
		}
		parse_one(&definitions[option - 1], o);
	}
	if (optind < argc)
		o->command = argv + optind;
}

void vm_parse_options(int argc, char **argv, struct vm_options *options)
{
	*options = (struct vm_options){ .card_count = -1, .memory = 2ull << 30 };
	parse_all(argc, argv, options);
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
