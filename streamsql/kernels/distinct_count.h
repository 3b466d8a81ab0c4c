// How many different values a column has in periods that follow each other: exact for up to 10 000 of them,
// by HyperLogLog for more.
#pragma once

#include <cmath>

#include "groups.h"
#include "period_rows.h"

namespace streamsql {

constexpr int64_t EXACT_ITEMS = 10000;

// HyperLogLog with 2^17 registers: standard error 0.29 %. Estimator: O. Ertl, "New cardinality estimation algorithms
// for HyperLogLog sketches" (2017), algorithm 6, which needs no tables and no switch between ranges.
class Sketch {
public:
    static constexpr int BITS = 17, MOST = 64 - BITS + 1;

    bool empty() const { return registers_.empty(); }
    void open() { registers_.assign(size_t{1} << BITS, 0); }

    void add(uint64_t hash) {
        uint64_t rest = hash << BITS;
        uint8_t rank = rest ? static_cast<uint8_t>(__builtin_clzll(rest) + 1) : MOST;
        uint8_t& value = registers_[hash >> (64 - BITS)];
        value = std::max(value, rank);
    }

    double estimate() const {
        double many[MOST + 1] = {}, size = static_cast<double>(registers_.size());
        for (uint8_t value : registers_) many[value]++;
        double z = size * tau(1 - many[MOST] / size);
        for (int rank = MOST - 1; rank > 0; rank--) z = 0.5 * (z + many[rank]);
        z += size * sigma(many[0] / size);
        return size * size / (2 * std::log(2.0) * z);
    }

    void save(Writer& out) const { out.put(registers_); }
    void load(Reader& in) {
        in.get(registers_);
        bool fits = registers_.empty() || registers_.size() == size_t{1} << BITS;
        for (uint8_t value : registers_) fits &= value <= MOST;
        if (!fits) throw std::runtime_error("saved sketch is damaged");
    }

private:
    static double sigma(double x) {
        if (x == 1) return std::numeric_limits<double>::infinity();
        double sum = x, before = -1;
        for (double power = 1; sum != before; power += power) {
            x *= x;
            before = sum;
            sum += x * power;
        }
        return sum;
    }
    static double tau(double x) {
        if (x == 0 || x == 1) return 0;
        double sum = 1 - x, before = -1;
        for (double power = 0.5; sum != before; power *= 0.5) {
            x = std::sqrt(x);
            before = sum;
            sum -= (1 - x) * (1 - x) * power;
        }
        return sum / 3;
    }

    std::vector<uint8_t> registers_;
};

// Buffers of one call, shared by all counters.
struct DistinctScratch {
    KeyBytes key;
    std::vector<int64_t> fresh;
    std::vector<ColumnView> row{1};
};

// The different values of one key in one period.
class DistinctItems {
public:
    void add(const ColumnView& column, int64_t row, DistinctScratch& scratch) {
        if (!sketch_.empty()) {
            sketch_.add(hash(column, row, scratch));
            return;
        }
        int32_t code;
        scratch.row[0] = column;
        scratch.row[0].offset += row;
        scratch.fresh.clear();
        table_.encode(scratch.row, 1, true, &code, scratch.fresh);
        if (!scratch.fresh.empty()) hashes_.push_back(hash(column, row, scratch));
        if (code >= 0) return;
        sketch_.open();
        for (uint64_t known : hashes_) sketch_.add(known);
        sketch_.add(hash(column, row, scratch));
        table_.clear();
        hashes_ = {};
    }

    int64_t count() const { return sketch_.empty() ? table_.size() : std::llround(sketch_.estimate()); }

    void save(Writer& out) const {
        out.put(table_);
        out.put(hashes_);
        out.put(sketch_);
    }
    void load(Reader& in) {
        in.get(table_);
        in.get(hashes_);
        in.get(sketch_);
        if (static_cast<int64_t>(hashes_.size()) != table_.size()) throw std::runtime_error("saved items are damaged");
    }

private:
    static uint64_t hash(const ColumnView& column, int64_t row, DistinctScratch& scratch) {
        if (column.layout == Layout::Bytes) return hash_bytes(column.bytes(row));
        scratch.key.clear();
        scratch.key.append(column, row);
        return hash_bytes(scratch.key);
    }

    GroupTable table_{EXACT_ITEMS};
    std::vector<uint64_t> hashes_;  // of the table's items
    Sketch sketch_;
};

// One counter for each key ("owner") that has rows in the open period.
class DistinctCounter {
public:
    // Counts rows [0, n) of `column`, nulls left out; owners, starts and m as in TopItems::add.
    void add(const ColumnView& column, const int32_t* owners, int64_t n, const int64_t* starts, int64_t m,
             PeriodRows& out) {
        int64_t next = 0;
        for (int64_t row = 0; row < n; row++) {
            if (next < m && starts[next] == row) close(static_cast<int32_t>(next++), out);
            DistinctItems& items = of(owners[row]);
            if (column.valid(row)) items.add(column, row, scratch_);
        }
    }

    void close(int32_t period, PeriodRows& out) {
        for (size_t i = 0; i < owners_.size(); i++) {
            out.periods.push_back(period);
            out.codes.push_back(owners_[i]);
            out.counts.push_back(items_[i].count());
            places_[owners_[i]] = -1;
        }
        owners_.clear();
        items_.clear();
    }

    // The owners of the open period in the order of their first rows; from now on they are 0, 1, 2 …
    std::vector<int32_t> renumber() {
        std::vector<int32_t> owners = owners_;
        places_.clear();
        for (int32_t& owner : owners_) {
            owner = static_cast<int32_t>(places_.size());
            places_.push_back(owner);
        }
        return owners;
    }

    void save(Writer& out) const {
        out.put(owners_);
        out.put(items_);
    }
    void load(Reader& in) {
        in.get(owners_);
        in.get(items_);
        if (owners_.size() != items_.size()) throw std::runtime_error("saved counters are damaged");
        places_.clear();
        for (size_t place = 0; place < owners_.size(); place++) {
            int32_t owner = owners_[place];
            if (owner < 0) throw std::runtime_error("saved counters are damaged");
            if (static_cast<size_t>(owner) >= places_.size()) places_.resize(owner + 1, -1);
            places_[owner] = static_cast<int32_t>(place);
        }
    }

private:
    DistinctItems& of(int32_t owner) {
        if (static_cast<size_t>(owner) >= places_.size()) places_.resize(owner + 1, -1);
        if (places_[owner] < 0) {
            places_[owner] = static_cast<int32_t>(owners_.size());
            owners_.push_back(owner);
            items_.emplace_back();
        }
        return items_[places_[owner]];
    }

    std::vector<int32_t> owners_;
    std::vector<DistinctItems> items_;  // beside owners_
    std::vector<int32_t> places_;       // owner → where it stands there, or -1
    DistinctScratch scratch_;
};

}  // namespace streamsql
