/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Test cases that register themselves, each run in a process of its own.
 */
#ifndef NPU_QTEST_TAP_H
#define NPU_QTEST_TAP_H

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tap_case {
    const char *name;
    void (*run)(const struct tap_case *test);
    const void *opaque; /* for run() */
    struct tap_case *next;
};

void tap_register(struct tap_case *test);

/* Ends the test: it has failed, or cannot be run here. */
void tap_fail(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4), noreturn));
void tap_skip(const char *why) __attribute__((noreturn));

/* TEST(area, case) { ... } is the test "area: case". */
#define TEST(area, what)                                                    \
    static void test_##area##_##what(const struct tap_case *test_);         \
    __attribute__((constructor)) static void register_##area##_##what(void) \
    {                                                                       \
        static struct tap_case test = {                                     \
            .name = #area ": " #what,                                       \
            .run = test_##area##_##what,                                    \
        };                                                                  \
        tap_register(&test);                                                \
    }                                                                       \
    static void test_##area##_##what(const struct tap_case *test_           \
                                     __attribute__((unused)))

#define EXPECT(condition)                                           \
    do {                                                            \
        if (!(condition)) {                                         \
            tap_fail(__FILE__, __LINE__, "not so: %s", #condition); \
        }                                                           \
    } while (0)

#define EXPECT_EQ(is, should)                                               \
    do {                                                                    \
        uint64_t is_ = (is), should_ = (should);                            \
        if (is_ != should_) {                                               \
            tap_fail(__FILE__, __LINE__,                                    \
                     "%s is 0x%" PRIx64 ", should be 0x%" PRIx64, #is, is_, \
                     should_);                                              \
        }                                                                   \
    } while (0)

#endif
