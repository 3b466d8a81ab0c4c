// What a tumbling table function puts out when periods end.
#pragma once

#include <cstdint>
#include <vector>

namespace streamsql {

// Columns of equal length: which of the periods that ended in one call, whose count it is, and the count.
struct PeriodRows {
    std::vector<int32_t> periods, codes;
    std::vector<int64_t> counts;
};

}  // namespace streamsql
