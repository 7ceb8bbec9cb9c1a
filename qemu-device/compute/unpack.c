/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each format is a function that makes 32 elements, a step, two vectors of f32; a
 * block has one step or eight.  See block.c for what the blocks hold.
 */
#include "formats.h"
#include "npu/isa.h"
#include "unpack.h"
#include "vectors.h"

#if defined(__x86_64__)
#include <immintrin.h>

/* Bytes that are asked for before they are wanted. */
#define AHEAD 2048

#define AVX512 \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,f16c")))
#define INLINE static inline __attribute__((always_inline)) AVX512

struct pair {
    __m512 first, second;
};

INLINE __m128i bytes_at(const unsigned char *from)
{
    return _mm_loadu_si128((const void *)from);
}

INLINE __m128i low_bits(__m128i bytes)
{
    return _mm_and_si128(bytes, _mm_set1_epi8(15));
}

INLINE __m128i high_bits(__m128i bytes)
{
    return low_bits(_mm_srli_epi16(bytes, 4));
}

INLINE float half_at(const unsigned char *from)
{
    uint16_t bits;

    memcpy(&bits, from, sizeof(bits));
    return _cvtsh_ss(bits);
}

/* The entries of a table that 16 bytes name. */
INLINE __m512 look_up(__m128i bytes, __m512 table)
{
    return _mm512_permutexvar_ps(_mm512_cvtepu8_epi32(bytes), table);
}

INLINE struct pair look_up_halves(__m128i bytes, __m512 table)
{
    return (struct pair){ look_up(low_bits(bytes), table),
                          look_up(high_bits(bytes), table) };
}

INLINE __m512 from_0_to_15(void)
{
    return _mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

/* ---- Types without blocks ------------------------------------------------ */

INLINE struct pair step_f16(const unsigned char *from, unsigned step,
                            const float *scale)
{
    (void)step;
    (void)scale;
    return (struct pair){
        _mm512_cvtph_ps(_mm256_loadu_si256((const void *)from)),
        _mm512_cvtph_ps(_mm256_loadu_si256((const void *)(from + 32))),
    };
}

INLINE __m512 upper_half(const unsigned char *from)
{
    __m256i bits = _mm256_loadu_si256((const void *)from);

    return _mm512_castsi512_ps(
        _mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
}

INLINE struct pair step_bf16(const unsigned char *from, unsigned step,
                             const float *scale)
{
    (void)step;
    (void)scale;
    return (struct pair){ upper_half(from), upper_half(from + 32) };
}

INLINE __m512 e5m2(__m128i bytes)
{
    return _mm512_cvtph_ps(_mm256_slli_epi16(_mm256_cvtepu8_epi16(bytes), 8));
}

INLINE struct pair step_f8e5m2(const unsigned char *from, unsigned step,
                               const float *scale)
{
    (void)step;
    (void)scale;
    return (struct pair){ e5m2(bytes_at(from)), e5m2(bytes_at(from + 16)) };
}

/* As an f16 it has an exponent that is eight too small, and no NaN. */
INLINE __m512 e4m3(__m128i bytes)
{
    __m128i magnitude = _mm_and_si128(bytes, _mm_set1_epi8(0x7f));
    __mmask16 nan = _mm_cmpeq_epi8_mask(magnitude, _mm_set1_epi8(0x7f));
    __m256i wide = _mm256_slli_epi16(_mm256_cvtepu8_epi16(magnitude), 7);
    __m256i sign = _mm256_slli_epi16(_mm256_cvtepu8_epi16(bytes), 8);
    __m256i bits = _mm256_or_si256(wide,
                                   _mm256_and_si256(sign, _mm256_set1_epi16(
                                                              (short)0x8000)));
    __m512 value = _mm512_mul_ps(_mm512_cvtph_ps(bits), _mm512_set1_ps(256));

    return _mm512_mask_or_ps(value, nan, value, _mm512_set1_ps(NAN));
}

INLINE struct pair step_f8e4m3(const unsigned char *from, unsigned step,
                               const float *scale)
{
    (void)step;
    (void)scale;
    return (struct pair){ e4m3(bytes_at(from)), e4m3(bytes_at(from + 16)) };
}

/* Two in a byte are neighbours. */
INLINE struct pair step_s4(const unsigned char *from, unsigned step,
                           const float *scale)
{
    __m512 table = _mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, -8, -7, -6, -5, -4,
                                  -3, -2, -1);
    __m128i low = low_bits(bytes_at(from)), high = high_bits(bytes_at(from));

    (void)step;
    (void)scale;
    return (struct pair){ look_up(_mm_unpacklo_epi8(low, high), table),
                          look_up(_mm_unpackhi_epi8(low, high), table) };
}

/* ---- Blocks -------------------------------------------------------------- */

INLINE __m512 signed_bytes(const unsigned char *from)
{
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes_at(from)));
}

INLINE struct pair step_q8_0(const unsigned char *from, unsigned step,
                             const float *scale)
{
    __m512 d = _mm512_set1_ps(half_at(from));

    (void)step;
    (void)scale;
    return (struct pair){ _mm512_mul_ps(d, signed_bytes(from + 2)),
                          _mm512_mul_ps(d, signed_bytes(from + 18)) };
}

INLINE struct pair step_q4_0(const unsigned char *from, unsigned step,
                             const float *scale)
{
    __m512 table = _mm512_sub_ps(from_0_to_15(), _mm512_set1_ps(8));

    (void)step;
    (void)scale;
    table = _mm512_mul_ps(table, _mm512_set1_ps(half_at(from)));
    return look_up_halves(bytes_at(from + 2), table);
}

INLINE struct pair step_mxfp4(const unsigned char *from, unsigned step,
                              const float *scale)
{
    __m512 table = _mm512_setr_ps(0, 0.5f, 1, 1.5f, 2, 3, 4, 6, 0, -0.5f, -1,
                                  -1.5f, -2, -3, -4, -6);
    uint32_t e = from[0], bits = e ? e << 23 : 1u << 22;
    float d = float_of(e == 255 ? 0x7fc00000 : bits);

    (void)step;
    (void)scale;
    return look_up_halves(bytes_at(from + 1),
                          _mm512_mul_ps(table, _mm512_set1_ps(d)));
}

/* Eight bytes as f32, times d */
INLINE void scale_bytes(float *to, uint32_t low, uint32_t high, float d)
{
    __m128i bytes = _mm_cvtsi64_si128((long long)((uint64_t)high << 32 | low));
    __m256 value = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));

    _mm256_storeu_ps(to, _mm256_mul_ps(value, _mm256_set1_ps(d)));
}

/* The scales, then the minima, of the eight rows: four bytes at a time. */
INLINE void begin_q4_k(const unsigned char *from, float *scale)
{
    uint32_t a, b, c;

    memcpy(&a, from + 4, sizeof(a));
    memcpy(&b, from + 8, sizeof(b));
    memcpy(&c, from + 12, sizeof(c));
    scale_bytes(scale, a & 0x3f3f3f3f,
                (c & 0x0f0f0f0f) | ((a >> 2) & 0x30303030), half_at(from));
    scale_bytes(scale + 8, b & 0x3f3f3f3f,
                ((c >> 4) & 0x0f0f0f0f) | ((b >> 2) & 0x30303030),
                half_at(from + 2));
}

INLINE struct pair step_q4_k(const unsigned char *from, unsigned step,
                             const float *scale)
{
    const unsigned char *q = from + 16 + step / 2 * 32;
    __m128i first = bytes_at(q), second = bytes_at(q + 16);
    __m512 table = _mm512_fmsub_ps(from_0_to_15(), _mm512_set1_ps(scale[step]),
                                   _mm512_set1_ps(scale[step + 8]));

    if (step % 2) {
        return (struct pair){ look_up(high_bits(first), table),
                              look_up(high_bits(second), table) };
    }
    return (struct pair){ look_up(low_bits(first), table),
                          look_up(low_bits(second), table) };
}

/* 16 numbers of six bits, less 32, times s */
INLINE __m512 six_bits(const unsigned char *low, const unsigned char *high,
                       unsigned row, float s)
{
    __m128i four = row < 2 ? low_bits(bytes_at(low)) : high_bits(bytes_at(low));
    __m128i two = _mm_and_si128(_mm_srli_epi16(bytes_at(high), 2 * row),
                                _mm_set1_epi8(3));
    __m128i q = _mm_or_si128(four, _mm_slli_epi16(two, 4));
    __m512 value = _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(q));

    return _mm512_mul_ps(_mm512_sub_ps(value, _mm512_set1_ps(32)),
                         _mm512_set1_ps(s));
}

INLINE void begin_q6_k(const unsigned char *from, float *scale)
{
    _mm512_storeu_ps(scale, _mm512_mul_ps(signed_bytes(from + 192),
                                          _mm512_set1_ps(half_at(from + 208))));
}

INLINE struct pair step_q6_k(const unsigned char *from, unsigned step,
                             const float *scale)
{
    unsigned half = step / 4, row = step % 4;
    const unsigned char *low = from + 64 * half + 32 * (row & 1);
    const unsigned char *high = from + 128 + 32 * half;

    return (struct pair){
        six_bits(low, high, row, scale[2 * step]),
        six_bits(low + 16, high + 16, row, scale[2 * step + 1]),
    };
}

/* Formats with one step need no scales of their rows. */
INLINE void begin_none(const unsigned char *from, float *scale)
{
    (void)from;
    (void)scale;
}

/*
 * get_NAME() and dot_NAME().  Several rows are multiplied at once, since x does not
 * fit in the first cache, as a rule, and is longer than they are.
 */
#define UNPACK(name, begin, bytes, steps)                                   \
    AVX512 static void get_##name(float *to, const unsigned char *from,     \
                                  size_t n)                                 \
    {                                                                       \
        for (size_t i = 0; i < n; i++, from += (bytes)) {                   \
            float scale[16];                                                \
                                                                            \
            begin(from, scale);                                             \
            _Pragma("GCC unroll 8") for (unsigned j = 0; j < (steps); j++)  \
            {                                                               \
                struct pair pair = step_##name(from, j, scale);             \
                                                                            \
                _mm512_storeu_ps(to, pair.first);                           \
                _mm512_storeu_ps(to + 16, pair.second);                     \
                to += 32;                                                   \
            }                                                               \
        }                                                                   \
    }                                                                       \
                                                                            \
    INLINE void add_##name(const unsigned char *from, const float *x,       \
                           struct pair *sum)                                \
    {                                                                       \
        float scale[16];                                                    \
                                                                            \
        _mm_prefetch((const char *)from + AHEAD, _MM_HINT_T0);              \
        begin(from, scale);                                                 \
        _Pragma("GCC unroll 8") for (unsigned j = 0; j < (steps); j++)      \
        {                                                                   \
            struct pair pair = step_##name(from, j, scale);                 \
                                                                            \
            sum->first = _mm512_fmadd_ps(pair.first,                        \
                                         _mm512_loadu_ps(x + 32 * j),       \
                                         sum->first);                       \
            sum->second = _mm512_fmadd_ps(pair.second,                      \
                                          _mm512_loadu_ps(x + 32 * j + 16), \
                                          sum->second);                     \
        }                                                                   \
    }                                                                       \
                                                                            \
    INLINE void rows_##name(const unsigned char *from, int64_t pitch,       \
                            const unsigned rows, const float *x, size_t n,  \
                            float *sum)                                     \
    {                                                                       \
        struct pair pair[NPU_UNPACK_ROWS];                                  \
                                                                            \
        for (unsigned r = 0; r < rows; r++) {                               \
            pair[r].first = pair[r].second = _mm512_setzero_ps();           \
        }                                                                   \
        for (size_t i = 0; i < n; i++) {                                    \
            _Pragma("GCC unroll 4") for (unsigned r = 0; r < rows; r++)     \
            {                                                               \
                add_##name(from + r * pitch, x, &pair[r]);                  \
            }                                                               \
            from += (bytes);                                                \
            x += 32 * (steps);                                              \
        }                                                                   \
        for (unsigned r = 0; r < rows; r++) {                               \
            sum[r] = _mm512_reduce_add_ps(                                  \
                _mm512_add_ps(pair[r].first, pair[r].second));              \
        }                                                                   \
    }                                                                       \
                                                                            \
    AVX512 static void dot_##name(const unsigned char *from, int64_t pitch, \
                                  unsigned rows, const float *x, size_t n,  \
                                  float *sum)                               \
    {                                                                       \
        if (rows == NPU_UNPACK_ROWS) {                                      \
            return rows_##name(from, pitch, NPU_UNPACK_ROWS, x, n, sum);    \
        }                                                                   \
        for (unsigned r = 0; r < rows; r++) {                               \
            rows_##name(from + r * pitch, 0, 1, x, n, &sum[r]);             \
        }                                                                   \
    }

UNPACK(f16, begin_none, 64, 1)
UNPACK(bf16, begin_none, 64, 1)
UNPACK(f8e4m3, begin_none, 32, 1)
UNPACK(f8e5m2, begin_none, 32, 1)
UNPACK(s4, begin_none, 16, 1)
UNPACK(q8_0, begin_none, 34, 1)
UNPACK(q4_0, begin_none, 18, 1)
UNPACK(q4_k, begin_q4_k, 144, 8)
UNPACK(q6_k, begin_q6_k, 210, 8)
UNPACK(mxfp4, begin_none, 17, 1)

static const struct npu_unpack unpacks[] = {
    [NPU_DTYPE_F16] = { 32, 64, get_f16, dot_f16 },
    [NPU_DTYPE_BF16] = { 32, 64, get_bf16, dot_bf16 },
    [NPU_DTYPE_F8E4M3] = { 32, 32, get_f8e4m3, dot_f8e4m3 },
    [NPU_DTYPE_F8E5M2] = { 32, 32, get_f8e5m2, dot_f8e5m2 },
    [NPU_DTYPE_S4] = { 32, 16, get_s4, dot_s4 },
    [NPU_DTYPE_Q8_0] = { 32, 34, get_q8_0, dot_q8_0 },
    [NPU_DTYPE_Q4_0] = { 32, 18, get_q4_0, dot_q4_0 },
    [NPU_DTYPE_Q4_K] = { 256, 144, get_q4_k, dot_q4_k },
    [NPU_DTYPE_Q6_K] = { 256, 210, get_q6_k, dot_q6_k },
    [NPU_DTYPE_MXFP4] = { 32, 17, get_mxfp4, dot_mxfp4 },
};

const struct npu_unpack *npu_unpack_find(uint32_t dtype)
{
    if (npu_vectors() < NPU_VECTORS_AVX512 ||
        dtype >= sizeof(unpacks) / sizeof(unpacks[0]) ||
        !unpacks[dtype].elements) {
        return NULL;
    }
    return &unpacks[dtype];
}
#else
const struct npu_unpack *npu_unpack_find(uint32_t dtype)
{
    (void)dtype;
    return NULL;
}
#endif
