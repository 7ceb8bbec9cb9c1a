/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the fuzz targets share.  A target is LLVMFuzzerTestOneInput() in a file of
 * its name; its inputs are little scripts, and its seeds are such scripts that
 * reach something interesting.  With clang and libFuzzer it makes inputs of its
 * own; with any compiler main.c plays the seeds and what was once found.
 */
#ifndef NPU_FUZZ_H
#define NPU_FUZZ_H

#include "../support-core.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Give up, loudly, if what must hold does not. */
#define MUST(cond) fuzz_must(cond, #cond, __FILE__, __LINE__)
void fuzz_must(bool cond, const char *text, const char *file, int line);

/* ---- Reading an input ---------------------------------------------------- */

struct input {
    const uint8_t *data;
    size_t size;
};

/* The next bytes as a number; zeros behind the end. */
uint64_t take(struct input *in, unsigned bytes);

/* A number by its first byte: a small one, one of a table, or any. */
#define NUMBER_KNOWN 0x80 /* + index in the table */
#define NUMBER_RAW 0xff   /* eight bytes follow */
uint64_t take_number(struct input *in, const uint64_t *known, unsigned count);

/* ---- Seeds --------------------------------------------------------------- */

#define SEED_MAX 2048

struct seed {
    const char *name;
    const uint8_t *bytes;
    size_t size;
};

#define SEED(name)                \
    {                             \
#name, name, sizeof(name) \
    }

/* Bytes of seed number @index and its name; 0: there is no such seed. */
size_t fuzz_seed(unsigned index, uint8_t *to, const char **name);
size_t seed_copy(const struct seed *seeds, unsigned count, unsigned index,
                 uint8_t *to, const char **name);

/* ---- A card for inputs --------------------------------------------------- */

/*
 * One card for all inputs of a process.  Between two of them it is reset and its
 * memory emptied, so that each finds it as new.
 *
 * RAM holds four rings, then their tails and fence records, then memory that the
 * client's address space maps at CLIENT_HOST_VA.  RIG_CLIENT bytes of HBM are mapped
 * at CLIENT_HBM_VA.
 */
#define RIG_DIES 3
#define RIG_HBM (RIG_DIES * (2ull << 20))
#define RIG_QUEUES 4
#define RIG_ORDER 4
#define RIG_RING(queue) (FAKE_RAM_BUS + 0x1000 * (queue))
#define RIG_TAIL(queue) (FAKE_RAM_BUS + 0x8000 + 128 * (queue))
#define RIG_FENCE(queue) (RIG_TAIL(queue) + 64)
#define RIG_HOST (FAKE_RAM_BUS + 0x10000)
#define RIG_CLIENT 0x40000ull

/* The card, and the root of the client's page tables. */
struct rig {
    struct fake *f;
    uint64_t root;
};

struct rig rig_begin(void);
/* Registers of a queue, but it is not enabled. */
void rig_queue(struct rig *rig, unsigned queue, uint32_t die_mask);
/* All zero but for its opcode, also where the union is longer than its first. */
struct npu_packet packet_new(unsigned opcode);
/* Until no queue of the rig has work, or for a few milliseconds. */
void rig_settle(struct rig *rig);
/* Reset it, and look that nothing is left behind. */
void rig_end(struct rig *rig);

#endif
