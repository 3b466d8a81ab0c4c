// Numbers with four decimals, as the service printed attributions and strengths.
#pragma once

#include <charconv>

namespace streamsql {

// Digits of the largest double before the point, a sign, the point and four decimals.
constexpr int LONGEST_NUMBER = 320;

inline char* write_fixed(char* out, double value) noexcept {
    return std::to_chars(out, out + LONGEST_NUMBER, value, std::chars_format::fixed, 4).ptr;
}

}  // namespace streamsql
