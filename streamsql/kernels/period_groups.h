// Keys in periods: which group each row belongs to, when a group is a key in one period.
#pragma once

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <vector>

namespace streamsql {

// Groups are numbered in the order of their first rows, so those of one period follow each other.
class PeriodGroups {
public:
    int64_t size() const { return static_cast<int64_t>(codes_.size()); }
    const std::vector<int32_t>& codes() const { return codes_; }

    explicit PeriodGroups(int64_t most) : most_(static_cast<size_t>(most)) {}

    // The group of each of n rows by the number of its key (< known; -1: it has none, and no group). A period begins before
    // each of the rows `starts`; `edges` are the numbers of groups there were then, `fresh` the rows with which groups begin.
    void assign(const int32_t* codes, int64_t n, const std::vector<int64_t>& starts, int64_t known, int32_t* groups,
                std::vector<int64_t>& fresh, std::vector<int64_t>& edges) {
        if (static_cast<int64_t>(newest_.size()) < known) newest_.resize(static_cast<size_t>(known), NONE);
        int64_t row = 0;
        for (int64_t start : starts) {
            add(codes, row, start, groups, fresh);
            row = start;
            begin();
            edges.push_back(size());
        }
        add(codes, row, n, groups, fresh);
    }

    // The period is over.
    void begin() {
        for (size_t group = open_; group < codes_.size(); group++) newest_[codes_[group]] = NONE;
        open_ = codes_.size();
    }

    // Forgets the first groups, none of the open period; the others become 0, 1, 2 …
    void forget(int64_t count) {
        if (count > static_cast<int64_t>(open_)) throw std::invalid_argument("groups of the open period");
        codes_.erase(codes_.begin(), codes_.begin() + count);
        open_ -= static_cast<size_t>(count);
        for (size_t group = open_; group < codes_.size(); group++) newest_[codes_[group]] = static_cast<int32_t>(group);
    }

    // The groups, all of the open period, are those of the keys 0, 1, 2 … from now on.
    void renumber(int64_t count) {
        codes_.resize(static_cast<size_t>(count));
        for (int64_t group = 0; group < count; group++) codes_[group] = static_cast<int32_t>(group);
        newest_ = codes_;
        open_ = 0;
    }

private:
    static constexpr int32_t NONE = -1;
    std::vector<int32_t> newest_;  // by the number of a key: its group in the open period
    std::vector<int32_t> codes_;   // of the groups
    size_t open_ = 0;              // the first group of the open period
    size_t most_;                  // groups that a period can have

    void add(const int32_t* codes, int64_t row, int64_t end, int32_t* groups, std::vector<int64_t>& fresh) {
        for (; row < end; row++) {
            const int32_t code = codes[row];
            int32_t group = code < 0 ? NONE : newest_[code];
            if (group < 0 && code >= 0 && codes_.size() - open_ < most_) {
                group = newest_[code] = static_cast<int32_t>(codes_.size());
                codes_.push_back(code);
                fresh.push_back(row);
            }
            groups[row] = group;
        }
    }
};

}  // namespace streamsql
