/* Decimal text → integers, doubles, floats and decimals, all exact or correctly rounded. */
#pragma once
#include "decode_text.h"
#include "tens.h"

namespace streamsql {

/* A number as written: ±mantissa × 10^exponent. With more than 19 significant digits `mantissa` is not usable
   (`long_form`), and the readers below go back to the text. `text` has no sign. */
struct Number {
    uint64_t mantissa;
    int32_t exponent;
    bool negative, long_form;
    Text text;
};

enum class Fit { ok, malformed, range };  // malformed: not a value of the type at all

constexpr int32_t EXPONENT_LIMIT = 1000000;
static const double POWERS[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static const double SIGNS[] = {1.0, -1.0};  // a product, because no processor foresees signs

/* ---- eight bytes at a time ------------------------------------------------------------------------------ */

constexpr uint64_t ZEROS = 0x3030303030303030ULL, TOPS = 0x8080808080808080ULL;

inline uint64_t eight_bytes(const char* p) {
    uint64_t w;
    memcpy(&w, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    w = __builtin_bswap64(w);
#endif
    return w;
}

/* The top bit of each byte that is no digit, of bytes already xor-ed with ZEROS. */
inline uint64_t no_digits(uint64_t t) { return (((t & ~TOPS) + 0x7676767676767676ULL) | t) & TOPS; }

/* Eight digit values, the first in the lowest byte, as a number. */
inline uint64_t joined(uint64_t t) {
    t = t * 10 + (t >> 8);
    return (((t & 0x000000FF000000FFULL) * 0x000F424000000064ULL) +
            (((t >> 16) & 0x000000FF000000FFULL) * 0x0000271000000001ULL)) >> 32;
}

/* Digits at p, at most 7, or 6 and a point among them that has digits on both sides: most numbers there are.
   Returns the bytes they take, 0 for anything else, also when an exponent or a second point follows. */
inline int read_short(const char* p, uint64_t* mantissa, int* places) {
    const uint64_t t = eight_bytes(p) ^ ZEROS, stops = no_digits(t);
    if (unlikely(stops == 0)) return 0;
    const int whole = __builtin_ctzll(stops) >> 3;
    int size = whole;
    uint64_t digits = t;
    *places = 0;
    if (p[whole] == '.') {
        const uint64_t rest = stops & (stops - 1);
        if (unlikely(rest == 0)) return 0;
        size = __builtin_ctzll(rest) >> 3;
        *places = size - whole - 1;
        if (unlikely(*places == 0)) return 0;
        const uint64_t low = (1ULL << 8 * whole) - 1;
        digits = (t & low) | (t >> 8 & ~low);
    }
    if (unlikely(whole == 0)) return 0;
    const int count = size - (*places > 0);
    *mantissa = joined(digits << (64 - 8 * count));
    const char next = p[size];
    return unlikely((next | 0x20) == 'e' || next == '.') ? 0 : size;
}

/* The n bytes at p, with PADDING after them, if they are at most 16 digits, or at most 15 and a point among them that
   has digits on both sides. */
inline bool read_whole_text(const char* p, size_t n, uint64_t* mantissa, int* places) {
    *places = 0;
    if (likely(n - 1 < 8)) {
        const uint64_t t = (eight_bytes(p) ^ ZEROS) << (64 - 8 * n), odd = no_digits(t);
        if (odd == 0) { *mantissa = joined(t); return true; }
        const int at = __builtin_ctzll(odd) >> 3;  // the digits end at byte 7
        if (unlikely((odd & (odd - 1)) != 0 || at == 7 || at == (int)(8 - n) || p[at - (int)(8 - n)] != '.')) return false;
        const uint64_t before = (1ULL << 8 * at) - 1, after = ~((before << 8) | 0xff);
        *mantissa = joined((t & after) | (t & before) << 8);
        *places = 7 - at;
        return true;
    }
    if (n - 1 >= 16) return false;
    const uint64_t high = (eight_bytes(p) ^ ZEROS) << (128 - 8 * n), low = eight_bytes(p + n - 8) ^ ZEROS;
    const uint64_t odd_high = no_digits(high), odd_low = no_digits(low);
    uint128 t = (uint128)low << 64 | high;  // the digits end at byte 15
    if ((odd_high | odd_low) != 0) {
        if (unlikely((odd_high && odd_low) || (odd_high & (odd_high - 1)) || (odd_low & (odd_low - 1)))) return false;
        const int at = odd_high ? __builtin_ctzll(odd_high) >> 3 : 8 + (__builtin_ctzll(odd_low) >> 3);
        if (unlikely(at == 15 || at == (int)(16 - n) || p[at - (int)(16 - n)] != '.')) return false;
        const uint128 before = ((uint128)1 << 8 * at) - 1, after = ~(before << 8 | 0xff);
        t = (t & after) | (t & before) << 8;
        *places = 15 - at;
    }
    *mantissa = joined((uint64_t)t) * 100000000 + joined((uint64_t)(t >> 64));
    return true;
}

/* As `read_whole_text`, with a minus before it or not. */
inline bool read_signed_text(Text text, bool* negative, uint64_t* mantissa, int* places) {
    *negative = *text.begin == '-';
    return read_whole_text(text.begin + *negative, text.size() - *negative, mantissa, places);
}

/* Goes on with the digits at p, eight at a time; returns the first byte that is none. */
inline const char* read_digits(const char* p, uint64_t& m) {
    for (;;) {
        const uint64_t t = eight_bytes(p) ^ ZEROS, stops = no_digits(t);
        if (stops == 0) {
            m = m * 100000000 + joined(t);
            p += 8;
            continue;
        }
        const int n = __builtin_ctzll(stops) >> 3;  // the last few at once: how many there are is hard to foresee
        if (n == 0) return p;
        m = m * TENS[n] + joined(t << (64 - 8 * n));
        return p + n;
    }
}

/* As `read_digits`; returns how many of them count: not the zeros in front, and no more than 1000. */
inline int read_counted(const char*& p, uint64_t& m) {
    if (m == 0)
        while (*p == '0') p++;
    const char* first = p;
    p = read_digits(p, m);
    return (int)(p - first < 1000 ? p - first : 1000);
}

/* ---- numbers as written --------------------------------------------------------------------------------- */

/* Reads [.digits][e±digits] after the integer part; false (with p at the offending byte) when a digit is missing.
   `strict` asks for a digit after the point, as JSON does. */
inline bool read_fraction(const char*& p, Number& n, uint64_t& m, int& digits, bool strict) {
    int32_t exponent = 0;
    if (*p == '.') {
        const char* first = ++p;
        digits += read_counted(p, m);
        if (strict && p == first) return false;
        exponent = (int32_t)-(p - first < EXPONENT_LIMIT * 64 ? p - first : EXPONENT_LIMIT * 64);
    }
    if ((*p | 0x20) == 'e') {
        p++;
        const bool minus = *p == '-';
        if (minus || *p == '+') p++;
        if (!is_digit(*p)) return false;
        int32_t e = 0;
        for (; is_digit(*p); p++)
            if (e < EXPONENT_LIMIT) e = e * 10 + (*p - '0');
        exponent += minus ? -e : e;
    }
    n.exponent = exponent;
    return true;
}

/* A JSON number at p (a digit or `-`); on failure p is at the offending byte. */
inline bool read_json_number(const char*& p, Number& n) {
    n.negative = *p == '-';
    p += n.negative;
    n.text.begin = p;
    uint64_t m = 0;
    int digits = 0;
    if (*p == '0') p++;
    else {
        const char* first = p;
        digits = read_counted(p, m);
        if (p == first) return false;
    }
    n.exponent = 0;
    if (unlikely((*p | 0x20) == 'e') || *p == '.')
        if (!read_fraction(p, n, m, digits, true)) return false;
    n.text.end = p;
    n.mantissa = m;
    n.long_form = digits > 19;
    return true;
}

/* A number as people write it in text: blanks around it, a sign, leading zeros, `.5` and `5.` allowed. */
inline bool read_text_number(Text t, Number& n) {
    t = trim(t);
    const char* p = t.begin;
    if (p == t.end) return false;
    n.negative = *p == '-';
    p += n.negative | (*p == '+');
    n.text.begin = p;
    uint64_t m = 0;
    int digits = 0;
    const char* first = p;
    digits = read_counted(p, m);
    const bool whole = p > first;
    if (!whole && (*p != '.' || !is_digit(p[1]))) return false;
    n.exponent = 0;
    if (!read_fraction(p, n, m, digits, false) || p != t.end) return false;
    n.text.end = p;
    n.mantissa = m;
    n.long_form = digits > 19;
    return true;
}

/* ---- approximate ---------------------------------------------------------------------------------------- */

/* The library's correctly rounded reader; it cannot tell overflow from underflow, so the caller's exponent does. */
template <typename F> inline Fit from_text(const Number& n, F* value) {
    const auto result = std::from_chars(n.text.begin, n.text.end, *value);
    if (result.ec == std::errc()) return *value > (sizeof(F) == 8 ? (F)1.7976931348623157e308 : (F)3.4028234663852886e38) ? Fit::range : Fit::ok;
    if (n.mantissa == 0 && !n.long_form) { *value = 0; return Fit::ok; }
    int64_t magnitude = n.exponent;  // power of ten of the leading digit, roughly; the limits are far apart
    bool leading = true;
    for (const char* p = n.text.begin; p < n.text.end && (is_digit(*p) || *p == '.'); p++) {
        if (*p == '.') continue;
        leading = leading && *p == '0';
        magnitude += !leading;
    }
    if (magnitude > 0) return Fit::range;
    *value = 0;
    return Fit::ok;
}

/* mantissa × 10^exponent by way of 64 bits of precision, where such numbers exist; false if the result is not sure.
   Mantissa and power are exact, so the quotient or product is rounded once, to 64 bits. Rounding it again, to 53, is
   right unless the 11 bits that go say "half": what was lost before decides then. */
inline bool by_extended(uint64_t mantissa, int exponent, double* value) {
#if defined(__x86_64__) && defined(__linux__) && __LDBL_MANT_DIG__ == 64
    static const long double powers[] = {1e0L,  1e1L,  1e2L,  1e3L,  1e4L,  1e5L,  1e6L,  1e7L,  1e8L,  1e9L,
                                         1e10L, 1e11L, 1e12L, 1e13L, 1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L,
                                         1e20L, 1e21L, 1e22L, 1e23L, 1e24L, 1e25L, 1e26L, 1e27L};
    if (mantissa >> 63 || exponent < -27 || exponent > 27) return false;
    const long double exact = (long double)(int64_t)mantissa;
    const long double result = exponent < 0 ? exact / powers[-exponent] : exact * powers[exponent];
    uint64_t bits;
    memcpy(&bits, &result, 8);
    *value = (double)result;
    return (bits & 0x7ff) != 0x400;
#else
    (void)mantissa, (void)exponent, (void)value;
    return false;
#endif
}

inline Fit to_double(const Number& n, double* value) {
    const int e = n.exponent;
    Fit fit = Fit::ok;
    if (likely(!n.long_form && n.mantissa <= (1ULL << 53) && e >= -22 && e <= 22))
        *value = e < 0 ? (double)n.mantissa / POWERS[-e] : (double)n.mantissa * POWERS[e];
    else if (n.long_form || !by_extended(n.mantissa, e, value)) fit = from_text(n, value);
    *value *= SIGNS[n.negative];
    return fit;
}

inline Fit to_float(const Number& n, float* value) {
    const int e = n.exponent;
    Fit fit = Fit::ok;
    if (likely(!n.long_form && n.mantissa <= (1ULL << 24) && e >= -10 && e <= 10))
        *value = e < 0 ? (float)n.mantissa / (float)POWERS[-e] : (float)n.mantissa * (float)POWERS[e];
    else fit = from_text(n, value);
    if (n.negative) *value = -*value;
    return fit;
}

/* ---- exact ---------------------------------------------------------------------------------------------- */

/* All significant digits of n (no leading or trailing zeros) and the exponent of the last one. */
inline std::string digits_of(const Number& n, int64_t* exponent) {
    std::string digits;
    int64_t fraction = 0, e = 0;
    bool after = false;
    for (const char* p = n.text.begin; p < n.text.end && (is_digit(*p) || *p == '.'); p++) {
        if (*p == '.') { after = true; continue; }
        fraction += after;
        if (!digits.empty() || *p != '0') digits += *p;
    }
    for (const char* p = n.text.begin; p < n.text.end; p++)
        if ((*p | 0x20) == 'e') {
            const bool minus = p[1] == '-';
            for (p += 1 + (minus || p[1] == '+'); p < n.text.end; p++)
                if (e < EXPONENT_LIMIT) e = e * 10 + (*p - '0');
            if (minus) e = -e;
            break;
        }
    *exponent = e - fraction;
    while (!digits.empty() && digits.back() == '0') { digits.pop_back(); ++*exponent; }
    return digits;
}

/* ±digits × 10^exponent as an integer below 10^limit, exponent >= 0. */
inline Fit scaled(const std::string& digits, int64_t exponent, int limit, uint128* value) {
    *value = 0;
    if (digits.empty()) return Fit::ok;
    if ((int64_t)digits.size() + exponent > limit) return Fit::range;
    for (char c : digits) *value = *value * 10 + unsigned(c - '0');
    for (; exponent > 0; exponent--) *value *= 10;
    return Fit::ok;
}

/* The value as an integer in [low, high]; a fraction other than zero is malformed. */
inline Fit to_integer(const Number& n, int64_t low, int64_t high, int64_t* value) {
    uint128 m = n.mantissa;
    if (unlikely(n.long_form || n.exponent != 0)) {
        int64_t exponent;
        const std::string digits = digits_of(n, &exponent);
        if (exponent < 0 && !digits.empty()) return Fit::malformed;
        const Fit fit = scaled(digits, exponent, 20, &m);
        if (fit != Fit::ok) return fit;
    }
    if (n.negative ? m > (uint128)(-(int128)low) : m > (uint128)high) return Fit::range;
    *value = n.negative ? (int64_t)(0 - (uint64_t)m) : (int64_t)m;
    return Fit::ok;
}

/* Whether the digits after the scale are float noise: nearer than 1e-9 to the value that is kept. */
inline bool is_noise(const std::string& digits, size_t kept, int64_t zeros, int scale, bool* up) {
    auto digit = [&](int64_t i) { return i < zeros ? '0' : digits[kept + size_t(i - zeros)]; };
    const int64_t tail = zeros + int64_t(digits.size() - kept);
    *up = digit(0) >= '5';
    const int64_t must = 9 - scale;
    for (int64_t i = 0; i < must; i++)
        if ((i < tail ? digit(i) : '0') != (*up ? '9' : '0')) return false;
    return !*up || must <= 0 || tail > must;
}

/* The value × 10^scale, below 10^precision; more fraction digits than the scale are malformed unless float noise. */
inline Fit to_decimal(const Number& n, int precision, int scale, int128* value) {
    uint128 m = n.mantissa;
    const int64_t shift = (int64_t)n.exponent + scale;
    if (likely(!n.long_form && shift >= 0 && shift <= 18)) m *= TENS[shift];
    else {
        int64_t exponent;
        std::string digits = digits_of(n, &exponent);
        exponent += scale;
        bool up = false;
        if (exponent < 0 && !digits.empty()) {
            const int64_t size = (int64_t)digits.size();
            const size_t kept = size + exponent > 0 ? size_t(size + exponent) : 0;
            const int64_t zeros = size + exponent < 0 ? -(size + exponent) : 0;
            if (!is_noise(digits, kept, zeros, scale, &up)) return Fit::malformed;
            digits.resize(kept);
            exponent = 0;
        }
        const Fit fit = scaled(digits, exponent, 20, &m);
        if (fit != Fit::ok) return fit;
        m += up;
    }
    if (m >= TENS[precision]) return Fit::range;
    *value = n.negative ? -(int128)m : (int128)m;
    return Fit::ok;
}

}  // namespace streamsql
