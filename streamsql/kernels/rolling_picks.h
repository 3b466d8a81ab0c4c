// Sliding windows whose answer is one of the values inside: MIN, MAX, FIRST_VALUE, LAST_VALUE, NTH_VALUE, LAG.
#pragma once

#include "rolling_base.h"

namespace streamsql {

template <class T> struct SeenWindow {
    Ring<Seen<T>> rows;
    int64_t begin = 0;  // number of the oldest row inside
    int64_t end = 0;    // number of the next row

    void leave(int64_t count) {
        begin += count;
        while (!rows.empty() && rows.front().number < begin) rows.pop_front();
    }
    void prefetch() const { rows.prefetch(); }
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

}  // namespace streamsql
