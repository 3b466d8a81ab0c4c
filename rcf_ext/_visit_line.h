// One-dimensional rows through a frozen tree, a row per lane (included once per path by `_paths.h`).
//
// Binary search over the padded cuts, the same number of steps for all; then up through the boxes that end at the
// leaf (see `_tree_line.h`). With directions wanted, the expected directional distance of a row is its distance to
// its leaf: every box on the way up has the same gap, so that the recursion does not change it.

template <class L>
inline void score_lanes(const LineTree& tree, typename L::F x, int sample_size, const Tables& tables,
                        typename L::F& score, typename L::F& direction) {
    using F = typename L::F;
    using I = typename L::I;
    using M = typename L::M;
    const double *cut = tree.cut.data(), *value = tree.value.data(), *inverse = tables.inverse.data();
    const I one = L::splat(1), zero = L::splat(0);
    I leaf = zero;
    for (int step = tree.top_step; step > 0; step >>= 1) {
        I next = L::add(leaf, L::splat(step));
        leaf = L::select(L::less(L::gather(cut - 1, next), x), next, leaf);
    }
    F v = L::gather(value, leaf);
    I depths = L::gather16(tree.depth_.data(), leaf);
    I before = L::signed_low16(depths), after = L::signed_high16(depths);
    I level = L::add(L::max(before, after), one);
    M seen = L::equal(v, x), right = L::less(v, x);
    F s = L::gather(inverse, L::add(level, one)), gap = L::abs(L::sub(x, v));
    direction = L::sub(x, v);
    if (L::any(seen)) {
        F depth = L::real(level), copies = L::gather(tables.log2.data(), L::low16(L::gather16(tree.mass.data(), leaf)));
        F known = tree.leaves == 1 ? L::splat(inverse[sample_size + 1]) : L::div(L::splat(1.0), L::add(depth, copies));
        s = L::select(seen, known, s);
    }
    I boxes = L::select(seen, zero, L::select(right, L::sub(before, after), L::sub(after, before)));
    I j = L::max(L::select(right, L::sub(leaf, one), leaf), zero);
    const I half = L::select(right, zero, L::splat(int(tree.last - tree.first)));
    for (M active = L::positive(boxes); L::any(active); active = L::positive(boxes)) {
        I end = L::low16(L::gather16(tree.first, L::add(j, half)));
        F range = L::abs(L::sub(v, L::gather(value, end))), p = L::div(gap, L::add(range, gap));
        F up = L::add(L::mul(p, L::gather(inverse, level)), L::mul(L::sub(L::splat(1.0), p), s));
        s = L::select(active, up, s);
        boxes = L::sub(boxes, one);
        level = L::max(L::sub(level, one), zero);
        j = L::max(L::select(right, L::sub(end, one), end), zero);
    }
    score = s;
}

// One row that falls to a leaf; the same operations in the same order.
inline double score_at(const LineTree& tree, int leaf, double x, int sample_size, const Tables& tables, double& direction) {
    int before = tree.depth(leaf - 1), after = tree.depth(leaf);
    int level = (before > after ? before : after) + 1;
    double v = tree.value[size_t(leaf)];
    direction = x - v;
    if (v == x) return seen_score(level, tree.mass[size_t(leaf)], sample_size, tables);
    bool right = x > v;
    double s = tables.inverse[size_t(level + 1)], gap = std::fabs(x - v);
    int boxes = right ? before - after : after - before, j = right ? leaf - 1 : leaf;
    for (; boxes > 0; boxes--, level--) {
        int end = right ? tree.first[j] : tree.last[j];
        double range = std::fabs(v - tree.value[size_t(end)]), p = gap / (range + gap);
        s = p * tables.inverse[size_t(level)] + (1.0 - p) * s;
        j = right ? end - 1 : end;
    }
    return s;
}

inline void visit_line(const LineTree& tree, const double* x, size_t count, int sample_size, const Tables& tables,
                       double* score, double* direction) {
    using L = Rows_;
    constexpr size_t W = L::WIDTH;
    typename L::F s, d;
    size_t i = 0;
    for (; i + W <= count; i += W) {
        score_lanes<L>(tree, L::load(x + i), sample_size, tables, s, d);
        L::store(score + i, L::add(L::load(score + i), s));
        if (direction) L::store(direction + i, L::add(L::load(direction + i), d));
    }
    if (count - i <= 2) {
        for (; i < count; i++) {
            double direction_one;
            score[i] += score_at(tree, tree.find(x[i]), x[i], sample_size, tables, direction_one);
            if (direction) direction[i] += direction_one;
        }
        return;
    }
    double rest[W], scores[W], directions[W];
    for (size_t k = 0; k < W; k++) rest[k] = x[i + k < count ? i + k : count - 1];
    score_lanes<L>(tree, L::load(rest), sample_size, tables, s, d);
    L::store(scores, s);
    L::store(directions, d);
    for (size_t k = 0; i + k < count; k++) {
        score[i + k] += scores[k];
        if (direction) direction[i + k] += directions[k];
    }
}

// One row through many trees. Trees are searched together, so that they do not wait for each other's memory.
inline void visit_lines(const LineTree* const* trees, int count, double x, int sample_size, const Tables& tables,
                        double* score) {
    constexpr int TOGETHER = 8;
    for (int from = 0; from < count; from += TOGETHER) {
        const double* cut[TOGETHER];
        int leaf[TOGETHER], top_step = 1;
        for (int k = 0; k < TOGETHER; k++) {
            const LineTree& tree = *trees[from + k < count ? from + k : count - 1];
            cut[k] = tree.cut.data() - 1;
            leaf[k] = 0;
            top_step = std::max(top_step, tree.top_step);
        }
        for (int step = top_step; step > 0; step >>= 1)
            for (int k = 0; k < TOGETHER; k++) leaf[k] += step * int(cut[k][leaf[k] + step] < x);
        double direction;
        for (int i = from; i < count && i < from + TOGETHER; i++)
            score[i] = score_at(*trees[i], leaf[i - from], x, sample_size, tables, direction);
    }
}
