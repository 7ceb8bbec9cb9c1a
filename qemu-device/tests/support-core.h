/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host for a card without QEMU: RAM at a bus address, HBM, threads, and a
 * driver's few skills (queues, page tables, programs).
 */
#ifndef NPU_SUPPORT_CORE_H
#define NPU_SUPPORT_CORE_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "npu_card.h"

#define FAKE_RAM_BUS 0x40000000ull
#define FAKE_RAM_SIZE (16u << 20)
#define FAKE_DIE_HBM (16u << 20)
#define MS 1000000ull

struct fake {
    struct npu_card *card;
    struct npu_pool *pool;
    uint8_t *ram;
    uint8_t *hbm;
    uint64_t hbm_size;
    uint64_t ram_top; /* bytes of RAM given out */
    uint64_t pt_top;  /* HBM offset of the next page table */

    pthread_t owner; /* the test's own thread */

    /* What the card did; atomic */
    unsigned raised[NPU_MAX_VECTORS];
    unsigned raised_by_owner; /* inside an access to a register */
    unsigned translations;
    unsigned references; /* maps that were not released */
    unsigned errors;
    uint64_t written;     /* bytes of HBM reported */
    uint64_t written_low; /* lowest and highest of these */
    uint64_t written_high;

    /* How the host behaves */
    unsigned chunk;      /* most bytes of a translation, 0: any */
    bool deny;           /* nothing can be translated */
    uint64_t remap_from; /* a page that is mapped elsewhere, 0: none */
    uint64_t remap_to;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool hold;     /* translate() comes back when this is false */
    unsigned held; /* threads that wait there */
    char error[256];
};

struct fake_config {
    uint32_t profile;  /* 0: X6000 */
    unsigned dies;     /* 0: 8 */
    unsigned threads;  /* 0: 4 */
    uint64_t hbm_size; /* 0: FAKE_DIE_HBM a die */
};

struct fake *fake_new(const struct fake_config *config);
struct fake *fake_default(void);
const struct npu_host_ops *fake_ops(void);
/* Frees the card first; checks that every translation was released. */
void fake_free(struct fake *f);
void fake_hold(struct fake *f, bool hold);
void fake_wait_held(struct fake *f);

uint64_t fake_now(void);
void fake_sleep_ms(unsigned ms);
/*
 * What must be done within @ms on a machine of its own, in ns.  More where a
 * sanitizer or others on the machine slow it down: 100 ms must not become a
 * lottery.
 */
uint64_t fake_limit(unsigned ms);
/* CPU time of the whole process, ns */
uint64_t fake_cpu(void);

uint32_t rd32(struct fake *f, uint64_t offset);
uint64_t rd64(struct fake *f, uint64_t offset);
void wr32(struct fake *f, uint64_t offset, uint32_t value);
void wr64(struct fake *f, uint64_t offset, uint64_t value);
/* Until a 32-bit register reads as wanted; false after 20 s. */
bool fake_wait32(struct fake *f, uint64_t offset, uint32_t want);
bool fake_wait_ready(struct fake *f);

/* RAM, page aligned: its bus address. */
uint64_t fake_ram(struct fake *f, uint64_t size);
void *fake_ram_ptr(struct fake *f, uint64_t bus);

/* ---- Page tables --------------------------------------------------------- */

#define MAP_WRITE NPU_PTE_WRITE
#define MAP_HBM (NPU_APERTURE_HBM << NPU_PTE_APERTURE_SHIFT)
#define MAP_HOST (NPU_APERTURE_HOST << NPU_PTE_APERTURE_SHIFT)
#define MAP_PEER (NPU_APERTURE_PEER << NPU_PTE_APERTURE_SHIFT)

uint64_t fake_table(struct fake *f);
/* The entry of @va at @level; tables on the way are made. */
uint64_t *fake_pte(struct fake *f, uint64_t root, uint64_t va, unsigned level);
void fake_map(struct fake *f, uint64_t root, uint64_t va, uint64_t address,
              uint64_t size, uint64_t flags);
void fake_unmap(struct fake *f, uint64_t root, uint64_t va, uint64_t size);

/*
 * An address space that maps [0x100000, 0x100000 + 4 MiB) to HBM from 1 MiB on,
 * and 4 MiB of RAM behind a bus address at 0x10000000, all writable.
 */
#define CLIENT_HBM_VA 0x100000ull
#define CLIENT_HBM (1ull << 20)
#define CLIENT_SIZE (4ull << 20)
#define CLIENT_HOST_VA 0x10000000ull

struct fake_client {
    uint64_t root;
    uint64_t bus; /* of CLIENT_HOST_VA */
};

void fake_client_init(struct fake *f, struct fake_client *client);
/* Client memory in HBM by its virtual address. */
void *fake_client_ptr(struct fake *f, uint64_t va);

/* ---- Queues -------------------------------------------------------------- */

struct fake_queue {
    struct fake *f;
    unsigned index;
    unsigned order;
    uint64_t ring, tail_at, fence_at;
    uint64_t tail;
    uint64_t sequence;
};

/* Program the registers without enabling. */
void fq_setup(struct fake_queue *q, struct fake *f, unsigned index,
              uint64_t root, uint32_t die_mask);
void fq_enable(struct fake_queue *q);
void fq_open(struct fake_queue *q, struct fake *f, unsigned index,
             uint64_t root, uint32_t die_mask);
/* Close and enable again from packet 0. */
void fq_reopen(struct fake_queue *q);
uint64_t fq_reg(const struct fake_queue *q, uint32_t offset);
uint32_t fq_state(const struct fake_queue *q);
bool fq_wait_state(const struct fake_queue *q, uint32_t state);
/* Until it has retired more than @tiles. */
bool fq_wait_tiles(const struct fake_queue *q, uint64_t tiles);
void fq_control(const struct fake_queue *q, uint32_t command);
void fq_error(const struct fake_queue *q, struct npu_error *error);

void fq_put(struct fake_queue *q, const struct npu_packet *packet);
void fq_ring(struct fake_queue *q);
/* From a thread of its own, to be joined, which may have to wait in the host. */
pthread_t fq_ring_elsewhere(struct fake_queue *q);
void fq_push(struct fake_queue *q, const struct npu_packet *packet);
void fq_fence(struct fake_queue *q);
/* Push a fence and wait for it; false after 60 s or when the queue died. */
bool fq_sync(struct fake_queue *q);
bool fq_wait_fence(struct fake_queue *q, uint64_t sequence);
const struct npu_fence_record *fq_record(const struct fake_queue *q);

/* Push a packet and expect the queue to end with @code. */
void fq_expect(struct fake_queue *q, const struct npu_packet *packet,
               uint32_t code, struct npu_error *error);

/* ---- Programs ------------------------------------------------------------ */

#define PROGRAM_MAX 65536

struct fake_program {
    struct npu_insn insn[64];
    struct npu_tensor tensor[64];
    unsigned insns, tensors, bases, scalars;
    uint64_t args[64];
    uint64_t va, args_va, report_va;
};

/* At CLIENT_HBM_VA + @offset: image, arguments and report, 64 KiB in all. */
void fp_init(struct fake_program *p, uint64_t offset);
uint16_t fp_base(struct fake_program *p, uint64_t va);
/* A dense tensor of @dtype at a base address. */
uint16_t fp_tensor(struct fake_program *p, uint64_t va, unsigned dtype,
                   unsigned rank, const uint64_t *extent);
uint16_t fp_vector(struct fake_program *p, uint64_t va, unsigned dtype,
                   uint64_t extent);
struct npu_insn *fp_insn(struct fake_program *p, uint16_t opcode,
                         unsigned operands, ...);
void fp_stall(struct fake_program *p, uint32_t ms);
size_t fp_image_size(const struct fake_program *p);
/* Write it to client memory and make the packet that runs it. */
struct npu_packet fp_load(struct fake *f, struct fake_program *p,
                          uint64_t cookie);
const struct npu_report *fp_report(struct fake *f,
                                   const struct fake_program *p);

/* A packet that stalls @ms on its queue, at its own @slot of client memory. */
struct npu_packet fake_stall(struct fake *f, unsigned slot, uint32_t ms);

#endif
