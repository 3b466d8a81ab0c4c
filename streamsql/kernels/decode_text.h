/* Text → values, without allocation: string scanning, UTF-8, numbers, dates and times.

   Every reader here sees bytes that are followed by at least PADDING zero bytes, so that 16-byte loads need no
   bounds check and a zero byte ends each loop. Nothing here knows columns, JSON or CSV. */
#pragma once
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "likely.h"

namespace streamsql {

constexpr size_t PADDING = 64;
typedef __int128 int128;
typedef unsigned __int128 uint128;

inline bool is_digit(char c) { return (unsigned char)(c - '0') < 10; }
inline bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

struct Text {
    const char *begin, *end;
    size_t size() const { return size_t(end - begin); }
};

inline Text trim(Text t) {
    while (t.begin < t.end && is_blank(*t.begin)) t.begin++;
    while (t.begin < t.end && is_blank(t.end[-1])) t.end--;
    return t;
}

/* ---- bytes of interest ---------------------------------------------------------------------------------- */

/* The first `"`, `\` or control character at or after p; *high collects the top bits of all bytes passed over. */
inline const char* string_stop(const char* p, bool* high) {
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), space = _mm_set1_epi8(0x1f);
    for (;; p += 16) {
        const __m128i b = _mm_loadu_si128((const __m128i*)p);
        const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(b, space), b);
        const __m128i stop = _mm_or_si128(control, _mm_or_si128(_mm_cmpeq_epi8(b, quote), _mm_cmpeq_epi8(b, slash)));
        const uint32_t at = (uint32_t)_mm_movemask_epi8(stop), top = (uint32_t)_mm_movemask_epi8(b);
        if (likely(at != 0)) {
            const int n = __builtin_ctz(at);
            *high |= (top & ((1u << n) - 1)) != 0;
            return p + n;
        }
        *high |= top != 0;
    }
#else
    for (;; p++) {
        const unsigned char c = (unsigned char)*p;
        if (c < 0x20 || c == '"' || c == '\\') return p;
        *high |= c >= 0x80;
    }
#endif
}

/* The first byte equal to a or b at or after p, but not after end; *high as above. */
inline const char* either(const char* p, const char* end, char a, char b, bool* high) {
#if defined(__SSE2__)
    const __m128i va = _mm_set1_epi8(a), vb = _mm_set1_epi8(b);
    for (; p < end; p += 16) {
        const __m128i v = _mm_loadu_si128((const __m128i*)p);
        const __m128i hit = _mm_or_si128(_mm_cmpeq_epi8(v, va), _mm_cmpeq_epi8(v, vb));
        const uint32_t at = (uint32_t)_mm_movemask_epi8(hit), top = (uint32_t)_mm_movemask_epi8(v);
        if (likely(at != 0)) {
            const int n = __builtin_ctz(at);
            *high |= (top & ((1u << n) - 1)) != 0;
            return p + n < end ? p + n : end;
        }
        *high |= top != 0;
    }
    return end;
#else
    for (; p < end; p++) {
        if (*p == a || *p == b) return p;
        *high |= (unsigned char)*p >= 0x80;
    }
    return end;
#endif
}

/* ---- UTF-8 ---------------------------------------------------------------------------------------------- */

/* The first byte at or after p that is not ASCII, or `end`; PADDING bytes behind it can be read. */
inline const char* ascii_end(const char* p, const char* end) {
#if defined(__SSE2__)
    for (; p < end; p += 16) {
        const uint32_t top = (uint32_t)_mm_movemask_epi8(_mm_loadu_si128((const __m128i*)p));
        if (top == 0) continue;
        p += __builtin_ctz(top);
        return p < end ? p : end;
    }
    return end;
#else
    while (p < end && (unsigned char)*p < 0x80) p++;
    return p;
#endif
}

/* Whether the bytes, with PADDING readable ones behind them, are well-formed UTF-8 (no surrogates, no overlong forms,
   nothing above U+10FFFF). */
inline bool valid_utf8(const char* from, const char* to) {
    auto tail = [](unsigned char c) { return (c & 0xC0) == 0x80; };
    while ((from = ascii_end(from, to)) < to) {
        const unsigned char *p = (const unsigned char*)from, c = *p;
        const long left = to - from;
        if (c >= 0xC2 && c <= 0xDF) {
            if (left < 2 || !tail(p[1])) return false;
            from += 2;
        } else if (c >= 0xE0 && c <= 0xEF) {
            if (left < 3 || !tail(p[1]) || !tail(p[2])) return false;
            if ((c == 0xE0 && p[1] < 0xA0) || (c == 0xED && p[1] > 0x9F)) return false;
            from += 3;
        } else if (c >= 0xF0 && c <= 0xF4) {
            if (left < 4 || !tail(p[1]) || !tail(p[2]) || !tail(p[3])) return false;
            if ((c == 0xF0 && p[1] < 0x90) || (c == 0xF4 && p[1] > 0x8F)) return false;
            from += 4;
        } else return false;
    }
    return true;
}

/* Characters (code points) of well-formed UTF-8. */
inline int64_t characters(Text t) {
    int64_t n = 0;
    for (const char* p = t.begin; p < t.end; p++) n += (*p & 0xC0) != 0x80;
    return n;
}

/* The first n characters of well-formed UTF-8. */
inline Text first_characters(Text t, int64_t n) {
    if ((int64_t)t.size() <= n) return t;
    const char* p = t.begin;
    for (; p < t.end; p++)
        if ((*p & 0xC0) != 0x80 && n-- == 0) break;
    return {t.begin, p};
}

inline char* put_utf8(char* o, uint32_t c) {
    if (c < 0x80) { *o++ = (char)c; return o; }
    if (c < 0x800) { *o++ = (char)(0xC0 | c >> 6); *o++ = (char)(0x80 | (c & 63)); return o; }
    if (c < 0x10000) *o++ = (char)(0xE0 | c >> 12);
    else { *o++ = (char)(0xF0 | c >> 18); *o++ = (char)(0x80 | (c >> 12 & 63)); }
    *o++ = (char)(0x80 | (c >> 6 & 63));
    *o++ = (char)(0x80 | (c & 63));
    return o;
}

/* The value of each hex digit; -1 for other bytes. A table, since digits and letters come in no order. */
struct HexDigits {
    int8_t values[256];
    constexpr HexDigits() : values() {
        for (int c = 0; c < 256; c++) {
            const int lower = c | 0x20;
            values[c] = (int8_t)(c >= '0' && c <= '9' ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1);
        }
    }
};
static constexpr HexDigits HEX_DIGITS;

inline int hex_value(char c) { return HEX_DIGITS.values[(unsigned char)c]; }

/* Four hex digits; negative if one is none. */
inline int32_t four_hex(const char* p) {
    const int a = hex_value(p[0]), b = hex_value(p[1]), c = hex_value(p[2]), d = hex_value(p[3]);
    return (a | b | c | d) < 0 ? -1 : a << 12 | b << 8 | c << 4 | d;
}

/* What the letter after a backslash stands for; 0 if it is no such letter (`u`, which four digits follow, is none). */
inline char escaped_byte(char letter) {
    switch (letter) {
    case '"': case '\\': case '/': return letter;
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return 0;
    }
}

/* Copies text up to the first byte that is `stop`, if there is one; returns how much. May write 15 bytes too many. */
inline size_t copy_until(char stop, Text t, char* o) {
#if defined(__SSE2__)
    const __m128i stops = _mm_set1_epi8(stop);
    for (const char* p = t.begin; p < t.end; p += 16, o += 16) {
        const __m128i b = _mm_loadu_si128((const __m128i*)p);
        _mm_storeu_si128((__m128i*)o, b);
        const uint32_t at = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(b, stops));
        if (at == 0) continue;
        p += __builtin_ctz(at);
        return size_t((p < t.end ? p : t.end) - t.begin);
    }
    return t.size();
#else
    const char* p = t.begin;
    while (p < t.end && *p != stop) *o++ = *p++;
    return size_t(p - t.begin);
#endif
}

/* Copies the inside of a CSV field in quotes, of two quotes one; returns the end of the output. As `copy_until`. */
inline char* copy_undoubled(Text t, char* o) {
    for (;;) {
        const size_t n = copy_until('"', t, o);
        o += n;
        t.begin += n;
        if (t.begin == t.end) return o;
        *o++ = '"';
        t.begin += t.size() > 1 ? 2 : 1;
    }
}

/* Undoes the escapes of a JSON string whose escapes are known to be legal; returns the end of the output, which is
   never longer than the input, and has PADDING writable bytes behind it. Half of a surrogate pair becomes U+FFFD: the
   record stays usable. */
inline char* unescape(Text t, char* o) {
    for (const char* p = t.begin;;) {
        const size_t n = copy_until('\\', {p, t.end}, o);
        o += n;
        p += n;
        if (p == t.end) return o;
        const char c = p[1];
        p += 2;
        if (c != 'u') { *o++ = escaped_byte(c); continue; }
        uint32_t u = (uint32_t)four_hex(p);
        p += 4;
        if (u >= 0xD800 && u <= 0xDFFF) {
            const bool pair = u < 0xDC00 && t.end - p >= 6 && p[0] == '\\' && p[1] == 'u';
            const uint32_t low = pair ? (uint32_t)four_hex(p + 2) : 0;
            if (low >= 0xDC00 && low <= 0xDFFF) { u = 0x10000 + ((u - 0xD800) << 10) + (low - 0xDC00); p += 6; }
            else u = 0xFFFD;
        }
        o = put_utf8(o, u);
    }
}

/* ---- dates and times ------------------------------------------------------------------------------------ */

constexpr int64_t DAY_MS = 86400000;
constexpr int64_t MIN_TIMESTAMP = -62135596800000;  // 0001-01-01 00:00:00.000
constexpr int64_t MAX_TIMESTAMP = 253402300799999;  // 9999-12-31 23:59:59.999

inline bool two_digits(const char* p, int* v) {
    *v = (p[0] - '0') * 10 + (p[1] - '0');
    return is_digit(p[0]) && is_digit(p[1]);
}

/* Days since 1970-01-01 of a proleptic Gregorian date. */
inline int32_t days_of(int y, int m, int d) {
    y -= m <= 2;
    const int era = y / 400, yoe = y - era * 400;
    const int doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

/* yyyy-MM-dd at p (10 readable bytes). */
inline bool parse_date(const char* p, int32_t* days) {
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int c, y, m, d;
    if (!two_digits(p, &c) || !two_digits(p + 2, &y) || p[4] != '-' || !two_digits(p + 5, &m) || p[7] != '-' ||
        !two_digits(p + 8, &d))
        return false;
    y += c * 100;
    if (y < 1 || m < 1 || m > 12 || d < 1) return false;
    const bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    if (d > lengths[m - 1] + (m == 2 && leap)) return false;
    *days = days_of(y, m, d);
    return true;
}

/* HH:mm:ss[.f...] at the front of t, fraction cut to ms; returns the first byte after it, or null. */
inline const char* parse_clock(Text t, int32_t* ms) {
    int h, m, s;
    const char* p = t.begin;
    if (t.size() < 8 || !two_digits(p, &h) || p[2] != ':' || !two_digits(p + 3, &m) || p[5] != ':' ||
        !two_digits(p + 6, &s) || h > 23 || m > 59 || s > 59)
        return nullptr;
    *ms = ((h * 60 + m) * 60 + s) * 1000;
    p += 8;
    if (p == t.end || *p != '.') return p;
    const char* first = ++p;
    if (likely(t.end - p == 3 && is_digit(p[0]) && is_digit(p[1]) && is_digit(p[2]))) {
        *ms += (p[0] - '0') * 100 + (p[1] - '0') * 10 + (p[2] - '0');
        return t.end;
    }
    for (int unit = 100; p < t.end && is_digit(*p); p++, unit /= 10) *ms += (*p - '0') * unit;
    return p > first ? p : nullptr;
}

/* Z, ±hh, ±hhmm or ±hh:mm as the whole of t → minutes east of Greenwich. */
inline bool parse_zone(Text t, int* minutes) {
    const char* p = t.begin;
    if (t.size() == 1 && (*p == 'Z' || *p == 'z')) { *minutes = 0; return true; }
    if (t.size() < 3 || (*p != '+' && *p != '-')) return false;
    int h, m = 0;
    if (!two_digits(p + 1, &h) || h > 18) return false;
    if (t.size() > 3) {
        const char* rest = p + 3 + (p[3] == ':');
        if (t.end - rest != 2 || !two_digits(rest, &m) || m > 59) return false;
    }
    *minutes = (h * 60 + m) * (*p == '-' ? -1 : 1);
    return true;
}

/* The minute of timestamps seldom changes from row to row: the last date and the last minute are remembered. */
struct DateMemory {
    char text[11] = "1970-01-01";
    int32_t days = 0;
    char minute[17] = "1970-01-01 00:00";  // or a T between them
    int64_t minute_ms = 0;

    bool read(const char* p, int32_t* result) {
        if (likely(memcmp(p, text, 10) == 0)) { *result = days; return true; }
        if (!parse_date(p, result)) return false;
        memcpy(text, p, 10);
        days = *result;
        return true;
    }

    /* `:ss`, `:ss.SSS` or `:ss.SSSSSS`, perhaps with a `Z`, in the minute of the value before: the whole of `size` bytes
       at p, which has PADDING readable ones. Never touches more than the result. */
    bool read_near(const char* p, size_t size, int64_t* result) const {
        size -= size > 0 && p[size - 1] == 'Z';
        const unsigned tens = (unsigned)(p[17] - '0'), ones = (unsigned)(p[18] - '0');
        const unsigned a = (unsigned)(p[20] - '0'), b = (unsigned)(p[21] - '0'), c = (unsigned)(p[22] - '0');
        *result = minute_ms + (tens * 10 + ones) * 1000;
        if (unlikely(!((memcmp(p, minute, 16) == 0) & (p[16] == ':') & (tens < 6) & (ones < 10)))) return false;
        if (size == 19) return true;
        *result += a * 100 + b * 10 + c;
        const bool digits = (p[19] == '.') & (a < 10) & (b < 10) & (c < 10);
        if (likely(size == 23)) return digits;
        return size == 26 && digits && is_digit(p[23]) && is_digit(p[24]) && is_digit(p[25]);
    }
};

/* yyyy-MM-dd, or yyyy-MM-dd{blank|T}HH:mm:ss[.f...][zone] → ms since 1970 in UTC. */
inline bool parse_timestamp(Text t, DateMemory& memory, int64_t* result) {
    int32_t days, ms = 0;
    int zone = 0;
    if (memory.read_near(t.begin, t.size(), result)) return true;
    if (t.size() < 10 || !memory.read(t.begin, &days)) return false;
    if (t.size() > 10) {
        const char separator = t.begin[10];
        if (separator != ' ' && separator != 'T' && separator != 't') return false;
        const char* p = parse_clock({t.begin + 11, t.end}, &ms);
        if (!p || (p < t.end && !parse_zone({p, t.end}, &zone))) return false;
        memcpy(memory.minute, t.begin, 16);
        memory.minute_ms = days * DAY_MS + ms / 60000 * 60000;
    }
    *result = days * DAY_MS + ms - zone * 60000LL;
    return *result >= MIN_TIMESTAMP && *result <= MAX_TIMESTAMP;
}

}  // namespace streamsql
