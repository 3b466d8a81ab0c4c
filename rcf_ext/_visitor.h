// Turns the walk of a row through a tree into its score, and into the shares of its columns.
#pragma once
#include "_tables.h"
#include "_tree_box.h"
#include "_tree_line.h"

namespace rcf {

// Rows to score: `dimensions` numbers each, starting `stride` apart (less than `dimensions` when shingles overlap).
struct Rows {
    const double* values;
    size_t stride;
    const uint64_t* hashes;
    int columns;

    const double* row(size_t i) const { return values + i * stride; }
};

// Sums over trees, per row (and column).
struct Sums {
    double* score;
    double* attribution = nullptr;  // rows x columns
    double* direction = nullptr;    // rows x columns: expected distance above minus below
};

inline double seen_score(int depth, int mass, int sample_size, const Tables& tables) {
    return depth == 0 ? tables.inverse[sample_size + 1] : 1.0 / (double(depth) + tables.log2[mass]);
}

inline double score(const LineTree& tree, double x, int sample_size, const Tables& tables) {
    int l = tree.find(x), before = tree.depth(l - 1), after = tree.depth(l);
    int level = (before > after ? before : after) + 1;
    double v = tree.value[l];
    if (v == x) return seen_score(level, tree.mass[l], sample_size, tables);
    bool right = x > v;
    double s = tables.inverse[level + 1], gap = right ? x - v : v - x;
    int boxes = right ? before - after : after - before, j = right ? l - 1 : l;
    for (; boxes > 0; boxes--, level--) {
        int end = right ? tree.span[j].first : tree.span[j].last;
        double other = tree.value[end], range = right ? v - other : other - v, p = gap / (range + gap);
        s = p * tables.inverse[level] + (1.0 - p) * s;
        j = right ? end - 1 : end;
    }
    return s;
}

inline void visit(const LineTree& tree, const Rows& rows, size_t from, size_t to, int sample_size, const Tables& tables,
                  Sums sums) {
    for (size_t i = from; i < to; i++) sums.score[i] += score(tree, rows.values[i], sample_size, tables);
    if (!sums.attribution) return;
    for (size_t i = from; i < to; i++) {
        double x = rows.values[i];
        sums.direction[i] += x - tree.value[tree.find(x)];
    }
}

// One box on a row's way up: its distance over the grown range, and what the walk leaves to the levels below it.
struct Step {
    int id;
    double grown, kept;
};

inline void share_gaps(const double* lo, const double* hi, const double* x, int dimensions, double part, double weight,
                       int columns, double* attribution, double* direction) {
    for (int k = 0, column = 0; k < dimensions; k++, column = column + 1 < columns ? column + 1 : 0) {
        double above = outside(-HUGE_VAL, hi[k], x[k]), below = outside(lo[k], HUGE_VAL, x[k]), gap = above + below;
        if (gap == 0.0) continue;
        attribution[column] += gap * part * weight;
        direction[column] += (above - below) * (gap * part);
    }
}

// Score and shares. The share of a level is known once the product of (1 - p) over the levels above it is, so the
// boxes outside which the row lies are listed on the way up and shared out on the way back down.
inline void explain(const BoxTree& tree, const Rows& rows, size_t from, size_t to, int sample_size,
                    const Tables& tables, Sums sums) {
    Step steps[1024];
    for (size_t i = from; i < to; i++) {
        const double* x = rows.row(i);
        double *attribution = sums.attribution + i * rows.columns, *direction = sums.direction + i * rows.columns;
        int leaf = tree.root, level = 0, count = 0;
        for (; leaf < tree.inner; level++) leaf = tree.node[leaf].child[x[tree.node[leaf].dimension] > tree.node[leaf].cut];
        double start, s, left = 1.0;
        bool seen = tree.hash[leaf - tree.inner] == rows.hashes[i] && tree.holds(leaf, x);
        start = s = seen ? seen_score(level, tree.mass[leaf - tree.inner], sample_size, tables) : tables.inverse[level + 1];
        for (int id = seen ? NO_NODE : tree.parent[leaf]; id != NO_NODE; id = tree.parent[id]) {
            double a = tree.distance(id, x);
            if (a == 0.0) break;
            double grown = tree.range[id] + a, p = a / grown;
            s = p * tables.inverse[level - count] + (1.0 - p) * s;
            steps[count++] = {id, grown, 1.0 - p};
        }
        sums.score[i] += s;
        for (int q = level - count; count-- > 0; q++) {
            const Step& step = steps[count];
            share_gaps(tree.low(step.id), tree.high(step.id), x, tree.dimensions, left / step.grown,
                       tables.inverse[q + 1], rows.columns, attribution, direction);
            left *= step.kept;
        }
        for (int k = 0; k < rows.columns; k++) attribution[k] += left * start / double(rows.columns);
        if (seen) continue;
        const double* p = tree.leaf_point(leaf);
        double distance = 0.0;
        for (int k = 0; k < tree.dimensions; k++) distance += outside(p[k], p[k], x[k]);
        share_gaps(p, p, x, tree.dimensions, left / distance, 0.0, rows.columns, attribution, direction);
    }
}

inline void visit(const BoxTree& tree, const Rows& rows, size_t from, size_t to, int sample_size, const Tables& tables,
                  Sums sums) {
    if (sums.attribution) return explain(tree, rows, from, to, sample_size, tables, sums);
    for (size_t i = from; i < to; i++) {
        const double* x = rows.row(i);
        int id = tree.root, level = 0;
        for (; id < tree.inner; level++) id = tree.node[id].child[x[tree.node[id].dimension] > tree.node[id].cut];
        if (tree.hash[id - tree.inner] == rows.hashes[i] && tree.holds(id, x)) {
            sums.score[i] += seen_score(level, tree.mass[id - tree.inner], sample_size, tables);
            continue;
        }
        double s = tables.inverse[level + 1];
        for (id = tree.parent[id]; id != NO_NODE; id = tree.parent[id], level--) {
            double a = tree.distance(id, x);
            if (a == 0.0) break;
            double p = a / (tree.range[id] + a);
            s = p * tables.inverse[level] + (1.0 - p) * s;
        }
        sums.score[i] += s;
    }
}

}  // namespace rcf
