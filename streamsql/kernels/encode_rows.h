/* Arrow columns → rows of text: JSON objects and delimited values. */
#pragma once
#include <new>
#include <string>
#include <vector>

#include "arrow_c.h"
#include "encode_value.h"

namespace streamsql {

constexpr size_t BLOCK = 16;

enum class Shape : int { null, boolean, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float_, double_, decimal, string, binary, date, time, timestamp, written };

/* One column: how it is written, and where the buffers of the batch are and its first value in them. */
struct Input {
    Shape shape;
    int scale;
    std::string before;  // what stands before the value in a row, `,"PRICE":` or `,`, and BLOCK bytes more
    size_t before_size;
    int64_t offset = 0;
    const uint8_t* valid = nullptr;  // null: all are
    const void* data = nullptr;
    const int32_t* offsets = nullptr;
    const char* end = nullptr;  // of the bytes of text
    LastMinute last = LastMinute();

    void take(const ArrowArray& column) {
        offset = column.offset;
        valid = column.null_count && column.n_buffers ? (const uint8_t*)column.buffers[0] : nullptr;
        data = column.n_buffers ? column.buffers[column.n_buffers - 1] : nullptr;
        if (column.n_buffers < 3 || !column.length) return;
        offsets = (const int32_t*)column.buffers[1];
        end = (const char*)data + offsets[offset + column.length];
    }

    bool present(int64_t row) const {
        const int64_t i = offset + row;
        if (shape == Shape::null) return false;
        return !valid || (valid[i >> 3] >> (i & 7) & 1);
    }
    template <typename T> T at(int64_t row) const { return ((const T*)data)[offset + row]; }
    const char* text(int64_t row, size_t* n) const {
        const int32_t from = offsets[offset + row];
        *n = size_t(offsets[offset + row + 1] - from);
        return (const char*)data + from;
    }
};

class RowWriter {
  public:
    std::vector<Input> inputs;
    bool json = true;
    std::string delimiter = ",";
    char* out = nullptr;  // the caller's memory, `room` bytes
    size_t room = 0, used = 0;

    void add(int shape, int scale, const std::string& before) {
        inputs.push_back({(Shape)shape, scale, before + std::string(BLOCK, ' '), before.size()});
        fixed_ += before.size() + NUMBER_ROOM;
    }

    /* The columns of a batch, which stay where they are until its rows are written. */
    void take(const SharedColumns& columns) {
        for (size_t i = 0; i < inputs.size(); i++) inputs[i].take(columns[i]->array);
        used = 0;
    }

    void delimit_with(const std::string& text) { delimiter = text; }

    void end_rows_with(const std::string& text) {
        row_end_ = text + std::string(BLOCK, ' ');
        row_end_size_ = text.size();
        fixed_ += text.size() + 2 * BLOCK;
    }

    /* Bytes that a row takes at most, its texts aside. */
    size_t fixed() const { return fixed_; }

    /* Writes rows from..to; returns the first one for which there was no room. */
    int64_t write(int64_t from, int64_t to) {
        for (int64_t row = from; row < to; row++) {
            char* o = out + used;
            if (unlikely(room - used < fixed_)) return row;
            for (Input& input : inputs) {
                o = put_block(o, input.before.data(), input.before_size);
                if (unlikely(!input.present(row))) {
                    if (json) { memcpy(o, "null", 4); o += 4; }
                } else if (is_text(input.shape)) {
                    if (unlikely(!(o = textual(o, input, row)))) return row;
                } else o = value(o, input, row);
            }
            o = put_block(o, row_end_.data(), row_end_size_);
            used = size_t(o - out);
        }
        return to;
    }

  private:
    size_t fixed_ = 64, row_end_size_ = 0;
    std::string row_end_;  // `}\n` or the row delimiter, and BLOCK bytes more

    static bool is_text(Shape shape) { return shape == Shape::string || shape == Shape::binary || shape == Shape::written; }

    /* Copies n bytes in whole blocks: both sides have BLOCK bytes more. */
    static char* put_block(char* o, const char* p, size_t n) {
        memcpy(o, p, BLOCK);
        if (unlikely(n > BLOCK)) memcpy(o + BLOCK, p + BLOCK, n - BLOCK);
        return o + n;
    }

    static char* put(char* o, const char* p, size_t n) {
        memcpy(o, p, n);
        return o + n;
    }

    /* A value of bounded length. */
    char* value(char* o, Input& in, int64_t row) {
        switch (in.shape) {
        case Shape::boolean: {
            const int64_t i = in.offset + row;
            const bool v = ((const uint8_t*)in.data)[i >> 3] >> (i & 7) & 1;
            memcpy(o, v ? "true" : "false", v ? 4 : 5);
            return o + (v ? 4 : 5);
        }
        case Shape::int8: return put_integer(o, in.at<int8_t>(row));
        case Shape::int16: return put_integer(o, in.at<int16_t>(row));
        case Shape::int32: return put_integer(o, in.at<int32_t>(row));
        case Shape::int64: return put_integer(o, in.at<int64_t>(row));
        case Shape::uint8: return put_unsigned(o, in.at<uint8_t>(row));
        case Shape::uint16: return put_unsigned(o, in.at<uint16_t>(row));
        case Shape::uint32: return put_unsigned(o, in.at<uint32_t>(row));
        case Shape::uint64: return put_unsigned(o, in.at<uint64_t>(row));
        case Shape::float_: return approximate(o, in.at<float>(row));
        case Shape::double_: return approximate(o, in.at<double>(row));
        case Shape::decimal: {
            int128_out v;
            memcpy(&v, (const char*)in.data + 16 * (in.offset + row), 16);
            return put_decimal(o, v, in.scale);
        }
        case Shape::date: return quoted(put_date(opened(o), in.at<int32_t>(row)));
        case Shape::time: return quoted(put_clock(opened(o), (uint32_t)in.at<int32_t>(row)));
        case Shape::timestamp: return quoted(put_timestamp(opened(o), in.at<int64_t>(row), in.last));
        default: return o;
        }
    }

    char* opened(char* o) const {
        if (json) *o++ = '"';
        return o;
    }
    char* quoted(char* o) const { return opened(o); }

    /* JSON has no infinity and no NaN: they are null there, and in CSV empty, as nulls are. */
    template <typename F> char* approximate(char* o, F v) const {
        if (__builtin_expect(std::isfinite(v), 1)) return put_float(o, v);
        if (!json) return o;
        memcpy(o, "null", 4);
        return o + 4;
    }

    /* A text; null when there is no room for it and the rest of the row. */
    char* textual(char* o, const Input& in, int64_t row) const {
        size_t n;
        const char* p = in.text(row, &n);
        if (likely(n - 1 < BLOCK && in.end - p >= (int64_t)BLOCK && in.shape == Shape::string && is_plain(p, n))) {
            o = opened(o);
            memcpy(o, p, BLOCK);
            return quoted(o + n);
        }
        if (size_t(out + room - o) < n * (json ? 6 : 2) + fixed_) return nullptr;
        if (in.shape == Shape::binary) return quoted(put_base64(opened(o), (const uint8_t*)p, n));
        if (json && in.shape == Shape::written) return put(o, p, n);  // JSON already: an array
        if (json) return quoted(put_escaped(opened(o), p, n));
        return delimited(o, p, n);
    }

    /* Whether the first n of BLOCK bytes stand in a row as they are. */
    bool is_plain(const char* p, size_t n) const {
#if defined(__SSE2__)
        const __m128i b = _mm_loadu_si128((const __m128i*)p);
        __m128i stop = _mm_cmpeq_epi8(b, _mm_set1_epi8('"'));
        if (json) {
            stop = _mm_or_si128(stop, _mm_cmpeq_epi8(b, _mm_set1_epi8('\\')));
            stop = _mm_or_si128(stop, _mm_cmpeq_epi8(_mm_min_epu8(b, _mm_set1_epi8(0x1f)), b));
        } else {
            stop = _mm_or_si128(stop, _mm_cmpeq_epi8(b, _mm_set1_epi8('\n')));
            stop = _mm_or_si128(stop, _mm_cmpeq_epi8(b, _mm_set1_epi8('\r')));
            stop = _mm_or_si128(stop, _mm_cmpeq_epi8(b, _mm_set1_epi8(delimiter[0])));
        }
        return ((unsigned)_mm_movemask_epi8(stop) & ((1u << n) - 1)) == 0;
#else
        return false;
#endif
    }

    /* A CSV field: in quotes only where it needs them; an empty text is `""`, since nothing at all means null. */
    char* delimited(char* o, const char* p, size_t n) const {
        if (n && !needs_quotes(p, n)) return put(o, p, n);
        *o++ = '"';
        for (const char* end = p + n; p < end;) {
            const char* quote = (const char*)memchr(p, '"', size_t(end - p));
            const char* stop = quote ? quote + 1 : end;
            o = put(o, p, size_t(stop - p));
            if (quote) *o++ = '"';
            p = stop;
        }
        *o++ = '"';
        return o;
    }

    bool needs_quotes(const char* p, size_t n) const {
#if defined(__SSE2__)
        if (n >= BLOCK) {
            const char* last = p + n - BLOCK;
            for (; p < last; p += BLOCK)
                if (!is_plain(p, BLOCK)) return true;
            return !is_plain(last, BLOCK);
        }
#endif
        const char comma = delimiter[0];
        for (size_t i = 0; i < n; i++)
            if (p[i] == '"' || p[i] == '\n' || p[i] == '\r' || p[i] == comma) return true;
        return false;
    }
};

}  // namespace streamsql
