// SPDX-License-Identifier: MIT
/* What people read. */
#include <inttypes.h>
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

enum {
	LIST_CARD, LIST_MODEL, LIST_PCI, LIST_SERIAL, LIST_DIES, LIST_BUSY, LIST_HBM,
	LIST_CLIENTS, LIST_HEALTH, LIST_COUNT,
};

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

#define LABEL	10

static void label(FILE *out, const char *text)
{
	fprintf(out, "  %-*s", LABEL, text);
}

/*
 * Words that wrap at the width of the terminal, below each other.  Returns the
 * column behind the word.
 */
static int put_word(FILE *out, const char *word, int at)
{
	int columns = term_columns(word);

	if (at > LABEL + 2 && columns > term_width() - at - 2) {
		fprintf(out, "\n%*s", LABEL + 2, "");
		at = LABEL + 2;
	}
	fprintf(out, "%s%s", at > LABEL + 2 ? "  " : "", word);
	return at + columns + (at > LABEL + 2 ? 2 : 0);
}

static void put_dies(FILE *out, const struct card *card)
{
	int at = LABEL + 2;
	unsigned int i;
	char word[32];

	label(out, "busy");
	for (i = 0; i < card->state.info.dies; i++) {
		snprintf(word, sizeof(word), "die%u %3.0f%%", i,
			 card->state.busy_percent[i]);
		at = put_word(out, word, at);
	}
	fputc('\n', out);
}

static void put_clients(FILE *out, const struct card *card)
{
	unsigned int i, hidden = card_hidden_clients(card);
	int at = LABEL + 2;
	char word[96];

	label(out, "clients");
	if (!card->client_count && !hidden)
		put_word(out, "none", at);
	for (i = 0; i < card->client_count; i++) {
		snprintf(word, sizeof(word), "%d %s", (int)card->clients[i].pid,
			 card->clients[i].name);
		at = put_word(out, word, at);
	}
	if (hidden) {
		snprintf(word, sizeof(word), "%u of other users", hidden);
		put_word(out, word, at);
	}
	fputc('\n', out);
}

static void put_versions(FILE *out, const struct card *card)
{
	const struct card_state *state = &card->state;

	label(out, "driver");
	fprintf(out, "%s %d.%d.%d\n", DRM_NPU_DRIVER_NAME, state->driver_major,
		state->driver_minor, state->driver_patch);
	label(out, "card");
	fprintf(out, "registers %u.%u, instructions %u.%u%s\n", state->info.regs_major,
		state->info.regs_minor, state->info.isa_major, state->info.isa_minor,
		state->info.platform == DRM_NPU_PLATFORM_EMULATED ? ", emulated" : "");
}

static void put_counters(FILE *out, const struct card *card)
{
	const struct drm_npu_query_device *info = &card->state.info;
	const struct drm_npu_query_resets *resets = &card->state.resets;

	label(out, "jobs");
	fprintf(out, "%" PRIu64 " completed, %" PRIu64 " failed, %" PRIu64 " faults\n",
		(uint64_t)info->jobs_completed, (uint64_t)info->jobs_failed,
		(uint64_t)info->faults);
	label(out, "resets");
	fprintf(out, "%" PRIu64 " queues, %" PRIu64 " dies, %" PRIu64 " cards\n",
		(uint64_t)resets->queue, (uint64_t)resets->die, (uint64_t)resets->card);
}

static void put_card(FILE *out, const struct card *card)
{
	char memory[80];

	fprintf(out, "%s%s%s  %s", term_colour(COLOUR_HEAD), card->node.name,
		term_plain(), card->node.pci);
	if (!card->state.err)
		fprintf(out, "  %s", (const char *)card->state.info.model);
	fprintf(out, "  %s%s%s\n", term_colour(health_colour(card)), card_health(card),
		term_plain());
	if (card->state.err)
		return;
	label(out, "serial");
	fprintf(out, "%016" PRIx64 "\n", (uint64_t)card->state.info.serial);
	put_versions(out, card);
	format_memory(memory, sizeof(memory), card);
	label(out, "HBM");
	fprintf(out, "%s\n", memory);
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
