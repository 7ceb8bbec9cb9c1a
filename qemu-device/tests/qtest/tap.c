/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include <fnmatch.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "qemu.h"
#include "tap.h"

#define TAP_SKIPPED 77
#define TAP_SECONDS 240

static struct tap_case *cases;

/* Sorted by name: constructors run in the linker's order. */
void tap_register(struct tap_case *test)
{
    struct tap_case **at = &cases;

    while (*at && strcmp((*at)->name, test->name) < 0) {
        at = &(*at)->next;
    }
    test->next = *at;
    *at = test;
}

void tap_fail(const char *file, int line, const char *format, ...)
{
    va_list ap;

    printf("# %s:%d: ", file, line);
    va_start(ap, format);
    vprintf(format, ap);
    va_end(ap);
    printf("\n");
    qemu_print_stderr();
    fflush(stdout);
    _exit(1);
}

void tap_skip(const char *why)
{
    printf("# skipped: %s\n", why);
    fflush(stdout);
    _exit(TAP_SKIPPED);
}

static int tap_run(const struct tap_case *test)
{
    int status;
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (!pid) {
        alarm(TAP_SECONDS);
        test->run(test);
        fflush(stdout);
        _exit(0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        return -1;
    }
    if (WIFSIGNALED(status)) {
        printf("# ended by signal %d%s\n", WTERMSIG(status),
               WTERMSIG(status) == SIGALRM ? ": took too long" : "");
        return -1;
    }
    return WEXITSTATUS(status);
}

static bool tap_wanted(const struct tap_case *test, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (!fnmatch(argv[i], test->name, FNM_EXTMATCH)) {
            return true;
        }
    }
    return argc < 2;
}

/* Arguments are patterns of names: npu-qtest 'reset: *' '@(dma|msix): *' */
int main(int argc, char **argv)
{
    unsigned count = 0, failed = 0, number = 0;
    struct tap_case *test;

    for (test = cases; test; test = test->next) {
        count += tap_wanted(test, argc, argv);
    }
    printf("TAP version 13\n1..%u\n", count);
    for (test = cases; test; test = test->next) {
        int result;

        if (!tap_wanted(test, argc, argv)) {
            continue;
        }
        result = tap_run(test);
        failed += result && result != TAP_SKIPPED;
        printf("%s %u - qtest %s%s\n",
               result && result != TAP_SKIPPED ? "not ok" : "ok", ++number,
               test->name, result == TAP_SKIPPED ? " # SKIP" : "");
    }
    return failed || !count;
}
