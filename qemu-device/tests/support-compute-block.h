/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SUPPORT_COMPUTE_BLOCK_H
#define SUPPORT_COMPUTE_BLOCK_H

#include "support-compute.h"

unsigned block_bytes(uint32_t dtype);
/* Element i of a block */
double block_get(uint32_t dtype, const uint8_t *block, unsigned i);

#endif
