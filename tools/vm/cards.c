// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "cards.h"
#include "report.h"

#define GIB (1ull << 30)

/*
 * From here to 1 TiB lie addresses that AMD's processors, as which QEMU's own
 * appears, do not give out.  QEMU then moves what is above 4 GiB to 1 TiB, but
 * firmware moves the cards only behind memory that could be plugged in there.
 */
#define AMD_HOLE_START 0xfd00000000ull
#define AMD_HOLE_END   (1ull << 40)

/* Memory of each type unless hbm= says otherwise. */
static const struct {
	const char *type;
	uint64_t hbm;
} types[] = {
	{ "npu-x6000", 128 * GIB },
	{ "npu-dv100p", 128 * GIB },
	{ "npu-dv200d", 96 * GIB },
	{ "npu-dv300d", 144 * GIB },
};

/* For a type that is not in the table: QEMU knows whether it exists. */
#define HBM_UNKNOWN (256 * GIB)

static uint64_t type_hbm(const char *spec)
{
	size_t length = strcspn(spec, ",");

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strlen(types[i].type) == length &&
		    !strncmp(spec, types[i].type, length))
			return types[i].hbm;
	return HBM_UNKNOWN;
}

static uint64_t card_hbm(const char *spec)
{
	const char *prop = strstr(spec, ",hbm=");
	uint64_t bytes = 0;
	char *value;

	if (!prop)
		return type_hbm(spec);
	prop += strlen(",hbm=");
	value = strndup(prop, strcspn(prop, ","));
	if (!value || !vm_parse_size(value, 1, &bytes))
		vm_die("--card %s: hbm wants a size such as 16G", spec);
	free(value);
	return bytes;
}

static uint64_t round_up_power(uint64_t value)
{
	uint64_t power = 1 << 20;

	while (power < value && power < 1ull << 62)
		power <<= 1;
	return power;
}

static const char *card_spec(const struct vm_cards *cards, int i)
{
	return cards->specs->v[i % cards->specs->n];
}

static unsigned int bits_for(uint64_t bytes)
{
	unsigned int bits = 32;

	while (bits < 63 && 1ull << bits < bytes)
		bits++;
	return bits;
}

void vm_plan_cards(const struct vm_options *options, struct vm_cards *cards)
{
	uint64_t total = 0, largest = 0, start;

	cards->specs = &options->cards;
	cards->count = options->card_count;
	for (int i = 0; i < cards->count; i++) {
		uint64_t bar = round_up_power(card_hbm(card_spec(cards, i)));

		if (bar > 1ull << 45)
			vm_die("--card %s: more memory than a card can show",
			       card_spec(cards, i));
		total += bar;
		if (bar > largest)
			largest = bar;
	}
	/* Firmware aligns the first to the largest; 1 GiB for the small devices. */
	cards->hole = total + largest + GIB;
	start = 4 * GIB + options->memory + GIB;
	cards->above_1t = start + cards->hole > AMD_HOLE_START;
	if (cards->above_1t)
		start += AMD_HOLE_END;
	cards->bits = bits_for(start + cards->hole);
}

/*
 * Eight ports share a slot of the root bus; firmware numbers buses in their
 * order, so that card i is 0000:(i + 1):00.0 in the guest.
 */
void vm_add_cards(const struct vm_cards *cards, struct strv *args)
{
	for (int i = 0; i < cards->count; i++) {
		strv_add(args, "-device");
		strv_add(args,
			 "pcie-root-port,id=port%d,bus=pcie.0,chassis=%d,slot=%d,"
			 "addr=0x%x.%d,multifunction=on",
			 i, i + 1, i + 1, 1 + i / 8, i % 8);
		strv_add(args, "-device");
		strv_add(args, "%s,id=npu%d,bus=port%d", card_spec(cards, i), i, i);
	}
	strv_add(args, "-global");
	strv_add(args, "q35-pcihost.pci-hole64-size=%lluM",
		 (unsigned long long)(cards->hole >> 20));
}
