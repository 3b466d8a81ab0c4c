// Small tables that all trees of a forest share.
#pragma once
#include "_memory.h"
#include "_random.h"

namespace rcf {

struct Tables {
    explicit Tables(int sample_size) : inverse(sample_size + 2), log2(sample_size + 1) {
        for (int i = 1; i < sample_size + 2; i++) inverse[i] = 1.0 / double(i);
        for (int i = 1; i <= sample_size; i++) log2[i] = natural_log(double(i)) / LN2;
    }
    Array<double> inverse;  // 1 / i
    Array<double> log2;     // log2(i), what a leaf of i equal points adds to its depth
};

}  // namespace rcf
