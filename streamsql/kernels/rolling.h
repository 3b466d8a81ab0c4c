// The sliding window functions by what they compute and the layout of their argument.
#pragma once

#include "output_column.h"
#include "rolling_picks.h"
#include "rolling_sums.h"

namespace streamsql {

inline bool is_double(Layout layout) { return layout == Layout::F32 || layout == Layout::F64; }

inline RollingFunction* make_rolling_sum(Layout layout, Finish kind, int shift, bool forever, bool distinct) {
    if (distinct) {
        if (kind >= Finish::VariancePopulation) return new RollingDistinct<double, Moments>(kind, shift);
        if (is_double(layout)) return new RollingDistinct<double, DoubleSum>(kind, shift);
        return new RollingDistinct<int128, ExactSum>(kind, shift);
    }
    if (kind >= Finish::VariancePopulation) return new RollingSum<DoubleWindow<Moments>>(kind, shift, forever);
    if (is_double(layout)) return new RollingSum<DoubleWindow<DoubleSum>>(kind, shift, forever);
    if (layout == Layout::D128) return new RollingSum<ExactWindow<int128>>(kind, shift, forever);
    return new RollingSum<ExactWindow<int64_t>>(kind, shift, forever);
}

inline RollingFunction* make_rolling_count(bool forever) { return new RollingCount(forever); }
inline RollingFunction* make_rolling_decay(int64_t step) { return new RollingDecay(step); }

inline RollingFunction* make_rolling_extreme(Layout layout, bool greatest) {
    if (is_double(layout)) return new RollingExtreme<double>(greatest);
    if (layout == Layout::D128) return new RollingExtreme<int128>(greatest);
    if (layout == Layout::Bytes) return new RollingExtreme<std::string>(greatest);
    return new RollingExtreme<int64_t>(greatest);
}

inline RollingFunction* make_rolling_pick(Layout layout, Pick pick, int64_t n, bool ignore_nulls, bool forever) {
    if (is_double(layout)) return new RollingPick<double>(pick, n, ignore_nulls, forever);
    if (layout == Layout::D128) return new RollingPick<int128>(pick, n, ignore_nulls, forever);
    if (layout == Layout::Bytes) return new RollingPick<std::string>(pick, n, ignore_nulls, forever);
    return new RollingPick<int64_t>(pick, n, ignore_nulls, forever);
}

// The results for some rows as a column; `failed` gets the numbers of those that are out of the type's range.
inline void run_rolling(RollingFunction& function, const Steps& steps, const ColumnView& values,
                        const ColumnView& defaults, Layout result, std::vector<int64_t>& failed, ArrowArray* column) {
    OutputColumn made(result, steps.length);
    function.run(steps, values, defaults, made.out());
    made.finish(failed, column);
}

}  // namespace streamsql
