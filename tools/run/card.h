/* SPDX-License-Identifier: MIT */
/* Running a model on a card. */
#ifndef RUN_CARD_H
#define RUN_CARD_H

#include "model.h"

/**
 * struct card_options - how to run
 * @device: name, path or PCI address; NULL: the first card
 * @dies: mask of the dies to use, 0: all
 * @repeat: how often to run all data
 * @hold: say where the weights lie and wait for a line before the run
 */
struct card_options {
	const char *device;
	uint32_t dies;
	unsigned int repeat;
	bool hold;
};

/**
 * struct card_figures - what was measured
 * @device: name of the card
 * @dies: how many dies took part
 * @host_ms: from the first submission to the last answer, of one pass
 * @device_ms: by the card's timing model, of one pass
 */
struct card_figures {
	char device[16];
	unsigned int dies;
	double host_ms;
	double device_ms;
};

/* 0 with the model's results filled in, or -errno with *err. */
int card_run(struct model *model, const struct card_options *options,
	     struct card_figures *figures, struct error *err);

#endif
