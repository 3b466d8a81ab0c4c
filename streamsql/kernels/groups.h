// Key columns → dense numbers in order of first appearance; nulls are equal to each other.
#pragma once

#include <algorithm>
#include <limits>

#include "column_view.h"
#include "state_bytes.h"

namespace streamsql {

inline uint64_t mix(uint64_t a, uint64_t b) {
    unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

inline uint64_t load64(const char* p) {
    uint64_t value;
    std::memcpy(&value, p, 8);
    return value;
}

inline uint64_t load32(const char* p) {
    uint32_t value;
    std::memcpy(&value, p, 4);
    return value;
}

// Up to 16 bytes as two words; with the size they say what the bytes are.
struct Words {
    uint64_t low, high;
};

inline Words words_of(const char* p, size_t size) {
    if (size >= 8) return {load64(p), load64(p + size - 8)};
    if (size >= 4) return {load32(p), load32(p + size - 4)};
    if (size == 0) return {0, 0};
    uint64_t low = static_cast<uint8_t>(p[0]) | static_cast<uint8_t>(p[size / 2]) << 8 |
                   static_cast<uint8_t>(p[size - 1]) << 16;
    return {low, 0};
}

inline uint64_t hash_bytes(std::string_view key) {
    constexpr uint64_t A = 0xa0761d6478bd642fULL, B = 0xe7037ed1a0b428dbULL;
    const char* p = key.data();
    size_t size = key.size();
    uint64_t seed = mix(size ^ A, B);
    for (; size > 16; size -= 16, p += 16) seed = mix(load64(p) ^ A, load64(p + 8) ^ seed);
    Words words = words_of(p, size);
    return mix(mix(words.low ^ A, words.high ^ seed), B);
}

// The bytes of a key, value by value, so that equal values, and only those, give equal bytes.
class KeyBytes {
public:
    void clear() { used_ = 0; }
    operator std::string_view() const { return {bytes_.data(), used_}; }

    void append(const ColumnView& column, int64_t row) {
        const bool valid = column.valid(row);
        const std::string_view text = valid && column.layout == Layout::Bytes ? column.bytes(row) : std::string_view();
        const size_t most = used_ + MOST_FIXED + text.size();
        if (most > bytes_.size()) bytes_.resize(2 * most);
        char* out = &bytes_[used_];
        *out++ = static_cast<char>(valid);
        if (valid) out = column.layout == Layout::Bytes ? put_text(out, text) : put_fixed(out, column, row);
        used_ = static_cast<size_t>(out - bytes_.data());
    }

private:
    static constexpr size_t MOST_FIXED = 32;  // of a value, or of what stands before a text
    std::string bytes_;
    size_t used_ = 0;

    template <class T> static char* put(char* out, T value) {
        std::memcpy(out, &value, sizeof(T));
        return out + sizeof(T);
    }

    static char* put_text(char* out, std::string_view text) {
        out = put(out, static_cast<uint32_t>(text.size()));
        std::memcpy(out, text.data(), text.size());
        return out + text.size();
    }

    static char* put_fixed(char* out, const ColumnView& column, int64_t row) {
        switch (column.layout) {
            case Layout::Bit: return put(out, static_cast<uint8_t>(column.bit(row)));
            case Layout::F32: case Layout::F64: {
                double value = read<double>(column, row) + 0.0;  // -0.0 equals 0.0
                return put(out, value != value ? std::numeric_limits<double>::quiet_NaN() : value);
            }
            case Layout::I32: return put(out, column.at<int32_t>(row));
            case Layout::I64: return put(out, column.at<int64_t>(row));
            default: {
                const size_t width = static_cast<size_t>(width_of(column.layout));
                std::memcpy(out, column.values + (row + column.offset) * static_cast<int64_t>(width), width);
                return out + width;
            }
        }
    }
};

class GroupTable {
public:
    explicit GroupTable(int64_t limit) : limit_(limit) { clear(); }

    int64_t size() const { return static_cast<int64_t>(ends_.size()); }

    // Numbers of the keys of rows 0..n. Unknown keys are added while the table is below its limit and `add` is
    // set, their first rows listed in `fresh`; otherwise they get -1.
    void encode(const std::vector<ColumnView>& columns, int64_t n, bool add, int32_t* codes,
                std::vector<int64_t>& fresh) {
        if (columns.size() == 1 && columns[0].layout == Layout::Bytes) {
            encode_text(columns[0], n, add, codes, fresh);
            return;
        }
        auto find = [&](int64_t row) {
            key_.clear();
            for (const ColumnView& column : columns) key_.append(column, row);
            return std::string_view(key_);
        };
        const bool single = columns.size() == 1 && !columns[0].validity;
        if (single && columns[0].layout == Layout::I64) {
            for (int64_t row = 0; row < n; row++) {
                Words words = {columns[0].at<uint64_t>(row), 0};
                codes[row] = recent(words, 8, [&] { return number(find(row), row, add, fresh); });
            }
        } else if (single && columns[0].layout == Layout::I32) {
            for (int64_t row = 0; row < n; row++) {
                Words words = {columns[0].at<uint32_t>(row), 0};
                codes[row] = recent(words, 4, [&] { return number(find(row), row, add, fresh); });
            }
        } else if (columns.size() == 2 && is_word(columns[0]) && is_word(columns[1])) {
            for (int64_t row = 0; row < n; row++) {
                const Word left = word_of(columns[0], row), right = word_of(columns[1], row);
                auto ask = [&] { return number(find(row), row, add, fresh); };
                if (left.size > 8 || right.size > 8) codes[row] = ask();
                else codes[row] = recent({left.bytes, right.bytes}, left.size << 4 | right.size, ask);
            }
        } else {
            for (int64_t row = 0; row < n; row++) codes[row] = short_or_long(find(row), row, add, fresh);
        }
    }

    // Forgets all groups but `ids`, which become 0, 1, 2 …
    void keep(const int32_t* ids, int64_t n) {
        GroupTable kept(limit_);
        std::vector<int64_t> fresh;
        for (int64_t i = 0; i < n; i++) kept.number(key_of(ids[i]), i, true, fresh);
        std::swap(*this, kept);
    }

    void clear() {
        keys_.clear();
        ends_.clear();
        hashes_.clear();
        slots_.assign(16, Slot{0, -1});
        recent_.assign(size_t(1) << RECENT_BITS, Recent{});
    }

    void save(Writer& out) const {
        out.put(keys_);
        out.put(ends_);
    }

    void load(Reader& in) {
        std::string keys;
        std::vector<int64_t> ends, fresh;
        in.get(keys);
        in.get(ends);
        clear();
        int64_t begin = 0;
        for (size_t i = 0; i < ends.size(); i++) {
            if (ends[i] < begin || ends[i] > static_cast<int64_t>(keys.size()))
                throw std::runtime_error("saved keys are damaged");
            number(std::string_view(keys).substr(begin, ends[i] - begin), i, true, fresh);
            begin = ends[i];
        }
        if (fresh.size() != ends.size()) throw std::runtime_error("saved keys are not distinct");
    }

private:
    struct Slot {
        uint32_t tag;
        int32_t id;
    };
    struct Recent {
        uint64_t low = 0, high = 0;
        size_t size = ~size_t(0);  // of no text
        int32_t id = -1;
    };
    static constexpr int RECENT_BITS = 9;

    // A value of up to 8 bytes; a longer text has only its size.
    struct Word {
        uint64_t bytes;
        size_t size;
    };
    static bool is_word(const ColumnView& c) {
        return !c.validity && (c.layout == Layout::Bytes || c.layout == Layout::I64 || c.layout == Layout::I32);
    }
    static Word word_of(const ColumnView& c, int64_t row) {
        if (c.layout == Layout::I64) return {c.at<uint64_t>(row), 8};
        if (c.layout == Layout::I32) return {c.at<uint32_t>(row), 4};
        const std::string_view text = c.bytes(row);
        if (text.size() > 8) return {0, text.size()};
        const Words words = words_of(text.data(), text.size());
        return {text.size() == 8 ? words.low : words.low | words.high << 32, text.size()};
    }

    // One text column needs no copy: the key is the text itself, and null is a text that no row can have.
    void encode_text(const ColumnView& column, int64_t n, bool add, int32_t* codes, std::vector<int64_t>& fresh) {
        static const std::string null_key("\xff\xfe\xff null", 8);
        std::string key;
        for (int64_t row = 0; row < n; row++) {
            if (!column.validity) {
                std::string_view text = column.bytes(row);
                if (text.size() <= 16 && (text.empty() || text[0] != '\xff')) {
                    codes[row] = short_or_long(text, row, add, fresh);
                    continue;
                }
            }
            std::string_view text = column.valid(row) ? column.bytes(row) : std::string_view(null_key);
            if (column.valid(row) && text.size() >= 4 && text[0] == '\xff' && text[1] == '\xfe') {
                key.assign("\xff\xfe\xfe");  // binary data that looks like the null key is marked
                key += text;
                text = key;
            }
            codes[row] = number(text, row, add, fresh);
        }
    }

    int32_t short_or_long(std::string_view key, int64_t row, bool add, std::vector<int64_t>& fresh) {
        if (key.size() > 16) return number(key, row, add, fresh);
        return recent(words_of(key.data(), key.size()), key.size(), [&] { return number(key, row, add, fresh); });
    }

    // The number of a key that words and size identify; most keys came shortly before, for others ask `find`.
    template <class Find> int32_t recent(Words words, size_t size, Find find) {
        uint64_t hash = (words.low ^ words.high * 31 ^ size) * 0x9E3779B97F4A7C15ULL;
        Recent& entry = recent_[hash >> (64 - RECENT_BITS)];
        if (entry.low == words.low && entry.high == words.high && entry.size == size) return entry.id;
        int32_t id = find();
        if (id >= 0) entry = Recent{words.low, words.high, size, id};
        return id;
    }

    std::string_view key_of(int32_t id) const {
        int64_t begin = id ? ends_[id - 1] : 0;
        return std::string_view(keys_).substr(begin, ends_[id] - begin);
    }

    int32_t number(std::string_view key, int64_t row, bool add, std::vector<int64_t>& fresh) {
        uint64_t hash = hash_bytes(key);
        uint32_t tag = static_cast<uint32_t>(hash >> 32);
        size_t mask = slots_.size() - 1, at = hash & mask;
        for (; slots_[at].id >= 0; at = (at + 1) & mask)
            if (slots_[at].tag == tag && key_of(slots_[at].id) == key) return slots_[at].id;
        if (!add || size() >= limit_) return -1;
        int32_t id = static_cast<int32_t>(size());
        keys_ += key;
        ends_.push_back(static_cast<int64_t>(keys_.size()));
        hashes_.push_back(hash);
        fresh.push_back(row);
        slots_[at] = Slot{tag, id};
        if (2 * ends_.size() > slots_.size()) grow();
        return id;
    }

    void grow() {
        slots_.assign(slots_.size() * 2, Slot{0, -1});
        size_t mask = slots_.size() - 1;
        for (size_t id = 0; id < hashes_.size(); id++) {
            size_t at = hashes_[id] & mask;
            while (slots_[at].id >= 0) at = (at + 1) & mask;
            slots_[at] = Slot{static_cast<uint32_t>(hashes_[id] >> 32), static_cast<int32_t>(id)};
        }
    }

    int64_t limit_;
    std::string keys_;
    std::vector<int64_t> ends_;
    std::vector<uint64_t> hashes_;
    std::vector<Slot> slots_;
    KeyBytes key_;                // of the row in hand
    std::vector<Recent> recent_;  // texts met before, each at the place its hash gives it
};

// Whether there are rows without a group; `rows`, if it is there, gets their numbers.
inline bool missing(const std::vector<int32_t>& codes, std::vector<int64_t>* rows) {
    bool found = false;
    for (size_t i = 0; i < codes.size() && (rows || !found); i++) {
        if (codes[i] >= 0) continue;
        found = true;
        if (rows) rows->push_back(static_cast<int64_t>(i));
    }
    return found;
}

}  // namespace streamsql
