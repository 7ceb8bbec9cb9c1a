/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory of the register decoder. */
#ifndef NPU_CORE_REGS_H
#define NPU_CORE_REGS_H

#include <stdbool.h>

struct npu_card;

bool npu_regs_init(struct npu_card *card);
void npu_regs_destroy(struct npu_card *card);
/* Forget words that wait for their other half. With the card's lock held. */
void npu_regs_forget(struct npu_card *card);

#endif
