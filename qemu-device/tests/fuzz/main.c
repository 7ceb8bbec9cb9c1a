/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plays inputs without a fuzzer, with any compiler.
 *
 *   test-fuzz-TARGET             all seeds, and all files in FUZZ_REGRESSIONS; TAP
 *   test-fuzz-TARGET FILE...     these inputs, to see one fail again
 *   test-fuzz-TARGET --seeds DIR write the seeds there, for a fuzzer to begin with
 */
#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

#include "fuzz.h"

#define INPUT_MAX (1u << 20)
#define INPUT_SECONDS 60 /* one that takes longer hangs */

static unsigned played;

static void play(const char *name, const uint8_t *data, size_t size)
{
    /* Of its exact size, so that a read behind its end is seen. */
    uint8_t *copy = malloc(size);

    memcpy(copy, data, size);
    printf("# %s\n", name);
    fflush(stdout);
    alarm(INPUT_SECONDS);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    printf("ok %u - %s\n", ++played, name);
}

static int play_file(const char *path)
{
    static uint8_t data[INPUT_MAX];
    FILE *file = fopen(path, "rb");
    size_t size;

    if (!file) {
        perror(path);
        return 2;
    }
    size = fread(data, 1, sizeof(data), file);
    fclose(file);
    play(path, data, size);
    return 0;
}

static void play_seeds(void)
{
    uint8_t seed[SEED_MAX];
    const char *name;
    unsigned i;
    size_t size;

    for (i = 0; (size = fuzz_seed(i, seed, &name)) != 0; i++) {
        play(name, seed, size);
    }
}

/* There may be no such directory: nothing was found yet. */
static int play_regressions(void)
{
    DIR *dir = opendir(FUZZ_REGRESSIONS);
    struct dirent *entry;
    char path[4096];
    int status = 0;

    while (dir && !status && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.') {
            snprintf(path, sizeof(path), "%s/%s", FUZZ_REGRESSIONS,
                     entry->d_name);
            status = play_file(path);
        }
    }
    if (dir) {
        closedir(dir);
    }
    return status;
}

static int write_seeds(const char *dir)
{
    uint8_t seed[SEED_MAX];
    const char *name;
    char path[4096];
    unsigned i;
    size_t size;

    for (i = 0; (size = fuzz_seed(i, seed, &name)) != 0; i++) {
        FILE *file;

        snprintf(path, sizeof(path), "%s/%s", dir, name);
        file = fopen(path, "wb");
        if (!file || fwrite(seed, size, 1, file) != 1 || fclose(file)) {
            perror(path);
            return 2;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    int status = 0;
    int i;

    if (argc == 3 && !strcmp(argv[1], "--seeds")) {
        return write_seeds(argv[2]);
    }
    if (argc > 1) {
        for (i = 1; i < argc && !status; i++) {
            status = play_file(argv[i]);
        }
        return status;
    }
    play_seeds();
    status = play_regressions();
    printf("1..%u\n", played);
    return status;
}
