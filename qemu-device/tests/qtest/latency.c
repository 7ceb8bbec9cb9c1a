/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * On a machine that does other things as well, an answer may be late because the
 * one who asks, or threads of QEMU, wait for a CPU: the one that answers, or those
 * that have a lock which that needs, one after the other.  The kernel counts that
 * time for each thread, so it need not be guessed: it is taken off before the limit
 * is applied.  Time in which QEMU's threads run, sleep, or wait for each other is
 * never taken off.
 */
#define _GNU_SOURCE
#include <dirent.h>
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

#define WAITERS 64

struct waiter {
    unsigned tid; /* 0: from here on there are none */
    uint64_t us;
};

static struct {
    int fd;
    int qemus_end;
    bool stop; /* atomic */
    pthread_t thread;
    struct latency *latency;
    uint64_t worst_us, worst_wait_us, late;
    char tasks[32];
    struct waiter waiters[WAITERS];
    uint64_t own_waited_us;
} probe;

static uint64_t now_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000000ull + ts.tv_nsec / 1000;
}

/* Time that a thread was ready to run and did not. */
static uint64_t waited_us(const char *path)
{
    unsigned long long ran, waited = 0;
    FILE *file = fopen(path, "re");

    if (file) {
        if (fscanf(file, "%llu %llu", &ran, &waited) != 2) {
            waited = 0;
        }
        fclose(file);
    }
    return waited / 1000;
}

/* How much longer it is than when last looked at. */
static uint64_t more_waited_us(unsigned tid)
{
    struct waiter *waiter = probe.waiters;
    uint64_t was, is;
    char path[64];

    while (waiter < probe.waiters + WAITERS && waiter->tid &&
           waiter->tid != tid) {
        waiter++;
    }
    if (waiter == probe.waiters + WAITERS) {
        return 0;
    }
    snprintf(path, sizeof(path), "/proc/%d/task/%u/schedstat", qemu_process(),
             tid);
    is = waited_us(path);
    was = waiter->tid ? waiter->us : is;
    *waiter = (struct waiter){ tid, is };
    return is > was ? is - was : 0;
}

/* Since the last time: of all threads of QEMU, and the own one. */
static uint64_t all_waited_us(void)
{
    uint64_t own = waited_us("/proc/thread-self/schedstat");
    uint64_t more = own - probe.own_waited_us;
    struct dirent *entry;
    DIR *dir;

    probe.own_waited_us = own;
    dir = opendir(probe.tasks);
    while (dir && (entry = readdir(dir))) {
        unsigned tid = atoi(entry->d_name);

        if (tid) {
            more += more_waited_us(tid);
        }
    }
    if (dir) {
        closedir(dir);
    }
    return more;
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
    all_waited_us();
    while (!__atomic_load_n(&probe.stop, __ATOMIC_RELAXED)) {
        uint64_t start = now_us(), end;

        if (!ask("{ 'execute': 'query-status' }")) {
            tap_fail(__FILE__, __LINE__, "no answer to query-status");
        }
        end = now_us();
        note(end - start, all_waited_us());
        usleep(PAUSE_US);
    }
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
    close(probe.qemus_end);
    snprintf(probe.tasks, sizeof(probe.tasks), "/proc/%d/task", qemu_process());
    memset(probe.waiters, 0, sizeof(probe.waiters));
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
