// A random cut tree over one dimension, kept as sorted arrays.
//
// Leaves (distinct values, each with its number of copies) are in ascending order, and so are the cuts: cut i
// separates leaf i from leaf i + 1. The tree over them is given by the depth of each cut alone. With
// depth(-1) = depth(leaves - 1) = -1:
//   * the parent of leaf l is the deeper of cut l - 1 and cut l;
//   * a value beyond leaf l on the side of that parent's subtree end leaves exactly the boxes of the inner nodes
//     that end at leaf l: |depth(l - 1) - depth(l)| of them, and the value's distance to each is the same.
// So a climb needs no boxes: only, for each cut, the first and last leaf below it.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstring>

#include "_memory.h"
#include "_random.h"

namespace rcf {

struct Span {
    uint16_t first, last;
};

class LineTree {
  public:
    static constexpr int PAD = 16;  // vector searches may read this far past the end

    LineTree(int sample_size, int)
        : value(sample_size + PAD), cut(sample_size + PAD), mass(sample_size + PAD), depth_(sample_size + PAD),
          span(sample_size + PAD), held(sample_size) {
        depth_[0] = -1;
    }

    int depth(int i) const { return depth_[i + 1]; }

    // The leaf that x falls to: the number of cuts below it.
    int find(double x) const {
        const double* base = cut.data();
        for (int n = leaves - 1; n > 0;) {
            int half = (n + 1) / 2;
            base += base[half - 1] < x ? half : 0;
            n -= half;
        }
        return int(base - cut.data());
    }

    // Draw a tree for n points; point i goes to slot i.
    void build(const double* points, int n, Random& random) {
        std::memcpy(held.data(), points, size_t(n) * sizeof(double));
        std::memcpy(value.data(), points, size_t(n) * sizeof(double));
        std::sort(value.data(), value.data() + n);
        leaves = 0;
        for (int i = 0; i < n; i++) {
            if (leaves == 0 || value[leaves - 1] != value[i]) {
                value[leaves] = value[i];
                mass[leaves++] = 0;
            }
            mass[leaves - 1]++;
        }
        split(0, leaves - 1, 0, random);
        close_ends();
    }

    // Put x, which takes over a slot, into the tree.
    void insert(int slot, const double* point, Random& random) {
        double x = *point;
        held[slot] = x;
        int l = find(x);
        if (value[l] == x) {
            mass[l]++;
            return;
        }
        bool right = x > value[l];
        int q;
        Span below = separated(l, x, q, random);
        double low = right ? value[l] : x, high = right ? x : value[l];
        double c = between(low, high, random);
        for (int i = below.first; i < below.last; i++) depth_[i + 1]++;
        make_room(l, right, q);
        Span whole = {below.first, uint16_t(below.last + 1)};
        open(value.data(), right ? l + 1 : l, leaves, x);
        open(mass.data(), right ? l + 1 : l, leaves, uint16_t(1));
        open(cut.data(), l, leaves - 1, c);
        open(span.data(), l, leaves - 1, whole);
        open(depth_.data() + 1, l, leaves - 1, int16_t(q));
        leaves++;
        close_ends();
    }

    // Take the point of a slot out of the tree.
    void remove(int slot) {
        double x = held[slot];
        int l = find(x);
        if (--mass[l] > 0) return;
        int p = depth(l - 1) > depth(l) ? l - 1 : l;
        int from = p < l ? span[p].first : l + 1, to = p < l ? l - 1 : span[p].last;
        for (int i = from; i < to; i++) depth_[i + 1]--;
        for (int i = 0; i < leaves - 1; i++) {
            span[i].first -= span[i].first > l;
            span[i].last -= span[i].last >= l;
        }
        close(value.data(), l, leaves);
        close(mass.data(), l, leaves);
        close(cut.data(), p, leaves - 1);
        close(span.data(), p, leaves - 1);
        close(depth_.data() + 1, p, leaves - 1);
        leaves--;
        close_ends();
    }

    size_t bytes() const {
        return value.bytes() + cut.bytes() + mass.bytes() + depth_.bytes() + span.bytes() + held.bytes();
    }

    void save(Writer& out) const {
        out.value(uint16_t(leaves));
        out.values(value.data(), size_t(leaves));
        out.values(cut.data(), size_t(leaves - 1));
        out.values(depth_.data() + 1, size_t(leaves - 1));
        for (size_t i = 0; i < held.size(); i++) out.value(uint16_t(find(held[i])));
    }

    void load(Reader& in) {
        leaves = in.value<uint16_t>();
        require(leaves >= 1 && size_t(leaves) <= held.size(), "a tree's size is wrong");
        in.values(value.data(), size_t(leaves));
        in.values(cut.data(), size_t(leaves - 1));
        in.values(depth_.data() + 1, size_t(leaves - 1));
        close_ends();
        for (int i = 0; i < leaves; i++) require(std::fabs(value[i]) < HUGE_VAL, "a tree's values are wrong");
        for (int i = 0; i < leaves - 1; i++) {
            require(value[i] <= cut[i] && cut[i] < value[i + 1], "a tree's cuts are wrong");
            require(depth(i) >= 0, "a tree's depths are wrong");
            int first = i, last = i + 1;
            while (depth(first - 1) > depth(i)) first--;
            while (depth(last) > depth(i)) last++;
            int above = depth(first - 1) > depth(last) ? depth(first - 1) : depth(last);
            require(depth(i) == above + 1, "a tree's depths are wrong");
            span[i] = {uint16_t(first), uint16_t(last)};
        }
        for (size_t i = 0; i < held.size(); i++) {
            uint16_t leaf = in.value<uint16_t>();
            require(leaf < leaves, "a tree's leaves are wrong");
            held[i] = value[leaf];
            mass[leaf]++;
        }
        for (int i = 0; i < leaves; i++) require(mass[i] > 0, "a tree's leaves are wrong");
    }

    // The ends of the arrays that searches and climbs rely on.
    void close_ends() {
        depth_[leaves] = -1;
        for (int i = 0; i < PAD; i++) cut[leaves - 1 + i] = HUGE_VAL;
    }

    int leaves = 0;
    Array<double> value;     // of each leaf, ascending
    Array<double> cut;       // ascending, infinity past the end
    Array<uint16_t> mass;    // copies in each leaf
    Array<int16_t> depth_;   // depth of cut i at i + 1
    Array<Span> span;        // leaves below each cut
    Array<double> held;      // the sampled value of each slot

  private:
    // A cut in [low, high), uniform.
    static double between(double low, double high, Random& random) {
        double c = low + random.uniform() * (high - low);
        return c < high ? c : std::nextafter(high, low);
    }

    void split(int a, int b, int q, Random& random) {
        if (a == b) return;
        double c = between(value[a], value[b], random);
        int j = int(std::upper_bound(value.data() + a, value.data() + b, c) - value.data()) - 1;
        cut[j] = c;
        depth_[j + 1] = int16_t(q);
        span[j] = {uint16_t(a), uint16_t(b)};
        split(a, j, q + 1, random);
        split(j + 1, b, q + 1, random);
    }

    // The topmost subtree from which a random cut parts x, which falls to leaf l; its depth goes to q.
    Span separated(int l, double x, int& q, Random& random) const {
        bool right = x > value[l];
        double gap = right ? x - value[l] : value[l] - x;
        int before = depth(l - 1), after = depth(l), level = (before > after ? before : after) + 1;
        int boxes = right ? before - after : after - before, j = right ? l - 1 : l;
        Span top = {uint16_t(l), uint16_t(l)};
        q = level;
        for (; boxes > 0; boxes--) {
            level--;
            int end = right ? span[j].first : span[j].last;
            double range = right ? value[l] - value[end] : value[end] - value[l];
            if (random.uniform() * (range + gap) < gap) {
                top = span[j];
                q = level;
            }
            j = right ? end - 1 : end;
        }
        return top;
    }

    // Renumber the leaves in all spans for a new leaf beside l under a new node of depth q: nodes above it that
    // end at l now end at the new leaf.
    void make_room(int l, bool right, int q) {
        for (int i = 0; i < leaves - 1; i++) {
            int first = span[i].first, last = span[i].last;
            bool above = depth_[i + 1] < q;
            span[i].first = uint16_t(first + ((first > l) | (!right & (first == l) & !above)));
            span[i].last = uint16_t(last + ((last > l) | ((last == l) & (!right | above))));
        }
    }

    template <class T>
    static void open(T* array, int at, int size, T entry) {
        std::memmove(array + at + 1, array + at, size_t(size - at) * sizeof(T));
        array[at] = entry;
    }
    template <class T>
    static void close(T* array, int at, int size) {
        std::memmove(array + at, array + at + 1, size_t(size - at - 1) * sizeof(T));
    }
};

}  // namespace rcf
