// Expressions over the columns of a batch, by a stack machine that takes some hundred rows at each step.
//
// A program knows numbers, truths and texts, and gives up on everything else: an overflow, a division by zero, a
// result that is not finite. Whoever runs it then computes these rows the long way, which says what is wrong.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "arrow_c.h"

namespace streamsql {

constexpr int STEP = 256;  // rows
constexpr int DEPTH = 16;  // values on the stack

enum class Op : int32_t {
    column, integer, number, truth, text,                          // what they push; the types are those of values
    to_number, fits, negate_integer, negate_number,                // one value
    is_null, is_true, is_false, negation,
    add_integers, subtract_integers, multiply_integers, divide_integers, remainder,
    add_numbers, subtract_numbers, multiply_numbers, divide_numbers,
    both, either,
    integers_equal, integers_differ, integers_less, integers_at_most, integers_greater, integers_at_least,
    numbers_equal, numbers_differ, numbers_less, numbers_at_most, numbers_greater, numbers_at_least,
    texts_equal, texts_differ, texts_less, texts_at_most, texts_greater, texts_at_least,
};

struct Instruction {
    Op op;
    int64_t integer = 0;  // a constant, the number of a column, the bits of `fits`, 1: blanks at the end do not count
    double number = 0;
    std::string text;
};

// A value for each row of a step: integers, numbers (double), truths (bytes, 0 where unknown) or texts.
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

inline void load(const ColumnView& c, int64_t first, int n, Slot& s) {
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
        case Layout::Bit: {
            uint8_t* out = s.own<uint8_t>();
            for (int i = 0; i < n; i++) out[i] = bit_at(c.values, c.offset + first + i);
            if (s.gaps)
                for (int i = 0; i < n; i++) out[i] &= s.present[i];
            return;
        }
        default:
            s.column = &c;
            s.first = first;
            return;
    }
    if (!s.gaps) return;
    int64_t* words = reinterpret_cast<int64_t*>(s.memory);  // what stands under a null must not look like an overflow
    for (int i = 0; i < n; i++) words[i] &= -int64_t(s.present[i]);
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

class Program {
 public:
    void add(int op, int64_t integer, double number, const std::string& text) {
        code_.push_back(Instruction{static_cast<Op>(op), integer, number, text});
    }

    // The rows from `first` on, at most STEP of them; the result is in stack[0]. False: it cannot be said.
    bool run(const std::vector<ColumnView>& columns, int64_t first, int n, Slot* stack) const {
        int top = -1;
        for (const Instruction& each : code_) {
            if (each.op <= Op::text) push(each, columns, first, n, stack[++top]);
            else if (each.op <= Op::negation) {
                if (!change(each, stack[top], n)) return false;
            } else {
                top--;
                if (!join(each, stack[top], stack[top + 1], n)) return false;
            }
        }
        return true;
    }

 private:
    std::vector<Instruction> code_;

    static void push(const Instruction& each, const std::vector<ColumnView>& columns, int64_t first, int n, Slot& s) {
        switch (each.op) {
            case Op::column: return load(columns[size_t(each.integer)], first, n, s);
            case Op::integer: return constant<int64_t>(each.integer, n, s);
            case Op::number: return constant<double>(each.number, n, s);
            case Op::truth: return constant<uint8_t>(uint8_t(each.integer), n, s);
            default:
                s.gaps = false;
                s.column = nullptr;
                s.text = each.text;
        }
    }

    static bool change(const Instruction& each, Slot& s, int n) {
        switch (each.op) {
            case Op::to_number: {
                const int64_t* x = s.of<int64_t>();
                double* out = reinterpret_cast<double*>(s.memory);
#pragma GCC ivdep
                for (int i = 0; i < n; i++) {
                    const double value = double(x[i]);
                    std::memcpy(out + i, &value, 8);
                }
                s.values = s.memory;
                return true;
            }
            case Op::fits: {
                const int64_t* x = s.of<int64_t>();
                const int64_t high = (int64_t(1) << (each.integer - 1)) - 1;
                bool bad = false;
                for (int i = 0; i < n; i++) bad |= x[i] > high || x[i] < -high - 1;
                return !bad;
            }
            case Op::negate_integer: {
                const int64_t* x = s.of<int64_t>();
                for (int i = 0; i < n; i++)
                    if (x[i] == INT64_MIN) return false;
                combine<int64_t>(s, s, n, [](int64_t v, int64_t) { return -v; });
                return true;
            }
            case Op::negate_number:
                combine<double>(s, s, n, [](double v, double) { return -v; });
                return true;
            case Op::is_null: {
                uint8_t* out = s.own<uint8_t>();
                s.column = nullptr;
                for (int i = 0; i < n; i++) out[i] = s.gaps && !s.present[i];
                s.gaps = false;
                return true;
            }
            case Op::is_true:  // a truth that is unknown is stored as 0
                s.gaps = false;
                return true;
            case Op::is_false:
                invert(s, n);
                s.gaps = false;
                return true;
            default:
                invert(s, n);
                return true;
        }
    }

    static void invert(Slot& s, int n) {
        const uint8_t* x = s.of<uint8_t>();
        uint8_t* out = reinterpret_cast<uint8_t*>(s.memory);
        if (s.gaps)
            for (int i = 0; i < n; i++) out[i] = uint8_t(s.present[i] & (x[i] ^ 1));
        else
            for (int i = 0; i < n; i++) out[i] = x[i] ^ 1;
        s.values = s.memory;
    }

    static bool join(const Instruction& each, Slot& a, Slot& b, int n) {
        switch (each.op) {
            case Op::add_integers:
                return checked(a, b, n, [](int64_t x, int64_t y, int64_t* r) { return __builtin_add_overflow(x, y, r); });
            case Op::subtract_integers:
                return checked(a, b, n, [](int64_t x, int64_t y, int64_t* r) { return __builtin_sub_overflow(x, y, r); });
            case Op::multiply_integers:
                return checked(a, b, n, [](int64_t x, int64_t y, int64_t* r) { return __builtin_mul_overflow(x, y, r); });
            case Op::divide_integers: case Op::remainder: return divide(each, a, b, n);
            case Op::add_numbers: return finite(a, b, n, [](double x, double y) { return x + y; });
            case Op::subtract_numbers: return finite(a, b, n, [](double x, double y) { return x - y; });
            case Op::multiply_numbers: return finite(a, b, n, [](double x, double y) { return x * y; });
            case Op::divide_numbers: return divide_numbers(a, b, n);
            case Op::both: case Op::either: conjunction(a, b, n, each.op == Op::either); return true;
            default: return order(each, a, b, n);
        }
    }

    template <class F> static bool checked(Slot& a, const Slot& b, int n, F f) {
        const int64_t *x = a.of<int64_t>(), *y = b.of<int64_t>();
        int64_t* out = reinterpret_cast<int64_t*>(a.memory);
        bool bad = false;
        for (int i = 0; i < n; i++) {
            int64_t result;
            bad |= f(x[i], y[i], &result);
            out[i] = result;
        }
        a.values = a.memory;
        meet(a, b, n);
        return !bad;
    }

    template <class F> static bool finite(Slot& a, const Slot& b, int n, F f) {
        combine<double>(a, b, n, f);
        const double* out = a.of<double>();
        bool bad = false;
        for (int i = 0; i < n; i++) bad |= std::fabs(out[i]) > std::numeric_limits<double>::max();
        return !bad;
    }

    static bool divide_numbers(Slot& a, Slot& b, int n) {
        double* y = reinterpret_cast<double*>(b.memory);
        if (b.values != b.memory) std::memcpy(y, b.values, size_t(n) * 8);
        b.values = b.memory;
        bool bad = false;
        for (int i = 0; i < n; i++) {
            if (b.gaps && !b.present[i]) y[i] = 1;
            bad |= y[i] == 0;
        }
        return !bad && finite(a, b, n, [](double u, double v) { return u / v; });
    }

    static bool divide(const Instruction& each, Slot& a, Slot& b, int n) {
        const int64_t* y = b.of<int64_t>();
        const bool rest = each.op == Op::remainder;
        if (each.integer > 0) {  // the same divisor in all rows
            remainders(a, each.integer, n);
            return true;
        }
        const int64_t* x = a.of<int64_t>();
        int64_t* out = reinterpret_cast<int64_t*>(a.memory);
        for (int i = 0; i < n; i++) {
            const bool absent = b.gaps && !b.present[i];
            const int64_t by = absent ? 1 : y[i];
            if (by == 0 || (by == -1 && !rest && x[i] == INT64_MIN)) return false;
            out[i] = rest ? (by == -1 ? 0 : x[i] % by) : x[i] / by;
        }
        a.values = a.memory;
        meet(a, b, n);
        return true;
    }

    template <class V> static void order_as(int which, Slot& a, const Slot& b, int n) {
        switch (which) {
            case 0: return compare<V>(a, b, n, [](V x, V y) { return x == y; });
            case 1: return compare<V>(a, b, n, [](V x, V y) { return x != y; });
            case 2: return compare<V>(a, b, n, [](V x, V y) { return x < y; });
            case 3: return compare<V>(a, b, n, [](V x, V y) { return x <= y; });
            case 4: return compare<V>(a, b, n, [](V x, V y) { return x > y; });
            default: return compare<V>(a, b, n, [](V x, V y) { return x >= y; });
        }
    }

    static bool order(const Instruction& each, Slot& a, const Slot& b, int n) {
        using Text = std::string_view;
        const bool trim = each.integer != 0;
        const int op = int(each.op);
        if (each.op <= Op::integers_at_least) order_as<int64_t>(op - int(Op::integers_equal), a, b, n);
        else if (each.op <= Op::numbers_at_least) order_as<double>(op - int(Op::numbers_equal), a, b, n);
        else
            switch (each.op) {
                case Op::texts_equal: compare_texts(a, b, n, trim, [](Text x, Text y) { return x == y; }); break;
                case Op::texts_differ: compare_texts(a, b, n, trim, [](Text x, Text y) { return x != y; }); break;
                case Op::texts_less: compare_texts(a, b, n, trim, [](Text x, Text y) { return x < y; }); break;
                case Op::texts_at_most: compare_texts(a, b, n, trim, [](Text x, Text y) { return x <= y; }); break;
                case Op::texts_greater: compare_texts(a, b, n, trim, [](Text x, Text y) { return x > y; }); break;
                default: compare_texts(a, b, n, trim, [](Text x, Text y) { return x >= y; });
            }
        return true;
    }
};

}  // namespace streamsql
