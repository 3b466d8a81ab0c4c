// What the stack of a program holds: a value for each of some hundred rows, and what is done to such values.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "arrow_c.h"

namespace streamsql {

constexpr int STEP = 256;  // rows
constexpr int DEPTH = 16;  // values on the stack

// A value for each row of a step: integers (and decimals, without their point), numbers (double), truths (bytes, 0 where
// unknown) or texts.
struct Slot {
    alignas(16) uint8_t memory[STEP * 8];
    uint8_t present[STEP];  // of which rows there is a value; only if `gaps`
    const void* values;     // `memory`, or that of a column
    bool gaps;
    const ColumnView* column;  // texts: of a column, or one for all rows
    int64_t first;
    std::string_view text;

    template <class T> const T* of() const { return static_cast<const T*>(values); }
    template <class T> T* own() {
        values = memory;
        return reinterpret_cast<T*>(memory);
    }
    std::string_view text_at(int i) const { return column ? column->bytes(first + i) : text; }
    void complete() { std::memset(present, 1, STEP); }
};

inline bool bit_at(const uint8_t* bits, int64_t i) { return bits[i >> 3] >> (i & 7) & 1; }

template <class T, class V> void widen(const ColumnView& c, int64_t first, int n, Slot& s) {
    V* out = s.own<V>();
    for (int i = 0; i < n; i++) out[i] = static_cast<V>(c.at<T>(first + i));
}

// Values as they lie in the column, if they have the right width; zeros where there are none.
template <class V> void take_wide(const ColumnView& c, int64_t first, int n, Slot& s) {
    const uint8_t* at = c.values + (c.offset + first) * int64_t(sizeof(V));
    if (!s.gaps && reinterpret_cast<uintptr_t>(at) % sizeof(V) == 0) s.values = at;
    else widen<V, V>(c, first, n, s);
}

// Decimals without their point, as integers. False: one has more than 64 bits.
inline bool take_decimals(const ColumnView& c, int64_t first, int n, Slot& s) {
    int64_t* out = s.own<int64_t>();
    bool bad = false;
    for (int i = 0; i < n; i++) {
        const int128 value = c.at<int128>(first + i);
        out[i] = static_cast<int64_t>(value);
        bad |= out[i] != value && (!s.gaps || s.present[i]);
    }
    return !bad;
}

// False: there is a value that a program cannot hold.
inline bool load(const ColumnView& c, int64_t first, int n, Slot& s) {
    bool known = true;
    s.gaps = c.validity != nullptr;
    s.column = nullptr;
    if (s.gaps)
        for (int i = 0; i < n; i++) s.present[i] = bit_at(c.validity, c.offset + first + i);
    switch (c.layout) {
        case Layout::I8: widen<int8_t, int64_t>(c, first, n, s); break;
        case Layout::I16: widen<int16_t, int64_t>(c, first, n, s); break;
        case Layout::I32: widen<int32_t, int64_t>(c, first, n, s); break;
        case Layout::I64: take_wide<int64_t>(c, first, n, s); break;
        case Layout::F32: widen<float, double>(c, first, n, s); break;
        case Layout::F64: take_wide<double>(c, first, n, s); break;
        case Layout::D128: known = take_decimals(c, first, n, s); break;
        case Layout::Bit: {
            uint8_t* out = s.own<uint8_t>();
            for (int i = 0; i < n; i++) out[i] = bit_at(c.values, c.offset + first + i);
            if (s.gaps)
                for (int i = 0; i < n; i++) out[i] &= s.present[i];
            return true;
        }
        default:
            s.column = &c;
            s.first = first;
            return true;
    }
    if (!s.gaps) return known;
    int64_t* words = reinterpret_cast<int64_t*>(s.memory);  // what stands under a null must not look like an overflow
    for (int i = 0; i < n; i++) words[i] &= -int64_t(s.present[i]);
    return known;
}

template <class V> void constant(V value, int n, Slot& s) {
    s.gaps = false;
    s.column = nullptr;
    std::fill_n(s.own<V>(), n, value);
}

// `a` has values where both have.
inline void meet(Slot& a, const Slot& b, int n) {
    if (!b.gaps) return;
    if (!a.gaps) std::memcpy(a.present, b.present, size_t(n));
    else
        for (int i = 0; i < n; i++) a.present[i] &= b.present[i];
    a.gaps = true;
}

template <class V, class F> void combine(Slot& a, const Slot& b, int n, F f) {
    const V *x = a.of<V>(), *y = b.of<V>();
    V* out = reinterpret_cast<V*>(a.memory);
#pragma GCC ivdep
    for (int i = 0; i < n; i++) out[i] = f(x[i], y[i]);
    a.values = a.memory;
    meet(a, b, n);
}

template <class V, class F> void compare(Slot& a, const Slot& b, int n, F f) {
    uint8_t found[STEP];
    const V *x = a.of<V>(), *y = b.of<V>();
    for (int i = 0; i < n; i++) found[i] = f(x[i], y[i]);
    meet(a, b, n);
    uint8_t* out = a.own<uint8_t>();
    std::memcpy(out, found, size_t(n));
    if (a.gaps)
        for (int i = 0; i < n; i++) out[i] &= a.present[i];
}

inline std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

template <class F> void compare_texts(Slot& a, const Slot& b, int n, bool trim, F f) {
    meet(a, b, n);
    uint8_t* out = a.own<uint8_t>();
    for (int i = 0; i < n; i++) {
        if (a.gaps && !a.present[i]) out[i] = 0;
        else if (trim) out[i] = f(trimmed(a.text_at(i)), trimmed(b.text_at(i)));
        else out[i] = f(a.text_at(i), b.text_at(i));
    }
    a.column = nullptr;
}

// Three truths: FALSE wins AND, TRUE wins OR, else what is unknown makes the result unknown.
inline void conjunction(Slot& a, Slot& b, int n, bool is_or) {
    const bool gaps = a.gaps || b.gaps;
    if (!gaps) {
        if (is_or) combine<uint8_t>(a, b, n, [](uint8_t x, uint8_t y) { return uint8_t(x | y); });
        else combine<uint8_t>(a, b, n, [](uint8_t x, uint8_t y) { return uint8_t(x & y); });
        return;
    }
    if (!a.gaps) a.complete();
    if (!b.gaps) b.complete();
    a.gaps = true;
    uint8_t* x = reinterpret_cast<uint8_t*>(a.memory);
    const uint8_t *from = a.of<uint8_t>(), *y = b.of<uint8_t>();
    for (int i = 0; i < n; i++) {
        const uint8_t no_a = a.present[i] & (from[i] ^ 1), no_b = b.present[i] & (y[i] ^ 1);
        const uint8_t yes = is_or ? from[i] | y[i] : from[i] & y[i];
        const uint8_t no = is_or ? no_a & no_b : no_a | no_b;
        x[i] = yes;
        a.present[i] = yes | no;
    }
    a.values = a.memory;
}

// v mod d with the sign of v, for one d > 0: by multiplication where that is exact enough.
inline void remainders(Slot& a, int64_t d, int n) {
    const int64_t* x = a.of<int64_t>();
    int64_t* out = reinterpret_cast<int64_t*>(a.memory);
    const double by = 1.0 / double(d);
    for (int i = 0; i < n; i++) {
        const int64_t v = x[i];
        if (v < 0 || v >> 52) {
            out[i] = v % d;
            continue;
        }
        int64_t rest = v - int64_t(double(v) * by) * d;
        rest += rest < 0 ? d : 0;
        out[i] = rest >= d ? rest - d : rest;
    }
    a.values = a.memory;
}

// v / d for one d > 0, rounded half away from zero.
inline void rounded(Slot& a, int64_t d, int n) {
    const int64_t* x = a.of<int64_t>();
    int64_t* out = reinterpret_cast<int64_t*>(a.memory);
    for (int i = 0; i < n; i++) {
        const int64_t v = x[i], rest = v % d;
        out[i] = v / d + (rest >= d - rest) - (-rest >= d + rest);
    }
    a.values = a.memory;
}

}  // namespace streamsql
