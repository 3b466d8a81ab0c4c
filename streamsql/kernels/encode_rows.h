/* Arrow columns → rows of text: JSON objects and delimited values. */
#pragma once
#include <new>
#include <string>
#include <vector>

#include "encode_value.h"

namespace streamsql {

enum class Shape : int { null, boolean, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float_, double_, decimal, string, binary, date, time, timestamp, written };

/* One Arrow array: addresses of its buffers and the position of its first value. */
struct Input {
    Shape shape;
    int scale;
    int64_t offset;
    const uint8_t* valid;  // null: all are
    const void* data;
    const int32_t* offsets;
    std::string before;    // what stands before the value in a row: `,"PRICE":` or `,`
    LastDate last;

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
    std::string row_end;         // `}\n` or the row delimiter
    std::string delimiter = ",";
    char* out = nullptr;
    size_t used = 0;

    RowWriter() = default;
    RowWriter(const RowWriter&) = delete;
    ~RowWriter() { free(out); }

    void add(int shape, int scale, int64_t offset, uintptr_t valid, uintptr_t data, uintptr_t offsets, const std::string& before) {
        inputs.push_back({(Shape)shape, scale, offset, (const uint8_t*)valid, (const void*)data, (const int32_t*)offsets, before, LastDate()});
    }

    void write(int64_t rows) {
        size_t fixed = row_end.size() + 64;
        for (const Input& input : inputs) fixed += input.before.size() + NUMBER_ROOM;
        for (int64_t row = 0; row < rows; row++) {
            char* o = need(fixed);
            for (Input& input : inputs) {
                o = put(o, input.before.data(), input.before.size());
                if (!input.present(row)) {
                    if (json) { memcpy(o, "null", 4); o += 4; }
                } else if (input.shape == Shape::string || input.shape == Shape::binary || input.shape == Shape::written) o = textual(o, input, row, fixed);
                else o = value(o, input, row);
            }
            o = put(o, row_end.data(), row_end.size());
            used = size_t(o - out);
        }
    }

  private:
    size_t room_ = 0;

    char* need(size_t n) {
        if (used + n > room_) {
            room_ = (used + n) * 2;
            char* grown = (char*)realloc(out, room_);
            if (!grown) throw std::bad_alloc();
            out = grown;
        }
        return out + used;
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

    char* textual(char* o, const Input& in, int64_t row, size_t fixed) {
        size_t n;
        const char* p = in.text(row, &n);
        used = size_t(o - out);
        o = need(n * (json ? 6 : 2) + fixed);
        if (in.shape == Shape::binary) return quoted(put_base64(opened(o), (const uint8_t*)p, n));
        if (json && in.shape == Shape::written) return put(o, p, n);  // JSON already: an array
        if (json) return quoted(put_escaped(opened(o), p, n));
        return delimited(o, p, n);
    }

    /* A CSV field: in quotes only where it needs them; an empty text is `""`, since nothing at all means null. */
    char* delimited(char* o, const char* p, size_t n) const {
        if (n && !needs_quotes(p, n)) return put(o, p, n);
        *o++ = '"';
        for (const char* end = p + n; p < end; p++) {
            if (*p == '"') *o++ = '"';
            *o++ = *p;
        }
        *o++ = '"';
        return o;
    }

    bool needs_quotes(const char* p, size_t n) const {
        const char comma = delimiter[0];
        for (size_t i = 0; i < n; i++)
            if (p[i] == '"' || p[i] == '\n' || p[i] == '\r' || p[i] == comma) return true;
        return false;
    }
};

}  // namespace streamsql
