// Which rows of two ordered streams meet: windows on both sides, equal keys, matched and unmatched rows.
//
// Rows are taken in the order of time; at equal times the right side comes first. A row is taken once no row that
// comes before it can appear any more, so how the sides deliver never changes the result.
#pragma once

#include <algorithm>

#include "passing_keys.h"
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

    // Adds rows with their keys (negative: matches nothing), newer than those before.
    void add(int side, int64_t n, const int64_t* times, const int32_t* keys, int64_t total_keys) {
        for (int64_t i = 0; i < n; i++) sides_[side].rows.push_back({times[i], -1, keys[i], false, false});
        if (total_keys > static_cast<int64_t>(chains_.size())) chains_.resize(total_keys);
    }

    // As `add`, with integer keys, null: matches nothing. They are numbered here, while a row can meet somebody.
    void add_integers(int side, int64_t n, const int64_t* times, const ColumnView& keys) {
        passing_ = true;
        for (int64_t i = 0; i < n; i++) {
            bool valid = keys.valid(i);
            sides_[side].rows.push_back({times[i], valid ? read<int64_t>(keys, i) : -1, valid ? UNNUMBERED : -1, false, false});
        }
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
        for (int side = 0; side < 2; side++) unlink(side, frontier);
        return frontier;
    }

    // Notes that these rows of a side are in a pair.
    void mark(int side, int64_t n, const int64_t* numbers) {
        Side& own = sides_[side];
        for (int64_t i = 0; i < n; i++) own.at(numbers[i]).matched = true;
    }

    // The rows of an outer side that can meet nobody any more and are in no pair, with the time of their result.
    void expire(int side, int64_t frontier, std::vector<int64_t>& numbers, std::vector<int64_t>& times) {
        Side& own = sides_[side];
        int64_t following = sides_[1 - side].window.following;
        if (!own.window.outer) return;
        for (; own.expired < own.taken; own.expired++) {
            const Row& row = own.at(own.expired);
            int64_t time = later(row.time, own.window.preceding);
            if (own.window.rows) {
                int64_t pusher = own.expired + own.window.preceding + 1;
                if (pusher >= own.taken) return;
                time = own.at(pusher).time;
            }
            if (frontier <= std::max(time, later(row.time, following))) return;
            if (!row.matched) {
                numbers.push_back(own.expired);
                times.push_back(time);
            }
        }
    }

    // Forgets rows that are needed no more; the number of the first that stays.
    int64_t trim(int side) {
        Side& own = sides_[side];
        int64_t keep = own.window.outer ? std::min(own.unlinked, own.expired) : own.unlinked;
        for (; own.base < keep; own.base++) own.rows.pop_front();
        return own.base;
    }

    // The keys of all rows that are left, ascending.
    std::vector<int32_t> keys_alive() const {
        std::vector<int32_t> keys;
        for (const Side& side : sides_)
            for (int64_t i = 0; i < side.rows.size(); i++)
                if (side.rows[i].key >= 0) keys.push_back(side.rows[i].key);
        std::sort(keys.begin(), keys.end());
        keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
        return keys;
    }

    // Keys `ids` (all that are alive) become 0, 1, 2 …
    void renumber(const int32_t* ids, int64_t n) {
        std::vector<int32_t> place(chains_.size(), -1);
        std::vector<Chains> chains(n);
        for (int64_t i = 0; i < n; i++) {
            place[ids[i]] = static_cast<int32_t>(i);
            chains[i] = chains_[ids[i]];
        }
        for (Side& side : sides_)
            for (int64_t i = 0; i < side.rows.size(); i++)
                if (side.rows[i].key >= 0) side.rows[i].key = place[side.rows[i].key];
        chains_.swap(chains);
    }

    void save(Writer& out) const {
        for (const Side& side : sides_) side.save(out);
        out.put(chains_);
        out.put(passing_);
        keys_.save(out);
    }
    void load(Reader& in) {
        for (Side& side : sides_) side.load(in);
        in.get(chains_);
        in.get(passing_);
        keys_.load(in);
    }

private:
    static constexpr int32_t UNNUMBERED = -3;
    struct Row {
        int64_t time;
        int64_t next;  // the next row of the same key, -1: none; the key itself while it is not numbered
        int32_t key;   // its number, -1: none
        bool matched;
        bool alone;    // never on the chain of its key
    };
    // The rows of one key that can be met, oldest first.
    struct Chain {
        int64_t first = -1, last = -1;
    };
    struct Chains {
        Chain sides[2];
    };
    struct Side {
        explicit Side(SideWindow window) : window(window), is_now_only(!window.rows && window.preceding == 0) {}
        SideWindow window;
        bool is_now_only;  // its rows meet rows of their own time
        Ring<Row> rows;  // those numbered base, base + 1 …
        int64_t base = 0, taken = 0, unlinked = 0, expired = 0;

        Row& at(int64_t number) { return rows[number - base]; }
        bool has_next() const { return taken < base + rows.size(); }
        int64_t next_time(int64_t bound) { return has_next() ? at(taken).time : bound; }
        void save(Writer& out) const {
            rows.save(out);
            for (int64_t number : {base, taken, unlinked, expired}) out.put(number);
        }
        void load(Reader& in) {
            rows.load(in);
            for (int64_t* number : {&base, &taken, &unlinked, &expired}) in.get(*number);
            int64_t end = base + rows.size();
            if (taken < base || taken > end || unlinked < base || unlinked > taken)
                throw std::runtime_error("saved join is damaged");
        }
    };

    // `next_time`: no later row of the other side comes before it.
    void take(int side, int64_t next_time, Pairs& out) {
        Side &own = sides_[side], &other = sides_[1 - side];
        int64_t number = own.taken;
        Row& row = own.at(number);
        prefetch(own, other, 1 - side);
        row.alone = own.is_now_only && other.window.following == 0 && next_time > row.time;
        int32_t key = row.key == UNNUMBERED ? number_of(row) : row.key;
        if (key >= 0) {
            Chains& chains = chains_[key];
            Chain &mine = chains.sides[side], &theirs = chains.sides[1 - side];
            while (theirs.first >= 0 && gone(1 - side, theirs.first, row.time)) drop_first(other, theirs);
            for (int64_t met = theirs.first; met >= 0; met = other.at(met).next) {
                out.left.push_back(side == 0 ? number : met);
                out.right.push_back(side == 0 ? met : number);
                out.times.push_back(meets(other, met, row.time) ? row.time : other.at(met).time);
            }
            if (!row.alone) link(own, mine, number);
        }
        own.taken++;
    }

    // The number of a key that has none yet. Whom no later row can meet only looks for those it meets itself.
    int32_t number_of(Row& row) {
        int64_t key = row.next;
        row.next = row.key = -1;
        if (row.alone) return keys_.find(key);
        row.key = keys_.refer(key);
        if (row.key >= static_cast<int32_t>(chains_.size())) chains_.resize(keys_.numbers());
        return row.key;
    }

    static void link(Side& side, Chain& chain, int64_t number) {
        if (chain.last >= 0) side.at(chain.last).next = number;
        else chain.first = number;
        chain.last = number;
    }

    static void drop_first(Side& side, Chain& chain) {
        chain.first = side.at(chain.first).next;
        if (chain.first < 0) chain.last = -1;
    }

    // Asks for the chains of a later row of `own`, and for the row that a nearer one will meet.
    void prefetch(Side& own, Side& other, int other_side) {
        int64_t last = own.base + own.rows.size() - 1;
        const Row& coming = own.at(std::min(own.taken + AHEAD, last));
        if (coming.key == UNNUMBERED) return keys_.prefetch(coming.next);
        int32_t far = own.at(std::min(own.taken + 2 * AHEAD, last)).key, near = own.at(std::min(own.taken + AHEAD, last)).key;
        if (far >= 0) __builtin_prefetch(&chains_[far]);
        if (near < 0) return;
        int64_t met = chains_[near].sides[other_side].first;
        if (met >= 0) __builtin_prefetch(&other.at(met));
    }

    // Whether the window of `side` holds its row for a current row at `time`.
    static bool meets(Side& side, int64_t number, int64_t time) {
        if (side.window.rows) return number >= side.taken - side.window.preceding - 1;
        return age(time, side.at(number).time) <= side.window.preceding;
    }

    // Asks for what letting go of a later row will touch.
    void prefetch_release(Side& side) {
        int32_t key = side.at(std::min(side.unlinked + AHEAD, side.taken - 1)).key;
        if (key < 0) return;
        __builtin_prefetch(&chains_[key]);
        if (passing_) keys_.prefetch_number(key);
    }

    // Whether no row of the other side at `time` or later can meet this row of side `index`; if so, neither can
    // they meet the rows before it.
    bool gone(int index, int64_t number, int64_t time) {
        Side& side = sides_[index];
        return !meets(side, number, time) && age(time, side.at(number).time) > sides_[1 - index].window.following;
    }

    // Takes the rows off the chains that no row at `time` or later can meet, as far as `take` has not done so.
    void unlink(int index, int64_t time) {
        Side& side = sides_[index];
        for (; side.unlinked < side.taken && gone(index, side.unlinked, time); side.unlinked++) {
            const Row& row = side.at(side.unlinked);
            int32_t key = row.key;
            if (key < 0) continue;
            prefetch_release(side);
            Chain& chain = chains_[key].sides[index];
            if (!row.alone && chain.first == side.unlinked) drop_first(side, chain);
            if (passing_) keys_.release(key);
        }
    }

    Side sides_[2];
    std::vector<Chains> chains_;  // by key
    PassingKeys keys_;
    bool passing_ = false;
};

}  // namespace streamsql
