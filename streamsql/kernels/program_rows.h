// What programs compute, as columns and as rows chosen.
#pragma once

#include "programs.h"

namespace streamsql {

using Columns = std::vector<ColumnView>;

// Values of a program, step by step, in a column of its own.
class Computed {
 public:
    Computed(Layout layout, int64_t rows) : layout_(layout), made_(new MadeColumn) {
        const int width = width_of(layout);
        out_ = made_->allocate(1, width ? rows * width : (rows + 7) / 8);
        if (!width) std::memset(out_, 0, size_t(rows + 7) / 8);
    }

    void add(const Slot& s, int64_t first, int64_t rows, int n) {
        switch (layout_) {
            case Layout::Bit: add_bits(s.of<uint8_t>(), first, n, out_); break;
            case Layout::I8: narrow<int8_t, int64_t>(s, first, n); break;
            case Layout::I16: narrow<int16_t, int64_t>(s, first, n); break;
            case Layout::I32: narrow<int32_t, int64_t>(s, first, n); break;
            case Layout::I64: narrow<int64_t, int64_t>(s, first, n); break;
            case Layout::D128: narrow<int128, int64_t>(s, first, n); break;
            default: narrow<double, double>(s, first, n);
        }
        if (s.gaps) mark(s, first, rows, n);
    }

    void finish(int64_t rows, ArrowArray* out) {
        if (!nulls_) {
            free(const_cast<void*>(made_->buffers[0]));
            made_->buffers[0] = nullptr;
        }
        give(std::move(made_), rows, nulls_, 2, out);
    }

 private:
    Layout layout_;
    std::unique_ptr<MadeColumn> made_;
    uint8_t* out_;
    int64_t nulls_ = 0;

    static void add_bits(const uint8_t* truths, int64_t first, int n, uint8_t* bits) {
        for (int i = 0; i < n; i++) bits[(first + i) >> 3] |= uint8_t(truths[i] << ((first + i) & 7));
    }
    template <class T, class V> void narrow(const Slot& s, int64_t first, int n) {
        T* to = reinterpret_cast<T*>(out_) + first;
        const V* from = s.of<V>();
        for (int i = 0; i < n; i++) to[i] = static_cast<T>(from[i]);
    }
    // Which rows of this step have a value; in all steps before without a gap every row has.
    void mark(const Slot& s, int64_t first, int64_t rows, int n) {
        auto* bits = static_cast<uint8_t*>(const_cast<void*>(made_->buffers[0]));
        if (!bits) {
            bits = made_->allocate(0, (rows + 7) / 8);
            std::memset(bits, 0xff, size_t(rows + 7) / 8);
        }
        for (int i = 0; i < n; i++) {
            if (s.present[i]) continue;
            bits[(first + i) >> 3] &= uint8_t(~(1u << ((first + i) & 7)));
            nulls_++;
        }
    }
};

// The program's value in each of the rows. False: it cannot be said.
inline bool compute(const Program& program, const Columns& columns, int64_t rows, Layout layout, ArrowArray* out) {
    Slot stack[DEPTH];
    Computed made(layout, rows);
    for (int64_t first = 0; first < rows; first += STEP) {
        const int n = int(std::min<int64_t>(STEP, rows - first));
        if (!program.run(columns, first, n, stack)) return false;
        made.add(stack[0], first, rows, n);
    }
    made.finish(rows, out);
    return true;
}

// The numbers of the rows for which the program is true; -1 if it cannot be said. `out` has room for all and one more.
inline int64_t choose(const Program& program, const Columns& columns, int64_t rows, int32_t* out) {
    Slot stack[DEPTH];
    int64_t found = 0;
    for (int64_t first = 0; first < rows; first += STEP) {
        const int n = int(std::min<int64_t>(STEP, rows - first));
        if (!program.run(columns, first, n, stack)) return -1;
        const uint8_t* truths = stack[0].of<uint8_t>();
        for (int i = 0; i < n; i++) {
            out[found] = int32_t(first + i);
            found += truths[i];
        }
    }
    return found;
}

}  // namespace streamsql
