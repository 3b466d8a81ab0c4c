// What a kernel writes row by row (`Output`), as an Arrow column of the type that the result has.
#pragma once

#include "arrow_c.h"

namespace streamsql {

class OutputColumn {
public:
    OutputColumn(Layout layout, int64_t rows)
        : layout_(layout), rows_(rows), made_(new MadeColumn), flags_(static_cast<size_t>(2 * rows)) {
        if (layout != Layout::Bytes) out_.values = made_->allocate(1, rows * width());
        out_.valid = flags_.data();
        out_.failed = flags_.data() + rows;
    }

    Output& out() { return out_; }

    // The column, in which rows that failed are null. `failed` gets their numbers.
    void finish(std::vector<int64_t>& failed, ArrowArray* column) {
        int64_t nulls = 0;
        for (int64_t row = 0; row < rows_; row++) {
            if (out_.failed[row]) {
                failed.push_back(row);
                out_.valid[row] = 0;
                if (out_.values) std::memset(out_.values + row * width(), 0, size_t(width()));
            }
            nulls += !out_.valid[row];
        }
        if (nulls) add_validity();
        if (layout_ == Layout::Bytes) add_texts();
        else narrow();
        give(std::move(made_), rows_, nulls, layout_ == Layout::Bytes ? 3 : 2, column);
    }

private:
    Layout layout_;
    int64_t rows_;
    std::unique_ptr<MadeColumn> made_;
    std::vector<uint8_t> flags_;
    Output out_;

    int64_t width() const { return layout_ == Layout::D128 ? 16 : 8; }  // of a value as it is computed

    void add_validity() {
        uint8_t* bits = made_->allocate(0, (rows_ + 7) / 8);
        std::memset(bits, 0, size_t(rows_ + 7) / 8);
        for (int64_t row = 0; row < rows_; row++) bits[row >> 3] |= uint8_t(out_.valid[row] << (row & 7));
    }
    void add_texts() {
        int32_t* ends = reinterpret_cast<int32_t*>(made_->allocate(1, (rows_ + 1) * 4));
        *ends = 0;
        std::copy(out_.ends.begin(), out_.ends.end(), ends + 1);
        std::copy(out_.data.begin(), out_.data.end(), made_->allocate(2, static_cast<int64_t>(out_.data.size())));
    }
    // Results are computed with 64 bits; a narrower type has them in the same memory, closer together.
    void narrow() {
        switch (layout_) {
            case Layout::I8: return narrow_to<int8_t, int64_t>();
            case Layout::I16: return narrow_to<int16_t, int64_t>();
            case Layout::I32: return narrow_to<int32_t, int64_t>();
            case Layout::F32: return narrow_to<float, double>();
            case Layout::Bit: return narrow_to_bits();
            default: return;
        }
    }
    template <class T, class Wide> void narrow_to() {
        for (int64_t row = 0; row < rows_; row++) {
            const T value = static_cast<T>(value_at<Wide>(row));
            std::memcpy(out_.values + row * sizeof(T), &value, sizeof(T));
        }
    }
    void narrow_to_bits() {
        for (int64_t row = 0; row < rows_; row++) {
            const bool value = value_at<int64_t>(row);
            if (!(row & 7)) out_.values[row >> 3] = value;
            else out_.values[row >> 3] |= uint8_t(value << (row & 7));
        }
    }
    template <class Wide> Wide value_at(int64_t row) const {
        Wide value;
        std::memcpy(&value, out_.values + row * sizeof(Wide), sizeof(Wide));
        return value;
    }
};

}  // namespace streamsql
