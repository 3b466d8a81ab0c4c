// Sliding windows: for every row, an aggregate of the rows of its partition that are in its window.
//
// The window moves as (leave, enter) steps: before row i enters, `leaving[i]` of the oldest rows of its partition
// leave. Each function keeps what it needs of the rows inside; a row costs amortised constant time.
#pragma once

#include <map>
#include <memory>

#include "moments.h"
#include "ring.h"

namespace streamsql {

// The rows of one call: their partitions, how many rows leave before each, and their times in ms.
struct Steps {
    int64_t length;
    int64_t partitions;  // so far
    const int32_t* partition;
    const int64_t* leaving;
    const int64_t* times;
};

class RollingFunction {
public:
    virtual ~RollingFunction() = default;
    virtual void run(const Steps& steps, const ColumnView& values, const ColumnView& defaults, Output& out) = 0;
    virtual void keep(const int32_t* ids, int64_t n) = 0;
    virtual void save(Writer& out) const = 0;
    virtual void load(Reader& in) = 0;
};

// A function with one state per partition. `State::step(leaving, column, row, time)` moves the window.
template <class State> class Partitioned : public RollingFunction {
public:
    void keep(const int32_t* ids, int64_t n) override {
        std::vector<State> kept;
        kept.reserve(n);
        for (int64_t i = 0; i < n; i++) kept.push_back(std::move(states[ids[i]]));
        states.swap(kept);
    }
    void save(Writer& out) const override {
        out.put<uint64_t>(states.size());
        for (const State& state : states) state.save(out);
    }
    void load(Reader& in) override {
        states.clear();
        uint64_t size = in.count(1);
        for (uint64_t i = 0; i < size; i++) {
            states.emplace_back();
            states.back().load(in);
        }
    }

protected:
    std::vector<State> states;
};

// --- sums -------------------------------------------------------------------------------------------------

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

// --- one of the values ------------------------------------------------------------------------------------

// A row inside the window: its number within the partition, and its value.
template <class T> struct Seen {
    int64_t number;
    T value;
    bool valid;

    void save(Writer& out) const {
        out.put(number);
        out.put(value);
        out.put(valid);
    }
    void load(Reader& in) {
        in.get(number);
        in.get(value);
        in.get(valid);
    }
};

template <class T> struct SeenWindow {
    Ring<Seen<T>> rows;
    int64_t begin = 0;  // number of the oldest row inside
    int64_t end = 0;    // number of the next row

    void leave(int64_t count) {
        begin += count;
        while (!rows.empty() && rows.front().number < begin) rows.pop_front();
    }
    void save(Writer& out) const {
        rows.save(out);
        out.put(begin);
        out.put(end);
    }
    void load(Reader& in) {
        rows.load(in);
        in.get(begin);
        in.get(end);
    }
};

template <class T> void put(const Seen<T>& seen, Output& out, int64_t row) {
    if (seen.valid) out.put<T>(row, seen.value);
    else out.none<T>(row);
}

// MIN and MAX: only rows that no later row beats are kept, best first.
template <class T> class RollingExtreme : public Partitioned<SeenWindow<T>> {
public:
    explicit RollingExtreme(bool greatest) : greatest_(greatest) {}
    void run(const Steps& steps, const ColumnView& values, const ColumnView&, Output& out) override {
        if (steps.partitions > static_cast<int64_t>(this->states.size())) this->states.resize(steps.partitions);
        for (int64_t i = 0; i < steps.length; i++) {
            SeenWindow<T>& window = this->states[steps.partition[i]];
            window.leave(steps.leaving[i]);
            if (values.valid(i)) {
                T value = read<T>(values, i);
                auto& rows = window.rows;
                while (!rows.empty() && !(greatest_ ? value < rows.back().value : rows.back().value < value))
                    rows.pop_back();
                rows.push_back({window.end, std::move(value), true});
            }
            window.end++;
            if (window.rows.empty()) out.none<T>(i);
            else put(window.rows.front(), out, i);
        }
    }

private:
    bool greatest_;
};

enum class Pick : int32_t { FromFirst, FromLast, Lag };

// NTH_VALUE from either end (FIRST_VALUE and LAST_VALUE are the first) and LAG: `n` rows before the current one,
// else the default. Rows that can never be picked are not kept.
template <class T> class RollingPick : public Partitioned<SeenWindow<T>> {
public:
    RollingPick(Pick pick, int64_t n, bool ignore_nulls, bool forever)
        : pick_(pick), n_(n), ignore_nulls_(ignore_nulls), forever_(forever) {}

    void run(const Steps& steps, const ColumnView& values, const ColumnView& defaults, Output& out) override {
        if (steps.partitions > static_cast<int64_t>(this->states.size())) this->states.resize(steps.partitions);
        for (int64_t i = 0; i < steps.length; i++) {
            SeenWindow<T>& window = this->states[steps.partition[i]];
            window.leave(steps.leaving[i]);
            bool valid = values.valid(i), entered = valid || !ignore_nulls_;
            if (pick_ == Pick::Lag && n_ == 0) {
                put(Seen<T>{0, valid ? read<T>(values, i) : T{}, valid}, out, i);
                continue;
            }
            if (entered) enter(window, Seen<T>{window.end, valid ? read<T>(values, i) : T{}, valid});
            window.end++;
            int64_t size = window.rows.size();
            int64_t at = pick_ == Pick::FromFirst ? n_ - 1 : pick_ == Pick::FromLast ? size - n_ : size - entered - n_;
            if (at >= 0 && at < size) put(window.rows[at], out, i);
            else if (pick_ == Pick::Lag && defaults.valid(i)) out.put<T>(i, read<T>(defaults, i));
            else out.none<T>(i);
        }
    }

private:
    void enter(SeenWindow<T>& window, Seen<T> seen) {
        if (pick_ == Pick::FromFirst && forever_ && window.rows.size() >= n_) return;
        window.rows.push_back(std::move(seen));
        if (pick_ != Pick::FromFirst && window.rows.size() > n_ + 1) window.rows.pop_front();
    }
    Pick pick_;
    int64_t n_;
    bool ignore_nulls_, forever_;
};

// --- the rest ---------------------------------------------------------------------------------------------

// EXP_AVG: the weight of a row halves with every full `step` ms of its age. The steps of all rows shift with
// every new row, so each row looks at the whole window, newest first, until weights are too small to count.
struct AgedWindow {
    struct Item {
        int64_t time;
        double value;
        bool valid;
    };
    Ring<Item> items;

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

inline bool is_double(Layout layout) { return layout == Layout::F32 || layout == Layout::F64; }

inline RollingFunction* make_rolling_sum(Layout layout, Finish kind, int shift, bool forever, bool distinct) {
    if (distinct) {
        if (kind >= Finish::VariancePopulation) return new RollingDistinct<double, Moments>(kind, shift);
        if (is_double(layout)) return new RollingDistinct<double, DoubleSum>(kind, shift);
        return new RollingDistinct<int128, ExactSum>(kind, shift);
    }
    if (kind >= Finish::VariancePopulation) return new RollingSum<DoubleWindow<Moments>>(kind, shift, forever);
    if (is_double(layout)) return new RollingSum<DoubleWindow<DoubleSum>>(kind, shift, forever);
    if (layout == Layout::D128) return new RollingSum<ExactWindow<int128>>(kind, shift, forever);
    return new RollingSum<ExactWindow<int64_t>>(kind, shift, forever);
}

inline RollingFunction* make_rolling_count(bool forever) { return new RollingCount(forever); }
inline RollingFunction* make_rolling_decay(int64_t step) { return new RollingDecay(step); }

inline RollingFunction* make_rolling_extreme(Layout layout, bool greatest) {
    if (is_double(layout)) return new RollingExtreme<double>(greatest);
    if (layout == Layout::D128) return new RollingExtreme<int128>(greatest);
    if (layout == Layout::Bytes) return new RollingExtreme<std::string>(greatest);
    return new RollingExtreme<int64_t>(greatest);
}

inline RollingFunction* make_rolling_pick(Layout layout, Pick pick, int64_t n, bool ignore_nulls, bool forever) {
    if (is_double(layout)) return new RollingPick<double>(pick, n, ignore_nulls, forever);
    if (layout == Layout::D128) return new RollingPick<int128>(pick, n, ignore_nulls, forever);
    if (layout == Layout::Bytes) return new RollingPick<std::string>(pick, n, ignore_nulls, forever);
    return new RollingPick<int64_t>(pick, n, ignore_nulls, forever);
}

}  // namespace streamsql
