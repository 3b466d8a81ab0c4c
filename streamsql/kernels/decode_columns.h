/* Typed columns under construction; decode_coerce.h says how one input value gets into one of them.

   Fixed-width values are written straight to their row; text is remembered and copied when the row is complete, so
   that a later value for the same column (a duplicate key) simply replaces the earlier one. */
#pragma once
#include <algorithm>
#include <memory>
#include <new>
#include <stdexcept>
#include <vector>

#include "decode_number.h"

namespace streamsql {

enum class Type : int {
    boolean, tinyint, smallint, integer, bigint, decimal, real, double_, char_, varchar, binary, varbinary,
    date, time, timestamp
};

/* Which of the usual shapes of values (decode_usual.h) a column may expect. */
enum class Usual : uint8_t { none, text, real, whole, decimal, truth, stamp };

/* Blocks of memory that live until clear(): unescaped text, padding. Zero bytes follow every piece. */
class Arena {
    std::vector<std::unique_ptr<char[]>> blocks_;
    size_t left_ = 0, first_ = 0;
    char* next_ = nullptr;

  public:
    char* take(size_t n) {
        n += PADDING;
        if (n > left_) {
            const size_t size = n > 65536 ? n : 65536;
            std::unique_ptr<char[]> block(new char[size]);
            blocks_.push_back(std::move(block));
            if (blocks_.size() == 1) first_ = size;
            left_ = size;
            next_ = blocks_.back().get();
        }
        char* result = next_;
        memset(result + n - PADDING, 0, PADDING);
        next_ += n;
        left_ -= n;
        return result;
    }
    void clear() {
        if (blocks_.empty()) return;
        blocks_.resize(1);  // the first block is kept: most records need no more
        next_ = blocks_[0].get();
        left_ = first_;
    }
};

template <typename T> T* resized(T* block, size_t n) {
    void* result = realloc((void*)block, n * sizeof(T) + PADDING);
    if (!result) throw std::bad_alloc();
    return (T*)result;
}

struct Failure {
    int column;
    bool range;
    Text value;
};

struct Column {
    /* the declaration */
    Type type;
    int precision, scale;
    int64_t length;
    std::string described;  // for messages: `column "PRICE" DOUBLE`
    bool repeated = true;   // the same in each row of one record (not below the flattened array)
    bool wanted = true;     // if not, its values must fit, and nobody looks at what is stored

    /* the rows: one byte of validity per row, a fixed-width array, or offsets and bytes */
    uint8_t* valid = nullptr;
    char* data = nullptr;
    int32_t* offsets = nullptr;
    size_t used = 0, room = 0;

    Text pending{nullptr, nullptr};  // text of the row being read
    int64_t pad = 0;                 // blanks (CHAR) or zero bytes (BINARY) to add to it
    DateMemory memory;
    Usual usual = Usual::none;

    bool textual() const { return type >= Type::char_ && type <= Type::varbinary; }
    int width() const {
        static const int widths[] = {1, 1, 2, 4, 8, 16, 4, 8, 0, 0, 0, 0, 4, 4, 8};
        return widths[(int)type];
    }
    template <typename T> T* values() { return (T*)data; }
};

class Columns {
  public:
    std::vector<Column> all;
    std::vector<int> texts;  // positions of the character and binary columns that are wanted
    std::vector<Failure> failures;
    Arena arena;
    int64_t row = 0;  // the row being read = rows finished so far

    Columns() = default;
    Columns(const Columns&) = delete;
    ~Columns() { release(); }

    void declare(int type, int precision, int scale, int64_t length, const std::string& described) {
        Column c;
        c.type = (Type)type, c.precision = precision, c.scale = scale, c.length = length;
        c.described = described;
        if (c.textual()) texts.push_back((int)all.size());
        if (c.type == Type::varchar) c.usual = Usual::text;
        else if (c.type == Type::double_) c.usual = Usual::real;
        else if (c.type == Type::integer || c.type == Type::bigint) c.usual = Usual::whole;
        else if (c.type == Type::decimal) c.usual = Usual::decimal;
        else if (c.type == Type::boolean) c.usual = Usual::truth;
        else if (c.type == Type::timestamp) c.usual = Usual::stamp;
        all.push_back(std::move(c));
    }

    /* Which columns are wanted from now on; between two batches. */
    void want(const std::vector<bool>& wanted) {
        const bool same = std::equal(all.begin(), all.end(), wanted.begin(), [](const Column& c, bool w) { return c.wanted == w; });
        if (same && !row) return;
        release();
        capacity_ = row = 0;
        texts.clear();
        for (size_t i = 0; i < all.size(); i++) {
            Column& c = all[i];
            c.wanted = wanted[i];
            c.used = c.room = 0;
            c.pending.begin = nullptr;
            if (c.textual() && c.wanted) texts.push_back((int)i);
        }
        all_wanted_ = std::find(wanted.begin(), wanted.end(), false) == wanted.end();
    }
    void want_all() {
        if (unlikely(!all_wanted_)) want(std::vector<bool>(all.size(), true));
    }
    bool all_wanted() const { return all_wanted_; }

    /* Room for so many more rows. */
    void reserve(int64_t rows = 1) {
        if (likely(row + rows <= capacity_)) return;
        const int64_t n = std::max(row + rows, capacity_ ? capacity_ * 2 : (expected_ > 64 ? expected_ : 64));
        for (Column& c : all) {
            c.valid = resized(c.valid, (size_t)n);
            memset(c.valid + capacity_, 0, size_t(n - capacity_));
            if (c.textual() && c.wanted) {
                c.offsets = resized(c.offsets, (size_t)n + 1);
                if (!capacity_) c.offsets[0] = 0;
            } else if (!c.textual()) c.data = resized(c.data, (size_t)n * (size_t)c.width());
        }
        capacity_ = n;
    }

    /* Ends the row: copies its text. `keep` leaves the text of repeated columns in place for the record's next row. */
    void commit(bool keep = false) {
        for (int i : texts) {
            Column& c = all[(size_t)i];
            commit_text(c);
            if (!keep || !c.repeated) c.pending.begin = nullptr;
        }
        row++;
    }

    /* Copies the text of the row. */
    void commit_text(Column& c) {
        if (c.pending.begin) append(c);
        c.offsets[row + 1] = (int32_t)c.used;
    }

    /* Room for so many more bytes of text; false when one batch cannot hold them. */
    bool reserve_text(Column& c, size_t bytes) {
        if (likely(c.used + bytes + PADDING <= c.room)) return true;
        if (c.used + bytes > 0x7fffffff) return false;
        const size_t room = (c.used + bytes) * 2 + 1024;
        c.data = resized(c.data, room);
        c.room = room;
        return true;
    }

    /* Forgets rows [first, row] and everything read since. */
    void roll_back(int64_t first) {
        for (Column& c : all) {
            if (!c.valid) continue;
            const int64_t last = row < capacity_ ? row : capacity_ - 1;
            memset(c.valid + first, 0, size_t(last - first + 1));
            c.pending.begin = nullptr;
            if (c.offsets) c.used = (size_t)c.offsets[first];
        }
        row = first;
        failures.clear();
    }

    /* The columns that repeat in each row of a record take the values of row `from`. */
    void repeat(int64_t from) {
        for (Column& c : all) {
            if (!c.repeated || c.textual()) continue;
            c.valid[row] = c.valid[from];
            const size_t w = (size_t)c.width();
            memcpy(c.data + w * (size_t)row, c.data + w * (size_t)from, w);
        }
    }

    /* Ends a record: no text is left for a further row. */
    void end_record() {
        for (int i : texts) all[(size_t)i].pending.begin = nullptr;
    }

    /* Bytes that one more row of the record would copy. */
    size_t repeated_bytes() const {
        size_t total = 16 * all.size();
        for (int i : texts)
            if (all[(size_t)i].repeated && all[(size_t)i].pending.begin) total += all[(size_t)i].pending.size();
        return total;
    }

    void release() {
        for (Column& c : all) {
            free(c.valid), free(c.data), free(c.offsets);
            c.valid = nullptr, c.data = nullptr, c.offsets = nullptr;
        }
        start_batch();
    }

    /* Called once the arrays were handed over: the next batch is expected to be as long as this one. */
    void start_batch() {
        for (Column& c : all) c.room = c.used = 0;
        expected_ = row < 1 << 20 ? row : 1 << 20;
        capacity_ = row = 0;
    }

    /* Called once the rows were copied: the next ones take their place. */
    void empty() {
        for (Column& c : all) {
            memset(c.valid, 0, (size_t)std::min(row + 1, capacity_));
            c.used = 0;
        }
        row = 0;
    }

    void set_null(Column& c) {
        if (c.textual()) c.pending.begin = nullptr;
        else c.valid[row] = 0;
    }

    /* Takes back what was read for column i in this row. */
    void reset(int i) {
        set_null(all[(size_t)i]);
        for (size_t k = failures.size(); k-- > 0;)
            if (failures[k].column == i) failures.erase(failures.begin() + (int64_t)k);
    }

    void fail(int i, Text value, Fit fit) { failures.push_back({i, fit == Fit::range, value}); }

    /* Stores the value at p if it is of the usual shape of its column (decode_usual.h); returns its end, or null. */
    const char* usual_number(Column& c, const char* p);
    bool usual_number(Column& c, Text text);
    const char* usual_truth(Column& c, const char* p);
    bool usual_stamp(Column& c, Text text);
    const char* usual_text(Column& c, const char* p, const char* stop);
    /* Whether the number at p, of the usual shape, fits its column; returns its end, or null. Nothing is stored. */
    const char* fitting_number(const Column& c, const char* p);

    void set_boolean_literal(int i, bool value, Text source);
    void set_number(int i, const Number& n, Text source);
    void set_text(int i, Text value);
    void set_container(int i, Text source);

  private:
    int64_t capacity_ = 0, expected_ = 0;
    bool all_wanted_ = true;

    template <typename T> void put(Column& c, T value) {
        c.values<T>()[row] = value;
        c.valid[row] = 1;
    }

    void put_characters(Column& c, Text value) {
        c.pad = 0;
        if (unlikely((int64_t)value.size() > c.length)) value = first_characters(value, c.length);
        if (c.type == Type::char_) c.pad = c.length - characters(value);
        c.pending = value;
    }

    void put_bytes(Column& c, Text value) {
        if ((int64_t)value.size() > c.length) value.end = value.begin + c.length;
        c.pad = c.type == Type::binary ? c.length - (int64_t)value.size() : 0;
        c.pending = value;
    }

    void append(Column& c) {
        const size_t n = c.pending.size(), total = n + (size_t)c.pad;
        if (unlikely(!reserve_text(c, total)))
            throw std::overflow_error("one batch holds more than 2 GiB of text in " + c.described);
        if (likely(n <= 16)) memcpy(c.data + c.used, c.pending.begin, 16);
        else memcpy(c.data + c.used, c.pending.begin, n);
        if (unlikely(c.pad > 0)) memset(c.data + c.used + n, c.type == Type::char_ ? ' ' : 0, (size_t)c.pad);
        c.used += total;
        c.valid[row] = 1;
    }

    bool put_usual(Column& c, bool negative, uint64_t mantissa, int places);
    bool put_binary_literal(Column& c, Text value);
    bool put_moment(Column& c, Text value);
    Fit convert(Column& c, const Number& n);
};

/* ---- finished columns ----------------------------------------------------------------------------------- */

/* Zeroes behind the nulls: what lies there must not depend on what the memory held before. */
inline void clear_nulls(Column& c, int64_t n) {
    const size_t w = (size_t)c.width();
    for (int64_t i = 0; i < n; i++)
        if (!c.valid[i]) memset(c.data + w * (size_t)i, 0, w);
}

/* Bytes of 0 and 1 → an Arrow bitmap of n bits; returns how many are ones. */
inline int64_t pack_bits(const uint8_t* flags, int64_t n, uint8_t* bits) {
    int64_t count = 0, i = 0;
    for (; i + 8 <= n; i += 8) {
        uint64_t eight;
        memcpy(&eight, flags + i, 8);
        const uint8_t b = (uint8_t)((eight * 0x0102040810204080ULL) >> 56);
        bits[i / 8] = b;
        count += __builtin_popcount(b);
    }
    if (i < n) {
        uint8_t b = 0;
        for (int k = 0; i + k < n; k++) b = (uint8_t)(b | flags[i + k] << k);
        bits[i / 8] = b;
        count += __builtin_popcount(b);
    }
    return count;
}

/* The same in memory of its own (PADDING-rounded, owned by the caller); counts the ones. */
inline uint8_t* packed(const uint8_t* flags, int64_t n, int64_t* ones) {
    uint8_t* bits = resized((uint8_t*)nullptr, (size_t)((n + 7) / 8));
    *ones = pack_bits(flags, n, bits);
    return bits;
}

}  // namespace streamsql
