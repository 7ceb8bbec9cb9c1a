/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "block.h"
#include "clones.h"
#include "dtype.h"
#include "rows.h"

/* Elements of a row that are converted at a time; whole blocks of every type. */
#define CHUNK 1024

typedef float lanes __attribute__((vector_size(64)));

NPU_CLONES
static float dot(const float *a, const float *b, uint64_t n)
{
    lanes sum[4] = { { 0 } }, all;
    float total = 0, parts[16];
    uint64_t i = 0;

    for (; i + 64 <= n; i += 64) {
        for (unsigned j = 0; j < 4; j++) {
            lanes x, y;

            memcpy(&x, a + i + 16 * j, sizeof(x));
            memcpy(&y, b + i + 16 * j, sizeof(y));
            sum[j] += x * y;
        }
    }
    for (; i < n; i++) {
        total += a[i] * b[i];
    }
    all = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    memcpy(parts, &all, sizeof(parts));
    for (unsigned j = 0; j < 16; j++) {
        total += parts[j];
    }
    return total;
}

/* A row of an operand times x, converted by chunks. */
static float row_times(const unsigned char *row, uint32_t dtype,
                       const struct npu_block *block, const float *x,
                       uint64_t n)
{
    unsigned size = block ? 0 : npu_element_size(dtype);
    NPU_ROOM float room[CHUNK];
    float sum = 0;

    for (uint64_t i = 0; i < n; i += CHUNK) {
        uint64_t count = n - i < CHUNK ? n - i : CHUNK;
        const float *a = room;

        if (block) {
            npu_block_get_f32(block, room,
                              row + i / block->elements * block->bytes,
                              count / block->elements);
        } else {
            a = npu_row_f32(row + i * size, size, dtype, count, room);
        }
        sum += dot(a, x + i, count);
    }
    return sum;
}

/* Rows at once, if the CPU has a way; the rest of them one by one. */
void npu_rows_times(const unsigned char *row, int64_t pitch, unsigned rows,
                    uint32_t dtype, const float *x, uint64_t n, float *sum)
{
    const struct npu_block *block = npu_block_find(dtype);
    const struct npu_unpack *unpack = npu_unpack_find(dtype);
    uint64_t together = unpack ? n / unpack->elements : 0;
    uint64_t done = unpack ? together * unpack->elements : 0;

    memset(sum, 0, rows * sizeof(*sum));
    if (together) {
        unpack->dot(row, pitch, rows, x, together, sum);
        row += together * unpack->bytes;
    }
    for (unsigned i = 0; i < rows && done < n; i++) {
        sum[i] += row_times(row + i * pitch, dtype, block, x + done, n - done);
    }
}
