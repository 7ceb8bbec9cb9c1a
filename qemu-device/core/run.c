/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RUN: fetch a program and its arguments, go through its instructions, run
 * tiles, write the report.  Nothing of the client's is looked at twice: the
 * program and its arguments are copied before they are checked.
 */
#include <stdlib.h>

#include "card.h"

static void *run_fetch(struct npu_access *access, uint64_t va, size_t size)
{
    void *copy = malloc(size);

    if (!copy) {
        npu_access_fault(access, NPU_ERR_RESOURCES, NPU_SPACE_CLIENT, va);
        return NULL;
    }
    if (!npu_access_read(access, NPU_SPACE_CLIENT, va, copy, size)) {
        free(copy);
        return NULL;
    }
    return copy;
}

static bool run_bind(struct npu_job *job, const void *image, const void *args,
                     struct npu_verdict *verdict)
{
    const struct npu_packet *packet = &job->packet;

    job->code = npu_code_new(image, packet->run.program_size, verdict);
    if (!job->code) {
        return false;
    }
    job->run = npu_run_new(job->code, args, packet->run.args_size, verdict);
    return job->run != NULL;
}

void npu_run_prepare(struct npu_card *card, struct npu_job *job,
                     struct npu_error *error)
{
    const struct npu_packet *packet = &job->packet;
    struct npu_verdict verdict = { NPU_ERR_NONE, NPU_ERROR_NO_INSN, NPU_NONE };
    struct npu_access access;
    void *image, *args = NULL;

    npu_access_begin(&access, card, job->queue->as, &job->over);
    image = run_fetch(&access, packet->run.program, packet->run.program_size);
    if (image && packet->run.args_size) {
        args = run_fetch(&access, packet->run.args, packet->run.args_size);
    }
    npu_access_end(&access);
    if (access.fault.code) {
        npu_error_from_fault(error, &access.fault);
    } else if (!run_bind(job, image, args, &verdict)) {
        npu_error_from_verdict(error, &verdict);
    } else {
        job->advance = true;
    }
    free(args);
    free(image);
}

static void run_account(struct npu_card *card, struct npu_job *job)
{
    struct npu_cost cost;

    npu_run_cost(job->run, job->insn, &cost);
    job->charge = npu_timing_insn(card->profile, job->dies, &cost);
    job->device_time += job->charge;
    job->operations += cost.operations;
    job->bytes += cost.bytes;
    job->peak_time += npu_timing_peak(card->profile, job->dies, &cost);
}

/* To the next instruction that takes time. */
void npu_run_advance(struct npu_card *card, struct npu_job *job)
{
    uint32_t count = npu_code_insns(job->code);

    if (job->begun) {
        if (!job->stall) {
            run_account(card, job);
        }
        job->insn++;
    }
    job->begun = true;
    job->stall = false;
    job->tiles = 0;
    for (; job->insn < count; job->insn++) {
        if (npu_run_opcode(job->run, job->insn) == NPU_OP_STALL) {
            uint64_t ms = npu_run_scalar(job->run, job->insn);

            job->stall = true;
            job->stall_left = ms ? ms * 1000000 : NPU_NEVER;
            return;
        }
        job->tiles = npu_run_tiles(job->run, job->insn, job->dies);
        if (job->tiles) {
            return;
        }
    }
    job->ended = true;
}

void npu_run_do_tile(struct npu_card *card, struct npu_task *task)
{
    struct npu_job *job = task->job;
    struct npu_verdict verdict = { NPU_ERR_NONE, NPU_ERROR_NO_INSN, NPU_NONE };
    struct npu_access access;
    bool ok;

    npu_access_begin(&access, card, job->queue->as, &job->over);
    access.mem.arena = task->arena;
    ok = npu_run_tile(job->run, job->insn, job->dies, task->index, &access.mem,
                      &verdict);
    npu_access_end(&access);
    if (ok) {
        return;
    }
    npu_error_from_verdict(&task->error, &verdict);
    if (!verdict.code) {
        npu_error_from_fault(&task->error, &access.fault);
        task->error.operand = verdict.operand;
    }
    task->error.insn = job->insn;
    task->error.die = npu_task_die(task);
}

void npu_run_report(struct npu_card *card, struct npu_job *job,
                    struct npu_error *error)
{
    struct npu_report report = {
        .status = job->error.code,
        .insn = job->error.code && job->error.insn != NPU_ERROR_NO_INSN ?
                    job->error.insn :
                    job->insn,
        .cookie = job->packet.run.cookie,
        .host_start = job->host_start,
        .host_end = job->host_end,
        .device_time = job->device_time,
        .operations = job->operations,
        .bytes = job->bytes,
        .peak_time = job->peak_time,
    };
    struct npu_access access;

    npu_access_begin(&access, card, job->queue->as, NULL);
    npu_access_write(&access, NPU_SPACE_CLIENT, job->packet.run.report, &report,
                     sizeof(report));
    npu_access_end(&access);
    if (access.fault.code) {
        npu_error_from_fault(error, &access.fault);
    }
}
