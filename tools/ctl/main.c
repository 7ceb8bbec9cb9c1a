// SPDX-License-Identifier: MIT
/* npuctl: the state of the cards. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

struct command {
	const char *name;
	const char *summary;
	const char *help;
	void (*text)(FILE *out, const struct cards *cards);
};

#define OPTIONS_HELP                                                             \
	"  --json         print JSON; its keys are in npuctl(1)\n"               \
	"  --interval MS  measure how busy the dies are over MS milliseconds,\n" \
	"                 0 to 60000 (default: 200)\n"                           \
	"  -h, --help     print this text\n"

/* clang-format off */
static const struct command commands[] = {
	{
		"list", "one line per card",
		"Usage: npuctl list [OPTION]... [CARD]...\n"
		"One line per card: npu0, 0000:01:00.0, ...; all of them by default.\n"
		"\n" OPTIONS_HELP "\n"
		"Example: npuctl list --json | jq '.cards[].pci'\n",
		text_list,
	},
	{
		"status", "everything about each card",
		"Usage: npuctl status [OPTION]... [CARD]...\n"
		"Versions, memory, how busy each die is, jobs, faults and clients of\n"
		"the cards npu0, 0000:01:00.0, ...; of all of them by default.\n"
		"\n" OPTIONS_HELP "\n"
		"Example: npuctl status --interval 1000 npu0\n",
		text_status,
	},
};
/* clang-format on */

static void print_help(FILE *out)
{
	unsigned int i;

	fputs("Usage: npuctl COMMAND [OPTION]... [CARD]...\n"
	      "Show the state of the cards of this machine.\n"
	      "\n"
	      "Commands:\n",
	      out);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
	fputs("\n"
	      "npuctl COMMAND --help tells more; npuctl --version tells the versions.\n"
	      "\n"
	      "Examples:\n"
	      "  npuctl list\n"
	      "  npuctl status npu0\n"
	      "  npuctl status --json\n"
	      "\n"
	      "Exit status: 0 fine, 1 degraded, 2 usage or failed, 3 no card,\n"
	      "4 no permission, 5 timed out.\n",
	      out);
}

static int usage_error(const char *command)
{
	fprintf(stderr, "npuctl: type: npuctl %s%s--help\n", command,
		*command ? " " : "");
	return EXIT_FAILED;
}

struct options {
	bool json;
	int interval_ms;
};

static bool parse_interval(const char *text, int *ms)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || end == text || *end || value < 0 || value > 60000) {
		fprintf(stderr, "npuctl: an interval is 0 to 60000 ms, not %s\n", text);
		return false;
	}
	*ms = value;
	return true;
}

/* -1 to go on, else the exit code. */
static int parse_options(const struct command *command, int argc, char **argv,
			 struct options *options)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "interval", required_argument, NULL, 'i' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		switch (option) {
		case 'j':
			options->json = true;
			break;
		case 'i':
			if (!parse_interval(optarg, &options->interval_ms))
				return usage_error(command->name);
			break;
		case 'h':
			fputs(command->help, stdout);
			return EXIT_FINE;
		default:
			return usage_error(command->name);
		}
	}
	return -1;
}

static int print_cards(const struct command *command, const struct cards *cards,
		       bool json)
{
	int err = 0;

	if (json)
		err = json_print(stdout, cards);
	else if (cards->count)
		command->text(stdout, cards);
	if (fflush(stdout) || ferror(stdout))
		err = -EIO;
	if (err)
		fprintf(stderr, "npuctl: cannot print: %s\n", strerror(-err));
	return err;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct options options = { .interval_ms = 200 };
	struct cards cards;
	unsigned int i;
	int code;

	code = parse_options(command, argc, argv, &options);
	if (code >= 0)
		return code;
	code = cards_read(&cards, argv + optind, argc - optind, options.interval_ms);
	if (code != EXIT_FAILED && print_cards(command, &cards, options.json))
		code = EXIT_FAILED;
	for (i = 0; i < cards.count; i++)
		advise_card(&cards.card[i]);
	cards_free(&cards);
	return code;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	unsigned int i;

	term_init();
	if (!strcmp(name, "--help") || !strcmp(name, "-h")) {
		print_help(stdout);
		return EXIT_FINE;
	}
	if (!strcmp(name, "--version")) {
		printf("npuctl %s, JSON schema %d, driver interface %d.%d\n", NPU_VERSION,
		       CTL_SCHEMA, DRM_NPU_DRIVER_MAJOR, DRM_NPU_DRIVER_MINOR);
		return EXIT_FINE;
	}
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!strcmp(name, commands[i].name))
			return run(&commands[i], argc - 1, argv + 1);
	}
	if (*name)
		fprintf(stderr, "npuctl: %s is no command\n", name);
	else
		fprintf(stderr, "npuctl: a command is missing\n");
	return usage_error("");
}
