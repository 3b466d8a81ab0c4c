// Arrow columns as plain pointers: what a kernel reads, and what it writes. Nothing here owns input memory.
#pragma once

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace streamsql {

using int128 = __int128;

enum class Layout : int32_t { Null, Bit, I8, I16, I32, I64, F32, F64, D128, Bytes, Other };  // Other: nested

// The layout of an Arrow type id (arrow::Type::type, part of Arrow's stable ABI).
inline Layout layout_of(int type_id) {
    switch (type_id) {
        case 0: return Layout::Null;
        case 1: return Layout::Bit;
        case 3: return Layout::I8;
        case 5: return Layout::I16;
        case 7: case 16: case 19: return Layout::I32;    // int32, date32, time32
        case 9: case 18: case 33: return Layout::I64;    // int64, timestamp, duration
        case 11: return Layout::F32;
        case 12: return Layout::F64;
        case 13: case 14: return Layout::Bytes;          // string, binary
        case 23: return Layout::D128;
        default: throw std::invalid_argument("no kernel reads this Arrow type");
    }
}

// Bytes per value of a fixed-width layout (0: not a whole number of bytes, or variable).
inline int width_of(Layout layout) {
    switch (layout) {
        case Layout::I8: return 1;
        case Layout::I16: return 2;
        case Layout::I32: case Layout::F32: return 4;
        case Layout::I64: case Layout::F64: return 8;
        case Layout::D128: return 16;
        default: return 0;
    }
}

struct ColumnView {
    Layout layout = Layout::Null;
    const uint8_t* validity = nullptr;  // bitmap, or nothing when all are valid
    const uint8_t* values = nullptr;    // values, or the offsets of Bytes
    const uint8_t* data = nullptr;      // the bytes of Bytes
    int64_t offset = 0;                 // of the slice, in values

    bool valid(int64_t row) const {
        if (layout == Layout::Null) return false;
        int64_t i = row + offset;
        return !validity || (validity[i >> 3] >> (i & 7) & 1);
    }
    template <class T> T at(int64_t row) const {
        T value;
        std::memcpy(&value, values + (row + offset) * sizeof(T), sizeof(T));
        return value;
    }
    bool bit(int64_t row) const {
        int64_t i = row + offset;
        return values[i >> 3] >> (i & 7) & 1;
    }
    std::string_view bytes(int64_t row) const {
        int32_t begin = at<int32_t>(row), end = at<int32_t>(row + 1);
        return {reinterpret_cast<const char*>(data) + begin, static_cast<size_t>(end - begin)};
    }
};

// The kernels know four kinds of values; every SQL type is stored as one of them.
template <class T> T read(const ColumnView& column, int64_t row);

template <> inline int64_t read<int64_t>(const ColumnView& column, int64_t row) {
    switch (column.layout) {
        case Layout::Bit: return column.bit(row);
        case Layout::I8: return column.at<int8_t>(row);
        case Layout::I16: return column.at<int16_t>(row);
        case Layout::I32: return column.at<int32_t>(row);
        default: return column.at<int64_t>(row);
    }
}
template <> inline double read<double>(const ColumnView& column, int64_t row) {
    return column.layout == Layout::F32 ? static_cast<double>(column.at<float>(row)) : column.at<double>(row);
}
template <> inline int128 read<int128>(const ColumnView& column, int64_t row) {
    return column.layout == Layout::D128 ? column.at<int128>(row) : int128(read<int64_t>(column, row));
}
template <> inline std::string read<std::string>(const ColumnView& column, int64_t row) {
    return std::string(column.bytes(row));
}

// One result column. Fixed-width values and flags go to memory of the caller, bytes are gathered here.
struct Output {
    uint8_t* values = nullptr;  // int64_t, double or int128 each
    uint8_t* valid = nullptr;   // one byte per row
    uint8_t* failed = nullptr;  // one byte per row: the value is out of range
    std::vector<int32_t> ends;  // of the texts in `data`
    std::string data;

    template <class T> void put(int64_t row, const T& value) {
        valid[row] = 1;
        std::memcpy(values + row * sizeof(T), &value, sizeof(T));
    }
    template <class T> void none(int64_t row) {
        valid[row] = 0;
        std::memset(values + row * sizeof(T), 0, sizeof(T));
    }
    void fail(int64_t row) { failed[row] = 1; }
};

template <> inline void Output::put<std::string>(int64_t row, const std::string& value) {
    if (data.size() + value.size() > INT32_MAX) throw std::length_error("more than 2 GiB of text in one column");
    valid[row] = 1;
    data += value;
    ends.push_back(static_cast<int32_t>(data.size()));
}
template <> inline void Output::none<std::string>(int64_t row) {
    valid[row] = 0;
    ends.push_back(static_cast<int32_t>(data.size()));
}

}  // namespace streamsql
