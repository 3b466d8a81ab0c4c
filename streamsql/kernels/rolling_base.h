// Sliding windows: for every row, an aggregate of the rows of its partition that are in its window.
//
// The window moves as (leave, enter) steps: before row i enters, `leaving[i]` of the oldest rows of its partition
// leave. Each function keeps what it needs of the rows inside; a row costs amortised constant time.
#pragma once

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
        for (size_t i = 0; i < states.size(); i++) {
            if (out.writes() && i + SAVED_AHEAD < states.size()) call_for(states[i + SAVED_AHEAD], 0);
            states[i].save(out);
        }
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

}  // namespace streamsql
