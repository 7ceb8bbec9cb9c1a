/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * On a machine that does other things as well, an answer may be late because the
 * one who asks or the one who answers waits for a CPU.  The kernel counts that
 * time for each thread, so it need not be guessed: it is taken off before the
 * limit is applied.  Time for which QEMU's main thread runs, sleeps, or waits for
 * a lock is never taken off.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "latency.h"
#include "qemu.h"
#include "tap.h"

#define PAUSE_US 3000
#define GIVE_UP_MS 20000

static struct {
    int fd;
    int qemus_end;
    int main_stat; /* of QEMU's main thread, and of the one who asks */
    int own_stat;
    bool stop; /* atomic */
    pthread_t thread;
    struct latency *latency;
    uint64_t worst_us, worst_wait_us, late;
} probe;

static uint64_t now_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000000ull + ts.tv_nsec / 1000;
}

/* Time that a thread was ready to run and did not. */
static uint64_t waited_us(int stat)
{
    unsigned long long ran, waited;
    char text[128];
    ssize_t got = pread(stat, text, sizeof(text) - 1, 0);

    text[got > 0 ? got : 0] = 0;
    return sscanf(text, "%llu %llu", &ran, &waited) == 2 ? waited / 1000 : 0;
}

/* Up to the end of the line that answers; events are read over. */
static bool read_answer(void)
{
    char text[4096];
    size_t used = 0;

    for (;;) {
        struct pollfd poll_fd = { .fd = probe.fd, .events = POLLIN };
        ssize_t got;

        if (poll(&poll_fd, 1, GIVE_UP_MS) <= 0) {
            return false;
        }
        got = read(probe.fd, text + used, sizeof(text) - 1 - used);
        if (got <= 0) {
            return false;
        }
        used += got;
        text[used] = 0;
        if (strstr(text, "\"return\"") && text[used - 1] == '\n') {
            return true;
        }
        if (used > sizeof(text) / 2) {
            used = 0;
        }
    }
}

static bool ask(const char *command)
{
    return send(probe.fd, command, strlen(command), MSG_NOSIGNAL) ==
               (ssize_t)strlen(command) &&
           read_answer();
}

static void note(uint64_t us, uint64_t wait_us)
{
    struct latency *latency = probe.latency;
    uint64_t own = us > wait_us ? us - wait_us : 0;
    unsigned step = us / 100;

    latency->answers++;
    latency->step[step < LATENCY_STEPS ? step : LATENCY_STEPS - 1]++;
    if (us > latency->max_us) {
        latency->max_us = us;
    }
    if (own > latency->max_own_us) {
        latency->max_own_us = own;
    }
    if (own > LATENCY_MAX_MS * 1000) {
        probe.late++;
    }
    if (own > probe.worst_us) {
        probe.worst_us = own;
        probe.worst_wait_us = wait_us;
    }
}

static void *probe_main(void *arg)
{
    (void)arg;
    probe.own_stat = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    while (!__atomic_load_n(&probe.stop, __ATOMIC_RELAXED)) {
        uint64_t waited = waited_us(probe.main_stat) +
                          waited_us(probe.own_stat);
        uint64_t start = now_us(), end;

        if (!ask("{ 'execute': 'query-status' }")) {
            if (!__atomic_load_n(&probe.stop, __ATOMIC_RELAXED)) {
                tap_fail(__FILE__, __LINE__, "no answer to query-status");
            }
            break;
        }
        end = now_us();
        note(end - start,
             waited_us(probe.main_stat) + waited_us(probe.own_stat) - waited);
        usleep(PAUSE_US);
    }
    close(probe.own_stat);
    return NULL;
}

const char *latency_args(void)
{
    static char text[128];
    int ends[2];

    EXPECT(!socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    probe.fd = ends[0];
    probe.qemus_end = ends[1];
    snprintf(text, sizeof(text),
             "-chardev socket,id=probe,fd=%d -mon chardev=probe,mode=control ",
             ends[1]);
    return text;
}

void latency_start(struct latency *latency)
{
    char path[64];

    close(probe.qemus_end);
    snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", qemu_process(),
             qemu_process());
    probe.main_stat = open(path, O_RDONLY | O_CLOEXEC);
    EXPECT(probe.main_stat >= 0);
    probe.latency = latency;
    probe.stop = false;
    probe.worst_us = probe.worst_wait_us = probe.late = 0;
    EXPECT(ask("{ 'execute': 'qmp_capabilities' }"));
    EXPECT(!pthread_create(&probe.thread, NULL, probe_main, NULL));
}

void latency_stop(void)
{
    __atomic_store_n(&probe.stop, true, __ATOMIC_RELAXED);
    pthread_join(probe.thread, NULL);
    close(probe.main_stat);
    close(probe.fd);
    if (probe.late) {
        tap_fail(__FILE__, __LINE__,
                 "%" PRIu64 " answers took longer than %u "
                 "ms, the worst %" PRIu64 " ms, and %" PRIu64 " ms more that "
                 "were waited for a CPU",
                 probe.late, LATENCY_MAX_MS, probe.worst_us / 1000,
                 probe.worst_wait_us / 1000);
    }
}

const char *latency_text(const struct latency *latency)
{
    static char text[128];
    uint64_t seen = 0;
    unsigned step = 0;

    while (step < LATENCY_STEPS - 1 &&
           (seen += latency->step[step]) * 2 < latency->answers) {
        step++;
    }
    snprintf(text, sizeof(text),
             "%" PRIu64 " answers, p50 %u.%u ms, max %" PRIu64 ".%" PRIu64
             " ms (%" PRIu64 ".%" PRIu64 " without waiting "
             "for a CPU)",
             latency->answers, step / 10, step % 10, latency->max_us / 1000,
             latency->max_us / 100 % 10, latency->max_own_us / 1000,
             latency->max_own_us / 100 % 10);
    return text;
}
