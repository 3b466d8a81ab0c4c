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

// Unfinished rows of a block, dense.
struct Going {
    uint16_t row[BLOCK], id[BLOCK];
};

// Down to the leaves; `leaf` and `level` get a value for each row.
inline void descend(const BoxTree& tree, const double* x, size_t stride, int count, int* leaf, int* level) {
    Going going;
    const Node* nodes = tree.node.data();
    const int inner = tree.inner;
    for (int i = 0; i < count; i++) {
        going.row[i] = uint16_t(i);
        going.id[i] = uint16_t(tree.root);
        leaf[i] = tree.root;
        level[i] = 0;
    }
    int left = tree.root < inner ? count : 0;
    for (int depth = 1; left > 0; depth++) {
        int kept = 0;
        for (int i = 0; i < left; i++) {
            int row = going.row[i];
            const Node& node = nodes[going.id[i]];
            int id = node.child[x[size_t(row) * stride + node.dimension] > node.cut];
            leaf[row] = id;
            level[row] = depth;
            going.row[kept] = uint16_t(row);
            going.id[kept] = uint16_t(id);
            kept += id < inner;
        }
        left = kept;
    }
}

// Start values; lists the unseen rows, with their leaf's parent, and returns how many.
inline int start(const BoxTree& tree, const double* x, size_t stride, const uint64_t* hashes, int count, const int* leaf,
                 const int* level, int sample_size, const Tables& tables, double* s, Going& going) {
    int kept = 0;
    for (int i = 0; i < count; i++) {
        int at = leaf[i] - tree.inner;
        if (tree.hash[at] == hashes[i] && tree.holds(leaf[i], x + size_t(i) * stride)) {
            s[i] = seen_score(level[i], tree.mass[at], sample_size, tables);
            continue;
        }
        s[i] = tables.inverse[level[i] + 1];
        going.row[kept] = uint16_t(i);
        going.id[kept] = tree.parent[leaf[i]];
        kept += tree.parent[leaf[i]] != NO_NODE;
    }
    return kept;
}

// Up to the first box that holds the row. With a log, every step is added to it; returns the end of the log.
template <class D, bool LOGGED>
inline Step* climb(const BoxTree& tree, const double* x, size_t stride, int left, Going& going, int* level,
                   const Tables& tables, double* s, Step* log) {
    const double *ranges = tree.range.data(), *inverse = tables.inverse.data();
    const int width = tree.width;
    while (left > 0) {
        int kept = 0;
        for (int i = 0; i < left; i++) {
            int row = going.row[i], id = going.id[i];
            const double* low = tree.low(id);
            double a = distance<D>(low, low + width, x + size_t(row) * stride, width);
            double grown = ranges[id] + a, p = a / grown, weight = inverse[level[row]];
            s[row] = p * weight + (1.0 - p) * s[row];
            level[row]--;
            if (LOGGED) {
                *log = {grown, 1.0 - p, weight, uint16_t(row), uint16_t(id)};
                log += a > 0.0;
            }
            int up = tree.parent[id];
            going.row[kept] = uint16_t(row);
            going.id[kept] = uint16_t(up);
            kept += (a > 0.0) & (up != NO_NODE);
        }
        left = kept;
    }
    return log;
}

template <class D>
inline void visit_block(const BoxTree& tree, const double* x, size_t stride, const uint64_t* hashes, int count,
                        int sample_size, const Tables& tables, double* score) {
    int leaf[BLOCK], level[BLOCK];
    double s[BLOCK];
    Going going;
    descend(tree, x, stride, count, leaf, level);
    int left = start(tree, x, stride, hashes, count, leaf, level, sample_size, tables, s, going);
    climb<D, false>(tree, x, stride, left, going, level, tables, s, nullptr);
    for (int i = 0; i < count; i++) score[i] += s[i];
}

// Add the shares of the gaps between a row and a box: `left` is what the levels above leave, `grown` the range that the
// gaps are parts of. Tiny ranges are scaled up, since their inverse would overflow.
template <class D>
inline void share(const double* low, const double* high, const double* x, int width, double left, double grown,
                  double weight, double* attribution, double* direction) {
    double up = grown < 0x1.0p-900 ? 0x1.0p200 : 1.0, part = left / (grown * up);
    typename D::V unit = D::splat(up), scale = D::splat(part), worth = D::splat(part * weight);
    for (int k = 0; k < width; k += D::WIDTH) {
        typename D::V v = D::load(x + k), below = D::positive(D::sub(D::load(low + k), v)),
                      above = D::positive(D::sub(v, D::load(high + k))), gap = D::mul(D::add(above, below), unit);
        D::store(attribution + k, D::add(D::load(attribution + k), D::mul(gap, worth)));
        D::store(direction + k, D::add(D::load(direction + k), D::mul(D::sub(above, below), D::mul(gap, scale))));
    }
}

// Scores and shares. A step's share is known once the product of (1 - p) over the levels above it is, so the steps
// are logged on the way up and read backwards.
template <class D>
inline void explain_block(const BoxTree& tree, const double* x, size_t stride, const uint64_t* hashes, int count,
                          int sample_size, const Tables& tables, Step* log, Shares shares) {
    int leaf[BLOCK], level[BLOCK];
    double s[BLOCK], first[BLOCK], remaining[BLOCK];
    Going going;
    const int width = tree.width;
    descend(tree, x, stride, count, leaf, level);
    int left = start(tree, x, stride, hashes, count, leaf, level, sample_size, tables, s, going);
    for (int i = 0; i < count; i++) {
        first[i] = s[i];
        remaining[i] = 1.0;
    }
    Step* end = climb<D, true>(tree, x, stride, left, going, level, tables, s, log);
    while (end-- > log) {
        size_t row = end->row;
        const double* low = tree.low(end->id);
        share<D>(low, low + width, x + row * stride, width, remaining[row], end->grown, end->weight,
                 shares.attribution + row * width, shares.direction + row * width);
        remaining[row] *= end->kept;
    }
    for (int i = 0; i < count; i++) {
        shares.score[i] += s[i];
        shares.even[i] += remaining[i] * first[i];
        const double *p = tree.leaf_point(leaf[i]), *row = x + size_t(i) * stride;
        double a = distance<D>(p, p, row, width);
        if (a > 0.0) share<D>(p, p, row, width, remaining[i], a, 0.0, 
                            shares.attribution + size_t(i) * width, shares.direction + size_t(i) * width);
    }
}

template <class D>
inline void visit_box_in(const BoxTree& tree, const Rows& rows, size_t from, size_t to, int sample_size,
                         const Tables& tables, Step* log, Shares shares) {
    for (size_t i = from; i < to; i += BLOCK) {
        int count = to - i < BLOCK ? int(to - i) : BLOCK;
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
