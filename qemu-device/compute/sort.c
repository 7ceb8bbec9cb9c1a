/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All numbers: by digits of a byte, the least one first, which takes the same time
 * whatever the numbers are.  Some of many: all that a sample lets expect to be among
 * them, which is checked.  The first few: by insertion, where most numbers fail
 * the comparison with the last one that was kept.
 */
#include <stdbool.h>
#include <string.h>

#include "clones.h"
#include "sort.h"

#define DIGITS 8
#define VALUES 256

/* Numbers that tell where the others are. */
#define SAMPLE 512

/* Numbers that are compared with the last one kept before each is looked at. */
#define GLANCE 16

#define VECTOR 8 /* numbers */

/* ---- All ----------------------------------------------------------------- */

static unsigned digit_of(uint64_t number, unsigned digit)
{
    return number >> 8 * digit & (VALUES - 1);
}

/* From how many numbers have a digit to where the first of them goes. */
static void counts_to_places(uint32_t *count)
{
    uint32_t place = 0;

    for (unsigned value = 0; value < VALUES; value++) {
        uint32_t n = count[value];

        count[value] = place;
        place += n;
    }
}

static void sort_half(uint64_t *number, uint64_t *spare, size_t n,
                      unsigned byte)
{
    uint32_t count[DIGITS][VALUES] = { 0 };
    uint64_t *from = number, *to = spare;

    for (size_t i = 0; i < n; i++) {
        for (unsigned digit = byte; digit < DIGITS; digit++) {
            count[digit][digit_of(number[i], digit)]++;
        }
    }
    for (unsigned digit = byte; digit < DIGITS; digit++) {
        uint32_t *place = count[digit];
        uint64_t *other = from;

        if (place[digit_of(number[0], digit)] == n) {
            continue; /* all have the same */
        }
        counts_to_places(place);
        for (size_t i = 0; i < n; i++) {
            to[place[digit_of(from[i], digit)]++] = from[i];
        }
        from = to;
        to = other;
    }
    if (from != number) {
        memcpy(number, from, n * sizeof(*number));
    }
}

/* Merge what is sorted up to half and from there on. */
static void merge(uint64_t *number, uint64_t *spare, size_t n, size_t half,
                  unsigned byte)
{
    size_t left = 0, right = half, out = 0;

    memcpy(spare, number, half * sizeof(*number));
    while (left < half && right < n) {
        uint64_t a = spare[left], b = number[right];
        bool second = b >> 8 * byte < a >> 8 * byte;

        number[out++] = second ? b : a;
        left += !second;
        right += second;
    }
    memcpy(number + out, spare + left, (half - left) * sizeof(*number));
}

void npu_sort(uint64_t *number, uint64_t *spare, size_t n, unsigned byte)
{
    size_t half = n / 2;

    if (n <= NPU_SORT_HALF) {
        sort_half(number, spare, n, byte);
        return;
    }
    sort_half(number, spare, half, byte);
    sort_half(number + half, spare, n - half, byte);
    merge(number, spare, n, half, byte);
}

/* ---- Some ---------------------------------------------------------------- */

/* A number that some more than k of n are probably not above: a sample knows. */
static uint64_t limit_of(const uint64_t *number, size_t n, size_t k)
{
    uint64_t sample[SAMPLE], spare[SAMPLE];
    size_t rank = k * SAMPLE / n, margin = 8;

    while (margin * margin < 16 * rank) {
        margin++;
    }
    for (size_t i = 0; i < SAMPLE; i++) {
        sample[i] = number[i * n / SAMPLE];
    }
    sort_half(sample, spare, SAMPLE, 0);
    return sample[rank + margin];
}

NPU_CLONES
static size_t count_up_to(const uint64_t *number, size_t n, uint64_t limit)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++) {
        count += number[i] <= limit;
    }
    return count;
}

size_t npu_sort_narrow(uint64_t *number, size_t n, size_t k)
{
    uint64_t limit = limit_of(number, n, k);
    size_t count = 0;

    if (count_up_to(number, n, limit) < k) {
        return n; /* the sample was a bad one */
    }
    for (size_t i = 0; i < n; i++) {
        uint64_t one = number[i];

        number[count] = one;
        count += one <= limit;
    }
    return count;
}

/* ---- The first few ------------------------------------------------------- */

/* From one number to the next in steps of a vector; at least as many are kept. */
static size_t kept(const struct npu_first *first)
{
    return (first->most + VECTOR - 1) / VECTOR * VECTOR;
}

void npu_first_start(struct npu_first *first, size_t most)
{
    first->most = most;
    for (size_t i = 0; i < kept(first); i++) {
        first->number[i] = UINT64_MAX;
    }
}

/*
 * Every number that is kept becomes the middle one of itself, the one before and
 * the new one: the vectoriser needs no more to move what is behind its place.
 */
static inline __attribute__((always_inline)) void insert(uint64_t *number,
                                                         size_t n, uint64_t new)
{
    uint64_t before[1 + NPU_FIRST_MOST];

    before[0] = 0;
    memcpy(before + 1, number, n * sizeof(*number));
    _Pragma("GCC ivdep") for (size_t i = 0; i < n; i++)
    {
        uint64_t least = before[i] > new ? before[i] : new;

        number[i] = number[i] < least ? number[i] : least;
    }
}

/* Is one of GLANCE numbers below a limit? */
static inline __attribute__((always_inline)) bool any_below(
    const uint64_t *number, uint64_t limit)
{
    uint64_t any = 0;

    for (size_t i = 0; i < GLANCE; i++) {
        any |= number[i] < limit;
    }
    return any;
}

NPU_CLONES
void npu_first_offer(struct npu_first *first, const uint64_t *number, size_t n)
{
    size_t most = kept(first);

    for (size_t i = 0; i < n; i += GLANCE) {
        size_t count = n - i < GLANCE ? n - i : GLANCE, found = 0;
        uint64_t limit = first->number[first->most - 1];
        uint64_t some[GLANCE];

        if (count == GLANCE && !any_below(number + i, limit)) {
            continue;
        }
        for (size_t j = 0; j < count; j++) {
            some[found] = number[i + j];
            found += number[i + j] < limit;
        }
        for (size_t j = 0; j < found; j++) {
            insert(first->number, most, some[j]);
        }
    }
}
