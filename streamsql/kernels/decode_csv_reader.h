/* Delimited text → rows: any delimiters, quoted fields with doubled quotes and line breaks, an optional header. */
#pragma once
#include "decode_csv_stops.h"
#include "decode_csv_wide.h"
#include "decode_reader.h"

namespace streamsql {

/* The readers of a column's fields: those of this CPU, and those that read one field after the other. */
#if STREAMSQL_WIDE
template <bool Keep> static const auto reals = has_wide() ? &wide::reals_of<Keep> : &reals_of<Keep>;
template <typename T, bool Keep> static const auto wholes = has_wide() ? &wide::wholes_of<T, Keep> : &wholes_of<T, Keep>;
#else
template <bool Keep> static const auto reals = &reals_of<Keep>;
template <typename T, bool Keep> static const auto wholes = &wholes_of<T, Keep>;
#endif

enum class Header : int { no, automatic, yes };

class CsvReader : public Reader {
  public:
    Header header = Header::no;
    std::vector<std::string> names;  // of the columns, for the header

    void configure(const std::string& row_delimiter, const std::string& column_delimiter) {
        line_end_ = row_delimiter;
        comma_ = column_delimiter;
        strip_return_ = row_delimiter == "\n";
        single_ = row_delimiter.size() == 1 && column_delimiter.size() == 1 && row_delimiter[0] && column_delimiter[0];
        comma_byte_ = comma_[0];
        line_byte_ = line_end_[0];
        auto numeric = [](char c) { return is_digit(c) || c == '.' || c == '+' || c == '-' || (c | 0x20) == 'e'; };
        copy_fields_ = numeric(comma_byte_) || numeric(line_byte_);  // a number would run on into its delimiter
        cuts_blocks_ = single_ && !copy_fields_ && comma_byte_ != '\r';  // blank lines may be full of returns
        for (size_t i = 0; i < columns.all.size(); i++) order_.push_back((int)i);
    }

    /* Field → column, as the header said. */
    const std::vector<int>& order() const { return order_; }

    void set_order(const std::vector<int>& order) {
        const int known = (int)columns.all.size();
        const bool fits = std::all_of(order.begin(), order.end(), [known](int i) { return i >= 0 && i < known; });
        if (order.size() != columns.all.size() || !fits) throw std::invalid_argument("the saved order of CSV columns does not fit");
        order_ = order;
    }

  protected:
    const char* between(const char* p, const char* end, bool last) override {
        for (;;) {
            if (likely(*p != line_byte_ && *p != '\r')) return p;
            if (at(p, end, line_end_)) p += line_end_.size();
            else if (strip_return_ && p < end && *p == '\r' && (p[1] == '\n' || (last && p + 1 == end))) p++;
            else return p;
        }
    }

    const char* usual_records(const char* p, const char* end) override {
        if (!may_cut()) return p;
        const size_t most = std::min(size_t(end - p), max_record);  // then no row is too long
        const char* next = block_.cut(p, p + most, comma_byte_, line_byte_, strip_return_, order_.size());
        if (unlikely(!block_.rows)) {  // the next try comes later and later
            misses_ = misses_ < 64 ? misses_ * 2 + 1 : misses_;
            by_record_ = misses_;
            return p;
        }
        misses_ = 0;
        if (unlikely(!take_block(p, next))) return p;
        block_.most *= 2;
        return next;
    }

    const char* record(const char* p, const char* end, bool last) override {
        complaint_ = nullptr;
        const char* stop = header == Header::no ? row(p, end, last) : header_row(p, end, last);
        if (likely(stop && size_t(row_end_ - p) <= max_record)) return stop;
        columns.roll_back(columns.row);
        // a record of the greatest length ends at most this far on: `\r` and the delimiter
        if (!stop && !complaint_ && size_t(end - p) <= max_record + 1 + line_end_.size()) return nullptr;
        if (!complaint_) return reject_line(p, end, last, "the record is longer than " + std::to_string(max_record) + " bytes");
        return reject_line(p, end, last, complaint_);
    }

    void forget_bytes() override { stops_.forget(); }

    bool has_usual_records() const override { return cuts_blocks_ && header == Header::no; }

    bool may_end(const char* from, const char* to, bool) override {
        return memchr(from, line_end_.back(), size_t(to - from)) != nullptr;
    }

  private:
    struct Field {
        Text text;
        bool row_ended;
    };

    std::string comma_ = ",";
    bool strip_return_ = true, single_ = true, copy_fields_ = false, cuts_blocks_ = false;
    char comma_byte_ = ',', line_byte_ = '\n';
    std::vector<int> order_;  // field → column
    const char* complaint_ = nullptr;
    const char* row_end_ = nullptr;  // the last byte of the row, without its delimiter
    bool high_ = false;
    Stops stops_;
    CsvBlock block_;
    size_t by_record_ = 0, misses_ = 0;  // records to be read one by one, after looking in vain for a block

    bool may_cut() {
        if (by_record_) { by_record_--; return false; }
        return has_usual_records();
    }

    /* Stores the rows of the block, the bytes [p, end); false, and nothing is stored, if one of them cannot be. */
    bool take_block(const char* p, const char* end) {
        const int64_t first = columns.row;
        if (unlikely(block_.high) && !valid_utf8(p, end)) {
            by_record_ = block_.rows;
            return false;
        }
        columns.reserve((int64_t)block_.rows);
        columns.arena.clear();
        try {
            for (size_t i = 0; i < order_.size(); i++)
                if (!take_column(columns.all[(size_t)order_[i]], i, first, size_t(end - p))) {
                    by_record_ = size_t(columns.row - first) + 1;  // to where it failed; the next block is not much longer
                    block_.most = 2 * by_record_ * order_.size();
                    return take_back(first);
                }
        } catch (...) {
            take_back(first);
            throw;
        }
        columns.row = first + (int64_t)block_.rows;
        records += (int64_t)block_.rows;
        return true;
    }

    /* Forgets what is stored of the block. */
    bool take_back(int64_t first) {
        columns.row = first + (int64_t)block_.rows - 1;
        columns.roll_back(first);
        return false;
    }

    /* Stores field i of the rows of the block in its column; false, at `columns.row`, if a value does not fit. */
    bool take_column(Column& c, size_t i, int64_t first, size_t bytes) {
        if (!c.wanted && takes_any_field(c)) return true;
        if (c.wanted && c.textual() && !columns.reserve_text(c, bytes)) return false;
        memset(c.valid + first, 1, block_.rows);
        const Fields fields = block_.fields(i);
        size_t by_general = 0;
        for (size_t row = 0; (row = usual_rows(c, fields, first, row, by_general * 8 <= row)) < block_.rows; row++) {
            by_general++;
            columns.row = first + (int64_t)row;
            c.valid[columns.row] = 0;
            const Text text = fields[row];
            take(c, order_[i], fields.is_doubled(text) ? undoubled(text) : text);
            if (unlikely(!columns.failures.empty())) return false;
            if (!c.textual() || !c.wanted) continue;
            columns.commit_text(c);
            c.pending.begin = nullptr;
        }
        return true;
    }

    /* Text, and BOOLEAN: a field that is not `true` is false. */
    static bool takes_any_field(const Column& c) {
        return c.type == Type::char_ || c.type == Type::varchar || c.type == Type::boolean;
    }

    /* Stores fields of the usual shape from `row` on; returns the first that is not, or the number of rows. `wide` says
       that most seem to be. */
    size_t usual_rows(Column& c, Fields fields, int64_t first, size_t row, bool wide) {
        const size_t rows = block_.rows;
        uint8_t* valid = c.valid + first;
        switch (c.usual) {
        case Usual::text: return texts_of(fields, c, c.offsets + first + 1, row, rows);
        case Usual::stamp: return stamps_of(fields, c.memory, c.values<int64_t>() + first, valid, row, rows);
        case Usual::real: return c.wanted ? real_rows<true>(c, fields, first, row, wide) : real_rows<false>(c, fields, first, row, wide);
        case Usual::whole:
            if (c.type == Type::bigint) return whole_rows<int64_t>(c, fields, first, row, wide);
            return whole_rows<int32_t>(c, fields, first, row, wide);
        case Usual::decimal: return decimals_of(fields, c, c.data + 16 * first, valid, row, rows);
        case Usual::truth: return truths_of(fields, c.values<uint8_t>() + first, valid, row, rows);
        default: return row;
        }
    }

    template <bool Keep> size_t real_rows(Column& c, Fields fields, int64_t first, size_t row, bool wide) {
        return (wide ? reals<Keep> : &reals_of<Keep>)(fields, c.values<double>() + first, c.valid + first, row, block_.rows);
    }

    template <typename T> size_t whole_rows(Column& c, Fields fields, int64_t first, size_t row, bool wide) {
        const auto keep = wide ? wholes<T, true> : &wholes_of<T, true>, check = wide ? wholes<T, false> : &wholes_of<T, false>;
        return (c.wanted ? keep : check)(fields, c.values<T>() + first, c.valid + first, row, block_.rows);
    }

    static bool at(const char* p, const char* end, const std::string& delimiter) {
        return size_t(end - p) >= delimiter.size() && memcmp(p, delimiter.data(), delimiter.size()) == 0;
    }
    /* Whether the bytes to the end may be the beginning of the delimiter. */
    static bool may_become(const char* p, const char* end, const std::string& delimiter) {
        return size_t(end - p) < delimiter.size() && memcmp(p, delimiter.data(), size_t(end - p)) == 0;
    }

    const char* row(const char* p, const char* end, bool last) {
        const char* start = p;
        const size_t wanted = order_.size();
        Field f{{p, p}, false};
        high_ = false;
        if (likely(single_)) stops_.seek(p, end, comma_byte_, line_byte_);
        for (size_t i = 0; !f.row_ended; i++) {
            const char* stop = likely(single_) ? stops_.next() : nullptr;
            if (likely(stop && *stop != '"')) {
                f.text = {p, stop};
                p = *stop == line_byte_ ? end_of_row(stop, f) : stop + 1;
            } else {
                if (!(p = field(p, end, last, f))) return nullptr;
                high_ |= stops_.high;
                if (single_) stops_.seek(p, end, comma_byte_, line_byte_);
            }
            if (likely(i < wanted)) take(columns.all[(size_t)order_[i]], order_[i], f.text);
        }
        if (unlikely(high_ || stops_.high) && !valid_utf8(start, row_end_)) {
            complaint_ = "not UTF-8";
            return nullptr;
        }
        if (unlikely(size_t(row_end_ - start) > max_record)) return p;
        records++;
        if (unlikely(!columns.failures.empty())) reject_coercion(start, row_end_, columns.row);
        else columns.commit();
        return p;
    }

    /* Stores a field that is of its column's usual shape. */
    bool usual(Column& c, Text text) {
        switch (c.usual) {
        case Usual::text: return columns.usual_text(c, text.begin, text.end) != nullptr;
        case Usual::real:
        case Usual::whole:
        case Usual::decimal: return columns.usual_number(c, text);
        case Usual::stamp: return columns.usual_stamp(c, text);
        default: return false;
        }
    }

    void take(Column& c, int column, Text text) {
        if (likely(usual(c, text))) return;
        if (c.type != Type::char_ && c.type != Type::varchar) {
            text = trim(text);
            if (text.begin == text.end) { columns.set_null(c); return; }
            if (unlikely(copy_fields_)) text = copied(text);
        }
        columns.set_text(column, text);
    }

    Text copied(Text text) {
        char* o = columns.arena.take(text.size());
        memcpy(o, text.begin, text.size());
        return {o, o + text.size()};
    }

    /* Reads one field and the delimiter after it; returns the byte after that, or null (more bytes, or a complaint). */
    const char* field(const char* p, const char* end, bool last, Field& f) {
        if (unlikely(*p == '"' && p < end)) return quoted(p, end, last, f);
        f.text.begin = p;
        for (;;) {
            p = either(p, end, comma_[0], line_end_[0], &high_);
            if (p >= end) return last ? end_of_input(end, f) : nullptr;
            if (at(p, end, line_end_)) { f.text.end = p; return end_of_row(p, f); }
            if (at(p, end, comma_)) { f.text.end = p; f.row_ended = false; return p + comma_.size(); }
            if (!last && (may_become(p, end, line_end_) || may_become(p, end, comma_))) return nullptr;
            high_ |= *p++ < 0;
        }
    }

    const char* end_of_input(const char* end, Field& f) {
        f.text.end = end;
        end_of_row(end, f);
        return end;
    }

    const char* end_of_row(const char* p, Field& f) {
        if (strip_return_ && f.text.end > f.text.begin && f.text.end[-1] == '\r') f.text.end--;
        row_end_ = f.text.end;
        f.row_ended = true;
        return p + line_end_.size();
    }

    /* A field in quotes; p is at the opening quote. */
    const char* quoted(const char* p, const char* end, bool last, Field& f) {
        Text inside{++p, p};
        bool doubled = false;
        for (;; p += 2) {
            p = either(p, end, '"', '"', &high_);
            if (p + 1 >= end && !last) return nullptr;
            if (p >= end) { complaint_ = "a quote is not closed"; return nullptr; }
            if (p + 1 >= end || p[1] != '"') break;
            doubled = true;
        }
        inside.end = p++;
        f.text = doubled ? undoubled(inside) : inside;
        return after_quote(p, end, last, f);
    }

    const char* after_quote(const char* p, const char* end, bool last, Field& f) {
        for (; p < end; p++) {
            if (at(p, end, line_end_)) return end_of_quoted_row(p, p + line_end_.size(), f);
            if (at(p, end, comma_)) { f.row_ended = false; return p + comma_.size(); }
            if (!last && (may_become(p, end, line_end_) || may_become(p, end, comma_))) return nullptr;
            if (*p != ' ' && *p != '\t' && !(strip_return_ && *p == '\r')) {
                complaint_ = "text after a closing quote";
                return nullptr;
            }
        }
        return last ? end_of_quoted_row(end, end, f) : nullptr;
    }

    const char* end_of_quoted_row(const char* p, const char* next, Field& f) {
        f.row_ended = true;
        row_end_ = strip_return_ && p[-1] == '\r' ? p - 1 : p;
        return next;
    }

    Text undoubled(Text t) {
        char* begin = columns.arena.take(t.size());
        return {begin, copy_undoubled(t, begin)};
    }

    /* ---- the header ------------------------------------------------------------------------------------- */

    /* The first row: names of the columns, or data after all. */
    const char* header_row(const char* p, const char* end, bool last) {
        std::vector<std::string> cells;
        Field f{{p, p}, false};
        const char* q = p;
        while (!f.row_ended) {
            if (!(q = field(q, end, last, f))) {
                if (complaint_) header = Header::no;
                return nullptr;
            }
            const Text cell = trim(f.text);
            cells.emplace_back(cell.begin, cell.end);
        }
        const bool known = order_by(cells, false) || order_by(cells, true);
        const bool data = !known && header == Header::automatic;
        header = Header::no;
        return data ? row(p, end, last) : q;
    }

    /* What is left of a name when case, `COL_` and everything but letters, digits and `_` do not count. */
    static std::string folded(const std::string& name) {
        std::string kept;
        for (char c : name) {
            if (c >= 'A' && c <= 'Z') c = (char)(c | 0x20);
            if (is_digit(c) || c == '_' || (c >= 'a' && c <= 'z')) kept += c;
        }
        return kept.compare(0, 4, "col_") == 0 ? kept.substr(4) : kept;
    }

    static bool same_name(const std::string& cell, size_t position, const std::string& name, bool fold) {
        if (!fold) return cell == name;
        const std::string key = folded(cell);
        return key.empty() ? name == "COL_" + std::to_string(position) : key == folded(name);
    }

    /* Orders the fields by name if the cells are exactly the columns' names. */
    bool order_by(const std::vector<std::string>& cells, bool fold) {
        if (cells.size() != names.size()) return false;
        std::vector<int> order;
        std::vector<bool> used(names.size(), false);
        for (size_t at = 0; at < cells.size(); at++) {
            size_t i = 0;
            while (i < names.size() && (used[i] || !same_name(cells[at], at, names[i], fold))) i++;
            if (i == names.size()) return false;
            used[i] = true;
            order.push_back((int)i);
        }
        order_ = order;
        return true;
    }
};

}  // namespace streamsql
