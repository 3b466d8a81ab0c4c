/* Values → text: numbers, moments, strings and base-64, each written at a pointer with enough room behind it. */
#pragma once
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "likely.h"
#include "tens.h"

namespace streamsql {

typedef __int128 int128_out;
constexpr size_t NUMBER_ROOM = 48;  // the longest number, moment or literal

static const char PAIRS[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354"
    "55565758596061626364656667686970717273747576777879808182838485868788899091929394959697989900";

inline char* put_two(char* o, unsigned v) {
    memcpy(o, PAIRS + 2 * v, 2);
    return o + 2;
}

/* The eight digits of v < 10^8, one in a byte, the first in the lowest: three steps halve them, all parts at once. */
inline uint64_t eight_digits(uint32_t v) {
    uint64_t parts = v / 10000 | uint64_t(v % 10000) << 32;
    uint64_t high = (parts * 10486 >> 20) & 0x0000007f0000007f;
    parts = high | (parts - 100 * high) << 16;
    high = (parts * 103 >> 10) & 0x000f000f000f000f;
    return high | (parts - 10 * high) << 8;
}

inline char* put_eight(char* o, uint32_t v) {
    const uint64_t text = eight_digits(v) | 0x3030303030303030;
    memcpy(o, &text, 8);
    return o + 8;
}

/* As many digits as v < 10^8 has; writes eight bytes. */
inline char* put_up_to_eight(char* o, uint32_t v) {
    const uint64_t digits = eight_digits(v);
    const int zeros = __builtin_ctzll(digits | uint64_t(1) << 56) & ~7;  // bits of leading zeros; the last one stays
    const uint64_t text = (digits | 0x3030303030303030) >> zeros;
    memcpy(o, &text, 8);
    return o + 8 - zeros / 8;
}

inline char* put_unsigned(char* o, uint64_t v) {
    constexpr uint64_t EIGHT = 100000000;
    if (v < 100) {
        if (v >= 10) return put_two(o, (unsigned)v);
        *o = (char)('0' + v);
        return o + 1;
    }
    if (likely(v < EIGHT)) return put_up_to_eight(o, (uint32_t)v);
    const uint64_t high = v / EIGHT;
    if (high < EIGHT) o = put_up_to_eight(o, (uint32_t)high);
    else o = put_eight(put_up_to_eight(o, (uint32_t)(high / EIGHT)), (uint32_t)(high % EIGHT));
    return put_eight(o, (uint32_t)(v - high * EIGHT));
}

inline char* put_integer(char* o, int64_t v) {
    if (v < 0) *o++ = '-';
    return put_unsigned(o, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

/* As `put_decimal`, of what 64 bits hold. */
inline char* put_small_decimal(char* o, uint64_t v, int scale) {
    if (scale == 0) return put_unsigned(o, v);
    const uint64_t whole = v / TENS[scale];
    uint64_t after = v - whole * TENS[scale];
    o = put_unsigned(o, whole);
    *o++ = '.';
    int places = scale;
    for (; places > 8; places -= 8) {
        o = put_eight(o, (uint32_t)(after / TENS[places - 8]));
        after %= TENS[places - 8];
    }
    const uint64_t text = (eight_digits((uint32_t)after) | 0x3030303030303030) >> (64 - 8 * places);
    memcpy(o, &text, 8);
    return o + places;
}

/* value × 10^-scale in plain digits, with `scale` digits after the point. */
inline char* put_decimal(char* o, int128_out value, int scale) {
    if (value < 0) *o++ = '-';
    unsigned __int128 v = value < 0 ? 0 - (unsigned __int128)value : (unsigned __int128)value;
    if (likely(v <= UINT64_MAX && scale <= 18)) return put_small_decimal(o, (uint64_t)v, scale);
    char digits[80];
    char *p = digits + 80, *point = p - scale;
    for (; v > 0 || p >= point; v /= 10) {
        *--p = (char)('0' + (int)(v % 10));
        if (v < 10 && p < point) break;
    }
    memcpy(o, p, size_t(point - p));
    o += point - p;
    if (scale > 0) {
        *o++ = '.';
        memcpy(o, point, (size_t)scale);
        o += scale;
    }
    return o;
}

/* The layout Python gives: digits d1 d2 ... × 10^exponent → `0.001`, `123.0`, `1e+16`. */
inline char* put_layout(char* o, const char* digits, int n, int exponent) {
    if (exponent < -4 || exponent >= 16) {
        *o++ = digits[0];
        if (n > 1) {
            *o++ = '.';
            memcpy(o, digits + 1, size_t(n - 1));
            o += n - 1;
        }
        *o++ = 'e';
        *o++ = exponent < 0 ? '-' : '+';
        const unsigned e = (unsigned)(exponent < 0 ? -exponent : exponent);
        return e < 100 ? put_two(o, e) : put_unsigned(o, e);
    }
    if (exponent < 0) {
        memcpy(o, "0.000", 5);
        o += 1 - exponent;
        memcpy(o, digits, (size_t)n);
        return o + n;
    }
    const int whole = exponent + 1;
    for (int i = 0; i < whole; i++) *o++ = i < n ? digits[i] : '0';
    *o++ = '.';
    if (n <= whole) { *o++ = '0'; return o; }
    memcpy(o, digits + whole, size_t(n - whole));
    return o + (n - whole);
}

/* The point and one or two digits after it, of hundredths. */
inline char* put_fraction(char* o, unsigned hundredths) {
    *o = '.';
    memcpy(o + 1, PAIRS + 2 * hundredths, 2);
    return o + 3 - (PAIRS[2 * hundredths + 1] == '0');
}

/* A finite value with at most `places` decimals and 15 digits in all: no other text that short means it, so its
   plain decimal form is the shortest one. Returns null when the value is not such a number. */
inline char* put_short(char* o, double v) {
    const double magnitude = v < 0 ? -v : v;
    if (!(magnitude < 1e9)) return nullptr;
    uint64_t scaled;
    int places;
    const double hundred = magnitude * 100;
    scaled = (uint64_t)(hundred + 0.5);
    places = 2;
    if ((double)scaled / 100 != magnitude) {
        scaled = (uint64_t)(magnitude * 1e6 + 0.5);
        places = 6;
        if ((double)scaled / 1e6 != magnitude) return nullptr;
    }
    if (scaled && places == 6 && magnitude < 1e-4) return nullptr;
    if (std::signbit(v)) *o++ = '-';
    if (places == 2) return put_fraction(put_unsigned(o, scaled / 100), (unsigned)(scaled % 100));
    const unsigned fraction = (unsigned)(scaled % 1000000);
    o = put_unsigned(o, scaled / 1000000);
    *o++ = '.';
    o = put_two(o, fraction / 10000);
    o = put_two(o, fraction / 100 % 100);
    o = put_two(o, fraction % 100);
    while (o[-1] == '0' && o[-2] != '.') o--;
    return o;
}

/* The shortest text that reads back as v, which is finite. */
template <typename F> inline char* put_float(char* o, F v) {
    if (sizeof(F) == 8)
        if (char* end = put_short(o, (double)v)) return end;
    if (std::signbit(v)) { *o++ = '-'; v = -v; }
    if (v == 0) { memcpy(o, "0.0", 3); return o + 3; }
    char text[40], digits[24];
    const auto end = std::to_chars(text, text + 40, v, std::chars_format::scientific).ptr;
    int n = 0, exponent = 0;
    const char* p = text;
    for (; *p != 'e'; p++)
        if (*p != '.') digits[n++] = *p;
    const bool minus = p[1] == '-';
    for (p += 2; p < end; p++) exponent = exponent * 10 + (*p - '0');
    return put_layout(o, digits, n, minus ? -exponent : exponent);
}

/* ---- moments -------------------------------------------------------------------------------------------- */

/* yyyy-MM-dd of days since 1970-01-01; years outside 0..9999 get as many digits as they need. */
inline char* put_date(char* o, int64_t days) {
    const int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
    const unsigned doe = (unsigned)(z - era * 146097);
    const unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    const unsigned d = doy - (153 * mp + 2) / 5 + 1, m = mp < 10 ? mp + 3 : mp - 9;
    const int64_t y = (int64_t)yoe + era * 400 + (m <= 2);
    if (y >= 0 && y <= 9999) {
        o = put_two(o, (unsigned)(y / 100));
        o = put_two(o, (unsigned)(y % 100));
    } else o = put_integer(o, y);
    *o++ = '-';
    o = put_two(o, m);
    *o++ = '-';
    return put_two(o, d);
}

/* HH:mm:ss of a time of day in ms. */
inline char* put_clock(char* o, uint32_t ms) {
    const uint32_t s = ms / 1000;
    o = put_two(o, s / 3600 % 100);
    *o++ = ':';
    o = put_two(o, s / 60 % 60);
    *o++ = ':';
    return put_two(o, s % 60);
}

/* The minute of the row before, and how it is written: `yyyy-MM-dd HH:mm:`. */
struct LastMinute {
    int64_t begin;
    char text[48];
    int size;

    LastMinute() { take(0); }
    void take(int64_t ms) {
        int64_t days = ms / 86400000, rest = ms % 86400000;
        if (rest < 0) { rest += 86400000; days--; }
        begin = int64_t(uint64_t(ms) - uint64_t(rest % 60000));
        char* o = put_date(text, days);
        *o++ = ' ';
        size = (int)(put_clock(o, (uint32_t)rest) - text) - 2;
    }
};

/* yyyy-MM-dd HH:mm:ss.SSS of ms since 1970. */
inline char* put_timestamp(char* o, int64_t ms, LastMinute& last) {
    if (unlikely(uint64_t(ms) - uint64_t(last.begin) >= 60000)) last.take(ms);
    memcpy(o, last.text, 24);
    if (unlikely(last.size > 24)) memcpy(o, last.text, (size_t)last.size);
    const unsigned rest = (unsigned)(uint64_t(ms) - uint64_t(last.begin)), fraction = rest % 1000;
    o = put_two(o + last.size, rest / 1000);
    *o++ = '.';
    *o++ = (char)('0' + fraction / 100);
    return put_two(o, fraction % 100);
}

/* ---- text ----------------------------------------------------------------------------------------------- */

inline char* put_base64(char* o, const uint8_t* p, size_t n) {
    static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (; n >= 3; p += 3, n -= 3) {
        *o++ = set[p[0] >> 2];
        *o++ = set[(p[0] & 3) << 4 | p[1] >> 4];
        *o++ = set[(p[1] & 15) << 2 | p[2] >> 6];
        *o++ = set[p[2] & 63];
    }
    if (n == 0) return o;
    *o++ = set[p[0] >> 2];
    *o++ = set[(p[0] & 3) << 4 | (n == 2 ? p[1] >> 4 : 0)];
    *o++ = n == 2 ? set[(p[1] & 15) << 2] : '=';
    *o++ = '=';
    return o;
}

/* One character of a JSON string that needs an escape. */
inline char* put_escape(char* o, unsigned char c) {
    static const char letters[] = "btn\0fr", hex[] = "0123456789abcdef";
    *o++ = '\\';
    if (c == '"' || c == '\\') *o++ = (char)c;
    else if (c >= 8 && c <= 13 && letters[c - 8]) *o++ = letters[c - 8];
    else {
        memcpy(o, "u00", 3);
        o[3] = hex[c >> 4];
        o[4] = hex[c & 15];
        o += 5;
    }
    return o;
}

/* The inside of a JSON string; needs room for 6 n + 16 bytes. Reads no byte outside [p, p + n). */
inline char* put_escaped(char* o, const char* p, size_t n) {
    const char* end = p + n;
    auto plain = [](unsigned char c) { return c >= 0x20 && c != '"' && c != '\\'; };
    while (p < end) {
#if defined(__SSE2__)
        if (end - p >= 16) {
            const __m128i b = _mm_loadu_si128((const __m128i*)p);
            const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(b, _mm_set1_epi8(0x1f)), b);
            const __m128i stop = _mm_or_si128(control, _mm_or_si128(_mm_cmpeq_epi8(b, _mm_set1_epi8('"')), _mm_cmpeq_epi8(b, _mm_set1_epi8('\\'))));
            const unsigned at = (unsigned)_mm_movemask_epi8(stop);
            _mm_storeu_si128((__m128i*)o, b);
            const int k = at ? __builtin_ctz(at) : 16;
            o += k;
            p += k;
            if (!at) continue;
        }
#endif
        if (plain((unsigned char)*p)) *o++ = *p++;
        else o = put_escape(o, (unsigned char)*p++);
    }
    return o;
}

}  // namespace streamsql
