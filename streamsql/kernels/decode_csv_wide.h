/* Four short numbers at once, for CPUs that have AVX2: the same values as `reals_of` and `wholes_of`.

   A number of at most eight bytes is one 64-bit lane. What these functions leave to others (longer numbers, anything
   odd) ends the four it is among, and where that is not rare, one number after the other is read. */
#pragma once
#include "decode_csv_columns.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define STREAMSQL_WIDE 1
#include <immintrin.h>

namespace streamsql {

inline bool has_wide() { return __builtin_cpu_supports("avx2"); }

#pragma GCC push_options
#pragma GCC target("avx2")

namespace wide {

/* Digits of four numbers without point, and how many of them stand behind it; lanes that are not `good` (all ones)
   hold nothing. */
struct Four {
    __m256i mantissa, places, negative, good;
};

inline __m256i same(int64_t x) { return _mm256_set1_epi64x(x); }
inline __m256i is(__m256i a, __m256i b) { return _mm256_cmpeq_epi64(a, b); }

/* Eight digit values in each lane, the first in the lowest byte, as a number. */
inline __m256i joined(__m256i digits) {
    const __m256i pairs = _mm256_maddubs_epi16(digits, _mm256_set1_epi16(1 << 8 | 10));
    const __m256i fours = _mm256_madd_epi16(pairs, _mm256_set1_epi32(1 << 16 | 100));
    return _mm256_add_epi64(_mm256_mul_epu32(fours, same(10000)), _mm256_srli_epi64(fours, 32));
}

inline Four four(const Fields& fields, size_t i) {
    const Text a = fields[i], b = fields[i + 1], c = fields[i + 2], d = fields[i + 3];
    __m256i bytes = _mm256_set_epi64x((int64_t)eight_bytes(d.begin), (int64_t)eight_bytes(c.begin), (int64_t)eight_bytes(b.begin), (int64_t)eight_bytes(a.begin));
    __m256i size = _mm256_set_epi64x((int64_t)d.size(), (int64_t)c.size(), (int64_t)b.size(), (int64_t)a.size());
    const __m256i zero = _mm256_setzero_si256(), one = same(1);
    Four result;
    // a minus in front is cut off
    result.negative = is(_mm256_and_si256(bytes, same(0xff)), same('-'));
    const __m256i fits = _mm256_andnot_si256(_mm256_cmpgt_epi64(size, same(8)), _mm256_cmpgt_epi64(_mm256_add_epi64(size, result.negative), zero));
    bytes = _mm256_srlv_epi64(bytes, _mm256_and_si256(result.negative, same(8)));
    size = _mm256_add_epi64(size, result.negative);
    // the last digit moves to the highest byte; below the first there are zeroes
    const __m256i shift = _mm256_sub_epi64(same(64), _mm256_slli_epi64(size, 3));
    const __m256i t = _mm256_sllv_epi64(_mm256_xor_si256(bytes, same((int64_t)ZEROS)), shift);
    const __m256i tops = same((int64_t)TOPS);
    const __m256i odd = _mm256_and_si256(tops, _mm256_or_si256(t, _mm256_add_epi64(_mm256_andnot_si256(tops, t), same(0x7676767676767676))));
    // a point: the lowest bit of its byte, that byte, the bytes before and after
    const __m256i low = _mm256_srli_epi64(odd, 7), point = _mm256_sub_epi64(_mm256_slli_epi64(low, 8), low);
    const __m256i before = _mm256_sub_epi64(low, one);
    const __m256i whole = is(odd, zero), after = _mm256_andnot_si256(_mm256_or_si256(before, point), same(-1));
    const __m256i is_point = is(_mm256_and_si256(t, point), _mm256_sub_epi64(_mm256_slli_epi64(low, 5), _mm256_slli_epi64(low, 1)));
    const __m256i is_single = is(_mm256_and_si256(odd, _mm256_sub_epi64(odd, one)), zero);
    const __m256i at_edge = _mm256_or_si256(is(low, same(1LL << 56)), is(low, _mm256_sllv_epi64(one, shift)));
    result.good = _mm256_or_si256(whole, _mm256_andnot_si256(at_edge, _mm256_and_si256(is_point, is_single)));
    result.good = _mm256_and_si256(result.good, fits);
    const __m256i joint = _mm256_or_si256(_mm256_and_si256(t, after), _mm256_slli_epi64(_mm256_and_si256(t, before), 8));
    result.mantissa = joined(_mm256_blendv_epi8(joint, t, whole));
    result.places = _mm256_sad_epu8(_mm256_and_si256(after, same(0x0101010101010101)), zero);
    return result;
}

/* The lanes before the first that is not all ones. */
inline size_t leading(__m256i good) {
    const unsigned bad = ~(unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(good)) & 15;
    return bad ? (size_t)__builtin_ctz(bad) : 4;
}

template <bool Keep = true> size_t reals_of(Fields fields, double* values, uint8_t* valid, size_t i, size_t rows) {
    const __m256i magic = same(0x4330000000000000);  // 2^52, whose last bits are units
    for (size_t begin = i, odd = 0; i + 4 <= rows && odd * 8 <= i - begin;) {
        const Four numbers = four(fields, i);
        const __m256d mantissa = _mm256_sub_pd(_mm256_castsi256_pd(_mm256_or_si256(numbers.mantissa, magic)), _mm256_castsi256_pd(magic));
        const __m256d value = _mm256_div_pd(mantissa, _mm256_i64gather_pd(POWERS, numbers.places, 8));
        const __m256d sign = _mm256_castsi256_pd(_mm256_slli_epi64(numbers.negative, 63));
        if (Keep) _mm256_storeu_pd(values + i, _mm256_xor_pd(value, sign));
        const size_t n = leading(numbers.good);
        i += n;
        if (likely(n == 4)) continue;
        if (streamsql::reals_of<Keep>(fields, values, valid, i, i + 1) == i) return i;
        i++;
        odd++;
    }
    return streamsql::reals_of<Keep>(fields, values, valid, i, rows);
}

template <typename T, bool Keep = true> size_t wholes_of(Fields fields, T* values, uint8_t* valid, size_t i, size_t rows) {
    for (size_t begin = i, odd = 0; i + 4 <= rows && odd * 8 <= i - begin;) {
        const Four numbers = four(fields, i);
        const __m256i value = _mm256_sub_epi64(_mm256_xor_si256(numbers.mantissa, numbers.negative), numbers.negative);
        if (!Keep) {
            // only whether they are numbers
        } else if (sizeof(T) == 8) _mm256_storeu_si256((__m256i*)(values + i), value);
        else {
            const __m256i lows = _mm256_permutevar8x32_epi32(value, _mm256_setr_epi32(0, 2, 4, 6, 0, 0, 0, 0));
            _mm_storeu_si128((__m128i*)(values + i), _mm256_castsi256_si128(lows));
        }
        const size_t n = leading(_mm256_and_si256(numbers.good, is(numbers.places, _mm256_setzero_si256())));
        i += n;
        if (likely(n == 4)) continue;
        if (streamsql::wholes_of<T, Keep>(fields, values, valid, i, i + 1) == i) return i;
        i++;
        odd++;
    }
    return streamsql::wholes_of<T, Keep>(fields, values, valid, i, rows);
}

}  // namespace wide

#pragma GCC pop_options

}  // namespace streamsql
#endif
