/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest that is up to no good.  Each case runs in four machines: the plain QEMU
 * and the one with sanitizers, without and with an IOMMU that translates.  QEMU has
 * to survive, to answer its management socket within 100 ms all the while, to say
 * nothing that a sanitizer would say, and to compute right afterwards.
 */
#ifndef NPU_QTEST_HOSTILE_H
#define NPU_QTEST_HOSTILE_H

#include "card.h"
#include "latency.h"

#define GUEST_RAM_SIZE (256ull << 20)
#define GUEST_HBM_SIZE (64ull << 20)

/*
 * The machine: the card, another one as a peer, memory and the card's HBM mapped
 * here as well, so that they can be written to while QEMU reads them.
 */
extern uint8_t *guest_ram, *guest_hbm;
extern bool guest_has_iommu;

/* Repeatable: from the seed that is printed, and the name of the case. */
uint64_t any(void);
uint64_t any_below(uint64_t limit);
bool one_in(unsigned count);
#define ANY_OF(array) ((array)[any_below(sizeof(array) / sizeof((array)[0]))])
/* Addresses that hurt, and a few that do not. */
uint64_t any_address(void);

/* True until the case has used up its time, which is @share of all. */
bool hostile_goes_on(double share);

/* Whatever was done to it: the machine as it was at first, with the card reset. */
void hostile_recover(void);
/* Recover, then let the card compute and copy, and look at all of the result. */
void hostile_expect_right_answers(void);

/* One thing that a bad guest does, of many kinds. */
void hostile_attack(void);

/* Threads that write to what the card reads, until they are stopped. */
void hostile_flip_start(void);
void hostile_flip_stop(void);

struct hostile_case {
    const char *what;
    bool vcpus; /* the machine has two CPUs, which walk the lists of hammer.h */
    void (*run)(void);
};

void hostile_register(const struct hostile_case *which);

/* HOSTILE(case) { ... }: the machine is there, and looked at afterwards. */
#define HOSTILE_CASE(name, has_vcpus)                              \
    static void hostile_##name(void);                              \
    __attribute__((constructor)) static void register_##name(void) \
    {                                                              \
        static const struct hostile_case which = {                 \
            .what = #name,                                         \
            .vcpus = has_vcpus,                                    \
            .run = hostile_##name,                                 \
        };                                                         \
        hostile_register(&which);                                  \
    }                                                              \
    static void hostile_##name(void)
#define HOSTILE(name) HOSTILE_CASE(name, false)
#define HOSTILE_VCPUS(name) HOSTILE_CASE(vcpus_##name, true)

#endif
