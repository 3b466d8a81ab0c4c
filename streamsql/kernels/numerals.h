// Numbers as text: Java's forms out, SQL's forms in.
#pragma once

#include "decimals.h"

namespace numerals {

using decimals::wide;

enum Flag : uint8_t { FINE = 0, TOO_LARGE = 1, NO_NUMBER = 2 };

// Double.toString: plain between 10^-3 and 10^7, else 1.5E10; always a digit on both sides of the point.
template <typename Real>
static inline char* write_real(char* out, Real value) {
    if (std::isnan(value)) return static_cast<char*>(std::memcpy(out, "NaN", 3)) + 3;
    if (std::signbit(value)) *out++ = '-';
    if (std::isinf(value)) return static_cast<char*>(std::memcpy(out, "Infinity", 8)) + 8;
    if (value == 0) return static_cast<char*>(std::memcpy(out, "0.0", 3)) + 3;
    char text[64], digits[40];
    char* end = std::to_chars(text, text + 64, std::fabs(value), std::chars_format::scientific).ptr;
    int count = 0, exponent = 0;
    char* at = text;
    for (; *at != 'e'; ++at) {
        if (*at != '.') digits[count++] = *at;
    }
    ++at;
    if (*at == '+') ++at;
    std::from_chars(at, end, exponent);
    if (exponent < -3 || exponent >= 7) {
        *out++ = digits[0];
        *out++ = '.';
        if (count == 1) *out++ = '0';
        for (int i = 1; i < count; ++i) *out++ = digits[i];
        *out++ = 'E';
        return std::to_chars(out, out + 8, exponent).ptr;
    }
    if (exponent < 0) {
        *out++ = '0';
        *out++ = '.';
        for (int i = -1; i > exponent; --i) *out++ = '0';
    }
    for (int i = 0; i < count || i <= exponent + 1; ++i) {
        if (exponent >= 0 && i == exponent + 1) *out++ = '.';
        *out++ = i < count ? digits[i] : '0';
        if (exponent < 0 && i + 1 == count) break;
    }
    return out;
}

static inline bool digit(char c) { return c >= '0' && c <= '9'; }

static inline void trim(const char** from, const char** to) {
    while (*from < *to && (**from == ' ' || **from == '\t')) ++*from;
    while (*to > *from && ((*to)[-1] == ' ' || (*to)[-1] == '\t')) --*to;
}

// [sign] digits [. digits], rounded half away from zero to `scale` places.
static inline Flag parse_decimal(const char* at, const char* end, int scale, wide bound, wide* result) {
    trim(&at, &end);
    bool negative = false, seen = false, up = false, large = false;
    if (at < end && (*at == '+' || *at == '-')) negative = *at++ == '-';
    wide value = 0;
    for (; at < end && digit(*at); ++at) {
        seen = true;
        if (value < bound) value = value * 10 + (*at - '0');
    }
    int places = 0;
    if (at < end && *at == '.') {
        for (++at; at < end && digit(*at); ++at) {
            seen = true;
            if (places < scale) {
                if (value < bound) value = value * 10 + (*at - '0');
            } else if (places == scale) {
                up = *at >= '5';
            }
            ++places;
        }
    }
    if (at != end || !seen) return NO_NUMBER;
    for (; places < scale; ++places) {
        if (value < bound) value *= 10;
    }
    value += up;
    large = value >= bound;
    *result = negative ? -value : value;
    return large ? TOO_LARGE : FINE;
}

// [sign] digits [. digits] [E [sign] digits], nearest double.
static inline Flag parse_double(const char* at, const char* end, double* result) {
    trim(&at, &end);
    bool negative = false, seen = false, nonzero = false;
    if (at < end && (*at == '+' || *at == '-')) negative = *at++ == '-';
    const char* start = at;
    long magnitude = 0;  // decimal exponent of the first digit that is not zero
    long places = 0;
    bool point = false;
    for (; at < end && (digit(*at) || (*at == '.' && !point)); ++at) {
        if (*at == '.') {
            point = true;
            continue;
        }
        seen = true;
        if (point && !nonzero) --places;
        if (!point && nonzero) ++places;
        if (*at != '0') nonzero = true;
    }
    if (!seen) return NO_NUMBER;
    magnitude = places;
    const char* mantissa_end = at;
    if (at < end && (*at == 'e' || *at == 'E')) {
        ++at;
        bool down = false;
        if (at < end && (*at == '+' || *at == '-')) down = *at++ == '-';
        if (at == end) return NO_NUMBER;
        long exponent = 0;
        for (; at < end && digit(*at); ++at) {
            if (exponent < 1000000) exponent = exponent * 10 + (*at - '0');
        }
        magnitude += down ? -exponent : exponent;
        mantissa_end = at;
    }
    if (at != end) return NO_NUMBER;
    double value = 0;
    const auto parsed = std::from_chars(start, mantissa_end, value);
    if (parsed.ec == std::errc::result_out_of_range) {
        if (nonzero && magnitude > 0) return TOO_LARGE;
        value = 0;
    }
    *result = negative ? -value : value;
    return FINE;
}

}  // namespace numerals
