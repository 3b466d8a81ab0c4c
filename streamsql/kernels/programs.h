// Expressions over the columns of a batch, by a stack machine that takes some hundred rows at each step.
//
// A program knows numbers, decimals of 64 bits, truths and texts, and gives up on everything else: an overflow, a division by zero, a
// result that is not finite. Whoever runs it then computes these rows the long way, which says what is wrong.
#pragma once

#include "program_values.h"

namespace streamsql {

enum class Op : int32_t {
    column, integer, number, truth, text,                          // what they push; the types are those of values
    to_number, fits, within, rounded, negate_integer, negate_number,  // one value
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
    int64_t integer = 0;  // a constant, a column's number, what `fits` & co. need, 1: blanks at the end do not count
    double number = 0;
    std::string text;
};

class Program {
 public:
    void add(int op, int64_t integer, double number, const std::string& text) {
        code_.push_back(Instruction{static_cast<Op>(op), integer, number, text});
    }

    // The rows from `first` on, at most STEP of them; the result is in stack[0]. False: it cannot be said.
    bool run(const std::vector<ColumnView>& columns, int64_t first, int n, Slot* stack) const {
        int top = -1;
        for (const Instruction& each : code_) {
            if (each.op <= Op::text) {
                if (!push(each, columns, first, n, stack[++top])) return false;
            } else if (each.op <= Op::negation) {
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

    static bool push(const Instruction& each, const std::vector<ColumnView>& columns, int64_t first, int n, Slot& s) {
        switch (each.op) {
            case Op::column: return load(columns[size_t(each.integer)], first, n, s);
            case Op::integer: constant<int64_t>(each.integer, n, s); break;
            case Op::number: constant<double>(each.number, n, s); break;
            case Op::truth: constant<uint8_t>(uint8_t(each.integer), n, s); break;
            default:
                s.gaps = false;
                s.column = nullptr;
                s.text = each.text;
        }
        return true;
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
            case Op::within: {  // the digits of a decimal
                const int64_t *x = s.of<int64_t>(), bound = each.integer;
                bool bad = false;
                for (int i = 0; i < n; i++) bad |= x[i] >= bound || x[i] <= -bound;
                return !bad;
            }
            case Op::rounded:
                rounded(s, each.integer, n);
                return true;
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
