// Which rows of two ordered streams meet: windows on both sides, equal keys, matched and unmatched rows.
//
// Rows are taken in the order of time; at equal times the right side comes first. A row is taken once no row that
// comes before it can appear any more, so how the sides deliver never changes the result.
#pragma once

#include <algorithm>

#include "column_view.h"
#include "newest_rows.h"
#include "ring.h"

namespace streamsql {

// The window of one side: RANGE in ms, or the last `preceding` + 1 ROWS; none is RANGE 0. `following`: rows of the
// other side wait that many ms for this side. `outer`: unmatched rows are reported.
struct SideWindow {
    bool rows;
    int64_t preceding;
    int64_t following;
    bool outer;
};

// Sums and differences of times, held at the ends of time.
inline int64_t later(int64_t time, int64_t by) {
    int64_t sum;
    return __builtin_add_overflow(time, by, &sum) ? INT64_MAX : sum;
}
inline int64_t age(int64_t now, int64_t time) {
    int64_t difference;
    return __builtin_sub_overflow(now, time, &difference) ? INT64_MAX : difference;
}

struct Pairs {
    std::vector<int64_t> left, right, times;
};

class Pairing {
public:
    Pairing(SideWindow left, SideWindow right) : sides_{Side(left), Side(right)} {}

    // Adds rows with their integer keys (null: matches nothing), newer than those before.
    void add(int side, int64_t n, const int64_t* times, const ColumnView& keys) {
        Side& own = sides_[side];
        if (own.times.size() + n > UINT32_MAX) throw std::length_error("too many rows in a join");
        own.times.append(n, [=](int64_t i) { return times[i]; });
        if (keys.layout == Layout::I64) own.keys.append(n, [&](int64_t i) { return keys.at<int64_t>(i); });
        else own.keys.append(n, [&](int64_t i) { return read<int64_t>(keys, i); });
        own.back.append(n, [](int64_t) { return 0; });
        if (keys.validity) own.marks.append(n, [&](int64_t i) { return keys.valid(i) ? KEYED : 0; });
        else own.marks.append(n, [](int64_t) { return KEYED; });
    }

    // Takes every row that can be taken, given that no row before the bounds will come. Returns the time before
    // which nothing is left to come.
    int64_t process(const int64_t* bounds, Pairs& out) {
        Side &left = sides_[0], &right = sides_[1];
        for (;;) {
            int64_t next_left = left.next_time(bounds[0]), next_right = right.next_time(bounds[1]);
            if (right.has_next() && next_right <= next_left) take(1, next_left, out);
            else if (left.has_next() && next_left < next_right) take(0, next_right, out);
            else break;
        }
        int64_t frontier = std::min(left.next_time(bounds[0]), right.next_time(bounds[1]));
        for (int side = 0; side < 2; side++) forget(side, frontier);
        return frontier;
    }

    // Notes that these rows of a side are in a pair.
    void mark(int side, int64_t n, const int64_t* numbers) {
        Side& own = sides_[side];
        for (int64_t i = 0; i < n; i++) own.marks[numbers[i] - own.base] |= MATCHED;
    }

    // The rows of an outer side that can meet nobody any more and are in no pair, with the time of their result.
    void expire(int side, int64_t frontier, std::vector<int64_t>& numbers, std::vector<int64_t>& times) {
        Side& own = sides_[side];
        int64_t following = sides_[1 - side].window.following;
        if (!own.window.outer) return;
        for (; own.expired < own.taken; own.expired++) {
            int64_t came = own.time(own.expired), time = later(came, own.window.preceding);
            if (own.window.rows) {
                int64_t pusher = own.expired + own.window.preceding + 1;
                if (pusher >= own.taken) return;
                time = own.time(pusher);
            }
            if (frontier <= std::max(time, later(came, following))) return;
            if (!own.is(own.expired, MATCHED)) {
                numbers.push_back(own.expired);
                times.push_back(time);
            }
        }
    }

    // Forgets rows that are needed no more; the number of the first that stays.
    int64_t trim(int side) {
        Side& own = sides_[side];
        int64_t keep = own.window.outer ? std::min(own.forgotten, own.expired) : own.forgotten;
        own.drop(keep - own.base);
        return own.base;
    }

    // The keys of all rows that are left, ascending.
    std::vector<int32_t> keys_alive() const {
        std::vector<int32_t> keys;
        for (const Side& side : sides_)
            for (int64_t number = side.base; number < side.end(); number++)
                if (side.is(number, KEYED)) keys.push_back(static_cast<int32_t>(side.key(number)));
        std::sort(keys.begin(), keys.end());
        keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
        return keys;
    }

    // Keys `ids` (all that are alive, ascending) become 0, 1, 2 …
    void renumber(const int32_t* ids, int64_t n) {
        for (Side& side : sides_) {
            for (int64_t i = 0; i < side.keys.size(); i++)
                side.keys[i] = std::lower_bound(ids, ids + n, side.keys[i]) - ids;
            side.index();
        }
    }

    void save(Writer& out) const {
        for (const Side& side : sides_) side.save(out);
    }
    void load(Reader& in) {
        for (Side& side : sides_) side.load(in);
    }

private:
    // What is known of a row: it has a key; it is in a pair; it is not among the rows of its key that can be met.
    enum Mark : uint8_t { KEYED = 1, MATCHED = 2, ALONE = 4 };

    // The rows of one side, numbered base, base + 1 … Those before `taken` have been taken, those before `forgotten`
    // can be met no more.
    struct Side {
        explicit Side(SideWindow window) : window(window), is_now_only(!window.rows && window.preceding == 0) {}
        SideWindow window;
        bool is_now_only;  // its rows meet rows of their own time
        Ring<int64_t> times, keys;
        Ring<uint32_t> back;  // so many rows before is the one of the same key before it; 0: there is none
        Ring<uint8_t> marks;
        int64_t base = 0, taken = 0, forgotten = 0, expired = 0;
        NewestRows newest;  // of the rows taken that can be met

        int64_t end() const { return base + times.size(); }
        int64_t time(int64_t number) const { return times[number - base]; }
        int64_t key(int64_t number) const { return keys[number - base]; }
        bool is(int64_t number, Mark mark) const { return marks[number - base] & mark; }
        bool has_next() const { return taken < end(); }
        int64_t next_time(int64_t bound) const { return has_next() ? time(taken) : bound; }

        void drop(int64_t rows) {
            times.drop(rows), keys.drop(rows), back.drop(rows), marks.drop(rows);
            base += rows;
        }

        // Finds the newest rows anew.
        void index() {
            newest.clear();
            for (int64_t number = forgotten; number < taken; number++) {
                if (is(number, KEYED) && !is(number, ALONE)) newest.replace(key(number), number);
            }
        }
        void save(Writer& out) const {
            out.put(times), out.put(keys), out.put(back), out.put(marks);
            for (int64_t number : {base, taken, forgotten, expired}) out.put(number);
        }
        void load(Reader& in) {
            in.get(times), in.get(keys), in.get(back), in.get(marks);
            for (int64_t* number : {&base, &taken, &forgotten, &expired}) in.get(*number);
            bool sound = 0 <= base && base <= forgotten && forgotten <= taken && taken <= end();
            if (window.outer) sound = sound && base <= expired && expired <= taken;
            int64_t n = times.size();
            if (!sound || keys.size() != n || back.size() != n || marks.size() != n)
                throw std::runtime_error("saved join is damaged");
            index();
        }
    };

    // `next_time`: no later row of the other side comes before it.
    void take(int side, int64_t next_time, Pairs& out) {
        Side &own = sides_[side], &other = sides_[1 - side];
        int64_t number = own.taken, time = own.time(number);
        prefetch(own, other);
        if (own.is(number, KEYED)) {
            forget(1 - side, time);
            meet(side, number, time, out);
            bool alone = own.is_now_only && other.window.following == 0 && next_time > time;
            if (alone) own.marks[number - own.base] |= ALONE;
            else link(side, number);
        }
        own.taken++;
    }

    // Pairs a row with all that it meets, oldest first.
    void meet(int side, int64_t number, int64_t time, Pairs& out) {
        const Side& other = sides_[1 - side];
        const bool waits = sides_[side].window.following > 0;
        const size_t first = out.times.size();
        for (int64_t met = other.newest.find(sides_[side].key(number)); met >= other.forgotten;) {
            out.left.push_back(side == 0 ? number : met);
            out.right.push_back(side == 0 ? met : number);
            out.times.push_back(waits && !meets(other, met, time) ? other.time(met) : time);
            const uint32_t back = other.back[met - other.base];
            if (back == 0) break;
            met -= back;
        }
        if (out.times.size() - first > 1)
            for (auto* numbers : {&out.left, &out.right, &out.times})
                std::reverse(numbers->begin() + static_cast<int64_t>(first), numbers->end());
    }

    // Lets a row be met by those of the other side.
    void link(int side, int64_t number) {
        Side& own = sides_[side];
        const int64_t before = own.newest.replace(own.key(number), number);
        if (before != NewestRows::NONE) own.back[number - own.base] = static_cast<uint32_t>(number - before);
    }

    // Asks for the memory that a row a little later will look at.
    static void prefetch(const Side& own, const Side& other) {
        int64_t key = own.key(std::min(own.taken + AHEAD, own.end() - 1));
        other.newest.prefetch(key);
        if (!own.is_now_only) own.newest.prefetch(key);
    }

    // Whether the window of `side` holds its row for a current row at `time`.
    static bool meets(const Side& side, int64_t number, int64_t time) {
        if (side.window.rows) return number >= side.taken - side.window.preceding - 1;
        return age(time, side.time(number)) <= side.window.preceding;
    }

    // Forgets the rows that no row of the other side at `time` or later can meet: where one is, those before it are.
    void forget(int index, int64_t time) {
        Side& side = sides_[index];
        const int64_t following = sides_[1 - index].window.following;
        for (; side.forgotten < side.taken; side.forgotten++) {
            const int64_t number = side.forgotten;
            if (meets(side, number, time) || (following > 0 && age(time, side.time(number)) <= following)) return;
            if (!side.is(number, KEYED) || side.is(number, ALONE)) continue;
            side.newest.prefetch(side.key(std::min(number + AHEAD, side.taken - 1)));
            side.newest.forget(side.key(number), number);
        }
    }

    static constexpr int64_t AHEAD = 8;
    Side sides_[2];
};

}  // namespace streamsql
