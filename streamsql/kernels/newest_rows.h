// Integer keys → the newest row of each.
#pragma once

#include <cstdint>
#include <vector>

namespace streamsql {

class NewestRows {
public:
    static constexpr int64_t NONE = -1;

    NewestRows() { resize(LEAST); }

    // The newest row with this key, or NONE.
    int64_t find(int64_t key) const { return slots_[slot_of(key)].row; }

    // Makes `row` the newest with this key; returns the one that was, or NONE.
    int64_t replace(int64_t key, int64_t row) {
        const size_t at = slot_of(key);
        const int64_t before = slots_[at].row;
        slots_[at] = Slot{key, row};
        if (before != NONE) return before;
        if (3 * ++used_ >= 2 * slots_.size()) resize(2 * slots_.size());
        return NONE;
    }

    // Forgets a row: its key too, if it is the newest with it.
    void forget(int64_t key, int64_t row) {
        const size_t at = slot_of(key);
        if (slots_[at].row != row) return;
        close(at);
        used_--;
        if (slots_.size() > LEAST && 16 * used_ < slots_.size()) resize(slots_.size() / 2);
    }

    void clear() {
        slots_.clear();
        used_ = 0;
        resize(LEAST);
    }

    void prefetch(int64_t key) const { __builtin_prefetch(&slots_[home(key)]); }

private:
    static constexpr size_t LEAST = 16;
    struct Slot {
        int64_t key = 0;
        int64_t row = NONE;
    };

    // Four neighbours stay together, in one line of the cache: keys are often numbers that count up. Multiples of the
    // golden ratio lie as far apart as they can (Fibonacci hashing; Knuth, The Art of Computer Programming, 6.4).
    size_t home(int64_t key) const {
        const uint64_t hash = static_cast<uint64_t>(key >> 2) * 0x9E3779B97F4A7C15ULL;
        return (hash >> shift_) << 2 | (key & 3);
    }
    size_t mask() const { return slots_.size() - 1; }

    // Where the key is, or would be.
    size_t slot_of(int64_t key) const {
        size_t at = home(key);
        while (slots_[at].row != NONE && slots_[at].key != key) at = (at + 1) & mask();
        return at;
    }

    // Empties a slot; those after it that could stand nearer to their own move up.
    void close(size_t hole) {
        for (size_t at = (hole + 1) & mask(); slots_[at].row != NONE; at = (at + 1) & mask()) {
            if (((at - home(slots_[at].key)) & mask()) < ((at - hole) & mask())) continue;
            slots_[hole] = slots_[at];
            hole = at;
        }
        slots_[hole].row = NONE;
    }

    void resize(size_t capacity) {
        const std::vector<Slot> before(std::move(slots_));
        slots_.assign(capacity, Slot());
        shift_ = 64 + 2 - __builtin_ctzll(capacity);
        for (const Slot& slot : before)
            if (slot.row != NONE) slots_[slot_of(slot.key)] = slot;
    }

    std::vector<Slot> slots_;  // a power of two of them, at most two thirds of them used
    size_t used_ = 0;
    int shift_ = 0;  // leaves as many bits of a hash as there are groups of four slots
};

}  // namespace streamsql
