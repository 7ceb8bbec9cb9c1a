/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A packet that takes long: RUN on the dies, COPY and FILL on the DMA engines.
 */
#ifndef NPU_JOB_H
#define NPU_JOB_H

#include <sys/queue.h>

#include "../compute/npu_compute.h"
#include "npu_card.h"

struct npu_queue;

/*
 * Host memory that the programs and arguments of a card's jobs may take, all
 * together: a guest has 1,024 queues and may want 16 MiB in each.  Whoever finds
 * no room waits for others to end.
 */
#define NPU_PROGRAM_ROOM (256ull << 20)

/* In the order in which a job goes through them. */
enum npu_job_phase {
    NPU_JOB_STARVED, /* RUN: waits for room for its program */
    NPU_JOB_PREPARE, /* RUN: copy and check the program */
    NPU_JOB_QUEUED,  /* RUN: waits for its gang */
    NPU_JOB_RUNNING,
    NPU_JOB_REPORT, /* RUN: the report is to be written */
    NPU_JOB_DONE,   /* the command processor takes over */
};

enum npu_task_kind {
    NPU_TASK_NONE,
    NPU_TASK_PREPARE,
    NPU_TASK_ADVANCE, /* go to the next instruction */
    NPU_TASK_TILE,
    NPU_TASK_CHUNK,
    NPU_TASK_REPORT,
};

/* What one worker thread does at a time. */
struct npu_task {
    enum npu_task_kind kind;
    struct npu_job *job;
    unsigned rank;           /* TILE: which die of the gang */
    uint64_t index;          /* TILE: tile; CHUNK: offset */
    uint64_t size;           /* CHUNK: bytes */
    struct npu_arena *arena; /* TILE: of the thread that runs it */
    struct npu_error error;  /* what went wrong, code 0: nothing */
};

/*
 * The card's lock protects all, with one exception: the task PREPARE, ADVANCE
 * or REPORT is alone in its job and owns what is marked (task).
 */
struct npu_job {
    TAILQ_ENTRY(npu_job) link; /* in the card's list while ready */
    bool ready;
    struct npu_queue *queue;
    struct npu_packet packet;
    uint64_t room; /* RUN: what it takes of the card's program_room */
    enum npu_job_phase phase;
    bool dma;               /* COPY or FILL: needs no gang */
    bool by_cp;             /* the CP does its short tasks just now */
    unsigned in_flight;     /* tasks that threads work on */
    struct npu_error error; /* the first one; code 0: none */
    bool over;              /* atomic: has an error, tasks need not go on */
    uint64_t host_start;    /* when it got its first gang, 0: never */
    uint64_t host_end;

    /* RUN */
    struct npu_code *code; /* (task) */
    struct npu_run *run;   /* (task) */
    unsigned dies;
    bool begun;     /* (task) insn is an instruction that was run */
    bool advance;   /* ADVANCE is due */
    bool ended;     /* (task) behind the last instruction */
    uint32_t insn;  /* (task) */
    uint64_t tiles; /* (task) of this instruction */
    uint64_t tiles_done;
    uint64_t next[NPU_MAX_DIES]; /* next tile by rank */
    uint32_t busy_ranks;
    bool stall;          /* (task) the instruction is a STALL */
    uint64_t stall_left; /* (task) ns, NPU_NEVER: until stopped */
    uint64_t stall_since;
    uint64_t charge;      /* (task) device ns of the one just ended */
    uint64_t device_time; /* (task) */
    uint64_t operations;  /* (task) */
    uint64_t bytes;       /* (task) */
    uint64_t peak_time;   /* (task) device ns of the operations alone */

    /* COPY, FILL */
    uint64_t offset; /* bytes handed out */
};

TAILQ_HEAD(npu_job_list, npu_job);

/* job.c: the life of a job. With the card's lock held unless said otherwise. */
bool npu_job_start(struct npu_card *card, struct npu_queue *queue,
                   const struct npu_packet *packet);
void npu_job_free(struct npu_card *card, struct npu_job *job);
void npu_job_cancel(struct npu_card *card, struct npu_job *job, uint32_t code,
                    unsigned die);
/* Something changed: decide what comes next, make its tasks known. */
void npu_job_step(struct npu_card *card, struct npu_job *job);
/* Take one task of any job and do it; true: there is more. Takes the lock. */
bool npu_job_work(struct npu_card *card, struct npu_arena *arena);

/* run.c: without the lock. */
void npu_run_prepare(struct npu_card *card, struct npu_job *job,
                     struct npu_error *error);
void npu_run_advance(struct npu_card *card, struct npu_job *job);
void npu_run_do_tile(struct npu_card *card, struct npu_task *task);
void npu_run_report(struct npu_card *card, struct npu_job *job,
                    struct npu_error *error);

/* copy.c: without the lock. */
#define NPU_COPY_CHUNK (1u << 20)
void npu_copy_chunk(struct npu_card *card, struct npu_task *task);

#endif
