// Exact decimal arithmetic on 128-bit integers: the values of Arrow's decimal128, 16 bytes each, little-endian.
//
// Inputs have at most 19 digits and a result at most 19, so every intermediate below fits 128 bits; null slots
// may hold anything, their flags are ignored by the caller. All rounding is half away from zero.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace decimals {

typedef __int128 wide;

enum Flag : uint8_t { FINE = 0, OVERFLOWN = 1, ZERO_DIVISOR = 2 };

static inline wide load(const int64_t* words, int64_t row) {
    wide value;
    std::memcpy(&value, words + 2 * row, sizeof(value));
    return value;
}

static inline void store(int64_t* words, int64_t row, wide value) {
    std::memcpy(words + 2 * row, &value, sizeof(value));
}

static inline wide power_of_ten(int exponent) {
    wide result = 1;
    while (exponent-- > 0) result *= 10;
    return result;
}

static inline bool fits_64(wide value) { return value == static_cast<int64_t>(value); }

// dividend / divisor rounded half away from zero; divisor is not zero.
static inline wide divide_rounded(wide dividend, wide divisor) {
    wide quotient, rest;
    if (fits_64(dividend) && fits_64(divisor) && divisor != -1) {
        const int64_t a = static_cast<int64_t>(dividend), b = static_cast<int64_t>(divisor);
        quotient = a / b;
        rest = a % b;
    } else {
        quotient = dividend / divisor;
        rest = dividend % divisor;
    }
    const wide size = rest < 0 ? -rest : rest, whole = divisor < 0 ? -divisor : divisor;
    if (size >= whole - size) quotient += ((dividend < 0) == (divisor < 0)) ? 1 : -1;
    return quotient;
}

static inline bool within(wide value, wide bound) { return value < bound && value > -bound; }

static inline wide rest_of(wide dividend, wide divisor) { return dividend % divisor; }

// value / unit rounded down, or with `up` upwards; unit > 0.
static inline wide whole_times(wide value, wide unit, bool up) {
    const wide quotient = value / unit, rest = value % unit;
    return quotient + (up ? rest > 0 : -(rest < 0));
}

// left * 10^exponent / right, exact to the last digit; false when the result leaves (-bound, bound).
static inline bool divide_scaled(wide left, wide right, int exponent, wide bound, wide* result) {
    const bool negative = (left < 0) != (right < 0);
    wide dividend = left < 0 ? -left : left;
    const wide divisor = right < 0 ? -right : right;
    wide quotient = dividend / divisor, rest = dividend % divisor;
    while (exponent > 0) {
        if (quotient >= bound) return false;
        const int step = exponent < 18 ? exponent : 18;
        const wide factor = power_of_ten(step);
        quotient = quotient * factor + rest * factor / divisor;
        rest = rest * factor % divisor;
        exponent -= step;
    }
    if (rest >= divisor - rest) quotient += 1;
    *result = negative ? -quotient : quotient;
    return quotient < bound;
}

static inline double to_double(wide value, int scale) {
    static const wide exact = static_cast<wide>(1) << 53;
    if (within(value, exact)) {
        // Both operands are exact (10^scale < 2^64 has few significant bits up to 10^22): one rounding.
        double power = 1;
        for (int i = 0; i < scale; ++i) power *= 10;
        return static_cast<double>(static_cast<int64_t>(value)) / power;
    }
    char text[64];
    int at = 63;
    bool negative = value < 0;
    unsigned __int128 rest = negative ? -static_cast<unsigned __int128>(value) : value;
    text[at] = 0;
    while (rest) {
        text[--at] = static_cast<char>('0' + static_cast<int>(rest % 10));
        rest /= 10;
    }
    char full[80];
    const int digits = 63 - at;
    std::memcpy(full, text + at, digits);
    full[digits] = 'e';
    char* end = std::to_chars(full + digits + 1, full + 80, -scale).ptr;
    double result = 0;
    std::from_chars(full, end, result);
    return negative ? -result : result;
}

// The shortest decimal that reads back as `value`, rounded to `scale`; false: not finite or out of bound.
template <typename Real>
static inline bool from_real(Real value, int scale, wide bound, wide* result) {
    if (!std::isfinite(value)) return false;
    char text[64];
    char* end = std::to_chars(text, text + 64, value, std::chars_format::scientific).ptr;
    wide digits = 0;
    int fraction = 0;
    bool negative = false, after_point = false;
    char* at = text;
    for (; at < end && *at != 'e'; ++at) {
        if (*at == '-') {
            negative = true;
        } else if (*at == '.') {
            after_point = true;
        } else {
            digits = digits * 10 + (*at - '0');
            fraction += after_point;
        }
    }
    int exponent = 0;
    if (at < end) {
        ++at;
        if (*at == '+') ++at;
        std::from_chars(at, end, exponent);
    }
    int shift = exponent - fraction + scale;
    if (digits && shift > 20) return false;
    if (shift >= 0) {
        digits = digits ? digits * power_of_ten(shift) : 0;
    } else {
        digits = -shift > 20 ? 0 : divide_rounded(digits, power_of_ten(-shift));
    }
    *result = negative ? -digits : digits;
    return digits < bound;
}

// Plain text of value / 10^scale at `out`; returns the end (at most 42 characters).
static inline char* write_plain(char* out, wide value, int scale) {
    unsigned __int128 rest = value < 0 ? -static_cast<unsigned __int128>(value) : value;
    if (value < 0) *out++ = '-';
    char digits[48];
    int count = 0;
    while (rest || count <= scale) {
        digits[count++] = static_cast<char>('0' + static_cast<int>(rest % 10));
        rest /= 10;
    }
    while (count > 0) {
        *out++ = digits[--count];
        if (count == scale && scale > 0) *out++ = '.';
    }
    return out;
}

}  // namespace decimals
