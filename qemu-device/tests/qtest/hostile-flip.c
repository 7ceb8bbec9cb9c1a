/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that changes while the card reads it: for moments, words of packets,
 * tails, programs, arguments and page tables are something else.
 */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "hostile.h"
#include "vtd.h"

#define FLIPPERS 2
#define BURST 2000 /* flips between two short sleeps */

static pthread_t flippers[FLIPPERS];
static bool stop; /* atomic */

struct target {
    uint64_t at; /* in guest memory, or in the card's HBM */
    uint64_t size;
    bool hbm;
};

static const struct target targets[] = {
    { HOST_RINGS, 4096, false },
    { HOST_RINGS + 0x8000, 16, false }, /* tail */
    { HOST_RINGS + 0x10000, 4096, false },
    { HBM_TABLES, 8 * NPU_PT_SIZE, true },
    { HBM_DATA + (VA_ARGS - VA_DATA), 64, true },
    { HBM_DATA + (VA_PROGRAM - VA_DATA), 1024, true },
    { VTD_TABLES, 0x8000, false },
};

static uint64_t *any_word(unsigned *state)
{
    const struct target *target =
        &targets[rand_r(state) % (sizeof(targets) / sizeof(targets[0]))];
    uint64_t at = target->at + rand_r(state) % (target->size / 8) * 8;

    return (uint64_t *)((target->hbm ? guest_hbm : guest_ram) + at);
}

/* Another bit, a smaller number, or anything. */
static uint64_t wrong(uint64_t word, unsigned *state)
{
    switch (rand_r(state) % 3) {
    case 0:
        return word ^ 1ull << (rand_r(state) % 64);
    case 1:
        return rand_r(state) % 16;
    default:
        return (uint64_t)rand_r(state) << 33 ^ rand_r(state);
    }
}

static void *flip(void *arg)
{
    unsigned state = (uintptr_t)arg;

    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        for (unsigned left = BURST; left; left--) {
            uint64_t *word = any_word(&state);
            uint64_t was = __atomic_load_n(word, __ATOMIC_RELAXED);

            __atomic_store_n(word, wrong(was, &state), __ATOMIC_RELAXED);
            for (unsigned spin = rand_r(&state) % 64; spin; spin--) {
                __asm__ volatile("" ::: "memory");
            }
            __atomic_store_n(word, was, __ATOMIC_RELAXED);
        }
        usleep(100);
    }
    return NULL;
}

void hostile_flip_start(void)
{
    __atomic_store_n(&stop, false, __ATOMIC_RELAXED);
    for (uintptr_t i = 0; i < FLIPPERS; i++) {
        EXPECT(!pthread_create(&flippers[i], NULL, flip,
                               (void *)(uintptr_t)any()));
    }
}

void hostile_flip_stop(void)
{
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < FLIPPERS; i++) {
        pthread_join(flippers[i], NULL);
    }
}
