// The inner loops, compiled once for each family of CPUs, and the choice among them at run time.
//
// Only what is included between the pragmas may use wider instructions; nothing there has external linkage, so no
// such code can end up in a function that other CPUs run.
#pragma once
#include <cmath>
#include <cstring>

#include "_visitor.h"

#if (defined(__x86_64__) || defined(__i386__)) && defined(__GNUC__) && !defined(__clang__)
#define RCF_X86_PATHS 1
#include <immintrin.h>
#endif

namespace rcf {

struct Path {
    const char* name;
    void (*line)(const LineTree&, const double*, size_t, int, const Tables&, double*, double*);
    void (*lines)(const LineTree* const*, int, double, int, const Tables&, double*);
    void (*box)(const BoxTree&, const Rows&, size_t, size_t, int, const Tables&, Step*, Shares);
    void (*insert_box)(BoxTree&, int, const double*, uint64_t, Random&);
    void (*remove_box)(BoxTree&, int);
};

namespace {

namespace portable {
#include "_lanes.h"
#include "_visit_box.h"
#include "_update_box.h"
#include "_visit_line.h"
constexpr Path path = {"portable", visit_line, visit_lines, visit_box, insert_box, remove_box};
}  // namespace portable

#if RCF_X86_PATHS
#pragma GCC push_options
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // GCC's own AVX-512 intrinsics set these off
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC target("avx2")
#define RCF_PATH_AVX2
namespace avx2 {
#include "_lanes.h"
#include "_visit_box.h"
#include "_update_box.h"
#include "_visit_line.h"
constexpr Path path = {"avx2", visit_line, visit_lines, visit_box, insert_box, remove_box};
}  // namespace avx2
#undef RCF_PATH_AVX2
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512vl,avx512bw,bmi2")
#define RCF_PATH_AVX512
namespace avx512 {
#include "_lanes.h"
#include "_visit_box.h"
#include "_update_box.h"
#include "_visit_line.h"
constexpr Path path = {"avx512", visit_line, visit_lines, visit_box, insert_box, remove_box};
}  // namespace avx512
#undef RCF_PATH_AVX512
#pragma GCC diagnostic pop
#pragma GCC pop_options
#endif

// The paths that this CPU can run, slowest first; `at` counts from 0, null past the end.
inline const Path* available_path(int at) {
    if (at == 0) return &portable::path;
#if RCF_X86_PATHS
    if (at == 1 && __builtin_cpu_supports("avx2")) return &avx2::path;
    if (at == 2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("bmi2"))
        return &avx512::path;
#endif
    return nullptr;
}

inline const Path* best_path() {
    const Path* best = &portable::path;
    for (int i = 1; const Path* path = available_path(i); i++) best = path;
    return best;
}

// What all forests use; tests change it.
const Path* active_path = best_path();

}  // namespace

}  // namespace rcf
