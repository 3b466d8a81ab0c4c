// Rows through a frozen tree of boxes (included once per path by `_paths.h`).
//
// A block of rows goes down, and then up, level by level: each round takes every unfinished row one step and keeps a
// dense list of those that go on. The rows' memory accesses overlap and no branch depends on the data of one row. The
// distance to a box is taken with a dimension per lane; at distance 0 a step changes nothing and ends the climb.

template <class D>
inline double distance(const double* low, const double* high, const double* x, int width) {
    typename D::V sum = D::splat(0.0);
    for (int k = 0; k < width; k += D::WIDTH) {
        typename D::V v = D::load(x + k);
        sum = D::add(sum, D::positive(D::larger(D::sub(D::load(low + k), v), D::sub(v, D::load(high + k)))));
    }
    return D::fold(sum);
}

// An unseen row on its way up.
struct Going {
    double s;
    uint16_t row, id, level;
    uint16_t last = NO_STEP;  // its latest step in the log
};

// Down to the leaves, a row per lane; `leaf` and `level` get a value for each row (and for lanes past the end).
template <class L>
inline void descend(const BoxTree& tree, const double* x, size_t stride, int count, int* leaf, int* level) {
    using I = typename L::I;
    using M = typename L::M;
    constexpr int W = L::WIDTH;
    if (count <= 2) {  // not worth the lanes
        for (int i = 0; i < count; i++) {
            int id = tree.root, depth = 0;
            for (; id < tree.inner; depth++) id = tree.node[size_t(id)].toward(x + size_t(i) * stride);
            leaf[i] = id;
            level[i] = depth;
        }
        return;
    }
    int going[BLOCK / W], left = 0;
    for (int i = 0; i < count; i += W) {
        L::store(leaf + i, L::splat(tree.root));
        L::store(level + i, L::splat(0));
        going[left++] = i;
    }
    const double* cuts = &tree.node.data()->cut;
    const uint32_t* packed = &tree.node.data()->packed;
    const I bits = L::splat(0x7FF), one = L::splat(1), inner = L::splat(tree.inner), stride_ = L::splat(int(stride));
    const I last = L::splat(count - 1);
    while (left > 0) {
        int kept = 0;
        for (int g = 0; g < left; g++) {
            int i = going[g];
            I id = L::load(leaf + i), row = L::min(L::add(L::splat(i), L::iota()), last), at = L::add(id, id);
            I node = L::gather32(packed, L::add(at, at)), from = L::add(L::mul(row, stride_), L::template shift<22>(node));
            M right = L::less(L::gather(cuts, at), L::gather(x, from)), inside = L::positive(L::sub(inner, id));
            id = L::both(L::select(right, L::template shift<11>(node), node), bits);
            I depth = L::load(level + i);
            L::store(leaf + i, id);
            L::store(level + i, L::select(inside, L::add(depth, one), depth));
            going[kept] = i;
            kept += L::any(L::positive(L::sub(inner, id)));
        }
        left = kept;
    }
}

// Start values; lists the unseen rows, with their leaf's parent, and returns how many.
inline int start(const BoxTree& tree, const double* x, size_t stride, const uint64_t* hashes, int count, const int* leaf,
                 const int* level, int sample_size, const Tables& tables, double* s, Going* going) {
    int kept = 0;
    for (int i = 0; i < count; i++) {
        int at = leaf[i] - tree.inner, up = tree.parent[leaf[i]];
        if (tree.hash[at] == hashes[i] && tree.holds(leaf[i], x + size_t(i) * stride)) {
            s[i] = seen_score(level[i], tree.mass[at], sample_size, tables);
            continue;
        }
        s[i] = tables.inverse[level[i] + 1];
        going[kept] = {s[i], uint16_t(i), uint16_t(up), uint16_t(level[i])};
        kept += up != NO_NODE;
    }
    return kept;
}

// Up to the first box that holds the row. With a log, every step is added to it, and `last` tells each row's last step.
template <class D, bool LOGGED>
inline void climb(const BoxTree& tree, const double* x, size_t stride, int left, Going* going, const Tables& tables,
                  double* s, Step* log, uint16_t* last) {
    const double *ranges = tree.range.data(), *inverse = tables.inverse.data(), *boxes = tree.box.data();
    const uint16_t* parent = tree.parent.data();
    const int width = D::WIDTH == 4 ? 4 : tree.width;
    int steps = 0;
    while (left > 0) {
        int kept = 0;
        for (int i = 0; i < left; i++) {
            Going at = going[i];
            const double* low = boxes + size_t(at.id) * 2 * width;
            double a = distance<D>(low, low + width, x + at.row * stride, width);
            double grown = ranges[at.id] + a, p = a / grown, weight = inverse[at.level];
            if (LOGGED) {
                log[steps] = {grown, 1.0 - p, weight, at.last, at.id};
                at.last = a > 0.0 ? uint16_t(steps) : at.last;
                last[at.row] = at.last;
                steps += a > 0.0;
            }
            int up = parent[at.id];
            at.s = p * weight + (1.0 - p) * at.s;
            at.level--;
            at.id = uint16_t(up);
            s[at.row] = at.s;
            going[kept] = at;
            kept += (a > 0.0) & (up != NO_NODE);
        }
        left = kept;
    }
}

template <class D>
inline void visit_block(const BoxTree& tree, const double* x, size_t stride, const uint64_t* hashes, int count,
                        int sample_size, const Tables& tables, double* score) {
    int leaf[BLOCK], level[BLOCK];
    double s[BLOCK];
    Going going[BLOCK];
    descend<Rows_>(tree, x, stride, count, leaf, level);
    int left = start(tree, x, stride, hashes, count, leaf, level, sample_size, tables, s, going);
    climb<D, false>(tree, x, stride, left, going, tables, s, nullptr, nullptr);
    for (int i = 0; i < count; i++) score[i] += s[i];
}

// Numbers of one row, C vectors from one dimension on, that stay in registers while the steps of its climb are read.
template <class D, int C>
struct RowShares {
    typename D::V x[C], attribution[C], direction[C];

    RowShares(const double* row, const double* attribution_, const double* direction_) {
        for (int c = 0; c < C; c++) {
            x[c] = D::load(row + c * D::WIDTH);
            attribution[c] = D::load(attribution_ + c * D::WIDTH);
            direction[c] = D::load(direction_ + c * D::WIDTH);
        }
    }

    // Add the shares of the gaps between the row and a box: `left` is what the levels above leave, `grown` the range that
    // the gaps are parts of. Tiny ranges are scaled up, since their inverse would overflow. (Padding collects NaN, unread.)
    void add(const double* low, const double* high, double left, double grown, double weight) {
        using V = typename D::V;
        const double up = grown < 0x1.0p-900 ? 0x1.0p200 : 1.0, part = left / (grown * up);
        const V unit = D::splat(up), scale = D::splat(part), worth = D::splat(part * weight);
        for (int c = 0; c < C; c++) {
            V lowest = D::load(low + c * D::WIDTH), highest = D::load(high + c * D::WIDTH);
            V gap = D::sub(x[c], D::smaller(D::larger(x[c], lowest), highest));
            V size = D::mul(D::abs(gap), unit);
            attribution[c] = D::add(attribution[c], D::mul(size, worth));
            direction[c] = D::add(direction[c], D::mul(gap, D::mul(size, scale)));
        }
    }

    void store(double* attribution_, double* direction_) const {
        for (int c = 0; c < C; c++) {
            D::store(attribution_ + c * D::WIDTH, attribution[c]);
            D::store(direction_ + c * D::WIDTH, direction[c]);
        }
    }
};

// Shares of one row in C vectors of dimensions from k on: its steps are read from the top down, since a step's share
// is known once the product of (1 - p) over the levels above it is. Returns what all steps leave.
template <class D, int C>
inline double share(const BoxTree& tree, const double* x, int leaf, double leaf_gap, const Step* log, int last, int k,
                    double* attribution, double* direction) {
    RowShares<D, C> row(x + k, attribution + k, direction + k);
    double left = 1.0;
    for (; last != NO_STEP; last = log[last].previous) {
        const Step& step = log[last];
        const double* low = tree.low(step.id) + k;
        row.add(low, low + tree.width, left, step.grown, step.weight);
        left *= step.kept;
    }
    const double* p = tree.leaf_point(leaf) + k;
    if (leaf_gap > 0.0) row.add(p, p, left, leaf_gap, 0.0);
    row.store(attribution + k, direction + k);
    return left;
}

// The same in all dimensions.
template <class D>
inline double share_all(const BoxTree& tree, const double* x, int leaf, const Step* log, int last, double* attribution,
                        double* direction) {
    constexpr int W = D::WIDTH;
    const double* p = tree.leaf_point(leaf);
    const double gap = distance<D>(p, p, x, tree.width);
    double left = 1.0;
    int k = 0;
    for (; tree.width - k >= 4 * W; k += 4 * W) left = share<D, 4>(tree, x, leaf, gap, log, last, k, attribution, direction);
    for (; tree.width - k >= 2 * W; k += 2 * W) left = share<D, 2>(tree, x, leaf, gap, log, last, k, attribution, direction);
    for (; k < tree.width; k += W) left = share<D, 1>(tree, x, leaf, gap, log, last, k, attribution, direction);
    return left;
}

template <class D>
inline void explain_block(const BoxTree& tree, const double* x, size_t stride, const uint64_t* hashes, int count,
                          int sample_size, const Tables& tables, Step* log, Shares shares) {
    int leaf[BLOCK], level[BLOCK];
    double s[BLOCK], first[BLOCK];
    uint16_t last[BLOCK];
    Going going[BLOCK];
    const size_t width = size_t(tree.width);
    descend<Rows_>(tree, x, stride, count, leaf, level);
    int left = start(tree, x, stride, hashes, count, leaf, level, sample_size, tables, s, going);
    for (int i = 0; i < count; i++) {
        first[i] = s[i];
        last[i] = NO_STEP;
    }
    climb<D, true>(tree, x, stride, left, going, tables, s, log, last);
    for (int i = 0; i < count; i++) {
        shares.score[i] += s[i];
        shares.even[i] += first[i] * share_all<D>(tree, x + size_t(i) * stride, leaf[i], log, last[i],
                                                  shares.attribution + size_t(i) * width,
                                                  shares.direction + size_t(i) * width);
    }
}

template <class D>
inline void visit_box_in(const BoxTree& tree, const Rows& rows, size_t from, size_t to, int sample_size,
                         const Tables& tables, Step* log, Shares shares) {
    for (size_t i = from; i < to; i += BLOCK) {
        int count = int(to - i < BLOCK ? to - i : BLOCK);
        if (log)
            explain_block<D>(tree, rows.row(i), rows.stride, rows.hashes + i, count, sample_size, tables, log,
                             shares.from(i, size_t(tree.width)));
        else
            visit_block<D>(tree, rows.row(i), rows.stride, rows.hashes + i, count, sample_size, tables, shares.score + i);
    }
}

inline void visit_box(const BoxTree& tree, const Rows& rows, size_t from, size_t to, int sample_size,
                      const Tables& tables, Step* log, Shares shares) {
    if (tree.width == 4)
        visit_box_in<Four>(tree, rows, from, to, sample_size, tables, log, shares);
    else
        visit_box_in<Eight>(tree, rows, from, to, sample_size, tables, log, shares);
}
