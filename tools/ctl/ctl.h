/* SPDX-License-Identifier: MIT */
/*
 * npuctl: what its files share.
 *
 * Everything that touches a card happens in a child process (look.c), which
 * the parent gives up on when it takes too long: a process that is stuck in the
 * kernel cannot be killed, but it need not be waited for.
 */
#ifndef CTL_H
#define CTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include <npu.h>

#define CTL_SCHEMA 1

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/*
 * A look at the cards ends after the interval of its two samples plus this: with
 * the default interval, two seconds are not over when even a slow machine has
 * started us and we have said what is wrong.
 */
#define LOOK_LIMIT_MS 1200

enum exit_code {
	EXIT_FINE = 0,
	EXIT_DEGRADED = 1,
	EXIT_FAILED = 2,
	EXIT_NO_CARD = 3,
	EXIT_NO_PERMISSION = 4,
	EXIT_TIMED_OUT = 5,
};

/* ---- look.c -------------------------------------------------------------- */

/**
 * struct look - a child process that looks at something
 * @pid: the child
 * @fd: where its answer comes from, -1 when the look is over
 * @data: its answer so far
 * @size: bytes of @data
 * @complete: the child has ended by itself
 */
struct look {
	pid_t pid;
	int fd;
	char *data;
	size_t size;
	bool complete;
};

typedef void look_fn(const void *arg, FILE *out);

/* Run fn(arg, out) in a child.  0 or -errno. */
int look_start(struct look *look, look_fn *fn, const void *arg);
/* Collect the answers of all looks that end within the limit, drop the others. */
void look_collect(struct look *looks, unsigned int count, int limit_ms);
void look_free(struct look *look);

/* ---- card.c -------------------------------------------------------------- */

/**
 * struct card_state - what a card and its driver tell
 * @err: 0, or the -errno because of which nothing below @detail is known
 * @detail: what went wrong
 * @driver_major: version of the driver's interface
 * @driver_minor: likewise
 * @driver_patch: likewise
 * @info: DRM_NPU_QUERY_DEVICE
 * @dies: DRM_NPU_QUERY_DIES, the second sample
 * @busy_percent: of host time between the samples, each die
 * @resets: DRM_NPU_QUERY_RESETS
 * @memory: DRM_NPU_QUERY_MEMORY
 * @memory_count: entries of @memory
 */
struct card_state {
	int err;
	char detail[256];
	int driver_major, driver_minor, driver_patch;
	struct drm_npu_query_device info;
	struct drm_npu_query_die dies[DRM_NPU_MAX_DIES];
	double busy_percent[DRM_NPU_MAX_DIES];
	struct drm_npu_query_resets resets;
	struct drm_npu_query_memory memory[DRM_NPU_MAX_DIES + 1];
	unsigned int memory_count;
};

/**
 * struct client - a process that has a card open
 * @pci: the card
 * @pid: the process
 * @id: drm-client-id: an open file, which several descriptors may share
 * @name: its name, as the kernel has it
 */
struct client {
	char pci[16];
	pid_t pid;
	uint64_t id;
	char name[64];
};

struct card {
	struct npu_node node;
	struct card_state state;
	struct client *clients;
	unsigned int client_count;
	bool clients_cut; /* there was no time to look at all processes */
};

struct cards {
	struct card *card;
	unsigned int count;
};

/*
 * Look at the cards with these names, or at all if there are none.  The two
 * samples of the counters are interval_ms apart.  An exit code; that there are no
 * cards, or why they cannot be read, has been said on stderr then.
 */
int cards_read(struct cards *cards, char *const *names, unsigned int count,
	       int interval_ms);
void cards_free(struct cards *cards);

/* What the cards' states mean for the exit code. */
int cards_verdict(const struct cards *cards);

uint64_t card_memory_used(const struct card *card, uint32_t memory_class);
uint64_t card_memory_total(const struct card *card, uint32_t memory_class);
double card_busy(const struct card *card);
/* "ok", "resetting", "failed", or why it cannot be told: "no permission", ... */
const char *card_health(const struct card *card);
/* Clients that are counted but were not seen: of other users, as a rule. */
unsigned int card_hidden_clients(const struct card *card);
const char *die_state_name(uint32_t state);

/* ---- clients.c ----------------------------------------------------------- */

/* Read one fdinfo file; whether it is an open card. */
bool client_parse(FILE *fdinfo, struct client *client);
/* Our own looks: they open the cards too, and are no news. */
struct own_looks {
	const struct look *looks;
	unsigned int count;
};

/*
 * A look_fn, of a struct own_looks: writes a struct client for each open card
 * under /proc.
 */
void clients_look(const void *arg, FILE *out);

/* ---- advice.c ------------------------------------------------------------ */

/* Say on stderr what is wrong, and what to type next. */
void advise_no_card(void);
void advise_card(const struct card *card);

/* ---- term.c -------------------------------------------------------------- */

enum colour {
	COLOUR_NONE,
	COLOUR_GOOD,
	COLOUR_WARN,
	COLOUR_BAD,
	COLOUR_HEAD,
};

void term_init(void);
/* Columns of the terminal; a large number when stdout is none. */
int term_width(void);
const char *term_colour(enum colour colour);
const char *term_plain(void);
/* Columns that a text takes. */
int term_columns(const char *text);
/* "1.5 GiB" */
void format_bytes(char *to, size_t size, uint64_t bytes);
/* Make a text from elsewhere safe to print: valid, without control characters. */
void sanitize(char *text);

/* ---- table.c, text.c, json.c --------------------------------------------- */

struct column {
	const char *title;
	bool right;	   /* aligned */
	unsigned int keep; /* the lower, the sooner it is left out; 0: never */
};

#define TABLE_COLUMNS 12
#define TABLE_CELL    80

struct row {
	char cell[TABLE_COLUMNS][TABLE_CELL];
	enum colour colour[TABLE_COLUMNS];
};

/* Print a table; leaves columns out until a row fits the width. */
void table_print(FILE *out, const struct column *columns, unsigned int column_count,
		 const struct row *rows, unsigned int row_count, int width);

void text_list(FILE *out, const struct cards *cards);
void text_status(FILE *out, const struct cards *cards);
/* 0 or -errno */
int json_print(FILE *out, const struct cards *cards);

#endif
