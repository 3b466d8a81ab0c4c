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

class LineTree {
  public:
    static constexpr int PAD = 4;  // 16-bit entries may be read as 32-bit words

    LineTree(int sample_size, int)
        : value(sample_size + PAD), cut(power_above(sample_size)), mass(sample_size + PAD), depth_(sample_size + PAD),
          ends(2 * (sample_size + PAD)), first(ends.data()), last(first + sample_size + PAD), held(sample_size) {
        depth_[0] = -1;
        for (size_t i = 0; i < cut.size(); i++) cut[i] = HUGE_VAL;
    }

    static int width_of(int) { return 1; }

    int depth(int i) const { return depth_[i + 1]; }

    // The leaf that x falls to: the number of cuts below it.
    int find(double x) const {
        int leaf = 0;
        for (int step = top_step; step > 0; step >>= 1) leaf += step * int(cut[leaf + step - 1] < x);
        return leaf;
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
    void insert(int slot, double x, Random& random) {
        held[slot] = x;
        int l = find(x);
        if (value[l] == x) {
            mass[l]++;
            return;
        }
        bool right = x > value[l];
        int q;
        int from, to;
        separated(l, x, q, from, to, random);
        double low = right ? value[l] : x, high = right ? x : value[l];
        double c = between(low, high, random);
        for (int i = from; i < to; i++) depth_[i + 1]++;
        make_room(l, right, q);
        open(value.data(), right ? l + 1 : l, leaves, x);
        open(mass.data(), right ? l + 1 : l, leaves, uint16_t(1));
        open(cut.data(), l, leaves - 1, c);
        open(first, l, leaves - 1, int16_t(from));
        open(last, l, leaves - 1, int16_t(to + 1));
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
        int from = p < l ? first[p] : l + 1, to = p < l ? l - 1 : last[p];
        for (int i = from; i < to; i++) depth_[i + 1]--;
        const int16_t at = int16_t(l);
        for (int i = 0; i < leaves - 1; i++) {
            first[i] = int16_t(first[i] - (first[i] > at));
            last[i] = int16_t(last[i] - (last[i] >= at));
        }
        close(value.data(), l, leaves);
        close(mass.data(), l, leaves);
        close(cut.data(), p, leaves - 1);
        close(first, p, leaves - 1);
        close(last, p, leaves - 1);
        close(depth_.data() + 1, p, leaves - 1);
        leaves--;
        close_ends();
    }

    size_t bytes() const {
        return value.bytes() + cut.bytes() + mass.bytes() + depth_.bytes() + ends.bytes() + held.bytes();
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
            int from = i, to = i + 1;
            while (depth(from - 1) > depth(i)) from--;
            while (depth(to) > depth(i)) to++;
            require(depth(i) == std::max(depth(from - 1), depth(to)) + 1, "a tree's depths are wrong");
            first[i] = int16_t(from);
            last[i] = int16_t(to);
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
        cut[leaves - 1] = HUGE_VAL;
        for (top_step = 1; 2 * top_step < leaves;) top_step *= 2;
    }

    int leaves = 0;
    int top_step = 1;        // of a binary search over the cuts
    Array<double> value;     // of each leaf, ascending
    Array<double> cut;       // ascending, infinity up to a power of two
    Array<uint16_t> mass;    // copies in each leaf
    Array<int16_t> depth_;   // depth of cut i at i + 1
    Array<int16_t> ends;
    int16_t *first, *last;   // of the leaves below each cut: the two halves of `ends`
    Array<double> held;      // the sampled value of each slot

  private:
    static size_t power_above(int size) {
        size_t power = 1;
        while (power <= size_t(size)) power *= 2;
        return power;
    }

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
        first[j] = int16_t(a);
        last[j] = int16_t(b);
        split(a, j, q + 1, random);
        split(j + 1, b, q + 1, random);
    }

    // The topmost subtree from which a random cut parts x, which falls to leaf l: leaves `from` to `to`, depth q.
    void separated(int l, double x, int& q, int& from, int& to, Random& random) const {
        bool right = x > value[l];
        double gap = right ? x - value[l] : value[l] - x;
        int before = depth(l - 1), after = depth(l), level = std::max(before, after) + 1;
        int boxes = right ? before - after : after - before, j = right ? l - 1 : l;
        from = to = l;
        q = level;
        for (; boxes > 0; boxes--) {
            level--;
            int end = right ? first[j] : last[j];
            double range = right ? value[l] - value[end] : value[end] - value[l];
            if (random.uniform() * (range + gap) < gap) {
                from = first[j];
                to = last[j];
                q = level;
            }
            j = right ? end - 1 : end;
        }
    }

    // Renumber the leaves in all spans for a new leaf beside l under a new node of depth q: nodes above it that
    // end at l now end at the new leaf, all others at l itself.
    void make_room(int l, bool right, int q) {
        const int16_t* depth = depth_.data() + 1;
        const int16_t at = int16_t(l), top = int16_t(q);
        if (right)
            for (int i = 0; i < leaves - 1; i++) {
                last[i] = int16_t(last[i] + (last[i] > int16_t(at - (depth[i] < top))));
                first[i] = int16_t(first[i] + (first[i] > at));
            }
        else
            for (int i = 0; i < leaves - 1; i++) {
                last[i] = int16_t(last[i] + (last[i] >= at));
                first[i] = int16_t(first[i] + (first[i] > int16_t(at - (depth[i] >= top))));
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
