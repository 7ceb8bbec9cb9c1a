// SPDX-License-Identifier: MIT
/* What people read. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

static enum colour health_colour(const struct card *card)
{
	if (card->state.err)
		return COLOUR_BAD;
	switch (card->state.info.health) {
	case DRM_NPU_HEALTH_OK:
		return COLOUR_GOOD;
	case DRM_NPU_HEALTH_RESETTING:
		return COLOUR_WARN;
	default:
		return COLOUR_BAD;
	}
}

static void format_memory(char *to, size_t size, const struct card *card)
{
	char used[32], total[32];

	format_bytes(used, sizeof(used), card_memory_used(card, DRM_NPU_MEMORY_HBM));
	format_bytes(total, sizeof(total), card_memory_total(card, DRM_NPU_MEMORY_HBM));
	snprintf(to, size, "%s / %s", used, total);
}

/* ---- list ---------------------------------------------------------------- */

/* clang-format off */
enum {
	LIST_CARD, LIST_MODEL, LIST_PCI, LIST_SERIAL, LIST_DIES, LIST_BUSY, LIST_HBM,
	LIST_CLIENTS, LIST_HEALTH, LIST_COUNT,
};
/* clang-format on */

/* clang-format off */
static const struct column list_columns[LIST_COUNT] = {
	[LIST_CARD] = { "CARD", false, 0 },
	[LIST_MODEL] = { "MODEL", false, 6 },
	[LIST_PCI] = { "PCI", false, 5 },
	[LIST_SERIAL] = { "SERIAL", false, 1 },
	[LIST_DIES] = { "DIES", true, 3 },
	[LIST_BUSY] = { "BUSY", true, 4 },
	[LIST_HBM] = { "HBM", true, 2 },
	[LIST_CLIENTS] = { "CLIENTS", true, 1 },
	[LIST_HEALTH] = { "HEALTH", false, 0 },
};
/* clang-format on */

_Static_assert(LIST_COUNT <= TABLE_COLUMNS, "a row has room for all columns");

static void fill_row(struct row *row, const struct card *card)
{
	const struct drm_npu_query_device *info = &card->state.info;
	unsigned int c;

	for (c = 0; c < LIST_COUNT; c++)
		strcpy(row->cell[c], "-");
#define CELL(column, ...) snprintf(row->cell[column], TABLE_CELL, __VA_ARGS__)
	CELL(LIST_CARD, "%s", card->node.name);
	CELL(LIST_PCI, "%s", card->node.pci);
	CELL(LIST_HEALTH, "%s", card_health(card));
	row->colour[LIST_HEALTH] = health_colour(card);
	if (card->state.err)
		return;
	CELL(LIST_MODEL, "%s", (const char *)info->model);
	CELL(LIST_SERIAL, "%016" PRIx64, (uint64_t)info->serial);
	CELL(LIST_DIES, "%u", info->dies);
	CELL(LIST_BUSY, "%.0f%%", card_busy(card));
	format_memory(row->cell[LIST_HBM], TABLE_CELL, card);
	CELL(LIST_CLIENTS, "%u", card->client_count + card_hidden_clients(card));
#undef CELL
}

void text_list(FILE *out, const struct cards *cards)
{
	struct row *rows = calloc(cards->count, sizeof(*rows));
	unsigned int i;

	if (!rows)
		return;
	for (i = 0; i < cards->count; i++)
		fill_row(&rows[i], &cards->card[i]);
	table_print(out, list_columns, LIST_COUNT, rows, cards->count, term_width());
	free(rows);
}

/* ---- status -------------------------------------------------------------- */

/* Where the words of a line begin, behind its label. */
#define INDENT 12

/* A line of words that goes on below where the terminal ends. */
struct line {
	FILE *out;
	int at;
};

static struct line begin_line(FILE *out, const char *label)
{
	fprintf(out, "  %-*s", INDENT - 2, label);
	return (struct line){ out, INDENT };
}

static void put(struct line *line, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void put(struct line *line, const char *format, ...)
{
	char word[128];
	int columns;
	va_list ap;

	va_start(ap, format);
	vsnprintf(word, sizeof(word), format, ap);
	va_end(ap);
	columns = term_columns(word);

	if (line->at > INDENT && columns > term_width() - line->at - 2) {
		fprintf(line->out, "\n%*s", INDENT, "");
		line->at = INDENT;
	} else if (line->at > INDENT) {
		fputs("  ", line->out);
		line->at += 2;
	}
	fputs(word, line->out);
	line->at += columns;
}

static void end_line(struct line *line)
{
	fputc('\n', line->out);
}

static void put_identity(FILE *out, const struct card *card)
{
	const struct card_state *state = &card->state;
	struct line line = begin_line(out, "serial");

	put(&line, "%016" PRIx64, (uint64_t)state->info.serial);
	end_line(&line);
	line = begin_line(out, "driver");
	put(&line, "%s %d.%d.%d", DRM_NPU_DRIVER_NAME, state->driver_major,
	    state->driver_minor, state->driver_patch);
	end_line(&line);
	line = begin_line(out, "card");
	put(&line, "registers %u.%u", state->info.regs_major, state->info.regs_minor);
	put(&line, "instructions %u.%u", state->info.isa_major, state->info.isa_minor);
	if (state->info.platform == DRM_NPU_PLATFORM_EMULATED)
		put(&line, "emulated");
	end_line(&line);
}

static void put_memory(FILE *out, const struct card *card)
{
	struct line line = begin_line(out, "HBM");
	char memory[80];

	format_memory(memory, sizeof(memory), card);
	put(&line, "%s", memory);
	end_line(&line);
}

static void put_dies(FILE *out, const struct card *card)
{
	struct line line = begin_line(out, "busy");
	unsigned int i;

	for (i = 0; i < card->state.info.dies; i++)
		put(&line, "die%u %3.0f%%", i, card->state.busy_percent[i]);
	end_line(&line);
}

static void put_counters(FILE *out, const struct card *card)
{
	const struct drm_npu_query_device *info = &card->state.info;
	const struct drm_npu_query_resets *resets = &card->state.resets;
	struct line line = begin_line(out, "jobs");

	put(&line, "%" PRIu64 " completed", (uint64_t)info->jobs_completed);
	put(&line, "%" PRIu64 " failed", (uint64_t)info->jobs_failed);
	put(&line, "%" PRIu64 " faults", (uint64_t)info->faults);
	end_line(&line);
	line = begin_line(out, "resets");
	put(&line, "%" PRIu64 " queues", (uint64_t)resets->queue);
	put(&line, "%" PRIu64 " dies", (uint64_t)resets->die);
	put(&line, "%" PRIu64 " cards", (uint64_t)resets->card);
	end_line(&line);
}

static void put_clients(FILE *out, const struct card *card)
{
	unsigned int i, hidden = card_hidden_clients(card);
	struct line line = begin_line(out, "clients");

	if (!card->client_count && !hidden && !card->clients_cut)
		put(&line, "none");
	for (i = 0; i < card->client_count; i++)
		put(&line, "%d %s", (int)card->clients[i].pid, card->clients[i].name);
	if (card->clients_cut)
		put(&line, "%u more, there was no time to find which", hidden);
	else if (hidden)
		put(&line, "%u of other users", hidden);
	end_line(&line);
}

static void put_card(FILE *out, const struct card *card)
{
	fprintf(out, "%s%s%s  %s", term_colour(COLOUR_HEAD), card->node.name,
		term_plain(), card->node.pci);
	if (!card->state.err)
		fprintf(out, "  %s", (const char *)card->state.info.model);
	fprintf(out, "  %s%s%s\n", term_colour(health_colour(card)), card_health(card),
		term_plain());
	if (card->state.err)
		return;
	put_identity(out, card);
	put_memory(out, card);
	put_dies(out, card);
	put_counters(out, card);
	put_clients(out, card);
}

void text_status(FILE *out, const struct cards *cards)
{
	unsigned int i;

	for (i = 0; i < cards->count; i++) {
		if (i)
			fputc('\n', out);
		put_card(out, &cards->card[i]);
	}
}
