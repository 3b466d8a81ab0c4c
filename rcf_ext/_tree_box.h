// A random cut tree over several dimensions: nodes with bounding boxes.
//
// Node ids are slots: inner nodes 0 .. S - 2, leaves S - 1 .. 2S - 2. What a descent needs (cut, dimension,
// children) lies together and apart from the boxes. A leaf is its own left child behind an infinite cut, so that
// rows can go down in lockstep. Boxes and points are padded to a whole number of lanes with NaN, the distance to
// which counts as 0; sums over dimensions are taken in one fixed order everywhere.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "_memory.h"
#include "_random.h"

namespace rcf {

inline uint64_t point_hash(const double* x, int dimensions) {
    uint64_t h = 0x9E3779B97F4A7C15ULL;
    for (int k = 0; k < dimensions; k++) {
        h = (h ^ bits_of(x[k])) * 0xD1342543DE82EF95ULL;
        h ^= h >> 32;
    }
    return h;
}

// What a descent needs of a node: x[dimension] <= cut goes left. Eleven bits hold any id, ten any dimension.
struct Node {
    double cut;
    uint32_t packed;
    uint32_t unused;

    Node() = default;
    Node(double cut, int left, int right, int dimension)
        : cut(cut), packed(uint32_t(left) | uint32_t(right) << 11 | uint32_t(dimension) << 22), unused(0) {}
    int left() const { return packed & 0x7FF; }
    int right() const { return packed >> 11 & 0x7FF; }
    int dimension() const { return int(packed >> 22); }
    int toward(const double* x) const { return packed >> 11 * int(x[dimension()] > cut) & 0x7FF; }
    Node with(int old_child, int new_child) const {
        return {cut, left() == old_child ? new_child : left(), right() == old_child ? new_child : right(), dimension()};
    }
};

constexpr int NO_NODE = 0xFFFF;

// Dimensions in memory: four, or a multiple of eight.
inline int padded(int dimensions) { return dimensions <= 4 ? 4 : (dimensions + 7) / 8 * 8; }

// Sum of term(k) over the padded dimensions: eight (or four) running sums, folded in halves.
template <class Term>
inline double lane_sum(int width, Term term) {
    double sum[8] = {0, 0, 0, 0, 0, 0, 0, 0};
    for (int k = 0; k < width; k += 4)
        for (int i = 0; i < 4; i++) sum[(k & 4) + i] += term(k + i);
    for (int i = 0; i < 4; i++) sum[i] += sum[i + 4];
    return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

// How far x lies outside [low, high]; 0 inside.
inline double outside(double low, double high, double x) {
    double below = low - x, above = x - high, gap = below > above ? below : above;
    return gap > 0.0 ? gap : 0.0;
}

class BoxTree {
  public:
    BoxTree(int sample_size, int dimensions)
        : dimensions(dimensions), width(padded(dimensions)), inner(sample_size - 1), node(2 * sample_size - 1),
          parent(2 * sample_size - 1), range(inner), box(size_t(inner) * 2 * width),
          point(size_t(sample_size) * width), mass(sample_size), hash(sample_size), leaf_of(sample_size),
          free_inner_(inner), free_leaf_(sample_size),
          order_(sample_size) {}

    static int width_of(int dimensions) { return padded(dimensions); }

    double* low(int id) { return box.data() + size_t(id) * 2 * width; }
    double* high(int id) { return low(id) + width; }
    const double* low(int id) const { return box.data() + size_t(id) * 2 * width; }
    const double* high(int id) const { return low(id) + width; }
    bool is_leaf(int id) const { return id >= inner; }
    double* leaf_point(int id) { return point.data() + size_t(id - inner) * width; }
    const double* leaf_point(int id) const { return point.data() + size_t(id - inner) * width; }

    // The leaf that x falls to.
    int find(const double* x) const {
        int id = root;
        while (id < inner) id = node[id].toward(x);
        return id;
    }

    bool holds(int leaf, const double* x) const {
        return same(leaf_point(leaf), x);
    }

    // Draw a tree for n points; point i goes to slot i.
    void build(const double* points, int n, Random& random) {
        clear();
        for (int i = 0; i < n; i++) order_[i] = uint16_t(i);
        root = split(points, order_.data(), order_.data() + n, NO_NODE, random);
    }

    // A new node over `below` and a new leaf for x, which takes over a slot, cut at `at` along the gaps between them.
    // Returns the new node, whose box is still to be set.
    int part(int below, const double* x, uint64_t x_hash, double at, int slot) {
        const double *lo, *hi;
        corners(below, lo, hi);
        int k = chosen(at, [&](int i) { return outside(lo[i], hi[i], x[i]); });
        bool right = x[k] > hi[k];
        double start = right ? hi[k] : x[k], end = right ? x[k] : lo[k], cut = start + at;
        cut = cut < end ? cut : std::nextafter(end, start);
        int made = free_inner_[--free_inner_count_], leaf = new_leaf(x, x_hash, 1, made);
        replace(parent[below], below, made);
        parent[below] = uint16_t(made);
        node[made] = {cut, right ? below : leaf, right ? leaf : below, k};
        leaf_of[slot] = uint16_t(leaf);
        return made;
    }

    // Take the point of a slot out. If its leaf goes, so does the node above it; returns the node above that, from
    // which on boxes may have to shrink, else NO_NODE.
    int detach(int slot) {
        int leaf = leaf_of[slot];
        if (--mass[leaf - inner] > 0) return NO_NODE;
        int gone = parent[leaf], above = parent[gone];
        replace(above, gone, node[gone].left() == leaf ? node[gone].right() : node[gone].left());
        free_inner_[free_inner_count_++] = uint16_t(gone);
        free_leaf_[free_leaf_count_++] = uint16_t(leaf);
        return above;
    }

    // The box of a node; that of a leaf is its point.
    void corners(int id, const double*& lo, const double*& hi) const {
        lo = is_leaf(id) ? leaf_point(id) : low(id);
        hi = is_leaf(id) ? lo : high(id);
    }

    // Empty tree, all ids free.
    void clear() {
        free_inner_count_ = inner;
        free_leaf_count_ = inner + 1;
        for (int i = 0; i < inner; i++) free_inner_[i] = uint16_t(inner - 1 - i);
        for (int i = 0; i <= inner; i++) free_leaf_[i] = uint16_t(2 * inner - i);
    }

    // Nodes from the root down, left before right: dimension and cut, or END and a point; then the leaf of each
    // slot, leaves being counted in that order.
    void save(Writer& out) const {
        Array<uint16_t> number(leaf_of.size());
        int count = 0;
        save(out, root, number.data(), count);
        for (size_t i = 0; i < leaf_of.size(); i++) out.value(number[leaf_of[i] - inner]);
    }

    void load(Reader& in) {
        clear();
        root = load(in, NO_NODE);
        int leaves = inner + 1 - free_leaf_count_;
        for (size_t i = 0; i < leaf_of.size(); i++) {
            int leaf = in.value<uint16_t>();
            require(leaf < leaves, "a tree's leaves are wrong");
            leaf_of[i] = uint16_t(inner + leaf);
            mass[leaf]++;
        }
        for (int i = 0; i < leaves; i++) require(mass[i] > 0, "a tree's leaves are wrong");
    }

    size_t bytes() const {
        return node.bytes() + parent.bytes() + range.bytes() + box.bytes() + point.bytes() + mass.bytes() +
               hash.bytes() + leaf_of.bytes() + free_inner_.bytes() + free_leaf_.bytes();
    }

    int dimensions, width, inner;
    int root = 0;
    Array<Node> node;
    Array<uint16_t> parent;
    Array<double> range;      // of each inner node: the sum of its box's sides
    Array<double> box;        // low sides, then high sides
    Array<double> point;      // of each leaf
    Array<uint16_t> mass;     // copies in each leaf
    Array<uint64_t> hash;     // of each leaf's point
    Array<uint16_t> leaf_of;  // the leaf that holds the point of each slot

  private:
    static constexpr uint16_t END = 0xFFFF;

    void save(Writer& out, int id, uint16_t* number, int& count) const {
        if (is_leaf(id)) {
            number[id - inner] = uint16_t(count++);
            out.value(END);
            out.values(leaf_point(id), size_t(dimensions));
            return;
        }
        out.value(uint16_t(node[id].dimension()));
        out.value(node[id].cut);
        save(out, node[id].left(), number, count);
        save(out, node[id].right(), number, count);
    }

    int load(Reader& in, int up) {
        uint16_t dimension = in.value<uint16_t>();
        if (dimension == END) {
            require(free_leaf_count_ > 0, "a tree has too many leaves");
            double* p = leaf_point(free_leaf_[free_leaf_count_ - 1]);
            in.values(p, size_t(dimensions));
            for (int k = 0; k < dimensions; k++) require(std::fabs(p[k]) < HUGE_VAL, "a tree's points are wrong");
            return new_leaf(p, point_hash(p, dimensions), 0, up);
        }
        require(dimension < dimensions && free_inner_count_ > 0, "a tree's nodes are wrong");
        int id = free_inner_[--free_inner_count_];
        double cut = in.value<double>();
        parent[id] = uint16_t(up);
        int left = load(in, id), right = load(in, id);
        node[id] = {cut, left, right, dimension};
        const double *a, *b, *c, *d;
        corners(left, a, b);
        corners(right, c, d);
        require(b[dimension] <= cut && cut < c[dimension], "a tree's cuts are wrong");
        std::memcpy(low(id), a, size_t(width) * sizeof(double));
        std::memcpy(high(id), b, size_t(width) * sizeof(double));
        include(low(id), high(id), c);
        include(low(id), high(id), d);
        measure(id);
        return id;
    }

    int split(const double* points, uint16_t* first, uint16_t* last, int up, Random& random) {
        const double* p = points + size_t(*first) * dimensions;
        if (std::all_of(first, last, [&](uint16_t i) { return same(points + size_t(i) * dimensions, p); })) {
            int leaf = new_leaf(p, point_hash(p, dimensions), int(last - first), up);
            for (; first < last; first++) leaf_of[*first] = uint16_t(leaf);
            return leaf;
        }
        int id = free_inner_[--free_inner_count_];
        double *lo = low(id), *hi = high(id);
        for (int k = 0; k < dimensions; k++) lo[k] = hi[k] = p[k];
        for (uint16_t* i = first + 1; i < last; i++) include(lo, hi, points + size_t(*i) * dimensions);
        pad(lo, hi);
        measure(id);
        parent[id] = uint16_t(up);
        double at = random.uniform() * range[id];
        int k = chosen(at, [&](int i) { return hi[i] - lo[i]; });
        double cut = lo[k] + at;
        cut = cut < hi[k] ? cut : std::nextafter(hi[k], lo[k]);
        uint16_t* middle = std::partition(first, last, [&](uint16_t i) { return points[size_t(i) * dimensions + k] <= cut; });
        int left = split(points, first, middle, id, random);
        int right = split(points, middle, last, id, random);
        node[id] = {cut, left, right, k};
        return id;
    }

    // The dimension that `at` falls to when the sizes are laid end to end; `at` becomes the place within it.
    template <class Size>
    int chosen(double& at, Size size) const {
        int last = 0;
        for (int k = 0; k < dimensions; k++) {
            double s = size(k);
            if (s <= 0.0) continue;
            if (at < s) return k;
            last = k;
            at -= s;
        }
        at = size(last);  // rounding carried it past the end
        return last;
    }

    int new_leaf(const double* x, uint64_t x_hash, int copies, int up) {
        int id = free_leaf_[--free_leaf_count_];
        node[id] = {HUGE_VAL, id, id, 0};
        parent[id] = uint16_t(up);
        double* p = leaf_point(id);
        std::memmove(p, x, size_t(dimensions) * sizeof(double));
        pad(p, p);
        mass[id - inner] = uint16_t(copies);
        hash[id - inner] = x_hash;
        return id;
    }

    void replace(int up, int old_child, int new_child) {
        parent[new_child] = uint16_t(up);
        if (up == NO_NODE)
            root = new_child;
        else
            node[up] = node[up].with(old_child, new_child);
    }

    bool same(const double* a, const double* b) const {
        return std::memcmp(a, b, size_t(dimensions) * sizeof(double)) == 0;
    }

    void include(double* lo, double* hi, const double* x) const {
        for (int k = 0; k < dimensions; k++) {
            lo[k] = x[k] < lo[k] ? x[k] : lo[k];
            hi[k] = x[k] > hi[k] ? x[k] : hi[k];
        }
    }

    void measure(int id) {
        const double *lo = low(id), *hi = high(id);
        range[id] = lane_sum(width, [&](int k) { return k < dimensions ? hi[k] - lo[k] : 0.0; });
    }

    // The distance of anything to NaN counts as 0.
    void pad(double* lo, double* hi) const {
        for (int k = dimensions; k < width; k++) lo[k] = hi[k] = std::numeric_limits<double>::quiet_NaN();
    }

    Array<uint16_t> free_inner_, free_leaf_, order_;
    int free_inner_count_ = 0, free_leaf_count_ = 0;
};

}  // namespace rcf
