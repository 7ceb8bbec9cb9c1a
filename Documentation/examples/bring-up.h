/* SPDX-License-Identifier: MIT */
/* What a driver needs of its machine to bring a card up. */
#ifndef BRING_UP_H
#define BRING_UP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* BAR 0 */
uint32_t read32(uint32_t offset);
uint64_t read64(uint32_t offset);
void write32(uint32_t offset, uint32_t value);
void write64(uint32_t offset, uint64_t value);

/* BAR 2, mapped: where an offset of HBM is */
void *hbm(uint64_t offset);

/* Coherent host memory, zero, at a multiple of 4096, with its bus address */
void *host_memory(size_t size, uint64_t *bus);

/* Until the vector was raised; false after two seconds */
bool wait_for_vector(unsigned int vector);

/* Bring the card up and add two numbers on it: 0, or a step that failed */
int bring_up_and_add(float a, float b, float *sum);

#endif
