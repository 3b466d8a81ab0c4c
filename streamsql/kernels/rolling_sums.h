// Sliding windows whose answer is computed from all values inside: COUNT, SUM, AVG, variances, EXP_AVG.
#pragma once

#include <map>

#include "rolling_base.h"

namespace streamsql {

// Exact numbers: what enters is added, what leaves is subtracted. `T` is int64_t or int128.
template <class T> struct ExactWindow {
    struct Item {
        T value;
        bool valid;
    };
    Ring<Item> items;
    ExactSum state;

    void leave(int64_t count) {
        for (; count > 0; count--) {
            if (items.front().valid) {
                state.sum -= items.front().value;
                state.count--;
            }
            items.pop_front();
        }
    }
    void enter(const ColumnView& column, int64_t row, bool forever) {
        bool valid = column.valid(row);
        T value = valid ? read<T>(column, row) : T{};
        if (valid) {
            state.sum += value;
            state.count++;
        }
        if (!forever) items.push_back({value, valid});
    }
    const ExactSum& total() const { return state; }
    void prefetch() const { items.prefetch(); }
    void save(Writer& out) const {
        items.save(out);
        out.put(state);
    }
    void load(Reader& in) {
        items.load(in);
        in.get(state);
    }
};

// Doubles: nothing is subtracted, so there is no drift. `Sum` is DoubleSum or Moments.
template <class Sum> struct DoubleWindow {
    SlidingSum<Sum> window;
    Sum all;

    void leave(int64_t count) {
        for (; count > 0; count--) window.pop();
    }
    void enter(const ColumnView& column, int64_t row, bool forever) {
        Sum one;
        Sum& target = forever ? all : one;
        if (column.valid(row)) target.add(read<double>(column, row));
        if (forever) return;
        window.push(one);
        all = window.total();
    }
    const Sum& total() const { return all; }
    void prefetch() const { window.prefetch(); }
    void save(Writer& out) const {
        window.save(out);
        out.put(all);
    }
    void load(Reader& in) {
        window.load(in);
        in.get(all);
    }
};

template <class Window> class RollingSum : public Partitioned<Window> {
public:
    RollingSum(Finish kind, int shift, bool forever) : kind_(kind), shift_(shift), forever_(forever) {}
    void run(const Steps& steps, const ColumnView& values, const ColumnView&, Output& out) override {
        if (steps.partitions > static_cast<int64_t>(this->states.size())) this->states.resize(steps.partitions);
        for (int64_t i = 0; i < steps.length; i++) {
            Window& window = this->states[steps.partition[i]];
            window.leave(steps.leaving[i]);
            window.enter(values, i, forever_);
            finish(window.total(), kind_, shift_, out, i);
        }
    }

private:
    Finish kind_;
    int shift_;
    bool forever_;
};

// COUNT(x): only whether the rows inside are null.
struct CountWindow {
    Ring<uint8_t> valid;
    int64_t count = 0;

    void prefetch() const { valid.prefetch(); }
    void save(Writer& out) const {
        valid.save(out);
        out.put(count);
    }
    void load(Reader& in) {
        valid.load(in);
        in.get(count);
    }
};

class RollingCount : public Partitioned<CountWindow> {
public:
    explicit RollingCount(bool forever) : forever_(forever) {}
    void run(const Steps& steps, const ColumnView& values, const ColumnView&, Output& out) override {
        if (steps.partitions > static_cast<int64_t>(states.size())) states.resize(steps.partitions);
        for (int64_t i = 0; i < steps.length; i++) {
            CountWindow& window = states[steps.partition[i]];
            for (int64_t k = steps.leaving[i]; k > 0; k--) {
                window.count -= window.valid.front();
                window.valid.pop_front();
            }
            bool valid = values.valid(i);
            window.count += valid;
            if (!forever_) window.valid.push_back(valid);
            out.put<int64_t>(i, window.count);
        }
    }

private:
    bool forever_;
};

// EXP_AVG: the weight of a row halves with every full `step` ms of its age. The steps of all rows shift with
// every new row, so each row looks at the whole window, newest first, until weights are too small to count.
struct AgedWindow {
    struct Item {
        int64_t time;
        double value;
        bool valid;
    };
    Ring<Item> items;

    void prefetch() const { items.prefetch(); }
    void save(Writer& out) const { items.save(out); }
    void load(Reader& in) { items.load(in); }
};

class RollingDecay : public Partitioned<AgedWindow> {
public:
    explicit RollingDecay(int64_t step) : step_(step) {}
    void run(const Steps& steps, const ColumnView& values, const ColumnView&, Output& out) override {
        if (steps.partitions > static_cast<int64_t>(states.size())) states.resize(steps.partitions);
        for (int64_t i = 0; i < steps.length; i++) {
            auto& items = states[steps.partition[i]].items;
            for (int64_t k = steps.leaving[i]; k > 0; k--) items.pop_front();
            bool valid = values.valid(i);
            items.push_back({steps.times[i], valid ? read<double>(values, i) : 0.0, valid});
            DoubleSum weighted, weights;
            for (int64_t k = items.size() - 1; k >= 0; k--) {
                int64_t halvings = (steps.times[i] - items[k].time) / step_;
                if (halvings > 1074) break;
                if (!items[k].valid) continue;
                double weight = std::ldexp(1.0, -static_cast<int>(halvings));
                weighted.add(weight * items[k].value);
                weights.add(weight);
            }
            if (weights.value() == 0) out.none<double>(i);
            else put_finite(weighted.value() / weights.value(), out, i);
        }
    }

private:
    int64_t step_;
};

// SUM, AVG and the variances of DISTINCT values. Integers and decimals keep their exact sum; doubles are summed
// anew in ascending order when the set of values has changed.
template <class T> struct DistinctWindow {
    Ring<Seen<T>> rows;
    std::map<T, int64_t> values;

    void prefetch() const { rows.prefetch(); }
    void save(Writer& out) const { rows.save(out); }
    void load(Reader& in) {
        rows.load(in);
        values.clear();
        for (int64_t i = 0; i < rows.size(); i++)
            if (rows[i].valid) values[rows[i].value]++;
    }
};

template <class T, class Sum> class RollingDistinct : public Partitioned<DistinctWindow<T>> {
public:
    RollingDistinct(Finish kind, int shift) : kind_(kind), shift_(shift) {}
    void run(const Steps& steps, const ColumnView& column, const ColumnView&, Output& out) override {
        if (steps.partitions > static_cast<int64_t>(this->states.size())) this->states.resize(steps.partitions);
        for (int64_t i = 0; i < steps.length; i++) {
            DistinctWindow<T>& window = this->states[steps.partition[i]];
            for (int64_t k = steps.leaving[i]; k > 0; k--) {
                Seen<T>& old = window.rows.front();
                if (old.valid && --window.values[old.value] == 0) window.values.erase(old.value);
                window.rows.pop_front();
            }
            bool valid = column.valid(i);
            T value = valid ? read<T>(column, i) : T{};
            if (valid) window.values[value]++;
            window.rows.push_back({0, value, valid});
            Sum sum;
            for (const auto& entry : window.values) add(sum, entry.first);
            finish(sum, kind_, shift_, out, i);
        }
    }

private:
    static void add(ExactSum& sum, int128 value) {
        sum.sum += value;
        sum.count++;
    }
    static void add(DoubleSum& sum, double value) { sum.add(value); }
    static void add(Moments& sum, double value) { sum.add(value); }
    Finish kind_;
    int shift_;
};

}  // namespace streamsql
