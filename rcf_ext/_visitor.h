// Turns the walk of a row through a tree into its score, and into the shares of its columns.
//
// The inner loops are compiled once per path (`_paths.h`); this is what they have in common.
#pragma once
#include "_tables.h"
#include "_tree_box.h"
#include "_tree_line.h"

namespace rcf {

constexpr int BLOCK = 64;  // rows that go through a tree of boxes together

// Rows to score: numbers of one row are adjacent, rows start `stride` apart (overlapping if they are shingles).
struct Rows {
    const double* values;
    size_t stride;
    const uint64_t* hashes;

    const double* row(size_t i) const { return values + i * stride; }
};

// Sums over trees. Only `score` is always there; `direction` has one number per row and dimension (padded), and so has
// `attribution` if there are several dimensions; `even` is shared out evenly over them.
struct Shares {
    double* score;
    double* direction = nullptr;  // expected distance above minus expected distance below
    double* even = nullptr;
    double* attribution = nullptr;

    Shares from(size_t row, size_t width) const {
        return {score + row, direction + row * width, even + row, attribution + row * width};
    }
};

// One box on a row's way up: the range of the box grown by the row, what the step leaves to the levels below it,
// the step's weight 1 / (depth + 1), and the row's step before.
struct Step {
    double grown, kept, weight;
    uint16_t previous, id;
};
constexpr uint16_t NO_STEP = 0xFFFF;  // a block of rows has fewer

// The score of a point that the tree holds.
inline double seen_score(int depth, int mass, int sample_size, const Tables& tables) {
    return depth == 0 ? tables.inverse[size_t(sample_size) + 1] : 1.0 / (double(depth) + tables.log2[size_t(mass)]);
}

}  // namespace rcf
