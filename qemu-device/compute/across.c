/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transposing by blocks.  A line of the CPU's caches is read once and written once,
 * however badly the pitches suit the caches: a block's columns are first brought to a
 * buffer of their own, and leave it by whole rows, through squares in registers.
 */
#include <stddef.h>
#include <string.h>

#include "across.h"
#include "clones.h"
#include "dtype.h"

/*
 * Sides of a block, in elements: runs of 256 bytes and more, behind whose beginning
 * the CPU reads ahead.
 */
#define SIDE_1 256
#define SIDE_2 128
#define SIDE_4 64
#define SIDE_8 64

/* Bytes of a buffer for any of them. */
#define ROOM (64u << 10)

typedef uint8_t v1 __attribute__((vector_size(16), may_alias));
typedef uint16_t v2 __attribute__((vector_size(16), may_alias));
typedef uint32_t v4 __attribute__((vector_size(16), may_alias));
typedef uint64_t v8 __attribute__((vector_size(16), may_alias));

/* The elements of two vectors in turn: of their first halves, of their second. */
#define LOW_1(a, b)                                                            \
    __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, \
                            22, 7, 23)
#define HIGH_1(a, b)                                                        \
    __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, \
                            29, 14, 30, 15, 31)
#define LOW_2(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define HIGH_2(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#define LOW_4(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define HIGH_4(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#define LOW_8(a, b) __builtin_shufflevector(a, b, 0, 2)
#define HIGH_8(a, b) __builtin_shufflevector(a, b, 1, 3)

/*
 * A square of side rows.  The index of an element is that of its row, then that of
 * its column: taking rows from both halves in turn rotates it by a bit, so half of
 * its bits later rows and columns have changed places.
 */
#define SQUARE(size, side)                                                   \
    static inline __attribute__((                                            \
        always_inline)) void square_##size(unsigned char *to,                \
                                           int64_t to_pitch,                 \
                                           const unsigned char *from,        \
                                           int64_t from_pitch)               \
    {                                                                        \
        v##size row[side], next[side];                                       \
                                                                             \
        _Pragma("GCC unroll 16") for (int i = 0; i < (side); i++)            \
        {                                                                    \
            memcpy(&row[i], from + i * from_pitch, sizeof(row[i]));          \
        }                                                                    \
        _Pragma("GCC unroll 4") for (int bits = 1; bits < (side); bits *= 2) \
        {                                                                    \
            _Pragma("GCC unroll 8") for (int i = 0; i < (side) / 2; i++)     \
            {                                                                \
                next[2 * i] = LOW_##size(row[i], row[i + (side) / 2]);       \
                next[2 * i + 1] = HIGH_##size(row[i], row[i + (side) / 2]);  \
            }                                                                \
            _Pragma("GCC unroll 16") for (int i = 0; i < (side); i++)        \
            {                                                                \
                row[i] = next[i];                                            \
            }                                                                \
        }                                                                    \
        _Pragma("GCC unroll 16") for (int i = 0; i < (side); i++)            \
        {                                                                    \
            memcpy(to + i * to_pitch, &row[i], sizeof(row[i]));              \
        }                                                                    \
    }

SQUARE(1, 16)
SQUARE(2, 8)
SQUARE(4, 4)
SQUARE(8, 2)

/* What is left at the edges of a block, element by element. */
static void part(unsigned char *to, int64_t to_pitch, const unsigned char *from,
                 int64_t from_pitch, unsigned size, uint64_t rows,
                 uint64_t columns)
{
    if (!columns) {
        return;
    }
    for (uint64_t row = 0; row < rows; row++) {
        npu_row_copy(to, size, from, from_pitch, size, columns);
        to += to_pitch;
        from += size;
    }
}

/* A block out of its buffer, whose pitch is a number that the compiler knows. */
#define BLOCK(size, square)                                                    \
    NPU_CLONES static void block_##size(unsigned char *to, int64_t to_pitch,   \
                                        const unsigned char *from,             \
                                        uint64_t rows, uint64_t columns)       \
    {                                                                          \
        const int64_t step = square, pitch = SIDE_##size * (size);             \
        int64_t whole_rows = (int64_t)rows / step * step;                      \
        int64_t whole_columns = (int64_t)columns / step * step;                \
        for (int64_t i = 0; i < whole_rows; i += step) {                       \
            for (int64_t j = 0; j < whole_columns; j += step) {                \
                square_##size(to + i * to_pitch + j * (size), to_pitch,        \
                              from + j * pitch + i * (size), pitch);           \
            }                                                                  \
        }                                                                      \
        part(to + whole_columns * (size), to_pitch,                            \
             from + whole_columns * pitch, pitch, size, (uint64_t)whole_rows,  \
             columns - (uint64_t)whole_columns);                               \
        part(to + whole_rows * to_pitch, to_pitch, from + whole_rows * (size), \
             pitch, size, rows - (uint64_t)whole_rows, columns);               \
    }

BLOCK(1, 16)
BLOCK(2, 8)
BLOCK(4, 4)
BLOCK(8, 2)

typedef void block_fn(unsigned char *to, int64_t to_pitch,
                      const unsigned char *from, uint64_t rows,
                      uint64_t columns);

static const struct {
    unsigned side;
    block_fn *out;
} kinds[] = {
    [1] = { SIDE_1, block_1 },
    [2] = { SIDE_2, block_2 },
    [4] = { SIDE_4, block_4 },
    [8] = { SIDE_8, block_8 },
};

void npu_copy_across(unsigned char *to, int64_t to_pitch,
                     const unsigned char *from, int64_t from_pitch,
                     unsigned size, uint64_t rows, uint64_t columns)
{
    NPU_ROOM _Alignas(64) unsigned char room[ROOM];
    uint64_t side = kinds[size].side;

    for (uint64_t i = 0; i < rows; i += side) {
        uint64_t high = rows - i < side ? rows - i : side;

        for (uint64_t j = 0; j < columns; j += side) {
            uint64_t wide = columns - j < side ? columns - j : side;
            const unsigned char *at = from + (int64_t)j * from_pitch +
                                      (int64_t)i * size;

            for (uint64_t column = 0; column < wide; column++) {
                memcpy(room + column * side * size,
                       at + (int64_t)column * from_pitch, high * size);
            }
            kinds[size].out(to + (int64_t)i * to_pitch + (int64_t)j * size,
                            to_pitch, room, high, wide);
        }
    }
}
