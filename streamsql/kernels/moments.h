// Sums and moments that depend on the order of the rows only, never on how they came in batches.
#pragma once

#include <cmath>
#include <cstdint>

#include "column_view.h"

namespace streamsql {

// A sum of doubles with its rounding error kept apart (Neumaier).
struct DoubleSum {
    double sum = 0, error = 0;
    int64_t count = 0;

    void add(double value) {
        double total = sum + value;
        error += std::fabs(sum) >= std::fabs(value) ? (sum - total) + value : (value - total) + sum;
        sum = total;
        count++;
    }
    void add(const DoubleSum& other) {
        int64_t both = count + other.count;
        add(other.sum);
        error += other.error;
        count = both;
    }
    // Not finite when the true sum is beyond the range of a double.
    double value() const { return std::isfinite(sum) ? sum + error : sum; }
};

// Count, mean and sum of squared deviations (Welford; Chan for merging).
struct Moments {
    double mean = 0, squares = 0;
    int64_t count = 0;

    void add(double value) {
        count++;
        double delta = value - mean;
        mean += delta / static_cast<double>(count);
        squares += delta * (value - mean);
    }
    void add(const Moments& other) {
        if (other.count == 0) return;
        if (count == 0) {
            *this = other;
            return;
        }
        double n = static_cast<double>(count), m = static_cast<double>(other.count), delta = other.mean - mean;
        mean += delta * (m / (n + m));
        squares += other.squares + delta * delta * (n * m / (n + m));
        count += other.count;
    }
};

enum class Finish : int32_t {
    Count, Sum, SumDecimal, Average, AverageDecimal,
    VariancePopulation, VarianceSample, DeviationPopulation, DeviationSample
};

constexpr int128 power_of_ten(int exponent) {
    int128 power = 1;
    for (int i = 0; i < exponent; i++) power *= 10;
    return power;
}

// Exact sum of integers or of the digits of decimals; 2^60 terms fit.
struct ExactSum {
    int128 sum = 0;
    int64_t count = 0;
};

// SUM and AVG of exact numbers. `shift`: digits that AVG of a decimal has more than its argument.
inline void finish(const ExactSum& state, Finish kind, int shift, Output& out, int64_t row) {
    if (kind == Finish::Count) return out.put<int64_t>(row, state.count);
    bool decimal = kind == Finish::SumDecimal || kind == Finish::AverageDecimal;
    if (state.count == 0) return decimal ? out.none<int128>(row) : out.none<int64_t>(row);
    if (kind == Finish::Average) return out.put<int64_t>(row, static_cast<int64_t>(state.sum / state.count));
    if (kind == Finish::Sum) {
        if (state.sum > INT64_MAX || state.sum < INT64_MIN) out.fail(row);
        return out.put<int64_t>(row, static_cast<int64_t>(state.sum));
    }
    int128 value = state.sum;
    if (kind == Finish::AverageDecimal) {
        int128 whole = value / state.count, rest = value % state.count;  // |sum| * 10^shift might not fit
        int128 scaled = rest * power_of_ten(shift), last = scaled % state.count;
        value = whole * power_of_ten(shift) + scaled / state.count;
        if (2 * (last < 0 ? -last : last) >= state.count) value += state.sum < 0 ? -1 : 1;
    }
    if (value >= power_of_ten(18) || value <= -power_of_ten(18)) {
        out.fail(row);
        value = 0;
    }
    out.put<int128>(row, value);
}

inline void put_finite(double value, Output& out, int64_t row) {
    if (!std::isfinite(value)) {
        out.fail(row);
        value = 0;
    }
    out.put<double>(row, value);
}

inline void finish(const DoubleSum& state, Finish kind, int, Output& out, int64_t row) {
    if (kind == Finish::Count) return out.put<int64_t>(row, state.count);
    if (state.count == 0) return out.none<double>(row);
    put_finite(kind == Finish::Average ? state.value() / static_cast<double>(state.count) : state.value(), out, row);
}

inline void finish(const Moments& state, Finish kind, int, Output& out, int64_t row) {
    bool sample = kind == Finish::VarianceSample || kind == Finish::DeviationSample;
    if (state.count < (sample ? 2 : 1)) return out.none<double>(row);
    double variance = std::fmax(state.squares, 0.0) / static_cast<double>(state.count - sample);
    if (std::isnan(state.squares)) variance = state.squares;
    bool root = kind == Finish::DeviationPopulation || kind == Finish::DeviationSample;
    put_finite(root ? std::sqrt(variance) : variance, out, row);
}

}  // namespace streamsql
