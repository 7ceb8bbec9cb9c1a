// SPDX-License-Identifier: MIT
/* What cards tell about themselves. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <xf86drm.h>

#include "ctl.h"

/* ---- In the child: one card ---------------------------------------------- */

struct card_look {
	const struct npu_node *node;
	int interval_ms;
};

struct sample {
	struct drm_npu_query_die dies[DRM_NPU_MAX_DIES];
	struct drm_npu_query_clocks clocks;
};

static int query(struct npu_device *dev, uint32_t type, void *data, uint32_t size)
{
	memset(data, 0, size);
	return npu_device_query(dev, type, data, &size);
}

static int read_sample(struct npu_device *dev, struct sample *sample)
{
	int err = query(dev, DRM_NPU_QUERY_DIES, sample->dies, sizeof(sample->dies));

	return err ? err :
		     query(dev, DRM_NPU_QUERY_CLOCKS, &sample->clocks,
			   sizeof(sample->clocks));
}

static double percent(uint64_t part, uint64_t whole)
{
	if (!whole)
		return 0;
	return part >= whole ? 100 : 100.0 * part / whole;
}

static void sleep_ms(int ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000l };

	nanosleep(&time, NULL);
}

static int read_busy(struct npu_device *dev, int interval_ms, struct card_state *state)
{
	struct sample before, after;
	unsigned int i;
	int err = read_sample(dev, &before);

	if (err)
		return err;
	sleep_ms(interval_ms);
	err = read_sample(dev, &after);
	if (err)
		return err;
	for (i = 0; i < DRM_NPU_MAX_DIES; i++)
		state->busy_percent[i] =
			percent(after.dies[i].busy_host_ns - before.dies[i].busy_host_ns,
				after.clocks.host_ns - before.clocks.host_ns);
	memcpy(state->dies, after.dies, sizeof(after.dies));
	return 0;
}

static int read_memory(struct npu_device *dev, struct card_state *state)
{
	uint32_t size = sizeof(state->memory);
	int err = npu_device_query(dev, DRM_NPU_QUERY_MEMORY, state->memory, &size);

	state->memory_count = err ? 0 : size / sizeof(state->memory[0]);
	return err;
}

static void read_driver_version(struct npu_device *dev, struct card_state *state)
{
	drmVersionPtr version = drmGetVersion(npu_device_fd(dev));

	if (!version)
		return;
	state->driver_major = version->version_major;
	state->driver_minor = version->version_minor;
	state->driver_patch = version->version_patchlevel;
	drmFreeVersion(version);
}

static int read_card(const struct card_look *arg, struct card_state *state)
{
	struct npu_device *dev;
	int err = npu_device_open(arg->node->path, &dev);

	if (err)
		return err;
	read_driver_version(dev, state);
	err = read_busy(dev, arg->interval_ms, state);
	if (!err)
		err = read_memory(dev, state);
	if (!err)
		err = query(dev, DRM_NPU_QUERY_RESETS, &state->resets,
			    sizeof(state->resets));
	/* Last, so that the counters are of the end of the interval. */
	if (!err)
		err = query(dev, DRM_NPU_QUERY_DEVICE, &state->info, sizeof(state->info));
	npu_device_close(dev);
	return err;
}

static void look_at_card(const void *arg, FILE *out)
{
	struct card_state state = { 0 };

	state.err = read_card(arg, &state);
	if (state.err)
		snprintf(state.detail, sizeof(state.detail), "%s", npu_last_error());
	fwrite(&state, sizeof(state), 1, out);
}

/* ---- In the parent: all cards -------------------------------------------- */

static void take_state(struct card *card, const struct look *look)
{
	struct card_state *state = &card->state;

	if (look->size == sizeof(*state)) {
		memcpy(state, look->data, sizeof(*state));
		state->info.model[sizeof(state->info.model) - 1] = '\0';
		sanitize((char *)state->info.model);
		if (state->info.dies > DRM_NPU_MAX_DIES)
			state->info.dies = DRM_NPU_MAX_DIES;
		return;
	}
	state->err = look->complete ? -EIO : -ETIMEDOUT;
	snprintf(state->detail, sizeof(state->detail), "%s (%s) %s", card->node.name,
		 card->node.pci,
		 look->complete ? "could not be looked at" : "does not answer");
}

static int add_client(struct card *card, const struct client *client)
{
	struct client *more = realloc(card->clients,
				      (card->client_count + 1) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	card->clients = more;
	more[card->client_count++] = *client;
	return 0;
}

/* What a look that ran out of time had found by then is taken, too. */
static void take_clients(struct cards *cards, const struct look *look)
{
	const struct client *found = (const struct client *)look->data;
	size_t count = look->size / sizeof(*found), i;
	unsigned int c;

	for (c = 0; c < cards->count; c++)
		cards->card[c].clients_cut = !look->complete;
	for (i = 0; i < count; i++) {
		for (c = 0; c < cards->count; c++) {
			if (!strcmp(cards->card[c].node.pci, found[i].pci))
				add_client(&cards->card[c], &found[i]);
		}
	}
}

static int look_at_all(struct cards *cards, int interval_ms)
{
	struct card_look *args = calloc(cards->count, sizeof(*args));
	struct look *looks = calloc(cards->count + 1, sizeof(*looks));
	struct own_looks own = { .looks = looks };
	unsigned int i;
	int err = args && looks ? 0 : -ENOMEM;

	while (!err && own.count < cards->count) {
		i = own.count;
		args[i] = (struct card_look){ &cards->card[i].node, interval_ms };
		err = look_start(&looks[i], look_at_card, &args[i]);
		own.count += !err;
	}
	if (!err)
		err = look_start(&looks[own.count], clients_look, &own);
	look_collect(looks, own.count + !err, err ? 0 : interval_ms + LOOK_LIMIT_MS);
	if (!err) {
		for (i = 0; i < cards->count; i++)
			take_state(&cards->card[i], &looks[i]);
		take_clients(cards, &looks[cards->count]);
	}
	for (i = 0; looks && i <= cards->count; i++)
		look_free(&looks[i]);
	free(looks);
	free(args);
	return err;
}

static bool is_called(const struct npu_node *node, const char *name)
{
	return !strcmp(node->name, name) || !strcmp(node->pci, name) ||
	       !strcmp(node->path, name);
}

/* Keep the cards with these names, in the order of the cards. */
static int select_cards(struct cards *cards, char *const *names, unsigned int count)
{
	unsigned int i, n, kept = 0;
	bool *wanted = calloc(cards->count + 1, sizeof(*wanted));

	if (!wanted)
		return EXIT_FAILED;
	for (n = 0; n < count; n++) {
		for (i = 0; i < cards->count; i++) {
			if (is_called(&cards->card[i].node, names[n]))
				break;
		}
		if (i == cards->count) {
			fprintf(stderr,
				"npuctl: there is no card %s; type: npuctl list\n",
				names[n]);
			free(wanted);
			cards->count = 0;
			return EXIT_NO_CARD;
		}
		wanted[i] = true;
	}
	for (i = 0; i < cards->count; i++) {
		if (wanted[i])
			cards->card[kept++] = cards->card[i];
	}
	cards->count = kept;
	free(wanted);
	return EXIT_FINE;
}

static int list_cards(struct cards *cards)
{
	struct npu_node *nodes;
	int count = npu_list(NULL, 0), found, i;

	if (count <= 0)
		return count;
	nodes = calloc(count, sizeof(*nodes));
	cards->card = calloc(count, sizeof(*cards->card));
	found = nodes && cards->card ? npu_list(nodes, count) : -ENOMEM;
	if (found > count)
		found = count;
	for (i = 0; i < found; i++)
		cards->card[i].node = nodes[i];
	cards->count = found > 0 ? found : 0;
	free(nodes);
	return found;
}

int cards_read(struct cards *cards, char *const *names, unsigned int count,
	       int interval_ms)
{
	int err;

	*cards = (struct cards){ 0 };
	err = list_cards(cards);
	if (err < 0) {
		fprintf(stderr, "npuctl: cannot list the cards: %s\n", npu_strerror(err));
		return EXIT_FAILED;
	}
	if (!cards->count) {
		advise_no_card();
		return EXIT_NO_CARD;
	}
	if (count) {
		err = select_cards(cards, names, count);
		if (err)
			return err;
	}
	err = look_at_all(cards, interval_ms);
	if (err) {
		fprintf(stderr, "npuctl: cannot look at the cards: %s\n",
			npu_strerror(err));
		return EXIT_FAILED;
	}
	return cards_verdict(cards);
}

void cards_free(struct cards *cards)
{
	unsigned int i;

	for (i = 0; i < cards->count; i++)
		free(cards->card[i].clients);
	free(cards->card);
	*cards = (struct cards){ 0 };
}

/* ---- Conclusions --------------------------------------------------------- */

static int verdict(const struct card *card)
{
	switch (card->state.err) {
	case 0:
		return card->state.info.health == DRM_NPU_HEALTH_OK ? EXIT_FINE :
								      EXIT_DEGRADED;
	case -ETIMEDOUT:
		return EXIT_TIMED_OUT;
	case -EACCES:
		return EXIT_NO_PERMISSION;
	case -ENODEV:
		return EXIT_NO_CARD;
	default:
		return EXIT_DEGRADED;
	}
}

/* The worst card decides, and the codes are in the order of how bad it is. */
int cards_verdict(const struct cards *cards)
{
	int worst = EXIT_FINE, one;
	unsigned int i;

	for (i = 0; i < cards->count; i++) {
		one = verdict(&cards->card[i]);
		if (one > worst)
			worst = one;
	}
	return worst;
}

uint64_t card_memory_used(const struct card *card, uint32_t memory_class)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < card->state.memory_count; i++) {
		if (card->state.memory[i].memory_class == memory_class)
			sum += card->state.memory[i].used;
	}
	return sum;
}

uint64_t card_memory_total(const struct card *card, uint32_t memory_class)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < card->state.memory_count; i++) {
		if (card->state.memory[i].memory_class == memory_class)
			sum += card->state.memory[i].total;
	}
	return sum;
}

double card_busy(const struct card *card)
{
	double sum = 0;
	unsigned int i;

	for (i = 0; i < card->state.info.dies; i++)
		sum += card->state.busy_percent[i];
	return i ? sum / i : 0;
}

const char *card_health(const struct card *card)
{
	static const char *const names[] = {
		[DRM_NPU_HEALTH_OK] = "ok",
		[DRM_NPU_HEALTH_RESETTING] = "resetting",
		[DRM_NPU_HEALTH_FAILED] = "failed",
	};

	switch (card->state.err) {
	case 0:
		return card->state.info.health < ARRAY_SIZE(names) ?
			       names[card->state.info.health] :
			       "unknown";
	case -ETIMEDOUT:
		return "no answer";
	case -EACCES:
		return "no permission";
	case -ENODEV:
		return "gone";
	default:
		return "broken";
	}
}

unsigned int card_hidden_clients(const struct card *card)
{
	/* One of those that the driver counts was our look. */
	unsigned int others = card->state.info.clients;

	others -= others > 0;
	return others > card->client_count ? others - card->client_count : 0;
}

const char *die_state_name(uint32_t state)
{
	static const char *const names[] = { "idle", "running", "resetting" };

	return state < ARRAY_SIZE(names) ? names[state] : "unknown";
}
