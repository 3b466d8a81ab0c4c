// Which rows leave a sliding window when the next row of its partition comes.
#pragma once

#include "ring.h"

namespace streamsql {

constexpr int64_t UNBOUNDED = -1;

// RANGE keeps the times of the rows inside; ROWS only needs to know how many there are.
class FrameTracker {
public:
    FrameTracker(bool rows, int64_t preceding) : rows_(rows), preceding_(preceding) {}

    // For each row: how many rows leave before it enters, and how many are inside once it has.
    void advance(int64_t n, const int32_t* partitions, int64_t total, const int64_t* times, int64_t* leaving,
                 int64_t* inside) {
        if (total > static_cast<int64_t>(sizes_.size())) {
            sizes_.resize(total);
            newest_.resize(total);
            if (keeps_times()) times_.resize(total);
        }
        for (int64_t i = 0; i < n; i++) {
            int32_t p = partitions[i];
            int64_t count = 0;
            if (keeps_times()) {
                Ring<int64_t>& ring = times_[p];
                for (; !ring.empty() && times[i] - ring.front() > preceding_; count++) ring.pop_front();
                ring.push_back(times[i]);
            } else if (preceding_ != UNBOUNDED && sizes_[p] > preceding_) {
                count = 1;
            }
            sizes_[p] += 1 - count;
            newest_[p] = times[i];
            leaving[i] = count;
            inside[i] = sizes_[p];
        }
    }

    // Partitions that can still be seen by a row at `time` or later.
    std::vector<int32_t> alive(int64_t time) const {
        std::vector<int32_t> ids;
        for (size_t p = 0; p < sizes_.size(); p++)
            if (!keeps_times() || time - newest_[p] <= preceding_) ids.push_back(static_cast<int32_t>(p));
        return ids;
    }

    void keep(const int32_t* ids, int64_t n) {
        FrameTracker kept(rows_, preceding_);
        for (int64_t i = 0; i < n; i++) {
            kept.sizes_.push_back(sizes_[ids[i]]);
            kept.newest_.push_back(newest_[ids[i]]);
            if (keeps_times()) kept.times_.push_back(std::move(times_[ids[i]]));
        }
        std::swap(*this, kept);
    }

    void save(Writer& out) const {
        out.put(sizes_);
        out.put(newest_);
        out.put(times_);
    }
    void load(Reader& in) {
        in.get(sizes_);
        in.get(newest_);
        in.get(times_);
        if (newest_.size() != sizes_.size() || (keeps_times() && times_.size() != sizes_.size()))
            throw std::runtime_error("saved window is damaged");
    }

private:
    bool keeps_times() const { return !rows_ && preceding_ != UNBOUNDED; }
    bool rows_;
    int64_t preceding_;
    std::vector<int64_t> sizes_, newest_;
    std::vector<Ring<int64_t>> times_;
};

}  // namespace streamsql
