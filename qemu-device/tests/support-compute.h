/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of compute/: a memory, tensors in it, programs of one instruction,
 * and a driver that runs their tiles on threads.  Nothing here uses compute/
 * other than through npu_compute.h.
 */
#ifndef SUPPORT_COMPUTE_H
#define SUPPORT_COMPUTE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "npu_compute.h"

/* ---- Random numbers ------------------------------------------------------ */

/* NPU_TEST_SEED, or the default; the same for all tests of a program. */
uint64_t test_seed(void);

struct rng {
    uint64_t state;
};

struct rng rng_new(uint64_t seed);
uint64_t rng_next(struct rng *rng);
/* From low to high, both included. */
int64_t rng_range(struct rng *rng, int64_t low, int64_t high);
double rng_real(struct rng *rng, double low, double high);

/* ---- Memory -------------------------------------------------------------- */

/* How a memory hands out windows: always, never, or inside some pages only. */
enum mem_mode { MEM_WINDOWS, MEM_COPIES, MEM_PAGES, MEM_MODES };

struct test_mem {
    struct npu_mem mem; /* must be first */
    enum mem_mode mode;
    uint64_t base; /* address of ram */
    uint8_t *ram;
    size_t size, used;
    /* Accesses to [hole, hole_end) fail; with hole_writes, only writes. */
    uint64_t hole, hole_end;
    bool hole_writes;
};

struct test_mem *mem_new(size_t size);
void mem_free(struct test_mem *mem);
void mem_reset(struct test_mem *mem);
/* Reserve bytes; returns their address, a multiple of align and no more. */
uint64_t mem_take(struct test_mem *mem, size_t size, size_t align);
void *mem_at(struct test_mem *mem, uint64_t va);

/* ---- Tensors ------------------------------------------------------------- */

enum {
    LAYOUT_DENSE = 0,
    LAYOUT_PADDED = 1,    /* gaps between rows and elements */
    LAYOUT_PERMUTED = 2,  /* dimensions in any order in memory */
    LAYOUT_NEGATIVE = 4,  /* some walk backwards */
    LAYOUT_BROADCAST = 8, /* some have stride zero: sources only */
    LAYOUT_ANY = 7,
};

/* What random elements are like. */
enum values {
    VALUES_PLAIN, /* a few units around zero */
    VALUES_POSITIVE,
    VALUES_SPECIAL, /* with zeros, infinities, NaNs, extremes */
};

struct tensor {
    struct test_mem *mem;
    uint64_t va;            /* of element (0, ..., 0) */
    struct npu_tensor desc; /* base and offset are set by program_new() */
};

unsigned dtype_size(uint32_t dtype);
const char *dtype_name(uint32_t dtype);
bool dtype_is_float(uint32_t dtype);

struct tensor tensor_new(struct test_mem *mem, struct rng *rng, uint32_t dtype,
                         unsigned rank, const uint64_t *extent,
                         unsigned layout);
void tensor_fill(struct tensor *tensor, struct rng *rng, enum values values);

/* Blocks with random elements, and scales that keep these below 8 or so. */
struct tensor tensor_new_blocks(struct test_mem *mem, struct rng *rng,
                                uint32_t dtype, unsigned rank,
                                const uint64_t *extent);
/* The elements of a block of that type; 0: it has no blocks. */
unsigned block_elements(uint32_t dtype);
/* Of so many elements without gaps, in whole blocks. */
uint64_t dtype_bytes(uint32_t dtype, uint64_t elements);

uint64_t tensor_elements(const struct tensor *tensor);
/* Step an index through the extents; false when it is back at the beginning. */
bool tensor_next(const struct tensor *tensor, uint64_t *index);
void *tensor_at(const struct tensor *tensor, const uint64_t *index);
/* The value of an element; exact for every type, but for s64 beyond 2^53. */
double tensor_get(const struct tensor *tensor, const uint64_t *index);
void tensor_put(const struct tensor *tensor, const uint64_t *index,
                double value);

/* What a value is in a type, rounded once to nearest even. */
double round_to(uint32_t dtype, double value);

/* ---- Programs ------------------------------------------------------------ */

struct program {
    unsigned insns, tensors, bases, scalars;
    struct npu_program_header header;
    struct npu_insn insn[4];
    struct npu_tensor tensor[16];
    uint64_t args[32]; /* bases, then scalars */
};

/* Nothing in it yet. */
void program_init(struct program *program);
/* An instruction without scalar, parameters and operands; returns its index. */
unsigned program_insn(struct program *program, uint32_t opcode);
/* Give an instruction its next operand. */
void program_operand(struct program *program, unsigned insn,
                     const struct tensor *tensor);
/* Its bytes as the card gets them; free() it. */
void *program_image(const struct program *program, size_t *size);
/* Load it as it is; the code that it is refused with. */
uint32_t program_verdict(const struct program *program,
                         struct npu_verdict *verdict);

struct runner {
    struct npu_code *code;
    struct npu_run *run;
};

/* Load and bind a program that is expected to be good. */
struct runner runner_new(const struct program *program);
void runner_free(struct runner *runner);

/*
 * Run all tiles of an instruction on that many threads; false and the verdict of
 * one of the tiles that failed.
 */
bool run_insn(const struct runner *runner, uint32_t insn, unsigned dies,
              unsigned threads, struct test_mem *mem,
              struct npu_verdict *verdict);

/* ---- The whole check ----------------------------------------------------- */

/* What d should be, in f64; index is that of an element of d. */
typedef double reference(const void *arg, const uint64_t *index);

struct expectation {
    reference *value;
    const void *arg;
    /* Largest difference before d is rounded to its type; 0 and 0: equal. */
    double absolute, relative;
    bool identical; /* the same bits on any number of dies */
    uint64_t seed;  /* to tell when it fails */
    /* What the program updates besides d, NULL: nothing; and what that becomes. */
    const struct tensor *updated;
    const struct expectation *updated_as;
};

/*
 * Run the only instruction of a program with every kind of memory, on 1, 3 and 8
 * dies and 1 and 4 threads.  Fails unless d, and what else is updated, is what is
 * expected, and no other byte of the memory has changed.
 */
void expect(const struct program *program, const struct tensor *d,
            const struct expectation *expectation);

/* ---- Running many named tests --------------------------------------------- */

struct suite {
    struct CMUnitTest *tests;
    size_t count;
};

/* name is copied; state is what *state is in the test, may be NULL. */
void suite_add(struct suite *suite, CMUnitTestFunction test, void *state,
               const char *name, ...) __attribute__((format(printf, 4, 5)));
int suite_run(struct suite *suite, const char *name);

#endif
