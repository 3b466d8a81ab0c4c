// Aggregates of many groups at once: one flat vector of states per function.
#pragma once

#include <memory>

#include "moments.h"
#include "output_column.h"
#include "state_bytes.h"

namespace streamsql {

class Accumulator {
public:
    virtual ~Accumulator() = default;
    // Adds rows 0..n; `groups[i]` < `total` is the group of row i, negative: the row is in no group.
    virtual void update(const int32_t* groups, int64_t n, int64_t total, const ColumnView& column) = 0;
    // The results of groups `ids`, n of them.
    virtual void result(const int32_t* ids, int64_t n, Output& out) const = 0;
    virtual int64_t size() const = 0;
    virtual void clear() = 0;
    virtual void keep(const int32_t* ids, int64_t n) = 0;
    virtual void save(Writer& out) const = 0;
    virtual void load(Reader& in) = 0;
};

// What all accumulators share: the vector of states.
template <class State> class StateVector : public Accumulator {
public:
    int64_t size() const override { return static_cast<int64_t>(states.size()); }
    void clear() override { states.clear(); }
    void keep(const int32_t* ids, int64_t n) override {
        std::vector<State> kept;
        kept.reserve(n);
        for (int64_t i = 0; i < n; i++) kept.push_back(std::move(states[ids[i]]));
        states.swap(kept);
    }
    void save(Writer& out) const override { out.put(states); }
    void load(Reader& in) override { in.get(states); }

protected:
    template <class Add> void each(const int32_t* groups, int64_t n, int64_t total, const ColumnView& column, Add add) {
        if (total > size()) states.resize(total);
        if (column.validity || column.layout == Layout::Null) {
            for (int64_t i = 0; i < n; i++)
                if (groups[i] >= 0 && column.valid(i)) add(states[groups[i]], i);
        } else {
            for (int64_t i = 0; i < n; i++)
                if (groups[i] >= 0) add(states[groups[i]], i);
        }
    }
    std::vector<State> states;
};

// COUNT(*) (`all`) and COUNT(x).
class CountAccumulator : public StateVector<int64_t> {
public:
    explicit CountAccumulator(bool all) : all_(all) {}
    void update(const int32_t* groups, int64_t n, int64_t total, const ColumnView& column) override {
        ColumnView everything;
        everything.layout = Layout::I64;
        each(groups, n, total, all_ ? everything : column, [](int64_t& count, int64_t) { count++; });
    }
    void result(const int32_t* ids, int64_t n, Output& out) const override {
        for (int64_t i = 0; i < n; i++) out.put<int64_t>(i, states[ids[i]]);
    }

private:
    bool all_;
};

// SUM and AVG of integers (T = int64_t) and decimals (T = int128).
template <class T> class ExactAccumulator : public StateVector<ExactSum> {
public:
    ExactAccumulator(Finish kind, int shift) : kind_(kind), shift_(shift) {}
    void update(const int32_t* groups, int64_t n, int64_t total, const ColumnView& column) override {
        each(groups, n, total, column, [&](ExactSum& state, int64_t row) {
            state.sum += read<T>(column, row);
            state.count++;
        });
    }
    void result(const int32_t* ids, int64_t n, Output& out) const override {
        for (int64_t i = 0; i < n; i++) finish(states[ids[i]], kind_, shift_, out, i);
    }

private:
    Finish kind_;
    int shift_;
};

// SUM, AVG (State = DoubleSum) and the variances (State = Moments) of doubles.
template <class State> class DoubleAccumulator : public StateVector<State> {
public:
    explicit DoubleAccumulator(Finish kind) : kind_(kind) {}
    void update(const int32_t* groups, int64_t n, int64_t total, const ColumnView& column) override {
        this->each(groups, n, total, column, [&](State& state, int64_t row) { state.add(read<double>(column, row)); });
    }
    void result(const int32_t* ids, int64_t n, Output& out) const override {
        for (int64_t i = 0; i < n; i++) finish(this->states[ids[i]], kind_, 0, out, i);
    }

private:
    Finish kind_;
};

template <class T> struct Maybe {
    T value{};
    bool present = false;  // a row was seen
    bool valid = false;    // and it was not null

    void save(Writer& out) const {
        out.put(value);
        out.put(present);
        out.put(valid);
    }
    void load(Reader& in) {
        in.get(value);
        in.get(present);
        in.get(valid);
    }
};

template <class T> class ValueAccumulator : public StateVector<Maybe<T>> {
public:
    void result(const int32_t* ids, int64_t n, Output& out) const override {
        for (int64_t i = 0; i < n; i++) {
            const Maybe<T>& state = this->states[ids[i]];
            if (state.valid) out.put<T>(i, state.value);
            else out.template none<T>(i);
        }
    }
};

// MIN and MAX; text in the order of its bytes, which is the order of code points.
template <class T> class ExtremeAccumulator : public ValueAccumulator<T> {
public:
    explicit ExtremeAccumulator(bool greatest) : greatest_(greatest) {}
    void update(const int32_t* groups, int64_t n, int64_t total, const ColumnView& column) override {
        this->each(groups, n, total, column, [&](Maybe<T>& state, int64_t row) {
            T value = read<T>(column, row);
            if (!state.valid || (greatest_ ? state.value < value : value < state.value)) state.value = std::move(value);
            state.present = state.valid = true;
        });
    }

private:
    bool greatest_;
};

// FIRST_VALUE and LAST_VALUE in order of arrival.
template <class T> class EdgeAccumulator : public ValueAccumulator<T> {
public:
    EdgeAccumulator(bool last, bool ignore_nulls) : last_(last), ignore_nulls_(ignore_nulls) {}
    void update(const int32_t* groups, int64_t n, int64_t total, const ColumnView& column) override {
        if (total > this->size()) this->states.resize(total);
        for (int64_t i = 0; i < n; i++) {
            if (groups[i] < 0) continue;
            bool valid = column.valid(i);
            Maybe<T>& state = this->states[groups[i]];
            if ((ignore_nulls_ && !valid) || (!last_ && state.present)) continue;
            state.present = true;
            state.valid = valid;
            state.value = valid ? read<T>(column, i) : T{};
        }
    }

private:
    bool last_, ignore_nulls_;
};

// FIRST_VALUE, LAST_VALUE, MIN or MAX over values of type T.
enum class Choice : int32_t { First, Last, Least, Greatest };

template <class T> std::unique_ptr<Accumulator> choose(Choice choice, bool ignore_nulls) {
    if (choice == Choice::Least || choice == Choice::Greatest)
        return std::make_unique<ExtremeAccumulator<T>>(choice == Choice::Greatest);
    return std::make_unique<EdgeAccumulator<T>>(choice == Choice::Last, ignore_nulls);
}

inline Accumulator* make_choice(Layout layout, Choice choice, bool ignore_nulls) {
    switch (layout) {
        case Layout::F32: case Layout::F64: return choose<double>(choice, ignore_nulls).release();
        case Layout::D128: return choose<int128>(choice, ignore_nulls).release();
        case Layout::Bytes: return choose<std::string>(choice, ignore_nulls).release();
        default: return choose<int64_t>(choice, ignore_nulls).release();
    }
}

inline Accumulator* make_count(bool all) { return new CountAccumulator(all); }

inline Accumulator* make_moments(Layout layout, Finish kind, int shift) {
    if (kind >= Finish::VariancePopulation) return new DoubleAccumulator<Moments>(kind);
    if (layout == Layout::F32 || layout == Layout::F64) return new DoubleAccumulator<DoubleSum>(kind);
    if (layout == Layout::D128) return new ExactAccumulator<int128>(kind, shift);
    return new ExactAccumulator<int64_t>(kind, shift);
}

// The results of groups `ids` as a column; `failed` gets the numbers of those that are out of the type's range.
inline void make_results(const Accumulator& state, const int32_t* ids, int64_t n, Layout result,
                         std::vector<int64_t>& failed, ArrowArray* column) {
    OutputColumn made(result, n);
    state.result(ids, n, made.out());
    made.finish(failed, column);
}

}  // namespace streamsql
