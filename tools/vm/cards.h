/* SPDX-License-Identifier: MIT */
/* The cards of a VM and the room that their memory takes among addresses. */
#ifndef VM_CARDS_H
#define VM_CARDS_H

#include "options.h"

struct vm_cards {
	const struct strv *specs;
	int count;
	uint64_t hole;	   /* bytes for 64-bit BARs */
	bool above_1t;	   /* it is too large for what is below */
	unsigned int bits; /* of a physical address, to hold memory and hole */
};

void vm_plan_cards(const struct vm_options *options, struct vm_cards *cards);
/* QEMU's arguments for the cards, each behind a port of its own. */
void vm_add_cards(const struct vm_cards *cards, struct strv *args);

#endif
