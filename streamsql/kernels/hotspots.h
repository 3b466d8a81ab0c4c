// DBSCAN clusters of the last points of a stream, after every point.
//
// A window keeps which points are neighbours as one bit per pair, so a new point costs one pass over the window's
// coordinates and a cluster is found by OR-ing rows of bits. Which slot a point stands in never shows in a result.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "numerals.h"
#include "state_bytes.h"

// Where the compiler can, the loops over bits and distances exist twice: for every CPU, and for those with AVX2.
// Both do the same operations in the same order, so the results are the same.
#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__)
#define STREAMSQL_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define STREAMSQL_CLONES
#endif

namespace streamsql {

// Adds a core point's neighbours to `reach`, and those of them that are `left` to visit to `frontier`. Returns whether
// there were such.
STREAMSQL_CLONES static bool absorb(const uint64_t* __restrict near, uint64_t* __restrict left,
                                    uint64_t* __restrict frontier, uint64_t* __restrict reach, int32_t words) {
    uint64_t any = 0;
    for (int32_t w = 0; w < words; w++) {
        uint64_t fresh = near[w] & left[w];
        reach[w] |= near[w];
        left[w] ^= fresh;
        frontier[w] |= fresh;
        any |= fresh;
    }
    return any != 0;
}

// Adds the squares of one coordinate's differences.
STREAMSQL_CLONES static void add_squares(const double* __restrict column, double value, double* __restrict distance,
                                         int32_t n) {
    for (int32_t i = 0; i < n; i++) distance[i] += (column[i] - value) * (column[i] - value);
}

// Longest text of a VARCHAR.
constexpr size_t LONGEST_TEXT = 65535;
// A double in the longest form that write_real gives it, and more.
constexpr int NUMBER_ROOM = 32;

struct HotspotOptions {
    int32_t dimensions, size, minimum;
    double radius;
};

// Buffers of one call, shared by all windows.
struct HotspotScratch {
    struct Hotspot {
        double density;
        size_t box;  // where its minima, then its maxima, begin in `boxes`
    };
    std::vector<double> distance, boxes;
    std::vector<int32_t> members;
    std::vector<uint64_t> left, frontier, reach, claimed;
    std::vector<Hotspot> found;
    std::string item;
};

class HotspotWindow {
public:
    // Takes the next point; when the window is full the oldest one leaves.
    void push(const HotspotOptions& options, const double* point, HotspotScratch& scratch) {
        int32_t slot = count_;
        if (count_ == options.size) {
            slot = oldest_;
            oldest_ = oldest_ + 1 == options.size ? 0 : oldest_ + 1;
            changed_ |= touches_core(slot);
            remove(options, slot);
        } else {
            if (count_ == capacity_) grow(options);
            count_++;
            changed_ |= count_ == options.size;
        }
        insert(options, slot, point, scratch);
        changed_ |= touches_core(slot);
    }

    // The JSON text for the window as it is: its hotspots by descending density, as many as fit into a VARCHAR.
    const std::string& text(const HotspotOptions& options, HotspotScratch& scratch) {
        if (!changed_) return text_;
        changed_ = false;
        scratch.found.clear();
        scratch.boxes.clear();
        if (count_ == options.size) find(options, scratch);
        std::stable_sort(scratch.found.begin(), scratch.found.end(),
                         [](const auto& a, const auto& b) { return a.density > b.density; });
        text_ = "{\"hotspots\":[";
        for (const auto& hotspot : scratch.found) {
            write(options, hotspot, scratch);
            if (text_.size() + scratch.item.size() + 3 > LONGEST_TEXT) break;
            if (text_.back() != '[') text_ += ',';
            text_ += scratch.item;
        }
        text_ += "]}";
        return text_;
    }

    // The points, oldest first.
    void save(const HotspotOptions& options, Writer& out) const {
        std::vector<double> points;
        for (int32_t i = 0; i < count_; i++)
            for (int32_t k = 0; k < options.dimensions; k++)
                points.push_back(coordinates_[k * capacity_ + (oldest_ + i) % count_]);
        out.put(points);
    }
    void load(const HotspotOptions& options, Reader& in, HotspotScratch& scratch) {
        std::vector<double> points;
        in.get(points);
        size_t d = options.dimensions;
        if (points.size() % d || points.size() / d > static_cast<size_t>(options.size))
            throw std::runtime_error("saved hotspot windows do not fit");
        for (size_t at = 0; at < points.size(); at += d) push(options, &points[at], scratch);
    }

private:
    static constexpr size_t LANES = 4;

    static bool has(const uint64_t* bits, int32_t i) { return bits[i >> 6] >> (i & 63) & 1; }
    static void set(uint64_t* bits, int32_t i) { bits[i >> 6] |= uint64_t{1} << (i & 63); }
    static void unset(uint64_t* bits, int32_t i) { bits[i >> 6] &= ~(uint64_t{1} << (i & 63)); }

    template <class Visit> static void each(const uint64_t* bits, int32_t words, Visit visit) {
        for (int32_t w = 0; w < words; w++)
            for (uint64_t word = bits[w]; word; word &= word - 1) visit(w * 64 + __builtin_ctzll(word));
    }

    uint64_t* row(int32_t slot) { return &near_[static_cast<size_t>(slot) * words_]; }

    // Whether a point with enough neighbours is within reach; one without changes no hotspot.
    bool touches_core(int32_t slot) {
        const uint64_t* near = row(slot);
        uint64_t any = 0;
        for (int32_t w = 0; w < words_; w++) any |= near[w] & core_[w];
        return any != 0;
    }

    void remove(const HotspotOptions& options, int32_t slot) {
        uint64_t* near = row(slot);
        each(near, words_, [&](int32_t other) {
            if (other != slot) unset(row(other), slot);
            if (--degree_[other] == options.minimum - 1) unset(core_.data(), other);
        });
        std::fill(near, near + words_, 0);
        unset(core_.data(), slot);
        degree_[slot] = 0;
    }

    void insert(const HotspotOptions& options, int32_t slot, const double* point, HotspotScratch& scratch) {
        scratch.distance.assign(capacity_, 0.0);
        double* distance = scratch.distance.data();
        for (int32_t k = 0; k < options.dimensions; k++) {
            double* column = &coordinates_[static_cast<size_t>(k) * capacity_];
            double value = column[slot] = point[k] + 0.0;  // no negative zeros
            add_squares(column, value, distance, count_);
        }
        double limit = options.radius * options.radius;
        uint64_t* near = row(slot);
        for (int32_t i = 0; i < count_; i++) near[i >> 6] |= uint64_t{distance[i] <= limit} << (i & 63);
        each(near, words_, [&](int32_t other) {
            set(row(other), slot);
            degree_[slot] += other != slot;
            if (++degree_[other] == options.minimum) set(core_.data(), other);
        });
        if (degree_[slot] >= options.minimum) set(core_.data(), slot);
    }

    // Room for twice the points, up to the window's size: most keys of a partitioned stream stay small.
    void grow(const HotspotOptions& options) {
        int32_t capacity = std::min(std::max(64, 2 * capacity_), options.size), words = (capacity + 63) / 64;
        std::vector<double> coordinates(static_cast<size_t>(options.dimensions) * capacity);
        std::vector<uint64_t> near(static_cast<size_t>(capacity) * words);
        for (int32_t k = 0; k < options.dimensions; k++)
            std::copy_n(coordinates_.begin() + k * capacity_, count_, coordinates.begin() + k * capacity);
        for (int32_t i = 0; i < count_; i++) std::copy_n(row(i), words_, near.begin() + i * words);
        coordinates_.swap(coordinates);
        near_.swap(near);
        core_.resize(words);
        degree_.resize(capacity);
        capacity_ = capacity;
        words_ = words;
    }

    // The clusters in the order of their oldest core points; a point that two of them reach belongs to the first.
    void find(const HotspotOptions& options, HotspotScratch& scratch) {
        scratch.left = core_;
        scratch.claimed.assign(words_, 0);
        for (int32_t age = 0; age < count_; age++) {
            int32_t seed = oldest_ + age < count_ ? oldest_ + age : oldest_ + age - count_;
            if (has(scratch.left.data(), seed)) cluster(options, seed, scratch);
        }
    }

    void cluster(const HotspotOptions& options, int32_t seed, HotspotScratch& scratch) {
        expand(seed, scratch);
        scratch.members.clear();
        for (int32_t w = 0; w < words_; w++) {
            scratch.reach[w] &= ~scratch.claimed[w];
            scratch.claimed[w] |= scratch.reach[w];
        }
        each(scratch.reach.data(), words_, [&](int32_t slot) { scratch.members.push_back(slot); });
        if (static_cast<int32_t>(scratch.members.size()) >= options.minimum) measure(options, scratch);
    }

    // Into `reach`: every point within the radius of a core point that is connected with `seed`.
    void expand(int32_t seed, HotspotScratch& scratch) {
        scratch.frontier.assign(words_, 0);
        scratch.reach.assign(words_, 0);
        uint64_t *left = scratch.left.data(), *frontier = scratch.frontier.data(), *reach = scratch.reach.data();
        set(frontier, seed);
        unset(left, seed);
        for (int32_t first = 0; first < words_;) {
            if (!frontier[first]) {
                first++;
                continue;
            }
            int32_t slot = first * 64 + __builtin_ctzll(frontier[first]);
            unset(frontier, slot);
            if (absorb(row(slot), left, frontier, reach, words_)) first = 0;
        }
    }

    void measure(const HotspotOptions& options, HotspotScratch& scratch) const {
        size_t d = options.dimensions, box = scratch.boxes.size();
        scratch.boxes.resize(box + 2 * d);
        double volume = 1;
        for (size_t k = 0; k < d; k += LANES) {
            double low[LANES], high[LANES];
            extremes(scratch.members, k, d, low, high);
            for (size_t j = 0; j < LANES && k + j < d; j++) {
                scratch.boxes[box + k + j] = low[j];
                scratch.boxes[box + d + k + j] = high[j];
                volume *= high[j] > low[j] ? high[j] - low[j] : options.radius;
            }
        }
        // JSON has no infinity: a box too small for its volume to be a number gets the largest density there is.
        double density = static_cast<double>(scratch.members.size()) / volume;
        scratch.found.push_back({std::min(density, std::numeric_limits<double>::max()), box});
    }

    // Least and greatest value in LANES columns from k on (the last one again where there are no more): several at
    // once, because each comparison waits for the one before it.
    void extremes(const std::vector<int32_t>& members, size_t k, size_t d, double* low, double* high) const {
        const double* columns[LANES];
        for (size_t j = 0; j < LANES; j++) {
            columns[j] = &coordinates_[std::min(k + j, d - 1) * capacity_];
            low[j] = high[j] = columns[j][members[0]];
        }
        for (int32_t slot : members)
            for (size_t j = 0; j < LANES; j++) {
                double value = columns[j][slot];
                low[j] = std::min(low[j], value);
                high[j] = std::max(high[j], value);
            }
    }

    static void append(std::string& text, double value) {
        char number[NUMBER_ROOM];
        text.append(number, numerals::write_real(number, value));
    }

    static void write(const HotspotOptions& options, const HotspotScratch::Hotspot& hotspot, HotspotScratch& scratch) {
        std::string& item = scratch.item;
        const double* box = &scratch.boxes[hotspot.box];
        item = "{\"density\":";
        append(item, hotspot.density);
        for (const char* name : {",\"minValues\":[", "],\"maxValues\":["}) {
            item += name;
            for (int32_t k = 0; k < options.dimensions; k++, box++) {
                if (k) item += ',';
                append(item, *box);
            }
        }
        item += "]}";
    }

    int32_t count_ = 0, capacity_ = 0, words_ = 0;
    int32_t oldest_ = 0;
    std::vector<double> coordinates_;  // one column of `capacity_` per dimension
    std::vector<uint64_t> near_;       // one row of `words_` per slot: the points within the radius, itself included
    std::vector<uint64_t> core_;       // slots with at least `minimum` of them
    std::vector<int32_t> degree_;
    bool changed_ = true;
    std::string text_;
};

// One window per key. A point with a coordinate that is no finite number gets no text and is left out.
class HotspotWindows {
public:
    explicit HotspotWindows(HotspotOptions options) : options_(options) {}

    void process(const double* points, const int32_t* owners, int64_t n, std::string& data, int32_t* ends,
                 uint8_t* valid) {
        int32_t d = options_.dimensions;
        for (int64_t i = 0; i < n; i++, points += d) {
            valid[i] = std::all_of(points, points + d, [](double x) { return std::isfinite(x); });
            if (valid[i]) {
                size_t owner = owners ? owners[i] : 0;
                if (owner >= windows_.size()) windows_.resize(owner + 1);
                windows_[owner].push(options_, points, scratch_);
                data += windows_[owner].text(options_, scratch_);
            }
            ends[i] = static_cast<int32_t>(data.size());
        }
    }

    void save(Writer& out) const {
        out.put<uint64_t>(windows_.size());
        for (const HotspotWindow& window : windows_) window.save(options_, out);
    }
    void load(Reader& in) {
        std::vector<HotspotWindow> windows(in.count(sizeof(uint64_t)));
        for (HotspotWindow& window : windows) window.load(options_, in, scratch_);
        windows_.swap(windows);
    }

private:
    HotspotOptions options_;
    std::vector<HotspotWindow> windows_;
    HotspotScratch scratch_;
};

}  // namespace streamsql
