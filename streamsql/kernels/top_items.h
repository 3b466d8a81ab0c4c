// Counts of numbered items in periods that follow each other, and the most frequent items of a period that ends.
#pragma once

#include <algorithm>

#include "period_rows.h"
#include "state_bytes.h"

namespace streamsql {

class TopItems {
public:
    explicit TopItems(int64_t k) : k_(k) {}

    // Counts codes[0..n) (below 0: nothing to count). A period begins at each of the rows starts[0..m), and the one
    // before it ends. owners: to whom each code belongs, who has a ranking of their own (null: to the same).
    void add(const int32_t* codes, int64_t n, const int64_t* starts, int64_t m, const int32_t* owners,
             PeriodRows& out) {
        int64_t next = 0;
        for (int64_t row = 0; row < n; row++) {
            if (next < m && starts[next] == row) close(static_cast<int32_t>(next++), owners, out);
            int32_t code = codes[row];
            if (code < 0) continue;
            if (static_cast<size_t>(code) >= places_.size()) places_.resize(code + 1, -1);
            if (places_[code] < 0) {
                places_[code] = static_cast<int32_t>(items_.size());
                items_.push_back(Item{code, 0});
            }
            items_[places_[code]].count++;
        }
    }

    // Ends the open period, as number `period`.
    void close(int32_t period, const int32_t* owners, PeriodRows& out) {
        rank(owners);
        int64_t given = 0;
        for (size_t i = 0; i < ranks_.size(); i++) {
            given = i && ranks_[i].owner == ranks_[i - 1].owner ? given + 1 : 1;
            if (given > k_) continue;
            const Item& item = items_[ranks_[i].place];
            out.periods.push_back(period);
            out.codes.push_back(static_cast<int32_t>(item.code));
            out.counts.push_back(item.count);
        }
        for (const Item& item : items_) places_[item.code] = -1;
        items_.clear();
    }

    // The codes of the open period in the order of their first rows; from now on they are 0, 1, 2 …
    std::vector<int32_t> renumber() {
        std::vector<int32_t> codes;
        places_.clear();
        for (Item& item : items_) {
            codes.push_back(static_cast<int32_t>(item.code));
            item.code = static_cast<int64_t>(places_.size());
            places_.push_back(static_cast<int32_t>(item.code));
        }
        return codes;
    }

    void save(Writer& out) const { out.put(items_); }
    void load(Reader& in) {
        in.get(items_);
        places_.clear();
        for (size_t place = 0; place < items_.size(); place++) {
            int64_t code = items_[place].code;
            if (code < 0 || code > INT32_MAX) throw std::runtime_error("saved counts are damaged");
            if (static_cast<size_t>(code) >= places_.size()) places_.resize(code + 1, -1);
            places_[code] = static_cast<int32_t>(place);
        }
    }

private:
    struct Item {
        int64_t code, count;
    };
    struct Rank {
        int32_t owner, place;
        int64_t count;
        // Owners by first appearance, then the most frequent, then the first to appear.
        bool operator<(const Rank& other) const {
            if (owner != other.owner) return owner < other.owner;
            return count != other.count ? count > other.count : place < other.place;
        }
    };

    void rank(const int32_t* owners) {
        ranks_.clear();
        std::vector<int32_t> seen;  // owner → how many owners appeared before it
        int32_t many = 0;
        for (size_t place = 0; place < items_.size(); place++) {
            int32_t owner = 0;
            if (owners) {
                size_t id = owners[items_[place].code];
                if (id >= seen.size()) seen.resize(id + 1, -1);
                if (seen[id] < 0) seen[id] = many++;
                owner = seen[id];
            }
            ranks_.push_back({owner, static_cast<int32_t>(place), items_[place].count});
        }
        if (many > 1 || k_ >= static_cast<int64_t>(ranks_.size())) {
            std::sort(ranks_.begin(), ranks_.end());
        } else {
            std::partial_sort(ranks_.begin(), ranks_.begin() + k_, ranks_.end());
            ranks_.resize(k_);
        }
    }

    int64_t k_;
    std::vector<Item> items_;      // of the open period, in the order of their first rows
    std::vector<int32_t> places_;  // code → where it stands in items_, or -1
    std::vector<Rank> ranks_;
};

}  // namespace streamsql
