// From records as they come to points as the trees see them.
//
// Records with a NaN or an infinity are skipped. The others are laid end to end behind the last records of the
// call before, so that a shingle (the last `shingle` records, oldest first) is a plain window into that buffer.
#pragma once
#include <cmath>
#include <limits>

#include "_memory.h"
#include "_tree_box.h"

namespace rcf {

class Points {
  public:
    Points(int columns, int shingle, size_t most_records)
        : columns_(columns), shingle_(shingle), most_(most_records),
          buffer_((most_records + size_t(shingle)) * size_t(columns) + 16), record_of_(most_records),
          hash_(most_records), limit_(limit(columns * shingle)) {}

    // Magnitudes beyond this count as this, so that no sum overflows.
    static double limit(int dimensions) { return std::numeric_limits<double>::max() / (4096.0 * dimensions); }

    // The number as trees see it: within the limit, and 0.0 for -0.0.
    static double usable(double x, double limit) { return (x > limit ? limit : x < -limit ? -limit : x) + 0.0; }

    // Start from the records kept by an earlier call (at most shingle - 1 of them).
    void begin(const double* kept, int count) {
        std::memcpy(buffer_.data(), kept, size_t(count) * columns_ * sizeof(double));
        kept_ = count;
    }

    // Take in a block of records (at most most_records).
    void load(const double* records, size_t count) {
        double* out = buffer_.data() + size_t(kept_) * columns_;
        valid_ = 0;
        for (size_t i = 0; i < count; i++, records += columns_) {
            bool finite = true;
            for (int k = 0; k < columns_; k++) {
                double x = records[k];
                finite &= std::fabs(x) <= std::numeric_limits<double>::max();
                out[k] = usable(x, limit_);
            }
            if (!finite) continue;
            record_of_[valid_++] = i;
            out += columns_;
        }
        for (size_t i = 0; i < size(); i++) hash_[i] = point_hash(point(i), columns_ * shingle_);
    }

    // Keep what the next block's shingles need.
    void finish() {
        int have = kept_ + int(valid_), keep = have < shingle_ - 1 ? have : shingle_ - 1;
        std::memmove(buffer_.data(), buffer_.data() + size_t(have - keep) * columns_, size_t(keep) * columns_ * sizeof(double));
        kept_ = keep;
        valid_ = 0;
    }

    // Number of complete points in the block; point i belongs to record record_of(i) of the block.
    size_t size() const {
        size_t have = size_t(kept_) + valid_, need = size_t(shingle_) - 1;
        return have > need ? have - need : 0;
    }
    const double* point(size_t i) const { return buffer_.data() + i * columns_; }
    const uint64_t* hashes() const { return hash_.data(); }
    size_t record_of(size_t i) const { return record_of_[i + size_t(shingle_) - 1 - size_t(kept_)]; }
    size_t valid() const { return valid_; }
    size_t valid_record(size_t i) const { return record_of_[i]; }
    const double* kept() const { return buffer_.data(); }
    int kept_count() const { return kept_; }

  private:
    int columns_, shingle_;
    size_t most_;
    Array<double> buffer_;
    Array<size_t> record_of_;
    Array<uint64_t> hash_;
    double limit_;
    int kept_ = 0;
    size_t valid_ = 0;
};

}  // namespace rcf
