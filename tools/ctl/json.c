// SPDX-License-Identifier: MIT
/*
 * What programs read.  The keys are stable: they are only ever added, all of
 * them are there for every card, and what is not known is null.  CTL_SCHEMA
 * counts the changes that break a reader.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include <cjson/cJSON.h>

#include "ctl.h"

static void add_hex(cJSON *object, const char *key, uint64_t value)
{
	char text[20];

	snprintf(text, sizeof(text), "%016" PRIx64, value);
	cJSON_AddStringToObject(object, key, text);
}

static void add_version(cJSON *object, const char *key, int major, int minor)
{
	char text[32];

	snprintf(text, sizeof(text), "%d.%d", major, minor);
	cJSON_AddStringToObject(object, key, text);
}

/* One decimal is what the samples are good for. */
static void add_percent(cJSON *object, const char *key, double percent)
{
	cJSON_AddNumberToObject(object, key, (int)(percent * 10 + 0.5) / 10.0);
}

static void add_versions(cJSON *object, const struct card *card)
{
	const struct card_state *state = &card->state;
	cJSON *driver = cJSON_AddObjectToObject(object, "driver");

	cJSON_AddStringToObject(driver, "name", DRM_NPU_DRIVER_NAME);
	add_version(driver, "interface", state->driver_major, state->driver_minor);
	add_version(object, "registers", state->info.regs_major, state->info.regs_minor);
	add_version(object, "instructions", state->info.isa_major, state->info.isa_minor);
}

static void add_memory(cJSON *object, const char *key, const struct card *card,
		       uint32_t memory_class)
{
	cJSON *memory = cJSON_AddObjectToObject(object, key);

	cJSON_AddNumberToObject(memory, "used", card_memory_used(card, memory_class));
	cJSON_AddNumberToObject(memory, "total", card_memory_total(card, memory_class));
}

static const struct drm_npu_query_memory *hbm_of(const struct card *card,
						 unsigned int die)
{
	static const struct drm_npu_query_memory none;
	unsigned int i;

	for (i = 0; i < card->state.memory_count; i++) {
		if (card->state.memory[i].memory_class == DRM_NPU_MEMORY_HBM &&
		    card->state.memory[i].die == die)
			return &card->state.memory[i];
	}
	return &none;
}

static void add_dies(cJSON *object, const struct card *card)
{
	cJSON *list = cJSON_AddArrayToObject(object, "die_status");
	unsigned int i;

	for (i = 0; i < card->state.info.dies; i++) {
		const struct drm_npu_query_die *state = &card->state.dies[i];
		cJSON *die = cJSON_CreateObject();

		cJSON_AddNumberToObject(die, "die", i);
		cJSON_AddStringToObject(die, "state", die_state_name(state->state));
		add_percent(die, "busy_percent", card->state.busy_percent[i]);
		cJSON_AddNumberToObject(die, "busy_ns", state->busy_host_ns);
		cJSON_AddNumberToObject(die, "tiles", state->tiles);
		cJSON_AddNumberToObject(die, "resets", state->resets);
		cJSON_AddNumberToObject(die, "hbm_used", hbm_of(card, i)->used);
		cJSON_AddNumberToObject(die, "hbm_total", hbm_of(card, i)->total);
		cJSON_AddItemToArray(list, die);
	}
}

static void add_counters(cJSON *object, const struct card *card)
{
	const struct drm_npu_query_resets *counts = &card->state.resets;
	cJSON *jobs = cJSON_AddObjectToObject(object, "jobs");
	cJSON *resets;

	cJSON_AddNumberToObject(jobs, "completed", card->state.info.jobs_completed);
	cJSON_AddNumberToObject(jobs, "failed", card->state.info.jobs_failed);
	cJSON_AddNumberToObject(object, "faults", card->state.info.faults);
	resets = cJSON_AddObjectToObject(object, "resets");
	cJSON_AddNumberToObject(resets, "queue", counts->queue);
	cJSON_AddNumberToObject(resets, "die", counts->die);
	cJSON_AddNumberToObject(resets, "card", counts->card);
}

static void add_clients(cJSON *object, const struct card *card)
{
	cJSON *list = cJSON_AddArrayToObject(object, "clients");
	unsigned int i;

	for (i = 0; i < card->client_count; i++) {
		cJSON *client = cJSON_CreateObject();

		cJSON_AddNumberToObject(client, "pid", card->clients[i].pid);
		cJSON_AddStringToObject(client, "name", card->clients[i].name);
		cJSON_AddItemToArray(list, client);
	}
	cJSON_AddNumberToObject(object, "clients_hidden", card_hidden_clients(card));
	cJSON_AddBoolToObject(object, "clients_complete", !card->clients_cut);
}

static void add_known(cJSON *object, const struct card *card)
{
	const struct drm_npu_query_device *info = &card->state.info;

	cJSON_AddNullToObject(object, "error");
	cJSON_AddStringToObject(object, "model", (const char *)info->model);
	add_hex(object, "serial", info->serial);
	cJSON_AddStringToObject(object, "platform",
				info->platform == DRM_NPU_PLATFORM_EMULATED ? "emulated" :
									      "silicon");
	add_versions(object, card);
	cJSON_AddNumberToObject(object, "dies", info->dies);
	cJSON_AddNumberToObject(object, "queues", info->queues);
	cJSON_AddNumberToObject(object, "timeout_ms", info->timeout_ms);
	add_memory(object, "hbm", card, DRM_NPU_MEMORY_HBM);
	add_memory(object, "host_memory", card, DRM_NPU_MEMORY_HOST);
	add_percent(object, "busy_percent", card_busy(card));
	add_dies(object, card);
	add_counters(object, card);
	add_clients(object, card);
}

static void add_unknown(cJSON *object, const struct card *card)
{
	/* clang-format off */
	static const char *const keys[] = {
		"model", "serial", "platform", "driver", "registers", "instructions",
		"dies", "queues", "timeout_ms", "hbm", "host_memory", "busy_percent",
		"die_status", "jobs", "faults", "resets", "clients", "clients_hidden",
		"clients_complete",
	};
	/* clang-format on */
	unsigned int i;

	cJSON_AddStringToObject(object, "error", card->state.detail);
	for (i = 0; i < ARRAY_SIZE(keys); i++)
		cJSON_AddNullToObject(object, keys[i]);
}

static cJSON *card_object(const struct card *card)
{
	cJSON *object = cJSON_CreateObject();

	cJSON_AddStringToObject(object, "name", card->node.name);
	cJSON_AddStringToObject(object, "path", card->node.path);
	cJSON_AddStringToObject(object, "pci", card->node.pci);
	cJSON_AddStringToObject(object, "health", card_health(card));
	if (card->state.err)
		add_unknown(object, card);
	else
		add_known(object, card);
	return object;
}

int json_print(FILE *out, const struct cards *cards)
{
	cJSON *root = cJSON_CreateObject();
	cJSON *list;
	unsigned int i;
	char *text;

	cJSON_AddNumberToObject(root, "schema", CTL_SCHEMA);
	list = cJSON_AddArrayToObject(root, "cards");
	for (i = 0; i < cards->count; i++)
		cJSON_AddItemToArray(list, card_object(&cards->card[i]));
	text = cJSON_Print(root);
	cJSON_Delete(root);
	if (!text)
		return -ENOMEM;
	fprintf(out, "%s\n", text);
	free(text);
	return 0;
}
