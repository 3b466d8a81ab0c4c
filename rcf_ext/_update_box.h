// Points into and out of a tree of boxes (included once per path by `_paths.h`).

template <class D>
inline double measured(const double* low, const double* high, int width) {
    typename D::V sum = D::splat(0.0);
    for (int k = 0; k < width; k += D::WIDTH) sum = D::add(sum, D::positive(D::sub(D::load(high + k), D::load(low + k))));
    return D::fold(sum);
}

// Make a node's box the smallest around two boxes; false if it was so before.
template <class D>
inline bool enclose(BoxTree& tree, int id, const double* low, const double* high, const double* also_low,
                    const double* also_high) {
    double *lo = tree.low(id), *hi = tree.high(id);
    bool changed = false;
    for (int k = 0; k < tree.width; k += D::WIDTH) {
        typename D::V l = D::smaller(D::load(also_low + k), D::load(low + k)),
                      h = D::larger(D::load(also_high + k), D::load(high + k));
        changed |= D::differ(l, D::load(lo + k)) | D::differ(h, D::load(hi + k));
        D::store(lo + k, l);
        D::store(hi + k, h);
    }
    if (changed) tree.range[size_t(id)] = measured<D>(lo, hi, tree.width);
    return changed;
}

// Parted from the topmost box from which a random cut parts it: a cut drawn along the ranges of a box grown by x falls
// into a gap with probability a / (range + a), and below a separation nothing matters.
template <class D>
inline void insert_into(BoxTree& tree, int slot, const double* x, uint64_t hash, Random& random) {
    int leaf = tree.find(x);
    if (tree.hash[size_t(leaf - tree.inner)] == hash && tree.holds(leaf, x)) {
        tree.mass[size_t(leaf - tree.inner)]++;
        tree.leaf_of[size_t(slot)] = uint16_t(leaf);
        return;
    }
    const double* p = tree.leaf_point(leaf);
    int below = leaf, id = tree.parent[size_t(leaf)];
    double at = random.uniform() * distance<D>(p, p, x, tree.width);
    for (; id != NO_NODE; id = tree.parent[size_t(id)]) {
        double a = distance<D>(tree.low(id), tree.high(id), x, tree.width);
        if (a == 0.0) break;
        double r = random.uniform() * (tree.range[size_t(id)] + a);
        if (r < a) {
            below = id;
            at = r;
        }
    }
    int made = tree.part(below, x, hash, at, slot);
    const double *lo, *hi;
    tree.corners(below, lo, hi);
    double *l = tree.low(made), *h = tree.high(made);
    for (int k = 0; k < tree.width; k += D::WIDTH) {
        D::store(l + k, D::smaller(D::load(x + k), D::load(lo + k)));
        D::store(h + k, D::larger(D::load(x + k), D::load(hi + k)));
    }
    tree.range[size_t(made)] = measured<D>(l, h, tree.width);
    for (int up = tree.parent[size_t(made)]; up != id; up = tree.parent[size_t(up)])
        enclose<D>(tree, up, tree.low(up), tree.high(up), x, x);
}

template <class D>
inline void remove_from(BoxTree& tree, int slot) {
    for (int id = tree.detach(slot); id != NO_NODE; id = tree.parent[size_t(id)]) {
        const double *a, *b, *c, *d;
        tree.corners(tree.node[size_t(id)].left(), a, b);
        tree.corners(tree.node[size_t(id)].right(), c, d);
        if (!enclose<D>(tree, id, a, b, c, d)) break;
    }
}

inline void insert_box(BoxTree& tree, int slot, const double* x, uint64_t hash, Random& random) {
    if (tree.width == 4)
        insert_into<Four>(tree, slot, x, hash, random);
    else
        insert_into<Eight>(tree, slot, x, hash, random);
}

inline void remove_box(BoxTree& tree, int slot) {
    if (tree.width == 4)
        remove_from<Four>(tree, slot);
    else
        remove_from<Eight>(tree, slot);
}
