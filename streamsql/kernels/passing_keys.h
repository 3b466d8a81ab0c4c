// Integer keys that come and go → dense numbers. A number is free for another key once nobody refers to it.
#pragma once

#include <stdexcept>

#include "column_view.h"
#include "state_bytes.h"

namespace streamsql {

// Memory that a row in this many rows will touch is asked for now: it is far away when many keys are alive.
constexpr int64_t AHEAD = 8;

class PassingKeys {
public:
    PassingKeys() { slots_.assign(16, Slot{0, -1}); }

    // All numbers are below this.
    int64_t numbers() const { return static_cast<int64_t>(entries_.size()); }

    // The number of a key; -1: it has none.
    int32_t find(int64_t key) const {
        size_t mask = slots_.size() - 1, at = home(key, mask);
        while (slots_[at].code >= 0 && slots_[at].key != key) at = (at + 1) & mask;
        return slots_[at].code;
    }

    // The number of a key, which has one more reference now.
    int32_t refer(int64_t key) {
        size_t mask = slots_.size() - 1, at = home(key, mask);
        for (; slots_[at].code >= 0; at = (at + 1) & mask)
            if (slots_[at].key == key) {
                entries_[slots_[at].code].references++;
                return slots_[at].code;
            }
        size_t used = entries_.size() - free_.size();
        if (used >= INT32_MAX) throw std::length_error("too many keys in a join");
        int32_t code = static_cast<int32_t>(entries_.size());
        if (free_.empty()) {
            entries_.push_back(Entry{key, 1});
        } else {
            code = free_.back();
            free_.pop_back();
            entries_[code] = Entry{key, 1};
        }
        slots_[at] = Slot{key, code};
        if (2 * used >= slots_.size()) rebuild(2 * slots_.size());
        return code;
    }

    void prefetch(int64_t key) const { __builtin_prefetch(&slots_[home(key, slots_.size() - 1)]); }
    void prefetch_number(int32_t code) const { __builtin_prefetch(&entries_[code]); }

    // Gives one reference back.
    void release(int32_t code) {
        if (--entries_[code].references > 0) return;
        forget(entries_[code].key);
        free_.push_back(code);
    }

    void save(Writer& out) const {
        out.put(entries_);
        out.put(free_);
    }
    void load(Reader& in) {
        in.get(entries_);
        in.get(free_);
        if (free_.size() > entries_.size()) throw std::runtime_error("saved keys are damaged");
        size_t capacity = 16;
        while (capacity < 2 * entries_.size()) capacity *= 2;
        rebuild(capacity);
    }

private:
    struct Entry {
        int64_t key;
        int64_t references;
    };
    struct Slot {
        int64_t key;
        int32_t code;  // -1: empty
    };

    // Neighbours stay together, eight by eight: keys are often numbers that count up.
    static size_t home(int64_t key, size_t mask) {
        uint64_t hash = static_cast<uint64_t>(key >> 3) * 0x9E3779B97F4A7C15ULL;
        return ((hash ^ hash >> 32) << 3 | (key & 7)) & mask;
    }

    // Empties the slot of a key; those after it that could stand nearer to their own move up.
    void forget(int64_t key) {
        size_t mask = slots_.size() - 1, hole = home(key, mask);
        while (slots_[hole].key != key || slots_[hole].code < 0) hole = (hole + 1) & mask;
        for (size_t at = (hole + 1) & mask; slots_[at].code >= 0; at = (at + 1) & mask) {
            if (((at - home(slots_[at].key, mask)) & mask) < ((at - hole) & mask)) continue;
            slots_[hole] = slots_[at];
            hole = at;
        }
        slots_[hole].code = -1;
    }

    // The numbers that are referred to, in a table of `capacity` slots.
    void rebuild(size_t capacity) {
        std::vector<Slot> slots(capacity, Slot{0, -1});
        for (size_t code = 0; code < entries_.size(); code++) {
            if (entries_[code].references <= 0) continue;
            size_t at = home(entries_[code].key, capacity - 1);
            while (slots[at].code >= 0) at = (at + 1) & (capacity - 1);
            slots[at] = Slot{entries_[code].key, static_cast<int32_t>(code)};
        }
        slots_.swap(slots);
    }

    std::vector<Entry> entries_;  // by number
    std::vector<int32_t> free_;  // numbers without a key
    std::vector<Slot> slots_;
};

}  // namespace streamsql
