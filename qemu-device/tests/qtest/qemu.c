/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "qemu.h"
#include "tap.h"

#define QEMU_ARGS_MAX 64
#define QEMU_QUIT_MS 10000
#define QEMU_REPLY_MS 20000
#define QEMU_CHUNK 2048u /* bytes in one qtest command */

/* A stream of lines from QEMU. */
struct line_stream {
    int fd;
    char buffer[65536];
    size_t used;  /* bytes in buffer */
    size_t taken; /* of these: the line handed out last */
};

static struct line_stream qtest_stream, qmp_stream;
static pid_t qemu_pid;
static int qemu_stderr_fd = -1;
static char events[4096]; /* names of events seen, each behind a space */

uint64_t now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000ull + ts.tv_nsec / 1000000;
}

void sleep_ms(unsigned ms)
{
    usleep(ms * 1000);
}

/* ---- Lines --------------------------------------------------------------- */

/* The next line without its end, good until the next call; NULL: it is late. */
static char *stream_line(struct line_stream *stream, int timeout_ms)
{
    uint64_t deadline = now_ms() + timeout_ms;

    stream->used -= stream->taken;
    memmove(stream->buffer, stream->buffer + stream->taken, stream->used);
    stream->taken = 0;
    for (;;) {
        char *end = memchr(stream->buffer, '\n', stream->used);
        struct pollfd poll_fd = { .fd = stream->fd, .events = POLLIN };
        uint64_t now = now_ms();
        ssize_t got;

        if (end) {
            *end = 0;
            stream->taken = end - stream->buffer + 1;
            return stream->buffer;
        }
        if (now >= deadline || poll(&poll_fd, 1, deadline - now) <= 0) {
            return NULL;
        }
        got = read(stream->fd, stream->buffer + stream->used,
                   sizeof(stream->buffer) - stream->used);
        if (got <= 0) {
            tap_fail(__FILE__, __LINE__, "QEMU has gone away");
        }
        stream->used += got;
    }
}

static void stream_send(struct line_stream *stream, const char *text)
{
    size_t size = strlen(text);

    while (size) {
        ssize_t sent = send(stream->fd, text, size, MSG_NOSIGNAL);

        if (sent <= 0) {
            tap_fail(__FILE__, __LINE__, "QEMU has gone away");
        }
        text += sent;
        size -= sent;
    }
}

/* ---- The process --------------------------------------------------------- */

static const char *qemu_binary(void)
{
    const char *binary = getenv("QEMU");

    return binary && *binary ? binary : QEMU_DEFAULT;
}

static unsigned qemu_split(char *text, char **argv, unsigned count)
{
    for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) {
        if (count == QEMU_ARGS_MAX - 1) {
            tap_fail(__FILE__, __LINE__, "too many arguments");
        }
        argv[count++] = word;
    }
    argv[count] = NULL;
    return count;
}

static void qemu_exec(char *common, char *text)
{
    char *argv[QEMU_ARGS_MAX] = { (char *)qemu_binary() };
    unsigned count = qemu_split(common, argv, 1);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    qemu_split(text, argv, count);
    dup2(qemu_stderr_fd, STDERR_FILENO);
    dup2(qemu_stderr_fd, STDOUT_FILENO);
    execvp(argv[0], argv);
    perror(argv[0]);
    _exit(127);
}

/* Returns the end that QEMU inherits: there are no files to clean up. */
static int stream_open(struct line_stream *stream)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) {
        tap_fail(__FILE__, __LINE__, "socketpair: %s", strerror(errno));
    }
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    stream->fd = ends[0];
    stream->used = 0;
    stream->taken = 0;
    return ends[1];
}

static void qemu_spawn(const char *format, va_list ap)
{
    int qtest = stream_open(&qtest_stream);
    int monitor = stream_open(&qmp_stream);
    char common[512], text[2048];

    vsnprintf(text, sizeof(text), format, ap);
    snprintf(common, sizeof(common),
             "-nodefaults -display none -machine q35 -m 256M -qtest-log none %s"
             "-chardev socket,id=qtest,fd=%d -qtest chardev:qtest "
             "-chardev socket,id=qmp,fd=%d -mon chardev=qmp,mode=control",
             strstr(text, "-accel ") ? "" : "-accel qtest ", qtest, monitor);
    qemu_stderr_fd = memfd_create("stderr", MFD_CLOEXEC);
    events[0] = 0;
    qemu_pid = fork();
    if (!qemu_pid) {
        qemu_exec(common, text);
    }
    close(qtest);
    close(monitor);
}

static int qemu_wait(unsigned timeout_ms)
{
    uint64_t deadline = now_ms() + timeout_ms;
    int status;

    while (waitpid(qemu_pid, &status, WNOHANG) != qemu_pid) {
        if (now_ms() > deadline) {
            tap_fail(__FILE__, __LINE__, "QEMU does not end");
        }
        sleep_ms(2);
    }
    qemu_pid = 0;
    return status;
}

void qemu_start(const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    qemu_spawn(format, ap);
    va_end(ap);
    if (!stream_line(&qmp_stream, QEMU_REPLY_MS)) {
        tap_fail(__FILE__, __LINE__, "no greeting from QEMU");
    }
    qmp("{ 'execute': 'qmp_capabilities' }");
}

void qemu_quit(void)
{
    int status;

    qmp("{ 'execute': 'quit' }");
    status = qemu_wait(QEMU_QUIT_MS);
    if (!WIFEXITED(status) || WEXITSTATUS(status)) {
        tap_fail(__FILE__, __LINE__, "QEMU ended with status 0x%x", status);
    }
    close(qtest_stream.fd);
    close(qmp_stream.fd);
}

const char *qemu_refusal(const char *format, ...)
{
    va_list ap;
    int status;

    va_start(ap, format);
    qemu_spawn(format, ap);
    va_end(ap);
    status = qemu_wait(QEMU_QUIT_MS);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 1) {
        tap_fail(__FILE__, __LINE__, "QEMU ended with status 0x%x", status);
    }
    close(qtest_stream.fd);
    close(qmp_stream.fd);
    return qemu_stderr();
}

const char *qemu_stderr(void)
{
    static char text[8192];
    ssize_t got = pread(qemu_stderr_fd, text, sizeof(text) - 1, 0);

    text[got > 0 ? got : 0] = 0;
    return text;
}

void qemu_print_stderr(void)
{
    char text[8192];

    if (qemu_stderr_fd < 0) {
        return;
    }
    snprintf(text, sizeof(text), "%s", qemu_stderr());
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        printf("# qemu: %s\n", line);
    }
}

int qemu_process(void)
{
    return qemu_pid;
}

unsigned qemu_threads(const char *prefix)
{
    char path[64], name[32];
    unsigned count = 0;
    struct dirent *entry;
    DIR *dir;

    snprintf(path, sizeof(path), "/proc/%d/task", qemu_pid);
    dir = opendir(path);
    EXPECT(dir);
    while ((entry = readdir(dir))) {
        FILE *file;

        snprintf(path, sizeof(path), "/proc/%d/task/%.16s/comm", qemu_pid,
                 entry->d_name);
        file = fopen(path, "r");
        if (file) {
            count += fgets(name, sizeof(name), file) &&
                     !strncmp(name, prefix, strlen(prefix));
            fclose(file);
        }
    }
    closedir(dir);
    return count;
}

uint64_t qemu_cpu_ms(void)
{
    unsigned long long user = 0, system = 0;
    char path[64];
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/stat", qemu_pid);
    file = fopen(path, "r");
    EXPECT(file);
    EXPECT(fscanf(file,
                  "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u "
                  "%*u %llu %llu",
                  &user, &system) == 2);
    fclose(file);
    return (user + system) * 1000 / sysconf(_SC_CLK_TCK);
}

/* ---- The qtest protocol -------------------------------------------------- */

/* Sends a command; what stands behind OK in the answer. */
static char *qtest_command(const char *format, ...)
{
    static char text[2 * QEMU_CHUNK + 128];
    char *line;
    va_list ap;

    va_start(ap, format);
    vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    stream_send(&qtest_stream, text);
    line = stream_line(&qtest_stream, QEMU_REPLY_MS);
    if (!line || strncmp(line, "OK", 2)) {
        text[strcspn(text, "\n")] = 0;
        tap_fail(__FILE__, __LINE__, "%.60s: %s", text,
                 line ? line : "no answer");
    }
    return line + 2;
}

static char size_letter(unsigned size)
{
    switch (size) {
    case 1:
        return 'b';
    case 2:
        return 'w';
    case 4:
        return 'l';
    default:
        return 'q';
    }
}

uint64_t qemu_read(uint64_t address, unsigned size)
{
    return strtoull(qtest_command("read%c 0x%" PRIx64 "\n", size_letter(size),
                                  address),
                    NULL, 0);
}

void qemu_write(uint64_t address, uint64_t value, unsigned size)
{
    qtest_command("write%c 0x%" PRIx64 " 0x%" PRIx64 "\n", size_letter(size),
                  address, value);
}

void qemu_outl(uint16_t port, uint32_t value)
{
    qtest_command("outl 0x%x 0x%x\n", port, value);
}

void qemu_copy_in(uint64_t address, const void *from, size_t size)
{
    const uint8_t *bytes = from;

    while (size) {
        size_t piece = size < QEMU_CHUNK ? size : QEMU_CHUNK;
        char hex[2 * QEMU_CHUNK + 1];

        for (size_t i = 0; i < piece; i++) {
            sprintf(hex + 2 * i, "%02x", bytes[i]);
        }
        qtest_command("write 0x%" PRIx64 " 0x%zx 0x%s\n", address, piece, hex);
        address += piece;
        bytes += piece;
        size -= piece;
    }
}

static unsigned hex_digit(char c)
{
    return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

void qemu_copy_out(uint64_t address, void *to, size_t size)
{
    uint8_t *bytes = to;

    while (size) {
        size_t piece = size < QEMU_CHUNK ? size : QEMU_CHUNK;
        const char *hex = qtest_command("read 0x%" PRIx64 " 0x%zx\n", address,
                                        piece) +
                          strlen(" 0x");

        for (size_t i = 0; i < piece; i++) {
            bytes[i] = hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]);
        }
        address += piece;
        bytes += piece;
        size -= piece;
    }
}

/* ---- QMP ----------------------------------------------------------------- */

static void qmp_note_event(const char *line)
{
    const char *name = strstr(line, "\"event\": \"");
    size_t used = strlen(events);

    name += strlen("\"event\": \"");
    snprintf(events + used, sizeof(events) - used, " %.*s ",
             (int)strcspn(name, "\""), name);
}

static char *qmp_line(int timeout_ms)
{
    char *line = stream_line(&qmp_stream, timeout_ms);

    if (line && strstr(line, "\"event\": \"")) {
        qmp_note_event(line);
    }
    return line;
}

/* QMP's JSON takes strings in single quotes. */
static const char *qmp_send(const char *format, va_list ap)
{
    char text[2048];
    char *line;

    vsnprintf(text, sizeof(text), format, ap);
    stream_send(&qmp_stream, text);
    do {
        line = qmp_line(QEMU_REPLY_MS);
        if (!line) {
            tap_fail(__FILE__, __LINE__, "no reply to %s", text);
        }
    } while (!strstr(line, "\"return\"") && !strstr(line, "\"error\""));
    return line;
}

const char *qmp(const char *format, ...)
{
    const char *line;
    va_list ap;

    va_start(ap, format);
    line = qmp_send(format, ap);
    va_end(ap);
    if (!strstr(line, "\"return\"")) {
        tap_fail(__FILE__, __LINE__, "%s: %s", format, line);
    }
    return line;
}

const char *qmp_any(const char *format, ...)
{
    const char *line;
    va_list ap;

    va_start(ap, format);
    line = qmp_send(format, ap);
    va_end(ap);
    return line;
}

void qmp_wait_event(const char *name)
{
    uint64_t deadline = now_ms() + QEMU_REPLY_MS;
    char key[64], *at;

    snprintf(key, sizeof(key), " %s ", name);
    while (!(at = strstr(events, key))) {
        if (now_ms() > deadline) {
            tap_fail(__FILE__, __LINE__, "no event %s", name);
        }
        qmp_line(100);
    }
    memmove(at, at + strlen(key), strlen(at + strlen(key)) + 1);
}
